/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units kind tells the later kinds about a unit: as it is now, and as it will
 * be once the plan is carried out. Made by the units kind, read by daemon, files, audit
 * and by the effects.
 */
#ifndef HF_PLAN_UNIT_VIEW_H
#define HF_PLAN_UNIT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "model/facts.h"

/* A process's start time is known to a clock tick only, rounded down (proc(5), stat). */
#define HF_TICK_USEC 10000u

/* One word of a command line, after unquoting, % and $ expansion. */
typedef struct hf_arg {
	const char *text;
	const char *file; /* where it stands: unit, drop-in or environment file */
	unsigned line;
	const char *variable; /* it came out of this variable ("DOCKER_OPTS"), or NULL */
} hf_arg;

/* A variable of a unit's environment. */
typedef struct hf_unit_var {
	const char *name;
	const char *value; /* NULL: our own files decide it */
	const char *file;
	unsigned line;
} hf_unit_var;

/* What a unit mounts for its own processes. */
typedef struct hf_unit_mount {
	const char *path;  /* over what; NULL: only the running manager knows */
	bool same;	   /* that path itself: what is there shows */
	bool inaccessible; /* nothing shows, nor any other mount below */
	const char *key;   /* of the setting */
	const char *file;
	unsigned line;
} hf_unit_mount;

typedef enum hf_unit_load {
	HF_UNIT_NOT_FOUND,
	HF_UNIT_LOADED,
	HF_UNIT_MASKED,
	HF_UNIT_BAD, /* unreadable or not parsable: .why */
} hf_unit_load;

typedef struct hf_unit_view {
	const char *name;
	hf_unit_load load;
	const char *why;      /* of HF_UNIT_BAD */
	const char *fragment; /* canonical path below the root, or NULL */
	const char **dropins; /* in force after the plan, in order, ours included */
	size_t n_dropins;
	hf_arg *argv; /* ExecStart after the plan; NULL when there is not exactly one */
	size_t n_argv;
	bool argv_exact; /* false: something could not be expanded (.argv_why) */
	const char *argv_why;
	const hf_arg *argv_now; /* with our drop-in as it is; NULL: as .argv */
	size_t n_argv_now;
	const hf_arg *argv_base; /* without our drop-in; NULL: as .argv */
	size_t n_argv_base;
	const char **env; /* of the process after the plan, as far as files set it: "NAME=
			   * VALUE", NULL at the end; only where it is dockerd's */
	const char *env_why;	  /* a source of it could not be read: why; or NULL */
	const char **env_unknown; /* names that may be set as well, NULL at the end */
	const hf_unit_var *vars;  /* of dockerd's unit: what its files assign, by name */
	size_t n_vars;
	bool vars_exact; /* there are no others, but those that the manager adds */
	const hf_unit_mount *mounts; /* of dockerd's unit, but a root of its own */
	size_t n_mounts;
	const char **listen_streams; /* ListenStream= of a socket unit, absolute paths */
	size_t n_listen_streams;
	const char **listen_tcp; /* its internet addresses, as "tcp://ADDRESS:PORT" */
	size_t n_listen_tcp;
	const char *service;  /* of a socket unit: what is given its sockets */
	const char **sockets; /* of dockerd's unit: Sockets=, which gives it those */
	size_t n_sockets;
	const char *listen_why; /* there may be more of them: why; or NULL */

	/* The live layer; .live false: no manager to ask, .live_why tells. */
	bool live;
	const char *live_why;
	bool need_daemon_reload;
	const char *active_state; /* "active", "inactive", ... or NULL */
	uint32_t main_pid;
	const char **live_argv; /* /proc/PID/cmdline of the main process, or NULL */
	size_t n_live_argv;
	uint64_t main_start_ticks;  /* clock ticks from boot to its start; 0: unknown */
	uint64_t main_started_usec; /* the same as CLOCK_REALTIME; 0: unknown */
} hf_unit_view;

/** hf_unit_mount_over - what the unit mounts over @path or a directory above it, so that
 *  its process has something else there; NULL: nothing; pure */
const hf_unit_mount *hf_unit_mount_over(const hf_unit_view *view, const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units kind knows: the demands of a baseline and what was found on the host.
 * Types only; observe fills them, plan reads them.
 */
#ifndef HF_KINDS_UNITS_OBS_H
#define HF_KINDS_UNITS_OBS_H

#include <stdint.h>
#include <sys/types.h>

#include "model/facts.h"
#include "model/kind.h"
#include "plan/unit_file.h"
#include "plan/unit_view.h"

typedef enum hf_units_want {
	HF_UNITS_SET_FLAG,   /* the flag has exactly these values */
	HF_UNITS_UNSET_FLAG, /* no such flag, or none with a value that matches */
	HF_UNITS_SETTING,    /* SECTION.KEY has this value */
} hf_units_want;

/* One demand: one flag or one setting of one unit. */
typedef struct hf_units_spec {
	hf_units_want want;
	const char *unit;
	const char *id;	     /* "units:docker.service#exec_start.--debug" */
	const char *section; /* SETTING */
	const char *name;    /* flag ("--debug"), flag glob, or key */
	const char *match;   /* UNSET_FLAG: glob for the value, or NULL: any */
	const char **values; /* SET_FLAG: what it has, sorted; SETTING: one */
	size_t n_values;
	bool is_bool;	    /* SET_FLAG: true or false, .values "true" or "false" */
	const char *wanted; /* for people, part of the row's identity */
} hf_units_spec;

/* What one EnvironmentFile= stands for: no file, one, or those of a glob. */
typedef struct hf_units_env {
	const char *pattern; /* as in the unit, after specifiers, without '-' */
	const char *written; /* ours: its path as a unit has it, for glob(7) */
	hf_known known;	     /* ABSENT: no such file; UNKNOWN: .why */
	const char *why;
	const char **paths;
	const char **texts;
	size_t *lens;
	size_t n;
} hf_units_env;

/* A socket inode that a socket unit listens on. */
typedef struct hf_units_socket {
	const char *path;
	hf_known known; /* ABSENT: nothing there, or no socket */
	const char *why;
	uid_t uid;
	gid_t gid;
	mode_t mode; /* permission bits */
	dev_t dev;
	ino_t ino;
	const char *user;
	const char *group;
} hf_units_socket;

typedef struct hf_units_unit {
	const char *name;
	hf_unit_load load;
	const char *why;      /* of HF_UNIT_BAD */
	const char *fragment; /* canonical */
	const hf_unit_file *
		*files; /* fragment, then drop-ins in order; ours is not in it */
	size_t n_files;
	size_t ours_at; /* where ours comes in .files */

	const char *ours_path;
	hf_known ours_known;
	const char *ours_why; /* UNKNOWN: the reason */
	const char *ours_text;
	size_t ours_len;
	const hf_unit_file *ours; /* PRESENT: parsed; NULL: it is empty */
	hf_units_env own_env;	  /* our environment file */

	bool demanded;
	hf_known live_known; /* PRESENT: the following hold */
	const char *live_why;
	bool need_daemon_reload;
	const char *active_state;
	const char **manager_exec; /* first ExecStart as the manager has it */
	size_t n_manager_exec;
	uint32_t main_pid;
	const char **live_argv;
	size_t n_live_argv;
	uint64_t main_start_ticks;
	uint64_t main_started_usec;
	hf_units_socket *sockets;
	size_t n_sockets;
} hf_units_unit;

typedef struct hf_units_obs {
	hf_units_unit **units;
	size_t n_units;
	hf_map by_name;			/* hf_units_unit */
	struct hf_units_search *search; /* while observing */
	hf_map env_files;		/* pattern -> hf_units_env */
	mode_t env_mode;		/* what all those files let others do */
	/* What the manager gives every service: system.conf with its drop-ins, what it
	 * says itself ("NAME=VALUE"), and why that is not all, or NULL. */
	hf_unit_stack default_env;
	const char **manager_env;
	size_t n_manager_env;
	const char *default_env_why;
	hf_map programs; /* bare program name -> path */
	hf_map users;	 /* name -> hf_units_id, of demanded SocketUser */
	hf_map groups;
	const char *scanned;  /* unit found to run dockerd, or NULL */
	const char *scan_why; /* none found: why one may run it all the same; or NULL */
	bool live;
	const char *live_why; /* not live: the reason */
	bool live_unknown;    /* it should work and does not */
} hf_units_obs;

typedef struct hf_units_id {
	hf_known known;
	uint32_t id;
	const char *why;
} hf_units_id;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host capability: the only handle to the managed host. A plan function has none.
 *
 * Everything below is relative to a root descriptor: "/" or the tree of --root. Which
 * live layers exist is decided once, when it is opened (DESIGN 3), and never overridden.
 */
#ifndef HF_HOST_HOST_H
#define HF_HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/facts.h"
#include "model/model.h"

struct sd_bus;
typedef struct hf_ids hf_ids;

/* May a live layer be used? ABSENT: does not exist here; UNKNOWN: cannot be told. */
typedef struct hf_live {
	hf_known known;	 /* PRESENT: use it */
	const char *why; /* otherwise: the reason, for people; static or host-owned */
} hf_live;

typedef struct hf_host {
	int root_fd;	       /* O_PATH or O_RDONLY directory */
	const char *root;      /* as given, cleaned; "/" for the running system */
	bool offline;	       /* --root was given */
	bool is_root;	       /* effective uid 0 */
	hf_live audit;	       /* the kernel's rule list */
	hf_live units;	       /* systemd's manager */
	hf_live docker;	       /* dockerd's API and process */
	uint64_t timeout_usec; /* for each wait (--timeout) */
	struct sd_bus *bus;    /* opened on first use; see host/bus.h */
	int audit_fd;	       /* opened on first use; -1; see host/audit_nl.h */
	uint32_t audit_seq;
	struct hf_audit_ahead *audit_ahead; /* a list read ahead (audit_nl.c) */
	bool audit_unanswered; /* what became of the last request is not known */
	hf_arena arena;
	hf_ids *ids;	 /* read on first use; see host/ids.h */
	bool no_openat2; /* the system call is missing: walk by components (fs.h) */
	const struct hf_unit_dirs *unit_dirs;  /* of the survey under way; or NULL */
	void (*bus_close)(struct sd_bus *bus); /* set by whoever opens .bus (bus.c) */
	bool unmapped_ids; /* a user namespace that shows foreign owners as 65534 */
	/* Told about once a second where long work is; may be NULL. */
	void (*working)(void *user, const char *text);
	void *working_user;
	uint64_t working_usec; /* when it was told last, CLOCK_MONOTONIC; 0: never */
	uint64_t working_each_usec;
	/* Tests only: called at every point where a crash would be interesting. */
	void (*fault)(const char *point);
	const char *stage_tag; /* in names of staged files: the transaction; or NULL */
} hf_host;

static inline void hf_fault(const hf_host *host, const char *point)
{
	if (host->fault)
		host->fault(point);
}

/**
 * hf_host_working - long work is at the @n-th of @all things
 * @what: "look at", ...; @path: of the tree, or NULL
 * @all:  0: it is not known
 *
 * To be called for each of them: tells .working about once a second, not before a second
 * is over, and neither allocates nor fails.
 */
void hf_host_working(hf_host *host, const char *what, const char *path, size_t n,
		     size_t all);

/**
 * hf_host_open - open the host
 * @root: NULL for the running system, else the tree of --root (must be a directory)
 *
 * Effects: reads host (namespaces, mounts, credentials). Errors: -ENOENT, -ENOTDIR,
 * -EACCES with the path.
 */
int hf_host_open(hf_host *host, const char *root, hf_error **err) _must_check_;
void hf_host_close(hf_host *host);

/** hf_host_option - " --root DIR" behind a command that a message says to type, which
 *  would be about the running system without it; "" where it is that; in the host's arena
 */
const char *hf_host_option(hf_host *host);

/** hf_root_option - the same of a --root that is not opened (NULL: none), in @arena */
const char *hf_root_option(hf_arena *arena, const char *root);

/**
 * hf_facts_read - fill @facts: all names in model/facts.h. What cannot be read is
 * UNKNOWN. "engine" comes from the API when live, else from the image's package database.
 */
int hf_facts_read(hf_host *host, hf_facts *facts, hf_error **err) _must_check_;

/** hf_facts_read_common - hf_facts_read() without lsm, swarm and systemd, which few
 *  baselines ask for */
int hf_facts_read_common(hf_host *host, hf_facts *facts, hf_error **err) _must_check_;

/** hf_facts_need - read fact @name of these three, unless it is there already; after
 *  hf_facts_read_common() */
int hf_facts_need(hf_host *host, hf_facts *facts, const char *name,
		  hf_error **err) _must_check_;

/** hf_facts_read_when - add what the model's `when` clauses ask for: the "unit:" and
 *  "exists:" answers, lsm and swarm */
int hf_facts_read_when(hf_host *host, const hf_model *model, hf_facts *facts,
		       hf_error **err) _must_check_;

#endif

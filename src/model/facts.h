/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: host constants, read once, each with its source, or UNKNOWN with the reason.
 *
 * Facts are named strings so that `--fact NAME=VALUE` and test cases can supply any of
 * them. Names in use:
 *
 *	hostname machine_id boot_id os (ID of os-release) os_like os_version kernel
 *	arch (x86_64, aarch64, ...) systemd (version) audit (version of libaudit/auditctl
 *	there) engine (dockerd's version) lsm (comma list) swarm (true|false)
 *	unit:NAME (true|false) exists:PATH (true|false)	   -- as asked for by `when`
 */
#ifndef HF_MODEL_FACTS_H
#define HF_MODEL_FACTS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/map.h"

typedef enum hf_known { HF_ABSENT, HF_PRESENT, HF_UNKNOWN } hf_known;

typedef struct hf_fact {
	const char *name;
	hf_known known;
	const char *value;  /* when PRESENT */
	const char *source; /* where it came from: a path, "uname", "--fact"; or NULL */
	const char *why;    /* when UNKNOWN or ABSENT: the reason, or NULL */
} hf_fact;

typedef struct hf_facts {
	hf_arena arena;
	hf_map by_name;
	hf_fact **items; /* in the order they were set */
	size_t n;
} hf_facts;

void hf_facts_done(hf_facts *facts);

/** hf_facts_set - add or replace, strings are copied; a fact whose source is "--fact"
 *  is never replaced. Returns: 0 or -ENOMEM. */
int hf_facts_set(hf_facts *facts, const char *name, hf_known known, const char *value,
		 const char *source, const char *why) _must_check_;

/** hf_facts_wanted - what --fact takes instead of @arg, to be said as "--fact takes ...,
 *  not @arg"; NULL if it takes it: a fact that nothing asks for would be a misspelt one,
 *  and a version or a flag that is none would be taken for something; pure */
const char *hf_facts_wanted(const char *arg);

/** hf_facts_given - set those of --fact, "NAME=VALUE" each, before any other is read.
 *  Errors: -EINVAL where hf_facts_wanted() wants something else, -ENOMEM. */
int hf_facts_given(hf_facts *facts, const char *const *args, size_t n,
		   hf_error **err) _must_check_;

/** hf_facts_get - the fact, NULL if it was never looked for; pure */
const hf_fact *hf_facts_get(const hf_facts *facts, const char *name);

/** hf_facts_is_given - does it come from --fact, so that nothing else is looked for? pure
 */
bool hf_facts_is_given(const hf_facts *facts, const char *name);

/** hf_facts_value - its value, NULL unless PRESENT; pure */
const char *hf_facts_value(const hf_facts *facts, const char *name);

#endif

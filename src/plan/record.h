/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The applied record: what the last apply left on this host, in /var/lib/holdfast.
 *
 * An entry keeps, for one thing we changed, the value before our first change and the
 * value we left. It makes "the baseline no longer demands this" decidable: our value is
 * taken back to the one before, if it is still as we left it.
 */
#ifndef HF_PLAN_RECORD_H
#define HF_PLAN_RECORD_H

#include <stdbool.h>

#include "base/map.h"

typedef struct hf_record_entry {
	const char *id;	    /* resource id: "daemon:/etc/docker/daemon.json#icc" */
	const char *before; /* kind's own text; NULL: it was absent */
	const char *after;  /* NULL: we removed it */
} hf_record_entry;

typedef struct hf_record_baseline {
	const char *name;
	const char *version; /* or NULL */
	const char *file;
	const char *digest;
	bool requested;
} hf_record_baseline;

typedef struct hf_record {
	bool exists;	  /* false: nothing was ever applied here */
	const char *text; /* the bytes that it was read from; "" if none */
	size_t len;
	int64_t written_nsec; /* CLOCK_REALTIME: the last apply that changed anything */
	hf_record_baseline *baselines;
	size_t n_baselines;
	const char *const *sets; /* VAR=VALUE given at that apply */
	size_t n_sets;
	hf_record_entry **entries;
	size_t n_entries;
	hf_map by_id;
} hf_record;

/** hf_record_get - the entry of @id or NULL; pure */
const hf_record_entry *hf_record_get(const hf_record *record, const char *id);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Docker engine keeps: the names of its images, containers and volumes. A change
 * of where or how it keeps them takes them out of view; the plan names what would go.
 */
#ifndef HF_PLAN_STORE_H
#define HF_PLAN_STORE_H

#include "base/strbuf.h"
#include "model/facts.h"

#define HF_STORE_NAMES_MAX 10 /* named of each sort; the rest is counted */

typedef enum hf_store_sort {
	HF_STORE_IMAGES,
	HF_STORE_CONTAINERS,
	HF_STORE_VOLUMES,
	HF_STORE_SORTS_,
} hf_store_sort;
const char *hf_store_sort_name(hf_store_sort sort); /* "images", ... */

typedef struct hf_store_names {
	hf_known known;	    /* ABSENT: not concerned; UNKNOWN: hf_store.why */
	const char **names; /* in order, HF_STORE_NAMES_MAX at the most */
	size_t n_names;
	size_t total;
} hf_store_names;

typedef struct hf_store {
	hf_store_names sorts[HF_STORE_SORTS_];
	const char *why; /* of what is UNKNOWN */
} hf_store;

/** hf_store_hidden - "2 images (a, b), 1 container (c) would become invisible"; what is
 *  UNKNOWN is said to be so, never to be none; onto @sb; pure */
void hf_store_hidden(hf_strbuf *sb, const hf_store *store);

/** hf_store_is_empty - it is known that nothing would become invisible; pure */
bool hf_store_is_empty(const hf_store *store);

#endif

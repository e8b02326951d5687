/* SPDX-License-Identifier: Apache-2.0 */
/* String to pointer hash map whose memory is an arena's; entries are never removed. */
#ifndef HF_BASE_MAP_H
#define HF_BASE_MAP_H

#include <stdint.h>

#include "base/arena.h"

typedef struct hf_map_slot {
	const char *key; /* NULL: free */
	uint64_t hash;
	void *value;
} hf_map_slot;

typedef struct hf_map {
	hf_map_slot *slots;
	size_t n;
	size_t cap; /* power of two */
} hf_map;

/** hf_map_get - the value of @key, NULL if there is none; pure */
void *hf_map_get(const hf_map *map, const char *key);

/** hf_map_at - where the value of @key is, made if it is new (copied into @arena, with
 *  the value NULL); good until the next new key. NULL: out of memory, the map as it was
 */
void **hf_map_at(hf_map *map, hf_arena *arena, const char *key) _must_check_;

/**
 * hf_map_put - set @key (copied into @arena when new) to @value
 * Returns: 0 or -ENOMEM, with the map as it was.
 */
int hf_map_put(hf_map *map, hf_arena *arena, const char *key, void *value) _must_check_;

#endif

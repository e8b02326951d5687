/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <errno.h>
#include <string.h>

/* Multiplies in eight bytes at a time: keys are as long as an audit rule. They are ids of
 * a root-owned baseline: no flooding to fear beyond what the loader's size limit allows.
 */
static uint64_t hash(const char *s)
{
	size_t n = strlen(s);
	uint64_t h = 0xcbf29ce484222325u ^ n, w;

	for (; n >= sizeof(w); n -= sizeof(w), s += sizeof(w)) {
		memcpy(&w, s, sizeof(w));
		h = (h ^ w) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	w = 0;
	memcpy(&w, s, n);
	h = (h ^ w) * 0x9e3779b97f4a7c15u;
	/* a product passes nothing down: the slot is of the low bits, and keys often
	 * differ in the last byte only, which is the highest of its word
	 */
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static hf_map_slot *find(hf_map_slot *slots, size_t cap, const char *key, uint64_t h)
{
	for (size_t i = h & (cap - 1);; i = (i + 1) & (cap - 1))
		if (!slots[i].key ||
		    (slots[i].hash == h && strcmp(slots[i].key, key) == 0))
			return &slots[i];
}

void *hf_map_get(const hf_map *map, const char *key)
{
	return map->cap ? find(map->slots, map->cap, key, hash(key))->value : NULL;
}

void **hf_map_at(hf_map *map, hf_arena *arena, const char *key)
{
	uint64_t h = hash(key);
	hf_map_slot *slot;

	if (map->n * 4 >= map->cap * 3) {
		size_t cap = map->cap ? map->cap * 2 : 16;
		hf_map_slot *slots = hf_arena_array(arena, cap, sizeof(*slots));

		if (!slots)
			return NULL;
		for (size_t i = 0; i < map->cap; i++)
			if (map->slots[i].key)
				*find(slots, cap, map->slots[i].key, map->slots[i].hash) =
					map->slots[i];
		map->slots = slots;
		map->cap = cap;
	}
	slot = find(map->slots, map->cap, key, h);
	if (!slot->key) {
		slot->key = hf_arena_strdup(arena, key);
		if (!slot->key)
			return NULL;
		slot->hash = h;
		map->n++;
	}
	return &slot->value;
}

int hf_map_put(hf_map *map, hf_arena *arena, const char *key, void *value)
{
	void **at = hf_map_at(map, arena, key);

	if (!at)
		return -ENOMEM;
	*at = value;
	return 0;
}

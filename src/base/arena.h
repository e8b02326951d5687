/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bump allocator: many small objects, freed all at once.
 *
 * The model, the snapshot and the plan own one arena each; whatever hangs off them is
 * allocated there and never freed singly. Memory is zeroed. NULL means out of memory.
 */
#ifndef HF_BASE_ARENA_H
#define HF_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/macro.h"

typedef struct hf_arena_block hf_arena_block;

typedef struct hf_arena {
	hf_arena_block *head;
	size_t total_bytes;
} hf_arena;

/** hf_arena_done - free everything; @arena may be used again; NULL is allowed */
void hf_arena_done(hf_arena *arena);

/** hf_arena_adopt - what hangs off @other hangs off @arena from now on */
void hf_arena_adopt(hf_arena *arena, hf_arena *other);

/** hf_arena_alloc - zeroed memory aligned for any type, NULL if out of memory */
void *hf_arena_alloc(hf_arena *arena, size_t size) _must_check_;

/** hf_arena_array - @n elements of @size bytes, zeroed; NULL on overflow or no memory */
void *hf_arena_array(hf_arena *arena, size_t n, size_t size) _must_check_;

char *hf_arena_strdup(hf_arena *arena, const char *s) _must_check_;
char *hf_arena_memdup(hf_arena *arena, const void *p,
		      size_t len) _must_check_; /* + NUL */
char *hf_arena_printf(hf_arena *arena, const char *fmt, ...) _printf_(2, 3) _must_check_;
char *hf_arena_vprintf(hf_arena *arena, const char *fmt, va_list ap)
	_printf_(2, 0) _must_check_;

#define hf_arena_new(arena, type) ((type *)hf_arena_alloc((arena), sizeof(type)))

/**
 * hf_vec_push - append to a counted array that lives in an arena
 * @arena: the arena
 * @items: pointer variable of the array, grown by doubling (the old copy stays behind)
 * @n:     size_t variable, the count; the capacity is the next power of two
 *
 * Evaluates to a pointer to the new zeroed element, or NULL if out of memory.
 */
#define hf_vec_push(arena, items, n)                                                     \
	((__typeof__(items))hf_vec_push_((arena), (void **)&(items), &(n),               \
					 sizeof(*(items))))
void *hf_vec_push_(hf_arena *arena, void **items, size_t *n, size_t size) _must_check_;

#endif

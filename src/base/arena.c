/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_MIN ((size_t)16 * 1024)
#define BLOCK_MAX ((size_t)64 * 1024) /* of malloc, which maps larger ones one by one */
/* What is larger than this in all gets blocks whose pages are there at once: a fault for
 * each of them takes longer than filling it. */
#define MAPPED_FROM ((size_t)1 << 20)
#define MAPPED_BYTES ((size_t)512 * 1024)
#define ALIGN (_Alignof(max_align_t))

struct hf_arena_block {
	hf_arena_block *next;
	size_t used;
	size_t size;
	size_t mapped_bytes; /* 0: of malloc */
	_Alignas(max_align_t) char data[];
};

/* Zeroed; NULL: not to be had. */
static hf_arena_block *map_block(void)
{
	hf_arena_block *b = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (b == MAP_FAILED)
		return NULL;
	b->size = MAPPED_BYTES - sizeof(*b);
	b->mapped_bytes = MAPPED_BYTES;
	return b;
}

static hf_arena_block *new_block(size_t size)
{
	hf_arena_block *b = calloc(1, sizeof(*b) + size);

	if (b)
		b->size = size;
	return b;
}

static void free_block(hf_arena_block *b)
{
	if (b->mapped_bytes)
		(void)munmap(b, b->mapped_bytes);
	else
		free(b);
}

/* A block with room for an object of @size bytes, in the list. */
static hf_arena_block *add_block(hf_arena *arena, size_t size)
{
	hf_arena_block *b = NULL;
	bool is_large = arena->total_bytes >= MAPPED_FROM;
	size_t usual = arena->total_bytes / 4;

	if (usual > BLOCK_MAX)
		usual = BLOCK_MAX;
	if (usual < BLOCK_MIN)
		usual = BLOCK_MIN;
	/* a large object gets a block of its own behind the current one */
	if (arena->head && size > (is_large ? MAPPED_BYTES : usual) / 2) {
		b = new_block(size);
		if (!b)
			return NULL;
		b->next = arena->head->next;
		arena->head->next = b;
	} else {
		if (is_large)
			b = map_block();
		if (!b)
			b = new_block(size > usual ? size : usual);
		if (!b)
			return NULL;
		b->next = arena->head;
		arena->head = b;
	}
	arena->total_bytes += b->size;
	return b;
}

void hf_arena_done(hf_arena *arena)
{
	if (!arena)
		return;
	for (hf_arena_block *b = arena->head, *next; b; b = next) {
		next = b->next;
		free_block(b);
	}
	*arena = (hf_arena){ 0 };
}

void hf_arena_adopt(hf_arena *arena, hf_arena *other)
{
	hf_arena_block **end = &arena->head;

	while (*end)
		end = &(*end)->next;
	*end = other->head;
	arena->total_bytes += other->total_bytes;
	*other = (hf_arena){ 0 };
}

void *hf_arena_alloc(hf_arena *arena, size_t size)
{
	hf_arena_block *b = arena->head;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (!b || b->size - b->used < size)
		b = add_block(arena, size);
	if (!b)
		return NULL;
	p = b->data + b->used;
	b->used += size;
	return p;
}

void *hf_arena_array(hf_arena *arena, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return hf_arena_alloc(arena, bytes ? bytes : 1);
}

char *hf_arena_memdup(hf_arena *arena, const void *src, size_t len)
{
	char *p = len < SIZE_MAX / 2 ? hf_arena_alloc(arena, len + 1) : NULL;

	if (p && len)
		memcpy(p, src, len);
	return p;
}

char *hf_arena_strdup(hf_arena *arena, const char *s)
{
	return hf_arena_memdup(arena, s, strlen(s));
}

char *hf_arena_vprintf(hf_arena *arena, const char *fmt, va_list ap)
{
	va_list copy;
	char text[256]; /* most are shorter: written once, not measured first */
	char *p;
	int n;

	va_copy(copy, ap);
	n = vsnprintf(text, sizeof(text), fmt, copy);
	va_end(copy);
	if (n < 0)
		return NULL;
	if ((size_t)n < sizeof(text))
		return hf_arena_memdup(arena, text, (size_t)n);
	p = hf_arena_alloc(arena, (size_t)n + 1);
	if (p)
		(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *hf_arena_printf(hf_arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = hf_arena_vprintf(arena, fmt, ap);
	va_end(ap);
	return p;
}

void *hf_vec_push_(hf_arena *arena, void **items, size_t *n, size_t size)
{
	size_t count = *n;

	/* The capacity is implied: full exactly at 0, 4, 8, 16, ... */
	if (count == 0 || (count >= 4 && (count & (count - 1)) == 0)) {
		size_t cap = count ? count * 2 : 4;
		void *p = hf_arena_array(arena, cap, size);

		if (!p)
			return NULL;
		if (count)
			memcpy(p, *items, count * size);
		*items = p;
	}
	(*n)++;
	return (char *)*items + count * size;
}

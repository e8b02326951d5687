/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocators, failing on demand: the includer defines alloc_fails(), which is asked
 * at each call, and is linked with $(ALLOC_WRAP), by which our calls (not those of
 * libraries) come here.
 */
#ifndef ALLOC_WRAP_H
#define ALLOC_WRAP_H

#include <stdbool.h>
#include <stddef.h>

static bool alloc_fails(void);

#define ALLOC_WRAP(type, name, parameters, arguments)                                    \
	type __real_##name parameters;                                                   \
	type __wrap_##name parameters;                                                   \
	type __wrap_##name parameters                                                    \
	{                                                                                \
		return alloc_fails() ? NULL : __real_##name arguments;                   \
	}

ALLOC_WRAP(void *, malloc, (size_t size), (size))
ALLOC_WRAP(void *, calloc, (size_t n, size_t size), (n, size))
ALLOC_WRAP(void *, realloc, (void *p, size_t size), (p, size))
ALLOC_WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
ALLOC_WRAP(char *, strdup, (const char *s), (s))
ALLOC_WRAP(char *, strndup, (const char *s, size_t n), (s, n))

#endif

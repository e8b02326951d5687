/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing strings of which either may be NULL; and eight bytes of text at a time. */
#ifndef HF_BASE_STR_H
#define HF_BASE_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/** hf_str_same - equal, or both NULL; pure */
static inline bool hf_str_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/** hf_str_word - the eight bytes at @s, which need not be aligned; pure */
static inline uint64_t hf_str_word(const void *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof(w));
	return w;
}

/* A word of eight bytes that are all @byte. */
#define HF_STR_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

#endif

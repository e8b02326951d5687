/* SPDX-License-Identifier: Apache-2.0 */
#include "base/packbits.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define RUN_MAX 128

static size_t run_at(const unsigned char *p, size_t left)
{
	size_t n = 1;

	while (n < left && n < RUN_MAX && p[n] == p[0])
		n++;
	return n;
}

int hf_packbits_pack(hf_arena *arena, const void *bytes, size_t len, char **ret,
		     size_t *ret_len)
{
	const unsigned char *p = bytes;
	unsigned char *out, *w;

	if (len > SIZE_MAX / 2)
		return -ENOMEM;
	out = w = hf_arena_alloc(arena, len + len / RUN_MAX + 1);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < len;) {
		size_t n = run_at(p + i, len - i), literal = 0;

		if (n > 2) {
			*w++ = (unsigned char)(257 - n);
			*w++ = p[i];
			i += n;
			continue;
		}
		while (i + literal < len && literal < RUN_MAX &&
		       run_at(p + i + literal, len - i - literal) <= 2)
			literal++;
		*w++ = (unsigned char)(literal - 1);
		memcpy(w, p + i, literal);
		w += literal;
		i += literal;
	}
	*ret = (char *)out;
	*ret_len = (size_t)(w - out);
	return 0;
}

/* How many bytes are packed; -1 if it is not packed bytes. */
static int unpacked_len(const unsigned char *p, size_t len, size_t max, size_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		size_t takes = p[i] < 128 ? p[i] + 2u : 2u;

		if (p[i] == 128 || len - i < takes)
			return -1;
		n += p[i] < 128 ? p[i] + 1u : 257u - p[i];
		if (n > max)
			return -1;
		i += takes;
	}
	*ret = n;
	return 0;
}

int hf_packbits_unpack(hf_arena *arena, const char *packed, size_t len, size_t max,
		       char **ret, size_t *ret_len)
{
	const unsigned char *p = (const unsigned char *)packed;
	size_t n;
	char *out, *w;

	if (unpacked_len(p, len, max, &n) < 0)
		return -EINVAL;
	out = w = hf_arena_alloc(arena, n + 1);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < len;) {
		size_t count = p[i] < 128 ? p[i] + 1u : 257u - p[i];

		if (p[i] < 128)
			memcpy(w, p + i + 1, count);
		else
			memset(w, p[i + 1], count);
		w += count;
		i += p[i] < 128 ? count + 1 : 2;
	}
	*ret = out;
	*ret_len = n;
	return 0;
}

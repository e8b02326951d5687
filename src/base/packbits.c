/* SPDX-License-Identifier: Apache-2.0 */
#include "base/packbits.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define RUN_MAX 128

/* How many of the first bytes are the same, RUN_MAX at most; @left is not 0. */
static size_t run_at(const unsigned char *p, size_t left)
{
	size_t n = 1, most = left < RUN_MAX ? left : RUN_MAX;
	const uint64_t same = HF_STR_EACH(p[0]);

	while (most - n >= sizeof(same) && hf_str_word(p + n) == same)
		n += sizeof(same);
	while (n < most && p[n] == p[0])
		n++;
	return n;
}

/* How many bytes come before the next three that are the same. */
static size_t literal_at(const unsigned char *p, size_t left)
{
	size_t n = 0, most = left < RUN_MAX ? left : RUN_MAX;

	while (n < most && (left - n < 3 || p[n] != p[n + 1] || p[n] != p[n + 2]))
		n++;
	return n;
}

int hf_packbits_pack(hf_arena *arena, const void *bytes, size_t len, char **ret,
		     size_t *ret_len)
{
	const unsigned char *p = bytes;
	unsigned char few[2048], *out = few, *w;

	if (len > SIZE_MAX / 2)
		return -ENOMEM;
	/* the arena's memory only for what it comes to, which is little as a rule */
	if (len + len / RUN_MAX + 1 > sizeof(few))
		out = hf_arena_alloc(arena, len + len / RUN_MAX + 1);
	if (!out)
		return -ENOMEM;
	w = out;
	for (size_t i = 0; i < len;) {
		size_t n = literal_at(p + i, len - i);

		if (n) {
			*w++ = (unsigned char)(n - 1);
			memcpy(w, p + i, n);
			w += n;
		} else {
			n = run_at(p + i, len - i);
			*w++ = (unsigned char)(257 - n);
			*w++ = p[i];
		}
		i += n;
	}
	*ret_len = (size_t)(w - out);
	*ret = out == few ? hf_arena_memdup(arena, (char *)few, *ret_len) : (char *)out;
	return *ret ? 0 : -ENOMEM;
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

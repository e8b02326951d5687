/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t hf_base64_put(char *out, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	char *w = out;

	for (; len >= 3; p += 3, len -= 3) {
		uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

		*w++ = letters[v >> 18];
		*w++ = letters[v >> 12 & 63];
		*w++ = letters[v >> 6 & 63];
		*w++ = letters[v & 63];
	}
	if (len) {
		uint32_t v = (uint32_t)p[0] << 16 | (len > 1 ? (uint32_t)p[1] << 8 : 0);

		*w++ = letters[v >> 18];
		*w++ = letters[v >> 12 & 63];
		*w++ = len > 1 ? letters[v >> 6 & 63] : '=';
		*w++ = '=';
	}
	return (size_t)(w - out);
}

char *hf_base64_encode(hf_arena *arena, const void *bytes, size_t len)
{
	char *out;

	if (len > SIZE_MAX / 2)
		return NULL;
	out = hf_arena_alloc(arena, (len + 2) / 3 * 4 + 1);
	if (out)
		out[hf_base64_put(out, bytes, len)] = '\0';
	return out;
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int hf_base64_decode(hf_arena *arena, const char *text, char **ret, size_t *ret_len)
{
	size_t len = strlen(text), n = 0;
	char *out;

	if (len % 4)
		return -EINVAL;
	out = hf_arena_alloc(arena, len / 4 * 3 + 1);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < len; i += 4) {
		bool last = i + 4 == len;
		size_t pad = !last ? 0 : (text[i + 3] == '=') + (text[i + 2] == '=');
		uint32_t v = 0;

		for (size_t k = 0; k < 4 - pad; k++) {
			int d = value_of(text[i + k]);

			if (d < 0)
				return -EINVAL;
			v |= (uint32_t)d << (18 - 6 * k);
		}
		if (pad && (v & (pad == 1 ? 0xffu : 0xffffu))) /* bits nobody wrote */
			return -EINVAL;
		if (pad == 2 && text[i + 3] != '=')
			return -EINVAL;
		out[n++] = (char)(v >> 16);
		if (pad < 2)
			out[n++] = (char)(v >> 8 & 255);
		if (pad < 1)
			out[n++] = (char)(v & 255);
	}
	out[n] = '\0';
	*ret = out;
	*ret_len = n;
	return 0;
}

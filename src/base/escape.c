/* SPDX-License-Identifier: Apache-2.0 */
#include "base/escape.h"

#include <stdio.h>
#include <string.h>

/* Unicode 15, table 3-7: well-formed UTF-8 byte sequences. */
size_t hf_utf8_len(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (!len)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		if (p[0] == 0xe0)
			lo = 0xa0;
		if (p[0] == 0xed)
			hi = 0x9f;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		if (p[0] == 0xf0)
			lo = 0x90;
		if (p[0] == 0xf4)
			hi = 0x8f;
	} else {
		return 0;
	}
	if (len < n || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

bool hf_utf8_valid(const char *s)
{
	size_t len = strlen(s), n;

	for (size_t i = 0; i < len; i += n) {
		n = hf_utf8_len(s + i, len - i);
		if (!n)
			return false;
	}
	return true;
}

size_t hf_utf8_put(char out[4], uint32_t u)
{
	size_t n = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; u >>= 6)
		out[i] = (char)(0x80 | (u & 0x3f));
	out[0] = (char)(lead[n - 1] | u);
	return n;
}

char *hf_escape_dup(const char *bytes, size_t len)
{
	char *out, *w;

	if (len > SIZE_MAX / 4 - 1)
		return NULL;
	out = malloc(len * 4 + 1);
	if (!out)
		return NULL;
	w = out;
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)bytes[i];
		size_t n = hf_utf8_len(bytes + i, len - i);

		if (c == '\n' || c == '\t') {
			*w++ = '\\';
			*w++ = c == '\n' ? 'n' : 't';
			i++;
		} else if (!n || c < 0x20 || c == 0x7f ||
			   (n == 2 && c == 0xc2 && (unsigned char)bytes[i + 1] < 0xa0)) {
			/* C0, DEL, C1 (U+0080 to U+009F) and broken sequences */
			size_t bad = n ? n : 1;

			for (size_t k = 0; k < bad; k++)
				w += sprintf(w, "\\x%02x", (unsigned char)bytes[i + k]);
			i += bad;
		} else {
			memcpy(w, bytes + i, n);
			w += n;
			i += n;
		}
	}
	*w = '\0';
	return out;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/escape.h"

#include <string.h>

#include "base/str.h"

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

size_t hf_utf8_put(char out[4], uint32_t u)
{
	size_t n = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; u >>= 6)
		out[i] = (char)(0x80 | (u & 0x3f));
	out[0] = (char)(lead[n - 1] | u);
	return n;
}

bool hf_utf8_valid(const char *s)
{
	size_t len = strlen(s), n;

	for (size_t i = 0; i < len; i += n) {
		/* nearly all is ASCII */
		if (len - i >= 8 && !(hf_str_word(s + i) & HF_STR_EACH(0x80)))
			n = 8;
		else if ((unsigned char)s[i] < 0x80)
			n = 1;
		else
			n = hf_utf8_len(s + i, len - i);
		if (!n)
			return false;
	}
	return true;
}

/* Are all of eight bytes from 0x20 to 0x7e? No sum here carries over from one byte to the
 * next while all are below 0x80, and one that is not says no by itself. */
static bool is_plain_word(const char *s)
{
	uint64_t w = hf_str_word(s);

	return !((w | (w + HF_STR_EACH(1)) | ~(w + HF_STR_EACH(0x60))) &
		 HF_STR_EACH(0x80));
}

static size_t plain_len(const char *bytes, size_t len)
{
	size_t i = 0;

	while (len - i >= 8 && is_plain_word(bytes + i))
		i += 8;
	while (i < len && bytes[i] >= ' ' && bytes[i] <= '~')
		i++;
	return i;
}

static void add_hex(hf_escaped *e, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	e->own[e->n++] = '\\';
	e->own[e->n++] = 'x';
	e->own[e->n++] = digits[c >> 4];
	e->own[e->n++] = digits[c & 15];
}

/* One that is not printable ASCII. */
static size_t next_char(const char *bytes, size_t len, hf_escaped *ret)
{
	unsigned char c = (unsigned char)bytes[0];
	size_t n = hf_utf8_len(bytes, len), taken = n ? n : 1;

	ret->n = 0;
	ret->text = ret->own;
	if (c == '\n' || c == '\t') {
		ret->own[ret->n++] = '\\';
		ret->own[ret->n++] = c == '\n' ? 'n' : 't';
	} else if (!n || c < 0x20 || c == 0x7f ||
		   (n == 2 && c == 0xc2 && (unsigned char)bytes[1] < 0xa0)) {
		/* C0, DEL, C1 (U+0080 to U+009F) and broken sequences */
		for (size_t i = 0; i < taken; i++)
			add_hex(ret, (unsigned char)bytes[i]);
	} else {
		ret->text = bytes;
		ret->n = n;
		ret->columns = 1;
		return n;
	}
	ret->columns = ret->n;
	return taken;
}

size_t hf_escape_next(const char *bytes, size_t len, hf_escaped *ret)
{
	size_t n = plain_len(bytes, len);

	if (!n && len)
		return next_char(bytes, len, ret);
	ret->text = bytes;
	ret->n = ret->columns = n;
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
		hf_escaped e;

		i += hf_escape_next(bytes + i, len - i, &e);
		memcpy(w, e.text, e.n);
		w += e.n;
	}
	*w = '\0';
	return out;
}

const char *hf_shell_word(hf_arena *arena, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:=,@+%-";
	size_t n_quotes = 0, n = 0;
	char *word;

	if (*text && text[strspn(text, plain)] == '\0')
		return text;
	for (const char *p = text; *p; p++)
		n_quotes += *p == '\'';
	word = hf_arena_alloc(arena, strlen(text) + 3 * n_quotes + 3);
	if (!word)
		return NULL;
	word[n++] = '\'';
	for (const char *p = text; *p; p++) {
		word[n++] = *p;
		if (*p == '\'') { /* ends, one that is escaped, begins */
			memcpy(word + n, "\\''", 3);
			n += 3;
		}
	}
	word[n++] = '\'';
	word[n] = '\0';
	return word;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_write.h"

#include <string.h>

#include "base/base64.h"
#include "base/escape.h"
#include "base/json.h"

static void put_string(hf_json_writer *w, const char *s)
{
	hf_strbuf_addc(&w->sb, '"');
	if (!hf_json_put_text(&w->sb, s, strlen(s), true) && !w->not_text)
		w->not_text = s;
	hf_strbuf_addc(&w->sb, '"');
}

/* What stands before a value. */
static void put_key(hf_json_writer *w, const char *key)
{
	size_t n = w->one_line ? 2 : 1; /* with the blank or without */

	if (w->more)
		hf_strbuf_add(&w->sb, ", ", n);
	if (!w->one_line && w->depth <= 2)
		hf_strbuf_addc(&w->sb, '\n');
	w->more = true;
	if (!key)
		return;
	put_string(w, key);
	hf_strbuf_add(&w->sb, ": ", n);
}

void hf_json_open(hf_json_writer *w, const char *key, char bracket)
{
	if (w->depth)
		put_key(w, key);
	hf_strbuf_addc(&w->sb, bracket);
	w->depth++;
	w->more = false;
}

void hf_json_close(hf_json_writer *w, char bracket)
{
	hf_strbuf_addc(&w->sb, bracket);
	w->depth--;
	w->more = true;
}

void hf_json_write_text(hf_json_writer *w, const char *key, const char *s)
{
	put_key(w, key);
	put_string(w, s);
}

void hf_json_write_null(hf_json_writer *w, const char *key)
{
	put_key(w, key);
	hf_strbuf_adds(&w->sb, "null");
}

void hf_json_write_int(hf_json_writer *w, const char *key, long long n)
{
	char text[24], *digit = text + sizeof(text);
	unsigned long long rest = (unsigned long long)n;

	if (n < 0)
		rest = 0 - rest;
	do
		*--digit = (char)('0' + rest % 10);
	while (rest /= 10);
	if (n < 0)
		*--digit = '-';
	put_key(w, key);
	hf_strbuf_add(&w->sb, digit, (size_t)(text + sizeof(text) - digit));
}

void hf_json_write_bool(hf_json_writer *w, const char *key, bool on)
{
	put_key(w, key);
	hf_strbuf_adds(&w->sb, on ? "true" : "false");
}

static void put_base64(hf_json_writer *w, const char *bytes, size_t len)
{
	char out[4096];

	for (size_t i = 0; i < len;) {
		const size_t most = sizeof(out) / 4 * 3; /* padding comes at the end */
		size_t n = len - i < most ? len - i : most;

		hf_strbuf_add(&w->sb, out, hf_base64_put(out, bytes + i, n));
		i += n;
	}
}

bool hf_json_is_text(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		i += hf_json_plain_len(bytes + i, len - i);
		if (i < len) {
			unsigned char c = (unsigned char)bytes[i];
			size_t n = hf_utf8_len(bytes + i, len - i);

			if (!n || (c < 0x20 && c != '\n' && c != '\t'))
				return false;
			i += n;
		}
	}
	return true;
}

void hf_json_write_bytes(hf_json_writer *w, const char *key, const char *text_key,
			 const char *bytes, size_t len)
{
	bool text = text_key && hf_json_is_text(bytes, len);

	put_key(w, text ? text_key : key);
	hf_strbuf_addc(&w->sb, '"');
	if (text)
		(void)hf_json_put_text(&w->sb, bytes, len, true); /* it was looked at */
	else
		put_base64(w, bytes, len);
	hf_strbuf_addc(&w->sb, '"');
}

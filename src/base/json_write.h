/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON written straight into a text. Only memory, and text that is not UTF-8, can fail;
 * both are remembered, and looked for once at the end.
 *
 * For people, members of the document and elements of a list among them take a line each;
 * what is deeper stays on the line. Or all of it does, with blanks (.one_line).
 *
 *	hf_json_writer w = { 0 };
 *	hf_json_open(&w, NULL, '{');
 *	hf_json_write_text(&w, "name", name);
 *	hf_json_close(&w, '}');
 *	if (w.not_text) ...
 *	text = hf_strbuf_steal(&w.sb);
 *
 * A @key is NULL in a list.
 */
#ifndef HF_BASE_JSON_WRITE_H
#define HF_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

typedef struct hf_json_writer {
	hf_strbuf sb;
	unsigned depth;
	bool one_line;	      /* as jansson writes; set by the caller */
	bool more;	      /* something stands before at this depth */
	const char *not_text; /* the first that is not UTF-8, or NULL; borrowed */
} hf_json_writer;

/** hf_json_open - begin an object or a list, @bracket '{' or '['
 *  hf_json_close - end it, @bracket '}' or ']' */
void hf_json_open(hf_json_writer *w, const char *key, char bracket);
void hf_json_close(hf_json_writer *w, char bracket);

void hf_json_write_text(hf_json_writer *w, const char *key, const char *s);
void hf_json_write_null(hf_json_writer *w, const char *key);
void hf_json_write_int(hf_json_writer *w, const char *key, long long n);
void hf_json_write_bool(hf_json_writer *w, const char *key, bool on);

/** hf_json_write_bytes - text under @text_key where it is such (hf_json_is_text()), else
 *  Base64 under @key; @text_key NULL: always Base64 */
void hf_json_write_bytes(hf_json_writer *w, const char *key, const char *text_key,
			 const char *bytes, size_t len);

/** hf_json_is_text - can @bytes be read by people in a JSON string? UTF-8 without control
 *  characters but tab and newline; pure */
bool hf_json_is_text(const char *bytes, size_t len);

#endif

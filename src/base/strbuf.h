/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte string with a sticky out-of-memory state.
 *
 * Append as often as needed, then look once: hf_strbuf_ok() or the result of
 * hf_strbuf_steal(). After a failed append all further ones do nothing.
 *
 *	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
 *	hf_strbuf_addf(&sb, "%s:%u", file, line);
 *	if (!hf_strbuf_ok(&sb))
 *		return hf_error_oom(err);
 */
#ifndef HF_BASE_STRBUF_H
#define HF_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

typedef struct hf_strbuf {
	char *buf; /* owned; NUL-terminated when not NULL */
	size_t len;
	size_t cap;
	bool oom;
} hf_strbuf;

void hf_strbuf_done(hf_strbuf *sb);
void hf_strbuf_add(hf_strbuf *sb, const void *bytes, size_t len);
void hf_strbuf_adds(hf_strbuf *sb, const char *s);
void hf_strbuf_addc(hf_strbuf *sb, char c);
void hf_strbuf_addf(hf_strbuf *sb, const char *fmt, ...) _printf_(2, 3);
void hf_strbuf_vaddf(hf_strbuf *sb, const char *fmt, va_list ap) _printf_(2, 0);

/** hf_strbuf_reset - forget the text, keep memory and the out-of-memory state */
void hf_strbuf_reset(hf_strbuf *sb);

static inline bool hf_strbuf_ok(const hf_strbuf *sb)
{
	return !sb->oom;
}

/** hf_strbuf_str - the text, "" when empty; borrowed, valid until the next append */
const char *hf_strbuf_str(const hf_strbuf *sb);

/** hf_strbuf_steal - the text; the caller frees it; NULL if out of memory; @sb is empty
 */
char *hf_strbuf_steal(hf_strbuf *sb) _must_check_;

#endif

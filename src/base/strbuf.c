/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void hf_strbuf_done(hf_strbuf *sb)
{
	free(sb->buf);
	*sb = (hf_strbuf){ 0 };
}

static bool enlarge(hf_strbuf *sb, size_t more)
{
	size_t cap = sb->cap ? sb->cap : 256;
	char *p;

	if (sb->oom)
		return false;
	if (more >= SIZE_MAX / 2 - sb->len) {
		sb->oom = true;
		return false;
	}
	while (cap < sb->len + more + 1)
		cap *= 2;
	p = realloc(sb->buf, cap);
	if (!p) {
		sb->oom = true;
		return false;
	}
	sb->buf = p;
	sb->cap = cap;
	return true;
}

/* Room for @more bytes and a NUL. */
static inline bool grow(hf_strbuf *sb, size_t more)
{
	return (more < sb->cap - sb->len && !sb->oom) || enlarge(sb, more);
}

void hf_strbuf_add(hf_strbuf *sb, const void *bytes, size_t len)
{
	if (!grow(sb, len))
		return;
	if (len)
		memcpy(sb->buf + sb->len, bytes, len);
	sb->len += len;
	sb->buf[sb->len] = '\0';
}

void hf_strbuf_adds(hf_strbuf *sb, const char *s)
{
	hf_strbuf_add(sb, s, strlen(s));
}

void hf_strbuf_addc(hf_strbuf *sb, char c)
{
	if (!grow(sb, 1))
		return;
	sb->buf[sb->len++] = c;
	sb->buf[sb->len] = '\0';
}

void hf_strbuf_vaddf(hf_strbuf *sb, const char *fmt, va_list ap)
{
	va_list copy;
	size_t room;
	int n;

	/* most pieces are short: written at once, not measured first */
	if (!grow(sb, 120))
		return;
	room = sb->cap - sb->len;
	va_copy(copy, ap);
	n = vsnprintf(sb->buf + sb->len, room, fmt, copy);
	va_end(copy);
	if (n < 0 || ((size_t)n >= room && !grow(sb, (size_t)n))) {
		sb->buf[sb->len] = '\0';
		sb->oom = true;
		return;
	}
	if ((size_t)n >= room)
		(void)vsnprintf(sb->buf + sb->len, (size_t)n + 1, fmt, ap);
	sb->len += (size_t)n;
}

void hf_strbuf_addf(hf_strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	hf_strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void hf_strbuf_reset(hf_strbuf *sb)
{
	sb->len = 0;
	if (sb->buf)
		sb->buf[0] = '\0';
}

const char *hf_strbuf_str(const hf_strbuf *sb)
{
	return sb->buf ? sb->buf : "";
}

char *hf_strbuf_steal(hf_strbuf *sb)
{
	char *p;

	if (!sb->oom && !sb->buf)
		hf_strbuf_add(sb, "", 0);
	if (sb->oom) {
		hf_strbuf_done(sb);
		return NULL;
	}
	p = sb->buf;
	*sb = (hf_strbuf){ 0 };
	return p;
}

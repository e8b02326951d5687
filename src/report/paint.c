/* SPDX-License-Identifier: Apache-2.0 */
#include "report/paint.h"

#include <stdarg.h>
#include <string.h>

#include "base/escape.h"
#include "report/report.h"

/* ECMA-48 SGR; the colours of the terminal's own palette. */
static const char *const style_codes[HF_STYLE_MAX_] = {
	[HF_STYLE_PLAIN] = "",	      [HF_STYLE_BOLD] = "\033[1m",
	[HF_STYLE_DIM] = "\033[2m",   [HF_STYLE_GOOD] = "\033[32m",
	[HF_STYLE_BAD] = "\033[31m",  [HF_STYLE_WARN] = "\033[33m",
	[HF_STYLE_NOTE] = "\033[36m",
};

hf_style hf_style_of_state(hf_state state)
{
	switch (state) {
	case HF_STATE_PASS:
		return HF_STYLE_GOOD;
	case HF_STATE_DRIFT:
		return HF_STYLE_BAD;
	case HF_STATE_FINDING:
	case HF_STATE_PENDING_RESTART:
	case HF_STATE_PENDING_REBOOT:
	case HF_STATE_UNKNOWN:
		return HF_STYLE_WARN;
	default:
		return HF_STYLE_DIM;
	}
}

hf_paint hf_paint_on(FILE *out, bool color, unsigned width)
{
	if (!width || width > HF_REPORT_WIDTH)
		width = HF_REPORT_WIDTH;
	return (hf_paint){ .out = out, .color = color, .width = width };
}

/* Characters of an escaped text: bytes that do not continue a UTF-8 sequence. */
static unsigned count_columns(const char *s, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

unsigned hf_paint_columns(const char *text)
{
	cleanup_free char *escaped = hf_escape_dup(text, strlen(text));

	return escaped ? count_columns(escaped, strlen(escaped)) : 0;
}

static void put(hf_paint *p, hf_style style, const char *escaped, size_t len)
{
	bool styled = p->color && style != HF_STYLE_PLAIN && len;

	if (styled)
		fputs(style_codes[style], p->out);
	fwrite(escaped, 1, len, p->out);
	if (styled)
		fputs("\033[0m", p->out);
	p->column += count_columns(escaped, len);
}

/* Without memory to escape it: what is not plain is masked. An error must be told. */
static void put_masked(hf_paint *p, hf_style style, const char *text)
{
	for (; *text; text++) {
		bool plain = *text >= ' ' && *text <= '~';

		p->oom |= !plain;
		put(p, style, plain ? text : "?", 1);
	}
}

void hf_paint_text(hf_paint *p, hf_style style, const char *text)
{
	cleanup_free char *escaped = hf_escape_dup(text, strlen(text));

	if (escaped)
		put(p, style, escaped, strlen(escaped));
	else
		put_masked(p, style, text);
}

void hf_paint_escaped(hf_paint *p, hf_style style, const char *text)
{
	put(p, style, text, strlen(text));
}

_printf_(3, 0) static void put_format(hf_paint *p, hf_style style, const char *fmt,
				      va_list ap)
{
	cleanup_free char *text = NULL;
	int n = vasprintf(&text, fmt, ap);

	if (n < 0) {
		text = NULL;
		p->oom = true;
		return;
	}
	hf_paint_text(p, style, text);
}

void hf_paint_format(hf_paint *p, hf_style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_format(p, style, fmt, ap);
	va_end(ap);
}

void hf_paint_newline(hf_paint *p)
{
	fputc('\n', p->out);
	p->column = 0;
}

void hf_paint_line(hf_paint *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_format(p, HF_STYLE_PLAIN, fmt, ap);
	va_end(ap);
	hf_paint_newline(p);
}

void hf_paint_to(hf_paint *p, unsigned column)
{
	unsigned n = column > p->column ? column - p->column : p->column ? 1 : 0;

	fprintf(p->out, "%*s", (int)n, "");
	p->column += n;
}

/* The stretch of words from @s on that fits; at least one word when @must. */
static size_t stretch(const hf_paint *p, const char *s, bool must)
{
	size_t end = 0;

	for (size_t i = 0;; i++) {
		if (s[i] && s[i] != ' ')
			continue;
		if (p->column + count_columns(s, i) > p->width && !(must && !end))
			break;
		end = i;
		if (!s[i])
			break;
		while (s[i + 1] == ' ')
			i++;
	}
	return end;
}

void hf_paint_wrap(hf_paint *p, hf_style style, unsigned indent, const char *text)
{
	cleanup_free char *escaped = hf_escape_dup(text, strlen(text));
	const char *s = escaped;

	if (!s) {
		put_masked(p, style, text);
		return;
	}
	while (*s) {
		size_t n = stretch(p, s, p->column <= indent);

		if (n) {
			put(p, style, s, n);
			s += n;
			s += strspn(s, " ");
		}
		if (*s) {
			hf_paint_newline(p);
			hf_paint_to(p, indent);
		}
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "report/paint.h"

#include <stdarg.h>
#include <string.h>

#include "base/escape.h"
#include "report/report.h"

#define SHORT 8 /* bytes that go into the buffer sooner one by one than with a call */

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

/* The pen belongs to one thread, and a lock for each word of it would be dear. */
static void write_out(const hf_paint *p, const char *bytes, size_t len)
{
	if (len > SHORT)
		(void)fwrite_unlocked(bytes, 1, len, p->out);
	else
		for (size_t i = 0; i < len; i++)
			(void)putc_unlocked(bytes[i], p->out);
}

static bool begin_style(const hf_paint *p, hf_style style, size_t len)
{
	if (!p->color || style == HF_STYLE_PLAIN || !len)
		return false;
	(void)fputs_unlocked(style_codes[style], p->out);
	return true;
}

static void end_style(const hf_paint *p, bool begun)
{
	if (begun)
		(void)fputs_unlocked("\033[0m", p->out);
}

/* Escaped on the way, piece by piece: what is shown takes no memory. */
static void put(hf_paint *p, hf_style style, const char *text, size_t len)
{
	bool begun = begin_style(p, style, len);

	for (size_t i = 0; i < len;) {
		hf_escaped e;

		i += hf_escape_next(text + i, len - i, &e);
		write_out(p, e.text, e.n);
		p->column += (unsigned)e.columns;
	}
	end_style(p, begun);
}

unsigned hf_paint_columns(const char *text)
{
	size_t len = strlen(text);
	unsigned columns = 0;

	for (size_t i = 0; i < len;) {
		hf_escaped e;

		i += hf_escape_next(text + i, len - i, &e);
		columns += (unsigned)e.columns;
	}
	return columns;
}

void hf_paint_text(hf_paint *p, hf_style style, const char *text)
{
	put(p, style, text, strlen(text));
}

/* The column is of no account: a line of it is followed by its end. */
void hf_paint_escaped(hf_paint *p, hf_style style, const char *text)
{
	size_t len = strlen(text);
	bool begun = begin_style(p, style, len);

	write_out(p, text, len);
	end_style(p, begun);
}

_printf_(3, 0) static void put_format(hf_paint *p, hf_style style, const char *fmt,
				      va_list ap)
{
	cleanup_free char *longer = NULL;
	char text[256]; /* most are shorter: no memory is needed */
	va_list copy;
	int n;

	va_copy(copy, ap);
	n = vsnprintf(text, sizeof(text), fmt, copy);
	va_end(copy);
	if (n >= (int)sizeof(text) && vasprintf(&longer, fmt, ap) < 0)
		longer = NULL;
	if (n < 0 || (n >= (int)sizeof(text) && !longer))
		p->oom = true;
	else
		hf_paint_text(p, style, longer ? longer : text);
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
	(void)putc_unlocked('\n', p->out);
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
	static const char blanks[] = "                                        ";
	unsigned n = column > p->column ? column - p->column : p->column ? 1 : 0;

	p->column += n;
	for (unsigned some; n; n -= some) {
		some = n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1;
		write_out(p, blanks, some);
	}
}

/* The stretch of words from @s on that fits; at least one word when @must. */
static size_t stretch(const hf_paint *p, const char *s, const char *end, bool must)
{
	unsigned column = p->column;
	const char *at = s, *stop = s;

	for (;;) {
		const char *word = at;
		hf_escaped e;

		while (*at > ' ' && *at <= '~')
			at++;
		column += (unsigned)(at - word);
		if (at < end && *at != ' ') {
			at += hf_escape_next(at, (size_t)(end - at), &e);
			column += (unsigned)e.columns;
			continue;
		}
		if (column > p->width && !(must && stop == s))
			break;
		stop = at;
		if (at == end)
			break;
		for (; *at == ' '; at++)
			column++;
	}
	return (size_t)(stop - s);
}

void hf_paint_wrap(hf_paint *p, hf_style style, unsigned indent, const char *text)
{
	const char *end = text + strlen(text);

	while (text < end) {
		size_t n = stretch(p, text, end, p->column <= indent);

		if (n) {
			put(p, style, text, n);
			text += n;
			text += strspn(text, " ");
		}
		if (text < end) {
			hf_paint_newline(p);
			hf_paint_to(p, indent);
		}
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/escape.h"
#include "report/paint.h"
#include "report/report.h"

#define LINE_MAX_SHOWN 160 /* characters of a source line; longer ones are cut to it */

static const char *const level_names[] = { "note", "warning", "error" };
static const hf_style level_styles[] = { HF_STYLE_NOTE, HF_STYLE_WARN, HF_STYLE_BAD };

/*
 * One character of a source line as it is shown: tabs become one blank each so that the
 * caret stands where it should, control bytes and broken UTF-8 a question mark. Returns
 * the bytes consumed.
 */
static size_t show_char(hf_strbuf *out, const char *s, size_t len)
{
	size_t n = hf_utf8_len(s, len);
	unsigned char c = (unsigned char)*s;

	if (c == '\t')
		hf_strbuf_addc(out, ' ');
	else if (!n || c < 0x20 || c == 0x7f ||
		 (n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0))
		hf_strbuf_addc(out, '?');
	else
		hf_strbuf_add(out, s, n);
	return n ? n : 1;
}

/* The source line with a caret below the column; a window of it when it is long. */
static void show_source(hf_paint *p, hf_mark mark)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	size_t len, first = 0, column = 0;
	const char *line = hf_diag_source_line(mark, &len);

	if (!len)
		return;
	if (mark.column > LINE_MAX_SHOWN * 3 / 4)
		first = mark.column - LINE_MAX_SHOWN / 2;
	for (size_t i = 0; i < len && column < first + LINE_MAX_SHOWN; column++) {
		if (column >= first) {
			i += show_char(&text, line + i, len - i);
		} else {
			size_t n = hf_utf8_len(line + i, len - i);

			i += n ? n : 1;
		}
	}
	fprintf(p->out, "%6u | %s\n", mark.line, hf_strbuf_str(&text));
	if (mark.column) {
		fprintf(p->out, "%6s | %*s", "", (int)(mark.column - 1 - first), "");
		hf_paint_text(p, HF_STYLE_GOOD, "^");
		hf_paint_newline(p);
	}
}

static void show_place(hf_paint *p, const char *file, unsigned line, unsigned column)
{
	hf_paint_text(p, HF_STYLE_BOLD, file);
	if (line)
		hf_paint_format(p, HF_STYLE_BOLD, ":%u", line);
	if (line && column)
		hf_paint_format(p, HF_STYLE_BOLD, ":%u", column);
	hf_paint_text(p, HF_STYLE_BOLD, ": ");
}

static void show_hint(hf_paint *p, const char *hint)
{
	if (!hint)
		return;
	hf_paint_text(p, HF_STYLE_NOTE, "  hint: ");
	hf_paint_text(p, HF_STYLE_PLAIN, hint);
	hf_paint_newline(p);
}

static void show_diag(hf_paint *p, const hf_diag *d)
{
	if (d->mark.source)
		show_place(p, d->mark.source->name, d->mark.line, d->mark.column);
	else
		hf_paint_text(p, HF_STYLE_BOLD, "holdfast: ");
	hf_paint_format(p, level_styles[d->level], "%s: ", level_names[d->level]);
	/* Escaped when it was added; a second pass leaves it as it is. */
	hf_paint_text(p, HF_STYLE_PLAIN, d->message);
	hf_paint_newline(p);
	show_source(p, d->mark);
	show_hint(p, d->hint);
}

void hf_report_diags(FILE *out, const hf_diags *diags, bool color, bool notes)
{
	hf_paint p = hf_paint_on(out, color, 0);

	for (size_t i = 0; i < diags->n; i++)
		if (notes || diags->items[i].level != HF_DIAG_NOTE)
			show_diag(&p, &diags->items[i]);
	if (diags->n_dropped)
		fprintf(out, "holdfast: %zu more problem%s not shown\n", diags->n_dropped,
			diags->n_dropped == 1 ? "" : "s");
	if (diags->oom)
		fputs("holdfast: error: out of memory: not every problem is shown\n",
		      out);
}

void hf_report_error(FILE *out, const struct hf_error *error, bool color)
{
	hf_paint p = hf_paint_on(out, color, 0);

	hf_paint_text(&p, HF_STYLE_BOLD, "holdfast: ");
	if (error->file)
		show_place(&p, error->file, error->line, error->column);
	hf_paint_text(&p, HF_STYLE_BAD, "error: ");
	hf_paint_text(&p, HF_STYLE_PLAIN, hf_error_text(error));
	hf_paint_newline(&p);
	show_hint(&p, error->hint);
}

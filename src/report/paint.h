/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pen for terminals: styles, columns and word wrap. Whatever passes through it is
 * escaped, so that no byte of a host or a baseline reaches the terminal raw. Only what is
 * formatted at length needs memory.
 */
#ifndef HF_REPORT_PAINT_H
#define HF_REPORT_PAINT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/macro.h"
#include "plan/plan.h"

typedef enum hf_style {
	HF_STYLE_PLAIN,
	HF_STYLE_BOLD,
	HF_STYLE_DIM,
	HF_STYLE_GOOD,
	HF_STYLE_BAD,
	HF_STYLE_WARN,
	HF_STYLE_NOTE,
	HF_STYLE_MAX_,
} hf_style;

typedef struct hf_paint {
	FILE *out;
	bool color;
	unsigned width;	 /* columns of a line */
	unsigned column; /* where the pen is, 0-based */
	bool oom;	 /* something was left out for want of memory */
} hf_paint;

/** hf_paint_on - a pen at the beginning of a line
 *  @width: columns, at most HF_REPORT_WIDTH; 0: as many */
hf_paint hf_paint_on(FILE *out, bool color, unsigned width);

/** hf_paint_columns - terminal columns of @text once escaped, one for a character; pure
 */
unsigned hf_paint_columns(const char *text);

/** hf_paint_text - print @text where the pen is, without wrapping */
void hf_paint_text(hf_paint *p, hf_style style, const char *text);
void hf_paint_format(hf_paint *p, hf_style style, const char *fmt, ...) _printf_(3, 4);

/** hf_paint_line - a whole line of it */
void hf_paint_line(hf_paint *p, const char *fmt, ...) _printf_(2, 3);

/** hf_paint_escaped - the same for text that is escaped already; tabs stay */
void hf_paint_escaped(hf_paint *p, hf_style style, const char *text);

/** hf_paint_wrap - print @text from the pen on, breaking at blanks; further lines begin
 *  at column @indent. A word that is longer than a line stays whole. */
void hf_paint_wrap(hf_paint *p, hf_style style, unsigned indent, const char *text);

/** hf_paint_to - blanks up to @column, at least one unless the pen is at column 0 */
void hf_paint_to(hf_paint *p, unsigned column);
void hf_paint_newline(hf_paint *p);

/** hf_paint_fits - would @columns more stay on this line? pure */
static inline bool hf_paint_fits(const hf_paint *p, unsigned columns)
{
	return p->column + columns <= p->width;
}

/** hf_style_of_state - green, yellow, red or dim; pure */
hf_style hf_style_of_state(hf_state state);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

void hf_diags_done(hf_diags *d)
{
	hf_arena_done(&d->arena);
	*d = (hf_diags){ 0 };
}

void hf_diag_add(hf_diags *d, hf_diag_level level, hf_mark mark, const char *hint,
		 const char *fmt, ...)
{
	cleanup_free char *raw = NULL, *escaped = NULL;
	hf_diag *item;
	va_list ap;
	int n;

	if (level == HF_DIAG_ERROR)
		d->n_errors++;
	if (d->n >= HF_DIAG_MAX) {
		d->n_dropped++;
		return;
	}
	va_start(ap, fmt);
	n = vasprintf(&raw, fmt, ap);
	va_end(ap);
	if (n < 0) {
		raw = NULL;
		d->oom = true;
		return;
	}
	escaped = hf_escape_dup(raw, strlen(raw));
	item = escaped ? hf_vec_push(&d->arena, d->items, d->n) : NULL;
	if (!item) {
		d->oom = true;
		return;
	}
	item->level = level;
	item->mark = mark;
	item->message = hf_arena_strdup(&d->arena, escaped);
	item->hint = hint ? hf_arena_strdup(&d->arena, hint) : NULL;
	if (!item->message) {
		item->message = "out of memory";
		d->oom = true;
	}
}

const char *hf_diag_source_line(hf_mark mark, size_t *ret_len)
{
	const char *p, *end, *nl;

	*ret_len = 0;
	if (!mark.source || !mark.source->text || !mark.line)
		return "";
	p = mark.source->text;
	end = p + mark.source->len;
	for (unsigned i = 1; i < mark.line; i++) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			return "";
		p = nl + 1;
	}
	nl = memchr(p, '\n', (size_t)(end - p));
	if (!nl)
		nl = end;
	if (nl > p && nl[-1] == '\r')
		nl--;
	*ret_len = (size_t)(nl - p);
	return p;
}

/*
 * Optimal string alignment distance, or anything above @bound where it is above it: most
 * candidates are far off, and that shows after a row or two. Words here are short.
 */
static size_t edit_distance(const char *a, const char *b, size_t bound)
{
	enum { MAX = 64 };
	size_t la = strlen(a), lb = strlen(b);
	size_t rows[3][MAX + 1];
	size_t *two = rows[0], *one = rows[1], *cur = rows[2];

	if (la > MAX || lb > MAX || la > lb + bound || lb > la + bound)
		return MAX;
	for (size_t j = 0; j <= lb; j++)
		one[j] = two[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *t, least = i;

		cur[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t v = one[j - 1] + (a[i - 1] != b[j - 1]);

			if (one[j] + 1 < v)
				v = one[j] + 1;
			if (cur[j - 1] + 1 < v)
				v = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && two[j - 2] + 1 < v)
				v = two[j - 2] + 1;
			cur[j] = v;
			if (v < least)
				least = v;
		}
		/* a transposition reaches back over one row, no further */
		if (least > bound + 1)
			return MAX;
		t = two;
		two = one;
		one = cur;
		cur = t;
	}
	return one[lb];
}

bool hf_diags_worth(const hf_diags *d, size_t n)
{
	enum { COMPARISONS = 200000 };

	return d->n < HF_DIAG_MAX && n <= COMPARISONS / (d->n + 1);
}

const char *hf_nearer(const char *word, const char *best, const char *name)
{
	const char *pair[] = { best, name };

	return best ? hf_nearest(word, pair, 2) : hf_nearest(word, pair + 1, 1);
}

const char *hf_nearest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t len = strlen(word);
	/* of a short word at least half must be right: "not" is no misspelt "unit" */
	size_t best_distance = len / 3 + 1 < len / 2 ? len / 3 + 1 : len / 2;

	for (size_t i = 0; i < n; i++) {
		size_t d = edit_distance(word, names[i], best_distance);

		if (d <= best_distance && (!best || d < best_distance)) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986: the variant in
 * linear space. Lines are numbered by content first, so that comparing them is cheap. A
 * range whose halves do not meet within COST_MAX edits is shown as replaced: a bound on
 * time, at the price of a diff that is longer than need be.
 */
#include "base/textdiff.h"

#include <stdint.h>
#include <string.h>

#include "base/escape.h"

#define LINES_MAX 20000
#define COST_MAX 1024
#define CONTEXT 3
#define NOWHERE (-1000000000L)

typedef struct line {
	const char *start;
	size_t len;  /* with its newline, if it has one */
	unsigned id; /* equal lines, equal ids */
} line;

typedef struct text {
	line *lines;
	size_t n;
	bool *changed;
} text;

typedef struct differ {
	text a, b;
	long forward[2 * COST_MAX + 3];
	long backward[2 * COST_MAX + 3];
} differ;

/* --- lines ---------------------------------------------------------------------- */

static bool text_split(text *t, const char *s, size_t len)
{
	const char *end = s + len, *p;
	size_t n = 0, i = 0;

	for (p = s; p < end; n++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		p = nl ? nl + 1 : end;
	}
	t->lines = calloc(n + 1, sizeof(*t->lines));
	t->changed = calloc(n + 1, sizeof(*t->changed));
	if (!t->lines || !t->changed)
		return false;
	for (p = s; p < end; i++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		t->lines[i].start = p;
		t->lines[i].len = (size_t)((nl ? nl + 1 : end) - p);
		p += t->lines[i].len;
	}
	t->n = n;
	return true;
}

static uint64_t hash(const line *l)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (size_t i = 0; i < l->len; i++)
		h = (h ^ (unsigned char)l->start[i]) * 0x100000001b3u;
	return h;
}

static bool line_equal(const line *a, const line *b)
{
	return a->len == b->len && memcmp(a->start, b->start, a->len) == 0;
}

/* Gives each line its number. */
static bool number_lines(differ *d)
{
	size_t cap = 64, total = d->a.n + d->b.n;
	cleanup_free line **slots = NULL;
	unsigned next = 0;

	while (cap < total * 2)
		cap *= 2;
	slots = calloc(cap, sizeof(line *));
	if (!slots)
		return false;
	for (size_t i = 0; i < total; i++) {
		line *l = i < d->a.n ? &d->a.lines[i] : &d->b.lines[i - d->a.n];
		size_t at = hash(l) & (cap - 1);

		while (slots[at] && !line_equal(slots[at], l))
			at = (at + 1) & (cap - 1);
		if (!slots[at]) {
			slots[at] = l;
			l->id = next++;
		}
		l->id = slots[at]->id;
	}
	return true;
}

/* --- comparing ------------------------------------------------------------------ */

typedef struct range {
	long a0, a1, b0, b1;
} range;

typedef struct snake { /* equal lines from x0, y0 to x1, y1, relative to the range */
	long x0, y0, x1, y1;
} snake;

/* The furthest point of diagonal @k after one more edit, before following equal lines. */
static long step(const long *v, long d, long k, long n, long m)
{
	long right = k > -d ? v[k - 1] + 1 : NOWHERE; /* a line of a goes */
	long down = k < d ? v[k + 1] : NOWHERE;	      /* a line of b comes */

	if (d == 0)
		return 0;
	if (right < 0 || right > n || right - k > m)
		right = NOWHERE;
	if (down < 0 || down > n || down - k > m)
		down = NOWHERE;
	return right > down ? right : down;
}

/* Where the shortest path crosses its middle; false if it is longer than COST_MAX. */
static bool middle(differ *d, const range *r, snake *ret)
{
	const line *a = d->a.lines + r->a0, *b = d->b.lines + r->b0;
	long n = r->a1 - r->a0, m = r->b1 - r->b0, delta = n - m;
	long *vf = d->forward + COST_MAX + 1, *vb = d->backward + COST_MAX + 1;

	for (long c = 0; c <= COST_MAX; c++) {
		for (long k = -c; k <= c; k += 2) {
			long x0 = step(vf, c, k, n, m), x = x0;

			while (x >= 0 && x < n && x - k < m && a[x].id == b[x - k].id)
				x++;
			vf[k] = x;
			if (x < 0 || !(delta & 1) || delta - k < -(c - 1) ||
			    delta - k > c - 1 || x + vb[delta - k] < n)
				continue;
			*ret = (snake){ x0, x0 - k, x, x - k };
			return true;
		}
		for (long k = -c; k <= c; k += 2) {
			long x0 = step(vb, c, k, n, m), x = x0;

			while (x >= 0 && x < n && x - k < m &&
			       a[n - 1 - x].id == b[m - 1 - (x - k)].id)
				x++;
			vb[k] = x;
			if (x < 0 || (delta & 1) || delta - k < -c || delta - k > c ||
			    x + vf[delta - k] < n)
				continue;
			*ret = (snake){ n - x, m - (x - k), n - x0, m - (x0 - k) };
			return true;
		}
	}
	return false;
}

static void mark_changed(differ *d, const range *r)
{
	for (long i = r->a0; i < r->a1; i++)
		d->a.changed[i] = true;
	for (long i = r->b0; i < r->b1; i++)
		d->b.changed[i] = true;
}

/* Recursion halves the number of edits each time: at most 11 levels deep. */
static void compare(differ *d, range r, bool whole)
{
	snake s;

	while (r.a0 < r.a1 && r.b0 < r.b1 && d->a.lines[r.a0].id == d->b.lines[r.b0].id)
		r.a0++, r.b0++;
	while (r.a0 < r.a1 && r.b0 < r.b1 &&
	       d->a.lines[r.a1 - 1].id == d->b.lines[r.b1 - 1].id)
		r.a1--, r.b1--;
	if (r.a0 == r.a1 || r.b0 == r.b1 || whole || !middle(d, &r, &s)) {
		mark_changed(d, &r);
		return;
	}
	compare(d, (range){ r.a0, r.a0 + s.x0, r.b0, r.b0 + s.y0 }, false);
	compare(d, (range){ r.a0 + s.x1, r.a1, r.b0 + s.y1, r.b1 }, false);
}

/* --- printing ------------------------------------------------------------------- */

/* Tabs stay, so that indentation shows as it is; other control bytes are escaped. */
static void add_line(hf_strbuf *out, char sign, const line *l)
{
	bool ended = l->len && l->start[l->len - 1] == '\n';
	const char *p = l->start, *end = p + l->len - ended;

	hf_strbuf_addc(out, sign);
	while (p < end) {
		hf_escaped e = { .text = "\t", .n = 1 };

		p += *p == '\t' ? 1 : hf_escape_next(p, (size_t)(end - p), &e);
		hf_strbuf_add(out, e.text, e.n);
	}
	hf_strbuf_addc(out, '\n');
	if (!ended)
		hf_strbuf_adds(out, "\\ No newline at end of file\n");
}

/* "start,count" as diff(1) has it: one line is not counted, none is named before. */
static void add_range(hf_strbuf *out, char sign, size_t from, size_t count)
{
	hf_strbuf_addf(out, "%c%zu", sign, count ? from + 1 : from);
	if (count != 1)
		hf_strbuf_addf(out, ",%zu", count);
}

/* From the equal lines before the changes at i, j to those after; moves i and j on. */
static void add_hunk(hf_strbuf *out, const differ *d, size_t *i, size_t *j)
{
	size_t before = *i < CONTEXT ? *i : CONTEXT;
	size_t a0 = *i - before, b0 = *j - before, a1 = *i, b1 = *j, equal = 0;

	/* find the end: more equal lines than two contexts, or the end of the texts */
	while ((a1 < d->a.n || b1 < d->b.n) && equal <= 2 * CONTEXT) {
		bool changed = (a1 < d->a.n && d->a.changed[a1]) ||
			       (b1 < d->b.n && d->b.changed[b1]);

		while (a1 < d->a.n && d->a.changed[a1])
			a1++;
		while (b1 < d->b.n && d->b.changed[b1])
			b1++;
		if (changed) {
			equal = 0;
			continue;
		}
		a1++, b1++, equal++;
	}
	if (equal > CONTEXT) {
		a1 -= equal - CONTEXT;
		b1 -= equal - CONTEXT;
	}
	hf_strbuf_adds(out, "@@ ");
	add_range(out, '-', a0, a1 - a0);
	hf_strbuf_addc(out, ' ');
	add_range(out, '+', b0, b1 - b0);
	hf_strbuf_adds(out, " @@\n");
	while (a0 < a1 || b0 < b1) {
		if (a0 < a1 && d->a.changed[a0])
			add_line(out, '-', &d->a.lines[a0++]);
		else if (b0 < b1 && d->b.changed[b0])
			add_line(out, '+', &d->b.lines[b0++]);
		else
			add_line(out, ' ', &d->a.lines[a0++]), b0++;
	}
	*i = a1;
	*j = b1;
}

static void print(hf_strbuf *out, const differ *d, const char *a_name, const char *b_name)
{
	hf_strbuf_addf(out, "--- %s\n+++ %s\n", a_name, b_name);
	for (size_t i = 0, j = 0; i < d->a.n || j < d->b.n;) {
		if ((i < d->a.n && d->a.changed[i]) || (j < d->b.n && d->b.changed[j]))
			add_hunk(out, d, &i, &j);
		else
			i++, j++;
	}
}

void hf_textdiff(hf_strbuf *out, const char *a_name, const char *a, size_t a_len,
		 const char *b_name, const char *b, size_t b_len)
{
	cleanup_free differ *d = NULL;

	if (a_len == b_len && (!a_len || memcmp(a, b, a_len) == 0))
		return;
	d = calloc(1, sizeof(*d));
	if (d && text_split(&d->a, a, a_len) && text_split(&d->b, b, b_len) &&
	    number_lines(d)) {
		compare(d, (range){ 0, (long)d->a.n, 0, (long)d->b.n },
			d->a.n + d->b.n > LINES_MAX);
		print(out, d, a_name, b_name);
	} else {
		out->oom = true;
	}
	if (!d)
		return;
	free(d->a.lines);
	free(d->a.changed);
	free(d->b.lines);
	free(d->b.changed);
}

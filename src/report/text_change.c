/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of a control. */
#include <string.h>

#include "report/text.h"

static const struct {
	const char *marker;
	hf_style style;
} ops[] = {
	[HF_OP_CREATE] = { "+", HF_STYLE_GOOD },
	[HF_OP_UPDATE] = { "~", HF_STYLE_WARN },
	[HF_OP_DELETE] = { "-", HF_STYLE_BAD },
};

static const char *const cause_texts[] = {
	[HF_CAUSE_UNKNOWN] = NULL,
	[HF_CAUSE_HOST] = "the host is not as last applied",
	[HF_CAUSE_BASELINE] = "new in the baseline",
	[HF_CAUSE_VENDOR] = "what it derives from has changed",
	[HF_CAUSE_RELEASED] = NULL, /* the heading says it */
};

static const hf_change *member(const hf_text *t, const hf_text_twins *twins, size_t n)
{
	return t->view->changes->changes[twins->members[n]];
}

static void value_line(hf_text *t, const char *marker, hf_style style, const char *value)
{
	hf_paint_to(&t->paint, HF_INDENT_VALUE);
	hf_paint_text(&t->paint, style, marker);
	hf_paint_text(&t->paint, style, " ");
	hf_paint_wrap(&t->paint, style, HF_INDENT_VALUE + 2, value);
	hf_paint_newline(&t->paint);
}

/* "before -> after" beside the id; false if they do not fit there. */
static bool put_inline(hf_text *t, const char *before, const char *after)
{
	unsigned columns = hf_paint_columns(before ? before : "absent") +
			   hf_paint_columns(after ? after : "absent");

	if (!hf_paint_fits(&t->paint, columns + 6))
		return false;
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, ": ");
	hf_paint_text(&t->paint, before ? HF_STYLE_BAD : HF_STYLE_DIM,
		      before ? before : "absent");
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, " -> ");
	hf_paint_text(&t->paint, after ? HF_STYLE_GOOD : HF_STYLE_DIM,
		      after ? after : "absent");
	return true;
}

/* Before and after: beside the id if they fit, else a line each. A value that the id
 * already spells out is not said twice. */
static void put_values(hf_text *t, const hf_change *c, const char *tail)
{
	const char *before = hf_mask_value(c->before, c->secret);
	const char *after = hf_mask_value(c->after, c->secret);

	if ((!before && (!after || hf_text_is_said(c->kind, c->id, after))) ||
	    (!after && hf_text_is_said(c->kind, c->id, before)) ||
	    put_inline(t, before, after)) {
		hf_text_end(t, tail);
		return;
	}
	hf_paint_newline(&t->paint);
	if (before)
		value_line(t, "-", HF_STYLE_BAD, before);
	if (after)
		value_line(t, "+", HF_STYLE_GOOD, after);
	if (tail)
		hf_text_remark(t, HF_STYLE_DIM, tail);
}

/* The reasons of the rows that the change and its twins serve, each once. */
static void put_reasons(hf_text *t, const hf_text_twins *twins)
{
	const hf_plan *plan = t->view->changes;
	const char *told[8];
	size_t n_told = 0;

	for (size_t m = 0; m < twins->n; m++) {
		const hf_change *c = member(t, twins, m);

		for (size_t i = 0; i < c->n_rows && n_told < ARRAY_SIZE(told); i++) {
			const char *why = plan->resources[c->rows[i]]->why;
			bool known = !why || (c->blocked && !strcmp(why, c->blocked));

			for (size_t k = 0; k < n_told && !known; k++)
				known = !strcmp(told[k], why);
			if (known)
				continue;
			told[n_told++] = why;
			hf_text_remark(t, HF_STYLE_DIM, why);
		}
	}
}

static void put_hidden(hf_text *t, const hf_store *store)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	hf_store_hidden(&sb, store);
	t->paint.oom |= !hf_strbuf_ok(&sb);
	hf_text_remark(t, HF_STYLE_WARN, hf_strbuf_str(&sb));
}

static const hf_resource *find_place(const hf_text *t, const hf_text_twins *twins)
{
	for (size_t m = 0; m < twins->n; m++) {
		const hf_change *c = member(t, twins, m);

		for (size_t i = 0; i < c->n_rows; i++)
			if (t->view->changes->resources[c->rows[i]]->found_file)
				return t->view->changes->resources[c->rows[i]];
	}
	return NULL;
}

static void put_change(hf_text *t, const hf_text_twins *twins)
{
	const hf_change *c = member(t, twins, 0);
	const hf_resource *found = find_place(t, twins);
	/* before the first apply there is nothing it could differ from */
	const char *cause =
		t->view->changes->record->exists ? cause_texts[c->cause] : NULL;

	if (c->blocked)
		hf_text_begin(t, "!", HF_STYLE_BAD);
	else
		hf_text_begin(t, ops[c->op].marker, ops[c->op].style);
	hf_text_id(t, c->id, twins);
	put_values(t, c, found ? NULL : cause);
	put_reasons(t, twins);
	if (c->hides && !c->n_rows) /* else one of the reasons says it */
		put_hidden(t, c->hides);
	if (c->blocked) {
		hf_paint_to(&t->paint, HF_INDENT_VALUE);
		hf_paint_text(&t->paint, HF_STYLE_BAD, "blocked: ");
		hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, HF_INDENT_VALUE, c->blocked);
		hf_paint_newline(&t->paint);
	}
	if (found)
		hf_text_found(t, found->found_file, found->found_line, cause);
}

/* The same step in the other layer or for the other ABI. */
static bool is_twin(const hf_change *a, const hf_change *b, bool *arch)
{
	return a->op == b->op && a->cause == b->cause && a->secret == b->secret &&
	       hf_text_alike(a->id, b->id, arch) &&
	       hf_text_alike(a->before, b->before, arch) &&
	       hf_text_alike(a->after, b->after, arch) &&
	       hf_text_alike(a->blocked, b->blocked, arch);
}

/* Twins stand close together; the window keeps it linear. */
static void find_twins(hf_text *t, const hf_view_control *in, const uint32_t *hashes,
		       size_t n, const hf_control *control, hf_text_twins *ret)
{
	const hf_control *shown_by = t->shown_by[in->changes[n]->index];

	for (size_t i = n; i < in->n_changes && i < n + HF_TWIN_WINDOW; i++) {
		const hf_change *c = in->changes[i];
		bool arch = false;

		if (hashes[i] != hashes[n] || t->shown_by[c->index] != shown_by ||
		    (i != n && !is_twin(in->changes[n], c, &arch)) ||
		    !hf_text_join(ret, c->layer, arch))
			continue;
		ret->members[ret->n++] = c->index;
		t->shown_by[c->index] = control;
	}
}

void hf_text_changes(hf_text *t, const hf_control *control)
{
	const hf_view_control *in = &t->view->controls[control->index];
	uint32_t *hashes =
		hf_arena_array(&t->view->arena, in->n_changes, sizeof(*hashes));

	t->paint.oom |= !hashes;
	for (size_t i = 0; hashes && i < in->n_changes; i++)
		hashes[i] = hf_text_alike_hash(in->changes[i]->id);
	for (size_t i = 0; hashes && i < in->n_changes; i++) {
		const hf_change *c = in->changes[i];
		const hf_control *first = t->shown_by[c->index];
		hf_text_twins twins = { 0 };
		char tail[160];

		if (first == control)
			continue; /* told as a twin of one before */
		find_twins(t, in, hashes, i, control, &twins);
		if (!first) {
			put_change(t, &twins);
			continue;
		}
		hf_text_begin(t, ops[c->op].marker, HF_STYLE_DIM);
		hf_text_id(t, c->id, &twins);
		snprintf(tail, sizeof(tail), "as under %s", first->id);
		hf_text_end(t, tail);
	}
}

/* Changes of no control: what is released, or files of ours that were edited. */
static void put_orphans(hf_text *t, bool released, const char *state, const char *title)
{
	const hf_plan *plan = t->view->changes;
	bool first = true;

	for (size_t i = 0; i < plan->n_changes; i++) {
		hf_text_twins twins = { .n = 1, .members = { i } };

		if (t->view->n_change_controls[i] ||
		    (plan->changes[i]->cause == HF_CAUSE_RELEASED) != released)
			continue;
		if (first) {
			hf_paint_text(&t->paint, HF_STYLE_WARN, state);
			hf_paint_text(&t->paint, HF_STYLE_PLAIN, title);
			hf_paint_newline(&t->paint);
			first = false;
		}
		twins.live = plan->changes[i]->layer == HF_LIVE;
		put_change(t, &twins);
	}
	if (!first)
		hf_paint_newline(&t->paint);
}

void hf_text_released(hf_text *t)
{
	put_orphans(t, false,
		    t->report->is_apply && t->report->changed ? "fixed" : "drift",
		    "  What holdfast itself keeps there");
	put_orphans(t, true, "released", "  No longer demanded by the baseline");
}

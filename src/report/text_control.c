/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "report/text.h"

#define INDENT_ITEM 2  /* marker of a change or row */
#define INDENT_VALUE 6 /* values that do not fit beside their id */
#define SECRET "(secret)"

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
	[HF_CAUSE_RELEASED] = "no longer demanded",
};

static void begin_item(hf_text *t, const char *marker, hf_style style)
{
	hf_paint_to(&t->paint, INDENT_ITEM);
	hf_paint_text(&t->paint, style, marker);
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, " ");
}

/* A remark below an item, wrapped. */
static void remark(hf_text *t, hf_style style, const char *text)
{
	hf_paint_to(&t->paint, INDENT_VALUE);
	hf_paint_wrap(&t->paint, style, INDENT_VALUE, text);
	hf_paint_newline(&t->paint);
}

static void value_line(hf_text *t, const char *marker, hf_style style, const char *value)
{
	hf_paint_to(&t->paint, INDENT_VALUE);
	hf_paint_text(&t->paint, style, marker);
	hf_paint_text(&t->paint, style, " ");
	hf_paint_wrap(&t->paint, style, INDENT_VALUE + 2, value);
	hf_paint_newline(&t->paint);
}

/* The id on the item's line; wrapped, as the id of an audit rule is the rule. */
static void put_id(hf_text *t, const char *id, const char *layers)
{
	hf_paint_wrap(&t->paint, HF_STYLE_BOLD, INDENT_VALUE, id);
	if (layers)
		hf_paint_format(&t->paint, HF_STYLE_DIM, " [%s]", layers);
}

/* Before and after: beside the id if they fit, else a line each. An added value that
 * the id already spells out is not said twice. */
static void put_values(hf_text *t, const hf_change *c)
{
	const char *before = c->before, *after = c->after;
	unsigned columns = 0;

	if (c->secret) {
		before = before ? SECRET : NULL;
		after = after ? SECRET : NULL;
	}
	if (!before && (!after || strstr(c->id, after)))
		return hf_paint_newline(&t->paint);
	if (!after && strstr(c->id, before))
		return hf_paint_newline(&t->paint);
	columns += before ? hf_paint_columns(before) : 6;
	columns += after ? hf_paint_columns(after) : 6;
	if (hf_paint_fits(&t->paint, columns + 6)) {
		hf_paint_text(&t->paint, HF_STYLE_PLAIN, ": ");
		hf_paint_text(&t->paint, before ? HF_STYLE_BAD : HF_STYLE_DIM,
			      before ? before : "absent");
		hf_paint_text(&t->paint, HF_STYLE_PLAIN, " -> ");
		hf_paint_text(&t->paint, after ? HF_STYLE_GOOD : HF_STYLE_DIM,
			      after ? after : "absent");
		return hf_paint_newline(&t->paint);
	}
	hf_paint_newline(&t->paint);
	if (before)
		value_line(t, "-", HF_STYLE_BAD, before);
	if (after)
		value_line(t, "+", HF_STYLE_GOOD, after);
}

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The same step in the other layer, told in one item. */
static bool is_twin(const hf_change *a, const hf_change *b)
{
	return a->layer != b->layer && a->op == b->op && text_equal(a->id, b->id) &&
	       text_equal(a->before, b->before) && text_equal(a->after, b->after) &&
	       text_equal(a->blocked, b->blocked) && a->secret == b->secret;
}

static void put_found(hf_text *t, const char *file, unsigned line)
{
	char number[16] = "";

	if (line)
		snprintf(number, sizeof(number), ":%u", line);
	hf_paint_to(&t->paint, INDENT_VALUE);
	hf_paint_format(&t->paint, HF_STYLE_DIM, "found at %s%s", file, number);
}

/* What stands below a change: the reasons of its rows, where the value was found, why
 * it differs, and who else asks for it. */
static void put_change_remarks(hf_text *t, const hf_change *c)
{
	const hf_plan *plan = t->view->changes;
	const char *why = NULL, *cause = cause_texts[c->cause];
	const hf_resource *found = NULL;

	for (size_t i = 0; i < c->n_rows; i++) {
		const hf_resource *row = plan->resources[c->rows[i]];

		if (!found && row->found_file)
			found = row;
		if (row->why && !text_equal(row->why, why) &&
		    !text_equal(row->why, c->blocked))
			remark(t, HF_STYLE_DIM, why = row->why);
	}
	if (c->blocked) {
		hf_paint_to(&t->paint, INDENT_VALUE);
		hf_paint_text(&t->paint, HF_STYLE_BAD, "blocked: ");
		hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, INDENT_VALUE, c->blocked);
		hf_paint_newline(&t->paint);
	}
	if (c->cause == HF_CAUSE_RELEASED ||
	    (c->cause == HF_CAUSE_HOST && !plan->record->exists))
		cause = NULL; /* the heading says it; or nothing was ever applied */
	if (found)
		put_found(t, found->found_file, found->found_line);
	if (cause) {
		if (!found)
			hf_paint_to(&t->paint, INDENT_VALUE);
		hf_paint_format(&t->paint, HF_STYLE_DIM, "%s%s", found ? "; " : "",
				cause);
	}
	if (found || cause)
		hf_paint_newline(&t->paint);
}

static void put_change(hf_text *t, const hf_change *c, const hf_change *twin)
{
	const char *layers = twin		   ? "persisted, live"
			     : c->layer == HF_LIVE ? "live"
						   : NULL;

	if (c->blocked)
		begin_item(t, "!", HF_STYLE_BAD);
	else
		begin_item(t, ops[c->op].marker, ops[c->op].style);
	put_id(t, c->id, layers);
	put_values(t, c);
	put_change_remarks(t, c);
}

static const hf_change *find_twin(const hf_view_control *in, size_t n)
{
	for (size_t i = n + 1; i < in->n_changes && i < n + 16; i++)
		if (is_twin(in->changes[n], in->changes[i]))
			return in->changes[i];
	return NULL;
}

static void put_changes(hf_text *t, const hf_control *control)
{
	const hf_view_control *in = &t->view->controls[control->index];

	for (size_t i = 0; i < in->n_changes; i++) {
		const hf_change *c = in->changes[i], *twin;
		const hf_control *first = t->shown_by[c->index];

		if (first == control)
			continue; /* told as the twin of the one before */
		if (first) {
			begin_item(t, ops[c->op].marker, HF_STYLE_DIM);
			put_id(t, c->id, c->layer == HF_LIVE ? "live" : NULL);
			hf_paint_format(&t->paint, HF_STYLE_DIM, " (under %s)",
					first->id);
			hf_paint_newline(&t->paint);
			continue;
		}
		t->shown_by[c->index] = control;
		twin = find_twin(in, i);
		if (twin && t->shown_by[twin->index])
			twin = NULL;
		if (twin)
			t->shown_by[twin->index] = control;
		put_change(t, c, twin);
	}
}

static const char *row_marker(hf_state state)
{
	switch (state) {
	case HF_STATE_UNKNOWN:
		return "?";
	case HF_STATE_PENDING_RESTART:
	case HF_STATE_PENDING_REBOOT:
		return ".";
	case HF_STATE_PASS:
		return "=";
	case HF_STATE_NOT_APPLICABLE:
		return "/";
	default:
		return "!";
	}
}

/* "found X, wanted Y" in the words that fit the state. */
static void put_row_values(hf_text *t, const hf_resource *row)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	const char *found = row->secret && row->found ? SECRET : row->found;
	const char *wanted = row->secret && row->wanted ? SECRET : row->wanted;

	if (wanted && strstr(row->id, wanted))
		wanted = NULL; /* the id of an audit rule is the rule */
	if (row->state == HF_STATE_NOT_APPLICABLE)
		hf_strbuf_adds(&text, "not applicable");
	else if (row->state == HF_STATE_UNKNOWN)
		hf_strbuf_adds(&text, "cannot tell");
	else if (row->state == HF_STATE_PASS)
		hf_strbuf_adds(&text, found ? found : "as wanted");
	else if (found && wanted && *wanted)
		hf_strbuf_addf(&text, "found %s, wanted %s", found, wanted);
	else if (wanted && *wanted)
		hf_strbuf_addf(&text, "wanted %s", wanted);
	else if (found)
		hf_strbuf_addf(&text, "found %s", found);
	else
		hf_strbuf_adds(&text, hf_state_name(row->state));
	if (row->state == HF_STATE_PASS && found && strstr(row->id, found))
		return hf_paint_newline(&t->paint);
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, ": ");
	hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, INDENT_VALUE, hf_strbuf_str(&text));
	hf_paint_newline(&t->paint);
}

static void put_row(hf_text *t, const hf_resource *row)
{
	begin_item(t, row_marker(row->state), hf_style_of_state(row->state));
	put_id(t, row->id, row->layer == HF_LIVE ? "live" : NULL);
	put_row_values(t, row);
	if (row->why)
		remark(t, HF_STYLE_DIM, row->why);
	if (row->found_file) {
		put_found(t, row->found_file, row->found_line);
		hf_paint_newline(&t->paint);
	}
}

static bool is_quiet_state(hf_state state)
{
	return state == HF_STATE_PASS || state == HF_STATE_NOT_APPLICABLE;
}

static void put_rows(hf_text *t, const hf_control *control)
{
	const hf_view_control *in = &t->view->controls[control->index];

	for (size_t i = 0; i < in->n_rows; i++) {
		const hf_resource *row = in->rows[i];

		if (t->view->changed[row->index] &&
		    !(t->report->is_apply && t->view->changes != t->view->plan))
			continue;
		if (is_quiet_state(row->state) && !t->options->verbose)
			continue;
		put_row(t, row);
	}
}

/* state, id, title; severity and level dimmed behind. */
static void put_heading(hf_text *t, const hf_control *c, const char *state,
			hf_style style)
{
	hf_paint_text(&t->paint, style, state);
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, "  ");
	hf_paint_text(&t->paint, HF_STYLE_BOLD, c->id);
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, "  ");
	hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, INDENT_ITEM, c->title);
	if (c->severity == HF_SEVERITY_HIGH)
		hf_paint_text(&t->paint, HF_STYLE_DIM, " (high)");
	hf_paint_newline(&t->paint);
}

static void put_control_remarks(hf_text *t, const hf_control *c, hf_state state)
{
	const char *reason = t->view->plan->control_reasons[c->index];

	if (state == HF_STATE_MANUAL && c->manual) {
		remark(t, HF_STYLE_DIM, c->manual);
	} else if (state == HF_STATE_DISABLED && c->disabled) {
		remark(t, HF_STYLE_DIM, c->disabled);
	} else if (state == HF_STATE_WAIVED && c->waiver) {
		hf_paint_to(&t->paint, INDENT_VALUE);
		hf_paint_format(&t->paint, HF_STYLE_DIM,
				"waived%s%s: ", c->waiver->until ? " until " : "",
				c->waiver->until ? c->waiver->until : "");
		hf_paint_wrap(&t->paint, HF_STYLE_DIM, INDENT_VALUE, c->waiver->reason);
		hf_paint_newline(&t->paint);
	} else if (reason && !t->view->controls[c->index].n_rows) {
		remark(t, HF_STYLE_DIM, reason);
	}
	if (!c->enforce && !is_quiet_state(state) && state != HF_STATE_MANUAL)
		remark(t, HF_STYLE_DIM, "enforce: false: reported, never changed");
}

void hf_text_control(hf_text *t, const hf_control *control)
{
	hf_state state = t->view->plan->control_states[control->index];
	bool applied = t->report->is_apply && t->report->changed &&
		       t->view->controls[control->index].n_changes &&
		       is_quiet_state(state);

	put_heading(t, control, applied ? "fixed" : hf_state_name(state),
		    applied ? HF_STYLE_GOOD : hf_style_of_state(state));
	put_control_remarks(t, control, state);
	put_changes(t, control);
	put_rows(t, control);
}

void hf_text_released(hf_text *t)
{
	const hf_plan *plan = t->view->changes;
	bool first = true;

	for (size_t i = 0; i < plan->n_changes; i++) {
		const hf_change *c = plan->changes[i];

		if (t->view->n_change_controls[i])
			continue;
		if (first) {
			hf_paint_text(&t->paint, HF_STYLE_WARN, "released");
			hf_paint_text(&t->paint, HF_STYLE_PLAIN,
				      "  No longer demanded by the baseline");
			hf_paint_newline(&t->paint);
			first = false;
		}
		put_change(t, c, NULL);
	}
	if (!first)
		hf_paint_newline(&t->paint);
}

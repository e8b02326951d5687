/* SPDX-License-Identifier: Apache-2.0 */
/* A control: heading, its changes, and the rows that no change tells of. */
#include <string.h>

#include "base/str.h"
#include "report/text.h"

/* Where auditing is off, each of a thousand rules says so: some do. */
#define ROWS_OF_A_REASON 10
#define REASONS 8 /* told apart in a control; of further ones, all rows are told */

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

static void add_both(hf_strbuf *out, const char *found, const char *wanted)
{
	if (found) {
		hf_strbuf_adds(out, "found ");
		hf_strbuf_adds(out, found);
	}
	if (found && wanted)
		hf_strbuf_adds(out, ", ");
	if (wanted) {
		hf_strbuf_adds(out, "wanted ");
		hf_strbuf_adds(out, wanted);
	}
}

/* "found X, wanted Y" in the words that fit the state. */
static void put_row_values(hf_text *t, const hf_resource *row)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	const char *found = hf_mask_value(row->found, row->secret);
	const char *wanted = hf_mask_value(row->wanted, row->secret);

	if (hf_text_is_said(row->kind, row->id, wanted))
		wanted = NULL; /* the id of an audit rule is the rule */
	if (row->state == HF_STATE_NOT_APPLICABLE)
		hf_strbuf_adds(&text, "not applicable");
	else if (row->state == HF_STATE_UNKNOWN)
		hf_strbuf_adds(&text, "cannot tell");
	else if (row->state == HF_STATE_PASS)
		hf_strbuf_adds(&text, found ? found : "as wanted");
	else if (found || (wanted && *wanted))
		add_both(&text, found, wanted && *wanted ? wanted : NULL);
	else
		hf_strbuf_adds(&text, hf_state_name(row->state));
	if (row->state == HF_STATE_PASS && hf_text_is_said(row->kind, row->id, found))
		return hf_paint_newline(&t->paint);
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, ": ");
	t->paint.oom |= !hf_strbuf_ok(&text);
	hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, HF_INDENT_VALUE, hf_strbuf_str(&text));
	hf_paint_newline(&t->paint);
}

static void put_row(hf_text *t, const hf_resource *row, const hf_text_twins *twins)
{
	hf_text_begin(t, row_marker(row->state), hf_style_of_state(row->state));
	hf_text_id(t, row->id, twins);
	put_row_values(t, row);
	if (row->why)
		hf_text_remark(t, HF_STYLE_DIM, row->why);
	if (row->found_file)
		hf_text_found(t, row->found_file, row->found_line, NULL);
}

static bool is_quiet_state(hf_state state)
{
	return state == HF_STATE_PASS || state == HF_STATE_NOT_APPLICABLE;
}

static bool is_row_twin(const hf_resource *a, const hf_resource *b, bool *arch)
{
	return a->state == b->state && hf_text_alike(a->id, b->id, arch) &&
	       hf_text_alike(a->found, b->found, arch) &&
	       hf_text_alike(a->wanted, b->wanted, arch) &&
	       hf_text_alike(a->why, b->why, arch) &&
	       (!a->found_file || !b->found_file ||
		!strcmp(a->found_file, b->found_file));
}

/* Rows that no change tells of, or that say how it stands after the change. */
static bool is_row_told(const hf_text *t, const hf_resource *row)
{
	if (is_quiet_state(row->state) && !t->options->verbose)
		return false;
	if (t->view->blocked[row->index])
		return false;
	return !t->view->changed[row->index] ||
	       (t->report->is_apply && t->view->changes != t->view->plan);
}

/* A row of a control: is it told (or not to be), and the hash of its id. */
typedef struct telling {
	bool done;
	uint32_t hash;
} telling;

/* Rows of a control that are as they are for one reason. */
typedef struct grounds {
	const hf_resource *row; /* the first */
	size_t n;
} grounds;

static bool is_as(const hf_resource *a, const hf_resource *b)
{
	return a->state == b->state && hf_str_same(a->why, b->why) &&
	       hf_str_same(a->found, b->found) && hf_str_same(a->wanted, b->wanted);
}

/* Has the row been said, but for its name, often enough? What has no reason never has. */
static bool is_one_of_many(const hf_text *t, grounds *reasons, const hf_resource *row)
{
	grounds *r = reasons;

	if (t->options->verbose || !row->why)
		return false;
	while (r < reasons + REASONS && r->row && !is_as(r->row, row))
		r++;
	if (r == reasons + REASONS)
		return false;
	if (!r->row)
		r->row = row;
	return ++r->n > ROWS_OF_A_REASON;
}

static void put_others(hf_text *t, const grounds *reasons)
{
	for (const grounds *r = reasons; r < reasons + REASONS && r->row; r++) {
		if (r->n <= ROWS_OF_A_REASON)
			continue;
		hf_text_begin(t, row_marker(r->row->state),
			      hf_style_of_state(r->row->state));
		hf_paint_format(&t->paint, HF_STYLE_BOLD, "%zu more of this control",
				r->n - ROWS_OF_A_REASON);
		hf_paint_text(&t->paint, HF_STYLE_PLAIN,
			      ", for the same reason (--verbose lists them)");
		hf_paint_newline(&t->paint);
		hf_text_remark(t, HF_STYLE_DIM, r->row->why);
	}
}

static void put_rows(hf_text *t, const hf_control *control)
{
	const hf_view_control *in = &t->view->controls[control->index];
	telling *told = hf_arena_array(&t->view->arena, in->n_rows, sizeof(*told));
	grounds reasons[REASONS] = { 0 };

	t->paint.oom |= !told;
	for (size_t i = 0; told && i < in->n_rows; i++) {
		told[i].done = !is_row_told(t, in->rows[i]);
		told[i].hash = told[i].done ? 0 : hf_text_alike_hash(in->rows[i]->id);
	}
	for (size_t i = 0; told && i < in->n_rows; i++) {
		hf_text_twins twins = { 0 };

		if (told[i].done)
			continue;
		for (size_t k = i; k < in->n_rows && k < i + HF_TWIN_WINDOW; k++) {
			bool arch = false;

			if (told[k].done || told[k].hash != told[i].hash ||
			    (k != i && !is_row_twin(in->rows[i], in->rows[k], &arch)) ||
			    !hf_text_join(&twins, in->rows[k]->layer, arch))
				continue;
			twins.members[twins.n++] = k;
			told[k].done = true;
		}
		if (!is_one_of_many(t, reasons, in->rows[i]))
			put_row(t, in->rows[i], &twins);
	}
	put_others(t, reasons);
}

/* state, id, title; severity and level dimmed behind. */
static void put_heading(hf_text *t, const hf_control *c, const char *state,
			hf_style style)
{
	hf_paint_text(&t->paint, style, state);
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, "  ");
	hf_paint_text(&t->paint, HF_STYLE_BOLD, c->id);
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, "  ");
	hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, HF_INDENT_ITEM, c->title);
	if (c->severity == HF_SEVERITY_HIGH)
		hf_paint_text(&t->paint, HF_STYLE_DIM, " (high)");
	hf_paint_newline(&t->paint);
}

static void put_control_remarks(hf_text *t, const hf_control *c, hf_state state)
{
	const char *reason = t->view->plan->control_reasons[c->index];

	if (state == HF_STATE_MANUAL && c->manual) {
		hf_text_remark(t, HF_STYLE_DIM, c->manual);
	} else if (state == HF_STATE_DISABLED && c->disabled) {
		hf_text_remark(t, HF_STYLE_DIM, c->disabled);
	} else if (state == HF_STATE_WAIVED && c->waiver) {
		hf_paint_to(&t->paint, HF_INDENT_VALUE);
		hf_paint_format(&t->paint, HF_STYLE_DIM,
				"waived%s%s: ", c->waiver->until ? " until " : "",
				c->waiver->until ? c->waiver->until : "");
		hf_paint_wrap(&t->paint, HF_STYLE_DIM, HF_INDENT_VALUE,
			      c->waiver->reason);
		hf_paint_newline(&t->paint);
	} else if (reason && !t->view->controls[c->index].n_rows) {
		hf_text_remark(t, HF_STYLE_DIM, reason);
	}
	if (!c->enforce && !is_quiet_state(state) && state != HF_STATE_MANUAL)
		hf_text_remark(t, HF_STYLE_DIM,
			       "enforce: false: reported, never changed");
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
	hf_text_changes(t, control);
	put_rows(t, control);
}

void hf_text_foreign(hf_text *t)
{
	const hf_plan *plan = t->view->plan;
	const hf_text_twins none = { 0 };

	if (!plan->totals.foreign)
		return;
	hf_paint_text(&t->paint, hf_style_of_state(HF_STATE_FINDING), "finding");
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, "  ");
	hf_paint_text(&t->paint, HF_STYLE_BOLD, "beside the controls");
	hf_paint_newline(&t->paint);
	for (size_t i = 0; i < plan->n_resources; i++)
		if (!plan->resources[i]->n_controls &&
		    plan->resources[i]->state == HF_STATE_FINDING)
			put_row(t, plan->resources[i], &none);
	hf_paint_newline(&t->paint);
}

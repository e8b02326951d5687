/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* Controls are told in this order of states: what needs action first. */
static const hf_state told[] = {
	HF_STATE_DRIFT,		  HF_STATE_UNKNOWN, HF_STATE_PENDING_REBOOT,
	HF_STATE_PENDING_RESTART, HF_STATE_FINDING, HF_STATE_PASS,
};
static const hf_state told_verbose[] = {
	HF_STATE_DRIFT,		  HF_STATE_UNKNOWN, HF_STATE_PENDING_REBOOT,
	HF_STATE_PENDING_RESTART, HF_STATE_FINDING, HF_STATE_PASS,
	HF_STATE_NOT_APPLICABLE,  HF_STATE_WAIVED,  HF_STATE_MANUAL,
	HF_STATE_DISABLED,
};

static const char *fact(const hf_plan *plan, const char *name)
{
	const char *value = plan->facts ? hf_facts_value(plan->facts, name) : NULL;

	return value && *value ? value : NULL;
}

/* "holdfast check: cis-docker 1.6.0 on web-01 (debian 12, dockerd 20.10.24)" */
static void put_title(hf_text *t)
{
	const hf_report *r = t->report;
	const hf_plan *plan = r->plan;
	const char *sep = ": ", *os = fact(plan, "os");
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };

	hf_strbuf_addf(&text, "holdfast %s", r->command);
	for (size_t i = 0; i < r->model->n_baselines; i++) {
		const hf_baseline *b = r->model->baselines[i];

		if (!b->requested)
			continue;
		hf_strbuf_addf(&text, "%s%s%s%s", sep, b->name, b->version ? " " : "",
			       b->version ? b->version : "");
		sep = ", ";
	}
	if (strcmp(r->root, "/"))
		hf_strbuf_addf(&text, " on the tree %s", r->root);
	else if (fact(plan, "hostname"))
		hf_strbuf_addf(&text, " on %s", fact(plan, "hostname"));
	t->paint.oom |= !hf_strbuf_ok(&text);
	hf_paint_wrap(&t->paint, HF_STYLE_BOLD, 4, hf_strbuf_str(&text));
	hf_strbuf_reset(&text);
	if (os)
		hf_strbuf_addf(&text, " (%s", os);
	if (os && fact(plan, "os_version"))
		hf_strbuf_addf(&text, " %s", fact(plan, "os_version"));
	if (fact(plan, "engine"))
		hf_strbuf_addf(&text, "%sdockerd %s", os ? ", " : " (",
			       fact(plan, "engine"));
	if (os || fact(plan, "engine"))
		hf_strbuf_addc(&text, ')');
	t->paint.oom |= !hf_strbuf_ok(&text);
	hf_paint_wrap(&t->paint, HF_STYLE_DIM, 4, hf_strbuf_str(&text));
	hf_paint_newline(&t->paint);
}

/* Which live layers were left out, and why: no switch overrides it, so it is said. */
static void put_layers(hf_text *t)
{
	const hf_report *r = t->report;

	for (size_t i = 0; i < r->n_layers; i++) {
		const hf_report_layer *l = &r->layers[i];
		const char *why = l->why ? l->why : "";
		size_t same = i;

		if (l->known == HF_PRESENT)
			continue;
		if (i && r->layers[i - 1].known == l->known && r->layers[i - 1].why &&
		    !strcmp(r->layers[i - 1].why, why))
			continue; /* told with the one before */
		hf_paint_format(&t->paint, HF_STYLE_DIM, "live layer %s (%s",
				l->known == HF_ABSENT ? "off" : "unknown", l->name);
		while (++same < r->n_layers && r->layers[same].known == l->known &&
		       r->layers[same].why && !strcmp(r->layers[same].why, why))
			hf_paint_format(&t->paint, HF_STYLE_DIM, ", %s",
					r->layers[same].name);
		hf_paint_text(&t->paint, HF_STYLE_DIM, *why ? "): " : ")");
		hf_paint_wrap(&t->paint, HF_STYLE_DIM, 4, why);
		hf_paint_newline(&t->paint);
	}
}

static bool is_told(const hf_text *t, const hf_control *c)
{
	if (t->options->verbose || t->view->controls[c->index].n_changes)
		return true;
	return t->view->plan->control_states[c->index] != HF_STATE_PASS;
}

static void put_controls(hf_text *t)
{
	const hf_model *model = t->report->model;
	const hf_state *order = t->options->verbose ? told_verbose : told;
	size_t n = t->options->verbose ? ARRAY_SIZE(told_verbose) : ARRAY_SIZE(told);
	bool open = false; /* a line was left without the blank one behind it */

	for (size_t s = 0; s < n; s++) {
		for (size_t i = 0; i < model->n_controls; i++) {
			const hf_control *c = model->controls[i];

			if (t->view->plan->control_states[i] != order[s] ||
			    !is_told(t, c))
				continue;
			hf_text_control(t, c);
			open = t->view->controls[i].n_rows == 0; /* short ones close up */
			if (!open)
				hf_paint_newline(&t->paint);
		}
	}
	if (open)
		hf_paint_newline(&t->paint);
}

static void put_containers(hf_text *t)
{
	const hf_engine_view *e = &t->report->plan->engine;
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };

	if (e->containers_known != HF_PRESENT || !e->n_containers)
		return;
	hf_strbuf_addf(&text, "%zu running container%s: ", e->n_containers,
		       e->n_containers == 1 ? "" : "s");
	for (size_t i = 0; i < e->n_containers; i++)
		hf_strbuf_addf(&text, "%s%s (%.12s)", i ? ", " : "",
			       e->containers[i].name ? e->containers[i].name : "?",
			       e->containers[i].id ? e->containers[i].id : "?");
	hf_paint_to(&t->paint, 7);
	t->paint.oom |= !hf_strbuf_ok(&text);
	hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, 7, hf_strbuf_str(&text));
	hf_paint_newline(&t->paint);
}

static void put_effect(hf_text *t, const hf_effect *e)
{
	bool stops = e->action == HF_ACTION_RESTART && e->unit &&
		     t->report->plan->engine.unit &&
		     !strcmp(e->unit, t->report->plan->engine.unit);
	bool hold = e->hold || e->action == HF_ACTION_REBOOT;

	hf_paint_to(&t->paint, 2);
	hf_paint_text(&t->paint, hold ? HF_STYLE_WARN : HF_STYLE_GOOD,
		      hold ? "held" : "run ");
	hf_paint_format(&t->paint, HF_STYLE_BOLD, " %s%s%s", hf_action_name(e->action),
			e->unit ? " " : "", e->unit ? e->unit : "");
	if (e->why) {
		hf_paint_text(&t->paint, HF_STYLE_PLAIN, ": ");
		hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, 7, e->why);
	}
	if (e->pending && e->pending_since_usec) {
		time_t since = (time_t)(e->pending_since_usec / 1000000);
		char text[64];
		struct tm tm;

		if (gmtime_r(&since, &tm) &&
		    strftime(text, sizeof(text), " (pending since %F %R UTC)", &tm))
			hf_paint_wrap(&t->paint, HF_STYLE_DIM, 7, text);
	}
	hf_paint_newline(&t->paint);
	if (stops)
		put_containers(t);
}

static void put_effects(hf_text *t)
{
	const hf_plan *plan = t->report->plan;

	if (!plan->n_effects)
		return;
	hf_paint_text(&t->paint, HF_STYLE_BOLD,
		      t->report->is_apply ? "Still to come into force"
					  : "To come into force");
	hf_paint_newline(&t->paint);
	for (size_t i = 0; i < plan->n_effects; i++)
		put_effect(t, plan->effects[i]);
	hf_paint_newline(&t->paint);
}

static void put_steps(hf_text *t)
{
	const hf_report *r = t->report;

	if (!r->n_steps)
		return;
	hf_paint_text(&t->paint, HF_STYLE_BOLD, "Steps");
	hf_paint_newline(&t->paint);
	for (size_t i = 0; i < r->n_steps; i++) {
		const hf_report_step *s = &r->steps[i];
		bool done = !strcmp(s->state, "done");

		hf_paint_to(&t->paint, 2);
		hf_paint_format(&t->paint, done ? HF_STYLE_GOOD : HF_STYLE_BAD, "%-8s ",
				s->state);
		hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, 11, s->what);
		if (s->why) {
			hf_paint_text(&t->paint, HF_STYLE_PLAIN, ": ");
			hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, 11, s->why);
		}
		hf_paint_newline(&t->paint);
	}
	hf_paint_newline(&t->paint);
}

static void put_summary(hf_text *t)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	hf_style style = t->report->exit == HF_EXIT_OK ? HF_STYLE_GOOD : HF_STYLE_BOLD;

	hf_report_summary(&text, t->report);
	t->paint.oom |= !hf_strbuf_ok(&text);
	hf_paint_text(&t->paint, style, hf_strbuf_str(&text)); /* one line for scripts */
	hf_paint_newline(&t->paint);
}

/* What was seen that no control asks about: "audit (live) lost: 0". */
static void put_asides(hf_text *t)
{
	const hf_plan *plan = t->report->plan;

	if (!t->options->verbose || !plan->n_asides)
		return;
	hf_paint_text(&t->paint, HF_STYLE_BOLD, "Beside the controls");
	hf_paint_newline(&t->paint);
	for (size_t i = 0; i < plan->n_asides; i++) {
		const hf_aside *a = &plan->asides[i];

		hf_paint_to(&t->paint, 2);
		hf_paint_format(&t->paint, HF_STYLE_PLAIN, "%s: %s: ", a->kind->name,
				a->name);
		hf_paint_wrap(&t->paint, HF_STYLE_PLAIN, 6, a->value);
		if (a->file)
			hf_paint_format(&t->paint, HF_STYLE_DIM, " (%s:%u)", a->file,
					a->line);
		if (a->why)
			hf_paint_format(&t->paint, HF_STYLE_DIM, " (%s)", a->why);
		hf_paint_newline(&t->paint);
	}
	hf_paint_newline(&t->paint);
}

static void put_body(hf_text *t)
{
	put_title(t);
	put_layers(t);
	hf_paint_newline(&t->paint);
	put_controls(t);
	hf_text_foreign(t);
	hf_text_released(t);
	put_asides(t);
	if (t->options->diff)
		hf_text_diffs(t);
	put_steps(t);
	put_effects(t);
}

int hf_report_text(FILE *out, const hf_report *report, const hf_text_options *options)
{
	cleanup_(hf_view_done) hf_view view = { 0 };
	hf_text t = {
		.paint = hf_paint_on(out, options->color, options->width),
		.report = report,
		.options = options,
		.view = &view,
	};

	if (!options->quiet && report->model && report->plan) {
		if (hf_view_make(&view, report) == 0)
			t.shown_by =
				hf_arena_array(&view.arena, view.changes->n_changes + 1,
					       sizeof(*t.shown_by));
		if (t.shown_by)
			put_body(&t);
		else
			t.paint.oom = true;
	}
	put_summary(&t);
	return t.paint.oom ? -ENOMEM : 0;
}

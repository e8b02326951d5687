/* SPDX-License-Identifier: Apache-2.0 */
/* What is there: shipped baselines, controls and waivers, facts, one control explained.
 */
#include <string.h>

#include "model/kind.h"
#include "report/json_pen.h"
#include "report/text.h"

static unsigned wider(unsigned width, const char *text)
{
	unsigned n = text ? hf_paint_columns(text) : 0;

	return n > width ? n : width;
}

/* --- list --------------------------------------------------------------------------- */

void hf_report_shipped_text(FILE *out, const hf_report_shipped *items, size_t n,
			    const hf_text_options *options)
{
	hf_paint p = hf_paint_on(out, options->color, options->width);
	unsigned name = 0, version = 0;

	for (size_t i = 0; i < n; i++) {
		name = wider(name, items[i].name);
		version = wider(version, items[i].version);
	}
	for (size_t i = 0; i < n; i++) {
		const hf_report_shipped *s = &items[i];
		unsigned title = name + version + 4;

		hf_paint_text(&p, HF_STYLE_BOLD, s->name);
		hf_paint_to(&p, name + 2);
		hf_paint_text(&p, HF_STYLE_PLAIN, s->version ? s->version : "");
		hf_paint_to(&p, title);
		if (s->broken)
			hf_paint_wrap(&p, HF_STYLE_BAD, title, s->broken);
		else
			hf_paint_wrap(&p, HF_STYLE_PLAIN, title,
				      s->title ? s->title : "");
		hf_paint_newline(&p);
		if (options->quiet)
			continue;
		hf_paint_to(&p, title);
		hf_paint_text(&p, HF_STYLE_DIM, s->path);
		hf_paint_newline(&p);
	}
}

void hf_report_shipped_json(FILE *out, const hf_report *report,
			    const hf_report_shipped *items, size_t n)
{
	hf_json_pen j;

	hf_json_begin(&j, out, report);
	hf_json_list(&j, "shipped");
	for (size_t i = 0; i < n; i++) {
		hf_json_element(&j);
		hf_json_open(&j.w, NULL, '{');
		hf_json_text(&j, "name", items[i].name);
		hf_json_text(&j, "version", items[i].version);
		hf_json_text(&j, "title", items[i].title);
		hf_json_text(&j, "file", items[i].path);
		hf_json_text(&j, "problem", items[i].broken);
		hf_json_close(&j.w, '}');
	}
	hf_json_list_end(&j);
	hf_json_end(&j, report);
}

/* The kinds a control makes demands of, each once; bit by registry index. */
static unsigned kinds_of(const hf_model *model, const hf_control *c)
{
	unsigned bits = 0;

	for (size_t i = 0; i < c->n_demands; i++)
		for (size_t k = 0; k < model->n_kinds; k++)
			if (c->demands[i]->kind == model->kinds[k])
				bits |= 1u << k;
	return bits;
}

static void add_kinds(hf_strbuf *out, const hf_model *model, const hf_control *c)
{
	unsigned bits = kinds_of(model, c);

	if (!bits)
		hf_strbuf_adds(out, c->manual ? "manual" : "-");
	for (size_t k = 0; k < model->n_kinds; k++)
		if (bits & (1u << k))
			hf_strbuf_addf(out, "%s%s", out->len ? "," : "",
				       model->kinds[k]->name);
}

static const char *standing(const hf_control *c)
{
	if (c->disabled)
		return "disabled";
	if (!c->selected)
		return "not selected";
	return c->enforce ? NULL : "observed only";
}

static void put_waivers(hf_paint *p, const hf_model *model)
{
	if (!model->n_waivers)
		return;
	hf_paint_newline(p);
	hf_paint_text(p, HF_STYLE_BOLD, "Waivers");
	hf_paint_newline(p);
	for (size_t i = 0; i < model->n_waivers; i++) {
		const hf_waiver *w = model->waivers[i];

		hf_paint_to(p, 2);
		hf_paint_text(p, HF_STYLE_BOLD, w->control);
		hf_paint_text(p, HF_STYLE_PLAIN, w->n_hosts ? " on" : " on every host");
		for (size_t k = 0; k < w->n_hosts; k++)
			hf_paint_format(p, HF_STYLE_PLAIN, "%s %s", k ? "," : "",
					w->hosts[k]);
		if (w->until)
			hf_paint_format(p, HF_STYLE_PLAIN, " until %s", w->until);
		hf_paint_text(p, HF_STYLE_PLAIN, ": ");
		hf_paint_wrap(p, HF_STYLE_PLAIN, 6, w->reason);
		if (w->approved_by)
			hf_paint_format(p, HF_STYLE_DIM, " (approved by %s)",
					w->approved_by);
		hf_paint_newline(p);
	}
}

void hf_report_list_text(FILE *out, const hf_report *report,
			 const hf_text_options *options)
{
	const hf_model *model = report->model;
	hf_paint p = hf_paint_on(out, options->color, options->width);
	unsigned id = 0;

	for (size_t i = 0; i < model->n_controls; i++)
		id = wider(id, model->controls[i]->id);
	for (size_t i = 0; i < model->n_controls; i++) {
		const hf_control *c = model->controls[i];
		cleanup_(hf_strbuf_done) hf_strbuf kinds = { 0 };
		const char *remark = standing(c);

		add_kinds(&kinds, model, c);
		hf_paint_text(&p, c->selected ? HF_STYLE_BOLD : HF_STYLE_DIM, c->id);
		hf_paint_to(&p, id + 2);
		hf_paint_format(&p, HF_STYLE_PLAIN, "%lld %-6s %-12s", c->level,
				hf_severity_name(c->severity), hf_strbuf_str(&kinds));
		hf_paint_to(&p, id + 24);
		hf_paint_wrap(&p, HF_STYLE_PLAIN, id + 24, c->title);
		if (remark)
			hf_paint_format(&p, HF_STYLE_DIM, " [%s]", remark);
		hf_paint_newline(&p);
	}
	put_waivers(&p, model);
}

/* Into an object. */
static void put_entry(hf_json_pen *j, const hf_model *model, const hf_control *c)
{
	unsigned bits = kinds_of(model, c);

	hf_json_control(j, c);
	hf_json_open(&j->w, "kinds", '[');
	for (size_t k = 0; k < model->n_kinds; k++)
		if (bits & (1u << k))
			hf_json_text(j, NULL, model->kinds[k]->name);
	hf_json_close(&j->w, ']');
	hf_json_text(j, "rationale", c->rationale);
	hf_json_text(j, "manual", c->manual);
	hf_json_text(j, "disabled", c->disabled);
	hf_json_write_bool(&j->w, "enforce", c->enforce);
	hf_json_write_bool(&j->w, "selected", c->selected);
	hf_json_place(j, "declared", c->mark.source ? c->mark.source->name : NULL,
		      c->mark.line);
}

void hf_report_list_json(FILE *out, const hf_report *report)
{
	const hf_model *model = report->model;
	hf_json_pen j;

	hf_json_begin(&j, out, report);
	hf_json_list(&j, "controls");
	for (size_t i = 0; i < model->n_controls; i++) {
		hf_json_element(&j);
		hf_json_open(&j.w, NULL, '{');
		put_entry(&j, model, model->controls[i]);
		hf_json_close(&j.w, '}');
	}
	hf_json_list_end(&j);
	hf_json_list(&j, "waivers");
	for (size_t i = 0; i < model->n_waivers; i++) {
		const hf_waiver *w = model->waivers[i];

		hf_json_element(&j);
		hf_json_open(&j.w, NULL, '{');
		hf_json_text(&j, "control", w->control);
		hf_json_texts(&j, "hosts", w->hosts, w->n_hosts);
		hf_json_text(&j, "reason", w->reason);
		hf_json_text(&j, "approved_by", w->approved_by);
		hf_json_text(&j, "until", w->until);
		hf_json_close(&j.w, '}');
	}
	hf_json_list_end(&j);
	hf_json_end(&j, report);
}

/* --- facts -------------------------------------------------------------------------- */

static const char *const known_names[] = {
	[HF_ABSENT] = "absent", [HF_PRESENT] = "present", [HF_UNKNOWN] = "unknown"
};

static void put_fact(hf_paint *p, const hf_fact *f, unsigned name)
{
	hf_paint_text(p, HF_STYLE_BOLD, f->name);
	hf_paint_to(p, name + 2);
	if (f->known == HF_PRESENT)
		hf_paint_wrap(p, HF_STYLE_PLAIN, name + 2, f->value ? f->value : "");
	else
		hf_paint_text(p, f->known == HF_UNKNOWN ? HF_STYLE_WARN : HF_STYLE_DIM,
			      known_names[f->known]);
	if (f->known == HF_PRESENT && f->source)
		hf_paint_format(p, HF_STYLE_DIM, "  (%s)", f->source);
	if (f->known != HF_PRESENT && f->why) {
		hf_paint_text(p, HF_STYLE_PLAIN, ": ");
		hf_paint_wrap(p, HF_STYLE_PLAIN, name + 2, f->why);
	}
	hf_paint_newline(p);
}

void hf_report_facts_text(FILE *out, const hf_report *report, const hf_facts *facts,
			  const hf_text_options *options)
{
	hf_paint p = hf_paint_on(out, options->color, options->width);
	unsigned name = 11;

	for (size_t i = 0; i < facts->n; i++)
		name = wider(name, facts->items[i]->name);
	for (size_t i = 0; i < facts->n; i++)
		put_fact(&p, facts->items[i], name);
	for (size_t i = 0; i < report->n_layers; i++) {
		const hf_report_layer *l = &report->layers[i];

		hf_paint_format(&p, HF_STYLE_BOLD, "live:%s", l->name);
		hf_paint_to(&p, name + 2);
		hf_paint_text(&p, HF_STYLE_PLAIN, hf_report_layer_state(l));
		if (l->known != HF_PRESENT && l->why) {
			hf_paint_text(&p, HF_STYLE_PLAIN, ": ");
			hf_paint_wrap(&p, HF_STYLE_PLAIN, name + 2, l->why);
		}
		hf_paint_newline(&p);
	}
}

void hf_report_facts_json(FILE *out, const hf_report *report, const hf_facts *facts)
{
	hf_json_pen j;

	hf_json_begin(&j, out, report);
	hf_json_list(&j, "facts");
	for (size_t i = 0; i < facts->n; i++) {
		const hf_fact *f = facts->items[i];

		hf_json_element(&j);
		hf_json_open(&j.w, NULL, '{');
		hf_json_text(&j, "name", f->name);
		hf_json_text(&j, "known", known_names[f->known]);
		hf_json_text(&j, "value", f->known == HF_PRESENT ? f->value : NULL);
		hf_json_text(&j, "source", f->source);
		hf_json_text(&j, "why", f->why);
		hf_json_close(&j.w, '}');
	}
	hf_json_list_end(&j);
	hf_json_end(&j, report);
}

/* --- explain ------------------------------------------------------------------------ */

static void put_field(hf_paint *p, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	hf_paint_to(p, 2);
	hf_paint_text(p, HF_STYLE_DIM, name);
	hf_paint_to(p, 13);
	hf_paint_wrap(p, HF_STYLE_PLAIN, 13, text);
	hf_paint_newline(p);
}

static void put_metadata(hf_paint *p, const hf_control *c)
{
	cleanup_(hf_strbuf_done) hf_strbuf rank = { 0 }, tags = { 0 }, refs = { 0 },
					   place = { 0 };

	hf_strbuf_addf(&rank, "level %lld, severity %s", c->level,
		       hf_severity_name(c->severity));
	for (size_t i = 0; i < c->n_tags; i++)
		hf_strbuf_addf(&tags, "%s%s", i ? ", " : "", c->tags[i]);
	for (size_t i = 0; i < c->n_refs; i++)
		for (size_t k = 0; k < c->refs[i].n; k++)
			hf_strbuf_addf(&refs, "%s%s %s", refs.len ? ", " : "",
				       c->refs[i].name, c->refs[i].values[k]);
	if (c->mark.source)
		hf_strbuf_addf(&place, "%s:%u", c->mark.source->name, c->mark.line);
	put_field(p, "why", c->rationale);
	put_field(p, "rank", hf_strbuf_str(&rank));
	put_field(p, "tags", hf_strbuf_str(&tags));
	put_field(p, "refs", hf_strbuf_str(&refs));
	put_field(p, "declared", hf_strbuf_str(&place));
}

static void put_wanted(hf_paint *p, const hf_view *view, const hf_control *c)
{
	const hf_view_control *in = &view->controls[c->index];

	for (size_t i = 0; i < in->n_rows; i++) {
		const hf_resource *row = in->rows[i];

		if (i && !strcmp(row->id, in->rows[i - 1]->id))
			continue; /* the other layer of the one before */
		hf_paint_to(p, 2);
		hf_paint_text(p, HF_STYLE_DIM, i ? "" : "sets");
		hf_paint_to(p, 13);
		hf_paint_wrap(p, HF_STYLE_PLAIN, 15, row->id);
		if (row->wanted && *row->wanted &&
		    !hf_text_is_said(row->kind, row->id, row->wanted)) {
			hf_paint_text(p, HF_STYLE_PLAIN, ": ");
			hf_paint_wrap(p, HF_STYLE_PLAIN, 15,
				      hf_mask_value(row->wanted, row->secret));
		}
		hf_paint_newline(p);
	}
}

void hf_report_explain_text(FILE *out, const hf_report *report,
			    const hf_control *const *controls, size_t n,
			    const hf_text_options *options)
{
	cleanup_(hf_view_done) hf_view view = { 0 };
	hf_text_options verbose = *options;
	hf_text t = { .paint = hf_paint_on(out, options->color, options->width),
		      .report = report,
		      .options = &verbose,
		      .view = &view };

	verbose.verbose = true;
	if (hf_view_make(&view, report) == 0)
		t.shown_by = hf_arena_array(&view.arena, view.changes->n_changes + 1,
					    sizeof(*t.shown_by));
	for (size_t i = 0; i < n; i++) {
		if (i)
			hf_paint_newline(&t.paint);
		if (t.shown_by)
			hf_text_control(&t, controls[i]);
		put_metadata(&t.paint, controls[i]);
		if (t.shown_by)
			put_wanted(&t.paint, &view, controls[i]);
	}
}

void hf_report_explain_json(FILE *out, const hf_report *report,
			    const hf_control *const *controls, size_t n)
{
	cleanup_(hf_view_done) hf_view view = { 0 };
	hf_json_pen j;

	hf_json_begin(&j, out, report);
	hf_json_list(&j, "controls");
	if (hf_view_make(&view, report) < 0)
		j.oom = true;
	for (size_t i = 0; i < n && view.controls; i++) {
		const hf_control *c = controls[i];
		const hf_view_control *in = &view.controls[c->index];
		hf_state state = view.plan->control_states[c->index];

		hf_json_element(&j);
		hf_json_open(&j.w, NULL, '{');
		put_entry(&j, report->model, c);
		hf_json_text(&j, "state", hf_state_name(state));
		hf_json_text(&j, "reason", view.plan->control_reasons[c->index]);
		hf_json_open(&j.w, "resources", '[');
		for (size_t k = 0; k < in->n_rows; k++)
			hf_json_resource(&j, NULL, in->rows[k]);
		hf_json_close(&j.w, ']');
		hf_json_close(&j.w, '}');
	}
	hf_json_list_end(&j);
	hf_json_end(&j, report);
}

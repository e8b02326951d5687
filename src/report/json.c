/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON report of plan, check and apply: schema 1.0 of DESIGN section 2. */
#include <errno.h>
#include <string.h>

#include "model/kind.h"
#include "report/json_pen.h"
#include "report/view.h"

static void put_summary(hf_json_pen *j, const hf_report *r)
{
	static const struct {
		const char *key;
		hf_state state;
	} states[] = {
		{ "pass", HF_STATE_PASS },
		{ "drift", HF_STATE_DRIFT },
		{ "finding", HF_STATE_FINDING },
		{ "pending_restart", HF_STATE_PENDING_RESTART },
		{ "pending_reboot", HF_STATE_PENDING_REBOOT },
		{ "not_applicable", HF_STATE_NOT_APPLICABLE },
		{ "unknown", HF_STATE_UNKNOWN },
		{ "waived", HF_STATE_WAIVED },
		{ "manual", HF_STATE_MANUAL },
		{ "disabled", HF_STATE_DISABLED },
		{ "not_selected", HF_STATE_NOT_SELECTED },
	};
	static const hf_totals none = { 0 };
	const hf_plan *changes = r->changes_plan ? r->changes_plan : r->plan;
	const hf_totals *now = r->plan ? &r->plan->totals : &none;
	const hf_totals *made = changes ? &changes->totals : &none;

	hf_json_member(j, "summary");
	hf_json_open(&j->w, NULL, '{');
	hf_json_write_int(&j->w, "controls",
			  r->model ? (long long)r->model->n_controls : 0);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		hf_json_write_int(&j->w, states[i].key,
				  (long long)now->controls[states[i].state]);
	hf_json_write_int(&j->w, "changes", (long long)made->changes);
	hf_json_write_int(&j->w, "blocked", (long long)made->blocked);
	hf_json_close(&j->w, '}');
}

static void put_waiver(hf_json_pen *j, const char *key, const hf_waiver *w)
{
	if (!w) {
		hf_json_write_null(&j->w, key);
		return;
	}
	hf_json_open(&j->w, key, '{');
	hf_json_text(j, "reason", w->reason);
	hf_json_text(j, "approved_by", w->approved_by);
	hf_json_text(j, "until", w->until);
	hf_json_texts(j, "hosts", w->hosts, w->n_hosts);
	hf_json_close(&j->w, '}');
}

/* What the control would be, were it not for a waiver or the like; or NULL. */
static const char *underlying_of(const hf_plan *plan, size_t control)
{
	hf_state state = plan->control_states[control];
	hf_state under = plan->control_underlying[control];

	if (state < HF_STATE_WAIVED || under >= HF_STATE_MAX_)
		return NULL;
	return hf_state_name(under);
}

/* A free mapping of the baseline. Depth is bounded by the YAML reader. */
static void put_node(hf_json_pen *j, const char *key, const hf_node *node)
{
	switch (node->type) {
	case HF_NODE_SEQUENCE:
		hf_json_open(&j->w, key, '[');
		for (size_t i = 0; i < node->n; i++)
			put_node(j, NULL, node->items[i]);
		hf_json_close(&j->w, ']');
		break;
	case HF_NODE_MAPPING:
		hf_json_open(&j->w, key, '{');
		for (size_t i = 0; i < node->n; i++)
			put_node(j, node->keys[i]->text, node->items[i]);
		hf_json_close(&j->w, '}');
		break;
	case HF_NODE_SCALAR:
	default:
		hf_json_text(j, key, hf_node_is_null(node) ? NULL : node->text);
		break;
	}
}

static void put_control(hf_json_pen *j, const hf_view *v, const hf_control *c)
{
	const hf_view_control *in = &v->controls[c->index];

	hf_json_element(j);
	hf_json_open(&j->w, NULL, '{');
	hf_json_control(j, c);
	hf_json_text(j, "state", hf_state_name(v->plan->control_states[c->index]));
	hf_json_text(j, "underlying", underlying_of(v->plan, c->index));
	hf_json_text(j, "reason", v->plan->control_reasons[c->index]);
	put_waiver(j, "waiver", c->waiver);
	hf_json_write_bool(&j->w, "enforce", c->enforce);
	if (c->meta)
		put_node(j, "meta", c->meta);
	hf_json_open(&j->w, "resources", '[');
	for (size_t i = 0; i < in->n_rows; i++)
		hf_json_write_int(&j->w, NULL, (long long)in->rows[i]->index);
	hf_json_close(&j->w, ']');
	hf_json_close(&j->w, '}');
}

static void put_aside(hf_json_pen *j, const hf_aside *a)
{
	hf_json_element(j);
	hf_json_open(&j->w, NULL, '{');
	hf_json_text(j, "kind", a->kind->name);
	hf_json_text(j, "layer", hf_layer_name(a->layer));
	hf_json_text(j, "name", a->name);
	hf_json_text(j, "value", a->value);
	hf_json_text(j, "why", a->why);
	hf_json_place(j, "found_at", a->file, a->line);
	hf_json_close(&j->w, '}');
}

static void put_change(hf_json_pen *j, const hf_view *v, const hf_change *c)
{
	size_t n = c->index;

	hf_json_element(j);
	hf_json_open(&j->w, NULL, '{');
	hf_json_text(j, "kind", c->kind->name);
	hf_json_text(j, "resource", c->id);
	hf_json_text(j, "layer", hf_layer_name(c->layer));
	hf_json_text(j, "op", hf_op_name(c->op));
	hf_json_text(j, "before", hf_mask_value(c->before, c->secret));
	hf_json_text(j, "after", hf_mask_value(c->after, c->secret));
	hf_json_ids(j, "controls", v->change_controls[n], v->n_change_controls[n]);
	hf_json_text(j, "cause", hf_cause_name(c->cause));
	hf_json_text(j, "blocked", c->blocked);
	hf_json_open(&j->w, "resources", '[');
	for (size_t i = 0; i < v->n_change_rows[n]; i++)
		hf_json_write_int(&j->w, NULL, (long long)v->change_rows[n][i]);
	hf_json_close(&j->w, ']');
	if (c->hides)
		hf_json_hides(j, "hides", c->hides);
	hf_json_close(&j->w, '}');
}

static void put_containers(hf_json_pen *j, const char *key, const hf_plan *plan,
			   const hf_effect *e)
{
	const hf_engine_view *engine = &plan->engine;
	bool stops = e->action == HF_ACTION_RESTART && e->unit && engine->unit &&
		     strcmp(e->unit, engine->unit) == 0;

	hf_json_open(&j->w, key, '[');
	for (size_t i = 0; stops && i < engine->n_containers; i++) {
		hf_json_open(&j->w, NULL, '{');
		hf_json_text(j, "id", engine->containers[i].id);
		hf_json_text(j, "name", engine->containers[i].name);
		hf_json_close(&j->w, '}');
	}
	hf_json_close(&j->w, ']');
}

static void put_effect(hf_json_pen *j, const hf_plan *plan, const hf_effect *e)
{
	bool hold = e->hold || e->action == HF_ACTION_REBOOT;

	hf_json_element(j);
	hf_json_open(&j->w, NULL, '{');
	hf_json_text(j, "action", hf_action_name(e->action));
	hf_json_text(j, "unit", e->unit);
	hf_json_text(j, "decision", hold ? "hold" : "run");
	hf_json_text(j, "why", e->why);
	put_containers(j, "containers", plan, e);
	hf_json_time(j, "pending_since", e->pending ? (int64_t)e->pending_since_usec : 0);
	if (e->hides)
		hf_json_hides(j, "hides", e->hides);
	hf_json_close(&j->w, '}');
}

static void put_step(hf_json_pen *j, const hf_report_step *step)
{
	hf_json_element(j);
	hf_json_open(&j->w, NULL, '{');
	hf_json_text(j, "what", step->what);
	hf_json_text(j, "state", step->state);
	hf_json_text(j, "why", step->why);
	hf_json_close(&j->w, '}');
}

static void put_lists(hf_json_pen *j, const hf_report *r, const hf_view *v)
{
	hf_json_list(j, "controls");
	for (size_t i = 0; i < v->n_controls; i++)
		if (v->plan->control_states[i] !=
		    HF_STATE_NOT_SELECTED) /* only counted */
			put_control(j, v, r->model->controls[i]);
	hf_json_list_end(j);
	hf_json_list(j, "resources");
	for (size_t i = 0; v->plan && i < v->plan->n_resources; i++) {
		hf_json_element(j);
		hf_json_resource(j, NULL, v->plan->resources[i]);
	}
	hf_json_list_end(j);
	hf_json_list(j, "changes");
	for (size_t i = 0; v->changes && i < v->changes->n_changes; i++)
		put_change(j, v, v->changes->changes[i]);
	hf_json_list_end(j);
	hf_json_list(j, "effects");
	for (size_t i = 0; r->plan && i < r->plan->n_effects; i++)
		put_effect(j, r->plan, r->plan->effects[i]);
	hf_json_list_end(j);
	hf_json_list(j, "steps");
	for (size_t i = 0; i < r->n_steps; i++)
		put_step(j, &r->steps[i]);
	hf_json_list_end(j);
	hf_json_list(j, "asides");
	for (size_t i = 0; v->plan && i < v->plan->n_asides; i++)
		put_aside(j, &v->plan->asides[i]);
	hf_json_list_end(j);
}

int hf_report_json(FILE *out, const hf_report *r)
{
	cleanup_(hf_view_done) hf_view v = { 0 };
	hf_json_pen j;

	hf_json_begin(&j, out, r);
	put_summary(&j, r);
	if (r->model && r->plan && hf_view_make(&v, r) < 0)
		j.oom = true;
	put_lists(&j, r, &v);
	hf_json_member(&j, "transaction");
	hf_json_text(&j, NULL, r->transaction);
	hf_json_member(&j, "confirm_until");
	hf_json_time(&j, NULL, r->confirm_until * 1000000);
	hf_json_end(&j, r);
	return j.oom ? -ENOMEM : 0;
}

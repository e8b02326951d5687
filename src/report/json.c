/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON report of plan, check and apply: schema 1.0 of DESIGN section 2. */
#include <errno.h>
#include <string.h>

#include "model/kind.h"
#include "report/json_pen.h"
#include "report/view.h"

static json_t *summary_of(hf_json_pen *j, const hf_report *r)
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
	const hf_plan *changes = r->changes_plan ? r->changes_plan : r->plan;
	json_t *o = json_object();

	hf_json_set(j, o, "controls", hf_json_size(r->model ? r->model->n_controls : 0));
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		hf_json_set(
			j, o, states[i].key,
			hf_json_size(r->plan ? r->plan->totals.controls[states[i].state]
					     : 0));
	hf_json_set(j, o, "changes", hf_json_size(changes ? changes->totals.changes : 0));
	hf_json_set(j, o, "blocked", hf_json_size(changes ? changes->totals.blocked : 0));
	return o;
}

static json_t *waiver_of(hf_json_pen *j, const hf_waiver *w)
{
	json_t *o;

	if (!w)
		return json_null();
	o = json_object();
	hf_json_set(j, o, "reason", hf_json_text(w->reason));
	hf_json_set(j, o, "approved_by", hf_json_text(w->approved_by));
	hf_json_set(j, o, "until", hf_json_text(w->until));
	hf_json_set(j, o, "hosts", hf_json_texts(j, w->hosts, w->n_hosts));
	return o;
}

/* What the control would be, were it not for a waiver or the like. */
static json_t *underlying_of(const hf_plan *plan, size_t control)
{
	hf_state state = plan->control_states[control];
	hf_state under = plan->control_underlying[control];

	if (state < HF_STATE_WAIVED || under >= HF_STATE_MAX_)
		return json_null();
	return hf_json_text(hf_state_name(under));
}

/* A free mapping of the baseline. Depth is bounded by the YAML reader. */
static json_t *node_of(hf_json_pen *j, const hf_node *node)
{
	json_t *value;

	switch (node->type) {
	case HF_NODE_SEQUENCE:
		value = json_array();
		for (size_t i = 0; i < node->n; i++)
			hf_json_append(j, value, node_of(j, node->items[i]));
		return value;
	case HF_NODE_MAPPING:
		value = json_object();
		for (size_t i = 0; i < node->n; i++)
			hf_json_set(j, value, node->keys[i]->text,
				    node_of(j, node->items[i]));
		return value;
	case HF_NODE_SCALAR:
	default:
		return hf_json_text(hf_node_is_null(node) ? NULL : node->text);
	}
}

static json_t *control_of(hf_json_pen *j, const hf_view *v, const hf_control *c)
{
	const hf_view_control *in = &v->controls[c->index];
	json_t *o = hf_json_control(j, c), *rows = json_array();

	hf_json_set(j, o, "state",
		    hf_json_text(hf_state_name(v->plan->control_states[c->index])));
	hf_json_set(j, o, "underlying", underlying_of(v->plan, c->index));
	hf_json_set(j, o, "reason", hf_json_text(v->plan->control_reasons[c->index]));
	hf_json_set(j, o, "waiver", waiver_of(j, c->waiver));
	hf_json_set(j, o, "enforce", json_boolean(c->enforce));
	if (c->meta)
		hf_json_set(j, o, "meta", node_of(j, c->meta));
	for (size_t i = 0; i < in->n_rows; i++)
		hf_json_append(j, rows, hf_json_size(in->rows[i]->index));
	hf_json_set(j, o, "resources", rows);
	return o;
}

static json_t *aside_of(hf_json_pen *j, const hf_aside *a)
{
	json_t *o = json_object();

	hf_json_set(j, o, "kind", hf_json_text(a->kind->name));
	hf_json_set(j, o, "layer", hf_json_text(hf_layer_name(a->layer)));
	hf_json_set(j, o, "name", hf_json_text(a->name));
	hf_json_set(j, o, "value", hf_json_text(a->value));
	hf_json_set(j, o, "why", hf_json_text(a->why));
	hf_json_set(j, o, "found_at", hf_json_place(j, a->file, a->line));
	return o;
}

static json_t *change_of(hf_json_pen *j, const hf_view *v, const hf_change *c)
{
	json_t *o = json_object(), *rows = json_array();
	size_t n = c->index;

	hf_json_set(j, o, "kind", hf_json_text(c->kind->name));
	hf_json_set(j, o, "resource", hf_json_text(c->id));
	hf_json_set(j, o, "layer", hf_json_text(hf_layer_name(c->layer)));
	hf_json_set(j, o, "op", hf_json_text(hf_op_name(c->op)));
	hf_json_set(j, o, "before", hf_json_text(hf_mask_value(c->before, c->secret)));
	hf_json_set(j, o, "after", hf_json_text(hf_mask_value(c->after, c->secret)));
	hf_json_set(j, o, "controls",
		    hf_json_ids(j, v->change_controls[n], v->n_change_controls[n]));
	hf_json_set(j, o, "cause", hf_json_text(hf_cause_name(c->cause)));
	hf_json_set(j, o, "blocked", hf_json_text(c->blocked));
	for (size_t i = 0; i < v->n_change_rows[n]; i++)
		hf_json_append(j, rows, hf_json_size(v->change_rows[n][i]));
	hf_json_set(j, o, "resources", rows);
	if (c->hides)
		hf_json_set(j, o, "hides", hf_json_hides(j, c->hides));
	return o;
}

static json_t *containers_of(hf_json_pen *j, const hf_plan *plan, const hf_effect *e)
{
	const hf_engine_view *engine = &plan->engine;
	json_t *array = json_array();

	if (e->action != HF_ACTION_RESTART || !e->unit || !engine->unit ||
	    strcmp(e->unit, engine->unit))
		return array;
	for (size_t i = 0; i < engine->n_containers; i++) {
		json_t *o = json_object();

		hf_json_set(j, o, "id", hf_json_text(engine->containers[i].id));
		hf_json_set(j, o, "name", hf_json_text(engine->containers[i].name));
		hf_json_append(j, array, o);
	}
	return array;
}

static json_t *effect_of(hf_json_pen *j, const hf_plan *plan, const hf_effect *e)
{
	bool hold = e->hold || e->action == HF_ACTION_REBOOT;
	json_t *o = json_object();

	hf_json_set(j, o, "action", hf_json_text(hf_action_name(e->action)));
	hf_json_set(j, o, "unit", hf_json_text(e->unit));
	hf_json_set(j, o, "decision", hf_json_text(hold ? "hold" : "run"));
	hf_json_set(j, o, "why", hf_json_text(e->why));
	hf_json_set(j, o, "containers", containers_of(j, plan, e));
	hf_json_set(j, o, "pending_since",
		    e->pending ? hf_json_time((int64_t)e->pending_since_usec)
			       : json_null());
	if (e->hides)
		hf_json_set(j, o, "hides", hf_json_hides(j, e->hides));
	return o;
}

static json_t *step_of(hf_json_pen *j, const hf_report_step *step)
{
	json_t *o = json_object();

	hf_json_set(j, o, "what", hf_json_text(step->what));
	hf_json_set(j, o, "state", hf_json_text(step->state));
	hf_json_set(j, o, "why", hf_json_text(step->why));
	return o;
}

static void put_lists(hf_json_pen *j, const hf_report *r, const hf_view *v)
{
	hf_json_list(j, "controls");
	for (size_t i = 0; i < v->n_controls; i++)
		if (v->plan->control_states[i] !=
		    HF_STATE_NOT_SELECTED) /* only counted */
			hf_json_element(j, control_of(j, v, r->model->controls[i]));
	hf_json_list_end(j);
	hf_json_list(j, "resources");
	for (size_t i = 0; v->plan && i < v->plan->n_resources; i++)
		hf_json_element(j, hf_json_resource(j, v->plan->resources[i]));
	hf_json_list_end(j);
	hf_json_list(j, "changes");
	for (size_t i = 0; v->changes && i < v->changes->n_changes; i++)
		hf_json_element(j, change_of(j, v, v->changes->changes[i]));
	hf_json_list_end(j);
	hf_json_list(j, "effects");
	for (size_t i = 0; r->plan && i < r->plan->n_effects; i++)
		hf_json_element(j, effect_of(j, r->plan, r->plan->effects[i]));
	hf_json_list_end(j);
	hf_json_list(j, "steps");
	for (size_t i = 0; i < r->n_steps; i++)
		hf_json_element(j, step_of(j, &r->steps[i]));
	hf_json_list_end(j);
	hf_json_list(j, "asides");
	for (size_t i = 0; v->plan && i < v->plan->n_asides; i++)
		hf_json_element(j, aside_of(j, &v->plan->asides[i]));
	hf_json_list_end(j);
}

int hf_report_json(FILE *out, const hf_report *r)
{
	cleanup_(hf_view_done) hf_view v = { 0 };
	hf_json_pen j;

	hf_json_begin(&j, out, r);
	hf_json_member(&j, "summary", summary_of(&j, r));
	if (r->model && r->plan && hf_view_make(&v, r) < 0)
		j.oom = true;
	put_lists(&j, r, &v);
	hf_json_member(&j, "transaction", hf_json_text(r->transaction));
	hf_json_member(&j, "confirm_until",
		       r->confirm_until ? hf_json_time(r->confirm_until * 1000000)
					: json_null());
	hf_json_end(&j, r);
	return j.oom ? -ENOMEM : 0;
}

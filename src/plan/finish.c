/* SPDX-License-Identifier: Apache-2.0 */
/* The end of planning: which effects run, how each control stands, totals. */
#include <errno.h>
#include <string.h>

#include "plan/plan.h"

/* --- effects --------------------------------------------------------------------- */

int hf_effect_hold(hf_plan *plan, hf_effect *effect, const char *why)
{
	effect->hold = true;
	if (effect->why) {
		effect->why =
			hf_arena_printf(&plan->arena, "%s; held: %s", effect->why, why);
		return effect->why ? 0 : -ENOMEM;
	}
	effect->why = hf_arena_printf(&plan->arena, "held: %s", why);
	return effect->why ? 0 : -ENOMEM;
}

/* Why a restart of the engine could hurt a running container; NULL: it cannot.
 * DESIGN section 4: every doubt counts against the restart. */
static const char *restart_danger(const hf_engine_view *engine, bool live_restore,
				  bool configured)
{
	if (engine->containers_known == HF_UNKNOWN)
		return "it could not be told whether containers are running";
	if (!engine->n_containers)
		return NULL;
	if (!live_restore)
		return "containers are running and live-restore is not in force";
	if (!engine->live_restore_after)
		return "containers are running and live-restore would be off afterwards";
	if (!configured) /* dockerd looks at it when it comes up again, too */
		return "containers are running and live-restore is in force, but would "
		       "be "
		       "off if the restart had to be undone";
	if (engine->swarm != HF_ABSENT)
		return "containers are running and this may be a swarm node";
	if (!engine->kill_mode_process)
		return "containers are running and the unit's KillMode is not process";
	if (!engine->restart_helps)
		return "a restart with running containers would not put it in force";
	return NULL;
}

/* Containers outlive it if live-restore is put in force before, in the same run. */
static int restart_after_reload(hf_plan *plan)
{
	hf_engine_view *engine = &plan->engine;
	hf_effect **slot = hf_vec_push(&plan->arena, plan->effects, plan->n_effects);

	if (!slot)
		return -ENOMEM;
	*slot = engine->first;
	engine->first->first = true;
	if (engine->first_group) {
		engine->first_group->first = engine->first_text;
		engine->first_group->first_len = engine->first_len;
	}
	return 0;
}

static int decide_restart(hf_plan *plan, hf_effect *effect)
{
	const hf_engine_view *engine = &plan->engine;
	bool live_restore = engine->live_restore == HF_PRESENT;
	bool is_engine = engine->unit && strcmp(engine->unit, effect->unit) == 0;
	const char *danger =
		restart_danger(engine, live_restore, engine->live_restore_now);
	bool first = is_engine && danger && engine->first && !engine->first->hold &&
		     !restart_danger(engine, true, true);

	switch (plan->options.restart) {
	case HF_RESTART_NEVER:
		return hf_effect_hold(plan, effect, "--restart=never");
	case HF_RESTART_ALWAYS:
		return first ? restart_after_reload(plan) : 0;
	case HF_RESTART_SAFE:
	default:
		break;
	}
	if (!is_engine)
		return hf_effect_hold(plan, effect,
				      "--restart=safe restarts only dockerd's unit");
	if (first)
		return restart_after_reload(plan);
	return danger ? hf_effect_hold(plan, effect, danger) : 0;
}

static int decide_effects(hf_plan *plan)
{
	for (size_t i = 0; i < plan->n_effects; i++) {
		hf_effect *effect = plan->effects[i];
		int r = 0;

		if (effect->hold)
			continue; /* the kind knows better */
		if (effect->action == HF_ACTION_REBOOT)
			r = hf_effect_hold(plan, effect, "holdfast never reboots a host");
		else if (!plan->options.manager)
			r = hf_effect_hold(plan, effect,
					   "no systemd manager can be asked here");
		else if (effect->action == HF_ACTION_RESTART)
			r = decide_restart(plan, effect);
		if (r < 0)
			return r;
	}
	return 0;
}

/* It was judged by what is on disk: that is what it has to run. */
static int reload_before_restart(hf_plan *plan)
{
	const char *unit = plan->engine.unit, *why;

	for (size_t i = 0; unit && plan->engine.stale && i < plan->n_effects; i++) {
		const hf_effect *e = plan->effects[i];

		if (e->action != HF_ACTION_RESTART || e->hold ||
		    strcmp(e->unit, unit) != 0)
			continue;
		why = hf_arena_printf(&plan->arena,
				      "systemd has an older state of %s loaded", unit);
		return why && hf_plan_effect(plan, HF_ACTION_DAEMON_RELOAD, NULL, why)
			       ? 0
			       : -ENOMEM;
	}
	return 0;
}

/* A restart of a unit makes its reload pointless. */
static void drop_covered_reloads(hf_plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n_effects; i++) {
		hf_effect *effect = plan->effects[i];
		bool covered = false;

		for (size_t k = 0; effect->action == HF_ACTION_RELOAD && !effect->first &&
				   k < plan->n_effects;
		     k++)
			covered |= plan->effects[k]->action == HF_ACTION_RESTART &&
				   !plan->effects[k]->hold &&
				   strcmp(plan->effects[k]->unit, effect->unit) == 0;
		if (!covered)
			plan->effects[kept++] = effect;
	}
	plan->n_effects = kept;
}

static int rank_of(const hf_effect *effect)
{
	return effect->first ? -1 : (int)effect->action;
}

/* The order in which effects are carried out. */
static void sort_effects(hf_plan *plan)
{
	for (size_t i = 1; i < plan->n_effects; i++) /* insertion sort: stable, and few */
		for (size_t k = i;
		     k && rank_of(plan->effects[k - 1]) > rank_of(plan->effects[k]);
		     k--) {
			hf_effect *t = plan->effects[k];

			plan->effects[k] = plan->effects[k - 1];
			plan->effects[k - 1] = t;
		}
}

/* --- states ---------------------------------------------------------------------- */

/* The worst of the control's rows, with that row's reason. */
static void fold_rows(hf_plan *plan)
{
	for (size_t i = 0; i < plan->n_resources; i++) {
		const hf_resource *row = plan->resources[i];

		for (size_t k = 0; k < row->n_controls; k++) {
			size_t c = row->controls[k]->index;

			if (plan->control_underlying[c] != HF_STATE_MAX_ &&
			    row->state <= plan->control_underlying[c])
				continue;
			plan->control_underlying[c] = row->state;
			plan->control_reasons[c] = row->why;
		}
	}
}

static hf_state state_of(const hf_plan *plan, const hf_control *control,
			 const char **reason)
{
	hf_state rows = plan->control_underlying[control->index];

	if (!control->selected)
		return HF_STATE_NOT_SELECTED;
	if (control->disabled) {
		*reason = control->disabled;
		return HF_STATE_DISABLED;
	}
	if (control->gate == HF_GATE_CLOSED) {
		*reason = control->gate_why;
		return HF_STATE_NOT_APPLICABLE;
	}
	if (control->waiver) {
		*reason = control->waiver->reason;
		return HF_STATE_WAIVED;
	}
	if (control->manual) {
		*reason = control->manual;
		return HF_STATE_MANUAL;
	}
	if (control->gate == HF_GATE_UNKNOWN) {
		*reason = control->gate_why;
		return HF_STATE_UNKNOWN;
	}
	/* what is only observed is for a person to settle: no apply would change it */
	if (rows == HF_STATE_DRIFT && !control->enforce)
		return HF_STATE_FINDING;
	return rows == HF_STATE_MAX_ ? HF_STATE_NOT_APPLICABLE : rows;
}

static int judge_controls(const hf_model *model, hf_plan *plan)
{
	size_t n = model->n_controls;

	plan->control_states = hf_arena_array(&plan->arena, n, sizeof(hf_state));
	plan->control_underlying = hf_arena_array(&plan->arena, n, sizeof(hf_state));
	plan->control_reasons = hf_arena_array(&plan->arena, n, sizeof(char *));
	if (!plan->control_states || !plan->control_underlying || !plan->control_reasons)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		plan->control_underlying[i] = HF_STATE_MAX_;
	fold_rows(plan);
	for (size_t i = 0; i < n; i++) {
		const hf_control *control = model->controls[i];

		plan->control_states[i] =
			state_of(plan, control, &plan->control_reasons[i]);
		plan->totals.controls[plan->control_states[i]]++;
	}
	return 0;
}

static void count_row(hf_plan *plan, const hf_resource *row)
{
	plan->totals.resources[row->state]++;
	if (row->state == HF_STATE_FINDING && !row->n_controls)
		plan->totals.foreign++;
}

int hf_plan_finish(const hf_model *model, hf_plan *plan)
{
	int r = decide_effects(plan);

	if (r == 0)
		r = reload_before_restart(plan);
	if (r < 0)
		return r;
	drop_covered_reloads(plan);
	sort_effects(plan);
	plan->totals = (hf_totals){ 0 };
	r = judge_controls(model, plan);
	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->n_resources; i++)
		count_row(plan, plan->resources[i]);
	for (size_t i = 0; i < plan->n_changes; i++)
		if (plan->changes[i]->blocked)
			plan->totals.blocked++;
		else
			plan->totals.changes++;
	return 0;
}

/* --- questions ------------------------------------------------------------------- */

bool hf_plan_has_changes(const hf_plan *plan)
{
	return plan->n_changes > 0 || plan->totals.controls[HF_STATE_DRIFT] > 0;
}

bool hf_plan_has_unknown(const hf_plan *plan)
{
	return plan->totals.controls[HF_STATE_UNKNOWN] > 0;
}

bool hf_plan_has_pending(const hf_plan *plan)
{
	return plan->n_effects > 0 ||
	       plan->totals.controls[HF_STATE_PENDING_RESTART] > 0 ||
	       plan->totals.controls[HF_STATE_PENDING_REBOOT] > 0;
}

bool hf_plan_has_findings(const hf_plan *plan)
{
	return plan->totals.controls[HF_STATE_FINDING] > 0 || plan->totals.foreign > 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_plan.h"

#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_flags.h"
#include "kinds/units/units_decode.h"
#include "kinds/units/units_kind.h"

/* --- rows ----------------------------------------------------------------------------
 */

int hf_units_line_row(hf_units_work *work, const hf_units_line *line, hf_layer layer,
		      const char *id, hf_resource **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < line->n; i++) {
		const hf_control *control = line->demands[i]->control;

		if (!hf_control_is_active(control) || control->gate == HF_GATE_UNKNOWN)
			continue;
		*ret = hf_plan_row(work->plan, layer, id, line->spec->wanted,
				   line->demands[i]);
		if (!*ret)
			return -ENOMEM;
	}
	return 0;
}

/*
 * A control whose `when` could not be decided: the demand cannot be judged for it. It
 * has no part in the row of controls for which it can, to leave their state alone.
 */
static int gate_rows(hf_units_work *work, const hf_units_line *line)
{
	for (size_t i = 0; i < line->n; i++) {
		const hf_control *control = line->demands[i]->control;
		hf_resource *row;

		if (!hf_control_is_active(control) || control->gate != HF_GATE_UNKNOWN)
			continue;
		row = hf_plan_row(work->plan, HF_PERSISTED, line->spec->id,
				  line->spec->wanted, line->demands[i]);
		if (!row || hf_row_judge(work->plan, row, HF_STATE_UNKNOWN, NULL, "%s",
					 control->gate_why) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- a unit that cannot have the setting ---------------------------------------------
 */

static int judge_all(hf_units_work *work, hf_state state, const char *why, hf_error **err)
{
	for (size_t i = 0; i < work->n; i++) {
		hf_resource *row;

		if (hf_units_line_row(work, work->lines[i], HF_PERSISTED,
				      work->lines[i]->spec->id, &row) < 0 ||
		    (row ? hf_row_judge(work->plan, row, state, NULL, "%s", why)
			 : gate_rows(work, work->lines[i])) < 0)
			return hf_error_oom(err);
	}
	return 0;
}

static int plan_without_unit(hf_units_work *work, hf_error **err)
{
	const hf_units_unit *unit = work->unit;
	const char *why = unit->why;

	if (unit->load != HF_UNIT_BAD)
		why = hf_arena_printf(work->arena,
				      unit->load == HF_UNIT_MASKED
					      ? "unit %s is masked"
					      : "unit %s is not installed",
				      unit->name);
	if (!why)
		return hf_error_oom(err);
	return judge_all(work,
			 unit->load == HF_UNIT_BAD ? HF_STATE_UNKNOWN
						   : HF_STATE_NOT_APPLICABLE,
			 why, err);
}

/* --- the persisted layer -------------------------------------------------------------
 */

/* Ours is derived from something else than there is now: what, and where. */
typedef struct hf_units_stale {
	const char *why; /* NULL: it is not */
	const char *file;
	unsigned line;
	const char *before; /* for the change */
	const char *after;
} hf_units_stale;

static int variable_changed(const hf_units_work *work, hf_units_stale *ret)
{
	const hf_env_var *var;

	if (work->exec_kept || hf_units_env_stale(work, &var) < 0)
		return work->exec_kept ? 0 : -ENOMEM;
	if (!var)
		return 0;
	ret->why = hf_arena_printf(work->arena,
				   "the variable '%s' has changed since our environment "
				   "file was derived from it",
				   var->name);
	ret->file = var->file;
	ret->line = var->line;
	ret->before = hf_arena_printf(work->arena, "$%s as it was", var->name);
	ret->after = hf_arena_printf(work->arena, "$%s as it is", var->name);
	return ret->why && ret->before && ret->after ? 0 : -ENOMEM;
}

static int vendor_changed(const hf_units_work *work, hf_units_stale *ret)
{
	const hf_unit_value *line = &work->base.exec.line;
	const char *origin;

	*ret = (hf_units_stale){ 0 };
	if (hf_units_dropin_origin(work->arena, work->unit->ours_text, &origin) < 0)
		return -ENOMEM;
	if (!origin || work->base.exec.n_commands != 1 || work->exec_kept ||
	    strcmp(origin, line->value) == 0)
		return variable_changed(work, ret);
	*ret = (hf_units_stale){
		.why = "the unit's own command has changed since our drop-in was "
		       "derived from it",
		.file = line->file,
		.line = line->line,
		.before = work->now.exec.line.value,
		.after = work->exec_line ? work->exec_line : line->value,
	};
	return 0;
}

static bool differs(bool exists, const char *now, size_t now_len, const char *text,
		    size_t len)
{
	if (!text)
		return exists;
	return !exists || now_len != len || memcmp(now, text, len) != 0;
}

static bool dropin_differs(const hf_units_work *work)
{
	const hf_units_unit *unit = work->unit;

	return differs(unit->ours_known == HF_PRESENT, unit->ours_text, unit->ours_len,
		       work->text, work->text_len);
}

static bool env_differs(const hf_units_work *work)
{
	size_t now_len, len;
	const char *now = hf_units_env_text(&work->unit->own_env, &now_len),
		   *text = hf_units_env_text(&work->env, &len);

	return work->unit->own_env.known != HF_UNKNOWN &&
	       differs(now, now, now_len, text, len);
}

static bool text_differs(const hf_units_work *work)
{
	return dropin_differs(work) || env_differs(work);
}

static hf_change *change_new(hf_units_work *work, const char *id, const char *before,
			     const char *after, hf_cause cause)
{
	hf_op op = !before ? HF_OP_CREATE : after ? HF_OP_UPDATE : HF_OP_DELETE;
	hf_change *change = hf_plan_change(work->plan, &hf_kind_units, HF_PERSISTED, id,
					   op, before, after, cause);

	if (change)
		change->recorded = true;
	return change;
}

static hf_group *file_group(hf_units_work *work, const char *path, const char *now,
			    size_t now_len, const char *text, size_t len)
{
	hf_group *group = hf_plan_group(work->plan, HF_GROUP_FILE, HF_STAGE_UNITS,
					&hf_kind_units, path);

	if (!group)
		return NULL;
	group->existed = now != NULL;
	group->before = now ? now : "";
	group->before_len = now ? now_len : 0;
	group->remove = !text;
	group->after = text ? text : "";
	group->after_len = text ? len : 0;
	return group;
}

/* The environment file first: a drop-in that names it comes after it. */
static int env_group(hf_units_work *work)
{
	const hf_units_env *own = &work->unit->own_env;
	size_t now_len, len;
	const char *now = hf_units_env_text(own, &now_len),
		   *text = hf_units_env_text(&work->env, &len);
	hf_group *group = file_group(work, own->pattern, now, now_len, text, len);

	if (!group)
		return -ENOMEM;
	group->mode = 0600 | (work->obs->env_mode & 0044);
	work->group = group;
	return 0;
}

static int dropin_group(hf_units_work *work)
{
	const hf_units_unit *unit = work->unit;

	work->group = file_group(work, unit->ours_path,
				 unit->ours_known == HF_PRESENT ? unit->ours_text : NULL,
				 unit->ours_len, work->text, work->text_len);
	work->reloads = true;
	return work->group ? 0 : -ENOMEM;
}

static int group_join(hf_units_work *work, hf_change *change)
{
	bool env = env_differs(work), dropin = dropin_differs(work);

	if (change->blocked)
		return 0;
	if (!work->group && env && env_group(work) < 0)
		return -ENOMEM;
	if (!work->reloads && (dropin || !env) && dropin_group(work) < 0)
		return -ENOMEM;
	hf_change_in(change, work->group);
	return 0;
}

/* "absent" where the value is not there, for the record and the report. */
static const char *wanted_after(const hf_units_line *line)
{
	return line->spec->want == HF_UNITS_UNSET_FLAG ? NULL : line->spec->wanted;
}

static int line_change(hf_units_work *work, hf_units_line *line, hf_resource *row,
		       hf_cause cause)
{
	hf_change *change;

	if (!line->enforced)
		return 0;
	change = change_new(work, line->spec->id, line->now.text, wanted_after(line),
			    cause);
	if (!change || hf_change_row(work->plan, change, row) < 0)
		return -ENOMEM;
	change->secret = row->secret;
	if (line->blocked)
		return hf_change_block(work->plan, change, "%s", line->blocked);
	return group_join(work, change);
}

/* The value stands; the command around it follows the vendor's. */
static int vendor_change(hf_units_work *work, const hf_units_line *line,
			 const hf_units_stale *stale, hf_resource *row)
{
	hf_change *change;

	if (!line->enforced)
		return 0;
	change = change_new(work, line->spec->id, stale->before, stale->after,
			    HF_CAUSE_VENDOR);
	if (!change || hf_change_row(work->plan, change, row) < 0)
		return -ENOMEM;
	change->recorded = false; /* what the flag was and is has not changed */
	for (size_t i = 0; i < work->base.n_flags; i++)
		change->secret |= hf_flag_is_secret(work->base.flags[i].name,
						    work->base.flags[i].value);
	for (size_t i = 0; i < work->now.n_flags; i++)
		change->secret |= hf_flag_is_secret(work->now.flags[i].name,
						    work->now.flags[i].value);
	return group_join(work, change);
}

static int line_judge(hf_units_work *work, hf_units_line *line, hf_resource *row,
		      const hf_units_stale *stale)
{
	hf_plan *plan = work->plan;
	const hf_units_found *now = &line->now;
	bool flag = line->spec->want != HF_UNITS_SETTING;
	const char *unknown = now->unknown ? now->unknown : line->base.unknown;

	row->secret |= flag && hf_flag_is_secret(line->spec->name, now->text);
	if (unknown)
		return hf_row_judge(plan, row, HF_STATE_UNKNOWN, now->text, "%s",
				    unknown);
	if (now->file && hf_row_found_at(plan, row, now->file, now->line) < 0)
		return -ENOMEM;
	if (now->ok && flag && line->in_ours && stale->why) {
		if (hf_row_found_at(plan, row, stale->file, stale->line) < 0 ||
		    hf_row_judge(plan, row, HF_STATE_DRIFT, now->text, "%s", stale->why) <
			    0)
			return -ENOMEM;
		return vendor_change(work, line, stale, row);
	}
	if (now->ok)
		return hf_row_judge(plan, row, HF_STATE_PASS, now->text, NULL);
	if (hf_row_judge(plan, row, HF_STATE_DRIFT, now->text ? now->text : "absent",
			 line->blocked ? "%s" : NULL, line->blocked) < 0)
		return -ENOMEM;
	return line_change(
		work, line, row,
		hf_plan_cause(plan, work->model, line->spec->id, wanted_after(line)));
}

static int lines_judge(hf_units_work *work, hf_error **err)
{
	hf_units_stale stale;

	if (vendor_changed(work, &stale) < 0)
		return hf_error_oom(err);
	for (size_t i = 0; i < work->n; i++) {
		hf_units_line *line = work->lines[i];
		hf_resource *row;

		if (hf_units_line_row(work, line, HF_PERSISTED, line->spec->id, &row) <
			    0 ||
		    (row ? line_judge(work, line, row, &stale) : gate_rows(work, line)) <
			    0)
			return hf_error_oom(err);
	}
	return 0;
}

/* --- what else changes in our file ---------------------------------------------------
 */

static bool is_released(const hf_units_work *work, const char *id)
{
	return hf_record_get(work->plan->record, id) &&
	       !hf_plan_is_claimed(work->plan, id);
}

static const char *assigned(const hf_unit_file *file, const hf_unit_assign *a)
{
	for (size_t i = file ? file->n : 0; i-- > 0;) {
		if (!strcmp(file->items[i].section, a->section) &&
		    !strcmp(file->items[i].key, a->key))
			return file->items[i].value;
	}
	return NULL;
}

/* Settings in our file that nobody demands: from an earlier set, or put there by hand. */
static int settings_release(hf_units_work *work)
{
	const hf_unit_file *ours = work->unit->ours;

	for (size_t i = 0; ours && i < ours->n; i++) {
		const hf_unit_assign *a = &ours->items[i];
		hf_unit_value base;
		hf_change *change;
		char *id;

		if (hf_units_is_derived(a) || assigned(work->parsed, a))
			continue;
		id = hf_arena_printf(work->arena, "units:%s#%s.%s", work->unit->name,
				     a->section, a->key);
		if (!id)
			return -ENOMEM;
		if (hf_plan_is_claimed(work->plan, id))
			continue;
		(void)hf_unit_last(&work->base.stack, a->section, a->key, &base);
		change = change_new(work, id, a->value, base.value,
				    is_released(work, id) ? HF_CAUSE_RELEASED
							  : HF_CAUSE_HOST);
		if (!change || group_join(work, change) < 0)
			return -ENOMEM;
		/* what we never set leaves nothing to release later */
		change->recorded = change->cause == HF_CAUSE_RELEASED;
	}
	return 0;
}

/* Flags of the record that nobody demands any more. Where the command stays as it is, so
 * does their entry. */
static int flags_release(hf_units_work *work)
{
	const hf_record *record = work->plan->record;
	char *prefix =
		hf_arena_printf(work->arena, "units:%s#exec_start.", work->unit->name);

	if (!prefix)
		return -ENOMEM;
	for (size_t i = 0; i < record->n_entries; i++) {
		const hf_record_entry *e = record->entries[i];
		hf_change *change;

		if (strncmp(e->id, prefix, strlen(prefix)) || !is_released(work, e->id))
			continue;
		if (work->exec_kept) {
			if (hf_plan_claim(work->plan, e->id) < 0)
				return -ENOMEM;
			continue;
		}
		change = change_new(work, e->id, e->after ? e->after : "absent",
				    e->before, HF_CAUSE_RELEASED);
		if (!change || group_join(work, change) < 0)
			return -ENOMEM;
		change->secret = hf_flag_is_secret(e->id + strlen(prefix), e->before);
	}
	return 0;
}

/* The file differs, and no demand says why: edited by hand, or no longer needed. */
static int file_change(hf_units_work *work)
{
	hf_units_stale stale;
	char *id = hf_arena_printf(work->arena, "units:%s#%s", work->unit->name,
				   dropin_differs(work) ? HF_UNIT_DROPIN : HF_UNIT_ENV);
	bool exists = dropin_differs(work) ? work->unit->ours_known == HF_PRESENT
					   : work->unit->own_env.n > 0;
	bool stays = dropin_differs(work) ? work->text != NULL : work->env.n > 0;
	hf_change *change;

	if (!id || vendor_changed(work, &stale) < 0)
		return -ENOMEM;
	change = change_new(work, id, exists ? "present" : NULL,
			    stays ? "as derived" : NULL,
			    stale.why || !stays ? HF_CAUSE_VENDOR : HF_CAUSE_HOST);
	if (!change)
		return -ENOMEM;
	change->recorded = false;
	return group_join(work, change);
}

static bool has_enforced(const hf_units_work *work)
{
	for (size_t i = 0; i < work->n; i++) {
		if (work->lines[i]->enforced)
			return true;
	}
	return work->n == 0;
}

static int rest_of_file(hf_units_work *work, hf_error **err)
{
	/* a run over a part of the controls does what they need and nothing else */
	if (work->partial || (!text_differs(work) && !work->exec_kept))
		return 0;
	if (settings_release(work) < 0 || flags_release(work) < 0)
		return hf_error_oom(err);
	if (!work->group && !work->exec_kept && has_enforced(work) &&
	    file_change(work) < 0)
		return hf_error_oom(err);
	return 0;
}

/* --- one unit ------------------------------------------------------------------------
 */

static int effects_ask(hf_units_work *work, hf_error **err)
{
	if (!work->reloads || !work->plan->options.manager)
		return 0;
	return hf_plan_effect(work->plan, HF_ACTION_DAEMON_RELOAD, NULL,
			      "drop-ins of units change")
		       ? 0
		       : hf_error_oom(err);
}

static int plan_loaded(hf_units_work *work, hf_error **err)
{
	int r = hf_units_work_compose(work, err);

	if (r == 0)
		r = lines_judge(work, err);
	if (r == 0)
		r = rest_of_file(work, err);
	if (r == 0)
		r = effects_ask(work, err);
	return r == 0 ? hf_units_plan_live(work, err) : r;
}

/* Not loaded, and our drop-in for it still lies there: it goes when nobody wants it. */
static int plan_leftover(hf_units_work *work, hf_error **err)
{
	int r = plan_without_unit(work, err);

	if (r < 0 || work->n || work->partial || work->unit->ours_known != HF_PRESENT)
		return r;
	if (settings_release(work) < 0 || flags_release(work) < 0 ||
	    (!work->group && file_change(work) < 0))
		return hf_error_oom(err);
	return effects_ask(work, err);
}

/* What the command line was: the later kinds see what goes. */
static void view_before(hf_units_work *work)
{
	hf_unit_view *view = hf_map_get(&work->plan->units, work->unit->name);

	if (!view->argv || work->base.exec.broken || work->now.exec.broken)
		return;
	view->argv_now = work->now.exec.argv.args;
	view->n_argv_now = work->now.exec.argv.n;
	view->argv_base = work->base.exec.argv.args;
	view->n_argv_base = work->base.exec.argv.n;
}

/* What dockerd's unit says of restarts and reloads; systemd.kill(5), systemd.service(5)
 */
static void put_engine(const hf_units_work *work, const hf_units_state *state)
{
	hf_engine_view *engine = &work->plan->engine;
	hf_unit_value v;

	engine->kill_mode_process =
		hf_unit_last(&state->stack, "Service", "KillMode", &v) &&
		!strcmp(v.value, "process");
	engine->cannot_reload =
		!(hf_unit_last(&state->stack, "Service", "ExecReload", &v) && *v.value) &&
		!(hf_unit_last(&state->stack, "Service", "Type", &v) &&
		  !strcmp(v.value, "notify-reload"));
}

static int unit_plan(hf_units_work *work, hf_error **err)
{
	const hf_units_unit *unit = work->unit;
	const hf_units_state *state;
	bool planned = false;
	int r;

	if (unit->load == HF_UNIT_LOADED && unit->ours_known != HF_UNKNOWN) {
		planned = work->n || unit->ours_known == HF_PRESENT ||
			  unit->own_env.known == HF_PRESENT;
		r = planned ? plan_loaded(work, err)
			    : hf_units_state_read(work, NULL, &unit->own_env, &work->now,
						  err);
	} else if (unit->load == HF_UNIT_LOADED) {
		r = judge_all(work, HF_STATE_UNKNOWN, unit->ours_why, err);
		if (r == 0)
			r = hf_units_state_read(work, NULL, &unit->own_env, &work->now,
						err);
	} else {
		r = plan_leftover(work, err);
	}
	if (r < 0)
		return r;
	state = planned && work->group ? &work->after : &work->now;
	if (work->obs->scanned && !strcmp(work->obs->scanned, unit->name))
		put_engine(work, state);
	r = hf_units_view_put(work->plan, work->obs, unit, &state->stack, &state->exec,
			      err);
	if (r == 0 && planned)
		view_before(work);
	if (r == 0 && work->obs->scanned && !strcmp(work->obs->scanned, unit->name))
		r = hf_units_view_env(work->plan, unit, &state->exec.env,
				      planned ? &work->now.exec.env : NULL, err);
	return r;
}

/* --- all units -----------------------------------------------------------------------
 */

static int demands_spread(const hf_model *model, hf_plan *plan, hf_map *works,
			  hf_error **err)
{
	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_units_spec *spec = demand->spec;
		hf_units_work *work;

		if (demand->kind != &hf_kind_units)
			continue;
		work = hf_map_get(works, spec->unit);
		if (hf_control_is_claiming(demand->control) &&
		    (hf_plan_claim(plan, spec->id) < 0 ||
		     hf_units_work_add(work, demand) < 0))
			return hf_error_oom(err);
	}
	return 0;
}

/* A demand of the daemon kind that a flag stands in the way of: the flag shall go. */
static hf_demand *flag_demand(hf_arena *arena, const hf_units_work *work,
			      const hf_daemon_flag *flag)
{
	hf_demand *demand = hf_arena_new(arena, hf_demand);
	hf_units_spec *spec = hf_arena_new(arena, hf_units_spec);

	if (!demand || !spec)
		return NULL;
	*spec = (hf_units_spec){ .want = HF_UNITS_UNSET_FLAG,
				 .unit = work->unit->name,
				 .name = flag->name,
				 .wanted = "absent" };
	spec->id =
		hf_arena_printf(arena, "units:%s#exec_start.%s", spec->unit, flag->name);
	*demand = *flag->demand;
	demand->kind = &hf_kind_units;
	demand->spec = spec;
	return spec->id ? demand : NULL;
}

static int flags_spread(const hf_model *model, hf_plan *plan, hf_map *works,
			hf_error **err)
{
	const hf_units_obs *obs = plan->obs[HF_RANK_UNITS];
	hf_units_work *work = obs->scanned ? hf_map_get(works, obs->scanned) : NULL;
	const hf_units_env *env = work ? &work->unit->own_env : NULL;
	hf_units_state base, now;
	hf_daemon_flag *flags;
	size_t n;
	int r;

	if (!work || work->unit->load != HF_UNIT_LOADED)
		return 0;
	r = hf_units_state_read(work, NULL, env, &base, err);
	if (r == 0)
		r = hf_units_state_read(work, work->unit->ours, env, &now, err);
	if (r < 0 || base.exec.broken)
		return r;
	if (hf_daemon_flags(model, plan, base.exec.argv.args, base.exec.argv.n, &flags,
			    &n) < 0)
		return hf_error_oom(err);
	for (size_t i = 0; i < n; i++) {
		hf_demand *demand = flag_demand(&plan->arena, work, &flags[i]);
		hf_units_found found;

		if (!demand ||
		    hf_units_find(&plan->arena, demand->spec, &now, &found) < 0)
			return hf_error_oom(err);
		if (!flags[i].movable && !found.ok)
			continue; /* it stands where it is */
		if (hf_plan_claim(plan, ((const hf_units_spec *)demand->spec)->id) < 0 ||
		    hf_units_work_add(work, demand) < 0)
			return hf_error_oom(err);
	}
	return 0;
}

static int record_spread(const hf_model *model, hf_plan *plan, hf_map *works,
			 hf_error **err)
{
	const hf_record *record = plan->record;

	for (size_t i = 0; hf_model_is_partial(model) && i < record->n_entries; i++) {
		const hf_record_entry *e = record->entries[i];
		const char *hash = strchr(e->id, '#');
		hf_units_work *work;
		char *name;

		if (strncmp(e->id, "units:", 6) || !hash ||
		    strncmp(hash + 1, "exec_start.", 11) ||
		    hf_plan_is_claimed(plan, e->id))
			continue;
		name = hf_arena_memdup(&plan->arena, e->id + 6,
				       (size_t)(hash - e->id - 6));
		if (!name)
			return hf_error_oom(err);
		work = hf_map_get(works, name);
		if (work && hf_units_work_keep(work, e) < 0)
			return hf_error_oom(err);
	}
	return 0;
}

int hf_units_plan(const hf_model *model, hf_plan *plan, hf_error **err)
{
	const hf_units_obs *obs = plan->obs[HF_RANK_UNITS];
	hf_units_work *works =
		hf_arena_array(&plan->arena, obs->n_units, sizeof(hf_units_work));
	hf_map by_name = { 0 };
	int r;

	if (!works || hf_units_check_active(model, plan->diags) < 0)
		return hf_error_oom(err);
	for (size_t i = 0; i < obs->n_units; i++) {
		works[i] = (hf_units_work){ .plan = plan,
					    .arena = &plan->arena,
					    .model = model,
					    .obs = obs,
					    .unit = obs->units[i],
					    .partial = hf_model_is_partial(model) };
		if (hf_map_put(&by_name, &plan->arena, obs->units[i]->name, &works[i]) <
		    0)
			return hf_error_oom(err);
	}
	r = demands_spread(model, plan, &by_name, err);
	if (r == 0)
		r = flags_spread(model, plan, &by_name, err);
	if (r == 0)
		r = record_spread(model, plan, &by_name, err);
	for (size_t i = 0; i < obs->n_units && r == 0; i++)
		r = unit_plan(&works[i], err);
	return r < 0 ? r : hf_units_refs_put(plan, obs, model, err);
}

int hf_units_witness(const hf_plan *plan, hf_strbuf *out)
{
	const hf_units_obs *obs = plan->obs[HF_RANK_UNITS];
	const char *between = "";

	for (size_t i = 0; obs && i < obs->n_units; i++) {
		const hf_units_unit *unit = obs->units[i];

		if (unit->live_known != HF_PRESENT || !unit->active_state)
			continue;
		hf_strbuf_addf(out, "%s%s %s", between, unit->name, unit->active_state);
		between = "\n";
		if (unit->main_pid)
			hf_strbuf_addf(out, ", process %u", unit->main_pid);
		if (unit->need_daemon_reload)
			hf_strbuf_adds(out, ", daemon-reload needed");
	}
	return hf_strbuf_ok(out) ? 0 : -ENOMEM;
}

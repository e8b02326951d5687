/* SPDX-License-Identifier: Apache-2.0 */
/* Judges every demand on daemon.json and proposes the edits. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/path.h"
#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"

const char *hf_daemon_resource_id(const hf_daemon_ctx *ctx, const char *name)
{
	return hf_arena_printf(&ctx->plan->arena, "daemon:%s#%s", ctx->obs->path, name);
}

static bool is_ours(const hf_demand *demand)
{
	return demand->kind == &hf_kind_daemon;
}

/* --- wants: what shall be edited ------------------------------------------------------
 */

hf_daemon_want *hf_daemon_want_get(hf_daemon_ctx *ctx, const hf_dkey *key,
				   const char *subkey, const char *name)
{
	hf_daemon_want *w = hf_map_get(&ctx->want_by_name, name), **slot;
	hf_arena *arena = &ctx->plan->arena;

	if (w)
		return w;
	w = hf_arena_new(arena, hf_daemon_want);
	if (!w)
		return NULL;
	w->key = key;
	w->subkey = subkey;
	w->name = name;
	w->id = hf_daemon_resource_id(ctx, name);
	slot = hf_vec_push(arena, ctx->wants, ctx->n_wants);
	if (!w->id || !slot || hf_map_put(&ctx->want_by_name, arena, name, w) < 0)
		return NULL;
	*slot = w;
	return w;
}

static hf_cause cause_of(const hf_daemon_ctx *ctx, const hf_daemon_want *w,
			 const char *after)
{
	if (w->released)
		return HF_CAUSE_RELEASED;
	return w->followed ? HF_CAUSE_VENDOR
			   : hf_plan_cause(ctx->plan, ctx->model, w->id, after);
}

/* What becomes of each name is known when all demands have been heard. */
static int finish_changes(hf_daemon_ctx *ctx)
{
	for (size_t i = 0; i < ctx->n_wants; i++) {
		hf_daemon_want *w = ctx->wants[i];
		const char *after =
			w->value ? hf_json_compact(w->value, &ctx->plan->arena) : NULL;

		if (w->value && !after)
			return -ENOMEM;
		w->change->after = after;
		w->change->cause = cause_of(ctx, w, after);
	}
	return 0;
}

int hf_daemon_want_change(hf_daemon_ctx *ctx, hf_daemon_want *w, const hf_daemon_value *v)
{
	hf_arena *arena = &ctx->plan->arena;
	const hf_json *old = v->in_file ? v->in_file : v->flag ? v->value : NULL;
	const char *before = old ? hf_json_compact(old, arena) : NULL;
	hf_op op = !old ? HF_OP_CREATE : !w->value ? HF_OP_DELETE : HF_OP_UPDATE;

	if (w->change)
		return 0;
	if (old && !before)
		return -ENOMEM;
	w->change = hf_plan_change(ctx->plan, &hf_kind_daemon, HF_PERSISTED, w->id, op,
				   before, NULL, HF_CAUSE_UNKNOWN);
	if (!w->change)
		return -ENOMEM;
	w->change->recorded = true;
	w->change->secret = hf_dkey_is_secret(w->key, w->subkey);
	if (!hf_daemon_hides_data(w->key, w->subkey))
		return 0;
	w->change->hides = hf_daemon_hides(ctx->plan, w->key);
	return w->change->hides ? 0 : -ENOMEM;
}

static int block_for_flag(hf_daemon_ctx *ctx, hf_daemon_want *w, const hf_dflag *flag)
{
	const char *place = hf_daemon_flag_place(ctx->plan, flag);

	if (!place)
		return -ENOMEM;
	return hf_change_block(
		ctx->plan, w->change,
		"%s is on dockerd's command line, and a key given both ways "
		"stops dockerd even when equal; take the flag out first",
		place);
}

static int block_for_plugins(hf_daemon_ctx *ctx, hf_daemon_want *w)
{
	if (strcmp(w->key->name, "authorization-plugins") != 0)
		return 0;
	for (size_t i = 0; w->value && i < w->value->n; i++) {
		bool there = false;

		for (size_t k = 0; k < ctx->obs->n_plugins && !there; k++)
			there = strcmp(ctx->obs->plugins[k], w->value->items[i]->text) ==
				0;
		if (!there)
			return hf_change_block(ctx->plan, w->change,
					       "no plugin '%s' is installed, and dockerd "
					       "exits when it cannot load one",
					       w->value->items[i]->text);
	}
	return 0;
}

/* Another control adds to the list; a value that is set holds what is added already. */
int hf_daemon_want_more(hf_daemon_ctx *ctx, hf_daemon_want *w, const hf_json *base,
			const hf_json *more)
{
	hf_arena *arena = &ctx->plan->arena;

	if (w->value && w->value != w->list)
		return 0;
	if (!w->list) {
		w->list = hf_json_new(arena, HF_JSON_ARRAY, NULL);
		if (!w->list ||
		    hf_daemon_list_add(w->list, base, NULL, &w->in_list, arena) < 0)
			return -ENOMEM;
	}
	w->value = w->list;
	return hf_daemon_list_add(w->list, more, &w->in_list, &w->in_list, arena);
}

/* @base: the list that ADD adds to */
static int want_demand(hf_daemon_ctx *ctx, const hf_daemon_spec *spec,
		       const hf_daemon_value *v, const hf_json *base, int met,
		       const hf_resource *row)
{
	hf_daemon_want *w = hf_daemon_want_get(ctx, spec->key, spec->subkey, spec->name);
	bool first = w && !w->change;
	int r;

	if (!w)
		return -ENOMEM;
	if (met) {
		/* only in conflict: the flag alone does it */
		w->value = NULL;
	} else if (spec->op == HF_DAEMON_ADD) {
		if (hf_daemon_want_more(ctx, w, base, spec->value) < 0)
			return -ENOMEM;
	} else if (!w->value || w->value == w->list) {
		/* a list that is set holds all that is added: hf_daemon_check_active() */
		w->value = spec->op == HF_DAEMON_SET ? spec->value : NULL;
	}
	r = hf_daemon_want_change(ctx, w, v);
	if (r == 0)
		r = hf_change_row(ctx->plan, w->change, row);
	if (r == 0 && first && v->flag && !met)
		r = block_for_flag(ctx, w, v->flag);
	if (r == 0)
		r = block_for_plugins(ctx, w);
	return r;
}

/* --- judging --------------------------------------------------------------------------
 */

/* A key the host's engine does not know. *ret: the row is settled. */
static int judge_unknown_key(hf_daemon_ctx *ctx, const hf_demand *demand,
			     hf_resource *row, bool *ret)
{
	const hf_daemon_spec *spec = demand->spec;
	const hf_dkey *key = spec->key;
	bool late = key->since && hf_version_compare(ctx->engine, key->since) < 0;
	cleanup_free char *hint = NULL;

	if (spec->op == HF_DAEMON_UNSET || spec->op == HF_DAEMON_FORBID) {
		*ret = !hf_json_get(ctx->obs->root, key->name);
		return *ret ? hf_row_judge(ctx->plan, row, HF_STATE_NOT_APPLICABLE, NULL,
					   "dockerd %s does not have this key",
					   ctx->engine)
			    : 0;
	}
	*ret = true;
	if (asprintf(&hint, "gate the control: when: {engine: \"%s%s\"}",
		     late ? ">=" : "<", late ? key->since : key->gone) < 0)
		hint = NULL;
	hf_diag_add(ctx->plan->diags, HF_DIAG_ERROR, demand->mark, hint,
		    "dockerd %s does not know the key '%s' (%s %s) and would not start",
		    ctx->engine, key->name, late ? "it came with" : "it went with",
		    late ? key->since : key->gone);
	return hf_row_judge(ctx->plan, row, HF_STATE_UNKNOWN, NULL,
			    "dockerd %s does not know this key", ctx->engine);
}

/* Reasons to judge nothing. *ret: the row is settled. */
static int judge_outside(hf_daemon_ctx *ctx, const hf_demand *demand, hf_resource *row,
			 bool *ret)
{
	const hf_daemon_spec *spec = demand->spec;
	const hf_daemon_obs *obs = ctx->obs;
	hf_plan *plan = ctx->plan;
	const char *why;
	int r;

	*ret = true;
	if (demand->control->gate == HF_GATE_UNKNOWN)
		return hf_row_judge(plan, row, HF_STATE_UNKNOWN, NULL, "%s",
				    demand->control->gate_why);
	if (obs->absent_why)
		return hf_row_judge(plan, row, HF_STATE_NOT_APPLICABLE, NULL, "%s",
				    obs->absent_why);
	if (obs->file == HF_UNKNOWN) {
		r = hf_row_judge(plan, row, HF_STATE_UNKNOWN, NULL, "%s", obs->file_why);
		return r < 0 ? r : hf_row_found_at(plan, row, obs->path, obs->file_line);
	}
	if (ctx->engine && !hf_dkey_known_in(spec->key, ctx->engine)) {
		r = judge_unknown_key(ctx, demand, row, ret);
		if (r < 0 || *ret)
			return r;
	}
	if (ctx->argv_why && (spec->key->flag || strcmp(spec->key->name, "proxies") == 0))
		return hf_row_judge(plan, row, HF_STATE_UNKNOWN, NULL, "%s",
				    ctx->argv_why);
	why = hf_daemon_variable_why(plan, spec->key);
	if (why)
		return hf_row_judge(plan, row, HF_STATE_UNKNOWN, NULL, "%s", why);
	*ret = false;
	return 0;
}

static int judge_pass(hf_daemon_ctx *ctx, hf_resource *row, const hf_daemon_value *v,
		      const char *found)
{
	const char *place;

	if (v->variable)
		return hf_row_judge(ctx->plan, row, HF_STATE_PASS, found,
				    "by %s in the unit's environment", v->variable);
	if (v->source == HF_DAEMON_FROM_FLAG) {
		place = hf_daemon_flag_place(ctx->plan, v->flag);
		if (!place)
			return -ENOMEM;
		return hf_row_judge(ctx->plan, row, HF_STATE_PASS, found, "by %s", place);
	}
	if (v->source == HF_DAEMON_FROM_DEFAULT)
		return hf_row_judge(ctx->plan, row, HF_STATE_PASS, found,
				    "the engine's default");
	return hf_row_judge(ctx->plan, row, HF_STATE_PASS, found, NULL);
}

/* Met; and is what its flag said besides still what the file has of it? */
static int judge_met(hf_daemon_ctx *ctx, const hf_demand *demand, hf_resource *row,
		     const hf_daemon_value *v, const char *found)
{
	const hf_dflag *flag = NULL;
	const char *place;

	if (hf_control_is_enforced(demand->control) &&
	    hf_daemon_follow(ctx, demand->spec, row, &flag) < 0)
		return -ENOMEM;
	if (!flag)
		return judge_pass(ctx, row, v, found);
	place = hf_daemon_flag_place(ctx->plan, flag);
	if (!place)
		return -ENOMEM;
	return hf_row_judge(ctx->plan, row, HF_STATE_DRIFT, found,
			    "what else %s says has changed since it was taken out",
			    place);
}

static int judge_found_at(hf_daemon_ctx *ctx, hf_resource *row, const hf_daemon_value *v)
{
	if (v->variable)
		return 0;
	if (v->source == HF_DAEMON_FROM_FLAG && v->flag->arg->file)
		return hf_row_found_at(ctx->plan, row, v->flag->arg->file,
				       v->flag->arg->line);
	if (v->in_file)
		return hf_row_found_at(ctx->plan, row, ctx->obs->path, v->in_file->line);
	return 0;
}

/* How a demand stands: now, and with the flags that the plan takes out. */
typedef struct standing {
	hf_daemon_value now;
	int met;
	bool moves; /* the flag goes: .after is something else */
	hf_daemon_value after;
	int met_after;
} standing;

static int stand(hf_daemon_ctx *ctx, const hf_daemon_spec *spec, standing *ret)
{
	const hf_daemon_config now = { ctx->obs->root, &ctx->argv_now, ctx->engine };
	hf_arena *arena = &ctx->plan->arena;

	if (hf_daemon_value_for(ctx->plan, &ctx->before, spec, &ret->after) < 0)
		return -ENOMEM;
	ret->met_after = hf_daemon_is_met(spec, &ret->after, ctx->engine, arena);
	ret->moves = hf_daemon_moves(ctx, spec->key, spec->subkey);
	ret->now = ret->after;
	ret->met = ret->met_after;
	if (!ret->moves)
		return ret->met < 0 ? -ENOMEM : 0;
	if (hf_daemon_value_for(ctx->plan, &now, spec, &ret->now) < 0)
		return -ENOMEM;
	ret->met = hf_daemon_is_met(spec, &ret->now, ctx->engine, arena);
	return ret->met < 0 || ret->met_after < 0 ? -ENOMEM : 0;
}

static int enforce(hf_daemon_ctx *ctx, const hf_daemon_spec *spec, const standing *s,
		   const hf_resource *row)
{
	const hf_dflag *own = hf_dargv_get(&ctx->argv_base, spec->key, NULL);
	const hf_daemon_value *v = &s->after;

	if (!s->moves)
		return hf_daemon_follow(ctx, spec, row, &own) < 0
			       ? -ENOMEM
			       : want_demand(ctx, spec, v,
					     v->flag ? v->in_file : v->value, s->met,
					     row);
	if (hf_daemon_note_move(ctx, spec, row) < 0)
		return -ENOMEM;
	return s->met_after ? 0
			    : want_demand(ctx, spec, v, own ? own->value : v->value,
					  s->met_after, row);
}

/* A key that takes what dockerd keeps out of view: only where that was agreed to. */
static int judge_hiding(hf_daemon_ctx *ctx, const hf_demand *demand, hf_resource *row,
			const standing *s, const char *found, const char *place)
{
	const hf_daemon_spec *spec = demand->spec;
	const char *hidden;
	int r;

	row->hides = hf_daemon_hides(ctx->plan, spec->key);
	hidden = row->hides ? hf_daemon_hidden(ctx->plan, row->hides) : NULL;
	if (!hidden)
		return -ENOMEM;
	if (!ctx->plan->options.allow_disruptive)
		return hf_row_judge(ctx->plan, row, HF_STATE_FINDING, found,
				    "%s; changed only with --allow-disruptive", hidden);
	r = hf_row_judge(ctx->plan, row, HF_STATE_DRIFT, found, "%s%s%s%s",
			 place ? "by " : "", place ? place : "", place ? "; " : "",
			 hidden);
	if (r == 0 && hf_control_is_enforced(demand->control))
		r = enforce(ctx, spec, s, row);
	return r;
}

static int judge_drift(hf_daemon_ctx *ctx, const hf_demand *demand, hf_resource *row,
		       const standing *s, const char *found)
{
	const hf_daemon_spec *spec = demand->spec;
	const hf_daemon_value *v = &s->now;
	const char *place = v->flag ? hf_daemon_flag_place(ctx->plan, v->flag) : NULL;
	int r;

	if (v->flag && !place)
		return -ENOMEM;
	if (v->variable)
		return hf_row_judge(ctx->plan, row, HF_STATE_FINDING, found,
				    "by %s in the unit's environment, which goes before "
				    "file and flag; only reported",
				    v->variable);
	if (spec->op == HF_DAEMON_FORBID || spec->op == HF_DAEMON_REQUIRE)
		return hf_row_judge(ctx->plan, row, HF_STATE_FINDING, found,
				    v->streams
					    ? "%s listens there, for fd://; only reported"
				    : spec->op == HF_DAEMON_FORBID
					    ? "must not be in force; only reported"
					    : "is not set; which value is right is for a "
					      "person to decide",
				    v->streams);
	if (hf_daemon_hides_data(spec->key, spec->subkey))
		return judge_hiding(ctx, demand, row, s, found, place);
	if (v->conflict)
		r = hf_row_judge(ctx->plan, row, HF_STATE_DRIFT, found,
				 "given in the file and by %s: dockerd does not start",
				 place);
	else if (s->moves)
		r = hf_row_judge(ctx->plan, row, HF_STATE_DRIFT, found,
				 "by %s, which is taken out", place);
	else
		r = hf_row_judge(ctx->plan, row, HF_STATE_DRIFT, found,
				 v->flag ? "by %s" : NULL, place);
	if (r == 0 && hf_control_is_enforced(demand->control))
		r = enforce(ctx, spec, s, row);
	return r;
}

const char *hf_daemon_found(hf_daemon_ctx *ctx, const hf_json *value)
{
	if (ctx->found != value || !ctx->found_text) {
		ctx->found_text = hf_json_compact(value, &ctx->plan->arena);
		ctx->found = value;
	}
	return ctx->found_text;
}

static int judge(hf_daemon_ctx *ctx, const hf_demand *demand, const char *id)
{
	const hf_daemon_spec *spec = demand->spec;
	hf_plan *plan = ctx->plan;
	hf_resource *row = hf_plan_row(plan, HF_PERSISTED, id, spec->wanted, demand);
	const char *found = NULL;
	standing s;
	bool settled;
	int r;

	if (!row)
		return -ENOMEM;
	row->secret = hf_dkey_is_secret(spec->key, spec->subkey);
	r = judge_outside(ctx, demand, row, &settled);
	if (r == 0 && settled)
		r = hf_daemon_block_lost(ctx, demand, row);
	if (r < 0 || settled)
		return r;
	r = stand(ctx, spec, &s);
	if (r < 0)
		return r;
	found = s.now.value ? hf_daemon_found(ctx, s.now.value) : "not set";
	if (!found)
		return -ENOMEM;
	r = judge_found_at(ctx, row, &s.now);
	if (r < 0)
		return r;
	/* what meets it may go, as it is in ours and no longer in the unit */
	if (s.met && s.met_after &&
	    (!s.now.conflict || spec->op == HF_DAEMON_FORBID ||
	     spec->op == HF_DAEMON_REQUIRE))
		return judge_met(ctx, demand, row, &s.now, found);
	return judge_drift(ctx, demand, row, &s, found);
}

static int judge_all(hf_daemon_ctx *ctx)
{
	const hf_model *model = ctx->model;
	bool claims = false;
	int r;

	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_daemon_spec *spec = demand->spec;
		const char *id;

		if (!is_ours(demand))
			continue;
		id = hf_daemon_resource_id(ctx, spec->name);
		if (!id)
			return -ENOMEM;
		if (hf_control_is_claiming(demand->control)) {
			claims = true;
			r = hf_plan_claim(ctx->plan, id);
			if (r == 0)
				r = hf_daemon_claim_members(ctx, spec);
			if (r < 0)
				return r;
		}
		if (!hf_control_is_active(demand->control))
			continue;
		r = judge(ctx, demand, id);
		if (r < 0)
			return r;
	}
	r = claims ? hf_plan_claim(ctx->plan, ctx->file_id) : 0;
	return claims && r == 0 ? hf_plan_claim(ctx->plan, ctx->process_id) : r;
}

/* --- the edit -------------------------------------------------------------------------
 */

static int edit(hf_daemon_ctx *ctx, char **ret, size_t *ret_len, size_t *ret_n,
		hf_error **err)
{
	hf_arena *arena = &ctx->plan->arena;
	hf_json_patch *patches = hf_arena_array(arena, ctx->n_wants, sizeof(*patches));
	const hf_daemon_obs *obs = ctx->obs;
	hf_json *root = NULL;
	size_t n = 0;
	int r;

	if (!patches)
		return hf_error_oom(err);
	for (size_t i = 0; i < ctx->n_wants; i++) {
		const hf_daemon_want *w = ctx->wants[i];

		if (w->change->blocked)
			continue;
		patches[n++] = (hf_json_patch){ w->key->name, w->subkey, w->value };
	}
	*ret_n = n;
	ctx->after.root = obs->root;
	if (n == 0)
		return 0;
	r = hf_json_edit(obs->path, obs->file == HF_PRESENT ? obs->text : NULL, obs->len,
			 obs->root, patches, n, arena, ret, ret_len, err);
	if (r < 0)
		return r;
	r = hf_json_parse(obs->path, *ret, *ret_len, arena, &root, err);
	ctx->after.root = root;
	return r;
}

/* Block the changes that take part in what dockerd would refuse. */
static int block_refused(hf_daemon_ctx *ctx, bool *ret_any)
{
	const char *swarm = hf_facts_value(ctx->plan->facts, "swarm");
	hf_daemon_refusal *refusals;
	size_t n;
	int r = hf_daemon_refusals(&ctx->after,
				   ctx->plan->engine.swarm == HF_PRESENT ||
					   (swarm && strcmp(swarm, "true") == 0),
				   &ctx->plan->arena, &refusals, &n);

	*ret_any = false;
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool ours = false;

		for (size_t k = 0; k < ctx->n_wants; k++) {
			hf_daemon_want *w = ctx->wants[k];
			bool part = false;

			for (size_t m = 0; m < ARRAY_SIZE(refusals[i].keys); m++)
				part |= refusals[i].keys[m] &&
					strcmp(refusals[i].keys[m], w->key->name) == 0;
			if (!part || w->change->blocked)
				continue;
			ours = true;
			r = hf_change_block(ctx->plan, w->change,
					    "dockerd would not start: %s",
					    refusals[i].message);
			if (r < 0)
				return r;
		}
		*ret_any |= ours;
	}
	/* nothing of it is ours any more: the host's own trouble is named once */
	for (size_t i = 0; r == 0 && !*ret_any && i < n; i++)
		if (!refusals[i].perhaps)
			hf_diag_warning(ctx->plan->diags, (hf_mark){ 0 },
					"%s: dockerd does not start with this: %s",
					ctx->obs->path, refusals[i].message);
	return r;
}

/* What the record says of a file that had no key before ours: that it was not there, or
 * its text. */
#define MADE "made"

/* With its last key the file becomes what it was before the first. One that dockerd's
 * command line names has to be there. */
static void without_keys(hf_daemon_ctx *ctx, hf_group *group)
{
	const hf_record_entry *entry = hf_record_get(ctx->plan->record, ctx->file_id);
	bool made = entry && entry->after && strcmp(entry->after, MADE) == 0;

	if (ctx->after.root->n || !entry || !entry->after)
		return;
	if (!made) {
		group->after = entry->after;
		group->after_len = strlen(entry->after);
	} else if (!ctx->argv.config_file) {
		group->remove = true;
		group->after = "";
		group->after_len = 0;
		ctx->after.root = NULL;
	}
}

static int make_group(hf_daemon_ctx *ctx, const char *text, size_t len, hf_stage stage)
{
	const hf_daemon_obs *obs = ctx->obs;
	hf_plan *plan = ctx->plan;
	const char *dir;
	hf_group *group;

	if (obs->dir_missing) {
		dir = hf_path_dir(&plan->arena, obs->path);
		group = dir ? hf_plan_group(plan, HF_GROUP_MKDIR, HF_STAGE_CONFIG,
					    &hf_kind_daemon, dir)
			    : NULL;
		if (!group)
			return -ENOMEM;
		group->mode = 0755;
	}
	group = hf_plan_group(plan, HF_GROUP_FILE, stage, &hf_kind_daemon, obs->path);
	if (!group)
		return -ENOMEM;
	group->existed = obs->file == HF_PRESENT;
	group->before = group->existed ? obs->text : "";
	group->before_len = group->existed ? obs->len : 0;
	group->after = text;
	group->after_len = len;
	group->first = ctx->first;
	group->first_len = ctx->first_len;
	group->mode = hf_daemon_brings_secret(ctx) ? 0600 : 0644;
	without_keys(ctx, group);
	for (size_t i = 0; i < ctx->n_wants; i++)
		if (!ctx->wants[i]->change->blocked)
			hf_change_in(ctx->wants[i]->change, group);
	if (hf_record_get(plan->record, ctx->file_id) || (group->existed && obs->root->n))
		return 0;
	return hf_plan_note(plan, ctx->file_id, group->existed ? obs->text : MADE);
}

static int settle_edit(hf_daemon_ctx *ctx, hf_error **err)
{
	bool again = true;
	size_t len = 0, n = 0;
	char *text = NULL;
	hf_stage stage;
	int r;

	/* each turn blocks at least one change, or ends */
	while (again) {
		r = edit(ctx, &text, &len, &n, err);
		if (r < 0)
			return r;
		r = hf_daemon_order(ctx, &stage, &again, err);
		if (r < 0)
			return r;
		if (!again && block_refused(ctx, &again) < 0)
			return hf_error_oom(err);
	}
	for (size_t i = 0; i < ctx->n_wants; i++) {
		const hf_daemon_want *w = ctx->wants[i];

		w->change->whole |=
			w->change->blocked && hf_daemon_moves(ctx, w->key, w->subkey);
	}
	return n && make_group(ctx, text, len, stage) < 0 ? hf_error_oom(err) : 0;
}

/* --- */

/* The command line after the plan, and whether it is all there. */
static int read_argv(hf_daemon_ctx *ctx)
{
	const hf_unit_view *unit = ctx->unit;

	if (ctx->obs->unit_why)
		ctx->argv_why = ctx->obs->unit_why;
	else if (unit && unit->argv && !unit->argv_exact)
		ctx->argv_why = unit->argv_why
					? unit->argv_why
					: "dockerd's command line is not fully known";
	if (hf_dargv_parse(unit ? unit->argv : NULL, unit ? unit->n_argv : 0, ctx->engine,
			   &ctx->plan->arena, &ctx->argv) < 0)
		return -ENOMEM;
	ctx->argv_now = ctx->argv_base = ctx->argv;
	if (unit && unit->argv_now &&
	    hf_dargv_parse(unit->argv_now, unit->n_argv_now, ctx->engine,
			   &ctx->plan->arena, &ctx->argv_now) < 0)
		return -ENOMEM;
	return unit && unit->argv_base
		       ? hf_dargv_parse(unit->argv_base, unit->n_argv_base, ctx->engine,
					&ctx->plan->arena, &ctx->argv_base)
		       : 0;
}

int hf_daemon_plan(const hf_model *model, hf_plan *plan, hf_error **err)
{
	hf_daemon_ctx ctx = { .model = model,
			      .plan = plan,
			      .obs = plan->obs[HF_RANK_DAEMON],
			      .engine = hf_facts_value(plan->facts, "engine") };
	int r;

	ctx.file_id = hf_arena_printf(&plan->arena, "daemon:%s", ctx.obs->path);
	ctx.process_id =
		hf_arena_printf(&plan->arena, "daemon:%s@process", ctx.obs->path);
	if (!ctx.file_id || !ctx.process_id)
		return hf_error_oom(err);
	if (plan->engine.unit)
		ctx.unit = hf_map_get(&plan->units, plan->engine.unit);
	if (hf_daemon_check_active(model, plan->diags) < 0 || read_argv(&ctx) < 0)
		return hf_error_oom(err);
	ctx.before = (hf_daemon_config){ ctx.obs->root, &ctx.argv, ctx.engine };
	ctx.after = ctx.before;
	if (judge_all(&ctx) < 0 || hf_daemon_move_members(&ctx) < 0 ||
	    hf_daemon_release(&ctx) < 0 || finish_changes(&ctx) < 0)
		return hf_error_oom(err);
	if (ctx.obs->file != HF_UNKNOWN && !ctx.obs->absent_why) {
		r = settle_edit(&ctx, err);
		if (r < 0)
			return r;
	}
	if (ctx.obs->rootless)
		hf_diag_add(plan->diags, HF_DIAG_NOTE, (hf_mark){ 0 }, NULL, "%s",
			    ctx.obs->rootless);
	if (hf_daemon_tell_foreign(&ctx) < 0 || hf_daemon_fill_refs(&ctx) < 0 ||
	    hf_daemon_plan_live(&ctx) < 0)
		return hf_error_oom(err);
	return hf_daemon_put_trial(&ctx, err);
}

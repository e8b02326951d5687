/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings that move between dockerd's command line and daemon.json. The units kind takes
 * the flag out; the file gets what it said, as far as nothing else is demanded; and the
 * order of the two files is such that no start of dockerd meets both. Pure.
 */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_flags.h"
#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"

static bool is_proxies(const hf_dkey *key)
{
	return strcmp(key->name, "proxies") == 0;
}

/* "'--log-level' in /lib/systemd/system/docker.service:14" */
const char *hf_daemon_flag_place(hf_plan *plan, const hf_dflag *flag)
{
	const hf_arg *arg = flag->arg;
	const char *from = arg->variable ? hf_arena_printf(&plan->arena, " (from $%s)",
							   arg->variable)
					 : "";

	if (!from)
		return NULL;
	if (!arg->file)
		return hf_arena_printf(&plan->arena, "'%s'%s", flag->written, from);
	return hf_arena_printf(&plan->arena, "'%s' in %s:%u%s", flag->written, arg->file,
			       arg->line, from);
}

/* --- for the units kind ---------------------------------------------------------------
 */

/* Does the flag alone keep the demand from being met? *ret NULL: it does not. */
static int obstacle(const hf_daemon_spec *spec, const hf_daemon_config *config,
		    hf_arena *arena, const hf_dflag **ret)
{
	hf_daemon_value v;
	int r;

	*ret = NULL;
	if (spec->op == HF_DAEMON_FORBID || spec->op == HF_DAEMON_REQUIRE)
		return 0; /* only reported */
	if (config->engine && !hf_dkey_known_in(spec->key, config->engine))
		return 0;
	if (hf_daemon_in_force(config, spec->key, spec->subkey, arena, &v) < 0)
		return -ENOMEM;
	if (!v.flag || hf_daemon_may_repeat(spec->key))
		return 0;
	r = hf_daemon_is_met(spec, &v, config->engine, arena);
	if (r == 0)
		*ret = v.flag;
	return r < 0 ? r : 0;
}

static const char *long_name(hf_arena *arena, const hf_daemon_spec *spec)
{
	return hf_arena_printf(arena, "--%s",
			       is_proxies(spec->key) && spec->subkey ? spec->subkey
								     : spec->key->flag);
}

int hf_daemon_flags(const hf_model *model, hf_plan *plan, const hf_arg *argv, size_t n,
		    hf_daemon_flag **ret, size_t *ret_n)
{
	const char *engine = hf_facts_value(plan->facts, "engine");
	hf_daemon_config config = { .engine = engine };
	hf_daemon_flag *flags = NULL;
	size_t n_flags = 0;
	hf_dargv parsed;

	if (hf_dargv_parse(argv, n, engine, &plan->arena, &parsed) < 0)
		return -ENOMEM;
	config.argv = &parsed;
	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_daemon_spec *spec = demand->spec;
		const hf_dflag *flag;
		hf_daemon_flag *slot;

		if (demand->kind != &hf_kind_daemon ||
		    !hf_control_is_claiming(demand->control))
			continue;
		if (obstacle(spec, &config, &plan->arena, &flag) < 0)
			return -ENOMEM;
		if (!flag || (is_proxies(spec->key) && !spec->subkey))
			continue;
		slot = hf_vec_push(&plan->arena, flags, n_flags);
		if (!slot)
			return -ENOMEM;
		slot->demand = demand;
		slot->name = long_name(&plan->arena, spec);
		slot->movable = hf_control_is_enforced(demand->control) &&
				(plan->options.allow_disruptive ||
				 !hf_daemon_hides_data(spec->key, spec->subkey));
		if (!slot->name)
			return -ENOMEM;
	}
	*ret = flags;
	*ret_n = n_flags;
	return 0;
}

/* --- what else the flag said ----------------------------------------------------------
 */

bool hf_daemon_moves(const hf_daemon_ctx *ctx, const hf_dkey *key, const char *subkey)
{
	return !hf_daemon_may_repeat(key) && hf_dargv_get(&ctx->argv_now, key, subkey) &&
	       !hf_dargv_get(&ctx->argv, key, subkey);
}

/* The members of a map's flag are one for dockerd, and several for the baseline. */
static const hf_json *map_of(const hf_dargv *argv, const hf_daemon_spec *spec)
{
	const hf_dflag *flag =
		spec->subkey && !is_proxies(spec->key) && !hf_daemon_may_repeat(spec->key)
			? hf_dargv_get(argv, spec->key, NULL)
			: NULL;

	return flag && flag->value->type == HF_JSON_OBJECT ? flag->value : NULL;
}

static const char *member_name(hf_daemon_ctx *ctx, const hf_daemon_spec *spec,
			       const hf_json *member)
{
	return hf_arena_printf(&ctx->plan->arena, "%s.%s", spec->key->name, member->key);
}

int hf_daemon_claim_members(hf_daemon_ctx *ctx, const hf_daemon_spec *spec)
{
	const hf_json *map = map_of(&ctx->argv_base, spec);

	for (size_t i = 0; map && i < map->n; i++) {
		const char *name = member_name(ctx, spec, map->items[i]);
		const char *id = name ? hf_daemon_resource_id(ctx, name) : NULL;

		if (!id || hf_plan_claim(ctx->plan, id) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Does an enforced control say what it is to be? */
static bool is_demanded(const hf_daemon_ctx *ctx, const char *name)
{
	for (size_t i = 0; i < ctx->model->n_demands; i++) {
		const hf_demand *demand = ctx->model->demands[i];
		const hf_daemon_spec *spec = demand->spec;

		if (demand->kind == &hf_kind_daemon && spec->op != HF_DAEMON_FORBID &&
		    spec->op != HF_DAEMON_REQUIRE && strcmp(spec->name, name) == 0 &&
		    hf_control_is_enforced(demand->control))
			return true;
	}
	return false;
}

static int want_member(hf_daemon_ctx *ctx, const hf_daemon_move *move,
		       const hf_json *member, const char *name, const hf_daemon_value *v)
{
	hf_daemon_want *w = hf_daemon_want_get(ctx, move->spec->key, member->key, name);

	if (!w)
		return -ENOMEM;
	w->value = member;
	w->followed = move->followed;
	if (hf_daemon_want_change(ctx, w, v) < 0)
		return -ENOMEM;
	return hf_change_row(ctx->plan, w->change, move->row);
}

/* Does the unit's own flag say what the file has not, or has as we made it of an older
 * flag? What somebody else wrote into the file stays. 1, 0, -ENOMEM */
static int is_news(hf_daemon_ctx *ctx, const hf_json *member, const char *name,
		   const hf_daemon_value *v)
{
	const char *id = hf_daemon_resource_id(ctx, name);
	const hf_record_entry *e = id ? hf_record_get(ctx->plan->record, id) : NULL;
	const char *now, *text;

	if (!id)
		return -ENOMEM;
	if (!v->in_file || !e || !e->after)
		return !v->in_file;
	now = hf_json_compact(v->in_file, &ctx->plan->arena);
	text = hf_json_compact(member, &ctx->plan->arena);
	if (!now || !text)
		return -ENOMEM;
	return strcmp(now, e->after) == 0 && strcmp(text, now) != 0;
}

static int move_members(hf_daemon_ctx *ctx, const hf_daemon_move *move)
{
	const hf_daemon_spec *spec = move->spec;
	const hf_json *map = map_of(&ctx->argv_base, spec); /* ours may be older */

	for (size_t i = 0; map && i < map->n; i++) {
		const hf_json *member = map->items[i];
		const char *name = member_name(ctx, spec, member);
		hf_daemon_value v;
		int r;

		if (!name)
			return -ENOMEM;
		if (hf_map_get(&ctx->want_by_name, name) || is_demanded(ctx, name))
			continue;
		if (hf_daemon_in_force(&ctx->before, spec->key, member->key,
				       &ctx->plan->arena, &v) < 0)
			return -ENOMEM;
		r = is_news(ctx, member, name, &v);
		if (r > 0)
			r = want_member(ctx, move, member, name, &v);
		if (r < 0)
			return r;
	}
	return 0;
}

int hf_daemon_move_members(hf_daemon_ctx *ctx)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ctx->n_moves; i++)
		r = move_members(ctx, &ctx->moves[i]);
	return r;
}

static int add_move(hf_daemon_ctx *ctx, const hf_daemon_move *move)
{
	hf_daemon_move *slot = hf_vec_push(&ctx->plan->arena, ctx->moves, ctx->n_moves);

	if (!slot)
		return -ENOMEM;
	*slot = *move;
	return 0;
}

/* Elements of the flag's list that the file has not. */
static int follow_list(hf_daemon_ctx *ctx, const hf_daemon_spec *spec,
		       const hf_resource *row, const hf_dflag *flag, bool *ret)
{
	hf_arena *arena = &ctx->plan->arena;
	hf_json *known = hf_json_new(arena, HF_JSON_ARRAY, NULL),
		*more = hf_json_new(arena, HF_JSON_ARRAY, NULL);
	hf_map but = { 0 }, seen = { 0 };
	hf_daemon_want *w;
	hf_daemon_value v;

	if (!known || !more ||
	    hf_daemon_in_force(&ctx->before, spec->key, NULL, arena, &v) < 0 ||
	    hf_daemon_list_add(known, v.in_file, NULL, &but, arena) < 0 ||
	    hf_daemon_list_add(more, flag->value, &but, &seen, arena) < 0)
		return -ENOMEM;
	if (!more->n)
		return 0;
	*ret = true;
	w = hf_daemon_want_get(ctx, spec->key, NULL, spec->name);
	if (!w)
		return -ENOMEM;
	w->followed = true;
	if (hf_daemon_want_more(ctx, w, v.in_file, more) < 0 ||
	    hf_daemon_want_change(ctx, w, &v) < 0)
		return -ENOMEM;
	return hf_change_row(ctx->plan, w->change, row);
}

int hf_daemon_follow(hf_daemon_ctx *ctx, const hf_daemon_spec *spec,
		     const hf_resource *row, const hf_dflag **ret)
{
	const hf_daemon_move move = { spec, row, true };
	const hf_dflag *flag = hf_dargv_get(&ctx->argv_base, spec->key, NULL);
	const hf_json *map = map_of(&ctx->argv_base, spec);
	bool news = false;

	*ret = NULL;
	if (!flag || is_proxies(spec->key) || hf_daemon_may_repeat(spec->key) ||
	    hf_dargv_get(&ctx->argv_now, spec->key, NULL) ||
	    hf_dargv_get(&ctx->argv, spec->key, NULL))
		return 0;
	if (spec->op == HF_DAEMON_ADD && hf_dkey_is_list(spec->key) &&
	    follow_list(ctx, spec, row, flag, &news) < 0)
		return -ENOMEM;
	for (size_t i = 0; map && i < map->n && !news; i++) {
		const hf_json *member = map->items[i];
		const char *name = member_name(ctx, spec, member);
		hf_daemon_value v;
		int r;

		if (!name || hf_daemon_in_force(&ctx->before, spec->key, member->key,
						&ctx->plan->arena, &v) < 0)
			return -ENOMEM;
		if (is_demanded(ctx, name))
			continue;
		r = is_news(ctx, member, name, &v);
		if (r < 0)
			return r;
		news = r > 0;
	}
	if (!news)
		return 0;
	*ret = flag;
	return map ? add_move(ctx, &move) : 0;
}

int hf_daemon_note_move(hf_daemon_ctx *ctx, const hf_daemon_spec *spec,
			const hf_resource *row)
{
	const hf_daemon_move move = { spec, row, false };

	return map_of(&ctx->argv_base, spec) ? add_move(ctx, &move) : 0;
}

/* The flag would go, and the key cannot be set: --leave-unknown leaves out no halves. */
int hf_daemon_block_lost(hf_daemon_ctx *ctx, const hf_demand *demand,
			 const hf_resource *row)
{
	const hf_daemon_spec *spec = demand->spec;
	hf_change *change;

	if (row->state != HF_STATE_UNKNOWN || !hf_control_is_enforced(demand->control) ||
	    !hf_daemon_moves(ctx, spec->key, spec->subkey))
		return 0;
	change = hf_plan_change(ctx->plan, &hf_kind_daemon, HF_PERSISTED, row->id,
				HF_OP_UPDATE, NULL, NULL, HF_CAUSE_HOST);
	if (!change || hf_change_row(ctx->plan, change, row) < 0)
		return -ENOMEM;
	change->secret = row->secret;
	change->whole = true;
	return hf_change_block(ctx->plan, change,
			       "its flag would be taken out, and it could not be set in "
			       "%s",
			       ctx->obs->path);
}

/* A new file is for root alone then: what it comes from may have been. */
bool hf_daemon_brings_secret(const hf_daemon_ctx *ctx)
{
	for (size_t i = 0; i < ctx->n_wants; i++) {
		const hf_daemon_want *w = ctx->wants[i];

		if (w->change->secret && w->value && !w->change->blocked)
			return true;
	}
	return false;
}

/* --- in which order -------------------------------------------------------------------
 */

/* Is this member of a file on the command line, too? 1, 0, -ENOMEM */
static int clashes(const hf_daemon_ctx *ctx, const hf_json *root, const hf_json *member,
		   const hf_dargv *argv)
{
	const hf_daemon_config config = { root, argv, ctx->engine };
	const hf_dkey *key = hf_dkey_find(member->key);
	hf_daemon_value v;

	if (!key)
		return 0;
	if (!is_proxies(key))
		return hf_daemon_in_force(&config, key, NULL, &ctx->plan->arena, &v) < 0
			       ? -ENOMEM
			       : v.conflict;
	for (size_t i = 0; i < HF_DKEY_PROXIES_N; i++) {
		if (hf_daemon_in_force(&config, key, hf_dkey_proxies[i],
				       &ctx->plan->arena, &v) < 0)
			return -ENOMEM;
		if (v.conflict)
			return 1;
	}
	return 0;
}

int hf_daemon_clash(const hf_daemon_ctx *ctx, const hf_json *root, const hf_dargv *argv,
		    const hf_json **ret)
{
	const hf_json *old = ctx->obs->root;

	*ret = NULL;
	for (size_t i = 0; root && i < root->n && !*ret; i++) {
		const hf_json *member = root->items[i];
		const hf_json *was = old ? hf_json_get(old, member->key) : NULL;
		int r = clashes(ctx, root, member, argv);

		/* what stops dockerd already is none of our doing */
		if (r > 0 && was)
			r = !clashes(ctx, old, was, &ctx->argv_now);
		if (r < 0)
			return r;
		if (r)
			*ret = member;
	}
	return 0;
}

/* A key that stays for lack of knowledge, and the flag that the units get back. */
static int block_left(hf_daemon_ctx *ctx, const hf_json *member, bool *ret_again)
{
	hf_daemon_want *w = hf_map_get(&ctx->want_by_name, member->key);
	const char *id = hf_daemon_resource_id(ctx, member->key);
	const char *text = hf_json_compact(member, &ctx->plan->arena);
	hf_change *change = w ? w->change : NULL;

	*ret_again = change && !change->blocked;
	if (!id || !text)
		return -ENOMEM;
	if (!change)
		change = hf_plan_change(ctx->plan, &hf_kind_daemon, HF_PERSISTED, id,
					HF_OP_DELETE, text, NULL, HF_CAUSE_RELEASED);
	if (!change)
		return -ENOMEM;
	change->whole = true;
	return hf_change_block(
		ctx->plan, change,
		"its flag comes back to dockerd's command line, and a key given both "
		"ways stops dockerd; take '%s' out of %s",
		member->key, ctx->obs->path);
}

/* One key goes to the command line and another one comes from there: while the units
 * change, the file has neither of them. */
static int make_first(hf_daemon_ctx *ctx, hf_error **err)
{
	const hf_daemon_obs *obs = ctx->obs;
	hf_arena *arena = &ctx->plan->arena;
	hf_json_patch *patches = hf_arena_array(arena, obs->root->n, sizeof(*patches));
	size_t n = 0;

	if (!patches)
		return hf_error_oom(err);
	for (size_t i = 0; i < obs->root->n; i++) {
		const hf_json *member = obs->root->items[i];
		int leaves = clashes(ctx, obs->root, member, &ctx->argv),
		    clashed = clashes(ctx, obs->root, member, &ctx->argv_now);

		if (leaves < 0 || clashed < 0)
			return hf_error_oom(err);
		if (leaves && !clashed)
			patches[n++] = (hf_json_patch){ .key = member->key };
	}
	return hf_json_edit(obs->path, obs->text, obs->len, obs->root, patches, n, arena,
			    &ctx->first, &ctx->first_len, err);
}

int hf_daemon_order(hf_daemon_ctx *ctx, hf_stage *ret, bool *ret_again, hf_error **err)
{
	const hf_json *leaves, *arrives, *left;

	*ret_again = false;
	*ret = HF_STAGE_CONFIG;
	ctx->first = NULL;
	if (hf_daemon_clash(ctx, ctx->after.root, &ctx->argv, &left) < 0 ||
	    hf_daemon_clash(ctx, ctx->obs->root, &ctx->argv, &leaves) < 0 ||
	    hf_daemon_clash(ctx, ctx->after.root, &ctx->argv_now, &arrives) < 0 ||
	    (left && block_left(ctx, left, ret_again) < 0))
		return hf_error_oom(err);
	if (left || !leaves)
		return 0;
	if (arrives)
		return make_first(ctx, err);
	*ret = HF_STAGE_FIRST;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A reload or a restart puts all that is on disk in force: what others changed there
 * since dockerd was started is named, and what would hurt holds it. Pure. */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"

static void add_name(hf_strbuf *sb, const char *name)
{
	if (sb->len)
		hf_strbuf_adds(sb, ", ");
	hf_strbuf_adds(sb, name);
}

/* Is it demanded here, or changed by this plan: all of the key, or just this member?
 * @subkey: NULL: any part of it. */
static bool is_ours(const hf_daemon_live *l, const char *name, const char *subkey)
{
	const hf_model *model = l->ctx->model;

	for (size_t i = 0; i < l->ctx->n_wants; i++) {
		const hf_daemon_want *w = l->ctx->wants[i];

		if (strcmp(w->key->name, name) == 0 &&
		    (!subkey || !w->subkey || strcmp(w->subkey, subkey) == 0))
			return true;
	}
	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_daemon_spec *spec = model->demands[i]->spec;

		if (model->demands[i]->kind == &hf_kind_daemon &&
		    hf_control_is_claiming(model->demands[i]->control) &&
		    strcmp(spec->key->name, name) == 0 &&
		    (!subkey || !spec->subkey || strcmp(spec->subkey, subkey) == 0))
			return true;
	}
	return false;
}

/* Would the effect put it in force? A reload resets few of those that are not there. */
static bool is_taken(hf_action action, const char *name, bool gone)
{
	const hf_dkey *key = hf_dkey_find(name);

	if (action == HF_ACTION_RESTART)
		return true;
	return key && (key->force == HF_FORCE_RELOAD_RESET ||
		       (!gone && key->force == HF_FORCE_RELOAD));
}

static bool same(const hf_json *a, const hf_json *b)
{
	return a && b && hf_daemon_equal(a, b) > 0;
}

static const hf_json *members_of(const hf_json *value)
{
	return value && value->type == HF_JSON_OBJECT ? value : NULL;
}

/* Of a map that is ours in parts, the other parts. */
static void add_foreign_members(const hf_daemon_live *l, const char *name,
				const hf_json *was, const hf_json *now, hf_strbuf *sb)
{
	const hf_json *sides[] = { members_of(now), members_of(was) };

	for (size_t side = 0; side < ARRAY_SIZE(sides); side++) {
		const hf_json *map = sides[side], *other = sides[!side];

		for (size_t i = 0; map && i < map->n; i++) {
			const hf_json *member = map->items[i];
			const hf_json *twin =
				other ? hf_json_get(other, member->key) : NULL;

			if (same(member, twin) || (side && twin) ||
			    is_ours(l, name, member->key))
				continue;
			add_name(sb, name);
			hf_strbuf_addf(sb, ".%s", member->key);
		}
	}
}

/* Their names into @sb. @was: what dockerd has read; NULL: that is not known, and each
 * of them may be new. */
static void add_foreign(const hf_daemon_live *l, hf_action action, const hf_json *was,
			hf_strbuf *sb, bool *ret_plugins)
{
	const hf_json *now = l->ctx->obs->root;

	for (size_t i = 0; now && i < now->n; i++) {
		const char *name = now->items[i]->key;
		const hf_json *old = was ? hf_json_get(was, name) : NULL;

		if (same(old, now->items[i]) || !is_taken(action, name, false))
			continue;
		if (is_ours(l, name, NULL)) {
			add_foreign_members(l, name, old, now->items[i], sb);
			continue;
		}
		add_name(sb, name);
		*ret_plugins |= strcmp(name, "authorization-plugins") == 0;
	}
	for (size_t i = 0; was && i < was->n; i++) {
		const char *name = was->items[i]->key;

		if (hf_json_get(now, name) || !is_taken(action, name, true))
			continue;
		if (is_ours(l, name, NULL))
			add_foreign_members(l, name, was->items[i], NULL, sb);
		else
			add_name(sb, name);
	}
}

bool hf_daemon_has_plugin(const hf_daemon_obs *obs, const char *name)
{
	for (size_t i = 0; i < obs->n_plugins; i++)
		if (strcmp(obs->plugins[i], name) == 0)
			return true;
	return false;
}

/* A plugin of the configuration that is not there: dockerd would not start with it, or
 * refuse all that it is asked. */
static int missing_plugin(const hf_daemon_live *l, const char **ret,
			  const char **ret_place)
{
	const hf_dkey *key = hf_dkey_find("authorization-plugins");
	const hf_daemon_obs *obs = l->ctx->obs;
	hf_daemon_value v;
	const hf_json *list;

	*ret = NULL;
	if (hf_daemon_in_force(&l->ctx->after, key, NULL, &l->ctx->plan->arena, &v) < 0)
		return -ENOMEM;
	*ret_place = v.flag ? hf_daemon_flag_place(l->ctx->plan, v.flag)
			    : hf_arena_printf(&l->ctx->plan->arena, "%s of %s", key->name,
					      obs->path);
	if (!*ret_place)
		return -ENOMEM;
	list = v.value && v.value->type == HF_JSON_ARRAY ? v.value : NULL;
	for (size_t i = 0; list && i < list->n; i++) {
		const char *name = list->items[i]->text;

		if (name && !hf_daemon_has_plugin(obs, name)) {
			*ret = name;
			return 0;
		}
	}
	return 0;
}

static int tell_file(hf_daemon_live *l, hf_effect *effect, const hf_json *was,
		     bool *ret_plugins)
{
	cleanup_(hf_strbuf_done) hf_strbuf names = { 0 };
	hf_arena *arena = &l->ctx->plan->arena;

	add_foreign(l, effect->action, was, &names, ret_plugins);
	if (!names.len && hf_strbuf_ok(&names))
		return 0;
	effect->why = hf_arena_printf(
		arena, "%s, %s %s: %s", effect->why ? effect->why : "it takes",
		was ? "and what others changed in" : "and perhaps what others changed in",
		l->ctx->obs->path, hf_strbuf_str(&names));
	return effect->why && hf_strbuf_ok(&names) ? 0 : -ENOMEM;
}

/* --- the command line -----------------------------------------------------------------
 */

/* "'--tls' in FILE:LINE is new" */
static void add_flag(hf_strbuf *sb, const char *written, const hf_arg *at,
		     const char *what)
{
	if (sb->len)
		hf_strbuf_adds(sb, ", ");
	hf_strbuf_addf(sb, "'%s'", written);
	if (at && at->file)
		hf_strbuf_addf(sb, " in %s", at->file);
	if (at && at->file && at->line)
		hf_strbuf_addf(sb, ":%u", at->line);
	if (at && at->variable)
		hf_strbuf_addf(sb, " (from $%s)", at->variable);
	hf_strbuf_adds(sb, what);
}

static const char *how(bool was, bool next)
{
	return !was ? " is new" : !next ? " is gone" : " has another value";
}

static bool same_flag(const hf_dflag *a, const hf_dflag *b)
{
	return a && b ? same(a->value, b->value) : a == b;
}

/* Does the record know that we put it there, or took it away? */
static int is_recorded(const hf_daemon_ctx *ctx, const char *flag, const char *name,
		       bool *ret)
{
	hf_arena *arena = &ctx->plan->arena;
	char *by_unit = hf_arena_printf(arena, "units:%s#exec_start.--%s",
					ctx->plan->engine.unit, flag);
	const char *by_file = hf_daemon_resource_id(ctx, name);

	if (!by_unit || !by_file)
		return -ENOMEM;
	*ret = hf_record_get(ctx->plan->record, by_unit) ||
	       hf_record_get(ctx->plan->record, by_file);
	return 0;
}

/* @subkey: of proxies, each of which has a flag of its own; else NULL. What our drop-in
 * decides is not what others changed. */
static int add_key(const hf_daemon_live *l, const hf_dkey *key, const char *subkey,
		   hf_strbuf *sb, bool *ret_plugins)
{
	const hf_daemon_ctx *ctx = l->ctx;
	const hf_dflag *was = hf_dargv_get(&l->argv, key, subkey),
		       *next = hf_dargv_get(&ctx->argv, key, subkey),
		       *base = hf_dargv_get(&ctx->argv_base, key, subkey);
	const char *flag = subkey ? subkey : key->flag;
	bool recorded;

	if (same_flag(was, next) || !same_flag(next, base) ||
	    is_ours(l, key->name, subkey))
		return 0;
	if (is_recorded(ctx, flag, key->name, &recorded) < 0)
		return -ENOMEM;
	if (recorded)
		return 0;
	add_flag(sb, next ? next->written : was->written, next ? next->arg : NULL,
		 how(was, next));
	*ret_plugins |= strcmp(key->name, "authorization-plugins") == 0;
	return 0;
}

static const hf_dother *find_other(const hf_dargv *argv, const hf_dother *like)
{
	for (size_t i = 0; i < argv->n_others; i++) {
		const hf_dother *o = &argv->others[i];

		if (strcmp(o->written, like->written) == 0 &&
		    (o->value && like->value ? strcmp(o->value, like->value) == 0
					     : o->value == like->value))
			return o;
	}
	return NULL;
}

/* Those that stand for no key; each value by itself. */
static void add_others(const hf_daemon_ctx *ctx, const hf_dargv *from, const hf_dargv *to,
		       const char *what, hf_strbuf *sb)
{
	for (size_t i = 0; i < from->n_others; i++) {
		const hf_dother *o = &from->others[i];
		bool ours = !find_other(&ctx->argv, o) != !find_other(&ctx->argv_base, o);

		if (!find_other(to, o) && !ours)
			add_flag(sb, o->written, o->arg, what);
	}
}

static void add_program(const hf_daemon_ctx *ctx, hf_strbuf *sb)
{
	const hf_arg *next = ctx->unit && ctx->unit->n_argv ? &ctx->unit->argv[0] : NULL;
	const hf_arg *was = ctx->obs->n_live_argv ? &ctx->obs->live_argv[0] : NULL;

	/* "@" gives it a name that is no path; systemd.service(5) */
	if (next && was && *next->text == '/' && *was->text == '/' &&
	    strcmp(next->text, was->text) != 0)
		add_flag(sb, next->text, next, " is another program");
}

/* A restart runs what the unit says now. */
static int tell_argv(hf_daemon_live *l, hf_effect *effect, bool *ret_plugins)
{
	cleanup_(hf_strbuf_done) hf_strbuf names = { 0 };
	const hf_daemon_ctx *ctx = l->ctx;

	add_program(ctx, &names);
	for (size_t i = 0; i < hf_dkeys_n; i++)
		if (hf_dkeys[i].flag &&
		    add_key(l, &hf_dkeys[i], NULL, &names, ret_plugins) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < HF_DKEY_PROXIES_N; i++)
		if (add_key(l, hf_dkey_find("proxies"), hf_dkey_proxies[i], &names,
			    ret_plugins) < 0)
			return -ENOMEM;
	add_others(ctx, &ctx->argv, &l->argv, " is new", &names);
	add_others(ctx, &l->argv, &ctx->argv, " is gone", &names);
	if (!names.len && hf_strbuf_ok(&names))
		return 0;
	effect->why = hf_arena_printf(
		&ctx->plan->arena, "%s, and what others changed of its command line: %s",
		effect->why ? effect->why : "it takes", hf_strbuf_str(&names));
	return effect->why && hf_strbuf_ok(&names) ? 0 : -ENOMEM;
}

/* --- the environment ------------------------------------------------------------------
 */

/* Names only: a proxy's value may hold a password. That one is gone cannot be told from
 * that the manager does not add it any more. */
static int tell_env(hf_daemon_live *l, hf_effect *effect)
{
	cleanup_(hf_strbuf_done) hf_strbuf names = { 0 };
	const hf_daemon_ctx *ctx = l->ctx;

	for (size_t i = 0; i < ctx->unit->n_vars && ctx->unit->vars_exact; i++) {
		const hf_unit_var *var = &ctx->unit->vars[i];
		const hf_arg at = { .file = var->file, .line = var->line };
		const char *was = hf_daemon_variable(ctx->obs->live_env,
						     ctx->obs->n_live_env, var->name);

		if (var->value && (!was || strcmp(was, var->value) != 0))
			add_flag(&names, var->name, &at, how(was != NULL, true));
	}
	if (!names.len && hf_strbuf_ok(&names))
		return 0;
	effect->why = hf_arena_printf(
		&ctx->plan->arena, "%s, and what others changed of its environment: %s",
		effect->why ? effect->why : "it takes", hf_strbuf_str(&names));
	return effect->why && hf_strbuf_ok(&names) ? 0 : -ENOMEM;
}

/* --- what holds it --------------------------------------------------------------------
 */

static int hold_for_plugin(hf_daemon_live *l, hf_effect *effect)
{
	const char *missing, *place, *why;

	if (missing_plugin(l, &missing, &place) < 0)
		return -ENOMEM;
	if (!missing)
		return 0;
	why = hf_arena_printf(&l->ctx->plan->arena, "%s names '%s', which is not there",
			      place, missing);
	return why ? hf_effect_hold(l->ctx->plan, effect, why) : -ENOMEM;
}

/* Did we write it, which takes --allow-disruptive, and is it still so? */
static int is_agreed(const hf_daemon_ctx *ctx, const hf_dkey *key, bool *ret)
{
	const char *name = key->flags & HF_DKEY_HIDES_DATA
				   ? key->name
				   : "features.containerd-snapshotter";
	const char *id = hf_daemon_resource_id(ctx, name), *text = NULL;
	const hf_record_entry *e = id ? hf_record_get(ctx->plan->record, id) : NULL;
	const hf_json *value = hf_json_get(ctx->after.root, key->name);

	*ret = ctx->plan->options.allow_disruptive;
	if (value && name != key->name)
		value = hf_json_get(value, "containerd-snapshotter");
	if (value) {
		text = hf_json_compact(value, &ctx->plan->arena);
		if (!text)
			return -ENOMEM;
	}
	if (e && !hf_dargv_get(&ctx->argv, key, NULL))
		*ret |= text && e->after ? strcmp(text, e->after) == 0 : text == e->after;
	return id ? 0 : -ENOMEM;
}

/* What of it a change of this plan names is named there. */
static bool is_planned(const hf_daemon_ctx *ctx, const hf_dkey *key)
{
	for (size_t i = 0; i < ctx->n_wants; i++)
		if (ctx->wants[i]->key == key && !ctx->wants[i]->change->blocked)
			return true;
	return false;
}

/* A restart with another value hides data, whoever changed it. */
static int hold_for_data(hf_daemon_live *l, hf_effect *effect)
{
	const hf_daemon_ctx *ctx = l->ctx;
	bool known = l->started_known || hf_daemon_file_is_older(ctx->obs);
	const hf_dkey *keys[HF_DAEMON_HIDING_MAX];
	size_t n;
	int r = hf_daemon_hiding(ctx->plan, ctx->obs, &l->started, known, &ctx->after,
				 keys, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const hf_store *store = hf_daemon_hides(ctx->plan, keys[i]);
		const char *hidden = store ? hf_daemon_hidden(ctx->plan, store) : NULL,
			   *why;
		bool agreed;

		if (!hidden || is_agreed(ctx, keys[i], &agreed) < 0)
			return -ENOMEM;
		if (is_planned(ctx, keys[i]))
			continue;
		effect->hides = store;
		why = hf_arena_printf(&ctx->plan->arena, "with another %s %s%s",
				      keys[i]->name, hidden,
				      agreed ? "" : "; --allow-disruptive lets it");
		if (!why)
			return -ENOMEM;
		if (!agreed)
			r = hf_effect_hold(ctx->plan, effect, why);
		else
			effect->why = hf_arena_printf(&ctx->plan->arena, "%s; %s",
						      effect->why, why);
		if (!effect->why)
			return -ENOMEM;
	}
	return r;
}

/* --- all of it ------------------------------------------------------------------------
 */

/* What dockerd has read of the file; *ret NULL: that is not known. */
static int read_so_far(hf_daemon_live *l, const hf_json **ret)
{
	const hf_daemon_obs *obs = l->ctx->obs;

	*ret = NULL;
	if (!l->started_known)
		return 0;
	*ret = obs->reloaded_usec >= obs->changed_usec ? hf_daemon_reloaded(l)
						       : l->started.root;
	return *ret ? 0 : -ENOMEM;
}

static int tell(hf_daemon_live *l, hf_effect *effect)
{
	const hf_daemon_ctx *ctx = l->ctx;
	const hf_json *was;
	bool plugins = false;
	int r = 0;

	if (ctx->obs->started_usec && !hf_daemon_file_is_older(ctx->obs)) {
		r = read_so_far(l, &was);
		if (r == 0)
			r = tell_file(l, effect, was, &plugins);
	}
	if (r < 0 || effect->action != HF_ACTION_RESTART)
		return r < 0 || !plugins ? r : hold_for_plugin(l, effect);
	if (ctx->obs->live_argv && ctx->unit && !ctx->argv_why) {
		r = tell_argv(l, effect, &plugins);
		if (r == 0 && ctx->obs->live_env)
			r = tell_env(l, effect);
		if (r == 0)
			r = hold_for_data(l, effect);
	}
	return r < 0 || !plugins ? r : hold_for_plugin(l, effect);
}

int hf_daemon_tell_edits(hf_daemon_live *l)
{
	hf_plan *plan = l->ctx->plan;

	for (size_t i = 0; plan->engine.unit && i < plan->n_effects; i++) {
		hf_effect *effect = plan->effects[i];

		if ((effect->action == HF_ACTION_RELOAD ||
		     effect->action == HF_ACTION_RESTART) &&
		    strcmp(effect->unit, plan->engine.unit) == 0 && tell(l, effect) < 0)
			return -ENOMEM;
	}
	return plan->engine.first ? tell(l, plan->engine.first) : 0;
}

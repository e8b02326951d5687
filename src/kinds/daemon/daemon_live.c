/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running dockerd: is what the disk says in force in it, and what would put it in
 * force. Proof, best first: what the API shows; a process started after the last change
 * of the file; a reload that dockerd reported after it; the note, made before our first
 * change under this process, of the file that it was started with. Else: pending.
 */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"

typedef hf_daemon_live live;

static void add_name(hf_strbuf *sb, const char *name)
{
	if (sb->len)
		hf_strbuf_adds(sb, ", ");
	hf_strbuf_adds(sb, name);
}

bool hf_daemon_reload_refused(const hf_daemon_live *l, const hf_json *root)
{
	if (l->ctx->plan->engine.cannot_reload)
		return true;
	for (size_t i = 0; root && i < root->n; i++) {
		const hf_dkey *key = hf_dkey_find(root->items[i]->key);

		if (key && strcmp(key->name, "runtimes") != 0 &&
		    hf_dargv_get(&l->argv, key, NULL))
			return true;
	}
	return false;
}

static void need(live *l, const hf_dkey *key, const char *name, bool is_set)
{
	bool reload = key->force == HF_FORCE_RELOAD_RESET ||
		      (key->force == HF_FORCE_RELOAD && is_set);

	if (reload && !hf_daemon_reload_refused(l, l->ctx->after.root)) {
		l->reload = true;
		add_name(&l->reload_keys, name);
		return;
	}
	l->restart = true;
	l->bridge |= key->force == HF_FORCE_RESTART_EMPTY;
	add_name(&l->restart_keys, name);
}

/* What is only reported is waited for, and restarts nothing. */
static void need_for(live *l, const hf_daemon_spec *spec, const hf_daemon_value *v)
{
	if (spec->op == HF_DAEMON_FORBID || spec->op == HF_DAEMON_REQUIRE)
		return;
	l->pending = true;
	need(l, spec->key, spec->name, v->in_file);
}

/* Did dockerd read the file after its last change, as far as this key goes? */
static bool is_read(const live *l, const hf_daemon_spec *spec, const hf_daemon_value *v)
{
	const hf_daemon_obs *obs = l->ctx->obs;

	if (obs->started_usec && obs->started_usec + HF_TICK_USEC >= obs->changed_usec)
		return true;
	if (!obs->reloaded_usec || obs->reloaded_usec < obs->changed_usec)
		return false;
	return spec->key->force == HF_FORCE_RELOAD_RESET ||
	       (spec->key->force == HF_FORCE_RELOAD && v->in_file);
}

static int judge_unread(live *l, const hf_daemon_spec *spec, hf_resource *row,
			const hf_daemon_value *v)
{
	const hf_daemon_obs *obs = l->ctx->obs;

	if (!obs->started_usec)
		return hf_row_judge(l->ctx->plan, row, HF_STATE_UNKNOWN, NULL,
				    "it could not be told when dockerd was started");
	need_for(l, spec, v);
	return hf_row_judge(l->ctx->plan, row, HF_STATE_PENDING_RESTART, NULL,
			    "%s changed after dockerd was started%s%s", obs->path,
			    obs->api_why ? ", and its API does not answer: " : "",
			    obs->api_why ? obs->api_why : "");
}

static int judge_value(live *l, const hf_daemon_spec *spec, hf_resource *row,
		       const hf_daemon_value *v, bool by_api)
{
	hf_plan *plan = l->ctx->plan;
	int met = hf_daemon_is_met(spec, v, l->ctx->engine, &plan->arena);
	const char *found = v->value ? hf_daemon_found(l->ctx, v->value) : "not set";

	if (met < 0 || !found)
		return -ENOMEM;
	if (met)
		return hf_row_judge(plan, row, HF_STATE_PASS, found, NULL);
	need_for(l, spec, v);
	return hf_row_judge(
		plan, row, HF_STATE_PENDING_RESTART, found,
		by_api ? "the running dockerd shows another value"
		       : "the running dockerd was started with another value");
}

static int judge(live *l, const hf_demand *demand, const hf_resource *persisted)
{
	const hf_daemon_spec *spec = demand->spec;
	hf_plan *plan = l->ctx->plan;
	const hf_json *shown = hf_map_get(&l->ctx->obs->shown, spec->key->name);
	hf_daemon_value v, was;
	hf_resource *row;

	row = hf_plan_row(plan, HF_LIVE, persisted->id, spec->wanted, demand);
	if (!row)
		return -ENOMEM;
	row->secret = persisted->secret;
	if (l->ctx->obs->running == HF_UNKNOWN)
		return hf_row_judge(
			plan, row, HF_STATE_UNKNOWN, NULL, "%s",
			l->ctx->obs->running_why
				? l->ctx->obs->running_why
				: "it could not be told whether dockerd runs");
	if (hf_daemon_value_for(plan, &l->config, spec, &v) < 0)
		return -ENOMEM;
	if (shown && spec->subkey)
		shown = shown->type == HF_JSON_OBJECT ? hf_json_get(shown, spec->subkey)
						      : NULL;
	if (shown) {
		v.value = shown;
		v.source = HF_DAEMON_FROM_FILE;
		return judge_value(l, spec, row, &v, true);
	}
	if (!l->ctx->obs->live_argv)
		return hf_row_judge(
			plan, row, HF_STATE_UNKNOWN, NULL,
			"the command line of the running dockerd cannot be read");
	if (is_read(l, spec, &v))
		return judge_value(l, spec, row, &v, false);
	if (!l->started_known)
		return judge_unread(l, spec, row, &v);
	if (hf_daemon_value_for(plan, &l->started, spec, &was) < 0)
		return -ENOMEM;
	was.in_file = v.in_file; /* what a reload or restart would find */
	return judge_value(l, spec, row, &was, false);
}

/* Only what is right on disk can be pending; the rest is drift, or left alone. */
static int judge_all(live *l)
{
	const hf_model *model = l->ctx->model;

	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_daemon_spec *spec = demand->spec;
		const hf_resource *row;
		const char *id;
		int r;

		if (demand->kind != &hf_kind_daemon ||
		    !hf_control_is_active(demand->control))
			continue;
		id = hf_daemon_resource_id(l->ctx, spec->name);
		row = id ? hf_plan_row(l->ctx->plan, HF_PERSISTED, id, spec->wanted,
				       demand)
			 : NULL;
		if (!row)
			return -ENOMEM;
		if (row->state != HF_STATE_PASS)
			continue;
		r = judge(l, demand, row);
		if (r < 0)
			return r;
	}
	return 0;
}

static int ask_effect(live *l, hf_action action, const hf_strbuf *names)
{
	hf_plan *plan = l->ctx->plan;
	hf_effect *effect;
	const char *why;

	why = hf_arena_printf(&plan->arena, "%s puts %s in force",
			      action == HF_ACTION_RELOAD ? "a reload" : "a restart",
			      hf_strbuf_str(names));
	if (!why || !hf_strbuf_ok(names))
		return -ENOMEM;
	effect = hf_plan_effect(plan, action, plan->engine.unit, why);
	if (!effect)
		return -ENOMEM;
	if (l->pending && !effect->pending) {
		effect->pending = true;
		effect->pending_since_usec = l->ctx->obs->changed_usec;
	}
	return 0;
}

static int ask_effects(live *l)
{
	hf_plan *plan = l->ctx->plan;
	int r = 0;

	if (!plan->engine.unit) {
		if (l->restart || l->reload)
			hf_diag_warning(plan->diags, (hf_mark){ 0 },
					"dockerd does not run as a unit: restart it "
					"yourself to put %s in force",
					l->ctx->obs->path);
		return 0;
	}
	if (l->restart)
		r = ask_effect(l, HF_ACTION_RESTART, &l->restart_keys);
	if (r == 0 && l->reload)
		r = ask_effect(l, HF_ACTION_RELOAD, &l->reload_keys);
	return r;
}

/* A restart goes on to what requires the unit; systemd.unit(5), Requires=. */
static int tell_dependants(live *l)
{
	hf_plan *plan = l->ctx->plan;
	cleanup_(hf_strbuf_done) hf_strbuf names = { 0 };

	for (size_t i = 0; i < plan->engine.n_dependants; i++)
		add_name(&names, plan->engine.dependants[i]);
	for (size_t i = 0; names.len && i < plan->n_effects; i++) {
		hf_effect *effect = plan->effects[i];

		if (effect->action != HF_ACTION_RESTART || !plan->engine.unit ||
		    strcmp(effect->unit, plan->engine.unit) != 0)
			continue;
		effect->why = hf_arena_printf(
			&plan->arena, "%s, and restarts what depends on it: %s",
			effect->why ? effect->why : "it changes", hf_strbuf_str(&names));
		if (!effect->why)
			return -ENOMEM;
	}
	return hf_strbuf_ok(&names) ? 0 : -ENOMEM;
}

int hf_daemon_socket(const hf_daemon_config *config, hf_plan *plan, const char **ret)
{
	const hf_unit_view *unit = hf_map_get(&plan->units, "docker.socket");
	const char *fallback = "/run/docker.sock";
	hf_daemon_value v;

	*ret = NULL;
	if (hf_daemon_in_force(config, hf_dkey_find("hosts"), NULL, &plan->arena, &v) < 0)
		return -ENOMEM;
	for (size_t i = 0; v.value && i < v.value->n && !*ret; i++) {
		const char *text = v.value->items[i]->text;

		if (!text)
			continue;
		if (strncmp(text, "unix://", 7) == 0)
			*ret = text[7] ? text + 7 : fallback;
		else if (strncmp(text, "fd://", 5) == 0)
			*ret = unit && unit->n_listen_streams ? unit->listen_streams[0]
							      : fallback;
	}
	return 0;
}

/* What the engine looks at once dockerd was restarted. */
static int socket_after(hf_daemon_ctx *ctx)
{
	if (ctx->argv_why || ctx->obs->file == HF_UNKNOWN)
		return 0;
	return hf_daemon_socket(&ctx->after, ctx->plan, &ctx->plan->engine.socket);
}

static int live_restore_in(const hf_daemon_ctx *ctx, const hf_daemon_config *config,
			   bool *ret)
{
	hf_daemon_value v;

	if (hf_daemon_in_force(config, hf_dkey_find("live-restore"), NULL,
			       &ctx->plan->arena, &v) < 0)
		return -ENOMEM;
	*ret = v.value && v.value->type == HF_JSON_BOOL && v.value->boolean;
	return 0;
}

/* What a start of dockerd finds after the plan, and by what is on disk now. */
static int find_live_restore(hf_daemon_ctx *ctx)
{
	const hf_daemon_config now = { ctx->obs->root, &ctx->argv_now, ctx->engine };
	hf_engine_view *engine = &ctx->plan->engine;

	if (live_restore_in(ctx, &ctx->after, &engine->live_restore_after) < 0)
		return -ENOMEM;
	return live_restore_in(ctx, &now, &engine->live_restore_now);
}

/* "BOOT:PID:START {...}"; why it cannot be read is not reported */
int hf_daemon_noted(hf_plan *plan, const hf_daemon_obs *obs, const hf_json **ret)
{
	const char *id = hf_arena_printf(&plan->arena, "daemon:%s@process", obs->path);
	const char *text = id ? hf_plan_noted(plan, id) : NULL;
	size_t len = obs->process ? strlen(obs->process) : 0;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_json *root = NULL;
	int r;

	*ret = NULL;
	if (!id)
		return -ENOMEM;
	if (!text || !len || strncmp(text, obs->process, len) != 0 || text[len] != ' ')
		return 0;
	text += len + 1;
	r = hf_json_parse("record", text, strlen(text), &plan->arena, &root, &err);
	if (r == -ENOMEM)
		return r;
	*ret = r == 0 ? root : NULL;
	return 0;
}

static int read_note(live *l)
{
	const hf_json *root;
	int r = hf_daemon_noted(l->ctx->plan, l->ctx->obs, &root);

	l->started = l->config;
	if (root) {
		l->started.root = root;
		l->started_known = true;
	}
	return r;
}

static int put_member(hf_arena *arena, hf_json *to, const hf_json *member)
{
	hf_json *copy = hf_arena_new(arena, hf_json);

	if (!copy)
		return -ENOMEM;
	*copy = *member;
	return hf_json_add(arena, to, NULL, copy);
}

/* What is in force after a reload: the file's reloadable keys over what was before. */
hf_json *hf_daemon_reloaded(const hf_daemon_live *l)
{
	const hf_json *was = l->started.root, *now = l->ctx->obs->root;
	hf_arena *arena = &l->ctx->plan->arena;
	hf_json *made = hf_json_new(arena, HF_JSON_OBJECT, NULL);

	for (size_t i = 0; made && i < was->n; i++) {
		const hf_dkey *key = hf_dkey_find(was->items[i]->key);
		const hf_json *member = was->items[i];

		if (key && hf_dkey_is_reloadable(key)) {
			const hf_json *newer = hf_json_get(now, key->name);

			if (newer)
				member = newer;
			else if (key->force == HF_FORCE_RELOAD_RESET)
				continue;
		}
		if (put_member(arena, made, member) < 0)
			return NULL;
	}
	for (size_t i = 0; made && now && i < now->n; i++) {
		const hf_dkey *key = hf_dkey_find(now->items[i]->key);

		if (key && hf_dkey_is_reloadable(key) && !hf_json_get(was, key->name) &&
		    put_member(arena, made, now->items[i]) < 0)
			return NULL;
	}
	return made;
}

/* Before a change: what the process has read of the file, while that can be told. */
static int write_note(live *l)
{
	const hf_daemon_ctx *ctx = l->ctx;
	const hf_daemon_obs *obs = ctx->obs;
	hf_arena *arena = &ctx->plan->arena;
	const char *json, *text;
	const hf_json *root = NULL;
	bool changes = false, known = false;

	for (size_t i = 0; i < ctx->n_wants; i++)
		changes |= !ctx->wants[i]->change->blocked;
	if (!changes || !obs->process || !obs->started_usec)
		return 0;
	if (obs->started_usec + HF_TICK_USEC >= obs->changed_usec) {
		root = obs->root;
		known = true;
	} else if (l->started_known && obs->reloaded_usec >= obs->changed_usec) {
		root = hf_daemon_reloaded(l);
		if (!root)
			return -ENOMEM;
		known = true;
	}
	if (!known) /* a note that there is stays */
		return 0;
	json = root ? hf_json_compact(root, arena) : "{}";
	text = json ? hf_arena_printf(arena, "%s %s", obs->process, json) : NULL;
	return text ? hf_plan_note(ctx->plan, ctx->process_id, text) : -ENOMEM;
}

/* Was dockerd started with what the change leaves? What was never in force needs nothing
 * to go. Of a reloadable key a reload may have changed that. 1, 0 or -ENOMEM */
static int is_started_with(const live *l, const hf_daemon_want *w)
{
	hf_arena *arena = &l->ctx->plan->arena;
	hf_daemon_value was, next;

	if (!l->started_known || hf_dkey_is_reloadable(w->key))
		return 0;
	if (hf_daemon_in_force(&l->started, w->key, w->subkey, arena, &was) < 0 ||
	    hf_daemon_in_force(&l->ctx->after, w->key, w->subkey, arena, &next) < 0)
		return -ENOMEM;
	if (!was.value || !next.value)
		return was.value == next.value;
	return hf_daemon_equal(was.value, next.value);
}

/* What puts the plan's own changes in force. */
static int need_for_changes(live *l)
{
	const hf_daemon_ctx *ctx = l->ctx;

	for (size_t i = 0; i < ctx->n_wants; i++) {
		const hf_daemon_want *w = ctx->wants[i];
		int r = w->change->blocked ? 1 : is_started_with(l, w);

		if (r < 0)
			return r;
		if (!r)
			need(l, w->key, w->name, w->value);
	}
	return 0;
}

int hf_daemon_plan_live(hf_daemon_ctx *ctx)
{
	live l = { .ctx = ctx };
	int r = 0;

	ctx->plan->engine.restart_helps = true;
	if (find_live_restore(ctx) < 0 || socket_after(ctx) < 0)
		return -ENOMEM;
	if (ctx->obs->running == HF_ABSENT || ctx->obs->file == HF_UNKNOWN)
		return 0;
	if (ctx->obs->running == HF_UNKNOWN)
		return judge_all(&l);
	if (hf_dargv_parse(ctx->obs->live_argv, ctx->obs->n_live_argv, ctx->engine,
			   &ctx->plan->arena, &l.argv) < 0)
		return -ENOMEM;
	l.config = ctx->before;
	l.config.argv = &l.argv;
	r = read_note(&l);
	if (r == 0)
		r = judge_all(&l);
	if (r == 0)
		r = write_note(&l);
	if (r == 0)
		r = need_for_changes(&l);
	if (r == 0)
		r = ask_effects(&l);
	if (r == 0)
		r = tell_dependants(&l);
	if (r == 0)
		r = hf_daemon_offer_first(&l);
	if (r == 0)
		r = hf_daemon_tell_edits(&l);
	/* with running containers dockerd leaves the default bridge as it is */
	ctx->plan->engine.restart_helps =
		!l.bridge || ctx->plan->engine.n_containers == 0;
	hf_strbuf_done(&l.restart_keys);
	hf_strbuf_done(&l.reload_keys);
	return r;
}

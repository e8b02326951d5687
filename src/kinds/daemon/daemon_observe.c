/* SPDX-License-Identifier: Apache-2.0 */
/* Reads daemon.json once, and looks for a running dockerd. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "host/bus.h"
#include "host/docker.h"
#include "host/fs.h"
#include "host/process.h"
#include "host/rootless.h"
#include "kinds/daemon/daemon_api.h"
#include "kinds/daemon/daemon_kind.h"

typedef struct observer {
	hf_host *host;
	const hf_model *model;
	hf_plan *plan;
	hf_daemon_obs *obs;
	const hf_unit_view *unit;
	hf_dargv argv;
	const char *engine;
	uint64_t file_usec;
} observer;

/* --- the file -------------------------------------------------------------------------
 */

static int unusable(observer *o, const char *why, unsigned line)
{
	o->obs->file = HF_UNKNOWN;
	o->obs->file_line = line;
	o->obs->file_why = hf_arena_strdup(&o->plan->arena, why);
	return o->obs->file_why ? 0 : -ENOMEM;
}

/* "PATH:LINE:COLUMN: message" */
static int unusable_at(observer *o, const hf_error *e)
{
	const char *text = hf_arena_printf(
		&o->plan->arena, "%s:%u:%u: %s%s%s", o->obs->path, e->line, e->column,
		hf_error_text(e), e->hint ? "; " : "", e->hint ? e->hint : "");

	return text ? unusable(o, text, e->line) : -ENOMEM;
}

/* dockerd stops on a key of the wrong type, known to this release or not. */
static int check_types(observer *o)
{
	const hf_json *root = o->obs->root;

	for (size_t i = 0; i < root->n; i++) {
		const hf_json *v = root->items[i];
		const hf_dkey *key = hf_dkey_find(v->key);
		const char *wanted = key ? hf_dkey_accepts(key, NULL, v) : NULL;
		/* of a list or an object it may be an element that is wrong */
		bool deep = v->type == HF_JSON_ARRAY || v->type == HF_JSON_OBJECT;
		const char *text;

		if (!wanted)
			continue;
		text = hf_arena_printf(
			&o->plan->arena, "%s:%u:%u: '%s' must be %s%s%s", o->obs->path,
			v->line, hf_json_column(o->obs->text, v->start), v->key, wanted,
			deep ? "" : ", not ", deep ? "" : hf_json_type_name(v->type));
		if (!text)
			return -ENOMEM;
		o->obs->root = NULL;
		return unusable(o, text, v->line);
	}
	return 0;
}

/* Not there (and no link to nowhere: that is -ENOLINK): is its directory? */
static int absent(observer *o)
{
	const char *dir = hf_path_dir(&o->plan->arena, o->obs->path);
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_inode inode;
	int r;

	if (!dir)
		return -ENOMEM;
	r = hf_fs_inode(o->host, dir, 0, &inode, &e);
	if (r < 0 && r != -ENOENT)
		return unusable(o, hf_error_text(e), 0);
	o->obs->dir_missing = r == -ENOENT;
	o->obs->file = HF_ABSENT;
	return 0;
}

static int read_file(observer *o)
{
	hf_arena *arena = &o->plan->arena;
	cleanup_(hf_error_freep) hf_error *e = NULL, *bad = NULL;
	hf_json *root;
	hf_inode inode;
	char *text;
	size_t len;
	int r;

	if (hf_path_check(o->obs->path)) {
		const char *why =
			hf_arena_printf(arena, "--config-file '%s' %s", o->obs->path,
					hf_path_check(o->obs->path));

		return why ? unusable(o, why, 0) : -ENOMEM;
	}
	r = hf_fs_read(o->host, o->obs->path, 0, arena, &text, &len, &inode, &e);
	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT)
		return absent(o);
	if (r < 0)
		return unusable(o, hf_error_text(e), 0);
	o->file_usec = inode.mtime_nsec > 0 ? (uint64_t)inode.mtime_nsec / 1000 : 0;
	o->obs->text = text;
	o->obs->len = len;
	r = hf_json_parse(o->obs->path, text, len, arena, &root, &bad);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return unusable_at(o, bad);
	o->obs->file = HF_PRESENT;
	o->obs->root = root;
	return check_types(o);
}

/* --- the unit -------------------------------------------------------------------------
 */

/* The file that it reads there is another one. */
static int look_for_mount(observer *o)
{
	const hf_unit_mount *over = hf_unit_mount_over(o->unit, o->obs->path);

	if (!over)
		return 0;
	o->obs->unit_why = hf_arena_printf(
		&o->plan->arena,
		over->path ? "%s= at %s:%u gives it another %s, which is not looked at"
			   : "%s= at %s:%u is known only to the running manager",
		over->key, over->file, over->line, over->path);
	return o->obs->unit_why ? 0 : -ENOMEM;
}

/* Which file dockerd reads, and whether there is a dockerd to manage at all. */
static int find_unit(observer *o)
{
	const hf_unit_view *docker = hf_map_get(&o->plan->units, "docker.service");
	const char *name = o->plan->engine.unit;

	o->unit = name ? hf_map_get(&o->plan->units, name) : NULL;
	o->obs->path = HF_DAEMON_JSON;
	if (!o->unit && docker && docker->load == HF_UNIT_BAD)
		o->obs->unit_why =
			docker->why ? docker->why : "docker.service cannot be read";
	else if (!o->unit && docker && docker->load == HF_UNIT_LOADED && !docker->argv)
		o->obs->unit_why = docker->argv_why;
	if (!o->unit && !o->obs->unit_why)
		o->obs->unit_why = o->plan->engine.unit_why;
	if (!o->unit)
		return hf_dargv_parse(NULL, 0, o->engine, &o->plan->arena, &o->argv);
	if (hf_dargv_parse(o->unit->argv, o->unit->n_argv, o->engine, &o->plan->arena,
			   &o->argv) < 0)
		return -ENOMEM;
	if (o->argv.config_file && *o->argv.config_file)
		o->obs->path = o->argv.config_file;
	return look_for_mount(o);
}

/* --- the process ----------------------------------------------------------------------
 */

static int set_argv(observer *o, const char *const *words, size_t n)
{
	hf_arg *argv = hf_arena_array(&o->plan->arena, n, sizeof(*argv));

	if (!argv)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		argv[i].text = words[i];
	o->obs->live_argv = argv;
	o->obs->n_live_argv = n;
	return 0;
}

/* Its command line, when it was started, and a name for it that no later process will
 * have. What is hidden from us stays empty, which is told. */
static int set_process(observer *o, uint32_t pid, const hf_process *p)
{
	const char *boot = hf_facts_value(o->plan->facts, "boot_id");

	o->obs->running = HF_PRESENT;
	o->obs->started_usec = p->started_usec;
	if (p->argv && set_argv(o, p->argv, p->n_argv) < 0)
		return -ENOMEM;
	if (!boot || !p->start_ticks)
		return 0;
	o->obs->process = hf_arena_printf(&o->plan->arena, "%s:%u:%llu", boot, pid,
					  (unsigned long long)p->start_ticks);
	return o->obs->process ? 0 : -ENOMEM;
}

static int search_process(hf_host *host, hf_plan *plan, hf_daemon_obs *obs)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	int r = hf_docker_process(host, &obs->found_pid, &obs->rootless_pid, &e);

	obs->searched = true;
	if (r == 0 || r == -ENOMEM)
		return r;
	obs->search_why = hf_arena_strdup(&plan->arena, hf_error_text(e));
	return obs->search_why ? 0 : -ENOMEM;
}

static int find_process(observer *o)
{
	const hf_unit_view *unit = o->unit;
	hf_process p = { 0 };
	uint32_t pid;
	int r;

	if (o->host->offline || o->host->docker.known != HF_PRESENT) {
		o->obs->running = o->host->offline ? HF_ABSENT : o->host->docker.known;
		o->obs->running_why = o->host->docker.why;
		return 0;
	}
	if (unit && unit->live && unit->main_pid) {
		p = (hf_process){ .argv = unit->live_argv,
				  .n_argv = unit->n_live_argv,
				  .start_ticks = unit->main_start_ticks,
				  .started_usec = unit->main_started_usec };
		return set_process(o, unit->main_pid, &p);
	}
	r = o->obs->searched ? 0 : search_process(o->host, o->plan, o->obs);
	if (r < 0)
		return r;
	if (o->obs->search_why) {
		o->obs->running = HF_UNKNOWN;
		o->obs->running_why = o->obs->search_why;
		return 0;
	}
	pid = o->obs->found_pid;
	if (pid && hf_process_read(o->host, pid, &o->plan->arena, &p) < 0)
		return -ENOMEM;
	o->obs->running = HF_ABSENT;
	return pid && !p.gone ? set_process(o, pid, &p) : 0;
}

/* --- is the API needed? ---------------------------------------------------------------
 */

typedef struct api_needs {
	bool change;  /* a demand of this run is unmet, on disk or in the running process
		       */
	bool plugins; /* one of authorization-plugins, that would name some */
	bool store;   /* one of a key that takes what dockerd keeps out of view */
} api_needs;

static int look_for_changes(observer *o, const hf_dargv *argv, api_needs *ret)
{
	hf_daemon_config config = { o->obs->root, argv, o->engine };

	for (size_t i = 0; i < o->model->n_demands; i++) {
		const hf_demand *demand = o->model->demands[i];
		const hf_daemon_spec *spec = demand->spec;
		hf_daemon_value v;
		int met;

		if (demand->kind != &hf_kind_daemon ||
		    !hf_control_is_active(demand->control) ||
		    spec->op == HF_DAEMON_FORBID || spec->op == HF_DAEMON_REQUIRE)
			continue;
		if (hf_daemon_in_force(&config, spec->key, spec->subkey, &o->plan->arena,
				       &v) < 0)
			return -ENOMEM;
		met = hf_daemon_is_met(spec, &v, o->engine, &o->plan->arena);
		if (met < 0)
			return met;
		ret->change |= !met || v.conflict;
		ret->store |= !met && hf_daemon_hides_data(spec->key, spec->subkey);
		ret->plugins |= !met && spec->value &&
				strcmp(spec->key->name, "authorization-plugins") == 0;
	}
	return 0;
}

/* Does the file, newer than the process, name plugins that this process has not read of?
 */
static bool names_plugins(const observer *o)
{
	const hf_json *list = hf_json_get(o->obs->root, "authorization-plugins");

	return list && list->n && o->obs->running == HF_PRESENT &&
	       o->file_usec > o->obs->started_usec;
}

static bool runs_by_unit(const observer *o)
{
	const hf_daemon_obs *obs = o->obs;

	if (!o->unit || o->unit->n_argv != obs->n_live_argv)
		return false;
	for (size_t i = 1; i < obs->n_live_argv; i++)
		if (strcmp(o->unit->argv[i].text, obs->live_argv[i].text) != 0)
			return false;
	return true;
}

static int find_needs(observer *o, api_needs *ret)
{
	hf_dargv live;
	int r = look_for_changes(o, &o->argv, ret);

	if (r < 0 || !o->obs->live_argv || runs_by_unit(o))
		return r;
	r = hf_dargv_parse(o->obs->live_argv, o->obs->n_live_argv, o->engine,
			   &o->plan->arena, &live);
	/* a restart would load those of the unit */
	ret->plugins |=
		r == 0 &&
		hf_dargv_get(&o->argv, hf_dkey_find("authorization-plugins"), NULL);
	return r < 0 ? r : look_for_changes(o, &live, ret);
}

/* Would a restart put in force what others changed of a key that hides data? */
static int find_hiding(observer *o, bool *ret)
{
	const hf_daemon_config next = { o->obs->root, &o->argv, o->engine };
	const hf_dkey *keys[HF_DAEMON_HIDING_MAX];
	bool older = hf_daemon_file_is_older(o->obs);
	hf_dargv live;
	hf_daemon_config was = { o->obs->root, &live, o->engine };
	const hf_json *noted;
	size_t n;

	if (!o->obs->live_argv || (older && runs_by_unit(o)))
		return 0;
	if (hf_dargv_parse(o->obs->live_argv, o->obs->n_live_argv, o->engine,
			   &o->plan->arena, &live) < 0 ||
	    hf_daemon_noted(o->plan, o->obs, &noted) < 0)
		return -ENOMEM;
	if (!older && noted)
		was.root = noted;
	if (hf_daemon_hiding(o->plan, o->obs, &was, older || noted, &next, keys, &n) < 0)
		return -ENOMEM;
	*ret |= n > 0;
	return 0;
}

/* Will this plan release a key of the record, as no control demands it any more? */
static int will_release(observer *o, bool *ret, api_needs *needs)
{
	const hf_record *record = o->plan->record;
	size_t len = strlen(o->obs->path);
	hf_arena arena = { 0 };
	hf_map claimed = { 0 };
	int r = 0;

	*ret = false;
	for (size_t i = 0; record->n_entries && i < o->model->n_demands && r == 0; i++) {
		const hf_demand *demand = o->model->demands[i];
		const hf_daemon_spec *spec = demand->spec;

		if (demand->kind == &hf_kind_daemon &&
		    hf_control_is_claiming(demand->control))
			r = hf_map_put(&claimed, &arena, spec->name, o);
	}
	for (size_t i = 0; i < record->n_entries && r == 0; i++) {
		const char *id = record->entries[i]->id;

		if (strncmp(id, "daemon:", 7) != 0 ||
		    strncmp(id + 7, o->obs->path, len) != 0 || id[7 + len] != '#' ||
		    hf_map_get(&claimed, id + 7 + len + 1))
			continue;
		*ret = true;
		needs->store |= hf_daemon_name_hides(id + 7 + len + 1);
	}
	hf_arena_done(&arena);
	return r;
}

static bool unit_has_effect(const observer *o)
{
	for (size_t i = 0; o->unit && i < o->plan->n_effects; i++)
		if (o->plan->effects[i]->unit &&
		    strcmp(o->plan->effects[i]->unit, o->unit->name) == 0)
			return true;
	return o->unit && o->unit->live && o->unit->need_daemon_reload;
}

/* Only named: what cannot be told of them holds nothing up. */
static int find_dependants(observer *o)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_engine_view *engine = &o->plan->engine;
	int r;

	if (!o->unit || !o->unit->live)
		return 0;
	r = hf_bus_unit_dependants(o->host, o->unit->name, &o->plan->arena,
				   &engine->dependants, &engine->n_dependants, &e);
	return r == -ENOMEM ? r : 0;
}

static int ask(observer *o, api_needs *needs)
{
	hf_daemon_obs *obs = o->obs;
	hf_engine_view *engine = &o->plan->engine;
	hf_daemon_questions questions = { .plugins = needs->plugins };
	hf_store_look look = o->plan->options.store;
	bool releases;
	int r;

	engine->running = obs->running;
	engine->why = obs->running_why;
	engine->containers_known = obs->running;
	engine->live_restore = obs->running;
	engine->swarm = obs->running;
	obs->changed_usec = o->file_usec;
	if (obs->running != HF_PRESENT)
		return 0;
	questions.newer =
		obs->file == HF_PRESENT && obs->started_usec < obs->changed_usec;
	r = will_release(o, &releases, needs);
	if (r < 0)
		return r;
	engine->containers_known = HF_UNKNOWN;
	engine->live_restore = HF_UNKNOWN;
	engine->swarm = HF_UNKNOWN;
	engine->why = "dockerd was not asked";
	if (!needs->change && !questions.newer && !unit_has_effect(o) && !releases &&
	    look != HF_STORE_ASKED)
		return 0;
	r = find_dependants(o);
	if (r == 0)
		r = find_hiding(o, &needs->store);
	if (r == 0 && o->unit && o->unit->live && o->unit->main_pid && o->unit->n_vars)
		r = hf_process_environ(o->host, o->unit->main_pid, &o->plan->arena,
				       &obs->live_env, &obs->n_live_env);
	if (r < 0)
		return r;
	questions.store =
		look == HF_STORE_ASKED || (needs->store && look == HF_STORE_AT_STAKE);
	return hf_daemon_ask(o->host, o->plan, obs, o->engine, &questions);
}

/* --- engines of users -----------------------------------------------------------------
 */

static bool is_looked_at(const hf_model *model)
{
	for (size_t i = 0; i < model->n_demands; i++) {
		if (model->demands[i]->kind == &hf_kind_daemon &&
		    hf_control_is_active(model->demands[i]->control))
			return true;
	}
	return false;
}

/* They are named and not judged: all that is demanded here is of the system's engine. */
static int find_rootless(observer *o, bool absent)
{
	hf_arena *arena = &o->plan->arena;
	const char *text = NULL;
	hf_rootless *list;
	size_t n;

	if (!is_looked_at(o->model))
		return 0;
	if (hf_rootless_list(o->host, o->obs->rootless_pid, absent, arena, &list, &n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		text = hf_arena_printf(arena, "%s%s%s (%s)", text ? text : "",
				       text ? ", " : "", list[i].user, list[i].sign);
		if (!text)
			return -ENOMEM;
	}
	if (!text)
		return 0;
	o->obs->rootless = hf_arena_printf(
		arena,
		"rootless dockerd of %s: an installation of its own, with other paths, "
		"which nothing here judges",
		text);
	return o->obs->rootless ? 0 : -ENOMEM;
}

static int judge_presence(observer *o)
{
	hf_daemon_obs *obs = o->obs;
	bool absent = obs->file == HF_ABSENT && !o->unit && !obs->unit_why &&
		      obs->running == HF_ABSENT;

	if (find_rootless(o, absent) < 0)
		return -ENOMEM;
	if (!absent)
		return 0;
	obs->absent_why = hf_arena_printf(
		&o->plan->arena, "there is no dockerd unit and no daemon.json%s%s",
		obs->rootless ? "; " : "", obs->rootless ? obs->rootless : "");
	return obs->absent_why ? 0 : -ENOMEM;
}

int hf_daemon_ahead(struct hf_host *host, hf_plan *plan, hf_error **err)
{
	hf_daemon_obs *obs = hf_arena_new(&plan->arena, hf_daemon_obs);
	int r = obs ? 0 : -ENOMEM;

	plan->obs[HF_RANK_DAEMON] = obs;
	if (obs && host->docker.known == HF_PRESENT && host->units.known != HF_PRESENT)
		r = search_process(host, plan, obs);
	return r < 0 ? hf_error_oom(err) : 0;
}

int hf_daemon_observe(struct hf_host *host, const hf_model *model, hf_plan *plan,
		      hf_error **err)
{
	observer o = { .host = host,
		       .model = model,
		       .plan = plan,
		       .engine = hf_facts_value(plan->facts, "engine") };
	api_needs needs = { 0 };
	int r = plan->obs[HF_RANK_DAEMON] ? 0 : hf_daemon_ahead(host, plan, err);

	if (r < 0)
		return r;
	o.obs = plan->obs[HF_RANK_DAEMON];
	r = find_unit(&o);
	if (r == 0)
		r = read_file(&o);
	if (r == 0)
		r = find_process(&o);
	if (r == 0) /* what dockerd refuses hangs on it (daemon_refusals.c) */
		r = hf_facts_need(host, plan->facts, "swarm", NULL);
	if (r == 0)
		r = judge_presence(&o);
	if (r == 0)
		r = find_needs(&o, &needs);
	needs.plugins |= names_plugins(&o);
	if (r == 0)
		r = ask(&o, &needs);
	if (r == 0 && needs.plugins)
		r = hf_daemon_list_plugins(host, plan, o.obs);
	return r < 0 ? hf_error_oom(err) : 0;
}

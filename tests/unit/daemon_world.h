/* SPDX-License-Identifier: Apache-2.0 */
/* A host's dockerd in memory, planned, and the plan as text; for the daemon's tests. */
#ifndef HF_TESTS_DAEMON_WORLD_H
#define HF_TESTS_DAEMON_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"

#define UNIT "/lib/systemd/system/docker.service"

typedef struct entry {
	const char *id, *before, *after;
} entry;

typedef struct scene {
	const char *controls; /* YAML below "controls:" */
	const char *file;     /* daemon.json; NULL: there is none */
	const char *argv[12]; /* of the unit; argv[0] NULL: no unit */
	const char *unit_env[3];
	const char *unit_env_why;
	const char *unit_env_unknown[2];
	const char *base[12]; /* without our drop-in; base[0] NULL: the same */
	const char *now[12];  /* with it as it is; now[0] NULL: as planned */
	hf_unit_var vars[6];  /* of its environment */
	const char *env[6];   /* of the process; env[0] NULL: not known */
	bool argv_inexact;
	const char *engine;
	const char *swarm;
	entry record[6];
	bool allow_disruptive;
	hf_restart restart;
	const char *ref; /* print the values of this reference */

	/* the running dockerd; live[0] NULL: none runs, or that is unknown */
	bool live_unknown;
	const char *live[12];
	uint64_t started, changed, reloaded; /* seconds */
	const char *process;		     /* its name */
	const char *shown[8];		     /* key, JSON, key, JSON, ... */
	size_t n_containers;
	bool live_restore;     /* in force in the running one */
	bool answers;	       /* its API does, on a local socket */
	bool no_reload;	       /* its unit has no ExecReload= */
	hf_known swarm_now;    /* what it says of that */
	const char *dependant; /* a unit that requires dockerd's */
	bool socket;	       /* print where the API is after the plan */
	/* what dockerd keeps, names with spaces between; all NULL: not known */
	const char *images, *boxes, *volumes;
} scene;

typedef struct stage {
	hf_model model;
	hf_diags diags;
	hf_facts facts;
	hf_record record;
	hf_arena arena;
	hf_plan plan;
	hf_strbuf out;
} stage;

static const char *scene_text;

static int scene_read(void *user, const char *name, const char *relative_to,
		      hf_arena *arena, hf_source *ret_source, hf_error **err)
{
	(void)user;
	(void)relative_to;
	ret_source->name = hf_arena_strdup(arena, name);
	ret_source->text =
		hf_arena_printf(arena, "holdfast: 1\nname: t\ncontrols:\n%s", scene_text);
	if (!ret_source->text)
		return hf_error_oom(err);
	ret_source->len = strlen(ret_source->text);
	return 0;
}

static bool stage_read(stage *s, const char *controls)
{
	static const hf_kind *const kinds[] = { &hf_kind_daemon };
	const char *const names[] = { "t.yaml" };
	hf_load_request request = { .names = names,
				    .n_names = 1,
				    .kinds = kinds,
				    .n_kinds = 1,
				    .read = scene_read };

	scene_text = controls;
	return hf_model_load(&s->model, &request, &s->diags);
}

static _unused_ void stage_load(stage *s, const char *controls)
{
	hf_selection all = { 0 };

	if (stage_read(s, controls))
		assert_true(hf_model_select(&s->model, &all, &s->diags));
}

static void put_diags(stage *s)
{
	static const char *const levels[] = { "note", "warning", "error" };

	for (size_t i = 0; i < s->diags.n; i++) {
		const hf_diag *d = &s->diags.items[i];

		hf_strbuf_addf(&s->out, "%s", levels[d->level]);
		if (d->mark.source)
			hf_strbuf_addf(&s->out, " %s:%u:%u", d->mark.source->name,
				       d->mark.line, d->mark.column);
		hf_strbuf_addf(&s->out, ": %s", d->message);
		if (d->hint)
			hf_strbuf_addf(&s->out, " (%s)", d->hint);
		hf_strbuf_addc(&s->out, '\n');
	}
}

static const char *short_id(const char *id)
{
	const char *hash = strchr(id, '#');

	return hash ? hash : id;
}

static void put_plan(stage *s)
{
	const hf_plan *p = &s->plan;

	for (size_t i = 0; i < p->n_resources; i++) {
		const hf_resource *r = p->resources[i];

		hf_strbuf_addf(&s->out, "%s%s %s: %s", r->layer == HF_LIVE ? "live " : "",
			       short_id(r->id), r->wanted, hf_state_name(r->state));
		if (r->found)
			hf_strbuf_addf(&s->out, ", found %s", r->found);
		if (r->found_file)
			hf_strbuf_addf(&s->out, " at %s:%u", r->found_file,
				       r->found_line);
		if (r->why)
			hf_strbuf_addf(&s->out, ", %s", r->why);
		hf_strbuf_addc(&s->out, '\n');
	}
	for (size_t i = 0; i < p->n_changes; i++) {
		const hf_change *c = p->changes[i];

		hf_strbuf_addf(&s->out, "%s %s: %s -> %s (%s)%s%s%s", hf_op_name(c->op),
			       short_id(c->id), c->before ? c->before : "-",
			       c->after ? c->after : "-", hf_cause_name(c->cause),
			       c->blocked ? " blocked: " : "",
			       c->blocked ? c->blocked : "", c->hides ? " hides: " : "");
		if (c->hides)
			hf_store_hidden(&s->out, c->hides);
		hf_strbuf_addc(&s->out, '\n');
		assert_int_equal(c->blocked == NULL, c->group != NULL);
	}
	for (size_t i = 0; i < p->n_groups; i++) {
		const hf_group *g = p->groups[i];

		if (g->type == HF_GROUP_MKDIR)
			hf_strbuf_addf(&s->out, "mkdir %s\n", g->path);
		else if (g->remove)
			hf_strbuf_addf(&s->out, "remove %s\n", g->path);
		else if (g->first)
			hf_strbuf_addf(&s->out, "at first:\n%.*s", (int)g->first_len,
				       g->first);
		if (g->type == HF_GROUP_FILE && !g->remove)
			hf_strbuf_addf(&s->out, "%s:\n%.*s%s",
				       g->existed ? "edit" : "make", (int)g->after_len,
				       g->after,
				       g->after[g->after_len - 1] == '\n'
					       ? ""
					       : "\n\\ no newline at the end\n");
	}
	for (size_t i = 0; i < p->n_effects; i++)
		hf_strbuf_addf(
			&s->out, "%s%s %s%s: %s\n", p->effects[i]->first ? "first " : "",
			hf_action_name(p->effects[i]->action), p->effects[i]->unit,
			p->effects[i]->pending ? " pending" : "", p->effects[i]->why);
}

static hf_arg *args_of(stage *s, const char *const *words, const char *file,
		       size_t *ret_n)
{
	hf_arg *args = hf_arena_array(&s->arena, 12, sizeof(*args));

	assert_non_null(args);
	for (*ret_n = 0; *ret_n < 12 && words[*ret_n]; (*ret_n)++) {
		args[*ret_n].text = words[*ret_n];
		args[*ret_n].file = file;
		args[*ret_n].line = 9;
	}
	return args;
}

static void stage_unit(stage *s, const scene *in)
{
	hf_unit_view *view = hf_arena_new(&s->arena, hf_unit_view);

	assert_non_null(view);
	if (!in->argv[0])
		return;
	view->name = "docker.service";
	view->load = HF_UNIT_LOADED;
	view->fragment = UNIT;
	view->argv = args_of(s, in->argv, UNIT, &view->n_argv);
	view->argv_exact = !in->argv_inexact;
	view->env_why = in->unit_env_why;
	view->env_unknown = (const char **)(uintptr_t)in->unit_env_unknown;
	view->env = in->unit_env[0] ? (const char **)(uintptr_t)in->unit_env : NULL;
	view->vars = in->vars;
	while (view->n_vars < ARRAY_SIZE(in->vars) && in->vars[view->n_vars].name)
		view->n_vars++;
	view->vars_exact = true;
	if (in->now[0])
		view->argv_now = args_of(s, in->now, UNIT, &view->n_argv_now);
	if (in->base[0]) {
		view->argv_base = args_of(s, in->base, UNIT, &view->n_argv_base);
		view->argv_now = view->argv;
		view->n_argv_now = view->n_argv;
	}
	view->argv_why = "$EXTRA cannot be expanded";
	assert_int_equal(hf_map_put(&s->plan.units, &s->plan.arena, view->name, view), 0);
	s->plan.engine.unit = view->name;
	s->plan.engine.kill_mode_process = true;
	s->plan.engine.cannot_reload = in->no_reload;
}

static void stage_record(stage *s, const scene *in)
{
	for (size_t i = 0; i < ARRAY_SIZE(in->record) && in->record[i].id; i++) {
		hf_record_entry *e = hf_arena_new(&s->arena, hf_record_entry), **slot;

		assert_non_null(e);
		*e = (hf_record_entry){ in->record[i].id, in->record[i].before,
					in->record[i].after };
		slot = hf_vec_push(&s->arena, s->record.entries, s->record.n_entries);
		assert_non_null(slot);
		*slot = e;
		assert_int_equal(hf_map_put(&s->record.by_id, &s->arena, e->id, e), 0);
		s->record.exists = true;
	}
}

static void stage_names(stage *s, hf_store_names *to, const char *text)
{
	char *copy = text ? hf_arena_strdup(&s->arena, text) : NULL, *save = NULL;

	if (!copy)
		return;
	to->known = HF_PRESENT;
	for (char *p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
		to->total++;
		if (to->n_names == HF_STORE_NAMES_MAX)
			continue;
		*hf_vec_push(&s->arena, to->names, to->n_names) = p;
	}
}

static void stage_obs(stage *s, const scene *in)
{
	hf_daemon_obs *obs = hf_arena_new(&s->arena, hf_daemon_obs);
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_json *v;

	assert_non_null(obs);
	s->plan.obs[HF_RANK_DAEMON] = obs;
	obs->path = HF_DAEMON_JSON;
	obs->file = in->file ? HF_PRESENT : HF_ABSENT;
	if (in->file) {
		obs->text = in->file;
		obs->len = strlen(in->file);
		if (hf_json_parse(obs->path, obs->text, obs->len, &s->arena, &v, &err) <
		    0)
			fail_msg("%s", hf_error_text(err));
		obs->root = v;
	} else if (!in->argv[0]) {
		obs->absent_why = "nothing there";
	}
	obs->running = in->live_unknown ? HF_UNKNOWN
		       : in->live[0]	? HF_PRESENT
					: HF_ABSENT;
	obs->running_why = "/proc is hidden";
	stage_names(s, &obs->store.sorts[HF_STORE_IMAGES], in->images);
	stage_names(s, &obs->store.sorts[HF_STORE_CONTAINERS], in->boxes);
	stage_names(s, &obs->store.sorts[HF_STORE_VOLUMES], in->volumes);
	if (!in->live[0])
		return;
	obs->live_argv = args_of(s, in->live, NULL, &obs->n_live_argv);
	obs->process = in->process;
	obs->live_env = in->env[0] ? (const char **)(uintptr_t)in->env : NULL;
	while (obs->n_live_env < ARRAY_SIZE(in->env) && in->env[obs->n_live_env])
		obs->n_live_env++;
	obs->started_usec = in->started * 1000000;
	obs->changed_usec = in->changed * 1000000;
	obs->reloaded_usec = in->reloaded * 1000000;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(in->shown) && in->shown[i]; i += 2) {
		assert_int_equal(hf_json_parse_value("s", in->shown[i + 1],
						     strlen(in->shown[i + 1]), &s->arena,
						     &v, &err),
				 0);
		assert_int_equal(hf_map_put(&obs->shown, &s->arena, in->shown[i], v), 0);
	}
	s->plan.engine.running = HF_PRESENT;
	if (in->dependant) {
		s->plan.engine.dependants = hf_arena_array(&s->arena, 2, sizeof(char *));
		assert_non_null(s->plan.engine.dependants);
		s->plan.engine.dependants[0] = in->dependant;
		s->plan.engine.dependants[1] = "other.service";
		s->plan.engine.n_dependants = 2;
	}
	s->plan.engine.socket_now = in->answers ? "/run/docker.sock" : NULL;
	s->plan.engine.swarm = in->swarm_now;
	s->plan.engine.containers_known = HF_PRESENT;
	s->plan.engine.containers = hf_arena_array(&s->arena, 4, sizeof(hf_container));
	s->plan.engine.n_containers = in->n_containers;
	s->plan.engine.live_restore = in->live_restore ? HF_PRESENT : HF_ABSENT;
}

/* All that comes before the planner. */
static void stage_prepare(stage *s, const scene *in)
{
	s->plan.facts = &s->facts;
	s->plan.record = &s->record;
	s->plan.diags = &s->diags;
	s->plan.options.allow_disruptive = in->allow_disruptive;
	s->plan.options.restart = in->restart;
	s->plan.options.manager = true;
	if (in->engine)
		assert_int_equal(hf_facts_set(&s->facts, "engine", HF_PRESENT, in->engine,
					      "test", NULL),
				 0);
	assert_int_equal(hf_facts_set(&s->facts, "swarm", HF_PRESENT,
				      in->swarm ? in->swarm : "false", "test", NULL),
			 0);
	stage_unit(s, in);
	stage_record(s, in);
	stage_obs(s, in);
	assert_int_equal(hf_plan_gate(&s->model, &s->plan), 0);
}

static _unused_ void stage_plan(stage *s, const scene *in)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;

	stage_prepare(s, in);
	if (hf_kind_daemon.plan(&s->model, &s->plan, &err) < 0)
		fail_msg("%s", hf_error_text(err));
	assert_int_equal(hf_plan_finish(&s->model, &s->plan), 0);
}

static void stage_done(stage *s)
{
	hf_plan_done(&s->plan);
	hf_model_done(&s->model);
	hf_diags_done(&s->diags);
	hf_facts_done(&s->facts);
	hf_arena_done(&s->arena);
	hf_strbuf_done(&s->out);
}

static void put_notes(stage *s)
{
	for (size_t i = 0; i < s->plan.n_notes; i++)
		hf_strbuf_addf(&s->out, "note %s = %s\n", s->plan.notes[i]->id,
			       s->plan.notes[i]->after);
}

static void put_ref(stage *s, const char *ref)
{
	hf_ref_values *v = hf_map_get(&s->plan.refs, ref);

	assert_non_null(v);
	hf_strbuf_addf(&s->out, "%s =%s", ref, v->unknown ? " unknown" : "");
	for (size_t i = 0; i < v->n; i++)
		hf_strbuf_addf(&s->out, " [%s]", v->values[i]);
	hf_strbuf_addf(&s->out, "%s%s\n", v->why ? " " : "", v->why ? v->why : "");
}

/* The scene planned, as text. */
static _unused_ void assert_plan(const scene *in, const char *expected)
{
	stage s = { 0 };

	stage_load(&s, in->controls);
	if (s.diags.n_errors == 0) {
		const char **slot = in->ref ? hf_vec_push(&s.model.arena, s.model.refs,
							  s.model.n_refs)
					    : NULL;

		if (slot)
			*slot = in->ref;
		stage_plan(&s, in);
		put_plan(&s);
		put_notes(&s);
		if (in->ref)
			put_ref(&s, in->ref);
		if (in->socket)
			hf_strbuf_addf(&s.out, "api at %s\n",
				       s.plan.engine.socket ? s.plan.engine.socket : "-");
	}
	put_diags(&s);
	if (strcmp(hf_strbuf_str(&s.out), expected) != 0)
		/* cmocka cuts long texts short */
		fprintf(stderr, "--- got\n%s--- wanted\n%s---\n", hf_strbuf_str(&s.out),
			expected);
	assert_string_equal(hf_strbuf_str(&s.out), expected);
	stage_done(&s);
}

#define CONTROL(id, section) "  - {id: " id ", title: T, daemon: {" section "}}\n"
#define STOCK                                                                            \
	{                                                                                \
		"/usr/sbin/dockerd", "-H", "fd://"                                       \
	}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_observe.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/path.h"
#include "host/fs.h"
#include "host/ids.h"
#include "kinds/units/units_kind.h"
#include "kinds/units/units_view.h"
#include "plan/plan.h"

typedef struct hf_units_observer {
	hf_units_search search;
	hf_host *host;
	hf_arena *arena;
	hf_units_obs *obs;
} hf_units_observer;

static int unit_load(hf_units_observer *o, const char *name, bool demanded,
		     hf_error **err)
{
	hf_units_unit *unit = hf_map_get(&o->obs->by_name, name);
	hf_units_unit **slot;
	int r;

	if (unit) {
		unit->demanded = unit->demanded || demanded;
		return 0;
	}
	r = hf_units_read(&o->search, name, &unit, err);
	if (r < 0)
		return r;
	unit->demanded = demanded;
	slot = hf_vec_push(o->arena, o->obs->units, o->obs->n_units);
	if (!slot || hf_map_put(&o->obs->by_name, o->arena, name, unit) < 0)
		return hf_error_oom(err);
	*slot = unit;
	return 0;
}

static int ref_load(hf_units_observer *o, const char *ref, hf_error **err)
{
	const char *name;

	if (hf_units_ref_unit(o->arena, ref, &name) < 0)
		return hf_error_oom(err);
	return !name || hf_unit_name_check(name) ? 0 : unit_load(o, name, false, err);
}

/* "units:NAME#..." of the applied record. */
static int recorded_load(hf_units_observer *o, const char *id, hf_error **err)
{
	const char *hash = strchr(id, '#');
	char *name;

	if (strncmp(id, "units:", 6) || !hash)
		return 0;
	name = hf_arena_memdup(o->arena, id + 6, (size_t)(hash - id - 6));
	if (!name)
		return hf_error_oom(err);
	return hf_unit_name_check(name) ? 0 : unit_load(o, name, true, err);
}

static int units_load(hf_units_observer *o, const hf_model *model, const hf_plan *plan,
		      hf_error **err)
{
	static const char *const always[] = { "docker.service", "docker.socket",
					      "containerd.service" };
	int r = 0;

	for (size_t i = 0; i < model->n_demands && r == 0; i++) {
		const hf_units_spec *spec = model->demands[i]->spec;

		if (model->demands[i]->kind == &hf_kind_units)
			r = unit_load(o, spec->unit, true, err);
	}
	for (size_t i = 0; i < model->n_refs && r == 0; i++)
		r = ref_load(o, model->refs[i], err);
	for (size_t i = 0; i < ARRAY_SIZE(always) && r == 0; i++)
		r = unit_load(o, always[i], false, err);
	/* what only an earlier run touched: to release it */
	for (size_t i = 0; plan->record && i < plan->record->n_entries && r == 0; i++)
		r = recorded_load(o, plan->record->entries[i]->id, err);
	return r;
}

/* --- environment files and bare program names ------------------------------------ */

static int env_unknown(hf_units_observer *o, hf_units_env *env, const char *why,
		       hf_error **err)
{
	env->known = HF_UNKNOWN;
	env->why = hf_arena_strdup(o->arena, why);
	return env->why ? 0 : hf_error_oom(err);
}

static int env_file_read(hf_units_observer *o, hf_units_env *env, const char *path,
			 hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	const char **text_slot, **path_slot;
	size_t n = env->n, *len_slot;
	hf_inode inode;
	char *text;
	size_t len;
	int r = hf_fs_read(o->host, path, 0, o->arena, &text, &len, &inode, &e);

	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return env_unknown(o, env, hf_error_text(e), err);
	path_slot = hf_vec_push(o->arena, env->paths, n);
	n = env->n;
	text_slot = hf_vec_push(o->arena, env->texts, n);
	n = env->n;
	len_slot = hf_vec_push(o->arena, env->lens, n);
	if (!path_slot || !text_slot || !len_slot)
		return hf_error_oom(err);
	o->obs->env_mode &= inode.mode;
	*path_slot = path;
	*text_slot = text;
	*len_slot = len;
	env->n = n;
	if (env->known == HF_ABSENT)
		env->known = HF_PRESENT;
	return 0;
}

/* Globs are taken in the last component only; others are left UNKNOWN. */
static int env_glob_read(hf_units_observer *o, hf_units_env *env, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	char *dir = hf_path_dir(o->arena, env->pattern), *why;
	char **names;
	size_t n;
	int r;

	if (!dir)
		return hf_error_oom(err);
	if (strpbrk(dir, "*?[")) {
		why = hf_arena_printf(o->arena,
				      "EnvironmentFile=%s has a glob in its directory",
				      env->pattern);
		return why ? env_unknown(o, env, why, err) : hf_error_oom(err);
	}
	r = hf_fs_list(o->host, dir, o->arena, &names, &n, &e);
	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return env_unknown(o, env, hf_error_text(e), err);
	r = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		char *path;

		if (fnmatch(hf_path_base(env->pattern), names[i], FNM_PERIOD))
			continue;
		path = hf_path_join(o->arena, dir, names[i]);
		r = path ? env_file_read(o, env, path, err) : hf_error_oom(err);
	}
	return r;
}

static int env_pattern_read(hf_units_observer *o, const char *pattern, hf_error **err)
{
	hf_units_env *env;
	char *path;

	if (hf_map_get(&o->obs->env_files, pattern))
		return 0;
	env = hf_arena_new(o->arena, hf_units_env);
	if (!env || hf_map_put(&o->obs->env_files, o->arena, pattern, env) < 0)
		return hf_error_oom(err);
	env->pattern = pattern;
	if (pattern[0] != '/')
		return 0; /* systemd ignores it */
	if (strpbrk(pattern, "*?["))
		return env_glob_read(o, env, err);
	path = hf_arena_strdup(o->arena, pattern);
	if (!path)
		return hf_error_oom(err);
	/* glob(3): the manager takes it for a pattern, whatever is in it */
	for (char *from = path, *to = path;; from++) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
		if (!*from)
			break;
	}
	return env_file_read(o, env, path, err);
}

static int program_find(hf_units_observer *o, const char *unit, const char *value,
			hf_error **err)
{
	/* the fixed path of systemd for names without a slash; path-util.h */
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin",
					    "/usr/sbin",       "/usr/bin",
					    "/sbin",	       "/bin" };
	hf_cmd cmd;
	int r = hf_cmd_parse(o->arena, unit, value, &cmd, err);

	if (r < 0 || !cmd.n_commands || strchr(cmd.program, '/') ||
	    hf_map_get(&o->obs->programs, cmd.program))
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		cleanup_(hf_error_freep) hf_error *e = NULL;
		char *path = hf_path_join(o->arena, dirs[i], cmd.program);
		hf_inode inode;

		if (!path)
			return hf_error_oom(err);
		r = hf_fs_inode(o->host, path, 0, &inode, &e);
		if (r == -ENOMEM)
			return hf_error_oom(err);
		if (r < 0)
			continue;
		r = hf_map_put(&o->obs->programs, o->arena, cmd.program, path);
		return r < 0 ? hf_error_oom(err) : 0;
	}
	return 0;
}

/* Every file that any line of the unit could name, whichever lines win in the end. */
static int unit_files_read(hf_units_observer *o, const hf_units_unit *unit,
			   const hf_unit_file *file, hf_error **err)
{
	int r = 0;

	for (size_t i = 0; file && i < file->n && r == 0; i++) {
		const hf_unit_assign *a = &file->items[i];
		const char *path;
		hf_expansion how;

		if (strcmp(a->section, "Service") || !a->value[0])
			continue;
		if (!strcmp(a->key, "ExecStart"))
			r = program_find(o, unit->name, a->value, err);
		if (strcmp(a->key, "EnvironmentFile"))
			continue;
		if (hf_specifiers_expand(o->arena, unit->name,
					 a->value + (a->value[0] == '-'), &path,
					 &how) < 0)
			return hf_error_oom(err);
		if (how == HF_EXPAND_EXACT && strcmp(path, unit->own_env.written))
			r = env_pattern_read(o, path, err);
	}
	return r;
}

static int unit_surroundings_read(hf_units_observer *o, hf_units_unit *unit,
				  hf_error **err)
{
	int r = unit_files_read(o, unit, unit->ours, err);

	if (r == 0 && !strcmp(hf_unit_name_type(unit->name), ".service")) {
		r = hf_units_may_have_own(&o->search, unit->name);
		if (r < 0)
			return hf_error_oom(err);
		if (r > 0)
			r = env_file_read(o, &unit->own_env, unit->own_env.pattern, err);
	}
	for (size_t i = 0; i < unit->n_files && r == 0; i++)
		r = unit_files_read(o, unit, unit->files[i], err);
	return r;
}

/* --- which unit runs dockerd ----------------------------------------------------- */

/* It may or may not be this one: the first such unit is told, if no other is found. */
static int scan_doubt(hf_units_observer *o, const hf_units_unit *unit, const char *why,
		      hf_error **err)
{
	if (o->obs->scan_why)
		return 0;
	o->obs->scan_why =
		hf_arena_printf(o->arena, "%s may run dockerd, but: %s", unit->name, why);
	return o->obs->scan_why ? 0 : hf_error_oom(err);
}

static int wrapper_doubt(hf_units_observer *o, const hf_units_unit *unit,
			 const char *program, hf_error **err)
{
	const char *why = hf_arena_printf(o->arena,
					  "its ExecStart runs '%s', and what dockerd is "
					  "given by that cannot be told",
					  program);

	return why ? scan_doubt(o, unit, why, err) : hf_error_oom(err);
}

/* Other units have several commands, or none, and are in order. */
static int names_dockerd(hf_units_observer *o, const hf_unit_stack *stack, bool *ret,
			 hf_error **err)
{
	hf_unit_value *list;
	size_t n;
	int r = hf_unit_list(stack, "Service", "ExecStart", o->arena, &list, &n, err);

	*ret = false;
	for (size_t i = 0; r == 0 && i < n; i++)
		*ret |= strstr(list[i].value, "dockerd") != NULL;
	return r;
}

static int runs_dockerd(hf_units_observer *o, const hf_units_unit *unit, bool *ret,
			hf_error **err)
{
	hf_unit_stack stack;
	hf_units_exec exec;
	bool named;
	int r;

	*ret = false;
	if (unit->load == HF_UNIT_BAD)
		return scan_doubt(o, unit, unit->why, err);
	if (unit->load != HF_UNIT_LOADED)
		return 0;
	r = hf_units_stack(o->arena, unit, unit->ours, &stack, err);
	if (r == 0)
		r = hf_units_exec_read(o->arena, o->obs, unit->name, &stack,
				       &unit->own_env, &exec, err);
	if (r == 0 && exec.broken) {
		r = names_dockerd(o, &stack, &named, err);
		return r == 0 && named ? scan_doubt(o, unit, exec.broken, err) : r;
	}
	if (r < 0 || !exec.argv.n)
		return r;
	*ret = !strcmp(hf_path_base(exec.argv.args[0].text), "dockerd");
	if (*ret)
		return 0;
	/* sh -c "exec dockerd ...", env, or a script: what it gives dockerd is not read
	 */
	r = names_dockerd(o, &stack, &named, err);
	if (r == 0 && (named || !strcmp(unit->name, "docker.service")))
		r = wrapper_doubt(o, unit, exec.argv.args[0].text, err);
	return r;
}

/* Vendor directories hold hundreds of units: there only the likely names are read. */
static bool is_candidate(const hf_unit_dir *dir, const char *name, const char *type)
{
	size_t len = strlen(name), n = strlen(type);

	if (len <= n || strcmp(name + len - n, type) || name[len - n - 1] == '@')
		return false;
	if (!strncmp(dir->path, "/usr/lib/", 9) || !strncmp(dir->path, "/lib/", 5))
		return strstr(name, "docker") || strstr(name, "moby");
	return true;
}

static int engine_scan(hf_units_observer *o, hf_error **err)
{
	hf_units_unit *docker = hf_map_get(&o->obs->by_name, "docker.service");
	bool found;
	int r = runs_dockerd(o, docker, &found, err);

	if (r < 0 || found) {
		o->obs->scanned = found ? docker->name : NULL;
		return r;
	}
	for (size_t d = 0; d < o->search.dirs.n; d++) {
		const hf_unit_dir *dir = &o->search.dirs.dirs[d];

		for (size_t i = 0; i < dir->n; i++) {
			hf_units_unit *unit;

			if (!is_candidate(dir, dir->names[i], ".service"))
				continue;
			r = hf_units_read(&o->search, dir->names[i], &unit, err);
			if (r == 0)
				r = runs_dockerd(o, unit, &found, err);
			if (r < 0)
				return r;
			if (!found)
				continue;
			o->obs->scanned = unit->name;
			r = unit_load(o, unit->name, false, err);
			if (r == 0)
				r = unit_surroundings_read(
					o, hf_map_get(&o->obs->by_name, unit->name), err);
			return r;
		}
	}
	return 0;
}

/* Any socket unit may give dockerd its sockets: by Service= there, or by Sockets= of
 * dockerd's unit. */
static int sockets_load(hf_units_observer *o, hf_error **err)
{
	hf_units_unit *engine = hf_map_get(
		&o->obs->by_name, o->obs->scanned ? o->obs->scanned : "docker.service");
	const char **names = NULL;
	hf_unit_stack stack;
	size_t n = 0;
	int r = 0;

	for (size_t d = 0; d < o->search.dirs.n; d++) {
		const hf_unit_dir *dir = &o->search.dirs.dirs[d];

		for (size_t i = 0; i < dir->n && r == 0; i++)
			if (is_candidate(dir, dir->names[i], ".socket"))
				r = unit_load(o, dir->names[i], false, err);
	}
	if (r < 0 || engine->load != HF_UNIT_LOADED)
		return r;
	r = hf_units_stack(o->arena, engine, engine->ours, &stack, err);
	if (r == 0)
		r = hf_units_sockets(o->arena, &stack, &names, &n, err);
	for (size_t i = 0; i < n && r == 0; i++)
		if (!hf_unit_name_check(names[i]))
			r = unit_load(o, names[i], false, err);
	return r;
}

/* --- the live layer ------------------------------------------------------------------
 */

static int name_resolve(hf_units_observer *o, const hf_units_spec *spec, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	bool user = !strcmp(spec->name, "SocketUser");
	hf_map *map = user ? &o->obs->users : &o->obs->groups;
	const char *name = spec->values[0];
	hf_units_id *id = hf_map_get(map, name);
	int r;

	if (id)
		return 0;
	id = hf_arena_new(o->arena, hf_units_id);
	if (!id || hf_map_put(map, o->arena, name, id) < 0)
		return hf_error_oom(err);
	r = user ? hf_ids_uid(o->host, name, &id->id, &e)
		 : hf_ids_gid(o->host, name, &id->id, &e);
	if (r == -ENOMEM)
		return hf_error_oom(err);
	id->known = r == 0 ? HF_PRESENT : HF_UNKNOWN;
	if (r == 0)
		return 0;
	id->why = hf_arena_strdup(o->arena, hf_error_text(e));
	return id->why ? 0 : hf_error_oom(err);
}

static int names_resolve(hf_units_observer *o, const hf_model *model, hf_error **err)
{
	int r = 0;

	for (size_t i = 0; i < model->n_demands && r == 0; i++) {
		const hf_units_spec *spec = model->demands[i]->spec;

		if (model->demands[i]->kind == &hf_kind_units &&
		    spec->want == HF_UNITS_SETTING && !strcmp(spec->section, "Socket") &&
		    (!strcmp(spec->name, "SocketUser") ||
		     !strcmp(spec->name, "SocketGroup")))
			r = name_resolve(o, spec, err);
	}
	return r;
}

/* Is there one whose environment is of interest? */
static bool has_service(const hf_units_obs *obs)
{
	for (size_t i = 0; i < obs->n_units; i++)
		if (obs->units[i]->load == HF_UNIT_LOADED &&
		    strcmp(hf_unit_name_type(obs->units[i]->name), ".service") == 0)
			return true;
	return false;
}

static int live_read(hf_units_observer *o, hf_error **err)
{
	const char *dead_why = NULL;
	int r = 0;

	o->obs->live = o->host->units.known == HF_PRESENT;
	o->obs->live_why = o->host->units.why;
	o->obs->live_unknown = o->host->units.known == HF_UNKNOWN;
	if (!o->obs->live)
		return 0;
	for (size_t i = 0; i < o->obs->n_units && r == 0; i++) {
		hf_units_unit *unit = o->obs->units[i];
		bool dead = false;

		if (unit->load == HF_UNIT_NOT_FOUND ||
		    (!unit->demanded &&
		     (!o->obs->scanned || strcmp(o->obs->scanned, unit->name))))
			continue;
		if (dead_why) {
			unit->live_known = HF_UNKNOWN;
			unit->live_why = dead_why;
			continue;
		}
		r = hf_units_live_read(o->host, o->arena, unit, &dead, err);
		if (r == 0 && dead)
			dead_why = unit->live_why;
	}
	if (r < 0 || !has_service(o->obs))
		return r;
	if (!dead_why)
		return hf_units_manager_ask(o->host, o->arena, o->obs, err);
	if (!o->obs->default_env_why)
		o->obs->default_env_why = dead_why;
	return 0;
}

int hf_units_ahead(hf_host *host, hf_plan *plan, hf_error **err)
{
	hf_units_obs *obs = hf_arena_new(&plan->arena, hf_units_obs);
	hf_units_search *search = hf_arena_new(&plan->arena, hf_units_search);

	if (!obs || !search)
		return hf_error_oom(err);
	plan->obs[HF_RANK_UNITS] = obs;
	obs->env_mode = 0644;
	obs->search = search;
	return hf_units_search_open(host, &plan->arena, search, err);
}

int hf_units_observe(hf_host *host, const hf_model *model, hf_plan *plan, hf_error **err)
{
	hf_units_observer o = { .host = host, .arena = &plan->arena };
	hf_units_obs *obs;
	int r = plan->obs[HF_RANK_UNITS] ? 0 : hf_units_ahead(host, plan, err);

	if (r < 0)
		return r;
	obs = plan->obs[HF_RANK_UNITS];
	o.obs = obs;
	o.search = *obs->search;
	if (r == 0)
		r = units_load(&o, model, plan, err);
	for (size_t i = 0; i < obs->n_units && r == 0; i++)
		r = unit_surroundings_read(&o, obs->units[i], err);
	if (r == 0)
		r = engine_scan(&o, err);
	if (r == 0)
		r = sockets_load(&o, err);
	if (r == 0 && has_service(obs))
		r = hf_units_manager_read(host, &plan->arena, obs, err);
	if (r == 0)
		r = names_resolve(&o, model, err);
	if (r == 0)
		r = live_read(&o, err);
	return r;
}

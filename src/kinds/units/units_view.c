/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

int hf_units_stack(hf_arena *arena, const hf_units_unit *unit, const hf_unit_file *ours,
		   hf_unit_stack *ret, hf_error **err)
{
	size_t n = 0;

	ret->files = hf_arena_array(arena, unit->n_files + 1, sizeof(*ret->files));
	if (!ret->files)
		return hf_error_oom(err);
	for (size_t i = 0; i <= unit->n_files; i++) {
		if (i == unit->ours_at && ours)
			ret->files[n++] = ours;
		if (i < unit->n_files)
			ret->files[n++] = unit->files[i];
	}
	ret->n = n;
	return 0;
}

/* --- environment ----------------------------------------------------------------- */

static int env_doubt(hf_env *env, hf_arena *arena, const char *what)
{
	if (!env->incomplete)
		env->incomplete = hf_arena_printf(
			arena, "'%s' is known only to the running manager", what);
	return env->incomplete ? 0 : -ENOMEM;
}

/* One "NAME=VALUE" of Environment=. */
static int env_assign(hf_env *env, hf_arena *arena, const char *word, bool exact,
		      const hf_unit_value *at)
{
	const char *eq = strchr(word, '=');
	char *name;

	if (!eq || eq == word)
		return 0; /* systemd ignores it */
	name = hf_arena_memdup(arena, word, (size_t)(eq - word));
	if (!name)
		return -ENOMEM;
	if (!strchr(name, '%') && !hf_env_is_valid(name, eq + 1))
		return 0; /* and this as well */
	if (exact)
		return hf_env_put(env, arena, name, eq + 1, at->file, at->line);
	if (strchr(name, '%'))
		return env_doubt(env, arena, name);
	if (hf_map_put(&env->unknown, arena, name, env) < 0)
		return -ENOMEM;
	return hf_map_put(&env->by_name, arena, name, NULL);
}

/* What cannot be split is ignored as a whole. */
static int words_of(hf_arena *arena, const hf_unit_value *at, const char ***ret,
		    size_t *ret_n, hf_error **err)
{
	int r = hf_words_split(arena, at->value, false, ret, ret_n, NULL);

	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		*ret_n = 0;
	return 0;
}

/* Environment= of a unit, DefaultEnvironment= of the manager. */
static int env_of_settings(hf_env *env, hf_arena *arena, const char *unit,
			   const hf_unit_stack *stack, const char *section,
			   const char *key, hf_error **err)
{
	hf_unit_value *list;
	size_t n;
	int r = hf_unit_list(stack, section, key, arena, &list, &n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		const char **words;
		size_t n_words;

		r = words_of(arena, &list[i], &words, &n_words, err);
		for (size_t w = 0; r == 0 && w < n_words; w++) {
			const char *word;
			hf_expansion how;

			r = hf_specifiers_expand(arena, unit, words[w], &word, &how);
			if (r == 0 && how != HF_EXPAND_INVALID)
				r = env_assign(env, arena, word, how == HF_EXPAND_EXACT,
					       &list[i]);
			if (r < 0)
				hf_error_oom(err);
		}
	}
	return r;
}

/* PassEnvironment= and UnsetEnvironment=. */
static int env_of_names(hf_env *env, hf_arena *arena, const hf_unit_stack *stack,
			const char *key, bool unset, hf_error **err)
{
	hf_unit_value *list;
	size_t n;
	int r = hf_unit_list(stack, "Service", key, arena, &list, &n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		const char **words;
		size_t n_words;

		r = words_of(arena, &list[i], &words, &n_words, err);
		for (size_t w = 0; r == 0 && w < n_words; w++) {
			if (unset && strchr(words[w], '='))
				continue; /* only that very value: rare, kept */
			r = hf_map_put(unset ? &env->by_name : &env->unknown, arena,
				       words[w], unset ? NULL : (void *)env);
			if (r < 0)
				hf_error_oom(err);
		}
	}
	return r;
}

static int env_of_file(hf_env *env, hf_arena *arena, const hf_units_env *source,
		       bool optional, hf_error **err)
{
	if (source->known == HF_PRESENT) {
		for (size_t i = 0; i < source->n; i++) {
			cleanup_(hf_error_freep) hf_error *e = NULL;
			int r = hf_env_file_parse(env, arena, source->paths[i],
						  source->texts[i], source->lens[i], &e);

			if (r == -ENOMEM)
				return hf_error_oom(err);
			if (r < 0 && !env->incomplete)
				env->incomplete =
					hf_arena_printf(arena, "%s: %s", source->paths[i],
							hf_error_text(e));
		}
		return 0;
	}
	if (env->incomplete || (source->known == HF_ABSENT && optional))
		return 0;
	env->incomplete =
		source->known == HF_ABSENT
			? hf_arena_printf(arena, "the environment file '%s' is missing",
					  source->pattern)
			: source->why;
	return env->incomplete ? 0 : hf_error_oom(err);
}

static int env_of_files(hf_env *env, hf_arena *arena, const hf_units_obs *obs,
			const char *unit, const hf_unit_stack *stack,
			const hf_units_env *own, hf_error **err)
{
	hf_unit_value *list;
	size_t n;
	int r = hf_unit_list(stack, "Service", "EnvironmentFile", arena, &list, &n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		bool optional = list[i].value[0] == '-';
		const hf_units_env *source;
		const char *path;
		hf_expansion how;

		if (hf_specifiers_expand(arena, unit, list[i].value + optional, &path,
					 &how) < 0)
			return hf_error_oom(err);
		if (how == HF_EXPAND_INEXACT && env_doubt(env, arena, list[i].value) < 0)
			return hf_error_oom(err);
		source = how != HF_EXPAND_EXACT	      ? NULL
			 : strcmp(path, own->written) ? hf_map_get(&obs->env_files, path)
						      : own;
		if (source)
			r = env_of_file(env, arena, source, optional, err);
	}
	return r;
}

/* What its files give all services at its next start or reload, and what the running one
 * gives them now: set-environment goes before the files, but an edit of them may be newer
 * than what it has read. */
static int env_of_manager(hf_env *env, hf_arena *arena, const hf_units_obs *obs,
			  const char *unit, hf_error **err)
{
	int r = env_of_settings(env, arena, unit, &obs->default_env, "Manager",
				"DefaultEnvironment", err);

	env->incomplete = obs->default_env_why;
	for (size_t i = 0; i < obs->n_manager_env && r == 0; i++) {
		const char *eq = strchr(obs->manager_env[i], '=');
		const hf_env_var *var;
		char *name;

		if (!eq)
			continue;
		name = hf_arena_memdup(arena, obs->manager_env[i],
				       (size_t)(eq - obs->manager_env[i]));
		if (!name)
			return hf_error_oom(err);
		var = hf_map_get(&env->by_name, name);
		if (hf_env_is_managers(name) || (var && strcmp(var->value, eq + 1) == 0))
			continue;
		if (var)
			r = hf_map_put(&env->unknown, arena, name, env);
		if (r == 0 && var)
			r = hf_map_put(&env->by_name, arena, name, NULL);
		if (r == 0 && !var)
			r = hf_env_put(env, arena, name, eq + 1,
				       "the environment of systemd's manager", 0);
		if (r < 0)
			return hf_error_oom(err);
	}
	return r;
}

/* --- ExecStart ------------------------------------------------------------------- */

static int exec_expand(hf_arena *arena, const hf_units_obs *obs, const char *unit,
		       const hf_unit_stack *stack, const hf_units_env *own,
		       hf_units_exec *exec, hf_error **err)
{
	int r = env_of_manager(&exec->env, arena, obs, unit, err);

	if (r == 0)
		r = env_of_settings(&exec->env, arena, unit, stack, "Service",
				    "Environment", err);
	if (r == 0)
		r = env_of_files(&exec->env, arena, obs, unit, stack, own, err);
	if (r == 0)
		r = env_of_names(&exec->env, arena, stack, "PassEnvironment", false, err);
	if (r == 0)
		r = env_of_names(&exec->env, arena, stack, "UnsetEnvironment", true, err);
	if (r == 0)
		r = hf_cmd_expand(arena, &exec->cmd, unit, &exec->env, exec->line.file,
				  exec->line.line, &exec->argv, err);
	return r;
}

static int exec_broken(hf_arena *arena, hf_units_exec *exec, const hf_unit_value *at,
		       const char *what, const char *why)
{
	exec->broken = hf_arena_printf(arena, "ExecStart at %s:%u %s%s", at->file,
				       at->line, what, why);
	return exec->broken ? 0 : -ENOMEM;
}

/* In another root its configuration is another one as well. */
static int exec_elsewhere(hf_arena *arena, const hf_unit_stack *stack,
			  hf_units_exec *exec, hf_error **err)
{
	static const char *const keys[] = { "RootDirectory", "RootImage" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		hf_unit_value *list;
		size_t n;
		int r = hf_unit_list(stack, "Service", keys[i], arena, &list, &n, err);

		if (r < 0)
			return r;
		if (!n || !exec->argv.exact)
			continue;
		exec->argv.exact = false;
		exec->argv.why = hf_arena_printf(
			arena,
			"%s= at %s:%u gives it another root, which is not looked at",
			keys[i], list[n - 1].file, list[n - 1].line);
		if (!exec->argv.why)
			return hf_error_oom(err);
	}
	return 0;
}

int hf_units_exec_read(hf_arena *arena, const hf_units_obs *obs, const char *unit,
		       const hf_unit_stack *stack, const hf_units_env *own,
		       hf_units_exec *ret, hf_error **err)
{
	const hf_unit_value *refused = NULL;
	const char *why = NULL;
	hf_units_exec exec = { 0 };
	hf_unit_value *list;
	size_t n = 0;
	int r = hf_unit_list(stack, "Service", "ExecStart", arena, &list, &n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		hf_cmd cmd;

		r = hf_cmd_parse(arena, unit, list[i].value, &cmd, err);
		if (r < 0)
			return r;
		if (!cmd.n_commands) {
			refused = &list[i];
			why = cmd.why;
		} else if (!exec.n_commands) {
			exec.line = list[i];
			exec.cmd = cmd;
		}
		exec.n_commands += cmd.n_commands;
	}
	if (r == 0 && exec.n_commands == 1)
		r = exec_expand(arena, obs, unit, stack, own, &exec, err);
	if (r == 0 && exec.n_commands == 1)
		r = exec_elsewhere(arena, stack, &exec, err);
	if (r < 0)
		return r;
	if (exec.n_commands == 1)
		;
	else if (exec.n_commands && exec.n_commands == exec.cmd.n_commands)
		r = exec_broken(arena, &exec, &exec.line, "holds several commands", "");
	else if (exec.n_commands)
		exec.broken = "the unit has more than one ExecStart";
	else if (refused)
		r = exec_broken(arena, &exec, refused, "cannot be read: ", why);
	else
		exec.broken = "the unit has no ExecStart";
	if (r < 0)
		return hf_error_oom(err);
	*ret = exec;
	return 0;
}

/* --- the plan's view ------------------------------------------------------------- */

/* An address of ListenStream= that is no path, abstract name or vsock: a port alone is
 * that of every address (systemd.socket(5)). */
static int listen_tcp(hf_arena *arena, const char *address, hf_units_streams *out)
{
	bool port = address[strspn(address, "0123456789")] == '\0';
	const char **slot;

	if (!*address || strchr("/@%", *address) || strncmp(address, "vsock", 5) == 0)
		return 0;
	slot = hf_vec_push(arena, out->tcp, out->n_tcp);
	if (!slot)
		return -ENOMEM;
	*slot = hf_arena_printf(arena, "tcp://%s%s", port ? "[::]:" : "", address);
	return *slot ? 0 : -ENOMEM;
}

int hf_units_listen(hf_arena *arena, const char *unit, const hf_unit_stack *stack,
		    hf_units_streams *ret, hf_error **err)
{
	hf_units_streams out = { 0 };
	hf_unit_value *list;
	size_t n;
	int r = hf_unit_list(stack, "Socket", "ListenStream", arena, &list, &n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		const char *path, **slot;
		hf_expansion how;

		if (hf_specifiers_expand(arena, unit, list[i].value, &path, &how) < 0)
			return hf_error_oom(err);
		if (how == HF_EXPAND_INEXACT && (path[0] == '/' || path[0] == '%'))
			out.doubtful = list[i].value;
		if (listen_tcp(arena, path, &out) < 0)
			return hf_error_oom(err);
		if (path[0] != '/' || how != HF_EXPAND_EXACT)
			continue;
		slot = hf_vec_push(arena, out.paths, out.n);
		if (!slot)
			return hf_error_oom(err);
		*slot = path;
	}
	if (out.doubtful) {
		out.why = hf_arena_printf(
			arena, "ListenStream=%s is known only to the running manager",
			out.doubtful);
		if (!out.why)
			return hf_error_oom(err);
	}
	if (r == 0)
		*ret = out;
	return r;
}

/* Service=, else the service of the same name. */
static int view_service(hf_unit_view *view, hf_arena *arena, const hf_unit_stack *stack,
			hf_error **err)
{
	const char *type = hf_unit_name_type(view->name);
	hf_unit_value *list;
	hf_expansion how;
	size_t n;
	int r = hf_unit_list(stack, "Socket", "Service", arena, &list, &n, err);

	if (r < 0 || strcmp(type, ".socket") != 0)
		return r;
	if (n) {
		r = hf_specifiers_expand(arena, view->name, list[n - 1].value,
					 &view->service, &how);
		return r < 0 ? hf_error_oom(err) : 0;
	}
	view->service = hf_arena_printf(arena, "%.*s.service", (int)(type - view->name),
					view->name);
	return view->service ? 0 : hf_error_oom(err);
}

int hf_units_sockets(hf_arena *arena, const hf_unit_stack *stack, const char ***ret,
		     size_t *ret_n, hf_error **err)
{
	hf_unit_value *list;
	size_t n;
	int r = hf_unit_list(stack, "Service", "Sockets", arena, &list, &n, err);

	*ret = NULL;
	*ret_n = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		const char **words;
		size_t n_words;

		r = words_of(arena, &list[i], &words, &n_words, err);
		for (size_t w = 0; r == 0 && w < n_words; w++) {
			const char **slot = hf_vec_push(arena, *ret, *ret_n);

			if (!slot)
				return hf_error_oom(err);
			*slot = words[w];
		}
	}
	return r;
}

static int view_listen(hf_unit_view *view, hf_arena *arena, const hf_unit_stack *stack,
		       hf_error **err)
{
	hf_units_streams streams = { 0 };
	int r = hf_units_listen(arena, view->name, stack, &streams, err);

	if (r == 0)
		r = view_service(view, arena, stack, err);
	if (r == 0)
		r = hf_units_sockets(arena, stack, &view->sockets, &view->n_sockets, err);

	view->listen_streams = streams.paths;
	view->n_listen_streams = streams.n;
	view->listen_tcp = streams.tcp;
	view->n_listen_tcp = streams.n_tcp;
	view->listen_why = streams.why;
	return r;
}

static void view_live(hf_unit_view *view, const hf_units_obs *obs,
		      const hf_units_unit *unit)
{
	view->live = unit->live_known == HF_PRESENT;
	view->live_why = unit->live_why ? unit->live_why : obs->live_why;
	view->need_daemon_reload = unit->need_daemon_reload;
	view->active_state = unit->active_state;
	view->main_pid = unit->main_pid;
	view->live_argv = unit->live_argv;
	view->n_live_argv = unit->n_live_argv;
	view->main_start_ticks = unit->main_start_ticks;
	view->main_started_usec = unit->main_started_usec;
}

static bool runs_dockerd(const hf_unit_view *view)
{
	return view && view->argv && view->n_argv &&
	       !strcmp(hf_path_base(view->argv[0].text), "dockerd");
}

/* What files set for its process. */
static int view_env(hf_unit_view *view, hf_arena *arena, const hf_env *env)
{
	const hf_map *map = &env->by_name;
	size_t n = 0;

	view->env = hf_arena_array(arena, map->n + 1, sizeof(*view->env));
	for (size_t i = 0; view->env && i < map->cap; i++) {
		const hf_env_var *var = map->slots[i].key ? map->slots[i].value : NULL;

		if (!var)
			continue;
		view->env[n] = hf_arena_printf(arena, "%s=%s", var->name, var->value);
		if (!view->env[n++])
			return -ENOMEM;
	}
	if (!view->env)
		return -ENOMEM;
	map = &env->unknown;
	view->env_why = env->incomplete;
	view->env_unknown = hf_arena_array(arena, map->n + 1, sizeof(*view->env_unknown));
	for (size_t i = n = 0; view->env_unknown && i < map->cap; i++)
		if (map->slots[i].key)
			view->env_unknown[n++] = map->slots[i].key;
	return view->env_unknown ? 0 : -ENOMEM;
}

int hf_units_view_put(hf_plan *plan, const hf_units_obs *obs, const hf_units_unit *unit,
		      const hf_unit_stack *stack, const hf_units_exec *exec,
		      hf_error **err)
{
	hf_unit_view *view = hf_arena_new(&plan->arena, hf_unit_view);
	hf_unit_mount *mounts = NULL;
	int r;

	if (!view || hf_map_put(&plan->units, &plan->arena, unit->name, view) < 0)
		return hf_error_oom(err);
	view->name = unit->name;
	view->load = unit->load;
	view->why = unit->why;
	view_live(view, obs, unit);
	if (unit->load != HF_UNIT_LOADED)
		return 0;
	view->fragment = unit->fragment;
	view->n_dropins = stack->n - 1;
	view->dropins = hf_arena_array(&plan->arena, stack->n, sizeof(*view->dropins));
	if (!view->dropins)
		return hf_error_oom(err);
	for (size_t i = 1; i < stack->n; i++)
		view->dropins[i - 1] = stack->files[i]->path;
	r = view_listen(view, &plan->arena, stack, err);
	if (exec->broken) {
		view->argv_why = exec->broken;
	} else {
		view->argv = exec->argv.args;
		view->n_argv = exec->argv.n;
		view->argv_exact = exec->argv.exact;
		view->argv_why = exec->argv.why;
	}
	if (r < 0 || !runs_dockerd(view))
		return r;
	if (view_env(view, &plan->arena, &exec->env) < 0)
		return hf_error_oom(err);
	r = hf_units_mounts(&plan->arena, unit->name, stack, &mounts, &view->n_mounts,
			    err);
	view->mounts = mounts;
	return r;
}

static bool is_own(const hf_units_unit *unit, const hf_env_var *var)
{
	return (unit->ours_path && !strcmp(var->file, unit->ours_path)) ||
	       (unit->own_env.pattern && !strcmp(var->file, unit->own_env.pattern)) ||
	       (unit->own_env.written && !strcmp(var->file, unit->own_env.written));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const hf_unit_var *)a)->name, ((const hf_unit_var *)b)->name);
}

int hf_units_view_env(hf_plan *plan, const hf_units_unit *unit, const hf_env *env,
		      const hf_env *now, hf_error **err)
{
	hf_unit_view *view = hf_map_get(&plan->units, unit->name);
	hf_unit_var *vars = NULL;
	size_t n = 0;
	const hf_env *sides[] = { env, now };

	for (size_t s = 0; s < ARRAY_SIZE(sides); s++) {
		for (size_t i = 0; sides[s] && i < sides[s]->by_name.cap; i++) {
			const hf_env_var *var = sides[s]->by_name.slots[i].value;
			hf_unit_var *slot;

			/* of what is only there now ours is of interest: it goes */
			if (!var || (s && !is_own(unit, var)) ||
			    hf_map_get(&sides[s]->unknown, var->name))
				continue;
			slot = hf_vec_push(&plan->arena, vars, n);
			if (!slot)
				return hf_error_oom(err);
			*slot = (hf_unit_var){ var->name,
					       is_own(unit, var) ? NULL : var->value,
					       var->file, var->line };
		}
	}
	if (n)
		qsort(vars, n, sizeof(*vars), by_name);
	view->vars = vars;
	view->n_vars = n;
	view->vars_exact = !env->incomplete && !env->unknown.n;
	return 0;
}

/* --- references ------------------------------------------------------------------ */

/* Why a unit that is not loaded has no values; true if it is loaded. */
static bool ref_needs_unit(hf_plan *plan, const char *name, const hf_unit_view *view,
			   hf_ref_values *ret)
{
	if (view && view->load == HF_UNIT_LOADED)
		return true;
	if (view && view->load == HF_UNIT_BAD) {
		ret->unknown = true;
		ret->why = view->why;
		return false;
	}
	if (view && view->load == HF_UNIT_MASKED)
		ret->why = hf_arena_printf(&plan->arena, "unit %s is masked", name);
	else
		ret->why =
			hf_arena_printf(&plan->arena, "unit %s is not installed", name);
	return false;
}

static int ref_unit(hf_plan *plan, const hf_unit_view *view, hf_ref_values *ret)
{
	ret->n = view->n_dropins + 1;
	ret->values = hf_arena_array(&plan->arena, ret->n, sizeof(*ret->values));
	if (!ret->values)
		return -ENOMEM;
	ret->values[0] = view->fragment;
	for (size_t i = 0; i < view->n_dropins; i++)
		ret->values[i + 1] = view->dropins[i];
	return 0;
}

static int ref_exec(hf_plan *plan, const hf_units_obs *obs, const hf_unit_view *view,
		    hf_ref_values *ret)
{
	const char *program;

	if (!view->argv || !view->n_argv) {
		ret->unknown = true;
		ret->why =
			hf_arena_printf(&plan->arena, "unit %s: %s", view->name,
					view->argv_why ? view->argv_why : "no ExecStart");
		return ret->why ? 0 : -ENOMEM;
	}
	program = view->argv[0].text;
	if (program[0] != '/')
		program = hf_map_get(&obs->programs, program);
	if (!program || strchr(program, '%')) {
		ret->unknown = true;
		ret->why = hf_arena_printf(&plan->arena,
					   "unit %s: the path of '%s' cannot be told",
					   view->name, view->argv[0].text);
		return ret->why ? 0 : -ENOMEM;
	}
	ret->values = hf_arena_array(&plan->arena, 1, sizeof(*ret->values));
	if (!ret->values)
		return -ENOMEM;
	ret->values[0] = program;
	ret->n = 1;
	return 0;
}

static int ref_socket(hf_plan *plan, const hf_unit_view *view, hf_ref_values *ret)
{
	if (view->listen_why) {
		ret->unknown = true;
		ret->why = view->listen_why;
		return 0;
	}
	ret->values = view->listen_streams;
	ret->n = view->n_listen_streams;
	if (!ret->n)
		ret->why = hf_arena_printf(&plan->arena, "unit %s listens on no path",
					   view->name);
	return ret->n || ret->why ? 0 : -ENOMEM;
}

int hf_units_ref_unit(hf_arena *arena, const char *ref, const char **ret)
{
	const char *name = strchr(ref, ':'), *type;

	*ret = NULL;
	if (strncmp(ref, "unit:", 5) && strncmp(ref, "exec:", 5) &&
	    strncmp(ref, "socket:", 7))
		return 0;
	type = hf_unit_name_type(++name);
	*ret = strncmp(ref, "socket:", 7) || !strcmp(type, ".socket")
		       ? name
		       : hf_arena_printf(arena, "%.*s.socket",
					 (int)(strlen(name) - strlen(type)), name);
	return *ret ? 0 : -ENOMEM;
}

static int ref_put(hf_plan *plan, const hf_units_obs *obs, const char *ref)
{
	hf_ref_values values = { 0 };
	const hf_unit_view *view;
	const char *name;
	int r = hf_units_ref_unit(&plan->arena, ref, &name);

	if (r < 0 || !name)
		return r;
	view = hf_map_get(&plan->units, name);
	if (!ref_needs_unit(plan, name, view, &values))
		r = values.why ? 0 : -ENOMEM;
	else if (!strncmp(ref, "unit:", 5))
		r = ref_unit(plan, view, &values);
	else if (!strncmp(ref, "exec:", 5))
		r = ref_exec(plan, obs, view, &values);
	else
		r = ref_socket(plan, view, &values);
	return r < 0 ? r : hf_plan_ref_set(plan, ref, &values);
}

int hf_units_refs_put(hf_plan *plan, const hf_units_obs *obs, const hf_model *model,
		      hf_error **err)
{
	const hf_unit_view *docker = hf_map_get(&plan->units, "docker.service");

	for (size_t i = 0; i < model->n_refs; i++) {
		if (ref_put(plan, obs, model->refs[i]) < 0)
			return hf_error_oom(err);
	}
	if (!runs_dockerd(docker) && obs->scanned)
		docker = hf_map_get(&plan->units, obs->scanned);
	if (runs_dockerd(docker)) {
		plan->engine.unit = docker->name;
		plan->engine.stale = docker->live && docker->need_daemon_reload;
	} else {
		plan->engine.unit_why = obs->scan_why;
	}
	return 0;
}

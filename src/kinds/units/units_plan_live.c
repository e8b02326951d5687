/* SPDX-License-Identifier: Apache-2.0 */
/* The live layer: what the manager has loaded, what the process was started with, and the
 * inodes of listening sockets. */
#include <errno.h>
#include <string.h>

#include "kinds/units/units_kind.h"
#include "kinds/units/units_plan.h"
#include "kinds/units/units_settings.h"

static bool is_engine(const hf_units_work *work)
{
	return work->obs->scanned && !strcmp(work->obs->scanned, work->unit->name);
}

static bool is_running(const hf_units_unit *unit)
{
	return unit->active_state && (!strcmp(unit->active_state, "active") ||
				      !strcmp(unit->active_state, "reloading"));
}

static bool is_socket_meta(const hf_units_spec *spec)
{
	return spec->want == HF_UNITS_SETTING && !strcmp(spec->section, "Socket") &&
	       (!strcmp(spec->name, "SocketMode") || !strcmp(spec->name, "SocketUser") ||
		!strcmp(spec->name, "SocketGroup"));
}

/* --- daemon-reload -------------------------------------------------------------------
 */

/* Does the manager have the command that the files give? It compares mtimes only, so a
 * file that was put back with an old one escapes it. True where it cannot be told. */
static int manager_is_current(const hf_units_work *work, bool *ret)
{
	const hf_units_unit *unit = work->unit;
	const hf_units_exec *exec = &work->now.exec;
	size_t skip = exec->cmd.separate_argv0;

	*ret = true;
	if (exec->broken || !unit->n_manager_exec || exec->cmd.program[0] != '/')
		return 0;
	if (exec->cmd.n_words - skip != unit->n_manager_exec) {
		*ret = false;
		return 0;
	}
	for (size_t i = 1; i < unit->n_manager_exec; i++) {
		const char *text;
		hf_expansion how;

		if (hf_specifiers_expand(work->arena, unit->name,
					 exec->cmd.words[i + skip].text, &text, &how) < 0)
			return -ENOMEM;
		if (how == HF_EXPAND_EXACT && strcmp(text, unit->manager_exec[i]))
			*ret = false;
	}
	return 0;
}

static int reload_ask(hf_units_work *work, hf_error **err)
{
	const char *why = "systemd has an older state of the unit loaded";
	const hf_mark nowhere = { 0 };
	const char *exec = "";
	bool current;

	if (manager_is_current(work, &current) < 0)
		return hf_error_oom(err);
	if (!work->unit->need_daemon_reload && current)
		return 0;
	if (!current)
		exec = hf_arena_printf(work->arena, ", of ExecStart in %s:%u, too",
				       work->now.exec.line.file,
				       work->now.exec.line.line);
	if (!exec)
		return hf_error_oom(err);
	hf_diag_add(
		work->plan->diags, HF_DIAG_NOTE, nowhere, NULL,
		"%s: the files changed after systemd had read them; a daemon-reload puts "
		"all of their changes in force%s",
		work->unit->name, exec);
	if (work->reloads)
		return 0; /* asked for already */
	return hf_plan_effect(work->plan, HF_ACTION_DAEMON_RELOAD, NULL, why)
		       ? 0
		       : hf_error_oom(err);
}

/* --- restart -------------------------------------------------------------------------
 */

static int pending(hf_units_work *work, const hf_units_line *line, hf_resource *row,
		   const char *found)
{
	const char *name = work->unit->name;
	hf_effect *effect;

	if (!is_engine(work))
		return hf_row_judge(
			work->plan, row, HF_STATE_PENDING_RESTART, found,
			"in force after 'systemctl restart %s', which is yours to "
			"do: holdfast restarts only dockerd",
			name);
	if (hf_row_judge(work->plan, row, HF_STATE_PENDING_RESTART, found,
			 "in force after a restart of %s", name) < 0)
		return -ENOMEM;
	if (!line->enforced)
		return 0;
	effect = hf_plan_effect(work->plan, HF_ACTION_RESTART, name,
				"its command line or settings change");
	if (!effect)
		return -ENOMEM;
	effect->pending = !work->group;
	work->plan->engine.restart_helps = true;
	return 0;
}

/* Is it right on disk, or will it be? Then a restart puts it in force. */
static bool is_right_on_disk(const hf_units_work *work, const hf_units_line *line)
{
	const hf_units_found *disk = work->group ? &line->after : &line->now;

	return disk->ok && !disk->unknown;
}

static int process_argv(hf_units_work *work, hf_argv *ret)
{
	const hf_units_unit *unit = work->unit;

	*ret = (hf_argv){ .n = unit->n_live_argv, .exact = true };
	ret->args = hf_arena_array(work->arena, ret->n, sizeof(*ret->args));
	if (!ret->args)
		return -ENOMEM;
	for (size_t i = 0; i < ret->n; i++)
		ret->args[i].text = unit->live_argv[i];
	return 0;
}

static int flag_judge(hf_units_work *work, const hf_units_line *line, hf_resource *row)
{
	hf_units_found found;
	hf_flag *flags;
	hf_argv argv;
	size_t n;

	if (!work->unit->n_live_argv)
		return hf_row_judge(
			work->plan, row, HF_STATE_UNKNOWN, NULL,
			"the command line of the main process of %s cannot be read",
			work->unit->name);
	if (process_argv(work, &argv) < 0 ||
	    hf_units_flags_of(work, &argv, &flags, &n, NULL) < 0 ||
	    hf_units_find_flag(work->arena, line->spec, &argv, flags, n, &found) < 0)
		return -ENOMEM;
	row->secret |= hf_flag_is_secret(line->spec->name, found.text);
	if (found.ok)
		return hf_row_judge(work->plan, row, HF_STATE_PASS, found.text, NULL);
	if (!found.text)
		found.text = "absent";
	if (is_right_on_disk(work, line))
		return pending(work, line, row, found.text);
	return hf_row_judge(work->plan, row, HF_STATE_DRIFT, found.text,
			    "%s was started with it", work->unit->name);
}

static uint64_t mtime_of(const hf_unit_stack *stack, const char *path)
{
	for (size_t i = 0; path && i < stack->n; i++) {
		if (!strcmp(stack->files[i]->path, path))
			return stack->files[i]->mtime_usec;
	}
	return 0;
}

/* A setting has no place in the process: it is in force where the process is younger than
 * the file that the value stands in. */
static int setting_judge(hf_units_work *work, const hf_units_line *line, hf_resource *row)
{
	uint64_t started = work->unit->main_started_usec;
	bool late = started &&
		    mtime_of(&work->now.stack, line->now.file) > started + HF_TICK_USEC;

	if (is_right_on_disk(work, line) && (late || !line->now.ok))
		return pending(work, line, row, line->now.text);
	if (line->now.ok && !started)
		return hf_row_judge(work->plan, row, HF_STATE_UNKNOWN, NULL,
				    "it could not be told when the main process of %s "
				    "was started",
				    work->unit->name);
	return hf_row_judge(work->plan, row,
			    line->now.ok ? HF_STATE_PASS : HF_STATE_DRIFT, line->now.text,
			    NULL);
}

/* --- socket inodes -------------------------------------------------------------------
 */

/* *ret: the inode has what is wanted; the found text; NULL *ret_why: it can be told. */
static int socket_compare(hf_units_work *work, const hf_units_spec *spec,
			  const hf_units_socket *s, uint32_t *ret_wanted, bool *ret_ok,
			  const char **ret_found, const char **ret_why)
{
	const hf_units_id *id;
	mode_t mode;

	*ret_why = NULL;
	if (!strcmp(spec->name, "SocketMode")) {
		if (hf_setting_mode(spec->values[0], &mode) < 0) {
			*ret_why = "SocketMode is not an octal mode";
			return 0;
		}
		*ret_wanted = mode;
		*ret_ok = s->mode == mode;
		*ret_found = hf_arena_printf(work->arena, "%04o", (unsigned)s->mode);
		return *ret_found ? 0 : -ENOMEM;
	}
	if (!strcmp(spec->name, "SocketUser")) {
		id = hf_map_get(&work->obs->users, spec->values[0]);
		*ret_found = s->user;
	} else {
		id = hf_map_get(&work->obs->groups, spec->values[0]);
		*ret_found = s->group;
	}
	if (!id || id->known != HF_PRESENT) {
		*ret_why = id && id->why ? id->why : "the name cannot be looked up";
		return 0;
	}
	*ret_wanted = id->id;
	*ret_ok = id->id == (spec->name[6] == 'U' ? s->uid : s->gid);
	return 0;
}

static int socket_change(hf_units_work *work, const hf_units_line *line, const char *id,
			 hf_resource *row, const hf_units_socket *s, uint32_t wanted)
{
	hf_plan *plan = work->plan;
	hf_group *group;
	hf_change *change = hf_plan_change(
		plan, &hf_kind_units, HF_LIVE, id, HF_OP_UPDATE, row->found,
		line->spec->wanted,
		hf_plan_cause(plan, work->model, line->spec->id, line->spec->wanted));

	if (!change || hf_change_row(plan, change, row) < 0)
		return -ENOMEM;
	if (line->blocked)
		return hf_change_block(plan, change, "%s", line->blocked);
	group = hf_plan_group(plan, HF_GROUP_INODE, HF_STAGE_CONFIG, &hf_kind_units,
			      s->path);
	if (!group)
		return -ENOMEM;
	if (!group->n_changes) {
		group->set_meta = true;
		group->uid = group->before_uid = s->uid;
		group->gid = group->before_gid = s->gid;
		group->mode = group->before_mode = s->mode;
		group->dev = s->dev;
		group->ino = s->ino;
	}
	if (!strcmp(line->spec->name, "SocketMode"))
		group->mode = (mode_t)wanted;
	else if (!strcmp(line->spec->name, "SocketUser"))
		group->uid = wanted;
	else
		group->gid = wanted;
	hf_change_in(change, group);
	return 0;
}

static int socket_judge(hf_units_work *work, const hf_units_line *line,
			const hf_units_socket *s)
{
	const char *id = line->spec->id, *found = NULL, *why;
	hf_resource *row;
	uint32_t wanted = 0;
	bool ok = false;

	if (s->known == HF_ABSENT)
		return 0;
	if (work->unit->n_sockets > 1)
		id = hf_arena_printf(work->arena, "%s@%s", id, s->path);
	if (!id || hf_units_line_row(work, line, HF_LIVE, id, &row) < 0)
		return -ENOMEM;
	if (!row)
		return 0;
	if (s->known == HF_UNKNOWN)
		return hf_row_judge(work->plan, row, HF_STATE_UNKNOWN, NULL, "%s",
				    s->why);
	if (socket_compare(work, line->spec, s, &wanted, &ok, &found, &why) < 0)
		return -ENOMEM;
	if (why)
		return hf_row_judge(work->plan, row, HF_STATE_UNKNOWN, NULL, "%s", why);
	if (hf_row_found_at(work->plan, row, s->path, 0) < 0 ||
	    hf_row_judge(work->plan, row, ok ? HF_STATE_PASS : HF_STATE_DRIFT, found,
			 NULL) < 0)
		return -ENOMEM;
	return ok || !line->enforced ? 0 : socket_change(work, line, id, row, s, wanted);
}

/* --- one unit ------------------------------------------------------------------------
 */

static int line_judge(hf_units_work *work, const hf_units_line *line)
{
	const hf_units_unit *unit = work->unit;
	const hf_units_spec *spec = line->spec;
	hf_resource *row;

	if (unit->live_known == HF_PRESENT && !is_running(unit))
		return 0; /* nothing runs that could differ */
	if (unit->live_known == HF_PRESENT && is_socket_meta(spec)) {
		for (size_t i = 0; i < unit->n_sockets; i++) {
			if (socket_judge(work, line, &unit->sockets[i]) < 0)
				return -ENOMEM;
		}
		return 0;
	}
	/* a socket unit is never restarted: its other settings are for the next start */
	if (spec->want == HF_UNITS_SETTING &&
	    (!strcmp(spec->section, "Socket") ||
	     hf_setting_is_live_at_reload(spec->section, spec->name)))
		return 0;
	if (unit->live_known == HF_PRESENT && !unit->main_pid)
		return 0;
	if (hf_units_line_row(work, line, HF_LIVE, spec->id, &row) < 0)
		return -ENOMEM;
	if (!row)
		return 0;
	if (unit->live_known != HF_PRESENT)
		return hf_row_judge(work->plan, row, HF_STATE_UNKNOWN, NULL, "%s",
				    unit->live_why ? unit->live_why
						   : work->obs->live_why);
	return spec->want == HF_UNITS_SETTING ? setting_judge(work, line, row)
					      : flag_judge(work, line, row);
}

static bool same_argv(const hf_argv *a, const hf_argv *b)
{
	for (size_t i = 0; i < a->n && a->n == b->n; i++) {
		if (strcmp(a->args[i].text, b->args[i].text))
			return false;
	}
	return a->n == b->n;
}

/* A command that changes with no demand to say so: released, or following the vendor. */
static int restart_ask(hf_units_work *work, hf_error **err)
{
	if (!work->group || !is_engine(work) || !is_running(work->unit) ||
	    same_argv(&work->now.exec.argv, &work->after.exec.argv))
		return 0;
	work->plan->engine.restart_helps = true;
	return hf_plan_effect(work->plan, HF_ACTION_RESTART, work->unit->name,
			      "its command line changes")
		       ? 0
		       : hf_error_oom(err);
}

int hf_units_plan_live(hf_units_work *work, hf_error **err)
{
	const hf_units_unit *unit = work->unit;
	int r;

	if (unit->live_known == HF_PRESENT) {
		r = restart_ask(work, err);
		if (r < 0)
			return r;
	}
	if ((!work->n && !work->reloads) ||
	    (!work->obs->live && !work->obs->live_unknown))
		return 0;
	if (unit->live_known == HF_PRESENT) {
		r = reload_ask(work, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < work->n; i++) {
		if (line_judge(work, work->lines[i]) < 0)
			return hf_error_oom(err);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_lines.h"

#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_keys.h"

/* --- gathering ----------------------------------------------------------------------
 */

static int line_control(hf_units_work *work, hf_units_line *line, const hf_demand *demand)
{
	const hf_demand **slot = hf_vec_push(work->arena, line->demands, line->n);

	if (!slot)
		return -ENOMEM;
	*slot = demand;
	line->enforced = line->enforced || hf_control_is_enforced(demand->control);
	return 0;
}

int hf_units_work_add(hf_units_work *work, const hf_demand *demand)
{
	const hf_units_spec *spec = demand->spec;
	char *key = hf_arena_printf(work->arena, "%s\x1f%s", spec->id, spec->wanted);
	hf_units_line *line = key ? hf_map_get(&work->line_by_key, key) : NULL;
	hf_units_line **slot;

	if (!key)
		return -ENOMEM;
	if (line)
		return line_control(work, line, demand);
	line = hf_arena_new(work->arena, hf_units_line);
	slot = hf_vec_push(work->arena, work->lines, work->n);
	if (!line || !slot || hf_map_put(&work->line_by_key, work->arena, key, line) < 0)
		return -ENOMEM;
	*slot = line;
	line->spec = spec;
	return line_control(work, line, demand);
}

/* The values of a recorded flag, "a, b" as the demand had them joined. */
static int values_split(hf_arena *arena, const char *text, hf_units_spec *spec)
{
	for (const char *p = text, *end; p; p = end ? end + 2 : NULL) {
		const char **slot = hf_vec_push(arena, spec->values, spec->n_values);

		end = strstr(p, ", ");
		if (!slot)
			return -ENOMEM;
		*slot = hf_arena_memdup(arena, p, end ? (size_t)(end - p) : strlen(p));
		if (!*slot)
			return -ENOMEM;
	}
	return 0;
}

int hf_units_work_keep(hf_units_work *work, const hf_record_entry *entry)
{
	const char *flag = strchr(entry->id, '#') + sizeof("exec_start.");
	const char *eq = entry->after ? NULL : strchr(flag, '=');
	hf_units_spec *spec = hf_arena_new(work->arena, hf_units_spec);
	hf_units_line *line = hf_arena_new(work->arena, hf_units_line);
	hf_units_line **slot = hf_vec_push(work->arena, work->lines, work->n);

	if (!spec || !line || !slot)
		return -ENOMEM;
	*slot = line;
	line->spec = spec;
	spec->want = entry->after ? HF_UNITS_SET_FLAG : HF_UNITS_UNSET_FLAG;
	spec->unit = work->unit->name;
	spec->id = entry->id;
	spec->wanted = entry->after ? entry->after : "absent";
	spec->match = eq ? eq + 1 : NULL;
	spec->is_bool = entry->after && hf_unit_bool(entry->after) >= 0 &&
			strlen(entry->after) > 3; /* "true" or "false" */
	spec->name = hf_arena_memdup(work->arena, flag,
				     eq ? (size_t)(eq - flag) : strlen(flag));
	if (!spec->name)
		return -ENOMEM;
	return entry->after ? values_split(work->arena, entry->after, spec) : 0;
}

/* The ids for the comment; the same whichever controls are selected. */
static int line_name_controls(hf_units_work *work, hf_units_line *line)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const hf_control *last = NULL;

	for (size_t i = 0; i < line->n; i++) {
		if (line->demands[i]->control == last)
			continue;
		last = line->demands[i]->control;
		hf_strbuf_addf(&sb, "%s%s", sb.len ? ", " : "", last->id);
	}
	if (!line->n)
		hf_strbuf_adds(&sb, "demanded by nobody");
	if (!hf_strbuf_ok(&sb))
		return -ENOMEM;
	line->controls = hf_arena_strdup(work->arena, hf_strbuf_str(&sb));
	return line->controls ? 0 : -ENOMEM;
}

/* --- states --------------------------------------------------------------------------
 */

/* What the baseline says about a flag tells whether it takes a value. */
static hf_flag_arity baseline_hint(const void *user, const char *name)
{
	const hf_units_work *work = user;

	for (size_t i = 0; i < work->n; i++) {
		const hf_units_spec *spec = work->lines[i]->spec;

		if (spec->want == HF_UNITS_SET_FLAG && !strcmp(spec->name, name))
			return spec->is_bool ? HF_FLAG_BOOL : HF_FLAG_VALUE;
		if (spec->want == HF_UNITS_UNSET_FLAG && spec->match &&
		    !strcmp(spec->name, name))
			return HF_FLAG_VALUE;
	}
	return HF_FLAG_UNKNOWN;
}

int hf_units_flags_of(hf_units_work *work, const hf_argv *argv, hf_flag **ret,
		      size_t *ret_n, hf_error **err)
{
	return hf_flags_scan(work->arena, argv, baseline_hint, work, ret, ret_n, err);
}

int hf_units_state_read(hf_units_work *work, const hf_unit_file *ours,
			const hf_units_env *env, hf_units_state *ret, hf_error **err)
{
	int r = hf_units_stack(work->arena, work->unit, ours, &ret->stack, err);

	if (r == 0)
		r = hf_units_exec_read(work->arena, work->obs, work->unit->name,
				       &ret->stack, env, &ret->exec, err);
	if (r == 0 && !ret->exec.broken)
		r = hf_units_flags_of(work, &ret->exec.argv, &ret->flags, &ret->n_flags,
				      err);
	return r;
}

/* For people; a hostile command line may have very many. */
#define FOUND_NAMED_MAX 16

static int found_add(hf_arena *arena, hf_units_found *found, size_t n, const char *text)
{
	if (n > FOUND_NAMED_MAX)
		return 0;
	if (n == FOUND_NAMED_MAX)
		text = "...";
	found->text = n ? hf_arena_printf(arena, "%s, %s", found->text, text) : text;
	return found->text ? 0 : -ENOMEM;
}

static const char *flag_text(hf_arena *arena, const hf_flag *flag)
{
	return flag->value ? hf_arena_printf(arena, "%s=%s", flag->name, flag->value)
			   : flag->name;
}

static int value_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Are the flag's values, whatever their order and repetition, those of the demand? */
static int same_values(hf_arena *arena, const hf_units_spec *spec, const hf_flag *flags,
		       size_t n, const char *name, bool *ret)
{
	bool *seen = hf_arena_array(arena, spec->n_values, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	*ret = false;
	for (size_t i = 0; i < n; i++) {
		const char **at;

		if (strcmp(flags[i].name, name))
			continue;
		at = flags[i].value
			     ? bsearch(&flags[i].value, spec->values, spec->n_values,
				       sizeof(*spec->values), value_compare)
			     : NULL;
		if (!at)
			return 0;
		seen[at - spec->values] = true;
	}
	/* of equal values of the demand, which are neighbours, one is enough */
	for (size_t v = 0, hits = 0; v < spec->n_values; v++) {
		bool last = v + 1 == spec->n_values ||
			    strcmp(spec->values[v], spec->values[v + 1]) != 0;

		hits += seen[v];
		if (last && !hits)
			return 0;
		if (last)
			hits = 0;
	}
	*ret = true;
	return 0;
}

static bool last_value_is(const hf_units_spec *spec, const hf_flag *last)
{
	if (!last)
		return false;
	if (spec->is_bool)
		return hf_flag_bool(last) == !strcmp(spec->values[0], "true");
	return last->value && !strcmp(last->value, spec->values[0]);
}

int hf_units_find_flag(hf_arena *arena, const hf_units_spec *spec, const hf_argv *argv,
		       const hf_flag *flags, size_t n_flags, hf_units_found *ret)
{
	bool unset = spec->want == HF_UNITS_UNSET_FLAG;
	const char *name = argv->n ? hf_flag_long(arena, argv->args[0].text, spec->name)
				   : spec->name;
	const hf_flag *last = NULL;
	size_t n_found = 0;
	int r = 0;

	*ret = (hf_units_found){ 0 };
	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < n_flags; i++) {
		const hf_flag *flag = &flags[i];
		const char *text;

		if (unset ? !hf_flag_match(flag, name, spec->match)
			  : strcmp(flag->name, name))
			continue;
		last = flag;
		text = unset	     ? flag_text(arena, flag)
		       : flag->value ? flag->value
				     : "true";
		if (!text || found_add(arena, ret, n_found++, text) < 0)
			return -ENOMEM;
		ret->file = argv->args[flag->arg].file;
		ret->line = argv->args[flag->arg].line;
	}
	if (unset)
		ret->ok = !last;
	else if (spec->n_values > 1)
		r = same_values(arena, spec, flags, n_flags, name, &ret->ok);
	else
		ret->ok = last_value_is(spec, last);
	if (argv->open && (ret->ok || !unset))
		ret->unknown = argv->why;
	return r;
}

int hf_units_find(hf_arena *arena, const hf_units_spec *spec, const hf_units_state *state,
		  hf_units_found *ret)
{
	hf_unit_value value;

	if (spec->want != HF_UNITS_SETTING) {
		*ret = (hf_units_found){ .unknown = state->exec.broken };
		if (state->exec.broken)
			return 0;
		return hf_units_find_flag(arena, spec, &state->exec.argv, state->flags,
					  state->n_flags, ret);
	}
	*ret = (hf_units_found){ 0 };
	if (hf_unit_last(&state->stack, spec->section, spec->name, &value)) {
		ret->ok = hf_unit_value_equal(spec->name, value.value, spec->values[0]);
		ret->text = value.value;
	}
	ret->file = value.file;
	ret->line = value.line;
	return 0;
}

/* --- the command line ---------------------------------------------------------------
 */

static bool line_hits(const hf_units_line *line, const hf_flag *flag, const char *name)
{
	if (line->spec->want == HF_UNITS_UNSET_FLAG)
		return hf_flag_match(flag, name, line->spec->match);
	return !strcmp(flag->name, name);
}

/* A flag that says where or how dockerd keeps its data goes only where that was agreed
 * to, as the key does. */
static int block_hiding(hf_units_work *work, hf_units_line *line, const char *name)
{
	if (line->spec->want != HF_UNITS_UNSET_FLAG || line->now.ok ||
	    work->plan->options.allow_disruptive)
		return 0;
	for (size_t i = 0; i < work->base.n_flags; i++) {
		const hf_flag *flag = &work->base.flags[i];
		const char *bare = flag->name + strspn(flag->name, "-");
		const hf_dkey *key = hf_dkey_by_flag(bare, NULL);

		if (!key || !(key->flags & HF_DKEY_HIDES_DATA) ||
		    !line_hits(line, flag, name))
			continue;
		line->blocked = hf_arena_printf(
			work->arena,
			"without '%s' images, containers or volumes may become "
			"invisible; taken out only with --allow-disruptive",
			flag->name);
		return line->blocked ? 0 : -ENOMEM;
	}
	return 0;
}

/* dockerd's flags that are keys of daemon.json go there: never both. */
static int block_keys(hf_units_work *work, hf_units_line *line, const char *program)
{
	const char *name = hf_flag_long(work->arena, program, line->spec->name);
	const char *bare;
	const hf_dkey *key;
	bool proxy;

	if (!name)
		return -ENOMEM;
	if (!hf_flag_program(program, "dockerd"))
		return 0;
	if (line->spec->want != HF_UNITS_SET_FLAG)
		return block_hiding(work, line, name);
	bare = name + strspn(name, "-");
	key = hf_dkey_by_flag(bare, NULL);
	proxy = hf_dkey_is_proxy(bare);
	if (!key && !proxy)
		return 0;
	line->blocked =
		hf_arena_printf(work->arena,
				"dockerd takes this from daemon.json: demand "
				"daemon: {set: {%s%s: ...}} instead",
				proxy ? "proxies." : "", proxy ? bare : key->name);
	return line->blocked ? 0 : -ENOMEM;
}

/* Is there something in the way? Then the line is blocked, or (not enforced) left out. */
static int edit_refusal(hf_units_work *work, const hf_units_line *line,
			const hf_flag_edit *edit, const char *name, const char **ret)
{
	const hf_units_env *env = &work->unit->own_env;

	*ret = NULL;
	for (size_t i = 0; i < work->base.n_flags; i++) {
		const hf_flag *flag = &work->base.flags[i];

		if (!line_hits(line, flag, name))
			continue;
		if (env->known == HF_UNKNOWN && hf_flag_edit_is_variable(edit, flag)) {
			*ret = env->why;
			return 0;
		}
		if (hf_flag_edit_refusal(edit, flag, ret) < 0)
			return -ENOMEM;
		if (*ret)
			return 0;
	}
	return 0;
}

static int edit_line(hf_units_work *work, hf_units_line *line, hf_flag_edit *edit)
{
	const hf_units_spec *spec = line->spec;
	const char *name = hf_flag_long(work->arena, work->base.exec.argv.args[0].text,
					spec->name),
		   *refusal;
	const hf_flag *first = NULL;
	int r = name ? edit_refusal(work, line, edit, name, &refusal) : -ENOMEM;

	if (r < 0)
		return r;
	if (refusal) {
		line->in_ours = false;
		if (line->enforced)
			line->blocked = refusal;
		return 0;
	}
	for (size_t i = 0; i < work->base.n_flags; i++) {
		const hf_flag *flag = &work->base.flags[i];

		if (!line_hits(line, flag, name))
			continue;
		first = first ? first : flag;
		line->in_variable |= hf_flag_edit_is_variable(edit, flag);
		hf_flag_edit_drop(edit, flag);
	}
	if (spec->want == HF_UNITS_UNSET_FLAG)
		return 0;
	if (spec->is_bool && !strcmp(spec->values[0], "true"))
		return hf_flag_edit_put(edit, first, spec->name, NULL, 0);
	return hf_flag_edit_put(edit, first, spec->name, spec->values, spec->n_values);
}

/* Why the unit's own command does not tell all flags that are asked for; NULL: it does.
 */
static const char *flags_unknown(const hf_units_work *work)
{
	for (size_t i = 0; i < work->n; i++) {
		const hf_units_line *line = work->lines[i];

		if (line->spec->want != HF_UNITS_SETTING && line->base.unknown)
			return line->base.unknown;
	}
	return NULL;
}

bool hf_units_is_derived(const hf_unit_assign *assign)
{
	return !strcmp(assign->key, "ExecStart") ||
	       !strcmp(assign->key, "EnvironmentFile");
}

/* What our drop-in assigns to one of the two; NULL: nothing. */
static const char *ours_derived(const hf_units_work *work, const char *key)
{
	const hf_unit_file *ours = work->unit->ours;

	for (size_t i = ours ? ours->n : 0; i-- > 0;) {
		if (!strcmp(ours->items[i].section, "Service") &&
		    !strcmp(ours->items[i].key, key) && ours->items[i].value[0])
			return ours->items[i].value;
	}
	return NULL;
}

/* Derived anew from what is not known in full, our command could lose what it has now. */
static int exec_keep(hf_units_work *work, const char *line, const char *why)
{
	work->exec_kept = true;
	work->exec_line = line;
	if (ours_derived(work, "EnvironmentFile"))
		work->env = work->unit->own_env;
	for (size_t i = 0; i < work->n; i++) {
		hf_units_line *l = work->lines[i];

		if (l->spec->want == HF_UNITS_SETTING)
			continue;
		l->in_ours = l->now.ok;
		if (l->enforced && !l->now.ok)
			l->blocked = why;
	}
	return hf_units_dropin_origin(work->arena, work->unit->ours_text,
				      &work->exec_origin);
}

static int exec_compose(hf_units_work *work)
{
	const char *unknown = flags_unknown(work);
	const char *kept = ours_derived(work, "ExecStart");
	hf_flag_edit edit = { 0 };

	work->exec_line = NULL;
	work->env = (hf_units_env){ .pattern = work->unit->own_env.pattern,
				    .written = work->unit->own_env.written };
	if (unknown && (kept || ours_derived(work, "EnvironmentFile")))
		return exec_keep(work, kept, unknown);
	if (work->base.exec.broken)
		return 0;
	work->exec_origin = work->base.exec.line.value;
	if (hf_flag_edit_begin(work->arena, &work->base.exec.cmd, &work->base.exec.argv,
			       &edit) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < work->n; i++) {
		hf_units_line *line = work->lines[i];
		bool mine = line->enforced && !line->blocked;

		if (line->spec->want == HF_UNITS_SETTING)
			continue;
		line->in_variable = false;
		line->in_ours =
			!line->base.ok && !line->base.unknown && (mine || line->now.ok);
		if (line->in_ours && mine &&
		    block_keys(work, line, work->base.exec.argv.args[0].text) < 0)
			return -ENOMEM;
		line->in_ours = line->in_ours && (!line->blocked || line->now.ok);
		if (line->in_ours && edit_line(work, line, &edit) < 0)
			return -ENOMEM;
	}
	if (edit.any_gone && hf_units_env_compose(work, &edit) < 0)
		return -ENOMEM;
	return edit.changed ? hf_flag_edit_line(&edit, &work->exec_line) : 0;
}

/* --- composing -----------------------------------------------------------------------
 */

static bool ours_assigns(const hf_units_work *work, const hf_units_spec *spec)
{
	const hf_unit_file *ours = work->unit->ours;

	for (size_t i = 0; ours && i < ours->n; i++) {
		if (!strcmp(ours->items[i].section, spec->section) &&
		    !strcmp(ours->items[i].key, spec->name))
			return true;
	}
	return false;
}

static int compose_once(hf_units_work *work, hf_error **err)
{
	hf_unit_file *parsed;
	int r;

	if (exec_compose(work) < 0)
		return hf_error_oom(err);
	for (size_t i = 0; i < work->n; i++) {
		hf_units_line *line = work->lines[i];

		if (line->spec->want == HF_UNITS_SETTING)
			line->in_ours = line->enforced && !line->blocked
						? !line->base.ok
						: ours_assigns(work, line->spec);
	}
	if (hf_units_dropin_write(work, &work->text, &work->text_len) < 0)
		return hf_error_oom(err);
	work->parsed = NULL;
	if (work->text) {
		parsed = hf_arena_new(work->arena, hf_unit_file);
		if (!parsed)
			return hf_error_oom(err);
		r = hf_unit_file_parse(work->arena, work->unit->ours_path, work->text,
				       work->text_len, parsed, err);
		if (r < 0)
			return r;
		work->parsed = parsed;
	}
	r = hf_units_state_read(work, work->parsed, &work->env, &work->after, err);
	for (size_t i = 0; i < work->n && r == 0; i++) {
		hf_units_line *line = work->lines[i];

		if (hf_units_find(work->arena, line->spec, &work->after, &line->after) <
		    0)
			r = hf_error_oom(err);
	}
	return r;
}

/* What our drop-in sets and something behind it takes back. */
static int block_overridden(hf_units_work *work, bool *ret_any, hf_error **err)
{
	*ret_any = false;
	for (size_t i = 0; i < work->n; i++) {
		hf_units_line *line = work->lines[i];
		const hf_units_found *after = &line->after;

		if (!line->enforced || line->blocked || !line->in_ours ||
		    (after->ok && !after->unknown))
			continue;
		if (after->unknown)
			line->blocked = after->unknown;
		else if (after->file)
			line->blocked = hf_arena_printf(
				work->arena,
				"%s:%u comes after our drop-in and overrides it; take it "
				"out "
				"there",
				after->file, after->line);
		else
			line->blocked = "a word before it in ExecStart= would take it "
					"for something else; mend that first";
		if (!line->blocked)
			return hf_error_oom(err);
		*ret_any = true;
	}
	return 0;
}

int hf_units_work_compose(hf_units_work *work, hf_error **err)
{
	bool again;
	const hf_units_env *env = &work->unit->own_env;
	int r = hf_units_state_read(work, NULL, env, &work->base, err);

	if (r == 0)
		r = hf_units_state_read(work, work->unit->ours, env, &work->now, err);
	for (size_t i = 0; i < work->n && r == 0; i++) {
		hf_units_line *line = work->lines[i];

		if (line_name_controls(work, line) < 0 ||
		    hf_units_find(work->arena, line->spec, &work->base, &line->base) <
			    0 ||
		    hf_units_find(work->arena, line->spec, &work->now, &line->now) < 0)
			return hf_error_oom(err);
	}
	if (r == 0)
		r = compose_once(work, err);
	if (r == 0)
		r = block_overridden(work, &again, err);
	if (r == 0 && again)
		r = compose_once(work, err);
	return r;
}

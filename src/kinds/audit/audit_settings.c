/* SPDX-License-Identifier: Apache-2.0 */
/* Settings in zz-holdfast.rules. Pure. */
#include <errno.h>
#include <string.h>

#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_settings.h"

/* --- what is wanted of a setting -------------------------------------------------- */

bool hf_audit_setting_holds(hf_audit_setting setting, uint32_t wanted, uint32_t found)
{
	if (setting == HF_AUDIT_BACKLOG_LIMIT) /* a floor; 0 is no limit at all */
		return found >= wanted || found == 0;
	if (setting == HF_AUDIT_ENABLED && wanted == 1)
		return found == 1 || found == 2;
	return found == wanted;
}

const char *hf_audit_setting_text(hf_audit_planner *p, hf_audit_setting setting,
				  uint32_t value)
{
	static const char *const enabled[] = { "false", "true", "locked" };

	if (setting == HF_AUDIT_ENABLED || setting == HF_AUDIT_LOGINUID_IMMUTABLE)
		return value < ARRAY_SIZE(enabled) ? enabled[value] : "?";
	return hf_arena_printf(p->arena, "%u", value);
}

const char *hf_audit_setting_wanted(hf_audit_planner *p, hf_audit_setting setting,
				    uint32_t value)
{
	if (setting == HF_AUDIT_BACKLOG_LIMIT)
		return hf_arena_printf(p->arena, "at least %u", value);
	return hf_audit_setting_text(p, setting, value);
}

const char *hf_audit_setting_withheld(const hf_audit_planner *p, hf_audit_setting setting,
				      uint32_t value)
{
	if (setting == HF_AUDIT_ENABLED && value == 2 && !p->plan->options.allow_lock)
		return "locking the audit configuration until the next boot needs "
		       "--allow-lock";
	if (setting == HF_AUDIT_FAILURE && value == 2 && !p->plan->options.allow_panic)
		return "a kernel that panics when it cannot audit needs --allow-panic";
	return NULL;
}

int hf_audit_setting_sum(hf_audit_planner *p, hf_audit_setting setting,
			 hf_audit_setting_demand *ret)
{
	*ret = (hf_audit_setting_demand){ 0 };
	for (size_t i = 0; i < p->obs->n_wants; i++) {
		const hf_audit_want *want = &p->obs->wants[i];
		const hf_control *control = want->demand->control;
		const hf_audit_want **slot;

		if (want->spec->type != HF_AUDIT_WANT_SETTING ||
		    want->spec->setting != setting)
			continue;
		slot = hf_vec_push(p->arena, ret->wants, ret->n_wants);
		if (!slot)
			return -ENOMEM;
		*slot = want;
		ret->claimed = true;
		ret->active |= hf_control_is_active(control);
		if (!hf_control_is_enforced(control))
			continue;
		if (!ret->enforced || want->spec->value > ret->value)
			ret->value = want->spec->value;
		ret->enforced = true;
	}
	ret->id = hf_arena_printf(p->arena, "audit:setting %s",
				  hf_audit_setting_name(setting));
	return ret->id ? 0 : -ENOMEM;
}

/* --- zz-holdfast.rules ------------------------------------------------------------ */

typedef struct own_setting {
	bool set;
	uint32_t value;
} own_setting;

static int read_own(hf_audit_planner *p, own_setting *own)
{
	const hf_audit_source *file = p->files[p->settings].before;
	hf_audit_merged lines = { 0 };

	if (file && hf_audit_split(file, p->arena, &lines) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < lines.n; i++) {
		hf_audit_read *read;

		if (hf_audit_line_read(lines.lines[i].text, &p->host.names, p->arena,
				       &read) < 0)
			return -ENOMEM;
		if (read->line.type == HF_AUDIT_LINE_SETTING)
			own[read->line.setting] = (own_setting){ true, read->line.value };
	}
	return 0;
}

/* Which of ours would the load come to? augenrules puts some settings before all rules,
 * and one behind them: in which file the load stops does not tell. */
static int find_reached(hf_audit_planner *p, const hf_audit_setting_demand *demands,
			bool reached[static HF_AUDIT_SETTING_MAX_])
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const hf_audit_source *own = &p->files[p->own].source;
	hf_audit_boot boot = { 0 };

	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++)
		reached[i] = true;
	if (!p->come.aborted)
		return 0;
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++) {
		const char *line;

		if (!demands[i].enforced)
			continue;
		line = hf_audit_setting_line((hf_audit_setting)i, demands[i].value,
					     p->arena);
		if (!line)
			return -ENOMEM;
		hf_strbuf_addf(&sb, "\n%s\n", line);
	}
	if (!hf_strbuf_ok(&sb))
		return -ENOMEM;
	if (hf_audit_load_with(p, own->bytes, own->len, hf_strbuf_str(&sb), sb.len,
			       &boot) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++)
		reached[i] =
			boot.settings[i].loaded && boot.settings[i].source >= p->settings;
	return 0;
}

/* What keeps ours from being in force. */
typedef enum obstacle {
	OBSTACLE_NONE,
	OBSTACLE_LATER, /* a later file sets another value */
	OBSTACLE_ABORT, /* the load stops before it comes to our file */
} obstacle;

/* Which value our file will have for the setting, if any. */
static void decide(hf_audit_planner *p, hf_audit_setting s,
		   const hf_audit_setting_demand *demand, const own_setting *own,
		   bool reached, own_setting *ret_after, obstacle *ret_obstacle)
{
	const hf_audit_boot_setting *foreign = &p->foreign.settings[s];
	bool holds = foreign->set && foreign->loaded &&
		     hf_audit_setting_holds(s, demand->value, foreign->value);

	*ret_obstacle = OBSTACLE_NONE;
	*ret_after = demand->claimed ? *own : (own_setting){ 0 };
	if (!demand->enforced || hf_audit_setting_withheld(p, s, demand->value))
		return;
	if (own->set && hf_audit_setting_holds(s, demand->value, own->value) &&
	    (s != HF_AUDIT_BACKLOG_LIMIT || own->value == demand->value)) {
		/* keep it, unless a later file overrides it */
	} else if (holds) {
		*ret_after = (own_setting){ 0 };
		return;
	} else if (reached) {
		*ret_after = (own_setting){ true, demand->value };
	}
	if (!reached)
		*ret_obstacle = OBSTACLE_ABORT;
	else if (foreign->set && foreign->source > p->settings && !holds)
		*ret_obstacle = OBSTACLE_LATER;
}

static int compose(hf_audit_planner *p, const hf_audit_setting_demand *demands,
		   const own_setting *after)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++) {
		const char *line;

		if (!after[i].set)
			continue;
		if (n++ == 0)
			hf_strbuf_adds(&sb,
				       "## Made by holdfast, which writes it anew: keep "
				       "settings of your own in other files.\n");
		hf_strbuf_adds(&sb, "# ");
		hf_audit_add_controls(&sb, demands[i].wants, demands[i].n_wants, ", ",
				      false);
		line = hf_audit_setting_line((hf_audit_setting)i, after[i].value,
					     p->arena);
		if (!line)
			return -ENOMEM;
		hf_strbuf_addf(&sb, "\n%s\n", line);
	}
	return hf_audit_own_file(p, &p->files[p->settings], &sb);
}

/* Is it in force once audit.rules, which is loaded as it stands, is made anew? */
static bool is_behind(const hf_audit_planner *p, hf_audit_setting s,
		      const hf_audit_setting_demand *demand)
{
	const hf_audit_boot_setting *boot = &p->obs->boot.settings[s];

	return p->obs->loader == HF_AUDIT_LOADER_DIRECT && p->obs->stale &&
	       demand->enforced && !hf_audit_setting_withheld(p, s, demand->value) &&
	       !(boot->set && boot->loaded &&
		 hf_audit_setting_holds(s, demand->value, boot->value));
}

static int change_merged(hf_audit_planner *p, hf_audit_setting s,
			 const hf_audit_setting_demand *demand, hf_change **ret)
{
	const char *text = hf_audit_setting_text(p, s, demand->value);
	hf_group *group = hf_plan_group(p->plan, HF_GROUP_FILE, HF_STAGE_CONFIG,
					&hf_kind_audit, HF_AUDIT_MERGED);

	if (!text || !group)
		return -ENOMEM;
	*ret = hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, demand->id,
			      HF_OP_UPDATE, "not in force", text,
			      hf_plan_cause(p->plan, p->model, demand->id, text));
	if (!*ret)
		return -ENOMEM;
	hf_change_in(*ret, group);
	return 0;
}

static int add_change(hf_audit_planner *p, hf_audit_setting s,
		      const hf_audit_setting_demand *demand, const own_setting *own,
		      const own_setting *after, bool blocked, hf_change **ret)
{
	hf_group *group =
		hf_plan_group_find(p->plan, HF_GROUP_FILE, HF_AUDIT_OWN_SETTINGS);
	const hf_audit_boot_setting *foreign = &p->foreign.settings[s];
	const char *before = own->set ? hf_audit_setting_text(p, s, own->value) : NULL;
	const char *text = after->set ? hf_audit_setting_text(p, s, after->value) : NULL;
	hf_change *change;

	*ret = NULL;
	if (!blocked && own->set == after->set &&
	    (!own->set || own->value == after->value))
		return is_behind(p, s, demand) ? change_merged(p, s, demand, ret) : 0;
	change = hf_plan_change(
		p->plan, &hf_kind_audit, HF_PERSISTED, demand->id,
		!own->set     ? HF_OP_CREATE
		: !after->set ? HF_OP_DELETE
			      : HF_OP_UPDATE,
		before, text,
		demand->claimed ? hf_plan_cause(p->plan, p->model, demand->id, text)
				: HF_CAUSE_RELEASED);
	if (!change)
		return -ENOMEM;
	change->recorded = true;
	*ret = change;
	if (blocked)
		return hf_change_block(
			p->plan, change,
			"%s:%u comes later and sets another value; take that line out",
			p->files[foreign->source].source.path, foreign->line);
	if (group)
		hf_change_in(change, group);
	return group ? 0 : -ENOMEM;
}

static int judge(hf_audit_planner *p, const hf_audit_want *want, const char *id,
		 hf_change *change)
{
	const hf_audit_boot_setting *boot = &p->obs->boot.settings[want->spec->setting];
	hf_audit_setting s = want->spec->setting;
	const char *wanted = hf_audit_setting_wanted(p, s, want->spec->value);
	const char *found =
		boot->set ? hf_audit_setting_text(p, s, boot->value) : "unset";
	const char *why = NULL;
	hf_state state = HF_STATE_DRIFT;
	hf_resource *row;

	if (!wanted || !found ||
	    hf_audit_row(p, want, HF_PERSISTED, id, wanted, &row) < 0)
		return -ENOMEM;
	if (!row)
		return 0;
	if (boot->set && !boot->loaded) {
		why = hf_arena_printf(p->arena,
				      "the load stops before it, at line %u: %s",
				      p->obs->boot.abort_line, p->obs->boot.abort_why);
		if (!why)
			return -ENOMEM;
	} else if (boot->set &&
		   hf_audit_setting_holds(s, want->spec->value, boot->value)) {
		state = p->obs->loader == HF_AUDIT_LOADER_NONE ? HF_STATE_FINDING
							       : HF_STATE_PASS;
		why = state == HF_STATE_PASS ? NULL : p->obs->loader_why;
	} else if (hf_audit_setting_withheld(p, s, want->spec->value)) {
		state = HF_STATE_FINDING;
		why = hf_audit_setting_withheld(p, s, want->spec->value);
	}
	/* it holds, and with what this plan does to other files it will not */
	if (state != HF_STATE_DRIFT && change && change->blocked) {
		state = HF_STATE_DRIFT;
		why = hf_arena_printf(p->arena, "with this plan: %s", change->blocked);
		if (!why)
			return -ENOMEM;
	}
	if (hf_row_judge(p->plan, row, state, found, why ? "%s" : NULL, why) < 0)
		return -ENOMEM;
	if (boot->set &&
	    hf_row_found_at(p->plan, row,
			    p->obs->loader == HF_AUDIT_LOADER_DIRECT && p->obs->stale
				    ? HF_AUDIT_MERGED
				    : p->obs->files[boot->source].path,
			    boot->line) < 0)
		return -ENOMEM;
	return change && state == HF_STATE_DRIFT ? hf_change_row(p->plan, change, row)
						 : 0;
}

/* Where the load does not get to ours, right or not, the cure is elsewhere. */
static int change_behind_abort(hf_audit_planner *p, hf_audit_setting s,
			       const hf_audit_setting_demand *demand,
			       const own_setting *own, hf_change **ret)
{
	const char *after = hf_audit_setting_text(p, s, demand->value), *before = NULL;

	if (own->set)
		before = own->value == demand->value
				 ? "not in force"
				 : hf_audit_setting_text(p, s, own->value);
	if (!after || (own->set && !before))
		return -ENOMEM;
	*ret = hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, demand->id,
			      own->set ? HF_OP_UPDATE : HF_OP_CREATE, before, after,
			      HF_CAUSE_HOST);
	if (!*ret)
		return -ENOMEM;
	return hf_change_block(p->plan, *ret, "the load stops at %s:%u (%s)",
			       p->come.abort_file, p->come.abort_line, p->come.abort_why);
}

int hf_audit_plan_settings(hf_audit_planner *p)
{
	hf_audit_setting_demand demands[HF_AUDIT_SETTING_MAX_];
	hf_change *changes[HF_AUDIT_SETTING_MAX_] = { 0 };
	own_setting own[HF_AUDIT_SETTING_MAX_] = { 0 };
	own_setting after[HF_AUDIT_SETTING_MAX_] = { 0 };
	obstacle obstacles[HF_AUDIT_SETTING_MAX_];
	bool reached[HF_AUDIT_SETTING_MAX_];

	if (read_own(p, own) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++) {
		hf_audit_setting s = (hf_audit_setting)i;

		if (hf_audit_setting_sum(p, s, &demands[i]) < 0)
			return -ENOMEM;
		if (demands[i].claimed && hf_plan_claim(p->plan, demands[i].id) < 0)
			return -ENOMEM;
	}
	if (find_reached(p, demands, reached) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++)
		decide(p, (hf_audit_setting)i, &demands[i], &own[i], reached[i],
		       &after[i], &obstacles[i]);
	if (compose(p, demands, after) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++) {
		hf_audit_setting s = (hf_audit_setting)i;
		int r = obstacles[i] == OBSTACLE_ABORT
				? change_behind_abort(p, s, &demands[i], &own[i],
						      &changes[i])
				: add_change(p, s, &demands[i], &own[i], &after[i],
					     obstacles[i] == OBSTACLE_LATER, &changes[i]);

		if (r < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < p->obs->n_wants; i++) {
		const hf_audit_want *want = &p->obs->wants[i];

		if (want->spec->type == HF_AUDIT_WANT_SETTING &&
		    judge(p, want, demands[want->spec->setting].id,
			  changes[want->spec->setting]) < 0)
			return -ENOMEM;
	}
	return 0;
}

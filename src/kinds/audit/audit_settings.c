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

/* One setting: what our file has for it, and will have. */
typedef struct setting_plan {
	hf_audit_setting_demand demand;
	own_setting own, after;
	const char *blocked; /* in our file it would not be in force: why; or NULL */
	bool abort;	     /* the load stops before it */
} setting_plan;

static int read_own(hf_audit_planner *p, setting_plan *plans)
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
			plans[read->line.setting].own =
				(own_setting){ true, read->line.value };
	}
	return 0;
}

/* Which value our file is to have for the setting, if any. */
static void decide(hf_audit_planner *p, hf_audit_setting s, setting_plan *plan)
{
	const hf_audit_boot_setting *foreign = &p->foreign.settings[s];
	const hf_audit_setting_demand *demand = &plan->demand;

	plan->after = demand->claimed ? plan->own : (own_setting){ 0 };
	if (!demand->enforced || hf_audit_setting_withheld(p, s, demand->value))
		return;
	if (plan->own.set && hf_audit_setting_holds(s, demand->value, plan->own.value) &&
	    (s != HF_AUDIT_BACKLOG_LIMIT || plan->own.value == demand->value))
		return; /* keep it */
	if (foreign->set && foreign->loaded &&
	    hf_audit_setting_holds(s, demand->value, foreign->value))
		plan->after = (own_setting){ 0 };
	else
		plan->after = (own_setting){ true, demand->value };
}

static int compose(hf_audit_planner *p, const setting_plan *plans, hf_strbuf *sb)
{
	size_t n = 0;

	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++) {
		const char *line;

		if (!plans[i].after.set)
			continue;
		if (n++ == 0)
			hf_strbuf_adds(sb,
				       "## Made by holdfast, which writes it anew: keep "
				       "settings of your own in other files.\n");
		hf_strbuf_adds(sb, "# ");
		hf_audit_add_controls(sb, plans[i].demand.wants, plans[i].demand.n_wants,
				      ", ", false);
		line = hf_audit_setting_line((hf_audit_setting)i, plans[i].after.value,
					     p->arena);
		if (!line)
			return -ENOMEM;
		hf_strbuf_addf(sb, "\n%s\n", line);
	}
	return hf_strbuf_ok(sb) ? 0 : -ENOMEM;
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
	hf_group *group = hf_audit_merged_group(p);

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

/* What keeps it from being in force where the files make @boot; NULL: nothing does, or
 * out of memory: *ret_oom. */
static const char *obstacle(hf_audit_planner *p, hf_audit_setting s,
			    const setting_plan *plan, const hf_audit_boot *boot,
			    bool *ret_oom)
{
	const hf_audit_boot_setting *found = &boot->settings[s];
	const char *why;

	if (!plan->demand.enforced ||
	    hf_audit_setting_withheld(p, s, plan->demand.value) ||
	    (found->set && found->loaded &&
	     hf_audit_setting_holds(s, plan->demand.value, found->value)))
		return NULL;
	why = found->set && found->loaded
		      ? hf_arena_printf(p->arena,
					"%s:%u comes later and sets another value; take "
					"that line out",
					found->file, found->line)
	      : boot->aborted ? hf_audit_abort_text(p, boot)
			      : "the load would pass over it";
	*ret_oom |= !why;
	return why;
}

/* As for rules: the files are loaded as they will be. augenrules puts some settings
 * before all rules, and one behind them, and a line of several stays where it is: in
 * which file the load stops, or another value stands, does not tell. */
static int foresee(hf_audit_planner *p, setting_plan *plans)
{
	const hf_audit_source *own = &p->files[p->own].source;
	hf_audit_after *settings = &p->files[p->settings];
	const char *old = settings->before ? settings->before->bytes : "";
	size_t old_len = settings->before ? settings->before->len : 0;
	bool any, oom = false;

	do {
		cleanup_(hf_strbuf_done) hf_strbuf lines = { 0 };
		hf_audit_boot boot;
		char *text;
		size_t len;

		any = false;
		if (compose(p, plans, &lines) < 0)
			return -ENOMEM;
		text = hf_audit_own_text(p, settings, &lines, &len);
		if (!text)
			return -ENOMEM;
		if (!p->comes_anew && len == old_len && !memcmp(text, old, len))
			boot = p->obs->boot;
		else if (hf_audit_load_with(p, own->bytes, own->len, text, len, &boot) <
			 0)
			return -ENOMEM;
		for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++) {
			if (plans[i].blocked)
				continue;
			plans[i].blocked =
				obstacle(p, (hf_audit_setting)i, &plans[i], &boot, &oom);
			if (!plans[i].blocked)
				continue;
			plans[i].after = plans[i].own;
			plans[i].abort = !boot.settings[i].loaded;
			any = true;
		}
		if (!any && hf_audit_own_file(p, settings, &lines) < 0)
			return -ENOMEM;
	} while (any && !oom);
	return oom ? -ENOMEM : 0;
}

/* Where it would not be in force, right or not, the cure is elsewhere. */
static hf_change *blocked_change(hf_audit_planner *p, hf_audit_setting s,
				 const setting_plan *plan)
{
	const hf_audit_setting_demand *demand = &plan->demand;
	const own_setting *own = &plan->own;
	const char *after = hf_audit_setting_text(p, s, demand->value), *before = NULL;
	hf_change *change;

	if (own->set)
		before = own->value == demand->value
				 ? "not in force"
				 : hf_audit_setting_text(p, s, own->value);
	if (!after || (own->set && !before))
		return NULL;
	change = hf_plan_change(
		p->plan, &hf_kind_audit, HF_PERSISTED, demand->id,
		own->set ? HF_OP_UPDATE : HF_OP_CREATE, before, after,
		plan->abort ? HF_CAUSE_HOST
			    : hf_plan_cause(p->plan, p->model, demand->id, after));
	return change && hf_change_block(p->plan, change, "%s", plan->blocked) == 0
		       ? change
		       : NULL;
}

static int add_change(hf_audit_planner *p, hf_audit_setting s, const setting_plan *plan,
		      hf_change **ret)
{
	hf_group *group =
		hf_plan_group_find(p->plan, HF_GROUP_FILE, HF_AUDIT_OWN_SETTINGS);
	const hf_audit_setting_demand *demand = &plan->demand;
	const own_setting *own = &plan->own, *after = &plan->after;
	const char *before = own->set ? hf_audit_setting_text(p, s, own->value) : NULL;
	const char *text = after->set ? hf_audit_setting_text(p, s, after->value) : NULL;
	hf_change *change;

	*ret = NULL;
	if (plan->blocked) {
		*ret = blocked_change(p, s, plan);
		return *ret ? 0 : -ENOMEM;
	}
	if (own->set == after->set && (!own->set || own->value == after->value))
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
	if (boot->set && hf_row_found_at(p->plan, row, boot->file, boot->line) < 0)
		return -ENOMEM;
	return change && state == HF_STATE_DRIFT ? hf_change_row(p->plan, change, row)
						 : 0;
}

int hf_audit_plan_settings(hf_audit_planner *p)
{
	hf_change *changes[HF_AUDIT_SETTING_MAX_] = { 0 };
	setting_plan plans[HF_AUDIT_SETTING_MAX_] = { 0 };

	if (read_own(p, plans) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++) {
		hf_audit_setting_demand *demand = &plans[i].demand;

		if (hf_audit_setting_sum(p, (hf_audit_setting)i, demand) < 0 ||
		    (demand->claimed && hf_plan_claim(p->plan, demand->id) < 0))
			return -ENOMEM;
		decide(p, (hf_audit_setting)i, &plans[i]);
	}
	if (foresee(p, plans) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++)
		if (add_change(p, (hf_audit_setting)i, &plans[i], &changes[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < p->obs->n_wants; i++) {
		const hf_audit_want *want = &p->obs->wants[i];

		if (want->spec->type == HF_AUDIT_WANT_SETTING &&
		    judge(p, want, plans[want->spec->setting].demand.id,
			  changes[want->spec->setting]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Planning of the audit kind: sorts the demands, then has each part planned. Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_planner.h"
#include "kinds/audit/audit_settings.h"

/* In the record: when holdfast switched auditing on, in seconds since the epoch. */
#define BEGINNING "audit:auditing began"

int hf_audit_row(hf_audit_planner *p, const hf_audit_want *want, hf_layer layer,
		 const char *id, const char *wanted, hf_resource **ret)
{
	const hf_control *control = want->demand->control;
	hf_resource *row;

	*ret = NULL;
	if (!hf_control_is_active(control))
		return 0;
	row = hf_plan_row(p->plan, layer, id, wanted, want->demand);
	if (!row)
		return -ENOMEM;
	if (control->gate == HF_GATE_UNKNOWN)
		return hf_row_judge(p->plan, row, HF_STATE_UNKNOWN, NULL, "%s",
				    control->gate_why ? control->gate_why
						      : "its gate is not known");
	*ret = row;
	return 0;
}

/* Those of one control stand next to each other: it is decoded in one go. */
void hf_audit_add_controls(hf_strbuf *sb, const hf_audit_want *const *wants, size_t n,
			   const char *sep, bool enforced)
{
	const hf_control *last = NULL;

	for (size_t i = 0; i < n; i++) {
		const hf_control *control = wants[i]->demand->control;

		if (control == last || (enforced && !hf_control_is_enforced(control)))
			continue;
		if (last)
			hf_strbuf_adds(sb, sep);
		hf_strbuf_adds(sb, control->id);
		last = control;
	}
}

const char *hf_audit_place(hf_audit_planner *p, const hf_audit_entry *entry)
{
	if (!entry->file)
		return "the kernel's list";
	return hf_arena_printf(p->arena, "%s:%u", entry->file, entry->line);
}

const char *hf_audit_says(const hf_audit_entry *entry)
{
	if (entry->rule->list == AUDIT_FILTER_EXCLUDE)
		return "drops its records";
	return entry->rule->action == AUDIT_NEVER ? "says never to it"
						  : "takes its events";
}

const char *hf_audit_add_taker(hf_audit_planner *p, const char *why,
			       const hf_audit_entry *entry)
{
	const char *place = hf_audit_place(p, entry);
	const char *text = hf_audit_rule_text(entry->rule, p->obs->machine, p->arena);

	if (!place || !text)
		return NULL;
	return hf_arena_printf(p->arena, "%s%s%s may take some of its events first: %s",
			       why ? why : "", why ? "; " : "", place, text);
}

typedef struct way {
	const hf_map *links;
	const char *link;
	hf_arena *arena;
} way;

static bool find_link(void *user, const char *dir)
{
	way *w = user;

	if (!hf_map_get(w->links, dir))
		return true;
	w->link = hf_arena_strdup(w->arena, dir);
	return false;
}

int hf_audit_unreached(hf_audit_planner *p, const hf_audit_table *list,
		       const hf_audit_rule *rule, const char **ret_why)
{
	way w = { .links = list->links, .arena = p->arena };
	hf_audit_table text = *list;
	const hf_audit_entry *e = NULL;
	const char *place;

	text.links = NULL;
	if (!list->links ||
	    hf_audit_table_judge(&text, rule, p->obs->machine, &e, NULL) != HF_AUDIT_MET)
		return 0;
	hf_audit_table_ways(list, rule, find_link, &w);
	place = hf_audit_place(p, e);
	if (!place || !w.link)
		return -ENOMEM;
	*ret_why = hf_arena_printf(
		p->arena, "%s: %s does not reach behind the symlink %s", place,
		hf_audit_rule_text(e->rule, p->obs->machine, p->arena), w.link);
	return *ret_why ? 0 : -ENOMEM;
}

hf_group *hf_audit_file_group(hf_audit_planner *p, const char *path, const char *before,
			      size_t before_len, bool existed, mode_t mode)
{
	hf_group *group = hf_plan_group(p->plan, HF_GROUP_FILE, HF_STAGE_CONFIG,
					&hf_kind_audit, path);

	if (!group)
		return NULL;
	group->existed = existed;
	group->before = before ? before : "";
	group->before_len = before_len;
	group->uid = 0;
	group->gid = 0;
	group->mode = mode;
	return group;
}

/* Would our first line become the end of somebody else's last one? augenrules puts the
 * files together with cat(1), also behind one without a newline at its end. An empty line
 * that is there already stays: it does no harm once that file has been mended. */
static bool needs_break(const hf_audit_planner *p, const hf_audit_after *file)
{
	const hf_audit_source *before = file->before, *ahead;

	if (before && before->len && before->bytes[0] == '\n')
		return true;
	for (size_t i = (size_t)(file - p->files); i-- > 0;) {
		ahead = &p->files[i].source;
		if (ahead->len)
			return ahead->bytes[ahead->len - 1] != '\n';
	}
	return false;
}

char *hf_audit_own_text(hf_audit_planner *p, const hf_audit_after *file,
			const hf_strbuf *lines, size_t *ret_len)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	if (lines->len && needs_break(p, file))
		hf_strbuf_addc(&sb, '\n');
	hf_strbuf_adds(&sb, hf_strbuf_str(lines));
	if (!hf_strbuf_ok(lines) || !hf_strbuf_ok(&sb))
		return NULL;
	*ret_len = sb.len;
	return hf_arena_memdup(p->arena, hf_strbuf_str(&sb), sb.len);
}

int hf_audit_own_file(hf_audit_planner *p, hf_audit_after *file, const hf_strbuf *lines)
{
	const hf_audit_source *before = file->before;
	size_t len;
	char *text = hf_audit_own_text(p, file, lines, &len);
	hf_group *group;

	if (!text)
		return -ENOMEM;
	if (before ? before->len == len && !memcmp(before->bytes, text, len) : len == 0)
		return 0;
	file->source.bytes = text;
	file->source.len = len;
	group = hf_audit_file_group(p, file->source.path, before ? before->bytes : NULL,
				    before ? before->len : 0, before != NULL, 0640);
	if (!group)
		return -ENOMEM;
	group->after = file->source.bytes;
	group->after_len = file->source.len;
	group->remove = len == 0;
	file->edited = p->files_change = true;
	return 0;
}

/* --- sorting the demands ---------------------------------------------------------- */

/* The rules in the order in which they were demanded first. */
typedef struct found_items {
	hf_audit_table rules;
	hf_audit_item *items; /* as many */
} found_items;

static const char *item_id(hf_audit_planner *p, const char *text)
{
	static const char kind[] = "audit:";
	size_t len = strlen(text) + 1;
	char *id = hf_arena_alloc(p->arena, strlen(kind) + len);

	if (!id)
		return NULL;
	memcpy(id, kind, strlen(kind));
	memcpy(id + strlen(kind), text, len);
	return id;
}

static int add_item(hf_audit_planner *p, found_items *found, const hf_audit_want *want)
{
	const hf_audit_entry *e = hf_audit_table_find_equal(&found->rules, want->rule);
	const hf_control *control = want->demand->control;
	const hf_audit_want **slot;
	hf_audit_item *item;

	if (e) {
		item = &found->items[e - found->rules.items];
	} else {
		item = hf_vec_push(p->arena, found->items, p->n_items);
		if (!item || !hf_audit_table_add(&found->rules, want->rule, p->arena))
			return -ENOMEM;
		item->rule = want->rule;
		item->text = want->text;
		item->id = item_id(p, want->text);
		if (!item->id)
			return -ENOMEM;
	}
	slot = hf_vec_push(p->arena, item->wants, item->n_wants);
	if (!slot)
		return -ENOMEM;
	*slot = want;
	if (want->rule->prepend)
		item->rule = want->rule;
	item->active |= hf_control_is_active(control);
	item->enforced |= hf_control_is_enforced(control);
	return hf_plan_claim(p->plan, item->id);
}

hf_audit_item *hf_audit_item_of(const hf_audit_planner *p, const hf_audit_rule *rule)
{
	const hf_audit_entry *e = hf_audit_table_find_equal(&p->demanded, rule);

	return e ? &p->items[e - p->demanded.items] : NULL;
}

int hf_audit_gone_add(hf_audit_planner *p, const hf_audit_want *want,
		      const hf_audit_rule *rule, const char *text)
{
	const hf_control *control = want->demand->control;
	hf_audit_gone *gone = hf_map_get(&p->gone_by_text, text), **all;
	const hf_audit_want **slot;

	if (!gone) {
		gone = hf_arena_new(p->arena, hf_audit_gone);
		all = hf_vec_push(p->arena, p->gone, p->n_gone);
		if (!gone || !all)
			return -ENOMEM;
		*all = gone;
		gone->rule = rule;
		gone->text = text;
		gone->id = hf_arena_printf(p->arena, "audit:absent %s", text);
		if (!gone->id ||
		    hf_map_put(&p->gone_by_text, p->arena, gone->text, gone) < 0)
			return -ENOMEM;
	}
	slot = hf_vec_push(p->arena, gone->wants, gone->n_wants);
	if (!slot)
		return -ENOMEM;
	*slot = want;
	gone->active |= hf_control_is_active(control);
	gone->enforced |= hf_control_is_enforced(control);
	return hf_plan_claim(p->plan, gone->id);
}

int hf_audit_foreign_add(hf_audit_planner *p, const hf_audit_rule *rule, const char *text)
{
	const hf_audit_gone *gone = hf_map_get(&p->gone_by_text, text);

	for (size_t i = 0; i < p->n_exclusive; i++) {
		bool there = false;

		for (size_t j = 0; gone && j < gone->n_wants; j++)
			there |= gone->wants[j] == p->exclusive[i];
		if (!there && hf_audit_gone_add(p, p->exclusive[i], rule, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

int hf_audit_judge_exclusive(hf_audit_planner *p, hf_layer layer, size_t n_foreign)
{
	for (size_t i = 0; i < p->n_exclusive; i++) {
		hf_resource *row;
		int r;

		if (n_foreign && !p->unsure)
			continue; /* each of them has a row */
		r = hf_audit_row(p, p->exclusive[i], layer, "audit:exclusive",
				 "no rules of others", &row);
		if (r == 0 && row)
			r = p->unsure ? hf_row_judge(p->plan, row, HF_STATE_UNKNOWN, NULL,
						     "what another demand comes down to "
						     "cannot be told, so any rule may be "
						     "demanded")
				      : hf_row_judge(p->plan, row, HF_STATE_PASS,
						     "no rules of others", NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Demands that came down to no rule: a row that says why. */
static int judge_without_rule(hf_audit_planner *p, const hf_audit_want *want)
{
	hf_resource *row;
	char *id = hf_arena_printf(p->arena, "audit:%s", want->text);

	if (!id || hf_audit_row(p, want, HF_PERSISTED, id, "audited", &row) < 0)
		return -ENOMEM;
	return row ? hf_row_judge(p->plan, row, want->state, NULL, "%s", want->why) : 0;
}

static int order_items(hf_audit_planner *p, const found_items *found)
{
	size_t n = 0;

	p->items = hf_arena_array(p->arena, p->n_items + 1, sizeof(*p->items));
	if (!p->items || hf_audit_table_reserve(&p->demanded, p->n_items, p->arena) < 0)
		return -ENOMEM;
	for (size_t i = p->n_items; i-- > 0;)
		if (found->items[i].rule->prepend)
			p->items[n++] = found->items[i];
	p->n_prepended = n;
	for (size_t i = 0; i < p->n_items; i++)
		if (!found->items[i].rule->prepend)
			p->items[n++] = found->items[i];
	for (size_t i = 0; i < p->n_items; i++)
		if (!hf_audit_table_add(&p->demanded, p->items[i].rule, p->arena))
			return -ENOMEM;
	return hf_audit_table_index(&p->demanded, p->arena);
}

static int sort_wants(hf_audit_planner *p)
{
	found_items found = { 0 };

	if (hf_audit_table_reserve(&found.rules, p->obs->n_wants, p->arena) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->obs->n_wants; i++) {
		const hf_audit_want *want = &p->obs->wants[i];
		const hf_audit_want **slot;
		int r = 0;

		if (want->spec->type == HF_AUDIT_WANT_EXCLUSIVE) {
			slot = hf_vec_push(p->arena, p->exclusive, p->n_exclusive);
			if (!slot)
				return -ENOMEM;
			*slot = want;
			continue;
		}
		p->unsure |= !want->rule && want->state == HF_STATE_UNKNOWN &&
			     want->spec->type != HF_AUDIT_WANT_SETTING;
		if (want->spec->type == HF_AUDIT_WANT_ABSENT &&
		    (want->rule || want->state == HF_STATE_NOT_APPLICABLE))
			r = want->why
				    ? judge_without_rule(p, want)
				    : hf_audit_gone_add(p, want, want->rule, want->text);
		else if (want->rule)
			r = add_item(p, &found, want);
		else if (want->spec->type != HF_AUDIT_WANT_SETTING)
			r = judge_without_rule(p, want);
		if (r < 0)
			return r;
	}
	return order_items(p, &found);
}

/* --- files ------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	return hf_audit_name_compare(((const hf_audit_after *)a)->source.name,
				     ((const hf_audit_after *)b)->source.name);
}

/* The files as they are, ours among them even where missing. */
static int collect_files(hf_audit_planner *p)
{
	static const char *const own[] = { HF_AUDIT_OWN, HF_AUDIT_OWN_SETTINGS };
	hf_audit_after *slot;

	for (size_t i = 0; i < p->obs->n_files; i++) {
		slot = hf_vec_push(p->arena, p->files, p->n_files);
		if (!slot)
			return -ENOMEM;
		slot->source = p->obs->files[i];
		slot->before = &p->obs->files[i];
	}
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		bool there = false;

		for (size_t j = 0; j < p->obs->n_files; j++)
			there |= strcmp(p->obs->files[j].path, own[i]) == 0;
		if (there)
			continue;
		slot = hf_vec_push(p->arena, p->files, p->n_files);
		if (!slot)
			return -ENOMEM;
		slot->source = (hf_audit_source){ .name = strrchr(own[i], '/') + 1,
						  .path = own[i],
						  .bytes = "" };
	}
	qsort(p->files, p->n_files, sizeof(*p->files), by_name);
	for (size_t i = 0; i < p->n_files; i++) {
		if (strcmp(p->files[i].source.path, HF_AUDIT_OWN) == 0)
			p->own = i;
		if (strcmp(p->files[i].source.path, HF_AUDIT_OWN_SETTINGS) == 0)
			p->settings = i;
	}
	return 0;
}

/* --- audit.rules ------------------------------------------------------------------ */

hf_group *hf_audit_merged_group(hf_audit_planner *p)
{
	return hf_plan_group(p->plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &hf_kind_audit,
			     HF_AUDIT_MERGED);
}

/* What augenrules would write after this plan; and the note where it is behind. */
int hf_audit_plan_merged(hf_audit_planner *p)
{
	const hf_audit_source *old = &p->obs->merged_file;
	bool direct = p->obs->loader == HF_AUDIT_LOADER_DIRECT;
	hf_audit_source *sources;
	hf_audit_merged merged;
	/* there already where something is not in force for want of it */
	hf_group *group = hf_plan_group_find(p->plan, HF_GROUP_FILE, HF_AUDIT_MERGED);

	if (!group && !(p->files_change && (p->obs->has_tools || direct))) {
		if (p->obs->stale && p->obs->loader == HF_AUDIT_LOADER_MERGES &&
		    p->n_items)
			hf_diag_add(p->plan->diags, HF_DIAG_NOTE, (hf_mark){ 0 }, NULL,
				    "%s is not what the files of %s make; the loader "
				    "merges them "
				    "anew at boot",
				    HF_AUDIT_MERGED, HF_AUDIT_RULES_D);
		return 0;
	}
	sources = hf_arena_array(p->arena, p->n_files + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_files; i++)
		sources[i] = p->files[i].source;
	if (hf_audit_merge(sources, p->n_files, p->obs->style, p->arena, &merged) < 0)
		return -ENOMEM;
	/* with a change in it it is written, as it is if need be */
	if (old->bytes && old->len == merged.len &&
	    !memcmp(old->bytes, merged.text, merged.len) && !group)
		return 0;
	group = hf_audit_file_group(p, HF_AUDIT_MERGED, old->bytes, old->len,
				    p->obs->merged_exists, 0640);
	if (!group)
		return -ENOMEM;
	group->after = merged.text;
	group->after_len = merged.len;
	return 0;
}

/* A file of ours that differs in nothing but its text still has to show a change. */
static int name_bare_rewrites(hf_audit_planner *p)
{
	static const char *const paths[] = { HF_AUDIT_OWN, HF_AUDIT_OWN_SETTINGS,
					     HF_AUDIT_TMPFILES };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		hf_group *group = hf_plan_group_find(p->plan, HF_GROUP_FILE, paths[i]);
		hf_change *change;
		char *id;

		if (!group || group->n_changes)
			continue;
		id = hf_arena_printf(p->arena, "audit:%s", paths[i]);
		change = id ? hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, id,
					     HF_OP_UPDATE, "other order or comments",
					     "as made by holdfast", HF_CAUSE_BASELINE)
			    : NULL;
		if (!change)
			return -ENOMEM;
		hf_change_in(change, group);
	}
	return 0;
}

/* Nothing can be told or done: every row says so. */
static int judge_all(hf_audit_planner *p, hf_state state, const char *why)
{
	for (size_t i = 0; i < p->n_items + p->n_gone; i++) {
		const hf_audit_item *item = i < p->n_items ? &p->items[i] : NULL;
		const hf_audit_gone *gone = item ? NULL : p->gone[i - p->n_items];
		size_t n = item ? item->n_wants : gone->n_wants;

		for (size_t j = 0; j < n; j++) {
			hf_resource *row;

			if (hf_audit_row(p, item ? item->wants[j] : gone->wants[j],
					 HF_PERSISTED, item ? item->id : gone->id,
					 item ? "loaded" : "absent", &row) < 0 ||
			    (row &&
			     hf_row_judge(p->plan, row, state, NULL, "%s", why) < 0))
				return -ENOMEM;
		}
	}
	for (size_t i = 0; i < p->obs->n_wants; i++) {
		const hf_audit_want *want = &p->obs->wants[i];
		char *id;
		hf_resource *row;

		if (want->spec->type != HF_AUDIT_WANT_SETTING &&
		    want->spec->type != HF_AUDIT_WANT_EXCLUSIVE)
			continue;
		id = hf_arena_printf(p->arena, "audit:%s", want->text);
		if (!id || hf_audit_row(p, want, HF_PERSISTED, id, "set", &row) < 0 ||
		    (row && hf_row_judge(p->plan, row, state, NULL, "%s", why) < 0))
			return -ENOMEM;
	}
	return 0;
}

static int plan_all(hf_audit_planner *p)
{
	int r = sort_wants(p);

	if (r == 0)
		r = hf_audit_check_planned(p);
	if (r < 0)
		return r;
	if (p->obs->unknown)
		return judge_all(p, HF_STATE_UNKNOWN, p->obs->unknown);
	if (!p->obs->has_tools && !p->obs->n_files)
		return judge_all(
			p, HF_STATE_FINDING,
			"no audit package is installed, nothing would load rules");
	r = collect_files(p);
	if (r == 0)
		r = hf_audit_plan_absent(p);
	if (r == 0)
		r = hf_audit_plan_rules(p);
	if (r == 0)
		r = hf_audit_plan_settings(p);
	if (r == 0)
		r = hf_audit_plan_tmpfiles(p);
	if (r == 0)
		r = name_bare_rewrites(p);
	if (r == 0)
		r = hf_audit_plan_merged(p);
	return r < 0 ? r : hf_audit_plan_live(p);
}

/* The kernel's counters: what was lost does not show in any list of rules. */
static int tell_counters(hf_audit_planner *p)
{
	const hf_audit_obs *obs = p->obs;
	const struct {
		const char *name;
		size_t value;
	} counters[] = {
		{ "rules loaded", obs->kernel.n },
		{ "lost", obs->lost },
		{ "backlog", obs->backlog },
	};

	if (p->plan->options.offline || obs->live != HF_PRESENT)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		const char *value = hf_arena_printf(p->arena, "%zu", counters[i].value);

		if (!value || !hf_plan_aside(p->plan, &hf_kind_audit, HF_LIVE,
					     counters[i].name, value))
			return -ENOMEM;
	}
	return 0;
}

/* Auditing that begins with this plan: the record keeps when. */
static int note_beginning(hf_audit_planner *p)
{
	hf_audit_setting_demand enabled;
	const char *now;

	if (hf_audit_setting_sum(p, HF_AUDIT_ENABLED, &enabled) < 0)
		return -ENOMEM;
	if (!enabled.claimed)
		return 0;
	if (hf_plan_claim(p->plan, BEGINNING) < 0)
		return -ENOMEM;
	if (!enabled.enforced || !enabled.value || p->obs->status[HF_AUDIT_ENABLED])
		return 0;
	now = hf_arena_printf(p->arena, "%lld", (long long)p->plan->options.now);
	return now ? hf_plan_note(p->plan, BEGINNING, now) : -ENOMEM;
}

/* A program that was started before auditing was on for the first time since the boot is
 * audited never, and nothing tells which they are: auditd, which switches auditing on,
 * and what we did are what is known. */
static int tell_dockerd(hf_audit_planner *p)
{
	const hf_audit_obs *obs = p->obs;
	const char *unit = p->plan->engine.unit, *noted, *how = NULL;
	hf_diag_level level = HF_DIAG_WARNING;
	uint64_t began;

	if (p->plan->options.offline || obs->live != HF_PRESENT)
		return 0;
	if (note_beginning(p) < 0)
		return -ENOMEM;
	if (!obs->dockerd || !p->n_items || p->plan->options.verifies)
		return 0;
	noted = hf_plan_noted(p->plan, BEGINNING);
	if (!obs->status[HF_AUDIT_ENABLED])
		how = "auditing is off";
	else if (noted && hf_parse_u64(noted, INT64_MAX / 1000000000, &began) == 0 &&
		 (int64_t)began * 1000000000 > obs->booted_nsec &&
		 (int64_t)began * 1000000000 > obs->dockerd_nsec)
		how = "holdfast has switched auditing on since it was started";
	else if (obs->auditd_nsec > obs->dockerd_nsec) {
		/* which may have been started anew since */
		how = "auditd, which switches auditing on, was started after it";
		level = HF_DIAG_NOTE;
	}
	if (how)
		hf_diag_add(p->plan->diags, level, (hf_mark){ 0 }, NULL,
			    "dockerd (pid %u): %s. Nothing that a thread older than "
			    "auditing does is audited, whatever the rules say: restart "
			    "%s, unless auditing was on before; audit=1 on the kernel's "
			    "command line has it on from the boot",
			    obs->dockerd, how, unit ? unit : "it");
	return 0;
}

static bool is_ours(const hf_audit_planner *p, const hf_audit_rule *rule)
{
	return hf_audit_table_find(&p->old, rule) ||
	       hf_audit_table_find(&p->demanded, rule);
}

static hf_aside *tell_rule(hf_audit_planner *p, const hf_audit_entry *e)
{
	const char *text = hf_audit_rule_text(e->rule, p->obs->machine, p->arena);
	hf_aside *aside = text ? hf_plan_aside(p->plan, &hf_kind_audit,
					       e->file ? HF_PERSISTED : HF_LIVE,
					       "rule of others", text)
			       : NULL;

	if (aside && e->file) {
		aside->file = e->file;
		aside->line = e->line;
	}
	return aside;
}

/* The rules of others, which stay: those that the files load, then those that only the
 * kernel has. Thousands of them are worth their text only where it is asked for. */
static int tell_foreign(hf_audit_planner *p)
{
	bool live = !p->plan->options.offline && p->obs->live == HF_PRESENT;
	hf_audit_obs *obs = p->obs;
	hf_aside *aside;

	if (!p->plan->options.asides || obs->unknown)
		return 0;
	for (size_t i = 0; i < obs->boot.rules.n; i++) {
		const hf_audit_entry *e = &obs->boot.rules.items[i];

		/* audit.rules as it stands has ours, too */
		if (strcmp(e->file, HF_AUDIT_OWN) == 0 ||
		    (strcmp(e->file, HF_AUDIT_MERGED) == 0 && is_ours(p, e->rule)))
			continue;
		aside = tell_rule(p, e);
		if (!aside)
			return -ENOMEM;
		if (live && !hf_audit_table_find(&obs->kernel, e->rule))
			aside->why = "not in the kernel";
		if (aside->why && hf_audit_dropped(p, e->rule, NULL, &aside->why) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; live && i < obs->kernel.n; i++) {
		const hf_audit_entry *e = &obs->kernel.items[i];

		if (hf_audit_table_find(&obs->boot.rules, e->rule) || is_ours(p, e->rule))
			continue;
		aside = tell_rule(p, e);
		if (!aside)
			return -ENOMEM;
		aside->why = "kernel only";
	}
	return 0;
}

int hf_audit_plan(const hf_model *model, struct hf_plan *plan, hf_error **err)
{
	hf_audit_planner p = { .model = model,
			       .plan = plan,
			       .arena = &plan->arena,
			       .obs = plan->obs[HF_RANK_AUDIT] };
	int r;

	p.host = hf_audit_obs_host(p.obs);
	r = plan_all(&p) < 0 || tell_dockerd(&p) < 0 || tell_counters(&p) < 0 ||
			    tell_foreign(&p) < 0
		    ? hf_error_oom(err)
		    : 0;
	p.obs->spent = p.obs->book; /* nobody could be asked any more */
	p.obs->book = (hf_audit_book){ 0 };
	return r;
}

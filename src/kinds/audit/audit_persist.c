/* SPDX-License-Identifier: Apache-2.0 */
/* Our rules in rules.d: which lines, how they stand at the next boot. Pure. */
#include <errno.h>
#include <string.h>

#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_planner.h"

/* Stands for our rules while the foreign ones are looked at; covers nothing else. */
#define MARKER "-a never,exit -F path=/.holdfast-marker -F key=holdfast-marker"

/* --- what our file holds ---------------------------------------------------------- */

static int read_old(hf_audit_planner *p)
{
	const hf_audit_source *file = p->files[p->own].before;
	hf_audit_merged lines;

	if (!file)
		return hf_audit_table_index(&p->old, p->arena);
	if (hf_audit_split(file, p->arena, &lines) < 0 ||
	    hf_audit_table_reserve(&p->old, lines.n, p->arena) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < lines.n; i++) {
		hf_audit_read *read;
		hf_audit_entry *entry;
		hf_audit_item *item;

		if (hf_audit_line_read(lines.lines[i].text, &p->host.names, p->arena,
				       &read) < 0)
			return -ENOMEM;
		if (read->line.type != HF_AUDIT_LINE_RULE)
			continue;
		entry = hf_audit_table_add(&p->old, &read->line.rule, p->arena);
		if (!entry)
			return -ENOMEM;
		entry->file = file->path;
		entry->line = lines.lines[i].line;
		item = hf_audit_item_of(p, entry->rule);
		if (item)
			item->in_old = true;
	}
	return hf_audit_table_index(&p->old, p->arena);
}

/* --- the foreign rules around ours ------------------------------------------------ */

int hf_audit_load_around(hf_audit_planner *p, const char *settings, size_t len,
			 hf_audit_boot *ret)
{
	hf_audit_source *sources;
	hf_audit_merged merged;

	sources = hf_arena_array(p->arena, p->n_files + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_files; i++) {
		sources[i] = p->files[i].source;
		if (i == p->settings) {
			sources[i].bytes = settings;
			sources[i].len = len;
		}
		if (i != p->own)
			continue;
		/* a line of its own: hf_audit_own_file() */
		sources[i].bytes = "\n" MARKER "\n";
		sources[i].len = strlen("\n" MARKER "\n");
	}
	if (hf_audit_merge(sources, p->n_files, p->obs->style, p->arena, &merged) < 0)
		return -ENOMEM;
	return hf_audit_boot_load(&merged, sources, &p->host, p->arena, ret);
}

static int load_foreign(hf_audit_planner *p)
{
	hf_audit_read *marker;
	hf_audit_entry *found;

	if (hf_audit_load_around(p, "", 0, &p->foreign) < 0 ||
	    hf_audit_line_read(MARKER, &p->host.names, p->arena, &marker) < 0)
		return -ENOMEM;
	p->foreign.rules.links = &p->obs->links;
	found = hf_audit_table_find(&p->foreign.rules, &marker->line.rule);
	p->marker = found ? (size_t)(found - p->foreign.rules.items) : SIZE_MAX;
	return 0;
}

static const char *abort_text(hf_audit_planner *p, const hf_audit_boot *boot,
			      const char *file)
{
	return hf_arena_printf(p->arena, "the load stops at %s:%u (%s)", file,
			       boot->abort_line, boot->abort_why);
}

/* A rule of ours that leaves it nothing; NULL: none. */
static const hf_audit_item *own_never(hf_audit_planner *p, const hf_audit_item *item)
{
	const hf_audit_entry *e = hf_audit_table_silencer(
		&p->demanded, item->rule, (size_t)(item - p->items), p->obs->machine);

	return e ? &p->items[e - p->demanded.items] : NULL;
}

/* No line of ours says -A: what is declared with it stands first in our file, and must
 * not be behind a rule of another file that decides about some of its events. */
static const hf_audit_entry *find_ahead(const hf_audit_item *item,
					const hf_audit_table *list, size_t end)
{
	for (size_t i = 0; item->rule->prepend && i < list->n && i < end; i++) {
		const hf_audit_entry *e = &list->items[i];

		if (!e->ours && e->rule->list == item->rule->list &&
		    hf_audit_rule_differs(e->rule, item->rule) &&
		    hf_audit_rule_overlaps(e->rule, item->rule))
			return e;
	}
	return NULL;
}

static const char *ahead_text(hf_audit_planner *p, const hf_audit_entry *e)
{
	return hf_arena_printf(p->arena,
			       "it is to come first (-A), and %s decides about some of "
			       "its events before it: %s",
			       hf_audit_place(p, e),
			       hf_audit_rule_text(e->rule, p->obs->machine, p->arena));
}

/* Is the line needed, and would it be in force? */
static int decide(hf_audit_planner *p, hf_audit_item *item)
{
	const hf_audit_item *never = own_never(p, item);
	const hf_audit_entry *e = NULL;
	hf_audit_verdict verdict = hf_audit_table_judge(&p->foreign.rules, item->rule,
							p->obs->machine, &e, NULL);
	size_t at = e ? (size_t)(e - p->foreign.rules.items) : 0;

	if (verdict == HF_AUDIT_SHADOWED && at > p->marker &&
	    item->rule->list != AUDIT_FILTER_TASK && e->rule->list == item->rule->list)
		verdict = HF_AUDIT_NONE; /* ours would come first */
	if (never) {
		item->in_new = item->in_old;
		item->blocked = hf_arena_printf(
			p->arena, "control '%s' says never to it first (%s)",
			never->wants[0]->demand->control->id, never->text);
		return item->blocked ? 0 : -ENOMEM;
	}
	if (p->unsure) {
		item->in_new = item->in_old;
		if (!item->in_old && verdict != HF_AUDIT_MET)
			item->blocked =
				"what another demand comes down to cannot be told, "
				"so our file of rules stays as it is";
		return 0;
	}
	item->in_new = item->enforced && verdict != HF_AUDIT_MET ? true : item->in_old;
	if (verdict == HF_AUDIT_MET) {
		/* the same line twice would stop the load */
		if (hf_audit_table_find_equal(&p->foreign.rules, item->rule))
			item->in_new = false;
		return 0;
	}
	if (verdict == HF_AUDIT_SHADOWED) {
		item->blocked = hf_arena_printf(
			p->arena,
			"%s %s (%s); take that line out, or name "
			"it under 'absent'",
			hf_audit_place(p, e), hf_audit_says(e),
			hf_audit_rule_text(e->rule, p->obs->machine, p->arena));
		item->in_new = item->in_old;
		return item->blocked ? 0 : -ENOMEM;
	}
	e = find_ahead(item, &p->foreign.rules, p->marker);
	if (e) {
		item->in_new = item->in_old;
		item->blocked = hf_arena_printf(
			p->arena, "%s; take that line out, or name it under 'absent'",
			ahead_text(p, e));
		return item->blocked ? 0 : -ENOMEM;
	}
	if (p->marker != SIZE_MAX)
		return 0;
	item->in_new = item->in_old;
	item->blocked =
		abort_text(p, &p->foreign, p->files[p->foreign.abort_source].source.path);
	return item->blocked ? 0 : -ENOMEM;
}

/* --- our file --------------------------------------------------------------------- */

static int compose(hf_audit_planner *p)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	cleanup_(hf_strbuf_done) hf_strbuf controls = { 0 };
	cleanup_(hf_strbuf_done) hf_strbuf last = { 0 };
	size_t n = 0;

	if (p->unsure)
		return 0;
	for (size_t i = 0; i < p->n_items; i++) {
		if (!p->items[i].in_new)
			continue;
		if (n++ == 0)
			hf_strbuf_adds(
				&sb,
				"## Made by holdfast, which writes it anew: keep rules "
				"of your own in other files.\n");
		hf_strbuf_reset(&controls);
		hf_audit_add_controls(&controls, p->items[i].wants, p->items[i].n_wants,
				      ", ", false);
		if (strcmp(hf_strbuf_str(&last), hf_strbuf_str(&controls)) != 0) {
			hf_strbuf_addf(&sb, "# %s\n", hf_strbuf_str(&controls));
			hf_strbuf_reset(&last);
			hf_strbuf_adds(&last, hf_strbuf_str(&controls));
		}
		if (!hf_strbuf_ok(&controls) || !hf_strbuf_ok(&last))
			return -ENOMEM;
		hf_strbuf_adds(&sb, p->items[i].text);
		hf_strbuf_addc(&sb, '\n');
	}
	return hf_audit_own_file(p, &p->files[p->own], &sb);
}

/* --- rows and changes ------------------------------------------------------------- */

typedef struct standing {
	hf_state state;
	const char *found;
	const char *why;
	const hf_audit_entry *at;
} standing;

/* Rules that load and do nothing are a finding. */
static void note_off(hf_audit_planner *p, standing *s)
{
	const hf_audit_boot_setting *enabled = &p->obs->boot.settings[HF_AUDIT_ENABLED];

	if (p->obs->loader == HF_AUDIT_LOADER_NONE) {
		s->state = HF_STATE_FINDING;
		s->why = p->obs->loader_why;
	} else if (enabled->set && enabled->loaded && enabled->value == 0) {
		s->state = HF_STATE_FINDING;
		s->why = "the rules switch auditing off (-e 0)";
	} else if (p->obs->off) {
		/* nor do auditd.service and audit-rules.service start then */
		s->state = HF_STATE_FINDING;
		s->why = p->obs->live_why;
	}
}

static int judge_boot(hf_audit_planner *p, const hf_audit_item *item, standing *s)
{
	const hf_audit_boot *boot = &p->obs->boot;
	const hf_audit_entry *e = NULL, *missed, *taker, *ahead;
	const char *text;

	*s = (standing){ .state = HF_STATE_DRIFT };
	switch (hf_audit_table_judge(&boot->rules, item->rule, p->obs->machine, &e,
				     &taker)) {
	case HF_AUDIT_MET:
		s->state = HF_STATE_PASS;
		s->found = "loaded";
		s->at = e;
		text = e->ours ? ""
			       : hf_audit_rule_text(e->rule, p->obs->machine, p->arena);
		if (text && *text)
			s->why = hf_arena_printf(p->arena, "met by %s: %s",
						 hf_audit_place(p, e), text);
		if (!text || (!e->ours && !s->why))
			return -ENOMEM;
		ahead = find_ahead(item, &boot->rules, (size_t)(e - boot->rules.items));
		if (ahead) {
			s->state = HF_STATE_DRIFT;
			s->at = ahead;
			s->why = ahead_text(p, ahead);
			return s->why ? 0 : -ENOMEM;
		}
		if (taker) {
			s->why = hf_audit_add_taker(p, s->why, taker);
			if (!s->why)
				return -ENOMEM;
		}
		note_off(p, s);
		return 0;
	case HF_AUDIT_SHADOWED:
		s->found = "shadowed";
		s->at = e;
		text = hf_audit_rule_text(e->rule, p->obs->machine, p->arena);
		if (text)
			s->why = hf_arena_printf(p->arena, "%s %s: %s",
						 hf_audit_place(p, e), hf_audit_says(e),
						 text);
		return s->why ? 0 : -ENOMEM;
	default:
		break;
	}
	s->found = "absent";
	missed = hf_audit_table_find(&boot->missed, item->rule);
	if (!missed)
		return hf_audit_unreached(p, &boot->rules, item->rule, &s->why);
	s->found = "not loaded";
	s->at = missed;
	s->why = abort_text(p, boot,
			    p->obs->loader == HF_AUDIT_LOADER_DIRECT && p->obs->stale
				    ? HF_AUDIT_MERGED
				    : p->obs->files[boot->abort_source].path);
	return s->why ? 0 : -ENOMEM;
}

/* The change of an item: written, taken out, or loaded because another file changes. */
static int add_change(hf_audit_planner *p, hf_audit_item *item, hf_state state,
		      hf_change **ret)
{
	hf_cause cause;
	hf_group *group;
	hf_change *change;

	*ret = NULL;
	if (!(item->blocked && item->enforced) && item->in_new == item->in_old &&
	    !(item->enforced && state == HF_STATE_DRIFT))
		return 0;
	cause = hf_plan_cause(p->plan, p->model, item->id, item->text);
	if (item->blocked && item->enforced) {
		change = hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, item->id,
					item->in_old ? HF_OP_UPDATE : HF_OP_CREATE,
					item->in_old ? "not in force" : NULL, item->text,
					cause);
		if (!change)
			return -ENOMEM;
		*ret = change;
		return hf_change_block(p->plan, change, "%s", item->blocked);
	}
	if (item->in_new != item->in_old) {
		group = hf_plan_group_find(p->plan, HF_GROUP_FILE, HF_AUDIT_OWN);
		change = hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, item->id,
					item->in_new ? HF_OP_CREATE : HF_OP_DELETE,
					item->in_new ? NULL : item->text,
					item->in_new ? item->text : NULL,
					item->in_new ? cause : HF_CAUSE_HOST);
	} else {
		change = hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, item->id,
					HF_OP_UPDATE, "not in force", item->text, cause);
		group = hf_plan_group(p->plan, HF_GROUP_FILE, HF_STAGE_CONFIG,
				      &hf_kind_audit, HF_AUDIT_MERGED);
	}
	if (!change || !group)
		return -ENOMEM;
	change->recorded = item->in_new && !item->in_old;
	hf_change_in(change, group);
	*ret = change;
	return 0;
}

static int judge_item(hf_audit_planner *p, hf_audit_item *item)
{
	hf_change *change;
	standing s;

	if (judge_boot(p, item, &s) < 0 || add_change(p, item, s.state, &change) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < item->n_wants; i++) {
		hf_resource *row;

		if (hf_audit_row(p, item->wants[i], HF_PERSISTED, item->id, "loaded",
				 &row) < 0)
			return -ENOMEM;
		if (!row)
			continue;
		if (hf_row_judge(p->plan, row, s.state, s.found, s.why ? "%s" : NULL,
				 s.why) < 0 ||
		    (s.at && hf_row_found_at(p->plan, row, s.at->file, s.at->line) < 0) ||
		    (change && s.state != HF_STATE_PASS &&
		     hf_change_row(p->plan, change, row) < 0))
			return -ENOMEM;
	}
	return 0;
}

/* Lines of our file that nobody demands any more. */
static int release_old(hf_audit_planner *p)
{
	hf_group *group = hf_plan_group_find(p->plan, HF_GROUP_FILE, HF_AUDIT_OWN);

	for (size_t i = 0; group && i < p->old.n; i++) {
		const hf_audit_rule *rule = p->old.items[i].rule;
		hf_change *change;
		char *text, *id;

		if (hf_audit_item_of(p, rule))
			continue;
		text = hf_audit_rule_text(rule, p->obs->machine, p->arena);
		id = text ? hf_arena_printf(p->arena, "audit:%s", text) : NULL;
		if (!id)
			return -ENOMEM;
		change = hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, id,
					HF_OP_DELETE, text, NULL, HF_CAUSE_RELEASED);
		if (!change)
			return -ENOMEM;
		change->recorded = true;
		hf_change_in(change, group);
	}
	return 0;
}

int hf_audit_plan_rules(hf_audit_planner *p)
{
	for (size_t i = 0; i < p->obs->boot.rules.n; i++) {
		hf_audit_entry *e = &p->obs->boot.rules.items[i];

		e->ours = e->file && strcmp(e->file, HF_AUDIT_OWN) == 0;
	}
	if (read_old(p) < 0 || load_foreign(p) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_items; i++)
		if (decide(p, &p->items[i]) < 0)
			return -ENOMEM;
	if (compose(p) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_items; i++)
		if (judge_item(p, &p->items[i]) < 0)
			return -ENOMEM;
	return release_old(p);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Our rules in rules.d: which lines, how they stand at the next boot. Pure. */
#include <errno.h>
#include <string.h>

#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_planner.h"

#define TAKE_OUT "; take that line out"
#define OR_ABSENT ", or name it under 'absent'"

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

int hf_audit_load_with(hf_audit_planner *p, const char *own, size_t own_len,
		       const char *settings, size_t settings_len, hf_audit_boot *ret)
{
	hf_audit_source *sources;
	hf_audit_merged merged;

	sources = hf_arena_array(p->arena, p->n_files + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_files; i++)
		sources[i] = p->files[i].source;
	sources[p->own].bytes = own;
	sources[p->own].len = own_len;
	sources[p->settings].bytes = settings;
	sources[p->settings].len = settings_len;
	if (hf_audit_merge(sources, p->n_files, p->obs->style, p->arena, &merged) < 0)
		return -ENOMEM;
	return hf_audit_boot_load(&merged, sources, &p->host, p->arena, ret);
}

static int load_foreign(hf_audit_planner *p)
{
	/* a line of its own: hf_audit_own_text() */
	static const char own[] = "\n" MARKER "\n";
	hf_audit_read *marker;
	hf_audit_entry *found;

	if (hf_audit_load_with(p, own, strlen(own), "", 0, &p->foreign) < 0 ||
	    hf_audit_line_read(MARKER, &p->host.names, p->arena, &marker) < 0)
		return -ENOMEM;
	p->foreign.rules.links = &p->obs->links;
	found = hf_audit_table_find(&p->foreign.rules, &marker->line.rule);
	p->marker = found ? (size_t)(found - p->foreign.rules.items) : SIZE_MAX;
	return 0;
}

const char *hf_audit_abort_text(hf_audit_planner *p, const hf_audit_boot *boot)
{
	return hf_arena_printf(p->arena, "the load stops at %s:%u (%s)", boot->abort_file,
			       boot->abort_line, boot->abort_why);
}

/* How to keep boot->undone's @e; NULL: out of memory. A bare -D is named nowhere. */
static const char *undone_cure(hf_audit_planner *p, const hf_audit_boot *boot,
			       const hf_audit_entry *e)
{
	const char *text = boot->undoers[e - boot->undone.items];
	hf_audit_read *read;
	char *name;

	if (hf_audit_line_read(text, &p->host.names, p->arena, &read) < 0 ||
	    hf_audit_line_text(&read->line, p->obs->machine, p->arena, &name) < 0)
		return NULL;
	return name ? TAKE_OUT OR_ABSENT : TAKE_OUT;
}

/* @e is one of boot->undone */
static const char *undone_text(hf_audit_planner *p, const hf_audit_boot *boot,
			       const hf_audit_entry *e)
{
	return hf_arena_printf(p->arena, "%s:%u takes it out again (%s)", e->file,
			       e->line, boot->undoers[e - boot->undone.items]);
}

/* --- our own rules among each other ------------------------------------------------ */

/* Is the rule in force now, on disk or in the kernel? */
static bool is_in_force(hf_audit_planner *p, const hf_audit_item *item)
{
	const hf_audit_table *const lists[] = { &p->obs->boot.rules, &p->obs->kernel };
	size_t n = p->obs->live == HF_PRESENT ? 2 : 1;
	const hf_audit_entry *e;

	for (size_t i = 0; i < n; i++)
		if (hf_audit_table_judge(lists[i], item->rule, p->obs->machine, &e,
					 NULL) == HF_AUDIT_MET)
			return true;
	return false;
}

/* Would @item leave the other, wherever it stands or as it comes later, nothing? */
static bool silences(const hf_audit_planner *p, const hf_audit_item *item,
		     const hf_audit_item *other)
{
	if (hf_audit_rule_takes(item->rule, other->rule) == HF_AUDIT_TAKES_ALL)
		return true;
	return item < other && item->rule->action == AUDIT_NEVER &&
	       other->rule->action == AUDIT_ALWAYS &&
	       hf_audit_rule_silenced(other->rule, item->rule, p->obs->machine);
}

static bool may_silence(const hf_audit_item *item)
{
	return item->rule->action == AUDIT_NEVER ||
	       item->rule->list == AUDIT_FILTER_EXCLUDE;
}

/* What is in force stays so: a rule of ours that is not there yet does not come where it
 * would silence another that is looked at. Of two that are not there the second stays
 * out: own_never(). */
static int keep_in_force(hf_audit_planner *p, hf_audit_item *item)
{
	if (item->in_old || !item->enforced || !may_silence(item))
		return 0;
	for (size_t i = 0; i < p->n_items; i++) {
		const hf_audit_item *other = &p->items[i];

		if (other == item || !other->active || !silences(p, item, other) ||
		    !is_in_force(p, other))
			continue;
		item->blocked = hf_arena_printf(
			p->arena, "it would silence what control '%s' demands (%s)",
			other->wants[0]->demand->control->id, other->text);
		return item->blocked ? 0 : -ENOMEM;
	}
	return 0;
}

static bool is_to_be_there(const hf_audit_item *item)
{
	return item->in_old || (item->enforced && !item->blocked);
}

static int find_silencers(hf_audit_planner *p)
{
	for (size_t i = 0; i < p->n_items; i++)
		if (keep_in_force(p, &p->items[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < p->n_items; i++)
		if (may_silence(&p->items[i]) && is_to_be_there(&p->items[i]) &&
		    !hf_audit_table_add(&p->silencers, p->items[i].rule, p->arena))
			return -ENOMEM;
	return hf_audit_table_index(&p->silencers, p->arena);
}

/* A rule of ours that leaves it nothing, where @n of them come before it; NULL: none. */
static const hf_audit_item *own_never(hf_audit_planner *p, const hf_audit_item *item,
				      size_t n)
{
	const hf_audit_entry *e =
		hf_audit_table_silencer(&p->silencers, item->rule, n, p->obs->machine);

	return e ? hf_audit_item_of(p, e->rule) : NULL;
}

/* --- each rule --------------------------------------------------------------------- */

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

/* The rule is not written, for the reason @why, if that is not NULL: out of memory. */
static int block(hf_audit_item *item, const char *why)
{
	item->in_new = item->in_old;
	item->blocked = why;
	return why ? 0 : -ENOMEM;
}

/* What the load of the rules of others says about a line of ours that none of them makes
 * needless, or keeps from deciding. */
static int decide_alone(hf_audit_planner *p, hf_audit_item *item)
{
	const hf_audit_entry *e = find_ahead(item, &p->foreign.rules, p->marker);
	const char *text, *cure;

	if (e) {
		text = ahead_text(p, e);
		return block(item, text ? hf_arena_printf(p->arena, "%s%s", text,
							  TAKE_OUT OR_ABSENT)
					: NULL);
	}
	/* until then ours would be there twice, which ends the load */
	e = hf_audit_table_find_equal(&p->foreign.undone, item->rule);
	if (e && e->source > p->own) {
		text = undone_text(p, &p->foreign, e);
		cure = undone_cure(p, &p->foreign, e);
		return block(item, text && cure
					   ? hf_arena_printf(p->arena, "%s%s", text, cure)
					   : NULL);
	}
	if (p->marker != SIZE_MAX || !p->foreign.aborted)
		return 0;
	return block(item, hf_audit_abort_text(p, &p->foreign));
}

/* Is the line needed, and would it be in force? @n of the silencers come before it. */
static int decide(hf_audit_planner *p, hf_audit_item *item, size_t n)
{
	const hf_audit_item *never = own_never(p, item, n);
	const hf_audit_entry *e = NULL;
	hf_audit_verdict verdict = hf_audit_table_judge(&p->foreign.rules, item->rule,
							p->obs->machine, &e, NULL);
	size_t at = e ? (size_t)(e - p->foreign.rules.items) : 0;

	if (verdict == HF_AUDIT_SHADOWED && at > p->marker &&
	    item->rule->list != AUDIT_FILTER_TASK && e->rule->list == item->rule->list)
		verdict = HF_AUDIT_NONE; /* ours would come first */
	item->in_new = item->in_old;
	if (item->blocked)
		return 0;
	if (never)
		return block(item,
			     hf_arena_printf(
				     p->arena, "control '%s' says never to it first (%s)",
				     never->wants[0]->demand->control->id, never->text));
	if (p->unsure) {
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
	if (verdict == HF_AUDIT_SHADOWED)
		return block(item,
			     hf_arena_printf(p->arena, "%s %s (%s)" TAKE_OUT OR_ABSENT,
					     hf_audit_place(p, e), hf_audit_says(e),
					     hf_audit_rule_text(e->rule, p->obs->machine,
								p->arena)));
	return decide_alone(p, item);
}

/* --- our file --------------------------------------------------------------------- */

static int compose(hf_audit_planner *p, hf_strbuf *sb)
{
	cleanup_(hf_strbuf_done) hf_strbuf controls = { 0 };
	cleanup_(hf_strbuf_done) hf_strbuf last = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < p->n_items; i++) {
		if (!p->items[i].in_new)
			continue;
		if (n++ == 0)
			hf_strbuf_adds(
				sb,
				"## Made by holdfast, which writes it anew: keep rules "
				"of your own in other files.\n");
		hf_strbuf_reset(&controls);
		hf_audit_add_controls(&controls, p->items[i].wants, p->items[i].n_wants,
				      ", ", false);
		if (strcmp(hf_strbuf_str(&last), hf_strbuf_str(&controls)) != 0) {
			hf_strbuf_addf(sb, "# %s\n", hf_strbuf_str(&controls));
			hf_strbuf_reset(&last);
			hf_strbuf_adds(&last, hf_strbuf_str(&controls));
		}
		if (!hf_strbuf_ok(&controls) || !hf_strbuf_ok(&last))
			return -ENOMEM;
		hf_strbuf_adds(sb, p->items[i].text);
		hf_strbuf_addc(sb, '\n');
	}
	return hf_strbuf_ok(sb) ? 0 : -ENOMEM;
}

/* --- rows and changes ------------------------------------------------------------- */

typedef struct standing {
	hf_state state;
	const char *found;
	const char *why;
	const char *cure;
	const hf_audit_entry *at;
} standing;

/* Rules that load and do nothing are a finding. */
static void note_off(hf_audit_planner *p, const hf_audit_boot *boot, standing *s)
{
	const hf_audit_boot_setting *enabled = &boot->settings[HF_AUDIT_ENABLED];

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

static int judge_boot(hf_audit_planner *p, const hf_audit_boot *boot,
		      const hf_audit_item *item, standing *s)
{
	const hf_audit_entry *e = NULL, *missed, *undone, *taker, *ahead;
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
		note_off(p, boot, s);
		return 0;
	case HF_AUDIT_SHADOWED:
		s->found = "shadowed";
		s->cure = TAKE_OUT OR_ABSENT;
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
	undone = hf_audit_table_find(&boot->undone, item->rule);
	if (!missed && !undone)
		return hf_audit_unreached(p, &boot->rules, item->rule, &s->why);
	s->found = "not loaded";
	s->cure = missed ? "" : undone_cure(p, boot, undone);
	if (!s->cure)
		return -ENOMEM;
	s->at = missed ? missed : undone;
	s->why = missed ? hf_audit_abort_text(p, boot) : undone_text(p, boot, undone);
	return s->why ? 0 : -ENOMEM;
}

/* --- the boot to come -------------------------------------------------------------- */

static void note_ours(hf_audit_boot *boot)
{
	for (size_t i = 0; i < boot->rules.n; i++) {
		hf_audit_entry *e = &boot->rules.items[i];

		e->ours = e->file && strcmp(e->file, HF_AUDIT_OWN) == 0;
	}
}

/* A file of settings that is not there yet ends the last line before its place, where
 * somebody has left that open: what was one line with the next file's first is two. */
static int note_break(hf_audit_planner *p, bool *ret)
{
	const hf_audit_after *settings = &p->files[p->settings];
	cleanup_(hf_strbuf_done) hf_strbuf line = { 0 };
	bool wanted = false;
	size_t len;
	char *text;

	for (size_t i = 0; i < p->obs->n_wants; i++)
		wanted |= p->obs->wants[i].spec->type == HF_AUDIT_WANT_SETTING &&
			  hf_control_is_enforced(p->obs->wants[i].demand->control);
	hf_strbuf_adds(&line, "#");
	text = hf_audit_own_text(p, settings, &line, &len);
	*ret = text && wanted && !settings->before && *text == '\n';
	return text ? 0 : -ENOMEM;
}

/* As the files will be with @lines as ours. */
static int load_come(hf_audit_planner *p, const hf_strbuf *lines)
{
	const hf_audit_after *own = &p->files[p->own];
	const char *old = own->before ? own->before->bytes : "";
	size_t len, old_len = own->before ? own->before->len : 0;
	char *text = hf_audit_own_text(p, own, lines, &len);
	bool breaks;

	if (!text || note_break(p, &breaks) < 0)
		return -ENOMEM;
	p->comes_anew = breaks || p->files_change || len != old_len ||
			memcmp(text, old, len) ||
			(p->obs->loader == HF_AUDIT_LOADER_DIRECT && p->obs->stale);
	p->come = p->obs->boot;
	if (!p->comes_anew)
		return 0;
	/* the lines of settings themselves take nothing from a rule */
	breaks |= p->files[p->settings].before != NULL;
	if (hf_audit_load_with(p, text, len, "\n", breaks, &p->come) < 0)
		return -ENOMEM;
	p->come.rules.links = &p->obs->links;
	note_ours(&p->come);
	return 0;
}

/* So often one rule alone is blamed for the end of the load; then all behind it are. */
#define ROUNDS_MAX 8

/* The rule of ours at which the load ends, if it does there. */
static const hf_audit_rule *find_last(const hf_audit_boot *boot)
{
	const hf_audit_entry *first = boot->missed.items;

	if (!boot->aborted || strcmp(boot->abort_file, HF_AUDIT_OWN) != 0 ||
	    !boot->missed.n || first->line != boot->abort_line)
		return NULL;
	return first->rule;
}

/* What is to be in force, and would not be, stays out; *ret_any: there was some.
 * @now: how the items stand. */
static int block_unmet(hf_audit_planner *p, const standing *now, unsigned round,
		       bool *ret_any)
{
	const hf_audit_rule *last = round < ROUNDS_MAX ? find_last(&p->come) : NULL;
	const hf_audit_item *only = last ? hf_audit_item_of(p, last) : NULL;

	*ret_any = false;
	if (only && (!only->enforced || only->blocked))
		only = NULL;
	for (size_t i = 0; i < p->n_items; i++) {
		hf_audit_item *item = &p->items[i];
		standing s = now[i];

		/* without the one that ends the load the others may be in force */
		if (!item->enforced || item->blocked || (only && item != only))
			continue;
		if (p->comes_anew && judge_boot(p, &p->come, item, &s) < 0)
			return -ENOMEM;
		if (item == only)
			s = (standing){ HF_STATE_DRIFT,
					.why = hf_audit_abort_text(p, &p->come) };
		if (s.state != HF_STATE_DRIFT)
			continue;
		item->blocked = hf_arena_printf(
			p->arena, "%s%s", s.why ? s.why : "the boot would not load it",
			s.cure ? s.cure : "");
		if (!item->blocked)
			return -ENOMEM;
		item->in_new = item->in_old;
		*ret_any = true;
	}
	return 0;
}

/* Each rule was looked at by itself, among those of others. What the files will make in
 * the end is loaded here as the verification after the apply will load it: a rule that
 * would not be in force is not written, and said to be so before. */
static int foresee(hf_audit_planner *p, const standing *now)
{
	unsigned round = 0;
	bool any;

	do {
		cleanup_(hf_strbuf_done) hf_strbuf lines = { 0 };

		if (p->unsure && p->files[p->own].before)
			hf_strbuf_add(&lines, p->files[p->own].before->bytes,
				      p->files[p->own].before->len);
		else if (!p->unsure && compose(p, &lines) < 0)
			return -ENOMEM;
		if (load_come(p, &lines) < 0 || block_unmet(p, now, round++, &any) < 0)
			return -ENOMEM;
		if (!any && !p->unsure &&
		    hf_audit_own_file(p, &p->files[p->own], &lines) < 0)
			return -ENOMEM;
	} while (any);
	return 0;
}

/* --- rows and changes -------------------------------------------------------------- */

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
		group = hf_audit_merged_group(p);
	}
	if (!change || !group)
		return -ENOMEM;
	change->recorded = item->in_new && !item->in_old;
	hf_change_in(change, group);
	*ret = change;
	return 0;
}

/* @s, how it stands, becomes how it will stand where this plan makes it worse: what meets
 * it goes. */
static int judge_row(hf_audit_planner *p, const hf_audit_item *item, standing *s)
{
	standing then;

	if (!p->comes_anew || s->state == HF_STATE_DRIFT)
		return 0;
	if (judge_boot(p, &p->come, item, &then) < 0)
		return -ENOMEM;
	if (then.state != HF_STATE_DRIFT)
		return 0;
	*s = then;
	s->why = hf_arena_printf(p->arena, "with this plan: %s",
				 then.why ? then.why : "what meets it goes");
	return s->why ? 0 : -ENOMEM;
}

static int judge_item(hf_audit_planner *p, hf_audit_item *item, standing s)
{
	hf_change *change;

	if (judge_row(p, item, &s) < 0 || add_change(p, item, s.state, &change) < 0)
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
	standing *now = hf_arena_array(p->arena, p->n_items, sizeof(*now));
	size_t n = 0;

	if (!now)
		return -ENOMEM;
	note_ours(&p->obs->boot);
	if (read_old(p) < 0 || load_foreign(p) < 0 || find_silencers(p) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_items; i++) {
		if (decide(p, &p->items[i], n) < 0 ||
		    judge_boot(p, &p->obs->boot, &p->items[i], &now[i]) < 0)
			return -ENOMEM;
		if (n < p->silencers.n && p->silencers.items[n].rule == p->items[i].rule)
			n++;
	}
	if (foresee(p, now) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_items; i++)
		if (judge_item(p, &p->items[i], now[i]) < 0)
			return -ENOMEM;
	return release_old(p);
}

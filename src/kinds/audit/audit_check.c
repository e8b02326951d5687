/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contradictions between the controls of a baseline: those that hold on every host, when
 * it is read, and those that only this host's rules show, when it is planned. Pure.
 */
#include <errno.h>
#include <string.h>

#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_planner.h"

/* The demands for one thing: the last without `when`, the last with one. */
typedef struct demand_pair {
	const hf_demand *by[2];
} demand_pair;

typedef struct request {
	demand_pair wanted;
	demand_pair absent;
} request;

typedef struct checker {
	hf_arena arena;
	hf_audit_table rules; /* whatever the order of their fields */
	request *by_rule;     /* as many */
	hf_map by_text;	      /* request, of lines that are no rules */
	hf_map ids;	      /* name of a user or group -> its number here */
	uint32_t n_ids;
	demand_pair settings[HF_AUDIT_SETTING_MAX_];
	bool here; /* all that is looked at is in force on this host */
	hf_diags *diags;
} checker;

static void contradict(hf_diags *diags, const hf_demand *a, const hf_demand *b,
		       const char *how)
{
	hf_diag_add(diags, HF_DIAG_ERROR, b->mark,
		    "switch one of the two off, in 'tailor' or by taking it out",
		    "control '%s' contradicts control '%s' (%s:%u): %s", b->control->id,
		    a->control->id, a->mark.source ? a->mark.source->name : "?",
		    a->mark.line, how);
}

/* Two controls with `when` may be meant for different hosts. */
static bool is_gated(const checker *c, const hf_demand *demand)
{
	return !c->here && demand->control->n_when;
}

static const hf_demand *find_asked(const checker *c, const demand_pair *asked,
				   const hf_demand *demand)
{
	if (asked->by[0])
		return asked->by[0];
	return is_gated(c, demand) ? NULL : asked->by[1];
}

static void note_asked(const checker *c, demand_pair *asked, const hf_demand *demand)
{
	asked->by[is_gated(c, demand)] = demand;
}

/* Which number a name has is the host's matter: here it is another one than every other
 * name's, and than a number that somebody would write. */
static int number_of(void *user, bool group, const char *name, uint32_t *ret)
{
	checker *c = user;
	char *key = hf_arena_printf(&c->arena, "%c%s", group ? 'g' : 'u', name);
	uint32_t *id = key ? hf_map_get(&c->ids, key) : NULL;

	if (key && !id) {
		id = hf_arena_new(&c->arena, uint32_t);
		if (id)
			*id = 0xf0000000u + c->n_ids++;
		if (id && hf_map_put(&c->ids, &c->arena, key, id) < 0)
			id = NULL;
	}
	if (!id)
		return -ENOMEM;
	*ret = *id;
	return 0;
}

/* The line as the first machine that takes it reads it; blank if none does. */
static int read_line(checker *c, const hf_demand *demand, const char *text,
		     const hf_audit_line **ret)
{
	const hf_audit_spec *spec = demand->spec;
	hf_audit_names names = { .id = number_of, .user = c };
	hf_audit_line *line;
	int r = -EINVAL;

	*ret = spec->line;
	if (spec->line)
		return 0;
	*ret = line = hf_arena_new(&c->arena, hf_audit_line);
	if (!line)
		return -ENOMEM;
	for (size_t i = 0; r == -EINVAL && i < HF_AUDIT_MACHINES; i++) {
		names.machine = hf_audit_machines[i];
		r = hf_audit_line_parse(text, &names, &c->arena, line, NULL);
	}
	return r == -ENOMEM ? r : 0;
}

/* What was asked of the rule, or a blank. NULL: out of memory */
static request *request_of_rule(checker *c, const hf_audit_rule *rule)
{
	const hf_audit_entry *e = hf_audit_table_find(&c->rules, rule);
	size_t n = c->rules.n;

	if (e)
		return &c->by_rule[e - c->rules.items];
	return hf_audit_table_add(&c->rules, rule, &c->arena)
		       ? hf_vec_push(&c->arena, c->by_rule, n)
		       : NULL;
}

static request *request_of_text(checker *c, const char *text)
{
	request *found = hf_map_get(&c->by_text, text);

	if (found)
		return found;
	found = hf_arena_new(&c->arena, request);
	return found && hf_map_put(&c->by_text, &c->arena, text, found) == 0 ? found
									     : NULL;
}

/* The same rule with the other action contradicts, where it was asked for. */
static const hf_demand *find_opposite(const checker *c, const hf_audit_rule *rule,
				      const hf_demand *demand)
{
	hf_audit_rule other = *rule;
	const hf_audit_entry *e;

	other.action = rule->action == AUDIT_NEVER ? AUDIT_ALWAYS : AUDIT_NEVER;
	other.hash = 0;
	e = hf_audit_table_find(&c->rules, &other);
	return e ? find_asked(c, &c->by_rule[e - c->rules.items].wanted, demand) : NULL;
}

static int check_text(checker *c, const hf_demand *demand, const char *text)
{
	const hf_audit_spec *spec = demand->spec;
	const hf_demand *other;
	const hf_audit_line *line;
	bool is_rule;
	request *own;

	if (read_line(c, demand, text, &line) < 0)
		return -ENOMEM;
	is_rule = line->type == HF_AUDIT_LINE_RULE;
	own = is_rule ? request_of_rule(c, &line->rule) : request_of_text(c, text);
	if (!own)
		return -ENOMEM;
	if (spec->type == HF_AUDIT_WANT_ABSENT) {
		other = find_asked(c, &own->wanted, demand);
		if (other)
			contradict(c->diags, other, demand, "it wants this rule absent");
		note_asked(c, &own->absent, demand);
		return 0;
	}
	other = is_rule ? find_opposite(c, &line->rule, demand) : NULL;
	if (other)
		contradict(c->diags, other, demand,
			   "the same rule with always and never");
	other = find_asked(c, &own->absent, demand);
	if (other)
		contradict(c->diags, other, demand, "that one wants this rule absent");
	note_asked(c, &own->wanted, demand);
	return 0;
}

/* Every machine has b64. Of a watch the host decides what its rules are. */
static int check_syscalls(checker *c, const hf_demand *demand)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_audit_abi abis[2];

	if (hf_audit_abis(hf_audit_machines[0], abis) > 0)
		hf_audit_syscalls_line(&sb, demand->spec, &abis[0]);
	if (!hf_strbuf_ok(&sb))
		return -ENOMEM;
	return sb.len ? check_text(c, demand, hf_strbuf_str(&sb)) : 0;
}

static void check_setting(checker *c, const hf_demand *demand)
{
	const hf_audit_spec *spec = demand->spec, *other;
	demand_pair *asked = &c->settings[spec->setting];

	if (spec->setting == HF_AUDIT_BACKLOG_LIMIT)
		return; /* floors merge: the highest */
	for (int i = 0; i < 2; i++) {
		if (!asked->by[i] || (i == 1 && is_gated(c, demand)))
			continue;
		other = asked->by[i]->spec;
		if (other->value == spec->value)
			continue;
		contradict(c->diags, asked->by[i], demand,
			   "another value of the same setting");
		break;
	}
	note_asked(c, asked, demand);
}

int hf_audit_check(const hf_model *model, hf_diags *diags)
{
	checker c = { .diags = diags };
	int r = hf_audit_table_reserve(&c.rules, model->n_demands, &c.arena);

	for (size_t i = 0; r == 0 && i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_audit_spec *spec = demand->spec;

		if (demand->kind != &hf_kind_audit || demand->control->disabled)
			continue;
		if (spec->type == HF_AUDIT_WANT_RULE ||
		    spec->type == HF_AUDIT_WANT_ABSENT)
			r = check_text(&c, demand, spec->text);
		else if (spec->type == HF_AUDIT_WANT_SYSCALLS)
			r = check_syscalls(&c, demand);
		else if (spec->type == HF_AUDIT_WANT_SETTING)
			check_setting(&c, demand);
	}
	hf_arena_done(&c.arena);
	return r;
}

/* The first demand for the rule, or NULL. */
static const hf_demand *find_demand(const hf_audit_planner *p, const hf_audit_rule *rule)
{
	const hf_audit_entry *e = hf_audit_table_find(&p->demanded, rule);

	return e ? p->items[e - p->demanded.items].wants[0]->demand : NULL;
}

int hf_audit_check_planned(hf_audit_planner *p)
{
	checker c = { .diags = p->plan->diags, .here = true };
	const hf_demand *other;

	for (size_t i = 0; i < p->n_gone; i++) {
		other = p->gone[i]->rule ? find_demand(p, p->gone[i]->rule) : NULL;
		if (other)
			contradict(c.diags, other, p->gone[i]->wants[0]->demand,
				   "it wants this rule absent");
	}
	for (size_t i = 0; i < p->n_items; i++) {
		hf_audit_rule opposite = *p->items[i].rule;

		if (opposite.action != AUDIT_NEVER)
			continue;
		opposite.action = AUDIT_ALWAYS;
		opposite.hash = 0;
		other = find_demand(p, &opposite);
		if (other)
			contradict(c.diags, other, p->items[i].wants[0]->demand,
				   "the same rule with always and never");
	}
	for (size_t i = 0; i < p->obs->n_wants; i++)
		if (p->obs->wants[i].spec->type == HF_AUDIT_WANT_SETTING)
			check_setting(&c, p->obs->wants[i].demand);
	return 0;
}

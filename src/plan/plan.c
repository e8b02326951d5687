/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "model/kind.h"

void hf_plan_done(hf_plan *plan)
{
	hf_arena_done(&plan->arena);
	*plan = (hf_plan){ 0 };
}

/* What the plan has of one id: it is looked up once for all layers. */
typedef struct about {
	const char *id;
	hf_resource *rows;  /* the latest first */
	hf_change *changes; /* the latest first */
	bool claimed;
} about;

static about *about_id(hf_plan *plan, const char *id)
{
	void **at = hf_map_at(&plan->by_id, &plan->arena, id);
	about *known;

	if (!at || *at)
		return at ? *at : NULL;
	known = hf_arena_new(&plan->arena, about);
	if (!known)
		return NULL;
	known->id = hf_arena_strdup(&plan->arena, id);
	if (!known->id)
		return NULL;
	*at = known;
	return known;
}

static hf_resource *find_row(const about *known, const hf_kind *kind, hf_layer layer,
			     const char *wanted, const char *gate_why)
{
	hf_resource *row = known ? known->rows : NULL;

	while (row && (row->kind != kind || row->layer != layer ||
		       !hf_str_same(row->wanted, wanted) ||
		       !hf_str_same(row->gate_why, gate_why)))
		row = row->next_of_id;
	return row;
}

const hf_resource *hf_plan_row_like(const hf_plan *plan, const hf_resource *row)
{
	return find_row(hf_map_get(&plan->by_id, row->id), row->kind, row->layer,
			row->wanted, row->gate_why);
}

static int row_add_control(hf_plan *plan, hf_resource *row, const hf_control *control)
{
	const hf_control **slot;

	for (size_t i = 0; i < row->n_controls; i++)
		if (row->controls[i] == control)
			return 0;
	slot = hf_vec_push(&plan->arena, row->controls, row->n_controls);
	if (!slot)
		return -ENOMEM;
	*slot = control;
	return 0;
}

static hf_resource *row_of(hf_plan *plan, const hf_kind *kind, hf_layer layer,
			   const char *id, const char *wanted, const char *gate_why)
{
	about *known = about_id(plan, id);
	hf_resource *row = find_row(known, kind, layer, wanted, gate_why), **slot;
	const char *last;

	if (!known || row)
		return row;
	row = hf_arena_new(&plan->arena, hf_resource);
	if (!row)
		return NULL;
	row->kind = kind;
	row->layer = layer;
	row->id = known->id;
	/* of a long list all are wanted to be the same */
	last = plan->n_resources ? plan->resources[plan->n_resources - 1]->wanted : "";
	row->wanted =
		strcmp(last, wanted) == 0 ? last : hf_arena_strdup(&plan->arena, wanted);
	row->gate_why = gate_why;
	row->index = plan->n_resources;
	slot = row->wanted ? hf_vec_push(&plan->arena, plan->resources, plan->n_resources)
			   : NULL;
	if (!slot)
		return NULL;
	*slot = row;
	row->next_of_id = known->rows;
	known->rows = row;
	return row;
}

hf_resource *hf_plan_row(hf_plan *plan, hf_layer layer, const char *id,
			 const char *wanted, const hf_demand *demand)
{
	const hf_control *control = demand->control;
	hf_resource *row =
		row_of(plan, demand->kind, layer, id, wanted,
		       control->gate == HF_GATE_UNKNOWN ? control->gate_why : NULL);

	if (!row)
		return NULL;
	if (!row->n_controls)
		row->declared = demand->mark;
	return row_add_control(plan, row, demand->control) < 0 ? NULL : row;
}

hf_resource *hf_plan_foreign(hf_plan *plan, const hf_kind *kind, hf_layer layer,
			     const char *id)
{
	return row_of(plan, kind, layer, id, "", NULL);
}

int hf_row_judge(hf_plan *plan, hf_resource *row, hf_state state, const char *found,
		 const char *why_fmt, ...)
{
	const char *found_copy = NULL, *why = NULL;
	va_list ap;

	if (row->judged && state <= row->state)
		return 0;
	if (found) {
		/* many demands on one long list find the same */
		if (!plan->found_last || strcmp(plan->found_last, found) != 0)
			plan->found_last = hf_arena_strdup(&plan->arena, found);
		found_copy = plan->found_last;
		if (!found_copy)
			return -ENOMEM;
	}
	if (why_fmt) {
		va_start(ap, why_fmt);
		why = hf_arena_vprintf(&plan->arena, why_fmt, ap);
		va_end(ap);
		if (!why)
			return -ENOMEM;
	}
	row->judged = true;
	row->state = state;
	row->found = found_copy;
	row->why = why;
	return 0;
}

int hf_row_found_at(hf_plan *plan, hf_resource *row, const char *file, unsigned line)
{
	const char *last =
		row->index ? plan->resources[row->index - 1]->found_file : NULL;

	row->found_line = line;
	row->found_file = last && strcmp(last, file) == 0
				  ? last
				  : hf_arena_strdup(&plan->arena, file);
	return row->found_file ? 0 : -ENOMEM;
}

static int dup_or_null(hf_arena *arena, const char *s, const char **ret)
{
	char *copy = NULL;

	if (s) {
		copy = hf_arena_strdup(arena, s);
		if (!copy)
			return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

hf_change *hf_plan_change(hf_plan *plan, const hf_kind *kind, hf_layer layer,
			  const char *id, hf_op op, const char *before, const char *after,
			  hf_cause cause)
{
	about *known = about_id(plan, id);
	hf_change *change = known ? known->changes : NULL, **slot;

	while (change && (change->kind != kind || change->layer != layer))
		change = change->next_of_id;
	if (!known || change)
		return change;
	change = hf_arena_new(&plan->arena, hf_change);
	if (!change)
		return NULL;
	change->kind = kind;
	change->layer = layer;
	change->op = op;
	change->cause = cause;
	change->id = known->id;
	change->index = plan->n_changes;
	if (dup_or_null(&plan->arena, before, &change->before) < 0 ||
	    dup_or_null(&plan->arena, after, &change->after) < 0)
		return NULL;
	slot = hf_vec_push(&plan->arena, plan->changes, plan->n_changes);
	if (!slot)
		return NULL;
	*slot = change;
	change->next_of_id = known->changes;
	known->changes = change;
	return change;
}

int hf_change_row(hf_plan *plan, hf_change *change, const hf_resource *row)
{
	size_t *slot;

	for (size_t i = 0; i < change->n_rows; i++)
		if (change->rows[i] == row->index)
			return 0;
	slot = hf_vec_push(&plan->arena, change->rows, change->n_rows);
	if (!slot)
		return -ENOMEM;
	*slot = row->index;
	return 0;
}

int hf_change_block(hf_plan *plan, hf_change *change, const char *fmt, ...)
{
	va_list ap;

	if (change->blocked)
		return 0;
	va_start(ap, fmt);
	change->blocked = hf_arena_vprintf(&plan->arena, fmt, ap);
	va_end(ap);
	return change->blocked ? 0 : -ENOMEM;
}

static char *group_key(hf_strbuf *sb, hf_group_type type, const char *path)
{
	hf_strbuf_addf(sb, "%u\x1f%s", (unsigned)type, path);
	return hf_strbuf_ok(sb) ? sb->buf : NULL;
}

hf_group *hf_plan_group_find(const hf_plan *plan, hf_group_type type, const char *path)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const char *key = group_key(&sb, type, path);

	return key ? hf_map_get(&plan->group_by_key, key) : NULL;
}

hf_group *hf_plan_group(hf_plan *plan, hf_group_type type, hf_stage stage,
			const hf_kind *kind, const char *path)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const char *key = group_key(&sb, type, path);
	hf_group *group, **slot;

	if (!key)
		return NULL;
	group = hf_map_get(&plan->group_by_key, key);
	if (group)
		return group;
	group = hf_arena_new(&plan->arena, hf_group);
	if (!group)
		return NULL;
	group->type = type;
	group->stage = stage;
	group->kind = kind;
	group->mode = type == HF_GROUP_MKDIR ? 0755 : 0644;
	group->before = group->after = "";
	group->index = plan->n_groups;
	group->path = hf_arena_strdup(&plan->arena, path);
	if (!group->path || hf_map_put(&plan->group_by_key, &plan->arena, key, group) < 0)
		return NULL;
	slot = hf_vec_push(&plan->arena, plan->groups, plan->n_groups);
	if (!slot)
		return NULL;
	*slot = group;
	return group;
}

void hf_change_in(hf_change *change, hf_group *group)
{
	if (change->group == group)
		return;
	change->group = group;
	group->n_changes++;
}

static void forget_change(hf_plan *plan, const hf_change *change)
{
	about *known = hf_map_get(&plan->by_id, change->id);
	hf_change **at = &known->changes;

	while (*at != change)
		at = &(*at)->next_of_id;
	*at = change->next_of_id;
}

int hf_plan_withdraw(hf_plan *plan, const hf_group *group)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const char *key = group_key(&sb, group->type, group->path);
	size_t n = 0;

	if (!key || hf_map_put(&plan->group_by_key, &plan->arena, key, NULL) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_changes; i++) {
		if (plan->changes[i]->group == group) {
			forget_change(plan, plan->changes[i]);
			continue;
		}
		plan->changes[i]->index = n;
		plan->changes[n++] = plan->changes[i];
	}
	plan->n_changes = n;
	n = 0;
	for (size_t i = 0; i < plan->n_groups; i++) {
		if (plan->groups[i] == group)
			continue;
		plan->groups[i]->index = n;
		plan->groups[n++] = plan->groups[i];
	}
	plan->n_groups = n;
	return 0;
}

hf_effect *hf_plan_effect(hf_plan *plan, hf_action action, const char *unit,
			  const char *why)
{
	hf_effect *effect, **slot;

	for (size_t i = 0; i < plan->n_effects; i++) {
		effect = plan->effects[i];
		if (effect->action == action &&
		    strcmp(effect->unit ? effect->unit : "", unit ? unit : "") == 0)
			return effect;
	}
	effect = hf_arena_new(&plan->arena, hf_effect);
	if (!effect)
		return NULL;
	effect->action = action;
	if (dup_or_null(&plan->arena, unit, &effect->unit) < 0 ||
	    dup_or_null(&plan->arena, why, &effect->why) < 0)
		return NULL;
	slot = hf_vec_push(&plan->arena, plan->effects, plan->n_effects);
	if (!slot)
		return NULL;
	*slot = effect;
	return effect;
}

/* Is any baseline another one than at the last apply? */
static bool baseline_changed(const hf_record *record, const hf_model *model)
{
	for (size_t i = 0; i < model->n_baselines; i++) {
		const char *digest = hf_baseline_digest(model->baselines[i]);
		size_t k = 0;

		while (k < record->n_baselines &&
		       strcmp(record->baselines[k].digest, digest) != 0)
			k++;
		if (k == record->n_baselines)
			return true;
	}
	return false;
}

hf_cause hf_plan_cause(const hf_plan *plan, const hf_model *model, const char *id,
		       const char *after)
{
	const hf_record *record = plan->record;
	const hf_record_entry *e = hf_record_get(record, id);
	bool same = !record->exists;

	if (e)
		same = e->after && after ? strcmp(e->after, after) == 0
					 : e->after == after;
	else if (record->exists)
		same = !baseline_changed(record, model);
	return same ? HF_CAUSE_HOST : HF_CAUSE_BASELINE;
}

int hf_plan_claim(hf_plan *plan, const char *id)
{
	about *known = about_id(plan, id);

	if (!known)
		return -ENOMEM;
	known->claimed = true;
	return 0;
}

int hf_plan_note(hf_plan *plan, const char *id, const char *text)
{
	hf_record_entry *note = hf_arena_new(&plan->arena, hf_record_entry);
	hf_record_entry **slot;

	if (!note)
		return -ENOMEM;
	note->id = hf_arena_strdup(&plan->arena, id);
	note->after = hf_arena_strdup(&plan->arena, text);
	if (!note->id || !note->after)
		return -ENOMEM;
	slot = hf_vec_push(&plan->arena, plan->notes, plan->n_notes);
	if (!slot)
		return -ENOMEM;
	*slot = note;
	return 0;
}

static const char *note_in(const hf_plan *plan, const char *id)
{
	for (size_t i = plan->n_notes; i; i--)
		if (strcmp(plan->notes[i - 1]->id, id) == 0)
			return plan->notes[i - 1]->after;
	return NULL;
}

const char *hf_plan_noted(const hf_plan *plan, const char *id)
{
	const hf_plan *done = plan->options.verifies;
	const char *text = done ? note_in(done, id) : NULL;
	const hf_record_entry *entry = text ? NULL : hf_record_get(plan->record, id);

	return entry ? entry->after : text;
}

bool hf_plan_is_claimed(const hf_plan *plan, const char *id)
{
	const about *known = hf_map_get(&plan->by_id, id);

	return known && known->claimed;
}

hf_aside *hf_plan_aside(hf_plan *plan, const hf_kind *kind, hf_layer layer,
			const char *name, const char *value)
{
	hf_aside *aside = hf_vec_push(&plan->arena, plan->asides, plan->n_asides);

	if (aside)
		*aside = (hf_aside){
			.kind = kind, .layer = layer, .name = name, .value = value
		};
	return aside;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* An apply that failed: everything back, in reverse order, from memory. */
#include <stdint.h>

#include "engine/apply_work.h"
#include "engine/effects.h"
#include "engine/sync.h"

/* The effect that comes before all else; SIZE_MAX: none. */
size_t hf_apply_first(const hf_apply_work *a)
{
	const hf_plan *plan = &a->before->plan;

	for (size_t i = 0; i < plan->n_effects; i++)
		if (plan->effects[i]->first)
			return i;
	return SIZE_MAX;
}

/* What was done to inodes in state @state reaches the disk before anything says so. */
int hf_apply_sync(hf_apply_work *a, hf_item_state state, hf_error **err)
{
	hf_syncer syncer = { 0 };
	int r = 0;

	for (size_t i = 0; !r && i < a->n_items; i++) {
		const hf_item *item = &a->items[i];
		const hf_group *group = item->group;

		if (group->type == HF_GROUP_INODE && !item->folded &&
		    item->state == state)
			r = hf_syncer_add(&syncer, a->host, group->dev, group->path,
					  group->before_symlink_target, err);
	}
	return r;
}

static bool revert_one(hf_apply_work *a, hf_item *item)
{
	const char *what = item->state == HF_ITEM_FIRST ? item->what_first : item->what;
	hf_error *why = NULL;
	int r;

	if (item->state != HF_ITEM_COMMITTED && item->state != HF_ITEM_FIRST)
		return true;
	r = hf_item_revert(a->host, item, &why);
	hf_fault(a->host, "reverted");
	hf_apply_step(a, what, r < 0 ? HF_STEP_STUCK : HF_STEP_REVERTED, why);
	hf_error_free(why);
	return r >= 0;
}

/* What was put in force, or may have been, is taken out of force again. A reload that the
 * manager refused put nothing in force, so its being refused again is no news; a unit
 * must come back from a restart, though. */
static bool revert_effect(hf_apply_work *a, size_t index)
{
	const hf_plan *plan = &a->before->plan;
	const hf_effect *effect = plan->effects[index];
	bool must = a->effects[index] != HF_EFFECT_REFUSED ||
		    effect->action == HF_ACTION_RESTART;
	hf_error *why = NULL;
	int r;

	if (a->effects[index] == HF_EFFECT_NOT_RUN)
		return true;
	r = hf_effect_run(a->host, effect, &plan->engine, &why);
	if (r >= 0 || must)
		hf_apply_step(a, a->effect_what[index],
			      r < 0 ? HF_STEP_STUCK : HF_STEP_REVERTED, why);
	hf_error_free(why);
	return r >= 0 || !must;
}

static bool revert_effects(hf_apply_work *a, hf_action first, hf_action last)
{
	const hf_plan *plan = &a->before->plan;
	bool ok = true;

	for (size_t i = 0; i < plan->n_effects; i++) {
		const hf_effect *effect = plan->effects[i];

		if (!effect->first && effect->action >= first && effect->action <= last)
			ok &= revert_effect(a, i);
	}
	return ok;
}

static bool revert_first(hf_apply_work *a)
{
	bool ok = true;

	for (size_t i = 0; i < a->n_items; i++)
		if (a->items[i].state == HF_ITEM_FIRST)
			ok &= revert_one(a, &a->items[i]);
	return ok;
}

void hf_apply_revert(hf_apply_work *a)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	hf_action next = HF_ACTION_DAEMON_RELOAD;
	size_t index = hf_apply_first(a);
	bool ok = true;

	if (a->kept) { /* the next run would take a half-way revert for all that was done
			*/
		a->result->outcome = HF_OUTCOME_INCOMPLETE;
		return;
	}
	for (size_t i = hf_apply_n_items(a); i; i--) {
		hf_item *item = &a->items[i - 1];

		hf_host_working(a->host, "put back, left", NULL, i, 0);
		/* what came before the units may not go with what the manager has loaded
		 * of them: a key that became a flag */
		if (next == HF_ACTION_DAEMON_RELOAD &&
		    item->group->stage < HF_STAGE_UNITS) {
			next = HF_ACTION_RELOAD;
			ok &= revert_effects(a, HF_ACTION_DAEMON_RELOAD,
					     HF_ACTION_DAEMON_RELOAD);
		}
		if (item->state == HF_ITEM_COMMITTED)
			ok &= revert_one(a, item);
	}
	if (hf_apply_sync(a, HF_ITEM_REVERTED, &why) < 0) {
		hf_apply_step(a, "write out owners and modes", HF_STEP_STUCK, why);
		ok = false;
	}
	if (index == SIZE_MAX) { /* no reload of its own: a restart is to find it whole */
		if (next == HF_ACTION_DAEMON_RELOAD)
			ok &= revert_effects(a, next, next);
		next = HF_ACTION_RELOAD;
		ok &= revert_first(a);
	}
	ok &= revert_effects(a, next, HF_ACTION_RESTART);
	if (index != SIZE_MAX) { /* a restart on the way back still relies on it */
		ok &= revert_first(a);
		ok &= revert_effect(a, index);
	}
	a->result->outcome = ok ? HF_OUTCOME_ROLLED_BACK : HF_OUTCOME_INCOMPLETE;
	/* the model's gates point into the plan they were last decided for */
	hf_survey_done(&a->result->after);
	(void)!hf_plan_gate(a->model, &a->before->plan);
}

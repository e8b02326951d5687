/* SPDX-License-Identifier: Apache-2.0 */
/* One apply at work: what its parts (apply.c, apply_revert.c) share. */
#ifndef HF_ENGINE_APPLY_WORK_H
#define HF_ENGINE_APPLY_WORK_H

#include "engine/item.h"
#include "engine/transact.h"
#include "engine/txn.h"

typedef enum hf_effect_state {
	HF_EFFECT_NOT_RUN,
	HF_EFFECT_REFUSED, /* the manager's answer: nothing was done */
	HF_EFFECT_UNKNOWN, /* it failed, and may have been done all the same */
	HF_EFFECT_DONE,
} hf_effect_state;

typedef struct hf_apply_work {
	const hf_transaction *how;
	hf_host *host;
	hf_model *model;
	hf_survey *before;
	const hf_apply_options *options;
	hf_apply_result *result;
	hf_item *items;	 /* in the order of commitment; the applied record is the last */
	size_t n_items;	 /* without the record */
	hf_item *record; /* NULL: it does not change */
	hf_group record_group;
	hf_effect_state *effects; /* by index in the plan */
	const char **effect_what; /* for steps, by the same index */
	hf_txn txn;
	hf_txn_body body; /* of the journal, for the kept record */
	char *kept_path;  /* of the record that will be kept, or NULL: none will be */
	bool kept;	  /* it is there: a journal beside it counts as finished */
	size_t max_steps; /* room in result->steps */
} hf_apply_work;

static inline size_t hf_apply_n_items(const hf_apply_work *a)
{
	return a->n_items + (a->record ? 1 : 0);
}

/** hf_apply_step - note a step; @why: of a failure, may be NULL. Allocates nothing but
 * for that reason. */
void hf_apply_step(hf_apply_work *a, const char *what, hf_step_state state,
		   const hf_error *why);

/** hf_apply_first - index of the effect that comes before all else; SIZE_MAX: none; pure
 */
size_t hf_apply_first(const hf_apply_work *a);

/** hf_apply_sync - what was done to inodes in state @state reaches the disk before
 *  anything says so; changes host */
int hf_apply_sync(hf_apply_work *a, hf_item_state state, hf_error **err) _must_check_;

/** hf_apply_revert - put everything back in reverse order, effects too; the outcome is
 *  ROLLED_BACK or INCOMPLETE. Changes host. */
void hf_apply_revert(hf_apply_work *a);

#endif

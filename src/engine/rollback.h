/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rollback: a finished transaction undone by another one, planned against the host as it
 * is now. What still is as the transaction left it is restored exactly; what changed
 * since is refused and named, the rest restored. Live layers go back step by step under
 * the boot of the transaction, and follow the restored disk under another one.
 */
#ifndef HF_ENGINE_ROLLBACK_H
#define HF_ENGINE_ROLLBACK_H

#include "engine/engine.h"
#include "engine/txn.h"

typedef struct hf_rollback {
	hf_arena arena;
	hf_txn txn;	  /* the transaction to undo */
	hf_survey survey; /* .plan: what undoing it means now */
	hf_step *refused; /* what changed since: .what and .why */
	size_t n_refused;
	const hf_store **hides; /* with each of txn.changes; NULL: nothing */
	bool live_left; /* it had a live part, which only the next boot puts back whole */
} hf_rollback;

/**
 * hf_rollback_plan - plan the undoing of transaction @word
 * @word:  id, unique beginning, or NULL: the newest that is applied and not rolled back
 * @model: only its kinds are used
 *
 * Errors: -ENOENT, -ENOTUNIQ, -EALREADY it was rolled back or never applied, -EPERM it
 * takes out of view what the engine keeps, and @options do not allow it. Reads host.
 */
int hf_rollback_plan(hf_host *host, hf_model *model, const char *word,
		     const hf_plan_options *options, hf_rollback *ret,
		     hf_error **err) _must_check_;

/** hf_rollback_run - carry it out; outcome as of an apply; marks the undone record
 *  REFUSED with -EALREADY: somebody else has undone it meanwhile. Changes host. */
void hf_rollback_run(hf_host *host, hf_model *model, hf_rollback *rollback,
		     const hf_apply_options *options, hf_apply_result *ret);

void hf_rollback_done(hf_rollback *rollback);

#endif

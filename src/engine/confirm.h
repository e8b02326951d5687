/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A confirmation that is waited for: `apply --confirm` has applied, or is about to, and
 * undoes it at the deadline unless somebody confirms. The state is one small file, there
 * from before the apply until the confirmation or the rollback. It names the transaction
 * from when that has one, and is changed under the lock only: who has it knows whether
 * what was applied will stay.
 */
#ifndef HF_ENGINE_CONFIRM_H
#define HF_ENGINE_CONFIRM_H

#include "engine/engine.h"

#define HF_CONFIRM_PATH HF_STATE_DIR "/confirm"
#define HF_CONFIRM_RUN 17 /* sixteen hexadecimal digits */

typedef struct hf_confirm {
	bool exists;
	int64_t deadline;	  /* seconds since the epoch */
	char run[HF_CONFIRM_RUN]; /* which run it is: tells it from a later one's */
	char boot[37];	      /* the boot in which its watchdog waits; "" below --root */
	char transaction[64]; /* what it applies; "" until that has begun */
} hf_confirm;

/** hf_confirm_read - the confirmation waited for; a missing file is .exists = false
 *  Errors: -EBADMSG damaged. Reads host. */
int hf_confirm_read(hf_host *host, hf_confirm *ret, hf_error **err) _must_check_;

/** hf_confirm_is_orphan - is it there with nobody who would undo it? Its deadline is over
 *  at @now (seconds), or its watchdog went with another boot. Reads host. */
bool hf_confirm_is_orphan(hf_host *host, const hf_confirm *confirm, int64_t now);

/** hf_confirm_check - may something be applied now? @run: by whom, or NULL
 *  Errors: -EINPROGRESS another apply waits to be confirmed, those of hf_confirm_read().
 *  Reads host. */
int hf_confirm_check(hf_host *host, const char *run, hf_error **err) _must_check_;

/**
 * hf_confirm_begin - write it, before the apply
 * @lock_wait: seconds to wait for another holdfast
 * @ret_run:   what the others take, and hf_apply_options.confirm_run
 *
 * Errors: -EINPROGRESS as hf_confirm_check() and hf_lock_take(). Changes host.
 */
int hf_confirm_begin(hf_host *host, int64_t deadline, int lock_wait,
		     char ret_run[static HF_CONFIRM_RUN], hf_error **err) _must_check_;

/**
 * hf_confirm_claim - is @run's confirmation waited for still? With the lock held
 * @transaction: what is about to be applied, noted for the deadline; NULL: nothing is
 *
 * Errors: -ECANCELED it is not: nobody would undo what is applied now. Changes host.
 */
int hf_confirm_claim(hf_host *host, const char *run, const char *transaction,
		     hf_error **err) _must_check_;

/** hf_confirm_move - the deadline counts from when the apply has verified: write it anew.
 *  Errors: -ENOENT it is confirmed already; as hf_lock_take(). Changes host. */
int hf_confirm_move(hf_host *host, const char *run, int64_t deadline, int lock_wait,
		    hf_error **err) _must_check_;

/** hf_confirm_end - @run has applied nothing, or it is undone: remove its confirmation;
 *  another's is left alone. Errors: as hf_lock_take(). Changes host. */
int hf_confirm_end(hf_host *host, const char *run, int lock_wait,
		   hf_error **err) _must_check_;

/**
 * hf_confirm_keep - confirmed: what was applied stays
 * @run: whose; NULL: whichever is waited for, a damaged file too
 *
 * Errors: -ENOENT none is waited for, -EALREADY it was undone, as hf_lock_take(). Changes
 * host.
 */
int hf_confirm_keep(hf_host *host, const char *run, int lock_wait,
		    hf_error **err) _must_check_;

/**
 * hf_confirm_undo - what the deadline does: recover what was cut off, roll back the apply
 * @model:        only its kinds are used
 * @run:          whose; another's is left alone
 * @plan_options: of the rollback
 * @ret_undone:   a transaction was undone
 *
 * The waiting ends with it, unless it fails: the next recover tries again. When another
 * holdfast has settled it meanwhile, nothing is left to undo, and that is no error.
 * Errors: whatever kept the recovery or the rollback from its end; -ESTALE a part of it
 * was changed since, and stays. Changes host.
 */
int hf_confirm_undo(hf_host *host, hf_model *model, const char *run,
		    const hf_plan_options *plan_options, const hf_apply_options *options,
		    hf_apply_result *result, bool *ret_undone,
		    hf_error **err) _must_check_;

#endif

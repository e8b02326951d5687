/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A confirmation that is waited for: `apply --confirm` has applied, or is about to, and
 * undoes it at the deadline unless somebody confirms. The state is one small file, there
 * from before the apply until the confirmation or the rollback.
 */
#ifndef HF_ENGINE_CONFIRM_H
#define HF_ENGINE_CONFIRM_H

#include "engine/engine.h"

#define HF_CONFIRM_PATH HF_STATE_DIR "/confirm"

typedef struct hf_confirm {
	bool exists;
	int64_t deadline;  /* seconds since the epoch */
	const char *after; /* newest transaction before the apply; "" if there was none */
} hf_confirm;

/** hf_confirm_read - the confirmation waited for; a missing file is .exists = false
 *  Errors: -EBADMSG damaged. */
int hf_confirm_read(hf_host *host, hf_arena *arena, hf_confirm *ret,
		    hf_error **err) _must_check_;

/**
 * hf_confirm_begin - write it, before the apply
 * @lock_wait: seconds to wait for another holdfast
 *
 * Errors: -EBUSY one is waited for already, -EINPROGRESS as hf_lock_take(). Changes host.
 */
int hf_confirm_begin(hf_host *host, int64_t deadline, int lock_wait,
		     hf_error **err) _must_check_;

/** hf_confirm_move - the deadline counts from when the apply has verified: write it anew.
 *  Errors: -ENOENT it is confirmed already. Changes host. */
int hf_confirm_move(hf_host *host, int64_t deadline, hf_error **err) _must_check_;

/** hf_confirm_end - confirmed, or undone: remove it. Changes host. */
int hf_confirm_end(hf_host *host, hf_error **err) _must_check_;

/**
 * hf_confirm_undo - what the deadline does: recover what was cut off, roll back the apply
 * @model:    only its kinds are used
 * @ret_undone: a transaction was undone
 *
 * The waiting ends with it, unless it fails: the next recover tries again. When another
 * holdfast has settled it meanwhile, nothing is left to undo, and that is no error.
 * Errors: whatever kept the recovery or the rollback from its end; -ESTALE a part of it
 * was changed since, and stays. Changes host.
 */
int hf_confirm_undo(hf_host *host, hf_model *model, const hf_confirm *confirm,
		    const hf_apply_options *options, hf_apply_result *result,
		    bool *ret_undone, hf_error **err) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery: taking an unfinished transaction back (or to its end) from its journal.
 *
 * Every step looks first and is safe to repeat: a crash in the middle of a recovery is
 * undone by the next one. What others have changed since is left and named.
 */
#ifndef HF_ENGINE_RECOVER_H
#define HF_ENGINE_RECOVER_H

#include "engine/engine.h"
#include "engine/txn.h"

/**
 * hf_txn_undo - put back what the items of @txn changed, in reverse order
 * @same_boot: the live before-images count
 *
 * Steps go to @result. Returns: 0, -ENOTSUP if something is not as the transaction left
 * it (named in the steps as stuck), or what failed. Changes host.
 */
int hf_txn_undo(hf_host *host, const hf_model *model, const hf_txn *txn, bool same_boot,
		hf_apply_result *result, hf_error **err) _must_check_;

/** hf_txn_redo - the other direction: bring every item to its state after */
int hf_txn_redo(hf_host *host, const hf_model *model, const hf_txn *txn, bool same_boot,
		hf_apply_result *result, hf_error **err) _must_check_;

#endif

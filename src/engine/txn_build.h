/* SPDX-License-Identifier: Apache-2.0 */
/* A transaction made from a plan's groups: before-images taken, names of staged files. */
#ifndef HF_ENGINE_TXN_BUILD_H
#define HF_ENGINE_TXN_BUILD_H

#include "engine/item.h"
#include "engine/txn.h"

/**
 * hf_txn_build - describe what is about to happen, before it does
 * @items:   in the order of commitment; the applied record last, if it changes
 * @command: "apply" or "rollback"
 * @of:      the transaction that a rollback undoes, or NULL
 *
 * Reads host. Strings in @arena. Errors: -ESTALE a file is not as it was planned from.
 */
int hf_txn_build(hf_host *host, const hf_model *model, const hf_plan *plan,
		 hf_item *items, size_t n, const char *command, const char *of,
		 hf_arena *arena, hf_txn *ret, hf_error **err) _must_check_;

/** hf_txn_witness - what the kinds have to say of @plan, in lines; "" if nothing; NULL:
 *  out of memory. Pure. */
const char *hf_txn_witness(const hf_model *model, const hf_plan *plan, hf_arena *arena);

#endif

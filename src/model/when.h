/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deciding a control's `when` from facts. Pure: the facts were gathered before.
 *
 * Each clause is decided by itself; hf_plan_gate() combines them.
 */
#ifndef HF_MODEL_WHEN_H
#define HF_MODEL_WHEN_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/macro.h"
#include "model/facts.h"
#include "model/model.h"

typedef enum hf_when_verdict { HF_WHEN_NO, HF_WHEN_YES, HF_WHEN_UNKNOWN } hf_when_verdict;

/**
 * hf_when_eval - does one clause hold on this host?
 * @arena:   where the reason is made
 * @ret_why: the reason of NO and UNKNOWN, for people ("the engine is 20.10.24, not
 *           >=23.0"); NULL for YES. NULL with UNKNOWN: out of memory.
 *
 * .negate is honoured. A fact that is UNKNOWN or was never looked for gives UNKNOWN, one
 * that is ABSENT (no engine, no such unit) gives NO before negation.
 */
hf_when_verdict hf_when_eval(const hf_when *when, const hf_facts *facts, hf_arena *arena,
			     const char **ret_why);

/**
 * hf_when_version - does @version meet every condition of ">=20.10, <24"? Pure.
 * Returns: 1, 0, -EINVAL for no condition, -ENOMEM.
 */
int hf_when_version(const char *version, const char *expression) _must_check_;

/**
 * hf_when_decode - read the mapping of `when` into clauses; pure
 * @node: the mapping, variables substituted
 *
 * Problems go to @diags. Returns: 0, or -ENOMEM with the outputs untouched.
 */
int hf_when_decode(const hf_node *node, hf_arena *arena, hf_diags *diags,
		   const hf_when **ret, size_t *ret_n) _must_check_;

#endif

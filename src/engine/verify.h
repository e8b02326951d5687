/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals before, and verification after an apply; pure comparisons of plans. */
#ifndef HF_ENGINE_VERIFY_H
#define HF_ENGINE_VERIFY_H

#include "base/error.h"
#include "plan/plan.h"

/**
 * hf_plan_refusal - why nothing of it is carried out: an UNKNOWN resource, a blocked
 * change
 *
 * @live: the live layer counts, too
 *
 * With options.leave_unknown they are left out, but for a change whose other half is not
 * blocked. Returns: 0, or -ECANCELED with all of
 * them in the message and the cure as hint. Pure.
 */
int hf_plan_refusal(const hf_plan *plan, bool live, hf_error **err) _must_check_;

/**
 * hf_plan_verify - is what is left exactly what @before announced?
 *
 * Announced: rows that no change was to cure (observed only, findings, pending), held
 * effects. Returns: 0, or -EIO naming what is left over. Pure.
 */
int hf_plan_verify(const hf_plan *before, const hf_plan *after,
		   hf_error **err) _must_check_;

#endif

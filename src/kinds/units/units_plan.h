/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_KINDS_UNITS_PLAN_H
#define HF_KINDS_UNITS_PLAN_H

#include "kinds/units/units_obs.h"
#include "plan/plan.h"

/** hf_units_plan - hf_kind.plan: rows, our drop-ins, the unit views and references; pure
 */
int hf_units_plan(const hf_model *model, hf_plan *plan, hf_error **err);

#endif

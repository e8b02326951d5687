/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_KINDS_UNITS_PLAN_H
#define HF_KINDS_UNITS_PLAN_H

#include "kinds/units/units_lines.h"

/** hf_units_plan - hf_kind.plan: rows, our drop-ins, the unit views and references; pure
 */
int hf_units_plan(const hf_model *model, hf_plan *plan, hf_error **err);

/** hf_units_plan_live - rows and effects of the live layer of one unit; call it when the
 *  persisted ones are judged and .group is decided; 0 or -ENOMEM; pure */
int hf_units_plan_live(hf_units_work *work, hf_error **err) _must_check_;

/** hf_units_line_row - the row of @line for its active controls with an open gate; *ret
 *  NULL: there is none; 0 or -ENOMEM */
int hf_units_line_row(hf_units_work *work, const hf_units_line *line, hf_layer layer,
		      const char *id, hf_resource **ret) _must_check_;

/** hf_units_witness - hf_kind.witness: how each unit that is looked at stands */
int hf_units_witness(const hf_plan *plan, hf_strbuf *out);

#endif

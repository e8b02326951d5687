/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_KINDS_UNITS_DECODE_H
#define HF_KINDS_UNITS_DECODE_H

#include "model/kind.h"

/** hf_units_decode - hf_kind.decode: one demand for each flag and setting; pure */
int hf_units_decode(hf_decoder *d, const hf_node *node);

/** hf_units_check - hf_kind.check: contradictions about one flag or setting that hold on
 *  every host; pure */
int hf_units_check(const hf_model *model, hf_diags *diags);

/** hf_units_check_active - contradictions of the controls in force here; 0 or -ENOMEM;
 *  pure */
int hf_units_check_active(const hf_model *model, hf_diags *diags) _must_check_;

#endif

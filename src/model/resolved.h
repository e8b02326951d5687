/* SPDX-License-Identifier: Apache-2.0 */
/* The model as one flat baseline: what `lint --resolved` prints. */
#ifndef HF_MODEL_RESOLVED_H
#define HF_MODEL_RESOLVED_H

#include "base/strbuf.h"
#include "model/model.h"

/**
 * hf_model_resolved - append valid YAML that loads to an equal model
 *
 * Every control stands as it is after `extends`, `tailor` and `vars`; what the
 * baselines' own `select` leaves out is listed under `skip`. Comments and top-level
 * `meta` and `x-*` are not kept. Returns: 0 or -ENOMEM. Pure.
 */
int hf_model_resolved(const hf_model *model, hf_strbuf *out) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the applied record (reading it: hf_record_read() in engine/engine.h). */
#ifndef HF_ENGINE_RECORD_H
#define HF_ENGINE_RECORD_H

#include "base/error.h"
#include "host/host.h"
#include "model/model.h"
#include "plan/plan.h"

/**
 * hf_record_text - the record as it must be once @plan is carried out
 * @ret_text: JSON the caller frees; NULL if the record on the host says so already
 *
 * Pure (the time is plan->options.now). Errors: -ENOMEM; as hf_record_not_text().
 */
int hf_record_text(const hf_plan *plan, const hf_model *model, const char *const *sets,
		   size_t n_sets, char **ret_text, hf_error **err) _must_check_;

/** hf_record_not_text - the error of @s, which no JSON can hold; returns -EILSEQ */
int hf_record_not_text(const char *s, hf_error **err);

/** hf_record_same - is the record on the host, byte for byte, what @seen was read from?
 *  Reads host. */
int hf_record_same(hf_host *host, const hf_record *seen, bool *ret,
		   hf_error **err) _must_check_;

#endif

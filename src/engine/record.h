/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the applied record (reading it: hf_record_read() in engine/engine.h). */
#ifndef HF_ENGINE_RECORD_H
#define HF_ENGINE_RECORD_H

#include "base/error.h"
#include "base/json_write.h"
#include "host/host.h"
#include "model/model.h"
#include "plan/plan.h"

/**
 * hf_record_text - the record as it must be once @plan is carried out
 * @ret_text: JSON and its digest, which the caller frees; NULL if the record on the host
 * says so already
 *
 * Pure (the time is plan->options.now). Errors: as hf_state_written().
 */
int hf_record_text(const hf_plan *plan, const hf_model *model, const char *const *sets,
		   size_t n_sets, char **ret_text, hf_error **err) _must_check_;

/** hf_record_said - the value that an id says itself, as those of audit rules do: what
 *  follows "KIND:"; NULL: nothing does; borrowed; pure */
const char *hf_record_said(const char *id);

/** hf_record_put_value - write a value of what @id names: true if it is the one that @id
 *  says itself; NULL is not written */
void hf_record_put_value(hf_json_writer *w, const char *key, const char *id,
			 const char *value);

/** hf_record_same - is the record on the host, byte for byte, what @seen was read from?
 *  Reads host. */
int hf_record_same(hf_host *host, const hf_record *seen, bool *ret,
		   hf_error **err) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Selection terms: an id, a glob over ids, "tag:T" or "ref:NAME/NUMBER". */
#ifndef HF_MODEL_SELECT_H
#define HF_MODEL_SELECT_H

#include "model/model.h"

/** hf_term_matches - does @term name @control? Globs are allowed in every part;
 *  "ref:NAME" stands for all of a benchmark's numbers. Pure. */
bool hf_term_matches(const char *term, const hf_control *control);

/** hf_term_is_glob - has the term a glob in it? pure */
bool hf_term_is_glob(const char *term);

/** hf_term_report - report a term that matches no control, with the nearest id or tag;
 *  @option says where it stands: "--only", "'skip'". Pure. */
void hf_term_report(const hf_model *model, const char *term, const char *option,
		    hf_mark mark, hf_diags *diags);

#endif

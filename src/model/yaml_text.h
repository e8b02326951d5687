/* SPDX-License-Identifier: Apache-2.0 */
/* What surrounds the YAML parser: is the text fit to be parsed, and clear words for the
 * parser's complaints. Used by yaml_read.c only. */
#ifndef HF_MODEL_YAML_TEXT_H
#define HF_MODEL_YAML_TEXT_H

#include "base/diag.h"

/** hf_yaml_text_check - UTF-8, printable, one kind of line break, and not made for
 * libyaml to take for ever; false if reported; pure. A byte order mark in front is
 * allowed. */
bool hf_yaml_text_check(const hf_source *source, hf_diags *diags);

/**
 * hf_yaml_text_problem - report a syntax error in plain words; pure
 * @mark:         where the parser noticed
 * @context_mark: where what it was reading began
 * @context:      libyaml's, or NULL
 * @problem:      libyaml's
 */
void hf_yaml_text_problem(hf_diags *diags, hf_mark mark, hf_mark context_mark,
			  const char *context, const char *problem);

#endif

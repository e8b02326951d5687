/* SPDX-License-Identifier: Apache-2.0 */
/* Unified diff of two texts, line by line. */
#ifndef HF_BASE_TEXTDIFF_H
#define HF_BASE_TEXTDIFF_H

#include "base/strbuf.h"

/**
 * hf_textdiff - append a unified diff (three lines of context) to @out
 * @a_name: label of the old text, "/dev/null" where it did not exist
 * @b_name: label of the new text
 *
 * Nothing is appended if the texts are equal. Very large texts (over 20,000 lines
 * together) are shown as one replaced block between common head and tail. Lines are
 * escaped for terminals; a missing final newline is marked as diff(1) marks it. Pure.
 */
void hf_textdiff(hf_strbuf *out, const char *a_name, const char *a, size_t a_len,
		 const char *b_name, const char *b, size_t b_len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets kept out of texts that are shown: a list of what to hide, and a pen that puts
 * asterisks in its place. The user and password of URLs are hidden without being listed.
 */
#ifndef HF_BASE_MASK_H
#define HF_BASE_MASK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/strbuf.h"

typedef struct hf_masked {
	const char *text; /* escaped, as what is shown is */
	size_t len;
} hf_masked;

typedef struct hf_mask {
	hf_arena arena;
	hf_masked *items;
	size_t n;
	bool oom; /* the list has gaps: nothing can be shown */
} hf_mask;

/** hf_mask_value - @value, or "(secret)" in its place; NULL stays NULL; pure */
const char *hf_mask_value(const char *value, bool secret);

/** hf_mask_done - forget all of it */
void hf_mask_done(hf_mask *mask);

/** hf_mask_add, hf_mask_add_bytes - hide @value (copied; NULL: nothing) from now on,
 *  without the quotes of a JSON string. Values of under three bytes are left: too short
 *  to be a secret, they would blot out half of a text. */
void hf_mask_add(hf_mask *mask, const char *value);
void hf_mask_add_bytes(hf_mask *mask, const char *value, size_t len);

/** hf_mask_put - append @text, which is escaped, with asterisks for what is hidden; pure
 */
void hf_mask_put(const hf_mask *mask, hf_strbuf *out, const char *text, size_t len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4), for bytes in JSON. */
#ifndef HF_BASE_BASE64_H
#define HF_BASE_BASE64_H

#include "base/arena.h"

/** hf_base64_encode - @len bytes as text; NULL: out of memory; pure */
char *hf_base64_encode(hf_arena *arena, const void *bytes, size_t len) _must_check_;

/** hf_base64_put - write @len bytes as (@len + 2) / 3 * 4 letters, without a NUL; returns
 *  how many that are; pure */
size_t hf_base64_put(char *out, const void *bytes, size_t len);

/** hf_base64_decode - the bytes of @text, NUL-terminated; padding is required
 *  Returns: 0, -EINVAL for anything but canonical Base64, -ENOMEM. Pure. */
int hf_base64_decode(hf_arena *arena, const char *text, char **ret,
		     size_t *ret_len) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PackBits: bytes with long runs made short. A count byte n of 0 to 127 stands before
 * n + 1 bytes taken as they are, one of 129 to 255 before a byte repeated 257 - n times;
 * 128 is not used.
 */
#ifndef HF_BASE_PACKBITS_H
#define HF_BASE_PACKBITS_H

#include <stddef.h>

#include "base/arena.h"

/** hf_packbits_pack - @len bytes made short, in @arena; 0 or -ENOMEM; pure */
int hf_packbits_pack(hf_arena *arena, const void *bytes, size_t len, char **ret,
		     size_t *ret_len) _must_check_;

/** hf_packbits_unpack - the bytes again, in @arena, which aligns them for any type
 *  Returns: 0, -EINVAL for what is not packed or would be more than @max, -ENOMEM. Pure.
 */
int hf_packbits_unpack(hf_arena *arena, const char *packed, size_t len, size_t max,
		       char **ret, size_t *ret_len) _must_check_;

#endif

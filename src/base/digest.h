/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) of bytes, as hex text; the only user of the digest library. */
#ifndef HF_BASE_DIGEST_H
#define HF_BASE_DIGEST_H

#include <stddef.h>

#define HF_DIGEST_HEX 65 /* 64 hex digits and NUL */

/** hf_digest - SHA-256 of @len bytes into @ret, lower-case hex; pure */
void hf_digest(const void *bytes, size_t len, char ret[static HF_DIGEST_HEX]);

#endif

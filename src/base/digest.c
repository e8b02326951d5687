/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <sha2.h>
#include <stdint.h>

void hf_digest(const void *bytes, size_t len, char ret[static HF_DIGEST_HEX])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t sum[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	if (len)
		SHA256Update(&ctx, bytes, len);
	SHA256Final(sum, &ctx);
	for (size_t i = 0; i < sizeof(sum); i++) {
		ret[2 * i] = hex[sum[i] >> 4];
		ret[2 * i + 1] = hex[sum[i] & 15];
	}
	ret[2 * sizeof(sum)] = '\0';
}

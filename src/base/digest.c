/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <sha2.h>

static SHA2_CTX *context(hf_digester *d)
{
	_Static_assert(sizeof(SHA2_CTX) <= sizeof(*d), "room for the library's state");
	_Static_assert(_Alignof(SHA2_CTX) <= _Alignof(hf_digester), "aligned for it");
	return (SHA2_CTX *)(void *)d;
}

void hf_digester_begin(hf_digester *d)
{
	SHA256Init(context(d));
}

void hf_digester_add(hf_digester *d, const void *bytes, size_t len)
{
	if (len)
		SHA256Update(context(d), bytes, len);
}

void hf_digester_end(hf_digester *d, char ret[static HF_DIGEST_HEX])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t sum[SHA256_DIGEST_LENGTH];

	SHA256Final(sum, context(d));
	for (size_t i = 0; i < sizeof(sum); i++) {
		ret[2 * i] = hex[sum[i] >> 4];
		ret[2 * i + 1] = hex[sum[i] & 15];
	}
	ret[2 * sizeof(sum)] = '\0';
}

void hf_digest(const void *bytes, size_t len, char ret[static HF_DIGEST_HEX])
{
	hf_digester d;

	hf_digester_begin(&d);
	hf_digester_add(&d, bytes, len);
	hf_digester_end(&d, ret);
}

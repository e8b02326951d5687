/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <nettle/sha2.h>
#include <nettle/version.h>
#include <stdio.h>
#include <string.h>

static struct sha256_ctx *context(hf_digester *d)
{
	_Static_assert(sizeof(struct sha256_ctx) <= sizeof(*d),
		       "room for the library's state");
	_Static_assert(_Alignof(struct sha256_ctx) <= _Alignof(hf_digester),
		       "aligned for it");
	return (struct sha256_ctx *)(void *)d;
}

void hf_digester_begin(hf_digester *d)
{
	sha256_init(context(d));
}

void hf_digester_add(hf_digester *d, const void *bytes, size_t len)
{
	if (len)
		sha256_update(context(d), len, bytes);
}

void hf_digester_end(hf_digester *d, char ret[static HF_DIGEST_HEX])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t sum[SHA256_DIGEST_SIZE];

#if NETTLE_VERSION_MAJOR >= 4 /* always the whole digest */
	sha256_digest(context(d), sum);
#else
	sha256_digest(context(d), sizeof(sum), sum);
#endif
	for (size_t i = 0; i < sizeof(sum); i++) {
		ret[2 * i] = hex[sum[i] >> 4];
		ret[2 * i + 1] = hex[sum[i] & 15];
	}
	ret[2 * sizeof(sum)] = '\0';
}

void hf_digester_line(hf_digester *d, char ret[static HF_DIGEST_LINE])
{
	char hex[HF_DIGEST_HEX];

	hf_digester_end(d, hex);
	(void)snprintf(ret, HF_DIGEST_LINE, "sha256 %s\n", hex);
}

void hf_digest_line(const void *bytes, size_t len, char ret[static HF_DIGEST_LINE])
{
	hf_digester d;

	hf_digester_begin(&d);
	hf_digester_add(&d, bytes, len);
	hf_digester_line(&d, ret);
}

size_t hf_digest_check(const char *text, size_t len)
{
	const size_t last = HF_DIGEST_LINE - 1;
	char line[HF_DIGEST_LINE];

	if (len <= last)
		return 0;
	hf_digest_line(text, len - last, line);
	return memcmp(text + len - last, line, last) == 0 ? len - last : 0;
}

void hf_digest(const void *bytes, size_t len, char ret[static HF_DIGEST_HEX])
{
	hf_digester d;

	hf_digester_begin(&d);
	hf_digester_add(&d, bytes, len);
	hf_digester_end(&d, ret);
}

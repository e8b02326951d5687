/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) of bytes, as hex text; the only user of the digest library. */
#ifndef HF_BASE_DIGEST_H
#define HF_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define HF_DIGEST_HEX 65 /* 64 hex digits and NUL */

/* A digest in the making. A copy goes on by itself: what two texts begin with alike needs
 * to be gone through once. */
typedef struct hf_digester {
	uint64_t state[32]; /* the library's */
} hf_digester;

/** hf_digester_begin, _add, _end - hf_digest() in parts; hf_digester_end() uses it up;
 *  pure */
void hf_digester_begin(hf_digester *d);
void hf_digester_add(hf_digester *d, const void *bytes, size_t len);
void hf_digester_end(hf_digester *d, char ret[static HF_DIGEST_HEX]);

/** hf_digester_line - like hf_digester_end(), as the last line of a file of ours, by
 * which a torn or edited one is told: "sha256 HEX\n" */
#define HF_DIGEST_LINE (sizeof("sha256 \n") - 1 + HF_DIGEST_HEX) /* with the NUL */
void hf_digester_line(hf_digester *d, char ret[static HF_DIGEST_LINE]);

/** hf_digest_line - that line of @len bytes; pure */
void hf_digest_line(const void *bytes, size_t len, char ret[static HF_DIGEST_LINE]);

/** hf_digest_check - how many bytes of @text precede its last line, if that is theirs;
 * else 0; pure */
size_t hf_digest_check(const char *text, size_t len);

/** hf_digest - SHA-256 of @len bytes into @ret, lower-case hex; pure */
void hf_digest(const void *bytes, size_t len, char ret[static HF_DIGEST_HEX]);

#endif

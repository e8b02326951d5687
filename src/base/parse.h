/* SPDX-License-Identifier: Apache-2.0 */
/* Strict number parsing: the whole string or nothing; no locale, no sign, no blanks. */
#ifndef HF_BASE_PARSE_H
#define HF_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

/** hf_parse_u64 - decimal digits only; -EINVAL, -ERANGE above @max; pure */
int hf_parse_u64(const char *s, uint64_t max, uint64_t *ret) _must_check_;

/** hf_parse_i64 - optional '-' and decimal digits; -EINVAL, -ERANGE; pure */
int hf_parse_i64(const char *s, int64_t *ret) _must_check_;

/** hf_parse_mode - octal, 1 to 5 digits, at most 07777; -EINVAL, -ERANGE; pure */
int hf_parse_mode(const char *s, mode_t *ret) _must_check_;

/** hf_parse_bool - exactly "true" or "false"; -EINVAL; pure */
int hf_parse_bool(const char *s, bool *ret) _must_check_;

/** hf_parse_go_bool - a boolean as Go's strconv.ParseBool takes it; -EINVAL; pure */
int hf_parse_go_bool(const char *s, bool *ret) _must_check_;

/**
 * hf_version_compare - compare dotted versions by number, "20.10" < "20.10.24" < "23.0"
 *
 * A part's leading digits count; an epoch "5:" in front and everything from the first of
 * "-+~" on are ignored. Returns <0, 0, >0. Pure.
 */
int hf_version_compare(const char *a, const char *b);

/** hf_version_match - @op one of "" "=" "==" "!=" "<" "<=" ">" ">=" then a version; pure
 *
 * Returns: 1, 0, or -EINVAL for an expression without a version.
 */
int hf_version_match(const char *version, const char *expression) _must_check_;

#endif

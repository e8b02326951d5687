/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error value of every fallible function.
 *
 * A fallible function returns 0 or a negative errno and takes `hf_error **err` as its
 * last parameter; *err is set if and only if the result is negative. Callers begin with
 * `cleanup_(hf_error_freep) hf_error *err = NULL;`. Context is added on the way up with
 * hf_error_wrap(); nobody both logs and returns an error. Messages: lower case, no full
 * stop, names in single quotes, untrusted bytes escaped (hf_error_set does that).
 */
#ifndef HF_BASE_ERROR_H
#define HF_BASE_ERROR_H

#include "base/macro.h"

typedef struct hf_error {
	int code;	 /* negative errno */
	char *msg;	 /* owned; never NULL once set, except after out of memory */
	char *file;	 /* owned; where the cause stands, or NULL */
	unsigned line;	 /* 1-based; 0: unknown */
	unsigned column; /* 1-based; 0: unknown */
	char *hint;	 /* owned; the cure, or NULL */
} hf_error;

void hf_error_free(hf_error *err);
HF_DEFINE_FREEP(hf_error *, hf_error_free)

/**
 * hf_error_set - create an error
 * @err:  out, may be NULL (then only the code is returned); *err must be NULL
 * @code: negative errno
 *
 * Control bytes in the formatted text are escaped. Returns: @code.
 */
int hf_error_set(hf_error **err, int code, const char *fmt, ...) _printf_(3, 4);

/** hf_error_at - hf_error_set() with a place; @line and @column 1-based, 0 unknown */
int hf_error_at(hf_error **err, int code, const char *file, unsigned line,
		unsigned column, const char *fmt, ...) _printf_(6, 7);

/** hf_error_oom - the out-of-memory error; allocates nothing. Returns: -ENOMEM */
int hf_error_oom(hf_error **err);

/** hf_error_wrap - prepend "context: " to the message; returns the error's code */
int hf_error_wrap(hf_error **err, const char *fmt, ...) _printf_(2, 3);

/** hf_error_add - append "; more" to the message; returns the error's code */
int hf_error_add(hf_error **err, const char *fmt, ...) _printf_(2, 3);

/** hf_error_hint - attach the cure (what to do or type); returns the error's code */
int hf_error_hint(hf_error **err, const char *fmt, ...) _printf_(2, 3);

/** hf_error_text - the message of @err, or a text for out of memory; never NULL */
const char *hf_error_text(const hf_error *err);

#endif

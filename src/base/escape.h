/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, and making untrusted bytes safe to show on a terminal, in a log or in a
 * message. */
#ifndef HF_BASE_ESCAPE_H
#define HF_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macro.h"

/**
 * hf_escape_dup - copy @len bytes, control bytes and invalid UTF-8 as \xHH
 *
 * Newline and tab become \n and \t. Returns: a string the caller frees, NULL if out of
 * memory. Effects: pure.
 */
char *hf_escape_dup(const char *bytes, size_t len) _must_check_;

/* A piece of a text as hf_escape_dup() writes it. */
typedef struct hf_escaped {
	const char *text; /* not terminated; into the text given, or .own */
	size_t n;	  /* bytes of .text */
	size_t columns;	  /* of a terminal: one for each character */
	char own[8];
} hf_escaped;

/**
 * hf_escape_next - the next piece of @bytes, of which @len are left
 *
 * That is all the printable ASCII they begin with, or else one character. Returns: how
 * many of the bytes it is, 0 at the end. Effects: pure.
 */
size_t hf_escape_next(const char *bytes, size_t len, hf_escaped *ret);

/** hf_shell_word - @text as a POSIX shell takes it for one word, in quotes if it must be;
 *  @text or in @arena; NULL: no memory; pure */
const char *hf_shell_word(hf_arena *arena, const char *text) _must_check_;

/** hf_utf8_valid - is the whole of @s valid UTF-8? pure */
bool hf_utf8_valid(const char *s);

/** hf_utf8_len - length 1 to 4 of the valid UTF-8 sequence at @s, 0 if invalid; pure */
size_t hf_utf8_len(const char *s, size_t len);

/** hf_utf8_put - write code point @u, at most 0x10ffff; returns its length; pure */
size_t hf_utf8_put(char out[4], uint32_t u);

#endif

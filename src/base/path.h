/* SPDX-License-Identifier: Apache-2.0 */
/* Lexical work on absolute paths; nothing here looks at a file system. */
#ifndef HF_BASE_PATH_H
#define HF_BASE_PATH_H

#include <stdbool.h>

#include "base/arena.h"

/**
 * hf_path_check - is this an absolute, plain path?
 *
 * Refused: relative, empty, longer than PATH_MAX, a component over NAME_MAX, ".", "..",
 * control bytes. Returns: NULL if fine, else a short reason ("is not absolute"). Pure.
 */
const char *hf_path_check(const char *path);

/** hf_path_check_found - the same of one that was found on a host: any byte but NUL may
 *  be in a name there; pure */
const char *hf_path_check_found(const char *path);

/** hf_path_clean - single slashes, no trailing slash ("/" stays); NULL: no memory; pure
 */
char *hf_path_clean(hf_arena *arena, const char *path) _must_check_;
/** hf_path_squeeze - the same in place; pure */
void hf_path_squeeze(char *path);

/** hf_path_join - @dir "/" @name, without a doubled slash; NULL: no memory; pure */
char *hf_path_join(hf_arena *arena, const char *dir, const char *name) _must_check_;

/** hf_path_dir - the part before the last slash ("/" for "/x"); NULL: no memory; pure */
char *hf_path_dir(hf_arena *arena, const char *path) _must_check_;

/** hf_path_base - the part after the last slash, borrowed from @path; pure */
const char *hf_path_base(const char *path);

/** hf_path_below - is @path equal to @dir or below it? Both clean. Pure. */
bool hf_path_below(const char *path, const char *dir);

#endif

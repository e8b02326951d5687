/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics: all problems of a run with their places, not only the first.
 *
 * Pure code reports into a list; the command line prints it (file:line:column, message,
 * source line, caret, cure). The list is bounded: past HF_DIAG_MAX only the count grows.
 */
#ifndef HF_BASE_DIAG_H
#define HF_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define HF_DIAG_MAX 200

/* A source text, kept for carets. Lives as long as the arena it was made in. */
typedef struct hf_source {
	const char *name; /* as shown: the path, or "<stdin>" */
	const char *text;
	size_t len;
	const char *path; /* absolute, for finding it again later; or NULL */
} hf_source;

/* A place in a source. Copied by value. .source NULL: no place known. */
typedef struct hf_mark {
	const hf_source *source;
	unsigned line;	 /* 1-based; 0: unknown */
	unsigned column; /* 1-based, in characters; 0: unknown */
} hf_mark;

typedef enum hf_diag_level { HF_DIAG_NOTE, HF_DIAG_WARNING, HF_DIAG_ERROR } hf_diag_level;

typedef struct hf_diag {
	hf_diag_level level;
	hf_mark mark;
	const char *message;
	const char *hint; /* the cure, or NULL */
} hf_diag;

typedef struct hf_diags {
	hf_arena arena; /* owns the messages */
	hf_diag *items;
	size_t n;
	size_t n_errors;
	size_t n_dropped; /* reported past HF_DIAG_MAX */
	bool oom;	  /* at least one was lost for want of memory */
} hf_diags;

void hf_diags_done(hf_diags *d);

/** hf_diag_add - report; @hint may be NULL; untrusted bytes in the text are escaped */
void hf_diag_add(hf_diags *d, hf_diag_level level, hf_mark mark, const char *hint,
		 const char *fmt, ...) _printf_(5, 6);

#define hf_diag_error(d, mark, ...)                                                      \
	hf_diag_add((d), HF_DIAG_ERROR, (mark), NULL, __VA_ARGS__)
#define hf_diag_warning(d, mark, ...)                                                    \
	hf_diag_add((d), HF_DIAG_WARNING, (mark), NULL, __VA_ARGS__)

/** hf_diag_source_line - the line of @mark without its end, borrowed; "" if unknown */
const char *hf_diag_source_line(hf_mark mark, size_t *ret_len);

/** hf_diags_worth - is a search through @n names for a hint worth its time? Not for the
 *  hundredth mistake among a hundred thousand names: a file of these would take minutes.
 *  Pure. */
bool hf_diags_worth(const hf_diags *d, size_t n);

/** hf_nearest - the entry of @names closest to @word by edit distance, NULL if none is
 *  near enough to be a likely misspelling; pure, borrowed from @names */
const char *hf_nearest(const char *word, const char *const *names, size_t n);

/** hf_nearer - the same for names that come one by one, in no array
 *  @best: the nearest so far: NULL at first, then what this returned */
const char *hf_nearer(const char *word, const char *best, const char *name);

#endif

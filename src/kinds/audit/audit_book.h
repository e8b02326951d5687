/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lines mean on one host, each parsed once: the same rule stands in a baseline, in
 * our file and in what the boot will load. Pure but for the callbacks of hf_audit_names.
 */
#ifndef HF_KINDS_AUDIT_BOOK_H
#define HF_KINDS_AUDIT_BOOK_H

#include "base/map.h"
#include "kinds/audit/audit_codec.h"

typedef struct hf_audit_read {
	hf_audit_line line; /* blank, if it is refused */
	const char *why;    /* why auditctl would refuse it, or NULL */
	const char *text;   /* see hf_audit_read_text() */
	bool asked;	    /* hf_audit_names.id or .is_dir was: it may be another now */
} hf_audit_read;

typedef struct hf_audit_book {
	hf_map by_text; /* line -> hf_audit_read */
} hf_audit_book;

/**
 * hf_audit_line_read - hf_audit_line_parse(), from @names->book if the text is there, or
 * from @names->earlier if it was read there without a question to the host
 * @arena: owns @ret, and what the book holds; the same for all that share a book
 * Returns 0 or -ENOMEM; a line that is refused is no error.
 */
int hf_audit_line_read(const char *text, const hf_audit_names *names, hf_arena *arena,
		       hf_audit_read **ret) _must_check_;

/** hf_audit_line_known - what @line is the parsed @text of, for hf_audit_line_read();
 *  @line is borrowed. Returns 0 or -ENOMEM. */
int hf_audit_line_known(const char *text, const hf_audit_line *line,
			const hf_audit_names *names, hf_arena *arena) _must_check_;

/** hf_audit_read_text - its rule as hf_audit_rule_text() prints it, once; NULL: out of
 *  memory */
const char *hf_audit_read_text(hf_audit_read *read, const char *machine,
			       hf_arena *arena) _must_check_;

#endif

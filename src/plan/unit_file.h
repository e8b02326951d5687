/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit files and drop-ins as text: reading, merging, names, and our drop-in. Pure.
 *
 * The reader is systemd's (systemd.syntax(7), config_parse() in conf-parser.c): lines end
 * at LF, CR, NUL or pairs of different ones; a trailing backslash joins lines, comments
 * in between are skipped; what systemd ignores is ignored. A unit is a stack of such
 * files: the fragment, then the drop-ins in order.
 */
#ifndef HF_PLAN_UNIT_FILE_H
#define HF_PLAN_UNIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

#define HF_UNIT_LINE_MAX ((size_t)1 << 20) /* LONG_LINE_MAX: longer ones end the file */
#define HF_UNIT_DROPIN "zz-holdfast.conf"  /* ours, last by name */
#define HF_UNIT_ENV "zz-holdfast.env"	   /* variables without flags, beside it */

typedef struct hf_unit_assign {
	const char *section; /* "" before the first header (systemd ignores those) */
	const char *key;
	const char *value; /* lines joined, blanks at both ends removed; "" resets */
	unsigned line;	   /* 1-based, the first of its lines */
} hf_unit_assign;

typedef struct hf_unit_file {
	const char *path; /* for people and for found_at */
	hf_unit_assign *items;
	size_t n;
	unsigned broken_line; /* systemd stops reading here; 0: it does not */
	const char *broken_why;
	uint64_t mtime_usec; /* CLOCK_REALTIME, set by who reads the file; 0: unknown */
} hf_unit_file;

/**
 * hf_unit_file_parse - read one file
 * @path: kept (borrowed)
 * @text: @len bytes, NUL bytes allowed
 *
 * Never fails on content: what systemd cannot read is dropped as systemd drops it, and
 * .broken_line tells where it gives up. Linear in @len. Returns 0 or -ENOMEM. Pure.
 */
int hf_unit_file_parse(hf_arena *arena, const char *path, const char *text, size_t len,
		       hf_unit_file *ret, hf_error **err) _must_check_;

/* The files of one unit: fragment first, then drop-ins in the order they apply. */
typedef struct hf_unit_stack {
	const hf_unit_file **files;
	size_t n;
} hf_unit_stack;

typedef struct hf_unit_value {
	const char *value;
	const char *file;
	unsigned line;
} hf_unit_value;

/** hf_unit_last - the value in force of a single-valued setting; false if there is none
 *  or the last assignment is empty; pure */
bool hf_unit_last(const hf_unit_stack *stack, const char *section, const char *key,
		  hf_unit_value *ret);

/** hf_unit_list - all assignments in force of a list setting, in order; an empty
 *  assignment forgets the ones before; 0 or -ENOMEM; pure */
int hf_unit_list(const hf_unit_stack *stack, const char *section, const char *key,
		 hf_arena *arena, hf_unit_value **ret, size_t *ret_n,
		 hf_error **err) _must_check_;

/** hf_unit_name_check - NULL if @name is a plain unit name with a known type, else the
 *  reason; systemd.unit(5); pure */
const char *hf_unit_name_check(const char *name);

/** hf_unit_name_type - ".service" of "docker.service", borrowed; "" if none; pure */
const char *hf_unit_name_type(const char *name);

/** hf_unit_name_template - "a@.service" of "a@b.service"; *ret NULL if @name is no
 *  instance; 0 or -ENOMEM; pure */
int hf_unit_name_template(hf_arena *arena, const char *name,
			  const char **ret) _must_check_;

/** hf_unit_bool - systemd's booleans (parse_boolean()): 1, 0, or -1 for others; pure */
int hf_unit_bool(const char *text);

/** hf_unit_value_equal - do two values of @key mean the same: equal text, equal booleans,
 *  or for "...Mode" equal octal numbers; pure */
bool hf_unit_value_equal(const char *key, const char *a, const char *b);

#endif

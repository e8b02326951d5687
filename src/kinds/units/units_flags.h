/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags of a command line: finding them in an argv, and editing them in the text of
 * ExecStart= so that every other word stays as it was written. All pure.
 *
 * How a program reads flags is known for dockerd (spf13/pflag with the table of its
 * daemon.json keys) and containerd (Go's flag package); for others the common forms
 * --flag=value and --flag value are taken.
 */
#ifndef HF_KINDS_UNITS_FLAGS_H
#define HF_KINDS_UNITS_FLAGS_H

#include "kinds/units/units_argv.h"

typedef struct hf_flag {
	const char *name;  /* "--host": the long form where the program is known */
	const char *value; /* NULL: none was given */
	const char
		*meant; /* .value as the program reads it, where that is another text */
	size_t arg;	/* index of its word in the argv */
	size_t n_args;	/* 1, or 2 when the value is the next word */
	bool grouped;	/* shares its word with other flags: -Dl */
	bool unsure;	/* the next word may be its value or not */
} hf_flag;

typedef enum hf_flag_arity { HF_FLAG_UNKNOWN, HF_FLAG_BOOL, HF_FLAG_VALUE } hf_flag_arity;

/* What the baseline tells about flags of unknown programs, by name. */
typedef hf_flag_arity (*hf_flag_hint)(const void *user, const char *name);

/** hf_flag_program - does @path run this program? by its last component; pure */
bool hf_flag_program(const char *path, const char *program);

/** hf_flag_name_check - NULL if @name is a flag's name ("--debug", "-D"), else why not;
 *  with @glob it may hold *, ? and [...]; pure */
const char *hf_flag_name_check(const char *name, bool glob);

/** hf_flag_long - the long form of @name as @program knows it; NULL: no memory; pure */
const char *hf_flag_long(hf_arena *arena, const char *program,
			 const char *name) _must_check_;

/** hf_flags_scan - the flags in @argv, in order; 0 or -ENOMEM; pure */
int hf_flags_scan(hf_arena *arena, const hf_argv *argv, hf_flag_hint hint,
		  const void *user, hf_flag **ret, size_t *ret_n,
		  hf_error **err) _must_check_;

/** hf_flag_match - is it the flag (name or glob, long form) with a value that matches
 *  @value (a glob; NULL: any, or none), as it is written or as it is meant? pure */
bool hf_flag_match(const hf_flag *flag, const char *name, const char *value);

/** hf_flag_is_secret - is there a credential in the value of this flag, or in the text of
 *  several of them? @name may be a glob, and may have "=GLOB" behind it; @value may be
 *  NULL; pure */
bool hf_flag_is_secret(const char *name, const char *value);

/** hf_flag_bool - what a boolean flag's value says: 1, 0, or -1 for no boolean; pure */
int hf_flag_bool(const hf_flag *flag);

/* An edit of one command line. */
typedef struct hf_flag_edit {
	hf_arena *arena;
	const hf_cmd *cmd;
	const hf_argv *argv;
	const char *
		*put; /* for each word: text in its place, "" to drop it, NULL: keep */
	const char **tail; /* words to append */
	size_t n_tail;
	bool changed;
	bool *gone; /* for each argument out of a variable: to be taken out of that */
	bool any_gone;
} hf_flag_edit;

int hf_flag_edit_begin(hf_arena *arena, const hf_cmd *cmd, const hf_argv *argv,
		       hf_flag_edit *ret) _must_check_;

/** hf_flag_edit_refusal - why @flag cannot be taken out of the text; *ret NULL: it can;
 *  0 or -ENOMEM; pure */
int hf_flag_edit_refusal(const hf_flag_edit *edit, const hf_flag *flag,
			 const char **ret) _must_check_;

/** hf_flag_edit_drop - take @flag out; it must not be refused */
void hf_flag_edit_drop(hf_flag_edit *edit, const hf_flag *flag);

/**
 * hf_flag_edit_put - write "NAME=VALUE" for each value, or "NAME" alone where there is
 * none
 * @at:     in the place of this flag, dropped before; NULL: behind the last word
 * @values: sorted; equal ones are written once
 *
 * Returns 0 or -ENOMEM.
 */
int hf_flag_edit_put(hf_flag_edit *edit, const hf_flag *at, const char *name,
		     const char *const *values, size_t n) _must_check_;

/** hf_flag_edit_line - the new value of ExecStart=; 0 or -ENOMEM */
int hf_flag_edit_line(const hf_flag_edit *edit, const char **ret) _must_check_;

/** hf_flag_edit_is_variable - is a part of @flag a word out of $NAME? pure */
bool hf_flag_edit_is_variable(const hf_flag_edit *edit, const hf_flag *flag);

/**
 * hf_flag_edit_variable - the next variable that words were taken out of
 * @pos:       where to look on, an argument; 0 at first
 * @ret_name:  NULL: there is none any more
 * @ret_value: what it has without them, quoted as $NAME splits it
 *
 * Returns 0 or -ENOMEM. Pure.
 */
int hf_flag_edit_variable(const hf_flag_edit *edit, size_t *pos, const char **ret_name,
			  const char **ret_value) _must_check_;

#endif

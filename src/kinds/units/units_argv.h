/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's command lines: splitting, % and $ expansion, environment files, quoting.
 *
 * The rules are those of systemd.service(5) "COMMAND LINES", systemd.syntax(7) and
 * systemd.exec(5), as config_parse_exec(), extract_first_word(), replace_env_argv() and
 * load_env_file() carry them out. All pure.
 */
#ifndef HF_KINDS_UNITS_ARGV_H
#define HF_KINDS_UNITS_ARGV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "plan/unit_file.h"
#include "plan/unit_view.h"

/* One word as written: raw[start, start + len). */
typedef struct hf_cmd_word {
	size_t start;
	size_t len;
	const char *text; /* unquoted and unescaped, % and $ still in it */
} hf_cmd_word;

typedef struct hf_cmd {
	const char *raw; /* the value of ExecStart=, borrowed */
	hf_cmd_word
		*words; /* of the first command; [0] is the program with its prefixes */
	size_t n_words;
	size_t n_commands;   /* separated by ';', as many as systemd takes */
	const char *program; /* words[0] without prefixes, % still in it */
	bool separate_argv0; /* '@': words[1] is argv[0] */
	bool no_env;	     /* ':': $ is not expanded */
	const char *why;     /* what comes after the commands is not taken: the reason */
	bool fatal;	     /* and systemd reads no further in the file */
} hf_cmd;

/**
 * hf_cmd_parse - split a value of ExecStart= and the like
 * @unit: its name, for the specifiers
 *
 * What systemd does not take is no error, see .why. Returns 0 or -ENOMEM. Pure.
 */
int hf_cmd_parse(hf_arena *arena, const char *unit, const char *value, hf_cmd *ret,
		 hf_error **err) _must_check_;

/**
 * hf_cmd_file_cut - drop of @file what systemd does not read
 * @unit: the unit it belongs to
 *
 * At a command that it refuses the manager gives up the file, as at a broken line:
 * .broken_line is set. 0 or -ENOMEM. Pure.
 */
int hf_cmd_file_cut(hf_arena *arena, const char *unit, hf_unit_file *file,
		    hf_error **err) _must_check_;

/** hf_cmd_word_shown - @text as it may be shown: what comes behind '=' or a user in an
 * URL can be a secret; NULL: no memory; pure */
const char *hf_cmd_word_shown(hf_arena *arena, const char *text) _must_check_;

/** hf_words_split - words of @text as extract_first_word() yields them
 *
 * @relaxed: as for the value of $WORD: no C escapes, unbalanced quotes tolerated; else
 * as for Environment=. Errors: -EBADMSG, -ENOMEM. Pure.
 */
int hf_words_split(hf_arena *arena, const char *text, bool relaxed, const char ***ret,
		   size_t *ret_n, hf_error **err) _must_check_;

/* What came of expanding a text. */
typedef enum hf_expansion {
	HF_EXPAND_EXACT,
	HF_EXPAND_INEXACT, /* depends on the running host; left as written */
	HF_EXPAND_INVALID, /* an unknown specifier: systemd drops the assignment */
} hf_expansion;

/** hf_specifiers_expand - % specifiers for @unit; those that name the host or the caller
 *  are left as they are (INEXACT); 0 or -ENOMEM; pure; systemd.unit(5) "SPECIFIERS" */
int hf_specifiers_expand(hf_arena *arena, const char *unit, const char *text,
			 const char **ret, hf_expansion *ret_how) _must_check_;

typedef struct hf_env_var {
	const char *name;
	const char *value;
	const char *file;
	unsigned line;
} hf_env_var;

/* An environment under construction; zero-initialise. Memory is the arena's. */
typedef struct hf_env {
	hf_map by_name; /* hf_env_var; NULL: unset again */
	hf_map unknown; /* names that only the running manager knows (PassEnvironment=) */
	const char *incomplete; /* a source could not be read: why; or NULL */
} hf_env;

/** hf_env_is_valid - would systemd take the assignment? env_assignment_is_valid(); pure
 */
bool hf_env_is_valid(const char *name, const char *value);

/** hf_env_is_managers - does systemd itself put @name into the environment of a service?
 *  systemd.exec(5); pure */
bool hf_env_is_managers(const char *name);

/** hf_env_put - set or replace a variable; strings are borrowed; 0 or -ENOMEM */
int hf_env_put(hf_env *env, hf_arena *arena, const char *name, const char *value,
	       const char *file, unsigned line) _must_check_;

/** hf_env_file_parse - add what an EnvironmentFile= sets, in its own syntax
 *
 * Invalid names are ignored as systemd does. Errors: -EBADMSG invalid UTF-8 (systemd
 * refuses the file), with the line; -ENOMEM. Pure. */
int hf_env_file_parse(hf_env *env, hf_arena *arena, const char *path, const char *text,
		      size_t len, hf_error **err) _must_check_;

typedef struct hf_argv {
	hf_arg *args;
	size_t *words; /* for each of args: the index into cmd->words it came from */
	size_t n;
	bool exact;
	bool open;	 /* there may be more words than these: a variable is not known */
	const char *why; /* not exact: the reason */
} hf_argv;

/**
 * hf_cmd_expand - the argv that systemd would run for @cmd
 * @file, @line: where the command stands, for the words that are not out of variables
 *
 * Returns 0 or -ENOMEM. Pure.
 */
int hf_cmd_expand(hf_arena *arena, const hf_cmd *cmd, const char *unit, const hf_env *env,
		  const char *file, unsigned line, hf_argv *ret,
		  hf_error **err) _must_check_;

/**
 * hf_cmd_quote - append @word so that systemd reads exactly @word back
 * @dollar: $ is expanded in this command (no ':' prefix): write it doubled
 */
void hf_cmd_quote(hf_strbuf *out, const char *word, bool dollar);

#endif

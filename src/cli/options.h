/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line as typed values. One table names every option, the commands that take
 * it and its help text; getopt_long's table and --help are made from it.
 */
#ifndef HF_CLI_OPTIONS_H
#define HF_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/model.h"

typedef struct hf_cli hf_cli;

/* A command's bit, for the options' table. */
enum {
	HF_CMD_PLAN = 1 << 0,
	HF_CMD_APPLY = 1 << 1,
	HF_CMD_CHECK = 1 << 2,
	HF_CMD_COMPILE = 1 << 3,
	HF_CMD_LINT = 1 << 4,
	HF_CMD_EXPLAIN = 1 << 5,
	HF_CMD_LIST = 1 << 6,
	HF_CMD_FACTS = 1 << 7,
	HF_CMD_ROLLBACK = 1 << 8,
	HF_CMD_HISTORY = 1 << 9,
	HF_CMD_SHOW = 1 << 10,
	HF_CMD_RECOVER = 1 << 11,
	HF_CMD_HOLD = 1 << 12,
	HF_CMD_UNHOLD = 1 << 13,
	HF_CMD_CONFIRM = 1 << 14,
	HF_CMD_IMPORT = 1 << 15,
	HF_CMD_ALL = (1 << 16) - 1,
};

typedef struct hf_command {
	const char *name;
	unsigned bit;
	const char *operands;	 /* as in the usage line */
	const char *summary;	 /* one line */
	const char *text;	 /* paragraph of its --help */
	int (*run)(hf_cli *cli); /* returns the exit status */
} hf_command;

extern const hf_command hf_commands[];
extern const size_t hf_commands_n;

/** hf_command_find - the command called @name, or NULL; pure */
const hf_command *hf_command_find(const char *name);

typedef struct hf_strings { /* grown in the options' arena */
	const char **items;
	size_t n;
} hf_strings;

typedef enum hf_color { HF_COLOR_AUTO, HF_COLOR_ALWAYS, HF_COLOR_NEVER } hf_color;

typedef struct hf_options {
	hf_arena arena;
	const hf_command *command; /* NULL: none was named */
	hf_strings operands;
	const char *root; /* NULL: the running system */
	hf_strings sets, only, skip, facts, baselines;
	long long level; /* 0: all */
	hf_severity severity;
	bool json;
	const char *output; /* NULL: stdout */
	hf_color color;
	uint64_t timeout_usec; /* 0: the host's default */
	int lock_wait_sec;     /* 0: do not wait */
	int64_t confirm_sec;   /* of apply; 0: not to be confirmed */
	int64_t for_sec;       /* of hold; 0: not given */
	size_t keep;	       /* transactions to keep; 0: the default */
	bool quiet, verbose, help, version;
	bool check, dry_run; /* --check, --dry-run */
	unsigned fail_on;
	bool diff;
	bool has_restart;
	hf_restart restart;
	bool allow_disruptive, allow_lock, allow_panic, leave_unknown, replace;
	bool resolved;
	bool rules; /* of import: the operands are rules files */
	bool yes, forward, back, record;
	const char *save; /* of plan: file to save it to; or NULL */
	const char *plan; /* of apply: the saved plan; or NULL */
	const char *output_dir;
} hf_options;

/**
 * hf_options_parse - read the command line
 *
 * Options may stand before or after the command; "--" ends them. --check and --dry-run
 * have already chosen the command. Errors: -EINVAL with what is wrong, the nearest name
 * and the cure; .json is right even then. hf_options_done() in any case.
 */
int hf_options_parse(hf_options *ret, int argc, char **argv, hf_error **err) _must_check_;
void hf_options_done(hf_options *options);

/** hf_options_help - the general help, or that of one command, to @out */
void hf_options_help(FILE *out, const hf_command *command);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/diag.h"
#include "base/parse.h"
#include "model/facts.h"
#include "report/report.h"

enum {
	OPT_ROOT = 256,
	OPT_SET,
	OPT_ONLY,
	OPT_SKIP,
	OPT_LEVEL,
	OPT_SEVERITY,
	OPT_FACT,
	OPT_FORMAT,
	OPT_OUTPUT,
	OPT_COLOR,
	OPT_TIMEOUT,
	OPT_VERSION,
	OPT_CHECK,
	OPT_DRY_RUN,
	OPT_FAIL_ON,
	OPT_DIFF,
	OPT_RESTART,
	OPT_ALLOW_DISRUPTIVE,
	OPT_ALLOW_LOCK,
	OPT_ALLOW_PANIC,
	OPT_LEAVE_UNKNOWN,
	OPT_REPLACE,
	OPT_RESOLVED,
	OPT_OUTPUT_DIR,
	OPT_BASELINE,
	OPT_LOCK_TIMEOUT,
	OPT_YES,
	OPT_FORWARD,
	OPT_BACK,
	OPT_RECORD,
	OPT_KEEP,
	OPT_FOR,
	OPT_SAVE,
	OPT_PLAN,
	OPT_CONFIRM,
	OPT_RULES,
	OPT_QUIET = 'q',
	OPT_VERBOSE = 'v',
	OPT_HELP = 'h',
};

#define SURVEYS (HF_CMD_PLAN | HF_CMD_APPLY | HF_CMD_CHECK)
#define LOOKS (SURVEYS | HF_CMD_COMPILE | HF_CMD_EXPLAIN)
#define TRANSACTS (HF_CMD_APPLY | HF_CMD_ROLLBACK | HF_CMD_RECOVER)
#define LOADS (LOOKS | HF_CMD_LINT | HF_CMD_LIST | HF_CMD_FACTS)
#define SAVED (1u << 31) /* no command: a saved plan has its own (cli/saved.c) */

typedef struct hf_option {
	const char *name;
	int value;	      /* below 256: also the short form */
	const char *argument; /* its name in help, or NULL */
	unsigned commands;
	const char *help;
} hf_option;

static const hf_option options[] = {
	{ "root", OPT_ROOT, "DIR", HF_CMD_ALL,
	  "work on the tree below DIR instead of the running system" },
	{ "set", OPT_SET, "VAR=VALUE", LOADS | SAVED, "set a variable of the baseline" },
	{ "only", OPT_ONLY, "TERM[,...]", LOADS | SAVED,
	  "only these controls: ids, globs, tag:T, ref:NAME/NUMBER" },
	{ "skip", OPT_SKIP, "TERM[,...]", LOADS | SAVED, "not these controls" },
	{ "level", OPT_LEVEL, "N", LOADS | SAVED,
	  "controls up to level N: 1 or 2 (default: all)" },
	{ "severity", OPT_SEVERITY, "MIN", LOADS | SAVED,
	  "controls from this severity on: low, medium, high" },
	{ "fact", OPT_FACT, "NAME=VALUE", LOOKS | HF_CMD_FACTS | HF_CMD_IMPORT | SAVED,
	  "take a fact as given instead of reading it" },
	{ "baseline", OPT_BASELINE, "BASELINE", HF_CMD_EXPLAIN,
	  "the baseline to look for the controls in" },
	{ "diff", OPT_DIFF, NULL, SURVEYS | HF_CMD_ROLLBACK | HF_CMD_SHOW,
	  "show whole files as unified diffs" },
	{ "fail-on", OPT_FAIL_ON, "CLASS[,...]", SURVEYS,
	  "what makes the exit status not 0: drift, unknown, pending, findings" },
	{ "restart", OPT_RESTART, "WHEN",
	  SURVEYS | HF_CMD_COMPILE | HF_CMD_ROLLBACK | SAVED,
	  "restart units: safe (default), always, never" },
	{ "allow-disruptive", OPT_ALLOW_DISRUPTIVE, NULL,
	  SURVEYS | HF_CMD_COMPILE | HF_CMD_ROLLBACK | SAVED,
	  "change keys that hide existing images, containers and volumes" },
	{ "allow-lock", OPT_ALLOW_LOCK, NULL, SURVEYS | HF_CMD_COMPILE | SAVED,
	  "lock the audit rules until the next boot where the baseline says so" },
	{ "allow-panic", OPT_ALLOW_PANIC, NULL, SURVEYS | HF_CMD_COMPILE | SAVED,
	  "let the kernel panic on audit failure where the baseline says so" },
	{ "leave-unknown", OPT_LEAVE_UNKNOWN, NULL, SURVEYS | HF_CMD_COMPILE | SAVED,
	  "leave out what cannot be told or is blocked, and do the rest" },
	{ "replace", OPT_REPLACE, NULL, SURVEYS | SAVED,
	  "the set given may drop baselines that are in force" },
	{ "lock-timeout", OPT_LOCK_TIMEOUT, "SECONDS", TRANSACTS,
	  "how long to wait for another holdfast to end (default: not at all)" },
	{ "save", OPT_SAVE, "FILE", HF_CMD_PLAN, "save the plan, for apply --plan" },
	{ "plan", OPT_PLAN, "FILE", HF_CMD_APPLY,
	  "apply exactly the saved plan, or refuse" },
	{ "confirm", OPT_CONFIRM, "SECONDS", HF_CMD_APPLY,
	  "undo it after SECONDS, unless it is confirmed" },
	{ "keep", OPT_KEEP, "N", TRANSACTS,
	  "keep the N newest transactions (default: 20)" },
	{ "record", OPT_RECORD, NULL, TRANSACTS,
	  "keep the transaction below --root, too" },
	{ "yes", OPT_YES, NULL, HF_CMD_ROLLBACK, "do not ask" },
	{ "back", OPT_BACK, NULL, HF_CMD_RECOVER,
	  "take the unfinished transaction back (default)" },
	{ "forward", OPT_FORWARD, NULL, HF_CMD_RECOVER,
	  "bring the unfinished transaction to its end" },
	{ "for", OPT_FOR, "DURATION", HF_CMD_HOLD, "how long: 90s, 30m, 8h, 2d" },
	{ "check", OPT_CHECK, NULL, HF_CMD_APPLY | HF_CMD_CHECK, "the same as check" },
	{ "dry-run", OPT_DRY_RUN, NULL, HF_CMD_APPLY | HF_CMD_PLAN | HF_CMD_ROLLBACK,
	  "only show what it would do (apply: the same as plan)" },
	{ "resolved", OPT_RESOLVED, NULL, HF_CMD_LINT,
	  "print the flat baseline that results" },
	{ "rules", OPT_RULES, NULL, HF_CMD_IMPORT,
	  "the operands are files of audit rules" },
	{ "output-dir", OPT_OUTPUT_DIR, "DIR", HF_CMD_COMPILE,
	  "the directory to write to; made if it is missing" },
	{ "format", OPT_FORMAT, "FORMAT", HF_CMD_ALL, "text (default) or json" },
	{ "output", OPT_OUTPUT, "FILE", HF_CMD_ALL,
	  "write the report to FILE, replaced at once when complete" },
	{ "color", OPT_COLOR, "WHEN", HF_CMD_ALL, "auto (default), always, never" },
	{ "timeout", OPT_TIMEOUT, "SECONDS", HF_CMD_ALL,
	  "how long to wait for each answer of a daemon" },
	{ "quiet", OPT_QUIET, NULL, HF_CMD_ALL, "the summary line only" },
	{ "verbose", OPT_VERBOSE, NULL, HF_CMD_ALL,
	  "also what passes or does not apply" },
	{ "help", OPT_HELP, NULL, HF_CMD_ALL, "this help, or that of a command" },
	{ "version", OPT_VERSION, NULL, HF_CMD_ALL, "the version" },
};

const hf_command *hf_command_find(const char *name)
{
	for (size_t i = 0; i < hf_commands_n; i++)
		if (!strcmp(hf_commands[i].name, name))
			return &hf_commands[i];
	return NULL;
}

void hf_options_done(hf_options *o)
{
	hf_arena_done(&o->arena);
	*o = (hf_options){ 0 };
}

/* --- errors ------------------------------------------------------------------------- */

static const char *see_help(const hf_options *o, char *text, size_t size)
{
	snprintf(text, size, "see 'holdfast %s%s--help'",
		 o->command ? o->command->name : "", o->command ? " " : "");
	return text;
}

/* The message is set; the cure is the nearest name, if any, and where to read. */
static int usage(const hf_options *o, const char *nearest, hf_error **err)
{
	char text[80];

	if (nearest)
		(void)hf_error_hint(err, "did you mean '%s'? %s", nearest,
				    see_help(o, text, sizeof(text)));
	else
		(void)hf_error_hint(err, "%s", see_help(o, text, sizeof(text)));
	return -EINVAL;
}

static int bad_value(const hf_options *o, const char *option, const char *takes,
		     const char *value, hf_error **err)
{
	(void)hf_error_set(err, -EINVAL, "--%s takes %s, not '%s'", option, takes, value);
	return usage(o, NULL, err);
}

static int unknown_option(const hf_options *o, const char *arg, hf_error **err)
{
	const char *names[ARRAY_SIZE(options)], *nearest;
	cleanup_free char *word = strndup(arg, strcspn(arg, "="));
	char dashed[64];

	if (!word)
		return hf_error_oom(err);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		names[i] = options[i].name;
	nearest = strncmp(word, "--", 2) ? NULL
					 : hf_nearest(word + 2, names, ARRAY_SIZE(names));
	if (nearest)
		snprintf(dashed, sizeof(dashed), "--%s", nearest);
	(void)hf_error_set(err, -EINVAL, "unknown option '%s'", word);
	return usage(o, nearest ? dashed : NULL, err);
}

static int unknown_command(const hf_options *o, const char *name, hf_error **err)
{
	const char *names[32];
	size_t n = 0;

	for (; n < hf_commands_n && n < ARRAY_SIZE(names); n++)
		names[n] = hf_commands[n].name;
	(void)hf_error_set(err, -EINVAL, "unknown command '%s'", name);
	return usage(o, hf_nearest(name, names, n), err);
}

/* --- values ------------------------------------------------------------------------- */

static int add(hf_options *o, hf_strings *list, const char *text, hf_error **err)
{
	const char **slot = hf_vec_push(&o->arena, list->items, list->n);

	if (!slot)
		return hf_error_oom(err);
	*slot = text;
	return 0;
}

static int add_terms(hf_options *o, hf_strings *list, const char *name, const char *text,
		     hf_error **err)
{
	char *copy = hf_arena_strdup(&o->arena, text), *rest = copy, *term;

	if (!copy)
		return hf_error_oom(err);
	while ((term = strsep(&rest, ","))) {
		int r;

		if (!*term)
			return bad_value(o, name, "terms separated by single commas",
					 text, err);
		r = add(o, list, term, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_pair(hf_options *o, hf_strings *list, const char *name, const char *takes,
		    const char *text, hf_error **err)
{
	const char *eq = strchr(text, '=');

	if (!eq || eq == text)
		return bad_value(o, name, takes, text, err);
	return add(o, list, text, err);
}

static int parse_text(const hf_options *o, const char *name, const char *takes,
		      const char *text, const char **ret, hf_error **err)
{
	if (!*text)
		return bad_value(o, name, takes, text, err);
	*ret = text;
	return 0;
}

static int parse_number(const hf_options *o, const char *name, const char *takes,
			uint64_t least, uint64_t most, const char *text, uint64_t *ret,
			hf_error **err)
{
	if (hf_parse_u64(text, most, ret) < 0 || *ret < least)
		return bad_value(o, name, takes, text, err);
	return 0;
}

static int parse_fail_on(hf_options *o, const char *text, hf_error **err)
{
	static const char *const names[] = { "drift", "unknown", "pending", "findings" };
	hf_strings terms = { 0 };
	int r = add_terms(o, &terms, "fail-on", text, err);

	o->fail_on = 0;
	for (size_t i = 0; !r && i < terms.n; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(names) && strcmp(names[k], terms.items[i]))
			k++;
		if (k == ARRAY_SIZE(names)) {
			(void)hf_error_set(err, -EINVAL,
					   "--fail-on takes drift, unknown, pending and "
					   "findings, not '%s'",
					   terms.items[i]);
			return usage(o, hf_nearest(terms.items[i], names, k), err);
		}
		o->fail_on |= 1u << k;
	}
	return r;
}

/* 90s, 30m, 8h, 2d: at most a year, so that a hold is not forgotten for good. */
static int parse_duration(hf_options *o, const char *text, hf_error **err)
{
	static const struct {
		char unit;
		uint64_t sec;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t len = strlen(text);
	char digits[16];
	uint64_t n;

	for (size_t i = 0; len > 1 && len < sizeof(digits) && i < ARRAY_SIZE(units);
	     i++) {
		if (text[len - 1] != units[i].unit)
			continue;
		memcpy(digits, text, len - 1);
		digits[len - 1] = '\0';
		if (hf_parse_u64(digits, 366 * 86400 / units[i].sec, &n) < 0 || !n)
			break;
		o->for_sec = (int64_t)(n * units[i].sec);
		return 0;
	}
	return bad_value(o, "for", "a duration such as 90s, 30m, 8h or 2d, up to a year",
			 text, err);
}

static int parse_color(hf_options *o, const char *text, hf_error **err)
{
	if (!strcmp(text, "auto"))
		o->color = HF_COLOR_AUTO;
	else if (!strcmp(text, "always"))
		o->color = HF_COLOR_ALWAYS;
	else if (!strcmp(text, "never"))
		o->color = HF_COLOR_NEVER;
	else
		return bad_value(o, "color", "auto, always or never", text, err);
	return 0;
}

static int parse_fact(hf_options *o, const char *arg, hf_error **err)
{
	const char *wanted = hf_facts_wanted(arg);

	return wanted ? bad_value(o, "fact", wanted, arg, err)
		      : add(o, &o->facts, arg, err);
}

static int parse_format(hf_options *o, const char *arg, hf_error **err)
{
	if (strcmp(arg, "json") && strcmp(arg, "text"))
		return bad_value(o, "format", "text or json", arg, err);
	o->json = !strcmp(arg, "json");
	return 0;
}

static int parse_output(hf_options *o, const char *arg, hf_error **err)
{
	int r = parse_text(o, "output", "a file", arg, &o->output, err);

	if (!r && !strcmp(arg, "-"))
		o->output = NULL;
	return r;
}

static int parse_severity(hf_options *o, const char *arg, hf_error **err)
{
	return hf_severity_parse(arg, &o->severity) < 0
		       ? bad_value(o, "severity", "low, medium or high", arg, err)
		       : 0;
}

static int parse_restart(hf_options *o, const char *arg, hf_error **err)
{
	o->has_restart = true;
	return hf_restart_parse(arg, &o->restart) < 0
		       ? bad_value(o, "restart", "safe, always or never", arg, err)
		       : 0;
}

/* The options whose value is a number. */
static int parse_numbered(hf_options *o, int value, const char *arg, hf_error **err)
{
	uint64_t n = 0;
	int r;

	switch (value) {
	case OPT_LEVEL:
		r = parse_number(o, "level", "1 or 2", 1, 2, arg, &n, err);
		o->level = (long long)n;
		return r;
	case OPT_CONFIRM:
		r = parse_number(o, "confirm", "seconds from 1 to 86400", 1, 86400, arg,
				 &n, err);
		o->confirm_sec = (int64_t)n;
		return r;
	case OPT_LOCK_TIMEOUT:
		r = parse_number(o, "lock-timeout", "seconds up to 86400", 0, 86400, arg,
				 &n, err);
		o->lock_wait_sec = (int)n;
		return r;
	case OPT_TIMEOUT:
		r = parse_number(o, "timeout", "seconds from 1 to 86400", 1, 86400, arg,
				 &n, err);
		o->timeout_usec = n * 1000000;
		return r;
	case OPT_KEEP:
		r = parse_number(o, "keep", "a number from 1 to 100000", 1, 100000, arg,
				 &n, err);
		o->keep = (size_t)n;
		return r;
	default:
		return hf_error_set(err, -EINVAL, "option %d has no value", value);
	}
}

static int parse_value(hf_options *o, int value, const char *arg, hf_error **err)
{
	switch (value) {
	case OPT_ROOT:
		return parse_text(o, "root", "a directory", arg, &o->root, err);
	case OPT_OUTPUT_DIR:
		return parse_text(o, "output-dir", "a directory", arg, &o->output_dir,
				  err);
	case OPT_SAVE:
		return parse_text(o, "save", "a file", arg, &o->save, err);
	case OPT_PLAN:
		return parse_text(o, "plan", "a file", arg, &o->plan, err);
	case OPT_OUTPUT:
		return parse_output(o, arg, err);
	case OPT_SET:
		return add_pair(o, &o->sets, "set", "VAR=VALUE", arg, err);
	case OPT_FACT:
		return parse_fact(o, arg, err);
	case OPT_ONLY:
		return add_terms(o, &o->only, "only", arg, err);
	case OPT_SKIP:
		return add_terms(o, &o->skip, "skip", arg, err);
	case OPT_BASELINE:
		return add(o, &o->baselines, arg, err);
	case OPT_SEVERITY:
		return parse_severity(o, arg, err);
	case OPT_RESTART:
		return parse_restart(o, arg, err);
	case OPT_FORMAT:
		return parse_format(o, arg, err);
	case OPT_FAIL_ON:
		return parse_fail_on(o, arg, err);
	case OPT_FOR:
		return parse_duration(o, arg, err);
	case OPT_COLOR:
		return parse_color(o, arg, err);
	default:
		return parse_numbered(o, value, arg, err);
	}
}

static bool *switch_of(hf_options *o, int value)
{
	switch (value) {
	case OPT_QUIET:
		return &o->quiet;
	case OPT_VERBOSE:
		return &o->verbose;
	case OPT_HELP:
		return &o->help;
	case OPT_VERSION:
		return &o->version;
	case OPT_CHECK:
		return &o->check;
	case OPT_DRY_RUN:
		return &o->dry_run;
	case OPT_DIFF:
		return &o->diff;
	case OPT_ALLOW_DISRUPTIVE:
		return &o->allow_disruptive;
	case OPT_ALLOW_LOCK:
		return &o->allow_lock;
	case OPT_ALLOW_PANIC:
		return &o->allow_panic;
	case OPT_LEAVE_UNKNOWN:
		return &o->leave_unknown;
	case OPT_REPLACE:
		return &o->replace;
	case OPT_RULES:
		return &o->rules;
	case OPT_RESOLVED:
		return &o->resolved;
	case OPT_YES:
		return &o->yes;
	case OPT_FORWARD:
		return &o->forward;
	case OPT_BACK:
		return &o->back;
	case OPT_RECORD:
		return &o->record;
	default:
		return NULL;
	}
}

/* --- the command -------------------------------------------------------------------- */

/* An error found before --format was reached must still come out in that format. */
static bool wants_json(int argc, char **argv)
{
	bool json = false;

	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strncmp(argv[i], "--format=", 9))
			json = !strcmp(argv[i] + 9, "json");
		else if (!strcmp(argv[i], "--format") && i + 1 < argc)
			json = !strcmp(argv[i + 1], "json");
	}
	return json;
}

static int check_applicable(const hf_options *o, const bool *given, hf_error **err)
{
	for (size_t i = 0; o->command && i < ARRAY_SIZE(options); i++) {
		if (!given[i] || (options[i].commands & o->command->bit))
			continue;
		(void)hf_error_set(err, -EINVAL, "--%s does not go with '%s'",
				   options[i].name, o->command->name);
		return usage(o, NULL, err);
	}
	return 0;
}

/* A saved plan is carried out as it was saved, or not at all. */
static int check_saved(const hf_options *o, const bool *given, hf_error **err)
{
	for (size_t i = 0; o->plan && i < ARRAY_SIZE(options); i++) {
		if (!given[i] || !(options[i].commands & SAVED))
			continue;
		(void)hf_error_set(
			err, -EINVAL,
			"--%s does not go with --plan: the saved plan has its own",
			options[i].name);
		return usage(o, NULL, err);
	}
	if (o->plan && (o->operands.n || o->check || o->dry_run)) {
		(void)hf_error_set(err, -EINVAL,
				   o->operands.n ? "baselines do not go with --plan: the "
						   "saved plan has its own"
						 : "--plan applies: it goes with neither "
						   "--check nor --dry-run");
		return usage(o, NULL, err);
	}
	return 0;
}

/* What the usage line has no word for would be left out silently. Those that take one or
 * several tell themselves what is wrong with them. */
static int check_operands(const hf_options *o, hf_error **err)
{
	const char *taken = o->command ? o->command->operands : "...";
	size_t most = *taken == '\0'			       ? 0
		      : *taken == '[' && !strstr(taken, "...") ? 1
							       : SIZE_MAX;

	if (o->operands.n <= most)
		return 0;
	(void)hf_error_set(err, -EINVAL, "%s takes %s, not '%s'", o->command->name,
			   most ? "one operand" : "no operands", o->operands.items[most]);
	return usage(o, NULL, err);
}

/* The first operand, or what --check and --dry-run alone stand for. */
static int choose_command(hf_options *o, const bool *given, hf_error **err)
{
	const char *word = o->operands.n ? o->operands.items[0] : NULL;
	bool is_rollback = word && !strcmp(word, "rollback");
	const char *spelled = o->check			   ? "check"
			      : o->dry_run && !is_rollback ? "plan"
							   : NULL;

	if ((o->check && o->dry_run) || (o->back && o->forward)) {
		(void)hf_error_set(err, -EINVAL, "%s exclude each other",
				   o->check && o->dry_run ? "--check and --dry-run"
							  : "--back and --forward");
		return usage(o, NULL, err);
	}
	o->command = word ? hf_command_find(word) : NULL;
	if (o->command) {
		o->operands.items++;
		o->operands.n--;
	} else if (spelled) {
		o->command = hf_command_find(spelled);
	} else if (word) {
		return unknown_command(o, word, err);
	} else if (!o->help && !o->version) {
		(void)hf_error_set(err, -EINVAL, "no command given");
		return usage(o, NULL, err);
	}
	if (check_applicable(o, given, err) < 0 || check_operands(o, err) < 0 ||
	    check_saved(o, given, err) < 0)
		return -EINVAL;
	if (spelled)
		o->command = hf_command_find(spelled);
	return 0;
}

static size_t option_by_value(int value)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(options) && options[i].value != value)
		i++;
	return i;
}

static int parse_one(hf_options *o, int value, char **argv, bool *given, hf_error **err)
{
	bool *flag = switch_of(o, value);
	size_t known = option_by_value(value);

	if (value == ':') {
		(void)hf_error_set(err, -EINVAL, "option '%s' needs a value",
				   argv[optind - 1]);
		return usage(o, NULL, err);
	}
	if (value == '?' && optopt >= 256) {
		(void)hf_error_set(err, -EINVAL, "option '--%s' takes no value",
				   options[option_by_value(optopt)].name);
		return usage(o, NULL, err);
	}
	if (value == '?' && optopt) {
		char text[3] = { '-', (char)optopt, '\0' };

		if (option_by_value(optopt) == ARRAY_SIZE(options))
			return unknown_option(o, text, err);
		(void)hf_error_set(err, -EINVAL, "option '--%s' takes no value",
				   options[option_by_value(optopt)].name);
		return usage(o, NULL, err);
	}
	if (value == '?')
		return unknown_option(o, argv[optind - 1], err);
	given[known] = true;
	if (flag) {
		*flag = true;
		return 0;
	}
	return parse_value(o, value, optarg, err);
}

int hf_options_parse(hf_options *o, int argc, char **argv, hf_error **err)
{
	struct option table[ARRAY_SIZE(options) + 1] = { 0 };
	bool given[ARRAY_SIZE(options) + 1] = { 0 };
	int value;

	*o = (hf_options){ .fail_on = HF_FAIL_ON_ALL };
	o->json = wants_json(argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		table[i] = (struct option){ .name = options[i].name,
					    .has_arg = options[i].argument
							       ? required_argument
							       : no_argument,
					    .val = options[i].value };
	/* getopt's own messages would not name the nearest option */
	opterr = 0;
	optind = 1;
	while ((value = getopt_long(argc, argv, ":qvh", table, NULL)) != -1) {
		int r = parse_one(o, value, argv, given, err);

		if (r < 0)
			return r;
	}
	for (int i = optind; i < argc; i++) {
		int r = add(o, &o->operands, argv[i], err);

		if (r < 0)
			return r;
	}
	return choose_command(o, given, err);
}

/* --- help --------------------------------------------------------------------------- */

static void help_option(FILE *out, const hf_option *option)
{
	char text[48];
	char dash[] = { '-', option->value < 256 ? (char)option->value : ' ', ',', ' ',
			0 };

	snprintf(text, sizeof(text), "%s--%s%s%s", option->value < 256 ? dash : "    ",
		 option->name, option->argument ? "=" : "",
		 option->argument ? option->argument : "");
	fprintf(out, "  %-27s %s\n", text, option->help);
}

static void help_commands(FILE *out)
{
	fputs("usage: holdfast COMMAND [OPTION...] [BASELINE...]\n"
	      "       holdfast --check [OPTION...] [BASELINE...]\n\n"
	      "Keeps a Linux host that runs Docker at a declared security baseline.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < hf_commands_n; i++)
		fprintf(out, "  %-9s %s\n", hf_commands[i].name, hf_commands[i].summary);
	fputs("\nOptions (of all commands; 'holdfast COMMAND --help' tells the "
	      "others):\n",
	      out);
}

void hf_options_help(FILE *out, const hf_command *command)
{
	unsigned bit = command ? command->bit : 0;

	if (command)
		fprintf(out, "usage: holdfast %s [OPTION...]%s%s\n\n%s\n\nOptions:\n",
			command->name, *command->operands ? " " : "", command->operands,
			command->text);
	else
		help_commands(out);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (command ? (options[i].commands & bit) != 0
			    : (options[i].commands & LOADS) == LOADS)
			help_option(out, &options[i]);
	if (!command)
		fputs("\nA BASELINE with a '/' or ending in .yaml is a path, '-' is "
		      "standard "
		      "input, any other is a\nname: 'holdfast list' shows what ships. "
		      "Manual: "
		      "holdfast(8), holdfast.yaml(5).\n",
		      out);
}

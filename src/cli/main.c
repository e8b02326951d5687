/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/cli.h"

#define HEAP_STEP (1 << 20)  /* bytes */
#define HEAP_KEEP (32 << 20) /* bytes; the most that glibc takes for M_MMAP_THRESHOLD */

const hf_command hf_commands[] = {
	{ "plan", HF_CMD_PLAN, "[BASELINE...]", "what apply would change here",
	  "Shows what apply would change on this host, and changes nothing.\n"
	  "Exit: 0 nothing, 2 changes, 3 a restart is pending, 7 something cannot be "
	  "told.",
	  hf_cmd_plan },
	{ "apply", HF_CMD_APPLY, "[BASELINE...]", "make the host match the baseline",
	  "Makes the host match, verifies it by looking again, and records what was "
	  "applied.\n"
	  "On a failure everything is put back. --dry-run is plan, --check is check.\n"
	  "Exit: 0 done, 1 refused or failed and nothing changed, 3 a restart is "
	  "pending,\n"
	  "4 failed and rolled back, 5 failed and could not be put back whole.",
	  hf_cmd_apply },
	{ "check", HF_CMD_CHECK, "[BASELINE...]",
	  "does the host still match? (also --check)",
	  "Looks for drift, in files and in the running system, and changes nothing.\n"
	  "Exit: 0 in sync, 2 drift, 3 a restart is pending, 6 findings for a person,\n"
	  "7 something cannot be told.",
	  hf_cmd_check },
	{ "compile", HF_CMD_COMPILE, "[BASELINE...] --output-dir=DIR",
	  "write the resulting files to a directory",
	  "Reads the host, or --root, and writes only below the output directory: every\n"
	  "file that holdfast makes or edits as it would be after apply, and files.txt "
	  "with\n"
	  "the owners and modes that the baseline demands.",
	  hf_cmd_compile },
	{ "lint", HF_CMD_LINT, "[BASELINE...]", "read and validate a baseline",
	  "Reads and validates, and tells every problem with its place. Exit: 0 valid, "
	  "65 not.",
	  hf_cmd_lint },
	{ "explain", HF_CMD_EXPLAIN, "CONTROL...",
	  "why a control exists and how it stands here",
	  "Shows why each CONTROL exists, what it sets, and how it stands on this host.",
	  hf_cmd_explain },
	{ "list", HF_CMD_LIST, "[BASELINE...]",
	  "baselines there are, or a baseline's controls",
	  "Lists the baselines that can be named; with a BASELINE, its controls and "
	  "waivers.",
	  hf_cmd_list },
	{ "facts", HF_CMD_FACTS, "[BASELINE...]", "what was found out about the host",
	  "Shows each fact with its source, and what could not be read and why. With a\n"
	  "BASELINE, also the facts that its 'when' clauses ask for.",
	  hf_cmd_facts },
	{ "import", HF_CMD_IMPORT, "[--rules FILE...]",
	  "audit rules that exist, as a baseline",
	  "Prints a baseline with the audit rules and settings of the running kernel, or "
	  "of\n"
	  "rules files. It compiles back to an equal list. A rule that auditctl would "
	  "refuse\n"
	  "here is left out, with a warning. Other kinds are not imported.",
	  hf_cmd_import },
	{ "rollback", HF_CMD_ROLLBACK, "[TRANSACTION]", "undo an apply",
	  "Undoes a transaction: an id, a unique beginning of one, or 'last'; without "
	  "one\n"
	  "the newest apply that was not rolled back. What was changed since is refused "
	  "and\n"
	  "named, the rest is restored. Asks on a terminal.\n"
	  "Exit: 0 undone, 1 something was refused, 3 a restart or reboot is pending.",
	  hf_cmd_rollback },
	{ "history", HF_CMD_HISTORY, "", "the transactions on record",
	  "Lists the transactions on record, newest first.", hf_cmd_history },
	{ "show", HF_CMD_SHOW, "[TRANSACTION]", "one transaction",
	  "Shows a transaction: an id, a unique beginning of one, or 'last' (default).",
	  hf_cmd_show },
	{ "recover", HF_CMD_RECOVER, "", "settle a transaction that was cut off",
	  "Takes back a transaction that did not come to its end, or finishes it with\n"
	  "--forward. Exit: 0 settled or nothing to do, 5 something could not be "
	  "settled.",
	  hf_cmd_recover },
	{ "confirm", HF_CMD_CONFIRM, "", "keep what apply --confirm has applied",
	  "Keeps what an apply with --confirm has applied; without it, it is undone at "
	  "the\n"
	  "deadline.",
	  hf_cmd_confirm },
	{ "hold", HF_CMD_HOLD, "--for=DURATION REASON",
	  "keep apply from changing anything",
	  "Until the time is over, or 'holdfast unhold', apply exits 75 with the "
	  "reason.\n"
	  "check works and shows it. Without operands: shows the hold in force.",
	  hf_cmd_hold },
	{ "unhold", HF_CMD_UNHOLD, "", "end a hold", "Ends the hold on this host.",
	  hf_cmd_unhold },
};
const size_t hf_commands_n = ARRAY_SIZE(hf_commands);

/* --- shared by the commands --------------------------------------------------------- */

/* An image is to come out the same each time it is built (reproducible-builds.org). */
int64_t hf_cli_now(const hf_cli *cli)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;

	if (cli->options.root && epoch && hf_parse_u64(epoch, 1ull << 40, &seconds) == 0)
		return (int64_t)seconds * 1000000;
	return (int64_t)hf_clock_usec(CLOCK_REALTIME);
}

const char *hf_cli_time_text(int64_t when, char text[static 32])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (!when || !gmtime_r(&t, &tm) || !strftime(text, 32, "%Y-%m-%d %H:%M:%SZ", &tm))
		return "-";
	return text;
}

hf_text_options hf_cli_text_options(const hf_cli *cli)
{
	return (hf_text_options){ .color = cli->color_out,
				  .diff = cli->options.diff,
				  .verbose = cli->options.verbose,
				  .quiet = cli->options.quiet,
				  .width = cli->width };
}

int hf_cli_report(hf_cli *cli, hf_report *report)
{
	hf_text_options options = hf_cli_text_options(cli);

	report->started_usec = cli->started_usec;
	report->finished_usec = hf_cli_now(cli);
	cli->changed |= report->changed;
	if (cli->options.json)
		cli->has_gaps |= hf_report_json(cli->out, report) < 0;
	else
		cli->has_gaps |= hf_report_text(cli->out, report, &options) < 0;
	return report->exit;
}

int hf_cli_fail(hf_cli *cli, hf_exit status, hf_error *error)
{
	const hf_options *o = &cli->options;
	hf_report report = { .command = o->command ? o->command->name : "",
			     .root = o->root ? o->root : "/",
			     .exit = status,
			     .result = "error",
			     .error = error };

	hf_report_error(stderr, error, cli->color_err);
	if (o->json)
		(void)hf_cli_report(cli, &report);
	hf_error_free(error);
	return status;
}

/* --- output ------------------------------------------------------------------------- */

/* Where the report is written until it is complete. */
typedef struct hf_output {
	char *path; /* of a file, after links; NULL: stdout */
	char *temp; /* beside it; NULL: written directly (a device, a FIFO) */
} hf_output;

static bool wants_color(hf_color when, FILE *stream)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (when != HF_COLOR_AUTO)
		return when == HF_COLOR_ALWAYS;
	if (no && *no)
		return false;
	return isatty(fileno(stream)) && term && strcmp(term, "dumb");
}

static unsigned terminal_width(FILE *stream)
{
	struct winsize size;

	if (ioctl(fileno(stream), TIOCGWINSZ, &size) < 0 || size.ws_col < 40)
		return 0;
	return size.ws_col;
}

static int open_failed(const char *path, hf_error **err)
{
	return hf_error_set(err, -errno, "cannot write '%s': %s", path, strerror(errno));
}

/* stdout or stderr if they are written to this file already: /dev/stdout; else NULL */
static FILE *standard_stream(const struct stat *file)
{
	FILE *const streams[] = { stdout, stderr };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++)
		if (fstat(fileno(streams[i]), &st) == 0 && st.st_dev == file->st_dev &&
		    st.st_ino == file->st_ino)
			return streams[i];
	return NULL;
}

/* A file that takes the place of @old (NULL: there is none), as a redirection of the
 * shell would leave it: what is there keeps its owner and mode. */
static int output_temp(hf_output *output, hf_cli *cli, const struct stat *old)
{
	mode_t mask = umask(0);
	int fd;

	(void)umask(mask);
	fd = mkostemp(output->temp, O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (old)
		(void)!fchown(fd, old->st_uid, old->st_gid);
	(void)!fchmod(fd, old ? old->st_mode & 0777 : 0666 & ~mask);
	cli->out = fdopen(fd, "w");
	if (cli->out)
		return 0;
	(void)close(fd);
	(void)unlink(output->temp);
	return -1;
}

static int output_open(hf_output *output, hf_cli *cli, hf_error **err)
{
	const char *path = cli->options.output;
	struct stat st;
	bool exists;

	cli->out = stdout;
	if (!path)
		return 0;
	exists = stat(path, &st) == 0;
	cli->out = exists ? standard_stream(&st) : NULL;
	if (cli->out)
		return 0;
	if (exists && !S_ISREG(st.st_mode)) {
		output->path = strdup(path);
		cli->out = fopen(path, "we");
		return output->path && cli->out ? 0 : open_failed(path, err);
	}
	/* the file behind a link is replaced, not the link */
	output->path = exists ? realpath(path, NULL) : strdup(path);
	if (!output->path)
		return open_failed(path, err);
	if (asprintf(&output->temp, "%s.holdfast-XXXXXX", output->path) < 0) {
		output->temp = NULL;
		return hf_error_oom(err);
	}
	return output_temp(output, cli, exists ? &st : NULL) < 0 ? open_failed(path, err)
								 : 0;
}

/* Complete, or not there at all. */
static int output_close(hf_output *output, hf_cli *cli, hf_error **err)
{
	const char *name = output->path ? output->path : "the standard output";
	bool failed = fflush(cli->out) != 0 || ferror(cli->out);
	int saved = errno, r = 0;

	if (output->path && fclose(cli->out) != 0 && !failed) {
		failed = true;
		saved = errno;
	}
	cli->out = stdout;
	if (!failed && output->temp && rename(output->temp, output->path) < 0) {
		failed = true;
		saved = errno;
	}
	if (failed) {
		r = hf_error_set(err, saved ? -saved : -EIO, "cannot write to %s: %s",
				 name, strerror(saved ? saved : EIO));
		if (output->temp)
			(void)unlink(output->temp);
	}
	return r;
}

static void output_done(hf_output *output)
{
	free(output->temp);
	free(output->path);
}

/* --- main --------------------------------------------------------------------------- */

static int run_command(hf_cli *cli)
{
	const hf_options *o = &cli->options;

	if (o->help) {
		hf_options_help(cli->out, o->command);
		return HF_EXIT_OK;
	}
	if (o->version) {
		fprintf(cli->out, "%s\n", PACKAGE_STRING);
		return HF_EXIT_OK;
	}
	return o->command->run(cli);
}

static int run_with_output(hf_cli *cli)
{
	cleanup_(output_done) hf_output output = { 0 };
	hf_error *err = NULL;
	int status;

	if (output_open(&output, cli, &err) < 0) {
		cli->out = stdout;
		return hf_cli_fail(cli, HF_EXIT_FAILED, err);
	}
	cli->color_out = wants_color(cli->options.color, cli->out);
	cli->width = terminal_width(cli->out);
	status = run_command(cli);
	if (cli->has_gaps) {
		fputs("holdfast: error: out of memory: the report has gaps\n", stderr);
		if (!cli->changed)
			status = HF_EXIT_FAILED;
	}
	if (output_close(&output, cli, &err) < 0) {
		hf_report_error(stderr, err, cli->color_err);
		hf_error_free(err);
		/* 1 would say that nothing was changed */
		if (!cli->changed)
			status = HF_EXIT_FAILED;
	}
	return status;
}

/* A closed descriptor 0, 1 or 2 would be given to the next file that is opened. */
static bool has_standard_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	hf_cli cli = { .out = stdout };
	hf_error *err = NULL;
	int status;

	if (!has_standard_streams())
		return HF_EXIT_FAILED;
	(void)signal(SIGPIPE, SIG_IGN);
#ifdef M_TOP_PAD
	/* arenas grow by megabytes: fewer and larger steps of the heap, mallopt(3) */
	(void)mallopt(M_TOP_PAD, HEAP_STEP);
	/* and a large text does not get pages of its own, new ones each time */
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_KEEP);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEEP);
#endif
	cli.started_usec = hf_cli_now(&cli);
	if (hf_options_parse(&cli.options, argc, argv, &err) < 0) {
		status = hf_cli_fail(
			&cli, err->code == -ENOMEM ? HF_EXIT_FAILED : HF_EXIT_USAGE, err);
	} else {
		cli.color_err = wants_color(cli.options.color, stderr);
		cli.started_usec = hf_cli_now(&cli);
		status = run_with_output(&cli);
	}
	hf_options_done(&cli.options);
	return status;
}

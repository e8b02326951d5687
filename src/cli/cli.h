/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands share: the parsed command line, where the report goes, and how a run
 * that fails is told. A command prints its report to .out and returns its exit status.
 */
#ifndef HF_CLI_CLI_H
#define HF_CLI_CLI_H

#include "cli/options.h"
#include "report/report.h"

struct hf_cli {
	hf_options options;
	FILE *out; /* the report: stdout, or the file of --output being written */
	bool color_out, color_err;
	unsigned width;
	int64_t started_usec; /* CLOCK_REALTIME since the epoch */
	bool changed;	      /* the host was changed: so the exit status must tell */
	bool has_gaps; /* a report was written, but for want of memory not all of it */
};

/** hf_cli_text_options - of the command line; pure */
hf_text_options hf_cli_text_options(const hf_cli *cli);

/** hf_cli_report - print @report in the format wanted, with the times filled in;
 *  returns its exit status */
int hf_cli_report(hf_cli *cli, hf_report *report);

/** hf_cli_fail - the run ends here: @error on stderr and as JSON if that is the format
 *  @error: freed. Returns: @status. */
int hf_cli_fail(hf_cli *cli, hf_exit status, hf_error *error);

/** hf_cli_now - now, microseconds since the epoch; SOURCE_DATE_EPOCH below --root */
int64_t hf_cli_now(const hf_cli *cli);

/** hf_cli_time_text - seconds since the epoch as "2026-11-22 12:30:00Z" in UTC; "-" for
 *  none (0); pure. Returns: @text or static text. */
const char *hf_cli_time_text(int64_t when, char text[static 32]);

int hf_cmd_plan(hf_cli *cli);
int hf_cmd_apply(hf_cli *cli);
int hf_cmd_check(hf_cli *cli);
int hf_cmd_compile(hf_cli *cli);
int hf_cmd_lint(hf_cli *cli);
int hf_cmd_explain(hf_cli *cli);
int hf_cmd_list(hf_cli *cli);
int hf_cmd_facts(hf_cli *cli);
int hf_cmd_rollback(hf_cli *cli);
int hf_cmd_history(hf_cli *cli);
int hf_cmd_show(hf_cli *cli);
int hf_cmd_recover(hf_cli *cli);
int hf_cmd_hold(hf_cli *cli);
int hf_cmd_confirm(hf_cli *cli);
int hf_cmd_import(hf_cli *cli);
int hf_cmd_unhold(hf_cli *cli);

#endif

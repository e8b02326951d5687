/* SPDX-License-Identifier: Apache-2.0 */
/* lint: only read and validate. */
#include "cli/run.h"

int hf_cmd_lint(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	hf_report report;
	int status = hf_run_load(&run, cli, &cli->options.operands);

	if (status)
		return status;
	fflush(cli->out);
	hf_report_diags(stderr, &run.diags, cli->color_err, true);
	report = hf_run_report(&run);
	report.result = NULL;
	report.comment = "valid";
	if (cli->options.json || !cli->options.quiet)
		return hf_cli_report(cli, &report);
	return HF_EXIT_OK;
}

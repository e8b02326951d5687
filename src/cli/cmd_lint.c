/* SPDX-License-Identifier: Apache-2.0 */
/* lint: only read and validate; --resolved prints the flat result. */
#include <errno.h>

#include "cli/run.h"
#include "model/resolved.h"

static int print_resolved(hf_run *run)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	hf_error *err = NULL;

	if (hf_model_resolved(&run->model, &text) < 0 || !hf_strbuf_ok(&text)) {
		(void)hf_error_oom(&err);
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	}
	fwrite(hf_strbuf_str(&text), 1, text.len, run->cli->out);
	return HF_EXIT_OK;
}

int hf_cmd_lint(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	hf_report report;
	hf_error *err = NULL;
	int status;

	if (cli->options.resolved && cli->options.json) {
		(void)hf_error_set(&err, -EINVAL,
				   "--resolved prints YAML: not with --format=json");
		(void)hf_error_hint(&err, "see 'holdfast lint --help'");
		return hf_cli_fail(cli, HF_EXIT_USAGE, err);
	}
	status = hf_run_load(&run, cli, &cli->options.operands);
	if (status)
		return status;
	fflush(cli->out);
	hf_report_diags(stderr, &run.diags, cli->color_err, true);
	if (cli->options.resolved)
		return print_resolved(&run);
	report = hf_run_report(&run);
	report.comment = "valid";
	if (cli->options.json || !cli->options.quiet)
		return hf_cli_report(cli, &report);
	return HF_EXIT_OK;
}

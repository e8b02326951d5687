/* SPDX-License-Identifier: Apache-2.0 */
/* facts: what was found on the host, from where, and what could not be read. */
#include "cli/run.h"

int hf_cmd_facts(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	cleanup_(hf_facts_done) hf_facts facts = { 0 };
	hf_text_options options = hf_cli_text_options(cli);
	const hf_strings *given = &cli->options.facts;
	hf_error *err = NULL;
	hf_report report;
	int status = hf_run_open(&run, cli);

	if (!status && cli->options.operands.n)
		status = hf_run_load(&run, cli, &cli->options.operands);
	if (status)
		return status;
	if (hf_facts_given(&facts, given->items, given->n, &err) < 0 ||
	    hf_facts_read(&run.host, &facts, &err) < 0 ||
	    hf_facts_read_when(&run.host, &run.model, &facts, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	hf_run_diags(&run);
	report = hf_run_report(&run);
	report.finished_usec = hf_cli_now(cli);
	report.comment = "facts of the host";
	if (cli->options.json)
		hf_report_facts_json(cli->out, &report, &facts);
	else
		hf_report_facts_text(cli->out, &report, &facts, &options);
	return HF_EXIT_OK;
}

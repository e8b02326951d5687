/* SPDX-License-Identifier: Apache-2.0 */
/* explain: why a control exists, what it sets, how it stands here. */
#include <errno.h>

#include "base/diag.h"
#include "cli/run.h"

static int unknown_control(hf_run *run, const char *id)
{
	const char **names =
		hf_arena_array(&run->arena, run->model.n_controls + 1, sizeof(*names));
	const char *nearest = NULL;
	hf_error *err = NULL;

	for (size_t i = 0; names && i < run->model.n_controls; i++)
		names[i] = run->model.controls[i]->id;
	if (names)
		nearest = hf_nearest(id, names, run->model.n_controls);
	(void)hf_error_set(&err, -EINVAL, "there is no control '%s'", id);
	if (nearest)
		(void)hf_error_hint(&err, "did you mean '%s'?", nearest);
	else
		(void)hf_error_hint(&err, "'holdfast list BASELINE' shows the controls; "
					  "--baseline names another baseline");
	return hf_run_fail(run, HF_EXIT_USAGE, err);
}

int hf_cmd_explain(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	const hf_strings *ids = &cli->options.operands;
	hf_text_options options = hf_cli_text_options(cli);
	const hf_control **controls;
	hf_error *err = NULL;
	hf_report report;
	int status;

	if (!ids->n) {
		(void)hf_error_set(&err, -EINVAL, "explain needs the id of a control");
		(void)hf_error_hint(&err, "see 'holdfast explain --help'");
		return hf_cli_fail(cli, HF_EXIT_USAGE, err);
	}
	status = hf_run_survey(&run, cli, &cli->options.baselines);
	if (status)
		return status;
	controls = hf_arena_array(&run.arena, ids->n, sizeof(*controls));
	if (!controls) {
		(void)hf_error_oom(&err);
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	}
	for (size_t i = 0; i < ids->n; i++) {
		controls[i] = hf_map_get(&run.model.control_by_id, ids->items[i]);
		if (!controls[i])
			return unknown_control(&run, ids->items[i]);
	}
	hf_run_diags(&run);
	report = hf_run_report(&run);
	report.finished_usec = hf_cli_now(cli);
	report.result = hf_report_result_of_plan(&run.survey.plan);
	if (cli->options.json)
		hf_report_explain_json(cli->out, &report, controls, ids->n);
	else
		hf_report_explain_text(cli->out, &report, controls, ids->n, &options);
	return HF_EXIT_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* apply: make the host match, verify, record. */
#include <errno.h>

#include "cli/confirm.h"
#include "cli/run.h"
#include "cli/saved.h"
#include "engine/journal.h"
#include "report/paint.h"

/* How often a plan that was overtaken is made anew. */
#define OVERTAKEN_MAX 5

static void told_applied(hf_report *report, hf_run *run, const hf_apply_result *result)
{
	const hf_plan *after = &result->after.plan;

	/* a run that only wrote down what holds anyway has changed nothing */
	report->changed = run->survey.plan.n_groups || result->n_steps > 1;
	report->changes_plan = &run->survey.plan;
	report->plan = after;
	report->exit = hf_report_exit_of_apply(after, run->cli->options.fail_on);
	report->result = report->exit == HF_EXIT_UNKNOWN   ? "unknown"
			 : report->exit == HF_EXIT_PENDING ? "pending"
							   : "applied";
}

static void told_nothing(hf_report *report, hf_run *run)
{
	report->exit =
		hf_report_exit_of_apply(&run->survey.plan, run->cli->options.fail_on);
	report->result = hf_report_result_of_plan(&run->survey.plan);
}

static void fill_outcome(hf_report *report, hf_run *run, const hf_apply_result *result)
{
	report->error = result->error;
	switch (result->outcome) {
	case HF_OUTCOME_NOTHING:
		told_nothing(report, run);
		break;
	case HF_OUTCOME_APPLIED:
		told_applied(report, run, result);
		break;
	case HF_OUTCOME_REFUSED:
		report->exit = result->error && result->error->code == -EINPROGRESS
				       ? HF_EXIT_BUSY
				       : HF_EXIT_FAILED;
		report->result = report->exit == HF_EXIT_BUSY ? "held" : "error";
		break;
	case HF_OUTCOME_ROLLED_BACK:
		report->exit = HF_EXIT_ROLLED_BACK;
		report->result = "rolled-back";
		break;
	case HF_OUTCOME_INCOMPLETE:
	default:
		report->changed = true;
		report->exit = HF_EXIT_INCOMPLETE;
		report->result = "incomplete";
		break;
	}
}

static int report_result(hf_run *run, const hf_apply_result *result,
			 int64_t confirm_until)
{
	hf_report report = hf_run_report(run);

	report.is_apply = true;
	report.transaction = result->transaction;
	report.confirm_until = confirm_until;
	fill_outcome(&report, run, result);
	if (report.exit != HF_EXIT_OK || run->cli->options.verbose ||
	    run->cli->options.json) {
		report.steps = hf_run_steps(run, result);
		report.n_steps = report.steps ? result->n_steps : 0;
	}
	hf_run_diags(run);
	if (result->error)
		hf_report_error(stderr, result->error, run->cli->color_err);
	return hf_run_report_end(run, &report);
}

/* An apply that did not come to its end is taken back before this one begins. */
static int recover(hf_run *run, const hf_apply_options *options)
{
	cleanup_(hf_apply_result_done) hf_apply_result result = { 0 };
	hf_report report;
	hf_error *err = NULL;
	bool found;

	if (hf_engine_recover(&run->host, &run->model, false, options, &result, &found,
			      &err) < 0)
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	if (found) /* it may have been at work while we looked */
		hf_engine_survey_forget(&run->host, &run->survey);
	if (result.outcome == HF_OUTCOME_NOTHING)
		return 0;
	if (result.outcome == HF_OUTCOME_ROLLED_BACK) {
		hf_diag_add(&run->diags, HF_DIAG_WARNING, (hf_mark){ 0 }, NULL,
			    "an earlier apply had not come to its end: what it left "
			    "behind was "
			    "taken back");
		return 0;
	}
	if (result.error && result.error->code == -EINPROGRESS)
		return hf_run_fail(run, HF_EXIT_BUSY, take_ptr(result.error));
	hf_run_diags(run);
	report = hf_run_report(run);
	report.exit = HF_EXIT_INCOMPLETE;
	report.result = "incomplete";
	report.error = result.error;
	report.changed = true;
	report.steps = hf_run_steps(run, &result);
	report.n_steps = report.steps ? result.n_steps : 0;
	if (result.error)
		hf_report_error(stderr, result.error, run->cli->color_err);
	return hf_run_report_end(run, &report);
}

/* The report comes first, so that whoever is to confirm sees what was done. */
static int end_apply(hf_run *run, hf_watch *watch, const hf_apply_result *result)
{
	bool waits = watch->alive_fd >= 0 && result->outcome == HF_OUTCOME_APPLIED;
	hf_paint p = hf_paint_on(run->cli->out, false, 0);
	int status, undone;

	if (watch->alive_fd >= 0 && !waits)
		hf_watch_cancel(run, watch);
	if (waits)
		hf_watch_applied(run, watch);
	status = report_result(run, result, waits ? watch->deadline : 0);
	if (!waits)
		return status;
	if (!run->cli->options.json)
		hf_paint_line(&p, "undone in %lld s unless 'holdfast confirm%s' keeps it",
			      (long long)run->cli->options.confirm_sec,
			      hf_host_option(&run->host));
	fflush(run->cli->out);
	undone = hf_watch_wait(run, watch, result->transaction);
	if (undone == HF_EXIT_ROLLED_BACK)
		fprintf(stderr, "holdfast: not confirmed: everything was put back\n");
	else if (undone)
		fprintf(stderr,
			"holdfast: not confirmed, and not all could be put back: see "
			"'holdfast history%s'\n",
			hf_host_option(&run->host));
	return undone ? undone : status;
}

/* What cannot be undone cannot wait for a confirmation. */
static int check_confirm_option(hf_cli *cli)
{
	const hf_options *o = &cli->options;
	hf_error *err = NULL;

	if (!o->confirm_sec || !(o->allow_lock || o->allow_disruptive))
		return 0;
	(void)hf_error_set(
		&err, -EINVAL,
		"--confirm does not go with %s: that cannot be undone at a deadline",
		o->allow_lock ? "--allow-lock" : "--allow-disruptive");
	return hf_cli_fail(cli, HF_EXIT_USAGE, err);
}

/* Everything up to the plan; 0 or the exit status. */
static int look(hf_run *run, const hf_apply_options *options, const json_t *saved)
{
	int status = recover(run, options);

	if (!status)
		status = hf_run_observe(run);
	if (!status)
		status = hf_run_dropped(run);
	if (!status && saved)
		status = hf_saved_compare(run, saved);
	return status;
}

static void apply_once(hf_run *run, const hf_apply_options *options,
		       hf_apply_result *result)
{
	hf_error *err = NULL;

	if (hf_engine_apply(&run->host, &run->model, &run->survey, options, result,
			    &err) < 0) {
		(void)hf_error_wrap(&err, "apply");
		result->outcome = HF_OUTCOME_REFUSED;
		result->error = err;
	}
}

static bool is_overtaken(const hf_apply_result *result)
{
	return result->outcome == HF_OUTCOME_REFUSED && result->error &&
	       result->error->code == -ESTALE;
}

/* What is unfinished is taken back before anything is looked at. */
static int look_ahead_unless_recovering(hf_run *run)
{
	hf_error *err = NULL;
	int r = run->is_live_apply ? hf_journal_exists(&run->host, &err) : 1;

	if (r < 0)
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	run->look_ahead = !r;
	return 0;
}

int hf_cmd_apply(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	cleanup_(hf_apply_result_done) hf_apply_result result = { 0 };
	hf_apply_options options;
	size_t n_diags;
	cleanup_(json_decrefp) json_t *saved = NULL;
	hf_watch watch = { .alive_fd = -1 };
	int status = 0;

	if (cli->options.plan)
		status = hf_saved_load(cli, &saved);
	if (!status) /* a saved plan may allow what the command line does not */
		status = check_confirm_option(cli);
	if (!status)
		status = hf_run_open(&run, cli);
	run.is_live_apply = run.host_open && !run.host.offline;
	if (!status)
		status = hf_run_must_be_root(&run);
	if (!status)
		status = hf_run_check_hold(&run);
	if (!status)
		status = hf_run_check_confirm(&run);
	if (!status)
		status = look_ahead_unless_recovering(&run);
	if (!status)
		status = hf_run_load(&run, cli, &cli->options.operands);
	if (status)
		return status;
	options = hf_run_apply_options(&run);
	n_diags = run.diags.n;
	status = look(&run, &options, saved);
	if (status)
		return status;
	if (cli->options.confirm_sec)
		status = hf_watch_begin(&run, &watch);
	if (status)
		return status;
	options.confirm_run = cli->options.confirm_sec ? watch.run : NULL;
	apply_once(&run, &options, &result);
	/* another one was at work between our look and our lock: it is done by now */
	for (int i = 0; i < OVERTAKEN_MAX && is_overtaken(&result); i++) {
		hf_apply_result_done(&result);
		hf_survey_done(&run.survey);
		run.diags.n = n_diags;
		status = look(&run, &options, saved);
		if (status) {
			if (watch.alive_fd >= 0)
				hf_watch_cancel(&run, &watch);
			return status;
		}
		apply_once(&run, &options, &result);
	}
	hf_run_progress_end(&run);
	return end_apply(&run, &watch, &result);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* rollback: undo a transaction; recover: take back, or finish, one that was cut off. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"
#include "engine/confirm.h"
#include "engine/rollback.h"
#include "kinds/registry.h"
#include "report/paint.h"

/* Neither reads a baseline: the model holds the kinds only. */
static int open_bare(hf_run *run, hf_cli *cli)
{
	int status = hf_run_open(run, cli);

	run->model.kinds = hf_kinds;
	run->model.n_kinds = hf_kinds_n;
	if (status)
		return status;
	return hf_run_must_be_root(run);
}

static hf_plan_options plan_options(const hf_cli *cli)
{
	const hf_options *o = &cli->options;

	return (hf_plan_options){
		.restart = o->has_restart ? o->restart : HF_RESTART_SAFE,
		.allow_disruptive = o->allow_disruptive,
		.now = hf_cli_now(cli) / 1000000,
	};
}

/* --- what a rollback means ---------------------------------------------------------- */

static const char *verb_of(const hf_group *group)
{
	switch (group->type) {
	case HF_GROUP_MKDIR:
		return "remove directory";
	case HF_GROUP_FILE:
		return group->remove ? "remove" : "restore";
	case HF_GROUP_INODE:
		return "restore owner and mode of";
	case HF_GROUP_LIVE:
		return "restore";
	}
	return "restore";
}

static void print_diffs(FILE *out, const hf_plan *plan)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	cleanup_(hf_mask_done) hf_mask mask = { 0 };

	hf_report_hide(&mask, plan);
	for (size_t i = 0; i < plan->n_groups; i++)
		hf_report_group_diff(&sb, plan->groups[i], &mask);
	if (sb.len)
		fprintf(out, "\n%s", hf_strbuf_str(&sb));
}

static void print_hidden(hf_cli *cli, hf_paint *p, const hf_change *change)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	hf_store_hidden(&sb, change->hides);
	cli->has_gaps |= !hf_strbuf_ok(&sb);
	hf_paint_line(p, "  %s: %s", change->id, hf_strbuf_str(&sb));
}

static void print_plan(hf_run *run, const hf_rollback *rb)
{
	hf_cli *cli = run->cli;
	const hf_plan *plan = &rb->survey.plan;
	hf_paint p = hf_paint_on(cli->out, false, 0);

	hf_paint_line(&p, "rollback of %s", rb->txn.id);
	if (cli->options.quiet)
		return;
	for (size_t i = 0; i < plan->n_groups; i++)
		hf_paint_line(&p, "  %s %s", verb_of(plan->groups[i]),
			      plan->groups[i]->path);
	for (size_t i = 0; i < rb->n_refused; i++)
		hf_paint_line(&p, "  refused: %s: %s", rb->refused[i].what,
			      rb->refused[i].why);
	for (size_t i = 0; i < plan->n_changes; i++)
		if (plan->changes[i]->hides)
			print_hidden(cli, &p, plan->changes[i]);
	for (size_t i = 0; i < plan->n_effects; i++) {
		const hf_effect *e = plan->effects[i];

		hf_paint_line(&p, "  %s%s%s%s", e->hold ? "held: " : "",
			      hf_action_name(e->action), e->unit ? " " : "",
			      e->unit ? e->unit : "");
		if (e->hold)
			hf_paint_line(&p, "    see 'holdfast check%s'",
				      hf_host_option(&run->host));
	}
	if (rb->live_left)
		hf_paint_line(&p, "  left: a part of the live layer: the next boot loads "
				  "it from the disk");
	if (cli->options.diff)
		print_diffs(cli->out, plan);
	cli->has_gaps |= p.oom;
}

static bool is_yes(hf_cli *cli)
{
	char answer[16];

	if (cli->options.yes || !isatty(STDIN_FILENO))
		return true;
	fputs("Undo this? [y/N] ", stderr);
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

/* --- how it ended --------------------------------------------------------------------
 */

static bool any_held(const hf_plan *plan)
{
	for (size_t i = 0; i < plan->n_effects; i++)
		if (plan->effects[i]->hold)
			return true;
	return false;
}

static hf_exit exit_of(const hf_rollback *rb, const hf_apply_result *result)
{
	switch (result->outcome) {
	case HF_OUTCOME_REFUSED:
		return result->error && result->error->code == -EINPROGRESS
			       ? HF_EXIT_BUSY
			       : HF_EXIT_FAILED;
	case HF_OUTCOME_ROLLED_BACK:
		return HF_EXIT_ROLLED_BACK;
	case HF_OUTCOME_INCOMPLETE:
		return HF_EXIT_INCOMPLETE;
	case HF_OUTCOME_NOTHING:
	case HF_OUTCOME_APPLIED:
		break;
	}
	if (rb->n_refused)
		return HF_EXIT_FAILED;
	return any_held(&rb->survey.plan) || rb->live_left ? HF_EXIT_PENDING : HF_EXIT_OK;
}

/* The plan, and as steps what was done (or @done is NULL: would be) and what is refused.
 */
static hf_report report_of(hf_run *run, const hf_rollback *rb,
			   const hf_apply_result *done)
{
	const hf_plan *plan = &rb->survey.plan;
	size_t n = done ? done->n_steps : plan->n_groups;
	const hf_report_step *made = done ? hf_run_steps(run, done) : NULL;
	hf_report report = hf_run_report(run);
	hf_report_step *steps =
		hf_arena_array(&run->arena, n + rb->n_refused + 1, sizeof(*steps));

	report.model = &run->model;
	report.plan = plan;
	if (!steps || (done && !made))
		return report;
	for (size_t i = 0; i < n; i++) {
		const hf_group *g = done ? NULL : plan->groups[i];

		if (done)
			steps[i] = made[i];
		else
			steps[i] = (hf_report_step){
				.what = hf_arena_printf(&run->arena, "%s %s", verb_of(g),
							g->path),
				.state = "planned",
			};
	}
	for (size_t i = 0; i < rb->n_refused; i++)
		steps[n + i] = (hf_report_step){ rb->refused[i].what, "refused",
						 rb->refused[i].why };
	report.steps = steps;
	report.n_steps = n + rb->n_refused;
	return report;
}

static int report(hf_run *run, const hf_rollback *rb, const hf_apply_result *result)
{
	hf_report report = report_of(run, rb, result);
	hf_arena *arena = &run->arena;

	report.exit = exit_of(rb, result);
	report.changed = result->outcome == HF_OUTCOME_APPLIED;
	report.transaction = result->transaction;
	report.error = result->error;
	report.result = result->outcome == HF_OUTCOME_INCOMPLETE ? "incomplete"
			: report.exit == HF_EXIT_PENDING	 ? "pending"
			: report.exit == HF_EXIT_OK		 ? "applied"
								 : "error";
	report.comment = hf_arena_printf(
		arena, "rollback of %s: %zu restored, %zu refused%s", rb->txn.id,
		report.changed ? rb->survey.plan.n_groups : 0, rb->n_refused,
		report.exit == HF_EXIT_PENDING ? "; a restart or reboot is pending" : "");
	if (result->error)
		hf_report_error(stderr, result->error, run->cli->color_err);
	if (run->cli->options.json)
		return hf_cli_report(run->cli, &report);
	fprintf(run->cli->out, "%s\n", report.comment ? report.comment : "");
	if (report.exit == HF_EXIT_ROLLED_BACK || report.exit == HF_EXIT_INCOMPLETE)
		hf_report_outcome_block(run->cli->out, &report);
	return report.exit;
}

static int report_dry(hf_run *run, const hf_rollback *rb)
{
	size_t n = rb->survey.plan.n_groups;
	hf_report report = report_of(run, rb, NULL);

	report.exit = rb->n_refused ? HF_EXIT_FAILED : n ? HF_EXIT_DIFFERS : HF_EXIT_OK;
	report.result = rb->n_refused ? "error" : n ? "drift" : "in-sync";
	report.transaction = rb->txn.id;
	report.comment = hf_arena_printf(&run->arena,
					 "rollback of %s: %zu to restore, %zu refused",
					 rb->txn.id, n, rb->n_refused);
	if (run->cli->options.json)
		return hf_cli_report(run->cli, &report);
	fprintf(run->cli->out, "%s\n", report.comment ? report.comment : "");
	return report.exit;
}

int hf_cmd_rollback(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	cleanup_(hf_rollback_done) hf_rollback rb = { 0 };
	cleanup_(hf_apply_result_done) hf_apply_result result = { 0 };
	const hf_strings *words = &cli->options.operands;
	hf_plan_options options = plan_options(cli);
	hf_apply_options how;
	hf_error *err = NULL;
	int status = open_bare(&run, cli);
	int r;

	if (!status)
		status = hf_run_check_unfinished(&run);
	if (status)
		return status;
	how = hf_run_apply_options(&run);
	r = hf_rollback_plan(&run.host, &run.model, words->n ? words->items[0] : NULL,
			     &options, &rb, &err);
	if (r < 0)
		return hf_run_fail(&run,
				   r == -ENOENT || r == -ENOTUNIQ ? HF_EXIT_USAGE
								  : HF_EXIT_FAILED,
				   err);
	if (!cli->options.json)
		print_plan(&run, &rb);
	if (cli->options.dry_run)
		return report_dry(&run, &rb);
	fflush(cli->out);
	if (!is_yes(cli)) {
		(void)hf_error_set(&err, -ECANCELED,
				   "not confirmed: nothing was changed");
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	}
	hf_rollback_run(&run.host, &run.model, &rb, &how, &result);
	hf_run_progress_end(&run);
	return report(&run, &rb, &result);
}

static int undo_unconfirmed(hf_run *run, const hf_confirm *confirm,
			    const hf_apply_options *how)
{
	cleanup_(hf_apply_result_done) hf_apply_result result = { 0 };
	hf_report report = hf_run_report(run);
	hf_plan_options options = plan_options(run->cli);
	hf_error *err = NULL;
	bool undone;

	if (hf_confirm_undo(&run->host, &run->model, confirm->run, &options, how, &result,
			    &undone, &err) < 0)
		return hf_run_fail(run, HF_EXIT_INCOMPLETE, err);
	report.transaction = result.transaction;
	report.changed = undone;
	report.result = undone ? "rolled-back" : "in-sync";
	report.comment = undone ? "an apply that nobody confirmed was undone"
				: "nothing to recover";
	if (run->cli->options.json)
		return hf_cli_report(run->cli, &report);
	fprintf(run->cli->out, "%s\n", report.comment);
	return HF_EXIT_OK;
}

static bool any_left(const hf_apply_result *result)
{
	for (size_t i = 0; i < result->n_steps; i++)
		if (result->steps[i].state == HF_STEP_LEFT)
			return true;
	return false;
}

int hf_cmd_recover(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	cleanup_(hf_apply_result_done) hf_apply_result result = { 0 };
	hf_apply_options how;
	hf_confirm confirm;
	hf_report report;
	hf_error *err = NULL;
	bool found;
	int status = open_bare(&run, cli);

	if (status)
		return status;
	how = hf_run_apply_options(&run);
	if (hf_engine_recover(&run.host, &run.model, cli->options.forward, &how, &result,
			      &found, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	if (result.error && result.outcome == HF_OUTCOME_REFUSED &&
	    result.error->code == -EINPROGRESS)
		return hf_run_fail(&run, HF_EXIT_BUSY, take_ptr(result.error));
	report = hf_run_report(&run);
	report.transaction = result.transaction;
	report.error = result.error;
	report.changed = result.n_steps > 0;
	report.steps = hf_run_steps(&run, &result);
	report.n_steps = report.steps ? result.n_steps : 0;
	if (result.outcome == HF_OUTCOME_NOTHING && !cli->options.forward) {
		if (hf_confirm_read(&run.host, &confirm, &err) < 0)
			return hf_run_fail(&run, HF_EXIT_INCOMPLETE, err);
		if (hf_confirm_is_orphan(&run.host, &confirm, hf_cli_now(cli) / 1000000))
			return undo_unconfirmed(&run, &confirm, &how);
	}
	if (result.outcome == HF_OUTCOME_NOTHING) {
		report.comment = "nothing to recover: no transaction is unfinished";
		report.result = "in-sync";
	} else if (result.outcome == HF_OUTCOME_ROLLED_BACK) {
		report.comment = "the unfinished transaction was taken back";
		report.result = "rolled-back";
	} else if (result.outcome == HF_OUTCOME_APPLIED) {
		report.comment = hf_arena_printf(
			&run.arena,
			"the unfinished transaction was finished; 'holdfast check%s' "
			"tells what is pending",
			hf_host_option(&run.host));
		report.result = "applied";
	} else {
		report.exit = HF_EXIT_INCOMPLETE;
		report.comment = "the unfinished transaction could not be settled";
		report.result = "incomplete";
	}
	if (report.exit == HF_EXIT_OK && any_left(&result)) {
		report.exit = HF_EXIT_PENDING;
		report.result = "pending";
	}
	if (result.error)
		hf_report_error(stderr, result.error, cli->color_err);
	if (cli->options.json)
		return hf_cli_report(cli, &report);
	fprintf(cli->out, "%s\n", report.comment);
	if (report.n_steps)
		hf_report_outcome_block(cli->out, &report);
	return report.exit;
}

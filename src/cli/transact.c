/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that change a host share: apply, rollback, recover. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cli/run.h"

/* What takes long: on a terminal a line that the next one replaces, elsewhere lines. */
static void tell_progress(void *user, const char *what)
{
	hf_run *run = user;

	if (run->cli->options.quiet)
		return;
	run->told = true;
	if (isatty(STDERR_FILENO) && !run->cli->options.verbose)
		fprintf(stderr, "\r\033[K%s ...", what);
	else
		fprintf(stderr, "holdfast: %s\n", what);
	fflush(stderr);
}

/* The commands that only look are silent where nobody watches. */
void hf_run_working(hf_run *run)
{
	const unsigned changes = HF_CMD_APPLY | HF_CMD_ROLLBACK | HF_CMD_RECOVER;

	if (!isatty(STDERR_FILENO) && !(run->cli->options.command->bit & changes))
		return;
	run->host.working = tell_progress;
	run->host.working_user = run;
}

void hf_run_progress_end(const hf_run *run)
{
	if (run->told && isatty(STDERR_FILENO) && !run->cli->options.verbose)
		fputs("\r\033[K", stderr);
}

int hf_run_must_be_root(hf_run *run)
{
	hf_error *err = NULL;

	if (run->host.offline || run->host.is_root)
		return 0;
	(void)hf_error_set(&err, -EPERM, "'%s' changes the running system: only root may",
			   run->cli->options.command->name);
	(void)hf_error_hint(&err,
			    "become root, see what it would do with 'holdfast plan', or "
			    "work on a tree with --root DIR");
	return hf_run_fail(run, HF_EXIT_FAILED, err);
}

static const char *step_name(hf_step_state state)
{
	static const char *const names[] = {
		[HF_STEP_DONE] = "done",	 [HF_STEP_FAILED] = "failed",
		[HF_STEP_REVERTED] = "reverted", [HF_STEP_STUCK] = "stuck",
		[HF_STEP_LEFT] = "left",
	};

	return names[state];
}

const hf_report_step *hf_run_steps(hf_run *run, const hf_apply_result *result)
{
	hf_report_step *steps =
		hf_arena_array(&run->arena, result->n_steps + 1, sizeof(*steps));

	for (size_t i = 0; steps && i < result->n_steps; i++)
		steps[i] = (hf_report_step){ result->steps[i].what,
					     step_name(result->steps[i].state),
					     result->steps[i].why };
	return steps;
}

/* The engine blocks the signals until its work is whole or undone; a pending one asks it
 * to undo. */
static bool is_interrupted(void *user)
{
	sigset_t pending;

	(void)user;
	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 ||
					     sigismember(&pending, SIGTERM) == 1 ||
					     sigismember(&pending, SIGHUP) == 1);
}

hf_apply_options hf_run_apply_options(hf_run *run)
{
	const hf_options *o = &run->cli->options;

	return (hf_apply_options){ .sets = run->sets.items,
				   .n_sets = run->sets.n,
				   .replace = o->replace,
				   .fact_args = o->facts.items,
				   .n_fact_args = o->facts.n,
				   .progress = tell_progress,
				   .user = run,
				   .interrupted = is_interrupted,
				   .record = o->record || o->confirm_sec,
				   .keep = o->keep,
				   .lock_wait = o->lock_wait_sec };
}

int hf_run_report_end(hf_run *run, hf_report *report)
{
	bool block = !run->cli->options.json && (report->exit == HF_EXIT_ROLLED_BACK ||
						 report->exit == HF_EXIT_INCOMPLETE);
	size_t n_steps = report->n_steps;
	int status;

	if (block) /* it tells them */
		report->n_steps = 0;
	status = hf_cli_report(run->cli, report);
	report->n_steps = n_steps;
	if (block)
		hf_report_outcome_block(run->cli->out, report);
	return status;
}

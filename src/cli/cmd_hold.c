/* SPDX-License-Identifier: Apache-2.0 */
/* hold, unhold: keep apply from changing anything for a while. */
#include "engine/hold.h"

#include <errno.h>
#include <string.h>

#include "cli/run.h"
#include "engine/state_file.h"
#include "report/paint.h"

static int tell(hf_run *run, const char *result, bool changed, const char *comment)
{
	hf_paint p = hf_paint_on(run->cli->out, false, 0);
	hf_report report = hf_run_report(run);

	report.result = result;
	report.changed = changed;
	report.comment = comment;
	if (run->cli->options.json)
		return hf_cli_report(run->cli, &report);
	hf_paint_line(&p, "%s", comment);
	run->cli->has_gaps |= p.oom;
	return HF_EXIT_OK;
}

static int hold_text(hf_run *run, const char **ret, hf_error **err)
{
	return hf_hold_text(&run->host, hf_cli_now(run->cli) / 1000000, &run->arena, ret,
			    err);
}

static int show(hf_run *run, bool changed)
{
	hf_error *err = NULL;
	const char *text;

	if (hold_text(run, &text, &err) < 0)
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	return tell(run, text ? "held" : "in-sync", changed,
		    text ? text : "no hold is in force");
}

static int usage(hf_run *run, const char *message)
{
	hf_error *err = NULL;

	(void)hf_error_set(&err, -EINVAL, "%s", message);
	(void)hf_error_hint(&err, "holdfast hold%s --for 8h \"moving the volumes\"",
			    hf_host_option(&run->host));
	return hf_run_fail(run, HF_EXIT_USAGE, err);
}

int hf_cmd_hold(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	const hf_options *o = &cli->options;
	const char *user;
	hf_error *err = NULL;
	int64_t until;
	int status = hf_run_open(&run, cli);

	if (status)
		return status;
	if (!o->operands.n && !o->for_sec)
		return show(&run, false);
	if (!o->for_sec)
		return usage(&run, "a hold needs an end: --for DURATION");
	if (o->operands.n != 1 || !*o->operands.items[0])
		return usage(&run, "a hold needs one reason, in quotes");
	status = hf_run_must_be_root(&run);
	if (status)
		return status;
	user = hf_state_user(&run.arena);
	until = hf_cli_now(cli) / 1000000 + o->for_sec;
	if (!user)
		(void)hf_error_oom(&err);
	if (!user || hf_hold_set(&run.host, until, o->operands.items[0], user, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	return show(&run, true);
}

int hf_cmd_unhold(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	cleanup_(hf_error_freep) hf_error *unread = NULL;
	hf_error *err = NULL;
	const char *text;
	bool held;
	int status = hf_run_open(&run, cli);

	if (!status)
		status = hf_run_must_be_root(&run);
	if (status)
		return status;
	/* a damaged one holds as well */
	held = hold_text(&run, &text, &unread) < 0 || text;
	if (hf_hold_clear(&run.host, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	return show(&run, held);
}

int hf_run_check_hold(hf_run *run)
{
	hf_error *err = NULL;
	int r = hf_hold_check(&run->host, hf_cli_now(run->cli) / 1000000, &err);

	if (!r)
		return 0;
	return hf_run_fail(run, r == -EINPROGRESS ? HF_EXIT_BUSY : HF_EXIT_FAILED, err);
}

void hf_run_note_hold(hf_run *run)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	const char *text;

	/* who may not read it is not told of it: it changes nothing for a check */
	if (hold_text(run, &text, &err) == 0 && text)
		hf_diag_add(&run->diags, HF_DIAG_WARNING, (hf_mark){ 0 }, NULL,
			    "this host is %s", text);
}

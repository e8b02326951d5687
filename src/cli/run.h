/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a command that looks at a host: open it, find and load the baselines,
 * select, survey. Each step returns 0, or the exit status after all has been told.
 *
 *	cleanup_(hf_run_done) hf_run run = { 0 };
 *	int status = hf_run_survey(&run, cli);
 *	return status ? status : ...;
 */
#ifndef HF_CLI_RUN_H
#define HF_CLI_RUN_H

#include "cli/cli.h"
#include "cli/lookup.h"
#include "engine/engine.h"

typedef struct hf_run {
	hf_cli *cli;
	hf_lookup lookup;
	hf_host host;
	bool host_open;
	hf_arena arena;
	hf_strings names; /* the baselines: given, last applied, or the default */
	hf_strings sets;  /* the recorded ones, then those given */
	hf_diags diags;
	hf_model model;
	hf_selection selection;
	hf_plan_options plan_options;
	hf_survey survey;
	hf_report_layer layers[3];
	bool is_live_apply; /* untrusted baselines are refused */
	bool told;	    /* something stands on the line of progress */
	bool look_ahead; /* hf_run_load() begins the survey: nothing changes before it */
} hf_run;

void hf_run_done(hf_run *run);

/** hf_run_open - open the host of --root; 0 or the exit status */
int hf_run_open(hf_run *run, hf_cli *cli) _must_check_;

/** hf_run_load - find, read, validate and select; needs the host only where no baseline
 *  is given; 0 or the exit status */
int hf_run_load(hf_run *run, hf_cli *cli, const hf_strings *names) _must_check_;

/** hf_run_observe - look at the open host with the model loaded; 0 or the exit status */
int hf_run_observe(hf_run *run) _must_check_;

/** hf_run_survey - open, load, observe; an unfinished transaction ends it with 5. 0 or
 *  the exit status */
int hf_run_survey(hf_run *run, hf_cli *cli, const hf_strings *names) _must_check_;

/** hf_run_dropped - the set would drop baselines in force: 64, unless --replace; 0 */
int hf_run_dropped(hf_run *run) _must_check_;

/** hf_run_report - a report of this run, to be completed by the command */
hf_report hf_run_report(hf_run *run);

/** hf_run_diags - warnings (and with -v notes) to stderr */
void hf_run_diags(hf_run *run);

/** hf_run_fail - the end of the run by an error; @error is freed; returns @status */
int hf_run_fail(hf_run *run, hf_exit status, hf_error *error);

/** hf_run_check_unfinished - an unfinished transaction ends the run with 5; or 0 */
int hf_run_check_unfinished(hf_run *run) _must_check_;

/** hf_run_check_hold - a hold ends the run with 75; or 0 (cmd_hold.c) */
int hf_run_check_hold(hf_run *run) _must_check_;

/** hf_run_note_hold - a hold in force becomes a warning (cmd_hold.c) */
void hf_run_note_hold(hf_run *run);

/** hf_run_must_be_root - the running system is changed by root only; 0 or the status */
int hf_run_must_be_root(hf_run *run) _must_check_;

/** hf_run_apply_options - of the command line, for the engine */
hf_apply_options hf_run_apply_options(hf_run *run);

/** hf_run_working - have long work told; hf_run_open() does it (transact.c) */
void hf_run_working(hf_run *run);

/** hf_run_progress_end - clear the line that moves, before the report */
void hf_run_progress_end(const hf_run *run);

/** hf_run_steps - an engine's steps as the report takes them; NULL: out of memory */
const hf_report_step *hf_run_steps(hf_run *run, const hf_apply_result *result);

/** hf_run_report_end - hf_cli_report(); in text, exit 4 and 5 end in the fixed block */
int hf_run_report_end(hf_run *run, hf_report *report);

/** hf_run_look - plan and check: survey and report */
int hf_run_look(hf_cli *cli, bool is_check);

#endif

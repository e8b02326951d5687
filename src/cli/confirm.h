/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply --confirm: a watchdog process is there before the apply begins. At the deadline,
 * or when the apply's own process is gone before its end, it undoes what was applied,
 * unless the confirmation waited for (engine/confirm.h) is gone by then: that is what
 * confirms.
 */
#ifndef HF_CLI_CONFIRM_H
#define HF_CLI_CONFIRM_H

#include "cli/run.h"
#include "engine/confirm.h"

typedef struct hf_watch {
	int alive_fd; /* the watchdog sees its other end closed when this process is gone
		       */
	int64_t deadline; /* seconds since the epoch */
	pid_t pid;	  /* the watchdog's */
	char run[HF_CONFIRM_RUN];
} hf_watch;

/** hf_watch_begin - note that one is waited for, start the watchdog; 0 or the exit status
 */
int hf_watch_begin(hf_run *run, hf_watch *ret) _must_check_;

/** hf_watch_applied - the apply is done: the time runs from now on */
void hf_watch_applied(hf_run *run, hf_watch *watch);

/** hf_watch_wait - wait for Enter on a terminal, else return
 *  Returns: 0 kept, or left to 'holdfast confirm'; 4 undone; 5 the undoing failed. */
int hf_watch_wait(hf_run *run, hf_watch *watch, const char *transaction) _must_check_;

/** hf_watch_cancel - nothing was applied: no confirmation is waited for */
void hf_watch_cancel(hf_run *run, hf_watch *watch);

/** hf_run_check_confirm - a confirmation waited for ends the run with 75; or 0 */
int hf_run_check_confirm(hf_run *run) _must_check_;

#endif

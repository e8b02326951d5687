/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/confirm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/journal.h"

#define POLL_MSEC 200
#define LOCK_WAIT_SEC 60 /* nobody is there to try again */

/* Whether it is cannot be told for the moment: it is. The undoing reads again, and fails
 * if it must. */
static bool still_waiting(hf_run *run, const hf_watch *watch, hf_confirm *ret)
{
	if (hf_confirm_read(&run->host, ret, NULL) < 0) {
		*ret = (hf_confirm){ .exists = true, .deadline = watch->deadline };
		return true;
	}
	return ret->exists && strcmp(ret->run, watch->run) == 0;
}

/* Undoes what the confirmation is waited for. Returns the exit status of it. */
static int undo(hf_run *run, const hf_watch *watch)
{
	cleanup_(hf_apply_result_done) hf_apply_result result = { 0 };
	const hf_apply_options options = { .record = run->host.offline,
					   .lock_wait = LOCK_WAIT_SEC };
	const hf_plan_options plan_options = {
		.restart = HF_RESTART_SAFE,
		.now = hf_cli_now(run->cli) / 1000000,
	};
	hf_error *err = NULL;
	bool undone;

	if (hf_confirm_undo(&run->host, &run->model, watch->run, &plan_options, &options,
			    &result, &undone, &err) < 0) {
		hf_report_error(stderr, err, false);
		hf_error_free(err);
		return HF_EXIT_INCOMPLETE;
	}
	return undone ? HF_EXIT_ROLLED_BACK : HF_EXIT_OK;
}

/* --- the watchdog --------------------------------------------------------------------
 */

/* Its own session, nothing of the terminal: it outlives whatever happens to the apply. */
static void detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGHUP, SIG_IGN);
	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
	}
	if (chdir("/") < 0)
		return; /* an unmount may be held up: nothing worse */
}

/*
 * @alive: brings 'a' for applied and 'u' for undo now, and ends when the apply is gone.
 * Gone without a word is a crash: undone at once, not only at the deadline.
 */
static int watch_over(hf_run *run, const hf_watch *watch, int alive)
{
	const struct timespec pause = { .tv_nsec = POLL_MSEC * 1000000L };
	struct pollfd fd = { .fd = alive, .events = POLLIN };
	bool applied = false, open = true;
	hf_confirm confirm;

	while (still_waiting(run, watch, &confirm)) {
		char word = 0;

		/* until it is applied, the deadline is that of an apply cut off */
		if (applied && time(NULL) >= confirm.deadline)
			return undo(run, watch);
		if (!open) {
			(void)nanosleep(&pause, NULL);
			continue;
		}
		if (poll(&fd, 1, POLL_MSEC) <= 0)
			continue;
		if (read(alive, &word, 1) != 1)
			open = false;
		applied |= word == 'a';
		if (word == 'u' || (!open && !applied))
			return undo(run, watch);
	}
	return HF_EXIT_OK;
}

/* The parent's descriptors of bus and kernel are its own: a new look at the host. */
static int watchdog(hf_run *run, const hf_watch *watch, int alive)
{
	run->host_open = false;
	run->cli->options.json = false; /* the report is not the watchdog's */
	if (hf_run_open(run, run->cli))
		return HF_EXIT_FAILED;
	detach();
	return watch_over(run, watch, alive);
}

static int start_watchdog(hf_run *run, hf_watch *watch, hf_error **err)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return hf_error_set(err, -errno, "cannot make a pipe: %s",
				    strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		return hf_error_set(err, -errno, "cannot start the watchdog: %s",
				    strerror(errno));
	}
	if (pid == 0) {
		(void)close(fds[1]);
		_exit(watchdog(run, watch, fds[0]));
	}
	(void)close(fds[0]);
	watch->alive_fd = fds[1];
	watch->pid = pid;
	return 0;
}

static int64_t deadline_from_now(const hf_run *run)
{
	return time(NULL) + run->cli->options.confirm_sec;
}

int hf_watch_begin(hf_run *run, hf_watch *ret)
{
	hf_error *err = NULL;
	int r;

	*ret = (hf_watch){ .alive_fd = -1, .deadline = deadline_from_now(run) };
	r = hf_confirm_begin(&run->host, ret->deadline, run->cli->options.lock_wait_sec,
			     ret->run, &err);
	if (r == -EINPROGRESS)
		return hf_run_fail(run, HF_EXIT_BUSY, err);
	if (!r) {
		r = start_watchdog(run, ret, &err);
		if (r < 0)
			(void)!hf_confirm_end(&run->host, ret->run, LOCK_WAIT_SEC, NULL);
	}
	return r < 0 ? hf_run_fail(run, HF_EXIT_FAILED, err) : 0;
}

void hf_watch_applied(hf_run *run, hf_watch *watch)
{
	int64_t deadline = deadline_from_now(run);

	/* a disk that is full now: the deadline counts from the beginning, then */
	if (hf_confirm_move(&run->host, watch->run, deadline, LOCK_WAIT_SEC, NULL) == 0)
		watch->deadline = deadline;
	if (write(watch->alive_fd, "a", 1) != 1)
		fprintf(stderr,
			"holdfast: the watchdog is gone; undo with 'holdfast "
			"rollback%s' if need be\n",
			hf_host_option(&run->host));
}

void hf_watch_cancel(hf_run *run, hf_watch *watch)
{
	/* The watchdog sees it gone and ends. While somebody else has the lock it is the
	 * watchdog that waits, and finds that nothing is to be undone. */
	(void)!hf_confirm_end(&run->host, watch->run, 0, NULL);
	if (watch->alive_fd >= 0)
		(void)close(watch->alive_fd);
	watch->alive_fd = -1;
}

/* --- waiting for Enter ---------------------------------------------------------------
 */

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* True: Enter was pressed. False: the time is over, a signal came, or the input ended. */
static bool wait_for_enter(hf_run *run, const hf_watch *watch)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	struct sigaction action = { .sa_handler = on_signal };
	hf_confirm confirm;
	char c;

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	while (!stop && time(NULL) < watch->deadline) {
		fprintf(stderr, "\rKeep this? Enter keeps it; undone in %3lld s ",
			(long long)(watch->deadline - time(NULL)));
		if (!still_waiting(run, watch,
				   &confirm)) /* 'holdfast confirm' elsewhere */
			return true;
		if (poll(&fd, 1, POLL_MSEC) > 0)
			return read(STDIN_FILENO, &c, 1) == 1;
	}
	return false;
}

/* It is waited for no more: kept, or undone? */
static int how_it_ended(hf_run *run, const char *transaction)
{
	hf_txn txn;

	if (hf_txn_load(&run->host, transaction, &run->arena, &txn, NULL) < 0)
		return HF_EXIT_INCOMPLETE;
	return txn.result == HF_TXN_ROLLED_BACK ? HF_EXIT_ROLLED_BACK : HF_EXIT_OK;
}

/* Has the watchdog do it, and waits for it; does it itself if the watchdog is gone. */
static int undo_now(hf_run *run, const hf_watch *watch, const char *transaction)
{
	const struct timespec pause = { .tv_nsec = POLL_MSEC * 1000000L };
	bool gone = write(watch->alive_fd, "u", 1) != 1;
	hf_confirm confirm;

	while (still_waiting(run, watch, &confirm)) {
		if (gone)
			return undo(run, watch);
		(void)nanosleep(&pause, NULL);
		gone = waitpid(watch->pid, NULL, WNOHANG) == watch->pid;
	}
	return how_it_ended(run, transaction);
}

int hf_watch_wait(hf_run *run, hf_watch *watch, const char *transaction)
{
	int status = HF_EXIT_OK;

	if (isatty(STDIN_FILENO) && !run->cli->options.json) {
		bool enter = wait_for_enter(run, watch);
		int r = 0;

		fputc('\n', stderr);
		if (enter)
			r = hf_confirm_keep(&run->host, watch->run, LOCK_WAIT_SEC, NULL);
		if (r == -ENOENT || r == -EALREADY)
			status = how_it_ended(run, transaction);
		else if (!enter || r < 0)
			status = undo_now(run, watch, transaction);
	}
	(void)close(watch->alive_fd);
	watch->alive_fd = -1;
	return status;
}

/* --- the command ---------------------------------------------------------------------
 */

int hf_run_check_confirm(hf_run *run)
{
	hf_error *err = NULL;
	int r = hf_confirm_check(&run->host, NULL, &err);

	if (!r)
		return 0;
	return hf_run_fail(run, r == -EINPROGRESS ? HF_EXIT_BUSY : HF_EXIT_FAILED, err);
}

int hf_cmd_confirm(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	hf_error *err = NULL;
	hf_confirm confirm;
	hf_report report;
	int r, status = hf_run_open(&run, cli);

	if (!status)
		status = hf_run_must_be_root(&run);
	if (status)
		return status;
	r = hf_confirm_read(&run.host, &confirm, &err);
	if (r < 0) { /* damaged: confirming is the cure */
		hf_report_error(stderr, err, cli->color_err);
		hf_error_free(err);
		err = NULL;
	}
	if (!r && !confirm.exists) /* nothing is written for that, not even a lock */
		r = hf_error_set(&err, -ENOENT, "no apply waits to be confirmed");
	else
		r = hf_confirm_keep(&run.host, NULL, LOCK_WAIT_SEC, &err);
	if (r == -ENOENT || r == -EALREADY) {
		(void)hf_error_hint(&err,
				    "it may have been undone: see 'holdfast history%s'",
				    hf_host_option(&run.host));
		return hf_run_fail(&run, HF_EXIT_USAGE, err);
	}
	if (r < 0)
		return hf_run_fail(
			&run, r == -EINPROGRESS ? HF_EXIT_BUSY : HF_EXIT_FAILED, err);
	report = hf_run_report(&run);
	report.result = "applied";
	report.changed = true;
	report.comment = "confirmed: what was applied stays";
	if (cli->options.json)
		return hf_cli_report(cli, &report);
	fprintf(cli->out, "%s\n", report.comment);
	return HF_EXIT_OK;
}

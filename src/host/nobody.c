/* SPDX-License-Identifier: Apache-2.0 */
#include "host/nobody.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/strbuf.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3; vm.memfd_noexec may ask for it */
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define POLL_MSEC 5
#define FD_FILE 3   /* HF_NOBODY_FILE */
#define FD_REPORT 4 /* closed by exec: the errno of what failed before */
#define FD_SAFE 10  /* above those that the child fills */

typedef struct run {
	const hf_nobody *what;
	int null, in, out; /* the pipe of its output */
	int report, tell;  /* the pipe of its errno */
	int file;
	pid_t pid;
	hf_strbuf output;
} run;

/* --- the child: nothing here may allocate or lock ---------------------------------- */

/* Only root has anything to drop. */
static int drop_rights(void)
{
	const uint32_t reads = 1u << CAP_DAC_READ_SEARCH;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { { reads, reads, reads } };

	if (geteuid() != 0)
		return 0;
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (i != CAP_DAC_READ_SEARCH && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return -1;
	if (setgroups(0, NULL) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    setresgid(HF_NOBODY_ID, HF_NOBODY_ID, HF_NOBODY_ID) < 0 ||
	    setresuid(HF_NOBODY_ID, HF_NOBODY_ID, HF_NOBODY_ID) < 0)
		return -1;
	if (syscall(SYS_capset, &head, caps) < 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0);
}

static int set_files(const run *r)
{
	if (dup2(r->null, 0) < 0 || dup2(r->out, 1) < 0 || dup2(r->out, 2) < 0 ||
	    dup3(r->tell, FD_REPORT, O_CLOEXEC) < 0)
		return -1;
	if (r->file >= 0 ? dup2(r->file, FD_FILE) < 0
			 : close(FD_FILE) < 0 && errno != EBADF)
		return -1;
	if (syscall(SYS_close_range, FD_REPORT + 1, ~0u, 0) < 0) /* Linux 5.9 */
		for (int fd = FD_REPORT + 1; fd < 4096; fd++)
			(void)close(fd);
	return 0;
}

static void child(const run *r)
{
	const struct rlimit none = { 0, 0 };
	int tell = r->tell, code;
	sigset_t set;
	ssize_t n;

	(void)setpgid(0, 0);
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	if (set_files(r) == 0)
		tell = FD_REPORT;
	if (tell == FD_REPORT && chdir("/") == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
	    drop_rights() == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)execvpe(r->what->argv[0], (char *const *)(uintptr_t)r->what->argv,
			      (char *const *)(uintptr_t)r->what->env);
	}
	code = errno;
	n = write(tell, &code, sizeof(code));
	_exit(n == sizeof(code) ? 127 : 126);
}

/* --- what it is given -------------------------------------------------------------- */

static void close_fd(int *fd)
{
	hf_closep(fd);
	*fd = -1;
}

/* Out of the way of the child's own. */
static int move_up(int *fd)
{
	int moved = fcntl(*fd, F_DUPFD_CLOEXEC, FD_SAFE);

	if (moved < 0)
		return -1;
	(void)close(*fd);
	*fd = moved;
	return 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Each opening of it begins at its start, and nobody can write to it. */
static int make_file(run *r)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;

	if (!r->what->bytes)
		return 0;
	r->file = memfd_create("holdfast", flags | MFD_NOEXEC_SEAL);
	if (r->file < 0 && errno == EINVAL)
		r->file = memfd_create("holdfast", flags);
	if (r->file < 0 || move_up(&r->file) < 0 ||
	    write_all(r->file, r->what->bytes, r->what->len) < 0)
		return -1;
	return fcntl(r->file, F_ADD_SEALS,
		     F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
}

static int make_pipe(int *in, int *out)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	*in = fds[0];
	*out = fds[1];
	if (fcntl(*in, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	return move_up(in) < 0 ? -1 : move_up(out);
}

static int make_files(run *r)
{
	r->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (r->null < 0 || move_up(&r->null) < 0)
		return -1;
	if (make_pipe(&r->in, &r->out) < 0 || make_pipe(&r->report, &r->tell) < 0)
		return -1;
	return make_file(r);
}

/* --- waiting for it ---------------------------------------------------------------- */

/* What there is by now; what is too much is read and dropped, so that it can go on. */
static void take_output(run *r)
{
	char buf[4096];
	ssize_t n;

	while (r->in >= 0) {
		n = read(r->in, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_fd(&r->in);
			return;
		}
		if ((size_t)n > HF_NOBODY_OUTPUT_MAX - r->output.len)
			n = (ssize_t)(HF_NOBODY_OUTPUT_MAX - r->output.len);
		hf_strbuf_add(&r->output, buf, (size_t)n);
	}
}

/* True: it has ended, and is still there to be reaped: its number is nobody else's. */
static bool has_ended(const run *r)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == r->pid;
}

/* Returns false at the deadline. */
static bool wait_for(run *r)
{
	uint64_t deadline = hf_clock_usec(CLOCK_MONOTONIC) + r->what->timeout_usec;
	bool ended;

	for (;;) {
		struct pollfd fd = { .fd = r->in, .events = POLLIN };

		(void)poll(&fd, 1, POLL_MSEC);
		take_output(r);
		ended = has_ended(r);
		if (ended || hf_clock_usec(CLOCK_MONOTONIC) >= deadline)
			break;
	}
	(void)kill(-r->pid, SIGKILL); /* what it has left behind, too */
	(void)kill(r->pid, SIGKILL);
	return ended;
}

static int answer(run *r, bool ended, hf_arena *arena, hf_nobody_answer *ret)
{
	int status = 0, code = 0;
	ssize_t n;

	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	take_output(r);
	ret->status = -1;
	ret->output = hf_strbuf_ok(&r->output)
			      ? hf_arena_strdup(arena, hf_strbuf_str(&r->output))
			      : NULL;
	n = read(r->report, &code, sizeof(code));
	if (n == sizeof(code))
		ret->why = hf_arena_printf(arena, "'%s' cannot be run: %s",
					   r->what->argv[0], strerror(code));
	else if (!ended)
		ret->why = hf_arena_printf(
			arena, "no answer within %llu s",
			(unsigned long long)(r->what->timeout_usec / 1000000));
	else if (WIFSIGNALED(status))
		ret->why =
			hf_arena_printf(arena, "killed by signal %d", WTERMSIG(status));
	else
		ret->status = WEXITSTATUS(status);
	return ret->output && (ret->status >= 0 || ret->why) ? 0 : -ENOMEM;
}

static void run_done(run *r)
{
	close_fd(&r->null);
	close_fd(&r->in);
	close_fd(&r->out);
	close_fd(&r->report);
	close_fd(&r->tell);
	close_fd(&r->file);
	hf_strbuf_done(&r->output);
}

int hf_nobody_run(const hf_nobody *what, hf_arena *arena, hf_nobody_answer *ret,
		  hf_error **err)
{
	cleanup_(run_done) run r = { .what = what,
				     .null = -1,
				     .in = -1,
				     .out = -1,
				     .report = -1,
				     .tell = -1,
				     .file = -1 };

	*ret = (hf_nobody_answer){ 0 };
	if (make_files(&r) < 0 || (r.pid = fork()) < 0)
		return hf_error_set(err, -errno, "cannot run '%s': %s", what->argv[0],
				    strerror(errno));
	if (r.pid == 0)
		child(&r);
	close_fd(&r.out);
	close_fd(&r.tell);
	return answer(&r, wait_for(&r), arena, ret) < 0 ? hf_error_oom(err) : 0;
}

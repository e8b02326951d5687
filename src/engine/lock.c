/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "engine/engine.h"
#include "host/fs.h"

#define POLL_NSEC (100L * 1000 * 1000)

/* proc(5), /proc/locks: "1: FLOCK  ADVISORY  WRITE PID MAJ:MIN:INODE 0 EOF". 0: not told.
 */
static long holder_of(int fd)
{
	cleanup_free char *line = NULL;
	size_t cap = 0;
	struct stat st;
	long found = 0;
	FILE *f;

	if (fstat(fd, &st) < 0)
		return 0;
	f = fopen("/proc/locks", "re");
	if (!f)
		return 0;
	while (!found && getline(&line, &cap, f) > 0) {
		unsigned long long ino;
		long pid;

		if (sscanf(line, "%*d: FLOCK %*s %*s %ld %*x:%*x:%llu", &pid, &ino) ==
			    2 &&
		    ino == st.st_ino)
			found = pid;
	}
	(void)fclose(f);
	return found;
}

static int busy(int fd, hf_error **err)
{
	long pid = holder_of(fd);

	if (pid > 0)
		(void)hf_error_set(err, -EBUSY,
				   "another holdfast (process %ld) is changing this host",
				   pid);
	else
		(void)hf_error_set(err, -EBUSY, "another holdfast is changing this host");
	(void)hf_error_hint(err, "wait for it to end, or give --lock-timeout SECONDS");
	return -EBUSY;
}

static int wait_for_lock(int fd, int wait_sec, hf_error **err)
{
	const struct timespec pause = { .tv_nsec = POLL_NSEC };
	/* flock(2) has no deadline of its own; ten looks a second until ours is over */
	long tries = (long)wait_sec * 10;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return hf_error_set(err, -errno, "cannot lock '%s': %s",
					    HF_STATE_DIR, strerror(errno));
		if (tries-- <= 0)
			return busy(fd, err);
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int hf_lock_take(hf_host *host, int wait_sec, hf_arena *arena, hf_lock *ret,
		 hf_error **err)
{
	bool own_tree = host->offline && !host->is_root;
	cleanup_close int fd = -1;
	char *made = NULL;
	int r;

	r = hf_fs_mkdir(host, HF_STATE_DIR, own_tree ? geteuid() : 0,
			own_tree ? getegid() : 0, 0700, arena, &made, err);
	if (!r)
		r = hf_fs_open(host, HF_STATE_DIR, O_RDONLY | O_DIRECTORY, 0, &fd, err);
	if (!r)
		r = wait_for_lock(fd, wait_sec, err);
	if (r < 0)
		return r;
	ret->fd = take_fd(fd);
	ret->made = made;
	return 0;
}

void hf_lock_drop(hf_host *host, hf_lock *lock)
{
	if (lock->fd <= 0)
		return;
	(void)close(lock->fd);
	if (lock->made) /* fails, as it should, when something was put there */
		(void)!hf_fs_rmdir_up_to(host, HF_STATE_DIR, lock->made, NULL);
	*lock = (hf_lock){ 0 };
}

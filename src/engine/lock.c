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

#define TRIES_MAX 100
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
		(void)hf_error_set(err, -EINPROGRESS,
				   "another holdfast (process %ld) is changing this host",
				   pid);
	else
		(void)hf_error_set(err, -EINPROGRESS,
				   "another holdfast is changing this host");
	(void)hf_error_hint(err, "wait for it to end, or give --lock-timeout SECONDS");
	return -EINPROGRESS;
}

static int wait_for_lock(int fd, int wait_sec, hf_error **err)
{
	const struct timespec pause = { .tv_nsec = POLL_NSEC };
	/* flock(2) has no deadline of its own; ten looks a second until ours is over, and
	 * one more: the lock of who was killed just now goes with the last of its files
	 */
	long tries = (long)wait_sec * 10 + 1;

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

static int open_state_dir(hf_host *host, size_t *made, int *ret_fd, hf_error **err)
{
	bool own_tree = host->offline && !host->is_root;
	size_t made_now = 0;
	int r;

	r = hf_fs_mkdir(host, HF_STATE_DIR, own_tree ? geteuid() : 0,
			own_tree ? getegid() : 0, 0700, &made_now, err);
	if (made_now)
		*made = made_now;
	if (!r)
		r = hf_fs_open(host, HF_STATE_DIR, O_RDONLY | O_DIRECTORY, 0, ret_fd,
			       err);
	return r;
}

/* A lock on a directory that was removed since it was opened keeps nobody out. */
static bool is_state_dir(hf_host *host, int fd)
{
	hf_inode now;
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       hf_fs_inode(host, HF_STATE_DIR, 0, &now, NULL) == 0 &&
	       st.st_ino == now.ino && st.st_dev == now.dev;
}

int hf_lock_take(hf_host *host, int wait_sec, hf_lock *ret, hf_error **err)
{
	size_t made = 0;

	for (unsigned tries = 1;; tries++) {
		cleanup_close int fd = -1;
		cleanup_(hf_error_freep) hf_error *why = NULL;
		int r = open_state_dir(host, &made, &fd, &why);

		if (!r)
			r = wait_for_lock(fd, wait_sec, &why);
		if (!r && !is_state_dir(host, fd))
			r = hf_error_set(&why, -ENOENT, "'%s' comes and goes",
					 HF_STATE_DIR);
		if (!r) {
			ret->fd = take_fd(fd);
			ret->made = made;
			return 0;
		}
		/* another one made it meanwhile, or took away the one that it had made */
		if ((r == -EEXIST || r == -ENOENT) && tries < TRIES_MAX)
			continue;
		if (err)
			*err = take_ptr(why);
		return r;
	}
}

void hf_lock_drop(hf_host *host, hf_lock *lock)
{
	if (lock->fd <= 0)
		return;
	if (lock->made) /* fails, as it should, when something was put there */
		(void)!hf_fs_rmdir_up_to(host, HF_STATE_DIR, strlen(HF_STATE_DIR),
					 lock->made, NULL);
	(void)close(lock->fd);
	*lock = (hf_lock){ 0 };
}

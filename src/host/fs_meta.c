/* SPDX-License-Identifier: Apache-2.0 */
/* Owner, group and mode of an inode; directories made and taken away again. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"
#include "host/fs_internal.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452 /* Linux 6.6; the number is the same on every machine */
#endif

#define PARENT_MODE 0755

int hf_fs_chmod_fd(int fd, mode_t mode)
{
	char path[64];

	if (syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0)
		return 0;
	/* ENOSYS: older kernel. EPERM may be an old seccomp filter: asked once more. */
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (chmod(path, mode) == 0)
		return 0;
	return errno == ENOENT ? -ENOSYS : -errno; /* no /proc: no way left */
}

static int check_settable(const hf_inode *inode, const char *path, hf_error **err)
{
	if (S_ISLNK(inode->mode))
		return hf_error_set(err, -ELOOP, "'%s' is a symlink, which has no mode",
				    path);
	if (S_ISREG(inode->mode) && inode->nlink > 1 && inode->uid != 0) {
		(void)hf_error_set(
			err, -EMLINK,
			"'%s' has %llu hard links and belongs to uid %u: another "
			"name of it may be meant for something else",
			path, (unsigned long long)inode->nlink, (unsigned)inode->uid);
		return hf_error_hint(err, "find them with: find / -xdev -samefile %s",
				     path);
	}
	if (inode->immutable) {
		(void)hf_error_set(err, -EPERM,
				   "cannot change owner or mode of '%s': it is immutable",
				   path);
		return hf_error_hint(err, "take the flag off first: chattr -i -a %s",
				     path);
	}
	return 0;
}

static int look(int fd, const char *path, hf_inode *ret, hf_error **err)
{
	uint64_t mount;
	int r = hf_fs_statx(fd, ret, &mount);

	return r < 0 ? hf_fs_fail(err, r, "look at", path) : 0;
}

static int set_mode(int fd, const char *path, mode_t mode, hf_error **err)
{
	int r = hf_fs_chmod_fd(fd, mode);

	return r < 0 ? hf_fs_fail(err, r, "set the mode of", path) : 0;
}

static int set_owner(int fd, const char *path, const hf_inode *now, uid_t uid, gid_t gid,
		     mode_t mode, hf_error **err)
{
	/* Between the two calls nobody may have more than both owners would have. */
	mode_t narrow = now->mode & mode & 0777;
	int r;

	if (narrow != (now->mode & 07777)) {
		r = set_mode(fd, path, narrow, err);
		if (r < 0)
			return r;
	}
	if (fchownat(fd, "", uid == now->uid ? (uid_t)-1 : uid,
		     gid == now->gid ? (gid_t)-1 : gid, AT_EMPTY_PATH) < 0)
		return hf_fs_fail(err, -errno, "set the owner of", path);
	return 0;
}

int hf_fs_set_meta(int fd, const char *path, uid_t uid, gid_t gid, mode_t mode,
		   hf_error **err)
{
	hf_inode now;
	int r;

	mode &= 07777;
	r = look(fd, path, &now, err);
	if (r < 0)
		return r;
	if (now.uid == uid && now.gid == gid && (now.mode & 07777) == mode)
		return 0;
	r = check_settable(&now, path, err);
	if (r < 0)
		return r;
	/* A chown clears setuid even where it changes nothing, chown(2): never idle. */
	if (now.uid != uid || now.gid != gid) {
		r = set_owner(fd, path, &now, uid, gid, mode, err);
		if (r == 0)
			r = look(fd, path, &now, err);
		if (r < 0)
			return r;
	}
	if ((now.mode & 07777) != mode) {
		r = set_mode(fd, path, mode, err);
		if (r == 0)
			r = look(fd, path, &now, err);
		if (r < 0)
			return r;
	}
	if (now.uid != uid || now.gid != gid || (now.mode & 07777) != mode)
		return hf_error_set(err, -EIO,
				    "'%s' did not take owner and mode: it has %u:%u %04o",
				    path, (unsigned)now.uid, (unsigned)now.gid,
				    (unsigned)(now.mode & 07777));
	return 0;
}

/* The first @len bytes of a path, without allocating. */
static int copy_path(const char *path, size_t len, char ret[static PATH_MAX],
		     hf_error **err)
{
	if (len >= PATH_MAX)
		return hf_fs_fail(err, -ENAMETOOLONG, "open directory", path);
	memcpy(ret, path, len);
	ret[len] = '\0';
	return 0;
}

/* syncfs(2) wants an opened file, and not everything can be opened to no effect (sockets,
 * devices): the directory it is in will do, unless it is the root of a mount. */
static int open_for_sync(hf_host *host, const char *path, const struct stat *of)
{
	const char *slash = strrchr(path, '/');
	cleanup_close int fd = -1;
	char dir[PATH_MAX];
	struct stat st;

	if (copy_path(path, slash && slash > path ? (size_t)(slash - path) : 1, dir,
		      NULL) < 0)
		return -ENAMETOOLONG;
	fd = hf_fs_open_raw(host, dir, O_RDONLY | O_DIRECTORY);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == of->st_dev)
		return take_fd(fd);
	if (!S_ISREG(of->st_mode) && !S_ISDIR(of->st_mode))
		return -ENODEV;
	return hf_fs_open_raw(host, path, O_RDONLY | O_NONBLOCK);
}

int hf_fs_sync_of(hf_host *host, const char *path, unsigned flags, hf_error **err)
{
	cleanup_close int at = -1, fd = -1;
	struct stat st;
	int r = hf_fs_open(host, path, O_PATH, flags, &at, err);

	if (r < 0)
		return r;
	if (fstat(at, &st) < 0)
		return hf_fs_fail(err, -errno, "look at", path);
	fd = open_for_sync(host, path, &st);
	if (fd == -ENODEV) /* a socket mounted on a file: it is on no disk */
		return fd = -1, 0;
	if (fd < 0)
		return r = fd, fd = -1, hf_fs_fail(err, r, "open", path);
	while (syncfs(fd) < 0)
		if (errno != EINTR)
			return hf_fs_fail(err, -errno, "write out the file system of",
					  path);
	return 0;
}

/* --- directories ------------------------------------------------------------------- */

static int sync_directory(int fd, const char *path, hf_error **err)
{
	int r = hf_fs_sync_fd(fd);

	return r < 0 ? hf_fs_fail(err, r, "write out directory", path) : 0;
}

/* One directory below @parent; @ret_fd gets it opened. */
static int make_one(int parent, const char *name, const char *path, uid_t uid, gid_t gid,
		    mode_t mode, int *ret_fd, hf_error **err)
{
	cleanup_close int fd = -1;
	struct stat st;

	if (mkdirat(parent, name, 0700) < 0)
		return hf_fs_fail(err, -errno, "make directory", path);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hf_fs_fail(err, -errno, "open directory", path);
	if ((st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) < 0)
		return hf_fs_fail(err, -errno, "set the owner of", path);
	if (fchmod(fd, mode & 07777) < 0)
		return hf_fs_fail(err, -errno, "set the mode of", path);
	*ret_fd = take_fd(fd);
	return sync_directory(parent, path, err);
}

/* The deepest directory of @path that exists; @ret_len: the length of its path. */
static int open_deepest(hf_host *host, const char *path, int *ret_fd, size_t *ret_len,
			hf_error **err)
{
	size_t len = strlen(path);
	char p[PATH_MAX];
	int r = copy_path(path, len, p, err);

	if (r < 0)
		return r;
	for (;;) {
		int fd = hf_fs_open_raw(host, len ? p : "/", O_RDONLY | O_DIRECTORY);

		if (fd >= 0) {
			*ret_fd = fd;
			*ret_len = len;
			return 0;
		}
		if (fd != -ENOENT || len == 0)
			return hf_fs_fail(err, fd, "open directory", len ? p : "/");
		while (len > 0 && p[len - 1] != '/')
			len--;
		while (len > 0 && p[len - 1] == '/')
			len--;
		p[len] = '\0';
	}
}

static int make_chain(hf_host *host, const char *path, uid_t uid, gid_t gid, mode_t mode,
		      size_t *top, hf_error **err)
{
	cleanup_close int fd = -1;
	size_t at = 0;
	int r;

	r = open_deepest(host, path, &fd, &at, err);
	if (r < 0)
		return r;
	while (path[at]) {
		char name[NAME_MAX + 1];
		cleanup_close int made = -1;
		size_t start = at + strspn(path + at, "/");
		size_t n = strcspn(path + start, "/");
		bool last = path[start + n + strspn(path + start + n, "/")] == '\0';

		if (n == 0)
			break;
		if (n > NAME_MAX)
			return hf_fs_fail(err, -ENAMETOOLONG, "make directory", path);
		memcpy(name, path + start, n);
		name[n] = '\0';
		at = start + n;
		r = make_one(fd, name, path, last ? uid : geteuid(),
			     last ? gid : getegid(), last ? mode : PARENT_MODE, &made,
			     err);
		if (!*top && faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
		    r != -EEXIST)
			*top = at;
		if (r < 0)
			return r;
		(void)close(fd);
		fd = take_fd(made);
	}
	return 0;
}

int hf_fs_mkdir(hf_host *host, const char *path, uid_t uid, gid_t gid, mode_t mode,
		size_t *ret_made, hf_error **err)
{
	size_t top = 0;
	int r = make_chain(host, path, uid, gid, mode, &top, err);

	if (r < 0) {
		if (top && hf_fs_rmdir_up_to(host, path, strlen(path), top, NULL) < 0)
			return hf_error_wrap(err, "and '%.*s' is left behind", (int)top,
					     path);
		return r;
	}
	if (ret_made)
		*ret_made = top;
	return 0;
}

int hf_fs_rmdir_up_to(hf_host *host, const char *path, size_t len, size_t top,
		      hf_error **err)
{
	char p[PATH_MAX];
	int r = copy_path(path, len, p, err);

	if (r < 0)
		return r;
	while (strlen(p) >= top && p[0] == '/' && p[1]) {
		cleanup_close int dir = -1;
		char *slash = strrchr(p, '/');

		*slash = '\0';
		dir = hf_fs_open_raw(host, *p ? p : "/", O_RDONLY | O_DIRECTORY);
		if (dir < 0 && dir != -ENOENT)
			return hf_fs_fail(err, dir, "open directory", p);
		*slash = '/';
		if (dir >= 0 && unlinkat(dir, slash + 1, AT_REMOVEDIR) < 0 &&
		    errno != ENOENT)
			return hf_fs_fail(err, -errno, "remove directory", p);
		if (dir >= 0) {
			r = sync_directory(dir, p, err);
			if (r < 0)
				return r;
		}
		if (slash == p)
			break;
		*slash = '\0';
	}
	return 0;
}

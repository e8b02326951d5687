/* SPDX-License-Identifier: Apache-2.0 */
/* Resolution below the root descriptor: openat2(2), else a walk by components. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"
#include "host/fs_internal.h"

#define DEPTH_MAX 256 /* directories of one path that the walk holds open */
#define RETRIES_MAX 128
#define NEW_FILE_MODE 0600

int hf_fs_fail(hf_error **err, int code, const char *verb, const char *path)
{
	const char *reason = NULL, *hint = NULL;

	switch (code) {
	case -ENOMEM:
		return hf_error_oom(err);
	case -EROFS:
		reason = "its file system is mounted read-only";
		hint = "remount it writable, or take the control out with --skip";
		break;
	case -EBUSY:
		reason = "something is mounted right there (a bind mount?)";
		hint = "change the file that is mounted, or unmount it first";
		break;
	case -ENOSPC:
	case -EDQUOT:
		reason = "no space is left on its file system";
		break;
	case -ELOOP:
		reason = "too many symlinks, or a link that must not be followed";
		break;
	case -EACCES:
	case -EPERM:
		if (geteuid() != 0)
			hint = "run it as root";
		break;
	default:
		break;
	}
	(void)hf_error_set(err, code, "cannot %s '%s': %s", verb, path,
			   reason ? reason : strerror(-code));
	if (hint)
		(void)hf_error_hint(err, "%s", hint);
	return code;
}

static int open_by_kernel(hf_host *host, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags,
		.mode = flags & O_CREAT ? NEW_FILE_MODE : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	/* EAGAIN: a rename or mount somewhere raced with a "..", openat2(2). */
	for (unsigned tries = 0; tries < RETRIES_MAX;) {
		long fd = syscall(SYS_openat2, host->root_fd, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		tries++;
	}
	return -EAGAIN;
}

int hf_fs_open_raw(hf_host *host, const char *path, int flags)
{
	int fd;

	flags |= O_CLOEXEC;
	if (!(flags & O_PATH))
		flags |= O_NONBLOCK | O_NOCTTY;
	if (host->no_openat2)
		return hf_fs_walk_path(host, path, flags, NULL);
	fd = open_by_kernel(host, path, flags);
	if (fd == -ENOSYS) {
		host->no_openat2 = true;
		return hf_fs_walk_path(host, path, flags, NULL);
	}
	return fd;
}

int hf_fs_open(hf_host *host, const char *path, int flags, unsigned how, int *ret_fd,
	       hf_error **err)
{
	int fd = hf_fs_open_raw(host, path,
				flags | (how & HF_FS_NOFOLLOW ? O_NOFOLLOW : 0));

	if (fd < 0)
		return hf_fs_fail(err, fd, "open", path);
	*ret_fd = fd;
	return 0;
}

/* --- the component walk ------------------------------------------------------------ */

/*
 * The directories walked through are kept open in a stack; ".." pops it and an absolute
 * link empties it. So ".." is never asked of the kernel, and whatever others rename
 * meanwhile, the walk cannot come out above the root.
 */
typedef struct walk {
	int root_fd;
	int fds[DEPTH_MAX];
	char *names[DEPTH_MAX];
	size_t depth;
	char *rest;	 /* owned */
	const char *pos; /* in .rest: still to be walked */
	unsigned links;
	uid_t root_uid;	  /* who owns the root */
	bool has_foreign; /* a link on the way belongs to neither root nor .root_uid: */
	uid_t link_uid;	  /* the first such one's owner */
} walk;

static void walk_pop(walk *w)
{
	w->depth--;
	(void)close(w->fds[w->depth]);
	free(w->names[w->depth]);
}

static void walk_done(walk *w)
{
	while (w->depth > 0)
		walk_pop(w);
	free(w->rest);
}

static int walk_top(const walk *w)
{
	return w->depth ? w->fds[w->depth - 1] : w->root_fd;
}

static int walk_push(walk *w, int *fd, const char *name)
{
	char *copy;

	if (w->depth == DEPTH_MAX)
		return -ENAMETOOLONG;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	w->fds[w->depth] = take_fd(*fd);
	w->names[w->depth++] = copy;
	return 0;
}

/* Puts the text of a symlink before what is left to walk. */
static int walk_link(walk *w, int fd)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
	char *rest;

	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENOENT;
	if (++w->links > HF_LINKS_MAX)
		return -ELOOP;
	target[n] = '\0';
	if (strlen(w->pos) > 2 * PATH_MAX)
		return -ENAMETOOLONG;
	if (target[0] == '/')
		while (w->depth > 0)
			walk_pop(w);
	if (asprintf(&rest, "%s%s", target, w->pos) < 0)
		return -ENOMEM;
	free(w->rest);
	w->rest = rest;
	w->pos = rest;
	return 0;
}

/* The next component into @name, past it in .pos. 1: there is one, 0: none, -errno. */
static int walk_next(walk *w, char name[static NAME_MAX + 1])
{
	size_t n;

	w->pos += strspn(w->pos, "/");
	n = strcspn(w->pos, "/");
	if (n == 0)
		return 0;
	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, w->pos, n);
	name[n] = '\0';
	w->pos += n;
	return 1;
}

/* The whole path was a directory: open that as the caller wants it. */
static int walk_finish_dir(walk *w, int flags)
{
	int fd;

	if (flags & O_PATH)
		fd = fcntl(walk_top(w), F_DUPFD_CLOEXEC, 3);
	else
		fd = openat(walk_top(w), ".", flags, NEW_FILE_MODE);
	return fd < 0 ? -errno : fd;
}

/* The last component, which is no directory. -EAGAIN: it was swapped for a link. */
static int walk_finish(walk *w, int *probe, const char *name, int flags)
{
	int fd;

	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	if (flags & O_PATH)
		return take_fd(*probe);
	fd = openat(walk_top(w), name, flags | O_NOFOLLOW, NEW_FILE_MODE);
	if (fd < 0)
		return errno == ELOOP && !(flags & O_NOFOLLOW) ? -EAGAIN : -errno;
	return fd;
}

/* One component. 1: go on; otherwise *ret is the result. */
static int walk_step(walk *w, const char *name, int flags, hf_strbuf *last, int *ret)
{
	cleanup_close int fd = -1;
	bool is_last = w->pos[strspn(w->pos, "/")] == '\0';
	struct stat st;
	int r;

	fd = openat(walk_top(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && is_last && (flags & O_CREAT)) {
		fd = openat(walk_top(w), name, flags | O_NOFOLLOW, NEW_FILE_MODE);
		*ret = fd < 0 ? -errno : take_fd(fd);
		hf_strbuf_adds(last, name);
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return *ret = -errno, 0;
	if (S_ISLNK(st.st_mode) &&
	    !(is_last && (flags & O_NOFOLLOW) && *w->pos == '\0')) {
		if (!w->has_foreign && st.st_uid != 0 && st.st_uid != w->root_uid) {
			w->has_foreign = true;
			w->link_uid = st.st_uid;
		}
		r = walk_link(w, fd);
		return r < 0 ? (*ret = r, 0) : 1;
	}
	if (S_ISDIR(st.st_mode)) {
		r = walk_push(w, &fd, name);
		return r < 0 ? (*ret = r, 0) : 1;
	}
	if (!is_last || *w->pos != '\0')
		return *ret = -ENOTDIR, 0;
	*ret = walk_finish(w, &fd, name, flags);
	hf_strbuf_adds(last, name);
	return 0;
}

static void walk_names(const walk *w, const hf_strbuf *last, hf_strbuf *names)
{
	for (size_t i = 0; i < w->depth; i++)
		hf_strbuf_addf(names, "/%s", w->names[i]);
	if (!hf_strbuf_ok(last))
		names->oom = true; /* else the directory would pass for the file */
	if (last->len)
		hf_strbuf_addf(names, "/%s", hf_strbuf_str(last));
	if (!names->len)
		hf_strbuf_addc(names, '/');
}

static int walk_all(walk *w, const char *path, int flags, hf_strbuf *names)
{
	cleanup_(hf_strbuf_done) hf_strbuf last = { 0 };
	char name[NAME_MAX + 1];
	int r, fd = -EIO;

	w->rest = strdup(path);
	if (!w->rest)
		return -ENOMEM;
	w->pos = w->rest;
	for (;;) {
		r = walk_next(w, name);
		if (r < 0)
			return r;
		if (r == 0) {
			fd = walk_finish_dir(w, flags);
			break;
		}
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			if (w->depth > 0)
				walk_pop(w);
			continue;
		}
		if (walk_step(w, name, flags, &last, &fd) == 0)
			break;
	}
	if (fd >= 0 && names)
		walk_names(w, &last, names);
	return fd;
}

static int walk_once(hf_host *host, const char *path, int flags, hf_strbuf *names)
{
	cleanup_(walk_done) walk w = { .root_fd = host->root_fd };

	return walk_all(&w, path, flags, names);
}

int hf_fs_foreign_link(hf_host *host, const char *path, uid_t *ret)
{
	cleanup_(walk_done) walk w = { .root_fd = host->root_fd };
	cleanup_close int fd = -1;
	struct stat st;

	if (fstat(host->root_fd, &st) < 0)
		return -errno;
	w.root_uid = st.st_uid;
	fd = walk_all(&w, path, O_PATH | O_CLOEXEC, NULL);
	if (fd == -ENOMEM)
		return fd;
	if (w.has_foreign)
		*ret = w.link_uid;
	return w.has_foreign;
}

int hf_fs_walk_path(hf_host *host, const char *path, int flags, hf_strbuf *names)
{
	int fd = -EAGAIN;

	for (unsigned tries = 0; fd == -EAGAIN && tries < RETRIES_MAX; tries++)
		fd = walk_once(host, path, flags, names);
	return fd;
}

/*
 * What the kernel calls the object, proc(5) on /proc/PID/fd: of the running system only,
 * whose root is this process's. 1: *ret is it; 0: walk instead (no /proc, out of reach,
 * deleted); -ENOENT: there is no such object; -ENOMEM.
 */
static int kernel_name(hf_host *host, const char *path, hf_arena *arena, char **ret)
{
	cleanup_close int fd = -1;
	char link[64], text[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (host->offline)
		return 0;
	fd = hf_fs_open_raw(host, path, O_PATH);
	if (fd < 0)
		return fd == -ENOENT ? fd : 0;
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return 0;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, sizeof(text));
	if (n <= 0 || (size_t)n == sizeof(text) || text[0] != '/')
		return 0;
	*ret = hf_arena_memdup(arena, text, (size_t)n);
	return *ret ? 1 : -ENOMEM;
}

int hf_fs_canonical(hf_host *host, const char *path, hf_arena *arena, char **ret,
		    hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf names = { 0 };
	cleanup_close int fd = -1;
	char *s = NULL;
	int r = kernel_name(host, path, arena, &s);

	if (r < 0)
		return hf_fs_fail(err, r, "resolve", path);
	if (r > 0) {
		*ret = s;
		return 0;
	}
	fd = hf_fs_walk_path(host, path, O_PATH | O_CLOEXEC, &names);
	if (fd < 0)
		return hf_fs_fail(err, fd, "resolve", path);
	if (!hf_strbuf_ok(&names) || !(s = hf_arena_strdup(arena, hf_strbuf_str(&names))))
		return hf_error_oom(err);
	*ret = s;
	return 0;
}

int hf_fs_readlink(hf_host *host, const char *path, hf_arena *arena, char **ret,
		   hf_error **err)
{
	cleanup_close int fd = -1;
	char target[PATH_MAX];
	ssize_t n;
	char *s;

	fd = hf_fs_open_raw(host, path, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return hf_fs_fail(err, fd, "open", path);
	n = readlinkat(fd, "", target, sizeof(target));
	if (n < 0 && (errno == EINVAL || errno == ENOENT)) /* ENOENT: not a link, "" */
		return hf_error_set(err, -EINVAL, "'%s' is not a symlink", path);
	if (n < 0)
		return hf_fs_fail(err, -errno, "read link", path);
	s = hf_arena_memdup(arena, target, (size_t)n);
	if (!s)
		return hf_error_oom(err);
	*ret = s;
	return 0;
}

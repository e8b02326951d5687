/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at files below the root descriptor: inode, content, directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/path.h"
#include "host/fs_internal.h"

#define SWAPS_MAX 16	     /* tries, where the object changes between two looks */
#define NAMES_MAX (1u << 20) /* entries of one directory */
#define ACL_MINIMAL_BYTES 28 /* header and three entries: no more than mode bits */
#define NSEC_PER_SEC 1000000000LL
#define BTRFS_SUBVOLUME_INO 256 /* root of a subvolume: a mount, but not a bind mount */

/* xattr calls refuse O_PATH descriptors, hence the way over /proc (open(2)). */
static bool has_acl(int fd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return getxattr(path, "system.posix_acl_access", NULL, 0) > ACL_MINIMAL_BYTES;
}

/*
 * Is the mount with @mnt_id a part of a file system mounted elsewhere? mountinfo shows
 * as fourth field which directory of the file system is at the mount point, proc(5).
 */
static bool mount_is_bind(uint64_t mnt_id, const hf_inode *inode)
{
	cleanup_free char *line = NULL;
	size_t cap = 0;
	bool bind = false;
	FILE *f;

	if (!S_ISDIR(inode->mode))
		return true;
	if (inode->ino == BTRFS_SUBVOLUME_INO)
		return false;
	f = fopen("/proc/self/mountinfo", "re");
	if (!f)
		return false;
	while (getline(&line, &cap, f) > 0) {
		unsigned long id;
		char root[3];

		if (sscanf(line, "%lu %*u %*s %2s", &id, root) == 2 && id == mnt_id) {
			bind = strcmp(root, "/") != 0;
			break;
		}
	}
	(void)fclose(f);
	return bind;
}

int hf_fs_statx(int fd, hf_inode *ret, uint64_t *ret_mount)
{
	struct statx x;
	hf_inode i = { 0 };

	if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
		  STATX_BASIC_STATS | STATX_MNT_ID | STATX_BTIME, &x) < 0)
		return -errno;
	i.mode = x.stx_mode;
	i.uid = x.stx_uid;
	i.gid = x.stx_gid;
	i.nlink = x.stx_nlink;
	i.dev = makedev(x.stx_dev_major, x.stx_dev_minor);
	i.ino = x.stx_ino;
	i.size = x.stx_size;
	i.mtime_nsec = x.stx_mtime.tv_sec * NSEC_PER_SEC + x.stx_mtime.tv_nsec;
	if (x.stx_mask & STATX_BTIME)
		i.born_nsec = x.stx_btime.tv_sec * NSEC_PER_SEC + x.stx_btime.tv_nsec;
	i.immutable = x.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND);
	i.mount_root = x.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	i.is_link = S_ISLNK(i.mode);
	*ret = i;
	*ret_mount = x.stx_mnt_id;
	return 0;
}

int hf_fs_inode_of(int fd, hf_inode *ret)
{
	uint64_t mount;
	int r = hf_fs_statx(fd, ret, &mount);

	if (r == 0 && ret->mount_root)
		ret->bind_mount = mount_is_bind(mount, ret);
	return r;
}

/* What the link @fd at @path leads to: a path to be opened next; malloc'ed. */
static int link_next(int fd, const char *path, char **ret)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
	const char *slash = strrchr(path, '/');
	int r;

	if (n < 0)
		return -errno;
	while (n > 1 && target[n - 1] == '/')
		n--;
	target[n] = '\0';
	if (target[0] == '/')
		r = asprintf(ret, "%s", target);
	else
		r = asprintf(ret, "%.*s/%s", slash ? (int)(slash - path) : 0, path,
			     target);
	return r < 0 ? -ENOMEM : 0;
}

/* -ENOENT of @path: is a parent a symlink into nothing? That is no plain absence. */
static int explain_missing(hf_host *host, const char *path, hf_error **err)
{
	cleanup_free char *p = strdup(path);
	char *slash;

	if (!p)
		return hf_error_oom(err);
	while ((slash = strrchr(p, '/')) && slash != p) {
		cleanup_close int fd = -1, behind = -1;

		*slash = '\0';
		fd = hf_fs_open_raw(host, p, O_PATH | O_NOFOLLOW | O_DIRECTORY);
		if (fd >= 0)
			break; /* a directory: the common case, and no link */
		if (fd == -ENOENT)
			continue;
		fd = hf_fs_open_raw(host, p, O_PATH | O_NOFOLLOW);
		behind = hf_fs_open_raw(host, p, O_PATH);
		if (fd >= 0 && behind == -ENOENT)
			return hf_error_set(err, -ENOLINK,
					    "'%s' is a symlink that leads nowhere inside "
					    "the root",
					    p);
		break;
	}
	return hf_error_set(err, -ENOENT, "'%s' does not exist", path);
}

int hf_fs_resolve(hf_host *host, const char *path, unsigned how, int *ret_fd,
		  hf_inode *ret_inode, char **ret_path, hf_error **err)
{
	cleanup_free char *at = strdup(path);
	hf_inode inode, link = { 0 };

	if (!at)
		return hf_error_oom(err);
	for (unsigned links = 0;; links++) {
		cleanup_close int fd = -1;
		char *next;
		int r;

		fd = hf_fs_open_raw(host, at, O_PATH | O_NOFOLLOW);
		if (fd == -ENOENT && !link.through_link)
			return explain_missing(host, path, err);
		if (fd == -ENOENT)
			return hf_error_set(err, -ENOLINK,
					    "'%s' is a symlink that leads nowhere inside "
					    "the root ('%s')",
					    path, at);
		if (fd < 0)
			return hf_fs_fail(err, fd, "open", path);
		r = hf_fs_inode_of(fd, &inode);
		if (r < 0)
			return hf_fs_fail(err, r, "look at", path);
		if (!inode.is_link || (how & HF_FS_NOFOLLOW)) {
			inode.through_link = link.through_link;
			inode.link_uid = link.link_uid;
			*ret_fd = take_fd(fd);
			*ret_inode = inode;
			if (ret_path)
				*ret_path = take_ptr(at);
			return 0;
		}
		if (links >= HF_LINKS_MAX)
			return hf_fs_fail(err, -ELOOP, "resolve", path);
		link.through_link = true;
		if (inode.uid != 0)
			link.link_uid = inode.uid;
		r = link_next(fd, at, &next);
		if (r < 0)
			return hf_fs_fail(err, r, "read link", path);
		free(at);
		at = next;
	}
}

int hf_fs_inode(hf_host *host, const char *path, unsigned how, hf_inode *ret,
		hf_error **err)
{
	cleanup_close int fd = -1;
	hf_inode inode;
	int r;

	r = hf_fs_resolve(host, path, how & ~HF_FS_ACL, &fd, &inode, NULL, err);
	if (r < 0)
		return r;
	if (how & HF_FS_ACL) /* costs a call of its own, and few want to know */
		inode.has_acl = !inode.is_link && has_acl(fd);
	*ret = inode;
	return 0;
}

int hf_fs_slurp(int fd, size_t max, char **ret, size_t *ret_len)
{
	cleanup_free char *buf = NULL;
	size_t len = 0, cap = 0;

	for (;;) {
		ssize_t n;

		if (cap - len < 2) {
			size_t want = cap ? cap * 2 : 8192;
			char *p = realloc(buf, want);

			if (!p)
				return -ENOMEM;
			buf = p;
			cap = want;
		}
		n = read(fd, buf + len, cap - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
	}
	buf[len] = '\0';
	*ret = take_ptr(buf);
	*ret_len = len;
	return 0;
}

static int check_readable(const char *path, const hf_inode *inode, size_t max,
			  hf_error **err)
{
	const char *what = NULL;

	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		break;
	case S_IFDIR:
		return hf_error_set(err, -EISDIR, "'%s' is a directory, not a file",
				    path);
	case S_IFIFO:
		what = "a FIFO";
		break;
	case S_IFSOCK:
		what = "a socket";
		break;
	case S_IFCHR:
	case S_IFBLK:
		what = "a device";
		break;
	default:
		what = "a symlink";
	}
	if (what)
		return hf_error_set(err, -EINVAL, "'%s' is %s, not a regular file", path,
				    what);
	if (inode->size > max)
		return hf_error_set(err, -EFBIG,
				    "'%s' is too large: %llu bytes, the limit is %zu",
				    path, (unsigned long long)inode->size, max);
	return 0;
}

int hf_fs_open_regular(hf_host *host, const char *path, size_t max, int *ret_fd,
		       hf_inode *ret_inode, char **ret_path, hf_error **err)
{
	int r;

	/* A device or FIFO must not even be opened: looked at first by O_PATH. */
	for (unsigned tries = 0; tries < SWAPS_MAX; tries++) {
		cleanup_close int probe = -1, fd = -1;
		cleanup_free char *at = NULL;
		hf_inode inode;
		struct stat st;

		r = hf_fs_resolve(host, path, 0, &probe, &inode, &at, err);
		if (r < 0)
			return r;
		r = check_readable(path, &inode, max, err);
		if (r < 0)
			return r;
		fd = hf_fs_open_raw(host, at, O_RDONLY | O_NOFOLLOW);
		if (fd == -ENOENT || fd == -ELOOP)
			continue;
		if (fd < 0)
			return hf_fs_fail(err, fd, "read", path);
		if (fstat(fd, &st) < 0)
			return hf_fs_fail(err, -errno, "look at", path);
		if (st.st_ino != inode.ino || st.st_dev != inode.dev)
			continue;
		*ret_fd = take_fd(fd);
		*ret_inode = inode;
		if (ret_path)
			*ret_path = take_ptr(at);
		return 0;
	}
	return hf_error_set(err, -EAGAIN,
			    "cannot read '%s': it is being replaced all the time", path);
}

/*
 * A file of known size straight into the arena: no second copy. 1: done; 0: it is not as
 * long as it said (a file of /proc, or one that grows): read it the other way.
 */
static int read_sized(int fd, uint64_t size, hf_arena *arena, char **ret, size_t *ret_len)
{
	char *buf, more;
	size_t len = 0;
	ssize_t n;

	if (size == 0)
		return 0;
	buf = hf_arena_alloc(arena, (size_t)size + 1);
	if (!buf)
		return -ENOMEM;
	while (len < size) {
		n = read(fd, buf + len, (size_t)size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len == size && read(fd, &more, 1) != 0)
		return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
	buf[len] = '\0';
	*ret = buf;
	*ret_len = len;
	return 1;
}

int hf_fs_read(hf_host *host, const char *path, size_t max, hf_arena *arena, char **ret,
	       size_t *ret_len, hf_inode *ret_inode, hf_error **err)
{
	cleanup_close int fd = -1;
	cleanup_free char *buf = NULL;
	size_t len = 0;
	hf_inode inode;
	char *s = NULL;
	int r;

	if (max == 0)
		max = HF_FILE_MAX;
	r = hf_fs_open_regular(host, path, max, &fd, &inode, NULL, err);
	if (r < 0)
		return r;
	r = read_sized(fd, inode.size, arena, &s, &len);
	if (r == 0)
		r = hf_fs_slurp(fd, max, &buf, &len);
	if (r == -EFBIG)
		return hf_error_set(err, r, "'%s' is too large: the limit is %zu bytes",
				    path, max);
	if (r < 0)
		return hf_fs_fail(err, r, "read", path);
	if (buf && !(s = hf_arena_memdup(arena, buf, len)))
		return hf_error_oom(err);
	*ret = s;
	*ret_len = len;
	if (ret_inode)
		*ret_inode = inode;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int hf_fs_list(hf_host *host, const char *path, hf_arena *arena, char ***ret,
	       size_t *ret_n, hf_error **err)
{
	cleanup_close int fd = -1;
	char **names = NULL;
	size_t n = 0;
	int r = 0;
	DIR *dir;

	fd = hf_fs_open_raw(host, path, O_RDONLY | O_DIRECTORY);
	if (fd == -ENOENT)
		return explain_missing(host, path, err);
	if (fd < 0)
		return hf_fs_fail(err, fd, "list", path);
	dir = fdopendir(fd);
	if (!dir)
		return hf_fs_fail(err, -errno, "list", path);
	(void)take_fd(fd);
	for (;;) {
		struct dirent *d;
		char **slot;

		errno = 0;
		d = readdir(dir);
		if (!d) {
			r = -errno;
			break;
		}
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (n == NAMES_MAX) {
			r = -EOVERFLOW;
			break;
		}
		slot = hf_vec_push(arena, names, n);
		if (!slot || !(*slot = hf_arena_strdup(arena, d->d_name))) {
			r = -ENOMEM;
			break;
		}
	}
	(void)closedir(dir);
	if (r < 0)
		return hf_fs_fail(err, r, "list", path);
	if (n)
		qsort(names, n, sizeof(*names), compare_names);
	*ret = names;
	*ret_n = n;
	return 0;
}

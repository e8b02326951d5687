/* SPDX-License-Identifier: Apache-2.0 */
#include "host/fs_image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/path.h"
#include "host/fs_internal.h"

/* Flags that say how a file is kept, and that chattr(1) may set on any file; immutable
 * and append-only files are never replaced, so they are not among them. */
#define ATTR_KEPT (FS_NODUMP_FL | FS_NOATIME_FL | FS_SYNC_FL | FS_NOCOW_FL)

bool hf_fs_xattr_is_derived(const char *name)
{
	return strcmp(name, "security.ima") == 0 || strcmp(name, "security.evm") == 0;
}

static int read_xattr(int fd, const char *name, hf_arena *arena, hf_xattr *ret)
{
	ssize_t n = fgetxattr(fd, name, NULL, 0);
	char *value;

	if (n < 0)
		return -errno;
	value = hf_arena_alloc(arena, (size_t)n + 1);
	ret->name = hf_arena_strdup(arena, name);
	if (!value || !ret->name)
		return -ENOMEM;
	n = fgetxattr(fd, name, value, (size_t)n);
	if (n < 0)
		return -errno;
	ret->value = value;
	ret->len = (size_t)n;
	return 0;
}

static int read_xattrs(int fd, hf_arena *arena, hf_image *image)
{
	ssize_t n = flistxattr(fd, NULL, 0);
	char *names;

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	names = hf_arena_alloc(arena, (size_t)n + 1);
	if (!names)
		return -ENOMEM;
	n = flistxattr(fd, names, (size_t)n);
	if (n < 0)
		return -errno;
	for (char *p = names; p < names + n; p += strlen(p) + 1) {
		hf_xattr *x;
		int r;

		if (hf_fs_xattr_is_derived(p))
			continue;
		x = hf_vec_push(arena, image->xattrs, image->n_xattrs);
		if (!x)
			return -ENOMEM;
		r = read_xattr(fd, p, arena, x);
		if (r == -ENODATA) /* went away meanwhile */
			image->n_xattrs--;
		else if (r < 0)
			return r;
	}
	return 0;
}

unsigned hf_fs_attr_get(int fd)
{
	int attr = 0;

	/* file systems without them say so: then there is nothing to keep */
	if (ioctl(fd, FS_IOC_GETFLAGS, &attr) < 0)
		return 0;
	return (unsigned)attr & ATTR_KEPT;
}

int hf_fs_image(hf_host *host, const char *path, hf_arena *arena, hf_image *ret,
		hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	cleanup_close int fd = -1;
	cleanup_free char *bytes = NULL;
	hf_image image = { .exists = true };
	hf_inode inode;
	int r = hf_fs_open_regular(host, path, HF_STATE_MAX, &fd, &inode, NULL, &why);

	if (r == -ENOENT || r == -ENOTDIR) {
		*ret = (hf_image){ 0 };
		return 0;
	}
	if (r < 0) {
		if (err)
			*err = take_ptr(why);
		return r;
	}
	r = hf_fs_slurp(fd, HF_STATE_MAX, &bytes, &image.len);
	if (!r) {
		image.bytes = hf_arena_memdup(arena, bytes, image.len);
		r = image.bytes ? read_xattrs(fd, arena, &image) : -ENOMEM;
	}
	if (r < 0)
		return hf_fs_fail(err, r, "read", path);
	image.uid = inode.uid;
	image.gid = inode.gid;
	image.mode = inode.mode & 07777;
	image.attr = hf_fs_attr_get(fd);
	*ret = image;
	return 0;
}

const hf_xattr *hf_image_xattr(const hf_image *image, const char *name)
{
	for (size_t i = 0; i < image->n_xattrs; i++)
		if (strcmp(image->xattrs[i].name, name) == 0)
			return &image->xattrs[i];
	return NULL;
}

bool hf_image_same(const hf_image *a, const hf_image *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return a->len == b->len && a->uid == b->uid && a->gid == b->gid &&
	       a->mode == b->mode && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool same_flags(const hf_image *a, const hf_image *b)
{
	if (a->attr != b->attr || a->n_xattrs != b->n_xattrs)
		return false;
	for (size_t i = 0; i < a->n_xattrs; i++) {
		const hf_xattr *x = &a->xattrs[i], *y = hf_image_xattr(b, x->name);

		if (!y || x->len != y->len || memcmp(x->value, y->value, x->len) != 0)
			return false;
	}
	return true;
}

bool hf_image_equal(const hf_image *a, const hf_image *b)
{
	return hf_image_same(a, b) && (!a->exists || same_flags(a, b));
}

/* Makes the xattrs of the staged file, which has those of @now, those of the image, none
 * else. */
static int set_xattrs(int fd, const hf_image *now, const hf_image *image)
{
	for (size_t i = 0; i < now->n_xattrs; i++)
		if (!hf_image_xattr(image, now->xattrs[i].name) &&
		    fremovexattr(fd, now->xattrs[i].name) < 0 && errno != ENODATA)
			return -errno;
	for (size_t i = 0; i < image->n_xattrs; i++) {
		const hf_xattr *x = &image->xattrs[i],
			       *there = hf_image_xattr(now, x->name);

		if (there && there->len == x->len &&
		    memcmp(there->value, x->value, x->len) == 0)
			continue;
		if (fsetxattr(fd, x->name, x->value, x->len, 0) < 0)
			return -errno;
	}
	return 0;
}

int hf_fs_attr_set(int fd, unsigned want)
{
	int attr = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &attr) < 0)
		return want ? -errno : 0;
	if (((unsigned)attr & ATTR_KEPT) == want)
		return 0;
	attr = (int)(((unsigned)attr & ~(unsigned)ATTR_KEPT) | want);
	return ioctl(fd, FS_IOC_SETFLAGS, &attr) < 0 ? -errno : 0;
}

static int finish_staged(const hf_staged *staged, const char *path, const hf_image *image,
			 hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_close int fd = -1;
	hf_image now = { 0 };
	struct stat st;
	int r;

	fd = openat(staged->dir_fd, staged->temp, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hf_fs_fail(err, -errno, "open the staged copy of", path);
	r = read_xattrs(fd, &arena, &now);
	now.attr = hf_fs_attr_get(fd);
	/* most have been staged as they are to be, and written out */
	if (!r && (st.st_mode & 07777) == image->mode && same_flags(&now, image))
		return 0;
	if (!r)
		r = set_xattrs(fd, &now, image);
	/* setting an ACL changes the group bits of the mode */
	if (!r && fchmod(fd, image->mode) < 0)
		r = -errno;
	if (!r)
		r = hf_fs_attr_set(fd, image->attr);
	if (!r)
		r = hf_fs_sync_fd(fd);
	return r < 0 ? hf_fs_fail(err, r, "stage", path) : 0;
}

typedef int stage_fn(hf_host *host, const char *path, const char *bytes, size_t len,
		     const hf_inode *meta, hf_staged *ret, hf_error **err);

static int stage_image(stage_fn *stage, hf_host *host, const char *path,
		       const hf_image *image, hf_staged *ret, hf_error **err)
{
	const hf_inode meta = { .uid = image->uid,
				.gid = image->gid,
				.mode = image->mode };
	hf_staged staged;
	int r = stage(host, path, image->bytes, image->len, &meta, &staged, err);

	if (r < 0)
		return r;
	hf_fault(host, "restore staged");
	r = finish_staged(&staged, path, image, err);
	if (r < 0) {
		(void)hf_fs_stage_discard(&staged);
		return r;
	}
	*ret = staged;
	return 0;
}

int hf_fs_stage_image(hf_host *host, const char *path, const hf_image *image,
		      hf_staged *ret, hf_error **err)
{
	return stage_image(hf_fs_stage, host, path, image, ret, err);
}

int hf_fs_restore(hf_host *host, const char *path, const hf_image *image, hf_error **err)
{
	hf_staged staged;
	int r;

	if (!image->exists)
		return hf_fs_unlink(host, path, err);
	r = stage_image(hf_fs_stage_over, host, path, image, &staged, err);
	if (r < 0)
		return r;
	hf_fault(host, "restore ready");
	r = hf_fs_publish(&staged, err);
	hf_fault(host, "restored");
	(void)hf_fs_stage_discard(&staged);
	return r;
}

int hf_fs_unlink(hf_host *host, const char *path, hf_error **err)
{
	cleanup_close int dir = -1;
	char parent[PATH_MAX]; /* no memory needed: it ends journals, whatever else fails
				*/
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	int r;

	if (len >= sizeof(parent))
		return hf_fs_fail(err, -ENAMETOOLONG, "remove", path);
	memcpy(parent, path, len);
	memcpy(parent + len, "/", len ? 1 : 2);
	parent[len ? len : 1] = '\0';
	dir = hf_fs_open_raw(host, parent, O_RDONLY | O_DIRECTORY);
	if (dir == -ENOENT || dir == -ENOTDIR)
		return dir = -1, 0;
	if (dir < 0)
		return hf_fs_fail(err, dir, "open directory", parent);
	if (unlinkat(dir, hf_path_base(path), 0) < 0)
		return errno == ENOENT ? 0 : hf_fs_fail(err, -errno, "remove", path);
	r = hf_fs_sync_fd(dir);
	return r < 0 ? hf_fs_fail(err, r, "write out the directory of", path) : 0;
}

int hf_fs_missing_top(hf_host *host, const char *path, hf_arena *arena, char **ret,
		      hf_error **err)
{
	char *missing = NULL, *dir = hf_arena_strdup(arena, path);

	while (dir) {
		cleanup_close int fd = hf_fs_open_raw(host, dir, O_PATH | O_DIRECTORY);

		if (fd >= 0) {
			*ret = missing;
			return 0;
		}
		if (fd != -ENOENT || strcmp(dir, "/") == 0)
			return hf_fs_fail(err, fd, "open directory", dir);
		missing = dir;
		dir = hf_path_dir(arena, dir);
	}
	return hf_error_oom(err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacing a file: staged beside its target, published by rename(2), put back from
 * memory. The old inode stays open until the end, so that its xattrs can be had again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/path.h"
#include "host/fs_internal.h"

#define TEMP_TRIES_MAX 32
#define TEMP_SUFFIX ".holdfast-"
#define TEMP_RANDOM 6
#define NEW_MODE 0644
#define NSEC_PER_SEC 1000000000LL

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int hf_fs_sync_fd(int fd)
{
	while (fsync(fd) < 0) {
		if (errno == EINTR)
			continue;
		/* EINVAL, EROFS: no such thing there (special file systems), fsync(2) */
		return errno == EINVAL || errno == EROFS ? 0 : -errno;
	}
	return 0;
}

void hf_fs_temp_name(const char *name, const char *tag, char ret[static 256])
{
	const int room = NAME_MAX - 1 - (int)strlen(TEMP_SUFFIX) - (int)strlen(tag);

	(void)snprintf(ret, 256, ".%.*s%s%s", room, name, TEMP_SUFFIX, tag);
}

void hf_fs_next_name(const char *name, const char *tag, char ret[static 256])
{
	char next[NAME_MAX + 16];

	(void)snprintf(next, sizeof(next), "next-%s", name);
	hf_fs_temp_name(next, tag, ret);
}

/* An exclusive new file of mode 0600 in @dir_fd; @tag NULL: a random one. */
static int temp_create(int dir_fd, const char *name, bool follows, const char *tag,
		       char temp[static 256])
{
	void (*const name_it)(const char *, const char *, char[static 256]) =
		follows ? hf_fs_next_name : hf_fs_temp_name;
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (unsigned tries = 0; tries < TEMP_TRIES_MAX; tries++) {
		unsigned char random[TEMP_RANDOM];
		char text[TEMP_RANDOM + 1] = "";
		int fd;

		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			return -EIO;
		for (size_t i = 0; i < sizeof(random); i++)
			text[i] = letters[random[i] % (sizeof(letters) - 1)];
		name_it(name, tag ? tag : text, temp);
		if (tag) /* what a crash of the same transaction left behind */
			(void)unlinkat(dir_fd, temp, 0);
		fd = openat(dir_fd, temp,
			    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST || tag)
			return temp[0] = '\0', -errno;
	}
	temp[0] = '\0';
	return -EEXIST;
}

/* Room for the names of all xattrs of the old file and twice the largest value, got while
 * staging: the revert has to do without memory. */
static int make_room(hf_staged *s)
{
	ssize_t n = flistxattr(s->old_fd, NULL, 0);

	if (n <= 0)
		return n == 0 || errno == EOPNOTSUPP ? 0 : -errno;
	s->xattr_names = malloc((size_t)n);
	if (!s->xattr_names)
		return -ENOMEM;
	n = flistxattr(s->old_fd, s->xattr_names, (size_t)n);
	if (n < 0)
		return -errno;
	s->xattr_names_len = (size_t)n;
	s->xattr_room = 1; /* with none the kernel only tells how much there is */
	for (char *p = s->xattr_names; p < s->xattr_names + n; p += strlen(p) + 1) {
		ssize_t len = fgetxattr(s->old_fd, p, NULL, 0);

		if (len > 0 && (size_t)len > s->xattr_room)
			s->xattr_room = (size_t)len;
	}
	s->xattr_values = malloc(2 * s->xattr_room);
	return s->xattr_values ? 0 : -ENOMEM;
}

/* One xattr of the old file to @to. */
static int copy_xattr(const hf_staged *s, int to, const char *name)
{
	char *value = s->xattr_values, *there = value + s->xattr_room;
	ssize_t n, m;

	if (hf_fs_xattr_is_derived(name))
		return 0;
	n = fgetxattr(s->old_fd, name, value, s->xattr_room);
	if (n < 0)
		return errno == ENODATA ? 0 : -errno;
	m = fgetxattr(to, name, there, s->xattr_room);
	if (m == n && memcmp(value, there, (size_t)n) == 0)
		return 0; /* inherited alike, and perhaps not ours to set */
	return fsetxattr(to, name, value, (size_t)n, 0) < 0 ? -errno : 0;
}

static int copy_xattrs(const hf_staged *s, int to, const char **ret_name)
{
	static const char acl[] = "system.posix_acl_access";
	bool saw_acl = false;

	for (size_t i = 0; i < s->xattr_names_len; i += strlen(s->xattr_names + i) + 1) {
		const char *p = s->xattr_names + i;
		int r = copy_xattr(s, to, p);

		if (r < 0) {
			*ret_name = strncmp(p, "security.", 9) == 0 ? "security label"
								    : "ACL or xattr";
			return r;
		}
		saw_acl = saw_acl || strcmp(p, acl) == 0;
	}
	/* what the directory's default ACL gave, the old file did not have */
	if (!saw_acl && fremovexattr(to, acl) < 0 && errno != ENODATA &&
	    errno != EOPNOTSUPP)
		return *ret_name = "ACL", -errno;
	return 0;
}

/* Owner, then xattrs (chown drops capabilities), then the mode (chown drops setuid). */
static int set_attributes(const hf_staged *s, int fd, const hf_inode *meta,
			  hf_error **err)
{
	const char *which = "xattrs", *path = s->path;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return hf_fs_fail(err, -errno, "look at the staged copy of", path);
	if ((st.st_uid != meta->uid || st.st_gid != meta->gid) &&
	    fchown(fd, meta->uid, meta->gid) < 0)
		return hf_fs_fail(err, -errno, "set the owner of the staged copy of",
				  path);
	if (s->old_fd >= 0) {
		r = copy_xattrs(s, fd, &which);
		if (r < 0) {
			(void)hf_fs_fail(err, r, "stage", path);
			return hf_error_wrap(err, "its %s could not be kept", which);
		}
	}
	if (fchmod(fd, meta->mode & 07777) < 0)
		return hf_fs_fail(err, -errno, "set the mode of the staged copy of",
				  path);
	return 0;
}

/* No new file in the target's directory: is that immutable? */
static int fail_beside(const hf_staged *s, int code, hf_error **err)
{
	hf_inode dir;

	if (code == -EPERM && hf_fs_inode_of(s->dir_fd, &dir) == 0 && dir.immutable) {
		(void)hf_error_set(err, code,
				   "cannot replace '%s': its directory is immutable",
				   s->path);
		return hf_error_hint(err,
				     "take the flag off first: chattr -i -a DIRECTORY");
	}
	return hf_fs_fail(err, code, "make a new file beside", s->path);
}

/* A staged file with content and attributes, on disk; removed again on failure. */
static int temp_make(hf_staged *s, const char *bytes, size_t len, const hf_inode *meta,
		     hf_error **err)
{
	cleanup_close int fd = -1;
	struct stat st;
	int r;

	fd = temp_create(s->dir_fd, s->name, s->follows, s->tag, s->temp);
	if (fd < 0)
		return fail_beside(s, fd, err);
	/* before the content: one of the flags cannot be set on a file that has any */
	r = s->old_fd >= 0 ? hf_fs_attr_set(fd, hf_fs_attr_get(s->old_fd)) : 0;
	if (r < 0)
		(void)hf_fs_fail(err, r, "keep the flags (lsattr) of", s->path);
	if (r == 0) {
		r = write_all(fd, bytes, len);
		if (r < 0)
			(void)hf_fs_fail(err, r, "write the staged copy of", s->path);
	}
	if (r == 0)
		r = set_attributes(s, fd, meta, err);
	if (r == 0) {
		r = hf_fs_sync_fd(fd);
		if (r == 0 && fstat(fd, &st) < 0)
			r = -errno;
		if (r < 0)
			(void)hf_fs_fail(err, r, "write out the staged copy of", s->path);
	}
	if (r < 0) {
		(void)unlinkat(s->dir_fd, s->temp, 0);
		s->temp[0] = '\0';
		return r;
	}
	s->new_ino = st.st_ino;
	return 0;
}

int hf_fs_stage_discard(hf_staged *staged)
{
	int r = 0;

	if (!staged->path) /* never staged, or discarded before */
		return 0;
	if (staged->temp[0] && unlinkat(staged->dir_fd, staged->temp, 0) < 0 &&
	    errno != ENOENT)
		r = -errno;
	if (staged->dir_fd >= 0)
		(void)close(staged->dir_fd);
	if (staged->old_fd >= 0)
		(void)close(staged->old_fd);
	free(staged->before);
	free(staged->xattr_names);
	free(staged->xattr_values);
	free(staged->path);
	*staged = (hf_staged){ .dir_fd = -1, .old_fd = -1 };
	return r;
}

/* Directory and final name of @at, with the directory's symlinks followed. */
static int locate(hf_host *host, const char *at, hf_staged *s, hf_error **err)
{
	cleanup_free char *dir = strdup(at);
	char *slash;

	if (!dir)
		return hf_error_oom(err);
	slash = strrchr(dir, '/');
	if (!slash || !slash[1] || strlen(slash + 1) > NAME_MAX)
		return hf_error_set(err, -EINVAL, "'%s' does not name a file", at);
	memcpy(s->name, slash + 1, strlen(slash + 1) + 1);
	slash[slash == dir ? 1 : 0] = '\0';
	s->dir_fd = hf_fs_open_raw(host, dir, O_RDONLY | O_DIRECTORY);
	if (s->dir_fd < 0)
		return hf_fs_fail(err, s->dir_fd, "open directory", dir);
	return 0;
}

static int check_replaceable(const hf_inode *inode, const char *path, hf_error **err)
{
	if (inode->immutable) {
		(void)hf_error_set(err, -EPERM, "cannot replace '%s': it is immutable",
				   path);
		return hf_error_hint(err, "take the flag off first: chattr -i -a %s",
				     path);
	}
	if (inode->mount_root)
		return hf_fs_fail(err, -EBUSY, "replace", path);
	return 0;
}

/* Everything of the old file that staging and the revert need. */
static int stage_old(hf_host *host, const char *path, hf_staged *s, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	cleanup_free char *at = NULL;
	int r;

	r = hf_fs_open_regular(host, path, s->over ? SIZE_MAX : HF_STATE_MAX, &s->old_fd,
			       &s->before_inode, &at, &why);
	if (r == -ENOENT)
		return locate(host, path, s, err);
	if (r < 0) {
		if (err)
			*err = take_ptr(why);
		return hf_error_wrap(err, "cannot replace '%s'", path);
	}
	s->existed = true;
	r = check_replaceable(&s->before_inode, path, err);
	if (r < 0)
		return r;
	if (s->over) {
		(void)close(s->old_fd);
		s->old_fd = -1;
		return locate(host, at, s, err);
	}
	r = hf_fs_slurp(s->old_fd, HF_STATE_MAX, &s->before, &s->before_len);
	if (r == 0)
		r = make_room(s);
	if (r < 0)
		return hf_fs_fail(err, r, "read", path);
	return locate(host, at, s, err);
}

static int stage_begin(hf_host *host, const char *path, bool over, hf_staged *s,
		       hf_error **err)
{
	*s = (hf_staged){
		.dir_fd = -1, .old_fd = -1, .tag = host->stage_tag, .over = over
	};
	s->path = strdup(path);
	if (!s->path)
		return hf_error_oom(err);
	return stage_old(host, path, s, err);
}

static int stage(hf_host *host, const char *path, bool over, const char *bytes,
		 size_t len, const hf_inode *meta, hf_staged *ret, hf_error **err)
{
	hf_staged s;
	hf_inode own = { .mode = NEW_MODE, .uid = geteuid(), .gid = getegid() };
	int r = stage_begin(host, path, over, &s, err);

	if (r == 0) {
		if (!meta)
			meta = s.existed ? &s.before_inode : &own;
		hf_fault(host, "stage");
		r = temp_make(&s, bytes, len, meta, err);
	}
	if (r < 0) {
		(void)hf_fs_stage_discard(&s);
		return r;
	}
	*ret = s;
	return 0;
}

int hf_fs_stage(hf_host *host, const char *path, const char *bytes, size_t len,
		const hf_inode *meta, hf_staged *ret, hf_error **err)
{
	return stage(host, path, false, bytes, len, meta, ret, err);
}

int hf_fs_stage_over(hf_host *host, const char *path, const char *bytes, size_t len,
		     const hf_inode *meta, hf_staged *ret, hf_error **err)
{
	return stage(host, path, true, bytes, len, meta, ret, err);
}

/* What is staged in @first as the old file of @s. */
static int stage_on(const hf_staged *first, hf_staged *s, hf_error **err)
{
	int r;

	*s = (hf_staged){ .dir_fd = -1,
			  .old_fd = -1,
			  .tag = first->tag,
			  .existed = true,
			  .follows = true };
	memcpy(s->name, first->name, sizeof(s->name));
	s->path = strdup(first->path);
	if (!s->path)
		return hf_error_oom(err);
	s->dir_fd = fcntl(first->dir_fd, F_DUPFD_CLOEXEC, 0);
	s->old_fd = openat(first->dir_fd, first->temp,
			   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	r = s->dir_fd < 0 || s->old_fd < 0 ? -errno : 0;
	if (r == 0)
		r = hf_fs_inode_of(s->old_fd, &s->before_inode);
	if (r == 0)
		r = hf_fs_slurp(s->old_fd, HF_STATE_MAX, &s->before, &s->before_len);
	if (r == 0)
		r = make_room(s);
	return r < 0 ? hf_fs_fail(err, r, "read the staged copy of", first->path) : 0;
}

int hf_fs_stage_next(hf_host *host, const hf_staged *first, const char *bytes, size_t len,
		     hf_staged *ret, hf_error **err)
{
	hf_staged s;
	int r = stage_on(first, &s, err);

	if (r == 0) {
		hf_fault(host, "stage");
		r = temp_make(&s, bytes, len, &s.before_inode, err);
	}
	if (r < 0) {
		(void)hf_fs_stage_discard(&s);
		return r;
	}
	*ret = s;
	return 0;
}

int hf_fs_stage_removal(hf_host *host, const char *path, hf_staged *ret, hf_error **err)
{
	hf_staged s;
	int r = stage_begin(host, path, false, &s, err);

	s.removal = true;
	if (r < 0) {
		(void)hf_fs_stage_discard(&s);
		return r;
	}
	*ret = s;
	return 0;
}

static int sync_dir(const hf_staged *s, hf_error **err)
{
	int r = hf_fs_sync_fd(s->dir_fd);

	return r < 0 ? hf_fs_fail(err, r, "write out the directory of", s->path) : 0;
}

static int rename_temp(hf_staged *s, hf_error **err)
{
	if (renameat(s->dir_fd, s->temp, s->dir_fd, s->name) < 0)
		return hf_fs_fail(err, -errno, "replace", s->path);
	s->temp[0] = '\0';
	return 0;
}

static int somebody_elses(const hf_staged *s, hf_error **err)
{
	return hf_error_set(err, -ESTALE,
			    "'%s' was changed by someone else meanwhile; it was left "
			    "as it is now",
			    s->path);
}

/* Is there still what was staged from? What came after that would be lost, in no record.
 */
static int check_target(const hf_staged *s, hf_error **err)
{
	const hf_inode *old = &s->before_inode;
	struct stat st;

	if (fstatat(s->dir_fd, s->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return hf_fs_fail(err, -errno, "look at", s->path);
		return s->existed && !s->removal ? somebody_elses(s, err) : 0;
	}
	if (s->existed && st.st_dev == old->dev && st.st_ino == old->ino &&
	    (uint64_t)st.st_size == old->size && st.st_mode == old->mode &&
	    st.st_uid == old->uid && st.st_gid == old->gid &&
	    st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec == old->mtime_nsec)
		return 0;
	return somebody_elses(s, err);
}

int hf_fs_publish(hf_staged *staged, hf_error **err)
{
	int r;

	if (staged->published)
		return 0;
	r = staged->over ? 0 : check_target(staged, err);
	if (r < 0)
		return r;
	if (staged->removal) {
		if (staged->existed && unlinkat(staged->dir_fd, staged->name, 0) < 0 &&
		    errno != ENOENT)
			return hf_fs_fail(err, -errno, "remove", staged->path);
	} else {
		r = rename_temp(staged, err);
		if (r < 0)
			return r;
	}
	staged->published = true;
	return sync_dir(staged, err);
}

/* Is there still what publish left? Others' newer work is not thrown away. */
static int check_ours(const hf_staged *s, hf_error **err)
{
	struct stat st;

	if (fstatat(s->dir_fd, s->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return hf_fs_fail(err, -errno, "look at", s->path);
		return 0;
	}
	return s->removal || st.st_ino != s->new_ino ? somebody_elses(s, err) : 0;
}

int hf_fs_stage_reopen(hf_host *host, hf_staged *s, hf_error **err)
{
	char dir[PATH_MAX];
	size_t len = (size_t)(hf_path_base(s->path) - s->path);
	struct stat st;
	int fd;

	if (fstat(s->dir_fd, &st) < 0)
		return hf_fs_fail(err, -errno, "look at the directory of", s->path);
	if (st.st_nlink > 0)
		return 0;
	if (len >= sizeof(dir))
		return hf_fs_fail(err, -ENAMETOOLONG, "open the directory of", s->path);
	memcpy(dir, s->path, len); /* with its slash */
	dir[len] = '\0';
	fd = hf_fs_open_raw(host, dir, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return hf_fs_fail(err, fd, "open directory", dir);
	(void)close(s->dir_fd);
	s->dir_fd = fd;
	return 0;
}

/* The old file made anew; on failure nothing is left of it, and it can be tried again.
 * With its time: a service that was started since then has read it, and whoever compares
 * (`check` does) would take it for news. */
static int put_back(hf_staged *s, hf_error **err)
{
	const struct timespec times[] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = s->before_inode.mtime_nsec / NSEC_PER_SEC,
		  .tv_nsec = s->before_inode.mtime_nsec % NSEC_PER_SEC }
	};
	ino_t published = s->new_ino;
	int r = temp_make(s, s->before, s->before_len, &s->before_inode, err);

	if (r < 0)
		return r;
	(void)utimensat(s->dir_fd, s->temp, times, AT_SYMLINK_NOFOLLOW);
	r = rename_temp(s, err);
	if (r < 0) {
		(void)unlinkat(s->dir_fd, s->temp, 0);
		s->temp[0] = '\0';
		s->new_ino = published;
	}
	return r;
}

/* Are the bytes there that were there before, or nothing? */
static int check_back(const hf_staged *s, hf_error **err)
{
	cleanup_close int fd = openat(s->dir_fd, s->name,
				      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool same = fd < 0 && errno == ENOENT && !s->existed;
	char bytes[4096];
	size_t at = 0;
	ssize_t n = -1;

	while (fd >= 0 && s->existed) {
		n = read(fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || (size_t)n > s->before_len - at ||
		    memcmp(bytes, s->before + at, (size_t)n) != 0)
			break;
		at += (size_t)n;
	}
	same |= n == 0 && at == s->before_len;
	return same ? 0
		    : hf_error_set(err, -EIO, "'%s' is not as it was before", s->path);
}

int hf_fs_unpublish(hf_staged *staged, hf_error **err)
{
	int r;

	if (!staged->published) { /* the staged copy goes, so that its directory can */
		if (staged->temp[0] && unlinkat(staged->dir_fd, staged->temp, 0) < 0 &&
		    errno != ENOENT)
			return hf_fs_fail(err, -errno, "remove the staged copy of",
					  staged->path);
		staged->temp[0] = '\0';
		return 0;
	}
	r = check_ours(staged, err);
	if (r < 0)
		return r;
	if (!staged->existed) {
		if (!staged->removal && unlinkat(staged->dir_fd, staged->name, 0) < 0 &&
		    errno != ENOENT)
			return hf_fs_fail(err, -errno, "remove", staged->path);
	} else {
		r = put_back(staged, err);
		if (r < 0)
			return r;
	}
	staged->published = false;
	r = sync_dir(staged, err);
	return r < 0 ? r : check_back(staged, err);
}

int hf_fs_unpublish_next(hf_staged *next, hf_staged *first, hf_error **err)
{
	bool published = next->published;
	int r = hf_fs_unpublish(next, err);

	if (!r && published) /* made anew: that is what @first left, now */
		first->new_ino = next->new_ino;
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whole trees, as fast as find(1): getdents64 and statx by descriptor, nothing sorted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "host/fs_internal.h"

#define DENTS_BYTES (128u << 10)
#define DEPTH_MAX 400 /* directories held open at a time */
#define STATX_WANTED (STATX_BASIC_STATS | STATX_MNT_ID)

/* linux_dirent64 of getdents64(2) */
typedef struct dents_entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
} dents_entry;

typedef struct tree {
	hf_host *host;
	const char *top;
	size_t n_seen;
	hf_walk *walk;
	hf_strbuf path;
	char *dents; /* one buffer for all levels: it is used up before going down */
	uint64_t mnt_id;
} tree;

static void tree_done(tree *t)
{
	hf_strbuf_done(&t->path);
	free(t->dents);
}

static int note_unreadable(tree *t, int code)
{
	if (code == -ENOENT || code == -ENOTDIR || code == -ELOOP)
		return 0; /* gone or swapped since it was listed */
	if (code == -ENOMEM)
		return code;
	if (t->walk->n_unreadable++ == 0) {
		t->walk->why = code;
		t->walk->why_path = strdup(hf_strbuf_str(&t->path));
		if (!t->walk->why_path)
			return -ENOMEM;
	}
	return 0;
}

static int visit(tree *t, const struct statx *x)
{
	hf_walk_entry entry = {
		.path = hf_strbuf_str(&t->path),
		.mode = x->stx_mode,
		.uid = x->stx_uid,
		.gid = x->stx_gid,
		.nlink = x->stx_nlink,
		.dev = makedev(x->stx_dev_major, x->stx_dev_minor),
		.ino = x->stx_ino,
	};

	if (t->walk->only && (x->stx_mode & S_IFMT) != t->walk->only)
		return 0;
	t->walk->n_visited++;
	return t->walk->visit(t->walk->user, &entry);
}

/* Can this entry be passed over without a look at its inode? */
static bool is_of_no_interest(const tree *t, const dents_entry *e)
{
	if (e->type == DT_LNK)
		return true;
	if (!t->walk->only || e->type == DT_UNKNOWN || e->type == DT_DIR)
		return false;
	return (mode_t)DTTOIF(e->type) != t->walk->only;
}

/* One name of a directory; a subdirectory's name is kept in @subdirs for later. */
static int see_entry(tree *t, int dir_fd, const dents_entry *e, hf_strbuf *subdirs)
{
	struct statx x;
	int r;

	if (t->walk->skip && t->walk->skip(t->walk->user, hf_strbuf_str(&t->path)))
		return 0;
	if (statx(dir_fd, e->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_WANTED,
		  &x) < 0)
		return note_unreadable(t, -errno);
	if (x.stx_mnt_id != t->mnt_id || (x.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
		t->walk->n_mounts++;
		return 0;
	}
	if (S_ISLNK(x.stx_mode))
		return 0;
	r = visit(t, &x);
	if (r == 0 && S_ISDIR(x.stx_mode)) {
		hf_strbuf_add(subdirs, e->name, strlen(e->name) + 1);
		if (!hf_strbuf_ok(subdirs))
			r = -ENOMEM;
	}
	return r;
}

static void path_cut(tree *t, size_t len)
{
	t->path.len = len;
	if (t->path.buf)
		t->path.buf[len] = '\0';
}

static int path_add(tree *t, size_t len, const char *name)
{
	path_cut(t, len);
	if (len != 1) /* not "/" */
		hf_strbuf_addc(&t->path, '/');
	hf_strbuf_adds(&t->path, name);
	return hf_strbuf_ok(&t->path) ? 0 : -ENOMEM;
}

static int see_entries(tree *t, int dir_fd, hf_strbuf *subdirs)
{
	size_t len = t->path.len;
	int r = 0;

	for (;;) {
		long n = syscall(SYS_getdents64, dir_fd, t->dents, DENTS_BYTES);

		if (n < 0) {
			path_cut(t, len);
			return note_unreadable(t, -errno);
		}
		if (n == 0)
			break;
		for (long at = 0; r == 0 && at < n;) {
			const dents_entry *e = (const void *)(t->dents + at);

			at += e->len;
			hf_host_working(t->host, "look at", t->top, ++t->n_seen, 0);
			if (strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0 ||
			    is_of_no_interest(t, e))
				continue;
			r = path_add(t, len, e->name);
			if (r == 0)
				r = see_entry(t, dir_fd, e, subdirs);
		}
		if (r < 0)
			break;
	}
	path_cut(t, len);
	return r;
}

static int walk_directory(tree *t, int dir_fd, unsigned depth)
{
	cleanup_(hf_strbuf_done) hf_strbuf subdirs = { 0 };
	size_t len = t->path.len;
	int r = see_entries(t, dir_fd, &subdirs);

	for (size_t at = 0; r == 0 && at < subdirs.len;) {
		const char *name = subdirs.buf + at;
		cleanup_close int fd = -1;

		at += strlen(name) + 1;
		r = path_add(t, len, name);
		if (r < 0)
			break;
		if (depth >= DEPTH_MAX) {
			r = note_unreadable(t, -ENAMETOOLONG);
			continue;
		}
		/* O_NOFOLLOW: what was a directory may be a link by now */
		fd = openat(dir_fd, name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		r = fd < 0 ? note_unreadable(t, -errno)
			   : walk_directory(t, fd, depth + 1);
	}
	path_cut(t, len);
	return r;
}

int hf_fs_walk(hf_host *host, const char *path, hf_walk *walk, hf_error **err)
{
	cleanup_(tree_done) tree t = { .host = host, .top = path, .walk = walk };
	cleanup_close int top = -1, fd = -1;
	struct statx x;
	hf_inode inode;
	int r;

	r = hf_fs_resolve(host, path, 0, &top, &inode, NULL, err);
	if (r < 0)
		return r;
	if (statx(top, "", AT_EMPTY_PATH, STATX_WANTED, &x) < 0)
		return hf_fs_fail(err, -errno, "look at", path);
	t.mnt_id = x.stx_mnt_id;
	hf_strbuf_adds(&t.path, path);
	t.dents = malloc(DENTS_BYTES);
	if (!hf_strbuf_ok(&t.path) || !t.dents)
		return hf_error_oom(err);
	r = visit(&t, &x);
	if (r == 0 && S_ISDIR(x.stx_mode)) {
		/* "." of an O_PATH directory is that very directory */
		fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
		r = fd < 0 ? note_unreadable(&t, -errno) : walk_directory(&t, fd, 1);
	}
	return r < 0 ? hf_fs_fail(err, r, "walk", path) : 0;
}

bool hf_fs_is_read_only(hf_host *host, const char *path)
{
	cleanup_close int fd = -1;
	struct statvfs fs;

	fd = hf_fs_open_raw(host, path, O_PATH);
	return fd >= 0 && fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY);
}

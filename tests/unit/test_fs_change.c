/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing files, owner and mode, directories; owner changes only where root runs it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/xattr.h>

#include "host/fs.h"
#include "host/fs_internal.h"
#include "temp_root.h"

static int setup(void **state)
{
	return temp_root_make(state);
}

static int teardown(void **state)
{
	return temp_root_remove(state);
}

/* Number of entries in a directory: what a discarded or published stage must leave. */
static unsigned entries(temp_root *t, const char *path)
{
	int fd = openat(t->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(fd);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static void replace_publish_put_back(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_staged s = { 0 };
	struct stat before, st;

	temp_root_mkdir(t, "etc");
	temp_root_write(t, "etc/daemon.json", "old");
	assert_int_equal(fchmodat(t->fd, "etc/daemon.json", 0640, 0), 0);
	before = temp_root_stat(t, "etc/daemon.json");
	assert_int_equal(
		hf_fs_stage(&t->host, "/etc/daemon.json", "brand new", 9, NULL, &s, &err),
		0);
	assert_int_equal(entries(t, "etc"), 2);
	assert_string_equal(temp_root_text(t, "etc/daemon.json"), "old");
	assert_int_equal(hf_fs_publish(&s, &err), 0);
	assert_int_equal(entries(t, "etc"), 1);
	assert_string_equal(temp_root_text(t, "etc/daemon.json"), "brand new");
	st = temp_root_stat(t, "etc/daemon.json");
	assert_int_equal(st.st_mode, before.st_mode);
	assert_int_equal(st.st_uid, before.st_uid);
	assert_int_not_equal(st.st_ino, before.st_ino);
	assert_int_equal(hf_fs_unpublish(&s, &err), 0);
	assert_int_equal(hf_fs_unpublish(&s, &err), 0);
	assert_string_equal(temp_root_text(t, "etc/daemon.json"), "old");
	st = temp_root_stat(t, "etc/daemon.json");
	assert_int_equal(st.st_mode, before.st_mode);
	assert_int_equal(st.st_mtim.tv_sec, before.st_mtim.tv_sec);
	assert_int_equal(st.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	hf_fs_stage_discard(&s);
	hf_fs_stage_discard(&s);
	assert_int_equal(entries(t, "etc"), 1);
}

static void new_file_and_discard(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_inode meta = { .mode = 0600, .uid = geteuid(), .gid = getegid() };
	hf_staged s = { 0 };

	temp_root_mkdir(t, "d");
	assert_int_equal(hf_fs_stage(&t->host, "/d/new", "x\n", 2, &meta, &s, &err), 0);
	assert_false(s.existed);
	hf_fs_stage_discard(&s);
	assert_int_equal(entries(t, "d"), 0);
	assert_int_equal(hf_fs_stage(&t->host, "/d/new", "x\n", 2, &meta, &s, &err), 0);
	assert_int_equal(hf_fs_publish(&s, &err), 0);
	assert_int_equal(temp_root_stat(t, "d/new").st_mode, S_IFREG | 0600);
	assert_int_equal(hf_fs_unpublish(&s, &err), 0);
	assert_int_equal(entries(t, "d"), 0);
	hf_fs_stage_discard(&s);
}

static void stage_twice(temp_root *t, hf_staged *first, hf_staged *next)
{
	hf_error *err = NULL;

	assert_int_equal(hf_fs_stage(&t->host, "/d/f", "first", 5, NULL, first, &err), 0);
	assert_int_equal(hf_fs_stage_next(&t->host, first, "last", 4, next, &err), 0);
}

/* One after the other, and back the same way; each of them once only. */
static void replaced_twice(void **state)
{
	temp_root *t = *state;
	hf_staged first = { 0 }, next = { 0 };
	hf_error *err = NULL;
	struct stat before, st;

	temp_root_mkdir(t, "d");
	temp_root_write(t, "d/f", "old");
	assert_int_equal(fchmodat(t->fd, "d/f", 0640, 0), 0);
	before = temp_root_stat(t, "d/f");
	stage_twice(t, &first, &next);
	assert_int_equal(entries(t, "d"), 3);
	assert_string_equal(temp_root_text(t, "d/f"), "old");
	assert_int_equal(hf_fs_publish(&first, &err), 0);
	assert_string_equal(temp_root_text(t, "d/f"), "first");
	assert_int_equal(hf_fs_publish(&next, &err), 0);
	assert_string_equal(temp_root_text(t, "d/f"), "last");
	assert_int_equal(entries(t, "d"), 1);
	assert_int_equal(temp_root_stat(t, "d/f").st_mode, before.st_mode);
	for (int i = 0; i < 2; i++)
		assert_int_equal(hf_fs_unpublish_next(&next, &first, &err), 0);
	assert_string_equal(temp_root_text(t, "d/f"), "first");
	for (int i = 0; i < 2; i++)
		assert_int_equal(hf_fs_unpublish(&first, &err), 0);
	assert_string_equal(temp_root_text(t, "d/f"), "old");
	st = temp_root_stat(t, "d/f");
	assert_int_equal(st.st_mode, before.st_mode);
	assert_int_equal(st.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	hf_fs_stage_discard(&next);
	hf_fs_stage_discard(&first);
	assert_int_equal(entries(t, "d"), 1);
}

/* The second only replaces what the first left; and without it nothing at all. */
static void replaced_in_between(void **state)
{
	temp_root *t = *state;

	temp_root_mkdir(t, "d");
	for (int published = 0; published < 2; published++) {
		hf_staged first = { 0 }, next = { 0 };
		hf_error *err = NULL;

		temp_root_write(t, "d/f", "old");
		stage_twice(t, &first, &next);
		if (published) {
			assert_int_equal(hf_fs_publish(&first, &err), 0);
			temp_root_write(t, "d/f", "mine");
		}
		assert_int_equal(hf_fs_publish(&next, &err), -ESTALE);
		assert_string_equal(temp_root_text(t, "d/f"), published ? "mine" : "old");
		hf_error_free(err);
		assert_int_equal(hf_fs_unpublish_next(&next, &first, NULL), 0);
		hf_fs_stage_discard(&next);
		hf_fs_stage_discard(&first);
		assert_int_equal(entries(t, "d"), 1);
	}
}

static void stage_as(temp_root *t, bool removes, hf_staged *s)
{
	hf_error *err = NULL;

	assert_int_equal(
		removes ? hf_fs_stage_removal(&t->host, "/d/f", s, &err)
			: hf_fs_stage(&t->host, "/d/f", "ours", 4, NULL, s, &err),
		0);
}

/* Between staging and publishing somebody writes: nothing of that is lost. */
static void changed_before_publish(void **state)
{
	static const struct {
		const char *before; /* NULL: no file */
		const char *after;  /* what somebody leaves; NULL: removed */
		bool anew, mode;
	} cases[] = {
		{ "old", "newer", false, false }, { "old", "new", false, false },
		{ "old", "old", true, false },	  { "old", "old", false, true },
		{ NULL, "mine", false, false },	  { "old", NULL, false, false },
	};
	temp_root *t = *state;

	temp_root_mkdir(t, "d");
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const char *before = cases[i / 2].before, *after = cases[i / 2].after;
		const struct timespec then[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
		hf_staged s = { 0 };
		hf_error *err = NULL;
		bool gone = i % 2 && !after; /* what is to go is gone: just as well */

		(void)unlinkat(t->fd, "d/f", 0);
		if (before) {
			temp_root_write(t, "d/f", before);
			/* an edit within the tick of the clock would not show */
			assert_int_equal(utimensat(t->fd, "d/f", then, 0), 0);
		}
		stage_as(t, i % 2, &s);
		if (!after || cases[i / 2].anew)
			assert_int_equal(unlinkat(t->fd, "d/f", 0), 0);
		if (cases[i / 2].mode)
			assert_int_equal(fchmodat(t->fd, "d/f", 0600, 0), 0);
		else if (after)
			temp_root_write(t, "d/f", after);
		assert_int_equal(hf_fs_publish(&s, &err), gone ? 0 : -ESTALE);
		if (after)
			assert_string_equal(temp_root_text(t, "d/f"), after);
		assert_int_equal(hf_fs_unpublish(&s, NULL), 0);
		if (after)
			assert_string_equal(temp_root_text(t, "d/f"), after);
		hf_fs_stage_discard(&s);
		assert_int_equal(entries(t, "d"), after || gone ? 1 : 0);
		hf_error_free(err);
	}
}

static void removal(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_staged s = { 0 };

	temp_root_write(t, "f", "keep me");
	assert_int_equal(hf_fs_stage_removal(&t->host, "/f", &s, &err), 0);
	assert_int_equal(hf_fs_publish(&s, &err), 0);
	assert_int_equal(entries(t, "."), 0);
	assert_int_equal(hf_fs_unpublish(&s, &err), 0);
	assert_string_equal(temp_root_text(t, "f"), "keep me");
	hf_fs_stage_discard(&s);
}

static void through_a_link(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_staged s = { 0 };

	temp_root_mkdir(t, "etc");
	temp_root_mkdir(t, "srv");
	temp_root_write(t, "srv/real.json", "old");
	temp_root_link(t, "/srv/real.json", "etc/daemon.json");
	assert_int_equal(
		hf_fs_stage(&t->host, "/etc/daemon.json", "new", 3, NULL, &s, &err), 0);
	assert_int_equal(entries(t, "srv"), 2);
	assert_int_equal(hf_fs_publish(&s, &err), 0);
	hf_fs_stage_discard(&s);
	assert_true(S_ISLNK(temp_root_stat(t, "etc/daemon.json").st_mode));
	assert_string_equal(temp_root_text(t, "srv/real.json"), "new");
}

static void what_cannot_be_replaced(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *e1 = NULL, *e2 = NULL, *e3 = NULL, *e4 = NULL;
	hf_staged s = { 0 };

	temp_root_link(t, "/nowhere", "dangling");
	temp_root_mkdir(t, "dir");
	assert_int_equal(mkfifoat(t->fd, "fifo", 0600), 0);
	assert_int_equal(hf_fs_stage(&t->host, "/dangling", "", 0, NULL, &s, &e1),
			 -ENOLINK);
	assert_string_equal(
		hf_error_text(e1),
		"cannot replace '/dangling': '/dangling' is a symlink that leads "
		"nowhere inside the root ('/nowhere')");
	assert_int_equal(hf_fs_stage(&t->host, "/dir", "", 0, NULL, &s, &e2), -EISDIR);
	assert_int_equal(hf_fs_stage(&t->host, "/fifo", "", 0, NULL, &s, &e3), -EINVAL);
	assert_int_equal(hf_fs_stage(&t->host, "/none/x", "", 0, NULL, &s, &e4), -ENOENT);
	assert_int_equal(entries(t, "."), 3);
}

static void others_work_is_kept(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_staged s = { 0 };

	temp_root_write(t, "f", "old");
	assert_int_equal(hf_fs_stage(&t->host, "/f", "new", 3, NULL, &s, &err), 0);
	assert_int_equal(hf_fs_publish(&s, &err), 0);
	temp_root_write(t, "g", "theirs");
	assert_int_equal(renameat(t->fd, "g", t->fd, "f"), 0);
	assert_int_equal(hf_fs_unpublish(&s, &err), -ESTALE);
	assert_string_equal(temp_root_text(t, "f"), "theirs");
	hf_fs_stage_discard(&s);
}

static int flags_of(temp_root *t, const char *path, int set)
{
	int fd = openat(t->fd, path, O_RDONLY | O_CLOEXEC), flags = 0, r;

	assert_true(fd >= 0);
	r = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	if (r == 0 && set) {
		flags |= set;
		r = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	(void)close(fd);
	return r < 0 ? 0 : flags & (FS_NODUMP_FL | FS_NOATIME_FL | FS_SYNC_FL);
}

/* What lsattr(1) shows is part of the file, in both directions. */
static void flags_stay(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_staged s = { 0 };
	int kept;

	temp_root_write(t, "f", "old");
	kept = flags_of(t, "f", FS_NODUMP_FL);
	if (!kept)
		skip(); /* the file system of /tmp has none */
	kept |= flags_of(t, "f", FS_NOATIME_FL | FS_SYNC_FL);
	assert_int_equal(hf_fs_stage(&t->host, "/f", "new", 3, NULL, &s, &err), 0);
	assert_int_equal(hf_fs_publish(&s, &err), 0);
	assert_int_equal(flags_of(t, "f", 0), kept);
	assert_int_equal(hf_fs_unpublish(&s, &err), 0);
	assert_string_equal(temp_root_text(t, "f"), "old");
	assert_int_equal(flags_of(t, "f", 0), kept);
	hf_fs_stage_discard(&s);
	/* a file that had none does not get those of its directory */
	temp_root_mkdir(t, "d");
	temp_root_write(t, "d/f", "old");
	assert_true(flags_of(t, "d", FS_NODUMP_FL) != 0);
	assert_int_equal(hf_fs_stage(&t->host, "/d/f", "new", 3, NULL, &s, &err), 0);
	assert_int_equal(hf_fs_publish(&s, &err), 0);
	assert_int_equal(flags_of(t, "d/f", 0), 0);
	hf_fs_stage_discard(&s);
}

static void xattrs_and_acl_stay(void **state)
{
	/* version 2; user::rw-, user:1000:rw-, group::r--, mask::rw-, other::--- */
	static const unsigned char acl[] = {
		2,    0,    0,	  0,	1,    0,    6,	  0,	0xff, 0xff, 0xff,
		0xff, 2,    0,	  6,	0,    0xe8, 3,	  0,	0,    4,    0,
		4,    0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,	6,    0,    0xff,
		0xff, 0xff, 0xff, 0x20, 0,    0,    0,	  0xff, 0xff, 0xff, 0xff,
	};
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_staged s = { 0 };
	hf_inode i;
	char value[64];

	temp_root_write(t, "f", "old");
	(void)snprintf(t->scratch, sizeof(t->scratch), "%s/f", t->path);
	if (setxattr(t->scratch, "user.note", "kept", 4, 0) < 0 ||
	    setxattr(t->scratch, "system.posix_acl_access", acl, sizeof(acl), 0) < 0)
		skip(); /* the file system of /tmp has none */
	assert_int_equal(hf_fs_inode(&t->host, "/f", HF_FS_ACL, &i, &err), 0);
	assert_true(i.has_acl);
	assert_int_equal(i.mode & 07777, 0660);
	for (unsigned round = 0; round < 2; round++) {
		if (round == 0)
			assert_int_equal(
				hf_fs_stage(&t->host, "/f", "new", 3, NULL, &s, &err), 0);
		assert_int_equal(round == 0 ? hf_fs_publish(&s, &err)
					    : hf_fs_unpublish(&s, &err),
				 0);
		assert_int_equal(getxattr(t->scratch, "user.note", value, sizeof(value)),
				 4);
		assert_memory_equal(value, "kept", 4);
		assert_int_equal(getxattr(t->scratch, "system.posix_acl_access", value,
					  sizeof(value)),
				 sizeof(acl));
		assert_memory_equal(value, acl, sizeof(acl));
		assert_int_equal(temp_root_stat(t, "f").st_mode & 07777, 0660);
	}
	hf_fs_stage_discard(&s);
}

static void default_acl_does_not_leak_in(void **state)
{
	static const unsigned char acl[] = {
		2,    0,    0,	  0,	1,    0,    6,	  0,	0xff, 0xff, 0xff,
		0xff, 2,    0,	  6,	0,    0xe8, 3,	  0,	0,    4,    0,
		4,    0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,	6,    0,    0xff,
		0xff, 0xff, 0xff, 0x20, 0,    0,    0,	  0xff, 0xff, 0xff, 0xff,
	};
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_staged s = { 0 };
	hf_inode i;

	temp_root_mkdir(t, "d");
	temp_root_write(t, "d/f", "old");
	(void)snprintf(t->scratch, sizeof(t->scratch), "%s/d", t->path);
	if (setxattr(t->scratch, "system.posix_acl_default", acl, sizeof(acl), 0) < 0)
		skip();
	assert_int_equal(hf_fs_stage(&t->host, "/d/f", "new", 3, NULL, &s, &err), 0);
	assert_int_equal(hf_fs_publish(&s, &err), 0);
	hf_fs_stage_discard(&s);
	assert_int_equal(hf_fs_inode(&t->host, "/d/f", HF_FS_ACL, &i, &err), 0);
	assert_false(i.has_acl);
	assert_int_equal(i.mode & 07777, 0644);
}

static int set_meta(temp_root *t, const char *path, uid_t uid, gid_t gid, mode_t mode,
		    hf_error **err)
{
	cleanup_close int fd = openat(t->fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	assert_true(fd >= 0);
	return hf_fs_set_meta(fd, path, uid, gid, mode, err);
}

static void modes(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct stat st;

	temp_root_write(t, "f", "");
	assert_int_equal(fchmodat(t->fd, "f", 06755, 0), 0);
	st = temp_root_stat(t, "f");
	assert_int_equal(set_meta(t, "f", uid, gid, 06755, &err), 0);
	/* not even a ctime: nothing was issued, and setuid is still there */
	assert_int_equal(temp_root_stat(t, "f").st_ctim.tv_nsec, st.st_ctim.tv_nsec);
	assert_int_equal(temp_root_stat(t, "f").st_mode & 07777, 06755);
	assert_int_equal(set_meta(t, "f", uid, gid, 0640, &err), 0);
	assert_int_equal(temp_root_stat(t, "f").st_mode & 07777, 0640);
	assert_int_equal(mkfifoat(t->fd, "fifo", 0666), 0);
	assert_int_equal(set_meta(t, "fifo", uid, gid, 0600, &err), 0);
	assert_int_equal(temp_root_stat(t, "fifo").st_mode & 07777, 0600);
	temp_root_link(t, "f", "link");
	assert_int_equal(set_meta(t, "link", uid, gid, 0600, &err), -ELOOP);
	assert_int_equal(temp_root_stat(t, "f").st_mode & 07777, 0640);
}

static void owners(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL, *err2 = NULL;
	struct stat st;

	if (geteuid() != 0)
		skip(); /* chown(2) needs root */
	temp_root_write(t, "f", "");
	assert_int_equal(fchmodat(t->fd, "f", 06755, 0), 0);
	assert_int_equal(set_meta(t, "f", 1000, 1001, 06755, &err), 0);
	st = temp_root_stat(t, "f");
	assert_int_equal(st.st_uid, 1000);
	assert_int_equal(st.st_gid, 1001);
	assert_int_equal(st.st_mode & 07777, 06755);
	assert_int_equal(set_meta(t, "f", 1000, 0, 0644, &err), 0);
	st = temp_root_stat(t, "f");
	assert_int_equal(st.st_gid, 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* uid 1000 may have linked it from elsewhere */
	assert_int_equal(linkat(t->fd, "f", t->fd, "g", 0), 0);
	assert_int_equal(set_meta(t, "f", 0, 0, 0644, &err), -EMLINK);
	assert_int_equal(fchownat(t->fd, "f", 0, 0, 0), 0);
	assert_int_equal(set_meta(t, "f", 0, 0, 0600, &err2), 0);
}

static void immutable_files(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL, *err2 = NULL, *err3 = NULL;
	hf_staged s = { 0 };
	int fd, r, flags = 0;

	temp_root_write(t, "f", "");
	fd = openat(t->fd, "f", O_RDONLY | O_CLOEXEC);
	if (geteuid() != 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 ||
	    (flags |= FS_IMMUTABLE_FL, ioctl(fd, FS_IOC_SETFLAGS, &flags)) < 0) {
		(void)close(fd);
		skip();
	}
	assert_int_equal(set_meta(t, "f", 0, 0, 0600, &err), -EPERM);
	assert_string_equal(hf_error_text(err),
			    "cannot change owner or mode of 'f': it is immutable");
	assert_string_equal(err->hint, "take the flag off first: chattr -i -a f");
	assert_int_equal(hf_fs_stage(&t->host, "/f", "x", 1, NULL, &s, &err2), -EPERM);
	flags &= ~FS_IMMUTABLE_FL;
	assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	flags = 0;
	assert_int_equal(ioctl(t->fd, FS_IOC_GETFLAGS, &flags), 0);
	flags |= FS_IMMUTABLE_FL;
	assert_int_equal(ioctl(t->fd, FS_IOC_SETFLAGS, &flags), 0);
	r = hf_fs_stage(&t->host, "/f", "x", 1, NULL, &s, &err3);
	flags &= ~FS_IMMUTABLE_FL;
	assert_int_equal(ioctl(t->fd, FS_IOC_SETFLAGS, &flags), 0);
	assert_int_equal(r, -EPERM);
	assert_string_equal(hf_error_text(err3),
			    "cannot replace '/f': its directory is immutable");
	(void)close(fd);
}

static void bind_mounts(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL, *err2 = NULL;
	char target[128];
	hf_staged s = { 0 };
	hf_inode i;
	int r;

	temp_root_mkdir(t, "dir");
	temp_root_mkdir(t, "tmpfs");
	temp_root_write(t, "elsewhere", "x");
	temp_root_write(t, "f", "");
	(void)snprintf(t->scratch, sizeof(t->scratch), "%s/elsewhere", t->path);
	(void)snprintf(target, sizeof(target), "%s/f", t->path);
	if (geteuid() != 0 || mount(t->scratch, target, "none", MS_BIND, "") < 0)
		skip(); /* mounts need root */
	r = hf_fs_inode(&t->host, "/f", 0, &i, &err);
	assert_int_equal(hf_fs_stage(&t->host, "/f", "y", 1, NULL, &s, &err2), -EBUSY);
	assert_int_equal(umount(target), 0);
	assert_int_equal(r, 0);
	assert_true(i.mount_root && i.bind_mount);
	(void)snprintf(target, sizeof(target), "%s/tmpfs", t->path);
	assert_int_equal(mount("tmpfs", target, "tmpfs", 0, ""), 0);
	r = hf_fs_inode(&t->host, "/tmpfs", 0, &i, &err);
	assert_int_equal(umount(target), 0);
	assert_int_equal(r, 0);
	assert_true(i.mount_root && !i.bind_mount);
	assert_int_equal(entries(t, "."), 4);
}

static void directories(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL, *err2 = NULL, *err3 = NULL;
	static const char state_dir[] = "/var/lib/holdfast";
	const size_t len = strlen(state_dir);
	size_t top = 0;

	temp_root_mkdir(t, "var");
	assert_int_equal(
		hf_fs_mkdir(&t->host, state_dir, geteuid(), getegid(), 0700, &top, &err),
		0);
	assert_int_equal(top, strlen("/var/lib"));
	assert_int_equal(temp_root_stat(t, "var/lib").st_mode, S_IFDIR | 0755);
	assert_int_equal(temp_root_stat(t, "var/lib/holdfast").st_mode, S_IFDIR | 0700);
	temp_root_write(t, "var/lib/holdfast/x", "");
	assert_int_equal(hf_fs_rmdir_up_to(&t->host, state_dir, len, top, &err),
			 -ENOTEMPTY);
	assert_int_equal(unlinkat(t->fd, "var/lib/holdfast/x", 0), 0);
	assert_int_equal(hf_fs_rmdir_up_to(&t->host, state_dir, len, top, &err2), 0);
	assert_int_equal(entries(t, "var"), 0);
	assert_int_equal(hf_fs_mkdir(&t->host, "/var", 0, 0, 0700, &top, &err3), 0);
	assert_int_equal(top, 0);
	temp_root_write(t, "file", "");
	assert_int_equal(hf_fs_mkdir(&t->host, "/file/x", 0, 0, 0700, &top, &err3),
			 -ENOTDIR);
}

static void directory_outside(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	struct stat st;

	temp_root_link(t, "../../outside", "var");
	assert_int_equal(
		hf_fs_mkdir(&t->host, "/var/lib", geteuid(), getegid(), 0700, NULL, &err),
		-EEXIST);
	assert_int_equal(fstatat(t->fd, "../outside", &st, AT_SYMLINK_NOFOLLOW), -1);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(replace_publish_put_back),
		T(replaced_twice),
		T(replaced_in_between),
		T(new_file_and_discard),
		T(changed_before_publish),
		T(removal),
		T(through_a_link),
		T(what_cannot_be_replaced),
		T(others_work_is_kept),
		T(flags_stay),
		T(xattrs_and_acl_stay),
		T(default_acl_does_not_leak_in),
		T(modes),
		T(owners),
		T(immutable_files),
		T(bind_mounts),
		T(directories),
		T(directory_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

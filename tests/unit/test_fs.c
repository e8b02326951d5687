/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at files below a root: each case with openat2 and with the component walk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "host/fs.h"
#include "host/fs_internal.h"
#include "temp_root.h"

static int setup_kernel(void **state)
{
	return temp_root_make(state);
}

static int setup_walk(void **state)
{
	temp_root *t;

	(void)temp_root_make(state);
	t = *state;
	t->host.no_openat2 = true;
	return 0;
}

static int teardown(void **state)
{
	return temp_root_remove(state);
}

static int read_code(temp_root *t, const char *path, const char *ret_message[static 1])
{
	static char message[512];
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char *text = NULL;
	size_t len = 0;
	int r = hf_fs_read(&t->host, path, 0, &arena, &text, &len, NULL, &err);

	assert_int_equal(r < 0, err != NULL);
	(void)snprintf(message, sizeof(message), "%s", r < 0 ? hf_error_text(err) : text);
	*ret_message = message;
	return r;
}

static void check_read(temp_root *t, const char *path, int code, const char *message)
{
	const char *got;

	assert_int_equal(read_code(t, path, &got), code);
	assert_string_equal(got, message);
}

static void reads_files(void **state)
{
	temp_root *t = *state;

	temp_root_mkdir(t, "etc");
	temp_root_mkdir(t, "etc/docker");
	temp_root_write(t, "etc/docker/daemon.json", "{}\n");
	check_read(t, "/etc/docker/daemon.json", 0, "{}\n");
	check_read(t, "/etc/docker/other.json", -ENOENT,
		   "'/etc/docker/other.json' does not exist");
	check_read(t, "/etc/docker", -EISDIR, "'/etc/docker' is a directory, not a file");
	check_read(t, "/etc/docker/daemon.json/x", -ENOTDIR,
		   "cannot open '/etc/docker/daemon.json/x': Not a directory");
}

static void special_objects(void **state)
{
	temp_root *t = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	assert_int_equal(mkfifoat(t->fd, "fifo", 0666), 0);
	check_read(t, "/fifo", -EINVAL, "'/fifo' is a FIFO, not a regular file");
	assert_true((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock",
				     t->path) < sizeof(addr.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	check_read(t, "/sock", -EINVAL, "'/sock' is a socket, not a regular file");
	(void)close(fd);
	if (geteuid() == 0) {
		assert_int_equal(mknodat(t->fd, "null", S_IFCHR | 0666, (1 << 8) | 3), 0);
		check_read(t, "/null", -EINVAL,
			   "'/null' is a device, not a regular file");
	}
}

static void large_files(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char *text;
	size_t len;

	temp_root_write(t, "big", "");
	assert_int_equal(
		truncate((snprintf(t->scratch, sizeof(t->scratch), "%s/big", t->path),
			  t->scratch),
			 64 << 20),
		0);
	check_read(t, "/big", -EFBIG,
		   "'/big' is too large: 67108864 bytes, the limit is 16777216");
	temp_root_write(t, "six", "123456");
	assert_int_equal(hf_fs_read(&t->host, "/six", 6, &arena, &text, &len, NULL, &err),
			 0);
	assert_int_equal(len, 6);
	assert_int_equal(hf_fs_read(&t->host, "/six", 5, &arena, &text, &len, NULL, &err),
			 -EFBIG);
}

static void links_stay_inside(void **state)
{
	temp_root *t = *state;
	int fd;

	/* PATH/../secret is outside; every way to it must end inside or nowhere */
	fd = openat(t->fd, "../secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "outside", 7), 7);
	(void)close(fd);
	temp_root_mkdir(t, "etc");
	temp_root_link(t, "../../../../../../secret", "etc/up");
	(void)snprintf(t->scratch, sizeof(t->scratch), "%s/secret", t->base);
	temp_root_link(t, t->scratch, "etc/absolute");
	temp_root_link(t, "../..", "etc/parent");
	temp_root_link(t, "/proc/self/root/etc/passwd", "etc/magic");
	check_read(t, "/etc/up", -ENOLINK,
		   "'/etc/up' is a symlink that leads nowhere inside the root "
		   "('/etc/../../../../../../secret')");
	assert_int_equal(read_code(t, "/etc/absolute", &(const char *){ NULL }),
			 -ENOLINK);
	check_read(t, "/etc/parent/secret", -ENOENT,
		   "'/etc/parent/secret' does not exist");
	assert_int_equal(read_code(t, "/../../secret", &(const char *){ NULL }), -ENOENT);
	assert_int_equal(read_code(t, "/etc/magic", &(const char *){ NULL }), -ENOLINK);
	temp_root_write(t, "secret", "inside");
	check_read(t, "/etc/up", 0, "inside");
	check_read(t, "/etc/parent/secret", 0, "inside");
	check_read(t, "/../../secret", 0, "inside");
}

static void dangling_parent_is_no_absence(void **state)
{
	temp_root *t = *state;

	temp_root_mkdir(t, "etc");
	temp_root_link(t, "/nowhere", "etc/docker");
	check_read(t, "/etc/docker/certs/key", -ENOLINK,
		   "'/etc/docker' is a symlink that leads nowhere inside the root");
	temp_root_mkdir(t, "nowhere");
	check_read(t, "/etc/docker/certs/key", -ENOENT,
		   "'/etc/docker/certs/key' does not exist");
}

static void loops_and_long_names(void **state)
{
	temp_root *t = *state;
	char path[8192];

	temp_root_link(t, "b", "a");
	temp_root_link(t, "a", "b");
	temp_root_link(t, "self/x", "self");
	check_read(t, "/a", -ELOOP,
		   "cannot resolve '/a': too many symlinks, or a link that must not be "
		   "followed");
	assert_int_equal(read_code(t, "/self/y", &(const char *){ NULL }), -ELOOP);
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[300] = '\0';
	assert_int_equal(read_code(t, path, &(const char *){ NULL }), -ENAMETOOLONG);
}

static void inodes(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_inode i;

	temp_root_mkdir(t, "usr");
	temp_root_mkdir(t, "usr/lib");
	temp_root_link(t, "usr/lib", "lib");
	temp_root_write(t, "usr/lib/target", "12345");
	assert_int_equal(fchmodat(t->fd, "usr/lib/target", 04751, 0), 0);
	temp_root_link(t, "../lib/target", "usr/lib/link");
	temp_root_link(t, "link/", "usr/lib/chain");
	assert_int_equal(hf_fs_inode(&t->host, "/lib/target", 0, &i, &err), 0);
	assert_int_equal(i.mode, S_IFREG | 04751);
	assert_int_equal(i.size, 5);
	assert_int_equal(i.nlink, 1);
	assert_int_equal(i.uid, geteuid());
	assert_false(i.through_link || i.is_link || i.has_acl || i.immutable ||
		     i.mount_root);
	assert_int_equal(hf_fs_inode(&t->host, "/lib/chain", 0, &i, &err), 0);
	assert_int_equal(i.mode, S_IFREG | 04751);
	assert_true(i.through_link);
	assert_int_equal(i.link_uid, geteuid());
	assert_int_equal(hf_fs_inode(&t->host, "/lib/chain", HF_FS_NOFOLLOW, &i, &err),
			 0);
	assert_true(i.is_link);
	assert_false(i.through_link);
	assert_int_equal(hf_fs_inode(&t->host, "/", 0, &i, &err), 0);
	assert_true(S_ISDIR(i.mode));
}

static void least_trusted_link(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_inode i;

	if (geteuid() != 0)
		skip(); /* other owners need root */
	temp_root_write(t, "target", "");
	temp_root_link(t, "target", "one");
	temp_root_link(t, "one", "two");
	assert_int_equal(fchownat(t->fd, "one", 1000, 1000, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(hf_fs_inode(&t->host, "/two", 0, &i, &err), 0);
	assert_int_equal(i.uid, 0);
	assert_int_equal(i.link_uid, 1000);
}

static void canonical_paths(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char *s;

	temp_root_mkdir(t, "usr");
	temp_root_mkdir(t, "usr/lib");
	temp_root_link(t, "/usr/lib", "lib");
	temp_root_write(t, "usr/lib/real", "");
	temp_root_link(t, "../../lib/real", "usr/lib/link");
	assert_int_equal(hf_fs_canonical(&t->host, "/lib/link", &arena, &s, &err), 0);
	assert_string_equal(s, "/usr/lib/real");
	assert_int_equal(hf_fs_canonical(&t->host, "//lib/./../lib/", &arena, &s, &err),
			 0);
	assert_string_equal(s, "/usr/lib");
	assert_int_equal(hf_fs_canonical(&t->host, "/../..", &arena, &s, &err), 0);
	assert_string_equal(s, "/");
	assert_int_equal(hf_fs_canonical(&t->host, "/lib/none", &arena, &s, &err),
			 -ENOENT);
}

static void link_texts(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_error_freep) hf_error *err = NULL, *err2 = NULL;
	char *s;

	temp_root_link(t, "/dev/null", "masked.service");
	temp_root_write(t, "plain", "");
	assert_int_equal(hf_fs_readlink(&t->host, "/masked.service", &arena, &s, &err),
			 0);
	assert_string_equal(s, "/dev/null");
	assert_int_equal(hf_fs_readlink(&t->host, "/plain", &arena, &s, &err), -EINVAL);
	assert_string_equal(hf_error_text(err), "'/plain' is not a symlink");
	assert_int_equal(hf_fs_readlink(&t->host, "/none", &arena, &s, &err2), -ENOENT);
}

static void listings(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_error_freep) hf_error *err = NULL, *err2 = NULL;
	char **names = NULL;
	size_t n = 99;

	temp_root_mkdir(t, "d");
	assert_int_equal(hf_fs_list(&t->host, "/d", &arena, &names, &n, &err), 0);
	assert_int_equal(n, 0);
	temp_root_write(t, "d/b", "");
	temp_root_write(t, "d/Z", "");
	temp_root_write(t, "d/.a", "");
	assert_int_equal(hf_fs_list(&t->host, "/d", &arena, &names, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(names[0], ".a");
	assert_string_equal(names[1], "Z");
	assert_string_equal(names[2], "b");
	assert_int_equal(hf_fs_list(&t->host, "/d/b", &arena, &names, &n, &err),
			 -ENOTDIR);
	assert_int_equal(hf_fs_list(&t->host, "/e", &arena, &names, &n, &err2), -ENOENT);
}

/* --- races ------------------------------------------------------------------------- */

typedef struct swapper {
	int fd;
	atomic_bool stop;
} swapper;

/* Swaps a directory and a symlink that points out of the tree, again and again. */
static void *swap_names(void *user)
{
	swapper *s = user;

	while (!atomic_load(&s->stop)) {
		(void)renameat2(s->fd, "door", s->fd, "trap", RENAME_EXCHANGE);
		(void)sched_yield();
	}
	return NULL;
}

static void swapped_links_never_lead_out(void **state)
{
	temp_root *t = *state;
	swapper s = { .fd = t->fd };
	pthread_t thread;
	unsigned inside = 0;
	int fd;

	fd = openat(t->fd, "../file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "outside", 7), 7);
	(void)close(fd);
	temp_root_mkdir(t, "door");
	temp_root_write(t, "door/file", "inside");
	temp_root_link(t, "../../../../../../..", "trap");
	assert_int_equal(pthread_create(&thread, NULL, swap_names, &s), 0);
	for (unsigned i = 0; i < 2000 || (!inside && i < 100000); i++) {
		const char *got;
		int r = read_code(t, "/door/file", &got);

		if (r == 0) {
			assert_string_equal(got, "inside");
			inside++;
		} else {
			assert_true(r == -ENOENT || r == -ENOLINK || r == -EAGAIN);
			(void)sched_yield(); /* a checker may run one thread at a time */
		}
	}
	atomic_store(&s.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(inside > 0);
}

static void note_working(void *user, const char *text)
{
	char *all = user;

	(void)strcat(all, text);
	(void)strcat(all, "\n");
}

static int count_only(void *user, const hf_walk_entry *entry)
{
	(void)user;
	(void)entry;
	return 0;
}

/* A long walk tells how far it is; one that is over before its time says nothing. */
static void long_walks_tell(void **state)
{
	temp_root *t = *state;
	hf_walk walk = { .visit = count_only };
	char told[256] = "";

	temp_root_mkdir(t, "many");
	for (int i = 0; i < 600; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "many/%03d", i);
		temp_root_write(t, path, "");
	}
	t->host.working = note_working;
	t->host.working_user = told;
	t->host.working_each_usec = UINT64_MAX;
	assert_int_equal(hf_fs_walk(&t->host, "/many", &walk, NULL), 0);
	assert_string_equal(told, "");
	t->host.working_each_usec = 0;
	assert_int_equal(hf_fs_walk(&t->host, "/many", &walk, NULL), 0);
	assert_string_equal(told, "look at /many: 256\nlook at /many: 512\n");
}

#define BOTH(test)                                                                       \
	{ #test " (openat2)", test, setup_kernel, teardown, NULL },                      \
	{                                                                                \
#test " (walk)", test, setup_walk, teardown, NULL                        \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(reads_files),
		BOTH(special_objects),
		BOTH(large_files),
		BOTH(links_stay_inside),
		BOTH(dangling_parent_is_no_absence),
		BOTH(loops_and_long_names),
		BOTH(inodes),
		BOTH(least_trusted_link),
		BOTH(canonical_paths),
		BOTH(link_texts),
		BOTH(listings),
		BOTH(swapped_links_never_lead_out),
		BOTH(long_walks_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

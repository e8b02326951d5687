/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fail the Nth allocation, and the Nth system call that writes, for every N, while files
 * are replaced and while the files kind observes and plans. What fails leaves everything
 * as it was. The linker hands our calls to the wrappers below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>

#include "../alloc_wrap.h"
#include "files_world.h"
#include "host/fs.h"

#define N_MAX 20000

ssize_t __real_write(int fd, const void *p, size_t n);
int __real_fsync(int fd);
int __real_renameat(int a, const char *from, int b, const char *to);
int __real_fchmod(int fd, mode_t mode);

ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_fsync(int fd);
int __wrap_renameat(int a, const char *from, int b, const char *to);
int __wrap_fchmod(int fd, mode_t mode);

/* Counting down to the call that fails; 0: none. */
static long memory_left, calls_left;
static bool interrupting; /* writes are short and interrupted */

static bool fails(long *left)
{
	return *left > 0 && --*left == 0;
}

static bool alloc_fails(void)
{
	return fails(&memory_left);
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	static unsigned count;

	if (fails(&calls_left)) {
		errno = ENOSPC;
		return -1;
	}
	if (interrupting && count++ % 2) {
		errno = EINTR;
		return -1;
	}
	return __real_write(fd, p, interrupting && n > 1 ? 1 : n);
}

int __wrap_fsync(int fd)
{
	if (fails(&calls_left)) {
		errno = EIO;
		return -1;
	}
	return __real_fsync(fd);
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
	if (fails(&calls_left)) {
		errno = EXDEV;
		return -1;
	}
	return __real_renameat(a, from, b, to);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	if (fails(&calls_left)) {
		errno = EPERM;
		return -1;
	}
	return __real_fchmod(fd, mode);
}

static unsigned entries(const temp_root *t)
{
	int fd = openat(t->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(fd);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

/* Replace a file; 0 or the first failure. The file is old or new, and never both. */
static int replace(temp_root *t, bool *ret_published)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_staged s = { 0 };
	int r = hf_fs_stage(&t->host, "/f", "the new text", 12, NULL, &s, &err);

	*ret_published = false;
	if (r == 0) {
		r = hf_fs_publish(&s, &err);
		*ret_published = s.published;
	}
	hf_fs_stage_discard(&s);
	return r;
}

static void replace_with(long *left, temp_root *t)
{
	for (long n = 1; n < N_MAX; n++) {
		bool published, done;
		int r;

		temp_root_write(t, "f", "old");
		*left = n;
		r = replace(t, &published);
		done = *left > 0; /* fewer than N calls: nothing failed */
		*left = 0;
		assert_int_equal(entries(t), 1);
		assert_string_equal(temp_root_text(t, "f"),
				    published ? "the new text" : "old");
		if (done) {
			assert_int_equal(r, 0);
			return;
		}
	}
	fail();
}

static int setup_root(void **state)
{
	return temp_root_make(state);
}

static int teardown_root(void **state)
{
	memory_left = calls_left = 0;
	interrupting = false;
	return temp_root_remove(state);
}

static void replacing_without_memory(void **state)
{
	replace_with(&memory_left, *state);
}

static void replacing_with_failing_calls(void **state)
{
	replace_with(&calls_left, *state);
}

static void putting_back_with_failing_calls(void **state)
{
	temp_root *t = *state;

	for (long n = 1; n < 100; n++) {
		cleanup_(hf_error_freep) hf_error *err = NULL, *err2 = NULL;
		hf_staged s = { 0 };
		bool done;
		int r;

		temp_root_write(t, "f", "old");
		assert_int_equal(hf_fs_stage(&t->host, "/f", "new", 3, NULL, &s, &err),
				 0);
		assert_int_equal(hf_fs_publish(&s, &err), 0);
		calls_left = n;
		r = hf_fs_unpublish(&s, &err2);
		done = calls_left > 0;
		calls_left = 0;
		if (r < 0) {
			cleanup_(hf_error_freep) hf_error *err3 = NULL;

			/* safe to repeat */
			assert_int_equal(hf_fs_unpublish(&s, &err3), 0);
		}
		assert_string_equal(temp_root_text(t, "f"), "old");
		hf_fs_stage_discard(&s);
		assert_int_equal(entries(t), 1);
		if (done)
			return;
	}
	fail();
}

static void short_and_interrupted_writes(void **state)
{
	temp_root *t = *state;
	bool published;

	temp_root_write(t, "f", "old");
	interrupting = true;
	assert_int_equal(replace(t, &published), 0);
	interrupting = false;
	assert_string_equal(temp_root_text(t, "f"), "the new text");
}

static int setup_world(void **state)
{
	files_world *w;

	(void)files_world_make(state);
	w = *state;
	temp_root_mkdir(w->t, "etc");
	temp_root_mkdir(w->t, "etc/d");
	temp_root_write(w->t, "etc/passwd", "root:x:0:0::/:/bin/sh\n");
	temp_root_write(w->t, "etc/d/x.conf", "");
	temp_root_write(w->t, "etc/d/y", "");
	temp_root_link(w->t, "d/y", "etc/link");
	files_world_record(w, "files:/etc/d/y#mode", "0666", "0644");
	kind_world_control(w, "one",
			   "- {path: '/etc/*/*.conf', max_mode: '0600', owner: root}\n"
			   "- {path: /etc/d, recurse: true, group: '0', exclude: [z]}\n"
			   "- {path: /etc/link, owner: root}\n"
			   "- {path: '${unit:a.service}', owner: nobody-there}\n");
	kind_world_control(w, "two", "- {path: /etc/new, max_mode: '0600'}\n");
	return 0;
}

static int teardown_world(void **state)
{
	memory_left = 0;
	return kind_world_remove(state);
}

static int plan_once(files_world *w)
{
	static const char *const values[] = { "/etc/d/x.conf" };
	hf_ref_values ref = { .values = (const char **)(uintptr_t)values, .n = 1 };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	int r = hf_plan_ref_set(&w->plan, "unit:a.service", &ref);

	if (r == 0 && !hf_plan_group(&w->plan, HF_GROUP_FILE, HF_STAGE_CONFIG,
				     &hf_kind_files, "/etc/new"))
		r = -ENOMEM;
	if (r == 0)
		r = hf_kind_files.observe(&w->t->host, &w->model, &w->plan, &err);
	if (r == 0)
		r = hf_kind_files.plan(&w->model, &w->plan, &err);
	if (r == 0)
		r = hf_kind_files.settle(&w->model, &w->plan, &err);
	return r;
}

static void planning_without_memory(void **state)
{
	files_world *w = *state;
	char *good;

	assert_int_equal(plan_once(w), 0);
	good = __real_strdup(files_world_rows(w));
	assert_non_null(good);
	for (long n = 1; n < N_MAX; n++) {
		bool done;
		int r;

		kind_world_forget_plan(w);
		memory_left = n;
		r = plan_once(w);
		done = memory_left > 0;
		memory_left = 0;
		/* a plan is right or refused: never one with parts missing */
		if (r == 0)
			assert_string_equal(files_world_rows(w), good);
		else
			assert_int_equal(r, -ENOMEM);
		if (done) {
			free(good);
			assert_int_equal(r, 0);
			return;
		}
	}
	fail();
}

#define ROOT(test) cmocka_unit_test_setup_teardown(test, setup_root, teardown_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOT(replacing_without_memory),
		ROOT(replacing_with_failing_calls),
		ROOT(putting_back_with_failing_calls),
		ROOT(short_and_interrupted_writes),
		cmocka_unit_test_setup_teardown(planning_without_memory, setup_world,
						teardown_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

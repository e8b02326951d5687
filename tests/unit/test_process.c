/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/process.h"
#include "temp_root.h"

static char dir[32];

/* /proc/PID in the tree, for a process that there is: this one. */
static void proc_make(temp_root *t)
{
	(void)snprintf(dir, sizeof(dir), "proc/%d", (int)getpid());
	temp_root_mkdir(t, "proc");
	temp_root_mkdir(t, dir);
}

static void put(temp_root *t, const char *name, const char *text, size_t len)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

static hf_process look(temp_root *t, hf_arena *arena)
{
	hf_process p;

	assert_int_equal(hf_process_read(&t->host, (uint32_t)getpid(), arena, &p), 0);
	return p;
}

/* The name of a program may look like what follows it. */
static void whole(void **state)
{
	static const char cmdline[] = "a\0\0b c";
	static const char stat[] =
		"7 (x) R 1 2) S 1 1 1 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 250 9\n";
	hf_arena arena = { 0 };
	temp_root *t = *state;
	struct timespec real, boot;
	uint64_t up;
	hf_process p;

	proc_make(t);
	put(t, "cmdline", cmdline, sizeof(cmdline));
	put(t, "stat", stat, sizeof(stat) - 1);
	p = look(t, &arena);
	assert_false(p.gone);
	assert_int_equal(p.n_argv, 3);
	assert_string_equal(p.argv[0], "a");
	assert_string_equal(p.argv[1], "");
	assert_string_equal(p.argv[2], "b c");
	assert_int_equal(p.start_ticks, 250);
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &real), 0);
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
	up = (uint64_t)(real.tv_sec - p.started_usec / 1000000);
	assert_true(up + 2 >= (uint64_t)boot.tv_sec && up <= (uint64_t)boot.tv_sec + 2);
	hf_arena_done(&arena);
}

/* Neither command line nor start: hidden, as the process is there. */
static void hidden(void **state)
{
	static const char *const stats[] = {
		"", "7 (x)", "7 (x) S 1 2",
		("7 (x) S 1 1 1 0 -1 4194304 1 0 0 0 0 0 0 0 "
		 "20 0 1 0 -3 9\n")
	};
	hf_arena arena = { 0 };
	temp_root *t = *state;
	hf_process p = look(t, &arena);

	assert_false(p.gone);
	assert_null(p.argv);
	proc_make(t);
	put(t, "cmdline", "", 0);
	for (size_t i = 0; i < ARRAY_SIZE(stats); i++) {
		put(t, "stat", stats[i], strlen(stats[i]));
		p = look(t, &arena);
		assert_false(p.gone);
		assert_null(p.argv);
		assert_int_equal(p.start_ticks, 0);
		assert_int_equal(p.started_usec, 0);
	}
	hf_arena_done(&arena);
}

/* No process has a number above the kernel's limit (PID_MAX_LIMIT). */
static void gone(void **state)
{
	hf_arena arena = { 0 };
	temp_root *t = *state;
	hf_process p;

	assert_int_equal(hf_process_read(&t->host, 1u << 30, &arena, &p), 0);
	assert_true(p.gone);
	hf_arena_done(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temp_root_make, temp_root_remove)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(whole), TEST(hidden), TEST(gone) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

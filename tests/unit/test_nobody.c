/* SPDX-License-Identifier: Apache-2.0 */
/* A program run without rights: what it gets, what it cannot do, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>

#include "base/clock.h"
#include "host/nobody.h"
#include "temp_root.h"

static hf_arena arena;
static const char *const no_env[] = { NULL };

static hf_nobody_answer run(const char *script, const char *bytes, uint64_t timeout_usec)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const hf_nobody what = { .argv = argv,
				 .env = no_env,
				 .bytes = bytes,
				 .len = bytes ? strlen(bytes) : 0,
				 .timeout_usec = timeout_usec };
	hf_nobody_answer answer;
	hf_error *err = NULL;

	assert_int_equal(hf_nobody_run(&what, &arena, &answer, &err), 0);
	return answer;
}

#define LONG 60000000u

static void says(const char *script, const char *expected)
{
	const hf_nobody_answer a = run(script, NULL, LONG);

	assert_string_equal(a.output, expected);
	assert_int_equal(a.status, 0);
}

static void test_status(void **state)
{
	hf_nobody_answer a;

	(void)state;
	says("echo out; echo err >&2", "out\nerr\n");
	a = run("exit 7", NULL, LONG);
	assert_int_equal(a.status, 7);
	assert_string_equal(a.output, "");
	a = run("kill -9 $$", NULL, LONG);
	assert_int_equal(a.status, -1);
	assert_string_equal(a.why, "killed by signal 9");
}

static void test_cannot_run(void **state)
{
	const char *const argv[] = { "/nonexistent/dockerd", NULL };
	const hf_nobody what = { .argv = argv, .env = no_env, .timeout_usec = LONG };
	hf_nobody_answer a;

	(void)state;
	assert_int_equal(hf_nobody_run(&what, &arena, &a, NULL), 0);
	assert_int_equal(a.status, -1);
	assert_string_equal(a.why, "'/nonexistent/dockerd' cannot be run: "
				   "No such file or directory");
}

/* Of its own group nothing is left, be it at the deadline or at its end. */
static void test_deadline(void **state)
{
	uint64_t begin = hf_clock_usec(CLOCK_MONOTONIC);
	hf_nobody_answer a;
	char *end;

	(void)state;
	a = run("sleep 600 & echo $!; trap '' TERM; sleep 600", NULL, 1000000);
	assert_int_equal(a.status, -1);
	assert_string_equal(a.why, "no answer within 1 s");
	assert_true(hf_clock_usec(CLOCK_MONOTONIC) - begin < 30000000u);
	a = run("sleep 600 & echo $!", NULL, LONG);
	assert_int_equal(a.status, 0);
	assert_true(hf_clock_usec(CLOCK_MONOTONIC) - begin < 30000000u);
	for (int i = 0; i < 1000; i++) { /* a kill takes its time */
		char path[64], stat[256] = "";
		FILE *f;

		(void)snprintf(path, sizeof(path), "/proc/%ld/stat",
			       strtol(a.output, &end, 10));
		f = fopen(path, "r");
		if (f) {
			(void)!fread(stat, 1, sizeof(stat) - 1, f);
			assert_int_equal(fclose(f), 0);
		}
		if (!f || strstr(stat, ") Z ") || !strstr(stat, "(sleep)"))
			return;
		assert_int_equal(usleep(10000), 0);
	}
	fail_msg("it has left a process behind");
}

/* It is read to its end, so that nothing blocks, and not all of it is kept. */
static void test_output(void **state)
{
	const hf_nobody_answer a =
		run("head -c 1000000 /dev/zero | tr '\\0' x; exit 3", NULL, LONG);

	(void)state;
	assert_int_equal(a.status, 3);
	assert_int_equal(strlen(a.output), HF_NOBODY_OUTPUT_MAX);
}

static void test_file(void **state)
{
	hf_nobody_answer a =
		run("cat " HF_NOBODY_FILE " " HF_NOBODY_FILE, "one two ", LONG);

	(void)state;
	assert_string_equal(a.output, "one two one two ");
	a = run("(echo x >>" HF_NOBODY_FILE
		") 2>/dev/null || echo refused; cat " HF_NOBODY_FILE,
		"kept", LONG);
	assert_string_equal(a.output, "refused\nkept");
	a = run("cat " HF_NOBODY_FILE, NULL, LONG);
	assert_int_not_equal(a.status, 0);
	a = run("cat " HF_NOBODY_FILE, "", LONG);
	assert_int_equal(a.status, 0);
}

/* What is open here, what is set here, and the signals that wait here stay here. */
static void test_nothing_else(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	sigset_t set, old;

	(void)state;
	assert_true(fd >= 0);
	assert_true(dup2(fd, 50) == 50);
	assert_int_equal(sigemptyset(&set), 0);
	assert_int_equal(sigaddset(&set, SIGTERM), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	says("for f in 3 4 5 50; do [ -e /proc/self/fd/$f ] && echo $f; done; pwd; read "
	     "x || "
	     "echo end",
	     "/\nend\n");
	says("grep -E '^(SigBlk|NoNewPrivs)' /proc/self/status | tr -d '\\t\\n'",
	     "SigBlk:0000000000000000NoNewPrivs:1");
	/* 32 and 33 are the C library's */
	says("i=$(sed -n 's/^SigIgn://p' /proc/self/status); "
	     "echo $((0x${i#?} & 0x7fffffff))",
	     "0\n");
	says("env | grep -v -e ^_= -e ^PWD= -e ^SHLVL= -e ^OLDPWD=; :", "");
	assert_true(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	assert_int_equal(close(50), 0);
	assert_int_equal(close(fd), 0);
}

/* Root reads and does nothing else; an ordinary user stays what he is. */
static void test_rights(void **state)
{
	char ids[64];

	(void)state;
	(void)snprintf(ids, sizeof(ids), "%u %u\n", geteuid(), getegid());
	if (geteuid() != 0) {
		says("echo $(id -u) $(id -g)", ids);
		return;
	}
	says("echo $(id -u) $(id -g) $(id -G)", "65534 65534 65534\n");
	says("grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | tr -d '\\t\\n'",
	     "CapInh:0000000000000004CapPrm:0000000000000004CapEff:0000000000000004"
	     "CapBnd:0000000000000004CapAmb:0000000000000004");
	says("head -c 4 /etc/shadow >/dev/null && echo read; "
	     "(: >>/etc/shadow) 2>/dev/null || echo refused",
	     "read\nrefused\n");
}

static int teardown(void **state)
{
	(void)state;
	hf_arena_done(&arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_status), TEST(test_cannot_run), TEST(test_deadline),
		TEST(test_output), TEST(test_file),	  TEST(test_nothing_else),
		TEST(test_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

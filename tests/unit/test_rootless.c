/* SPDX-License-Identifier: Apache-2.0 */
/* Rootless engines, found by socket, process and unit; never taken for the system's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "dockerd_name.h"
#include "host/docker.h"
#include "host/rootless.h"
#include "temp_root.h"

#define UNIT_DIR "home/ann/.config/systemd/user"

static void make_dirs(temp_root *t, const char *path)
{
	char part[128];

	for (size_t i = 1; i <= strlen(path); i++) {
		if (path[i] && path[i] != '/')
			continue;
		(void)snprintf(part, sizeof(part), "%.*s", (int)i, path);
		assert_true(mkdirat(t->fd, part, 0755) == 0 || errno == EEXIST);
	}
}

static void make_socket(temp_root *t, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s",
				     t->path, path) < sizeof(addr.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	(void)close(fd);
}

/* "USER SIGN|..." */
static void expect(temp_root *t, uint32_t pid, bool units, const char *expected)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_rootless *list = NULL;
	char text[256] = "";
	size_t n = 7;

	assert_int_equal(hf_rootless_list(&t->host, pid, units, &arena, &list, &n), 0);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s %s|", list[i].user,
			       list[i].sign);
	}
	assert_string_equal(text, expected);
}

static void sockets(void **state)
{
	temp_root *t = *state;

	t->host.offline = false;
	expect(t, 0, true, "");
	make_dirs(t, "run/user/4000001");
	make_dirs(t, "run/user/4000002");
	make_dirs(t, "run/user/0");
	make_dirs(t, "run/user/x");
	make_socket(t, "run/user/4000001/docker.sock");
	make_socket(t, "run/user/0/docker.sock");
	make_socket(t, "run/user/x/docker.sock");
	temp_root_write(t, "run/user/4000002/docker.sock", "no socket");
	expect(t, 0, false, "4000001 /run/user/4000001/docker.sock|");
	/* what runs on this machine is not in the tree of an image */
	t->host.offline = true;
	expect(t, 0, false, "");
}

static void units(void **state)
{
	temp_root *t = *state;

	make_dirs(t, "etc");
	temp_root_write(t, "etc/passwd",
			"ann:x:1000:1000::/home/ann:/bin/sh\n"
			"bob:x:1001:1001::/home/bob:/bin/sh\n"
			"eve:x:1002:1002::relative:/bin/sh\n");
	make_dirs(t, UNIT_DIR);
	temp_root_write(t, UNIT_DIR "/docker.service", "[Service]\n");
	/* the manager of a user who is not logged in does not run */
	expect(t, 0, true, "");
	make_dirs(t, "var/lib/systemd/linger");
	temp_root_write(t, "var/lib/systemd/linger/ann", "");
	temp_root_write(t, "var/lib/systemd/linger/bob", "");
	temp_root_write(t, "var/lib/systemd/linger/eve", "");
	temp_root_write(t, "var/lib/systemd/linger/gone", "");
	expect(t, 0, true, "ann /" UNIT_DIR "/docker.service|");
	expect(t, 0, false, "");
}

/* A process named dockerd: as rootlesskit starts it, or any of a user with that name. */
static pid_t start(bool rootless)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		bool done = rootless ? unshare(CLONE_NEWUSER) == 0
				     : setresuid(4000004, 4000004, 4000004) == 0;

		(void)prctl(PR_SET_NAME, "dockerd");
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!write(ready[1], done ? "y" : "n", 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	if (byte == 'y')
		return pid;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return 0;
}

static void processes(void **state)
{
	temp_root *t = *state;
	uint32_t pid = 0, rootless = 0;
	hf_host host;
	pid_t child;

	assert_int_equal(hf_host_open(&host, NULL, NULL), 0);
	assert_int_equal(hf_docker_process(&host, &pid, &rootless, NULL), 0);
	child = pid || rootless ? 0 : start(true);
	if (!child) {
		hf_host_close(&host);
		skip(); /* a dockerd runs here, or user namespaces are refused */
	}
	assert_int_equal(hf_docker_process(&host, &pid, &rootless, NULL), 0);
	assert_int_equal(pid, 0);
	assert_int_equal(rootless, child);
	make_dirs(t, "proc");
	(void)snprintf(t->scratch, sizeof(t->scratch), "proc/%d", (int)child);
	temp_root_mkdir(t, t->scratch);
	t->host.offline = false;
	if (getuid() == 0) {
		assert_int_equal(fchownat(t->fd, t->scratch, 4000003, 0, 0), 0);
		(void)snprintf(t->scratch, sizeof(t->scratch), "4000003 /proc/%d|",
			       (int)child);
		expect(t, (uint32_t)child, false, t->scratch);
	}
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	hf_host_close(&host);
}

/* An ordinary user who calls a process so does not make it the engine. */
static void namesake(void **state)
{
	uint32_t pid = 0, rootless = 0;
	hf_host host;
	pid_t child;

	(void)state;
	assert_int_equal(hf_host_open(&host, NULL, NULL), 0);
	assert_int_equal(hf_docker_process(&host, &pid, &rootless, NULL), 0);
	child = pid || rootless || getuid() ? 0 : start(false);
	if (!child) {
		hf_host_close(&host);
		skip();
	}
	assert_int_equal(hf_docker_process(&host, &pid, &rootless, NULL), 0);
	assert_int_equal(pid, 0);
	assert_int_equal(rootless, child);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	hf_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sockets, temp_root_make,
						temp_root_remove),
		cmocka_unit_test_setup_teardown(units, temp_root_make, temp_root_remove),
		cmocka_unit_test_setup_teardown(processes, temp_root_make,
						temp_root_remove),
		cmocka_unit_test(namesake),
	};

	(void)dockerd_name_take(); /* until the end */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

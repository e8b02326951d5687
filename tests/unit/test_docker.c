/* SPDX-License-Identifier: Apache-2.0 */
/* The client of dockerd's API, against a server of our own under dockerd's name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dockerd_name.h"
#include "host/docker.h"

typedef struct server {
	char dir[32];
	char path[64];
	pid_t pid;
} server;

static void server_run(int fd, const char *answer, size_t len, unsigned delay_msec)
{
	char buf[4096];
	int c;

	(void)prctl(PR_SET_NAME, "dockerd");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	c = accept(fd, NULL, NULL);
	if (c < 0 || read(c, buf, sizeof(buf)) <= 0)
		_exit(1);
	(void)usleep(delay_msec * 1000);
	while (len) {
		ssize_t n = write(c, answer, len);

		if (n <= 0)
			break;
		answer += n;
		len -= (size_t)n;
	}
	_exit(0);
}

static bool is_named(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	if (f) {
		if (!fgets(name, sizeof(name), f))
			name[0] = '\0';
		(void)fclose(f);
	}
	return strcmp(name, "dockerd\n") == 0;
}

static void server_start(server *s, const char *answer, size_t len, unsigned delay_msec)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	strcpy(s->dir, "/tmp/hf-docker-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/s", s->dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	strcpy(addr.sun_path, s->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0)
		server_run(fd, answer, len, delay_msec);
	close(fd);
	for (int i = 0; i < 1000 && !is_named(s->pid); i++)
		usleep(1000);
}

static void server_stop(server *s)
{
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	(void)unlink(s->path);
	(void)rmdir(s->dir);
}

static hf_host host;

static int setup(void **state)
{
	(void)state;
	return hf_host_open(&host, NULL, NULL);
}

static int teardown(void **state)
{
	(void)state;
	hf_host_close(&host);
	return 0;
}

static void assert_ping(const char *answer, unsigned delay_msec, uint64_t timeout_usec,
			int expected, const char *text)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_arena arena = { 0 };
	char *version = NULL;
	server s;
	int r;

	server_start(&s, answer, strlen(answer), delay_msec);
	host.timeout_usec = timeout_usec;
	r = hf_docker_ping(&host, s.path, &arena, &version, &err);
	if (r != expected)
		fail_msg("%d: %s", r, hf_error_text(err));
	if (r == 0)
		assert_string_equal(version, text);
	else if (!strstr(hf_error_text(err), text))
		fail_msg("%s", hf_error_text(err));
	hf_arena_done(&arena);
	server_stop(&s);
}

static void test_ping(void **state)
{
	(void)state;
	assert_ping("HTTP/1.0 200 OK\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\n\r\nOK",
		    0, 5000000, 0, "20.10.24+dfsg1");
	assert_ping(
		"HTTP/1.0 200 OK\r\nApi-Version: 1.45\r\nserver: docker/26.1.5\r\n\r\nOK",
		20, 5000000, 0, "26.1.5");
	assert_ping("HTTP/1.0 200 OK\r\n\r\nServer: Docker/1\r\n", 0, 5000000, -EPROTO,
		    "does not tell dockerd's version");
	assert_ping("HTTP/1.0 500 Oops\r\n\r\n", 0, 5000000, -EREMOTEIO, "500 Oops");
	assert_ping("SSH-2.0-OpenSSH\r\n", 0, 5000000, -EPROTO, "does not speak HTTP");
	assert_ping("", 0, 5000000, -EPROTO, "does not speak HTTP");
	assert_ping("HTTP/1.0 200 OK\r\n\r\n", 2000, 50000, -ETIMEDOUT,
		    "did not answer in time");
}

static void test_get(void **state)
{
	static const char good[] = "HTTP/1.0 200 OK\r\n\r\n{\"a\": [1, 2]}\n";
	static const char bad[] = "HTTP/1.0 200 OK\r\n\r\n{\"a\": [1, 2]";
	static const char many[] =
		"HTTP/1.0 200 OK\r\n\r\n{\"a\": 1}\n{\"a\": 2}\r\n {\"a\": 3}\n";
	static const char none[] = "HTTP/1.0 200 OK\r\n\r\n";
	cleanup_(hf_error_freep) hf_error *err = NULL;
	json_t *v = NULL;
	server s;

	(void)state;
	host.timeout_usec = 5000000;
	server_start(&s, good, strlen(good), 0);
	assert_int_equal(hf_docker_get(&host, s.path, "/info", &v, &err), 0);
	assert_int_equal(json_array_size(json_object_get(v, "a")), 2);
	json_decref(v);
	server_stop(&s);
	server_start(&s, bad, strlen(bad), 0);
	assert_int_equal(hf_docker_get(&host, s.path, "/info", &v, &err), -EBADMSG);
	hf_error_free(take_ptr(err));
	server_stop(&s);
	server_start(&s, many, strlen(many), 0);
	assert_int_equal(hf_docker_get_stream(&host, s.path, "/events", &v, &err), 0);
	assert_int_equal(json_array_size(v), 3);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(v, 2), "a")),
			 3);
	json_decref(v);
	server_stop(&s);
	server_start(&s, none, strlen(none), 0);
	assert_int_equal(hf_docker_get_stream(&host, s.path, "/events", &v, &err), 0);
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
	server_stop(&s);
}

/* An answer without end is cut off, not collected. */
static void test_flood(void **state)
{
	size_t len = 40u << 20;
	char *answer = malloc(len);
	cleanup_(hf_error_freep) hf_error *err = NULL;
	json_t *v = NULL;
	server s;

	(void)state;
	assert_non_null(answer);
	memset(answer, ' ', len);
	memcpy(answer, "HTTP/1.0 200 OK\r\n\r\n", 19);
	server_start(&s, answer, len, 0);
	host.timeout_usec = 20000000;
	assert_int_equal(hf_docker_get(&host, s.path, "/info", &v, &err), -EMSGSIZE);
	server_stop(&s);
	free(answer);
}

/* A socket that somebody else listens on, as systemd does: nothing is sent to it. */
static void test_never_starts(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char dir[] = "/tmp/hf-docker-XXXXXX";
	hf_arena arena = { 0 };
	uint32_t pid = 1;
	char *version;
	int fd, r;

	(void)state;
	assert_int_equal(hf_docker_process(&host, &pid, NULL, &err), 0);
	if (pid)
		skip(); /* a dockerd runs on this machine */
	assert_non_null(mkdtemp(dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", dir);
	r = hf_docker_ping(&host, addr.sun_path, &arena, &version, &err);
	assert_int_equal(r, -ENOENT);
	hf_error_free(take_ptr(err));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	r = hf_docker_ping(&host, addr.sun_path, &arena, &version, &err);
	assert_int_equal(r, -ENOTCONN);
	assert_string_equal(err->msg, "no dockerd is running");
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
	unlink(addr.sun_path);
	rmdir(dir);
	hf_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ping),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_never_starts),
	};

	(void)dockerd_name_take(); /* until the end */
	return cmocka_run_group_tests(tests, setup, teardown);
}

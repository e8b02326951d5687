/* SPDX-License-Identifier: Apache-2.0 */
/* What dockerd keeps, as its API tells it: against a server of our own under its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dockerd_name.h"
#include "kinds/daemon/daemon_api.h"

typedef struct answers {
	const char *images, *containers, *volumes; /* NULL: 500 */
} answers;

static char dir[] = "/tmp/hf-store-XXXXXX";
static char path[64];
static unsigned *n_requests; /* shared with the server */

static const char *answer_to(const answers *a, const char *request)
{
	if (!strncmp(request, "GET /info ", 10))
		return "{}";
	if (!strncmp(request, "GET /images/json ", 17))
		return a->images;
	if (!strncmp(request, "GET /containers/json?all=1 ", 27))
		return a->containers;
	if (!strncmp(request, "GET /containers/json ", 21))
		return "[]";
	return strncmp(request, "GET /volumes ", 13) ? NULL : a->volumes;
}

static void serve(int fd, const answers *a)
{
	char request[4096];

	(void)prctl(PR_SET_NAME, "dockerd");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int c = accept(fd, NULL, NULL);
		ssize_t n = read(c, request, sizeof(request) - 1);
		const char *body;

		request[n > 0 ? n : 0] = '\0';
		body = answer_to(a, request);
		++*n_requests;
		dprintf(c, "HTTP/1.0 %s\r\n\r\n%s", body ? "200 OK" : "500 No",
			body ? body : "");
		(void)close(c);
	}
}

static pid_t server_start(const answers *a)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char comm[64], name[32] = "";
	pid_t pid;

	*n_requests = 0;
	strcpy(addr.sun_path, path);
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 5), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		serve(fd, a);
	(void)close(fd);
	snprintf(comm, sizeof(comm), "/proc/%d/comm", (int)pid);
	for (int i = 0; i < 1000 && strcmp(name, "dockerd\n") != 0; i++) {
		FILE *f = fopen(comm, "re");

		if (f && !fgets(name, sizeof(name), f))
			name[0] = '\0';
		if (f)
			(void)fclose(f);
		(void)usleep(1000);
	}
	return pid;
}

typedef struct look {
	hf_host host;
	hf_plan plan;
	hf_daemon_obs obs;
	hf_arg argv[2];
	char word[96];
} look;

static void look_at(look *l, const answers *a, bool store)
{
	const hf_daemon_questions questions = { .store = store };
	pid_t pid = server_start(a);

	*l = (look){ 0 };
	assert_int_equal(hf_host_open(&l->host, NULL, NULL), 0);
	l->host.timeout_usec = 5000000;
	snprintf(l->word, sizeof(l->word), "--host=unix://%s", path);
	l->argv[0].text = "dockerd";
	l->argv[1].text = l->word;
	l->obs.live_argv = l->argv;
	l->obs.n_live_argv = 2;
	assert_int_equal(hf_daemon_ask(&l->host, &l->plan, &l->obs, NULL, &questions), 0);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void look_done(look *l)
{
	hf_plan_done(&l->plan);
	hf_host_close(&l->host);
}

static void assert_store(const answers *a, const char *expected)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	look l;

	look_at(&l, a, true);
	for (size_t i = 0; i < HF_STORE_SORTS_; i++)
		if (l.obs.store.sorts[i].known != HF_PRESENT)
			l.obs.store.sorts[i].known = HF_UNKNOWN;
	hf_store_hidden(&sb, &l.obs.store);
	assert_string_equal(hf_strbuf_str(&sb), expected);
	assert_int_equal(hf_store_is_empty(&l.obs.store),
			 strncmp(expected, "dockerd has no ", 15) == 0);
	look_done(&l);
}

static void test_names(void **state)
{
	(void)state;
	assert_store(
		&(answers){ "[{\"Id\":\"sha256:0123456789abcdef\",\"RepoTags\":null},"
			    "{\"Id\":\"sha256:fedcba9876543210\",\"RepoTags\":"
			    "[\"<none>:<none>\"]},"
			    "{\"Id\":\"sha256:1\",\"RepoTags\":[\"web:2\",\"web:1\"]}]",
			    "[{\"Id\":\"a1\",\"Names\":[\"/web\"],\"State\":\"exited\"},"
			    "{\"Id\":\"b2b2b2b2b2b2b2b2\",\"Names\":[]}]",
			    "{\"Volumes\":[{\"Name\":\"v2\"},{\"Name\":\"v1\"}]}" },
		"3 images (0123456789ab, fedcba987654, web:2), 2 containers "
		"(b2b2b2b2b2b2, web), 2 volumes (v1, v2) would become invisible");
	assert_store(&(answers){ "[]", "[]", "{\"Volumes\":null,\"Warnings\":null}" },
		     "dockerd has no images, containers or volumes now that would become "
		     "invisible");
}

/* nothing is taken for granted of an answer, and none stands for "there are none" */
static void test_odd_answers(void **state)
{
	char tag[400], images[600], expected[600];

	(void)state;
	memset(tag, 'x', sizeof(tag) - 1);
	memcpy(tag + 119, "\xc3\xa9", 2); /* not through its middle */
	tag[sizeof(tag) - 1] = '\0';
	snprintf(images, sizeof(images), "[7,{\"Id\":{}},{\"RepoTags\":[\"%s\"]}]", tag);
	tag[119] = '\0';
	snprintf(
		expected, sizeof(expected),
		"3 images (?, ?, %s...), 1 container (a\033[31m), 2 volumes (?, ?) would "
		"become invisible",
		tag);
	assert_store(&(answers){ images, "[{\"Names\":[\"/a\\u001b[31m\"]}]",
				 "{\"Volumes\":[\"v\",{\"Name\":\"\"}]}" },
		     expected);
	assert_store(&(answers){ "{}", "[]", "{\"Volumes\":[]}" },
		     "images or volumes would become invisible, which ones is not known: "
		     "dockerd's answer to GET /images/json is no list");
	assert_store(&(answers){ "[]", "[]", "{\"Volumes\":{}}" },
		     "volumes would become invisible, which ones is not known: dockerd's "
		     "answer to GET /volumes is no list");
	assert_store(&(answers){ "[]", "{}", "{}" },
		     "images, containers or volumes would become invisible, which ones "
		     "is not known: dockerd's list of containers is no list");
}

static void test_no_answer(void **state)
{
	char why[300];
	look l;

	(void)state;
	snprintf(why, sizeof(why),
		 "images or volumes would become invisible, which ones is not known: "
		 "dockerd answers GET /images/json with '500 No'");
	assert_store(&(answers){ .containers = "[]" }, why);
	look_at(&l, &(answers){ 0 }, true);
	assert_non_null(l.obs.store.why);
	assert_int_equal(l.plan.engine.containers_known, 0);
	/* one that failed is not followed by more */
	assert_int_equal(*n_requests, 2);
	look_done(&l);
}

/* a list of all of them tells the running ones */
static void test_running(void **state)
{
	look l;

	(void)state;
	look_at(&l,
		&(answers){ "[]",
			    "[{\"Id\":\"1\",\"State\":\"running\"},"
			    "{\"Id\":\"2\",\"State\":\"exited\"},"
			    "{\"Id\":\"3\",\"State\":\"paused\"},"
			    "{\"Id\":\"4\",\"State\":\"created\"},"
			    "{\"Id\":\"5\",\"State\":7}]",
			    "{}" },
		true);
	assert_int_equal(l.plan.engine.n_containers, 3);
	assert_string_equal(l.plan.engine.containers[1].id, "3");
	assert_int_equal(l.obs.store.sorts[HF_STORE_CONTAINERS].total, 5);
	look_done(&l);
}

/* what does not concern it asks no more */
static void test_not_asked(void **state)
{
	look l;

	(void)state;
	look_at(&l, &(answers){ "[]", "[]", "{}" }, false);
	assert_int_equal(*n_requests, 2);
	assert_int_equal(l.obs.store.sorts[HF_STORE_IMAGES].known, HF_ABSENT);
	look_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	  cmocka_unit_test(test_odd_answers),
		cmocka_unit_test(test_no_answer), cmocka_unit_test(test_running),
		cmocka_unit_test(test_not_asked),
	};
	int r;

	(void)dockerd_name_take();
	n_requests = mmap(NULL, sizeof(*n_requests), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (n_requests == MAP_FAILED || !mkdtemp(dir))
		return 99;
	snprintf(path, sizeof(path), "%s/s", dir);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	(void)rmdir(dir);
	return r;
}

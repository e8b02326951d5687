/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.json as it can be found: absent, unusable, malformed, elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"
#include "temp_root.h"

typedef struct look {
	hf_model model;
	hf_plan plan;
	hf_facts facts;
	hf_record record;
	hf_diags diags;
	hf_daemon_obs *obs;
} look;

/* What the next look has besides the host. */
static hf_model demanded;
static hf_record recorded;

static void look_at(look *l, temp_root *t, hf_unit_view *unit)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;

	*l = (look){ .model = demanded, .record = recorded };
	l->plan.facts = &l->facts;
	l->plan.record = &l->record;
	l->plan.diags = &l->diags;
	l->plan.options.offline = true;
	if (unit) {
		assert_int_equal(
			hf_map_put(&l->plan.units, &l->plan.arena, unit->name, unit), 0);
		if (unit->argv)
			l->plan.engine.unit = unit->name;
	}
	assert_int_equal(hf_kind_daemon.observe(&t->host, &l->model, &l->plan, &err), 0);
	l->obs = l->plan.obs[HF_RANK_DAEMON];
}

static void look_done(look *l)
{
	hf_plan_done(&l->plan);
	hf_facts_done(&l->facts);
	hf_diags_done(&l->diags);
}

static void put(temp_root *t, const char *path, const char *text, size_t len)
{
	int fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	(void)close(fd);
}

static void assert_unusable(temp_root *t, unsigned line, const char *why)
{
	look l;

	look_at(&l, t, NULL);
	assert_int_equal(l.obs->file, HF_UNKNOWN);
	assert_string_equal(l.obs->file_why, why);
	assert_int_equal(l.obs->file_line, line);
	assert_null(l.obs->root);
	assert_null(l.obs->absent_why);
	look_done(&l);
}

static void test_absent(void **state)
{
	static hf_arg argv[] = { { .text = "dockerd" } };
	hf_unit_view unit = { .name = "docker.service",
			      .argv = argv,
			      .n_argv = 1,
			      .load = HF_UNIT_LOADED };
	temp_root *t = *state;
	look l;

	look_at(&l, t, NULL);
	assert_int_equal(l.obs->file, HF_ABSENT);
	assert_string_equal(l.obs->absent_why,
			    "there is no dockerd unit and no daemon.json");
	assert_true(l.obs->dir_missing);
	look_done(&l);
	temp_root_mkdir(t, "etc");
	temp_root_mkdir(t, "etc/docker");
	look_at(&l, t, &unit);
	assert_int_equal(l.obs->file, HF_ABSENT);
	assert_null(l.obs->absent_why);
	assert_false(l.obs->dir_missing);
	assert_string_equal(l.obs->path, "/etc/docker/daemon.json");
	assert_int_equal(l.obs->running, HF_ABSENT);
	look_done(&l);
}

static void test_bad_unit(void **state)
{
	hf_unit_view unit = { .name = "docker.service",
			      .load = HF_UNIT_BAD,
			      .why = "line 3 is not a setting" };
	look l;

	look_at(&l, *state, &unit);
	assert_string_equal(l.obs->unit_why, "line 3 is not a setting");
	assert_null(l.obs->absent_why);
	look_done(&l);
}

static void test_elsewhere(void **state)
{
	hf_arg argv[] = { { .text = "dockerd" },
			  { .text = "--config-file=/opt/d.json" } };
	hf_unit_view unit = { .name = "docker.service",
			      .argv = argv,
			      .n_argv = 2,
			      .load = HF_UNIT_LOADED };
	temp_root *t = *state;
	look l;

	temp_root_mkdir(t, "opt");
	put(t, "opt/d.json", "{\"icc\": false}", 14);
	look_at(&l, t, &unit);
	assert_int_equal(l.obs->file, HF_PRESENT);
	assert_string_equal(l.obs->path, "/opt/d.json");
	assert_non_null(hf_json_get(l.obs->root, "icc"));
	look_done(&l);
	argv[1].text = "--config-file=d.json";
	look_at(&l, t, &unit);
	assert_int_equal(l.obs->file, HF_UNKNOWN);
	assert_string_equal(l.obs->file_why, "--config-file 'd.json' is not absolute");
	look_done(&l);
}

/* The manager names its process, but that cannot be read: it runs all the same. */
static void test_hidden_process(void **state)
{
	static hf_arg argv[] = { { .text = "dockerd" } };
	hf_unit_view unit = { .name = "docker.service",
			      .argv = argv,
			      .n_argv = 1,
			      .load = HF_UNIT_LOADED,
			      .live = true,
			      .main_pid = 77 };
	temp_root *t = *state;
	look l;

	temp_root_mkdir(t, "proc");
	t->host.offline = false;
	t->host.docker.known = HF_PRESENT;
	look_at(&l, t, &unit);
	assert_int_equal(l.obs->running, HF_PRESENT);
	assert_null(l.obs->live_argv);
	assert_int_equal(l.obs->started_usec, 0);
	look_done(&l);
	/* and without a manager: none of that name */
	unit.live = false;
	look_at(&l, t, &unit);
	assert_int_equal(l.obs->running, HF_ABSENT);
	look_done(&l);
}

/* Asked for what a plan will need, and not because we have been here before. */
static void test_api_is_asked(void **state)
{
	static const hf_json yes = { .type = HF_JSON_BOOL, .boolean = true };
	static const struct {
		const char *key, *recorded;
		const char *word;  /* of the unit */
		const char *other; /* of the process, if it is another one */
		hf_daemon_op op;
		bool asked;
	} cases[] = {
		{ "icc", NULL, "--debug", NULL, HF_DAEMON_SET, false },
		{ "icc", NULL, "--icc=false", NULL, HF_DAEMON_SET, true },
		/* the unit has changed, and was not restarted since */
		{ "icc", NULL, "--icc", "--icc=false", HF_DAEMON_SET, true },
		{ "icc", NULL, "--icc=false", NULL, HF_DAEMON_FORBID, false },
		{ "icc", "daemon:" HF_DAEMON_JSON "#icc", "--debug", NULL, HF_DAEMON_SET,
		  false },
		{ "icc", "daemon:" HF_DAEMON_JSON, "--debug", NULL, HF_DAEMON_SET,
		  false },
		{ "icc", "daemon:" HF_DAEMON_JSON "@process", "--debug", NULL,
		  HF_DAEMON_SET, false },
		{ "icc", "daemon:/etc/other#ipv6", "--debug", NULL, HF_DAEMON_SET,
		  false },
		{ "icc", "daemon:" HF_DAEMON_JSON "#ipv6", "--debug", NULL, HF_DAEMON_SET,
		  true },
		{ "authorization-plugins", NULL, "--debug", NULL, HF_DAEMON_REQUIRE,
		  false },
	};
	temp_root *t = *state;

	temp_root_mkdir(t, "proc");
	t->host.offline = false;
	t->host.docker.known = HF_PRESENT;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		hf_arg argv[] = { { .text = "dockerd" },
				  { .text = "--host=unix:///nowhere/there.sock" },
				  { .text = cases[i].word } };
		const char *live[] = { "dockerd", argv[1].text,
				       cases[i].other ? cases[i].other : argv[2].text };
		hf_unit_view unit = { .name = "docker.service",
				      .argv = argv,
				      .n_argv = 3,
				      .argv_exact = true,
				      .load = HF_UNIT_LOADED,
				      .live = true,
				      .main_pid = 77,
				      .live_argv = live,
				      .n_live_argv = 3,
				      .main_started_usec = 1 };
		hf_control control = { .id = "a", .selected = true };
		hf_json *items[] = { (hf_json *)(uintptr_t)&yes };
		hf_json list = { .type = HF_JSON_ARRAY, .items = items, .n = 1 };
		hf_daemon_spec spec = { .op = cases[i].op,
					.key = hf_dkey_find(cases[i].key),
					.name = cases[i].key,
					.value = cases[i].op == HF_DAEMON_SET ? &yes
									      : &list };
		hf_demand demand = { .kind = &hf_kind_daemon,
				     .control = &control,
				     .spec = &spec };
		hf_demand *demands[] = { &demand };
		hf_record_entry entry = { cases[i].recorded, NULL, "true" };
		hf_record_entry *entries[] = { &entry };
		look l;

		demanded = (hf_model){ .demands = demands, .n_demands = 1 };
		recorded = (hf_record){ .entries = entries,
					.n_entries = cases[i].recorded != NULL };
		look_at(&l, t, &unit);
		if (cases[i].asked != (l.obs->api_why != NULL))
			fail_msg("case %zu: %s", i,
				 l.obs->api_why ? l.obs->api_why : "not asked");
		look_done(&l);
	}
	demanded = (hf_model){ 0 };
	recorded = (hf_record){ 0 };
}

#define FILE_AT "etc/docker/daemon.json"
#define NAME "/etc/docker/daemon.json"

static void test_malformed(void **state)
{
	temp_root *t = *state;

	temp_root_mkdir(t, "etc");
	temp_root_mkdir(t, "etc/docker");
	put(t, FILE_AT, "", 0);
	assert_unusable(t, 1,
			NAME
			":1:1: the file is empty; remove the file or write {} into it");
	put(t, FILE_AT, "{\n \"a\": 1", 9);
	assert_unusable(
		t, 2,
		NAME ":2:8: the file ends inside an object; complete it or restore it");
	put(t, FILE_AT, "{}\n\nx", 5);
	assert_unusable(t, 3,
			NAME ":3:1: there is text after the end of the value; remove it");
	put(t, FILE_AT, "{\"a\":1,\n \"a\":2}", 15);
	assert_unusable(t, 2,
			NAME
			":2:2: duplicate key 'a', first in line 1; keep one of the two");
	put(t, FILE_AT, "{\n  \"icc\": \"no\"}", 16);
	assert_unusable(t, 2, NAME ":2:10: 'icc' must be true or false, not a string");
	put(t, FILE_AT, "{\"log-opts\": {\"max-file\": 3}}", 29);
	assert_unusable(t, 1, NAME ":1:14: 'log-opts' must be an object of strings");
	put(t, FILE_AT, "\xef\xbb\xbf{}", 5);
	assert_unusable(
		t, 1, NAME ":1:1: a byte order mark; save the file as UTF-8 without one");
	put(t, FILE_AT, "{\0}", 3);
	assert_unusable(t, 1, NAME ":1:2: a NUL byte");
	put(t, FILE_AT, "[]", 2);
	assert_unusable(t, 1, NAME ":1:1: the top level is a list, it must be an object");
}

static void test_unusable(void **state)
{
	temp_root *t = *state;
	int fd;

	temp_root_mkdir(t, "etc");
	temp_root_mkdir(t, "etc/docker");
	temp_root_mkdir(t, FILE_AT);
	assert_unusable(t, 0, "'" NAME "' is a directory, not a file");
	assert_int_equal(unlinkat(t->fd, FILE_AT, AT_REMOVEDIR), 0);
	assert_int_equal(mkfifoat(t->fd, FILE_AT, 0644), 0);
	assert_unusable(t, 0, "'" NAME "' is a FIFO, not a regular file");
	assert_int_equal(unlinkat(t->fd, FILE_AT, 0), 0);
	assert_int_equal(symlinkat("nowhere", t->fd, FILE_AT), 0);
	assert_unusable(t, 0,
			"'" NAME "' is a symlink that leads nowhere inside the root "
			"('/etc/docker/nowhere')");
	assert_int_equal(unlinkat(t->fd, FILE_AT, 0), 0);
	fd = openat(t->fd, FILE_AT, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 64 << 20), 0);
	(void)close(fd);
	assert_unusable(t, 0,
			"'" NAME "' is too large: 67108864 bytes, the limit is 16777216");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temp_root_make, temp_root_remove)

/* The unit has something else where the file is. */
static void test_mounted_over(void **state)
{
	const hf_unit_mount mounts[] = { { .path = "/etc",
					   .key = "TemporaryFileSystem",
					   .file = "/x.service",
					   .line = 3 } };
	hf_arg argv[] = { { .text = "/usr/bin/dockerd" },
			  { .text = "--config-file=/srv/d.json" } };
	hf_unit_view unit = { .name = "docker.service",
			      .load = HF_UNIT_LOADED,
			      .argv = argv,
			      .n_argv = 1,
			      .argv_exact = true,
			      .mounts = mounts,
			      .n_mounts = 1 };
	look l;

	look_at(&l, *state, &unit);
	assert_string_equal(l.obs->unit_why,
			    "TemporaryFileSystem= at /x.service:3 gives it another /etc, "
			    "which is not looked at");
	look_done(&l);
	unit.n_argv = 2; /* elsewhere */
	look_at(&l, *state, &unit);
	assert_null(l.obs->unit_why);
	look_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_absent),	   TEST(test_bad_unit),	    TEST(test_elsewhere),
		TEST(test_hidden_process), TEST(test_api_is_asked), TEST(test_malformed),
		TEST(test_unusable),	   TEST(test_mounted_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

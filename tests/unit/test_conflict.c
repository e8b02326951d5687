/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags that move into daemon.json, and back: whatever happens, and whenever it stops, no
 * start of dockerd meets a key in both places, be it by what systemd has loaded or by
 * what it would load at the next boot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "engine/recover.h"
#include "engine/rollback.h"
#include "host/bus.h"
#include "kinds/daemon/daemon_kind.h"
#include "kinds/units/units_kind.h"
#include "temp_root.h"

#define VENDOR "usr/lib/systemd/system/docker.service"
#define DIR "etc/systemd/system/docker.service.d"
#define JSON "etc/docker/daemon.json"
#define SOURCE "etc/sysconfig/docker"

static temp_root *tree;
static const char *phase;
static unsigned points, die_at; /* dies there; 0: nowhere */
static bool leave_unknown;
static unsigned asked, interrupt_at; /* says so at that question; 0: never */

/* --- what a start of dockerd would meet ----------------------------------------------
 */

static const char *text_at(const char *path)
{
	static char buf[4][4096];
	static unsigned next;
	char *at = buf[next++ % 4];
	int fd = openat(tree->fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, at, sizeof(buf[0]) - 1);

	assert_true(n >= 0);
	at[n] = '\0';
	if (fd >= 0)
		close(fd);
	return at;
}

/* With this drop-in; environment files are read at each start. */
static void start_with(const char *dropin, const char *point)
{
	static const char *const names[] = { "log-level", "live-restore", "icc" };
	const char *exec = strstr(dropin, "ExecStart=\n");
	const char *options = strstr(dropin, "EnvironmentFile=-/" DIR)
				      ? text_at(DIR "/zz-holdfast.env")
				      : "";
	const char *json = text_at(JSON);

	exec = strstr(exec ? exec + 10 : text_at(VENDOR), "ExecStart=");
	assert_non_null(exec);
	options = strstr(options, "\nOPTIONS=");
	if (!options)
		options = text_at(SOURCE);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char flag[32], key[32];

		(void)snprintf(flag, sizeof(flag), "--%s", names[i]);
		(void)snprintf(key, sizeof(key), "\"%s\"", names[i]);
		if ((strstr(exec, flag) || strstr(options, flag)) && strstr(json, key))
			fail_msg("%s, %s: '%s' is in both places:\n%s\n%s\n%s", phase,
				 point, names[i], exec, options, json);
	}
}

static void look(const char *point)
{
	start_with(text_at("loaded"), point);
	start_with(text_at(DIR "/zz-holdfast.conf"), point);
}

static void fault(const char *point)
{
	look(point);
	if (++points == die_at)
		_exit(99);
}

static bool interrupted(void *user)
{
	(void)user;
	return ++asked == interrupt_at;
}

/* --- systemd: it has loaded a drop-in -------------------------------------------------
 */

int __wrap_hf_bus_daemon_reload(hf_host *host, hf_error **err);
int __wrap_hf_bus_unit_get(hf_host *host, const char *unit, hf_arena *arena,
			   hf_bus_unit *ret, hf_error **err);
int __wrap_hf_bus_environment(hf_host *host, hf_arena *arena, const char ***ret,
			      size_t *ret_n, hf_error **err);

static void load(void)
{
	temp_root_write(tree, "loaded", text_at(DIR "/zz-holdfast.conf"));
}

int __wrap_hf_bus_daemon_reload(hf_host *host, hf_error **err)
{
	(void)host, (void)err;
	load();
	look("daemon-reload");
	return 0;
}

int __wrap_hf_bus_unit_get(hf_host *host, const char *unit, hf_arena *arena,
			   hf_bus_unit *ret, hf_error **err)
{
	(void)host, (void)unit, (void)arena, (void)err;
	*ret = (hf_bus_unit){ .active_state = "inactive" };
	return 0;
}

int __wrap_hf_bus_environment(hf_host *host, hf_arena *arena, const char ***ret,
			      size_t *ret_n, hf_error **err)
{
	(void)host, (void)arena, (void)err;
	*ret = NULL;
	*ret_n = 0;
	return 0;
}

/* --- runs ----------------------------------------------------------------------------
 */

#define HEAD "holdfast: 1\nname: t\ntitle: T\ncontrols:\n"
#define ONE(id, demand) "  - {id: " id ", title: T, daemon: " demand "}\n"

static const char moves[] = HEAD ONE("level", "{set: {log-level: warn}}")
	ONE("restore", "{set: {live-restore: true}}");
static const char crosses[] = HEAD ONE("icc", "{set: {icc: false}}");
static const char stays[] =
	HEAD ONE("mirrors", "{add: {registry-mirrors: [\"http://m\"]}}");

static int read_text(void *user, const char *name, const char *relative_to,
		     hf_arena *arena, hf_source *ret, hf_error **err)
{
	(void)relative_to, (void)arena, (void)err;
	*ret = (hf_source){ .name = name, .text = user, .len = strlen(user) };
	return 0;
}

static const hf_kind *const kinds[] = { &hf_kind_units, &hf_kind_daemon };

static void model_load(hf_model *model, const char *text)
{
	const char *names[] = { "t.yaml" };
	hf_load_request request = { .names = names,
				    .n_names = 1,
				    .kinds = kinds,
				    .n_kinds = 2,
				    .read = read_text,
				    .user = (void *)(uintptr_t)text };
	hf_selection all = { 0 };
	hf_diags diags = { 0 };

	assert_true(hf_model_load(model, &request, &diags));
	assert_true(hf_model_select(model, &all, &diags));
	hf_diags_done(&diags);
}

static void host_open(hf_host *host)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;

	assert_int_equal(hf_host_open(host, tree->path, &err), 0);
	host->units.known = HF_PRESENT;
	host->fault = fault;
}

typedef enum work { APPLY, ROLLBACK, RECOVER, FORWARD } work;

static hf_outcome run(work what, const char *baseline)
{
	static const char *const facts[] = { "engine=26.1.5" };
	const hf_plan_options plan_options = { .now = 1767225600,
					       .leave_unknown = leave_unknown };
	const hf_apply_options options = { .record = true, .interrupted = interrupted };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_apply_result result = { 0 };
	hf_rollback rb = { 0 };
	hf_survey survey = { 0 };
	hf_diags diags = { 0 };
	hf_model model = { 0 };
	hf_outcome outcome;
	hf_host host;
	bool found;
	int r;

	host_open(&host);
	model_load(&model, baseline);
	asked = 0;
	if (what == APPLY) {
		r = hf_engine_survey(&host, &model, &plan_options, facts, 1, &diags,
				     &survey, &err);
		assert_int_equal(r, 0);
		r = hf_engine_apply(&host, &model, &survey, &options, &result, &err);
	} else if (what == ROLLBACK) {
		r = hf_rollback_plan(&host, &model, NULL, &plan_options, &rb, &err);
		assert_int_equal(r, 0);
		hf_rollback_run(&host, &model, &rb, &options, &result);
	} else {
		r = hf_engine_recover(&host, &model, what == FORWARD, &options, &result,
				      &found, &err);
	}
	assert_int_equal(r, 0);
	outcome = result.outcome;
	hf_rollback_done(&rb);
	hf_apply_result_done(&result);
	hf_survey_done(&survey);
	hf_model_done(&model);
	hf_diags_done(&diags);
	hf_host_close(&host);
	return outcome;
}

/* --- the ways there and back ----------------------------------------------------------
 */

static void tree_make(void)
{
	char command[256];

	(void)snprintf(command, sizeof(command),
		       "cd %s && rm -rf etc usr var loaded && mkdir -p etc/docker "
		       "etc/sysconfig usr/lib/systemd/system var/lib " DIR,
		       tree->path);
	assert_int_equal(system(command), 0);
	temp_root_write(tree, VENDOR,
			"[Service]\nEnvironmentFile=-/" SOURCE
			"\nExecStart=/usr/bin/dockerd "
			"-H fd:// --log-level=debug $OPTIONS\n");
	temp_root_write(tree, SOURCE, "OPTIONS=\"--live-restore=false --icc\"\n");
	temp_root_write(tree, JSON, "{\n\t\"debug\": true\n}\n");
	load();
}

static void is_moved(bool moved)
{
	const char *json = text_at(JSON);

	assert_int_equal(strstr(json, "\"log-level\": \"warn\"") != NULL, moved);
	assert_int_equal(strstr(json, "\"live-restore\": true") != NULL, moved);
	assert_non_null(strstr(json, "\"debug\": true"));
	assert_string_equal(text_at("loaded"), text_at(DIR "/zz-holdfast.conf"));
	assert_int_equal(*text_at("loaded") != '\0', moved);
	assert_int_equal(strcmp(text_at(DIR "/zz-holdfast.env"), "") != 0, moved);
	if (moved)
		assert_non_null(
			strstr(text_at(DIR "/zz-holdfast.env"), "\nOPTIONS=\"--icc\"\n"));
}

typedef struct way {
	const char *name;
	bool from_moved; /* the state before: after an apply of `moves` */
	work what;
	const char *baseline;
	bool from_crossed; /* ... and one of `crosses` */
} way;

static const way ways[] = {
	{ "flags become keys", false, APPLY, moves, false },
	{ "keys are released", true, APPLY, stays, false },
	{ "the move is rolled back", true, ROLLBACK, moves, false },
	/* both at once: the file changes before and after the units */
	{ "one becomes a key, two are released", true, APPLY, crosses, false },
	{ "that is rolled back", true, ROLLBACK, crosses, true },
};

static void begin(const way *w)
{
	phase = w->name;
	die_at = interrupt_at = 0;
	tree_make();
	if (w->from_moved)
		assert_int_equal(run(APPLY, moves), HF_OUTCOME_APPLIED);
	if (w->from_crossed)
		assert_int_equal(run(APPLY, crosses), HF_OUTCOME_APPLIED);
	points = 0;
}

static bool is_crossed(void)
{
	const char *json = text_at(JSON), *env = text_at(DIR "/zz-holdfast.env");

	assert_non_null(strstr(json, "\"debug\": true"));
	assert_string_equal(text_at("loaded"), text_at(DIR "/zz-holdfast.conf"));
	return strstr(json, "\"icc\": false") && !strstr(json, "\"log-level\"") &&
	       !strstr(json, "\"live-restore\"") &&
	       strstr(env, "\nOPTIONS=\"--live-restore=false\"\n");
}

static void is_as_before(const way *w)
{
	if (w->from_crossed)
		assert_true(is_crossed());
	else
		is_moved(w->from_moved);
}

static void is_as_after(const way *w)
{
	if (w->baseline == crosses && w->what == APPLY)
		assert_true(is_crossed());
	else
		is_moved(w->from_crossed || !w->from_moved);
}

static void to_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		begin(&ways[i]);
		is_as_before(&ways[i]);
		assert_int_equal(run(ways[i].what, ways[i].baseline), HF_OUTCOME_APPLIED);
		assert_true(points > 5);
		is_as_after(&ways[i]);
	}
	/* a rollback of what released them moves them again */
	begin(&ways[1]);
	assert_int_equal(run(APPLY, stays), HF_OUTCOME_APPLIED);
	phase = "the release is rolled back";
	assert_int_equal(run(ROLLBACK, stays), HF_OUTCOME_APPLIED);
	is_moved(true);
}

/* Interrupted between any two of its steps, it puts all back. */
static void put_back(void **state)
{
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		for (unsigned at = 1;; at++) {
			hf_outcome outcome;

			begin(&ways[i]);
			interrupt_at = at;
			outcome = run(ways[i].what, ways[i].baseline);
			if (outcome == HF_OUTCOME_APPLIED)
				break;
			n += outcome == HF_OUTCOME_ROLLED_BACK;
			is_as_before(&ways[i]);
		}
	assert_true(n >= 9);
}

static int child_dies(const way *w, work what, unsigned at)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		points = 0;
		die_at = at;
		(void)run(what, w->baseline);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0);
	return WEXITSTATUS(status);
}

/* All that a way changes, as text. */
static void snapshot(char *to, size_t size)
{
	(void)snprintf(to, size, "%s--\n%s--\n%s", text_at(JSON),
		       text_at(DIR "/zz-holdfast.conf"), text_at(DIR "/zz-holdfast.env"));
}

/* Killed at any point, or the machine reset there; recovered, which is killed as well. */
static void killed(void **state)
{
	static const work recoveries[] = { RECOVER, FORWARD };
	char before[8192], after[8192];
	unsigned n = 0;

	(void)state;
	for (unsigned how = 0; how < 4 * ARRAY_SIZE(ways); how++) {
		begin(&ways[how / 4]);
		snapshot(before, sizeof(before));
		(void)run(ways[how / 4].what, ways[how / 4].baseline);
		snapshot(after, sizeof(after));
		for (unsigned at = 1;; at++) {
			const way *w = &ways[how / 4];
			work recovery = recoveries[how % 2];
			char now[8192];
			int died;

			begin(w);
			died = child_dies(w, w->what, at);
			if (died != 99)
				break;
			n++;
			if (how & 2)
				load(); /* the machine was reset */
			look("dead");
			(void)child_dies(w, recovery, 1 + at % 5);
			if (how & 2)
				load();
			look("dead again");
			(void)run(recovery, w->baseline);
			look("recovered");
			assert_string_equal(text_at("loaded"),
					    text_at(DIR "/zz-holdfast.conf"));
			snapshot(now, sizeof(now));
			/* after: forward, or it had come to its end */
			if (strcmp(now, before) != 0)
				assert_string_equal(now, after);
		}
	}
	print_message("%u deaths\n", n);
	assert_true(n > 100);
}

/* A key that somebody has changed since stays, and so must the flag stay away. */
static void changed_since(void **state)
{
	(void)state;
	begin(&ways[1]);
	temp_root_write(tree, JSON,
			"{\n\t\"debug\": true,\n\t\"live-restore\": true,\n\t"
			"\"log-level\": \"error\"\n}\n");
	assert_int_equal(run(APPLY, stays), HF_OUTCOME_REFUSED);
	leave_unknown = true;
	assert_int_equal(run(APPLY, stays), HF_OUTCOME_REFUSED);
	leave_unknown = false;
	look("refused");
}

/* A file that cannot be read takes no key: its flag does not go either. */
static void unreadable(void **state)
{
	(void)state;
	begin(&ways[0]);
	temp_root_write(tree, JSON, "{\n");
	leave_unknown = true;
	assert_int_equal(run(APPLY, moves), HF_OUTCOME_REFUSED);
	leave_unknown = false;
	assert_string_equal(text_at(DIR "/zz-holdfast.conf"), "");
}

static int setup(void **state)
{
	int r = temp_root_make(state);

	tree = *state;
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_the_end), cmocka_unit_test(put_back),
		cmocka_unit_test(killed),     cmocka_unit_test(changed_since),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, setup, temp_root_remove);
}

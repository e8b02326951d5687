/* SPDX-License-Identifier: Apache-2.0 */
/* daemon-reload, reload and restart: what becomes of them when something fails. systemd's
 * manager is played by the wrappers here. */
#include "engine_world.h"

#include <sys/wait.h>
#include <time.h>

#include "engine/effects.h"
#include "engine/journal.h"
#include "engine/recover.h"
#include "host/bus.h"
#include "host/docker.h"
#include "host/unit_log.h"

/* What the manager answers; one test at a time. */
static struct {
	int fail_daemon_reload, fail_reload, fail_restart; /* -errno, 0: done */
	bool only_once; /* the second time it is done */
	int daemon_reloads, reloads, restarts;
} manager;

/* What OLD holds at each call, in a row. */
static char seen[64];
static const char *old_path;

static void see(char what)
{
	char text[8] = "";
	FILE *f = old_path ? fopen(old_path, "r") : NULL;

	if (!f)
		return;
	(void)!fread(text, 1, 1, f);
	assert_int_equal(fclose(f), 0);
	(void)snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%c%s ", what,
		       text);
}

static int answer(int r, int *calls, hf_error **err)
{
	if (++*calls > 1 && manager.only_once)
		return 0;
	return r ? hf_error_set(err, r, "the manager says no") : 0;
}

int __wrap_hf_bus_daemon_reload(hf_host *host, hf_error **err);
int __wrap_hf_bus_daemon_reload(hf_host *host, hf_error **err)
{
	(void)host;
	see('d');
	return answer(manager.fail_daemon_reload, &manager.daemon_reloads, err);
}

int __wrap_hf_bus_reset_failed(hf_host *host, const char *unit, hf_error **err);
int __wrap_hf_bus_reset_failed(hf_host *host, const char *unit, hf_error **err)
{
	(void)host, (void)unit, (void)err;
	return 0;
}

int __wrap_hf_bus_job(hf_host *host, const char *method, const char *unit,
		      hf_error **err);
int __wrap_hf_bus_job(hf_host *host, const char *method, const char *unit, hf_error **err)
{
	(void)host, (void)unit;
	see(strcmp(method, "ReloadUnit") ? 'S' : strcmp(unit, "b.service") ? 'r' : 'R');
	if (strcmp(method, "ReloadUnit") == 0)
		return answer(manager.fail_reload, &manager.reloads, err);
	return answer(manager.fail_restart, &manager.restarts, err);
}

/* A unit that is up, and a clock that only the waiting moves. */
static uint64_t fake_nsec;
static char pinged[64];

int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	(void)id;
	ret->tv_sec = (time_t)(fake_nsec / 1000000000);
	ret->tv_nsec = (long)(fake_nsec % 1000000000);
	return 0;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	fake_nsec += (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
	return 0;
}

int __wrap_hf_bus_unit_get(hf_host *host, const char *unit, hf_arena *arena,
			   hf_bus_unit *ret, hf_error **err);
int __wrap_hf_bus_unit_get(hf_host *host, const char *unit, hf_arena *arena,
			   hf_bus_unit *ret, hf_error **err)
{
	(void)host, (void)unit, (void)arena, (void)err;
	*ret = (hf_bus_unit){ .active_state = "active", .main_pid = 7 };
	return 0;
}

int __wrap_hf_docker_ping(hf_host *host, const char *socket, hf_arena *arena,
			  char **ret_version, hf_error **err);
int __wrap_hf_docker_ping(hf_host *host, const char *socket, hf_arena *arena,
			  char **ret_version, hf_error **err)
{
	(void)host, (void)arena, (void)ret_version;
	(void)snprintf(pinged, sizeof(pinged), "%s", socket);
	return strcmp(socket, "/run/other.sock") == 0
		       ? 0
		       : hf_error_set(err, -ENOENT, "nobody listens there");
}

/* Live-restore shows at the nth look; 0: never. */
static int looks_until_on, looks_at_info;

int __wrap_hf_docker_get(hf_host *host, const char *socket, const char *path,
			 json_t **ret, hf_error **err);
int __wrap_hf_docker_get(hf_host *host, const char *socket, const char *path,
			 json_t **ret, hf_error **err)
{
	(void)host, (void)err;
	assert_string_equal(socket, "/run/now.sock");
	assert_string_equal(path, "/info");
	if (looks_at_info == 0)
		see('?');
	*ret = json_pack("{s:b}", "LiveRestoreEnabled",
			 ++looks_at_info == looks_until_on);
	return 0;
}

/* Waits for entries by the clock. */
void __wrap_hf_unit_log_add(const char *unit, uint64_t since_usec, hf_error **err);
void __wrap_hf_unit_log_add(const char *unit, uint64_t since_usec, hf_error **err)
{
	(void)unit, (void)since_usec, (void)err;
}

static world *managed_world(void)
{
	world *w = world_new();

	memset(&manager, 0, sizeof(manager));
	w->host.units.known = HF_PRESENT;
	script.units = true;
	look_again(w);
	return w;
}

static hf_step_state state_of(const hf_apply_result *result, const char *what)
{
	for (size_t i = result->n_steps; i; i--)
		if (strcmp(result->steps[i - 1].what, what) == 0)
			return result->steps[i - 1].state;
	fail_msg("no step '%s'", what);
	return HF_STEP_DONE;
}

static void die_at_the_end(const char *point)
{
	if (strcmp(point, "finish") == 0)
		_exit(99);
}

/* An apply is cut off after all of its work, its effects too. */
static world *cut_off_world(void)
{
	world *w = managed_world();
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		w->host.fault = die_at_the_end;
		do_apply(w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 99);
	return w;
}

/* Its files are back after the first run; the manager still has not heard of it. */
static void test_recovery_tells_the_manager_again(void **state)
{
	world *w = cut_off_world();
	hf_error *err = NULL;
	bool found;

	(void)state;
	manager.fail_daemon_reload = -ETIMEDOUT;
	assert_int_equal(hf_engine_recover(&w->host, &w->model, false, &w->options,
					   &w->result, &found, &err),
			 0);
	assert_int_equal(w->result.outcome, HF_OUTCOME_INCOMPLETE);
	assert_int_equal(state_of(&w->result, "daemon-reload"), HF_STEP_STUCK);
	free(shell("grep -qx old %s" OLD, w->root));
	hf_apply_result_done(&w->result);
	manager.fail_daemon_reload = 0;
	assert_int_equal(hf_engine_recover(&w->host, &w->model, false, &w->options,
					   &w->result, &found, &err),
			 0);
	assert_int_equal(w->result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_int_equal(state_of(&w->result, "daemon-reload"), HF_STEP_REVERTED);
	assert_int_equal(manager.daemon_reloads, 2);
	world_free(w);
}

/* They may have put in force what is taken back: named in the same boot, never repeated.
 */
static void test_recovery_names_effects(void **state)
{
	world *w = cut_off_world();
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	size_t n = 0;
	hf_txn txn;
	bool found;

	(void)state;
	assert_int_equal(hf_journal_read(&w->host, &arena, &txn, &found, &err), 0);
	assert_int_equal(hf_txn_undo(&w->host, &w->model, &txn, false, &w->result, &err),
			 0);
	for (size_t i = 0; i < w->result.n_steps; i++)
		n += w->result.steps[i].state == HF_STEP_LEFT;
	assert_int_equal(n, 0);
	assert_int_equal(hf_txn_redo(&w->host, &w->model, &txn, true, &w->result, &err),
			 0);
	assert_int_equal(state_of(&w->result, "reload a.service"), HF_STEP_LEFT);
	assert_int_equal(state_of(&w->result, "restart b.service"), HF_STEP_LEFT);
	assert_int_equal(manager.reloads + manager.restarts, 0);
	hf_arena_done(&arena);
	world_free(w);
}

/* Nobody knows whether a reload without an answer was done: its undoing must be. */
static void test_reload_without_an_answer(void **state)
{
	(void)state;
	for (int once = 0; once < 2; once++) {
		world *w = managed_world();

		manager.fail_daemon_reload = -ENOTCONN;
		manager.only_once = once;
		do_apply(w);
		assert_int_equal(manager.daemon_reloads, 2);
		assert_int_equal(w->result.outcome,
				 once ? HF_OUTCOME_ROLLED_BACK : HF_OUTCOME_INCOMPLETE);
		assert_int_equal(state_of(&w->result, "daemon-reload"),
				 once ? HF_STEP_REVERTED : HF_STEP_STUCK);
		free(shell("grep -qx old %s" OLD, w->root));
		world_free(w);
	}
}

/* A unit that refuses to reload has nothing of the change, before and after. */
static void test_refused_reload(void **state)
{
	world *w = managed_world();

	(void)state;
	manager.fail_reload = -EIO;
	do_apply(w);
	assert_int_equal(manager.reloads, 2);
	assert_int_equal(w->result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_int_equal(state_of(&w->result, "reload a.service"), HF_STEP_FAILED);
	assert_int_equal(state_of(&w->result, "daemon-reload"), HF_STEP_REVERTED);
	world_free(w);

	/* but it has to come back from a restart, refused or not */
	w = managed_world();
	manager.fail_restart = -EIO;
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_INCOMPLETE);
	assert_int_equal(state_of(&w->result, "restart b.service"), HF_STEP_STUCK);
	world_free(w);
}

/* Back means that the API answers where dockerd listens, if it can be asked at all. */
static void test_back_from_a_restart(void **state)
{
	const hf_effect effect = { .action = HF_ACTION_RESTART, .unit = "d.service" };
	hf_engine_view engine = { .unit = "d.service", .socket = "/run/other.sock" };
	world *w = managed_world();
	hf_error *err = NULL;

	(void)state;
	assert_int_equal(hf_effect_run(&w->host, &effect, &engine, &err), 0);
	assert_string_equal(pinged, "/run/other.sock");
	engine.socket = "/run/docker.sock";
	assert_int_equal(hf_effect_run(&w->host, &effect, &engine, &err), -ETIMEDOUT);
	hf_error_free(take_ptr(err));
	engine.socket = NULL;
	pinged[0] = '\0';
	assert_int_equal(hf_effect_run(&w->host, &effect, &engine, &err), 0);
	assert_string_equal(pinged, "");
	world_free(w);
}

static world *first_world(void)
{
	world *w = world_new();
	static char path[128];

	memset(&manager, 0, sizeof(manager));
	w->host.units.known = HF_PRESENT;
	script.units = script.first = true;
	(void)snprintf(path, sizeof(path), "%s" OLD, w->root);
	old_path = path;
	seen[0] = '\0';
	looks_at_info = 0;
	looks_until_on = 2;
	look_again(w);
	return w;
}

static void first_free(world *w)
{
	world_free(w);
	old_path = NULL;
}

/* The first part is in force before anything else is there. */
static void test_first(void **state)
{
	world *w = first_world();

	(void)state;
	assert_true(w->survey.plan.effects[0]->first);
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	assert_string_equal(seen, "Rf ?f dw rw Sw ");
	assert_string_equal(w->result.steps[0].what, "write " OLD ", at first");
	assert_string_equal(w->result.steps[1].what, "reload b.service");
	first_free(w);
}

/* It does not come in force: nothing else has happened, and it is taken back. */
static void test_first_not_confirmed(void **state)
{
	world *w = first_world();
	cleanup_free char *before = listing(w), *then = NULL;

	(void)state;
	looks_until_on = 0;
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_non_null(strstr(hf_error_text(w->result.error), "live-restore"));
	assert_int_equal(manager.reloads, 2);
	assert_int_equal(manager.restarts + manager.daemon_reloads, 0);
	assert_string_equal(seen, "Rf ?f Ro ");
	assert_true(looks_at_info > 10);
	free(shell("rm -rf %s/var/lib/holdfast", w->root));
	then = listing(w);
	assert_string_equal(then, before);
	first_free(w);
}

/* A restart on the way back finds the first part in the file; that goes after it. */
static void test_first_reverted(void **state)
{
	world *w = first_world();
	cleanup_free char *before = listing(w), *then = NULL;

	(void)state;
	manager.fail_restart = -EIO;
	manager.only_once = true;
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_string_equal(seen, "Rf ?f dw rw Sw df rf Sf Ro ");
	free(shell("rm -rf %s/var/lib/holdfast", w->root));
	then = listing(w);
	assert_string_equal(then, before);
	first_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recovery_tells_the_manager_again),
		cmocka_unit_test(test_recovery_names_effects),
		cmocka_unit_test(test_reload_without_an_answer),
		cmocka_unit_test(test_refused_reload),
		cmocka_unit_test(test_back_from_a_restart),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_first_not_confirmed),
		cmocka_unit_test(test_first_reverted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

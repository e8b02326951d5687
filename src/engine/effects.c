/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/effects.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "host/bus.h"
#include "host/docker.h"
#include "host/unit_log.h"

/* How long a restarted daemon has to stay up before it counts as back. */
#define STEADY_USEC ((uint64_t)2 * 1000 * 1000)
#define POLL_USEC ((uint64_t)50 * 1000)
/* And a reloaded one may take to show what it has in force. */
#define CONFIRM_USEC ((uint64_t)10 * 1000 * 1000)

static void pause_usec(uint64_t usec)
{
	struct timespec ts = { .tv_sec = (time_t)(usec / 1000000),
			       .tv_nsec = (long)(usec % 1000000) * 1000 };

	(void)nanosleep(&ts, NULL);
}

static bool api_answers(hf_host *host, const char *socket, hf_arena *arena)
{
	hf_error *ignored = NULL; /* asked again until the deadline */
	char *version;
	int r = hf_docker_ping(host, socket, arena, &version, &ignored);

	hf_error_free(ignored);
	return r == 0;
}

/* Polls the manager: it has no signal for "the main process stayed the same". */
static int wait_until_back(hf_host *host, const char *unit, const char *socket,
			   hf_error **err)
{
	uint64_t deadline = hf_clock_usec(CLOCK_MONOTONIC) + host->timeout_usec,
		 since = 0;
	uint32_t pid = 0;

	for (;;) {
		cleanup_(hf_arena_done) hf_arena arena = { 0 };
		hf_bus_unit state;
		int r = hf_bus_unit_get(host, unit, &arena, &state, err);

		if (r < 0)
			return r;
		if (strcmp(state.active_state, "failed") == 0)
			return hf_error_set(err, -EIO,
					    "'%s' did not come back: it is failed", unit);
		if (strcmp(state.active_state, "active") != 0 || state.main_pid != pid) {
			pid = state.main_pid;
			since = hf_clock_usec(CLOCK_MONOTONIC);
		} else if (pid && hf_clock_usec(CLOCK_MONOTONIC) - since >= STEADY_USEC &&
			   (!socket || api_answers(host, socket, &arena))) {
			return 0;
		}
		if (hf_clock_usec(CLOCK_MONOTONIC) >= deadline)
			return hf_error_set(
				err, -ETIMEDOUT, "'%s' did not come back within %llu s",
				unit, (unsigned long long)(host->timeout_usec / 1000000));
		pause_usec(POLL_USEC);
	}
}

static int restart(hf_host *host, const hf_effect *effect, const hf_engine_view *engine,
		   hf_error **err)
{
	uint64_t since = hf_unit_log_now();
	/* Good restarts count towards the start limit, too: the fourth within a minute
	 * would be refused after the stop. */
	int r = hf_bus_reset_failed(host, effect->unit, err);

	if (!r)
		r = hf_bus_job(host, "RestartUnit", effect->unit, err);
	if (!r && engine->unit && strcmp(engine->unit, effect->unit) == 0)
		r = wait_until_back(host, effect->unit, engine->socket, err);
	if (r < 0)
		hf_unit_log_add(effect->unit, since, err);
	return r;
}

static bool live_restore_shows(hf_host *host, const char *socket)
{
	hf_error *ignored = NULL; /* asked again until the deadline */
	json_t *info = NULL;
	bool on = hf_docker_get(host, socket, "/info", &info, &ignored) == 0 &&
		  json_is_true(json_object_get(info, "LiveRestoreEnabled"));

	json_decref(info);
	hf_error_free(ignored);
	return on;
}

int hf_effect_confirm(hf_host *host, const hf_effect *effect,
		      const hf_engine_view *engine, hf_error **err)
{
	uint64_t wait =
		host->timeout_usec < CONFIRM_USEC ? host->timeout_usec : CONFIRM_USEC;
	uint64_t begin = hf_clock_usec(CLOCK_MONOTONIC);
	uint64_t since = hf_unit_log_now();

	while (!live_restore_shows(host, engine->socket_now)) {
		if (hf_clock_usec(CLOCK_MONOTONIC) - begin >= wait) {
			(void)hf_error_set(err, -ETIMEDOUT,
					   "'%s' does not show live-restore %llu s after "
					   "its reload, and a restart would end the "
					   "running containers",
					   effect->unit,
					   (unsigned long long)(wait / 1000000));
			hf_unit_log_add(effect->unit, since, err);
			return -ETIMEDOUT;
		}
		pause_usec(POLL_USEC);
	}
	return 0;
}

const char *hf_effect_what(const hf_effect *effect, hf_arena *arena)
{
	return hf_arena_printf(arena, "%s%s%s", hf_action_name(effect->action),
			       effect->unit ? " " : "", effect->unit ? effect->unit : "");
}

int hf_effect_run(hf_host *host, const hf_effect *effect, const hf_engine_view *engine,
		  hf_error **err)
{
	switch (effect->action) {
	case HF_ACTION_DAEMON_RELOAD:
		return hf_bus_daemon_reload(host, err);
	case HF_ACTION_RELOAD:
		return hf_bus_job(host, "ReloadUnit", effect->unit, err);
	case HF_ACTION_RESTART:
		return restart(host, effect, engine, err);
	case HF_ACTION_REBOOT:
	case HF_ACTION_MAX_:
		break;
	}
	return hf_error_set(err, -EINVAL, "this effect is never carried out");
}

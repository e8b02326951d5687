/* SPDX-License-Identifier: Apache-2.0 */
#include "host/bus.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "host/sd.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define MANAGER_IFACE SYSTEMD_NAME ".Manager"
#define UNIT_IFACE SYSTEMD_NAME ".Unit"
#define SERVICE_IFACE SYSTEMD_NAME ".Service"
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"

/* --- connection ---------------------------------------------------------------------
 */

static void bus_error_done(sd_bus_error *e)
{
	SD(sd_bus_error_free)(e);
}

static void bus_close(struct sd_bus *bus)
{
	SD(sd_bus_flush_close_unref)(bus);
}

/* The manager's own socket: works for root where no message bus runs. */
static int open_private(sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r = SD(sd_bus_new)(&bus);

	if (r >= 0)
		r = SD(sd_bus_set_address)(bus, PRIVATE_ADDRESS);
	if (r >= 0)
		r = SD(sd_bus_start)(bus);
	if (r < 0) {
		SD(sd_bus_unref)(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

static int bus_get(hf_host *host, sd_bus **ret, hf_error **err)
{
	sd_bus *bus = NULL;
	int r;

	if (host->bus) {
		*ret = host->bus;
		return 0;
	}
	if (host->units.known != HF_PRESENT)
		return hf_error_set(err, -EOPNOTSUPP,
				    "systemd's manager cannot be asked: %s",
				    host->units.why ? host->units.why : "no live layer");
	r = hf_sd_load(err);
	if (r < 0)
		return r;
	r = SD(sd_bus_open_system)(&bus);
	if (r < 0 && host->is_root)
		r = open_private(&bus);
	if (r < 0)
		return hf_error_set(err, r, "cannot connect to systemd's manager: %s",
				    strerror(-r));
	r = SD(sd_bus_set_method_call_timeout)(bus, host->timeout_usec);
	if (r < 0) {
		bus_close(bus);
		return hf_error_set(err, r, "cannot set the bus deadline: %s",
				    strerror(-r));
	}
	host->bus = bus;
	host->bus_close = bus_close;
	*ret = bus;
	return 0;
}

/* A connection that is lost never comes back: the next call opens another. Passes @r on.
 */
static int lose(hf_host *host, int r)
{
	if (r != -ENOTCONN && r != -ECONNRESET && r != -EPIPE)
		return r;
	if (host->bus)
		bus_close(host->bus);
	host->bus = NULL;
	return r;
}

/* A peer connection has no names to address. */
static const char *destination(sd_bus *bus)
{
	return SD(sd_bus_is_bus_client)(bus) > 0 ? SYSTEMD_NAME : NULL;
}

static int bus_error(hf_error **err, int r, const sd_bus_error *e, const char *what,
		     const char *unit)
{
	const char *message = e && e->message ? e->message : strerror(-r);

	if (unit)
		return hf_error_set(err, r, "%s of '%s': %s", what, unit, message);
	return hf_error_set(err, r, "%s: %s", what, message);
}

/* --- properties --------------------------------------------------------------------- */

typedef struct hf_bus_reader {
	sd_bus *bus;
	hf_arena *arena;
	const char *unit;
	char *path;
} hf_bus_reader;

static int read_string(hf_bus_reader *rd, const char *name, const char **ret,
		       hf_error **err)
{
	cleanup_(bus_error_done) sd_bus_error e = SD_BUS_ERROR_NULL;
	char *s = NULL;
	int r = SD(sd_bus_get_property_string)(rd->bus, destination(rd->bus), rd->path,
					       UNIT_IFACE, name, &e, &s);

	if (r < 0)
		return bus_error(err, r, &e, name, rd->unit);
	*ret = hf_arena_strdup(rd->arena, s);
	free(s);
	return *ret ? 0 : hf_error_oom(err);
}

static int read_trivial(hf_bus_reader *rd, const char *iface, const char *name, char type,
			void *ret, hf_error **err)
{
	cleanup_(bus_error_done) sd_bus_error e = SD_BUS_ERROR_NULL;
	int r = SD(sd_bus_get_property_trivial)(rd->bus, destination(rd->bus), rd->path,
						iface, name, &e, type, ret);

	return r < 0 ? bus_error(err, r, &e, name, rd->unit) : 0;
}

static int push_copy(hf_arena *arena, const char ***items, size_t *n, const char *s)
{
	const char **slot = hf_vec_push(arena, *items, *n);

	if (!slot)
		return -ENOMEM;
	*slot = hf_arena_strdup(arena, s);
	return *slot ? 0 : -ENOMEM;
}

/* a(sasbttttuii), the first of them; what follows argv is of no interest and may grow. */
static int parse_exec(sd_bus_message *m, hf_arena *arena, hf_bus_unit *unit)
{
	const char *s;
	bool first = true;
	int r = SD(sd_bus_message_enter_container)(m, 'a', "(sasbttttuii)");

	if (r > 0)
		r = SD(sd_bus_message_enter_container)(m, 'r', "sasbttttuii");
	if (r > 0)
		r = SD(sd_bus_message_read)(m, "s", &s);
	if (r <= 0)
		return r;
	if (push_copy(arena, &unit->exec_start, &unit->n_exec_start, s) < 0)
		return -ENOMEM;
	r = SD(sd_bus_message_enter_container)(m, 'a', "s");
	if (r <= 0)
		return r;
	while ((r = SD(sd_bus_message_read)(m, "s", &s)) > 0) {
		if (!first &&
		    push_copy(arena, &unit->exec_start, &unit->n_exec_start, s) < 0)
			return -ENOMEM;
		first = false;
	}
	return r;
}

static int read_exec(hf_bus_reader *rd, hf_bus_unit *unit, hf_error **err)
{
	cleanup_(bus_error_done) sd_bus_error e = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = SD(sd_bus_get_property)(rd->bus, destination(rd->bus), rd->path,
					SERVICE_IFACE, "ExecStart", &e, &m,
					"a(sasbttttuii)");

	if (r >= 0)
		r = parse_exec(m, rd->arena, unit);
	SD(sd_bus_message_unref)(m);
	if (r == -ENOMEM)
		return hf_error_oom(err);
	return r < 0 ? bus_error(err, r, &e, "ExecStart", rd->unit) : 0;
}

static int read_unit(hf_bus_reader *rd, hf_bus_unit *unit, hf_error **err)
{
	const char *dot = strrchr(rd->unit, '.');
	int reload = 0;
	int r = read_string(rd, "ActiveState", &unit->active_state, err);

	if (r == 0)
		r = read_trivial(rd, UNIT_IFACE, "NeedDaemonReload", 'b', &reload, err);
	unit->need_daemon_reload = reload;
	if (r < 0 || !dot || strcmp(dot, ".service") != 0)
		return r;
	r = read_trivial(rd, SERVICE_IFACE, "MainPID", 'u', &unit->main_pid, err);
	return r < 0 ? r : read_exec(rd, unit, err);
}

int hf_bus_unit_get(hf_host *host, const char *unit, hf_arena *arena, hf_bus_unit *ret,
		    hf_error **err)
{
	hf_bus_reader rd = { .arena = arena, .unit = unit };
	hf_bus_unit value = { 0 };
	int r = bus_get(host, &rd.bus, err);

	if (r < 0)
		return r;
	/* asking the object of a unit that is not in memory loads it, as LoadUnit() does
	 */
	if (SD(sd_bus_path_encode)(SYSTEMD_PATH "/unit", unit, &rd.path) < 0)
		return hf_error_oom(err);
	r = read_unit(&rd, &value, err);
	free(rd.path);
	if (r == 0)
		*ret = value;
	return lose(host, r);
}

static void strv_done(char ***list)
{
	for (char **s = *list; s && *s; s++)
		free(*s);
	free(*list);
}

static bool is_among(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

/* Add those of a property that are not there yet. */
static int add_names(hf_bus_reader *rd, const char *property, const char ***names,
		     size_t *n, hf_error **err)
{
	cleanup_(bus_error_done) sd_bus_error e = SD_BUS_ERROR_NULL;
	cleanup_(strv_done) char **list = NULL;
	int r = SD(sd_bus_get_property_strv)(rd->bus, destination(rd->bus), rd->path,
					     UNIT_IFACE, property, &e, &list);

	if (r < 0)
		return bus_error(err, r, &e, property, rd->unit);
	for (char **s = list; s && *s; s++) {
		if (!is_among(*names, *n, *s) && push_copy(rd->arena, names, n, *s) < 0)
			return hf_error_oom(err);
	}
	return 0;
}

int hf_bus_unit_dependants(hf_host *host, const char *unit, hf_arena *arena,
			   const char ***ret, size_t *ret_n, hf_error **err)
{
	static const char *const properties[] = { "RequiredBy", "BoundBy", "ConsistsOf" };
	hf_bus_reader rd = { .arena = arena, .unit = unit };
	const char **names = NULL;
	size_t n = 0, active = 0;
	int r = bus_get(host, &rd.bus, err);

	if (r < 0)
		return r;
	if (SD(sd_bus_path_encode)(SYSTEMD_PATH "/unit", unit, &rd.path) < 0)
		return hf_error_oom(err);
	for (size_t i = 0; i < ARRAY_SIZE(properties) && r == 0; i++)
		r = add_names(&rd, properties[i], &names, &n, err);
	free(rd.path);
	for (size_t i = 0; i < n && r == 0; i++) {
		hf_bus_unit other;

		r = hf_bus_unit_get(host, names[i], arena, &other, err);
		if (r == 0 && strcmp(other.active_state, "inactive") != 0 &&
		    strcmp(other.active_state, "failed") != 0)
			names[active++] = names[i];
	}
	if (r < 0)
		return lose(host, r);
	*ret = names;
	*ret_n = active;
	return 0;
}

int hf_bus_environment(hf_host *host, hf_arena *arena, const char ***ret, size_t *ret_n,
		       hf_error **err)
{
	cleanup_(bus_error_done) sd_bus_error e = SD_BUS_ERROR_NULL;
	cleanup_(strv_done) char **list = NULL;
	const char **copies = NULL;
	size_t n = 0;
	sd_bus *bus;
	int r = bus_get(host, &bus, err);

	if (r < 0)
		return r;
	r = SD(sd_bus_get_property_strv)(bus, destination(bus), SYSTEMD_PATH,
					 MANAGER_IFACE, "Environment", &e, &list);
	if (r < 0)
		return lose(host, bus_error(err, r, &e, "Environment", NULL));
	for (char **s = list; s && *s; s++)
		if (push_copy(arena, &copies, &n, *s) < 0)
			return hf_error_oom(err);
	*ret = copies;
	*ret_n = n;
	return 0;
}

/* --- calls -------------------------------------------------------------------------- */

/* A method of the manager without an answer to read. @unit: its one argument, or NULL.
 * @what: what errors call it. @fine: an error (below org.freedesktop.systemd1) that is
 * none, or NULL. */
static int manager_call(hf_host *host, const char *method, const char *what,
			const char *unit, const char *fine, hf_error **err)
{
	cleanup_(bus_error_done) sd_bus_error e = SD_BUS_ERROR_NULL;
	sd_bus *bus;
	int r = bus_get(host, &bus, err);

	if (r < 0)
		return r;
	r = SD(sd_bus_call_method)(bus, destination(bus), SYSTEMD_PATH, MANAGER_IFACE,
				   method, &e, NULL, unit ? "s" : NULL, unit);
	if (r < 0 && fine && SD(sd_bus_error_has_name)(&e, fine))
		return 0;
	return r < 0 ? lose(host, bus_error(err, r, &e, what, unit)) : 0;
}

bool hf_bus_is_refusal(int r)
{
	return r == -EIO || r == -EACCES || r == -EPERM || r == -ENOENT || r == -EINVAL ||
	       r == -EBADR || r == -EOPNOTSUPP || r == -ECONNREFUSED;
}

int hf_bus_daemon_reload(hf_host *host, hf_error **err)
{
	return manager_call(host, "Reload", "daemon-reload", NULL, NULL, err);
}

int hf_bus_reset_failed(hf_host *host, const char *unit, hf_error **err)
{
	return manager_call(host, "ResetFailedUnit", "ResetFailedUnit", unit,
			    SYSTEMD_NAME ".NoSuchUnit", err);
}

/* --- jobs --------------------------------------------------------------------------- */

typedef struct hf_bus_job_wait {
	const char *path;
	bool done;
	char result[32];
} hf_bus_job_wait;

static int on_job_removed(sd_bus_message *m, void *user, sd_bus_error *e)
{
	hf_bus_job_wait *wait = user;
	const char *path, *unit, *result;
	uint32_t id;
	size_t len;

	(void)e;
	/* a signal that does not read as documented is somebody else's */
	if (SD(sd_bus_message_read)(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (!wait->path || strcmp(path, wait->path) != 0)
		return 0;
	len = strnlen(result, sizeof(wait->result) - 1);
	memcpy(wait->result, result, len);
	wait->result[len] = '\0';
	wait->done = true;
	return 0;
}

static int job_await(sd_bus *bus, hf_bus_job_wait *wait, uint64_t timeout_usec)
{
	uint64_t deadline = hf_clock_usec(CLOCK_MONOTONIC) + timeout_usec;

	while (!wait->done) {
		uint64_t now = hf_clock_usec(CLOCK_MONOTONIC);
		int r = SD(sd_bus_process)(bus, NULL);

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (now >= deadline)
			return -ETIMEDOUT;
		r = SD(sd_bus_wait)(bus, deadline - now);
		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

/* Of a job that was given up nobody knows how far it came. */
static int code_of(const char *result)
{
	if (strcmp(result, "timeout") == 0)
		return -ETIMEDOUT;
	return strcmp(result, "canceled") == 0 ? -ECANCELED : -EIO;
}

static int job_run(hf_host *host, sd_bus *bus, const char *method, const char *unit,
		   hf_error **err)
{
	cleanup_(bus_error_done) sd_bus_error e = SD_BUS_ERROR_NULL;
	hf_bus_job_wait wait = { 0 };
	sd_bus_message *reply = NULL;
	sd_bus_slot *slot = NULL;
	/* the match is there before the call: the signal cannot be missed */
	int r = SD(sd_bus_match_signal)(bus, &slot, destination(bus), SYSTEMD_PATH,
					MANAGER_IFACE, "JobRemoved", on_job_removed,
					&wait);

	if (r >= 0)
		r = SD(sd_bus_call_method)(bus, destination(bus), SYSTEMD_PATH,
					   MANAGER_IFACE, method, &e, &reply, "ss", unit,
					   "replace");
	if (r >= 0)
		r = SD(sd_bus_message_read)(reply, "o", &wait.path);
	if (r >= 0)
		r = job_await(bus, &wait, host->timeout_usec);
	SD(sd_bus_slot_unref)(slot);
	SD(sd_bus_message_unref)(reply);
	if (r == -ETIMEDOUT)
		return hf_error_set(err, r, "%s of '%s' did not end within %llu s",
				    method, unit,
				    (unsigned long long)(host->timeout_usec / 1000000));
	if (r < 0)
		return bus_error(err, r, &e, method, unit);
	if (strcmp(wait.result, "done") != 0)
		return hf_error_set(err, code_of(wait.result),
				    "%s of '%s' ended with '%s'", method, unit,
				    wait.result);
	return 0;
}

int hf_bus_job(hf_host *host, const char *method, const char *unit, hf_error **err)
{
	sd_bus *bus;
	int r;

	/* without a subscriber the manager sends no signals over the bus; a second
	 * subscription of the same connection is an error that means it is there */
	r = manager_call(host, "Subscribe", "Subscribe", NULL,
			 SYSTEMD_NAME ".AlreadySubscribed", err);
	if (!r)
		r = bus_get(host, &bus, err);
	return r < 0 ? r : lose(host, job_run(host, bus, method, unit, err));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The live layer of units: the manager's view, the running process, the socket inodes. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/parse.h"
#include "host/bus.h"
#include "host/fs.h"
#include "host/ids.h"
#include "kinds/units/units_observe.h"
#include "kinds/units/units_view.h"

#define CMDLINE_MAX ((size_t)4 << 20)

static uint64_t clock_usec(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) < 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Field 22 of /proc/PID/stat, clock ticks since boot; the command in field 2 may hold
 * blanks and parentheses. proc(5) */
static uint64_t started_usec(const char *stat)
{
	const char *p = strrchr(stat, ')');
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t ticks, now = clock_usec(CLOCK_REALTIME), up = clock_usec(CLOCK_BOOTTIME);
	char field[24];
	size_t len;

	for (int i = 2; p && i < 22; i++)
		p = strchr(p + 1, ' ');
	if (!p || hz <= 0 || !now || !up)
		return 0;
	len = strcspn(++p, " \n");
	if (!len || len >= sizeof(field))
		return 0;
	memcpy(field, p, len);
	field[len] = '\0';
	if (hf_parse_u64(field, UINT64_MAX / 1000000, &ticks) < 0)
		return 0;
	return now - up + ticks * 1000000 / (uint64_t)hz;
}

/* The process may be gone by now: then there is no argv, which is no error. */
static int process_read(hf_host *host, hf_arena *arena, hf_units_unit *unit,
			hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL, *e2 = NULL;
	char *path = hf_arena_printf(arena, "/proc/%u/cmdline", unit->main_pid);
	char *text, *stat;
	size_t len, stat_len;
	int r = path ? hf_fs_read(host, path, CMDLINE_MAX, arena, &text, &len, NULL, &e)
		     : -ENOMEM;

	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		return 0;
	for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
		const char **slot =
			hf_vec_push(arena, unit->live_argv, unit->n_live_argv);

		if (!slot)
			return hf_error_oom(err);
		*slot = text + at; /* hf_fs_read() ends the text with NUL */
	}
	path = hf_arena_printf(arena, "/proc/%u/stat", unit->main_pid);
	r = path ? hf_fs_read(host, path, 4096, arena, &stat, &stat_len, NULL, &e2)
		 : -ENOMEM;
	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r == 0)
		unit->main_started_usec = started_usec(stat);
	return 0;
}

static int socket_read(hf_host *host, hf_arena *arena, const char *path,
		       hf_units_socket *ret, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_inode inode;
	int r = hf_fs_inode(host, path, HF_FS_NOFOLLOW, &inode, &e);

	*ret = (hf_units_socket){ .path = path, .known = HF_ABSENT };
	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r == -ENOENT || r == -ENOTDIR || (r == 0 && !S_ISSOCK(inode.mode)))
		return 0;
	if (r < 0) {
		ret->known = HF_UNKNOWN;
		ret->why = hf_arena_strdup(arena, hf_error_text(e));
		return ret->why ? 0 : hf_error_oom(err);
	}
	ret->known = HF_PRESENT;
	ret->uid = inode.uid;
	ret->gid = inode.gid;
	ret->mode = inode.mode & 07777;
	ret->dev = inode.dev;
	ret->ino = inode.ino;
	ret->user = hf_ids_user_name(host, inode.uid);
	ret->group = hf_ids_group_name(host, inode.gid);
	if (!ret->user || !ret->group)
		return hf_error_oom(err);
	ret->user = hf_arena_strdup(arena, ret->user);
	ret->group = hf_arena_strdup(arena, ret->group);
	return ret->user && ret->group ? 0 : hf_error_oom(err);
}

/* What a socket unit listens on, as it is on disk now. */
static int sockets_read(hf_host *host, hf_arena *arena, hf_units_unit *unit,
			hf_error **err)
{
	hf_units_streams streams = { 0 };
	hf_unit_stack stack;
	int r = hf_units_stack(arena, unit, unit->ours, &stack, err);

	if (r == 0)
		r = hf_units_listen(arena, unit->name, &stack, &streams, err);
	for (size_t i = 0; r == 0 && i < streams.n; i++) {
		hf_units_socket *slot =
			hf_vec_push(arena, unit->sockets, unit->n_sockets);

		r = slot ? socket_read(host, arena, streams.paths[i], slot, err)
			 : hf_error_oom(err);
	}
	if (r == 0 && streams.doubtful) {
		hf_units_socket *slot =
			hf_vec_push(arena, unit->sockets, unit->n_sockets);

		if (!slot)
			return hf_error_oom(err);
		*slot = (hf_units_socket){ .path = streams.doubtful,
					   .known = HF_UNKNOWN,
					   .why = streams.why };
	}
	return r;
}

int hf_units_live_read(hf_host *host, hf_arena *arena, hf_units_unit *unit,
		       bool *ret_dead, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_bus_unit bus;
	int r = hf_bus_unit_get(host, unit->name, arena, &bus, &e);

	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0) {
		*ret_dead = r == -ETIMEDOUT || r == -ENOTCONN || r == -ECONNRESET;
		unit->live_known = HF_UNKNOWN;
		unit->live_why = hf_arena_strdup(arena, hf_error_text(e));
		return unit->live_why ? 0 : hf_error_oom(err);
	}
	unit->live_known = HF_PRESENT;
	unit->need_daemon_reload = bus.need_daemon_reload;
	unit->active_state = bus.active_state;
	unit->manager_exec = bus.exec_start;
	unit->n_manager_exec = bus.n_exec_start;
	unit->manager_dropins = bus.dropin_paths;
	unit->n_manager_dropins = bus.n_dropin_paths;
	unit->main_pid = bus.main_pid;
	r = bus.main_pid ? process_read(host, arena, unit, err) : 0;
	if (r == 0 && !strcmp(hf_unit_name_type(unit->name), ".socket"))
		r = sockets_read(host, arena, unit, err);
	return r;
}

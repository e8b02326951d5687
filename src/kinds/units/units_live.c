/* SPDX-License-Identifier: Apache-2.0 */
/* The live layer of units: the manager's view, the running process, the socket inodes. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "host/bus.h"
#include "host/fs.h"
#include "host/ids.h"
#include "host/process.h"
#include "kinds/units/units_observe.h"
#include "kinds/units/units_view.h"

/* The process may be gone by now: then nothing runs. */
static int process_read(hf_host *host, hf_arena *arena, hf_units_unit *unit,
			hf_error **err)
{
	hf_process p;

	if (hf_process_read(host, unit->main_pid, arena, &p) < 0)
		return hf_error_oom(err);
	if (p.gone)
		unit->main_pid = 0;
	unit->live_argv = p.argv;
	unit->n_live_argv = p.n_argv;
	unit->main_start_ticks = p.start_ticks;
	unit->main_started_usec = p.started_usec;
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
	unit->main_pid = bus.main_pid;
	r = bus.main_pid ? process_read(host, arena, unit, err) : 0;
	if (r == 0 && !strcmp(hf_unit_name_type(unit->name), ".socket"))
		r = sockets_read(host, arena, unit, err);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rootless engines: dockerd as ordinary users run it, beside or instead of the system's.
 */
#ifndef HF_HOST_ROOTLESS_H
#define HF_HOST_ROOTLESS_H

#include "base/arena.h"
#include "base/error.h"
#include "host/host.h"

/* One engine, by what shows it. */
typedef struct hf_rootless {
	const char *user;
	const char *sign; /* its socket, its unit, or its process: a path */
} hf_rootless;

/**
 * hf_rootless_list - the engines of users
 * @pid:   a rootless dockerd that is known of (hf_docker_process()), or 0
 * @units: look for units in the homes of users, too, of those that have a manager: who
 *         is logged in or lingers. Asks for their homes, so only where it is worth it.
 * @ret:   array in @arena, a user once
 *
 * A running one listens on $XDG_RUNTIME_DIR/docker.sock, which is below /run/user; an
 * installed one has the unit ~/.config/systemd/user/docker.service
 * (dockerd-rootless-setuptool.sh). What cannot be looked at does not count. Returns 0 or
 * -ENOMEM. Reads host.
 */
int hf_rootless_list(hf_host *host, uint32_t pid, bool units, hf_arena *arena,
		     hf_rootless **ret, size_t *ret_n) _must_check_;

#endif

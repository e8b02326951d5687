/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dockerd's HTTP API over its unix socket (read-only GETs), with the host's deadline.
 */
#ifndef HF_HOST_DOCKER_H
#define HF_HOST_DOCKER_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "host/host.h"

#define HF_DOCKER_SOCKET "/run/docker.sock"

/** hf_docker_process - pid of the dockerd that runs on this host; 0: none does
 *
 * The pid file first, then all of /proc; one of another pid namespace (inside a
 * container) does not count, nor does a rootless one, which has a user namespace of its
 * own.
 * @ret_rootless: a rootless one that was seen on the way, or 0; may be NULL
 * Errors: /proc cannot be read. Reads host. */
int hf_docker_process(hf_host *host, uint32_t *ret_pid, uint32_t *ret_rootless,
		      hf_error **err) _must_check_;

/** hf_docker_ping - GET /_ping: the engine's version from the Server header
 *
 * Never starts a stopped daemon by socket activation: refuses with -ENOTCONN when no
 * dockerd process runs (see docker.c). -ENOENT: no socket. */
int hf_docker_ping(hf_host *host, const char *socket_path, hf_arena *arena,
		   char **ret_version, hf_error **err) _must_check_;

/** hf_docker_get - GET @path, the decoded body; the caller decrefs; 16 MiB at most */
int hf_docker_get(hf_host *host, const char *socket_path, const char *path, json_t **ret,
		  hf_error **err) _must_check_;

/** hf_docker_get_stream - the same for a body of many values in a row (/events with a
 *  `until` in the past): an array of them, each at most 16 MiB together */
int hf_docker_get_stream(hf_host *host, const char *socket_path, const char *path,
			 json_t **ret, hf_error **err) _must_check_;

#endif

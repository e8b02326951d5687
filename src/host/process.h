/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc tells of a process. */
#ifndef HF_HOST_PROCESS_H
#define HF_HOST_PROCESS_H

#include "host/host.h"

typedef struct hf_process {
	bool gone;	   /* there is no such process any more: the rest is empty */
	const char **argv; /* NULL: it cannot be read, or is empty */
	size_t n_argv;
	uint64_t start_ticks;  /* clock ticks from boot to its start; 0: unknown */
	uint64_t started_usec; /* the same as CLOCK_REALTIME; 0: unknown */
} hf_process;

/** hf_process_read - look at process @pid of our own pid namespace
 *
 * What cannot be read is left empty. @ret is the arena's. Returns 0 or -ENOMEM. Reads
 * host. Source: proc(5), /proc/PID/cmdline and field 22 of /proc/PID/stat. */
int hf_process_read(hf_host *host, uint32_t pid, hf_arena *arena,
		    hf_process *ret) _must_check_;

/** hf_process_environ - "NAME=VALUE" each, as process @pid was started with them
 * @ret: NULL: it cannot be read
 *
 * Returns 0 or -ENOMEM. Reads host. Source: proc(5), /proc/PID/environ. */
int hf_process_environ(hf_host *host, uint32_t pid, hf_arena *arena, const char ***ret,
		       size_t *ret_n) _must_check_;

#endif

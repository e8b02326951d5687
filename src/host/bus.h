/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's manager over D-Bus (org.freedesktop.systemd1(5)); the only user of sd-bus.
 *
 * The system bus, else /run/systemd/private. Every call has the host's deadline. Whoever
 * opens host->bus sets host->bus_close with it: hf_host_close() calls that.
 */
#ifndef HF_HOST_BUS_H
#define HF_HOST_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "host/host.h"

typedef struct hf_bus_unit {
	const char *active_state; /* active, inactive, failed, ... */
	bool need_daemon_reload;
	uint32_t main_pid; /* services; 0 if none */
	const char *
		*exec_start; /* first ExecStart: path then argv[1..] as the bus has it */
	size_t n_exec_start;
} hf_bus_unit;

/** hf_bus_unit_get - properties of one unit that the manager loads for it; strings in
 * @arena */
int hf_bus_unit_get(hf_host *host, const char *unit, hf_arena *arena, hf_bus_unit *ret,
		    hf_error **err) _must_check_;
/** hf_bus_unit_dependants - active units that a restart of @unit restarts as well: those
 * that require it, are bound to it or are part of it; names in @arena, each once. As
 * org.freedesktop.systemd1(5): RequiredBy, BoundBy, ConsistsOf. */
int hf_bus_unit_dependants(hf_host *host, const char *unit, hf_arena *arena,
			   const char ***ret, size_t *ret_n, hf_error **err) _must_check_;
/** hf_bus_environment - what the manager gives all services ("NAME=VALUE"), set by whom
 *  ever; strings in @arena. As org.freedesktop.systemd1(5): Environment. */
int hf_bus_environment(hf_host *host, hf_arena *arena, const char ***ret, size_t *ret_n,
		       hf_error **err) _must_check_;
/** hf_bus_daemon_reload - Manager.Reload(), returns after the reload */
int hf_bus_daemon_reload(hf_host *host, hf_error **err) _must_check_;
/** hf_bus_reset_failed - Manager.ResetFailedUnit(); a unit not loaded is fine */
int hf_bus_reset_failed(hf_host *host, const char *unit, hf_error **err) _must_check_;
/** hf_bus_job - RestartUnit, ReloadUnit, StartUnit or StopUnit, awaited (JobRemoved)
 *
 * @method: the Manager's method name. Errors: -ETIMEDOUT after the host's timeout or the
 * unit's, -ECANCELED for another job, -EIO with the job's result (failed, dependency,
 * ...). Changes host. */
int hf_bus_job(hf_host *host, const char *method, const char *unit,
	       hf_error **err) _must_check_;

/** hf_bus_is_refusal - is @r, of one of these, an answer: nothing was done? Otherwise (a
 *  lost connection, a deadline) it may have been, or may yet be; pure */
bool hf_bus_is_refusal(int r);

#endif

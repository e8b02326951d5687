/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `dockerd --validate` on the configuration to come, before anything is visible (DESIGN
 * sections 4 and 5).
 *
 * dockerd answers with status 0, or 1 and a line that says what it does not take: unknown
 * keys, values of the wrong type, keys that are flags as well, TLS files that it cannot
 * read. What it only finds out at start (icc without iptables, a data root, drivers, a
 * seccomp profile) passes. 20.10 does not know --validate, which is no refusal.
 * Source: moby v26.1.5, cmd/dockerd/daemon.go start() and daemon/config; measured with
 * 26.1.5 of Debian 13 as tests/live/validate.sh repeats it.
 */
#ifndef HF_ENGINE_VALIDATE_H
#define HF_ENGINE_VALIDATE_H

#include "host/host.h"
#include "plan/plan.h"

/** hf_validate_due - is there something new for the engine's program to judge: will the
 *  plan change its configuration, or reload or restart it? pure */
bool hf_validate_due(const hf_plan *plan);

/**
 * hf_validate - have the engine's program judge its configuration after @plan
 * @ret_note: in @arena: why there is no judgement, or why it does not count; NULL: it is
 *            accepted
 *
 * It runs as nobody (host/nobody.h), with the unit's command line and what is staged for
 * the file, but for userns-remap, which would make users. What it refuses of the present
 * configuration already stands against a reload or a restart only: without one nothing
 * comes in force that was not.
 *
 * Errors: -EINVAL refused, with dockerd's words, secrets hidden; -ENOMEM. Runs a program,
 * for ten seconds at the most; changes nothing.
 */
int hf_validate(hf_host *host, const hf_plan *plan, hf_arena *arena,
		const char **ret_note, hf_error **err) _must_check_;

#endif

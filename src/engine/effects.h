/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out an effect and waiting until it is true (DESIGN section 4). */
#ifndef HF_ENGINE_EFFECTS_H
#define HF_ENGINE_EFFECTS_H

#include "host/host.h"
#include "plan/plan.h"

/**
 * hf_effect_run - daemon-reload, reload or restart, with the job's result awaited
 * @engine: of the plan; a restarted engine unit must come back: the job done, active
 *          with the same pid for two seconds, and its API answering where it listens
 *
 * Changes host; blocks up to the host's timeout. Errors: -ETIMEDOUT, -EIO with the unit
 * and the result.
 */
int hf_effect_run(hf_host *host, const hf_effect *effect, const hf_engine_view *engine,
		  hf_error **err) _must_check_;

/**
 * hf_effect_confirm - wait until a reload that comes first has put live-restore in force
 * @engine: of the plan; its .socket_now is asked
 *
 * Reads host, for ten seconds at the most. Errors: -ETIMEDOUT it does not show, with the
 * unit's last lines.
 */
int hf_effect_confirm(hf_host *host, const hf_effect *effect,
		      const hf_engine_view *engine, hf_error **err) _must_check_;

/** hf_effect_what - "restart docker.service", for steps and the record; NULL: no memory
 */
const char *hf_effect_what(const hf_effect *effect, hf_arena *arena);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A hold: until it is over, apply changes nothing (exit 75); check works and shows it. */
#ifndef HF_ENGINE_HOLD_H
#define HF_ENGINE_HOLD_H

#include "engine/engine.h"

#define HF_HOLD_PATH HF_STATE_DIR "/hold"

/** hf_hold_text - the hold on this host at @now; an expired one is none
 *  @ret: "on hold until 2026-11-22 12:30:00Z: REASON (USER)", in @arena; NULL: none
 *  Errors: -EBADMSG a damaged file: nobody can tell, so nothing may be applied. Reads
 *  host. */
int hf_hold_text(hf_host *host, int64_t now, hf_arena *arena, const char **ret,
		 hf_error **err) _must_check_;

/** hf_hold_check - may something be applied now?
 *  Errors: -EINPROGRESS the host is on hold, those of hf_hold_text(). Reads host. */
int hf_hold_check(hf_host *host, int64_t now, hf_error **err) _must_check_;

/** hf_hold_set - hold the host; replaces an earlier one. Changes host. */
int hf_hold_set(hf_host *host, int64_t until, const char *reason, const char *user,
		hf_error **err) _must_check_;

/** hf_hold_clear - end the hold; none is fine. Changes host. */
int hf_hold_clear(hf_host *host, hf_error **err) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a unit said when it did not start: the last lines it wrote to the journal, for the
 * message about it.
 *
 *	uint64_t since = hf_unit_log_now();
 *	r = hf_bus_job(host, "RestartUnit", unit, err);
 *	if (r < 0)
 *		hf_unit_log_add(unit, since, err);
 */
#ifndef HF_HOST_UNIT_LOG_H
#define HF_HOST_UNIT_LOG_H

#include <stdint.h>

#include "base/error.h"

/** hf_unit_log_now - the time that the journal's entries carry */
uint64_t hf_unit_log_now(void);
/** hf_unit_log_add - append the last lines of @unit since @since_usec to the message
 *
 * Waits a moment for the manager's entry about the end of the process: journald writes
 * behind. Best effort: without a journal, or lines in it, the message stays. Reads host.
 */
void hf_unit_log_add(const char *unit, uint64_t since_usec, hf_error **err);

#endif

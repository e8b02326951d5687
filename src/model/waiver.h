/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of waivers. A date means the end of that day, UTC: no hour, no zone to guess. */
#ifndef HF_MODEL_WAIVER_H
#define HF_MODEL_WAIVER_H

#include "model/model.h"

/**
 * hf_waiver_end - the first second after the day @date, since the epoch, UTC; pure
 * @date: YYYY-MM-DD, a day of the calendar, 1970 or later
 *
 * Returns: 0, or -EINVAL for anything else.
 */
int hf_waiver_end(const char *date, int64_t *ret) _must_check_;

#endif

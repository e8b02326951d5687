/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks in microseconds: CLOCK_MONOTONIC for deadlines. */
#ifndef HF_BASE_CLOCK_H
#define HF_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/** hf_clock_usec - what @clock shows, clock_gettime(2) */
uint64_t hf_clock_usec(clockid_t clock);

#endif

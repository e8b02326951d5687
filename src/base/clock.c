/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

uint64_t hf_clock_usec(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts); /* of those in use none can fail */
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

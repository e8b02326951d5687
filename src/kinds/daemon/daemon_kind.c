/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/daemon/daemon_kind.h"

#include "kinds/daemon/daemon_state.h"

const hf_kind hf_kind_daemon = {
	.name = "daemon",
	.rank = HF_RANK_DAEMON,
	.decode = hf_daemon_decode,
	.check = hf_daemon_check,
	.observe = hf_daemon_observe,
	.plan = hf_daemon_plan,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/daemon/daemon_kind.h"

const hf_kind hf_kind_daemon = { .name = "daemon", .rank = HF_RANK_DAEMON };

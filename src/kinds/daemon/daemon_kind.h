/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_KINDS_DAEMON_KIND_H
#define HF_KINDS_DAEMON_KIND_H

#include "model/kind.h"

#define HF_RANK_DAEMON 1

extern const hf_kind hf_kind_daemon;

#endif

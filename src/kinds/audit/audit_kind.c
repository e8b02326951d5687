/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_kind.h"

const hf_kind hf_kind_audit = { .name = "audit", .rank = HF_RANK_AUDIT };

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_kind.h"

const hf_kind hf_kind_units = { .name = "units", .rank = HF_RANK_UNITS };

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_kind.h"

#include "kinds/units/units_decode.h"
#include "kinds/units/units_observe.h"
#include "kinds/units/units_plan.h"
#include "plan/unit_file.h"

static const char *const own_files[] = {
	"/etc/systemd/system/*.d/" HF_UNIT_DROPIN,
	"/etc/systemd/system/*.d/" HF_UNIT_ENV,
};

const hf_kind hf_kind_units = {
	.name = "units",
	.rank = HF_RANK_UNITS,
	.own_files = own_files,
	.n_own_files = ARRAY_SIZE(own_files),
	.decode = hf_units_decode,
	.check = hf_units_check,
	.ahead = hf_units_ahead,
	.observe = hf_units_observe,
	.plan = hf_units_plan,
	.witness = hf_units_witness,
};

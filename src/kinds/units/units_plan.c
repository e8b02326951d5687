/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_plan.h"

#include <string.h>

#include "kinds/units/units_kind.h"
#include "kinds/units/units_view.h"

static int unit_plan(hf_plan *plan, const hf_units_obs *obs, const hf_units_unit *unit,
		     hf_error **err)
{
	hf_unit_stack stack;
	hf_units_exec exec;
	hf_unit_value kill_mode;
	int r = hf_units_stack(&plan->arena, unit, unit->ours, &stack, err);

	if (r == 0)
		r = hf_units_exec_read(&plan->arena, obs, unit->name, &stack, &exec, err);
	if (r == 0)
		r = hf_units_view_put(plan, obs, unit, &stack, &exec, err);
	if (r == 0 && obs->scanned && !strcmp(obs->scanned, unit->name))
		plan->engine.kill_mode_process =
			hf_unit_last(&stack, "Service", "KillMode", &kill_mode) &&
			!strcmp(kill_mode.value, "process");
	return r;
}

int hf_units_plan(const hf_model *model, hf_plan *plan, hf_error **err)
{
	const hf_units_obs *obs = plan->obs[HF_RANK_UNITS];
	int r = 0;

	for (size_t i = 0; i < obs->n_units && r == 0; i++)
		r = unit_plan(plan, obs, obs->units[i], err);
	if (r == 0)
		r = hf_units_refs_put(plan, obs, model, err);
	return r;
}

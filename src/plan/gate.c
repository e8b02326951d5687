/* SPDX-License-Identifier: Apache-2.0 */
/* Which controls apply to this host: every `when` decided from the facts. */
#include <errno.h>

#include "model/when.h"
#include "plan/plan.h"

/* All clauses must hold; one that does not closes the gate whatever the others say. */
static int gate_control(hf_control *control, hf_plan *plan)
{
	control->gate = HF_GATE_OPEN;
	control->gate_why = NULL;
	for (size_t i = 0; i < control->n_when; i++) {
		const char *why = NULL;

		switch (hf_when_eval(&control->when[i], plan->facts, &plan->arena,
				     &why)) {
		case HF_WHEN_YES:
			break;
		case HF_WHEN_NO:
			control->gate = HF_GATE_CLOSED;
			control->gate_why = why;
			return 0;
		case HF_WHEN_UNKNOWN:
			control->gate = HF_GATE_UNKNOWN;
			control->gate_why = why;
			break;
		}
		if (control->gate == HF_GATE_UNKNOWN && !control->gate_why)
			return -ENOMEM;
	}
	return 0;
}

int hf_plan_gate(hf_model *model, hf_plan *plan)
{
	for (size_t i = 0; i < model->n_controls; i++) {
		int r = gate_control(model->controls[i], plan);

		if (r < 0)
			return r;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

hf_exit hf_report_exit_of_plan(const hf_plan *plan, bool is_check, unsigned fail_on)
{
	if ((fail_on & HF_FAIL_ON_DRIFT) && hf_plan_has_changes(plan))
		return HF_EXIT_DIFFERS;
	if ((fail_on & HF_FAIL_ON_UNKNOWN) && hf_plan_has_unknown(plan))
		return HF_EXIT_UNKNOWN;
	if ((fail_on & HF_FAIL_ON_PENDING) && hf_plan_has_pending(plan))
		return HF_EXIT_PENDING;
	if (is_check && (fail_on & HF_FAIL_ON_FINDINGS) && hf_plan_has_findings(plan))
		return HF_EXIT_FINDINGS;
	return HF_EXIT_OK;
}

hf_exit hf_report_exit_of_apply(const hf_plan *after, unsigned fail_on)
{
	if ((fail_on & HF_FAIL_ON_UNKNOWN) && hf_plan_has_unknown(after))
		return HF_EXIT_UNKNOWN;
	if ((fail_on & HF_FAIL_ON_PENDING) && hf_plan_has_pending(after))
		return HF_EXIT_PENDING;
	return HF_EXIT_OK;
}

const char *hf_report_result_of_plan(const hf_plan *plan)
{
	if (hf_plan_has_changes(plan))
		return "drift";
	if (hf_plan_has_unknown(plan))
		return "unknown";
	if (hf_plan_has_pending(plan))
		return "pending";
	if (hf_plan_has_findings(plan))
		return "findings";
	return "in-sync";
}

const char *hf_report_layer_state(const hf_report_layer *layer)
{
	static const char *const states[] = {
		[HF_ABSENT] = "off", [HF_PRESENT] = "on", [HF_UNKNOWN] = "unknown"
	};

	return states[layer->known];
}

/* The order in which a summary tells them: what needs action first. */
static const struct {
	hf_state state;
	const char *one, *many;
} counted[] = {
	{ HF_STATE_DRIFT, "drift", "drift" },
	{ HF_STATE_UNKNOWN, "unknown", "unknown" },
	{ HF_STATE_PENDING_REBOOT, "pending a reboot", "pending a reboot" },
	{ HF_STATE_PENDING_RESTART, "pending a restart", "pending a restart" },
	{ HF_STATE_FINDING, "finding", "findings" },
	{ HF_STATE_PASS, "pass", "pass" },
	{ HF_STATE_NOT_APPLICABLE, "not applicable", "not applicable" },
	{ HF_STATE_WAIVED, "waived", "waived" },
	{ HF_STATE_MANUAL, "manual", "manual" },
	{ HF_STATE_DISABLED, "disabled", "disabled" },
};

static void add_states(hf_strbuf *out, const hf_totals *t)
{
	const char *sep = ": ";

	for (size_t i = 0; i < ARRAY_SIZE(counted); i++) {
		size_t n = t->controls[counted[i].state];

		if (!n)
			continue;
		hf_strbuf_addf(out, "%s%zu %s", sep, n,
			       n == 1 ? counted[i].one : counted[i].many);
		sep = ", ";
	}
	if (t->foreign)
		hf_strbuf_addf(out, "; %zu finding%s beside the controls", t->foreign,
			       t->foreign == 1 ? "" : "s");
}

static void add_changes(hf_strbuf *out, const hf_report *r)
{
	const hf_plan *plan = r->changes_plan ? r->changes_plan : r->plan;
	size_t by_op[3] = { 0 }, n = 0;

	for (size_t i = 0; i < plan->n_changes; i++) {
		const hf_change *c = plan->changes[i];

		if (c->blocked)
			continue;
		by_op[c->op]++;
		n++;
	}
	if (!n) {
		hf_strbuf_adds(out, "; no changes");
	} else {
		const char *sep = " (";
		bool one_op = false;

		hf_strbuf_addf(out, "; %zu change%s", n, n == 1 ? "" : "s");
		for (size_t op = 0; op < ARRAY_SIZE(by_op); op++)
			one_op |= by_op[op] == n;
		for (size_t op = 0; op < ARRAY_SIZE(by_op) && !one_op; op++) {
			if (!by_op[op])
				continue;
			hf_strbuf_addf(out, "%s%zu %s", sep, by_op[op],
				       hf_op_name((hf_op)op));
			sep = ", ";
		}
		if (!one_op)
			hf_strbuf_addc(out, ')');
	}
	if (n && r->is_apply && !r->changed)
		hf_strbuf_adds(out, " not made");
	if (plan->totals.blocked)
		hf_strbuf_addf(out, ", %zu blocked", plan->totals.blocked);
}

void hf_report_summary(hf_strbuf *out, const hf_report *r)
{
	const hf_totals *t;
	size_t n = 0, unselected;

	if (r->comment) {
		hf_strbuf_adds(out, r->comment);
		return;
	}
	if (!r->plan || !r->model) {
		hf_strbuf_adds(out, r->error ? hf_error_text(r->error) : r->result);
		return;
	}
	t = &r->plan->totals;
	unselected = t->controls[HF_STATE_NOT_SELECTED];
	n = r->model->n_controls - unselected;
	hf_strbuf_addf(out, "%s: %zu control%s", r->result, n, n == 1 ? "" : "s");
	add_states(out, t);
	add_changes(out, r);
	if (unselected)
		hf_strbuf_addf(out, " (partial: %zu more not selected)", unselected);
}

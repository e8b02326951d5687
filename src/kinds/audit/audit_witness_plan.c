/* SPDX-License-Identifier: Apache-2.0 */
/* What each transaction keeps of the kernel's auditing, before and after: that it went on
 * all the while can be shown from it. Additions come first and a rule is moved over a
 * bridge, so the fewest declared rules loaded at any moment are those loaded before. */
#include <errno.h>

#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_live.h"
#include "kinds/audit/audit_obs.h"

static void count_ops(const hf_plan *plan, size_t *adds, size_t *deletes)
{
	for (size_t i = 0; i < plan->n_groups; i++) {
		const hf_group *group = plan->groups[i];
		const hf_audit_live *live = group->live;

		if (group->type != HF_GROUP_LIVE || group->kind != &hf_kind_audit ||
		    !live)
			continue;
		for (size_t k = 0; k < live->n; k++) {
			*adds += live->ops[k].type == HF_AUDIT_OP_ADD;
			*deletes += live->ops[k].type == HF_AUDIT_OP_DELETE;
		}
	}
}

int hf_audit_witness(const hf_plan *plan, hf_strbuf *out)
{
	const hf_audit_obs *obs = plan->obs[HF_RANK_AUDIT];
	size_t declared = 0, loaded = 0, adds = 0, deletes = 0;

	if (!obs || obs->live != HF_PRESENT)
		return 0;
	for (size_t i = 0; i < obs->n_wants; i++) {
		const hf_audit_want *want = &obs->wants[i];

		if (!want->rule || want->spec->type > HF_AUDIT_WANT_RULE)
			continue;
		declared++;
		loaded += hf_audit_table_find(&obs->kernel, want->rule) != NULL;
	}
	count_ops(plan, &adds, &deletes);
	hf_strbuf_addf(
		out,
		"audit: %zu rules in the kernel, %zu of %zu declared ones; lost %u, "
		"backlog %u",
		obs->kernel.n, loaded, declared, obs->lost, obs->backlog);
	if (adds || deletes)
		hf_strbuf_addf(out, "; %zu to add, %zu to delete", adds, deletes);
	return hf_strbuf_ok(out) ? 0 : -ENOMEM;
}

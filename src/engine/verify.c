/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/verify.h"

#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "model/kind.h"

/* Only so many are spelled out; the report lists all. */
#define NAMED_MAX 5

static void name_one(hf_strbuf *sb, size_t *n, const char *id, const char *why)
{
	if ((*n)++ >= NAMED_MAX)
		return;
	hf_strbuf_addf(sb, "%s%s", *n > 1 ? "; " : "", id);
	if (why)
		hf_strbuf_addf(sb, " (%s)", why);
}

/* A waived control's rows do not hold anything up. */
static bool row_counts(const hf_resource *row)
{
	for (size_t i = 0; i < row->n_controls; i++)
		if (!row->controls[i]->waiver)
			return true;
	return false;
}

int hf_plan_refusal(const hf_plan *plan, bool live, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf unknown = { 0 }, blocked = { 0 };
	size_t n_unknown = 0, n_blocked = 0;

	for (size_t i = 0; !plan->options.leave_unknown && i < plan->n_resources; i++) {
		const hf_resource *row = plan->resources[i];

		if (row->state == HF_STATE_UNKNOWN && row_counts(row) &&
		    (live || row->layer != HF_LIVE))
			name_one(&unknown, &n_unknown, row->id, row->why);
	}
	for (size_t i = 0; i < plan->n_changes; i++) {
		const hf_change *c = plan->changes[i];

		if (c->blocked && (live || c->layer != HF_LIVE) &&
		    (c->whole || !plan->options.leave_unknown))
			name_one(&blocked, &n_blocked, c->id, c->blocked);
	}
	if (!hf_strbuf_ok(&unknown) || !hf_strbuf_ok(&blocked))
		return hf_error_oom(err);
	if (n_unknown)
		(void)hf_error_set(
			err, -ECANCELED,
			"%zu resource%s cannot be told, nothing was changed: %s",
			n_unknown, n_unknown == 1 ? "" : "s", hf_strbuf_str(&unknown));
	else if (n_blocked)
		(void)hf_error_set(err, -ECANCELED,
				   "%zu change%s blocked, nothing was changed: %s",
				   n_blocked, n_blocked == 1 ? " is" : "s are",
				   hf_strbuf_str(&blocked));
	else
		return 0;
	(void)hf_error_hint(err, "cure the cause, or leave it out with --skip CONTROL or "
				 "--leave-unknown");
	return -ECANCELED;
}

/* Is it to be done once all else is verified? */
static bool comes_last(const hf_change *c)
{
	return c->group && c->group->stage == HF_STAGE_LAST;
}

/* Did the plan before mean to change something for this row? */
static bool was_to_change(const hf_plan *before, const hf_resource *row)
{
	for (size_t i = 0; i < before->n_changes; i++) {
		const hf_change *c = before->changes[i];

		for (size_t k = 0; !c->blocked && !comes_last(c) && k < c->n_rows; k++)
			if (c->rows[k] == row->index)
				return true;
	}
	return false;
}

/* What is only looked at, or waived, may cease to hold by what another control demands.
 */
static bool is_enforced(const hf_resource *row)
{
	for (size_t i = 0; i < row->n_controls; i++)
		if (hf_control_is_enforced(row->controls[i]))
			return true;
	return false;
}

static bool left_over(const hf_plan *before, const hf_resource *row)
{
	const hf_resource *old;

	if (row->state != HF_STATE_DRIFT && row->state != HF_STATE_UNKNOWN)
		return false;
	if (!is_enforced(row))
		return false;
	old = hf_plan_row_like(before, row);
	return !old || old->state != row->state || was_to_change(before, old);
}

int hf_plan_verify(const hf_plan *before, const hf_plan *after, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < after->n_changes; i++)
		if (!after->changes[i]->blocked && !comes_last(after->changes[i]))
			name_one(&sb, &n, after->changes[i]->id, "still to be changed");
	for (size_t i = 0; i < after->n_resources; i++)
		if (left_over(before, after->resources[i]))
			name_one(&sb, &n, after->resources[i]->id,
				 after->resources[i]->why);
	for (size_t i = 0; i < after->n_effects; i++)
		if (after->effects[i]->action == HF_ACTION_DAEMON_RELOAD &&
		    !after->effects[i]->hold)
			name_one(&sb, &n, "daemon-reload",
				 "still needed after it was done");
	if (!hf_strbuf_ok(&sb))
		return hf_error_oom(err);
	if (n)
		return hf_error_set(err, -EIO,
				    "verification found %zu thing%s not as planned: %s",
				    n, n == 1 ? "" : "s", hf_strbuf_str(&sb));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The plan's enums as the words of reports and JSON. */
#include <assert.h>

#include "plan/plan.h"

static const char *const state_names[] = {
	[HF_STATE_NOT_APPLICABLE] = "not-applicable",
	[HF_STATE_PASS] = "pass",
	[HF_STATE_FINDING] = "finding",
	[HF_STATE_PENDING_RESTART] = "pending-restart",
	[HF_STATE_PENDING_REBOOT] = "pending-reboot",
	[HF_STATE_UNKNOWN] = "unknown",
	[HF_STATE_DRIFT] = "drift",
	[HF_STATE_WAIVED] = "waived",
	[HF_STATE_MANUAL] = "manual",
	[HF_STATE_DISABLED] = "disabled",
	[HF_STATE_NOT_SELECTED] = "not-selected",
};
static const char *const layer_names[] = {
	[HF_PERSISTED] = "persisted",
	[HF_LIVE] = "live",
};
static const char *const op_names[] = {
	[HF_OP_CREATE] = "create",
	[HF_OP_UPDATE] = "update",
	[HF_OP_DELETE] = "delete",
};
static const char *const cause_names[] = {
	[HF_CAUSE_UNKNOWN] = "unknown",	  [HF_CAUSE_HOST] = "host",
	[HF_CAUSE_BASELINE] = "baseline", [HF_CAUSE_VENDOR] = "vendor",
	[HF_CAUSE_RELEASED] = "released",
};
static const char *const action_names[] = {
	[HF_ACTION_DAEMON_RELOAD] = "daemon-reload",
	[HF_ACTION_RELOAD] = "reload",
	[HF_ACTION_RESTART] = "restart",
	[HF_ACTION_REBOOT] = "reboot",
};

const char *hf_state_name(hf_state s)
{
	assert(s < ARRAY_SIZE(state_names));
	return state_names[s];
}

const char *hf_layer_name(hf_layer l)
{
	assert(l < ARRAY_SIZE(layer_names));
	return layer_names[l];
}

const char *hf_op_name(hf_op op)
{
	assert(op < ARRAY_SIZE(op_names));
	return op_names[op];
}

const char *hf_cause_name(hf_cause c)
{
	assert(c < ARRAY_SIZE(cause_names));
	return cause_names[c];
}

const char *hf_action_name(hf_action a)
{
	assert(a < ARRAY_SIZE(action_names));
	return action_names[a];
}

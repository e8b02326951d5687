/* SPDX-License-Identifier: Apache-2.0 */
/* What a live group carries from the planner to the apply: an ordered list of single
 * changes of the kernel's list and settings. In the plan's arena. */
#ifndef HF_KINDS_AUDIT_LIVE_H
#define HF_KINDS_AUDIT_LIVE_H

#include "kinds/audit/audit_codec.h"
#include "kinds/audit/audit_table.h"

typedef enum hf_audit_op_type {
	HF_AUDIT_OP_ADD,
	HF_AUDIT_OP_DELETE,
	HF_AUDIT_OP_SET,
} hf_audit_op_type;

typedef struct hf_audit_op {
	hf_audit_op_type type;
	const hf_audit_rule *rule;    /* to be encoded, or ... */
	const hf_audit_entry *kernel; /* ... the kernel's own, sent as it came */
	const char *text;	      /* of the rule that it is about, for messages */
	hf_audit_setting setting;
	uint32_t value;
	uint32_t before;
	/* The rule goes to the front of its list: of a deletion, when it is taken back */
	bool front;
	/* Of a deletion: where rules of the other action stood on both sides, so that
	 * neither end is its place, its text, to be told; else NULL. */
	const char *displaced;
} hf_audit_op;

typedef struct hf_audit_live {
	hf_audit_op *ops;
	size_t n;
} hf_audit_live;

/** hf_audit_frozen_settings - note in @ret which settings the frozen text of a live group
 *  changes (hf_kind.freeze); the others are untouched; pure */
void hf_audit_frozen_settings(const char *frozen, bool ret[static HF_AUDIT_SETTING_MAX_]);

#endif

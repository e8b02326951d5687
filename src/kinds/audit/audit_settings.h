/* SPDX-License-Identifier: Apache-2.0 */
/* What is wanted of a setting, for both layers. Pure. */
#ifndef HF_KINDS_AUDIT_SETTINGS_H
#define HF_KINDS_AUDIT_SETTINGS_H

#include "kinds/audit/audit_planner.h"

/* The demands for one setting, taken together. */
typedef struct hf_audit_setting_demand {
	bool claimed;
	bool active;
	bool enforced;
	uint32_t value; /* when enforced: of a floor the highest */
	const char *id;
	const hf_audit_want **wants;
	size_t n_wants;
} hf_audit_setting_demand;

int hf_audit_setting_sum(hf_audit_planner *p, hf_audit_setting setting,
			 hf_audit_setting_demand *ret) _must_check_;

/** hf_audit_setting_holds - is @found what @wanted asks for? pure */
bool hf_audit_setting_holds(hf_audit_setting setting, uint32_t wanted, uint32_t found);

/** hf_audit_setting_text, _wanted - for people; NULL: out of memory */
const char *hf_audit_setting_text(hf_audit_planner *p, hf_audit_setting setting,
				  uint32_t value);
const char *hf_audit_setting_wanted(hf_audit_planner *p, hf_audit_setting setting,
				    uint32_t value);

/** hf_audit_setting_withheld - why the value is not set without a switch, or NULL */
const char *hf_audit_setting_withheld(const hf_audit_planner *p, hf_audit_setting setting,
				      uint32_t value);

#endif

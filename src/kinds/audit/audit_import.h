/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that exist as a baseline to start from: of rules files, or of the kernel's list.
 * What the baseline compiles back to is an equal list, in the same order. Pure.
 */
#ifndef HF_KINDS_AUDIT_IMPORT_H
#define HF_KINDS_AUDIT_IMPORT_H

#include "base/diag.h"
#include "kinds/audit/audit_boot.h"

typedef struct hf_audit_import {
	hf_audit_boot_host host; /* names and directories; .has_dir NULL: all are there */
	hf_arena *arena;
	hf_diags *diags; /* a warning for each line that is left out, with the reason */
	/* private */
	struct hf_audit_section *sections;
	size_t n_sections;
	hf_map seen;
	uint32_t values[HF_AUDIT_SETTING_MAX_];
	bool has_value[HF_AUDIT_SETTING_MAX_];
} hf_audit_import;

/** hf_audit_import_file - a control of the rules of one file; 0 or -ENOMEM */
int hf_audit_import_file(hf_audit_import *im, const hf_audit_source *file) _must_check_;

/** hf_audit_import_section - a control for rules that are added one by one; 0 or -ENOMEM
 *  @id, @title: borrowed */
int hf_audit_import_section(hf_audit_import *im, const char *id,
			    const char *title) _must_check_;

/** hf_audit_import_rule - one more rule of the section begun last; 0 or -ENOMEM
 *  @rule: borrowed */
int hf_audit_import_rule(hf_audit_import *im, const hf_audit_rule *rule,
			 hf_mark mark) _must_check_;

/** hf_audit_import_setting - a value that the baseline shall demand */
void hf_audit_import_setting(hf_audit_import *im, hf_audit_setting setting,
			     uint32_t value);

/** hf_audit_import_finish - leave out rules that another one, before them, leaves no
 * event of: no baseline can demand them; 0 or -ENOMEM */
int hf_audit_import_finish(hf_audit_import *im) _must_check_;

/** hf_audit_import_print - append the baseline in YAML; @title is text of one line */
void hf_audit_import_print(const hf_audit_import *im, const char *title, hf_strbuf *out);

#endif

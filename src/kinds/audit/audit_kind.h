/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit kind: rules and settings of the kernel's audit system, in the files of
 * /etc/audit/rules.d (persisted) and in the kernel (live).
 *
 *	audit_rule, _field, _codec, _wire	a rule and its three forms	pure
 *	audit_table, _boot	a list of rules; what the boot loads	pure
 *	audit_kind		schema, decode			pure
 *	audit_check		contradictions			pure
 *	audit_observe		files, kernel list	reads host
 *	audit_look		names, paths	reads host
 *	audit_loader		who loads the files at boot	reads host
 *	audit_compile		demands to rules of this host	pure
 *	audit_plan, _absent, _persist, _settings, _tmpfiles	files	pure
 *	audit_live, _dropped, _mounts	the kernel's list	pure
 *	audit_apply		changes of the kernel's list	changes host
 */
#ifndef HF_KINDS_AUDIT_KIND_H
#define HF_KINDS_AUDIT_KIND_H

#include "model/kind.h"

#define HF_RANK_AUDIT 3

extern const hf_kind hf_kind_audit;

/* The functions of the table that live in other files. */
int hf_audit_check(const hf_model *model, hf_diags *diags) _must_check_;
int hf_audit_ahead(struct hf_host *host, struct hf_plan *plan,
		   hf_error **err) _must_check_;
int hf_audit_prime(struct hf_host *host, struct hf_plan *plan,
		   hf_error **err) _must_check_;
int hf_audit_observe(struct hf_host *host, const hf_model *model, struct hf_plan *plan,
		     hf_error **err) _must_check_;
int hf_audit_plan(const hf_model *model, struct hf_plan *plan,
		  hf_error **err) _must_check_;
int hf_audit_prepare(struct hf_host *host, struct hf_group *group,
		     hf_error **err) _must_check_;
int hf_audit_commit(struct hf_host *host, struct hf_group *group,
		    hf_error **err) _must_check_;
int hf_audit_revert(struct hf_host *host, struct hf_group *group,
		    hf_error **err) _must_check_;
void hf_audit_discard(struct hf_group *group);
int hf_audit_witness(const struct hf_plan *plan, hf_strbuf *out);
int hf_audit_freeze(const struct hf_group *group, hf_strbuf *out);
int hf_audit_replay(struct hf_host *host, const char *frozen, bool forward,
		    hf_error **err);
int hf_audit_holds(struct hf_host *host, const char *frozen, bool forward,
		   hf_error **err);
int hf_audit_follow(struct hf_host *host, struct hf_plan *plan, const char *const *frozen,
		    size_t n, hf_error **err);

#endif

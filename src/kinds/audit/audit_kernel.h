/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's status and list of rules, read from the transport (host/audit_nl.h). */
#ifndef HF_KINDS_AUDIT_KERNEL_H
#define HF_KINDS_AUDIT_KERNEL_H

#include "base/error.h"
#include "kinds/audit/audit_codec.h"
#include "kinds/audit/audit_table.h"

struct hf_host;

/** hf_audit_kernel_ahead - begin to read both; the next hf_audit_kernel_read() has them
 */
void hf_audit_kernel_ahead(struct hf_host *host);

/** hf_audit_is_on_from_boot - does the kernel's command line say so, "audit=1"? pure */
bool hf_audit_is_on_from_boot(const char *cmdline);

/**
 * hf_audit_kernel_read - the status, and the list, indexed, in the kernel's order
 * @status: as hf_audit_status()
 * @ret:    in memory of @arena, or of @host; .raw of an entry is set where the entry's
 * rule would not be encoded to what the kernel has
 *
 * Errors: those of hf_audit_status() and hf_audit_list(), -EBADMSG a rule is damaged,
 * -ENOMEM.
 */
int hf_audit_kernel_read(struct hf_host *host, hf_arena *arena,
			 struct audit_status *status, hf_audit_table *ret,
			 hf_error **err) _must_check_;

/** hf_audit_kernel_settings - the values of the settings out of a status and the bits of
 *  hf_audit_features(); pure */
void hf_audit_kernel_settings(const struct audit_status *status, uint32_t features,
			      uint32_t ret[static HF_AUDIT_SETTING_MAX_]);

#endif

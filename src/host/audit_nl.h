/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's audit interface over netlink (linux/audit.h, audit(7)): transport only.
 *
 * Sequence numbers and the end of a dump are checked: a dump that is cut short, out of
 * sequence or slow is an error and never a shorter list.
 */
#ifndef HF_HOST_AUDIT_NL_H
#define HF_HOST_AUDIT_NL_H

#include <linux/audit.h>
#include <stddef.h>

#include "base/error.h"
#include "host/host.h"

/* One rule of a list: @len bytes, the flexible buffer included, valid for the call.
 * Returns 0 or the error that ends the list. */
typedef int (*hf_audit_rule_fn)(void *user, const struct audit_rule_data *rule,
				size_t len, hf_error **err);

/** hf_audit_status - AUDIT_GET; fields that an old kernel's lacks are 0 */
int hf_audit_status(hf_host *host, struct audit_status *ret, hf_error **err) _must_check_;
/** hf_audit_status_set - AUDIT_SET of the fields named by @status->mask */
int hf_audit_status_set(hf_host *host, const struct audit_status *status,
			hf_error **err) _must_check_;
/** hf_audit_features - AUDIT_GET_FEATURE: a bit for each feature that is on */
int hf_audit_features(hf_host *host, uint32_t *ret, hf_error **err) _must_check_;
/** hf_audit_feature_set - AUDIT_SET_FEATURE of one feature, which is not locked by it */
int hf_audit_feature_set(hf_host *host, uint32_t feature, bool on,
			 hf_error **err) _must_check_;
/** hf_audit_list - AUDIT_LIST_RULES: @fn gets each rule, in the kernel's order */
int hf_audit_list(hf_host *host, hf_audit_rule_fn fn, void *user,
		  hf_error **err) _must_check_;

/**
 * hf_audit_list_ahead - status and list, now and in a thread with a socket of its own
 * @end:  called in the thread after the last rule, may be NULL
 * @user: what @fn and @end fill, nobody else's until it is taken; never NULL
 * @drop: frees it if it is not taken
 *
 * The kernel makes its list, and the thread reads it, while the caller is busy with
 * something else: that is most of what a check of many rules costs. Takes @user over in
 * any case. Nothing is asked where the live layer is off.
 */
void hf_audit_list_ahead(hf_host *host, hf_audit_rule_fn fn, int (*end)(void *user),
			 void *user, void (*drop)(void *user));

/** hf_audit_list_taken - wait for what was asked for ahead
 *  @ret: the status, as hf_audit_status()
 *  Returns: the list's @user, the caller's from now on. NULL: none was asked for since it
 *  was taken last, or it failed (whoever asks again is told). */
void *hf_audit_list_taken(hf_host *host, struct audit_status *ret);

/** hf_audit_close - close the socket, drop what was listed ahead; hf_host_close() does it
 */
void hf_audit_close(hf_host *host);

/** hf_audit_add, hf_audit_delete - one rule. -EEXIST, -ENOENT, -EPERM (locked), -EINVAL.
 *  A deletion takes about 12 ms (the kernel waits for its readers). */
int hf_audit_add(hf_host *host, const struct audit_rule_data *rule, size_t len,
		 hf_error **err) _must_check_;
int hf_audit_delete(hf_host *host, const struct audit_rule_data *rule, size_t len,
		    hf_error **err) _must_check_;

/**
 * hf_audit_perm_mask - the syscalls that this host's libaudit gives to a rule with arch
 * and perm and without -S: from its table (3.1.3, 4.0 and later), or all of them
 *
 * The library exports no table and keeps state between calls, so a child process builds
 * one scratch rule and reports its mask. What we send then equals what auditctl sends.
 */
int hf_audit_perm_mask(uint32_t elf, uint32_t perm,
		       uint32_t ret[static AUDIT_BITMASK_SIZE],
		       hf_error **err) _must_check_;

#endif

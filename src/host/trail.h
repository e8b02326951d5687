/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trail of each apply, rollback and recovery on the running system: one entry in the
 * journal and one AUDIT_USYS_CONFIG record (audit's type for changes of a system's
 * configuration). Telling is best effort: a host without journald or auditing is fine.
 */
#ifndef HF_HOST_TRAIL_H
#define HF_HOST_TRAIL_H

#include "host/host.h"

/* MESSAGE_ID= of the journal entries. */
#define HF_TRAIL_MESSAGE_ID "6f1d8b0a6c0e4a5f9f3c2d7be1a94c58"

typedef struct hf_trail {
	const char *command;	 /* "apply", "rollback", "recover" */
	const char *transaction; /* its id, or "" */
	const char *result;	 /* "applied", "rolled-back", ... */
	const char *digest;	 /* SHA-256 over the digests of the baselines, or "" */
	const char *user;	 /* "uid 0, login uid 1000" */
	bool success;
} hf_trail;

/** hf_trail_send - leave the trail; does nothing below --root. Changes host (its logs).
 */
void hf_trail_send(const hf_host *host, const hf_trail *trail);

#endif

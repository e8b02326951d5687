/* SPDX-License-Identifier: Apache-2.0 */
/* The answers to what lines of rules ask of the host: names, paths, directories. */
#ifndef HF_KINDS_AUDIT_LOOK_H
#define HF_KINDS_AUDIT_LOOK_H

#include "kinds/audit/audit_obs.h"

typedef struct hf_audit_looker {
	struct hf_host *host;
	hf_arena *arena;
	bool has_tmpfiles; /* .tmpfiles_dirs is read */
	hf_map tmpfiles_dirs;
} hf_audit_looker;

/** hf_audit_look - for hf_audit_answers.look; @user is a hf_audit_looker. What cannot be
 *  read is in the answer; 0 or -ENOMEM. Reads host. */
int hf_audit_look(void *user, hf_audit_question what, const char *name,
		  hf_audit_answer *ret) _must_check_;

#endif

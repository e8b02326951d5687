/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a baseline demands of audit, as decoded: one spec for each entry of `rules` and
 * `absent` and for each setting. Specs live in the model's arena. The host is not known
 * yet: audit_compile.h turns them into rules.
 */
#ifndef HF_KINDS_AUDIT_SPEC_H
#define HF_KINDS_AUDIT_SPEC_H

#include <sys/types.h>

#include "kinds/audit/audit_codec.h"
#include "model/kind.h"

#define HF_AUDIT_MACHINES 2
/* Machines whose syscall names a baseline may use; the host's own decides later. */
extern const char *const hf_audit_machines[HF_AUDIT_MACHINES];

typedef enum hf_audit_want_type {
	HF_AUDIT_WANT_WATCH,	 /* .text: path, may hold a host reference */
	HF_AUDIT_WANT_SYSCALLS,	 /* .syscalls, .fields, .list_action */
	HF_AUDIT_WANT_RULE,	 /* .text: a line */
	HF_AUDIT_WANT_ABSENT,	 /* .text: a line that must stand nowhere */
	HF_AUDIT_WANT_SETTING,	 /* .setting, .value */
	HF_AUDIT_WANT_EXCLUSIVE, /* no rule that nobody demands */
} hf_audit_want_type;

/* What a missing watched path will be. */
typedef enum hf_audit_path_type {
	HF_AUDIT_PATH_UNSAID,
	HF_AUDIT_PATH_FILE,
	HF_AUDIT_PATH_DIR,
} hf_audit_path_type;

typedef struct hf_audit_spec {
	hf_audit_want_type type;
	const char *text;
	/* .text of RULE and ABSENT as it was read for .machine, the first of
	 * hf_audit_machines that takes it; NULL where it names users, which are the
	 * host's */
	const hf_audit_line *line;
	const char *machine;
	const char *perm; /* "wa" */
	const char *key;  /* or NULL */
	hf_audit_path_type path_type;
	bool create;
	mode_t create_mode;
	const char *create_user;
	const char *create_group;
	const char **syscalls;
	size_t n_syscalls;
	const char **fields;
	size_t n_fields;
	const char *list_action; /* "always,exit" */
	hf_audit_setting setting;
	uint32_t value;
} hf_audit_spec;

/** hf_audit_watch_refused - why a path cannot be watched by a line of a rules file, or
 *  NULL; pure */
const char *hf_audit_watch_refused(const char *path);

/** hf_audit_field_option - the option, -F or -C, that a field of the baseline needs */
const char *hf_audit_field_option(const char *field);

/** hf_audit_syscalls_line - append the line of a `syscalls` demand for one ABI, without
 *  the syscalls that it does not have; nothing where it has none of them; pure */
void hf_audit_syscalls_line(hf_strbuf *sb, const hf_audit_spec *spec,
			    const hf_audit_abi *abi);

#endif

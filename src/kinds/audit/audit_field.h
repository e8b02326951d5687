/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One field of a rule, "name OP value", and the names in it: text to numbers and back.
 *
 * libaudit is used for its name tables only (fields, syscalls, errnos, message types);
 * users and groups are resolved by a callback, because the rules of an image speak of
 * the image's passwd. Pure but for that callback.
 *
 * Sources: auditctl(8), linux/audit.h; limits as the kernel and auditctl enforce them.
 */
#ifndef HF_KINDS_AUDIT_FIELD_H
#define HF_KINDS_AUDIT_FIELD_H

#include "base/error.h"
#include "base/strbuf.h"
#include "kinds/audit/audit_rule.h"

struct hf_audit_book; /* audit_book.h */

/* What a rule's text means on a host. */
typedef struct hf_audit_names {
	const char *machine; /* uname -m: "x86_64" */
	bool perm_table;     /* libaudit 3.1.3 and later: perm adds its syscalls to -S */
	bool exclude_any;    /* 3.1 and later: the exclude list takes nearly any field */
	bool no_uring;	     /* before 3.1: there is no list io_uring */
	/* uid or gid of a name; 0, -ENOENT, or another negative errno (cannot tell) */
	int (*id)(void *user, bool group, const char *name, uint32_t *ret);
	/* is there a directory at @path (symlinks followed)? "-w" asks; NULL: never */
	bool (*is_dir)(void *user, const char *path);
	void *user;
	struct hf_audit_book *book; /* of the lines that were read, or NULL */
	/* of an earlier look, with the same machine and release; or NULL */
	const struct hf_audit_book *earlier;
} hf_audit_names;

/** hf_audit_names_release - set what depends on the release of audit, "3.0.9"; NULL: it
 *  is not known; pure */
void hf_audit_names_release(hf_audit_names *names, const char *audit);

/* An ABI of the machine: what arch=b64 and arch=b32 stand for. */
typedef struct hf_audit_abi {
	const char *name; /* "b64" */
	int machine;	  /* libaudit's MACH_*, for the syscall table */
	uint32_t elf;	  /* AUDIT_ARCH_* */
} hf_audit_abi;

/** hf_audit_abis - the ABIs whose programs this machine runs, native first
 *  Returns: their number, 1 or 2; 0 for a machine that libaudit does not know. Pure. */
size_t hf_audit_abis(const char *machine, hf_audit_abi ret[static 2]);

/** hf_audit_abi_find - the ABI "b64" or "b32" of @machine, or by machine name; pure
 *  Returns 0 or -ENOENT. */
int hf_audit_abi_find(const char *machine, const char *name,
		      hf_audit_abi *ret) _must_check_;

/**
 * hf_audit_field_parse - "name OP value" of -F
 * @text:  the pair; split at the first of != >= <= &= = > < & that it holds anywhere, as
 *         auditctl does, so "path=/a!=b" is about a field named "path=/a"
 * @list:  AUDIT_FILTER_*, decides which fields are allowed
 * @ret:   .text of string fields lives in @arena
 *
 * Errors: -EINVAL with the reason, -ENOMEM.
 */
int hf_audit_field_parse(const char *text, uint32_t list, const hf_audit_names *names,
			 hf_arena *arena, hf_audit_field *ret,
			 hf_error **err) _must_check_;

/** hf_audit_compare_parse - "uid!=euid" of -C; -EINVAL with the reason; pure */
int hf_audit_compare_parse(const char *text, uint32_t list, hf_audit_field *ret,
			   hf_error **err) _must_check_;

/** hf_audit_is_cut - does @text hold an operator of two bytes (!=, >=, <=, &=), at which
 *  auditctl would cut the pair that it is part of? pure */
bool hf_audit_is_cut(const char *text, size_t len);

/** hf_audit_text_print - append text so that auditctl reads it as part of one word */
void hf_audit_text_print(hf_strbuf *sb, const char *text, size_t len);

/** hf_audit_field_is_pair - is it written with -C, "uid!=euid"? On lists other than
 *  exit, auditctl takes it as the number of the pair only; pure */
bool hf_audit_field_is_pair(const hf_audit_field *field);

/** hf_audit_field_print_number - a field comparison by its number: "field_compare=1" */
void hf_audit_field_print_number(hf_strbuf *sb, const hf_audit_field *field);

/** hf_audit_field_print - append "name=value" (or "a=b" of -C) as auditctl reads it */
void hf_audit_field_print(hf_strbuf *sb, const hf_audit_field *field,
			  const char *machine);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical audit rule: what a line of a rules file and an entry of the kernel's
 * list both mean. Comparison, cover and overlap are decided here and nowhere else, never
 * on text. Pure.
 *
 * A rule belongs to one filter list, says always or never, holds fields that must all
 * match (in order: the order is part of the kernel's identity) and a syscall mask. The
 * mask of a rule with arch and perm but without -S differs between releases of libaudit
 * and is one value here: .by_perm.
 *
 * Sources: linux/audit.h (struct audit_rule_data), kernel/auditfilter.c, auditctl(8).
 */
#ifndef HF_KINDS_AUDIT_RULE_H
#define HF_KINDS_AUDIT_RULE_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#ifndef AUDIT_FILTER_URING_EXIT
#define AUDIT_FILTER_URING_EXIT 0x07
#endif
#ifndef AUDIT_SADDR_FAM
#define AUDIT_SADDR_FAM 113
#endif

/* Bits 2032 to 2047 of the mask name classes of syscalls: the kernel expands and clears
 * them when a rule is stored (audit_register_class). */
#define HF_AUDIT_LAST_WORD_BITS 0x0000ffffu

typedef struct hf_audit_field {
	uint32_t type;	  /* AUDIT_PID, ... */
	uint32_t op;	  /* AUDIT_EQUAL, ... */
	uint32_t value;	  /* of a string field: its length */
	const char *text; /* string fields: .value bytes, not terminated; else NULL */
} hf_audit_field;

typedef struct hf_audit_rule {
	uint32_t list;	 /* AUDIT_FILTER_USER, ... */
	uint32_t action; /* AUDIT_NEVER, AUDIT_ALWAYS */
	bool prepend;	 /* -A; no part of a rule's identity */
	bool all;	 /* every syscall: no -S, or -S all */
	bool by_perm;	 /* arch and perm, and no -S that narrows */
	hf_audit_field *fields;
	size_t n_fields;
	/* Its syscalls, AUDIT_BITMASK_SIZE words: see hf_audit_rule_set_mask(). Nearly
	 * all rules mean every one, and share them. */
	const uint32_t *mask;
	uint64_t hash; /* as settled; 0: not yet */
} hf_audit_rule;

/** hf_audit_field_is_text - does this type of field carry a string? pure */
bool hf_audit_field_is_text(uint32_t type);

/** hf_audit_field_excludes - does the kernel look at it on the exclude list? A rule with
 *  another one there excludes nothing (audit_filter() of kernel/auditfilter.c); pure */
bool hf_audit_field_excludes(uint32_t type);

/** hf_audit_rule_field - the first field of @type with the operator "=", or NULL; pure */
const hf_audit_field *hf_audit_rule_field(const hf_audit_rule *rule, uint32_t type);

/** hf_audit_rule_path - its path= or dir= field, or NULL; pure */
const hf_audit_field *hf_audit_rule_path(const hf_audit_rule *rule);

/* Is there a directory at @path, or with @any whatever a name may stand for? */
typedef bool (*hf_audit_has_dir)(void *user, const char *path, bool any);

/** hf_audit_rule_missing - the directory without which the kernel refuses the rule
 *
 * That of dir=, and the one above of path= and exe= (audit_add_tree_rule(),
 * audit_add_watch(), audit_alloc_mark() of the kernel: ENOENT). dir= does with a file as
 * well, and with a symlink wherever that leads.
 *
 * @has_dir:   asked for each of them
 * @ret_field: the first field that lacks its own; NULL: none does
 * @ret_dir:   that directory, in @arena
 * Returns 0 or -ENOMEM. Pure but for @has_dir. */
int hf_audit_rule_missing(const hf_audit_rule *rule, hf_audit_has_dir has_dir, void *user,
			  hf_arena *arena, const hf_audit_field **ret_field,
			  const char **ret_dir) _must_check_;

/** hf_audit_perm_syscalls - add to @mask the syscalls that a perm field looks at, as
 * every release of libaudit with a table of them has it; pure */
void hf_audit_perm_syscalls(uint32_t perm, int machine, uint32_t *mask);

/**
 * hf_audit_rule_set_mask - the syscalls of the rule
 * @words: AUDIT_BITMASK_SIZE of them; the bits of classes are left out
 * @arena: keeps a copy, where they are neither all syscalls nor none
 *
 * Sets .mask and .all. Returns 0 or -ENOMEM. Pure.
 */
int hf_audit_rule_set_mask(hf_audit_rule *rule, const uint32_t *words,
			   hf_arena *arena) _must_check_;

/** hf_audit_rule_settle - derive .by_perm and .hash from the rest: to be called once a
 *  rule is complete, and when it has been changed; pure */
void hf_audit_rule_settle(hf_audit_rule *rule);

/** hf_audit_rule_hash - never 0; equal rules have equal hashes; the order of fields does
 * not change it, so rules that are equal but for order meet in one bucket; pure */
uint64_t hf_audit_rule_hash(const hf_audit_rule *rule);

/** hf_audit_bytes_hash - of a path, say; pure */
uint64_t hf_audit_bytes_hash(const char *bytes, size_t len);

/** hf_audit_rule_equal - the same rule, fields in the same order; pure */
bool hf_audit_rule_equal(const hf_audit_rule *a, const hf_audit_rule *b);

/** hf_audit_rule_same - the same rule but for the order of fields; pure */
bool hf_audit_rule_same(const hf_audit_rule *a, const hf_audit_rule *b);

/** hf_audit_rule_sort - put the fields into one order, so that rules that are the same
 *  become equal; pure */
void hf_audit_rule_sort(hf_audit_rule *rule);

/**
 * hf_audit_rule_covers - does @wide match every event that @narrow matches?
 *
 * Action and key are not looked at. Decided on the fields, so a "yes" is certain and a
 * "no" may be caution. Pure.
 */
bool hf_audit_rule_covers(const hf_audit_rule *wide, const hf_audit_rule *narrow);

/** hf_audit_rule_overlaps - may one event match both? A "no" is certain. Pure. */
bool hf_audit_rule_overlaps(const hf_audit_rule *a, const hf_audit_rule *b);

/* How much of what a rule records another one takes away. */
typedef enum hf_audit_taking {
	HF_AUDIT_TAKES_NONE,
	HF_AUDIT_TAKES_SOME, /* or may */
	HF_AUDIT_TAKES_ALL,
} hf_audit_taking;

/**
 * hf_audit_rule_takes - how much does @other, of another list, take from @rule?
 *
 * The task list decides when a process is born, the exclude list drops records by type
 * and process (there always means never, too), the filesystem list hides files from
 * rules about paths. "None" and "all" are certain. Pure. Source: kernel/auditsc.c,
 * audit_filter() of kernel/auditfilter.c.
 */
hf_audit_taking hf_audit_rule_takes(const hf_audit_rule *other,
				    const hf_audit_rule *rule);

/** hf_audit_rule_differs - would it matter which of the two matches first: always or
 *  never, or the key? pure */
bool hf_audit_rule_differs(const hf_audit_rule *a, const hf_audit_rule *b);

/** hf_audit_rule_bridge - a rule that matches what @rule matches and is another one to
 * the kernel: two fields swapped, or a condition more that always holds. NULL: out of
 * memory */
hf_audit_rule *hf_audit_rule_bridge(const hf_audit_rule *rule,
				    hf_arena *arena) _must_check_;

/** hf_audit_rule_copy - deep copy; NULL: out of memory */
hf_audit_rule *hf_audit_rule_copy(const hf_audit_rule *rule,
				  hf_arena *arena) _must_check_;

#endif

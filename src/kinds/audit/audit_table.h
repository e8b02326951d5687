/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ordered list of rules: the kernel's, or what the boot will load. Answers "which
 * rule decides about these events" without looking at every rule: by an index over
 * paths, over identity, and a short list of rules that name no path. Pure.
 *
 *	fill it with hf_audit_table_add(), then hf_audit_table_index(), then ask.
 */
#ifndef HF_KINDS_AUDIT_TABLE_H
#define HF_KINDS_AUDIT_TABLE_H

#include "base/map.h"
#include "kinds/audit/audit_rule.h"

typedef struct hf_audit_entry {
	const hf_audit_rule *rule;
	const char *file; /* NULL: the kernel's list */
	unsigned line;
	const struct audit_rule_data *raw; /* of the kernel, where .rule is not all of it;
					    * else NULL */
	size_t raw_len;
	size_t source; /* of the boot: index of the file */
	bool ours;     /* meets only the very demand it was made for */
	bool gone;     /* no longer there */
	/* the index */
	uint64_t hash;	  /* of the rule; 0: not yet made */
	const char *path; /* of path= or dir=, without slashes at its end; NULL: none */
	size_t path_len;
	size_t next_path;
	size_t next_hash;
} hf_audit_entry;

typedef struct hf_audit_table {
	hf_audit_entry *items;
	size_t n;
	size_t cap;
	/* Symlinks on the way to what is asked for, or NULL. The kernel follows none for
	 * a rule about a directory: what is behind one is not below it. */
	const hf_map *links;
	size_t *general;
	size_t n_general;
	size_t *buckets;      /* by rule */
	size_t *path_buckets; /* by path, ascending; as many */
	size_t n_buckets;     /* power of two */
	uint64_t lengths;     /* of paths: a bit for each, modulo 64 */
	size_t *takers;	      /* of other lists, see hf_audit_rule_takes() */
	size_t n_takers;
	size_t *nevers;
	size_t n_nevers;
} hf_audit_table;

/** hf_audit_table_add - append an entry of @rule, borrowed
 *  Until the list is indexed, nothing but hf_audit_table_find() and _find_equal() may be
 *  asked, which find any of several. NULL: out of memory */
hf_audit_entry *hf_audit_table_add(hf_audit_table *list, const hf_audit_rule *rule,
				   hf_arena *arena) _must_check_;

/** hf_audit_table_reserve - make room for @n entries at once; 0 or -ENOMEM */
int hf_audit_table_reserve(hf_audit_table *list, size_t n, hf_arena *arena) _must_check_;

/** hf_audit_table_index - make the list ready for questions; 0 or -ENOMEM */
int hf_audit_table_index(hf_audit_table *list, hf_arena *arena) _must_check_;

/** hf_audit_table_find - the first entry that is @rule but for the order of fields, not
 *  gone; NULL if there is none */
hf_audit_entry *hf_audit_table_find(const hf_audit_table *list,
				    const hf_audit_rule *rule);

/** hf_audit_table_find_equal - the same with the fields in the same order */
hf_audit_entry *hf_audit_table_find_equal(const hf_audit_table *list,
					  const hf_audit_rule *rule);

typedef enum hf_audit_verdict {
	HF_AUDIT_NONE,	   /* no rule decides: the events are not audited */
	HF_AUDIT_MET,	   /* the first that covers them says always */
	HF_AUDIT_SHADOWED, /* ... says never, or another list takes them all */
} hf_audit_verdict;

/**
 * hf_audit_table_judge - which entry decides about the events that @rule stands for?
 * @ret:       the deciding entry; untouched for HF_AUDIT_NONE
 * @ret_taker: an entry that may take some of its events first, or NULL; set for
 *             HF_AUDIT_MET. NULL: not asked for
 *
 * Entries of ours that say always decide only about the rule they are. A rule without
 * arch is met, too, where each ABI of @machine is, and not where an ABI is shadowed.
 */
hf_audit_verdict hf_audit_table_judge(const hf_audit_table *list,
				      const hf_audit_rule *rule, const char *machine,
				      const hf_audit_entry **ret,
				      const hf_audit_entry **ret_taker);

/** hf_audit_rule_silenced - does @never, standing before @rule, leave it without all its
 *  events, or without all of one ABI of @machine? pure */
bool hf_audit_rule_silenced(const hf_audit_rule *rule, const hf_audit_rule *never,
			    const char *machine);

/** hf_audit_table_silencer - the entry that leaves @rule, at the place @end of the list,
 *  without all its events, or all of one ABI: of another list, or a never before it;
 *  NULL: none; pure */
const hf_audit_entry *hf_audit_table_silencer(const hf_audit_table *list,
					      const hf_audit_rule *rule, size_t end,
					      const char *machine);

/** hf_audit_table_near - call @fn for each entry that may decide about events of @rule:
 *  those on its path, those on a directory above it up to a symlink, those without a
 * path; the order is not the list's */
void hf_audit_table_near(const hf_audit_table *list, const hf_audit_rule *rule,
			 void (*fn)(void *user, hf_audit_entry *entry), void *user);

/** hf_audit_table_ways - call @fn for each directory between what @rule is about and the
 *  highest entry on a path above it, nearest first, until @fn says false */
void hf_audit_table_ways(const hf_audit_table *list, const hf_audit_rule *rule,
			 bool (*fn)(void *user, const char *dir), void *user);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of planning share: audit_plan.c, audit_absent.c, audit_persist.c,
 * audit_settings.c, audit_tmpfiles.c and audit_live.c. Pure; in the plan's arena.
 */
#ifndef HF_KINDS_AUDIT_PLANNER_H
#define HF_KINDS_AUDIT_PLANNER_H

#include "kinds/audit/audit_obs.h"

/* One distinct rule that some claiming control demands. */
typedef struct hf_audit_item {
	const hf_audit_rule *rule; /* .prepend: somebody declares it with -A */
	const char *text;	   /* of the line in our file */
	const char *id;		   /* "audit:-a always,exit ..." */
	const hf_audit_want **wants;
	size_t n_wants;
	bool active;	     /* some control that is looked at demands it */
	bool enforced;	     /* some control that may change things demands it */
	bool in_old;	     /* our file has it */
	bool in_new;	     /* our file will have it */
	const char *blocked; /* in our file it would still not be in force: why */
} hf_audit_item;

/* A rule (or setting) that must stand nowhere. */
typedef struct hf_audit_gone {
	const hf_audit_rule *rule; /* NULL: a setting */
	const char *text;
	const char *id;
	const hf_audit_want **wants;
	size_t n_wants;
	bool active;
	bool enforced;
	const char *found_file; /* first place on disk, or NULL */
	unsigned found_line;
} hf_audit_gone;

/* A file of rules.d with the content it will have. */
typedef struct hf_audit_after {
	hf_audit_source source;
	const hf_audit_source *before; /* NULL: not there */
	bool edited;
} hf_audit_after;

typedef struct hf_audit_planner {
	const hf_model *model;
	hf_plan *plan;
	hf_arena *arena;
	hf_audit_obs *obs;
	hf_audit_boot_host host;

	/* In the order in which they match: the prepended, last declared first, then the
	 * others as declared. */
	hf_audit_item *items;
	size_t n_items;
	size_t n_prepended;
	hf_audit_table demanded; /* the rules of the items */
	hf_audit_gone **gone;
	size_t n_gone;
	hf_map gone_by_text;
	const hf_audit_want **exclusive; /* who wants no rules of others */
	size_t n_exclusive;

	hf_audit_after *files; /* sorted; ours are always among them */
	size_t n_files;
	size_t own;	 /* index of 60-holdfast.rules */
	size_t settings; /* index of zz-holdfast.rules */

	/* the boot after the plan, but for our rules; a marker stands in their place */
	hf_audit_boot foreign;
	size_t marker; /* position in foreign.rules; SIZE_MAX: it is not loaded */

	/* of those that are, or are to be, in our file: what silences others */
	hf_audit_table silencers;

	/* the boot after the plan, with our rules; may be that before it */
	hf_audit_boot come;
	bool comes_anew; /* it is another than obs->boot */

	hf_audit_table old; /* what our file held before */

	bool files_change; /* something of rules.d is written */
	/* A demand that stands comes down to nobody knows which rules: so nobody knows
	 * which lines of ours nobody demands. Our files stay as they are, nothing goes.
	 */
	bool unsure;
} hf_audit_planner;

/** hf_audit_row - row of a want in a layer, judged by the gate first
 *  @ret: NULL if the control is not looked at, or its gate is UNKNOWN (row judged) */
int hf_audit_row(hf_audit_planner *p, const hf_audit_want *want, hf_layer layer,
		 const char *id, const char *wanted, hf_resource **ret) _must_check_;

/** hf_audit_item_of - the item of the very rule, or NULL */
hf_audit_item *hf_audit_item_of(const hf_audit_planner *p, const hf_audit_rule *rule);

/** hf_audit_gone_add - @text, which is the rule (or NULL: another line), is to stand
 *  nowhere, says @want; 0 or -ENOMEM */
int hf_audit_gone_add(hf_audit_planner *p, const hf_audit_want *want,
		      const hf_audit_rule *rule, const char *text) _must_check_;

/** hf_audit_foreign_add - the same for a rule of others, where somebody wants none */
int hf_audit_foreign_add(hf_audit_planner *p, const hf_audit_rule *rule,
			 const char *text) _must_check_;

/** hf_audit_judge_exclusive - the rows of who wants none, if there is none: @n_foreign */
int hf_audit_judge_exclusive(hf_audit_planner *p, hf_layer layer,
			     size_t n_foreign) _must_check_;

/**
 * hf_audit_add_controls - append the controls that demand something, each once
 * @sep:      between two of them
 * @enforced: those that may change things only
 */
void hf_audit_add_controls(hf_strbuf *sb, const hf_audit_want *const *wants, size_t n,
			   const char *sep, bool enforced);

/** hf_audit_place - "FILE:LINE", or "the kernel's list" */
const char *hf_audit_place(hf_audit_planner *p, const hf_audit_entry *entry) _must_check_;

/** hf_audit_says - what an entry does to the rule that it shadows: "says never to it" */
const char *hf_audit_says(const hf_audit_entry *entry);

/** hf_audit_add_taker - the note @why (or NULL), and that @entry may take some events;
 *  NULL: out of memory */
const char *hf_audit_add_taker(hf_audit_planner *p, const char *why,
			       const hf_audit_entry *entry) _must_check_;

/** hf_audit_unreached - where an entry would meet @rule if no symlink stood between: say
 *  so in @ret_why; else it is untouched. 0 or -ENOMEM */
int hf_audit_unreached(hf_audit_planner *p, const hf_audit_table *list,
		       const hf_audit_rule *rule, const char **ret_why) _must_check_;

/**
 * hf_audit_dropped - was the rule dropped because its directory went away?
 * @id: of the record's entry, or NULL: a rule of others
 *
 * For a rule that the boot loads and the kernel has not. The kernel drops a rule about a
 * path with the directory that it hangs on, and says nothing: when the one there now was
 * made after the rules were loaded, the cause is put into @ret_why, else that is
 * untouched. 0 or -ENOMEM. Source: audit_remove_watch_rule(), evict_chunk() and
 * audit_autoremove_mark_rule() of the kernel.
 */
int hf_audit_dropped(hf_audit_planner *p, const hf_audit_rule *rule, const char *id,
		     const char **ret_why) _must_check_;

/**
 * hf_audit_add_mounts - add to the note @why (or NULL) what is mounted below @entry's
 * directory and may be behind its back; 0 or -ENOMEM
 * @rule: what @entry meets
 *
 * The kernel marks the trees that are mounted below a directory when the rule is loaded,
 * not those mounted later, and does not tell which it has marked. Source:
 * audit_add_tree_rule(), audit_tag_tree() of the kernel. Pure.
 */
int hf_audit_add_mounts(hf_audit_planner *p, const hf_audit_entry *entry,
			const hf_audit_rule *rule, const char **why) _must_check_;

/** hf_audit_file_group - the group that writes a file of rules.d (or another), with what
 *  it was; NULL: out of memory */
hf_group *hf_audit_file_group(hf_audit_planner *p, const char *path, const char *before,
			      size_t before_len, bool existed, mode_t mode) _must_check_;

/** hf_audit_merged_group - the group of audit.rules, for a change that is in force once
 * that is made anew; NULL: out of memory */
hf_group *hf_audit_merged_group(hf_audit_planner *p) _must_check_;

/** hf_audit_own_text - what @file, one of ours, is to hold: @lines, after an empty one
 * where the file before it does not end in a newline; NULL: out of memory, also that of
 * @lines */
char *hf_audit_own_text(hf_audit_planner *p, const hf_audit_after *file,
			const hf_strbuf *lines, size_t *ret_len) _must_check_;

/** hf_audit_own_file - @file is to hold hf_audit_own_text(); no lines remove it. Nothing
 * is written when it holds that already. 0 or -ENOMEM */
int hf_audit_own_file(hf_audit_planner *p, hf_audit_after *file,
		      const hf_strbuf *lines) _must_check_;

/* The parts, in the order in which they run. All return 0 or -ENOMEM. */
int hf_audit_check_planned(hf_audit_planner *p) _must_check_; /* audit_check.c */
int hf_audit_plan_absent(hf_audit_planner *p) _must_check_;   /* audit_absent.c */
/** hf_audit_load_with - load the files of rules.d as they will be, but for ours: @own and
 *  @settings; 0 or -ENOMEM; audit_persist.c */
int hf_audit_load_with(hf_audit_planner *p, const char *own, size_t own_len,
		       const char *settings, size_t settings_len,
		       hf_audit_boot *ret) _must_check_;

/** hf_audit_abort_text - where and why the load of @boot, which is aborted, stops; NULL:
 *  out of memory; audit_persist.c */
const char *hf_audit_abort_text(hf_audit_planner *p, const hf_audit_boot *boot);

int hf_audit_plan_rules(hf_audit_planner *p) _must_check_;    /* audit_persist.c */
int hf_audit_plan_settings(hf_audit_planner *p) _must_check_; /* audit_settings.c */
int hf_audit_plan_tmpfiles(hf_audit_planner *p) _must_check_; /* audit_tmpfiles.c */
int hf_audit_plan_merged(hf_audit_planner *p) _must_check_;   /* audit_plan.c */
int hf_audit_plan_live(hf_audit_planner *p) _must_check_;     /* audit_live.c */

/**
 * hf_audit_plan_follow - the kernel from what @obs->boot loads to what @then will load
 * @changed:  settings that were changed in the kernel, too, by what is undone
 * @ret_left: set where a part waits for the next boot: the rules are locked, a directory
 *            is not there, a setting that was changed goes back to the kernel's own value
 *
 * Rules of the kernel that neither loads stay, as does what is missing of those that both
 * load. Asks @obs->answers for directories. In the plan's arena; 0 or -ENOMEM.
 */
int hf_audit_plan_follow(hf_plan *plan, hf_audit_obs *obs, const hf_audit_boot *then,
			 const bool changed[static HF_AUDIT_SETTING_MAX_],
			 bool *ret_left) _must_check_; /* audit_live.c */

#endif

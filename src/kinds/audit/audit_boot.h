/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the next boot will load: the files of rules.d merged as augenrules(8) merges
 * them, byte for byte, and the result loaded as auditctl -R loads it, with its end at
 * the first bad line. Pure: what the lines ask of the host is answered by callbacks.
 */
#ifndef HF_KINDS_AUDIT_BOOT_H
#define HF_KINDS_AUDIT_BOOT_H

#include "kinds/audit/audit_book.h"
#include "kinds/audit/audit_table.h"

#define HF_AUDIT_RULES_D "/etc/audit/rules.d"
#define HF_AUDIT_MERGED "/etc/audit/audit.rules"

typedef struct hf_audit_source {
	const char *name; /* file name in rules.d */
	const char *path;
	const char *bytes;
	size_t len;
} hf_audit_source;

/** hf_audit_name_compare - the order of ls -v (version order) for file names; pure */
int hf_audit_name_compare(const char *a, const char *b);

typedef struct hf_audit_merge_style {
	bool gawk;     /* awk is gawk and knows \s; mawk reads it as the letter s */
	bool strip_cr; /* audit 4.0 and later: a CR at the end of a line goes */
	bool blanks;   /* audit 4.2: files with blanks in their names are taken, too */
} hf_audit_merge_style;

typedef struct hf_audit_merged_line {
	const char *text; /* NUL-terminated */
	size_t source;	  /* index of the file it came from */
	unsigned line;
	hf_audit_read *read; /* of .text, for the host of the load; NULL: not yet read */
} hf_audit_merged_line;

typedef struct hf_audit_merged {
	char *text; /* what augenrules writes to audit.rules */
	size_t len;
	hf_audit_merged_line *lines; /* in order of loading, empty ones left out */
	size_t n;
} hf_audit_merged;

/** hf_audit_merge - @sources in order (hf_audit_name_compare); 0 or -ENOMEM; pure */
int hf_audit_merge(const hf_audit_source *sources, size_t n, hf_audit_merge_style style,
		   hf_arena *arena, hf_audit_merged *ret) _must_check_;

/** hf_audit_split - the same lines out of an audit.rules as it stands; pure */
int hf_audit_split(const hf_audit_source *merged, hf_arena *arena,
		   hf_audit_merged *ret) _must_check_;

/* What a line says about a setting. */
typedef struct hf_audit_boot_setting {
	bool set;
	bool loaded; /* false: behind the end of the load */
	uint32_t value;
	const char *file;
	unsigned line;
} hf_audit_boot_setting;

typedef struct hf_audit_boot {
	hf_audit_table rules;  /* loaded, in the order in which they match */
	hf_audit_table missed; /* behind the end of the load */
	/* Loaded, and taken out again by a later line: .file and .line are that line's,
	 * and .undoers has its text for each. */
	hf_audit_table undone;
	const char **undoers;
	bool aborted;
	const char *abort_file;
	unsigned abort_line;
	const char *abort_why;
	hf_audit_boot_setting settings[HF_AUDIT_SETTING_MAX_];
} hf_audit_boot;

/* Answers about the host at the time the rules load. */
typedef struct hf_audit_boot_host {
	hf_audit_names names;
	bool prepend_deletes;	  /* auditctl is 4.0.4 to 4.1.0, which reads -A as -d */
	hf_audit_has_dir has_dir; /* will there be? */
	void *user;
} hf_audit_boot_host;

/**
 * hf_audit_boot_load - load the merged lines
 * @sources: for the paths in entries
 *
 * Returns 0 or -ENOMEM. A line that auditctl would refuse, a watch whose directory is
 * missing (ENOENT), a rule that is there already (EEXIST) and any change behind "-e 2"
 * (EPERM) end the load, unless -i or -c stands before it. Source: auditctl(8), fileopt()
 * of auditctl.
 */
int hf_audit_boot_load(const hf_audit_merged *merged, const hf_audit_source *sources,
		       const hf_audit_boot_host *host, hf_arena *arena,
		       hf_audit_boot *ret) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules in their three forms: a line of a rules file, the canonical rule, and the
 * kernel's struct audit_rule_data. Own builder: libaudit's keeps hidden state between
 * calls (which arch came last, whether a syscall was given), so only its name tables are
 * used. Pure but for the callbacks of hf_audit_names.
 *
 * Sources: auditctl(8), audit.rules(7), linux/audit.h.
 */
#ifndef HF_KINDS_AUDIT_CODEC_H
#define HF_KINDS_AUDIT_CODEC_H

#include "base/error.h"
#include "kinds/audit/audit_field.h"
#include "kinds/audit/audit_rule.h"

#define HF_AUDIT_LINE_MAX 6143 /* auditctl's buffer, without the NUL */

/* backlog_wait_time counts ticks, of which a kernel takes those of ten minutes; a second
 * has 1000 at most (audit_receive_msg(), AUDIT_BACKLOG_WAIT_TIME). */
#define HF_AUDIT_WAIT_TIME_MAX (10u * 60 * 1000)

typedef enum hf_audit_line_type {
	HF_AUDIT_LINE_BLANK,	  /* nothing, or a comment */
	HF_AUDIT_LINE_RULE,	  /* -a, -A, -w */
	HF_AUDIT_LINE_DELETE,	  /* -d, -W: one rule */
	HF_AUDIT_LINE_DELETE_ALL, /* -D; with .key: those with that key */
	HF_AUDIT_LINE_SETTING,	  /* .setting, .value */
	HF_AUDIT_LINE_IGNORE,	  /* -i: errors of later lines are passed over */
	HF_AUDIT_LINE_CONTINUE,	  /* -c: the same, but the load fails in the end */
	HF_AUDIT_LINE_OTHER,	  /* has no effect on rules or settings: -q, -t, -s */
} hf_audit_line_type;

typedef enum hf_audit_setting {
	HF_AUDIT_ENABLED,
	HF_AUDIT_FAILURE,
	HF_AUDIT_BACKLOG_LIMIT,
	HF_AUDIT_BACKLOG_WAIT_TIME,
	HF_AUDIT_RATE_LIMIT,
	HF_AUDIT_LOGINUID_IMMUTABLE,
	HF_AUDIT_SETTING_MAX_,
} hf_audit_setting;

/** hf_audit_setting_name - the key in the baseline: "backlog_limit"; pure */
const char *hf_audit_setting_name(hf_audit_setting s);
/** hf_audit_setting_max - the greatest value that any kernel takes; pure */
uint32_t hf_audit_setting_max(hf_audit_setting s);
/** hf_audit_setting_line - the line of a rules file: "-b 8192"; NULL: out of memory */
char *hf_audit_setting_line(hf_audit_setting s, uint32_t value,
			    hf_arena *arena) _must_check_;

typedef struct hf_audit_line {
	hf_audit_line_type type;
	hf_audit_rule rule;
	hf_audit_setting setting; /* the last one on the line */
	uint32_t value;
	uint32_t values[HF_AUDIT_SETTING_MAX_]; /* all of them, ... */
	bool has_value[HF_AUDIT_SETTING_MAX_];	/* ... where the line names them */
	bool keep_going;			/* -i or -c is on it: no rule, then */
	bool crashes;				/* auditctl, whatever was said before */
	const char *key;
	bool watch; /* came as -w or -W */
} hf_audit_line;

/**
 * hf_audit_line_parse - read one line as auditctl -R reads it
 * @text:  the line without its end; at most HF_AUDIT_LINE_MAX bytes, without NUL
 * @arena: owns the strings and fields of @ret
 * @ret:   blank if the line is refused, but for what stands before what is wrong with it
 *         and auditctl has done by then: settings, a deletion of all rules
 *
 * Errors: -EINVAL: auditctl would refuse the line, with the reason; -ENOMEM.
 */
int hf_audit_line_parse(const char *text, const hf_audit_names *names, hf_arena *arena,
			hf_audit_line *ret, hf_error **err) _must_check_;

/**
 * hf_audit_line_text - the fixed spelling of a line, by which one that is to be absent is
 * looked up: of a rule, a setting, or what takes rules out (-d, -W, -D -k)
 *
 * *ret is in @arena; NULL: the line is none of these, as is a bare -D, with which a load
 * begins. Returns 0 or -ENOMEM. Pure.
 */
int hf_audit_line_text(const hf_audit_line *line, const char *machine, hf_arena *arena,
		       char **ret) _must_check_;

/** hf_audit_line_deletes - would the line, -d, -W or -D, take the rule out? pure */
bool hf_audit_line_deletes(const hf_audit_line *line, const hf_audit_rule *rule);

/**
 * hf_audit_rule_print - append the line that stands for the rule, in one fixed spelling
 * @machine: uname -m, for b64, b32 and the names of syscalls
 *
 * Equal rules print equally. Never -A, which says where a rule goes and not what it is,
 * and which auditctl 4.0.4 to 4.1.0 takes for -d. Arch first, syscalls by number order,
 * the fields in their own order, keys last.
 */
void hf_audit_rule_print(hf_strbuf *sb, const hf_audit_rule *rule, const char *machine);

/** hf_audit_rule_text - the same, in @arena; NULL: out of memory */
char *hf_audit_rule_text(const hf_audit_rule *rule, const char *machine,
			 hf_arena *arena) _must_check_;

/**
 * hf_audit_rule_encode - to the kernel's struct
 * @ret:     malloc'ed; the caller frees it
 * @ret_len: its length in bytes, strings included
 *
 * Errors: -E2BIG over AUDIT_MAX_FIELDS, -ENOMEM.
 */
int hf_audit_rule_encode(const hf_audit_rule *rule, struct audit_rule_data **ret,
			 size_t *ret_len, hf_error **err) _must_check_;

/** hf_audit_rule_encodes - does hf_audit_rule_encode() make these very bytes of it? A
 *  "no" may be caution, for strings longer than any path; pure */
bool hf_audit_rule_encodes(const hf_audit_rule *rule, const struct audit_rule_data *data,
			   size_t len);

/**
 * hf_audit_rule_decode - from the kernel's struct
 * @data: borrowed: strings of @ret point into it
 * @len:  of the message, checked against every length in it
 *
 * Errors: -EBADMSG damaged, -ENOMEM.
 */
int hf_audit_rule_decode(const struct audit_rule_data *data, size_t len, hf_arena *arena,
			 hf_audit_rule *ret, hf_error **err) _must_check_;

#endif

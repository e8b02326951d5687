/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the audit kind has observed: files, the boot view, the kernel's list, and the
 * answers to what the lines of rules ask of the host (names, paths). Filled by
 * hf_audit_observe(), in the plan's arena; read by the pure planning.
 */
#ifndef HF_KINDS_AUDIT_OBS_H
#define HF_KINDS_AUDIT_OBS_H

#include "kinds/audit/audit_book.h"
#include "kinds/audit/audit_boot.h"
#include "kinds/audit/audit_spec.h"
#include "plan/plan.h"

#define HF_AUDIT_OWN_NAME "60-holdfast.rules"
#define HF_AUDIT_OWN HF_AUDIT_RULES_D "/" HF_AUDIT_OWN_NAME
#define HF_AUDIT_OWN_SETTINGS_NAME "zz-holdfast.rules"
#define HF_AUDIT_OWN_SETTINGS HF_AUDIT_RULES_D "/" HF_AUDIT_OWN_SETTINGS_NAME
#define HF_AUDIT_TMPFILES "/etc/tmpfiles.d/holdfast.conf"

/* --- answers ---------------------------------------------------------------------- */

typedef enum hf_audit_question {
	HF_AUDIT_ASK_UID = 'u',
	HF_AUDIT_ASK_GID = 'g',
	HF_AUDIT_ASK_PATH = 'p', /* what is there, a final symlink not followed */
	HF_AUDIT_ASK_DIR = 'd',	 /* is it a directory now, symlinks followed? */
	HF_AUDIT_ASK_BOOT = 'b', /* will it be a directory when the rules load? */
} hf_audit_question;

typedef enum hf_audit_there {
	HF_AUDIT_THERE_NOTHING,
	HF_AUDIT_THERE_FILE, /* anything that is no directory */
	HF_AUDIT_THERE_DIR,
	HF_AUDIT_THERE_LINK,
	HF_AUDIT_THERE_UNKNOWN,
} hf_audit_there;

typedef struct hf_audit_answer {
	bool yes;
	uint32_t id;
	int error; /* of UID and GID: 0, -ENOENT, ... */
	hf_audit_there there;
	const char *target; /* of a link: where it leads in the end, or NULL */
	const char *why;    /* of THERE_UNKNOWN */
	int64_t born_nsec;  /* of ASK_DIR: when it was made; 0: cannot be told */
} hf_audit_answer;

typedef struct hf_audit_answers {
	hf_arena *arena;
	hf_map map;
	/* asks the host; NULL: only what was asked before is known */
	int (*look)(void *user, hf_audit_question what, const char *name,
		    hf_audit_answer *ret);
	void *user;
	hf_map creates; /* directories that lines of ours make before the rules load */
	int error;	/* sticky, of look */
} hf_audit_answers;

/** hf_audit_ask - the answer, from memory or from the host; "no" if it cannot be had */
const hf_audit_answer *hf_audit_ask(hf_audit_answers *answers, hf_audit_question what,
				    const char *name);

/** hf_audit_ask_has - a hf_audit_has_dir of now; @user: the answers */
bool hf_audit_ask_has(void *user, const char *path, bool any);

/** hf_audit_answers_mkdir - @path, and what is above it, will be there; 0 or -ENOMEM */
int hf_audit_answers_mkdir(hf_audit_answers *answers, const char *path) _must_check_;

/* --- demands, compiled for this host ---------------------------------------------- */

/* One rule (or setting, or rule to be absent) that one demand comes down to. */
typedef struct hf_audit_want {
	const hf_demand *demand;
	const hf_audit_spec *spec;
	const hf_audit_rule *rule; /* NULL: none, for .why */
	const char *text; /* the rule in fixed spelling, or a label without one */
	hf_state state;	  /* without a rule: NOT_APPLICABLE or UNKNOWN */
	const char *why;
	const char *create;  /* directory that `create` makes, or NULL */
	uint32_t create_uid; /* of a directory that is not there yet */
	uint32_t create_gid;
	bool create_now; /* it is not there */
} hf_audit_want;

typedef enum hf_audit_loader {
	HF_AUDIT_LOADER_NONE,
	HF_AUDIT_LOADER_MERGES, /* augenrules --load */
	HF_AUDIT_LOADER_DIRECT, /* auditctl -R audit.rules */
} hf_audit_loader;

typedef struct hf_audit_obs {
	const char *machine;
	const char *audit;   /* its version, or NULL */
	const char *unknown; /* the persisted layer could not be read: why; or NULL */

	hf_audit_source *files; /* of rules.d, in order of merging */
	size_t n_files;
	hf_audit_source merged_file; /* audit.rules; .bytes NULL: not there */
	hf_audit_source tmpfiles;    /* our tmpfiles.d file; .bytes NULL: not there */
	bool merged_exists;
	bool has_tools; /* augenrules or auditctl is installed */
	hf_audit_loader loader;
	const char *loader_why; /* of NONE */
	hf_audit_merge_style style;

	hf_audit_merged merged; /* of the files as they are */
	bool stale;		/* audit.rules is not that */
	hf_audit_boot boot;	/* what the loader would load */
	hf_audit_answers answers;
	hf_audit_book book;  /* of the lines of files and demands, with these answers */
	hf_audit_book spent; /* the same, once no answers are to be had any more */
	const hf_audit_book *earlier; /* .spent of the look that this one verifies */
	hf_map links;		      /* of the tables, see hf_audit_table */

	hf_known live; /* PRESENT: the following is valid */
	const char *live_why;
	bool off;	       /* UNKNOWN, because this kernel does not audit at all */
	hf_audit_table kernel; /* audit_kernel.h */
	uint32_t status[HF_AUDIT_SETTING_MAX_]; /* settings as the kernel has them */
	char **mounts; /* mount points of the host, sorted; of live directory rules */
	size_t n_mounts;
	uint32_t auditd;	/* its process; 0: none runs */
	uint32_t lost, backlog; /* its counters */
	/* CLOCK_REALTIME: the boot, and the start of auditd, about which the boot's rules
	 * are loaded; 0: unknown, or nothing depends on it */
	int64_t booted_nsec, auditd_nsec;
	uint32_t dockerd; /* its process; 0: none is known, or all are audited */
	int64_t dockerd_nsec;

	hf_audit_want *wants;
	size_t n_wants;
} hf_audit_obs;

/** hf_audit_obs_host - the callbacks of the boot view, over obs->answers */
hf_audit_boot_host hf_audit_obs_host(hf_audit_obs *obs);

/**
 * hf_audit_compile - every claiming demand of the model, for this host, into obs->wants
 *
 * Reads the host through obs->answers only. Needs obs->machine and the plan's references.
 * Returns 0 or -ENOMEM, or the error of the answers.
 */
int hf_audit_compile(const hf_model *model, hf_plan *plan,
		     hf_audit_obs *obs) _must_check_;

/** hf_audit_loader_find - who loads the rules at boot, into obs->loader; what cannot be
 *  read into obs->unknown. Reads host; 0 or -ENOMEM. */
int hf_audit_loader_find(struct hf_host *host, hf_plan *plan,
			 hf_audit_obs *obs) _must_check_;

/** hf_audit_loader_check - would auditctl -R load audit.rules, its owner and mode being
 *  what they are? If not, obs->loader becomes NONE
 *
 * The merge keeps both. auditctl before 3.1.2 wants it to be root's; all refuse what the
 * world may write (fileopt() of auditctl). Needs the fact of auditctl's version. Reads
 * host; 0 or -ENOMEM.
 */
int hf_audit_loader_check(struct hf_host *host, hf_plan *plan,
			  hf_audit_obs *obs) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports: a run as text for people and as JSON for machines, from the plan and its
 * states. Pure but for writing to the stream given.
 *
 *	hf_report report = { .command = "plan", .root = "/", .model = &model, ... };
 *	report.exit = hf_report_exit_of_plan(&plan, false, HF_FAIL_ON_ALL);
 *	hf_report_text(stdout, &report, &options);	or hf_report_json(stdout, &report)
 */
#ifndef HF_REPORT_REPORT_H
#define HF_REPORT_REPORT_H

#include <stdio.h>

#include "base/diag.h"
#include "base/mask.h"
#include "base/strbuf.h"
#include "model/kind.h"
#include "model/model.h"
#include "plan/plan.h"

/* Exit statuses; DESIGN section 2, holdfast(8). The only place they are defined. */
typedef enum hf_exit {
	HF_EXIT_OK = 0,
	HF_EXIT_FAILED = 1,
	HF_EXIT_DIFFERS = 2,
	HF_EXIT_PENDING = 3,
	HF_EXIT_ROLLED_BACK = 4,
	HF_EXIT_INCOMPLETE = 5,
	HF_EXIT_FINDINGS = 6,
	HF_EXIT_UNKNOWN = 7,
	HF_EXIT_USAGE = 64,
	HF_EXIT_BASELINE = 65,
	HF_EXIT_BUSY = 75,
} hf_exit;

#define HF_FAIL_ON_DRIFT 1u
#define HF_FAIL_ON_UNKNOWN 2u
#define HF_FAIL_ON_PENDING 4u
#define HF_FAIL_ON_FINDINGS 8u
#define HF_FAIL_ON_ALL 15u

/** hf_report_exit_of_plan - of plan and check: 2, 7, 3, 6, 0 as DESIGN 2 orders them
 *
 * @is_check: findings count (exit 6); plan does not speak of them. Pure. */
hf_exit hf_report_exit_of_plan(const hf_plan *plan, bool is_check, unsigned fail_on);

/** hf_report_exit_of_apply - of a host after a verified apply: 7, 3 or 0; pure */
hf_exit hf_report_exit_of_apply(const hf_plan *after, unsigned fail_on);

/** hf_report_result_of_plan - "in-sync", "drift", "pending", "findings" or "unknown": how
 *  the host stands, whatever --fail-on makes of the exit status; pure, static text */
const char *hf_report_result_of_plan(const hf_plan *plan);

/* One group or effect of an apply or rollback, as carried out. */
typedef struct hf_report_step {
	const char *what;  /* "write /etc/docker/daemon.json" */
	const char *state; /* "done", "failed", "reverted", "stuck"; of a rollback
			    * also "planned" and "refused", of a recovery "left" */
	const char *why;   /* or NULL */
} hf_report_step;

/* A live layer of the host and whether it was looked at. */
typedef struct hf_report_layer {
	const char *name; /* "audit", "units", "docker" */
	hf_known known;
	const char *why; /* when not PRESENT */
} hf_report_layer;

/** hf_report_layer_state - "on", "off" or "unknown"; pure, static text */
const char *hf_report_layer_state(const hf_report_layer *layer);

typedef struct hf_report {
	const char *command;
	const char *root;
	const char *root_option; /* hf_host_option(); NULL: as "" */
	hf_exit exit;
	const char *result; /* "in-sync", "drift", ... */
	bool changed;
	const char *comment;  /* summary line; NULL: made from the plan's totals */
	int64_t started_usec; /* CLOCK_REALTIME since the epoch */
	int64_t finished_usec;
	const hf_model *model; /* may be NULL (errors) */
	const hf_plan *plan;   /* may be NULL */
	const hf_selection *selection;
	const hf_diags *diags;	      /* may be NULL */
	const struct hf_error *error; /* may be NULL */
	const hf_report_step *steps;  /* of apply; may be NULL */
	size_t n_steps;

	/* The plan whose changes were carried out, where .plan is the verifying look
	 * after it; NULL: the changes are those of .plan. */
	const hf_plan *changes_plan;
	const hf_report_layer *layers;
	size_t n_layers;
	bool is_apply;		 /* the changes were carried out, or tried */
	const char *transaction; /* its id, or NULL */
	int64_t confirm_until;	 /* undone then unless confirmed, seconds; 0: no */
} hf_report;

/** hf_report_summary - append the summary line, without a newline; pure */
void hf_report_summary(hf_strbuf *out, const hf_report *report);

#define HF_REPORT_WIDTH 100

typedef struct hf_text_options {
	bool color;
	bool diff;	/* unified diffs of whole files */
	bool verbose;	/* controls that pass or do not apply, too */
	bool quiet;	/* the summary line only */
	unsigned width; /* columns, at most HF_REPORT_WIDTH; 0: HF_REPORT_WIDTH */
} hf_text_options;

/** hf_report_text, hf_report_json - print a report; 0, or -ENOMEM: it has gaps */
int hf_report_text(FILE *out, const hf_report *report, const hf_text_options *options);
int hf_report_json(FILE *out, const hf_report *report);

/** hf_report_outcome_block - what was done, failed, put back and not, the containers that
 *  ran during a restart, and what to type next; ends every run with exit 4 or 5 */
void hf_report_outcome_block(FILE *out, const hf_report *report);

/** hf_report_diags - errors and warnings with source line and caret (for stderr)
 *  @notes: the notes too */
void hf_report_diags(FILE *out, const hf_diags *diags, bool color, bool notes);

/** hf_report_error - one error with place and cure, "holdfast: ..." (for stderr) */
void hf_report_error(FILE *out, const struct hf_error *error, bool color);

/* One file before and after. */
typedef struct hf_report_file {
	const hf_kind *kind; /* whose file it is; or NULL */
	const char *path;
	const char *before; /* NULL: it did not exist */
	size_t before_len;
	const char *after; /* NULL: it is removed */
	size_t after_len;
} hf_report_file;

/** hf_report_hide - hide what the rows and changes of @plan call secret; pure */
void hf_report_hide(hf_mask *mask, const hf_plan *plan);

/** hf_report_file_diff, hf_report_group_diff - append the unified diff of a file, or of a
 *  group that is one; nothing for holdfast's own state. What the file's kind knows as
 *  secret in it joins @mask, which is shared by all files of a report. Pure. */
void hf_report_file_diff(hf_strbuf *out, const hf_report_file *file, hf_mask *mask);
void hf_report_group_diff(hf_strbuf *out, const hf_group *group, hf_mask *mask);

/* A baseline as `list` finds it. */
typedef struct hf_report_shipped {
	const char *name;
	const char *version; /* or NULL */
	const char *title;   /* or NULL */
	const char *path;
	const char *broken; /* it cannot be read: the reason; or NULL */
} hf_report_shipped;

/* `list` without a baseline. */
void hf_report_shipped_text(FILE *out, const hf_report_shipped *items, size_t n,
			    const hf_text_options *options);
void hf_report_shipped_json(FILE *out, const hf_report *report,
			    const hf_report_shipped *items, size_t n);

/* `list` with a baseline: controls and waivers of .model. */
void hf_report_list_text(FILE *out, const hf_report *report,
			 const hf_text_options *options);
void hf_report_list_json(FILE *out, const hf_report *report);

/* `facts`. */
void hf_report_facts_text(FILE *out, const hf_report *report, const hf_facts *facts,
			  const hf_text_options *options);
void hf_report_facts_json(FILE *out, const hf_report *report, const hf_facts *facts);

/** hf_report_explain_text - why a control exists, what it sets, how it stands here */
void hf_report_explain_text(FILE *out, const hf_report *report,
			    const hf_control *const *controls, size_t n,
			    const hf_text_options *options);
void hf_report_explain_json(FILE *out, const hf_report *report,
			    const hf_control *const *controls, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports: a run as text for people and as JSON for machines, from the plan and its
 * states. Pure but for writing to the stream given.
 */
#ifndef HF_REPORT_REPORT_H
#define HF_REPORT_REPORT_H

#include <stdio.h>

#include "base/diag.h"
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

/** hf_report_exit_of_plan - of plan and check: 2, 7, 3, 6, 0 as DESIGN 2 orders them */
hf_exit hf_report_exit_of_plan(const hf_plan *plan, bool is_check, unsigned fail_on);

typedef struct hf_report {
	const char *command;
	const char *root;
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
	const struct hf_step *steps;  /* of apply; may be NULL */
	size_t n_steps;
} hf_report;

typedef struct hf_text_options {
	bool color;
	bool diff;    /* unified diffs of whole files */
	bool verbose; /* controls that pass or do not apply, too */
	bool quiet;   /* the summary line only */
} hf_text_options;

void hf_report_text(FILE *out, const hf_report *report, const hf_text_options *options);
void hf_report_json(FILE *out, const hf_report *report);

/** hf_report_diags - errors and warnings with source line and caret (for stderr) */
void hf_report_diags(FILE *out, const hf_diags *diags, bool color, bool notes);

#endif

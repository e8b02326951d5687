/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan seen from its controls: which rows and which changes belong to each. Shared
 * by the text and the JSON report; built in time linear in the plan.
 */
#ifndef HF_REPORT_VIEW_H
#define HF_REPORT_VIEW_H

#include "report/report.h"

typedef struct hf_view_control {
	const hf_resource **rows; /* of the states' plan */
	size_t n_rows;
	const hf_change **changes; /* distinct, in the order of the plan */
	size_t n_changes;
} hf_view_control;

typedef struct hf_view {
	hf_arena arena;
	const hf_plan *plan; /* states and rows */
	const hf_plan
		*changes; /* where the changes are: the same, or the one before it */
	hf_view_control *controls; /* by control index */
	size_t n_controls;
	/* By index of a row of .plan: does some change serve it, and is that blocked? */
	bool *changed;
	bool *blocked;
	/* By change: its rows as indices into .plan->resources, and its controls. */
	size_t **change_rows;
	size_t *n_change_rows;
	const hf_control ***change_controls;
	size_t *n_change_controls;
} hf_view;

/** hf_view_make - build it; @report must have a model and a plan. 0 or -ENOMEM; pure */
int hf_view_make(hf_view *ret, const hf_report *report) _must_check_;
void hf_view_done(hf_view *view);

#endif

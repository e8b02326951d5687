/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the text report; text.c composes them. */
#ifndef HF_REPORT_TEXT_H
#define HF_REPORT_TEXT_H

#include "report/paint.h"
#include "report/view.h"

typedef struct hf_text {
	hf_paint paint;
	const hf_report *report;
	const hf_text_options *options;
	hf_view *view;
	const hf_control **shown_by; /* by change: the control it was shown under */
} hf_text;

/** hf_text_control - one control with its changes and what else is to be said of it */
void hf_text_control(hf_text *t, const hf_control *control);

/** hf_text_released - the changes that no control asks for any more */
void hf_text_released(hf_text *t);

/** hf_text_diffs - --diff: whole files as unified diffs, owners and modes */
void hf_text_diffs(hf_text *t);

/** hf_text_mask - append @text with every secret of @plan and the password of every URL
 *  replaced by asterisks; pure */
void hf_text_mask(hf_strbuf *out, const hf_plan *plan, const char *text, size_t len);

#endif

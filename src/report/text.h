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

#define HF_INDENT_ITEM 2  /* marker of a change or row */
#define HF_INDENT_VALUE 6 /* what does not fit beside the id */
#define HF_TWIN_WINDOW 16 /* how far apart twins may stand */

/* Changes (or rows) that differ in layer or ABI only and are told as one item. */
typedef struct hf_text_twins {
	size_t members[4]; /* indices; the first is shown */
	size_t n;
	bool persisted, live;
	bool arch; /* both ABIs */
} hf_text_twins;

/** hf_text_begin - the marker of an item; hf_text_end - its last word in parentheses (or
 *  NULL), on a line of its own where it does not fit */
void hf_text_begin(hf_text *t, const char *marker, hf_style style);
void hf_text_end(hf_text *t, const char *tail);

/** hf_text_id - the resource, wrapped (the id of an audit rule is the rule), and tags */
void hf_text_id(hf_text *t, const char *id, const hf_text_twins *twins);

/** hf_text_is_said - does @id spell @text (or NULL) out, an audit rule or a flag? pure */
bool hf_text_is_said(const hf_kind *kind, const char *id, const char *text);

/** hf_text_remark - a line below an item, wrapped */
void hf_text_remark(hf_text *t, hf_style style, const char *text);

/** hf_text_found - where the found value stands */
void hf_text_found(hf_text *t, const char *file, unsigned line, const char *tail);

/** hf_text_alike - equal, but for arch=b64 here and arch=b32 there (sets @arch); pure */
bool hf_text_alike(const char *a, const char *b, bool *arch);

/** hf_text_alike_hash - the same for all texts that are alike: thousands of rules differ
 *  in the middle only, and each is compared with many; pure */
uint32_t hf_text_alike_hash(const char *text);

/** hf_text_join - note layer and ABI of one more twin; false if there is no room */
bool hf_text_join(hf_text_twins *twins, hf_layer layer, bool arch);

/** hf_text_changes - the changes of a control */
void hf_text_changes(hf_text *t, const hf_control *control);

/** hf_text_control - one control with its changes and what else is to be said of it */
void hf_text_control(hf_text *t, const hf_control *control);

/** hf_text_foreign - findings that belong to no control */
void hf_text_foreign(hf_text *t);

/** hf_text_released - the changes that no control asks for any more */
void hf_text_released(hf_text *t);

/** hf_text_diffs - --diff: whole files as unified diffs, owners and modes */
void hf_text_diffs(hf_text *t);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON member by member: a large report is never in memory as a whole. Each
 * element of a list takes one line. A failed allocation becomes null there and an error
 * at the end, so that the document stays valid. jansson refuses strings that are not
 * UTF-8; those are escaped first.
 */
#ifndef HF_REPORT_JSON_PEN_H
#define HF_REPORT_JSON_PEN_H

#include <jansson.h>

#include "report/report.h"

typedef struct hf_json_pen {
	FILE *out;
	const char *sep; /* before the next member */
	const char *element_sep;
	bool oom;
} hf_json_pen;

/** hf_json_member - print one member of the document; takes @value's reference */
void hf_json_member(hf_json_pen *j, const char *key, json_t *value);

/** hf_json_list - begin a member that is a list, hf_json_element - print one element
 *  (its reference is taken), hf_json_list_end - end it */
void hf_json_list(hf_json_pen *j, const char *key);
void hf_json_element(hf_json_pen *j, json_t *value);
void hf_json_list_end(hf_json_pen *j);

/** hf_json_set - put @value (its reference is taken; NULL: out of memory) under @key */
void hf_json_set(hf_json_pen *j, json_t *object, const char *key, json_t *value);
void hf_json_append(hf_json_pen *j, json_t *array, json_t *value);

/** hf_json_text - a string value; null for NULL */
json_t *hf_json_text(const char *text);
json_t *hf_json_texts(hf_json_pen *j, const char *const *items, size_t n);
json_t *hf_json_size(size_t n);

/** hf_json_time - "2026-11-22T12:30:00Z" of microseconds since the epoch; null for 0 */
json_t *hf_json_time(int64_t usec);

/** hf_json_place - {"file", "line"} or null */
json_t *hf_json_place(hf_json_pen *j, const char *file, unsigned line);

/** hf_json_control - what every document tells of a control: id to refs
 *  hf_json_ids - the ids of controls; hf_json_resource - a row of the plan */
json_t *hf_json_control(hf_json_pen *j, const hf_control *control);
json_t *hf_json_ids(hf_json_pen *j, const hf_control *const *controls, size_t n);
json_t *hf_json_resource(hf_json_pen *j, const hf_resource *row);

/** hf_json_hides - what goes out of view; a sort of which it is not known is null, one
 *  that is not concerned is left out */
json_t *hf_json_hides(hf_json_pen *j, const hf_store *store);

/** hf_json_begin - begin the document: what every output has, up to "vars"
 *  hf_json_end - "errors", "warnings", "notes", and the end */
void hf_json_begin(hf_json_pen *j, FILE *out, const hf_report *report);
void hf_json_end(hf_json_pen *j, const hf_report *report);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON member by member: a large report is never in memory as a whole. Each
 * element of a list takes one line. A failed allocation becomes null there and an error
 * at the end, so that the document stays valid. Strings that are not UTF-8 are escaped
 * first.
 *
 *	hf_json_begin(&j, out, report);
 *	hf_json_member(&j, "name");
 *	hf_json_text(&j, NULL, name);
 *	hf_json_list(&j, "things");
 *	for (...) {
 *		hf_json_element(&j);
 *		hf_json_open(&j.w, NULL, '{');
 *		hf_json_text(&j, "id", thing->id);
 *		hf_json_close(&j.w, '}');
 *	}
 *	hf_json_list_end(&j);
 *	hf_json_end(&j, report);
 *
 * What writes a value takes its @key; NULL: it is a member's, or an element.
 */
#ifndef HF_REPORT_JSON_PEN_H
#define HF_REPORT_JSON_PEN_H

#include "base/json_write.h"
#include "report/report.h"

typedef struct hf_json_pen {
	FILE *out;
	hf_json_writer w; /* the value at hand */
	bool has_value;	  /* there is one */
	const char *sep;  /* before the next member */
	const char *element_sep;
	bool oom;
} hf_json_pen;

/** hf_json_member - begin a member of the document; one value has to follow */
void hf_json_member(hf_json_pen *j, const char *key);

/** hf_json_list - begin a member that is a list, hf_json_element - one of its elements:
 *  one value has to follow, hf_json_list_end - end it */
void hf_json_list(hf_json_pen *j, const char *key);
void hf_json_element(hf_json_pen *j);
void hf_json_list_end(hf_json_pen *j);

/** hf_json_text - a string value; null for NULL */
void hf_json_text(hf_json_pen *j, const char *key, const char *text);
void hf_json_texts(hf_json_pen *j, const char *key, const char *const *items, size_t n);

/** hf_json_count - a number; null for 0 */
void hf_json_count(hf_json_pen *j, const char *key, long long n);

/** hf_json_time - "2026-11-22T12:30:00Z" of microseconds since the epoch; null for 0 */
void hf_json_time(hf_json_pen *j, const char *key, int64_t usec);

/** hf_json_place - {"file", "line"} or null */
void hf_json_place(hf_json_pen *j, const char *key, const char *file, unsigned line);

/** hf_json_control - what every document tells of a control: id to refs, into an object
 *  hf_json_ids - the ids of controls; hf_json_resource - a row of the plan */
void hf_json_control(hf_json_pen *j, const hf_control *control);
void hf_json_ids(hf_json_pen *j, const char *key, const hf_control *const *controls,
		 size_t n);
void hf_json_resource(hf_json_pen *j, const char *key, const hf_resource *row);

/** hf_json_hides - what goes out of view; a sort of which it is not known is null, one
 *  that is not concerned is left out */
void hf_json_hides(hf_json_pen *j, const char *key, const hf_store *store);

/** hf_json_begin - begin the document: what every output has, up to "vars"
 *  hf_json_end - "errors", "warnings", "notes", and the end */
void hf_json_begin(hf_json_pen *j, FILE *out, const hf_report *report);
void hf_json_end(hf_json_pen *j, const hf_report *report);

#endif

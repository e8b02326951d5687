/* SPDX-License-Identifier: Apache-2.0 */
#include "model/select.h"

#include <fnmatch.h>
#include <string.h>

#include "base/strbuf.h"

bool hf_term_is_glob(const char *term)
{
	return strpbrk(term, "*?[") != NULL;
}

static bool text_matches(const char *pattern, const char *text)
{
	return hf_term_is_glob(pattern) ? fnmatch(pattern, text, 0) == 0
					: strcmp(pattern, text) == 0;
}

/* @pattern is NAME or NAME/NUMBER. */
static bool ref_matches(const char *pattern, const hf_ref *ref)
{
	if (!strchr(pattern, '/'))
		return text_matches(pattern, ref->name);
	for (size_t i = 0; i < ref->n; i++) {
		cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

		hf_strbuf_addf(&sb, "%s/%s", ref->name, ref->values[i]);
		if (text_matches(pattern, hf_strbuf_str(&sb)))
			return true;
	}
	return false;
}

bool hf_term_matches(const char *term, const hf_control *control)
{
	if (strncmp(term, "tag:", 4) == 0) {
		for (size_t i = 0; i < control->n_tags; i++)
			if (text_matches(term + 4, control->tags[i]))
				return true;
		return false;
	}
	if (strncmp(term, "ref:", 4) == 0) {
		for (size_t i = 0; i < control->n_refs; i++)
			if (ref_matches(term + 4, &control->refs[i]))
				return true;
		return false;
	}
	return text_matches(term, control->id);
}

void hf_term_report(const hf_model *model, const char *term, const char *option,
		    hf_mark mark, hf_diags *diags)
{
	bool tag = strncmp(term, "tag:", 4) == 0, ref = strncmp(term, "ref:", 4) == 0;
	const char *near = NULL;
	bool search;

	if (!tag && !ref && strchr(term, ':')) {
		hf_diag_add(
			diags, HF_DIAG_ERROR, mark,
			"a term is an id, a glob over ids, tag:TAG or ref:NAME/NUMBER",
			"%s: '%s' is no selection term", option, term);
		return;
	}
	search = !ref && !hf_term_is_glob(term) &&
		 hf_diags_worth(diags, model->n_controls);
	for (size_t i = 0; search && i < model->n_controls; i++) {
		const hf_control *control = model->controls[i];

		if (!tag)
			near = hf_nearer(term, near, control->id);
		for (size_t k = 0; tag && k < control->n_tags; k++)
			near = hf_nearer(term + 4, near, control->tags[k]);
	}
	if (near)
		hf_diag_error(diags, mark,
			      "%s: '%s' matches no control (did you mean '%s%s'?)",
			      option, term, tag ? "tag:" : "", near);
	else
		hf_diag_error(diags, mark, "%s: '%s' matches no control", option, term);
}

/* Marks in @hit every control that one of the terms names. */
static void match_terms(const hf_model *model, const char *const *terms, size_t n,
			const char *option, bool *hit, hf_diags *diags)
{
	hf_mark nowhere = { 0 };

	for (size_t t = 0; t < n; t++) {
		bool any = false;

		for (size_t i = 0; i < model->n_controls; i++)
			if (hf_term_matches(terms[t], model->controls[i]))
				any = hit[i] = true;
		if (!any)
			hf_term_report(model, terms[t], option, nowhere, diags);
	}
}

bool hf_model_select(hf_model *model, const hf_selection *selection, hf_diags *diags)
{
	cleanup_free bool *only = NULL, *skip = NULL;
	size_t errors = diags->n_errors, n_selected = 0;
	hf_mark nowhere = { 0 };

	only = calloc(model->n_controls + 1, sizeof(*only));
	skip = calloc(model->n_controls + 1, sizeof(*skip));
	if (!only || !skip) {
		diags->oom = true;
		hf_diag_error(diags, nowhere, "out of memory");
		return false;
	}
	match_terms(model, selection->only, selection->n_only, "--only", only, diags);
	match_terms(model, selection->skip, selection->n_skip, "--skip", skip, diags);
	for (size_t i = 0; i < model->n_controls; i++) {
		hf_control *control = model->controls[i];

		control->selected =
			control->own_selected && !skip[i] &&
			(!selection->n_only || only[i]) &&
			(!selection->level || control->level <= selection->level) &&
			control->severity >= selection->min_severity;
		n_selected += control->selected;
	}
	if (!n_selected && model->n_controls && diags->n_errors == errors)
		hf_diag_error(diags, nowhere, "the selection leaves no control");
	return diags->n_errors == errors;
}

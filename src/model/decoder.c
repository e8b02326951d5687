/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds call while they decode a section: demands and host references. */
#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "model/kind.h"
#include "model/vars.h"

static const char *const ref_kinds[] = { "unit", "exec", "socket", "daemon" };

const hf_kind *hf_kind_find(const hf_kind *const *kinds, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

int hf_decoder_demand(hf_decoder *d, const hf_kind *kind, hf_mark mark, const void *spec)
{
	hf_demand *demand = hf_arena_new(&d->model->arena, hf_demand);
	hf_demand **slot;

	if (!demand)
		return -ENOMEM;
	*demand = (hf_demand){
		.kind = kind, .control = d->control, .mark = mark, .spec = spec
	};
	slot = hf_vec_push(&d->model->arena, d->control->demands, d->control->n_demands);
	if (!slot)
		return -ENOMEM;
	*slot = demand;
	slot = hf_vec_push(&d->model->arena, d->model->demands, d->model->n_demands);
	if (!slot) {
		d->control->n_demands--;
		return -ENOMEM;
	}
	*slot = demand;
	return 0;
}

/* @ref is "unit:docker.service". */
static int note_ref(hf_model *model, const char *ref, hf_mark mark)
{
	const char **slot;
	hf_mark *place;
	char *copy;

	if (hf_map_get(&model->ref_seen, ref))
		return 0;
	copy = hf_arena_strdup(&model->arena, ref);
	place = hf_arena_new(&model->arena, hf_mark);
	if (!copy || !place)
		return -ENOMEM;
	*place = mark;
	slot = hf_vec_push(&model->arena, model->refs, model->n_refs);
	if (!slot)
		return -ENOMEM;
	*slot = copy;
	return hf_map_put(&model->ref_seen, &model->arena, ref, place);
}

/* Is the reference well-formed? Otherwise it was reported. */
static bool check_ref(hf_decoder *d, hf_mark mark, const char *ref)
{
	const char *colon = strchr(ref, ':');
	cleanup_free char *kind = NULL;
	const char *near;

	if (!colon) {
		/* variables were replaced before; one that is left was reported then */
		if (!d->diags->n_errors)
			hf_diag_error(d->diags, mark, "unknown variable '%s'", ref);
		return false;
	}
	kind = strndup(ref, (size_t)(colon - ref));
	if (!kind) {
		d->diags->oom = true;
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ref_kinds); i++) {
		if (strcmp(kind, ref_kinds[i]) != 0)
			continue;
		if (strcmp(kind, "daemon") != 0 && colon[1] && !strchr(colon, '.')) {
			hf_diag_add(d->diags, HF_DIAG_ERROR, mark,
				    "a full name, such as docker.service",
				    "'${%s}' names no unit", ref);
			return false;
		}
		if (colon[1] && !strpbrk(colon + 1, " \t\n/${"))
			return true;
		hf_diag_error(d->diags, mark, "'${%s}' is no host reference: %s", ref,
			      colon[1] ? "the name has a character that no name has"
				       : "the name after ':' is missing");
		return false;
	}
	near = hf_nearest(kind, ref_kinds, ARRAY_SIZE(ref_kinds));
	hf_diag_add(d->diags, HF_DIAG_ERROR, mark,
		    "host references are ${unit:NAME}, ${exec:NAME}, ${socket:NAME} and "
		    "${daemon:KEY}",
		    near ? "unknown host reference '${%s}' (did you mean '%s:'?)"
			 : "unknown host reference '${%s}'",
		    ref, near);
	return false;
}

int hf_decoder_refs(hf_decoder *d, hf_mark mark, const char *text)
{
	cleanup_(hf_strbuf_done) hf_strbuf ref = { 0 };
	hf_var_token token;
	unsigned n = 0;
	int r;

	while (hf_var_next(&text, &token)) {
		if (token.type == HF_VAR_OPEN && !d->diags->n_errors)
			hf_diag_add(d->diags, HF_DIAG_ERROR, mark,
				    "a literal '${' is written '$${'",
				    "'${' without its '}'");
		if (token.type != HF_VAR_REF)
			continue;
		hf_strbuf_reset(&ref);
		hf_strbuf_add(&ref, token.start, token.len);
		if (!hf_strbuf_ok(&ref))
			return -ENOMEM;
		if (!check_ref(d, mark, hf_strbuf_str(&ref)))
			continue;
		if (n++) {
			hf_diag_error(d->diags, mark,
				      "more than one host reference in one text");
			return 0;
		}
		r = note_ref(d->model, hf_strbuf_str(&ref), mark);
		if (r < 0)
			return r;
	}
	return 0;
}

const char *hf_decoder_plain(hf_decoder *d, hf_mark mark, const char *text)
{
	return hf_vars_plain(text, &d->model->arena, mark, d->diags);
}

/* A text in which any could not be replaced is left as it was written. */
bool hf_decoder_is_left(const hf_decoder *d, const hf_node *node)
{
	hf_var_token token;

	if (!d->diags->n_errors)
		return false;
	for (const char *text = node->text; text && hf_var_next(&text, &token);)
		if (token.type == HF_VAR_OPEN ||
		    (token.type == HF_VAR_REF && !memchr(token.start, ':', token.len)))
			return true;
	for (size_t i = 0; i < node->n; i++)
		if (hf_decoder_is_left(d, node->items[i]))
			return true;
	return false;
}

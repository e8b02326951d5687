/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a baseline beside its controls: restart, waivers, select. */
#include <errno.h>
#include <string.h>

#include "model/load.h"
#include "model/schema.h"
#include "model/select.h"
#include "model/waiver.h"

#define TERMS_MAX 200 /* of those that are compared with every control */

/* --- restart -------------------------------------------------------------------- */

/* Who extends has the last word; of two that do not know of each other, the one that
 * restarts less. */
int hf_top_restart(hf_loader *l, const hf_file *file)
{
	static const int caution[] = {
		[HF_RESTART_ALWAYS] = 0,
		[HF_RESTART_SAFE] = 1,
		[HF_RESTART_NEVER] = 2,
	};
	const hf_node *node = file->top[HF_TOP_RESTART];
	hf_restart restart;

	if (!node)
		return 0;
	if (hf_restart_parse(node->text, &restart) < 0) {
		hf_diag_error(l->diags, node->mark,
			      "'restart' must be safe, always or never, not '%s'",
			      node->text);
		return 0;
	}
	if (l->model->has_restart && !(file->closure >> (l->restart_by - 1) & 1) &&
	    caution[restart] <= caution[l->model->restart])
		return 0;
	l->model->has_restart = true;
	l->model->restart = restart;
	l->restart_by = (unsigned)file->index + 1;
	return 0;
}

/* --- waivers -------------------------------------------------------------------- */

enum { W_CONTROL, W_HOSTS, W_REASON, W_APPROVED_BY, W_UNTIL, W_MAX_ };

static const hf_key waiver_keys[W_MAX_] = {
	[W_CONTROL] = { "control", HF_KEY_STRING, HF_KEY_REQUIRED },
	[W_HOSTS] = { "hosts", HF_KEY_STRINGS, 0 },
	[W_REASON] = { "reason", HF_KEY_STRING, HF_KEY_REQUIRED },
	[W_APPROVED_BY] = { "approved_by", HF_KEY_STRING, 0 },
	[W_UNTIL] = { "until", HF_KEY_STRING, 0 },
};

static const char *plain(hf_loader *l, const hf_node *node)
{
	return node ? hf_vars_plain(node->text, l->arena, node->mark, l->diags) : NULL;
}

static void check_waived(hf_loader *l, const hf_file *file, const hf_node *node)
{
	const hf_entry *entry = hf_map_get(&l->entry_by_id, node->text);
	const char *near;

	if (file->incomplete || (entry && (file->closure >> entry->file->index & 1)))
		return;
	near = hf_load_nearest(l, file, node->text, true);
	if (near)
		hf_diag_error(l->diags, node->mark,
			      "a waiver for an unknown control '%s' (did you mean '%s'?)",
			      node->text, near);
	else
		hf_diag_error(l->diags, node->mark,
			      "a waiver for an unknown control '%s'", node->text);
}

static int decode_hosts(hf_loader *l, const hf_node *node, hf_waiver *waiver)
{
	const hf_node **nodes;
	size_t n;

	if (!hf_schema_strings(node, l->arena, &nodes, &n, l->diags))
		return l->diags->oom ? -ENOMEM : 0;
	if (!n)
		hf_diag_add(l->diags, HF_DIAG_ERROR, node->mark,
			    "leave 'hosts' out for every host",
			    "a waiver for no host at all");
	waiver->hosts = hf_arena_array(l->arena, n, sizeof(*waiver->hosts));
	if (!waiver->hosts)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *text = plain(l, nodes[i]);

		if (text && *text)
			waiver->hosts[waiver->n_hosts++] = text;
		else if (text)
			hf_diag_error(l->diags, nodes[i]->mark,
				      "an empty name of a host");
	}
	return 0;
}

static int decode_waiver(hf_loader *l, const hf_file *file, const hf_node *node)
{
	const hf_node *values[W_MAX_];
	hf_waiver *waiver, **slot;
	bool ok = hf_schema_mapping(node, "a waiver", waiver_keys, W_MAX_, values,
				    l->diags);
	int64_t end;
	int r = 0;

	if (values[W_CONTROL])
		check_waived(l, file, values[W_CONTROL]);
	waiver = hf_arena_new(l->arena, hf_waiver);
	if (!waiver)
		return -ENOMEM;
	waiver->mark = node->mark;
	if (values[W_HOSTS])
		r = decode_hosts(l, values[W_HOSTS], waiver);
	if (r < 0)
		return r;
	waiver->reason = plain(l, values[W_REASON]);
	if (waiver->reason && !waiver->reason[strspn(waiver->reason, " \t\n")])
		hf_diag_error(l->diags, values[W_REASON]->mark, "'reason' is empty");
	waiver->approved_by = plain(l, values[W_APPROVED_BY]);
	waiver->until = plain(l, values[W_UNTIL]);
	if (waiver->until && hf_waiver_end(waiver->until, &end) < 0)
		hf_diag_add(l->diags, HF_DIAG_ERROR, values[W_UNTIL]->mark,
			    "YYYY-MM-DD; the waiver ends with that day, UTC",
			    "'%s' is no day of the calendar", waiver->until);
	if (!ok || !waiver->reason)
		return l->diags->oom ? -ENOMEM : 0;
	waiver->control = values[W_CONTROL]->text;
	slot = hf_vec_push(l->arena, l->model->waivers, l->model->n_waivers);
	if (!slot)
		return -ENOMEM;
	*slot = waiver;
	return 0;
}

int hf_top_waivers(hf_loader *l, const hf_file *file)
{
	const hf_node *waivers = file->top[HF_TOP_WAIVERS];

	for (size_t i = 0; waivers && i < waivers->n; i++) {
		const hf_node *node = hf_vars_substitute(&l->vars, waivers->items[i],
							 l->arena, l->diags);
		int r = node ? decode_waiver(l, file, node) : -ENOMEM;

		if (r < 0)
			return r;
	}
	return 0;
}

/* --- select --------------------------------------------------------------------- */

enum { S_LEVEL, S_SEVERITY, S_ONLY, S_SKIP, S_MAX_ };

static const hf_key select_keys[S_MAX_] = {
	[S_LEVEL] = { "level", HF_KEY_INT, 0 },
	[S_SEVERITY] = { "severity", HF_KEY_STRING, 0 },
	[S_ONLY] = { "only", HF_KEY_STRINGS, 0 },
	[S_SKIP] = { "skip", HF_KEY_STRINGS, 0 },
};

typedef struct selector {
	hf_loader *l;
	uint64_t *through;  /* by control: the files through whose select it passed */
	size_t *file_of;    /* by control: index of its file */
	unsigned char *hit; /* scratch, by control: named by 'only', by 'skip' */
} selector;

static bool reaches(const selector *s, const hf_file *file, size_t control)
{
	return file->closure >> s->file_of[control] & 1;
}

/* Sets @bit in .hit of each control in reach of @file that the term names; false: none.
 * A list of ids may be long, and is looked up; other terms are compared. */
static bool match_term(selector *s, const hf_file *file, const char *term, unsigned bit)
{
	const hf_model *model = s->l->model;
	const hf_control *control = hf_map_get(&model->control_by_id, term);
	bool any = false;

	if (control && reaches(s, file, control->index)) {
		s->hit[control->index] |= (unsigned char)bit;
		return true;
	}
	for (size_t i = 0; i < model->n_controls; i++) {
		if (!reaches(s, file, i) || !hf_term_matches(term, model->controls[i]))
			continue;
		s->hit[i] |= (unsigned char)bit;
		any = true;
	}
	return any;
}

static int match_terms(selector *s, const hf_file *file, const hf_node *node,
		       unsigned bit)
{
	const char *option = bit == 1 ? "'only'" : "'skip'";
	const hf_node **terms;
	size_t n, slow = 0;

	if (!hf_schema_strings(node, s->l->arena, &terms, &n, s->l->diags))
		return s->l->diags->oom ? -ENOMEM : 0;
	for (size_t t = 0; t < n; t++) {
		const char *text = terms[t]->text;

		slow += hf_map_get(&s->l->model->control_by_id, text) == NULL;
		if (slow > TERMS_MAX) {
			hf_diag_error(s->l->diags, terms[t]->mark,
				      "%s has more than %d terms that are no ids", option,
				      TERMS_MAX);
			return 0;
		}
		if (!match_term(s, file, text, bit) && !file->incomplete)
			hf_term_report(s->l->model, text, option, terms[t]->mark,
				       s->l->diags);
	}
	return 0;
}

typedef struct limits {
	long long level; /* 0: all */
	hf_severity severity;
	bool only;
} limits;

static int decode_select(selector *s, const hf_file *file, limits *ret)
{
	const hf_node *node = file->top[HF_TOP_SELECT];
	const hf_node *values[S_MAX_];
	hf_diags *diags = s->l->diags;
	int r = 0;

	memset(s->hit, 0, s->l->model->n_controls);
	*ret = (limits){ 0 };
	if (!node)
		return 0;
	node = hf_vars_substitute(&s->l->vars, node, s->l->arena, diags);
	if (!node)
		return -ENOMEM;
	(void)hf_schema_mapping(node, "'select'", select_keys, S_MAX_, values, diags);
	if (values[S_LEVEL])
		(void)hf_schema_int(values[S_LEVEL], 1, 2, &ret->level, diags);
	if (values[S_SEVERITY] &&
	    hf_severity_parse(values[S_SEVERITY]->text, &ret->severity) < 0)
		hf_diag_error(diags, values[S_SEVERITY]->mark,
			      "'severity' must be low, medium or high, not '%s'",
			      values[S_SEVERITY]->text);
	ret->only = values[S_ONLY] != NULL;
	if (values[S_ONLY])
		r = match_terms(s, file, values[S_ONLY], 1);
	if (r == 0 && values[S_SKIP])
		r = match_terms(s, file, values[S_SKIP], 2);
	return r;
}

/* A control is selected by a file if the file declares it, or something it extends
 * selects it, and the file's own `select` keeps it. */
static int select_file(selector *s, const hf_file *file)
{
	uint64_t self = (uint64_t)1 << file->index;
	hf_model *model = s->l->model;
	size_t errors = s->l->diags->n_errors, n = 0;
	limits limit;
	int r = decode_select(s, file, &limit);

	if (r < 0)
		return r;
	for (size_t i = 0; i < model->n_controls; i++) {
		const hf_control *c = model->controls[i];

		if (s->file_of[i] != file->index && !(s->through[i] & file->parents))
			continue;
		if ((limit.level && c->level > limit.level) ||
		    c->severity < limit.severity || (s->hit[i] & 2) ||
		    (limit.only && !(s->hit[i] & 1)))
			continue;
		s->through[i] |= self;
		n++;
	}
	if (file->top[HF_TOP_SELECT] && !n && model->n_controls && !file->incomplete &&
	    s->l->diags->n_errors == errors)
		hf_diag_error(s->l->diags, file->top[HF_TOP_SELECT]->mark,
			      "the selection leaves no control");
	return 0;
}

int hf_top_select(hf_loader *l)
{
	hf_model *model = l->model;
	size_t n = model->n_controls;
	cleanup_free uint64_t *through = calloc(n + 1, sizeof(*through));
	cleanup_free size_t *file_of = calloc(n + 1, sizeof(*file_of));
	cleanup_free unsigned char *hit = calloc(n + 1, 1);
	selector s = { l, through, file_of, hit };

	if (!through || !file_of || !hit)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		file_of[i] = l->entries[i]->file->index;
	for (size_t i = 0; i < l->n_order; i++) {
		int r = select_file(&s, l->files[l->order[i]]);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < n; i++) {
		hf_control *c = model->controls[i];

		c->own_selected = (through[i] & l->requested) != 0;
		c->selected = c->own_selected;
	}
	return 0;
}

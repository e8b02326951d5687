/* SPDX-License-Identifier: Apache-2.0 */
/* Controls, merged and with their variables replaced, into the typed model. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "model/load.h"
#include "model/schema.h"
#include "model/when.h"

enum {
	KEY_ID,
	KEY_TITLE,
	KEY_LEVEL,
	KEY_SEVERITY,
	KEY_TAGS,
	KEY_REFS,
	KEY_RATIONALE,
	KEY_WHEN,
	KEY_MANUAL,
	KEY_META,
	KEY_ENFORCE,
	KEY_DISABLED,
	KEY_OWN, /* from here on: the kinds' sections */
	KEY_MAX = 32,
};

static const hf_key own_keys[KEY_OWN] = {
	[KEY_ID] = { "id", HF_KEY_STRING, HF_KEY_REQUIRED },
	[KEY_TITLE] = { "title", HF_KEY_STRING, HF_KEY_REQUIRED },
	[KEY_LEVEL] = { "level", HF_KEY_INT, 0 },
	[KEY_SEVERITY] = { "severity", HF_KEY_STRING, 0 },
	[KEY_TAGS] = { "tags", HF_KEY_STRINGS, 0 },
	[KEY_REFS] = { "refs", HF_KEY_MAPPING, 0 },
	[KEY_RATIONALE] = { "rationale", HF_KEY_STRING, 0 },
	[KEY_WHEN] = { "when", HF_KEY_MAPPING, 0 },
	[KEY_MANUAL] = { "manual", HF_KEY_STRING, 0 },
	[KEY_META] = { "meta", HF_KEY_MAPPING, 0 },
	[KEY_ENFORCE] = { "enforce", HF_KEY_BOOL, 0 },
	[KEY_DISABLED] = { "disabled", HF_KEY_STRING, 0 },
};

typedef struct control_decoder {
	hf_loader *l;
	hf_control *control;
	hf_key keys[KEY_MAX]; /* own ones, then one for each kind */
	size_t n_keys;
	const hf_node *values[KEY_MAX];
	size_t n_errors; /* before this control */
} control_decoder;

static bool out_of_memory(const hf_loader *l)
{
	return l->diags->oom;
}

/* The text of @node as final, NULL if absent or reported. An empty one is reported. */
static const char *text_of(control_decoder *d, int key)
{
	const hf_node *node = d->values[key];
	const char *text;

	if (!node)
		return NULL;
	text = hf_vars_plain(node->text, d->l->arena, node->mark, d->l->diags);
	if (text && !text[strspn(text, " \t\n")]) {
		hf_diag_error(d->l->diags, node->mark, "'%s' is empty",
			      own_keys[key].name);
		return NULL;
	}
	return text;
}

/* A word that selection terms can name: no blanks, no globs. */
static bool word_ok(const char *s)
{
	return *s && !strpbrk(s, " \t\n*?[]/") && strlen(s) <= 128;
}

static int decode_texts(control_decoder *d, const hf_node *node, const char ***ret,
			size_t *ret_n)
{
	const hf_node **nodes;
	const char **texts;
	size_t n = 0, n_nodes;

	if (!hf_schema_strings(node, d->l->arena, &nodes, &n_nodes, d->l->diags))
		return out_of_memory(d->l) ? -ENOMEM : 0;
	texts = hf_arena_array(d->l->arena, n_nodes, sizeof(*texts));
	if (!texts)
		return -ENOMEM;
	for (size_t i = 0; i < n_nodes; i++) {
		const char *text = hf_vars_plain(nodes[i]->text, d->l->arena,
						 nodes[i]->mark, d->l->diags);

		if (text && !word_ok(text))
			hf_diag_add(d->l->diags, HF_DIAG_ERROR, nodes[i]->mark,
				    "selection names it: no blanks, '/', '*', '?', '[' "
				    "or ']'",
				    "'%s' is not a word", text);
		else if (text)
			texts[n++] = text;
	}
	*ret = texts;
	*ret_n = n;
	return 0;
}

static int decode_refs(control_decoder *d)
{
	const hf_node *node = d->values[KEY_REFS];

	for (size_t i = 0; node && i < node->n; i++) {
		hf_ref *ref;
		int r;

		if (!word_ok(node->keys[i]->text)) {
			hf_diag_error(d->l->diags, node->keys[i]->mark,
				      "'%s' is not a word", node->keys[i]->text);
			continue;
		}
		ref = hf_vec_push(d->l->arena, d->control->refs, d->control->n_refs);
		if (!ref)
			return -ENOMEM;
		ref->name = node->keys[i]->text;
		r = decode_texts(d, node->items[i], &ref->values, &ref->n);
		if (r < 0)
			return r;
	}
	return 0;
}

static void decode_severity(control_decoder *d)
{
	const hf_node *node = d->values[KEY_SEVERITY];

	if (node && hf_severity_parse(node->text, &d->control->severity) < 0)
		hf_diag_error(d->l->diags, node->mark,
			      "'severity' must be low, medium or high, not '%s'",
			      node->text);
}

/* "disabled: true" would say that, and not why: a year later nobody knows. */
static void decode_disabled(control_decoder *d)
{
	const hf_node *node = d->values[KEY_DISABLED];
	bool flag;

	d->control->disabled = text_of(d, KEY_DISABLED);
	if (node && node->plain && hf_parse_bool(node->text, &flag) == 0)
		hf_diag_add(d->l->diags, HF_DIAG_ERROR, node->mark,
			    flag ? "disabled: \"the reason\""
				 : "leave it out, or remove an inherited one with null",
			    "'disabled' must be the reason, not '%s'", node->text);
}

static int decode_own(control_decoder *d)
{
	hf_control *c = d->control;
	int r = 0;

	c->title = text_of(d, KEY_TITLE);
	c->rationale = text_of(d, KEY_RATIONALE);
	c->manual = text_of(d, KEY_MANUAL);
	decode_disabled(d);
	c->meta = d->values[KEY_META];
	c->level = 1;
	if (d->values[KEY_LEVEL])
		(void)hf_schema_int(d->values[KEY_LEVEL], 1, 2, &c->level, d->l->diags);
	c->severity = HF_SEVERITY_MEDIUM;
	decode_severity(d);
	c->enforce = true;
	if (d->values[KEY_ENFORCE])
		(void)hf_schema_bool(d->values[KEY_ENFORCE], &c->enforce, d->l->diags);
	if (d->values[KEY_TAGS])
		r = decode_texts(d, d->values[KEY_TAGS], &c->tags, &c->n_tags);
	if (r == 0)
		r = decode_refs(d);
	if (r == 0 && d->values[KEY_WHEN])
		r = hf_when_decode(d->values[KEY_WHEN], d->l->arena, d->l->diags,
				   &c->when, &c->n_when);
	return r < 0 || out_of_memory(d->l) ? -ENOMEM : 0;
}

/* One that asks for nothing would pass, or never apply, whatever the host is like. */
static void check_asks(const control_decoder *d)
{
	const hf_control *c = d->control;

	if (d->l->diags->n_errors > d->n_errors)
		return; /* what it asks for is not known */
	if (!c->n_demands && !c->manual)
		hf_diag_add(
			d->l->diags, HF_DIAG_ERROR, c->mark,
			"add what must hold, or 'manual' with what a person has to do",
			"control '%s' asks for nothing", c->id);
	if (c->n_demands && c->manual)
		hf_diag_add(d->l->diags, HF_DIAG_ERROR, d->values[KEY_MANUAL]->mark,
			    "leave out one of them; null removes an inherited one",
			    "control '%s' is 'manual', and asks for what is decided here",
			    c->id);
}

static int decode_kinds(control_decoder *d)
{
	hf_decoder decoder = { d->l->model, d->control, d->l->diags };

	for (size_t i = 0; i < d->l->model->n_kinds; i++) {
		const hf_kind *kind = d->l->model->kinds[i];
		const hf_node *section = d->values[KEY_OWN + i];
		int r;

		if (!section)
			continue;
		if (hf_node_is_null(section)) {
			hf_diag_error(d->l->diags, section->mark, "'%s' is empty",
				      kind->name);
			continue;
		}
		r = kind->decode ? kind->decode(&decoder, section) : 0;
		if (r < 0)
			return r;
	}
	check_asks(d);
	return 0;
}

static int decode_control(control_decoder *d, hf_entry *entry)
{
	hf_model *model = d->l->model;
	hf_control *control = hf_arena_new(d->l->arena, hf_control), **slot;
	const hf_node *node;
	int r;

	d->n_errors = d->l->diags->n_errors;
	node = hf_vars_substitute(&d->l->vars, entry->node, d->l->arena, d->l->diags);
	if (!control || !node)
		return -ENOMEM;
	entry->node = node;
	control->id = entry->id;
	control->baseline = entry->file->baseline;
	control->node = node;
	control->mark = hf_node_get(node, "id")->mark;
	control->index = model->n_controls;
	d->control = control;
	slot = hf_vec_push(d->l->arena, model->controls, model->n_controls);
	if (!slot ||
	    hf_map_put(&model->control_by_id, d->l->arena, control->id, control) < 0)
		return -ENOMEM;
	*slot = control;
	(void)hf_schema_mapping(node, "a control", d->keys, d->n_keys, d->values,
				d->l->diags);
	r = decode_own(d);
	if (!control->title)
		control->title = control->id; /* reported; later parts need one */
	return r < 0 ? r : decode_kinds(d);
}

int hf_decode_controls(hf_loader *l)
{
	control_decoder d = { .l = l, .n_keys = KEY_OWN };

	memcpy(d.keys, own_keys, sizeof(own_keys));
	for (size_t i = 0; i < l->model->n_kinds && d.n_keys < KEY_MAX; i++)
		d.keys[d.n_keys++] = (hf_key){ l->model->kinds[i]->name, HF_KEY_ANY, 0 };
	for (size_t i = 0; i < l->n_entries; i++) {
		int r = decode_control(&d, l->entries[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

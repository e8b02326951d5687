/* SPDX-License-Identifier: Apache-2.0 */
/* Layers: variables, tailoring and controls of all files, in the order of inheritance. */
#include <errno.h>
#include <string.h>

#include "model/load.h"

static bool inherits(const hf_file *file, size_t index)
{
	return file->closure >> index & 1;
}

/* --- vars ----------------------------------------------------------------------- */

/* @file says @value of a variable that another file has set before. */
static void override(const hf_file *file, hf_var *var, const hf_node *value)
{
	if (!inherits(file, var->file) && strcmp(var->value, value->text) != 0) {
		var->conflict = true;
		var->other_mark = value->mark;
		return;
	}
	if (inherits(file, var->file))
		var->conflict = false; /* who extends has the last word */
	var->value = value->text;
	var->mark = value->mark;
	var->file = file->index;
}

int hf_layer_vars(hf_loader *l, const hf_file *file)
{
	const hf_node *vars = file->top[HF_TOP_VARS];

	for (size_t i = 0; vars && i < vars->n; i++) {
		const hf_node *key = vars->keys[i], *value = vars->items[i];
		hf_var *var;

		if (!hf_vars_name_ok(key->text, strlen(key->text))) {
			hf_diag_add(l->diags, HF_DIAG_ERROR, key->mark,
				    "letters, digits, '_' and '-', not beginning with a "
				    "digit",
				    "'%s' is no name for a variable", key->text);
			continue;
		}
		if (value->type != HF_NODE_SCALAR || hf_node_is_null(value)) {
			hf_diag_add(l->diags, HF_DIAG_ERROR, value->mark,
				    hf_node_is_null(value)
					    ? "an empty text is written \"\""
					    : NULL,
				    "variable '%s' must be a text, not %s", key->text,
				    hf_node_type_name(value));
			continue;
		}
		var = hf_vars_get(&l->vars, key->text);
		if (var) {
			override(file, var, value);
			continue;
		}
		var = hf_vars_add(&l->vars, l->arena, key->text);
		if (!var)
			return -ENOMEM;
		var->value = value->text;
		var->mark = value->mark;
		var->file = file->index;
	}
	return 0;
}

static int set_one(hf_loader *l, const char *set)
{
	hf_mark nowhere = { 0 };
	const char *eq = strchr(set, '=');
	cleanup_free char *name = NULL;
	hf_var *var;

	if (!eq || eq == set) {
		hf_diag_error(l->diags, nowhere, "--set wants VAR=VALUE, not '%s'", set);
		return 0;
	}
	name = strndup(set, (size_t)(eq - set));
	if (!name)
		return -ENOMEM;
	var = hf_vars_get(&l->vars, name);
	if (!var) {
		const char *near = hf_vars_near(&l->vars, name);

		if (near)
			hf_diag_error(l->diags, nowhere,
				      "--set: no variable '%s' (did you mean '%s'?)",
				      name, near);
		else
			hf_diag_add(l->diags, HF_DIAG_ERROR, nowhere,
				    "a baseline declares its variables under 'vars'",
				    "--set: no variable '%s'", name);
		return 0;
	}
	var->value = hf_arena_strdup(l->arena, eq + 1);
	if (!var->value)
		return -ENOMEM;
	var->mark = nowhere;
	var->is_set = true;
	return 0;
}

int hf_layer_sets(hf_loader *l)
{
	hf_model *model = l->model;

	/* without a baseline there are no variables to miss */
	for (size_t i = 0; l->n_order && i < l->request->n_sets; i++)
		if (set_one(l, l->request->sets[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < l->vars.n; i++) {
		const hf_var *var = l->vars.items[i];

		if (var->conflict && !var->is_set)
			hf_diag_add(
				l->diags, HF_DIAG_ERROR, var->other_mark,
				"set it in the baseline that extends both, or with --set",
				"variable '%s' is set to another value at %s:%u",
				var->name, var->mark.source->name, var->mark.line);
	}
	(void)hf_vars_resolve(&l->vars, l->arena, l->diags);
	for (size_t i = 0; i < l->vars.n; i++) {
		const hf_var *var = l->vars.items[i];
		const char **slot;

		for (int k = 0; k < 2; k++) {
			size_t n = 2 * model->n_vars + (size_t)k;

			slot = hf_vec_push(l->arena, model->vars, n);
			if (!slot)
				return -ENOMEM;
			*slot = k == 0 ? var->name : var->resolved ? var->resolved : "";
		}
		model->n_vars++;
	}
	return l->diags->oom ? -ENOMEM : 0;
}

/* --- tailor --------------------------------------------------------------------- */

typedef struct merger {
	hf_loader *l;
	const char *id;	  /* of the control */
	const char *path; /* where in it, for messages: "" or "daemon.set." */
} merger;

/* Positions of keys; a map only where a mapping is large. */
typedef struct key_index {
	const hf_node *node;
	hf_map map; /* key node pointers */
} key_index;

enum { INDEX_FROM = 32 };

static int index_open(key_index *x, hf_arena *arena, const hf_node *node)
{
	*x = (key_index){ .node = node };
	for (size_t i = 0; node && node->n >= INDEX_FROM && i < node->n; i++)
		if (hf_map_put(&x->map, arena, node->keys[i]->text, &node->keys[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* The position of @key, or -1. */
static ssize_t index_find(const key_index *x, const char *key)
{
	const hf_node *node = x->node;
	hf_node **slot;

	if (!node)
		return -1;
	if (node->n >= INDEX_FROM) {
		slot = hf_map_get(&x->map, key);
		return slot ? slot - node->keys : -1;
	}
	for (size_t i = 0; i < node->n; i++)
		if (strcmp(node->keys[i]->text, key) == 0)
			return (ssize_t)i;
	return -1;
}

static hf_node *merge(merger *m, const hf_node *base, const hf_node *patch);

/* `+key`: the items of @base and then those of @patch. */
static hf_node *append(merger *m, const hf_node *base, const hf_node *key,
		       const hf_node *patch)
{
	hf_node *list;

	if (patch->type != HF_NODE_SEQUENCE) {
		hf_diag_error(m->l->diags, patch->mark, "'%s' must be a list, not %s",
			      key->text, hf_node_type_name(patch));
		return NULL;
	}
	if (base && base->type != HF_NODE_SEQUENCE) {
		hf_diag_error(m->l->diags, key->mark,
			      "'%s' appends to a list, and '%s%s' of '%s' is %s",
			      key->text, m->path, key->text + 1, m->id,
			      hf_node_type_name(base));
		return NULL;
	}
	list = hf_node_new(m->l->arena, HF_NODE_SEQUENCE, base ? base->mark : patch->mark,
			   (base ? base->n : 0) + patch->n);
	if (!list) {
		m->l->diags->oom = true;
		return NULL;
	}
	for (size_t i = 0; base && i < base->n; i++)
		list->items[list->n++] = base->items[i];
	for (size_t i = 0; i < patch->n; i++)
		list->items[list->n++] = patch->items[i];
	return list;
}

static void report_nothing_to_remove(merger *m, const hf_node *base, const hf_node *key)
{
	const char *near = NULL;
	size_t n_names = base && hf_diags_worth(m->l->diags, base->n) ? base->n : 0;

	for (size_t i = 0; i < n_names; i++)
		near = hf_nearer(key->text, near, base->keys[i]->text);
	if (near)
		hf_diag_error(
			m->l->diags, key->mark,
			"nothing to remove: '%s' has no '%s%s' (did you mean '%s'?)",
			m->id, m->path, key->text, near);
	else
		hf_diag_error(m->l->diags, key->mark,
			      "nothing to remove: '%s' has no '%s%s'", m->id, m->path,
			      key->text);
}

static hf_node *merge_below(merger *m, const hf_node *key, const hf_node *base,
			    const hf_node *patch)
{
	merger below = { m->l, m->id, NULL };

	below.path = hf_arena_printf(m->l->arena, "%s%s.", m->path, key->text);
	if (!below.path) {
		m->l->diags->oom = true;
		return NULL;
	}
	return merge(&below, base && base->type == HF_NODE_MAPPING ? base : NULL, patch);
}

/* Applies one pair of a patch to @out, in which the pairs of @base stand first. */
static void merge_pair(merger *m, const key_index *x, hf_node *out, hf_node *key,
		       hf_node *value)
{
	bool plus = key->plain && key->text[0] == '+' && key->text[1];
	const char *name = plus ? key->text + 1 : key->text;
	ssize_t at = index_find(x, name);
	const hf_node *old = at >= 0 ? x->node->items[at] : NULL;
	hf_node *fresh = value;

	if (plus) {
		hf_node *word = hf_node_new(m->l->arena, HF_NODE_SCALAR, key->mark, 0);

		fresh = append(m, old, key, value);
		if (!word) {
			m->l->diags->oom = true;
			return;
		}
		*word = *key;
		word->text = name;
		key = word;
	} else if (hf_node_is_null(value)) {
		if (at >= 0)
			out->items[at] = NULL;
		else
			report_nothing_to_remove(m, x->node, key);
		return;
	} else if (value->type == HF_NODE_MAPPING && strcmp(key->text, "meta") != 0) {
		fresh = merge_below(m, key, old, value);
	}
	if (!fresh)
		return;
	if (at >= 0) {
		out->items[at] = fresh;
		return;
	}
	out->keys[out->n] = key;
	out->items[out->n++] = fresh;
}

/* The mapping @base (or none) with the mapping @patch laid over it; both stay as they
 * are. NULL: out of memory, noted in the diagnostics. */
static hf_node *merge(merger *m, const hf_node *base, const hf_node *patch)
{
	size_t n_base = base ? base->n : 0, n = 0;
	hf_node *out = hf_node_new(m->l->arena, HF_NODE_MAPPING,
				   base ? base->mark : patch->mark, n_base + patch->n);
	key_index x;

	if (!out || index_open(&x, m->l->arena, base) < 0) {
		m->l->diags->oom = true;
		return NULL;
	}
	for (size_t i = 0; i < n_base; i++) {
		out->keys[i] = base->keys[i];
		out->items[i] = base->items[i];
	}
	out->n = n_base;
	for (size_t i = 0; i < patch->n; i++) {
		const hf_node *key = patch->keys[i];

		if (key->text[0] == '+' && hf_node_get(patch, key->text + 1))
			hf_diag_error(
				m->l->diags, key->mark,
				"'%s' appends to what '%s' replaces: say one of them",
				key->text, key->text + 1);
		else
			merge_pair(m, &x, out, patch->keys[i], patch->items[i]);
	}
	for (size_t i = 0; i < out->n; i++) { /* close the gaps of what was removed */
		if (!out->items[i])
			continue;
		out->keys[n] = out->keys[i];
		out->items[n++] = out->items[i];
	}
	out->n = n;
	return out;
}

/*
 * Two files that do not know of each other tailor one control: their patches must not
 * disagree, else the order on the command line would decide. Returns the mark of the
 * first place where @b says something else than @a, or NULL.
 */
static const hf_node *disagree(const hf_node *a, const hf_node *b)
{
	if (a->type != HF_NODE_MAPPING || b->type != HF_NODE_MAPPING)
		return hf_node_equal(a, b) ? NULL : b;
	for (size_t i = 0; i < b->n; i++) {
		const hf_node *other = hf_node_get(a, b->keys[i]->text);
		const hf_node *where;

		if (!other || b->keys[i]->text[0] == '+')
			continue;
		where = disagree(other, b->items[i]);
		if (where)
			return where;
	}
	return NULL;
}

static bool check_patch(hf_loader *l, const hf_file *file, const hf_entry *entry,
			const hf_node *patch)
{
	const hf_node *id = hf_node_get(patch, "id");

	if (id) {
		hf_diag_error(l->diags, id->mark,
			      "the id of a control cannot be tailored");
		return false;
	}
	for (size_t i = 0; i < entry->n_patches; i++) {
		const hf_patch *p = &entry->patches[i];
		const hf_node *where;

		if (inherits(file, p->file->index))
			continue;
		where = disagree(p->node, patch);
		if (!where)
			continue;
		hf_diag_add(
			l->diags, HF_DIAG_ERROR, where->mark,
			"neither baseline extends the other: tailor it in one of them",
			"'%s' is tailored differently at %s:%u", entry->id,
			p->node->mark.source->name, p->node->mark.line);
		return false;
	}
	return true;
}

static void report_unknown(hf_loader *l, const hf_file *file, const hf_node *key)
{
	const char *near = hf_load_nearest(l, file, key->text, false);

	if (near)
		hf_diag_error(
			l->diags, key->mark,
			"'tailor' names no inherited control '%s' (did you mean '%s'?)",
			key->text, near);
	else
		hf_diag_error(l->diags, key->mark,
			      "'tailor' names no inherited control '%s'", key->text);
}

int hf_layer_tailor(hf_loader *l, const hf_file *file)
{
	const hf_node *tailor = file->top[HF_TOP_TAILOR];

	for (size_t i = 0; tailor && i < tailor->n; i++) {
		const hf_node *key = tailor->keys[i], *patch = tailor->items[i];
		hf_entry *entry = hf_map_get(&l->entry_by_id, key->text);
		merger m = { l, key->text, "" };
		hf_patch *slot;

		if (!entry || !inherits(file, entry->file->index)) {
			if (!file->incomplete)
				report_unknown(l, file, key);
			continue;
		}
		if (patch->type != HF_NODE_MAPPING) {
			hf_diag_add(l->diags, HF_DIAG_ERROR, patch->mark,
				    "to switch a control off: {disabled: \"the reason\"}",
				    "a tailoring must be a mapping, not %s",
				    hf_node_type_name(patch));
			continue;
		}
		if (!check_patch(l, file, entry, patch))
			continue;
		slot = hf_vec_push(l->arena, entry->patches, entry->n_patches);
		if (!slot)
			return -ENOMEM;
		*slot = (hf_patch){ patch, file };
		entry->node = merge(&m, entry->node, patch);
		if (!entry->node || l->diags->oom)
			return -ENOMEM;
	}
	return 0;
}

/* --- controls ------------------------------------------------------------------- */

/* The id of a control as declared, or NULL (reported). */
static const hf_node *control_id(hf_loader *l, const hf_node *control)
{
	const hf_node *id = hf_node_get(control, "id");

	if (control->type != HF_NODE_MAPPING) {
		hf_diag_error(l->diags, control->mark,
			      "a control must be a mapping, not %s",
			      hf_node_type_name(control));
		return NULL;
	}
	if (!id) {
		hf_diag_error(l->diags, control->mark, "missing key 'id' in a control");
		return NULL;
	}
	if (id->type != HF_NODE_SCALAR || hf_node_is_null(id)) {
		hf_diag_error(l->diags, id->mark, "'id' must be a text, not %s",
			      hf_node_type_name(id));
		return NULL;
	}
	if (!hf_load_id_ok(id->text)) {
		hf_diag_add(l->diags, HF_DIAG_ERROR, id->mark,
			    "letters, digits, '.', '_' and '-', at most 128",
			    "'%s' is no id for a control", id->text);
		return NULL;
	}
	return id;
}

int hf_layer_controls(hf_loader *l, const hf_file *file)
{
	const hf_node *controls = file->top[HF_TOP_CONTROLS];

	for (size_t i = 0; controls && i < controls->n; i++) {
		const hf_node *node = controls->items[i];
		const hf_node *id = control_id(l, node);
		const hf_entry *other = id ? hf_map_get(&l->entry_by_id, id->text) : NULL;
		hf_entry *entry, **slot;

		if (!id)
			continue;
		if (other) {
			const hf_node *first = hf_node_get(other->node, "id");

			hf_diag_add(
				l->diags, HF_DIAG_ERROR, id->mark,
				inherits(file, other->file->index) && other->file != file
					? "an inherited control is changed under 'tailor'"
					: NULL,
				"control '%s' is declared already, at %s:%u", id->text,
				first->mark.source->name, first->mark.line);
			continue;
		}
		entry = hf_arena_new(l->arena, hf_entry);
		slot = entry ? hf_vec_push(l->arena, l->entries, l->n_entries) : NULL;
		if (!slot)
			return -ENOMEM;
		*entry = (hf_entry){ .id = id->text, .node = node, .file = file };
		*slot = entry;
		if (hf_map_put(&l->entry_by_id, l->arena, id->text, entry) < 0)
			return -ENOMEM;
	}
	return 0;
}

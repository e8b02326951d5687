/* SPDX-License-Identifier: Apache-2.0 */
/* Contradictions between the demands of one model. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_spec.h"

/* The first demand of each kind on one name, and the adds in a row. */
typedef struct wish {
	const hf_demand *first[HF_DAEMON_REQUIRE + 1];
} wish;

typedef struct checker {
	hf_arena arena;
	hf_map wishes; /* by name */
	hf_diags *diags;
	bool oom;
} checker;

int hf_daemon_equal(const hf_json *a, const hf_json *b)
{
	hf_arena arena = { 0 };
	const char *x = hf_json_canonical(a, &arena), *y = hf_json_canonical(b, &arena);
	int r = x && y ? strcmp(x, y) == 0 : -ENOMEM;

	hf_arena_done(&arena);
	return r;
}

static int matches(const hf_json *value, const hf_json *pattern)
{
	if (value->type == HF_JSON_STRING && pattern->type == HF_JSON_STRING)
		return fnmatch(pattern->text, value->text, 0) == 0;
	return hf_daemon_equal(value, pattern);
}

int hf_daemon_is_forbidden(const hf_json *value, const hf_json *list)
{
	int hit = 0;

	for (size_t i = 0; i < list->n && hit == 0; i++) {
		if (value->type != HF_JSON_ARRAY)
			hit = matches(value, list->items[i]);
		for (size_t k = 0; value->type == HF_JSON_ARRAY && k < value->n && !hit;
		     k++)
			hit = matches(value->items[k], list->items[i]);
	}
	return hit;
}

/* The elements of @list as a set of canonical texts. */
static int set_of(const hf_json *list, hf_arena *arena, hf_map *ret)
{
	for (size_t i = 0; list && i < list->n; i++) {
		const char *text = hf_json_canonical(list->items[i], arena);

		if (!text || hf_map_put(ret, arena, text, list->items[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool has_text(const hf_json *list, const char *text)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (list->items[i]->type == HF_JSON_STRING &&
		    strcmp(list->items[i]->text, text) == 0)
			return true;
	return false;
}

int hf_daemon_contains(const hf_json *list, const hf_json *wanted)
{
	hf_arena arena = { 0 };
	hf_map set = { 0 };
	int r;

	if (wanted->n == 1 && wanted->items[0]->type == HF_JSON_STRING)
		return has_text(list, wanted->items[0]->text);
	r = set_of(list, &arena, &set) < 0 ? -ENOMEM : 1;

	for (size_t i = 0; i < wanted->n && r == 1; i++) {
		const char *text = hf_json_canonical(wanted->items[i], &arena);

		r = text ? hf_map_get(&set, text) != NULL : -ENOMEM;
	}
	hf_arena_done(&arena);
	return r;
}

int hf_daemon_list_add(hf_json *list, const hf_json *more, const hf_map *but,
		       hf_map *seen, hf_arena *arena)
{
	for (size_t i = 0; more && i < more->n; i++) {
		const char *text = hf_json_canonical(more->items[i], arena);
		hf_json *copy = hf_arena_new(arena, hf_json);

		if (!text || !copy)
			return -ENOMEM;
		if (but && hf_map_get(but, text))
			continue;
		*copy = *more->items[i];
		if (hf_map_put(seen, arena, text, copy) < 0 ||
		    hf_json_add(arena, list, NULL, copy) < 0)
			return -ENOMEM;
	}
	return 0;
}

bool hf_daemon_hides_data(const hf_dkey *key, const char *subkey)
{
	if (key->flags & HF_DKEY_HIDES_DATA)
		return true;
	/* another image store: what the old one holds is not seen in the new one */
	return strcmp(key->name, "features") == 0 &&
	       (!subkey || strcmp(subkey, "containerd-snapshotter") == 0);
}

static void report(checker *c, const hf_demand *a, const hf_demand *b, const char *how)
{
	const hf_daemon_spec *spec = a->spec;
	cleanup_free char *where = NULL;

	if (b->mark.source &&
	    asprintf(&where, " (%s:%u)", b->mark.source->name, b->mark.line) < 0)
		where = NULL;
	hf_diag_add(c->diags, HF_DIAG_ERROR, a->mark,
		    "disable one of the two controls, or tailor it",
		    "control '%s' %s '%s', against control '%s'%s", a->control->id, how,
		    spec->name, b->control->id, where ? where : "");
}

/* @a and @b speak of the same name; @a is SET, ADD or REQUIRE. */
static void compare(checker *c, const hf_demand *a, const hf_demand *b)
{
	const hf_daemon_spec *x = a->spec, *y = b->spec;
	int r = 0;

	if (x->op == HF_DAEMON_SET && y->op == HF_DAEMON_SET) {
		r = hf_daemon_equal(x->value, y->value);
		if (r == 0)
			report(c, a, b, "sets another value of");
	} else if (x->op == HF_DAEMON_SET && y->op == HF_DAEMON_UNSET) {
		report(c, a, b, "sets");
	} else if (x->op == HF_DAEMON_SET && y->op == HF_DAEMON_ADD) {
		r = hf_daemon_contains(x->value, y->value);
		if (r == 0)
			report(c, a, b, "sets a list without what is added to");
	} else if (x->op == HF_DAEMON_ADD && y->op == HF_DAEMON_UNSET) {
		report(c, a, b, "adds to");
	} else if (x->op == HF_DAEMON_REQUIRE && y->op == HF_DAEMON_UNSET) {
		report(c, a, b, "requires");
	} else if ((x->op == HF_DAEMON_SET || x->op == HF_DAEMON_ADD) &&
		   y->op == HF_DAEMON_FORBID) {
		r = hf_daemon_is_forbidden(x->value, y->value);
		if (r > 0)
			report(c, a, b, "gives a forbidden value to");
	}
	c->oom |= r < 0;
}

static bool is_positive(const hf_daemon_spec *spec)
{
	return spec->op == HF_DAEMON_SET || spec->op == HF_DAEMON_ADD ||
	       spec->op == HF_DAEMON_REQUIRE;
}

static wish *wish_of(checker *c, const char *name)
{
	wish *w = hf_map_get(&c->wishes, name);

	if (w)
		return w;
	w = hf_arena_new(&c->arena, wish);
	return w && hf_map_put(&c->wishes, &c->arena, name, w) == 0 ? w : NULL;
}

typedef bool (*filter)(const hf_demand *demand);

/* Those that are the measure for all others: the first of each name and operation. */
static int collect(checker *c, const hf_model *model, filter use)
{
	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_daemon_spec *spec = demand->spec;
		wish *w;

		if (demand->kind != &hf_kind_daemon || !use(demand))
			continue;
		w = wish_of(c, spec->name);
		if (!w)
			return -ENOMEM;
		if (!w->first[spec->op])
			w->first[spec->op] = demand;
	}
	return 0;
}

static void compare_all(checker *c, const hf_demand *demand, const char *name)
{
	const hf_daemon_spec *spec = demand->spec;
	const wish *w = hf_map_get(&c->wishes, name);

	for (size_t op = 0; w && op < ARRAY_SIZE(w->first); op++) {
		const hf_demand *other = w->first[op];

		if (!other || other == demand)
			continue;
		if (is_positive(spec))
			compare(c, demand, other);
		/* the other way round, where @demand is not itself a measure */
		if (op != spec->op && w->first[spec->op] != demand)
			compare(c, other, demand);
	}
}

/* A map that another control unsets as a whole. */
static void compare_with_map(checker *c, const hf_demand *demand)
{
	const hf_daemon_spec *spec = demand->spec;
	const wish *w = hf_map_get(&c->wishes, spec->key->name);

	if (w && w->first[HF_DAEMON_UNSET])
		compare(c, demand, w->first[HF_DAEMON_UNSET]);
}

static int compare_model(const hf_model *model, hf_diags *diags, filter measure,
			 filter use)
{
	checker c = { .diags = diags };
	int r = collect(&c, model, measure);

	for (size_t i = 0; r == 0 && i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_daemon_spec *spec = demand->spec;

		if (demand->kind != &hf_kind_daemon || !use(demand))
			continue;
		compare_all(&c, demand, spec->name);
		if (spec->subkey)
			compare_with_map(&c, demand);
	}
	hf_arena_done(&c.arena);
	return c.oom ? -ENOMEM : r;
}

static bool is_enabled(const hf_demand *demand)
{
	return !demand->control->disabled;
}

static bool is_unconditional(const hf_demand *demand)
{
	return is_enabled(demand) && demand->control->n_when == 0;
}

static bool is_claiming(const hf_demand *demand)
{
	return hf_control_is_claiming(demand->control);
}

/* Keys in references: a misspelt one would never have a value, and nothing be asked. */
static int check_refs(const hf_model *model, hf_diags *diags)
{
	for (size_t i = 0; i < model->n_refs; i++) {
		const char *ref = model->refs[i];
		const hf_mark *mark = hf_map_get(&model->ref_seen, ref);
		cleanup_free char *key = NULL;

		if (strncmp(ref, "daemon:", 7) != 0)
			continue;
		key = strndup(ref + 7, strcspn(ref + 7, "."));
		if (!key)
			return -ENOMEM;
		/* a flag, and no key: fill_ref() knows it */
		if (!hf_dkey_find(key) && strcmp(key, "config-file") != 0)
			hf_daemon_report_unknown(diags, *mark, key);
	}
	return 0;
}

int hf_daemon_check(const hf_model *model, hf_diags *diags)
{
	if (check_refs(model, diags) < 0)
		return -ENOMEM;
	/* two controls with `when` may be meant for different hosts */
	return compare_model(model, diags, is_unconditional, is_enabled);
}

int hf_daemon_check_active(const hf_model *model, hf_diags *diags)
{
	return compare_model(model, diags, is_claiming, is_claiming);
}

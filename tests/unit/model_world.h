/* SPDX-License-Identifier: Apache-2.0 */
/* A model loaded from texts in memory, with kinds of our own; for the model's tests. */
#ifndef HF_TESTS_MODEL_WORLD_H
#define HF_TESTS_MODEL_WORLD_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "model/kind.h"
#include "model/resolved.h"

typedef struct memory_file {
	const char *name;
	const char *text;
	size_t len; /* 0: strlen(text) */
} memory_file;

typedef struct world {
	hf_model model;
	hf_diags diags;
	hf_strbuf said; /* diagnostics as text */
	bool ok;
} world;

/* "daemon": each key below `set` is a demand whose spec is the value's node. */
static int fake_decode(hf_decoder *d, const hf_node *node);
/* The other kinds: anything that is not empty is a demand. */
static int fake_any(hf_decoder *d, const hf_node *node);
/* Two enabled controls that want different values of one key. */
static int fake_check(const hf_model *model, hf_diags *diags);

static const hf_kind fake_daemon = {
	.name = "daemon", .rank = 1, .decode = fake_decode, .check = fake_check
};
static const hf_kind fake_files = { .name = "files", .rank = 2, .decode = fake_any };
static const hf_kind fake_audit = { .name = "audit", .rank = 3, .decode = fake_any };
static const hf_kind *const fake_kinds[] = { &fake_daemon, &fake_files, &fake_audit };

static int fake_any(hf_decoder *d, const hf_node *node)
{
	return node->n ? hf_decoder_demand(d, &fake_files, node->mark, NULL) : 0;
}

typedef struct fake_spec {
	const char *key;
	const char *value;
} fake_spec;

static int fake_decode(hf_decoder *d, const hf_node *node)
{
	const hf_node *set = hf_node_get(node, "set");

	for (size_t i = 0; set && i < set->n; i++) {
		fake_spec *spec = hf_arena_new(&d->model->arena, fake_spec);
		int r;

		if (!spec)
			return -ENOMEM;
		spec->key = set->keys[i]->text;
		spec->value =
			set->items[i]->type == HF_NODE_SCALAR ? set->items[i]->text : "";
		r = hf_decoder_refs(d, set->items[i]->mark, spec->value);
		if (r == 0)
			r = hf_decoder_demand(d, &fake_daemon, set->items[i]->mark, spec);
		if (r < 0)
			return r;
	}
	return 0;
}

static int fake_check(const hf_model *model, hf_diags *diags)
{
	hf_arena arena = { 0 };
	hf_map first = { 0 };

	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i], *other;
		const fake_spec *spec = demand->spec;

		if (!spec || demand->control->disabled)
			continue;
		other = hf_map_get(&first, spec->key);
		if (other &&
		    strcmp(((const fake_spec *)other->spec)->value, spec->value) != 0)
			hf_diag_error(diags, demand->mark,
				      "'%s' and '%s' contradict on '%s'",
				      other->control->id, demand->control->id, spec->key);
		if (!other &&
		    hf_map_put(&first, &arena, spec->key, model->demands[i]) < 0)
			return -ENOMEM;
	}
	hf_arena_done(&arena);
	return 0;
}

typedef struct memory {
	const memory_file *files;
	size_t n;
} memory;

static int memory_read(void *user, const char *name, const char *relative_to,
		       hf_arena *arena, hf_source *ret_source, hf_error **err)
{
	const memory *m = user;

	(void)relative_to;
	for (size_t i = 0; i < m->n; i++) {
		size_t len;

		if (strcmp(m->files[i].name, name) != 0)
			continue;
		len = m->files[i].len ? m->files[i].len : strlen(m->files[i].text);
		ret_source->name = m->files[i].name;
		ret_source->text = hf_arena_memdup(arena, m->files[i].text, len);
		ret_source->len = len;
		return ret_source->text ? 0 : hf_error_oom(err);
	}
	(void)hf_error_set(err, -ENOENT, "no baseline '%s'", name);
	return hf_error_hint(err, "holdfast list names them");
}

static void world_say(world *w)
{
	for (size_t i = 0; i < w->diags.n; i++) {
		const hf_diag *d = &w->diags.items[i];

		if (d->mark.source)
			hf_strbuf_addf(&w->said, "%s:%u:%u: ", d->mark.source->name,
				       d->mark.line, d->mark.column);
		hf_strbuf_addf(&w->said, "%s\n", d->message);
	}
}

static void world_load_sets(world *w, const memory_file *files, size_t n_files,
			    const char *const *names, size_t n_names,
			    const char *const *sets, size_t n_sets)
{
	memory m = { files, n_files };
	hf_load_request request = {
		.names = names,
		.n_names = n_names,
		.sets = sets,
		.n_sets = n_sets,
		.kinds = fake_kinds,
		.n_kinds = ARRAY_SIZE(fake_kinds),
		.read = memory_read,
		.user = &m,
	};

	*w = (world){ 0 };
	w->ok = hf_model_load(&w->model, &request, &w->diags);
	world_say(w);
	assert_int_equal(w->ok, w->diags.n_errors == 0);
}

/* Loads one text. */
static _unused_ void world_load(world *w, const char *text)
{
	const memory_file file = { "b.yaml", text, 0 };
	const char *const name = "b.yaml";

	world_load_sets(w, &file, 1, &name, 1, NULL, 0);
}

static void world_done(world *w)
{
	hf_strbuf_done(&w->said);
	hf_model_done(&w->model);
	hf_diags_done(&w->diags);
}

static _unused_ void assert_said(const char *text, const char *expected)
{
	world w;

	world_load(&w, text);
	assert_string_equal(hf_strbuf_str(&w.said), expected);
	world_done(&w);
}

static _unused_ hf_control *control_of(const world *w, const char *id)
{
	hf_control *c = hf_map_get(&w->model.control_by_id, id);

	assert_non_null(c);
	return c;
}

#define HEAD "holdfast: 1\nname: b\n"
#define MANUAL(id) "  - {id: " id ", title: T, manual: x}\n"

#endif

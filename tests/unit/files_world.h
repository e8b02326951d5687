/* SPDX-License-Identifier: Apache-2.0 */
/* Controls with a `files` section against a temporary tree. Include after cmocka. */
#ifndef FILES_WORLD_H
#define FILES_WORLD_H

#include "base/strbuf.h"
#include "kinds/files/files_kind.h"
#include "kinds/files/files_spec.h"
#include "plan/plan.h"
#include "temp_root.h"

#define CONTROLS_MAX 8

typedef struct files_world {
	temp_root *t;
	hf_model model;
	hf_control controls[CONTROLS_MAX];
	hf_control *list[CONTROLS_MAX];
	hf_diags diags;
	hf_record record;
	hf_arena record_arena;
	hf_facts facts;
	hf_plan plan;
	hf_source source;
} files_world;

static inline int files_world_make(void **state)
{
	files_world *w = calloc(1, sizeof(*w));
	void *t;

	assert_non_null(w);
	assert_int_equal(temp_root_make(&t), 0);
	w->t = t;
	w->model.controls = w->list;
	w->plan =
		(hf_plan){ .diags = &w->diags, .record = &w->record, .facts = &w->facts };
	w->plan.options.offline = true;
	*state = w;
	return 0;
}

static inline void files_world_forget_plan(files_world *w)
{
	hf_plan_done(&w->plan);
	w->plan =
		(hf_plan){ .diags = &w->diags, .record = &w->record, .facts = &w->facts };
	w->plan.options.offline = true;
}

static inline int files_world_remove(void **state)
{
	files_world *w = *state;
	void *t = w->t;

	hf_plan_done(&w->plan);
	hf_arena_done(&w->model.arena);
	hf_arena_done(&w->record_arena);
	hf_diags_done(&w->diags);
	assert_int_equal(temp_root_remove(&t), 0);
	free(w);
	return 0;
}

/* One more control, enforced, whose `files` section is @yaml. */
static inline hf_control *files_world_control(files_world *w, const char *id,
					      const char *yaml)
{
	hf_control *c = &w->controls[w->model.n_controls];
	hf_decoder d = { .model = &w->model, .control = c, .diags = &w->diags };
	hf_source *source = hf_arena_new(&w->model.arena, hf_source);
	hf_node *node;

	assert_true(w->model.n_controls < CONTROLS_MAX);
	*c = (hf_control){ .id = id,
			   .level = 1,
			   .enforce = true,
			   .selected = true,
			   .index = w->model.n_controls };
	w->list[w->model.n_controls++] = c;
	assert_non_null(source);
	*source = (hf_source){ .name = "b.yaml", .text = yaml, .len = strlen(yaml) };
	node = hf_yaml_read(source, &w->model.arena, &w->diags);
	assert_non_null(node);
	assert_int_equal(hf_kind_files.decode(&d, node), 0);
	return c;
}

static inline void files_world_record(files_world *w, const char *id, const char *before,
				      const char *after)
{
	hf_record_entry *e = hf_arena_new(&w->record_arena, hf_record_entry), **slot;

	assert_non_null(e);
	*e = (hf_record_entry){ .id = id, .before = before, .after = after };
	slot = hf_vec_push(&w->record_arena, w->record.entries, w->record.n_entries);
	assert_non_null(slot);
	*slot = e;
	assert_int_equal(hf_map_put(&w->record.by_id, &w->record_arena, id, e), 0);
	w->record.exists = true;
}

static inline void files_world_plan(files_world *w)
{
	hf_error *err = NULL;

	assert_int_equal(hf_kind_files.observe(&w->t->host, &w->model, &w->plan, &err),
			 0);
	assert_int_equal(hf_kind_files.plan(&w->model, &w->plan, &err), 0);
	assert_int_equal(hf_kind_files.settle(&w->model, &w->plan, &err), 0);
}

/* The rows as text: "state id wanted [found] (why)" in lines. */
static inline const char *files_world_rows(files_world *w)
{
	hf_strbuf sb = { 0 };
	char *s;

	for (size_t i = 0; i < w->plan.n_resources; i++) {
		const hf_resource *r = w->plan.resources[i];

		hf_strbuf_addf(&sb, "%s %s want %s found %s%s%s\n",
			       hf_state_name(r->state), r->id + strlen("files:"),
			       r->wanted, r->found ? r->found : "-", r->why ? ": " : "",
			       r->why ? r->why : "");
	}
	s = hf_arena_strdup(&w->plan.arena, hf_strbuf_str(&sb));
	hf_strbuf_done(&sb);
	assert_non_null(s);
	return s;
}

static inline const char *files_world_changes(files_world *w)
{
	hf_strbuf sb = { 0 };
	char *s;

	for (size_t i = 0; i < w->plan.n_changes; i++) {
		const hf_change *c = w->plan.changes[i];

		hf_strbuf_addf(&sb, "%s %s -> %s %s%s%s%s\n", c->id + strlen("files:"),
			       c->before, c->after, hf_cause_name(c->cause),
			       c->blocked ? " blocked: " : "",
			       c->blocked ? c->blocked : "",
			       c->n_rows ? "" : " (no row)");
	}
	s = hf_arena_strdup(&w->plan.arena, hf_strbuf_str(&sb));
	hf_strbuf_done(&sb);
	assert_non_null(s);
	return s;
}

/* The messages as text, with places: "error 1:3 message". */
static inline const char *files_world_diags(files_world *w)
{
	static const char *const levels[] = { "note", "warning", "error" };
	hf_strbuf sb = { 0 };
	char *s;

	for (size_t i = 0; i < w->diags.n; i++) {
		const hf_diag *d = &w->diags.items[i];

		hf_strbuf_addf(&sb, "%s %u:%u %s%s%s\n", levels[d->level], d->mark.line,
			       d->mark.column, d->message, d->hint ? " | " : "",
			       d->hint ? d->hint : "");
	}
	s = hf_arena_strdup(&w->plan.arena, hf_strbuf_str(&sb));
	hf_strbuf_done(&sb);
	assert_non_null(s);
	return s;
}

#endif

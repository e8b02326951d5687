/* SPDX-License-Identifier: Apache-2.0 */
/* The files kind in its world. Include after cmocka. */
#ifndef FILES_WORLD_H
#define FILES_WORLD_H

#include "kind_world.h"
#include "kinds/files/files_kind.h"
#include "kinds/files/files_spec.h"

typedef kind_world files_world;

static inline int files_world_make(void **state)
{
	*state = kind_world_make(&hf_kind_files);
	return 0;
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

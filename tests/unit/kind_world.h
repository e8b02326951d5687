/* SPDX-License-Identifier: Apache-2.0 */
/* Controls with a section of one kind against a temporary tree. Include after cmocka. */
#ifndef KIND_WORLD_H
#define KIND_WORLD_H

#include "base/strbuf.h"
#include "model/kind.h"
#include "plan/plan.h"
#include "temp_root.h"

#define CONTROLS_MAX 8

typedef struct kind_world {
	const hf_kind *kind;
	temp_root *t;
	hf_model model;
	hf_control controls[CONTROLS_MAX];
	hf_control *list[CONTROLS_MAX];
	hf_diags diags;
	hf_record record;
	hf_arena record_arena;
	hf_facts facts;
	hf_plan plan;
	hf_strbuf text;
} kind_world;

static inline void kind_world_forget_plan(kind_world *w)
{
	hf_plan_done(&w->plan);
	w->plan =
		(hf_plan){ .diags = &w->diags, .record = &w->record, .facts = &w->facts };
	w->plan.options.offline = true;
}

static inline kind_world *kind_world_make(const hf_kind *kind)
{
	kind_world *w = calloc(1, sizeof(*w));
	void *t;

	assert_non_null(w);
	assert_int_equal(temp_root_make(&t), 0);
	w->kind = kind;
	w->t = t;
	w->model.controls = w->list;
	kind_world_forget_plan(w);
	return w;
}

static inline int kind_world_remove(void **state)
{
	kind_world *w = *state;
	void *t = w->t;

	hf_plan_done(&w->plan);
	hf_arena_done(&w->model.arena);
	hf_arena_done(&w->record_arena);
	hf_diags_done(&w->diags);
	hf_facts_done(&w->facts);
	hf_strbuf_done(&w->text);
	assert_int_equal(temp_root_remove(&t), 0);
	free(w);
	return 0;
}

/* One more control, enforced, whose section of the kind is @yaml. */
static inline hf_control *kind_world_control(kind_world *w, const char *id,
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
	assert_int_equal(w->kind->decode(&d, node), 0);
	return c;
}

#endif

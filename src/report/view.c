/* SPDX-License-Identifier: Apache-2.0 */
#include "report/view.h"

#include <errno.h>

void hf_view_done(hf_view *view)
{
	hf_arena_done(&view->arena);
	*view = (hf_view){ 0 };
}

static int add_rows(hf_view *v)
{
	for (size_t i = 0; i < v->plan->n_resources; i++) {
		const hf_resource *row = v->plan->resources[i];

		for (size_t k = 0; k < row->n_controls; k++) {
			hf_view_control *c = &v->controls[row->controls[k]->index];
			const hf_resource **slot =
				hf_vec_push(&v->arena, c->rows, c->n_rows);

			if (!slot)
				return -ENOMEM;
			*slot = row;
		}
	}
	return 0;
}

/* The identity of a row across two plans of one model: hf_plan_row()'s own key. */
static const char *row_key(hf_arena *arena, const hf_resource *row)
{
	return hf_arena_printf(arena, "%d %s\n%s\n%s", (int)row->layer, row->id,
			       row->wanted ? row->wanted : "",
			       row->gate_why ? row->gate_why : "");
}

static int index_rows(hf_view *v, hf_map *map)
{
	for (size_t i = 0; i < v->plan->n_resources; i++) {
		const char *key = row_key(&v->arena, v->plan->resources[i]);

		if (!key || hf_map_put(map, &v->arena, key, v->plan->resources[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool has_control(const hf_view *v, size_t change, const hf_control *control)
{
	for (size_t i = 0; i < v->n_change_controls[change]; i++)
		if (v->change_controls[change][i] == control)
			return true;
	return false;
}

static int add_change_row(hf_view *v, const hf_map *map, size_t n, const hf_resource *row)
{
	const hf_change *change = v->changes->changes[n];
	const hf_resource *own = row;

	if (v->changes != v->plan) {
		const char *key = row_key(&v->arena, row);

		if (!key)
			return -ENOMEM;
		own = hf_map_get(map, key);
	}
	if (own) {
		size_t *slot =
			hf_vec_push(&v->arena, v->change_rows[n], v->n_change_rows[n]);

		if (!slot)
			return -ENOMEM;
		*slot = own->index;
		v->changed[own->index] = true;
		v->blocked[own->index] |= change->blocked != NULL;
	}
	for (size_t k = 0; k < row->n_controls; k++) {
		const hf_control *control = row->controls[k];
		hf_view_control *c = &v->controls[control->index];
		const hf_control **slot;
		const hf_change **in_control;

		if (has_control(v, n, control))
			continue;
		slot = hf_vec_push(&v->arena, v->change_controls[n],
				   v->n_change_controls[n]);
		in_control = hf_vec_push(&v->arena, c->changes, c->n_changes);
		if (!slot || !in_control)
			return -ENOMEM;
		*slot = control;
		*in_control = change;
	}
	return 0;
}

static int add_changes(hf_view *v)
{
	hf_map map = { 0 }; /* memory of the arena */

	if (v->changes != v->plan && index_rows(v, &map) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < v->changes->n_changes; i++) {
		const hf_change *c = v->changes->changes[i];

		for (size_t k = 0; k < c->n_rows; k++) {
			int r = add_change_row(v, &map, i,
					       v->changes->resources[c->rows[k]]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int hf_view_make(hf_view *ret, const hf_report *report)
{
	hf_view v = {
		.plan = report->plan,
		.changes = report->changes_plan ? report->changes_plan : report->plan,
		.n_controls = report->model->n_controls,
	};
	size_t n_changes = v.changes->n_changes;

	v.controls = hf_arena_array(&v.arena, v.n_controls + 1, sizeof(*v.controls));
	v.changed = hf_arena_array(&v.arena, v.plan->n_resources + 1, sizeof(*v.changed));
	v.blocked = hf_arena_array(&v.arena, v.plan->n_resources + 1, sizeof(*v.blocked));
	v.change_rows = hf_arena_array(&v.arena, n_changes + 1, sizeof(*v.change_rows));
	v.n_change_rows = hf_arena_array(&v.arena, n_changes + 1, sizeof(size_t));
	v.change_controls =
		hf_arena_array(&v.arena, n_changes + 1, sizeof(*v.change_controls));
	v.n_change_controls = hf_arena_array(&v.arena, n_changes + 1, sizeof(size_t));
	if (!v.controls || !v.changed || !v.blocked || !v.change_rows ||
	    !v.n_change_rows || !v.change_controls || !v.n_change_controls ||
	    add_rows(&v) < 0 || add_changes(&v) < 0) {
		hf_view_done(&v);
		return -ENOMEM;
	}
	*ret = v;
	return 0;
}

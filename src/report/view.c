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

static bool has_control(const hf_view *v, size_t change, const hf_control *control)
{
	for (size_t i = 0; i < v->n_change_controls[change]; i++)
		if (v->change_controls[change][i] == control)
			return true;
	return false;
}

static int add_own_row(hf_view *v, size_t change, const hf_resource *own)
{
	size_t *slot =
		hf_vec_push(&v->arena, v->change_rows[change], v->n_change_rows[change]);

	if (!slot)
		return -ENOMEM;
	*slot = own->index;
	v->changed[own->index] = true;
	v->blocked[own->index] |= v->changes->changes[change]->blocked != NULL;
	return 0;
}

static int add_control(hf_view *v, size_t change, const hf_control *control)
{
	hf_view_control *c = &v->controls[control->index];
	const hf_control **slot;
	const hf_change **in_control;

	if (has_control(v, change, control))
		return 0;
	slot = hf_vec_push(&v->arena, v->change_controls[change],
			   v->n_change_controls[change]);
	in_control = hf_vec_push(&v->arena, c->changes, c->n_changes);
	if (!slot || !in_control)
		return -ENOMEM;
	*slot = control;
	*in_control = v->changes->changes[change];
	return 0;
}

static int add_change_row(hf_view *v, size_t n, const hf_resource *row)
{
	const hf_resource *own = row;
	int r = 0;

	if (v->changes != v->plan)
		own = hf_plan_row_like(v->plan, row);
	if (own)
		r = add_own_row(v, n, own);
	for (size_t k = 0; !r && k < row->n_controls; k++)
		r = add_control(v, n, row->controls[k]);
	return r;
}

static int add_changes(hf_view *v)
{
	for (size_t i = 0; i < v->changes->n_changes; i++) {
		const hf_change *c = v->changes->changes[i];

		for (size_t k = 0; k < c->n_rows; k++) {
			int r = add_change_row(v, i, v->changes->resources[c->rows[k]]);

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

/* SPDX-License-Identifier: Apache-2.0 */
/* The plan's builders, expansion of references, effects and states, with a fake kind. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/verify.h"
#include "model/kind.h"
#include "plan/plan.h"

static const hf_kind fake = { .name = "fake" };

/* Two controls, two demands; the plan has no facts and an empty record. */
typedef struct world {
	hf_model model;
	hf_control controls[2];
	hf_control *list[2];
	hf_demand demand[2];
	hf_record record;
	hf_plan plan;
} world;

static world *world_new(void)
{
	world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	for (size_t i = 0; i < 2; i++) {
		w->controls[i] = (hf_control){
			.id = i ? "two" : "one",
			.level = 1,
			.enforce = true,
			.selected = true,
			.index = i,
			.n_demands = 1,
		};
		w->list[i] = &w->controls[i];
		w->demand[i] = (hf_demand){ .kind = &fake, .control = &w->controls[i] };
	}
	w->model.controls = w->list;
	w->model.n_controls = 2;
	w->plan.record = &w->record;
	w->plan.options.manager = true;
	return w;
}

static void world_free(world *w)
{
	hf_plan_done(&w->plan);
	free(w);
}

static void test_row_merges(void **state)
{
	world *w = world_new();
	hf_resource *a =
		hf_plan_row(&w->plan, HF_PERSISTED, "fake:x", "1", &w->demand[0]);
	hf_resource *b =
		hf_plan_row(&w->plan, HF_PERSISTED, "fake:x", "1", &w->demand[1]);
	hf_resource *c =
		hf_plan_row(&w->plan, HF_PERSISTED, "fake:x", "2", &w->demand[1]);
	hf_resource *d = hf_plan_row(&w->plan, HF_LIVE, "fake:x", "1", &w->demand[1]);

	(void)state;
	assert_non_null(a);
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_ptr_not_equal(a, d);
	assert_int_equal(a->n_controls, 2);
	assert_int_equal(c->n_controls, 1);
	assert_int_equal(w->plan.n_resources, 3);
	world_free(w);
}

static void test_judge_keeps_the_worst(void **state)
{
	world *w = world_new();
	hf_resource *row =
		hf_plan_row(&w->plan, HF_PERSISTED, "fake:x", "1", &w->demand[0]);

	(void)state;
	assert_int_equal(row->state, HF_STATE_NOT_APPLICABLE);
	assert_int_equal(hf_row_judge(&w->plan, row, HF_STATE_PASS, "1", NULL), 0);
	assert_int_equal(
		hf_row_judge(&w->plan, row, HF_STATE_DRIFT, "2", "because %d", 7), 0);
	assert_int_equal(hf_row_judge(&w->plan, row, HF_STATE_PASS, "1", NULL), 0);
	assert_int_equal(row->state, HF_STATE_DRIFT);
	assert_string_equal(row->found, "2");
	assert_string_equal(row->why, "because 7");
	world_free(w);
}

static void test_control_states(void **state)
{
	static const hf_waiver waiver = { .reason = "agreed" };
	world *w = world_new();
	hf_resource *row =
		hf_plan_row(&w->plan, HF_PERSISTED, "fake:x", "1", &w->demand[0]);
	hf_resource *other =
		hf_plan_row(&w->plan, HF_PERSISTED, "fake:y", "1", &w->demand[1]);

	(void)state;
	assert_int_equal(hf_row_judge(&w->plan, row, HF_STATE_UNKNOWN, NULL, "no luck"),
			 0);
	assert_int_equal(hf_row_judge(&w->plan, other, HF_STATE_DRIFT, NULL, "off"), 0);
	assert_non_null(
		hf_plan_row(&w->plan, HF_PERSISTED, "fake:y", "1", &w->demand[0]));
	w->controls[1].waiver = &waiver;
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
	/* drift is worse than unknown; a waived control counts as waived */
	assert_int_equal(w->plan.control_states[0], HF_STATE_DRIFT);
	assert_string_equal(w->plan.control_reasons[0], "off");
	assert_int_equal(w->plan.control_states[1], HF_STATE_WAIVED);
	assert_int_equal(w->plan.control_underlying[1], HF_STATE_DRIFT);
	assert_string_equal(w->plan.control_reasons[1], "agreed");
	assert_int_equal(w->plan.totals.controls[HF_STATE_DRIFT], 1);
	assert_int_equal(w->plan.totals.controls[HF_STATE_WAIVED], 1);
	assert_true(hf_plan_has_changes(&w->plan));
	assert_false(hf_plan_has_unknown(&w->plan));
	world_free(w);
}

static void test_states_without_rows(void **state)
{
	world *w = world_new();

	(void)state;
	w->controls[0].gate = HF_GATE_UNKNOWN;
	w->controls[0].gate_why = "who knows";
	w->controls[1].n_demands = 0;
	w->controls[1].manual = "look yourself";
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
	assert_int_equal(w->plan.control_states[0], HF_STATE_UNKNOWN);
	assert_int_equal(w->plan.control_states[1], HF_STATE_MANUAL);
	assert_true(hf_plan_has_unknown(&w->plan));
	w->controls[0].gate = HF_GATE_CLOSED;
	w->controls[1].selected = false;
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
	assert_int_equal(w->plan.control_states[0], HF_STATE_NOT_APPLICABLE);
	assert_int_equal(w->plan.control_states[1], HF_STATE_NOT_SELECTED);
	world_free(w);
}

static void test_expand(void **state)
{
	static const char *const paths[] = { "/a", "/b" };
	static const struct {
		const char *text;
		size_t n;
		const char *first, *last;
	} cases[] = {
		{ "/etc/x", 1, "/etc/x", "/etc/x" },
		{ "$${HOME}/x", 1, "${HOME}/x", "${HOME}/x" },
		{ "${unit:u.service}", 2, "/a", "/b" },
		{ "-${unit:u.service}+$${y}", 2, "-/a+${y}", "-/b+${y}" },
		{ "cost $5", 1, "cost $5", "cost $5" },
	};
	world *w = world_new();
	hf_ref_values values = { .values = (const char **)(uintptr_t)paths, .n = 2 };
	hf_ref_values none = { .why = "not installed" }, got;

	(void)state;
	assert_int_equal(hf_plan_ref_set(&w->plan, "unit:u.service", &values), 0);
	assert_int_equal(hf_plan_ref_set(&w->plan, "exec:none.service", &none), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(hf_plan_expand(&w->plan, cases[i].text, &got), 0);
		assert_int_equal(got.n, cases[i].n);
		assert_string_equal(got.values[0], cases[i].first);
		assert_string_equal(got.values[got.n - 1], cases[i].last);
	}
	assert_int_equal(hf_plan_expand(&w->plan, "x${exec:none.service}", &got), 0);
	assert_int_equal(got.n, 0);
	assert_false(got.unknown);
	assert_string_equal(got.why, "not installed");
	assert_int_equal(hf_plan_expand(&w->plan, "${exec:never-asked}", &got), 0);
	assert_int_equal(got.n, 0);
	assert_true(got.unknown);
	world_free(w);
}

/* --restart=safe: every doubt holds the restart. */
static void test_restart_decision(void **state)
{
	static const hf_engine_view safe = {
		.unit = "docker.service",
		.running = HF_PRESENT,
		.containers_known = HF_PRESENT,
		.n_containers = 1,
		.live_restore = HF_PRESENT,
		.live_restore_after = true,
		.live_restore_now = true,
		.swarm = HF_ABSENT,
		.kill_mode_process = true,
		.restart_helps = true,
	};
	static const struct {
		const char *name;
		const char *unit;
		size_t containers;
		hf_known known, live, swarm;
		bool after, kill_mode, helps;
		hf_restart restart;
		bool hold;
	} cases[] = {
		{ "live-restore carries them", "docker.service", 1, HF_PRESENT,
		  HF_PRESENT, HF_ABSENT, true, true, true, HF_RESTART_SAFE, false },
		{ "no containers", "docker.service", 0, HF_PRESENT, HF_ABSENT, HF_PRESENT,
		  false, false, false, HF_RESTART_SAFE, false },
		{ "containers unknown", "docker.service", 0, HF_UNKNOWN, HF_PRESENT,
		  HF_ABSENT, true, true, true, HF_RESTART_SAFE, true },
		{ "live-restore off", "docker.service", 1, HF_PRESENT, HF_ABSENT,
		  HF_ABSENT, true, true, true, HF_RESTART_SAFE, true },
		{ "live-restore unknown", "docker.service", 1, HF_PRESENT, HF_UNKNOWN,
		  HF_ABSENT, true, true, true, HF_RESTART_SAFE, true },
		{ "off afterwards", "docker.service", 1, HF_PRESENT, HF_PRESENT,
		  HF_ABSENT, false, true, true, HF_RESTART_SAFE, true },
		{ "swarm unknown", "docker.service", 1, HF_PRESENT, HF_PRESENT,
		  HF_UNKNOWN, true, true, true, HF_RESTART_SAFE, true },
		{ "kill mode", "docker.service", 1, HF_PRESENT, HF_PRESENT, HF_ABSENT,
		  true, false, true, HF_RESTART_SAFE, true },
		{ "would not help", "docker.service", 1, HF_PRESENT, HF_PRESENT,
		  HF_ABSENT, true, true, false, HF_RESTART_SAFE, true },
		{ "another unit", "containerd.service", 0, HF_PRESENT, HF_PRESENT,
		  HF_ABSENT, true, true, true, HF_RESTART_SAFE, true },
		{ "always", "containerd.service", 1, HF_UNKNOWN, HF_UNKNOWN, HF_UNKNOWN,
		  false, false, false, HF_RESTART_ALWAYS, false },
		{ "never", "docker.service", 0, HF_PRESENT, HF_PRESENT, HF_ABSENT, true,
		  true, true, HF_RESTART_NEVER, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		world *w = world_new();
		hf_effect *effect;

		w->plan.engine = safe;
		w->plan.engine.n_containers = cases[i].containers;
		w->plan.engine.containers_known = cases[i].known;
		w->plan.engine.live_restore = cases[i].live;
		w->plan.engine.swarm = cases[i].swarm;
		w->plan.engine.live_restore_after = cases[i].after;
		w->plan.engine.kill_mode_process = cases[i].kill_mode;
		w->plan.engine.restart_helps = cases[i].helps;
		w->plan.options.restart = cases[i].restart;
		effect = hf_plan_effect(&w->plan, HF_ACTION_RESTART, cases[i].unit,
					"keys");
		assert_non_null(effect);
		assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
		if (effect->hold != cases[i].hold)
			fail_msg("%s: hold is %d", cases[i].name, effect->hold);
		world_free(w);
	}
}

static void test_effects_are_ordered(void **state)
{
	world *w = world_new();

	(void)state;
	w->plan.options.restart = HF_RESTART_ALWAYS;
	assert_non_null(hf_plan_effect(&w->plan, HF_ACTION_REBOOT, NULL, NULL));
	assert_non_null(hf_plan_effect(&w->plan, HF_ACTION_RESTART, "d.service", NULL));
	assert_non_null(hf_plan_effect(&w->plan, HF_ACTION_RELOAD, "d.service", NULL));
	assert_non_null(hf_plan_effect(&w->plan, HF_ACTION_RELOAD, "e.service", NULL));
	assert_non_null(hf_plan_effect(&w->plan, HF_ACTION_DAEMON_RELOAD, NULL, NULL));
	assert_non_null(hf_plan_effect(&w->plan, HF_ACTION_DAEMON_RELOAD, NULL, NULL));
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
	/* the reload of d.service went: its restart does it */
	assert_int_equal(w->plan.n_effects, 4);
	assert_int_equal(w->plan.effects[0]->action, HF_ACTION_DAEMON_RELOAD);
	assert_int_equal(w->plan.effects[1]->action, HF_ACTION_RELOAD);
	assert_string_equal(w->plan.effects[1]->unit, "e.service");
	assert_int_equal(w->plan.effects[2]->action, HF_ACTION_RESTART);
	assert_int_equal(w->plan.effects[3]->action, HF_ACTION_REBOOT);
	assert_true(w->plan.effects[3]->hold);
	world_free(w);
}

/* what is on disk was judged, and not what systemd still has */
static void test_restart_of_a_stale_unit(void **state)
{
	(void)state;
	for (int hold = 0; hold < 2; hold++) {
		world *w = world_new();

		w->plan.options.restart = hold ? HF_RESTART_NEVER : HF_RESTART_ALWAYS;
		w->plan.engine.unit = "d.service";
		w->plan.engine.stale = true;
		assert_non_null(
			hf_plan_effect(&w->plan, HF_ACTION_RESTART, "d.service", NULL));
		assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
		assert_int_equal(w->plan.n_effects, hold ? 1 : 2);
		assert_int_equal(w->plan.effects[0]->action,
				 hold ? HF_ACTION_RESTART : HF_ACTION_DAEMON_RELOAD);
		world_free(w);
	}
}

static void test_no_manager_holds(void **state)
{
	world *w = world_new();

	(void)state;
	w->plan.options.manager = false;
	w->plan.options.restart = HF_RESTART_ALWAYS;
	assert_non_null(hf_plan_effect(&w->plan, HF_ACTION_RELOAD, "d.service", NULL));
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
	assert_true(w->plan.effects[0]->hold);
	assert_string_equal(w->plan.effects[0]->why,
			    "held: no systemd manager can be asked here");
	world_free(w);
}

static void test_refusal(void **state)
{
	world *w = world_new();
	hf_resource *row =
		hf_plan_row(&w->plan, HF_PERSISTED, "fake:x", "1", &w->demand[0]);
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_change *change;

	(void)state;
	assert_int_equal(hf_plan_refusal(&w->plan, true, &err), 0);
	assert_int_equal(
		hf_row_judge(&w->plan, row, HF_STATE_UNKNOWN, NULL, "unreadable"), 0);
	assert_int_equal(hf_plan_refusal(&w->plan, true, &err), -ECANCELED);
	assert_string_equal(err->msg,
			    "1 resource cannot be told, nothing was changed: fake:x "
			    "(unreadable)");
	assert_non_null(err->hint);
	hf_error_free(take_ptr(err));
	w->plan.options.leave_unknown = true;
	change = hf_plan_change(&w->plan, &fake, HF_PERSISTED, "fake:y", HF_OP_UPDATE,
				"a", "b", HF_CAUSE_HOST);
	assert_non_null(change);
	assert_int_equal(hf_change_block(&w->plan, change, "also a flag"), 0);
	assert_int_equal(hf_plan_refusal(&w->plan, true, &err), 0);
	w->plan.options.leave_unknown = false;
	row->state = HF_STATE_PASS;
	assert_int_equal(hf_plan_refusal(&w->plan, true, &err), -ECANCELED);
	assert_string_equal(
		err->msg,
		"1 change is blocked, nothing was changed: fake:y (also a flag)");
	hf_error_free(take_ptr(err));
	change->layer = row->layer = HF_LIVE;
	row->state = HF_STATE_UNKNOWN;
	assert_int_equal(hf_plan_refusal(&w->plan, false, &err), 0);
	assert_int_equal(hf_plan_refusal(&w->plan, true, &err), -ECANCELED);
	world_free(w);
}

/* What the plan announced may stay; anything else fails the verification. */
static hf_change *change_in(hf_plan *plan, const char *id, hf_group *group)
{
	hf_change *c = hf_plan_change(plan, &fake, HF_PERSISTED, id, HF_OP_UPDATE, "a",
				      "b", HF_CAUSE_HOST);

	assert_non_null(c);
	if (c->group != group)
		hf_change_in(c, group);
	return c;
}

/* What is withdrawn is gone, and may be planned again. */
static void test_withdraw(void **state)
{
	world *w = world_new();
	hf_plan *plan = &w->plan;
	hf_group *x, *y;
	hf_change *gone, *other;

	(void)state;
	x = hf_plan_group(plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &fake, "/x");
	y = hf_plan_group(plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &fake, "/y");
	gone = change_in(plan, "x1", x);
	other = change_in(plan, "y", y);
	(void)change_in(plan, "x2", x);
	assert_int_equal(hf_plan_withdraw(plan, x), 0);
	assert_int_equal(plan->n_changes, 1);
	assert_ptr_equal(plan->changes[0], other);
	assert_int_equal(other->index, 0);
	assert_int_equal(plan->n_groups, 1);
	assert_ptr_equal(plan->groups[0], y);
	assert_int_equal(y->index, 0);
	assert_null(hf_plan_group_find(plan, HF_GROUP_FILE, "/x"));
	x = hf_plan_group(plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &fake, "/x");
	assert_ptr_not_equal(change_in(plan, "x1", x), gone);
	assert_int_equal(plan->n_changes, 2);
	assert_int_equal(x->n_changes, 1);
	world_free(w);
}

static void test_verify(void **state)
{
	world *before = world_new(), *after = world_new();
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_resource *a = hf_plan_row(&before->plan, HF_PERSISTED, "fake:x", "1",
				     &before->demand[0]);
	hf_resource *b =
		hf_plan_row(&after->plan, HF_PERSISTED, "fake:x", "1", &after->demand[0]);
	hf_change *change;

	(void)state;
	assert_int_equal(hf_row_judge(&before->plan, a, HF_STATE_DRIFT, "2", NULL), 0);
	assert_int_equal(hf_row_judge(&after->plan, b, HF_STATE_DRIFT, "2", "same"), 0);
	/* observed only: it stays as it was */
	assert_int_equal(hf_plan_verify(&before->plan, &after->plan, &err), 0);
	/* it was to be changed, and is as before */
	change = hf_plan_change(&before->plan, &fake, HF_PERSISTED, "fake:x",
				HF_OP_UPDATE, "2", "1", HF_CAUSE_HOST);
	assert_non_null(change);
	assert_int_equal(hf_change_row(&before->plan, change, a), 0);
	assert_int_equal(hf_plan_verify(&before->plan, &after->plan, &err), -EIO);
	assert_string_equal(err->msg,
			    "verification found 1 thing not as planned: fake:x (same)");
	hf_error_free(take_ptr(err));
	/* nobody wants it changed */
	after->controls[0].enforce = false;
	assert_int_equal(hf_plan_verify(&before->plan, &after->plan, &err), 0);
	after->controls[0].enforce = true;
	/* cured */
	b->state = HF_STATE_PASS;
	assert_int_equal(hf_plan_verify(&before->plan, &after->plan, &err), 0);
	/* a new change is wanted although the plan was carried out */
	assert_non_null(hf_plan_change(&after->plan, &fake, HF_PERSISTED, "fake:z",
				       HF_OP_CREATE, NULL, "1", HF_CAUSE_HOST));
	assert_int_equal(hf_plan_verify(&before->plan, &after->plan, &err), -EIO);
	world_free(before);
	world_free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row_merges),
		cmocka_unit_test(test_judge_keeps_the_worst),
		cmocka_unit_test(test_control_states),
		cmocka_unit_test(test_states_without_rows),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_restart_decision),
		cmocka_unit_test(test_effects_are_ordered),
		cmocka_unit_test(test_restart_of_a_stale_unit),
		cmocka_unit_test(test_no_manager_holds),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_withdraw),
		cmocka_unit_test(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a rollback means to do, and what it leaves. */
#include <sys/xattr.h>

#include "engine_world.h"

#include "engine/journal.h"
#include "engine/rollback.h"

#define BOOT "/proc/sys/kernel/random/boot_id"

/* An apply with a live part, in the boot that still is. */
static world *applied_world(void)
{
	world *w = world_new();
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_txn txn;

	w->options.record = true;
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	free(shell("mkdir -p %s/proc/sys/kernel/random && echo here >%s" BOOT, w->root,
		   w->root));
	assert_int_equal(hf_txn_load(&w->host, w->result.transaction, &arena, &txn, &err),
			 0);
	txn.boot_id = "here";
	assert_int_equal(hf_txn_store(&w->host, &txn, &err), 0);
	hf_arena_done(&arena);
	return w;
}

static hf_rollback planned_of(world *w, const char *id)
{
	const hf_plan_options options = { .now = 1767225600 };
	hf_rollback rb = { 0 };
	hf_error *err = NULL;

	w->host.offline = false; /* a tree has no boot */
	w->host.docker.known = HF_PRESENT;
	assert_int_equal(hf_rollback_plan(&w->host, &w->model, id, &options, &rb, &err),
			 0);
	w->host.offline = true;
	w->host.docker.known = HF_ABSENT;
	return rb;
}

static hf_rollback planned(world *w)
{
	return planned_of(w, NULL);
}

static size_t live_groups(const hf_rollback *rb)
{
	const hf_plan *plan = &rb->survey.plan;
	size_t n = 0;

	for (size_t i = 0; i < plan->n_groups; i++)
		n += plan->groups[i]->type == HF_GROUP_LIVE;
	return n;
}

static void test_live_part(void **state)
{
	world *w = applied_world();
	hf_rollback rb = planned(w);

	(void)state;
	assert_int_equal(rb.n_refused, 0);
	assert_int_equal(live_groups(&rb), 1);
	assert_int_equal(script.follows, 0);
	assert_false(rb.live_left);
	hf_rollback_done(&rb);
	world_free(w);
}

/* The engine's program judges what is new: not the way back, nor with the words of a plan
 * that is gone. */
static void test_nothing_to_judge(void **state)
{
	world *w = applied_world();
	static const hf_trial trial = { .why = "not known" };
	hf_rollback rb;

	(void)state;
	script.trial = script.trial_now = &trial;
	rb = planned(w);
	assert_null(rb.survey.plan.engine.trial);
	assert_null(rb.survey.plan.engine.trial_now);
	hf_rollback_done(&rb);
	world_free(w);
}

/* What a rollback undid is done again by its own rollback. */
static void test_live_part_of_a_rollback(void **state)
{
	world *w = applied_world();
	hf_apply_result result = { 0 };
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_rollback rb = planned(w);
	const hf_plan *plan = &rb.survey.plan;
	const hf_txn_item *item = NULL;
	hf_txn txn;

	(void)state;
	script.holds = -1;
	hf_rollback_run(&w->host, &w->model, &rb, &w->options, &result);
	assert_int_equal(result.outcome, HF_OUTCOME_APPLIED);
	assert_int_equal(hf_txn_load(&w->host, result.transaction, &arena, &txn, &err),
			 0);
	for (size_t i = 0; i < txn.n_items; i++)
		if (txn.items[i].type == HF_GROUP_LIVE)
			item = &txn.items[i];
	assert_non_null(item);
	assert_true(item->reverse);
	hf_rollback_done(&rb);

	txn.boot_id = "here";
	assert_int_equal(hf_txn_store(&w->host, &txn, &err), 0);
	rb = planned_of(w, result.transaction);
	assert_int_equal(live_groups(&rb), 1);
	plan = &rb.survey.plan;
	for (size_t i = 0; i < plan->n_groups; i++)
		if (plan->groups[i]->type == HF_GROUP_LIVE)
			assert_true(plan->groups[i]->forward);
	hf_rollback_done(&rb);
	hf_apply_result_done(&result);
	hf_arena_done(&arena);
	world_free(w);
}

/* Before and after of another boot mean nothing: the kind goes by the disk. */
static void test_live_part_of_another_boot(void **state)
{
	for (int left = 0; left < 2; left++) {
		world *w = applied_world();
		hf_rollback rb;

		(void)state;
		put(w, BOOT, "another\n");
		script.follows_left = left;
		rb = planned(w);
		assert_int_equal(script.follows, 1);
		assert_int_equal(live_groups(&rb), 0);
		assert_int_equal(rb.live_left, left);
		hf_rollback_done(&rb);
		world_free(w);
	}
}

/* It says it is done, and is not. */
static void test_live_part_is_verified(void **state)
{
	world *w = applied_world();
	hf_apply_result result = { 0 };
	hf_rollback rb = planned(w);

	(void)state;
	script.holds = 1;
	hf_rollback_run(&w->host, &w->model, &rb, &w->options, &result);
	assert_int_equal(result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_non_null(
		strstr(hf_error_text(result.error), "the live part: not as it is to be"));
	hf_rollback_done(&rb);
	hf_apply_result_done(&result);
	world_free(w);
}

/* What is loaded at boot stays another's: so does what is loaded now. */
static void test_live_part_of_changed_files(void **state)
{
	world *w = applied_world();
	hf_rollback rb;

	(void)state;
	put(w, OLD, "another transaction's\n");
	rb = planned(w);
	assert_int_equal(rb.n_refused, 2);
	assert_string_equal(rb.refused[0].what, OLD);
	assert_string_equal(rb.refused[1].what, "the live part");
	assert_int_equal(live_groups(&rb), 0);
	hf_rollback_done(&rb);
	world_free(w);
}

/* The bytes go back; an xattr that others gave the file since is theirs. */
static void test_xattrs_of_others(void **state)
{
	world *w = applied_world();
	hf_apply_result result = { 0 };
	char path[4096], value[8];
	hf_rollback rb;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s" OLD, w->root);
	if (setxattr(path, "user.since", "theirs", 6, 0) < 0) {
		world_free(w);
		skip(); /* a file system without them */
	}
	rb = planned(w);
	script.holds = -1;
	assert_int_equal(rb.n_refused, 0);
	hf_rollback_run(&w->host, &w->model, &rb, &w->options, &result);
	assert_int_equal(result.outcome, HF_OUTCOME_APPLIED);
	assert_int_equal(getxattr(path, "user.since", value, sizeof(value)), 6);
	hf_rollback_done(&rb);
	hf_apply_result_done(&result);
	world_free(w);
}

/* An ACL is part of the mode: the file is not touched. */
static void test_acl_of_others(void **state)
{
	/* version 2; user::rw-, user:1000:r--, group::r--, mask::r--, other::r-- */
	static const unsigned char acl[] = {
		2,    0,    0,	  0,	1,    0,    6,	  0,	0xff, 0xff, 0xff,
		0xff, 2,    0,	  4,	0,    0xe8, 3,	  0,	0,    4,    0,
		4,    0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,	4,    0,    0xff,
		0xff, 0xff, 0xff, 0x20, 0,    4,    0,	  0xff, 0xff, 0xff, 0xff,
	};
	world *w = applied_world();
	char path[4096];
	hf_rollback rb;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s" OLD, w->root);
	if (setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0) < 0) {
		world_free(w);
		skip(); /* a file system without them */
	}
	rb = planned(w);
	assert_int_equal(rb.n_refused, 2); /* and what is loaded from it */
	assert_string_equal(rb.refused[0].why, "it was given an ACL since");
	hf_rollback_done(&rb);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_part),
		cmocka_unit_test(test_nothing_to_judge),
		cmocka_unit_test(test_live_part_of_changed_files),
		cmocka_unit_test(test_live_part_of_a_rollback),
		cmocka_unit_test(test_live_part_of_another_boot),
		cmocka_unit_test(test_live_part_is_verified),
		cmocka_unit_test(test_xattrs_of_others),
		cmocka_unit_test(test_acl_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A confirmation that is waited for: which apply it is of, and who may end it. */
#include "engine_world.h"

#include "engine/confirm.h"
#include "engine/journal.h"
#include "engine/rollback.h"

static const hf_plan_options plan_options = { .now = 1767225600 };

static world *waiting_world(char run[static HF_CONFIRM_RUN])
{
	world *w = world_new();
	hf_error *err = NULL;

	w->options.record = true;
	assert_int_equal(hf_confirm_begin(&w->host, 1767225600, 0, run, &err), 0);
	return w;
}

static hf_confirm confirmation(world *w)
{
	hf_error *err = NULL;
	hf_confirm confirm;

	assert_int_equal(hf_confirm_read(&w->host, &confirm, &err), 0);
	return confirm;
}

static hf_txn_result result_of(world *w, const char *id)
{
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_txn txn;

	assert_int_equal(hf_txn_load(&w->host, id, &arena, &txn, &err), 0);
	hf_arena_done(&arena);
	return txn.result;
}

static bool undo(world *w, const char *run)
{
	cleanup_(hf_apply_result_done) hf_apply_result result = { 0 };
	hf_error *err = NULL;
	bool undone;

	if (hf_confirm_undo(&w->host, &w->model, run, &plan_options, &w->options, &result,
			    &undone, &err) < 0)
		fail_msg("%s", hf_error_text(err));
	return undone;
}

static void apply_confirmed_by(world *w, const char *run)
{
	w->options.confirm_run = run;
	do_apply(w);
	w->options.confirm_run = NULL;
	if (w->result.error)
		fail_msg("%s", hf_error_text(w->result.error));
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
}

static void test_own_apply_is_undone(void **state)
{
	char run[HF_CONFIRM_RUN];
	world *w = waiting_world(run);

	(void)state;
	apply_confirmed_by(w, run);
	assert_string_equal(confirmation(w).transaction, w->result.transaction);
	assert_true(undo(w, run));
	free(shell("grep -qx old %s" OLD " && test ! -e %s" CONF, w->root, w->root));
	assert_false(confirmation(w).exists);
	assert_int_equal(result_of(w, w->result.transaction), HF_TXN_ROLLED_BACK);
	world_free(w);
}

/* It came to the lock before the one that is waited for, and that found nothing to do. */
static void test_another_apply_is_not_undone(void **state)
{
	char run[HF_CONFIRM_RUN];
	world *w = waiting_world(run);

	(void)state;
	free(shell("cd %s/var/lib/holdfast && mv confirm ..", w->root));
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	free(shell("cd %s/var/lib/holdfast && mv ../confirm .", w->root));
	assert_false(undo(w, run));
	assert_int_equal(result_of(w, w->result.transaction), HF_TXN_APPLIED);
	free(shell("grep -qx wanted %s" OLD, w->root));
	assert_false(confirmation(w).exists);
	world_free(w);
}

/* A watchdog that woke late: the confirmation there is now is another run's. */
static void test_another_run_is_left_alone(void **state)
{
	char run[HF_CONFIRM_RUN], other[HF_CONFIRM_RUN];
	world *w = waiting_world(run);
	hf_error *err = NULL;

	(void)state;
	assert_int_equal(hf_confirm_end(&w->host, run, 0, &err), 0);
	assert_int_equal(hf_confirm_begin(&w->host, 1, 0, other, &err), 0);
	assert_string_not_equal(run, other);
	apply_confirmed_by(w, other);
	assert_false(undo(w, run));
	assert_int_equal(hf_confirm_end(&w->host, run, 0, &err), 0);
	assert_int_equal(hf_confirm_move(&w->host, run, 2, 0, &err), -ENOENT);
	hf_error_free(take_ptr(err));
	assert_int_equal(hf_confirm_keep(&w->host, run, 0, &err), -ENOENT);
	hf_error_free(take_ptr(err));
	assert_true(confirmation(w).exists);
	assert_int_equal(confirmation(w).deadline, 1);
	assert_int_equal(result_of(w, w->result.transaction), HF_TXN_APPLIED);
	world_free(w);
}

/* Nobody would undo it. */
static void test_no_apply_once_it_is_gone(void **state)
{
	char run[HF_CONFIRM_RUN];
	world *w = waiting_world(run);
	hf_error *err = NULL;

	(void)state;
	assert_int_equal(hf_confirm_keep(&w->host, NULL, 0, &err), 0);
	w->options.confirm_run = run;
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_REFUSED);
	assert_int_equal(w->result.error->code, -ECANCELED);
	free(shell("grep -qx old %s" OLD " && test ! -e %s" CONF, w->root, w->root));
	world_free(w);
}

/* The undoing and the confirming exclude each other, whoever comes first. */
static void test_kept_or_undone(void **state)
{
	cleanup_(hf_rollback_done) hf_rollback planned = { 0 };
	cleanup_(hf_apply_result_done) hf_apply_result result = { 0 };
	char run[HF_CONFIRM_RUN];
	world *w = waiting_world(run);
	hf_error *err = NULL;

	(void)state;
	apply_confirmed_by(w, run);
	assert_int_equal(hf_rollback_plan(&w->host, &w->model, w->result.transaction,
					  &plan_options, &planned, &err),
			 0);
	assert_int_equal(hf_confirm_keep(&w->host, NULL, 0, &err), 0);
	w->options.confirm_run = run;
	hf_rollback_run(&w->host, &w->model, &planned, &w->options, &result);
	assert_int_equal(result.outcome, HF_OUTCOME_REFUSED);
	assert_int_equal(result.error->code, -ECANCELED);
	assert_int_equal(result_of(w, w->result.transaction), HF_TXN_APPLIED);
	world_free(w);

	w = waiting_world(run);
	apply_confirmed_by(w, run);
	free(shell("cd %s/var/lib/holdfast && cp confirm ..", w->root));
	assert_true(undo(w, run));
	free(shell("cd %s/var/lib/holdfast && mv ../confirm .", w->root));
	assert_int_equal(hf_confirm_keep(&w->host, NULL, 0, &err), -EALREADY);
	hf_error_free(err);
	assert_false(undo(w, run));
	assert_false(confirmation(w).exists);
	world_free(w);
}

/* Planned twice, carried out once. */
static void test_rolled_back_meanwhile(void **state)
{
	hf_rollback planned[2] = { 0 };
	hf_apply_result results[2] = { 0 };
	world *w = world_new();
	hf_error *err = NULL;

	(void)state;
	w->options.record = true;
	do_apply(w);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(hf_rollback_plan(&w->host, &w->model, NULL,
						  &plan_options, &planned[i], &err),
				 0);
	for (size_t i = 0; i < 2; i++)
		hf_rollback_run(&w->host, &w->model, &planned[i], &w->options,
				&results[i]);
	assert_int_equal(results[0].outcome, HF_OUTCOME_APPLIED);
	assert_int_equal(results[1].outcome, HF_OUTCOME_REFUSED);
	assert_int_equal(results[1].error->code, -EALREADY);
	for (size_t i = 0; i < 2; i++) {
		hf_apply_result_done(&results[i]);
		hf_rollback_done(&planned[i]);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_apply_is_undone),
		cmocka_unit_test(test_another_apply_is_not_undone),
		cmocka_unit_test(test_another_run_is_left_alone),
		cmocka_unit_test(test_no_apply_once_it_is_gone),
		cmocka_unit_test(test_kept_or_undone),
		cmocka_unit_test(test_rolled_back_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

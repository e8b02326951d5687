/* SPDX-License-Identifier: Apache-2.0 */
/* Apply on a scratch tree with a fake kind: done, refused, rolled back, incomplete. */
#include "engine/journal.h"
#include "engine_world.h"

#include "engine/journal.h"

static void test_applied_then_nothing(void **state)
{
	world *w = world_new();
	char *before, *after;

	(void)state;
	do_apply(w);
	if (w->result.error)
		fail_msg("%s", hf_error_text(w->result.error));
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	assert_int_equal(script.commits, 1);
	assert_int_equal(script.discards, 1);
	before = shell("cat %s" CONF " %s" OLD "; stat -c %%a %s/var/lib/holdfast "
		       "%s/var/lib/holdfast/applied.json; ls %s/var/lib/holdfast",
		       w->root, w->root, w->root, w->root, w->root);
	assert_string_equal(before, WANTED WANTED "700\n600\napplied.json\n");
	free(before);
	/* the record names what was before */
	look_again(w);
	assert_true(w->survey.record.exists);
	assert_int_equal(w->survey.record.n_entries, 2);
	assert_null(hf_record_get(&w->survey.record, CONF)->before);
	assert_string_equal(hf_record_get(&w->survey.record, OLD)->before, "old\n");
	assert_string_equal(hf_record_get(&w->survey.record, OLD)->after, WANTED);
	/* and a second apply does nothing */
	before = shell("cd %s && find . -printf '%%p %%i %%T@ %%C@\\n' | sort", w->root);
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_NOTHING);
	after = shell("cd %s && find . -printf '%%p %%i %%T@ %%C@\\n' | sort", w->root);
	assert_string_equal(before, after);
	free(before);
	free(after);
	world_free(w);
}

static void test_failed_commit_rolls_back(void **state)
{
	world *w = world_new();
	char *before = listing(w), *after;

	(void)state;
	script.fail_commit = EPERM;
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_string_equal(w->result.error->msg,
			    "change the live part: the live part says no");
	assert_int_equal(script.reverts, 1);
	after = listing(w);
	assert_string_equal(before, after);
	free(before);
	free(after);
	world_free(w);
}

static void test_failed_revert_is_incomplete(void **state)
{
	world *w = world_new();
	bool stuck = false;

	(void)state;
	script.fail_commit = EPERM;
	script.fail_revert = EIO;
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_INCOMPLETE);
	for (size_t i = 0; i < w->result.n_steps; i++)
		stuck |= w->result.steps[i].state == HF_STEP_STUCK &&
			 strcmp(w->result.steps[i].what, "change the live part") == 0;
	assert_true(stuck);
	world_free(w);
}

static void test_failed_verification_rolls_back(void **state)
{
	world *w = world_new();
	char *before = listing(w), *after;

	(void)state;
	script.never_content = true;
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_non_null(strstr(w->result.error->msg, "verification found"));
	after = listing(w);
	assert_string_equal(before, after);
	free(before);
	free(after);
	world_free(w);
}

/* What cannot be taken back is done once all else is verified, or not at all. */
static void test_last(void **state)
{
	world *w = world_new();

	(void)state;
	script.locks = true;
	look_again(w);
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	assert_int_equal(script.locked_at,
			 script.looks - 1); /* one look for the report */
	assert_true(script.locked_at > 1);
	assert_int_equal(w->result.after.plan.n_changes, 0);
	world_free(w);

	w = world_new();
	script.locks = true;
	script.never_content = true;
	look_again(w);
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_int_equal(script.locked_at, 0);
	world_free(w);

	w = world_new();
	script.locks = true;
	script.fail_lock = EPERM;
	look_again(w);
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_int_equal(script.reverts, 2);
	assert_string_equal(w->result.error->msg, "change the lock: it does not lock");
	world_free(w);
}

static void test_stale_host_is_refused(void **state)
{
	world *w = world_new();
	char *before, *after;

	(void)state;
	put(w, OLD, "somebody else wrote this\n");
	before = listing(w);
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_REFUSED);
	assert_int_equal(w->result.error->code, -ESTALE);
	assert_int_equal(script.commits, 0);
	after = listing(w);
	assert_string_equal(before, after);
	free(before);
	free(after);
	world_free(w);
}

/* An applied record with an entry of @len bytes. */
static void put_large_record(const world *w, size_t len)
{
	cleanup_free char *text = malloc(len + 1);
	hf_strbuf sb = { 0 };

	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = '\0';
	hf_strbuf_addf(&sb,
		       "{\"schema\": \"1.0\", \"baselines\": [], \"sets\": [], "
		       "\"entries\": [{\"id\": \"" CONF "\", \"before\": \"%s\"}]}",
		       text);
	free(shell("mkdir -m 700 %s/var/lib/holdfast", w->root));
	put(w, "/var/lib/holdfast/applied.json", hf_strbuf_str(&sb));
	hf_strbuf_done(&sb);
}

/* Holdfast's own files grow with the host: they may be larger than what it manages. */
static void test_large_state(void **state)
{
	const hf_apply_options options = { .record = true };

	(void)state;
	for (unsigned fails = 0; fails < 2; fails++) {
		world *w = world_new();
		hf_arena arena = { 0 };
		hf_error *err = NULL;
		hf_txn txn;

		put_large_record(w, HF_FILE_MAX + 1);
		look_again(w);
		script.fail_commit = fails ? EPERM : 0;
		assert_int_equal(hf_engine_apply(&w->host, &w->model, &w->survey,
						 &options, &w->result, &err),
				 0);
		assert_int_equal(w->result.outcome,
				 fails ? HF_OUTCOME_ROLLED_BACK : HF_OUTCOME_APPLIED);
		assert_int_equal(
			hf_txn_load(&w->host, w->result.transaction, &arena, &txn, &err),
			0);
		assert_int_equal(hf_txn_store(&w->host, &txn, &err), 0);
		hf_arena_done(&arena);
		look_again(w);
		assert_int_equal(strlen(w->survey.record.entries[0]->before),
				 HF_FILE_MAX + 1);
		world_free(w);
	}
}

/* What could not be read again is not begun. */
static void test_too_large_a_journal(void **state)
{
	static const hf_txn empty = { .id = "20261122T155326634-a5f4",
				      .program = "0",
				      .command = "apply",
				      .boot_id = "",
				      .user = "u" };
	world *w = world_new();
	hf_error *err = NULL;
	hf_txn txn = empty;
	char *text = malloc(HF_JOURNAL_MAX / 64 + 1);
	hf_txn_change changes[64];

	(void)state;
	assert_non_null(text);
	memset(text, 'x', HF_JOURNAL_MAX / 64);
	text[HF_JOURNAL_MAX / 64] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		changes[i] = (hf_txn_change){ .id = text };
	txn.changes = changes;
	txn.n_changes = ARRAY_SIZE(changes);
	assert_int_equal(hf_journal_begin(&w->host, &txn, &err), -EFBIG);
	assert_non_null(strstr(hf_error_text(err), "64 changes are too many"));
	hf_error_free(take_ptr(err));
	assert_int_equal(hf_journal_exists(&w->host, &err), 0);
	free(text);
	world_free(w);
}

/* At @edit_at somebody else writes "theirs" to @edit_path. */
static const char *edit_at, *edit_path;
static const world *edit_in;

static void edit(const char *point)
{
	if (edit_at && strcmp(point, edit_at) == 0) {
		edit_at = NULL;
		put(edit_in, edit_path, "theirs\n");
	}
}

/* What others write while holdfast is at work is neither lost nor a half state. */
static void test_edited_meanwhile(void **state)
{
	static const struct {
		const char *at, *path;
		hf_outcome outcome;
	} cases[] = {
		{ "directory made", CONF, HF_OUTCOME_REFUSED },
		{ "prepared", CONF, HF_OUTCOME_ROLLED_BACK },
		{ "prepared", OLD, HF_OUTCOME_ROLLED_BACK },
		{ "prepared", "/etc/new/dir/other", HF_OUTCOME_APPLIED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		world *w = world_new();
		char *now;

		edit_in = w;
		edit_at = cases[i].at;
		edit_path = cases[i].path;
		w->host.fault = edit;
		do_apply(w);
		w->host.fault = NULL;
		assert_null(edit_at);
		assert_int_equal(w->result.outcome, cases[i].outcome);
		if (cases[i].outcome != HF_OUTCOME_APPLIED)
			assert_int_equal(w->result.error->code, -ESTALE);
		now = shell("cat %s%s; ls -A %s/etc", w->root, cases[i].path, w->root);
		assert_string_equal(now, strcmp(cases[i].path, OLD) == 0
						 ? "theirs\nold.conf\n"
						 : "theirs\nnew\nold.conf\n");
		free(now);
		world_free(w);
	}
}

/* Another one applied between our look and our lock: neither our record, nor what was to
 * be released, would be right. */
static void test_stale_record_is_refused(void **state)
{
	world *w = world_new();

	(void)state;
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	script.never_content = true; /* something to do, and nothing new to note */
	look_again(w);
	free(shell("sed -i 's/old/older/; /^sha256/d' %s" HF_RECORD_PATH, w->root));
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_REFUSED);
	assert_int_equal(w->result.error->code, -ESTALE);
	assert_int_equal(script.commits, 1);
	look_again(w);
	free(shell("rm %s" HF_RECORD_PATH, w->root));
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_REFUSED);
	assert_int_equal(w->result.error->code, -ESTALE);
	world_free(w);
}

/* The clock goes back: what was just written is the newest, and stays. */
static void test_order_despite_the_clock(void **state)
{
	world *w = world_new();
	cleanup_free char *future = NULL;
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	const char *id;
	char **ids;
	size_t n;

	(void)state;
	w->options.record = true;
	w->options.keep = 1;
	w->survey.plan.options.now = 4102444799; /* the last second of 2099 */
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	future = strdup(w->result.transaction);
	assert_int_equal(strncmp(future, "20991231T235959000-", 19), 0);
	for (int i = 0; i < 2; i++) {
		put(w, OLD, "old\n");
		look_again(w);
		do_apply(w);
		assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	}
	assert_int_equal(strncmp(w->result.transaction, "20991231T235959002-", 19), 0);
	assert_int_equal(hf_txn_list(&w->host, &arena, &ids, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(ids[0], w->result.transaction);
	/* over a second, and a name that is no time */
	free(shell("cd %s" HF_TXN_DIR " && mv %s 20991231T235959999-0000", w->root,
		   ids[0]));
	assert_int_equal(hf_txn_id_new(&w->host, 0, &arena, &id, &err), 0);
	assert_int_equal(strncmp(id, "21000101T000000000-", 19), 0);
	free(shell("cd %s" HF_TXN_DIR " && mv 20991231T235959999-0000 99999999T99999999",
		   w->root));
	assert_int_equal(hf_txn_id_new(&w->host, 1001, &arena, &id, &err), 0);
	assert_int_equal(strncmp(id, "19700101T000001001-", 19), 0);
	assert_int_equal(hf_txn_id_new(&w->host, INT64_MAX, &arena, &id, &err), -ERANGE);
	hf_error_free(err);
	hf_arena_done(&arena);
	world_free(w);
}

static void test_damaged_record_is_an_error(void **state)
{
	static const char *const others[] = {
		"{\"schema\": \"2.0\"}",
		"[]",
		"{\"schema\": \"1.0\", \"baselines\": {}, \"sets\": [], \"entries\": []}",
		("{\"schema\": \"1.0\", \"baselines\": [], \"sets\": \"\", \"entries\": "
		 "[]}"),
		"{\"schema\": \"1.0\", \"baselines\": [], \"sets\": [], \"entries\": 7}",
		"{\"schema\": \"1.0\", \"baselines\": [], \"sets\": []}",
	};
	world *w = world_new();
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_arena arena = { 0 };
	hf_record record;

	(void)state;
	free(shell("mkdir %s/var/lib/holdfast", w->root));
	put(w, "/var/lib/holdfast/applied.json", "{\"schema\": \"1.0\",\n oops");
	assert_int_equal(hf_record_read(&w->host, &arena, &record, &err), -EBADMSG);
	assert_int_equal(err->line, 2);
	assert_string_equal(err->file, HF_RECORD_PATH);
	hf_error_free(take_ptr(err));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		put(w, "/var/lib/holdfast/applied.json", others[i]);
		assert_int_equal(hf_record_read(&w->host, &arena, &record, &err),
				 -EBADMSG);
		assert_non_null(strstr(err->hint, "from a backup"));
		hf_error_free(take_ptr(err));
	}
	put(w, "/var/lib/holdfast/applied.json",
	    "{\"schema\": \"3.0\", \"holdfast\": \"9.1\", \"entries\": []}");
	assert_int_equal(hf_record_read(&w->host, &arena, &record, &err), -ENOTSUP);
	assert_non_null(strstr(hf_error_text(err), "was written by holdfast 9.1"));
	assert_non_null(strstr(err->hint, "that wrote it"));
	hf_error_free(take_ptr(err));
	hf_arena_done(&arena);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_applied_then_nothing),
		cmocka_unit_test(test_failed_commit_rolls_back),
		cmocka_unit_test(test_failed_revert_is_incomplete),
		cmocka_unit_test(test_failed_verification_rolls_back),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_stale_host_is_refused),
		cmocka_unit_test(test_large_state),
		cmocka_unit_test(test_too_large_a_journal),
		cmocka_unit_test(test_edited_meanwhile),
		cmocka_unit_test(test_stale_record_is_refused),
		cmocka_unit_test(test_order_despite_the_clock),
		cmocka_unit_test(test_damaged_record_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

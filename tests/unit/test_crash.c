/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crash matrix: a child dies at every fault point of an apply in turn; the recovery
 * of the parent gives back the tree as it was, with nothing stray; the next apply
 * completes, the one after it has nothing to do. The same for crashes of the recovery.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "engine/engine.h"
#include "engine/journal.h"
#include "engine/recover.h"
#include "host/fs.h"
#include "model/kind.h"

#define N_FILES 8
#define N_INODES 6

/* Dies when the count is reached; counts otherwise. */
static unsigned points_seen, die_at;

static void fault(const char *point)
{
	(void)point;
	if (++points_seen == die_at)
		_exit(99);
}

/* --- a kind with files (old, new, in new directories), inodes and a live list
 * --------------- */

/* The live list is a file outside the tree, so that it outlives the child. */
static char live_path[80];

static int live_get(void)
{
	FILE *f = fopen(live_path, "r");
	int v = 0;

	if (f) {
		if (fscanf(f, "%d", &v) != 1)
			v = 0;
		fclose(f);
	}
	return v;
}

static void live_set(int v)
{
	FILE *f = fopen(live_path, "w");

	if (f) {
		fprintf(f, "%d", v);
		fclose(f);
	}
}

typedef struct seen {
	char *text[N_FILES];
	size_t len[N_FILES];
	hf_inode inode[N_INODES];
} seen;

static void file_path(char *ret, size_t i)
{
	sprintf(ret, i % 2 ? "/etc/new%zu/sub/f%zu" : "/etc/%zuold%zu", i / 4, i);
}

static void inode_path(char *ret, size_t i)
{
	/* the first is a file that is replaced, too */
	sprintf(ret, i ? "/etc/inode%zu" : "/etc/0old0", i);
}

static int fake_observe(hf_host *host, const hf_model *model, hf_plan *plan,
			hf_error **err)
{
	seen *s = hf_arena_new(&plan->arena, seen);
	char path[64];

	(void)model;
	if (!s)
		return hf_error_oom(err);
	plan->obs[0] = s;
	for (size_t i = 0; i < N_FILES; i++) {
		file_path(path, i);
		if (hf_fs_read(host, path, 0, &plan->arena, &s->text[i], &s->len[i], NULL,
			       NULL) < 0)
			s->text[i] = NULL;
	}
	for (size_t i = 0; i < N_INODES; i++) {
		inode_path(path, i);
		if (hf_fs_inode(host, path, 0, &s->inode[i], err) < 0)
			return -EIO;
	}
	return 0;
}

static const hf_kind fake;

static int plan_file(hf_plan *plan, const char *path, const char *text, size_t len)
{
	hf_group *group;
	hf_change *change;

	if (text && strcmp(text, "wanted\n") == 0)
		return 0;
	change = hf_plan_change(plan, &fake, HF_PERSISTED, path, HF_OP_UPDATE, text,
				"wanted\n", HF_CAUSE_HOST);
	group = hf_plan_group(plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &fake, path);
	if (!change || !group)
		return -ENOMEM;
	change->recorded = true;
	hf_change_in(change, group);
	group->existed = text;
	group->before = text ? text : "";
	group->before_len = len;
	group->after = "wanted\n";
	group->after_len = strlen("wanted\n");
	if (strcmp(path, "/etc/0old0") == 0 || strcmp(path, "/etc/new0/sub/f1") == 0) {
		group->first = "first\n";
		group->first_len = strlen("first\n");
	}
	group->uid = geteuid(); /* the test may be run by anyone */
	group->gid = getegid();
	return 1;
}

static int plan_inode(hf_plan *plan, const char *path, const hf_inode *inode)
{
	hf_group *group;
	hf_change *change;

	if ((inode->mode & 07777) == 0640)
		return 0;
	change = hf_plan_change(plan, &fake, HF_PERSISTED, path, HF_OP_UPDATE, "x",
				"0640", HF_CAUSE_HOST);
	group = hf_plan_group(plan, HF_GROUP_INODE, HF_STAGE_CONFIG, &fake, path);
	if (!change || !group)
		return -ENOMEM;
	hf_change_in(change, group);
	group->before_uid = group->uid = inode->uid;
	group->before_gid = group->gid = inode->gid;
	group->before_mode = inode->mode;
	group->mode = 0640;
	group->dev = inode->dev;
	group->ino = inode->ino;
	return 1;
}

static int fake_plan(const hf_model *model, hf_plan *plan, hf_error **err)
{
	const seen *s = plan->obs[0];
	char path[64];

	(void)model, (void)err;
	for (size_t i = 0; i < N_FILES; i++) {
		file_path(path, i);
		assert_int_equal(hf_plan_claim(plan, path), 0);
		assert_true(plan_file(plan, path, s->text[i], s->len[i]) >= 0);
	}
	for (size_t i = 0; i < N_INODES; i++) {
		inode_path(path, i);
		assert_true(plan_inode(plan, path, &s->inode[i]) >= 0);
	}
	if (live_get() != 1) {
		hf_change *change = hf_plan_change(plan, &fake, HF_LIVE, "live",
						   HF_OP_UPDATE, "0", "1", HF_CAUSE_HOST);
		hf_group *group = hf_plan_group(plan, HF_GROUP_LIVE, HF_STAGE_CONFIG,
						&fake, "live");

		assert_non_null(change);
		assert_non_null(group);
		hf_change_in(change, group);
	}
	return 0;
}

static int fake_prepare(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host, (void)group, (void)err;
	return 0;
}

static int fake_commit(hf_host *host, hf_group *group, hf_error **err)
{
	(void)group, (void)err;
	hf_fault(host, "live before");
	live_set(1);
	hf_fault(host, "live after");
	return 0;
}

static int fake_revert(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host, (void)group, (void)err;
	live_set(0);
	return 0;
}

static int fake_freeze(const hf_group *group, hf_strbuf *out)
{
	(void)group;
	hf_strbuf_adds(out, "0 1");
	return 0;
}

static int fake_replay(hf_host *host, const char *frozen, bool forward, hf_error **err)
{
	(void)host, (void)err;
	assert_string_equal(frozen, "0 1");
	if (live_get() == forward)
		return 0;
	live_set(forward);
	return 1;
}

static int fake_holds(hf_host *host, const char *frozen, bool forward, hf_error **err)
{
	(void)host, (void)frozen, (void)err;
	return live_get() == forward;
}

static const hf_kind fake = {
	.name = "fake",
	.observe = fake_observe,
	.plan = fake_plan,
	.prepare = fake_prepare,
	.commit = fake_commit,
	.revert = fake_revert,
	.freeze = fake_freeze,
	.replay = fake_replay,
	.holds = fake_holds,
};
static const hf_kind *const kinds[] = { &fake };

/* --- the matrix
 * ------------------------------------------------------------------------------ */

static char root[64];
static hf_source source = { .name = "b.yaml", .text = "" };
static hf_baseline baseline = {
	.name = "b",
	.title = "b",
	.source = &source,
	.digest = "00",
	.requested = true,
};
static hf_baseline *baselines[] = { &baseline };
static hf_model model = {
	.baselines = baselines,
	.n_baselines = 1,
	.kinds = kinds,
	.n_kinds = 1,
};

static void shell(const char *fmt, ...) _printf_(1, 2);
static void shell(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

static void tree_make(void)
{
	char path[64];

	shell("rm -rf %s && mkdir -p %s/etc %s/var/lib", root, root, root);
	for (size_t i = 0; i < N_FILES; i += 2) {
		file_path(path, i);
		shell("echo old > %s%s && chmod 0604 %s%s", root, path, root, path);
		if (geteuid() == 0) /* who a file belongs to comes back, too */
			shell("chown 12:34 %s%s", root, path);
	}
	for (size_t i = 1; i < N_INODES; i++) {
		inode_path(path, i);
		shell("echo x > %s%s && chmod %s %s%s", root, path,
		      i == 2 ? "0607" : "0666", root, path);
	}
	live_set(0);
}

/* Everything but our own state directory: names, types, modes, owners, content. */
static char *listing(void)
{
	hf_strbuf out = { 0 };
	char command[512];
	FILE *f;
	int c;

	sprintf(command,
		"cd %s && find . -path ./var/lib/holdfast -prune -o -printf '%%p %%M %%U "
		"%%G\\n' "
		"| sort && find . -path ./var/lib/holdfast -prune -o -type f -print | "
		"sort | "
		"xargs cksum",
		root);
	f = popen(command, "r");
	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		hf_strbuf_addc(&out, (char)c);
	assert_int_equal(pclose(f), 0);
	return hf_strbuf_steal(&out);
}

static hf_outcome apply_once(void)
{
	const hf_plan_options plan_options = { .now = 1767225600 };
	const hf_apply_options options = { 0 };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_apply_result result = { 0 };
	hf_survey survey = { 0 };
	hf_diags diags = { 0 };
	hf_outcome outcome;
	hf_host host;

	assert_int_equal(hf_host_open(&host, root, &err), 0);
	host.fault = fault;
	assert_int_equal(hf_engine_survey(&host, &model, &plan_options, NULL, 0, &diags,
					  &survey, &err),
			 0);
	assert_int_equal(hf_engine_apply(&host, &model, &survey, &options, &result, &err),
			 0);
	if (result.error)
		print_error("%s\n", hf_error_text(result.error));
	outcome = result.outcome;
	hf_apply_result_done(&result);
	hf_survey_done(&survey);
	hf_diags_done(&diags);
	hf_host_close(&host);
	return outcome;
}

static hf_outcome recover_once(bool forward, bool *ret_found)
{
	const hf_apply_options options = { 0 };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_apply_result result = { 0 };
	hf_outcome outcome;
	hf_host host;

	assert_int_equal(hf_host_open(&host, root, &err), 0);
	host.fault = fault;
	assert_int_equal(hf_engine_recover(&host, &model, forward, &options, &result,
					   ret_found, &err),
			 0);
	for (size_t i = 0; i < result.n_steps; i++)
		if (result.steps[i].state == HF_STEP_STUCK)
			print_error("stuck: %s: %s\n", result.steps[i].what,
				    result.steps[i].why);
	outcome = result.outcome;
	hf_apply_result_done(&result);
	hf_host_close(&host);
	return outcome;
}

/* Runs one of the two in a child that dies at point @at; its exit status. */
static int child_dies(unsigned at, bool recovering)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		bool found;

		points_seen = 0;
		die_at = at;
		if (recovering)
			(void)recover_once(false, &found);
		else
			(void)apply_once();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static unsigned count_points(void)
{
	unsigned n;

	tree_make();
	points_seen = 0;
	die_at = 0;
	assert_int_equal(apply_once(), HF_OUTCOME_APPLIED);
	n = points_seen;
	return n;
}

static void settle(const char *before, unsigned at)
{
	char *after = listing();
	bool found;

	if (strcmp(before, after) != 0)
		fail_msg("died at point %u: not as before:\n%s", at, after);
	free(after);
	live_set(0); /* a tree has no live layer: its loss is the reboot's */
	assert_int_equal(recover_once(false, &found), HF_OUTCOME_NOTHING);
	assert_false(found);
	assert_int_equal(apply_once(), HF_OUTCOME_APPLIED);
	assert_int_equal(live_get(), 1);
	assert_int_equal(apply_once(), HF_OUTCOME_NOTHING);
}

static void test_crash_matrix(void **state)
{
	unsigned n = count_points();
	char *before;

	(void)state;
	print_message("%u fault points\n", n);
	assert_true(n >= 60);
	tree_make();
	before = listing();
	for (unsigned at = 1; at <= n; at++) {
		bool found;
		hf_outcome outcome;

		tree_make();
		assert_int_equal(child_dies(at, false), 99);
		outcome = recover_once(false, &found);
		if (outcome != HF_OUTCOME_ROLLED_BACK && outcome != HF_OUTCOME_NOTHING)
			fail_msg("died at point %u: recovery ends with %d", at, outcome);
		settle(before, at);
	}
	free(before);
}

/* A crash of the recovery itself is recovered, too. */
static void test_crash_of_recovery(void **state)
{
	unsigned n = count_points(), tried = 0;
	static char *before; /* a leak checker finds it from the children, too */

	(void)state;
	tree_make();
	before = listing();
	for (unsigned k = 1;; k++) {
		bool found;

		tree_make();
		assert_int_equal(child_dies(n - 6, false), 99);
		if (child_dies(k, true) != 99)
			break;
		tried++;
		assert_int_equal(recover_once(false, &found), HF_OUTCOME_ROLLED_BACK);
		settle(before, k);
	}
	print_message("%u fault points in the recovery\n", tried);
	assert_true(tried > 0);
	free(before);
}

static bool journal_there(void)
{
	char path[128];

	sprintf(path, "%s" HF_JOURNAL_PATH, root);
	return access(path, F_OK) == 0;
}

static void test_forward(void **state)
{
	unsigned n = count_points();
	char *applied;

	(void)state;
	applied = listing();
	for (unsigned at = 4; at < n - 3; at++) {
		bool found;
		char *after;

		tree_make();
		assert_int_equal(child_dies(at, false), 99);
		if (!journal_there())
			continue;
		assert_int_equal(recover_once(true, &found), HF_OUTCOME_APPLIED);
		assert_true(found);
		after = listing();
		if (strcmp(applied, after) != 0)
			fail_msg("died at point %u: forward is not as applied:\n%s", at,
				 after);
		free(after);
		/* the live list is per boot, and a tree has none: an apply sets it */
		live_set(1);
		assert_int_equal(apply_once(), HF_OUTCOME_NOTHING);
	}
	free(applied);
}

/* The live list is undone and redone from the journal's text, under the same boot only.
 */
static void test_live_replay(void **state)
{
	unsigned n = count_points();
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_apply_result result = { 0 };
	hf_arena arena = { 0 };
	hf_host host;
	hf_txn txn;
	bool found;

	(void)state;
	tree_make();
	assert_int_equal(child_dies(n - 6, false), 99);
	assert_int_equal(live_get(), 1);
	assert_int_equal(hf_host_open(&host, root, &err), 0);
	assert_int_equal(hf_journal_read(&host, &arena, &txn, &found, &err), 0);
	assert_true(found);
	assert_int_equal(hf_txn_undo(&host, &model, &txn, false, &result, &err), 0);
	assert_int_equal(live_get(), 1);
	assert_int_equal(hf_txn_undo(&host, &model, &txn, true, &result, &err), 0);
	assert_int_equal(live_get(), 0);
	assert_int_equal(hf_txn_redo(&host, &model, &txn, true, &result, &err), 0);
	assert_int_equal(live_get(), 1);
	hf_apply_result_done(&result);
	hf_arena_done(&arena);
	hf_host_close(&host);
}

/* Torn, edited, foreign: reported, nothing is touched. */
static void test_bad_journals(void **state)
{
	static const char *const journals[] = {
		"",
		"{}",
		"garbage\n",
		"{\"schema\": \"1.0\"}\nsha256 00\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(journals); i++) {
		bool found;
		char *before, *after, path[128];
		FILE *f;

		tree_make();
		shell("mkdir -p %s/var/lib/holdfast", root);
		sprintf(path, "%s" HF_JOURNAL_PATH, root);
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(journals[i], f);
		fclose(f);
		before = listing();
		assert_int_equal(recover_once(false, &found), HF_OUTCOME_REFUSED);
		assert_int_equal(apply_once(), HF_OUTCOME_REFUSED);
		after = listing();
		assert_string_equal(before, after);
		free(before);
		free(after);
	}
	/* one byte of a real one */
	tree_make();
	assert_int_equal(child_dies(12, false), 99);
	shell("sed -i 's/wanted/wonted/; s/\"path\": \"\\/etc/\"path\": \"\\/etd/' "
	      "%s" HF_JOURNAL_PATH,
	      root);
	{
		bool found;

		assert_int_equal(recover_once(false, &found), HF_OUTCOME_REFUSED);
	}
}

/* What somebody else changed after the crash is left as it is, and named. */
static void test_changed_since(void **state)
{
	unsigned n = count_points();
	bool found;

	(void)state;
	tree_make();
	assert_int_equal(child_dies(n - 6, false), 99);
	shell("cd %s/etc && echo mine > 0old0 && chmod 0600 1old4 && chmod 0600 inode1 "
	      "&& "
	      "chmod 0600 inode2",
	      root);
	assert_int_equal(recover_once(false, &found), HF_OUTCOME_INCOMPLETE);
	shell("cd %s/etc && grep -qx mine 0old0 && grep -qx old 0old2", root);
	shell("cd %s/etc && test $(stat -c %%a 1old4 inode1 | tr -d '\n') = 600600",
	      root);
	/* 0600 was on its way from 0607 to 0640, or back */
	shell("cd %s/etc && test $(stat -c %%a inode2) = 607", root);
	/* the journal stays until it is settled */
	shell("test -f %s" HF_JOURNAL_PATH, root);
	shell("cd %s/etc && echo old > 0old0 && chmod 0604 0old0 1old4 && "
	      "chmod 0666 inode1",
	      root);
	assert_int_equal(recover_once(false, &found), HF_OUTCOME_ROLLED_BACK);
	shell("test ! -e %s" HF_JOURNAL_PATH, root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crash_matrix),
		cmocka_unit_test(test_crash_of_recovery),
		cmocka_unit_test(test_forward),
		cmocka_unit_test(test_live_replay),
		cmocka_unit_test(test_bad_journals),
		cmocka_unit_test(test_changed_since),
	};
	int r;

	strcpy(root, "/tmp/holdfast-crash-XXXXXX");
	if (!mkdtemp(root))
		return 99;
	sprintf(live_path, "%s.live", root);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	shell("rm -rf %s %s", root, live_path);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Apply on a scratch tree with a fake kind: done, refused, rolled back, incomplete. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "engine/engine.h"
#include "host/fs.h"
#include "model/kind.h"

/* What the fake kind shall do; one test at a time. */
static struct {
	int fail_commit; /* errno of the live commit, 0: none */
	int fail_revert;
	bool never_content; /* wants its file changed whatever it holds */
	int commits, reverts, discards, prepares;
} script;

#define CONF "/etc/new/dir/a.conf"
#define OLD "/etc/old.conf"
#define WANTED "wanted\n"

static int fake_observe(hf_host *host, const hf_model *model, hf_plan *plan,
			hf_error **err)
{
	struct {
		char *text;
		size_t len;
		hf_inode inode;
		bool exists;
	} *obs = hf_arena_alloc(&plan->arena, 2 * sizeof(*obs));
	static const char *const paths[] = { CONF, OLD };

	(void)model;
	if (!obs)
		return hf_error_oom(err);
	plan->obs[0] = obs;
	for (size_t i = 0; i < 2; i++) {
		hf_error *ignored = NULL;

		obs[i].exists = hf_fs_read(host, paths[i], 0, &plan->arena, &obs[i].text,
					   &obs[i].len, &obs[i].inode, &ignored) == 0;
		hf_error_free(ignored);
	}
	return 0;
}

static const hf_kind fake;

static int want_file(hf_plan *plan, const char *path, const char *text, size_t len,
		     bool exists)
{
	hf_change *change = hf_plan_change(plan, &fake, HF_PERSISTED, path,
					   exists ? HF_OP_UPDATE : HF_OP_CREATE,
					   exists ? text : NULL, WANTED, HF_CAUSE_HOST);
	hf_group *group =
		hf_plan_group(plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &fake, path);

	if (!change || !group)
		return -ENOMEM;
	change->recorded = true;
	hf_change_in(change, group);
	group->existed = exists;
	group->before = exists ? text : "";
	group->before_len = exists ? len : 0;
	group->after = WANTED;
	group->after_len = strlen(WANTED);
	return 0;
}

static int fake_plan(const hf_model *model, hf_plan *plan, hf_error **err)
{
	const struct {
		char *text;
		size_t len;
		hf_inode inode;
		bool exists;
	} *obs = plan->obs[0];
	static const char *const paths[] = { CONF, OLD };
	bool any = false;

	(void)model;
	for (size_t i = 0; i < 2; i++) {
		bool same = obs[i].exists && strcmp(obs[i].text, WANTED) == 0;

		if (hf_plan_claim(plan, paths[i]) < 0)
			return hf_error_oom(err);
		if (same && !script.never_content)
			continue;
		any = true;
		if (want_file(plan, paths[i], obs[i].text, obs[i].len, obs[i].exists) < 0)
			return hf_error_oom(err);
	}
	if (any) {
		hf_change *change = hf_plan_change(plan, &fake, HF_LIVE, "live",
						   HF_OP_UPDATE, "0", "1", HF_CAUSE_HOST);
		hf_group *group = hf_plan_group(plan, HF_GROUP_LIVE, HF_STAGE_CONFIG,
						&fake, "the live part");

		if (!change || !group)
			return hf_error_oom(err);
		hf_change_in(change, group);
	}
	return 0;
}

static int fake_prepare(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host, (void)group, (void)err;
	script.prepares++;
	return 0;
}

static int fake_commit(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host, (void)group;
	script.commits++;
	if (script.fail_commit)
		return hf_error_set(err, -script.fail_commit, "the live part says no");
	return 0;
}

static int fake_revert(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host, (void)group;
	script.reverts++;
	if (script.fail_revert)
		return hf_error_set(err, -script.fail_revert, "the live part stays");
	return 0;
}

static void fake_discard(hf_group *group)
{
	(void)group;
	script.discards++;
}

static const hf_kind fake = {
	.name = "fake",
	.observe = fake_observe,
	.plan = fake_plan,
	.prepare = fake_prepare,
	.commit = fake_commit,
	.revert = fake_revert,
	.discard = fake_discard,
};
static const hf_kind *const kinds[] = { &fake };

/* A scratch tree, its host, an empty model. */
typedef struct world {
	char root[64];
	hf_host host;
	hf_model model;
	hf_source source;
	hf_baseline baseline, *baselines[1];
	hf_survey survey;
	hf_diags diags;
	hf_apply_result result;
} world;

static void put(const world *w, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s%s", w->root, path);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static char *shell(const char *fmt, ...) _printf_(1, 2);
static char *shell(const char *fmt, ...)
{
	cleanup_free char *command = NULL;
	hf_strbuf out = { 0 };
	va_list ap;
	FILE *f;
	int c;

	va_start(ap, fmt);
	assert_true(vasprintf(&command, fmt, ap) > 0);
	va_end(ap);
	f = popen(command, "r");
	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		hf_strbuf_addc(&out, (char)c);
	assert_int_equal(pclose(f), 0);
	return hf_strbuf_steal(&out);
}

/* Names, modes, owners and contents of the whole tree. */
static char *listing(const world *w)
{
	return shell("cd %s && find . -printf '%%p %%M %%U %%G\\n' | sort && "
		     "find . -type f | sort | xargs cksum",
		     w->root);
}

static world *world_new(void)
{
	world *w = calloc(1, sizeof(*w));
	hf_error *err = NULL;
	hf_plan_options options = { .now = 1767225600 };

	assert_non_null(w);
	memset(&script, 0, sizeof(script));
	strcpy(w->root, "/tmp/holdfast-engine-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	free(shell("mkdir -p %s/etc %s/var/lib", w->root, w->root));
	put(w, OLD, "old\n");
	w->source = (hf_source){ .name = "b.yaml", .text = "", .len = 0 };
	w->baseline = (hf_baseline){
		.name = "b",
		.title = "b",
		.source = &w->source,
		.digest = "00",
		.requested = true,
	};
	w->baselines[0] = &w->baseline;
	w->model.baselines = w->baselines;
	w->model.n_baselines = 1;
	w->model.kinds = kinds;
	w->model.n_kinds = 1;
	assert_int_equal(hf_host_open(&w->host, w->root, &err), 0);
	assert_int_equal(hf_engine_survey(&w->host, &w->model, &options, NULL, 0,
					  &w->diags, &w->survey, &err),
			 0);
	return w;
}

static void world_free(world *w)
{
	hf_apply_result_done(&w->result);
	hf_survey_done(&w->survey);
	hf_diags_done(&w->diags);
	hf_host_close(&w->host);
	free(shell("rm -rf %s", w->root));
	free(w);
}

static void do_apply(world *w)
{
	static const hf_apply_options options = { 0 };
	hf_error *err = NULL;

	assert_int_equal(hf_engine_apply(&w->host, &w->model, &w->survey, &options,
					 &w->result, &err),
			 0);
}

static void look_again(world *w)
{
	hf_plan_options options = { .now = 1767225600 };
	hf_error *err = NULL;

	hf_apply_result_done(&w->result);
	hf_survey_done(&w->survey);
	assert_int_equal(hf_engine_survey(&w->host, &w->model, &options, NULL, 0,
					  &w->diags, &w->survey, &err),
			 0);
}

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

static void test_damaged_record_is_an_error(void **state)
{
	static const char *const others[] = {
		"{\"schema\": \"2.0\"}",
		"[]",
		"{\"schema\": \"1.0\", \"baselines\": {}, \"sets\": [], \"entries\": []}",
		"{\"schema\": \"1.0\", \"baselines\": [], \"sets\": \"\", \"entries\": "
		"[]}",
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
		cmocka_unit_test(test_stale_host_is_refused),
		cmocka_unit_test(test_edited_meanwhile),
		cmocka_unit_test(test_damaged_record_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

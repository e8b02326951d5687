/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the first rename and the last live change nothing is allocated: a machine that
 * runs out of memory there would be left with a half state. All types of groups are
 * committed here while allocations are counted, and put back while they fail.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/xattr.h>

#include "../alloc_wrap.h"
#include "engine/engine.h"
#include "engine/transact.h"
#include "host/fs.h"
#include "kinds/registry.h"
#include "model/kind.h"
#include "temp_root.h"

static bool counting, failing;
static unsigned allocations;

static bool alloc_fails(void)
{
	allocations += counting;
	return failing;
}

/* From the first commit to the last, and what puts them on disk. */
static void watch(const char *point)
{
	if (strcmp(point, "commit") == 0)
		counting = true;
	if (strcmp(point, "all committed") == 0)
		counting = false;
}

static int fake_prepare(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host, (void)group, (void)err;
	return 0;
}

static int fail_commit;

static int fake_commit(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host, (void)group;
	if (!fail_commit)
		return 0;
	failing = true; /* from here on */
	return hf_error_set(err, -fail_commit, "no");
}

static const hf_kind fake = {
	.name = "fake",
	.prepare = fake_prepare,
	.commit = fake_commit,
	.revert = fake_prepare,
};
static const hf_kind *const kinds[] = { &fake };

static int verify(hf_host *host, void *user, hf_error **err)
{
	(void)host, (void)user, (void)err;
	return 0;
}

static void begin(hf_survey *survey)
{
	*survey = (hf_survey){ 0 };
	survey->plan.options.offline = true;
	survey->plan.facts = &survey->facts;
}

static void carry_out(temp_root *t, hf_survey *survey, hf_apply_result *result)
{
	hf_model model = { .kinds = kinds, .n_kinds = 1 };
	const hf_apply_options options = { .record = true };
	const hf_transaction how = { .command = "apply", .verify = verify };

	hf_transact(&t->host, &model, survey, &options, &how, result);
}

static hf_group *add_group(hf_plan *plan, hf_group_type type, hf_stage stage,
			   const char *path)
{
	hf_group *group = hf_plan_group(plan, type, stage, &fake, path);

	assert_non_null(group);
	group->uid = group->before_uid = geteuid();
	group->gid = group->before_gid = getegid();
	group->mode = 0640;
	group->before = group->after = "";
	return group;
}

static void add_file(temp_root *t, hf_plan *plan, hf_stage stage, const char *path,
		     const char *before, const char *after)
{
	hf_group *group = add_group(plan, HF_GROUP_FILE, stage, path);

	if (before)
		temp_root_write(t, path + 1, before);
	group->existed = before;
	group->before = before ? before : "";
	group->before_len = strlen(group->before);
	group->remove = !after;
	group->after = after ? after : "";
	group->after_len = strlen(group->after);
}

static void add_inode(temp_root *t, hf_plan *plan, const char *path)
{
	hf_group *group = add_group(plan, HF_GROUP_INODE, HF_STAGE_CONFIG, path);
	struct stat st;

	temp_root_write(t, path + 1, "");
	st = temp_root_stat(t, path + 1);
	group->before_mode = st.st_mode;
	group->dev = st.st_dev;
	group->ino = st.st_ino;
}

static void all_types(temp_root *t, hf_plan *plan)
{
	temp_root_mkdir(t, "etc");
	temp_root_mkdir(t, "etc/empty");
	temp_root_mkdir(t, "var");
	temp_root_mkdir(t, "var/lib");
	add_file(t, plan, HF_STAGE_UNITS, "/etc/unit.d/drop-in", NULL, "new");
	add_file(t, plan, HF_STAGE_CONFIG, "/etc/old", "old", "new");
	add_file(t, plan, HF_STAGE_CONFIG, "/etc/gone", "old", NULL);
	add_inode(t, plan, "/etc/inode");
	add_group(plan, HF_GROUP_MKDIR, HF_STAGE_CONFIG, "/var/late/dir");
	add_group(plan, HF_GROUP_MKDIR, HF_STAGE_CONFIG, "/etc/empty")->remove = true;
	add_group(plan, HF_GROUP_LIVE, HF_STAGE_CONFIG, "live");
}

/* Where openat2(2) is missing (older kernels, valgrind), paths are walked with memory. */
static bool walks(temp_root *t)
{
	hf_inode inode;

	(void)!hf_fs_inode(&t->host, "/etc", 0, &inode, NULL);
	return t->host.no_openat2;
}

static void nothing_is_allocated(void **state)
{
	temp_root *t = *state;
	hf_apply_result result = { 0 };
	hf_survey survey;
	struct stat st;

	begin(&survey);
	all_types(t, &survey.plan);
	t->host.fault = watch;
	allocations = 0;
	carry_out(t, &survey, &result);
	t->host.fault = NULL;
	if (result.error)
		fail_msg("%s", hf_error_text(result.error));
	assert_int_equal(result.outcome, HF_OUTCOME_APPLIED);
	assert_false(counting);
	if (!walks(t))
		assert_int_equal(allocations, 0);
	assert_string_equal(temp_root_text(t, "etc/unit.d/drop-in"), "new");
	assert_string_equal(temp_root_text(t, "etc/old"), "new");
	assert_int_equal(fstatat(t->fd, "etc/gone", &st, 0), -1);
	assert_int_equal(temp_root_stat(t, "etc/inode").st_mode, S_IFREG | 0640);
	assert_int_equal(temp_root_stat(t, "var/late/dir").st_mode, S_IFDIR | 0640);
	assert_int_equal(fstatat(t->fd, "etc/empty", &st, 0), -1);
	hf_apply_result_done(&result);
	hf_survey_done(&survey);
}

static char *listing(temp_root *t)
{
	static char text[4096];
	FILE *f;
	size_t n;

	(void)snprintf(t->scratch, sizeof(t->scratch),
		       "cd %s && find . -path ./var/lib/holdfast -prune -o -printf '%%p "
		       "%%M %%U %%G\\n' | sort; cat etc/old etc/gone",
		       t->path);
	f = popen(t->scratch, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	assert_int_equal(pclose(f), 0);
	return text;
}

/* A failure where there is no memory either: all is put back without. */
static void put_back_without_memory(void **state)
{
	temp_root *t = *state;
	hf_apply_result result = { 0 };
	hf_survey survey;
	char before[4096];

	begin(&survey);
	all_types(t, &survey.plan);
	if (walks(t)) {
		hf_survey_done(&survey);
		skip();
	}
	(void)snprintf(t->scratch, sizeof(t->scratch), "%s/etc/old", t->path);
	(void)setxattr(t->scratch, "user.note", "kept", 4, 0);
	strcpy(before, listing(t));
	fail_commit = EIO;
	carry_out(t, &survey, &result);
	failing = false;
	fail_commit = 0;
	assert_int_equal(result.outcome, HF_OUTCOME_ROLLED_BACK);
	assert_string_equal(before, listing(t));
	hf_apply_result_done(&result);
	hf_survey_done(&survey);
}

/* What the journal has of a live list is parsed before anything is visible, too. */
static void damaged_live_list(void **state)
{
	temp_root *t = *state;
	hf_apply_result result = { 0 };
	hf_survey survey;
	struct stat before, after;
	hf_group *group;

	temp_root_mkdir(t, "etc");
	begin(&survey);
	add_file(t, &survey.plan, HF_STAGE_CONFIG, "/etc/old", "old", "new");
	group = add_group(&survey.plan, HF_GROUP_LIVE, HF_STAGE_CONFIG, "live");
	group->kind = hf_kind_find(hf_kinds, hf_kinds_n, "audit");
	group->frozen = "set 1 0 1\nadd damaged\n";
	before = temp_root_stat(t, "etc/old");
	carry_out(t, &survey, &result);
	assert_int_equal(result.outcome, HF_OUTCOME_REFUSED);
	assert_non_null(strstr(hf_error_text(result.error), "rules are damaged"));
	after = temp_root_stat(t, "etc/old");
	assert_int_equal(before.st_ino, after.st_ino);
	hf_apply_result_done(&result);
	hf_survey_done(&survey);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(put_back_without_memory, temp_root_make,
						temp_root_remove),
		cmocka_unit_test_setup_teardown(damaged_live_list, temp_root_make,
						temp_root_remove),
		cmocka_unit_test_setup_teardown(nothing_is_allocated, temp_root_make,
						temp_root_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

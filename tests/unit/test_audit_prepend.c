/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that are declared with -A: they come first, and no line of ours says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "audit_world.h"

#define RULE(rest) "-a always,exit -F arch=b64 " rest
#define WIDE RULE("-F dir=/etc/docker -F perm=wa -F key=wide")
#define FILE_1 "exit -F arch=b64 -F path=/etc/docker/1 -F perm=wa"
#define FILE_2 "always,exit -F arch=b64 -F path=/etc/docker/2 -F perm=wa -F key=two"

static const char prepended[] = "rules:\n- {rule: '" WIDE "'}\n"
				"- {rule: '-A never," FILE_1 "'}\n"
				"- {rule: '-A " FILE_2 "'}\n";

static void file(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", prepended);
	plan(w);
	assert_string_equal(after(w, OWN),
			    HEAD "# a\n-a " FILE_2 "\n-a never," FILE_1 "\n" WIDE "\n");
	apply(w);
	assert_string_equal(rows(w), "");
	assert_string_equal(changes(w), "");
}

/* Declared both ways it is one rule, and stands first. */
static void twice(void **state)
{
	world *w = *state;

	kind_world_control(w, "a",
			   "rules: [{rule: '" WIDE "'}, {rule: '-a " FILE_2 "'}]");
	kind_world_control(w, "b", "rules: [{rule: '-A " FILE_2 "'}]");
	plan(w);
	assert_string_equal(after(w, OWN), HEAD "# a, b\n-a " FILE_2 "\n# a\n" WIDE "\n");
	apply(w);
	assert_string_equal(rows(w), "");
}

/* A file that an earlier release made, with -A, is written anew and nothing reloaded. */
static void older_file(void **state)
{
	static const char *const there[] = { "-a " FILE_2, WIDE, NULL };
	world *w = *state;

	kind_world_control(w, "a",
			   "rules: [{rule: '" WIDE "'}, {rule: '-A " FILE_2 "'}]");
	temp_root_write(w->t, "etc/audit/rules.d/60-holdfast.rules",
			HEAD "# a\n" WIDE "\n-A " FILE_2 "\n");
	kernel = there;
	plan(w);
	assert_string_equal(after(w, OWN), HEAD "# a\n-a " FILE_2 "\n" WIDE "\n");
	assert_string_equal(ops(w), "");
	/* which auditctl here would do with that file */
	assert_int_equal(
		hf_facts_set(&w->facts, "audit", HF_PRESENT, "4.1.0", "test", NULL), 0);
	plan(w);
	assert_non_null(strstr(rows(w), "auditctl 4.0.4 to 4.1.0 takes -A for -d"));
	apply(w);
	assert_string_equal(rows(w), "");
	assert_string_equal(changes(w), "");
}

/* Where a rule of another file comes first all the same. */
static void behind_others(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", "rules: [{rule: '-A never," FILE_1 "'}]");
	temp_root_write(w->t, "etc/audit/rules.d/70.rules", WIDE "\n");
	plan(w);
	apply(w);
	assert_string_equal(rows(w), "");
	temp_root_write(w->t, "etc/audit/rules.d/10.rules",
			"-w /etc/docker/2\n-w /etc/docker -p w -k ten\n");
	plan(w);
	assert_string_equal(
		rows(w),
		"drift persisted audit:-a never," FILE_1
		": loaded (it is to come first (-A), and /etc/audit/rules.d/10.rules:2 "
		"decides about some of its events before it: -a always,exit -F "
		"dir=/etc/docker -F perm=w -F key=ten)\n");
	assert_string_equal(
		changes(w),
		"update persisted audit:-a never," FILE_1
		" blocked: it is to come first (-A), and /etc/audit/rules.d/10.rules:2 "
		"decides about some of its events before it: -a always,exit -F "
		"dir=/etc/docker -F perm=w -F key=ten; take that line out, or name it "
		"under 'absent'\n");
}

/* Each goes to the front of the kernel's list, the one that comes first last. */
static void live(void **state)
{
	static const char *const there[] = { WIDE, NULL };
	world *w = *state;

	kind_world_control(w, "a", prepended);
	plan(w);
	apply(w);
	kernel = there;
	plan(w);
	assert_string_equal(ops(w), "add -a never," FILE_1 "\nadd -a " FILE_2 "\n");
	for (size_t i = 0; i < 2; i++) {
		const hf_group *g = hf_plan_group_find(&w->plan, HF_GROUP_LIVE,
						       "the kernel's audit rules");
		const hf_audit_live *work = g->live;

		assert_true(work->ops[i].rule->prepend);
	}
}

/* Onto an empty list all are prepended, and come out in the order of the file. */
static void first_load(void **state)
{
	static const char *const empty[] = { NULL };
	world *w = *state;

	kind_world_control(w, "a", prepended);
	kind_world_control(w, "b", "rules: [{rule: '" RULE("-F path=/etc/y") "'}]");
	plan(w);
	apply(w);
	kernel = empty;
	plan(w);
	assert_string_equal(ops(w),
			    "prepend " RULE("-F path=/etc/y") "\nprepend " WIDE
							      "\nadd -a never," FILE_1
							      "\nadd -a " FILE_2 "\n");
}

/* A line of others is the same rule whichever way it comes in. */
static void absent(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", "absent: ['-a never,task']");
	temp_root_write(w->t, "etc/audit/rules.d/10.rules", "-A never,task\n");
	plan(w);
	assert_string_equal(after(w, "/etc/audit/rules.d/10.rules"),
			    "# holdfast(a): -A never,task\n");
	apply(w);
	assert_string_equal(rows(w), "");
	w->controls[0].disabled = "no";
	plan(w);
	assert_string_equal(after(w, "/etc/audit/rules.d/10.rules"), "-A never,task\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(file), TEST(twice),      TEST(older_file), TEST(behind_others),
		TEST(live), TEST(first_load), TEST(absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `exclusive: true`: no rules but those that are demanded, on disk and in the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_world.h"

#define FOREIGN "/etc/audit/rules.d/10.rules"

static void lines_of_others(void **state)
{
	static const char others[] =
		"# c\n-b 100\n-w /etc/x -p wa\n-a always,exit -S mount -k m\n"
		"-d always,exit -S mount -k m\n" B32 ETC "\nrubbish\n-e 1\n";
	world *w = *state;
	hf_control *c;

	kind_world_control(w, "a", etc_docker);
	c = kind_world_control(w, "only", "settings: {exclusive: true}");
	/* what is demanded may stand in a file of others */
	temp_root_write(w->t, &FOREIGN[1], others);
	plan(w);
	assert_string_equal(after(w, FOREIGN),
			    "# c\n-b 100\n# holdfast(only): -w /etc/x -p wa\n"
			    "# holdfast(only): -a always,exit -S mount -k m\n"
			    "# holdfast(only): -d always,exit -S mount -k m\n" B32 ETC
			    "\nrubbish\n-e 1\n");
	assert_non_null(strstr(
		rows(w), "drift persisted audit:absent -a always,exit -F path=/etc/x -F "
			 "perm=wa: -a always,exit -F path=/etc/x -F perm=wa\n"));
	assert_null(strstr(rows(w), "audit:exclusive"));
	temp_root_write(w->t, &FOREIGN[1], "-w /etc/x -p wa\n" B32 ETC "\n");
	plan(w);
	apply(w);
	assert_string_equal(rows(w), "pass persisted audit:" B32 ETC
				     ": loaded (met by " FOREIGN ":2: " B32 ETC ")\n");
	assert_string_equal(changes(w), "");
	assert_string_equal(temp_root_text(w->t, &FOREIGN[1]),
			    "# holdfast(only): -w /etc/x -p wa\n" B32 ETC "\n");
	/* somebody adds one */
	temp_root_write(w->t, "etc/audit/rules.d/20.rules", "-w /etc/y -p wa\n");
	plan(w);
	assert_string_equal(changes(w), "delete persisted audit:absent -a always,exit -F "
					"path=/etc/y -F perm=wa\n");
	apply(w);
	/* only observed: told, not changed */
	temp_root_write(w->t, "etc/audit/rules.d/20.rules", "-w /etc/y -p wa\n");
	c->enforce = false;
	plan(w);
	assert_non_null(strstr(rows(w), "drift persisted audit:absent"));
	assert_null(strstr(changes(w), "path=/etc/y"));
	/* nobody wants it any more: the lines come back */
	c->disabled = "no";
	plan(w);
	assert_string_equal(after(w, FOREIGN), "-w /etc/x -p wa\n" B32 ETC "\n");
}

static void rules_of_others(void **state)
{
	static const char *const list[] = {
		"-a never,task",
		B64 ETC,
		"-w /etc -p wa -k wider",
		"-a always,exit -F dir=/etc/docker -F arch=b32 -F perm=wa -F key=docker",
		B64 ETC,
		NULL
	};
	static const char *const own[] = { B64 ETC, B32 ETC, NULL };
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "only", "settings: {exclusive: true}");
	plan(w);
	apply(w);
	kernel = own;
	plan(w);
	assert_string_equal(rows(w), "");
	assert_string_equal(ops(w), "");
	/* what is demanded stays, with its fields in any order; a wider rule does not do
	 */
	kernel = list;
	plan(w);
	assert_string_equal(ops(w), "delete (as it is)\ndelete (as it is)\n");
	assert_string_equal(changes(w),
			    "delete live audit:absent -a never,task\n"
			    "delete live audit:absent -a always,exit -F path=/etc -F "
			    "perm=wa -F key=wider\n");
	enabled = 2;
	plan(w);
	assert_string_equal(ops(w), "");
	assert_non_null(
		strstr(rows(w), "pending-reboot live audit:absent -a never,task"));
	/* ours from before is released, not of others */
	enabled = 1;
	kernel = own;
	w->controls[0].disabled = "no";
	plan(w);
	assert_string_equal(changes(w), "delete persisted audit:" B64 ETC "\n"
					"delete persisted audit:" B32 ETC "\n"
					"delete live audit:" B64 ETC "\n"
					"delete live audit:" B32 ETC "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_of_others),
		TEST(rules_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

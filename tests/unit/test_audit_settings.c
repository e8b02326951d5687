/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that are not like others, and what is seen beside the controls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_world.h"

/* Has no value on its line, and is no field of the kernel's status. */
static void loginuid_immutable(void **state)
{
	static const char *const empty[] = { NULL };
	static const char zz[] = "/etc/audit/rules.d/zz-holdfast.rules";
	world *w = *state;

	kind_world_control(w, "a", "settings: {loginuid_immutable: true}");
	plan(w);
	assert_string_equal(after(w, zz), "## Made by holdfast, which writes it anew: "
					  "keep settings of your own in other files.\n"
					  "# a\n--loginuid-immutable\n");
	apply(w);
	assert_string_equal(rows(w), "");
	kernel = empty;
	plan(w);
	assert_string_equal(rows(w),
			    "drift live audit:setting loginuid_immutable: false\n");
	assert_string_equal(ops(w), "set loginuid_immutable 1\n");
	/* a rules file of others that says so */
	kernel = NULL;
	assert_int_equal(unlinkat(w->t->fd, &zz[1], 0), 0);
	temp_root_write(w->t, "etc/audit/rules.d/20.rules", "--loginuid-immutable\n");
	plan(w);
	assert_string_equal(rows(w), "");
	kind_world_control(w, "b", "absent: [--loginuid-immutable, -e2]");
	temp_root_write(w->t, "etc/audit/rules.d/30.rules", "-e 2\n");
	w->controls[0].disabled = "no";
	plan(w);
	assert_string_equal(after(w, "/etc/audit/rules.d/20.rules"),
			    "# holdfast(b): --loginuid-immutable\n");
	assert_string_equal(after(w, "/etc/audit/rules.d/30.rules"),
			    "# holdfast(b): -e 2\n");
}

/* "layer name: value [file:line] (why)", in lines. */
static const char *asides(world *w)
{
	hf_strbuf_reset(&w->text);
	for (size_t i = 0; i < w->plan.n_asides; i++) {
		const hf_aside *a = &w->plan.asides[i];

		hf_strbuf_addf(&w->text, "%s %s: %s", hf_layer_name(a->layer), a->name,
			       a->value);
		if (a->file)
			hf_strbuf_addf(&w->text, " [%s:%u]", a->file, a->line);
		if (a->why)
			hf_strbuf_addf(&w->text, " (%s)", a->why);
		hf_strbuf_addc(&w->text, '\n');
	}
	return hf_strbuf_str(&w->text);
}

/* The kernel's counters come with every look at it. */
static void counters(void **state)
{
	static const char *const list[] = { B64 ETC, B32 ETC, NULL };
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	plan(w);
	assert_string_equal(asides(w), "");
	kernel = list;
	plan(w);
	assert_string_equal(asides(w), "live rules loaded: 2\nlive lost: 7\n"
				       "live backlog: 3\n");
}

/* Rules of others, with where they come from; ours are none of them. */
static void rules_of_others(void **state)
{
	static const char *const list[] = { "-w /etc/y -p wa -k mine", B64 ETC, B32 ETC,
					    "-w /etc/z -p wa", NULL };
	world *w = *state;

	temp_root_write(w->t, "etc/audit/rules.d/10.rules",
			"# c\n-w /etc/x -p wa\n-w /etc/y -p wa -k mine\n");
	kind_world_control(w, "a", etc_docker);
	plan(w);
	apply(w);
	kernel = list;
	plan(w);
	assert_string_equal(asides(w), "live rules loaded: 4\nlive lost: 7\n"
				       "live backlog: 3\n");
	asides_wanted = true;
	plan(w);
	assert_string_equal(
		asides(w),
		"live rules loaded: 4\nlive lost: 7\nlive backlog: 3\n"
		"persisted rule of others: -a always,exit -F path=/etc/x -F perm=wa "
		"[/etc/audit/rules.d/10.rules:2] (not in the kernel)\n"
		"persisted rule of others: -a always,exit -F path=/etc/y -F perm=wa -F "
		"key=mine [/etc/audit/rules.d/10.rules:3]\n"
		"live rule of others: -a always,exit -F path=/etc/z -F perm=wa (kernel "
		"only)\n");
}

/* The lock is a group of its own, which comes when all else is verified. */
static void locked(void **state)
{
	static const char *const list[] = { NULL };
	world *w = *state;
	const hf_group *group;
	const hf_audit_live *work;

	kind_world_control(w, "a", "settings: {enabled: locked}");
	kernel = list;
	enabled = 0;
	lock_allowed = true;
	plan(w);
	assert_string_equal(ops(w), "set enabled 1\n");
	group = hf_plan_group_find(&w->plan, HF_GROUP_LIVE,
				   "the lock on the kernel's audit rules");
	assert_non_null(group);
	assert_int_equal(group->stage, HF_STAGE_LAST);
	assert_int_equal(group->n_changes, 1);
	work = group->live;
	assert_int_equal(work->n, 1);
	assert_int_equal(work->ops[0].setting, HF_AUDIT_ENABLED);
	assert_int_equal(work->ops[0].value, 2);
	assert_int_equal(work->ops[0].before, 1);
	enabled = 1;
	plan(w);
	assert_string_equal(ops(w), "");
	lock_allowed = false;
	plan(w);
	assert_null(hf_plan_group_find(&w->plan, HF_GROUP_LIVE,
				       "the lock on the kernel's audit rules"));
}

#define STOPS                                                                            \
	" blocked: the load stops at /etc/audit/rules.d/10.rules:1 (-a 'bogus' is not "  \
	"LIST,ACTION)\n"
#define REWRITTEN "update persisted audit:/etc/audit/rules.d/zz-holdfast.rules\n"
#define SETTING "persisted audit:setting "

/* A setting that the load does not get to is no change: the cure is the line that stops
 * it, whether ours is there already or not. -b comes before all rules, -e behind them. */
static void behind_abort(void **state)
{
	static const char zz[] = "etc/audit/rules.d/zz-holdfast.rules";
	static const char bogus[] = "etc/audit/rules.d/10.rules";
	world *w = *state;

	kernel = NULL;
	kind_world_control(w, "a",
			   "settings: {enabled: true, backlog_limit: 9000, rate_limit: "
			   "5}");
	temp_root_write(w->t, bogus, "-a bogus\n");
	plan(w);
	assert_string_equal(changes(w), "create " SETTING "enabled" STOPS
					"create " SETTING "backlog_limit\n"
					"create " SETTING "rate_limit" STOPS);
	assert_non_null(strstr(after(w, "/etc/audit/rules.d/zz-holdfast.rules"),
			       "\n# a\n-b 9000\n"));
	apply(w);
	assert_string_equal(changes(w), "create " SETTING "enabled" STOPS
					"create " SETTING "rate_limit" STOPS);
	/* what is there stays, but for the words around it */
	temp_root_write(w->t, zz, "-e 1\n-b 9000\n-r 4\n");
	plan(w);
	assert_string_equal(changes(w), "update " SETTING "enabled" STOPS
					"update " SETTING "rate_limit" STOPS REWRITTEN);
	assert_non_null(strstr(after(w, "/etc/audit/rules.d/zz-holdfast.rules"),
			       "\n# a\n-r 4\n"));
	/* in force is what others set before the load stops */
	temp_root_write(w->t, bogus, "# fine\n-r 5\n");
	temp_root_write(w->t, "etc/audit/rules.d/20.rules", "-a bogus\n");
	temp_root_write(w->t, zz, "-b 9000\n");
	plan(w);
	assert_string_equal(changes(w),
			    "create " SETTING "enabled blocked: the load stops at "
			    "/etc/audit/rules.d/20.rules:1 (-a 'bogus' is not "
			    "LIST,ACTION)\n" REWRITTEN);
}

/* What counts is where augenrules puts a line, not where its file stands: one with a
 * blank before it, or of several settings, is not moved. And a mistake in one that is
 * moved goes with ours in its place, or stays without it. */
static void in_the_order_of_the_load(void **state)
{
	static const char zz[] = "/etc/audit/rules.d/zz-holdfast.rules";
	world *w = *state;

	kernel = NULL;
	kind_world_control(w, "a", "settings: {failure: 0, backlog_limit: 9000}");
	temp_root_write(w->t, "etc/audit/rules.d/10.rules", " -b 200\n");
	plan(w);
	assert_string_equal(changes(w),
			    "create " SETTING "failure\n"
			    "create " SETTING "backlog_limit blocked: "
			    "/etc/audit/rules.d/10.rules:1 comes later and sets another "
			    "value; take that line out\n");
	assert_null(strstr(after(w, zz), "-b"));
	apply(w);
	assert_string_equal(changes(w),
			    "create " SETTING "backlog_limit blocked: "
			    "/etc/audit/rules.d/10.rules:1 comes later and sets another "
			    "value; take that line out\n");
	/* ours, which cannot stay, would have stood in the place of the mistake */
	assert_int_equal(unlinkat(w->t->fd, zz + 1, 0), 0);
	temp_root_write(w->t, "etc/audit/rules.d/zz.rules", "-b x\n");
	plan(w);
	assert_string_equal(
		changes(w),
		"create " SETTING "failure blocked: the load stops at "
		"/etc/audit/rules.d/zz.rules:1 (-b 'x' is not a number from 0 "
		"to 4294967295)\n"
		"create " SETTING "backlog_limit blocked: "
		"/etc/audit/rules.d/10.rules:1 comes later and sets another "
		"value; take that line out\n");
	assert_null(after(w, zz));
	/* without the other it does */
	temp_root_write(w->t, "etc/audit/rules.d/10.rules", "");
	plan(w);
	assert_null(strstr(changes(w), "blocked"));
	apply(w);
	assert_string_equal(rows(w), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loginuid_immutable),	TEST(locked),	TEST(behind_abort),
		TEST(in_the_order_of_the_load), TEST(counters), TEST(rules_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

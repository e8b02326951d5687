/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's list, taken from what one disk loads to what another one will. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_world.h"
#include "kinds/audit/audit_planner.h"

#define A B64 "-F path=/etc/a -F key=a"
/* the same rule, its fields in another order */
#define BRIDGE "-a always,exit -F path=/etc/a -F arch=b64 -F key=a"
#define NEVER_A "-a never,exit -F arch=b64 -F path=/etc/a"
#define B B64 "-F path=/etc/b -F key=b"
#define AWAY B64 "-F path=/away/a -F key=a"

static bool everywhere(void *user, const char *path, bool any)
{
	(void)user, (void)path, (void)any;
	return true;
}

static void load(world *w, const char *text, hf_audit_boot *ret)
{
	const hf_audit_boot_host host = { .names = { .machine = "x86_64" },
					  .has_dir = everywhere };
	hf_audit_source *file = hf_arena_new(&w->plan.arena, hf_audit_source);
	hf_audit_merged lines;

	assert_non_null(file);
	*file = (hf_audit_source){ .bytes = text, .len = strlen(text) };
	assert_int_equal(hf_audit_split(file, &w->plan.arena, &lines), 0);
	assert_int_equal(hf_audit_boot_load(&lines, file, &host, &w->plan.arena, ret), 0);
	assert_false(ret->aborted);
}

/* Is a part left to the next boot? The steps are in ops(). */
static bool follow(world *w, const char *now, const char *then, const char *const *there,
		   const char *frozen)
{
	bool changed[HF_AUDIT_SETTING_MAX_] = { 0 };
	hf_error *err = NULL;
	hf_audit_boot to;
	hf_audit_obs *obs;
	bool left = false;

	kind_world_forget_plan(w);
	assert_int_equal(hf_kind_audit.observe(&w->t->host, &w->model, &w->plan, &err),
			 0);
	obs = w->plan.obs[HF_RANK_AUDIT];
	assert_int_equal(hf_audit_answers_mkdir(&obs->answers, "/etc"), 0);
	kernel = there;
	add_kernel(w, obs);
	load(w, now, &obs->boot);
	load(w, then, &to);
	hf_audit_frozen_settings(frozen, changed);
	assert_int_equal(hf_audit_plan_follow(&w->plan, obs, &to, changed, &left), 0);
	return left;
}

static void rules(void **state)
{
	static const struct {
		const char *now, *then;
		const char *there[4];
		const char *ops;
		bool left;
	} cases[] = {
		{ A "\n", A "\n", { A }, "", false },
		/* what the files alone brought goes, what others loaded stays */
		{ A "\n" B "\n",
		  B "\n",
		  { A, B, NEVER_A },
		  "delete (as it is, back to the front)\n",
		  false },
		{ A "\n", "", { B }, "", false },
		/* what they bring back is added; what is there is not */
		{ "", A "\n" B "\n", { B }, "add " A "\n", false },
		/* missing before and after: somebody else's doing */
		{ A "\n", A "\n" B "\n", { NULL }, "add " B "\n", false },
		/* before the rule that it was to stand before */
		{ A "\n",
		  NEVER_A "\n" A "\n",
		  { A },
		  "add " NEVER_A "\n"
		  "add " BRIDGE "\ndelete (as it is)\nadd (as it is)\n"
		  "delete " BRIDGE "\n",
		  false },
		/* a directory that is not there is no reason to fail */
		{ "", AWAY "\n" B "\n", { NULL }, "add " B "\n", true },
	};
	world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool left = follow(w, cases[i].now, cases[i].then, cases[i].there, "");

		assert_string_equal(ops(w), cases[i].ops);
		assert_int_equal(left, cases[i].left);
	}
}

static void settings(void **state)
{
	static const struct {
		const char *now, *then, *frozen;
		const char *ops;
		bool left;
	} cases[] = {
		{ "-b 64\n", "-b 64\n", "", "", false },
		{ "-b 64\n", "-b 320\n", "", "set backlog_limit 320\n", false },
		{ "", "-b 320\n-f 0\n", "", "set backlog_limit 320\nset failure 0\n",
		  false },
		{ "", "-b 64\n", "", "", false },
		/* the kernel's own value is not on record */
		{ "-b 64\n", "", "add x\nset 2 32 64\n", "", true },
		{ "-b 64\n", "", "set 1 0 1\n", "", false },
		/* somebody else has changed it since */
		{ "-b 100\n", "", "set 2 64 100\n", "", false },
		{ "-b 100\n", "-b 50\n", "set 2 50 100\n", "", false },
		{ "", "-e 2\n", "", "", true },
	};
	static const char *const none[] = { NULL };
	world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool left = follow(w, cases[i].now, cases[i].then, none, cases[i].frozen);

		assert_string_equal(ops(w), cases[i].ops);
		assert_int_equal(left, cases[i].left);
	}
}

static void locked(void **state)
{
	static const char *const there[] = { A, NULL };
	world *w = *state;

	enabled = 2;
	assert_true(follow(w, A "\n", "", there, ""));
	assert_string_equal(ops(w), "");
	assert_true(follow(w, "", B "\n", there, ""));
	assert_string_equal(ops(w), "");
	assert_false(follow(w, A "\n", A "\n", there, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(rules), TEST(settings), TEST(locked) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

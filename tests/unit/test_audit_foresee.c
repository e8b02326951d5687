/* SPDX-License-Identifier: Apache-2.0 */
/* What the files would make in the end is seen before anything is written: the plan that
 * says "blocked" leaves it out, and what is applied holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_world.h"

#define LATER "/etc/audit/rules.d/90.rules"
#define EARLIER "/etc/audit/rules.d/10.rules"

/* After the blocked ones were left out nothing else is to be done, and no row is another
 * than was said. */
static void holds_after_apply(world *w)
{
	cleanup_free char *before = strdup(rows(w));

	assert_non_null(before);
	apply(w);
	for (size_t i = 0; i < w->plan.n_changes; i++)
		assert_non_null(w->plan.changes[i]->blocked);
	/* what was written has become fewer; of the rest each is as it was */
	hf_strbuf_reset(&w->text);
	for (size_t i = 0; i < w->plan.n_resources; i++) {
		const hf_resource *r = w->plan.resources[i];
		char *line = hf_arena_printf(&w->model.arena,
					     "%s %s %s:", hf_state_name(r->state),
					     hf_layer_name(r->layer), r->id);

		assert_non_null(line);
		if (r->state == HF_STATE_DRIFT && !strstr(before, line))
			fail_msg("not as announced: %s", line);
	}
}

/* A line of a later file takes ours out again. */
static void taken_out(void **state)
{
	static const struct {
		const char *lines;
		bool b64, b32;	 /* are taken out */
		const char *why; /* of the first; NULL: any */
	} cases[] = {
		{ "-D -k docker\n", true, true,
		  LATER ":1 takes it out again (-D -k docker); take that line out, or "
			"name it under 'absent'" },
		/* auditctl looks for a part of the key */
		{ "# no\n-D -k ock\n", true, true,
		  LATER ":2 takes it out again (-D -k ock); take that line out, or name "
			"it under 'absent'" },
		{ "-D -k dockers\n", false, false, NULL },
		{ "-D\n", false, false, NULL }, /* comes first, wherever it stands */
		{ " -D\n", true, true,
		  LATER ":1 takes it out again ( -D); take that line out" },
		{ "-d always,exit -F arch=b32 " ETC "\n", false, true, NULL },
		{ "-d always,exit -F arch=b64 -S all " ETC "\n", true, false,
		  LATER ":1 takes it out again (-d always,exit -F arch=b64 -S all " ETC
			"); take that line out, or name it under 'absent'" },
		{ "-i\n-d always,exit -F arch=b64 -F dir=/etc/docker\n", false, false,
		  NULL },
		{ "-D -k docker\n" B64 ETC "\n", false, true, NULL },
	};
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "b", "rules: [{rule: '" B64 "-S mount -F key=m'}]");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool want[] = { cases[i].b64, cases[i].b32 };
		static const char *const ids[] = { "audit:" B64 ETC, "audit:" B32 ETC };

		for (int there = 0; there < 2; there++) {
			/* from nothing, and where it was applied before that line came */
			(void)unlinkat(w->t->fd, &OWN[1], 0);
			temp_root_write(w->t, &LATER[1], there ? "" : cases[i].lines);
			plan(w);
			if (there) {
				apply(w);
				assert_string_equal(rows(w), "");
				temp_root_write(w->t, &LATER[1], cases[i].lines);
				plan(w);
			}
			for (size_t k = 0; k < ARRAY_SIZE(ids); k++) {
				const char *blocked = NULL;

				for (size_t j = 0; j < w->plan.n_changes; j++)
					if (!strcmp(w->plan.changes[j]->id, ids[k]))
						blocked = w->plan.changes[j]->blocked;
				if (want[k] != (blocked != NULL))
					fail_msg("'%s', %s: %s", cases[i].lines, ids[k],
						 changes(w));
				if (blocked && k == 0 && cases[i].why)
					assert_string_equal(blocked, cases[i].why);
			}
			holds_after_apply(w);
		}
	}
}

/* "absent" names such a line, and the exclusive ones need not. */
static void taken_out_and_removed(void **state)
{
	static const char *const yaml[] = {
		"absent: ['-D -k docker', '-d always,exit -F arch=b64 " ETC "']",
		"settings: {exclusive: true}",
	};
	world *w = *state;
	hf_control *c;

	kind_world_control(w, "a", etc_docker);
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		(void)unlinkat(w->t->fd, &OWN[1], 0);
		temp_root_write(
			w->t, &LATER[1],
			"-D -k docker\n-D -k other\n-d always,exit -F arch=b64 " ETC
			"\n");
		w->controls[1].disabled = "another";
		c = kind_world_control(w, i ? "only" : "gone", yaml[i]);
		plan(w);
		for (size_t k = 0; k < w->plan.n_changes; k++)
			assert_null(w->plan.changes[k]->blocked);
		apply(w);
		assert_string_equal(rows(w), "");
		assert_string_equal(changes(w), "");
		/* put back it would take ours out */
		c->disabled = "no more";
		plan(w);
		assert_null(after(w, LATER));
		assert_string_equal(rows(w), "");
	}
	assert_int_equal(w->diags.n > 0 && w->diags.items[0].level == HF_DIAG_ERROR, 0);
	w->controls[0].disabled = "no more";
	plan(w);
	assert_string_equal(after(w, LATER),
			    "-D -k docker\n-D -k other\n-d always,exit -F arch=b64 " ETC
			    "\n");
}

/* A rule that another file has for a while: ours would end the load before. */
static void there_meanwhile(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	temp_root_write(w->t, &EARLIER[1], B64 ETC "\n");
	temp_root_write(w->t, &LATER[1], "-d always,exit -F arch=b64 " ETC "\n");
	plan(w);
	assert_string_equal(changes(w),
			    "create persisted audit:" B64 ETC " blocked: " LATER
			    ":1 takes it out again (-d always,exit -F arch=b64 " ETC
			    "); take that line out, or name it under 'absent'\n"
			    "create persisted audit:" B32 ETC "\n");
	holds_after_apply(w);
	/* gone again before ours come, it does no harm */
	temp_root_write(w->t, &EARLIER[1],
			B64 ETC "\n-d always,exit -F arch=b64 " ETC "\n");
	temp_root_write(w->t, &LATER[1], "");
	plan(w);
	apply(w);
	assert_string_equal(rows(w), "");
}

/* A never of our own that is new does not silence what is in force; and one that is not
 * written silences nothing. */
static void own_never(void **state)
{
#define ISSUE "-a always,exit -F dir=/etc/issue.d"
	world *w = *state;
	hf_control *never, *taker;

	temp_root_mkdir(w->t, "etc/issue.d");
	never = kind_world_control(w, "n",
				   "rules: [{rule: '-a never,exit -F dir=/etc'}]");
	kind_world_control(w, "a", "rules: [{rule: '" ISSUE "'}]");
	never->selected = false;
	plan(w);
	assert_string_equal(changes(w), "create persisted audit:" ISSUE "\n");
	holds_after_apply(w);
	never->selected = true;
	plan(w);
	assert_string_equal(
		changes(w),
		"create persisted audit:-a never,exit -F dir=/etc blocked: it "
		"would silence what control 'a' demands (" ISSUE ")\n");
	holds_after_apply(w);
	/* looked at, it counts, whoever may change it */
	w->controls[1].enforce = false;
	plan(w);
	assert_non_null(strstr(changes(w), "blocked"));
	holds_after_apply(w);
	w->controls[1].disabled = "no";
	plan(w);
	assert_null(strstr(changes(w), "blocked"));
	apply(w);
	assert_string_equal(rows(w), "");
	/* and one that is there goes first */
	w->controls[1].disabled = NULL;
	w->controls[1].enforce = true;
	plan(w);
	assert_string_equal(changes(w),
			    "create persisted audit:" ISSUE " blocked: control 'n' says "
			    "never to it first (-a never,exit -F dir=/etc)\n");
	holds_after_apply(w);
	never->enforce = false; /* stays as it is */
	plan(w);
	assert_non_null(strstr(changes(w), "blocked"));
	never->disabled = "no";
	plan(w);
	apply(w);
	assert_string_equal(rows(w), "");
	/* of another list it does so wherever it stands */
	taker = kind_world_control(w, "t", "rules: [{rule: '-a never,task'}]");
	plan(w);
	assert_string_equal(changes(w),
			    "create persisted audit:-a never,task blocked: it would "
			    "silence what control 'a' demands (" ISSUE ")\n");
	holds_after_apply(w);
	taker->enforce = false;
	plan(w);
	assert_string_equal(changes(w), "");
}

/* In the kernel it is in force, too. */
static void own_never_live(void **state)
{
	static const char *const list[] = { B64 ETC, B32 ETC, NULL };
	world *w = *state;

	kind_world_control(w, "n", "rules: [{rule: '-a never,exit -F dir=/etc'}]");
	kind_world_control(w, "a", etc_docker);
	kernel = list;
	plan(w);
	assert_non_null(strstr(changes(w), "-a never,exit -F dir=/etc blocked: it would "
					   "silence what control 'a' demands"));
	assert_null(strstr(ops(w), "never"));
}

/* What meets a demand that may not be mended goes: said before. */
static void met_no_more(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", etc_docker)->enforce = false;
	kind_world_control(w, "gone", "absent: ['-w /etc/docker -p wa -k other']");
	temp_root_write(w->t, &EARLIER[1], "-w /etc/docker -p wa -k other\n");
	plan(w);
	assert_non_null(strstr(rows(w), "drift persisted audit:" B64 ETC
					": absent (with this plan: what meets it goes)"));
	holds_after_apply(w);
}

/* audit.rules is what the files will make already. */
static void merged_before(void **state)
{
	world *w = *state;
	const char *merged;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "gone", "absent: ['-a never,task']");
	plan(w);
	apply(w);
	temp_root_write(w->t, &EARLIER[1], "-a never,task\n");
	plan(w);
	merged = hf_arena_strdup(&w->model.arena, after(w, "/etc/audit/audit.rules"));
	assert_non_null(merged);
	temp_root_write(w->t, "etc/audit/audit.rules", merged);
	plan(w);
	for (size_t i = 0; i < w->plan.n_groups; i++)
		assert_non_null(w->plan.groups[i]->before);
	apply(w);
	assert_string_equal(rows(w), "");
	assert_string_equal(changes(w), "");
}

/* Our file of settings ends a line that was left open; what that says then is foreseen,
 * also where the rules stay as they are. */
static void line_left_open(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	temp_root_write(w->t, "etc/audit/rules.d/zy.rules", "-D -k docker");
	temp_root_write(w->t, "etc/audit/rules.d/zz_.rules", "-x\n");
	for (int i = 0; i < 2; i++) {
		plan(w);
		assert_null(strstr(changes(w), "blocked"));
		if (i)
			kind_world_control(w, "s", "settings: {rate_limit: 5}");
		plan(w);
		assert_int_equal(strstr(changes(w),
					"blocked: /etc/audit/rules.d/"
					"zy.rules:1 takes it out again (-D -k "
					"docker)") != NULL,
				 i);
		holds_after_apply(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(taken_out),     TEST(taken_out_and_removed), TEST(there_meanwhile),
		TEST(own_never),     TEST(own_never_live),	  TEST(met_no_more),
		TEST(merged_before), TEST(line_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

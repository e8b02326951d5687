/* SPDX-License-Identifier: Apache-2.0 */
/* `create`: the lines of tmpfiles.d for directories that rules watch, and the
 * directories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "audit_world.h"

#define FILE_ "/etc/tmpfiles.d/holdfast.conf"
#define INTRO                                                                            \
	"# Made by holdfast: directories that audit rules watch, made before rules "     \
	"load\n"
#define LINE_A "d /run/a :0710 :root :root -"
#define LINE_B "d /run/b :0700 :root :root -"

static hf_control *add(world *w, const char *id)
{
	return kind_world_control(
		w, id,
		*id == 'a'
			? "rules: [{watch: /run/a, create: {mode: '0710'}, perm: wa}]"
			: "rules: [{watch: /run/b, create: {mode: '0700'}, perm: wa}]");
}

/* The state of row @id in @layer; -1: there is none. */
static int state_of(world *w, hf_layer layer, const char *id)
{
	for (size_t i = 0; i < w->plan.n_resources; i++) {
		const hf_resource *r = w->plan.resources[i];

		if (r->layer == layer && strcmp(r->id, id) == 0)
			return (int)r->state;
	}
	return -1;
}

/* What is only reported is not written, and what is there of it is not taken away. */
static void reported_only(void **state)
{
	world *w = *state;
	hf_control *b;

	add(w, "a");
	b = add(w, "b");
	b->enforce = false;
	plan(w);
	assert_string_equal(after(w, FILE_), INTRO "# a\n" LINE_A "\n");
	assert_int_equal(state_of(w, HF_PERSISTED, "audit:create /run/b"),
			 HF_STATE_DRIFT);
	temp_root_mkdir(w->t, "etc/tmpfiles.d");
	b->enforce = true;
	apply(w);
	assert_string_equal(after(w, FILE_), INTRO "# a\n" LINE_A "\n# b\n" LINE_B "\n");
	apply(w);
	assert_null(after(w, FILE_));
	b->enforce = false;
	plan(w);
	assert_null(after(w, FILE_));
	assert_int_equal(state_of(w, HF_PERSISTED, "audit:create /run/b"), HF_STATE_PASS);
}

/* A line that nothing demands any more goes, and the file with the last one. */
static void released(void **state)
{
	world *w = *state;
	hf_control *a = add(w, "a"), *b = add(w, "b");

	temp_root_mkdir(w->t, "etc/tmpfiles.d");
	plan(w);
	apply(w);
	b->disabled = "no";
	plan(w);
	assert_string_equal(after(w, FILE_), INTRO "# a\n" LINE_A "\n");
	assert_non_null(strstr(changes(w), "delete persisted audit:create " LINE_B "\n"));
	assert_null(strstr(changes(w), LINE_A));
	a->disabled = "no";
	plan(w);
	assert_string_equal(after(w, FILE_), "(removed)");
}

/* Two controls, one directory: one line, which names both. */
static void shared(void **state)
{
	world *w = *state;

	add(w, "a");
	kind_world_control(w, "c",
			   "rules: [{watch: /run/a, create: {mode: '0710'}, perm: r}]");
	plan(w);
	assert_string_equal(after(w, FILE_), INTRO "# a, c\n" LINE_A "\n");
}

/* On a live host the directory is made at once, too. */
static void live(void **state)
{
	static const char *const none[] = { NULL };
	world *w = *state;
	const hf_group *g;

	kernel = none;
	add(w, "a");
	plan(w);
	g = hf_plan_group_find(&w->plan, HF_GROUP_MKDIR, "/run/a");
	assert_non_null(g);
	assert_int_equal(g->mode, 0710);
	assert_int_equal(g->uid, 0);
	assert_int_equal(g->gid, 0);
	assert_int_equal(state_of(w, HF_LIVE, "audit:create /run/a"), HF_STATE_DRIFT);
	w->controls[0].enforce = false;
	plan(w);
	assert_null(hf_plan_group_find(&w->plan, HF_GROUP_MKDIR, "/run/a"));
	assert_int_equal(state_of(w, HF_LIVE, "audit:create /run/a"), HF_STATE_DRIFT);
	w->controls[0].enforce = true;
	temp_root_mkdir(w->t, "run/a");
	plan(w);
	assert_null(hf_plan_group_find(&w->plan, HF_GROUP_MKDIR, "/run/a"));
	assert_int_equal(state_of(w, HF_LIVE, "audit:create /run/a"), HF_STATE_PASS);
}

/* In a tree there is nothing to be made at once: the line does it at the first boot. */
static void tree(void **state)
{
	world *w = *state;

	add(w, "a");
	plan(w);
	assert_null(hf_plan_group_find(&w->plan, HF_GROUP_MKDIR, "/run/a"));
	assert_int_equal(state_of(w, HF_LIVE, "audit:create /run/a"), -1);
	assert_non_null(after(w, FILE_));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reported_only), TEST(released), TEST(shared), TEST(live), TEST(tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

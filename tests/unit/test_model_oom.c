/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fail the Nth allocation, for every N, while a baseline is loaded, selected and
 * flattened.
 */
#include "../alloc_wrap.h"
#include "model/when.h"
#include "model_world.h"

static long countdown = -1; /* 0: the next one fails; negative: none */

/* Once one has failed all later ones do, as in a process that is out of memory. */
static bool alloc_fails(void)
{
	if (countdown < 0)
		return false;
	if (countdown == 0)
		return true;
	countdown--;
	return false;
}

static const memory_file files[] = {
	{ "base",
	  "holdfast: 1\nname: base\nversion: 1\nvars: {a: \"x ${b}\", b: y}\ncontrols:\n"
	  "  - id: one\n    title: \"${a} $${z}\"\n    tags: [t]\n    refs: {r: "
	  "[\"1\"]}\n"
	  "    when: {engine: [\">=1,<2\"], not: {os: debian}}\n"
	  "    daemon: {set: {a: \"${unit:x.service}\", b: \"${a}\"}}\n"
	  "  - {id: two, title: T, manual: \"x\\ny\", meta: {k: [1, {a: b}]}}\n",
	  0 },
	{ "top",
	  "holdfast: 1\nname: top\nextends: base@1\nselect: {skip: [\"tag:t*\"]}\n"
	  "tailor: {one: {+tags: [u], daemon: {set: {c: 1, b: null}}}, two: {disabled: "
	  "w}}\n"
	  "controls: [{id: three, title: T, manual: m}]\n"
	  "waivers: [{control: two, hosts: [h], reason: r}]\n",
	  0 },
	{ "bad",
	  "holdfast: 1\nname: bad\nextends: [base@2, nope, bad]\nnmae: x\n"
	  "tailor: {oen: {level: 2}, one: {x: null}}\ncontrols: [{id: one}, {titel: x}, "
	  "3]\n"
	  "waivers: [{control: on, until: x}]\nselect: {only: [zzz]}\n",
	  0 },
};

/* Returns: did it come to its end without missing memory? */
static bool run(const char *name, const char *set, bool *ret_ok)
{
	static const char *const names[] = { "only", "tw*" };
	cleanup_(hf_strbuf_done) hf_strbuf flat = { 0 };
	memory m = { files, ARRAY_SIZE(files) };
	hf_load_request request = {
		.names = &name,
		.n_names = 1,
		.sets = &set,
		.n_sets = 1,
		.kinds = fake_kinds,
		.n_kinds = ARRAY_SIZE(fake_kinds),
		.read = memory_read,
		.user = &m,
	};
	hf_selection selection = { .only = names + 1, .n_only = 1 };
	hf_model model = { 0 };
	hf_diags diags = { 0 };
	hf_facts facts = { 0 };
	const char *why;
	bool ok, oom = false;

	ok = hf_model_load(&model, &request, &diags);
	assert_true(ok ? diags.n_errors == 0 : diags.n_errors > 0 || diags.oom);
	if (ok) {
		(void)hf_model_select(&model, &selection, &diags);
		hf_model_waive(&model, "h", 0);
		oom |= hf_model_resolved(&model, &flat) < 0;
		oom |= hf_facts_set(&facts, "engine", HF_PRESENT, "3", NULL, NULL) < 0;
		oom |= model.controls[0]->n_when &&
		       hf_when_eval(&model.controls[0]->when[0], &facts, &model.arena,
				    &why) == HF_WHEN_UNKNOWN;
	}
	oom |= diags.oom;
	*ret_ok = ok;
	hf_facts_done(&facts);
	hf_model_done(&model);
	hf_diags_done(&diags);
	return !oom;
}

static void fail_each(const char *name, const char *set, bool expected)
{
	bool done = false, ok = false;
	long n = 0;

	while (!done) {
		assert_true(n < 5000);
		countdown = n++;
		done = run(name, set, &ok);
		done = done && countdown > 0;
		countdown = -1;
	}
	print_message("%s: %ld allocations\n", name, n - 1);
	assert_int_equal(ok, expected);
}

static void test_each_allocation(void **state)
{
	(void)state;
	fail_each("top", "a=$${q}", true);
	fail_each("bad", "nosuch=1", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

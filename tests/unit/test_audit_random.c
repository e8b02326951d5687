/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random lists of up to 300 rules: what is demanded, what the kernel has of it, in
 * whatever order, and rules of others between. The planned steps are carried out one by
 * one on a copy of the list. SEED=N repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "audit_lists.h"
#include "audit_world.h"

#define ROUNDS 12

static size_t n_steps;

static void step(list *l, const hf_audit_op *op)
{
	const hf_audit_rule *rule = op->kernel ? op->kernel->rule : op->rule;
	size_t at = find(l, rule, false);

	if (op->type == HF_AUDIT_OP_ADD) {
		assert_true(at == SIZE_MAX);
		assert_true(l->n < ARRAY_SIZE(l->rules));
		if (op->front)
			memmove(&l->rules[1], &l->rules[0], l->n * sizeof(*l->rules));
		l->rules[op->front ? 0 : l->n] = rule;
		l->n++;
		return;
	}
	assert_int_equal(op->type, HF_AUDIT_OP_DELETE);
	assert_true(at != SIZE_MAX);
	memmove(&l->rules[at], &l->rules[at + 1], (l->n - at - 1) * sizeof(*l->rules));
	l->n--;
}

static void round_of(world *w)
{
	static char texts[RULES_MAX * 2][128], result[RULES_MAX * 2][160];
	static const char *there[RULES_MAX * 2 + 1];
	size_t n = 1 + dice(RULES_MAX), n_foreign = dice(RULES_MAX / 4), n_there = 0;
	bool empty = !dice(8);
	hf_strbuf yaml = { 0 };
	hf_audit_obs *obs;
	const hf_group *group;
	const char *fault;
	const hf_audit_live *work;
	list now = { .n = 0 };
	list first, wanted = { .n = 0 };

	temp_root_mkdir(w->t, "etc/d");
	hf_strbuf_adds(&yaml, "rules:\n");
	for (size_t i = 0; i < n + n_foreign; i++) {
		random_rule(texts[i], sizeof(texts[i]), "/etc", i >= n, (unsigned)i);
		if (i < n)
			hf_strbuf_addf(&yaml, "- {rule: '%s'}\n", texts[i]);
		if (!empty && (i >= n || dice(3)))
			there[n_there++] = texts[i];
	}
	shuffle(there, n_there);
	there[n_there] = NULL;
	kernel = there;
	assert_true(hf_strbuf_ok(&yaml));
	kind_world_control(w, "a", hf_strbuf_str(&yaml));
	plan(w);
	obs = w->plan.obs[HF_RANK_AUDIT];
	for (size_t i = 0; i < obs->kernel.n; i++)
		now.rules[now.n++] = obs->kernel.items[i].rule;
	first = now;
	for (size_t i = 0; i < obs->n_wants; i++) {
		assert_non_null(obs->wants[i].rule);
		wanted.rules[wanted.n++] = obs->wants[i].rule;
	}
	group = hf_plan_group_find(&w->plan, HF_GROUP_LIVE, "the kernel's audit rules");
	work = group ? group->live : NULL;
	for (size_t i = 0; work && i < work->n; i++) {
		list before = now;

		step(&now, &work->ops[i]);
		for (size_t k = 0; k < wanted.n; k++)
			if (is_served(&before, wanted.rules[k]))
				assert_true(is_served(&now, wanted.rules[k]));
	}
	fault = find_fault(&first, &now, &wanted);
	if (fault)
		fail_msg("%s", fault);
	hf_strbuf_done(&yaml);
	/* and planned on that list there is nothing to do */
	assert_true(now.n <= ARRAY_SIZE(result));
	for (size_t i = 0; i < now.n; i++) {
		const char *t =
			hf_audit_rule_text(now.rules[i], "x86_64", &w->plan.arena);

		assert_non_null(t);
		(void)snprintf(result[i], sizeof(result[i]), "%s", t);
		there[i] = result[i];
	}
	there[now.n] = NULL;
	n_steps += work ? work->n : 0;
	plan(w);
	assert_string_equal(ops(w), "");
}

static void random_lists(void **state)
{
	const char *text = getenv("SEED");
	unsigned first = text ? (unsigned)strtoul(text, NULL, 10) : 1;

	for (unsigned i = 0; i < (text ? 1 : ROUNDS); i++) {
		seed = first + i;
		print_message("SEED=%u\n", seed);
		kind_world_remove(state);
		assert_int_equal(setup(state), 0);
		round_of(*state);
	}
	assert_true(n_steps > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

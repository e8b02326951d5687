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

#include "audit_world.h"

#define RULES_MAX 300
#define ROUNDS 12

static unsigned seed;
static size_t n_steps;

static unsigned dice(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

/* Few paths, so that many rules are about the same events; the pid tells them apart. */
static void random_rule(char *buf, size_t size, bool foreign, unsigned i)
{
	static const char *const wheres[] = { "path=/etc/a", "path=/etc/d/b",
					      "dir=/etc/d", "dir=/etc", "path=/srv/c" };

	(void)snprintf(buf, size, "-a %s,exit -F arch=b64 -F %s -F pid!=%u -F key=%s%u",
		       dice(foreign ? 2 : 5) ? "always" : "never",
		       wheres[dice(ARRAY_SIZE(wheres))], 1000 + i,
		       foreign ? "foreign" : "k", dice(3));
}

typedef struct list {
	const hf_audit_rule *rules[RULES_MAX * 4];
	size_t n;
} list;

static size_t find(const list *l, const hf_audit_rule *rule, bool same)
{
	for (size_t i = 0; i < l->n; i++)
		if (same ? hf_audit_rule_same(l->rules[i], rule)
			 : hf_audit_rule_equal(l->rules[i], rule))
			return i;
	return SIZE_MAX;
}

/* Is it loaded, under its own name or as a bridge: with a condition more? */
static bool is_served(const list *l, const hf_audit_rule *rule)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->rules[i]->action == rule->action &&
		    hf_audit_rule_covers(l->rules[i], rule) &&
		    hf_audit_rule_covers(rule, l->rules[i]))
			return true;
	return false;
}

static void step(list *l, const hf_audit_op *op)
{
	const hf_audit_rule *rule = op->kernel ? op->kernel->rule : op->rule;
	size_t at = find(l, rule, false);

	if (op->type == HF_AUDIT_OP_ADD) {
		assert_true(at == SIZE_MAX);
		assert_true(l->n < ARRAY_SIZE(l->rules));
		l->rules[l->n++] = rule;
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
	hf_strbuf yaml = { 0 };
	hf_audit_obs *obs;
	const hf_group *group;
	const hf_audit_live *work;
	list now = { .n = 0 };
	hf_audit_table wanted = { 0 };

	temp_root_mkdir(w->t, "etc/d");
	temp_root_mkdir(w->t, "srv");
	hf_strbuf_adds(&yaml, "rules:\n");
	for (size_t i = 0; i < n + n_foreign; i++) {
		random_rule(texts[i], sizeof(texts[i]), i >= n, (unsigned)i);
		if (i < n)
			hf_strbuf_addf(&yaml, "- {rule: '%s'}\n", texts[i]);
		if (i >= n || dice(3))
			there[n_there++] = texts[i];
	}
	for (size_t i = n_there; i > 1; i--) { /* some are moved, all of them sometimes */
		size_t j = dice(4) ? i - 1 : dice((unsigned)i);
		const char *t = there[i - 1];

		there[i - 1] = there[j];
		there[j] = t;
	}
	there[n_there] = NULL;
	kernel = there;
	assert_true(hf_strbuf_ok(&yaml));
	kind_world_control(w, "a", hf_strbuf_str(&yaml));
	plan(w);
	obs = w->plan.obs[HF_RANK_AUDIT];
	for (size_t i = 0; i < obs->kernel.n; i++)
		now.rules[now.n++] = obs->kernel.items[i].rule;
	for (size_t i = 0; i < obs->n_wants; i++) {
		hf_audit_entry *e = hf_vec_push(&w->plan.arena, wanted.items, wanted.n);

		assert_non_null(e);
		assert_non_null(obs->wants[i].rule);
		e->rule = obs->wants[i].rule;
	}
	group = hf_plan_group_find(&w->plan, HF_GROUP_LIVE, "the kernel's audit rules");
	work = group ? group->live : NULL;
	for (size_t i = 0; work && i < work->n; i++) {
		list before = now;

		step(&now, &work->ops[i]);
		for (size_t k = 0; k < wanted.n; k++)
			if (is_served(&before, wanted.items[k].rule))
				assert_true(is_served(&now, wanted.items[k].rule));
	}
	/* rules of others are where they were, among themselves */
	for (size_t i = 0, at = 0; i < obs->kernel.n; i++) {
		const hf_audit_rule *rule = obs->kernel.items[i].rule;
		const hf_audit_field *key = hf_audit_rule_field(rule, AUDIT_FILTERKEY);

		if (*key->text != 'f')
			continue;
		while (at < now.n && now.rules[at] != rule)
			at++;
		assert_true(at < now.n);
	}
	/* nothing but them and what is demanded, each once, in the order that counts */
	for (size_t i = 0; i < wanted.n; i++) {
		size_t later = find(&now, wanted.items[i].rule, true);

		if (later == SIZE_MAX)
			continue; /* an exception takes all it would see */
		for (size_t k = 0; k < i; k++) {
			size_t earlier = find(&now, wanted.items[k].rule, true);

			if (earlier != SIZE_MAX && earlier > later)
				assert_false(
					hf_audit_rule_differs(wanted.items[i].rule,
							      wanted.items[k].rule) &&
					hf_audit_rule_overlaps(wanted.items[i].rule,
							       wanted.items[k].rule));
		}
	}
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

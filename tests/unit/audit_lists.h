/* SPDX-License-Identifier: Apache-2.0 */
/* Random lists of rules, and what must hold of a list that is changed step by step: for
 * the planned steps (test_audit_random.c) and for the kernel's own (live/audit_random.c).
 */
#ifndef AUDIT_LISTS_H
#define AUDIT_LISTS_H

#include <stdint.h>
#include <stdio.h>

#include "kinds/audit/audit_rule.h"

#define RULES_MAX 300

static unsigned seed;

static inline unsigned dice(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

/* Few paths below @base, so that many rules are about the same events; the pid tells them
 * apart. The directory d is to be there. */
static inline void random_rule(char *buf, size_t size, const char *base, bool foreign,
			       unsigned i)
{
	static const char *const wheres[][2] = { { "path=", "/a" },
						 { "path=", "/d/b" },
						 { "dir=", "/d" },
						 { "dir=", "" },
						 { "path=", "/c" } };
	bool always = dice(foreign ? 2 : 5);
	unsigned where = dice(ARRAY_SIZE(wheres));

	(void)snprintf(buf, size,
		       "-a %s,exit -F arch=b64 -F %s%s%s -F pid!=%u -F key=%s%u",
		       always ? "always" : "never", wheres[where][0], base,
		       wheres[where][1], 1000 + i, foreign ? "foreign" : "k", dice(3));
}

/* Texts in a random order: some are moved, all of them sometimes. */
static inline void shuffle(const char **texts, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = dice(4) ? i - 1 : dice((unsigned)i);
		const char *t = texts[i - 1];

		texts[i - 1] = texts[j];
		texts[j] = t;
	}
}

typedef struct list {
	const hf_audit_rule *rules[RULES_MAX * 4];
	size_t n;
} list;

static inline size_t find(const list *l, const hf_audit_rule *rule, bool same)
{
	for (size_t i = 0; i < l->n; i++)
		if (same ? hf_audit_rule_same(l->rules[i], rule)
			 : hf_audit_rule_equal(l->rules[i], rule))
			return i;
	return SIZE_MAX;
}

/* Is it loaded, under its own name or as a bridge: with a condition more? */
static inline bool is_served(const list *l, const hf_audit_rule *rule)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->rules[i]->action == rule->action &&
		    hf_audit_rule_covers(l->rules[i], rule) &&
		    hf_audit_rule_covers(rule, l->rules[i]))
			return true;
	return false;
}

static inline bool is_foreign(const hf_audit_rule *rule)
{
	const hf_audit_field *key = hf_audit_rule_field(rule, AUDIT_FILTERKEY);

	return key && key->value && *key->text == 'f';
}

/* What is wrong with @now, made of @first for what is @wanted; NULL: nothing. */
static inline const char *find_fault(const list *first, const list *now,
				     const list *wanted)
{
	size_t at = 0, n_foreign = 0;

	for (size_t i = 0; i < first->n; i++) {
		if (!is_foreign(first->rules[i]))
			continue;
		n_foreign++;
		while (at < now->n &&
		       !hf_audit_rule_equal(now->rules[at], first->rules[i]))
			at++;
		if (at++ >= now->n)
			return "a rule of others is gone, or moved";
	}
	if (now->n != n_foreign + wanted->n)
		return "there are more or fewer rules than wanted";
	for (size_t i = 0; i < wanted->n; i++) {
		size_t later = find(now, wanted->rules[i], true);

		if (later == SIZE_MAX)
			return "a rule is missing";
		for (size_t k = 0; k < i; k++)
			if (find(now, wanted->rules[k], true) > later &&
			    hf_audit_rule_differs(wanted->rules[i], wanted->rules[k]) &&
			    hf_audit_rule_overlaps(wanted->rules[i], wanted->rules[k]))
				return "two rules are in the wrong order";
	}
	return NULL;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_table.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "kinds/audit/audit_field.h"

#define NO_ENTRY SIZE_MAX

typedef struct chain {
	size_t first;
	size_t last;
} chain;

/* The path without trailing slashes, NUL-terminated; false: longer than any path. */
static bool clean_path(const hf_audit_field *field, char *buf, size_t size)
{
	size_t len = field->value;

	while (len > 1 && field->text[len - 1] == '/')
		len--;
	if (len >= size)
		return false;
	memcpy(buf, field->text, len);
	buf[len] = '\0';
	return true;
}

static int index_path(hf_audit_table *list, size_t i, const char *path, hf_arena *arena)
{
	chain *c = hf_map_get(&list->by_path, path);

	list->items[i].next_path = NO_ENTRY;
	if (c) {
		list->items[c->last].next_path = i;
		c->last = i;
		return 0;
	}
	c = hf_arena_new(arena, chain);
	if (!c)
		return -ENOMEM;
	c->first = c->last = i;
	return hf_map_put(&list->by_path, arena, path, c);
}

static int index_one(hf_audit_table *list, size_t i, hf_arena *arena)
{
	const hf_audit_rule *rule = list->items[i].rule;
	const hf_audit_field *path = hf_audit_rule_path(rule);
	char text[PATH_MAX];
	size_t *slot;

	if (path && clean_path(path, text, sizeof(text)))
		return index_path(list, i, text, arena);
	if (rule->list == AUDIT_FILTER_TASK || rule->list == AUDIT_FILTER_EXCLUDE ||
	    rule->list == AUDIT_FILTER_FS) {
		slot = hf_vec_push(arena, list->takers, list->n_takers);
		if (!slot)
			return -ENOMEM;
		*slot = i;
	}
	slot = hf_vec_push(arena, list->general, list->n_general);
	if (!slot)
		return -ENOMEM;
	*slot = i;
	return 0;
}

int hf_audit_table_index(hf_audit_table *list, hf_arena *arena)
{
	size_t want = 16;

	while (want < list->n * 2)
		want *= 2;
	list->by_path = (hf_map){ 0 };
	list->n_general = list->n_takers = 0;
	list->general = list->takers = NULL;
	list->buckets = hf_arena_array(arena, want, sizeof(*list->buckets));
	if (!list->buckets)
		return -ENOMEM;
	list->n_buckets = want;
	memset(list->buckets, 0xff, want * sizeof(*list->buckets));
	for (size_t i = list->n; i-- > 0;) { /* backwards: chains come out ascending */
		size_t b = hf_audit_rule_hash(list->items[i].rule) & (want - 1);

		list->items[i].next_hash = list->buckets[b];
		list->buckets[b] = i;
	}
	for (size_t i = 0; i < list->n; i++)
		if (index_one(list, i, arena) < 0)
			return -ENOMEM;
	return 0;
}

static hf_audit_entry *find(const hf_audit_table *list, const hf_audit_rule *rule,
			    bool (*is)(const hf_audit_rule *, const hf_audit_rule *))
{
	size_t i;

	if (!list->n_buckets)
		return NULL;
	i = list->buckets[hf_audit_rule_hash(rule) & (list->n_buckets - 1)];
	for (; i != NO_ENTRY; i = list->items[i].next_hash)
		if (!list->items[i].gone && is(list->items[i].rule, rule))
			return &list->items[i];
	return NULL;
}

hf_audit_entry *hf_audit_table_find(const hf_audit_table *list, const hf_audit_rule *rule)
{
	return find(list, rule, hf_audit_rule_same);
}

hf_audit_entry *hf_audit_table_find_equal(const hf_audit_table *list,
					  const hf_audit_rule *rule)
{
	return find(list, rule, hf_audit_rule_equal);
}

void hf_audit_table_near(const hf_audit_table *list, const hf_audit_rule *rule,
			 void (*fn)(void *user, hf_audit_entry *entry), void *user)
{
	const hf_audit_field *path = hf_audit_rule_path(rule);
	char text[PATH_MAX];

	for (size_t i = 0; i < list->n_general; i++)
		fn(user, &list->items[list->general[i]]);
	if (!path || !clean_path(path, text, sizeof(text)))
		return;
	for (;;) { /* the path, then each directory above it, "/" last */
		const chain *c = hf_map_get(&list->by_path, text);
		char *slash = strrchr(text, '/');

		for (size_t i = c ? c->first : NO_ENTRY; i != NO_ENTRY;
		     i = list->items[i].next_path)
			fn(user, &list->items[i]);
		if (!slash || !text[1])
			return;
		slash[slash == text ? 1 : 0] = '\0';
	}
}

typedef struct search {
	const hf_audit_rule *rule;
	const hf_audit_entry *best;
} search;

static void consider(void *user, hf_audit_entry *entry)
{
	search *s = user;

	if (entry->gone || (s->best && entry >= s->best))
		return;
	if (entry->ours && entry->rule->action == AUDIT_ALWAYS &&
	    !hf_audit_rule_same(entry->rule, s->rule))
		return;
	if (hf_audit_rule_covers(entry->rule, s->rule))
		s->best = entry;
}

static hf_audit_verdict judge_one(const hf_audit_table *list, const hf_audit_rule *rule,
				  const hf_audit_entry **ret)
{
	search s = { .rule = rule };

	hf_audit_table_near(list, rule, consider, &s);
	if (!s.best)
		return HF_AUDIT_NONE;
	*ret = s.best;
	/* a rule that says never itself is there to be found */
	return s.best->rule->action == rule->action ? HF_AUDIT_MET : HF_AUDIT_SHADOWED;
}

/* The first entry of another list that takes as much as that from the rule, or NULL. */
static const hf_audit_entry *find_taker(const hf_audit_table *list,
					const hf_audit_rule *rule, hf_audit_taking much)
{
	for (size_t i = 0; i < list->n_takers; i++) {
		const hf_audit_entry *e = &list->items[list->takers[i]];

		/* what ours take in part is what the baseline says */
		if (!e->gone && (much == HF_AUDIT_TAKES_ALL || !e->ours) &&
		    hf_audit_rule_takes(e->rule, rule) == much)
			return e;
	}
	return NULL;
}

hf_audit_verdict hf_audit_table_judge(const hf_audit_table *list,
				      const hf_audit_rule *rule, const char *machine,
				      const hf_audit_entry **ret,
				      const hf_audit_entry **ret_taker)
{
	const hf_audit_entry *found = find_taker(list, rule, HF_AUDIT_TAKES_ALL);
	hf_audit_verdict verdict;
	hf_audit_field fields[AUDIT_MAX_FIELDS + 1];
	hf_audit_rule one;
	hf_audit_abi abis[2];
	size_t n;

	if (ret_taker)
		*ret_taker = find_taker(list, rule, HF_AUDIT_TAKES_SOME);
	if (found) {
		*ret = found;
		return HF_AUDIT_SHADOWED;
	}
	verdict = judge_one(list, rule, ret);
	if (verdict != HF_AUDIT_NONE || rule->list != AUDIT_FILTER_EXIT ||
	    hf_audit_rule_field(rule, AUDIT_ARCH) || rule->n_fields >= AUDIT_MAX_FIELDS)
		return verdict;
	n = hf_audit_abis(machine, abis);
	/* without arch: syscall numbers mean the native ABI, "all" means every one */
	one = *rule;
	one.fields = fields;
	one.n_fields = rule->n_fields + 1;
	if (rule->n_fields)
		memcpy(fields + 1, rule->fields, rule->n_fields * sizeof(*fields));
	if (!rule->all && n > 1)
		return HF_AUDIT_NONE;
	for (size_t i = 0; i < n; i++) {
		fields[0] = (hf_audit_field){ .type = AUDIT_ARCH,
					      .op = AUDIT_EQUAL,
					      .value = abis[i].elf };
		hf_audit_rule_settle(&one);
		verdict = judge_one(list, &one, &found);
		if (verdict != HF_AUDIT_MET)
			return verdict == HF_AUDIT_SHADOWED ? (*ret = found, verdict)
							    : verdict;
	}
	if (n == 0)
		return HF_AUDIT_NONE;
	*ret = found;
	return HF_AUDIT_MET;
}

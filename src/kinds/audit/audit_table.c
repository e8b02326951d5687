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

	if (rule->action == AUDIT_NEVER) {
		slot = hf_vec_push(arena, list->nevers, list->n_nevers);
		if (!slot)
			return -ENOMEM;
		*slot = i;
	}
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
	list->n_general = list->n_takers = list->n_nevers = 0;
	list->general = list->takers = list->nevers = NULL;
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

/* The directory above, in place; false: there is none. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !path[1])
		return false;
	slash[slash == path ? 1 : 0] = '\0';
	return true;
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
	do { /* the path, then each directory above it, "/" last */
		const chain *c = hf_map_get(&list->by_path, text);

		for (size_t i = c ? c->first : NO_ENTRY; i != NO_ENTRY;
		     i = list->items[i].next_path)
			fn(user, &list->items[i]);
	} while (go_up(text) && !(list->links && hf_map_get(list->links, text)));
}

void hf_audit_table_ways(const hf_audit_table *list, const hf_audit_rule *rule,
			 bool (*fn)(void *user, const char *dir), void *user)
{
	const hf_audit_field *path = hf_audit_rule_path(rule);
	char text[PATH_MAX];
	size_t top = SIZE_MAX;

	if (!path || !clean_path(path, text, sizeof(text)))
		return;
	while (go_up(text))
		if (hf_map_get(&list->by_path, text))
			top = strlen(text);
	(void)clean_path(path, text, sizeof(text));
	while (go_up(text) && top != SIZE_MAX && strlen(text) >= top)
		if (!fn(user, text))
			return;
}

typedef struct search {
	const hf_audit_rule *rule;
	const hf_audit_rule *self; /* what it is a part of: of one ABI */
	const hf_audit_entry *best;
} search;

static void consider(void *user, hf_audit_entry *entry)
{
	search *s = user;

	if (entry->gone || (s->best && entry >= s->best))
		return;
	if (entry->ours && entry->rule->action == AUDIT_ALWAYS &&
	    !hf_audit_rule_same(entry->rule, s->self))
		return;
	if (hf_audit_rule_covers(entry->rule, s->rule))
		s->best = entry;
}

static hf_audit_verdict judge_one(const hf_audit_table *list, const hf_audit_rule *rule,
				  const hf_audit_rule *self, const hf_audit_entry **ret)
{
	search s = { .rule = rule, .self = self };

	hf_audit_table_near(list, rule, consider, &s);
	if (!s.best)
		return HF_AUDIT_NONE;
	*ret = s.best;
	/* a rule that says never itself is there to be found */
	return s.best->rule->action == rule->action ? HF_AUDIT_MET : HF_AUDIT_SHADOWED;
}

/* The rule with the ABI said in front; @fields has room for one more than it has. */
static hf_audit_rule of_abi(const hf_audit_rule *rule, const hf_audit_abi *abi,
			    hf_audit_field *fields)
{
	hf_audit_rule one = *rule;

	fields[0] = (hf_audit_field){ .type = AUDIT_ARCH,
				      .op = AUDIT_EQUAL,
				      .value = abi->elf };
	if (rule->n_fields)
		memcpy(fields + 1, rule->fields, rule->n_fields * sizeof(*fields));
	one.fields = fields;
	one.n_fields = rule->n_fields + 1;
	hf_audit_rule_settle(&one);
	return one;
}

/* Is it about all ABIs, and can it be said for each? */
static bool has_abis(const hf_audit_rule *rule)
{
	return rule->list == AUDIT_FILTER_EXIT &&
	       !hf_audit_rule_field(rule, AUDIT_ARCH) &&
	       rule->n_fields < AUDIT_MAX_FIELDS;
}

bool hf_audit_rule_silenced(const hf_audit_rule *rule, const hf_audit_rule *never,
			    const char *machine)
{
	hf_audit_field fields[AUDIT_MAX_FIELDS + 1];
	hf_audit_abi abis[2];
	size_t n = has_abis(rule) ? hf_audit_abis(machine, abis) : 0;

	for (size_t i = 0; i < n; i++) {
		hf_audit_rule one = of_abi(rule, &abis[i], fields);

		if (hf_audit_rule_covers(never, &one))
			return true;
	}
	return hf_audit_rule_covers(never, rule);
}

/* The rule in each ABI: met in all of them, shadowed in one, or neither. */
static hf_audit_verdict judge_abis(const hf_audit_table *list, const hf_audit_rule *rule,
				   const char *machine, const hf_audit_entry **ret)
{
	hf_audit_verdict verdict = HF_AUDIT_MET;
	hf_audit_field fields[AUDIT_MAX_FIELDS + 1];
	hf_audit_abi abis[2];
	size_t n = hf_audit_abis(machine, abis);

	for (size_t i = 0; i < n; i++) {
		hf_audit_rule one = of_abi(rule, &abis[i], fields);
		hf_audit_verdict own;

		own = judge_one(list, &one, rule, ret);
		if (own == HF_AUDIT_SHADOWED)
			return own;
		if (own == HF_AUDIT_NONE)
			verdict = own;
	}
	/* numbers of syscalls are meant for the native ABI only */
	return n == 0 || (!rule->all && n > 1) ? HF_AUDIT_NONE : verdict;
}

/* The first entry of another list that takes so much from the rule, or NULL. */
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

/* The first entry before @end that may take some events of the rule, or NULL. */
static const hf_audit_entry *find_never(const hf_audit_table *list,
					const hf_audit_rule *rule,
					const hf_audit_entry *end)
{
	for (size_t i = 0; i < list->n_nevers; i++) {
		const hf_audit_entry *e = &list->items[list->nevers[i]];

		if (e >= end)
			break;
		if (!e->gone && !e->ours && hf_audit_rule_overlaps(e->rule, rule))
			return e;
	}
	return NULL;
}

const hf_audit_entry *hf_audit_table_silencer(const hf_audit_table *list,
					      const hf_audit_rule *rule, size_t end,
					      const char *machine)
{
	const hf_audit_entry *taker = find_taker(list, rule, HF_AUDIT_TAKES_ALL);

	for (size_t i = 0; !taker && rule->action == AUDIT_ALWAYS && i < list->n_nevers &&
			   list->nevers[i] < end;
	     i++) {
		const hf_audit_entry *e = &list->items[list->nevers[i]];

		if (!e->gone && hf_audit_rule_silenced(rule, e->rule, machine))
			return e;
	}
	return taker;
}

hf_audit_verdict hf_audit_table_judge(const hf_audit_table *list,
				      const hf_audit_rule *rule, const char *machine,
				      const hf_audit_entry **ret,
				      const hf_audit_entry **ret_taker)
{
	const hf_audit_entry *taker = find_taker(list, rule, HF_AUDIT_TAKES_ALL);
	const hf_audit_entry *part = NULL;
	hf_audit_verdict verdict, parts;

	if (taker) {
		*ret = taker;
		return HF_AUDIT_SHADOWED;
	}
	verdict = judge_one(list, rule, rule, ret);
	if (verdict != HF_AUDIT_SHADOWED && has_abis(rule)) {
		parts = judge_abis(list, rule, machine, &part);
		if (parts == HF_AUDIT_SHADOWED ||
		    (parts == HF_AUDIT_MET && verdict == HF_AUDIT_NONE)) {
			verdict = parts;
			*ret = part;
		}
	}
	if (!ret_taker || verdict != HF_AUDIT_MET)
		return verdict;
	*ret_taker = rule->action == AUDIT_ALWAYS ? find_never(list, rule, *ret) : NULL;
	if (!*ret_taker)
		*ret_taker = find_taker(list, rule, HF_AUDIT_TAKES_SOME);
	return verdict;
}

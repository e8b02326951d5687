/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_table.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "kinds/audit/audit_field.h"

#define NO_ENTRY SIZE_MAX

/* The path without slashes at its end. */
static size_t path_length(const hf_audit_field *path)
{
	size_t len = path->value;

	while (len > 1 && path->text[len - 1] == '/')
		len--;
	return len;
}

/* The same, NUL-terminated; false: longer than any path. */
static bool clean_path(const hf_audit_field *path, char buf[static PATH_MAX],
		       size_t *ret_len)
{
	*ret_len = path_length(path);
	if (*ret_len >= PATH_MAX)
		return false;
	memcpy(buf, path->text, *ret_len);
	buf[*ret_len] = '\0';
	return true;
}

static size_t bucket_of(const hf_audit_table *list, uint64_t hash)
{
	return hash & (list->n_buckets - 1);
}

/* Room for all entries; chains come out ascending. */
static int index_rules(hf_audit_table *list, hf_arena *arena)
{
	size_t want = 16;

	while (want < list->n * 2)
		want *= 2;
	if (want != list->n_buckets)
		list->buckets = hf_arena_array(arena, want, sizeof(*list->buckets));
	if (!list->buckets)
		return -ENOMEM;
	list->n_buckets = want;
	memset(list->buckets, 0xff, want * sizeof(*list->buckets));
	for (size_t i = list->n; i-- > 0;) {
		hf_audit_entry *e = &list->items[i];
		size_t b;

		if (!e->hash)
			e->hash = hf_audit_rule_hash(e->rule);
		b = bucket_of(list, e->hash);
		e->next_hash = list->buckets[b];
		list->buckets[b] = i;
	}
	return 0;
}

static int push(hf_arena *arena, size_t **items, size_t *n, size_t i)
{
	size_t *slot = hf_vec_push(arena, *items, *n);

	if (!slot)
		return -ENOMEM;
	*slot = i;
	return 0;
}

static int index_one(hf_audit_table *list, size_t i, hf_arena *arena)
{
	const hf_audit_rule *rule = list->items[i].rule;

	if (rule->action == AUDIT_NEVER &&
	    push(arena, &list->nevers, &list->n_nevers, i) < 0)
		return -ENOMEM;
	if (list->items[i].path)
		return 0;
	if ((rule->list == AUDIT_FILTER_TASK || rule->list == AUDIT_FILTER_EXCLUDE ||
	     rule->list == AUDIT_FILTER_FS) &&
	    push(arena, &list->takers, &list->n_takers, i) < 0)
		return -ENOMEM;
	return push(arena, &list->general, &list->n_general, i);
}

static void index_path(hf_audit_table *list, size_t i)
{
	hf_audit_entry *e = &list->items[i];
	const hf_audit_field *path = hf_audit_rule_path(e->rule);
	size_t b;

	e->path_len = path ? path_length(path) : PATH_MAX;
	e->path = e->path_len < PATH_MAX ? path->text : NULL;
	if (!e->path)
		return;
	list->lengths |= (uint64_t)1 << e->path_len % 64;
	b = bucket_of(list, hf_audit_bytes_hash(e->path, e->path_len));
	e->next_path = list->path_buckets[b];
	list->path_buckets[b] = i;
}

int hf_audit_table_reserve(hf_audit_table *list, size_t n, hf_arena *arena)
{
	hf_audit_entry *items;

	if (n <= list->cap)
		return 0;
	items = hf_arena_array(arena, n, sizeof(*items));
	if (!items)
		return -ENOMEM;
	if (list->n)
		memcpy(items, list->items, list->n * sizeof(*items));
	list->items = items;
	list->cap = n;
	return 0;
}

hf_audit_entry *hf_audit_table_add(hf_audit_table *list, const hf_audit_rule *rule,
				   hf_arena *arena)
{
	hf_audit_entry *e;
	size_t b;

	if (list->n >= list->cap &&
	    hf_audit_table_reserve(list, list->n ? 2 * list->n : 16, arena) < 0)
		return NULL;
	e = &list->items[list->n++];
	e->rule = rule;
	e->hash = hf_audit_rule_hash(rule);
	if (list->n > list->n_buckets)
		return index_rules(list, arena) < 0 ? NULL : e;
	b = bucket_of(list, e->hash);
	e->next_hash = list->buckets[b];
	list->buckets[b] = list->n - 1;
	return e;
}

int hf_audit_table_index(hf_audit_table *list, hf_arena *arena)
{
	list->n_general = list->n_takers = list->n_nevers = 0;
	list->lengths = 0;
	list->general = list->takers = list->nevers = NULL;
	if (index_rules(list, arena) < 0)
		return -ENOMEM;
	list->path_buckets =
		hf_arena_array(arena, list->n_buckets, sizeof(*list->path_buckets));
	if (!list->path_buckets)
		return -ENOMEM;
	memset(list->path_buckets, 0xff, list->n_buckets * sizeof(*list->path_buckets));
	for (size_t i = list->n; i-- > 0;)
		index_path(list, i);
	for (size_t i = 0; i < list->n; i++)
		if (index_one(list, i, arena) < 0)
			return -ENOMEM;
	return 0;
}

static hf_audit_entry *find(const hf_audit_table *list, const hf_audit_rule *rule,
			    bool (*is)(const hf_audit_rule *, const hf_audit_rule *))
{
	uint64_t hash;
	size_t i;

	if (!list->n_buckets)
		return NULL;
	hash = hf_audit_rule_hash(rule);
	for (i = list->buckets[bucket_of(list, hash)]; i != NO_ENTRY;
	     i = list->items[i].next_hash)
		if (list->items[i].hash == hash && !list->items[i].gone &&
		    is(list->items[i].rule, rule))
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

/* The first entry on the very path from @i on along a chain, or NO_ENTRY. */
static size_t on_path(const hf_audit_table *list, size_t i, const char *path, size_t len)
{
	for (; i != NO_ENTRY; i = list->items[i].next_path)
		if (list->items[i].path_len == len &&
		    memcmp(list->items[i].path, path, len) == 0)
			break;
	return i;
}

static size_t first_on_path(const hf_audit_table *list, const char *path, size_t len)
{
	size_t b;

	/* most directories above have no rule of their own */
	if (!(list->lengths >> len % 64 & 1))
		return NO_ENTRY;
	b = bucket_of(list, hf_audit_bytes_hash(path, len));
	return on_path(list, list->path_buckets[b], path, len);
}

/* The directory above, in place; false: there is none. */
static bool go_up(char *path, size_t *len)
{
	char *slash = memrchr(path, '/', *len);

	if (!slash || *len <= 1)
		return false;
	*len = slash == path ? 1 : (size_t)(slash - path);
	path[*len] = '\0';
	return true;
}

void hf_audit_table_near(const hf_audit_table *list, const hf_audit_rule *rule,
			 void (*fn)(void *user, hf_audit_entry *entry), void *user)
{
	const hf_audit_field *path = hf_audit_rule_path(rule);
	char text[PATH_MAX];
	size_t len;

	for (size_t i = 0; i < list->n_general; i++)
		fn(user, &list->items[list->general[i]]);
	if (!path || !clean_path(path, text, &len))
		return;
	do { /* the path, then each directory above it, "/" last */
		for (size_t i = first_on_path(list, text, len); i != NO_ENTRY;
		     i = on_path(list, list->items[i].next_path, text, len))
			fn(user, &list->items[i]);
	} while (go_up(text, &len) && !(list->links && hf_map_get(list->links, text)));
}

void hf_audit_table_ways(const hf_audit_table *list, const hf_audit_rule *rule,
			 bool (*fn)(void *user, const char *dir), void *user)
{
	const hf_audit_field *path = hf_audit_rule_path(rule);
	size_t top = SIZE_MAX, len;
	char text[PATH_MAX];

	if (!path || !clean_path(path, text, &len))
		return;
	while (go_up(text, &len))
		if (first_on_path(list, text, len) != NO_ENTRY)
			top = len;
	if (top == SIZE_MAX)
		return;
	(void)clean_path(path, text, &len);
	while (go_up(text, &len) && len >= top)
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "model/when.h"

#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "model/schema.h"
#include "model/vars.h"

/* --- versions ------------------------------------------------------------------- */

int hf_when_version(const char *version, const char *expression)
{
	cleanup_free char *copy = strdup(expression);
	char *rest = copy, *part;
	int holds = 1;

	if (!copy)
		return -ENOMEM;
	while ((part = strsep(&rest, ","))) {
		int r;

		part += strspn(part, " ");
		r = hf_version_match(version, part);
		if (r < 0)
			return r;
		holds &= r;
	}
	return holds;
}

/* The length of the id in "debian>=12". */
static size_t os_id_len(const char *s)
{
	return strcspn(s, "<>=! ");
}

/* --- deciding ------------------------------------------------------------------- */

typedef struct answer {
	hf_when_verdict verdict;
	hf_strbuf yes; /* said when the clause holds and must not */
	hf_strbuf no;  /* said when it does not hold */
} answer;

static void answer_done(answer *a)
{
	hf_strbuf_done(&a->yes);
	hf_strbuf_done(&a->no);
}

static void set_unknown(answer *a, const char *what, const hf_fact *fact)
{
	a->verdict = HF_WHEN_UNKNOWN;
	hf_strbuf_reset(&a->no);
	hf_strbuf_addf(&a->no, "%s is not known", what);
	if (fact && fact->why)
		hf_strbuf_addf(&a->no, ": %s", fact->why);
}

static bool is_known(const hf_fact *fact)
{
	return fact && fact->known != HF_UNKNOWN;
}

static void add_values(hf_strbuf *sb, const hf_when *when)
{
	for (size_t i = 0; i < when->n; i++)
		hf_strbuf_addf(sb, "%s%s",
			       i == 0		 ? ""
			       : i + 1 < when->n ? ", "
						 : " or ",
			       when->values[i]);
}

static void eval_engine(const hf_when *when, const hf_facts *facts, answer *a)
{
	const hf_fact *fact = hf_facts_get(facts, "engine");

	if (!is_known(fact)) {
		set_unknown(a, "the engine's version", fact);
		return;
	}
	if (fact->known == HF_ABSENT) {
		hf_strbuf_adds(&a->no, "there is no engine");
		return;
	}
	for (size_t i = 0; i < when->n; i++)
		if (hf_when_version(fact->value, when->values[i]) == 1)
			a->verdict = HF_WHEN_YES;
	hf_strbuf_addf(&a->no, "the engine is %s, not ", fact->value);
	add_values(&a->no, when);
	hf_strbuf_addf(&a->yes, "the engine is %s", fact->value);
}

/* unit:NAME and exists:PATH: is any of them there? */
static void eval_present(const hf_when *when, const hf_facts *facts, answer *a)
{
	bool unit = when->type == HF_WHEN_UNIT;
	const hf_fact *unknown = NULL;
	const char *asked = NULL;

	for (size_t i = 0; i < when->n; i++) {
		cleanup_(hf_strbuf_done) hf_strbuf name = { 0 };
		const hf_fact *fact;

		hf_strbuf_addf(&name, "%s:%s", unit ? "unit" : "exists", when->values[i]);
		fact = hf_facts_get(facts, hf_strbuf_str(&name));
		if (!is_known(fact)) {
			unknown = fact;
			asked = asked ? asked : when->values[i];
			continue;
		}
		if (fact->known != HF_PRESENT || strcmp(fact->value, "true") != 0)
			continue;
		a->verdict = HF_WHEN_YES;
		hf_strbuf_addf(&a->yes, unit ? "there is a unit %s" : "%s exists",
			       when->values[i]);
		return;
	}
	if (asked) {
		cleanup_(hf_strbuf_done) hf_strbuf what = { 0 };

		hf_strbuf_addf(&what,
			       unit ? "whether there is a unit %s" : "whether %s exists",
			       asked);
		set_unknown(a, hf_strbuf_str(&what), unknown);
		return;
	}
	if (unit)
		hf_strbuf_adds(&a->no, "there is no unit ");
	add_values(&a->no, when);
	if (!unit)
		hf_strbuf_adds(&a->no, when->n > 1 ? ": none exists" : " does not exist");
}

static bool list_has(const char *list, const char *separators, const char *word,
		     size_t len)
{
	while (*list) {
		size_t n = strcspn(list, separators);

		if (n == len && strncmp(list, word, len) == 0)
			return true;
		list += n;
		list += strspn(list, separators);
	}
	return false;
}

/*
 * One of "debian" (the system or what it is like) and "debian>=12" (only the system
 * itself: a derivative counts its versions its own way).
 */
static hf_when_verdict match_os(const char *value, const char *os, const char *like,
				const hf_fact *version)
{
	size_t n = os_id_len(value);
	bool same = strlen(os) == n && strncmp(os, value, n) == 0;

	if (!value[n])
		return same || (like && list_has(like, " ", value, n)) ? HF_WHEN_YES
								       : HF_WHEN_NO;
	if (!same)
		return HF_WHEN_NO;
	if (!version || version->known != HF_PRESENT)
		return HF_WHEN_UNKNOWN; /* Debian's unstable has no VERSION_ID */
	return hf_when_version(version->value, value + n + strspn(value + n, " ")) == 1
		       ? HF_WHEN_YES
		       : HF_WHEN_NO;
}

static void eval_os(const hf_when *when, const hf_facts *facts, answer *a)
{
	const hf_fact *os = hf_facts_get(facts, "os");
	const hf_fact *version = hf_facts_get(facts, "os_version");
	const char *like = hf_facts_value(facts, "os_like");

	if (!is_known(os)) {
		set_unknown(a, "the distribution", os);
		return;
	}
	if (os->known == HF_ABSENT) {
		hf_strbuf_adds(&a->no, "the distribution has no name (no os-release)");
		return;
	}
	for (size_t i = 0; i < when->n; i++) {
		hf_when_verdict v = match_os(when->values[i], os->value, like, version);

		if (v == HF_WHEN_YES ||
		    (v == HF_WHEN_UNKNOWN && a->verdict == HF_WHEN_NO))
			a->verdict = v;
	}
	if (a->verdict == HF_WHEN_UNKNOWN) {
		set_unknown(a, "the distribution's version", version);
		return;
	}
	hf_strbuf_addf(&a->yes, "this is %s", os->value);
	if (version && version->known == HF_PRESENT)
		hf_strbuf_addf(&a->yes, " %s", version->value);
	hf_strbuf_addf(&a->no, "%s, not ", hf_strbuf_str(&a->yes));
	add_values(&a->no, when);
}

static void eval_lsm(const hf_when *when, const hf_facts *facts, answer *a)
{
	const hf_fact *fact = hf_facts_get(facts, "lsm");

	if (!is_known(fact)) {
		set_unknown(a, "the list of active security modules", fact);
		return;
	}
	for (size_t i = 0; i < when->n && a->verdict != HF_WHEN_YES; i++) {
		const char *v = when->values[i];

		if (fact->known != HF_PRESENT ||
		    !list_has(fact->value, ", ", v, strlen(v)))
			continue;
		a->verdict = HF_WHEN_YES;
		hf_strbuf_addf(&a->yes, "%s is active", v);
	}
	add_values(&a->no, when);
	hf_strbuf_adds(&a->no, when->n > 1 ? ": none is active" : " is not active");
}

static void eval_swarm(const hf_when *when, const hf_facts *facts, answer *a)
{
	const hf_fact *fact = hf_facts_get(facts, "swarm");
	bool active;

	if (!is_known(fact)) {
		set_unknown(a, "whether swarm mode is active", fact);
		return;
	}
	active = fact->known == HF_PRESENT && strcmp(fact->value, "true") == 0;
	for (size_t i = 0; i < when->n; i++)
		if ((strcmp(when->values[i], "true") == 0) == active)
			a->verdict = HF_WHEN_YES;
	hf_strbuf_adds(&a->yes,
		       active ? "swarm mode is active" : "swarm mode is not active");
	hf_strbuf_adds(&a->no, hf_strbuf_str(&a->yes));
}

hf_when_verdict hf_when_eval(const hf_when *when, const hf_facts *facts, hf_arena *arena,
			     const char **ret_why)
{
	static void (*const evals[])(const hf_when *, const hf_facts *, answer *) = {
		[HF_WHEN_ENGINE] = eval_engine,	 [HF_WHEN_UNIT] = eval_present,
		[HF_WHEN_EXISTS] = eval_present, [HF_WHEN_OS] = eval_os,
		[HF_WHEN_LSM] = eval_lsm,	 [HF_WHEN_SWARM] = eval_swarm,
	};
	cleanup_(answer_done) answer a = { .verdict = HF_WHEN_NO };
	hf_strbuf *said = &a.no;
	hf_when_verdict verdict;

	*ret_why = NULL;
	evals[when->type](when, facts, &a);
	verdict = a.verdict;
	if (when->negate && verdict != HF_WHEN_UNKNOWN) {
		said = &a.yes;
		verdict = verdict == HF_WHEN_YES ? HF_WHEN_NO : HF_WHEN_YES;
	}
	if (verdict == HF_WHEN_YES)
		return verdict;
	*ret_why =
		hf_strbuf_ok(said) ? hf_arena_strdup(arena, hf_strbuf_str(said)) : NULL;
	return *ret_why ? verdict : HF_WHEN_UNKNOWN;
}

/* --- reading -------------------------------------------------------------------- */

typedef struct when_reader {
	hf_arena *arena;
	hf_diags *diags;
	hf_when *items;
	size_t n;
} when_reader;

/* Why @value cannot stand in a clause of @type; NULL if it can. */
static const char *why_bad(hf_when_type type, const char *value, const char **ret_hint)
{
	size_t n;

	*ret_hint = NULL;
	switch (type) {
	case HF_WHEN_ENGINE:
		*ret_hint = "examples: \">=20.10\", \">=20.10,<24\"";
		return hf_when_version("1", value) < 0 ? "is no version condition" : NULL;
	case HF_WHEN_UNIT:
		*ret_hint = "a full name, such as docker.service";
		return strpbrk(value, "/* ") || !strchr(value, '.')
			       ? "is no name of a unit"
			       : NULL;
	case HF_WHEN_EXISTS:
		return hf_path_check(value);
	case HF_WHEN_OS:
		n = os_id_len(value);
		*ret_hint = "examples: debian, \"debian>=12\"";
		if (!n)
			return "begins with no name of a distribution";
		if (value[n] &&
		    hf_when_version("1", value + n + strspn(value + n, " ")) < 0)
			return "has no version condition after the name";
		return NULL;
	case HF_WHEN_LSM:
		*ret_hint = "a name as in /sys/kernel/security/lsm";
		return strpbrk(value, ", /") || !*value
			       ? "is no name of a security module"
			       : NULL;
	case HF_WHEN_SWARM:
		break;
	}
	return NULL;
}

static int read_clause(when_reader *r, const hf_node *node, hf_when_type type,
		       bool negate)
{
	const hf_node **texts;
	const char **values;
	hf_when *when;
	size_t n;

	if (!hf_schema_strings(node, r->arena, &texts, &n, r->diags))
		return r->diags->oom ? -ENOMEM : 0;
	if (!n) {
		hf_diag_error(r->diags, node->mark, "an empty list never holds");
		return 0;
	}
	values = hf_arena_array(r->arena, n, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *hint, *bad;

		values[i] =
			hf_vars_plain(texts[i]->text, r->arena, texts[i]->mark, r->diags);
		if (!values[i])
			return r->diags->oom ? -ENOMEM : 0;
		bad = why_bad(type, values[i], &hint);
		if (bad)
			hf_diag_add(r->diags, HF_DIAG_ERROR, texts[i]->mark, hint,
				    "'%s' %s", values[i], bad);
	}
	when = hf_vec_push(r->arena, r->items, r->n);
	if (!when)
		return -ENOMEM;
	*when = (hf_when){ type, negate, values, n, node->mark };
	return 0;
}

/* The keys in the order of hf_when_type. */
#define WHEN_KEYS                                                                        \
	{ "engine", HF_KEY_STRINGS, 0 }, { "unit", HF_KEY_STRINGS, 0 },                  \
		{ "exists", HF_KEY_STRINGS, 0 }, { "os", HF_KEY_STRINGS, 0 },            \
		{ "lsm", HF_KEY_STRINGS, 0 },                                            \
	{                                                                                \
		"swarm", HF_KEY_BOOL, 0                                                  \
	}

static const hf_key when_keys[] = { WHEN_KEYS, { "not", HF_KEY_MAPPING, 0 } };
static const hf_key not_keys[] = { WHEN_KEYS };

static int read_clauses(when_reader *r, const hf_node *node, bool negate)
{
	const hf_node *values[ARRAY_SIZE(when_keys)] = { 0 };

	if (negate)
		(void)hf_schema_mapping(node, "'not'", not_keys, ARRAY_SIZE(not_keys),
					values, r->diags);
	else
		(void)hf_schema_mapping(node, "'when'", when_keys, ARRAY_SIZE(when_keys),
					values, r->diags);
	for (size_t i = 0; i < ARRAY_SIZE(not_keys); i++) {
		int k = values[i] ? read_clause(r, values[i], (hf_when_type)i, negate)
				  : 0;

		if (k < 0)
			return k;
	}
	if (!negate && values[ARRAY_SIZE(not_keys)])
		return read_clauses(r, values[ARRAY_SIZE(not_keys)], true);
	return 0;
}

int hf_when_decode(const hf_node *node, hf_arena *arena, hf_diags *diags,
		   const hf_when **ret, size_t *ret_n)
{
	when_reader r = { .arena = arena, .diags = diags };
	int k = read_clauses(&r, node, false);

	if (k < 0)
		return k;
	*ret = r.items;
	*ret_n = r.n;
	return 0;
}

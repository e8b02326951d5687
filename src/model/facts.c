/* SPDX-License-Identifier: Apache-2.0 */
#include "model/facts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GIVEN "--fact" /* the source of what was given by hand */

void hf_facts_done(hf_facts *facts)
{
	if (!facts)
		return;
	hf_arena_done(&facts->arena);
	*facts = (hf_facts){ 0 };
}

static int copy(hf_arena *arena, const char *s, const char **ret)
{
	*ret = NULL;
	if (!s)
		return 0;
	*ret = hf_arena_strdup(arena, s);
	return *ret ? 0 : -ENOMEM;
}

int hf_facts_set(hf_facts *facts, const char *name, hf_known known, const char *value,
		 const char *source, const char *why)
{
	hf_fact *fact = hf_map_get(&facts->by_name, name);
	hf_fact fresh = { .known = known };
	hf_fact **slot;

	if (hf_facts_is_given(facts, name))
		return 0;
	if (copy(&facts->arena, name, &fresh.name) < 0 ||
	    copy(&facts->arena, known == HF_PRESENT ? value : NULL, &fresh.value) < 0 ||
	    copy(&facts->arena, source, &fresh.source) < 0 ||
	    copy(&facts->arena, why, &fresh.why) < 0)
		return -ENOMEM;
	if (fact) {
		*fact = fresh;
		return 0;
	}
	fact = hf_arena_new(&facts->arena, hf_fact);
	if (!fact)
		return -ENOMEM;
	*fact = fresh;
	slot = hf_vec_push(&facts->arena, facts->items, facts->n);
	if (!slot)
		return -ENOMEM;
	*slot = fact;
	if (hf_map_put(&facts->by_name, &facts->arena, name, fact) < 0) {
		facts->n--;
		return -ENOMEM;
	}
	return 0;
}

/* What a fact's value is. */
typedef enum fact_form { FORM_TEXT, FORM_LIST, FORM_VERSION, FORM_FLAG } fact_form;

static const struct {
	const char *name; /* with a ':' at its end: the beginning of one */
	fact_form form;
} forms[] = {
	{ "arch", FORM_TEXT },	     { "audit", FORM_VERSION },
	{ "boot_id", FORM_TEXT },    { "engine", FORM_VERSION },
	{ "exists:", FORM_FLAG },    { "hostname", FORM_TEXT },
	{ "kernel", FORM_VERSION },  { "lsm", FORM_LIST },
	{ "machine_id", FORM_TEXT }, { "os", FORM_TEXT },
	{ "os_like", FORM_LIST },    { "os_version", FORM_TEXT },
	{ "swarm", FORM_FLAG },	     { "systemd", FORM_VERSION },
	{ "unit:", FORM_FLAG },
};

/* Whether @arg, "NAME=VALUE" with @len of NAME, is about the fact or facts of @name. */
static bool is_about(const char *arg, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) != 0)
		return false;
	return name[n - 1] == ':' ? len > n : len == n;
}

/* What has to stand there instead of @value; NULL if it can. */
static const char *why_not(fact_form form, const char *value)
{
	switch (form) {
	case FORM_TEXT:
		return *value ? NULL : "a VALUE";
	case FORM_VERSION:
		return *value >= '0' && *value <= '9' ? NULL : "a version such as 26.1.5";
	case FORM_FLAG:
		return strcmp(value, "true") && strcmp(value, "false") ? "true or false"
								       : NULL;
	case FORM_LIST:
		break;
	}
	return NULL;
}

const char *hf_facts_wanted(const char *arg)
{
	size_t len = strcspn(arg, "=");

	for (size_t i = 0; arg[len] && i < ARRAY_SIZE(forms); i++)
		if (is_about(arg, len, forms[i].name))
			return why_not(forms[i].form, arg + len + 1);
	return "NAME=VALUE with a NAME that 'holdfast facts' shows, unit:UNIT or "
	       "exists:PATH";
}

int hf_facts_given(hf_facts *facts, const char *const *args, size_t n, hf_error **err)
{
	for (size_t i = 0; i < n; i++) {
		const char *wanted = hf_facts_wanted(args[i]);
		cleanup_free char *name = NULL;
		size_t len = strcspn(args[i], "=");

		if (wanted)
			return hf_error_set(err, -EINVAL, "--fact takes %s, not '%s'",
					    wanted, args[i]);
		name = strndup(args[i], len);
		if (!name || hf_facts_set(facts, name, HF_PRESENT, args[i] + len + 1,
					  GIVEN, NULL) < 0)
			return hf_error_oom(err);
	}
	return 0;
}

const hf_fact *hf_facts_get(const hf_facts *facts, const char *name)
{
	return hf_map_get(&facts->by_name, name);
}

bool hf_facts_is_given(const hf_facts *facts, const char *name)
{
	const hf_fact *fact = hf_facts_get(facts, name);

	return fact && fact->source && strcmp(fact->source, GIVEN) == 0;
}

const char *hf_facts_value(const hf_facts *facts, const char *name)
{
	const hf_fact *fact = hf_facts_get(facts, name);

	return fact && fact->known == HF_PRESENT ? fact->value : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "model/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

	if (fact && fact->source && strcmp(fact->source, "--fact") == 0)
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

int hf_facts_given(hf_facts *facts, const char *const *args, size_t n, hf_error **err)
{
	for (size_t i = 0; i < n; i++) {
		const char *eq = strchr(args[i], '=');
		cleanup_free char *name = NULL;

		if (!eq || eq == args[i])
			return hf_error_set(err, -EINVAL,
					    "--fact takes NAME=VALUE, not '%s'", args[i]);
		name = strndup(args[i], (size_t)(eq - args[i]));
		if (!name ||
		    hf_facts_set(facts, name, HF_PRESENT, eq + 1, "--fact", NULL) < 0)
			return hf_error_oom(err);
	}
	return 0;
}

const hf_fact *hf_facts_get(const hf_facts *facts, const char *name)
{
	return hf_map_get(&facts->by_name, name);
}

const char *hf_facts_value(const hf_facts *facts, const char *name)
{
	const hf_fact *fact = hf_facts_get(facts, name);

	return fact && fact->known == HF_PRESENT ? fact->value : NULL;
}

size_t hf_facts_names(const char *const **ret)
{
	static const char *const names[] = { "arch",	"audit",      "boot_id",
					     "engine",	"hostname",   "kernel",
					     "lsm",	"machine_id", "os",
					     "os_like", "os_version", "swarm",
					     "systemd" };

	*ret = names;
	return ARRAY_SIZE(names);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Host references in strings of the baseline. */
#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "plan/plan.h"

int hf_plan_ref_set(hf_plan *plan, const char *ref, const hf_ref_values *values)
{
	hf_ref_values *copy = hf_arena_new(&plan->arena, hf_ref_values);

	if (!copy)
		return -ENOMEM;
	*copy = *values;
	return hf_map_put(&plan->refs, &plan->arena, ref, copy);
}

/* Finds the first "${...}" that is not written "$${"; appends what stands before it to
 * @out with "$${" as "${". Returns the reference's start, or NULL at the end. */
static const char *next_ref(const char *p, hf_strbuf *out)
{
	for (; *p; p++) {
		if (strncmp(p, "$${", 3) == 0) {
			hf_strbuf_adds(out, "${");
			p += 2;
		} else if (strncmp(p, "${", 2) == 0) {
			return p;
		} else {
			hf_strbuf_addc(out, *p);
		}
	}
	return NULL;
}

static int single_value(hf_plan *plan, const char *text, hf_ref_values *ret)
{
	const char **values = hf_arena_array(&plan->arena, 1, sizeof(*values));

	if (!values)
		return -ENOMEM;
	values[0] = hf_arena_strdup(&plan->arena, text);
	if (!values[0])
		return -ENOMEM;
	*ret = (hf_ref_values){ .values = values, .n = 1 };
	return 0;
}

static int no_value(hf_plan *plan, hf_ref_values *ret, bool unknown, const char *why)
{
	char *copy = hf_arena_strdup(&plan->arena, why);

	if (!copy)
		return -ENOMEM;
	*ret = (hf_ref_values){ .why = copy, .unknown = unknown };
	return 0;
}

int hf_plan_expand(hf_plan *plan, const char *text, hf_ref_values *ret)
{
	cleanup_(hf_strbuf_done) hf_strbuf head = { 0 }, tail = { 0 }, name = { 0 };
	const char *ref = next_ref(text, &head), *end;
	const hf_ref_values *found;
	const char **values;

	if (!hf_strbuf_ok(&head))
		return -ENOMEM;
	if (!ref)
		return single_value(plan, hf_strbuf_str(&head), ret);
	end = strchr(ref, '}');
	if (!end || next_ref(end + 1, &tail)) /* the decoder has reported both */
		return no_value(plan, ret, true, "the host reference is malformed");
	hf_strbuf_add(&name, ref + 2, (size_t)(end - ref - 2));
	if (!hf_strbuf_ok(&tail) || !hf_strbuf_ok(&name))
		return -ENOMEM;
	found = hf_map_get(&plan->refs, hf_strbuf_str(&name));
	if (!found)
		return no_value(plan, ret, true, "the host reference was not resolved");
	if (!found->n)
		return no_value(plan, ret, found->unknown,
				found->why ? found->why : "nothing of that sort is here");
	values = hf_arena_array(&plan->arena, found->n, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < found->n; i++) {
		values[i] = hf_arena_printf(&plan->arena, "%s%s%s", hf_strbuf_str(&head),
					    found->values[i], hf_strbuf_str(&tail));
		if (!values[i])
			return -ENOMEM;
	}
	*ret = (hf_ref_values){ .values = values, .n = found->n };
	return 0;
}

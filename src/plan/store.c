/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/store.h"

#include <string.h>

const char *hf_store_sort_name(hf_store_sort sort)
{
	static const char *const names[] = {
		[HF_STORE_IMAGES] = "images",
		[HF_STORE_CONTAINERS] = "containers",
		[HF_STORE_VOLUMES] = "volumes",
	};

	return names[sort];
}

/* "images, containers or volumes": all that are @known */
static size_t add_sorts(hf_strbuf *sb, const hf_store *store, hf_known known)
{
	const char *all[HF_STORE_SORTS_];
	size_t n = 0;

	for (size_t i = 0; i < HF_STORE_SORTS_; i++)
		if (store->sorts[i].known == known)
			all[n++] = hf_store_sort_name((hf_store_sort)i);
	for (size_t i = 0; i < n; i++)
		hf_strbuf_addf(sb, "%s%s", !i ? "" : i + 1 == n ? " or " : ", ", all[i]);
	return n;
}

/* "2 images (a, b)", "1 container (c)", "12 volumes (d, ..., and 2 more)" */
static void add_names(hf_strbuf *sb, const hf_store_names *names, const char *sort)
{
	hf_strbuf_addf(sb, "%zu %.*s (", names->total,
		       (int)(strlen(sort) - (names->total == 1)), sort);
	for (size_t i = 0; i < names->n_names; i++)
		hf_strbuf_addf(sb, "%s%s", i ? ", " : "", names->names[i]);
	if (names->total > names->n_names)
		hf_strbuf_addf(sb, " and %zu more", names->total - names->n_names);
	hf_strbuf_addc(sb, ')');
}

void hf_store_hidden(hf_strbuf *sb, const hf_store *store)
{
	cleanup_(hf_strbuf_done) hf_strbuf unknown = { 0 };
	bool any = false;

	for (size_t i = 0; i < HF_STORE_SORTS_; i++) {
		const hf_store_names *names = &store->sorts[i];

		if (names->known != HF_PRESENT || !names->total)
			continue;
		if (any)
			hf_strbuf_adds(sb, ", ");
		add_names(sb, names, hf_store_sort_name((hf_store_sort)i));
		any = true;
	}
	if (any)
		hf_strbuf_adds(sb, " would become invisible");
	if (add_sorts(&unknown, store, HF_UNKNOWN))
		hf_strbuf_addf(sb,
			       "%s%s would become invisible, which ones is not known: %s",
			       any ? "; " : "", hf_strbuf_str(&unknown),
			       store->why ? store->why : "dockerd was not asked");
	else if (!any) {
		hf_strbuf_adds(sb, "dockerd has no ");
		(void)add_sorts(sb, store, HF_PRESENT);
		hf_strbuf_adds(sb, " now that would become invisible");
	}
	sb->oom |= !hf_strbuf_ok(&unknown);
}

bool hf_store_is_empty(const hf_store *store)
{
	for (size_t i = 0; i < HF_STORE_SORTS_; i++)
		if (store->sorts[i].known == HF_UNKNOWN || store->sorts[i].total)
			return false;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mask.h"

#include <string.h>

#include "base/escape.h"

#define ASTERISKS "********"
#define SHORTEST 3

const char *hf_mask_value(const char *value, bool secret)
{
	return value && secret ? "(secret)" : value;
}

void hf_mask_done(hf_mask *mask)
{
	hf_arena_done(&mask->arena);
	*mask = (hf_mask){ 0 };
}

void hf_mask_add_bytes(hf_mask *mask, const char *value, size_t len)
{
	cleanup_free char *escaped = NULL;
	hf_masked *item;

	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	if (len < SHORTEST)
		return;
	escaped = hf_escape_dup(value, len);
	item = escaped ? hf_vec_push(&mask->arena, mask->items, mask->n) : NULL;
	if (item) {
		item->text = hf_arena_strdup(&mask->arena, escaped);
		item->len = strlen(escaped);
	}
	mask->oom |= !item || !item->text;
}

void hf_mask_add(hf_mask *mask, const char *value)
{
	hf_mask_add_bytes(mask, value, value ? strlen(value) : 0);
}

/* Length of the "user:password" of a URL whose "://" ends at @s, 0 if it has none. */
static size_t userinfo(const char *s, const char *end)
{
	for (const char *p = s; p < end && !strchr("/\"' \t\r\n?#", *p); p++)
		if (*p == '@')
			return (size_t)(p - s);
	return 0;
}

static size_t hidden_at(const hf_mask *mask, const char *s, const char *end)
{
	size_t longest = 0;

	for (size_t i = 0; i < mask->n; i++) {
		const hf_masked *m = &mask->items[i];

		if (m->len > longest && m->len <= (size_t)(end - s) &&
		    !memcmp(s, m->text, m->len))
			longest = m->len;
	}
	return longest;
}

void hf_mask_put(const hf_mask *mask, hf_strbuf *out, const char *text, size_t len)
{
	const char *end = text + len, *p = text;
	const char *shown = text;     /* up to here it is in @out */
	bool begins[256] = { false }; /* a secret may, with this byte */

	if (mask->oom && len) {
		hf_strbuf_adds(out, "(out of memory: not shown)\n");
		return;
	}
	for (size_t i = 0; i < mask->n; i++)
		begins[(unsigned char)mask->items[i].text[0]] = true;
	while (p < end) {
		size_t skip = 0;

		if (begins[(unsigned char)*p])
			skip = hidden_at(mask, p, end);
		if (!skip && p - text >= 3 && p[-1] == '/' && !memcmp(p - 3, "://", 3))
			skip = userinfo(p, end);
		if (!skip) {
			p++;
			continue;
		}
		hf_strbuf_add(out, shown, (size_t)(p - shown));
		hf_strbuf_adds(out, ASTERISKS);
		shown = p += skip;
	}
	hf_strbuf_add(out, shown, (size_t)(end - shown));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One item below a control: marker, resource, values, remarks; and twins told as one. */
#include <string.h>

#include "report/text.h"

#define ARCH "arch=b"

void hf_text_begin(hf_text *t, const char *marker, hf_style style)
{
	hf_paint_to(&t->paint, HF_INDENT_ITEM);
	hf_paint_text(&t->paint, style, marker);
	hf_paint_text(&t->paint, HF_STYLE_PLAIN, " ");
}

void hf_text_end(hf_text *t, const char *tail)
{
	if (tail && hf_paint_fits(&t->paint, hf_paint_columns(tail) + 3)) {
		hf_paint_format(&t->paint, HF_STYLE_DIM, " (%s)", tail);
		tail = NULL;
	}
	hf_paint_newline(&t->paint);
	if (tail)
		hf_text_remark(t, HF_STYLE_DIM, tail);
}

bool hf_text_is_said(const hf_kind *kind, const char *id, const char *text)
{
	size_t n = strlen(id), len = text ? strlen(text) : 0;
	bool at_end = len && n > len && memcmp(id + n - len, text, len) == 0;

	if (!len)
		return false;
	if (kind->id_form == HF_ID_TEXT)
		return at_end || strstr(id, text);
	/* a flag that is taken out: "...#exec_start.--debug" */
	return at_end && id[n - len - 1] == '.';
}

void hf_text_remark(hf_text *t, hf_style style, const char *text)
{
	hf_paint_to(&t->paint, HF_INDENT_VALUE);
	hf_paint_wrap(&t->paint, style, HF_INDENT_VALUE, text);
	hf_paint_newline(&t->paint);
}

void hf_text_found(hf_text *t, const char *file, unsigned line, const char *tail)
{
	char number[16] = "";

	if (line)
		snprintf(number, sizeof(number), ":%u", line);
	hf_paint_to(&t->paint, HF_INDENT_VALUE);
	hf_paint_format(&t->paint, HF_STYLE_DIM, "found at %s%s%s%s", file, number,
			tail ? "; " : "", tail ? tail : "");
	hf_paint_newline(&t->paint);
}

void hf_text_id(hf_text *t, const char *id, const hf_text_twins *twins)
{
	const char *layers = !twins->live	? ""
			     : twins->persisted ? "persisted, live"
						: "live";
	const char *arch = !twins->arch ? "" : strstr(id, ARCH "64") ? "+b32" : "+b64";
	char tag[32], *end = tag;

	hf_paint_wrap(&t->paint, HF_STYLE_BOLD, HF_INDENT_VALUE, id);
	if (!*layers && !*arch)
		return;
	end = stpcpy(stpcpy(end, "["), arch);
	end = stpcpy(stpcpy(end, *arch && *layers ? ", " : ""), layers);
	end = stpcpy(end, "]");
	if (!hf_paint_fits(&t->paint, (unsigned)(end - tag) + 1)) {
		hf_paint_newline(&t->paint);
		hf_paint_to(&t->paint, HF_INDENT_VALUE);
	} else {
		hf_paint_text(&t->paint, HF_STYLE_PLAIN, " ");
	}
	hf_paint_text(&t->paint, HF_STYLE_DIM, tag);
}

uint32_t hf_text_alike_hash(const char *text)
{
	uint32_t hash = 0;

	for (const char *s = text; *s; s++) {
		hash = (hash ^ (unsigned char)*s) * 16777619u; /* FNV-1 */
		if (*s == '=' && s[1] == 'b' && s[2] && s[3])
			s += 3; /* maybe of an ABI: not looked at */
	}
	return hash;
}

bool hf_text_alike(const char *a, const char *b, bool *arch)
{
	size_t n, i = 0;

	if (!a || !b)
		return a == b;
	n = strlen(a);
	if (strlen(b) != n)
		return false;
	while (i < n) {
		if (n - i >= 8 && memcmp(a + i, b + i, 8) == 0) {
			i += 8;
		} else if (a[i] == b[i]) {
			i++;
		} else {
			/* a rule of auditctl(8) for each ABI of the machine */
			if (i < 6 || memcmp(a + i - 6, ARCH, 6) ||
			    !((!strncmp(a + i, "64", 2) && !strncmp(b + i, "32", 2)) ||
			      (!strncmp(a + i, "32", 2) && !strncmp(b + i, "64", 2))))
				return false;
			*arch = true;
			i += 2;
		}
	}
	return true;
}

bool hf_text_join(hf_text_twins *twins, hf_layer layer, bool arch)
{
	if (twins->n == ARRAY_SIZE(twins->members))
		return false;
	twins->live |= layer == HF_LIVE;
	twins->persisted |= layer == HF_PERSISTED;
	twins->arch |= arch;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/escape.h"
#include "base/textdiff.h"
#include "report/text.h"

#define MASK "********"

/* Quotes of a JSON string do not stand around the value in every file. */
static const char *bare(const char *value, size_t *ret_len)
{
	size_t len = strlen(value);

	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	*ret_len = len;
	return value;
}

typedef struct hf_secret {
	const char *text;
	size_t len;
} hf_secret;

/* Secrets are looked for in a diff's lines, which are escaped. */
static int add_secret(hf_arena *arena, hf_secret **items, size_t *n, const char *value)
{
	cleanup_free char *escaped = NULL;
	hf_secret *s;
	size_t len;

	if (!value)
		return 0;
	value = bare(value, &len);
	if (len < 3)
		return 0; /* would blot out half the file; too short to be one */
	escaped = hf_escape_dup(value, len);
	s = escaped ? hf_vec_push(arena, *items, *n) : NULL;
	if (!s)
		return -1;
	s->text = hf_arena_strdup(arena, escaped);
	s->len = strlen(escaped);
	return s->text ? 0 : -1;
}

static int collect(const hf_plan *plan, hf_arena *arena, hf_secret **items, size_t *n)
{
	for (size_t i = 0; i < plan->n_resources; i++) {
		const hf_resource *row = plan->resources[i];

		if (row->secret && (add_secret(arena, items, n, row->wanted) < 0 ||
				    add_secret(arena, items, n, row->found) < 0))
			return -1;
	}
	for (size_t i = 0; i < plan->n_changes; i++) {
		const hf_change *c = plan->changes[i];

		if (c->secret && (add_secret(arena, items, n, c->before) < 0 ||
				  add_secret(arena, items, n, c->after) < 0))
			return -1;
	}
	return 0;
}

/* Length of the "user:password" of a URL whose "://" ends at @s, 0 if it has none. */
static size_t userinfo(const char *s, const char *end)
{
	for (const char *p = s; p < end && !strchr("/\"' \t\r\n?#", *p); p++)
		if (*p == '@')
			return (size_t)(p - s);
	return 0;
}

static size_t secret_at(const hf_secret *items, size_t n, const char *s, const char *end)
{
	size_t longest = 0;

	for (size_t i = 0; i < n; i++)
		if (items[i].len > longest && items[i].len <= (size_t)(end - s) &&
		    !memcmp(s, items[i].text, items[i].len))
			longest = items[i].len;
	return longest;
}

void hf_text_mask(hf_strbuf *out, const hf_plan *plan, const char *text, size_t len)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	const char *end = text + len;
	hf_secret *items = NULL;
	size_t n = 0;

	if (collect(plan, &arena, &items, &n) < 0) {
		hf_strbuf_adds(out, "(out of memory: not shown)\n");
		return;
	}
	for (const char *p = text; p < end;) {
		size_t skip = secret_at(items, n, p, end);

		if (!skip && p - text >= 3 && !memcmp(p - 3, "://", 3))
			skip = userinfo(p, end);
		if (skip) {
			hf_strbuf_adds(out, MASK);
			p += skip;
		} else {
			hf_strbuf_addc(out, *p++);
		}
	}
}

static hf_style diff_style(const char *line)
{
	switch (line[0]) {
	case '+':
		return HF_STYLE_GOOD;
	case '-':
		return HF_STYLE_BAD;
	case '@':
		return HF_STYLE_NOTE;
	default:
		return HF_STYLE_PLAIN;
	}
}

/* hf_textdiff() has escaped each line, so lines are what it made. */
static void put_lines(hf_text *t, char *text)
{
	for (char *line = text; *line;) {
		char *nl = strchr(line, '\n');

		if (nl)
			*nl = '\0';
		hf_paint_escaped(&t->paint, diff_style(line), line);
		hf_paint_newline(&t->paint);
		if (!nl)
			break;
		line = nl + 1;
	}
}

static void put_file(hf_text *t, const hf_group *g)
{
	cleanup_(hf_strbuf_done) hf_strbuf diff = { 0 }, masked = { 0 };

	hf_textdiff(&diff, g->existed ? g->path : "/dev/null", g->before ? g->before : "",
		    g->before_len, g->remove ? "/dev/null" : g->path,
		    g->remove || !g->after ? "" : g->after, g->remove ? 0 : g->after_len);
	/* After the diff: a line whose secret alone changes is still shown to change. */
	hf_text_mask(&masked, t->view->changes, hf_strbuf_str(&diff), diff.len);
	if (!hf_strbuf_ok(&diff) || !hf_strbuf_ok(&masked)) {
		hf_paint_format(&t->paint, HF_STYLE_BAD, "%s: out of memory", g->path);
		hf_paint_newline(&t->paint);
		return;
	}
	if (masked.len)
		put_lines(t, masked.buf);
}

static void put_inode(hf_text *t, const hf_group *g)
{
	hf_paint_text(&t->paint, HF_STYLE_BOLD, g->path);
	hf_paint_newline(&t->paint);
	hf_paint_format(&t->paint, HF_STYLE_BAD, "-owner %u, group %u, mode %04o",
			(unsigned)g->before_uid, (unsigned)g->before_gid,
			(unsigned)g->before_mode & 07777);
	hf_paint_newline(&t->paint);
	hf_paint_format(&t->paint, HF_STYLE_GOOD, "+owner %u, group %u, mode %04o",
			(unsigned)g->uid, (unsigned)g->gid, (unsigned)g->mode & 07777);
	hf_paint_newline(&t->paint);
}

void hf_text_diffs(hf_text *t)
{
	const hf_plan *plan = t->view->changes;
	bool any = false;

	for (size_t i = 0; i < plan->n_groups; i++) {
		const hf_group *g = plan->groups[i];

		if (g->type == HF_GROUP_FILE)
			put_file(t, g);
		else if (g->type == HF_GROUP_INODE)
			put_inode(t, g);
		else
			continue;
		any = true;
	}
	if (any)
		hf_paint_newline(&t->paint);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_boot.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

/* --- order of file names ---------------------------------------------------------- */

/* Rank of one byte of a part without digits: the end (and a digit) first, then letters,
 * then the rest; "~" before everything. */
static int byte_rank(const char *s, size_t at, size_t len)
{
	unsigned char c;

	if (at >= len)
		return 0;
	c = (unsigned char)s[at];
	if (c >= '0' && c <= '9')
		return 0;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return c;
	return c == '~' ? -1 : c + 256;
}

static bool is_digit(const char *s, size_t at, size_t len)
{
	return at < len && s[at] >= '0' && s[at] <= '9';
}

static int compare_versions(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0, j = 0;

	while (i < a_len || j < b_len) {
		int first = 0;

		while ((i < a_len && !is_digit(a, i, a_len)) ||
		       (j < b_len && !is_digit(b, j, b_len))) {
			int x = byte_rank(a, i, a_len), y = byte_rank(b, j, b_len);

			if (x != y)
				return x < y ? -1 : 1;
			i++;
			j++;
		}
		while (i < a_len && a[i] == '0')
			i++;
		while (j < b_len && b[j] == '0')
			j++;
		while (is_digit(a, i, a_len) && is_digit(b, j, b_len)) {
			if (!first)
				first = a[i] - b[j];
			i++;
			j++;
		}
		if (is_digit(a, i, a_len))
			return 1;
		if (is_digit(b, j, b_len))
			return -1;
		if (first)
			return first < 0 ? -1 : 1;
	}
	return 0;
}

/* Length without the suffixes: (\.[A-Za-z~][A-Za-z0-9~]*)*$ */
static size_t stem_len(const char *s)
{
	size_t len = strlen(s), end = len;

	while (end > 0) {
		size_t i = end;

		while (i > 0 && (isalnum((unsigned char)s[i - 1]) || s[i - 1] == '~'))
			i--;
		if (i == 0 || i == end || s[i - 1] != '.' || (s[i] >= '0' && s[i] <= '9'))
			break;
		end = i - 1;
	}
	return end;
}

int hf_audit_name_compare(const char *a, const char *b)
{
	size_t a_stem = stem_len(a), b_stem = stem_len(b);
	bool equal = a_stem == b_stem && memcmp(a, b, a_stem) == 0;
	int r;

	if (strcmp(a, b) == 0)
		return 0;
	r = equal ? 0 : compare_versions(a, a_stem, b, b_stem);
	if (r == 0)
		r = compare_versions(a, strlen(a), b, strlen(b));
	return r ? r : strcmp(a, b);
}

/* --- augenrules ------------------------------------------------------------------- */

/* The blanks that awk's \s* takes at the beginning of a line. */
static const char *skip_blanks(const char *s, hf_audit_merge_style style)
{
	if (!style.gawk)
		return s + strspn(s, "s");
	return s + strspn(s, " \t\n\v\f\r");
}

/* @s: behind the blanks */
static bool is_delete_all(const char *s, hf_audit_merge_style style)
{
	return strncmp(s, "-D", 2) == 0 && !*skip_blanks(s + 2, style);
}

typedef struct merging {
	hf_audit_merge_style style;
	hf_arena *arena;
	hf_audit_merged_line *rest;
	size_t n_rest;
	hf_audit_merged_line delete_all, backlog, failure, enabled;
} merging;

static int merge_line(merging *m, const char *text, size_t len, size_t source,
		      unsigned line)
{
	hf_audit_merged_line one = { .source = source, .line = line };
	hf_audit_merged_line *slot;
	char *copy;

	if (m->style.strip_cr && len && text[len - 1] == '\r')
		len--;
	if (len == 0)
		return 0;
	copy = hf_arena_memdup(m->arena, text, len);
	if (!copy)
		return -ENOMEM;
	one.text = copy;
	text = skip_blanks(copy, m->style);
	if (*text == '#')
		return 0;
	if (strncmp(text, "-e", 2) == 0)
		m->enabled = one;
	else if (is_delete_all(text, m->style))
		m->delete_all = one;
	else if (strncmp(text, "-f", 2) == 0)
		m->failure = one;
	else if (strncmp(text, "-b", 2) == 0)
		m->backlog = one;
	else {
		slot = hf_vec_push(m->arena, m->rest, m->n_rest);
		if (!slot)
			return -ENOMEM;
		*slot = one;
	}
	return 0;
}

/* The files are one stream for awk: a last line without its end runs into the next
 * file's first. */
static int merge_stream(merging *m, const hf_audit_source *sources, size_t n)
{
	cleanup_(hf_strbuf_done) hf_strbuf open = { 0 };
	size_t open_source = 0;
	unsigned open_line = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		const char *p = sources[i].bytes, *end = p + sources[i].len;
		unsigned line = 0;

		while (p < end) {
			const char *nl = memchr(p, '\n', (size_t)(end - p));
			size_t len = nl ? (size_t)(nl - p) : (size_t)(end - p);

			line++;
			if (!open.len) {
				open_source = i;
				open_line = line;
			}
			if (!nl || open.len) {
				hf_strbuf_add(&open, p, len);
				if (!hf_strbuf_ok(&open))
					return -ENOMEM;
			}
			if (nl) {
				r = open.len ? merge_line(m, open.buf, open.len,
							  open_source, open_line)
					     : merge_line(m, p, len, i, line);
				if (r < 0)
					return r;
				hf_strbuf_reset(&open);
			}
			p += len + 1;
		}
	}
	return open.len ? merge_line(m, open.buf, open.len, open_source, open_line) : 0;
}

static int put_line(hf_audit_merged *ret, hf_strbuf *sb, const hf_audit_merged_line *line,
		    hf_arena *arena)
{
	hf_audit_merged_line *slot;

	if (line->text)
		hf_strbuf_adds(sb, line->text);
	hf_strbuf_addc(sb, '\n');
	if (!line->text)
		return 0;
	slot = hf_vec_push(arena, ret->lines, ret->n);
	if (!slot)
		return -ENOMEM;
	*slot = *line;
	return 0;
}

int hf_audit_merge(const hf_audit_source *sources, size_t n, hf_audit_merge_style style,
		   hf_arena *arena, hf_audit_merged *ret)
{
	merging m = { .style = style, .arena = arena };
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_audit_merged out = { 0 };

	if (merge_stream(&m, sources, n) < 0)
		return -ENOMEM;
	hf_strbuf_adds(&sb,
		       "## This file is automatically generated from " HF_AUDIT_RULES_D
		       "\n");
	if (put_line(&out, &sb, &m.delete_all, arena) < 0 ||
	    put_line(&out, &sb, &m.backlog, arena) < 0 ||
	    put_line(&out, &sb, &m.failure, arena) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < m.n_rest; i++)
		if (put_line(&out, &sb, &m.rest[i], arena) < 0)
			return -ENOMEM;
	if (put_line(&out, &sb, &m.enabled, arena) < 0 || !hf_strbuf_ok(&sb))
		return -ENOMEM;
	out.text = hf_arena_memdup(arena, sb.buf, sb.len);
	out.len = sb.len;
	if (!out.text)
		return -ENOMEM;
	*ret = out;
	return 0;
}

int hf_audit_split(const hf_audit_source *merged, hf_arena *arena, hf_audit_merged *ret)
{
	const char *p = merged->bytes, *end = p + merged->len;
	hf_audit_merged out = { 0 };
	unsigned line = 0;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = nl ? (size_t)(nl - p) : (size_t)(end - p);
		hf_audit_merged_line *slot;

		line++;
		if (len) {
			slot = hf_vec_push(arena, out.lines, out.n);
			if (!slot)
				return -ENOMEM;
			slot->text = hf_arena_memdup(arena, p, len);
			slot->line = line;
			if (!slot->text)
				return -ENOMEM;
		}
		p += len + 1;
	}
	*ret = out;
	return 0;
}

/* --- auditctl -R ------------------------------------------------------------------ */

typedef struct loading {
	const hf_audit_source *sources;
	const hf_audit_boot_host *host;
	hf_arena *arena;
	hf_audit_boot *boot;
	hf_audit_table prepended; /* newest last */
	hf_audit_table appended;
	bool keep_going;
} loading;

/* Why the kernel would not take the rule, or NULL in @ret_why. */
static int find_missing(const loading *l, const hf_audit_rule *rule, const char **ret_why)
{
	const hf_audit_field *field = NULL;
	const char *dir;

	if (l->host->has_dir &&
	    hf_audit_rule_missing(rule, l->host->has_dir, l->host->user, l->arena, &field,
				  &dir) < 0)
		return -ENOMEM;
	*ret_why = !field			? NULL
		   : field->type == AUDIT_WATCH ? "the directory of its path is missing"
		   : field->type == AUDIT_EXE ? "the directory of its program is missing"
					      : "its directory is missing";
	return 0;
}

/* Appends the rule as the list has it, where prepending is no part of it. */
static int add_entry(loading *l, hf_audit_table *list, const hf_audit_rule *rule,
		     const hf_audit_merged_line *from)
{
	hf_audit_entry *entry;
	hf_audit_rule *copy;

	if (rule->prepend) {
		copy = hf_arena_new(l->arena, hf_audit_rule);
		if (!copy)
			return -ENOMEM;
		*copy = *rule;
		copy->prepend = false;
		rule = copy;
	}
	entry = hf_audit_table_add(list, rule, l->arena);
	if (!entry)
		return -ENOMEM;
	entry->file = l->sources[from->source].path;
	entry->line = from->line;
	entry->source = from->source;
	return 0;
}

static int load_rule(loading *l, const hf_audit_rule *rule,
		     const hf_audit_merged_line *from, const char **ret_why)
{
	if (find_missing(l, rule, ret_why) < 0)
		return -ENOMEM;
	if (*ret_why)
		return 0;
	/* the kernel does not see the twin of a rule that is to be prepended */
	if (!rule->prepend && (hf_audit_table_find_equal(&l->appended, rule) ||
			       hf_audit_table_find_equal(&l->prepended, rule))) {
		*ret_why = "the rule is there already";
		return 0;
	}
	return add_entry(l, rule->prepend ? &l->prepended : &l->appended, rule, from);
}

static int note_undone(loading *l, const hf_audit_rule *rule,
		       const hf_audit_merged_line *by)
{
	hf_audit_boot *boot = l->boot;
	size_t n = boot->undone.n;
	const char **slot = hf_vec_push(l->arena, boot->undoers, n);

	if (!slot)
		return -ENOMEM;
	*slot = by->text;
	return add_entry(l, &boot->undone, rule, by);
}

/* -d, -W and -D [-k]: rules loaded before go again. A rule that was prepended twice is
 * there twice, and -d takes out the one that matches first. */
static int unload(loading *l, const hf_audit_line *line, const hf_audit_merged_line *from,
		  const char **ret_why)
{
	bool found = line->type == HF_AUDIT_LINE_DELETE_ALL;
	size_t n = l->prepended.n;

	for (size_t i = 0; i < n + l->appended.n; i++) {
		hf_audit_entry *e = i < n ? &l->prepended.items[n - 1 - i]
					  : &l->appended.items[i - n];

		if (e->gone || !hf_audit_line_deletes(line, e->rule))
			continue;
		e->gone = found = true;
		if (note_undone(l, e->rule, from) < 0)
			return -ENOMEM;
		if (line->type == HF_AUDIT_LINE_DELETE)
			break;
	}
	*ret_why = found ? NULL : "the rule that it deletes is not there";
	return 0;
}

static bool is_change(const hf_audit_line *line)
{
	return line->type == HF_AUDIT_LINE_RULE || line->type == HF_AUDIT_LINE_DELETE ||
	       line->type == HF_AUDIT_LINE_DELETE_ALL ||
	       (line->type == HF_AUDIT_LINE_SETTING &&
		line->setting != HF_AUDIT_LOGINUID_IMMUTABLE);
}

/* After "-e 2" the kernel refuses each change, another "-e 2", too. */
static int note_lock(loading *l, const hf_audit_line *line, const char **ret_why)
{
	const hf_audit_boot_setting *s = &l->boot->settings[HF_AUDIT_ENABLED];

	if (!s->set || !s->loaded || s->value != 2 || !is_change(line))
		return 0;
	*ret_why = hf_arena_printf(l->arena, "%s:%u has locked the configuration (-e 2)",
				   s->file, s->line);
	return *ret_why ? 0 : -ENOMEM;
}

static void load_setting(loading *l, const hf_audit_line *line,
			 const hf_audit_merged_line *from, bool loaded)
{
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++) {
		hf_audit_boot_setting *s = &l->boot->settings[i];

		if (line->has_value[i] && (loaded || !s->set))
			*s = (hf_audit_boot_setting){ true, loaded, line->values[i],
						      l->sources[from->source].path,
						      from->line };
	}
}

static void note_end(loading *l, const hf_audit_merged_line *from, const char *why)
{
	hf_audit_boot *boot = l->boot;

	boot->aborted = true;
	boot->abort_file = l->sources[from->source].path;
	boot->abort_line = from->line;
	boot->abort_why = why;
}

/* What a line that is refused does before that. */
static int do_first(loading *l, const hf_audit_line *line,
		    const hf_audit_merged_line *from)
{
	const char *why;

	load_setting(l, line, from, true);
	return line->type == HF_AUDIT_LINE_DELETE_ALL ? unload(l, line, from, &why) : 0;
}

static int load_line(loading *l, const hf_audit_merged_line *from)
{
	hf_audit_boot *boot = l->boot;
	hf_audit_read *read = from->read;
	const hf_audit_line *line;
	hf_audit_line deletion;
	const char *why, *lock = NULL;

	if (!read && hf_audit_line_read(from->text, &l->host->names, l->arena, &read) < 0)
		return -ENOMEM;
	line = &read->line;
	why = read->why;
	l->keep_going |= line->keep_going;
	if (line->type == HF_AUDIT_LINE_RULE && line->rule.prepend &&
	    l->host->prepend_deletes) {
		deletion = *line;
		deletion.type = HF_AUDIT_LINE_DELETE;
		line = &deletion;
	}
	if (note_lock(l, line, &lock) < 0)
		return -ENOMEM;
	if (read->why && !lock && !boot->aborted && do_first(l, line, from) < 0)
		return -ENOMEM;
	if (!why)
		why = lock;
	if (line->type == HF_AUDIT_LINE_RULE) {
		if (boot->aborted || (why && !l->keep_going)
			    ? add_entry(l, &boot->missed, &read->line.rule, from) < 0
			    : !why && load_rule(l, &read->line.rule, from, &why) < 0)
			return -ENOMEM;
	} else if (line->type == HF_AUDIT_LINE_SETTING) {
		if (!why || !l->keep_going)
			load_setting(l, line, from, !boot->aborted && !why);
	} else if (!boot->aborted && !why &&
		   (line->type == HF_AUDIT_LINE_DELETE ||
		    line->type == HF_AUDIT_LINE_DELETE_ALL)) {
		if (unload(l, line, from, &why) < 0)
			return -ENOMEM;
		if (why && line->rule.prepend) {
			why = "auditctl 4.0.4 to 4.1.0 takes -A for -d, and there is no "
			      "such rule to delete";
			if (add_entry(l, &boot->missed, &read->line.rule, from) < 0)
				return -ENOMEM;
		}
	}
	if (why && (!l->keep_going || line->crashes) && !boot->aborted)
		note_end(l, from, why);
	return 0;
}

int hf_audit_boot_load(const hf_audit_merged *merged, const hf_audit_source *sources,
		       const hf_audit_boot_host *host, hf_arena *arena,
		       hf_audit_boot *ret)
{
	hf_audit_boot boot = { 0 };
	loading l = { .sources = sources, .host = host, .arena = arena, .boot = &boot };
	hf_audit_entry *slot;
	size_t n;

	if (hf_audit_table_reserve(&l.appended, merged->n, arena) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < merged->n; i++)
		if (load_line(&l, &merged->lines[i]) < 0)
			return -ENOMEM;
	n = l.prepended.n + l.appended.n;
	if (hf_audit_table_reserve(&boot.rules, n, arena) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		/* the prepended ones newest first, then the appended */
		const hf_audit_entry *e =
			i < l.prepended.n ? &l.prepended.items[l.prepended.n - 1 - i]
					  : &l.appended.items[i - l.prepended.n];

		if (e->gone)
			continue;
		slot = hf_audit_table_add(&boot.rules, e->rule, arena);
		if (!slot)
			return -ENOMEM;
		slot->file = e->file;
		slot->line = e->line;
		slot->source = e->source;
	}
	if (hf_audit_table_index(&boot.rules, arena) < 0 ||
	    hf_audit_table_index(&boot.missed, arena) < 0 ||
	    hf_audit_table_index(&boot.undone, arena) < 0)
		return -ENOMEM;
	*ret = boot;
	return 0;
}

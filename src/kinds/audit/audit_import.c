/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_import.h"

#include <errno.h>
#include <string.h>

#include "base/escape.h"

typedef struct imported {
	const hf_audit_rule *rule;
	const char *text;
	hf_mark mark;
	bool gone; /* a later line deletes it, or an earlier rule leaves it nothing */
} imported;

struct hf_audit_section {
	const char *id;
	const char *title;
	imported *rules;
	size_t n;
};

#define SETTINGS_ID "audit-settings"

static void leave_out(hf_audit_import *im, hf_mark mark, const char *text,
		      const char *why)
{
	hf_diag_add(im->diags, HF_DIAG_WARNING, mark, NULL, "left out: '%s': %s", text,
		    why);
}

int hf_audit_import_section(hf_audit_import *im, const char *id, const char *title)
{
	struct hf_audit_section *s = hf_vec_push(im->arena, im->sections, im->n_sections);

	if (!s)
		return -ENOMEM;
	*s = (struct hf_audit_section){ .id = id, .title = title };
	return 0;
}

void hf_audit_import_setting(hf_audit_import *im, hf_audit_setting setting,
			     uint32_t value)
{
	im->values[setting] = value;
	im->has_value[setting] = true;
}

/* What no line of YAML holds, or not every reader takes for part of it: control
 * characters, the line breaks of Unicode, the mark of byte order, no characters. */
static bool is_control(const char *s, size_t n)
{
	static const char *const others[] = { "\xe2\x80\xa8", "\xe2\x80\xa9",
					      "\xef\xbb\xbf", "\xef\xbf\xbe",
					      "\xef\xbf\xbf" };
	unsigned char c = (unsigned char)s[0];

	if (n == 1)
		return c < 0x20 || c == 0x7f;
	if (n == 2)
		return c == 0xc2 && (unsigned char)s[1] < 0xa0;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (n == 3 && !memcmp(s, others[i], 3))
			return true;
	return false;
}

/* YAML of one line holds text, without control characters. */
static bool is_text(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0, n; i < len; i += n) {
		n = hf_utf8_len(s + i, len - i);
		if (!n || is_control(s + i, n))
			return false;
	}
	return true;
}

/* Does the text mean the rule, for whoever reads it? */
static int comes_back(hf_audit_import *im, const char *text, const hf_audit_rule *rule)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_audit_line line;
	int r = hf_audit_line_parse(text, &im->host.names, im->arena, &line, &err);

	if (r == -ENOMEM)
		return r;
	return r == 0 && line.type == HF_AUDIT_LINE_RULE &&
	       hf_audit_rule_equal(&line.rule, rule);
}

int hf_audit_import_rule(hf_audit_import *im, const hf_audit_rule *rule, hf_mark mark)
{
	struct hf_audit_section *s = &im->sections[im->n_sections - 1];
	char *text = hf_audit_rule_text(rule, im->host.names.machine, im->arena);
	const hf_audit_field *missing = NULL;
	const char *dir;
	imported *slot;
	int r = text ? 0 : -ENOMEM;

	if (r == 0 && im->host.has_dir)
		r = hf_audit_rule_missing(rule, im->host.has_dir, im->host.user,
					  im->arena, &missing, &dir);
	if (r < 0)
		return r;
	if (missing) {
		leave_out(im, mark, text, "its directory is not there");
		return 0;
	}
	r = comes_back(im, text, rule);
	if (r < 0)
		return r;
	if (!r || !is_text(text)) {
		leave_out(im, mark, text, "no line of text stands for this rule");
		return 0;
	}
	if (hf_map_get(&im->seen, text)) {
		leave_out(im, mark, text, "the same rule stands before it");
		return 0;
	}
	slot = hf_vec_push(im->arena, s->rules, s->n);
	if (!slot || hf_map_put(&im->seen, im->arena, text, im) < 0)
		return -ENOMEM;
	slot->rule = rule;
	slot->text = text;
	slot->mark = mark;
	return 0;
}

/* -d, -W and -D -k: of what stands before them. */
static int delete_rules(hf_audit_import *im, const hf_audit_line *line, const char *text,
			hf_mark mark)
{
	bool found = line->type == HF_AUDIT_LINE_DELETE_ALL;

	for (size_t i = 0; i < im->n_sections; i++)
		for (size_t j = 0; j < im->sections[i].n; j++) {
			imported *one = &im->sections[i].rules[j];

			if (one->gone || !hf_audit_line_deletes(line, one->rule))
				continue;
			one->gone = found = true;
			if (hf_map_put(&im->seen, im->arena, one->text, NULL) < 0)
				return -ENOMEM;
		}
	if (!found)
		leave_out(im, mark, text,
			  "the rule that it deletes does not stand before it; see "
			  "'absent'");
	return 0;
}

static bool is_taken(const hf_audit_import *im, const char *id)
{
	for (size_t i = 0; i < im->n_sections; i++)
		if (strcmp(im->sections[i].id, id) == 0)
			return true;
	return strcmp(id, SETTINGS_ID) == 0;
}

/* "audit-30-stig" of "30-stig.rules"; a number behind it where that is taken. */
static char *id_of(hf_audit_import *im, const char *name)
{
	size_t len = strlen(name);
	char *id, *base;

	if (len >= 6 && strcmp(name + len - 6, ".rules") == 0)
		len -= 6;
	/* an id has 128 bytes at most */
	base = hf_arena_printf(im->arena, "audit-%.*s", (int)(len < 100 ? len : 100),
			       name);
	for (char *p = base; p && *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		else if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9'))
			*p = '-';
	}
	for (char *p = base ? base + strlen(base) : NULL; p && p[-1] == '-';)
		*--p = '\0';
	id = base;
	for (size_t i = 2; id && is_taken(im, id); i++)
		id = hf_arena_printf(im->arena, "%s-%zu", base, i);
	return id;
}

static int take_line(hf_audit_import *im, const char *text, hf_mark mark)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_audit_rule *rule;
	hf_audit_line line;
	int r = hf_audit_line_parse(text, &im->host.names, im->arena, &line, &err);

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		leave_out(im, mark, text, hf_error_text(err));
		return 0;
	}
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++)
		if (line.has_value[i])
			hf_audit_import_setting(im, (hf_audit_setting)i, line.values[i]);
	if (line.type == HF_AUDIT_LINE_RULE) {
		rule = hf_arena_new(im->arena, hf_audit_rule);
		if (!rule)
			return -ENOMEM;
		*rule = line.rule;
		return hf_audit_import_rule(im, rule, mark);
	}
	/* augenrules puts -D in front of everything, wherever it stands */
	if (line.type == HF_AUDIT_LINE_DELETE ||
	    (line.type == HF_AUDIT_LINE_DELETE_ALL && line.key))
		return delete_rules(im, &line, text, mark);
	return 0;
}

int hf_audit_import_file(hf_audit_import *im, const hf_audit_source *file)
{
	hf_source *source = hf_arena_new(im->arena, hf_source);
	cleanup_free char *name = hf_escape_dup(file->name, strlen(file->name));
	char *id = id_of(im, file->name);
	char *title = name && id ? hf_arena_printf(im->arena, "Audit rules of %s",
						   is_text(name) ? name : id)
				 : NULL;
	hf_audit_merged lines;

	if (!source || !title || !id || hf_audit_import_section(im, id, title) < 0 ||
	    hf_audit_split(file, im->arena, &lines) < 0)
		return -ENOMEM;
	source->name = file->path;
	source->text = file->bytes;
	source->len = file->len;
	for (size_t i = 0; i < lines.n; i++) {
		int r = take_line(im, lines.lines[i].text,
				  (hf_mark){ source, lines.lines[i].line, 0 });

		if (r < 0)
			return r;
	}
	return 0;
}

/* What is imported, in the order in which it matches. */
typedef struct in_order {
	imported **items;
	size_t n;
	hf_audit_table table; /* the same, with the same indices */
} in_order;

static int add_entries(hf_audit_import *im, in_order *all, bool prepended)
{
	size_t n = im->n_sections;

	for (size_t i = 0; i < n; i++) {
		struct hf_audit_section *s = &im->sections[prepended ? n - 1 - i : i];

		for (size_t j = 0; j < s->n; j++) {
			imported *one = &s->rules[prepended ? s->n - 1 - j : j], **slot;

			if (one->gone || one->rule->prepend != prepended)
				continue;
			slot = hf_vec_push(im->arena, all->items, all->n);
			if (!slot ||
			    !hf_audit_table_add(&all->table, one->rule, im->arena))
				return -ENOMEM;
			*slot = one;
		}
	}
	return 0;
}

int hf_audit_import_finish(hf_audit_import *im)
{
	in_order all = { 0 };

	if (add_entries(im, &all, true) < 0 || add_entries(im, &all, false) < 0 ||
	    hf_audit_table_index(&all.table, im->arena) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < all.n; i++) {
		imported *one = all.items[i];
		const hf_audit_entry *e = hf_audit_table_silencer(
			&all.table, one->rule, i, im->host.names.machine);
		const char *why;

		if (!e || e->rule->list != one->rule->list)
			continue;
		why = hf_arena_printf(
			im->arena,
			"a rule before it takes all its events, or all of one "
			"ABI: %s",
			all.items[e - all.table.items]->text);
		if (!why)
			return -ENOMEM;
		leave_out(im, one->mark, one->text, why);
		one->gone = true;
	}
	return 0;
}

/* In double quotes, the first two bytes replaced by @head; "${" would be a variable. */
static void put_quoted(hf_strbuf *out, const char *head, const char *s)
{
	hf_strbuf_addf(out, "\"%s", head);
	for (s += strlen(head); *s; s++) {
		if (*s == '"' || *s == '\\')
			hf_strbuf_addc(out, '\\');
		if (*s == '$' && s[1] == '{')
			hf_strbuf_addc(out, '$');
		hf_strbuf_addc(out, *s);
	}
	hf_strbuf_addc(out, '"');
}

static void put_settings(const hf_audit_import *im, hf_strbuf *out)
{
	static const char *const enabled[] = { "false", "true", "locked" };
	const char *sep = "";
	bool any = false;

	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++)
		any |= im->has_value[i];
	if (!any)
		return;
	hf_strbuf_adds(out, "  - id: " SETTINGS_ID "\n"
			    "    title: Settings of the audit system\n"
			    "    audit:\n"
			    "      settings: {");
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++) {
		if (!im->has_value[i])
			continue;
		hf_strbuf_addf(out, "%s%s: ", sep,
			       hf_audit_setting_name((hf_audit_setting)i));
		if (i == HF_AUDIT_ENABLED && im->values[i] < ARRAY_SIZE(enabled))
			hf_strbuf_adds(out, enabled[im->values[i]]);
		else if (i == HF_AUDIT_LOGINUID_IMMUTABLE)
			hf_strbuf_adds(out, "true");
		else
			hf_strbuf_addf(out, "%u", im->values[i]);
		sep = ", ";
	}
	hf_strbuf_adds(out, "}\n");
}

void hf_audit_import_print(const hf_audit_import *im, const char *title, hf_strbuf *out)
{
	size_t start;

	hf_strbuf_adds(out, "holdfast: 1\nname: imported\ntitle: ");
	put_quoted(out, "", title);
	hf_strbuf_adds(out, "\ncontrols:");
	start = out->len;
	hf_strbuf_adds(out, "\n");
	put_settings(im, out);
	for (size_t i = 0; i < im->n_sections; i++) {
		const struct hf_audit_section *s = &im->sections[i];
		size_t n = 0;

		for (size_t j = 0; j < s->n; j++)
			n += !s->rules[j].gone;
		if (!n)
			continue;
		hf_strbuf_addf(out, "  - id: %s\n    title: ", s->id);
		put_quoted(out, "", s->title);
		hf_strbuf_adds(out, "\n    audit:\n      rules:\n");
		for (size_t j = 0; j < s->n; j++) {
			const imported *one = &s->rules[j];

			if (one->gone)
				continue;
			hf_strbuf_adds(out, "        - {rule: ");
			/* "-A always,exit ...": where it goes is no part of the text */
			put_quoted(out, one->rule->prepend ? "-A" : "", one->text);
			hf_strbuf_adds(out, "}\n");
		}
	}
	if (out->len == start + 1)
		hf_strbuf_adds(out, "  []\n");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_import.h"

#include <errno.h>
#include <string.h>

#include "base/escape.h"
#include "base/path.h"

struct hf_audit_section {
	const char *id;
	const char *title;
	const char **rules;
	size_t n;
};

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

/* YAML of one line holds text, without control characters. */
static bool is_text(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0, n; i < len; i += n) {
		n = hf_utf8_len(s + i, len - i);
		if (!n || (unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	}
	return true;
}

/* The kernel refuses a rule whose directory is missing. -ENOMEM; 0: *ret_missing tells.
 */
static int find_missing(hf_audit_import *im, const hf_audit_rule *rule,
			const char **ret_missing)
{
	*ret_missing = NULL;
	for (size_t i = 0; im->host.has_dir && i < rule->n_fields; i++) {
		const hf_audit_field *f = &rule->fields[i];
		char *path;

		if (f->type != AUDIT_WATCH && f->type != AUDIT_DIR &&
		    f->type != AUDIT_EXE)
			continue;
		path = hf_arena_memdup(im->arena, f->text, f->value);
		path = path ? hf_path_clean(im->arena, path) : NULL;
		if (path && f->type != AUDIT_DIR)
			path = hf_path_dir(im->arena, path);
		if (!path)
			return -ENOMEM;
		if (!im->host.has_dir(im->host.user, path))
			*ret_missing = path;
	}
	return 0;
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
	const char *missing, **slot;
	int r = text ? find_missing(im, rule, &missing) : -ENOMEM;

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
	*slot = text;
	im->n_rules++;
	return 0;
}

/* "audit-30-stig" of "30-stig.rules"; a number behind it where that is taken. */
static char *id_of(hf_audit_import *im, const char *name)
{
	size_t len = strlen(name);
	char *id;

	if (len > 6 && strcmp(name + len - 6, ".rules") == 0)
		len -= 6;
	id = hf_arena_printf(im->arena, "audit-%.*s", (int)(len < 200 ? len : 200), name);
	for (char *p = id; p && *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		else if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9'))
			*p = '-';
	}
	for (char *p = id ? id + strlen(id) : NULL; p && p[-1] == '-';)
		*--p = '\0';
	for (size_t i = 0; id && i < im->n_sections; i++)
		if (strcmp(im->sections[i].id, id) == 0)
			return hf_arena_printf(im->arena, "%s-%zu", id, im->n_sections);
	return id;
}

static int take_line(hf_audit_import *im, const char *text, hf_mark mark)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
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
	if (line.type == HF_AUDIT_LINE_RULE)
		return hf_audit_import_rule(im, &line.rule, mark);
	if (line.type == HF_AUDIT_LINE_DELETE)
		leave_out(im, mark, text, "it takes a rule away; see 'absent'");
	return 0;
}

int hf_audit_import_file(hf_audit_import *im, const hf_audit_source *file)
{
	hf_source *source = hf_arena_new(im->arena, hf_source);
	char *title = hf_arena_printf(im->arena, "Audit rules of %s", file->name);
	char *id = id_of(im, file->name);
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

/* In double quotes; "${" would be a variable. */
static void put_quoted(hf_strbuf *out, const char *s)
{
	hf_strbuf_addc(out, '"');
	for (; *s; s++) {
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
	hf_strbuf_adds(out, "  - id: audit-settings\n"
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
	put_quoted(out, title);
	hf_strbuf_adds(out, "\ncontrols:");
	start = out->len;
	hf_strbuf_adds(out, "\n");
	put_settings(im, out);
	for (size_t i = 0; i < im->n_sections; i++) {
		const struct hf_audit_section *s = &im->sections[i];

		if (!s->n)
			continue;
		hf_strbuf_addf(out, "  - id: %s\n    title: ", s->id);
		put_quoted(out, s->title);
		hf_strbuf_adds(out, "\n    audit:\n      rules:\n");
		for (size_t j = 0; j < s->n; j++) {
			hf_strbuf_adds(out, "        - {rule: ");
			put_quoted(out, s->rules[j]);
			hf_strbuf_adds(out, "}\n");
		}
	}
	if (out->len == start + 1)
		hf_strbuf_adds(out, "  []\n");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/unit_file.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/escape.h"
#include "base/parse.h"

#define BLANKS " \t\n\r"

/* One line of text, without its end. */
typedef struct hf_line {
	const char *s;
	size_t len;
} hf_line;

typedef struct hf_unit_reader {
	hf_arena *arena;
	hf_unit_file *file;
	const char *section;
	hf_strbuf joined; /* a line that a backslash continues, so far */
	bool joining;
	unsigned joined_line; /* its first line */
	bool bom_seen;
} hf_unit_reader;

static int eol_kind(char c)
{
	return c == '\n' ? 1 : c == '\r' ? 2 : c == '\0' ? 4 : 0;
}

/* read_line() of systemd: an end is a run of pairwise different end characters. */
static hf_line line_next(const char *text, size_t len, size_t *at)
{
	hf_line line = { text + *at, 0 };
	int seen = 0;

	while (*at < len && !eol_kind(text[*at]))
		(*at)++;
	line.len = (size_t)(text + *at - line.s);
	while (*at < len) {
		int kind = eol_kind(text[*at]);

		if (!kind || (seen & kind))
			break;
		seen |= kind;
		(*at)++;
	}
	return line;
}

static bool is_blank(char c)
{
	return c && strchr(BLANKS, c);
}

static hf_line line_trim(hf_line l)
{
	while (l.len && is_blank(l.s[0])) {
		l.s++;
		l.len--;
	}
	while (l.len && is_blank(l.s[l.len - 1]))
		l.len--;
	return l;
}

static bool line_is_utf8(hf_line l)
{
	for (size_t i = 0; i < l.len;) {
		size_t n = hf_utf8_len(l.s + i, l.len - i);

		if (!n)
			return false;
		i += n;
	}
	return true;
}

/* Does the line end in a backslash that is not itself escaped? */
static bool line_is_continued(hf_line l)
{
	size_t n = 0;

	while (n < l.len && l.s[l.len - 1 - n] == '\\')
		n++;
	return n % 2;
}

static void file_break(hf_unit_reader *rd, unsigned line, const char *why)
{
	rd->file->broken_line = line;
	rd->file->broken_why = why;
}

/* parse_line(): a header or an assignment. */
static int reader_take(hf_unit_reader *rd, hf_line l, unsigned line)
{
	hf_unit_assign *item;
	hf_line key, value;
	const char *eq;

	l = line_trim(l);
	if (!l.len)
		return 0;
	if (!line_is_utf8(l)) {
		file_break(rd, line, "the line is not UTF-8");
		return 0;
	}
	if (l.s[0] == '[') {
		if (l.s[l.len - 1] != ']') {
			file_break(rd, line, "the section header has no closing bracket");
			return 0;
		}
		rd->section =
			hf_arena_memdup(rd->arena, l.s + 1, l.len > 1 ? l.len - 2 : 0);
		return rd->section ? 0 : -ENOMEM;
	}
	eq = memchr(l.s, '=', l.len);
	if (!eq || eq == l.s)
		return 0;
	key = line_trim((hf_line){ l.s, (size_t)(eq - l.s) });
	value = line_trim((hf_line){ eq + 1, l.len - (size_t)(eq - l.s) - 1 });
	item = hf_vec_push(rd->arena, rd->file->items, rd->file->n);
	if (!item)
		return -ENOMEM;
	item->section = rd->section;
	item->line = line;
	item->key = hf_arena_memdup(rd->arena, key.s, key.len);
	item->value = hf_arena_memdup(rd->arena, value.s, value.len);
	return item->key && item->value ? 0 : -ENOMEM;
}

/* One physical line: comment, part of a joined line, or a whole one. */
static int reader_line(hf_unit_reader *rd, hf_line l, unsigned line)
{
	hf_line trimmed = line_trim(l);
	bool continued;

	if (trimmed.len && (trimmed.s[0] == '#' || trimmed.s[0] == ';'))
		return 0;
	/* the first mark of UTF-8, on whichever line it is */
	if (!rd->bom_seen && l.len >= 3 && !memcmp(l.s, "\xef\xbb\xbf", 3)) {
		rd->bom_seen = true;
		l.s += 3;
		l.len -= 3;
	}
	if (l.len > HF_UNIT_LINE_MAX || rd->joined.len + l.len > HF_UNIT_LINE_MAX) {
		file_break(rd, line, "the line is longer than 1 MiB");
		return 0;
	}
	continued = line_is_continued(l);
	if (!rd->joining && !continued)
		return reader_take(rd, l, line);
	if (!rd->joining) {
		rd->joining = true;
		rd->joined_line = line;
	}
	hf_strbuf_add(&rd->joined, l.s, continued ? l.len - 1 : l.len);
	if (continued)
		hf_strbuf_addc(&rd->joined, ' ');
	if (!hf_strbuf_ok(&rd->joined))
		return -ENOMEM;
	if (continued)
		return 0;
	rd->joining = false;
	l = (hf_line){ hf_strbuf_str(&rd->joined), rd->joined.len };
	if (reader_take(rd, l, rd->joined_line) < 0)
		return -ENOMEM;
	hf_strbuf_reset(&rd->joined);
	return 0;
}

static int reader_run(hf_unit_reader *rd, const char *text, size_t len)
{
	size_t at = 0;

	for (unsigned line = 1; at < len && !rd->file->broken_line; line++) {
		if (reader_line(rd, line_next(text, len, &at), line) < 0)
			return -ENOMEM;
	}
	if (!rd->joining || rd->file->broken_line)
		return 0;
	/* a backslash at the end of the file is tolerated */
	return reader_take(rd, (hf_line){ hf_strbuf_str(&rd->joined), rd->joined.len },
			   rd->joined_line);
}

int hf_unit_file_parse(hf_arena *arena, const char *path, const char *text, size_t len,
		       hf_unit_file *ret, hf_error **err)
{
	hf_unit_file file = { .path = path };
	hf_unit_reader rd = { .arena = arena, .file = &file, .section = "" };
	int r = reader_run(&rd, text, len);

	hf_strbuf_done(&rd.joined);
	if (r < 0)
		return hf_error_oom(err);
	*ret = file;
	return 0;
}

bool hf_unit_last(const hf_unit_stack *stack, const char *section, const char *key,
		  hf_unit_value *ret)
{
	for (size_t f = stack->n; f-- > 0;) {
		const hf_unit_file *file = stack->files[f];

		for (size_t i = file->n; i-- > 0;) {
			const hf_unit_assign *a = &file->items[i];

			if (strcmp(a->key, key) || strcmp(a->section, section))
				continue;
			*ret = (hf_unit_value){ a->value, file->path, a->line };
			return a->value[0];
		}
	}
	*ret = (hf_unit_value){ 0 };
	return false;
}

int hf_unit_list(const hf_unit_stack *stack, const char *section, const char *key,
		 hf_arena *arena, hf_unit_value **ret, size_t *ret_n, hf_error **err)
{
	hf_unit_value *list = NULL;
	size_t n = 0;

	for (size_t f = 0; f < stack->n; f++) {
		const hf_unit_file *file = stack->files[f];

		for (size_t i = 0; i < file->n; i++) {
			const hf_unit_assign *a = &file->items[i];
			hf_unit_value *v;

			if (strcmp(a->key, key) || strcmp(a->section, section))
				continue;
			if (!a->value[0]) {
				list = NULL;
				n = 0;
				continue;
			}
			v = hf_vec_push(arena, list, n);
			if (!v)
				return hf_error_oom(err);
			*v = (hf_unit_value){ a->value, file->path, a->line };
		}
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

const char *hf_unit_name_type(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot : name + strlen(name);
}

const char *hf_unit_name_check(const char *name)
{
	static const char *const types[] = { ".service", ".socket",   ".target",
					     ".device",	 ".mount",    ".timer",
					     ".swap",	 ".path",     ".slice",
					     ".scope",	 ".automount" };
	const char *type = hf_unit_name_type(name);
	size_t len = strlen(name);

	if (len > 255)
		return "is longer than 255 characters";
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || strchr(":-_.\\@", c)))
			return "has a character that unit names cannot have";
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(type, types[i]))
			continue;
		if (type == name || name[0] == '@')
			return "has nothing before its type";
		if (type[-1] == '@')
			return "is a template, not a unit";
		return NULL;
	}
	return "has no unit type such as .service";
}

int hf_unit_name_template(hf_arena *arena, const char *name, const char **ret)
{
	const char *at = strchr(name, '@'), *type = hf_unit_name_type(name);

	*ret = NULL;
	if (!at || at + 1 >= type)
		return 0;
	*ret = hf_arena_printf(arena, "%.*s@%s", (int)(at - name), name, type);
	return *ret ? 0 : -ENOMEM;
}

int hf_unit_bool(const char *text)
{
	static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
	static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (!strcasecmp(text, yes[i]))
			return 1;
		if (!strcasecmp(text, no[i]))
			return 0;
	}
	return -1;
}

bool hf_unit_value_equal(const char *key, const char *a, const char *b)
{
	size_t len = strlen(key);
	mode_t ma, mb;

	if (!strcmp(a, b))
		return true;
	if (len > 4 && !strcmp(key + len - 4, "Mode") && hf_parse_mode(a, &ma) == 0 &&
	    hf_parse_mode(b, &mb) == 0)
		return ma == mb;
	return hf_unit_bool(a) >= 0 && hf_unit_bool(a) == hf_unit_bool(b);
}

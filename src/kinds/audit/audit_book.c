/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_book.h"

#include <errno.h>

/* Passes questions on. */
typedef struct asker {
	const hf_audit_names *names;
	bool asked;
} asker;

static int ask_id(void *user, bool group, const char *name, uint32_t *ret)
{
	asker *a = user;

	a->asked = true;
	return a->names->id ? a->names->id(a->names->user, group, name, ret) : -ENOENT;
}

static bool ask_dir(void *user, const char *path)
{
	asker *a = user;

	a->asked = true;
	return a->names->is_dir && a->names->is_dir(a->names->user, path);
}

static int parse(const char *text, const hf_audit_names *names, hf_arena *arena,
		 hf_audit_read *read)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	asker a = { .names = names };
	hf_audit_names asking = *names;
	int r;

	asking.id = ask_id;
	asking.is_dir = ask_dir;
	asking.user = &a;
	r = hf_audit_line_parse(text, &asking, arena, &read->line, &err);
	if (r < 0 && r != -ENOMEM)
		read->why = hf_arena_strdup(arena, hf_error_text(err));
	read->asked = a.asked;
	return r < 0 && !read->why ? -ENOMEM : 0;
}

int hf_audit_line_read(const char *text, const hf_audit_names *names, hf_arena *arena,
		       hf_audit_read **ret)
{
	const hf_audit_read *earlier = NULL;
	hf_audit_read *read;
	void **at = NULL;

	if (names->book) {
		at = hf_map_at(&names->book->by_text, arena, text);
		if (!at)
			return -ENOMEM;
		*ret = *at;
		if (*at)
			return 0;
	}
	*ret = read = hf_arena_new(arena, hf_audit_read);
	if (!read)
		return -ENOMEM;
	if (names->earlier)
		earlier = hf_map_get(&names->earlier->by_text, text);
	if (earlier && !earlier->asked)
		*read = *earlier; /* a copy: its own .text stays with it */
	else if (parse(text, names, arena, read) < 0)
		return -ENOMEM;
	if (at)
		*at = read;
	return 0;
}

int hf_audit_line_known(const char *text, const hf_audit_line *line,
			const hf_audit_names *names, hf_arena *arena)
{
	void **at = hf_map_at(&names->book->by_text, arena, text);
	hf_audit_read *read = at && !*at ? hf_arena_new(arena, hf_audit_read) : NULL;

	if (read) {
		read->line = *line;
		*at = read;
	}
	return at && *at ? 0 : -ENOMEM;
}

const char *hf_audit_read_text(hf_audit_read *read, const char *machine, hf_arena *arena)
{
	if (!read->text)
		read->text = hf_audit_rule_text(&read->line.rule, machine, arena);
	return read->text;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_book.h"

#include <errno.h>

int hf_audit_line_read(const char *text, const hf_audit_names *names, hf_arena *arena,
		       hf_audit_read **ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_audit_read *read;
	void **at = NULL;
	int r;

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
	r = hf_audit_line_parse(text, names, arena, &read->line, &err);
	if (r < 0 && r != -ENOMEM)
		read->why = hf_arena_strdup(arena, hf_error_text(err));
	if (r < 0 && !read->why)
		return -ENOMEM;
	if (at)
		*at = read;
	return 0;
}

const char *hf_audit_read_text(hf_audit_read *read, const char *machine, hf_arena *arena)
{
	if (!read->text)
		read->text = hf_audit_rule_text(&read->line.rule, machine, arena);
	return read->text;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Audit rules by their lines, for the tests of what is made of them. Include after
 * cmocka.
 */
#ifndef AUDIT_LINES_H
#define AUDIT_LINES_H

#include <errno.h>
#include <string.h>

#include "kinds/audit/audit_codec.h"

static inline int find_id(void *user, bool group, const char *name, uint32_t *ret)
{
	(void)user;
	if (strcmp(name, "root") == 0)
		*ret = 0;
	else if (group && strcmp(name, "adm") == 0)
		*ret = 4;
	else
		return -ENOENT;
	return 0;
}

static inline bool is_dir(void *user, const char *path)
{
	(void)user;
	return strcmp(path, "/etc/docker") == 0 || strcmp(path, "/etc") == 0;
}

static const hf_audit_names x86 = { .machine = "x86_64",
				    .id = find_id,
				    .is_dir = is_dir };
static const hf_audit_names arm = { .machine = "aarch64",
				    .id = find_id,
				    .is_dir = is_dir };

static hf_arena arena;

static inline int teardown(void **state)
{
	(void)state;
	hf_arena_done(&arena);
	return 0;
}

static inline hf_audit_rule *rule_of(const hf_audit_names *names, const char *text)
{
	hf_error *err = NULL;
	hf_audit_line line;
	hf_audit_rule *rule = hf_arena_new(&arena, hf_audit_rule);

	if (hf_audit_line_parse(text, names, &arena, &line, &err) < 0)
		fail_msg("'%s': %s", text, hf_error_text(err));
	assert_int_equal(line.type, HF_AUDIT_LINE_RULE);
	assert_non_null(rule);
	*rule = line.rule;
	return rule;
}

#define X(text) rule_of(&x86, text)

#endif

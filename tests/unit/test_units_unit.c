/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "plan/unit_file.h"

/* "line|section|key|value\n" for each assignment, "!line why" where reading stops. */
static void check_parse(const char *text, size_t len, const char *expected)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_error *err = NULL;
	hf_unit_file file;

	assert_int_equal(hf_unit_file_parse(&arena, "/u", text, len, &file, &err), 0);
	for (size_t i = 0; i < file.n; i++)
		hf_strbuf_addf(&sb, "%u|%s|%s|%s\n", file.items[i].line,
			       file.items[i].section, file.items[i].key,
			       file.items[i].value);
	if (file.broken_line)
		hf_strbuf_addf(&sb, "!%u %s\n", file.broken_line, file.broken_why);
	assert_string_equal(hf_strbuf_str(&sb), expected);
}

static void reading(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} table[] = {
		{ "", "" },
		{ "[Unit]\nDescription=a b\n", "2|Unit|Description|a b\n" },
		{ "[Unit]\nDescription=no newline", "2|Unit|Description|no newline\n" },
		{ "  [Unit]  \n  Key  =  value  \n", "2|Unit|Key|value\n" },
		{ "Outside=1\n[S]\nIn=2\n", "1||Outside|1\n3|S|In|2\n" },
		{ "[S]\n# c\n; c\n\nK=v # not a comment\n", "5|S|K|v # not a comment\n" },
		{ "[S]\nK=a \\\n   b\\\n\tc\nL=d\n", "2|S|K|a     b \tc\n5|S|L|d\n" },
		{ "[S]\nK=a \\\n# in between\n  ;too\n b\nL=d\n",
		  "2|S|K|a   b\n6|S|L|d\n" },
		{ "[S]\nK=a\\\\\nL=b\n", "2|S|K|a\\\\\n3|S|L|b\n" },
		{ "[S]\nK=a\\", "2|S|K|a\n" },
		{ "[S]\nK=a\\\n\nL=b\n", "2|S|K|a\n4|S|L|b\n" },
		{ "[S]\r\nK=v\r\nL=w\r\n", "2|S|K|v\n3|S|L|w\n" },
		{ "[S]\nK=a\\\r\nb\n", "2|S|K|a b\n" },
		{ "[S]\n\rK=v\rL=w\n", "2|S|K|v\n3|S|L|w\n" },
		{ "[S]\nK=\nK=v\nK=\n", "2|S|K|\n3|S|K|v\n4|S|K|\n" },
		{ "[S]\nno equals sign\n=no key\nK=v\n", "4|S|K|v\n" },
		{ "[S]\nJ=u\nK=\xff\nL=v\n", "2|S|J|u\n!3 the line is not UTF-8\n" },
		{ "[S]\n# \xff\nL=v\n", "3|S|L|v\n" },
		{ "[S]\nK=caf\xc3\xa9\n", "2|S|K|caf\xc3\xa9\n" },
		{ "\xef\xbb\xbf[S]\nK=v\n", "2|S|K|v\n" },
		{ "\n\xef\xbb\xbf[S]\nK=v\n\xef\xbb\xbfL=w\n",
		  "3|S|K|v\n4|S|\xef\xbb\xbfL|w\n" },
		{ "[S]\nK=v\n[T\nL=w\n",
		  "2|S|K|v\n!3 the section header has no closing bracket\n" },
		{ "[]\nK=v\n", "2||K|v\n" },
		{ "[S]\nK=a=b=c\n", "2|S|K|a=b=c\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		check_parse(table[i].text, strlen(table[i].text), table[i].expected);
	check_parse("[S]\nK=a\0L=b\n", 13, "2|S|K|a\n3|S|L|b\n");
	check_parse("[", 1, "!1 the section header has no closing bracket\n");
}

static void long_lines(void **state)
{
	size_t len = HF_UNIT_LINE_MAX + 10;
	char *text = malloc(len + 32);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, "[S]\nA=1\nK=", 10);
	text[len] = '\n';
	check_parse(text, len, "2|S|A|1\n!3 the line is longer than 1 MiB\n");
	/* many continued lines stay linear, and are bounded as one */
	for (size_t i = 10; i + 1 < len; i += 2)
		memcpy(text + i, "\\\n", 2);
	check_parse(text, len - 8, "2|S|A|1\n3|S|K|\n");
	free(text);
}

/* Any damage gives a result, never a crash, and never a value with a line end. */
static void mutations(void **state)
{
	static const char seed[] = "[Unit]\nA=b\\\n# c\n d\n[Service]\nExecStart=\n"
				   "ExecStart=/x -a \"b c\" 'd'\r\nE=\xc3\xa9\n";
	unsigned random = 12345;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		cleanup_(hf_arena_done) hf_arena arena = { 0 };
		char text[sizeof(seed)];
		hf_unit_file file;

		memcpy(text, seed, sizeof(seed));
		for (int i = 0; i < 4; i++) {
			random = random * 1103515245u + 12345u;
			text[(random >> 8) % sizeof(seed)] =
				"\\\n\r[]=#;\"' \xff"[(random >> 20) % 12];
		}
		assert_int_equal(
			hf_unit_file_parse(&arena, "/u", text, sizeof(text), &file, NULL),
			0);
		for (size_t i = 0; i < file.n; i++)
			assert_null(strpbrk(file.items[i].value, "\r\n"));
	}
}

static void merging(void **state)
{
	static const char fragment[] =
		"[Service]\nExecStart=/a\nKillMode=process\nE=1\nE=2\n";
	static const char dropin[] =
		"[Service]\nE=\nE=3\nExecStart=\nKillMode=\n[Unit]\nE=9\n";
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_unit_file files[2];
	const hf_unit_file *order[2] = { &files[0], &files[1] };
	hf_unit_stack stack = { order, 2 };
	hf_unit_value value, *list;
	size_t n = 7;

	(void)state;
	assert_int_equal(hf_unit_file_parse(&arena, "/f", fragment, strlen(fragment),
					    &files[0], &err),
			 0);
	assert_int_equal(
		hf_unit_file_parse(&arena, "/d", dropin, strlen(dropin), &files[1], &err),
		0);
	assert_int_equal(hf_unit_list(&stack, "Service", "E", &arena, &list, &n, &err),
			 0);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].value, "3");
	assert_string_equal(list[0].file, "/d");
	assert_int_equal(list[0].line, 3);
	assert_int_equal(
		hf_unit_list(&stack, "Service", "ExecStart", &arena, &list, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_false(hf_unit_last(&stack, "Service", "KillMode", &value));
	assert_int_equal(value.line, 5); /* where it is reset */
	stack.n = 1;
	assert_true(hf_unit_last(&stack, "Service", "KillMode", &value));
	assert_string_equal(value.value, "process");
	assert_int_equal(hf_unit_list(&stack, "Service", "E", &arena, &list, &n, &err),
			 0);
	assert_int_equal(n, 2);
}

static void names(void **state)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	const char *template;

	(void)state;
	assert_null(hf_unit_name_check("docker.service"));
	assert_null(hf_unit_name_check("a@b.c:d-e\\x2d.socket"));
	assert_string_equal(hf_unit_name_check("docker"),
			    "has no unit type such as .service");
	assert_string_equal(hf_unit_name_check("a.conf"),
			    "has no unit type such as .service");
	assert_string_equal(hf_unit_name_check(".service"),
			    "has nothing before its type");
	assert_string_equal(hf_unit_name_check("a@.service"),
			    "is a template, not a unit");
	assert_string_equal(hf_unit_name_check("../a.service"),
			    "has a character that unit names cannot have");
	assert_int_equal(hf_unit_name_template(&arena, "a@b.service", &template), 0);
	assert_string_equal(template, "a@.service");
	assert_int_equal(hf_unit_name_template(&arena, "a.service", &template), 0);
	assert_null(template);
}

static void values(void **state)
{
	(void)state;
	assert_true(hf_unit_value_equal("SocketMode", "0660", "660"));
	assert_false(hf_unit_value_equal("SocketMode", "0660", "0600"));
	assert_true(hf_unit_value_equal("Delegate", "yes", "True"));
	assert_false(hf_unit_value_equal("Delegate", "yes", "off"));
	assert_true(hf_unit_value_equal("TasksMax", "infinity", "infinity"));
	assert_false(hf_unit_value_equal("SocketGroup", "docker", "root"));
	assert_false(hf_unit_value_equal("TimeoutSec", "0660", "660"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),   cmocka_unit_test(long_lines),
		cmocka_unit_test(mutations), cmocka_unit_test(merging),
		cmocka_unit_test(names),     cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

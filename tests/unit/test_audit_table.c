/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of rules and what is looked up in them; lines, each read once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "audit_lines.h"
#include "kinds/audit/audit_book.h"
#include "kinds/audit/audit_table.h"

static hf_audit_rule *nth(unsigned i)
{
	return X(hf_arena_printf(&arena, "-w /d%u/f%u -p wa -k k%u", i % 7, i, i % 3));
}

static void add(hf_audit_table *list, const char *line)
{
	assert_non_null(hf_audit_table_add(list, X(line), &arena));
}

/* While it grows and when it is indexed: what is there is found, what is not is not. */
static void found_at_any_size(void **state)
{
	hf_audit_table list = { 0 };

	(void)state;
	assert_null(hf_audit_table_find(&list, nth(0)));
	for (unsigned i = 0; i < 300; i++) {
		const hf_audit_rule *rule = nth(i);

		assert_null(hf_audit_table_find_equal(&list, rule));
		assert_non_null(hf_audit_table_add(&list, rule, &arena));
		assert_ptr_equal(hf_audit_table_find_equal(&list, nth(i))->rule, rule);
		assert_ptr_equal(hf_audit_table_find(&list, nth(i / 2)),
				 &list.items[i / 2]);
	}
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(hf_audit_table_index(&list, &arena), 0);
		for (unsigned i = 0; i < 300; i++)
			assert_ptr_equal(hf_audit_table_find(&list, nth(i)),
					 &list.items[i]);
		assert_null(hf_audit_table_find(&list, nth(300)));
	}
}

/* Of several the first, once the list is indexed; not what is gone. */
static void the_first_of_several(void **state)
{
	hf_audit_table list = { 0 };
	const hf_audit_rule *rule = X("-a always,exit -S open -F uid=0 -F pid=1");

	(void)state;
	add(&list, "-a always,exit -S open -F pid=1 -F uid=0");
	add(&list, "-a always,exit -S open -F uid=0 -F pid=1");
	add(&list, "-a always,exit -S open -F uid=0 -F pid=1");
	assert_int_equal(hf_audit_table_index(&list, &arena), 0);
	assert_ptr_equal(hf_audit_table_find(&list, rule), &list.items[0]);
	assert_ptr_equal(hf_audit_table_find_equal(&list, rule), &list.items[1]);
	list.items[0].gone = list.items[1].gone = true;
	assert_ptr_equal(hf_audit_table_find(&list, rule), &list.items[2]);
}

typedef struct seen {
	const hf_audit_table *list;
	char text[64];
} seen;

static void note(void *user, hf_audit_entry *entry)
{
	seen *s = user;
	size_t len = strlen(s->text);

	(void)snprintf(s->text + len, sizeof(s->text) - len, "%zu ",
		       (size_t)(entry - s->list->items));
}

static bool note_way(void *user, const char *dir)
{
	seen *s = user;
	size_t len = strlen(s->text);

	(void)snprintf(s->text + len, sizeof(s->text) - len, "%s ", dir);
	return true;
}

/* The general ones, then path by path upwards, each in the order of the list. */
static void near_by_path(void **state)
{
	hf_audit_table list = { 0 };
	seen s = { .list = &list };

	(void)state;
	add(&list, "-a always,exit -F dir=/a/ -F perm=w");
	add(&list, "-a always,exit -F path=/a/b -F perm=r");
	add(&list, "-a always,exit -S open");
	add(&list, "-a always,exit -F path=/a/bc -F perm=w");
	add(&list, "-a always,exit -F path=/a/b -F perm=w");
	add(&list, "-a always,exit -F dir=/ -F perm=w");
	assert_int_equal(hf_audit_table_index(&list, &arena), 0);
	hf_audit_table_near(&list, X("-w /a/b -p w"), note, &s);
	assert_string_equal(s.text, "2 1 4 0 5 ");
	*s.text = '\0';
	hf_audit_table_near(&list, X("-w /x -p w"), note, &s);
	assert_string_equal(s.text, "2 5 ");
	*s.text = '\0';
	hf_audit_table_ways(&list, X("-w /a/b/c/d -p w"), note_way, &s);
	assert_string_equal(s.text, "/a/b/c /a/b /a / ");
	*s.text = '\0';
	list.n--;
	assert_int_equal(hf_audit_table_index(&list, &arena), 0);
	hf_audit_table_ways(&list, X("-w /a/b/c/d -p w"), note_way, &s);
	hf_audit_table_ways(&list, X("-w /x/y -p w"), note_way, &s);
	assert_string_equal(s.text, "/a/b/c /a/b /a ");
}

static int asked;

static bool count_is_dir(void *user, const char *path)
{
	(void)user;
	(void)path;
	return asked++ == 0;
}

static void each_line_once(void **state)
{
	static const char *const refused = "-a always,exit -F uid=nobody-here";
	hf_audit_book book = { 0 };
	hf_audit_names names = {
		.machine = "x86_64", .id = find_id, .is_dir = count_is_dir, .book = &book
	};
	hf_audit_read *a, *b;

	(void)state;
	asked = 0;
	assert_int_equal(hf_audit_line_read("-w /x -p wa", &names, &arena, &a), 0);
	assert_int_equal(hf_audit_line_read("-w /x -p wa", &names, &arena, &b), 0);
	assert_ptr_equal(a, b);
	assert_int_equal(asked, 1);
	assert_int_equal(a->line.type, HF_AUDIT_LINE_RULE);
	assert_non_null(hf_audit_rule_field(&a->line.rule, AUDIT_DIR));
	assert_null(a->why);
	assert_int_equal(hf_audit_line_read(refused, &names, &arena, &a), 0);
	assert_int_equal(hf_audit_line_read(refused, &names, &arena, &b), 0);
	assert_ptr_equal(a, b);
	assert_int_equal(a->line.type, HF_AUDIT_LINE_BLANK);
	assert_string_equal(a->why, "no user is named 'nobody-here' here");
	names.book = NULL;
	assert_int_equal(hf_audit_line_read("-w /x -p wa", &names, &arena, &b), 0);
	assert_int_equal(asked, 2);
	assert_non_null(hf_audit_rule_field(&b->line.rule, AUDIT_WATCH));
}

/* What an earlier look has read is good for a later one, but for what the host was asked
 * for: that may be another now. */
static void read_in_an_earlier_look(void **state)
{
	static const char plain[] = "-a always,exit -F arch=b64 -F path=/x -F perm=w";
	static const char *const of_host[] = { "-w /x -p wa",
					       "-a always,exit -F auid=nobody-here" };
	hf_audit_book then = { 0 }, book = { 0 };
	hf_audit_names names = {
		.machine = "x86_64", .id = find_id, .is_dir = count_is_dir, .book = &then
	};
	hf_audit_read *a, *b;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(hf_audit_line_read(of_host[i], &names, &arena, &a), 0);
		assert_true(a->asked);
	}
	assert_int_equal(hf_audit_line_read(plain, &names, &arena, &a), 0);
	assert_false(a->asked);
	assert_non_null(hf_audit_read_text(a, "x86_64", &arena));
	names.book = &book;
	names.earlier = &then;
	asked = 0;
	assert_int_equal(hf_audit_line_read(plain, &names, &arena, &b), 0);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(a->text, b->text);
	assert_ptr_equal(a->line.rule.fields, b->line.rule.fields);
	assert_int_equal(hf_audit_line_read(of_host[0], &names, &arena, &b), 0);
	assert_int_equal(asked, 1);
	assert_int_equal(hf_audit_line_read(of_host[1], &names, &arena, &b), 0);
	assert_non_null(b->why);
	/* what is known already stays what it is */
	a->line.type = HF_AUDIT_LINE_OTHER;
	assert_int_equal(hf_audit_line_known(plain, &a->line, &names, &arena), 0);
	assert_int_equal(hf_audit_line_read(plain, &names, &arena, &b), 0);
	assert_int_equal(b->line.type, HF_AUDIT_LINE_RULE);
	assert_int_equal(hf_audit_line_known("-D", &a->line, &names, &arena), 0);
	assert_int_equal(hf_audit_line_read("-D", &names, &arena, &b), 0);
	assert_int_equal(b->line.type, HF_AUDIT_LINE_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(found_at_any_size, teardown),
		cmocka_unit_test_teardown(the_first_of_several, teardown),
		cmocka_unit_test_teardown(near_by_path, teardown),
		cmocka_unit_test_teardown(each_line_once, teardown),
		cmocka_unit_test_teardown(read_in_an_earlier_look, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

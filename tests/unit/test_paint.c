/* SPDX-License-Identifier: Apache-2.0 */
/* The pen: columns, word wrap, escapes and styles; all of it without a byte of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../alloc_wrap.h"
#include "base/escape.h"
#include "report/paint.h"

static bool no_memory;

static bool alloc_fails(void)
{
	return no_memory;
}

/* Text that comes out of the pen; its memory is not that of the pen. */
typedef struct sheet {
	char text[16384];
	FILE *out;
	hf_paint pen;
} sheet;

static void sheet_begin(sheet *s, bool color, unsigned width)
{
	s->text[0] = '\0'; /* it stays where nothing is written */
	s->out = fmemopen(s->text, sizeof(s->text), "w");
	assert_non_null(s->out);
	s->pen = (hf_paint){ .out = s->out, .color = color, .width = width };
	no_memory = true;
}

static const char *sheet_end(sheet *s)
{
	no_memory = false;
	assert_false(s->pen.oom);
	assert_int_equal(fclose(s->out), 0);
	return s->text;
}

static const char *wrapped(sheet *s, unsigned width, unsigned indent, const char *text)
{
	sheet_begin(s, false, width);
	hf_paint_wrap(&s->pen, HF_STYLE_PLAIN, indent, text);
	return sheet_end(s);
}

static void test_wrap(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "ab cd efgh averylongwordthatstays x  y",
		  "ab cd efgh\n  averylongwordthatstays\n  x  y" },
		{ "0123456789", "0123456789" },
		{ "0123456789a", "0123456789a" },
		{ "01234 6789", "01234 6789" },
		{ "01234 6789a", "01234\n  6789a" },
		{ "01234 6789 ", "01234 6789" },
		{ "01234 678  ", "01234 678" },
		{ "01234 67  ", "01234 67  " },
		{ " 12345678 1", " 12345678\n  1" },
		{ "   ", "   " },
		{ "", "" },
		/* columns are characters, of however many bytes */
		{ "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xe2\x82\xac\xe2\x82\xac "
		  "\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
		  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xe2\x82\xac\xe2\x82\xac "
		  "\xf0\x9f\x98\x80\xf0\x9f\x98\x80" },
		{ "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xe2\x82\xac\xe2\x82\xac "
		  "\xf0\x9f\x98\x80\xf0\x9f\x98\x80.",
		  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xe2\x82\xac\xe2\x82\xac\n  "
		  "\xf0\x9f\x98\x80\xf0\x9f\x98\x80." },
		/* an escape is as wide as it is shown, and never broken */
		{ "abcde \x1b", "abcde \\x1b" },
		{ "abcdef \x1b", "abcdef\n  \\x1b" },
		{ "abcdefg \t", "abcdefg \\t" },
		{ "abcdefgh \n", "abcdefgh\n  \\n" },
		{ "a \xc2\x85", "a \\xc2\\x85" },
		{ "ab \xc2\x85", "ab\n  \\xc2\\x85" },
		/* a sequence that a blank cuts off ends there */
		{ "ab \xe2\x82 cd", "ab\n  \\xe2\\x82\n  cd" },
		{ "abc \xe2 cd", "abc \\xe2\n  cd" },
	};
	sheet s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(wrapped(&s, 10, 2, cases[i].text), cases[i].expected);
}

/* Where the pen stands already, there is less room; at the indent a word has to go. */
static void test_wrap_behind(void **state)
{
	sheet s;

	(void)state;
	sheet_begin(&s, false, 10);
	hf_paint_text(&s.pen, HF_STYLE_PLAIN, "found: ");
	hf_paint_wrap(&s.pen, HF_STYLE_PLAIN, 2, "abc defg");
	hf_paint_newline(&s.pen);
	hf_paint_text(&s.pen, HF_STYLE_PLAIN, "found: ");
	hf_paint_wrap(&s.pen, HF_STYLE_PLAIN, 2, "abcd");
	hf_paint_newline(&s.pen);
	hf_paint_to(&s.pen, 2);
	hf_paint_wrap(&s.pen, HF_STYLE_PLAIN, 2, "0123456789 x");
	assert_string_equal(sheet_end(&s), "found: abc\n  defg\n"
					   "found: \n  abcd\n"
					   "  0123456789\n  x");
}

static void test_columns(void **state)
{
	sheet s;
	char expected[302];

	(void)state;
	assert_int_equal(hf_paint_columns(""), 0);
	assert_int_equal(hf_paint_columns("a\xc3\xa4\x01"), 6);
	assert_int_equal(hf_paint_columns("0123456789012345\xe2\x82\xac\xff"), 21);
	sheet_begin(&s, false, 10);
	hf_paint_to(&s.pen, 3);
	hf_paint_text(&s.pen, HF_STYLE_PLAIN, "\xc3\xa4\x01");
	assert_int_equal(s.pen.column, 8);
	hf_paint_to(&s.pen, 10);
	hf_paint_to(&s.pen, 4); /* it is behind that: one blank */
	assert_int_equal(s.pen.column, 11);
	assert_true(hf_paint_fits(&s.pen, 0) == false);
	hf_paint_newline(&s.pen);
	hf_paint_to(&s.pen, 0);
	assert_int_equal(s.pen.column, 0);
	assert_string_equal(sheet_end(&s), "   \xc3\xa4\\x01   \n");
	memset(expected, ' ', 301);
	expected[301] = '\0';
	sheet_begin(&s, false, 10);
	hf_paint_to(&s.pen, 301);
	assert_string_equal(sheet_end(&s), expected);
}

static void test_styles(void **state)
{
	sheet s;

	(void)state;
	sheet_begin(&s, true, 10);
	hf_paint_text(&s.pen, HF_STYLE_BAD, "");
	hf_paint_text(&s.pen, HF_STYLE_PLAIN, "ab");
	hf_paint_wrap(&s.pen, HF_STYLE_GOOD, 1, " cd \033[2Jef");
	hf_paint_newline(&s.pen);
	hf_paint_escaped(&s.pen, HF_STYLE_NOTE, "@\t\\x1b");
	hf_paint_newline(&s.pen);
	assert_string_equal(sheet_end(&s),
			    "ab\033[32m cd\033[0m\n \033[32m\\x1b[2Jef\033[0m\n"
			    "\033[36m@\t\\x1b\033[0m\n");
}

/* Short or long, the whole of it, and escaped. */
static void test_format(void **state)
{
	char word[600], expected[700];
	sheet s;

	(void)state;
	for (size_t len = 240; len < sizeof(word); len += len < 270 ? 1 : 100) {
		memset(word, 'w', len);
		word[len - 1] = '\t';
		word[len] = '\0';
		sheet_begin(&s, true, 10);
		hf_paint_format(&s.pen, HF_STYLE_DIM, "%d%s%c", 12, word, '.');
		sheet_end(&s);
		word[len - 1] = '\0';
		snprintf(expected, sizeof(expected), "\033[2m12%s\\t.\033[0m", word);
		assert_string_equal(s.text, expected);
		assert_int_equal(s.pen.column, 2 + len - 1 + 2 + 1);
	}
}

/* hf_paint_wrap() with no haste: of the escaped text, each word counted from the start.
 */
static size_t stretch_slowly(const char *s, unsigned column, unsigned width, bool must)
{
	size_t end = 0;

	for (size_t i = 0;; i++) {
		unsigned columns = 0;

		if (s[i] && s[i] != ' ')
			continue;
		for (size_t k = 0; k < i; k++)
			columns += ((unsigned char)s[k] & 0xc0) != 0x80;
		if (column + columns > width && !(must && !end))
			return end;
		end = i;
		if (!s[i])
			return end;
		while (s[i + 1] == ' ')
			i++;
	}
}

static void wrap_slowly(char *out, unsigned width, unsigned indent, const char *text)
{
	cleanup_free char *escaped = hf_escape_dup(text, strlen(text));
	unsigned column = 0;

	assert_non_null(escaped);
	for (const char *s = escaped; *s;) {
		size_t n = stretch_slowly(s, column, width, column <= indent);

		out = stpncpy(out, s, n);
		s += n;
		s += n ? strspn(s, " ") : 0;
		if (*s)
			out += sprintf(out, "\n%*s", (int)indent, "");
		column = indent;
	}
	*out = '\0';
}

static void test_random(void **state)
{
	static const char *const parts[] = {
		" ",
		" ",
		" ",
		"   ",
		"a",
		"word",
		"-F",
		"/etc/docker",
		"key=value",
		"\xc3\xa4",
		"\xe2\x82\xac",
		"\xe2\x82",
		"\xf0\x9f\x98\x80",
		"\xff",
		"\x1b",
		"\n",
		"\xc2\x85",
		"\x7f",
		"~",
		"\\",
	};
	static char slow[16384];
	uint32_t seed = 1;
	sheet s;

	(void)state;
	for (int n = 0; n < 20000; n++) {
		char text[256] = "", *end = text;
		unsigned width, indent;

		for (unsigned i = seed >> 16 & 15; i; i--) {
			seed = seed * 1103515245 + 12345;
			end = stpcpy(end, parts[(seed >> 16) % ARRAY_SIZE(parts)]);
		}
		seed = seed * 1103515245 + 12345;
		width = 1 + (seed >> 16) % 40;
		indent = (seed >> 24) % 8;
		wrap_slowly(slow, width, indent, text);
		assert_string_equal(wrapped(&s, width, indent, text), slow);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrap),	cmocka_unit_test(test_wrap_behind),
		cmocka_unit_test(test_columns), cmocka_unit_test(test_styles),
		cmocka_unit_test(test_format),	cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

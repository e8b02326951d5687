/* SPDX-License-Identifier: Apache-2.0 */
/* The base library: memory, strings, numbers, versions, paths, errors, digests, diffs. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/map.h"
#include "base/mask.h"
#include "base/packbits.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/textdiff.h"

static void test_arena(void **state)
{
	hf_arena arena = { 0 }, other = { 0 };
	int *items = NULL, *p;
	size_t n = 0;
	char *s;

	(void)state;
	for (size_t size = 0; size < 100000; size = size * 3 + 1) {
		unsigned char *q = hf_arena_alloc(&arena, size);

		assert_non_null(q);
		assert_int_equal((uintptr_t)q % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(q[i], 0);
		memset(q, 0xff, size);
	}
	assert_null(hf_arena_alloc(&arena, SIZE_MAX));
	assert_null(hf_arena_array(&arena, SIZE_MAX / 2, 4));
	for (int i = 0; i < 1000; i++) {
		p = hf_vec_push(&arena, items, n);
		assert_non_null(p);
		assert_int_equal(*p, 0);
		*p = i;
	}
	assert_int_equal(n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	s = hf_arena_printf(&arena, "%s-%d", "x", 7);
	assert_string_equal(s, "x-7");
	hf_arena_adopt(&arena, &other); /* of nothing */
	s = hf_arena_strdup(&other, "from another");
	assert_non_null(s);
	assert_non_null(hf_arena_alloc(&other, 100000));
	hf_arena_adopt(&arena, &other);
	assert_null(other.head);
	hf_arena_done(&other);
	assert_string_equal(s, "from another");
	s = hf_arena_memdup(&arena, "a\0b", 3);
	assert_memory_equal(s, "a\0b", 4);
	hf_arena_done(&arena);
	hf_arena_done(&arena);
	hf_arena_done(NULL);
}

static void test_map(void **state)
{
	hf_arena arena = { 0 };
	hf_map map = { 0 };
	char key[32];
	static int values[5000];

	(void)state;
	assert_null(hf_map_get(&map, "x"));
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(key, sizeof(key), "key%d", i);
		assert_int_equal(hf_map_put(&map, &arena, key, &values[i]), 0);
	}
	assert_int_equal(map.n, 5000);
	assert_int_equal(hf_map_put(&map, &arena, "key7", &values[8]), 0);
	assert_int_equal(map.n, 5000);
	assert_ptr_equal(hf_map_get(&map, "key7"), &values[8]);
	assert_ptr_equal(hf_map_get(&map, "key4999"), &values[4999]);
	assert_null(hf_map_get(&map, "key5000"));
	assert_ptr_equal(*hf_map_at(&map, &arena, "key4999"), &values[4999]);
	assert_null(*hf_map_at(&map, &arena, "key5000"));
	*hf_map_at(&map, &arena, "key5000") = &values[1];
	assert_ptr_equal(hf_map_get(&map, "key5000"), &values[1]);
	hf_arena_done(&arena);
}

static void test_strbuf(void **state)
{
	hf_strbuf sb = { 0 };
	char *s;

	(void)state;
	assert_string_equal(hf_strbuf_str(&sb), "");
	hf_strbuf_adds(&sb, "ab");
	hf_strbuf_addc(&sb, 'c');
	hf_strbuf_addf(&sb, "-%05d-%s", 42,
		       "a long text that needs more room than there is");
	hf_strbuf_add(&sb, "xyz", 2);
	assert_string_equal(hf_strbuf_str(&sb),
			    "abc-00042-a long text that needs more room than there isxy");
	hf_strbuf_reset(&sb);
	assert_string_equal(hf_strbuf_str(&sb), "");
	for (int i = 0; i < 10000; i++)
		hf_strbuf_addc(&sb, (char)('a' + i % 26));
	assert_int_equal(sb.len, 10000);
	assert_true(hf_strbuf_ok(&sb));
	s = hf_strbuf_steal(&sb);
	assert_int_equal(strlen(s), 10000);
	free(s);
	assert_int_equal(sb.len, 0);
	s = hf_strbuf_steal(&sb);
	assert_string_equal(s, "");
	free(s);
	hf_strbuf_done(&sb);
}

static void test_parse(void **state)
{
	uint64_t u = 9;
	int64_t i = 9;
	mode_t mode = 9;
	bool b = false;

	(void)state;
	assert_int_equal(hf_parse_u64("0", 10, &u), 0);
	assert_int_equal(u, 0);
	assert_int_equal(hf_parse_u64("18446744073709551615", UINT64_MAX, &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(hf_parse_u64("18446744073709551616", UINT64_MAX, &u), -ERANGE);
	assert_int_equal(hf_parse_u64("11", 10, &u), -ERANGE);
	assert_int_equal(hf_parse_u64("", 10, &u), -EINVAL);
	assert_int_equal(hf_parse_u64("+1", 10, &u), -EINVAL);
	assert_int_equal(hf_parse_u64(" 1", 10, &u), -EINVAL);
	assert_int_equal(hf_parse_u64("0x1", 10, &u), -EINVAL);
	assert_true(u == UINT64_MAX);
	assert_int_equal(hf_parse_i64("-12", &i), 0);
	assert_int_equal(i, -12);
	assert_int_equal(hf_parse_i64("-", &i), -EINVAL);
	assert_int_equal(hf_parse_i64("--1", &i), -EINVAL);
	assert_int_equal(hf_parse_i64("9223372036854775808", &i), -ERANGE);
	assert_int_equal(hf_parse_mode("0644", &mode), 0);
	assert_int_equal(mode, 0644);
	assert_int_equal(hf_parse_mode("07777", &mode), 0);
	assert_int_equal(mode, 07777);
	assert_int_equal(hf_parse_mode("10000", &mode), -ERANGE);
	assert_int_equal(hf_parse_mode("008", &mode), -EINVAL);
	assert_int_equal(hf_parse_mode("000644", &mode), -EINVAL);
	assert_int_equal(hf_parse_mode("", &mode), -EINVAL);
	assert_int_equal(hf_parse_bool("true", &b), 0);
	assert_true(b);
	assert_int_equal(hf_parse_bool("True", &b), -EINVAL);
	assert_int_equal(hf_parse_bool("yes", &b), -EINVAL);
	assert_int_equal(hf_parse_go_bool("T", &b), 0);
	assert_true(b);
	assert_int_equal(hf_parse_go_bool("FALSE", &b), 0);
	assert_false(b);
	assert_int_equal(hf_parse_go_bool("yes", &b), -EINVAL);
	assert_int_equal(hf_parse_go_bool("", &b), -EINVAL);
}

static void test_versions(void **state)
{
	(void)state;
	assert_true(hf_version_compare("20.10", "20.10.24") < 0);
	assert_true(hf_version_compare("20.10.24+dfsg1", "20.10.24") == 0);
	assert_true(hf_version_compare("5:26.1.5-1", "26.1.5") == 0);
	assert_true(hf_version_compare("9", "20.10") < 0);
	assert_true(hf_version_compare("28.0.0-rc.1", "28.0.0") == 0);
	assert_true(hf_version_compare("1.0", "1") == 0);
	assert_int_equal(hf_version_match("23.0", ">=20.10"), 1);
	assert_int_equal(hf_version_match("23.0", "> 23"), 0);
	assert_int_equal(hf_version_match("23.0", "!=23"), 0);
	assert_int_equal(hf_version_match("23.0", "23"), 1);
	assert_int_equal(hf_version_match("23.0", "==23.1"), 0);
	assert_int_equal(hf_version_match("23.0", "<=23.0"), 1);
	assert_int_equal(hf_version_match("23.0", "<23.0"), 0);
	assert_int_equal(hf_version_match("23.0", ">="), -EINVAL);
	assert_int_equal(hf_version_match("23.0", "new"), -EINVAL);
}

static void test_paths(void **state)
{
	hf_arena arena = { 0 };
	char text[PATH_MAX + 8];

	(void)state;
	assert_null(hf_path_check("/"));
	assert_null(hf_path_check("/etc//docker/"));
	assert_string_equal(hf_path_check(""), "is empty");
	assert_string_equal(hf_path_check("etc"), "is not absolute");
	assert_string_equal(hf_path_check("/a/../b"), "contains '.' or '..'");
	assert_string_equal(hf_path_check("/a/."), "contains '.' or '..'");
	assert_null(hf_path_check("/a/..."));
	assert_string_equal(hf_path_check("/a\nb"), "contains a control character");
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[NAME_MAX + 1] = '\0';
	assert_null(hf_path_check(text));
	text[NAME_MAX + 1] = 'a';
	text[NAME_MAX + 2] = '\0';
	assert_string_equal(hf_path_check(text), "has a component that is too long");
	text[NAME_MAX + 2] = 'a';
	text[PATH_MAX] = '\0';
	assert_string_equal(hf_path_check(text), "is too long");
	assert_string_equal(hf_path_clean(&arena, "//a///b/"), "/a/b");
	assert_string_equal(hf_path_clean(&arena, "///"), "/");
	assert_string_equal(hf_path_join(&arena, "/", "a"), "/a");
	assert_string_equal(hf_path_join(&arena, "/a/", "/b"), "/a/b");
	assert_string_equal(hf_path_dir(&arena, "/x"), "/");
	assert_string_equal(hf_path_dir(&arena, "/x/y"), "/x");
	assert_string_equal(hf_path_base("/x/y"), "y");
	assert_true(hf_path_below("/a/b", "/a"));
	assert_true(hf_path_below("/a", "/a"));
	assert_false(hf_path_below("/ab", "/a"));
	assert_true(hf_path_below("/ab", "/"));
	hf_arena_done(&arena);
}

static void test_escape(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *out;
	} cases[] = {
		{ "plain é", 8, "plain é" },
		{ "a\nb\tc", 5, "a\\nb\\tc" },
		{ "\x1b[31m", 5, "\\x1b[31m" },
		{ "a\0b", 3, "a\\x00b" },
		{ "\xff\xc3", 2, "\\xff\\xc3" },
		{ "\xc2\x9b", 2, "\\xc2\\x9b" },
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },
		{ "\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf" },
		{ "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80" },
		{ "\x7f", 1, "\\x7f" },
	};
	static const struct {
		uint32_t u;
		const char *text;
	} points[] = { { 0x7f, "\x7f" },
		       { 0x80, "\xc2\x80" },
		       { 0x7ff, "\xdf\xbf" },
		       { 0x800, "\xe0\xa0\x80" },
		       { 0xffff, "\xef\xbf\xbf" },
		       { 0x10000, "\xf0\x90\x80\x80" },
		       { 0x10ffff, "\xf4\x8f\xbf\xbf" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *got = hf_escape_dup(cases[i].in, cases[i].len);

		assert_string_equal(got, cases[i].out);
	}
	assert_int_equal(hf_utf8_len("\xc3\xa9", 2), 2);
	assert_int_equal(hf_utf8_len("\xc3\xa9", 1), 0);
	assert_int_equal(hf_utf8_len("", 0), 0);
	assert_int_equal(hf_utf8_len("\xc0\x80", 2), 0);
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		char utf8[4];

		assert_int_equal(hf_utf8_put(utf8, points[i].u), strlen(points[i].text));
		assert_memory_equal(utf8, points[i].text, strlen(points[i].text));
	}
}

static void test_shell_word(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = { { "/srv/img-1_a.b:c=d,e@f+g%h", "/srv/img-1_a.b:c=d,e@f+g%h" },
		      { "", "''" },
		      { "my tree", "'my tree'" },
		      { "$(x)\n", "'$(x)\n'" },
		      { "~", "'~'" },
		      { "it's", "'it'\\''s'" },
		      { "'", "''\\'''" } };
	hf_arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(hf_shell_word(&arena, cases[i].text), cases[i].word);
	hf_arena_done(&arena);
}

/* Pieces are looked for eight bytes at a time: each byte at each place of them. */
static void test_escape_pieces(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 256; c++) {
		for (size_t at = 0; at < 24; at++) {
			char text[] = "0123456789 ~ABCDEFGHIJKL", shown[8];
			size_t len = sizeof(text) - 1;
			cleanup_free char *got = NULL;
			hf_escaped e;

			text[at] = (char)c;
			if (c == '\n' || c == '\t')
				snprintf(shown, sizeof(shown), "\\%c",
					 c == '\n' ? 'n' : 't');
			else
				snprintf(shown, sizeof(shown),
					 c < 0x20 || c > 0x7e ? "\\x%02x" : "%c", c);
			got = hf_escape_dup(text, len);
			assert_non_null(got);
			assert_memory_equal(got, "0123456789 ~ABCDEFGHIJKL", at);
			assert_memory_equal(got + at, shown, strlen(shown));
			assert_string_equal(got + at + strlen(shown), text + at + 1);
			assert_int_equal(hf_escape_next(text, len, &e), strlen(shown) == 1
										? len
									: at ? at
									     : 1);
			assert_int_equal(e.columns, strlen(shown) == 1 ? len
						    : at	       ? at
								       : strlen(shown));
		}
	}
}

static int make_error(hf_error **err)
{
	return hf_error_at(err, -EINVAL, "f", 3, 4, "bad '%s'", "x\x1by");
}

static void test_error(void **state)
{
	hf_error *err = NULL;

	(void)state;
	assert_int_equal(make_error(NULL), -EINVAL);
	assert_int_equal(make_error(&err), -EINVAL);
	assert_int_equal(hf_error_wrap(&err, "reading '%s'", "f"), -EINVAL);
	assert_int_equal(hf_error_hint(&err, "do %d", 1), -EINVAL);
	assert_int_equal(hf_error_add(&err, "and %s\n", "more"), -EINVAL);
	assert_string_equal(hf_error_text(err),
			    "reading 'f': bad 'x\\x1by'; and more\\n");
	assert_string_equal(err->hint, "do 1");
	assert_string_equal(err->file, "f");
	assert_int_equal(err->line, 3);
	assert_int_equal(err->column, 4);
	hf_error_free(err);
	err = NULL;
	assert_int_equal(hf_error_oom(&err), -ENOMEM);
	assert_int_equal(hf_error_wrap(&err, "x"), -ENOMEM);
	assert_int_equal(hf_error_add(&err, "x"), -ENOMEM);
	assert_non_null(hf_error_text(err));
	hf_error_free(err);
	hf_error_free(NULL);
}

static void test_diag(void **state)
{
	static const char *const names[] = { "level", "severity", "title", "tags" };
	const hf_source source = { .name = "f", .text = "one\r\ntwo\nthree", .len = 14 };
	hf_mark mark = { &source, 2, 1 }, nowhere = { 0 };
	hf_diags diags = { 0 };
	const char *line;
	size_t len;

	(void)state;
	line = hf_diag_source_line(mark, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(line, "two", 3);
	mark.line = 1;
	(void)hf_diag_source_line(mark, &len);
	assert_int_equal(len, 3); /* without the carriage return */
	mark.line = 3;
	(void)hf_diag_source_line(mark, &len);
	assert_int_equal(len, 5);
	mark.line = 4;
	assert_string_equal(hf_diag_source_line(mark, &len), "");
	assert_string_equal(hf_diag_source_line(nowhere, &len), "");
	assert_string_equal(hf_nearest("levl", names, 4), "level");
	assert_string_equal(hf_nearest("tilte", names, 4), "title");
	assert_null(hf_nearest("colour", names, 4));
	assert_null(hf_nearest("x", NULL, 0));
	/* one by one it is the same: a far one does not replace a near one */
	assert_null(hf_nearer("levl", NULL, "colour"));
	assert_string_equal(hf_nearer("levl", NULL, "lev"), "lev");
	assert_string_equal(hf_nearer("levl", "level", "colour"), "level");
	assert_string_equal(hf_nearer("tilte", "tile", "title"), "tile");
	assert_string_equal(hf_nearer("tilte", "tiltle1", "title"), "title");
	for (int i = 0; i < HF_DIAG_MAX + 5; i++)
		hf_diag_add(&diags, i % 2 ? HF_DIAG_ERROR : HF_DIAG_NOTE, nowhere, "hint",
			    "n\n%d", i);
	assert_int_equal(diags.n, HF_DIAG_MAX);
	assert_int_equal(diags.n_dropped, 5);
	assert_int_equal(diags.n_errors, (HF_DIAG_MAX + 5) / 2);
	assert_string_equal(diags.items[3].message, "n\\n3");
	assert_string_equal(diags.items[3].hint, "hint");
	hf_diags_done(&diags);
}

static void test_digest(void **state)
{
	char hex[HF_DIGEST_HEX];

	(void)state;
	hf_digest("", 0, hex); /* FIPS 180-4 examples */
	assert_string_equal(
		hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hf_digest("abc", 3, hex);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* --- diffs ---------------------------------------------------------------------- */

static void assert_diff(const char *a, const char *b, const char *expected)
{
	cleanup_(hf_strbuf_done) hf_strbuf out = { 0 };

	hf_textdiff(&out, "a", a, strlen(a), "b", b, strlen(b));
	assert_string_equal(hf_strbuf_str(&out), expected);
}

static void test_textdiff(void **state)
{
	(void)state;
	assert_diff("", "", "");
	assert_diff("x\n", "x\n", "");
	assert_diff("", "x\ny\n", "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n");
	assert_diff("x\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n");
	assert_diff("x", "x\n",
		    "--- a\n+++ b\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n");
	assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
		    "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
	/* six equal lines between: one hunk; seven: two */
	assert_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
		    "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n "
		    "6\n-b\n+B\n");
	assert_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
		    "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 "
		    "@@\n 5\n "
		    "6\n 7\n-b\n+B\n");
	/* tabs stay, other control bytes do not */
	assert_diff("\t\"a\": 1\r\n", "\t\"a\": 2\x1b\n",
		    "--- a\n+++ b\n@@ -1 +1 @@\n-\t\"a\": 1\\x0d\n+\t\"a\": 2\\x1b\n");
	assert_diff("", "\xe2\x82\t\xc3\xa4\t\t \t\n\xc3",
		    "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+\\xe2\\x82\t\xc3\xa4\t\t "
		    "\t\n+\\xc3\n\\ No newline at end of file\n");
}

static void test_mask(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "", "" },
		{ "nothing", "nothing" },
		{ "secret", "********" },
		{ "a secret b", "a ******** b" },
		{ "secretsecret", "****************" },
		{ "secre secretly", "secre ********" }, /* the longest counts */
		{ "secsecret", "sec********" },
		{ "x \\x1b[1y", "x ********y" },
		{ "http://joe:pw@host/", "http://********@host/" },
		{ "http://host/a@b", "http://host/a@b" },
		{ "://a@", "://********@" },
		{ "//a@", "//a@" },
		{ "://", "://" },
		{ "http://secret@host", "http://********@host" },
		{ "http://secretx", "http://********x" },
	};
	hf_mask mask = { 0 };
	cleanup_(hf_strbuf_done) hf_strbuf out = { 0 };

	(void)state;
	hf_mask_add(&mask, "secretly");
	hf_mask_add(&mask, "\"secret\"");
	hf_mask_add(&mask, "\x1b[1");
	hf_mask_add(&mask, "no");
	hf_mask_add(&mask, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		hf_strbuf_reset(&out);
		hf_mask_put(&mask, &out, cases[i].text, strlen(cases[i].text));
		assert_string_equal(hf_strbuf_str(&out), cases[i].shown);
	}
	mask.oom = true;
	hf_strbuf_reset(&out);
	hf_mask_put(&mask, &out, "secret", 6);
	assert_null(strstr(hf_strbuf_str(&out), "secret"));
	hf_mask_done(&mask);
}

static unsigned next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33);
}

/* Applies a diff of ours to @a, as patch(1) would, without looking at its context. */
static void patch(const char *a, const char *diff, hf_strbuf *out)
{
	const char *p = strstr(diff, "@@ ");
	unsigned at = 1;

	while (p && *p) {
		unsigned from, count = 1;
		int n;

		n = sscanf(p, "@@ -%u,%u", &from, &count);
		assert_true(n >= 1);
		if (count == 0 && n == 2)
			from++;
		for (; at < from; at++) {
			size_t len = strcspn(a, "\n") + 1;

			hf_strbuf_add(out, a, len);
			a += len;
		}
		p = strchr(p, '\n') + 1;
		while (*p && *p != '@') {
			size_t len = strcspn(p, "\n") + 1;

			if (*p != '-')
				hf_strbuf_add(out, p + 1, len - 1);
			if (*p != '+') {
				assert_memory_equal(a, p + 1, len - 1);
				a += len - 1;
				at++;
			}
			p += len;
		}
	}
	hf_strbuf_adds(out, a);
}

/* The diff of two texts turns the one into the other. */
static void test_textdiff_applies(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 500; round++) {
		cleanup_(hf_strbuf_done) hf_strbuf a = { 0 }, b = { 0 }, d = { 0 },
						   c = { 0 };
		unsigned n = next_random(&seed) % 60, kinds = 1 + next_random(&seed) % 20;

		for (unsigned i = 0; i < n; i++) {
			unsigned v = next_random(&seed) % kinds,
				 what = next_random(&seed) % 12;

			if (what != 0)
				hf_strbuf_addf(&a, "%u\n", v);
			if (what != 1)
				hf_strbuf_addf(&b, "%u\n", what == 2 ? v + 1 : v);
		}
		hf_textdiff(&d, "a", hf_strbuf_str(&a), a.len, "b", hf_strbuf_str(&b),
			    b.len);
		patch(hf_strbuf_str(&a), hf_strbuf_str(&d), &c);
		assert_string_equal(hf_strbuf_str(&c), hf_strbuf_str(&b));
	}
}

/* Too much to compare, and too different: still an answer, quickly. */
static void test_textdiff_large(void **state)
{
	cleanup_(hf_strbuf_done) hf_strbuf a = { 0 }, b = { 0 }, d = { 0 };
	size_t lines = 0;

	(void)state;
	for (unsigned i = 0; i < 12000; i++) {
		hf_strbuf_addf(&a, "%u\n", i);
		hf_strbuf_addf(&b, "%u\n", i == 5000 || i == 6000 ? 0 : i);
	}
	hf_textdiff(&d, "a", hf_strbuf_str(&a), a.len, "b", hf_strbuf_str(&b), b.len);
	for (const char *p = hf_strbuf_str(&d); (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 3 + 2 * 1001 + 6); /* one block from 5000 to 6000 */
	hf_strbuf_reset(&a);
	hf_strbuf_reset(&b);
	hf_strbuf_reset(&d);
	for (unsigned i = 0; i < 9000; i++) {
		hf_strbuf_addf(&a, "%u\n", i * 7919 % 9000);
		hf_strbuf_addf(&b, "%u\n", i * 104729 % 9000);
	}
	hf_textdiff(&d, "a", hf_strbuf_str(&a), a.len, "b", hf_strbuf_str(&b), b.len);
	assert_true(hf_strbuf_ok(&d) && d.len);
}

/* --- PackBits --------------------------------------------------------------------- */

static void packs(const char *bytes, size_t len, size_t want)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	char *packed, *back;
	size_t packed_len, back_len;

	assert_int_equal(hf_packbits_pack(&arena, bytes, len, &packed, &packed_len), 0);
	assert_int_equal(packed_len, want);
	assert_int_equal(
		hf_packbits_unpack(&arena, packed, packed_len, len, &back, &back_len), 0);
	assert_int_equal(back_len, len);
	assert_memory_equal(back, bytes, len);
	if (len)
		assert_int_equal(hf_packbits_unpack(&arena, packed, packed_len, len - 1,
						    &back, &back_len),
				 -EINVAL);
	/* cut anywhere, it is damaged or shorter, never read past its end */
	for (size_t cut = 0; cut < packed_len; cut++)
		if (hf_packbits_unpack(&arena, hf_arena_memdup(&arena, packed, cut), cut,
				       len, &back, &back_len) == 0)
			assert_true(back_len < len);
}

static void test_packbits(void **state)
{
	char many[1040], mixed[600], large[5000];
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	char *back;
	size_t len;

	(void)state;
	packs("", 0, 0);
	packs("a", 1, 2);
	packs("aa", 2, 3);
	packs("aaa", 3, 2);
	packs("abc", 3, 4);
	packs("abcccc", 6, 5);
	memset(many, 0xff, sizeof(many));
	packs(many, sizeof(many), 18); /* eight runs of 128 and one of 16 */
	for (size_t i = 0; i < sizeof(mixed); i++)
		mixed[i] = (char)(i * 7);
	packs(mixed, sizeof(mixed), sizeof(mixed) + 5);
	for (size_t i = 0; i < sizeof(large); i++) /* two alike are no run */
		large[i] = (char)(i / 2);
	packs(large, sizeof(large), sizeof(large) + 40);
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i % 4 > 0);
	packs(large, sizeof(large), sizeof(large));
	assert_int_equal(hf_packbits_unpack(&arena, "\x80", 1, 9, &back, &len), -EINVAL);
	assert_int_equal(hf_packbits_unpack(&arena,
					    "\x7f"
					    "a",
					    2, 999, &back, &len),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packbits),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_strbuf),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_pieces),
		cmocka_unit_test(test_shell_word),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_diag),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_textdiff),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_textdiff_applies),
		cmocka_unit_test(test_textdiff_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

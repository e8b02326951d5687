/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>

#include "kinds/daemon/daemon_json.h"

typedef struct bad_case {
	const char *text;
	size_t len; /* 0: strlen */
	unsigned line, column;
	const char *message;
} bad_case;

static const bad_case bad_cases[] = {
	{ "\n \t", 0, 1, 1, "the file has no content" },
	{ "\xef\xbb\xbf{}", 0, 1, 1, "a byte order mark" },
	{ "\xff\xfe{", 0, 1, 1, "a byte order mark" },
	{ "[]\n", 0, 1, 1, "the top level is a list, it must be an object" },
	{ "\n null", 0, 2, 2, "the top level is null, it must be an object" },
	{ "\"x\"", 0, 1, 1, "the top level is a string, it must be an object" },
	{ "{\n  \"icc\": false", 0, 2, 15, "the file ends inside an object" },
	{ "{\"icc", 0, 1, 6, "the file ends inside a string" },
	{ "{\"icc\"", 0, 1, 7, "the file ends inside an object" },
	{ "{\"icc\":", 0, 1, 8, "the file ends inside an object" },
	{ "{\"icc\":fal", 0, 1, 11, "the file ends inside a value" },
	{ "{\"a\":[1,", 0, 1, 9, "the file ends inside a list" },
	{ "{\n}\nxyz", 0, 3, 1, "there is text after the end of the value" },
	{ "{}{}", 0, 1, 3, "there is text after the end of the value" },
	{ "{}\n\0", 4, 2, 1, "a NUL byte" },
	{ "{\0}", 3, 1, 2, "a NUL byte" },
	{ "{\"a\0\":1}", 8, 1, 4, "a NUL byte" },
	{ "{\"a\":\"\\u0000\"}", 0, 1, 8, "\\u0000 in a string" },
	{ "{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", 0, 3, 2,
	  "duplicate key 'a', first in line 1" },
	{ "{\"log-opts\": {\"x\": \"1\", \"\\u0078\": \"2\"}}", 0, 1, 25,
	  "duplicate key 'x', first in line 1" },
	{ "{\"a\": 1,}", 0, 1, 9, "a comma stands before the end" },
	{ "{\"a\": [1,\n]}", 0, 2, 1, "a comma stands before the end" },
	{ "{,}", 0, 1, 2, "unexpected ',', a key in double quotes is expected" },
	{ "{a: 1}", 0, 1, 2, "unexpected 'a', a key in double quotes is expected" },
	{ "{\"a\" 1}", 0, 1, 6, "unexpected '1', ':' is expected" },
	{ "{\"a\": 1 \"b\": 2}", 0, 1, 9, "unexpected '\"', ',' or '}' is expected" },
	{ "{\"a\": [1 2]}", 0, 1, 10, "unexpected '2', ',' or ']' is expected" },
	{ "{\n // no\n}", 0, 2, 2, "a comment" },
	{ "{\"a\": 1 /* no */}", 0, 1, 9, "a comment" },
	{ "# no\n{}", 0, 1, 1, "a comment" },
	{ "{\"a\": True}", 0, 1, 7, "unexpected 'True', a value is expected" },
	{ "{\"a\": 'x'}", 0, 1, 7, "unexpected ''', a value is expected" },
	{ "{\"a\": 01}", 0, 1, 8, "a number with a leading zero" },
	{ "{\"a\": -}", 0, 1, 8, "a number without digits" },
	{ "{\"a\": 1.}", 0, 1, 9, "a number without digits after its point" },
	{ "{\"a\": 1e}", 0, 1, 9, "a number without digits in its exponent" },
	{ "{\"a\": [0,\n -1e400]}", 0, 2, 2,
	  "a number beyond the range of floating point" },
	{ "{\"a\": \"x\ny\"}", 0, 1, 9, "a line ends inside a string" },
	{ "{\"a\": \"x\ty\"}", 0, 1, 9, "a control character in a string" },
	{ "{\"a\": \"\\q\"}", 0, 1, 9, "an unknown escape in a string" },
	{ "{\"a\": \"\\u12g4\"}", 0, 1, 9, "\\u needs four hexadecimal digits" },
	{ "{\"a\": \"\\ud800x\"}", 0, 1, 9, "half of a surrogate pair" },
	{ "{\"a\": \"\\udc00\"}", 0, 1, 9, "half of a surrogate pair" },
	{ "{\"\xc3\xa9\": \"\xff\"}", 0, 1, 8, "invalid UTF-8" },
	{ "{\"\xc3\xa9\": \xc3\xa9}", 0, 1, 7,
	  "unexpected byte 0xc3, a value is expected" },
	{ "{\"a\": \xff}", 0, 1, 7, "invalid UTF-8" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		const bad_case *c = &bad_cases[i];
		hf_arena arena = { 0 };
		hf_error *err = NULL;
		hf_json *root = NULL;
		int r = hf_json_parse("f.json", c->text,
				      c->len ? c->len : strlen(c->text), &arena, &root,
				      &err);

		if (r != -EBADMSG || strcmp(err->msg, c->message) != 0 ||
		    err->line != c->line || err->column != c->column)
			fail_msg("case %zu: %d %s:%u:%u %s", i, r, err ? err->file : "",
				 err ? err->line : 0, err ? err->column : 0,
				 hf_error_text(err));
		assert_null(root);
		assert_string_equal(err->file, "f.json");
		hf_error_free(err);
		hf_arena_done(&arena);
	}
}

static void test_empty(void **state)
{
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_json *root;

	(void)state;
	assert_int_equal(hf_json_parse("f", "", 0, &arena, &root, &err), -EBADMSG);
	assert_string_equal(err->msg, "the file is empty");
	assert_string_equal(err->hint, "remove the file or write {} into it");
	hf_error_free(err);
	hf_arena_done(&arena);
}

/* Nesting and the number of values are bounded, whatever the size. */
static void test_bombs(void **state)
{
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_json *root;
	size_t n = 1u << 20;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, '[', n);
	memcpy(text, "{\"a\":", 5);
	assert_int_equal(hf_json_parse("f", text, n, &arena, &root, &err), -EBADMSG);
	assert_string_equal(err->msg, "nested deeper than 128 levels");
	assert_int_equal(err->column, 133);
	hf_error_free(err);
	err = NULL;
	for (size_t i = 6; i < n; i += 2)
		memcpy(text + i, "1,", 2);
	assert_int_equal(hf_json_parse("f", text, n, &arena, &root, &err), -EBADMSG);
	assert_string_equal(err->msg, "more than 200000 values");
	hf_error_free(err);
	hf_arena_done(&arena);
	free(text);
}

static void test_parse(void **state)
{
	static const char text[] =
		"{\"s\": \"a\\u00e9\\ud83d\\ude00\\n\", \"n\": -12, "
		"\"l\": [true, null],\n\"o\": {\"b\": \"2\", \"a\": 1.5}}";
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_json *root;
	int64_t v;

	(void)state;
	assert_int_equal(hf_json_parse("f", text, strlen(text), &arena, &root, &err), 0);
	assert_string_equal(hf_json_get(root, "s")->text, "a\xc3\xa9\xf0\x9f\x98\x80\n");
	assert_true(hf_json_int(hf_json_get(root, "n"), &v));
	assert_int_equal(v, -12);
	assert_int_equal(hf_json_get(root, "o")->line, 2);
	assert_string_equal(hf_json_compact(hf_json_get(root, "o"), &arena),
			    "{\"b\":\"2\",\"a\":1.5}");
	assert_string_equal(hf_json_canonical(hf_json_get(root, "o"), &arena),
			    "{\"a\":1.5,\"b\":\"2\"}");
	assert_string_equal(hf_json_canonical(hf_json_get(root, "l"), &arena),
			    "[null,true]");
	assert_null(hf_json_get(root, "x"));
	hf_arena_done(&arena);
}

/* Each value knows where it stands; looked back for, many of one line took minutes. */
static void test_columns(void **state)
{
	static const char text[] =
		"{\"s\": \"\xc3\xa9\xf0\x9f\x98\x80\", \"\xc3\xa9\\\\\": [1, "
		"\"\xc3\xa9\"],\r\n \"a\" :\n\t\"\xc3\xa9\", \"b\": {}}";
	static const struct {
		const char *key;
		unsigned line, column;
	} table[] = {
		{ "s", 1, 2 }, { "\xc3\xa9\\", 1, 13 }, { "a", 2, 2 }, { "b", 3, 7 }
	};
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_json *root;

	(void)state;
	assert_int_equal(hf_json_parse("f", text, strlen(text), &arena, &root, &err), 0);
	assert_int_equal(root->n, ARRAY_SIZE(table));
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const hf_json *v = hf_json_get(root, table[i].key);

		assert_non_null(v);
		assert_int_equal(v->line, table[i].line);
		assert_int_equal(v->column, table[i].column);
		assert_int_equal(v->column, hf_json_column(text, v->key_start));
		for (size_t k = 0; k < v->n; k++)
			assert_int_equal(v->items[k]->column,
					 hf_json_column(text, v->items[k]->start));
	}
	hf_arena_done(&arena);
}

typedef struct edit_case {
	const char *text; /* NULL: no file */
	const char *key, *subkey, *value;
	const char *want;
} edit_case;

static const edit_case edit_cases[] = {
	/* new file, empty objects */
	{ NULL, "icc", NULL, "false", "{\n  \"icc\": false\n}\n" },
	{ NULL, "log-opts", "max-size", "\"10m\"",
	  "{\n  \"log-opts\": {\n    \"max-size\": \"10m\"\n  }\n}\n" },
	{ "{}", "icc", NULL, "false", "{\n  \"icc\": false\n}" },
	{ "{}\r\n", "icc", NULL, "false", "{\r\n  \"icc\": false\r\n}\r\n" },
	{ "{\n}\n", "icc", NULL, "false", "{\n  \"icc\": false\n}\n" },
	{ "{ }\n", "icc", NULL, "false", "{\n  \"icc\": false\n}\n" },
	/* only the value's bytes */
	{ "{\n\t\"icc\" :\ttrue ,\n\t\"x\":1}", "icc", NULL, "false",
	  "{\n\t\"icc\" :\tfalse ,\n\t\"x\":1}" },
	{ "{\"icc\":true}", "icc", NULL, "false", "{\"icc\":false}" },
	/* a new member in the file's style */
	{ "{\n\t\"a\": 1\n}\n", "icc", NULL, "false",
	  "{\n\t\"a\": 1,\n\t\"icc\": false\n}\n" },
	{ "{\r\n    \"a\": 1\r\n}", "icc", NULL, "false",
	  "{\r\n    \"a\": 1,\r\n    \"icc\": false\r\n}" },
	{ "{\"a\":1}", "icc", NULL, "false", "{\"a\":1,\"icc\":false}" },
	{ "{\"a\": 1}\n", "icc", NULL, "false", "{\"a\": 1, \"icc\": false}\n" },
	{ "{ \"a\": 1, \"b\": 2 }\n", "icc", NULL, "false",
	  "{ \"a\": 1, \"b\": 2, \"icc\": false }\n" },
	{ "{\n  \"a\": 1,\n\n  \"b\": 2\n}\n", "c", NULL, "3",
	  "{\n  \"a\": 1,\n\n  \"b\": 2,\n  \"c\": 3\n}\n" },
	{ "{\n  \"a\" : 1\n}\n", "c", NULL, "3", "{\n  \"a\" : 1,\n  \"c\" : 3\n}\n" },
	{ "{\n  \"a\": 1\n}\n", "dns", NULL, "[\"1.1.1.1\",\"9.9.9.9\"]",
	  "{\n  \"a\": 1,\n  \"dns\": [\"1.1.1.1\", \"9.9.9.9\"]\n}\n" },
	{ "{\n    \"a\": 1\n}\n", "default-ulimits", "nofile",
	  "{\"Name\":\"nofile\",\"Hard\":2,\"Soft\":1}",
	  "{\n    \"a\": 1,\n    \"default-ulimits\": {\n        \"nofile\": {\n"
	  "            \"Name\": \"nofile\",\n            \"Hard\": 2,\n"
	  "            \"Soft\": 1\n        }\n    }\n}\n" },
	{ "{\"a\": 1}", "log-opts", "x", "\"1\"",
	  "{\"a\": 1, \"log-opts\": {\"x\": \"1\"}}" },
	/* removal: the member, its comma, its line */
	{ "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n", "a", NULL, NULL,
	  "{\n  \"b\": 2,\n  \"c\": 3\n}\n" },
	{ "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n", "b", NULL, NULL,
	  "{\n  \"a\": 1,\n  \"c\": 3\n}\n" },
	{ "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n", "c", NULL, NULL,
	  "{\n  \"a\": 1,\n  \"b\": 2\n}\n" },
	{ "{\r\n\t\"a\": {\r\n\t\t\"x\": 1\r\n\t},\r\n\t\"b\": 2\r\n}\r\n", "a", NULL,
	  NULL, "{\r\n\t\"b\": 2\r\n}\r\n" },
	{ "{\n  \"a\": 1\n}\n", "a", NULL, NULL, "{\n}\n" },
	{ "{ \"a\": 1 }", "a", NULL, NULL, "{}" },
	{ "{\"a\":1, \"b\":2}", "a", NULL, NULL, "{\"b\":2}" },
	{ "{\"a\":1, \"b\":2}", "b", NULL, NULL, "{\"a\":1}" },
	{ "{ \"a\":1 , \"b\":2 }", "b", NULL, NULL, "{ \"a\":1 }" },
	{ "{\n  \"a\": 1\n}", "zz", NULL, NULL, "{\n  \"a\": 1\n}" },
	/* maps by sub-key */
	{ "{\n  \"log-opts\": {\n    \"max-size\": \"1m\",\n    \"x\": \"y\"\n  },\n  "
	  "\"z\": {}\n}",
	  "log-opts", "max-size", "\"10m\"",
	  "{\n  \"log-opts\": {\n    \"max-size\": \"10m\",\n    \"x\": \"y\"\n  },\n  "
	  "\"z\": {}\n}" },
	{ "{\n  \"log-opts\": {\n    \"x\": \"y\"\n  }\n}", "log-opts", "max-size",
	  "\"10m\"",
	  "{\n  \"log-opts\": {\n    \"x\": \"y\",\n    \"max-size\": \"10m\"\n  }\n}" },
	{ "{\n  \"log-opts\": {\"x\": \"y\"}\n}", "log-opts", "max-size", "\"10m\"",
	  "{\n  \"log-opts\": {\"x\": \"y\", \"max-size\": \"10m\"}\n}" },
	{ "{\n  \"log-opts\": {},\n  \"a\": 1\n}", "log-opts", "x", "\"1\"",
	  "{\n  \"log-opts\": {\n    \"x\": \"1\"\n  },\n  \"a\": 1\n}" },
	{ "{\n  \"log-opts\": null\n}", "log-opts", "x", "\"1\"",
	  "{\n  \"log-opts\": {\n    \"x\": \"1\"\n  }\n}" },
	{ "{\n  \"log-opts\": {\n    \"x\": \"y\"\n  },\n  \"a\": 1\n}", "log-opts", "x",
	  NULL, "{\n  \"a\": 1\n}" },
	{ "{\n  \"log-opts\": {\n    \"x\": \"y\",\n    \"z\": \"1\"\n  }\n}", "log-opts",
	  "x", NULL, "{\n  \"log-opts\": {\n    \"z\": \"1\"\n  }\n}" },
	/* lists: equal elements stay, where they are and as they are written */
	{ "{\n  \"labels\": [\n    \"a=1\",\n    \"b=2\"\n  ]\n}", "labels", NULL,
	  "[\"b=2\",\"c=3\"]", "{\n  \"labels\": [\n    \"b=2\",\n    \"c=3\"\n  ]\n}" },
	{ "{\"labels\": [\"a=1\" , \"b\\u003d2\"]}", "labels", NULL,
	  "[\"b=2\",\"a=1\",\"c=3\"]",
	  "{\"labels\": [\"a=1\" , \"b\\u003d2\", \"c=3\"]}" },
	{ "{\"labels\": [\"a=1\"]}", "labels", NULL, "[\"a=1\",\"c=3\"]",
	  "{\"labels\": [\"a=1\", \"c=3\"]}" },
	{ "{\"labels\":[\"a=1\"]}", "labels", NULL, "[\"a=1\",\"c=3\"]",
	  "{\"labels\":[\"a=1\",\"c=3\"]}" },
	{ "{\n  \"labels\": [\n    \"a=1\"\n  ]\n}", "labels", NULL, "[]",
	  "{\n  \"labels\": [\n  ]\n}" },
	{ "{\n  \"labels\": []\n}", "labels", NULL, "[\"a=1\"]",
	  "{\n  \"labels\": [\"a=1\"]\n}" },
	{ "{\"dns\": [\"1\", \"2\", \"3\"]}", "dns", NULL, "[\"3\",\"2\",\"1\"]",
	  "{\"dns\": [\"1\", \"2\", \"3\"]}" },
	/* objects: members that are in both keep their place */
	{ "{\n  \"default-ulimits\": {\n    \"nofile\": { \"Hard\": 1, \"Name\": "
	  "\"nofile\" }\n  }\n}",
	  "default-ulimits", "nofile", "{\"Name\":\"nofile\",\"Hard\":2,\"Soft\":1}",
	  "{\n  \"default-ulimits\": {\n    \"nofile\": { \"Hard\": 2, \"Name\": "
	  "\"nofile\", "
	  "\"Soft\": 1 }\n  }\n}" },
	/* numbers of others keep their text; 64 bits are not their bound */
	{ "{\n  \"builder\": {\"n\": [123456789012345678901234567890, 1e-400, 1.0]}\n}",
	  "icc", NULL, "false",
	  "{\n  \"builder\": {\"n\": [123456789012345678901234567890, 1e-400, 1.0]},\n"
	  "  \"icc\": false\n}" },
	/* no indentation at all, text in front, non-ASCII, escapes */
	{ "\n\n{\n\"a\": 1\n}\n\n", "icc", NULL, "false",
	  "\n\n{\n\"a\": 1,\n\"icc\": false\n}\n\n" },
	{ "{\n  \"a\": \"\xc3\xa9\"\n}\n", "group", NULL, "\"q\\\"\\\\\\t\xc3\xa9\"",
	  "{\n  \"a\": \"\xc3\xa9\",\n  \"group\": \"q\\\"\\\\\\t\xc3\xa9\"\n}\n" },
};

static void test_edit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(edit_cases); i++) {
		const edit_case *c = &edit_cases[i];
		hf_arena arena = { 0 };
		hf_error *err = NULL;
		hf_json *root = NULL, *value = NULL;
		hf_json_patch patch = { c->key, c->subkey, NULL };
		size_t len = c->text ? strlen(c->text) : 0, out_len = 0;
		char *out = NULL;

		if (c->text && hf_json_parse("f", c->text, len, &arena, &root, &err) < 0)
			fail_msg("case %zu: %s", i, hf_error_text(err));
		if (c->value)
			assert_int_equal(hf_json_parse_value("v", c->value,
							     strlen(c->value), &arena,
							     &value, &err),
					 0);
		patch.value = value;
		if (hf_json_edit("f", c->text, len, root, &patch, 1, &arena, &out,
				 &out_len, &err) < 0)
			fail_msg("case %zu: %s", i, hf_error_text(err));
		if (strcmp(out, c->want) != 0)
			fail_msg("case %zu: got\n%s\nwanted\n%s", i, out, c->want);
		assert_int_equal(out_len, strlen(c->want));
		hf_arena_done(&arena);
	}
}

static void test_edit_many(void **state)
{
	static const char text[] = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n";
	hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_json *root, *yes;
	size_t len;
	char *out;

	(void)state;
	assert_int_equal(hf_json_parse("f", text, strlen(text), &arena, &root, &err), 0);
	yes = hf_json_new_bool(&arena, true);
	hf_json_patch patches[] = {
		{ "c", NULL, NULL },	 { "x", NULL, yes },	 { "a", NULL, NULL },
		{ "m", "one", yes },	 { "b", NULL, yes },	 { "m", "two", yes },
		{ "gone", "sub", NULL }, { "m", "three", NULL },
	};
	assert_int_equal(hf_json_edit("f", text, strlen(text), root, patches,
				      ARRAY_SIZE(patches), &arena, &out, &len, &err),
			 0);
	assert_string_equal(out, "{\n  \"b\": true,\n  \"x\": true,\n  \"m\": {\n"
				 "    \"one\": true,\n    \"two\": true\n  }\n}\n");
	hf_arena_done(&arena);
}

/* --- properties -----------------------------------------------------------------------
 */

static uint64_t seed;

static unsigned rnd(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static void blank(hf_strbuf *sb, unsigned style)
{
	static const char *const some[] = { "",	      " ",	 "\n", "\n\t",
					    "\r\n  ", "  \n\n ", "\t" };

	hf_strbuf_adds(sb, style == 0 ? "" : some[rnd(ARRAY_SIZE(some))]);
}

static void value(hf_strbuf *sb, unsigned style, unsigned depth)
{
	static const char *const scalars[] = {
		"1", "-2.5e3", "true", "null", "\"x\"", "\"\\u00e9\\n\"", "0", "\"}\""
	};
	unsigned kind = depth > 3 ? 0 : rnd(4), n = rnd(4);

	if (kind < 2) {
		hf_strbuf_adds(sb, scalars[rnd(ARRAY_SIZE(scalars))]);
		return;
	}
	hf_strbuf_addc(sb, kind == 2 ? '[' : '{');
	blank(sb, style);
	for (unsigned i = 0; i < n; i++) {
		if (i) {
			hf_strbuf_addc(sb, ',');
			blank(sb, style);
		}
		if (kind == 3) {
			hf_strbuf_addf(sb, "\"k%u\"", i);
			blank(sb, style);
			hf_strbuf_addc(sb, ':');
			blank(sb, style);
		}
		value(sb, style, depth + 1);
		blank(sb, style);
	}
	hf_strbuf_addc(sb, kind == 2 ? ']' : '}');
}

static void document(hf_strbuf *sb)
{
	unsigned style = rnd(3), n = rnd(6);

	blank(sb, style);
	hf_strbuf_addc(sb, '{');
	blank(sb, style);
	for (unsigned i = 0; i < n; i++) {
		if (i) {
			hf_strbuf_addc(sb, ',');
			blank(sb, style);
		}
		hf_strbuf_addf(sb, "\"t%u\":", i);
		blank(sb, style);
		value(sb, style, 0);
		blank(sb, style);
	}
	hf_strbuf_addc(sb, '}');
	blank(sb, style);
}

/* Every edit of every document is what jansson says it should be (hf_json_edit looks
 * itself), foreign members keep their bytes, and doing it again changes nothing. */
static void test_property(void **state)
{
	(void)state;
	seed = 20261122;
	for (unsigned round = 0; round < 20000; round++) {
		cleanup_(hf_strbuf_done) hf_strbuf doc = { 0 }, val = { 0 };
		hf_arena arena = { 0 };
		hf_error *err = NULL;
		hf_json *root, *v = NULL, *root2, *again;
		char key[8], sub[8], *out, *out2;
		size_t len, len2;
		hf_json_patch p = { key, NULL, NULL };

		document(&doc);
		if (hf_json_parse("f", doc.buf, doc.len, &arena, &root, &err) < 0)
			fail_msg("%u: %s\n%s", round, hf_error_text(err), doc.buf);
		snprintf(key, sizeof(key), "t%u", rnd(8));
		snprintf(sub, sizeof(sub), "k%u", rnd(5));
		if (rnd(3) == 0)
			p.subkey = sub;
		if (rnd(3)) {
			value(&val, 1, 2);
			assert_int_equal(hf_json_parse_value("v", val.buf, val.len,
							     &arena, &v, &err),
					 0);
			p.value = v;
		}
		if (hf_json_edit("f", doc.buf, doc.len, root, &p, 1, &arena, &out, &len,
				 &err) < 0)
			fail_msg("%u: %s\n%s\n%s", round, hf_error_text(err), doc.buf,
				 val.buf);
		assert_int_equal(hf_json_parse("f", out, len, &arena, &root2, &err), 0);
		for (size_t i = 0; i < root->n; i++) {
			const hf_json *a = root->items[i], *b;

			if (strcmp(a->key, key) == 0)
				continue;
			b = hf_json_get(root2, a->key);
			assert_non_null(b);
			assert_int_equal(a->end - a->key_start, b->end - b->key_start);
			assert_memory_equal(doc.buf + a->key_start, out + b->key_start,
					    a->end - a->key_start);
		}
		assert_int_equal(hf_json_edit("f", out, len, root2, &p, 1, &arena, &out2,
					      &len2, &err),
				 0);
		again = NULL;
		assert_int_equal(hf_json_parse("f", out2, len2, &arena, &again, &err), 0);
		assert_string_equal(out, out2);
		hf_arena_done(&arena);
	}
}

/* Any damage is either read as jansson reads it or refused: never more than jansson. */
static void test_mutation(void **state)
{
	static const char base[] =
		"{\n  \"icc\": false,\n  \"log-opts\": {\"max-size\": "
		"\"10m\", \"\\u0061\": \"b\"},\n  \"l\": [1, -2e3, true]\n}\n";

	(void)state;
	seed = 7;
	for (unsigned round = 0; round < 100000; round++) {
		char text[sizeof(base)];
		size_t len = sizeof(base) - 1;
		hf_arena arena = { 0 };
		hf_error *err = NULL;
		hf_json *root = NULL;
		json_error_t at;
		int r;

		memcpy(text, base, sizeof(base));
		for (unsigned i = 0, n = 1 + rnd(3); i < n; i++)
			text[rnd((unsigned)len)] =
				rnd(2) ? (char)rnd(256) : base[rnd((unsigned)len)];
		if (rnd(4) == 0)
			len = rnd((unsigned)len);
		r = hf_json_parse("f", text, len, &arena, &root, &err);
		if (r == 0) {
			json_t *j = json_loadb(
				text, len,
				JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &at);

			if (!j)
				fail_msg("%u: jansson refuses: %s\n%s", round, at.text,
					 text);
			json_decref(j);
		} else {
			assert_int_equal(r, -EBADMSG);
			assert_true(err->line >= 1 && err->column >= 1);
		}
		hf_error_free(err);
		hf_arena_done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),	  cmocka_unit_test(test_empty),
		cmocka_unit_test(test_bombs),	  cmocka_unit_test(test_parse),
		cmocka_unit_test(test_columns),	  cmocka_unit_test(test_edit),
		cmocka_unit_test(test_edit_many), cmocka_unit_test(test_property),
		cmocka_unit_test(test_mutation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

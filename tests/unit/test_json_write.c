/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as it is written: what comes out is what jansson reads back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_write.h"

/* The first byte that is not plain is found wherever it is, and none behind the end. */
static void test_plain_len(void **state)
{
	static const char odd[] = "\0\x01\n\x1f\"\\\x80\xc3\xff";
	char text[40];

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++)
		for (size_t at = 0; at < len; at++)
			for (size_t i = 0; i < sizeof(odd) - 1; i++) {
				memset(text, '"', sizeof(text));
				memset(text, i % 2 ? ' ' : 0x7f, len);
				assert_int_equal(hf_json_plain_len(text, len), len);
				text[at] = odd[i];
				assert_int_equal(hf_json_plain_len(text, len), at);
			}
	for (unsigned c = 0; c < 256; c++) {
		memset(text, (int)c, 16);
		assert_int_equal(hf_json_plain_len(text, 16),
				 c >= 0x20 && c < 0x80 && c != '"' && c != '\\' ? 16 : 0);
	}
}

static void test_text(void **state)
{
	static const char s[] = "plain \"quoted\" a\\b\n\t\x01\x1f\x7f \xc3\xa4 "
				"\xf0\x9f\x99\x82.";
	static const char *const not_text[] = { "\xff", "a\xc3", "a long one\xc3\x28 b",
						"\xed\xa0\x80" };
	hf_strbuf sb = { 0 };
	json_t *back;

	(void)state;
	hf_strbuf_addc(&sb, '"');
	assert_true(hf_json_put_text(&sb, s, sizeof(s) - 1, false));
	hf_strbuf_addc(&sb, '"');
	assert_string_equal(hf_strbuf_str(&sb),
			    "\"plain \\\"quoted\\\" a\\\\b\\n\\t\\u0001\\u001f\x7f "
			    "\xc3\xa4 \xf0\x9f\x99\x82.\"");
	back = json_loads(sb.buf, JSON_DECODE_ANY, NULL);
	assert_string_equal(json_string_value(back), s);
	json_decref(back);
	for (size_t i = 0; i < ARRAY_SIZE(not_text); i++) {
		hf_strbuf_reset(&sb);
		assert_false(
			hf_json_put_text(&sb, not_text[i], strlen(not_text[i]), true));
		assert_string_equal(hf_strbuf_str(&sb), not_text[i]);
		assert_false(hf_json_is_text(not_text[i], strlen(not_text[i])));
	}
	hf_strbuf_done(&sb);
	assert_true(hf_json_is_text("", 0));
	assert_true(hf_json_is_text("a\n\t\"\xc3\xa4", 6));
	assert_false(hf_json_is_text("a\r\n", 3));
	assert_false(hf_json_is_text("a\0b", 3));
}

static void test_document(void **state)
{
	hf_json_writer w = { 0 };
	json_t *back;

	(void)state;
	hf_json_open(&w, NULL, '{');
	hf_json_write_text(&w, "a \"key\"", "x");
	hf_json_open(&w, "list", '[');
	hf_json_write_int(&w, NULL, INT64_MIN);
	hf_json_open(&w, NULL, '{');
	hf_json_write_bool(&w, "on", true);
	hf_json_write_bool(&w, "off", false);
	hf_json_open(&w, "deep", '[');
	hf_json_close(&w, ']');
	hf_json_write_bytes(&w, "b", "t", "x\n", 2);
	hf_json_write_bytes(&w, "b2", "t2", "\xff", 1);
	hf_json_write_bytes(&w, "b3", NULL, "x\n", 2);
	hf_json_close(&w, '}');
	hf_json_close(&w, ']');
	hf_json_open(&w, "none", '[');
	hf_json_close(&w, ']');
	hf_json_close(&w, '}');
	assert_null(w.not_text);
	assert_string_equal(hf_strbuf_str(&w.sb),
			    "{\n\"a \\\"key\\\"\":\"x\",\n\"list\":[\n"
			    "-9223372036854775808,\n{\"on\":true,\"off\":false,"
			    "\"deep\":[],\"t\":\"x\\n\",\"b2\":\"/w==\","
			    "\"b3\":\"eAo=\"}],\n\"none\":[]}");
	back = json_loads(hf_strbuf_str(&w.sb), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(back);
	json_decref(back);
	hf_strbuf_done(&w.sb);
}

/* What one line is like, and each control character: byte for byte as jansson has it. */
static void test_one_line(void **state)
{
	hf_json_writer w = { .one_line = true };
	json_t *back;
	char odd[0x22], *dumped;

	(void)state;
	for (unsigned c = 1; c < sizeof(odd); c++)
		odd[c - 1] = (char)c;
	odd[sizeof(odd) - 1] = '\0';
	hf_json_open(&w, NULL, '{');
	hf_json_write_text(&w, odd, odd);
	hf_json_open(&w, "list", '[');
	hf_json_write_int(&w, NULL, INT64_MIN);
	hf_json_write_null(&w, NULL);
	hf_json_open(&w, NULL, '{');
	hf_json_write_bool(&w, "on", true);
	hf_json_open(&w, "deep", '[');
	hf_json_close(&w, ']');
	hf_json_write_null(&w, "none");
	hf_json_close(&w, '}');
	hf_json_open(&w, NULL, '{');
	hf_json_close(&w, '}');
	hf_json_close(&w, ']');
	hf_json_write_int(&w, "zero", 0);
	hf_json_close(&w, '}');
	back = json_loads(hf_strbuf_str(&w.sb), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(back);
	dumped = json_dumps(back, 0);
	assert_string_equal(hf_strbuf_str(&w.sb), dumped);
	free(dumped);
	json_decref(back);
	hf_strbuf_done(&w.sb);
}

/* The first is the one that the message names. */
static void test_not_text_is_remembered(void **state)
{
	hf_json_writer w = { 0 };

	(void)state;
	hf_json_open(&w, NULL, '[');
	hf_json_write_text(&w, NULL, "good");
	assert_null(w.not_text);
	hf_json_write_text(&w, NULL, "bad \xff");
	hf_json_write_text(&w, NULL, "\xfe");
	hf_json_write_text(&w, NULL, "good");
	assert_string_equal(w.not_text, "bad \xff");
	hf_strbuf_done(&w.sb);
}

/* RFC 4648, section 10; and any bytes of any length come back. */
static void test_base64(void **state)
{
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};
	static const char *const bad[] = { "Zg=",  "Zg",   "Zh==",     "Zm9=",
					   "=m9v", "Z=9v", "Zg==Zm9v", "Zm 9",
					   "Zm9-", "Z===", "====",     "Zm9\x80" };
	hf_arena arena = { 0 };
	char *back, bytes[7000];
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *plain = vectors[i][0];

		assert_string_equal(hf_base64_encode(&arena, plain, strlen(plain)),
				    vectors[i][1]);
		assert_int_equal(hf_base64_decode(&arena, vectors[i][1], &back, &len), 0);
		assert_string_equal(back, plain);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(hf_base64_decode(&arena, bad[i], &back, &len), -EINVAL);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * i >> 3);
	for (size_t n = 0; n < sizeof(bytes); n += n < 20 ? 1 : 499) {
		hf_json_writer w = { 0 };
		json_t *v;

		hf_json_open(&w, NULL, '[');
		hf_json_write_bytes(&w, NULL, NULL, bytes, n);
		hf_json_close(&w, ']');
		v = json_loads(hf_strbuf_str(&w.sb), 0, NULL);
		assert_int_equal(hf_base64_decode(&arena,
						  json_string_value(json_array_get(v, 0)),
						  &back, &len),
				 0);
		assert_int_equal(len, n);
		assert_memory_equal(back, bytes, n);
		json_decref(v);
		hf_strbuf_done(&w.sb);
	}
	hf_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_len),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_not_text_is_remembered),
		cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

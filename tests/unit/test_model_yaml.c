/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML reader and the typed reading of mappings, on good, bad and hostile text. */
#include <stdio.h>
#include <time.h>

#include "model/schema.h"
#include "model/vars.h"
#include "model_world.h"
#include "mutate.h"

typedef struct parsed {
	hf_arena arena;
	hf_diags diags;
	hf_source source;
	hf_node *root;
	hf_strbuf said;
} parsed;

static void parse_bytes(parsed *p, const char *text, size_t len)
{
	*p = (parsed){ .source = { .name = "t", .text = text, .len = len } };
	p->root = hf_yaml_read(&p->source, &p->arena, &p->diags);
	for (size_t i = 0; i < p->diags.n; i++) {
		const hf_diag *d = &p->diags.items[i];

		hf_strbuf_addf(&p->said, "%u:%u: %s\n", d->mark.line, d->mark.column,
			       d->message);
	}
}

static void parsed_done(parsed *p)
{
	hf_strbuf_done(&p->said);
	hf_diags_done(&p->diags);
	hf_arena_done(&p->arena);
}

static void assert_yaml(const char *text, size_t len, const char *expected)
{
	parsed p;

	parse_bytes(&p, text, len);
	assert_string_equal(hf_strbuf_str(&p.said), expected);
	parsed_done(&p);
}

#define YAML(text, expected) assert_yaml((text), sizeof(text) - 1, (expected))

static void test_tree(void **state)
{
	static const char with_bom[] = "\xef\xbb\xbf"
				       "a: b\nlist:\n  - 'q'\n  - é: *x\n";
	static const char good[] =
		"a: &x b\nlist:\n  - 'q'\n  - é: *x\r\n    \"\": null\n";
	parsed p;
	const hf_node *list;

	(void)state;
	parse_bytes(&p, with_bom, sizeof(with_bom) - 1);
	assert_null(p.root);
	assert_string_equal(hf_strbuf_str(&p.said),
			    "4:8: no anchor '&x' before this alias\n");
	parsed_done(&p);

	parse_bytes(&p, good, sizeof(good) - 1);
	assert_string_equal(hf_strbuf_str(&p.said), "");
	assert_int_equal(p.root->type, HF_NODE_MAPPING);
	assert_int_equal(p.root->n, 2);
	assert_string_equal(hf_node_get(p.root, "a")->text, "b");
	assert_true(hf_node_get(p.root, "a")->plain);
	list = hf_node_get(p.root, "list");
	assert_int_equal(list->n, 2);
	assert_false(list->items[0]->plain);
	assert_int_equal(list->items[0]->mark.line, 3);
	assert_int_equal(list->items[0]->mark.column, 5);
	assert_ptr_equal(hf_node_get(list->items[1], "é"), hf_node_get(p.root, "a"));
	assert_true(hf_node_is_null(hf_node_get(list->items[1], "")));
	assert_null(hf_node_get(p.root, "b"));
	assert_null(hf_node_get(list, "b"));
	parsed_done(&p);
}

static void test_strict(void **state)
{
	(void)state;
	YAML("", "1:1: the file is empty\n");
	YAML("# only a comment\n", "1:1: the file is empty\n");
	YAML("\xef\xbb\xbf", "1:1: the file is empty\n");
	YAML("---\n...\n", "1:1: the file is empty\n");
	YAML("~\n", "1:1: the file is empty\n");
	YAML("a: 1\nb: 2\na: 3\n",
	     "3:1: duplicate key 'a' (first at line 1, column 1)\n");
	YAML("a: 1\n'a': 3\nc: {x: 1, x: 2}\n",
	     "2:1: duplicate key 'a' (first at line 1, column 1)\n"
	     "3:11: duplicate key 'x' (first at line 3, column 5)\n");
	YAML("a: !!str 1\nb: !x {c: 1}\nd: ! e\n",
	     "1:4: a baseline has no tags: 'tag:yaml.org,2002:str'\n"
	     "2:4: a baseline has no tags: '!x'\n3:4: a baseline has no tags: '!'\n");
	YAML("a: 1\n---\nb: 2\n",
	     "2:1: a second document begins here; a baseline is one\n");
	YAML("[1]: 2\n{a: b}: c\n? \n: 1\n",
	     "1:1: a key must be a word, not a list\n"
	     "2:1: a key must be a word, not a mapping\n3:2: a key cannot be empty\n");
	YAML("x: &a {b: 1}\ny:\n  <<: *a\n",
	     "3:3: merge keys ('<<') are not supported\n");
	YAML("a: &x 1\nb: &x 2\n", "2:4: duplicate anchor '&x' (first at line 1)\n");
	YAML("a: &x [*x]\n", "1:8: alias '*x' stands inside itself\n");
	YAML("a: \"x\\0y\"\n", "1:4: a string cannot hold a NUL character\n");
}

static void test_encoding(void **state)
{
	(void)state;
	YAML("a: b\nc: \xff\n", "2:4: not UTF-8: byte 0xff\n");
	YAML("a: \xc3", "1:4: not UTF-8: byte 0xc3\n");
	YAML("a: \xed\xa0\x80", "1:4: not UTF-8: byte 0xed\n");
	YAML("é: \x01\n", "1:4: a control character: U+0001\n");
	YAML("a\0: 1\n", "1:2: a NUL byte: U+0000\n");
	YAML("a: 1\rb: 2\n", "1:5: a carriage return that does not end a line: U+000D\n");
	YAML("a: 1\r", "1:5: a carriage return that does not end a line: U+000D\n");
	YAML("a: \xe2\x80\xa8x\n",
	     "1:4: a line break that not every YAML reader takes for one: U+2028\n");
	YAML("a: 1\n\xef\xbb\xbf"
	     "b: 1\n",
	     "2:1: a byte order mark inside the text: U+FEFF\n");
	YAML("\xff\xfe"
	     "a\0",
	     "0:0: the file is UTF-16; a baseline is UTF-8\n");
	YAML("a: 1\r\nb: 2\r\n", "");
}

static void test_syntax(void **state)
{
	(void)state;
	YAML("a: b: c\n", "1:5: a ':' is not expected here\n");
	YAML("a:\n\t- x\n", "2:1: a tab in the indentation\n");
	YAML("a: @x\n", "1:4: no value can begin with this character\n");
	YAML("a: [1, 2\nb: 3\n", "2:2: expected ',' or ']', for the '[' of line 1\n");
	YAML("a: {x: 1\n", "2:1: expected ',' or '}', for the '{' of line 1\n");
	YAML("a: \"x\nb: 1\n", "1:4: this quoted text is never closed\n");
	YAML("a: \"\\q\"\n", "1:5: unknown escape after '\\'\n");
	YAML("a: 1\n b: 2\n", "2:3: a ':' is not expected here\n");
	YAML("a:\n  - 1\n - 2\n", "3:2: expected a key, or the end of the mapping\n");
	YAML("a: 1\nbcd\ne: 1\n", "2:1: expected ':' after this key\n");
	YAML("a: 'x' y\n", "1:8: expected a key, or the end of the mapping\n");
	YAML("a: *\n", "1:4: expected a name after '*'\n");
	YAML("%FOO bar\n---\na: 1\n", "1:1: unknown directive\n");
	YAML("%YAML 2.0\n---\na: 1\n", "1:1: only YAML 1.1 and 1.2 are read\n");
	YAML("a: | x\n", "1:6: only a comment may follow '|' or '>' on its line\n");
	YAML("a: !e!x 1\n", "1:4: a baseline has no tags\n");
}

static void repeat(hf_strbuf *sb, const char *s, size_t n)
{
	while (n--)
		hf_strbuf_adds(sb, s);
}

static void assert_sb(hf_strbuf *sb, const char *expected)
{
	assert_true(hf_strbuf_ok(sb));
	assert_yaml(hf_strbuf_str(sb), sb->len, expected);
	hf_strbuf_reset(sb);
}

static void test_limits(void **state)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	(void)state;
	repeat(&sb, "[", 32);
	repeat(&sb, "]", 32);
	assert_sb(&sb, "");
	repeat(&sb, "[", 33);
	repeat(&sb, "]", 33);
	assert_sb(&sb, "1:33: nested deeper than 32 levels\n");
	repeat(&sb, "[", 500000);
	assert_sb(&sb, "1:33: nested deeper than 32 levels\n");
	repeat(&sb, "{a: ", 100000);
	assert_sb(&sb, "1:129: nested deeper than 32 levels\n");

	/* aliases that deepen: 20 levels, under another 20 */
	hf_strbuf_adds(&sb, "a: &a ");
	repeat(&sb, "[", 20);
	repeat(&sb, "]", 20);
	hf_strbuf_adds(&sb, "\nb: ");
	repeat(&sb, "[", 20);
	hf_strbuf_adds(&sb, "*a");
	repeat(&sb, "]", 20);
	assert_sb(&sb, "2:24: nested deeper than 32 levels\n");

	/* aliases that multiply: 10^9 in ten lines */
	hf_strbuf_adds(&sb, "l0: &l0 x\n");
	for (int i = 1; i < 10; i++)
		hf_strbuf_addf(&sb,
			       "l%d: &l%d [*l%d, *l%d, *l%d, *l%d, *l%d, *l%d, *l%d, "
			       "*l%d, *l%d, "
			       "*l%d]\n",
			       i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
			       i - 1, i - 1, i - 1);
	assert_sb(&sb,
		  "7:45: the file has more than 1000000 values, aliases counted as what "
		  "they stand for\n");

	hf_strbuf_adds(&sb, "a: [");
	repeat(&sb, "x,", 1000001);
	assert_sb(&sb,
		  "1:1999999: the file has more than 1000000 values, aliases counted as "
		  "what they stand for\n");
	/* libyaml compares each with all before it: two seconds for these */
	for (int i = 0; i < 30000; i++)
		hf_strbuf_addf(&sb, "%%TAG !a%d! x\n", i);
	hf_strbuf_adds(&sb, "---\na: b\n");
	assert_sb(&sb, "65:1: more than 64 %TAG lines, and a baseline has no tags\n");
	for (int i = 0; i < 64; i++)
		hf_strbuf_addf(&sb, "%%TAG !a%d! x\n", i);
	hf_strbuf_adds(&sb, "---\na: b\n");
	assert_sb(&sb, "");
	repeat(&sb, "#2345678901234567890123456789012345678901234567890123456789012\n",
	       8 * 1024 * 1024 / 63 + 1);
	assert_sb(&sb, "0:0: the file is larger than 8 MiB\n");
}

/* A mapping of many keys, the last one twice. */
static void test_many_keys(void **state)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	(void)state;
	for (int i = 0; i < 200000; i++)
		hf_strbuf_addf(&sb, "k%d: v\n", i);
	assert_sb(&sb, "");
	for (int i = 0; i < 40; i++)
		hf_strbuf_addf(&sb, "k%d: v\n", i % 39);
	assert_sb(&sb, "40:1: duplicate key 'k0' (first at line 1, column 1)\n");
	for (int i = 0; i < 40; i++)
		hf_strbuf_addf(&sb, "k%d: v\n", i % 16);
	assert_yaml(hf_strbuf_str(&sb), 10 * 6 + 6 * 7 + 6,
		    "17:1: duplicate key 'k0' (first at "
		    "line 1, column 1)\n");
}

/* --- schema --------------------------------------------------------------------- */

static const hf_key keys[] = {
	{ "name", HF_KEY_STRING, HF_KEY_REQUIRED },
	{ "on", HF_KEY_BOOL, 0 },
	{ "count", HF_KEY_INT, 0 },
	{ "mode", HF_KEY_MODE, 0 },
	{ "tags", HF_KEY_STRINGS, 0 },
	{ "items", HF_KEY_SEQUENCE, 0 },
	{ "map", HF_KEY_MAPPING, 0 },
	{ "any", HF_KEY_ANY, 0 },
};

static void assert_schema(const char *text, const char *expected)
{
	const hf_node *values[ARRAY_SIZE(keys)];
	cleanup_(hf_strbuf_done) hf_strbuf said = { 0 };
	parsed p;
	bool ok;

	parse_bytes(&p, text, strlen(text));
	assert_non_null(p.root);
	ok = hf_schema_mapping(p.root, "a thing", keys, ARRAY_SIZE(keys), values,
			       &p.diags);
	for (size_t i = 0; i < p.diags.n; i++) {
		const hf_diag *d = &p.diags.items[i];

		hf_strbuf_addf(&said, "%u:%u: %s%s%s\n", d->mark.line, d->mark.column,
			       d->message, d->hint ? " | " : "", d->hint ? d->hint : "");
	}
	assert_string_equal(hf_strbuf_str(&said), expected);
	assert_int_equal(ok, p.diags.n == 0);
	parsed_done(&p);
}

static void test_schema(void **state)
{
	(void)state;
	assert_schema(
		"{name: x, on: true, count: -3, mode: 0644, tags: a, items: [], map: {}, "
		"any: ~}",
		"");
	assert_schema("{name: 1.0, mode: \"4755\", tags: [a, 1]}", "");
	assert_schema("[a]", "1:1: a thing must be a mapping, not a list\n");
	assert_schema("x", "1:1: a thing must be a mapping, not 'x'\n");
	assert_schema("{nam: x}",
		      "1:2: unknown key 'nam' in a thing (did you mean 'name'?)\n"
		      "1:1: missing key 'name' in a thing\n");
	assert_schema(
		"{name: x, elephant: 1}",
		"1:11: unknown key 'elephant' in a thing | known keys: name, on, count, "
		"mode, tags, items, map, any\n");
	assert_schema("{name: }", "1:8: 'name' must be a text, not empty\n");
	assert_schema("{name: [x]}", "1:8: 'name' must be a text, not a list\n");
	assert_schema(
		"{name: x, on: yes}",
		"1:15: 'on' must be true or false, not 'yes' | write true or false\n");
	assert_schema(
		"{name: x, on: 'true'}",
		"1:15: 'on' must be true or false, not the text 'true' | remove the "
		"quotes\n");
	assert_schema("{name: x, count: 1.5}",
		      "1:18: 'count' must be a whole number, not '1.5'\n");
	assert_schema("{name: x, mode: 0o644}", "1:17: 'mode' must be an octal mode such "
						"as \"0644\", not '0o644' | write "
						"it without the 'o'\n");
	assert_schema("{name: x, mode: 888}",
		      "1:17: 'mode' must be an octal mode such as \"0644\", not '888'\n");
	assert_schema("{name: x, tags: [a, {b: c}, ~]}",
		      "1:21: 'tags' must be a list of texts, and this item is a mapping\n"
		      "1:29: 'tags' must be a list of texts, and this item is empty\n");
	assert_schema("{name: x, tags: {}}",
		      "1:17: 'tags' must be a list of texts, not a mapping\n");
	assert_schema("{name: x, items: y}", "1:18: 'items' must be a list, not 'y'\n");
	assert_schema("{name: x, map: [y]}",
		      "1:16: 'map' must be a mapping, not a list\n");
}

static void test_schema_values(void **state)
{
	const char text[] = "[1, 99999999999999999999, true, 0640, 'x', 17777]";
	long long number = 7;
	bool boolean = false;
	mode_t mode = 0;
	parsed p;

	(void)state;
	parse_bytes(&p, text, sizeof(text) - 1);
	assert_true(hf_schema_int(p.root->items[0], 0, 2, &number, &p.diags));
	assert_int_equal(number, 1);
	assert_false(hf_schema_int(p.root->items[0], 5, 9, &number, &p.diags));
	assert_string_equal(p.diags.items[0].message, "1 is out of range: 5 to 9");
	assert_false(hf_schema_int(p.root->items[1], 0, 9, &number, &p.diags));
	assert_string_equal(p.diags.items[1].message,
			    "99999999999999999999 is out of range: 0 to 9");
	assert_true(hf_schema_bool(p.root->items[2], &boolean, &p.diags));
	assert_true(boolean);
	assert_false(hf_schema_bool(p.root->items[4], &boolean, &p.diags));
	assert_string_equal(p.diags.items[2].message,
			    "must be true or false, not the text 'x'");
	assert_true(hf_schema_mode(p.root->items[3], &mode, &p.diags));
	assert_int_equal(mode, 0640);
	assert_false(hf_schema_mode(p.root->items[5], &mode, &p.diags));
	assert_int_equal(number, 1);
	assert_int_equal(mode, 0640);
	parsed_done(&p);
}

/* --- the whole loader on damaged input -------------------------------------------- */

static const char seed_text[] =
	"holdfast: 1\nname: shop\ntitle: ${t}\nversion: \"1\"\nrequires: \">=0.1\"\n"
	"select: {level: 2, skip: [\"tag:x\"]}\nrestart: safe\nvars: {t: \"a b\", g: "
	"\"${t}\"}\n"
	"x-a: &x [1, 2]\n"
	"controls:\n"
	"  - id: one\n    title: \"One \\u00e9 ${g}\"\n    level: 1\n    tags: [x, y]\n"
	"    refs: {cis: [\"1.1\", 2]}\n"
	"    when: {engine: [\">=20,<29\"], os: [\"debian>=12\", rhel], exists: /a/b,\n"
	"      lsm: apparmor, unit: a.service, not: {swarm: true}}\n"
	"    daemon: {set: {a: true, b: \"${unit:x.service}\", c: \"$${q}\"}}\n"
	"  - id: two\n    title: T\n    manual: >\n      text that\n      folds\n"
	"  - {id: three, title: T, files: [{path: /x}], disabled: why, meta: {a: *x}}\n"
	"waivers:\n  - {control: two, hosts: [\"a*\"], reason: r, until: 2028-02-29}\n";

/* Whatever comes in, the answer is a model or at least one diagnostic with a place. */
static void test_mutations(void **state)
{
	enum { ROUNDS = 4000, CAP = 4096 };
	const char *env = getenv("HF_TEST_SEED"), *name = "f";
	uint64_t seed = env ? strtoull(env, NULL, 10) : 20261122;
	char text[CAP];
	unsigned good = 0;

	(void)state;
	assert_said(seed_text, "");
	print_message("HF_TEST_SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < ROUNDS; i++) {
		memory_file file = { "f", text, sizeof(seed_text) - 1 };
		unsigned edits = 1 + next_random(&seed) % 3;
		world w;

		memcpy(text, seed_text, sizeof(seed_text));
		while (edits--)
			file.len = mutate(text, file.len, CAP, &seed);
		if (!file.len)
			continue;
		world_load_sets(&w, &file, 1, &name, 1, NULL, 0);
		if (w.ok) {
			cleanup_(hf_strbuf_done) hf_strbuf flat = { 0 };
			const memory_file again = { "g", NULL, 0 };
			memory_file flat_file = again;
			const char *flat_name = "g";
			world v;

			good++;
			assert_int_equal(hf_model_resolved(&w.model, &flat), 0);
			flat_file.text = hf_strbuf_str(&flat);
			world_load_sets(&v, &flat_file, 1, &flat_name, 1, NULL, 0);
			assert_string_equal(hf_strbuf_str(&v.said), "");
			assert_int_equal(v.model.n_controls, w.model.n_controls);
			world_done(&v);
		} else {
			assert_true(w.diags.n > 0);
		}
		world_done(&w);
	}
	print_message("%u of %d still load\n", good, ROUNDS);
}

/* Ten times the controls: about ten times the memory, and nothing near quadratic time. */
static void load_many(unsigned n, size_t *ret_bytes, double *ret_seconds)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	struct timespec a, b;
	world w;

	hf_strbuf_adds(&sb, HEAD "vars: {g: root}\ncontrols:\n");
	for (unsigned i = 0; i < n; i++)
		hf_strbuf_addf(&sb,
			       "  - id: control-%u\n    title: Control number %u\n"
			       "    severity: high\n    tags: [network]\n"
			       "    refs: {cis: [\"%u\"]}\n    rationale: Because.\n"
			       "    daemon: {set: {\"k%u\": \"${g}\"}}\n",
			       i, i, i, i);
	clock_gettime(CLOCK_MONOTONIC, &a);
	world_load(&w, hf_strbuf_str(&sb));
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_string_equal(hf_strbuf_str(&w.said), "");
	assert_int_equal(w.model.n_controls, n);
	*ret_bytes = w.model.arena.total_bytes;
	*ret_seconds =
		(double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	world_done(&w);
}

static void test_growth(void **state)
{
	size_t small, large;
	double small_time, large_time;

	(void)state;
	load_many(1000, &small, &small_time);
	load_many(10000, &large, &large_time);
	print_message("10,000 controls: %zu bytes, %.3f s\n", large, large_time);
	assert_true(large < (size_t)40 * 1024 * 1024);
	assert_true(large < small * 12);
	/* quadratic would be a hundred times; a busy machine and valgrind are let pass */
	assert_true(large_time < small_time * 50 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),	  cmocka_unit_test(test_strict),
		cmocka_unit_test(test_encoding),  cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_limits),	  cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_schema),	  cmocka_unit_test(test_schema_values),
		cmocka_unit_test(test_mutations), cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

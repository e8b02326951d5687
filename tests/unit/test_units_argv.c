/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kinds/units/units_argv.h"

#define NO_NAME "the program is neither an absolute path nor a mere name"
#define SPECIAL "the program has quotes, backslashes or control characters in its name"

static const char env_text[] = "OPTS=-H tcp://a 'b c' --x\n"
			       "EMPTY=\nFOO = two words  \nQ=\"a b\"c\n";

/* Words joined by '|', variable sources in brackets; '~' in front: not exact. What is not
 * taken: "!why", or "!!why" where systemd reads no further. */
static void expand_text(const char *value, hf_strbuf *sb)
{
	static const char unit[] = "a-b@c\\x2dd.service";
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_error *err = NULL;
	hf_env env = { 0 };
	hf_argv argv = { .exact = true };
	hf_cmd cmd;

	assert_int_equal(
		hf_env_file_parse(&env, &arena, "/e", env_text, strlen(env_text), NULL),
		0);
	assert_int_equal(hf_cmd_parse(&arena, unit, value, &cmd, &err), 0);
	assert_true(cmd.n_commands || cmd.why);
	if (cmd.n_commands)
		assert_int_equal(
			hf_cmd_expand(&arena, &cmd, unit, &env, "/u", 3, &argv, &err), 0);
	if (!argv.exact)
		hf_strbuf_addc(sb, '~');
	for (size_t i = 0; i < argv.n; i++) {
		hf_strbuf_addf(sb, "%s%s", i ? "|" : "", argv.args[i].text);
		if (argv.args[i].variable)
			hf_strbuf_addf(sb, "[%s]", argv.args[i].variable);
	}
	if (cmd.n_commands > 1)
		hf_strbuf_addf(sb, " +%zu", cmd.n_commands - 1);
	if (cmd.why)
		hf_strbuf_addf(sb, "%s%s", cmd.fatal ? "!!" : "!", cmd.why);
}

static void command_lines(void **state)
{
	static const struct {
		const char *value;
		const char *expected;
	} table[] = {
		{ "/bin/x a  b\tc", "/bin/x|a|b|c" },
		{ "-@:!!/bin/x argv0 $OPTS", "/bin/x|$OPTS" },
		{ "+-/bin/x $$a", "/bin/x|$a" },
		{ "++/bin/x", "!!" NO_NAME },
		{ "/x \"a b\" 'c \"d' e\"f g\"h", "/x|a b|c \"d|ef gh" },
		{ "/x \"\" ''", "/x||" },
		{ "/x \\x41\\101\\u00e9\\s\\t\\\\", "/x|AA\xc3\xa9 \t\\" },
		{ "/x \\q \"\\z\"", "/x|\\q|\\z" },
		{ "/x \\x00 \\400", "/x|\\x00|\\400" },
		{ "/x \\ud800 \\uffff", "/x|\xed\xa0\x80|\xef\xbf\xbf" },
		{ "/x \\U0000d800 \\U0000ffff", "/x|\\U0000d800|\\U0000ffff" },
		{ "/x \\U0001fdd0 \\U0000fdd0", "/x|\xf0\x9f\xb7\x90|\\U0000fdd0" },
		{ "/x a\\", "/x|a\\" },
		{ "/x \"open", "!!unbalanced quotes" },
		{ "-/x \"open", "!unbalanced quotes" },
		{ "\"/x", "!unbalanced quotes" },
		{ "", "!empty command line" },
		{ "-", "!no program in the command line" },
		{ "+", "!!no program in the command line" },
		{ "@/x", "!!no argv[0] after the '@' prefix" },
		{ "-@/x", "!no argv[0] after the '@' prefix" },
		{ "!-!/x a", "/x|a" },
		{ "!!!/x", "!!" NO_NAME },
		{ "x/y", "!!" NO_NAME },
		{ "-..", "!" NO_NAME },
		{ "y a", "y|a" },
		{ "/x/", "!!the program is a directory" },
		{ "'/x\"'", "!!" SPECIAL },
		{ "/x\\x01", "!!" SPECIAL },
		{ "/x a ; y/z", "/x|a!!" NO_NAME },
		{ "/x a ; -y/z ; /z", "/x|a!" NO_NAME },
		{ "/x ; \"/y", "/x!unbalanced quotes" },
		{ "; a", "a" },
		{ "; ';' a ; ; \";\" ;", "a" },
		{ ";", "!empty command line" },
		{ "/x ; ; \"/y", "/x!unbalanced quotes" },
		{ "/x \\; ; \\;", "/x|;!!" SPECIAL },
		{ "/x a ; /y b ; /z", "/x|a +2" },
		{ "/x a;b \\; c ;d ;", "/x|a;b|;|c|;d" },
		{ "/x ';'", "/x|;" },
		{ "/x %n %N %p %P %i %I %j %% %t %u%",
		  "/x|a-b@c\\x2dd.service|a-b@c\\x2dd|a-b|"
		  "a/b|c\\x2dd|c-d|b|%|/run|root%" },
		{ "/x %H", "~/x|%H" },
		{ "/x %Z", "!!unknown % specifier in '%Z'" },
		{ "-/x %0 y", "!unknown % specifier in '%0'" },
		{ "/x %! '% ' %-", "/x|%!|% |%-" },
		{ "/x %f", "/x|/c-d" },
		{ "/x $OPTS y", "/x|-H[OPTS]|tcp://a[OPTS]|b c[OPTS]|--x[OPTS]|y" },
		{ "/x ${OPTS} a${EMPTY}b", "/x|-H tcp://a 'b c' --x[OPTS]|ab[EMPTY]" },
		{ "/x $EMPTY $UNSET ${UNSET} $ z", "/x|[UNSET]|z" },
		{ "/x a$FOO $FOO '$FOO'",
		  "/x|a$FOO|two[FOO]|words[FOO]|two[FOO]|words[FOO]" },
		{ "/x $$FOO $${FOO} ${FOO", "/x|$FOO|${FOO}|${FOO" },
		{ "/x ${${EMPTY}}a", "/x|}a[${EMPTY]" },
		{ "/x ${a:b}${EMPTY}c ${EMPTY}d:e", "/x|${a:b}c[EMPTY]|d:e[EMPTY]" },
		{ "/x }${EMPTY}:${EMPTY} a", "/x|}:[EMPTY]|a" },
		{ "/x ${:${EMPTY} ${}y", "/x|${:[EMPTY]|y[]" },
		{ "/x $PATH", "~/x" },
		{ "/x $Q", "/x|a[Q]|bc[Q]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

		expand_text(table[i].value, &sb);
		assert_string_equal(hf_strbuf_str(&sb), table[i].expected);
	}
}

/* Names that are not escaped as systemd escapes them. */
static void names(void **state)
{
	static const struct {
		const char *unit, *text;
		const char *expected; /* NULL: refused */
	} table[] = {
		{ "a@b\\c.service", "%i", "b\\c" },
		{ "a@b\\c.service", "%I", NULL },
		{ "a@b\\c.service", "%f", NULL },
		{ "a@b\\x2.service", "%I", NULL },
		{ "a\\x2d-b\\xzz.service", "%P", NULL },
		{ "a\\-b.service", "%J", "b" },
		{ "a-b.service", "%f", "/a/b" },
		{ "a@-.service", "%f", "/" },
		{ "a@-b.service", "%f", NULL },
		{ "a@b-.service", "%f", NULL },
		{ "a@b--c.service", "%f", NULL },
		{ "a@b-..service", "%f", NULL },
		{ "a@..-b.service", "%f", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		cleanup_(hf_arena_done) hf_arena arena = { 0 };
		const char *out;
		hf_expansion how;

		assert_int_equal(hf_specifiers_expand(&arena, table[i].unit,
						      table[i].text, &out, &how),
				 0);
		assert_int_equal(how,
				 table[i].expected ? HF_EXPAND_EXACT : HF_EXPAND_INVALID);
		if (table[i].expected)
			assert_string_equal(out, table[i].expected);
	}
}

/* Where a command makes systemd give up the file. */
static void cut_files(void **state)
{
	static const struct {
		const char *unit, *text;
		size_t n; /* assignments that are left */
		unsigned line;
	} table[] = {
		{ "a.service", "[Service]\nExecStart=/x \"\nA=1\n", 1, 2 },
		{ "a.service", "[Service]\nA=1\nExecStop=/x %Z\nB=1\n", 2, 3 },
		{ "a.service", "[Service]\nExecStop=-/x %Z\nB=1\n", 2, 0 },
		{ "a.service", "[Service]\nExecStart=\nB=1\n", 2, 0 },
		{ "a.service", "[Socket]\nExecStopPre=x/\nB=1\n", 2, 0 },
		{ "a.socket", "[Socket]\nExecStopPre=x/\nB=1\n", 1, 2 },
		{ "a.service", "[Service]\nExecOther=x/\nB=1\n", 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		cleanup_(hf_arena_done) hf_arena arena = { 0 };
		hf_unit_file file;

		assert_int_equal(hf_unit_file_parse(&arena, "/u", table[i].text,
						    strlen(table[i].text), &file, NULL),
				 0);
		assert_int_equal(hf_cmd_file_cut(&arena, table[i].unit, &file, NULL), 0);
		assert_int_equal(file.n, table[i].n);
		assert_int_equal(file.broken_line, table[i].line);
		assert_int_equal(!!file.broken_why, !!table[i].line);
	}
}

static void spans(void **state)
{
	static const char value[] = "-/x  'a b'\t\\; $O";
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_cmd cmd;

	(void)state;
	assert_int_equal(hf_cmd_parse(&arena, "a.service", value, &cmd, NULL), 0);
	assert_int_equal(cmd.n_words, 4);
	assert_int_equal(cmd.words[1].start, 5);
	assert_int_equal(cmd.words[1].len, 5);
	assert_int_equal(cmd.words[2].len, 2);
	assert_string_equal(cmd.words[2].text, ";");
	assert_string_equal(cmd.program, "/x");
}

static void env_files(void **state)
{
	static const struct {
		const char *text;
		const char *expected; /* NAME=VALUE@LINE|... in order of the names asked
					 for */
	} table[] = {
		{ "A=1\nB=2\n", "A=1@1|B=2@2|" },
		{ "# A=0\n;B=0\n\n  A = x y \t\n", "A=x y@4|" },
		{ "A='x  y' \"z\"\n", "A=x  yz@1|" },
		{ "A=\"a\\\"b\\$\\x\\\nc\"\n", "A=a\"b$\\xc@1|" },
		{ "A=a\\\nb\nB=1", "A=ab@1|B=1@3|" },
		{ "A=1\nA=2\n", "A=2@2|" },
		{ "A='open\nB=1\n", "A=open\nB=1\n@1|" },
		{ "A\nB=1\r\n", "B=1@2|" },
		{ "1A=x\nB-C=y\nA=z\n", "A=z@3|" },
		{ "# c \\\nA=1\n", "A=1@2|" },
		{ "A=x#y ;z\n", "A=x#y ;z@1|" },
		{ "A=\n", "A=@1|" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		cleanup_(hf_arena_done) hf_arena arena = { 0 };
		cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
		hf_env env = { 0 };

		assert_int_equal(hf_env_file_parse(&env, &arena, "/e", table[i].text,
						   strlen(table[i].text), NULL),
				 0);
		for (const char *name = "A\0B\0C\0"; *name; name += 2) {
			const hf_env_var *var = hf_map_get(&env.by_name, name);

			if (var)
				hf_strbuf_addf(&sb, "%s=%s@%u|", name, var->value,
					       var->line);
		}
		assert_string_equal(hf_strbuf_str(&sb), table[i].expected);
	}
}

static void env_file_not_utf8(void **state)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_env env = { 0 };

	(void)state;
	assert_int_equal(hf_env_file_parse(&env, &arena, "/e", "A=1\nB=\xff\n", 9, &err),
			 -EBADMSG);
	assert_int_equal(err->line, 2);
}

static void quoting(void **state)
{
	static const struct {
		const char *word;
		const char *expected;
	} table[] = {
		{ "tcp://0.0.0.0:2375", "tcp://0.0.0.0:2375" },
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "100%", "\"100%%\"" },
		{ "$HOME", "\"$$HOME\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\nb\x7f", "\"a\\x0ab\\x7f\"" },
		{ ";", "\";\"" },
		{ "caf\xc3\xa9", "\"caf\xc3\xa9\"" },
		{ "\xff", "\"\\xff\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

		hf_cmd_quote(&sb, table[i].word, true);
		assert_string_equal(hf_strbuf_str(&sb), table[i].expected);
	}
}

/* Openings whose end is far, or nowhere, are not looked for again from each of them. */
static void many_openings(void **state)
{
	enum { MANY = 500000 };
	static const char *const ends[] = { "", ":}" };
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		cleanup_(hf_strbuf_done) hf_strbuf value = { 0 }, sb = { 0 };

		hf_strbuf_adds(&value, "/x ");
		for (int k = 0; k < MANY; k++)
			hf_strbuf_adds(&value, "${");
		hf_strbuf_adds(&value, ends[i]);
		expand_text(hf_strbuf_str(&value), &sb);
		assert_int_equal(sb.len, value.len);
	}
	/* from each of them it takes seven times as long, at best */
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

/* Any damage to a line or an environment file gives words or an error, never a crash. */
static void mutations(void **state)
{
	static const char seed[] =
		"-@/usr/bin/x arg0 $OPTS ${FOO}x 'a b' \"c\\x41\" %n \\; ; /y";
	static const char bytes[] = "\\\"'$%{};=# \n\r@:x0\xff";
	unsigned random = 99;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
		cleanup_(hf_arena_done) hf_arena arena = { 0 };
		char text[sizeof(seed)];
		hf_env env = { 0 };

		memcpy(text, seed, sizeof(seed));
		for (int i = 0; i < 4; i++) {
			random = random * 1103515245u + 12345u;
			text[(random >> 8) % (sizeof(seed) - 1)] =
				bytes[(random >> 20) % (sizeof(bytes) - 1)];
		}
		expand_text(text, &sb);
		(void)!hf_env_file_parse(&env, &arena, "/e", text, sizeof(seed) - 1,
					 NULL);
	}
}

/* Whatever the words are: written, split and expanded they are the same again. */
static void round_trip(void **state)
{
	static const char bytes[] = "ab ;;$$%%{}\\\"'\t\n\xc3\xa9-=@:+!xu0";
	unsigned random = 4711;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		cleanup_(hf_arena_done) hf_arena arena = { 0 };
		cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
		char words[4][9] = { 0 };
		hf_env env = { 0 };
		bool dollar = round % 2;
		hf_argv argv;
		hf_cmd cmd;

		hf_strbuf_adds(&sb, dollar ? "/x" : ":/x");
		for (size_t w = 0; w < 4; w++) {
			random = random * 1103515245u + 12345u;
			for (size_t i = 0, n = (random >> 16) % 9; i < n; i++) {
				random = random * 1103515245u + 12345u;
				words[w][i] = bytes[(random >> 16) % (sizeof(bytes) - 1)];
			}
			hf_strbuf_addc(&sb, ' ');
			hf_cmd_quote(&sb, words[w], dollar);
		}
		assert_int_equal(
			hf_cmd_parse(&arena, "a.service", hf_strbuf_str(&sb), &cmd, NULL),
			0);
		assert_int_equal(hf_cmd_expand(&arena, &cmd, "a.service", &env, "/u", 1,
					       &argv, NULL),
				 0);
		assert_true(argv.exact);
		assert_int_equal(argv.n, 5);
		for (size_t w = 0; w < 4; w++)
			assert_string_equal(argv.args[w + 1].text, words[w]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines), cmocka_unit_test(spans),
		cmocka_unit_test(names),	 cmocka_unit_test(cut_files),
		cmocka_unit_test(env_files),	 cmocka_unit_test(env_file_not_utf8),
		cmocka_unit_test(quoting),	 cmocka_unit_test(round_trip),
		cmocka_unit_test(mutations),	 cmocka_unit_test(many_openings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

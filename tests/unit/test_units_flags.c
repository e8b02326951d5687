/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kinds/units/units_flags.h"

typedef struct parsed {
	hf_arena arena;
	hf_cmd cmd;
	hf_argv argv;
	hf_flag *flags;
	size_t n;
} parsed;

static const char env_text[] = "OPTS=--debug --host tcp://0.0.0.0:2375\nLEVEL=warn\n"
			       "ODD=--label=a\\\\ b --icc '--label=\"\\\\\\\\' \"\"\n";

static void parse(parsed *p, const char *line)
{
	hf_env env = { 0 };

	*p = (parsed){ 0 };
	assert_int_equal(hf_env_file_parse(&env, &p->arena, "/e", env_text,
					   strlen(env_text), NULL),
			 0);
	assert_int_equal(hf_cmd_parse(&p->arena, "docker.service", line, &p->cmd, NULL),
			 0);
	assert_int_equal(hf_cmd_expand(&p->arena, &p->cmd, "x.service", &env, "/u", 1,
				       &p->argv, NULL),
			 0);
	assert_int_equal(
		hf_flags_scan(&p->arena, &p->argv, NULL, NULL, &p->flags, &p->n, NULL),
		0);
}

/* "NAME=VALUE@ARG+WORDS" for each flag; g: grouped, ?: unsure. */
static void scanning(void **state)
{
	static const struct {
		const char *line;
		const char *expected;
	} table[] = {
		{ "/usr/sbin/dockerd -H fd:// --containerd=/c",
		  "--host=fd://@1+2 --containerd=/c@3+1 " },
		{ "/dockerd -Hfd:// -H=unix:///x -D",
		  "--host=fd://@1+1 --host=unix:///x@2+1 --debug@3+1 " },
		{ "/dockerd -Dl warn", "--debug@1+1g --log-level=warn@1+2g " },
		{ "/dockerd -Dlwarn", "--debug@1+1g --log-level=warn@1+1g " },
		{ "/dockerd -D=false", "--debug=false@1+1 " },
		{ "/dockerd --debug x --log-level -- --icc",
		  "--debug@1+1 --log-level=--@3+2 --icc@5+1 " },
		{ "/dockerd --icc=false -- --debug", "--icc=false@1+1 " },
		{ "/dockerd $OPTS", "--debug@1+1 --host=tcp://0.0.0.0:2375@2+2 " },
		{ "/dockerd --http-proxy http://p --no-proxy=x -g /d",
		  "--http-proxy=http://p@1+2 --no-proxy=x@3+1 --graph=/d@4+2 " },
		{ "/dockerd --new-flag value", "--new-flag@1+1? " },
		{ "/dockerd --new-flag --debug", "--new-flag@1+1 --debug@2+1 " },
		{ "/dockerd --log-level", "--log-level@1+1 " },
		{ "/dockerd - x", "" },
		{ "/usr/bin/containerd -l debug -root /r --config=/c",
		  "--log-level=debug@1+2 --root=/r@3+2 --config=/c@5+1 " },
		{ "/opt/thing -v --level 3 -a=b", "-v@1+1 --level@2+1? -a=b@4+1 " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
		parsed p;

		parse(&p, table[i].line);
		for (size_t f = 0; f < p.n; f++)
			hf_strbuf_addf(&sb, "%s%s%s@%zu+%zu%s%s ", p.flags[f].name,
				       p.flags[f].value ? "=" : "",
				       p.flags[f].value ? p.flags[f].value : "",
				       p.flags[f].arg, p.flags[f].n_args,
				       p.flags[f].grouped ? "g" : "",
				       p.flags[f].unsure ? "?" : "");
		assert_string_equal(hf_strbuf_str(&sb), table[i].expected);
		hf_arena_done(&p.arena);
	}
}

/* dockerd's hosts match as they are meant, too; what others have, as it is written. */
static void matching_hosts(void **state)
{
	static const struct {
		const char *line, *value;
		bool match;
	} c[] = {
		{ "/dockerd -H :2375", "tcp://*", true },
		{ "/dockerd --host=127.0.0.1", "tcp://127.*", true },
		{ "/dockerd \"-H= [::1]:2375 \"", "tcp://[[]::1]:2375", true },
		{ "/dockerd -DH:2375", "tcp://*", true },
		{ "/dockerd -H :2375", ":*", true },
		{ "/dockerd -H tcp://:2375", "tcp://*", true },
		{ "/dockerd -H fd://", "tcp://*", false },
		{ "/dockerd -H unix://", "tcp://*", false },
		{ "/dockerd \"--host= \"", "tcp://*", false }, /* the default */
		{ "/dockerd --bip :2375", "tcp://*", false },
		{ "/other --host=:2375", "tcp://*", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		parsed p;

		parse(&p, c[i].line);
		assert_true(p.n > 0);
		if (hf_flag_match(&p.flags[p.n - 1], "--host", c[i].value) != c[i].match)
			fail_msg("%s: %s", c[i].line, c[i].value);
		hf_arena_done(&p.arena);
	}
}

static void matching(void **state)
{
	const hf_flag host = { .name = "--host", .value = "tcp://0.0.0.0:2375" };
	const hf_flag bare = { .name = "--debug" };

	cleanup_(hf_arena_done) hf_arena arena = { 0 };

	(void)state;
	assert_string_equal(hf_flag_long(&arena, "containerd", "-root"), "--root");
	assert_true(hf_flag_match(&host, "--host", NULL));
	assert_true(hf_flag_match(&host, "--host", "tcp://*"));
	assert_true(hf_flag_match(&host, "--ho*", "tcp://*:2375"));
	assert_false(hf_flag_match(&host, "--host", "fd://*"));
	assert_false(hf_flag_match(&host, "--hos", NULL));
	assert_true(hf_flag_match(&bare, "--debug", NULL));
	assert_false(hf_flag_match(&bare, "--debug", "*"));
	assert_int_equal(hf_flag_bool(&bare), 1);
	assert_int_equal(hf_flag_bool(&(hf_flag){ .value = "F" }), 0);
	assert_int_equal(hf_flag_bool(&(hf_flag){ .value = "yes" }), -1);
	assert_string_equal(hf_flag_long(&arena, "/x/dockerd", "-H"), "--host");
	assert_string_equal(hf_flag_long(&arena, "/x/other", "-H"), "-H");
	assert_string_equal(hf_flag_long(&arena, "/x/containerd", "-l"), "--log-level");
	assert_null(hf_flag_name_check("--log-level", false));
	assert_null(hf_flag_name_check("--tls*", true));
	assert_string_equal(hf_flag_name_check("--tls*", false),
			    "has a character that flags do not have");
	assert_string_equal(hf_flag_name_check("debug", false),
			    "does not begin with '-' or '--'");
	assert_string_equal(hf_flag_name_check("--", false),
			    "has no name after the dashes");
	assert_string_equal(hf_flag_name_check("---x", false),
			    "does not begin with '-' or '--'");
}

/* Drops the flags named @drop, then puts "@put=@value"; every other word stays. */
static void check_edit(const char *line, const char *drop, const char *put,
		       const char *value, const char *expected)
{
	const hf_flag *at = NULL;
	const char *refusal = NULL, *text, *name = "";
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_flag_edit edit;
	size_t pos = 0;
	parsed p;

	parse(&p, line);
	assert_int_equal(hf_flag_edit_begin(&p.arena, &p.cmd, &p.argv, &edit), 0);
	for (size_t i = 0; i < p.n && !refusal; i++) {
		if (!drop || strcmp(p.flags[i].name, drop))
			continue;
		assert_int_equal(hf_flag_edit_refusal(&edit, &p.flags[i], &refusal), 0);
		if (refusal)
			break;
		at = at ? at : &p.flags[i];
		hf_flag_edit_drop(&edit, &p.flags[i]);
	}
	if (refusal) {
		assert_string_equal(refusal, expected);
	} else {
		if (put)
			assert_int_equal(
				hf_flag_edit_put(&edit, at, put, &value, value != NULL),
				0);
		assert_int_equal(hf_flag_edit_line(&edit, &text), 0);
		hf_strbuf_adds(&sb, text);
		while (name) {
			assert_int_equal(hf_flag_edit_variable(&edit, &pos, &name, &text),
					 0);
			if (name)
				hf_strbuf_addf(&sb, " | %s=%s", name, text);
		}
		assert_string_equal(hf_strbuf_str(&sb), expected);
	}
	hf_arena_done(&p.arena);
}

static void editing(void **state)
{
	static const struct {
		const char *line;
		const char *drop;
		const char *put;
		const char *value;
		const char *expected;
	} table[] = {
		{ "-/usr/sbin/dockerd -H fd://  \"--label=a b\" $OTHER %n", "--host",
		  NULL, NULL, "-/usr/sbin/dockerd \"--label=a b\" $OTHER %n" },
		{ "/dockerd -D --debug=true x", "--debug", NULL, NULL, "/dockerd x" },
		{ "/dockerd --debug x", "--debug", "--debug", "false",
		  "/dockerd --debug=false x" },
		{ "/containerd", NULL, "--log-level", "info",
		  "/containerd --log-level=info" },
		{ "/containerd -l debug --root /r", "--log-level", "--log-level",
		  "in $fo%", "/containerd \"--log-level=in $$fo%%\" --root /r" },
		{ ":/containerd a", NULL, "--x", "$y", ":/containerd a \"--x=$y\"" },
		{ "/x a -- b", NULL, "--y", NULL, "/x a --y -- b" },
		{ "/dockerd --log-level ${LEVEL} x", "--log-level", NULL, NULL,
		  "/dockerd x" },
		{ "/dockerd $OPTS", "--debug", NULL, NULL,
		  "/dockerd $OPTS | OPTS=--host tcp://0.0.0.0:2375" },
		{ "/dockerd $OPTS", "--host", "--host", "fd://",
		  "/dockerd $OPTS --host=fd:// | OPTS=--debug" },
		{ "/dockerd --log-level $LEVEL", "--log-level", NULL, NULL,
		  "/dockerd $LEVEL | LEVEL=" },
		{ "/dockerd $OPTS -D $OPTS", "--debug", NULL, NULL,
		  "/dockerd $OPTS $OPTS | OPTS=--host tcp://0.0.0.0:2375" },
		{ "/dockerd $ODD", "--icc", NULL, NULL,
		  "/dockerd $ODD | ODD=\"--label=a b\" \"--label=\\\"\\\\\" \"\"" },
		/* a lone backslash at the end is a word, and stays that word only */
		{ "/x --debug=1 \\", "--debug", NULL, NULL, "/x \\\\" },
		{ "/x a\\", NULL, "--y", NULL, "/x a\\\\ --y" },
		{ "/x a\\\\", NULL, "--y", NULL, "/x a\\\\ --y" },
		{ "/dockerd -Dl warn", "--debug", NULL, NULL,
		  "it shares the word '-Dl' with other flags; write them apart in /u" },
		{ "/thing --debug x", "--debug", NULL, NULL,
		  "it cannot be told whether 'x' belongs to '--debug'; write "
		  "'--debug=...' in "
		  "/u" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		check_edit(table[i].line, table[i].drop, table[i].put, table[i].value,
			   table[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scanning),
		cmocka_unit_test(matching),
		cmocka_unit_test(matching_hosts),
		cmocka_unit_test(editing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

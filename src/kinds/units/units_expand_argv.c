/* SPDX-License-Identifier: Apache-2.0 */
/* The argv of a command line: replace_env_argv() of systemd. */
#include <errno.h>
#include <string.h>

#include "kinds/units/units_argv.h"

typedef struct hf_expander {
	hf_arena *arena;
	const hf_env *env;
	const char *unit;
	const char *file;
	unsigned line;
	hf_argv out;
} hf_expander;

static int expander_push(hf_expander *x, size_t word, const char *text,
			 const hf_env_var *var, const char *variable)
{
	size_t n = x->out.n;
	size_t *index = hf_vec_push(x->arena, x->out.words, n);
	hf_arg *arg = hf_vec_push(x->arena, x->out.args, x->out.n);

	if (!index || !arg)
		return -ENOMEM;
	*index = word;
	arg->text = text;
	arg->file = var ? var->file : x->file;
	arg->line = var ? var->line : x->line;
	arg->variable = variable;
	return 0;
}

static int expander_inexact(hf_expander *x, const char *what, const char *name)
{
	if (!x->out.exact)
		return 0;
	x->out.exact = false;
	x->out.why = hf_arena_printf(
		x->arena, "%s '%s' is known only to the running manager", what, name);
	return x->out.why ? 0 : -ENOMEM;
}

bool hf_env_is_managers(const char *name)
{
	static const char *const names[] = { "PATH",
					     "LANG",
					     "USER",
					     "LOGNAME",
					     "HOME",
					     "SHELL",
					     "MAINPID",
					     "INVOCATION_ID",
					     "JOURNAL_STREAM",
					     "SYSTEMD_EXEC_PID",
					     "NOTIFY_SOCKET",
					     "LISTEN_FDS",
					     "LISTEN_PID",
					     "LISTEN_FDNAMES",
					     "WATCHDOG_PID",
					     "WATCHDOG_USEC",
					     "TERM" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return !strncmp(name, "LC_", 3);
}

/* Has it a value, if any, that only the running manager knows? */
static bool is_open(const hf_env *env, const char *name)
{
	return hf_env_is_managers(name) || hf_map_get(&env->unknown, name);
}

static int expander_lookup(hf_expander *x, const char *name, const hf_env_var **ret)
{
	*ret = hf_map_get(&x->env->by_name, name);
	if (x->env->incomplete && x->out.exact) {
		x->out.exact = false;
		x->out.why = x->env->incomplete;
	}
	if (!*ret && is_open(x->env, name))
		return expander_inexact(x, "the variable", name);
	return 0;
}

/* A word "$NAME": the words of its value, none if it is unset. */
static int expand_split(hf_expander *x, size_t word, const char *name)
{
	const hf_env_var *var;
	const char **words;
	size_t n;

	if (expander_lookup(x, name, &var) < 0)
		return -ENOMEM;
	x->out.open |= x->env->incomplete || (!var && is_open(x->env, name));
	if (!var)
		return 0;
	/* relaxed splitting has no other error than memory */
	if (hf_words_split(x->arena, var->value, true, &words, &n, NULL) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (expander_push(x, word, words[i], var, var->name) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ${NAME} anywhere in a word, $$ for $; everything else stays. */
static int expand_inside(hf_expander *x, size_t word, const char *text)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const hf_env_var *from = NULL, *var;
	const char *end = text, *colon = text, *variable = NULL; /* the next of them */
	char *copy;

	for (const char *p = text; *p; p++) {
		bool opens = *p == '$' && p[1] == '{';
		char *name;

		if (*p == '$' && p[1] == '$') {
			hf_strbuf_addc(&sb, *p++);
			continue;
		}
		if (opens && end && end < p + 2)
			end = strchr(p, '}');
		if (opens && colon && colon < p + 2)
			colon = strchr(p, ':');
		/* ${NAME:-...} is no syntax that it knows: left as it is */
		if (!opens || !end || (colon && colon < end)) {
			hf_strbuf_addc(&sb, *p);
			continue;
		}
		name = hf_arena_memdup(x->arena, p + 2, (size_t)(end - p - 2));
		if (!name || expander_lookup(x, name, &var) < 0)
			return -ENOMEM;
		if (var) {
			hf_strbuf_adds(&sb, var->value);
			from = var;
		}
		variable = name;
		p = end;
	}
	copy = hf_arena_memdup(x->arena, hf_strbuf_str(&sb), sb.len);
	if (!copy || !hf_strbuf_ok(&sb))
		return -ENOMEM;
	return expander_push(x, word, copy, from, variable);
}

static int expand_word(hf_expander *x, const hf_cmd *cmd, size_t word)
{
	const char *text = word ? cmd->words[word].text : cmd->program;
	hf_expansion how;

	if (hf_specifiers_expand(x->arena, x->unit, text, &text, &how) < 0)
		return -ENOMEM;
	if (how == HF_EXPAND_INEXACT) {
		const char *shown = hf_cmd_word_shown(x->arena, text);

		if (!shown || expander_inexact(x, "the % specifier in", shown) < 0)
			return -ENOMEM;
	}
	if (!word || cmd->no_env)
		return expander_push(x, word, text, NULL, NULL);
	if (text[0] == '$' && text[1] != '{' && text[1] != '$')
		return expand_split(x, word, text + 1);
	return expand_inside(x, word, text);
}

int hf_cmd_expand(hf_arena *arena, const hf_cmd *cmd, const char *unit, const hf_env *env,
		  const char *file, unsigned line, hf_argv *ret, hf_error **err)
{
	hf_expander x = { arena, env, unit, file, line, { .exact = true } };

	for (size_t i = 0; i < cmd->n_words; i++) {
		if (cmd->separate_argv0 && i == 1)
			continue; /* only a name to show; the program stays args[0] */
		if (expand_word(&x, cmd, i) < 0)
			return hf_error_oom(err);
	}
	*ret = x.out;
	return 0;
}

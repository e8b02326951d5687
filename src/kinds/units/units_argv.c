/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_argv.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/escape.h"
#include "kinds/units/units_unit.h"

#define BLANKS " \t\n\r"

/* extract_first_word() of systemd, with the flags of its callers. */
typedef enum hf_split_mode {
	HF_SPLIT_STRICT,  /* C escapes; an unknown one is an error */
	HF_SPLIT_KEEP,	  /* C escapes; an unknown one stays as written */
	HF_SPLIT_RELAXED, /* no C escapes: a backslash only protects; open ends are fine
			   */
} hf_split_mode;

static bool is_blank(char c)
{
	return c && strchr(BLANKS, c);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* \xHH, \OOO, \uHHHH, \UHHHHHHHH; returns the length after the backslash, 0 if invalid.
 */
static size_t unescape_number(const char *s, hf_strbuf *out)
{
	bool octal = *s >= '0' && *s <= '7';
	size_t skip = octal ? 0 : 1;
	size_t digits = octal ? 3 : *s == 'x' ? 2 : *s == 'u' ? 4 : 8;
	uint32_t u = 0;
	char utf8[4];

	for (size_t i = skip; i < skip + digits; i++) {
		int v = hex_value(s[i]);

		if (v < 0 || (octal && v > 7))
			return 0;
		u = u * (octal ? 8 : 16) + (uint32_t)v;
	}
	if (!u)
		return 0; /* no string can hold it */
	if (octal || *s == 'x') {
		if (u > 255)
			return 0;
		hf_strbuf_addc(out, (char)u);
	} else {
		if (u > 0x10ffff || (u >= 0xd800 && u < 0xe000))
			return 0;
		hf_strbuf_add(out, utf8, hf_utf8_put(utf8, u));
	}
	return skip + digits;
}

/* cunescape_one(): what follows a backslash; returns its length, 0 if it is unknown. */
static size_t unescape_one(const char *s, hf_strbuf *out)
{
	static const char from[] = "abfnrtv\\\"'s", to[] = "\a\b\f\n\r\t\v\\\"' ";
	const char *at = *s ? strchr(from, *s) : NULL;

	if (at) {
		hf_strbuf_addc(out, to[at - from]);
		return 1;
	}
	if (*s == 'x' || *s == 'u' || *s == 'U' || (*s >= '0' && *s <= '7'))
		return unescape_number(s, out);
	return 0;
}

/*
 * One word from *p on, which must not be a blank. Advances *p behind the word. Returns 0,
 * -EINVAL for an unknown escape (STRICT only), -EBADMSG for an open quote.
 */
static int word_next(const char **p, hf_split_mode mode, hf_strbuf *out)
{
	char quote = 0;
	const char *s = *p;

	for (; *s && (quote || !is_blank(*s)); s++) {
		size_t n = 0;

		if (*s == quote) {
			quote = 0;
		} else if (!quote && (*s == '\'' || *s == '"')) {
			quote = *s;
		} else if (*s != '\\') {
			hf_strbuf_addc(out, *s);
		} else if (!s[1]) {
			/* kept where it stands alone at the end */
			if (mode == HF_SPLIT_STRICT)
				return -EINVAL;
			if (mode == HF_SPLIT_KEEP) {
				if (quote)
					return -EBADMSG;
				hf_strbuf_addc(out, '\\');
			}
		} else if (mode == HF_SPLIT_RELAXED) {
			hf_strbuf_addc(out, *++s);
		} else {
			n = unescape_one(s + 1, out);
			if (!n && mode == HF_SPLIT_STRICT)
				return -EINVAL;
			if (!n) {
				hf_strbuf_add(out, s, 2);
				n = 1;
			}
			s += n;
		}
	}
	if (quote && mode != HF_SPLIT_RELAXED)
		return mode == HF_SPLIT_STRICT ? -EINVAL : -EBADMSG;
	*p = s;
	return 0;
}

/* extract_first_word_and_warn(): strict first, then again keeping unknown escapes. */
static int word_next_warn(const char **p, hf_strbuf *out)
{
	size_t len = out->len;

	if (word_next(p, HF_SPLIT_STRICT, out) == 0)
		return 0;
	out->len = len;
	return word_next(p, HF_SPLIT_KEEP, out);
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, BLANKS);
}

static int unbalanced(hf_error **err)
{
	return hf_error_set(err, -EBADMSG, "unbalanced quotes");
}

int hf_words_split(hf_arena *arena, const char *text, bool relaxed, const char ***ret,
		   size_t *ret_n, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const char **words = NULL;
	size_t n = 0;
	int r;

	for (const char *p = skip_blanks(text); *p; p = skip_blanks(p)) {
		const char **slot = hf_vec_push(arena, words, n);

		if (!slot)
			return hf_error_oom(err);
		hf_strbuf_reset(&sb);
		r = relaxed ? word_next(&p, HF_SPLIT_RELAXED, &sb)
			    : word_next_warn(&p, &sb);
		if (r < 0)
			return unbalanced(err);
		*slot = hf_arena_memdup(arena, hf_strbuf_str(&sb), sb.len);
		if (!hf_strbuf_ok(&sb) || !*slot)
			return hf_error_oom(err);
	}
	*ret = words;
	*ret_n = n;
	return 0;
}

/* The prefixes of the program; systemd.service(5), table 1. */
static const char *prefixes_take(hf_cmd *cmd, const char *word)
{
	bool privileged = false, ignore_failure = false;

	for (;; word++) {
		if (*word == '-' && !ignore_failure)
			ignore_failure = true;
		else if (*word == '@' && !cmd->separate_argv0)
			cmd->separate_argv0 = true;
		else if (*word == ':' && !cmd->no_env)
			cmd->no_env = true;
		else if (*word == '+' && !privileged)
			privileged = true;
		else if (*word == '!' && !privileged) {
			privileged = true;
			if (word[1] == '!')
				word++;
		} else
			return word;
	}
}

static bool ends_word(char c)
{
	return !c || is_blank(c);
}

/* The words of the first command; the others are only counted. */
static int cmd_split(hf_arena *arena, hf_cmd *cmd, hf_strbuf *sb)
{
	const char *p = skip_blanks(cmd->raw);

	for (; *p; p = skip_blanks(p)) {
		const char *start = p;
		hf_cmd_word *word;

		if (*p == ';' && ends_word(p[1]) && (cmd->n_words || cmd->n_commands)) {
			p = skip_blanks(p + 1);
			if (*p)
				cmd->n_commands++;
			continue;
		}
		hf_strbuf_reset(sb);
		if (*p == '\\' && p[1] == ';' && ends_word(p[2])) {
			hf_strbuf_addc(sb, ';');
			p += 2;
		} else if (word_next_warn(&p, sb) < 0) {
			return -EBADMSG;
		}
		if (cmd->n_commands > 1)
			continue;
		cmd->n_commands = 1;
		word = hf_vec_push(arena, cmd->words, cmd->n_words);
		if (!word)
			return -ENOMEM;
		word->start = (size_t)(start - cmd->raw);
		word->len = (size_t)(p - start);
		word->text = hf_arena_memdup(arena, hf_strbuf_str(sb), sb->len);
		if (!word->text || !hf_strbuf_ok(sb))
			return -ENOMEM;
	}
	return 0;
}

int hf_cmd_parse(hf_arena *arena, const char *value, hf_cmd *ret, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_cmd cmd = { .raw = value };
	int r = cmd_split(arena, &cmd, &sb);

	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		return unbalanced(err);
	if (!cmd.n_words)
		return hf_error_set(err, -EBADMSG, "empty command line");
	cmd.program = prefixes_take(&cmd, cmd.words[0].text);
	if (!cmd.program[0])
		return hf_error_set(err, -EBADMSG, "no program in the command line");
	if (cmd.separate_argv0 && cmd.n_words < 2)
		return hf_error_set(err, -EBADMSG, "no argv[0] after the '@' prefix");
	*ret = cmd;
	return 0;
}

/* --- specifiers ------------------------------------------------------------------ */

/* "\x2d" of a unit name's prefix or instance, for the unescaped specifiers. */
static void add_unescaped_name(hf_strbuf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 3 < len && s[i + 1] == 'x' &&
		    hex_value(s[i + 2]) >= 0 && hex_value(s[i + 3]) >= 0) {
			hf_strbuf_addc(out, (char)(hex_value(s[i + 2]) * 16 +
						   hex_value(s[i + 3])));
			i += 3;
		} else {
			hf_strbuf_addc(out, s[i] == '-' ? '/' : s[i]);
		}
	}
}

/* The specifiers that the unit's name decides; false: not one of them. */
static bool specifier_of_name(hf_strbuf *out, char c, const char *unit)
{
	const char *type = hf_unit_name_type(unit);
	size_t stem = strlen(unit) - strlen(type);
	const char *at = memchr(unit, '@', stem);
	size_t prefix = at ? (size_t)(at - unit) : stem;
	const char *instance = at ? at + 1 : type;
	size_t instance_len = at ? stem - prefix - 1 : 0;
	const char *last = unit;

	for (size_t i = 0; i < prefix; i++) {
		if (unit[i] == '-')
			last = unit + i + 1;
	}
	switch (c) {
	case 'n':
		hf_strbuf_adds(out, unit);
		return true;
	case 'N':
		hf_strbuf_add(out, unit, stem);
		return true;
	case 'p':
		hf_strbuf_add(out, unit, prefix);
		return true;
	case 'P':
		add_unescaped_name(out, unit, prefix);
		return true;
	case 'i':
		hf_strbuf_add(out, instance, instance_len);
		return true;
	case 'I':
		add_unescaped_name(out, instance, instance_len);
		return true;
	case 'j':
		hf_strbuf_add(out, last, prefix - (size_t)(last - unit));
		return true;
	case 'J':
		add_unescaped_name(out, last, prefix - (size_t)(last - unit));
		return true;
	default:
		return false;
	}
}

/* The directories and identities of the system manager, which are fixed. */
static const char *specifier_constant(char c)
{
	switch (c) {
	case '%':
		return "%";
	case 't':
		return "/run";
	case 'S':
		return "/var/lib";
	case 'C':
		return "/var/cache";
	case 'L':
		return "/var/log";
	case 'E':
		return "/etc";
	case 'u':
	case 'g':
		return "root";
	case 'U':
	case 'G':
		return "0";
	case 'h':
		return "/root";
	default:
		return NULL;
	}
}

int hf_specifiers_expand(hf_arena *arena, const char *unit, const char *text,
			 const char **ret, hf_expansion *ret_how)
{
	cleanup_(hf_strbuf_done) hf_strbuf out = { 0 };
	hf_expansion how = HF_EXPAND_EXACT;
	char *copy;

	for (const char *p = text; *p; p++) {
		const char *constant;

		if (*p != '%' || !p[1]) { /* a lone one at the end is tolerated */
			hf_strbuf_addc(&out, *p);
			continue;
		}
		p++;
		constant = specifier_constant(*p);
		if (constant) {
			hf_strbuf_adds(&out, constant);
		} else if (!specifier_of_name(&out, *p, unit)) {
			/* known, but of the host, the boot or the manager */
			if (strchr("aAbBcdDfHlmMoqrRsTvVwWyY", *p)) {
				if (how == HF_EXPAND_EXACT)
					how = HF_EXPAND_INEXACT;
			} else {
				how = HF_EXPAND_INVALID;
			}
			hf_strbuf_addc(&out, '%');
			hf_strbuf_addc(&out, *p);
		}
	}
	copy = hf_arena_memdup(arena, hf_strbuf_str(&out), out.len);
	if (!copy || !hf_strbuf_ok(&out))
		return -ENOMEM;
	*ret = copy;
	*ret_how = how;
	return 0;
}

/* --- expansion ------------------------------------------------------------------- */

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

/* What systemd itself puts into the environment of a service; systemd.exec(5). */
static bool env_is_managers(const hf_env *env, const char *name)
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
	return !strncmp(name, "LC_", 3) || hf_map_get(&env->unknown, name);
}

static int expander_lookup(hf_expander *x, const char *name, const hf_env_var **ret)
{
	*ret = hf_map_get(&x->env->by_name, name);
	if (x->env->incomplete && x->out.exact) {
		x->out.exact = false;
		x->out.why = x->env->incomplete;
	}
	if (!*ret && env_is_managers(x->env, name))
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
	x->out.open |= x->env->incomplete || (!var && env_is_managers(x->env, name));
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
	const char *variable = NULL;
	char *copy;

	for (const char *p = text; *p; p++) {
		const char *end = *p == '$' && p[1] == '{' ? strchr(p, '}') : NULL;
		char *name;

		if (*p == '$' && p[1] == '$') {
			hf_strbuf_addc(&sb, *p++);
			continue;
		}
		if (!end) {
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

static int expand_word(hf_expander *x, const hf_cmd *cmd, size_t word, hf_error **err)
{
	const char *text = word ? cmd->words[word].text : cmd->program;
	hf_expansion how;
	int r;

	if (hf_specifiers_expand(x->arena, x->unit, text, &text, &how) < 0)
		return hf_error_oom(err);
	if (how == HF_EXPAND_INVALID)
		return hf_error_set(err, -EBADMSG, "unknown %% specifier in '%s'", text);
	if (how == HF_EXPAND_INEXACT &&
	    expander_inexact(x, "the % specifier in", text) < 0)
		return hf_error_oom(err);
	if (!word || cmd->no_env)
		r = expander_push(x, word, text, NULL, NULL);
	else if (text[0] == '$' && text[1] != '{' && text[1] != '$')
		r = expand_split(x, word, text + 1);
	else
		r = expand_inside(x, word, text);
	return r < 0 ? hf_error_oom(err) : 0;
}

int hf_cmd_expand(hf_arena *arena, const hf_cmd *cmd, const char *unit, const hf_env *env,
		  const char *file, unsigned line, hf_argv *ret, hf_error **err)
{
	hf_expander x = { arena, env, unit, file, line, { .exact = true } };

	for (size_t i = 0; i < cmd->n_words; i++) {
		int r;

		if (cmd->separate_argv0 && i == 1)
			continue; /* only a name to show; the program stays args[0] */
		r = expand_word(&x, cmd, i, err);
		if (r < 0)
			return r;
	}
	*ret = x.out;
	return 0;
}

/* --- quoting --------------------------------------------------------------------- */

static bool is_safe(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || (c && strchr("_./:=,@+-", c));
}

void hf_cmd_quote(hf_strbuf *out, const char *word, bool dollar)
{
	size_t len = strlen(word), i = 0;

	while (i < len && is_safe(word[i]))
		i++;
	if (len && i == len) {
		hf_strbuf_adds(out, word);
		return;
	}
	hf_strbuf_addc(out, '"');
	for (i = 0; i < len;) {
		size_t n = hf_utf8_len(word + i, len - i);
		unsigned char c = (unsigned char)word[i];

		if (!n || c < 0x20 || c == 0x7f) {
			hf_strbuf_addf(out, "\\x%02x", c);
			i++;
			continue;
		}
		if (c == '\\' || c == '"')
			hf_strbuf_addc(out, '\\');
		else if (c == '%' || (c == '$' && dollar))
			hf_strbuf_addc(out, (char)c);
		hf_strbuf_add(out, word + i, n);
		i += n;
	}
	hf_strbuf_addc(out, '"');
}

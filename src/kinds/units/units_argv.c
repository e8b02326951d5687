/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_argv.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/escape.h"
#include "base/mask.h"
#include "plan/unit_file.h"

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

/* unichar_is_valid(): neither half of a surrogate pair nor never to be a character */
static bool is_character(uint32_t u)
{
	return u <= 0x10ffff && (u < 0xd800 || u > 0xdfff) &&
	       (u < 0xfdd0 || u > 0xfdef) && (u & 0xfffe) != 0xfffe;
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
		if (*s == 'U' && !is_character(u))
			return 0; /* \u is not looked at like that */
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

/* --- specifiers ------------------------------------------------------------------ */

/* "\x2d" of a unit name's prefix or instance, for the unescaped specifiers; false: it is
 * not escaped as such names are. */
static bool add_unescaped_name(hf_strbuf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (s[i] != '\\') {
			hf_strbuf_addc(out, s[i] == '-' ? '/' : s[i]);
			continue;
		}
		if (i + 3 >= len || s[i + 1] != 'x')
			return false;
		high = hex_value(s[i + 2]);
		low = hex_value(s[i + 3]);
		if (high < 0 || low < 0)
			return false;
		hf_strbuf_addc(out, (char)(high * 16 + low));
		i += 3;
	}
	return true;
}

/* The same as an absolute path, which has to be a plain one; unit_name_path_unescape().
 */
static bool add_unescaped_path(hf_strbuf *out, const char *s, size_t len)
{
	size_t start = out->len + 1;

	hf_strbuf_addc(out, '/');
	if (len == 1 && *s == '-')
		return true;
	if (!len || !add_unescaped_name(out, s, len))
		return false;
	for (const char *p = hf_strbuf_str(out) + start; hf_strbuf_ok(out); p++) {
		size_t n = strcspn(p, "/");

		if (!n || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
		if (!*p)
			break;
	}
	return true;
}

/* The specifiers that the unit's name decides; false: not one of them. */
static bool specifier_of_name(hf_strbuf *out, char c, const char *unit, bool *ret_valid)
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
	*ret_valid = true;
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
		*ret_valid = add_unescaped_name(out, unit, prefix);
		return true;
	case 'i':
		hf_strbuf_add(out, instance, instance_len);
		return true;
	case 'I':
		*ret_valid = add_unescaped_name(out, instance, instance_len);
		return true;
	case 'j':
		hf_strbuf_add(out, last, prefix - (size_t)(last - unit));
		return true;
	case 'J':
		*ret_valid =
			add_unescaped_name(out, last, prefix - (size_t)(last - unit));
		return true;
	case 'f':
		*ret_valid = add_unescaped_path(out, at ? instance : unit,
						at ? instance_len : prefix);
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

static bool is_alnum(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int hf_specifiers_expand(hf_arena *arena, const char *unit, const char *text,
			 const char **ret, hf_expansion *ret_how)
{
	cleanup_(hf_strbuf_done) hf_strbuf out = { 0 };
	hf_expansion how = HF_EXPAND_EXACT;
	char *copy;

	for (const char *p = text; *p; p++) {
		const char *constant;
		bool valid;

		if (*p != '%' || !p[1]) { /* a lone one at the end is tolerated */
			hf_strbuf_addc(&out, *p);
			continue;
		}
		p++;
		constant = specifier_constant(*p);
		if (constant) {
			hf_strbuf_adds(&out, constant);
		} else if (specifier_of_name(&out, *p, unit, &valid)) {
			if (!valid)
				how = HF_EXPAND_INVALID;
		} else {
			/* known, but of the host, the boot or the manager; of the rest
			 * only what could be a specifier some day is refused */
			if (strchr("aAbBcdDHlmMoqrRsTvVwWyY", *p)) {
				if (how == HF_EXPAND_EXACT)
					how = HF_EXPAND_INEXACT;
			} else if (is_alnum(*p)) {
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

/* --- commands -------------------------------------------------------------------- */

/* The prefixes of the program; systemd.service(5), table 1. Sets *ret_ignore for '-'. */
static const char *prefixes_take(hf_cmd *cmd, const char *word, bool *ret_ignore)
{
	bool plus = false;
	int marks = 0; /* '!' and '!!' */

	*ret_ignore = false;
	for (;; word++) {
		if (*word == '-' && !*ret_ignore)
			*ret_ignore = true;
		else if (*word == '@' && !cmd->separate_argv0)
			cmd->separate_argv0 = true;
		else if (*word == ':' && !cmd->no_env)
			cmd->no_env = true;
		else if (*word == '+' && !plus && !marks)
			plus = true;
		else if (*word == '!' && !plus && marks < 2)
			marks++;
		else
			return word;
	}
}

static bool components_fit(const char *path)
{
	for (size_t n; *path; path += n) {
		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n > NAME_MAX)
			return false;
	}
	return true;
}

/* What config_parse_exec() says against a program, after specifiers; NULL: nothing. */
static const char *program_refusal(const char *path)
{
	size_t len = strlen(path);

	if (!len)
		return "no program in the command line";
	for (const char *c = path; *c; c++) {
		if ((unsigned char)*c < ' ' || strchr("\"'\\\x7f", *c))
			return "the program has quotes, backslashes or control "
			       "characters in its name";
	}
	if (path[len - 1] == '/')
		return "the program is a directory";
	if (len >= PATH_MAX || !components_fit(path))
		return "the program's name is too long";
	if (path[0] != '/' &&
	    (strchr(path, '/') || !strcmp(path, ".") || !strcmp(path, "..")))
		return "the program is neither an absolute path nor a mere name";
	return NULL;
}

static bool ends_word(char c)
{
	return !c || is_blank(c);
}

/* Add the word that begins at @start and was read up to @end. */
static int cmd_add(hf_arena *arena, hf_cmd *cmd, const char *start, const char *end,
		   const hf_strbuf *text)
{
	hf_cmd_word *word = hf_vec_push(arena, cmd->words, cmd->n_words);

	if (!word || !hf_strbuf_ok(text))
		return -ENOMEM;
	word->start = (size_t)(start - cmd->raw);
	word->len = (size_t)(end - start);
	word->text = hf_arena_memdup(arena, hf_strbuf_str(text), text->len);
	return word->text ? 0 : -ENOMEM;
}

const char *hf_cmd_word_shown(hf_arena *arena, const char *text)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const hf_mask nothing = { 0 };
	const char *eq = strchr(text, '=');

	hf_mask_put(&nothing, &sb, text, eq ? (size_t)(eq + 1 - text) : strlen(text));
	if (eq)
		hf_strbuf_adds(&sb, "...");
	return hf_strbuf_ok(&sb) ? hf_arena_strdup(arena, hf_strbuf_str(&sb)) : NULL;
}

/* Expand a word only to see whether systemd can; sets cmd->why. */
static int word_check(hf_arena *arena, const char *unit, const char *text, bool program,
		      hf_cmd *cmd)
{
	const char *expanded;
	hf_expansion how;

	if (hf_specifiers_expand(arena, unit, text, &expanded, &how) < 0)
		return -ENOMEM;
	if (how != HF_EXPAND_INVALID) {
		if (program && !cmd->why)
			cmd->why = program_refusal(expanded);
		return 0;
	}
	text = hf_cmd_word_shown(arena, text);
	cmd->why = text ? hf_arena_printf(arena, "unknown %% specifier in '%s'", text)
			: NULL;
	return cmd->why ? 0 : -ENOMEM;
}

/*
 * One command from *p on, up to its ';' or the end. What systemd says against it is in
 * .why, and then *p means nothing.
 */
static int cmd_one(hf_arena *arena, const char *unit, const char *raw, const char **p,
		   hf_cmd *ret)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_cmd cmd = { .raw = raw, .n_commands = 1 };
	bool ignore = false;

	while (**p && !cmd.why) {
		const char *start = *p;

		if (*start == ';' && ends_word(start[1]) && cmd.n_words) {
			*p = skip_blanks(start + 1);
			break;
		}
		hf_strbuf_reset(&sb);
		if (*start == '\\' && start[1] == ';' && ends_word(start[2]) &&
		    cmd.n_words) {
			hf_strbuf_addc(&sb, ';');
			*p += 2;
		} else if (word_next_warn(p, &sb) < 0) {
			cmd.why = "unbalanced quotes";
			/* only of the first word systemd thinks nothing */
			cmd.fatal = cmd.n_words && !ignore;
			break;
		}
		if (!cmd.n_words && !strcmp(hf_strbuf_str(&sb), ";")) {
			*p = skip_blanks(*p); /* a separator, even in quotes */
			continue;
		}
		if (cmd_add(arena, &cmd, start, *p, &sb) < 0)
			return -ENOMEM;
		if (cmd.n_words == 1)
			cmd.program = prefixes_take(&cmd, cmd.words[0].text, &ignore);
		if (word_check(arena, unit,
			       cmd.n_words == 1 ? cmd.program
						: cmd.words[cmd.n_words - 1].text,
			       cmd.n_words == 1, &cmd) < 0)
			return -ENOMEM;
		cmd.fatal = cmd.why && !ignore;
		*p = skip_blanks(*p);
	}
	if (!cmd.why && cmd.separate_argv0 && cmd.n_words < 2) {
		cmd.why = "no argv[0] after the '@' prefix";
		cmd.fatal = !ignore;
	}
	if (!cmd.n_words)
		cmd.n_commands = 0;
	*ret = cmd;
	return 0;
}

int hf_cmd_parse(hf_arena *arena, const char *unit, const char *value, hf_cmd *ret,
		 hf_error **err)
{
	hf_cmd first = { .raw = value }, cmd = { 0 };

	for (const char *p = skip_blanks(value); *p && !cmd.why;) {
		if (cmd_one(arena, unit, value, &p, &cmd) < 0)
			return hf_error_oom(err);
		if (cmd.why) {
			first.why = cmd.why;
			first.fatal = cmd.fatal;
		} else if (!first.n_commands) {
			first = cmd;
		} else {
			first.n_commands += cmd.n_commands;
		}
	}
	if (!first.n_commands && !first.why)
		first.why = "empty command line";
	*ret = first;
	return 0;
}

int hf_cmd_file_cut(hf_arena *arena, const char *unit, hf_unit_file *file, hf_error **err)
{
	static const char *const keys[] = {
		"ExecCondition", "ExecStart",	 "ExecStartPre",
		"ExecStartPost", "ExecReload",	 "ExecStop",
		"ExecStopPre",	 "ExecStopPost", NULL
	};
	bool socket = !strcmp(hf_unit_name_type(unit), ".socket");

	for (size_t i = 0; i < file->n; i++) {
		const hf_unit_assign *a = &file->items[i];
		const char *const *key = keys;
		hf_cmd cmd;

		while (*key && strcmp(*key, a->key) != 0)
			key++;
		if (!*key || !a->value[0] ||
		    strcmp(a->section, socket ? "Socket" : "Service") != 0)
			continue;
		if (hf_cmd_parse(arena, unit, a->value, &cmd, err) < 0)
			return -ENOMEM;
		if (!cmd.fatal)
			continue;
		file->broken_line = a->line;
		file->broken_why =
			hf_arena_printf(arena, "%s cannot be read: %s", a->key, cmd.why);
		if (!file->broken_why)
			return hf_error_oom(err);
		file->n = i + 1; /* its commands before that one are taken */
	}
	return 0;
}

/* --- quoting --------------------------------------------------------------------- */

static bool is_safe(char c)
{
	return is_alnum(c) || (c && strchr("_./:=,@+-", c));
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

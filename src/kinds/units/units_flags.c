/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_flags.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/parse.h"
#include "base/path.h"
#include "kinds/daemon/daemon_keys.h"

typedef enum hf_flag_style {
	STYLE_COMMON,
	STYLE_DOCKERD,	  /* -D, -lwarn, -l warn, -l=warn, -Dl warn */
	STYLE_CONTAINERD, /* -log-level and --log-level are the same */
} hf_flag_style;

typedef struct hf_flag_scan {
	hf_arena *arena;
	const hf_argv *argv;
	hf_flag_style style;
	hf_flag_hint hint;
	const void *user;
	hf_flag *flags;
	size_t n;
} hf_flag_scan;

bool hf_flag_program(const char *path, const char *program)
{
	return strcmp(hf_path_base(path), program) == 0;
}

static hf_flag_style style_of(const char *program)
{
	if (hf_flag_program(program, "dockerd"))
		return STYLE_DOCKERD;
	return hf_flag_program(program, "containerd") ? STYLE_CONTAINERD : STYLE_COMMON;
}

const char *hf_flag_name_check(const char *name, bool glob)
{
	size_t dashes = strspn(name, "-");

	if (dashes < 1 || dashes > 2)
		return "does not begin with '-' or '--'";
	if (!name[dashes])
		return "has no name after the dashes";
	for (const char *p = name + dashes; *p; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '_' || *p == '.' ||
		    (*p == '-' && p != name + dashes) || (glob && strchr("*?[]!", *p)))
			continue;
		return "has a character that flags do not have";
	}
	return NULL;
}

/* --- what the programs know ---------------------------------------------------------
 */

static const char *containerd_long(const char *bare)
{
	static const char *const names[][2] = { { "a", "--address" },
						{ "c", "--config" },
						{ "l", "--log-level" },
						{ "h", "--help" },
						{ "v", "--version" } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i][0], bare) == 0)
			return names[i][1];
	}
	return NULL;
}

/* The short letters of dockerd in their long form; NULL: unknown, or out of memory. */
static const char *dockerd_letter(hf_arena *arena, char c)
{
	const hf_dkey *key = hf_dkey_by_letter(c);

	if (key)
		return hf_arena_printf(arena, "--%s", key->flag);
	switch (c) { /* of flags that are no keys */
	case 'h':
		return "--help";
	case 'v':
		return "--version";
	default:
		return NULL;
	}
}

const char *hf_flag_long(hf_arena *arena, const char *program, const char *name)
{
	hf_flag_style style = style_of(program);
	const char *known = NULL;

	if (name[0] != '-' || name[1] == '-' || !name[1] || style == STYLE_COMMON)
		return name;
	if (style == STYLE_DOCKERD) {
		known = name[2] ? NULL : dockerd_letter(arena, name[1]);
		return known ? known : name;
	}
	known = containerd_long(name + 1);
	return known ? known : hf_arena_printf(arena, "-%s", name);
}

static hf_flag_arity dockerd_arity(const char *bare)
{
	const hf_dkey *key = hf_dkey_by_flag(bare, NULL);

	if (key)
		return key->type == HF_DTYPE_BOOL ? HF_FLAG_BOOL : HF_FLAG_VALUE;
	if (!hf_dkey_is_flag_only(bare, NULL))
		return HF_FLAG_UNKNOWN;
	return hf_dkey_flag_takes_value(bare) ? HF_FLAG_VALUE : HF_FLAG_BOOL;
}

static hf_flag_arity containerd_arity(const char *bare)
{
	static const char *const valued[] = { "address", "config", "log-level", "root",
					      "state" };

	for (size_t i = 0; i < ARRAY_SIZE(valued); i++) {
		if (strcmp(valued[i], bare) == 0)
			return HF_FLAG_VALUE;
	}
	return strcmp(bare, "help") && strcmp(bare, "version") ? HF_FLAG_UNKNOWN
							       : HF_FLAG_BOOL;
}

static hf_flag_arity arity_of(const hf_flag_scan *s, const char *name)
{
	const char *bare = name + strspn(name, "-");
	hf_flag_arity arity = HF_FLAG_UNKNOWN;

	if (s->style == STYLE_DOCKERD)
		arity = dockerd_arity(bare);
	else if (s->style == STYLE_CONTAINERD)
		arity = containerd_arity(bare);
	if (arity == HF_FLAG_UNKNOWN && s->hint)
		arity = s->hint(s->user, name);
	return arity;
}

/* --- scanning ------------------------------------------------------------------------
 */

static hf_flag *scan_push(hf_flag_scan *s, size_t arg, const char *name,
			  const char *value)
{
	hf_flag *flag = hf_vec_push(s->arena, s->flags, s->n);

	if (!flag || !name)
		return NULL;
	flag->name = name;
	flag->value = value;
	flag->arg = arg;
	flag->n_args = 1;
	return flag;
}

/* A flag without '=': is the next word its value? */
static void take_next(const hf_flag_scan *s, hf_flag *flag)
{
	const char *next;

	if (flag->arg + 1 >= s->argv->n)
		return;
	next = s->argv->args[flag->arg + 1].text;
	switch (arity_of(s, flag->name)) {
	case HF_FLAG_BOOL:
		return;
	case HF_FLAG_UNKNOWN:
		if (next[0] == '-')
			return;
		flag->unsure = true;
		return;
	case HF_FLAG_VALUE:
		flag->value = next;
		flag->n_args = 2;
		return;
	}
}

static int scan_long(hf_flag_scan *s, size_t arg)
{
	const char *text = s->argv->args[arg].text;
	const char *eq = strchr(text, '=');
	const char *name =
		eq ? hf_arena_memdup(s->arena, text, (size_t)(eq - text)) : text;
	hf_flag *flag;

	if (!name)
		return -ENOMEM;
	name = hf_flag_long(s->arena, s->argv->args[0].text, name);
	flag = scan_push(s, arg, name, eq ? eq + 1 : NULL);
	if (!flag)
		return -ENOMEM;
	if (!eq)
		take_next(s, flag);
	return 0;
}

/* -D, -lwarn, -l=warn, -l warn, -Dl warn */
static int scan_letters(hf_flag_scan *s, size_t arg)
{
	const char *text = s->argv->args[arg].text;
	size_t first = s->n;

	for (const char *p = text + 1; *p; p++) {
		const char *name = dockerd_letter(s->arena, *p);
		hf_flag *flag = scan_push(
			s, arg, name ? name : hf_arena_printf(s->arena, "-%c", *p), NULL);

		if (!flag)
			return -ENOMEM;
		if (p[1] == '=') {
			flag->value = p + 2;
			break;
		}
		if (!name || arity_of(s, name) == HF_FLAG_BOOL)
			continue;
		if (p[1])
			flag->value = p + 1;
		else
			take_next(s, flag);
		break;
	}
	for (size_t i = first; i < s->n; i++)
		s->flags[i].grouped = s->n - first > 1;
	return 0;
}

/* "-H :2375" is TCP. */
static int find_meant(hf_flag_scan *s)
{
	for (size_t i = 0; i < s->n && s->style == STYLE_DOCKERD; i++) {
		hf_flag *flag = &s->flags[i];
		const hf_dkey *key =
			hf_dkey_by_flag(flag->name + strspn(flag->name, "-"), NULL);

		if (!flag->value || !key || strcmp(key->name, "hosts") != 0)
			continue;
		flag->meant = hf_dkey_host(s->arena, flag->value);
		if (!flag->meant)
			return -ENOMEM;
	}
	return 0;
}

int hf_flags_scan(hf_arena *arena, const hf_argv *argv, hf_flag_hint hint,
		  const void *user, hf_flag **ret, size_t *ret_n, hf_error **err)
{
	hf_flag_scan s = { .arena = arena, .argv = argv, .hint = hint, .user = user };

	if (argv->n)
		s.style = style_of(argv->args[0].text);
	for (size_t i = 1; i < argv->n; i++) {
		const char *text = argv->args[i].text;
		int r;

		if (strcmp(text, "--") == 0)
			break;
		if (text[0] != '-' || !text[1])
			continue;
		r = text[1] != '-' && s.style == STYLE_DOCKERD ? scan_letters(&s, i)
							       : scan_long(&s, i);
		if (r < 0)
			return hf_error_oom(err);
		i += s.flags[s.n - 1].n_args - 1;
	}
	if (find_meant(&s) < 0)
		return hf_error_oom(err);
	*ret = s.flags;
	*ret_n = s.n;
	return 0;
}

bool hf_flag_match(const hf_flag *flag, const char *name, const char *value)
{
	if (fnmatch(name, flag->name, 0) != 0)
		return false;
	return !value || (flag->value && fnmatch(value, flag->value, 0) == 0) ||
	       (flag->meant && fnmatch(value, flag->meant, 0) == 0);
}

/* Is it this flag, or a glob for it and others with a text that names it? */
static bool may_be(const char *name, const char *flag, const char *text)
{
	char full[32] = "--";

	if (strcmp(name + strspn(name, "-"), flag) == 0)
		return true;
	if (!strpbrk(name, "*?[") || strlen(flag) + 3 > sizeof(full))
		return false;
	memcpy(full + 2, flag, strlen(flag) + 1);
	return fnmatch(name, full, 0) == 0 && strstr(text, full);
}

bool hf_flag_is_secret(const char *name, const char *value)
{
	static const char log_opt[] = "log-opt";
	size_t n = strcspn(name, "=");
	const hf_dkey *key;
	char bare[64] = "";

	if (!value || n >= sizeof(bare))
		return false;
	memcpy(bare, name, n);
	for (size_t i = 0; i < HF_DKEY_PROXIES_N; i++)
		if (may_be(bare, hf_dkey_proxies[i], value))
			return true;
	key = hf_dkey_by_flag(
		may_be(bare, log_opt, value) ? log_opt : bare + strspn(bare, "-"), NULL);
	/* of a map it is the name of a member that tells */
	return key && hf_dkey_is_secret(key, value);
}

int hf_flag_bool(const hf_flag *flag)
{
	bool value;

	if (!flag->value)
		return 1;
	return hf_parse_go_bool(flag->value, &value) < 0 ? -1 : value;
}

/* --- editing -------------------------------------------------------------------------
 */

int hf_flag_edit_begin(hf_arena *arena, const hf_cmd *cmd, const hf_argv *argv,
		       hf_flag_edit *ret)
{
	*ret = (hf_flag_edit){ .arena = arena, .cmd = cmd, .argv = argv };
	ret->put = hf_arena_array(arena, cmd->n_words, sizeof(*ret->put));
	ret->gone = hf_arena_array(arena, argv->n, sizeof(*ret->gone));
	return ret->put && ret->gone ? 0 : -ENOMEM;
}

/* Is it a word "$NAME" that became this and maybe other words? */
static bool is_split_word(const hf_flag_edit *edit, size_t arg)
{
	const char *text = edit->cmd->words[edit->argv->words[arg]].text;

	return !edit->cmd->no_env && text[0] == '$' && text[1] != '{' && text[1] != '$';
}

int hf_flag_edit_refusal(const hf_flag_edit *edit, const hf_flag *flag, const char **ret)
{
	const hf_arg *arg = &edit->argv->args[flag->arg];

	*ret = NULL;
	if (flag->grouped)
		*ret = hf_arena_printf(
			edit->arena,
			"it shares the word '%s' with other flags; write them "
			"apart in %s",
			arg->text, arg->file);
	else if (flag->unsure)
		*ret = hf_arena_printf(
			edit->arena,
			"it cannot be told whether '%s' belongs to '%s'; write "
			"'%s=...' in %s",
			edit->argv->args[flag->arg + 1].text, flag->name, flag->name,
			arg->file);
	else
		return 0;
	return *ret ? 0 : -ENOMEM;
}

void hf_flag_edit_drop(hf_flag_edit *edit, const hf_flag *flag)
{
	for (size_t i = flag->arg; i < flag->arg + flag->n_args; i++) {
		if (is_split_word(edit, i)) {
			edit->gone[i] = true;
			edit->any_gone = true;
		} else {
			edit->put[edit->argv->words[i]] = "";
			edit->changed = true;
		}
	}
}

bool hf_flag_edit_is_variable(const hf_flag_edit *edit, const hf_flag *flag)
{
	for (size_t i = flag->arg; i < flag->arg + flag->n_args; i++)
		if (is_split_word(edit, i))
			return true;
	return false;
}

static int put_word(const hf_flag_edit *edit, hf_strbuf *out, const char *name,
		    const char *value)
{
	cleanup_(hf_strbuf_done) hf_strbuf word = { 0 };

	hf_strbuf_adds(&word, name);
	if (value)
		hf_strbuf_addf(&word, "=%s", value);
	if (!hf_strbuf_ok(&word))
		return -ENOMEM;
	if (out->len)
		hf_strbuf_addc(out, ' ');
	hf_cmd_quote(out, hf_strbuf_str(&word), !edit->cmd->no_env);
	return 0;
}

int hf_flag_edit_put(hf_flag_edit *edit, const hf_flag *at, const char *name,
		     const char *const *values, size_t n)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const char **slot;

	if (at && is_split_word(edit, at->arg))
		at = NULL; /* the word stands for the rest of the variable, too */
	slot = at ? &edit->put[edit->argv->words[at->arg]]
		  : hf_vec_push(edit->arena, edit->tail, edit->n_tail);
	if (!slot)
		return -ENOMEM;
	if (at && *slot)
		hf_strbuf_adds(&sb, *slot);
	if (!n && put_word(edit, &sb, name, NULL) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if ((!i || strcmp(values[i], values[i - 1])) &&
		    put_word(edit, &sb, name, values[i]) < 0)
			return -ENOMEM;
	}
	*slot = hf_arena_memdup(edit->arena, hf_strbuf_str(&sb), sb.len);
	edit->changed = true;
	return *slot && hf_strbuf_ok(&sb) ? 0 : -ENOMEM;
}

static void line_add(hf_strbuf *sb, const char *text, size_t len)
{
	if (sb->len)
		hf_strbuf_addc(sb, ' ');
	hf_strbuf_add(sb, text, len);
}

/* A word as it was written. The last one may end in a lone backslash, which systemd keeps
 * where nothing follows; with something behind it, were it the next line, it is escaped.
 */
static void line_add_word(hf_strbuf *sb, const char *text, size_t len)
{
	size_t n = 0;

	line_add(sb, text, len);
	while (n < len && text[len - 1 - n] == '\\')
		n++;
	if (n % 2)
		hf_strbuf_addc(sb, '\\');
}

static void line_add_tail(hf_strbuf *sb, const hf_flag_edit *edit)
{
	for (size_t i = 0; i < edit->n_tail; i++)
		line_add(sb, edit->tail[i], strlen(edit->tail[i]));
}

int hf_flag_edit_line(const hf_flag_edit *edit, const char **ret)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const hf_cmd *cmd = edit->cmd;
	bool tail_done = false;

	for (size_t i = 0; i < cmd->n_words; i++) {
		const hf_cmd_word *w = &cmd->words[i];
		const char *put = edit->put[i];

		/* what comes behind "--" is no flag any more */
		if (i && !tail_done && strcmp(w->text, "--") == 0) {
			line_add_tail(&sb, edit);
			tail_done = true;
		}
		if (!put)
			line_add_word(&sb, cmd->raw + w->start, w->len);
		else if (*put)
			line_add(&sb, put, strlen(put));
	}
	if (!tail_done)
		line_add_tail(&sb, edit);
	*ret = hf_arena_memdup(edit->arena, hf_strbuf_str(&sb), sb.len);
	return *ret && hf_strbuf_ok(&sb) ? 0 : -ENOMEM;
}

/* --- variables ------------------------------------------------------------------------
 */

/* As extract_first_word() splits the value of $NAME: quotes, and a backslash that only
 * protects. */
static void variable_word(hf_strbuf *out, const char *word)
{
	bool plain = *word && !strpbrk(word, " \t\r\n\\\"'");

	if (out->len)
		hf_strbuf_addc(out, ' ');
	if (plain) {
		hf_strbuf_adds(out, word);
		return;
	}
	hf_strbuf_addc(out, '"');
	for (; *word; word++) {
		if (*word == '\\' || *word == '"')
			hf_strbuf_addc(out, '\\');
		hf_strbuf_addc(out, *word);
	}
	hf_strbuf_addc(out, '"');
}

/* Was this variable, in a word before argument @at, told already? */
static bool is_repeated(const hf_flag_edit *edit, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (edit->gone[i] &&
		    !strcmp(edit->argv->args[i].variable, edit->argv->args[at].variable))
			return true;
	return false;
}

int hf_flag_edit_variable(const hf_flag_edit *edit, size_t *pos, const char **ret_name,
			  const char **ret_value)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const hf_argv *argv = edit->argv;
	size_t at = *pos;

	*ret_name = NULL;
	while (at < argv->n && (!edit->gone[at] || is_repeated(edit, at)))
		at++;
	*pos = at + 1;
	if (at >= argv->n)
		return 0;
	for (size_t i = 0; i < argv->n; i++)
		if (argv->words[i] == argv->words[at] && !edit->gone[i])
			variable_word(&sb, argv->args[i].text);
	*ret_value = hf_arena_memdup(edit->arena, hf_strbuf_str(&sb), sb.len);
	*ret_name = argv->args[at].variable;
	return *ret_value && hf_strbuf_ok(&sb) ? 0 : -ENOMEM;
}

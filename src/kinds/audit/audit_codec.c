/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_codec.h"

#include <errno.h>
#include <libaudit.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"

#define MAX_WORDS 256

static const struct {
	const char *name;
	const char *option;
	uint32_t max;
} settings[] = {
	[HF_AUDIT_ENABLED] = { "enabled", "-e", 2 },
	[HF_AUDIT_FAILURE] = { "failure", "-f", 2 },
	[HF_AUDIT_BACKLOG_LIMIT] = { "backlog_limit", "-b", UINT32_MAX },
	[HF_AUDIT_BACKLOG_WAIT_TIME] = { "backlog_wait_time", "--backlog_wait_time",
					 HF_AUDIT_WAIT_TIME_MAX },
	[HF_AUDIT_RATE_LIMIT] = { "rate_limit", "-r", UINT32_MAX },
	[HF_AUDIT_LOGINUID_IMMUTABLE] = { "loginuid_immutable", "--loginuid-immutable",
					  1 },
};

const char *hf_audit_setting_name(hf_audit_setting s)
{
	return settings[s].name;
}

uint32_t hf_audit_setting_max(hf_audit_setting s)
{
	return settings[s].max;
}

char *hf_audit_setting_line(hf_audit_setting s, uint32_t value, hf_arena *arena)
{
	if (s == HF_AUDIT_LOGINUID_IMMUTABLE) /* takes no value: on */
		return hf_arena_strdup(arena, settings[s].option);
	return hf_arena_printf(arena, "%s %u", settings[s].option, value);
}

/* What one line has said so far. */
typedef struct line_state {
	const hf_audit_names *names;
	hf_arena *arena;
	hf_audit_line *line;
	bool has_list;
	bool has_syscall;
	bool has_arch;
	bool key_allowed; /* auditctl wants something to hang the key on */
	hf_audit_abi abi; /* of -S: the arch that came last */
	char key[AUDIT_MAX_KEY_LEN + 1];
	size_t key_len;
	uint32_t mask[AUDIT_BITMASK_SIZE];
} line_state;

/* The end of a word in which "\ " and "\\" stand for the byte behind: what follows moves
 * up. *@in: behind the word. */
static char *unescape(char **in_word)
{
	char *in = *in_word, *out = in;

	while (*in && *in != ' ') {
		if (*in == '\\' && (in[1] == ' ' || in[1] == '\\'))
			in++;
		*out++ = *in++;
	}
	*in_word = in;
	return out;
}

/* Splits at spaces only; a tab is part of a word. @text is changed. */
static int split_words(char *text, char **words, size_t *ret_n, hf_error **err)
{
	bool escapes = strchr(text, '\\');
	size_t n = 0;
	char *in = text;

	for (;;) {
		char *out;

		while (*in == ' ')
			in++;
		if (!*in)
			break;
		if (n == MAX_WORDS)
			return hf_error_set(err, -EINVAL, "more than %d words",
					    MAX_WORDS);
		words[n++] = in;
		out = escapes ? unescape(&in) : (in = strchrnul(in, ' '));
		if (*in)
			in++;
		*out = '\0';
	}
	*ret_n = n;
	return 0;
}

static int add_field(line_state *s, const hf_audit_field *field, hf_error **err)
{
	hf_audit_rule *rule = &s->line->rule;
	hf_audit_field *slot;

	/* libaudit keeps one of the kernel's 64 slots free */
	if (rule->n_fields >= AUDIT_MAX_FIELDS - 1)
		return hf_error_set(err, -EINVAL, "more than %d fields",
				    AUDIT_MAX_FIELDS - 1);
	slot = hf_vec_push(s->arena, rule->fields, rule->n_fields);
	if (!slot)
		return hf_error_oom(err);
	*slot = *field;
	return 0;
}

static const char key_refused[] =
	"a key needs a watch, a syscall or such a field before it";

static int add_key(line_state *s, const char *key, hf_error **err)
{
	size_t len = strlen(key), sep = s->key_len ? 1 : 0;

	if (len == 0 || strchr(key, '\001'))
		return hf_error_set(err, -EINVAL,
				    "the key is empty or holds the separator");
	/* auditctl puts it through its splitter of pairs in the end */
	if (hf_audit_is_cut(key, len))
		return hf_error_set(err, -EINVAL,
				    "key '%s' holds an operator (!=, >=, <=, &=)", key);
	if (s->key_len + sep + len > AUDIT_MAX_KEY_LEN)
		return hf_error_set(err, -EINVAL, "the keys are longer than %d bytes",
				    AUDIT_MAX_KEY_LEN);
	if (sep)
		s->key[s->key_len++] = '\001';
	memcpy(s->key + s->key_len, key, len + 1);
	s->key_len += len;
	return 0;
}

static int parse_list(line_state *s, char option, const char *arg, hf_error **err)
{
	static const struct {
		const char *name;
		uint32_t list;
	} lists[] = {
		{ "user", AUDIT_FILTER_USER },
		{ "task", AUDIT_FILTER_TASK },
		{ "exit", AUDIT_FILTER_EXIT },
		{ "exclude", AUDIT_FILTER_EXCLUDE },
		{ "filesystem", AUDIT_FILTER_FS },
		{ "io_uring", AUDIT_FILTER_URING_EXIT },
	};
	const char *comma = strchr(arg, ',');
	int list = -1, action = -1;

	if (s->has_list)
		return hf_error_set(err, -EINVAL,
				    "more than one of -a, -A, -d, -w and -W");
	for (int part = 0; comma && part < 2; part++) {
		const char *p = part ? comma + 1 : arg;
		size_t len = part ? strlen(p) : (size_t)(comma - arg);

		for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
			if (strlen(lists[i].name) == len &&
			    memcmp(p, lists[i].name, len) == 0)
				list = (int)lists[i].list;
		if (len == 5 && memcmp(p, "never", 5) == 0)
			action = AUDIT_NEVER;
		if (len == 6 && memcmp(p, "always", 6) == 0)
			action = AUDIT_ALWAYS;
	}
	if (list < 0 || action < 0)
		return hf_error_set(err, -EINVAL, "-%c '%s' is not LIST,ACTION", option,
				    arg);
	if (list == AUDIT_FILTER_URING_EXIT && s->names->no_uring)
		return hf_error_set(
			err, -EINVAL,
			"auditctl before 3.1 does not know the list io_uring");
	if (list == AUDIT_FILTER_TASK && s->has_syscall)
		return hf_error_set(err, -EINVAL, "the task list takes no syscalls");
	s->has_list = true;
	s->line->rule.list = (uint32_t)list;
	s->line->rule.action = (uint32_t)action;
	s->line->rule.prepend = option == 'A';
	s->line->type = option == 'd' ? HF_AUDIT_LINE_DELETE : HF_AUDIT_LINE_RULE;
	return 0;
}

static int parse_watch(line_state *s, char option, const char *arg, hf_error **err)
{
	size_t len = strlen(arg);
	hf_audit_field path = { .op = AUDIT_EQUAL, .type = AUDIT_WATCH };
	hf_audit_field perm = { .op = AUDIT_EQUAL, .type = AUDIT_PERM, .value = 15 };
	char *copy;
	int r;

	if (s->has_list)
		return hf_error_set(err, -EINVAL,
				    "a watch cannot stand beside -a, -A or -d");
	if (*arg != '/' || len >= PATH_MAX)
		return hf_error_set(err, -EINVAL, "watch '%s' is not an absolute path",
				    arg);
	while (len > 1 && arg[len - 1] == '/')
		len--;
	copy = hf_arena_memdup(s->arena, arg, len);
	if (!copy)
		return hf_error_oom(err);
	if (strlen(strrchr(copy, '/') + 1) > NAME_MAX)
		return hf_error_set(err, -EINVAL,
				    "the last name of watch '%s' is too long", arg);
	path.text = copy;
	path.value = (uint32_t)len;
	if (s->names->is_dir && s->names->is_dir(s->names->user, copy))
		path.type = AUDIT_DIR;
	else if (len == 1)
		path.type = AUDIT_DIR;
	s->has_list = s->has_syscall = s->key_allowed = s->line->watch = true;
	s->line->rule.list = AUDIT_FILTER_EXIT;
	s->line->rule.action = AUDIT_ALWAYS;
	s->line->type = option == 'W' ? HF_AUDIT_LINE_DELETE : HF_AUDIT_LINE_RULE;
	memset(s->mask, 0xff, sizeof(s->mask));
	r = add_field(s, &path, err);
	return r < 0 ? r : add_field(s, &perm, err);
}

static int parse_perm_option(line_state *s, const char *arg, hf_error **err)
{
	cleanup_free char *pair = NULL;
	hf_audit_field field;
	int r;

	if (!s->line->watch)
		return hf_error_set(err, -EINVAL, "-p needs a watch before it");
	if (asprintf(&pair, "perm=%s", arg) < 0) {
		pair = NULL;
		return hf_error_oom(err);
	}
	r = hf_audit_field_parse(pair, AUDIT_FILTER_EXIT, s->names, s->arena, &field,
				 err);
	if (r < 0)
		return r;
	s->line->rule.fields[1].value = field.value;
	return 0;
}

static int add_syscall(line_state *s, const char *name, hf_error **err)
{
	int nr;

	if (strcmp(name, "all") == 0) {
		memset(s->mask, 0xff, sizeof(s->mask));
		return 0;
	}
	nr = s->line->rule.list == AUDIT_FILTER_URING_EXIT && s->has_list
		     ? -1
		     : audit_name_to_syscall(name, s->abi.machine);
	if (nr < 0 && *name >= '0' && *name <= '9') { /* "12abc" is 12 to auditctl */
		long number = strtol(name, NULL, 0);

		nr = number < AUDIT_BITMASK_SIZE * 32 ? (int)number : -1;
	}
	/* the last 16 bits are the kernel's classes, no syscalls */
	if (nr < 0 || nr >= AUDIT_BITMASK_SIZE * 32 - AUDIT_SYSCALL_CLASSES)
		return hf_error_set(err, -EINVAL,
				    "there is no syscall named '%s' on arch %s", name,
				    s->abi.name);
	s->mask[AUDIT_WORD(nr)] |= AUDIT_BIT(nr);
	return 0;
}

static int parse_syscalls(line_state *s, char *arg, hf_error **err)
{
	uint32_t list = s->line->rule.list;
	char *save = NULL;
	hf_audit_abi abis[2];
	int r;

	if (s->has_list && list != AUDIT_FILTER_EXIT && list != AUDIT_FILTER_URING_EXIT)
		return hf_error_set(err, -EINVAL,
				    "syscalls can only stand on the exit list");
	if (!s->has_arch) {
		if (hf_audit_abis(s->names->machine, abis) == 0)
			return hf_error_set(err, -EINVAL,
					    "the machine type is not known");
		s->abi = abis[0];
	}
	for (char *p = strtok_r(arg, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
		r = add_syscall(s, p, err);
		if (r < 0)
			return r;
		s->has_syscall = s->key_allowed = true;
	}
	return 0;
}

static int parse_field(line_state *s, const char *arg, hf_error **err)
{
	hf_audit_field field;
	int r;

	if (!s->has_list)
		return hf_error_set(err, -EINVAL, "a field needs the list before it");
	r = hf_audit_field_parse(arg, s->line->rule.list, s->names, s->arena, &field,
				 err);
	if (r < 0)
		return r;
	if (field.type == AUDIT_FILTERKEY)
		return add_key(s, strchr(arg, '=') + 1, err);
	if (field.type == AUDIT_ARCH) {
		int machine = audit_elf_to_machine(field.value);

		if (s->has_syscall)
			return hf_error_set(err, -EINVAL,
					    "arch must stand before the syscalls");
		if (machine < 0)
			return hf_error_set(err, -EINVAL, "arch '%s' is not known", arg);
		s->has_arch = true;
		s->abi = (hf_audit_abi){ arg + 5, machine, field.value };
	}
	/* not where perm comes first, with nothing that names the ABI */
	if (field.type == AUDIT_PERM && s->names->perm_table &&
	    (s->has_arch || s->has_syscall)) {
		hf_audit_perm_syscalls(field.value, s->abi.machine, s->mask);
		s->has_syscall = true;
	}
	switch (field.type) {
	case AUDIT_WATCH:
	case AUDIT_DIR:
	case AUDIT_PERM:
	case AUDIT_EXE:
	case AUDIT_FSTYPE:
		s->key_allowed = true;
		break;
	default:
		break;
	}
	return add_field(s, &field, err);
}

static int parse_compare(line_state *s, const char *arg, hf_error **err)
{
	hf_audit_field field;
	int r;

	if (!s->has_list)
		return hf_error_set(err, -EINVAL, "-C needs the list before it");
	r = hf_audit_compare_parse(arg, s->line->rule.list, &field, err);
	return r < 0 ? r : add_field(s, &field, err);
}

/* As auditctl reads it: flags are one digit; other numbers are strtoul's, which takes
 * them as hexadecimal and octal, too, and passes over what follows. */
static int setting_value(hf_audit_setting setting, const char *arg, uint32_t *ret)
{
	unsigned long value;

	if (*arg < '0' || *arg > '9')
		return -EINVAL;
	errno = 0;
	value = strtoul(arg, NULL, 0);
	if (errno)
		return -errno;
	*ret = (uint32_t)value;
	if (*ret > settings[setting].max || (settings[setting].max < 10 && arg[1]))
		return -EINVAL;
	return 0;
}

static int parse_setting(line_state *s, hf_audit_setting setting, const char *arg,
			 hf_error **err)
{
	uint32_t value = 0;

	if (setting_value(setting, arg, &value) < 0)
		return hf_error_set(err, -EINVAL, "%s '%s' is not a number from 0 to %u",
				    settings[setting].option, arg, settings[setting].max);
	s->line->type = HF_AUDIT_LINE_SETTING;
	s->line->setting = setting;
	s->line->value = s->line->values[setting] = value;
	s->line->has_value[setting] = true;
	return 0;
}

/* One option with its argument (NULL where it takes none). */
static int parse_option(line_state *s, char option, char *arg, hf_error **err)
{
	switch (option) {
	case 'a':
	case 'A':
	case 'd':
		return parse_list(s, option, arg, err);
	case 'w':
	case 'W':
		return parse_watch(s, option, arg, err);
	case 'p':
		return parse_perm_option(s, arg, err);
	case 'k':
		if (!s->has_list || !s->key_allowed)
			return hf_error_set(err, -EINVAL, "%s", key_refused);
		return add_key(s, arg, err);
	case 'S':
		return parse_syscalls(s, arg, err);
	case 'F':
		return parse_field(s, arg, err);
	case 'C':
		return parse_compare(s, arg, err);
	case 'D':
		return hf_error_set(err, -EINVAL, "-D stands alone, or with one -k");
	case 'i':
		s->line->type = HF_AUDIT_LINE_IGNORE;
		s->line->keep_going = true;
		return 0;
	case 'c':
		s->line->type = HF_AUDIT_LINE_CONTINUE;
		s->line->keep_going = true;
		return 0;
	case 'e':
		return parse_setting(s, HF_AUDIT_ENABLED, arg, err);
	case 'f':
		return parse_setting(s, HF_AUDIT_FAILURE, arg, err);
	case 'b':
		return parse_setting(s, HF_AUDIT_BACKLOG_LIMIT, arg, err);
	case 'r':
		return parse_setting(s, HF_AUDIT_RATE_LIMIT, arg, err);
	case 'R':
		return hf_error_set(err, -EINVAL, "rules files cannot be nested");
	default: /* -l, -s, -t, -q, -m, -v, -h */
		s->line->type = HF_AUDIT_LINE_OTHER;
		return 0;
	}
}

static int parse_long(line_state *s, char **words, size_t n, size_t *at, hf_error **err)
{
	const char *word = words[*at] + 2;
	const char *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : strlen(word);

	if (len == strlen("loginuid-immutable") &&
	    !strncmp(word, "loginuid-immutable", len)) {
		s->line->type = HF_AUDIT_LINE_SETTING;
		s->line->setting = HF_AUDIT_LOGINUID_IMMUTABLE;
		s->line->value = s->line->values[HF_AUDIT_LOGINUID_IMMUTABLE] = 1;
		s->line->has_value[HF_AUDIT_LOGINUID_IMMUTABLE] = true;
		return 0;
	}
	if (len == strlen("backlog_wait_time") &&
	    !strncmp(word, "backlog_wait_time", len)) {
		if (value)
			return parse_setting(s, HF_AUDIT_BACKLOG_WAIT_TIME, value + 1,
					     err);
		if (++*at >= n)
			return hf_error_set(err, -EINVAL,
					    "--backlog_wait_time has no value");
		return parse_setting(s, HF_AUDIT_BACKLOG_WAIT_TIME, words[*at], err);
	}
	if (strcmp(word, "reset-lost") == 0 ||
	    strcmp(word, "reset_backlog_wait_time_actual") == 0) {
		s->line->type = HF_AUDIT_LINE_OTHER;
		return 0;
	}
	return hf_error_set(err, -EINVAL, "unknown option '--%s'", word);
}

static int not_one_option(const char *word, hf_error **err)
{
	return hf_error_set(err, -EINVAL, "'%s' is not one option", word);
}

/* "-D", or "-D -k KEY": auditctl counts the words. What is glued to a -D that stands
 * alone, a CR say, it refuses once all rules are gone. */
static int parse_delete_all(line_state *s, char **words, size_t n, hf_error **err)
{
	if (n != 1 && (n != 3 || words[0][2] || strcmp(words[1], "-k") != 0))
		return parse_option(s, 'D', NULL, err);
	s->line->type = HF_AUDIT_LINE_DELETE_ALL;
	if (words[0][2])
		return not_one_option(words[0], err);
	if (n == 1)
		return 0;
	s->line->key = hf_arena_strdup(s->arena, words[2]);
	return s->line->key ? 0 : hf_error_oom(err);
}

static int parse_words(line_state *s, char **words, size_t n, hf_error **err)
{
	static const char with_arg[] = "CefrbaAdSFmRwWkpq", without[] = "hicslDvt";
	int r;

	if (strncmp(words[0], "-D", 2) == 0)
		return parse_delete_all(s, words, n, err);
	for (size_t i = 0; i < n; i++) {
		char *word = words[i];
		char *arg = NULL;

		if (word[0] != '-' || !word[1])
			return hf_error_set(err, -EINVAL, "'%s' stands without an option",
					    word);
		if (strcmp(word, "--") == 0 && i + 1 == n)
			return 0;
		if (word[1] == '-') {
			r = parse_long(s, words, n, &i, err);
			if (r < 0)
				return r;
			continue;
		}
		if (strchr(with_arg, word[1])) {
			arg = word[2] ? word + 2 : i + 1 < n ? words[++i] : NULL;
			if (!arg)
				return hf_error_set(err, -EINVAL, "-%c has no value",
						    word[1]);
		} else if (!strchr(without, word[1])) {
			return hf_error_set(err, -EINVAL, "unknown option '%s'", word);
		} else if (word[2] && !strchr("ic", word[1])) {
			return not_one_option(word, err);
		}
		/* of four words, its own name counted, it reads one behind -D */
		s->line->crashes = word[1] == 'D' && n == 3 && i == 2;
		r = parse_option(s, word[1], arg, err);
		/* of a line with -i or -c auditctl does nothing else */
		if (r < 0 || s->line->keep_going)
			return r;
	}
	return 0;
}

static int finish_rule(line_state *s, hf_error **err)
{
	hf_audit_rule *rule = &s->line->rule;
	char *copy;
	int r;

	if (!s->has_list) {
		if (s->has_syscall)
			return hf_error_set(err, -EINVAL, "the rule names no list");
		return 0;
	}
	if (s->key_len) {
		hf_audit_field key = { .type = AUDIT_FILTERKEY, .op = AUDIT_EQUAL };

		if (!s->key_allowed) /* -F key= may come first, but not alone */
			return hf_error_set(err, -EINVAL, "%s", key_refused);
		copy = hf_arena_memdup(s->arena, s->key, s->key_len);
		if (!copy)
			return hf_error_oom(err);
		key.text = copy;
		key.value = (uint32_t)s->key_len;
		r = add_field(s, &key, err);
		if (r < 0)
			return r;
	}
	if (!s->has_syscall && rule->list != AUDIT_FILTER_TASK)
		memset(s->mask, 0xff, sizeof(s->mask));
	if (hf_audit_rule_field(rule, AUDIT_WATCH) &&
	    hf_audit_rule_field(rule, AUDIT_DIR))
		return hf_error_set(err, -EINVAL,
				    "path and dir cannot stand in one rule");
	if (hf_audit_rule_set_mask(rule, s->mask, s->arena) < 0)
		return hf_error_oom(err);
	hf_audit_rule_settle(rule);
	return 0;
}

int hf_audit_line_parse(const char *text, const hf_audit_names *names, hf_arena *arena,
			hf_audit_line *ret, hf_error **err)
{
	line_state s = { .names = names, .arena = arena, .line = ret };
	char copy[HF_AUDIT_LINE_MAX + 1];
	char *words[MAX_WORDS];
	size_t len = strlen(text), n = 0;
	int r;

	if (len > HF_AUDIT_LINE_MAX)
		return hf_error_set(err, -EINVAL, "the line is longer than %d bytes",
				    HF_AUDIT_LINE_MAX);
	if (memchr(text, '\n', len)) /* printed again it would be two */
		return hf_error_set(err, -EINVAL, "the line holds a line break");
	memcpy(copy, text, len + 1);
	r = split_words(copy, words, &n, err);
	if (r < 0)
		return r;
	*ret = (hf_audit_line){ .type = HF_AUDIT_LINE_BLANK };
	if (n == 0 || words[0][0] == '#')
		return 0;
	r = parse_words(&s, words, n, err);
	if (r == 0 && !ret->keep_going)
		r = finish_rule(&s, err);
	if (r < 0) {
		/* the rest is done by then */
		if (ret->type != HF_AUDIT_LINE_DELETE_ALL)
			ret->type = HF_AUDIT_LINE_BLANK;
		ret->rule = (hf_audit_rule){ 0 };
		ret->key = NULL;
	}
	return r;
}

bool hf_audit_line_deletes(const hf_audit_line *line, const hf_audit_rule *rule)
{
	const hf_audit_field *key;

	if (line->type == HF_AUDIT_LINE_DELETE)
		return hf_audit_rule_equal(rule, &line->rule);
	if (line->type != HF_AUDIT_LINE_DELETE_ALL || !line->key)
		return line->type == HF_AUDIT_LINE_DELETE_ALL;
	/* strstr() over all keys of the rule: key_match() of auditctl */
	key = hf_audit_rule_field(rule, AUDIT_FILTERKEY);
	return key && memmem(key->text, key->value, line->key, strlen(line->key));
}

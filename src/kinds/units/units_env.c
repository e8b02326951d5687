/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/escape.h"
#include "kinds/units/units_argv.h"

/* load_env_file() of systemd: a state machine over bytes (env-file.c). */
typedef enum hf_env_state {
	ENV_PRE_KEY,
	ENV_KEY,
	ENV_PRE_VALUE,
	ENV_VALUE,
	ENV_VALUE_ESCAPE,
	ENV_SINGLE,
	ENV_DOUBLE,
	ENV_DOUBLE_ESCAPE,
	ENV_COMMENT,
	ENV_COMMENT_ESCAPE,
} hf_env_state;

typedef struct hf_env_reader {
	hf_env *env;
	hf_arena *arena;
	const char *path;
	hf_env_state state;
	hf_strbuf key;
	hf_strbuf value;
	size_t key_len;	  /* without blanks at the end */
	size_t value_len; /* the same; quoted ones count */
	unsigned line;
	unsigned key_line;
} hf_env_reader;

int hf_env_put(hf_env *env, hf_arena *arena, const char *name, const char *value,
	       const char *file, unsigned line)
{
	hf_env_var *var = hf_map_get(&env->by_name, name);

	if (!var) {
		var = hf_arena_new(arena, hf_env_var);
		if (!var || hf_map_put(&env->by_name, arena, name, var) < 0)
			return -ENOMEM;
	}
	*var = (hf_env_var){ name, value, file, line };
	return 0;
}

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || is_newline(c);
}

static bool is_utf8(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = hf_utf8_len(s + i, len - i);

		if (!n)
			return false;
		i += n;
	}
	return true;
}

static bool name_is_valid(const char *name)
{
	if (!name[0] || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (; *name; name++) {
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		      (*name >= '0' && *name <= '9') || *name == '_'))
			return false;
	}
	return true;
}

bool hf_env_is_valid(const char *name, const char *value)
{
	return name_is_valid(name) && is_utf8(value, strlen(value));
}

static void key_add(hf_env_reader *rd, char c)
{
	hf_strbuf_addc(&rd->key, c);
	if (!is_space(c))
		rd->key_len = rd->key.len;
}

static void value_add(hf_env_reader *rd, char c, bool keep)
{
	hf_strbuf_addc(&rd->value, c);
	if (keep || !is_space(c))
		rd->value_len = rd->value.len;
}

static int reader_push(hf_env_reader *rd, hf_error **err)
{
	char *name, *value;

	if (!hf_strbuf_ok(&rd->key) || !hf_strbuf_ok(&rd->value))
		return hf_error_oom(err);
	if (!is_utf8(hf_strbuf_str(&rd->key), rd->key.len) ||
	    !is_utf8(hf_strbuf_str(&rd->value), rd->value.len))
		return hf_error_at(err, -EBADMSG, rd->path, rd->key_line, 0,
				   "invalid UTF-8 in an environment file");
	name = hf_arena_memdup(rd->arena, hf_strbuf_str(&rd->key), rd->key_len);
	value = hf_arena_memdup(rd->arena, hf_strbuf_str(&rd->value), rd->value_len);
	if (!name || !value)
		return hf_error_oom(err);
	hf_strbuf_reset(&rd->key);
	hf_strbuf_reset(&rd->value);
	rd->key_len = 0;
	rd->value_len = 0;
	if (!name_is_valid(name))
		return 0;
	if (hf_env_put(rd->env, rd->arena, name, value, rd->path, rd->key_line) < 0)
		return hf_error_oom(err);
	return 0;
}

static void reader_key(hf_env_reader *rd, char c)
{
	if (rd->state == ENV_PRE_KEY) {
		if (c == '#' || c == ';') {
			rd->state = ENV_COMMENT;
		} else if (!is_space(c)) {
			rd->state = ENV_KEY;
			rd->key_line = rd->line;
			key_add(rd, c);
		}
	} else if (is_newline(c)) {
		rd->state = ENV_PRE_KEY;
		hf_strbuf_reset(&rd->key);
		rd->key_len = 0;
	} else if (c == '=') {
		rd->state = ENV_PRE_VALUE;
	} else {
		key_add(rd, c);
	}
}

static int reader_value(hf_env_reader *rd, char c, hf_error **err)
{
	bool pre = rd->state == ENV_PRE_VALUE;

	if (is_newline(c)) {
		rd->state = ENV_PRE_KEY;
		return reader_push(rd, err);
	}
	if (c == '\\') {
		rd->state = ENV_VALUE_ESCAPE;
	} else if (pre && c == '\'') {
		rd->state = ENV_SINGLE;
	} else if (pre && c == '"') {
		rd->state = ENV_DOUBLE;
	} else if (!pre || !is_space(c)) {
		rd->state = ENV_VALUE;
		value_add(rd, c, false);
	}
	return 0;
}

static void reader_quoted(hf_env_reader *rd, char c)
{
	switch (rd->state) {
	case ENV_VALUE_ESCAPE:
		rd->state = ENV_VALUE;
		if (!is_newline(c))
			value_add(rd, c, true);
		break;
	case ENV_SINGLE:
		if (c == '\'')
			rd->state = ENV_PRE_VALUE;
		else
			value_add(rd, c, true);
		break;
	case ENV_DOUBLE:
		if (c == '"')
			rd->state = ENV_PRE_VALUE;
		else if (c == '\\')
			rd->state = ENV_DOUBLE_ESCAPE;
		else
			value_add(rd, c, true);
		break;
	default: /* ENV_DOUBLE_ESCAPE */
		rd->state = ENV_DOUBLE;
		if (!strchr("\"\\`$\n", c))
			value_add(rd, '\\', true);
		if (c != '\n')
			value_add(rd, c, true);
		break;
	}
}

static int reader_byte(hf_env_reader *rd, char c, hf_error **err)
{
	int r = 0;

	switch (rd->state) {
	case ENV_PRE_KEY:
	case ENV_KEY:
		reader_key(rd, c);
		break;
	case ENV_PRE_VALUE:
	case ENV_VALUE:
		r = reader_value(rd, c, err);
		break;
	case ENV_COMMENT:
		if (c == '\\')
			rd->state = ENV_COMMENT_ESCAPE;
		else if (is_newline(c))
			rd->state = ENV_PRE_KEY;
		break;
	case ENV_COMMENT_ESCAPE:
		/* since 254 a comment ends with its line, whatever its last byte is */
		rd->state = is_newline(c) ? ENV_PRE_KEY : ENV_COMMENT;
		break;
	default:
		reader_quoted(rd, c);
		break;
	}
	if (c == '\n')
		rd->line++;
	return r;
}

int hf_env_file_parse(hf_env *env, hf_arena *arena, const char *path, const char *text,
		      size_t len, hf_error **err)
{
	hf_env_reader rd = { .env = env, .arena = arena, .path = path, .line = 1 };
	int r = 0;

	/* NUL ends the text for systemd, which reads it into a string */
	len = strnlen(text, len);
	for (size_t i = 0; i < len && r == 0; i++)
		r = reader_byte(&rd, text[i], err);
	if (r == 0 && rd.state >= ENV_PRE_VALUE && rd.state <= ENV_DOUBLE_ESCAPE)
		r = reader_push(&rd, err);
	hf_strbuf_done(&rd.key);
	hf_strbuf_done(&rd.value);
	return r;
}

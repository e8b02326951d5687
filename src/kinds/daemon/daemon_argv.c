/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/daemon/daemon_argv.h"

#include <errno.h>
#include <string.h>

#include "base/parse.h"

typedef struct scanner {
	const hf_arg *argv;
	size_t n;
	size_t pos;
	const char *engine;
	hf_arena *arena;
	hf_dargv *out;
} scanner;

static hf_json *text_json(hf_arena *arena, const char *text)
{
	return hf_json_new(arena, HF_JSON_STRING, text);
}

/* What is no number, or no boolean, stays text: dockerd will refuse it, and it is equal
 * to nothing that may be demanded. */
static hf_json *number_json(hf_arena *arena, const char *text)
{
	int64_t v;

	return hf_json_new(arena,
			   hf_parse_i64(text, &v) == 0 ? HF_JSON_NUMBER : HF_JSON_STRING,
			   text);
}

static hf_json *bool_json(hf_arena *arena, const char *text)
{
	bool b;

	return hf_parse_go_bool(text, &b) == 0 ? hf_json_new_bool(arena, b)
					       : text_json(arena, text);
}

/* "base=10.0.0.0/8,size=24" */
static hf_json *pairs_json(hf_arena *arena, const char *text, bool numbers)
{
	hf_json *made = hf_json_new(arena, HF_JSON_OBJECT, NULL);
	char *copy = hf_arena_strdup(arena, text), *save = NULL;

	if (!made || !copy)
		return NULL;
	for (char *p = strtok_r(copy, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(p, '=');
		hf_json *v;
		int64_t i;

		if (eq)
			*eq++ = '\0';
		else
			eq = p + strlen(p);
		if (numbers && hf_parse_i64(eq, &i) == 0)
			v = number_json(arena, eq);
		else if (strcmp(eq, "true") == 0 || strcmp(eq, "false") == 0)
			v = bool_json(arena, eq);
		else
			v = text_json(arena, eq);
		if (hf_json_add(arena, made, p, v) < 0)
			return NULL;
	}
	return made;
}

/* "SOFT[:HARD]" of default-ulimit */
static hf_json *ulimit_json(hf_arena *arena, const char *name, const char *text)
{
	hf_json *made = hf_json_new(arena, HF_JSON_OBJECT, NULL);
	const char *colon = strchr(text, ':');
	char *soft = hf_arena_memdup(arena, text,
				     colon ? (size_t)(colon - text) : strlen(text));

	if (!made || !soft ||
	    hf_json_add(arena, made, "Name", text_json(arena, name)) < 0 ||
	    hf_json_add(arena, made, "Hard",
			number_json(arena, colon ? colon + 1 : soft)) < 0 ||
	    hf_json_add(arena, made, "Soft", number_json(arena, soft)) < 0)
		return NULL;
	return made;
}

/* One NAME=VALUE of a map's flag goes into @map. */
static int map_add(scanner *s, const hf_dkey *key, hf_json *map, const char *text)
{
	hf_arena *arena = s->arena;
	const char *eq = strchr(text, '=');
	char *name =
		hf_arena_memdup(arena, text, eq ? (size_t)(eq - text) : strlen(text));
	const char *rest = eq ? eq + 1 : "";
	hf_json *v, *old;

	if (!name)
		return -ENOMEM;
	if (key->type == HF_DTYPE_MAP) {
		v = text_json(arena, rest);
	} else if (key->type == HF_DTYPE_BOOL_MAP) {
		v = eq ? bool_json(arena, rest) : hf_json_new_bool(arena, true);
	} else if (strcmp(key->name, "default-ulimits") == 0) {
		v = ulimit_json(arena, name, rest);
	} else if (strcmp(key->name, "runtimes") == 0) {
		v = hf_json_new(arena, HF_JSON_OBJECT, NULL);
		if (!v || hf_json_add(arena, v, "path", text_json(arena, rest)) < 0)
			return -ENOMEM;
	} else { /* default-network-opt DRIVER=NAME=VALUE, several for one driver */
		v = pairs_json(arena, rest, false);
		old = hf_json_get(map, name);
		if (v && old) {
			for (size_t i = 0; i < v->n; i++)
				if (hf_json_add(arena, old, NULL, v->items[i]) < 0)
					return -ENOMEM;
			return 0;
		}
	}
	old = hf_json_get(map, name);
	if (!v)
		return -ENOMEM;
	if (old) { /* the last one wins */
		old->type = v->type;
		old->boolean = v->boolean;
		old->text = v->text;
		old->items = v->items;
		old->n = v->n;
		return 0;
	}
	return hf_json_add(arena, map, name, v);
}

static int put(scanner *s, const hf_dkey *key, const hf_arg *arg, const char *written,
	       const char *text)
{
	hf_dflag *flag = &s->out->flags[key - hf_dkeys];
	hf_json *v = NULL;

	if (!flag->arg) {
		flag->arg = arg;
		flag->written = hf_arena_strdup(s->arena, written);
		if (!flag->written)
			return -ENOMEM;
	}
	if (hf_dkey_is_list(key) || hf_dkey_is_map(key)) {
		hf_json *made = (hf_json *)(uintptr_t)flag->value;

		if (!made)
			made = hf_json_new(s->arena,
					   hf_dkey_is_list(key) ? HF_JSON_ARRAY
								: HF_JSON_OBJECT,
					   NULL);
		if (!made)
			return -ENOMEM;
		flag->value = made;
		if (key->type == HF_DTYPE_LIST)
			return hf_json_add(s->arena, made, NULL,
					   text_json(s->arena, text));
		if (key->type == HF_DTYPE_POOLS)
			return hf_json_add(s->arena, made, NULL,
					   pairs_json(s->arena, text, true));
		if (strcmp(key->name, "nri-opts") == 0) {
			v = pairs_json(s->arena, text, false);
			flag->value = v;
			return v ? 0 : -ENOMEM;
		}
		return map_add(s, key, made, text);
	}
	if (key->type == HF_DTYPE_BOOL)
		v = bool_json(s->arena, text);
	else if (key->type == HF_DTYPE_INT)
		v = number_json(s->arena, text);
	else
		v = text_json(s->arena, text);
	flag->value = v;
	return v ? 0 : -ENOMEM;
}

/* --http-proxy and its like set a member of "proxies". */
static int put_proxy(scanner *s, const char *name, const hf_arg *arg, const char *written,
		     const char *text)
{
	hf_dflag *flag = hf_arena_new(s->arena, hf_dflag);

	if (!flag)
		return -ENOMEM;
	*flag = (hf_dflag){ text_json(s->arena, text), arg, written };
	for (size_t i = 0; i < HF_DKEY_PROXIES_N; i++)
		if (strcmp(hf_dkey_proxies[i], name) == 0)
			s->out->proxies[i] = flag;
	return flag->value ? 0 : -ENOMEM;
}

static int put_other(scanner *s, const hf_arg *arg, const char *written,
		     const char *value)
{
	hf_dother *slot = hf_vec_push(s->arena, s->out->others, s->out->n_others);

	if (!slot)
		return -ENOMEM;
	*slot = (hf_dother){ written, value, arg };
	return 0;
}

/* The value of a flag that has none in its own word: the next word, if there is one. */
static const char *next_word(scanner *s)
{
	return s->pos < s->n ? s->argv[s->pos++].text : "";
}

static int read_long(scanner *s, const hf_arg *arg)
{
	const char *eq = strchr(arg->text, '=');
	char *name =
		hf_arena_memdup(s->arena, arg->text + 2,
				(eq ? (size_t)(eq - arg->text) : strlen(arg->text)) - 2);
	char *written = name ? hf_arena_printf(s->arena, "--%s", name) : NULL;
	const char *value = eq ? eq + 1 : NULL;
	const hf_dkey *key;

	if (!written)
		return -ENOMEM;
	key = hf_dkey_by_flag(name, s->engine);
	if (key) {
		if (!value)
			value = key->type == HF_DTYPE_BOOL ? "true" : next_word(s);
		return put(s, key, arg, written, value);
	}
	if (!hf_dkey_is_flag_only(name, NULL)) {
		/* of a later release, or an error: a word that is no flag is its value */
		if (!value && s->pos < s->n && s->argv[s->pos].text[0] != '-')
			value = s->argv[s->pos++].text;
		return put_other(s, arg, written, value);
	}
	if (!value && hf_dkey_flag_takes_value(name))
		value = next_word(s);
	if (hf_dkey_is_proxy(name))
		return put_proxy(s, name, arg, written, value);
	if (strcmp(name, "config-file") == 0)
		s->out->config_file = value;
	return put_other(s, arg, written, value);
}

/* -D, -lwarn, -l=warn, -l warn, -Dl warn */
static int read_short(scanner *s, const hf_arg *arg)
{
	for (const char *p = arg->text + 1; *p; p++) {
		const hf_dkey *key = hf_dkey_by_letter(*p);
		char written[] = { '-', *p, '\0' };

		if (!key) {
			if (*p == 'h' || *p == 'v')
				continue;
			return 0;
		}
		if (key->type == HF_DTYPE_BOOL && p[1] != '=') {
			int r = put(s, key, arg, written, "true");

			if (r < 0)
				return r;
			continue;
		}
		p += p[1] == '=' ? 2 : 1;
		return put(s, key, arg, written, *p || p[-1] == '=' ? p : next_word(s));
	}
	return 0;
}

int hf_dargv_parse(const hf_arg *argv, size_t n, const char *engine, hf_arena *arena,
		   hf_dargv *ret)
{
	scanner s = { argv, n, 1, engine, arena, ret };
	int r = 0;

	*ret = (hf_dargv){ 0 };
	ret->flags = hf_arena_array(arena, hf_dkeys_n, sizeof(*ret->flags));
	if (!ret->flags)
		return -ENOMEM;
	while (s.pos < n && r == 0) {
		const hf_arg *arg = &argv[s.pos++];

		if (strcmp(arg->text, "--") == 0)
			break;
		if (strncmp(arg->text, "--", 2) == 0)
			r = read_long(&s, arg);
		else if (arg->text[0] == '-' && arg->text[1])
			r = read_short(&s, arg);
	}
	return r;
}

const hf_dflag *hf_dargv_get(const hf_dargv *argv, const hf_dkey *key, const char *subkey)
{
	const hf_dflag *flag;

	if (!argv->flags)
		return NULL;
	if (strcmp(key->name, "proxies") == 0) {
		for (size_t i = 0; i < HF_DKEY_PROXIES_N; i++)
			if (argv->proxies[i] &&
			    (!subkey || strcmp(subkey, hf_dkey_proxies[i]) == 0))
				return argv->proxies[i];
		return NULL;
	}
	flag = &argv->flags[key - hf_dkeys];
	return flag->arg ? flag : NULL;
}

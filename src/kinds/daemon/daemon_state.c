/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/daemon/daemon_state.h"

#include <errno.h>
#include <string.h>

/* A value of zero in the file means the default (mergo in MergeDaemonConfigurations),
 * but for booleans. */
static bool is_zero(const hf_dkey *key, const hf_json *value)
{
	int64_t number;

	switch (value->type) {
	case HF_JSON_NULL:
		return true;
	case HF_JSON_BOOL:
		return false;
	case HF_JSON_NUMBER:
		/* special-cased in the engine since the key exists */
		return hf_json_int(value, &number) && number == 0 &&
		       strcmp(key->name, "default-stop-timeout") != 0;
	case HF_JSON_STRING:
		return !*value->text;
	case HF_JSON_ARRAY:
	case HF_JSON_OBJECT:
		return value->n == 0;
	}
	return false;
}

/* The default as a value; *ret NULL: there is none. */
static int standard(const hf_dkey *key, const char *engine, hf_arena *arena,
		    const hf_json **ret)
{
	const char *text = hf_dkey_standard(key, engine);
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_json *value = NULL;

	if (text &&
	    hf_json_parse_value(key->name, text, strlen(text), arena, &value, &err) < 0)
		return -ENOMEM; /* the table's texts are valid: see its test */
	*ret = value;
	return 0;
}

/* The only key that may be given both ways: the two are merged. */
const char *hf_daemon_variable(const char *const *env, size_t n, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; env && i < n && env[i]; i++)
		if (strncmp(env[i], name, len) == 0 && env[i][len] == '=')
			return env[i] + len + 1;
	return NULL;
}

bool hf_daemon_may_repeat(const hf_dkey *key)
{
	return strcmp(key->name, "runtimes") == 0;
}

int hf_daemon_in_force(const hf_daemon_config *config, const hf_dkey *key,
		       const char *subkey, hf_arena *arena, hf_daemon_value *ret)
{
	const hf_dflag *flag = hf_dargv_get(config->argv, key, subkey);
	const hf_json *whole = hf_json_get(config->root, key->name);
	const hf_json *in_file = subkey ? hf_json_get(whole, subkey) : whole;
	const hf_json *by_flag = NULL;

	*ret = (hf_daemon_value){ .in_file = in_file, .flag = flag };
	if (flag)
		by_flag = subkey && strcmp(key->name, "proxies") != 0
				  ? hf_json_get(flag->value, subkey)
				  : flag->value;
	if (hf_daemon_may_repeat(key)) {
		if (!by_flag)
			ret->flag = NULL;
	} else {
		ret->conflict =
			flag &&
			(subkey && strcmp(key->name, "proxies") == 0 ? in_file : whole);
	}
	if (by_flag) {
		ret->value = by_flag;
		ret->source = HF_DAEMON_FROM_FLAG;
		return 0;
	}
	if (in_file &&
	    (subkey ? in_file->type != HF_JSON_NULL : !is_zero(key, in_file))) {
		ret->value = in_file;
		ret->source = HF_DAEMON_FROM_FILE;
		return 0;
	}
	return subkey ? 0 : standard(key, config->engine, arena, &ret->value);
}

static int is_standard(const hf_daemon_spec *spec, const hf_json *value,
		       const char *engine, hf_arena *arena)
{
	const hf_json *wanted = NULL;

	if (!value)
		return 1;
	if (spec->subkey)
		return 0;
	if (standard(spec->key, engine, arena, &wanted) < 0)
		return -ENOMEM;
	return wanted ? hf_daemon_equal(value, wanted) : 0;
}

int hf_daemon_is_met(const hf_daemon_spec *spec, const hf_daemon_value *value,
		     const char *engine, hf_arena *arena)
{
	int r;

	switch (spec->op) {
	case HF_DAEMON_SET:
		if (!spec->subkey && is_zero(spec->key, spec->value))
			return is_standard(spec, value->value, engine, arena);
		return value->value ? hf_daemon_equal(value->value, spec->value) : 0;
	case HF_DAEMON_UNSET:
		return is_standard(spec, value->value, engine, arena);
	case HF_DAEMON_ADD:
		return hf_daemon_contains(value->value, spec->value);
	case HF_DAEMON_FORBID:
		r = value->value ? hf_daemon_is_forbidden(value->value, spec->value) : 0;
		return r < 0 ? r : !r;
	case HF_DAEMON_REQUIRE:
		return value->source != HF_DAEMON_FROM_DEFAULT;
	}
	return 0;
}

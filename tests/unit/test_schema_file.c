/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contrib/baseline-1.schema.json, for editors, names the same keys as the program: what
 * it calls known when it meets an unknown key is compared with the schema.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "kinds/daemon/daemon_keys.h"
#include "kinds/registry.h"

static json_t *schema;

static int read_text(void *user, const char *name, const char *relative_to,
		     hf_arena *arena, hf_source *ret, hf_error **err)
{
	const char *text = user;

	(void)relative_to;
	ret->name = name;
	ret->len = strlen(text);
	ret->text = hf_arena_memdup(arena, text, ret->len);
	return ret->text ? 0 : hf_error_oom(err);
}

/* The member at a path of names and indices: "properties/controls/items". */
static json_t *at(const char *path)
{
	cleanup_free char *copy = strdup(path);
	char *rest = copy, *part;
	json_t *v = schema;

	assert_non_null(copy);
	while ((part = strsep(&rest, "/")))
		v = json_is_array(v) ? json_array_get(v, strtoul(part, NULL, 10))
				     : json_object_get(v, part);
	assert_non_null(v);
	return v;
}

/* Loads a baseline with the key "zzzzzzzz" somewhere: the known keys are those at @path.
 */
static void same_keys(const char *text, const char *path)
{
	const char *name = "b.yaml", *hint = NULL;
	cleanup_free char *copy = strdup(text), *list = NULL;
	hf_load_request request = {
		.names = &name,
		.n_names = 1,
		.kinds = hf_kinds,
		.n_kinds = hf_kinds_n,
		.read = read_text,
		.user = copy,
	};
	json_t *properties = at(path);
	hf_model model = { 0 };
	hf_diags diags = { 0 };
	char *rest, *key;
	size_t n = 0;

	(void)hf_model_load(&model, &request, &diags);
	for (size_t i = 0; i < diags.n; i++)
		if (strstr(diags.items[i].message, "'zzzzzzzz'"))
			hint = diags.items[i].hint;
	assert_non_null(hint);
	assert_int_equal(strncmp(hint, "known keys: ", 12), 0);
	list = strdup(hint + 12);
	assert_non_null(list);
	rest = list;
	while ((key = strsep(&rest, ","))) {
		key += *key == ' ';
		if (!json_object_get(properties, key))
			print_error("%s: the schema lacks '%s'\n", path, key);
		assert_non_null(json_object_get(properties, key));
		n++;
	}
	assert_int_equal(n, json_object_size(properties));
	hf_model_done(&model);
	hf_diags_done(&diags);
}

#define HEAD "holdfast: 1\nname: b\n"
#define CONTROL HEAD "controls:\n  - {id: a, title: A, "
#define IN_CONTROL "$defs/control/properties/"

static void test_keys(void **state)
{
	(void)state;
	same_keys(HEAD "zzzzzzzz: 1\n", "properties");
	same_keys(HEAD "select: {zzzzzzzz: 1}\n", "properties/select/properties");
	same_keys(HEAD "waivers: [{zzzzzzzz: 1}]\n",
		  "properties/waivers/items/properties");
	same_keys(CONTROL "zzzzzzzz: 1}\n", "$defs/control/properties");
	same_keys(CONTROL "when: {zzzzzzzz: 1}}\n", IN_CONTROL "when/properties");
	same_keys(CONTROL "when: {not: {zzzzzzzz: 1}}}\n",
		  IN_CONTROL "when/properties/not/properties");
	same_keys(CONTROL "daemon: {zzzzzzzz: 1}}\n", IN_CONTROL "daemon/properties");
	same_keys(CONTROL "files: [{zzzzzzzz: 1}]}\n",
		  IN_CONTROL "files/items/properties");
	same_keys(CONTROL "audit: {zzzzzzzz: 1}}\n", IN_CONTROL "audit/properties");
	same_keys(CONTROL "audit: {settings: {zzzzzzzz: 1}}}\n",
		  IN_CONTROL "audit/properties/settings/properties");
	same_keys(CONTROL "audit: {rules: [{watch: /a, create: {zzzzzzzz: 1}}]}}\n",
		  IN_CONTROL
		  "audit/properties/rules/items/oneOf/0/properties/create/properties");
	same_keys(CONTROL "units: {a.service: {exec_start: {zzzzzzzz: 1}}}}\n", IN_CONTROL
		  "units/additionalProperties/properties/exec_start/properties");
}

static void test_daemon_keys(void **state)
{
	json_t *keys = at(IN_CONTROL "daemon/properties/set/properties");

	(void)state;
	for (size_t i = 0; i < hf_dkeys_n; i++) {
		if (!json_object_get(keys, hf_dkeys[i].name))
			print_error("the schema lacks '%s'\n", hf_dkeys[i].name);
		assert_non_null(json_object_get(keys, hf_dkeys[i].name));
	}
	assert_int_equal(json_object_size(keys), hf_dkeys_n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_daemon_keys),
	};
	const char *srcdir = getenv("srcdir");
	cleanup_free char *path = NULL;
	json_error_t error;
	int r;

	if (asprintf(&path, "%s/contrib/baseline-1.schema.json", srcdir ? srcdir : ".") <
	    0)
		return 99;
	schema = json_load_file(path, 0, &error);
	if (!schema) {
		fprintf(stderr, "%s: %s\n", path, error.text);
		return 99;
	}
	r = cmocka_run_group_tests(tests, NULL, NULL);
	json_decref(schema);
	return r;
}

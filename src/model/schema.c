/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/strbuf.h"

#define KEYS_MAX 64

static const char *type_wanted(hf_key_type type)
{
	switch (type) {
	case HF_KEY_STRING:
		return "a text";
	case HF_KEY_BOOL:
		return "true or false";
	case HF_KEY_INT:
		return "a whole number";
	case HF_KEY_MODE:
		return "an octal mode such as \"0644\"";
	case HF_KEY_STRINGS:
		return "a list of texts";
	case HF_KEY_SEQUENCE:
		return "a list";
	case HF_KEY_MAPPING:
		return "a mapping";
	case HF_KEY_ANY:
		break;
	}
	return "a value";
}

/* "'x'" of a scalar, "a list", "empty". */
static const char *describe(const hf_node *node, hf_strbuf *sb)
{
	hf_strbuf_reset(sb);
	if (node->type != HF_NODE_SCALAR || hf_node_is_null(node))
		hf_strbuf_adds(sb, hf_node_type_name(node));
	else if (strlen(node->text) > 60)
		hf_strbuf_addf(sb, "'%.50s...'", node->text);
	else
		hf_strbuf_addf(sb, "%s'%s'", node->plain ? "" : "the text ", node->text);
	return hf_strbuf_str(sb);
}

static bool is_int(const hf_node *node)
{
	int64_t v;

	return node->plain && hf_parse_i64(node->text, &v) != -EINVAL;
}

static bool is_bool(const hf_node *node)
{
	bool v;

	return node->plain && hf_parse_bool(node->text, &v) == 0;
}

static bool is_mode(const hf_node *node)
{
	mode_t v;

	return hf_parse_mode(node->text, &v) == 0;
}

static bool is_text(const hf_node *node)
{
	return node->type == HF_NODE_SCALAR && !hf_node_is_null(node);
}

static bool has_type(const hf_node *node, hf_key_type type)
{
	switch (type) {
	case HF_KEY_ANY:
		return true;
	case HF_KEY_STRING:
		return is_text(node);
	case HF_KEY_BOOL:
		return is_text(node) && is_bool(node);
	case HF_KEY_INT:
		return is_text(node) && is_int(node);
	case HF_KEY_MODE:
		return is_text(node) && is_mode(node);
	case HF_KEY_STRINGS:
		return is_text(node) || node->type == HF_NODE_SEQUENCE;
	case HF_KEY_SEQUENCE:
		return node->type == HF_NODE_SEQUENCE;
	case HF_KEY_MAPPING:
		return node->type == HF_NODE_MAPPING;
	}
	return false;
}

static const char *type_hint(const hf_node *node, hf_key_type type)
{
	static const char *const falsy[] = { "no",   "No",   "NO",    "off",
					     "Off",  "OFF",  "yes",   "Yes",
					     "YES",  "on",   "On",    "ON",
					     "True", "TRUE", "False", "FALSE" };

	if (node->type != HF_NODE_SCALAR)
		return NULL;
	if ((type == HF_KEY_BOOL || type == HF_KEY_INT) && !node->plain)
		return "remove the quotes";
	if (type == HF_KEY_BOOL)
		for (size_t i = 0; i < ARRAY_SIZE(falsy); i++)
			if (strcmp(node->text, falsy[i]) == 0)
				return "write true or false";
	if (type == HF_KEY_MODE && strncmp(node->text, "0o", 2) == 0)
		return "write it without the 'o'";
	return NULL;
}

/* The elements of a list of texts, each. */
static bool check_texts(const hf_node *node, const char *name, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	bool ok = true;

	for (size_t i = 0; node->type == HF_NODE_SEQUENCE && i < node->n; i++) {
		if (is_text(node->items[i]))
			continue;
		hf_diag_error(diags, node->items[i]->mark,
			      "'%s' must be a list of texts, and this item is %s", name,
			      describe(node->items[i], &sb));
		ok = false;
	}
	return ok;
}

static bool check_value(const hf_node *node, const hf_key *key, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	if (!has_type(node, key->type)) {
		hf_diag_add(diags, HF_DIAG_ERROR, node->mark, type_hint(node, key->type),
			    "'%s' must be %s, not %s", key->name, type_wanted(key->type),
			    describe(node, &sb));
		return false;
	}
	return key->type != HF_KEY_STRINGS || check_texts(node, key->name, diags);
}

static void unknown_key(const hf_node *key, const char *what, const hf_key *keys,
			size_t n_keys, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const char *names[KEYS_MAX];
	const char *near;

	if (diags->n >= HF_DIAG_MAX) { /* it will only be counted */
		hf_diag_error(diags, key->mark, "unknown key");
		return;
	}
	for (size_t i = 0; i < n_keys; i++)
		names[i] = keys[i].name;
	near = hf_nearest(key->text, names, n_keys);
	if (near) {
		hf_diag_error(diags, key->mark,
			      "unknown key '%s' in %s (did you mean '%s'?)", key->text,
			      what, near);
		return;
	}
	for (size_t i = 0; i < n_keys; i++)
		hf_strbuf_addf(&sb, "%s%s", i ? ", " : "known keys: ", names[i]);
	hf_diag_add(diags, HF_DIAG_ERROR, key->mark,
		    hf_strbuf_ok(&sb) && n_keys ? hf_strbuf_str(&sb) : NULL,
		    "unknown key '%s' in %s", key->text, what);
}

bool hf_schema_mapping(const hf_node *node, const char *what, const hf_key *keys,
		       size_t n_keys, const hf_node **ret, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	unsigned char present[KEYS_MAX] = { 0 };
	bool ok = true;

	assert(n_keys <= KEYS_MAX);
	for (size_t i = 0; i < n_keys; i++)
		ret[i] = NULL;
	if (node->type != HF_NODE_MAPPING) {
		hf_diag_error(diags, node->mark, "%s must be a mapping, not %s", what,
			      describe(node, &sb));
		return false;
	}
	for (size_t i = 0; i < node->n; i++) {
		size_t k = 0;

		while (k < n_keys && strcmp(keys[k].name, node->keys[i]->text) != 0)
			k++;
		if (k == n_keys) {
			unknown_key(node->keys[i], what, keys, n_keys, diags);
			ok = false;
			continue;
		}
		present[k] = 1;
		if (check_value(node->items[i], &keys[k], diags))
			ret[k] = node->items[i];
		else
			ok = false;
	}
	for (size_t k = 0; k < n_keys; k++) {
		if (!(keys[k].flags & HF_KEY_REQUIRED) || present[k])
			continue;
		hf_diag_error(diags, node->mark, "missing key '%s' in %s", keys[k].name,
			      what);
		ok = false;
	}
	return ok;
}

bool hf_schema_bool(const hf_node *node, bool *ret, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	if (has_type(node, HF_KEY_BOOL) && hf_parse_bool(node->text, ret) == 0)
		return true;
	hf_diag_add(diags, HF_DIAG_ERROR, node->mark, type_hint(node, HF_KEY_BOOL),
		    "must be true or false, not %s", describe(node, &sb));
	return false;
}

bool hf_schema_int(const hf_node *node, long long min, long long max, long long *ret,
		   hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	int64_t v;
	int r;

	if (!has_type(node, HF_KEY_INT)) {
		hf_diag_add(diags, HF_DIAG_ERROR, node->mark, type_hint(node, HF_KEY_INT),
			    "must be a whole number, not %s", describe(node, &sb));
		return false;
	}
	r = hf_parse_i64(node->text, &v);
	if (r < 0 || v < min || v > max) {
		hf_diag_error(diags, node->mark, "%s is out of range: %lld to %lld",
			      node->text, min, max);
		return false;
	}
	*ret = v;
	return true;
}

bool hf_schema_mode(const hf_node *node, mode_t *ret, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	if (has_type(node, HF_KEY_MODE) && hf_parse_mode(node->text, ret) == 0)
		return true;
	hf_diag_add(diags, HF_DIAG_ERROR, node->mark, type_hint(node, HF_KEY_MODE),
		    "must be an octal mode such as \"0644\", not %s",
		    describe(node, &sb));
	return false;
}

bool hf_schema_strings(const hf_node *node, hf_arena *arena, const hf_node ***ret,
		       size_t *ret_n, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	bool list = node->type == HF_NODE_SEQUENCE;
	size_t n = list ? node->n : 1;
	const hf_node **nodes;
	bool ok = true;

	for (size_t i = 0; i < n; i++) {
		const hf_node *item = list ? node->items[i] : node;

		if (is_text(item))
			continue;
		hf_diag_error(diags, item->mark, "must be a text, not %s",
			      describe(item, &sb));
		ok = false;
	}
	if (!ok)
		return false;
	nodes = hf_arena_array(arena, n, sizeof(*nodes));
	if (!nodes) {
		diags->oom = true;
		hf_diag_error(diags, node->mark, "out of memory");
		return false;
	}
	for (size_t i = 0; i < n; i++)
		nodes[i] = list ? node->items[i] : node;
	*ret = nodes;
	*ret_n = n;
	return true;
}

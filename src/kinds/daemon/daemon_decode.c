/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML section `daemon`: every value is typed by the key table. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/strbuf.h"
#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_spec.h"
#include "model/schema.h"

typedef struct target {
	const hf_dkey *key;
	const char *subkey;
	const char *name;
} target;

static const char *describe(const hf_node *node, hf_arena *arena)
{
	const char *text;

	if (node->type != HF_NODE_SCALAR || hf_node_is_null(node))
		return hf_node_type_name(node);
	text = hf_arena_printf(arena, "%s'%.60s'", node->plain ? "" : "the text ",
			       node->text);
	return text ? text : "another";
}

static hf_json *wrong(hf_decoder *d, const hf_node *node, const char *name,
		      const char *wanted, const char *hint)
{
	hf_diag_add(d->diags, HF_DIAG_ERROR, node->mark, hint,
		    "'%s' must be %s, and this is %s", name, wanted,
		    describe(node, &d->model->arena));
	return NULL;
}

/* What a function that returned nothing means: it has reported, or there is no memory.
 * @errors: the count before. */
static int nothing(const hf_decoder *d, size_t errors)
{
	return d->diags->n_errors > errors ? 0 : -ENOMEM;
}

/* --- keys --------------------------------------------------------------------------- */

void hf_daemon_report_unknown(hf_diags *diags, hf_mark mark, const char *name)
{
	cleanup_free char *hint = NULL;
	const hf_dkey *key = hf_dkey_by_flag(name, NULL);
	const char *near = hf_dkey_nearest(name);
	const char *what = "dockerd has no such key";

	if (key) {
		what = "that is the flag, the key has another name";
		near = key->name;
	} else if (hf_dkey_is_proxy(name)) {
		what = "dockerd ignores it there, it belongs below 'proxies'";
		near = NULL;
	} else if (hf_dkey_is_flag_only(name, NULL)) {
		what = "dockerd has it as a flag only";
		near = NULL;
	}
	if (near && asprintf(&hint, "did you mean '%s'?", near) < 0)
		hint = NULL;
	hf_diag_add(diags, HF_DIAG_ERROR, mark, hint, "unknown key '%s': %s", name, what);
}

static bool check_subkey(hf_decoder *d, hf_mark mark, const hf_dkey *key, const char *sub)
{
	cleanup_free char *hint = NULL;
	size_t n;
	const char *const *names = hf_dkey_subkeys(key, &n), *near;

	if (!names && *sub)
		return true;
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], sub) == 0)
			return true;
	near = names ? hf_nearest(sub, names, n) : NULL;
	if (near && asprintf(&hint, "did you mean '%s'?", near) < 0)
		hint = NULL;
	hf_diag_add(d->diags, HF_DIAG_ERROR, mark, hint, "unknown key '%s' in '%s'", sub,
		    key->name);
	return false;
}

/* A key by name, "MAP.SUBKEY" allowed. false: see nothing(). */
static bool find_target(hf_decoder *d, hf_mark mark, const char *name, target *ret)
{
	const char *dot = strchr(name, '.');
	cleanup_free char *base = dot ? strndup(name, (size_t)(dot - name)) : NULL;
	const hf_dkey *key;

	if (dot && !base)
		return false;
	key = hf_dkey_find(base ? base : name);
	if (!key || (dot && !hf_dkey_is_map(key))) {
		hf_daemon_report_unknown(d->diags, mark, name);
		return false;
	}
	if (!hf_dkey_known_in(key, NULL)) {
		hf_diag_error(
			d->diags, mark,
			"'%s' is gone since dockerd %s and would stop any later one",
			key->name, key->gone);
		return false;
	}
	if (dot && !check_subkey(d, mark, key, dot + 1))
		return false;
	*ret = (target){ key, NULL, name };
	if (dot)
		ret->subkey = dot + 1;
	return true;
}

/* --- values --------------------------------------------------------------------------
 */

static hf_json *string_value(hf_decoder *d, const hf_node *node, const char *name)
{
	const char *text;

	if (node->type != HF_NODE_SCALAR || hf_node_is_null(node))
		return wrong(d, node, name, "a text", NULL);
	text = hf_decoder_plain(d, node->mark, node->text);
	return text ? hf_json_new(&d->model->arena, HF_JSON_STRING, text) : NULL;
}

static hf_json *bool_value(hf_decoder *d, const hf_node *node, const char *name)
{
	bool value;

	if (node->type != HF_NODE_SCALAR || hf_parse_bool(node->text, &value) < 0)
		return wrong(d, node, name, "true or false", NULL);
	if (!node->plain)
		return wrong(d, node, name, "true or false", "remove the quotes");
	return hf_json_new_bool(&d->model->arena, value);
}

/* Numbers may be negative in members (ulimits) and in these keys. */
static bool is_signed(const char *name)
{
	return strcmp(name, "oom-score-adjust") == 0 ||
	       strncmp(name, "cpu-rt-", strlen("cpu-rt-")) == 0;
}

static hf_json *int_value(hf_decoder *d, const hf_node *node, const char *name)
{
	int64_t value;
	char text[24];

	if (node->type != HF_NODE_SCALAR || hf_parse_i64(node->text, &value) < 0)
		return wrong(d, node, name, "a whole number", NULL);
	if (!node->plain)
		return wrong(d, node, name, "a whole number", "remove the quotes");
	if (value < 0 && hf_dkey_find(name) && !is_signed(name))
		return wrong(d, node, name, "a whole number that is not negative", NULL);
	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	return hf_json_new(&d->model->arena, HF_JSON_NUMBER, text);
}

/* Members of runtimes, builder and the like: a plain true, false or whole number is one,
 * everything else is text. The reader bounds the depth of nodes. */
static hf_json *shaped_value(hf_decoder *d, const hf_node *node, const char *name)
{
	hf_arena *arena = &d->model->arena;
	int64_t number;
	hf_json *made;
	bool b;

	if (node->type == HF_NODE_SCALAR) {
		if (node->plain && hf_parse_bool(node->text, &b) == 0)
			return bool_value(d, node, name);
		if (node->plain && hf_parse_i64(node->text, &number) == 0)
			return int_value(d, node, name);
		return string_value(d, node, name);
	}
	made = hf_json_new(arena,
			   node->type == HF_NODE_MAPPING ? HF_JSON_OBJECT : HF_JSON_ARRAY,
			   NULL);
	for (size_t i = 0; made && i < node->n; i++) {
		const char *key =
			node->type == HF_NODE_MAPPING ? node->keys[i]->text : NULL;

		if (hf_json_add(arena, made, key, shaped_value(d, node->items[i], name)) <
		    0)
			return NULL;
	}
	return made;
}

static bool one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static bool is_address(const char *text)
{
	unsigned char raw[16];

	return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

static bool is_network(const char *text)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];
	unsigned char raw[16];
	int64_t bits, most = 32;

	if (!slash || (size_t)(slash - text) >= sizeof(address) ||
	    hf_parse_i64(slash + 1, &bits) < 0)
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (inet_pton(AF_INET, address, raw) != 1) {
		most = 128;
		if (inet_pton(AF_INET6, address, raw) != 1)
			return false;
	}
	return bits >= 0 && bits <= most;
}

/* Keys whose text is parsed by dockerd before anything else: net.ParseIP, ParseCIDR. */
static const char *refused_address(const char *key, const char *text)
{
	static const char *const addresses[] = { "default-gateway", "default-gateway-v6",
						 "dns", "ip" };
	static const char *const networks[] = { "bip", "bip6", "fixed-cidr",
						"fixed-cidr-v6" };

	if (one_of(key, addresses, ARRAY_SIZE(addresses)) && !is_address(text))
		return "an IP address";
	if (one_of(key, networks, ARRAY_SIZE(networks)) && !is_network(text))
		return "an IP address with the length of its prefix, as in 172.17.0.1/16";
	return NULL;
}

/* Values that dockerd refuses at start whatever the host (Config.Validate in moby). */
static const char *refused_text(const hf_dkey *key, const char *text)
{
	static const char *const levels[] = { "debug", "info",	"warn",	 "warning",
					      "error", "fatal", "panic", "trace" };
	static const char *const ipc[] = { "private", "shareable" };
	static const char *const cgroupns[] = { "host", "private" };
	static const char *const formats[] = { "text", "json" };
	static const char *const backends[] = { "iptables", "nftables" };

	if (!*text)
		return NULL; /* the default */
	if (strcmp(key->name, "log-level") == 0 &&
	    !one_of(text, levels, ARRAY_SIZE(levels)))
		return "one of debug, info, warn, error, fatal";
	if (strcmp(key->name, "default-ipc-mode") == 0 && !one_of(text, ipc, 2))
		return "private or shareable";
	if (strcmp(key->name, "default-cgroupns-mode") == 0 && !one_of(text, cgroupns, 2))
		return "host or private";
	if (strcmp(key->name, "log-format") == 0 && !one_of(text, formats, 2))
		return "text or json";
	if (strcmp(key->name, "firewall-backend") == 0 && !one_of(text, backends, 2))
		return "iptables or nftables";
	if ((strcmp(key->name, "labels") == 0 || strcmp(key->name, "storage-opts") == 0 ||
	     strcmp(key->name, "exec-opts") == 0) &&
	    !strchr(text, '='))
		return "of the form NAME=VALUE";
	if (strcmp(key->name, "registry-mirrors") == 0 &&
	    strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
		return "a URL that begins with https:// or http://";
	return refused_address(key->name, text);
}

static hf_json *checked_text(hf_decoder *d, const hf_node *node, const target *t,
			     bool glob)
{
	hf_json *v = string_value(d, node, t->name);
	const char *wanted = v && !glob ? refused_text(t->key, v->text) : NULL;

	return wanted ? wrong(d, node, t->name, wanted, NULL) : v;
}

static hf_json *list_value(hf_decoder *d, const hf_node *node, const target *t, bool glob)
{
	hf_arena *arena = &d->model->arena;
	hf_json *list = hf_json_new(arena, HF_JSON_ARRAY, NULL);
	bool text = t->key->type == HF_DTYPE_LIST;

	if (node->type == HF_NODE_MAPPING || hf_node_is_null(node) ||
	    (!text && node->type == HF_NODE_SCALAR))
		return wrong(d, node, t->name, text ? "a list of texts" : "a list", NULL);
	if (!list)
		return NULL;
	for (size_t i = 0; i < (node->type == HF_NODE_SCALAR ? 1 : node->n); i++) {
		const hf_node *item =
			node->type == HF_NODE_SCALAR ? node : node->items[i];
		hf_json *v;

		if (text)
			v = checked_text(d, item, t, glob);
		else if (item->type != HF_NODE_MAPPING)
			v = wrong(d, item, t->name, "a list of {base, size}", NULL);
		else
			v = shaped_value(d, item, t->name);
		if (hf_json_add(arena, list, NULL, v) < 0)
			return NULL;
	}
	return list;
}

/* default-ulimits.NAME: dockerd wants the name in the value as well. */
static hf_json *ulimit_value(hf_decoder *d, const hf_node *node, const target *t)
{
	hf_json *v, *name;
	int64_t hard, soft;

	if (node->type != HF_NODE_MAPPING)
		return wrong(d, node, t->name, "a mapping of Hard and Soft", NULL);
	v = shaped_value(d, node, t->name);
	if (!v)
		return NULL;
	name = hf_json_get(v, "Name");
	if (!hf_json_int(hf_json_get(v, "Hard"), &hard) ||
	    !hf_json_int(hf_json_get(v, "Soft"), &soft) || v->n != (name ? 3u : 2u))
		return wrong(d, node, t->name,
			     "a mapping of the whole numbers Hard and Soft",
			     "write {Hard: 65536, Soft: 32768}");
	if (hard != -1 && (soft > hard || soft == -1)) {
		hf_diag_error(
			d->diags, node->mark,
			"Soft of '%s' must not be above Hard, and %lld is above %lld",
			t->name, (long long)soft, (long long)hard);
		return NULL;
	}
	if (name &&
	    (name->type != HF_JSON_STRING || strcmp(name->text, t->subkey) != 0)) {
		hf_diag_error(d->diags, node->mark,
			      "Name of '%s' must repeat the key; it may be left out",
			      t->name);
		return NULL;
	}
	if (!name &&
	    hf_json_add(&d->model->arena, v, "Name",
			hf_json_new(&d->model->arena, HF_JSON_STRING, t->subkey)) < 0)
		return NULL;
	return v;
}

/* A value of the target's own type. NULL: reported, or out of memory. */
static hf_json *typed_value(hf_decoder *d, const hf_node *node, const target *t,
			    bool glob)
{
	switch (t->key->type) {
	case HF_DTYPE_BOOL:
	case HF_DTYPE_BOOL_MAP:
		return bool_value(d, node, t->name);
	case HF_DTYPE_INT:
		return int_value(d, node, t->name);
	case HF_DTYPE_STRING:
		return checked_text(d, node, t, glob);
	case HF_DTYPE_MAP:
		return string_value(d, node, t->name);
	case HF_DTYPE_LIST:
	case HF_DTYPE_POOLS:
		return list_value(d, node, t, glob);
	case HF_DTYPE_OBJECT:
		break;
	}
	if (strcmp(t->key->name, "default-ulimits") == 0)
		return ulimit_value(d, node, t);
	return shaped_value(d, node, t->name);
}

/* --- demands --------------------------------------------------------------------------
 */

static const char *wanted_text(hf_decoder *d, const hf_daemon_spec *spec)
{
	hf_arena *arena = &d->model->arena;
	const char *text = spec->value ? hf_json_compact(spec->value, arena) : "";

	if (!text)
		return NULL;
	switch (spec->op) {
	case HF_DAEMON_SET:
		return text;
	case HF_DAEMON_UNSET:
		return "the default";
	case HF_DAEMON_ADD:
		return hf_arena_printf(arena, "with %s", text);
	case HF_DAEMON_FORBID:
		return hf_arena_printf(arena, "none of %s", text);
	case HF_DAEMON_REQUIRE:
		return "set";
	}
	return NULL;
}

static int add_demand(hf_decoder *d, hf_mark mark, hf_daemon_op op, const target *t,
		      const hf_json *value)
{
	hf_daemon_spec *spec = hf_arena_new(&d->model->arena, hf_daemon_spec);

	if (!spec)
		return -ENOMEM;
	spec->op = op;
	spec->key = t->key;
	spec->name = hf_arena_strdup(&d->model->arena, t->name);
	if (!spec->name)
		return -ENOMEM;
	spec->subkey = t->subkey ? strchr(spec->name, '.') + 1 : NULL;
	spec->value = value;
	spec->wanted = wanted_text(d, spec);
	if (!spec->wanted)
		return -ENOMEM;
	return hf_decoder_demand(d, &hf_kind_daemon, mark, spec);
}

static int set_one(hf_decoder *d, const hf_node *key, const hf_node *node,
		   const target *t)
{
	size_t errors = d->diags->n_errors;
	hf_json *value;

	if (hf_decoder_is_left(d, node))
		return 0;
	value = typed_value(d, node, t, false);
	return value ? add_demand(d, key->mark, HF_DAEMON_SET, t, value)
		     : nothing(d, errors);
}

static int set_map(hf_decoder *d, const hf_node *node, const target *t)
{
	if (node->type != HF_NODE_MAPPING) {
		(void)wrong(d, node, t->name, "a mapping", NULL);
		return 0;
	}
	if (node->n == 0)
		hf_diag_add(d->diags, HF_DIAG_ERROR, node->mark,
			    "name the keys below it, or use 'unset'",
			    "'%s' is empty: a map is owned by the keys that are named",
			    t->name);
	for (size_t i = 0; i < node->n; i++) {
		target sub = { t->key, node->keys[i]->text, NULL };
		int r;

		if (!check_subkey(d, node->keys[i]->mark, t->key, sub.subkey))
			continue;
		sub.name =
			hf_arena_printf(&d->model->arena, "%s.%s", t->name, sub.subkey);
		if (!sub.name)
			return -ENOMEM;
		r = set_one(d, node->keys[i], node->items[i], &sub);
		if (r < 0)
			return r;
	}
	return 0;
}

/* `set`, `add`, `forbid`: one key and its value. 0 also if it is reported as wrong. */
typedef int demand_fn(hf_decoder *d, const hf_node *key, const hf_node *node,
		      const target *t);

static int decode_values(hf_decoder *d, const hf_node *node, demand_fn *demand)
{
	for (size_t i = 0; i < node->n; i++) {
		const hf_node *key = node->keys[i];
		size_t errors = d->diags->n_errors;
		target t;
		int r;

		r = find_target(d, key->mark, key->text, &t)
			    ? demand(d, key, node->items[i], &t)
			    : nothing(d, errors);
		if (r < 0)
			return r;
	}
	return 0;
}

static int decode_set(hf_decoder *d, const hf_node *key, const hf_node *node,
		      const target *t)
{
	return hf_dkey_is_map(t->key) && !t->subkey ? set_map(d, node, t)
						    : set_one(d, key, node, t);
}

/* An empty list asks for nothing. */
static int ask_list(hf_decoder *d, hf_mark mark, hf_daemon_op op, const target *t,
		    hf_json *list)
{
	return list->n ? add_demand(d, mark, op, t, list) : 0;
}

static int decode_add(hf_decoder *d, const hf_node *key, const hf_node *node,
		      const target *t)
{
	size_t errors = d->diags->n_errors;
	hf_json *value;

	if (!hf_dkey_is_list(t->key)) {
		hf_diag_add(d->diags, HF_DIAG_ERROR, key->mark, "use 'set'",
			    "'%s' is not a list, nothing can be added", t->name);
		return 0;
	}
	if (hf_decoder_is_left(d, node))
		return 0;
	value = list_value(d, node, t, false);
	return value ? ask_list(d, key->mark, HF_DAEMON_ADD, t, value)
		     : nothing(d, errors);
}

/* The values that must not be in force: for lists the elements, as globs. */
static hf_json *forbid_value(hf_decoder *d, const hf_node *node, const target *t)
{
	hf_arena *arena = &d->model->arena;
	hf_json *list;

	if (hf_dkey_is_list(t->key))
		return list_value(d, node, t, true);
	list = hf_json_new(arena, HF_JSON_ARRAY, NULL);
	if (!list)
		return NULL;
	if (node->type != HF_NODE_SEQUENCE)
		return hf_json_add(arena, list, NULL, typed_value(d, node, t, true)) < 0
			       ? NULL
			       : list;
	for (size_t i = 0; i < node->n; i++)
		if (hf_json_add(arena, list, NULL,
				typed_value(d, node->items[i], t, true)) < 0)
			return NULL;
	return list;
}

static int decode_forbid(hf_decoder *d, const hf_node *key, const hf_node *node,
			 const target *t)
{
	size_t errors = d->diags->n_errors;
	hf_json *value;

	if (hf_dkey_is_map(t->key) && !t->subkey) {
		hf_diag_error(d->diags, key->mark,
			      "'%s' is a map: name a key of it, as '%s.KEY'", t->name,
			      t->name);
		return 0;
	}
	if (hf_decoder_is_left(d, node))
		return 0;
	value = forbid_value(d, node, t);
	return value ? ask_list(d, key->mark, HF_DAEMON_FORBID, t, value)
		     : nothing(d, errors);
}

static int decode_names(hf_decoder *d, const hf_node *node, hf_daemon_op op)
{
	size_t errors = d->diags->n_errors;
	const hf_node **items;
	size_t n;

	if (!hf_schema_strings(node, &d->model->arena, &items, &n, d->diags))
		return nothing(d, errors);
	for (size_t i = 0; i < n; i++) {
		target t;

		errors = d->diags->n_errors;
		if (!find_target(d, items[i]->mark, items[i]->text, &t)) {
			if (nothing(d, errors) < 0)
				return -ENOMEM;
		} else if (add_demand(d, items[i]->mark, op, &t, NULL) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

int hf_daemon_decode(hf_decoder *d, const hf_node *node)
{
	static const hf_key keys[] = {
		{ "set", HF_KEY_MAPPING, 0 },	  { "unset", HF_KEY_STRINGS, 0 },
		{ "add", HF_KEY_MAPPING, 0 },	  { "forbid", HF_KEY_MAPPING, 0 },
		{ "require", HF_KEY_STRINGS, 0 },
	};
	const hf_node *got[ARRAY_SIZE(keys)];
	int r = 0;

	/* what is wrong is reported and left NULL; the rest is still looked at */
	(void)hf_schema_mapping(node, "'daemon'", keys, ARRAY_SIZE(keys), got, d->diags);
	if (got[0])
		r = decode_values(d, got[0], decode_set);
	if (r == 0 && got[1])
		r = decode_names(d, got[1], HF_DAEMON_UNSET);
	if (r == 0 && got[2])
		r = decode_values(d, got[2], decode_add);
	if (r == 0 && got[3])
		r = decode_values(d, got[3], decode_forbid);
	if (r == 0 && got[4])
		r = decode_names(d, got[4], HF_DAEMON_REQUIRE);
	return r;
}

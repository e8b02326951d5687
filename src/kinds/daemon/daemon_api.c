/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/daemon/daemon_api.h"
#include "base/escape.h"
#include "base/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/docker.h"
#include "host/fs.h"

typedef struct asker {
	hf_host *host;
	hf_plan *plan;
	hf_daemon_obs *obs;
	const char *engine;
	const char *socket;
	hf_dargv argv; /* of the running dockerd */
} asker;

static int find_socket(asker *a)
{
	const hf_daemon_config config = { a->obs->root, &a->argv, a->engine };

	if (hf_dargv_parse(a->obs->live_argv, a->obs->n_live_argv, a->engine,
			   &a->plan->arena, &a->argv) < 0)
		return -ENOMEM;
	return hf_daemon_socket(&config, a->plan, &a->socket);
}

static int show(asker *a, const char *key, hf_json *value)
{
	return value ? hf_map_put(&a->obs->shown, &a->plan->arena, key, value) : -ENOMEM;
}

static int show_bool(asker *a, const char *key, const json_t *v)
{
	if (!json_is_boolean(v))
		return 0;
	return show(a, key, hf_json_new_bool(&a->plan->arena, json_is_true(v)));
}

static int show_text(asker *a, const char *key, const char *text)
{
	return text ? show(a, key, hf_json_new(&a->plan->arena, HF_JSON_STRING, text))
		    : 0;
}

/* Names out of @v that are texts; *ret stays an empty list otherwise. */
static int list_of(asker *a, const json_t *v, hf_json *list)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		const char *text = json_string_value(json_array_get(v, i));

		if (text &&
		    hf_json_add(&a->plan->arena, list, NULL,
				hf_json_new(&a->plan->arena, HF_JSON_STRING, text)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool has_option(const json_t *options, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < json_array_size(options); i++) {
		const char *text = json_string_value(json_array_get(options, i));

		if (text && strncmp(text, "name=", 5) == 0 &&
		    strncmp(text + 5, name, len) == 0 &&
		    (text[5 + len] == '\0' || text[5 + len] == ','))
			return true;
	}
	return false;
}

/* "name=seccomp,profile=default" (20.10) or "builtin": the built-in one. */
static int show_seccomp(asker *a, const json_t *options)
{
	static const char prefix[] = "name=seccomp,profile=";
	const hf_dkey *key = hf_dkey_find("seccomp-profile");

	for (size_t i = 0; i < json_array_size(options); i++) {
		const char *text = json_string_value(json_array_get(options, i));

		if (!text || strncmp(text, prefix, sizeof(prefix) - 1) != 0)
			continue;
		text += sizeof(prefix) - 1;
		if (strcmp(text, "default") != 0 && strcmp(text, "builtin") != 0)
			return show_text(a, key->name, text);
		return show_text(
			a, key->name,
			a->engine && strncmp(a->engine, "20.", 3) == 0 ? "" : "builtin");
	}
	return 0;
}

/* dockerd shows it with all symlinks resolved, NewDaemon() in daemon/daemon.go: as it is
 * configured, where that is the same directory. */
static int show_data_root(asker *a, const char *shown)
{
	const hf_daemon_config config = { a->obs->root, &a->argv, a->engine };
	hf_arena *arena = &a->plan->arena;
	const char *text;
	hf_daemon_value v;
	char *real = NULL;
	int r;

	if (hf_daemon_in_force(&config, hf_dkey_find("data-root"), NULL, arena, &v) < 0)
		return -ENOMEM;
	text = v.value && v.value->type == HF_JSON_STRING ? v.value->text : NULL;
	if (!shown || !text || *text != '/' || strcmp(text, shown) == 0)
		return show_text(a, "data-root", shown);
	r = hf_fs_canonical(a->host, text, arena, &real, NULL);
	if (r == -ENOMEM)
		return r;
	return show_text(a, "data-root",
			 r == 0 && strcmp(real, shown) == 0 ? text : shown);
}

static int show_security(asker *a, const json_t *info)
{
	const json_t *options = json_object_get(info, "SecurityOptions");
	hf_arena *arena = &a->plan->arena;
	bool on;
	int r = 0;

	if (!json_is_array(options))
		return 0;
	/* engines before 24.0 never list it (moby#45320): there its absence tells nothing
	 */
	on = has_option(options, "no-new-privileges");
	if (on || (a->engine && hf_version_compare(a->engine, "24.0") >= 0))
		r = show(a, "no-new-privileges", hf_json_new_bool(arena, on));
	if (r == 0)
		r = show(a, "selinux-enabled",
			 hf_json_new_bool(arena, has_option(options, "selinux")));
	if (r == 0 && !has_option(options, "userns"))
		r = show_text(a, "userns-remap", "");
	if (r == 0 && !has_option(options, "userns"))
		r = show_data_root(
			a, json_string_value(json_object_get(info, "DockerRootDir")));
	return r ? r : show_seccomp(a, options);
}

/* 127.0.0.0/8 and ::1/128 are always there and are nobody's setting. */
static int show_insecure(asker *a, const json_t *config)
{
	hf_arena *arena = &a->plan->arena;
	hf_json *list = hf_json_new(arena, HF_JSON_ARRAY, NULL);
	json_t *cidrs = json_object_get(config, "InsecureRegistryCIDRs");
	json_t *indexes = json_object_get(config, "IndexConfigs"), *index;
	const char *name;

	if (!json_is_object(config))
		return 0;
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(cidrs); i++) {
		name = json_string_value(json_array_get(cidrs, i));
		if (!name || strcmp(name, "127.0.0.0/8") == 0 ||
		    strcmp(name, "::1/128") == 0)
			continue;
		if (hf_json_add(arena, list, NULL,
				hf_json_new(arena, HF_JSON_STRING, name)) < 0)
			return -ENOMEM;
	}
	json_object_foreach(indexes, name, index)
	{
		if (!json_is_false(json_object_get(index, "Secure")))
			continue;
		if (hf_json_add(arena, list, NULL,
				hf_json_new(arena, HF_JSON_STRING, name)) < 0)
			return -ENOMEM;
	}
	return show(a, "insecure-registries", list);
}

static int read_info(asker *a, const json_t *info)
{
	hf_engine_view *engine = &a->plan->engine;
	const json_t *on = json_object_get(info, "LiveRestoreEnabled");
	const json_t *swarm = json_object_get(info, "Swarm");
	const char *state = json_string_value(json_object_get(swarm, "LocalNodeState"));
	const char *driver = json_string_value(json_object_get(info, "Driver"));
	hf_json *labels = hf_json_new(&a->plan->arena, HF_JSON_ARRAY, NULL);
	int r;

	if (json_is_boolean(on))
		engine->live_restore = json_is_true(on) ? HF_PRESENT : HF_ABSENT;
	if (state)
		engine->swarm = strcmp(state, "inactive") == 0 ? HF_ABSENT : HF_PRESENT;
	if (driver) {
		a->obs->driver = hf_arena_strdup(&a->plan->arena, driver);
		if (!a->obs->driver)
			return -ENOMEM;
	}
	r = show_bool(a, "live-restore", on);
	if (r == 0)
		r = show_bool(a, "debug", json_object_get(info, "Debug"));
	if (r == 0)
		r = show_bool(a, "experimental",
			      json_object_get(info, "ExperimentalBuild"));
	if (r == 0)
		r = show_text(a, "log-driver",
			      json_string_value(json_object_get(info, "LoggingDriver")));
	if (r == 0)
		r = show_text(a, "default-runtime",
			      json_string_value(json_object_get(info, "DefaultRuntime")));
	if (r == 0)
		r = show_security(a, info);
	if (r == 0)
		r = show_insecure(a, json_object_get(info, "RegistryConfig"));
	if (r == 0 && json_is_array(json_object_get(info, "Labels"))) {
		r = labels ? list_of(a, json_object_get(info, "Labels"), labels)
			   : -ENOMEM;
		if (r == 0)
			r = show(a, "labels", labels);
	}
	return r;
}

/* A paused container runs, too, and so does one that cannot be told; StateString() in
 * moby's container/state.go. */
static bool is_running(const json_t *container)
{
	static const char *const still[] = { "created", "exited", "dead", "removing" };
	const char *state = json_string_value(json_object_get(container, "State"));

	for (size_t i = 0; state && i < ARRAY_SIZE(still); i++)
		if (strcmp(state, still[i]) == 0)
			return false;
	return true;
}

static const char *container_name(const json_t *c)
{
	const char *name =
		json_string_value(json_array_get(json_object_get(c, "Names"), 0));

	return !name ? "" : name + (*name == '/');
}

static int read_containers(asker *a, const json_t *list)
{
	hf_engine_view *engine = &a->plan->engine;
	hf_arena *arena = &a->plan->arena;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i);
		const char *id = json_string_value(json_object_get(c, "Id"));
		hf_container *slot;

		if (!is_running(c))
			continue;
		slot = hf_vec_push(arena, engine->containers, engine->n_containers);
		if (!slot)
			return -ENOMEM;
		slot->id = hf_arena_strdup(arena, id ? id : "");
		slot->name = hf_arena_strdup(arena, container_name(c));
		if (!slot->id || !slot->name)
			return -ENOMEM;
	}
	engine->containers_known = HF_PRESENT;
	return 0;
}

/* The default bridge as it was made: the options of the network "bridge". */
static int read_bridge(asker *a, const json_t *network)
{
	static const struct {
		const char *option, *key;
	} names[] = {
		{ "com.docker.network.bridge.enable_icc", "icc" },
		{ "com.docker.network.bridge.enable_ip_masquerade", "ip-masq" },
		{ "com.docker.network.bridge.host_binding_ipv4", "ip" },
		{ "com.docker.network.driver.mtu", "mtu" },
	};
	const json_t *options = json_object_get(network, "Options");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *text =
			json_string_value(json_object_get(options, names[i].option));
		hf_json_type type = strcmp(names[i].key, "mtu") == 0 ? HF_JSON_NUMBER
								     : HF_JSON_STRING;
		hf_json *v;

		if (!text)
			continue;
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			v = hf_json_new_bool(&a->plan->arena, text[0] == 't');
		else
			v = hf_json_new(&a->plan->arena, type, text);
		if (show(a, names[i].key, v) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* dockerd sends the event "reload" when a reload has succeeded (daemon/reload.go). */
static void read_events(asker *a, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_int_t nsec = json_integer_value(
			json_object_get(json_array_get(list, i), "timeNano"));

		if (nsec > 0 && (uint64_t)nsec / 1000 > a->obs->reloaded_usec)
			a->obs->reloaded_usec = (uint64_t)nsec / 1000;
	}
}

/* One request. *ret NULL: no answer, and the reason is noted. */
static int get(asker *a, const char *path, bool stream, json_t **ret)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	int r;

	*ret = NULL;
	r = stream ? hf_docker_get_stream(a->host, a->socket, path, ret, &e)
		   : hf_docker_get(a->host, a->socket, path, ret, &e);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && !a->obs->api_why) {
		a->obs->api_why = hf_arena_strdup(&a->plan->arena, hf_error_text(e));
		if (!a->obs->api_why)
			return -ENOMEM;
	}
	return 0;
}

static int ask_bridge_and_events(asker *a)
{
	char *path;
	json_t *v;
	int r = get(a, "/networks/bridge", false, &v);

	if (r == 0 && v)
		r = read_bridge(a, v);
	json_decref(v);
	if (r < 0)
		return r;
	path = hf_arena_printf(&a->plan->arena,
			       "/events?since=%llu&until=%lld&filters=%%7B%%22type%%22%%"
			       "3A%%5B%%22daemon%%22"
			       "%%5D%%2C%%22event%%22%%3A%%5B%%22reload%%22%%5D%%7D",
			       (unsigned long long)(a->obs->changed_usec / 1000000),
			       (long long)a->plan->options.now);
	if (!path)
		return -ENOMEM;
	r = get(a, path, true, &v);
	if (r == 0 && v)
		read_events(a, v);
	json_decref(v);
	return r;
}

/* --- what it keeps --------------------------------------------------------------------
 */

#define STORE_NAME_MAX 120 /* bytes; what is longer is cut */

/* "sha256:0123456789abcdef..." as people know it */
static const char *short_id(const json_t *v, hf_arena *arena)
{
	const char *id = json_string_value(json_object_get(v, "Id"));

	if (!id)
		return "?";
	return hf_arena_printf(arena, "%.12s",
			       strncmp(id, "sha256:", 7) == 0 ? id + 7 : id);
}

/* The first tag; one that was taken away is "<none>:<none>" in 20.10, none at all later.
 */
static const char *image_name(const json_t *v, hf_arena *arena)
{
	const char *tag =
		json_string_value(json_array_get(json_object_get(v, "RepoTags"), 0));

	return tag && *tag && strncmp(tag, "<none>", 6) != 0 ? tag : short_id(v, arena);
}

static const char *kept_container_name(const json_t *v, hf_arena *arena)
{
	const char *name = container_name(v);

	return *name ? name : short_id(v, arena);
}

static const char *volume_name(const json_t *v, hf_arena *arena)
{
	const char *name = json_string_value(json_object_get(v, "Name"));

	(void)arena;
	return name && *name ? name : "?";
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A copy in @arena, of no more than so many bytes. */
static const char *cut(const char *name, hf_arena *arena)
{
	size_t len = strlen(name), n = 0, step;

	if (len <= STORE_NAME_MAX)
		return hf_arena_strdup(arena, name);
	while ((step = hf_utf8_len(name + n, len - n)) && n + step <= STORE_NAME_MAX)
		n += step;
	return hf_arena_printf(arena, "%.*s...", (int)n, name);
}

/* The first names in order, and how many there are: what the API lists has no order that
 * would stay. */
static int keep_names(asker *a, hf_store_sort sort, const json_t *list,
		      const char *(*name_of)(const json_t *v, hf_arena *arena))
{
	hf_store_names *kept = &a->obs->store.sorts[sort];
	cleanup_(hf_arena_done) hf_arena scratch = { 0 };
	size_t total = json_array_size(list);
	const char **all = hf_arena_array(&scratch, total + 1, sizeof(*all));

	kept->names = hf_arena_array(&a->plan->arena, HF_STORE_NAMES_MAX, sizeof(*all));
	if (!all || !kept->names)
		return -ENOMEM;
	for (size_t i = 0; i < total; i++) {
		all[i] = name_of(json_array_get(list, i), &scratch);
		if (!all[i])
			return -ENOMEM;
	}
	qsort(all, total, sizeof(*all), by_text);
	for (size_t i = 0; i < total && i < HF_STORE_NAMES_MAX; i++) {
		kept->names[i] = cut(all[i], &a->plan->arena);
		if (!kept->names[i])
			return -ENOMEM;
		kept->n_names++;
	}
	kept->total = total;
	kept->known = HF_PRESENT;
	return 0;
}

/* One request for names; what comes after one without an answer is not asked. */
static int ask_names(asker *a, hf_store_sort sort, const char *path, const char *member,
		     const char *(*name_of)(const json_t *v, hf_arena *arena))
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_store *store = &a->obs->store;
	const json_t *list;
	json_t *v = NULL;
	int r;

	if (store->why)
		return 0;
	r = hf_docker_get(a->host, a->socket, path, &v, &e);
	list = member ? json_object_get(v, member) : v;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		store->why = hf_arena_strdup(&a->plan->arena, hf_error_text(e));
	else if (json_is_array(list) || (member && json_is_null(list)))
		r = keep_names(a, sort, list, name_of);
	else
		store->why = hf_arena_printf(
			&a->plan->arena, "dockerd's answer to GET %s is no list", path);
	json_decref(v);
	return r == -ENOMEM || (store->sorts[sort].known != HF_PRESENT && !store->why)
		       ? -ENOMEM
		       : 0;
}

/* @containers: all of them, as listed already; NULL: there was no answer */
static int ask_store(asker *a, const json_t *containers)
{
	int r;

	if (!json_is_array(containers)) {
		a->obs->store.why = a->obs->api_why
					    ? a->obs->api_why
					    : "dockerd's list of containers is no list";
		return 0;
	}
	r = keep_names(a, HF_STORE_CONTAINERS, containers, kept_container_name);
	if (r == 0)
		r = ask_names(a, HF_STORE_IMAGES, "/images/json", NULL, image_name);
	if (r == 0)
		r = ask_names(a, HF_STORE_VOLUMES, "/volumes", "Volumes", volume_name);
	return r;
}

/* --- plugins --------------------------------------------------------------------------
 */

static int add_plugin(hf_plan *plan, hf_daemon_obs *obs, const char *name, size_t len)
{
	const char **slot = hf_vec_push(&plan->arena, obs->plugins, obs->n_plugins);

	if (!slot)
		return -ENOMEM;
	*slot = hf_arena_memdup(&plan->arena, name, len);
	return *slot ? 0 : -ENOMEM;
}

/* docs.docker.com, "Plugin discovery": a socket, or a file NAME.spec or NAME.json. */
static int list_dir(hf_host *host, hf_plan *plan, hf_daemon_obs *obs, const char *dir)
{
	static const char *const ends[] = { ".sock", ".spec", ".json" };
	char **names;
	size_t n;
	int r = hf_fs_list(host, dir, &plan->arena, &names, &n, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		for (size_t k = 0; k < ARRAY_SIZE(ends); k++)
			if (len > 5 && strcmp(names[i] + len - 5, ends[k]) == 0 &&
			    add_plugin(plan, obs, names[i], len - 5) < 0)
				return -ENOMEM;
	}
	return 0;
}

int hf_daemon_list_plugins(struct hf_host *host, hf_plan *plan, hf_daemon_obs *obs)
{
	static const char *const dirs[] = { "/run/docker/plugins", "/etc/docker/plugins",
					    "/usr/lib/docker/plugins" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == 0; i++)
		r = list_dir(host, plan, obs, dirs[i]);
	return r;
}

static int ask_plugins(asker *a)
{
	json_t *v;
	int r = get(a, "/plugins", false, &v);

	for (size_t i = 0; r == 0 && i < json_array_size(v); i++) {
		const json_t *p = json_array_get(v, i);
		const char *name = json_string_value(json_object_get(p, "Name"));
		size_t len = name ? strlen(name) : 0;

		if (!name || !json_is_true(json_object_get(p, "Enabled")))
			continue;
		r = add_plugin(a->plan, a->obs, name, len);
		/* the tag may be left out in authorization-plugins */
		if (r == 0 && len > 7 && strcmp(name + len - 7, ":latest") == 0)
			r = add_plugin(a->plan, a->obs, name, len - 7);
	}
	json_decref(v);
	return r;
}

/* --- all of it ------------------------------------------------------------------------
 */

int hf_daemon_ask(struct hf_host *host, hf_plan *plan, hf_daemon_obs *obs,
		  const char *engine, const hf_daemon_questions *what)
{
	asker a = { .host = host, .plan = plan, .obs = obs, .engine = engine };
	json_t *v;
	int r = find_socket(&a);

	if (r < 0)
		return r;
	plan->engine.socket_now = a.socket;
	if (!a.socket) {
		obs->api_why = "dockerd listens on no local socket";
		plan->engine.why = obs->api_why;
		return 0;
	}
	r = get(&a, "/info", false, &v);
	if (r == 0 && v) {
		obs->asked = true;
		plan->engine.why = NULL;
		r = read_info(&a, v);
	}
	json_decref(v);
	if (r == 0 && obs->asked) {
		r = get(&a, what->store ? "/containers/json?all=1" : "/containers/json",
			false, &v);
		if (r == 0 && v)
			r = read_containers(&a, v);
		if (r == 0 && what->store)
			r = ask_store(&a, v);
		json_decref(v);
	}
	if (r == 0 && obs->asked && what->newer)
		r = ask_bridge_and_events(&a);
	if (r == 0 && obs->asked && what->plugins)
		r = ask_plugins(&a);
	if (obs->api_why)
		plan->engine.why = obs->api_why;
	return r;
}

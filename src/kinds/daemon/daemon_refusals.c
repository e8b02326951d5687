/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of settings that pass dockerd's validation and stop it at start. */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "kinds/daemon/daemon_state.h"

typedef struct judge {
	const hf_daemon_config *config;
	hf_arena *arena;
	hf_daemon_refusal *items;
	size_t n;
	bool oom;
} judge;

static const hf_json *value_of(judge *j, const char *name, const char *subkey)
{
	hf_daemon_value v = { 0 };

	if (hf_daemon_in_force(j->config, hf_dkey_find(name), subkey, j->arena, &v) < 0)
		j->oom = true;
	return v.value;
}

static bool is_bool(judge *j, const char *name, bool wanted)
{
	const hf_json *v = value_of(j, name, NULL);

	return v && v->type == HF_JSON_BOOL && v->boolean == wanted;
}

static const char *text_of(judge *j, const char *name)
{
	const hf_json *v = value_of(j, name, NULL);

	return v && v->type == HF_JSON_STRING ? v->text : "";
}

static void refuse(judge *j, const char *a, const char *b, const char *c,
		   const char *message)
{
	hf_daemon_refusal *r = hf_vec_push(j->arena, j->items, j->n);

	if (!r) {
		j->oom = true;
		return;
	}
	*r = (hf_daemon_refusal){ { a, b, c }, message, false };
}

/* Is the engine of release @from or later (before @to)? Unknown: no. */
static bool engine_in(const judge *j, const char *from, const char *to)
{
	const char *engine = j->config->engine;

	return engine && (!from || hf_version_compare(engine, from) >= 0) &&
	       (!to || hf_version_compare(engine, to) < 0);
}

static void network(judge *j)
{
	if (is_bool(j, "icc", false) && is_bool(j, "iptables", false))
		refuse(j, "icc", "iptables", NULL, "icc=false needs iptables=true");
	if (is_bool(j, "icc", false) && is_bool(j, "ipv6", true) &&
	    is_bool(j, "ip6tables", false) && engine_in(j, "27.0", NULL))
		refuse(j, "icc", "ipv6", "ip6tables",
		       "icc=false with ipv6=true needs ip6tables=true");
	if (*text_of(j, "bridge") && *text_of(j, "bip"))
		refuse(j, "bip", "bridge", NULL, "bip and bridge exclude each other");
	if (is_bool(j, "ip6tables", true) && !is_bool(j, "experimental", true) &&
	    engine_in(j, NULL, "27.0"))
		refuse(j, "ip6tables", "experimental", NULL,
		       "before 27.0 ip6tables=true needs experimental=true");
	if (hf_json_get(j->config->root, "host-gateway-ip") &&
	    hf_json_get(j->config->root, "host-gateway-ips"))
		refuse(j, "host-gateway-ip", "host-gateway-ips", NULL,
		       "host-gateway-ip and host-gateway-ips exclude each other");
}

static void storage(judge *j)
{
	const hf_json *snapshotter = value_of(j, "features", "containerd-snapshotter");

	if (hf_json_get(j->config->root, "graph") &&
	    hf_json_get(j->config->root, "data-root"))
		refuse(j, "data-root", "graph", NULL,
		       "data-root and graph exclude each other");
	if (*text_of(j, "userns-remap") && snapshotter &&
	    snapshotter->type == HF_JSON_BOOL && snapshotter->boolean)
		refuse(j, "userns-remap", "features", NULL,
		       "userns-remap does not work with features.containerd-snapshotter");
}

/* Without the keys dockerd looks for its files below root's home directory. */
static void tls(judge *j)
{
	bool verify = value_of(j, "tlsverify", NULL) != NULL;

	if (!verify && !is_bool(j, "tls", true))
		return;
	if (!*text_of(j, "tlscert") || !*text_of(j, "tlskey"))
		refuse(j, verify ? "tlsverify" : "tls", "tlscert", "tlskey",
		       "TLS needs tlscert and tlskey");
	else if (verify && !*text_of(j, "tlscacert"))
		refuse(j, "tlsverify", "tlscacert", NULL, "tlsverify needs tlscacert");
	else
		return;
	if (j->n)
		j->items[j->n - 1].perhaps = true;
}

static void runtimes(judge *j)
{
	const char *name = text_of(j, "default-runtime");

	if (*name && strcmp(name, "runc") != 0 &&
	    strncmp(name, "io.containerd.", 14) != 0 && !value_of(j, "runtimes", name))
		refuse(j, "default-runtime", "runtimes", NULL,
		       "default-runtime is not among the runtimes");
	if (engine_in(j, NULL, "25.0") && value_of(j, "runtimes", "runc"))
		refuse(j, "runtimes", NULL, NULL,
		       "a runtime must not be named runc before 25.0");
}

static void cgroups(judge *j)
{
	const hf_json *opts = value_of(j, "exec-opts", NULL);
	const char *parent = text_of(j, "cgroup-parent");
	size_t len = strlen(parent);

	if (!len || (len > 6 && strcmp(parent + len - 6, ".slice") == 0))
		return;
	for (size_t i = 0; opts && opts->type == HF_JSON_ARRAY && i < opts->n; i++)
		if (opts->items[i]->type == HF_JSON_STRING &&
		    strcmp(opts->items[i]->text, "native.cgroupdriver=systemd") == 0)
			refuse(j, "cgroup-parent", "exec-opts", NULL,
			       "with the cgroup driver systemd, cgroup-parent must end "
			       "in "
			       ".slice");
}

static void labels(judge *j)
{
	const hf_json *list = value_of(j, "labels", NULL);
	hf_map seen = { 0 };

	for (size_t i = 0; list && list->type == HF_JSON_ARRAY && i < list->n; i++) {
		const char *text = list->items[i]->text, *eq, *old;
		char *name;

		eq = list->items[i]->type == HF_JSON_STRING ? strchr(text, '=') : NULL;
		if (!eq)
			continue;
		name = hf_arena_memdup(j->arena, text, (size_t)(eq - text));
		if (!name) {
			j->oom = true;
			return;
		}
		old = hf_map_get(&seen, name);
		if (old && strcmp(old, eq) != 0) {
			refuse(j, "labels", NULL, NULL,
			       "one label is given two different values");
			return;
		}
		if (hf_map_put(&seen, j->arena, name, (char *)(uintptr_t)eq) < 0) {
			j->oom = true;
			return;
		}
	}
}

int hf_daemon_refusals(const hf_daemon_config *config, bool swarm, hf_arena *arena,
		       hf_daemon_refusal **ret, size_t *ret_n)
{
	judge j = { .config = config, .arena = arena };
	const hf_json *nftables = NULL;

	network(&j);
	storage(&j);
	tls(&j);
	runtimes(&j);
	cgroups(&j);
	labels(&j);
	if (swarm && is_bool(&j, "live-restore", true))
		refuse(&j, "live-restore", NULL, NULL,
		       "this is a swarm node, and swarm does not work with live-restore");
	if (swarm && strcmp(text_of(&j, "firewall-backend"), "nftables") == 0) {
		nftables = value_of(&j, "features", "swarm-nftables");
		if (!nftables || nftables->type != HF_JSON_BOOL || !nftables->boolean)
			refuse(&j, "firewall-backend", NULL, NULL,
			       "this is a swarm node, and swarm does not work with "
			       "nftables");
	}
	if (j.oom)
		return -ENOMEM;
	*ret = j.items;
	*ret_n = j.n;
	return 0;
}

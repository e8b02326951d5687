/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read from moby: daemon/config/{config,config_linux,builder}.go,
 * daemon/command/{config,config_unix,options}.go, daemon/reload.go and reload_unix.go,
 * their ancestors below cmd/dockerd, at v20.10.24, 23.0.0, 24.0.0, 25.0.0, 26.1.5,
 * 27.0.1, 28.0.1, 28.5.2 and the 29.x branch. A release between two of these may be the
 * first or last one with a key: dockerd --validate has the last word before a restart.
 */
#include "kinds/daemon/daemon_keys.h"

#include <string.h>

#include "base/diag.h"
#include "base/parse.h"

#define BOOL .type = HF_DTYPE_BOOL
#define INT .type = HF_DTYPE_INT
#define STR .type = HF_DTYPE_STRING
#define LIST .type = HF_DTYPE_LIST
#define POOLS .type = HF_DTYPE_POOLS
#define MAP .type = HF_DTYPE_MAP
#define BOOL_MAP .type = HF_DTYPE_BOOL_MAP
#define OBJ .type = HF_DTYPE_OBJECT
#define FLAG(name, short_name) .flag = name, .letter = short_name
#define DEFAULT(json) .standard = json
#define BRIDGE .force = HF_FORCE_RESTART_EMPTY
#define NEW .force = HF_FORCE_RESTART_NEW
#define KEEP .force = HF_FORCE_RELOAD
#define RESET .force = HF_FORCE_RELOAD_RESET

/* One key a line keeps the table readable. Sorted by name: hf_dkey_find() halves. */
/* clang-format off */
const hf_dkey hf_dkeys[] = {
	{ .name = "allow-direct-routing", BOOL, FLAG("allow-direct-routing", 0), DEFAULT("false"), .since = "28.2" },
	{ .name = "allow-nondistributable-artifacts", LIST, FLAG("allow-nondistributable-artifacts", 0), DEFAULT("[]"), KEEP },
	{ .name = "api-cors-header", STR, FLAG("api-cors-header", 0), DEFAULT("\"\""), .gone = "29.0" },
	{ .name = "authorization-plugins", LIST, FLAG("authorization-plugin", 0), DEFAULT("[]"), RESET },
	{ .name = "bip", STR, FLAG("bip", 0), DEFAULT("\"\""), BRIDGE },
	{ .name = "bip6", STR, FLAG("bip6", 0), DEFAULT("\"\""), BRIDGE, .since = "28.0" },
	{ .name = "bridge", STR, FLAG("bridge", 'b'), DEFAULT("\"\""), BRIDGE },
	{ .name = "bridge-accept-fwmark", STR, FLAG("bridge-accept-fwmark", 0), DEFAULT("\"\""), .since = "29.0" },
	{ .name = "builder", OBJ, FLAG(NULL, 0), DEFAULT("{}") },
	{ .name = "cdi-spec-dirs", LIST, FLAG("cdi-spec-dir", 0), DEFAULT("[\"/etc/cdi\",\"/var/run/cdi\"]"), .since = "25.0" },
	{ .name = "cgroup-parent", STR, FLAG("cgroup-parent", 0), DEFAULT("\"\""), NEW },
	{ .name = "cluster-advertise", STR, FLAG("cluster-advertise", 0), DEFAULT("\"\""), KEEP, .gone = "24.0" },
	{ .name = "cluster-store", STR, FLAG("cluster-store", 0), DEFAULT("\"\""), KEEP, .gone = "24.0" },
	{ .name = "cluster-store-opts", MAP, FLAG("cluster-store-opt", 0), DEFAULT("{}"), KEEP, .gone = "24.0" },
	{ .name = "containerd", STR, FLAG("containerd", 0), DEFAULT("\"\"") },
	{ .name = "containerd-namespace", STR, FLAG("containerd-namespace", 0), DEFAULT("\"moby\""), .flags = HF_DKEY_HIDES_DATA },
	{ .name = "cpu-rt-period", INT, FLAG("cpu-rt-period", 0), DEFAULT("0") },
	{ .name = "cpu-rt-runtime", INT, FLAG("cpu-rt-runtime", 0), DEFAULT("0") },
	{ .name = "cri-containerd", BOOL, FLAG("cri-containerd", 0), DEFAULT("false") },
	{ .name = "data-root", STR, FLAG("data-root", 0), DEFAULT("\"/var/lib/docker\""), .flags = HF_DKEY_HIDES_DATA | HF_DKEY_HIDES_VOLUMES },
	{ .name = "debug", BOOL, FLAG("debug", 'D'), DEFAULT("false"), KEEP },
	{ .name = "default-address-pools", POOLS, FLAG("default-address-pool", 0), DEFAULT(NULL), BRIDGE },
	{ .name = "default-cgroupns-mode", STR, FLAG("default-cgroupns-mode", 0), DEFAULT(NULL), KEEP },
	{ .name = "default-gateway", STR, FLAG("default-gateway", 0), DEFAULT("\"\""), BRIDGE },
	{ .name = "default-gateway-v6", STR, FLAG("default-gateway-v6", 0), DEFAULT("\"\""), BRIDGE },
	{ .name = "default-ipc-mode", STR, FLAG("default-ipc-mode", 0), DEFAULT("\"private\""), KEEP },
	{ .name = "default-network-opts", OBJ, FLAG("default-network-opt", 0), DEFAULT("{}"), .since = "24.0" },
	{ .name = "default-runtime", STR, FLAG("default-runtime", 0), DEFAULT("\"runc\""), KEEP },
	{ .name = "default-shm-size", STR, FLAG("default-shm-size", 0), DEFAULT("\"64M\""), KEEP },
	{ .name = "default-stop-timeout", INT, FLAG("default-stop-timeout", 0), DEFAULT("10"), KEEP, .since = "29.0" },
	{ .name = "default-ulimits", OBJ, FLAG("default-ulimit", 0), DEFAULT("{}"), NEW },
	{ .name = "deprecated-key-path", STR, FLAG(NULL, 0), DEFAULT("\"\"") },
	{ .name = "disable-legacy-registry", BOOL, FLAG("disable-legacy-registry", 0), DEFAULT("true"), .gone = "17.12" },
	{ .name = "dns", LIST, FLAG("dns", 0), DEFAULT("[]"), NEW },
	{ .name = "dns-opts", LIST, FLAG("dns-opt", 0), DEFAULT("[]"), NEW },
	{ .name = "dns-search", LIST, FLAG("dns-search", 0), DEFAULT("[]"), NEW },
	{ .name = "exec-opts", LIST, FLAG("exec-opt", 0), DEFAULT("[]") },
	{ .name = "exec-root", STR, FLAG("exec-root", 0), DEFAULT("\"/var/run/docker\"") },
	{ .name = "experimental", BOOL, FLAG("experimental", 0), DEFAULT("false") },
	{ .name = "features", BOOL_MAP, FLAG("feature", 0), DEFAULT("{}"), RESET },
	{ .name = "firewall-backend", STR, FLAG("firewall-backend", 0), DEFAULT("\"\""), .since = "29.0" },
	{ .name = "fixed-cidr", STR, FLAG("fixed-cidr", 0), DEFAULT("\"\""), BRIDGE },
	{ .name = "fixed-cidr-v6", STR, FLAG("fixed-cidr-v6", 0), DEFAULT("\"\""), BRIDGE },
	{ .name = "graph", STR, FLAG("graph", 'g'), DEFAULT(NULL), .gone = "24.0", .flags = HF_DKEY_HIDES_DATA | HF_DKEY_HIDES_VOLUMES },
	{ .name = "group", STR, FLAG("group", 'G'), DEFAULT("\"docker\"") },
	{ .name = "host-gateway-ip", STR, FLAG("host-gateway-ip", 0), DEFAULT("\"\"") },
	{ .name = "host-gateway-ips", LIST, FLAG("host-gateway-ip", 0), DEFAULT("[]"), .since = "28.0" },
	{ .name = "hosts", LIST, FLAG("host", 'H'), DEFAULT("[\"unix:///var/run/docker.sock\"]") },
	{ .name = "icc", BOOL, FLAG("icc", 0), DEFAULT("true"), BRIDGE },
	{ .name = "init", BOOL, FLAG("init", 0), DEFAULT("false"), NEW },
	{ .name = "init-path", STR, FLAG("init-path", 0), DEFAULT("\"\""), NEW },
	{ .name = "insecure-registries", LIST, FLAG("insecure-registry", 0), DEFAULT("[]"), KEEP },
	{ .name = "ip", STR, FLAG("ip", 0), DEFAULT("\"0.0.0.0\""), BRIDGE },
	{ .name = "ip-forward", BOOL, FLAG("ip-forward", 0), DEFAULT("true"), BRIDGE },
	{ .name = "ip-forward-no-drop", BOOL, FLAG("ip-forward-no-drop", 0), DEFAULT("false"), BRIDGE, .since = "28.0" },
	{ .name = "ip-masq", BOOL, FLAG("ip-masq", 0), DEFAULT("true"), BRIDGE },
	{ .name = "ip6tables", BOOL, FLAG("ip6tables", 0), DEFAULT("true"), .changed_in = "27.0", .standard_before = "false" },
	{ .name = "iptables", BOOL, FLAG("iptables", 0), DEFAULT("true") },
	{ .name = "ipv6", BOOL, FLAG("ipv6", 0), DEFAULT("false"), BRIDGE },
	{ .name = "labels", LIST, FLAG("label", 0), DEFAULT("[]"), KEEP },
	{ .name = "live-restore", BOOL, FLAG("live-restore", 0), DEFAULT("false"), KEEP },
	{ .name = "log-driver", STR, FLAG("log-driver", 0), DEFAULT("\"json-file\""), NEW },
	{ .name = "log-format", STR, FLAG("log-format", 0), DEFAULT("\"text\""), .since = "25.0" },
	{ .name = "log-level", STR, FLAG("log-level", 'l'), DEFAULT("\"info\"") },
	{ .name = "log-opts", MAP, FLAG("log-opt", 0), DEFAULT("{}"), NEW },
	{ .name = "max-concurrent-downloads", INT, FLAG("max-concurrent-downloads", 0), DEFAULT("3"), RESET },
	{ .name = "max-concurrent-uploads", INT, FLAG("max-concurrent-uploads", 0), DEFAULT("5"), RESET },
	{ .name = "max-download-attempts", INT, FLAG("max-download-attempts", 0), DEFAULT("5"), RESET },
	{ .name = "metrics-addr", STR, FLAG("metrics-addr", 0), DEFAULT("\"\"") },
	{ .name = "min-api-version", STR, FLAG(NULL, 0), DEFAULT("\"1.40\""), .since = "29.0" },
	{ .name = "mtu", INT, FLAG("mtu", 0), DEFAULT("1500"), BRIDGE },
	{ .name = "network-control-plane-mtu", INT, FLAG("network-control-plane-mtu", 0), DEFAULT("1500") },
	{ .name = "network-diagnostic-port", INT, FLAG("network-diagnostic-port", 0), DEFAULT("0"), RESET },
	{ .name = "no-new-privileges", BOOL, FLAG("no-new-privileges", 0), DEFAULT("false"), NEW },
	{ .name = "node-generic-resources", LIST, FLAG("node-generic-resource", 0), DEFAULT("[]") },
	{ .name = "nri-opts", OBJ, FLAG("nri-opts", 0), DEFAULT("{}"), RESET, .since = "29.0" },
	{ .name = "oom-score-adjust", INT, FLAG("oom-score-adjust", 0), DEFAULT("0"), .gone = "26.0" },
	{ .name = "pidfile", STR, FLAG("pidfile", 'p'), DEFAULT("\"/var/run/docker.pid\"") },
	{ .name = "proxies", MAP, FLAG(NULL, 0), DEFAULT("{}"), .since = "23.0", .flags = HF_DKEY_SECRET },
	{ .name = "raw-logs", BOOL, FLAG("raw-logs", 0), DEFAULT("false") },
	{ .name = "registry-mirrors", LIST, FLAG("registry-mirror", 0), DEFAULT("[]"), KEEP },
	{ .name = "rootless", BOOL, FLAG("rootless", 0), DEFAULT(NULL) },
	{ .name = "runtimes", OBJ, FLAG("add-runtime", 0), DEFAULT("{}"), KEEP },
	{ .name = "seccomp-profile", STR, FLAG("seccomp-profile", 0), DEFAULT("\"builtin\""), NEW, .changed_in = "23.0", .standard_before = "\"\"" },
	{ .name = "selinux-enabled", BOOL, FLAG("selinux-enabled", 0), DEFAULT("false"), NEW },
	{ .name = "shutdown-timeout", INT, FLAG("shutdown-timeout", 0), DEFAULT("15"), KEEP },
	{ .name = "storage-driver", STR, FLAG("storage-driver", 's'), DEFAULT(NULL), .flags = HF_DKEY_HIDES_DATA },
	{ .name = "storage-opts", LIST, FLAG("storage-opt", 0), DEFAULT("[]") },
	{ .name = "swarm-default-advertise-addr", STR, FLAG("swarm-default-advertise-addr", 0), DEFAULT("\"\"") },
	{ .name = "tls", BOOL, FLAG("tls", 0), DEFAULT(NULL) },
	{ .name = "tlscacert", STR, FLAG("tlscacert", 0), DEFAULT(NULL) },
	{ .name = "tlscert", STR, FLAG("tlscert", 0), DEFAULT(NULL) },
	{ .name = "tlskey", STR, FLAG("tlskey", 0), DEFAULT(NULL) },
	{ .name = "tlsverify", BOOL, FLAG("tlsverify", 0), DEFAULT(NULL) },
	{ .name = "userland-proxy", BOOL, FLAG("userland-proxy", 0), DEFAULT("true"), NEW },
	{ .name = "userland-proxy-path", STR, FLAG("userland-proxy-path", 0), DEFAULT(NULL), NEW },
	{ .name = "userns-remap", STR, FLAG("userns-remap", 0), DEFAULT("\"\""), .flags = HF_DKEY_HIDES_DATA | HF_DKEY_HIDES_VOLUMES },
};
/* clang-format on */
const size_t hf_dkeys_n = ARRAY_SIZE(hf_dkeys);

/* Flags that no key of the same name stands for. "http-proxy" as a top-level key passes
 * dockerd's check and is ignored: its place is proxies.http-proxy. */
static const struct {
	const char *name;
	bool takes_value;
	const char *since; /* NULL: 20.10 or before */
} flags_only[] = {
	{ "config-file", true, NULL },	 { "containerd-plugins-namespace", true, NULL },
	{ "help", false, NULL },	 { "http-proxy", true, "23.0" },
	{ "https-proxy", true, "23.0" }, { "no-proxy", true, "23.0" },
	{ "restart", false, NULL },	 { "validate", false, NULL },
	{ "version", false, NULL },
};

const char *const hf_dkey_proxies[HF_DKEY_PROXIES_N] = { "http-proxy", "https-proxy",
							 "no-proxy" };

const hf_dkey *hf_dkey_find(const char *name)
{
	size_t low = 0, high = hf_dkeys_n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(name, hf_dkeys[mid].name);

		if (c == 0)
			return &hf_dkeys[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const char *hf_dkey_host(hf_arena *arena, const char *text)
{
	static const char blanks[] = " \t\n\v\f\r";
	const char *from = text + strspn(text, blanks);
	size_t len = strlen(from);
	char *host;

	while (len && strchr(blanks, from[len - 1]))
		len--;
	host = hf_arena_memdup(arena, from, len);
	if (host && *host && !strstr(host, "://"))
		host = hf_arena_printf(arena, "tcp://%s", host);
	return host;
}

const hf_dkey *hf_dkey_by_flag(const char *flag, const char *engine)
{
	if (strcmp(flag, "host-gateway-ip") == 0 && engine &&
	    hf_version_compare(engine, "28.0") >= 0)
		return hf_dkey_find("host-gateway-ips");
	for (size_t i = 0; i < hf_dkeys_n; i++)
		if (hf_dkeys[i].flag && strcmp(hf_dkeys[i].flag, flag) == 0)
			return &hf_dkeys[i];
	return NULL;
}

const hf_dkey *hf_dkey_by_letter(char letter)
{
	for (size_t i = 0; i < hf_dkeys_n; i++)
		if (letter && hf_dkeys[i].letter == letter)
			return &hf_dkeys[i];
	return NULL;
}

const char *hf_dkey_nearest(const char *name)
{
	const char *names[ARRAY_SIZE(hf_dkeys)];

	for (size_t i = 0; i < hf_dkeys_n; i++)
		names[i] = hf_dkeys[i].name;
	return hf_nearest(name, names, hf_dkeys_n);
}

bool hf_dkey_is_flag_only(const char *name, const char *engine)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags_only); i++)
		if (strcmp(flags_only[i].name, name) == 0)
			return !engine || !flags_only[i].since ||
			       hf_version_compare(engine, flags_only[i].since) >= 0;
	return false;
}

bool hf_dkey_flag_takes_value(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags_only); i++)
		if (strcmp(flags_only[i].name, name) == 0)
			return flags_only[i].takes_value;
	return false;
}

bool hf_dkey_is_proxy(const char *name)
{
	for (size_t i = 0; i < HF_DKEY_PROXIES_N; i++)
		if (strcmp(hf_dkey_proxies[i], name) == 0)
			return true;
	return false;
}

bool hf_dkey_known_in(const hf_dkey *key, const char *engine)
{
	if (!engine)
		return !key->gone || hf_version_compare("20.10", key->gone) < 0;
	if (key->since && hf_version_compare(engine, key->since) < 0)
		return false;
	return !key->gone || hf_version_compare(engine, key->gone) < 0;
}

const char *hf_dkey_standard(const hf_dkey *key, const char *engine)
{
	if (!key->changed_in)
		return key->standard;
	if (!engine)
		return NULL;
	return hf_version_compare(engine, key->changed_in) < 0 ? key->standard_before
							       : key->standard;
}

bool hf_dkey_is_map(const hf_dkey *key)
{
	return key->type == HF_DTYPE_MAP || key->type == HF_DTYPE_BOOL_MAP ||
	       key->type == HF_DTYPE_OBJECT;
}

bool hf_dkey_is_list(const hf_dkey *key)
{
	return key->type == HF_DTYPE_LIST || key->type == HF_DTYPE_POOLS;
}

bool hf_dkey_is_reloadable(const hf_dkey *key)
{
	return key->force == HF_FORCE_RELOAD || key->force == HF_FORCE_RELOAD_RESET;
}

const char *const *hf_dkey_subkeys(const hf_dkey *key, size_t *ret_n)
{
	static const char *const builder[] = { "entitlements", "gc", "history" };
	static const char *const nri[] = { "enable", "plugin-config-path", "plugin-path",
					   "socket-path" };

	*ret_n = 0;
	if (strcmp(key->name, "proxies") == 0) {
		*ret_n = HF_DKEY_PROXIES_N;
		return hf_dkey_proxies;
	}
	if (strcmp(key->name, "builder") == 0) {
		*ret_n = ARRAY_SIZE(builder);
		return builder;
	}
	if (strcmp(key->name, "nri-opts") == 0) {
		*ret_n = ARRAY_SIZE(nri);
		return nri;
	}
	return NULL;
}

bool hf_dkey_is_secret(const hf_dkey *key, const char *subkey)
{
	if (key->flags & HF_DKEY_SECRET)
		return true;
	/* a token of a log service is a credential */
	return strcmp(key->name, "log-opts") == 0 &&
	       (!subkey || strstr(subkey, "token") || strstr(subkey, "secret") ||
		strstr(subkey, "password") || strstr(subkey, "credentials"));
}

/* A member that is null is as good as not there; null in a list would be an element with
 * the value "" (encoding/json), which nobody means. */
static const char *accepts_all(const hf_json *value, hf_json_type container,
			       hf_json_type item, const char *text)
{
	if (value->type != container)
		return text;
	for (size_t i = 0; i < value->n; i++)
		if (value->items[i]->type != item &&
		    (container == HF_JSON_ARRAY || value->items[i]->type != HF_JSON_NULL))
			return text;
	return NULL;
}

const char *hf_dkey_accepts(const hf_dkey *key, const char *subkey, const hf_json *value)
{
	int64_t number;

	if (value->type == HF_JSON_NULL)
		return NULL;
	if (subkey && key->type == HF_DTYPE_MAP)
		return value->type == HF_JSON_STRING ? NULL : "a string";
	if (subkey && key->type == HF_DTYPE_BOOL_MAP)
		return value->type == HF_JSON_BOOL ? NULL : "true or false";
	if (subkey)
		return NULL;
	switch (key->type) {
	case HF_DTYPE_BOOL:
		return value->type == HF_JSON_BOOL ? NULL : "true or false";
	case HF_DTYPE_INT:
		return hf_json_int(value, &number) ? NULL : "an integer";
	case HF_DTYPE_STRING:
		return value->type == HF_JSON_STRING ? NULL : "a string";
	case HF_DTYPE_LIST:
		return accepts_all(value, HF_JSON_ARRAY, HF_JSON_STRING,
				   "a list of strings");
	case HF_DTYPE_POOLS:
		return accepts_all(value, HF_JSON_ARRAY, HF_JSON_OBJECT,
				   "a list of objects");
	case HF_DTYPE_MAP:
		return accepts_all(value, HF_JSON_OBJECT, HF_JSON_STRING,
				   "an object of strings");
	case HF_DTYPE_BOOL_MAP:
		return accepts_all(value, HF_JSON_OBJECT, HF_JSON_BOOL,
				   "an object of true and false");
	case HF_DTYPE_OBJECT:
		return value->type == HF_JSON_OBJECT ? NULL : "an object";
	}
	return NULL;
}

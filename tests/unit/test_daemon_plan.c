/* SPDX-License-Identifier: Apache-2.0 */
/* Scenes of a host, each with the exact plan. */
#include "daemon_world.h"

/* no file: the default is not what is wanted; two spaces */
static void test_new_file(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"), .argv = STOCK, .engine = "20.10.24" }, 	"#icc false: drift, found true\n"
	"create #icc: - -> false (host)\n"
	"make:\n"
	"{\n"
	"  \"icc\": false\n"
	"}\n");
}

/* an equal default or flag passes and nothing is written */
static void test_default_passes(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {iptables: true, log-level: info, debug: true}"), .argv = { "dockerd", "-H", "fd://", "-D" }, .engine = "20.10.24" }, 	"#iptables true: pass, found true, the engine's default\n"
	"#log-level \"info\": pass, found \"info\", the engine's default\n"
	"#debug true: pass, found true at /lib/systemd/system/docker.service:9, by '-D' in /lib/systemd/system/docker.service:9\n");
}

/* only the value of our key changes */
static void test_set_in_file(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, log-level: info}"), .file = "{\n\t\"icc\": true,\n\t\"dns\": [\"1.1.1.1\"]\n}", .argv = STOCK, .engine = "26.1.5" }, 	"#icc false: drift, found true at /etc/docker/daemon.json:2\n"
	"#log-level \"info\": pass, found \"info\", the engine's default\n"
	"update #icc: true -> false (host)\n"
	"edit:\n"
	"{\n"
	"\t\"icc\": false,\n"
	"\t\"dns\": [\"1.1.1.1\"]\n"
	"}\n");
}

/* unset: neither key nor flag; an explicit default passes */
static void test_unset(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "unset: [insecure-registries, cgroup-parent, log-opts, log-driver]"), .file = "{\n  \"insecure-registries\": [\"r:5000\"],\n  \"cgroup-parent\": \"\",\n  \"log-driver\": \"json-file\",\n  \"log-opts\": {\"a\": \"b\"}\n}\n", .argv = STOCK, .engine = "26.1.5" }, 	"#insecure-registries the default: drift, found [\"r:5000\"] at /etc/docker/daemon.json:2\n"
	"#cgroup-parent the default: pass, found \"\" at /etc/docker/daemon.json:3, the engine's default\n"
	"#log-opts the default: drift, found {\"a\":\"b\"} at /etc/docker/daemon.json:5\n"
	"#log-driver the default: pass, found \"json-file\" at /etc/docker/daemon.json:4\n"
	"delete #insecure-registries: [\"r:5000\"] -> - (host)\n"
	"delete #log-opts: {\"a\":\"b\"} -> - (host)\n"
	"edit:\n"
	"{\n"
	"  \"cgroup-parent\": \"\",\n"
	"  \"log-driver\": \"json-file\"\n"
	"}\n");
}

/* never beside a flag */
static void test_flag_blocks(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {log-level: info, debug: false}, unset: [insecure-registries]"), .argv = { "dockerd", "--log-level=warn", "-D", "--insecure-registry", "r:1" }, .engine = "26.1.5" }, 	"#log-level \"info\": drift, found \"warn\" at /lib/systemd/system/docker.service:9, by '--log-level' in /lib/systemd/system/docker.service:9\n"
	"#debug false: drift, found true at /lib/systemd/system/docker.service:9, by '-D' in /lib/systemd/system/docker.service:9\n"
	"#insecure-registries the default: drift, found [\"r:1\"] at /lib/systemd/system/docker.service:9, by '--insecure-registry' in /lib/systemd/system/docker.service:9\n"
	"update #log-level: \"warn\" -> \"info\" (host) blocked: '--log-level' in /lib/systemd/system/docker.service:9 is on dockerd's command line, and a key given both ways stops dockerd even when equal; take the flag out first\n"
	"update #debug: true -> false (host) blocked: '-D' in /lib/systemd/system/docker.service:9 is on dockerd's command line, and a key given both ways stops dockerd even when equal; take the flag out first\n"
	"delete #insecure-registries: [\"r:1\"] -> - (host) blocked: '--insecure-registry' in /lib/systemd/system/docker.service:9 is on dockerd's command line, and a key given both ways stops dockerd even when equal; take the flag out first\n");
}

/* both: dockerd does not start; the flag alone does it */
static void test_flag_and_file(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {log-level: warn, icc: false}"), .file = "{\"log-level\": \"warn\", \"icc\": true}\n", .argv = { "dockerd", "--log-level", "warn", "--icc=true" }, .engine = "26.1.5" }, 	"#log-level \"warn\": drift, found \"warn\" at /lib/systemd/system/docker.service:9, given in the file and by '--log-level' in /lib/systemd/system/docker.service:9: dockerd does not start\n"
	"#icc false: drift, found true at /lib/systemd/system/docker.service:9, given in the file and by '--icc' in /lib/systemd/system/docker.service:9: dockerd does not start\n"
	"delete #log-level: \"warn\" -> - (host)\n"
	"update #icc: true -> false (host) blocked: '--icc' in /lib/systemd/system/docker.service:9 is on dockerd's command line, and a key given both ways stops dockerd even when equal; take the flag out first\n"
	"edit:\n"
	"{\"icc\": true}\n"
	"warning /etc/docker/daemon.json:1:2: 'log-level' is also given by '--log-level' in /lib/systemd/system/docker.service:9: dockerd will not start\n"
	"warning /etc/docker/daemon.json:1:23: 'icc' is also given by '--icc' in /lib/systemd/system/docker.service:9: dockerd will not start\n");
}

/* what cannot be expanded may hold any flag */
static void test_argv_inexact(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, builder: {gc: {enabled: true}}}"), .argv = STOCK, .argv_inexact = true, .engine = "26.1.5" }, 	"#icc false: unknown, $EXTRA cannot be expanded\n"
	"#builder.gc {\"enabled\":true}: drift, found not set\n"
	"create #builder.gc: - -> {\"enabled\":true} (host)\n"
	"make:\n"
	"{\n"
	"  \"builder\": {\n"
	"    \"gc\": {\n"
	"      \"enabled\": true\n"
	"    }\n"
	"  }\n"
	"}\n");
}

/* not applicable */
static void test_no_docker(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"), .ref = "daemon:data-root" }, 	"#icc false: not-applicable, nothing there\n"
	"daemon:data-root = nothing there\n");
}

/* a file alone is managed */
static void test_file_without_unit(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"), .file = "{}\n" }, 	"#icc false: drift, found true\n"
	"create #icc: - -> false (host)\n"
	"edit:\n"
	"{\n"
	"  \"icc\": false\n"
	"}\n"
	"note: the version of dockerd is not known: keys of every release are accepted\n");
}

/* a key that the engine does not know */
static void test_engine_too_old(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {log-format: json}") CONTROL("b", "unset: [bip6, oom-score-adjust]"), .argv = STOCK, .engine = "20.10.24" }, 	"#log-format \"json\": unknown, dockerd 20.10.24 does not know this key\n"
	"#bip6 the default: not-applicable, dockerd 20.10.24 does not have this key\n"
	"#oom-score-adjust the default: pass, found 0, the engine's default\n"
	"error t.yaml:4:38: dockerd 20.10.24 does not know the key 'log-format' (it came with 25.0) and would not start (gate the control: when: {engine: \">=25.0\"})\n");
}

/* a key that went */
static void test_engine_too_new(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {oom-score-adjust: -500}") CONTROL("b", "forbid: {cluster-store: [x]}") CONTROL("c", "unset: [api-cors-header]"), .file = "{\n  \"api-cors-header\": \"*\"\n}\n", .argv = STOCK, .engine = "29.0.1" }, 	"#oom-score-adjust -500: unknown, dockerd 29.0.1 does not know this key\n"
	"#cluster-store none of [\"x\"]: not-applicable, dockerd 29.0.1 does not have this key\n"
	"#api-cors-header the default: drift, found \"*\" at /etc/docker/daemon.json:2\n"
	"delete #api-cors-header: \"*\" -> - (host)\n"
	"edit:\n"
	"{\n"
	"}\n"
	"error t.yaml:4:38: dockerd 29.0.1 does not know the key 'oom-score-adjust' (it went with 26.0) and would not start (gate the control: when: {engine: \"<26.0\"})\n"
	"warning /etc/docker/daemon.json:2:3: dockerd 29.0.1 does not know the key 'api-cors-header' and will not start\n");
}

/* a default that changed */
static void test_ip6tables_by_release(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {ip6tables: true}"), .argv = STOCK, .engine = "28.0.0" }, 	"#ip6tables true: pass, found true, the engine's default\n");
}

/* and is refused by the older engine */
static void test_ip6tables_before(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {ip6tables: true}"), .argv = STOCK, .engine = "26.1.5" }, 	"#ip6tables true: drift, found false\n"
	"create #ip6tables: - -> true (host) blocked: dockerd would not start: before 27.0 ip6tables=true needs experimental=true\n");
}

/* the union of releases */
static void test_engine_unknown(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {ip6tables: true, log-format: json}"), .argv = STOCK }, 	"#ip6tables true: drift, found not set\n"
	"#log-format \"json\": drift, found \"text\"\n"
	"create #ip6tables: - -> true (host)\n"
	"create #log-format: - -> \"json\" (host)\n"
	"make:\n"
	"{\n"
	"  \"ip6tables\": true,\n"
	"  \"log-format\": \"json\"\n"
	"}\n"
	"note: the version of dockerd is not known: keys of every release are accepted\n");
}

/* only with --allow-disruptive */
static void test_data_hiding(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {userns-remap: default}"), .argv = STOCK, .engine = "26.1.5" }, 	"#userns-remap \"default\": finding, found \"\", images, containers or volumes would become invisible; changed only with --allow-disruptive\n");
}

static void test_data_hiding_allowed(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {userns-remap: default}"), .argv = STOCK, .engine = "26.1.5", .allow_disruptive = true }, 	"#userns-remap \"default\": drift, found \"\"\n"
	"create #userns-remap: - -> \"default\" (host)\n"
	"make:\n"
	"{\n"
	"  \"userns-remap\": \"default\"\n"
	"}\n");
}

/* reported, never changed */
static void test_forbid_require(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "forbid: {storage-driver: [aufs], log-driver: [json-file, none], hosts: [\"tcp://*\"]}, require: [authorization-plugins, dns]"), .file = "{\n  \"storage-driver\": \"aufs\",\n  \"dns\": [\"9.9.9.9\"]\n}\n", .argv = { "dockerd", "-H", "fd://", "-Htcp://0.0.0.0:2375" }, .engine = "20.10.24" }, 	"#storage-driver none of [\"aufs\"]: finding, found \"aufs\" at /etc/docker/daemon.json:2, must not be in force; only reported\n"
	"#log-driver none of [\"json-file\",\"none\"]: finding, found \"json-file\", must not be in force; only reported\n"
	"#hosts none of [\"tcp://*\"]: finding, found [\"fd://\",\"tcp://0.0.0.0:2375\"] at /lib/systemd/system/docker.service:9, must not be in force; only reported\n"
	"#authorization-plugins set: finding, found [], is not set; which value is right is for a person to decide\n"
	"#dns set: pass, found [\"9.9.9.9\"] at /etc/docker/daemon.json:3\n");
}

/* lists: must contain */
static void test_add(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "add: {labels: [\"env=prod\"]}") CONTROL("b", "add: {labels: [\"a=1\", \"b=2\"]}"), .file = "{\n  \"labels\": [\n    \"a=1\"\n  ]\n}\n", .argv = STOCK, .engine = "26.1.5" }, 	"#labels with [\"env=prod\"]: drift, found [\"a=1\"] at /etc/docker/daemon.json:2\n"
	"#labels with [\"a=1\",\"b=2\"]: drift, found [\"a=1\"] at /etc/docker/daemon.json:2\n"
	"update #labels: [\"a=1\"] -> [\"a=1\",\"env=prod\",\"b=2\"] (host)\n"
	"edit:\n"
	"{\n"
	"  \"labels\": [\n"
	"    \"a=1\",\n"
	"    \"env=prod\",\n"
	"    \"b=2\"\n"
	"  ]\n"
	"}\n");
}

/* the order of lists has no meaning */
static void test_list_order(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {dns: [1.1.1.1, 9.9.9.9]}"), .file = "{\"dns\": [\"9.9.9.9\", \"1.1.1.1\"]}", .argv = STOCK, .engine = "26.1.5" }, 	"#dns [\"1.1.1.1\",\"9.9.9.9\"]: pass, found [\"9.9.9.9\",\"1.1.1.1\"] at /etc/docker/daemon.json:1\n");
}

/* owned by the sub-keys named */
static void test_maps(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {log-opts: {max-size: 10m, max-file: 3}, default-ulimits: {nofile: {Hard: 2048, Soft: 1024}}}"), .file = "{\n  \"log-opts\": {\n    \"tag\": \"x\",\n    \"max-file\": \"5\"\n  }\n}\n", .argv = STOCK, .engine = "26.1.5" }, 	"#log-opts.max-size \"10m\": drift, found not set\n"
	"#log-opts.max-file \"3\": drift, found \"5\" at /etc/docker/daemon.json:4\n"
	"#default-ulimits.nofile {\"Hard\":2048,\"Soft\":1024,\"Name\":\"nofile\"}: drift, found not set\n"
	"create #log-opts.max-size: - -> \"10m\" (host)\n"
	"update #log-opts.max-file: \"5\" -> \"3\" (host)\n"
	"create #default-ulimits.nofile: - -> {\"Hard\":2048,\"Soft\":1024,\"Name\":\"nofile\"} (host)\n"
	"edit:\n"
	"{\n"
	"  \"log-opts\": {\n"
	"    \"tag\": \"x\",\n"
	"    \"max-file\": \"3\",\n"
	"    \"max-size\": \"10m\"\n"
	"  },\n"
	"  \"default-ulimits\": {\n"
	"    \"nofile\": {\n"
	"      \"Hard\": 2048,\n"
	"      \"Soft\": 1024,\n"
	"      \"Name\": \"nofile\"\n"
	"    }\n"
	"  }\n"
	"}\n");
}

/* a flag of a map stands for the whole map */
static void test_map_flag(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {log-opts: {max-size: 10m, max-file: 3}, runtimes: {crun: {path: /usr/bin/crun}}}"), .argv = { "dockerd", "--log-opt", "max-size=10m", "--add-runtime", "x=/y" }, .engine = "26.1.5" }, 	"#log-opts.max-size \"10m\": pass, found \"10m\" at /lib/systemd/system/docker.service:9, by '--log-opt' in /lib/systemd/system/docker.service:9\n"
	"#log-opts.max-file \"3\": drift, found not set, by '--log-opt' in /lib/systemd/system/docker.service:9\n"
	"#runtimes.crun {\"path\":\"/usr/bin/crun\"}: drift, found not set\n"
	"create #log-opts.max-file: - -> \"3\" (host) blocked: '--log-opt' in /lib/systemd/system/docker.service:9 is on dockerd's command line, and a key given both ways stops dockerd even when equal; take the flag out first\n"
	"create #runtimes.crun: - -> {\"path\":\"/usr/bin/crun\"} (host)\n"
	"make:\n"
	"{\n"
	"  \"runtimes\": {\n"
	"    \"crun\": {\n"
	"      \"path\": \"/usr/bin/crun\"\n"
	"    }\n"
	"  }\n"
	"}\n");
}

/* credentials */
static void test_proxies_secret(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {proxies: {http-proxy: \"http://u:p@h\"}}"), .argv = { "dockerd", "--https-proxy=x" }, .engine = "26.1.5" }, 	"#proxies.http-proxy \"http://u:p@h\": drift, found not set\n"
	"create #proxies.http-proxy: - -> \"http://u:p@h\" (host)\n"
	"make:\n"
	"{\n"
	"  \"proxies\": {\n"
	"    \"http-proxy\": \"http://u:p@h\"\n"
	"  }\n"
	"}\n");
}

/* zero means the default, but for booleans */
static void test_zero_is_default(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {mtu: 0, shutdown-timeout: 15, dns: []}"), .file = "{\"mtu\": 1500, \"shutdown-timeout\": 0, \"log-level\": null}", .argv = STOCK, .engine = "26.1.5" }, 	"#mtu 0: pass, found 1500 at /etc/docker/daemon.json:1\n"
	"#shutdown-timeout 15: pass, found 15 at /etc/docker/daemon.json:1, the engine's default\n"
	"#dns []: pass, found [], the engine's default\n");
}

/* pairs that dockerd refuses at start */
static void test_refused_icc(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, debug: true}"), .file = "{\n  \"iptables\": false\n}\n", .argv = STOCK, .engine = "26.1.5" }, 	"#icc false: drift, found true\n"
	"#debug true: drift, found false\n"
	"create #icc: - -> false (host) blocked: dockerd would not start: icc=false needs iptables=true\n"
	"create #debug: - -> true (host)\n"
	"edit:\n"
	"{\n"
	"  \"iptables\": false,\n"
	"  \"debug\": true\n"
	"}\n");
}

/* the trouble of others is only named */
static void test_refused_foreign(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {debug: true}"), .file = "{\n  \"bip\": \"10.0.0.1/24\",\n  \"bridge\": \"br0\"\n}\n", .argv = STOCK, .engine = "26.1.5" }, 	"#debug true: drift, found false\n"
	"create #debug: - -> true (host)\n"
	"edit:\n"
	"{\n"
	"  \"bip\": \"10.0.0.1/24\",\n"
	"  \"bridge\": \"br0\",\n"
	"  \"debug\": true\n"
	"}\n"
	"warning: /etc/docker/daemon.json: dockerd does not start with this: bip and bridge exclude each other\n");
}

static void test_refused_swarm(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {live-restore: true}"), .argv = STOCK, .engine = "26.1.5", .swarm = "true" }, 	"#live-restore true: drift, found false\n"
	"create #live-restore: - -> true (host) blocked: dockerd would not start: this is a swarm node, and swarm does not work with live-restore\n");
}

static void test_refused_tls(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {tlsverify: true}") CONTROL("b", "set: {default-runtime: crun}") CONTROL("c", "add: {labels: [a=1]}") CONTROL("d", "set: {cgroup-parent: x, exec-opts: [native.cgroupdriver=systemd]}"), .file = "{\"labels\": [\"a=2\"]}", .argv = STOCK, .engine = "26.1.5" }, 	"#tlsverify true: drift, found not set\n"
	"#default-runtime \"crun\": drift, found \"runc\"\n"
	"#labels with [\"a=1\"]: drift, found [\"a=2\"] at /etc/docker/daemon.json:1\n"
	"#cgroup-parent \"x\": drift, found \"\"\n"
	"#exec-opts [\"native.cgroupdriver=systemd\"]: drift, found []\n"
	"create #tlsverify: - -> true (host) blocked: dockerd would not start: TLS needs tlscert and tlskey\n"
	"create #default-runtime: - -> \"crun\" (host) blocked: dockerd would not start: default-runtime is not among the runtimes\n"
	"update #labels: [\"a=2\"] -> [\"a=2\",\"a=1\"] (host) blocked: dockerd would not start: one label is given two different values\n"
	"create #cgroup-parent: - -> \"x\" (host) blocked: dockerd would not start: with the cgroup driver systemd, cgroup-parent must end in .slice\n"
	"create #exec-opts: - -> [\"native.cgroupdriver=systemd\"] (host) blocked: dockerd would not start: with the cgroup driver systemd, cgroup-parent must end in .slice\n");
}

static void test_plugin_missing(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {authorization-plugins: [opa]}"), .argv = STOCK, .engine = "26.1.5" }, 	"#authorization-plugins [\"opa\"]: drift, found []\n"
	"create #authorization-plugins: - -> [\"opa\"] (host) blocked: no plugin 'opa' is installed, and dockerd exits when it cannot load one\n");
}

/* observed, never changed */
static void test_not_enforced(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = "  - {id: a, title: T, enforce: false, daemon: {set: {icc: false}}}\n", .argv = STOCK, .engine = "26.1.5" }, 	"#icc false: drift, found true\n");
}

/* equal demands merge, each control judged by its own */
static void test_shared(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}") CONTROL("b", "set: {icc: false}, forbid: {icc: [true]}"), .argv = STOCK, .engine = "26.1.5" }, 	"#icc false: drift, found true\n"
	"#icc none of [true]: finding, found true, must not be in force; only reported\n"
	"create #icc: - -> false (host)\n"
	"make:\n"
	"{\n"
	"  \"icc\": false\n"
	"}\n");
}

/* the demand is as it was left, or has changed */
static void test_causes(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, log-level: warn}"), .file = "{\"icc\": true, \"log-level\": \"debug\"}", .argv = STOCK, .engine = "26.1.5", .record = { { "daemon:" HF_DAEMON_JSON "#icc", NULL, "false" }, { "daemon:" HF_DAEMON_JSON "#log-level", NULL, "\"debug\"" } } }, 	"#icc false: drift, found true at /etc/docker/daemon.json:1\n"
	"#log-level \"warn\": drift, found \"debug\" at /etc/docker/daemon.json:1\n"
	"update #icc: true -> false (host)\n"
	"update #log-level: \"debug\" -> \"warn\" (baseline)\n"
	"edit:\n"
	"{\"icc\": false, \"log-level\": \"warn\"}\n");
}

/* put back, if it still is as we left it */
static void test_release(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"), .file = "{\n  \"icc\": false,\n  \"log-level\": \"warn\",\n  \"debug\": true,\n  \"log-opts\": {\n    \"max-size\": \"10m\"\n  },\n  \"mtu\": 9000\n}\n", .argv = STOCK, .engine = "26.1.5", .record = { { "daemon:" HF_DAEMON_JSON "#log-level", "\"debug\"", "\"warn\"" }, { "daemon:" HF_DAEMON_JSON "#debug", NULL, "false" }, { "daemon:" HF_DAEMON_JSON "#log-opts.max-size", NULL, "\"10m\"" }, { "daemon:" HF_DAEMON_JSON "#mtu", NULL, "9000" }, { "daemon:/other.json#icc", NULL, "false" } } }, 	"#icc false: pass, found false at /etc/docker/daemon.json:2\n"
	"update #log-level: \"warn\" -> \"debug\" (released)\n"
	"delete #log-opts.max-size: \"10m\" -> - (released)\n"
	"delete #mtu: 9000 -> - (released)\n"
	"edit:\n"
	"{\n"
	"  \"icc\": false,\n"
	"  \"log-level\": \"debug\",\n"
	"  \"debug\": true\n"
	"}\n"
	"note: daemon:/etc/docker/daemon.json#debug is no longer demanded and stays as it is: it was changed since\n"
	"note: daemon:/other.json#icc is no longer demanded and stays as it is: dockerd does not read this file now\n");
}

/* a file that we made goes with its last key */
static void test_release_file(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = "  - {id: a, title: T, manual: x}\n", .file = "{\n  \"icc\": false\n}\n", .argv = STOCK, .engine = "26.1.5", .record = { { "daemon:" HF_DAEMON_JSON, NULL, "made" }, { "daemon:" HF_DAEMON_JSON "#icc", NULL, "false" } } }, 	"delete #icc: false -> - (released)\n"
	"remove /etc/docker/daemon.json\n");
}

/* one that was there stays */
static void test_release_foreign_file(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = "  - {id: a, title: T, manual: x}\n", .file = "{\n  \"icc\": false\n}\n", .argv = STOCK, .engine = "26.1.5", .record = { { "daemon:" HF_DAEMON_JSON "#icc", NULL, "false" } } }, 	"delete #icc: false -> - (released)\n"
	"edit:\n"
	"{\n"
	"}\n");
}

/* keys that dockerd ignores or stops on */
static void test_foreign_keys(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: true}"), .file = "{\n  \"registry-mirror\": [\"x\"],\n  \"bogus\": 1,\n  \"anything\": {},\n  \"bip6\": \"\",\n  \"icc\": true,\n  \"hosts\": [\"unix://\"]\n}\n", .argv = STOCK, .engine = "20.10.24" }, 	"#icc true: pass, found true at /etc/docker/daemon.json:6\n"
	"warning /etc/docker/daemon.json:2:3: dockerd ignores the key 'registry-mirror' without a word\n"
	"warning /etc/docker/daemon.json:3:3: dockerd does not know the key 'bogus' and will not start\n"
	"warning /etc/docker/daemon.json:4:3: dockerd ignores the key 'anything' without a word\n"
	"warning /etc/docker/daemon.json:5:3: dockerd 20.10.24 does not know the key 'bip6' and will not start\n"
	"warning /etc/docker/daemon.json:7:3: 'hosts' is also given by '-H' in /lib/systemd/system/docker.service:9: dockerd will not start\n");
}

static void test_refs_list(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {dns: [1.1.1.1, 9.9.9.9]}"), .argv = STOCK, .engine = "26.1.5", .ref = "daemon:dns" }, 	"#dns [\"1.1.1.1\",\"9.9.9.9\"]: drift, found []\n"
	"create #dns: - -> [\"1.1.1.1\",\"9.9.9.9\"] (host)\n"
	"make:\n"
	"{\n"
	"  \"dns\": [\"1.1.1.1\", \"9.9.9.9\"]\n"
	"}\n"
	"daemon:dns = [1.1.1.1] [9.9.9.9]\n");
}

static void test_refs_default(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: true}"), .argv = STOCK, .engine = "26.1.5", .ref = "daemon:data-root" }, 	"#icc true: pass, found true, the engine's default\n"
	"daemon:data-root = [/var/lib/docker]\n");
}

static void test_refs_none(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: true}"), .argv = STOCK, .engine = "26.1.5", .ref = "daemon:tlscacert" }, 	"#icc true: pass, found true, the engine's default\n"
	"daemon:tlscacert = 'tlscacert' is not set in dockerd's configuration\n");
}

static void test_refs_flag(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: true}"), .argv = { "dockerd", "--tlscacert", "/ca.pem" }, .engine = "26.1.5", .ref = "daemon:tlscacert" }, 	"#icc true: pass, found true, the engine's default\n"
	"daemon:tlscacert = [/ca.pem]\n");
}

/* started after the file changed: in force */
static void test_live_pass(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, debug: false}"), .file = "{\"icc\": false}", .argv = STOCK, .live = STOCK, .started = 100, .changed = 90, .engine = "26.1.5" }, 	"#icc false: pass, found false at /etc/docker/daemon.json:1\n"
	"#debug false: pass, found false, the engine's default\n"
	"live #icc false: pass, found false\n"
	"live #debug false: pass, found false\n");
}

/* changed after it started, and nothing shows it */
static void test_live_pending(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, userland-proxy: false}"), .file = "{\"icc\": false, \"userland-proxy\": false}", .argv = STOCK, .live = STOCK, .started = 100, .changed = 101, .shown = { "icc", "true" }, .engine = "26.1.5" }, 	"#icc false: pass, found false at /etc/docker/daemon.json:1\n"
	"#userland-proxy false: pass, found false at /etc/docker/daemon.json:1\n"
	"live #icc false: pending-restart, found true, the running dockerd shows another value\n"
	"live #userland-proxy false: pending-restart, /etc/docker/daemon.json changed after dockerd was started\n"
	"restart docker.service pending: a restart puts icc, userland-proxy in force\n");
}

/* the API shows it */
static void test_live_shown(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"), .file = "{\"icc\": false}", .argv = STOCK, .live = STOCK, .started = 100, .changed = 101, .shown = { "icc", "false" }, .engine = "26.1.5" }, 	"#icc false: pass, found false at /etc/docker/daemon.json:1\n"
	"live #icc false: pass, found false\n");
}

/* a reload after the change proves reloadable keys */
static void test_live_reloaded(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {max-concurrent-downloads: 7, icc: false}, unset: [shutdown-timeout]"), .file = "{\"max-concurrent-downloads\": 7, \"icc\": false}", .argv = STOCK, .live = STOCK, .started = 100, .changed = 101, .reloaded = 102, .engine = "26.1.5" }, 	"#max-concurrent-downloads 7: pass, found 7 at /etc/docker/daemon.json:1\n"
	"#icc false: pass, found false at /etc/docker/daemon.json:1\n"
	"#shutdown-timeout the default: pass, found 15, the engine's default\n"
	"live #max-concurrent-downloads 7: pass, found 7\n"
	"live #icc false: pending-restart, /etc/docker/daemon.json changed after dockerd was started\n"
	"live #shutdown-timeout the default: pending-restart, /etc/docker/daemon.json changed after dockerd was started\n"
	"restart docker.service pending: a restart puts icc in force\n");
}

/* the running command line is another */
static void test_live_flag(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {debug: false}"), .argv = STOCK, .live = { "dockerd", "--debug" }, .started = 100, .changed = 90, .engine = "26.1.5" }, 	"#debug false: pass, found false, the engine's default\n"
	"live #debug false: pending-restart, found true, the running dockerd was started with another value\n"
	"restart docker.service pending: a restart puts debug in force\n");
}

static void test_effect_reload(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {live-restore: true}"), .argv = STOCK, .live = STOCK, .started = 100, .changed = 90, .engine = "26.1.5" }, 	"#live-restore true: drift, found false\n"
	"create #live-restore: - -> true (host)\n"
	"make:\n"
	"{\n"
	"  \"live-restore\": true\n"
	"}\n"
	"reload docker.service: a reload puts live-restore in force\n");
}

/* a held restart, and what a reload can do at once */
static void test_effect_restart(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {live-restore: true, no-new-privileges: true}"), .argv = STOCK, .live = STOCK, .started = 100, .changed = 90, .n_containers = 2, .engine = "26.1.5" }, 	"#live-restore true: drift, found false\n"
	"#no-new-privileges true: drift, found false\n"
	"create #live-restore: - -> true (host)\n"
	"create #no-new-privileges: - -> true (host)\n"
	"make:\n"
	"{\n"
	"  \"live-restore\": true,\n"
	"  \"no-new-privileges\": true\n"
	"}\n"
	"reload docker.service: a reload puts live-restore in force\n"
	"restart docker.service: a restart puts no-new-privileges in force; held: containers are running and live-restore is not in force\n");
}

/* containers hold the default bridge back */
static void test_effect_bridge(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"), .file = "{\"live-restore\": true}", .argv = STOCK, .live = STOCK, .started = 100, .changed = 90, .n_containers = 2, .live_restore = true, .engine = "26.1.5" }, 	"#icc false: drift, found true\n"
	"create #icc: - -> false (host)\n"
	"edit:\n"
	"{\"live-restore\": true, \"icc\": false}restart docker.service: a restart puts icc in force; held: a restart with running containers would not put it in force\n");
}

/* a reload does not restore the default of this one */
static void test_effect_removed_key(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "unset: [debug, max-concurrent-uploads]"), .file = "{\"debug\": true, \"max-concurrent-uploads\": 9}", .argv = STOCK, .live = STOCK, .started = 100, .changed = 90, .engine = "26.1.5" }, 	"#debug the default: drift, found true at /etc/docker/daemon.json:1\n"
	"#max-concurrent-uploads the default: drift, found 9 at /etc/docker/daemon.json:1\n"
	"delete #debug: true -> - (host)\n"
	"delete #max-concurrent-uploads: 9 -> - (host)\n"
	"edit:\n"
	"{}restart docker.service: a restart puts debug in force\n");
}

/* a running flag makes the reload fail */
static void test_effect_reload_refused(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {live-restore: true}"), .argv = STOCK, .live = { "dockerd", "--live-restore=false" }, .started = 100, .changed = 90, .engine = "26.1.5" }, 	"#live-restore true: drift, found false\n"
	"create #live-restore: - -> true (host)\n"
	"make:\n"
	"{\n"
	"  \"live-restore\": true\n"
	"}\n"
	"restart docker.service: a restart puts live-restore in force\n");
}

static void test_decode_unknown(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {iccc: false, registry-mirror: [x], config-file: x, http-proxy: x, disable-legacy-registry: true}"), .argv = STOCK, .engine = "26.1.5" }, 	"error t.yaml:4:38: unknown key 'iccc': dockerd has no such key (did you mean 'icc'?)\n"
	"error t.yaml:4:51: unknown key 'registry-mirror': that is the flag, the key has another name (did you mean 'registry-mirrors'?)\n"
	"error t.yaml:4:73: unknown key 'config-file': dockerd has it as a flag only\n"
	"error t.yaml:4:89: unknown key 'http-proxy': dockerd ignores it there, it belongs below 'proxies'\n"
	"error t.yaml:4:104: 'disable-legacy-registry' is gone since dockerd 17.12 and would stop any later one\n");
}

static void test_decode_types(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: no, debug: \"true\", mtu: \"1500\", log-level: [a], dns: {a: b}, log-opts: x, proxies: {ftp-proxy: x}, features: {buildkit: yes}, log-level: verbose}"), .argv = STOCK, .engine = "26.1.5" }, 	"error t.yaml:4:169: duplicate key 'log-level' (first at line 4, column 75)\n"
	"error t.yaml:4:43: 'icc' must be true or false, and this is 'no'\n"
	"error t.yaml:4:54: 'debug' must be true or false, and this is the text 'true' (remove the quotes)\n"
	"error t.yaml:4:67: 'mtu' must be a whole number, and this is the text '1500' (remove the quotes)\n"
	"error t.yaml:4:86: 'log-level' must be a text, and this is a list\n"
	"error t.yaml:4:96: 'dns' must be a list of texts, and this is a mapping\n"
	"error t.yaml:4:114: 'log-opts' must be a mapping, and this is 'x'\n"
	"error t.yaml:4:127: unknown key 'ftp-proxy' in 'proxies' (did you mean 'http-proxy'?)\n"
	"error t.yaml:4:163: 'features.buildkit' must be true or false, and this is 'yes'\n");
}

static void test_decode_types2(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {log-level: verbose, labels: [x], registry-mirrors: [ftp://x], default-ipc-mode: host, default-ulimits: {nofile: 3, nproc: {Hard: 1, Soft: 2}, core: {Name: x, Hard: 1, Soft: 1}}, log-opts: {}, default-address-pools: [x]}, add: {icc: [x]}, forbid: {log-opts: [x]}, unset: [bogus, log-opts.]"), .argv = STOCK, .engine = "26.1.5" }, 	"error t.yaml:4:49: 'log-level' must be one of debug, info, warn, error, fatal, and this is 'verbose'\n"
	"error t.yaml:4:67: 'labels' must be of the form NAME=VALUE, and this is 'x'\n"
	"error t.yaml:4:90: 'registry-mirrors' must be a URL that begins with https:// or http://, and this is 'ftp://x'\n"
	"error t.yaml:4:118: 'default-ipc-mode' must be private or shareable, and this is 'host'\n"
	"error t.yaml:4:150: 'default-ulimits.nofile' must be a mapping of Hard and Soft, and this is '3'\n"
	"error t.yaml:4:160: 'default-ulimits.nproc' must be a mapping whose Soft is not above Hard, and this is a mapping\n"
	"error t.yaml:4:186: 'default-ulimits.core' must be a mapping whose Name repeats the key, and this is a mapping\n"
	"error t.yaml:4:226: 'log-opts' is empty: a map is owned by the keys that are named (name the keys below it, or use 'unset')\n"
	"error t.yaml:4:254: 'default-address-pools' must be a list of {base, size}, and this is 'x'\n"
	"error t.yaml:4:309: unknown key 'bogus': dockerd has no such key\n"
	"error t.yaml:4:316: unknown key '' in 'log-opts'\n"
	"error t.yaml:4:265: 'icc' is not a list, nothing can be added (use 'set')\n"
	"error t.yaml:4:285: 'log-opts' is a map: name a key of it, as 'log-opts.KEY'\n");
}

static void test_decode_contradictions(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, dns: [1.1.1.1], log-driver: none}") CONTROL("b", "set: {icc: true}, add: {dns: [9.9.9.9]}, forbid: {log-driver: [none]}") CONTROL("c", "unset: [icc, log-opts, labels]") CONTROL("d", "set: {log-opts: {max-size: 1m}}, add: {labels: [a=b]}"), .argv = STOCK, .engine = "26.1.5" }, 	"error t.yaml:4:38: control 'a' sets 'icc', against control 'c' (t.yaml:6) (disable one of the two controls, or tailor it)\n"
	"error t.yaml:4:50: control 'a' sets a list without what is added to 'dns', against control 'b' (t.yaml:5) (disable one of the two controls, or tailor it)\n"
	"error t.yaml:4:66: control 'a' gives a forbidden value to 'log-driver', against control 'b' (t.yaml:5) (disable one of the two controls, or tailor it)\n"
	"error t.yaml:5:38: control 'b' sets another value of 'icc', against control 'a' (t.yaml:4) (disable one of the two controls, or tailor it)\n"
	"error t.yaml:5:38: control 'b' sets 'icc', against control 'c' (t.yaml:6) (disable one of the two controls, or tailor it)\n"
	"error t.yaml:7:49: control 'd' sets 'log-opts.max-size', against control 'c' (t.yaml:6) (disable one of the two controls, or tailor it)\n"
	"error t.yaml:7:71: control 'd' adds to 'labels', against control 'c' (t.yaml:6) (disable one of the two controls, or tailor it)\n");
}

static void test_decode_when(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = "  - {id: a, title: T, when: {engine: \">=27\"}, daemon: {set: {icc: false}}}\n  - {id: b, title: T, when: {engine: \"<27\"}, daemon: {set: {icc: true}}}\n", .argv = STOCK, .engine = "26.1.5" }, 	"#icc true: pass, found true, the engine's default\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_file),
		cmocka_unit_test(test_default_passes),
		cmocka_unit_test(test_set_in_file),
		cmocka_unit_test(test_unset),
		cmocka_unit_test(test_flag_blocks),
		cmocka_unit_test(test_flag_and_file),
		cmocka_unit_test(test_argv_inexact),
		cmocka_unit_test(test_no_docker),
		cmocka_unit_test(test_file_without_unit),
		cmocka_unit_test(test_engine_too_old),
		cmocka_unit_test(test_engine_too_new),
		cmocka_unit_test(test_ip6tables_by_release),
		cmocka_unit_test(test_ip6tables_before),
		cmocka_unit_test(test_engine_unknown),
		cmocka_unit_test(test_data_hiding),
		cmocka_unit_test(test_data_hiding_allowed),
		cmocka_unit_test(test_forbid_require),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_list_order),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_map_flag),
		cmocka_unit_test(test_proxies_secret),
		cmocka_unit_test(test_zero_is_default),
		cmocka_unit_test(test_refused_icc),
		cmocka_unit_test(test_refused_foreign),
		cmocka_unit_test(test_refused_swarm),
		cmocka_unit_test(test_refused_tls),
		cmocka_unit_test(test_plugin_missing),
		cmocka_unit_test(test_not_enforced),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_release_file),
		cmocka_unit_test(test_release_foreign_file),
		cmocka_unit_test(test_foreign_keys),
		cmocka_unit_test(test_refs_list),
		cmocka_unit_test(test_refs_default),
		cmocka_unit_test(test_refs_none),
		cmocka_unit_test(test_refs_flag),
		cmocka_unit_test(test_live_pass),
		cmocka_unit_test(test_live_pending),
		cmocka_unit_test(test_live_shown),
		cmocka_unit_test(test_live_reloaded),
		cmocka_unit_test(test_live_flag),
		cmocka_unit_test(test_effect_reload),
		cmocka_unit_test(test_effect_restart),
		cmocka_unit_test(test_effect_bridge),
		cmocka_unit_test(test_effect_removed_key),
		cmocka_unit_test(test_effect_reload_refused),
		cmocka_unit_test(test_decode_unknown),
		cmocka_unit_test(test_decode_types),
		cmocka_unit_test(test_decode_types2),
		cmocka_unit_test(test_decode_contradictions),
		cmocka_unit_test(test_decode_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

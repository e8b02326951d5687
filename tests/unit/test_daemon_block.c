/* SPDX-License-Identifier: Apache-2.0 */
/* What is blocked, released, warned of, referred to: scenes with the exact plan. */
#include "daemon_world.h"

/* a flag of a map stands for the whole map */
static void test_map_flag(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a", "set: {log-opts: {max-size: 10m, max-file: 3}, "
				       "runtimes: {crun: {path: /usr/bin/crun}}}"),
			  .argv = { "dockerd", "--log-opt", "max-size=10m",
				    "--add-runtime", "x=/y" },
			  .engine = "26.1.5" },
		"#log-opts.max-size \"10m\": pass, found \"10m\" at "
		"/lib/systemd/system/docker.service:9, by '--log-opt' in "
		"/lib/systemd/system/docker.service:9\n"
		"#log-opts.max-file \"3\": drift, found not set, by '--log-opt' in "
		"/lib/systemd/system/docker.service:9\n"
		"#runtimes.crun {\"path\":\"/usr/bin/crun\"}: drift, found not set\n"
		"create #log-opts.max-file: - -> \"3\" (host) blocked: '--log-opt' in "
		"/lib/systemd/system/docker.service:9 is on dockerd's command line, and "
		"a key given both ways stops dockerd even when equal; take the flag out "
		"first\n"
		"create #runtimes.crun: - -> {\"path\":\"/usr/bin/crun\"} (host)\n"
		"make:\n"
		"{\n"
		"  \"runtimes\": {\n"
		"    \"crun\": {\n"
		"      \"path\": \"/usr/bin/crun\"\n"
		"    }\n"
		"  }\n"
		"}\n"
		"note daemon:/etc/docker/daemon.json = made\n");
}

/* credentials */
static void test_proxies_secret(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a", "set: {proxies: {http-proxy: \"http://u:p@h\"}}"),
			  .argv = { "dockerd", "--https-proxy=x" },
			  .engine = "26.1.5" },
		"#proxies.http-proxy \"http://u:p@h\": drift, found not set\n"
		"create #proxies.http-proxy: - -> \"http://u:p@h\" (host)\n"
		"make:\n"
		"{\n"
		"  \"proxies\": {\n"
		"    \"http-proxy\": \"http://u:p@h\"\n"
		"  }\n"
		"}\n"
		"note daemon:/etc/docker/daemon.json = made\n");
}

/* zero means the default, but for booleans */
static void test_zero_is_default(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a", "set: {mtu: 0, shutdown-timeout: 15, dns: []}"),
			  .file = "{\"mtu\": 1500, \"shutdown-timeout\": 0, "
				  "\"log-level\": null}",
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"#mtu 0: pass, found 1500 at /etc/docker/daemon.json:1\n"
		"#shutdown-timeout 15: pass, found 15 at /etc/docker/daemon.json:1, the "
		"engine's default\n"
		"#dns []: pass, found [], the engine's default\n");
}

/* pairs that dockerd refuses at start */
static void test_refused_icc(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, debug: true}"),
			      .file = "{\n  \"iptables\": false\n}\n",
			      .argv = STOCK,
			      .engine = "26.1.5" },
		    "#icc false: drift, found true\n"
		    "#debug true: drift, found false\n"
		    "create #icc: - -> false (host) blocked: dockerd would not start: "
		    "icc=false needs iptables=true\n"
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
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {debug: true}"),
			      .file = "{\n  \"bip\": \"10.0.0.1/24\",\n  \"bridge\": "
				      "\"br0\"\n}\n",
			      .argv = STOCK,
			      .engine = "26.1.5" },
		    "#debug true: drift, found false\n"
		    "create #debug: - -> true (host)\n"
		    "edit:\n"
		    "{\n"
		    "  \"bip\": \"10.0.0.1/24\",\n"
		    "  \"bridge\": \"br0\",\n"
		    "  \"debug\": true\n"
		    "}\n"
		    "warning: /etc/docker/daemon.json: dockerd does not start with this: "
		    "bip and bridge exclude each other\n");
}

static void test_refused_swarm(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {live-restore: true}"),
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .swarm = "true" },
		    "#live-restore true: drift, found false\n"
		    "create #live-restore: - -> true (host) blocked: dockerd would not "
		    "start: this is a swarm node, and swarm does not work with "
		    "live-restore\n");
}

static void test_refused_tls(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {tlsverify: true}") CONTROL(
				      "b", "set: {default-runtime: crun}")
				      CONTROL("c", "add: {labels: [a=1]}") CONTROL(
					      "d", "set: {cgroup-parent: x, exec-opts: "
						   "[native.cgroupdriver=systemd]}"),
			      .file = "{\"labels\": [\"a=2\"]}",
			      .argv = STOCK,
			      .engine = "26.1.5" },
		    "#tlsverify true: drift, found not set\n"
		    "#default-runtime \"crun\": drift, found \"runc\"\n"
		    "#labels with [\"a=1\"]: drift, found [\"a=2\"] at "
		    "/etc/docker/daemon.json:1\n"
		    "#cgroup-parent \"x\": drift, found \"\"\n"
		    "#exec-opts [\"native.cgroupdriver=systemd\"]: drift, found []\n"
		    "create #tlsverify: - -> true (host) blocked: dockerd would not "
		    "start: TLS needs tlscert and tlskey\n"
		    "create #default-runtime: - -> \"crun\" (host) blocked: dockerd "
		    "would not start: default-runtime is not among the runtimes\n"
		    "update #labels: [\"a=2\"] -> [\"a=2\",\"a=1\"] (host) blocked: "
		    "dockerd would not start: one label is given two different values\n"
		    "create #cgroup-parent: - -> \"x\" (host) blocked: dockerd would not "
		    "start: with the cgroup driver systemd, cgroup-parent must end in "
		    ".slice\n"
		    "create #exec-opts: - -> [\"native.cgroupdriver=systemd\"] (host) "
		    "blocked: dockerd would not start: with the cgroup driver systemd, "
		    "cgroup-parent must end in .slice\n");
}

static void test_plugin_missing(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {authorization-plugins: [opa]}"),
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"#authorization-plugins [\"opa\"]: drift, found []\n"
		"create #authorization-plugins: - -> [\"opa\"] (host) blocked: no plugin "
		"'opa' is installed, and dockerd exits when it cannot load one\n");
}

/* observed, never changed */
static void test_not_enforced(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = "  - {id: a, title: T, enforce: false, daemon: "
					  "{set: {icc: false}}}\n",
			      .argv = STOCK,
			      .engine = "26.1.5" },
		    "#icc false: drift, found true\n");
}

/* equal demands merge, each control judged by its own */
static void test_shared(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}") CONTROL(
				      "b", "set: {icc: false}, forbid: {icc: [true]}"),
			      .argv = STOCK,
			      .engine = "26.1.5" },
		    "#icc false: drift, found true\n"
		    "#icc none of [true]: finding, found true, must not be in force; "
		    "only reported\n"
		    "create #icc: - -> false (host)\n"
		    "make:\n"
		    "{\n"
		    "  \"icc\": false\n"
		    "}\n"
		    "note daemon:/etc/docker/daemon.json = made\n");
}

/* the demand is as it was left, or has changed */
static void test_causes(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: false, log-level: warn}"),
			  .file = "{\"icc\": true, \"log-level\": \"debug\"}",
			  .argv = STOCK,
			  .engine = "26.1.5",
			  .record = { { "daemon:" HF_DAEMON_JSON "#icc", NULL, "false" },
				      { "daemon:" HF_DAEMON_JSON "#log-level", NULL,
					"\"debug\"" } } },
		"#icc false: drift, found true at /etc/docker/daemon.json:1\n"
		"#log-level \"warn\": drift, found \"debug\" at "
		"/etc/docker/daemon.json:1\n"
		"update #icc: true -> false (host)\n"
		"update #log-level: \"debug\" -> \"warn\" (baseline)\n"
		"edit:\n"
		"{\"icc\": false, \"log-level\": \"warn\"}\n"
		"\\ no newline at the end\n");
}

/* put back, if it still is as we left it */
static void test_release(void **state)
{
	(void)state;
	assert_plan(
		&(scene){
			.controls = CONTROL("a", "set: {icc: false}"),
			.file = "{\n  \"icc\": false,\n  \"log-level\": \"warn\",\n  "
				"\"debug\": true,\n  \"log-opts\": {\n    \"max-size\": "
				"\"10m\"\n  },\n  \"mtu\": 9000\n}\n",
			.argv = STOCK,
			.engine = "26.1.5",
			.record = { { "daemon:" HF_DAEMON_JSON "#log-level", "\"debug\"",
				      "\"warn\"" },
				    { "daemon:" HF_DAEMON_JSON "#debug", NULL, "false" },
				    { "daemon:" HF_DAEMON_JSON "#log-opts.max-size", NULL,
				      "\"10m\"" },
				    { "daemon:" HF_DAEMON_JSON "#mtu", NULL, "9000" },
				    { "daemon:/other.json#icc", NULL, "false" } } },
		"#icc false: pass, found false at /etc/docker/daemon.json:2\n"
		"update #log-level: \"warn\" -> \"debug\" (released)\n"
		"delete #log-opts.max-size: \"10m\" -> - (released)\n"
		"delete #mtu: 9000 -> - (released)\n"
		"edit:\n"
		"{\n"
		"  \"icc\": false,\n"
		"  \"log-level\": \"debug\",\n"
		"  \"debug\": true\n"
		"}\n"
		"note: daemon:/etc/docker/daemon.json#debug is no longer demanded and "
		"stays as it is: it was changed since\n"
		"note: daemon:/other.json#icc is no longer demanded and stays as it is: "
		"dockerd does not read this file now\n");
}

/* a file that we made goes with its last key */
static void test_release_file(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = "  - {id: a, title: T, manual: x}\n",
			      .file = "{\n  \"icc\": false\n}\n",
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .record = { { "daemon:" HF_DAEMON_JSON, NULL, "made" },
					  { "daemon:" HF_DAEMON_JSON "#icc", NULL,
					    "false" } } },
		    "delete #icc: false -> - (released)\n"
		    "remove /etc/docker/daemon.json\n");
}

/* one without a key becomes what it was, byte for byte */
static void test_release_empty_file(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = "  - {id: a, title: T, manual: x}\n",
			      .file = "{\n  \"icc\": false\n}\n",
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .record = { { "daemon:" HF_DAEMON_JSON, NULL, "{ }" },
					  { "daemon:" HF_DAEMON_JSON "#icc", NULL,
					    "false" } } },
		    "delete #icc: false -> - (released)\n"
		    "edit:\n"
		    "{ }\n"
		    "\\ no newline at the end\n");
}

/* one that was there stays */
static void test_release_foreign_file(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = "  - {id: a, title: T, manual: x}\n",
			      .file = "{\n  \"icc\": false\n}\n",
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .record = { { "daemon:" HF_DAEMON_JSON "#icc", NULL,
					    "false" } } },
		    "delete #icc: false -> - (released)\n"
		    "edit:\n"
		    "{\n"
		    "}\n");
}

/* keys that dockerd ignores or stops on */
static void test_foreign_keys(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: true}"),
			  .file = "{\n  \"registry-mirror\": [\"x\"],\n  \"bogus\": "
				  "1,\n  \"anything\": {},\n  \"bip6\": \"\",\n  "
				  "\"icc\": true,\n  \"hosts\": [\"unix://\"]\n}\n",
			  .argv = STOCK,
			  .engine = "20.10.24" },
		"#icc true: pass, found true at /etc/docker/daemon.json:6\n"
		"#registry-mirror : finding at /etc/docker/daemon.json:2, dockerd "
		"ignores the key 'registry-mirror' without a word\n"
		"#bogus : finding at /etc/docker/daemon.json:3, dockerd does not know "
		"the key 'bogus' and will not start\n"
		"#anything : finding at /etc/docker/daemon.json:4, dockerd ignores the "
		"key 'anything' without a word\n"
		"#bip6 : finding at /etc/docker/daemon.json:5, dockerd 20.10.24 does "
		"not know the key 'bip6' and will not start\n"
		"#hosts : finding at /etc/docker/daemon.json:7, 'hosts' is also given "
		"by '-H' in /lib/systemd/system/docker.service:9: dockerd will not "
		"start\n");
	/* dockerd looks into an object that it does not know */
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: true}"),
			  .file = "{\n  \"x\": {\"debug\": true},\n"
				  "  \"y\": {\"bogus\": 1}\n}\n",
			  .argv = STOCK,
			  .engine = "20.10.24" },
		"#icc true: pass, found true, the engine's default\n"
		"#x : finding at /etc/docker/daemon.json:2, dockerd ignores the key "
		"'x' without a word\n"
		"#y : finding at /etc/docker/daemon.json:3, dockerd does not know the "
		"key 'bogus' and will not start\n");
	/* the name of a flag passes only where dockerd has the flag */
	for (size_t late = 0; late < 2; late++)
		assert_plan(
			&(scene){ .controls = CONTROL("a", "set: {icc: true}"),
				  .file = "{\n  \"http-proxy\": \"http://p\",\n"
					  "  \"cdi-spec-dir\": []\n}\n",
				  .argv = STOCK,
				  .engine = late ? "26.1.5" : "20.10.24" },
			late ? "#icc true: pass, found true, the engine's default\n"
			       "#http-proxy : finding at /etc/docker/daemon.json:2, "
			       "dockerd ignores the key 'http-proxy' without a word\n"
			       "#cdi-spec-dir : finding at /etc/docker/daemon.json:3, "
			       "dockerd ignores the key 'cdi-spec-dir' without a word\n"
			     : "#icc true: pass, found true, the engine's default\n"
			       "#http-proxy : finding at /etc/docker/daemon.json:2, "
			       "dockerd does not know the key 'http-proxy' and will not "
			       "start\n"
			       "#cdi-spec-dir : finding at /etc/docker/daemon.json:3, "
			       "dockerd does not know the key 'cdi-spec-dir' and will "
			       "not start\n");
}

/* who says set has the last word on a list, wherever it stands */
static void test_add_before_set(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "add: {labels: [x=1]}")
				      CONTROL("b", "set: {labels: [x=1, y=1]}")
					      CONTROL("c", "add: {labels: [y=1]}"),
			      .file = "{\"labels\": [\"z=1\"]}\n",
			      .argv = STOCK,
			      .engine = "20.10.24" },
		    "#labels with [\"x=1\"]: drift, found [\"z=1\"] at "
		    "/etc/docker/daemon.json:1\n"
		    "#labels [\"x=1\",\"y=1\"]: drift, found [\"z=1\"] at "
		    "/etc/docker/daemon.json:1\n"
		    "#labels with [\"y=1\"]: drift, found [\"z=1\"] at "
		    "/etc/docker/daemon.json:1\n"
		    "update #labels: [\"z=1\"] -> [\"x=1\",\"y=1\"] (host)\n"
		    "edit:\n"
		    "{\"labels\": [\"x=1\", \"y=1\"]}\n");
}

static void test_refs_list(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {dns: [1.1.1.1, 9.9.9.9]}"),
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .ref = "daemon:dns" },
		    "#dns [\"1.1.1.1\",\"9.9.9.9\"]: drift, found []\n"
		    "create #dns: - -> [\"1.1.1.1\",\"9.9.9.9\"] (host)\n"
		    "make:\n"
		    "{\n"
		    "  \"dns\": [\"1.1.1.1\", \"9.9.9.9\"]\n"
		    "}\n"
		    "note daemon:/etc/docker/daemon.json = made\n"
		    "daemon:dns = [1.1.1.1] [9.9.9.9]\n");
}

static void test_refs_default(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: true}"),
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .ref = "daemon:data-root" },
		    "#icc true: pass, found true, the engine's default\n"
		    "daemon:data-root = [/var/lib/docker]\n");
}

static void test_refs_none(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: true}"),
			  .argv = STOCK,
			  .engine = "26.1.5",
			  .ref = "daemon:tlscacert" },
		"#icc true: pass, found true, the engine's default\n"
		"daemon:tlscacert = 'tlscacert' is not set in dockerd's configuration\n");
}

/* with TLS there is one, named or not */
static void test_refs_tls_default(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: true}"),
			  .file = "{\"tls\": true}\n",
			  .argv = STOCK,
			  .engine = "26.1.5",
			  .ref = "daemon:tlskey" },
		"#icc true: pass, found true, the engine's default\n"
		"daemon:tlskey = unknown 'tlskey' is not set and TLS is on: dockerd "
		"looks "
		"in the .docker directory of its user, or in DOCKER_CERT_PATH; set it\n");
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: true}"),
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .ref = "daemon:config-file" },
		    "#icc true: pass, found true, the engine's default\n"
		    "daemon:config-file = [/etc/docker/daemon.json]\n");
}

static void test_refs_flag(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: true}"),
			      .argv = { "dockerd", "--tlscacert", "/ca.pem" },
			      .engine = "26.1.5",
			      .ref = "daemon:tlscacert" },
		    "#icc true: pass, found true, the engine's default\n"
		    "daemon:tlscacert = [/ca.pem]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test(test_release_empty_file),
		cmocka_unit_test(test_release_foreign_file),
		cmocka_unit_test(test_foreign_keys),
		cmocka_unit_test(test_add_before_set),
		cmocka_unit_test(test_refs_list),
		cmocka_unit_test(test_refs_default),
		cmocka_unit_test(test_refs_none),
		cmocka_unit_test(test_refs_tls_default),
		cmocka_unit_test(test_refs_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

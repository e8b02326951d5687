/* SPDX-License-Identifier: Apache-2.0 */
/* How demands on daemon.json are judged: scenes of a host, each with the exact plan. */
#include "daemon_world.h"

/* no file: the default is not what is wanted; two spaces */
static void test_new_file(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"),
			      .argv = STOCK,
			      .engine = "20.10.24" },
		    "#icc false: drift, found true\n"
		    "create #icc: - -> false (host)\n"
		    "make:\n"
		    "{\n"
		    "  \"icc\": false\n"
		    "}\n"
		    "note daemon:/etc/docker/daemon.json = made\n");
}

/* an equal default or flag passes and nothing is written */
static void test_default_passes(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a",
				  "set: {iptables: true, log-level: info, debug: true}"),
			  .argv = { "dockerd", "-H", "fd://", "-D" },
			  .engine = "20.10.24" },
		"#iptables true: pass, found true, the engine's default\n"
		"#log-level \"info\": pass, found \"info\", the engine's default\n"
		"#debug true: pass, found true at /lib/systemd/system/docker.service:9, "
		"by '-D' in /lib/systemd/system/docker.service:9\n");
}

/* only the value of our key changes */
static void test_set_in_file(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: false, log-level: info}"),
			  .file = "{\n\t\"icc\": true,\n\t\"dns\": [\"1.1.1.1\"]\n}",
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"#icc false: drift, found true at /etc/docker/daemon.json:2\n"
		"#log-level \"info\": pass, found \"info\", the engine's default\n"
		"update #icc: true -> false (host)\n"
		"edit:\n"
		"{\n"
		"\t\"icc\": false,\n"
		"\t\"dns\": [\"1.1.1.1\"]\n"
		"}\n"
		"\\ no newline at the end\n");
}

/* unset: neither key nor flag; an explicit default passes */
static void test_unset(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls =
				  CONTROL("a", "unset: [insecure-registries, "
					       "cgroup-parent, log-opts, log-driver]"),
			  .file = "{\n  \"insecure-registries\": [\"r:5000\"],\n  "
				  "\"cgroup-parent\": \"\",\n  \"log-driver\": "
				  "\"json-file\",\n  \"log-opts\": {\"a\": \"b\"}\n}\n",
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"#insecure-registries the default: drift, found [\"r:5000\"] at "
		"/etc/docker/daemon.json:2\n"
		"#cgroup-parent the default: pass, found \"\" at "
		"/etc/docker/daemon.json:3, the engine's default\n"
		"#log-opts the default: drift, found {\"a\":\"b\"} at "
		"/etc/docker/daemon.json:5\n"
		"#log-driver the default: pass, found \"json-file\" at "
		"/etc/docker/daemon.json:4\n"
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
	assert_plan(&(scene){ .controls = CONTROL("a",
						  "set: {log-level: info, debug: false}, "
						  "unset: [insecure-registries]"),
			      .argv = { "dockerd", "--log-level=warn", "-D",
					"--insecure-registry", "r:1" },
			      .engine = "26.1.5" },
		    "#log-level \"info\": drift, found \"warn\" at "
		    "/lib/systemd/system/docker.service:9, by '--log-level' in "
		    "/lib/systemd/system/docker.service:9\n"
		    "#debug false: drift, found true at "
		    "/lib/systemd/system/docker.service:9, by '-D' in "
		    "/lib/systemd/system/docker.service:9\n"
		    "#insecure-registries the default: drift, found [\"r:1\"] at "
		    "/lib/systemd/system/docker.service:9, by '--insecure-registry' in "
		    "/lib/systemd/system/docker.service:9\n"
		    "update #log-level: \"warn\" -> \"info\" (host) blocked: "
		    "'--log-level' in /lib/systemd/system/docker.service:9 is on "
		    "dockerd's command line, and a key given both ways stops dockerd "
		    "even when equal; take the flag out first\n"
		    "update #debug: true -> false (host) blocked: '-D' in "
		    "/lib/systemd/system/docker.service:9 is on dockerd's command line, "
		    "and a key given both ways stops dockerd even when equal; take the "
		    "flag out first\n"
		    "delete #insecure-registries: [\"r:1\"] -> - (host) blocked: "
		    "'--insecure-registry' in /lib/systemd/system/docker.service:9 is on "
		    "dockerd's command line, and a key given both ways stops dockerd "
		    "even when equal; take the flag out first\n");
}

/* both: dockerd does not start; the flag alone does it */
static void test_flag_and_file(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {log-level: warn, icc: false}"),
			  .file = "{\"log-level\": \"warn\", \"icc\": true}\n",
			  .argv = { "dockerd", "--log-level", "warn", "--icc=true" },
			  .engine = "26.1.5" },
		"#log-level \"warn\": drift, found \"warn\" at "
		"/lib/systemd/system/docker.service:9, given in the file and by "
		"'--log-level' in /lib/systemd/system/docker.service:9: dockerd does not "
		"start\n"
		"#icc false: drift, found true at /lib/systemd/system/docker.service:9, "
		"given in the file and by '--icc' in "
		"/lib/systemd/system/docker.service:9: dockerd does not start\n"
		"delete #log-level: \"warn\" -> - (host)\n"
		"update #icc: true -> false (host) blocked: '--icc' in "
		"/lib/systemd/system/docker.service:9 is on dockerd's command line, and "
		"a key given both ways stops dockerd even when equal; take the flag out "
		"first\n"
		"edit:\n"
		"{\"icc\": true}\n"
		"warning /etc/docker/daemon.json:1:2: 'log-level' is also given by "
		"'--log-level' in /lib/systemd/system/docker.service:9: dockerd will not "
		"start\n"
		"warning /etc/docker/daemon.json:1:23: 'icc' is also given by '--icc' in "
		"/lib/systemd/system/docker.service:9: dockerd will not start\n");
}

/* what cannot be expanded may hold any flag */
static void test_argv_inexact(void **state)
{
	(void)state;
	assert_plan(
		&(scene){
			.controls = CONTROL(
				"a", "set: {icc: false, builder: {gc: {enabled: true}}}"),
			.argv = STOCK,
			.argv_inexact = true,
			.engine = "26.1.5" },
		"#icc false: unknown, $EXTRA cannot be expanded\n"
		"#builder.gc {\"enabled\":true}: drift, found not set\n"
		"create #builder.gc: - -> {\"enabled\":true} (host)\n"
		"make:\n"
		"{\n"
		"  \"builder\": {\n"
		"    \"gc\": {\n"
		"      \"enabled\": true\n"
		"    }\n"
		"  }\n"
		"}\n"
		"note daemon:/etc/docker/daemon.json = made\n");
}

/* not applicable */
static void test_no_docker(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"),
			      .ref = "daemon:data-root" },
		    "#icc false: not-applicable, nothing there\n"
		    "daemon:data-root = nothing there\n");
}

/* a file alone is managed */
static void test_file_without_unit(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: false}"), .file = "{}\n" },
		"#icc false: drift, found true\n"
		"create #icc: - -> false (host)\n"
		"edit:\n"
		"{\n"
		"  \"icc\": false\n"
		"}\n"
		"note daemon:/etc/docker/daemon.json = {}\n"
		"\n"
		"note: the version of dockerd is not known: keys of every release are "
		"accepted\n");
}

/* a key that the engine does not know */
static void test_engine_too_old(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {log-format: json}")
				  CONTROL("b", "unset: [bip6, oom-score-adjust]"),
			  .argv = STOCK,
			  .engine = "20.10.24" },
		"#log-format \"json\": unknown, dockerd 20.10.24 does not know this key\n"
		"#bip6 the default: not-applicable, dockerd 20.10.24 does not have this "
		"key\n"
		"#oom-score-adjust the default: pass, found 0, the engine's default\n"
		"error t.yaml:4:38: dockerd 20.10.24 does not know the key 'log-format' "
		"(it came with 25.0) and would not start (gate the control: when: "
		"{engine: \">=25.0\"})\n");
}

/* a key that went */
static void test_engine_too_new(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {oom-score-adjust: -500}")
				  CONTROL("b", "forbid: {cluster-store: [x]}")
					  CONTROL("c", "unset: [api-cors-header]"),
			  .file = "{\n  \"api-cors-header\": \"*\"\n}\n",
			  .argv = STOCK,
			  .engine = "29.0.1" },
		"#oom-score-adjust -500: unknown, dockerd 29.0.1 does not know this key\n"
		"#cluster-store none of [\"x\"]: not-applicable, dockerd 29.0.1 does not "
		"have this key\n"
		"#api-cors-header the default: drift, found \"*\" at "
		"/etc/docker/daemon.json:2\n"
		"delete #api-cors-header: \"*\" -> - (host)\n"
		"edit:\n"
		"{\n"
		"}\n"
		"error t.yaml:4:38: dockerd 29.0.1 does not know the key "
		"'oom-score-adjust' (it went with 26.0) and would not start (gate the "
		"control: when: {engine: \"<26.0\"})\n"
		"warning /etc/docker/daemon.json:2:3: dockerd 29.0.1 does not know the "
		"key 'api-cors-header' and will not start\n");
}

/* a default that changed */
static void test_ip6tables_by_release(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {ip6tables: true}"),
			      .argv = STOCK,
			      .engine = "28.0.0" },
		    "#ip6tables true: pass, found true, the engine's default\n");
}

/* and is refused by the older engine */
static void test_ip6tables_before(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {ip6tables: true}"),
			      .argv = STOCK,
			      .engine = "26.1.5" },
		    "#ip6tables true: drift, found false\n"
		    "create #ip6tables: - -> true (host) blocked: dockerd would not "
		    "start: before 27.0 ip6tables=true needs experimental=true\n");
}

/* the union of releases */
static void test_engine_unknown(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL(
				      "a", "set: {ip6tables: true, log-format: json}"),
			      .argv = STOCK },
		    "#ip6tables true: drift, found not set\n"
		    "#log-format \"json\": drift, found \"text\"\n"
		    "create #ip6tables: - -> true (host)\n"
		    "create #log-format: - -> \"json\" (host)\n"
		    "make:\n"
		    "{\n"
		    "  \"ip6tables\": true,\n"
		    "  \"log-format\": \"json\"\n"
		    "}\n"
		    "note daemon:/etc/docker/daemon.json = made\n"
		    "note: the version of dockerd is not known: keys of every release "
		    "are accepted\n");
}

/* only with --allow-disruptive */
static void test_data_hiding(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {userns-remap: default}"),
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"#userns-remap \"default\": finding, found \"\", images, containers or "
		"volumes would become invisible, which ones is not known: dockerd does "
		"not run; changed only with --allow-disruptive\n");
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {userns-remap: default}"),
			  .argv = STOCK,
			  .live_unknown = true,
			  .engine = "26.1.5" },
		"#userns-remap \"default\": finding, found \"\", images, containers or "
		"volumes would become invisible, which ones is not known: /proc is "
		"hidden; changed only with --allow-disruptive\n");
}

/* by name, as far as it is known */
static void test_data_hiding_named(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {data-root: /new}"),
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .images = "a b c d e f g h i j k l",
			      .boxes = "web",
			      .volumes = "" },
		    "#data-root \"/new\": finding, found \"/var/lib/docker\", 12 images "
		    "(a, b, "
		    "c, d, e, f, g, h, i, j and 2 more), 1 container (web) would become "
		    "invisible; changed only with --allow-disruptive\n");
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {data-root: /new}"),
			  .argv = STOCK,
			  .engine = "26.1.5",
			  .images = "",
			  .boxes = "",
			  .volumes = "" },
		"#data-root \"/new\": finding, found \"/var/lib/docker\", dockerd has "
		"no images, containers or volumes now that would become invisible; "
		"changed only with --allow-disruptive\n");
	/* volumes stay where they are */
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {storage-driver: vfs}"),
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .images = "a",
			      .boxes = "",
			      .volumes = "v" },
		    "#storage-driver \"vfs\": finding, found not set, 1 image (a) would "
		    "become invisible; changed only with --allow-disruptive\n");
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {data-root: /new}"),
			  .argv = STOCK,
			  .engine = "26.1.5",
			  .images = "a",
			  .boxes = "b" },
		"#data-root \"/new\": finding, found \"/var/lib/docker\", 1 image (a), "
		"1 container (b) would become invisible; volumes would become "
		"invisible, which ones is not known: dockerd does not run; changed "
		"only with --allow-disruptive\n");
}

/* taking it back hides what was made since */
static void test_data_hiding_released(void **state)
{
	const entry was = { "daemon:" HF_DAEMON_JSON "#userns-remap", NULL,
			    "\"default\"" };
	scene in = { .controls = CONTROL("a", "set: {icc: true}"),
		     .file = "{\"userns-remap\": \"default\"}\n",
		     .argv = STOCK,
		     .engine = "26.1.5",
		     .images = "a",
		     .boxes = "b",
		     .volumes = "v",
		     .record = { was } };

	(void)state;
	assert_plan(
		&in,
		"#icc true: pass, found true, the engine's default\n"
		"note: daemon:/etc/docker/daemon.json#userns-remap is no longer "
		"demanded and stays as it is: taking it back needs "
		"--allow-disruptive: 1 image (a), 1 container (b), 1 volume (v) would "
		"become invisible\n");
	in.allow_disruptive = true;
	assert_plan(&in, "#icc true: pass, found true, the engine's default\n"
			 "delete #userns-remap: \"default\" -> - (released) hides: 1 "
			 "image (a), 1 container (b), 1 volume (v) would become "
			 "invisible\n"
			 "edit:\n"
			 "{}\n");
}

static void test_data_hiding_allowed(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {userns-remap: default}"),
			      .argv = STOCK,
			      .engine = "26.1.5",
			      .allow_disruptive = true },
		    "#userns-remap \"default\": drift, found \"\", images, containers "
		    "or volumes would become invisible, which ones is not known: dockerd "
		    "does not run\n"
		    "create #userns-remap: - -> \"default\" (host) hides: images, "
		    "containers or volumes would become invisible, which ones is not "
		    "known: dockerd does not run\n"
		    "make:\n"
		    "{\n"
		    "  \"userns-remap\": \"default\"\n"
		    "}\n"
		    "note daemon:/etc/docker/daemon.json = made\n");
}

/* reported, never changed */
static void test_forbid_require(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a", "forbid: {storage-driver: [aufs], log-driver: "
				       "[json-file, none], hosts: [\"tcp://*\"]}, "
				       "require: [authorization-plugins, dns]"),
			  .file = "{\n  \"storage-driver\": \"aufs\",\n  \"dns\": "
				  "[\"9.9.9.9\"]\n}\n",
			  .argv = { "dockerd", "-H", "fd://", "-Htcp://0.0.0.0:2375" },
			  .engine = "20.10.24" },
		"#storage-driver none of [\"aufs\"]: finding, found \"aufs\" at "
		"/etc/docker/daemon.json:2, must not be in force; only reported\n"
		"#log-driver none of [\"json-file\",\"none\"]: finding, found "
		"\"json-file\", must not be in force; only reported\n"
		"#hosts none of [\"tcp://*\"]: finding, found "
		"[\"fd://\",\"tcp://0.0.0.0:2375\"] at "
		"/lib/systemd/system/docker.service:9, must not be in force; only "
		"reported\n"
		"#authorization-plugins set: finding, found [], is not set; which value "
		"is right is for a person to decide\n"
		"#dns set: pass, found [\"9.9.9.9\"] at /etc/docker/daemon.json:3\n");
}

/* lists: must contain */
static void test_add(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "add: {labels: [\"env=prod\"]}")
				      CONTROL("b", "add: {labels: [\"a=1\", \"b=2\"]}"),
			      .file = "{\n  \"labels\": [\n    \"a=1\"\n  ]\n}\n",
			      .argv = STOCK,
			      .engine = "26.1.5" },
		    "#labels with [\"env=prod\"]: drift, found [\"a=1\"] at "
		    "/etc/docker/daemon.json:2\n"
		    "#labels with [\"a=1\",\"b=2\"]: drift, found [\"a=1\"] at "
		    "/etc/docker/daemon.json:2\n"
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
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {dns: [1.1.1.1, 9.9.9.9]}"),
			      .file = "{\"dns\": [\"9.9.9.9\", \"1.1.1.1\"]}",
			      .argv = STOCK,
			      .engine = "26.1.5" },
		    "#dns [\"1.1.1.1\",\"9.9.9.9\"]: pass, found "
		    "[\"9.9.9.9\",\"1.1.1.1\"] at /etc/docker/daemon.json:1\n");
}

/* owned by the sub-keys named */
static void test_maps(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a",
				  "set: {log-opts: {max-size: 10m, max-file: 3}, "
				  "default-ulimits: {nofile: {Hard: 2048, Soft: 1024}}}"),
			  .file = "{\n  \"log-opts\": {\n    \"tag\": \"x\",\n    "
				  "\"max-file\": \"5\"\n  }\n}\n",
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"#log-opts.max-size \"10m\": drift, found not set\n"
		"#log-opts.max-file \"3\": drift, found \"5\" at "
		"/etc/docker/daemon.json:4\n"
		"#default-ulimits.nofile "
		"{\"Hard\":2048,\"Soft\":1024,\"Name\":\"nofile\"}: drift, found not "
		"set\n"
		"create #log-opts.max-size: - -> \"10m\" (host)\n"
		"update #log-opts.max-file: \"5\" -> \"3\" (host)\n"
		"create #default-ulimits.nofile: - -> "
		"{\"Hard\":2048,\"Soft\":1024,\"Name\":\"nofile\"} (host)\n"
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

/* DOCKER_DRIVER goes before file and flag */
static void test_driver_by_environment(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "forbid: {storage-driver: [aufs]}")
				  CONTROL("b", "set: {storage-driver: overlay2}"),
			  .file = "{\"storage-driver\": \"overlay2\"}\n",
			  .argv = STOCK,
			  .unit_env = { "A=b", "DOCKER_DRIVER=aufs" },
			  .engine = "20.10.24" },
		"#storage-driver none of [\"aufs\"]: finding, found \"aufs\", by "
		"DOCKER_DRIVER in the "
		"unit's environment, which goes before file and flag; only reported\n"
		"#storage-driver \"overlay2\": finding, found \"aufs\", by DOCKER_DRIVER "
		"in the "
		"unit's environment, which goes before file and flag; only reported\n");
	assert_plan(
		&(scene){ .controls = CONTROL("a", "forbid: {storage-driver: [aufs]}"),
			  .argv = STOCK,
			  .unit_env = { "DOCKER_DRIVERS=aufs", "DOCKER_DRIVER=vfs" },
			  .engine = "20.10.24" },
		"#storage-driver none of [\"aufs\"]: pass, found \"vfs\", by "
		"DOCKER_DRIVER in the unit's environment\n");
}

/* and may be there where that cannot be told */
static void test_driver_not_known(void **state)
{
	static const char both[] = CONTROL("a", "forbid: {storage-driver: [aufs]}")
		CONTROL("b", "set: {icc: true}");

	(void)state;
	assert_plan(&(scene){ .controls = both,
			      .argv = STOCK,
			      .unit_env = { "DOCKER_DRIVER=vfs" },
			      .unit_env_why = "/x cannot be read",
			      .engine = "20.10.24" },
		    "#storage-driver none of [\"aufs\"]: unknown, /x cannot be read\n"
		    "#icc true: pass, found true, the engine's default\n");
	assert_plan(&(scene){ .controls = both,
			      .argv = STOCK,
			      .unit_env_unknown = { "DOCKER_DRIVER" },
			      .engine = "20.10.24" },
		    "#storage-driver none of [\"aufs\"]: unknown, DOCKER_DRIVER, which "
		    "goes before file and flag, is known only to the running manager\n"
		    "#icc true: pass, found true, the engine's default\n");
	assert_plan(&(scene){ .controls = both,
			      .argv = STOCK,
			      .unit_env = { "DOCKER_DRIVER=vfs" },
			      .unit_env_unknown = { "DOCKER_DRIVER" },
			      .engine = "20.10.24" },
		    "#storage-driver none of [\"aufs\"]: pass, found \"vfs\", by "
		    "DOCKER_DRIVER in the unit's environment\n"
		    "#icc true: pass, found true, the engine's default\n");
}

/* As dockerd reads them: the scheme may be left out, and TLS changes the default. */
static void test_forbidden_hosts(void **state)
{
	static const struct {
		const char *argv[4], *file, *found;
	} c[] = {
		{ { "dockerd", "-H", ":2375" }, NULL, "[\"tcp://:2375\"]" },
		{ { "dockerd", "-H0.0.0.0:1" }, NULL, "[\"tcp://0.0.0.0:1\"]" },
		{ { "dockerd", "--host=\t tcp://[::]:1 " }, NULL, "[\"tcp://[::]:1\"]" },
		{ { "dockerd", "--tls" }, NULL, "[\"tcp://localhost:2376\"]" },
		{ { "dockerd", "--tlsverify=false", "-H", "" },
		  NULL,
		  "[\"tcp://localhost:2376\"]" },
		{ { "dockerd" },
		  "{\"tlsverify\": false}\n",
		  "[\"tcp://localhost:2376\"]" },
		{ { "dockerd" },
		  "{\"hosts\": [\" 10.0.0.1\"]}\n",
		  "[\"tcp://10.0.0.1\"] at /etc/docker/daemon.json:1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		scene in = { .controls = CONTROL("a", "forbid: {hosts: [\"tcp://*\"]}"),
			     .file = c[i].file,
			     .engine = "20.10.24" };
		char expected[256];

		for (size_t k = 0; k < ARRAY_SIZE(c[i].argv); k++)
			in.argv[k] = c[i].argv[k];
		snprintf(expected, sizeof(expected),
			 "#hosts none of [\"tcp://*\"]: finding, found %s%s, must not be "
			 "in "
			 "force; only reported\n",
			 c[i].found,
			 strstr(in.argv[1] ? in.argv[1] : "", "-H") ||
					 strstr(in.argv[1] ? in.argv[1] : "", "host") ||
					 in.argv[2]
				 ? " at /lib/systemd/system/docker.service:9"
				 : "");
		assert_plan(&in, expected);
	}
	assert_plan(&(scene){ .controls = CONTROL("a", "forbid: {hosts: [\"tcp://*\"]}"),
			      .argv = { "dockerd", "--tls=false", "-H", "" },
			      .engine = "20.10.24" },
		    "#hosts none of [\"tcp://*\"]: pass, found "
		    "[\"unix:///var/run/docker.sock\"] at "
		    "/lib/systemd/system/docker.service:9, by '-H' in "
		    "/lib/systemd/system/docker.service:9\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_file),
		cmocka_unit_test(test_default_passes),
		cmocka_unit_test(test_set_in_file),
		cmocka_unit_test(test_unset),
		cmocka_unit_test(test_driver_by_environment),
		cmocka_unit_test(test_driver_not_known),
		cmocka_unit_test(test_forbidden_hosts),
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
		cmocka_unit_test(test_data_hiding_named),
		cmocka_unit_test(test_data_hiding_released),
		cmocka_unit_test(test_data_hiding_allowed),
		cmocka_unit_test(test_forbid_require),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_list_order),
		cmocka_unit_test(test_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The running dockerd: what is in force, pending, and which effect is asked for. */
#include "daemon_world.h"

/* started after the file changed: in force */
static void test_live_pass(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, debug: false}"),
			      .file = "{\"icc\": false}",
			      .argv = STOCK,
			      .live = STOCK,
			      .started = 100,
			      .changed = 90,
			      .engine = "26.1.5" },
		    "#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		    "#debug false: pass, found false, the engine's default\n"
		    "live #icc false: pass, found false\n"
		    "live #debug false: pass, found false\n");
}

/* changed after it started, and nothing shows it */
static void test_live_pending(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a",
					      "set: {icc: false, userland-proxy: false}"),
			  .file = "{\"icc\": false, \"userland-proxy\": false}",
			  .argv = STOCK,
			  .live = STOCK,
			  .started = 100,
			  .changed = 101,
			  .shown = { "icc", "true" },
			  .engine = "26.1.5" },
		"#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		"#userland-proxy false: pass, found false at /etc/docker/daemon.json:1\n"
		"live #icc false: pending-restart, found true, the running dockerd shows "
		"another value\n"
		"live #userland-proxy false: pending-restart, /etc/docker/daemon.json "
		"changed after dockerd was started\n"
		"restart docker.service pending: a restart puts icc, userland-proxy in "
		"force\n");
}

/* what is forbidden or required has to hold of the running one as well, and restarts
 * nothing */
static void test_live_reported(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "forbid: {hosts: [\"tcp://*\"], "
						   "seccomp-profile: [unconfined]}, "
						   "require: [authorization-plugins]"),
			  .file = "{\"authorization-plugins\": [\"p\"]}",
			  .argv = STOCK,
			  .live = { "dockerd", "-H", ":2375",
				    "--seccomp-profile=unconfined" },
			  .started = 100,
			  .changed = 90,
			  .engine = "26.1.5" },
		"#hosts none of [\"tcp://*\"]: pass, found [\"fd://\"] at "
		"/lib/systemd/system/docker.service:9, by '-H' in "
		"/lib/systemd/system/docker.service:9\n"
		"#seccomp-profile none of [\"unconfined\"]: pass, found \"builtin\", the "
		"engine's default\n"
		"#authorization-plugins set: pass, found [\"p\"] at "
		"/etc/docker/daemon.json:1\n"
		"live #hosts none of [\"tcp://*\"]: pending-restart, found "
		"[\"tcp://:2375\"], the running dockerd was started with another value\n"
		"live #seccomp-profile none of [\"unconfined\"]: pending-restart, found "
		"\"unconfined\", the running dockerd was started with another value\n"
		"live #authorization-plugins set: pass, found [\"p\"]\n");
}

/* the API shows it */
static void test_live_shown(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"),
			      .file = "{\"icc\": false}",
			      .argv = STOCK,
			      .live = STOCK,
			      .started = 100,
			      .changed = 101,
			      .shown = { "icc", "false" },
			      .engine = "26.1.5" },
		    "#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		    "live #icc false: pass, found false\n");
}

/* a reload after the change proves reloadable keys */
static void test_live_reloaded(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls =
				  CONTROL("a", "set: {max-concurrent-downloads: 7, icc: "
					       "false}, unset: [shutdown-timeout]"),
			  .file = "{\"max-concurrent-downloads\": 7, \"icc\": false}",
			  .argv = STOCK,
			  .live = STOCK,
			  .started = 100,
			  .changed = 101,
			  .reloaded = 102,
			  .engine = "26.1.5" },
		"#max-concurrent-downloads 7: pass, found 7 at "
		"/etc/docker/daemon.json:1\n"
		"#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		"#shutdown-timeout the default: pass, found 15, the engine's default\n"
		"live #max-concurrent-downloads 7: pass, found 7\n"
		"live #icc false: pending-restart, /etc/docker/daemon.json changed after "
		"dockerd was started\n"
		"live #shutdown-timeout the default: pending-restart, "
		"/etc/docker/daemon.json changed after dockerd was started\n"
		"restart docker.service pending: a restart puts icc, shutdown-timeout in "
		"force\n");
}

/* the running command line is another */
static void test_live_flag(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {debug: false}"),
			      .argv = STOCK,
			      .live = { "dockerd", "-H", "fd://", "--debug" },
			      .started = 100,
			      .changed = 90,
			      .engine = "26.1.5" },
		    "#debug false: pass, found false, the engine's default\n"
		    "live #debug false: pending-restart, found true, the running dockerd "
		    "was started with another value\n"
		    "restart docker.service pending: a restart puts debug in force\n");
}

/* what it was started with is known from the record */
static void test_live_noted(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: false, userland-proxy: "
						   "false, max-concurrent-downloads: 7}, "
						   "unset: [shutdown-timeout]"),
			  .file = "{\"icc\": false, \"userland-proxy\": false, "
				  "\"max-concurrent-downloads\": 7}",
			  .argv = STOCK,
			  .live = STOCK,
			  .started = 100,
			  .changed = 101,
			  .engine = "26.1.5",
			  .process = "b:7:9",
			  .record = { { "daemon:" HF_DAEMON_JSON "@process", NULL,
					"b:7:9 {\"icc\":false}" } } },
		"#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		"#userland-proxy false: pass, found false at /etc/docker/daemon.json:1\n"
		"#max-concurrent-downloads 7: pass, found 7 at "
		"/etc/docker/daemon.json:1\n"
		"#shutdown-timeout the default: pass, found 15, the engine's default\n"
		"live #icc false: pass, found false\n"
		"live #userland-proxy false: pending-restart, found true, the running "
		"dockerd was started with another value\n"
		"live #max-concurrent-downloads 7: pending-restart, found 3, the running "
		"dockerd was started with another value\n"
		"live #shutdown-timeout the default: pass, found 15\n"
		"restart docker.service pending: a restart puts userland-proxy in "
		"force\n");
}

/* the note is of an earlier process */
static void test_live_noted_other(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"),
			      .file = "{\"icc\": false}",
			      .argv = STOCK,
			      .live = STOCK,
			      .started = 100,
			      .changed = 101,
			      .engine = "26.1.5",
			      .process = "b:7:99",
			      .record = { { "daemon:" HF_DAEMON_JSON "@process", NULL,
					    "b:7:9 {\"icc\":false}" } } },
		    "#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		    "live #icc false: pending-restart, /etc/docker/daemon.json changed "
		    "after dockerd was started\n"
		    "restart docker.service pending: a restart puts icc in force\n");
}

/* the first change under a process notes what it has read */
static void test_effect_noted(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {debug: true}"),
			  .file = "{ \"icc\": false }",
			  .argv = STOCK,
			  .live = STOCK,
			  .started = 100,
			  .changed = 90,
			  .engine = "26.1.5",
			  .process = "b:7:9" },
		"#debug true: drift, found false\n"
		"create #debug: - -> true (host)\n"
		"edit:\n"
		"{ \"icc\": false, \"debug\": true }\n"
		"\\ no newline at the end\n"
		"reload docker.service: a reload puts debug in force\n"
		"note daemon:/etc/docker/daemon.json@process = b:7:9 {\"icc\":false}\n");
}

/* What goes was never in force, as dockerd was started before it came; what was is. */
static void test_effect_never_in_force(void **state)
{
	scene in = { .controls = CONTROL("a", "set: {debug: true}"),
		     .file = "{\"debug\": true, \"log-level\": \"warn\"}",
		     .argv = STOCK,
		     .live = STOCK,
		     .started = 100,
		     .changed = 110,
		     .reloaded = 120,
		     .engine = "26.1.5",
		     .process = "b:7:9",
		     .record = {
			     { "daemon:" HF_DAEMON_JSON "@process", NULL,
			       "b:7:9 {\"debug\": true}" },
			     { "daemon:" HF_DAEMON_JSON "#log-level", NULL, "\"warn\"" },
		     } };
	static const char text[] =
		"#debug true: pass, found true at /etc/docker/daemon.json:1\n"
		"live #debug true: pass, found true\n"
		"delete #log-level: \"warn\" -> - (released)\n"
		"edit:\n"
		"{\"debug\": true}\n"
		"\\ no newline at the end\n"
		"%snote daemon:/etc/docker/daemon.json@process = b:7:9 %s\n";
	cleanup_free char *never = NULL, *was = NULL;

	(void)state;
	assert_true(asprintf(&never, text, "", "{\"debug\":true}") > 0);
	assert_plan(&in, never);
	in.record[0].after = "b:7:9 {\"debug\": true, \"log-level\": \"warn\"}";
	assert_true(
		asprintf(&was, text,
			 "restart docker.service: a restart puts log-level in force\n",
			 "{\"debug\":true,\"log-level\":\"warn\"}") > 0);
	assert_plan(&in, was);
}

/* a reload since then has put the reloadable keys in force */
static void test_effect_noted_reload(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: false}"),
			  .file = "{\"debug\": true, \"ipv6\": true}",
			  .argv = STOCK,
			  .live = STOCK,
			  .started = 100,
			  .changed = 101,
			  .reloaded = 102,
			  .engine = "26.1.5",
			  .process = "b:7:9",
			  .record = { { "daemon:" HF_DAEMON_JSON "@process", NULL,
					"b:7:9 "
					"{\"mtu\":1400,\"max-concurrent-uploads\":9,"
					"\"live-restore\":true}" } } },
		"#icc false: drift, found true\n"
		"create #icc: - -> false (baseline)\n"
		"edit:\n"
		"{\"debug\": true, \"ipv6\": true, \"icc\": false}\n"
		"\\ no newline at the end\n"
		"restart docker.service: a restart puts icc in force, and what others "
		"changed in /etc/docker/daemon.json: ipv6, mtu, live-restore\n"
		"note daemon:/etc/docker/daemon.json@process = b:7:9 "
		"{\"mtu\":1400,\"live-restore\":true,\"debug\":true}\n");
}

/* What others changed comes in force with ours: of a reload, what it reloads. What the
 * process was started with is not known: it may be any. */
static void test_effect_foreign(void **state)
{
	static const char file[] =
		"{\"labels\": [\"a=1\"], \"mtu\": 1400, \"debug\": true}";
	scene in = { .controls = CONTROL("a", "set: {debug: true}"),
		     .file = file,
		     .argv = STOCK,
		     .live = STOCK,
		     .started = 100,
		     .changed = 101,
		     .engine = "26.1.5",
		     .process = "b:7:9",
		     .record = { { "daemon:" HF_DAEMON_JSON "@process", NULL,
				   "b:7:9 {\"labels\":[],\"ipv6\":true}" } } };

	(void)state;
	assert_plan(&in, "#debug true: pass, found true at /etc/docker/daemon.json:1\n"
			 "live #debug true: pending-restart, found false, the running "
			 "dockerd was started with another value\n"
			 "reload docker.service pending: a reload puts debug in force, "
			 "and what others changed in /etc/docker/daemon.json: labels\n");
	in.controls = CONTROL("a", "set: {debug: true, icc: false}");
	in.file = "{\"labels\": [], \"mtu\": 1400, \"debug\": true, \"icc\": false}";
	assert_plan(&in, "#debug true: pass, found true at /etc/docker/daemon.json:1\n"
			 "#icc false: pass, found false at /etc/docker/daemon.json:1\n"
			 "live #debug true: pending-restart, found false, the running "
			 "dockerd was started with another value\n"
			 "live #icc false: pending-restart, found true, the running "
			 "dockerd was started with another value\n"
			 "restart docker.service pending: a restart puts icc in force, "
			 "and what others changed in /etc/docker/daemon.json: mtu, "
			 "ipv6\n");
	in.controls = CONTROL("a", "set: {debug: true}");
	in.file = file;
	in.record[0] = (entry){ 0 };
	assert_plan(&in, "#debug true: pass, found true at /etc/docker/daemon.json:1\n"
			 "live #debug true: pending-restart, /etc/docker/daemon.json "
			 "changed after dockerd was started\n"
			 "reload docker.service pending: a reload puts debug in force, "
			 "and perhaps what others changed in /etc/docker/daemon.json: "
			 "labels\n");
	/* of a map that is ours in parts, the rest is theirs */
	in.controls = CONTROL("a", "set: {log-opts: {mode: blocking}}");
	in.file = "{\"log-opts\": {\"mode\": \"blocking\", \"tag\": \"x\", \"env\": "
		  "\"os\"}}";
	in.record[0] =
		(entry){ "daemon:" HF_DAEMON_JSON "@process", NULL,
			 "b:7:9 {\"log-opts\":{\"env\":\"os\",\"labels\":\"a\"}}" };
	assert_plan(&in,
		    "#log-opts.mode \"blocking\": pass, found \"blocking\" at "
		    "/etc/docker/daemon.json:1\n"
		    "live #log-opts.mode \"blocking\": pending-restart, found not set, "
		    "the running dockerd was started with another value\n"
		    "restart docker.service pending: a restart puts log-opts.mode in "
		    "force, and what others changed in /etc/docker/daemon.json: "
		    "log-opts.tag, log-opts.labels\n");
}

/* A plugin that is not there is not put in force along with ours. */
static void test_effect_foreign_plugin(void **state)
{
	scene in = { .controls = CONTROL("a", "set: {debug: true}"),
		     .file = "{\"authorization-plugins\": [\"opa\"], \"debug\": true}",
		     .argv = STOCK,
		     .live = STOCK,
		     .started = 100,
		     .changed = 101,
		     .engine = "26.1.5",
		     .process = "b:7:9",
		     .record = { { "daemon:" HF_DAEMON_JSON "@process", NULL,
				   "b:7:9 {}" } } };

	(void)state;
	assert_plan(&in,
		    "#debug true: pass, found true at /etc/docker/daemon.json:1\n"
		    "live #debug true: pending-restart, found false, the running dockerd "
		    "was started with another value\n"
		    "reload docker.service pending: a reload puts debug in force, and "
		    "what others changed in /etc/docker/daemon.json: "
		    "authorization-plugins; held: authorization-plugins of "
		    "/etc/docker/daemon.json names 'opa', which is not there\n");
	/* in force since its start */
	in.record[0].after = "b:7:9 {\"authorization-plugins\":[\"opa\"]}";
	assert_plan(&in,
		    "#debug true: pass, found true at /etc/docker/daemon.json:1\n"
		    "live #debug true: pending-restart, found false, the running dockerd "
		    "was started with another value\n"
		    "reload docker.service pending: a reload puts debug in force\n");
}

/* whether a dockerd runs cannot be told */
static void test_live_unknown(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false, debug: true}"),
			      .file = "{\"icc\": false}\n",
			      .argv = STOCK,
			      .live_unknown = true,
			      .engine = "26.1.5" },
		    "#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		    "#debug true: drift, found false\n"
		    "live #icc false: unknown, /proc is hidden\n"
		    "create #debug: - -> true (host)\n"
		    "edit:\n"
		    "{\"icc\": false, \"debug\": true}\n");
}

static void test_effect_reload(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {live-restore: true}"),
			      .argv = STOCK,
			      .live = STOCK,
			      .started = 100,
			      .changed = 90,
			      .engine = "26.1.5" },
		    "#live-restore true: drift, found false\n"
		    "create #live-restore: - -> true (host)\n"
		    "make:\n"
		    "{\n"
		    "  \"live-restore\": true\n"
		    "}\n"
		    "reload docker.service: a reload puts live-restore in force\n"
		    "note daemon:/etc/docker/daemon.json = made\n");
}

/* a held restart, and what a reload can do at once */
static void test_effect_restart(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a",
				  "set: {live-restore: true, no-new-privileges: true}"),
			  .argv = STOCK,
			  .live = STOCK,
			  .started = 100,
			  .changed = 90,
			  .n_containers = 2,
			  .engine = "26.1.5" },
		"#live-restore true: drift, found false\n"
		"#no-new-privileges true: drift, found false\n"
		"create #live-restore: - -> true (host)\n"
		"create #no-new-privileges: - -> true (host)\n"
		"make:\n"
		"{\n"
		"  \"live-restore\": true,\n"
		"  \"no-new-privileges\": true\n"
		"}\n"
		"reload docker.service: a reload puts live-restore in force\n"
		"restart docker.service: a restart puts no-new-privileges in force; "
		"held: containers are running and live-restore is not in force\n"
		"note daemon:/etc/docker/daemon.json = made\n");
}

/* containers hold the default bridge back */
static void test_effect_bridge(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "set: {icc: false}"),
			      .file = "{\"live-restore\": true}",
			      .argv = STOCK,
			      .live = STOCK,
			      .started = 100,
			      .changed = 90,
			      .n_containers = 2,
			      .live_restore = true,
			      .engine = "26.1.5" },
		    "#icc false: drift, found true\n"
		    "create #icc: - -> false (host)\n"
		    "edit:\n"
		    "{\"live-restore\": true, \"icc\": false}\n"
		    "\\ no newline at the end\n"
		    "restart docker.service: a restart puts icc in force; held: a "
		    "restart with running containers would not put it in force\n");
}

/* a reload does not restore the default of this one */
static void test_effect_removed_key(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL(
				      "a", "unset: [debug, max-concurrent-uploads]"),
			      .file = "{\"debug\": true, \"max-concurrent-uploads\": 9}",
			      .argv = STOCK,
			      .live = STOCK,
			      .started = 100,
			      .changed = 90,
			      .engine = "26.1.5" },
		    "#debug the default: drift, found true at /etc/docker/daemon.json:1\n"
		    "#max-concurrent-uploads the default: drift, found 9 at "
		    "/etc/docker/daemon.json:1\n"
		    "delete #debug: true -> - (host)\n"
		    "delete #max-concurrent-uploads: 9 -> - (host)\n"
		    "edit:\n"
		    "{}\n"
		    "\\ no newline at the end\n"
		    "restart docker.service: a restart puts debug in force\n");
}

/* what the restart of the unit takes along */
static void test_effect_dependants(void **state)
{
	scene in = { .controls = CONTROL("a", "set: {icc: false}"),
		     .file = "{\"icc\": false, \"debug\": true}",
		     .argv = STOCK,
		     .live = STOCK,
		     .started = 100,
		     .changed = 101,
		     .engine = "26.1.5",
		     .process = "b:7:9",
		     .record = { { "daemon:" HF_DAEMON_JSON "@process", NULL,
				   "b:7:9 {\"debug\":true}" } },
		     .dependant = "web.service" };

	(void)state;
	assert_plan(
		&in,
		"#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		"live #icc false: pending-restart, found true, the running dockerd was "
		"started with another value\n"
		"restart docker.service pending: a restart puts icc in force, and "
		"restarts what depends on it: web.service, other.service\n");
	in.controls = CONTROL("a", "set: {debug: false}");
	in.file = "{\"debug\": false}";
	assert_plan(&in,
		    "#debug false: pass, found false at /etc/docker/daemon.json:1\n"
		    "live #debug false: pending-restart, found true, the running dockerd "
		    "was started with another value\n"
		    "reload docker.service pending: a reload puts debug in force\n");
}

/* a running flag makes the reload fail */
static void test_effect_reload_refused(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {live-restore: true}"),
			  .argv = STOCK,
			  .live = { "dockerd", "-H", "fd://", "--live-restore=false" },
			  .started = 100,
			  .changed = 90,
			  .engine = "26.1.5" },
		"#live-restore true: drift, found false\n"
		"create #live-restore: - -> true (host)\n"
		"make:\n"
		"{\n"
		"  \"live-restore\": true\n"
		"}\n"
		"restart docker.service: a restart puts live-restore in force\n"
		"note daemon:/etc/docker/daemon.json = made\n");
}

/* where a dockerd that was restarted is to answer: of the flags and the file after it */
static void test_socket(void **state)
{
	(void)state;
	assert_plan(&(scene){ .controls = CONTROL("a", "unset: [icc]"),
			      .argv = STOCK,
			      .live = { "dockerd", "-H", "unix:///run/other.sock" },
			      .started = 100,
			      .changed = 90,
			      .engine = "26.1.5",
			      .socket = true },
		    "#icc the default: pass, found true, the engine's default\n"
		    "live #icc the default: pass, found true\n"
		    "api at /run/docker.sock\n");
	assert_plan(&(scene){ .controls = CONTROL("a", "unset: [icc]"),
			      .file = "{\"hosts\": [\"tcp://127.0.0.1:2375\", "
				      "\"unix:///run/other.sock\"]}",
			      .argv = { "dockerd" },
			      .engine = "26.1.5",
			      .socket = true },
		    "#icc the default: pass, found true, the engine's default\n"
		    "api at /run/other.sock\n");
	assert_plan(&(scene){ .controls = CONTROL("a", "unset: [icc]"),
			      .argv = { "dockerd", "-H", "tcp://127.0.0.1:2375" },
			      .engine = "26.1.5",
			      .socket = true },
		    "#icc the default: pass, found true, the engine's default\n"
		    "api at -\n");
	/* there may be flags that are not seen */
	assert_plan(&(scene){ .controls = CONTROL("a", "unset: [icc]"),
			      .argv = STOCK,
			      .argv_inexact = true,
			      .engine = "26.1.5",
			      .socket = true },
		    "#icc the default: unknown, $EXTRA cannot be expanded\n"
		    "api at -\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_pass),
		cmocka_unit_test(test_live_pending),
		cmocka_unit_test(test_live_reported),
		cmocka_unit_test(test_live_shown),
		cmocka_unit_test(test_live_reloaded),
		cmocka_unit_test(test_live_flag),
		cmocka_unit_test(test_live_noted),
		cmocka_unit_test(test_live_noted_other),
		cmocka_unit_test(test_effect_noted),
		cmocka_unit_test(test_effect_never_in_force),
		cmocka_unit_test(test_effect_noted_reload),
		cmocka_unit_test(test_effect_dependants),
		cmocka_unit_test(test_effect_foreign),
		cmocka_unit_test(test_effect_foreign_plugin),
		cmocka_unit_test(test_live_unknown),
		cmocka_unit_test(test_effect_reload),
		cmocka_unit_test(test_effect_restart),
		cmocka_unit_test(test_effect_bridge),
		cmocka_unit_test(test_effect_removed_key),
		cmocka_unit_test(test_effect_reload_refused),
		cmocka_unit_test(test_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

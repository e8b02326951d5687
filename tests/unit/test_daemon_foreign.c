/* SPDX-License-Identifier: Apache-2.0 */
/* What others changed since dockerd was started, and a restart would put in force. */
#include "daemon_world.h"

#define PENDING                                                                          \
	"#icc false: pass, found false at /etc/docker/daemon.json:1\n"                   \
	"live #icc false: pending-restart, found true, the running dockerd was started " \
	"with another value\n"                                                           \
	"restart docker.service pending: a restart puts icc in force"
#define NOTED(json)                                                                      \
	{                                                                                \
		"daemon:" HF_DAEMON_JSON "@process", NULL, "b:7:9 " json                 \
	}

/* A restart is pending for icc. */
static scene pending(void)
{
	return (scene){ .controls = CONTROL("a", "set: {icc: false}"),
			.file = "{\"icc\": false}",
			.argv = STOCK,
			.live = STOCK,
			.started = 100,
			.changed = 101,
			.process = "b:7:9",
			.record = { NOTED("{}") },
			.engine = "26.1.5" };
}

static void set_argv(const char **to, const char *const *words)
{
	for (size_t i = 0; i < 12; i++)
		to[i] = i == 0 || words[i - 1] ? words[i] : NULL;
}
#define SET(to, ...) set_argv(to, (const char *const[13]){ __VA_ARGS__ })

static void test_nothing(void **state)
{
	scene in = pending();

	(void)state;
	assert_plan(&in, PENDING "\n");
	/* the same in other words */
	SET(in.argv, "/usr/sbin/dockerd", "--host=fd://", "--debug=false", "-l", "warn");
	SET(in.live, "/usr/sbin/dockerd", "--log-level=warn", "--debug=0", "-H", "fd://");
	assert_plan(&in, PENDING "\n");
}

static void test_flags(void **state)
{
	scene in = pending();

	(void)state;
	SET(in.argv, "/opt/dockerd", "-H", "fd://", "--tls=false", "--log-level=debug",
	    "--later", "x", "--http-proxy=http://u:secret@p");
	SET(in.live, "/usr/sbin/dockerd", "-H", "fd://", "--log-level=warn", "-D",
	    "--config-file=" HF_DAEMON_JSON);
	assert_plan(&in, PENDING
		    ", and what others changed of its command line: '/opt/dockerd' "
		    "in " UNIT
		    ":9 is another program, '-D' is gone, '--log-level' in " UNIT
		    ":9 has another value, '--tls' in " UNIT
		    ":9 is new, '--http-proxy' in " UNIT ":9 is new, '--later' in " UNIT
		    ":9 is new, '--config-file' is gone\n");
}

/* what our drop-in decides, now or since an earlier run, is ours */
static void test_ours(void **state)
{
	scene in = pending();

	(void)state;
	SET(in.base, "/usr/sbin/dockerd", "-H", "fd://", "--debug", "--later=1");
	SET(in.live, "/usr/sbin/dockerd", "-H", "fd://", "--debug", "--later=1");
	assert_plan(&in, PENDING "\n");
	/* and what comes back as nobody demands it any more */
	SET(in.base, NULL);
	SET(in.argv, "/usr/sbin/dockerd", "-H", "fd://", "--debug");
	SET(in.live, "/usr/sbin/dockerd", "-H", "fd://");
	in.record[1] = (entry){ "units:docker.service#exec_start.--debug", "true", NULL };
	assert_plan(&in, PENDING "\n");
}

/* by name only: values may be secrets */
static void test_environment(void **state)
{
	scene in = pending();

	(void)state;
	in.vars[0] = (hf_unit_var){ "A", "1", UNIT, 3 };
	in.vars[1] = (hf_unit_var){ "AB", "", UNIT, 4 };
	in.vars[2] = (hf_unit_var){ "HTTPS_PROXY", "http://u:secret@p", UNIT, 5 };
	in.vars[3] = (hf_unit_var){ "OURS", NULL, UNIT, 6 };
	assert_plan(&in, PENDING "\n");
	in.env[0] = "A=1";
	in.env[1] = "HTTPS_PROXY=http://p";
	in.env[2] = "LANG=C";
	assert_plan(&in,
		    PENDING ", and what others changed of its environment: 'AB' in " UNIT
			    ":4 is new, 'HTTPS_PROXY' in " UNIT ":5 has another value\n");
	in.env[1] = "HTTPS_PROXY=http://u:secret@p";
	in.env[2] = "AB=";
	assert_plan(&in, PENDING "\n");
}

/* the command line is not known whole: nothing is made up */
static void test_inexact(void **state)
{
	scene in = pending();

	(void)state;
	in.argv_inexact = true;
	SET(in.argv, "/usr/sbin/dockerd", "-H", "fd://", "--debug");
	assert_plan(&in, "#icc false: unknown, $EXTRA cannot be expanded\n");
}

static void test_plugin(void **state)
{
	scene in = pending();

	(void)state;
	SET(in.argv, "/usr/sbin/dockerd", "-H", "fd://", "--authorization-plugin=opa");
	assert_plan(&in, PENDING ", and what others changed of its command line: "
				 "'--authorization-plugin' in " UNIT
				 ":9 is new; held: '--authorization-plugin' in " UNIT
				 ":9 names 'opa', which is not there\n");
}

/* another data-root hides data, whoever wrote it */
static void test_data_root_flag(void **state)
{
	scene in = pending();

	(void)state;
	in.images = "a";
	in.boxes = "b";
	in.volumes = "c";
	SET(in.argv, "/usr/sbin/dockerd", "-H", "fd://", "--data-root=/new");
	assert_plan(
		&in, PENDING
		", and what others changed of its command line: '--data-root' in " UNIT
		":9 is new; held: with another data-root 1 image (a), 1 container "
		"(b), 1 volume (c) would become invisible; --allow-disruptive lets "
		"it\n");
	/* also against the word of the command line */
	in.restart = HF_RESTART_ALWAYS;
	assert_plan(
		&in, PENDING
		", and what others changed of its command line: '--data-root' in " UNIT
		":9 is new; held: with another data-root 1 image (a), 1 container "
		"(b), 1 volume (c) would become invisible; --allow-disruptive lets "
		"it\n");
	in.allow_disruptive = true;
	assert_plan(
		&in, PENDING
		", and what others changed of its command line: '--data-root' in " UNIT
		":9 is new; with another data-root 1 image (a), 1 container (b), 1 "
		"volume (c) would become invisible\n");
}

static void test_data_root_file(void **state)
{
	scene in = pending();

	(void)state;
	in.images = in.boxes = in.volumes = "";
	in.file = "{\"icc\": false, \"data-root\": \"/new\"}";
	assert_plan(&in, PENDING
		    ", and what others changed in /etc/docker/daemon.json: data-root; "
		    "held: with another data-root dockerd has no images, containers or "
		    "volumes now that would become invisible; --allow-disruptive lets "
		    "it\n");
	/* what was there at the start is no change */
	in.record[0] = (entry)NOTED("{\"data-root\":\"/new\"}");
	assert_plan(&in, PENDING "\n");
	/* gone */
	in.file = "{\"icc\": false}";
	assert_plan(&in, PENDING
		    ", and what others changed in /etc/docker/daemon.json: data-root; "
		    "held: with another data-root dockerd has no images, containers or "
		    "volumes now that would become invisible; --allow-disruptive lets "
		    "it\n");
	/* ours, from an apply that was allowed it */
	in.file = "{\"icc\": false, \"data-root\": \"/new\"}";
	in.record[0] = (entry)NOTED("{}");
	in.record[1] = (entry){ "daemon:" HF_DAEMON_JSON "#data-root", NULL, "\"/new\"" };
	in.controls = CONTROL("a", "set: {icc: false, data-root: /new}");
	assert_plan(&in,
		    "#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		    "#data-root \"/new\": pass, found \"/new\" at "
		    "/etc/docker/daemon.json:1\n"
		    "live #icc false: pending-restart, found true, the running dockerd "
		    "was started with another value\n"
		    "live #data-root \"/new\": pending-restart, found "
		    "\"/var/lib/docker\", the running dockerd was started with another "
		    "value\n"
		    "restart docker.service pending: a restart puts icc, data-root in "
		    "force; with another data-root dockerd has no images, containers or "
		    "volumes now that would become invisible\n");
	/* and not if somebody changed it since */
	in.record[1].after = "\"/other\"";
	assert_plan(&in,
		    "#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		    "#data-root \"/new\": pass, found \"/new\" at "
		    "/etc/docker/daemon.json:1\n"
		    "live #icc false: pending-restart, found true, the running dockerd "
		    "was started with another value\n"
		    "live #data-root \"/new\": pending-restart, found "
		    "\"/var/lib/docker\", the running dockerd was started with another "
		    "value\n"
		    "restart docker.service pending: a restart puts icc, data-root in "
		    "force; held: with another data-root dockerd has no images, "
		    "containers or volumes now that would become invisible; "
		    "--allow-disruptive lets it\n");
}

/* nothing tells what the process has read of the file: what the API shows does */
static void test_data_root_unknown(void **state)
{
	scene in = pending();

	(void)state;
	in.record[0] = (entry){ 0 };
	in.controls = CONTROL("a", "set: {icc: false, userland-proxy: true}");
	in.images = in.boxes = in.volumes = "";
	in.shown[0] = "icc";
	in.shown[1] = "true";
	in.shown[2] = "data-root";
	in.shown[3] = "\"/old\"";
	in.file = "{\"icc\": false, \"data-root\": \"/old\"}";
	assert_plan(&in,
		    "#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		    "#userland-proxy true: pass, found true, the engine's default\n"
		    "live #icc false: pending-restart, found true, the running dockerd "
		    "shows another value\n"
		    "live #userland-proxy true: pending-restart, /etc/docker/daemon.json "
		    "changed after dockerd was started\n"
		    "restart docker.service pending: a restart puts icc, userland-proxy "
		    "in force, and perhaps what others changed in "
		    "/etc/docker/daemon.json: data-root\n");
	in.shown[3] = "\"/older\"";
	assert_plan(&in,
		    "#icc false: pass, found false at /etc/docker/daemon.json:1\n"
		    "#userland-proxy true: pass, found true, the engine's default\n"
		    "live #icc false: pending-restart, found true, the running dockerd "
		    "shows another value\n"
		    "live #userland-proxy true: pending-restart, /etc/docker/daemon.json "
		    "changed after dockerd was started\n"
		    "restart docker.service pending: a restart puts icc, userland-proxy "
		    "in force, and perhaps what others changed in "
		    "/etc/docker/daemon.json: data-root; held: with another data-root "
		    "dockerd has no images, containers or volumes now that would become "
		    "invisible; --allow-disruptive lets it\n");
}

/* containers run on under live-restore: of the state to come, not of the running one */
static void test_live_restore_taken(void **state)
{
	scene in = pending();

	(void)state;
	in.controls = CONTROL("a", "set: {userland-proxy: false}");
	in.file = "{\"userland-proxy\": false}";
	in.n_containers = 1;
	in.live_restore = true;
	SET(in.argv, "/usr/sbin/dockerd", "-H", "fd://");
	SET(in.live, "/usr/sbin/dockerd", "-H", "fd://", "--live-restore");
	assert_plan(
		&in,
		"#userland-proxy false: pass, found false at "
		"/etc/docker/daemon.json:1\n"
		"live #userland-proxy false: pending-restart, found true, the running "
		"dockerd was started with another value\n"
		"restart docker.service pending: a restart puts userland-proxy in "
		"force, and what others changed of its command line: "
		"'--live-restore' is gone; held: containers are running and "
		"live-restore would be off afterwards\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_inexact),
		cmocka_unit_test(test_plugin),
		cmocka_unit_test(test_data_root_flag),
		cmocka_unit_test(test_data_root_file),
		cmocka_unit_test(test_data_root_unknown),
		cmocka_unit_test(test_live_restore_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "kinds/units/units_kind.h"
#include "kinds/units/units_observe.h"
#include "plan/plan.h"
#include "temp_root.h"

#define VENDOR "usr/lib/systemd/system"

static int setup(void **state)
{
	static const char *const dirs[] = {
		"usr", "usr/lib",     "usr/lib/systemd",    VENDOR,
		"etc", "etc/systemd", "etc/systemd/system", "etc/default",
		"run"
	};
	temp_root *t;

	temp_root_make(state);
	t = *state;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		temp_root_mkdir(t, dirs[i]);
	temp_root_link(t, "usr/lib", "lib");
	temp_root_write(
		t, VENDOR "/docker.service",
		"[Unit]\nDescription=d\n[Service]\nEnvironmentFile=-/etc/default/docker\n"
		"ExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n"
		"ExecReload=/bin/kill -s HUP $MAINPID\nKillMode=process\n");
	temp_root_write(
		t, VENDOR "/docker.socket",
		"[Socket]\nListenStream=/var/run/docker.sock\nListenStream=127.0.0.1:1\n"
		"ListenStream=%t/x.sock\nSocketMode=0660\n");
	temp_root_write(t, "etc/default/docker",
			"# x\nDOCKER_OPTS=\"--debug -l info\"\n");
	return 0;
}

static int teardown(void **state)
{
	return temp_root_remove(state);
}

static void survey(temp_root *t, hf_plan *plan, const char **refs, size_t n_refs)
{
	static const hf_record record;
	static hf_facts facts;
	hf_model model = { .refs = refs, .n_refs = n_refs };
	hf_error *err = NULL;

	plan->record = &record;
	plan->facts = &facts;
	assert_int_equal(hf_kind_units.observe(&t->host, &model, plan, &err), 0);
	assert_int_equal(hf_kind_units.plan(&model, plan, &err), 0);
}

static const hf_unit_view *view_of(const hf_plan *plan, const char *name)
{
	const hf_unit_view *view = hf_map_get(&plan->units, name);

	assert_non_null(view);
	return view;
}

static void stock(void **state)
{
	const char *refs[] = { "unit:docker.service",	    "exec:docker.service",
			       "socket:docker.service",	    "unit:gone.service",
			       "socket:containerd.service", "exec:docker.socket" };
	cleanup_(hf_plan_done) hf_plan plan = { 0 };
	const hf_unit_view *view;
	const hf_ref_values *ref;

	survey(*state, &plan, refs, ARRAY_SIZE(refs));
	view = view_of(&plan, "docker.service");
	assert_int_equal(view->load, HF_UNIT_LOADED);
	assert_string_equal(view->fragment, "/usr/lib/systemd/system/docker.service");
	assert_int_equal(view->n_dropins, 0);
	assert_int_equal(view->n_argv, 6);
	assert_true(view->argv_exact);
	assert_string_equal(view->argv[2].text, "fd://");
	assert_int_equal(view->argv[2].line, 5);
	assert_null(view->argv[2].variable);
	assert_string_equal(view->argv[3].text, "--debug");
	assert_string_equal(view->argv[3].variable, "DOCKER_OPTS");
	assert_string_equal(view->argv[3].file, "/etc/default/docker");
	assert_int_equal(view->argv[3].line, 2);
	assert_string_equal(view->env[0], "DOCKER_OPTS=--debug -l info");
	assert_null(view->env[1]);
	assert_false(view->live);
	assert_string_equal(plan.engine.unit, "docker.service");
	assert_true(plan.engine.kill_mode_process);
	assert_false(plan.engine.cannot_reload);
	assert_int_equal(view_of(&plan, "containerd.service")->load, HF_UNIT_NOT_FOUND);

	ref = hf_map_get(&plan.refs, refs[0]);
	assert_int_equal(ref->n, 1);
	assert_string_equal(ref->values[0], "/usr/lib/systemd/system/docker.service");
	ref = hf_map_get(&plan.refs, refs[1]);
	assert_int_equal(ref->n, 1);
	assert_string_equal(ref->values[0], "/usr/sbin/dockerd");
	ref = hf_map_get(&plan.refs, refs[2]);
	assert_int_equal(ref->n, 2);
	assert_string_equal(ref->values[0], "/var/run/docker.sock");
	assert_string_equal(ref->values[1], "/run/x.sock");
	ref = hf_map_get(&plan.refs, refs[3]);
	assert_int_equal(ref->n, 0);
	assert_string_equal(ref->why, "unit gone.service is not installed");
	ref = hf_map_get(&plan.refs, refs[4]);
	assert_string_equal(ref->why, "unit containerd.socket is not installed");
	ref = hf_map_get(&plan.refs, refs[5]);
	assert_true(ref->unknown);
}

static void dropins(void **state)
{
	static const char *const expected[] = {
		"/etc/systemd/system/docker.service.d/10-a.conf",
		"/usr/lib/systemd/system/service.d/15-type.conf",
		"/etc/systemd/system/alias.service.d/20-alias.conf",
		"/usr/lib/systemd/system/docker.service.d/zzz.conf",
	};
	temp_root *t = *state;
	cleanup_(hf_plan_done) hf_plan plan = { 0 };
	const hf_unit_view *view;

	temp_root_mkdir(t, "etc/systemd/system/docker.service.d");
	temp_root_mkdir(t, "etc/systemd/system/docker-.service.d");
	temp_root_mkdir(t, "etc/systemd/system/alias.service.d");
	temp_root_mkdir(t, "etc/systemd/system/other.service.d");
	temp_root_mkdir(t, VENDOR "/docker.service.d");
	temp_root_mkdir(t, VENDOR "/service.d");
	temp_root_mkdir(t, VENDOR "/docker.service.d/99-dir.conf");
	temp_root_link(t, "/lib/systemd/system/docker.service",
		       "etc/systemd/system/alias.service");
	temp_root_write(t, "etc/systemd/system/docker.service.d/10-a.conf",
			"[Service]\nExecStart=\nExecStart=dockerd a\n");
	temp_root_write(t, VENDOR "/docker.service.d/10-a.conf",
			"[Service]\nExecStart=/lost\n");
	temp_root_write(t, VENDOR "/docker.service.d/30-null.conf",
			"[Service]\nExecStart=/m\n");
	temp_root_link(t, "/dev/null",
		       "etc/systemd/system/docker.service.d/30-null.conf");
	temp_root_write(t, "etc/systemd/system/docker.service.d/40-empty.conf", "");
	temp_root_write(t, VENDOR "/docker.service.d/zzz.conf",
			"[Service]\nKillMode=mixed\n");
	temp_root_write(t, VENDOR "/service.d/15-type.conf",
			"[Service]\nKillMode=none\nExecReload=\n");
	temp_root_write(t, "etc/systemd/system/docker-.service.d/x.conf",
			"[Service]\n#\n");
	temp_root_write(t, "etc/systemd/system/alias.service.d/20-alias.conf",
			"[Unit]\n#\n");
	temp_root_write(t, "etc/systemd/system/other.service.d/x.conf", "[Unit]\n#\n");
	temp_root_write(t, "etc/systemd/system/docker.service.d/zz-holdfast.conf",
			"[Service]\nKillMode=process\n");
	temp_root_mkdir(t, "usr/bin");
	temp_root_write(t, "usr/bin/dockerd", "");

	survey(t, &plan, (const char *[]){ "exec:docker.service" }, 1);
	view = view_of(&plan, "docker.service");
	/* nobody demands what our own drop-in holds: it goes, and the view is of after */
	assert_true(hf_plan_group_find(&plan, HF_GROUP_FILE,
				       "/etc/systemd/system/docker.service.d/"
				       "zz-holdfast.conf")
			    ->remove);
	assert_int_equal(view->n_dropins, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(view->dropins[i], expected[i]);
	assert_int_equal(view->n_argv, 2);
	assert_string_equal(view->argv[1].file, expected[0]);
	assert_false(plan.engine.kill_mode_process);
	assert_true(plan.engine.cannot_reload);
	assert_string_equal(
		((const hf_ref_values *)hf_map_get(&plan.refs, "exec:docker.service"))
			->values[0],
		"/usr/bin/dockerd");
}

static void masks_and_bad_units(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_plan_done) hf_plan plan = { 0 };
	const hf_ref_values *ref;

	temp_root_link(t, "/dev/null", "etc/systemd/system/docker.service");
	temp_root_write(t, "etc/systemd/system/docker.socket", "");
	temp_root_write(t, "etc/systemd/system/containerd.service", "[Unit]\n[Service\n");
	survey(t, &plan, (const char *[]){ "unit:docker.service" }, 1);
	assert_int_equal(view_of(&plan, "docker.service")->load, HF_UNIT_MASKED);
	assert_int_equal(view_of(&plan, "docker.socket")->load, HF_UNIT_MASKED);
	assert_int_equal(view_of(&plan, "containerd.service")->load, HF_UNIT_BAD);
	assert_string_equal(view_of(&plan, "containerd.service")->why,
			    "/etc/systemd/system/containerd.service:2: "
			    "the section header has no closing bracket");
	ref = hf_map_get(&plan.refs, "unit:docker.service");
	assert_int_equal(ref->n, 0);
	assert_string_equal(ref->why, "unit docker.service is masked");
	assert_null(plan.engine.unit);
}

/* A command that systemd refuses ends the reading of its file: of a drop-in, the rest of
 * it; of the fragment, the unit. One behind "-" is only passed over. */
static void refused_commands(void **state)
{
	temp_root *t = *state;
	const hf_unit_view *view;

	temp_root_mkdir(t, "etc/systemd/system/docker.service.d");
	temp_root_write(
		t, "etc/systemd/system/docker.service.d/50-a.conf",
		"[Service]\nExecStart=\nExecStart=/opt/dockerd --a\n"
		"ExecStop=relative/stop\nExecStart=\nExecStart=/opt/dockerd --b\n");
	temp_root_write(t, "etc/systemd/system/docker.service.d/60-b.conf",
			"[Service]\nExecStart=-/opt/dockerd \"--c\nExecStart=\"/x\n");
	for (int round = 0; round < 2; round++) {
		cleanup_(hf_plan_done) hf_plan plan = { 0 };

		if (round)
			temp_root_write(t, VENDOR "/docker.service",
					"[Service]\nExecStart=/usr/bin/dockerd %Z\n");
		survey(t, &plan, NULL, 0);
		view = view_of(&plan, "docker.service");
		if (round) {
			assert_int_equal(view->load, HF_UNIT_BAD);
			assert_non_null(strstr(view->why, "docker.service:2: ExecStart "
							  "cannot be read"));
		} else {
			assert_int_equal(view->n_argv, 2);
			assert_string_equal(view->argv[1].text, "--a");
		}
	}
}

static void engine_under_another_name(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_plan_done) hf_plan plan = { 0 };

	assert_int_equal(unlinkat(t->fd, VENDOR "/docker.service", 0), 0);
	temp_root_write(t, "etc/systemd/system/engine.service",
			"[Service]\nEnvironment=\"A=--debug\" B=x\n"
			"ExecStart=-/opt/dockerd ${A} $B\n");
	survey(t, &plan, NULL, 0);
	assert_string_equal(plan.engine.unit, "engine.service");
	assert_string_equal(view_of(&plan, "engine.service")->argv[1].text, "--debug");
	assert_int_equal(view_of(&plan, "engine.service")->n_argv, 3);
}

/* What a shell or a script gives dockerd is not read: no flag of it may be taken for
 * absent. A docker.service runs dockerd, whatever its command is called. */
static void engine_behind_a_wrapper(void **state)
{
	static const struct {
		const char *unit, *command, *program;
	} c[] = {
		{ "docker.service", "/bin/sh -c \"exec dockerd -D\"", "'/bin/sh'" },
		{ "docker.service", "/opt/start -H :2375", "'/opt/start'" },
		{ "engine.service", "/usr/bin/env A=1 dockerd", "'/usr/bin/env'" },
		{ "engine.service", "/opt/start", NULL },
	};
	temp_root *t = *state;

	assert_int_equal(unlinkat(t->fd, VENDOR "/docker.service", 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		cleanup_(hf_plan_done) hf_plan plan = { 0 };
		char path[64], text[128];

		snprintf(path, sizeof(path), "etc/systemd/system/%s", c[i].unit);
		snprintf(text, sizeof(text), "[Service]\nExecStart=%s\n", c[i].command);
		temp_root_write(t, path, text);
		survey(t, &plan, NULL, 0);
		assert_null(plan.engine.unit);
		if (c[i].program)
			assert_non_null(strstr(plan.engine.unit_why, c[i].program));
		else
			assert_null(plan.engine.unit_why);
		assert_int_equal(unlinkat(t->fd, path, 0), 0);
	}
}

/* The manager's configuration: the first system.conf, then drop-ins by name, of equal
 * names the first directory's; the unit's own settings go before it. */
static void default_environment(void **state)
{
	static const struct {
		const char *path;
		const char *text; /* NULL: a symlink to /dev/null */
		const char *opts; /* DOCKER_OPTS then; NULL: none */
	} steps[] = {
		{ "usr/lib/systemd/system.conf",
		  "[Manager]\nDefaultEnvironment=A=1 "
		  "\"DOCKER_OPTS=-H :1 --tls\"\n",
		  "-H :1 --tls" },
		{ "etc/systemd/system.conf", "[Manager]\n#DefaultEnvironment=\n", NULL },
		{ "usr/lib/systemd/system.conf.d/b.conf",
		  "[Manager]\nDefaultEnvironment=DOCKER_OPTS=--b\n", "--b" },
		{ "etc/systemd/system.conf.d/a.conf",
		  "[Manager]\nDefaultEnvironment=DOCKER_OPTS=--a\n", "--b" },
		{ "etc/systemd/system.conf.d/b.conf", NULL, "--a" },
		{ "run/systemd/system.conf.d/c.conf",
		  "[Manager]\nDefaultEnvironment=\nDefaultEnvironment=B=2\n", NULL },
		{ "run/systemd/system.conf.d/d.conf",
		  "[Service]\nDefaultEnvironment=DOCKER_OPTS=--no\n", NULL },
		{ "run/systemd/system.conf.d/d",
		  "[Manager]\nDefaultEnvironment=DOCKER_OPTS=--no\n", NULL },
		{ "run/systemd/system.conf.d/e.conf",
		  "[Manager]\nDefaultEnvironment=DOCKER_OPTS=--e\n", "--e" },
		{ "etc/default/docker", "DOCKER_OPTS=--own\n", "--own" },
	};
	temp_root *t = *state;

	temp_root_mkdir(t, "run/systemd");
	temp_root_mkdir(t, "run/systemd/system.conf.d");
	temp_root_mkdir(t, "etc/systemd/system.conf.d");
	temp_root_mkdir(t, "usr/lib/systemd/system.conf.d");
	temp_root_write(t, "etc/default/docker", "");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		cleanup_(hf_plan_done) hf_plan plan = { 0 };
		const hf_unit_view *view;
		const char *opts = NULL;

		if (steps[i].text)
			temp_root_write(t, steps[i].path, steps[i].text);
		else
			temp_root_link(t, "/dev/null", steps[i].path);
		survey(t, &plan, NULL, 0);
		view = view_of(&plan, "docker.service");
		assert_true(view->argv_exact);
		for (size_t k = 0; view->env[k]; k++)
			if (strncmp(view->env[k], "DOCKER_OPTS=", 12) == 0)
				opts = view->env[k] + 12;
		if (!opts != !steps[i].opts || (opts && strcmp(opts, steps[i].opts) != 0))
			fail_msg("with %s: %s", steps[i].path, opts ? opts : "none");
		assert_int_equal(view->n_argv, !opts ? 3 : strchr(opts, ' ') ? 6 : 4);
	}
}

/* It may give it any flag. */
static void default_environment_that_cannot_be_read(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_plan_done) hf_plan plan = { 0 };

	temp_root_mkdir(t, "etc/systemd/system.conf");
	survey(t, &plan, NULL, 0);
	assert_false(view_of(&plan, "docker.service")->argv_exact);
	assert_non_null(strstr(view_of(&plan, "docker.service")->argv_why,
			       "/etc/systemd/system.conf"));
}

/* What it reads there is not what is read here. */
static void engine_in_another_root(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_plan_done) hf_plan plan = { 0 };

	temp_root_write(t, "etc/systemd/system/docker.service",
			"[Service]\nExecStart=/opt/dockerd\nRootDirectory=/srv\n");
	survey(t, &plan, NULL, 0);
	assert_false(view_of(&plan, "docker.service")->argv_exact);
	assert_non_null(strstr(view_of(&plan, "docker.service")->argv_why,
			       "docker.service:3 gives it another root"));
}

/* The same of a part of the tree; the deepest mount shows, below what is made
 * inaccessible none does. */
static void engine_with_mounts(void **state)
{
	static const struct {
		const char *lines;
		const char *over; /* /etc/docker/daemon.json; NULL: nothing is */
	} c[] = {
		{ "BindPaths=/srv:/etc/docker", "/etc/docker" },
		{ "BindPaths=/srv /srv:/srv", NULL },
		{ "BindReadOnlyPaths=-/srv:/etc/docker//:norbind", "/etc/docker" },
		{ "BindPaths=/srv:/etc/docker\nBindPaths=", NULL },
		{ "BindPaths=/srv:/etc/docker/certs.d /srv:/etc/dock", NULL },
		{ "BindPaths=\"/a b\":/etc", "/etc" },
		{ "BindPaths=/etc:/etc/docker/daemon.json", "/etc/docker/daemon.json" },
		{ "BindPaths=/etc", NULL },
		{ "TemporaryFileSystem=/:ro", "/" },
		{ "TemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr /etc", NULL },
		{ "TemporaryFileSystem=/etc/docker\nBindPaths=/etc", "/etc/docker" },
		{ "TemporaryFileSystem=/etc\nBindPaths=/etc:/etc", "/etc" },
		{ "InaccessiblePaths=-/etc\nBindPaths=/etc/docker", "/etc" },
		{ "InaccessiblePaths=/var /home -+/etc/docker", "/etc/docker" },
		{ "MountImages=-/x.raw:/etc/docker:root:ro", "/etc/docker" },
		{ "MountImages=/etc", NULL },
		{ "ExtensionDirectories=/var/lib/x", "/etc" },
		{ "ExtensionImages=-/x.raw", "/etc" },
		{ "BindPaths=/srv:%t", NULL }, /* /run */
		{ "BindPaths=%h:/etc", "/etc" },
		{ "BindPaths=/srv:/%H", "" },
		{ "BindPaths=/var \"/srv:/etc", "" },
		{ "BindPaths=/srv:etc/docker", NULL },
	};
	temp_root *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		cleanup_(hf_plan_done) hf_plan plan = { 0 };
		const hf_unit_mount *over;
		char text[256];

		snprintf(text, sizeof(text), "[Service]\nExecStart=/opt/dockerd\n%s\n",
			 c[i].lines);
		temp_root_write(t, "etc/systemd/system/docker.service", text);
		survey(t, &plan, NULL, 0);
		over = hf_unit_mount_over(view_of(&plan, "docker.service"),
					  "/etc/docker/daemon.json");
		if (!over != !c[i].over ||
		    (over && strcmp(over->path ? over->path : "", c[i].over) != 0))
			fail_msg("%s: %s", c[i].lines,
				 !over	      ? "nothing"
				 : over->path ? over->path
					      : "perhaps");
		if (over)
			assert_true(over->line >= 3 && strstr(c[i].lines, over->key));
	}
}

/* It may hold a drop-in, wherever the fragment is. */
static void search_directory_that_cannot_be_read(void **state)
{
	static const char *const dirs[] = { "etc/systemd/system.control",
					    "run/systemd/generator.late" };
	temp_root *t = *state;

	temp_root_mkdir(t, "run/systemd");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		cleanup_(hf_plan_done) hf_plan plan = { 0 };
		const hf_unit_view *view;

		temp_root_link(t, hf_path_base(dirs[i]), dirs[i]);
		survey(t, &plan, NULL, 0);
		view = view_of(&plan, "docker.service");
		assert_int_equal(view->load, HF_UNIT_BAD);
		assert_non_null(strstr(view->why, dirs[i]));
		assert_null(plan.engine.unit);
		assert_non_null(plan.engine.unit_why);
		assert_int_equal(unlinkat(t->fd, dirs[i], 0), 0);
	}
}

/* `systemctl link` takes a file of any name. */
static void fragment_elsewhere(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_plan_done) hf_plan plan = { 0 };
	const hf_unit_view *view;

	temp_root_write(t, "etc/plain", "[Service]\nExecStart=/opt/dockerd\n");
	temp_root_link(t, "/etc/plain", "etc/systemd/system/docker.service");
	survey(t, &plan, NULL, 0);
	view = view_of(&plan, "docker.service");
	assert_int_equal(view->load, HF_UNIT_LOADED);
	assert_string_equal(view->fragment, "/etc/plain");
	assert_string_equal(view->argv[0].file, "/etc/plain");
	assert_string_equal(plan.engine.unit, "docker.service");
}

static void env_files_that_cannot_be_read(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_plan_done) hf_plan plan = { 0 };
	const hf_unit_view *view;

	assert_int_equal(unlinkat(t->fd, "etc/default/docker", 0), 0);
	temp_root_mkdir(t, "etc/default/docker");
	survey(t, &plan, NULL, 0);
	view = view_of(&plan, "docker.service");
	assert_int_equal(view->n_argv, 3);
	assert_false(view->argv_exact);
	assert_non_null(strstr(view->argv_why, "/etc/default/docker"));
}

/* Specifiers of the running host, in what the environment is made of. */
static void doubtful_environment(void **state)
{
	static const struct {
		const char *lines, *why; /* NULL: exact */
		size_t n;
	} cases[] = {
		{ "EnvironmentFile=-/etc/%H\nExecStart=/x $A",
		  "'-/etc/%H' is known only to the running manager", 1 },
		{ "EnvironmentFile=-/etc/%H\nExecStart=/x a", NULL, 2 },
		/* systemd drops what it does not know */
		{ "EnvironmentFile=/etc/%Z\nExecStart=/x $A", NULL, 1 },
		{ "Environment=A=%H\nExecStart=/x $A",
		  "the variable 'A' is known only to the running manager", 1 },
		{ "Environment=A=%H\nEnvironment=A=1\nExecStart=/x $A", NULL, 2 },
		{ "Environment=A=1\nEnvironment=A=%H B=1\nExecStart=/x $B", NULL, 2 },
		{ "Environment=%H=1\nExecStart=/x $A",
		  "'%H' is known only to the running manager", 1 },
		/* no names, no text */
		{ "Environment=A.B=1 2A=1 =1\nExecStart=/x $A.B $2A", NULL, 1 },
		{ "Environment=\"A=1 \\xff\"\nExecStart=/x $A", NULL, 1 },
		/* one word, as it stands there */
		{ "ExecStart=/x ${A:-1} ${A:+${B}}", NULL, 3 },
	};
	temp_root *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_(hf_plan_done) hf_plan plan = { 0 };
		const hf_unit_view *view;
		char text[256];

		(void)snprintf(text, sizeof(text), "[Service]\n%s\n", cases[i].lines);
		temp_root_write(t, VENDOR "/docker.service", text);
		survey(t, &plan, NULL, 0);
		view = view_of(&plan, "docker.service");
		assert_int_equal(view->n_argv, cases[i].n);
		assert_int_equal(view->argv_exact, !cases[i].why);
		if (cases[i].why)
			assert_string_equal(view->argv_why, cases[i].why);
	}
}

static void doubtful_streams(void **state)
{
	const char *refs[] = { "socket:docker.service" };
	temp_root *t = *state;
	cleanup_(hf_plan_done) hf_plan plan = { 0 };
	const hf_ref_values *ref;

	temp_root_write(t, VENDOR "/docker.socket",
			"[Socket]\nListenStream=/run/a\nListenStream=/run/%H\n");
	survey(t, &plan, refs, 1);
	assert_int_equal(view_of(&plan, "docker.socket")->n_listen_streams, 1);
	ref = hf_map_get(&plan.refs, refs[0]);
	assert_true(ref->unknown);
	assert_string_equal(ref->why,
			    "ListenStream=/run/%H is known only to the running manager");
}

static void tcp_streams(void **state)
{
	static const char *const tcp[] = { "tcp://[::]:2375", "tcp://10.0.0.1:2376",
					   "tcp://[::1]:2377" };
	temp_root *t = *state;
	cleanup_(hf_plan_done) hf_plan plan = { 0 };
	const hf_unit_view *view;

	temp_root_write(t, VENDOR "/docker.socket",
			"[Socket]\nListenStream=2374\nListenStream=\n"
			"ListenStream=/run/a\nListenStream=2375\n"
			"ListenStream=10.0.0.1:2376\nListenStream=[::1]:2377\n"
			"ListenStream=@abstract\nListenStream=vsock:2:1\n"
			"ListenDatagram=2378\n");
	survey(t, &plan, NULL, 0);
	view = view_of(&plan, "docker.socket");
	assert_int_equal(view->n_listen_streams, 1);
	assert_int_equal(view->n_listen_tcp, ARRAY_SIZE(tcp));
	for (size_t i = 0; i < ARRAY_SIZE(tcp); i++)
		assert_string_equal(view->listen_tcp[i], tcp[i]);
}

static int may_have_own(temp_root *t, const char *unit)
{
	hf_arena arena = { 0 };
	hf_units_search search;
	int r;

	assert_int_equal(hf_units_search_open(&t->host, &arena, &search, NULL), 0);
	r = hf_units_may_have_own(&search, unit);
	hf_arena_done(&arena);
	return r;
}

/* Files of ours are looked for where the listing does not say that there are none. */
static void directories_of_ours(void **state)
{
	temp_root *t = *state;

	temp_root_mkdir(t, "etc/systemd/system/a.service.d");
	temp_root_link(t, "/nowhere", "etc/systemd/system/b.service.d");
	assert_int_equal(may_have_own(t, "a.service"), 1);
	assert_int_equal(may_have_own(t, "b.service"), 1);
	assert_int_equal(may_have_own(t, "c.service"), 0);
	assert_int_equal(
		renameat(t->fd, "etc/systemd/system", t->fd, "etc/systemd/elsewhere"), 0);
	assert_int_equal(may_have_own(t, "c.service"), 1); /* nothing was listed */
	temp_root_link(t, "elsewhere", "etc/systemd/system");
	assert_int_equal(may_have_own(t, "a.service"), 1);
	assert_int_equal(may_have_own(t, "c.service"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stock, setup, teardown),
		cmocka_unit_test_setup_teardown(dropins, setup, teardown),
		cmocka_unit_test_setup_teardown(masks_and_bad_units, setup, teardown),
		cmocka_unit_test_setup_teardown(search_directory_that_cannot_be_read,
						setup, teardown),
		cmocka_unit_test_setup_teardown(doubtful_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(doubtful_streams, setup, teardown),
		cmocka_unit_test_setup_teardown(tcp_streams, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(engine_behind_a_wrapper, setup, teardown),
		cmocka_unit_test_setup_teardown(engine_under_another_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(fragment_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(default_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(default_environment_that_cannot_be_read,
						setup, teardown),
		cmocka_unit_test_setup_teardown(engine_in_another_root, setup, teardown),
		cmocka_unit_test_setup_teardown(engine_with_mounts, setup, teardown),
		cmocka_unit_test_setup_teardown(env_files_that_cannot_be_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(directories_of_ours, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

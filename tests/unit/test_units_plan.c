/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "kinds/units/units_kind.h"
#include "kinds/units/units_obs.h"
#include "plan/plan.h"
#include "temp_root.h"

#define VENDOR "usr/lib/systemd/system"
#define OURS "etc/systemd/system/docker.service.d/zz-holdfast.conf"
#define OUR_ENV "etc/systemd/system/docker.service.d/zz-holdfast.env"
#define EXEC "/usr/sbin/dockerd -H fd:// --containerd=/c.sock $DOCKER_OPTS"

/* One look at the temporary tree with one baseline. */
typedef struct look {
	hf_model model;
	hf_diags diags;
	hf_facts facts;
	hf_plan plan;
} look;

static hf_record record;
static void (*observed)(hf_units_obs *obs); /* what the tree cannot have */
static const char *const *only;
static size_t n_only;

static int setup(void **state)
{
	static const char *const dirs[] = {
		"usr",
		"usr/lib",
		"usr/lib/systemd",
		VENDOR,
		"usr/sbin",
		"etc",
		"etc/systemd",
		"etc/systemd/system",
		"etc/systemd/system/docker.service.d",
		"etc/default",
	};
	temp_root *t;

	temp_root_make(state);
	t = *state;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		temp_root_mkdir(t, dirs[i]);
	temp_root_write(
		t, VENDOR "/docker.service",
		"[Unit]\nDescription=d\n[Service]\nEnvironmentFile=-/etc/default/docker\n"
		"ExecStart=" EXEC "\nLimitCORE=infinity\nKillMode=process\n");
	temp_root_write(t, VENDOR "/containerd.service",
			"[Service]\nExecStart=/usr/bin/containerd\n");
	temp_root_write(t, VENDOR "/docker.socket",
			"[Socket]\nListenStream=/run/docker.sock\nSocketMode=0660\n");
	record = (hf_record){ 0 };
	observed = NULL;
	only = NULL;
	n_only = 0;
	return 0;
}

static int teardown(void **state)
{
	return temp_root_remove(state);
}

static int read_text(void *user, const char *name, const char *relative_to,
		     hf_arena *arena, hf_source *ret, hf_error **err)
{
	(void)relative_to;
	(void)arena;
	(void)err;
	*ret = (hf_source){ .name = name, .text = user, .len = strlen(user) };
	return 0;
}

static void look_at(temp_root *t, look *l, const char *controls)
{
	const hf_kind *const kinds[] = { &hf_kind_units };
	const char *names[] = { "test.yaml" };
	hf_selection selection = { .only = only, .n_only = n_only };
	char text[4096];
	hf_load_request request = { .names = names,
				    .n_names = 1,
				    .kinds = kinds,
				    .n_kinds = 1,
				    .read = read_text,
				    .user = text };
	hf_error *err = NULL;

	(void)snprintf(text, sizeof(text),
		       "holdfast: 1\nname: t\ntitle: T\ncontrols:\n%s", controls);
	*l = (look){ 0 };
	assert_true(hf_model_load(&l->model, &request, &l->diags));
	assert_true(hf_model_select(&l->model, &selection, &l->diags));
	l->plan.facts = &l->facts;
	l->plan.record = &record;
	l->plan.diags = &l->diags;
	assert_int_equal(hf_plan_gate(&l->model, &l->plan), 0);
	assert_int_equal(hf_kind_units.observe(&t->host, &l->model, &l->plan, &err), 0);
	if (observed)
		observed(l->plan.obs[HF_RANK_UNITS]);
	assert_int_equal(hf_kind_units.plan(&l->model, &l->plan, &err), 0);
	assert_int_equal(hf_plan_finish(&l->model, &l->plan), 0);
}

static void look_done(look *l)
{
	hf_plan_done(&l->plan);
	hf_facts_done(&l->facts);
	hf_model_done(&l->model);
	hf_diags_done(&l->diags);
}

/* Writes the files that the plan would write. */
static void carry_out(temp_root *t, const look *l)
{
	for (size_t i = 0; i < l->plan.n_groups; i++) {
		const hf_group *g = l->plan.groups[i];

		assert_int_equal(g->type, HF_GROUP_FILE);
		if (g->remove)
			assert_int_equal(unlinkat(t->fd, g->path + 1, 0), 0);
		else
			temp_root_write(t, g->path + 1, g->after);
	}
}

/* "STATE ID found[ at FILE:LINE]" for each row, "! ID op before->after cause[ blocked]"
 * for each change. */
static const char *told(const look *l, hf_strbuf *sb)
{
	for (size_t i = 0; i < l->plan.n_resources; i++) {
		const hf_resource *row = l->plan.resources[i];

		hf_strbuf_addf(sb, "%s %s", hf_state_name(row->state),
			       strchr(row->id, '#'));
		if (row->found)
			hf_strbuf_addf(sb, " %s", row->found);
		if (row->found_file)
			hf_strbuf_addf(sb, " %s:%u", hf_path_base(row->found_file),
				       row->found_line);
		if (row->why)
			hf_strbuf_addf(sb, " (%s)", row->why);
		hf_strbuf_addc(sb, '\n');
	}
	for (size_t i = 0; i < l->plan.n_changes; i++) {
		const hf_change *c = l->plan.changes[i];

		hf_strbuf_addf(sb, "! %s %s %s->%s %s%s\n", strchr(c->id, '#'),
			       hf_op_name(c->op), c->before ? c->before : "",
			       c->after ? c->after : "", hf_cause_name(c->cause),
			       c->blocked ? " blocked" : "");
	}
	return hf_strbuf_str(sb);
}

static void check_told(temp_root *t, const char *controls, const char *expected)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	look l;

	look_at(t, &l, controls);
	assert_string_equal(told(&l, &sb), expected);
	look_done(&l);
}

static void apply(temp_root *t, const char *controls)
{
	look l;

	look_at(t, &l, controls);
	carry_out(t, &l);
	look_done(&l);
}

#define CONTROL(id, units) "  - id: " id "\n    title: T\n    units:\n      " units "\n"

static const char flags_and_settings[] = CONTROL(
	"no-containerd", "docker.service: {exec_start: {unset: [--containerd]}}")
	CONTROL("core", "docker.service: {Service: {LimitCORE: 0, KillMode: process}}")
		CONTROL("core-too", "docker.service: {Service: {LimitCORE: 0}}");

static void made_and_kept(void **state)
{
	static const char text[] =
		"# Made by holdfast and derived from the rest of the unit: made again "
		"when "
		"that changes.\n"
		"# An edit here is drift; change the baseline instead.\n\n"
		"[Service]\n"
		"# no-containerd: --containerd absent\n"
		"# derived from: " EXEC "\n"
		"ExecStart=\n"
		"ExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n"
		"# core, core-too\n"
		"LimitCORE=0\n";
	temp_root *t = *state;

	check_told(
		t, flags_and_settings,
		"drift #exec_start.--containerd --containerd=/c.sock docker.service:5\n"
		"drift #Service.LimitCORE infinity docker.service:6\n"
		"pass #Service.KillMode process docker.service:7\n"
		"! #exec_start.--containerd delete --containerd=/c.sock-> host\n"
		"! #Service.LimitCORE update infinity->0 host\n");
	apply(t, flags_and_settings);
	assert_string_equal(temp_root_text(t, OURS), text);
	check_told(t, flags_and_settings,
		   "pass #exec_start.--containerd\n"
		   "pass #Service.LimitCORE 0 zz-holdfast.conf:10\n"
		   "pass #Service.KillMode process docker.service:7\n");
}

static void vendor_upgrade(void **state)
{
	temp_root *t = *state;

	apply(t, flags_and_settings);
	temp_root_write(t, VENDOR "/docker.service",
			"[Service]\nExecStart=/usr/bin/dockerd --containerd=/new --x\n"
			"LimitCORE=infinity\nKillMode=process\n");
	check_told(t, flags_and_settings,
		   "drift #exec_start.--containerd docker.service:2 (the unit's own "
		   "command has "
		   "changed since our drop-in was derived from it)\n"
		   "pass #Service.LimitCORE 0 zz-holdfast.conf:10\n"
		   "pass #Service.KillMode process docker.service:4\n"
		   "! #exec_start.--containerd update /usr/sbin/dockerd -H fd:// "
		   "$DOCKER_OPTS->/usr/bin/dockerd --x vendor\n");
	apply(t, flags_and_settings);
	assert_non_null(
		strstr(temp_root_text(t, OURS), "\nExecStart=/usr/bin/dockerd --x\n"));
	/* and one that makes the drop-in needless */
	temp_root_write(
		t, VENDOR "/docker.service",
		"[Service]\nExecStart=/usr/bin/dockerd\nLimitCORE=0\nKillMode=process\n");
	check_told(t, flags_and_settings,
		   "pass #exec_start.--containerd\n"
		   "pass #Service.LimitCORE 0 zz-holdfast.conf:10\n"
		   "pass #Service.KillMode process docker.service:4\n"
		   "! #zz-holdfast.conf delete present-> vendor\n");
	apply(t, flags_and_settings);
	assert_int_equal(faccessat(t->fd, OURS, F_OK, 0), -1);
}

static void edited_by_hand(void **state)
{
	temp_root *t = *state;

	apply(t, flags_and_settings);
	temp_root_write(
		t, OURS,
		"[Service]\nLimitCORE=1\nExecStart=\nExecStart=/usr/sbin/dockerd\n");
	check_told(t, flags_and_settings,
		   "pass #exec_start.--containerd\n"
		   "drift #Service.LimitCORE 1 zz-holdfast.conf:2\n"
		   "pass #Service.KillMode process docker.service:7\n"
		   "! #Service.LimitCORE update 1->0 host\n");
	/* a comment only: no control is broken, the file is put right all the same */
	apply(t, flags_and_settings);
	temp_root_write(t, OURS,
			"[Service]\nLimitCORE=0\nExecStart=\n"
			"ExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n");
	check_told(t, flags_and_settings,
		   "pass #exec_start.--containerd\n"
		   "pass #Service.LimitCORE 0 zz-holdfast.conf:2\n"
		   "pass #Service.KillMode process docker.service:7\n"
		   "! #zz-holdfast.conf update present->as derived host\n");
}

static void overridden(void **state)
{
	temp_root *t = *state;

	temp_root_write(t, "etc/systemd/system/docker.service.d/zzz.conf",
			"[Service]\n\nLimitCORE=5\n");
	check_told(t, CONTROL("core", "docker.service: {Service: {LimitCORE: 0}}"),
		   "drift #Service.LimitCORE 5 zzz.conf:3 "
		   "(/etc/systemd/system/docker.service.d/zzz.conf:3 comes after our "
		   "drop-in "
		   "and overrides it; take it out there)\n"
		   "! #Service.LimitCORE update 5->0 host blocked\n");
}

#define DERIVED "# Made by holdfast and derived from the "
#define EDIT "# An edit here is drift; change the baseline instead.\n"
#define HEAD DERIVED "rest of the unit: made again when that changes.\n" EDIT "\n"
#define ENV_HEAD DERIVED "variables named here: made again when they change.\n" EDIT

/* EnvironmentFile= is a pattern: in it a backslash of the unit's name is doubled. */
static void backslash(void **state)
{
	static const char control[] = CONTROL(
		"no-debug", "'a\\x2db.service': {exec_start: {unset: [--debug]}}");
	temp_root *t = *state;

	temp_root_write(t, VENDOR "/a\\x2db.service",
			"[Service]\nEnvironmentFile=/etc/default/a\\x2db\n"
			"ExecStart=/x $OPTS\n");
	temp_root_write(t, "etc/default/ax2db", "OPTS=--debug --ipv6\n");
	temp_root_mkdir(t, "etc/systemd/system/a\\x2db.service.d");
	check_told(t, control,
		   "drift #exec_start.--debug --debug ax2db:1\n"
		   "! #exec_start.--debug delete --debug-> host\n");
	apply(t, control);
	assert_string_equal(
		temp_root_text(t,
			       "etc/systemd/system/a\\x2db.service.d/zz-holdfast.conf"),
		HEAD "[Service]\n# no-debug: --debug absent\n"
		     "EnvironmentFile=-/etc/systemd/system/a\\\\x2db.service.d/"
		     "zz-holdfast.env\n");
	check_told(t, control, "pass #exec_start.--debug\n");
}

static void out_of_variables(void **state)
{
	static const char control[] = CONTROL(
		"no-debug",
		"docker.service: {exec_start: {unset: [--debug, \"--host=tcp://*\"]}}");
	temp_root *t = *state;

	temp_root_write(t, "etc/default/docker",
			"DOCKER_OPTS=--debug --label 'a b'\nX=--debug\n");
	check_told(t, control,
		   "drift #exec_start.--debug --debug docker:1\n"
		   "pass #exec_start.--host=tcp://*\n"
		   "! #exec_start.--debug delete --debug-> host\n");
	apply(t, control);
	assert_string_equal(
		temp_root_text(t, OUR_ENV), ENV_HEAD
		"# no-debug: --debug absent\n"
		"# derived from: DOCKER_OPTS in /etc/default/docker, sha256 "
		"3010c406b3d783c965c218cb7782ac3ebae73459457dfe2e16d129ab9c457a14\n"
		"DOCKER_OPTS=\"--label \\\"a b\\\"\"\n");
	assert_string_equal(temp_root_text(t, OURS),
			    HEAD "[Service]\n# no-debug: --debug absent\n"
				 "EnvironmentFile=-/" OUR_ENV "\n");
	check_told(t, control,
		   "pass #exec_start.--debug\npass #exec_start.--host=tcp://*\n");
	/* another variable of the file is not our source */
	temp_root_write(t, "etc/default/docker",
			"DOCKER_OPTS=--debug --label 'a b'\nX=--icc\n");
	check_told(t, control,
		   "pass #exec_start.--debug\npass #exec_start.--host=tcp://*\n");
	/* the source gets a flag that ours hides */
	temp_root_write(t, "etc/default/docker", "# changed\nDOCKER_OPTS=-D --ipv6\n");
	check_told(t, control,
		   "drift #exec_start.--debug docker:2 (the variable 'DOCKER_OPTS' has "
		   "changed since our environment file was derived from it)\n"
		   "pass #exec_start.--host=tcp://*\n"
		   "! #exec_start.--debug update $DOCKER_OPTS as it was->$DOCKER_OPTS as "
		   "it is vendor\n");
	apply(t, control);
	check_told(t, control,
		   "pass #exec_start.--debug\npass #exec_start.--host=tcp://*\n");
	/* ours is edited, taken away; the unit is as without us then */
	temp_root_write(t, OUR_ENV, "DOCKER_OPTS=\n");
	check_told(t, control,
		   "pass #exec_start.--debug\npass #exec_start.--host=tcp://*\n"
		   "! #zz-holdfast.env update present->as derived host\n");
	assert_int_equal(unlinkat(t->fd, OUR_ENV, 0), 0);
	check_told(t, control,
		   "drift #exec_start.--debug --debug docker:2\n"
		   "pass #exec_start.--host=tcp://*\n"
		   "! #exec_start.--debug delete --debug-> host\n");
	apply(t, control);
	/* nothing needs them any more */
	temp_root_write(t, "etc/default/docker", "DOCKER_OPTS=--ipv6\n");
	check_told(t, control,
		   "pass #exec_start.--debug\npass #exec_start.--host=tcp://*\n"
		   "! #zz-holdfast.conf delete present-> vendor\n");
	apply(t, control);
	assert_int_equal(faccessat(t->fd, OURS, F_OK, 0), -1);
	assert_int_equal(faccessat(t->fd, OUR_ENV, F_OK, 0), -1);
	/* what cannot be read might hold it */
	assert_int_equal(unlinkat(t->fd, "etc/default/docker", 0), 0);
	temp_root_mkdir(t, "etc/default/docker");
	check_told(t, control,
		   "unknown #exec_start.--debug ('/etc/default/docker' is a directory, "
		   "not a file)\n"
		   "unknown #exec_start.--host=tcp://* ('/etc/default/docker' is a "
		   "directory, not a file)\n");
}

/* What ours takes out stays out while its source cannot be read; what is read after ours
 * wins. */
static void variable_of_others(void **state)
{
	static const char control[] =
		CONTROL("no-debug", "docker.service: {exec_start: {unset: [--debug]}}");
	static const char more[] = CONTROL(
		"no-debug", "docker.service: {exec_start: {unset: [--debug]}, Service: "
			    "{LimitCORE: 0}}");
	cleanup_free char *was = NULL;
	temp_root *t = *state;

	temp_root_write(t, "etc/default/docker", "DOCKER_OPTS=--debug --ipv6\n");
	apply(t, control);
	was = strdup(temp_root_text(t, OUR_ENV));
	assert_non_null(was);
	assert_int_equal(unlinkat(t->fd, "etc/default/docker", 0), 0);
	temp_root_mkdir(t, "etc/default/docker");
	apply(t, more);
	assert_string_equal(temp_root_text(t, OUR_ENV), was);
	assert_non_null(strstr(temp_root_text(t, OURS), "EnvironmentFile=-/" OUR_ENV));
	assert_int_equal(unlinkat(t->fd, "etc/default/docker", AT_REMOVEDIR), 0);
	temp_root_write(t, "etc/default/docker", "DOCKER_OPTS=--debug --ipv6\n");
	temp_root_write(t, "etc/default/late", "DOCKER_OPTS=--debug\n");
	temp_root_write(t, "etc/systemd/system/docker.service.d/zzz.conf",
			"[Service]\nEnvironmentFile=/etc/default/late\n");
	check_told(t, more,
		   "drift #exec_start.--debug --debug late:1 (/etc/default/late:1 comes "
		   "after our drop-in and overrides it; take it out there)\n"
		   "pass #Service.LimitCORE 0 zz-holdfast.conf:8\n"
		   "! #exec_start.--debug delete --debug-> host blocked\n"
		   "! #zz-holdfast.conf update present->as derived vendor\n");
}

#define MISSING "(the environment file '/etc/default/c' is missing)"

/* Flags that cannot be told now: what ours holds stays, whatever else changes. */
static void kept_while_unknown(void **state)
{
	static const char level[] =
		CONTROL("level", "containerd.service: {exec_start: {set: {--log-level: "
				 "info}, unset: [--x]}, Service: {LimitCORE: 0}}");
	static const char more[] =
		CONTROL("level", "containerd.service: {exec_start: {set: {--log-level: "
				 "info}, unset: [--x, --y]}, Service: {LimitCORE: 1}}");
	static const char at[] =
		"etc/systemd/system/containerd.service.d/zz-holdfast.conf";
	hf_record_entry entry = { "units:containerd.service#exec_start.--gone", "--gone",
				  NULL };
	hf_record_entry *list[] = { &entry };
	hf_arena arena = { 0 };
	const char *before;
	temp_root *t = *state;
	look l;

	temp_root_mkdir(t, "etc/systemd/system/containerd.service.d");
	temp_root_write(t, "etc/default/c", "A=\n");
	temp_root_write(t, VENDOR "/containerd.service",
			"[Service]\nEnvironmentFile=/etc/default/c\n"
			"ExecStart=/usr/bin/containerd --x --y $A\n");
	apply(t, level);
	before = hf_arena_strdup(&arena, temp_root_text(t, at));
	assert_non_null(strstr(before, "containerd --y $A --log-level=info\n"));
	assert_int_equal(unlinkat(t->fd, "etc/default/c", 0), 0);
	record = (hf_record){ .exists = true, .entries = list, .n_entries = 1 };
	assert_int_equal(hf_map_put(&record.by_id, &arena, entry.id, &entry), 0);
	check_told(t, level,
		   "unknown #exec_start.--log-level info " MISSING "\n"
		   "unknown #exec_start.--x " MISSING "\n"
		   "pass #Service.LimitCORE 0 zz-holdfast.conf:11\n");
	look_at(t, &l, level);
	assert_true(hf_plan_is_claimed(&l.plan, entry.id));
	look_done(&l);
	/* the vendor's command changes meanwhile, and so does what is demanded */
	temp_root_write(t, VENDOR "/containerd.service",
			"[Service]\nEnvironmentFile=/etc/default/c\n"
			"ExecStart=/usr/bin/containerd --x --y --z $A\n");
	check_told(t, more,
		   "unknown #exec_start.--log-level info " MISSING "\n"
		   "unknown #exec_start.--x " MISSING "\n"
		   "drift #exec_start.--y --y zz-holdfast.conf:9 " MISSING "\n"
		   "drift #Service.LimitCORE 0 zz-holdfast.conf:11\n"
		   "! #exec_start.--y delete --y-> baseline blocked\n"
		   "! #Service.LimitCORE update 0->1 baseline\n");
	apply(t, more);
	assert_non_null(strstr(temp_root_text(t, at),
			       "\n# derived from: /usr/bin/containerd --x --y $A\n"
			       "ExecStart=\n"
			       "ExecStart=/usr/bin/containerd --y $A --log-level=info\n"
			       "# level\nLimitCORE=1\n"));
	/* a command that cannot be read at all */
	temp_root_write(t, at, before);
	temp_root_write(t, VENDOR "/containerd.service", "[Service]\nExecStart=\"x\n");
	look_at(t, &l, level);
	assert_int_equal(l.plan.n_changes, 0);
	look_done(&l);
	hf_arena_done(&arena);
}

static void setting_flags(void **state)
{
	temp_root *t = *state;

	check_told(t,
		   CONTROL("level",
			   "containerd.service: {exec_start: {set: {--log-level: info}}}")
			   CONTROL("level2", "docker.service: {exec_start: {set: "
					     "{--log-level: info}}}")
				   CONTROL("hosts", "docker.service: {exec_start: {set: "
						    "{--host: [\"fd://\"], "
						    "--no-proxy: x}}}"),
		   "drift #exec_start.--log-level absent\n"
		   "drift #exec_start.--log-level absent (dockerd takes this from "
		   "daemon.json: "
		   "demand daemon: {set: {log-level: ...}} instead)\n"
		   "pass #exec_start.--host fd:// docker.service:5\n"
		   "drift #exec_start.--no-proxy absent (dockerd takes this from "
		   "daemon.json: demand daemon: {set: {proxies.no-proxy: ...}} instead)\n"
		   "! #exec_start.--log-level create ->info host\n"
		   "! #exec_start.--log-level create ->info host blocked\n"
		   "! #exec_start.--no-proxy create ->x host blocked\n");
}

/* Neither order nor repetition counts in a list; a value more or less does. */
static void lists(void **state)
{
	temp_root *t = *state;

	temp_root_write(t, VENDOR "/containerd.service",
			"[Service]\nExecStart=/usr/bin/containerd --z=2 --z 1 --z=2\n");
	check_told(
		t,
		CONTROL("a", "containerd.service: {exec_start: {set: {--z: [1, 2, 1]}}}"),
		"pass #exec_start.--z 2, 1, 2 containerd.service:2\n");
	check_told(
		t,
		CONTROL("a", "containerd.service: {exec_start: {set: {--z: [1, 2, 3]}}}"),
		"drift #exec_start.--z 2, 1, 2 containerd.service:2\n"
		"! #exec_start.--z update 2, 1, 2->1, 2, 3 host\n");
	check_told(t,
		   CONTROL("a", "containerd.service: {exec_start: {set: {--z: [1, 1]}}}"),
		   "drift #exec_start.--z 2, 1, 2 containerd.service:2\n"
		   "! #exec_start.--z update 2, 1, 2->1, 1 host\n");
}

static void not_there(void **state)
{
	temp_root *t = *state;

	temp_root_link(t, "/dev/null", "etc/systemd/system/docker.socket");
	check_told(
		t,
		CONTROL("a", "gone.service: {Service: {Restart: always}}")
			CONTROL("b", "docker.socket: {Socket: {SocketMode: 0660}}"),
		"not-applicable #Service.Restart (unit gone.service is not installed)\n"
		"not-applicable #Socket.SocketMode (unit docker.socket is masked)\n");
	temp_root_link(t, "/dev/null", OURS);
	check_told(t, flags_and_settings,
		   "unknown #exec_start.--containerd (/" OURS
		   " is a symlink to /dev/null; remove it)\n"
		   "unknown #Service.LimitCORE (/" OURS
		   " is a symlink to /dev/null; remove it)\n"
		   "unknown #Service.KillMode (/" OURS
		   " is a symlink to /dev/null; remove it)\n");
}

static void released(void **state)
{
	hf_record_entry entries[] = { { "units:docker.service#Service.LimitCORE",
					"infinity", "0" },
				      { "units:docker.service#exec_start.--containerd",
					"--containerd=/c.sock", NULL } };
	hf_record_entry *list[] = { &entries[0], &entries[1] };
	hf_arena arena = { 0 };
	temp_root *t = *state;

	apply(t, flags_and_settings);
	record = (hf_record){ .exists = true, .entries = list, .n_entries = 2 };
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(hf_map_put(&record.by_id, &arena, list[i]->id, list[i]),
				 0);
	check_told(t, CONTROL("a", "docker.service: {Service: {KillMode: process}}"),
		   "pass #Service.KillMode process docker.service:7\n"
		   "! #Service.LimitCORE update 0->infinity released\n"
		   "! #exec_start.--containerd update absent->--containerd=/c.sock "
		   "released\n");
	apply(t, CONTROL("a", "docker.socket: {Socket: {SocketMode: 0660}}"));
	assert_int_equal(faccessat(t->fd, OURS, F_OK, 0), -1);
	hf_arena_done(&arena);
}

static void a_part_releases_nothing(void **state)
{
	static const char *const just[] = { "core" };
	static const char less[] = CONTROL("core",
					   "docker.service: {Service: {LimitCORE: 7}}")
		CONTROL("other", "docker.service: {exec_start: {unset: [--containerd]}}");
	temp_root *t = *state;
	const char *text;

	apply(t, flags_and_settings);
	only = just;
	n_only = 1;
	check_told(t, less,
		   "drift #Service.LimitCORE 0 zz-holdfast.conf:10\n"
		   "! #Service.LimitCORE update 0->7 host\n");
	apply(t, less);
	text = temp_root_text(t, OURS);
	assert_non_null(strstr(text, "\n# other: --containerd absent\n"));
	assert_non_null(
		strstr(text, "\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n"));
	assert_non_null(strstr(text, "\nLimitCORE=7\n"));
	check_told(t, less, "pass #Service.LimitCORE 7 zz-holdfast.conf:10\n");
	only = NULL;
	n_only = 0;
	check_told(t, less,
		   "pass #Service.LimitCORE 7 zz-holdfast.conf:10\n"
		   "pass #exec_start.--containerd\n");
}

static void a_part_keeps_released_flags(void **state)
{
	static const char *const just[] = { "core" };
	static const char less[] = CONTROL("core",
					   "docker.service: {Service: {LimitCORE: 7}}")
		CONTROL("other", "docker.service: {Service: {KillMode: process}}");
	hf_record_entry entry = { "units:docker.service#exec_start.--containerd",
				  "--containerd=/c.sock", NULL };
	hf_record_entry *list[] = { &entry };
	hf_arena arena = { 0 };
	temp_root *t = *state;

	apply(t, flags_and_settings);
	record = (hf_record){ .exists = true, .entries = list, .n_entries = 1 };
	assert_int_equal(hf_map_put(&record.by_id, &arena, entry.id, &entry), 0);
	only = just;
	n_only = 1;
	apply(t, less);
	assert_non_null(strstr(temp_root_text(t, OURS),
			       "\n# demanded by nobody: --containerd absent\n"));
	assert_non_null(strstr(temp_root_text(t, OURS),
			       "\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n"));
	only = NULL;
	n_only = 0;
	apply(t, less);
	assert_null(strstr(temp_root_text(t, OURS), "ExecStart"));
	hf_arena_done(&arena);
}

static void observed_only(void **state)
{
	temp_root *t = *state;

	check_told(t,
		   "  - id: a\n    title: T\n    enforce: false\n    units:\n"
		   "      docker.service: {Service: {LimitCORE: 0}}\n",
		   "drift #Service.LimitCORE infinity docker.service:6\n");
}

static uint64_t started_sec;

static void runs(hf_units_obs *obs)
{
	hf_units_unit *unit = hf_map_get(&obs->by_name, "docker.service");

	obs->live = true;
	unit->live_known = HF_PRESENT;
	unit->active_state = "active";
	unit->main_pid = 7;
	unit->main_started_usec = started_sec * 1000000;
}

static void change_at(temp_root *t, const char *path, time_t sec)
{
	struct timespec times[2] = { { .tv_sec = sec }, { .tv_sec = sec } };

	assert_int_equal(utimensat(t->fd, path, times, 0), 0);
}

/* In force is what the process found when it was started, whoever wrote it. */
static void settings_in_force(void **state)
{
	static const char control[] =
		CONTROL("a", "docker.service: {Service: {LimitCORE: infinity}}");
	static const char theirs[] = "etc/systemd/system/docker.service.d/10-a.conf";
	temp_root *t = *state;

	temp_root_write(t, theirs, "[Service]\nLimitNPROC=1\n");
	change_at(t, theirs, 9000);
	change_at(t, VENDOR "/docker.service", 5000);
	observed = runs;
	started_sec = 5000;
	check_told(t, control,
		   "pass #Service.LimitCORE infinity docker.service:6\n"
		   "pass #Service.LimitCORE infinity\n");
	started_sec = 4999;
	check_told(
		t, control,
		"pass #Service.LimitCORE infinity docker.service:6\n"
		"pending-restart #Service.LimitCORE infinity (in force after a restart "
		"of docker.service)\n");
	started_sec = 0;
	check_told(t, control,
		   "pass #Service.LimitCORE infinity docker.service:6\n"
		   "unknown #Service.LimitCORE (it could not be told when the main "
		   "process of docker.service was started)\n");
	/* ours as well */
	apply(t, CONTROL("a", "docker.service: {Service: {LimitCORE: 1}}"));
	change_at(t, OURS, 6000);
	started_sec = 5999;
	check_told(t, CONTROL("a", "docker.service: {Service: {LimitCORE: 1}}"),
		   "pass #Service.LimitCORE 1 zz-holdfast.conf:6\n"
		   "pending-restart #Service.LimitCORE 1 (in force after a restart of "
		   "docker.service)\n");
}

/* What a transaction keeps of the units: only those that the manager told of. */
static void units_as_found(void **state)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	temp_root *t = *state;
	look l;

	observed = runs;
	started_sec = 5000;
	look_at(t, &l, CONTROL("a", "docker.service: {Service: {LimitCORE: infinity}}"));
	assert_int_equal(hf_kind_units.witness(&l.plan, &sb), 0);
	assert_string_equal(hf_strbuf_str(&sb), "docker.service active, process 7");
	look_done(&l);
}

static const char *changes(const look *l)
{
	return l->plan.n_changes ? l->plan.changes[0]->id : "";
}

/* Ours for whatever else: a second look after carrying out is always quiet. */
static void quiet_after(void **state)
{
	static const char *const controls[] = {
		CONTROL("a", "docker.service: {exec_start: {unset: [\"--h*\"]}}"),
		CONTROL("a", "containerd.service: {exec_start: {set: {--x: \"a "
			     "b;$c%d\\\"e\"}}}"),
		CONTROL("a", "containerd.service: {exec_start: {set: {--y: true, -z: [1, "
			     "2]}}}"),
		CONTROL("a", "containerd.service: {exec_start: {set: {--y: false}}}"),
		CONTROL("a", "docker.socket: {Socket: {SocketMode: \"600\"}, Unit: "
			     "{Description: "
			     "\"100%% ours\"}}"),
		CONTROL("a", "docker.socket: {Socket: {SocketMode: \"600\"}}")
			CONTROL("b", "docker.socket: {Socket: {SocketMode: \"0600\"}}"),
	};
	temp_root *t = *state;

	temp_root_mkdir(t, "etc/systemd/system/containerd.service.d");
	temp_root_mkdir(t, "etc/systemd/system/docker.socket.d");
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		look l;

		look_at(t, &l, controls[i]);
		assert_true(l.plan.n_changes > 0 || i > 2);
		carry_out(t, &l);
		look_done(&l);
		look_at(t, &l, controls[i]);
		assert_string_equal(changes(&l), "");
		assert_int_equal(l.plan.n_groups, 0);
		assert_int_equal(l.plan.totals.controls[HF_STATE_PASS],
				 l.model.n_controls);
		look_done(&l);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(made_and_kept),
		TEST(vendor_upgrade),
		TEST(edited_by_hand),
		TEST(overridden),
		TEST(out_of_variables),
		TEST(backslash),
		TEST(variable_of_others),
		TEST(kept_while_unknown),
		TEST(setting_flags),
		TEST(lists),
		TEST(not_there),
		TEST(released),
		TEST(a_part_releases_nothing),
		TEST(a_part_keeps_released_flags),
		TEST(observed_only),
		TEST(settings_in_force),
		TEST(units_as_found),
		TEST(quiet_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Containers run and live-restore is off: when it is put in force first, so that a
 * restart in the same run is safe, and when that cannot be. */
#include "daemon_world.h"

#define WHY                                                                              \
	"a reload puts live-restore in force first: with it the containers outlive the " \
	"restart"
#define BOTH "set: {live-restore: true, no-new-privileges: true}"

/* Containers run, and all can be asked. */
static scene busy(const char *controls, const char *file)
{
	return (scene){ .controls = controls,
			.file = file,
			.argv = STOCK,
			.live = STOCK,
			.started = 100,
			.changed = 90,
			.n_containers = 2,
			.answers = true,
			.engine = "26.1.5" };
}

/* The effects and what the file holds at first. */
static void does(const scene *in, const char *expected)
{
	cleanup_(hf_strbuf_done) hf_strbuf out = { 0 };
	stage s = { 0 };

	stage_load(&s, in->controls);
	assert_int_equal(s.diags.n_errors, 0);
	stage_plan(&s, in);
	for (size_t i = 0; i < s.plan.n_groups; i++)
		if (s.plan.groups[i]->first)
			hf_strbuf_addf(&out, "%.*s\n", (int)s.plan.groups[i]->first_len,
				       s.plan.groups[i]->first);
	for (size_t i = 0; i < s.plan.n_effects; i++) {
		const hf_effect *e = s.plan.effects[i];

		hf_strbuf_addf(&out, "%s%s%s: %s\n", e->first ? "first " : "",
			       e->hold ? "hold " : "", hf_action_name(e->action), e->why);
	}
	assert_string_equal(hf_strbuf_str(&out), expected);
	stage_done(&s);
}

static void test_one_run(void **state)
{
	const scene in = busy(CONTROL("a", BOTH), "{\n\t\"debug\": true\n}\n");
	const scene fresh = busy(CONTROL("a", BOTH), NULL);

	(void)state;
	assert_plan(
		&in,
		"#live-restore true: drift, found false\n"
		"#no-new-privileges true: drift, found false\n"
		"create #live-restore: - -> true (host)\n"
		"create #no-new-privileges: - -> true (host)\n"
		"at first:\n"
		"{\n"
		"\t\"debug\": true,\n"
		"\t\"live-restore\": true\n"
		"}\n"
		"edit:\n"
		"{\n"
		"\t\"debug\": true,\n"
		"\t\"live-restore\": true,\n"
		"\t\"no-new-privileges\": true\n"
		"}\n"
		"first reload docker.service: " WHY "\n"
		"restart docker.service: a restart puts no-new-privileges in force\n");
	does(&fresh, "{\n  \"live-restore\": true\n}\n\n"
		     "first reload: " WHY "\n"
		     "restart: a restart puts no-new-privileges in force\n");
}

/* It is in the file and was not read: nothing is written for it. */
static void test_on_disk(void **state)
{
	scene in = busy(CONTROL("a", BOTH),
			"{\"live-restore\": true, \"no-new-privileges\": true}");

	(void)state;
	in.changed = 200;
	in.process = "b:1:2";
	in.record[0] = (entry){ "daemon:" HF_DAEMON_JSON "@process", NULL, "b:1:2 {}" };
	does(&in, "first reload: " WHY "\n"
		  "restart: a restart puts no-new-privileges in force\n");
}

/* A key that was a flag of the running dockerd: a reload of the file to come would be
 * refused, one of the present file with live-restore is not. */
static void test_beside_a_move(void **state)
{
	scene in = busy(CONTROL("a", "set: {live-restore: true, log-level: warn}"), "{}");

	(void)state;
	in.live[3] = "--log-level=info";
	does(&in, "{\n  \"live-restore\": true\n}\n"
		  "first reload: " WHY "\n"
		  "restart: a restart puts live-restore, log-level in force\n");
}

static void held(const scene *in, bool reloads, const char *keys, const char *why)
{
	cleanup_free char *text = NULL;

	assert_true(
		asprintf(&text, "%shold restart: a restart puts %s in force; held: %s\n",
			 reloads ? "reload: a reload puts live-restore in force\n" : "",
			 keys, why) > 0);
	does(in, text);
}

#define OFF "containers are running and live-restore is not in force"

static void test_not_safe(void **state)
{
	const scene good = busy(CONTROL("a", BOTH), "{}");
	scene in = good;

	(void)state;
	in.swarm_now = HF_PRESENT; /* dockerd would not start with it */
	held(&in, false, "no-new-privileges", OFF);
	in.swarm_now = HF_UNKNOWN;
	held(&in, true, "no-new-privileges", OFF);
	in = good;
	in.answers = false; /* it could not be confirmed */
	held(&in, true, "no-new-privileges", OFF);
	in = good;
	in.restart = HF_RESTART_NEVER;
	held(&in, true, "no-new-privileges", "--restart=never");
	in = good;
	in.live[3] = "--live-restore=false"; /* a reload would be refused */
	held(&in, false, "live-restore, no-new-privileges", OFF);
	in = good;
	in.no_reload = true; /* systemd would refuse it */
	held(&in, false, "live-restore, no-new-privileges", OFF);
	in.restart = HF_RESTART_ALWAYS;
	does(&in, "restart: a restart puts live-restore, no-new-privileges in force\n");
	in = good;
	in.started = 0; /* what it has read cannot be told */
	held(&in, true, "no-new-privileges", OFF);
	/* with running containers it would not come in force */
	in = busy(CONTROL("a", "set: {live-restore: true, icc: false}"), "{}");
	held(&in, true, "icc", OFF);
}

/* Its API shows live-restore. */
static scene in_force(const char *file)
{
	scene in = busy(CONTROL("a", BOTH), file);

	in.live_restore = true;
	in.shown[0] = "live-restore";
	in.shown[1] = "true";
	return in;
}

/* In force, as a reload does not take it out, and no longer in the file: a restart that
 * fails would be undone by one of a dockerd that ends the containers. */
static void test_only_in_force(void **state)
{
	scene in = in_force("{}");

	(void)state;
	does(&in, "{\n  \"live-restore\": true\n}\n"
		  "first reload: live-restore, which is in force, is put into the file "
		  "first: with it the containers outlive the restart, or its undoing\n"
		  "restart: a restart puts no-new-privileges in force\n");
	in.answers = false;
	held(&in, true, "no-new-privileges",
	     "containers are running and live-restore is in force, but would be off if "
	     "the restart had to be undone");
}

/* Without a restart, or without containers, there is nothing to be safe from. */
static void test_not_needed(void **state)
{
	scene in = busy(CONTROL("a", "set: {live-restore: true}"), "{}");

	(void)state;
	does(&in, "reload: a reload puts live-restore in force\n");
	in = busy(CONTROL("a", BOTH), "{}");
	in.n_containers = 0;
	does(&in, "restart: a restart puts no-new-privileges in force\n");
	in = in_force("{\"live-restore\": true}");
	does(&in, "restart: a restart puts no-new-privileges in force\n");
	in = in_force("{}");
	in.argv[3] = in.live[3] = "--live-restore";
	does(&in, "restart: a restart puts no-new-privileges in force\n");
	/* nobody asks for live-restore */
	in = busy(CONTROL("a", "set: {no-new-privileges: true}"), "{}");
	held(&in, false, "no-new-privileges", OFF);
}

/* Whoever wants the restart at any price gets it with less. */
static void test_always(void **state)
{
	scene in = busy(CONTROL("a", BOTH), "{}");

	(void)state;
	in.restart = HF_RESTART_ALWAYS;
	does(&in, "{\n  \"live-restore\": true\n}\n"
		  "first reload: " WHY "\n"
		  "restart: a restart puts no-new-privileges in force\n");
	in.swarm_now = HF_PRESENT;
	does(&in, "restart: a restart puts no-new-privileges in force\n");
}

/* The reload puts in force what others have put into the file. */
static void test_foreign(void **state)
{
	scene in = busy(CONTROL("a", BOTH), "{\"debug\": true, \"mtu\": 1400}");

	(void)state;
	in.changed = 200;
	in.process = "b:1:2";
	in.record[0] = (entry){ "daemon:" HF_DAEMON_JSON "@process", NULL, "b:1:2 {}" };
	does(&in, "{\"debug\": true, \"mtu\": 1400, \"live-restore\": true}\n"
		  "first reload: " WHY
		  ", and what others changed in /etc/docker/daemon.json: debug\n"
		  "restart: a restart puts no-new-privileges in force, and what others "
		  "changed in /etc/docker/daemon.json: debug, mtu\n");
	/* dockerd would exit of it */
	in.file = "{\"authorization-plugins\": [\"gone\"]}";
	does(&in,
	     "hold reload: a reload puts live-restore in force, and what others changed "
	     "in "
	     "/etc/docker/daemon.json: authorization-plugins; held: "
	     "authorization-plugins of /etc/docker/daemon.json names 'gone', which is "
	     "not there\n"
	     "hold restart: a restart puts no-new-privileges in force, and what others "
	     "changed in /etc/docker/daemon.json: authorization-plugins; held: "
	     "authorization-plugins of /etc/docker/daemon.json names 'gone', which is "
	     "not there\n");
}

/* The file has something else to hold meanwhile: keys change places with flags. */
static void test_both_ways(void **state)
{
	scene in = busy(CONTROL("a", "set: {live-restore: true, icc: false}"),
			"{\n\t\"debug\": true,\n\t\"log-level\": \"warn\"\n}\n");
	const scene moves = { .argv = { "dockerd", "-H", "fd://", "--log-level=debug" },
			      .now = { "dockerd", "-H", "fd://", "--icc" } };

	(void)state;
	memcpy(in.argv, moves.argv, sizeof(in.argv));
	memcpy(in.now, moves.now, sizeof(in.now));
	memcpy(in.live, moves.now, sizeof(in.live));
	in.record[0] = (entry){ "daemon:" HF_DAEMON_JSON "#log-level", NULL, "\"warn\"" };
	does(&in, "{\n\t\"debug\": true\n}\n\n"
		  "hold restart: a restart puts live-restore, icc, log-level in force; "
		  "held: containers are running and live-restore is not in force\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_run),	      cmocka_unit_test(test_on_disk),
		cmocka_unit_test(test_beside_a_move), cmocka_unit_test(test_not_safe),
		cmocka_unit_test(test_not_needed),    cmocka_unit_test(test_always),
		cmocka_unit_test(test_foreign),	      cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_only_in_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

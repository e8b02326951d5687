/* SPDX-License-Identifier: Apache-2.0 */
/* What dockerd is given to judge: its command line and its file, as they will be. */
#include "daemon_world.h"

#include "base/mask.h"

static void put_one(hf_strbuf *out, const char *name, const hf_trial *t)
{
	hf_strbuf_addf(out, "%s:", name);
	for (size_t i = 0; t->argv[i]; i++)
		hf_strbuf_addf(out, " %s", t->argv[i]);
	hf_strbuf_addf(out, "%s%s\n", t->why ? ", not known: " : "",
		       t->why ? t->why : "");
	hf_strbuf_addf(out, "%.*s\n", t->text ? (int)t->len : 9,
		       t->text ? t->text : "(its own)");
}

static void assert_trial(const scene *in, const char *expected)
{
	stage s = { 0 };

	stage_load(&s, in->controls);
	stage_plan(&s, in);
	if (s.plan.engine.trial) {
		hf_strbuf_adds(&s.out, s.plan.engine.trial_differs ? "" : "same\n");
		put_one(&s.out, "after", s.plan.engine.trial);
		put_one(&s.out, "now", s.plan.engine.trial_now);
		assert_ptr_equal(s.plan.engine.trial->kind, &hf_kind_daemon);
	}
	assert_string_equal(hf_strbuf_str(&s.out), expected);
	stage_done(&s);
}

static void test_edit(void **state)
{
	(void)state;
	assert_trial(&(scene){ .controls = CONTROL("a", "set: {icc: false}"),
			       .file = "{\"debug\": true}",
			       .argv = STOCK,
			       .engine = "26.1.5" },
		     "after: /usr/sbin/dockerd -H fd://\n"
		     "{\"debug\": true, \"icc\": false}\n"
		     "now: /usr/sbin/dockerd -H fd://\n"
		     "{\"debug\": true}\n");
	/* no file: as good as an empty one, unless the command line names it */
	assert_trial(&(scene){ .controls = CONTROL("a", "set: {debug: false}"),
			       .argv = STOCK,
			       .engine = "26.1.5" },
		     "same\n"
		     "after: /usr/sbin/dockerd -H fd://\n{}\n"
		     "now: /usr/sbin/dockerd -H fd://\n{}\n");
	assert_trial(&(scene){ .controls = CONTROL("a", "set: {debug: false}"),
			       .argv = { "dockerd", "--config-file", "/d.json" },
			       .engine = "26.1.5" },
		     "same\n"
		     "after: dockerd --config-file /d.json\n(its own)\n"
		     "now: dockerd --config-file /d.json\n(its own)\n");
}

/* The file that we made goes: the one that still lies there is not what counts. */
static void test_remove(void **state)
{
	(void)state;
	assert_trial(
		&(scene){ .controls = CONTROL("a", "set: {debug: false}"),
			  .file = "{\"icc\": false}",
			  .argv = STOCK,
			  .record = { { "daemon:" HF_DAEMON_JSON "#icc", NULL, "false" },
				      { "daemon:" HF_DAEMON_JSON, NULL, "made" } },
			  .engine = "26.1.5" },
		"after: /usr/sbin/dockerd -H fd://\n{}\n"
		"now: /usr/sbin/dockerd -H fd://\n{\"icc\": false}\n");
}

/* It would make users, and nobody may: it is left out wherever it stands. */
static void test_userns_remap(void **state)
{
	(void)state;
	assert_trial(&(scene){ .controls = CONTROL("a", "set: {userns-remap: default}"),
			       .file = "{\"debug\": true}",
			       .argv = STOCK,
			       .allow_disruptive = true,
			       .engine = "26.1.5" },
		     "after: /usr/sbin/dockerd -H fd://\n"
		     "{\"debug\": true}\n"
		     "now: /usr/sbin/dockerd -H fd://\n"
		     "{\"debug\": true}\n");
	assert_trial(&(scene){ .controls = CONTROL("a", "set: {icc: false}"),
			       .argv = { "dockerd", "--userns-remap", "default" },
			       .engine = "26.1.5" },
		     "after: dockerd --userns-remap default --userns-remap=\n"
		     "{\n  \"icc\": false\n}\n\n"
		     "now: dockerd --userns-remap default --userns-remap=\n{}\n");
}

/* Nothing to be run, or nothing that is known well enough. */
static void test_none(void **state)
{
	(void)state;
	assert_trial(&(scene){ .controls = CONTROL("a", "set: {icc: false}"),
			       .file = "{}",
			       .engine = "26.1.5" },
		     "");
	assert_trial(&(scene){ .controls = CONTROL("a", "set: {init-path: /i}"),
			       .file = "{}",
			       .argv = STOCK,
			       .argv_inexact = true,
			       .engine = "26.1.5" },
		     "same\n"
		     "after: /usr/sbin/dockerd -H fd://, not known: "
		     "$EXTRA cannot be expanded\n{}\n"
		     "now: /usr/sbin/dockerd -H fd://, not known: "
		     "$EXTRA cannot be expanded\n{}\n");
}

static void no_trial(hf_plan_options options)
{
	const scene in = { .controls = CONTROL("a", "set: {icc: false}"),
			   .argv = STOCK,
			   .engine = "26.1.5" };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	stage s = { 0 };

	stage_load(&s, in.controls);
	stage_prepare(&s, &in);
	s.plan.options = options;
	assert_int_equal(hf_kind_daemon.plan(&s.model, &s.plan, &err), 0);
	assert_null(s.plan.engine.trial);
	stage_done(&s);
}

/* Of a tree nothing is run, nor where no manager would start it. */
static void test_image(void **state)
{
	(void)state;
	no_trial((hf_plan_options){ .offline = true });
	no_trial((hf_plan_options){ .offline = true, .manager = true });
	no_trial((hf_plan_options){ .manager = false });
}

static const char *secrets_of(const hf_trial *t, hf_arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < t->n_secrets; i++)
		text = hf_arena_printf(arena, "%s%s;", text, t->secrets[i]);
	return text;
}

/* dockerd quotes what it refuses: what is secret of the command line. */
static void test_secrets(void **state)
{
	const scene in = { .controls = CONTROL("a", "set: {icc: false}"),
			   .argv = { "dockerd", "--log-opt", "splunk-token=one",
				     "--log-opt=max-file=3", "--label=a=b",
				     "--http-proxy=http://u:two@h" },
			   .engine = "26.1.5" };
	stage s = { 0 };

	(void)state;
	stage_load(&s, in.controls);
	stage_plan(&s, &in);
	assert_string_equal(secrets_of(s.plan.engine.trial, &s.arena),
			    "one;http://u:two@h;");
	assert_string_equal(secrets_of(s.plan.engine.trial_now, &s.arena),
			    "one;http://u:two@h;");
	stage_done(&s);
}

/* Go's own encoder writes & so; dockerd's messages do not. */
static void test_escaped_secret(void **state)
{
	static const char text[] =
		"{\"log-opts\": {\"splunk-token\": \"one\\u0026two\"}}";
	cleanup_(hf_mask_done) hf_mask mask = { 0 };
	cleanup_(hf_strbuf_done) hf_strbuf out = { 0 };
	static const char said[] = "one&two, one\\u0026two";

	(void)state;
	hf_kind_daemon.secrets(text, strlen(text), &mask);
	hf_mask_put(&mask, &out, said, strlen(said));
	assert_string_equal(hf_strbuf_str(&out), "********, ********");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edit),	       cmocka_unit_test(test_remove),
		cmocka_unit_test(test_userns_remap),   cmocka_unit_test(test_none),
		cmocka_unit_test(test_image),	       cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_escaped_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

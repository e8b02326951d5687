/* SPDX-License-Identifier: Apache-2.0 */
/* dockerd's judgement before anything is visible; dockerd is played by scripts. */
#include "engine_world.h"

#include <time.h>

#include "base/mask.h"
#include "engine/validate.h"

static world *w;
static hf_plan plan;
static hf_trial after, now;
static hf_arena arena;
static const char *argv[4];

/* What 26.1.5 says, word for word. */
#define SAYS(file) "unable to configure the Docker daemon with file " file ": "
#define BOGUS "the following directives don't match any configuration option: bogus"
#define REFUSES                                                                          \
	"case $(cat \"$file\") in *bogus*)\n"                                            \
	"echo \"" SAYS("$file") BOGUS "\" >&2\nexit 1 ;;\n"                              \
				      "esac\necho 'configuration OK' >&2\n"

/* Takes --config-file=, its last word. */
static void dockerd(const char *body)
{
	char full[PATH_MAX];

	(void)snprintf(full, sizeof(full),
		       "#!/bin/sh\n[ \"$1\" = --validate ] || exit 9\n"
		       "for word; do :; done\nfile=${word#--config-file=}\n%s",
		       body);
	put(w, "/dockerd", full);
	free(shell("chmod 0755 %s/dockerd", w->root));
}

static hf_trial trial_of(const char *text)
{
	return (hf_trial){ .argv = argv,
			   .path = "/etc/docker/daemon.json",
			   .text = text,
			   .len = strlen(text) };
}

static int setup(void **state)
{
	(void)state;
	w = world_new();
	argv[0] = hf_arena_printf(&arena, "%s/dockerd", w->root);
	argv[1] = "-H";
	argv[2] = "fd://";
	assert_non_null(argv[0]);
	after = trial_of("{\"icc\": false}");
	now = trial_of("{}");
	plan = (hf_plan){ 0 };
	plan.engine = (hf_engine_view){ .trial = &after,
					.trial_now = &now,
					.trial_differs = true,
					.unit = "docker.service" };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_free(w);
	hf_arena_done(&arena);
	return 0;
}

/* The note, or "refused: " and the message. */
static const char *judged(void)
{
	hf_error *err = NULL;
	const char *note = NULL, *text;
	int r = hf_validate(&w->host, &plan, &arena, &note, &err);

	if (!r)
		return note;
	assert_int_equal(r, -EINVAL);
	text = hf_arena_printf(&arena, "refused: %s (%s)", hf_error_text(err), err->hint);
	hf_error_free(err);
	return text;
}

static void test_accepted(void **state)
{
	(void)state;
	dockerd(REFUSES);
	assert_null(judged());
}

static void test_refused(void **state)
{
	(void)state;
	dockerd(REFUSES);
	after = trial_of("{\"bogus\": 1}");
	assert_string_equal(
		judged(), "refused: dockerd does not accept its configuration: " SAYS(
				  "/etc/docker/daemon.json") BOGUS
		" ('holdfast plan --diff' shows what /etc/docker/daemon.json would be; "
		"--skip leaves a control out; nothing was changed)");
}

static hf_effect effect = { .action = HF_ACTION_RESTART, .unit = "docker.service" };
static hf_effect *effects[] = { &effect };

/* What stops it now is not ours; but nothing that it stops on is put in force. */
static void test_refused_before(void **state)
{
	(void)state;
	dockerd(REFUSES);
	after = trial_of("{\"bogus\": 1, \"icc\": false}");
	now = trial_of("{\"bogus\": 1}");
	assert_string_equal(judged(), "refused, as the present configuration is: " SAYS(
					      "/etc/docker/daemon.json") BOGUS);
	plan.effects = effects;
	plan.n_effects = 1;
	effect.hold = true;
	assert_non_null(strstr(judged(), "refused, as the present"));
	effect.hold = false;
	assert_string_equal(
		judged(),
		"refused: dockerd does not accept its configuration, neither the present "
		"one nor the one to come: " SAYS("/etc/docker/daemon.json") BOGUS
		" (put right what it names, in /etc/docker/daemon.json or on dockerd's "
		"command line; nothing was changed)");
	now.why = "not known";
	assert_non_null(
		strstr(judged(), "refused: dockerd does not accept its configuration: "));
}

/* The answers that are none. */
static void test_no_judgement(void **state)
{
	static const char *const cases[][2] = {
		/* 20.10.24, word for word */
		{ "echo 'Status: unknown flag: --validate' >&2\n"
		  "echo \"See 'dockerd --help'., Code: 125\" >&2\nexit 1\n",
		  "this dockerd does not know --validate, which came with 23.0" },
		{ "exit 1\n", "it says nothing and exits 1" },
		{ "echo a; echo b; exit 127\n", "it exits 127: a; b" },
		{ "kill -9 $$\n", "killed by signal 9" },
		{ "echo 'open /k: permission denied'; exit 1\n",
		  "open /k: permission denied" },
		{ "sleep 600\n", "no answer within 1 s" },
	};

	(void)state;
	w->host.timeout_usec = 1000000;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		dockerd(cases[i][0]);
		assert_string_equal(judged(), cases[i][1]);
	}
	argv[0] = "/nonexistent/dockerd";
	assert_non_null(strstr(judged(), "cannot be run"));
	after.why = "$EXTRA cannot be expanded";
	assert_string_equal(judged(), after.why);
}

/* Its own words, flags and environment; without a text it looks for its file itself. */
static void test_command(void **state)
{
	static const char *const env[] = { "A=b c", "PATH=/bin:/usr/bin", "D=", NULL };

	(void)state;
	after.env = env;
	dockerd("echo \"$*\" \"[$A]\" \"[$D]\" \"$PATH\"; exit 3\n");
	assert_string_equal(judged(), "it exits 3: --validate -H fd:// "
				      "--config-file=/etc/docker/daemon.json [b c] [] "
				      "/bin:/usr/bin");
	after.env = NULL;
	after.text = NULL;
	assert_string_equal(
		judged(), "it exits 3: --validate -H fd:// [] [] "
			  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

static void hides(const char *bytes, size_t len, hf_mask *mask)
{
	assert_non_null(memmem(bytes, len, "hunter2", 7));
	hf_mask_add(mask, "hunter2");
}

/* Log lines are left out, and what is secret in the file. */
static void test_words(void **state)
{
	static const hf_kind knows = { .name = "knows", .secrets = hides };

	(void)state;
	after = trial_of("{\"token\": \"hunter2\"}");
	after.kind = &knows;
	dockerd("echo 'time=\"2026\" level=warning msg=\"x\"'\n"
		"printf 'bad hunter2 in http://u:p@h\\n\\nand \\033[1m\\n'; exit 1\n");
	/* so does the present one, then */
	assert_string_equal(judged(),
			    "refused, as the present configuration is: bad ******** in "
			    "http://********@h; and \\x1b[1m");
}

static void test_words_of_flags(void **state)
{
	static const char *secrets[] = { "hunter2" };

	(void)state;
	after.secrets = secrets;
	after.n_secrets = 1;
	dockerd("echo 'log-opts: (from flag: map[token:hunter2])'; exit 1\n");
	assert_string_equal(judged(), "refused, as the present configuration is: "
				      "log-opts: (from flag: map[token:********])");
}

static void test_due(void **state)
{
	(void)state;
	assert_true(hf_validate_due(&plan));
	plan.engine.trial_differs = false;
	assert_false(hf_validate_due(&plan));
	plan.effects = effects;
	plan.n_effects = 1;
	effect.hold = false;
	assert_true(hf_validate_due(&plan));
	effect.hold = true;
	assert_false(hf_validate_due(&plan));
	effect.hold = false;
	effect.unit = "other.service";
	assert_false(hf_validate_due(&plan));
	effect.unit = "docker.service";
	plan.engine.trial = NULL;
	assert_false(hf_validate_due(&plan));
}

/* --- an apply -------------------------------------------------------------------- */

static void survey_again(void)
{
	script.trial = &after;
	script.trial_now = &now;
	look_again(w);
}

static void test_apply_refused(void **state)
{
	cleanup_free char *before = NULL, *then = NULL;

	(void)state;
	dockerd(REFUSES);
	after = trial_of("{\"bogus\": 1}");
	survey_again();
	before = listing(w);
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_REFUSED);
	assert_non_null(strstr(hf_error_text(w->result.error), BOGUS));
	assert_int_equal(w->result.n_steps, 1);
	assert_string_equal(w->result.steps[0].what, "validate dockerd's configuration");
	assert_int_equal(w->result.steps[0].state, HF_STEP_FAILED);
	/* nothing was visible: but for the folder of its state all is as before */
	free(shell("rmdir %s/var/lib/holdfast/transactions %s/var/lib/holdfast "
		   "2>/dev/null; :",
		   w->root, w->root));
	then = listing(w);
	assert_string_equal(then, before);
}

static void test_apply_accepted(void **state)
{
	(void)state;
	dockerd(REFUSES);
	survey_again();
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	assert_int_equal(w->result.steps[0].state, HF_STEP_DONE);
	assert_null(w->result.steps[0].why);
}

/* Without a judgement the work goes on, and that is told. */
static void test_apply_left_out(void **state)
{
	(void)state;
	dockerd("exit 2\n");
	survey_again();
	do_apply(w);
	assert_int_equal(w->result.outcome, HF_OUTCOME_APPLIED);
	assert_int_equal(w->result.steps[0].state, HF_STEP_DONE);
	assert_string_equal(w->result.steps[0].why, "left out: it exits 2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_accepted),	   TEST(test_refused),
		TEST(test_refused_before), TEST(test_no_judgement),
		TEST(test_command),	   TEST(test_words),
		TEST(test_words_of_flags), TEST(test_due),
		TEST(test_apply_refused),  TEST(test_apply_accepted),
		TEST(test_apply_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Every single allocation fails once: an error, or the very same plan; never another. */
#include "../alloc_wrap.h"
#include "daemon_world.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

static unsigned long countdown; /* 0: nothing fails */

static bool alloc_fails(void)
{
	return countdown && --countdown == 0;
}

/* Much of the code in one scene: all operations, refusals, release, live, references. */
static const scene whole = {
	.controls = CONTROL(
		"a", "set: {icc: false, log-opts: {max-size: 10m}, dns: [1.1.1.1], "
		     "default-ulimits: {nofile: {Hard: 2, Soft: 1}}, "
		     "live-restore: true, tlsverify: true}")
		CONTROL("b",
			"unset: [insecure-registries, debug], add: {labels: [\"a=1\"]}")
			CONTROL("c",
				"forbid: {log-driver: [json-*], hosts: [\"tcp://*\"]}, "
				"require: [authorization-plugins]")
				CONTROL("d",
					"set: {log-level: info, userns-remap: default}, "
					"unset: [mtu]"),
	.file = "{\n  \"labels\": [\"b=2\"],\n  \"log-level\": \"warn\",\n  \"mtu\": 9,\n"
		"  \"insecure-registries\": [\"r\"],\n  \"foreign\": {\"a\": [1, {}]},\n"
		"  \"log-opts\": {\"tag\": \"x\"}\n}\n",
	.argv = { "dockerd", "-H", "fd://", "--log-driver=journald", "--mtu", "9" },
	.live = { "dockerd", "-H", "fd://", "--debug" },
	.started = 100,
	.changed = 90,
	.process = "b:1:2",
	.n_containers = 2,
	.answers = true,
	.shown = { "icc", "true" },
	.engine = "26.1.5",
	.record = { { "daemon:" HF_DAEMON_JSON "#log-opts.tag", "\"y\"", "\"x\"" } },
	.ref = "daemon:dns",
};

static void put_all(stage *s)
{
	put_plan(s);
	put_notes(s);
	put_ref(s, whole.ref);
	put_diags(s);
}

/* One run in which the @nth allocation of the planner fails. false: none failed. */
static bool run_plan(unsigned long nth, const char *expected, char **ret_text)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	stage s = { 0 };
	const char **slot;
	bool failed;
	int r;

	stage_load(&s, whole.controls);
	assert_int_equal(s.diags.n_errors, 0);
	slot = hf_vec_push(&s.model.arena, s.model.refs, s.model.n_refs);
	assert_non_null(slot);
	*slot = whole.ref;
	stage_prepare(&s, &whole);
	countdown = nth;
	r = hf_kind_daemon.plan(&s.model, &s.plan, &err);
	failed = nth && countdown == 0;
	countdown = 0;
	if (r < 0) {
		/* jansson can mistake it for a fault of the text */
		assert_true(r == -ENOMEM || r == -EBADMSG);
		assert_non_null(err);
	} else if (!s.diags.oom) { /* a diagnostic that was lost is told by the flag */
		assert_int_equal(hf_plan_finish(&s.model, &s.plan), 0);
		put_all(&s);
		if (expected)
			assert_string_equal(hf_strbuf_str(&s.out), expected);
	}
	if (ret_text)
		*ret_text = strdup(hf_strbuf_str(&s.out));
	stage_done(&s);
	return failed;
}

static void test_plan(void **state)
{
	cleanup_free char *expected = NULL;
	unsigned long n = 1;

	(void)state;
	(void)run_plan(0, NULL, &expected);
	assert_non_null(strstr(expected, "restart docker.service"));
	while (run_plan(n, expected, NULL))
		n++;
	assert_true(n > 100);
}

static void test_load(void **state)
{
	size_t n_demands = 0;
	bool failed = true;

	(void)state;
	for (unsigned long n = 0; failed; n++) {
		stage s = { 0 };

		countdown = n;
		(void)stage_read(&s, whole.controls);
		failed = n == 0 || countdown == 0;
		countdown = 0;
		if (n == 0)
			n_demands = s.model.n_demands;
		else if (s.diags.n_errors == 0 && !s.diags.oom)
			assert_int_equal(s.model.n_demands, n_demands);
		stage_done(&s);
	}
	assert_int_equal(n_demands, 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_load),
	};

	json_set_alloc_funcs(malloc, free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

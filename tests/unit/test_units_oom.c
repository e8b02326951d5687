/* SPDX-License-Identifier: Apache-2.0 */
/* Every single allocation fails once: an error, or the very same view; never another. */
#include "../alloc_wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "kinds/units/units_kind.h"
#include "plan/plan.h"
#include "temp_root.h"

#define VENDOR "usr/lib/systemd/system"

static unsigned long countdown; /* that one fails; 0: none does */

static bool alloc_fails(void)
{
	return countdown && --countdown == 0;
}

static void tree(temp_root *t)
{
	static const char *const dirs[] = { "usr",	   "usr/bin",
					    "usr/lib",	   "usr/lib/systemd",
					    VENDOR,	   "etc",
					    "etc/default", "etc/systemd" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		temp_root_mkdir(t, dirs[i]);
	temp_root_write(t, "usr/bin/dockerd", "");
	temp_root_write(t, "etc/default/docker", "C=--icc\n");
	temp_root_write(t, "etc/systemd/system.conf",
			"[Manager]\nDefaultEnvironment=D=1\n");
	temp_root_write(t, VENDOR "/docker.service",
			"[Service]\nEnvironment=A=--debug \"B=--init --x\" D=1\n"
			"EnvironmentFile=/etc/default/docker\n"
			"PassEnvironment=E\nUnsetEnvironment=D\n"
			"ExecStart=dockerd -H fd:// $A $B $C $D $E\n");
	temp_root_write(t, VENDOR "/docker.socket",
			"[Socket]\nListenStream=/run/docker.sock\n");
}

/* One run in which the @nth allocation fails. false: none failed. */
static bool run(temp_root *t, unsigned long nth, hf_strbuf *out)
{
	static const hf_record record;
	static hf_facts facts;
	const char *refs[] = { "exec:docker.service", "socket:docker.service" };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	cleanup_(hf_plan_done) hf_plan plan = { .record = &record, .facts = &facts };
	hf_diags diags = { 0 };
	hf_model model = { .refs = refs, .n_refs = ARRAY_SIZE(refs) };
	const hf_unit_view *view;
	bool failed;
	int r;

	plan.diags = &diags;
	countdown = nth;
	r = hf_kind_units.observe(&t->host, &model, &plan, &err);
	if (r == 0)
		r = hf_kind_units.plan(&model, &plan, &err);
	failed = nth && countdown == 0;
	countdown = 0;
	hf_diags_done(&diags);
	if (r < 0) {
		assert_int_equal(r, -ENOMEM);
		assert_non_null(err);
		return failed;
	}
	view = hf_map_get(&plan.units, "docker.service");
	assert_non_null(view);
	hf_strbuf_addf(out, "%s %s:", view->fragment ? view->fragment : view->why,
		       view->argv_why);
	for (size_t i = 0; i < view->n_argv; i++)
		hf_strbuf_addf(out, " %s", view->argv[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(refs); i++) {
		const hf_ref_values *values = hf_map_get(&plan.refs, refs[i]);

		hf_strbuf_addf(out, "; %s", values->n ? values->values[0] : values->why);
	}
	return failed;
}

static void one_at_a_time(void **state)
{
	static const char expected[] =
		"/usr/lib/systemd/system/docker.service the variable 'E' is known only "
		"to the running manager: dockerd -H fd:// --debug --init --x --icc; "
		"/usr/bin/dockerd; /run/docker.sock";
	temp_root *t = *state;
	unsigned long n = 0;
	bool failed = true;

	tree(t);
	for (; failed; n++) {
		cleanup_(hf_strbuf_done) hf_strbuf out = { 0 };

		failed = run(t, n, &out) || n == 0;
		if (out.len)
			assert_string_equal(hf_strbuf_str(&out), expected);
	}
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_at_a_time, temp_root_make,
						temp_root_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

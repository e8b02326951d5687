/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that are not like others, and what is seen beside the controls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_world.h"

/* Has no value on its line, and is no field of the kernel's status. */
static void loginuid_immutable(void **state)
{
	static const char *const empty[] = { NULL };
	static const char zz[] = "/etc/audit/rules.d/zz-holdfast.rules";
	world *w = *state;

	kind_world_control(w, "a", "settings: {loginuid_immutable: true}");
	plan(w);
	assert_string_equal(after(w, zz), "## Made by holdfast, which writes it anew: "
					  "keep settings of your own in other files.\n"
					  "# a\n--loginuid-immutable\n");
	apply(w);
	assert_string_equal(rows(w), "");
	kernel = empty;
	plan(w);
	assert_string_equal(rows(w),
			    "drift live audit:setting loginuid_immutable: false\n");
	assert_string_equal(ops(w), "set loginuid_immutable 1\n");
	/* a rules file of others that says so */
	kernel = NULL;
	assert_int_equal(unlinkat(w->t->fd, &zz[1], 0), 0);
	temp_root_write(w->t, "etc/audit/rules.d/20.rules", "--loginuid-immutable\n");
	plan(w);
	assert_string_equal(rows(w), "");
	kind_world_control(w, "b", "absent: [--loginuid-immutable, -e2]");
	temp_root_write(w->t, "etc/audit/rules.d/30.rules", "-e 2\n");
	w->controls[0].disabled = "no";
	plan(w);
	assert_string_equal(after(w, "/etc/audit/rules.d/20.rules"),
			    "# holdfast(b): --loginuid-immutable\n");
	assert_string_equal(after(w, "/etc/audit/rules.d/30.rules"),
			    "# holdfast(b): -e 2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loginuid_immutable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

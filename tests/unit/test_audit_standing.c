/* SPDX-License-Identifier: Apache-2.0 */
/* How a demanded rule stands among foreign ones, on disk and in the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_world.h"

#define FOREIGN "etc/audit/rules.d/10.rules"

/* libaudit 3.1.3 and later add the syscalls of perm to an explicit list: the rule says
 * never to more than its text. */
static void perm_widens(void **state)
{
	static const char never[] =
		"-a never,exit -F arch=b64 -S mount -F path=/etc/issue -F perm=wa\n";
	static const struct {
		const char *audit;
		const char *rows;
	} cases[] = {
		{ "3.0.9", "" },
		{ "3.1.2", "" },
		{ "4.0.2",
		  "drift persisted audit:" B64 "-F path=/etc/issue -F perm=wa: shadowed "
		  "(/etc/audit/rules.d/10.rules:1 says never to it: -a never,exit "
		  "-F arch=b64 -F path=/etc/issue -F perm=wa)\n" },
	};
	world *w = *state;

	kind_world_control(w, "a", "rules: [{watch: /etc/issue, perm: wa}]");
	plan(w);
	apply(w);
	assert_string_equal(rows(w), "");
	temp_root_write(w->t, FOREIGN, never);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(hf_facts_set(&w->facts, "audit", HF_PRESENT,
					      cases[i].audit, "test", NULL),
				 0);
		plan(w);
		assert_string_equal(rows(w), cases[i].rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(perm_widens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

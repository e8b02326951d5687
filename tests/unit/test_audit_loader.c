/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of rules are loaded by, and how they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_world.h"

#define LOADS_NOTHING                                                                    \
	"(nothing loads audit rules at boot: the enabled unit is masked, or runs "       \
	"neither "                                                                       \
	"augenrules --load nor auditctl -R)"

/* Drop-ins take the loader out, or give another one. */
static void loader_dropins(void **state)
{
	static const struct {
		const char *path, *text;
		bool merges;
	} cases[] = {
		{ "etc/systemd/system/auditd.service.d/x.conf",
		  "[Service]\nExecStartPost=\n", false },
		{ "run/systemd/system/auditd.service.d/y.conf",
		  "[Service]\nExecStartPost = -/sbin/augenrules --load\n", true },
		/* hidden by the one of the same name in /etc */
		{ "usr/lib/systemd/system/auditd.service.d/x.conf",
		  "[Service]\nExecStartPost=/sbin/augenrules --load\n", true },
		{ "usr/lib/systemd/system/service.d/z.conf",
		  "[Service]\nExecStart=\nExecStartPost=\n", false },
		{ "etc/systemd/system/service.d/z.conf", "", true },
	};
	world *w = *state;

	temp_root_mkdir(w->t, "run/systemd");
	temp_root_mkdir(w->t, "run/systemd/system");
	temp_root_mkdir(w->t, "run/systemd/system/auditd.service.d");
	temp_root_mkdir(w->t, "etc/systemd/system/auditd.service.d");
	temp_root_mkdir(w->t, "etc/systemd/system/service.d");
	temp_root_mkdir(w->t, "usr/lib/systemd/system/auditd.service.d");
	temp_root_mkdir(w->t, "usr/lib/systemd/system/service.d");
	kind_world_control(w, "a", etc_docker);
	plan(w);
	apply(w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		temp_root_write(w->t, cases[i].path, cases[i].text);
		plan(w);
		if (cases[i].merges ? *rows(w) : !strstr(rows(w), LOADS_NOTHING))
			fail_msg("%s: %s", cases[i].path, rows(w));
	}
}

/* Units are read as systemd reads them. */
static void loader_text(void **state)
{
	static const struct {
		const char *text;
		bool merges;
	} cases[] = {
		{ "[Service]\nExecStartPost=-/sbin/augenrules \\\n# why\n  --load\n",
		  true },
		{ "[Unit]\nExecStartPost=-/sbin/augenrules --load\n", false },
		{ "[Service]\n;ExecStartPost=-/sbin/augenrules --load\n", false },
		{ "[Service]\nExecStartPost=/sbin/augenrules\nExecStart=/x --load\n",
		  false },
		{ "[Service]\r\n ExecStartPost =\t-/sbin/augenrules --load\r\n", true },
		{ "[Service]\nExecStart=/sbin/augenrules --load\n[Install]\nExecStart=\n",
		  true },
	};
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	plan(w);
	apply(w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		temp_root_write(w->t, "usr/lib/systemd/system/auditd.service",
				cases[i].text);
		plan(w);
		if (cases[i].merges ? *rows(w) : !strstr(rows(w), LOADS_NOTHING))
			fail_msg("%s: %s", cases[i].text, rows(w));
	}
	/* audit 4: another unit, which auditd.service pulls in */
	temp_root_write(w->t, "usr/lib/systemd/system/audit-rules.service",
			"[Service]\nExecStart=/sbin/augenrules --load\n");
	temp_root_write(w->t, "usr/lib/systemd/system/auditd.service",
			"[Unit]\nWants=a.service \\\n audit-rules.service\n[Service]\n"
			"ExecStart=/sbin/auditd\n");
	plan(w);
	assert_string_equal(rows(w), "");
	temp_root_write(w->t, "usr/lib/systemd/system/auditd.service",
			"[Unit]\nWants=audit-rules.service.bak\n#Requires="
			"audit-rules.service\n[Service]\nExecStart=/sbin/auditd\n");
	plan(w);
	assert_non_null(strstr(rows(w), LOADS_NOTHING));
}

/* The package was removed, its units and files stayed: nothing would load the rules, and
 * what is demanded is written all the same. */
static void loader_not_installed(void **state)
{
#define NOT_INSTALLED ", which the enabled unit needs for it, is not installed)"
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "gone", "absent: ['-a never,task']");
	assert_int_equal(unlinkat(w->t->fd, "usr/sbin/auditctl", 0), 0);
	plan(w);
	apply(w);
	assert_string_equal(changes(w), "");
	assert_non_null(strstr(rows(w), "finding persisted audit:" B64 ETC
					": loaded (nothing loads audit rules at boot: "
					"auditctl" NOT_INSTALLED));
	assert_int_equal(unlinkat(w->t->fd, "usr/sbin/augenrules", 0), 0);
	temp_root_write(w->t, "etc/audit/rules.d/10.rules", "-a never,task\n");
	plan(w);
	for (size_t i = 0; i < w->plan.n_groups; i++)
		assert_non_null(w->plan.groups[i]->after);
	apply(w);
	assert_string_equal(changes(w), "");
	temp_root_write(w->t, "usr/sbin/auditctl", "");
	plan(w);
	assert_non_null(strstr(rows(w), "augenrules" NOT_INSTALLED));
	/* where the command says they are they are found, too */
	temp_root_mkdir(w->t, "opt");
	temp_root_write(w->t, "opt/augenrules", "");
	temp_root_write(w->t, "usr/lib/systemd/system/auditd.service",
			"[Service]\nExecStartPost=-/opt/augenrules --load\n");
	plan(w);
	assert_string_equal(rows(w), "");
	temp_root_write(w->t, "usr/lib/systemd/system/auditd.service",
			"[Service]\nExecStartPost=-/sbin/auditctl -R "
			"/etc/audit/audit.rules\n");
	plan(w);
	assert_string_equal(rows(w), "");
}

/* Where units cannot be looked at nobody knows what loads the rules; a link that leads
 * nowhere holds none. */
static void loader_not_seen(void **state)
{
	world *w = *state;

	temp_root_mkdir(w->t, "run/systemd");
	kind_world_control(w, "a", etc_docker);
	plan(w);
	apply(w);
	temp_root_link(w->t, "nowhere", "run/systemd/system");
	plan(w);
	assert_string_equal(rows(w), "");
	assert_int_equal(unlinkat(w->t->fd, "run/systemd/system", 0), 0);
	temp_root_link(w->t, "system", "run/systemd/system");
	plan(w);
	assert_non_null(strstr(rows(w), "unknown"));
	assert_non_null(strstr(rows(w), "/run/systemd/system"));
}

/* auditctl -R looks at the owner and the mode of the file that it loads. */
static void owner_of_the_merged(void **state)
{
	static const struct {
		const char *audit;
		bool refused;
	} c[] = {
		{ NULL, true },	    { "3.0.9", true }, { "4.0.2", false },
		{ "4.1.2", false }, { "4.2.1", true },
	};
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	plan(w);
	apply(w);
	assert_int_equal(fchmodat(w->t->fd, "etc/audit/audit.rules", 0666, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		if (c[i].audit)
			assert_int_equal(hf_facts_set(&w->facts, "audit", HF_PRESENT,
						      c[i].audit, "test", NULL),
					 0);
		plan(w);
		if (!strstr(rows(w), c[i].refused ? "nothing loads audit rules at boot: "
						    "anybody may write to "
						    "/etc/audit/audit.rules, and "
						    "auditctl refuses it"
						  : "what is loaded at boot may be "
						    "anything: anybody may write to "
						    "/etc/audit/audit.rules"))
			fail_msg("%s: %s", c[i].audit, rows(w));
	}
	assert_int_equal(fchmodat(w->t->fd, "etc/audit/audit.rules", 0640, 0), 0);
	if (geteuid() != 0)
		skip(); /* giving files away */
	assert_int_equal(fchownat(w->t->fd, "etc/audit/audit.rules", 1000, 0, 0), 0);
	assert_int_equal(
		hf_facts_set(&w->facts, "audit", HF_PRESENT, "3.0.9", "test", NULL), 0);
	plan(w);
	assert_non_null(strstr(rows(w), "/etc/audit/audit.rules belongs to uid 1000, and "
					"auditctl 3.0.9 refuses it"));
	assert_int_equal(
		hf_facts_set(&w->facts, "audit", HF_PRESENT, "4.0.2", "test", NULL), 0);
	plan(w);
	assert_string_equal(rows(w), "");
}

/* Where audit.rules is loaded as it stands, it is made anew from the files of rules.d:
 * what those ask of the host is known, tools or no tools, and a setting that waits for it
 * is a change. */
static void stale_and_direct(void **state)
{
	world *w = *state;

	temp_root_write(w->t, "usr/lib/systemd/system/auditd.service",
			"[Service]\nExecStartPost=-/sbin/auditctl -R "
			"/etc/audit/audit.rules\n");
	temp_root_mkdir(w->t, "etc/there");
	temp_root_write(w->t, "etc/audit/rules.d/audit.rules",
			"-a always,exit -F dir=/etc/there -F perm=wa\n-f 1\n");
	assert_int_equal(unlinkat(w->t->fd, "usr/sbin/augenrules", 0), 0);
	kind_world_control(
		w, "a", "rules: [{rule: '-a always,exit -F dir=/etc/there -F perm=wa'}]");
	kind_world_control(w, "b", "settings: {failure: 1}");
	plan(w);
	assert_string_equal(
		changes(w),
		"update persisted audit:-a always,exit -F dir=/etc/there -F perm=wa\n"
		"update persisted audit:setting failure\n");
	assert_non_null(strstr(after(w, "/etc/audit/audit.rules"),
			       "\n-f 1\n-a always,exit -F dir=/etc/there -F perm=wa\n"));
	apply(w);
	assert_string_equal(changes(w), "");
	assert_null(strstr(rows(w), "drift"));
	/* what must stand nowhere stands only there */
	kind_world_control(w, "c", "absent: ['-w /etc/gone']");
	temp_root_write(
		w->t, "etc/audit/audit.rules",
		"-w /etc/gone\n-f 1\n-a always,exit -F dir=/etc/there -F perm=wa\n");
	plan(w);
	assert_non_null(strstr(changes(w), "delete persisted audit:absent"));
	apply(w);
	assert_string_equal(changes(w), "");
	assert_null(strstr(rows(w), "drift"));
	/* what is of no account to a demand is no reason to write it */
	temp_root_write(w->t, "etc/audit/audit.rules",
			"-f 1\n-a always,exit -F dir=/etc/there -F perm=wa\n");
	plan(w);
	assert_string_equal(changes(w), "");
	assert_int_equal(w->plan.n_groups, 0);
}

/* Lines behind one that stops the load are looked at for when that is taken out. */
static void behind_what_is_taken_out(void **state)
{
	world *w = *state;

	assert_int_equal(
		hf_facts_set(&w->facts, "audit", HF_PRESENT, "4.1.0", "test", NULL), 0);
	/* audit 4.1.0 takes -A for -d, and there is no such rule */
	temp_root_write(w->t, "etc/audit/rules.d/10.rules",
			"-A always,exit -S open\n-a always,exit -F dir=/etc/audit\n");
	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "b", "absent: ['-A always,exit -S open']");
	plan(w);
	for (size_t i = 0; i < w->plan.n_changes; i++)
		if (w->plan.changes[i]->blocked)
			fail_msg("blocked: %s", w->plan.changes[i]->blocked);
	apply(w);
	assert_string_equal(changes(w), "");
}

/* A setting that holds, and will not for what the plan brings back: said so. */
static void setting_behind_a_line_of_others(void **state)
{
	world *w = *state;
	hf_control *c;

	temp_root_write(w->t, "etc/audit/rules.d/10.rules",
			"-w /etc/docker -p r\n# holdfast(b): -w /etc/docker -p r\n");
	kind_world_control(w, "a", "settings: {enabled: true}");
	c = kind_world_control(w, "b", "absent: ['-w /etc/nothing']");
	c->disabled = "no";
	temp_root_write(w->t, "etc/audit/rules.d/zz-holdfast.rules", "-e 1\n");
	plan(w);
	assert_non_null(strstr(rows(w), "drift persisted audit:setting enabled"));
	assert_non_null(strstr(rows(w), "with this plan: the load stops at "
					"/etc/audit/rules.d/10.rules:2"));
}

/* A line that augenrules strips of its CR is found all the same, and keeps it. */
static void absent_with_cr(void **state)
{
	world *w = *state;
	hf_control *c = kind_world_control(w, "b", "absent: ['-a never,exit -F uid=5']");

	kind_world_control(w, "a", etc_docker);
	temp_root_write(w->t, "usr/sbin/augenrules", "sed 's/\\r$//'\n");
	temp_root_write(w->t, "etc/audit/rules.d/10.rules",
			"-a never,exit -F uid=5\r\n-w /etc/x\r\n");
	plan(w);
	assert_string_equal(after(w, "/etc/audit/rules.d/10.rules"),
			    "# holdfast(b): -a never,exit -F uid=5\r\n-w /etc/x\r\n");
	apply(w);
	assert_string_equal(changes(w), "");
	c->disabled = "no";
	plan(w);
	assert_string_equal(after(w, "/etc/audit/rules.d/10.rules"),
			    "-a never,exit -F uid=5\r\n-w /etc/x\r\n");
}

/* The loop over the files of rules.d: that of audit 4.2 takes names with blanks. */
static void names_with_blanks(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	temp_root_write(w->t, "etc/audit/rules.d/0 never.rules", "-a never,task\n");
	plan(w);
	assert_null(strstr(rows(w), "0 never.rules"));
	temp_root_write(w->t, "usr/sbin/augenrules",
			"sort -zV | xargs -0r cat -- | awk '\n");
	plan(w);
	assert_non_null(strstr(rows(w), "/etc/audit/rules.d/0 never.rules"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loader_dropins),
		TEST(loader_text),
		TEST(loader_not_seen),
		TEST(loader_not_installed),
		TEST(owner_of_the_merged),
		TEST(absent_with_cr),
		TEST(names_with_blanks),
		TEST(stale_and_direct),
		TEST(setting_behind_a_line_of_others),
		TEST(behind_what_is_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

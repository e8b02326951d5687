/* SPDX-License-Identifier: Apache-2.0 */
/* How a demanded rule stands among foreign ones, on disk and in the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_world.h"
#include "host/fs.h"
#include "kinds/audit/audit_kernel.h"

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

/* Rules of other lists that take the events of the exit list's. */
static void other_lists(void **state)
{
	static const struct {
		const char *line;
		const char *says; /* of the row; NULL: nothing */
		bool all;
	} cases[] = {
		{ "-a never,task", "says never to it", true },
		{ "-a never,task -F uid>=0", "says never to it", true },
		{ "-a never,task -F uid=33", "may take some of its events first", false },
		{ "-a always,task", NULL, false },
		{ "-a never,exclude -F pid>=0", "drops its records", true },
		{ "-a always,exclude -F msgtype=SYSCALL", "drops its records", true },
		{ "-a always,exclude -F msgtype>=1300 -F msgtype<=1310",
		  "drops its records", true },
		{ "-a never,exclude -F uid=0", "may take some of its events first",
		  false },
		{ "-a always,exclude -F msgtype!=CWD -F auid=5",
		  "may take some of its events first", false },
		{ "-a always,exclude -F msgtype=CWD", NULL, false },
		{ "-a never,filesystem -F fstype=0xEF53",
		  "may take some of its events first", false },
		{ "-a always,filesystem -F fstype=0xEF53", NULL, false },
		{ "-a never,user -F uid=0", NULL, false },
	};
	world *w = *state;

	kind_world_control(w, "a", "rules: [{rule: '" B64 ETC "'}]");
	plan(w);
	apply(w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const list[] = { cases[i].line, B64 ETC, NULL };
		const char *state_name = cases[i].all ? "drift" : "pass";
		const char *found = cases[i].all ? "shadowed" : "loaded";
		cleanup_(hf_strbuf_done) hf_strbuf want = { 0 };

		hf_strbuf_addf(&want, "%s\n", cases[i].line);
		temp_root_write(w->t, FOREIGN, hf_strbuf_str(&want));
		kernel = list;
		plan(w);
		hf_strbuf_reset(&want);
		if (cases[i].says)
			hf_strbuf_addf(&want,
				       "%s persisted audit:" B64 ETC
				       ": %s (/etc/audit/rules.d/10.rules:1 %s: ",
				       state_name, found, cases[i].says);
		if (!cases[i].says
			    ? rows(w)[0] != '\0'
			    : strncmp(rows(w), hf_strbuf_str(&want), want.len) != 0)
			fail_msg("'%s': %s", cases[i].line, rows(w));
		hf_strbuf_reset(&want);
		hf_strbuf_addf(&want, "%s live audit:" B64 ETC ": %s (the kernel's list ",
			       state_name, found);
		if (cases[i].says && !strstr(rows(w), hf_strbuf_str(&want)))
			fail_msg("'%s': %s", cases[i].line, rows(w));
	}
	/* a rule about no path loses nothing to the filesystem list */
	temp_root_write(w->t, FOREIGN, "-a never,filesystem -F fstype=0xEF53\n");
	kernel = NULL;
	kind_world_control(w, "b", "rules: [{rule: '" B64 "-S mount -F key=m'}]");
	plan(w);
	apply(w);
	assert_null(strstr(rows(w), "mount"));
}

/* An earlier never about some of the events is noted; about all of one ABI it is drift.
 */
static void partly_taken(void **state)
{
#define PASSWD "-F path=/etc/passwd -F perm=wa"
#define WATCH "-a always,exit " PASSWD
	static const struct {
		const char *line;
		const char *rows;
	} cases[] = {
		{ "-a never,exit -F arch=b64 " PASSWD,
		  "drift persisted audit:" WATCH
		  ": shadowed (/etc/audit/rules.d/10.rules:1 says never to it: "
		  "-a never,exit -F arch=b64 " PASSWD ")\n"
		  "drift live audit:" WATCH
		  ": shadowed (the kernel's list says never to it first: "
		  "-a never,exit -F arch=b64 " PASSWD ")\n" },
		{ "-a never,exit -F path=/etc/passwd -F perm=rw",
		  "pass persisted audit:" WATCH
		  ": loaded (/etc/audit/rules.d/10.rules:1 may take some of its events "
		  "first: -a never,exit -F path=/etc/passwd -F perm=rw)\n"
		  "pass live audit:" WATCH
		  ": loaded (the kernel's list may take some of its events first: "
		  "-a never,exit -F path=/etc/passwd -F perm=rw)\n" },
		{ "-a never,exit " PASSWD " -F auid>=1000",
		  "pass persisted audit:" WATCH
		  ": loaded (/etc/audit/rules.d/10.rules:1 may take some of its events "
		  "first: -a never,exit " PASSWD " -F auid>=1000)\n"
		  "pass live audit:" WATCH
		  ": loaded (the kernel's list may take some of its events first: "
		  "-a never,exit " PASSWD " -F auid>=1000)\n" },
		{ "-a never,exit -F arch=b64 -S adjtimex", "" },
		{ "-a never,exit -F path=/etc/passwdx", "" },
		{ "-a never,exit -F path=/etc/passwd -F perm=x", "" },
	};
	const char *const behind[] = { WATCH, "-a never,exit -F arch=b64 " PASSWD, NULL };
	world *w = *state;

	kind_world_control(w, "a", "rules: [{rule: '" WATCH "'}]");
	plan(w);
	apply(w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const list[] = { cases[i].line, WATCH, NULL };
		char *text = hf_arena_printf(&w->model.arena, "%s\n", cases[i].line);

		temp_root_write(w->t, FOREIGN, text);
		kernel = list;
		plan(w);
		assert_string_equal(rows(w), cases[i].rows);
	}
	/* behind ours none of them takes anything */
	temp_root_write(w->t, FOREIGN, "");
	temp_root_write(w->t, "etc/audit/rules.d/90.rules",
			"-a never,exit -F arch=b64 " PASSWD "\n");
	kernel = behind;
	plan(w);
	assert_string_equal(rows(w), "");
}

/* A directory's rule loses the events of a file in it. */
static void taken_below(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	plan(w);
	apply(w);
	temp_root_write(w->t, FOREIGN,
			"-a never,exit -F arch=b64 -F path=/etc/docker/k\n");
	plan(w);
	assert_string_equal(
		rows(w),
		"pass persisted audit:" B64 ETC
		": loaded (/etc/audit/rules.d/10.rules:1 may take some of its "
		"events first: -a never,exit -F arch=b64 -F path=/etc/docker/k)\n");
}

/* What was taken out for us stays out as long as it would take our events. */
static void stays_out(void **state)
{
	world *w = *state;
	hf_control *c;

	kind_world_control(w, "a", etc_docker);
	c = kind_world_control(w, "b", "absent: ['-a never,exclude -F pid>=0']");
	temp_root_write(w->t, FOREIGN, "-a never,exclude -F pid>=0\n");
	plan(w);
	apply(w);
	assert_string_equal(rows(w), "");
	c->disabled = "no";
	plan(w);
	assert_null(after(w, "/" FOREIGN));
}

/* The kernel follows no symlink for dir=: what is behind one is not below it. */
static void behind_symlinks(void **state)
{
#define FILE_B64 B64 "-F path=/var/spool/x/f -F perm=wa"
	static const struct {
		const char *dir;
		bool reaches;
	} cases[] = {
		{ "/var/spool", false }, /* the link itself */
		{ "/var", false },	 /* ... on the way */
		{ "/var/spool/x", true } /* parents are followed */
	};
	world *w = *state;

	temp_root_mkdir(w->t, "data");
	temp_root_mkdir(w->t, "data/spool");
	temp_root_mkdir(w->t, "data/spool/x");
	temp_root_link(w->t, "/data/spool", "var/spool");
	kind_world_control(w, "a", "rules: [{rule: '" FILE_B64 "'}]");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *line = hf_arena_printf(&w->model.arena, B64 "-F dir=%s -F perm=wa",
					     cases[i].dir);
		const char *want;

		temp_root_write(w->t, FOREIGN,
				hf_arena_printf(&w->model.arena, "%s\n", line));
		plan(w);
		want = cases[i].reaches
			       ? hf_arena_printf(&w->model.arena,
						 "pass persisted audit:" FILE_B64
						 ": loaded (met by "
						 "/etc/audit/rules.d/10.rules:1: %s)\n",
						 line)
			       : hf_arena_printf(
					 &w->model.arena,
					 "drift persisted audit:" FILE_B64
					 ": absent (/etc/audit/rules.d/10.rules:1: "
					 "%s does not reach behind the symlink "
					 "/var/spool)\n",
					 line);
		assert_string_equal(rows(w), want);
		assert_int_equal(after(w, OWN) != NULL, !cases[i].reaches);
		kernel = (const char *const[]){ line, NULL };
		plan(w);
		assert_int_equal(strstr(rows(w), "(the kernel's list: ") != NULL,
				 !cases[i].reaches);
		assert_int_equal(*ops(w) != '\0', !cases[i].reaches);
		kernel = NULL;
	}
}

/* A kernel that does not audit: what the files say is in force nowhere. */
static void kernel_off(void **state)
{
	static const char why[] = "the kernel does not audit";
	world *w = *state;
	hf_error *err = NULL;
	hf_audit_obs *obs;

	kind_world_control(w, "a", "rules: [{rule: '" B64 ETC "'}]");
	kind_world_control(w, "b", "settings: {backlog_limit: 8192}");
	plan(w);
	apply(w);
	kind_world_forget_plan(w);
	assert_int_equal(hf_kind_audit.observe(&w->t->host, &w->model, &w->plan, &err),
			 0);
	w->plan.options.offline = false;
	obs = w->plan.obs[HF_RANK_AUDIT];
	obs->live = HF_UNKNOWN;
	obs->off = true;
	obs->live_why = why;
	assert_int_equal(hf_kind_audit.plan(&w->model, &w->plan, &err), 0);
	assert_string_equal(
		rows(w), "finding persisted audit:" B64 ETC
			 ": loaded (the kernel does not audit)\n"
			 "finding live audit:" B64 ETC ": - (the kernel does not audit)\n"
			 "finding live audit:setting backlog_limit: - (the kernel does "
			 "not audit)\n");
	assert_string_equal(changes(w), "");
}

/* The kernel drops a rule with its directory, and says nothing. */
static void dropped(void **state)
{
	static const char *const none[] = { NULL };
	world *w = *state;
	hf_inode inode;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "b", "rules: [{watch: /run/made/x, perm: wa}]");
	temp_root_write(w->t, "usr/lib/tmpfiles.d/x.conf", "d /run/made 0755\n");
	temp_root_mkdir(w->t, "run/made");
	plan(w);
	apply(w);
	kernel = none;
	assert_int_equal(hf_fs_inode(&w->t->host, "/etc/docker", 0, &inode, NULL), 0);
	if (!inode.born_nsec)
		skip(); /* not every file system tells */
	auditd_nsec = inode.born_nsec - 1;
	plan(w);
	assert_string_equal(
		rows(w),
		"drift live audit:" B64 ETC
		": absent (the directory /etc/docker was made "
		"after the rules were loaded: the kernel drops a rule with its "
		"directory)\n"
		"drift live audit:" B32 ETC
		": absent (the directory /etc/docker was made "
		"after the rules were loaded: the kernel drops a rule with its "
		"directory)\n"
		"drift live audit:" B64 "-F path=/run/made/x -F perm=wa: absent (the "
		"directory /run/made was made after the rules were loaded: the kernel "
		"drops a rule with its directory)\n"
		"drift live audit:" B32 "-F path=/run/made/x -F perm=wa: absent (the "
		"directory /run/made was made after the rules were loaded: the kernel "
		"drops a rule with its directory)\n");
	assert_string_equal(ops(w),
			    "prepend " B32 "-F path=/run/made/x -F perm=wa\nprepend " B64
			    "-F path=/run/made/x -F perm=wa\nprepend " B32 ETC
			    "\nprepend " B64 ETC "\n");
	assert_int_equal(unlinkat(w->t->fd, "run/made", AT_REMOVEDIR), 0);
	/* the same directory as ever: some other cause */
	auditd_nsec = inode.born_nsec;
	plan(w);
	assert_string_equal(
		rows(w),
		"drift live audit:" B64 ETC ": absent\n"
		"drift live audit:" B32 ETC ": absent\n"
		"not-applicable live audit:" B64 "-F path=/run/made/x -F perm=wa: absent "
		"(the directory /run/made has gone since the rules were loaded: the "
		"kernel drops a rule with its directory)\n"
		"not-applicable live audit:" B32 "-F path=/run/made/x -F perm=wa: absent "
		"(the directory /run/made has gone since the rules were loaded: the "
		"kernel drops a rule with its directory)\n");
	auditd_nsec = 0;
	plan(w);
	assert_non_null(strstr(rows(w), "(the directory /run/made is not there now)"));
	assert_string_equal(ops(w), "prepend " B32 ETC "\nprepend " B64 ETC "\n");
}

/* What is mounted below a watched directory may be behind the rule's back. */
static void mounts(void **state)
{
	static const char *const rules[] = { B64 ETC, B32 ETC, NULL };
	static const char *const nothing[] = { "/", "/etc", "/etc/docker",
					       "/etc/docker-x", "/etc/dockes" };
	static const char *const two[] = { "/", "/etc/docker/a b", "/etc/docker/c/d",
					   "/etc/dockes" };
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	plan(w);
	apply(w);
	kernel = rules;
	mount_points = nothing;
	n_mount_points = ARRAY_SIZE(nothing);
	plan(w);
	assert_string_equal(rows(w), "");
	mount_points = two;
	n_mount_points = ARRAY_SIZE(two);
	plan(w);
	assert_string_equal(
		rows(w),
		"pass live audit:" B64 ETC ": loaded (/etc/docker/a b (and others) is "
		"mounted below /etc/docker: the rule covers what was mounted there "
		"before it was loaded, or what auditctl -q has told the kernel of)\n"
		"pass live audit:" B32 ETC ": loaded (/etc/docker/a b (and others) is "
		"mounted below /etc/docker: the rule covers what was mounted there "
		"before it was loaded, or what auditctl -q has told the kernel of)\n");
	assert_string_equal(ops(w), "");
}

/* Between what is demanded and the directory of the rule that meets it. */
static void mounts_between(void **state)
{
	static const char *const rules[] = { "-a always,exit -F dir=/ -F perm=wa", NULL };
	static const char *const points[] = { "/", "/etc", "/etc/docker/x", "/srv" };
	world *w = *state;

	kind_world_control(w, "a",
			   "rules: [{rule: '" B64 "-F path=/etc/docker/k -F "
			   "perm=w'}]");
	temp_root_write(w->t, "etc/audit/rules.d/10.rules",
			"-a always,exit -F dir=/ -F perm=wa\n");
	kernel = rules;
	mount_points = points;
	n_mount_points = ARRAY_SIZE(points);
	plan(w);
	assert_non_null(strstr(rows(w),
			       "(met by -a always,exit -F dir=/ -F perm=wa; /etc "
			       "is mounted below /: the rule covers"));
}

static const char *noted(world *w, hf_diag_level level)
{
	const char *text = w->diags.n ? w->diags.items[w->diags.n - 1].message : "";

	if (*text)
		assert_int_equal(w->diags.items[w->diags.n - 1].level, level);
	w->diags.n = 0;
	return text;
}

/* A dockerd that was there before auditing is never audited. */
static void older_dockerd(void **state)
{
	static const char *const rules[] = { B64 ETC, B32 ETC, NULL };
	static hf_record_entry began = { .id = "audit:auditing began" };
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "b", "settings: {enabled: true}");
	plan(w);
	apply(w);
	kernel = rules;
	dockerd_nsec = 1000000000000;
	plan(w);
	assert_string_equal(noted(w, HF_DIAG_NOTE), "");
	auditd_nsec = dockerd_nsec - 1;
	plan(w);
	assert_string_equal(noted(w, HF_DIAG_NOTE), "");
	auditd_nsec = dockerd_nsec + 1;
	plan(w);
	assert_string_equal(
		noted(w, HF_DIAG_NOTE),
		"dockerd (pid 4711): auditd, which switches auditing on, was started "
		"after it. Nothing that a thread older than auditing does is audited, "
		"whatever the rules say: restart it, unless auditing was on before; "
		"audit=1 on the kernel's command line has it on from the boot");
	auditd_nsec = 0;
	began.after = "1001";
	w->record.exists = true;
	assert_int_equal(hf_map_put(&w->record.by_id, &w->record_arena, began.id, &began),
			 0);
	plan(w);
	assert_non_null(strstr(noted(w, HF_DIAG_WARNING),
			       "holdfast has switched auditing on since"));
	began.after = "999";
	plan(w);
	assert_string_equal(noted(w, HF_DIAG_NOTE), "");
	/* which the plan that switches it on has the record keep */
	enabled = 0;
	plan(w);
	assert_non_null(
		strstr(noted(w, HF_DIAG_WARNING), "(pid 4711): auditing is off."));
	assert_int_equal(w->plan.n_notes, 1);
	assert_string_equal(w->plan.notes[0]->id, began.id);
	enabled = 1;
	plan(w);
	assert_int_equal(w->plan.n_notes, 0);
	assert_true(hf_plan_is_claimed(&w->plan, began.id));
}

static void command_lines(void **state)
{
	static const struct {
		const char *text;
		bool on;
	} cases[] = {
		{ "ro quiet audit=1\n", true },
		{ "audit=on", true },
		{ "audit=1 audit=0", false },
		{ "audit=10 ro", false },
		{ "xaudit=1 audit_backlog_limit=1", false },
		{ "", false },
		{ "audit=off audit=1 splash", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(hf_audit_is_on_from_boot(cases[i].text), cases[i].on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(perm_widens),   TEST(other_lists),	  TEST(stays_out),
		TEST(partly_taken),  TEST(taken_below),	  TEST(behind_symlinks),
		TEST(dropped),	     TEST(mounts),	  TEST(mounts_between),
		TEST(older_dockerd), TEST(command_lines), TEST(kernel_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The audit kind against a temporary tree and a made-up kernel list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "kind_world.h"
#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_live.h"
#include "kinds/audit/audit_obs.h"

typedef kind_world world;

static const char *const *kernel; /* the list there; NULL: no live layer */
static uint32_t enabled;

/* A stock Debian tree as far as audit goes. */
static int setup(void **state)
{
	static const char *const dirs[] = { "etc",
					    "etc/audit",
					    "etc/audit/rules.d",
					    "etc/docker",
					    "etc/systemd",
					    "etc/systemd/system",
					    "etc/systemd/system/multi-user.target.wants",
					    "usr",
					    "usr/sbin",
					    "usr/bin",
					    "usr/lib",
					    "usr/lib/systemd",
					    "usr/lib/systemd/system",
					    "usr/lib/tmpfiles.d",
					    "var",
					    "run" };
	world *w = kind_world_make(&hf_kind_audit);

	kernel = NULL;
	enabled = 1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		temp_root_mkdir(w->t, dirs[i]);
	temp_root_write(w->t, "usr/sbin/augenrules", "#!/bin/sh\n");
	temp_root_write(w->t, "usr/lib/systemd/system/auditd.service",
			"[Service]\nExecStartPost=-/sbin/augenrules --load\n");
	temp_root_link(w->t, "/lib/systemd/system/auditd.service",
		       "etc/systemd/system/multi-user.target.wants/auditd.service");
	temp_root_write(w->t, "etc/audit/rules.d/audit.rules", "-D\n-b 8192\n-f 1\n");
	assert_int_equal(
		hf_facts_set(&w->facts, "arch", HF_PRESENT, "x86_64", "test", NULL), 0);
	*state = w;
	return 0;
}

static void add_kernel(world *w, hf_audit_obs *obs)
{
	hf_audit_names names = { .machine = "x86_64" };
	hf_error *err = NULL;

	obs->live = HF_PRESENT;
	obs->status[HF_AUDIT_ENABLED] = enabled;
	obs->status[HF_AUDIT_BACKLOG_LIMIT] = 64;
	obs->status[HF_AUDIT_FAILURE] = 1;
	w->plan.options.offline = false;
	for (size_t i = 0; kernel[i]; i++) {
		hf_audit_entry *e =
			hf_vec_push(&w->plan.arena, obs->kernel.items, obs->kernel.n);
		hf_audit_rule *rule = hf_arena_new(&w->plan.arena, hf_audit_rule);
		hf_audit_line line;

		assert_int_equal(hf_audit_line_parse(kernel[i], &names, &w->plan.arena,
						     &line, &err),
				 0);
		*rule = line.rule;
		e->rule = rule;
	}
	assert_int_equal(hf_audit_table_index(&obs->kernel, &w->plan.arena), 0);
}

static void plan(world *w)
{
	hf_error *err = NULL;
	hf_audit_obs *obs;

	kind_world_forget_plan(w);
	assert_int_equal(hf_kind_audit.observe(&w->t->host, &w->model, &w->plan, &err),
			 0);
	obs = w->plan.obs[HF_RANK_AUDIT];
	if (kernel)
		add_kernel(w, obs);
	assert_int_equal(hf_kind_audit.plan(&w->model, &w->plan, &err), 0);
}

/* "state layer id: found (why)", in lines; rows that pass are left out. */
static const char *rows(world *w)
{
	hf_strbuf_reset(&w->text);
	for (size_t i = 0; i < w->plan.n_resources; i++) {
		const hf_resource *r = w->plan.resources[i];

		if (r->state == HF_STATE_PASS && !r->why)
			continue;
		hf_strbuf_addf(&w->text, "%s %s %s: %s", hf_state_name(r->state),
			       hf_layer_name(r->layer), r->id, r->found ? r->found : "-");
		if (r->why)
			hf_strbuf_addf(&w->text, " (%s)", r->why);
		hf_strbuf_addc(&w->text, '\n');
	}
	return hf_strbuf_str(&w->text);
}

/* "op layer id -> group", in lines. */
static const char *changes(world *w)
{
	hf_strbuf_reset(&w->text);
	for (size_t i = 0; i < w->plan.n_changes; i++) {
		const hf_change *c = w->plan.changes[i];

		hf_strbuf_addf(&w->text, "%s %s %s", hf_op_name(c->op),
			       hf_layer_name(c->layer), c->id);
		if (c->blocked)
			hf_strbuf_addf(&w->text, " blocked: %s", c->blocked);
		hf_strbuf_addc(&w->text, '\n');
	}
	return hf_strbuf_str(&w->text);
}

static const char *after(world *w, const char *path)
{
	const hf_group *g = hf_plan_group_find(&w->plan, HF_GROUP_FILE, path);

	if (!g)
		return NULL;
	return g->remove ? "(removed)" : g->after;
}

/* Writes what the plan would write, then plans again. */
static void apply(world *w)
{
	for (size_t i = 0; i < w->plan.n_groups; i++) {
		const hf_group *g = w->plan.groups[i];

		if (g->type != HF_GROUP_FILE)
			continue;
		if (g->remove)
			assert_int_equal(unlinkat(w->t->fd, g->path + 1, 0), 0);
		else
			temp_root_write(w->t, g->path + 1, g->after);
	}
	plan(w);
}

static const char *ops(world *w)
{
	static const char *const names[] = { "add ", "delete ", "set " };
	const hf_group *g =
		hf_plan_group_find(&w->plan, HF_GROUP_LIVE, "the kernel's audit rules");
	const hf_audit_live *live = g ? g->live : NULL;

	hf_strbuf_reset(&w->text);
	for (size_t i = 0; live && i < live->n; i++) {
		const hf_audit_op *op = &live->ops[i];

		hf_strbuf_adds(&w->text, names[op->type]);
		if (op->type == HF_AUDIT_OP_SET)
			hf_strbuf_addf(&w->text, "%s %u",
				       hf_audit_setting_name(op->setting), op->value);
		else if (op->rule)
			hf_audit_rule_print(&w->text, op->rule, "x86_64");
		else
			hf_strbuf_addf(&w->text, "(as it is%s%s)",
				       op->front ? ", back to the front" : "",
				       op->displaced ? ", displaced" : "");
		hf_strbuf_addc(&w->text, '\n');
	}
	return hf_strbuf_str(&w->text);
}

#define ETC "-F dir=/etc/docker -F perm=wa -F key=docker"
#define B64 "-a always,exit -F arch=b64 "
#define B32 "-a always,exit -F arch=b32 "
#define HEAD                                                                             \
	"## Made by holdfast, which writes it anew: keep rules of your own in other "    \
	"files.\n"
#define OWN "/etc/audit/rules.d/60-holdfast.rules"
static const char etc_docker[] = "rules: [{watch: /etc/docker, perm: wa, key: docker}]";

static void first_apply(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "b", etc_docker);
	kind_world_control(w, "c", "settings: {enabled: true, backlog_limit: 8192}");
	plan(w);
	assert_string_equal(rows(w), "drift persisted audit:" B64 ETC ": absent\n"
				     "drift persisted audit:" B32 ETC ": absent\n"
				     "drift persisted audit:setting enabled: unset\n");
	assert_string_equal(changes(w), "create persisted audit:" B64 ETC "\n"
					"create persisted audit:" B32 ETC "\n"
					"create persisted audit:setting enabled\n");
	assert_string_equal(after(w, OWN), HEAD "# a, b\n" B64 ETC "\n" B32 ETC "\n");
	assert_string_equal(
		after(w, "/etc/audit/audit.rules"),
		"## This file is automatically generated from /etc/audit/rules.d\n"
		"-D\n-b 8192\n-f 1\n" B64 ETC "\n" B32 ETC "\n-e 1\n");
	apply(w);
	assert_string_equal(rows(w), "");
	assert_string_equal(changes(w), "");
	assert_int_equal(w->plan.n_groups, 0);
}

/* What stands at a path decides; links give two rules; what would stop the load none. */
static void paths(void **state)
{
	world *w = *state;

	temp_root_write(w->t, "usr/sbin/runc", "");
	temp_root_link(w->t, "../sbin/runc", "usr/bin/runc");
	temp_root_write(w->t, "usr/lib/tmpfiles.d/v.conf",
			"d /run/vendor 0755 root root -\n");
	kind_world_control(w, "a",
			   "rules:\n"
			   "- {watch: /usr/bin/runc, perm: x}\n"
			   "- {watch: /etc/docker/daemon.json, perm: wa}\n"
			   "- {watch: /etc/docker/certs.d, type: dir, perm: wa}\n"
			   "- {watch: /etc/nosuch/x, perm: wa}\n"
			   "- {watch: /run/vendor/sock, perm: wa}\n"
			   "- {watch: /run/own, type: dir, perm: wa}\n"
			   "- {watch: /run/made, create: {mode: '0710'}, perm: wa}\n"
			   "- {watch: /run/made/sock, perm: wa}\n"
			   "- {rule: '-a always,exit -F dir=/nosuch -F perm=wa'}\n");
	plan(w);
	assert_string_equal(
		rows(w),
		"not-applicable persisted audit:watch /etc/docker/certs.d: - (the "
		"directory "
		"/etc/docker/certs.d does not exist, and the rule would stop the load of "
		"all rules "
		"behind it)\n"
		"not-applicable persisted audit:watch /etc/nosuch/x: - (the directory "
		"/etc/nosuch "
		"does not exist, and the rule would stop the load of all rules behind "
		"it)\n"
		"not-applicable persisted audit:watch /run/own: - (the directory "
		"/run/own does not "
		"exist yet when rules load at boot (/run is empty then), and the rule "
		"would stop the "
		"load of all rules behind it)\n"
		"not-applicable persisted audit:-a always,exit -F dir=/nosuch -F "
		"perm=wa: - (the "
		"directory /nosuch does not exist, and the rule would stop the load of "
		"all rules "
		"behind it)\n"
		"drift persisted audit:" B64 "-F path=/usr/bin/runc -F perm=x: absent\n"
		"drift persisted audit:" B32 "-F path=/usr/bin/runc -F perm=x: absent\n"
		"drift persisted audit:" B64 "-F path=/usr/sbin/runc -F perm=x: absent\n"
		"drift persisted audit:" B32 "-F path=/usr/sbin/runc -F perm=x: absent\n"
		"drift persisted audit:" B64
		"-F path=/etc/docker/daemon.json -F perm=wa: absent\n"
		"drift persisted audit:" B32
		"-F path=/etc/docker/daemon.json -F perm=wa: absent\n"
		"drift persisted audit:" B64
		"-F path=/run/vendor/sock -F perm=wa: absent\n"
		"drift persisted audit:" B32
		"-F path=/run/vendor/sock -F perm=wa: absent\n"
		"drift persisted audit:" B64 "-F dir=/run/made -F perm=wa: absent\n"
		"drift persisted audit:" B32 "-F dir=/run/made -F perm=wa: absent\n"
		"drift persisted audit:" B64 "-F path=/run/made/sock -F perm=wa: absent\n"
		"drift persisted audit:" B32 "-F path=/run/made/sock -F perm=wa: absent\n"
		"drift persisted audit:create /run/made: absent\n");
	assert_string_equal(
		after(w, "/etc/tmpfiles.d/holdfast.conf"),
		"# Made by holdfast: directories that audit rules watch, made before "
		"rules load\n# a\nd /run/made :0710 :root :root -\n");
}

/* Foreign rules: equal and wider ones meet; never, and bad lines, are named. */
static void foreign(void **state)
{
	static const struct {
		const char *file;
		const char *rows;
		const char *changes;
	} cases[] = {
		{ "-w /etc/docker -p wa -k mine\n",
		  "pass persisted audit:" B64 ETC
		  ": loaded (met by /etc/audit/rules.d/10.rules:1: "
		  "-a always,exit -F dir=/etc/docker -F perm=wa -F key=mine)\n"
		  "pass persisted audit:" B32 ETC
		  ": loaded (met by /etc/audit/rules.d/10.rules:1: "
		  "-a always,exit -F dir=/etc/docker -F perm=wa -F key=mine)\n",
		  "" },
		{ "-a never,exit -F dir=/etc\n",
		  "drift persisted audit:" B64 ETC
		  ": shadowed (/etc/audit/rules.d/10.rules:1 says never to it: -a "
		  "never,exit -F "
		  "dir=/etc)\n"
		  "drift persisted audit:" B32 ETC
		  ": shadowed (/etc/audit/rules.d/10.rules:1 says never to it: -a "
		  "never,exit -F "
		  "dir=/etc)\n",
		  "create persisted audit:" B64 ETC
		  " blocked: /etc/audit/rules.d/10.rules:1 says never to it (-a "
		  "never,exit -F "
		  "dir=/etc); take that line out, or name it under 'absent'\n"
		  "create persisted audit:" B32 ETC
		  " blocked: /etc/audit/rules.d/10.rules:1 says never to it (-a "
		  "never,exit -F "
		  "dir=/etc); take that line out, or name it under 'absent'\n" },
		{ "# fine\n-w /nosuch/x\n",
		  "drift persisted audit:" B64 ETC ": absent\n"
		  "drift persisted audit:" B32 ETC ": absent\n",
		  "create persisted audit:" B64 ETC
		  " blocked: the load stops at /etc/audit/rules.d/10.rules:2 (the "
		  "directory of its "
		  "path is missing)\n"
		  "create persisted audit:" B32 ETC
		  " blocked: the load stops at /etc/audit/rules.d/10.rules:2 (the "
		  "directory of its "
		  "path is missing)\n" },
	};
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		temp_root_write(w->t, "etc/audit/rules.d/10.rules", cases[i].file);
		plan(w);
		assert_string_equal(rows(w), cases[i].rows);
		assert_string_equal(changes(w), cases[i].changes);
		assert_null(after(w, OWN));
	}
}

/* After an apply: each tampering breaks what it breaks. */
static void tampering(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(
		w, "b",
		"rules: [{watch: /etc/docker/daemon.json, perm: wa, key: docker}]");
	plan(w);
	apply(w);
	assert_string_equal(rows(w), "");
	/* one line taken out: its control only, though the directory rule is wider */
	temp_root_write(w->t, &OWN[1],
			HEAD
			"# a\n" B64 ETC "\n" B32 ETC "\n# b\n" B64
			"-F path=/etc/docker/daemon.json -F perm=wa -F key=docker\n");
	plan(w);
	assert_string_equal(rows(w),
			    "drift persisted audit:" B32
			    "-F path=/etc/docker/daemon.json -F perm=wa -F key=docker: "
			    "absent\n");
	apply(w);
	assert_string_equal(rows(w), "");
	/* an earlier file that ends the load */
	temp_root_write(w->t, "etc/audit/rules.d/10.rules", "rubbish\n");
	plan(w);
	assert_non_null(
		strstr(rows(w),
		       "drift persisted audit:" B64 ETC ": not loaded (the load stops at "
		       "/etc/audit/rules.d/10.rules:1 ('rubbish' stands without an "
		       "option))\n"));
	/* a later file that ends the load is none of our business */
	temp_root_write(w->t, "etc/audit/rules.d/10.rules", "");
	temp_root_write(w->t, "etc/audit/rules.d/90.rules", "rubbish\n");
	plan(w);
	assert_string_equal(rows(w), "");
}

static void loaders(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	plan(w);
	apply(w);
	/* not enabled */
	assert_int_equal(
		unlinkat(w->t->fd,
			 "etc/systemd/system/multi-user.target.wants/auditd.service", 0),
		0);
	plan(w);
	assert_string_equal(rows(w), "finding persisted audit:" B64 ETC
				     ": loaded (nothing loads audit rules at boot: "
				     "neither audit-rules.service nor "
				     "auditd.service is enabled)\n"
				     "finding persisted audit:" B32 ETC
				     ": loaded (nothing loads audit rules at boot: "
				     "neither audit-rules.service nor "
				     "auditd.service is enabled)\n");
	assert_string_equal(changes(w), "");
	/* audit.rules loaded as it stands, and stale */
	temp_root_link(w->t, "/lib/systemd/system/auditd.service",
		       "etc/systemd/system/multi-user.target.wants/auditd.service");
	temp_root_write(w->t, "usr/lib/systemd/system/auditd.service",
			"[Service]\n#ExecStartPost=-/sbin/augenrules --load\n"
			"ExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n");
	plan(w);
	assert_string_equal(rows(w), "");
	temp_root_write(w->t, "etc/audit/audit.rules", "-D\n");
	plan(w);
	assert_string_equal(rows(w), "drift persisted audit:" B64 ETC ": absent\n"
				     "drift persisted audit:" B32 ETC ": absent\n");
	apply(w);
	assert_string_equal(rows(w), "");
}

static void absent(void **state)
{
	world *w = *state;
	hf_control *c;

	kind_world_control(w, "a", etc_docker);
	c = kind_world_control(w, "b", "absent: ['-a never,task']");
	temp_root_write(w->t, "etc/audit/rules.d/10.rules",
			"-a task,never\n# c\n-w /etc/x\n");
	plan(w);
	assert_string_equal(after(w, "/etc/audit/rules.d/10.rules"),
			    "# holdfast(b): -a task,never\n# c\n-w /etc/x\n");
	apply(w);
	assert_string_equal(rows(w), "");
	assert_string_equal(changes(w), "");
	/* nobody demands it any more, but it would put ours out of force */
	c->disabled = "no";
	plan(w);
	assert_null(after(w, "/etc/audit/rules.d/10.rules"));
	assert_int_equal(w->diags.n, 1);
	w->controls[0].disabled = "no";
	plan(w);
	assert_string_equal(after(w, OWN), "(removed)");
	apply(w);
	assert_string_equal(changes(w), "");
	assert_string_equal(temp_root_text(w->t, "etc/audit/rules.d/10.rules"),
			    "-a task,never\n# c\n-w /etc/x\n");
}

/* Selection releases nothing; a control that is observed only adds nothing. */
static void selection(void **state)
{
	world *w = *state;
	hf_control *a = kind_world_control(w, "a", etc_docker);
	hf_control *b = kind_world_control(w, "b", "rules: [{watch: /etc/x, perm: wa}]");

	plan(w);
	apply(w);
	a->selected = false;
	plan(w);
	assert_string_equal(rows(w), "");
	assert_string_equal(changes(w), "");
	a->selected = true;
	b->enforce = false;
	temp_root_write(w->t, &OWN[1], HEAD "# a\n" B64 ETC "\n" B32 ETC "\n");
	plan(w);
	assert_string_equal(rows(w), "drift persisted audit:" B64
				     "-F path=/etc/x -F perm=wa: absent\n"
				     "drift persisted audit:" B32
				     "-F path=/etc/x -F perm=wa: absent\n");
	assert_string_equal(changes(w), "");
	b->disabled = "no";
	a->disabled = "no";
	plan(w);
	assert_string_equal(changes(w), "delete persisted audit:" B64 ETC "\n"
					"delete persisted audit:" B32 ETC "\n");
	assert_string_equal(after(w, OWN), "(removed)");
}

static void live(void **state)
{
	static const char *const empty[] = { NULL };
	static const char *const half[] = { "-w /var/x -p wa", B64 ETC, NULL };
	static const char *const full[] = { B64 ETC, B32 ETC, NULL };
	static const char *const never[] = { "-a never,exit -F dir=/etc", B64 ETC,
					     B32 ETC, NULL };
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "b",
			   "settings: {enabled: true, backlog_limit: 8192, failure: 2}");
	plan(w);
	apply(w);
	kernel = empty;
	enabled = 0;
	plan(w);
	assert_string_equal(ops(w),
			    "add " B64 ETC "\nadd " B32 ETC "\nset backlog_limit 8192\n"
			    "set enabled 1\n");
	kernel = half;
	enabled = 1;
	plan(w);
	assert_string_equal(ops(w), "add " B32 ETC "\nset backlog_limit 8192\n");
	kernel = full;
	enabled = 2;
	plan(w);
	assert_string_equal(ops(w), "");
	assert_non_null(strstr(rows(w),
			       "pending-reboot live audit:setting backlog_limit: 64 (the "
			       "audit configuration is locked until the next boot)\n"));
	assert_non_null(strstr(
		rows(w), "finding persisted audit:setting failure: 1 (a kernel that "
			 "panics when it cannot audit needs --allow-panic)\n"));
	kernel = half;
	plan(w);
	assert_non_null(strstr(rows(w), "pending-reboot live audit:" B32 ETC ": absent"));
	kernel = never;
	enabled = 1;
	plan(w);
	assert_non_null(strstr(rows(w),
			       "drift live audit:" B64 ETC
			       ": shadowed (the kernel's list says never to it first: -a "
			       "never,exit -F dir=/etc)\n"));
	kernel = full;
	enabled = 0;
	w->controls[1].selected = false;
	plan(w);
	assert_string_equal(
		rows(w),
		"finding live audit:" B64 ETC
		": loaded (auditing is switched off in the kernel (enabled 0))\n"
		"finding live audit:" B32 ETC
		": loaded (auditing is switched off in the kernel (enabled 0))\n");
}

/* A rule that must come after another one moves over a bridge; a release deletes. */
static void live_order(void **state)
{
#define FILE_RULE(arch)                                                                  \
	"-a always,exit -F arch=" arch " -F path=/etc/docker/k -F perm=wa -F key=file"
	static const char *const wrong[] = { FILE_RULE("b64"), FILE_RULE("b32"), B64 ETC,
					     B32 ETC, NULL };
	world *w = *state;

	kind_world_control(w, "a", etc_docker);
	kind_world_control(w, "b",
			   "rules: [{watch: /etc/docker/k, perm: wa, key: file}]");
	plan(w);
	apply(w);
	kernel = wrong;
	plan(w);
	assert_string_equal(
		ops(w),
		"add -a always,exit -F path=/etc/docker/k -F arch=b64 -F perm=wa -F "
		"key=file\ndelete (as it is, back to the front)\nadd (as it is)\n"
		"delete -a always,exit -F path=/etc/docker/k -F arch=b64 -F perm=wa -F "
		"key=file\n"
		"add -a always,exit -F path=/etc/docker/k -F arch=b32 -F perm=wa -F "
		"key=file\ndelete (as it is, back to the front)\nadd (as it is)\n"
		"delete -a always,exit -F path=/etc/docker/k -F arch=b32 -F perm=wa -F "
		"key=file\n");
	w->controls[1].disabled = "no";
	plan(w);
	assert_string_equal(ops(w), "delete (as it is, back to the front)\n"
				    "delete (as it is, back to the front)\n");
}

/* A rule without two fields to swap moves as well: over one with a condition more. */
static void live_order_one_field(void **state)
{
#define NEVER "-a never,exit -F arch=b64 -S execve -F uid=1000"
	static const char *const wrong[] = { "-a always,exit -S execve -F key=x", NULL };
	world *w = *state;

	kind_world_control(w, "a",
			   "rules: [{rule: '" NEVER
			   "'}, {rule: '-a always,exit -S execve -k x'}]");
	plan(w);
	apply(w);
	kernel = wrong;
	plan(w);
	assert_string_equal(ops(w), "add " NEVER "\n"
				    "add -a always,exit -S execve -F key=x -F pid>=0\n"
				    "delete (as it is)\nadd (as it is)\n"
				    "delete -a always,exit -S execve -F key=x -F "
				    "pid>=0\n");
}

/* A foreign rule that goes is to come back to where it stood. */
static void place_of_the_deleted(void **state)
{
	static const char *const first[] = { "-a never,exit -F path=/etc/p",
					     "-a always,exit -F dir=/etc -F key=mine",
					     NULL };
	static const char *const last[] = { "-a always,exit -F dir=/etc -F key=mine",
					    "-a never,exit -F path=/etc/p", NULL };
	static const char *const between[] = { "-a always,exit -F dir=/etc -F key=mine",
					       "-a never,exit -F path=/etc/p",
					       "-a always,exit -F dir=/etc -F key=two",
					       NULL };
	static const char *const nevers[] = { "-a never,exit -F dir=/etc/x -F uid=5",
					      "-a never,exit -F path=/etc/p",
					      "-a always,exit -F dir=/etc -F key=two",
					      NULL };
	static const char *const apart[] = { "-a always,exit -F dir=/var -F key=mine",
					     "-a never,exit -F path=/etc/p", "-w /srv/x",
					     NULL };
	static const struct {
		const char *const *kernel;
		const char *ops;
	} cases[] = {
		{ first, "delete (as it is, back to the front)\n" },
		{ last, "delete (as it is)\n" },
		{ between, "delete (as it is, displaced)\n" },
		{ nevers, "delete (as it is, back to the front)\n" },
		{ apart, "delete (as it is)\n" },
	};
	world *w = *state;

	kind_world_control(w, "a", "absent: ['-a never,exit -F path=/etc/p']");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel = cases[i].kernel;
		plan(w);
		assert_string_equal(ops(w), cases[i].ops);
	}
}

/* Our own rules, in the order declared: a never in front takes the others' events. */
static void own_never(void **state)
{
	world *w = *state;

	kind_world_control(w, "a", "rules: [{rule: '-a never,exit -F dir=/etc'}]");
	kind_world_control(w, "b",
			   "rules: [{rule: '-a always,exit -F dir=/etc/docker'}]");
	plan(w);
	assert_string_equal(
		changes(w),
		"create persisted audit:-a never,exit -F dir=/etc\n"
		"create persisted audit:-a always,exit -F dir=/etc/docker "
		"blocked: control 'a' says never to it first (-a never,exit -F "
		"dir=/etc)\n");
	w->controls[0].disabled = "no";
	plan(w);
	apply(w);
	assert_string_equal(rows(w), "");
}

static void mistakes(void **state)
{
	world *w = *state;
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	kind_world_control(w, "a",
			   "rules:\n"
			   "- {watch: etc/docker}\n"
			   "- {watch: '/with space'}\n"
			   "- {watch: /x, syscalls: [open]}\n"
			   "- {watch: /x, perm: q}\n"
			   "- {key: x}\n"
			   "- {syscalls: [nosuch]}\n"
			   "- {syscalls: [open], fields: [arch=b64]}\n"
			   "- {rule: '-e 2'}\n"
			   "- {rule: '-a always,nowhere -S open'}\n"
			   "- {watch: /x, type: link}\n"
			   "settings: {enabled: maybe, failure: 3}\n"
			   "absent: ['-D']\n");
	for (size_t i = 0; i < w->diags.n; i++)
		hf_strbuf_addf(&sb, "%u:%u %s\n", w->diags.items[i].mark.line,
			       w->diags.items[i].mark.column, w->diags.items[i].message);
	assert_string_equal(
		hf_strbuf_str(&sb),
		"2:11 watch 'etc/docker' is not absolute\n"
		"3:11 watch '/with space' holds a space or a backslash, which a line of "
		"a rules "
		"file cannot carry\n"
		"4:25 'syscalls' does not go with 'watch'\n"
		"5:3 not a rule that auditctl takes: perm 'q' is not made of r, w, x and "
		"a\n"
		"6:3 a rule needs one of 'watch', 'syscalls' and 'rule'\n"
		"7:3 there is no syscall named 'nosuch'\n"
		"8:3 'syscalls' gives a rule for every ABI; for one ABI use 'rule'\n"
		"9:10 '-e 2' adds no rule; use 'settings' for it\n"
		"10:10 not a rule that auditctl takes: -a 'always,nowhere' is not "
		"LIST,ACTION\n"
		"11:21 'type' is 'dir' or 'file', not 'link'\n"
		"13:10 '-D' adds no rule\n"
		"12:21 'enabled' is false, true or locked\n"
		"12:37 3 is out of range: 0 to 2\n");
	assert_int_equal(w->model.n_demands, 0);
}

static void contradictions(void **state)
{
	world *w = *state;

	kind_world_control(
		w, "a",
		"rules: [{rule: '-a always,exit -S mount -k m'}]\nsettings: {failure: "
		"1}\n"
		"absent: ['-a never,task']");
	kind_world_control(
		w, "b",
		"rules:\n- {rule: '-a never,exit -S mount -F key=m'}\n- {rule: '-a "
		"task,never'}\n"
		"settings: {failure: 0, backlog_limit: 1}\n");
	assert_int_equal(w->diags.n, 0);
	assert_int_equal(hf_kind_audit.check(&w->model, &w->diags), 0);
	assert_int_equal(w->diags.n, 3);
	assert_string_equal(
		w->diags.items[0].message,
		"control 'b' contradicts control 'a' (b.yaml:1): the same rule with "
		"always and never");
	assert_string_equal(
		w->diags.items[1].message,
		"control 'b' contradicts control 'a' (b.yaml:3): that one wants this "
		"rule absent");
	assert_string_equal(
		w->diags.items[2].message,
		"control 'b' contradicts control 'a' (b.yaml:2): another value of the "
		"same setting");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, kind_world_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_apply),
		TEST(paths),
		TEST(foreign),
		TEST(tampering),
		TEST(loaders),
		TEST(absent),
		TEST(selection),
		TEST(live),
		TEST(live_order),
		TEST(live_order_one_field),
		TEST(place_of_the_deleted),
		TEST(own_never),
		TEST(mistakes),
		TEST(contradictions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

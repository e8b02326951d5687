/* SPDX-License-Identifier: Apache-2.0 */
/* The audit kind against a temporary tree and a made-up kernel list. Include after
 * cmocka.
 */
#ifndef AUDIT_WORLD_H
#define AUDIT_WORLD_H

#include <errno.h>

#include "kind_world.h"
#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_live.h"
#include "kinds/audit/audit_obs.h"

typedef kind_world world;

static const char *const *kernel; /* the list there; NULL: no live layer */
static uint32_t enabled;
static int64_t auditd_nsec;		/* when auditd started */
static const char *const *mount_points; /* sorted */
static size_t n_mount_points;
static int64_t dockerd_nsec; /* when dockerd started; 0: none runs */
static bool asides_wanted, lock_allowed;

/* A stock Debian tree as far as audit goes. */
static inline int setup(void **state)
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
	auditd_nsec = dockerd_nsec = 0;
	n_mount_points = 0;
	asides_wanted = lock_allowed = false;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		temp_root_mkdir(w->t, dirs[i]);
	temp_root_write(w->t, "usr/sbin/augenrules", "#!/bin/sh\n");
	temp_root_write(w->t, "usr/sbin/auditctl", "");
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

static inline void add_kernel(world *w, hf_audit_obs *obs)
{
	hf_audit_names names = { .machine = "x86_64" };
	hf_error *err = NULL;

	obs->live = HF_PRESENT;
	obs->status[HF_AUDIT_ENABLED] = enabled;
	obs->status[HF_AUDIT_BACKLOG_LIMIT] = 64;
	obs->status[HF_AUDIT_FAILURE] = 1;
	obs->auditd_nsec = auditd_nsec;
	obs->dockerd_nsec = dockerd_nsec;
	obs->n_mounts = n_mount_points;
	obs->mounts = hf_arena_array(&w->plan.arena, n_mount_points + 1, sizeof(char *));
	assert_non_null(obs->mounts);
	for (size_t i = 0; i < n_mount_points; i++)
		obs->mounts[i] = hf_arena_strdup(&w->plan.arena, mount_points[i]);
	obs->dockerd = dockerd_nsec ? 4711 : 0;
	obs->lost = 7;
	obs->backlog = 3;
	w->plan.options.offline = false;
	for (size_t i = 0; kernel[i]; i++) {
		hf_audit_rule *rule = hf_arena_new(&w->plan.arena, hf_audit_rule);
		hf_audit_line line;

		assert_int_equal(hf_audit_line_parse(kernel[i], &names, &w->plan.arena,
						     &line, &err),
				 0);
		*rule = line.rule;
		assert_non_null(hf_audit_table_add(&obs->kernel, rule, &w->plan.arena));
	}
	assert_int_equal(hf_audit_table_index(&obs->kernel, &w->plan.arena), 0);
}

static inline void plan(world *w)
{
	hf_error *err = NULL;
	hf_audit_obs *obs;

	kind_world_forget_plan(w);
	w->plan.options.asides = asides_wanted;
	w->plan.options.allow_lock = lock_allowed;
	assert_int_equal(hf_kind_audit.observe(&w->t->host, &w->model, &w->plan, &err),
			 0);
	obs = w->plan.obs[HF_RANK_AUDIT];
	if (kernel)
		add_kernel(w, obs);
	assert_int_equal(hf_kind_audit.plan(&w->model, &w->plan, &err), 0);
}

/* "state layer id: found (why)", in lines; rows that pass are left out. */
static inline const char *rows(world *w)
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
static inline const char *changes(world *w)
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

static inline const char *after(world *w, const char *path)
{
	const hf_group *g = hf_plan_group_find(&w->plan, HF_GROUP_FILE, path);

	if (!g)
		return NULL;
	return g->remove ? "(removed)" : g->after;
}

/* Writes what the plan would write, then plans again. */
static inline void apply(world *w)
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

static inline const char *ops(world *w)
{
	static const char *const names[] = { "add ", "delete ", "set " };
	const hf_group *g =
		hf_plan_group_find(&w->plan, HF_GROUP_LIVE, "the kernel's audit rules");
	const hf_audit_live *live = g ? g->live : NULL;

	hf_strbuf_reset(&w->text);
	for (size_t i = 0; live && i < live->n; i++) {
		const hf_audit_op *op = &live->ops[i];

		hf_strbuf_adds(&w->text, op->type == HF_AUDIT_OP_ADD && op->front
						 ? "prepend "
						 : names[op->type]);
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
_unused_ static const char etc_docker[] =
	"rules: [{watch: /etc/docker, perm: wa, key: docker}]";

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, kind_world_remove)

#endif

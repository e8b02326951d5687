/* SPDX-License-Identifier: Apache-2.0 */
/* A scratch tree and a fake kind with files and a live part; for the engine's tests. */
#ifndef HF_TESTS_ENGINE_WORLD_H
#define HF_TESTS_ENGINE_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "engine/engine.h"
#include "host/fs.h"
#include "model/kind.h"

/* What the fake kind shall do; one test at a time. */
static struct {
	int fail_commit; /* errno of the live commit, 0: none */
	int fail_revert;
	bool never_content; /* wants its file changed whatever it holds */
	bool units;	    /* its files are drop-ins: daemon-reload, reload, restart */
	int commits, reverts, discards, prepares, replays;
	bool locks; /* has something that comes last */
	int looks;
	int locked_at; /* at which look it was done; 0: not */
	int fail_lock; /* errno of it */
	int holds;     /* 1: the live part is as done, -1: as undone */
	int follows;
	bool follows_left;		   /* a part of it waits for the next boot */
	const hf_trial *trial, *trial_now; /* for the engine's program */
	bool first; /* OLD is written twice, with a reload in between */
} script;

#define CONF "/etc/new/dir/a.conf"
#define OLD "/etc/old.conf"
#define WANTED "wanted\n"
#define FIRST "first\n"

static int fake_observe(hf_host *host, const hf_model *model, hf_plan *plan,
			hf_error **err)
{
	struct {
		char *text;
		size_t len;
		hf_inode inode;
		bool exists;
	} *obs = hf_arena_alloc(&plan->arena, 2 * sizeof(*obs));
	static const char *const paths[] = { CONF, OLD };

	(void)model;
	if (!obs)
		return hf_error_oom(err);
	plan->obs[0] = obs;
	script.looks++;
	for (size_t i = 0; i < 2; i++) {
		hf_error *ignored = NULL;

		obs[i].exists = hf_fs_read(host, paths[i], 0, &plan->arena, &obs[i].text,
					   &obs[i].len, &obs[i].inode, &ignored) == 0;
		hf_error_free(ignored);
	}
	return 0;
}

static const hf_kind fake;

static int want_file(hf_plan *plan, const char *path, const char *text, size_t len,
		     bool exists)
{
	hf_change *change = hf_plan_change(plan, &fake, HF_PERSISTED, path,
					   exists ? HF_OP_UPDATE : HF_OP_CREATE,
					   exists ? text : NULL, WANTED, HF_CAUSE_HOST);
	hf_group *group = hf_plan_group(plan, HF_GROUP_FILE,
					script.units ? HF_STAGE_UNITS : HF_STAGE_CONFIG,
					&fake, path);

	if (!change || !group)
		return -ENOMEM;
	change->recorded = true;
	hf_change_in(change, group);
	group->existed = exists;
	group->before = exists ? text : "";
	group->before_len = exists ? len : 0;
	group->after = WANTED;
	group->after_len = strlen(WANTED);
	return 0;
}

static int fake_plan(const hf_model *model, hf_plan *plan, hf_error **err)
{
	const struct {
		char *text;
		size_t len;
		hf_inode inode;
		bool exists;
	} *obs = plan->obs[0];
	static const char *const paths[] = { CONF, OLD };
	bool any = false;

	(void)model;
	plan->engine.trial = script.trial;
	plan->engine.trial_now = script.trial_now;
	for (size_t i = 0; i < 2; i++) {
		bool same = obs[i].exists && strcmp(obs[i].text, WANTED) == 0;

		if (hf_plan_claim(plan, paths[i]) < 0)
			return hf_error_oom(err);
		if (same && !script.never_content)
			continue;
		any = true;
		if (want_file(plan, paths[i], obs[i].text, obs[i].len, obs[i].exists) < 0)
			return hf_error_oom(err);
	}
	if (any) {
		hf_change *change = hf_plan_change(plan, &fake, HF_LIVE, "live",
						   HF_OP_UPDATE, "0", "1", HF_CAUSE_HOST);
		hf_group *group = hf_plan_group(plan, HF_GROUP_LIVE, HF_STAGE_CONFIG,
						&fake, "the live part");

		if (!change || !group)
			return hf_error_oom(err);
		hf_change_in(change, group);
	}
	plan->engine.trial_differs = any;
	if (any && script.first) {
		hf_group *group = hf_plan_group_find(plan, HF_GROUP_FILE, OLD);
		hf_effect *effect = hf_plan_effect(plan, HF_ACTION_RELOAD, "b.service",
						   "it comes first");

		if (!group || !effect)
			return hf_error_oom(err);
		group->first = FIRST;
		group->first_len = strlen(FIRST);
		effect->first = true;
		plan->engine.socket_now = "/run/now.sock";
	}
	if (any && script.units &&
	    (!hf_plan_effect(plan, HF_ACTION_DAEMON_RELOAD, NULL, "drop-ins") ||
	     !hf_plan_effect(plan, HF_ACTION_RELOAD, "a.service", "the fake kind") ||
	     !hf_plan_effect(plan, HF_ACTION_RESTART, "b.service", "the fake kind")))
		return hf_error_oom(err);
	if (script.locks && !script.locked_at) {
		hf_change *change = hf_plan_change(plan, &fake, HF_LIVE, "lock",
						   HF_OP_UPDATE, "0", "1", HF_CAUSE_HOST);
		hf_group *group = hf_plan_group(plan, HF_GROUP_LIVE, HF_STAGE_LAST, &fake,
						"the lock");

		if (!change || !group)
			return hf_error_oom(err);
		hf_change_in(change, group);
	}
	return 0;
}

static int fake_prepare(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host, (void)group, (void)err;
	script.prepares++;
	return 0;
}

static int fake_commit(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host;
	if (group->stage == HF_STAGE_LAST) {
		if (script.fail_lock)
			return hf_error_set(err, -script.fail_lock, "it does not lock");
		script.locked_at = script.looks;
		return 0;
	}
	script.commits++;
	if (script.fail_commit)
		return hf_error_set(err, -script.fail_commit, "the live part says no");
	return 0;
}

static int fake_revert(hf_host *host, hf_group *group, hf_error **err)
{
	(void)host, (void)group;
	script.reverts++;
	if (script.fail_revert)
		return hf_error_set(err, -script.fail_revert, "the live part stays");
	return 0;
}

static void fake_discard(hf_group *group)
{
	(void)group;
	script.discards++;
}

static int fake_freeze(const hf_group *group, hf_strbuf *out)
{
	(void)group;
	hf_strbuf_adds(out, "0 1");
	return 0;
}

static int fake_replay(hf_host *host, const char *frozen, bool forward, hf_error **err)
{
	(void)host, (void)forward, (void)err;
	assert_string_equal(frozen, "0 1");
	script.replays++;
	return 1;
}

static int fake_holds(hf_host *host, const char *frozen, bool forward, hf_error **err)
{
	(void)host, (void)err;
	assert_string_equal(frozen, "0 1");
	return script.holds == (forward ? 1 : -1);
}

static int fake_follow(hf_host *host, hf_plan *plan, const char *const *frozen, size_t n,
		       hf_error **err)
{
	(void)host, (void)plan, (void)err;
	assert_int_equal(n, 1);
	assert_string_equal(frozen[0], "0 1");
	script.follows++;
	return script.follows_left;
}

static const hf_kind fake = {
	.name = "fake",
	.observe = fake_observe,
	.plan = fake_plan,
	.prepare = fake_prepare,
	.commit = fake_commit,
	.revert = fake_revert,
	.discard = fake_discard,
	.freeze = fake_freeze,
	.replay = fake_replay,
	.holds = fake_holds,
	.follow = fake_follow,
};
static const hf_kind *const kinds[] = { &fake };

/* A scratch tree, its host, an empty model. */
typedef struct world {
	char root[64];
	hf_host host;
	hf_model model;
	hf_source source;
	hf_baseline baseline, *baselines[1];
	hf_survey survey;
	hf_diags diags;
	hf_apply_options options;
	hf_apply_result result;
} world;

static void put(const world *w, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s%s", w->root, path);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline char *shell(const char *fmt, ...) _printf_(1, 2);
static inline char *shell(const char *fmt, ...)
{
	cleanup_free char *command = NULL;
	hf_strbuf out = { 0 };
	va_list ap;
	FILE *f;
	int c;

	va_start(ap, fmt);
	assert_true(vasprintf(&command, fmt, ap) > 0);
	va_end(ap);
	f = popen(command, "r");
	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		hf_strbuf_addc(&out, (char)c);
	assert_int_equal(pclose(f), 0);
	return hf_strbuf_steal(&out);
}

/* Names, modes, owners and contents of the whole tree. */
static inline char *listing(const world *w)
{
	return shell("cd %s && find . -printf '%%p %%M %%U %%G\\n' | sort && "
		     "find . -type f | sort | xargs cksum",
		     w->root);
}

static world *world_new(void)
{
	world *w = calloc(1, sizeof(*w));
	hf_error *err = NULL;
	hf_plan_options options = { .now = 1767225600 };

	assert_non_null(w);
	memset(&script, 0, sizeof(script));
	strcpy(w->root, "/tmp/holdfast-engine-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	free(shell("mkdir -p %s/etc %s/var/lib", w->root, w->root));
	put(w, OLD, "old\n");
	w->source = (hf_source){ .name = "b.yaml", .text = "", .len = 0 };
	w->baseline = (hf_baseline){
		.name = "b",
		.title = "b",
		.source = &w->source,
		.digest = "00",
		.requested = true,
	};
	w->baselines[0] = &w->baseline;
	w->model.baselines = w->baselines;
	w->model.n_baselines = 1;
	w->model.kinds = kinds;
	w->model.n_kinds = 1;
	assert_int_equal(hf_host_open(&w->host, w->root, &err), 0);
	assert_int_equal(hf_engine_survey(&w->host, &w->model, &options, NULL, 0,
					  &w->diags, &w->survey, &err),
			 0);
	return w;
}

static void world_free(world *w)
{
	hf_apply_result_done(&w->result);
	hf_survey_done(&w->survey);
	hf_diags_done(&w->diags);
	hf_host_close(&w->host);
	free(shell("rm -rf %s", w->root));
	free(w);
}

static void do_apply(world *w)
{
	hf_error *err = NULL;

	assert_int_equal(hf_engine_apply(&w->host, &w->model, &w->survey, &w->options,
					 &w->result, &err),
			 0);
}

static inline void look_again(world *w)
{
	hf_plan_options options = { .now = 1767225600, .restart = HF_RESTART_ALWAYS };
	hf_error *err = NULL;

	hf_apply_result_done(&w->result);
	hf_survey_done(&w->survey);
	assert_int_equal(hf_engine_survey(&w->host, &w->model, &options, NULL, 0,
					  &w->diags, &w->survey, &err),
			 0);
}

#endif

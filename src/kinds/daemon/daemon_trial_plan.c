/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dockerd itself is to judge before anything is visible: its command line and its
 * file, as they will be and as they are. Pure.
 */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"

#define REMAP "userns-remap"

/* The words of @argv; --userns-remap, which would make users, is given again, empty: the
 * last one counts. */
static const char *const *words_of(const hf_daemon_ctx *ctx, const hf_arg *argv, size_t n,
				   const hf_dargv *flags)
{
	const char **words = hf_arena_array(&ctx->plan->arena, n + 2, sizeof(*words));

	for (size_t i = 0; words && i < n; i++)
		words[i] = argv[i].text;
	if (words && hf_dargv_get(flags, hf_dkey_find(REMAP), NULL))
		words[n] = "--" REMAP "=";
	return words;
}

/* Without the same key. @text NULL: there is no file, which is as good as an empty one,
 * unless the command line names it. */
static int set_text(hf_trial *trial, const hf_daemon_ctx *ctx, const char *text,
		    size_t len, const hf_json *root, hf_error **err)
{
	const hf_json_patch patch = { .key = REMAP };
	char *without;
	int r = 0;

	if (!text && ctx->argv.config_file)
		return 0;
	trial->text = text ? text : "{}";
	trial->len = text ? len : 2;
	if (root && hf_json_get(root, REMAP)) {
		r = hf_json_edit(trial->path, text, len, root, &patch, 1,
				 &ctx->plan->arena, &without, &trial->len, err);
		if (!r)
			trial->text = without;
	}
	return r;
}

static int add_secrets(hf_trial *trial, const hf_dkey *key, const hf_json *value,
		       hf_arena *arena)
{
	const char **slot;

	for (size_t i = 0; i < value->n; i++)
		if ((value->type != HF_JSON_OBJECT ||
		     hf_dkey_is_secret(key, value->items[i]->key)) &&
		    add_secrets(trial, key, value->items[i], arena) < 0)
			return -ENOMEM;
	if (value->type != HF_JSON_STRING)
		return 0;
	slot = hf_vec_push(arena, trial->secrets, trial->n_secrets);
	if (!slot)
		return -ENOMEM;
	*slot = value->text;
	return 0;
}

/* dockerd quotes the flags that it refuses. */
static int find_secrets(hf_trial *trial, const hf_dargv *flags, hf_arena *arena)
{
	for (size_t i = 0; i < hf_dkeys_n; i++) {
		const hf_dflag *flag = hf_dargv_get(flags, &hf_dkeys[i], NULL);

		if (flag && hf_dkey_is_secret(&hf_dkeys[i], NULL) &&
		    add_secrets(trial, &hf_dkeys[i], flag->value, arena) < 0)
			return -ENOMEM;
	}
	return 0;
}

static hf_trial *trial_new(const hf_daemon_ctx *ctx, const hf_arg *argv, size_t n,
			   const hf_dargv *flags)
{
	hf_trial *trial = hf_arena_new(&ctx->plan->arena, hf_trial);

	if (!trial)
		return NULL;
	trial->kind = &hf_kind_daemon;
	trial->path = ctx->obs->path;
	trial->env = (const char *const *)ctx->unit->env;
	trial->argv = words_of(ctx, argv, n, flags);
	if (!trial->argv || find_secrets(trial, flags, &ctx->plan->arena) < 0)
		return NULL;
	return trial;
}

static bool same_words(const hf_unit_view *unit)
{
	if (!unit->argv_now)
		return true;
	for (size_t i = 0; i < unit->n_argv && i < unit->n_argv_now; i++)
		if (strcmp(unit->argv[i].text, unit->argv_now[i].text) != 0)
			return false;
	return unit->n_argv == unit->n_argv_now;
}

int hf_daemon_put_trial(hf_daemon_ctx *ctx, hf_error **err)
{
	const hf_daemon_obs *obs = ctx->obs;
	const hf_unit_view *unit = ctx->unit;
	hf_engine_view *engine = &ctx->plan->engine;
	const hf_group *group = hf_plan_group_find(ctx->plan, HF_GROUP_FILE, obs->path);
	hf_trial *after, *now;
	int r;

	/* nothing of an image is run, nor of a host that another one looks after */
	if (ctx->plan->options.offline || !ctx->plan->options.manager || !unit ||
	    !unit->argv || obs->file == HF_UNKNOWN)
		return 0;
	after = trial_new(ctx, unit->argv, unit->n_argv, &ctx->argv);
	now = unit->argv_now
		      ? trial_new(ctx, unit->argv_now, unit->n_argv_now, &ctx->argv_now)
		      : trial_new(ctx, unit->argv, unit->n_argv, &ctx->argv);
	if (!after || !now)
		return hf_error_oom(err);
	after->why = now->why = ctx->argv_why;
	if (group && !group->remove)
		r = set_text(after, ctx, group->after, group->after_len, ctx->after.root,
			     err);
	else
		r = set_text(after, ctx, group ? NULL : obs->text, obs->len,
			     group ? NULL : obs->root, err);
	if (!r)
		r = set_text(now, ctx, obs->file == HF_PRESENT ? obs->text : NULL,
			     obs->len, obs->root, err);
	if (r < 0)
		return r;
	engine->trial = after;
	engine->trial_now = now;
	engine->trial_differs = group || !same_words(unit);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers run, live-restore is off, and a restart would end them: live-restore first.
 * dockerd looks at it when it goes down and when it comes up, so it has to be in force
 * before the restart (a reload does that), and in the file at it, on the way back, too.
 * Source: moby's daemon/daemon.go, Shutdown() and restore(). Pure.
 */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"

/* dockerd exits at a reload of a plugin that it cannot load. */
static bool names_missing_plugin(const hf_daemon_obs *obs)
{
	const hf_json *list = hf_json_get(obs->root, "authorization-plugins");

	for (size_t i = 0; list && i < list->n; i++) {
		const char *name = list->items[i]->text;

		if (!name || !hf_daemon_has_plugin(obs, name))
			return true;
	}
	return false;
}

/* The file as it is, with live-restore alone added, may be read by the running dockerd,
 * and by one that is started meanwhile. 1, 0 or -ENOMEM */
static int is_harmless(const hf_daemon_live *l, const hf_json *root)
{
	const hf_daemon_obs *obs = l->ctx->obs;
	const hf_json *clash;

	if (!obs->started_usec || hf_daemon_reload_refused(l, root) ||
	    (!hf_daemon_file_is_older(obs) && names_missing_plugin(obs)))
		return 0;
	return hf_daemon_clash(l->ctx, root, &l->ctx->argv_now, &clash) < 0 ? -ENOMEM
									    : !clash;
}

static bool has_live_restore(const hf_json *root)
{
	const hf_json *value = hf_json_get(root, "live-restore");

	return value && value->type == HF_JSON_BOOL && value->boolean;
}

/* *ret_root: what it would hold; it is the file's own where that has it already. */
static int add_live_restore(hf_daemon_live *l, const hf_json **ret_root, hf_error **err)
{
	hf_daemon_ctx *ctx = l->ctx;
	const hf_daemon_obs *obs = ctx->obs;
	hf_arena *arena = &ctx->plan->arena;
	hf_engine_view *engine = &ctx->plan->engine;
	hf_json_patch patch = { .key = "live-restore",
				.value = hf_json_new_bool(arena, true) };
	hf_json *root;
	char *text;
	int r;

	*ret_root = obs->root;
	if (!patch.value)
		return hf_error_oom(err);
	if (has_live_restore(obs->root))
		return 0;
	r = hf_json_edit(obs->path, obs->file == HF_PRESENT ? obs->text : NULL, obs->len,
			 obs->root, &patch, 1, arena, &text, &engine->first_len, err);
	if (!r)
		r = hf_json_parse(obs->path, text, engine->first_len, arena, &root, err);
	if (r < 0)
		return r;
	*ret_root = root;
	engine->first_text = text;
	engine->first_group =
		hf_plan_group_find(ctx->plan, HF_GROUP_FILE, ctx->obs->path);
	return 0;
}

int hf_daemon_offer_first(hf_daemon_live *l)
{
	hf_engine_view *engine = &l->ctx->plan->engine;
	hf_arena *arena = &l->ctx->plan->arena;
	cleanup_(hf_error_freep) hf_error *ignored = NULL;
	const hf_json *root;
	int r;

	if (l->ctx->first) /* the file is to hold something else meanwhile */
		return 0;
	if (!engine->unit || !engine->n_containers || !engine->socket_now ||
	    engine->live_restore == HF_UNKNOWN || !has_live_restore(l->ctx->after.root))
		return 0;
	/* in force from an earlier reload, and taken out of the file since: a start of
	 * dockerd on the way back would end the containers */
	if (engine->live_restore == HF_PRESENT && engine->live_restore_now)
		return 0;
	r = add_live_restore(l, &root, &ignored);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return 0;
	r = is_harmless(l, root);
	if (r <= 0)
		return r;
	engine->first = hf_arena_new(arena, hf_effect);
	if (!engine->first)
		return -ENOMEM;
	*engine->first = (hf_effect){
		.action = HF_ACTION_RELOAD,
		.unit = engine->unit,
		.why = engine->live_restore == HF_PRESENT
			       ? "live-restore, which is in force, is put into the file "
				 "first: with it the containers outlive the restart, or "
				 "its undoing"
			       : "a reload puts live-restore in force first: with it the "
				 "containers outlive the restart"
	};
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the baseline no longer demands of daemon.json: the recorded value comes back,
 * where nobody else changed it meanwhile. Pure. */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_state.h"

static void note_left(hf_daemon_ctx *ctx, const hf_record_entry *entry, const char *why)
{
	hf_diag_add(ctx->plan->diags, HF_DIAG_NOTE, (hf_mark){ 0 }, NULL,
		    "%s is no longer demanded and stays as it is: %s", entry->id, why);
}

static int note_hiding(hf_daemon_ctx *ctx, const hf_record_entry *entry,
		       const hf_dkey *key)
{
	const hf_store *store = hf_daemon_hides(ctx->plan, key);
	const char *hidden = store ? hf_daemon_hidden(ctx->plan, store) : NULL,
		   *why = hidden ? hf_arena_printf(
					   &ctx->plan->arena,
					   "taking it back needs --allow-disruptive: %s",
					   hidden)
				 : NULL;

	if (!why)
		return -ENOMEM;
	note_left(ctx, entry, why);
	return 0;
}

/* 1, 0, -ENOMEM */
static int same_text(const hf_json *value, const char *text, hf_arena *arena)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_json *other;
	int r;

	if (!value || !text)
		return !value && !text;
	r = hf_json_parse_value("", text, strlen(text), arena, &other, &err);
	if (r == -ENOMEM)
		return r;
	return r == 0 ? hf_daemon_equal(value, other) : 0;
}

static int release(hf_daemon_ctx *ctx, const hf_record_entry *entry, const char *name)
{
	hf_arena *arena = &ctx->plan->arena;
	const char *dot = strchr(name, '.');
	char *base =
		hf_arena_memdup(arena, name, dot ? (size_t)(dot - name) : strlen(name));
	const hf_dkey *key = base ? hf_dkey_find(base) : NULL;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_json *before = NULL;
	hf_daemon_value v;
	hf_daemon_want *w;
	int r;

	if (!base)
		return -ENOMEM;
	if (!key)
		return 0;
	if (hf_daemon_in_force(&ctx->before, key, dot ? dot + 1 : NULL, arena, &v) < 0)
		return -ENOMEM;
	r = same_text(v.in_file, entry->before, arena);
	if (r)
		return r < 0 ? r : 0;
	r = same_text(v.in_file, entry->after, arena);
	if (r < 0)
		return r;
	if (!r) {
		note_left(ctx, entry, "it was changed since");
		return 0;
	}
	if (entry->before)
		r = hf_json_parse_value(entry->id, entry->before, strlen(entry->before),
					arena, &before, &err);
	if (r == -ENOMEM)
		return r;
	if (entry->before && !before) {
		note_left(ctx, entry, "the recorded value cannot be read");
		return 0;
	}
	if (before && v.flag) {
		note_left(ctx, entry, "it is on dockerd's command line now");
		return 0;
	}
	if (hf_daemon_hides_data(key, dot ? dot + 1 : NULL) &&
	    !ctx->plan->options.allow_disruptive) {
		return note_hiding(ctx, entry, key);
	}
	w = hf_daemon_want_get(ctx, key, dot ? dot + 1 : NULL, name);
	if (!w)
		return -ENOMEM;
	w->released = true;
	w->value = before;
	return hf_daemon_want_change(ctx, w, &v);
}

int hf_daemon_release(hf_daemon_ctx *ctx)
{
	const hf_record *record = ctx->plan->record;
	size_t len = strlen(ctx->obs->path);

	for (size_t i = 0; i < record->n_entries; i++) {
		const hf_record_entry *entry = record->entries[i];
		const char *path, *hash;
		int r;

		if (strncmp(entry->id, "daemon:", 7) != 0 ||
		    hf_plan_is_claimed(ctx->plan, entry->id))
			continue;
		path = entry->id + 7;
		hash = strchr(path, '#');
		if (!hash)
			continue; /* that we made the file: make_group() looks */
		if ((size_t)(hash - path) != len ||
		    strncmp(path, ctx->obs->path, len) != 0) {
			note_left(ctx, entry, "dockerd does not read this file now");
			continue;
		}
		if (ctx->obs->file == HF_UNKNOWN) {
			note_left(ctx, entry, ctx->obs->file_why);
			continue;
		}
		r = release(ctx, entry, hash + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

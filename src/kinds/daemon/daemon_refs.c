/* SPDX-License-Identifier: Apache-2.0 */
/* What the other kinds and the reader learn from dockerd's configuration. Pure. */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_state.h"

/* --- what stands in the file and is not ours ------------------------------------------
 */

static void warn_key(hf_daemon_ctx *ctx, const hf_source *source, const hf_json *member)
{
	const hf_dkey *key = hf_dkey_find(member->key);
	hf_mark mark = { source, member->line,
			 hf_json_column(ctx->obs->text, member->key_start) };
	hf_diags *diags = ctx->plan->diags;
	hf_daemon_value v;

	if (!key &&
	    (member->type == HF_JSON_OBJECT || hf_dkey_is_flag_only(member->key) ||
	     hf_dkey_by_flag(member->key, ctx->engine))) {
		hf_diag_warning(diags, mark,
				"dockerd ignores the key '%s' without a word",
				member->key);
		return;
	}
	if (!key) {
		hf_diag_warning(diags, mark,
				"dockerd does not know the key '%s' and will not start",
				member->key);
		return;
	}
	if (ctx->engine && !hf_dkey_known_in(key, ctx->engine)) {
		hf_diag_warning(
			diags, mark,
			"dockerd %s does not know the key '%s' and will not start",
			ctx->engine, member->key);
		return;
	}
	if (hf_daemon_in_force(&ctx->before, key, NULL, &ctx->plan->arena, &v) == 0 &&
	    v.conflict && v.flag->arg->file)
		hf_diag_warning(
			diags, mark,
			"'%s' is also given by '%s' in %s:%u: dockerd will not start",
			member->key, v.flag->written, v.flag->arg->file,
			v.flag->arg->line);
}

int hf_daemon_warn_foreign(hf_daemon_ctx *ctx)
{
	const hf_daemon_obs *obs = ctx->obs;
	hf_source *source;

	if (!ctx->engine && ctx->n_wants)
		hf_diag_add(ctx->plan->diags, HF_DIAG_NOTE, (hf_mark){ 0 }, NULL,
			    "the version of dockerd is not known: keys of every release "
			    "are accepted");
	if (!obs->root)
		return 0;
	source = hf_arena_new(&ctx->plan->arena, hf_source);
	if (!source)
		return -ENOMEM;
	*source = (hf_source){ .name = obs->path, .text = obs->text, .len = obs->len };
	for (size_t i = 0; i < obs->root->n; i++)
		warn_key(ctx, source, obs->root->items[i]);
	return 0;
}

/* --- references -----------------------------------------------------------------------
 */

static int fill_values(hf_daemon_ctx *ctx, const char *name, const hf_json *value,
		       hf_ref_values *ret)
{
	hf_arena *arena = &ctx->plan->arena;
	size_t n = value && value->type == HF_JSON_ARRAY ? value->n : value ? 1 : 0;

	ret->values = hf_arena_array(arena, n, sizeof(*ret->values));
	if (!ret->values)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const hf_json *v = value->type == HF_JSON_ARRAY ? value->items[i] : value;
		const char *text =
			v->type == HF_JSON_STRING ? v->text : hf_json_compact(v, arena);

		if (!text)
			return -ENOMEM;
		if (*text)
			ret->values[ret->n++] = text;
	}
	if (ret->n == 0)
		ret->why = hf_arena_printf(
			arena, "'%s' is not set in dockerd's configuration", name);
	return ret->n || ret->why ? 0 : -ENOMEM;
}

static int fill_ref(hf_daemon_ctx *ctx, const char *ref)
{
	hf_ref_values values = { 0 };
	const char *name = ref + strlen("daemon:"), *dot = strchr(name, '.');
	char *base = hf_arena_memdup(&ctx->plan->arena, name,
				     dot ? (size_t)(dot - name) : strlen(name));
	const hf_dkey *key = base ? hf_dkey_find(base) : NULL;
	hf_daemon_value v;
	int r;

	if (!base)
		return -ENOMEM;
	if (ctx->obs->absent_why) {
		values.why = ctx->obs->absent_why;
	} else if (!key) {
		values.why = hf_arena_printf(&ctx->plan->arena, "dockerd has no key '%s'",
					     name);
		if (!values.why)
			return -ENOMEM;
	} else if (ctx->obs->file == HF_UNKNOWN || (ctx->argv_why && key->flag)) {
		values.unknown = true;
		values.why =
			ctx->obs->file == HF_UNKNOWN ? ctx->obs->file_why : ctx->argv_why;
	} else {
		r = hf_daemon_in_force(&ctx->after, key, dot ? dot + 1 : NULL,
				       &ctx->plan->arena, &v);
		if (r == 0)
			r = fill_values(ctx, name, v.value, &values);
		if (r < 0)
			return r;
	}
	return hf_plan_ref_set(ctx->plan, ref, &values);
}

int hf_daemon_fill_refs(hf_daemon_ctx *ctx)
{
	for (size_t i = 0; i < ctx->model->n_refs; i++)
		if (strncmp(ctx->model->refs[i], "daemon:", 7) == 0 &&
		    fill_ref(ctx, ctx->model->refs[i]) < 0)
			return -ENOMEM;
	return 0;
}

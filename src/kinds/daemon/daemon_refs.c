/* SPDX-License-Identifier: Apache-2.0 */
/* What the other kinds and the reader learn from dockerd's configuration. Pure. */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"

/* --- what stands in the file and is not ours ------------------------------------------
 */

/* Names of flags pass dockerd's check too, and do nothing. */
static bool passes_check(const char *name, const char *engine)
{
	const hf_dkey *keys[] = { hf_dkey_find(name), hf_dkey_by_flag(name, engine) };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i] && (!engine || hf_dkey_known_in(keys[i], engine)))
			return true;
	return hf_dkey_is_flag_only(name, engine);
}

/* What is wrong with a key that is not in the table. dockerd looks into an object of
 * unknown name and checks its members instead. */
static const char *unknown_why(const hf_daemon_ctx *ctx, const hf_json *member)
{
	static const char stops[] =
		"dockerd does not know the key '%s' and will not start";
	hf_arena *arena = &ctx->plan->arena;

	if (member->type != HF_JSON_OBJECT && !passes_check(member->key, ctx->engine))
		return hf_arena_printf(arena, stops, member->key);
	for (size_t i = 0; member->type == HF_JSON_OBJECT && i < member->n; i++)
		if (!passes_check(member->items[i]->key, ctx->engine))
			return hf_arena_printf(arena, stops, member->items[i]->key);
	return hf_arena_printf(arena, "dockerd ignores the key '%s' without a word",
			       member->key);
}

/* Sets *@ret to what is wrong with a member of the file, NULL: nothing. */
static int wrong_with(hf_daemon_ctx *ctx, const hf_json *member, const char **ret)
{
	const hf_daemon_config now = { ctx->obs->root, &ctx->argv_now, ctx->engine };
	const hf_dkey *key = hf_dkey_find(member->key);
	hf_arena *arena = &ctx->plan->arena;
	hf_daemon_value v;

	*ret = NULL;
	if (!key) {
		*ret = unknown_why(ctx, member);
	} else if (ctx->engine && !hf_dkey_known_in(key, ctx->engine)) {
		*ret = hf_arena_printf(
			arena, "dockerd %s does not know the key '%s' and will not start",
			ctx->engine, member->key);
	} else {
		if (hf_daemon_in_force(&now, key, NULL, arena, &v) < 0)
			return -ENOMEM;
		if (!v.conflict || !v.flag->arg->file)
			return 0;
		*ret = hf_arena_printf(
			arena,
			"'%s' is also given by '%s' in %s:%u: dockerd will not start",
			member->key, v.flag->written, v.flag->arg->file,
			v.flag->arg->line);
	}
	return *ret ? 0 : -ENOMEM;
}

/* The names of keys that rows of controls speak of, and whether there are any. */
static int names_judged(const hf_daemon_ctx *ctx, hf_map *ret, bool *ret_any)
{
	const hf_plan *plan = ctx->plan;

	*ret_any = false;
	for (size_t i = 0; i < plan->n_resources; i++) {
		const hf_resource *row = plan->resources[i];
		const char *name =
			row->kind == &hf_kind_daemon ? strchr(row->id, '#') : NULL;
		char *key;

		if (!name)
			continue;
		*ret_any = true;
		key = hf_arena_memdup(&ctx->plan->arena, name + 1,
				      strcspn(name + 1, "."));
		if (!key || hf_map_put(ret, &ctx->plan->arena, key, key) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A finding where the key is not ours and some control is about the file. */
static int tell_key(hf_daemon_ctx *ctx, const hf_source *source, const hf_json *member,
		    bool finding)
{
	hf_plan *plan = ctx->plan;
	hf_mark mark = { source, member->line, member->column };
	const char *why, *id;
	hf_resource *row;

	if (wrong_with(ctx, member, &why) < 0)
		return -ENOMEM;
	if (!why)
		return 0;
	if (!finding) {
		hf_diag_warning(plan->diags, mark, "%s", why);
		return 0;
	}
	id = hf_daemon_resource_id(ctx, member->key);
	row = id ? hf_plan_foreign(plan, &hf_kind_daemon, HF_PERSISTED, id) : NULL;
	if (!row || hf_row_judge(plan, row, HF_STATE_FINDING, NULL, "%s", why) < 0)
		return -ENOMEM;
	return hf_row_found_at(plan, row, source->name, mark.line);
}

int hf_daemon_tell_foreign(hf_daemon_ctx *ctx)
{
	const hf_daemon_obs *obs = ctx->obs;
	hf_map judged = { 0 };
	hf_source *source;
	bool any;

	if (!ctx->engine && ctx->n_wants)
		hf_diag_add(ctx->plan->diags, HF_DIAG_NOTE, (hf_mark){ 0 }, NULL,
			    "the version of dockerd is not known: keys of every release "
			    "are accepted");
	if (!obs->root)
		return 0;
	source = hf_arena_new(&ctx->plan->arena, hf_source);
	if (!source || names_judged(ctx, &judged, &any) < 0)
		return -ENOMEM;
	*source = (hf_source){ .name = obs->path, .text = obs->text, .len = obs->len };
	for (size_t i = 0; i < obs->root->n; i++) {
		const hf_json *member = obs->root->items[i];

		if (tell_key(ctx, source, member,
			     any && !hf_map_get(&judged, member->key)) < 0)
			return -ENOMEM;
	}
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

/* With TLS there are files also where none is named: which, dockerd's environment says.
 */
static int fill_tls_file(hf_daemon_ctx *ctx, const char *name, hf_ref_values *ret)
{
	static const char *const files[] = { "tlscacert", "tlscert", "tlskey" };
	hf_arena *arena = &ctx->plan->arena;
	bool is_file = false;
	int tls;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		is_file |= strcmp(name, files[i]) == 0;
	if (!is_file || ret->n)
		return 0;
	tls = hf_daemon_has_tls(&ctx->after, arena);
	if (tls <= 0)
		return tls;
	ret->unknown = true;
	ret->why =
		hf_arena_printf(arena,
				"'%s' is not set and TLS is on: dockerd looks in the "
				".docker directory of its user, or in DOCKER_CERT_PATH; "
				"set it",
				name);
	return ret->why ? 0 : -ENOMEM;
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
	} else if (strcmp(name, "config-file") == 0) { /* a flag, and no key */
		values.unknown = ctx->argv_why != NULL;
		values.why = ctx->argv_why;
		values.values =
			hf_arena_array(&ctx->plan->arena, 1, sizeof(*values.values));
		if (!values.values)
			return -ENOMEM;
		values.values[0] = ctx->obs->path;
		values.n = values.unknown ? 0 : 1;
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
		if (r == 0)
			r = fill_tls_file(ctx, name, &values);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "model/vars.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/strbuf.h"

/* One text, and all texts together, that variables may make, and variables in variables:
 * a hostile file that multiplies them stops here. */
#define TEXT_MAX ((size_t)64 * 1024)
#define DEPTH_MAX 32
#define TEXTS_MAX ((size_t)16 * 1024 * 1024)

bool hf_var_next(const char **text, hf_var_token *ret)
{
	const char *p = *text, *end;

	if (!*p)
		return false;
	if (strncmp(p, "$${", 3) == 0) {
		*ret = (hf_var_token){ HF_VAR_DOLLAR, p, 3 };
		*text = p + 3;
		return true;
	}
	if (strncmp(p, "${", 2) == 0) {
		end = strchr(p, '}');
		*ret = end ? (hf_var_token){ HF_VAR_REF, p + 2, (size_t)(end - p) - 2 }
			   : (hf_var_token){ HF_VAR_OPEN, p, strlen(p) };
		*text = end ? end + 1 : p + strlen(p);
		return true;
	}
	for (end = p + 1; *end; end++)
		if (strncmp(end, "${", 2) == 0 || strncmp(end, "$${", 3) == 0)
			break;
	*ret = (hf_var_token){ HF_VAR_TEXT, p, (size_t)(end - p) };
	*text = end;
	return true;
}

static void no_memory(hf_diags *diags)
{
	diags->oom = true;
	hf_diag_error(diags, (hf_mark){ 0 }, "out of memory");
}

const char *hf_vars_plain(const char *text, hf_arena *arena, hf_mark mark,
			  hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const char *p = text;
	hf_var_token token;
	char *copy;

	if (!strstr(text, "${"))
		return text;
	while (hf_var_next(&p, &token)) {
		if (token.type == HF_VAR_TEXT) {
			hf_strbuf_add(&sb, token.start, token.len);
			continue;
		}
		if (token.type == HF_VAR_DOLLAR) {
			hf_strbuf_adds(&sb, "${");
			continue;
		}
		/* a variable that is left after substitution was reported there */
		if (!diags->n_errors || memchr(token.start, ':', token.len))
			hf_diag_add(diags, HF_DIAG_ERROR, mark,
				    "a literal '${' is written '$${'",
				    "'${%.*s}' cannot be used here", (int)token.len,
				    token.start);
		return NULL;
	}
	copy = hf_strbuf_ok(&sb) ? hf_arena_strdup(arena, hf_strbuf_str(&sb)) : NULL;
	if (!copy)
		no_memory(diags);
	return copy;
}

hf_var *hf_vars_get(const hf_vars *vars, const char *name)
{
	return hf_map_get(&vars->by_name, name);
}

hf_var *hf_vars_add(hf_vars *vars, hf_arena *arena, const char *name)
{
	hf_var *var = hf_arena_new(arena, hf_var), **slot;

	if (!var)
		return NULL;
	var->name = hf_arena_strdup(arena, name);
	if (!var->name || hf_map_put(&vars->by_name, arena, name, var) < 0)
		return NULL;
	slot = hf_vec_push(arena, vars->items, vars->n);
	if (!slot)
		return NULL;
	*slot = var;
	return var;
}

bool hf_vars_name_ok(const char *name, size_t len)
{
	if (!len || isdigit((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(isalnum((unsigned char)name[i]) || name[i] == '_' ||
		      name[i] == '-'))
			return false;
	return true;
}

const char *hf_vars_near(const hf_vars *vars, const char *name)
{
	const char *best = NULL;

	for (size_t i = 0; i < vars->n; i++)
		best = hf_nearer(name, best, vars->items[i]->name);
	return best;
}

static void report_unknown(const hf_vars *vars, const hf_var_token *token, hf_mark mark,
			   hf_diags *diags)
{
	cleanup_free char *name = strndup(token->start, token->len);
	const char *near;

	if (!name) {
		no_memory(diags);
		return;
	}
	if (!hf_vars_name_ok(name, token->len)) {
		hf_diag_add(diags, HF_DIAG_ERROR, mark, "a literal '${' is written '$${'",
			    "'${%s}' is no variable: a name has letters, digits, '_' and "
			    "'-'",
			    name);
		return;
	}
	near = hf_diags_worth(diags, vars->n) ? hf_vars_near(vars, name) : NULL;
	if (near)
		hf_diag_error(diags, mark, "unknown variable '%s' (did you mean '%s'?)",
			      name, near);
	else
		hf_diag_add(diags, HF_DIAG_ERROR, mark,
			    "declare it under 'vars'; a literal '${' is written '$${'",
			    "unknown variable '%s'", name);
}

static const char *resolve(hf_vars *vars, hf_var *var, hf_arena *arena, hf_diags *diags);

/* Appends @text with its variables replaced; what cannot be is reported and left. */
static bool expand(hf_vars *vars, const char *text, hf_mark mark, hf_strbuf *sb,
		   hf_arena *arena, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf name = { 0 };
	hf_var_token token;
	bool ok = true;

	while (hf_var_next(&text, &token)) {
		const char *value;
		hf_var *var;

		if (token.type == HF_VAR_OPEN) {
			hf_diag_add(diags, HF_DIAG_ERROR, mark,
				    "a literal '${' is written '$${'",
				    "'${' without its '}'");
			ok = false;
		}
		if (token.type != HF_VAR_REF) {
			hf_strbuf_add(sb, token.start, token.len);
			continue;
		}
		if (memchr(token.start, ':', token.len)) { /* a host reference */
			hf_strbuf_add(sb, token.start - 2, token.len + 3);
			continue;
		}
		hf_strbuf_reset(&name);
		hf_strbuf_add(&name, token.start, token.len);
		var = hf_vars_get(vars, hf_strbuf_str(&name));
		if (!var) {
			report_unknown(vars, &token, mark, diags);
			ok = false;
			continue;
		}
		value = resolve(vars, var, arena, diags);
		if (value)
			hf_strbuf_adds(sb, value);
		else
			ok = false;
		vars->bytes += value ? strlen(value) : 0;
		if (vars->bytes > TEXTS_MAX) {
			hf_diag_error(diags, mark,
				      "variables make more than %zu MiB of text",
				      TEXTS_MAX / (1024 * 1024));
			return false;
		}
		if (sb->len > TEXT_MAX) {
			hf_diag_error(diags, mark, "the text is longer than %zu KiB",
				      TEXT_MAX / 1024);
			return false;
		}
	}
	return ok;
}

static const char *resolve(hf_vars *vars, hf_var *var, hf_arena *arena, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	if (var->state == HF_VAR_BUSY) {
		hf_diag_error(diags, var->mark, "variable '%s' needs itself", var->name);
		return NULL;
	}
	if (var->state == HF_VAR_DONE)
		return var->resolved;
	if (vars->depth >= DEPTH_MAX) {
		hf_diag_error(diags, var->mark,
			      "variables in variables over more than %d levels",
			      DEPTH_MAX);
		return NULL;
	}
	vars->depth++;
	var->state = HF_VAR_BUSY;
	if (expand(vars, var->value, var->mark, &sb, arena, diags)) {
		var->resolved = hf_strbuf_ok(&sb)
					? hf_arena_strdup(arena, hf_strbuf_str(&sb))
					: NULL;
		if (!var->resolved)
			no_memory(diags);
	}
	var->state = HF_VAR_DONE;
	vars->depth--;
	return var->resolved;
}

bool hf_vars_resolve(hf_vars *vars, hf_arena *arena, hf_diags *diags)
{
	bool ok = true;

	for (size_t i = 0; i < vars->n; i++)
		if (!resolve(vars, vars->items[i], arena, diags))
			ok = false;
	return ok;
}

/* "${name}" and nothing else: in [ ] and { } it has to be quoted, whatever it stands for.
 */
static bool is_variable(const char *text)
{
	const char *end = strchr(text, '}');

	return strncmp(text, "${", 2) == 0 && end && !end[1];
}

static const hf_node *substitute_scalar(hf_vars *vars, const hf_node *node,
					hf_arena *arena, hf_diags *diags)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_node *copy;

	if (!strstr(node->text, "${"))
		return node;
	if (!expand(vars, node->text, node->mark, &sb, arena, diags))
		return node;
	copy = hf_node_new(arena, HF_NODE_SCALAR, node->mark, 0);
	if (copy)
		copy->text = hf_strbuf_ok(&sb)
				     ? hf_arena_strdup(arena, hf_strbuf_str(&sb))
				     : NULL;
	if (!copy || !copy->text) {
		no_memory(diags);
		return NULL;
	}
	copy->plain = node->plain || is_variable(node->text);
	if (hf_node_is_null(copy))
		copy->plain = false; /* an empty variable is an empty text */
	return copy;
}

const hf_node *hf_vars_substitute(hf_vars *vars, const hf_node *node, hf_arena *arena,
				  hf_diags *diags)
{
	hf_node *copy = NULL;

	if (node->type == HF_NODE_SCALAR)
		return substitute_scalar(vars, node, arena, diags);
	for (size_t i = 0; i < node->n; i++) {
		const hf_node *item = node->items[i], *changed;

		if (node->type == HF_NODE_MAPPING &&
		    strcmp(node->keys[i]->text, "meta") == 0)
			continue;
		changed = hf_vars_substitute(vars, item, arena, diags);
		if (!changed)
			return NULL;
		if (changed == item)
			continue;
		if (!copy) {
			copy = hf_node_new(arena, node->type, node->mark, node->n);
			if (!copy) {
				no_memory(diags);
				return NULL;
			}
			copy->n = node->n;
			copy->keys = node->keys; /* shared: never changed */
			memcpy(copy->items, node->items, node->n * sizeof(*node->items));
		}
		copy->items[i] = (hf_node *)(uintptr_t)changed;
	}
	return copy ? copy : node;
}

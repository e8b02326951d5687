/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of a baseline: `${name}` in any text, set by `vars` and --set.
 *
 * `$${` stands for a literal `${` and is left as it is here; whoever takes the text for
 * final turns it (hf_vars_plain(), hf_plan_expand()). `${kind:name}` is a host reference
 * and none of ours.
 */
#ifndef HF_MODEL_VARS_H
#define HF_MODEL_VARS_H

#include "base/map.h"
#include "model/node.h"

typedef enum hf_var_type {
	HF_VAR_TEXT,   /* ordinary text */
	HF_VAR_DOLLAR, /* "$${" */
	HF_VAR_REF,    /* "${...}", the token is what stands between the braces */
	HF_VAR_OPEN,   /* "${" without an end; the token is the rest */
} hf_var_type;

typedef struct hf_var_token {
	hf_var_type type;
	const char *start;
	size_t len;
} hf_var_token;

/** hf_var_next - split *@text: the next token, moving past it; false at the end; pure */
bool hf_var_next(const char **text, hf_var_token *ret);

/** hf_vars_plain - the text with "$${" as "${"; a reference is reported with @mark.
 *  Returns: the text (@text itself where nothing changes, else from @arena), or NULL
 *  (reported). Pure. */
const char *hf_vars_plain(const char *text, hf_arena *arena, hf_mark mark,
			  hf_diags *diags);

typedef struct hf_var {
	const char *name;
	const char *value; /* as written; may hold variables */
	hf_mark mark;	   /* of the value */
	size_t file;	   /* number of the file that says so */
	bool is_set;	   /* by --set: final */
	bool conflict;	   /* two unrelated files disagree: .other_mark */
	hf_mark other_mark;
	enum { HF_VAR_NEW, HF_VAR_BUSY, HF_VAR_DONE } state;
	const char *resolved; /* NULL: could not be, and that was reported */
} hf_var;

typedef struct hf_vars {
	hf_map by_name;
	hf_var **items;
	size_t n;
	unsigned depth; /* of variables in variables, while they are resolved */
	size_t bytes;	/* of text made by substitution, which is bounded */
} hf_vars;

/** hf_vars_get - the variable of that name or NULL; pure */
hf_var *hf_vars_get(const hf_vars *vars, const char *name);

/** hf_vars_add - a new variable, zeroed but for its name (copied); NULL: out of memory */
hf_var *hf_vars_add(hf_vars *vars, hf_arena *arena, const char *name) _must_check_;

/** hf_vars_name_ok - letters, digits, '_' and '-', not beginning with a digit; pure */
bool hf_vars_name_ok(const char *name, size_t len);

/** hf_vars_near - the nearest name of a variable, or NULL; pure */
const char *hf_vars_near(const hf_vars *vars, const char *name);

/** hf_vars_resolve - compute every .resolved; variables in variables are replaced, a
 *  circle is reported. false if reported. Pure. */
bool hf_vars_resolve(hf_vars *vars, hf_arena *arena, hf_diags *diags);

/**
 * hf_vars_substitute - replace the variables in every text below @node
 *
 * Returns: @node itself where nothing is to be replaced, else a changed copy of the path
 * to it; NULL if out of memory (reported). Unknown variables are reported and left.
 * Keys of mappings are not touched, nor is a `meta` key's value.
 */
const hf_node *hf_vars_substitute(hf_vars *vars, const hf_node *node, hf_arena *arena,
				  hf_diags *diags);

#endif

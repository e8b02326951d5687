/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed reading of mappings against a counted key table: unknown keys (with the nearest
 * known one), missing keys and wrong types are reported once, here, with their marks.
 */
#ifndef HF_MODEL_SCHEMA_H
#define HF_MODEL_SCHEMA_H

#include <sys/types.h>

#include "model/node.h"

typedef enum hf_key_type {
	HF_KEY_ANY,	 /* any node */
	HF_KEY_STRING,	 /* scalar, not null */
	HF_KEY_BOOL,	 /* plain true or false */
	HF_KEY_INT,	 /* plain decimal integer */
	HF_KEY_MODE,	 /* octal text, quoted or not */
	HF_KEY_STRINGS,	 /* a list of scalars; one scalar counts as a list of one */
	HF_KEY_SEQUENCE, /* a list */
	HF_KEY_MAPPING,	 /* a mapping */
} hf_key_type;

#define HF_KEY_REQUIRED 1u

typedef struct hf_key {
	const char *name;
	hf_key_type type;
	unsigned flags;
} hf_key;

/**
 * hf_schema_mapping - check @node against a table
 * @what:   names the thing in messages: "a control", "'files' entry"
 * @ret:    array of @n_keys nodes in table order; NULL where absent or of wrong type
 *
 * Returns: true if nothing was wrong; otherwise @diags tells. Pure.
 */
bool hf_schema_mapping(const hf_node *node, const char *what, const hf_key *keys,
		       size_t n_keys, const hf_node **ret, hf_diags *diags);

/* Scalars that hf_schema_mapping() has accepted; on other input they report and return
 * false. Pure. */
bool hf_schema_bool(const hf_node *node, bool *ret, hf_diags *diags);
bool hf_schema_int(const hf_node *node, long long min, long long max, long long *ret,
		   hf_diags *diags);
bool hf_schema_mode(const hf_node *node, mode_t *ret, hf_diags *diags);

/** hf_schema_strings - list of scalars (or one) as array of nodes; false if reported */
bool hf_schema_strings(const hf_node *node, hf_arena *arena, const hf_node ***ret,
		       size_t *ret_n, hf_diags *diags);

#endif

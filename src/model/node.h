/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node tree: YAML as parsed, with a mark on every node and no meaning yet.
 *
 * Aliases are expanded into shared nodes (bounded by the reader). Duplicate keys never
 * reach here: the reader reports them. Nodes live in the arena they were read into.
 */
#ifndef HF_MODEL_NODE_H
#define HF_MODEL_NODE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/macro.h"

typedef enum hf_node_type {
	HF_NODE_SCALAR,
	HF_NODE_SEQUENCE,
	HF_NODE_MAPPING
} hf_node_type;

typedef struct hf_node hf_node;
struct hf_node {
	hf_node_type type;
	bool plain; /* scalar: written without quotes */
	hf_mark mark;
	const char *text; /* scalar: its text, NUL-terminated, without embedded NUL */
	hf_node **keys;	  /* mapping: scalar nodes */
	hf_node **items;  /* mapping: values; sequence: items */
	size_t n;
};

/** hf_node_get - value of @key in a mapping; NULL if absent or not a mapping; pure */
const hf_node *hf_node_get(const hf_node *node, const char *key);

/** hf_node_is_null - a plain "", "~" or "null"; pure */
bool hf_node_is_null(const hf_node *node);

/** hf_node_type_name - "a scalar", "a list", "a mapping", "empty" (null), for messages;
 *  pure */
const char *hf_node_type_name(const hf_node *node);

/** hf_node_new - an empty node; lists and mappings have room for @n and .n 0; NULL if out
 *  of memory; pure */
hf_node *hf_node_new(hf_arena *arena, hf_node_type type, hf_mark mark,
		     size_t n) _must_check_;

/** hf_node_equal - the same content? Marks and quotes do not count, nor does the order of
 *  a mapping's keys. Pure. */
bool hf_node_equal(const hf_node *a, const hf_node *b);

/**
 * hf_yaml_read - parse one YAML document
 * @source: the text (outlives the arena's users)
 * @arena:  where the nodes go
 * @diags:  gets every problem: syntax, encoding, duplicate keys, anchors that explode,
 *          nesting over 32, tags, several documents, size
 *
 * Returns: the root, or NULL if there is none (then @diags has an error). Pure.
 */
hf_node *hf_yaml_read(const hf_source *source, hf_arena *arena, hf_diags *diags);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "model/node.h"

#include <string.h>

const hf_node *hf_node_get(const hf_node *node, const char *key)
{
	if (!node || node->type != HF_NODE_MAPPING)
		return NULL;
	for (size_t i = 0; i < node->n; i++)
		if (strcmp(node->keys[i]->text, key) == 0)
			return node->items[i];
	return NULL;
}

bool hf_node_is_null(const hf_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	if (node->type != HF_NODE_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		if (strcmp(node->text, nulls[i]) == 0)
			return true;
	return false;
}

const char *hf_node_type_name(const hf_node *node)
{
	switch (node->type) {
	case HF_NODE_SEQUENCE:
		return "a list";
	case HF_NODE_MAPPING:
		return "a mapping";
	case HF_NODE_SCALAR:
		break;
	}
	return hf_node_is_null(node) ? "empty" : "a scalar";
}

hf_node *hf_node_new(hf_arena *arena, hf_node_type type, hf_mark mark, size_t n)
{
	hf_node *node = hf_arena_new(arena, hf_node);

	if (!node)
		return NULL;
	node->type = type;
	node->mark = mark;
	if (type == HF_NODE_SCALAR || !n)
		return node;
	node->items = hf_arena_array(arena, n, sizeof(*node->items));
	if (!node->items)
		return NULL;
	if (type == HF_NODE_MAPPING) {
		node->keys = hf_arena_array(arena, n, sizeof(*node->keys));
		if (!node->keys)
			return NULL;
	}
	return node;
}

static bool mapping_equal(const hf_node *a, const hf_node *b)
{
	for (size_t i = 0; i < a->n; i++) {
		/* the same order is the rule, another one is looked for */
		const hf_node *other = strcmp(a->keys[i]->text, b->keys[i]->text) == 0
					       ? b->items[i]
					       : hf_node_get(b, a->keys[i]->text);

		if (!other || !hf_node_equal(a->items[i], other))
			return false;
	}
	return true;
}

bool hf_node_equal(const hf_node *a, const hf_node *b)
{
	if (a == b)
		return true;
	if (a->type != b->type || a->n != b->n)
		return false;
	switch (a->type) {
	case HF_NODE_SCALAR:
		return hf_node_is_null(a) == hf_node_is_null(b) &&
		       (hf_node_is_null(a) || strcmp(a->text, b->text) == 0);
	case HF_NODE_SEQUENCE:
		for (size_t i = 0; i < a->n; i++)
			if (!hf_node_equal(a->items[i], b->items[i]))
				return false;
		return true;
	case HF_NODE_MAPPING:
		break;
	}
	return mapping_equal(a, b);
}

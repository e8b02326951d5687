/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text to nodes, over libyaml's events. libyaml is used here and nowhere else.
 *
 * Its document loader is not used: it keeps the last of duplicate keys, has no bounds
 * and gives up marks. A hostile file is stopped by counting: the size, the nesting, and
 * the nodes with every alias counted as what it stands for.
 */
#include <string.h>
#include <yaml.h>

#include "base/escape.h"
#include "base/map.h"
#include "model/node.h"
#include "model/yaml_text.h"

#define SIZE_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define DEPTH_MAX 32u
#define NODES_MAX 1000000u

typedef struct anchor {
	hf_node *node; /* NULL: still being read */
	size_t nodes;  /* what an alias stands for */
	unsigned height;
	hf_mark mark;
} anchor;

typedef struct reader {
	yaml_parser_t parser;
	const hf_source *source;
	hf_arena *arena;
	hf_diags *diags;
	hf_map anchors;
	size_t nodes;	 /* so far, aliases expanded */
	hf_node **stack; /* owned; children of the collections that are open */
	size_t n_stack;
	size_t cap_stack;
} reader;

/* A composed node and how high the tree below it is. */
typedef struct composed {
	hf_node *node;
	unsigned height;
} composed;

static bool compose(reader *r, yaml_event_t *event, unsigned depth, composed *ret);

static hf_mark mark_of(const reader *r, yaml_mark_t m)
{
	return (hf_mark){ r->source, (unsigned)m.line + 1, (unsigned)m.column + 1 };
}

static bool out_of_memory(reader *r)
{
	r->diags->oom = true;
	hf_diag_error(r->diags, (hf_mark){ 0 }, "out of memory");
	return false;
}

static bool next_event(reader *r, yaml_event_t *event)
{
	hf_mark mark;

	if (yaml_parser_parse(&r->parser, event))
		return true;
	if (r->parser.error == YAML_MEMORY_ERROR)
		return out_of_memory(r);
	mark = mark_of(r, r->parser.problem_mark);
	hf_yaml_text_problem(r->diags, mark, mark_of(r, r->parser.context_mark),
			     r->parser.context, r->parser.problem);
	return false;
}

static bool push(reader *r, hf_node *node)
{
	if (r->n_stack == r->cap_stack) {
		size_t cap = r->cap_stack ? r->cap_stack * 2 : 256;
		hf_node **stack = reallocarray(r->stack, cap, sizeof(hf_node *));

		if (!stack)
			return out_of_memory(r);
		r->stack = stack;
		r->cap_stack = cap;
	}
	r->stack[r->n_stack++] = node;
	return true;
}

static bool count_nodes(reader *r, size_t n, hf_mark mark)
{
	r->nodes += n;
	if (r->nodes <= NODES_MAX)
		return true;
	hf_diag_add(r->diags, HF_DIAG_ERROR, mark,
		    "write the values out, or split the baseline",
		    "the file has more than %u values, aliases counted as what they "
		    "stand for",
		    NODES_MAX);
	return false;
}

static bool check_depth(reader *r, unsigned depth, hf_mark mark)
{
	if (depth <= DEPTH_MAX)
		return true;
	hf_diag_error(r->diags, mark, "nested deeper than %u levels", DEPTH_MAX);
	return false;
}

/* Notes the anchor before its node is read, so that an alias to itself is seen. */
static bool anchor_open(reader *r, const char *name, hf_mark mark, anchor **ret)
{
	anchor *a;

	*ret = NULL;
	if (!name)
		return true;
	a = hf_map_get(&r->anchors, name);
	if (a) {
		hf_diag_error(r->diags, mark, "duplicate anchor '&%s' (first at line %u)",
			      name, a->mark.line);
		return true;
	}
	a = hf_arena_new(r->arena, anchor);
	if (!a || hf_map_put(&r->anchors, r->arena, name, a) < 0)
		return out_of_memory(r);
	a->mark = mark;
	a->nodes = r->nodes;
	*ret = a;
	return true;
}

static void anchor_close(const reader *r, anchor *a, const composed *c)
{
	if (!a)
		return;
	a->node = c->node;
	a->height = c->height;
	a->nodes = r->nodes - a->nodes;
}

static void check_tag(reader *r, const yaml_char_t *tag, hf_mark mark)
{
	if (tag)
		hf_diag_add(r->diags, HF_DIAG_ERROR, mark,
			    "the key decides the type; remove the tag",
			    "a baseline has no tags: '%s'", (const char *)tag);
}

static bool compose_alias(reader *r, const yaml_event_t *event, unsigned depth,
			  composed *ret)
{
	const char *name = (const char *)event->data.alias.anchor;
	hf_mark mark = mark_of(r, event->start_mark);
	const anchor *a = hf_map_get(&r->anchors, name);

	if (!a) {
		hf_diag_error(r->diags, mark, "no anchor '&%s' before this alias", name);
		return false;
	}
	if (!a->node) {
		hf_diag_error(r->diags, mark, "alias '*%s' stands inside itself", name);
		return false;
	}
	ret->node = a->node;
	ret->height = a->height;
	return count_nodes(r, a->nodes, mark) && check_depth(r, depth + a->height, mark);
}

static bool compose_scalar(reader *r, const yaml_event_t *event, composed *ret)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	hf_mark mark = mark_of(r, event->start_mark);
	hf_node *node;
	char *copy;

	check_tag(r, event->data.scalar.tag, mark);
	if (memchr(text, '\0', len))
		hf_diag_error(r->diags, mark, "a string cannot hold a NUL character");
	/* one allocation for both: there are many scalars and most are short */
	node = hf_arena_alloc(r->arena, sizeof(*node) + len + 1);
	if (!node)
		return out_of_memory(r);
	copy = (char *)(node + 1);
	memcpy(copy, text, len);
	node->type = HF_NODE_SCALAR;
	node->mark = mark;
	node->text = copy;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	ret->node = node;
	ret->height = 0;
	return true;
}

/* Moves what stands on the stack from @base on into @node. */
static bool take_children(reader *r, hf_node *node, size_t base)
{
	size_t n = r->n_stack - base;
	bool pairs = node->type == HF_NODE_MAPPING;

	r->n_stack = base;
	node->n = pairs ? n / 2 : n;
	if (!n)
		return true;
	node->items = hf_arena_array(r->arena, n, sizeof(*node->items));
	if (!node->items)
		return out_of_memory(r);
	if (!pairs) {
		memcpy(node->items, r->stack + base, n * sizeof(*node->items));
		return true;
	}
	node->keys = node->items + node->n;
	for (size_t i = 0; i < node->n; i++) {
		node->keys[i] = r->stack[base + 2 * i];
		node->items[i] = r->stack[base + 2 * i + 1];
	}
	return true;
}

static bool compose_sequence(reader *r, unsigned depth, hf_node *node, composed *ret)
{
	size_t base = r->n_stack;

	for (;;) {
		composed item = { 0 };
		yaml_event_t event;
		bool ok;

		if (!next_event(r, &event))
			return false;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return take_children(r, node, base);
		}
		ok = compose(r, &event, depth + 1, &item) && push(r, item.node);
		yaml_event_delete(&event);
		if (!ok)
			return false;
		if (item.height + 1 > ret->height)
			ret->height = item.height + 1;
	}
}

/* Keys seen so far in the mapping at @base; a map only once there are many. */
static bool note_key(reader *r, hf_map *seen, size_t base, hf_node *key,
		     const hf_node **ret_first)
{
	enum { FEW = 16 };
	size_t n = (r->n_stack - base) / 2;

	*ret_first = NULL;
	if (n <= FEW) {
		for (size_t i = 0; i < n && !*ret_first; i++)
			if (strcmp(r->stack[base + 2 * i]->text, key->text) == 0)
				*ret_first = r->stack[base + 2 * i];
	} else {
		*ret_first = hf_map_get(seen, key->text);
	}
	if (*ret_first)
		return true;
	if (n == FEW)
		for (size_t i = 0; i < n; i++) {
			hf_node *k = r->stack[base + 2 * i];

			if (hf_map_put(seen, r->arena, k->text, k) < 0)
				return out_of_memory(r);
		}
	if (n >= FEW && hf_map_put(seen, r->arena, key->text, key) < 0)
		return out_of_memory(r);
	return true;
}

/* Returns: is the pair fit to be kept? Otherwise it was reported. */
static bool check_key(reader *r, const hf_node *key, const hf_node *first)
{
	if (key->type != HF_NODE_SCALAR)
		hf_diag_error(r->diags, key->mark, "a key must be a word, not %s",
			      hf_node_type_name(key));
	else if (hf_node_is_null(key))
		hf_diag_error(r->diags, key->mark, "a key cannot be empty");
	else if (key->plain && strcmp(key->text, "<<") == 0)
		hf_diag_add(r->diags, HF_DIAG_ERROR, key->mark,
			    "use an alias for the whole value, or 'extends' and 'tailor'",
			    "merge keys ('<<') are not supported");
	else if (first)
		hf_diag_error(r->diags, key->mark,
			      "duplicate key '%s' (first at line %u, column %u)",
			      key->text, first->mark.line, first->mark.column);
	else
		return true;
	return false;
}

static bool compose_pair(reader *r, yaml_event_t *event, unsigned depth, size_t base,
			 hf_map *seen, composed *ret)
{
	composed key = { 0 }, value = { 0 };
	const hf_node *first = NULL;
	yaml_event_t next;
	bool ok;

	if (!compose(r, event, depth + 1, &key))
		return false;
	if (key.node->type == HF_NODE_SCALAR &&
	    !note_key(r, seen, base, key.node, &first))
		return false;
	if (!next_event(r, &next))
		return false;
	ok = compose(r, &next, depth + 1, &value);
	yaml_event_delete(&next);
	if (!ok)
		return false;
	if (value.height + 1 > ret->height)
		ret->height = value.height + 1;
	if (!check_key(r, key.node, first))
		return true;
	return push(r, key.node) && push(r, value.node);
}

static bool compose_mapping(reader *r, unsigned depth, hf_node *node, composed *ret)
{
	size_t base = r->n_stack;
	hf_map seen = { 0 };

	for (;;) {
		yaml_event_t event;
		bool ok;

		if (!next_event(r, &event))
			return false;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return take_children(r, node, base);
		}
		ok = compose_pair(r, &event, depth, base, &seen, ret);
		yaml_event_delete(&event);
		if (!ok)
			return false;
	}
}

static bool compose_collection(reader *r, const yaml_event_t *event, unsigned depth,
			       composed *ret)
{
	bool mapping = event->type == YAML_MAPPING_START_EVENT;
	hf_mark mark = mark_of(r, event->start_mark);

	check_tag(r,
		  mapping ? event->data.mapping_start.tag
			  : event->data.sequence_start.tag,
		  mark);
	if (!check_depth(r, depth + 1, mark))
		return false;
	ret->node = hf_node_new(r->arena, mapping ? HF_NODE_MAPPING : HF_NODE_SEQUENCE,
				mark, 0);
	if (!ret->node)
		return out_of_memory(r);
	ret->height = 1;
	return mapping ? compose_mapping(r, depth, ret->node, ret)
		       : compose_sequence(r, depth, ret->node, ret);
}

static const char *anchor_name(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

/*
 * Reads the node that begins with @event. Returns false when reading cannot go on (it
 * was reported); problems that leave a usable tree are reported and passed over.
 */
static bool compose(reader *r, yaml_event_t *event, unsigned depth, composed *ret)
{
	hf_mark mark = mark_of(r, event->start_mark);
	anchor *a;

	if (event->type == YAML_ALIAS_EVENT)
		return compose_alias(r, event, depth, ret);
	if (!anchor_open(r, anchor_name(event), mark, &a) || !count_nodes(r, 1, mark))
		return false;
	if (event->type == YAML_SCALAR_EVENT) {
		if (!compose_scalar(r, event, ret))
			return false;
	} else if (!compose_collection(r, event, depth, ret)) {
		return false;
	}
	anchor_close(r, a, ret);
	return true;
}

static void empty_file(reader *r)
{
	hf_diag_add(r->diags, HF_DIAG_ERROR, (hf_mark){ r->source, 1, 1 },
		    "a baseline begins with 'holdfast: 1'", "the file is empty");
}

/* From the stream's start to its end. */
static hf_node *read_stream(reader *r)
{
	composed root = { 0 };

	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		bool ok = true;

		if (!next_event(r, &event))
			return NULL;
		type = event.type;
		switch (type) {
		case YAML_STREAM_START_EVENT:
		case YAML_STREAM_END_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (!root.node)
				break;
			hf_diag_error(r->diags, mark_of(r, event.start_mark),
				      "a second document begins here; a baseline is one");
			ok = false;
			break;
		default:
			ok = compose(r, &event, 0, &root);
		}
		yaml_event_delete(&event);
		if (!ok)
			return NULL;
		if (type == YAML_STREAM_END_EVENT)
			break;
	}
	if (!root.node || hf_node_is_null(root.node)) {
		empty_file(r);
		return NULL;
	}
	return root.node;
}

hf_node *hf_yaml_read(const hf_source *source, hf_arena *arena, hf_diags *diags)
{
	reader r = { .source = source, .arena = arena, .diags = diags };
	hf_mark whole = { .source = source };
	size_t bom;
	hf_node *root;

	if (source->len > SIZE_MAX_BYTES) {
		hf_diag_error(diags, whole, "the file is larger than %zu MiB",
			      SIZE_MAX_BYTES / (1024 * 1024));
		return NULL;
	}
	if (!hf_yaml_text_check(source, diags))
		return NULL;
	if (!yaml_parser_initialize(&r.parser)) {
		out_of_memory(&r);
		return NULL;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	/* with the encoding set, libyaml does not look for a byte order mark itself */
	bom = source->len >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	yaml_parser_set_input_string(&r.parser, (const yaml_char_t *)source->text + bom,
				     source->len - bom);
	root = read_stream(&r);
	yaml_parser_delete(&r.parser);
	free(r.stack);
	return root;
}

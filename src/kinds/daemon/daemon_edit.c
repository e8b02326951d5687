/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line-exact editor of daemon.json. A container that changes is written anew from
 * its old pieces: what stands before a member (its lead), the member, what stands
 * between it and its comma. Pieces that stay are copied byte for byte.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "kinds/daemon/daemon_json.h"

#define WIDTH_INLINE 60 /* a longer list of a file with lines gets a line per element */

/* What to do with one member or element; a tree of them is the whole edit. */
typedef struct op op;
struct op {
	const char *key;
	const hf_json *value; /* NULL without subs: remove */
	op **subs;	      /* edits of its members, when the key is not edited whole */
	size_t n_subs;
	hf_map by_key;
};

typedef struct writer {
	hf_strbuf sb;
	const char *text;
	const char *nl;	   /* line end of the file */
	const char *unit;  /* one step of indentation */
	const char *space; /* after colons and commas: " ", or "" in a file without */
	bool lines;	   /* a member per line */
	hf_arena *arena;
} writer;

typedef struct addition {
	const char *key; /* NULL: element of a list */
	const hf_json *value;
} addition;

/* One container on its way: what happens to each child, and what is added. */
typedef struct edit {
	const hf_json *node;
	bool *drop;
	const op **ops; /* of children that stay but change; NULL each: none */
	addition *adds;
	size_t n_adds;
	const char *indent; /* of the line the container begins on */
} edit;

typedef struct span {
	const char *p;
	size_t len;
} span;

static span lead_of(const writer *w, const hf_json *node, size_t i)
{
	const hf_json *child = node->items[i];
	size_t from = i ? node->items[i - 1]->comma + 1 : node->start + 1;
	size_t to = child->key ? child->key_start : child->start;

	return (span){ w->text + from, to - from };
}

/* The part of white space from its last line break on; empty if it has none. */
static span last_line(span s)
{
	for (size_t i = s.len; i-- > 0;)
		if (s.p[i] == '\n') {
			size_t from = i && s.p[i - 1] == '\r' ? i - 1 : i;

			return (span){ s.p + from, s.len - from };
		}
	return (span){ s.p + s.len, 0 };
}

static const char *indent_of(writer *w, const hf_json *node, size_t i, const char * or)
{
	span s = last_line(lead_of(w, node, i));
	const char *nl = s.len ? memchr(s.p, '\n', s.len) : NULL;
	char *copy;

	if (!nl)
		return or ;
	copy = hf_arena_memdup(w->arena, nl + 1, (size_t)(s.p + s.len - nl - 1));
	if (!copy)
		w->sb.oom = true;
	return copy ? copy : "";
}

static const char *deeper(writer *w, const char *indent)
{
	char *s = hf_arena_printf(w->arena, "%s%s", indent, w->unit);

	if (!s)
		w->sb.oom = true;
	return s ? s : "";
}

static bool is_container(const hf_json *v)
{
	return v->type == HF_JSON_ARRAY || v->type == HF_JSON_OBJECT;
}

static bool fits_inline(writer *w, const hf_json *v)
{
	const char *text;

	if (v->n == 0)
		return true;
	if (v->type == HF_JSON_OBJECT)
		return false;
	for (size_t i = 0; i < v->n; i++)
		if (is_container(v->items[i]))
			return false;
	text = hf_json_compact(v, w->arena);
	if (!text)
		w->sb.oom = true;
	return text && strlen(text) <= WIDTH_INLINE;
}

/* A new value, in the file's style. Depth is that of the value: bounded. */
static void put_new(writer *w, const hf_json *v, const char *indent)
{
	bool object = v->type == HF_JSON_OBJECT, inl;
	const char *inner;

	if (!is_container(v)) {
		hf_json_put_scalar(&w->sb, v);
		return;
	}
	inl = !w->lines || fits_inline(w, v);
	inner = inl ? indent : deeper(w, indent);
	hf_strbuf_addc(&w->sb, object ? '{' : '[');
	for (size_t i = 0; i < v->n; i++) {
		if (i)
			hf_strbuf_addc(&w->sb, ',');
		if (!inl)
			hf_strbuf_addf(&w->sb, "%s%s", w->nl, inner);
		else if (i)
			hf_strbuf_adds(&w->sb, w->space);
		if (object) {
			hf_json_put_key(&w->sb, v->items[i]->key);
			hf_strbuf_addf(&w->sb, ":%s", w->space);
		}
		put_new(w, v->items[i], inner);
	}
	if (!inl)
		hf_strbuf_addf(&w->sb, "%s%s", w->nl, indent);
	hf_strbuf_addc(&w->sb, object ? '}' : ']');
}

static void put_changed(writer *w, const hf_json *old, const op *o, const char *indent);

/* What stands before an added member of a container that has children. */
static span added_lead(const writer *w, const hf_json *node)
{
	span lead = lead_of(w, node, node->n - 1), line = last_line(lead);

	if (line.len)
		return line;
	if (node->n == 1)
		return (span){ w->space, strlen(w->space) };
	return lead;
}

static void put_additions(writer *w, const edit *e, bool first)
{
	const hf_json *node = e->node;
	const hf_json *last = node->n ? node->items[node->n - 1] : NULL;
	const char *inner =
		!last ? deeper(w, e->indent) : indent_of(w, node, node->n - 1, e->indent);

	for (size_t i = 0; i < e->n_adds; i++, first = false) {
		span lead = { "", 0 };

		if (!first)
			hf_strbuf_addc(&w->sb, ',');
		if (last) {
			lead = first ? lead_of(w, node, 0) : added_lead(w, node);
			hf_strbuf_add(&w->sb, lead.p, lead.len);
		} else if (w->lines) {
			hf_strbuf_addf(&w->sb, "%s%s", w->nl, inner);
		} else if (!first) {
			hf_strbuf_adds(&w->sb, w->space);
		}
		if (e->adds[i].key) {
			span colon = { ":", 1 };

			if (last) {
				colon.p = w->text + last->key_end;
				colon.len = last->start - last->key_end;
			}
			hf_json_put_key(&w->sb, e->adds[i].key);
			if (last && !memchr(colon.p, '\n', colon.len))
				hf_strbuf_add(&w->sb, colon.p, colon.len);
			else
				hf_strbuf_addf(&w->sb, ":%s", w->space);
		}
		put_new(w, e->adds[i].value, inner);
	}
}

/* White space before the closing bracket, for what is left inside. */
static void put_closing(writer *w, const edit *e, bool empty)
{
	const hf_json *node = e->node;
	size_t from = node->n ? node->items[node->n - 1]->end : node->start + 1;
	span s = { w->text + from, node->end - 1 - from }, line = last_line(s);

	if (node->n == 0 && !empty) {
		if (!w->lines)
			return;
		if (line.len)
			hf_strbuf_add(&w->sb, line.p, line.len);
		else
			hf_strbuf_addf(&w->sb, "%s%s", w->nl, e->indent);
		return;
	}
	if (empty && node->n)
		s = line; /* braces on lines of their own stay there */
	hf_strbuf_add(&w->sb, s.p, s.len);
}

static void put_container(writer *w, const edit *e)
{
	const hf_json *node = e->node;
	size_t n_left = e->n_adds;
	bool first = true;

	for (size_t i = 0; i < node->n; i++)
		n_left += !e->drop[i];
	hf_strbuf_addc(&w->sb, w->text[node->start]);
	for (size_t i = 0, left = n_left; i < node->n; i++) {
		const hf_json *c = node->items[i];
		span lead;

		if (e->drop[i])
			continue;
		if (!first)
			hf_strbuf_addc(&w->sb, ',');
		lead = lead_of(w, node, first ? 0 : i);
		hf_strbuf_add(&w->sb, lead.p, lead.len);
		if (c->key)
			hf_strbuf_add(&w->sb, w->text + c->key_start,
				      c->start - c->key_start);
		if (e->ops[i])
			put_changed(w, c, e->ops[i], indent_of(w, node, i, e->indent));
		else
			hf_strbuf_add(&w->sb, w->text + c->start, c->end - c->start);
		if (--left && c->comma)
			hf_strbuf_add(&w->sb, w->text + c->end, c->comma - c->end);
		first = false;
	}
	put_additions(w, e, first);
	put_closing(w, e, n_left == 0);
	hf_strbuf_addc(&w->sb, w->text[node->end - 1]);
}

static bool edit_init(writer *w, edit *e, const hf_json *node, size_t n_adds,
		      const char *indent)
{
	*e = (edit){ .node = node, .indent = indent };
	e->drop = hf_arena_array(w->arena, node->n, sizeof(*e->drop));
	e->ops = hf_arena_array(w->arena, node->n, sizeof(*e->ops));
	e->adds = hf_arena_array(w->arena, n_adds, sizeof(*e->adds));
	if (!e->drop || !e->ops || !e->adds)
		w->sb.oom = true;
	return !w->sb.oom;
}

/* Members named by @ops change, the others stay. */
static void put_object(writer *w, const hf_json *node, op *const *ops, size_t n_ops,
		       const hf_map *by_key, const char *indent)
{
	hf_map there = { 0 };
	edit e;

	if (!edit_init(w, &e, node, n_ops, indent))
		return;
	for (size_t i = 0; i < node->n; i++) {
		const op *o = hf_map_get(by_key, node->items[i]->key);

		if (!o)
			continue;
		if (hf_map_put(&there, w->arena, o->key, node->items[i]) < 0)
			w->sb.oom = true;
		if (!o->value && !o->n_subs)
			e.drop[i] = true;
		else
			e.ops[i] = o;
	}
	for (size_t i = 0; i < n_ops; i++)
		if (ops[i]->value && !hf_map_get(&there, ops[i]->key))
			e.adds[e.n_adds++] = (addition){ ops[i]->key, ops[i]->value };
	if (!w->sb.oom)
		put_container(w, &e);
}

/* An object in place of another: the members that are in both keep their place. */
static void put_object_as(writer *w, const hf_json *node, const hf_json *value,
			  const char *indent)
{
	hf_map by_key = { 0 };
	op **ops = NULL;
	size_t n = 0;

	for (int pass = 0; pass < 2; pass++) {
		const hf_json *from = pass ? node : value;

		for (size_t i = 0; i < from->n; i++) {
			op *o, **slot;

			if (hf_map_get(&by_key, from->items[i]->key))
				continue;
			o = hf_arena_new(w->arena, op);
			slot = hf_vec_push(w->arena, ops, n);
			if (!o || !slot ||
			    hf_map_put(&by_key, w->arena, from->items[i]->key, o) < 0) {
				w->sb.oom = true;
				return;
			}
			o->key = from->items[i]->key;
			o->value = pass ? NULL : value->items[i];
			*slot = o;
		}
	}
	put_object(w, node, ops, n, &by_key, indent);
}

/* A list in place of another: equal elements stay, order has no meaning. */
static void put_array_as(writer *w, const hf_json *node, const hf_json *value,
			 const char *indent)
{
	hf_map left = { 0 };
	edit e;

	if (!edit_init(w, &e, node, value->n, indent))
		return;
	for (int pass = 0; pass < 3; pass++) {
		const hf_json *from = pass == 1 ? node : value;

		for (size_t i = 0; i < from->n; i++) {
			const char *text = hf_json_canonical(from->items[i], w->arena);
			size_t *count = text ? hf_map_get(&left, text) : NULL;

			if (text && !count) {
				count = hf_arena_new(w->arena, size_t);
				if (count && hf_map_put(&left, w->arena, text, count) < 0)
					count = NULL;
			}
			if (!count) {
				w->sb.oom = true;
				return;
			}
			if (pass == 0)
				(*count)++;
			else if (pass == 1 && *count == 0)
				e.drop[i] = true;
			else if (pass == 1)
				(*count)--;
			else if (*count) {
				(*count)--;
				e.adds[e.n_adds++] = (addition){ NULL, value->items[i] };
			}
		}
	}
	put_container(w, &e);
}

static void put_changed(writer *w, const hf_json *old, const op *o, const char *indent)
{
	const char *was, *wanted;

	if (o->n_subs && old->type == HF_JSON_OBJECT) {
		put_object(w, old, o->subs, o->n_subs, &o->by_key, indent);
		return;
	}
	if (!o->value)
		return;
	was = hf_json_canonical(old, w->arena);
	wanted = hf_json_canonical(o->value, w->arena);
	if (!was || !wanted)
		w->sb.oom = true;
	else if (strcmp(was, wanted) == 0)
		hf_strbuf_add(&w->sb, w->text + old->start, old->end - old->start);
	else if (o->value->type != old->type || old->n == 0)
		put_new(w, o->value, indent);
	else if (old->type == HF_JSON_OBJECT)
		put_object_as(w, old, o->value, indent);
	else
		put_array_as(w, old, o->value, indent);
}

/* --- from patches to a tree of ops -------------------------------------------------- */

static op *op_get(hf_arena *arena, op ***ops, size_t *n, hf_map *by_key, const char *key)
{
	op *o = hf_map_get(by_key, key), **slot;

	if (o)
		return o;
	o = hf_arena_new(arena, op);
	slot = o ? hf_vec_push(arena, *ops, *n) : NULL;
	if (!slot || hf_map_put(by_key, arena, key, o) < 0)
		return NULL;
	o->key = key;
	*slot = o;
	return o;
}

/* An object edited by sub-keys: if it is not there (or not an object) it is made; if it
 * would be left empty, it goes. */
static int settle_subs(hf_arena *arena, op *o, const hf_json *old)
{
	bool whole = !old || old->type != HF_JSON_OBJECT;
	size_t n_after = 0;
	hf_json *made;

	for (size_t i = 0; i < o->n_subs; i++)
		n_after += o->subs[i]->value != NULL;
	if (!whole)
		for (size_t i = 0; i < old->n; i++)
			n_after += !hf_map_get(&o->by_key, old->items[i]->key);
	if (n_after && !whole)
		return 0;
	o->value = NULL;
	if (n_after) {
		made = hf_json_new(arena, HF_JSON_OBJECT, NULL);
		if (!made)
			return -ENOMEM;
		for (size_t i = 0; i < o->n_subs; i++) {
			hf_json *copy;

			if (!o->subs[i]->value)
				continue;
			copy = hf_arena_new(arena, hf_json);
			if (!copy)
				return -ENOMEM;
			*copy = *o->subs[i]->value;
			if (hf_json_add(arena, made, o->subs[i]->key, copy) < 0)
				return -ENOMEM;
		}
		o->value = made;
	}
	o->n_subs = 0;
	return 0;
}

static int build_ops(hf_arena *arena, const hf_json *root, const hf_json_patch *patches,
		     size_t n, op ***ret, size_t *ret_n, hf_map *by_key)
{
	for (size_t i = 0; i < n; i++) {
		op *o = op_get(arena, ret, ret_n, by_key, patches[i].key);

		if (!o)
			return -ENOMEM;
		if (patches[i].subkey) {
			o = op_get(arena, &o->subs, &o->n_subs, &o->by_key,
				   patches[i].subkey);
			if (!o)
				return -ENOMEM;
		}
		o->value = patches[i].value;
	}
	for (size_t i = 0; i < *ret_n; i++)
		if ((*ret)[i]->n_subs &&
		    settle_subs(arena, (*ret)[i], hf_json_get(root, (*ret)[i]->key)) < 0)
			return -ENOMEM;
	return 0;
}

/* --- the file's style --------------------------------------------------------------- */

static void read_style(writer *w, const hf_json *root, size_t len)
{
	const char *lf = memchr(w->text, '\n', len);
	size_t colon;

	w->nl = lf && lf > w->text && lf[-1] == '\r' ? "\r\n" : "\n";
	w->unit = "  ";
	w->space = " ";
	w->lines = true;
	if (root->n == 0)
		return;
	w->lines = false;
	for (size_t i = 0; i < root->n && !w->lines; i++) {
		if (!last_line(lead_of(w, root, i)).len)
			continue;
		w->lines = true;
		w->unit = indent_of(w, root, i, "  ");
	}
	colon = root->items[0]->start - root->items[0]->key_end;
	if (colon == 1)
		w->space = "";
}

/* --- jansson as the check ----------------------------------------------------------- */

/* Integers as dockerd reads them where it knows no type (Go's float64): one beyond 64
 * bits in a member of others is valid, and its text stays. */
#define DECODE (JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL)

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool same(const json_t *a, const json_t *b, bool *oom);

static bool same_lists(const json_t *a, const json_t *b, bool *oom)
{
	size_t n = json_array_size(a);
	bool equal = json_array_size(b) == n;
	char **texts = equal ? calloc(2 * n + 1, sizeof(*texts)) : NULL;

	if (equal && !texts)
		*oom = true;
	for (size_t i = 0; texts && i < 2 * n; i++) {
		const json_t *item = json_array_get(i < n ? a : b, i < n ? i : i - n);

		texts[i] = json_dumps(item, JSON_ENCODE_ANY | JSON_SORT_KEYS);
		if (!texts[i]) {
			*oom = true;
			break;
		}
	}
	if (texts && !*oom) {
		qsort(texts, n, sizeof(*texts), by_text);
		qsort(texts + n, n, sizeof(*texts), by_text);
		for (size_t i = 0; i < n && equal; i++)
			equal = strcmp(texts[i], texts[n + i]) == 0;
	}
	for (size_t i = 0; texts && i < 2 * n; i++)
		free(texts[i]);
	free(texts);
	return equal && !*oom;
}

static bool same(const json_t *a, const json_t *b, bool *oom)
{
	const char *key;
	void *iter;

	if (json_is_array(a) && json_is_array(b))
		return same_lists(a, b, oom);
	if (!json_is_object(a) || !json_is_object(b))
		return json_equal(a, b) == 1;
	if (json_object_size(a) != json_object_size(b))
		return false;
	for (iter = json_object_iter((json_t *)(uintptr_t)a); iter;
	     iter = json_object_iter_next((json_t *)(uintptr_t)a, iter)) {
		key = json_object_iter_key(iter);
		if (!json_object_get(b, key) ||
		    !same(json_object_iter_value(iter), json_object_get(b, key), oom))
			return false;
	}
	return true;
}

static json_t *to_jansson(const hf_json *v, hf_arena *arena)
{
	char *text = hf_json_compact(v, arena);

	return text ? json_loads(text, DECODE | JSON_DECODE_ANY, NULL) : NULL;
}

/* Carry the same edits out on jansson's tree of the old text. */
static int expect(json_t *tree, op *const *ops, size_t n, hf_arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value;

		if (ops[i]->n_subs) {
			json_t *sub = json_object_get(tree, ops[i]->key);

			if (expect(sub, ops[i]->subs, ops[i]->n_subs, arena) < 0)
				return -1;
		} else if (!ops[i]->value) {
			(void)json_object_del(tree, ops[i]->key);
		} else {
			value = to_jansson(ops[i]->value, arena);
			if (!value || json_object_set_new(tree, ops[i]->key, value) < 0)
				return -1;
		}
	}
	return 0;
}

static int check(const char *name, const char *old, size_t old_len, const writer *w,
		 op *const *ops, size_t n, hf_error **err)
{
	json_error_t at = { 0 };
	json_t *was, *now = NULL;
	bool oom = false, good = false;

	was = json_loadb(old, old_len, DECODE, &at);
	if (was)
		now = json_loadb(hf_strbuf_str(&w->sb), w->sb.len, DECODE, &at);
	if (!was || !now)
		/* without memory jansson often fails without a word */
		oom = !at.text[0] || json_error_code(&at) == json_error_out_of_memory;
	else if (expect(was, ops, n, w->arena) < 0)
		oom = true; /* the values are valid: they were made or read by us */
	else
		good = same(was, now, &oom);
	if (oom)
		(void)hf_error_oom(err);
	else if (!was || !now)
		(void)hf_error_at(err, -EBADMSG, name,
				  at.line > 0 ? (unsigned)at.line : 0, 0,
				  "the edit cannot be checked: %s", at.text);
	else if (!good)
		(void)hf_error_at(err, -EBADMSG, name, 0, 0,
				  "the edited text does not mean what it should");
	json_decref(was);
	json_decref(now);
	if (oom)
		return -ENOMEM;
	return good ? 0 : -EBADMSG;
}

int hf_json_edit(const char *name, const char *text, size_t len, const hf_json *root,
		 const hf_json_patch *patches, size_t n, hf_arena *arena, char **ret,
		 size_t *ret_len, hf_error **err)
{
	writer w = { .arena = arena };
	hf_map by_key = { 0 };
	op **ops = NULL;
	size_t n_ops = 0;
	hf_json *made = NULL;
	char *copy = NULL;
	int r;

	if (!text) {
		text = "{}\n";
		len = strlen(text);
		r = hf_json_parse(name, text, len, arena, &made, err);
		if (r < 0)
			return r;
		root = made;
	}
	w.text = text;
	read_style(&w, root, len);
	r = build_ops(arena, root, patches, n, &ops, &n_ops, &by_key);
	if (r < 0)
		return hf_error_oom(err);
	hf_strbuf_add(&w.sb, text, root->start);
	put_object(&w, root, ops, n_ops, &by_key, "");
	hf_strbuf_add(&w.sb, text + root->end, len - root->end);
	if (!hf_strbuf_ok(&w.sb))
		r = hf_error_oom(err);
	else
		r = check(name, text, len, &w, ops, n_ops, err);
	if (r == 0) {
		copy = hf_arena_memdup(arena, hf_strbuf_str(&w.sb), w.sb.len);
		if (!copy)
			r = hf_error_oom(err);
	}
	if (r == 0) {
		*ret = copy;
		*ret_len = w.sb.len;
	}
	hf_strbuf_done(&w.sb);
	return r;
}

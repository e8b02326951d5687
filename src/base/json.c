/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/map.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/strbuf.h"

typedef struct reader {
	const char *name;
	const char *text;
	size_t len;
	size_t pos;
	unsigned line;
	size_t line_start; /* plus the bytes of characters in it beyond one for each */
	unsigned depth;
	size_t n_nodes, max_nodes;
	hf_arena *arena;
	hf_error **err;
} reader;

#define FEW 8 /* members of an object that are not worth a map */

static int read_value(reader *r, hf_json **ret);

const char *hf_json_type_name(hf_json_type type)
{
	static const char *const names[] = { "null",	 "true or false", "a number",
					     "a string", "a list",	  "an object" };

	return names[type];
}

unsigned hf_json_column(const char *text, size_t offset)
{
	size_t start = offset;
	unsigned column = 1;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	for (; start < offset; start++)
		if (((unsigned char)text[start] & 0xc0) != 0x80) /* UTF-8 lead byte */
			column++;
	return column;
}

static int fail_at(reader *r, unsigned line, size_t offset, const char *hint,
		   const char *message)
{
	int code = hf_error_at(r->err, -EBADMSG, r->name, line,
			       hf_json_column(r->text, offset), "%s", message);

	return hint ? hf_error_hint(r->err, "%s", hint) : code;
}

static int fail(reader *r, const char *message)
{
	return fail_at(r, r->line, r->pos, NULL, message);
}

static int fail_truncated(reader *r, const char *where)
{
	int code = hf_error_at(r->err, -EBADMSG, r->name, r->line,
			       hf_json_column(r->text, r->len), "the file ends inside %s",
			       where);

	(void)hf_error_hint(r->err, "complete it or restore it");
	return code;
}

static int fail_byte(reader *r, const char *wanted)
{
	unsigned char c = (unsigned char)r->text[r->pos];

	if (c == 0)
		return fail(r, "a NUL byte");
	if (c == '/' || c == '#')
		return fail_at(r, r->line, r->pos, "JSON has no comments; remove it",
			       "a comment");
	if (c >= 0x80 && !hf_utf8_len(r->text + r->pos, r->len - r->pos))
		return fail(r, "invalid UTF-8");
	if (c >= 0x80 || c < 0x20)
		return hf_error_at(r->err, -EBADMSG, r->name, r->line,
				   hf_json_column(r->text, r->pos),
				   "unexpected byte 0x%02x, %s is expected", c, wanted);
	return hf_error_at(r->err, -EBADMSG, r->name, r->line,
			   hf_json_column(r->text, r->pos),
			   "unexpected '%c', %s is expected", c, wanted);
}

static void skip_blank(reader *r)
{
	for (; r->pos < r->len; r->pos++) {
		char c = r->text[r->pos];

		if (c == '\n') {
			r->line++;
			r->line_start = r->pos + 1;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			break;
		}
	}
}

/* As hf_json_column() of r->pos, but not by looking back. */
static unsigned column_now(const reader *r)
{
	return (unsigned)(r->pos - r->line_start) + 1;
}

static int hex4(const reader *r, size_t pos, unsigned *ret)
{
	unsigned v = 0;

	if (r->len - pos < 4)
		return -EINVAL;
	for (size_t i = 0; i < 4; i++) {
		int c = (unsigned char)r->text[pos + i];

		if (!isxdigit(c))
			return -EINVAL;
		v = v * 16 + (unsigned)(isdigit(c) ? c - '0' : (c | 32) - 'a' + 10);
	}
	*ret = v;
	return 0;
}

/* \uXXXX, r->pos on the 'u'. Halves of a pair that stand alone are refused: Go turns
 * them into U+FFFD, other readers do not. */
static int read_unicode(reader *r, char *out, size_t *len)
{
	unsigned v, low;

	if (hex4(r, r->pos + 1, &v) < 0)
		return fail(r, "\\u needs four hexadecimal digits");
	if (v == 0)
		return fail(r, "\\u0000 in a string");
	if (v >= 0xd800 && v < 0xe000) {
		if (v >= 0xdc00 || r->len - r->pos < 11 || r->text[r->pos + 5] != '\\' ||
		    r->text[r->pos + 6] != 'u' || hex4(r, r->pos + 7, &low) < 0 ||
		    low < 0xdc00 || low >= 0xe000)
			return fail(r, "half of a surrogate pair");
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
		r->pos += 6;
	}
	r->pos += 5;
	*len += hf_utf8_put(out + *len, v);
	return 0;
}

static int read_escape(reader *r, char *out, size_t *len)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p;
	char c;

	if (++r->pos >= r->len)
		return fail_truncated(r, "a string");
	c = r->text[r->pos];
	if (c == 'u')
		return read_unicode(r, out, len);
	p = c ? strchr(from, c) : NULL;
	if (!p)
		return fail(r, "an unknown escape in a string");
	out[(*len)++] = to[p - from];
	r->pos++;
	return 0;
}

/* r->pos behind the opening quote. The decoded text is never longer than the written. */
static int read_odd_string(reader *r, const char **ret)
{
	size_t close = r->pos, len = 0;
	char *out;

	while (close < r->len && r->text[close] != '"')
		close += r->text[close] == '\\' ? 2 : 1;
	out = hf_arena_alloc(r->arena, (close < r->len ? close : r->len) - r->pos + 1);
	if (!out)
		return hf_error_oom(r->err);
	for (;;) {
		unsigned char c;
		size_t n;

		if (r->pos >= r->len)
			return fail_truncated(r, "a string");
		c = (unsigned char)r->text[r->pos];
		if (c == '"')
			break;
		if (c == '\\') {
			int code = read_escape(r, out, &len);

			if (code < 0)
				return code;
			continue;
		}
		if (c == 0)
			return fail(r, "a NUL byte");
		if (c == '\n' || c == '\r')
			return fail(r, "a line ends inside a string");
		if (c < 0x20)
			return fail(r, "a control character in a string");
		n = hf_utf8_len(r->text + r->pos, r->len - r->pos);
		if (n == 0)
			return fail(r, "invalid UTF-8");
		memcpy(out + len, r->text + r->pos, n);
		len += n;
		r->pos += n;
		r->line_start += n - 1;
	}
	r->pos++;
	*ret = out;
	return 0;
}

/* r->pos on the opening quote. */
static int read_string(reader *r, const char **ret)
{
	size_t n = hf_json_plain_len(r->text + r->pos + 1, r->len - r->pos - 1);

	r->pos++;
	if (r->pos + n == r->len || r->text[r->pos + n] != '"')
		return read_odd_string(r, ret);
	*ret = hf_arena_memdup(r->arena, r->text + r->pos, n);
	r->pos += n + 1;
	return *ret ? 0 : hf_error_oom(r->err);
}

static size_t digits(reader *r)
{
	size_t from = r->pos;

	while (r->pos < r->len && isdigit((unsigned char)r->text[r->pos]))
		r->pos++;
	return r->pos - from;
}

static int read_number(reader *r, hf_json *node)
{
	size_t from = r->pos;

	if (r->text[r->pos] == '-')
		r->pos++;
	if (r->pos < r->len && r->text[r->pos] == '0') {
		r->pos++;
		if (r->pos < r->len && isdigit((unsigned char)r->text[r->pos]))
			return fail(r, "a number with a leading zero");
	} else if (digits(r) == 0) {
		return fail(r, "a number without digits");
	}
	if (r->pos < r->len && r->text[r->pos] == '.') {
		r->pos++;
		if (digits(r) == 0)
			return fail(r, "a number without digits after its point");
	}
	if (r->pos < r->len && (r->text[r->pos] | 32) == 'e') {
		r->pos++;
		if (r->pos < r->len && (r->text[r->pos] == '+' || r->text[r->pos] == '-'))
			r->pos++;
		if (digits(r) == 0)
			return fail(r, "a number without digits in its exponent");
	}
	node->type = HF_JSON_NUMBER;
	node->text = hf_arena_memdup(r->arena, r->text + from, r->pos - from);
	if (!node->text)
		return hf_error_oom(r->err);
	if (isinf(strtod(node->text, NULL)))
		return fail_at(r, r->line, from, "write a smaller one",
			       "a number beyond the range of floating point");
	return 0;
}

static int read_word(reader *r, hf_json *node)
{
	static const struct {
		const char *word;
		hf_json_type type;
		bool boolean;
	} words[] = {
		{ "true", HF_JSON_BOOL, true },
		{ "false", HF_JSON_BOOL, false },
		{ "null", HF_JSON_NULL, false },
	};
	size_t n = 0, rest = r->len - r->pos;

	while (n < rest && (isalnum((unsigned char)r->text[r->pos + n]) ||
			    r->text[r->pos + n] == '_'))
		n++;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i].word) == n &&
		    memcmp(words[i].word, r->text + r->pos, n) == 0) {
			node->type = words[i].type;
			node->boolean = words[i].boolean;
			r->pos += n;
			return 0;
		}
	if (n == 0)
		return fail_byte(r, "a value");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (n == rest && strncmp(words[i].word, r->text + r->pos, n) == 0)
			return fail_truncated(r, "a value");
	return hf_error_at(r->err, -EBADMSG, r->name, r->line,
			   hf_json_column(r->text, r->pos),
			   "unexpected '%.*s', a value is expected", n > 40 ? 40 : (int)n,
			   r->text + r->pos);
}

static int read_key(reader *r, const hf_json *object, hf_json **ret)
{
	const char *key;
	unsigned line = r->line, column = column_now(r);
	size_t start = r->pos, end;
	hf_json *first, *value;
	int code;

	if (r->text[r->pos] != '"')
		return fail_byte(r, "a key in double quotes");
	code = read_string(r, &key);
	if (code < 0)
		return code;
	end = r->pos;
	first = hf_json_get(object, key);
	if (first) {
		code = hf_error_at(r->err, -EBADMSG, r->name, line, column,
				   "duplicate key '%s', first in line %u", key,
				   first->line);
		(void)hf_error_hint(r->err, "keep one of the two");
		return code;
	}
	skip_blank(r);
	if (r->pos >= r->len)
		return fail_truncated(r, "an object");
	if (r->text[r->pos] != ':')
		return fail_byte(r, "':'");
	r->pos++;
	code = read_value(r, &value);
	if (code < 0)
		return code;
	value->key = key;
	value->key_start = start;
	value->key_end = end;
	value->line = line;
	value->column = column;
	*ret = value;
	return 0;
}

/* Few members are found by looking at each. */
static int index_members(reader *r, hf_json *object)
{
	if (object->n == FEW)
		for (size_t i = 0; i + 1 < object->n; i++)
			if (hf_map_put(&object->by_key, r->arena, object->items[i]->key,
				       object->items[i]) < 0)
				return hf_error_oom(r->err);
	if (object->n >= FEW &&
	    hf_map_put(&object->by_key, r->arena, object->items[object->n - 1]->key,
		       object->items[object->n - 1]) < 0)
		return hf_error_oom(r->err);
	return 0;
}

static int read_container(reader *r, hf_json *node)
{
	bool object = r->text[r->pos] == '{';
	const char *what = object ? "an object" : "a list";
	char close = object ? '}' : ']';

	node->type = object ? HF_JSON_OBJECT : HF_JSON_ARRAY;
	r->pos++;
	for (;;) {
		hf_json **slot, *item;
		int code;

		skip_blank(r);
		if (r->pos >= r->len)
			return fail_truncated(r, what);
		if (r->text[r->pos] == close) {
			if (node->n)
				return fail_at(r, r->line, r->pos,
					       "remove the comma before it",
					       "a comma stands before the end");
			break;
		}
		code = object ? read_key(r, node, &item) : read_value(r, &item);
		if (code < 0)
			return code;
		slot = hf_vec_push(r->arena, node->items, node->n);
		if (!slot)
			return hf_error_oom(r->err);
		*slot = item;
		code = object ? index_members(r, node) : 0;
		if (code < 0)
			return code;
		skip_blank(r);
		if (r->pos >= r->len)
			return fail_truncated(r, what);
		if (r->text[r->pos] == close)
			break;
		if (r->text[r->pos] != ',')
			return fail_byte(r, object ? "',' or '}'" : "',' or ']'");
		item->comma = r->pos++;
	}
	r->pos++;
	return 0;
}

static int read_value(reader *r, hf_json **ret)
{
	hf_json *node;
	int code;
	char c;

	skip_blank(r);
	if (r->pos >= r->len)
		return fail_truncated(r, "an object");
	if (++r->n_nodes > r->max_nodes)
		return hf_error_at(r->err, -EBADMSG, r->name, r->line,
				   hf_json_column(r->text, r->pos),
				   "more than %zu values", r->max_nodes);
	node = hf_arena_new(r->arena, hf_json);
	if (!node)
		return hf_error_oom(r->err);
	node->start = r->pos;
	node->line = r->line;
	node->column = column_now(r);
	c = r->text[r->pos];
	if (c == '{' || c == '[') {
		if (++r->depth > HF_JSON_DEPTH_MAX)
			return fail(r, "nested deeper than 128 levels");
		code = read_container(r, node);
		r->depth--;
	} else if (c == '"') {
		node->type = HF_JSON_STRING;
		code = read_string(r, &node->text);
	} else if (c == '-' || isdigit((unsigned char)c)) {
		code = read_number(r, node);
	} else {
		code = read_word(r, node);
	}
	if (code < 0)
		return code;
	node->end = r->pos;
	*ret = node;
	return 0;
}

int hf_json_parse_value(const char *name, const char *text, size_t len, hf_arena *arena,
			hf_json **ret, hf_error **err)
{
	reader r = { .name = name,
		     .text = text,
		     .len = len,
		     .max_nodes = HF_JSON_NODES_MAX > len / HF_JSON_BYTES_A_NODE
					  ? HF_JSON_NODES_MAX
					  : len / HF_JSON_BYTES_A_NODE,
		     .line = 1,
		     .arena = arena,
		     .err = err };
	hf_json *root;
	int code;

	if (len == 0)
		return fail_at(&r, 1, 0, "remove the file or write {} into it",
			       "the file is empty");
	if ((len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) ||
	    (len >= 2 &&
	     (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)))
		return fail_at(&r, 1, 0, "save the file as UTF-8 without one",
			       "a byte order mark");
	skip_blank(&r);
	if (r.pos == len)
		return fail_at(&r, 1, 0, "remove the file or write {} into it",
			       "the file has no content");
	code = read_value(&r, &root);
	if (code < 0)
		return code;
	skip_blank(&r);
	if (r.pos < len) {
		if (text[r.pos] == 0)
			return fail(&r, "a NUL byte");
		return fail_at(&r, r.line, r.pos, "remove it",
			       "there is text after the end of the value");
	}
	*ret = root;
	return 0;
}

int hf_json_parse(const char *name, const char *text, size_t len, hf_arena *arena,
		  hf_json **ret, hf_error **err)
{
	hf_json *root;
	int code = hf_json_parse_value(name, text, len, arena, &root, err);

	if (code < 0)
		return code;
	if (root->type != HF_JSON_OBJECT)
		return hf_error_at(err, -EBADMSG, name, root->line,
				   hf_json_column(text, root->start),
				   "the top level is %s, it must be an object",
				   hf_json_type_name(root->type));
	*ret = root;
	return 0;
}

hf_json *hf_json_get(const hf_json *object, const char *key)
{
	if (!object || object->type != HF_JSON_OBJECT)
		return NULL;
	if (object->by_key.cap)
		return hf_map_get(&object->by_key, key);
	for (size_t i = 0; i < object->n; i++)
		if (strcmp(object->items[i]->key, key) == 0)
			return object->items[i];
	return NULL;
}

bool hf_json_int(const hf_json *value, int64_t *ret)
{
	return value && value->type == HF_JSON_NUMBER &&
	       hf_parse_i64(value->text, ret) == 0;
}

bool hf_json_get_string(const hf_json *object, const char *key, const char **ret)
{
	const hf_json *v = hf_json_get(object, key);

	if (!v || v->type != HF_JSON_STRING)
		return false;
	*ret = v->text;
	return true;
}

bool hf_json_get_int(const hf_json *object, const char *key, int64_t *ret)
{
	return hf_json_int(hf_json_get(object, key), ret);
}

/* Is a byte of @v zero? */
static bool has_zero(uint64_t v)
{
	return (v - HF_STR_EACH(1)) & ~v & HF_STR_EACH(0x80);
}

/* Eight bytes at once: nearly all are plain. */
size_t hf_json_plain_len(const char *s, size_t max)
{
	size_t n = 0;

	for (uint64_t v; max - n >= sizeof(v); n += sizeof(v)) {
		v = hf_str_word(s + n);
		if ((v | (v - HF_STR_EACH(0x20))) & HF_STR_EACH(0x80) ||
		    has_zero(v ^ HF_STR_EACH('"')) || has_zero(v ^ HF_STR_EACH('\\')))
			break;
	}
	while (n < max && (unsigned char)s[n] >= 0x20 && (unsigned char)s[n] < 0x80 &&
	       s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void add_control(hf_strbuf *sb, unsigned char c, bool letters)
{
	static const char some[0x20] = { ['\n'] = 'n', ['\t'] = 't' };
	static const char all[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
	};
	char letter = letters ? all[c] : some[c];

	if (letter)
		hf_strbuf_add(sb, (const char[]){ '\\', letter }, 2);
	else
		hf_strbuf_addf(sb, letters ? "\\u%04X" : "\\u%04x", c);
}

bool hf_json_put_text(hf_strbuf *sb, const char *s, size_t len, bool letters)
{
	bool utf8 = true;

	for (size_t i = 0; i < len;) {
		size_t n = hf_json_plain_len(s + i, len - i);
		unsigned char c;

		hf_strbuf_add(sb, s + i, n);
		i += n;
		if (i == len)
			break;
		c = (unsigned char)s[i];
		n = hf_utf8_len(s + i, len - i);
		utf8 = utf8 && n;
		if (c >= 0x80)
			hf_strbuf_add(sb, s + i, n ? n : 1);
		else if (c < 0x20)
			add_control(sb, c, letters);
		else
			hf_strbuf_add(sb, (const char[]){ '\\', (char)c }, 2);
		i += n ? n : 1;
	}
	return utf8;
}

static void put_string(hf_strbuf *sb, const char *s)
{
	hf_strbuf_addc(sb, '"');
	(void)hf_json_put_text(sb, s, strlen(s), false);
	hf_strbuf_addc(sb, '"');
}

void hf_json_put_scalar(hf_strbuf *sb, const hf_json *v)
{
	if (v->type == HF_JSON_STRING)
		put_string(sb, v->text);
	else if (v->type == HF_JSON_NUMBER)
		hf_strbuf_adds(sb, v->text);
	else if (v->type == HF_JSON_BOOL)
		hf_strbuf_adds(sb, v->boolean ? "true" : "false");
	else
		hf_strbuf_adds(sb, "null");
}

void hf_json_put_key(hf_strbuf *sb, const char *key)
{
	put_string(sb, key);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Depth is bounded by the reader. */
static void put_compact(hf_strbuf *sb, const hf_json *v, bool sorted, hf_arena *arena)
{
	bool object = v->type == HF_JSON_OBJECT;
	char **parts;

	if (!object && v->type != HF_JSON_ARRAY) {
		hf_json_put_scalar(sb, v);
		return;
	}
	parts = hf_arena_array(arena, v->n, sizeof(*parts));
	if (!parts) {
		sb->oom = true;
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		cleanup_(hf_strbuf_done) hf_strbuf part = { 0 };

		if (object) {
			put_string(&part, v->items[i]->key);
			hf_strbuf_addc(&part, ':');
		}
		put_compact(&part, v->items[i], sorted, arena);
		parts[i] = hf_strbuf_ok(&part)
				   ? hf_arena_strdup(arena, hf_strbuf_str(&part))
				   : NULL;
		if (!parts[i]) {
			sb->oom = true;
			return;
		}
	}
	if (sorted)
		qsort(parts, v->n, sizeof(*parts), by_text);
	hf_strbuf_addc(sb, object ? '{' : '[');
	for (size_t i = 0; i < v->n; i++) {
		if (i)
			hf_strbuf_addc(sb, ',');
		hf_strbuf_adds(sb, parts[i]);
	}
	hf_strbuf_addc(sb, object ? '}' : ']');
}

static char *compact(const hf_json *value, bool sorted, hf_arena *arena)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	put_compact(&sb, value, sorted, arena);
	return hf_strbuf_ok(&sb) ? hf_arena_strdup(arena, hf_strbuf_str(&sb)) : NULL;
}

char *hf_json_compact(const hf_json *value, hf_arena *arena)
{
	return compact(value, false, arena);
}

char *hf_json_canonical(const hf_json *value, hf_arena *arena)
{
	return compact(value, true, arena);
}

hf_json *hf_json_new(hf_arena *arena, hf_json_type type, const char *text)
{
	hf_json *v = hf_arena_new(arena, hf_json);

	if (!v)
		return NULL;
	v->type = type;
	if (text) {
		v->text = hf_arena_strdup(arena, text);
		if (!v->text)
			return NULL;
	}
	return v;
}

hf_json *hf_json_new_bool(hf_arena *arena, bool value)
{
	hf_json *v = hf_json_new(arena, HF_JSON_BOOL, NULL);

	if (v)
		v->boolean = value;
	return v;
}

int hf_json_add(hf_arena *arena, hf_json *container, const char *key, hf_json *item)
{
	hf_json **slot;

	if (!item)
		return -ENOMEM;
	if (key) {
		item->key = hf_arena_strdup(arena, key);
		if (!item->key)
			return -ENOMEM;
	}
	slot = hf_vec_push(arena, container->items, container->n);
	if (!slot)
		return -ENOMEM;
	*slot = item;
	return 0;
}

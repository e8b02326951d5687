/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as bytes with positions: a strict reader that keeps where everything stands, and
 * values made by the program.
 *
 * Stricter than most: what readers understand in different ways is refused (no content, a
 * byte order mark, text after the end, duplicate keys, NUL, half surrogate pairs, numbers
 * beyond a double: Go and jansson refuse those, JavaScript makes them infinite).
 *
 *	hf_json *root;
 *	r = hf_json_parse(path, text, len, arena, &root, err);
 */
#ifndef HF_BASE_JSON_H
#define HF_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/strbuf.h"

#define HF_JSON_DEPTH_MAX 128
/* Values of one document: so many, or one for every so many bytes. Of what holdfast
 * writes itself for thousands of files with short names, 13 bytes are one. */
#define HF_JSON_NODES_MAX ((size_t)200000)
#define HF_JSON_BYTES_A_NODE 8

typedef enum hf_json_type {
	HF_JSON_NULL,
	HF_JSON_BOOL,
	HF_JSON_NUMBER,
	HF_JSON_STRING,
	HF_JSON_ARRAY,
	HF_JSON_OBJECT,
} hf_json_type;

typedef struct hf_json hf_json;
struct hf_json {
	hf_json_type type;
	bool boolean;
	const char *text; /* string: decoded; number: as written */
	hf_json **items;  /* array, object */
	size_t n;
	const char *key; /* member of an object: decoded */
	hf_map by_key;	 /* of an object that was read and has many: its members */

	/* Byte offsets into the text; .end is behind the last byte. */
	size_t start, end;
	size_t key_start, key_end; /* with the quotes */
	size_t comma;		   /* of the comma that follows; 0: none does */
	unsigned line, column;	   /* of the key, or of the value without one; 1-based,
				    * the column in characters */
};

/** hf_json_type_name - "a string", "a list", ... for messages; pure */
const char *hf_json_type_name(hf_json_type type);

/**
 * hf_json_parse - read a document whose top level is an object
 * @name: the file, for messages
 *
 * Errors: -EBADMSG with file, line, column (in characters) and hint. Pure.
 */
int hf_json_parse(const char *name, const char *text, size_t len, hf_arena *arena,
		  hf_json **ret, hf_error **err) _must_check_;

/** hf_json_parse_value - read one value of any type, such as a record's; as above */
int hf_json_parse_value(const char *name, const char *text, size_t len, hf_arena *arena,
			hf_json **ret, hf_error **err) _must_check_;

/** hf_json_column - column of byte @offset in its line, in characters, 1-based; pure */
unsigned hf_json_column(const char *text, size_t offset);

/** hf_json_get - member @key of an object; NULL if absent or not an object; pure */
hf_json *hf_json_get(const hf_json *object, const char *key);

/** hf_json_get_string, hf_json_get_int - the string, or integer, that member @key is;
 *  false: there is none, or it is something else; pure */
bool hf_json_get_string(const hf_json *object, const char *key, const char **ret);
bool hf_json_get_int(const hf_json *object, const char *key, int64_t *ret);

/** hf_json_compact - the value without white space, order kept; NULL: no memory; pure */
char *hf_json_compact(const hf_json *value, hf_arena *arena) _must_check_;

/** hf_json_canonical - like compact, members and elements sorted: equal texts mean equal
 *  values where the order of lists has no meaning; NULL: no memory; pure */
char *hf_json_canonical(const hf_json *value, hf_arena *arena) _must_check_;

/** hf_json_int - the integer a number is; false: none, or beyond 64 bits; pure */
bool hf_json_int(const hf_json *value, int64_t *ret);

/* Values made by the program; NULL: no memory. Texts are copied into @arena. */
hf_json *hf_json_new(hf_arena *arena, hf_json_type type, const char *text) _must_check_;
hf_json *hf_json_new_bool(hf_arena *arena, bool value) _must_check_;
/** hf_json_add - append @item (under @key, copied, when not NULL); 0 or -ENOMEM */
int hf_json_add(hf_arena *arena, hf_json *container, const char *key,
		hf_json *item) _must_check_;

/** hf_json_put_text - append @len bytes as the inside of a string; what is not UTF-8 as
 * it is. @letters: control characters as jansson writes them, with every letter of RFC
 * 8259; else only newline and tab have one. Returns: is all of it UTF-8? Pure. */
bool hf_json_put_text(hf_strbuf *sb, const char *s, size_t len, bool letters);

/** hf_json_plain_len - how many bytes at @s are ASCII that stands in a string as it is;
 *  pure */
size_t hf_json_plain_len(const char *s, size_t max);

/** hf_json_put_scalar, hf_json_put_key - append JSON text; pure */
void hf_json_put_scalar(hf_strbuf *sb, const hf_json *value);
void hf_json_put_key(hf_strbuf *sb, const char *key);

#endif

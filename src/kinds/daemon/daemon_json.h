/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.json as bytes with positions: a strict JSON reader that keeps where everything
 * stands, and an editor that changes only the lines of the keys it is told to change.
 *
 * Stricter than any single dockerd: what its releases read differently is refused here
 * (no content, a byte order mark, text after the end, duplicate keys; daemon/config in
 * moby, 20.10 uses a stream decoder, 23.0 and later a whole-text one).
 *
 *	hf_json *root;
 *	r = hf_json_parse(path, text, len, arena, &root, err);
 *	r = hf_json_edit(path, text, len, root, patches, n, arena, &out, &out_len, err);
 */
#ifndef HF_KINDS_DAEMON_JSON_H
#define HF_KINDS_DAEMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/strbuf.h"

#define HF_JSON_DEPTH_MAX 128
#define HF_JSON_NODES_MAX 200000

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
	hf_map by_key;	 /* object that was read: its members; empty in a made one */

	/* Byte offsets into the text; .end is behind the last byte. */
	size_t start, end;
	size_t key_start, key_end; /* with the quotes */
	size_t comma;		   /* of the comma that follows; 0: none does */
	unsigned line;		   /* of the key, or of the value without one; 1-based */
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

/** hf_json_put_scalar, hf_json_put_key - append JSON text; pure */
void hf_json_put_scalar(hf_strbuf *sb, const hf_json *value);
void hf_json_put_key(hf_strbuf *sb, const char *key);

/* One wanted edit: of a top-level key, or of one member of the object below it. */
typedef struct hf_json_patch {
	const char *key;
	const char *subkey;   /* NULL: the key as a whole */
	const hf_json *value; /* NULL: remove it */
} hf_json_patch;

/**
 * hf_json_edit - the text with @patches carried out
 * @text: NULL for a file that does not exist: two spaces of indentation, as the manual of
 *        dockerd has it, and a final newline
 * @root: hf_json_parse() of @text (NULL with it)
 *
 * A value replaces the bytes of the value; lists and objects only where they differ. New
 * members follow the file's own indentation, line ends and spacing; a removed one goes
 * with its comma and its line. An object that loses its last member by a sub-key edit
 * goes as well. The result is read back by jansson and compared with what was meant.
 * Errors: -EBADMSG from that check (a bug, or a number jansson cannot hold). Pure.
 */
int hf_json_edit(const char *name, const char *text, size_t len, const hf_json *root,
		 const hf_json_patch *patches, size_t n, hf_arena *arena, char **ret,
		 size_t *ret_len, hf_error **err) _must_check_;

#endif

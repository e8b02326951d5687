/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An editor of daemon.json that changes only the lines of the keys it is told to change.
 *
 * What dockerd's releases read differently base/json.h refuses (daemon/config in moby:
 * 20.10 uses a stream decoder, 23.0 and later a whole-text one).
 *
 *	r = hf_json_edit(path, text, len, root, patches, n, arena, &out, &out_len, err);
 */
#ifndef HF_KINDS_DAEMON_JSON_H
#define HF_KINDS_DAEMON_JSON_H

#include "base/json.h"

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

/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of holdfast's own below HF_STATE_DIR: mode 0600, replaced whole. */
#ifndef HF_ENGINE_STATE_FILE_H
#define HF_ENGINE_STATE_FILE_H

#include "base/json.h"
#include "base/json_write.h"
#include "host/host.h"

/* The journal, the kept records and the applied record say how they are to be read. 2.0:
 * what an id says itself is not repeated, and files that are text stand there as text. */
#define HF_STATE_SCHEMA "2.0"

/** hf_state_schema_check - can the file @path be read, which says @schema and was written
 *  by version @program (NULL: it does not say)? 1.x and 2.x can. Errors: -ENOTSUP. Pure.
 */
int hf_state_schema_check(const char *path, const char *schema, const char *program,
			  hf_error **err) _must_check_;

/** hf_state_file_read - parse @path, a JSON object
 *  @ret: in @arena; NULL if there is no such file or it is not such JSON
 *  @exists: out, false only if there is no such file
 *  Errors: as hf_fs_read(), -ENOMEM. Reads host. */
int hf_state_file_read(hf_host *host, const char *path, hf_arena *arena, hf_json **ret,
		       bool *exists, hf_error **err) _must_check_;

/** hf_state_file_write - write @text to @path; its directory is made. Changes host. */
int hf_state_file_write(hf_host *host, const char *path, const char *text,
			hf_error **err) _must_check_;

/** hf_state_file_write_json - the same with what was written in @w, which is released in
 *  any case. Errors: those of hf_state_written(), too. */
int hf_state_file_write_json(hf_host *host, const char *path, hf_json_writer *w,
			     hf_error **err) _must_check_;

/** hf_state_written - what became of the writing: 0, -ENOMEM, or -EILSEQ for text that is
 *  not UTF-8, which no JSON can hold; pure */
int hf_state_written(const hf_json_writer *w, hf_error **err) _must_check_;

/** hf_state_user - who runs this: "uid 0, login uid 1000"; NULL: out of memory */
const char *hf_state_user(hf_arena *arena);

/** hf_state_boot_id - the running boot's id; "" below --root or if it cannot be told.
 *  Reads host. */
const char *hf_state_boot_id(hf_host *host, hf_arena *arena);

#endif

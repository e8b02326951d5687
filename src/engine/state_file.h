/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of holdfast's own below HF_STATE_DIR: mode 0600, replaced whole. */
#ifndef HF_ENGINE_STATE_FILE_H
#define HF_ENGINE_STATE_FILE_H

#include "host/host.h"

/** hf_state_file_write - write @text to @path; its directory is made. Changes host. */
int hf_state_file_write(hf_host *host, const char *path, const char *text,
			hf_error **err) _must_check_;

/** hf_state_user - who runs this: "uid 0, login uid 1000"; NULL: out of memory */
const char *hf_state_user(hf_arena *arena);

#endif

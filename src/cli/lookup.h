/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding and reading baselines: the reader that hf_model_load() is given.
 *
 * A name with a '/' or ending in .yaml is a path (relative to the file that extends it),
 * "-" is standard input, any other name is looked up as NAME.yaml in
 * HOLDFAST_BASELINE_PATH, /etc/holdfast/baselines and the installed templates. Baselines
 * are files of the running system, also below --root.
 */
#ifndef HF_CLI_LOOKUP_H
#define HF_CLI_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/error.h"

#define HF_BASELINE_DIR "/etc/holdfast/baselines"
#define HF_BASELINE_DEFAULT "/etc/holdfast/baseline.yaml"
#define HF_BASELINE_MAX ((size_t)8 << 20) /* bytes */

/* A file that someone other than root could have written. */
typedef struct hf_untrusted {
	const char *file;
	const char *why;
	const char *cure; /* the command to type */
	bool directory;	  /* only the directory: the file could be replaced */
} hf_untrusted;

typedef struct hf_lookup {
	hf_arena arena;
	hf_untrusted *untrusted;
	size_t n_untrusted;
} hf_lookup;

void hf_lookup_done(hf_lookup *lookup);

/** hf_lookup_read - hf_load_request.read; @user is the hf_lookup. Reads files. */
int hf_lookup_read(void *user, const char *name, const char *relative_to, hf_arena *arena,
		   hf_source *ret_source, hf_error **err) _must_check_;

/** hf_lookup_dirs - the directories searched, in order; memory of @arena; 0 or -ENOMEM */
int hf_lookup_dirs(hf_arena *arena, const char ***ret, size_t *ret_n) _must_check_;

/** hf_lookup_names - names of the baselines in @dir, sorted; a missing directory has
 *  none; memory of @arena; 0 or -ENOMEM */
int hf_lookup_names(const char *dir, hf_arena *arena, const char ***ret,
		    size_t *ret_n) _must_check_;

#endif

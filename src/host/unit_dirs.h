/* SPDX-License-Identifier: Apache-2.0 */
/* Where units of the system manager lie: its load path, listed once for many look-ups. */
#ifndef HF_HOST_UNIT_DIRS_H
#define HF_HOST_UNIT_DIRS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "host/host.h"

typedef struct hf_unit_dir {
	const char *path; /* canonical */
	char **names;	  /* sorted */
	size_t n;
} hf_unit_dir;

typedef struct hf_unit_dirs {
	hf_unit_dir *dirs; /* the one that wins first */
	size_t n;
	const char *why; /* one exists and could not be listed; or NULL */
} hf_unit_dirs;

/**
 * hf_unit_dirs_list - the load path below the root, as far as it exists
 * @arena: owns what is found
 *
 * As systemd.unit(5) has it for the system manager, generators and transient units
 * included. A directory that cannot be listed may hold any unit: hf_unit_dirs.why names
 * it and says the reason. Reads host. Returns: 0 or -ENOMEM.
 */
int hf_unit_dirs_list(hf_host *host, hf_arena *arena, hf_unit_dirs *ret,
		      hf_error **err) _must_check_;

/**
 * hf_unit_dirs_hold - list it once for all who ask until hf_unit_dirs_drop()
 * @arena: as long-lived as that
 *
 * A survey looks at units for facts and for several kinds. Returns: 0 or -ENOMEM.
 */
int hf_unit_dirs_hold(hf_host *host, hf_arena *arena, hf_error **err) _must_check_;
void hf_unit_dirs_drop(hf_host *host);

/** hf_unit_dir_has - is @name in the listing? pure */
bool hf_unit_dir_has(const hf_unit_dir *dir, const char *name);

#endif

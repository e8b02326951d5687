/* SPDX-License-Identifier: Apache-2.0 */
/* Where dockerd keeps its data; for facts_read.c, before units and daemon.json are read
 * in full. */
#ifndef HF_HOST_FACTS_DATA_ROOT_H
#define HF_HOST_FACTS_DATA_ROOT_H

#include "host/host.h"

/**
 * hf_data_root_find - dockerd's data-root
 * @running: a dockerd of this host runs: its own command line counts
 * @ret:     the path; NULL: it cannot be told, @ret_why says why
 *
 * Flags of a running dockerd are taken from its command line. Of one that does not run
 * only whether they are named in the unit's files is looked at: then it cannot be told.
 * Returns 0 or -ENOMEM. Reads host.
 */
int hf_data_root_find(hf_host *host, bool running, hf_arena *arena, const char **ret,
		      const char **ret_why) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owner and mode of inodes put on disk: one syncfs(2) for each file system, however many
 * inodes were changed on it. Files and directories are synced as they are made.
 */
#ifndef HF_ENGINE_SYNC_H
#define HF_ENGINE_SYNC_H

#include "host/host.h"

typedef struct hf_syncer {
	/* file systems written out since the last change; one that finds no room is only
	 * written out again: nothing is allocated before the last change */
	dev_t done[64];
	size_t n_done;
} hf_syncer;

/**
 * hf_syncer_add - write out the file system @dev, unless it was already
 * @path: an inode on it; @follow: reached over a final symlink
 *
 * Call it for each inode after the last of them was changed. Changes host; allocates
 * nothing.
 */
int hf_syncer_add(hf_syncer *s, hf_host *host, dev_t dev, const char *path, bool follow,
		  hf_error **err) _must_check_;

#endif

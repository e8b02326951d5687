/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One holdfast at a time changes a host: flock(2) on the state directory itself. There
 * is no lock file to be left behind, and the lock goes with the process.
 */
#ifndef HF_ENGINE_LOCK_H
#define HF_ENGINE_LOCK_H

#include "host/host.h"

typedef struct hf_lock {
	int fd;	     /* 0: none */
	size_t made; /* for hf_fs_rmdir_up_to(): what had to be made for it, or 0 */
} hf_lock;

/**
 * hf_lock_take - lock the host against another holdfast
 * @wait_sec: how long to wait for it; 0: a tenth of a second, as who was killed may still
 *            be going
 *
 * Makes the state directory where it is missing. Errors: -EINPROGRESS somebody has it
 * (who, if it can be told); those of making the directory. Changes host.
 */
int hf_lock_take(hf_host *host, int wait_sec, hf_lock *ret, hf_error **err) _must_check_;

/** hf_lock_drop - unlock; an empty state directory that was made for it goes again */
void hf_lock_drop(hf_host *host, hf_lock *lock);

#endif

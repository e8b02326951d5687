/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of host.c that tests reach. */
#ifndef HF_HOST_HOST_INTERNAL_H
#define HF_HOST_HOST_INTERNAL_H

#include <stdio.h>

#define HF_ROOT_MOUNT_MAX 4096

/**
 * hf_host_root_mount - device and directory that are mounted at "/"
 * @mountinfo: a stream in the format of /proc/PID/mountinfo, proc(5)
 * @ret:       "MAJ:MIN DIR"
 *
 * Returns: 1 found, 0 there is none (a chroot), -EIO, -ENAMETOOLONG.
 */
int hf_host_root_mount(FILE *mountinfo, char ret[static HF_ROOT_MOUNT_MAX]);

#endif

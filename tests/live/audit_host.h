/* SPDX-License-Identifier: Apache-2.0 */
/* What the lines of the live tests mean on this machine: names and directories. */
#ifndef HF_TESTS_LIVE_AUDIT_HOST_H
#define HF_TESTS_LIVE_AUDIT_HOST_H

#include <sys/stat.h>

#include "host/ids.h"

/* @user: the hf_host */
static inline int find_id(void *user, bool group, const char *name, uint32_t *ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;

	return group ? hf_ids_gid(user, name, ret, &err)
		     : hf_ids_uid(user, name, ret, &err);
}

static inline bool is_dir(void *user, const char *path)
{
	struct stat st;

	(void)user;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User and group names: of the running system by NSS (getpwnam_r), of a --root tree from
 * its own /etc/passwd and /etc/group (fgetpwent), never mixed.
 */
#ifndef HF_HOST_IDS_H
#define HF_HOST_IDS_H

#include <sys/types.h>

#include "base/error.h"
#include "host/host.h"

/** hf_ids_uid - uid of a user name or decimal number; -ENOENT: no such user */
int hf_ids_uid(hf_host *host, const char *name, uid_t *ret, hf_error **err) _must_check_;
/** hf_ids_gid - gid of a group name or decimal number; -ENOENT: no such group */
int hf_ids_gid(hf_host *host, const char *name, gid_t *ret, hf_error **err) _must_check_;
/** hf_ids_user_name - name of @uid, or its number as text; borrowed from the host; NULL
 *  if out of memory */
const char *hf_ids_user_name(hf_host *host, uid_t uid);
const char *hf_ids_group_name(hf_host *host, gid_t gid);
/** hf_ids_home - home directory of @user; borrowed from the host; NULL: no such user, or
 *  out of memory */
const char *hf_ids_home(hf_host *host, const char *user);
void hf_ids_free(hf_ids *ids);

#endif

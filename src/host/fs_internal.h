/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the fs_*.c files only. */
#ifndef HF_HOST_FS_INTERNAL_H
#define HF_HOST_FS_INTERNAL_H

#include "base/strbuf.h"
#include "host/fs.h"

#define HF_LINKS_MAX 40 /* the kernel's MAXSYMLINKS, path_resolution(7) */

/** hf_fs_fail - the error of a file operation: "cannot VERB 'PATH': reason", with the
 *  cure where there is one; @code negative; returns @code */
int hf_fs_fail(hf_error **err, int code, const char *verb, const char *path);

/** hf_fs_open_raw - hf_fs_open() without a message; returns the descriptor or -errno */
int hf_fs_open_raw(hf_host *host, const char *path, int flags);

/**
 * hf_fs_resolve - O_PATH descriptor and inode of the object behind @path
 * @ret_path: the path it was reached at, final symlinks resolved (not the parents'),
 *            a buffer the caller frees; may be NULL
 *
 * Errors: -ENOENT; -ENOLINK a symlink on the way leads nowhere inside the root.
 */
int hf_fs_resolve(hf_host *host, const char *path, unsigned how, int *ret_fd,
		  hf_inode *ret_inode, char **ret_path, hf_error **err) _must_check_;

/** hf_fs_walk_path - the component walk: what openat2 does, and the canonical path
 *  @names: gets the components joined with '/', may be NULL. fd or -errno. */
int hf_fs_walk_path(hf_host *host, const char *path, int flags, hf_strbuf *names);

/** hf_fs_open_regular - a regular file for reading, never anything that blocks or acts
 *  on open(2); errors as hf_fs_read() */
int hf_fs_open_regular(hf_host *host, const char *path, size_t max, int *ret_fd,
		       hf_inode *ret_inode, char **ret_path, hf_error **err) _must_check_;

/** hf_fs_statx - hf_fs_inode_of() but for .bind_mount: allocates nothing
 *  @ret_mount: id of the mount it is on */
int hf_fs_statx(int fd, hf_inode *ret, uint64_t *ret_mount) _must_check_;

/** hf_fs_xattr_is_derived - is it made by the kernel of content and key (security.ima,
 *  security.evm), and so not part of what a file is? pure */
bool hf_fs_xattr_is_derived(const char *name);

/** hf_fs_attr_get - the inode flags of an open file that say how it is kept, and that can
 *  be set on any (ioctl_iflags(2)); 0 where there is no such thing
 *  hf_fs_attr_set - give it these of them and no other; 0 or -errno */
unsigned hf_fs_attr_get(int fd);
int hf_fs_attr_set(int fd, unsigned want) _must_check_;

/** hf_fs_stage_over - hf_fs_stage() of what is not to be put back: the old file is not
 *  read, nothing of it is kept, and it may change until it is replaced */
int hf_fs_stage_over(hf_host *host, const char *path, const char *bytes, size_t len,
		     const hf_inode *meta, hf_staged *ret, hf_error **err) _must_check_;

/** hf_fs_sync_fd - fsync(2) to its end; 0 where there is no such thing; or -errno */
int hf_fs_sync_fd(int fd) _must_check_;

/** hf_fs_chmod_fd - chmod through any descriptor, O_PATH too; 0 or -errno */
int hf_fs_chmod_fd(int fd, mode_t mode) _must_check_;

#endif

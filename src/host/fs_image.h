/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of a regular file: bytes, owner, group, mode and every xattr (ACL and
 * security label among them), or its absence. Before-images of transactions are these.
 */
#ifndef HF_HOST_FS_IMAGE_H
#define HF_HOST_FS_IMAGE_H

#include <stdbool.h>

#include "host/fs.h"

typedef struct hf_xattr {
	const char *name;
	const char *value;
	size_t len;
} hf_xattr;

typedef struct hf_image {
	bool exists;
	const char *bytes; /* NUL-terminated */
	size_t len;
	uid_t uid;
	gid_t gid;
	mode_t mode;   /* permission bits only */
	unsigned attr; /* inode flags of ioctl_iflags(2) that can be set; 0: none */
	hf_xattr *xattrs;
	size_t n_xattrs;
} hf_image;

/** hf_fs_image - take the image of @path; a missing file is an image, too
 *
 * A final symlink is followed. Strings in @arena. Errors: as hf_fs_read(). Reads host. */
int hf_fs_image(hf_host *host, const char *path, hf_arena *arena, hf_image *ret,
		hf_error **err) _must_check_;

/** hf_image_same - same bytes, owner and mode (or both absent); pure */
bool hf_image_same(const hf_image *a, const hf_image *b);

/** hf_image_equal - same bytes, owner, mode, flags and xattrs (or both absent); pure */
bool hf_image_equal(const hf_image *a, const hf_image *b);

/** hf_image_xattr - the xattr @name, NULL: it has none; pure */
const hf_xattr *hf_image_xattr(const hf_image *image, const char *name);

/** hf_fs_stage_image - hf_fs_stage() of an image that exists, with its xattrs and flags
 *  and none else */
int hf_fs_stage_image(hf_host *host, const char *path, const hf_image *image,
		      hf_staged *ret, hf_error **err) _must_check_;

/** hf_fs_restore - make the file at @path be exactly @image: staged, synced, renamed;
 *  or removed, if the image is an absence. Safe to repeat. Changes host. */
int hf_fs_restore(hf_host *host, const char *path, const hf_image *image,
		  hf_error **err) _must_check_;

/** hf_fs_unlink - remove the plain file @path; a missing one is fine. Changes host. */
int hf_fs_unlink(hf_host *host, const char *path, hf_error **err) _must_check_;

/** hf_fs_missing_top - the topmost directory on the way to the directory @path that does
 *  not exist yet (what hf_fs_mkdir() would have to make); NULL if all are there */
int hf_fs_missing_top(hf_host *host, const char *path, hf_arena *arena, char **ret,
		      hf_error **err) _must_check_;

#endif

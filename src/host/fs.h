/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files below the root descriptor: resolution, reading, staging, owner and mode.
 *
 * Every path is absolute as seen from inside the root and resolved with openat2(2),
 * RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: symlinks of parents are followed and cannot
 * leave. Where openat2 is missing, a component walk does the same. Nothing is ever
 * changed by path: descriptors only.
 */
#ifndef HF_HOST_FS_H
#define HF_HOST_FS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "host/host.h"

#define HF_FS_NOFOLLOW 1u	/* a final symlink is itself the object */
#define HF_FS_ACL 2u		/* hf_fs_inode(): tell whether it has an ACL, too */
#define HF_FILE_MAX (16u << 20) /* no configuration file is larger, bytes */
#define HF_STATE_MAX                                                                     \
	(256u << 20) /* nor is holdfast's own, which have a part for each inode */

typedef struct hf_inode {
	mode_t mode; /* type and permission bits */
	uid_t uid;
	gid_t gid;
	nlink_t nlink;
	dev_t dev;
	ino_t ino;
	uint64_t size;
	int64_t mtime_nsec; /* CLOCK_REALTIME, since the epoch */
	int64_t born_nsec;  /* when it was made; 0: the file system does not tell */
	bool immutable;	    /* STATX_ATTR_IMMUTABLE or append-only */
	bool mount_root;    /* something is mounted right here */
	bool has_acl; /* POSIX access ACL beyond the mode bits; with HF_FS_ACL only */
	bool is_link; /* with HF_FS_NOFOLLOW: a symlink */
	/* A final symlink was followed: who owns the link (chain: the least trusted) */
	bool through_link;
	uid_t link_uid;
	bool bind_mount; /* .mount_root, and of a file or directory that is elsewhere, too
			  */
} hf_inode;

/** hf_fs_open - descriptor of an existing object; @flags of open(2), O_CLOEXEC is added;
 *  regular files must be opened with O_NONBLOCK semantics (a FIFO never blocks).
 *  Errors: -ENOENT, -ENOTDIR, -ELOOP, -EACCES, ... message names the path. */
int hf_fs_open(hf_host *host, const char *path, int flags, unsigned how, int *ret_fd,
	       hf_error **err) _must_check_;

/** hf_fs_inode - fstat of the object behind @path; -ENOENT when missing (no message is
 *  needed by callers that test for it), -ENOLINK when a symlink on the way leads nowhere
 *  inside the root: that is never plain absence; reads host */
int hf_fs_inode(hf_host *host, const char *path, unsigned how, hf_inode *ret,
		hf_error **err) _must_check_;

/** hf_fs_read - whole content of a regular file into @arena, NUL-terminated
 *
 * Errors: -ENOENT; -ENOLINK a dangling symlink; -EISDIR a directory; -EINVAL not a
 * regular file (FIFO, socket,
 * device: said in the message); -EFBIG over @max bytes (0: HF_FILE_MAX); -EACCES, -EIO.
 * @ret_inode may be NULL. Reads host, never blocks on a FIFO. */
int hf_fs_read(hf_host *host, const char *path, size_t max, hf_arena *arena, char **ret,
	       size_t *ret_len, hf_inode *ret_inode, hf_error **err) _must_check_;

/** hf_fs_slurp - read a descriptor to its end; @ret: NUL-terminated, the caller frees.
 *  0 or -errno; -EFBIG over @max bytes */
int hf_fs_slurp(int fd, size_t max, char **ret, size_t *ret_len) _must_check_;

/**
 * hf_fs_foreign_link - is there a symlink on the way to @path that somebody other than
 * root and the owner of the root directory laid?
 * @ret: who owns the first of them
 *
 * Looks at every component, the last one too, and at those of what links lead to.
 * Returns 1, 0, or -ENOMEM. Reads host.
 */
int hf_fs_foreign_link(hf_host *host, const char *path, uid_t *ret) _must_check_;

/** hf_fs_readlink - text of the symlink @path; -EINVAL if it is none */
int hf_fs_readlink(hf_host *host, const char *path, hf_arena *arena, char **ret,
		   hf_error **err) _must_check_;

/** hf_fs_canonical - @path with every symlink resolved, as seen from inside the root */
int hf_fs_canonical(hf_host *host, const char *path, hf_arena *arena, char **ret,
		    hf_error **err) _must_check_;

/** hf_fs_list - names in a directory except "." and "..", sorted by bytes; -ENOENT */
int hf_fs_list(hf_host *host, const char *path, hf_arena *arena, char ***ret,
	       size_t *ret_n, hf_error **err) _must_check_;

/** hf_fs_inode_of - the same of an open descriptor (O_PATH will do), without the link
 *  fields; 0 or -errno */
int hf_fs_inode_of(int fd, hf_inode *ret) _must_check_;

/* --- whole trees ------------------------------------------------------------------- */

typedef struct hf_walk_entry {
	const char *path; /* valid during the call */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	nlink_t nlink;
	dev_t dev;
	ino_t ino;
} hf_walk_entry;

typedef struct hf_walk {
	mode_t only; /* 0, or S_IFREG, S_IFDIR, S_IFSOCK: visit() sees only these */
	/* Called before anything is known of an object; true: it and all below is left
	 * out. May be NULL. */
	bool (*skip)(void *user, const char *path);
	int (*visit)(void *user, const hf_walk_entry *entry); /* 0 or -errno: ends it */
	void *user;
	/* Results. */
	size_t n_visited;
	size_t n_mounts;     /* not entered */
	size_t n_unreadable; /* directories; the first reason is in .why */
	int why;	     /* -errno */
	char *why_path;	     /* owned by the caller: free() */
} hf_walk;

/**
 * hf_fs_walk - visit a directory and everything below it, in no particular order
 * @path: a directory, or any other object (then that alone); a final symlink is followed
 *
 * Below it symlinks are neither followed nor visited, and other mounts (bind mounts of
 * the same file system, too) are not entered nor visited. What vanishes meanwhile is
 * not there. Errors: of @path, of visit(), -ENOMEM. Reads host.
 */
int hf_fs_walk(hf_host *host, const char *path, hf_walk *walk,
	       hf_error **err) _must_check_;

/** hf_fs_is_read_only - is the file system behind the object mounted read-only? */
bool hf_fs_is_read_only(hf_host *host, const char *path);

/* --- changing: used by the engine only ------------------------------------------- */

typedef struct hf_staged {
	int dir_fd;	/* the target's directory */
	char name[256]; /* final name */
	char temp[256]; /* name of the staged file, "" if none */
	bool removal;	/* publish unlinks */
	bool over;	/* whatever was there is replaced, and cannot be put back */
	bool existed;
	/* before-image for the revert, kept as a second name in the directory's file
	 * system or in memory */
	char *before;
	size_t before_len;
	hf_inode before_inode;
	bool published;
	int old_fd;	   /* the old file, whose xattrs the revert copies; -1 */
	char *xattr_names; /* of the old file, each ended by NUL */
	size_t xattr_names_len;
	char *xattr_values; /* room for two values */
	size_t xattr_room;  /* the largest of them */
	ino_t new_ino;	 /* of the staged file: what others put there is not reverted */
	bool follows;	 /* hf_fs_stage_next(): its staged file has a name of its own */
	char *path;	 /* for messages; owned */
	const char *tag; /* of the staged file's name, or NULL; borrowed from the host */
} hf_staged;

/** hf_fs_temp_name - name of the file staged for @name: ".NAME.holdfast-TAG"; pure */
void hf_fs_temp_name(const char *name, const char *tag, char ret[static 256]);

/**
 * hf_fs_stage - write the new content beside its target, nothing visible yet
 * @path:  the target; its directory must exist; a final symlink is resolved first
 * @meta:  when the target is new, or not NULL: owner and mode (only uid, gid, mode used)
 *
 * Exclusive temporary file ".NAME.holdfast-TAG" (host->stage_tag, else random), owner,
 * mode, flags, ACL, label and other xattrs of the old file set on the descriptor,
 * content, fsync. Changes host (invisibly).
 */
int hf_fs_stage(hf_host *host, const char *path, const char *bytes, size_t len,
		const hf_inode *meta, hf_staged *ret, hf_error **err) _must_check_;
/**
 * hf_fs_stage_next - stage what is to replace @first, once that is published
 * @ret: is put back to what @first leaves, then @first can be put back
 *
 * Owner, mode, flags and xattrs are those of @first; its staged file has another name,
 * see hf_fs_next_name(). Errors as hf_fs_stage(). Changes host (invisibly).
 */
int hf_fs_stage_next(hf_host *host, const hf_staged *first, const char *bytes, size_t len,
		     hf_staged *ret, hf_error **err) _must_check_;

/** hf_fs_next_name - name of its staged file, as hf_fs_temp_name(); pure */
void hf_fs_next_name(const char *name, const char *tag, char ret[static 256]);

/** hf_fs_unpublish_next - put back what @first left, so that @first can be put back
 *  itself; as hf_fs_unpublish() */
int hf_fs_unpublish_next(hf_staged *next, hf_staged *first, hf_error **err) _must_check_;

/** hf_fs_stage_removal - the same for a file that shall go */
int hf_fs_stage_removal(hf_host *host, const char *path, hf_staged *ret,
			hf_error **err) _must_check_;
/** hf_fs_publish - rename into place (or unlink) and fsync the directory
 *  Errors: -ESTALE it is no longer the file that was staged from; nothing was done. */
int hf_fs_publish(hf_staged *staged, hf_error **err) _must_check_;
/** hf_fs_unpublish - put the old file back: bytes, owner, mode, xattrs; or absence
 *  Allocates nothing. Errors: -ESTALE somebody else has changed it, -EIO it is not back.
 */
int hf_fs_unpublish(hf_staged *staged, hf_error **err) _must_check_;
/** hf_fs_stage_reopen - before hf_fs_unpublish(): the file's directory was removed after
 *  it, and has been made again. Reads host. */
int hf_fs_stage_reopen(hf_host *host, hf_staged *staged, hf_error **err) _must_check_;
/** hf_fs_stage_discard - free, and remove the temporary file if it is still there;
 *  returns 0, or a negative errno when it could not be removed */
int hf_fs_stage_discard(hf_staged *staged);

/** hf_fs_set_meta - owner, group and mode through an O_PATH descriptor
 *
 * Owner first (chown clears setuid), the mode narrowed before. Verified by fstat.
 * Refuses (-EMLINK) a regular file with several hard links that its owner other than
 * root could have made, -EPERM when immutable (named). No-op parts are not issued. */
int hf_fs_set_meta(int fd, const char *path, uid_t uid, gid_t gid, mode_t mode,
		   hf_error **err) _must_check_;

/**
 * hf_fs_sync_of - write out the file system that an inode is on, syncfs(2)
 * @path: its path; @flags: HF_FS_NOFOLLOW
 *
 * A change of owner or mode is in memory only; one call for each file system serves a
 * whole tree of them, where each fsync(2) would wait for the disk. Changes host.
 */
int hf_fs_sync_of(hf_host *host, const char *path, unsigned flags,
		  hf_error **err) _must_check_;

/** hf_fs_mkdir - make a directory with owner and mode; allocates nothing
 *  @ret_made: how much of @path names the topmost directory that had to be made (for
 *             hf_fs_rmdir_up_to()), 0 if it was there; may be NULL */
int hf_fs_mkdir(hf_host *host, const char *path, uid_t uid, gid_t gid, mode_t mode,
		size_t *ret_made, hf_error **err) _must_check_;
/** hf_fs_rmdir_up_to - remove the empty directory that the first @len bytes of @path
 *  name, and its parents up to the one that the first @top do; allocates nothing */
int hf_fs_rmdir_up_to(hf_host *host, const char *path, size_t len, size_t top,
		      hf_error **err) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/item.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "host/fs_image.h"
#include "model/kind.h"

int hf_item_stale(const hf_group *group, hf_error **err)
{
	(void)hf_error_set(err, -ESTALE, "'%s' has changed since it was looked at",
			   group->path);
	(void)hf_error_hint(err, "run holdfast again: it plans from what is there now");
	return -ESTALE;
}

void hf_item_new_owner(const hf_host *host, const hf_group *group, hf_inode *ret)
{
	/* giving files away is not possible there; `files` demands tell of it */
	bool own_tree = host->offline && !host->is_root;

	ret->uid = own_tree ? geteuid() : group->uid;
	ret->gid = own_tree ? getegid() : group->gid;
	ret->mode = group->mode;
}

/* --- files ----------------------------------------------------------------------- */

static int file_is(hf_host *host, const hf_group *group, bool exists, const char *bytes,
		   size_t len, bool *ret, hf_error **err)
{
	hf_arena arena = { 0 };
	hf_error *why = NULL;
	size_t now_len = 0;
	char *now = NULL;
	int r = hf_fs_read(host, group->path, HF_STATE_MAX, &arena, &now, &now_len, NULL,
			   &why);

	if (r == -ENOENT || r == -ENOTDIR) {
		hf_error_free(why);
		*ret = !exists;
		r = 0;
	} else if (r < 0) {
		if (err)
			*err = why;
		else
			hf_error_free(why);
	} else {
		*ret = exists && now_len == len && memcmp(now, bytes, len) == 0;
	}
	hf_arena_done(&arena);
	return r;
}

/* Owner and mode wanted of the inode that the file has now, if any group wants it. */
static bool inode_wanted(const hf_inode *now, hf_item *all, size_t n, hf_inode *ret)
{
	for (size_t i = 0; i < n; i++) {
		const hf_group *g = all[i].group;

		if (g->type != HF_GROUP_INODE || g->dev != now->dev || g->ino != now->ino)
			continue;
		*ret = *now;
		ret->uid = g->uid;
		ret->gid = g->gid;
		ret->mode = g->mode;
		all[i].folded = true;
		return true;
	}
	return false;
}

/* A directory that others have put something into by now stays; what another item has
 * staged there goes later, and then it is tried again. */
static int drop_dirs(hf_host *host, hf_item *item, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	const hf_group *group = item->group;
	size_t len = strlen(group->path);
	int r;

	if (!item->made)
		return 0;
	if (group->type == HF_GROUP_FILE)
		len = (size_t)(hf_path_base(group->path) - group->path) - 1;
	r = hf_fs_rmdir_up_to(host, group->path, len, item->made, &why);
	if (r >= 0)
		item->made = 0;
	if (r >= 0 || r == -ENOTEMPTY || r == -EEXIST)
		return 0;
	if (err)
		*err = take_ptr(why);
	return r;
}

/* Was it staged from what was planned from? It may have changed since that was compared.
 */
static bool is_staged_from(const hf_staged *staged, const hf_group *group)
{
	return staged->existed == group->existed &&
	       (!staged->existed ||
		(staged->before_len == group->before_len &&
		 memcmp(staged->before, group->before, group->before_len) == 0));
}

/* Staging needs the directory before its own item is carried out. */
static const hf_group *group_that_makes(const hf_item *all, size_t n, const char *dir,
					size_t len)
{
	for (size_t i = 0; i < n; i++) {
		const hf_group *g = all[i].group;

		if (g->type == HF_GROUP_MKDIR && !g->remove &&
		    strncmp(g->path, dir, len) == 0 && !g->path[len])
			return g;
	}
	return NULL;
}

/* The directories that lead to the file, each as the plan has it. */
static int make_parents(hf_host *host, hf_item *item, const hf_item *all, size_t n,
			const char *dir, hf_error **err)
{
	const hf_group usual = { .path = dir, .mode = 0755 };
	const size_t len = strlen(dir);

	for (size_t at = 1; at <= len; at++) {
		const hf_group *group;
		hf_inode meta = { 0 };
		size_t made = 0;
		int r;

		if (dir[at] && dir[at] != '/')
			continue;
		group = group_that_makes(all, n, dir, at);
		if (!group && at < len)
			continue;
		if (!group)
			group = &usual;
		hf_item_new_owner(host, group, &meta);
		r = hf_fs_mkdir(host, group->path, meta.uid, meta.gid, meta.mode, &made,
				err);
		if (!item->made)
			item->made = made;
		if (r < 0)
			return r;
	}
	return 0;
}

static int stage_file(hf_host *host, hf_item *item, hf_item *all, size_t n,
		      hf_arena *arena, hf_error **err)
{
	const hf_group *group = item->group;
	const hf_inode *use = NULL;
	hf_inode now, meta = { 0 };
	char *dir = hf_path_dir(arena, group->path);
	int r;

	if (!dir)
		return hf_error_oom(err);
	if (group->remove)
		return hf_fs_stage_removal(host, group->path, item->staged, err);
	if (!group->existed) {
		r = make_parents(host, item, all, n, dir, err);
		hf_fault(host, "directory made");
		if (r < 0)
			return r;
		hf_item_new_owner(host, group, &meta);
		use = &meta;
	} else {
		r = hf_fs_inode(host, group->path, 0, &now, err);
		if (r < 0)
			return r;
		if (group->set_meta) {
			meta = now;
			hf_item_new_owner(host, group, &meta);
			use = &meta;
		} else if (inode_wanted(&now, all, n, &meta)) {
			use = &meta;
		}
	}
	if (group->first) {
		r = hf_fs_stage(host, group->path, group->first, group->first_len, use,
				item->first, err);
		return r < 0 ? r
			     : hf_fs_stage_next(host, item->first, group->after,
						group->after_len, item->staged, err);
	}
	if (group->image)
		return hf_fs_stage_image(host, group->path, group->image, item->staged,
					 err);
	return hf_fs_stage(host, group->path, group->after, group->after_len, use,
			   item->staged, err);
}

static int prepare_file(hf_host *host, hf_item *item, hf_item *all, size_t n,
			hf_arena *arena, hf_error **err)
{
	const hf_group *group = item->group;
	bool as_read = false;
	int r = file_is(host, group, group->existed, group->before, group->before_len,
			&as_read, err);

	if (r < 0)
		return r;
	if (!as_read)
		return hf_item_stale(group, err);
	item->staged = hf_arena_new(arena, hf_staged);
	if (!item->staged)
		return hf_error_oom(err);
	item->staged->dir_fd = -1;
	if (group->first) {
		item->first = hf_arena_new(arena, hf_staged);
		if (!item->first)
			return hf_error_oom(err);
		item->first->dir_fd = -1;
	}
	r = stage_file(host, item, all, n, arena, err);
	if (!r && !is_staged_from(item->first ? item->first : item->staged, group))
		return hf_item_stale(group, err);
	return r;
}

static int revert_file(hf_host *host, hf_item *item, hf_error **err)
{
	bool is_first = item->state == HF_ITEM_FIRST;
	hf_staged *staged = is_first ? item->first : item->staged;
	int r = hf_fs_stage_reopen(host, staged, err);

	if (r < 0)
		return r;
	if (is_first || !item->first)
		r = hf_fs_unpublish(staged, err);
	else
		r = hf_fs_unpublish_next(staged, item->first, err);
	return r < 0 ? r : drop_dirs(host, item, err);
}

/* --- inodes ---------------------------------------------------------------------- */

static bool inode_is(const struct stat *st, const hf_group *group, uid_t uid, gid_t gid,
		     mode_t mode)
{
	return st->st_dev == group->dev && st->st_ino == group->ino &&
	       st->st_uid == uid && st->st_gid == gid &&
	       (st->st_mode & 07777) == (mode & 07777);
}

static int open_inode(hf_host *host, const hf_group *group, struct stat *st, int *ret_fd,
		      hf_error **err)
{
	cleanup_close int fd = -1;
	int r = hf_fs_open(host, group->path, O_PATH,
			   group->before_symlink_target ? 0 : HF_FS_NOFOLLOW, &fd, err);

	if (r < 0)
		return r;
	if (fstat(fd, st) < 0)
		return hf_error_set(err, -errno, "cannot look at '%s': %s", group->path,
				    strerror(errno));
	*ret_fd = take_fd(fd);
	return 0;
}

static int set_inode(hf_host *host, const hf_group *group, bool back, hf_error **err)
{
	cleanup_close int fd = -1;
	struct stat st;
	int r = open_inode(host, group, &st, &fd, err);

	if (r < 0)
		return r;
	if (back) {
		/* a commit that failed half-way left any mix of old and new */
		if (st.st_dev != group->dev || st.st_ino != group->ino)
			return hf_item_stale(group, err);
		return hf_fs_set_meta(fd, group->path, group->before_uid,
				      group->before_gid, group->before_mode & 07777, err);
	}
	if (!inode_is(&st, group, group->before_uid, group->before_gid,
		      group->before_mode))
		return hf_item_stale(group, err);
	return hf_fs_set_meta(fd, group->path, group->uid, group->gid,
			      group->mode & 07777, err);
}

static int prepare_inode(hf_host *host, const hf_item *item, hf_error **err)
{
	const hf_group *group = item->group;
	cleanup_close int fd = -1;
	struct stat st;
	int r;

	if (item->folded)
		return 0;
	r = open_inode(host, group, &st, &fd, err);
	if (r < 0)
		return r;
	if (!inode_is(&st, group, group->before_uid, group->before_gid,
		      group->before_mode))
		return hf_item_stale(group, err);
	return 0;
}

/* --- directories ----------------------------------------------------------------- */

/* The commit of one that is to be there, or the revert of one that was. */
static int make_dir(hf_host *host, const hf_group *group, size_t *ret_made,
		    hf_error **err)
{
	hf_inode meta = { 0 };

	hf_item_new_owner(host, group, &meta);
	return hf_fs_mkdir(host, group->path, meta.uid, meta.gid, meta.mode, ret_made,
			   err);
}

/* --- the state machine ----------------------------------------------------------- */

int hf_item_prepare(hf_host *host, hf_item *item, hf_item *all, size_t n, hf_arena *arena,
		    hf_error **err)
{
	const hf_kind *kind = item->group->kind;
	int r = 0;

	switch (item->group->type) {
	case HF_GROUP_MKDIR:
		break;
	case HF_GROUP_FILE:
		r = prepare_file(host, item, all, n, arena, err);
		break;
	case HF_GROUP_INODE:
		r = prepare_inode(host, item, err);
		break;
	case HF_GROUP_LIVE:
		r = kind->prepare(host, item->group, err);
		break;
	}
	if (!r)
		item->state = HF_ITEM_PREPARED;
	return r;
}

int hf_item_commit_first(hf_item *item, hf_error **err)
{
	item->state = HF_ITEM_FIRST;
	return hf_fs_publish(item->first, err);
}

int hf_item_commit(hf_host *host, hf_item *item, hf_error **err)
{
	const hf_group *group = item->group;

	item->state = HF_ITEM_COMMITTED;
	switch (group->type) {
	case HF_GROUP_MKDIR:
		if (!group->remove)
			return make_dir(host, group, &item->made, err);
		item->made = strlen(group->path); /* that one and no parent */
		return drop_dirs(host, item, err);
	case HF_GROUP_FILE:
		return hf_fs_publish(item->staged, err);
	case HF_GROUP_INODE:
		return item->folded ? 0 : set_inode(host, group, false, err);
	case HF_GROUP_LIVE:
		return group->kind->commit(host, item->group, err);
	}
	return 0;
}

int hf_item_revert(hf_host *host, hf_item *item, hf_error **err)
{
	const hf_group *group = item->group;
	int r = 0;

	switch (group->type) {
	case HF_GROUP_MKDIR:
		if (group->remove)
			r = make_dir(host, group, NULL, err);
		else
			r = drop_dirs(host, item, err);
		break;
	case HF_GROUP_FILE:
		r = revert_file(host, item, err);
		break;
	case HF_GROUP_INODE:
		r = item->folded ? 0 : set_inode(host, group, true, err);
		break;
	case HF_GROUP_LIVE:
		r = group->kind->revert(host, item->group, err);
		break;
	}
	if (!r)
		item->state = item->first && item->state == HF_ITEM_COMMITTED
				      ? HF_ITEM_FIRST
				      : HF_ITEM_REVERTED;
	return r;
}

int hf_item_discard(hf_host *host, hf_item *item, hf_error **err)
{
	hf_group *group = item->group;
	int r = 0;

	if (group->type == HF_GROUP_LIVE && group->kind->discard)
		group->kind->discard(group);
	if (!item->staged)
		return 0;
	r = hf_fs_stage_discard(item->staged);
	if (item->first) {
		int q = hf_fs_stage_discard(item->first);

		r = r < 0 ? r : q;
	}
	if (r < 0)
		(void)hf_error_set(err, r, "cannot remove the staged copy of '%s': %s",
				   group->path, strerror(-r));
	item->staged = item->first = NULL;
	if (!r && item->state != HF_ITEM_COMMITTED)
		r = drop_dirs(host, item, err);
	return r;
}

const char *hf_item_what(const hf_item *item, hf_arena *arena)
{
	const hf_group *group = item->group;

	switch (group->type) {
	case HF_GROUP_MKDIR:
		return hf_arena_printf(arena, "%s directory %s",
				       group->remove ? "remove" : "make", group->path);
	case HF_GROUP_FILE:
		return hf_arena_printf(arena, "%s %s", group->remove ? "remove" : "write",
				       group->path);
	case HF_GROUP_INODE:
		return hf_arena_printf(arena, "set owner and mode of %s", group->path);
	case HF_GROUP_LIVE:
		return hf_arena_printf(arena, "change %s", group->path);
	}
	return group->path;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/path.h"
#include "engine/effects.h"
#include "engine/item.h"
#include "engine/journal.h"
#include "engine/lock.h"
#include "engine/state_file.h"
#include "engine/sync.h"
#include "host/fs_image.h"
#include "host/trail.h"
#include "host/unit_dirs.h"

typedef struct recovery {
	hf_host *host;
	const hf_model *model; /* for the kinds */
	const hf_txn *txn;
	bool same_boot;
	bool forward;
	bool told; /* the manager, of what became of the units */
	hf_apply_result *result;
	size_t stuck;
} recovery;

/* @what: static, or in the result's arena; NULL: out of memory */
static void add_step(recovery *rc, const char *what, hf_step_state state, const char *why)
{
	hf_arena *arena = &rc->result->arena;
	hf_step *step = hf_vec_push(arena, rc->result->steps, rc->result->n_steps);

	if (state == HF_STEP_STUCK)
		rc->stuck++;
	if (!step)
		return;
	step->what = what ? what : "(out of memory)";
	step->state = state;
	step->why = why ? hf_arena_strdup(arena, why) : NULL;
}

static const char *what_of(recovery *rc, const char *path)
{
	return hf_arena_printf(&rc->result->arena, "%s %s",
			       rc->forward ? "finish" : "restore", path);
}

static void stuck(recovery *rc, const hf_txn_item *item, const char *why)
{
	add_step(rc, what_of(rc, item->path), HF_STEP_STUCK, why);
}

static void done(recovery *rc, const hf_txn_item *item)
{
	add_step(rc, what_of(rc, item->path),
		 rc->forward ? HF_STEP_DONE : HF_STEP_REVERTED, NULL);
}

/* --- files
 * -------------------------------------------------------------------------------- */

static void drop_dirs(recovery *rc, const hf_txn_item *item, const char *dir)
{
	hf_error *why = NULL;
	int r;

	if (rc->forward || !item->made)
		return;
	r = hf_fs_rmdir_up_to(rc->host, dir, strlen(dir), strlen(item->made), &why);
	if (r < 0 && r != -ENOTEMPTY && r != -EEXIST) /* others' files keep it: fine */
		stuck(rc, item, hf_error_text(why));
	hf_error_free(why);
}

static bool is_first(const hf_txn_item *item, const hf_image *now)
{
	hf_image first;

	if (!item->first)
		return false;
	first = hf_txn_item_first(item);
	return hf_image_same(now, &first);
}

static int recover_file(recovery *rc, const hf_txn_item *item, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_image after = hf_txn_item_after(item), now;
	const hf_image *target = rc->forward ? &after : &item->before;
	const hf_image *other = rc->forward ? &item->before : &after;
	char *dir = hf_path_dir(&arena, item->path);
	hf_inode parent = { 0 };
	int r = 0;

	if (!dir)
		return hf_error_oom(err);
	if (item->temp)
		r = hf_fs_unlink(rc->host, item->temp, err);
	if (!r && item->next)
		r = hf_fs_unlink(rc->host, item->next, err);
	if (!r)
		r = hf_fs_image(rc->host, item->path, &arena, &now, err);
	if (r < 0)
		return r;
	/* a file is replaced whole: what is none of these is not ours */
	if (!hf_image_same(&now, other) && !hf_image_same(&now, target) &&
	    !is_first(item, &now)) {
		stuck(rc, item, "it was changed by someone else since");
		return 0;
	}
	if (!hf_image_equal(&now, target)) {
		hf_item_new_owner(rc->host, &(hf_group){ .mode = 0755 }, &parent);
		if (rc->forward)
			r = hf_fs_mkdir(rc->host, dir, parent.uid, parent.gid,
					parent.mode, NULL, err);
		if (!r)
			r = hf_fs_restore(rc->host, item->path, target, err);
		if (r < 0)
			return r;
		done(rc, item);
	}
	drop_dirs(rc, item, dir);
	return 0;
}

/* The state in between, on the way to either end: while the units change, a key that
 * becomes a flag and one that was a flag are both out of the file. */
static int recover_first(recovery *rc, const hf_txn_item *item, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_image from = rc->forward ? item->before : hf_txn_item_after(item), now, first;
	int r;

	if (item->type != HF_GROUP_FILE || !item->first)
		return 0;
	r = hf_fs_image(rc->host, item->path, &arena, &now, err);
	if (r < 0 || !now.exists || !hf_image_same(&now, &from))
		return r;
	first = hf_txn_item_first(item);
	return hf_fs_restore(rc->host, item->path, &first, err);
}

/* --- inodes
 * ------------------------------------------------------------------------------- */

/* As before, as after, or on the way: hf_fs_set_meta() narrows the mode first. */
static bool is_ours(const struct stat *st, const hf_txn_item *item)
{
	mode_t mode = st->st_mode & 07777;
	mode_t before = item->before_mode & 07777, after = item->mode & 07777;

	if ((st->st_uid != item->before_uid || st->st_gid != item->before_gid) &&
	    (st->st_uid != item->uid || st->st_gid != item->gid))
		return false;
	return mode == before || mode == after || mode == (before & after & 0777);
}

static int recover_inode(recovery *rc, const hf_txn_item *item, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	cleanup_close int fd = -1;
	uid_t uid = rc->forward ? item->uid : item->before_uid;
	gid_t gid = rc->forward ? item->gid : item->before_gid;
	mode_t mode = (rc->forward ? item->mode : item->before_mode) & 07777;
	struct stat st;
	int r;

	if (item->folded)
		return 0;
	r = hf_fs_open(rc->host, item->path, O_PATH, item->follow ? 0 : HF_FS_NOFOLLOW,
		       &fd, &why);
	if (r < 0) {
		stuck(rc, item, hf_error_text(why));
		return 0;
	}
	if (fstat(fd, &st) < 0)
		return hf_error_set(err, -errno, "cannot look at '%s'", item->path);
	/* device numbers may be dealt out anew at boot */
	if (st.st_ino != item->ino || (rc->same_boot && st.st_dev != item->dev)) {
		stuck(rc, item, "another file is there now");
		return 0;
	}
	if (st.st_uid == uid && st.st_gid == gid && (st.st_mode & 07777) == mode)
		return 0;
	if (!is_ours(&st, item)) {
		stuck(rc, item, "its owner or mode was changed by someone else since");
		return 0;
	}
	r = hf_fs_set_meta(fd, item->path, uid, gid, mode, err);
	if (!r)
		done(rc, item);
	return r;
}

/* --- live
 * --------------------------------------------------------------------------------- */

static int recover_live(recovery *rc, const hf_txn_item *item, hf_error **err)
{
	const hf_kind *kind =
		hf_kind_find(rc->model->kinds, rc->model->n_kinds, item->kind);
	int r;

	if (!rc->same_boot)
		return 0; /* the reboot has undone it; what boots is on disk */
	if (!kind || !kind->replay) {
		stuck(rc, item, "this version of holdfast cannot put it back");
		return 0;
	}
	r = kind->replay(rc->host, item->live, rc->forward != item->reverse, err);
	if (r > 0)
		done(rc, item);
	return r < 0 ? r : 0;
}

static int recover_dir(recovery *rc, const hf_txn_item *item, hf_error **err)
{
	if (rc->forward != item->remove)
		return hf_fs_mkdir(rc->host, item->path, item->uid, item->gid, item->mode,
				   NULL, err);
	if (!item->remove)
		drop_dirs(rc, item, item->path);
	return 0;
}

static int recover_item(recovery *rc, const hf_txn_item *item, hf_error **err)
{
	switch (item->type) {
	case HF_GROUP_FILE:
		return recover_file(rc, item, err);
	case HF_GROUP_INODE:
		return recover_inode(rc, item, err);
	case HF_GROUP_MKDIR:
		return recover_dir(rc, item, err);
	case HF_GROUP_LIVE:
		return recover_live(rc, item, err);
	}
	return 0;
}

/* Those found as they should be as well: a recovery that was cut short set them. */
static int sync_inodes(recovery *rc, hf_error **err)
{
	hf_syncer syncer = { 0 };

	for (size_t i = 0; i < rc->txn->n_items; i++) {
		const hf_txn_item *item = &rc->txn->items[i];
		unsigned flags = item->follow ? 0 : HF_FS_NOFOLLOW;
		hf_inode now;
		int r;

		if (item->type != HF_GROUP_INODE || item->folded ||
		    hf_fs_inode(rc->host, item->path, flags, &now, NULL) < 0)
			continue;
		r = hf_syncer_add(&syncer, rc->host, now.dev, item->path, item->follow,
				  err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Nobody knows how far the manager was told of it, by the run that was cut off or by a
 * recovery before this one: it is told whenever units were a part of it, each time. */
static bool tell_manager(recovery *rc)
{
	const hf_effect reload = { .action = HF_ACTION_DAEMON_RELOAD };
	const hf_engine_view none = { 0 };
	cleanup_(hf_error_freep) hf_error *why = NULL;

	rc->told = true;
	if (rc->host->units.known != HF_PRESENT)
		return true;
	hf_fault(rc->host, "recover daemon-reload");
	if (hf_effect_run(rc->host, &reload, &none, &why) < 0) {
		add_step(rc, "daemon-reload", HF_STEP_STUCK, hf_error_text(why));
		return false;
	}
	add_step(rc, "daemon-reload", rc->forward ? HF_STEP_DONE : HF_STEP_REVERTED,
		 NULL);
	return true;
}

/* Whether a reload or restart was carried out is in no journal, and whether one is safe
 * now is for a plan to say: they are named. */
static void name_effects(recovery *rc)
{
	const char *reload = hf_action_name(HF_ACTION_DAEMON_RELOAD);

	if (!rc->same_boot || rc->host->units.known != HF_PRESENT)
		return;
	for (size_t i = 0; i < rc->txn->n_effects; i++) {
		const char *what = rc->txn->effects[i];

		if (strcmp(what, reload) != 0)
			add_step(rc, what, HF_STEP_LEFT,
				 rc->forward
					 ? "it may not have been done"
					 : "it may have put in force what is taken back");
	}
}

/* On the way back it comes where the file had its last bytes, on the way forward before
 * all else. */
static void recover_one(recovery *rc, const hf_txn_item *item, bool first)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;

	hf_fault(rc->host, "recover");
	/* one that fails does not keep the others from being put back */
	if ((first ? recover_first(rc, item, &why) : recover_item(rc, item, &why)) < 0)
		stuck(rc, item, hf_error_text(why));
}

/* Files that were to be replaced twice: @first, their state in between; else the end. */
static void recover_twice(recovery *rc, bool first)
{
	for (size_t i = 0; i < rc->txn->n_items; i++)
		if (rc->txn->items[i].first)
			recover_one(rc, &rc->txn->items[i], first);
}

static int recover_all(recovery *rc, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *sync = NULL;
	size_t n = rc->txn->n_items;
	bool units = false, told = true;

	if (rc->forward)
		recover_twice(rc, true);
	for (size_t i = 0; i < n && told; i++) {
		const hf_txn_item *item = &rc->txn->items[rc->forward ? i : n - 1 - i];

		/* what comes next may not go with what the manager still has loaded: a
		 * flag that became a key, or the other way round */
		if (units && !rc->told && item->stage != HF_STAGE_UNITS)
			told = tell_manager(rc); /* a failure is among the steps */
		if (!told)
			break;
		units |= item->stage == HF_STAGE_UNITS;
		hf_host_working(rc->host, "recover", NULL, i, n);
		recover_one(rc, item, !rc->forward && item->first);
	}
	if (units && !rc->told)
		told = tell_manager(rc);
	if (!rc->forward && told)
		recover_twice(rc, false);
	if (sync_inodes(rc, &sync) < 0)
		add_step(rc, "write out owners and modes", HF_STEP_STUCK,
			 hf_error_text(sync));
	name_effects(rc);
	if (rc->stuck)
		return hf_error_set(err, -ENOTSUP, "%zu part%s could not be %s",
				    rc->stuck, rc->stuck == 1 ? "" : "s",
				    rc->forward ? "finished" : "put back");
	return 0;
}

int hf_txn_undo(hf_host *host, const hf_model *model, const hf_txn *txn, bool same_boot,
		hf_apply_result *result, hf_error **err)
{
	recovery rc = { .host = host,
			.model = model,
			.txn = txn,
			.same_boot = same_boot,
			.result = result };

	return recover_all(&rc, err);
}

int hf_txn_redo(hf_host *host, const hf_model *model, const hf_txn *txn, bool same_boot,
		hf_apply_result *result, hf_error **err)
{
	recovery rc = { .host = host,
			.model = model,
			.txn = txn,
			.same_boot = same_boot,
			.result = result,
			.forward = true };

	return recover_all(&rc, err);
}

/* --- an unfinished transaction
 * ------------------------------------------------------------ */

static bool is_same_boot(hf_host *host, const hf_txn *txn)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };

	return *txn->boot_id && strcmp(hf_state_boot_id(host, &arena), txn->boot_id) == 0;
}

static int end_recovery(hf_host *host, hf_txn *txn, bool forward,
			const hf_apply_options *options, hf_error **err)
{
	size_t keep = options->keep ? options->keep : HF_TXN_KEEP;

	txn->result = forward ? HF_TXN_APPLIED : HF_TXN_RECOVERED;
	txn->finished = time(NULL);
	return hf_journal_end(host, txn, host->offline && !options->record ? 0 : keep,
			      err);
}

static int recover_locked(hf_host *host, const hf_model *model, bool forward,
			  const hf_apply_options *options, hf_apply_result *ret,
			  bool *ret_found)
{
	hf_txn txn;
	int r = hf_journal_read(host, &ret->arena, &txn, ret_found, &ret->error);

	if (r < 0)
		return r;
	if (!*ret_found) /* finished but for this */
		return hf_fs_unlink(host, HF_JOURNAL_PATH, &ret->error);
	ret->transaction = txn.id;
	ret->outcome = HF_OUTCOME_INCOMPLETE;
	host->stage_tag = txn.id;
	if (forward)
		r = hf_txn_redo(host, model, &txn, is_same_boot(host, &txn), ret,
				&ret->error);
	else
		r = hf_txn_undo(host, model, &txn, is_same_boot(host, &txn), ret,
				&ret->error);
	if (!r)
		r = end_recovery(host, &txn, forward, options, &ret->error);
	host->stage_tag = NULL;
	if (r < 0) {
		(void)hf_error_wrap(&ret->error, "transaction %s", txn.id);
		return hf_error_hint(&ret->error,
				     "settle what is named, then type 'holdfast "
				     "recover%s' again; RECOVERY in holdfast(8) tells "
				     "how",
				     hf_host_option(host));
	}
	ret->outcome = forward ? HF_OUTCOME_APPLIED : HF_OUTCOME_ROLLED_BACK;
	hf_trail_send(host, &(hf_trail){ .command = "recover",
					 .transaction = txn.id,
					 .result = forward ? "applied" : "rolled-back",
					 .digest = "",
					 .user = txn.user,
					 .success = true });
	return 0;
}

/* Killed before the journal was whole, or after it was gone: only our own leftovers. */
static void sweep(hf_host *host)
{
	hf_lock lock = { 0 };

	if (!hf_journal_strays(host))
		return;
	if (hf_lock_take(host, 0, &lock, NULL) == 0)
		hf_journal_sweep(host);
	hf_lock_drop(host, &lock); /* somebody else has it: then they are in use */
}

int hf_engine_recover(hf_host *host, const hf_model *model, bool forward,
		      const hf_apply_options *options, hf_apply_result *ret,
		      bool *ret_found, hf_error **err)
{
	hf_lock lock = { 0 };
	bool unfinished = true;
	int r = hf_journal_exists(host, err);

	*ret_found = false;
	ret->outcome = HF_OUTCOME_NOTHING;
	if (!r)
		sweep(host);
	if (r <= 0)
		return r;
	*ret_found = true;
	hf_unit_dirs_drop(host); /* of a look that began before */
	ret->outcome = HF_OUTCOME_REFUSED;
	r = hf_lock_take(host, options->lock_wait, &lock, &ret->error);
	if (!r)
		r = recover_locked(host, model, forward, options, ret, &unfinished);
	if (!r) {
		hf_journal_sweep(host);
		if (!unfinished)
			ret->outcome = HF_OUTCOME_NOTHING;
	}
	hf_lock_drop(host, &lock);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/confirm.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "engine/journal.h"
#include "engine/lock.h"
#include "engine/rollback.h"
#include "engine/state_file.h"

int hf_confirm_read(hf_host *host, hf_arena *arena, hf_confirm *ret, hf_error **err)
{
	const char *after = NULL;
	json_int_t deadline = 0;
	json_t *root;
	bool exists;
	int r = hf_state_file_read(host, HF_CONFIRM_PATH, arena, &root, &exists, err);

	*ret = (hf_confirm){ 0 };
	if (r < 0 || !exists)
		return r;
	if (!root ||
	    json_unpack(root, "{s:I, s:s}", "deadline", &deadline, "after", &after) < 0) {
		json_decref(root);
		(void)hf_error_at(err, -EBADMSG, HF_CONFIRM_PATH, 0, 0,
				  "the confirmation waited for is damaged");
		return hf_error_hint(err,
				     "look at 'holdfast history', then keep what was "
				     "applied with 'holdfast confirm', or undo it with "
				     "'holdfast rollback'");
	}
	ret->exists = true;
	ret->deadline = deadline;
	ret->after = hf_arena_strdup(arena, after);
	json_decref(root);
	return ret->after ? 0 : hf_error_oom(err);
}

static const char *newest(hf_host *host, hf_arena *arena, hf_error **err)
{
	char **ids;
	size_t n;

	if (hf_txn_list(host, arena, &ids, &n, err) < 0)
		return NULL;
	return n ? ids[n - 1] : "";
}

static int write_confirm(hf_host *host, int64_t deadline, const char *after,
			 hf_error **err)
{
	return hf_state_file_write_json(
		host, HF_CONFIRM_PATH,
		json_pack("{s:I, s:s}", "deadline", (json_int_t)deadline, "after", after),
		err);
}

static int begin_locked(hf_host *host, int64_t deadline, hf_arena *arena, hf_error **err)
{
	hf_confirm there;
	const char *after;
	int r = hf_confirm_read(host, arena, &there, err);

	if (r < 0)
		return r;
	if (there.exists)
		return hf_error_set(err, -EBUSY, "an apply waits to be confirmed");
	after = newest(host, arena, err);
	return after ? write_confirm(host, deadline, after, err) : -EIO;
}

int hf_confirm_begin(hf_host *host, int64_t deadline, int lock_wait, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_lock lock = { 0 };
	int r = hf_lock_take(host, lock_wait, &arena, &lock, err);

	if (!r)
		r = begin_locked(host, deadline, &arena, err);
	hf_lock_drop(host, &lock);
	return r;
}

int hf_confirm_move(hf_host *host, int64_t deadline, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_confirm there;
	int r = hf_confirm_read(host, &arena, &there, err);

	if (r < 0)
		return r;
	if (!there.exists)
		return hf_error_set(err, -ENOENT, "it is confirmed already");
	return write_confirm(host, deadline, there.after, err);
}

int hf_confirm_end(hf_host *host, hf_error **err)
{
	return hf_fs_unlink(host, HF_CONFIRM_PATH, err);
}

/* The apply may have been cut off at any point: nothing on record, or a journal. */
static int undo_newest(hf_host *host, hf_model *model, const char *id,
		       const hf_apply_options *options, hf_apply_result *result,
		       hf_error **err)
{
	cleanup_(hf_rollback_done) hf_rollback rb = { 0 };
	const hf_plan_options plan_options = { .restart = HF_RESTART_SAFE };
	int r = hf_rollback_plan(host, model, id, &plan_options, &rb, err);

	if (r < 0)
		return r;
	r = hf_rollback_run(host, model, &rb, options, result, err);
	if (r < 0)
		return r;
	if (result->outcome != HF_OUTCOME_APPLIED &&
	    result->outcome != HF_OUTCOME_NOTHING) {
		*err = take_ptr(result->error);
		return *err ? (*err)->code : hf_error_set(err, -EIO, "rollback failed");
	}
	if (rb.n_refused)
		r = hf_error_set(err, -ESTALE,
				 "%zu of its changes were changed since, and "
				 "stay",
				 rb.n_refused);
	return r;
}

/* A watchdog and 'recover' may be at it at once: one of them finds it done. */
static bool settled_meanwhile(hf_host *host, int r)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_confirm there;

	return (r == -ESTALE || r == -EINPROGRESS) &&
	       hf_confirm_read(host, &arena, &there, NULL) == 0 && !there.exists;
}

static int undo_applied(hf_host *host, hf_model *model, const hf_confirm *confirm,
			const hf_apply_options *options, hf_apply_result *result,
			bool *ret_undone, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_apply_result_done) hf_apply_result recovered = { 0 };
	const char *id;
	bool found;
	hf_txn txn;
	int r = hf_engine_recover(host, model, false, options, &recovered, &found, err);

	if (r < 0)
		return r;
	*ret_undone = found && recovered.outcome == HF_OUTCOME_ROLLED_BACK;
	if (recovered.error && !*ret_undone) {
		*err = take_ptr(recovered.error);
		return (*err)->code;
	}
	id = newest(host, &arena, err);
	if (!id)
		return -EIO;
	if (strcmp(id, confirm->after) <= 0)
		return 0;
	r = hf_txn_load(host, id, &arena, &txn, err);
	if (!r && txn.result == HF_TXN_APPLIED && strcmp(txn.command, "apply") == 0) {
		r = undo_newest(host, model, id, options, result, err);
		*ret_undone = r == 0;
	}
	return r;
}

int hf_confirm_undo(hf_host *host, hf_model *model, const hf_confirm *confirm,
		    const hf_apply_options *options, hf_apply_result *result,
		    bool *ret_undone, hf_error **err)
{
	hf_error *why = NULL;
	int r;

	*ret_undone = false;
	r = undo_applied(host, model, confirm, options, result, ret_undone, &why);
	if (r < 0 && settled_meanwhile(host, r)) {
		hf_error_free(why);
		return 0;
	}
	if (r < 0) {
		*err = why;
		return r;
	}
	return hf_confirm_end(host, err);
}

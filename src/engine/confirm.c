/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/confirm.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "engine/journal.h"
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

int hf_confirm_begin(hf_host *host, int64_t deadline, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	const char *after = newest(host, &arena, err);

	if (!after)
		return -EIO;
	return hf_state_file_write_json(
		host, HF_CONFIRM_PATH,
		json_pack("{s:I, s:s}", "deadline", (json_int_t)deadline, "after", after),
		err);
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
	if (!r && rb.n_refused)
		r = hf_error_set(err, -ESTALE,
				 "%zu of its changes were changed since, and "
				 "stay",
				 rb.n_refused);
	return r;
}

int hf_confirm_undo(hf_host *host, hf_model *model, const hf_confirm *confirm,
		    const hf_apply_options *options, hf_apply_result *result,
		    bool *ret_undone, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_apply_result_done) hf_apply_result recovered = { 0 };
	const char *id;
	bool found;
	hf_txn txn;
	int r = hf_engine_recover(host, model, false, options, &recovered, &found, err);

	*ret_undone = found;
	if (r < 0)
		return r;
	if (recovered.error) {
		*err = take_ptr(recovered.error);
		return (*err)->code;
	}
	id = newest(host, &arena, err);
	if (!id)
		return -EIO;
	if (strcmp(id, confirm->after) > 0) {
		r = hf_txn_load(host, id, &arena, &txn, err);
		if (!r && txn.result == HF_TXN_APPLIED &&
		    strcmp(txn.command, "apply") == 0) {
			*ret_undone = true;
			r = undo_newest(host, model, id, options, result, err);
		}
	}
	return r < 0 ? r : hf_confirm_end(host, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/confirm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "engine/journal.h"
#include "engine/lock.h"
#include "engine/rollback.h"
#include "engine/state_file.h"

/* --- the file ------------------------------------------------------------------------
 */

/* False: it does not fit, so it is none of ours. */
static bool copy_text(char *ret, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		return false;
	memcpy(ret, text, len + 1);
	return true;
}

int hf_confirm_read(hf_host *host, hf_confirm *ret, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	const char *run = "", *boot = "", *transaction = "";
	int64_t deadline = 0;
	hf_json *root;
	bool exists, good;
	int r = hf_state_file_read(host, HF_CONFIRM_PATH, &arena, &root, &exists, err);

	*ret = (hf_confirm){ 0 };
	if (r < 0 || !exists)
		return r;
	good = hf_json_get_int(root, "deadline", &deadline) &&
	       hf_json_get_string(root, "run", &run) &&
	       hf_json_get_string(root, "boot_id", &boot) &&
	       hf_json_get_string(root, "transaction", &transaction) &&
	       copy_text(ret->run, sizeof(ret->run), run) &&
	       copy_text(ret->boot, sizeof(ret->boot), boot) &&
	       copy_text(ret->transaction, sizeof(ret->transaction), transaction);
	if (!good) {
		(void)hf_error_at(err, -EBADMSG, HF_CONFIRM_PATH, 0, 0,
				  "the confirmation waited for is damaged");
		return hf_error_hint(err,
				     "look at 'holdfast history%s', then keep what was "
				     "applied with 'holdfast confirm%s', or undo it with "
				     "'holdfast rollback%s'",
				     hf_host_option(host), hf_host_option(host),
				     hf_host_option(host));
	}
	ret->exists = true;
	ret->deadline = deadline;
	return 0;
}

static int write_confirm(hf_host *host, const hf_confirm *confirm, hf_error **err)
{
	hf_json_writer w = { 0 };

	hf_json_open(&w, NULL, '{');
	hf_json_write_int(&w, "deadline", confirm->deadline);
	hf_json_write_text(&w, "run", confirm->run);
	hf_json_write_text(&w, "boot_id", confirm->boot);
	hf_json_write_text(&w, "transaction", confirm->transaction);
	hf_json_close(&w, '}');
	hf_strbuf_addc(&w.sb, '\n');
	return hf_state_file_write_json(host, HF_CONFIRM_PATH, &w, err);
}

static bool is_of(const hf_confirm *confirm, const char *run)
{
	return confirm->exists && strcmp(confirm->run, run) == 0;
}

bool hf_confirm_is_orphan(hf_host *host, const hf_confirm *confirm, int64_t now)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };

	return confirm->exists &&
	       (confirm->deadline <= now ||
		strcmp(confirm->boot, hf_state_boot_id(host, &arena)) != 0);
}

int hf_confirm_check(hf_host *host, const char *run, hf_error **err)
{
	hf_confirm there;
	int r = hf_confirm_read(host, &there, err);

	if (r < 0 || !there.exists || (run && is_of(&there, run)))
		return r;
	(void)hf_error_set(err, -EINPROGRESS, "an apply waits to be confirmed");
	if (hf_confirm_is_orphan(host, &there, time(NULL)))
		return hf_error_hint(
			err,
			"'holdfast confirm%s' keeps it; else it is undone by "
			"'holdfast recover%s'",
			hf_host_option(host), hf_host_option(host));
	return hf_error_hint(
		err, "'holdfast confirm%s' keeps it; else it is undone at its deadline",
		hf_host_option(host));
}

typedef int (*change_fn)(hf_host *host, const hf_confirm *arg, hf_error **err);

static int locked(hf_host *host, int lock_wait, change_fn change, const hf_confirm *arg,
		  hf_error **err)
{
	hf_lock lock = { 0 };
	int r = hf_lock_take(host, lock_wait, &lock, err);

	if (!r)
		r = change(host, arg, err);
	hf_lock_drop(host, &lock);
	return r;
}

/* --- begin, move, end, keep ----------------------------------------------------------
 */

static int begin(hf_host *host, const hf_confirm *arg, hf_error **err)
{
	int r = hf_confirm_check(host, NULL, err);

	return r < 0 ? r : write_confirm(host, arg, err);
}

int hf_confirm_begin(hf_host *host, int64_t deadline, int lock_wait,
		     char ret_run[static HF_CONFIRM_RUN], hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_confirm confirm = { .deadline = deadline };
	uint64_t random;
	int r;

	(void)copy_text(confirm.boot, sizeof(confirm.boot),
			hf_state_boot_id(host, &arena));
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return hf_error_set(err, -EIO, "the kernel gives no random number");
	(void)snprintf(confirm.run, sizeof(confirm.run), "%016llx",
		       (unsigned long long)random);
	r = locked(host, lock_wait, begin, &confirm, err);
	if (!r)
		memcpy(ret_run, confirm.run, sizeof(confirm.run));
	return r;
}

int hf_confirm_claim(hf_host *host, const char *run, const char *transaction,
		     hf_error **err)
{
	hf_confirm there;
	int r = hf_confirm_read(host, &there, err);

	if (r < 0)
		return r;
	if (!is_of(&there, run))
		return hf_error_set(err, -ECANCELED,
				    "the confirmation is no longer waited for: nobody "
				    "would undo what is applied now");
	if (!transaction)
		return 0;
	if (!copy_text(there.transaction, sizeof(there.transaction), transaction))
		return hf_error_set(err, -EINVAL, "'%s' is no transaction", transaction);
	return write_confirm(host, &there, err);
}

static int move(hf_host *host, const hf_confirm *arg, hf_error **err)
{
	hf_confirm there;
	int r = hf_confirm_read(host, &there, err);

	if (r < 0)
		return r;
	if (!is_of(&there, arg->run))
		return hf_error_set(err, -ENOENT, "it is confirmed already");
	there.deadline = arg->deadline;
	return write_confirm(host, &there, err);
}

int hf_confirm_move(hf_host *host, const char *run, int64_t deadline, int lock_wait,
		    hf_error **err)
{
	hf_confirm to = { .deadline = deadline };

	(void)copy_text(to.run, sizeof(to.run), run);
	return locked(host, lock_wait, move, &to, err);
}

static int end(hf_host *host, const hf_confirm *arg, hf_error **err)
{
	hf_confirm there;
	int r = hf_confirm_read(host, &there, err);

	if (r < 0)
		return r;
	return is_of(&there, arg->run) ? hf_fs_unlink(host, HF_CONFIRM_PATH, err) : 0;
}

int hf_confirm_end(hf_host *host, const char *run, int lock_wait, hf_error **err)
{
	hf_confirm whose = { 0 };

	(void)copy_text(whose.run, sizeof(whose.run), run);
	return locked(host, lock_wait, end, &whose, err);
}

/* The undoing comes first, then its mark in the record, then the file goes. */
static bool is_undone(hf_host *host, const char *transaction)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_txn txn;

	return *transaction && hf_txn_load(host, transaction, &arena, &txn, NULL) == 0 &&
	       txn.result == HF_TXN_ROLLED_BACK;
}

static int keep(hf_host *host, const hf_confirm *arg, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	hf_confirm there;
	int r = hf_confirm_read(host, &there, &why);

	if (r < 0 && (r != -EBADMSG || *arg->run)) {
		if (err)
			*err = take_ptr(why);
		return r;
	}
	if (!r && (!there.exists || (*arg->run && !is_of(&there, arg->run))))
		return hf_error_set(err, -ENOENT, "no apply waits to be confirmed");
	if (is_undone(host, there.transaction))
		return hf_error_set(err, -EALREADY, "it is too late: it was undone");
	return hf_fs_unlink(host, HF_CONFIRM_PATH, err);
}

int hf_confirm_keep(hf_host *host, const char *run, int lock_wait, hf_error **err)
{
	hf_confirm whose = { 0 };

	if (run)
		(void)copy_text(whose.run, sizeof(whose.run), run);
	return locked(host, lock_wait, keep, &whose, err);
}

/* --- undo ----------------------------------------------------------------------------
 */

static int roll_back(hf_host *host, hf_model *model, const char *id,
		     const hf_plan_options *plan_options, const hf_apply_options *options,
		     hf_apply_result *result, hf_error **err)
{
	cleanup_(hf_rollback_done) hf_rollback rb = { 0 };
	hf_plan_options all = *plan_options;
	int r;

	all.allow_disruptive = true; /* nobody is there to be asked */
	r = hf_rollback_plan(host, model, id, &all, &rb, err);
	if (r < 0)
		return r;
	hf_rollback_run(host, model, &rb, options, result);
	if (result->error) {
		*err = take_ptr(result->error);
		return (*err)->code;
	}
	if (rb.n_refused)
		r = hf_error_set(err, -ESTALE,
				 "%zu of its changes were changed since, and stay",
				 rb.n_refused);
	return r;
}

/* The apply may have been cut off at any point: nothing on record, or a journal. */
static int undo(hf_host *host, hf_model *model, const hf_confirm *confirm,
		const hf_plan_options *plan_options, const hf_apply_options *options,
		hf_apply_result *result, bool *ret_undone, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_apply_result_done) hf_apply_result recovered = { 0 };
	cleanup_(hf_error_freep) hf_error *why = NULL;
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
	if (!*confirm->transaction)
		return 0;
	r = hf_txn_load(host, confirm->transaction, &arena, &txn, &why);
	if (r == -ENOENT) /* it was refused, or did not come to its journal */
		return 0;
	if (r < 0)
		*err = take_ptr(why);
	else if (txn.result == HF_TXN_APPLIED) {
		r = roll_back(host, model, txn.id, plan_options, options, result, err);
		*ret_undone = r == 0;
	}
	return r;
}

int hf_confirm_undo(hf_host *host, hf_model *model, const char *run,
		    const hf_plan_options *plan_options, const hf_apply_options *options,
		    hf_apply_result *result, bool *ret_undone, hf_error **err)
{
	hf_apply_options how = *options;
	hf_error *why = NULL;
	hf_confirm there;
	int r = hf_confirm_read(host, &there, err);

	*ret_undone = false;
	if (r < 0 || !is_of(&there, run))
		return r;
	how.confirm_run = run;
	r = undo(host, model, &there, plan_options, &how, result, ret_undone, &why);
	/* a watchdog, 'confirm', 'recover' and 'rollback' may be at it at once */
	if (r == -ECANCELED || r == -EALREADY) {
		hf_error_free(why);
		why = NULL;
		r = 0;
	}
	if (r < 0) {
		*err = why;
		return r;
	}
	return hf_confirm_end(host, run, options->lock_wait, err);
}

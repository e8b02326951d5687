/* SPDX-License-Identifier: Apache-2.0 */
/* One apply: lock, prepare, commit in stages with their effects, verify, record; and on
 * any failure after the first visible change, everything back in reverse order. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/path.h"
#include "engine/apply_work.h"
#include "engine/confirm.h"
#include "engine/effects.h"
#include "engine/engine.h"
#include "engine/hold.h"
#include "engine/journal.h"
#include "engine/lock.h"
#include "engine/record.h"
#include "engine/txn_build.h"
#include "engine/validate.h"
#include "engine/verify.h"
#include "host/bus.h"
#include "host/fs.h"
#include "host/trail.h"

/* How long a reloaded daemon may take to show its new configuration. */
#define RELOAD_POLLS 100
#define RELOAD_POLL_NSEC (50L * 1000 * 1000)

typedef hf_apply_work apply;

/* Room for all of them is made before anything is visible: nothing allocates later, but
 * for the reason of a failure. */
static int reserve_steps(apply *a, hf_error **err)
{
	a->max_steps = 2 * (hf_apply_n_items(a) + a->before->plan.n_effects) + 7;
	a->result->steps = hf_arena_array(&a->result->arena, a->max_steps,
					  sizeof(*a->result->steps));
	return a->result->steps ? 0 : hf_error_oom(err);
}

void hf_apply_step(hf_apply_work *a, const char *what, hf_step_state state,
		   const hf_error *why)
{
	hf_step *step;

	if (a->result->n_steps >= a->max_steps)
		return; /* the steps are a courtesy: the work goes on */
	step = &a->result->steps[a->result->n_steps++];
	step->what = what ? what : "(out of memory)";
	step->state = state;
	step->why = why ? hf_arena_strdup(&a->result->arena, hf_error_text(why)) : NULL;
}

static void tell(const apply *a, const char *what)
{
	if (a->options->progress && what)
		a->options->progress(a->options->user, what);
}

static bool is_interrupted(const apply *a)
{
	return a->options->interrupted && a->options->interrupted(a->options->user);
}

static bool keeps_record(const apply *a)
{
	return !a->host->offline || a->options->record;
}

/* Below --root it is a time that is given, SOURCE_DATE_EPOCH. */
static int64_t now_of(const apply *a)
{
	return a->host->offline ? a->before->plan.options.now : time(NULL);
}

static size_t keep_of(const apply *a)
{
	return a->options->keep ? a->options->keep : HF_TXN_KEEP;
}

/* --- prepare --------------------------------------------------------------------- */

/* Directories are made before anything is put into them, and removed after it is gone: a
 * longer path, which may be below the other, before a shorter. */
static int rank_of(const hf_group *group)
{
	return group->type == HF_GROUP_MKDIR && group->remove ? HF_GROUP_LIVE + 1
							      : (int)group->type;
}

static int by_stage(const void *x, const void *y)
{
	const hf_group *a = ((const hf_item *)x)->group, *b = ((const hf_item *)y)->group;

	if (a->stage != b->stage)
		return a->stage < b->stage ? -1 : 1;
	if (rank_of(a) != rank_of(b))
		return rank_of(a) < rank_of(b) ? -1 : 1;
	if (rank_of(a) == HF_GROUP_LIVE + 1 && strlen(a->path) != strlen(b->path))
		return strlen(a->path) > strlen(b->path) ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static void record_group(apply *a, const char *text)
{
	const hf_record *seen = &a->before->record;
	hf_group *group = &a->record_group;

	*group = (hf_group){
		.type = HF_GROUP_FILE,
		.stage = HF_STAGE_CONFIG,
		.path = HF_RECORD_PATH,
		.mode = 0600,
		.existed = seen->exists,
		.before = seen->text,
		.before_len = seen->len,
		.after = text,
		.after_len = strlen(text),
	};
	a->record = &a->items[a->n_items];
	a->record->group = group;
}

static int collect_items(apply *a, const char *record_text, hf_error **err)
{
	const hf_plan *plan = &a->before->plan;

	a->items =
		hf_arena_array(&a->result->arena, plan->n_groups + 1, sizeof(*a->items));
	a->effects =
		hf_arena_array(&a->result->arena, plan->n_effects, sizeof(*a->effects));
	a->effect_what = hf_arena_array(&a->result->arena, plan->n_effects,
					sizeof(*a->effect_what));
	if (!a->items || !a->effects || !a->effect_what)
		return hf_error_oom(err);
	for (size_t i = 0; i < plan->n_effects; i++) {
		a->effect_what[i] = hf_effect_what(plan->effects[i], &a->result->arena);
		if (!a->effect_what[i])
			return hf_error_oom(err);
	}
	for (size_t i = 0; i < plan->n_groups; i++)
		a->items[a->n_items++].group = plan->groups[i];
	qsort(a->items, a->n_items, sizeof(*a->items), by_stage);
	if (record_text)
		record_group(a, record_text);
	for (size_t i = 0; i < hf_apply_n_items(a); i++) {
		a->items[i].what = hf_item_what(&a->items[i], &a->result->arena);
		if (!a->items[i].what)
			return hf_error_oom(err);
		if (!a->items[i].group->first)
			continue;
		a->items[i].what_first = hf_arena_printf(
			&a->result->arena, "%s, at first", a->items[i].what);
		if (!a->items[i].what_first)
			return hf_error_oom(err);
	}
	return reserve_steps(a, err);
}

/* Live groups first: the journal holds what they have encoded. Nothing of it is visible.
 */
static int prepare_live(apply *a, hf_error **err)
{
	for (size_t i = 0; i < a->n_items; i++) {
		int r = 0;

		if (a->items[i].group->type == HF_GROUP_LIVE)
			r = hf_item_prepare(a->host, &a->items[i], a->items, a->n_items,
					    &a->result->arena, err);
		if (r < 0)
			return hf_error_wrap(err, "cannot prepare %s",
					     a->items[i].group->path);
	}
	return 0;
}

static int prepare_all(apply *a, hf_error **err)
{
	for (size_t i = 0; i < hf_apply_n_items(a); i++) {
		hf_item *item = &a->items[i];
		int r;

		if (item->state == HF_ITEM_PREPARED)
			continue;
		if (is_interrupted(a))
			return hf_error_set(err, -EINTR, "interrupted");
		hf_fault(a->host, "prepare");
		r = hf_item_prepare(a->host, item, a->items, a->n_items,
				    &a->result->arena, err);
		if (r < 0)
			return hf_error_wrap(err, "cannot %s", item->what);
		hf_host_working(a->host, "prepare", NULL, i, a->n_items);
	}
	hf_fault(a->host, "prepared");
	return 0;
}

/* Nothing of it is visible yet. */
static int validate(apply *a, hf_error **err)
{
	static const char what[] = "validate dockerd's configuration";
	hf_apply_result *result = a->result;
	const char *note = NULL;
	int r;

	if (!hf_validate_due(&a->before->plan))
		return 0;
	tell(a, what);
	hf_fault(a->host, "validate");
	r = hf_validate(a->host, &a->before->plan, &result->arena, &note, err);
	hf_apply_step(a, what, r < 0 ? HF_STEP_FAILED : HF_STEP_DONE,
		      r < 0 ? *err : NULL);
	if (!r && note) {
		result->steps[result->n_steps - 1].why =
			hf_arena_printf(&result->arena, "left out: %s", note);
	}
	return r;
}

/* What cannot be taken away now is named in the journal, which stays for that. */
static void discard_all(apply *a)
{
	hf_apply_result *ret = a->result;

	for (size_t i = hf_apply_n_items(a); i; i--) {
		cleanup_(hf_error_freep) hf_error *why = NULL;

		if (hf_item_discard(a->host, &a->items[i - 1], &why) >= 0)
			continue;
		hf_apply_step(a, a->items[i - 1].group->path, HF_STEP_STUCK, why);
		if (!ret->error)
			ret->error = take_ptr(why);
		if (ret->outcome != HF_OUTCOME_APPLIED)
			ret->outcome = HF_OUTCOME_INCOMPLETE;
	}
}

/* --- commit ---------------------------------------------------------------------- */

static int commit_one(apply *a, hf_item *item, hf_error **err)
{
	const char *what = item->what;
	int r;

	if (is_interrupted(a))
		return hf_error_set(err, -EINTR, "interrupted");
	hf_fault(a->host, "commit");
	r = hf_item_commit(a->host, item, err);
	hf_fault(a->host, "committed");
	hf_apply_step(a, what, r < 0 ? HF_STEP_FAILED : HF_STEP_DONE,
		      r < 0 ? *err : NULL);
	return r < 0 ? hf_error_wrap(err, "%s", what) : 0;
}

static int run_effect(apply *a, size_t index, hf_error **err)
{
	const hf_effect *effect = a->before->plan.effects[index];
	const char *what = a->effect_what[index];
	int r;

	tell(a, what);
	hf_fault(a->host, "effect");
	r = hf_effect_run(a->host, effect, &a->before->plan.engine, err);
	a->effects[index] = r >= 0		   ? HF_EFFECT_DONE
			    : hf_bus_is_refusal(r) ? HF_EFFECT_REFUSED
						   : HF_EFFECT_UNKNOWN;
	hf_apply_step(a, what, r < 0 ? HF_STEP_FAILED : HF_STEP_DONE,
		      r < 0 ? *err : NULL);
	return r < 0 ? hf_error_wrap(err, "%s", what) : 0;
}

static int run_effects(apply *a, hf_action first, hf_action last, hf_error **err)
{
	const hf_plan *plan = &a->before->plan;

	for (size_t i = 0; i < plan->n_effects; i++) {
		const hf_effect *effect = plan->effects[i];
		int r;

		if (effect->hold || effect->first || effect->action < first ||
		    effect->action > last)
			continue;
		r = run_effect(a, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What a restart is to rely on is in force before anything else is visible. */
static int commit_first(apply *a, hf_error **err)
{
	size_t index = hf_apply_first(a);
	const hf_plan *plan = &a->before->plan;
	int r;

	for (size_t i = 0; i < a->n_items; i++) {
		hf_item *item = &a->items[i];

		if (!item->first)
			continue;
		hf_fault(a->host, "commit");
		r = hf_item_commit_first(item, err);
		hf_fault(a->host, "committed");
		hf_apply_step(a, item->what_first, r < 0 ? HF_STEP_FAILED : HF_STEP_DONE,
			      r < 0 ? *err : NULL);
		if (r < 0)
			return hf_error_wrap(err, "%s", item->what_first);
	}
	if (index == SIZE_MAX)
		return 0;
	r = run_effect(a, index, err);
	hf_fault(a->host, "reloaded");
	if (r < 0)
		return r;
	return hf_effect_confirm(a->host, plan->effects[index], &plan->engine, err);
}

static int commit_all(apply *a, hf_error **err)
{
	bool reloaded = false;
	int r = commit_first(a, err);

	for (size_t i = 0; !r && i < a->n_items; i++) {
		hf_item *item = &a->items[i];

		if (item->group->stage == HF_STAGE_LAST)
			break; /* they are sorted */
		if (!reloaded && item->group->stage > HF_STAGE_UNITS) {
			reloaded = true;
			r = run_effects(a, HF_ACTION_DAEMON_RELOAD,
					HF_ACTION_DAEMON_RELOAD, err);
			if (r < 0)
				return r;
		}
		r = commit_one(a, item, err);
		if (r < 0)
			return r;
		hf_host_working(a->host, "change", NULL, i, a->n_items);
	}
	if (!r)
		r = hf_apply_sync(a, HF_ITEM_COMMITTED, err);
	hf_fault(a->host, "all committed");
	if (r < 0)
		return r;
	return run_effects(a, reloaded ? HF_ACTION_RELOAD : HF_ACTION_DAEMON_RELOAD,
			   HF_ACTION_RESTART, err);
}

/* --- verify ---------------------------------------------------------------------- */

static int look_again(apply *a, hf_error **err)
{
	hf_apply_result *result = a->result;
	hf_plan_options options = a->before->plan.options;

	hf_survey_done(&result->after);
	hf_diags_done(&result->after_diags);
	options.verifies = &a->before->plan;
	return hf_engine_survey(a->host, a->model, &options, a->options->fact_args,
				a->options->n_fact_args, &result->after_diags,
				&result->after, err);
}

/* dockerd reads its file some time after the signal; it has no event to wait for that
 * would also tell of a refusal, so its state is asked for until it shows. */
static bool still_reloading(const apply *a)
{
	const hf_plan *plan = &a->result->after.plan;
	bool reloaded = false, wanted = false;

	for (size_t i = 0; i < a->before->plan.n_effects; i++)
		reloaded |= a->effects[i] == HF_EFFECT_DONE &&
			    a->before->plan.effects[i]->action == HF_ACTION_RELOAD;
	for (size_t i = 0; i < plan->n_effects; i++)
		wanted |= plan->effects[i]->action == HF_ACTION_RELOAD;
	return reloaded && wanted;
}

static int verify(apply *a, hf_error **err)
{
	const struct timespec pause = { .tv_nsec = RELOAD_POLL_NSEC };
	int r;

	if (a->how->verify)
		return a->how->verify(a->host, a->how->user, err);
	r = look_again(a, err);
	for (int i = 0; !r && i < RELOAD_POLLS && still_reloading(a); i++) {
		(void)nanosleep(&pause, NULL);
		r = look_again(a, err);
	}
	if (r < 0)
		return r;
	return hf_plan_verify(&a->before->plan, &a->result->after.plan, err);
}

/* --- the whole ------------------------------------------------------------------- */

static bool nothing_to_do(const hf_plan *plan, const char *record_text)
{
	for (size_t i = 0; i < plan->n_effects; i++)
		if (!plan->effects[i]->hold)
			return false;
	return !plan->n_groups && !record_text;
}

/* What cannot be taken back: everything else is done, verified and recorded. */
static int commit_last(apply *a, hf_error **err)
{
	bool any = false;

	for (size_t i = 0; i < a->n_items; i++) {
		hf_item *item = &a->items[i];
		int r;

		if (item->group->stage != HF_STAGE_LAST ||
		    item->state != HF_ITEM_PREPARED)
			continue;
		any = true;
		r = commit_one(a, item, err);
		if (r < 0)
			return r;
	}
	return any && !a->how->verify ? look_again(a, err) : 0; /* for the report */
}

/* The kept record is part of the work: without it there would be no way back. The journal
 * goes last of all: from then on nothing is unfinished. */
static int finish_txn(apply *a, hf_error **err)
{
	int r = 0;

	hf_fault(a->host, "finish");
	a->txn.result = HF_TXN_APPLIED;
	if (!a->how->verify)
		a->txn.witness_after = hf_txn_witness(a->model, &a->result->after.plan,
						      &a->result->arena);
	a->txn.finished = now_of(a);
	if (keeps_record(a)) {
		a->kept = true; /* a failure may be one of writing out what is there */
		r = hf_txn_store(a->host, &a->txn, err);
	}
	hf_fault(a->host, "finished");
	if (!r)
		r = commit_last(a, err);
	if (!r)
		r = hf_journal_end(a->host, &a->txn, 0, err);
	if (r < 0 && a->kept && hf_fs_unlink(a->host, a->kept_path, NULL) >= 0)
		a->kept = false;
	return r;
}

static int change_host(apply *a, hf_error **err)
{
	int r = commit_all(a, err);

	if (!r)
		r = verify(a, err);
	if (!r && a->record)
		r = commit_one(a, a->record, err);
	if (!r)
		r = finish_txn(a, err);
	return r;
}

/* What is left of the transaction on disk, by how it ended. */
static void end_journal(apply *a)
{
	hf_error *why = NULL;
	int r = 0;

	switch (a->result->outcome) {
	case HF_OUTCOME_APPLIED:
		if (keeps_record(a))
			r = hf_txn_prune(a->host, keep_of(a), &why);
		break;
	case HF_OUTCOME_ROLLED_BACK:
		a->txn.result = HF_TXN_REVERTED;
		a->txn.finished = now_of(a);
		r = hf_journal_end(a->host, &a->txn, keeps_record(a) ? keep_of(a) : 0,
				   &why);
		if (r < 0) { /* all is put back: a failure must at least not look
				unfinished */
			hf_error_free(take_ptr(why));
			r = hf_fs_unlink(a->host, HF_JOURNAL_PATH, &why);
		}
		break;
	case HF_OUTCOME_REFUSED:
		r = hf_fs_unlink(a->host, HF_JOURNAL_PATH, &why);
		break;
	case HF_OUTCOME_NOTHING:
	case HF_OUTCOME_INCOMPLETE: /* the journal is what the next run needs */
		break;
	}
	if (r < 0) {
		hf_apply_step(a, "end the journal", HF_STEP_STUCK, why);
		if (a->result->outcome != HF_OUTCOME_APPLIED)
			a->result->outcome = HF_OUTCOME_INCOMPLETE;
	}
	hf_error_free(why);
}

/* While we waited for the lock another one may have applied, or kept us from it. The
 * groups look at their targets themselves; a rollback has nothing else to go by. */
static int check_still_so(apply *a, hf_error **err)
{
	bool same = false;
	int r;

	if (a->how->of)
		return 0;
	r = hf_hold_check(a->host, now_of(a), err);
	if (!r)
		r = hf_confirm_check(a->host, a->options->confirm_run, err);
	if (!r)
		r = hf_record_same(a->host, &a->before->record, &same, err);
	if (!r && !same)
		r = hf_item_stale(&(hf_group){ .path = HF_RECORD_PATH }, err);
	return r;
}

static int begin_txn(apply *a, hf_error **err)
{
	int r = check_still_so(a, err);

	if (!r)
		r = collect_items(a, a->how->record_text, err);
	if (!r)
		r = prepare_live(a, err);
	if (!r)
		r = hf_txn_build(a->host, a->model, &a->before->plan, a->items,
				 hf_apply_n_items(a), a->how->command, a->how->of,
				 &a->result->arena, &a->txn, err);
	if (r < 0)
		return r;
	if (keeps_record(a)) {
		a->txn.body = &a->body;
		a->kept_path = hf_path_join(&a->result->arena, HF_TXN_DIR, a->txn.id);
		if (!a->kept_path)
			return hf_error_oom(err);
	}
	if (a->options->confirm_run && !a->how->of) {
		r = hf_confirm_claim(a->host, a->options->confirm_run, a->txn.id, err);
		if (r < 0)
			return r;
	}
	a->result->transaction = a->txn.id;
	a->host->stage_tag = a->txn.id;
	hf_fault(a->host, "journal");
	r = hf_journal_begin(a->host, &a->txn, err);
	hf_fault(a->host, "journalled");
	return r;
}

/* *ret->outcome is REFUSED until something is visible. */
static void apply_locked(apply *a)
{
	hf_apply_result *ret = a->result;
	int r = hf_journal_exists(a->host, &ret->error);

	if (r > 0) {
		(void)hf_error_set(&ret->error, -ESTALE,
				   "an unfinished transaction was found meanwhile");
		(void)hf_error_hint(&ret->error, "type 'holdfast recover%s'",
				    hf_host_option(a->host));
	}
	if (r)
		return;
	hf_journal_sweep(a->host);
	r = begin_txn(a, &ret->error);
	if (!r)
		r = prepare_all(a, &ret->error);
	if (!r)
		r = validate(a, &ret->error);
	if (!r) {
		ret->outcome = HF_OUTCOME_APPLIED;
		if (change_host(a, &ret->error) < 0)
			hf_apply_revert(a);
	}
	discard_all(a);
	end_journal(a);
	a->host->stage_tag = NULL;
}

static void leave_trail(const apply *a)
{
	static const char *const results[] = {
		[HF_OUTCOME_APPLIED] = "applied",
		[HF_OUTCOME_ROLLED_BACK] = "rolled-back",
		[HF_OUTCOME_INCOMPLETE] = "incomplete",
	};
	cleanup_(hf_strbuf_done) hf_strbuf digests = { 0 };
	hf_outcome outcome = a->result->outcome;
	char digest[HF_DIGEST_HEX];

	if (outcome == HF_OUTCOME_REFUSED || outcome == HF_OUTCOME_NOTHING)
		return;
	for (size_t i = 0; i < a->model->n_baselines; i++)
		hf_strbuf_addf(&digests, "%s\n",
			       hf_baseline_digest(a->model->baselines[i]));
	hf_digest(hf_strbuf_str(&digests), digests.len, digest);
	hf_trail_send(a->host, &(hf_trail){ .command = a->how->command,
					    .transaction = a->txn.id,
					    .result = results[outcome],
					    .digest = digests.len ? digest : "",
					    .user = a->txn.user,
					    .success = outcome == HF_OUTCOME_APPLIED });
}

/* From the journal on a signal would leave the work to the next run: it waits until all
 * is done or undone. What came meanwhile has had its effect (options->interrupted), or
 * came too late for one: it must not keep the outcome from being told. */
static void apply_undisturbed(apply *a)
{
	const struct timespec at_once = { 0 };
	sigset_t block, old;

	(void)sigemptyset(&block);
	(void)sigaddset(&block, SIGINT);
	(void)sigaddset(&block, SIGTERM);
	(void)sigaddset(&block, SIGHUP);
	(void)sigaddset(&block, SIGQUIT);
	(void)sigprocmask(SIG_BLOCK, &block, &old);
	apply_locked(a);
	leave_trail(a);
	while (sigtimedwait(&block, NULL, &at_once) > 0)
		;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

void hf_transact(hf_host *host, hf_model *model, hf_survey *before,
		 const hf_apply_options *options, const hf_transaction *how,
		 hf_apply_result *ret)
{
	apply a = { .how = how,
		    .host = host,
		    .model = model,
		    .before = before,
		    .options = options,
		    .result = ret };

	ret->outcome = HF_OUTCOME_REFUSED;
	apply_undisturbed(&a);
	hf_txn_body_done(&a.body);
}

int hf_engine_apply(hf_host *host, hf_model *model, hf_survey *before,
		    const hf_apply_options *options, hf_apply_result *ret, hf_error **err)
{
	cleanup_free char *record_text = NULL;
	hf_transaction how = { .command = "apply" };
	hf_lock lock = { 0 };
	int r;

	r = hf_record_text(&before->plan, model, options->sets, options->n_sets,
			   &record_text, err);
	if (r < 0)
		return r;
	ret->outcome = HF_OUTCOME_REFUSED;
	if (hf_plan_refusal(&before->plan, true, &ret->error) < 0)
		return 0;
	if (nothing_to_do(&before->plan, record_text)) {
		ret->outcome = HF_OUTCOME_NOTHING;
		return 0;
	}
	how.record_text = record_text;
	r = hf_lock_take(host, options->lock_wait, &lock, &ret->error);
	if (!r)
		hf_transact(host, model, before, options, &how, ret);
	hf_lock_drop(host, &lock);
	return 0;
}

void hf_apply_result_done(hf_apply_result *result)
{
	hf_survey_done(&result->after);
	hf_diags_done(&result->after_diags);
	hf_error_free(result->error);
	hf_arena_done(&result->arena);
	*result = (hf_apply_result){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One apply: lock, prepare, commit in stages with their effects, verify, record; and on
 * any failure after the first visible change, everything back in reverse order. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "engine/effects.h"
#include "engine/engine.h"
#include "engine/item.h"
#include "engine/record.h"
#include "engine/verify.h"
#include "host/fs.h"

/* How long a reloaded daemon may take to show its new configuration. */
#define RELOAD_POLLS 100
#define RELOAD_POLL_NSEC (50L * 1000 * 1000)

typedef struct apply {
	hf_host *host;
	hf_model *model;
	hf_survey *before;
	const hf_apply_options *options;
	hf_apply_result *result;
	hf_item *items;
	size_t n_items;
	hf_item record; /* the applied record; group NULL: unchanged */
	hf_group record_group;
	bool ran[HF_ACTION_MAX_];
	char *state_dir_made; /* by us, for the lock and the record; or NULL */
	int lock_fd;
	bool visible; /* something was committed */
} apply;

static hf_step *add_step(apply *a, const char *what, hf_step_state state,
			 const hf_error *why)
{
	hf_arena *arena = &a->result->arena;
	hf_step *step = hf_vec_push(arena, a->result->steps, a->result->n_steps);

	if (!step)
		return NULL; /* the steps are a courtesy: the work goes on */
	step->what = what ? what : "(out of memory)";
	step->state = state;
	step->why = why ? hf_arena_strdup(arena, hf_error_text(why)) : NULL;
	return step;
}

static void tell(const apply *a, const char *what)
{
	if (a->options->progress && what)
		a->options->progress(a->options->user, what);
}

/* --- lock -----------------------------------------------------------------------------
 */

/* The lock is on the state directory itself: nothing to leave behind, and it goes with
 * the process. */
static int take_lock(apply *a, hf_error **err)
{
	bool own_tree = a->host->offline && !a->host->is_root;
	uid_t uid = own_tree ? geteuid() : 0;
	gid_t gid = own_tree ? getegid() : 0;
	int r = hf_fs_mkdir(a->host, HF_STATE_DIR, uid, gid, 0700, &a->result->arena,
			    &a->state_dir_made, err);

	if (!r)
		r = hf_fs_open(a->host, HF_STATE_DIR, O_RDONLY | O_DIRECTORY, 0,
			       &a->lock_fd, err);
	if (r < 0)
		return r;
	if (flock(a->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		r = hf_error_set(err, errno == EWOULDBLOCK ? -EBUSY : -errno,
				 "another holdfast is applying to this host");
		(void)hf_error_hint(err, "wait for it to end, then try again");
	}
	return r;
}

static void drop_lock(apply *a)
{
	if (a->lock_fd >= 0)
		(void)close(a->lock_fd);
	a->lock_fd = -1;
	if (a->state_dir_made) /* only when it is still empty */
		(void)!hf_fs_rmdir_up_to(a->host, HF_STATE_DIR, a->state_dir_made, NULL);
}

/* --- prepare --------------------------------------------------------------------------
 */

static int by_stage(const void *x, const void *y)
{
	const hf_group *a = ((const hf_item *)x)->group, *b = ((const hf_item *)y)->group;

	if (a->stage != b->stage)
		return a->stage < b->stage ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static int collect_items(apply *a, hf_error **err)
{
	const hf_plan *plan = &a->before->plan;

	a->items = hf_arena_array(&a->result->arena, plan->n_groups, sizeof(*a->items));
	if (!a->items)
		return hf_error_oom(err);
	for (size_t i = 0; i < plan->n_groups; i++)
		a->items[a->n_items++].group = plan->groups[i];
	qsort(a->items, a->n_items, sizeof(*a->items), by_stage);
	return 0;
}

static int prepare_record(apply *a, const char *text, hf_error **err)
{
	hf_arena *arena = &a->result->arena;
	hf_group *group = &a->record_group;
	hf_error *missing = NULL;
	char *before = NULL;
	int r;

	if (!text)
		return 0;
	*group = (hf_group){
		.type = HF_GROUP_FILE,
		.path = HF_RECORD_PATH,
		.mode = 0600,
		.before = "",
		.after = text,
		.after_len = strlen(text),
	};
	r = hf_fs_read(a->host, HF_RECORD_PATH, 0, arena, &before, &group->before_len,
		       NULL, &missing);
	hf_error_free(missing);
	if (!r) {
		group->existed = true;
		group->before = before;
	}
	a->record.group = group;
	return hf_item_prepare(a->host, &a->record, NULL, 0, arena, err);
}

static int prepare_all(apply *a, const char *record_text, hf_error **err)
{
	for (size_t i = 0; i < a->n_items; i++) {
		hf_item *item = &a->items[i];
		int r = hf_item_prepare(a->host, item, a->items, a->n_items,
					&a->result->arena, err);

		if (r < 0) {
			const char *what = hf_item_what(item, &a->result->arena);

			return hf_error_wrap(err, "cannot %s", what ? what : "prepare");
		}
	}
	return prepare_record(a, record_text, err);
}

static void discard_all(apply *a)
{
	for (size_t i = a->n_items; i; i--)
		hf_item_discard(a->host, &a->items[i - 1]);
	if (a->record.group)
		hf_item_discard(a->host, &a->record);
}

/* --- commit ---------------------------------------------------------------------------
 */

static int commit_one(apply *a, hf_item *item, hf_error **err)
{
	const char *what = hf_item_what(item, &a->result->arena);
	int r;

	a->visible = true;
	r = hf_item_commit(a->host, item, &a->result->arena, err);
	add_step(a, what, r < 0 ? HF_STEP_FAILED : HF_STEP_DONE, r < 0 ? *err : NULL);
	return r < 0 ? hf_error_wrap(err, "%s", what ? what : "commit") : 0;
}

static int run_effect(apply *a, const hf_effect *effect, hf_error **err)
{
	const char *what = hf_arena_printf(
		&a->result->arena, "%s%s%s", hf_action_name(effect->action),
		effect->unit ? " " : "", effect->unit ? effect->unit : "");
	int r;

	tell(a, what);
	a->visible = true;
	a->ran[effect->action] = true;
	r = hf_effect_run(a->host, effect, &a->before->plan.engine, err);
	add_step(a, what, r < 0 ? HF_STEP_FAILED : HF_STEP_DONE, r < 0 ? *err : NULL);
	return r < 0 ? hf_error_wrap(err, "%s", what ? what : "effect") : 0;
}

static int run_effects(apply *a, hf_action first, hf_action last, hf_error **err)
{
	const hf_plan *plan = &a->before->plan;

	for (size_t i = 0; i < plan->n_effects; i++) {
		const hf_effect *effect = plan->effects[i];
		int r;

		if (effect->hold || effect->action < first || effect->action > last)
			continue;
		r = run_effect(a, effect, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int commit_all(apply *a, hf_error **err)
{
	bool reloaded = false;
	int r;

	for (size_t i = 0; i < a->n_items; i++) {
		hf_item *item = &a->items[i];

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
	}
	return run_effects(a, reloaded ? HF_ACTION_RELOAD : HF_ACTION_DAEMON_RELOAD,
			   HF_ACTION_RESTART, err);
}

/* --- verify ---------------------------------------------------------------------------
 */

static int look_again(apply *a, hf_error **err)
{
	hf_apply_result *result = a->result;
	const hf_plan_options *options = &a->before->plan.options;

	hf_survey_done(&result->after);
	hf_diags_done(&result->after_diags);
	return hf_engine_survey(a->host, a->model, options, a->options->fact_args,
				a->options->n_fact_args, &result->after_diags,
				&result->after, err);
}

/* dockerd reads its file some time after the signal; it has no event to wait for that
 * would also tell of a refusal, so its state is asked for until it shows. */
static bool still_reloading(const apply *a)
{
	const hf_plan *plan = &a->result->after.plan;

	for (size_t i = 0; a->ran[HF_ACTION_RELOAD] && i < plan->n_effects; i++)
		if (plan->effects[i]->action == HF_ACTION_RELOAD)
			return true;
	return false;
}

static int verify(apply *a, hf_error **err)
{
	const struct timespec pause = { .tv_nsec = RELOAD_POLL_NSEC };
	int r;

	tell(a, "verify");
	r = look_again(a, err);
	for (int i = 0; !r && i < RELOAD_POLLS && still_reloading(a); i++) {
		(void)nanosleep(&pause, NULL);
		r = look_again(a, err);
	}
	if (r < 0)
		return r;
	return hf_plan_verify(&a->before->plan, &a->result->after.plan, err);
}

/* --- revert ---------------------------------------------------------------------------
 */

static bool revert_one(apply *a, hf_item *item)
{
	const char *what = hf_item_what(item, &a->result->arena);
	hf_error *why = NULL;
	int r;

	if (item->state != HF_ITEM_COMMITTED)
		return true;
	r = hf_item_revert(a->host, item, &why);
	add_step(a, what, r < 0 ? HF_STEP_STUCK : HF_STEP_REVERTED, why);
	hf_error_free(why);
	return r >= 0;
}

static bool revert_effects(apply *a)
{
	const hf_plan *plan = &a->before->plan;
	bool ok = true;

	for (size_t i = 0; i < plan->n_effects; i++) {
		const hf_effect *effect = plan->effects[i];
		hf_error *why = NULL;

		if (effect->hold || !a->ran[effect->action])
			continue;
		if (hf_effect_run(a->host, effect, &plan->engine, &why) < 0) {
			add_step(a,
				 hf_arena_printf(&a->result->arena, "%s %s again",
						 hf_action_name(effect->action),
						 effect->unit ? effect->unit : ""),
				 HF_STEP_STUCK, why);
			ok = false;
		}
		hf_error_free(why);
	}
	return ok;
}

static void revert_all(apply *a)
{
	bool ok = true;

	if (a->record.group)
		ok &= revert_one(a, &a->record);
	for (size_t i = a->n_items; i; i--)
		ok &= revert_one(a, &a->items[i - 1]);
	ok &= revert_effects(a);
	a->result->outcome = ok ? HF_OUTCOME_ROLLED_BACK : HF_OUTCOME_INCOMPLETE;
	/* the model's gates point into the plan they were last decided for */
	hf_survey_done(&a->result->after);
	(void)!hf_plan_gate(a->model, &a->before->plan);
}

/* --- the whole ------------------------------------------------------------------------
 */

static bool nothing_to_do(const hf_plan *plan, const char *record_text)
{
	for (size_t i = 0; i < plan->n_effects; i++)
		if (!plan->effects[i]->hold)
			return false;
	return !plan->n_groups && !record_text;
}

static int change_host(apply *a, hf_error **err)
{
	int r = commit_all(a, err);

	if (!r)
		r = verify(a, err);
	if (!r && a->record.group)
		r = commit_one(a, &a->record, err);
	return r;
}

/* A signal in mid-commit would leave the work to nobody: they wait until it is done. */
static int change_host_undisturbed(apply *a, hf_error **err)
{
	sigset_t block, old;
	int r;

	(void)sigemptyset(&block);
	(void)sigaddset(&block, SIGINT);
	(void)sigaddset(&block, SIGTERM);
	(void)sigaddset(&block, SIGHUP);
	(void)sigaddset(&block, SIGQUIT);
	(void)sigprocmask(SIG_BLOCK, &block, &old);
	r = change_host(a, err);
	if (r < 0)
		revert_all(a);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

int hf_engine_apply(hf_host *host, hf_model *model, hf_survey *before,
		    const hf_apply_options *options, hf_apply_result *ret, hf_error **err)
{
	apply a = { .host = host,
		    .model = model,
		    .before = before,
		    .options = options,
		    .result = ret,
		    .lock_fd = -1 };
	cleanup_free char *record_text = NULL;
	int r;

	r = hf_record_text(&before->plan, model, options->sets, options->n_sets,
			   &record_text, err);
	if (r < 0)
		return r;
	ret->outcome = HF_OUTCOME_REFUSED;
	r = hf_plan_refusal(&before->plan, &ret->error);
	if (r < 0)
		return 0;
	if (nothing_to_do(&before->plan, record_text)) {
		ret->outcome = HF_OUTCOME_NOTHING;
		return 0;
	}
	r = take_lock(&a, &ret->error);
	if (!r)
		r = collect_items(&a, &ret->error);
	if (!r)
		r = prepare_all(&a, record_text, &ret->error);
	if (!r) {
		ret->outcome = HF_OUTCOME_APPLIED;
		r = change_host_undisturbed(&a, &ret->error);
	}
	discard_all(&a);
	drop_lock(&a);
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

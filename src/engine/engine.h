/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: drives the kinds against a host. Survey (observe and plan), apply, verify,
 * revert, and the applied record. It names no kind.
 */
#ifndef HF_ENGINE_ENGINE_H
#define HF_ENGINE_ENGINE_H

#include "host/host.h"
#include "model/kind.h"
#include "plan/plan.h"

#define HF_STATE_DIR "/var/lib/holdfast"
#define HF_RECORD_PATH HF_STATE_DIR "/applied.json"

/* Everything one look at the host yields. Owns its members. */
typedef struct hf_survey {
	hf_facts facts;
	hf_arena record_arena;
	hf_record record;
	hf_error *record_error; /* why it could not be read; told with the plan's */
	hf_plan plan;
	const char *hostname;	/* of the facts; "" if unknown */
	bool record_unreadable; /* not root: what would be released cannot be told */
	bool ahead;		/* hf_engine_survey_ahead() was here */
} hf_survey;

/**
 * hf_record_read - the applied record of the host; a missing one is .exists = false
 * Errors: -EBADMSG damaged (with the cure), -ENOTSUP as hf_state_schema_check(), -EACCES.
 */
int hf_record_read(hf_host *host, hf_arena *arena, hf_record *ret,
		   hf_error **err) _must_check_;

/**
 * hf_engine_survey_ahead - the part of hf_engine_survey() that needs no model
 * @kinds: those of the model to come
 * @ret:   for hf_engine_survey(), which does it itself otherwise
 *
 * For the time that the baselines take to be read, by another thread. Errors: as
 * hf_engine_survey().
 */
int hf_engine_survey_ahead(hf_host *host, const hf_kind *const *kinds, size_t n_kinds,
			   const char *const *fact_args, size_t n_fact_args,
			   hf_survey *ret, hf_error **err) _must_check_;

/**
 * hf_engine_survey - look at the host and plan
 * @fact_args: "NAME=VALUE" of --fact
 * @diags:     errors there after success mean a bad baseline for this host (exit 65)
 *
 * Reads host, changes nothing. Zero @ret first; hf_survey_done() in any case. Sets gates
 * and waivers in @model.
 */
int hf_engine_survey(hf_host *host, hf_model *model, const hf_plan_options *options,
		     const char *const *fact_args, size_t n_fact_args, hf_diags *diags,
		     hf_survey *ret, hf_error **err) _must_check_;
void hf_survey_done(hf_survey *survey);

/** hf_engine_survey_forget - what was seen so far is old: the next survey looks anew */
void hf_engine_survey_forget(hf_host *host, hf_survey *survey);

typedef enum hf_outcome {
	HF_OUTCOME_NOTHING,	/* nothing to do: nothing was written */
	HF_OUTCOME_APPLIED,	/* done and verified */
	HF_OUTCOME_REFUSED,	/* before anything was touched: .error */
	HF_OUTCOME_ROLLED_BACK, /* failed, the host is as before: .error */
	HF_OUTCOME_INCOMPLETE,	/* failed, and so did putting it back: .error, .steps */
} hf_outcome;

typedef enum hf_step_state {
	HF_STEP_DONE,
	HF_STEP_FAILED,
	HF_STEP_REVERTED,
	HF_STEP_STUCK, /* could not be put back */
	HF_STEP_LEFT,  /* a recovery cannot know whether it is due: somebody has to */
} hf_step_state;

typedef struct hf_step {  /* one group or effect, as carried out */
	const char *what; /* "write /etc/docker/daemon.json", "restart docker.service" */
	hf_step_state state;
	const char *why; /* failed, stuck or left: the reason; or NULL */
} hf_step;

typedef struct hf_apply_options {
	const char *const *sets; /* VAR=VALUE, for the record */
	size_t n_sets;
	bool replace; /* --replace: may drop baselines in force */
	const char *const *fact_args;
	size_t n_fact_args;
	/* called before each step that may take long; may be NULL */
	void (*progress)(void *user, const char *what);
	/* asked between steps: true ends the apply, everything is put back; may be NULL
	 */
	bool (*interrupted)(void *user);
	void *user;
	bool record;   /* keep the transaction below --root, too */
	size_t keep;   /* transactions kept; 0: HF_TXN_KEEP */
	int lock_wait; /* seconds to wait for another holdfast; 0: not at all */
	/* the confirmation that it waits for, or is undone for the lack of
	 * (engine/confirm.h); NULL: none */
	const char *confirm_run;
} hf_apply_options;

typedef struct hf_apply_result {
	hf_arena arena;
	hf_outcome outcome;
	hf_error *error; /* owned; NULL for NOTHING and APPLIED */
	hf_step *steps;
	size_t n_steps;
	const char *transaction; /* its id, once there is one; or NULL */
	hf_survey after;	 /* the verifying look, when APPLIED; else zero */
	hf_diags after_diags;
} hf_apply_result;

/**
 * hf_engine_apply - carry out the plan of @before, verify it, record it
 *
 * Everything is staged before anything is visible; a failure after that is undone in
 * reverse from memory. Changes host. Returns 0 with an outcome; a negative errno only
 * for out of memory before anything was touched.
 */
int hf_engine_apply(hf_host *host, hf_model *model, hf_survey *before,
		    const hf_apply_options *options, hf_apply_result *ret,
		    hf_error **err) _must_check_;
void hf_apply_result_done(hf_apply_result *result);

/**
 * hf_engine_recover - take an unfinished transaction back, or (@forward) to its end
 * @model:     only its kinds are used
 * @ret_found: false: there was no journal; true with the outcome NOTHING: its run came to
 *             an end while we waited for it
 *
 * Outcomes: ROLLED_BACK, APPLIED (forward), INCOMPLETE with what is stuck in the steps;
 * REFUSED when the journal cannot be believed. Changes host.
 */
int hf_engine_recover(hf_host *host, const hf_model *model, bool forward,
		      const hf_apply_options *options, hf_apply_result *ret,
		      bool *ret_found, hf_error **err) _must_check_;

/**
 * hf_record_dropped - the baselines in force that @model does not hold (exit 64)
 * Returns: their number; names in @ret (arena memory), NULL if out of memory. Pure.
 */
int hf_record_dropped(const hf_record *record, const hf_model *model, hf_arena *arena,
		      const char ***ret, size_t *ret_n) _must_check_;

#endif

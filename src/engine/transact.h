/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One transaction, with the lock held: journal, prepare, commit in stages with their
 * effects, verify, keep the record; on any failure everything back. What apply and
 * rollback share.
 */
#ifndef HF_ENGINE_TRANSACT_H
#define HF_ENGINE_TRANSACT_H

#include "engine/engine.h"

typedef struct hf_transaction {
	const char *command;	 /* "apply", "rollback" */
	const char *of;		 /* rollback: the transaction undone */
	const char *record_text; /* new applied record, or NULL: it is not touched */
	/* NULL: survey again, and compare with what the plan announced */
	int (*verify)(hf_host *host, void *user, hf_error **err);
	void *user;
} hf_transaction;

/**
 * hf_transact - carry out the groups and effects of @before's plan
 *
 * The outcome, steps and error are in @ret: REFUSED before anything was visible, else
 * APPLIED, ROLLED_BACK or INCOMPLETE. Changes host.
 */
void hf_transact(hf_host *host, hf_model *model, hf_survey *before,
		 const hf_apply_options *options, const hf_transaction *how,
		 hf_apply_result *ret);

#endif

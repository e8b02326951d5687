/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of the running transaction and the kept records of finished ones.
 *
 *	hf_journal_begin()	the journal appears, whole or not at all; from here on a
 *				crash is undone by the next run
 *	...			the work; the journal never changes
 *	hf_journal_end()	the kept record appears, then the journal goes
 *
 * All in HF_STATE_DIR. A journal beside a kept record of the same id is finished: only
 * its removal is missing.
 */
#ifndef HF_ENGINE_JOURNAL_H
#define HF_ENGINE_JOURNAL_H

#include "engine/engine.h"
#include "engine/txn.h"

#define HF_JOURNAL_PATH HF_STATE_DIR "/journal"
#define HF_TXN_DIR HF_STATE_DIR "/transactions"
#define HF_TXN_KEEP 20 /* records kept by default */
/* No longer one is begun, bytes. The applied record is in it, and the kept record is
 * little more, so that whatever is written is below HF_STATE_MAX and can be read. */
#define HF_JOURNAL_MAX (HF_STATE_MAX / 2)

/** hf_journal_begin - write the journal; there must be none
 *  Errors: -EFBIG it is longer than HF_JOURNAL_MAX. Changes host. */
int hf_journal_begin(hf_host *host, const hf_txn *txn, hf_error **err) _must_check_;

/**
 * hf_journal_strays - did a crash leave staged files of our own behind? reads host
 * hf_journal_sweep - remove them, as far as that can be done; call it with the lock held:
 *                    they may be another run's. Changes host.
 */
bool hf_journal_strays(hf_host *host);
void hf_journal_sweep(hf_host *host);

/** hf_journal_end - keep the record (@keep newest stay; 0: none is written, as below
 *  --root), then remove the journal. Changes host. */
int hf_journal_end(hf_host *host, const hf_txn *txn, size_t keep,
		   hf_error **err) _must_check_;

/** hf_journal_read - the unfinished transaction
 *  @ret_found: false: there is none. Errors: -EBADMSG torn, -ENOTSUP of a later version.
 */
int hf_journal_read(hf_host *host, hf_arena *arena, hf_txn *ret, bool *ret_found,
		    hf_error **err) _must_check_;

/** hf_journal_exists - is there a journal file at all? Reads host; 1, 0, -errno */
int hf_journal_exists(hf_host *host, hf_error **err) _must_check_;

/** hf_txn_list - ids of the kept records, oldest first */
int hf_txn_list(hf_host *host, hf_arena *arena, char ***ret, size_t *ret_n,
		hf_error **err) _must_check_;

/** hf_txn_none - the error that none is on record, and why that may be; -ENOENT */
int hf_txn_none(const hf_host *host, hf_error **err);

/** hf_txn_find - the id that @word means: "last", an id, or a unique beginning of one
 *  Errors: -ENOENT none, -ENOTUNIQ several (named). */
int hf_txn_find(hf_host *host, const char *word, hf_arena *arena, const char **ret,
		hf_error **err) _must_check_;

/** hf_txn_load - a kept record by its full id */
int hf_txn_load(hf_host *host, const char *id, hf_arena *arena, hf_txn *ret,
		hf_error **err) _must_check_;

/** hf_txn_store - write a kept record anew (its result has changed) */
int hf_txn_store(hf_host *host, const hf_txn *txn, hf_error **err) _must_check_;

/** hf_txn_prune - remove all but the @keep newest records */
int hf_txn_prune(hf_host *host, size_t keep, hf_error **err) _must_check_;

/**
 * hf_txn_id_new - the id of a transaction that is about to be: "20261122T130501042-4f2a",
 *                 UTC to the millisecond and two random bytes
 *
 * Ids sort by age, and the oldest go first: where a clock was put back, it is a
 * millisecond after the newest one on record. With the lock held. Reads host.
 */
int hf_txn_id_new(hf_host *host, int64_t now_msec, hf_arena *arena, const char **ret,
		  hf_error **err) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transaction as data: what an apply (or rollback) was to change, with before-images.
 *
 * The same text serves as journal (while it runs: /var/lib/holdfast/journal), and as the
 * kept record afterwards (/var/lib/holdfast/transactions/ID). JSON, then one last line
 * "sha256 HEX" over all that precedes it, so that a torn or edited file is told.
 *
 * It is written for people to read, too, and for thousands of audit rules: a file that is
 * text stands there as text ("text", "first_text"; else Base64: "bytes", "after",
 * "first"), of the new content only what differs ("keep"), and a value of a change that
 * its id says itself is true (hf_record_put_value()). Schema 1.x had Base64 and all
 * values; it is read as well. Its readers refuse schema 2.
 */
#ifndef HF_ENGINE_TXN_H
#define HF_ENGINE_TXN_H

#include "base/digest.h"
#include "base/strbuf.h"
#include "host/fs_image.h"
#include "plan/plan.h"

typedef enum hf_txn_result {
	HF_TXN_UNFINISHED,  /* in the journal: nobody came to its end */
	HF_TXN_APPLIED,	    /* done and verified */
	HF_TXN_REVERTED,    /* failed, everything put back in the same run */
	HF_TXN_RECOVERED,   /* found unfinished, everything put back later */
	HF_TXN_ROLLED_BACK, /* applied, and undone by a later transaction */
	HF_TXN_RESULT_MAX_,
} hf_txn_result;
const char *hf_txn_result_name(hf_txn_result r);

typedef struct hf_txn_item {
	hf_group_type type;
	hf_stage stage;
	const char *kind;
	const char *path;
	char *made; /* topmost directory that the item has to make, or NULL */

	/* FILE: before as an image; after as bytes and, where the item sets it, meta */
	hf_image before;
	bool remove;
	const char *after;
	size_t after_len;
	const char *temp; /* name of the staged file in the target's directory */
	/* what the file holds for a while, before .after; NULL: nothing. With the owner
	 * and mode of .after; .temp is its staged file, .next that of .after */
	const char *first;
	size_t first_len;
	const char *next;

	/* FILE and INODE: owner and mode after; INODE: also before, and which inode */
	uid_t uid, before_uid;
	gid_t gid, before_gid;
	mode_t mode, before_mode;
	dev_t dev;
	ino_t ino;
	bool follow; /* reached over a trusted final symlink */
	bool folded; /* its values went into the FILE item of that inode */

	/* LIVE: the kind's own text; .reverse: it is undone by this transaction */
	const char *live;
	bool reverse;
} hf_txn_item;

typedef struct hf_txn_change { /* for people: show */
	const char *id;
	const char *before;
	const char *after;
	bool secret;
	bool live; /* in the running system; else on disk */
} hf_txn_change;

/* The text of a transaction. What the journal and the kept record begin with alike, all
 * but how it ended, is made and gone through once: for 5,000 audit rules it is megabytes.
 */
typedef struct hf_txn_body {
	hf_strbuf text;
	size_t len; /* of what they begin with alike; 0: not yet made */
	hf_digester digest;
} hf_txn_body;

typedef struct hf_txn {
	const char *id;
	const char *program;   /* version that wrote it */
	const char *command;   /* "apply", "rollback" */
	const char *of;	       /* rollback: the transaction undone; or NULL */
	const char *undone_by; /* or NULL */
	const char *boot_id;   /* "" if unknown: live before-images do not count */
	const char *user;      /* "uid 0, login 1000" */
	int64_t started;       /* seconds since the epoch */
	int64_t finished;      /* 0: not yet */
	hf_txn_result result;
	const char **baselines; /* names */
	size_t n_baselines;
	hf_txn_change *changes;
	size_t n_changes;
	const char **effects; /* "restart docker.service" as carried out */
	size_t n_effects;
	const char *witness_before; /* the kinds' lines, or NULL */
	const char *witness_after;
	hf_txn_item *items; /* in the order of commitment */
	size_t n_items;
	hf_txn_body *body; /* borrowed; NULL: nobody writes it twice */
} hf_txn;

/** hf_txn_is_id - may @word be the id of a transaction (and so the name of a file)? pure
 */
bool hf_txn_is_id(const char *word);

/** hf_txn_item_after - what a FILE item leaves: its bytes, with the old xattrs; borrowed
 *  from @item; pure */
hf_image hf_txn_item_after(const hf_txn_item *item);

/** hf_txn_item_first - the same of .first, which the item must have */
hf_image hf_txn_item_first(const hf_txn_item *item);

/**
 * hf_txn_text - the transaction as text with its digest
 * @body: holds it (hf_txn_body_done() frees it); a further call with the same one makes
 *        only its end anew: .result, .finished, .undone_by and .witness_after may have
 *        changed, nothing else
 * @ret:  borrowed from @body, until the next call with it
 *
 * Errors: -EINVAL it names what could not be read again; as hf_state_written(). Pure.
 */
int hf_txn_text(const hf_txn *txn, hf_txn_body *body, const char **ret,
		hf_error **err) _must_check_;

void hf_txn_body_done(hf_txn_body *body);

/**
 * hf_txn_parse - read such a text; strings in @arena
 * @name: the file, for messages
 *
 * Errors: -EBADMSG torn, edited or damaged, or it names what no transaction touches;
 * -ENOTSUP as hf_state_schema_check(). Pure.
 */
int hf_txn_parse(const char *text, size_t len, const char *name, hf_arena *arena,
		 hf_txn *ret, hf_error **err) _must_check_;

#endif

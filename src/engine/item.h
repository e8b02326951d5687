/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One group on its way through an apply: prepared (nothing visible), committed, and if
 * need be reverted. The four group types share this one state machine:
 *
 *	NEW --prepare--> PREPARED --commit--> COMMITTED --revert--> REVERTED
 *	                     \------------- commit fails: revert is safe, too
 *
 * A file that is replaced twice (group->first) is FIRST in between, both ways.
 */
#ifndef HF_ENGINE_ITEM_H
#define HF_ENGINE_ITEM_H

#include "base/arena.h"
#include "host/fs.h"
#include "host/host.h"
#include "plan/plan.h"

typedef enum hf_item_state {
	HF_ITEM_NEW,
	HF_ITEM_PREPARED,
	HF_ITEM_FIRST,	   /* its first bytes are there, or were begun to be put there */
	HF_ITEM_COMMITTED, /* or its commit was begun */
	HF_ITEM_REVERTED,
} hf_item_state;

typedef struct hf_item {
	hf_group *group; /* borrowed from the plan */
	hf_item_state state;
	hf_staged *staged;	/* FILE; in the arena of the apply */
	hf_staged *first;	/* what comes before .staged: group->first; or NULL */
	size_t made;		/* directories made for it: hf_fs_rmdir_up_to(); or 0 */
	const char *what;	/* for steps: "write /etc/docker/daemon.json" */
	const char *what_first; /* the same for .first */
	bool folded; /* INODE: its values went into the FILE group of that inode */
} hf_item;

/**
 * hf_item_prepare - check the precondition, stage, allocate
 * @all, @n: every item of the apply: a file that is replaced takes over what an INODE
 *           group wants of the old inode
 *
 * Changes host invisibly (staged files, missing parent directories). Errors: -ESTALE the
 * host moved on since it was planned; those of staging.
 */
int hf_item_prepare(hf_host *host, hf_item *item, hf_item *all, size_t n, hf_arena *arena,
		    hf_error **err) _must_check_;

/** hf_item_commit_first - a PREPARED item with .first: make that so; changes host; the
 *  item is FIRST even on failure */
int hf_item_commit_first(hf_item *item, hf_error **err) _must_check_;

/** hf_item_commit - make it so; changes host; the item is COMMITTED even on failure */
int hf_item_commit(hf_host *host, hf_item *item, hf_error **err) _must_check_;

/** hf_item_revert - put back what commit did, and check that it is back; one that was
 *  FIRST before is so again; changes host */
int hf_item_revert(hf_host *host, hf_item *item, hf_error **err) _must_check_;

/** hf_item_discard - free and remove what prepare made and commit did not use; also
 *  removes directories made for an item that was not committed. Errors: what could not
 *  be removed. Changes host. */
int hf_item_discard(hf_host *host, hf_item *item, hf_error **err) _must_check_;

/** hf_item_stale - the error of a host that moved on; returns -ESTALE */
int hf_item_stale(const hf_group *group, hf_error **err);

/** hf_item_new_owner - owner and mode that a new file or directory of @group gets: the
 *  group's; in a tree that its owner works on without being root, that user's */
void hf_item_new_owner(const hf_host *host, const hf_group *group, hf_inode *ret);

/** hf_item_what - "write /etc/docker/daemon.json", for steps and progress; or NULL */
const char *hf_item_what(const hf_item *item, hf_arena *arena);

#endif

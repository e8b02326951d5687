/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kind interface: one constant table of functions for each kind of resource.
 *
 * The engine drives the kinds in order of rank: units, daemon, files, audit. For each it
 * calls observe (batch: reads the host into the plan's observation slot), then plan
 * (batch and pure: it has no handle to the host). A later kind sees in the plan what the
 * earlier ones will have done (unit views, references, files to be made).
 *
 * Adding a kind touches its own folder, its Makemodule.am and one line of
 * kinds/registry.c.
 */
#ifndef HF_MODEL_KIND_H
#define HF_MODEL_KIND_H

#include "base/error.h"
#include "base/strbuf.h"
#include "model/model.h"

struct hf_host; /* host/host.h */
struct hf_plan;
struct hf_store; /* plan/plan.h */
struct hf_group; /* plan/plan.h */
struct hf_mask;	 /* base/mask.h */

/* What a kind gets while it decodes one control's section. */
typedef struct hf_decoder {
	hf_model *model; /* .arena for specs */
	hf_control *control;
	hf_diags *diags;
} hf_decoder;

/** hf_decoder_demand - add a demand to the control; -ENOMEM otherwise 0 */
int hf_decoder_demand(hf_decoder *d, const hf_kind *kind, hf_mark mark,
		      const void *spec) _must_check_;

/** hf_decoder_refs - note the host references in @text, report malformed ones with
 *  @mark; -ENOMEM otherwise 0. Call it for each string that may hold references. */
int hf_decoder_refs(hf_decoder *d, hf_mark mark, const char *text) _must_check_;

/** hf_decoder_plain - "$${" to "${"; reports a host reference (not allowed here).
 *  Returns: the text in the model's arena, or NULL (reported, or out of memory). */
const char *hf_decoder_plain(hf_decoder *d, hf_mark mark, const char *text);

/** hf_decoder_is_left - is there in @node what a variable should have replaced? That it
 *  could not was reported then: there is nothing to be said about the value. Pure. */
bool hf_decoder_is_left(const hf_decoder *d, const hf_node *node);

/* What stands behind "NAME:" in the ids of a kind's rows and changes. */
typedef enum hf_id_form {
	HF_ID_FREE,  /* nothing that others read */
	HF_ID_TEXT,  /* what is wanted, spelled out: an audit rule */
	HF_ID_FILE,  /* PATH#WHAT: a value in that file */
	HF_ID_INODE, /* PATH#WHAT: owner, group or mode of that inode */
} hf_id_form;

struct hf_kind {
	const char *name; /* the YAML key, and the prefix of resource ids */
	int rank;	  /* order of observation and planning, index of plan->obs */
	hf_id_form id_form;

	/* Files that belong to the kind as a whole, by path; a "*" stands for what it
	 * does in the name of one directory, fnmatch(3). */
	const char *const *own_files;
	size_t n_own_files;

	/* Decode one control's section into demands; report every problem. Pure.
	 * Returns 0 or -ENOMEM only. */
	int (*decode)(hf_decoder *d, const hf_node *node);

	/* Contradictions between the demands of this kind, over the whole model (all
	 * controls that are not disabled). Pure. May be NULL. */
	int (*check)(const hf_model *model, hf_diags *diags);

	/* The part of observe that does not depend on the demands, into plan->obs[rank]:
	 * on a running system it is read while the baselines still are, by another
	 * thread. Has the host, the plan's arena and its facts, nothing else. observe
	 * calls it where it was not called. Errors as observe. May be NULL. */
	int (*ahead)(struct hf_host *host, struct hf_plan *plan, hf_error **err);
	/* What can be made of that once the facts are there, still without the demands:
	 * it saves observe the time. May not be called; may be NULL. */
	int (*prime)(struct hf_host *host, struct hf_plan *plan, hf_error **err);

	/* Read what the demands need into plan->obs[rank]. What cannot be read becomes
	 * UNKNOWN there, with the reason; an error is for out of memory and bugs. */
	int (*observe)(struct hf_host *host, const hf_model *model, struct hf_plan *plan,
		       hf_error **err);

	/* Judge and propose: resources, changes, groups, effects. Pure. */
	int (*plan)(const hf_model *model, struct hf_plan *plan, hf_error **err);

	/* Groups of type HF_GROUP_LIVE only; NULL where a kind has none.
	 * prepare: allocate all that commit and revert need; nothing visible. A group
	 * with frozen text is one of the journal: commit undoes it, or does it where the
	 * group says .forward, revert the other way round.
	 * commit, revert: visible, safe to repeat, no allocation.
	 * discard: free what prepare made; never fails. */
	int (*prepare)(struct hf_host *host, struct hf_group *group, hf_error **err);
	int (*commit)(struct hf_host *host, struct hf_group *group, hf_error **err);
	int (*revert)(struct hf_host *host, struct hf_group *group, hf_error **err);
	void (*discard)(struct hf_group *group);

	/* For the journal: the live group as text, and doing (@forward) or undoing it
	 * from that text in another process. replay looks first and is safe to repeat: 1
	 * if it changed something, 0 if all was so already. NULL where a kind has none.
	 */
	int (*freeze)(const struct hf_group *group, hf_strbuf *out);
	int (*replay)(struct hf_host *host, const char *frozen, bool forward,
		      hf_error **err);
	/* Has the live layer all that replay would leave there, and nothing that it would
	 * take out? Of the order only what replay would move is looked at. 1, 0 or a
	 * negative errno. Only looks.
	 */
	int (*holds)(struct hf_host *host, const char *frozen, bool forward,
		     hf_error **err);

	/* Under another boot the frozen texts say what was changed, and not from what.
	 * Plan the live layer from the disk, as the file groups of @plan will leave it:
	 * what only the disk of now loads at boot goes, what only the one to come loads
	 * is added, what the live layer alone has stays. 0; 1: a part of it is left to
	 * the next boot; or a negative errno. NULL where a kind has no live layer. Reads
	 * host.
	 */
	int (*follow)(struct hf_host *host, struct hf_plan *plan,
		      const char *const *frozen, size_t n, hf_error **err);

	/* One line on how the live layer stands, kept with each transaction as found
	 * before and after it. Pure; 0 or -ENOMEM. NULL where a kind has nothing to say.
	 */
	int (*witness)(const struct hf_plan *plan, hf_strbuf *out);

	/* Add the secrets that stand in the bytes of a file of this kind, as they stand
	 * there, so that no diff shows them. Pure. NULL where a kind knows none. */
	void (*secrets)(const char *bytes, size_t len, struct hf_mask *mask);

	/* What goes out of view with another value of the resource @id, as far as @plan
	 * has it observed; *ret NULL: nothing can. Pure; 0 or -ENOMEM. NULL where that is
	 * so of all resources. */
	int (*hides)(struct hf_plan *plan, const char *id, const struct hf_store **ret);

	/* After every kind has planned, in order of rank: what depends on the groups of
	 * all (owner and mode of files that the plan makes). Pure. May be NULL. */
	int (*settle)(const hf_model *model, struct hf_plan *plan, hf_error **err);
};

/** hf_kind_find - the kind called @name among @kinds; NULL: none, or no name; pure */
const hf_kind *hf_kind_find(const hf_kind *const *kinds, size_t n, const char *name);

#endif

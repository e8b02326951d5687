/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: how every resource stands, what would change, and in which groups and with
 * which effects. The value that is rendered (dry run), tested for emptiness (drift
 * check), applied, and computed again (verification).
 *
 * Life cycle: the engine fills the options and facts, then for each kind in order of
 * rank calls observe and plan, which add to the plan through the builders below; then
 * hf_plan_finish() settles effects, control states and totals. One arena owns it all.
 *
 * Terms. A *resource* (row) is one demand on one thing in one layer and how it stands;
 * equal demands of several controls share a row. A *change* is the unit of display, a
 * *group* (one file, one inode, one kernel rule list) is the unit of apply.
 */
#ifndef HF_PLAN_PLAN_H
#define HF_PLAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "model/facts.h"
#include "model/model.h"
#include "plan/record.h"
#include "plan/store.h"
#include "plan/unit_view.h"

/* How a resource stands, worst last; a control has the worst of its resources'. */
typedef enum hf_state {
	HF_STATE_NOT_APPLICABLE,
	HF_STATE_PASS,
	HF_STATE_FINDING, /* does not hold, and only a person can settle it */
	HF_STATE_PENDING_RESTART,
	HF_STATE_PENDING_REBOOT,
	HF_STATE_UNKNOWN,
	HF_STATE_DRIFT,
	HF_STATE_WAIVED, /* of controls only, like the following */
	HF_STATE_MANUAL,
	HF_STATE_DISABLED,
	HF_STATE_NOT_SELECTED,
	HF_STATE_MAX_,
} hf_state;
const char *hf_state_name(hf_state s); /* "not-applicable", "pending-restart", ... */

typedef enum hf_layer { HF_PERSISTED, HF_LIVE } hf_layer;
const char *hf_layer_name(hf_layer l);

typedef enum hf_op { HF_OP_CREATE, HF_OP_UPDATE, HF_OP_DELETE } hf_op;
const char *hf_op_name(hf_op op);

typedef enum hf_cause {
	HF_CAUSE_UNKNOWN,
	HF_CAUSE_HOST,	   /* the host is not, or no longer, as demanded */
	HF_CAUSE_BASELINE, /* the demand is new or has changed */
	HF_CAUSE_VENDOR,   /* what we derive from has changed */
	HF_CAUSE_RELEASED, /* no longer demanded */
} hf_cause;
const char *hf_cause_name(hf_cause c);

typedef struct hf_change hf_change;
typedef struct hf_group hf_group;

typedef struct hf_resource {
	const hf_kind *kind;
	const char *id; /* "files:/etc/docker#mode" */
	hf_layer layer;
	hf_state state;
	const char *wanted; /* for people: "false", "at most 0644" */
	const char *found;  /* "true", "absent", "0755", or NULL */
	const char *why;    /* one sentence where state alone does not say it, or NULL */
	const hf_control **controls;
	size_t n_controls;
	hf_mark declared;
	const char *found_file; /* where the found value stands, or NULL */
	unsigned found_line;	/* 0: unknown */
	bool secret;		/* never render wanted and found */
	bool judged;		/* a state was set */
	const hf_store *hides;	/* what would go out of view if it were as wanted; NULL:
				 * nothing can */
	const char *gate_why;	/* whether its controls apply cannot be told; or NULL */
	size_t index;
	struct hf_resource *next_of_id; /* the plan's own */
} hf_resource;

struct hf_change {
	const hf_kind *kind;
	const char *id;
	hf_layer layer;
	hf_op op;
	const char *before; /* kind's text, also kept in the record; NULL: absent */
	const char *after;  /* NULL: absent */
	hf_cause cause;
	const char *blocked; /* the reason why apply will not do it, or NULL */
	bool whole; /* blocked, and the plan has its other half: it cannot be left out */
	bool secret;
	bool recorded;	       /* before and after go into the applied record under .id */
	const hf_store *hides; /* what goes out of view with it; NULL: nothing can */
	size_t *rows;	       /* indices into plan->resources */
	size_t n_rows;
	hf_group *group; /* NULL for a blocked change */
	size_t index;
	hf_change *next_of_id; /* the plan's own */
};

typedef enum hf_group_type {
	HF_GROUP_MKDIR, /* make one directory (parents too), or .remove: take it away */
	HF_GROUP_FILE,	/* replace, create or remove one regular file */
	HF_GROUP_INODE, /* owner, group, mode of one existing inode */
	HF_GROUP_LIVE,	/* the kind's own: prepare, commit, revert */
} hf_group_type;

/* Order of commitment; effects that belong between are placed by the engine. */
typedef enum hf_stage {
	HF_STAGE_FIRST,	 /* what must be gone before units bring it: a key for a flag */
	HF_STAGE_UNITS,	 /* drop-ins, environment files; then daemon-reload */
	HF_STAGE_CONFIG, /* daemon.json, rules, inodes, kernel lists; then restarts */
	HF_STAGE_LAST,	 /* what cannot be taken back: once all else is verified */
} hf_stage;

struct hf_group {
	hf_group_type type;
	hf_stage stage;
	const hf_kind *kind;
	const char *path; /* file, inode, directory: below the root; live: a label */
	size_t n_changes;

	/* HF_GROUP_FILE. Precondition: the file is as read (existence, digest). */
	bool existed;
	bool remove;
	const char *before; /* bytes as read; "" if it did not exist */
	size_t before_len;
	const char *after; /* bytes to write */
	size_t after_len;
	/* Bytes to write before all else, for a reload that is waited for (.first of an
	 * effect) or while the units change; NULL: none. */
	const char *first;
	size_t first_len;

	/* FILE and MKDIR: owner and mode of a *new* file or directory; an existing
	 * file keeps its own, unless .set_meta. INODE: what to set. */
	bool set_meta;
	uid_t uid;
	gid_t gid;
	mode_t mode;

	/* INODE: precondition, as observed. */
	bool before_symlink_target; /* reached over a trusted final symlink */
	uid_t before_uid;
	gid_t before_gid;
	mode_t before_mode;
	dev_t dev;
	ino_t ino;

	/* Rollback: the exact image to restore (engine's hf_image), and a live group that
	 * is carried out from its frozen text, undone or (.forward) done. */
	const void *image;
	const char *frozen;
	bool forward;

	void *live;   /* LIVE: the kind's payload, in the plan's arena */
	void *engine; /* prepared state, owned by the engine or by kind->discard */
	size_t index;
};

typedef enum hf_action {
	HF_ACTION_DAEMON_RELOAD,
	HF_ACTION_RELOAD,
	HF_ACTION_RESTART,
	HF_ACTION_REBOOT, /* never done, only told */
	HF_ACTION_MAX_,
} hf_action;
const char *hf_action_name(hf_action a);

typedef struct hf_container {
	const char *id;
	const char *name;
} hf_container;

typedef struct hf_effect {
	hf_action action;
	const char *unit; /* NULL for daemon-reload and reboot */
	bool hold;	  /* decided: not now */
	const char *why;  /* of the effect or of the hold */
	bool first;	  /* before all else: a restart is safe once it is confirmed */
	bool pending;	  /* needed by an earlier run already: .pending_since_usec */
	uint64_t pending_since_usec;
	const hf_store *hides; /* what goes out of view with it; NULL: nothing can */
} hf_effect;

/* A configuration of the engine, for its own program to judge before it comes in force.
 */
typedef struct hf_trial {
	const hf_kind *kind;  /* it knows the secrets of .text */
	const char **secrets; /* those of .argv */
	size_t n_secrets;
	const char *const *argv; /* as its unit would run it, NULL at the end */
	const char *const *env;	 /* what the unit sets: "NAME=VALUE", NULL at the end */
	const char *path;	 /* of its file */
	const char *text;	 /* what that would hold; NULL: it looks for itself */
	size_t len;
	const char *why; /* it cannot be judged: the reason; or NULL */
} hf_trial;

/* What the Docker engine's API and the host tell about running containers. */
typedef struct hf_engine_view {
	const char *unit;     /* unit whose ExecStart is dockerd, or NULL */
	const char *unit_why; /* .unit NULL: why there may be one all the same; or NULL */
	const char *socket;   /* where its API listens after the plan; NULL: nowhere that
			       * could be asked, or it cannot be told */
	hf_known running;     /* PRESENT: a dockerd runs, ABSENT: none, UNKNOWN */
	hf_known containers_known;
	hf_container *containers; /* running ones */
	size_t n_containers;
	hf_known live_restore;	 /* in force in the running dockerd: PRESENT = on */
	bool live_restore_after; /* the configuration after the plan has it on */
	bool live_restore_now;	 /* that on disk has it on: what a way back starts */
	hf_known swarm;		 /* PRESENT: active */
	bool kill_mode_process;	 /* KillMode=process of the unit after the plan */
	bool cannot_reload;	 /* it has no ExecReload=: systemd refuses to */
	const char **dependants; /* units that a restart restarts as well */
	size_t n_dependants;
	bool stale;	    /* systemd has an older state of .unit loaded than the disk */
	bool restart_helps; /* a restart now would put the pending setting in force */
	const char *why;    /* of any UNKNOWN */
	const char *socket_now; /* where its API answers now; or NULL */
	/* A reload that puts live-restore in force where nothing else is in the way of a
	 * restart, and what its file would hold then; NULL: there is none. It becomes one
	 * of the effects when a restart depends on it. */
	hf_effect *first;
	hf_group *first_group; /* NULL: the file has it already */
	const char *first_text;
	size_t first_len;
	/* Its configuration after the plan, and as it is; NULL: nobody is to judge it. */
	const hf_trial *trial;
	const hf_trial *trial_now;
	bool trial_differs; /* the two do */
} hf_engine_view;

/* Is the engine asked for the names of what it keeps? Many images take it long. */
typedef enum hf_store_look {
	HF_STORE_AT_STAKE, /* where they would go out of view */
	HF_STORE_UNASKED,
	HF_STORE_ASKED,
} hf_store_look;

typedef struct hf_plan_options {
	hf_restart restart;
	bool allow_disruptive;
	bool allow_lock;
	bool allow_panic;
	bool leave_unknown;
	bool offline; /* --root: no live layer */
	bool manager; /* systemd's manager can be asked; set by the engine */
	hf_store_look store;
	bool asides; /* what kinds list with hf_plan_aside() is wanted at length */
	int64_t now; /* seconds since the epoch */
	const struct hf_plan
		*verifies; /* just carried out, this look verifies it; NULL */
} hf_plan_options;

typedef struct hf_ref_values {
	const char **values;
	size_t n;
	const char
		*why; /* n == 0: the reason; for a value that is UNKNOWN see .unknown */
	bool unknown;
} hf_ref_values;

/* What was seen that no control asks about: counters, things of others that stay. */
typedef struct hf_aside {
	const hf_kind *kind;
	hf_layer layer;
	const char *name;  /* "lost" */
	const char *value; /* "0" */
	const char *why;   /* a remark, or NULL */
	const char *file;  /* where it stands, or NULL */
	unsigned line;
} hf_aside;

typedef struct hf_totals {
	size_t controls[HF_STATE_MAX_];
	size_t resources[HF_STATE_MAX_];
	size_t changes; /* not blocked */
	size_t blocked;
	size_t foreign; /* findings that belong to no control */
} hf_totals;

typedef struct hf_plan {
	hf_arena arena;
	hf_plan_options options;
	hf_facts *facts;	 /* borrowed */
	const hf_record *record; /* borrowed; never NULL */
	hf_diags *diags;	 /* borrowed: errors (exit 65), warnings, notes */

	hf_resource **resources;
	size_t n_resources;
	hf_change **changes;
	size_t n_changes;
	hf_group **groups;
	size_t n_groups;
	hf_map group_by_key;
	hf_effect **effects;
	size_t n_effects;

	hf_aside *asides;
	size_t n_asides;
	hf_record_entry **notes; /* for the record: hf_plan_note() */
	size_t n_notes;
	hf_map by_id; /* rows, changes, and whether a claiming control demands it */
	hf_map refs;  /* "unit:docker.service" -> hf_ref_values */
	hf_map units; /* name -> hf_unit_view */
	hf_engine_view engine;
	void *obs[8]; /* by rank: the kind's observations, in the plan's arena */

	hf_state *control_states; /* by control index; set by hf_plan_finish() */
	hf_state *control_underlying;
	const char **control_reasons; /* or NULL each */
	const char *found_last;	      /* of hf_row_judge(); in the arena */
	hf_totals totals;
} hf_plan;

void hf_plan_done(hf_plan *plan);

/** hf_plan_gate - decide every control's `when` from the facts; pure; 0 or -ENOMEM */
int hf_plan_gate(hf_model *model, hf_plan *plan) _must_check_;

/**
 * hf_plan_row - the row of (kind, layer, id, wanted), made as NOT_APPLICABLE when new
 * @wanted: text for people, part of the row's identity; copied
 * @demand: the demand it stems from; its control is added to the row's
 *
 * Returns: the row, or NULL if out of memory. Only demands of active controls get rows.
 */
hf_resource *hf_plan_row(hf_plan *plan, hf_layer layer, const char *id,
			 const char *wanted, const hf_demand *demand) _must_check_;

/** hf_plan_row_like - the row that this one of another plan would be, or NULL; pure.
 *  Controls of which it cannot be told whether they apply share rows only with those of
 *  the same reason. */
const hf_resource *hf_plan_row_like(const hf_plan *plan, const hf_resource *row);

/** hf_plan_foreign - the row of something that no control demands and that is to be told
 *  all the same, as a finding; wanted is ""; NULL if out of memory */
hf_resource *hf_plan_foreign(hf_plan *plan, const hf_kind *kind, hf_layer layer,
			     const char *id) _must_check_;

/** hf_row_judge - set state, found and why (formatted; NULL: none), copied into the
 *  plan's arena. A worse state already set stays. 0 or -ENOMEM. */
int hf_row_judge(hf_plan *plan, hf_resource *row, hf_state state, const char *found,
		 const char *why_fmt, ...) _printf_(5, 6) _must_check_;

/** hf_row_found_at - where the found value stands; @file is copied; 0 or -ENOMEM */
int hf_row_found_at(hf_plan *plan, hf_resource *row, const char *file,
		    unsigned line) _must_check_;

/** hf_plan_change - the change of (kind, layer, id); made when new; texts are copied.
 *  Returns NULL if out of memory. */
hf_change *hf_plan_change(hf_plan *plan, const hf_kind *kind, hf_layer layer,
			  const char *id, hf_op op, const char *before, const char *after,
			  hf_cause cause) _must_check_;

/** hf_change_row - the change serves this row; 0 or -ENOMEM */
int hf_change_row(hf_plan *plan, hf_change *change, const hf_resource *row) _must_check_;

/** hf_change_block - apply will not do it, with the reason; 0 or -ENOMEM */
int hf_change_block(hf_plan *plan, hf_change *change, const char *fmt, ...)
	_printf_(3, 4) _must_check_;

/** hf_plan_group - the group of (type, path), made when new; NULL: out of memory */
hf_group *hf_plan_group(hf_plan *plan, hf_group_type type, hf_stage stage,
			const hf_kind *kind, const char *path) _must_check_;

/** hf_plan_group_find - the group of (type, path) or NULL; pure */
hf_group *hf_plan_group_find(const hf_plan *plan, hf_group_type type, const char *path);

/** hf_change_in - put a change into its group */
void hf_change_in(hf_change *change, hf_group *group);
/** hf_plan_withdraw - take @group and its changes out of the plan again: what a kind of a
 *  later rank plans has made them pointless. Rows stay, for the caller to judge; 0 or
 *  -ENOMEM; pure. */
int hf_plan_withdraw(hf_plan *plan, const hf_group *group) _must_check_;

/** hf_plan_effect - ask for an effect (once for each action and unit); NULL: no memory */
hf_effect *hf_plan_effect(hf_plan *plan, hf_action action, const char *unit,
			  const char *why) _must_check_;

/** hf_effect_hold - it is not to be carried out now: why; 0 or -ENOMEM */
int hf_effect_hold(hf_plan *plan, hf_effect *effect, const char *why) _must_check_;

/**
 * hf_plan_cause - why the host has to change for a demand
 * @id: what is demanded
 * @after: the value that it is to have, in the text of the record; NULL: absent
 *
 * What the record says is to have another value now: the baseline has changed. What it
 * does not know of held at the last apply, if that was of the same baselines. Pure.
 */
hf_cause hf_plan_cause(const hf_plan *plan, const hf_model *model, const char *id,
		       const char *after);

/** hf_plan_claim - some claiming control demands @id; 0 or -ENOMEM. Kinds claim every
 *  demand of every claiming control, selected or not. */
int hf_plan_claim(hf_plan *plan, const char *id) _must_check_;
bool hf_plan_is_claimed(const hf_plan *plan, const char *id);

/** hf_plan_aside - one more of them, for the verbose text and the JSON; @name and @value
 *  must live as long as the plan. The new one, or NULL: out of memory. */
hf_aside *hf_plan_aside(hf_plan *plan, const hf_kind *kind, hf_layer layer,
			const char *name, const char *value) _must_check_;

/** hf_plan_note - have the applied record keep an entry that no change stands for, if
 * this plan is carried out; it replaces an older one and lives while @id is claimed.
 * Texts are copied; 0 or -ENOMEM. */
int hf_plan_note(hf_plan *plan, const char *id, const char *text) _must_check_;

/** hf_plan_noted - the text noted under @id by the plan that this one verifies, else by
 *  the record; NULL: none; pure */
const char *hf_plan_noted(const hf_plan *plan, const char *id);

/** hf_plan_ref_set - values of a host reference ("exec:docker.service"); they stay
 *  borrowed from the plan's arena; 0 or -ENOMEM */
int hf_plan_ref_set(hf_plan *plan, const char *ref,
		    const hf_ref_values *values) _must_check_;

/**
 * hf_plan_expand - expand a string of the baseline into its values
 * @text: may hold at most one reference; "$${" stands for "${"
 *
 * No reference: one value. A reference without values: none, with the reason. Returns
 * 0, -ENOMEM. Pure.
 */
int hf_plan_expand(hf_plan *plan, const char *text, hf_ref_values *ret) _must_check_;

/** hf_plan_finish - decide effects, compute control states and totals; 0 or -ENOMEM; pure
 */
int hf_plan_finish(const hf_model *model, hf_plan *plan) _must_check_;

/* Is there anything of the sort in the selected part? All pure. */
bool hf_plan_has_changes(const hf_plan *plan); /* any change, blocked or not */
bool hf_plan_has_unknown(const hf_plan *plan);
bool hf_plan_has_pending(
	const hf_plan *plan); /* pending state or effect to run or held */
bool hf_plan_has_findings(const hf_plan *plan);

#endif

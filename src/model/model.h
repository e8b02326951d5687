/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model: what must hold, typed and validated. Baselines, controls, demands.
 *
 * A control demands things of kinds; a demand is one thing (one watch, one key, one
 * path) with the kind's own typed spec. Everything lives in the model's arena. Loading
 * is pure: files are handed in by a reader callback.
 *
 *	hf_model model = { 0 };
 *	hf_model_load(&model, &request, &diags);	many diagnostics, no early end
 *	hf_model_select(&model, &selection, &diags);
 *	...
 *	hf_model_done(&model);
 */
#ifndef HF_MODEL_MODEL_H
#define HF_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/map.h"
#include "model/facts.h"
#include "model/node.h"

typedef struct hf_kind hf_kind;
typedef struct hf_control hf_control;
typedef struct hf_model hf_model;

typedef enum hf_severity {
	HF_SEVERITY_LOW,
	HF_SEVERITY_MEDIUM,
	HF_SEVERITY_HIGH,
	HF_SEVERITY_MAX_,
} hf_severity;
const char *hf_severity_name(hf_severity s);
int hf_severity_parse(const char *s, hf_severity *ret) _must_check_; /* -EINVAL */

typedef enum hf_restart {
	HF_RESTART_SAFE,
	HF_RESTART_ALWAYS,
	HF_RESTART_NEVER
} hf_restart;
const char *hf_restart_name(hf_restart r);
int hf_restart_parse(const char *s, hf_restart *ret) _must_check_; /* -EINVAL */

typedef struct hf_baseline {
	const char *name;
	const char *title;
	const char *version;	    /* or NULL */
	hf_source *source;	    /* .name is the file as shown */
	char digest[HF_DIGEST_HEX]; /* "" until hf_baseline_digest() is asked */
	bool requested;		    /* named by the user, not only extended */
} hf_baseline;

/** hf_baseline_digest - SHA-256 of the file, hex; made when first asked for: a check does
 *  without. Borrowed from @baseline. */
const char *hf_baseline_digest(hf_baseline *baseline);

typedef struct hf_ref { /* of a control: benchmark and the numbers there */
	const char *name;
	const char **values;
	size_t n;
} hf_ref;

/* One clause of `when`; all must hold. `not:` negates its clauses one by one: none of
 * them may hold. */
typedef enum hf_when_type {
	HF_WHEN_ENGINE, /* version expression */
	HF_WHEN_UNIT,	/* the unit exists */
	HF_WHEN_EXISTS, /* the path exists */
	HF_WHEN_OS,	/* "debian>=12" or "rhel": one of values */
	HF_WHEN_LSM,	/* one of values is active */
	HF_WHEN_SWARM,	/* "true" or "false" */
} hf_when_type;

typedef struct hf_when {
	hf_when_type type;
	bool negate;
	const char **values; /* any of them */
	size_t n;
	hf_mark mark;
} hf_when;

typedef struct hf_waiver {
	const char *control;
	const char **hosts; /* globs; n_hosts 0: every host */
	size_t n_hosts;
	const char *reason;
	const char *approved_by; /* or NULL */
	const char *until;	 /* YYYY-MM-DD, end of that day UTC; NULL: no end */
	hf_mark mark;
} hf_waiver;

/* What is wanted of one thing by one control. */
typedef struct hf_demand {
	const hf_kind *kind;
	const hf_control *control;
	hf_mark mark;
	const void *spec; /* the kind's own type */
} hf_demand;

struct hf_control {
	const char *id;
	const char *title;
	long long level; /* 1 or 2 */
	hf_severity severity;
	const char **tags;
	size_t n_tags;
	hf_ref *refs;
	size_t n_refs;
	const char *rationale; /* or NULL */
	const char *manual;    /* only a person can settle it: the text; or NULL */
	const char *disabled;  /* switched off by a tailoring: the reason; or NULL */
	bool enforce;	       /* false: observe and report, never change */
	bool selected;
	const hf_when *when;
	size_t n_when;
	const hf_node *meta;	 /* free mapping, or NULL */
	const hf_waiver *waiver; /* in force on this host now; set by hf_model_waive() */
	hf_demand **demands;
	size_t n_demands;
	const hf_baseline *baseline;
	const hf_node *node; /* as merged, after tailoring: lint --resolved */
	hf_mark mark;
	size_t index; /* position in model->controls */

	/* Set by hf_plan_gate(), from the facts. */
	enum { HF_GATE_OPEN, HF_GATE_CLOSED, HF_GATE_UNKNOWN } gate;
	const char *gate_why; /* in the plan's arena */

	bool own_selected; /* by the baselines' own `select` */
};

struct hf_model {
	hf_arena arena;
	hf_baseline **baselines; /* in the order of inheritance, extended ones first */
	size_t n_baselines;
	hf_control **controls; /* in the order declared */
	size_t n_controls;
	hf_map control_by_id;
	hf_demand **demands; /* of all controls, in the order declared */
	size_t n_demands;
	hf_waiver **waivers;
	size_t n_waivers;
	const char **vars; /* name, value, name, value, ... as in force */
	size_t n_vars;	   /* pairs */
	const char **refs; /* distinct host references in use: "unit:docker.service" */
	size_t n_refs;
	bool has_restart;
	hf_restart restart;
	const hf_kind *const *kinds; /* the registry */
	size_t n_kinds;
	hf_map ref_seen; /* by reference: hf_mark *, where it stands first */
};

/* What the loader asks of its caller. */
typedef struct hf_load_request {
	const char *const *names; /* baselines: paths, names or "-" */
	size_t n_names;
	const char *const *sets; /* "VAR=VALUE" */
	size_t n_sets;
	const hf_kind *const *kinds;
	size_t n_kinds;
	/*
	 * Finds and reads a baseline. @name as written; @relative_to is the file that
	 * extends it (NULL: the command line). Fills @ret_source from @arena, or
	 * returns a negative errno with the error set.
	 */
	int (*read)(void *user, const char *name, const char *relative_to,
		    hf_arena *arena, hf_source *ret_source, hf_error **err);
	void *user;
} hf_load_request;

/** hf_model_load - read, layer, substitute, decode, check; all problems go to @diags.
 *  Returns: true if there was no error (warnings do not count). */
bool hf_model_load(hf_model *model, const hf_load_request *request, hf_diags *diags);
void hf_model_done(hf_model *model);

typedef struct hf_selection {
	const char *const *only; /* ids, globs, "tag:T", "ref:NAME/NUMBER" */
	size_t n_only;
	const char *const *skip;
	size_t n_skip;
	long long level; /* up to it; 0: all */
	hf_severity min_severity;
} hf_selection;

/** hf_model_select - set .selected; a term that matches nothing is an error in @diags
 *  (mark-less). The baselines' own `select` is honoured too. */
bool hf_model_select(hf_model *model, const hf_selection *selection, hf_diags *diags);

/** hf_model_is_partial - is any control not selected? pure */
bool hf_model_is_partial(const hf_model *model);

/** hf_model_waive - set .waiver for @hostname at @now (seconds since the epoch, UTC) */
void hf_model_waive(hf_model *model, const char *hostname, int64_t now);

/** hf_control_is_active - selected, not disabled, not manual-only, gate not closed; pure
 */
bool hf_control_is_active(const hf_control *control);

/** hf_control_is_enforced - active, gate open, enforce, not waived: may cause changes;
 * pure */
bool hf_control_is_enforced(const hf_control *control);

/** hf_control_is_claiming - its demands still stand, selected or not: not disabled and
 *  the gate not closed. What no claiming control demands is released. Pure. */
bool hf_control_is_claiming(const hf_control *control);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One unit while it is planned: what is demanded of it, how that stands without our
 * drop-in, with it as it is, and with it as it will be; and the text it will have. Pure.
 */
#ifndef HF_KINDS_UNITS_LINES_H
#define HF_KINDS_UNITS_LINES_H

#include "kinds/units/units_flags.h"
#include "kinds/units/units_view.h"

/* How one demand stands in one stack of files, or in a running process. */
typedef struct hf_units_found {
	bool ok;
	const char *text; /* the value; NULL: absent */
	const char *file; /* where it stands, or NULL */
	unsigned line;
	const char *unknown; /* it cannot be told: why; or NULL */
} hf_units_found;

/* One flag or setting with one wanted value; equal demands of controls share it. */
typedef struct hf_units_line {
	const hf_units_spec *spec;
	const hf_demand **demands; /* of claiming controls */
	size_t n;
	const char *controls; /* their ids, for the comment */
	bool enforced;	      /* some control may have it changed */
	hf_units_found base;
	hf_units_found now;
	hf_units_found after;
	bool in_ours;	     /* our files will see to it */
	bool in_variable;    /* ... the environment file, as it is out of a variable */
	const char *blocked; /* why it cannot, or NULL */
} hf_units_line;

/* The unit by one stack of files. */
typedef struct hf_units_state {
	hf_unit_stack stack;
	hf_units_exec exec;
	hf_flag *flags;
	size_t n_flags;
} hf_units_state;

typedef struct hf_units_work {
	hf_plan *plan;
	hf_arena *arena;
	const hf_model *model;
	const hf_units_obs *obs;
	const hf_units_unit *unit;
	hf_units_line **lines;
	size_t n;
	hf_map line_by_key;
	bool partial;

	hf_units_state base;
	hf_units_state now;
	hf_units_state after;
	const char *exec_line;	 /* our ExecStart=, or NULL: none needed */
	const char *exec_origin; /* the command it is derived from, or NULL */
	bool exec_kept;		 /* it cannot be derived now and stays as it is */
	hf_units_env env;	 /* our environment file as it shall be */
	const char *text;	 /* our drop-in as it shall be; NULL: none */
	size_t text_len;
	const hf_unit_file *parsed; /* of .text */
	hf_group *group; /* set when it or the environment file is to be written */
	bool reloads;	 /* the drop-in is */
} hf_units_work;

/** hf_units_work_add - note a demand of a claiming control; 0 or -ENOMEM */
int hf_units_work_add(hf_units_work *work, const hf_demand *demand) _must_check_;

/** hf_units_work_keep - note a flag of the record that nobody demands any more: a run
 * over a part of the controls keeps it, as it releases nothing; 0 or -ENOMEM */
int hf_units_work_keep(hf_units_work *work, const hf_record_entry *entry) _must_check_;

/** hf_units_state_read - the unit by its files and @ours (NULL: without) with our
 * environment file @env; 0 or -ENOMEM */
int hf_units_state_read(hf_units_work *work, const hf_unit_file *ours,
			const hf_units_env *env, hf_units_state *ret,
			hf_error **err) _must_check_;

/** hf_units_find - how @spec stands in @state; 0 or -ENOMEM */
int hf_units_find(hf_arena *arena, const hf_units_spec *spec, const hf_units_state *state,
		  hf_units_found *ret) _must_check_;

/** hf_units_flags_of - the flags of a state or a process, with what the baseline tells
 *  about them; 0 or -ENOMEM */
int hf_units_flags_of(hf_units_work *work, const hf_argv *argv, hf_flag **ret,
		      size_t *ret_n, hf_error **err) _must_check_;

/** hf_units_find_flag - how a flag demand stands in an argv; 0 or -ENOMEM */
int hf_units_find_flag(hf_arena *arena, const hf_units_spec *spec, const hf_argv *argv,
		       const hf_flag *flags, size_t n_flags,
		       hf_units_found *ret) _must_check_;

/**
 * hf_units_work_compose - judge all lines in all three states and compose our drop-in
 *
 * Sets .base, .now, .after, .in_ours and .blocked of the lines, .exec_line and its
 * companions, .text and .parsed. Returns 0 or -ENOMEM.
 */
int hf_units_work_compose(hf_units_work *work, hf_error **err) _must_check_;

/** hf_units_dropin_write - the text of our drop-in for @work's lines; *ret NULL: it would
 *  hold nothing; 0 or -ENOMEM */
int hf_units_dropin_write(const hf_units_work *work, const char **ret,
			  size_t *ret_len) _must_check_;

/** hf_units_env_compose - our environment file for the variables that @edit took words
 * out of, into @work->env; 0 or -ENOMEM */
int hf_units_env_compose(hf_units_work *work, const hf_flag_edit *edit) _must_check_;

/** hf_units_env_text - what @env holds; NULL: there is no file; pure */
const char *hf_units_env_text(const hf_units_env *env, size_t *ret_len);

/** hf_units_env_stale - a variable that has another value than when our environment file
 *  was derived from it; *ret NULL: none; 0 or -ENOMEM */
int hf_units_env_stale(const hf_units_work *work, const hf_env_var **ret) _must_check_;

/** hf_units_dropin_comment - "# CONTROLS: FLAG absent" of a line; 0 or -ENOMEM */
int hf_units_dropin_comment(hf_strbuf *sb, const hf_units_line *line) _must_check_;

/** hf_units_is_derived - an assignment of our drop-in that stands for flags; pure */
bool hf_units_is_derived(const hf_unit_assign *assign);

/** hf_units_dropin_origin - the command that a drop-in of ours was derived from, as its
 *  comment tells; NULL: none; 0 or -ENOMEM */
int hf_units_dropin_origin(hf_arena *arena, const char *text,
			   const char **ret) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* From the files of a unit to what it runs and sets: pure functions over observations. */
#ifndef HF_KINDS_UNITS_VIEW_H
#define HF_KINDS_UNITS_VIEW_H

#include "kinds/units/units_argv.h"
#include "kinds/units/units_obs.h"
#include "plan/plan.h"

/* The command that a unit runs, from one stack of files. */
typedef struct hf_units_exec {
	size_t n_commands;  /* of all ExecStart= assignments in force */
	hf_unit_value line; /* of the first one */
	hf_cmd cmd;
	hf_env env;
	hf_argv argv;
	const char *broken; /* systemd would not take it: the reason, or NULL */
} hf_units_exec;

/**
 * hf_units_stack - the files of @unit with @ours in its place
 * @ours: our drop-in as it is or will be; NULL: without
 * Returns 0 or -ENOMEM. Pure.
 */
int hf_units_stack(hf_arena *arena, const hf_units_unit *unit, const hf_unit_file *ours,
		   hf_unit_stack *ret, hf_error **err) _must_check_;

/** hf_units_exec_read - ExecStart of a service with its environment; 0 or -ENOMEM; pure
 * @own: our environment file as it is or will be */
int hf_units_exec_read(hf_arena *arena, const hf_units_obs *obs, const char *unit,
		       const hf_unit_stack *stack, const hf_units_env *own,
		       hf_units_exec *ret, hf_error **err) _must_check_;

/* Where a socket unit listens. */
typedef struct hf_units_streams {
	const char **paths; /* the absolute ones of ListenStream= */
	size_t n;
	const char **tcp; /* the internet addresses, as "tcp://..." of dockerd's -H */
	size_t n_tcp;
	const char *doubtful; /* one whose path cannot be told, as written; or NULL */
	const char *why;      /* of .doubtful */
} hf_units_streams;

/** hf_units_listen - the streams of @unit; 0 or -ENOMEM; pure */
int hf_units_listen(hf_arena *arena, const char *unit, const hf_unit_stack *stack,
		    hf_units_streams *ret, hf_error **err) _must_check_;

/** hf_units_sockets - the units of Sockets= of a service; 0 or -ENOMEM; pure */
int hf_units_sockets(hf_arena *arena, const hf_unit_stack *stack, const char ***ret,
		     size_t *ret_n, hf_error **err) _must_check_;

/** hf_units_view_put - fill the plan's view of @unit, from @stack; 0 or -ENOMEM; pure */
int hf_units_view_put(hf_plan *plan, const hf_units_obs *obs, const hf_units_unit *unit,
		      const hf_unit_stack *stack, const hf_units_exec *exec,
		      hf_error **err) _must_check_;

/**
 * hf_units_view_env - fill .vars of @unit's view in the plan
 * @env: as planned
 * @now: as it is; NULL: the same
 *
 * Returns 0 or -ENOMEM. Pure.
 */
int hf_units_view_env(hf_plan *plan, const hf_units_unit *unit, const hf_env *env,
		      const hf_env *now, hf_error **err) _must_check_;

/** hf_units_ref_unit - the unit that a reference is about: "socket:docker.service" means
 *  docker.socket; *ret NULL: it is about none; 0 or -ENOMEM; pure */
int hf_units_ref_unit(hf_arena *arena, const char *ref, const char **ret) _must_check_;

/** hf_units_refs_put - set the unit:, exec: and socket: references that @model uses,
 *  and the engine's unit, from the views; 0 or -ENOMEM; pure */
int hf_units_refs_put(hf_plan *plan, const hf_units_obs *obs, const hf_model *model,
		      hf_error **err) _must_check_;

/**
 * hf_units_mounts - what unit @unit mounts for its processes, but a root of its own
 * @ret: in @arena
 *
 * As systemd.exec(5): BindPaths=, TemporaryFileSystem=, InaccessiblePaths=, MountImages=,
 * ExtensionDirectories= and their like. 0 or -ENOMEM. Pure.
 */
int hf_units_mounts(hf_arena *arena, const char *unit, const hf_unit_stack *stack,
		    hf_unit_mount **ret, size_t *ret_n, hf_error **err) _must_check_;

#endif

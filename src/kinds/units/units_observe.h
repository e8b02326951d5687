/* SPDX-License-Identifier: Apache-2.0 */
/* Reading units: the only files of this kind that touch the host. */
#ifndef HF_KINDS_UNITS_OBSERVE_H
#define HF_KINDS_UNITS_OBSERVE_H

#include "host/host.h"
#include "host/unit_dirs.h"
#include "kinds/units/units_obs.h"

struct hf_plan;

/* What units are read with. */
typedef struct hf_units_search {
	hf_host *host;
	hf_arena *arena;
	hf_unit_dirs dirs;
} hf_units_search;

/** hf_units_search_open - list the directories; reads host; 0 or -ENOMEM */
int hf_units_search_open(hf_host *host, hf_arena *arena, hf_units_search *ret,
			 hf_error **err) _must_check_;

/** hf_units_may_have_own - may there be files of ours for unit @name? Not where the
 * listing of what is above them has no directory for them: a look for each costs the
 * kernel a comparison with all rules for files that do not exist. pure; 1, 0 or -ENOMEM
 */
int hf_units_may_have_own(const hf_units_search *search, const char *name) _must_check_;

/** hf_units_read - fragment and drop-ins of @name from disk; what cannot be read makes it
 *  HF_UNIT_BAD with the reason; reads host; 0 or -ENOMEM */
int hf_units_read(const hf_units_search *search, const char *name, hf_units_unit **ret,
		  hf_error **err) _must_check_;

/** hf_units_is_mask - is @path a symlink to /dev/null, which the tree need not have?
 * reads host; 0 or -ENOMEM */
int hf_units_is_mask(hf_host *host, hf_arena *arena, const char *path,
		     bool *ret) _must_check_;

/** hf_units_manager_read - .default_env of @obs; reads host; 0 or -ENOMEM */
int hf_units_manager_read(hf_host *host, hf_arena *arena, hf_units_obs *obs,
			  hf_error **err) _must_check_;

/** hf_units_manager_ask - .manager_env of @obs; asks the manager; 0 or -ENOMEM */
int hf_units_manager_ask(hf_host *host, hf_arena *arena, hf_units_obs *obs,
			 hf_error **err) _must_check_;

/** hf_units_live_read - what the manager and the running process say; reads host
 *
 * @ret_dead: set when the manager does not answer at all: asking on would only wait.
 * Returns 0 or -ENOMEM. */
int hf_units_live_read(hf_host *host, hf_arena *arena, hf_units_unit *unit,
		       bool *ret_dead, hf_error **err) _must_check_;

/** hf_units_ahead - hf_kind.ahead: the directories of units */
int hf_units_ahead(hf_host *host, struct hf_plan *plan, hf_error **err) _must_check_;

/** hf_units_observe - hf_kind.observe */
int hf_units_observe(hf_host *host, const hf_model *model, struct hf_plan *plan,
		     hf_error **err);

#endif

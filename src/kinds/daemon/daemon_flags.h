/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags of dockerd's command line that stand in the way of demands on daemon.json: a key
 * given both ways stops dockerd, so the flag has to go for the key to be set. What this
 * kind tells the units kind, which has the command line.
 */
#ifndef HF_KINDS_DAEMON_FLAGS_H
#define HF_KINDS_DAEMON_FLAGS_H

#include "plan/plan.h"

typedef struct hf_daemon_flag {
	const hf_demand *demand;
	const char *name; /* "--log-level" */
	bool movable;	  /* some control may have it changed now */
} hf_daemon_flag;

/**
 * hf_daemon_flags - the flags of a command line that do not meet claiming demands
 * @argv: dockerd's words without our drop-in, the program first
 * @ret:  array in the plan's arena, one for each demand, in their order
 *
 * An equal flag is no obstacle: it meets the demand where it stands. Pure. Returns 0 or
 * -ENOMEM.
 */
int hf_daemon_flags(const hf_model *model, hf_plan *plan, const hf_arg *argv, size_t n,
		    hf_daemon_flag **ret, size_t *ret_n) _must_check_;

#endif

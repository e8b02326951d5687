/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A saved plan: what `plan --save` writes and `apply --plan` carries out, and nothing
 * else.
 *
 * JSON, mode 0600, one line for each change and group so that two of them can be compared
 * with diff(1), then a last line with the digest of all before it. It holds the command
 * line, the digests of the baselines, and of every file before and after. apply plans
 * again from the host and refuses when the result is not the saved one.
 */
#ifndef HF_CLI_SAVED_H
#define HF_CLI_SAVED_H

#include <jansson.h>

#include "cli/run.h"

/** hf_saved_write - write the surveyed run's plan to .save of the options; 0 or the exit
 *  status */
int hf_saved_write(hf_run *run) _must_check_;

/** hf_saved_load - read the file of --plan and make the command line what it was for the
 *  saved plan; 0 or the exit status. Strings live in the options' arena.
 *  @ret: the saved plan; the caller decrefs */
int hf_saved_load(hf_cli *cli, json_t **ret) _must_check_;

/** hf_saved_compare - is what was planned now the saved plan? 0, or the exit status after
 *  the differences have been told */
int hf_saved_compare(hf_run *run, const json_t *saved) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the running dockerd tells over its API. */
#ifndef HF_KINDS_DAEMON_API_H
#define HF_KINDS_DAEMON_API_H

#include "host/host.h"
#include "kinds/daemon/daemon_state.h"

/**
 * hf_daemon_ask - fill plan->engine and @obs->shown from the API
 * @newer: the file is newer than the process: look at the default bridge and for
 *         reloads as well
 * @plugins: the plugins that dockerd has loaded go into @obs->plugins
 *
 * A dockerd that does not answer is no error: what it would tell stays UNKNOWN, with
 * the reason. Returns 0 or -ENOMEM. Reads host.
 */
int hf_daemon_ask(struct hf_host *host, hf_plan *plan, hf_daemon_obs *obs,
		  const char *engine, bool newer, bool plugins);

/** hf_daemon_list_plugins - add to @obs->plugins the plugins that dockerd could load, by
 *  their sockets and spec files; 0 or -ENOMEM; reads host */
int hf_daemon_list_plugins(struct hf_host *host, hf_plan *plan, hf_daemon_obs *obs);

#endif

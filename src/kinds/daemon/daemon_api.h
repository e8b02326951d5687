/* SPDX-License-Identifier: Apache-2.0 */
/* What the running dockerd tells over its API. */
#ifndef HF_KINDS_DAEMON_API_H
#define HF_KINDS_DAEMON_API_H

#include "host/host.h"
#include "kinds/daemon/daemon_state.h"

/* Beside what every plan needs. */
typedef struct hf_daemon_questions {
	bool newer; /* the file is newer than the process: the default bridge, reloads */
	bool plugins; /* those that dockerd has loaded, into obs->plugins */
	bool store;   /* what it keeps, into obs->store */
} hf_daemon_questions;

/**
 * hf_daemon_ask - fill plan->engine and @obs->shown from the API
 * @what: what is asked for; each is a request or two, which others do not pay for
 *
 * A dockerd that does not answer is no error: what it would tell stays UNKNOWN, with
 * the reason. Returns 0 or -ENOMEM. Reads host.
 */
int hf_daemon_ask(struct hf_host *host, hf_plan *plan, hf_daemon_obs *obs,
		  const char *engine, const hf_daemon_questions *what);

/** hf_daemon_list_plugins - add to @obs->plugins the plugins that dockerd could load, by
 *  their sockets and spec files; 0 or -ENOMEM; reads host */
int hf_daemon_list_plugins(struct hf_host *host, hf_plan *plan, hf_daemon_obs *obs);

#endif

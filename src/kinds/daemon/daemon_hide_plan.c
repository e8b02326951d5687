/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that decide what dockerd finds of what it keeps. Pure. */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_kind.h"
#include "kinds/daemon/daemon_state.h"

/* "data-root", "features.containerd-snapshotter" */
static const hf_dkey *key_of(const char *name)
{
	for (size_t i = 0; i < hf_dkeys_n; i++) {
		size_t len = strlen(hf_dkeys[i].name);

		if (strncmp(name, hf_dkeys[i].name, len) == 0 &&
		    (name[len] == '\0' || name[len] == '.'))
			return hf_daemon_hides_data(&hf_dkeys[i],
						    name[len] ? name + len + 1 : NULL)
				       ? &hf_dkeys[i]
				       : NULL;
	}
	return NULL;
}

bool hf_daemon_name_hides(const char *name)
{
	return key_of(name) != NULL;
}

static const char *unknown_why(const hf_plan *plan, const hf_daemon_obs *obs)
{
	if (obs && obs->store.why)
		return obs->store.why;
	if (plan->options.offline)
		return "in a tree no dockerd runs";
	if (obs && obs->running == HF_ABSENT)
		return "dockerd does not run";
	if (obs && obs->running == HF_UNKNOWN && obs->running_why)
		return obs->running_why;
	if (plan->options.store == HF_STORE_UNASKED)
		return "'holdfast plan' asks dockerd";
	return obs && obs->api_why ? obs->api_why : "dockerd was not asked";
}

/*
 * Volumes are below the data-root, whatever keeps the images: with another storage driver
 * they stay in view (volume/service in moby), and containers of the former one do not
 * (restore() in daemon/daemon.go). So it is where containerd keeps the images.
 */
const hf_store *hf_daemon_hides(hf_plan *plan, const hf_dkey *key)
{
	const hf_daemon_obs *obs = plan->obs[HF_RANK_DAEMON];
	hf_store *store = hf_arena_new(&plan->arena, hf_store);

	if (!store)
		return NULL;
	if (obs)
		*store = obs->store;
	store->why = unknown_why(plan, obs);
	for (size_t i = 0; i < HF_STORE_SORTS_; i++)
		if (store->sorts[i].known != HF_PRESENT)
			store->sorts[i].known = HF_UNKNOWN;
	if (!(key->flags & HF_DKEY_HIDES_VOLUMES))
		store->sorts[HF_STORE_VOLUMES].known = HF_ABSENT;
	return store;
}

int hf_daemon_id_hides(hf_plan *plan, const char *id, const hf_store **ret)
{
	const char *hash = strrchr(id, '#');
	const hf_dkey *key = hash ? key_of(hash + 1) : NULL;

	*ret = key ? hf_daemon_hides(plan, key) : NULL;
	return key && !*ret ? -ENOMEM : 0;
}

const char *hf_daemon_hidden(hf_plan *plan, const hf_store *store)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	hf_store_hidden(&sb, store);
	return hf_strbuf_ok(&sb) ? hf_arena_strdup(&plan->arena, hf_strbuf_str(&sb))
				 : NULL;
}

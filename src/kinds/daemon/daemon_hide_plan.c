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

bool hf_daemon_file_is_older(const hf_daemon_obs *obs)
{
	return obs->started_usec && obs->started_usec + HF_TICK_USEC >= obs->changed_usec;
}

/* 1, 0, -ENOMEM */
static int same(const hf_json *a, const hf_json *b)
{
	return a && b ? hf_daemon_equal(a, b) : a == b;
}

/* The file has the key, and it is not known whether it had it when dockerd was started:
 * does what the API shows tell? 1, 0, -ENOMEM */
static int is_perhaps_new(const hf_daemon_obs *obs, const hf_dkey *key,
			  const hf_daemon_value *next)
{
	const hf_json *shown = hf_map_get(&obs->shown, key->name);
	bool remap = strcmp(key->name, "userns-remap") == 0;
	int r;

	if (next->source != HF_DAEMON_FROM_FILE)
		/* gone from the file; it is shown where it is not in force */
		return remap && obs->asked && !shown && !next->flag;
	if (shown) {
		r = same(shown, next->value);
		return r < 0 ? r : !r;
	}
	if (remap && obs->asked)
		return 0;
	return strcmp(key->name, "storage-driver") != 0 || !obs->driver ||
	       next->value->type != HF_JSON_STRING ||
	       strcmp(next->value->text, obs->driver) != 0;
}

/* 1, 0, -ENOMEM */
static int is_hiding(hf_plan *plan, const hf_daemon_obs *obs, const hf_dkey *key,
		     const hf_daemon_config *was, bool file_known,
		     const hf_daemon_config *next)
{
	const char *subkey =
		key->flags & HF_DKEY_HIDES_DATA ? NULL : "containerd-snapshotter";
	hf_daemon_value a, b;
	int r;

	if (hf_daemon_in_force(was, key, subkey, &plan->arena, &a) < 0 ||
	    hf_daemon_in_force(next, key, subkey, &plan->arena, &b) < 0)
		return -ENOMEM;
	r = same(a.value, b.value);
	if (r < 0 || !r)
		return r < 0 ? r : 1;
	return file_known ? 0 : is_perhaps_new(obs, key, &b);
}

int hf_daemon_hiding(hf_plan *plan, const hf_daemon_obs *obs, const hf_daemon_config *was,
		     bool file_known, const hf_daemon_config *next,
		     const hf_dkey *ret[HF_DAEMON_HIDING_MAX], size_t *ret_n)
{
	*ret_n = 0;
	for (size_t i = 0; i < hf_dkeys_n && *ret_n < HF_DAEMON_HIDING_MAX; i++) {
		int r;

		if (!hf_daemon_hides_data(&hf_dkeys[i], NULL))
			continue;
		r = is_hiding(plan, obs, &hf_dkeys[i], was, file_known, next);
		if (r < 0)
			return r;
		if (r)
			ret[(*ret_n)++] = &hf_dkeys[i];
	}
	return 0;
}

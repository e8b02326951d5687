/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every key dockerd knows in daemon.json, of all releases from 20.10 on.
 *
 * dockerd's own check is no oracle: singular flag names pass it and do nothing, and so
 * does any key whose value is an object (daemon/config/config.go, configValuesSet). This
 * table is exact: name, type, flag, default, releases, and what puts a change in force.
 */
#ifndef HF_KINDS_DAEMON_KEYS_H
#define HF_KINDS_DAEMON_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "kinds/daemon/daemon_json.h"

typedef enum hf_dtype {
	HF_DTYPE_BOOL,
	HF_DTYPE_INT,
	HF_DTYPE_STRING,
	HF_DTYPE_LIST,	   /* of strings */
	HF_DTYPE_POOLS,	   /* default-address-pools: list of {base, size} */
	HF_DTYPE_MAP,	   /* of strings */
	HF_DTYPE_BOOL_MAP, /* features */
	HF_DTYPE_OBJECT,   /* of values of any shape: runtimes, builder, ... */
} hf_dtype;

typedef enum hf_force {
	HF_FORCE_RESTART,
	HF_FORCE_RESTART_EMPTY, /* of the default bridge: skipped while containers run */
	HF_FORCE_RESTART_NEW,	/* restart, then for containers made from then on */
	HF_FORCE_RELOAD,       /* SIGHUP; removing the key does not restore the default */
	HF_FORCE_RELOAD_RESET, /* SIGHUP; removing it does */
} hf_force;

#define HF_DKEY_SECRET 1u	 /* may hold credentials: never shown */
#define HF_DKEY_HIDES_DATA 2u	 /* images and containers vanish from view ... */
#define HF_DKEY_HIDES_VOLUMES 4u /* ... and volumes, too */

typedef struct hf_dkey {
	const char *name;
	hf_dtype type;
	const char *flag;     /* long name without dashes; NULL: the key has no flag */
	char letter;	      /* short flag, 0: none */
	const char *standard; /* the default as JSON; NULL: none, or the host decides */
	const char *since;    /* first release; NULL: 20.10 or before */
	const char *gone;     /* first release without it; NULL: none */
	hf_force force;
	unsigned flags;
	/* where the default changed: what it was before that release */
	const char *changed_in;
	const char *standard_before;
} hf_dkey;

extern const hf_dkey hf_dkeys[];
extern const size_t hf_dkeys_n;

/** hf_dkey_find - by key name, NULL if there is none; pure */
const hf_dkey *hf_dkey_find(const char *name);

/** hf_dkey_host - a host as dockerd reads it: blanks around it do not count, and what has
 *  no scheme is TCP; "" stands for the default; NULL: no memory; pure;
 *  opts.ParseHost() of Docker */
const char *hf_dkey_host(hf_arena *arena, const char *text) _must_check_;

/** hf_dkey_by_flag - by long flag name, NULL: no key has it. @engine chooses between
 *  host-gateway-ip and host-gateway-ips, which share one; may be NULL. Pure. */
const hf_dkey *hf_dkey_by_flag(const char *flag, const char *engine);

/** hf_dkey_by_letter - by short flag; pure */
const hf_dkey *hf_dkey_by_letter(char letter);

/** hf_dkey_nearest - the most likely meant name for an unknown one, or NULL; pure */
const char *hf_dkey_nearest(const char *name);

/** hf_dkey_is_flag_only - a flag of dockerd that no key of the table stands for
 *  ("config-file"); @engine NULL: of any release; pure */
bool hf_dkey_is_flag_only(const char *name, const char *engine);

/** hf_dkey_flag_takes_value - of a flag that no key stands for; pure */
bool hf_dkey_flag_takes_value(const char *name);

/* Flags that are members of the key "proxies". */
#define HF_DKEY_PROXIES_N 3
extern const char *const hf_dkey_proxies[HF_DKEY_PROXIES_N];

/** hf_dkey_is_proxy - one of these? pure */
bool hf_dkey_is_proxy(const char *name);

/** hf_dkey_known_in - does this engine know the key? @engine NULL: some engine does.
 * Pure. */
bool hf_dkey_known_in(const hf_dkey *key, const char *engine);

/** hf_dkey_standard - the default's JSON text; NULL: none, or @engine (NULL: unknown)
 *  would decide; pure */
const char *hf_dkey_standard(const hf_dkey *key, const char *engine);

/** hf_dkey_is_map - is it owned by its sub-keys? pure */
bool hf_dkey_is_map(const hf_dkey *key);
bool hf_dkey_is_list(const hf_dkey *key);
bool hf_dkey_is_reloadable(const hf_dkey *key);

/** hf_dkey_subkeys - the sub-keys that exist, NULL when any name is one; pure */
const char *const *hf_dkey_subkeys(const hf_dkey *key, size_t *ret_n);

/** hf_dkey_is_secret - the key, or this member of it (NULL: as a whole); pure */
bool hf_dkey_is_secret(const hf_dkey *key, const char *subkey);

/** hf_dkey_accepts - is this value's type right? null counts as a type of all, but not
 *  as an element of a list. @subkey: @value is that member. Returns: NULL, or what is
 *  expected instead. Pure. */
const char *hf_dkey_accepts(const hf_dkey *key, const char *subkey, const hf_json *value);

#endif

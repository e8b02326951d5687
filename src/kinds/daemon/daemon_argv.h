/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dockerd's command line, read as dockerd reads it (spf13/pflag): which keys it sets, to
 * what, and where that stands.
 */
#ifndef HF_KINDS_DAEMON_ARGV_H
#define HF_KINDS_DAEMON_ARGV_H

#include "kinds/daemon/daemon_keys.h"
#include "plan/unit_view.h"

typedef struct hf_dflag {
	const hf_json *value; /* of the key's type; NULL: not on the command line */
	const hf_arg *arg;    /* its first word */
	const char *written;  /* "--log-level", "-H": as written there */
} hf_dflag;

/* A flag that stands for no key: of another release, "--config-file" and the like. */
typedef struct hf_dother {
	const char *written;
	const char *value; /* NULL: none */
	const hf_arg *arg;
} hf_dother;

typedef struct hf_dargv {
	hf_dflag *flags; /* hf_dkeys_n of them, by index in hf_dkeys */
	const hf_dflag *proxies[HF_DKEY_PROXIES_N]; /* as in hf_dkey_proxies */
	const char *config_file;		    /* --config-file, or NULL */
	hf_dother *others;
	size_t n_others;
} hf_dargv;

/**
 * hf_dargv_parse - read a command line
 * @argv: the words, the program first; stay borrowed by the result
 * @engine: dockerd's version, NULL: unknown
 *
 * Unknown flags set nothing: dockerd would not start with them. Returns 0 or -ENOMEM.
 * Pure.
 */
int hf_dargv_parse(const hf_arg *argv, size_t n, const char *engine, hf_arena *arena,
		   hf_dargv *ret) _must_check_;

/** hf_dargv_get - the flag that sets @key (and with @subkey, anything that conflicts with
 *  it in the file: a flag of a map stands for the whole map); NULL: none. Pure. */
const hf_dflag *hf_dargv_get(const hf_dargv *argv, const hf_dkey *key,
			     const char *subkey);

#endif

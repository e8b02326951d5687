/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of packages from dpkg's database, read as text; for facts_read.c. */
#ifndef HF_HOST_FACTS_PACKAGE_H
#define HF_HOST_FACTS_PACKAGE_H

#include <stdbool.h>

#include "host/host.h"

#define HF_DPKG_STATUS "/var/lib/dpkg/status"
#define HF_DPKG_STATUS_D "/var/lib/dpkg/status.d"

typedef struct hf_packages {
	bool read;
	hf_known known; /* of a dpkg database: PRESENT, ABSENT, UNKNOWN */
	bool looked_for_status_d;
	bool has_status_d;
	const char *why;
	const char *text; /* of HF_DPKG_STATUS, in .arena */
	void *mapped;	  /* .text is a mapping of the file; or NULL */
	size_t len;
	hf_arena arena;
} hf_packages;

void hf_packages_done(hf_packages *p);

/**
 * hf_package_version - upstream version of the installed package @name, "20.10.24"
 *
 * Reads the database at the first call. Returns: the version in @p's arena; NULL: not
 * installed, no database, or out of memory (then -ENOMEM in @ret_error).
 */
const char *hf_package_version(hf_host *host, hf_packages *p, const char *name,
			       int *ret_error);

/** hf_package_upstream - "5:26.1.5+dfsg1-9" to "26.1.5"; in @arena; NULL: no memory */
char *hf_package_upstream(hf_arena *arena, const char *version, size_t len) _must_check_;

/** hf_package_find - Version: of the stanza of @name that is installed (deb822(5))
 *  @is_status: the stanza must say "install ok installed". NULL: none. Pure. */
const char *hf_package_find(const char *text, size_t len, const char *name,
			    bool is_status, size_t *ret_len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is run to ask it something, without the rights to change anything. */
#ifndef HF_HOST_NOBODY_H
#define HF_HOST_NOBODY_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define HF_NOBODY_ID 65534u		 /* user and group nobody, by number */
#define HF_NOBODY_FILE "/proc/self/fd/3" /* where it finds the bytes that it is given */
#define HF_NOBODY_OUTPUT_MAX ((size_t)16 << 10) /* bytes that are kept of its output */

typedef struct hf_nobody {
	const char *const
		*argv;		/* NULL at the end; without a slash: looked for in PATH */
	const char *const *env; /* all of its environment, NULL at the end */
	const char *bytes;	/* what HF_NOBODY_FILE holds; NULL: there is none */
	size_t len;
	uint64_t timeout_usec;
} hf_nobody;

typedef struct hf_nobody_answer {
	int status;	    /* its exit status; -1: it has none */
	const char *why;    /* then: "killed by signal 9", "no answer within 10 s", ... */
	const char *output; /* standard output and error; "" if it said nothing */
} hf_nobody_answer;

/**
 * hf_nobody_run - run a program as nobody, and wait for it
 * @ret: strings in @arena
 *
 * The user and group are 65534, without supplementary groups, no_new_privs is set, and of
 * the capabilities of root it keeps CAP_DAC_READ_SEARCH alone: it may read, such as a key
 * of mode 0400 that its configuration names, and no other process of that user may look
 * into it (ptrace(2), access mode checking). Run by an ordinary user it stays that user,
 * without capabilities. It has /dev/null as standard input, a pipe for the rest, and the
 * bytes in a sealed file without a name; nothing else that is open here.
 *
 * At the deadline it is killed, with its process group. What kept it from answering is
 * in @ret, not an error. Errors: -ENOMEM, and those of pipe, memfd_create and fork.
 * Changes nothing by itself. Source: capabilities(7), memfd_create(2).
 */
int hf_nobody_run(const hf_nobody *what, hf_arena *arena, hf_nobody_answer *ret,
		  hf_error **err) _must_check_;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Demands of the section `daemon`, and what is known about the host's dockerd. */
#ifndef HF_KINDS_DAEMON_SPEC_H
#define HF_KINDS_DAEMON_SPEC_H

#include "kinds/daemon/daemon_json.h"
#include "kinds/daemon/daemon_keys.h"
#include "model/kind.h"

typedef enum hf_daemon_op {
	HF_DAEMON_SET,
	HF_DAEMON_UNSET,
	HF_DAEMON_ADD,
	HF_DAEMON_FORBID,
	HF_DAEMON_REQUIRE,
} hf_daemon_op;

/* hf_demand.spec of this kind. */
typedef struct hf_daemon_spec {
	hf_daemon_op op;
	const hf_dkey *key;
	const char *subkey;   /* NULL: the key as a whole */
	const char *name;     /* "icc", "log-opts.max-size": the id's part after '#' */
	const hf_json *value; /* SET: it; ADD, FORBID: the list; else NULL */
	const char *wanted;   /* for people and for the identity of rows */
} hf_daemon_spec;

/** hf_daemon_decode - hf_kind.decode; pure */
int hf_daemon_decode(hf_decoder *d, const hf_node *node);

/** hf_daemon_check - hf_kind.check: contradictions that hold on every host; pure */
int hf_daemon_check(const hf_model *model, hf_diags *diags);

/** hf_daemon_check_active - contradictions between controls whose `when` holds here
 *  only; 0 or -ENOMEM; pure */
int hf_daemon_check_active(const hf_model *model, hf_diags *diags);

/** hf_daemon_is_forbidden - does @value equal, or as text match as a glob, an element of
 *  @list? Of a list any element counts. Returns 1, 0, -ENOMEM. Pure. */
int hf_daemon_is_forbidden(const hf_json *value, const hf_json *list);

/** hf_daemon_contains - are all elements of @wanted in @list (NULL: empty)? Returns 1, 0,
 *  -ENOMEM. Pure. */
int hf_daemon_contains(const hf_json *list, const hf_json *wanted);

/** hf_daemon_list_add - append to @list the elements of @more (NULL: none) that are not
 * in
 *  @but (NULL: all), and note them in @seen; both by canonical text; 0 or -ENOMEM; pure
 */
int hf_daemon_list_add(hf_json *list, const hf_json *more, const hf_map *but,
		       hf_map *seen, hf_arena *arena);

/** hf_daemon_equal - the same value for dockerd: order of lists has no meaning. Returns
 *  1, 0, -ENOMEM. Pure. */
int hf_daemon_equal(const hf_json *a, const hf_json *b);

/** hf_daemon_hides_data - would a change make images or volumes vanish from view? pure */
bool hf_daemon_hides_data(const hf_dkey *key, const char *subkey);

/** hf_daemon_report_unknown - dockerd has no key @name: with what was meant, if that can
 * be told */
void hf_daemon_report_unknown(hf_diags *diags, hf_mark mark, const char *name);

#endif

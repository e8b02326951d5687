/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/hold.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "engine/state_file.h"
#include "host/fs_image.h"

static int damaged(hf_error **err)
{
	(void)hf_error_at(err, -EBADMSG, HF_HOLD_PATH, 0, 0, "the hold is damaged");
	return hf_error_hint(err, "set it anew with 'holdfast hold', or end it with "
				  "'holdfast unhold'");
}

int hf_hold_read(hf_host *host, int64_t now, hf_arena *arena, hf_hold *ret,
		 hf_error **err)
{
	const char *reason = NULL, *user = NULL;
	json_int_t until = 0;
	json_t *root;
	bool exists;
	int r = hf_state_file_read(host, HF_HOLD_PATH, arena, &root, &exists, err);

	*ret = (hf_hold){ 0 };
	if (r < 0 || !exists)
		return r;
	if (!root || json_unpack(root, "{s:I, s:s, s:s}", "until", &until, "reason",
				 &reason, "user", &user) < 0) {
		json_decref(root);
		return damaged(err);
	}
	ret->until = until;
	ret->in_force = until > now;
	ret->reason = hf_arena_strdup(arena, reason);
	ret->user = hf_arena_strdup(arena, user);
	json_decref(root);
	return ret->reason && ret->user ? 0 : hf_error_oom(err);
}

int hf_hold_set(hf_host *host, int64_t until, const char *reason, const char *user,
		hf_error **err)
{
	return hf_state_file_write_json(host, HF_HOLD_PATH,
					json_pack("{s:I, s:s, s:s}", "until",
						  (json_int_t)until, "reason", reason,
						  "user", user),
					err);
}

int hf_hold_clear(hf_host *host, hf_error **err)
{
	return hf_fs_unlink(host, HF_HOLD_PATH, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/daemon/daemon_kind.h"

#include <errno.h>

#include "base/mask.h"
#include "kinds/daemon/daemon_state.h"

/* Every string below @value: its bytes as they stand between the quotes, and read. */
static void hide(const char *bytes, const hf_json *value, hf_mask *mask)
{
	if (value->type == HF_JSON_STRING) {
		hf_mask_add_bytes(mask, bytes + value->start + 1,
				  value->end - value->start - 2);
		hf_mask_add(mask, value->text); /* as others quote it */
	}
	for (size_t i = 0; i < value->n; i++)
		hide(bytes, value->items[i], mask);
}

static void secrets(const char *bytes, size_t len, hf_mask *mask)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_error_freep) hf_error *broken = NULL; /* then it is no daemon.json */
	hf_json *root;
	int r = hf_json_parse("daemon.json", bytes, len, &arena, &root, &broken);

	mask->oom |= r == -ENOMEM;
	for (size_t i = 0; !r && i < root->n; i++) {
		const hf_json *value = root->items[i];
		const hf_dkey *key = hf_dkey_find(value->key);

		if (key && value->type != HF_JSON_OBJECT && hf_dkey_is_secret(key, NULL))
			hide(bytes, value, mask);
		for (size_t k = 0; key && value->type == HF_JSON_OBJECT && k < value->n;
		     k++)
			if (hf_dkey_is_secret(key, value->items[k]->key))
				hide(bytes, value->items[k], mask);
	}
}

const hf_kind hf_kind_daemon = {
	.name = "daemon",
	.rank = HF_RANK_DAEMON,
	.id_form = HF_ID_FILE,
	.decode = hf_daemon_decode,
	.check = hf_daemon_check,
	.ahead = hf_daemon_ahead,
	.observe = hf_daemon_observe,
	.plan = hf_daemon_plan,
	.secrets = secrets,
	.hides = hf_daemon_id_hides,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/hold.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "engine/state_file.h"
#include "host/fs_image.h"

static int damaged(hf_host *host, hf_error **err)
{
	(void)hf_error_at(err, -EBADMSG, HF_HOLD_PATH, 0, 0, "the hold is damaged");
	return hf_error_hint(err,
			     "set it anew with 'holdfast hold%s', or end it with "
			     "'holdfast unhold%s'",
			     hf_host_option(host), hf_host_option(host));
}

/* "": it is over. @ret: false: this is no hold. */
static const char *text_of(const hf_json *root, int64_t now, hf_arena *arena, bool *ret)
{
	const char *reason = "", *user = "";
	int64_t until = 0;
	char when[32] = "";
	struct tm tm;
	time_t t;

	*ret = hf_json_get_int(root, "until", &until) &&
	       hf_json_get_string(root, "reason", &reason) &&
	       hf_json_get_string(root, "user", &user);
	if (!*ret || until <= now)
		return "";
	t = (time_t)until;
	if (gmtime_r(&t, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%SZ", &tm);
	return hf_arena_printf(arena, "on hold until %s: %s (%s)", when, reason, user);
}

int hf_hold_text(hf_host *host, int64_t now, hf_arena *arena, const char **ret,
		 hf_error **err)
{
	const char *text;
	hf_json *root;
	bool exists, good;
	int r = hf_state_file_read(host, HF_HOLD_PATH, arena, &root, &exists, err);

	*ret = NULL;
	if (r < 0 || !exists)
		return r;
	text = text_of(root, now, arena, &good);
	if (!good)
		return damaged(host, err);
	if (!text)
		return hf_error_oom(err);
	*ret = *text ? text : NULL;
	return 0;
}

int hf_hold_check(hf_host *host, int64_t now, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	const char *text;
	int r = hf_hold_text(host, now, &arena, &text, err);

	if (r < 0 || !text)
		return r;
	(void)hf_error_set(err, -EINPROGRESS, "this host is %s", text);
	return hf_error_hint(err, "'holdfast unhold%s' ends it", hf_host_option(host));
}

int hf_hold_set(hf_host *host, int64_t until, const char *reason, const char *user,
		hf_error **err)
{
	hf_json_writer w = { 0 };

	hf_json_open(&w, NULL, '{');
	hf_json_write_int(&w, "until", until);
	hf_json_write_text(&w, "reason", reason);
	hf_json_write_text(&w, "user", user);
	hf_json_close(&w, '}');
	hf_strbuf_addc(&w.sb, '\n');
	return hf_state_file_write_json(host, HF_HOLD_PATH, &w, err);
}

int hf_hold_clear(hf_host *host, hf_error **err)
{
	return hf_fs_unlink(host, HF_HOLD_PATH, err);
}

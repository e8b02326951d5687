/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/state_file.h"

#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "host/fs_image.h"

int hf_state_file_write(hf_host *host, const char *path, const char *text, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	bool own_tree = host->offline && !host->is_root;
	const hf_image image = {
		.exists = true,
		.bytes = text,
		.len = strlen(text),
		.uid = own_tree ? geteuid() : 0,
		.gid = own_tree ? getegid() : 0,
		.mode = 0600,
	};
	char *dir = hf_path_dir(&arena, path), *made;
	int r;

	if (!dir)
		return hf_error_oom(err);
	r = hf_fs_mkdir(host, dir, image.uid, image.gid, 0700, &arena, &made, err);
	return r < 0 ? r : hf_fs_restore(host, path, &image, err);
}

/* The login it goes back to: proc(5), loginuid. */
const char *hf_state_user(hf_arena *arena)
{
	unsigned login = (unsigned)-1;
	FILE *f = fopen("/proc/self/loginuid", "re");

	if (f) {
		if (fscanf(f, "%u", &login) != 1)
			login = (unsigned)-1;
		(void)fclose(f);
	}
	if (login == (unsigned)-1)
		return hf_arena_printf(arena, "uid %u", (unsigned)getuid());
	return hf_arena_printf(arena, "uid %u, login uid %u", (unsigned)getuid(), login);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/state_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "host/fs_image.h"

int hf_state_schema_check(const char *path, const char *schema, const char *program,
			  hf_error **err)
{
	int r;

	if (strncmp(schema, "1.", 2) == 0 || strncmp(schema, "2.", 2) == 0)
		return 0;
	r = hf_error_at(err, -ENOTSUP, path, 0, 0,
			"'%s' was written by %s%s in schema '%s', which this version "
			"(%s) cannot read",
			path, program ? "holdfast " : "another version of holdfast",
			program ? program : "", schema, PACKAGE_VERSION);
	(void)hf_error_hint(err, "use the version that wrote it, or a later one");
	return r;
}

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
	char *dir = hf_path_dir(&arena, path);
	int r;

	if (!dir)
		return hf_error_oom(err);
	r = hf_fs_mkdir(host, dir, image.uid, image.gid, 0700, NULL, err);
	return r < 0 ? r : hf_fs_restore(host, path, &image, err);
}

int hf_state_written(const hf_json_writer *w, hf_error **err)
{
	if (!hf_strbuf_ok(&w->sb))
		return hf_error_oom(err);
	if (w->not_text)
		return hf_error_set(err, -EILSEQ,
				    "'%s' is not UTF-8, so it cannot be recorded",
				    w->not_text);
	return 0;
}

int hf_state_file_write_json(hf_host *host, const char *path, hf_json_writer *w,
			     hf_error **err)
{
	int r = hf_state_written(w, err);

	if (!r)
		r = hf_state_file_write(host, path, hf_strbuf_str(&w->sb), err);
	hf_strbuf_done(&w->sb);
	return r;
}

int hf_state_file_read(hf_host *host, const char *path, hf_arena *arena, hf_json **ret,
		       bool *exists, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	size_t len;
	char *text;
	int r = hf_fs_read(host, path, 0, arena, &text, &len, NULL, &why);

	*ret = NULL;
	*exists = r != -ENOENT && r != -ENOTDIR;
	if (!*exists)
		return 0;
	if (r < 0) {
		if (err)
			*err = take_ptr(why);
		return r;
	}
	r = hf_json_parse(path, text, len, arena, ret, &why);
	return r == -ENOMEM ? hf_error_oom(err) : 0;
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

const char *hf_state_boot_id(hf_host *host, hf_arena *arena)
{
	size_t len;
	char *id;

	if (host->offline || hf_fs_read(host, "/proc/sys/kernel/random/boot_id", 0, arena,
					&id, &len, NULL, NULL) < 0)
		return "";
	id[strcspn(id, "\n")] = '\0';
	return id;
}

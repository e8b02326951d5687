/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_look.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "host/fs.h"
#include "host/ids.h"

static const char *const tmpfiles_d[] = { "/etc/tmpfiles.d", "/run/tmpfiles.d",
					  "/usr/local/lib/tmpfiles.d",
					  "/usr/lib/tmpfiles.d" };

/* "d /run/x 0755 ...": the directory and what is above it. Specifiers are not expanded:
 * a path with one is taken as not made. tmpfiles.d(5). */
static int note_tmpfiles_line(hf_audit_looker *l, const char *line, size_t len)
{
	const char *p = line, *end = line + len;
	char *path;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end || !strchr("dDvqQ", *p))
		return 0;
	p++;
	while (p < end && strchr("+!-=~^$", *p))
		p++;
	if (p == end || (*p != ' ' && *p != '\t'))
		return 0;
	while (p < end && (*p == ' ' || *p == '\t' || *p == '"'))
		p++;
	for (len = 0; p + len < end && !strchr(" \t\"", p[len]); len++)
		;
	path = hf_arena_memdup(l->arena, p, len);
	path = path ? hf_path_clean(l->arena, path) : NULL;
	if (!path)
		return -ENOMEM;
	if (*path != '/' || strchr(path, '%'))
		return 0;
	if (strncmp(path, "/var/run/", 9) == 0)
		path += 4;
	while (path[1]) {
		if (hf_map_put(&l->tmpfiles_dirs, l->arena, path, l) < 0)
			return -ENOMEM;
		path = hf_path_dir(l->arena, path);
		if (!path)
			return -ENOMEM;
	}
	return 0;
}

static int read_tmpfiles_file(hf_audit_looker *l, const char *path)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	size_t len;
	char *bytes;
	int r = hf_fs_read(l->host, path, 0, l->arena, &bytes, &len, NULL, &err);

	if (r == -ENOMEM)
		return r;
	if (r < 0) /* a mask (/dev/null) or unreadable: makes nothing for all we know */
		return 0;
	for (const char *p = bytes, *end = bytes + len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);

		if (note_tmpfiles_line(l, p, n) < 0)
			return -ENOMEM;
		p += n + 1;
	}
	return 0;
}

/* Of equal names the first directory's file counts (tmpfiles.d(5)). */
static int read_tmpfiles(hf_audit_looker *l)
{
	hf_map seen = { 0 };

	l->has_tmpfiles = true;
	for (size_t i = 0; i < ARRAY_SIZE(tmpfiles_d); i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		char **names;
		size_t n;
		int r = hf_fs_list(l->host, tmpfiles_d[i], l->arena, &names, &n, &err);

		if (r == -ENOMEM)
			return r;
		for (size_t j = 0; r == 0 && j < n; j++) {
			size_t len = strlen(names[j]);
			char *path = hf_path_join(l->arena, tmpfiles_d[i], names[j]);

			if (!path)
				return -ENOMEM;
			if (len < 6 || strcmp(names[j] + len - 5, ".conf") != 0 ||
			    hf_map_get(&seen, names[j]))
				continue;
			if (hf_map_put(&seen, l->arena, names[j], l) < 0 ||
			    read_tmpfiles_file(l, path) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int look_path(hf_audit_looker *l, const char *name, hf_audit_answer *ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	cleanup_(hf_error_freep) hf_error *target_err = NULL;
	hf_inode inode;
	char *target;
	int r = hf_fs_inode(l->host, name, HF_FS_NOFOLLOW, &inode, &err);

	if (r == -ENOENT || r == -ENOTDIR) {
		ret->there = HF_AUDIT_THERE_NOTHING;
		return 0;
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		ret->there = HF_AUDIT_THERE_UNKNOWN;
		ret->why = hf_arena_strdup(l->arena, hf_error_text(err));
		return ret->why ? 0 : -ENOMEM;
	}
	if (!inode.is_link) {
		ret->there =
			S_ISDIR(inode.mode) ? HF_AUDIT_THERE_DIR : HF_AUDIT_THERE_FILE;
		return 0;
	}
	ret->there = HF_AUDIT_THERE_LINK;
	r = hf_fs_canonical(l->host, name, l->arena, &target, &target_err);
	if (r == -ENOMEM)
		return r;
	ret->target = r == 0 ? target : NULL;
	return 0;
}

static int look_dir(hf_audit_looker *l, const char *name, hf_audit_answer *ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_inode inode;
	int r = hf_fs_inode(l->host, name, 0, &inode, &err);

	if (r == -ENOMEM)
		return r;
	ret->yes = r == 0 && S_ISDIR(inode.mode);
	ret->born_nsec = ret->yes ? inode.born_nsec : 0;
	return 0;
}

/* Directories below /run are there only if tmpfiles.d makes them: rules load early. */
static int look_boot(hf_audit_looker *l, const char *name, bool *ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	const char *path = name;
	hf_audit_answer there = { 0 };
	char *canonical;
	int r;

	r = look_dir(l, name, &there);
	if (r < 0)
		return r;
	if (there.yes) {
		r = hf_fs_canonical(l->host, name, l->arena, &canonical, &err);
		if (r == -ENOMEM)
			return r;
		if (r == 0)
			path = canonical;
	}
	if (strncmp(path, "/var/run/", 9) == 0)
		path += 4;
	if (there.yes && strncmp(path, "/run/", 5) != 0) {
		*ret = true;
		return 0;
	}
	if (!l->has_tmpfiles && read_tmpfiles(l) < 0)
		return -ENOMEM;
	*ret = strcmp(path, "/run") == 0 || hf_map_get(&l->tmpfiles_dirs, path);
	return 0;
}

int hf_audit_look(void *user, hf_audit_question what, const char *name,
		  hf_audit_answer *ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_audit_looker *l = user;
	int r;

	switch (what) {
	case HF_AUDIT_ASK_UID:
	case HF_AUDIT_ASK_GID:
		r = what == HF_AUDIT_ASK_UID ? hf_ids_uid(l->host, name, &ret->id, &err)
					     : hf_ids_gid(l->host, name, &ret->id, &err);
		ret->error = r;
		if (r == -ENOENT && strcmp(name, "root") == 0) {
			ret->error = 0; /* a tree without passwd has a root still */
			ret->id = 0;
		}
		return r == -ENOMEM ? r : 0;
	case HF_AUDIT_ASK_PATH:
		return look_path(l, name, ret);
	case HF_AUDIT_ASK_DIR:
		return look_dir(l, name, ret);
	case HF_AUDIT_ASK_BOOT:
		return look_boot(l, name, &ret->yes);
	default:
		return -ENOMEM;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "host/unit_dirs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/fs.h"

/* High to low, as systemd-analyze unit-paths prints them. On a merged /usr the /lib entry
 * is the /usr/lib one under another name and is dropped. */
static const char *const load_path[] = {
	"/etc/systemd/system.control", "/run/systemd/system.control",
	"/run/systemd/transient",      "/run/systemd/generator.early",
	"/etc/systemd/system",	       "/etc/systemd/system.attached",
	"/run/systemd/system",	       "/run/systemd/system.attached",
	"/run/systemd/generator",      "/usr/local/lib/systemd/system",
	"/lib/systemd/system",	       "/usr/lib/systemd/system",
	"/run/systemd/generator.late",
};

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool hf_unit_dir_has(const hf_unit_dir *dir, const char *name)
{
	return dir->n &&
	       bsearch(&name, dir->names, dir->n, sizeof(*dir->names), name_compare);
}

static int add_dir(hf_host *host, const char *path, hf_arena *arena, hf_unit_dirs *to,
		   hf_error **err)
{
	hf_unit_dir dir = { 0 }, *slot;
	char *canonical;
	int r = hf_fs_canonical(host, path, arena, &canonical, err);

	for (size_t i = 0; r == 0 && i < to->n; i++)
		if (strcmp(to->dirs[i].path, canonical) == 0)
			return 0;
	if (r == 0)
		r = hf_fs_list(host, canonical, arena, &dir.names, &dir.n, err);
	if (r < 0)
		return r;
	dir.path = canonical;
	slot = hf_vec_push(arena, to->dirs, to->n);
	if (!slot)
		return hf_error_oom(err);
	*slot = dir;
	return 0;
}

int hf_unit_dirs_list(hf_host *host, hf_arena *arena, hf_unit_dirs *ret, hf_error **err)
{
	hf_unit_dirs found = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(load_path); i++) {
		cleanup_(hf_error_freep) hf_error *e = NULL;
		int r = add_dir(host, load_path[i], arena, &found, &e);

		if (r == 0 || r == -ENOENT || r == -ENOTDIR)
			continue;
		if (r != -ENOMEM && !found.why)
			found.why = hf_arena_strdup(arena, hf_error_text(e));
		if (!found.why || r == -ENOMEM)
			return hf_error_oom(err);
	}
	*ret = found;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "host/unit_dirs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "host/fs.h"

/* High to low, as systemd-analyze unit-paths prints them. On a merged /usr the /lib entry
 * is the /usr/lib one under another name and is dropped. */
enum { ETC, RUN, LOCAL, N_PARENTS, ELSEWHERE = N_PARENTS };
static const char *const parents[N_PARENTS] = {
	[ETC] = "/etc/systemd",
	[RUN] = "/run/systemd",
	[LOCAL] = "/usr/local/lib",
};
static const struct {
	int parent;
	const char *name;
} load_path[] = {
	{ ETC, "system.control" },
	{ RUN, "system.control" },
	{ RUN, "transient" },
	{ RUN, "generator.early" },
	{ ETC, "system" },
	{ ETC, "system.attached" },
	{ RUN, "system" },
	{ RUN, "system.attached" },
	{ RUN, "generator" },
	{ LOCAL, "systemd/system" },
	{ ELSEWHERE, "/lib/systemd/system" },
	{ ELSEWHERE, "/usr/lib/systemd/system" },
	{ RUN, "generator.late" },
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

/* Is the first part of @path in it? */
static bool has_first(const hf_unit_dir *dir, const char *path)
{
	char name[NAME_MAX + 1];
	size_t len = strcspn(path, "/");

	(void)snprintf(name, sizeof(name), "%.*s", (int)len, path);
	return hf_unit_dir_has(dir, name);
}

/* What is in the directories above many of them: most are not there, and where files that
 * do not exist are audited, each look for one more costs the kernel a comparison with all
 * of those rules. What cannot be listed may hold anything. */
static int list_parents(hf_host *host, hf_arena *arena, hf_unit_dir ret[static N_PARENTS],
			bool known[static N_PARENTS])
{
	for (size_t i = 0; i < N_PARENTS; i++) {
		int r = hf_fs_list(host, parents[i], arena, &ret[i].names, &ret[i].n,
				   NULL);

		if (r == -ENOMEM)
			return r;
		known[i] = r == 0 || r == -ENOENT || r == -ENOTDIR;
	}
	return 0;
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

int hf_unit_dirs_hold(hf_host *host, hf_arena *arena, hf_error **err)
{
	hf_unit_dirs *dirs = hf_arena_new(arena, hf_unit_dirs);
	int r;

	host->unit_dirs = NULL;
	if (!dirs)
		return hf_error_oom(err);
	r = hf_unit_dirs_list(host, arena, dirs, err);
	if (r == 0)
		host->unit_dirs = dirs;
	return r;
}

void hf_unit_dirs_drop(hf_host *host)
{
	host->unit_dirs = NULL;
}

int hf_unit_dirs_list(hf_host *host, hf_arena *arena, hf_unit_dirs *ret, hf_error **err)
{
	hf_unit_dir above[N_PARENTS] = { 0 };
	hf_unit_dirs found = { 0 };
	bool known[N_PARENTS];

	if (host->unit_dirs) {
		*ret = *host->unit_dirs;
		return 0;
	}
	if (list_parents(host, arena, above, known) < 0)
		return hf_error_oom(err);
	for (size_t i = 0; i < ARRAY_SIZE(load_path); i++) {
		cleanup_(hf_error_freep) hf_error *e = NULL;
		int parent = load_path[i].parent, r;
		const char *path = load_path[i].name;

		if (parent != ELSEWHERE) {
			if (known[parent] && !has_first(&above[parent], path))
				continue;
			path = hf_path_join(arena, parents[parent], path);
		}
		r = path ? add_dir(host, path, arena, &found, &e) : -ENOMEM;
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

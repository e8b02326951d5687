/* SPDX-License-Identifier: Apache-2.0 */
#include "host/rootless.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/parse.h"
#include "base/path.h"
#include "host/fs.h"
#include "host/ids.h"

#define RUNTIME_DIRS "/run/user"
#define LINGER_DIR "/var/lib/systemd/linger" /* one file for each user; loginctl(1) */
#define USER_UNIT ".config/systemd/user/docker.service"

typedef struct finder {
	hf_host *host;
	hf_arena *arena;
	hf_rootless *found;
	size_t n;
} finder;

/* Names in a directory; one that cannot be read has none. */
static int names_in(finder *f, const char *path, char ***ret, size_t *ret_n)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	int r = hf_fs_list(f->host, path, f->arena, ret, ret_n, &e);

	if (r < 0)
		*ret_n = 0;
	return r == -ENOMEM ? r : 0;
}

static bool is_known(const finder *f, const char *user)
{
	for (size_t i = 0; i < f->n; i++) {
		if (!strcmp(f->found[i].user, user))
			return true;
	}
	return false;
}

static int add(finder *f, const char *user, const char *sign)
{
	hf_rootless *slot;

	if (is_known(f, user))
		return 0;
	slot = hf_vec_push(f->arena, f->found, f->n);
	if (!slot)
		return -ENOMEM;
	slot->user = hf_arena_strdup(f->arena, user);
	slot->sign = sign;
	return slot->user ? 0 : -ENOMEM;
}

static int add_uid(finder *f, uid_t uid, const char *sign)
{
	const char *user = hf_ids_user_name(f->host, uid);

	return user ? add(f, user, sign) : -ENOMEM;
}

/* Is there such a thing? 1, 0 or -ENOMEM. */
static int has(finder *f, const char *path, mode_t type, hf_inode *ret)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	int r = path ? hf_fs_inode(f->host, path, HF_FS_NOFOLLOW, ret, &e) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	return r == 0 && (ret->is_link || (ret->mode & S_IFMT) == type);
}

static int look_for_unit(finder *f, const char *user)
{
	const char *home = is_known(f, user) ? NULL : hf_ids_home(f->host, user);
	hf_inode inode;
	char *path;
	int r;

	if (!home || home[0] != '/')
		return 0;
	path = hf_path_join(f->arena, home, USER_UNIT);
	r = has(f, path, S_IFREG, &inode);
	return r > 0 ? add(f, user, path) : r;
}

static int look_at_users(finder *f, bool units)
{
	char **names;
	size_t n;
	int r = names_in(f, RUNTIME_DIRS, &names, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t uid;
		hf_inode inode;
		char *path;

		if (hf_parse_u64(names[i], UINT32_MAX - 1, &uid) < 0 || !uid)
			continue;
		path = hf_arena_printf(f->arena, RUNTIME_DIRS "/%s/docker.sock",
				       names[i]);
		r = has(f, path, S_IFSOCK, &inode);
		if (r > 0) {
			r = add_uid(f, (uid_t)uid, path);
		} else if (r == 0 && units) {
			const char *user = hf_ids_user_name(f->host, (uid_t)uid);

			r = user ? look_for_unit(f, user) : -ENOMEM;
		}
	}
	return r;
}

int hf_rootless_list(hf_host *host, uint32_t pid, bool units, hf_arena *arena,
		     hf_rootless **ret, size_t *ret_n)
{
	finder f = { .host = host, .arena = arena };
	hf_inode inode;
	char **names, *path;
	size_t n = 0;
	int r = host->offline ? 0 : look_at_users(&f, units);

	if (r == 0 && pid) {
		path = hf_arena_printf(arena, "/proc/%u", pid);
		r = has(&f, path, S_IFDIR, &inode);
		if (r > 0)
			r = add_uid(&f, inode.uid, path);
	}
	if (r == 0 && units)
		r = names_in(&f, LINGER_DIR, &names, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = look_for_unit(&f, names[i]);
	if (r < 0)
		return r;
	*ret = f.found;
	*ret_n = f.n;
	return 0;
}

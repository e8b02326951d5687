/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lookup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "host/fs.h"

#define SUFFIX ".yaml"

void hf_lookup_done(hf_lookup *lookup)
{
	hf_arena_done(&lookup->arena);
	*lookup = (hf_lookup){ 0 };
}

/* --- reading ------------------------------------------------------------------------ */

static int too_large(const char *name, hf_error **err)
{
	return hf_error_set(err, -EFBIG, "baseline '%s' is larger than %zu MiB", name,
			    HF_BASELINE_MAX >> 20);
}

static int read_all(int fd, const char *name, hf_arena *arena, hf_source *ret,
		    hf_error **err)
{
	cleanup_free char *text = NULL;
	int r = hf_fs_slurp(fd, HF_BASELINE_MAX, &text, &ret->len);

	if (r == -EFBIG)
		return too_large(name, err);
	if (r < 0 && r != -ENOMEM)
		return hf_error_set(err, r, "cannot read baseline '%s': %s", name,
				    strerror(-r));
	ret->text = text ? hf_arena_memdup(arena, text, ret->len) : NULL;
	return ret->text ? 0 : hf_error_oom(err);
}

/* Why someone other than root can write what @st tells of, and the cure; NULL: nobody. */
static const char *who_writes(hf_arena *arena, const char *path, const struct stat *st,
			      const char **ret_cure)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
	bool open = (st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky;
	bool foreign = st->st_uid != 0;
	unsigned uid = st->st_uid;

	if (!foreign && !open)
		return NULL;
	*ret_cure = hf_arena_printf(arena, "%s%s%s%s%s", foreign ? "chown root: " : "",
				    foreign ? path : "", foreign && open ? " && " : "",
				    open ? "chmod go-w " : "", open ? path : "");
	if (!foreign)
		return "can be written by its group or by others";
	return hf_arena_printf(arena,
			       open ? "belongs to user %u and others can write it"
				    : "belongs to user %u, not to root",
			       uid);
}

/* Could someone other than root have written it? Checked on what was opened; if not,
 * could someone have put it there in the place of another? */
static int note_trust(hf_lookup *lookup, const char *path, const struct stat *st,
		      hf_error **err)
{
	const char *cure = NULL, *why = who_writes(&lookup->arena, path, st, &cure);
	const char *slash = strrchr(path, '/');
	bool directory = false;
	struct stat parent;
	hf_untrusted *u;

	if (!why) {
		char *dir = slash ? hf_path_dir(&lookup->arena, path)
				  : hf_arena_strdup(&lookup->arena, ".");

		if (!dir)
			return hf_error_oom(err);
		directory = true;
		if (stat(dir, &parent) == 0)
			why = who_writes(&lookup->arena, dir, &parent, &cure);
		if (!why)
			return 0;
	}
	u = hf_vec_push(&lookup->arena, lookup->untrusted, lookup->n_untrusted);
	if (!u || !cure)
		return hf_error_oom(err);
	u->file = hf_arena_strdup(&lookup->arena, path);
	u->why = why;
	u->cure = cure;
	u->directory = directory;
	return u->file ? 0 : hf_error_oom(err);
}

static int not_regular(const char *path, mode_t mode, hf_error **err)
{
	const char *what = S_ISDIR(mode)    ? "a directory"
			   : S_ISFIFO(mode) ? "a FIFO"
			   : S_ISSOCK(mode) ? "a socket"
					    : "a device";

	return hf_error_set(err, S_ISDIR(mode) ? -EISDIR : -EINVAL,
			    "baseline '%s' is %s, not a file", path, what);
}

/* Returns -ENOENT without an error set where the file is missing. */
static int read_file(hf_lookup *lookup, const char *path, hf_arena *arena, hf_source *ret,
		     hf_error **err)
{
	/* nonblocking: a FIFO must not make us wait; a terminal must not become ours */
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	cleanup_free char *absolute = NULL;
	hf_source source = { 0 };
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return hf_error_set(err, -errno, "cannot open baseline '%s': %s", path,
				    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return not_regular(path, st.st_mode, err);
	if ((uint64_t)st.st_size > HF_BASELINE_MAX)
		return too_large(path, err);
	r = note_trust(lookup, path, &st, err);
	if (!r)
		r = read_all(fd, path, arena, &source, err);
	if (r < 0)
		return r;
	absolute = realpath(path, NULL);
	source.name = hf_arena_strdup(arena, path);
	source.path = hf_arena_strdup(arena, absolute ? absolute : path);
	if (!source.name || !source.path)
		return hf_error_oom(err);
	*ret = source;
	return 0;
}

/* --- looking up --------------------------------------------------------------------- */

int hf_lookup_dirs(hf_arena *arena, const char ***ret, size_t *ret_n)
{
	const char *env = getenv("HOLDFAST_BASELINE_PATH"), *dir, **slot;
	const char *const fixed[] = { HF_BASELINE_DIR, HF_TEMPLATE_DIR };
	const char **dirs = NULL;
	char *rest = hf_arena_strdup(arena, env ? env : "");
	size_t n = 0;

	if (!rest)
		return -ENOMEM;
	while ((dir = strsep(&rest, ":"))) {
		if (!*dir)
			continue;
		slot = hf_vec_push(arena, dirs, n);
		if (!slot)
			return -ENOMEM;
		*slot = dir;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		slot = hf_vec_push(arena, dirs, n);
		if (!slot)
			return -ENOMEM;
		*slot = fixed[i];
	}
	*ret = dirs;
	*ret_n = n;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int hf_lookup_names(const char *dir, hf_arena *arena, const char ***ret, size_t *ret_n)
{
	DIR *d = opendir(dir);
	const char **names = NULL;
	struct dirent *entry;
	size_t n = 0;
	int r = 0;

	while (d && !r && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name), suffix = strlen(SUFFIX);
		const char **slot;

		if (len <= suffix || entry->d_name[0] == '.' ||
		    strcmp(entry->d_name + len - suffix, SUFFIX))
			continue;
		slot = hf_vec_push(arena, names, n);
		if (slot)
			*slot = hf_arena_memdup(arena, entry->d_name, len - suffix);
		if (!slot || !*slot)
			r = -ENOMEM;
	}
	if (d)
		(void)closedir(d);
	if (r < 0)
		return r;
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	*ret = names;
	*ret_n = n;
	return 0;
}

/* Every name that would have been found, for the nearest one. */
static int all_names(const char *const *dirs, size_t n_dirs, hf_arena *arena,
		     const char ***ret, size_t *ret_n)
{
	const char **all = NULL;
	size_t n_all = 0;

	for (size_t i = 0; i < n_dirs; i++) {
		const char **names;
		size_t n;

		if (hf_lookup_names(dirs[i], arena, &names, &n) < 0)
			return -ENOMEM;
		for (size_t k = 0; k < n; k++) {
			const char **slot = hf_vec_push(arena, all, n_all);

			if (!slot)
				return -ENOMEM;
			*slot = names[k];
		}
	}
	*ret = all;
	*ret_n = n_all;
	return 0;
}

static int not_found(const char *name, const char *const *dirs, size_t n_dirs,
		     hf_arena *arena, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf hint = { 0 };
	const char **names, *nearest;
	size_t n;

	if (all_names(dirs, n_dirs, arena, &names, &n) < 0)
		return hf_error_oom(err);
	nearest = hf_nearest(name, names, n);
	(void)hf_error_set(err, -ENOENT, "there is no baseline named '%s'", name);
	if (nearest)
		hf_strbuf_addf(&hint, "did you mean '%s'? ", nearest);
	hf_strbuf_adds(&hint, "searched:");
	for (size_t i = 0; i < n_dirs; i++)
		hf_strbuf_addf(&hint, "%s %s", i ? "," : "", dirs[i]);
	(void)hf_error_hint(err, "%s", hf_strbuf_str(&hint));
	return -ENOENT;
}

static bool is_path(const char *name)
{
	size_t len = strlen(name), suffix = strlen(SUFFIX);

	return strchr(name, '/') ||
	       (len >= suffix && !strcmp(name + len - suffix, SUFFIX));
}

static int read_named(hf_lookup *lookup, const char *name, hf_arena *arena,
		      hf_source *ret, hf_error **err)
{
	const char **dirs;
	size_t n;

	if (hf_lookup_dirs(arena, &dirs, &n) < 0)
		return hf_error_oom(err);
	for (size_t i = 0; i < n; i++) {
		char *path = hf_arena_printf(arena, "%s/%s" SUFFIX, dirs[i], name);
		int r;

		if (!path)
			return hf_error_oom(err);
		r = read_file(lookup, path, arena, ret, err);
		if (r != -ENOENT)
			return r;
	}
	return not_found(name, dirs, n, arena, err);
}

int hf_lookup_read(void *user, const char *name, const char *relative_to, hf_arena *arena,
		   hf_source *ret_source, hf_error **err)
{
	hf_lookup *lookup = user;
	const char *path = name;
	int r;

	if (!strcmp(name, "-") && !relative_to) {
		r = read_all(STDIN_FILENO, "<stdin>", arena, ret_source, err);
		if (!r)
			ret_source->name = "<stdin>";
		return r;
	}
	if (!is_path(name))
		return read_named(lookup, name, arena, ret_source, err);
	if (relative_to && name[0] != '/' && strchr(relative_to, '/')) {
		char *dir = hf_path_dir(arena, relative_to);

		path = dir ? hf_path_join(arena, dir, name) : NULL;
		if (!path)
			return hf_error_oom(err);
	}
	r = read_file(lookup, path, arena, ret_source, err);
	if (r == -ENOENT && err && !*err)
		return hf_error_set(err, r, "there is no file '%s'", path);
	return r;
}

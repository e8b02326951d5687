/* SPDX-License-Identifier: Apache-2.0 */
/* Units on disk: the search path, fragments, aliases, masks and drop-ins. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "host/fs.h"
#include "kinds/units/units_argv.h"
#include "kinds/units/units_observe.h"

#define OWN_PARENT "/etc/systemd/system"

/* A unit while it is read. */
typedef struct hf_units_reader {
	const hf_units_search *search;
	hf_arena *arena;
	hf_units_unit *unit;
	const char **names; /* the name, and its aliases */
	size_t n_names;
	const char **dirs; /* drop-in directories, by precedence */
	size_t n_dirs;
} hf_units_reader;

typedef struct hf_units_dropin {
	const char *name;
	const char *path;
	size_t order; /* precedence among equal names */
} hf_units_dropin;

int hf_units_search_open(hf_host *host, hf_arena *arena, hf_units_search *ret,
			 hf_error **err)
{
	*ret = (hf_units_search){ .host = host, .arena = arena };
	return hf_unit_dirs_list(host, arena, &ret->dirs, err);
}

int hf_units_may_have_own(const hf_units_search *search, const char *name)
{
	for (size_t i = 0; i < search->dirs.n; i++) {
		const hf_unit_dir *dir = &search->dirs.dirs[i];
		char *sub;

		if (strcmp(dir->path, OWN_PARENT) != 0)
			continue;
		sub = hf_arena_printf(search->arena, "%s.d", name);
		return sub ? hf_unit_dir_has(dir, sub) : -ENOMEM;
	}
	return 1; /* it is a link, or could not be listed */
}

static int unit_bad(hf_units_reader *rd, const hf_error *e, hf_error **err)
{
	if (rd->unit->load == HF_UNIT_BAD)
		return 0;
	rd->unit->load = HF_UNIT_BAD;
	rd->unit->why = hf_arena_strdup(rd->arena, hf_error_text(e));
	return rd->unit->why ? 0 : hf_error_oom(err);
}

int hf_units_is_mask(hf_host *host, hf_arena *arena, const char *path, bool *ret)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	const char *at;
	char *target;
	int r = hf_fs_readlink(host, path, arena, &target, &e);

	*ret = false;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return 0; /* no symlink, or the read of the file will tell */
	for (at = target; !strncmp(at, "../", 3); at += 3)
		;
	*ret = !strcmp(at, "/dev/null") || (at != target && !strcmp(at, "dev/null"));
	return 0;
}

/* Parse one file of the unit; *ret NULL: it is empty, or a mask. */
static int file_read(hf_units_reader *rd, const char *path, hf_unit_file **ret,
		     const char **ret_text, size_t *ret_len, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_unit_file *file;
	hf_inode inode;
	char *text;
	size_t len;
	bool null_link;
	int r;

	*ret = NULL;
	r = hf_units_is_mask(rd->search->host, rd->search->arena, path, &null_link);
	if (r == 0 && null_link)
		return 0;
	if (r == 0)
		r = hf_fs_read(rd->search->host, path, 0, rd->arena, &text, &len, &inode,
			       &e);
	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		return hf_error_set(err, r, "%s", hf_error_text(e));
	if (ret_text) {
		*ret_text = text;
		*ret_len = len;
	}
	if (!len)
		return 0;
	file = hf_arena_new(rd->arena, hf_unit_file);
	if (!file)
		return hf_error_oom(err);
	r = hf_unit_file_parse(rd->arena, path, text, len, file, err);
	if (r == 0)
		r = hf_cmd_file_cut(rd->arena, rd->unit->name, file, err);
	if (r < 0)
		return r;
	file->mtime_usec = inode.mtime_nsec > 0 ? (uint64_t)inode.mtime_nsec / 1000 : 0;
	*ret = file;
	return 0;
}

/* --- the fragment ---------------------------------------------------------------- */

static int reader_name_add(hf_units_reader *rd, const char *name)
{
	const char **slot;

	/* a symlink may lead to a file of any name: only one of a unit is an alias */
	if (strcmp(hf_unit_name_type(name), hf_unit_name_type(rd->unit->name)))
		return 0;
	for (size_t i = 0; i < rd->n_names; i++) {
		if (!strcmp(rd->names[i], name))
			return 0;
	}
	slot = hf_vec_push(rd->arena, rd->names, rd->n_names);
	if (!slot)
		return -ENOMEM;
	*slot = name;
	return 0;
}

static int fragment_load(hf_units_reader *rd, const char *path, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_units_unit *unit = rd->unit;
	const hf_unit_file **slot;
	hf_unit_file *file;
	char *canonical;
	int r = file_read(rd, path, &file, NULL, NULL, &e);

	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		return unit_bad(rd, e, err);
	if (!file) {
		unit->load = HF_UNIT_MASKED;
		return 0;
	}
	if (file->broken_line) {
		unit->load = HF_UNIT_BAD;
		unit->why = hf_arena_printf(rd->arena, "%s:%u: %s", path,
					    file->broken_line, file->broken_why);
		return unit->why ? 0 : hf_error_oom(err);
	}
	r = hf_fs_canonical(rd->search->host, path, rd->arena, &canonical, &e);
	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		return unit_bad(rd, e, err);
	unit->load = HF_UNIT_LOADED;
	unit->fragment = canonical;
	/* the symlink is how it is found; where its lines stand is the target */
	file->path = canonical;
	slot = hf_vec_push(rd->arena, unit->files, unit->n_files);
	if (!slot || reader_name_add(rd, hf_path_base(canonical)) < 0)
		return hf_error_oom(err);
	*slot = file;
	return 0;
}

/* First found wins: the unit itself in every directory, then its template. A directory
 * that cannot be listed may hold a fragment or a drop-in of any unit. */
static int fragment_find(hf_units_reader *rd, hf_error **err)
{
	const hf_units_search *s = rd->search;
	const char *names[2] = { rd->unit->name, NULL };

	if (s->dirs.why) {
		rd->unit->load = HF_UNIT_BAD;
		rd->unit->why = s->dirs.why;
		return 0;
	}
	if (hf_unit_name_template(rd->arena, rd->unit->name, &names[1]) < 0)
		return hf_error_oom(err);
	for (size_t n = 0; n < 2 && names[n]; n++) {
		for (size_t i = 0; i < s->dirs.n; i++) {
			const char *path;

			if (!hf_unit_dir_has(&s->dirs.dirs[i], names[n]))
				continue;
			path = hf_path_join(rd->arena, s->dirs.dirs[i].path, names[n]);
			return path ? fragment_load(rd, path, err) : hf_error_oom(err);
		}
	}
	return 0;
}

/*
 * Other names of the unit count for drop-ins only. So only names X that have a directory
 * X.d are looked at: is X a symlink to our fragment?
 */
static int alias_look(hf_units_reader *rd, const char *dropin_dir)
{
	size_t len = strlen(dropin_dir) - 2;
	const hf_units_search *s = rd->search;
	char *name = hf_arena_memdup(rd->arena, dropin_dir, len);

	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < s->dirs.n; i++) {
		cleanup_(hf_error_freep) hf_error *e = NULL;
		char *path, *canonical;
		int r;

		if (!hf_unit_dir_has(&s->dirs.dirs[i], name))
			continue;
		path = hf_path_join(rd->arena, s->dirs.dirs[i].path, name);
		if (!path)
			return -ENOMEM;
		r = hf_fs_canonical(s->host, path, rd->arena, &canonical, &e);
		if (r == -ENOMEM)
			return r;
		if (r == 0 && !strcmp(canonical, rd->unit->fragment))
			return reader_name_add(rd, name);
		return 0;
	}
	return 0;
}

static int aliases_find(hf_units_reader *rd)
{
	const hf_units_search *s = rd->search;
	const char *type = hf_unit_name_type(rd->unit->name);
	size_t type_len = strlen(type);

	for (size_t i = 0; i < s->dirs.n; i++) {
		for (size_t k = 0; k < s->dirs.dirs[i].n; k++) {
			const char *name = s->dirs.dirs[i].names[k];
			size_t len = strlen(name);

			if (len < type_len + 3 || strcmp(name + len - 2, ".d") ||
			    strncmp(name + len - 2 - type_len, type, type_len))
				continue;
			if (alias_look(rd, name) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* --- drop-ins -------------------------------------------------------------------- */

static int dropin_dir_add(hf_units_reader *rd, const hf_unit_dir *dir, const char *name)
{
	const char **slot;
	char *sub = hf_arena_printf(rd->arena, "%s.d", name);

	if (!sub)
		return -ENOMEM;
	if (!hf_unit_dir_has(dir, sub))
		return 0;
	slot = hf_vec_push(rd->arena, rd->dirs, rd->n_dirs);
	if (!slot)
		return -ENOMEM;
	*slot = hf_path_join(rd->arena, dir->path, sub);
	return *slot ? 0 : -ENOMEM;
}

/* name.d, its template's, then foo-bar-.service.d, foo-.service.d. */
static int dropin_dirs_of(hf_units_reader *rd, const hf_unit_dir *dir, const char *name)
{
	const char *type = hf_unit_name_type(name), *template;
	size_t stem = (size_t)(type - name);

	if (dropin_dir_add(rd, dir, name) < 0 ||
	    hf_unit_name_template(rd->arena, name, &template) < 0)
		return -ENOMEM;
	if (template && dropin_dir_add(rd, dir, template) < 0)
		return -ENOMEM;
	if (strchr(name, '@'))
		stem = (size_t)(strchr(name, '@') - name);
	for (size_t i = stem; i-- > 1;) {
		char *chopped;

		/* "docker-.service.d" is not for docker.service, "foo-" not for "foo-" */
		if (name[i] != '-' || i + 1 == stem)
			continue;
		chopped = hf_arena_printf(rd->arena, "%.*s%s", (int)(i + 1), name, type);
		if (!chopped || dropin_dir_add(rd, dir, chopped) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int dropin_dirs_find(hf_units_reader *rd)
{
	const hf_units_search *s = rd->search;
	const char *type = hf_unit_name_type(rd->unit->name) + 1; /* "service" */

	for (size_t n = 0; n < rd->n_names; n++) {
		for (size_t i = 0; i < s->dirs.n; i++) {
			if (dropin_dirs_of(rd, &s->dirs.dirs[i], rd->names[n]) < 0)
				return -ENOMEM;
		}
	}
	for (size_t i = 0; i < s->dirs.n; i++) {
		if (dropin_dir_add(rd, &s->dirs.dirs[i], type) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int dropin_compare(const void *a, const void *b)
{
	const hf_units_dropin *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

static int dropins_list(hf_units_reader *rd, hf_units_dropin **ret, size_t *ret_n,
			hf_error **err)
{
	hf_units_dropin *list = NULL;
	size_t n = 0;

	for (size_t d = 0; d < rd->n_dirs; d++) {
		cleanup_(hf_error_freep) hf_error *e = NULL;
		char **names;
		size_t n_names;
		int r = hf_fs_list(rd->search->host, rd->dirs[d], rd->arena, &names,
				   &n_names, &e);

		if (r == -ENOMEM)
			return hf_error_oom(err);
		if (r == -ENOENT || r == -ENOTDIR)
			continue;
		if (r < 0) {
			r = unit_bad(rd, e, err);
			if (r < 0)
				return r;
			continue;
		}
		for (size_t i = 0; i < n_names; i++) {
			size_t len = strlen(names[i]);
			hf_units_dropin *item;

			if (len < 6 || names[i][0] == '.' ||
			    strcmp(names[i] + len - 5, ".conf"))
				continue;
			item = hf_vec_push(rd->arena, list, n);
			if (!item)
				return hf_error_oom(err);
			item->name = names[i];
			item->path = hf_path_join(rd->arena, rd->dirs[d], names[i]);
			item->order = d;
			if (!item->path)
				return hf_error_oom(err);
		}
	}
	if (n)
		qsort(list, n, sizeof(*list), dropin_compare);
	*ret = list;
	*ret_n = n;
	return 0;
}

static int ours_load(hf_units_reader *rd, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_units_unit *unit = rd->unit;
	hf_unit_file *file = NULL;
	bool null_link;
	int r = hf_units_is_mask(rd->search->host, rd->search->arena, unit->ours_path,
				 &null_link);

	if (r == 0 && null_link) {
		unit->ours_known = HF_UNKNOWN;
		unit->ours_why = hf_arena_printf(
			rd->arena, "%s is a symlink to /dev/null; remove it",
			unit->ours_path);
		return unit->ours_why ? 0 : hf_error_oom(err);
	}
	if (r == 0)
		r = file_read(rd, unit->ours_path, &file, &unit->ours_text,
			      &unit->ours_len, &e);
	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0) {
		unit->ours_known = HF_UNKNOWN;
		unit->ours_why = hf_arena_strdup(rd->arena, hf_error_text(e));
		return unit->ours_why ? 0 : hf_error_oom(err);
	}
	unit->ours_known = HF_PRESENT;
	unit->ours = file;
	return 0;
}

/* A directory or the like named x.conf is passed over by systemd. */
static bool is_passed_over(int r)
{
	return r == -EISDIR || r == -EINVAL || r == -ENOENT || r == -ELOOP;
}

static int dropin_load(hf_units_reader *rd, const hf_units_dropin *item, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_units_unit *unit = rd->unit;
	const hf_unit_file **slot;
	hf_unit_file *file;
	int r = file_read(rd, item->path, &file, NULL, NULL, &e);

	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		return is_passed_over(r) ? 0 : unit_bad(rd, e, err);
	if (!file)
		return 0;
	slot = hf_vec_push(rd->arena, unit->files, unit->n_files);
	if (!slot)
		return hf_error_oom(err);
	*slot = file;
	return 0;
}

static int dropins_load(hf_units_reader *rd, hf_error **err)
{
	hf_units_unit *unit = rd->unit;
	hf_units_dropin *list = NULL;
	size_t n = 0;
	int r = dropins_list(rd, &list, &n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		if (i && !strcmp(list[i].name, list[i - 1].name))
			continue; /* a directory of higher precedence has it */
		if (strcmp(list[i].name, HF_UNIT_DROPIN) < 0)
			unit->ours_at = unit->n_files;
		if (!strcmp(list[i].path, unit->ours_path))
			r = ours_load(rd, err);
		else
			r = dropin_load(rd, &list[i], err);
		if (strcmp(list[i].name, HF_UNIT_DROPIN) < 0)
			unit->ours_at = unit->n_files;
	}
	return r;
}

/* The path of our environment file as EnvironmentFile= has it: systemd takes it for a
 * pattern of glob(7), where a backslash of the unit's name would protect what follows. */
static const char *env_written(hf_arena *arena, const char *path)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	for (; *path; path++) {
		if (*path == '\\')
			hf_strbuf_addc(&sb, '\\');
		hf_strbuf_addc(&sb, *path);
	}
	return hf_strbuf_ok(&sb) ? hf_arena_strdup(arena, hf_strbuf_str(&sb)) : NULL;
}

int hf_units_read(const hf_units_search *search, const char *name, hf_units_unit **ret,
		  hf_error **err)
{
	hf_units_unit *unit = hf_arena_new(search->arena, hf_units_unit);
	hf_units_reader rd = { .search = search, .arena = search->arena, .unit = unit };
	int r;

	if (!unit)
		return hf_error_oom(err);
	unit->name = hf_arena_strdup(search->arena, name);
	unit->ours_path =
		hf_arena_printf(search->arena, OWN_PARENT "/%s.d/" HF_UNIT_DROPIN, name);
	unit->own_env.pattern =
		hf_arena_printf(search->arena, OWN_PARENT "/%s.d/" HF_UNIT_ENV, name);
	unit->own_env.written =
		unit->own_env.pattern ? env_written(search->arena, unit->own_env.pattern)
				      : NULL;
	if (!unit->name || !unit->ours_path || !unit->own_env.written ||
	    reader_name_add(&rd, unit->name) < 0)
		return hf_error_oom(err);
	r = fragment_find(&rd, err);
	if (r == 0 && unit->load == HF_UNIT_LOADED) {
		unit->ours_at = unit->n_files;
		if (aliases_find(&rd) < 0 || dropin_dirs_find(&rd) < 0)
			return hf_error_oom(err);
		r = dropins_load(&rd, err);
	} else if (r == 0 && unit->load != HF_UNIT_BAD) {
		r = hf_units_may_have_own(search, name);
		if (r < 0)
			return hf_error_oom(err);
		if (r > 0) /* what an earlier run left behind */
			r = ours_load(&rd, err);
	}
	if (r == 0)
		*ret = unit;
	return r;
}

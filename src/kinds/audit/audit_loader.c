/* SPDX-License-Identifier: Apache-2.0 */
/* Who loads the rules at boot: the units, their drop-ins, and audit.rules itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/path.h"
#include "host/fs.h"
#include "host/unit_dirs.h"
#include "kinds/audit/audit_obs.h"
#include "plan/unit_file.h"

typedef struct observer {
	hf_host *host;
	hf_plan *plan;
	hf_arena *arena;
	hf_audit_obs *obs;
	hf_unit_dirs units;
	const char *missing; /* a program that would load the rules and is not there */
} observer;

/* A unit as it is on disk. */
typedef struct loading_unit {
	bool found;
	bool enabled;
	hf_unit_stack stack; /* empty: masked */
} loading_unit;

/* Does the unit have @name started with it: Requires=, Wants=? */
static int pulls_in(observer *o, const hf_unit_stack *unit, const char *name, bool *ret)
{
	static const char *const keys[] = { "Requires", "Wants" };

	*ret = false;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		hf_unit_value *values;
		size_t n;

		if (hf_unit_list(unit, "Unit", keys[i], o->arena, &values, &n, NULL) < 0)
			return -ENOMEM;
		for (size_t k = 0; k < n; k++)
			for (const char *p = values[k].value; *p;) {
				size_t len;

				p += strspn(p, " \t");
				len = strcspn(p, " \t");
				*ret |= len == strlen(name) && !memcmp(p, name, len);
				p += len;
			}
	}
	return 0;
}

static bool is_away(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ENOLINK;
}

/* What could not be looked at: nobody knows what loads the rules. The first one is told.
 */
static int not_seen(observer *o, int r, const hf_error *err)
{
	if (r == -ENOMEM)
		return r;
	if (!o->obs->unknown)
		o->obs->unknown = hf_arena_strdup(o->arena, hf_error_text(err));
	return o->obs->unknown ? 0 : -ENOMEM;
}

/* Is there a program of that name, where the command says or where distributions have it?
 */
static int is_installed(observer *o, const char *command, const char *name, bool *ret)
{
	const char *at = command ? strstr(command, name) : NULL, *start = at;
	const char *paths[] = { hf_arena_printf(o->arena, "/usr/sbin/%s", name),
				hf_arena_printf(o->arena, "/sbin/%s", name), NULL };

	while (start && start > command && !strchr(" \t-@:+!\"'", start[-1]))
		start--;
	if (start && *start == '/')
		paths[2] = hf_arena_printf(o->arena, "%.*s%s", (int)(at - start), start,
					   name);
	*ret = false;
	for (size_t i = 0; i < ARRAY_SIZE(paths) && !*ret; i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		hf_inode inode;
		int r;

		if (!paths[i])
			continue;
		r = hf_fs_inode(o->host, paths[i], 0, &inode, &err);
		*ret = r == 0;
		if (r < 0 && !is_away(r) && not_seen(o, r, err) < 0)
			return -ENOMEM;
	}
	return paths[0] && paths[1] ? 0 : -ENOMEM;
}

/* augenrules --load runs auditctl -R itself. */
static int loads(observer *o, const char *command, hf_audit_loader *ret)
{
	static const char *const names[] = { "auditctl", "augenrules" };
	bool merges = strstr(command, "augenrules") && strstr(command, "--load");
	bool there = true;

	if (!merges && !(strstr(command, "auditctl") && strstr(command, "-R")))
		return 0;
	for (size_t i = 0; there && i < (merges ? 2 : 1); i++) {
		if (is_installed(o, command, names[i], &there) < 0)
			return -ENOMEM;
		if (!there && !o->missing)
			o->missing = names[i];
	}
	if (there && merges)
		*ret = HF_AUDIT_LOADER_MERGES;
	else if (there && *ret == HF_AUDIT_LOADER_NONE)
		*ret = HF_AUDIT_LOADER_DIRECT;
	return 0;
}

/* Does a command of the unit start augenrules --load, or auditctl -R? */
static int loader_of(observer *o, const hf_unit_stack *unit, hf_audit_loader *ret)
{
	static const char *const keys[] = { "ExecStart", "ExecStartPre",
					    "ExecStartPost" };

	*ret = HF_AUDIT_LOADER_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		hf_unit_value *values;
		size_t n;

		if (hf_unit_list(unit, "Service", keys[i], o->arena, &values, &n, NULL) <
		    0)
			return -ENOMEM;
		for (size_t k = 0; k < n; k++)
			if (loads(o, values[k].value, ret) < 0)
				return -ENOMEM;
	}
	return 0;
}

/* Appends a file of the unit. One that is masked, or away again, says nothing. */
static int add_file(observer *o, const char *path, hf_unit_stack *stack)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	const hf_unit_file **slot;
	hf_unit_file *file;
	char *bytes;
	size_t len;
	int r = hf_fs_read(o->host, path, 0, o->arena, &bytes, &len, NULL, &err);

	if (is_away(r) || r == -EINVAL)
		return 0;
	if (r < 0)
		return not_seen(o, r, err);
	file = hf_arena_new(o->arena, hf_unit_file);
	slot = hf_vec_push(o->arena, stack->files, stack->n);
	if (!file || !slot ||
	    hf_unit_file_parse(o->arena, path, bytes, len, file, NULL) < 0)
		return -ENOMEM;
	*slot = file;
	return 0;
}

static int by_base(const void *a, const void *b)
{
	return strcmp(hf_path_base(*(char *const *)a), hf_path_base(*(char *const *)b));
}

/* The drop-ins in one directory, where no earlier one has a file of that name. */
static int list_dropins(observer *o, const char *dir, hf_map *seen, char ***paths,
			size_t *n_paths)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char **names, **slot;
	size_t n;
	int r = hf_fs_list(o->host, dir, o->arena, &names, &n, &err);

	if (is_away(r))
		return 0;
	if (r < 0)
		return not_seen(o, r, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		size_t len = strlen(names[i]);

		if (len < 6 || strcmp(names[i] + len - 5, ".conf") != 0 ||
		    hf_map_get(seen, names[i]))
			continue;
		slot = hf_vec_push(o->arena, *paths, *n_paths);
		if (!slot)
			return -ENOMEM;
		*slot = hf_path_join(o->arena, dir, names[i]);
		r = *slot ? hf_map_put(seen, o->arena, names[i], o) : -ENOMEM;
	}
	return r == -ENOMEM ? r : 0;
}

/* Appends the drop-ins of the unit, by name: systemd.unit(5). */
static int add_dropins(observer *o, const char *name, hf_unit_stack *stack)
{
	const char *dash = strchr(name, '-');
	/* those of the very unit, of "audit-.service" and of "service" */
	const char *const folders[] = {
		hf_arena_printf(o->arena, "%s.d", name),
		dash ? hf_arena_printf(o->arena, "%.*s.service.d", (int)(dash + 1 - name),
				       name)
		     : "service.d",
		"service.d",
	};
	hf_map seen = { 0 };
	char **paths = NULL;
	size_t n = 0;

	for (size_t part = 0; part < ARRAY_SIZE(folders); part++)
		for (size_t i = 0; i < o->units.n; i++) {
			const hf_unit_dir *dir = &o->units.dirs[i];
			const char *path;

			if (!folders[part])
				return -ENOMEM;
			if (!hf_unit_dir_has(dir, folders[part]))
				continue;
			path = hf_path_join(o->arena, dir->path, folders[part]);
			if (!path || list_dropins(o, path, &seen, &paths, &n) < 0)
				return -ENOMEM;
		}
	if (n)
		qsort(paths, n, sizeof(*paths), by_base);
	for (size_t i = 0; i < n; i++)
		if (add_file(o, paths[i], stack) < 0)
			return -ENOMEM;
	return 0;
}

/* The fragment is the first of that name; without one, or masked, nothing is started. */
static int read_unit(observer *o, const char *name, loading_unit *ret)
{
	for (size_t i = 0; i < o->units.n && !ret->found; i++) {
		const hf_unit_dir *dir = &o->units.dirs[i];
		char *path;

		if (!hf_unit_dir_has(dir, name))
			continue;
		path = hf_path_join(o->arena, dir->path, name);
		ret->found = true;
		if (!path || add_file(o, path, &ret->stack) < 0)
			return -ENOMEM;
		if (ret->stack.n && ret->stack.files[0]->n)
			return add_dropins(o, name, &ret->stack);
	}
	return 0;
}

static int is_enabled(observer *o, const char *unit, bool *ret)
{
	static const char *const links[] = {
		"multi-user.target.wants", "multi-user.target.requires",
		"sysinit.target.wants",	   "sysinit.target.requires",
		"basic.target.wants",	   "basic.target.requires",
		"default.target.wants",	   "default.target.requires",
		"graphical.target.wants",  "graphical.target.requires",
		"auditd.service.wants",	   "auditd.service.requires",
	};

	*ret = false;
	for (size_t i = 0; i < o->units.n * ARRAY_SIZE(links) && !*ret; i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		cleanup_close int fd = -1;
		const hf_unit_dir *dir = &o->units.dirs[i / ARRAY_SIZE(links)];
		const char *folder = links[i % ARRAY_SIZE(links)];
		char *path;
		int r;

		if (!hf_unit_dir_has(dir, folder))
			continue;
		path = hf_arena_printf(o->arena, "%s/%s/%s", dir->path, folder, unit);
		r = path ? hf_fs_open(o->host, path, O_PATH, HF_FS_NOFOLLOW, &fd, &err)
			 : -ENOMEM;
		*ret = r == 0;
		if (r < 0 && !is_away(r) && not_seen(o, r, err) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* audit 3: auditd.service loads the rules after it starts; audit 4: audit-rules.service,
 * which auditd.service may pull in. */
int hf_audit_loader_find(struct hf_host *host, hf_plan *plan, hf_audit_obs *obs)
{
	observer all = { .host = host, .plan = plan, .arena = &plan->arena, .obs = obs },
		 *o = &all;
	static const char *const names[] = { "audit-rules.service", "auditd.service" };
	loading_unit units[ARRAY_SIZE(names)] = { 0 };
	bool pulled;

	if (hf_unit_dirs_list(host, o->arena, &o->units, NULL) < 0)
		return -ENOMEM;
	if (!obs->unknown)
		obs->unknown = o->units.why;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (read_unit(o, names[i], &units[i]) < 0 ||
		    (units[i].found && is_enabled(o, names[i], &units[i].enabled) < 0))
			return -ENOMEM;
	if (pulls_in(o, &units[1].stack, names[0], &pulled) < 0)
		return -ENOMEM;
	units[0].enabled |= units[1].enabled && pulled;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		hf_audit_loader loader;

		if (!units[i].enabled)
			continue;
		if (loader_of(o, &units[i].stack, &loader) < 0)
			return -ENOMEM;
		if (loader > obs->loader && obs->loader != HF_AUDIT_LOADER_MERGES)
			obs->loader = loader;
	}
	if (obs->loader != HF_AUDIT_LOADER_NONE)
		return 0;
	if (o->missing) {
		obs->loader_why = hf_arena_printf(
			o->arena,
			"nothing loads audit rules at boot: %s, which the "
			"enabled unit needs for it, is not installed",
			o->missing);
		return obs->loader_why ? 0 : -ENOMEM;
	}
	obs->loader_why = !units[0].found && !units[1].found
				  ? "nothing loads audit rules at boot: there is neither "
				    "audit-rules.service nor auditd.service"
			  : !units[0].enabled && !units[1].enabled
				  ? "nothing loads audit rules at boot: neither "
				    "audit-rules.service "
				    "nor auditd.service is enabled"
				  : "nothing loads audit rules at boot: the enabled unit "
				    "is masked, or "
				    "runs neither augenrules --load nor auditctl -R";
	return 0;
}

/* auditctl -R refuses a file that anybody may write: up to 3.1.x, and again from 4.1.4 on
 * (4.0.2 and 4.1.2 take it). */
static bool refuses_open_files(const char *version)
{
	return !version || hf_version_compare(version, "4.0") < 0 ||
	       hf_version_compare(version, "4.1.4") >= 0;
}

int hf_audit_loader_check(struct hf_host *host, hf_plan *plan, hf_audit_obs *obs)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	const char *version = hf_facts_value(plan->facts, "audit");
	hf_inode inode;
	bool foreign;
	int r;

	if (obs->loader == HF_AUDIT_LOADER_NONE)
		return 0;
	r = hf_fs_inode(host, HF_AUDIT_MERGED, 0, &inode, &err);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	/* a tree may be its owner's own */
	foreign = inode.uid != 0 && !(host->offline && inode.uid == geteuid()) &&
		  version && hf_version_compare(version, "3.1.2") < 0;
	if (!foreign && !(inode.mode & S_IWOTH))
		return 0;
	obs->loader = HF_AUDIT_LOADER_NONE;
	if (foreign)
		obs->loader_why =
			hf_arena_printf(&plan->arena,
					"nothing loads audit rules at boot: %s belongs "
					"to uid %u, and auditctl %s refuses it",
					HF_AUDIT_MERGED, (unsigned)inode.uid, version);
	else if (refuses_open_files(version))
		obs->loader_why = "nothing loads audit rules at boot: anybody may write "
				  "to " HF_AUDIT_MERGED ", and auditctl refuses it";
	else
		obs->loader_why = "what is loaded at boot may be anything: anybody may "
				  "write to " HF_AUDIT_MERGED;
	return obs->loader_why ? 0 : -ENOMEM;
}

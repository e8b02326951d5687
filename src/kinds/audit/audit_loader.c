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
#include "base/strbuf.h"
#include "host/fs.h"
#include "kinds/audit/audit_obs.h"

typedef struct observer {
	hf_host *host;
	hf_plan *plan;
	hf_arena *arena;
	hf_audit_obs *obs;
} observer;

/*
 * Does a command of the unit start augenrules --load, or auditctl -R? Each of the keys
 * is a list, which an empty assignment (of a drop-in) clears: systemd.service(5).
 */
static hf_audit_loader loader_of(const char *unit)
{
	static const char *const keys[] = { "ExecStart", "ExecStartPre",
					    "ExecStartPost" };
	bool merges[ARRAY_SIZE(keys)] = { 0 }, direct[ARRAY_SIZE(keys)] = { 0 };
	hf_audit_loader found = HF_AUDIT_LOADER_NONE;

	for (const char *p = unit; p && *p;
	     p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		size_t len = strcspn(p, "\n"), at, key = strcspn(p, " \t=\n");

		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			if (key != strlen(keys[i]) || strncmp(p, keys[i], key) != 0)
				continue;
			at = key + strspn(p + key, " \t");
			if (p[at] != '=')
				continue;
			at += 1 + strspn(p + at + 1, " \t\r");
			if (at >= len)
				merges[i] = direct[i] = false;
			merges[i] |= memmem(p, len, "augenrules", 10) &&
				     memmem(p, len, "--load", 6);
			direct[i] |=
				memmem(p, len, "auditctl", 8) && memmem(p, len, "-R", 2);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (merges[i])
			return HF_AUDIT_LOADER_MERGES;
		if (direct[i])
			found = HF_AUDIT_LOADER_DIRECT;
	}
	return found;
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

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0 && r != -ENOMEM && !o->obs->unknown) {
		o->obs->unknown = hf_arena_strdup(o->arena, hf_error_text(err));
		return o->obs->unknown ? 0 : -ENOMEM;
	}
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

/* Appends the drop-ins of the unit to its text, by name: systemd.unit(5). */
static int read_dropins(observer *o, const char *name, hf_audit_source *unit)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	const char *dash = strchr(name, '-');
	hf_map seen = { 0 };
	char **paths = NULL;
	size_t n = 0;

	/* those of the very unit, of "audit-.service" and of "service" */
	for (int part = 0; part < 3; part++)
		for (size_t i = 0; i < HF_UNIT_DIRS; i++) {
			char *dir = part == 0 ? hf_arena_printf(o->arena, "%s/%s.d",
								hf_unit_dirs[i], name)
				    : part == 2
					    ? hf_arena_printf(o->arena, "%s/service.d",
							      hf_unit_dirs[i])
					    : hf_arena_printf(
						      o->arena, "%s/%.*s.service.d",
						      hf_unit_dirs[i],
						      dash ? (int)(dash + 1 - name) : 0,
						      name);

			if (!dir)
				return -ENOMEM;
			if ((part != 1 || dash) &&
			    list_dropins(o, dir, &seen, &paths, &n) < 0)
				return -ENOMEM;
		}
	if (!n)
		return 0;
	qsort(paths, n, sizeof(*paths), by_base);
	hf_strbuf_adds(&text, unit->bytes);
	for (size_t i = 0; i < n; i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		char *bytes;
		size_t len;
		int r = hf_fs_read(o->host, paths[i], 0, o->arena, &bytes, &len, NULL,
				   &err);

		if (r == -ENOMEM)
			return r;
		if (r == 0)
			hf_strbuf_addf(&text, "\n%s", bytes);
		else if (r != -ENOENT && r != -ENOLINK && r != -EINVAL &&
			 !o->obs->unknown) { /* EINVAL: masked by /dev/null */
			o->obs->unknown = hf_arena_strdup(o->arena, hf_error_text(err));
			if (!o->obs->unknown)
				return -ENOMEM;
		}
	}
	unit->bytes = hf_strbuf_ok(&text)
			      ? hf_arena_strdup(o->arena, hf_strbuf_str(&text))
			      : NULL;
	return unit->bytes ? 0 : -ENOMEM;
}

static int read_unit(observer *o, const char *name, hf_audit_source *ret)
{
	for (size_t i = 0; i < HF_UNIT_DIRS; i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		char *path = hf_path_join(o->arena, hf_unit_dirs[i], name);
		char *bytes;
		size_t len;
		hf_inode inode;
		int r;

		if (!path)
			return -ENOMEM;
		r = hf_fs_inode(o->host, path, HF_FS_NOFOLLOW, &inode, &err);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			continue;
		hf_error_free(take_ptr(err));
		r = hf_fs_read(o->host, path, 0, o->arena, &bytes, &len, NULL, &err);
		if (r == -ENOMEM)
			return r;
		ret->path = path;
		ret->bytes = r == 0 ? bytes : ""; /* masked: /dev/null */
		return *ret->bytes ? read_dropins(o, name, ret) : 0;
	}
	return 0;
}

static int is_enabled(observer *o, const char *unit, bool *ret)
{
	static const char *const targets[] = { "multi-user.target", "sysinit.target",
					       "basic.target",	    "default.target",
					       "graphical.target",  "auditd.service" };
	static const char *const links[] = { "wants", "requires" };

	for (size_t i = 0; i < HF_UNIT_DIRS * ARRAY_SIZE(targets) * ARRAY_SIZE(links);
	     i++) {
		cleanup_close int fd = -1;
		size_t j = i / ARRAY_SIZE(links);
		char *path = hf_arena_printf(o->arena, "%s/%s.%s/%s",
					     hf_unit_dirs[j / ARRAY_SIZE(targets)],
					     targets[j % ARRAY_SIZE(targets)],
					     links[i % ARRAY_SIZE(links)], unit);

		if (!path)
			return -ENOMEM;
		if (hf_fs_open(o->host, path, O_PATH, HF_FS_NOFOLLOW, &fd, NULL) == 0) {
			*ret = true;
			return 0;
		}
	}
	*ret = false;
	return 0;
}

/* audit 3: auditd.service loads the rules after it starts; audit 4: audit-rules.service,
 * which auditd.service may pull in. */
int hf_audit_loader_find(struct hf_host *host, hf_plan *plan, hf_audit_obs *obs)
{
	observer all = { .host = host, .plan = plan, .arena = &plan->arena, .obs = obs },
		 *o = &all;
	static const char *const units[] = { "audit-rules.service", "auditd.service" };
	bool enabled[2] = { false, false };
	hf_audit_source unit[2] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (read_unit(o, units[i], &unit[i]) < 0 ||
		    (unit[i].path && is_enabled(o, units[i], &enabled[i]) < 0))
			return -ENOMEM;
	if (enabled[1] && unit[1].bytes &&
	    strstr(unit[1].bytes, "\nRequires=audit-rules.service"))
		enabled[0] = true;
	if (enabled[1] && unit[1].bytes &&
	    strstr(unit[1].bytes, "\nWants=audit-rules.service"))
		enabled[0] = true;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		hf_audit_loader loader = unit[i].bytes && enabled[i]
						 ? loader_of(unit[i].bytes)
						 : HF_AUDIT_LOADER_NONE;

		if (loader > obs->loader && obs->loader != HF_AUDIT_LOADER_MERGES)
			obs->loader = loader;
	}
	if (obs->loader != HF_AUDIT_LOADER_NONE)
		return 0;
	obs->loader_why = !unit[0].path && !unit[1].path
				  ? "nothing loads audit rules at boot: there is neither "
				    "audit-rules.service nor auditd.service"
			  : !enabled[0] && !enabled[1]
				  ? "nothing loads audit rules at boot: neither "
				    "audit-rules.service "
				    "nor auditd.service is enabled"
				  : "nothing loads audit rules at boot: the enabled unit "
				    "is masked, or "
				    "runs neither augenrules --load nor auditctl -R";
	return 0;
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
	obs->loader_why =
		foreign ? hf_arena_printf(&plan->arena,
					  "nothing loads audit rules at boot: %s belongs "
					  "to uid %u, and auditctl %s refuses it",
					  HF_AUDIT_MERGED, (unsigned)inode.uid, version)
			: "nothing loads audit rules at boot: anybody may write "
			  "to " HF_AUDIT_MERGED ", and auditctl refuses it";
	return obs->loader_why ? 0 : -ENOMEM;
}

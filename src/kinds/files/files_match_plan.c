/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths an entry is about, lexically; ids. Pure. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "kinds/files/files_spec.h"

#define GLOB_FLAGS (FNM_PATHNAME | FNM_PERIOD)

const char *const files_aspect_names[FILES_ASPECTS] = { "owner", "group", "mode" };

char *files_id_text(hf_arena *arena, const char *path, files_aspect aspect)
{
	return hf_arena_printf(arena, "files:%s#%s", path, files_aspect_names[aspect]);
}

int files_id_parse(hf_arena *arena, const char *id, char **ret_path,
		   files_aspect *ret_aspect)
{
	static const char prefix[] = "files:";
	const char *path = id + sizeof(prefix) - 1, *hash;

	if (strncmp(id, prefix, sizeof(prefix) - 1) != 0)
		return -EINVAL;
	hash = strrchr(path, '#');
	if (!hash)
		return -EINVAL;
	for (size_t i = 0; i < FILES_ASPECTS; i++) {
		if (strcmp(hash + 1, files_aspect_names[i]) != 0)
			continue;
		*ret_aspect = (files_aspect)i;
		*ret_path = hf_arena_memdup(arena, path, (size_t)(hash - path));
		return *ret_path ? 0 : -ENOMEM;
	}
	return -EINVAL;
}

bool files_demands(const files_spec *spec, files_aspect aspect)
{
	switch (aspect) {
	case FILES_OWNER:
		return spec->owner;
	case FILES_GROUP:
		return spec->group;
	case FILES_MODE:
		return spec->has_mode || spec->has_max;
	case FILES_ASPECTS:
		break;
	}
	return false;
}

bool files_type_fits(const files_spec *spec, mode_t mode)
{
	switch (spec->type) {
	case FILES_FILE:
		return S_ISREG(mode);
	case FILES_DIR:
		return S_ISDIR(mode);
	case FILES_SOCKET:
		return S_ISSOCK(mode);
	case FILES_ANY:
		break;
	}
	return true;
}

bool files_mode_fits(const files_spec *spec, mode_t mode)
{
	mode &= 07777;
	if (spec->has_mode)
		return mode == spec->mode;
	return !spec->has_max || !(mode & ~spec->mode);
}

static bool exclude_matches(const files_spec *spec, const char *relative,
			    const char *name)
{
	for (size_t i = 0; i < spec->n_exclude; i++) {
		const char *pattern = spec->exclude[i];

		/* a name pattern holds for hidden files, too: "*" takes out everything */
		if (strchr(pattern, '/') ? fnmatch(pattern, relative, FNM_PATHNAME) == 0
					 : fnmatch(pattern, name, 0) == 0)
			return true;
	}
	return false;
}

bool files_excluded(const files_spec *spec, const char *top, const char *path)
{
	size_t n = strlen(top);
	const char *relative;
	char buf[4096];

	if (!spec->n_exclude)
		return false;
	if (strcmp(top, path) == 0)
		return spec->is_glob &&
		       exclude_matches(spec, hf_path_base(path), hf_path_base(path));
	relative = path + (n == 1 ? 1 : n + 1);
	if (snprintf(buf, sizeof(buf), "%s", relative) >= (int)sizeof(buf))
		return false;
	/* an excluded directory takes out what is below it */
	for (char *p = buf;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (exclude_matches(spec, buf,
				    strrchr(buf, '/') ? strrchr(buf, '/') + 1 : buf))
			return true;
		if (!c)
			return false;
		*p = '/';
	}
}

static bool is_match(const files_spec *spec, const char *value, const char *path)
{
	return spec->is_glob ? fnmatch(value, path, GLOB_FLAGS) == 0
			     : strcmp(value, path) == 0;
}

bool files_covers(const files_spec *spec, const char *value, const char *path)
{
	char top[4096];

	if (is_match(spec, value, path))
		return !files_excluded(spec, path, path);
	if (!spec->recurse)
		return false;
	if (!spec->is_glob)
		return hf_path_below(path, value) && !files_excluded(spec, value, path);
	if (snprintf(top, sizeof(top), "%s", path) >= (int)sizeof(top))
		return false;
	for (char *slash; (slash = strrchr(top, '/')) && slash != top;) {
		*slash = '\0';
		if (is_match(spec, value, top))
			return !files_excluded(spec, top, path);
	}
	return false;
}

const files_id *files_id_get(const files_obs *obs, char type, const char *name)
{
	char key[300];

	(void)snprintf(key, sizeof(key), "%c:%s", type, name);
	return hf_map_get(&obs->ids, key);
}

const files_id *files_id_of(const files_obs *obs, const files_spec *spec,
			    files_aspect aspect)
{
	if (aspect == FILES_OWNER && spec->owner)
		return files_id_get(obs, 'u', spec->owner);
	if (aspect == FILES_GROUP && spec->group)
		return files_id_get(obs, 'g', spec->group);
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <limits.h>
#include <string.h>

const char *hf_path_check(const char *path)
{
	const char *wrong = hf_path_check_found(path);

	for (const char *c = path; !wrong && *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			wrong = "contains a control character";
	return wrong;
}

const char *hf_path_check_found(const char *path)
{
	const char *p = path;

	if (!*path)
		return "is empty";
	if (*path != '/')
		return "is not absolute";
	if (strlen(path) >= PATH_MAX)
		return "is too long";
	while (*p) {
		size_t n;

		while (*p == '/')
			p++;
		n = strcspn(p, "/");
		if (n > NAME_MAX)
			return "has a component that is too long";
		if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return "contains '.' or '..'";
		p += n;
	}
	return NULL;
}

void hf_path_squeeze(char *path)
{
	char *w = path;

	for (const char *p = path; *p; p++)
		if (*p != '/' || w == path || w[-1] != '/')
			*w++ = *p;
	if (w > path + 1 && w[-1] == '/')
		w--;
	*w = '\0';
}

char *hf_path_clean(hf_arena *arena, const char *path)
{
	char *out = hf_arena_strdup(arena, path);

	if (out)
		hf_path_squeeze(out);
	return out;
}

char *hf_path_join(hf_arena *arena, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		n--;
	while (*name == '/')
		name++;
	return hf_arena_printf(arena, "%.*s/%s", (int)n, dir, name);
}

char *hf_path_dir(hf_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return hf_arena_strdup(arena, ".");
	if (slash == path)
		return hf_arena_strdup(arena, "/");
	return hf_arena_memdup(arena, path, (size_t)(slash - path));
}

const char *hf_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool hf_path_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1 && dir[0] == '/')
		return true;
	return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

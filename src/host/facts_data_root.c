/* SPDX-License-Identifier: Apache-2.0 */
#include "host/facts_data_root.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/path.h"
#include "host/docker.h"
#include "host/fs.h"
#include "host/process.h"
#include "host/unit_dirs.h"

#define UNIT "docker.service"

typedef struct finder {
	hf_host *host;
	hf_arena *arena;
	const char *config; /* --config-file, or the default */
	const char *root;   /* data-root or --data-root, or NULL so far */
	const char *why;    /* it cannot be told; or NULL */
} finder;

/* Why it cannot be told; the first reason is kept. */
_printf_(2, 3) static int doubt(finder *f, const char *fmt, ...)
{
	va_list ap;

	if (f->why)
		return 0;
	va_start(ap, fmt);
	f->why = hf_arena_vprintf(f->arena, fmt, ap);
	va_end(ap);
	return f->why ? 0 : -ENOMEM;
}

/* *ret NULL: there is no such file. */
static int read_text(finder *f, const char *path, char **ret, size_t *ret_len)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	int r = hf_fs_read(f->host, path, 0, f->arena, ret, ret_len, NULL, &err);

	if (r == 0 || r == -ENOMEM)
		return r;
	*ret = NULL;
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return doubt(f, "%s", hf_error_text(err));
}

/* --- the configuration file -------------------------------------------------------- */

static int take_key(finder *f, const json_t *value, const char *key)
{
	const char *text = json_string_value(value);
	const char *problem;

	if (!value || json_is_null(value) || f->root || (text && !*text))
		return 0;
	problem = text ? hf_path_check(text) : "is no text";
	if (problem)
		return doubt(f, "%s: '%s' %s", f->config, key, problem);
	f->root = hf_arena_strdup(f->arena, text);
	return f->root ? 0 : -ENOMEM;
}

static int read_config(finder *f)
{
	static const char *const keys[] = { "data-root", "graph" };
	json_error_t e;
	json_t *doc;
	char *text;
	size_t len;
	int r = read_text(f, f->config, &text, &len);

	if (r < 0 || !text)
		return r;
	doc = json_loadb(text, len, JSON_DECODE_INT_AS_REAL, &e); /* as dockerd */
	if (!json_is_object(doc))
		r = doc ? doubt(f, "%s holds no object", f->config)
			: doubt(f, "%s:%d is no valid JSON", f->config, e.line);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
		r = take_key(f, json_object_get(doc, keys[i]), keys[i]);
	json_decref(doc);
	return r;
}

/* --- flags ------------------------------------------------------------------------- */

/* The value of flag @name in @argv at @at; NULL: it is another one. */
static const char *value_of(const hf_process *p, size_t at, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(p->argv[at], name, len) != 0)
		return NULL;
	if (p->argv[at][len] == '=')
		return p->argv[at] + len + 1;
	if (p->argv[at][len])
		return NULL;
	return at + 1 < p->n_argv ? p->argv[at + 1] : "";
}

static int take_flag(finder *f, const char **to, const char *value)
{
	if (!value)
		return 0;
	if (hf_path_check(value))
		return doubt(f, "'%s' on dockerd's command line %s", value,
			     hf_path_check(value));
	*to = value;
	return 0;
}

static int read_running(finder *f, const hf_process *p)
{
	int r = 0;

	for (size_t i = 1; i < p->n_argv && r == 0; i++) {
		r = take_flag(f, &f->root, value_of(p, i, "--data-root"));
		if (r == 0)
			r = take_flag(f, &f->root, value_of(p, i, "--graph"));
		if (r == 0)
			r = take_flag(f, &f->root, value_of(p, i, "-g"));
		if (r == 0)
			r = take_flag(f, &f->config, value_of(p, i, "--config-file"));
	}
	return r;
}

static bool names_flag(const char *line)
{
	static const char *const names[] = { "--data-root", "--graph", "--config-file" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strstr(line, names[i]))
			return true;
	for (const char *p = line; (p = strstr(p, "-g")); p++)
		if (p > line && strchr(" \t'\"=", p[-1]) && strchr(" \t=/", p[2]))
			return true;
	return false;
}

/* Comments aside: is one of the flags named in this file? */
static int look_for_flags(finder *f, const char *path)
{
	char *text, *save = NULL;
	size_t len;
	int r = read_text(f, path, &text, &len);

	if (r < 0 || !text)
		return r;
	for (char *line = strtok_r(text, "\r\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\r\n", &save)) {
		line += strspn(line, " \t");
		if (*line != '#' && names_flag(line))
			r = doubt(f, "%s may give dockerd another data-root", path);
	}
	return r;
}

static int look_into(finder *f, const char *dir)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char **names;
	size_t n;
	int r = hf_fs_list(f->host, dir, f->arena, &names, &n, &err);

	if (r == -ENOMEM || r == -ENOENT || r == -ENOTDIR)
		return r == -ENOMEM ? r : 0;
	if (r < 0)
		return doubt(f, "%s", hf_error_text(err));
	for (size_t i = 0; i < n && r == 0; i++) {
		size_t len = strlen(names[i]);
		char *path;

		if (len < 6 || strcmp(names[i] + len - 5, ".conf") != 0)
			continue;
		path = hf_path_join(f->arena, dir, names[i]);
		r = path ? look_for_flags(f, path) : -ENOMEM;
	}
	return r;
}

/* The unit, its drop-ins, and where distributions keep its options. */
static int look_at_unit(finder *f)
{
	static const char *const options[] = { "/etc/default/docker",
					       "/etc/sysconfig/docker" };
	hf_unit_dirs units;
	int r = hf_unit_dirs_list(f->host, f->arena, &units, NULL);

	if (r == 0 && units.why)
		return doubt(f, "%s", units.why);
	for (size_t i = 0; r == 0 && i < units.n && !f->why; i++) {
		const hf_unit_dir *dir = &units.dirs[i];
		char *unit = hf_path_join(f->arena, dir->path, UNIT);
		char *dropins = hf_path_join(f->arena, dir->path, UNIT ".d");

		if (!unit || !dropins)
			return -ENOMEM;
		if (hf_unit_dir_has(dir, UNIT))
			r = look_for_flags(f, unit);
		if (r == 0 && hf_unit_dir_has(dir, UNIT ".d"))
			r = look_into(f, dropins);
	}
	for (size_t i = 0; i < ARRAY_SIZE(options) && r == 0 && !f->why; i++)
		r = look_for_flags(f, options[i]);
	return r;
}

int hf_data_root_find(hf_host *host, bool running, hf_arena *arena, const char **ret,
		      const char **ret_why)
{
	finder f = { .host = host, .arena = arena, .config = "/etc/docker/daemon.json" };
	hf_process p = { 0 };
	uint32_t pid = 0;
	int r = 0;

	if (running)
		r = hf_docker_process(host, &pid, NULL, NULL);
	if (r == -ENOMEM)
		return r;
	r = pid ? hf_process_read(host, pid, arena, &p) : 0;
	if (r == 0)
		r = p.argv ? read_running(&f, &p) : look_at_unit(&f);
	if (r == 0 && !f.why)
		r = read_config(&f);
	if (r < 0)
		return r;
	*ret_why = f.why;
	*ret = f.why ? NULL : f.root ? f.root : "/var/lib/docker";
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that the manager gives every service: DefaultEnvironment= of
 * systemd-system.conf(5), and what it says itself (systemctl set-environment). What
 * generators would add (systemd.environment-generator(7)) is known to it alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "host/bus.h"
#include "host/fs.h"
#include "kinds/units/units_observe.h"

#define CONF "system.conf"

/* High to low; the first system.conf is the one, the directories of drop-ins all count.
 */
static const char *const dirs[] = { "/etc/systemd", "/run/systemd",
				    "/usr/local/lib/systemd", "/usr/lib/systemd" };

typedef struct conf_file {
	const char *name;
	const char *path;
} conf_file;

typedef struct conf {
	hf_host *host;
	hf_arena *arena;
	hf_units_obs *obs;
	const char *main;
	conf_file *dropins;
	size_t n_dropins;
} conf;

static bool is_missing(int r)
{
	return r == -ENOENT || r == -ENOTDIR;
}

static int doubt(conf *c, const hf_error *e)
{
	if (!c->obs->default_env_why)
		c->obs->default_env_why = hf_arena_strdup(c->arena, hf_error_text(e));
	return c->obs->default_env_why ? 0 : -ENOMEM;
}

/* Of equal names the first directory's file counts. */
static int add_dropin(conf *c, const char *dir, const char *name)
{
	size_t len = strlen(name);
	conf_file *slot;

	if (len < 6 || strcmp(name + len - 5, ".conf") != 0)
		return 0;
	for (size_t i = 0; i < c->n_dropins; i++)
		if (strcmp(c->dropins[i].name, name) == 0)
			return 0;
	slot = hf_vec_push(c->arena, c->dropins, c->n_dropins);
	if (!slot)
		return -ENOMEM;
	*slot = (conf_file){ name, hf_path_join(c->arena, dir, name) };
	return slot->path ? 0 : -ENOMEM;
}

static int list(conf *c, const char *dir, char ***ret, size_t *ret_n)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	int r = hf_fs_list(c->host, dir, c->arena, ret, ret_n, &e);

	if (r == 0 || r == -ENOMEM)
		return r;
	*ret_n = 0;
	return is_missing(r) ? 0 : doubt(c, e);
}

/* What is not in a listing is not looked for, see list_parents() of unit_dirs.c. */
static int find_in(conf *c, const char *dir)
{
	char **names, **dropins;
	size_t n, n_dropins = 0;
	const char *sub = NULL;
	int r = list(c, dir, &names, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *path;

		if (strncmp(names[i], CONF, strlen(CONF)) != 0)
			continue;
		path = hf_path_join(c->arena, dir, names[i]);
		if (!path)
			return -ENOMEM;
		if (strcmp(names[i], CONF) == 0 && !c->main)
			c->main = path;
		else if (strcmp(names[i], CONF ".d") == 0)
			sub = path;
	}
	if (r == 0 && sub)
		r = list(c, sub, &dropins, &n_dropins);
	for (size_t i = 0; r == 0 && i < n_dropins; i++)
		r = add_dropin(c, sub, dropins[i]);
	return r;
}

static int read_conf(conf *c, const char *path)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	hf_unit_stack *stack = &c->obs->default_env;
	const hf_unit_file **slot;
	hf_unit_file *file;
	hf_inode inode;
	char *text;
	size_t len;
	bool masked;
	int r = hf_units_is_mask(c->host, c->arena, path, &masked);

	if (r < 0 || masked)
		return r;
	r = hf_fs_read(c->host, path, 0, c->arena, &text, &len, &inode, &e);
	if (r == -ENOMEM || is_missing(r))
		return r == -ENOMEM ? r : 0;
	if (r < 0)
		return doubt(c, e);
	file = hf_arena_new(c->arena, hf_unit_file);
	slot = hf_vec_push(c->arena, stack->files, stack->n);
	if (!file || !slot)
		return -ENOMEM;
	*slot = file;
	c->obs->env_mode &= inode.mode;
	return hf_unit_file_parse(c->arena, path, text, len, file, NULL);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const conf_file *)a)->name, ((const conf_file *)b)->name);
}

int hf_units_manager_read(hf_host *host, hf_arena *arena, hf_units_obs *obs,
			  hf_error **err)
{
	conf c = { .host = host, .arena = arena, .obs = obs };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == 0; i++)
		r = find_in(&c, dirs[i]);
	if (r == 0 && c.main)
		r = read_conf(&c, c.main);
	if (c.n_dropins)
		qsort(c.dropins, c.n_dropins, sizeof(*c.dropins), by_name);
	for (size_t i = 0; i < c.n_dropins && r == 0; i++)
		r = read_conf(&c, c.dropins[i].path);
	return r < 0 ? hf_error_oom(err) : 0;
}

int hf_units_manager_ask(hf_host *host, hf_arena *arena, hf_units_obs *obs,
			 hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *e = NULL;
	int r = hf_bus_environment(host, arena, &obs->manager_env, &obs->n_manager_env,
				   &e);

	if (r == 0)
		return 0;
	if (r != -ENOMEM && !obs->default_env_why)
		obs->default_env_why = hf_arena_strdup(arena, hf_error_text(e));
	return r == -ENOMEM || !obs->default_env_why ? hf_error_oom(err) : 0;
}

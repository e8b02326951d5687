/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at what the entries name: expanded references, globs, trees. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/parse.h"
#include "base/path.h"
#include "host/fs.h"
#include "host/ids.h"
#include "kinds/files/files_kind.h"
#include "kinds/files/files_spec.h"

#define MATCHES_MAX (1u << 20)

typedef struct observer {
	hf_host *host;
	hf_plan *plan;
	hf_arena *arena; /* the plan's */
	files_obs *obs;
	hf_map links;	 /* directory -> foreign_link on the way to it */
	hf_map no_dirs;	 /* of patterns, which others have, too: are not there */
	struct stat top; /* the root directory: a tree may belong to another than root */
} observer;

/* Out of memory, also where only the message of another error was lost for it. */
static bool is_oom(int r, const hf_error *err)
{
	return r == -ENOMEM || (err && err->code == -ENOMEM);
}

/* --- owners and groups ---------------------------------------------------------------
 */

static int learn_id(observer *o, char type, const char *name)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	files_id *id;
	char *key;
	int r;

	if (!name || files_id_get(o->obs, type, name))
		return 0;
	id = hf_arena_new(o->arena, files_id);
	key = hf_arena_printf(o->arena, "%c:%s", type, name);
	if (!id || !key)
		return -ENOMEM;
	r = type == 'u' ? hf_ids_uid(o->host, name, &id->number, &err)
			: hf_ids_gid(o->host, name, &id->number, &err);
	if (is_oom(r, err))
		return -ENOMEM;
	id->known = r < 0 ? HF_UNKNOWN : HF_PRESENT;
	if (r < 0) {
		id->why = hf_arena_strdup(o->arena, hf_error_text(err));
		if (!id->why)
			return -ENOMEM;
	}
	return hf_map_put(&o->obs->ids, o->arena, key, id);
}

/* --- single objects --------------------------------------------------------------------
 */

/* Why owner and mode cannot be set there; NULL: nothing speaks against it. */
static const char *why_blocked(observer *o, const char *path, const hf_inode *i)
{
	if (i->immutable)
		return "it is immutable: take the flag off first, with chattr -i -a";
	if (i->bind_mount)
		return "it is a bind mount: the change would be made to what is mounted "
		       "there";
	if (S_ISREG(i->mode) && i->nlink > 1 && i->uid != 0)
		return "it has several hard links and does not belong to root: another "
		       "name of "
		       "it may be meant for something else";
	if (!hf_utf8_valid(path))
		return "its name is not UTF-8, so a change of it cannot be recorded: "
		       "rename it";
	if (hf_fs_is_read_only(o->host, path))
		return "its file system is mounted read-only";
	return NULL;
}

static int fill_names(observer *o, files_object *object)
{
	const char *user = hf_ids_user_name(o->host, object->uid);
	const char *group = hf_ids_group_name(o->host, object->gid);

	if (!user || !group)
		return -ENOMEM;
	object->user = hf_arena_strdup(o->arena, user);
	object->groupname = hf_arena_strdup(o->arena, group);
	return object->user && object->groupname ? 0 : -ENOMEM;
}

/* Why what is in @dir may be something else at any time; NULL: only root, or the tree's
 * owner, writes there. */
static int why_open(observer *o, const char *dir, const char **ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	const struct stat *top = &o->top;
	hf_inode i;
	int r = hf_fs_inode(o->host, dir, 0, &i, &err);

	*ret = NULL;
	if (is_oom(r, err))
		return -ENOMEM;
	if (r < 0)
		*ret = hf_arena_strdup(o->arena, hf_error_text(err));
	else if ((i.uid != 0 && i.uid != top->st_uid) ||
		 (!(i.mode & S_ISVTX) &&
		  ((i.mode & S_IWOTH) ||
		   ((i.mode & S_IWGRP) && i.gid != 0 && i.gid != top->st_gid))))
		*ret = hf_arena_printf(o->arena,
				       "others than root may write %s, on the way to its "
				       "target",
				       dir);
	else
		return 0;
	return *ret ? 0 : -ENOMEM;
}

static int not_followed(observer *o, files_object *object, const char *why)
{
	object->known = HF_UNKNOWN;
	object->why = why ? hf_arena_printf(o->arena,
					    "it is a symlink, and %s: not followed", why)
			  : NULL;
	return object->why ? 0 : -ENOMEM;
}

/* Whoever may write a directory above a link's target can put another file in its place,
 * and no demand on the directories of the link itself tells. */
static int judge_target_dirs(observer *o, files_object *object, const char *target)
{
	const char *dir = target, *why = NULL;

	do {
		dir = hf_path_dir(o->arena, dir);
		if (!dir || why_open(o, dir, &why) < 0)
			return -ENOMEM;
	} while (!why && strcmp(dir, "/") != 0);
	return why ? not_followed(o, object, why) : 0;
}

/* A final symlink is followed only where nobody but root could have laid it. */
static int judge_link(observer *o, files_object *object, const hf_inode *i)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char *target;
	int r;

	if (!i->through_link)
		return 0;
	object->through_link = true;
	if (i->link_uid || i->uid)
		return not_followed(
			o, object,
			hf_arena_printf(o->arena, "%s belongs to uid %u, not to root",
					i->link_uid ? "the link" : "its target",
					(unsigned)(i->link_uid ? i->link_uid : i->uid)));
	r = hf_fs_canonical(o->host, object->path, o->arena, &target, &err);
	if (is_oom(r, err))
		return -ENOMEM;
	if (r < 0)
		return not_followed(o, object, hf_error_text(err));
	object->masked = S_ISCHR(i->mode) && strcmp(target, "/dev/null") == 0;
	return judge_target_dirs(o, object, target);
}

typedef struct foreign_link {
	bool there;
	uid_t uid;
} foreign_link;

/* Whose symlink leads to @dir, if it is neither root's nor the tree's owner's. */
static int find_foreign_link(observer *o, const char *dir, const foreign_link **ret)
{
	foreign_link *link = hf_map_get(&o->links, dir);
	int r;

	if (!link) {
		link = hf_arena_new(o->arena, foreign_link);
		if (!link)
			return -ENOMEM;
		r = hf_fs_foreign_link(o->host, dir, &link->uid);
		if (r < 0)
			return r;
		link->there = r;
		r = hf_map_put(&o->links, o->arena, dir, link);
		if (r < 0)
			return r;
	}
	*ret = link;
	return 0;
}

/* A symlink among the parents counts as a final one does: who owns it would choose what
 * root changes, and with a pattern he needs no name for it. */
static int judge_parents(observer *o, files_object *object)
{
	const foreign_link *link;
	char *dir = object->through_link ? NULL : hf_path_dir(o->arena, object->path);
	int r;

	if (!dir && !object->through_link)
		return -ENOMEM;
	r = find_foreign_link(o, dir ? dir : object->path, &link);
	if (r < 0 || !link->there)
		return r;
	object->known = HF_UNKNOWN;
	object->why = hf_arena_printf(o->arena,
				      "a symlink on the way to it belongs to uid %u, not "
				      "to root: not followed",
				      (unsigned)link->uid);
	return object->why ? 0 : -ENOMEM;
}

static int fill_object(observer *o, files_object *object)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_inode i;
	int r = hf_fs_inode(o->host, object->path, HF_FS_ACL, &i, &err);

	if (is_oom(r, err))
		return -ENOMEM;
	if (r == -ENOENT || r == -ENOTDIR) {
		object->known = HF_ABSENT;
		return 0;
	}
	if (r < 0) {
		object->known = HF_UNKNOWN;
		object->why = hf_arena_strdup(o->arena, hf_error_text(err));
		return object->why ? 0 : -ENOMEM;
	}
	object->known = HF_PRESENT;
	object->mode = i.mode;
	object->uid = i.uid;
	object->gid = i.gid;
	object->nlink = i.nlink;
	object->dev = i.dev;
	object->ino = i.ino;
	object->has_acl = i.has_acl;
	object->blocked = why_blocked(o, object->path, &i);
	r = fill_names(o, object);
	if (r == 0)
		r = judge_link(o, object, &i);
	return r < 0 || object->known == HF_UNKNOWN ? r : judge_parents(o, object);
}

static int get_object(observer *o, const char *path, files_object **ret)
{
	files_object *object = hf_map_get(&o->obs->objects, path);
	int r;

	if (!object) {
		object = hf_arena_new(o->arena, files_object);
		if (!object)
			return -ENOMEM;
		object->path = hf_arena_strdup(o->arena, path);
		if (!object->path)
			return -ENOMEM;
		r = fill_object(o, object);
		if (r < 0)
			return r;
		r = hf_map_put(&o->obs->objects, o->arena, object->path, object);
		if (r < 0)
			return r;
	}
	*ret = object;
	return 0;
}

static int add_object(observer *o, files_seen *seen, files_object *object)
{
	files_object **slot = hf_vec_push(o->arena, seen->objects, seen->n);

	if (!slot)
		return -ENOMEM;
	*slot = object;
	return 0;
}

/* --- trees -----------------------------------------------------------------------------
 */

typedef struct tree {
	observer *o;
	files_seen *seen;
	const files_spec *spec;
	const files_id *owner, *group; /* NULL: not demanded */
	const char *top;
} tree;

static bool tree_skip(void *user, const char *path)
{
	const tree *t = user;

	return files_excluded(t->spec, t->top, path);
}

static bool id_fits(const files_id *id, uint32_t number)
{
	return !id || (id->known == HF_PRESENT && id->number == number);
}

/* Only what diverges is kept: a tree of a hundred thousand good files costs no memory. */
static int tree_visit(void *user, const hf_walk_entry *entry)
{
	tree *t = user;
	files_object *object;
	int r;

	if (files_mode_fits(t->spec, entry->mode) && id_fits(t->owner, entry->uid) &&
	    id_fits(t->group, entry->gid)) {
		t->seen->n_passed++;
		return 0;
	}
	r = get_object(t->o, entry->path, &object);
	if (r < 0)
		return r;
	return object->known == HF_ABSENT ? 0 : add_object(t->o, t->seen, object);
}

static int by_path(const void *a, const void *b)
{
	const files_object *x = *(files_object *const *)a, *y = *(files_object *const *)b;

	return strcmp(x->path, y->path);
}

static const mode_t type_modes[] = {
	[FILES_ANY] = 0,
	[FILES_FILE] = S_IFREG,
	[FILES_DIR] = S_IFDIR,
	[FILES_SOCKET] = S_IFSOCK,
};

static int see_tree(observer *o, files_seen *seen, const files_spec *spec,
		    const char *top)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	tree t = { .o = o, .seen = seen, .spec = spec, .top = top };
	hf_walk walk = { .only = type_modes[spec->type],
			 .skip = spec->n_exclude ? tree_skip : NULL,
			 .visit = tree_visit,
			 .user = &t };
	int r;

	seen->tree = true;
	t.owner = spec->owner ? files_id_get(o->obs, 'u', spec->owner) : NULL;
	t.group = spec->group ? files_id_get(o->obs, 'g', spec->group) : NULL;
	r = hf_fs_walk(o->host, top, &walk, &err);
	if (is_oom(r, err))
		r = -ENOMEM;
	else if (r < 0) {
		seen->partial = true;
		seen->why = hf_arena_strdup(o->arena, hf_error_text(err));
		r = seen->why ? 0 : -ENOMEM;
	}
	if (r == 0 && walk.n_unreadable) {
		seen->partial = true;
		seen->why = hf_arena_printf(
			o->arena, "cannot read '%s': %s (%zu directories)", walk.why_path,
			strerror(-walk.why), walk.n_unreadable);
		r = seen->why ? 0 : -ENOMEM;
	}
	seen->n_mounts += walk.n_mounts;
	free(walk.why_path);
	if (r == 0 && seen->n)
		qsort(seen->objects, seen->n, sizeof(*seen->objects), by_path);
	return r;
}

/* One path that exists or not; recursion goes down from it. */
static int see_path(observer *o, files_seen *seen, const files_spec *spec,
		    const char *path)
{
	files_object *object;
	int r;

	if (spec->is_glob && files_excluded(spec, path, path))
		return 0;
	r = get_object(o, path, &object);
	if (r < 0)
		return r;
	if (object->known == HF_ABSENT) {
		if (!spec->is_glob)
			seen->why = "it does not exist";
		return 0;
	}
	if (object->known == HF_PRESENT && spec->recurse && S_ISDIR(object->mode))
		return see_tree(o, seen, spec, path);
	if (spec->is_glob && object->known == HF_PRESENT &&
	    !files_type_fits(spec, object->mode))
		return 0;
	return add_object(o, seen, object);
}

/* --- globs -----------------------------------------------------------------------------
 */

typedef struct glob {
	observer *o;
	files_seen *seen;
	const files_spec *spec;
	size_t n_matches;
} glob;

static bool has_meta(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strchr("*?[", s[i]))
			return true;
	return false;
}

static int glob_below(glob *g, const char *dir, const char *pattern);

/* @dir/@name stands for the first components of the pattern; @rest is what follows. */
static int glob_name(glob *g, const char *dir, const char *name, const char *rest)
{
	char *path = hf_path_join(g->o->arena, dir, name);

	if (!path)
		return -ENOMEM;
	if (*rest)
		return glob_below(g, path, rest);
	if (g->n_matches++ >= MATCHES_MAX) {
		g->seen->partial = true;
		g->seen->why = "the pattern matches too much";
		return 0;
	}
	return see_path(g->o, g->seen, g->spec, path);
}

static int glob_list(glob *g, const char *dir, const char *component, const char *rest)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	char **names;
	size_t n;
	int r;

	if (hf_map_get(&g->o->no_dirs, dir))
		return 0;
	r = hf_fs_list(g->o->host, dir, &arena, &names, &n, &err);
	if (r == -ENOENT || r == -ENOTDIR)
		return hf_map_put(&g->o->no_dirs, g->o->arena, dir, g->o);
	if (is_oom(r, err))
		return -ENOMEM;
	if (r < 0) {
		g->seen->partial = true;
		g->seen->why = hf_arena_strdup(g->o->arena, hf_error_text(err));
		return g->seen->why ? 0 : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		if (fnmatch(component, names[i], FNM_PERIOD) == 0)
			r = glob_name(g, dir, names[i], rest);
	return r;
}

static int glob_below(glob *g, const char *dir, const char *pattern)
{
	size_t n;
	char *component;

	pattern += strspn(pattern, "/");
	n = strcspn(pattern, "/");
	component = hf_arena_memdup(g->o->arena, pattern, n);
	if (!component)
		return -ENOMEM;
	if (has_meta(pattern, n))
		return glob_list(g, dir, component, pattern + n);
	return glob_name(g, dir, component, pattern + n);
}

/* --- demands ---------------------------------------------------------------------------
 */

static files_seen *new_seen(observer *o, const hf_demand *demand, const char *path)
{
	files_seen *seen = hf_vec_push(o->arena, o->obs->seen, o->obs->n_seen);

	if (!seen)
		return NULL;
	seen->demand = demand;
	seen->path = path;
	seen->state = HF_STATE_NOT_APPLICABLE;
	return seen;
}

static int see_value(observer *o, const hf_demand *demand, const char *value)
{
	const files_spec *spec = demand->spec;
	const char *wrong = hf_path_check(value), *path;
	files_seen *seen;

	path = wrong ? value : hf_path_clean(o->arena, value);
	seen = path ? new_seen(o, demand, path) : NULL;
	if (!seen)
		return -ENOMEM;
	if (wrong) {
		seen->state = HF_STATE_UNKNOWN;
		seen->why = hf_arena_printf(o->arena, "the path %s", wrong);
		return seen->why ? 0 : -ENOMEM;
	}
	if (spec->is_glob) {
		glob g = { .o = o, .seen = seen, .spec = spec };
		int r = glob_below(&g, "/", path);

		if (r == 0 && !seen->why && !seen->n)
			seen->why = "nothing matches";
		return r;
	}
	return see_path(o, seen, spec, path);
}

static int see_demand(observer *o, const hf_demand *demand)
{
	const files_spec *spec = demand->spec;
	hf_ref_values values = { .n = 1 };
	int r;

	r = learn_id(o, 'u', spec->owner);
	if (r == 0)
		r = learn_id(o, 'g', spec->group);
	if (r == 0 && !spec->has_ref)
		return see_value(o, demand, spec->path);
	if (r == 0)
		r = hf_plan_expand(o->plan, spec->path, &values);
	if (r < 0)
		return r;
	if (!values.n) {
		files_seen *seen = new_seen(o, demand, NULL);

		if (!seen)
			return -ENOMEM;
		seen->why = values.why;
		seen->state = values.unknown ? HF_STATE_UNKNOWN : HF_STATE_NOT_APPLICABLE;
	}
	for (size_t i = 0; r == 0 && i < values.n; i++)
		r = see_value(o, demand, values.values[i]);
	return r;
}

/* --- what nothing demands any more
 * ------------------------------------------------------ */

static files_id text_value(observer *o, files_aspect aspect, const char *text)
{
	files_id id = { .known = HF_UNKNOWN };
	mode_t mode;

	if (!text)
		return id;
	if (aspect == FILES_MODE) {
		if (hf_parse_mode(text, &mode) == 0)
			id = (files_id){ .known = HF_PRESENT, .number = mode };
		return id;
	}
	if ((aspect == FILES_OWNER ? hf_ids_uid(o->host, text, &id.number, NULL)
				   : hf_ids_gid(o->host, text, &id.number, NULL)) == 0)
		id.known = HF_PRESENT;
	return id;
}

static bool is_demanded(const hf_model *model, hf_plan *plan, const char *path,
			files_aspect aspect, int *ret_error)
{
	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const files_spec *spec = demand->spec;
		hf_ref_values values = { .n = 1, .values = (const char *[]){ NULL } };
		const char *own[1];

		if (demand->kind != &hf_kind_files ||
		    !hf_control_is_claiming(demand->control))
			continue;
		/* with the owner a setuid bit may have gone: that stays gone, too */
		if (!files_demands(spec, aspect) && aspect != FILES_MODE)
			continue;
		own[0] = spec->path;
		values.values = own;
		if (spec->has_ref) {
			*ret_error = hf_plan_expand(plan, spec->path, &values);
			if (*ret_error < 0)
				return false;
			if (!values.n && values.unknown)
				return true; /* it may well be one of these */
		}
		for (size_t k = 0; k < values.n; k++)
			if (files_covers(spec, values.values[k], path))
				return true;
	}
	return false;
}

static int see_releases(observer *o, const hf_model *model)
{
	const hf_record *record = o->plan->record;

	for (size_t i = 0; i < record->n_entries; i++) {
		const hf_record_entry *entry = record->entries[i];
		files_release *release;
		files_aspect aspect;
		char *path;
		int r = files_id_parse(o->arena, entry->id, &path, &aspect);

		if (r == -EINVAL || (r == 0 && hf_path_check_found(path)))
			continue;
		if (r == 0 && is_demanded(model, o->plan, path, aspect, &r)) {
			r = hf_plan_claim(o->plan, entry->id);
			if (r < 0)
				return r;
			continue;
		}
		if (r < 0)
			return r;
		release = hf_vec_push(o->arena, o->obs->releases, o->obs->n_releases);
		if (!release)
			return -ENOMEM;
		release->entry = entry;
		release->aspect = aspect;
		release->left = text_value(o, aspect, entry->after);
		release->before = text_value(o, aspect, entry->before);
		r = get_object(o, path, &release->object);
		if (r < 0)
			return r;
	}
	return 0;
}

int files_observe(struct hf_host *host, const hf_model *model, struct hf_plan *plan,
		  hf_error **err)
{
	observer o = { .host = host, .plan = plan, .arena = &plan->arena };
	int r = 0;

	o.obs = hf_arena_new(&plan->arena, files_obs);
	if (!o.obs)
		return hf_error_oom(err);
	/* The running system is changed by root or not at all; who only looks at it is
	 * shown what root would do. A tree may be its owner's own. */
	o.obs->euid = host->offline ? geteuid() : 0;
	o.obs->egid = getegid();
	o.obs->unmapped_ids = host->unmapped_ids;
	if (fstat(host->root_fd, &o.top) < 0)
		o.top.st_uid = o.top.st_gid = 0;
	for (size_t i = 0; r == 0 && i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];

		if (demand->kind == &hf_kind_files &&
		    hf_control_is_active(demand->control) &&
		    demand->control->gate == HF_GATE_OPEN)
			r = see_demand(&o, demand);
	}
	if (r == 0)
		r = see_releases(&o, model);
	if (r < 0)
		return hf_error_oom(err);
	plan->obs[HF_RANK_FILES] = o.obs;
	return 0;
}

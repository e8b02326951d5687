/* SPDX-License-Identifier: Apache-2.0 */
/* Judging what was seen, and what is to be changed. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kinds/files/files_kind.h"
#include "kinds/files/files_spec.h"

typedef struct planner {
	const hf_model *model;
	hf_plan *plan;
	files_obs *obs;
	hf_map targets; /* "dev:ino" -> files_target */
	hf_map removed; /* paths of files that the plan removes */
	files_target **list;
	size_t n;
} planner;

static const files_spec *spec_of(const hf_demand *demand)
{
	return demand->spec;
}

const char files_why_removed[] = "this plan removes it";
static const char why_acl[] = "it has an ACL: the group bits are the ACL's mask";

/* --- rows ------------------------------------------------------------------------------
 */

static const char *wanted_text(hf_arena *arena, const files_spec *spec,
			       files_aspect aspect)
{
	if (aspect == FILES_OWNER)
		return spec->owner;
	if (aspect == FILES_GROUP)
		return spec->group;
	return hf_arena_printf(arena, "%s%04o", spec->has_max ? "at most " : "",
			       (unsigned)spec->mode);
}

hf_resource *files_row(hf_plan *plan, const hf_demand *demand, const char *path,
		       files_aspect aspect)
{
	char *id = files_id_text(&plan->arena, path, aspect);
	const char *wanted = wanted_text(&plan->arena, demand->spec, aspect);

	return id && wanted ? hf_plan_row(plan, HF_PERSISTED, id, wanted, demand) : NULL;
}

static const char *mode_text(hf_arena *arena, mode_t mode)
{
	return hf_arena_printf(arena, "%04o", (unsigned)(mode & 07777));
}

static const char *found_text(hf_plan *plan, const files_object *o, files_aspect aspect)
{
	if (aspect == FILES_OWNER)
		return o->user;
	if (aspect == FILES_GROUP)
		return o->groupname;
	return mode_text(&plan->arena, o->mode);
}

static bool fits(const files_obs *obs, const files_spec *spec, const files_object *o,
		 files_aspect aspect)
{
	const files_id *id = files_id_of(obs, spec, aspect);

	if (aspect == FILES_MODE)
		return files_mode_fits(spec, o->mode);
	return id && id->known == HF_PRESENT &&
	       id->number == (aspect == FILES_OWNER ? o->uid : o->gid);
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a regular file";
	case S_IFDIR:
		return "a directory";
	case S_IFSOCK:
		return "a socket";
	case S_IFIFO:
		return "a FIFO";
	case S_IFLNK:
		return "a symlink";
	default:
		return "a device";
	}
}

static bool is_device(const files_object *o)
{
	return S_ISCHR(o->mode) || S_ISBLK(o->mode);
}

/* Reasons that do not depend on the aspect. *ret_state untouched: there is none. */
static const char *common_reason(const planner *p, const files_spec *spec,
				 const files_object *o, hf_state *ret_state)
{
	if (o->masked) {
		*ret_state = HF_STATE_NOT_APPLICABLE;
		return "it is masked: a symlink to /dev/null";
	}
	if (o->known == HF_UNKNOWN) {
		*ret_state = HF_STATE_UNKNOWN;
		return o->why;
	}
	if (hf_map_get(&p->removed, o->path)) {
		*ret_state = HF_STATE_NOT_APPLICABLE;
		return files_why_removed;
	}
	if (!files_type_fits(spec, o->mode)) {
		*ret_state = HF_STATE_FINDING;
		return type_name(o->mode);
	}
	return NULL;
}

static bool is_unmapped(const files_obs *obs, const files_object *o, files_aspect aspect)
{
	return obs->unmapped_ids &&
	       ((aspect == FILES_OWNER && o->uid == FILES_OVERFLOW_ID) ||
		(aspect == FILES_GROUP && o->gid == FILES_OVERFLOW_ID));
}

/* What a person should know of a change that will be made. */
static const char *drift_note(const files_object *o, files_aspect aspect)
{
	if (o->blocked)
		return o->blocked;
	if (aspect == FILES_MODE && o->has_acl)
		return why_acl;
	if (S_ISREG(o->mode) && o->nlink > 1)
		return "it has other hard links, and the change shows under all its "
		       "names";
	return NULL;
}

static int judge(planner *p, const hf_demand *demand, const files_object *o,
		 files_aspect aspect, hf_resource *row, bool *ret_drifts)
{
	const files_spec *spec = demand->spec;
	const files_id *id = files_id_of(p->obs, spec, aspect);
	const char *found = NULL, *reason;
	hf_state state = HF_STATE_PASS;

	*ret_drifts = false;
	reason = common_reason(p, spec, o, &state);
	if (reason)
		return hf_row_judge(p->plan, row, state, NULL,
				    state == HF_STATE_FINDING ? "it is %s" : "%s",
				    reason);
	found = found_text(p->plan, o, aspect);
	if (!found)
		return -ENOMEM;
	if (id && id->known != HF_PRESENT)
		return hf_row_judge(p->plan, row, HF_STATE_UNKNOWN, found, "%s", id->why);
	if (is_unmapped(p->obs, o, aspect))
		return hf_row_judge(
			p->plan, row, HF_STATE_UNKNOWN, found,
			"this is a user namespace, which does not tell the owners of "
			"other ones");
	reason = aspect == FILES_MODE && o->has_acl ? why_acl : NULL;
	if (fits(p->obs, spec, o, aspect))
		return hf_row_judge(p->plan, row, HF_STATE_PASS, found,
				    reason ? "%s" : NULL, reason);
	if (is_device(o))
		return hf_row_judge(p->plan, row, HF_STATE_FINDING, found,
				    "it is a device, and devices are not changed");
	*ret_drifts = true;
	reason = drift_note(o, aspect);
	return hf_row_judge(p->plan, row, HF_STATE_DRIFT, found, reason ? "%s" : NULL,
			    reason);
}

/* --- targets ---------------------------------------------------------------------------
 */

static files_target *target_of(planner *p, files_object *o)
{
	files_target *t, **slot;
	char key[64];

	(void)snprintf(key, sizeof(key), "%llx:%llx", (unsigned long long)o->dev,
		       (unsigned long long)o->ino);
	t = hf_map_get(&p->targets, key);
	if (t)
		return t;
	t = hf_arena_new(&p->plan->arena, files_target);
	slot = hf_vec_push(&p->plan->arena, p->list, p->n);
	if (!t || !slot || hf_map_put(&p->targets, &p->plan->arena, key, t) < 0)
		return NULL;
	*slot = t;
	t->object = o;
	t->max = 07777;
	return t;
}

/* May this demand move this object at all? */
static bool is_movable(planner *p, const hf_demand *demand, const files_object *o)
{
	hf_state state;

	return hf_control_is_enforced(demand->control) &&
	       !common_reason(p, demand->spec, o, &state) && !is_device(o);
}

static int collect_targets(planner *p)
{
	for (size_t i = 0; i < p->obs->n_seen; i++) {
		const files_seen *seen = &p->obs->seen[i];
		const files_spec *spec = spec_of(seen->demand);

		for (size_t k = 0; k < seen->n; k++) {
			files_object *o = seen->objects[k];
			files_target *t;

			if (!is_movable(p, seen->demand, o))
				continue;
			t = target_of(p, o);
			if (!t)
				return -ENOMEM;
			t->linked |= o->through_link;
			files_target_add(p->plan, p->obs, t, seen->demand, o->path);
			for (files_aspect a = FILES_OWNER; a < FILES_ASPECTS; a++)
				t->drifts |= files_demands(spec, a) &&
					     !fits(p->obs, spec, o, a);
		}
	}
	return 0;
}

/* A tree keeps only what diverges in it: what another entry moves must fit it still. */
static void add_trees(planner *p)
{
	for (size_t i = 0; i < p->obs->n_seen; i++) {
		const files_seen *seen = &p->obs->seen[i];
		const files_spec *spec = spec_of(seen->demand);

		if (!spec->recurse || !seen->path ||
		    !hf_control_is_enforced(seen->demand->control))
			continue;
		for (size_t k = 0; k < p->n; k++) {
			files_target *t = p->list[k];

			if (t->drifts && files_type_fits(spec, t->object->mode) &&
			    files_covers(spec, seen->path, t->object->path))
				files_target_add(p->plan, p->obs, t, seen->demand,
						 t->object->path);
		}
	}
}

/* --- changes ---------------------------------------------------------------------------
 */

static int propose(planner *p, const files_target *t, files_aspect aspect,
		   const char *before, const char *after)
{
	hf_plan *plan = p->plan;
	char *id = files_id_text(&plan->arena, t->object->path, aspect);
	hf_change *change;

	if (!id || !before || !after)
		return -ENOMEM;
	change = hf_plan_change(plan, &hf_kind_files, HF_PERSISTED, id, HF_OP_UPDATE,
				before, after, hf_plan_cause(plan, p->model, id, after));
	if (!change)
		return -ENOMEM;
	change->recorded = true;
	if (t->blocked)
		return hf_change_block(plan, change, "%s", t->blocked);
	hf_change_in(change, t->group);
	return 0;
}

static int make_group(planner *p, files_target *t)
{
	const files_object *o = t->object;
	hf_group *g;

	/* One inode, one group: the units kind, which plans before, may move the socket
	 * of a socket unit already, under whatever path that names it by. */
	for (size_t i = 0; i < p->plan->n_groups; i++) {
		g = p->plan->groups[i];
		if (g->kind == &hf_kind_files)
			break;
		if (g->type != HF_GROUP_INODE || g->dev != o->dev || g->ino != o->ino)
			continue;
		t->group = g;
		return 0;
	}
	g = hf_plan_group(p->plan, HF_GROUP_INODE, HF_STAGE_CONFIG, &hf_kind_files,
			  o->path);
	if (!g)
		return -ENOMEM;
	g->set_meta = true;
	g->before_symlink_target = o->through_link;
	g->before_uid = o->uid;
	g->before_gid = o->gid;
	g->before_mode = o->mode;
	g->dev = o->dev;
	g->ino = o->ino;
	g->uid = o->uid;
	g->gid = o->gid;
	g->mode = o->mode & 07777;
	t->group = g;
	return 0;
}

/* A program with setuid that gets another owner would run with that one's rights:
 * chown(2) takes the bits away, and they are not put back unless a mode demands them. */
static mode_t without_setid(const files_target *t, mode_t mode, bool new_uid,
			    bool new_gid)
{
	if (!S_ISREG(t->object->mode) || t->from[FILES_MODE])
		return mode;
	if (new_uid)
		mode &= (mode_t)~06000;
	if (new_gid)
		mode &= (mode_t)~02000;
	return mode;
}

static const char *name_of(const files_target *t, files_aspect aspect)
{
	const files_spec *spec = spec_of(t->from[aspect]);

	return aspect == FILES_OWNER ? spec->owner : spec->group;
}

/* Why this process cannot do it; chown(2), chmod(2). */
static const char *not_allowed(const files_obs *obs, const files_object *o, bool new_uid)
{
	if (obs->unmapped_ids &&
	    (o->uid == FILES_OVERFLOW_ID || o->gid == FILES_OVERFLOW_ID))
		return "its owner has no id in this user namespace";
	if (obs->euid == 0)
		return NULL;
	if (new_uid)
		return "only root can give a file to another owner";
	if (o->uid != obs->euid)
		return "only root and its owner can change it";
	return NULL;
}

/* What another than root owns is not followed through a symlink, nor changed where it has
 * several names (host/fs_meta.c): given away, it could neither be looked at nor taken
 * back. */
static const char *given_away(const planner *p, const files_target *t, bool new_uid)
{
	if (!new_uid || t->uid == 0)
		return NULL;
	if (t->linked)
		return "it is reached through a symlink, which is followed to a file of "
		       "root alone: name its target instead";
	/* one that this plan writes anew has one name then */
	if (S_ISREG(t->object->mode) && t->object->nlink > 1 &&
	    !hf_plan_group_find(p->plan, HF_GROUP_FILE, t->object->path))
		return "it has several hard links, and could not be taken back from "
		       "another owner than root: another name of it may be meant for "
		       "something else";
	return NULL;
}

static int plan_target(planner *p, files_target *t)
{
	const files_object *o = t->object;
	bool new_uid = t->from[FILES_OWNER] && t->uid != o->uid;
	bool new_gid = t->from[FILES_GROUP] && t->gid != o->gid;
	mode_t mode = files_target_mode(t, o->mode);
	int r = 0;

	mode = without_setid(t, mode, new_uid, new_gid);
	if (!new_uid && !new_gid && mode == (o->mode & 07777))
		return 0;
	t->blocked = o->blocked ? o->blocked : not_allowed(p->obs, o, new_uid);
	if (!t->blocked)
		t->blocked = given_away(p, t, new_uid);
	if (!t->blocked)
		r = make_group(p, t);
	if (r == 0 && new_uid)
		r = propose(p, t, FILES_OWNER, o->user, name_of(t, FILES_OWNER));
	if (r == 0 && new_gid)
		r = propose(p, t, FILES_GROUP, o->groupname, name_of(t, FILES_GROUP));
	if (r == 0 && mode != (o->mode & 07777))
		r = propose(p, t, FILES_MODE, mode_text(&p->plan->arena, o->mode),
			    mode_text(&p->plan->arena, mode));
	if (r < 0 || !t->group)
		return r;
	if (new_uid)
		t->group->uid = t->uid;
	if (new_gid)
		t->group->gid = t->gid;
	t->group->mode = t->group->kind == &hf_kind_files
				 ? mode
				 : files_target_mode(t, t->group->mode);
	return 0;
}

/* The change that puts a drifting row right is that of the inode's first path. */
static int tie_row(planner *p, files_object *o, files_aspect aspect,
		   const hf_resource *row)
{
	const files_target *t = target_of(p, o);
	hf_change *change;
	const char *path, *after = "";
	char *id;

	if (!t)
		return -ENOMEM;
	if (t->conflict)
		return 0;
	path = t->object->path;
	id = files_id_text(&p->plan->arena, path, aspect);
	if (!id)
		return -ENOMEM;
	/* made by plan_target() before */
	change = hf_plan_change(p->plan, &hf_kind_files, HF_PERSISTED, id, HF_OP_UPDATE,
				after, after, HF_CAUSE_HOST);
	return change ? hf_change_row(p->plan, change, row) : -ENOMEM;
}

static int plan_object(planner *p, const files_seen *seen, files_object *o)
{
	const files_spec *spec = spec_of(seen->demand);

	for (files_aspect a = FILES_OWNER; a < FILES_ASPECTS; a++) {
		hf_resource *row;
		bool drifts;
		int r;

		if (!files_demands(spec, a))
			continue;
		/* in a tree only what diverges has rows of its own */
		if (seen->tree && o->known == HF_PRESENT && fits(p->obs, spec, o, a))
			continue;
		row = files_row(p->plan, seen->demand, o->path, a);
		if (!row)
			return -ENOMEM;
		r = judge(p, seen->demand, o, a, row, &drifts);
		if (r == 0 && drifts && is_movable(p, seen->demand, o))
			r = tie_row(p, o, a, row);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- demands ---------------------------------------------------------------------------
 */

/* The row of a whole tree: what was fine there, or that not all of it could be read. */
static int plan_tree(planner *p, const files_seen *seen, files_aspect aspect)
{
	hf_arena *arena = &p->plan->arena;
	const files_spec *spec = spec_of(seen->demand);
	size_t fine = seen->n_passed;
	const char *path, *found, *why = NULL;
	hf_state state = HF_STATE_PASS;
	hf_resource *row;

	for (size_t i = 0; i < seen->n; i++)
		fine += seen->objects[i]->known == HF_PRESENT &&
			fits(p->obs, spec, seen->objects[i], aspect);
	if (!seen->partial && fine < seen->n_passed + seen->n)
		return 0; /* those that diverge speak for it */
	path = hf_arena_printf(arena, "%s/**", strcmp(seen->path, "/") ? seen->path : "");
	found = hf_arena_printf(arena, "%zu object%s", fine, fine == 1 ? "" : "s");
	if (!path || !found)
		return -ENOMEM;
	row = files_row(p->plan, seen->demand, path, aspect);
	if (!row)
		return -ENOMEM;
	if (seen->partial) {
		state = HF_STATE_UNKNOWN;
		why = seen->why;
	} else if (!fine) {
		state = HF_STATE_NOT_APPLICABLE;
		why = "nothing of that sort is in it";
	} else if (seen->n_mounts) {
		why = hf_arena_printf(arena, "%zu mount%s in it not entered",
				      seen->n_mounts, seen->n_mounts == 1 ? "" : "s");
		if (!why)
			return -ENOMEM;
	}
	return hf_row_judge(p->plan, row, state, found, why ? "%s" : NULL, why);
}

/* A path without any object, or a pattern that could not be followed everywhere. */
static int plan_nothing(planner *p, const files_seen *seen, files_aspect aspect)
{
	const files_spec *spec = spec_of(seen->demand);
	hf_state state = seen->partial ? HF_STATE_UNKNOWN : seen->state;
	hf_resource *row = files_row(p->plan, seen->demand,
				     seen->path ? seen->path : spec->path, aspect);

	if (!row)
		return -ENOMEM;
	return hf_row_judge(p->plan, row, state, NULL, seen->why ? "%s" : NULL,
			    seen->why);
}

static int plan_seen(planner *p, const files_seen *seen)
{
	const files_spec *spec = spec_of(seen->demand);
	int r = 0;

	for (size_t i = 0; r == 0 && i < seen->n; i++)
		r = plan_object(p, seen, seen->objects[i]);
	for (files_aspect a = FILES_OWNER; r == 0 && a < FILES_ASPECTS; a++) {
		if (!files_demands(spec, a))
			continue;
		if (seen->tree)
			r = plan_tree(p, seen, a);
		else if (!seen->n || seen->partial)
			r = plan_nothing(p, seen, a);
	}
	return r;
}

static int plan_unknown_gates(planner *p)
{
	const hf_model *model = p->model;

	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_control *control = demand->control;

		if (demand->kind != &hf_kind_files || !hf_control_is_active(control) ||
		    control->gate != HF_GATE_UNKNOWN)
			continue;
		for (files_aspect a = FILES_OWNER; a < FILES_ASPECTS; a++) {
			hf_resource *row;

			if (!files_demands(demand->spec, a))
				continue;
			row = files_row(p->plan, demand, spec_of(demand)->path, a);
			if (!row || hf_row_judge(p->plan, row, HF_STATE_UNKNOWN, NULL,
						 control->gate_why ? "%s" : NULL,
						 control->gate_why) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* Every id that is demanded now, selected or not, stays in the record. */
static int claim_literals(planner *p)
{
	const hf_model *model = p->model;

	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const files_spec *spec = demand->spec;

		if (demand->kind != &hf_kind_files || spec->has_ref || spec->is_glob ||
		    !hf_control_is_claiming(demand->control))
			continue;
		for (files_aspect a = FILES_OWNER; a < FILES_ASPECTS; a++) {
			char *id = files_id_text(&p->plan->arena, spec->path, a);

			if (!id)
				return -ENOMEM;
			if (files_demands(spec, a) && hf_plan_claim(p->plan, id) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* --- what is released ------------------------------------------------------------------
 */

/* Is the value still the one that we left? */
static bool is_as_left(const files_release *rel)
{
	const files_object *o = rel->object;
	uint32_t now = rel->aspect == FILES_OWNER   ? o->uid
		       : rel->aspect == FILES_GROUP ? o->gid
						    : o->mode & 07777;

	return rel->left.known == HF_PRESENT && rel->before.known == HF_PRESENT &&
	       now == rel->left.number;
}

/* It may have other names, or paths (/lib and /usr/lib), and be demanded by one of those.
 */
static bool is_demanded(const planner *p, const files_object *o, files_aspect aspect)
{
	for (size_t i = 0; i < p->obs->n_seen; i++) {
		const files_seen *seen = &p->obs->seen[i];

		if (!files_demands(spec_of(seen->demand), aspect))
			continue;
		for (size_t k = 0; k < seen->n; k++)
			if (seen->objects[k]->known == HF_PRESENT &&
			    seen->objects[k]->dev == o->dev &&
			    seen->objects[k]->ino == o->ino)
				return true;
	}
	return false;
}

static int plan_release(planner *p, const files_release *rel)
{
	hf_mark nowhere = { 0 };
	files_object *o = rel->object;
	files_target *t;
	hf_change *change;

	/* not there, or gone with this plan: nothing to give back */
	if (o->known == HF_ABSENT || hf_map_get(&p->removed, o->path))
		return 0;
	if (o->known == HF_PRESENT && is_demanded(p, o, rel->aspect))
		return hf_plan_claim(p->plan, rel->entry->id);
	if (o->known == HF_UNKNOWN || !is_as_left(rel)) {
		hf_diag_add(p->plan->diags, HF_DIAG_NOTE, nowhere, NULL,
			    "%s of '%s' is no longer demanded and not as it was left "
			    "(%s): it "
			    "stays; before holdfast it was %s",
			    files_aspect_names[rel->aspect], o->path, rel->entry->after,
			    rel->entry->before ? rel->entry->before : "unknown");
		return 0;
	}
	t = target_of(p, o);
	if (!t)
		return -ENOMEM;
	change = hf_plan_change(p->plan, &hf_kind_files, HF_PERSISTED, rel->entry->id,
				HF_OP_UPDATE, rel->entry->after, rel->entry->before,
				HF_CAUSE_RELEASED);
	if (!change)
		return -ENOMEM;
	change->recorded = true;
	if (o->blocked)
		return hf_change_block(p->plan, change, "%s", o->blocked);
	if (!t->group && make_group(p, t) < 0)
		return -ENOMEM;
	hf_change_in(change, t->group);
	if (rel->aspect == FILES_OWNER)
		t->group->uid = rel->before.number;
	else if (rel->aspect == FILES_GROUP)
		t->group->gid = rel->before.number;
	else
		t->group->mode = rel->before.number;
	return 0;
}

int files_plan(const hf_model *model, struct hf_plan *plan, hf_error **err)
{
	planner p = { .model = model, .plan = plan, .obs = plan->obs[HF_RANK_FILES] };
	int r = claim_literals(&p);

	for (size_t i = 0; r == 0 && i < plan->n_groups; i++)
		if (plan->groups[i]->type == HF_GROUP_FILE && plan->groups[i]->remove)
			r = hf_map_put(&p.removed, &plan->arena, plan->groups[i]->path,
				       plan->groups[i]);
	if (r == 0)
		r = collect_targets(&p);
	if (r == 0)
		add_trees(&p);
	for (size_t i = 0; r == 0 && i < p.n; i++)
		if (p.list[i]->drifts && !p.list[i]->conflict)
			r = plan_target(&p, p.list[i]);
	for (size_t i = 0; r == 0 && i < p.obs->n_seen; i++)
		r = plan_seen(&p, &p.obs->seen[i]);
	if (r == 0)
		r = plan_unknown_gates(&p);
	for (size_t i = 0; r == 0 && i < p.obs->n_releases; i++)
		r = plan_release(&p, &p.obs->releases[i]);
	return r < 0 ? hf_error_oom(err) : 0;
}

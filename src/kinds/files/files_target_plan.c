/* SPDX-License-Identifier: Apache-2.0 */
/* Several demands on one inode; owner and mode of files that the plan makes. Pure. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "kinds/files/files_kind.h"
#include "kinds/files/files_spec.h"

static const files_spec *spec_of(const hf_demand *demand)
{
	return demand->spec;
}

static void conflict(hf_plan *plan, files_target *t, const hf_demand *now,
		     const hf_demand *old, files_aspect aspect, const char *path)
{
	hf_mark mark = spec_of(old)->marks[aspect];

	if (!t->conflict)
		hf_diag_error(
			plan->diags, spec_of(now)->marks[aspect],
			"control '%s' wants another %s of '%s' than control '%s' (%s:%u)",
			now->control->id, files_aspect_names[aspect], path,
			old->control->id, mark.source ? mark.source->name : "?",
			mark.line);
	t->conflict = true;
}

static void add_id(hf_plan *plan, files_target *t, const hf_demand *now,
		   files_aspect aspect, const files_id *id, uint32_t *number,
		   const char *path)
{
	if (!id || id->known != HF_PRESENT)
		return; /* its row is UNKNOWN, with the reason */
	if (t->from[aspect] && *number != id->number) {
		conflict(plan, t, now, t->from[aspect], aspect, path);
		return;
	}
	if (!t->from[aspect])
		t->from[aspect] = now;
	*number = id->number;
}

static void add_mode(hf_plan *plan, files_target *t, const hf_demand *now,
		     const char *path)
{
	const files_spec *spec = now->spec;
	const hf_demand *exact = t->from[FILES_MODE];

	if (spec->has_mode) {
		if (exact && t->exact != spec->mode)
			conflict(plan, t, now, exact, FILES_MODE, path);
		if (!exact) {
			t->from[FILES_MODE] = now;
			t->exact = spec->mode;
		}
	} else if (spec->has_max) {
		t->max &= spec->mode;
		t->max_from = now;
	}
	if (t->from[FILES_MODE] && t->max_from && (t->exact & ~t->max))
		conflict(plan, t, now, spec->has_mode ? t->max_from : t->from[FILES_MODE],
			 FILES_MODE, path);
}

void files_target_add(hf_plan *plan, const files_obs *obs, files_target *t,
		      const hf_demand *demand, const char *path)
{
	const files_spec *spec = demand->spec;

	add_id(plan, t, demand, FILES_OWNER, files_id_of(obs, spec, FILES_OWNER), &t->uid,
	       path);
	add_id(plan, t, demand, FILES_GROUP, files_id_of(obs, spec, FILES_GROUP), &t->gid,
	       path);
	add_mode(plan, t, demand, path);
}

mode_t files_target_mode(const files_target *t, mode_t mode)
{
	return t->from[FILES_MODE] ? t->exact : mode & 07777 & t->max;
}

/* --- files that the plan makes ---------------------------------------------------------
 */

static bool is_made(const hf_group *group)
{
	return group->type == HF_GROUP_MKDIR ||
	       (group->type == HF_GROUP_FILE && !group->existed && !group->remove);
}

/* Does @seen, which found nothing, speak of @dir, should that be made? */
static bool waits_for(const files_seen *seen, const char *dir)
{
	const files_spec *spec = seen->demand->spec;

	return seen->path && !seen->n && !spec->is_glob &&
	       seen->state == HF_STATE_NOT_APPLICABLE &&
	       hf_control_is_enforced(seen->demand->control) &&
	       files_type_fits(spec, S_IFDIR) && files_covers(spec, seen->path, dir);
}

/* Directories on the way to a file that is made, of which a demand speaks, are made as
 * that says: where it found nothing, nothing below it is there. */
static int add_directories(hf_plan *plan, const files_obs *obs, const hf_group *file)
{
	const char *dir = file->path;

	for (dir = hf_path_dir(&plan->arena, dir); dir && strcmp(dir, "/") != 0;
	     dir = hf_path_dir(&plan->arena, dir)) {
		bool wanted = false;

		for (size_t i = 0; !wanted && i < obs->n_seen; i++)
			wanted = waits_for(&obs->seen[i], dir);
		if (wanted && !hf_plan_group(plan, HF_GROUP_MKDIR, file->stage,
					     &hf_kind_files, dir))
			return -ENOMEM;
	}
	return dir ? 0 : -ENOMEM;
}

static void settle_group(hf_plan *plan, files_obs *obs, hf_group *group)
{
	mode_t type = group->type == HF_GROUP_MKDIR ? S_IFDIR : S_IFREG;
	files_target t = { .max = 07777, .uid = group->uid, .gid = group->gid };

	for (size_t i = 0; i < obs->n_seen; i++) {
		const files_seen *seen = &obs->seen[i];
		const files_spec *spec = seen->demand->spec;

		if (seen->path && hf_control_is_enforced(seen->demand->control) &&
		    files_type_fits(spec, type) &&
		    files_covers(spec, seen->path, group->path))
			files_target_add(plan, obs, &t, seen->demand, group->path);
	}
	if (t.conflict)
		return;
	group->uid = t.uid;
	group->gid = t.gid;
	group->mode = files_target_mode(&t, group->mode);
}

/* Not root: the new file will belong to whoever runs this. */
static int cannot_make(hf_plan *plan, hf_resource *row)
{
	static const char why[] = "only root can make a file that belongs to another";
	hf_change *change;

	if (hf_row_judge(plan, row, HF_STATE_DRIFT, NULL, why) < 0)
		return -ENOMEM;
	change = hf_plan_change(plan, &hf_kind_files, HF_PERSISTED, row->id, HF_OP_UPDATE,
				NULL, row->wanted, HF_CAUSE_HOST);
	if (!change || hf_change_row(plan, change, row) < 0)
		return -ENOMEM;
	return hf_change_block(plan, change, "%s", why);
}

/* The rows of a path that is missing and will be made. */
static int settle_rows(hf_plan *plan, files_obs *obs, const hf_map *made,
		       const files_seen *seen)
{
	const files_spec *spec = seen->demand->spec;

	if (!seen->path || seen->n || spec->is_glob || !hf_map_get(made, seen->path))
		return 0;
	for (files_aspect a = FILES_OWNER; a < FILES_ASPECTS; a++) {
		const files_id *id = files_id_of(obs, spec, a);
		hf_resource *row;

		if (!files_demands(spec, a))
			continue;
		row = files_row(plan, seen->demand, seen->path, a);
		if (!row)
			return -ENOMEM;
		if (id && id->known != HF_PRESENT) {
			if (hf_row_judge(plan, row, HF_STATE_UNKNOWN, NULL, "%s",
					 id->why) < 0)
				return -ENOMEM;
			continue;
		}
		if (id && obs->euid != 0 &&
		    id->number != (a == FILES_OWNER ? obs->euid : obs->egid)) {
			if (cannot_make(plan, row) < 0)
				return -ENOMEM;
			continue;
		}
		row->why = "this plan makes it, with owner and mode as demanded";
	}
	return 0;
}

/* Is it about a path that is missing, and told by settle_rows()? */
static bool is_settled(const files_seen *seen)
{
	const files_spec *spec = seen->demand->spec;

	return hf_control_is_enforced(seen->demand->control) && !seen->n && !seen->tree &&
	       !spec->is_glob;
}

static bool is_made_as(const files_spec *spec, files_aspect aspect, const files_id *id,
		       const hf_group *group)
{
	if (aspect == FILES_MODE)
		return files_mode_fits(spec, group->mode);
	return id->number == (aspect == FILES_OWNER ? group->uid : group->gid);
}

/* What is only reported has no say in how a file is made, and who is not known owns none:
 * the plan tells beforehand where that will not be as demanded. */
static int report_made(hf_plan *plan, files_obs *obs, const files_seen *seen,
		       const hf_group *group)
{
	const files_spec *spec = seen->demand->spec;

	if (!seen->path ||
	    !files_type_fits(spec, group->type == HF_GROUP_MKDIR ? S_IFDIR : S_IFREG) ||
	    !files_covers(spec, seen->path, group->path))
		return 0;
	for (files_aspect a = FILES_OWNER; a < FILES_ASPECTS; a++) {
		const files_id *id = files_id_of(obs, spec, a);
		bool unknown = id && id->known != HF_PRESENT;
		hf_resource *row;

		if (!files_demands(spec, a))
			continue;
		if (!unknown && is_made_as(spec, a, id, group))
			continue;
		row = files_row(plan, seen->demand, group->path, a);
		if (!row ||
		    hf_row_judge(plan, row, unknown ? HF_STATE_UNKNOWN : HF_STATE_DRIFT,
				 NULL, "%s",
				 unknown ? id->why : "this plan makes it otherwise") < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A file that a kind of a later rank removes: nothing is to be done about its inode. */
static int settle_removed(hf_plan *plan, const files_obs *obs, const char *path)
{
	const hf_group *inode = hf_plan_group_find(plan, HF_GROUP_INODE, path);

	if (inode && hf_plan_withdraw(plan, inode) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < obs->n_seen; i++) {
		const files_seen *seen = &obs->seen[i];

		for (size_t k = 0; k < seen->n; k++) {
			if (strcmp(seen->objects[k]->path, path) != 0)
				continue;
			for (files_aspect a = FILES_OWNER; a < FILES_ASPECTS; a++) {
				hf_resource *row;

				if (!files_demands(seen->demand->spec, a))
					continue;
				row = files_row(plan, seen->demand, path, a);
				if (!row)
					return -ENOMEM;
				row->state = HF_STATE_NOT_APPLICABLE;
				row->why = files_why_removed;
			}
		}
	}
	return 0;
}

int files_settle(const hf_model *model, struct hf_plan *plan, hf_error **err)
{
	files_obs *obs = plan->obs[HF_RANK_FILES];
	hf_map made = { 0 };
	int r = 0;

	(void)model;
	for (size_t i = plan->n_groups; r == 0 && i-- > 0;) {
		const hf_group *group = plan->groups[i];

		/* what is withdrawn stands before it: backwards none is missed */
		if (group->type == HF_GROUP_FILE && group->remove &&
		    group->kind->rank > HF_RANK_FILES)
			r = settle_removed(plan, obs, group->path);
	}
	for (size_t i = 0, n = plan->n_groups; r == 0 && i < n; i++)
		if (is_made(plan->groups[i]) && plan->groups[i]->type == HF_GROUP_FILE)
			r = add_directories(plan, obs, plan->groups[i]);
	for (size_t i = 0; r == 0 && i < plan->n_groups; i++) {
		hf_group *group = plan->groups[i];

		if (!is_made(group))
			continue;
		r = hf_map_put(&made, &plan->arena, group->path, group);
		if (r == 0)
			settle_group(plan, obs, group);
	}
	for (size_t i = 0; r == 0 && i < obs->n_seen; i++)
		if (hf_control_is_enforced(obs->seen[i].demand->control))
			r = settle_rows(plan, obs, &made, &obs->seen[i]);
	for (size_t i = 0; r == 0 && i < plan->n_groups; i++)
		for (size_t k = 0; r == 0 && is_made(plan->groups[i]) && k < obs->n_seen;
		     k++)
			if (!is_settled(&obs->seen[k]))
				r = report_made(plan, obs, &obs->seen[k],
						plan->groups[i]);
	return r < 0 ? hf_error_oom(err) : 0;
}

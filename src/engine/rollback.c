/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rollback.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/path.h"
#include "engine/confirm.h"
#include "engine/journal.h"
#include "engine/lock.h"
#include "engine/transact.h"
#include "host/bus.h"
#include "host/fs_image.h"

/* --- what the host has now -----------------------------------------------------------
 */

static int refuse(hf_rollback *rb, const char *what, const char *why)
{
	hf_step *step = hf_vec_push(&rb->arena, rb->refused, rb->n_refused);

	if (!step)
		return -ENOMEM;
	step->what = what;
	step->why = why;
	step->state = HF_STEP_STUCK;
	return 0;
}

/* What came after the units is undone before them, and the other way round: at no instant
 * a flag and its key of daemon.json are both there. */
static hf_stage stage_back(hf_stage stage)
{
	switch (stage) {
	case HF_STAGE_FIRST:
		return HF_STAGE_CONFIG;
	case HF_STAGE_UNITS:
		return HF_STAGE_UNITS;
	case HF_STAGE_CONFIG:
	case HF_STAGE_LAST: /* on the way back nothing is special about it */
		break;
	}
	return HF_STAGE_FIRST;
}

static hf_group *add_group(hf_rollback *rb, const hf_kind *kind, const hf_txn_item *item,
			   hf_group_type type, const char *path)
{
	hf_plan *plan = &rb->survey.plan;
	hf_group *group = hf_plan_group(plan, type, stage_back(item->stage), kind, path);

	if (group && item->stage == HF_STAGE_UNITS && plan->options.manager &&
	    !hf_plan_effect(plan, HF_ACTION_DAEMON_RELOAD, NULL, "drop-ins are put back"))
		return NULL;
	return group;
}

/* Directories that the transaction made go after what it put into them, deepest first. */
static int plan_made_dirs(hf_host *host, hf_rollback *rb, const hf_kind *kind,
			  const hf_txn_item *item, const char *dir)
{
	const char *p = dir;

	while (item->made && hf_path_below(p, item->made)) {
		hf_group *group = add_group(rb, kind, item, HF_GROUP_MKDIR, p);
		hf_inode now = { .mode = 0755 };

		if (!group)
			return -ENOMEM;
		/* should it have to be made again */
		(void)!hf_fs_inode(host, p, HF_FS_NOFOLLOW, &now, NULL);
		group->uid = now.uid;
		group->gid = now.gid;
		group->mode = now.mode & 07777;
		group->remove = true;
		group->stage = HF_STAGE_CONFIG;
		p = hf_path_dir(&rb->arena, p);
		if (!p)
			return -ENOMEM;
	}
	return 0;
}

#define ACL "system.posix_acl_access"

/* What @now becomes: as before, with the flags and the further xattrs that others gave it
 * since. Of these a transaction changes nothing. */
static const hf_image *image_back(hf_rollback *rb, const hf_image *before,
				  const hf_image *now)
{
	hf_image *image = hf_arena_new(&rb->arena, hf_image);

	if (!image)
		return NULL;
	*image = *before;
	if (!now->exists)
		return image;
	image->attr = now->attr;
	image->xattrs = NULL;
	image->n_xattrs = 0;
	for (int of_now = 0; of_now < 2; of_now++) {
		const hf_image *from = of_now ? now : before;

		for (size_t i = 0; i < from->n_xattrs; i++) {
			hf_xattr *slot;

			if (of_now && hf_image_xattr(before, from->xattrs[i].name))
				continue;
			slot = hf_vec_push(&rb->arena, image->xattrs, image->n_xattrs);
			if (!slot)
				return NULL;
			*slot = from->xattrs[i];
		}
	}
	return image;
}

/* Why what others did to the file since keeps it as it is; NULL: nothing does. An ACL of
 * theirs is part of the mode that would go back. */
static const char *why_left(const hf_image *before, const hf_image *left,
			    const hf_image *now)
{
	if (!hf_image_same(now, left))
		return "it was changed since";
	return now->exists && before->exists && hf_image_xattr(now, ACL) &&
			       !hf_image_xattr(before, ACL)
		       ? "it was given an ACL since"
		       : NULL;
}

static int plan_file(hf_host *host, hf_rollback *rb, const hf_kind *kind,
		     const hf_txn_item *item, hf_error **err)
{
	const hf_image *before = &item->before, left = hf_txn_item_after(item);
	char *dir = hf_path_dir(&rb->arena, item->path);
	const char *why;
	hf_image now;
	hf_group *group;
	int r = hf_fs_image(host, item->path, &rb->arena, &now, err);

	if (r < 0)
		return r;
	if (!dir)
		return hf_error_oom(err);
	if (hf_image_equal(&now, before))
		return 0;
	why = why_left(before, &left, &now);
	if (why)
		return refuse(rb, item->path, why) < 0 ? hf_error_oom(err) : 0;
	group = add_group(rb, kind, item, HF_GROUP_FILE, item->path);
	if (!group)
		return hf_error_oom(err);
	/* what lies between the two lies between them on the way back as well */
	if (item->first && item->stage == HF_STAGE_CONFIG && before->exists) {
		group->stage = HF_STAGE_CONFIG;
		group->first = item->first;
		group->first_len = item->first_len;
	}
	group->existed = now.exists;
	group->before = now.exists ? now.bytes : "";
	group->before_len = now.len;
	group->remove = !before->exists;
	group->after = before->exists ? before->bytes : "";
	group->after_len = before->len;
	group->set_meta = true;
	group->uid = before->uid;
	group->gid = before->gid;
	group->mode = before->mode;
	if (before->exists) {
		group->image = image_back(rb, before, &now);
		if (!group->image)
			return hf_error_oom(err);
	}
	if (!before->exists && plan_made_dirs(host, rb, kind, item, dir) < 0)
		return hf_error_oom(err);
	return 0;
}

static int plan_inode(hf_host *host, hf_rollback *rb, const hf_kind *kind,
		      const hf_txn_item *item, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	hf_inode now;
	hf_group *group;
	int r;

	if (item->folded)
		return 0; /* the file brings it along */
	r = hf_fs_inode(host, item->path, item->follow ? 0 : HF_FS_NOFOLLOW, &now, &why);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR && r != -ENOLINK && r != -ELOOP) {
		if (err) /* that it cannot be told is no reason to leave it */
			*err = take_ptr(why);
		return r;
	}
	if (r < 0 || now.ino != item->ino)
		return refuse(rb, item->path, "another file is there now, or none") < 0
			       ? hf_error_oom(err)
			       : 0;
	if (now.uid == item->before_uid && now.gid == item->before_gid &&
	    (now.mode & 07777) == item->before_mode)
		return 0;
	if (now.uid != item->uid || now.gid != item->gid ||
	    (now.mode & 07777) != item->mode)
		return refuse(rb, item->path, "its owner or mode was changed since") < 0
			       ? hf_error_oom(err)
			       : 0;
	group = add_group(rb, kind, item, HF_GROUP_INODE, item->path);
	if (!group)
		return hf_error_oom(err);
	group->before_symlink_target = item->follow;
	group->before_uid = now.uid;
	group->before_gid = now.gid;
	group->before_mode = now.mode;
	group->dev = now.dev;
	group->ino = now.ino;
	group->uid = item->before_uid;
	group->gid = item->before_gid;
	group->mode = item->before_mode;
	return 0;
}

/* Was something on disk refused that belongs to this kind? */
static bool kind_is_refused(const hf_rollback *rb, const char *kind)
{
	for (size_t i = 0; kind && i < rb->txn.n_items; i++) {
		const hf_txn_item *item = &rb->txn.items[i];

		if (item->type == HF_GROUP_LIVE || !item->kind ||
		    strcmp(item->kind, kind) != 0)
			continue;
		for (size_t k = 0; k < rb->n_refused; k++)
			if (strcmp(rb->refused[k].what, item->path) == 0)
				return true;
	}
	return false;
}

/* What happened under this boot is taken back step by step. */
static int plan_live(hf_rollback *rb, const hf_kind *kind, const hf_txn_item *item,
		     hf_error **err)
{
	hf_group *group;

	if (!kind || !kind->replay)
		return refuse(rb, item->path,
			      "this version of holdfast cannot put it back") < 0
			       ? hf_error_oom(err)
			       : 0;
	/* it would be put back to what is not on disk, and nobody would see it */
	if (kind_is_refused(rb, item->kind))
		return refuse(rb, item->path,
			      "what it is loaded from at boot was changed since") < 0
			       ? hf_error_oom(err)
			       : 0;
	group = add_group(rb, kind, item, HF_GROUP_LIVE, item->path);
	if (!group)
		return hf_error_oom(err);
	group->frozen = item->live;
	group->forward = item->reverse;
	return 0;
}

/* What happened under another boot: the live layer is to be what the disk loads, once it
 * is as before. */
static int follow_disk(hf_host *host, hf_rollback *rb, const hf_model *model,
		       hf_error **err)
{
	for (size_t i = 0; i < model->n_kinds; i++) {
		const hf_kind *kind = model->kinds[i];
		const char **frozen = NULL;
		size_t n = 0;
		int r;

		for (size_t k = 0; kind->follow && k < rb->txn.n_items; k++) {
			const hf_txn_item *item = &rb->txn.items[k];
			const char **slot;

			if (item->type != HF_GROUP_LIVE || !item->kind ||
			    strcmp(item->kind, kind->name) != 0)
				continue;
			slot = hf_vec_push(&rb->arena, frozen, n);
			if (!slot)
				return hf_error_oom(err);
			*slot = item->live;
		}
		r = n ? kind->follow(host, &rb->survey.plan, frozen, n, err) : 0;
		if (r < 0)
			return hf_error_wrap(err, "%s", kind->name);
		rb->live_left |= r > 0;
	}
	return 0;
}

static int plan_item(hf_host *host, hf_rollback *rb, const hf_model *model,
		     const hf_txn_item *item, hf_error **err)
{
	const hf_kind *kind = hf_kind_find(model->kinds, model->n_kinds, item->kind);
	int r = 0;

	switch (item->type) {
	case HF_GROUP_FILE:
		return plan_file(host, rb, kind, item, err);
	case HF_GROUP_INODE:
		return plan_inode(host, rb, kind, item, err);
	case HF_GROUP_LIVE:
		return plan_live(rb, kind, item, err);
	case HF_GROUP_MKDIR:
		if (!item->remove)
			r = plan_made_dirs(host, rb, kind, item, item->path);
		return r < 0 ? hf_error_oom(err) : 0;
	}
	return 0;
}

/* --- effects, changes ----------------------------------------------------------------
 */

/* The view's strings go with the scratch plan. */
static int copy_engine(hf_rollback *rb, const hf_engine_view *from)
{
	hf_engine_view *to = &rb->survey.plan.engine;
	hf_container *all =
		hf_arena_array(&rb->arena, from->n_containers + 1, sizeof(*all));

	*to = *from;
	to->containers = all;
	to->why = to->unit_why = NULL; /* what only planning asks for */
	to->dependants = NULL;
	to->n_dependants = 0;
	to->trial = to->trial_now = NULL; /* dockerd has run with what comes back */
	to->first = NULL;		  /* of the file that the plan would write */
	to->first_group = NULL;
	to->first_text = to->socket_now = NULL;
	if (!all ||
	    (from->unit && !(to->unit = hf_arena_strdup(&rb->arena, from->unit))) ||
	    (from->socket && !(to->socket = hf_arena_strdup(&rb->arena, from->socket))))
		return -ENOMEM;
	for (size_t i = 0; i < from->n_containers; i++) {
		const hf_container *c = &from->containers[i];

		all[i].id = hf_arena_strdup(&rb->arena, c->id ? c->id : "");
		all[i].name = hf_arena_strdup(&rb->arena, c->name ? c->name : "");
		if (!all[i].id || !all[i].name)
			return -ENOMEM;
	}
	return 0;
}

static const hf_kind *kind_of(const hf_model *model, const char *id)
{
	for (size_t i = 0; i < model->n_kinds; i++) {
		size_t len = strlen(model->kinds[i]->name);

		if (!strncmp(id, model->kinds[i]->name, len) && id[len] == ':')
			return model->kinds[i];
	}
	return model->kinds[0]; /* of another version: the id names it */
}

/* What goes out of view with the undoing of @id, as @plan knows it; *ret NULL: nothing */
static int hidden_by(const hf_model *model, hf_plan *plan, const char *id,
		     const hf_store **ret)
{
	const hf_kind *kind = kind_of(model, id);

	*ret = NULL;
	return kind->hides ? kind->hides(plan, id, ret) : 0;
}

static int copy_store(hf_rollback *rb, const hf_store *from, const hf_store **ret)
{
	hf_store *to = hf_arena_new(&rb->arena, hf_store);

	if (!to)
		return -ENOMEM;
	*to = *from;
	to->why = hf_arena_strdup(&rb->arena, from->why ? from->why : "");
	for (size_t i = 0; i < HF_STORE_SORTS_; i++) {
		const hf_store_names *was = &from->sorts[i];
		const char **names =
			hf_arena_array(&rb->arena, was->n_names + 1, sizeof(*names));

		for (size_t k = 0; names && k < was->n_names; k++) {
			names[k] = hf_arena_strdup(&rb->arena, was->names[k]);
			if (!names[k])
				return -ENOMEM;
		}
		to->sorts[i].names = names;
		if (!names)
			return -ENOMEM;
	}
	*ret = to;
	return to->why ? 0 : -ENOMEM;
}

/* What goes out of view with the undoing of each change. */
static int copy_hidden(hf_rollback *rb, const hf_model *model, hf_plan *from)
{
	size_t n = rb->txn.n_changes;

	rb->hides = hf_arena_array(&rb->arena, n + 1, sizeof(*rb->hides));
	for (size_t i = 0; rb->hides && i < n; i++) {
		const hf_store *store;

		if (hidden_by(model, from, rb->txn.changes[i].id, &store) < 0 ||
		    (store && copy_store(rb, store, &rb->hides[i]) < 0))
			return -ENOMEM;
	}
	return rb->hides ? 0 : -ENOMEM;
}

/* The running engine, as the kinds see it: decides whether a restart is safe. */
static int look_at_engine(hf_host *host, hf_model *model, hf_rollback *rb, hf_error **err)
{
	hf_survey scratch = { 0 };
	hf_diags diags = { 0 };
	hf_plan_options options = rb->survey.plan.options;
	int r = 0;

	for (size_t i = 0; !r && i < rb->txn.n_changes; i++) {
		const hf_store *store;

		if (hidden_by(model, &rb->survey.plan, rb->txn.changes[i].id, &store) < 0)
			return hf_error_oom(err);
		if (store)
			options.store = HF_STORE_ASKED;
	}
	r = hf_engine_survey(host, model, &options, NULL, 0, &diags, &scratch, err);
	if (!r && (copy_engine(rb, &scratch.plan.engine) < 0 ||
		   copy_hidden(rb, model, &scratch.plan) < 0))
		r = hf_error_oom(err);
	hf_diags_done(&diags);
	hf_survey_done(&scratch);
	return r;
}

/* A unit that does not run has nothing in force; early in the boot, where an unconfirmed
 * apply is undone, its start even waits for this rollback to end. */
static bool is_idle(hf_host *host, hf_rollback *rb, const char *unit)
{
	hf_bus_unit state;

	return host->units.known == HF_PRESENT &&
	       hf_bus_unit_get(host, unit, &rb->arena, &state, NULL) == 0 &&
	       strcmp(state.active_state, "inactive") == 0;
}

/* What was reloaded or restarted for the change is so for its undoing. */
static int plan_effects(hf_host *host, hf_rollback *rb, hf_error **err)
{
	static const hf_action actions[] = { HF_ACTION_RELOAD, HF_ACTION_RESTART };
	hf_plan *plan = &rb->survey.plan;

	for (size_t i = 0; plan->n_groups && i < rb->txn.n_effects; i++)
		for (size_t k = 0; k < ARRAY_SIZE(actions); k++) {
			const char *name = hf_action_name(actions[k]);
			const char *text = rb->txn.effects[i];
			size_t n = strlen(name);

			if (strncmp(text, name, n) != 0 || text[n] != ' ' ||
			    is_idle(host, rb, text + n + 1))
				continue;
			if (!hf_plan_effect(plan, actions[k], text + n + 1,
					    "the transaction did so, too"))
				return hf_error_oom(err);
		}
	return 0;
}

/* Why the file or inode that @id speaks of is refused; NULL: it is not. */
static const char *refusal_of(const hf_rollback *rb, const char *id)
{
	const char *path = strchr(id, ':');

	for (size_t i = 0; path && i < rb->n_refused; i++) {
		size_t len = strlen(rb->refused[i].what);

		if (!strncmp(path + 1, rb->refused[i].what, len) && path[1 + len] == '#')
			return rb->refused[i].why;
	}
	return NULL;
}

static int plan_changes(hf_rollback *rb, hf_model *model, hf_error **err)
{
	hf_plan *plan = &rb->survey.plan;

	for (size_t i = 0; plan->n_groups && i < rb->txn.n_changes; i++) {
		const hf_txn_change *c = &rb->txn.changes[i];
		hf_op op = !c->before  ? HF_OP_DELETE
			   : !c->after ? HF_OP_CREATE
				       : HF_OP_UPDATE;
		const char *why = refusal_of(rb, c->id);
		hf_change *change =
			hf_plan_change(plan, kind_of(model, c->id), HF_PERSISTED, c->id,
				       op, c->after, c->before, HF_CAUSE_RELEASED);

		if (!change || (why && hf_change_block(plan, change, "%s", why) < 0))
			return hf_error_oom(err);
		change->secret = c->secret;
		change->hides = rb->hides[i];
	}
	return 0;
}

/* Does the file that @id speaks of go back? */
static bool is_restored(const hf_plan *plan, const char *id)
{
	const char *path = strchr(id, ':');

	for (size_t i = 0; path && i < plan->n_groups; i++) {
		size_t len = strlen(plan->groups[i]->path);

		if (plan->groups[i]->type == HF_GROUP_FILE &&
		    !strncmp(path + 1, plan->groups[i]->path, len) &&
		    path[1 + len] == '#')
			return true;
	}
	return false;
}

/* What an apply does only with --allow-disruptive is undone only so: what was made since
 * goes out of view. A part of the files alone is no way out: a key and its flag belong
 * together. */
static int check_disruptive(hf_rollback *rb, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const hf_plan *plan = &rb->survey.plan;

	for (size_t i = 0; i < rb->txn.n_changes; i++) {
		if (!rb->hides[i] || plan->options.allow_disruptive ||
		    hf_store_is_empty(rb->hides[i]) ||
		    !is_restored(plan, rb->txn.changes[i].id))
			continue;
		hf_store_hidden(&sb, rb->hides[i]);
		if (!hf_strbuf_ok(&sb))
			return hf_error_oom(err);
		(void)hf_error_set(err, -EPERM, "%s would change back: %s",
				   rb->txn.changes[i].id, hf_strbuf_str(&sb));
		return hf_error_hint(
			err, "rollback --allow-disruptive undoes it all the same");
	}
	return 0;
}

/* --- choosing ------------------------------------------------------------------------
 */

static int choose_newest(hf_host *host, hf_rollback *rb, const char **ret, hf_error **err)
{
	size_t n;
	char **ids;
	int r = hf_txn_list(host, &rb->arena, &ids, &n, err);

	if (!r && !n)
		return hf_txn_none(host, err);
	for (size_t i = n; !r && i; i--) {
		hf_txn txn;

		r = hf_txn_load(host, ids[i - 1], &rb->arena, &txn, err);
		if (!r && txn.result == HF_TXN_APPLIED &&
		    strcmp(txn.command, "apply") == 0) {
			*ret = ids[i - 1];
			return 0;
		}
	}
	if (r < 0)
		return r;
	(void)hf_error_set(err, -ENOENT, "there is no transaction to roll back");
	return hf_error_hint(err, "'holdfast history%s' lists what is on record",
			     hf_host_option(host));
}

static int check_applied(const hf_txn *txn, hf_error **err)
{
	if (txn->result == HF_TXN_APPLIED)
		return 0;
	return hf_error_set(err, -EALREADY,
			    "transaction %s is %s already: nothing to undo", txn->id,
			    hf_txn_result_name(txn->result));
}

static int choose(hf_host *host, hf_rollback *rb, const char *word, hf_error **err)
{
	const char *id = NULL;
	int r;

	if (word)
		r = hf_txn_find(host, word, &rb->arena, &id, err);
	else
		r = choose_newest(host, rb, &id, err);
	if (!r)
		r = hf_txn_load(host, id, &rb->arena, &rb->txn, err);
	if (r < 0)
		return r;
	return check_applied(&rb->txn, err);
}

int hf_rollback_plan(hf_host *host, hf_model *model, const char *word,
		     const hf_plan_options *options, hf_rollback *ret, hf_error **err)
{
	static const hf_record no_record;
	hf_plan *plan = &ret->survey.plan;
	const char *boot;
	bool same_boot;
	int r = choose(host, ret, word, err);

	if (r < 0)
		return r;
	plan->options = *options;
	plan->options.offline = host->offline;
	plan->options.manager = host->units.known == HF_PRESENT;
	plan->facts = &ret->survey.facts;
	plan->record = &no_record;
	r = hf_facts_read(host, &ret->survey.facts, err);
	if (!r)
		r = look_at_engine(host, model, ret, err);
	boot = hf_facts_value(&ret->survey.facts, "boot_id");
	same_boot = boot && strcmp(boot, ret->txn.boot_id) == 0;
	/* the live part last: it depends on what of the disk can be put back */
	for (int live = 0; live < 2; live++)
		for (size_t i = ret->txn.n_items; !r && i; i--)
			if ((ret->txn.items[i - 1].type == HF_GROUP_LIVE) == live &&
			    (same_boot || !live))
				r = plan_item(host, ret, model, &ret->txn.items[i - 1],
					      err);
	if (!r && !same_boot)
		r = follow_disk(host, ret, model, err);
	if (!r)
		r = check_disruptive(ret, err);
	if (!r)
		r = plan_effects(host, ret, err);
	if (!r)
		r = plan_changes(ret, model, err);
	if (!r && hf_plan_finish(model, plan) < 0)
		r = hf_error_oom(err);
	return r;
}

/* --- carrying out --------------------------------------------------------------------
 */

static int verify_file(hf_host *host, const hf_group *group, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_image now, absent = { 0 };
	int r = hf_fs_image(host, group->path, &arena, &now, err);

	if (r < 0)
		return r;
	if (!hf_image_equal(&now, group->image ? group->image : &absent))
		return hf_error_set(err, -EIO, "'%s' is not as it was before",
				    group->path);
	return 0;
}

static int verify_live(hf_host *host, const hf_group *group, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	bool forward = !group->frozen || group->forward;
	int r = group->frozen ? 0 : group->kind->freeze(group, &sb);

	if (r < 0)
		return hf_error_oom(err);
	r = group->kind->holds(host, group->frozen ? group->frozen : hf_strbuf_str(&sb),
			       forward, err);
	if (r == 0)
		return hf_error_set(err, -EIO, "%s: not as it is to be again",
				    group->path);
	return r < 0 ? r : 0;
}

/* Inodes are verified as they are set. */
static int verify(hf_host *host, void *user, hf_error **err)
{
	const hf_plan *plan = &((hf_rollback *)user)->survey.plan;

	for (size_t i = 0; i < plan->n_groups; i++) {
		const hf_group *group = plan->groups[i];
		int r = group->type == HF_GROUP_FILE   ? verify_file(host, group, err)
			: group->type == HF_GROUP_LIVE ? verify_live(host, group, err)
						       : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* The record of what was undone says so, unless a part of it could not be. That comes
 * after all of the work: where it is missing, the next rollback finds nothing to do, and
 * comes by here. */
static void mark_undone(hf_host *host, hf_rollback *rb, hf_apply_result *ret)
{
	hf_error *err = NULL;

	if (rb->n_refused)
		return;
	rb->txn.result = HF_TXN_ROLLED_BACK;
	rb->txn.undone_by = ret->transaction;
	if (hf_txn_store(host, &rb->txn, &err) >= 0)
		return;
	(void)hf_error_wrap(&err, "all is put back, but history will not tell");
	hf_error_free(ret->error);
	ret->error = err;
}

/* Another holdfast may have been at it since it was planned. */
static int check_due(hf_host *host, const hf_rollback *rb,
		     const hf_apply_options *options, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_txn now;
	int r = hf_txn_load(host, rb->txn.id, &arena, &now, err);

	if (!r)
		r = check_applied(&now, err);
	if (!r && options->confirm_run)
		r = hf_confirm_claim(host, options->confirm_run, NULL, err);
	return r;
}

void hf_rollback_run(hf_host *host, hf_model *model, hf_rollback *rollback,
		     const hf_apply_options *options, hf_apply_result *ret)
{
	const hf_transaction how = { .command = "rollback",
				     .of = rollback->txn.id,
				     .verify = verify,
				     .user = rollback };
	hf_apply_options keep = *options;
	hf_lock lock = { 0 };
	int r;

	/* where records are kept, this one is, too: by it a crash knows how far it came
	 */
	keep.record = true;
	ret->outcome = HF_OUTCOME_REFUSED;
	r = hf_lock_take(host, options->lock_wait, &lock, &ret->error);
	if (!r)
		r = check_due(host, rollback, options, &ret->error);
	if (!r && rollback->survey.plan.n_groups) {
		hf_transact(host, model, &rollback->survey, &keep, &how, ret);
	} else if (!r) { /* all is as it was before: only the record says otherwise */
		ret->outcome = HF_OUTCOME_NOTHING;
		hf_journal_sweep(host);
	}
	if (ret->outcome == HF_OUTCOME_APPLIED || ret->outcome == HF_OUTCOME_NOTHING)
		mark_undone(host, rollback, ret);
	hf_lock_drop(host, &lock);
}

void hf_rollback_done(hf_rollback *rollback)
{
	hf_survey_done(&rollback->survey);
	hf_arena_done(&rollback->arena);
	*rollback = (hf_rollback){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/txn_build.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/path.h"
#include "engine/effects.h"
#include "engine/journal.h"
#include "engine/state_file.h"
#include "model/kind.h"

typedef struct build {
	hf_host *host;
	hf_arena *arena;
	hf_txn *txn;
} build;

/* Where the staged copy will be: in the directory of the file itself, which is the
 * target's where the path is a symlink. */
static int staged_name(build *b, hf_txn_item *item, hf_error **err)
{
	char name[256], *at, *dir;
	int r = 0;

	if (item->before.exists)
		r = hf_fs_canonical(b->host, item->path, b->arena, &at, err);
	else
		at = hf_arena_strdup(b->arena, item->path);
	if (r < 0)
		return r;
	dir = at ? hf_path_dir(b->arena, at) : NULL;
	if (!dir)
		return hf_error_oom(err);
	hf_fs_temp_name(hf_path_base(at), b->txn->id, name);
	item->temp = hf_path_join(b->arena, dir, name);
	if (item->first) {
		hf_fs_next_name(hf_path_base(at), b->txn->id, name);
		item->next = hf_path_join(b->arena, dir, name);
	}
	return item->temp && (!item->first || item->next) ? 0 : hf_error_oom(err);
}

static int build_file(build *b, const hf_group *group, hf_txn_item *item, hf_error **err)
{
	char *dir = hf_path_dir(b->arena, group->path);
	hf_inode meta = { 0 };
	int r;

	if (!dir)
		return hf_error_oom(err);
	r = hf_fs_image(b->host, group->path, b->arena, &item->before, err);
	if (r < 0)
		return r;
	if (item->before.exists != group->existed ||
	    (group->existed &&
	     (item->before.len != group->before_len ||
	      memcmp(item->before.bytes, group->before, group->before_len) != 0)))
		return hf_item_stale(group, err);
	item->remove = group->remove;
	item->after = group->after;
	item->after_len = group->after_len;
	item->first = group->first;
	item->first_len = group->first_len;
	hf_item_new_owner(b->host, group, &meta);
	if (group->existed && !group->set_meta) {
		meta.uid = item->before.uid;
		meta.gid = item->before.gid;
		meta.mode = item->before.mode;
	}
	item->uid = meta.uid;
	item->gid = meta.gid;
	item->mode = meta.mode;
	if (!group->existed) {
		r = hf_fs_missing_top(b->host, dir, b->arena, &item->made, err);
		if (r < 0)
			return r;
	}
	return group->remove ? 0 : staged_name(b, item, err);
}

static void build_inode(const hf_group *group, hf_txn_item *item)
{
	item->before_uid = group->before_uid;
	item->before_gid = group->before_gid;
	item->before_mode = group->before_mode & 07777;
	item->uid = group->uid;
	item->gid = group->gid;
	item->mode = group->mode & 07777;
	item->dev = group->dev;
	item->ino = group->ino;
	item->follow = group->before_symlink_target;
}

static int build_live(build *b, const hf_group *group, hf_txn_item *item, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	if (group->frozen) {
		item->live = group->frozen;
		item->reverse = !group->forward;
		return 0;
	}
	if (group->kind->freeze && group->kind->freeze(group, &sb) < 0)
		return hf_error_oom(err);
	if (!hf_strbuf_ok(&sb))
		return hf_error_oom(err);
	item->live = hf_arena_strdup(b->arena, hf_strbuf_str(&sb));
	return item->live ? 0 : hf_error_oom(err);
}

static int build_item(build *b, const hf_group *group, hf_txn_item *item, hf_error **err)
{
	hf_inode meta = { 0 };

	item->type = group->type;
	item->stage = group->stage;
	item->kind = group->kind ? group->kind->name : NULL;
	item->path = group->path;
	switch (group->type) {
	case HF_GROUP_FILE:
		return build_file(b, group, item, err);
	case HF_GROUP_INODE:
		build_inode(group, item);
		return 0;
	case HF_GROUP_MKDIR:
		hf_item_new_owner(b->host, group, &meta);
		item->uid = meta.uid;
		item->gid = meta.gid;
		item->mode = meta.mode;
		item->remove = group->remove;
		if (group->remove)
			return 0;
		return hf_fs_missing_top(b->host, group->path, b->arena, &item->made,
					 err);
	case HF_GROUP_LIVE:
		return build_live(b, group, item, err);
	}
	return 0;
}

/* An inode whose file is replaced: the new file gets the values, see hf_item_prepare().
 */
static int fold_inodes(build *b, hf_error **err)
{
	hf_txn *txn = b->txn;

	for (size_t i = 0; i < txn->n_items; i++) {
		hf_txn_item *file = &txn->items[i];
		hf_inode now;
		int r;

		if (file->type != HF_GROUP_FILE || !file->before.exists || file->remove)
			continue;
		r = hf_fs_inode(b->host, file->path, 0, &now, err);
		if (r < 0)
			return r;
		for (size_t k = 0; k < txn->n_items; k++) {
			hf_txn_item *inode = &txn->items[k];

			if (inode->type != HF_GROUP_INODE || inode->ino != now.ino ||
			    inode->dev != now.dev)
				continue;
			inode->folded = true;
			file->uid = inode->uid;
			file->gid = inode->gid;
			file->mode = inode->mode;
		}
	}
	return 0;
}

static int copy_changes(build *b, const hf_plan *plan)
{
	hf_txn *txn = b->txn;

	for (size_t i = 0; i < plan->n_changes; i++) {
		const hf_change *c = plan->changes[i];
		hf_txn_change *t;

		if (c->blocked)
			continue;
		t = hf_vec_push(b->arena, txn->changes, txn->n_changes);
		if (!t)
			return -ENOMEM;
		t->id = c->id; /* the plan outlives the apply */
		t->before = c->before;
		t->after = c->after;
		t->secret = c->secret;
		t->live = c->layer == HF_LIVE;
	}
	for (size_t i = 0; i < plan->n_effects; i++) {
		const hf_effect *e = plan->effects[i];
		const char **slot;

		if (e->hold)
			continue;
		slot = hf_vec_push(b->arena, txn->effects, txn->n_effects);
		if (!slot)
			return -ENOMEM;
		*slot = hf_effect_what(e, b->arena);
		if (!*slot)
			return -ENOMEM;
	}
	return 0;
}

const char *hf_txn_witness(const hf_model *model, const hf_plan *plan, hf_arena *arena)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	for (size_t i = 0; i < model->n_kinds; i++) {
		size_t before = sb.len;

		if (!model->kinds[i]->witness)
			continue;
		if (model->kinds[i]->witness(plan, &sb) < 0)
			return NULL;
		if (sb.len > before)
			hf_strbuf_addc(&sb, '\n');
	}
	return hf_strbuf_ok(&sb) ? hf_arena_strdup(arena, hf_strbuf_str(&sb)) : NULL;
}

/* Below --root it is a time that is given, SOURCE_DATE_EPOCH. */
static int64_t now_msec(const hf_host *host, const hf_plan *plan)
{
	struct timespec now;

	if (host->offline || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return plan->options.now * 1000;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int build_head(build *b, const hf_model *model, const hf_plan *plan,
		      const char *command, const char *of, hf_error **err)
{
	const char *boot = plan->facts ? hf_facts_value(plan->facts, "boot_id") : NULL;
	int64_t now = now_msec(b->host, plan);
	hf_txn *txn = b->txn;
	int r = hf_txn_id_new(b->host, now, b->arena, &txn->id, err);

	if (r < 0)
		return r;
	txn->program = PACKAGE_VERSION;
	txn->command = command;
	txn->of = of;
	txn->boot_id = boot && !b->host->offline ? boot : "";
	txn->user = hf_state_user(b->arena);
	txn->started = now / 1000;
	txn->witness_before = hf_txn_witness(model, plan, b->arena);
	if (!txn->user || !txn->witness_before)
		return hf_error_oom(err);
	for (size_t i = 0; i < model->n_baselines; i++) {
		const char **slot =
			hf_vec_push(b->arena, txn->baselines, txn->n_baselines);

		if (!slot)
			return hf_error_oom(err);
		*slot = model->baselines[i]->name;
	}
	return 0;
}

int hf_txn_build(hf_host *host, const hf_model *model, const hf_plan *plan,
		 hf_item *items, size_t n, const char *command, const char *of,
		 hf_arena *arena, hf_txn *ret, hf_error **err)
{
	hf_txn txn = { 0 };
	build b = { .host = host, .arena = arena, .txn = &txn };
	int r = build_head(&b, model, plan, command, of, err);

	if (r < 0)
		return r;
	if (copy_changes(&b, plan) < 0)
		return hf_error_oom(err);
	txn.items = hf_arena_array(arena, n, sizeof(*txn.items));
	if (!txn.items)
		return hf_error_oom(err);
	for (size_t i = 0; i < n; i++) {
		r = build_item(&b, items[i].group, &txn.items[i], err);
		if (r < 0)
			return r;
		txn.n_items++;
	}
	r = fold_inodes(&b, err);
	if (r < 0)
		return r;
	*ret = txn;
	return 0;
}

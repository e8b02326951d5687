/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions to and from text; pure but for what hf_image holds. */
#include "engine/txn.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/path.h"
#include "engine/record.h"
#include "engine/state_file.h"

static const char *const result_names[] = {
	[HF_TXN_UNFINISHED] = "unfinished",   [HF_TXN_APPLIED] = "applied",
	[HF_TXN_REVERTED] = "reverted",	      [HF_TXN_RECOVERED] = "recovered",
	[HF_TXN_ROLLED_BACK] = "rolled-back",
};
static const char *const type_names[] = {
	[HF_GROUP_MKDIR] = "directory",
	[HF_GROUP_FILE] = "file",
	[HF_GROUP_INODE] = "inode",
	[HF_GROUP_LIVE] = "live",
};

const char *hf_txn_result_name(hf_txn_result r)
{
	assert(r < ARRAY_SIZE(result_names));
	return result_names[r];
}

bool hf_txn_is_id(const char *word)
{
	size_t len = strlen(word);

	return len >= 16 && len <= 40 && word[8] == 'T' &&
	       strspn(word, "0123456789abcdefT-") == len;
}

hf_image hf_txn_item_after(const hf_txn_item *item)
{
	hf_image after = item->before;

	after.exists = !item->remove;
	after.bytes = item->after;
	after.len = item->after_len;
	after.uid = item->uid;
	after.gid = item->gid;
	after.mode = item->mode & 07777;
	return after;
}

hf_image hf_txn_item_first(const hf_txn_item *item)
{
	hf_image first = hf_txn_item_after(item);

	first.bytes = item->first;
	first.len = item->first_len;
	return first;
}

static bool is_absolute(const char *path)
{
	return path[0] == '/' && strlen(path) < PATH_MAX;
}

/* Is it the name of a staged file of the transaction? The target's own name may be
 * another than that of the path: a symlink's. */
static bool is_staged(const char *path, const char *id)
{
	const char *name = hf_path_base(path);
	char tail[256];
	size_t len, n;

	hf_fs_temp_name("", id, tail);
	len = strlen(name), n = strlen(tail + 1);
	return is_absolute(path) && name[0] == '.' && len > n &&
	       strcmp(name + len - n, tail + 1) == 0;
}

/* Does an item name only what the work on it may touch? What a journal says is done as
 * root, whoever wrote it, and so nothing is written that could not be read again. */
static bool is_sound(const hf_txn_item *item, const char *id)
{
	if (item->type == HF_GROUP_LIVE)
		return !item->made;
	if (!is_absolute(item->path))
		return false;
	if (item->type == HF_GROUP_INODE)
		return !item->made;
	if (!*hf_path_base(item->path))
		return false;
	if (item->made && (!is_absolute(item->made) || !item->made[1] ||
			   !hf_path_below(item->path, item->made)))
		return false;
	if (item->next && (!item->temp || !is_staged(item->next, id)))
		return false;
	return !item->temp || is_staged(item->temp, id);
}

/* --- writing
 * ---------------------------------------------------------------------------- */

typedef hf_json_writer writer;

static void put_text(writer *w, const char *key, const char *s)
{
	if (s)
		hf_json_write_text(w, key, s);
}

static void put_meta(writer *w, const char *key, uid_t uid, gid_t gid, mode_t mode)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%u:%u %04o", (unsigned)uid, (unsigned)gid,
		       (unsigned)(mode & 07777));
	put_text(w, key, text);
}

static void put_image(writer *w, const hf_image *image)
{
	hf_json_open(w, "before", '{');
	if (image->exists) {
		hf_json_write_bytes(w, "bytes", "text", image->bytes, image->len);
		put_meta(w, "meta", image->uid, image->gid, image->mode);
		hf_json_write_int(w, "attr", (long long)image->attr);
		hf_json_open(w, "xattrs", '[');
		for (size_t i = 0; i < image->n_xattrs; i++) {
			hf_json_open(w, NULL, '{');
			put_text(w, "name", image->xattrs[i].name);
			hf_json_write_bytes(w, "value", NULL, image->xattrs[i].value,
					    image->xattrs[i].len);
			hf_json_close(w, '}');
		}
		hf_json_close(w, ']');
	}
	hf_json_close(w, '}');
}

/* The new content, told by what differs from the old: most edits are one line of many.
 * "keep" is how much of the beginning and of the end stays. */
static void put_after(writer *w, const hf_txn_item *item)
{
	const hf_image *before = &item->before;
	size_t most = before->len < item->after_len ? before->len : item->after_len;
	size_t head = 0, tail = 0;

	if (!before->exists)
		most = 0;
	while (head < most && before->bytes[head] == item->after[head])
		head++;
	while (tail < most - head && before->bytes[before->len - 1 - tail] ==
					     item->after[item->after_len - 1 - tail])
		tail++;
	hf_json_open(w, "keep", '[');
	hf_json_write_int(w, NULL, (long long)head);
	hf_json_write_int(w, NULL, (long long)tail);
	hf_json_close(w, ']');
	hf_json_write_bytes(w, "after", "text", item->after + head,
			    item->after_len - head - tail);
}

static void put_item(writer *w, const hf_txn_item *item)
{
	hf_json_open(w, NULL, '{');
	put_text(w, "type", type_names[item->type]);
	hf_json_write_int(w, "stage", (long long)item->stage);
	put_text(w, "kind", item->kind);
	put_text(w, "path", item->path);
	put_text(w, "made", item->made);
	switch (item->type) {
	case HF_GROUP_FILE:
		put_image(w, &item->before);
		hf_json_write_bool(w, "remove", item->remove);
		put_after(w, item);
		put_meta(w, "meta", item->uid, item->gid, item->mode);
		put_text(w, "temp", item->temp);
		if (item->first) {
			hf_json_write_bytes(w, "first", "first_text", item->first,
					    item->first_len);
			put_text(w, "next", item->next);
		}
		break;
	case HF_GROUP_INODE:
		put_meta(w, "before", item->before_uid, item->before_gid,
			 item->before_mode);
		put_meta(w, "meta", item->uid, item->gid, item->mode);
		hf_json_write_int(w, "dev", (long long)item->dev);
		hf_json_write_int(w, "ino", (long long)item->ino);
		hf_json_write_bool(w, "follow", item->follow);
		hf_json_write_bool(w, "folded", item->folded);
		break;
	case HF_GROUP_MKDIR:
		hf_json_write_bool(w, "remove", item->remove);
		put_meta(w, "meta", item->uid, item->gid, item->mode);
		break;
	case HF_GROUP_LIVE:
		put_text(w, "live", item->live);
		hf_json_write_bool(w, "reverse", item->reverse);
		break;
	}
	hf_json_close(w, '}');
}

static void put_list(writer *w, const char *key, const char *const *items, size_t n)
{
	hf_json_open(w, key, '[');
	for (size_t i = 0; i < n; i++)
		put_text(w, NULL, items[i]);
	hf_json_close(w, ']');
}

static void put_changes(writer *w, const hf_txn *txn)
{
	hf_json_open(w, "changes", '[');
	for (size_t i = 0; i < txn->n_changes; i++) {
		const hf_txn_change *c = &txn->changes[i];

		hf_json_open(w, NULL, '{');
		put_text(w, "id", c->id);
		hf_record_put_value(w, "before", c->id, c->before);
		hf_record_put_value(w, "after", c->id, c->after);
		if (c->secret)
			hf_json_write_bool(w, "secret", true);
		if (c->live)
			hf_json_write_bool(w, "live", true);
		hf_json_close(w, '}');
	}
	hf_json_close(w, ']');
}

static void put_head(writer *w, const hf_txn *txn)
{
	put_text(w, "schema", HF_STATE_SCHEMA);
	put_text(w, "holdfast", txn->program);
	put_text(w, "id", txn->id);
	put_text(w, "command", txn->command);
	put_text(w, "of", txn->of);
	put_text(w, "boot_id", txn->boot_id);
	put_text(w, "user", txn->user);
	hf_json_write_int(w, "started", txn->started);
	put_list(w, "baselines", txn->baselines, txn->n_baselines);
	put_list(w, "effects", txn->effects, txn->n_effects);
	put_text(w, "witness_before", txn->witness_before);
}

static int put_body(writer *w, const hf_txn *txn, hf_error **err)
{
	for (size_t i = 0; i < txn->n_items; i++)
		if (!is_sound(&txn->items[i], txn->id))
			return hf_error_set(err, -EINVAL,
					    "'%s' is not an absolute path, so it cannot "
					    "be recorded",
					    txn->items[i].path);
	put_head(w, txn);
	put_changes(w, txn);
	hf_json_open(w, "items", '[');
	for (size_t i = 0; i < txn->n_items; i++)
		put_item(w, &txn->items[i]);
	hf_json_close(w, ']');
	return 0;
}

static void put_end(writer *w, const hf_txn *txn)
{
	put_text(w, "undone_by", txn->undone_by);
	hf_json_write_int(w, "finished", txn->finished);
	put_text(w, "result", hf_txn_result_name(txn->result));
	put_text(w, "witness_after", txn->witness_after);
}

static int make_body(const hf_txn *txn, hf_txn_body *ret, hf_error **err)
{
	writer w = { 0 };
	int r;

	hf_json_open(&w, NULL, '{');
	r = put_body(&w, txn, err);
	if (!r)
		r = hf_state_written(&w, err);
	if (r < 0) {
		hf_strbuf_done(&w.sb);
		return r;
	}
	hf_digester_begin(&ret->digest);
	hf_digester_add(&ret->digest, w.sb.buf, w.sb.len);
	ret->text = w.sb;
	ret->len = w.sb.len;
	return 0;
}

void hf_txn_body_done(hf_txn_body *body)
{
	hf_strbuf_done(&body->text);
	*body = (hf_txn_body){ 0 };
}

int hf_txn_text(const hf_txn *txn, hf_txn_body *body, const char **ret, hf_error **err)
{
	writer w = { .depth = 1, .more = true }; /* behind the body */
	char last[HF_DIGEST_LINE];
	hf_digester digest;
	int r = body->len ? 0 : make_body(txn, body, err);

	if (r < 0)
		return r;
	w.sb = body->text;
	w.sb.len = body->len;
	put_end(&w, txn);
	hf_json_close(&w, '}');
	hf_strbuf_addc(&w.sb, '\n');
	digest = body->digest;
	hf_digester_add(&digest, w.sb.buf + body->len, w.sb.len - body->len);
	hf_digester_line(&digest, last);
	hf_strbuf_adds(&w.sb, last);
	body->text = w.sb;
	r = hf_state_written(&w, err);
	if (r < 0)
		hf_txn_body_done(body);
	else
		*ret = hf_strbuf_str(&body->text);
	return r;
}

/* --- reading
 * ---------------------------------------------------------------------------- */

/* Reads members; the first that is missing or of the wrong type is remembered. */
typedef struct reader {
	hf_arena *arena;
	int r;
} reader;

static const char *get_text(reader *rd, const hf_json *o, const char *key, bool optional)
{
	const hf_json *v = hf_json_get(o, key);
	char *s;

	if (!v && optional)
		return NULL;
	if (!v || v->type != HF_JSON_STRING) {
		rd->r = rd->r ? rd->r : -EBADMSG;
		return "";
	}
	s = hf_arena_strdup(rd->arena, v->text);
	if (!s)
		rd->r = -ENOMEM;
	return s ? s : "";
}

static int64_t get_int(reader *rd, const hf_json *o, const char *key)
{
	int64_t n = 0;

	if (!hf_json_get_int(o, key, &n))
		rd->r = rd->r ? rd->r : -EBADMSG;
	return n;
}

static bool is_true(const hf_json *v)
{
	return v && v->type == HF_JSON_BOOL && v->boolean;
}

static bool get_bool(reader *rd, const hf_json *o, const char *key)
{
	const hf_json *v = hf_json_get(o, key);

	if (!v || v->type != HF_JSON_BOOL)
		rd->r = rd->r ? rd->r : -EBADMSG;
	return is_true(v);
}

/* Base64 under @key, or, under @text_key, the text itself; never both. */
static const char *get_bytes(reader *rd, const hf_json *o, const char *key,
			     const char *text_key, size_t *ret_len)
{
	bool is_text = text_key && hf_json_get(o, text_key);
	const char *text = get_text(rd, o, is_text ? text_key : key, false);
	char *bytes = NULL;
	int r = 0;

	*ret_len = strlen(text);
	if (is_text && !hf_json_get(o, key))
		return text;
	r = is_text ? -EINVAL : hf_base64_decode(rd->arena, text, &bytes, ret_len);
	if (r < 0) {
		rd->r = rd->r ? rd->r : r == -EINVAL ? -EBADMSG : r;
		*ret_len = 0;
		return "";
	}
	return bytes;
}

/* See hf_record_put_value(). */
static const char *get_value(reader *rd, const hf_json *o, const char *key,
			     const char *id)
{
	const char *said;

	if (!is_true(hf_json_get(o, key)))
		return get_text(rd, o, key, true);
	said = hf_record_said(id);
	if (!said)
		rd->r = rd->r ? rd->r : -EBADMSG;
	return said;
}

static void get_meta(reader *rd, const hf_json *o, const char *key, uid_t *uid,
		     gid_t *gid, mode_t *mode)
{
	const char *text = get_text(rd, o, key, false);
	unsigned u, g, m;
	int end = 0;

	if (sscanf(text, "%u:%u %o%n", &u, &g, &m, &end) != 3 || text[end] || m > 07777) {
		rd->r = rd->r ? rd->r : -EBADMSG;
		return;
	}
	*uid = u;
	*gid = g;
	*mode = m;
}

static size_t get_list(reader *rd, const hf_json *o, const char *key, const hf_json **ret)
{
	*ret = hf_json_get(o, key);
	if (*ret && (*ret)->type == HF_JSON_ARRAY)
		return (*ret)->n;
	rd->r = rd->r ? rd->r : -EBADMSG;
	return 0;
}

static void *get_array(reader *rd, size_t n, size_t size)
{
	void *p = hf_arena_array(rd->arena, n, size);

	if (!p)
		rd->r = -ENOMEM;
	return p;
}

static void get_image(reader *rd, const hf_json *o, hf_image *image)
{
	const hf_json *before = hf_json_get(o, "before"), *list;
	size_t n;

	if (!before || before->type != HF_JSON_OBJECT) {
		rd->r = rd->r ? rd->r : -EBADMSG;
		return;
	}
	image->exists = before->n > 0;
	if (!image->exists)
		return;
	image->bytes = get_bytes(rd, before, "bytes", "text", &image->len);
	get_meta(rd, before, "meta", &image->uid, &image->gid, &image->mode);
	image->attr = (unsigned)get_int(rd, before, "attr");
	n = get_list(rd, before, "xattrs", &list);
	image->xattrs = get_array(rd, n, sizeof(*image->xattrs));
	for (size_t i = 0; !rd->r && i < n; i++) {
		const hf_json *x = list->items[i];

		image->xattrs[i].name = get_text(rd, x, "name", false);
		image->xattrs[i].value =
			get_bytes(rd, x, "value", NULL, &image->xattrs[i].len);
		image->n_xattrs++;
	}
}

/* See put_after(). */
static void get_after(reader *rd, const hf_json *o, hf_txn_item *item)
{
	const hf_json *keep = hf_json_get(o, "keep");
	const hf_image *before = &item->before;
	int64_t head = 0, tail = 0;
	size_t len;
	const char *bytes = get_bytes(rd, o, "after", "text", &len);
	char *all;

	if (!keep || keep->type != HF_JSON_ARRAY || keep->n != 2 ||
	    !hf_json_int(keep->items[0], &head) || !hf_json_int(keep->items[1], &tail) ||
	    head < 0 || tail < 0 || (uint64_t)head > before->len ||
	    (uint64_t)tail > before->len - (size_t)head)
		rd->r = rd->r ? rd->r : -EBADMSG;
	if (rd->r)
		return;
	item->after_len = (size_t)head + len + (size_t)tail;
	all = get_array(rd, item->after_len + 1, 1);
	if (!all)
		return;
	if (head)
		memcpy(all, before->bytes, (size_t)head);
	memcpy(all + head, bytes, len);
	if (tail)
		memcpy(all + head + len, before->bytes + before->len - (size_t)tail,
		       (size_t)tail);
	all[item->after_len] = '\0';
	item->after = all;
}

static void get_item(reader *rd, const hf_json *o, hf_txn_item *item)
{
	const char *type = get_text(rd, o, "type", false);
	const char *made = get_text(rd, o, "made", true);
	int64_t stage = get_int(rd, o, "stage");
	size_t t = 0;

	while (t < ARRAY_SIZE(type_names) && strcmp(type_names[t], type) != 0)
		t++;
	if (t == ARRAY_SIZE(type_names) || stage < HF_STAGE_FIRST ||
	    stage > HF_STAGE_LAST) {
		rd->r = rd->r ? rd->r : -EBADMSG;
		return;
	}
	item->type = (hf_group_type)t;
	item->stage = (hf_stage)stage;
	item->kind = get_text(rd, o, "kind", true);
	item->path = get_text(rd, o, "path", false);
	item->made = made ? hf_arena_strdup(rd->arena, made) : NULL;
	switch (item->type) {
	case HF_GROUP_FILE:
		get_image(rd, o, &item->before);
		item->remove = get_bool(rd, o, "remove");
		get_after(rd, o, item);
		get_meta(rd, o, "meta", &item->uid, &item->gid, &item->mode);
		item->temp = get_text(rd, o, "temp", true);
		if (hf_json_get(o, "first") || hf_json_get(o, "first_text")) {
			item->first =
				get_bytes(rd, o, "first", "first_text", &item->first_len);
			item->next = get_text(rd, o, "next", false);
		}
		break;
	case HF_GROUP_INODE:
		get_meta(rd, o, "before", &item->before_uid, &item->before_gid,
			 &item->before_mode);
		get_meta(rd, o, "meta", &item->uid, &item->gid, &item->mode);
		item->dev = (dev_t)get_int(rd, o, "dev");
		item->ino = (ino_t)get_int(rd, o, "ino");
		item->follow = get_bool(rd, o, "follow");
		item->folded = get_bool(rd, o, "folded");
		break;
	case HF_GROUP_MKDIR:
		item->remove = get_bool(rd, o, "remove");
		get_meta(rd, o, "meta", &item->uid, &item->gid, &item->mode);
		break;
	case HF_GROUP_LIVE:
		item->live = get_text(rd, o, "live", false);
		item->reverse = get_bool(rd, o, "reverse");
		break;
	}
}

static void get_head(reader *rd, const hf_json *root, hf_txn *txn)
{
	const char *result = get_text(rd, root, "result", false);
	size_t r = 0;

	while (r < ARRAY_SIZE(result_names) && strcmp(result_names[r], result) != 0)
		r++;
	if (r == ARRAY_SIZE(result_names))
		rd->r = rd->r ? rd->r : -EBADMSG;
	txn->result = (hf_txn_result)r;
	txn->id = get_text(rd, root, "id", false);
	txn->command = get_text(rd, root, "command", false);
	txn->of = get_text(rd, root, "of", true);
	txn->undone_by = get_text(rd, root, "undone_by", true);
	txn->boot_id = get_text(rd, root, "boot_id", false);
	txn->user = get_text(rd, root, "user", false);
	txn->witness_before = get_text(rd, root, "witness_before", true);
	txn->witness_after = get_text(rd, root, "witness_after", true);
	txn->started = get_int(rd, root, "started");
	txn->finished = get_int(rd, root, "finished");
	if (!hf_txn_is_id(txn->id))
		rd->r = rd->r ? rd->r : -EBADMSG;
}

static void get_strings(reader *rd, const hf_json *root, const char *key,
			const char ***ret, size_t *ret_n)
{
	const hf_json *list;
	size_t n = get_list(rd, root, key, &list);

	*ret = get_array(rd, n, sizeof(**ret));
	for (size_t i = 0; !rd->r && i < n; i++) {
		bool is_text = list->items[i]->type == HF_JSON_STRING;

		(*ret)[i] =
			is_text ? hf_arena_strdup(rd->arena, list->items[i]->text) : NULL;
		if (!(*ret)[i])
			rd->r = is_text ? -ENOMEM : -EBADMSG;
		(*ret_n)++;
	}
}

/* Before schema 2, "secret" was always there. */
static void get_change(reader *rd, const hf_json *o, hf_txn_change *c)
{
	c->id = get_text(rd, o, "id", false);
	c->before = get_value(rd, o, "before", c->id);
	c->after = get_value(rd, o, "after", c->id);
	c->secret = hf_json_get(o, "secret") && get_bool(rd, o, "secret");
	c->live = is_true(hf_json_get(o, "live"));
}

static void get_body(reader *rd, const hf_json *root, hf_txn *txn)
{
	const hf_json *list;
	size_t n = get_list(rd, root, "changes", &list);

	txn->changes = get_array(rd, n, sizeof(*txn->changes));
	for (size_t i = 0; !rd->r && i < n; i++) {
		get_change(rd, list->items[i], &txn->changes[i]);
		txn->n_changes++;
	}
	n = get_list(rd, root, "items", &list);
	txn->items = get_array(rd, n, sizeof(*txn->items));
	for (size_t i = 0; !rd->r && i < n; i++) {
		get_item(rd, list->items[i], &txn->items[i]);
		if (!rd->r && !is_sound(&txn->items[i], txn->id))
			rd->r = -EBADMSG;
		txn->n_items++;
	}
}

int hf_txn_parse(const char *text, size_t len, const char *name, hf_arena *arena,
		 hf_txn *ret, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena tree = { 0 };
	reader rd = { .arena = arena };
	hf_txn txn = { 0 };
	const char *schema;
	hf_json *root;
	int r;

	len = hf_digest_check(text, len); /* before anything is believed */
	if (!len)
		return hf_error_at(
			err, -EBADMSG, name, 0, 0,
			"'%s' is torn or was edited: its digest does not match", name);
	/* not jansson: without memory for a long string it leaves bytes of it out */
	r = hf_json_parse(name, text, len, &tree, &root, err);
	if (r == -EBADMSG)
		(void)hf_error_wrap(err, "'%s' is damaged", name);
	if (r < 0)
		return r;
	txn.program = get_text(&rd, root, "holdfast", false);
	schema = get_text(&rd, root, "schema", false);
	r = rd.r ? 0 : hf_state_schema_check(name, schema, txn.program, err);
	if (r < 0)
		return r;
	get_head(&rd, root, &txn);
	get_strings(&rd, root, "baselines", &txn.baselines, &txn.n_baselines);
	get_strings(&rd, root, "effects", &txn.effects, &txn.n_effects);
	get_body(&rd, root, &txn);
	if (rd.r == -ENOMEM)
		return hf_error_oom(err);
	if (rd.r < 0)
		return hf_error_at(err, -EBADMSG, name, 0, 0, "'%s' is damaged", name);
	*ret = txn;
	return 0;
}

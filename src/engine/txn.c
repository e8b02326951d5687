/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions to and from text; pure but for what hf_image holds. */
#include "engine/txn.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/base64.h"

#define DIGEST_LINE_LEN (sizeof("sha256 ") - 1 + HF_DIGEST_HEX - 1 + 1)

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

/* --- writing
 * ---------------------------------------------------------------------------- */

/* A json_t under construction; any failure (only memory can fail) is remembered. */
typedef struct writer {
	hf_arena arena;
	bool oom;
} writer;

static void put(writer *w, json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new(object, key, value) < 0)
		w->oom = true;
}

static void put_text(writer *w, json_t *object, const char *key, const char *s)
{
	if (s)
		put(w, object, key, json_string(s));
}

static void put_bytes(writer *w, json_t *object, const char *key, const char *p, size_t n)
{
	char *text = hf_base64_encode(&w->arena, p, n);

	put(w, object, key, text ? json_string(text) : NULL);
}

static json_t *add_object(writer *w, json_t *list)
{
	json_t *o = json_object();

	if (!o || json_array_append_new(list, o) < 0) {
		w->oom = true;
		return NULL;
	}
	return o;
}

static void put_meta(writer *w, json_t *o, const char *key, uid_t uid, gid_t gid,
		     mode_t mode)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%u:%u %04o", (unsigned)uid, (unsigned)gid,
		       (unsigned)(mode & 07777));
	put(w, o, key, json_string(text));
}

static void put_image(writer *w, json_t *o, const hf_image *image)
{
	json_t *before = json_object(), *list;

	put(w, o, "before", before);
	if (w->oom || !image->exists)
		return;
	put_bytes(w, before, "bytes", image->bytes, image->len);
	put_meta(w, before, "meta", image->uid, image->gid, image->mode);
	put(w, before, "attr", json_integer((json_int_t)image->attr));
	list = json_array();
	put(w, before, "xattrs", list);
	for (size_t i = 0; !w->oom && i < image->n_xattrs; i++) {
		json_t *x = add_object(w, list);

		if (!x)
			return;
		put_text(w, x, "name", image->xattrs[i].name);
		put_bytes(w, x, "value", image->xattrs[i].value, image->xattrs[i].len);
	}
}

static void put_item(writer *w, json_t *list, const hf_txn_item *item)
{
	json_t *o = add_object(w, list);

	if (!o)
		return;
	put_text(w, o, "type", type_names[item->type]);
	put(w, o, "stage", json_integer((json_int_t)item->stage));
	put_text(w, o, "kind", item->kind);
	put_text(w, o, "path", item->path);
	put_text(w, o, "made", item->made);
	switch (item->type) {
	case HF_GROUP_FILE:
		put_image(w, o, &item->before);
		put(w, o, "remove", json_boolean(item->remove));
		put_bytes(w, o, "after", item->after, item->after_len);
		put_meta(w, o, "meta", item->uid, item->gid, item->mode);
		put_text(w, o, "temp", item->temp);
		break;
	case HF_GROUP_INODE:
		put_meta(w, o, "before", item->before_uid, item->before_gid,
			 item->before_mode);
		put_meta(w, o, "meta", item->uid, item->gid, item->mode);
		put(w, o, "dev", json_integer((json_int_t)item->dev));
		put(w, o, "ino", json_integer((json_int_t)item->ino));
		put(w, o, "follow", json_boolean(item->follow));
		put(w, o, "folded", json_boolean(item->folded));
		break;
	case HF_GROUP_MKDIR:
		put(w, o, "remove", json_boolean(item->remove));
		put_meta(w, o, "meta", item->uid, item->gid, item->mode);
		break;
	case HF_GROUP_LIVE:
		put_text(w, o, "live", item->live);
		put(w, o, "reverse", json_boolean(item->reverse));
		break;
	}
}

static void put_list(writer *w, json_t *root, const char *key, const char *const *items,
		     size_t n)
{
	json_t *list = json_array();

	put(w, root, key, list);
	for (size_t i = 0; !w->oom && i < n; i++)
		if (json_array_append_new(list, json_string(items[i])) < 0)
			w->oom = true;
}

static void put_changes(writer *w, json_t *root, const hf_txn *txn)
{
	json_t *list = json_array();

	put(w, root, "changes", list);
	for (size_t i = 0; !w->oom && i < txn->n_changes; i++) {
		json_t *o = add_object(w, list);

		if (!o)
			return;
		put_text(w, o, "id", txn->changes[i].id);
		put_text(w, o, "before", txn->changes[i].before);
		put_text(w, o, "after", txn->changes[i].after);
		put(w, o, "secret", json_boolean(txn->changes[i].secret));
	}
}

static void put_head(writer *w, json_t *root, const hf_txn *txn)
{
	put_text(w, root, "schema", HF_TXN_SCHEMA);
	put_text(w, root, "holdfast", txn->program);
	put_text(w, root, "id", txn->id);
	put_text(w, root, "command", txn->command);
	put_text(w, root, "of", txn->of);
	put_text(w, root, "undone_by", txn->undone_by);
	put_text(w, root, "boot_id", txn->boot_id);
	put_text(w, root, "user", txn->user);
	put(w, root, "started", json_integer((json_int_t)txn->started));
	put(w, root, "finished", json_integer((json_int_t)txn->finished));
	put_text(w, root, "result", hf_txn_result_name(txn->result));
	put_list(w, root, "baselines", txn->baselines, txn->n_baselines);
	put_list(w, root, "effects", txn->effects, txn->n_effects);
}

int hf_txn_text(const hf_txn *txn, char **ret, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	char hex[HF_DIGEST_HEX];
	writer w = { 0 };
	json_t *root = json_object(), *items = json_array();
	char *json = NULL;

	if (root) {
		put_head(&w, root, txn);
		put_changes(&w, root, txn);
		put(&w, root, "items", items);
		for (size_t i = 0; !w.oom && i < txn->n_items; i++)
			put_item(&w, items, &txn->items[i]);
		if (!w.oom)
			json = json_dumps(root, JSON_INDENT(1));
	}
	json_decref(root);
	hf_arena_done(&w.arena);
	if (!json)
		return hf_error_oom(err);
	hf_strbuf_adds(&sb, json);
	hf_strbuf_addc(&sb, '\n');
	free(json);
	if (!hf_strbuf_ok(&sb))
		return hf_error_oom(err);
	hf_digest(sb.buf, sb.len, hex);
	hf_strbuf_addf(&sb, "sha256 %s\n", hex);
	*ret = hf_strbuf_steal(&sb);
	return *ret ? 0 : hf_error_oom(err);
}

/* --- reading
 * ---------------------------------------------------------------------------- */

/* Reads members; the first that is missing or of the wrong type is remembered. */
typedef struct reader {
	hf_arena *arena;
	int r;
} reader;

static const char *get_text(reader *rd, const json_t *o, const char *key, bool optional)
{
	const json_t *v = json_object_get(o, key);
	char *s;

	if (!v && optional)
		return NULL;
	if (!json_is_string(v)) {
		rd->r = rd->r ? rd->r : -EBADMSG;
		return "";
	}
	s = hf_arena_strdup(rd->arena, json_string_value(v));
	if (!s)
		rd->r = -ENOMEM;
	return s ? s : "";
}

static int64_t get_int(reader *rd, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v))
		rd->r = rd->r ? rd->r : -EBADMSG;
	return json_integer_value(v);
}

static bool get_bool(reader *rd, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_boolean(v))
		rd->r = rd->r ? rd->r : -EBADMSG;
	return json_is_true(v);
}

static const char *get_bytes(reader *rd, const json_t *o, const char *key,
			     size_t *ret_len)
{
	const char *text = get_text(rd, o, key, false);
	char *bytes = NULL;
	int r = hf_base64_decode(rd->arena, text, &bytes, ret_len);

	if (r < 0) {
		rd->r = rd->r ? rd->r : r == -EINVAL ? -EBADMSG : r;
		*ret_len = 0;
		return "";
	}
	return bytes;
}

static void get_meta(reader *rd, const json_t *o, const char *key, uid_t *uid, gid_t *gid,
		     mode_t *mode)
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

static size_t get_list(reader *rd, const json_t *o, const char *key, const json_t **ret)
{
	*ret = json_object_get(o, key);
	if (!json_is_array(*ret))
		rd->r = rd->r ? rd->r : -EBADMSG;
	return json_array_size(*ret);
}

static void *get_array(reader *rd, size_t n, size_t size)
{
	void *p = hf_arena_array(rd->arena, n, size);

	if (!p)
		rd->r = -ENOMEM;
	return p;
}

static void get_image(reader *rd, const json_t *o, hf_image *image)
{
	const json_t *before = json_object_get(o, "before"), *list;
	size_t n;

	if (!json_is_object(before)) {
		rd->r = rd->r ? rd->r : -EBADMSG;
		return;
	}
	image->exists = json_object_size(before) > 0;
	if (!image->exists)
		return;
	image->bytes = get_bytes(rd, before, "bytes", &image->len);
	get_meta(rd, before, "meta", &image->uid, &image->gid, &image->mode);
	image->attr = (unsigned)get_int(rd, before, "attr");
	n = get_list(rd, before, "xattrs", &list);
	image->xattrs = get_array(rd, n, sizeof(*image->xattrs));
	for (size_t i = 0; !rd->r && i < n; i++) {
		const json_t *x = json_array_get(list, i);

		image->xattrs[i].name = get_text(rd, x, "name", false);
		image->xattrs[i].value = get_bytes(rd, x, "value", &image->xattrs[i].len);
		image->n_xattrs++;
	}
}

static void get_item(reader *rd, const json_t *o, hf_txn_item *item)
{
	const char *type = get_text(rd, o, "type", false);
	const char *made = get_text(rd, o, "made", true);
	int64_t stage = get_int(rd, o, "stage");
	size_t t = 0;

	while (t < ARRAY_SIZE(type_names) && strcmp(type_names[t], type) != 0)
		t++;
	if (t == ARRAY_SIZE(type_names) || stage < HF_STAGE_FIRST ||
	    stage > HF_STAGE_CONFIG) {
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
		item->after = get_bytes(rd, o, "after", &item->after_len);
		get_meta(rd, o, "meta", &item->uid, &item->gid, &item->mode);
		item->temp = get_text(rd, o, "temp", true);
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

static void get_head(reader *rd, const json_t *root, hf_txn *txn)
{
	const char *result = get_text(rd, root, "result", false);
	size_t r = 0;

	while (r < ARRAY_SIZE(result_names) && strcmp(result_names[r], result) != 0)
		r++;
	if (r == ARRAY_SIZE(result_names))
		rd->r = rd->r ? rd->r : -EBADMSG;
	txn->result = (hf_txn_result)r;
	txn->program = get_text(rd, root, "holdfast", false);
	txn->id = get_text(rd, root, "id", false);
	txn->command = get_text(rd, root, "command", false);
	txn->of = get_text(rd, root, "of", true);
	txn->undone_by = get_text(rd, root, "undone_by", true);
	txn->boot_id = get_text(rd, root, "boot_id", false);
	txn->user = get_text(rd, root, "user", false);
	txn->started = get_int(rd, root, "started");
	txn->finished = get_int(rd, root, "finished");
}

static void get_strings(reader *rd, const json_t *root, const char *key,
			const char ***ret, size_t *ret_n)
{
	const json_t *list;
	size_t n = get_list(rd, root, key, &list);

	*ret = get_array(rd, n, sizeof(**ret));
	for (size_t i = 0; !rd->r && i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		(*ret)[i] = s ? hf_arena_strdup(rd->arena, s) : NULL;
		if (!(*ret)[i])
			rd->r = s ? -ENOMEM : -EBADMSG;
		(*ret_n)++;
	}
}

static void get_body(reader *rd, const json_t *root, hf_txn *txn)
{
	const json_t *list;
	size_t n = get_list(rd, root, "changes", &list);

	txn->changes = get_array(rd, n, sizeof(*txn->changes));
	for (size_t i = 0; !rd->r && i < n; i++) {
		const json_t *o = json_array_get(list, i);

		txn->changes[i].id = get_text(rd, o, "id", false);
		txn->changes[i].before = get_text(rd, o, "before", true);
		txn->changes[i].after = get_text(rd, o, "after", true);
		txn->changes[i].secret = get_bool(rd, o, "secret");
		txn->n_changes++;
	}
	n = get_list(rd, root, "items", &list);
	txn->items = get_array(rd, n, sizeof(*txn->items));
	for (size_t i = 0; !rd->r && i < n; i++) {
		get_item(rd, json_array_get(list, i), &txn->items[i]);
		txn->n_items++;
	}
}

/* The digest is checked before anything is believed. Returns the JSON's length, or 0. */
static size_t check_digest(const char *text, size_t len)
{
	char hex[HF_DIGEST_HEX], line[DIGEST_LINE_LEN + 1];

	if (len <= DIGEST_LINE_LEN)
		return 0;
	len -= DIGEST_LINE_LEN;
	hf_digest(text, len, hex);
	(void)snprintf(line, sizeof(line), "sha256 %s\n", hex);
	return memcmp(text + len, line, DIGEST_LINE_LEN) == 0 ? len : 0;
}

int hf_txn_parse(const char *text, size_t len, const char *name, hf_arena *arena,
		 hf_txn *ret, hf_error **err)
{
	reader rd = { .arena = arena };
	hf_txn txn = { 0 };
	const char *schema;
	json_error_t why;
	json_t *root;

	len = check_digest(text, len);
	if (!len)
		return hf_error_at(
			err, -EBADMSG, name, 0, 0,
			"'%s' is torn or was edited: its digest does not match", name);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return hf_error_at(err, -EBADMSG, name, (unsigned)why.line,
				   (unsigned)why.column, "'%s' is damaged: %s", name,
				   why.text);
	schema = json_string_value(json_object_get(root, "schema"));
	if (!schema || strncmp(schema, "1.", 2) != 0) {
		json_decref(root);
		return hf_error_at(err, -ENOTSUP, name, 0, 0,
				   "'%s' was written by another version of holdfast",
				   name);
	}
	get_head(&rd, root, &txn);
	get_strings(&rd, root, "baselines", &txn.baselines, &txn.n_baselines);
	get_strings(&rd, root, "effects", &txn.effects, &txn.n_effects);
	get_body(&rd, root, &txn);
	json_decref(root);
	if (rd.r == -ENOMEM)
		return hf_error_oom(err);
	if (rd.r < 0)
		return hf_error_at(err, -EBADMSG, name, 0, 0, "'%s' is damaged", name);
	*ret = txn;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The applied record as a file: JSON and a last line with its digest, mode 0600, in
 * /var/lib/holdfast. An entry is an object, or an id alone: see read_entry(). Earlier
 * versions wrote no digest. */
#include "engine/record.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/str.h"
#include "engine/engine.h"
#include "engine/state_file.h"
#include "host/fs.h"

/* --- reading ------------------------------------------------------------------------ */

/* Borrowed from the arena of what was read. */
static int string_of(const hf_json *object, const char *key, bool optional,
		     const char **ret)
{
	const hf_json *v = hf_json_get(object, key);

	*ret = NULL;
	if (!v || v->type == HF_JSON_NULL)
		return optional ? 0 : -EBADMSG;
	if (v->type != HF_JSON_STRING)
		return -EBADMSG;
	*ret = v->text;
	return 0;
}

static int read_baseline(const hf_json *v, hf_record_baseline *ret)
{
	const hf_json *requested = hf_json_get(v, "requested");
	int r = string_of(v, "name", false, &ret->name);

	if (!r)
		r = string_of(v, "version", true, &ret->version);
	if (!r)
		r = string_of(v, "file", false, &ret->file);
	if (!r)
		r = string_of(v, "digest", false, &ret->digest);
	ret->requested =
		requested && requested->type == HF_JSON_BOOL && requested->boolean;
	return r;
}

/* See hf_record_put_value(). */
static int value_of(const hf_json *object, const char *key, const char *id,
		    const char **ret)
{
	const hf_json *v = hf_json_get(object, key);

	if (!v || v->type != HF_JSON_BOOL || !v->boolean)
		return string_of(object, key, true, ret);
	*ret = hf_record_said(id);
	return *ret ? 0 : -EBADMSG;
}

/* An id alone: there was nothing before, and what it says itself is what we left. */
static int read_entry(const hf_json *v, hf_arena *arena, hf_record *record)
{
	hf_record_entry *entry = hf_arena_new(arena, hf_record_entry), **slot;
	int r;

	if (!entry)
		return -ENOMEM;
	if (v->type == HF_JSON_STRING) {
		entry->id = v->text;
		entry->after = hf_record_said(v->text);
		r = entry->after ? 0 : -EBADMSG;
	} else {
		r = string_of(v, "id", false, &entry->id);
		if (!r)
			r = value_of(v, "before", entry->id, &entry->before);
		if (!r)
			r = value_of(v, "after", entry->id, &entry->after);
	}
	if (!r)
		r = hf_map_put(&record->by_id, arena, entry->id, entry);
	if (r < 0)
		return r;
	slot = hf_vec_push(arena, record->entries, record->n_entries);
	if (!slot)
		return -ENOMEM;
	*slot = entry;
	return 0;
}

static const hf_json *list_of(const hf_json *root, const char *key)
{
	const hf_json *v = hf_json_get(root, key);

	return v && v->type == HF_JSON_ARRAY ? v : NULL;
}

static int read_lists(const hf_json *root, hf_arena *arena, hf_record *record)
{
	const hf_json *list = list_of(root, "baselines");
	const hf_json *set_list = list_of(root, "sets");
	const hf_json *entries = list_of(root, "entries");
	const char **sets = NULL;
	int r;

	if (!list || !set_list || !entries)
		return -EBADMSG;
	for (size_t i = 0; i < list->n; i++) {
		hf_record_baseline *b =
			hf_vec_push(arena, record->baselines, record->n_baselines);

		r = b ? read_baseline(list->items[i], b) : -ENOMEM;
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < set_list->n; i++) {
		const char **slot = hf_vec_push(arena, sets, record->n_sets);

		if (set_list->items[i]->type != HF_JSON_STRING)
			return -EBADMSG;
		if (!slot)
			return -ENOMEM;
		*slot = set_list->items[i]->text;
	}
	record->sets = sets;
	for (size_t i = 0; i < entries->n; i++) {
		r = read_entry(entries->items[i], arena, record);
		if (r < 0)
			return r;
	}
	return 0;
}

/* @err: what is wrong with it, and where; or nothing yet. */
static int damaged(hf_error **err)
{
	if (err && *err)
		(void)hf_error_wrap(err, "the applied record is damaged");
	else
		(void)hf_error_at(err, -EBADMSG, HF_RECORD_PATH, 0, 0,
				  "the applied record is damaged");
	(void)hf_error_hint(err,
			    "restore '%s' from a backup, or move it away: the next "
			    "apply then begins a new one",
			    HF_RECORD_PATH);
	return -EBADMSG;
}

/* Only .exists, .text, .len and .written_nsec. */
static int read_text(hf_host *host, hf_arena *arena, hf_record *ret, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	hf_inode inode;
	char *text;
	size_t len;
	int r = hf_fs_read(host, HF_RECORD_PATH, HF_STATE_MAX, arena, &text, &len, &inode,
			   &why);

	*ret = (hf_record){ .text = "" };
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0) {
		if (err)
			*err = take_ptr(why);
		return r;
	}
	*ret = (hf_record){
		.exists = true, .text = text, .len = len, .written_nsec = inode.mtime_nsec
	};
	return 0;
}

int hf_record_same(hf_host *host, const hf_record *seen, bool *ret, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_record now;
	int r = read_text(host, &arena, &now, err);

	if (!r)
		*ret = now.exists == seen->exists && now.len == seen->len &&
		       (!now.len || memcmp(now.text, seen->text, now.len) == 0);
	return r;
}

/* What is released is deleted by what the record says it is: a rule of which one
 * character is another may be a rule of others. @ret: the length of the JSON. */
static int check_digest(const hf_record *record, size_t *ret, hf_error **err)
{
	static const char last[] = "\nsha256 ";

	*ret = hf_digest_check(record->text, record->len);
	if (*ret)
		return 0;
	*ret = record->len;
	if (!memmem(record->text, record->len, last, sizeof(last) - 1))
		return 0; /* of an earlier version */
	return hf_error_at(err, -EBADMSG, HF_RECORD_PATH, 0, 0,
			   "'%s' is torn or was edited: its digest does not match",
			   HF_RECORD_PATH);
}

int hf_record_read(hf_host *host, hf_arena *arena, hf_record *ret, hf_error **err)
{
	hf_record record;
	const char *schema = NULL, *program = NULL;
	hf_json *root;
	size_t len;
	int r = read_text(host, arena, &record, err);

	if (r < 0)
		return r;
	if (!record.exists) {
		*ret = record;
		return 0;
	}
	r = check_digest(&record, &len, err);
	if (!r)
		r = hf_json_parse(HF_RECORD_PATH, record.text, len, arena, &root, err);
	if (r < 0)
		return r == -ENOMEM ? r : damaged(err);
	r = string_of(root, "schema", false, &schema);
	if (!r)
		r = string_of(root, "holdfast", true, &program);
	if (!r) {
		r = hf_state_schema_check(HF_RECORD_PATH, schema, program, err);
		if (r < 0)
			return r;
		r = read_lists(root, arena, &record);
	}
	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		return damaged(err);
	*ret = record;
	return 0;
}

/* --- comparing ---------------------------------------------------------------------- */

int hf_record_dropped(const hf_record *record, const hf_model *model, hf_arena *arena,
		      const char ***ret, size_t *ret_n)
{
	const char **names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < record->n_baselines; i++) {
		const char **slot;
		bool found = false;

		for (size_t k = 0; k < model->n_baselines; k++)
			found |= strcmp(record->baselines[i].name,
					model->baselines[k]->name) == 0;
		if (found || !record->baselines[i].requested)
			continue;
		slot = hf_vec_push(arena, names, n);
		if (!slot)
			return -ENOMEM;
		*slot = record->baselines[i].name;
	}
	*ret = names;
	*ret_n = n;
	return 0;
}

/* The way back to it from any directory, for a later run without arguments. */
static const char *recorded_file(const hf_baseline *b)
{
	return b->source->path ? b->source->path : b->source->name;
}

static bool same_set(const hf_record *record, const hf_model *model,
		     const char *const *sets, size_t n_sets)
{
	if (!record->exists || record->n_baselines != model->n_baselines ||
	    record->n_sets != n_sets)
		return false;
	for (size_t i = 0; i < n_sets; i++)
		if (strcmp(record->sets[i], sets[i]) != 0)
			return false;
	for (size_t i = 0; i < model->n_baselines; i++) {
		const hf_record_baseline *a = &record->baselines[i];
		hf_baseline *b = model->baselines[i];

		if (strcmp(a->name, b->name) != 0 ||
		    strcmp(a->digest, hf_baseline_digest(b)) != 0 ||
		    !hf_str_same(a->version, b->version) ||
		    a->requested != b->requested ||
		    strcmp(a->file, recorded_file(b)) != 0)
			return false;
	}
	return true;
}

/* --- writing ------------------------------------------------------------------------ */

const char *hf_record_said(const char *id)
{
	const char *colon = strchr(id, ':');

	return colon ? colon + 1 : NULL;
}

static bool is_said(const char *id, const char *value)
{
	const char *said = hf_record_said(id);

	return said && strcmp(said, value) == 0;
}

void hf_record_put_value(hf_json_writer *w, const char *key, const char *id,
			 const char *value)
{
	if (value && is_said(id, value))
		hf_json_write_bool(w, key, true);
	else if (value)
		hf_json_write_text(w, key, value);
}

static void put_baselines(hf_json_writer *w, const hf_model *model)
{
	hf_json_open(w, "baselines", '[');
	for (size_t i = 0; i < model->n_baselines; i++) {
		hf_baseline *b = model->baselines[i];

		hf_json_open(w, NULL, '{');
		hf_json_write_text(w, "name", b->name);
		if (b->version)
			hf_json_write_text(w, "version", b->version);
		hf_json_write_text(w, "file", recorded_file(b));
		hf_json_write_text(w, "digest", hf_baseline_digest(b));
		hf_json_write_bool(w, "requested", b->requested);
		hf_json_close(w, '}');
	}
	hf_json_close(w, ']');
}

static void put_entry(hf_json_writer *w, const char *id, const char *before,
		      const char *after)
{
	if (!before && after && is_said(id, after)) {
		hf_json_write_text(w, NULL, id);
		return;
	}
	hf_json_open(w, NULL, '{');
	hf_json_write_text(w, "id", id);
	hf_record_put_value(w, "before", id, before);
	hf_record_put_value(w, "after", id, after);
	hf_json_close(w, '}');
}

static bool is_noted(const hf_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->n_notes; i++)
		if (strcmp(plan->notes[i]->id, id) == 0)
			return true;
	return false;
}

/* Entries that stand from before, with the values that they have now. Returns: is
 * another, or gone, among them? */
static bool put_old_entries(hf_json_writer *w, const hf_plan *plan, const hf_map *by_id)
{
	const hf_record *old = plan->record;
	bool changed = false;

	for (size_t i = 0; i < old->n_entries; i++) {
		const hf_record_entry *e = old->entries[i];
		const hf_change *c = hf_map_get(by_id, e->id);

		/* what is released, or back at its first value, needs no entry */
		if (is_noted(plan, e->id))
			continue;
		if (!hf_plan_is_claimed(plan, e->id) ||
		    (c && hf_str_same(c->after, e->before))) {
			changed = true;
			continue;
		}
		changed |= c && !hf_str_same(c->after, e->after);
		put_entry(w, e->id, e->before, c ? c->after : e->after);
	}
	return changed;
}

/* Old entries that still stand, then the new ones; a value's first "before" is kept. */
static void put_entries(hf_json_writer *w, const hf_plan *plan, bool *ret_changed)
{
	const hf_record *old = plan->record;
	hf_arena arena = { 0 };
	hf_map by_id = { 0 };

	for (size_t i = 0; old->n_entries && i < plan->n_changes; i++) {
		hf_change *c = plan->changes[i];

		if (c->recorded && !c->blocked)
			w->sb.oom |= hf_map_put(&by_id, &arena, c->id, c) < 0;
	}
	hf_json_open(w, "entries", '[');
	*ret_changed = put_old_entries(w, plan, &by_id);
	for (size_t i = 0; i < plan->n_changes; i++) {
		const hf_change *c = plan->changes[i];

		if (!c->recorded || c->blocked || c->cause == HF_CAUSE_RELEASED ||
		    hf_record_get(old, c->id))
			continue;
		*ret_changed = true;
		put_entry(w, c->id, c->before, c->after);
	}
	for (size_t i = 0; i < plan->n_notes; i++) {
		const hf_record_entry *note = plan->notes[i];
		const hf_record_entry *e = hf_record_get(old, note->id);

		*ret_changed |= !e || !hf_str_same(e->after, note->after);
		put_entry(w, note->id, NULL, note->after);
	}
	hf_json_close(w, ']');
	hf_arena_done(&arena);
}

int hf_record_text(const hf_plan *plan, const hf_model *model, const char *const *sets,
		   size_t n_sets, char **ret_text, hf_error **err)
{
	hf_json_writer w = { 0 };
	time_t now = (time_t)plan->options.now;
	bool changed;
	char when[32], last[HF_DIGEST_LINE];
	struct tm tm;
	int r;

	if (!gmtime_r(&now, &tm) ||
	    !strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm))
		when[0] = '\0';
	hf_json_open(&w, NULL, '{');
	hf_json_write_text(&w, "schema", HF_STATE_SCHEMA);
	hf_json_write_text(&w, "holdfast", PACKAGE_VERSION);
	hf_json_write_text(&w, "time", when);
	put_baselines(&w, model);
	hf_json_open(&w, "sets", '[');
	for (size_t i = 0; i < n_sets; i++)
		hf_json_write_text(&w, NULL, sets[i]);
	hf_json_close(&w, ']');
	put_entries(&w, plan, &changed);
	hf_json_close(&w, '}');
	hf_strbuf_addc(&w.sb, '\n');
	*ret_text = NULL;
	if (hf_strbuf_ok(&w.sb) && !changed &&
	    same_set(plan->record, model, sets, n_sets)) {
		hf_strbuf_done(&w.sb);
		return 0;
	}
	if (hf_strbuf_ok(&w.sb)) {
		hf_digest_line(w.sb.buf, w.sb.len, last);
		hf_strbuf_adds(&w.sb, last);
	}
	r = hf_state_written(&w, err);
	if (!r)
		*ret_text = hf_strbuf_steal(&w.sb);
	hf_strbuf_done(&w.sb);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/escape.h"
#include "base/str.h"
#include "host/fs.h"

#define SCHEMA "1.0"
#define SAVED_MAX ((size_t)64 << 20) /* bytes */
#define DIFFERENCES_MAX 5

static const char *const group_types[] = {
	[HF_GROUP_MKDIR] = "directory",
	[HF_GROUP_FILE] = "file",
	[HF_GROUP_INODE] = "inode",
	[HF_GROUP_LIVE] = "live",
};

/* --- the plan as JSON ----------------------------------------------------------------
 */

static json_t *strings_json(const hf_strings *list)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < list->n; i++)
		if (json_array_append_new(array, json_string(list->items[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* Files by their full path: apply may be called from another directory. */
static json_t *operands_json(const hf_model *model)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < model->n_baselines; i++) {
		const hf_baseline *b = model->baselines[i];
		cleanup_free char *full = NULL;

		if (!b->requested)
			continue;
		full = realpath(b->source->name, NULL);
		if (!full || json_array_append_new(array, json_string(full)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *request_json(const hf_run *run)
{
	const hf_options *o = &run->cli->options;

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:I, s:s, s:s, s:b, s:b, s:b, s:b, s:b}",
		"baselines", operands_json(&run->model), "set", strings_json(&run->sets),
		"fact", strings_json(&o->facts), "only", strings_json(&o->only), "skip",
		strings_json(&o->skip), "level", (json_int_t)o->level, "severity",
		hf_severity_name(o->severity), "restart",
		hf_restart_name(run->plan_options.restart), "allow_disruptive",
		o->allow_disruptive, "allow_lock", o->allow_lock, "allow_panic",
		o->allow_panic, "leave_unknown", o->leave_unknown, "replace", o->replace);
}

static json_t *digests_json(const hf_model *model)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < model->n_baselines; i++)
		(void)json_object_set_new(
			object, model->baselines[i]->name,
			json_string(hf_baseline_digest(model->baselines[i])));
	return object;
}

static json_t *change_json(const hf_change *c)
{
	char secret[HF_DIGEST_HEX];
	const char *after = c->after;

	if (c->secret && after) { /* told apart, not told */
		hf_digest(after, strlen(after), secret);
		after = secret;
	}
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?}", "id", c->id, "layer",
			 hf_layer_name(c->layer), "op", hf_op_name(c->op), "before",
			 c->secret ? NULL : c->before, "after", after, "blocked",
			 c->blocked);
}

static json_t *group_json(const hf_group *g)
{
	char before[HF_DIGEST_HEX], after[HF_DIGEST_HEX], meta[64], old[64];

	hf_digest(g->before, g->before_len, before);
	hf_digest(g->after, g->after_len, after);
	(void)snprintf(meta, sizeof(meta), "%u:%u %04o", (unsigned)g->uid,
		       (unsigned)g->gid, (unsigned)(g->mode & 07777));
	(void)snprintf(old, sizeof(old), "%u:%u %04o", (unsigned)g->before_uid,
		       (unsigned)g->before_gid, (unsigned)(g->before_mode & 07777));
	switch (g->type) {
	case HF_GROUP_FILE:
		return json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:s?}", "type",
				 group_types[g->type], "path", g->path, "existed",
				 g->existed, "before", g->existed ? before : NULL,
				 "after", g->remove ? NULL : after, "meta",
				 g->existed && !g->set_meta ? NULL : meta);
	case HF_GROUP_INODE:
		return json_pack("{s:s, s:s, s:s, s:s}", "type", group_types[g->type],
				 "path", g->path, "before", old, "after", meta);
	case HF_GROUP_MKDIR:
		return json_pack("{s:s, s:s, s:s}", "type", group_types[g->type], "path",
				 g->path, "after", meta);
	case HF_GROUP_LIVE: /* its single changes are in "changes" */
		return json_pack("{s:s, s:s}", "type", group_types[g->type], "path",
				 g->path);
	}
	return NULL;
}

static json_t *effect_json(const hf_effect *e)
{
	return json_pack("{s:s, s:s?, s:s}", "action", hf_action_name(e->action), "unit",
			 e->unit, "decision", e->hold ? "hold" : "run");
}

/* What must be the same when the plan is made again. NULL: out of memory. */
static json_t *essence_json(const hf_run *run)
{
	const hf_plan *plan = &run->survey.plan;
	json_t *changes = json_array(), *groups = json_array(), *effects = json_array();
	bool ok = changes && groups && effects;

	for (size_t i = 0; ok && i < plan->n_changes; i++)
		ok = json_array_append_new(changes, change_json(plan->changes[i])) == 0;
	for (size_t i = 0; ok && i < plan->n_groups; i++)
		ok = json_array_append_new(groups, group_json(plan->groups[i])) == 0;
	for (size_t i = 0; ok && i < plan->n_effects; i++)
		ok = json_array_append_new(effects, effect_json(plan->effects[i])) == 0;
	if (!ok) {
		json_decref(changes);
		json_decref(groups);
		json_decref(effects);
		return NULL;
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "baselines", digests_json(&run->model),
			 "changes", changes, "groups", groups, "effects", effects);
}

static const char *machine_of(const hf_run *run)
{
	const char *id = hf_facts_value(&run->survey.facts, "machine_id");

	return id ? id : "";
}

/* What --root means, whatever directory it is typed in: the tree by its full path; NULL:
 * the running system. */
static int tree_of(const hf_options *o, char **ret, hf_error **err)
{
	*ret = o->root ? realpath(o->root, NULL) : NULL;
	if (o->root && !*ret)
		return hf_error_set(err, -errno, "cannot open root '%s': %s", o->root,
				    strerror(errno));
	return 0;
}

/* --- writing -------------------------------------------------------------------------
 */

/* The file behind a link is replaced, not the link; a device would be, so it is none to
 * save to. NULL: @err */
static char *place_of(const char *path, hf_error **err)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	char *place;

	if (exists && !S_ISREG(st.st_mode)) {
		(void)hf_error_set(err, -EINVAL, "cannot save the plan to '%s': %s", path,
				   S_ISDIR(st.st_mode) ? strerror(EISDIR)
						       : "it is not a regular file");
		return NULL;
	}
	place = exists ? realpath(path, NULL) : strdup(path);
	if (!place)
		(void)hf_error_set(err, -errno, "cannot write '%s': %s", path,
				   strerror(errno));
	return place;
}

static int write_whole(const char *name, const char *text, hf_error **err)
{
	cleanup_free char *temp = NULL, *path = place_of(name, err);
	cleanup_close int fd = -1;
	size_t len = strlen(text), done = 0;

	if (!path)
		return -EINVAL;
	if (asprintf(&temp, "%s.XXXXXX", path) < 0) {
		temp = NULL;
		return hf_error_oom(err);
	}
	fd = mkostemp(temp, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return hf_error_set(err, -errno, "cannot write '%s': %s", path,
				    strerror(errno));
	while (done < len) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	while (done == len && fsync(fd) < 0)
		if (errno != EINTR)
			done = 0;
	if (done < len || rename(temp, path) < 0) {
		int code = -errno;

		(void)unlink(temp);
		return hf_error_set(err, code, "cannot write '%s': %s", path,
				    strerror(-code));
	}
	return 0;
}

static char *saved_text(const json_t *root)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	char *json = json_dumps(root, JSON_INDENT(1));
	char last[HF_DIGEST_LINE];

	if (!json)
		return NULL;
	hf_strbuf_addf(&sb, "%s\n", json);
	free(json);
	if (!hf_strbuf_ok(&sb))
		return NULL;
	hf_digest_line(sb.buf, sb.len, last);
	hf_strbuf_adds(&sb, last);
	return hf_strbuf_steal(&sb);
}

/* What JSON cannot hold; NULL: nothing. */
static const char *not_text(const hf_plan *plan, const char *tree)
{
	if (tree && !hf_utf8_valid(tree))
		return tree;
	for (size_t i = 0; i < plan->n_groups; i++)
		if (!hf_utf8_valid(plan->groups[i]->path))
			return plan->groups[i]->path;
	for (size_t i = 0; i < plan->n_changes; i++) {
		const hf_change *c = plan->changes[i];
		const char *const texts[] = { c->id, c->before, c->after, c->blocked };

		for (size_t k = 0; k < ARRAY_SIZE(texts); k++)
			if (texts[k] && !hf_utf8_valid(texts[k]))
				return texts[k];
	}
	return NULL;
}

int hf_saved_write(hf_run *run)
{
	const hf_options *o = &run->cli->options;
	cleanup_free char *text = NULL, *tree = NULL;
	const char *odd;
	hf_error *err = NULL;
	json_t *root, *request = request_json(run);

	if (!request) {
		(void)hf_error_set(
			&err, -EINVAL,
			"this plan cannot be saved: a baseline is not a file that "
			"can be read again");
		return hf_run_fail(run, HF_EXIT_USAGE, err);
	}
	if (tree_of(o, &tree, &err) < 0) {
		json_decref(request);
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	}
	root = json_pack("{s:s, s:s, s:s?, s:s, s:I, s:o, s:o}", "schema", SCHEMA,
			 "holdfast", PACKAGE_VERSION, "root", tree, "machine_id",
			 machine_of(run), "saved",
			 (json_int_t)(hf_cli_now(run->cli) / 1000000), "request", request,
			 "plan", essence_json(run));
	text = root ? saved_text(root) : NULL;
	json_decref(root);
	odd = text ? NULL : not_text(&run->survey.plan, tree);
	if (odd)
		(void)hf_error_set(&err, -EILSEQ,
				   "'%s' is not UTF-8, so this plan cannot be saved",
				   odd);
	else if (!text)
		(void)hf_error_oom(&err);
	if (!text || write_whole(o->save, text, &err) < 0)
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	return 0;
}

/* --- reading -------------------------------------------------------------------------
 */

static int refuse_file(hf_cli *cli, const char *why)
{
	hf_options *o = &cli->options;
	hf_error *err = NULL;

	(void)hf_error_set(&err, -EBADMSG, "the plan in '%s' is not applied: %s", o->plan,
			   why);
	(void)hf_error_hint(&err, "make it anew with 'holdfast plan%s --save FILE'",
			    hf_root_option(&o->arena, o->root));
	return hf_cli_fail(cli, HF_EXIT_FAILED, err);
}

static int refuse_root(hf_cli *cli, const char *made_for, const char *given)
{
	hf_options *o = &cli->options;
	hf_error *err = NULL;

	(void)hf_error_set(
		&err, -EBADMSG,
		"the plan in '%s' is not applied: it was made for %s%s, not for %s%s",
		o->plan, made_for ? "the tree " : "the running system",
		made_for ? made_for : "", given ? "the tree " : "the running system",
		given ? given : "");
	if (made_for)
		(void)hf_error_hint(&err, "apply it with%s",
				    hf_root_option(&o->arena, made_for));
	else
		(void)hf_error_hint(&err, "apply it without --root");
	return hf_cli_fail(cli, HF_EXIT_FAILED, err);
}

/* Is it for this system, or tree? */
static int check_root(hf_cli *cli, const json_t *saved)
{
	const json_t *root = json_object_get(saved, "root");
	const char *made_for = json_string_value(root);
	cleanup_free char *given = NULL;
	hf_error *err = NULL;

	if (!json_is_string(root) && !json_is_null(root))
		return refuse_file(cli, "it is damaged");
	if (tree_of(&cli->options, &given, &err) < 0)
		return hf_cli_fail(cli, HF_EXIT_FAILED, err);
	if (!hf_str_same(made_for, given))
		return refuse_root(cli, made_for, given);
	return 0;
}

static json_t *parse(const char *text, size_t len)
{
	len = hf_digest_check(text, len);
	return len ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static int take_strings(hf_options *o, const json_t *request, const char *key,
			hf_strings *ret)
{
	const json_t *list = json_object_get(request, key);
	const json_t *v;
	size_t i;

	*ret = (hf_strings){ 0 };
	if (!json_is_array(list))
		return -EBADMSG;
	json_array_foreach(list, i, v)
	{
		const char **slot = hf_vec_push(&o->arena, ret->items, ret->n);

		if (!slot)
			return -ENOMEM;
		*slot = hf_arena_strdup(&o->arena,
					json_is_string(v) ? json_string_value(v) : "");
		if (!*slot)
			return -ENOMEM;
	}
	return 0;
}

static int take_request(hf_options *o, const json_t *request)
{
	const char *severity = NULL, *restart = NULL;
	int disruptive, lock, panic, leave, replace;
	json_int_t level;

	if (take_strings(o, request, "baselines", &o->operands) < 0 ||
	    take_strings(o, request, "set", &o->sets) < 0 ||
	    take_strings(o, request, "fact", &o->facts) < 0 ||
	    take_strings(o, request, "only", &o->only) < 0 ||
	    take_strings(o, request, "skip", &o->skip) < 0)
		return -EBADMSG;
	/* jansson's prototype takes a non-const value, but only reads it */
	if (json_unpack((json_t *)(uintptr_t)request,
			"{s:I, s:s, s:s, s:b, s:b, s:b, s:b, s:b}", "level", &level,
			"severity", &severity, "restart", &restart, "allow_disruptive",
			&disruptive, "allow_lock", &lock, "allow_panic", &panic,
			"leave_unknown", &leave, "replace", &replace) < 0)
		return -EBADMSG;
	if (hf_severity_parse(severity, &o->severity) < 0 ||
	    hf_restart_parse(restart, &o->restart) < 0)
		return -EBADMSG;
	o->level = level;
	o->has_restart = true;
	o->allow_disruptive = disruptive;
	o->allow_lock = lock;
	o->allow_panic = panic;
	o->leave_unknown = leave;
	o->replace = replace;
	return 0;
}

int hf_saved_load(hf_cli *cli, json_t **ret)
{
	hf_options *o = &cli->options;
	cleanup_close int fd = open(o->plan, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cleanup_free char *text = NULL;
	const char *version;
	hf_error *err = NULL;
	size_t len = 0;
	json_t *saved;
	int status, r;

	r = fd < 0 ? -errno : hf_fs_slurp(fd, SAVED_MAX, &text, &len);
	if (r < 0) {
		(void)hf_error_set(&err, r, "cannot read the plan '%s': %s", o->plan,
				   strerror(-r));
		return hf_cli_fail(cli, HF_EXIT_USAGE, err);
	}
	saved = parse(text, len);
	if (!saved)
		return refuse_file(cli, "it is torn, was edited, or is no saved plan");
	version = json_string_value(json_object_get(saved, "holdfast"));
	if (!version || strcmp(version, PACKAGE_VERSION) != 0)
		status = refuse_file(cli, "another version of holdfast saved it");
	else
		status = check_root(cli, saved);
	if (!status && take_request(o, json_object_get(saved, "request")) < 0)
		status = refuse_file(cli, "it is damaged");
	if (!status)
		return *ret = saved, 0;
	json_decref(saved);
	return status;
}

/* --- comparing -----------------------------------------------------------------------
 */

/* Is @name in "A, B"? */
static bool is_told(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += len)
		if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

/* Names what is in one list and not in the other, by its path, id or unit. */
static void name_differences(const json_t *a, const json_t *b, hf_strbuf *out, size_t *n)
{
	static const char *const names[] = { "path", "id", "unit", "action" };
	const json_t *x, *y;
	size_t i, k;

	json_array_foreach(a, i, x)
	{
		const char *name = NULL;
		bool found = false;

		json_array_foreach(b, k, y) found |= json_equal(x, y);
		for (size_t m = 0; !name && m < ARRAY_SIZE(names); m++)
			name = json_string_value(json_object_get(x, names[m]));
		/* before and after, content and owner: of one and the same file */
		if (found || (name && is_told(hf_strbuf_str(out), name)))
			continue;
		if ((*n)++ < DIFFERENCES_MAX)
			hf_strbuf_addf(out, "%s%s", *n > 1 ? ", " : "",
				       name ? name : "?");
	}
}

int hf_saved_compare(hf_run *run, const json_t *saved)
{
	static const char *const lists[] = { "groups", "changes", "effects" };
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const json_t *old = json_object_get(saved, "plan");
	const char *machine = json_string_value(json_object_get(saved, "machine_id"));
	json_t *now = essence_json(run);
	bool same = now && json_equal(old, now);
	size_t n = 0;

	if (same && machine && strcmp(machine, machine_of(run)) == 0) {
		json_decref(now);
		return 0;
	}
	if (!json_equal(json_object_get(old, "baselines"),
			json_object_get(now, "baselines")))
		hf_strbuf_adds(&sb, "a baseline has changed since");
	for (size_t i = 0; !sb.len && i < ARRAY_SIZE(lists); i++) {
		name_differences(json_object_get(old, lists[i]),
				 json_object_get(now, lists[i]), &sb, &n);
		name_differences(json_object_get(now, lists[i]),
				 json_object_get(old, lists[i]), &sb, &n);
		if (n) {
			cleanup_free char *names = hf_strbuf_steal(&sb);

			hf_strbuf_addf(&sb, "the host has moved on: %s",
				       names ? names : "");
		}
	}
	json_decref(now);
	return refuse_file(run->cli, same     ? "it was made on another host"
				     : sb.len ? hf_strbuf_str(&sb)
					      : "the host has moved on");
}

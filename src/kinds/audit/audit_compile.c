/* SPDX-License-Identifier: Apache-2.0 */
/* From what a baseline says to the rules of this host. Pure but for the answers. */
#include <errno.h>
#include <libaudit.h>
#include <limits.h>
#include <string.h>

#include "base/parse.h"
#include "base/path.h"
#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_obs.h"

/* --- answers ---------------------------------------------------------------------- */

const hf_audit_answer *hf_audit_ask(hf_audit_answers *answers, hf_audit_question what,
				    const char *name)
{
	static const hf_audit_answer nothing = { .error = -ENOENT };
	static const hf_audit_answer yes = { .yes = true };
	size_t len = strlen(name);
	char key[PATH_MAX + 2];
	hf_audit_answer *answer;

	if ((what == HF_AUDIT_ASK_BOOT || what == HF_AUDIT_ASK_DIR) &&
	    strcmp(name, "/") == 0)
		return &yes;
	if (what == HF_AUDIT_ASK_BOOT && hf_map_get(&answers->creates, name))
		return &yes;
	/* longer than any path: nothing of that name can be there */
	if (len + 2 > sizeof(key))
		return &nothing;
	key[0] = (char)what;
	memcpy(key + 1, name, len + 1);
	answer = hf_map_get(&answers->map, key);
	if (answer)
		return answer;
	if (!answers->look || answers->error)
		return &nothing;
	answer = hf_arena_new(answers->arena, hf_audit_answer);
	if (!answer || answers->look(answers->user, what, name, answer) < 0 ||
	    hf_map_put(&answers->map, answers->arena, key, answer) < 0) {
		answers->error = -ENOMEM;
		return &nothing;
	}
	return answer;
}

int hf_audit_answers_mkdir(hf_audit_answers *answers, const char *path)
{
	cleanup_free char *dir = strdup(path);

	if (!dir)
		return -ENOMEM;
	while (dir[1]) {
		if (hf_map_put(&answers->creates, answers->arena, dir, answers) < 0)
			return -ENOMEM;
		strrchr(dir, '/')[strrchr(dir, '/') == dir ? 1 : 0] = '\0';
	}
	return 0;
}

static int answer_id(void *user, bool group, const char *name, uint32_t *ret)
{
	const hf_audit_answer *a =
		hf_audit_ask(user, group ? HF_AUDIT_ASK_GID : HF_AUDIT_ASK_UID, name);

	if (a->error == 0)
		*ret = a->id;
	return a->error;
}

static bool answer_is_dir(void *user, const char *path)
{
	const hf_audit_answers *answers = user;

	return hf_map_get(&answers->creates, path) ||
	       hf_audit_ask(user, HF_AUDIT_ASK_DIR, path)->yes;
}

bool hf_audit_ask_has(void *user, const char *path, bool any)
{
	hf_audit_there there;

	if (hf_audit_ask(user, HF_AUDIT_ASK_DIR, path)->yes)
		return true;
	there = any ? hf_audit_ask(user, HF_AUDIT_ASK_PATH, path)->there
		    : HF_AUDIT_THERE_NOTHING;
	return there == HF_AUDIT_THERE_FILE || there == HF_AUDIT_THERE_LINK;
}

/* What is no directory is there when the rules load as it is now, but in /run, which is
 * empty then. */
static bool will_have_dir(void *user, const char *path, bool any)
{
	/* asked for the live layer too, which cannot ask any more */
	bool now = hf_audit_ask_has(user, path, any);

	if (hf_audit_ask(user, HF_AUDIT_ASK_BOOT, path)->yes)
		return true;
	return now && !hf_audit_ask(user, HF_AUDIT_ASK_DIR, path)->yes &&
	       strncmp(path, "/run/", 5) != 0 && strncmp(path, "/var/run/", 9) != 0;
}

static bool is_since(const hf_audit_obs *obs, const char *version)
{
	return obs->audit && hf_version_compare(obs->audit, version) >= 0;
}

hf_audit_boot_host hf_audit_obs_host(hf_audit_obs *obs)
{
	hf_audit_names names = { .machine = obs->machine,
				 .id = answer_id,
				 .is_dir = answer_is_dir,
				 .user = &obs->answers,
				 .book = &obs->book,
				 .earlier = obs->earlier };

	hf_audit_names_release(&names, obs->audit);
	return (hf_audit_boot_host){ .names = names,
				     .prepend_deletes = is_since(obs, "4.0.4") &&
							!is_since(obs, "4.1.1"),
				     .has_dir = will_have_dir,
				     .user = &obs->answers };
}

/* --- compilation ------------------------------------------------------------------ */

typedef struct compiler {
	hf_plan *plan;
	hf_arena *arena;
	hf_audit_obs *obs;
	hf_audit_boot_host host;
	const hf_demand *demand;
	const hf_audit_spec *spec;
	hf_audit_abi abis[2];
	size_t n_abis;
} compiler;

static hf_audit_want *add_want(compiler *c)
{
	hf_audit_want *want = hf_vec_push(c->arena, c->obs->wants, c->obs->n_wants);

	if (want) {
		want->demand = c->demand;
		want->spec = c->spec;
	}
	return want;
}

static int add_none(compiler *c, hf_state state, const char *label, const char *why)
{
	hf_audit_want *want = add_want(c);

	if (!want)
		return -ENOMEM;
	want->state = state;
	want->text = hf_arena_strdup(c->arena, label);
	want->why = hf_arena_strdup(c->arena, why);
	return want->text && want->why ? 0 : -ENOMEM;
}

/* Why the kernel would refuse the rule at boot (and the load would end there), or NULL in
 * @ret_why. */
static int refused_at_boot(compiler *c, const hf_audit_rule *rule, const char **ret_why)
{
	const hf_audit_field *field;
	const char *dir;

	*ret_why = NULL;
	if (hf_audit_rule_missing(rule, will_have_dir, &c->obs->answers, c->arena, &field,
				  &dir) < 0)
		return -ENOMEM;
	if (!field)
		return 0;
	*ret_why = hf_arena_printf(
		c->arena,
		"the directory %s %s, and the rule would stop the load of "
		"all rules behind it",
		dir,
		strncmp(dir, "/run/", 5) == 0 || strncmp(dir, "/var/run/", 9) == 0
			? "does not exist yet when rules load at boot (/run is "
			  "empty then)"
			: "does not exist");
	return *ret_why ? 0 : -ENOMEM;
}

/* Does this host, too, read the line as it was read when the baseline was? */
static bool reads_alike(const compiler *c)
{
	const hf_audit_names *names = &c->host.names;
	const hf_audit_line *line = c->spec->line;

	return line && line->type == HF_AUDIT_LINE_RULE && !line->watch &&
	       line->rule.list == AUDIT_FILTER_EXIT &&
	       !(names->perm_table && hf_audit_rule_field(&line->rule, AUDIT_PERM)) &&
	       strcmp(c->spec->machine, names->machine) == 0;
}

/* One line, for this host. */
static int add_line(compiler *c, const char *text, const char *label, hf_audit_want **ret)
{
	hf_audit_read *read;
	const hf_audit_line *line;
	hf_audit_want *want;
	const char *why = NULL;
	char *other;

	if (hf_audit_line_read(text, &c->host.names, c->arena, &read) < 0 ||
	    c->obs->answers.error)
		return -ENOMEM;
	if (read->why)
		return add_none(c, HF_STATE_NOT_APPLICABLE, label, read->why);
	line = &read->line;
	if (c->spec->type != HF_AUDIT_WANT_ABSENT && line->type == HF_AUDIT_LINE_RULE &&
	    refused_at_boot(c, &line->rule, &why) < 0)
		return -ENOMEM;
	if (c->obs->answers.error)
		return -ENOMEM;
	if (why)
		return add_none(c, HF_STATE_NOT_APPLICABLE, label, why);
	want = add_want(c);
	if (!want)
		return -ENOMEM;
	if (line->type == HF_AUDIT_LINE_RULE) {
		want->rule = &line->rule;
		want->text = hf_audit_read_text(read, c->obs->machine, c->arena);
	} else { /* another line that shall be absent */
		if (hf_audit_line_text(line, c->obs->machine, c->arena, &other) < 0)
			return -ENOMEM;
		want->text = other;
	}
	if (!want->text)
		return -ENOMEM;
	if (ret)
		*ret = want;
	return 0;
}

static int add_rule(compiler *c)
{
	const hf_audit_spec *spec = c->spec;

	if (reads_alike(c) &&
	    hf_audit_line_known(spec->text, spec->line, &c->host.names, c->arena) < 0)
		return -ENOMEM;
	return add_line(c, spec->text, spec->text, NULL);
}

/* The pair (or one) of rules for one path. */
static int add_watch(compiler *c, const char *path, bool dir, bool create)
{
	char *label = hf_arena_printf(c->arena, "watch %s", path);

	if (!label)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_abis; i++) {
		hf_audit_want *want = NULL;
		char *text = hf_arena_printf(
			c->arena, "-a always,exit -F arch=%s -F %s=%s -F perm=%s%s%s",
			c->abis[i].name, dir ? "dir" : "path", path,
			c->spec->perm ? c->spec->perm : "rwxa",
			c->spec->key ? " -F key=" : "", c->spec->key ? c->spec->key : "");

		if (!text || add_line(c, text, label, &want) < 0)
			return -ENOMEM;
		if (!want)
			return 0; /* not applicable: once is enough */
		if (create) {
			want->create = hf_arena_strdup(c->arena, path);
			if (!want->create)
				return -ENOMEM;
		}
	}
	return 0;
}

static int compile_path(compiler *c, const char *path, bool final);

/* The link's own path, and what it leads to. */
static int compile_link(compiler *c, const char *path, const hf_audit_answer *answer)
{
	const char *why = answer->target ? hf_audit_watch_refused(answer->target) : NULL;
	char *label;

	if (add_watch(c, path, false, false) < 0)
		return -ENOMEM;
	if (!why)
		return answer->target ? compile_path(c, answer->target, true) : 0;
	/* whoever made the link chose the name: it stands in no line of ours */
	label = hf_arena_printf(c->arena, "watch %s (its target)", path);
	why = hf_arena_printf(c->arena, "what the symlink leads to %s", why);
	return label && why ? add_none(c, HF_STATE_NOT_APPLICABLE, label, why) : -ENOMEM;
}

/* What will be there once earlier kinds of this plan have made and removed their files.
 */
static hf_audit_there there_then(const compiler *c, const char *path,
				 const hf_audit_answer *now)
{
	const hf_group *group = hf_plan_group_find(c->plan, HF_GROUP_FILE, path);

	if (group && group->remove && now->there == HF_AUDIT_THERE_FILE)
		return HF_AUDIT_THERE_NOTHING;
	if (group && !group->remove && now->there == HF_AUDIT_THERE_NOTHING)
		return HF_AUDIT_THERE_FILE;
	return now->there;
}

static int compile_path(compiler *c, const char *path, bool final)
{
	const hf_audit_answer *answer =
		hf_audit_ask(&c->obs->answers, HF_AUDIT_ASK_PATH, path);
	char *label = hf_arena_printf(c->arena, "watch %s", path);
	bool dir;

	if (!label || c->obs->answers.error)
		return -ENOMEM;
	switch (there_then(c, path, answer)) {
	case HF_AUDIT_THERE_UNKNOWN:
		return add_none(c, HF_STATE_UNKNOWN, label, answer->why);
	case HF_AUDIT_THERE_LINK:
		if (!final)
			return compile_link(c, path, answer);
		dir = false;
		break;
	case HF_AUDIT_THERE_DIR:
		dir = true;
		break;
	case HF_AUDIT_THERE_FILE:
		dir = false;
		break;
	default: /* what is above a file that this plan makes is a directory then */
		dir = c->spec->create || c->spec->path_type == HF_AUDIT_PATH_DIR ||
		      hf_map_get(&c->obs->answers.creates, path);
		break;
	}
	return add_watch(c, path, dir, c->spec->create && dir);
}

static int compile_watch(compiler *c)
{
	hf_ref_values values = { 0 };

	if (hf_plan_expand(c->plan, c->spec->text, &values) < 0)
		return -ENOMEM;
	if (values.n == 0) {
		char *label = hf_arena_printf(c->arena, "watch %s", c->spec->text);

		return label ? add_none(c,
					values.unknown ? HF_STATE_UNKNOWN
						       : HF_STATE_NOT_APPLICABLE,
					label,
					values.why ? values.why : "nothing to watch")
			     : -ENOMEM;
	}
	for (size_t i = 0; i < values.n; i++) {
		char *path = hf_path_clean(c->arena, values.values[i]);
		char *label = hf_arena_printf(c->arena, "watch %s", values.values[i]);
		const char *why = path ? hf_audit_watch_refused(path) : NULL;
		int r;

		if (!path || !label)
			return -ENOMEM;
		if (why)
			why = hf_arena_printf(c->arena, "the path %s", why);
		r = why ? add_none(c, HF_STATE_NOT_APPLICABLE, label, why)
			: compile_path(c, path, false);
		if (r < 0)
			return r;
	}
	return 0;
}

void hf_audit_syscalls_line(hf_strbuf *sb, const hf_audit_spec *spec,
			    const hf_audit_abi *abi)
{
	size_t n = 0;

	for (size_t i = 0; i < spec->n_syscalls; i++) {
		const char *name = spec->syscalls[i];

		if (strcmp(name, "all") != 0 &&
		    audit_name_to_syscall(name, abi->machine) < 0)
			continue;
		if (n++ == 0)
			hf_strbuf_addf(sb, "-a %s -F arch=%s -S ", spec->list_action,
				       abi->name);
		hf_strbuf_addf(sb, "%s%s", n > 1 ? "," : "", name);
	}
	if (n == 0)
		return;
	for (size_t i = 0; i < spec->n_fields; i++)
		hf_strbuf_addf(sb, " %s %s", hf_audit_field_option(spec->fields[i]),
			       spec->fields[i]);
	if (spec->key)
		hf_strbuf_addf(sb, " -F key=%s", spec->key);
}

static int compile_syscalls(compiler *c)
{
	for (size_t i = 0; i < c->n_abis; i++) {
		cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

		hf_audit_syscalls_line(&sb, c->spec, &c->abis[i]);
		if (!hf_strbuf_ok(&sb) ||
		    (sb.len &&
		     add_line(c, hf_strbuf_str(&sb), hf_strbuf_str(&sb), NULL) < 0))
			return -ENOMEM;
	}
	return 0;
}

static int compile_one(compiler *c)
{
	char *label;

	switch (c->spec->type) {
	case HF_AUDIT_WANT_SETTING:
		label = hf_arena_printf(c->arena, "setting %s",
					hf_audit_setting_name(c->spec->setting));
		return label ? add_none(c, HF_STATE_PASS, label, "") : -ENOMEM;
	case HF_AUDIT_WANT_EXCLUSIVE:
		return add_none(c, HF_STATE_PASS, "exclusive", "");
	case HF_AUDIT_WANT_ABSENT:
	case HF_AUDIT_WANT_RULE:
		if (c->n_abis)
			return add_rule(c);
		label = hf_arena_strdup(c->arena, c->spec->text);
		break;
	case HF_AUDIT_WANT_WATCH:
		if (c->n_abis)
			return compile_watch(c);
		label = hf_arena_printf(c->arena, "watch %s", c->spec->text);
		break;
	default:
		if (c->n_abis)
			return compile_syscalls(c);
		label = hf_arena_printf(c->arena, "syscalls %s", c->spec->syscalls[0]);
		break;
	}
	return label ? add_none(c, HF_STATE_UNKNOWN, label,
				"the machine's architecture is not known (--fact "
				"arch=NAME)")
		     : -ENOMEM;
}

/* The directories of files that earlier kinds of this plan make (a drop-in, which
 * ${unit:} names already): rules about these files will load. */
static int note_planned(compiler *c)
{
	for (size_t i = 0; i < c->plan->n_groups; i++) {
		const hf_group *group = c->plan->groups[i];
		const char *dir = group->path;

		if (group->remove || group->existed ||
		    (group->type != HF_GROUP_FILE && group->type != HF_GROUP_MKDIR))
			continue;
		if (group->type == HF_GROUP_FILE)
			dir = hf_path_dir(c->arena, group->path);
		if (!dir || hf_audit_answers_mkdir(&c->obs->answers, dir) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The directory of our own files: /etc/audit is watched by many. */
static int note_own(const hf_model *model, compiler *c)
{
	for (size_t i = 0; c->obs->has_tools && i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_audit_spec *spec = demand->spec;

		if (demand->kind == &hf_kind_audit &&
		    spec->type != HF_AUDIT_WANT_ABSENT &&
		    spec->type != HF_AUDIT_WANT_EXCLUSIVE &&
		    hf_control_is_enforced(demand->control))
			return hf_audit_answers_mkdir(&c->obs->answers, HF_AUDIT_RULES_D);
	}
	return 0;
}

/* What `create` makes will be there for every other watch too. */
static int note_creates(const hf_model *model, compiler *c)
{
	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		const hf_audit_spec *spec = demand->spec;
		hf_ref_values values = { 0 };

		if (demand->kind != &hf_kind_audit ||
		    !hf_control_is_claiming(demand->control) ||
		    spec->type != HF_AUDIT_WANT_WATCH || !spec->create)
			continue;
		if (hf_audit_ask(&c->obs->answers, HF_AUDIT_ASK_UID, spec->create_user)
			    ->error ||
		    hf_audit_ask(&c->obs->answers, HF_AUDIT_ASK_GID, spec->create_group)
			    ->error)
			continue;
		if (hf_plan_expand(c->plan, spec->text, &values) < 0)
			return -ENOMEM;
		for (size_t j = 0; j < values.n; j++) {
			char *path = hf_path_clean(c->arena, values.values[j]);
			const hf_audit_answer *a;
			hf_audit_there there;

			if (!path)
				return -ENOMEM;
			if (hf_audit_watch_refused(path))
				continue;
			a = hf_audit_ask(&c->obs->answers, HF_AUDIT_ASK_PATH, path);
			there = there_then(c, path, a);
			if (there != HF_AUDIT_THERE_NOTHING &&
			    there != HF_AUDIT_THERE_DIR)
				continue; /* something else stands there */
			if (hf_audit_answers_mkdir(&c->obs->answers, path) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* Owner and need of the directories of `create`. */
static int fill_creates(compiler *c)
{
	hf_audit_answers *answers = &c->obs->answers;

	for (size_t i = 0; i < c->obs->n_wants; i++) {
		hf_audit_want *want = &c->obs->wants[i];
		const hf_audit_answer *uid, *gid;

		if (!want->create)
			continue;
		uid = hf_audit_ask(answers, HF_AUDIT_ASK_UID, want->spec->create_user);
		gid = hf_audit_ask(answers, HF_AUDIT_ASK_GID, want->spec->create_group);
		want->create_now =
			!hf_audit_ask(answers, HF_AUDIT_ASK_DIR, want->create)->yes;
		want->create_uid = uid->error ? 0 : uid->id;
		want->create_gid = gid->error ? 0 : gid->id;
		if (!uid->error && !gid->error)
			continue;
		want->rule = NULL;
		want->state = HF_STATE_NOT_APPLICABLE;
		want->create = NULL;
		want->why = hf_arena_printf(
			c->arena, "there is no user '%s' or no group '%s' here",
			want->spec->create_user, want->spec->create_group);
		if (!want->why)
			return -ENOMEM;
	}
	return answers->error;
}

int hf_audit_compile(const hf_model *model, hf_plan *plan, hf_audit_obs *obs)
{
	compiler c = { .plan = plan,
		       .arena = &plan->arena,
		       .obs = obs,
		       .host = hf_audit_obs_host(obs) };

	c.n_abis = hf_audit_abis(obs->machine, c.abis);
	if (note_planned(&c) < 0 || note_own(model, &c) < 0 ||
	    note_creates(model, &c) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < model->n_demands; i++) {
		c.demand = model->demands[i];
		c.spec = c.demand->spec;
		if (c.demand->kind != &hf_kind_audit ||
		    !hf_control_is_claiming(c.demand->control))
			continue;
		if (compile_one(&c) < 0)
			return -ENOMEM;
	}
	return fill_creates(&c);
}

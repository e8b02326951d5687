/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_kind.h"

#include <errno.h>
#include <libaudit.h>
#include <string.h>

#include "base/path.h"
#include "kinds/audit/audit_kernel.h"
#include "kinds/audit/audit_obs.h"
#include "kinds/audit/audit_spec.h"
#include "model/schema.h"

const char *const hf_audit_machines[HF_AUDIT_MACHINES] = { "x86_64", "aarch64" };

const char *hf_audit_watch_refused(const char *path)
{
	const char *why = hf_path_check(path);

	if (why)
		return why;
	if (strpbrk(path, " \\"))
		return "holds a space or a backslash, which a line of a rules file "
		       "cannot carry";
	if (hf_audit_is_cut(path, strlen(path)))
		return "holds an operator (!=, >=, <=, &=), at which auditctl would cut "
		       "it";
	return NULL;
}

const char *hf_audit_field_option(const char *field)
{
	size_t len = strcspn(field, "!=<>&");
	const char *value = field + len + strspn(field + len, "!=<>&");
	char name[64];

	if (len >= sizeof(name))
		return "-F";
	memcpy(name, field, len);
	name[len] = '\0';
	return audit_name_to_field(name) >= 0 && audit_name_to_field(value) >= 0 ? "-C"
										 : "-F";
}

/* Names are resolved on the host; while decoding any name will do. */
static int any_id(void *user, bool group, const char *name, uint32_t *ret)
{
	bool *named = user;

	(void)group;
	(void)name;
	*named = true;
	*ret = 0;
	return 0;
}

/* Parses for every machine; the error is the first machine's.
 * @ret_machine: the one that took it, NULL if it names users or groups, which are the
 *               host's; may be NULL */
static int check_line(hf_decoder *d, hf_mark mark, const char *text, hf_audit_line *ret,
		      const char **ret_machine)
{
	cleanup_(hf_error_freep) hf_error *first = NULL;

	for (size_t i = 0; i < HF_AUDIT_MACHINES; i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		bool named = false;
		hf_audit_names names = { .machine = hf_audit_machines[i],
					 .id = any_id,
					 .user = &named };
		int r = hf_audit_line_parse(text, &names, &d->model->arena, ret, &err);

		if (ret_machine)
			*ret_machine = named ? NULL : names.machine;
		if (r == 0 || r == -ENOMEM)
			return r;
		if (!first)
			first = take_ptr(err);
	}
	hf_diag_error(d->diags, mark, "not a rule that auditctl takes: %s",
		      hf_error_text(first));
	return -EINVAL;
}

static int take_text(hf_decoder *d, const hf_node *node, const char **ret)
{
	if (!node)
		return 0;
	*ret = hf_decoder_plain(d, node->mark, node->text);
	return *ret ? 0 : -EINVAL;
}

static int decode_create(hf_decoder *d, const hf_node *node, hf_audit_spec *spec)
{
	enum { MODE, USER, GROUP, N };
	static const hf_key keys[] = {
		[MODE] = { "mode", HF_KEY_MODE, HF_KEY_REQUIRED },
		[USER] = { "user", HF_KEY_STRING, 0 },
		[GROUP] = { "group", HF_KEY_STRING, 0 },
	};
	const hf_node *v[N];

	if (!hf_schema_mapping(node, "'create'", keys, N, v, d->diags) ||
	    !hf_schema_mode(v[MODE], &spec->create_mode, d->diags))
		return -EINVAL;
	spec->create = true;
	spec->create_user = spec->create_group = "root";
	if (take_text(d, v[USER], &spec->create_user) < 0 ||
	    take_text(d, v[GROUP], &spec->create_group) < 0)
		return -EINVAL;
	if (strpbrk(spec->create_user, " \t:%\"'\\") ||
	    strpbrk(spec->create_group, " \t:%\"'\\")) {
		hf_diag_error(d->diags, node->mark, "not the name of a user or group");
		return -EINVAL;
	}
	return 0;
}

static int take_strings(hf_decoder *d, const hf_node *node, const char ***ret,
			size_t *ret_n)
{
	const hf_node **items;
	const char **out;
	size_t n;

	if (!node)
		return 0;
	if (!hf_schema_strings(node, &d->model->arena, &items, &n, d->diags))
		return -EINVAL;
	out = hf_arena_array(&d->model->arena, n + 1, sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		out[i] = hf_decoder_plain(d, items[i]->mark, items[i]->text);
		if (!out[i])
			return -EINVAL;
		if (!*out[i] || strpbrk(out[i], " \t\n")) {
			hf_diag_error(d->diags, items[i]->mark,
				      "'%s' is empty or holds a blank", out[i]);
			return -EINVAL;
		}
	}
	*ret = out;
	*ret_n = n;
	return 0;
}

enum {
	WATCH,
	SYSCALLS,
	RULE,
	PERM,
	KEY,
	TYPE,
	CREATE,
	FIELDS,
	ACTION,
	LIST,
	N_RULE_KEYS
};
static const hf_key rule_keys[] = {
	[WATCH] = { "watch", HF_KEY_STRING, 0 },
	[SYSCALLS] = { "syscalls", HF_KEY_STRINGS, 0 },
	[RULE] = { "rule", HF_KEY_STRING, 0 },
	[PERM] = { "perm", HF_KEY_STRING, 0 },
	[KEY] = { "key", HF_KEY_STRING, 0 },
	[TYPE] = { "type", HF_KEY_STRING, 0 },
	[CREATE] = { "create", HF_KEY_MAPPING, 0 },
	[FIELDS] = { "fields", HF_KEY_STRINGS, 0 },
	[ACTION] = { "action", HF_KEY_STRING, 0 },
	[LIST] = { "list", HF_KEY_STRING, 0 },
};

/* Which keys go with which of watch, syscalls and rule. */
static bool keys_fit(hf_decoder *d, const hf_node *node, const hf_node **v)
{
	static const bool fits[3][N_RULE_KEYS] = {
		[WATCH] = { [WATCH] = 1,
			    [PERM] = 1,
			    [KEY] = 1,
			    [TYPE] = 1,
			    [CREATE] = 1 },
		[SYSCALLS] = { [SYSCALLS] = 1,
			       [KEY] = 1,
			       [FIELDS] = 1,
			       [ACTION] = 1,
			       [LIST] = 1 },
		[RULE] = { [RULE] = 1 },
	};
	int kind = v[WATCH] ? WATCH : v[SYSCALLS] ? SYSCALLS : v[RULE] ? RULE : -1;
	bool ok = true;

	if (kind < 0) {
		hf_diag_error(d->diags, node->mark,
			      "a rule needs one of 'watch', 'syscalls' and 'rule'");
		return false;
	}
	for (int i = 0; i < N_RULE_KEYS; i++)
		if (v[i] && !fits[kind][i]) {
			hf_diag_error(d->diags, v[i]->mark, "'%s' does not go with '%s'",
				      rule_keys[i].name, rule_keys[kind].name);
			ok = false;
		}
	return ok;
}

/* perm and key end up as words of a line: check them as such. */
static int check_perm_key(hf_decoder *d, const hf_node *node, const hf_audit_spec *spec)
{
	hf_audit_line line;
	char *text;

	if (!spec->perm && !spec->key)
		return 0;
	if (spec->key && (!*spec->key || strpbrk(spec->key, " \t\n\\"))) {
		hf_diag_error(d->diags, node->mark, "key '%s' is empty or holds a blank",
			      spec->key);
		return -EINVAL;
	}
	text = hf_arena_printf(&d->model->arena, "-w /x -p %s%s%s",
			       spec->perm ? spec->perm : "rwxa", spec->key ? " -k " : "",
			       spec->key ? spec->key : "");
	if (!text)
		return -ENOMEM;
	if (spec->perm && (!*spec->perm || strpbrk(spec->perm, " \t\n"))) {
		hf_diag_error(d->diags, node->mark,
			      "perm '%s' is not made of r, w, x and a", spec->perm);
		return -EINVAL;
	}
	return check_line(d, node->mark, text, &line, NULL);
}

static int decode_watch(hf_decoder *d, const hf_node **v, hf_audit_spec *spec)
{
	const char *plain, *why;

	spec->type = HF_AUDIT_WANT_WATCH;
	spec->text = v[WATCH]->text;
	if (hf_decoder_refs(d, v[WATCH]->mark, spec->text) < 0)
		return -ENOMEM;
	if (!strstr(spec->text, "${")) {
		plain = hf_path_clean(&d->model->arena, spec->text);
		if (!plain)
			return -ENOMEM;
		why = hf_audit_watch_refused(plain);
		if (why) {
			hf_diag_error(d->diags, v[WATCH]->mark, "watch '%s' %s",
				      spec->text, why);
			return -EINVAL;
		}
	}
	if (v[TYPE] && strcmp(v[TYPE]->text, "dir") == 0) {
		spec->path_type = HF_AUDIT_PATH_DIR;
	} else if (v[TYPE] && strcmp(v[TYPE]->text, "file") == 0) {
		spec->path_type = HF_AUDIT_PATH_FILE;
	} else if (v[TYPE]) {
		hf_diag_error(d->diags, v[TYPE]->mark,
			      "'type' is 'dir' or 'file', not '%s'", v[TYPE]->text);
		return -EINVAL;
	}
	if (v[CREATE] && spec->path_type == HF_AUDIT_PATH_FILE) {
		hf_diag_error(d->diags, v[CREATE]->mark,
			      "'create' makes directories, not files");
		return -EINVAL;
	}
	return v[CREATE] ? decode_create(d, v[CREATE], spec) : 0;
}

/* The rule must make sense on at least one machine: with a name that no ABI has, none. */
static int check_syscalls(hf_decoder *d, const hf_node *node, const hf_audit_spec *spec)
{
	static const int abis[] = { MACH_86_64, MACH_X86,     MACH_AARCH64,
				    MACH_ARM,	MACH_PPC64LE, MACH_S390X };
	hf_audit_line line;
	char *text;

	for (size_t i = 0; i < spec->n_syscalls; i++) {
		bool known = strcmp(spec->syscalls[i], "all") == 0;

		for (size_t j = 0; j < ARRAY_SIZE(abis); j++)
			known |= audit_name_to_syscall(spec->syscalls[i], abis[j]) >= 0;
		if (!known) {
			hf_diag_error(d->diags, node->mark,
				      "there is no syscall named '%s'",
				      spec->syscalls[i]);
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < spec->n_fields; i++) {
		int r;

		if (strncmp(spec->fields[i], "arch", 4) == 0) {
			hf_diag_error(d->diags, node->mark,
				      "'syscalls' gives a rule for every ABI; for one "
				      "ABI use 'rule'");
			return -EINVAL;
		}
		text = hf_arena_printf(
			&d->model->arena, "-a %s -S all %s %s", spec->list_action,
			hf_audit_field_option(spec->fields[i]), spec->fields[i]);
		r = text ? check_line(d, node->mark, text, &line, NULL) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return 0;
}

static int decode_syscalls(hf_decoder *d, const hf_node *node, const hf_node **v,
			   hf_audit_spec *spec)
{
	const char *action = "always", *list = "exit";
	int r;

	spec->type = HF_AUDIT_WANT_SYSCALLS;
	r = take_strings(d, v[SYSCALLS], &spec->syscalls, &spec->n_syscalls);
	if (r == 0)
		r = take_strings(d, v[FIELDS], &spec->fields, &spec->n_fields);
	if (r == 0)
		r = take_text(d, v[ACTION], &action);
	if (r == 0)
		r = take_text(d, v[LIST], &list);
	if (r < 0)
		return r;
	if (strcmp(action, "always") != 0 && strcmp(action, "never") != 0) {
		hf_diag_error(d->diags, v[ACTION]->mark,
			      "'action' is 'always' or 'never', not '%s'", action);
		return -EINVAL;
	}
	if (strcmp(list, "exit") != 0) {
		hf_diag_error(d->diags, v[LIST]->mark,
			      "syscalls can only stand on the list 'exit'; for others "
			      "use 'rule'");
		return -EINVAL;
	}
	if (spec->n_syscalls == 0) {
		hf_diag_error(d->diags, v[SYSCALLS]->mark, "'syscalls' is empty");
		return -EINVAL;
	}
	spec->list_action = hf_arena_printf(&d->model->arena, "%s,%s", action, list);
	return spec->list_action ? check_syscalls(d, node, spec) : -ENOMEM;
}

/* May the line stand under 'absent'? */
static bool is_removable(const hf_audit_line *line)
{
	return line->type == HF_AUDIT_LINE_SETTING ||
	       line->type == HF_AUDIT_LINE_DELETE ||
	       (line->type == HF_AUDIT_LINE_DELETE_ALL && line->key);
}

static int decode_line(hf_decoder *d, const hf_node *node, hf_audit_spec *spec,
		       bool absent)
{
	hf_audit_line *line = hf_arena_new(&d->model->arena, hf_audit_line);
	int r;

	if (!line)
		return -ENOMEM;
	spec->text = hf_decoder_plain(d, node->mark, node->text);
	if (!spec->text)
		return -EINVAL;
	if (strpbrk(spec->text, "\n\t")) {
		hf_diag_error(d->diags, node->mark,
			      "a rule is one line, its words split by spaces");
		return -EINVAL;
	}
	r = check_line(d, node->mark, spec->text, line, &spec->machine);
	if (r < 0)
		return r;
	spec->line = spec->machine ? line : NULL;
	if (line->type == HF_AUDIT_LINE_RULE || (absent && is_removable(line)))
		return 0;
	hf_diag_error(d->diags, node->mark, "'%s' adds no rule%s", spec->text,
		      line->type == HF_AUDIT_LINE_SETTING ? "; use 'settings' for it"
							  : "");
	return -EINVAL;
}

static int decode_rule(hf_decoder *d, const hf_node *node)
{
	const hf_node *v[N_RULE_KEYS];
	hf_audit_spec *spec = hf_arena_new(&d->model->arena, hf_audit_spec);
	int r;

	if (!spec)
		return -ENOMEM;
	if (!hf_schema_mapping(node, "a rule", rule_keys, N_RULE_KEYS, v, d->diags) ||
	    !keys_fit(d, node, v))
		return 0;
	spec->type = HF_AUDIT_WANT_RULE;
	r = take_text(d, v[PERM], &spec->perm);
	if (r == 0)
		r = take_text(d, v[KEY], &spec->key);
	if (r == 0)
		r = check_perm_key(d, v[KEY] ? v[KEY] : node, spec);
	if (r == 0 && v[WATCH])
		r = decode_watch(d, v, spec);
	else if (r == 0 && v[SYSCALLS])
		r = decode_syscalls(d, node, v, spec);
	else if (r == 0)
		r = decode_line(d, v[RULE], spec, false);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* reported */
	return hf_decoder_demand(d, &hf_kind_audit, node->mark, spec);
}

static int decode_absent(hf_decoder *d, const hf_node *node)
{
	hf_audit_spec *spec = hf_arena_new(&d->model->arena, hf_audit_spec);
	int r;

	if (!spec)
		return -ENOMEM;
	if (node->type != HF_NODE_SCALAR) {
		hf_diag_error(d->diags, node->mark, "an 'absent' entry is a rule, not %s",
			      hf_node_type_name(node));
		return 0;
	}
	spec->type = HF_AUDIT_WANT_ABSENT;
	r = decode_line(d, node, spec, true);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return hf_decoder_demand(d, &hf_kind_audit, node->mark, spec);
}

static bool take_enabled(hf_decoder *d, const hf_node *node, uint32_t *ret)
{
	static const char *const values[] = { "false", "true", "locked" };

	for (uint32_t i = 0; i < ARRAY_SIZE(values); i++)
		if (node->type == HF_NODE_SCALAR && strcmp(node->text, values[i]) == 0) {
			*ret = i;
			return true;
		}
	hf_diag_error(d->diags, node->mark, "'enabled' is false, true or locked");
	return false;
}

/* Nothing but a reboot takes it back once auditctl has set it, which is what a rules
 * file says. */
static bool take_immutable(hf_decoder *d, const hf_node *node, uint32_t *ret)
{
	*ret = 1;
	if (node->type == HF_NODE_SCALAR && strcmp(node->text, "true") == 0)
		return true;
	hf_diag_error(d->diags, node->mark,
		      "'loginuid_immutable' can be true, or left out: no line of a rules "
		      "file takes it back");
	return false;
}

static bool take_setting(hf_decoder *d, const hf_node *node, hf_audit_setting setting,
			 uint32_t *ret)
{
	long long value;

	if (setting == HF_AUDIT_ENABLED)
		return take_enabled(d, node, ret);
	if (setting == HF_AUDIT_LOGINUID_IMMUTABLE)
		return take_immutable(d, node, ret);
	if (!hf_schema_int(node, 0, hf_audit_setting_max(setting), &value, d->diags))
		return false;
	*ret = (uint32_t)value;
	return true;
}

static int decode_settings(hf_decoder *d, const hf_node *node)
{
	enum { EXCLUSIVE = HF_AUDIT_SETTING_MAX_ };
	static const hf_key keys[] = {
		[HF_AUDIT_ENABLED] = { "enabled", HF_KEY_ANY, 0 },
		[HF_AUDIT_FAILURE] = { "failure", HF_KEY_INT, 0 },
		[HF_AUDIT_BACKLOG_LIMIT] = { "backlog_limit", HF_KEY_INT, 0 },
		[HF_AUDIT_BACKLOG_WAIT_TIME] = { "backlog_wait_time", HF_KEY_INT, 0 },
		[HF_AUDIT_RATE_LIMIT] = { "rate_limit", HF_KEY_INT, 0 },
		[HF_AUDIT_LOGINUID_IMMUTABLE] = { "loginuid_immutable", HF_KEY_BOOL, 0 },
		[EXCLUSIVE] = { "exclusive", HF_KEY_BOOL, 0 },
	};
	const hf_node *v[ARRAY_SIZE(keys)];

	if (!hf_schema_mapping(node, "'settings'", keys, ARRAY_SIZE(keys), v, d->diags))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		hf_audit_spec *spec;

		if (!v[i])
			continue;
		spec = hf_arena_new(&d->model->arena, hf_audit_spec);
		if (!spec)
			return -ENOMEM;
		spec->type =
			i == EXCLUSIVE ? HF_AUDIT_WANT_EXCLUSIVE : HF_AUDIT_WANT_SETTING;
		spec->setting = (hf_audit_setting)i;
		if (i == EXCLUSIVE ? strcmp(v[i]->text, "true") != 0
				   : !take_setting(d, v[i], spec->setting, &spec->value))
			continue; /* not exclusive: nothing is asked */
		if (hf_decoder_demand(d, &hf_kind_audit, v[i]->mark, spec) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int decode(hf_decoder *d, const hf_node *node)
{
	enum { RULES, ABSENT, SETTINGS, N };
	static const hf_key keys[] = {
		[RULES] = { "rules", HF_KEY_SEQUENCE, 0 },
		[ABSENT] = { "absent", HF_KEY_SEQUENCE, 0 },
		[SETTINGS] = { "settings", HF_KEY_MAPPING, 0 },
	};
	const hf_node *v[N];

	(void)hf_schema_mapping(node, "'audit'", keys, N, v,
				d->diags); /* take what is good */
	for (size_t i = 0; v[RULES] && i < v[RULES]->n; i++)
		if (decode_rule(d, v[RULES]->items[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; v[ABSENT] && i < v[ABSENT]->n; i++)
		if (decode_absent(d, v[ABSENT]->items[i]) < 0)
			return -ENOMEM;
	return v[SETTINGS] ? decode_settings(d, v[SETTINGS]) : 0;
}

static const char *const own_files[] = {
	HF_AUDIT_OWN,
	HF_AUDIT_OWN_SETTINGS,
	HF_AUDIT_MERGED,
	HF_AUDIT_TMPFILES,
};

const hf_kind hf_kind_audit = {
	.name = "audit",
	.rank = HF_RANK_AUDIT,
	.id_form = HF_ID_TEXT,
	.own_files = own_files,
	.n_own_files = ARRAY_SIZE(own_files),
	.decode = decode,
	.check = hf_audit_check,
	.ahead = hf_audit_ahead,
	.prime = hf_audit_prime,
	.observe = hf_audit_observe,
	.plan = hf_audit_plan,
	.prepare = hf_audit_prepare,
	.commit = hf_audit_commit,
	.revert = hf_audit_revert,
	.discard = hf_audit_discard,
	.freeze = hf_audit_freeze,
	.replay = hf_audit_replay,
	.holds = hf_audit_holds,
	.follow = hf_audit_follow,
	.witness = hf_audit_witness,
};

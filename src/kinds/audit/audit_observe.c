/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "host/audit_nl.h"
#include "host/docker.h"
#include "host/fs.h"
#include "host/process.h"
#include "kinds/audit/audit_kernel.h"
#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_live.h"
#include "kinds/audit/audit_look.h"
#include "kinds/audit/audit_obs.h"
#include "kinds/audit/audit_planner.h"

typedef struct observer {
	hf_host *host;
	hf_plan *plan;
	hf_arena *arena;
	hf_audit_obs *obs;
	hf_audit_looker looker;
	bool features; /* are wanted, whatever is demanded */
} observer;

/* --- files ------------------------------------------------------------------------ */

/* Reads a file that may be missing; *ret_bytes NULL then. Another failure becomes
 * obs->unknown. */
static int read_optional(observer *o, const char *path, hf_audit_source *ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char *bytes;
	size_t len;
	int r = hf_fs_read(o->host, path, 0, o->arena, &bytes, &len, NULL, &err);

	ret->path = hf_arena_strdup(o->arena, path);
	if (!ret->path || r == -ENOMEM)
		return -ENOMEM;
	ret->name = hf_path_base(ret->path);
	if (r == 0) {
		ret->bytes = bytes;
		ret->len = len;
	} else if (r != -ENOENT && r != -ENOTDIR && !o->obs->unknown) {
		o->obs->unknown = hf_arena_strdup(o->arena, hf_error_text(err));
		if (!o->obs->unknown)
			return -ENOMEM;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return hf_audit_name_compare(((const hf_audit_source *)a)->name,
				     ((const hf_audit_source *)b)->name);
}

/* The files that augenrules takes: *.rules, not hidden. Before 4.2 a blank in a name
 * breaks its loop over them, so such a file is not taken. */
static bool is_merged(const hf_audit_obs *obs, const char *name)
{
	size_t len = strlen(name);

	return len >= 6 && strcmp(name + len - 6, ".rules") == 0 && name[0] != '.' &&
	       (obs->style.blanks || !strpbrk(name, " \t\n"));
}

static int read_rules_d(observer *o)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_audit_obs *obs = o->obs;
	char **names;
	size_t n;
	int r = hf_fs_list(o->host, HF_AUDIT_RULES_D, o->arena, &names, &n, &err);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		obs->unknown = hf_arena_strdup(o->arena, hf_error_text(err));
		return obs->unknown ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		hf_audit_source *file, one = { 0 };
		char *path;

		if (!is_merged(obs, names[i]))
			continue;
		path = hf_path_join(o->arena, HF_AUDIT_RULES_D, names[i]);
		if (!path || read_optional(o, path, &one) < 0)
			return -ENOMEM;
		if (!one.bytes)
			continue;
		file = hf_vec_push(o->arena, obs->files, obs->n_files);
		if (!file)
			return -ENOMEM;
		*file = one;
	}
	if (obs->n_files)
		qsort(obs->files, obs->n_files, sizeof(*obs->files), by_name);
	return 0;
}

/* --- the boot view ---------------------------------------------------------------- */

/* How this host's augenrules merges: which awk runs, does it drop CRs, and how does it go
 * over the files? */
static int find_style(observer *o)
{
	static const char *const tools[] = { "/usr/sbin/augenrules", "/sbin/augenrules",
					     "/usr/sbin/auditctl", "/sbin/auditctl" };
	cleanup_(hf_error_freep) hf_error *awk_err = NULL;
	char *awk;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		char *bytes;
		size_t len;

		r = hf_fs_read(o->host, tools[i], 0, o->arena, &bytes, &len, NULL, &err);
		if (r == -ENOMEM)
			return r;
		if (r == -ENOENT)
			continue;
		if (r < 0 && r != -EFBIG && r != -EISDIR && r != -EINVAL) {
			/* there or not: nobody knows */
			o->obs->unknown = hf_arena_strdup(o->arena, hf_error_text(err));
			return o->obs->unknown ? 0 : -ENOMEM;
		}
		o->obs->has_tools = true;
		if (r == 0 && i < 2) {
			o->obs->style.strip_cr = strstr(bytes, "\\r") != NULL;
			o->obs->style.blanks = strstr(bytes, "xargs -0") != NULL;
		}
		break;
	}
	r = hf_fs_canonical(o->host, "/usr/bin/awk", o->arena, &awk, &awk_err);
	if (r == -ENOMEM)
		return r;
	o->obs->style.gawk = r == 0 && strncmp(hf_path_base(awk), "gawk", 4) == 0;
	return 0;
}

/* Lines that we once took out may come back: have what they ask answered, too. */
static int ask_for_taken_out(observer *o, const hf_audit_boot_host *host)
{
	static const char mark[] = "# holdfast(";

	for (size_t i = 0; i < o->obs->n_files; i++) {
		hf_audit_merged lines;

		if (!strstr(o->obs->files[i].bytes, mark))
			continue;
		if (hf_audit_split(&o->obs->files[i], o->arena, &lines) < 0)
			return -ENOMEM;
		for (size_t j = 0; j < lines.n; j++) {
			const char *end = strstr(lines.lines[j].text, "): ");
			hf_audit_merged one = { .lines = &lines.lines[j], .n = 1 };
			hf_audit_boot scratch;

			if (!end || strncmp(lines.lines[j].text, mark, strlen(mark)) != 0)
				continue;
			lines.lines[j].text = end + 3;
			if (hf_audit_boot_load(&one, o->obs->files, host, o->arena,
					       &scratch) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int merge_files(observer *o)
{
	hf_audit_obs *obs = o->obs;

	return hf_audit_merge(obs->files, obs->n_files, obs->style, o->arena,
			      &obs->merged);
}

/* What the load does not come to it may, once the plan has taken out what stops it: have
 * what those lines ask answered, too. */
static int ask_behind_abort(observer *o, const hf_audit_boot_host *host,
			    const hf_audit_boot *boot)
{
	for (size_t i = 0; boot->aborted && i < o->obs->merged.n; i++) {
		const hf_audit_merged one = { .lines = &o->obs->merged.lines[i], .n = 1 };
		hf_audit_boot scratch;

		if (hf_audit_boot_load(&one, o->obs->files, host, o->arena, &scratch) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int read_boot(observer *o)
{
	hf_audit_obs *obs = o->obs;
	hf_audit_boot_host host = hf_audit_obs_host(obs);
	hf_audit_merged direct;

	obs->merged_exists = obs->merged_file.bytes != NULL;
	if (ask_for_taken_out(o, &host) < 0)
		return -ENOMEM;
	if (!obs->merged.text && merge_files(o) < 0)
		return -ENOMEM;
	obs->stale =
		!obs->merged_file.bytes || obs->merged_file.len != obs->merged.len ||
		memcmp(obs->merged_file.bytes, obs->merged.text, obs->merged.len) != 0;
	if (hf_audit_boot_load(&obs->merged, obs->files, &host, o->arena, &obs->boot) <
		    0 ||
	    ask_behind_abort(o, &host, &obs->boot) < 0)
		return -ENOMEM;
	if (obs->loader != HF_AUDIT_LOADER_DIRECT || !obs->stale)
		return 0;
	/* audit.rules is loaded as it stands; what the files of rules.d ask of the host
	 * has been asked, for the plan may make it anew from them */
	if (!obs->merged_file.bytes)
		obs->merged_file.bytes = "";
	if (hf_audit_split(&obs->merged_file, o->arena, &direct) < 0)
		return -ENOMEM;
	return hf_audit_boot_load(&direct, &obs->merged_file, &host, o->arena,
				  &obs->boot);
}

/* --- the kernel ------------------------------------------------------------------- */

static int read_kernel(observer *o)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_audit_obs *obs = o->obs;
	struct audit_status status;
	uint32_t features = 0;
	int r;

	obs->live = o->host->audit.known;
	if (obs->live == HF_UNKNOWN)
		obs->live_why = o->host->audit.why;
	if (obs->live != HF_PRESENT) /* ABSENT: the report says why, once for all */
		return 0;
	r = hf_audit_kernel_read(o->host, o->arena, &status, &obs->kernel, &err);
	features = o->features;
	for (size_t i = 0; r == 0 && i < obs->n_wants; i++)
		features |= obs->wants[i].spec->type == HF_AUDIT_WANT_SETTING &&
			    obs->wants[i].spec->setting == HF_AUDIT_LOGINUID_IMMUTABLE;
	if (r == 0 && features) /* one request less for all others */
		r = hf_audit_features(o->host, &features, &err);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		obs->live = HF_UNKNOWN;
		/* nobody listens: in a namespace that may not ask we have not come so far
		 */
		obs->off = r == -ECONNREFUSED || r == -EPROTONOSUPPORT;
		obs->live_why =
			obs->off ? "the kernel does not audit: it was booted with "
				   "audit=0, or has no audit system"
				 : hf_arena_printf(o->arena, "%s%s",
						   o->host->is_root ? "" : "not root: ",
						   hf_error_text(err));
		return obs->live_why ? 0 : -ENOMEM;
	}
	hf_audit_kernel_settings(&status, features, obs->status);
	obs->auditd = status.pid;
	obs->lost = status.lost;
	obs->backlog = status.backlog;
	return 0;
}

/* When auditing began, as far as it can be told. */
static int read_start(observer *o)
{
	hf_audit_obs *obs = o->obs;
	hf_process auditd;

	obs->booted_nsec =
		(int64_t)(hf_clock_usec(CLOCK_REALTIME) - hf_clock_usec(CLOCK_BOOTTIME)) *
		1000;
	if (!obs->auditd)
		return 0;
	if (hf_process_read(o->host, obs->auditd, o->arena, &auditd) < 0)
		return -ENOMEM;
	obs->auditd_nsec = (int64_t)auditd.started_usec * 1000;
	return 0;
}

/* When the rules were loaded, where one that the boot loads is not there: that its
 * directory went away since may be the cause (audit_dropped.c). */
static int look_for_dropped(observer *o)
{
	hf_audit_obs *obs = o->obs;
	bool needed = false;

	for (size_t i = 0; obs->live == HF_PRESENT && i < obs->boot.rules.n; i++) {
		const hf_audit_rule *rule = obs->boot.rules.items[i].rule;
		const hf_audit_field *field;
		const char *dir;

		if (!hf_audit_rule_path(rule) || hf_audit_table_find(&obs->kernel, rule))
			continue;
		needed = true;
		if (hf_audit_rule_missing(rule, hf_audit_ask_has, &obs->answers, o->arena,
					  &field, &dir) < 0)
			return -ENOMEM;
	}
	return needed ? read_start(o) : 0;
}

/* A program that was started before auditing was on for the first time is not audited
 * later either; from audit=1 on, all are (audit_alloc() of the kernel). */
static int look_for_dockerd(observer *o)
{
	const hf_fact *engine = hf_facts_get(o->plan->facts, "engine");
	hf_audit_obs *obs = o->obs;
	hf_process process;
	char *words;
	size_t len;

	/* a process is looked for only where a dockerd has answered */
	if (obs->live != HF_PRESENT || !engine || !engine->source ||
	    strcmp(engine->source, HF_DOCKER_SOCKET) != 0)
		return 0;
	if (hf_fs_read(o->host, "/proc/cmdline", 0, o->arena, &words, &len, NULL, NULL) ==
		    0 &&
	    hf_audit_is_on_from_boot(words))
		return 0;
	if (hf_docker_process(o->host, &obs->dockerd, NULL, NULL) < 0 || !obs->dockerd)
		return 0;
	if (hf_process_read(o->host, obs->dockerd, o->arena, &process) < 0)
		return -ENOMEM;
	obs->dockerd_nsec = (int64_t)process.started_usec * 1000;
	return read_start(o);
}

/* --- mounts ---------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In place: mountinfo has blanks and backslashes as three octal digits, proc(5). */
static void unescape(char *s)
{
	char *w = s;

	for (; *s; s++) {
		if (s[0] == '\\' && strspn(s + 1, "01234567") >= 3) {
			*w++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
				      (s[3] - '0'));
			s += 3;
		} else {
			*w++ = *s;
		}
	}
	*w = '\0';
}

/* The mount points, where some rule about a path may be covered by a directory's. What
 * cannot be read gives no note. */
static int read_mounts(observer *o)
{
	hf_audit_obs *obs = o->obs;
	char *text, *save = NULL;
	bool needed = false;
	size_t len;
	int r;

	for (size_t i = 0; o->host->audit.known == HF_PRESENT && i < obs->n_wants; i++)
		needed |= obs->wants[i].rule && hf_audit_rule_path(obs->wants[i].rule);
	if (!needed)
		return 0;
	r = hf_fs_read(o->host, "/proc/self/mountinfo", 0, o->arena, &text, &len, NULL,
		       NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char **slot, *point = line;

		/* ID PARENT MAJ:MIN ROOT MOUNTPOINT ... */
		for (int i = 0; point && i < 4; i++)
			point = strchr(point + (i > 0), ' ');
		if (!point)
			continue;
		*strchrnul(++point, ' ') = '\0';
		unescape(point);
		slot = hf_vec_push(o->arena, obs->mounts, obs->n_mounts);
		if (!slot)
			return -ENOMEM;
		*slot = point;
	}
	if (obs->n_mounts)
		qsort(obs->mounts, obs->n_mounts, sizeof(*obs->mounts), by_text);
	return 0;
}

/* --- symlinks --------------------------------------------------------------------- */

static bool note_link(void *user, const char *dir)
{
	hf_audit_obs *obs = user;

	if (hf_audit_ask(&obs->answers, HF_AUDIT_ASK_PATH, dir)->there !=
	    HF_AUDIT_THERE_LINK)
		return true;
	if (hf_map_put(&obs->links, obs->answers.arena, dir, obs) < 0)
		obs->answers.error = -ENOMEM;
	return false;
}

/* Which entries do not reach what they name by their text. */
static int note_links(hf_audit_obs *obs)
{
	hf_audit_table *const lists[] = { &obs->boot.rules, &obs->kernel };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (size_t j = 0; j < obs->n_wants; j++)
			if (obs->wants[j].rule)
				hf_audit_table_ways(lists[i], obs->wants[j].rule,
						    note_link, obs);
		lists[i]->links = &obs->links;
	}
	return obs->answers.error;
}

static bool is_demanded(const hf_model *model)
{
	for (size_t i = 0; i < model->n_demands; i++)
		if (model->demands[i]->kind == &hf_kind_audit &&
		    hf_control_is_claiming(model->demands[i]->control))
			return true;
	return false;
}

/* Is there anything of ours in the files, without which there is nothing to do? */
static bool is_left_over(const hf_audit_obs *obs)
{
	for (size_t i = 0; i < obs->n_files; i++)
		if (strcmp(obs->files[i].name, HF_AUDIT_OWN_NAME) == 0 ||
		    strcmp(obs->files[i].name, HF_AUDIT_OWN_SETTINGS_NAME) == 0 ||
		    strstr(obs->files[i].bytes, "# holdfast("))
			return true;
	return obs->tmpfiles.bytes != NULL;
}

int hf_audit_ahead(struct hf_host *host, struct hf_plan *plan, hf_error **err)
{
	hf_audit_obs *obs = hf_arena_new(&plan->arena, hf_audit_obs);
	observer o = { .host = host, .plan = plan, .arena = &plan->arena, .obs = obs };

	hf_audit_kernel_ahead(host);
	if (!obs || find_style(&o) < 0 || read_rules_d(&o) < 0 ||
	    read_optional(&o, HF_AUDIT_TMPFILES, &obs->tmpfiles) < 0 ||
	    read_optional(&o, HF_AUDIT_MERGED, &obs->merged_file) < 0 ||
	    hf_audit_loader_find(host, plan, obs) < 0)
		return hf_error_oom(err);
	plan->obs[HF_RANK_AUDIT] = obs;
	return 0;
}

static int observe_all(observer *o, const hf_model *model)
{
	hf_audit_obs *obs = o->obs;

	if (!is_demanded(model) && !is_left_over(obs) && !obs->unknown)
		return 0;
	if (hf_audit_loader_check(o->host, o->plan, obs) < 0 ||
	    hf_audit_compile(model, o->plan, obs) < 0 || read_boot(o) < 0 ||
	    obs->answers.error)
		return -ENOMEM;
	/* while the kernel's list is on its way */
	if (read_mounts(o) < 0 || read_kernel(o) < 0 || look_for_dropped(o) < 0 ||
	    look_for_dockerd(o) < 0)
		return -ENOMEM;
	return note_links(obs);
}

/* What was read for the plan that this look verifies; of it most lines stem. */
static const hf_audit_book *earlier_book(const observer *o)
{
	const hf_plan *done = o->plan->options.verifies;
	const hf_audit_obs *then = done ? done->obs[HF_RANK_AUDIT] : NULL;

	return then && hf_str_same(then->machine, o->obs->machine) &&
			       hf_str_same(then->audit, o->obs->audit)
		       ? &then->spent
		       : NULL;
}

/* While it looks, questions are put to the host; the answers stay. */
static int begin(observer *o, hf_error **err)
{
	int r = o->plan->obs[HF_RANK_AUDIT] ? 0 : hf_audit_ahead(o->host, o->plan, err);

	if (r < 0)
		return r;
	o->obs = o->plan->obs[HF_RANK_AUDIT];
	o->obs->machine = hf_facts_value(o->plan->facts, "arch");
	o->obs->audit = hf_facts_value(o->plan->facts, "audit");
	o->obs->earlier = earlier_book(o);
	o->obs->answers.arena = o->arena;
	o->looker = (hf_audit_looker){ .host = o->host, .arena = o->arena };
	o->obs->answers.look = hf_audit_look;
	o->obs->answers.user = &o->looker;
	return 0;
}

static void end(observer *o)
{
	o->obs->answers.look = NULL;
	o->obs->answers.user = NULL;
}

/* The lines of our file, and their spelling, by which demands are looked up. Those of
 * others may ask the host for what no demand needs. */
static int read_own_lines(observer *o)
{
	hf_audit_obs *obs = o->obs;
	hf_audit_boot_host host = hf_audit_obs_host(obs);

	if (merge_files(o) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < obs->merged.n; i++) {
		hf_audit_merged_line *line = &obs->merged.lines[i];

		if (strcmp(obs->files[line->source].path, HF_AUDIT_OWN) != 0)
			continue;
		if (hf_audit_line_read(line->text, &host.names, o->arena, &line->read) <
		    0)
			return -ENOMEM;
		if (line->read->line.type == HF_AUDIT_LINE_RULE &&
		    !hf_audit_read_text(line->read, obs->machine, o->arena))
			return -ENOMEM;
	}
	return obs->answers.error;
}

int hf_audit_prime(struct hf_host *host, struct hf_plan *plan, hf_error **err)
{
	observer o = { .host = host, .plan = plan, .arena = &plan->arena };
	int r = begin(&o, err);

	if (r < 0)
		return r;
	r = o.obs->unknown ? 0 : read_own_lines(&o);
	end(&o);
	return r < 0 ? hf_error_oom(err) : 0;
}

int hf_audit_observe(struct hf_host *host, const hf_model *model, struct hf_plan *plan,
		     hf_error **err)
{
	observer o = { .host = host, .plan = plan, .arena = &plan->arena };
	int r = begin(&o, err);

	if (r < 0)
		return r;
	r = observe_all(&o, model);
	end(&o);
	return r < 0 ? hf_error_oom(err) : 0;
}

/* --- the boot to come ------------------------------------------------------------- */

/* A file as the plan leaves it; .bytes NULL: it will not be there. */
static hf_audit_source planned(const hf_plan *plan, const hf_audit_source *now)
{
	const hf_group *group = hf_plan_group_find(plan, HF_GROUP_FILE, now->path);
	hf_audit_source to = *now;

	if (group) {
		to.bytes = group->remove ? NULL : group->after;
		to.len = group->after_len;
	}
	return to;
}

static int add_source(observer *o, hf_audit_source **all, size_t *n,
		      const hf_audit_source *one)
{
	hf_audit_source *slot;

	if (!one->bytes)
		return 0;
	slot = hf_vec_push(o->arena, *all, *n);
	if (!slot)
		return -ENOMEM;
	*slot = *one;
	return 0;
}

static bool is_in_rules_d(const hf_audit_obs *obs, const char *path)
{
	static const char dir[] = HF_AUDIT_RULES_D "/";
	const char *name = path + strlen(dir);

	return !strncmp(path, dir, strlen(dir)) && !strchr(name, '/') &&
	       is_merged(obs, name);
}

static int read_boot_to_come(observer *o, hf_audit_boot *ret)
{
	hf_audit_obs *obs = o->obs;
	hf_audit_boot_host host = hf_audit_obs_host(obs);
	hf_audit_source *files = NULL, direct = planned(o->plan, &obs->merged_file);
	hf_audit_merged merged;
	size_t n = 0;

	if (obs->loader == HF_AUDIT_LOADER_DIRECT) {
		if (!direct.bytes)
			direct.bytes = "";
		if (hf_audit_split(&direct, o->arena, &merged) < 0)
			return -ENOMEM;
		return hf_audit_boot_load(&merged, &direct, &host, o->arena, ret);
	}
	for (size_t i = 0; i < obs->n_files; i++) {
		hf_audit_source to = planned(o->plan, &obs->files[i]);

		if (add_source(o, &files, &n, &to) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < o->plan->n_groups; i++) {
		const hf_group *group = o->plan->groups[i];
		hf_audit_source one = { .path = group->path,
					.name = hf_path_base(group->path) };

		if (group->type == HF_GROUP_FILE && !group->existed &&
		    is_in_rules_d(obs, group->path)) {
			one = planned(o->plan, &one);
			if (add_source(o, &files, &n, &one) < 0)
				return -ENOMEM;
		}
	}
	if (n)
		qsort(files, n, sizeof(*files), by_name);
	if (hf_audit_merge(files, n, obs->style, o->arena, &merged) < 0)
		return -ENOMEM;
	return hf_audit_boot_load(&merged, files, &host, o->arena, ret);
}

int hf_audit_follow(struct hf_host *host, struct hf_plan *plan, const char *const *frozen,
		    size_t n, hf_error **err)
{
	observer o = {
		.host = host, .plan = plan, .arena = &plan->arena, .features = true
	};
	bool changed[HF_AUDIT_SETTING_MAX_] = { 0 };
	hf_audit_boot then = { 0 };
	bool left = false;
	int r = begin(&o, err);

	if (r < 0)
		return r;
	r = hf_audit_loader_check(host, plan, o.obs);
	if (r == 0 && !o.obs->unknown)
		r = read_boot(&o);
	if (r == 0)
		r = read_kernel(&o);
	for (size_t i = 0; i < n; i++)
		hf_audit_frozen_settings(frozen[i], changed);
	/* nobody knows what is in force: the next boot will */
	if (r == 0 && (o.obs->unknown || o.obs->live != HF_PRESENT))
		left = true;
	else if (r == 0)
		r = read_boot_to_come(&o, &then);
	/* where nothing loads the files, the kernel has nothing of them */
	if (r == 0 && !left && o.obs->loader != HF_AUDIT_LOADER_NONE)
		r = hf_audit_plan_follow(plan, o.obs, &then, changed, &left);
	if (r == 0)
		r = o.obs->answers.error;
	end(&o);
	return r < 0 ? hf_error_oom(err) : left;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that must stand nowhere: lines of foreign files are commented out under our
 * name, and put back when nobody demands it any more. Pure.
 *
 *	# holdfast(CONTROL-ID): -a never,task
 */
#include <errno.h>
#include <string.h>

#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_planner.h"

#define MARK "# holdfast("

/* The spelling under which a line is looked up; NULL: none, or out of memory. */
static char *line_text(hf_audit_planner *p, const char *text, const hf_audit_line **ret,
		       bool *ret_oom)
{
	hf_audit_read *read;
	char *found = NULL;

	*ret_oom = hf_audit_line_read(text, &p->host.names, p->arena, &read) < 0;
	if (*ret_oom)
		return NULL;
	*ret = &read->line;
	*ret_oom = hf_audit_line_text(&read->line, p->obs->machine, p->arena, &found) < 0;
	return found;
}

/* A line that we took out: what stood there; NULL if it is none. */
static const char *taken_out(const char *text)
{
	const char *end;

	if (strncmp(text, MARK, strlen(MARK)) != 0)
		return NULL;
	end = strstr(text, "): ");
	return end ? end + 3 : NULL;
}

static int add_change(hf_audit_planner *p, const char *id, hf_op op, const char *text,
		      hf_cause cause, hf_group *group, hf_change **ret)
{
	hf_change *change = hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, id, op,
					   op == HF_OP_DELETE ? text : NULL,
					   op == HF_OP_DELETE ? NULL : text, cause);

	if (!change)
		return -ENOMEM;
	hf_change_in(change, group);
	if (ret)
		*ret = change;
	return 0;
}

static hf_group *group_of(hf_audit_planner *p, const hf_audit_after *file)
{
	return hf_audit_file_group(p, file->source.path, file->before->bytes,
				   file->before->len, true, 0640);
}

/* Does the line, -d or -D -k, take out what is demanded? */
static bool takes_out(const hf_audit_planner *p, const hf_audit_line *line)
{
	bool some = false;

	if (line->type != HF_AUDIT_LINE_DELETE && line->type != HF_AUDIT_LINE_DELETE_ALL)
		return false;
	for (size_t i = 0; i < p->n_items && !some; i++)
		some = hf_audit_line_deletes(line, p->items[i].rule);
	return some;
}

/* Would the line, put back, silence what is still demanded, or take it out? */
static bool would_shadow(const hf_audit_planner *p, const hf_audit_line *line)
{
	const hf_audit_rule *rule = &line->rule;

	if (line->type != HF_AUDIT_LINE_RULE)
		return takes_out(p, line);
	for (size_t i = 0; i < p->n_items; i++)
		if ((rule->action == AUDIT_NEVER &&
		     hf_audit_rule_covers(rule, p->items[i].rule)) ||
		    hf_audit_rule_takes(rule, p->items[i].rule) == HF_AUDIT_TAKES_ALL)
			return true;
	return false;
}

/* One line of a foreign file into @sb, edited or as it is. */
static int edit_line(hf_audit_planner *p, hf_audit_after *file, const char *text,
		     size_t len, unsigned number, hf_strbuf *sb)
{
	/* what augenrules passes on */
	bool strip = p->obs->style.strip_cr && len && text[len - 1] == '\r';
	char *copy = hf_arena_memdup(p->arena, text, len - strip);
	const char *rest = copy ? taken_out(copy) : NULL;
	bool oom = !copy;
	const hf_audit_line *line = NULL;
	char *rule = copy ? line_text(p, rest ? rest : copy, &line, &oom) : NULL;
	hf_audit_gone *gone = rule ? hf_map_get(&p->gone_by_text, rule) : NULL;
	hf_group *group;
	char *id;

	if (oom)
		return -ENOMEM;
	if (rest && rule && !gone && would_shadow(p, line)) {
		hf_diag_add(p->plan->diags, HF_DIAG_NOTE, (hf_mark){ 0 }, NULL,
			    "%s:%u: '%s' is no longer demanded to be absent; it stays "
			    "commented out, as it would put rules out of force that are "
			    "demanded",
			    file->source.path, number, rest);
		hf_strbuf_add(sb, text, len);
		return 0;
	}
	if (rest && rule && !gone) { /* released */
		id = hf_arena_printf(p->arena, "audit:absent %s", rule);
		group = group_of(p, file);
		if (!id || !group ||
		    add_change(p, id, HF_OP_CREATE, rest, HF_CAUSE_RELEASED, group,
			       NULL) < 0)
			return -ENOMEM;
		hf_strbuf_adds(sb, rest);
		if (strip)
			hf_strbuf_addc(sb, '\r');
		file->edited = true;
		return 0;
	}
	if (rest || !gone) {
		hf_strbuf_add(sb, text, len);
		return 0;
	}
	if (!gone->found_file) {
		gone->found_file = file->source.path;
		gone->found_line = number;
	}
	if (!gone->enforced) {
		hf_strbuf_add(sb, text, len);
		return 0;
	}
	group = group_of(p, file);
	if (!group ||
	    add_change(p, gone->id, HF_OP_DELETE, copy, HF_CAUSE_HOST, group, NULL) < 0)
		return -ENOMEM;
	hf_strbuf_adds(sb, MARK);
	hf_audit_add_controls(sb, gone->wants, gone->n_wants, ",", true);
	hf_strbuf_adds(sb, "): ");
	hf_strbuf_add(sb, text, len);
	file->edited = true;
	return 0;
}

static int edit_file(hf_audit_planner *p, hf_audit_after *file)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const char *at = file->source.bytes, *end = at + file->source.len;
	unsigned number = 0;
	hf_group *group;

	if (!p->n_gone && !memmem(at, file->source.len, MARK, strlen(MARK)))
		return 0;
	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t len = nl ? (size_t)(nl - at) : (size_t)(end - at);

		if (edit_line(p, file, at, len, ++number, &sb) < 0)
			return -ENOMEM;
		if (nl)
			hf_strbuf_addc(&sb, '\n');
		at += len + 1;
	}
	if (!file->edited)
		return hf_strbuf_ok(&sb) ? 0 : -ENOMEM;
	group = hf_plan_group_find(p->plan, HF_GROUP_FILE, file->source.path);
	if (!group || !hf_strbuf_ok(&sb))
		return -ENOMEM;
	file->source.bytes = hf_arena_memdup(p->arena, hf_strbuf_str(&sb), sb.len);
	file->source.len = sb.len;
	group->after = file->source.bytes;
	group->after_len = file->source.len;
	p->files_change = true;
	return file->source.bytes ? 0 : -ENOMEM;
}

/* Only audit.rules has it still, which is loaded as it stands: it is made anew. */
static int change_merged(hf_audit_planner *p, const hf_audit_gone *gone, hf_change **ret)
{
	hf_group *group = hf_audit_merged_group(p);

	return group ? add_change(p, gone->id, HF_OP_DELETE, gone->text, HF_CAUSE_HOST,
				  group, ret)
		     : -ENOMEM;
}

static int judge(hf_audit_planner *p, const hf_audit_gone *gone)
{
	const hf_audit_entry *e =
		gone->rule ? hf_audit_table_find(&p->obs->boot.rules, gone->rule) : NULL;
	hf_change *change = NULL;

	for (size_t i = 0; i < p->plan->n_changes; i++)
		if (strcmp(p->plan->changes[i]->id, gone->id) == 0)
			change = p->plan->changes[i];
	if (!change && e && !gone->found_file && gone->enforced && p->obs->stale &&
	    p->obs->loader == HF_AUDIT_LOADER_DIRECT &&
	    change_merged(p, gone, &change) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < gone->n_wants; i++) {
		const char *file = gone->found_file ? gone->found_file
				   : e		    ? e->file
						    : NULL;
		hf_resource *row;

		if (hf_audit_row(p, gone->wants[i], HF_PERSISTED, gone->id, "absent",
				 &row) < 0)
			return -ENOMEM;
		if (!row)
			continue;
		if (hf_row_judge(p->plan, row, file ? HF_STATE_DRIFT : HF_STATE_PASS,
				 file ? gone->text : "absent", NULL) < 0 ||
		    (file && hf_row_found_at(p->plan, row, file,
					     gone->found_file ? gone->found_line
							      : e->line) < 0) ||
		    (file && change && hf_change_row(p->plan, change, row) < 0))
			return -ENOMEM;
	}
	return 0;
}

/* Where somebody wants no rules of others: the lines that add one which nobody demands,
 * or take one away, which would end the load with that rule gone. And those that we took
 * out, which stay so. */
static int find_foreign(hf_audit_planner *p, const hf_audit_after *file, size_t *n)
{
	hf_audit_merged lines;

	if (hf_audit_split(&file->source, p->arena, &lines) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < lines.n; i++) {
		const char *text = lines.lines[i].text, *rest = taken_out(text);
		size_t len = strlen(text);
		const hf_audit_rule *rule;
		const hf_audit_line *line;
		char *copy, *key;
		bool oom;

		len -= p->obs->style.strip_cr && text[len - 1] == '\r';
		copy = hf_arena_memdup(p->arena, text, len);
		key = copy ? line_text(p, rest ? copy + (rest - text) : copy, &line, &oom)
			   : NULL;
		if (!copy || (!key && oom))
			return -ENOMEM;
		if (!key || line->type == HF_AUDIT_LINE_SETTING)
			continue;
		/* without a rule of others -D -k does harm to ours alone, or none */
		if (line->type == HF_AUDIT_LINE_DELETE_ALL && !takes_out(p, line))
			continue;
		rule = line->type == HF_AUDIT_LINE_RULE ? &line->rule : NULL;
		if (rule && hf_audit_item_of(p, rule))
			continue;
		if (hf_audit_foreign_add(p, rule, key) < 0)
			return -ENOMEM;
		*n += !rest;
	}
	return 0;
}

int hf_audit_plan_absent(hf_audit_planner *p)
{
	size_t n = 0;

	for (size_t i = 0; p->n_exclusive && !p->unsure && i < p->n_files; i++)
		if (i != p->own && i != p->settings &&
		    find_foreign(p, &p->files[i], &n) < 0)
			return -ENOMEM;
	if (hf_audit_judge_exclusive(p, HF_PERSISTED, n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_files; i++)
		if (i != p->own && i != p->settings && edit_file(p, &p->files[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < p->n_gone; i++)
		if (judge(p, p->gone[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories of `create`: lines of tmpfiles.d that make them before the rules load
 * at boot (tmpfiles.d(5); a colon leaves an existing one as it is), and at once in a live
 * apply. Pure.
 */
#include <errno.h>
#include <string.h>

#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_planner.h"

/* One distinct line, and who wants it. */
typedef struct made_line {
	const char *text;
	const char *id;
	const hf_audit_want **wants;
	size_t n_wants;
	bool enforced;
	bool is_there;
} made_line;

typedef struct made_lines {
	made_line **items;
	size_t n;
	hf_map by_text;
} made_lines;

static bool has_line(const hf_audit_source *file, const char *line)
{
	size_t len = strlen(line);
	const char *at = file->bytes;

	while (at && (at = strstr(at, line))) {
		if ((at == file->bytes || at[-1] == '\n') &&
		    (at[len] == '\n' || !at[len]))
			return true;
		at += len;
	}
	return false;
}

static made_line *line_of(hf_audit_planner *p, made_lines *lines,
			  const hf_audit_want *want)
{
	const char *text =
		hf_arena_printf(p->arena, "d %s :%04o :%s :%s -", want->create,
				(unsigned)want->spec->create_mode,
				want->spec->create_user, want->spec->create_group);
	made_line *line = text ? hf_map_get(&lines->by_text, text) : NULL;
	made_line **slot;

	if (!text || line)
		return line;
	line = hf_arena_new(p->arena, made_line);
	slot = hf_vec_push(p->arena, lines->items, lines->n);
	if (!line || !slot)
		return NULL;
	*slot = line;
	line->text = text;
	line->id = hf_arena_printf(p->arena, "audit:create %s", want->create);
	line->is_there = p->obs->tmpfiles.bytes && has_line(&p->obs->tmpfiles, text);
	if (!line->id || hf_map_put(&lines->by_text, p->arena, text, line) < 0)
		return NULL;
	return line;
}

static int collect(hf_audit_planner *p, made_lines *lines)
{
	for (size_t i = 0; i < p->obs->n_wants; i++) {
		const hf_audit_want *want = &p->obs->wants[i];
		const hf_audit_want **slot;
		made_line *line;

		if (!want->create || !want->rule)
			continue;
		line = line_of(p, lines, want);
		slot = line ? hf_vec_push(p->arena, line->wants, line->n_wants) : NULL;
		if (!slot || hf_plan_claim(p->plan, line->id) < 0)
			return -ENOMEM;
		*slot = want;
		line->enforced |= hf_control_is_enforced(want->demand->control);
	}
	return 0;
}

/* Our file, if it has to be written. *ret_group NULL: it stays as it is. */
static int compose(hf_audit_planner *p, const made_lines *lines, hf_group **ret_group)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const hf_audit_source *old = &p->obs->tmpfiles;
	hf_group *group;

	*ret_group = NULL;
	for (size_t i = 0; i < lines->n; i++) {
		const made_line *line = lines->items[i];

		if (!line->enforced && !line->is_there)
			continue;
		if (!sb.len)
			hf_strbuf_adds(
				&sb,
				"# Made by holdfast: directories that audit rules watch, "
				"made before rules load\n");
		hf_strbuf_adds(&sb, "# ");
		hf_audit_add_controls(&sb, line->wants, line->n_wants, ", ", false);
		hf_strbuf_addf(&sb, "\n%s\n", line->text);
	}
	if (!hf_strbuf_ok(&sb))
		return -ENOMEM;
	if (old->bytes ? old->len == sb.len &&
				 !memcmp(old->bytes, hf_strbuf_str(&sb), sb.len)
		       : sb.len == 0)
		return 0;
	group = hf_audit_file_group(p, HF_AUDIT_TMPFILES, old->bytes, old->len,
				    old->bytes != NULL, 0644);
	if (!group)
		return -ENOMEM;
	group->after = hf_arena_memdup(p->arena, hf_strbuf_str(&sb), sb.len);
	group->after_len = sb.len;
	group->remove = sb.len == 0;
	*ret_group = group;
	return group->after ? 0 : -ENOMEM;
}

static int judge_line(hf_audit_planner *p, const made_line *line, hf_group *group)
{
	hf_change *change = NULL;

	if (line->enforced && !line->is_there && group) {
		change =
			hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, line->id,
				       HF_OP_CREATE, NULL, line->text, HF_CAUSE_BASELINE);
		if (!change)
			return -ENOMEM;
		hf_change_in(change, group);
	}
	for (size_t i = 0; i < line->n_wants; i++) {
		hf_resource *row;

		if (hf_audit_row(p, line->wants[i], HF_PERSISTED, line->id, line->text,
				 &row) < 0)
			return -ENOMEM;
		if (!row)
			continue;
		if (hf_row_judge(p->plan, row,
				 line->is_there ? HF_STATE_PASS : HF_STATE_DRIFT,
				 line->is_there ? line->text : "absent", NULL) < 0 ||
		    (change && hf_change_row(p->plan, change, row) < 0))
			return -ENOMEM;
	}
	return 0;
}

/* The directory itself: a live apply makes it at once. */
static int judge_directory(hf_audit_planner *p, const made_line *line)
{
	const hf_audit_want *first = line->wants[0];
	bool missing = first->create_now;
	hf_change *change = NULL;
	hf_group *group;

	if (missing && line->enforced) {
		group = hf_plan_group(p->plan, HF_GROUP_MKDIR, HF_STAGE_CONFIG,
				      &hf_kind_audit, first->create);
		change = hf_plan_change(p->plan, &hf_kind_audit, HF_LIVE, line->id,
					HF_OP_CREATE, NULL, "a directory", HF_CAUSE_HOST);
		if (!group || !change)
			return -ENOMEM;
		group->uid = first->create_uid;
		group->gid = first->create_gid;
		group->mode = first->spec->create_mode;
		hf_change_in(change, group);
	}
	for (size_t i = 0; i < line->n_wants; i++) {
		hf_resource *row;

		if (hf_audit_row(p, line->wants[i], HF_LIVE, line->id, "a directory",
				 &row) < 0)
			return -ENOMEM;
		if (!row)
			continue;
		if (hf_row_judge(p->plan, row, missing ? HF_STATE_DRIFT : HF_STATE_PASS,
				 missing ? "absent" : "a directory", NULL) < 0 ||
		    (change && hf_change_row(p->plan, change, row) < 0))
			return -ENOMEM;
	}
	return 0;
}

/* Lines of ours that go: only to be shown. */
static int show_released(hf_audit_planner *p, const made_lines *lines, hf_group *group)
{
	hf_audit_merged old = { 0 };

	if (p->obs->tmpfiles.bytes &&
	    hf_audit_split(&p->obs->tmpfiles, p->arena, &old) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < old.n; i++) {
		const char *text = old.lines[i].text;
		hf_change *change;
		char *id;

		if (*text == '#' || hf_map_get(&lines->by_text, text))
			continue;
		id = hf_arena_printf(p->arena, "audit:create %s", text);
		change = id ? hf_plan_change(p->plan, &hf_kind_audit, HF_PERSISTED, id,
					     HF_OP_DELETE, text, NULL, HF_CAUSE_RELEASED)
			    : NULL;
		if (!change)
			return -ENOMEM;
		hf_change_in(change, group);
	}
	return 0;
}

int hf_audit_plan_tmpfiles(hf_audit_planner *p)
{
	bool live = !p->plan->options.offline && p->obs->live == HF_PRESENT;
	made_lines lines = { 0 };
	hf_group *group;

	if (p->unsure) /* what is there stays, and is not judged by halves */
		return 0;
	if (collect(p, &lines) < 0 || compose(p, &lines, &group) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < lines.n; i++)
		if (judge_line(p, lines.items[i], group) < 0 ||
		    (live && judge_directory(p, lines.items[i]) < 0))
			return -ENOMEM;
	return group ? show_released(p, &lines, group) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "report/text.h"

static hf_style diff_style(const char *line)
{
	switch (line[0]) {
	case '+':
		return HF_STYLE_GOOD;
	case '-':
		return HF_STYLE_BAD;
	case '@':
		return HF_STYLE_NOTE;
	default:
		return HF_STYLE_PLAIN;
	}
}

/* hf_textdiff() has escaped each line, so lines are what it made. */
static void put_lines(hf_text *t, char *text)
{
	for (char *line = text; *line;) {
		char *nl = strchr(line, '\n');

		if (nl)
			*nl = '\0';
		hf_paint_escaped(&t->paint, diff_style(line), line);
		hf_paint_newline(&t->paint);
		if (!nl)
			break;
		line = nl + 1;
	}
}

static void put_file(hf_text *t, const hf_group *g, hf_mask *mask)
{
	cleanup_(hf_strbuf_done) hf_strbuf diff = { 0 };

	hf_report_group_diff(&diff, g, mask);
	t->paint.oom |= mask->oom || !hf_strbuf_ok(&diff);
	if (diff.len)
		put_lines(t, diff.buf);
}

static void put_inode(hf_text *t, const hf_group *g)
{
	hf_paint_text(&t->paint, HF_STYLE_BOLD, g->path);
	hf_paint_newline(&t->paint);
	hf_paint_format(&t->paint, HF_STYLE_BAD, "-owner %u, group %u, mode %04o",
			(unsigned)g->before_uid, (unsigned)g->before_gid,
			(unsigned)g->before_mode & 07777);
	hf_paint_newline(&t->paint);
	hf_paint_format(&t->paint, HF_STYLE_GOOD, "+owner %u, group %u, mode %04o",
			(unsigned)g->uid, (unsigned)g->gid, (unsigned)g->mode & 07777);
	hf_paint_newline(&t->paint);
}

void hf_text_diffs(hf_text *t)
{
	const hf_plan *plan = t->view->changes;
	cleanup_(hf_mask_done) hf_mask mask = { 0 };
	bool any = false;

	hf_report_hide(&mask, plan);
	for (size_t i = 0; i < plan->n_groups; i++) {
		const hf_group *g = plan->groups[i];

		if (g->type == HF_GROUP_FILE)
			put_file(t, g, &mask);
		else if (g->type == HF_GROUP_INODE)
			put_inode(t, g);
		else
			continue;
		any = true;
	}
	if (any)
		hf_paint_newline(&t->paint);
}

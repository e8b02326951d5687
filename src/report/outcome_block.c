/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed block at the end of a run that failed half-way: what is where, and what to
 * type next. The same words every time, so that people and scripts find it. */
#include <string.h>

#include "report/paint.h"
#include "report/report.h"

static size_t put_state(FILE *out, const hf_report *r, const char *title,
			const char *state)
{
	hf_paint p = hf_paint_on(out, false, 0);
	size_t n = 0;

	for (size_t i = 0; i < r->n_steps; i++) {
		const hf_report_step *s = &r->steps[i];

		if (strcmp(s->state, state) != 0)
			continue;
		if (!n++)
			fprintf(out, "%s\n", title);
		/* by parts: a line must come out even without memory for it as a whole */
		hf_paint_to(&p, 2);
		hf_paint_text(&p, HF_STYLE_PLAIN, s->what);
		if (s->why) {
			hf_paint_text(&p, HF_STYLE_PLAIN, ": ");
			hf_paint_text(&p, HF_STYLE_PLAIN, s->why);
		}
		hf_paint_newline(&p);
	}
	return n;
}

static void put_containers(FILE *out, const hf_report *r)
{
	const hf_plan *plan = r->changes_plan ? r->changes_plan : r->plan;
	bool restarted = false;

	for (size_t i = 0; i < r->n_steps; i++)
		restarted |= strncmp(r->steps[i].what, "restart ", 8) == 0 &&
			     strcmp(r->steps[i].state, "left") != 0;
	fputs("Containers that were running during a restart:\n", out);
	if (!restarted || !plan || !plan->engine.n_containers) {
		fputs("  none\n", out);
		return;
	}
	for (size_t i = 0; i < plan->engine.n_containers; i++)
		fprintf(out, "  %.12s %s\n", plan->engine.containers[i].id,
			plan->engine.containers[i].name);
}

/* As it has to be typed: without the tree it would be about the running system. */
static void put_command(FILE *out, const hf_report *r, const char *command)
{
	hf_paint p = hf_paint_on(out, false, 0);

	hf_paint_line(&p, "  holdfast %s%s", command,
		      r->root_option ? r->root_option : "");
}

void hf_report_outcome_block(FILE *out, const hf_report *r)
{
	bool stuck;

	fputc('\n', out);
	if (!put_state(out, r, "Done:", "done"))
		fputs("Done:\n  nothing\n", out);
	(void)put_state(out, r, "Failed:", "failed");
	if (!put_state(out, r, "Put back:", "reverted"))
		fputs("Put back:\n  nothing\n", out);
	stuck = put_state(out, r, "Not put back:", "stuck");
	if (!stuck)
		fputs("Not put back:\n  nothing\n", out);
	(void)put_state(out, r, "Left to you:", "left");
	put_containers(out, r);
	fputs("Next:\n", out);
	switch (r->exit) {
	case HF_EXIT_INCOMPLETE:
		/* a journal that is torn, say, names nothing */
		fputs(stuck ? "  settle what is named under \"Not put back\", then\n"
			    : "  settle what the error names, then\n",
		      out);
		put_command(out, r, "recover");
		put_command(out, r, "check");
		break;
	case HF_EXIT_ROLLED_BACK:
		fputs("  the host is as it was before; cure the cause named above, "
		      "then\n",
		      out);
		put_command(out, r, "plan");
		put_command(out, r, "apply");
		break;
	default:
		put_command(out, r, "check");
		break;
	}
}

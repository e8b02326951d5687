/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"
#include "base/textdiff.h"
#include "engine/engine.h"
#include "report/report.h"

#define NOWHERE "/dev/null"

void hf_report_hide(hf_mask *mask, const hf_plan *plan)
{
	for (size_t i = 0; i < plan->n_resources; i++) {
		const hf_resource *row = plan->resources[i];

		if (row->secret) {
			hf_mask_add(mask, row->wanted);
			hf_mask_add(mask, row->found);
		}
	}
	for (size_t i = 0; i < plan->n_changes; i++) {
		const hf_change *c = plan->changes[i];

		if (c->secret) {
			hf_mask_add(mask, c->before);
			hf_mask_add(mask, c->after);
		}
	}
}

void hf_report_file_diff(hf_strbuf *out, const hf_report_file *f, hf_mask *mask)
{
	cleanup_(hf_strbuf_done) hf_strbuf diff = { 0 };

	if (hf_path_below(f->path, HF_STATE_DIR))
		return;
	if (f->kind && f->kind->secrets && f->before)
		f->kind->secrets(f->before, f->before_len, mask);
	if (f->kind && f->kind->secrets && f->after)
		f->kind->secrets(f->after, f->after_len, mask);
	hf_textdiff(&diff, f->before ? f->path : NOWHERE, f->before ? f->before : "",
		    f->before_len, f->after ? f->path : NOWHERE, f->after ? f->after : "",
		    f->after_len);
	/* after the diff: a line whose secret alone changes is still shown to change */
	hf_mask_put(mask, out, hf_strbuf_str(&diff), diff.len);
	if (!hf_strbuf_ok(&diff))
		hf_strbuf_addf(out, "%s: out of memory\n", f->path);
}

void hf_report_group_diff(hf_strbuf *out, const hf_group *g, hf_mask *mask)
{
	hf_report_file file = { .kind = g->kind, .path = g->path };

	if (g->type != HF_GROUP_FILE)
		return;
	if (g->existed) {
		file.before = g->before ? g->before : "";
		file.before_len = g->before_len;
	}
	if (!g->remove) {
		file.after = g->after ? g->after : "";
		file.after_len = g->after_len;
	}
	hf_report_file_diff(out, &file, mask);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* history: the transactions on record; show: one of them. */
#include <errno.h>
#include <string.h>

#include "cli/run.h"
#include "engine/journal.h"
#include "kinds/registry.h"
#include "report/json_pen.h"
#include "report/paint.h"

/* "apply cis-docker shop-docker", "rollback of 20261122T130501-4f2a" */
static const char *what_text(hf_arena *arena, const hf_txn *txn)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	const char *text;

	hf_strbuf_adds(&sb, txn->command);
	if (txn->of)
		hf_strbuf_addf(&sb, " of %s", txn->of);
	for (size_t i = 0; i < txn->n_baselines; i++)
		hf_strbuf_addf(&sb, " %s", txn->baselines[i]);
	text = hf_strbuf_ok(&sb) ? hf_arena_strdup(arena, hf_strbuf_str(&sb)) : NULL;
	return text ? text : txn->command;
}

/* --- JSON ----------------------------------------------------------------------------
 */

static void put_record(hf_json_pen *j, const hf_txn *txn)
{
	hf_json_open(&j->w, NULL, '{');
	hf_json_text(j, "id", txn->id);
	hf_json_text(j, "command", txn->command);
	hf_json_text(j, "of", txn->of);
	hf_json_text(j, "undone_by", txn->undone_by);
	hf_json_text(j, "result", hf_txn_result_name(txn->result));
	hf_json_text(j, "user", txn->user);
	hf_json_text(j, "boot_id", txn->boot_id);
	hf_json_time(j, "started", txn->started * 1000000);
	hf_json_time(j, "finished", txn->finished * 1000000);
	hf_json_write_int(&j->w, "changes_count", (long long)txn->n_changes);
	hf_json_texts(j, "baselines", txn->baselines, txn->n_baselines);
	hf_json_close(&j->w, '}');
}

static void put_change(hf_json_pen *j, const hf_txn_change *c)
{
	hf_json_open(&j->w, NULL, '{');
	hf_json_text(j, "id", c->id);
	hf_json_text(j, "layer", hf_layer_name(c->live ? HF_LIVE : HF_PERSISTED));
	hf_json_text(j, "before", hf_mask_value(c->before, c->secret));
	hf_json_text(j, "after", hf_mask_value(c->after, c->secret));
	hf_json_close(&j->w, '}');
}

/* --- history -------------------------------------------------------------------------
 */

/* Every record, newest first; a damaged one must not hide the others. */
static int load_all(hf_run *run, hf_txn **ret, size_t *ret_n, hf_error **err)
{
	hf_txn *txns;
	size_t n, n_good = 0;
	char **ids;
	int r = hf_txn_list(&run->host, &run->arena, &ids, &n, err);

	if (r < 0)
		return r;
	txns = hf_arena_array(&run->arena, n + 1, sizeof(*txns));
	if (!txns)
		return hf_error_oom(err);
	for (size_t i = n; i; i--) {
		cleanup_(hf_error_freep) hf_error *why = NULL;

		if (hf_txn_load(&run->host, ids[i - 1], &run->arena, &txns[n_good],
				&why) < 0)
			hf_diag_add(&run->diags, HF_DIAG_ERROR, (hf_mark){ 0 }, why->hint,
				    "%s", hf_error_text(why));
		else
			n_good++;
	}
	*ret = txns;
	*ret_n = n_good;
	return 0;
}

static void print_list(hf_run *run, const hf_txn *txns, size_t n)
{
	hf_paint p = hf_paint_on(run->cli->out, false, 0);
	char when[32];

	if (n)
		hf_paint_line(&p, "%-24s %-21s %-12s %s", "TRANSACTION", "FINISHED",
			      "RESULT", "CHANGES");
	else if (!run->diags.n_errors)
		hf_paint_line(&p, "no transaction is on record here");
	for (size_t i = 0; i < n; i++)
		hf_paint_line(&p, "%-24s %-21s %-12s %3zu  %s", txns[i].id,
			      hf_cli_time_text(txns[i].finished, when),
			      hf_txn_result_name(txns[i].result), txns[i].n_changes,
			      what_text(&run->arena, &txns[i]));
	run->cli->has_gaps |= p.oom;
}

int hf_cmd_history(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	hf_error *err = NULL;
	hf_report report;
	hf_txn *txns = NULL;
	size_t n = 0;
	hf_json_pen j;
	int status = hf_run_open(&run, cli);

	if (status)
		return status;
	if (load_all(&run, &txns, &n, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	hf_run_diags(&run);
	if (!cli->options.json)
		print_list(&run, txns, n);
	report = hf_run_report(&run);
	report.finished_usec = hf_cli_now(cli);
	report.comment = "transactions on record";
	report.exit = run.diags.n_errors ? HF_EXIT_FAILED : HF_EXIT_OK;
	report.result = run.diags.n_errors ? "error" : NULL;
	if (!cli->options.json)
		return report.exit;
	hf_json_begin(&j, cli->out, &report);
	hf_json_list(&j, "transactions");
	for (size_t i = 0; i < n; i++) {
		hf_json_element(&j);
		put_record(&j, &txns[i]);
	}
	hf_json_list_end(&j);
	hf_json_end(&j, &report);
	cli->has_gaps |= j.oom;
	return report.exit;
}

/* --- show ----------------------------------------------------------------------------
 */

static void print_change(hf_paint *p, const hf_txn_change *c)
{
	const char *before = hf_mask_value(c->before, c->secret);
	const char *after = hf_mask_value(c->after, c->secret);

	hf_paint_line(p, "  %s%s: %s -> %s", c->id, c->live ? " [live]" : "",
		      before ? before : "absent", after ? after : "absent");
}

static void print_diffs(FILE *out, const hf_txn *txn)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	cleanup_(hf_mask_done) hf_mask mask = { 0 };

	for (size_t i = 0; i < txn->n_changes; i++) {
		const hf_txn_change *c = &txn->changes[i];

		hf_mask_add(&mask, c->secret ? c->before : NULL);
		hf_mask_add(&mask, c->secret ? c->after : NULL);
	}
	for (size_t i = 0; i < txn->n_items; i++) {
		const hf_txn_item *item = &txn->items[i];
		hf_report_file file = {
			.kind = hf_kind_find(hf_kinds, hf_kinds_n, item->kind),
			.path = item->path,
			.before = item->before.exists ? item->before.bytes : NULL,
			.before_len = item->before.len,
			.after = item->remove ? NULL : item->after,
			.after_len = item->after_len,
		};

		if (item->type == HF_GROUP_FILE)
			hf_report_file_diff(&sb, &file, &mask);
	}
	if (sb.len)
		fprintf(out, "\n%s", hf_strbuf_str(&sb));
}

static void print_witness(FILE *out, const char *when, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out, "\n%s\n", when);
	for (size_t n; *text; text += n) { /* each line ends in a newline */
		n = strcspn(text, "\n");
		n += text[n] == '\n';
		fprintf(out, "  %.*s", (int)n, text);
	}
}

static void print_txn(hf_run *run, const hf_txn *txn)
{
	FILE *out = run->cli->out;
	hf_paint p = hf_paint_on(out, false, 0);
	char when[32];

	hf_paint_line(&p, "transaction %s: %s", txn->id, what_text(&run->arena, txn));
	hf_paint_line(&p, "  started  %s", hf_cli_time_text(txn->started, when));
	hf_paint_line(&p, "  finished %s", hf_cli_time_text(txn->finished, when));
	hf_paint_line(&p, "  result   %s%s%s", hf_txn_result_name(txn->result),
		      txn->undone_by ? " by " : "", txn->undone_by ? txn->undone_by : "");
	hf_paint_line(&p, "  by       %s, holdfast %s", txn->user, txn->program);
	hf_paint_newline(&p);
	hf_paint_line(&p, "changes (%zu)", txn->n_changes);
	for (size_t i = 0; i < txn->n_changes; i++)
		print_change(&p, &txn->changes[i]);
	if (txn->n_effects)
		fputs("\neffects\n", out);
	for (size_t i = 0; i < txn->n_effects; i++)
		hf_paint_line(&p, "  %s", txn->effects[i]);
	print_witness(out, "before", txn->witness_before);
	print_witness(out, "after", txn->witness_after);
	if (run->cli->options.diff)
		print_diffs(out, txn);
	run->cli->has_gaps |= p.oom;
}

static int show_json(hf_run *run, const hf_txn *txn)
{
	hf_report report = hf_run_report(run);
	hf_json_pen j;

	report.finished_usec = hf_cli_now(run->cli);
	report.comment = what_text(&run->arena, txn);
	hf_json_begin(&j, run->cli->out, &report);
	hf_json_member(&j, "transaction");
	hf_json_text(&j, NULL, txn->id);
	hf_json_member(&j, "record");
	put_record(&j, txn);
	hf_json_list(&j, "changes");
	for (size_t i = 0; i < txn->n_changes; i++) {
		hf_json_element(&j);
		put_change(&j, &txn->changes[i]);
	}
	hf_json_list_end(&j);
	hf_json_member(&j, "effects");
	hf_json_texts(&j, NULL, txn->effects, txn->n_effects);
	hf_json_member(&j, "witness_before");
	hf_json_text(&j, NULL, txn->witness_before);
	hf_json_member(&j, "witness_after");
	hf_json_text(&j, NULL, txn->witness_after);
	hf_json_end(&j, &report);
	run->cli->has_gaps |= j.oom;
	return report.exit;
}

int hf_cmd_show(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	const hf_strings *words = &cli->options.operands;
	const char *id = NULL;
	hf_error *err = NULL;
	hf_txn txn;
	int status = hf_run_open(&run, cli), r;

	if (status)
		return status;
	r = hf_txn_find(&run.host, words->n ? words->items[0] : "last", &run.arena, &id,
			&err);
	if (r < 0)
		return hf_run_fail(&run,
				   r == -ENOENT || r == -ENOTUNIQ ? HF_EXIT_USAGE
								  : HF_EXIT_FAILED,
				   err);
	if (hf_txn_load(&run.host, id, &run.arena, &txn, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	if (cli->options.json)
		return show_json(&run, &txn);
	print_txn(&run, &txn);
	return HF_EXIT_OK;
}

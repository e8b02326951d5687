/* SPDX-License-Identifier: Apache-2.0 */
/* history: the transactions on record; show: one of them. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "cli/run.h"
#include "engine/journal.h"
#include "kinds/registry.h"

static const char *time_text(int64_t when, char text[static 32])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (!when || !gmtime_r(&t, &tm) || !strftime(text, 32, "%Y-%m-%d %H:%M:%SZ", &tm))
		return "-";
	return text;
}

/* "apply cis-docker shop-docker", "rollback of 20261122T130501-4f2a" */
static const char *what_text(hf_arena *arena, const hf_txn *txn)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	hf_strbuf_adds(&sb, txn->command);
	if (txn->of)
		hf_strbuf_addf(&sb, " of %s", txn->of);
	for (size_t i = 0; i < txn->n_baselines; i++)
		hf_strbuf_addf(&sb, " %s", txn->baselines[i]);
	return hf_strbuf_ok(&sb) ? hf_arena_strdup(arena, hf_strbuf_str(&sb)) : NULL;
}

/* --- JSON ----------------------------------------------------------------------------
 */

static json_t *head_json(const hf_txn *txn)
{
	json_t *baselines = json_array();

	for (size_t i = 0; baselines && i < txn->n_baselines; i++)
		(void)json_array_append_new(baselines, json_string(txn->baselines[i]));
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:s, s:s, s:I, s:I, s:i, s:o}",
			 "id", txn->id, "command", txn->command, "of", txn->of,
			 "undone_by", txn->undone_by, "result",
			 hf_txn_result_name(txn->result), "user", txn->user, "boot_id",
			 txn->boot_id, "started", (json_int_t)txn->started, "finished",
			 (json_int_t)txn->finished, "changes_count", (int)txn->n_changes,
			 "baselines", baselines);
}

static json_t *changes_json(const hf_txn *txn)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < txn->n_changes; i++) {
		const hf_txn_change *c = &txn->changes[i];

		(void)json_array_append_new(
			list, json_pack("{s:s, s:s?, s:s?}", "id", c->id, "before",
					c->secret && c->before ? "(secret)" : c->before,
					"after",
					c->secret && c->after ? "(secret)" : c->after));
	}
	return list;
}

static int print_json(hf_cli *cli, const char *command, const char *key, json_t *value)
{
	json_t *root;
	int r = -1;

	root = json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:s, s:o}", "holdfast",
			 PACKAGE_VERSION, "schema", "1.0", "command", command, "root",
			 cli->options.root ? cli->options.root : "/", "exit", 0,
			 "changed", 0, "comment", "", key, value);
	if (root)
		r = json_dumpf(root, cli->out, JSON_INDENT(2));
	fputc('\n', cli->out);
	json_decref(root);
	return r < 0 ? HF_EXIT_FAILED : HF_EXIT_OK;
}

/* --- history -------------------------------------------------------------------------
 */

static int list_one(hf_run *run, const char *id, json_t *list)
{
	hf_cli *cli = run->cli;
	hf_error *err = NULL;
	char when[32];
	hf_txn txn;

	if (hf_txn_load(&run->host, id, &run->arena, &txn, &err) < 0) {
		/* a damaged record must not hide the others */
		hf_report_error(stderr, err, cli->color_err);
		hf_error_free(err);
		return HF_EXIT_FAILED;
	}
	if (list) {
		(void)json_array_append_new(list, head_json(&txn));
		return HF_EXIT_OK;
	}
	fprintf(cli->out, "%-24s %-21s %-12s %3zu  %s\n", txn.id,
		time_text(txn.finished, when), hf_txn_result_name(txn.result),
		txn.n_changes, what_text(&run->arena, &txn));
	return HF_EXIT_OK;
}

int hf_cmd_history(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	json_t *list = cli->options.json ? json_array() : NULL;
	hf_error *err = NULL;
	char **ids;
	size_t n;
	int status = hf_run_open(&run, cli), worst = HF_EXIT_OK;

	if (status)
		return status;
	if (hf_txn_list(&run.host, &run.arena, &ids, &n, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	if (!list && n)
		fprintf(cli->out, "%-24s %-21s %-12s %s\n", "TRANSACTION", "FINISHED",
			"RESULT", "CHANGES");
	if (!list && !n)
		fputs("no transaction is on record here\n", cli->out);
	for (size_t i = n; i; i--) {
		status = list_one(&run, ids[i - 1], list);
		worst = status ? status : worst;
	}
	if (list && print_json(cli, "history", "transactions", list) != HF_EXIT_OK)
		return HF_EXIT_FAILED;
	return worst;
}

/* --- show ----------------------------------------------------------------------------
 */

static void print_change(FILE *out, const hf_txn_change *c)
{
	const char *before = c->before ? c->before : "absent";
	const char *after = c->after ? c->after : "absent";

	fprintf(out, "  %s: %s -> %s\n", c->id,
		c->secret && c->before ? "(secret)" : before,
		c->secret && c->after ? "(secret)" : after);
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
	if (text && *text)
		fprintf(out, "\n%s\n  %s", when, text); /* ends in a newline */
}

static void print_txn(hf_run *run, const hf_txn *txn)
{
	FILE *out = run->cli->out;
	char when[32];

	fprintf(out, "transaction %s: %s\n", txn->id, what_text(&run->arena, txn));
	fprintf(out, "  started  %s\n", time_text(txn->started, when));
	fprintf(out, "  finished %s\n", time_text(txn->finished, when));
	fprintf(out, "  result   %s%s%s\n", hf_txn_result_name(txn->result),
		txn->undone_by ? " by " : "", txn->undone_by ? txn->undone_by : "");
	fprintf(out, "  by       %s, holdfast %s\n", txn->user, txn->program);
	fprintf(out, "\nchanges (%zu)\n", txn->n_changes);
	for (size_t i = 0; i < txn->n_changes; i++)
		print_change(out, &txn->changes[i]);
	if (txn->n_effects)
		fputs("\neffects\n", out);
	for (size_t i = 0; i < txn->n_effects; i++)
		fprintf(out, "  %s\n", txn->effects[i]);
	print_witness(out, "before", txn->witness_before);
	print_witness(out, "after", txn->witness_after);
	if (run->cli->options.diff)
		print_diffs(out, txn);
}

int hf_cmd_show(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	const hf_strings *words = &cli->options.operands;
	const char *id = NULL;
	hf_error *err = NULL;
	json_t *value;
	hf_txn txn;
	int status = hf_run_open(&run, cli), r;

	if (status)
		return status;
	r = hf_txn_find(&run.host, words->n ? words->items[0] : "last", &run.arena, &id,
			&err);
	if (r < 0)
		return hf_run_fail(&run, HF_EXIT_USAGE, err);
	if (hf_txn_load(&run.host, id, &run.arena, &txn, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	if (!cli->options.json) {
		print_txn(&run, &txn);
		return HF_EXIT_OK;
	}
	value = head_json(&txn);
	if (value)
		(void)json_object_set_new(value, "changes", changes_json(&txn));
	if (value && txn.witness_before)
		(void)json_object_set_new(value, "witness_before",
					  json_string(txn.witness_before));
	if (value && txn.witness_after)
		(void)json_object_set_new(value, "witness_after",
					  json_string(txn.witness_after));
	return print_json(cli, "show", "transaction", value);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* list: the baselines there are; with a baseline, its controls and waivers. */
#include <errno.h>
#include <string.h>

#include "cli/run.h"

static const char *text_of(const hf_node *root, const char *key)
{
	const hf_node *node = hf_node_get(root, key);

	return node && node->type == HF_NODE_SCALAR ? node->text : NULL;
}

/* Only the head is looked at: a baseline with an error in it is still listed. */
static int describe(hf_run *run, const char *dir, const char *name,
		    hf_report_shipped *ret)
{
	cleanup_(hf_diags_done) hf_diags diags = { 0 };
	hf_error *err = NULL;
	hf_source *source = hf_arena_new(&run->arena, hf_source);
	const hf_node *root;

	ret->name = name;
	ret->path = hf_arena_printf(&run->arena, "%s/%s.yaml", dir, name);
	if (!source || !ret->path)
		return -ENOMEM;
	if (hf_lookup_read(&run->lookup, ret->path, NULL, &run->arena, source, &err) <
	    0) {
		ret->broken = hf_arena_strdup(&run->arena, hf_error_text(err));
		hf_error_free(err);
		return ret->broken ? 0 : -ENOMEM;
	}
	root = hf_yaml_read(source, &run->arena, &diags);
	if (!root || root->type != HF_NODE_MAPPING || diags.n_errors) {
		ret->broken = "is not valid: 'holdfast lint' tells why";
		return 0;
	}
	ret->version = text_of(root, "version");
	ret->title = text_of(root, "title");
	return 0;
}

static bool is_listed(const hf_report_shipped *items, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(items[i].name, name))
			return true;
	return false;
}

static int collect(hf_run *run, hf_report_shipped **ret, size_t *ret_n)
{
	const char **dirs, **names;
	size_t n_dirs, n_names;

	if (hf_lookup_dirs(&run->arena, &dirs, &n_dirs) < 0)
		return -ENOMEM;
	for (size_t d = 0; d < n_dirs; d++) {
		if (hf_lookup_names(dirs[d], &run->arena, &names, &n_names) < 0)
			return -ENOMEM;
		for (size_t i = 0; i < n_names; i++) {
			hf_report_shipped *item;

			if (is_listed(*ret, *ret_n, names[i]))
				continue; /* an earlier directory has it */
			item = hf_vec_push(&run->arena, *ret, *ret_n);
			if (!item || describe(run, dirs[d], names[i], item) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int list_shipped(hf_run *run, hf_cli *cli)
{
	hf_text_options options = hf_cli_text_options(cli);
	hf_report_shipped *items = NULL;
	hf_error *err = NULL;
	hf_report report;
	size_t n = 0;

	run->cli = cli;
	if (collect(run, &items, &n) < 0) {
		(void)hf_error_oom(&err);
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	}
	report = hf_run_report(run);
	report.finished_usec = hf_cli_now(cli);
	report.comment = "listed";
	if (cli->options.json)
		hf_report_shipped_json(cli->out, &report, items, n);
	else if (n)
		hf_report_shipped_text(cli->out, items, n, &options);
	else
		fputs("holdfast: no baseline is installed; HOLDFAST_BASELINE_PATH names "
		      "directories to search\n",
		      stderr);
	return HF_EXIT_OK;
}

int hf_cmd_list(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	hf_text_options options = hf_cli_text_options(cli);
	hf_report report;
	int status;

	if (!cli->options.operands.n)
		return list_shipped(&run, cli);
	status = hf_run_load(&run, cli, &cli->options.operands);
	if (status)
		return status;
	hf_run_diags(&run);
	report = hf_run_report(&run);
	report.finished_usec = hf_cli_now(cli);
	report.comment = "listed";
	if (cli->options.json)
		hf_report_list_json(cli->out, &report);
	else
		hf_report_list_text(cli->out, &report, &options);
	return HF_EXIT_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile: the files that apply would leave, written below a directory.
 *
 * A file that the plan replaces is written with the plan's bytes; a file of ours, or one
 * we edit, that needs no change is copied as it is. So the directory holds the whole
 * wanted set whatever state the host is in.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "cli/run.h"
#include "engine/verify.h"
#include "host/fs.h"

typedef struct hf_compile {
	hf_run *run;
	hf_host out; /* the output directory as a root */
	bool out_open;
	hf_arena arena;
	hf_map written; /* by path */
	size_t n_written;
} hf_compile;

static void compile_done(hf_compile *c)
{
	if (c->out_open)
		hf_host_close(&c->out);
	hf_arena_done(&c->arena);
}

static int write_file(hf_compile *c, const char *path, const char *bytes, size_t len,
		      mode_t mode, hf_error **err)
{
	hf_inode meta = { .mode = mode, .uid = geteuid(), .gid = getegid() };
	hf_staged staged = { .dir_fd = -1 };
	char *dir = hf_path_dir(&c->arena, path);
	int r;

	if (!dir || hf_map_put(&c->written, &c->arena, path, c) < 0)
		return hf_error_oom(err);
	r = hf_fs_mkdir(&c->out, dir, meta.uid, meta.gid, 0755, NULL, err);
	if (!r)
		r = hf_fs_stage(&c->out, path, bytes, len, &meta, &staged, err);
	if (!r)
		r = hf_fs_publish(&staged, err);
	hf_fs_stage_discard(&staged);
	if (!r)
		c->n_written++;
	return r < 0 ? hf_error_wrap(err, "below %s", c->out.root) : 0;
}

/* What the plan writes. Files that the plan removes are left out, so they are absent. */
static int write_planned(hf_compile *c, hf_error **err)
{
	const hf_plan *plan = &c->run->survey.plan;

	for (size_t i = 0; i < plan->n_groups; i++) {
		const hf_group *g = plan->groups[i];
		hf_inode now;
		mode_t mode = g->mode;
		int r = 0;

		if (g->type != HF_GROUP_FILE)
			continue;
		if (g->remove) {
			if (hf_map_put(&c->written, &c->arena, g->path, c) < 0)
				return hf_error_oom(err);
			continue;
		}
		/* an existing file keeps its mode unless the plan sets it */
		if (g->existed && !g->set_meta) {
			r = hf_fs_inode(&c->run->host, g->path, 0, &now, err);
			mode = r ? 0 : now.mode & 0777;
		}
		if (!r)
			r = write_file(c, g->path, g->after, g->after_len,
				       mode ? mode : 0644, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* There is nothing to copy: no error. Any other stays one. */
static int missing_is_fine(int r, hf_error **err)
{
	if (r != -ENOENT && r != -ENOTDIR)
		return r;
	hf_error_free(take_ptr(*err));
	return 0;
}

/* A file that is as wanted already. A missing one is not wanted. */
static int copy_file(hf_compile *c, const char *path, hf_error **err)
{
	hf_inode inode;
	size_t len;
	char *text;
	int r;

	if (hf_map_get(&c->written, path))
		return 0;
	r = hf_fs_read(&c->run->host, path, 0, &c->arena, &text, &len, &inode, err);
	if (r < 0)
		return missing_is_fine(r, err);
	return write_file(c, path, text, len, inode.mode & 0777, err);
}

/* "/etc/systemd/system/?.d/x.conf", with a star: x.conf of every directory there that
 * matches. */
static int copy_own(hf_compile *c, const char *pattern, hf_error **err)
{
	const char *star = strchr(pattern, '*'), *rest;
	char *name, *dir, **names;
	size_t n;
	int r;

	if (!star)
		return copy_file(c, pattern, err);
	rest = star + strcspn(star, "/");
	name = hf_arena_memdup(&c->arena, pattern, (size_t)(rest - pattern));
	dir = name ? hf_path_dir(&c->arena, name) : NULL;
	if (!dir)
		return hf_error_oom(err);
	r = hf_fs_list(&c->run->host, dir, &c->arena, &names, &n, err);
	if (r < 0)
		return missing_is_fine(r, err);
	for (size_t i = 0; !r && i < n; i++) {
		const char *path;

		if (fnmatch(hf_path_base(name), names[i], 0))
			continue;
		path = hf_arena_printf(&c->arena, "%s/%s%s", dir, names[i], rest);
		r = path ? copy_file(c, path, err) : hf_error_oom(err);
	}
	return r;
}

static int copy_own_files(hf_compile *c, hf_error **err)
{
	const hf_model *model = &c->run->model;

	for (size_t i = 0; i < model->n_kinds; i++)
		for (size_t k = 0; k < model->kinds[i]->n_own_files; k++) {
			int r = copy_own(c, model->kinds[i]->own_files[k], err);

			if (r < 0)
				return r;
		}
	return 0;
}

/* The files that rows speak of, and one line for each demand on an inode: path, property
 * and what is wanted. */
static int write_rows(hf_compile *c, hf_error **err)
{
	const hf_plan *plan = &c->run->survey.plan;
	cleanup_(hf_strbuf_done) hf_strbuf list = { 0 };

	hf_strbuf_adds(&list, "# Owners, groups and modes that the baseline demands.\n");
	for (size_t i = 0; i < plan->n_resources; i++) {
		const hf_resource *row = plan->resources[i];
		const char *at = row->id + strlen(row->kind->name) + 1;
		const char *hash = strrchr(at, '#');
		char *path;
		int r = 0;

		if (row->kind->id_form < HF_ID_FILE || *at != '/' || !hash)
			continue;
		path = hf_arena_memdup(&c->arena, at, (size_t)(hash - at));
		if (!path)
			return hf_error_oom(err);
		if (row->kind->id_form == HF_ID_FILE && row->layer != HF_LIVE)
			r = copy_file(c, path, err);
		if (r < 0)
			return r;
		/* what the plan makes is made with the owner and mode demanded */
		if (row->kind->id_form == HF_ID_INODE &&
		    (row->state != HF_STATE_NOT_APPLICABLE ||
		     hf_plan_group_find(plan, HF_GROUP_FILE, path)))
			hf_strbuf_addf(&list, "%s\t%s\t%s\n", path, hash + 1,
				       row->wanted);
	}
	if (!hf_strbuf_ok(&list))
		return hf_error_oom(err);
	return write_file(c, "/files.txt", hf_strbuf_str(&list), list.len, 0644, err);
}

static int open_output(hf_compile *c, const char *dir, hf_error **err)
{
	struct stat out, root;
	int r;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return hf_error_set(err, -errno, "cannot make the directory '%s': %s",
				    dir, strerror(errno));
	r = hf_host_open(&c->out, dir, err);
	c->out_open = r >= 0;
	if (r < 0 || fstat(c->out.root_fd, &out) < 0 ||
	    fstat(c->run->host.root_fd, &root) < 0)
		return r;
	if (out.st_dev == root.st_dev && out.st_ino == root.st_ino) {
		(void)hf_error_set(err, -EINVAL,
				   "'%s' is what is looked at: written there, the files "
				   "would be in force without a way back",
				   dir);
		return hf_error_hint(err, "name another directory, or use 'apply'");
	}
	return 0;
}

static int compile(hf_compile *c, const char *dir, hf_error **err)
{
	int r = open_output(c, dir, err);

	if (!r)
		r = write_planned(c, err);
	if (!r)
		r = copy_own_files(c, err);
	if (!r)
		r = write_rows(c, err);
	return r;
}

int hf_cmd_compile(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	cleanup_(compile_done) hf_compile c = { .run = &run };
	const char *dir = cli->options.output_dir;
	hf_error *err = NULL;
	hf_report report;
	int status;

	if (!dir) {
		(void)hf_error_set(&err, -EINVAL, "compile needs --output-dir=DIR");
		(void)hf_error_hint(&err, "see 'holdfast compile --help'");
		return hf_cli_fail(cli, HF_EXIT_USAGE, err);
	}
	status = hf_run_survey(&run, cli, &cli->options.operands);
	if (status)
		return status;
	/* the live layer is not written: what is unknown of it does not matter */
	if (hf_plan_refusal(&run.survey.plan, false, &err) < 0 ||
	    compile(&c, dir, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	hf_run_diags(&run);
	report = hf_run_report(&run);
	report.result = hf_report_result_of_plan(&run.survey.plan);
	if (cli->options.leave_unknown && hf_plan_has_unknown(&run.survey.plan))
		report.exit = HF_EXIT_UNKNOWN;
	report.comment =
		hf_arena_printf(&c.arena, "%zu files written below %s", c.n_written, dir);
	if (!cli->options.json)
		report.plan = NULL; /* the files are the product, not the difference */
	return hf_cli_report(cli, &report);
}

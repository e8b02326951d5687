/* SPDX-License-Identifier: Apache-2.0 */
/* import: audit rules that exist, in files or in the kernel, as a baseline. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "cli/run.h"
#include "host/audit_nl.h"
#include "host/fs.h"
#include "host/ids.h"
#include "kinds/audit/audit_import.h"
#include "kinds/audit/audit_kernel.h"
#include "model/facts.h"

#define RULES_FILE_MAX ((size_t)16 << 20)

static int find_id(void *user, bool group, const char *name, uint32_t *ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	int r = group ? hf_ids_gid(user, name, ret, &err)
		      : hf_ids_uid(user, name, ret, &err);

	return r;
}

static bool is_dir(void *user, const char *path)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_inode inode;

	return hf_fs_inode(user, path, 0, &inode, &err) == 0 && S_ISDIR(inode.mode);
}

static bool has_dir(void *user, const char *path, bool any)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_inode inode;

	return is_dir(user, path) ||
	       (any && hf_fs_inode(user, path, HF_FS_NOFOLLOW, &inode, &err) == 0);
}

static int file_error(hf_error **err, const char *path, const char *why)
{
	return hf_error_set(err, -EINVAL, "cannot read '%s': %s", path, why);
}

/* A file of the user's own, not of --root. */
static int read_file(hf_arena *arena, const char *path, hf_audit_source *ret,
		     hf_error **err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_free char *bytes = NULL;
	int r = fd < 0 ? -errno : hf_fs_slurp(fd, RULES_FILE_MAX, &bytes, &ret->len);

	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		return file_error(err, path,
				  r == -EFBIG ? "it is too long" : strerror(-r));
	if (memchr(bytes, '\0', ret->len))
		return file_error(err, path, "it holds NUL bytes");
	ret->path = hf_arena_strdup(arena, path);
	ret->bytes = hf_arena_memdup(arena, bytes, ret->len);
	if (!ret->path || !ret->bytes)
		return hf_error_oom(err);
	ret->name = hf_path_base(ret->path);
	return 0;
}

static int import_files(hf_run *run, hf_audit_import *im, hf_error **err)
{
	const hf_strings *files = &run->cli->options.operands;

	for (size_t i = 0; i < files->n; i++) {
		hf_audit_source file;
		int r = read_file(&run->arena, files->items[i], &file, err);

		if (r < 0)
			return r;
		if (hf_audit_import_file(im, &file) < 0)
			return hf_error_oom(err);
	}
	return 0;
}

static int import_kernel(hf_run *run, hf_audit_import *im, hf_error **err)
{
	struct audit_status status;
	hf_audit_table list;
	uint32_t features;
	int r = hf_audit_kernel_read(&run->host, &run->arena, &status, &list, err);

	if (r == 0)
		r = hf_audit_features(&run->host, &features, err);
	if (r < 0)
		return r;
	hf_audit_import_setting(im, HF_AUDIT_ENABLED, status.enabled);
	hf_audit_import_setting(im, HF_AUDIT_FAILURE, status.failure);
	hf_audit_import_setting(im, HF_AUDIT_BACKLOG_LIMIT, status.backlog_limit);
	hf_audit_import_setting(im, HF_AUDIT_BACKLOG_WAIT_TIME, status.backlog_wait_time);
	hf_audit_import_setting(im, HF_AUDIT_RATE_LIMIT, status.rate_limit);
	if (features & AUDIT_FEATURE_TO_MASK(AUDIT_FEATURE_LOGINUID_IMMUTABLE))
		hf_audit_import_setting(im, HF_AUDIT_LOGINUID_IMMUTABLE, 1);
	im->host.has_dir = NULL; /* what is loaded was accepted */
	if (hf_audit_import_section(im, "audit-rules",
				    "Audit rules of the kernel's list") < 0)
		return hf_error_oom(err);
	for (size_t i = 0; i < list.n; i++)
		if (hf_audit_import_rule(im, list.items[i].rule, (hf_mark){ 0 }) < 0)
			return hf_error_oom(err);
	return 0;
}

static int usage(hf_run *run, const char *message)
{
	hf_error *err = NULL;

	(void)hf_error_set(&err, -EINVAL, "%s", message);
	(void)hf_error_hint(&err, "see 'holdfast import --help'");
	return hf_run_fail(run, HF_EXIT_USAGE, err);
}

int hf_cmd_import(hf_cli *cli)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	cleanup_(hf_facts_done) hf_facts facts = { 0 };
	cleanup_(hf_strbuf_done) hf_strbuf out = { 0 };
	hf_audit_import im = { .arena = &run.arena, .diags = &run.diags };
	const hf_strings *given = &cli->options.facts;
	bool files = cli->options.rules;
	hf_error *err = NULL;
	int status = hf_run_open(&run, cli), r;

	if (status)
		return status;
	if (cli->options.json)
		return usage(&run, "import writes a baseline in YAML, not JSON");
	if (files != (cli->options.operands.n > 0))
		return usage(&run, files ? "--rules needs FILE..."
					 : "operands of import are files, after --rules");
	if (!files && run.host.offline)
		return usage(&run, "below --root there is no running list: give --rules "
				   "FILE...");
	if (hf_facts_given(&facts, given->items, given->n, &err) < 0 ||
	    hf_facts_read(&run.host, &facts, &err) < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	im.host = (hf_audit_boot_host){ .names = { .machine =
							   hf_facts_value(&facts, "arch"),
						   .id = find_id,
						   .is_dir = is_dir,
						   .user = &run.host },
					.has_dir = has_dir,
					.user = &run.host };
	hf_audit_names_release(&im.host.names, hf_facts_value(&facts, "audit"));
	r = files ? import_files(&run, &im, &err) : import_kernel(&run, &im, &err);
	if (r == 0 && hf_audit_import_finish(&im) < 0)
		r = hf_error_oom(&err);
	if (r < 0)
		return hf_run_fail(&run, HF_EXIT_FAILED, err);
	hf_audit_import_print(&im,
			      files ? "Audit rules as they were in files"
				    : "Audit rules as the kernel had them",
			      &out);
	if (!hf_strbuf_ok(&out))
		return hf_run_fail(&run, HF_EXIT_FAILED, (hf_error_oom(&err), err));
	hf_run_diags(&run);
	fputs(hf_strbuf_str(&out), cli->out);
	return HF_EXIT_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests/live/audit_boot.sh: what we say that augenrules and auditctl make of a
 * directory of rules, and what they have made of it, in one form.
 *
 *	audit_boot merge DIR	what augenrules would write
 *	audit_boot load DIR	"rule TEXT", in the order of the kernel's list, and
 *				"setting NAME VALUE" for those that the files set
 *	audit_boot kernel	the same of the kernel, with all settings
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "host/host.h"
#include "kinds/audit/audit_boot.h"
#include "kinds/audit/audit_kernel.h"
#include "tests/live/audit_host.h"

static struct utsname uts;

static bool has(void *user, const char *path, bool any)
{
	struct stat st;

	return is_dir(user, path) || (any && lstat(path, &st) == 0);
}

static void show(const hf_audit_table *rules, hf_arena *arena)
{
	for (uint32_t list = 0; list < 8; list++)
		for (size_t i = 0; i < rules->n; i++) {
			const hf_audit_rule *rule = rules->items[i].rule;

			if (rule->list == list)
				printf("rule %s\n",
				       hf_audit_rule_text(rule, uts.machine, arena));
		}
}

static int by_name(const void *a, const void *b)
{
	return hf_audit_name_compare(((const hf_audit_source *)a)->name,
				     ((const hf_audit_source *)b)->name);
}

static size_t read_all(const char *dir, hf_audit_source *sources, size_t max,
		       hf_arena *arena)
{
	struct dirent *entry;
	DIR *d = opendir(dir);
	size_t n = 0;

	while (d && n < max && (entry = readdir(d))) {
		const char *dot = strrchr(entry->d_name, '.');
		hf_audit_source *s = &sources[n];
		static char buf[1 << 20];
		FILE *f;

		if (!dot || strcmp(dot, ".rules") != 0 || entry->d_name[0] == '.')
			continue;
		s->name = hf_arena_strdup(arena, entry->d_name);
		s->path = hf_arena_printf(arena, "%s/%s", dir, entry->d_name);
		f = fopen(s->path, "r");
		if (!f)
			continue;
		s->len = fread(buf, 1, sizeof(buf), f);
		s->bytes = hf_arena_memdup(arena, buf, s->len);
		(void)fclose(f);
		n++;
	}
	if (d)
		closedir(d);
	qsort(sources, n, sizeof(*sources), by_name);
	return n;
}

static int of_files(hf_host *host, const char *what, const char *dir, hf_arena *arena)
{
	static hf_audit_source sources[64];
	hf_audit_boot_host of = {
		.names = { .machine = uts.machine,
			   .id = find_id,
			   .is_dir = is_dir,
			   .user = host },
		.has_dir = has,
	};
	hf_audit_merged merged;
	hf_audit_boot boot;
	size_t n = read_all(dir, sources, ARRAY_SIZE(sources), arena);

	if (hf_audit_merge(sources, n, (hf_audit_merge_style){ 0 }, arena, &merged) < 0)
		return 1;
	if (strcmp(what, "merge") == 0)
		return fwrite(merged.text, 1, merged.len, stdout) != merged.len;
	if (hf_audit_boot_load(&merged, sources, &of, arena, &boot) < 0)
		return 1;
	show(&boot.rules, arena);
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++)
		if (boot.settings[i].set && boot.settings[i].loaded)
			printf("setting %s %u\n",
			       hf_audit_setting_name((hf_audit_setting)i),
			       boot.settings[i].value);
	if (boot.aborted)
		fprintf(stderr, "ends at %s:%u: %s\n", boot.abort_file, boot.abort_line,
			boot.abort_why);
	return 0;
}

int main(int argc, char **argv)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	cleanup_(hf_host_close) hf_host host = { 0 };
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	uint32_t settings[HF_AUDIT_SETTING_MAX_];
	struct audit_status status;
	hf_audit_table rules = { .n = 0 };

	if (argc < 2 || uname(&uts) < 0)
		return 64;
	if (hf_host_open(&host, NULL, &err) < 0)
		goto fail;
	if (argc > 2)
		return of_files(&host, argv[1], argv[2], &arena);
	if (hf_audit_kernel_read(&host, &arena, &status, &rules, &err) < 0)
		goto fail;
	show(&rules, &arena);
	hf_audit_kernel_settings(&status, 0, settings);
	for (size_t i = 0; i < HF_AUDIT_SETTING_MAX_; i++)
		printf("setting %s %u\n", hf_audit_setting_name((hf_audit_setting)i),
		       settings[i]);
	return 0;
fail:
	fprintf(stderr, "%s\n", hf_error_text(err));
	return 1;
}

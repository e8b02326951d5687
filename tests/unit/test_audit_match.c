/* SPDX-License-Identifier: Apache-2.0 */
/* Which events a rule matches: by permission, as each release of libaudit computes it,
 * and which of them another one may match, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit_lines.h"

/* lib/permtab.h of libaudit, by release and letter. */
static const struct {
	const char *release;
	const char *perm;
	const char *syscalls;
} tables[] = {
	{ "4.0", "x", "execve" },
	{ "4.0", "w",
	  "rename,mkdir,rmdir,creat,link,unlink,symlink,mknod,mkdirat,mknodat,unlinkat,"
	  "renameat,linkat,symlinkat,renameat2,acct,swapon,quotactl,truncate,ftruncate,"
	  "bind,fallocate,open,openat,openat2" },
	{ "4.0", "r",
	  "readlink,quotactl,listxattr,llistxattr,flistxattr,getxattr,lgetxattr,"
	  "fgetxattr,readlinkat,open,openat,openat2" },
	{ "4.0", "a",
	  "chmod,fchmod,chown,lchown,fchown,setxattr,lsetxattr,fsetxattr,removexattr,"
	  "lremovexattr,fremovexattr,fchownat,fchmodat,link,linkat" },
	/* names that the tables of 3.0.9 lack stand by number */
	{ "4.2", "x", "execve,execveat" },
	{ "4.2", "w",
	  "rename,mkdir,rmdir,creat,link,unlink,symlink,mknod,mkdirat,mknodat,unlinkat,"
	  "renameat,linkat,symlinkat,renameat2,acct,swapon,quotactl,443,truncate,"
	  "ftruncate,bind,fallocate,open,openat,openat2" },
	{ "4.2", "r",
	  "readlink,quotactl,listxattr,465,llistxattr,flistxattr,getxattr,464,lgetxattr,"
	  "fgetxattr,readlinkat,open,openat,openat2,468" },
	{ "4.2", "a",
	  "chmod,fchmod,chown,lchown,fchown,setxattr,463,lsetxattr,fsetxattr,"
	  "removexattr,466,lremovexattr,fremovexattr,fchownat,fchmodat,452,469,link,"
	  "linkat" },
};

static hf_audit_rule *with_syscalls(const char *syscalls, const char *perm)
{
	return X(hf_arena_printf(&arena,
				 "-a always,exit -F arch=b64 -S %s -F dir=/e -F perm=%s",
				 syscalls, perm));
}

/* What any release computes for a rule without -S is that rule, and one syscall less is
 * not: its events would go unseen. */
static void released_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		hf_audit_rule *bare = X(hf_arena_printf(
			&arena, "-a always,exit -F arch=b64 -F dir=/e -F perm=%s",
			tables[i].perm));
		hf_audit_rule *computed =
			with_syscalls(tables[i].syscalls, tables[i].perm);

		if (!hf_audit_rule_equal(computed, bare) ||
		    !hf_audit_rule_covers(computed, bare) ||
		    hf_audit_rule_hash(computed) != hf_audit_rule_hash(bare))
			fail_msg("perm=%s of %s is not by perm", tables[i].perm,
				 tables[i].release);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tables) / 2; i++) {
		const char *perm = tables[i].perm;
		hf_audit_rule *bare = X(hf_arena_printf(
			&arena, "-a always,exit -F arch=b64 -F dir=/e -F perm=%s", perm));
		const char *all = tables[i].syscalls;

		for (size_t at = 0, len; all[at]; at += len + (all[at + len] == ',')) {
			hf_audit_rule *narrow;

			len = strcspn(all + at, ",");
			narrow = with_syscalls(hf_arena_printf(&arena, "%.*smount%s",
							       (int)at, all,
							       all + at + len),
					       perm);
			if (hf_audit_rule_same(narrow, bare) ||
			    hf_audit_rule_covers(narrow, bare))
				fail_msg("perm=%s without %.*s is by perm", perm,
					 (int)len, all + at);
		}
	}
}

/* Measured with auditctl 4.0.2: a perm field adds its syscalls to the list that stands
 * before it, or to none where arch stands before it; nothing where it comes first. */
static void perm_adds_syscalls(void **state)
{
	static const char narrow[] =
		"-a always,exit -F arch=b64 -S mount -F path=/x -F perm=x";
	static const struct {
		const char *line;
		const char *without; /* the same rule where the library has no table */
	} cases[] = {
		{ narrow, "-a always,exit -F arch=b64 -S mount,execve -F path=/x "
			  "-F perm=x" },
		{ "-a always,exit -S mount -F path=/x -F perm=x",
		  "-a always,exit -S mount,execve -F path=/x -F perm=x" },
		{ "-a always,exit -F arch=b64 -F path=/x -F perm=x -S mount",
		  "-a always,exit -F arch=b64 -S mount,execve -F path=/x -F perm=x" },
		{ "-a always,exit -F arch!=b64 -F path=/x -F perm=x",
		  "-a always,exit -F arch!=b64 -S execve -F path=/x -F perm=x" },
		{ "-a always,exit -F arch=b64 -F path=/x -F perm=x",
		  "-a always,exit -F arch=b64 -S execve -F path=/x -F perm=x" },
		{ "-a always,exit -S all -F path=/x -F perm=x", "-w /x -p x" },
		{ "-a always,exit -F path=/x -F perm=x -S mount",
		  "-a always,exit -F path=/x -F perm=x -S mount" },
		{ "-a always,exit -F path=/x -F perm=x", "-w /x -p x" },
		{ "-w /x -p x", "-w /x -p x" },
		{ "-a always,exit -F path=/x -F perm=x -F arch=b64 -S mount",
		  "-a always,exit -F path=/x -F perm=x -F arch=b64 -S mount" },
		{ "-a always,exit -F perm=x -F arch=b64 -F path=/x -F perm=x",
		  "-a always,exit -F perm=x -F arch=b64 -S execve -F path=/x -F perm=x" },
	};
	hf_audit_names table = x86;
	hf_error *err = NULL;
	hf_audit_line line;

	(void)state;
	table.perm_table = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		hf_audit_rule *with = rule_of(&table, cases[i].line);
		hf_audit_rule *without = X(cases[i].without);

		if (!hf_audit_rule_equal(with, without) ||
		    memcmp(with->mask, without->mask,
			   AUDIT_BITMASK_SIZE * sizeof(*with->mask)) != 0)
			fail_msg("'%s': %s", cases[i].line,
				 hf_audit_rule_text(with, "x86_64", &arena));
	}
	assert_false(hf_audit_rule_same(rule_of(&table, narrow), X(narrow)));
	/* the syscalls stand, so another arch comes too late */
	assert_int_equal(hf_audit_line_parse("-a always,exit -F arch=b64 -F path=/x "
					     "-F perm=x -F arch=b32",
					     &table, &arena, &line, &err),
			 -EINVAL);
	hf_error_free(err);
}

/* auditctl 3.1 and later send what the kernel then does not look at. */
static void exclude_any_field(void **state)
{
	static const char line[] = "-a never,exclude -F euid>=0";
	hf_audit_names newer = x86;
	hf_error *err = NULL;
	hf_audit_line parsed;

	(void)state;
	newer.exclude_any = true;
	assert_int_equal(hf_audit_rule_takes(rule_of(&newer, line), X("-w /x -p wa")),
			 HF_AUDIT_TAKES_NONE);
	assert_int_equal(
		hf_audit_rule_takes(X("-a never,exclude -F uid>=0"), X("-w /x -p wa")),
		HF_AUDIT_TAKES_ALL);
	assert_int_equal(hf_audit_line_parse(line, &x86, &arena, &parsed, &err), -EINVAL);
	hf_error_free(err);
}

#define MOUNT "-a always,exit -S mount "
#define B64 "-a always,exit -F arch=b64 "

/* One event may have several of what these fields look at, and one call be of several
 * permissions: open for reading and writing, link. */
static void several_values(void **state)
{
	static const char *const meet[][2] = {
		{ "-w /x -p r -k a", "-w /x -p w -k b" },
		{ "-w /x -p w -k a", "-w /x -p a -k b" },
		/* with the tables of audit 4.1.1 and 4.2 */
		{ B64 "-F path=/x -F perm=x", B64 "-S execveat -F path=/x" },
		{ B64 "-F path=/x -F perm=w", B64 "-S quotactl_fd -F path=/x" },
		{ B64 "-F path=/x -F perm=r", B64 "-S stat -F path=/x" },
		{ B64 "-F path=/x -F perm=r", B64 "-S statx -F path=/x" },
		{ MOUNT "-F gid=5", MOUNT "-F gid=6" },
		{ MOUNT "-F egid=5", MOUNT "-F egid<5" },
		{ MOUNT "-F filetype=file", MOUNT "-F filetype=dir" },
		{ MOUNT "-F inode=5", MOUNT "-F inode=6" },
		{ MOUNT "-F devmajor=5", MOUNT "-F devmajor=6" },
		{ MOUNT "-F devminor=5", MOUNT "-F devminor=6" },
		{ MOUNT "-F obj_uid=5", MOUNT "-F obj_uid=6" },
		{ MOUNT "-F obj_gid=5", MOUNT "-F obj_gid=6" },
	};
	static const char *const apart[][2] = {
		{ "-w /x -p x -k a", "-w /x -p rwa -k b" },
		{ B64 "-F path=/x -F perm=w", B64 "-S stat -F path=/x" },
		{ MOUNT "-F sgid=5", MOUNT "-F sgid=6" },
		{ MOUNT "-F uid=5", MOUNT "-F uid=6" },
	};
	/* what the first matches the second need not match */
	static const char *const free_of[][2] = {
		{ MOUNT "-F gid=5", MOUNT "-F gid<10" },
		{ MOUNT "-F egid=5", MOUNT "-F egid!=6" },
		{ MOUNT "-F filetype=file", MOUNT "-F filetype!=dir" },
		{ MOUNT "-F obj_uid=5", MOUNT "-F obj_uid!=6" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(meet); i++)
		if (!hf_audit_rule_overlaps(X(meet[i][0]), X(meet[i][1])))
			fail_msg("'%s' and '%s' are apart", meet[i][0], meet[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(apart); i++)
		if (hf_audit_rule_overlaps(X(apart[i][0]), X(apart[i][1])))
			fail_msg("'%s' and '%s' meet", apart[i][0], apart[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(free_of); i++)
		if (hf_audit_rule_covers(X(free_of[i][1]), X(free_of[i][0])))
			fail_msg("'%s' over '%s'", free_of[i][1], free_of[i][0]);
	assert_true(hf_audit_rule_covers(X(MOUNT "-F gid=5"), X(MOUNT "-F gid=5 -k k")));
	assert_true(hf_audit_rule_covers(X(MOUNT "-F sgid<10"), X(MOUNT "-F sgid=5")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(released_tables, teardown),
		cmocka_unit_test_teardown(perm_adds_syscalls, teardown),
		cmocka_unit_test_teardown(exclude_any_field, teardown),
		cmocka_unit_test_teardown(several_values, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

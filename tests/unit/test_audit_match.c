/* SPDX-License-Identifier: Apache-2.0 */
/* Which events a rule matches: by permission, as each release of libaudit computes it. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(released_tables, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

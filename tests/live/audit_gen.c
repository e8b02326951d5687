/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of rules for the comparison with auditctl: every field with every operator on
 * every list, then random ones, good and bad. The same seed gives the same lines.
 *
 *	audit_gen SEED COUNT DIRECTORY	(an existing one, with a file "file" in it)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t seed;
static const char *dir;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static const char *const lists[] = { "exit", "task", "user", "exclude", "filesystem" };
static const char *const actions[] = { "always", "never" };
static const char *const operators[] = { "=", "!=", ">", "<", ">=", "<=", "&", "&=" };

typedef struct field {
	const char *name;
	const char *values[9]; /* "@" stands for the directory */
} field;

#define ID                                                                               \
	{                                                                                \
		"0", "1000", "root", "4294967294", "nosuchname", "-1", "0x10", "12x"     \
	}
#define NUMBER                                                                           \
	{                                                                                \
		"0", "1", "-1", "4294967295", "0x1f", "010", "abc", "7seven"             \
	}
#define LABEL                                                                            \
	{                                                                                \
		"system_u", "s0", "s0:c0.c1023", "a b"                                   \
	}

static const field fields[] = {
	{ "pid", NUMBER },
	{ "ppid", NUMBER },
	{ "uid", ID },
	{ "euid", ID },
	{ "suid", ID },
	{ "fsuid", ID },
	{ "gid", ID },
	{ "egid", ID },
	{ "sgid", ID },
	{ "fsgid", ID },
	{ "obj_uid", ID },
	{ "obj_gid", ID },
	{ "auid", { "1000", "unset", "-1", "4294967295", "root", "nosuchname", "0" } },
	{ "loginuid", { "500" } },
	{ "sessionid", { "1", "unset", "-1", "4294967295", "x", "4294967294" } },
	{ "pers", NUMBER },
	{ "arch", { "b64", "b32", "x86_64", "i386", "b16", "0xc000003e", "aarch64" } },
	{ "msgtype",
	  { "CWD", "1300", "USER_LOGIN", "NOSUCH", "99999", "-1", "SYSCALL" } },
	{ "subj_user", LABEL },
	{ "subj_role", LABEL },
	{ "subj_type", LABEL },
	{ "subj_sen", LABEL },
	{ "subj_clr", LABEL },
	{ "obj_user", LABEL },
	{ "obj_role", LABEL },
	{ "obj_type", LABEL },
	{ "obj_lev_low", LABEL },
	{ "obj_lev_high", LABEL },
	{ "devmajor", NUMBER },
	{ "devminor", NUMBER },
	{ "inode", NUMBER },
	{ "exit", { "0", "-EPERM", "EACCES", "-13", "-NOSUCH", "1", "-1", "2x" } },
	{ "success", { "0", "1", "yes", "2", "-1" } },
	{ "a0", NUMBER },
	{ "a1", NUMBER },
	{ "a2", NUMBER },
	{ "a3", NUMBER },
	{ "path", { "@/file", "@/none", "@", "relative", "@/", "/none/none", "@/.." } },
	{ "dir", { "@", "@/", "/none", "relative", "@/file", "/" } },
	{ "exe", { "/bin/sh", "@/none", "relative", "/none/none", "@" } },
	{ "perm", { "r", "wa", "rwxa", "WA", "z", "rwxar", "ww", "x" } },
	{ "filetype", { "file", "dir", "socket", "nosuch", "link", "character", "8" } },
	{ "fstype", { "tracefs", "debugfs", "0x74726163", "nosuch", "1684170528" } },
	{ "saddr_fam", { "inet", "inet6", "2", "unix", "0", "99", "-1", "local" } },
	{ "field_compare", { "1" } },
	{ "key", { "generated", "a,b", "x=y", "with\\ space" } },
	{ "nosuchfield", { "1" } },
};

static const char *const syscalls[] = {
	"open,openat",
	"mount",
	"all",
	"0",
	"59",
	"2031",
	"2048",
	"nosuchcall",
	"init_module,delete_module",
	"execve",
	"adjtimex,settimeofday",
	"umount2",
	"chmod,fchmod,fchmodat",
	"unlink,rename",
	"setxattr",
	"12abc",
	"kill,all",
	"-1",
	"umount",
	"socketcall",
	"0x3b",
	"ptrace",
};

static const char *const compares[] = {
	"uid!=euid",	 "auid=uid",	 "gid!=egid",	 "uid=gid",   "obj_uid!=uid",
	"auid!=obj_uid", "suid=fsuid",	 "sgid!=fsgid",	 "uid>euid",  "pid=uid",
	"uid",		 "egid=obj_gid", "obj_uid=auid", "euid!=uid",
};

static const char *const keys[] = { "docker", "time-change",   "a",
				    "x=y",    "long-key-name", "b\\\\c" };

static void put_value(const char *value)
{
	if (*value == '@')
		printf("%s%s", dir, value + 1);
	else
		printf("%s", value);
}

static void put_pair(const field *f, const char *op)
{
	size_t n = 0;

	while (n < COUNT(f->values) && f->values[n])
		n++;
	printf(" -F %s%s", f->name, op);
	put_value(f->values[pick((unsigned)n)]);
}

static void put_list(void)
{
	const char *list = lists[pick(10) < 7 ? 0 : pick(COUNT(lists))];
	const char *action = actions[pick(8) == 0];

	printf("-%c ", pick(8) ? 'a' : 'A');
	if (pick(8))
		printf("%s,%s", action, list);
	else
		printf("%s,%s", list, action);
}

static void put_keys(void)
{
	for (unsigned n = pick(3); n; n--)
		printf(pick(2) ? " -k %s" : " -F key=%s", keys[pick(COUNT(keys))]);
}

static void put_watch(void)
{
	static const char *const paths[] = { "@/file",	 "@",	       "@/",
					     "@/none",	 "/none/none", "relative",
					     "@/./file", "@//file",    "/" };
	static const char *const perms[] = { "wa", "r", "rwxa", "x", "q", "W" };

	printf("-w ");
	put_value(paths[pick(COUNT(paths))]);
	if (pick(3))
		printf(" -p %s", perms[pick(COUNT(perms))]);
	if (pick(3))
		put_keys();
	printf("\n");
}

static void put_rule(void)
{
	put_list();
	if (pick(2))
		printf(" -F arch=%s", pick(2) ? "b64" : "b32");
	for (unsigned n = pick(4) ? pick(3) : 0; n; n--)
		printf(" -S %s", syscalls[pick(COUNT(syscalls))]);
	for (unsigned n = pick(5); n; n--)
		put_pair(&fields[pick(COUNT(fields))],
			 operators[pick(3) ? 0 : pick(COUNT(operators))]);
	if (pick(8) == 0)
		printf(" -C %s", compares[pick(COUNT(compares))]);
	put_keys();
	if (pick(40) == 0)
		printf(" -S mount");
	if (pick(60) == 0)
		printf(" -p wa");
	if (pick(60) == 0)
		printf(" trailing");
	printf("\n");
}

/* What stands in nearly every rules file in use. */
static void put_usual(void)
{
	static const char *const calls[] = { "chmod,fchmod", "open,openat,creat,truncate",
					     "mount",	     "unlink,rename",
					     "setxattr",     "init_module",
					     "adjtimex",     "sethostname" };
	unsigned form = pick(4);
	const char *arch = pick(2) ? "b64" : "b32";

	if (form == 0)
		printf("-a always,exit -F arch=%s -F path=%s/p%u -F perm=%s -F "
		       "auid>=1000 "
		       "-F auid!=unset -k priv\n",
		       arch, dir, pick(10000), pick(2) ? "x" : "wa");
	else if (form == 1)
		printf("-w %s/w%u -p wa -k watch%u\n", dir, pick(10000), pick(5));
	else if (form == 2)
		printf("-a always,exit -F arch=%s -S %s -F auid>=%u -F auid!=%s -F "
		       "key=c\n",
		       arch, calls[pick(COUNT(calls))], pick(5000),
		       pick(2) ? "unset" : "4294967295");
	else
		printf("-a always,exit -F arch=%s -S %s -F exit=-%s -F success=0 "
		       "-F uid!=%u -k access\n",
		       arch, calls[pick(COUNT(calls))], pick(2) ? "EACCES" : "EPERM",
		       pick(5000));
}

int main(int argc, char **argv)
{
	unsigned count;

	if (argc != 4)
		return 64;
	seed = strtoull(argv[1], NULL, 10);
	count = (unsigned)strtoul(argv[2], NULL, 10);
	dir = argv[3];
	for (size_t l = 0; l < COUNT(lists); l++)
		for (size_t f = 0; f < COUNT(fields); f++)
			for (size_t o = 0; o < COUNT(operators); o++) {
				printf("-a always,%s%s", lists[l],
				       l == 0 && pick(2) ? " -S mount" : "");
				put_pair(&fields[f], operators[o]);
				printf("\n");
			}
	for (size_t f = 0; f < COUNT(fields); f++) /* every value once, in its place */
		for (size_t v = 0; v < COUNT(fields[f].values) && fields[f].values[v];
		     v++) {
			printf("-a always,%s -F %s=",
			       strcmp(fields[f].name, "msgtype") == 0  ? "exclude"
			       : strcmp(fields[f].name, "fstype") == 0 ? "filesystem"
								       : "exit",
			       fields[f].name);
			put_value(fields[f].values[v]);
			printf("\n");
		}
	for (size_t i = 0; i < COUNT(syscalls); i++)
		printf("-a always,exit -F arch=b%s -S %s\n", i % 3 ? "64" : "32",
		       syscalls[i]);
	for (size_t i = 0; i < COUNT(compares); i++)
		printf("-a always,exit -C %s\n", compares[i]);
	for (unsigned i = 0; i < count; i++) {
		unsigned form = pick(10);

		if (form == 0)
			put_watch();
		else if (form < 4)
			put_usual();
		else
			put_rule();
	}
	return 0;
}

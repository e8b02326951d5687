/* SPDX-License-Identifier: Apache-2.0 */
/* Audit rules: line, canonical rule, kernel struct; comparison, cover, overlap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <libaudit.h>
#include <stdio.h>
#include <string.h>

#include "audit_lines.h"
#include "kinds/audit/audit_codec.h"

/* Text, and the one spelling it comes to. */
static void spellings(void **state)
{
	static const struct {
		const char *text;
		const char *fixed; /* NULL: the same */
	} cases[] = {
		{ "-w /etc/passwd -p wa -k pw",
		  "-a always,exit -F path=/etc/passwd -F perm=wa -F key=pw" },
		{ "-w /etc/docker -p wa",
		  "-a always,exit -F dir=/etc/docker -F perm=wa" },
		{ "-w /etc/", "-a always,exit -F dir=/etc -F perm=rwxa" },
		{ "-w /x -p aw -k a -k b",
		  "-a always,exit -F path=/x -F perm=wa -F key=a -F key=b" },
		{ "-a exit,always -F path=/x -F perm=wa -k x",
		  "-a always,exit -F path=/x -F perm=wa -F key=x" },
		{ "-A always,exit -F arch=b64 -F path=/x -F perm=wa -k x",
		  "-a always,exit -F arch=b64 -F path=/x -F perm=wa -F key=x" },
		{ "-a always,exit -F arch=b64 -S open,openat -F auid>=1000 -F auid!=-1 "
		  "-k y",
		  "-a always,exit -F arch=b64 -S open,openat -F auid>=1000 -F "
		  "auid!=unset "
		  "-F key=y" },
		{ "-a always,exit -F arch=b32 -S openat -S open -F auid!=4294967295",
		  "-a always,exit -F arch=b32 -S open,openat -F auid!=unset" },
		{ "-a always,exit -F arch=x86_64 -S 2,257",
		  "-a always,exit -F arch=b64 -S open,openat" },
		{ "-a always,exit -F arch=0xC000003E -S mount",
		  "-a always,exit -F arch=b64 -S mount" },
		{ "-a always,exit -S all -F uid=root", "-a always,exit -F uid=0" },
		{ "-a always,exit -F gid=adm -S mount",
		  "-a always,exit -S mount -F gid=4" },
		{ "-a always,exit -F exit=-EPERM -S open -k z",
		  "-a always,exit -S open -F exit=-EPERM -F key=z" },
		{ "-a always,exit -F exit=-1 -S open",
		  "-a always,exit -S open -F exit=-EPERM" },
		{ "-a never,task", NULL },
		{ "-a never,user -F uid=0", NULL },
		{ "-a exclude,always -F msgtype=1307",
		  "-a always,exclude -F msgtype=CWD" },
		{ "-a never,filesystem -F fstype=tracefs", NULL },
		{ "-a always,exit -C auid!=obj_uid -S open",
		  "-a always,exit -S open -C auid!=obj_uid" },
		{ "-a always,exit -C obj_uid!=auid -S open",
		  "-a always,exit -S open -C auid!=obj_uid" },
		{ "-a always,exit -F filetype=socket -S open",
		  "-a always,exit -S open -F filetype=socket" },
		{ "-a always,exit -F a0=010 -F a1=0x10 -F a2&3 -F a3&=1 -S open",
		  "-a always,exit -S open -F a0=0x8 -F a1=0x10 -F a2&0x3 -F a3&=0x1" },
		{ "-a always,exit -F path=/with\\ space -F perm=wa", NULL },
		{ "-a always,exit -F key=k -F path=/x -F perm=w",
		  "-a always,exit -F path=/x -F perm=w -F key=k" },
		{ "-S open -a always,exit", "-a always,exit -S open" },
		{ "-a always,exit -Sopen -Fuid=0 -kglued",
		  "-a always,exit -S open -F uid=0 -F key=glued" },
		{ "  -a   always,exit   -S   open ", "-a always,exit -S open" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *fixed = cases[i].fixed ? cases[i].fixed : cases[i].text;
		char *text = hf_audit_rule_text(X(cases[i].text), "x86_64", &arena);

		assert_string_equal(text, fixed);
		/* the fixed spelling is a fixed point */
		assert_string_equal(hf_audit_rule_text(X(text), "x86_64", &arena), fixed);
	}
}

static void refusals(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} cases[] = {
		{ "-w relative", "watch 'relative' is not an absolute path" },
		{ "-w /x\n-e0 -p w", "the line holds a line break" },
		{ "-w /x -p wz", "perm 'wz' is not made of r, w, x and a" },
		{ "-w /x -p", "-p has no value" },
		{ "-p wa -w /x", "-p needs a watch before it" },
		{ "-k a -w /x",
		  "a key needs a watch, a syscall or such a field before it" },
		{ "-a always,exit -F uid=0 -k x",
		  "a key needs a watch, a syscall or such a field before it" },
		{ "-a always,exit -S open -F arch=b64",
		  "arch must stand before the syscalls" },
		{ "-a always,exit -S nosuch",
		  "there is no syscall named 'nosuch' on arch b64" },
		{ "-a always,exit -F arch=b64 -S umount",
		  "there is no syscall named 'umount' on arch b64" },
		{ "-a always,exit -S 2047",
		  "there is no syscall named '2047' on arch b64" },
		{ "-a always,exit -F uid=nobody9 -S open",
		  "no user is named 'nobody9' here" },
		{ "-a always,exit -F gid=nobody9 -S open",
		  "no group is named 'nobody9' here" },
		{ "-a always,exit -F uid=-1 -S open",
		  "'-1' is no id: only auid may be unset" },
		{ "-a always,exit -F nosuch=1", "there is no field named 'nosuch'" },
		{ "-a always,exit -F uid", "'uid' has no operator such as '='" },
		{ "-a always,exit -F uid=", "field 'uid' has no value" },
		{ "-a always,exit -F path=/a!=b", "there is no field named 'path=/a'" },
		{ "-a always,exit -F path!=/a",
		  "field 'path' takes the operator = only" },
		{ "-a always,exit -F path=/a/", "path '/a/' does not end in a name" },
		{ "-a always,exit -F dir=/a -F path=/b",
		  "path and dir cannot stand in one rule" },
		{ "-a always,exit -F exit=-ENOSUCH -S open",
		  "'-ENOSUCH' is no exit code and no errno" },
		{ "-a always,exclude -F euid=0",
		  "field 'euid' cannot stand on the exclude list" },
		{ "-a always,exit -F fstype=tracefs",
		  "field 'fstype' can only stand on the filesystem list" },
		{ "-a always,task -F success=1",
		  "field 'success' can only stand on the exit list" },
		{ "-a always,task -S open", "syscalls can only stand on the exit list" },
		{ "-a possible,exit", "-a 'possible,exit' is not LIST,ACTION" },
		{ "-a exit,nover", "-a 'exit,nover' is not LIST,ACTION" },
		{ "-a exit,alvays", "-a 'exit,alvays' is not LIST,ACTION" },
		{ "-a never,task -F sessionid=4",
		  "field 'sessionid' cannot stand on the task list" },
		{ "-a always,nosuch", "-a 'always,nosuch' is not LIST,ACTION" },
		{ "-a always,exit -a never,task",
		  "more than one of -a, -A, -d, -w and -W" },
		{ "-a always,exit -S open stray", "'stray' stands without an option" },
		{ "-F uid=0 -a always,exit", "a field needs the list before it" },
		{ "-S open", "the rule names no list" },
		{ "-a always,exit\t-S open", "-a 'always,exit\\t-S' is not LIST,ACTION" },
		{ "-z", "unknown option '-z'" },
		{ "--nosuch", "unknown option '--nosuch'" },
		{ "-e 3", "-e '3' is not a number from 0 to 2" },
		{ "-b -1", "-b '-1' is not a number from 0 to 4294967295" },
		{ "--backlog_wait_time 600001",
		  "--backlog_wait_time '600001' is not a number from 0 to 600000" },
		{ "-e 01", "-e '01' is not a number from 0 to 2" },
		{ "-f 3", "-f '3' is not a number from 0 to 2" },
		{ "-b many", "-b 'many' is not a number from 0 to 4294967295" },
		{ "-a always,exit -C uid=gid",
		  "the kernel cannot compare 'uid' with 'gid'" },
		{ "-R /other", "rules files cannot be nested" },
		{ "-D -k a -k b", "-D stands alone, or with one -k" },
		{ "-D -D", "-D stands alone, or with one -k" },
		{ "-D -F uid=0", "-D stands alone, or with one -k" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		hf_error *err = NULL;
		hf_audit_line line;

		if (hf_audit_line_parse(cases[i].text, &x86, &arena, &line, &err) !=
		    -EINVAL)
			fail_msg("'%s' was taken", cases[i].text);
		assert_string_equal(hf_error_text(err), cases[i].why);
		hf_error_free(err);
	}
}

static void other_lines(void **state)
{
	static const struct {
		const char *text;
		hf_audit_line_type type;
		hf_audit_setting setting;
		uint32_t value;
	} cases[] = {
		{ "", HF_AUDIT_LINE_BLANK, 0, 0 },
		{ "   ", HF_AUDIT_LINE_BLANK, 0, 0 },
		{ "# -a never,task", HF_AUDIT_LINE_BLANK, 0, 0 },
		{ "-D", HF_AUDIT_LINE_DELETE_ALL, 0, 0 },
		{ "-i", HF_AUDIT_LINE_IGNORE, 0, 0 },
		{ "-c", HF_AUDIT_LINE_CONTINUE, 0, 0 },
		{ "-t", HF_AUDIT_LINE_OTHER, 0, 0 },
		{ "-q /mnt,/srv", HF_AUDIT_LINE_OTHER, 0, 0 },
		{ "--reset-lost", HF_AUDIT_LINE_OTHER, 0, 0 },
		{ "-d always,exit -S open", HF_AUDIT_LINE_DELETE, 0, 0 },
		{ "-W /etc/passwd -p wa", HF_AUDIT_LINE_DELETE, 0, 0 },
		{ "-e 2", HF_AUDIT_LINE_SETTING, HF_AUDIT_ENABLED, 2 },
		{ "-f 1", HF_AUDIT_LINE_SETTING, HF_AUDIT_FAILURE, 1 },
		{ "-b 8192", HF_AUDIT_LINE_SETTING, HF_AUDIT_BACKLOG_LIMIT, 8192 },
		{ "-b 0x2000", HF_AUDIT_LINE_SETTING, HF_AUDIT_BACKLOG_LIMIT, 8192 },
		{ "-b 011", HF_AUDIT_LINE_SETTING, HF_AUDIT_BACKLOG_LIMIT, 9 },
		{ "-b 8192x", HF_AUDIT_LINE_SETTING, HF_AUDIT_BACKLOG_LIMIT, 8192 },
		{ "-b8192", HF_AUDIT_LINE_SETTING, HF_AUDIT_BACKLOG_LIMIT, 8192 },
		{ "-r 100", HF_AUDIT_LINE_SETTING, HF_AUDIT_RATE_LIMIT, 100 },
		{ "--backlog_wait_time 60000", HF_AUDIT_LINE_SETTING,
		  HF_AUDIT_BACKLOG_WAIT_TIME, 60000 },
		{ "--backlog_wait_time=5", HF_AUDIT_LINE_SETTING,
		  HF_AUDIT_BACKLOG_WAIT_TIME, 5 },
		{ "--loginuid-immutable", HF_AUDIT_LINE_SETTING,
		  HF_AUDIT_LOGINUID_IMMUTABLE, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		hf_error *err = NULL;
		hf_audit_line line;

		assert_int_equal(
			hf_audit_line_parse(cases[i].text, &x86, &arena, &line, &err), 0);
		assert_int_equal(line.type, cases[i].type);
		if (line.type != HF_AUDIT_LINE_SETTING)
			continue;
		assert_int_equal(line.setting, cases[i].setting);
		assert_int_equal(line.value, cases[i].value);
	}
}

/* As auditctl 3.0.9 sends it: arch, path, perm, key in order; every syscall. */
static void watch_struct(void **state)
{
	struct audit_rule_data *data;
	hf_error *err = NULL;
	size_t len;

	(void)state;
	assert_int_equal(
		hf_audit_rule_encode(X("-a always,exit -F arch=b64 -F dir=/etc/docker "
				       "-F perm=wa -F key=docker"),
				     &data, &len, &err),
		0);
	assert_int_equal(len, sizeof(*data) + 11 + 6);
	assert_int_equal(data->flags, AUDIT_FILTER_EXIT);
	assert_int_equal(data->action, AUDIT_ALWAYS);
	assert_int_equal(data->field_count, 4);
	assert_int_equal(data->fields[0], AUDIT_ARCH);
	assert_int_equal(data->values[0], 0xC000003E);
	assert_int_equal(data->fields[1], AUDIT_DIR);
	assert_int_equal(data->values[1], 11);
	assert_int_equal(data->fields[2], AUDIT_PERM);
	assert_int_equal(data->values[2], AUDIT_PERM_WRITE | AUDIT_PERM_ATTR);
	assert_int_equal(data->fields[3], AUDIT_FILTERKEY);
	assert_int_equal(data->values[3], 6);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(data->fieldflags[i], AUDIT_EQUAL);
	assert_int_equal(data->buflen, 17);
	assert_memory_equal((char *)data + sizeof(*data), "/etc/dockerdocker", 17);
	for (size_t i = 0; i < 63; i++)
		assert_int_equal(data->mask[i], UINT32_MAX);
	free(data);
}

/* The library's own builder and ours make the same. */
static void same_as_libaudit(void **state)
{
	static const char *const pairs[] = {
		"arch=b64", "uid>=1000", "auid!=unset",	  "exit=-EACCES",     "success=0",
		"gid<5",    "a0&16",	 "filetype=file", "path=/etc/shadow", "perm=rx"
	};
	struct audit_rule_data *theirs = audit_rule_create_data(), *ours;
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_error *err = NULL;
	size_t len;

	(void)state;
	hf_strbuf_adds(&sb, "-a always,exit");
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		char *pair = hf_arena_strdup(&arena, pairs[i]);

		assert_int_equal(
			audit_rule_fieldpair_data(&theirs, pair, AUDIT_FILTER_EXIT), 0);
		hf_strbuf_addf(&sb, " -F %s", pairs[i]);
	}
	assert_int_equal(hf_audit_rule_encode(X(hf_strbuf_str(&sb)), &ours, &len, &err),
			 0);
	assert_int_equal(ours->field_count, theirs->field_count);
	assert_memory_equal(ours->fields, theirs->fields, sizeof(ours->fields));
	assert_memory_equal(ours->values, theirs->values, sizeof(ours->values));
	assert_memory_equal(ours->fieldflags, theirs->fieldflags,
			    sizeof(ours->fieldflags));
	assert_int_equal(ours->buflen, theirs->buflen);
	assert_memory_equal((char *)ours + sizeof(*ours),
			    (char *)theirs + sizeof(*theirs), ours->buflen);
	free(ours);
	free(theirs);
}

static void through_the_struct(void **state)
{
	static const char *const texts[] = {
		("-a always,exit -F arch=b64 -S open,openat -F auid>=1000 -F key=a -F "
		 "key=b"),
		"-a always,exit -F path=/etc/passwd -F perm=wa -F key=pw",
		"-a never,task",
		"-a always,exclude -F msgtype=CWD",
		"-a always,exit -F exe=/bin/ls -F subj_type=t -S open",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		hf_audit_rule *rule = X(texts[i]), back;
		struct audit_rule_data *data;
		hf_error *err = NULL;
		size_t len;

		assert_int_equal(hf_audit_rule_encode(rule, &data, &len, &err), 0);
		/* the kernel keeps the classes' bits to itself */
		data->mask[63] &= HF_AUDIT_LAST_WORD_BITS;
		assert_int_equal(hf_audit_rule_decode(data, len, &arena, &back, &err), 0);
		assert_true(hf_audit_rule_equal(rule, &back));
		assert_true(hf_audit_rule_same(rule, &back));
		assert_true(hf_audit_rule_hash(rule) == hf_audit_rule_hash(&back));
		assert_int_equal(hf_audit_rule_decode(data, len - 1, &arena, &back, &err),
				 data->buflen ? -EBADMSG : -EBADMSG);
		hf_error_free(err);
		free(data);
	}
}

/* The mask that a library with a table computes is the same value as every syscall. */
static void by_perm(void **state)
{
	static const char table[] =
		"rename,mkdir,rmdir,creat,link,unlink,symlink,mknod,mkdirat,mknodat,"
		"unlinkat,"
		"renameat,linkat,symlinkat,renameat2,acct,swapon,quotactl,truncate,"
		"ftruncate,bind,"
		"fallocate,open,openat,openat2,chmod,fchmod,chown,lchown,fchown,setxattr,"
		"lsetxattr,"
		"fsetxattr,removexattr,lremovexattr,fremovexattr,fchownat,fchmodat";
	char *text = hf_arena_printf(
		&arena, "-a always,exit -F arch=b64 -S %s -F dir=/e -F perm=wa", table);
	hf_audit_rule *bare = X("-a always,exit -F arch=b64 -F dir=/e -F perm=wa");
	hf_audit_rule *computed = X(text);
	hf_audit_rule *narrow =
		X("-a always,exit -F arch=b64 -S rename -F dir=/e -F perm=wa");
	hf_audit_rule *no_arch = X("-a always,exit -F dir=/e -F perm=wa");

	(void)state;
	assert_true(bare->by_perm && bare->all);
	assert_true(computed->by_perm && !computed->all);
	assert_false(narrow->by_perm);
	assert_false(no_arch->by_perm);
	assert_true(hf_audit_rule_equal(bare, computed));
	assert_true(hf_audit_rule_hash(bare) == hf_audit_rule_hash(computed));
	assert_false(hf_audit_rule_equal(bare, narrow));
	assert_string_equal(hf_audit_rule_text(computed, "x86_64", &arena),
			    "-a always,exit -F arch=b64 -F dir=/e -F perm=wa");
	/* aarch64 has no open, rename or chmod */
	assert_true(rule_of(&arm,
			    "-a always,exit -F arch=b64 -S mkdirat,mknodat,unlinkat,"
			    "renameat,linkat,symlinkat,renameat2,acct,swapon,quotactl,"
			    "truncate,ftruncate,bind,fallocate,openat,openat2,fchmod,"
			    "fchown,setxattr,lsetxattr,fsetxattr,removexattr,"
			    "lremovexattr,fremovexattr,fchownat,fchmodat "
			    "-F dir=/e -F perm=wa")
			    ->by_perm);
}

static void machines(void **state)
{
	hf_audit_abi abis[2];
	hf_error *err = NULL;
	hf_audit_line line;

	(void)state;
	assert_int_equal(hf_audit_abis("x86_64", abis), 2);
	assert_string_equal(abis[0].name, "b64");
	assert_int_equal(abis[0].elf, 0xC000003E);
	assert_string_equal(abis[1].name, "b32");
	assert_int_equal(abis[1].elf, 0x40000003);
	assert_int_equal(hf_audit_abis("aarch64", abis), 1);
	assert_int_equal(abis[0].elf, 0xC00000B7);
	assert_int_equal(hf_audit_abis("pdp11", abis), 0);
	assert_int_equal(hf_audit_abis(NULL, abis), 0);
	assert_int_equal(rule_of(&arm, "-a always,exit -F arch=b64 -S openat")->mask[1],
			 1u << 24);
	assert_int_equal(X("-a always,exit -F arch=b64 -S openat")->mask[8], 2);
	assert_int_equal(hf_audit_line_parse("-a always,exit -F arch=b64 -S open", &arm,
					     &arena, &line, &err),
			 -EINVAL);
	hf_error_free(err);
}

static void cover(void **state)
{
	static const char r[] =
		"-a always,exit -F arch=b64 -F path=/etc/docker/key -F perm=wa -k k";
	static const struct {
		const char *wide;
		const char *narrow;
		bool yes;
	} cases[] = {
		{ r, r, true },
		{ "-w /etc/docker/key -p wa", r, true },
		{ "-w /etc/docker -p rwxa -k other", r, true },
		{ "-w /etc -p wa", r, true },
		{ "-a always,exit -F dir=/etc/docker/ -F perm=wa", r, true },
		{ "-a always,exit -F dir=/ -F perm=wa", r, true },
		{ "-a never,exit -F dir=/etc/docker", r, true },
		{ "-a always,exit -F arch=b64 -S all", r, true },
		{ "-w /etc/docker -p w", r, false },
		{ "-w /etc/dock -p wa", r, false },
		{ "-w /etc/docker/key2 -p wa", r, false },
		{ "-a always,exit -F arch=b32 -F dir=/etc/docker -F perm=wa", r, false },
		{ "-a always,exit -F dir=/etc/docker -F perm=wa -F auid!=0", r, false },
		{ "-a always,exit -F arch=b64 -S rename -F dir=/etc/docker -F perm=wa", r,
		  false },
		{ "-a always,exit -F path=/etc/docker -F perm=wa",
		  "-a always,exit -F dir=/etc/docker -F perm=wa", false },
		{ "-a always,exit -S mount -F auid>=500",
		  "-a always,exit -S mount -F auid>=1000", true },
		{ "-a always,exit -S mount -F auid>=1000",
		  "-a always,exit -S mount -F auid>=500", false },
		{ "-a always,exit -S mount -F auid!=5",
		  "-a always,exit -S mount -F auid>5", true },
		{ "-a always,exit -S mount -F auid<=5",
		  "-a always,exit -S mount -F auid=5", true },
		{ "-a always,exit -S mount,umount2", "-a always,exit -S mount", true },
		{ "-a always,exit -S mount", "-a always,exit -S mount,umount2", false },
		{ "-a always,exit -S all", "-a never,task", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (hf_audit_rule_covers(X(cases[i].wide), X(cases[i].narrow)) !=
		    cases[i].yes)
			fail_msg("'%s' over '%s': not %d", cases[i].wide, cases[i].narrow,
				 cases[i].yes);
}

static void overlap(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool yes;
	} cases[] = {
		{ "-w /etc/docker -p wa -k a", "-w /etc/docker/x -p wa -k b", true },
		{ "-w /etc/docker -p wa -k a", "-w /etc/dockerx -p wa -k b", false },
		{ "-w /etc/docker -p x -k a", "-w /etc/docker/x -p wa -k b", false },
		{ "-a always,exit -F arch=b64 -S open",
		  "-a always,exit -F arch=b32 -S open", false },
		{ "-a always,exit -S mount -F uid=0", "-a always,exit -S mount -F uid=1",
		  false },
		{ "-a always,exit -S mount -F uid=0", "-a always,exit -S mount -F uid<2",
		  true },
		{ "-a always,exit -S mount -F uid=0", "-a always,exit -S mount -F uid!=0",
		  false },
		{ "-a always,exit -S mount", "-a always,exit -S umount2", false },
		{ "-a always,exit -F arch=b64 -F dir=/e -F perm=wa",
		  "-a always,exit -F arch=b64 -S mount", false },
		{ "-a always,exit -F arch=b64 -F dir=/e -F perm=wa",
		  "-a always,exit -F arch=b64 -S ftruncate", true },
		{ "-a always,exit -S all", "-a always,task", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (hf_audit_rule_overlaps(X(cases[i].a), X(cases[i].b)) !=
			    cases[i].yes ||
		    hf_audit_rule_overlaps(X(cases[i].b), X(cases[i].a)) != cases[i].yes)
			fail_msg("'%s' and '%s': not %d", cases[i].a, cases[i].b,
				 cases[i].yes);
	}
}

static void order_of_fields(void **state)
{
	hf_audit_rule *a = X("-a always,exit -F path=/x -F perm=wa -k k");
	hf_audit_rule *b = X("-a always,exit -F perm=wa -F path=/x -k k");

	(void)state;
	assert_false(hf_audit_rule_equal(a, b));
	assert_true(hf_audit_rule_same(a, b));
	assert_true(hf_audit_rule_hash(a) == hf_audit_rule_hash(b));
}

/* Another rule for the kernel, the same events. */
static void bridges(void **state)
{
	static const struct {
		const char *rule, *bridge;
	} cases[] = {
		{ "-a always,exit -F path=/x -F perm=wa -k k",
		  "-a always,exit -F perm=wa -F path=/x -k k" },
		{ "-a always,exit -F uid=0", "-a always,exit -F uid=0 -F pid>=0" },
		{ "-a always,exit -S execve", "-a always,exit -S execve -F pid>=0" },
		{ "-a never,task", "-a never,task -F pid>=0" },
		{ "-a never,filesystem -F fstype=0x1",
		  "-a never,filesystem -F fstype=0x1 -F fstype!=0xffffffff" },
	};
	hf_audit_rule full = *X("-a always,exit -S execve");
	hf_audit_field fields[AUDIT_MAX_FIELDS];
	hf_audit_rule *bridge;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(hf_audit_rule_equal(
			hf_audit_rule_bridge(X(cases[i].rule), &arena),
			X(cases[i].bridge)));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		fields[i] = (hf_audit_field){ AUDIT_UID, AUDIT_EQUAL, 0, NULL };
	full.fields = fields;
	full.n_fields = ARRAY_SIZE(fields);
	bridge = hf_audit_rule_bridge(&full, &arena);
	assert_int_equal(bridge->n_fields, AUDIT_MAX_FIELDS - 1);
	assert_false(hf_audit_rule_equal(bridge, &full));
}

/* Whatever is thrown at it: an answer, and what it takes survives a round trip. */
static void mutations(void **state)
{
	static const char *const seeds[] = {
		("-a always,exit -F arch=b64 -S open,openat -F auid>=1000 -F auid!=unset "
		 "-F key=y"),
		"-w /etc/docker -p wa -k docker",
		"-a always,exit -C auid!=obj_uid -F exit=-EPERM -S mount -k z",
		"-a never,exclude -F msgtype=CWD",
		"--backlog_wait_time 60000",
	};
	static const char alphabet[] = "-aAFSCkpwD ,=!<>&/x0\\\t\x01\xff#e";
	unsigned seed = 20261122;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		cleanup_(hf_arena_done) hf_arena own = { 0 };
		cleanup_(hf_error_freep) hf_error *err = NULL;
		char text[160];
		hf_audit_line line;
		int r;

		(void)snprintf(text, sizeof(text), "%s",
			       seeds[round % ARRAY_SIZE(seeds)]);
		for (unsigned n = 0; n <= round % 4; n++) {
			seed = seed * 1103515245u + 12345u;
			text[(seed >> 16) % strlen(seeds[round % ARRAY_SIZE(seeds)])] =
				alphabet[(seed >> 8) % (sizeof(alphabet) - 1)];
		}
		r = hf_audit_line_parse(text, &x86, &own, &line, &err);
		assert_true(r == 0 || r == -EINVAL);
		assert_true((r == 0) == (err == NULL));
		if (r == 0 && line.type == HF_AUDIT_LINE_RULE) {
			char *fixed = hf_audit_rule_text(&line.rule, "x86_64", &own);
			const hf_audit_field *path = hf_audit_rule_path(&line.rule);
			hf_audit_line again;

			/* -w takes paths that -F cannot carry */
			if (line.watch && memchr(path->text, '=', path->value))
				continue;
			if (hf_audit_line_parse(fixed, &x86, &own, &again, &err) != 0)
				fail_msg("'%s' became '%s': %s", text, fixed,
					 hf_error_text(err));
			assert_true(hf_audit_rule_same(&line.rule, &again.rule));
		}
	}
}

/* What is known of fields and machines without asking libaudit is what it says. */
static void known_names(void **state)
{
	static const char *const fields[] = {
		"arch", "path", "perm", "dir", "key", "auid"
	};
	static const char *const machines[] = { "x86_64", "aarch64" };
	static const char *const values[] = { "b64", "/x", "wa", "/x", "k", "0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char pair[32];
		hf_audit_field field;
		hf_strbuf sb = { 0 };
		int type = audit_name_to_field(fields[i]);

		(void)snprintf(pair, sizeof(pair), "%s=%s", fields[i], values[i]);
		assert_int_equal(hf_audit_field_parse(pair, AUDIT_FILTER_EXIT, &x86,
						      &arena, &field, NULL),
				 0);
		assert_int_equal(field.type, type);
		hf_audit_field_print(&sb, &field, "x86_64");
		assert_string_equal(hf_strbuf_str(&sb), pair);
		assert_string_equal(audit_field_to_name(type), fields[i]);
		hf_strbuf_done(&sb);
	}
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		hf_audit_abi abis[2];
		size_t n = hf_audit_abis(machines[i], abis);

		assert_true(n > 0);
		assert_int_equal(abis[0].machine, audit_name_to_machine(machines[i]));
		for (size_t j = 0; j < n; j++)
			assert_int_equal(abis[j].elf,
					 audit_machine_to_elf(abis[j].machine));
	}
}

static void long_lines(void **state)
{
	static char text[8000];
	hf_error *err = NULL;
	hf_audit_line line;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(hf_audit_line_parse(text, &x86, &arena, &line, &err), -EINVAL);
	assert_string_equal(hf_error_text(err), "the line is longer than 6143 bytes");
	hf_error_free(take_ptr(err));
	for (size_t i = 0; i < 3000; i++)
		memcpy(text + 2 * i, "a ", 2);
	text[6000] = '\0';
	assert_int_equal(hf_audit_line_parse(text, &x86, &arena, &line, &err), -EINVAL);
	assert_string_equal(hf_error_text(err), "more than 256 words");
	hf_error_free(err);
}

/* libaudit takes one field less than the kernel, keys included. */
static void many_fields(void **state)
{
	char text[1024] = "-a always,exit -S open";
	size_t len = strlen(text);
	hf_error *err = NULL;
	hf_audit_line line;

	(void)state;
	for (size_t i = 0; i < 62; i++, len += strlen(" -F uid=0"))
		memcpy(text + len, " -F uid=0", sizeof(" -F uid=0"));
	memcpy(text + len, " -k x", sizeof(" -k x"));
	assert_int_equal(hf_audit_line_parse(text, &x86, &arena, &line, &err), 0);
	assert_int_equal(line.rule.n_fields, 63);
	memcpy(text + len, " -F gid=0 -k x", sizeof(" -F gid=0 -k x"));
	assert_int_equal(hf_audit_line_parse(text, &x86, &arena, &line, &err), -EINVAL);
	assert_string_equal(hf_error_text(err), "more than 63 fields");
	hf_error_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(spellings, teardown),
		cmocka_unit_test_teardown(refusals, teardown),
		cmocka_unit_test_teardown(other_lines, teardown),
		cmocka_unit_test_teardown(watch_struct, teardown),
		cmocka_unit_test_teardown(same_as_libaudit, teardown),
		cmocka_unit_test_teardown(through_the_struct, teardown),
		cmocka_unit_test_teardown(by_perm, teardown),
		cmocka_unit_test_teardown(machines, teardown),
		cmocka_unit_test_teardown(cover, teardown),
		cmocka_unit_test_teardown(overlap, teardown),
		cmocka_unit_test_teardown(order_of_fields, teardown),
		cmocka_unit_test_teardown(bridges, teardown),
		cmocka_unit_test_teardown(mutations, teardown),
		cmocka_unit_test_teardown(known_names, teardown),
		cmocka_unit_test_teardown(long_lines, teardown),
		cmocka_unit_test_teardown(many_fields, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests/live/audit_diff.sh: the second half of the comparison with auditctl.
 *
 *	audit_diff LINES LOG DIFFERENCES DUMP
 *
 * Puts each of LINES through our codec and into the kernel's list (empty before), and
 * compares with what auditctl sent and was answered (LOG, see audit_spy.c). A line that
 * differs has to match a line of DIFFERENCES, "ERE<TAB>REASON". Then the list has to be
 * DUMP, which `audit_diff --dump` wrote after auditctl's load; and every rule has to
 * survive text -> rule -> text and kernel -> rule -> kernel.
 */
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "host/audit_nl.h"
#include "kinds/audit/audit_codec.h"
#include "tests/live/audit_host.h"

#define LINES_MAX 20000

typedef struct theirs {
	bool sent;
	int answer;
	unsigned char *bytes;
	size_t len;
} theirs;

static struct difference {
	regex_t pattern;
	char *reason;
	size_t hits;
} differences[64];
static size_t n_differences;
static theirs their[LINES_MAX];
static int failed;
static size_t n_accepted, n_refused;

static void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static void complain(const char *line, const char *what)
{
	printf("not ok: '%s': %s\n", line, what);
	failed = 1;
}

static int read_differences(const char *path)
{
	cleanup_(close_file) FILE *f = fopen(path, "re");
	char line[1024], *tab;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		tab = strchr(line, '\t');
		if (*line == '#' || !*line)
			continue;
		if (!tab || n_differences == ARRAY_SIZE(differences))
			return -EINVAL;
		*tab = '\0';
		if (regcomp(&differences[n_differences].pattern, line,
			    REG_EXTENDED | REG_NOSUB) != 0)
			return -EINVAL;
		differences[n_differences++].reason = strdup(tab + 1);
	}
	return 0;
}

static int read_log(const char *path)
{
	cleanup_(close_file) FILE *f = fopen(path, "re");
	static char line[64000];
	theirs *t = NULL;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		unsigned long number = strtoul(line + 5, NULL, 10);

		if (strncmp(line, "line ", 5) == 0)
			t = number < LINES_MAX ? &their[number] : NULL;
		else if (t && strncmp(line, "answer ", 7) == 0)
			t->answer = atoi(line + 7);
		else if (t && strncmp(line, "rule ", 5) == 0) {
			size_t len = strcspn(line + 5, "\n") / 2;

			t->sent = true;
			t->len = len;
			t->bytes = calloc(1, len + 1);
			for (size_t i = 0; t->bytes && i < len; i++) {
				unsigned byte = 0;

				(void)sscanf(line + 5 + 2 * i, "%2x", &byte);
				t->bytes[i] = (unsigned char)byte;
			}
			if (t->bytes &&
			    len >= sizeof(struct audit_rule_data)) /* without padding */
				t->len = sizeof(struct audit_rule_data) +
					 ((struct audit_rule_data *)(void *)t->bytes)
						 ->buflen;
		}
	}
	return 0;
}

/* The classes are the kernel's, whatever is sent; PREPEND is no part of a rule. */
static bool same_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
	struct audit_rule_data x, y;

	if (a_len != b_len || a_len < sizeof(x))
		return false;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	x.mask[AUDIT_BITMASK_SIZE - 1] &= HF_AUDIT_LAST_WORD_BITS;
	y.mask[AUDIT_BITMASK_SIZE - 1] &= HF_AUDIT_LAST_WORD_BITS;
	x.flags &= ~(uint32_t)AUDIT_FILTER_PREPEND;
	y.flags &= ~(uint32_t)AUDIT_FILTER_PREPEND;
	return memcmp(&x, &y, sizeof(x)) == 0 &&
	       memcmp((const char *)a + sizeof(x), (const char *)b + sizeof(y),
		      a_len - sizeof(x)) == 0;
}

static void check_text(const char *line, const hf_audit_rule *rule,
		       const hf_audit_names *names, hf_arena *arena)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char *text = hf_audit_rule_text(rule, names->machine, arena), *again;
	hf_audit_line parsed;

	if (!text || hf_audit_line_parse(text, names, arena, &parsed, &err) < 0) {
		complain(line, text ? text : "no memory");
		complain(line, err ? hf_error_text(err) : "the text is refused");
		return;
	}
	again = hf_audit_rule_text(&parsed.rule, names->machine, arena);
	if (!again || strcmp(text, again) != 0 || !hf_audit_rule_same(rule, &parsed.rule))
		complain(line, "text -> rule -> text gives another rule");
}

static int ours(hf_host *host, const char *line, const hf_audit_names *names,
		hf_arena *arena, struct audit_rule_data **ret, size_t *ret_len,
		hf_error **err)
{
	hf_audit_line parsed;
	int r = hf_audit_line_parse(line, names, arena, &parsed, err);

	if (r >= 0 && parsed.type != HF_AUDIT_LINE_RULE)
		return -ENOMSG;
	if (r >= 0)
		r = hf_audit_rule_encode(&parsed.rule, ret, ret_len, err);
	if (r >= 0)
		check_text(line, &parsed.rule, names, arena);
	return r < 0 ? r : hf_audit_add(host, *ret, *ret_len, err);
}

static void show_difference(const struct audit_rule_data *a,
			    const struct audit_rule_data *b)
{
	const uint32_t *x = (const uint32_t *)a, *y = (const uint32_t *)b;

	for (size_t i = 0; i < sizeof(*a) / sizeof(*x); i++)
		if (x[i] != y[i])
			printf("  word %zu: %x, ours %x\n", i, x[i], y[i]);
}

static void compare(hf_host *host, const char *line, const theirs *t,
		    const hf_audit_names *names)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_free struct audit_rule_data *data = NULL;
	size_t len = 0;
	int r = ours(host, line, names, &arena, &data, &len, &err);
	bool they = t->sent && (t->answer == 0 || t->answer == EEXIST);
	bool we = r == 0 || r == -EEXIST;
	const char *what = NULL;

	if (they != we)
		what = they ? "auditctl loads it, we do not"
			    : "we load it, auditctl does not";
	else if (they && !same_bytes(t->bytes, t->len, data, len))
		what = "the rules differ";
	else if (they && (t->answer == EEXIST) != (r == -EEXIST))
		what = "one of both was there already, the other not";
	n_accepted += they && we;
	n_refused += !they && !we;
	for (size_t i = 0; what && i < n_differences; i++)
		if (regexec(&differences[i].pattern, line, 0, NULL, 0) == 0) {
			differences[i].hits++;
			/* keep the lists alike */
			if (r == 0)
				(void)!hf_audit_delete(host, data, len, NULL);
			if (they && t->answer == 0)
				(void)!hf_audit_add(
					host, (struct audit_rule_data *)(void *)t->bytes,
					t->len, NULL);
			return;
		}
	if (what)
		complain(line, what);
	if (what && they && we)
		show_difference((const void *)t->bytes, data);
	if (what && err)
		printf("  ours: %s; auditctl's: %s, %d\n", hf_error_text(err),
		       t->sent ? "sent" : "not sent", t->answer);
}

typedef struct dumper {
	FILE *out;
	const char *machine;
} dumper;

/* kernel -> rule -> kernel, and a dump for the comparison. */
static int dump_rule(void *user, const struct audit_rule_data *raw, size_t raw_len,
		     hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_free struct audit_rule_data *data = NULL;
	const unsigned char *p = (const unsigned char *)raw;
	const dumper *d = user;
	hf_audit_rule rule;
	size_t len;
	char *text;

	for (size_t k = 0; k < raw_len; k++)
		fprintf(d->out, "%02x", p[k]);
	fprintf(d->out, "\n");
	if (hf_audit_rule_decode(raw, raw_len, &arena, &rule, &why) < 0) {
		complain("of the kernel", hf_error_text(why));
		return 0;
	}
	text = hf_audit_rule_text(&rule, d->machine, &arena);
	if (hf_audit_rule_encode(&rule, &data, &len, err) < 0)
		return -ENOMEM;
	/* all of them is stored without the classes */
	data->mask[AUDIT_BITMASK_SIZE - 1] &= HF_AUDIT_LAST_WORD_BITS;
	if (!same_bytes(raw, raw_len, data, len))
		complain(text ? text : "?", "kernel -> rule -> kernel differs");
	return 0;
}

static int dump(hf_host *host, FILE *out, const char *machine)
{
	dumper d = { out, machine };

	return hf_audit_list(host, dump_rule, &d, NULL) < 0 ? 1 : failed;
}

static int same_files(const char *a, const char *b)
{
	cleanup_(close_file) FILE *f = fopen(a, "re");
	cleanup_(close_file) FILE *g = fopen(b, "re");
	size_t n = 0;
	int c;

	if (!f || !g)
		return -1;
	while ((c = getc(f)) == getc(g)) {
		if (c == EOF)
			return (int)n;
		n += c == '\n';
	}
	return -1;
}

/* Does libaudit add the syscalls of perm to a rule? */
static bool has_perm_table(const char *machine)
{
	uint32_t mask[AUDIT_BITMASK_SIZE];
	hf_audit_abi abis[2];
	bool all = true;

	if (hf_audit_abis(machine, abis) == 0 ||
	    hf_audit_perm_mask(abis[0].elf, AUDIT_PERM_EXEC, mask, NULL) < 0)
		return false;
	for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
		all &= mask[i] == UINT32_MAX;
	return !all;
}

int main(int argc, char **argv)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	cleanup_(hf_host_close) hf_host host = { 0 };
	hf_audit_names names = { .id = find_id, .is_dir = is_dir, .user = &host };
	cleanup_(close_file) FILE *lines = NULL;
	cleanup_(close_file) FILE *out = NULL;
	struct utsname uts;
	char line[8192], path[4096];
	size_t n = 0;
	int same;

	if (uname(&uts) < 0 || hf_host_open(&host, NULL, &err) < 0)
		return 1;
	names.machine = uts.machine;
	names.perm_table = names.exclude_any = has_perm_table(uts.machine);
	if (argc == 2 && strcmp(argv[1], "--dump") == 0)
		return dump(&host, stdout, uts.machine);
	if (argc != 5)
		return 64;
	lines = fopen(argv[1], "re");
	if (!lines || read_log(argv[2]) < 0 || read_differences(argv[3]) < 0) {
		fprintf(stderr, "audit_diff: cannot read its files\n");
		return 1;
	}
	while (fgets(line, sizeof(line), lines) && ++n < LINES_MAX) {
		line[strcspn(line, "\n")] = '\0';
		compare(&host, line, &their[n], &names);
	}
	for (size_t i = 0; i < n_differences; i++)
		printf("%zu lines differ: %s\n", differences[i].hits,
		       differences[i].reason);
	(void)snprintf(path, sizeof(path), "%s.ours", argv[4]);
	out = fopen(path, "we");
	if (!out)
		return 1;
	(void)dump(&host, out, uts.machine);
	(void)fflush(out);
	same = same_files(argv[4], path);
	if (same < 0)
		complain("the kernel's list", "is another than after auditctl");
	printf("%zu lines: %zu accepted and %zu refused by both; %d rules stored alike\n",
	       n, n_accepted, n_refused, same);
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests/live/audit_random.sh: random lists on the real kernel.
 *
 *	audit_random make SEED DIR	DIR/there: rules for the kernel, in order;
 *					DIR/wanted: what is demanded; DIR/b.yaml
 *	audit_random step DIR		what the last step had loaded still is
 *	audit_random end DIR		the list is as it must be
 *
 * The watched paths are below DIR/w.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../unit/audit_lists.h"
#include "host/host.h"
#include "kinds/audit/audit_codec.h"
#include "kinds/audit/audit_kernel.h"

#define TEXT_MAX 1024

static FILE *open_in(const char *dir, const char *name, const char *mode)
{
	cleanup_free char *path = NULL;
	FILE *f;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		abort();
	f = fopen(path, mode);
	if (!f && *mode == 'w')
		abort();
	return f;
}

static int make(const char *dir)
{
	static char texts[RULES_MAX * 2][TEXT_MAX], base[TEXT_MAX / 2];
	static const char *there[RULES_MAX * 2];
	size_t n = 1 + dice(RULES_MAX), n_foreign = dice(RULES_MAX / 4), n_there = 0;
	FILE *yaml = open_in(dir, "b.yaml", "w"), *wanted = open_in(dir, "wanted", "w");
	FILE *kernel = open_in(dir, "there", "w");

	(void)snprintf(base, sizeof(base), "%s/w", dir);
	fputs("holdfast: 1\nname: live-random\ntitle: Random rules\ncontrols:\n"
	      "  - id: random\n    title: Rules\n    audit:\n      rules:\n",
	      yaml);
	for (size_t i = 0; i < n + n_foreign; i++) {
		random_rule(texts[i], sizeof(texts[i]), base, i >= n, (unsigned)i);
		if (i < n) {
			fprintf(yaml, "        - {rule: \"%s\"}\n", texts[i]);
			fprintf(wanted, "%s\n", texts[i]);
		}
		if (i >= n || dice(3))
			there[n_there++] = texts[i];
	}
	shuffle(there, n_there);
	for (size_t i = 0; i < n_there; i++)
		fprintf(kernel, "%s\n", there[i]);
	return fclose(yaml) || fclose(wanted) || fclose(kernel);
}

static void read_rules(const char *dir, const char *name, hf_arena *arena, list *ret)
{
	const hf_audit_names names = { .machine = "x86_64" };
	FILE *f = open_in(dir, name, "r");
	char line[TEXT_MAX];

	ret->n = 0;
	while (f && fgets(line, sizeof(line), f)) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		hf_audit_rule *rule = hf_arena_new(arena, hf_audit_rule);
		hf_audit_line parsed;

		line[strcspn(line, "\n")] = '\0';
		if (!rule || hf_audit_line_parse(line, &names, arena, &parsed, &err) < 0)
			abort();
		*rule = parsed.rule;
		ret->rules[ret->n++] = rule;
	}
	if (f)
		(void)fclose(f);
}

static int read_kernel(hf_arena *arena, list *ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	cleanup_(hf_host_close) hf_host host = { 0 };
	struct audit_status status;
	hf_audit_table table;

	ret->n = 0;
	if (hf_host_open(&host, NULL, &err) < 0 ||
	    hf_audit_kernel_read(&host, arena, &status, &table, &err) < 0) {
		fprintf(stderr, "%s\n", hf_error_text(err));
		return -1;
	}
	for (size_t i = 0; i < table.n && i < ARRAY_SIZE(ret->rules); i++)
		ret->rules[ret->n++] = table.items[i].rule;
	return 0;
}

/* DIR/served has a byte for each wanted rule: was it loaded the last time? */
static int step(const char *dir, const list *now, const list *wanted)
{
	char served[RULES_MAX + 1] = { 0 };
	FILE *f = open_in(dir, "served", "r");
	int missing = 0;

	if (f && fread(served, 1, wanted->n, f) != wanted->n)
		abort();
	if (f)
		(void)fclose(f);
	for (size_t i = 0; i < wanted->n; i++) {
		bool is = is_served(now, wanted->rules[i]);

		if (!is && served[i] == '1') {
			fprintf(stderr, "rule %zu is not loaded any more\n", i + 1);
			missing++;
		}
		served[i] = is ? '1' : '0';
	}
	f = open_in(dir, "served", "w");
	return fputs(served, f) < 0 || fclose(f) || missing;
}

int main(int argc, char **argv)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	static list now, wanted, first;
	const char *fault;

	if (argc == 4 && strcmp(argv[1], "make") == 0) {
		seed = (unsigned)strtoul(argv[2], NULL, 10);
		return make(argv[3]);
	}
	if (argc != 3)
		return 64;
	read_rules(argv[2], "there", &arena, &first);
	read_rules(argv[2], "wanted", &arena, &wanted);
	if (read_kernel(&arena, &now) < 0)
		return 1;
	if (strcmp(argv[1], "step") == 0)
		return step(argv[2], &now, &wanted);
	fault = find_fault(&first, &now, &wanted);
	if (fault)
		fprintf(stderr, "%s\n", fault);
	return fault != NULL;
}

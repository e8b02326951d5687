/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests/live/audit.sh: shows rules as one line of fields each, so that what our codec
 * makes of a text and what the kernel stores of auditctl's rule can be compared.
 *
 *	audit_tool parse     each line of standard input, through our codec
 *	audit_tool dump      the kernel's list
 *	audit_tool load      add each line of standard input to the kernel's list
 *	audit_tool unload    delete each
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "host/audit_nl.h"
#include "kinds/audit/audit_codec.h"
#include "tests/live/audit_host.h"

static void show(const struct audit_rule_data *data, bool stored)
{
	const unsigned char *buf = (const unsigned char *)data + sizeof(*data);

	printf("list=%u action=%u mask=", stored ? data->flags : data->flags & 0xfu,
	       data->action);
	for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
		printf("%x.", i == 63 ? data->mask[i] & 0xffff : data->mask[i]);
	for (size_t i = 0; i < data->field_count; i++)
		printf(" %u/%x/%u", data->fields[i], data->fieldflags[i],
		       data->values[i]);
	printf(" buf=");
	for (size_t i = 0; i < data->buflen; i++)
		printf("%02x", buf[i]);
	printf("\n");
}

static int each_line(hf_host *host, const char *what, const hf_audit_names *names)
{
	char line[8192];
	int failed = 0;

	while (fgets(line, sizeof(line), stdin)) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		cleanup_(hf_arena_done) hf_arena arena = { 0 };
		cleanup_free struct audit_rule_data *data = NULL;
		hf_audit_line parsed;
		size_t len;
		int r;

		line[strcspn(line, "\n")] = '\0';
		r = hf_audit_line_parse(line, names, &arena, &parsed, &err);
		if (r == 0 && parsed.type != HF_AUDIT_LINE_RULE) {
			printf("no rule\n");
			continue;
		}
		if (r == 0)
			r = hf_audit_rule_encode(&parsed.rule, &data, &len, &err);
		if (r == 0 && strcmp(what, "load") == 0)
			r = hf_audit_add(host, data, len, &err);
		else if (r == 0 && strcmp(what, "unload") == 0)
			r = hf_audit_delete(host, data, len, &err);
		else if (r == 0)
			show(data, false);
		if (r < 0)
			printf("error: %s\n", hf_error_text(err));
		failed |= r < 0;
	}
	return failed;
}

static int show_rule(void *user, const struct audit_rule_data *rule, size_t len,
		     hf_error **err)
{
	(void)user;
	(void)len;
	(void)err;
	show(rule, true);
	return 0;
}

int main(int argc, char **argv)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	cleanup_(hf_host_close) hf_host host = { 0 };
	hf_audit_names names = { .id = find_id, .is_dir = is_dir, .user = &host };
	struct utsname uts;

	if (argc != 2 || uname(&uts) < 0)
		return 64;
	names.machine = uts.machine;
	if (hf_host_open(&host, NULL, &err) < 0)
		goto fail;
	if (strcmp(argv[1], "dump") != 0)
		return each_line(&host, argv[1], &names);
	if (hf_audit_list(&host, show_rule, NULL, &err) < 0)
		goto fail;
	return 0;
fail:
	fprintf(stderr, "%s\n", hf_error_text(err));
	return 1;
}

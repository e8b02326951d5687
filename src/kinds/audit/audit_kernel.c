/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/audit_nl.h"

typedef struct list {
	hf_arena arena;
	hf_audit_table table;
} list;

typedef struct filler {
	hf_arena *arena;
	hf_audit_table *table;
} filler;

/* Only the strings are kept of the kernel's kilobyte for each rule. */
static int keep_strings(hf_audit_rule *rule, const struct audit_rule_data *data,
			hf_arena *arena)
{
	const char *buf = (const char *)data + sizeof(*data);
	char *copy = data->buflen ? hf_arena_memdup(arena, buf, data->buflen) : NULL;

	if (data->buflen && !copy)
		return -ENOMEM;
	for (size_t i = 0; i < rule->n_fields; i++)
		if (rule->fields[i].text)
			rule->fields[i].text = copy + (rule->fields[i].text - buf);
	return 0;
}

static int take(void *user, const struct audit_rule_data *data, size_t len,
		hf_error **err)
{
	filler *f = user;
	hf_audit_rule *rule = hf_arena_new(f->arena, hf_audit_rule);
	hf_audit_entry *entry;
	int r;

	if (!rule)
		return hf_error_oom(err);
	r = hf_audit_rule_decode(data, len, f->arena, rule, err);
	if (r == 0 && keep_strings(rule, data, f->arena) < 0)
		r = hf_error_oom(err);
	if (r < 0)
		return r;
	entry = hf_audit_table_add(f->table, rule, f->arena);
	if (!entry)
		return hf_error_oom(err);
	if (hf_audit_rule_encodes(rule, data, len))
		return 0;
	entry->raw = (const void *)hf_arena_memdup(f->arena, data, len);
	entry->raw_len = len;
	return entry->raw ? 0 : hf_error_oom(err);
}

static int take_ahead(void *user, const struct audit_rule_data *data, size_t len,
		      hf_error **err)
{
	list *l = user;

	return take(&(filler){ &l->arena, &l->table }, data, len, err);
}

static int end_ahead(void *user)
{
	list *l = user;

	return hf_audit_table_index(&l->table, &l->arena);
}

static void drop(void *user)
{
	list *l = user;

	hf_arena_done(&l->arena);
	free(l);
}

bool hf_audit_is_on_from_boot(const char *cmdline)
{
	bool on = false;

	/* the last one counts: __setup() handlers run for each */
	for (const char *p = cmdline; *p;) {
		size_t len;

		p += strspn(p, " \t\n");
		len = strcspn(p, " \t\n");
		if (strncmp(p, "audit=", 6) == 0)
			on = (len == 7 && p[6] == '1') ||
			     (len == 8 && strncmp(p + 6, "on", 2) == 0);
		p += len;
	}
	return on;
}

void hf_audit_kernel_ahead(struct hf_host *host)
{
	list *l = calloc(1, sizeof(*l));

	if (l)
		hf_audit_list_ahead(host, take_ahead, end_ahead, l, drop);
}

int hf_audit_kernel_read(struct hf_host *host, hf_arena *arena,
			 struct audit_status *status, hf_audit_table *ret, hf_error **err)
{
	list *ahead = hf_audit_list_taken(host, status);
	hf_audit_table table = { 0 };
	int r;

	if (ahead) {
		*ret = ahead->table;
		hf_arena_adopt(arena, &ahead->arena);
		free(ahead);
		return 0;
	}
	r = hf_audit_status(host, status, err);
	if (r == 0)
		r = hf_audit_list(host, take, &(filler){ arena, &table }, err);
	if (r == 0 && hf_audit_table_index(&table, arena) < 0)
		r = hf_error_oom(err);
	if (r == 0)
		*ret = table;
	return r;
}

void hf_audit_kernel_settings(const struct audit_status *status, uint32_t features,
			      uint32_t ret[static HF_AUDIT_SETTING_MAX_])
{
	ret[HF_AUDIT_ENABLED] = status->enabled;
	ret[HF_AUDIT_FAILURE] = status->failure;
	ret[HF_AUDIT_BACKLOG_LIMIT] = status->backlog_limit;
	ret[HF_AUDIT_BACKLOG_WAIT_TIME] = status->backlog_wait_time;
	ret[HF_AUDIT_RATE_LIMIT] = status->rate_limit;
	ret[HF_AUDIT_LOGINUID_IMMUTABLE] =
		(features & AUDIT_FEATURE_TO_MASK(AUDIT_FEATURE_LOGINUID_IMMUTABLE)) != 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical rule to struct audit_rule_data and back. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "kinds/audit/audit_codec.h"

static size_t strings_len(const hf_audit_rule *rule)
{
	size_t len = 0;

	for (size_t i = 0; i < rule->n_fields; i++)
		if (rule->fields[i].text)
			len += rule->fields[i].value;
	return len;
}

/* Into @data, which is zeroed and long enough. */
static void fill(const hf_audit_rule *rule, struct audit_rule_data *data)
{
	char *buf = (char *)data + sizeof(*data);

	data->flags = rule->list | (rule->prepend ? AUDIT_FILTER_PREPEND : 0);
	data->action = rule->action;
	data->field_count = (uint32_t)rule->n_fields;
	data->buflen = (uint32_t)strings_len(rule);
	memcpy(data->mask, rule->mask, sizeof(data->mask));
	for (size_t i = 0; i < rule->n_fields; i++) {
		const hf_audit_field *f = &rule->fields[i];

		data->fields[i] = f->type;
		data->fieldflags[i] = f->op;
		data->values[i] = f->value;
		if (!f->text)
			continue;
		memcpy(buf, f->text, f->value);
		buf += f->value;
	}
}

bool hf_audit_rule_encodes(const hf_audit_rule *rule, const struct audit_rule_data *data,
			   size_t len)
{
	/* nearly all fit: a copy of a kilobyte for each rule of a list is not asked for
	 */
	_Alignas(struct audit_rule_data) char own[sizeof(*data) + PATH_MAX];

	if (rule->n_fields > AUDIT_MAX_FIELDS ||
	    len != sizeof(*data) + strings_len(rule) || len > sizeof(own))
		return false;
	memset(own, 0, sizeof(*data));
	fill(rule, (struct audit_rule_data *)(void *)own);
	return memcmp(own, data, len) == 0;
}

int hf_audit_rule_encode(const hf_audit_rule *rule, struct audit_rule_data **ret,
			 size_t *ret_len, hf_error **err)
{
	struct audit_rule_data *data;
	size_t len = sizeof(*data) + strings_len(rule);

	if (rule->n_fields > AUDIT_MAX_FIELDS)
		return hf_error_set(err, -E2BIG, "a rule holds at most %d fields",
				    AUDIT_MAX_FIELDS);
	data = calloc(1, len);
	if (!data)
		return hf_error_oom(err);
	fill(rule, data);
	*ret = data;
	*ret_len = len;
	return 0;
}

int hf_audit_rule_decode(const struct audit_rule_data *data, size_t len, hf_arena *arena,
			 hf_audit_rule *ret, hf_error **err)
{
	hf_audit_rule rule = { 0 };
	const char *buf = (const char *)data + sizeof(*data);
	size_t left;

	if (len < sizeof(*data) || data->buflen > len - sizeof(*data) ||
	    data->field_count > AUDIT_MAX_FIELDS)
		return hf_error_set(err, -EBADMSG, "the kernel's rule is damaged");
	left = data->buflen;
	rule.list = data->flags & ~(uint32_t)AUDIT_FILTER_PREPEND;
	rule.prepend = data->flags & AUDIT_FILTER_PREPEND;
	rule.action = data->action;
	rule.n_fields = data->field_count;
	rule.fields = hf_arena_array(arena, rule.n_fields + 1, sizeof(*rule.fields));
	if (!rule.fields)
		return hf_error_oom(err);
	for (size_t i = 0; i < rule.n_fields; i++) {
		hf_audit_field *f = &rule.fields[i];

		f->type = data->fields[i];
		f->op = data->fieldflags[i];
		f->value = data->values[i];
		if (!hf_audit_field_is_text(f->type))
			continue;
		if (f->value > left)
			return hf_error_set(err, -EBADMSG,
					    "the kernel's rule is damaged");
		f->text = buf;
		buf += f->value;
		left -= f->value;
	}
	if (hf_audit_rule_set_mask(&rule, data->mask, arena) < 0)
		return hf_error_oom(err);
	hf_audit_rule_settle(&rule);
	*ret = rule;
	return 0;
}

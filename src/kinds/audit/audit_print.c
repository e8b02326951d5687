/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and lines as text that auditctl reads back. Pure. */
#include <errno.h>
#include <libaudit.h>
#include <string.h>

#include "kinds/audit/audit_codec.h"

static const char *list_name(uint32_t list)
{
	static const char *const names[] = {
		"user", "task",	   "entry",	 "watch",
		"exit", "exclude", "filesystem", "io_uring"
	};

	return list < ARRAY_SIZE(names) ? names[list] : "unknown";
}

/* May a key stand behind these fields, or does auditctl want syscalls for it? */
static bool bears_key(const hf_audit_rule *rule)
{
	for (size_t i = 0; i < rule->n_fields; i++)
		switch (rule->fields[i].type) {
		case AUDIT_WATCH:
		case AUDIT_DIR:
		case AUDIT_PERM:
		case AUDIT_EXE:
		case AUDIT_FSTYPE:
			return true;
		default:
			break;
		}
	return !hf_audit_rule_field(rule, AUDIT_FILTERKEY);
}

/* The last one counts for the names of syscalls, whatever its operator. */
static const hf_audit_field *last_arch(const hf_audit_rule *rule)
{
	for (size_t i = rule->n_fields; i-- > 0;)
		if (rule->fields[i].type == AUDIT_ARCH)
			return &rule->fields[i];
	return NULL;
}

static void print_syscalls(hf_strbuf *sb, const hf_audit_rule *rule, const char *machine)
{
	const hf_audit_field *arch = last_arch(rule);
	hf_audit_abi abis[2];
	int nr_machine = -1;
	const char *sep = " -S ";

	if (rule->all && rule->list == AUDIT_FILTER_EXIT && !bears_key(rule)) {
		hf_strbuf_adds(sb, " -S all");
		return;
	}
	if (rule->all || rule->by_perm || rule->list == AUDIT_FILTER_TASK)
		return;
	if (arch)
		nr_machine = audit_elf_to_machine(arch->value);
	else if (hf_audit_abis(machine, abis) > 0)
		nr_machine = abis[0].machine;
	for (unsigned nr = 0; nr < AUDIT_BITMASK_SIZE * 32; nr++) {
		const char *name = NULL;

		if (!rule->mask[AUDIT_WORD(nr)]) {
			nr |= 31;
			continue;
		}
		if (!(rule->mask[AUDIT_WORD(nr)] & AUDIT_BIT(nr)))
			continue;
		if (nr_machine >= 0 && rule->list != AUDIT_FILTER_URING_EXIT)
			name = audit_syscall_to_name((int)nr, nr_machine);
		hf_strbuf_adds(sb, sep);
		if (name)
			hf_strbuf_adds(sb, name);
		else
			hf_strbuf_addf(sb, "%u", nr);
		sep = ",";
	}
}

/* Several keys are one field, joined by the separator. */
static void print_keys(hf_strbuf *sb, const hf_audit_field *key, const char *option)
{
	size_t start = 0;

	for (size_t i = 0; i <= key->value; i++) {
		hf_audit_field one = *key;

		if (i < key->value && key->text[i] != '\001')
			continue;
		one.text = key->text + start;
		one.value = (uint32_t)(i - start);
		hf_strbuf_adds(sb, option);
		hf_audit_text_print(sb, one.text, one.value);
		start = i + 1;
	}
}

/* A path that -F would cut at an operator: only -w takes it. */
static bool needs_watch(const hf_audit_rule *rule)
{
	const hf_audit_field *path = hf_audit_rule_path(rule);

	if (!path || path != rule->fields || !rule->all || rule->action != AUDIT_ALWAYS ||
	    rule->n_fields < 2 || rule->n_fields > 3 ||
	    rule->fields[1].type != AUDIT_PERM ||
	    (rule->n_fields == 3 && rule->fields[2].type != AUDIT_FILTERKEY))
		return false;
	return hf_audit_is_cut(path->text, path->value);
}

static void print_watch(hf_strbuf *sb, const hf_audit_rule *rule)
{
	cleanup_(hf_strbuf_done) hf_strbuf field = { 0 };

	hf_audit_field_print(&field, &rule->fields[0], NULL); /* "path=...", "dir=..." */
	hf_strbuf_addf(sb, "-w %s", strchr(hf_strbuf_str(&field), '=') + 1);
	hf_strbuf_reset(&field);
	hf_audit_field_print(&field, &rule->fields[1], NULL);
	hf_strbuf_addf(sb, " -p %s", strchr(hf_strbuf_str(&field), '=') + 1);
	sb->oom |= field.oom;
	if (rule->n_fields == 3)
		print_keys(sb, &rule->fields[2], " -k ");
}

void hf_audit_rule_print(hf_strbuf *sb, const hf_audit_rule *rule, const char *machine)
{
	const hf_audit_field *arch = last_arch(rule);

	if (needs_watch(rule)) {
		print_watch(sb, rule);
		return;
	}
	hf_strbuf_adds(sb, "-a ");
	hf_strbuf_adds(sb, rule->action == AUDIT_NEVER ? "never," : "always,");
	hf_strbuf_adds(sb, list_name(rule->list));
	/* auditctl wants arch before the syscalls; where arch is not the first field the
	 * order is part of the rule and is kept, with the syscalls right behind it. */
	if (!arch)
		print_syscalls(sb, rule, machine);
	for (size_t i = 0; i < rule->n_fields; i++) {
		const hf_audit_field *f = &rule->fields[i];

		if (f->type == AUDIT_FILTERKEY) {
			print_keys(sb, f, " -F key=");
			continue;
		}
		if (f->type == AUDIT_FIELD_COMPARE &&
		    (!hf_audit_field_is_pair(f) || rule->list != AUDIT_FILTER_EXIT)) {
			hf_strbuf_adds(sb, " -F ");
			hf_audit_field_print_number(sb, f);
			continue;
		}
		hf_strbuf_adds(sb, f->type == AUDIT_FIELD_COMPARE ? " -C " : " -F ");
		hf_audit_field_print(sb, f, machine);
		if (f == arch)
			print_syscalls(sb, rule, machine);
	}
}

char *hf_audit_rule_text(const hf_audit_rule *rule, const char *machine, hf_arena *arena)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	hf_audit_rule_print(&sb, rule, machine);
	return hf_strbuf_ok(&sb) ? hf_arena_strdup(arena, hf_strbuf_str(&sb)) : NULL;
}

int hf_audit_line_text(const hf_audit_line *line, const char *machine, hf_arena *arena,
		       char **ret)
{
	*ret = NULL;
	switch (line->type) {
	case HF_AUDIT_LINE_RULE:
	case HF_AUDIT_LINE_DELETE:
		*ret = hf_audit_rule_text(&line->rule, machine, arena);
		if (*ret && line->type == HF_AUDIT_LINE_DELETE)
			(*ret)[1] = 'd';
		break;
	case HF_AUDIT_LINE_DELETE_ALL:
		if (!line->key)
			return 0;
		*ret = hf_arena_printf(arena, "-D -k %s", line->key);
		break;
	case HF_AUDIT_LINE_SETTING:
		*ret = hf_audit_setting_line(line->setting, line->value, arena);
		break;
	default:
		return 0;
	}
	return *ret ? 0 : -ENOMEM;
}

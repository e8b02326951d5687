/* SPDX-License-Identifier: Apache-2.0 */
/* The text of zz-holdfast.conf. */
#include <errno.h>
#include <string.h>

#include "base/escape.h"
#include "kinds/units/units_lines.h"

#define ORIGIN "# derived from: "

static const char head[] =
	"# Made by holdfast and derived from the rest of the unit: made again when that "
	"changes.\n"
	"# An edit here is drift; change the baseline instead.\n";

static int add_escaped(hf_strbuf *sb, const char *text)
{
	cleanup_free char *escaped = hf_escape_dup(text, strlen(text));

	if (!escaped)
		return -ENOMEM;
	hf_strbuf_adds(sb, escaped);
	return 0;
}

/* "# docker-debug-off: --debug absent" */
int hf_units_dropin_comment(hf_strbuf *sb, const hf_units_line *line)
{
	hf_strbuf_addf(sb, "# %s", line->controls);
	if (line->spec->want != HF_UNITS_SETTING) {
		hf_strbuf_adds(sb, ": ");
		if (add_escaped(sb, strchr(line->spec->id, '#') + sizeof("exec_start.")) <
		    0)
			return -ENOMEM;
		hf_strbuf_addc(sb, ' ');
		if (add_escaped(sb, line->spec->wanted) < 0)
			return -ENOMEM;
	}
	hf_strbuf_addc(sb, '\n');
	return 0;
}

static int add_exec(hf_strbuf *sb, const hf_units_work *work)
{
	for (size_t i = 0; i < work->n; i++) {
		const hf_units_line *line = work->lines[i];

		if (line->in_ours && line->spec->want != HF_UNITS_SETTING &&
		    hf_units_dropin_comment(sb, line) < 0)
			return -ENOMEM;
	}
	/* with '-': should it be gone, the unit is as it is without us */
	if (work->env.n)
		hf_strbuf_addf(sb, "EnvironmentFile=-%s\n", work->env.written);
	if (!work->exec_line)
		return 0;
	/* a comment line, whatever the command holds: it cannot have a line end */
	if (work->exec_origin)
		hf_strbuf_addf(sb, ORIGIN "%s\n", work->exec_origin);
	hf_strbuf_addf(sb, "ExecStart=\nExecStart=%s\n", work->exec_line);
	return 0;
}

/* What is written for a setting: the wanted value, or the one that is kept. */
static const char *setting_value(const hf_units_work *work, const hf_units_line *line)
{
	const hf_unit_file *ours = work->unit->ours;

	if (line->enforced && !line->blocked)
		return line->spec->values[0];
	for (size_t i = ours ? ours->n : 0; i-- > 0;) {
		if (!strcmp(ours->items[i].section, line->spec->section) &&
		    !strcmp(ours->items[i].key, line->spec->name))
			return ours->items[i].value;
	}
	return line->spec->values[0];
}

static int add_setting(hf_strbuf *sb, const hf_units_work *work,
		       const hf_units_line *line, hf_map *seen)
{
	const char *key = line->spec->id;

	if (hf_units_dropin_comment(sb, line) < 0)
		return -ENOMEM;
	if (hf_map_get(seen, key))
		return 0; /* an equal value in other words: written once */
	hf_strbuf_addf(sb, "%s=%s\n", line->spec->name, setting_value(work, line));
	return hf_map_put(seen, work->arena, key, sb);
}

/* A part of the baselines releases nothing: what nobody demands any more stays. */
static int add_unclaimed(hf_strbuf *sb, const hf_units_work *work, const char *section,
			 hf_map *seen)
{
	const hf_unit_file *ours = work->partial ? work->unit->ours : NULL;

	for (size_t i = 0; ours && i < ours->n; i++) {
		const hf_unit_assign *a = &ours->items[i];
		const char *id;

		if (strcmp(a->section, section) || hf_units_is_derived(a))
			continue;
		id = hf_arena_printf(work->arena, "units:%s#%s.%s", work->unit->name,
				     section, a->key);
		if (!id)
			return -ENOMEM;
		if (hf_map_get(seen, id) || hf_plan_is_claimed(work->plan, id))
			continue;
		hf_strbuf_addf(sb, "# demanded by nobody\n%s=%s\n", a->key, a->value);
		if (hf_map_put(seen, work->arena, id, sb) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_section(hf_strbuf *sb, const hf_units_work *work, const char *section,
		       hf_map *seen)
{
	cleanup_(hf_strbuf_done) hf_strbuf body = { 0 };
	bool exec = (work->exec_line || work->env.n) && !strcmp(section, "Service");

	if (exec && add_exec(&body, work) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < work->n; i++) {
		const hf_units_line *line = work->lines[i];

		if (!line->in_ours || line->spec->want != HF_UNITS_SETTING ||
		    strcmp(line->spec->section, section))
			continue;
		if (add_setting(&body, work, line, seen) < 0)
			return -ENOMEM;
	}
	if (add_unclaimed(&body, work, section, seen) < 0 || !hf_strbuf_ok(&body))
		return -ENOMEM;
	if (!body.len)
		return 0;
	hf_strbuf_addf(sb, "%s\n[%s]\n", sb->len ? "" : head, section);
	hf_strbuf_add(sb, body.buf, body.len);
	return 0;
}

int hf_units_dropin_write(const hf_units_work *work, const char **ret, size_t *ret_len)
{
	static const char *const sections[] = { "Unit", "Service", "Socket" };
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_map seen = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (add_section(&sb, work, sections[i], &seen) < 0)
			return -ENOMEM;
	}
	if (!hf_strbuf_ok(&sb))
		return -ENOMEM;
	*ret_len = sb.len;
	*ret = NULL;
	if (!sb.len)
		return 0;
	*ret = hf_arena_memdup(work->arena, sb.buf, sb.len);
	return *ret ? 0 : -ENOMEM;
}

int hf_units_dropin_origin(hf_arena *arena, const char *text, const char **ret)
{
	const char *at = text ? strstr(text, "\n" ORIGIN) : NULL;

	*ret = NULL;
	if (!at)
		return 0;
	at += strlen("\n" ORIGIN);
	*ret = hf_arena_memdup(arena, at, strcspn(at, "\n"));
	return *ret ? 0 : -ENOMEM;
}

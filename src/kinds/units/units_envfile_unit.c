/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of zz-holdfast.env: variables of the unit without the flags that shall go. It
 * is read after the unit's own files and so wins. Pure.
 */
#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "kinds/units/units_lines.h"

#define SOURCE "# derived from: "

static const char head[] = "# Made by holdfast and derived from the variables named "
			   "here: made again when they "
			   "change.\n"
			   "# An edit here is drift; change the baseline instead.\n";

/* NAME="VALUE" as load_env_file() reads it. */
static void add_assignment(hf_strbuf *sb, const char *name, const char *value)
{
	hf_strbuf_addf(sb, "%s=\"", name);
	for (; *value; value++) {
		if (strchr("\"\\`$", *value))
			hf_strbuf_addc(sb, '\\');
		hf_strbuf_addc(sb, *value);
	}
	hf_strbuf_adds(sb, "\"\n");
}

/* What tells that the variable is still the one that ours was derived from. */
static void add_source(hf_strbuf *sb, const hf_env_var *var)
{
	char digest[HF_DIGEST_HEX];

	hf_digest(var->value, strlen(var->value), digest);
	hf_strbuf_addf(sb, SOURCE "%s in %s, sha256 %s\n", var->name, var->file, digest);
}

int hf_units_env_compose(hf_units_work *work, const hf_flag_edit *edit)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	hf_units_env *env = &work->env;
	const char *name, *value;
	size_t pos = 0;

	hf_strbuf_adds(&sb, head);
	for (size_t i = 0; i < work->n; i++) {
		const hf_units_line *line = work->lines[i];

		if (line->in_ours && line->in_variable &&
		    hf_units_dropin_comment(&sb, line) < 0)
			return -ENOMEM;
	}
	for (;;) {
		const hf_env_var *var;

		if (hf_flag_edit_variable(edit, &pos, &name, &value) < 0)
			return -ENOMEM;
		if (!name)
			break;
		var = hf_map_get(&work->base.exec.env.by_name, name);
		add_source(&sb, var);
		add_assignment(&sb, name, value);
	}
	env->paths = hf_arena_array(work->arena, 1, sizeof(*env->paths));
	env->texts = hf_arena_array(work->arena, 1, sizeof(*env->texts));
	env->lens = hf_arena_array(work->arena, 1, sizeof(*env->lens));
	if (!env->paths || !env->texts || !env->lens || !hf_strbuf_ok(&sb))
		return -ENOMEM;
	env->known = HF_PRESENT;
	env->n = 1;
	env->paths[0] = env->pattern;
	env->texts[0] = hf_arena_memdup(work->arena, sb.buf, sb.len);
	env->lens[0] = sb.len;
	return env->texts[0] ? 0 : -ENOMEM;
}

const char *hf_units_env_text(const hf_units_env *env, size_t *ret_len)
{
	*ret_len = env->n ? env->lens[0] : 0;
	return env->n ? env->texts[0] : NULL;
}

int hf_units_env_stale(const hf_units_work *work, const hf_env_var **ret)
{
	size_t len;
	const char *text = hf_units_env_text(&work->unit->own_env, &len);

	*ret = NULL;
	if (!text)
		return 0;
	for (const char *p = strstr(text, SOURCE); p && !*ret;
	     p = strstr(p + 1, SOURCE)) {
		const char *name = p + strlen(SOURCE);
		const hf_env_var *var;
		cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
		char *key = hf_arena_memdup(work->arena, name, strcspn(name, " \n"));

		if (!key)
			return -ENOMEM;
		var = hf_map_get(&work->base.exec.env.by_name, key);
		if (!var)
			continue; /* gone: the flag is not there any more either */
		add_source(&sb, var);
		if (!hf_strbuf_ok(&sb))
			return -ENOMEM;
		if (strncmp(p, hf_strbuf_str(&sb), sb.len) != 0)
			*ret = var;
	}
	return 0;
}

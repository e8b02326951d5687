/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/validate.h"

#include <errno.h>
#include <string.h>

#include "base/escape.h"
#include "base/mask.h"
#include "host/nobody.h"
#include "model/kind.h"

/* It takes dockerd 26.1 about 30 ms. */
#define TIMEOUT_USEC ((uint64_t)10 * 1000 * 1000)
/* What systemd gives a service, systemd.exec(5), $PATH. */
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

typedef enum verdict { ACCEPTED, REFUSED, NONE } verdict;

static bool effect_runs(const hf_plan *plan)
{
	for (size_t i = 0; i < plan->n_effects; i++) {
		const hf_effect *e = plan->effects[i];

		if (!e->hold && e->unit && plan->engine.unit &&
		    strcmp(e->unit, plan->engine.unit) == 0)
			return true;
	}
	return false;
}

bool hf_validate_due(const hf_plan *plan)
{
	return plan->engine.trial && (plan->engine.trial_differs || effect_runs(plan));
}

/* --- the command ------------------------------------------------------------------- */

static size_t count(const char *const *words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

/* --validate stands first, where no flag that lacks its value can take it for that; of
 * several --config-file dockerd takes the last. */
static const char *const *command(const hf_trial *trial, hf_arena *arena)
{
	size_t n = count(trial->argv), at = 0;
	const char **argv = hf_arena_array(arena, n + 3, sizeof(*argv));

	if (!argv)
		return NULL;
	argv[at++] = trial->argv[0];
	argv[at++] = "--validate";
	for (size_t i = 1; i < n; i++)
		argv[at++] = trial->argv[i];
	if (trial->text)
		argv[at] = "--config-file=" HF_NOBODY_FILE;
	return argv;
}

static const char *const *environment(const hf_trial *trial, hf_arena *arena)
{
	size_t n = trial->env ? count(trial->env) : 0, at = 0;
	const char **env = hf_arena_array(arena, n + 2, sizeof(*env));
	const char *path = DEFAULT_PATH;

	for (size_t i = 0; env && i < n; i++) {
		if (strncmp(trial->env[i], "PATH=", 5) == 0)
			path = trial->env[i];
		else
			env[at++] = trial->env[i];
	}
	if (env)
		env[at] = path;
	return env;
}

/* --- what it said ------------------------------------------------------------------ */

/* It speaks of our descriptor: name the file instead. */
static void add_line(hf_strbuf *sb, const hf_trial *trial, const char *line, size_t len)
{
	const char *end = line + len, *at;

	if (sb->len)
		hf_strbuf_adds(sb, "; ");
	while ((at = memmem(line, (size_t)(end - line), HF_NOBODY_FILE,
			    strlen(HF_NOBODY_FILE)))) {
		hf_strbuf_add(sb, line, (size_t)(at - line));
		hf_strbuf_adds(sb, trial->path);
		line = at + strlen(HF_NOBODY_FILE);
	}
	hf_strbuf_add(sb, line, (size_t)(end - line));
}

/* Its lines but for those of its log, in one, without secrets. NULL: no memory. */
static const char *words(const hf_trial *trial, const char *output, hf_arena *arena)
{
	cleanup_(hf_strbuf_done) hf_strbuf said = { 0 }, shown = { 0 };
	cleanup_(hf_mask_done) hf_mask mask = { 0 };
	cleanup_free char *escaped = NULL;

	for (const char *line = output; *line;) {
		size_t len = strcspn(line, "\n");

		if (len && strncmp(line, "time=", 5) != 0)
			add_line(&said, trial, line, len);
		line += len + (line[len] == '\n');
	}
	escaped = hf_escape_dup(hf_strbuf_str(&said), said.len);
	if (!escaped || !hf_strbuf_ok(&said))
		return NULL;
	if (trial->text && trial->kind && trial->kind->secrets)
		trial->kind->secrets(trial->text, trial->len, &mask);
	for (size_t i = 0; i < trial->n_secrets; i++)
		hf_mask_add(&mask, trial->secrets[i]);
	hf_mask_put(&mask, &shown, escaped, strlen(escaped));
	return hf_strbuf_ok(&shown) ? hf_arena_strdup(arena, hf_strbuf_str(&shown))
				    : NULL;
}

/* Is status 1 something else than a refusal? In words; NULL: it is one. */
static const char *no_refusal(const char *said)
{
	if (!*said)
		return "it says nothing and exits 1";
	if (strstr(said, "unknown flag: --validate"))
		return "this dockerd does not know --validate, which came with 23.0";
	/* a security module may keep from us what it lets dockerd's own process read */
	if (strstr(said, "permission denied"))
		return said;
	return NULL;
}

/* *ret_text: of REFUSED its words, of NONE the reason. */
static int judge(const hf_host *host, const hf_trial *trial, hf_arena *arena,
		 verdict *ret, const char **ret_text, hf_error **err)
{
	hf_nobody what = { .argv = command(trial, arena),
			   .env = environment(trial, arena),
			   .bytes = trial->text,
			   .len = trial->len,
			   .timeout_usec = TIMEOUT_USEC };
	hf_nobody_answer answer;
	int r;

	if (!what.argv || !what.env)
		return hf_error_oom(err);
	if (host->timeout_usec && host->timeout_usec < what.timeout_usec)
		what.timeout_usec = host->timeout_usec;
	r = hf_nobody_run(&what, arena, &answer, err);
	if (r < 0)
		return r;
	*ret = answer.status == 0 ? ACCEPTED : NONE;
	*ret_text = answer.why;
	if (*ret == ACCEPTED || answer.why)
		return 0;
	*ret_text = words(trial, answer.output, arena);
	if (!*ret_text)
		return hf_error_oom(err);
	if (answer.status == 1) {
		const char *why = no_refusal(*ret_text);

		*ret = why ? NONE : REFUSED;
		*ret_text = why ? why : *ret_text;
		return 0;
	}
	*ret_text = hf_arena_printf(arena, "it exits %d%s%s", answer.status,
				    **ret_text ? ": " : "", *ret_text);
	return *ret_text ? 0 : hf_error_oom(err);
}

/* --- */

static int refuse(const hf_trial *trial, const char *text, bool now_too, hf_error **err)
{
	(void)hf_error_set(
		err, -EINVAL, "dockerd does not accept its configuration%s: %s",
		now_too ? ", neither the present one nor the one to come" : "", text);
	(void)hf_error_hint(err,
			    now_too ? "put right what it names, in %s or on dockerd's "
				      "command line; nothing was changed"
				    : "'holdfast plan --diff' shows what %s would be; "
				      "--skip leaves a control out; nothing was changed",
			    trial->path);
	return -EINVAL;
}

int hf_validate(hf_host *host, const hf_plan *plan, hf_arena *arena,
		const char **ret_note, hf_error **err)
{
	const hf_trial *trial = plan->engine.trial, *now = plan->engine.trial_now;
	const char *text = NULL, *ignored;
	verdict v = NONE, before = NONE;
	int r;

	*ret_note = trial->why;
	if (trial->why)
		return 0;
	r = judge(host, trial, arena, &v, &text, err);
	if (r < 0)
		return r;
	*ret_note = text;
	if (v != REFUSED)
		return 0;
	if (now && !now->why) {
		r = judge(host, now, arena, &before, &ignored, err);
		if (r < 0)
			return r;
	}
	if (before != REFUSED || effect_runs(plan))
		return refuse(trial, text, before == REFUSED, err);
	*ret_note = hf_arena_printf(arena, "refused, as the present configuration is: %s",
				    text);
	return *ret_note ? 0 : hf_error_oom(err);
}

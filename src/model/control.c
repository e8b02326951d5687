/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the model's values, and what a control's fields mean together. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <time.h>

#include "model/waiver.h"

static const char *const severity_names[HF_SEVERITY_MAX_] = {
	[HF_SEVERITY_LOW] = "low",
	[HF_SEVERITY_MEDIUM] = "medium",
	[HF_SEVERITY_HIGH] = "high",
};

static const char *const restart_names[] = {
	[HF_RESTART_SAFE] = "safe",
	[HF_RESTART_ALWAYS] = "always",
	[HF_RESTART_NEVER] = "never",
};

static int find_name(const char *const *names, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], s) == 0)
			return (int)i;
	return -EINVAL;
}

const char *hf_severity_name(hf_severity s)
{
	return severity_names[s];
}

int hf_severity_parse(const char *s, hf_severity *ret)
{
	int i = find_name(severity_names, ARRAY_SIZE(severity_names), s);

	if (i < 0)
		return i;
	*ret = (hf_severity)i;
	return 0;
}

const char *hf_restart_name(hf_restart r)
{
	return restart_names[r];
}

int hf_restart_parse(const char *s, hf_restart *ret)
{
	int i = find_name(restart_names, ARRAY_SIZE(restart_names), s);

	if (i < 0)
		return i;
	*ret = (hf_restart)i;
	return 0;
}

bool hf_control_is_active(const hf_control *control)
{
	return control->selected && !control->disabled && !control->manual &&
	       control->gate != HF_GATE_CLOSED;
}

bool hf_control_is_enforced(const hf_control *control)
{
	return hf_control_is_active(control) && control->gate == HF_GATE_OPEN &&
	       control->enforce && !control->waiver;
}

bool hf_control_is_claiming(const hf_control *control)
{
	return !control->disabled && control->gate != HF_GATE_CLOSED;
}

bool hf_model_is_partial(const hf_model *model)
{
	for (size_t i = 0; i < model->n_controls; i++)
		if (!model->controls[i]->selected)
			return true;
	return false;
}

void hf_model_done(hf_model *model)
{
	if (!model)
		return;
	hf_arena_done(&model->arena);
	*model = (hf_model){ 0 };
}

/* --- waivers -------------------------------------------------------------------- */

static int digits(const char *s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

int hf_waiver_end(const char *date, int64_t *ret)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int y, m, d, last;
	struct tm tm = { 0 };

	if (strlen(date) != 10 || date[4] != '-' || date[7] != '-')
		return -EINVAL;
	y = digits(date, 4);
	m = digits(date + 5, 2);
	d = digits(date + 8, 2);
	if (y < 1970 || m < 1 || m > 12 || d < 1)
		return -EINVAL;
	last = days[m - 1];
	if (m == 2 && (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)))
		last = 29;
	if (d > last)
		return -EINVAL;
	tm.tm_year = y - 1900;
	tm.tm_mon = m - 1;
	tm.tm_mday = d;
	*ret = (int64_t)timegm(&tm) + (int64_t)24 * 60 * 60;
	return 0;
}

static bool is_for_host(const hf_waiver *waiver, const char *hostname)
{
	for (size_t i = 0; i < waiver->n_hosts; i++)
		if (fnmatch(waiver->hosts[i], hostname, FNM_CASEFOLD) == 0)
			return true;
	return waiver->n_hosts == 0;
}

static bool is_in_force(const hf_waiver *waiver, const char *hostname, int64_t now)
{
	int64_t end;

	if (!is_for_host(waiver, hostname))
		return false;
	return !waiver->until || (hf_waiver_end(waiver->until, &end) == 0 && now < end);
}

const char *hf_baseline_digest(hf_baseline *baseline)
{
	if (!*baseline->digest)
		hf_digest(baseline->source->text, baseline->source->len,
			  baseline->digest);
	return baseline->digest;
}

void hf_model_waive(hf_model *model, const char *hostname, int64_t now)
{
	for (size_t i = 0; i < model->n_controls; i++)
		model->controls[i]->waiver = NULL;
	for (size_t i = 0; i < model->n_waivers; i++) {
		const hf_waiver *waiver = model->waivers[i];
		hf_control *control = hf_map_get(&model->control_by_id, waiver->control);

		if (control && !control->waiver && is_in_force(waiver, hostname, now))
			control->waiver = waiver;
	}
}

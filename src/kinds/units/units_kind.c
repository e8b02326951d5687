/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_kind.h"

#include <string.h>

#include "base/mask.h"
#include "kinds/daemon/daemon_keys.h"
#include "kinds/units/units_decode.h"
#include "kinds/units/units_flags.h"
#include "kinds/units/units_observe.h"
#include "kinds/units/units_plan.h"
#include "plan/unit_file.h"

static const char *const own_files[] = {
	"/etc/systemd/system/*.d/" HF_UNIT_DROPIN,
	"/etc/systemd/system/*.d/" HF_UNIT_ENV,
};

/* The value of a flag as it stands there: up to the quote that it began with, or a blank.
 */
static size_t value_len(const char *at, const char *end, char quote)
{
	const char *p = at;

	while (p < end && (quote ? *p != quote : !strchr(" \t\n\"'", *p)))
		p++;
	return (size_t)(p - at);
}

/* "--http-proxy=X", "--http-proxy X", "--log-opt splunk-token=X", quoted or not */
static void secrets(const char *bytes, size_t len, hf_mask *mask)
{
	const char *end = bytes + len;

	for (const char *p = bytes; p + 2 < end; p++) {
		const char *name = p + 2, *at = name, *eq;
		char flag[32] = "", value[64] = "", quote = 0;
		size_t n;

		if (p[0] != '-' || p[1] != '-')
			continue;
		while (at < end && (*at == '-' || (*at >= 'a' && *at <= 'z')))
			at++;
		n = (size_t)(at - name);
		if (!n || n >= sizeof(flag) || at >= end || !strchr("= ", *at))
			continue;
		memcpy(flag, name, n);
		if (++at < end && *at == '\\')
			at++;
		if (at < end && (*at == '"' || *at == '\''))
			quote = *at++;
		n = value_len(at, end, quote);
		memcpy(value, at, n < sizeof(value) ? n : sizeof(value) - 1);
		if (!hf_flag_is_secret(flag, value))
			continue;
		eq = memchr(at, '=', n);
		/* of a member of a map its name may be seen */
		if (eq && !hf_dkey_is_proxy(flag)) {
			n -= (size_t)(eq + 1 - at);
			at = eq + 1;
		}
		hf_mask_add_bytes(mask, at, n);
	}
}

const hf_kind hf_kind_units = {
	.name = "units",
	.rank = HF_RANK_UNITS,
	.own_files = own_files,
	.n_own_files = ARRAY_SIZE(own_files),
	.decode = hf_units_decode,
	.check = hf_units_check,
	.ahead = hf_units_ahead,
	.observe = hf_units_observe,
	.plan = hf_units_plan,
	.witness = hf_units_witness,
	.secrets = secrets,
};

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

/* A word of a command line as it stands in a text, quotes and all. */
typedef struct word {
	const char *start, *end;
	const char *after[2]; /* behind its first and its second '=', or NULL */
	char text[96];	      /* what it begins with, without quotes */
} word;

typedef struct reader {
	const char *p, *end;
	bool env; /* in the quotes of an environment file, which are one more layer */
} reader;

static bool next_char(reader *rd, char *ret)
{
	if (rd->p >= rd->end || (rd->env && *rd->p == '"'))
		return false;
	if (rd->env && *rd->p == '\\' && rd->p + 1 < rd->end &&
	    strchr("\"\\`$", rd->p[1]))
		rd->p++;
	*ret = *rd->p++;
	return true;
}

static bool next_word(reader *rd, word *ret)
{
	char c, quote = 0;
	size_t n = 0, n_eq = 0;

	*ret = (word){ .start = rd->p, .end = rd->p };
	for (const char *at = rd->p; next_char(rd, &c); at = rd->p) {
		if (!quote && strchr(" \t\n", c)) {
			if (at != ret->start)
				return true;
			ret->start = ret->end = rd->p;
			continue;
		}
		ret->end = rd->p;
		if (c == quote) {
			quote = 0;
			continue;
		}
		if (!quote && (c == '"' || c == '\'')) {
			quote = c;
			continue;
		}
		if (c == '\\' && !next_char(rd, &c))
			break;
		ret->end = rd->p;
		if (c == '=' && n_eq < ARRAY_SIZE(ret->after))
			ret->after[n_eq++] = rd->p;
		if (n < sizeof(ret->text) - 1)
			ret->text[n++] = c;
	}
	return ret->end > ret->start;
}

static void hide(hf_mask *mask, const char *start, const char *end)
{
	while (start < end && strchr("\"'\\", *start))
		start++;
	while (end > start && strchr("\"'\\", end[-1]))
		end--;
	hf_mask_add_bytes(mask, start, (size_t)(end - start));
}

/* "--http-proxy=X", "--http-proxy X", "--log-opt splunk-token=X", quoted or not */
static void words_hide(reader *rd, hf_mask *mask)
{
	word w, value;

	for (bool more = next_word(rd, &w); more; w = value) {
		const char *eq = strchr(w.text, '=');
		char *flag = w.text;

		more = next_word(rd, &value);
		if (strncmp(flag, "--", 2))
			continue;
		if (eq) {
			w.text[eq - w.text] = '\0';
			/* of a member of a map its name may be seen */
			if (hf_flag_is_secret(flag, eq + 1))
				hide(mask,
				     w.after[1] && !hf_dkey_is_proxy(flag + 2)
					     ? w.after[1]
					     : w.after[0],
				     w.end);
		} else if (more && hf_flag_is_secret(flag, value.text)) {
			hide(mask,
			     value.after[0] && !hf_dkey_is_proxy(flag + 2)
				     ? value.after[0]
				     : value.start,
			     value.end);
		}
	}
}

/* NAME="..." of an environment file: where its value begins; NULL: no such line */
static const char *env_value(const char *line, const char *end)
{
	const char *p = line;

	while (p < end && (*p == '_' || (*p >= '0' && *p <= '9') ||
			   (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')))
		p++;
	return p > line && end - p > 2 && p[0] == '=' && p[1] == '"' ? p + 2 : NULL;
}

static void secrets(const char *bytes, size_t len, hf_mask *mask)
{
	static const char *const prefixes[] = { "ExecStart=", "# derived from: " };
	const char *end = bytes + len;

	for (const char *line = bytes; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		reader rd = { line, eol ? eol : end, false };
		const char *value = env_value(line, end);

		for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
			size_t n = strlen(prefixes[i]);

			if ((size_t)(rd.end - line) < n || memcmp(line, prefixes[i], n))
				continue;
			rd.p = line + n;
			value = NULL;
		}
		if (value)
			rd = (reader){ value, end, true };
		words_hide(&rd, mask);
		line = value ? rd.p : rd.end;
		line += line < end;
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

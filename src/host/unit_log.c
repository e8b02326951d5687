/* SPDX-License-Identifier: Apache-2.0 */
#include "host/unit_log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "host/sd.h"

#define WAIT_USEC ((uint64_t)2 * 1000 * 1000)
/* dockerd gives its reason last, systemd's restarts of it repeat the same. */
#define N_LINES 4
#define LINE_MAX_BYTES 300

typedef struct lines {
	char text[N_LINES][LINE_MAX_BYTES + 1];
	size_t n; /* all that were seen; the last N_LINES are kept */
	bool ended;
} lines;

uint64_t hf_unit_log_now(void)
{
	return hf_clock_usec(CLOCK_REALTIME);
}

/* An entry's field without its name, of @ret_len bytes; NULL if there is none. */
static const char *field(sd_journal *j, const char *name, size_t *ret_len)
{
	const void *data;
	size_t len, skip = strlen(name) + 1;

	if (SD(sd_journal_get_data)(j, name, &data, &len) < 0 || len < skip)
		return NULL;
	*ret_len = len - skip;
	return (const char *)data + skip;
}

static void take_entry(sd_journal *j, lines *l)
{
	size_t len;
	const char *text;

	/* the manager's own entries about the unit: systemd.journal-fields(7), UNIT= */
	if (field(j, "UNIT", &len)) {
		if (field(j, "EXIT_STATUS", &len))
			l->ended = true;
		return;
	}
	text = field(j, "MESSAGE", &len);
	if (!text || !len)
		return;
	if (len > LINE_MAX_BYTES)
		len = LINE_MAX_BYTES;
	memcpy(l->text[l->n % N_LINES], text, len);
	l->text[l->n % N_LINES][len] = '\0';
	l->n++;
}

static int add_match(sd_journal *j, const char *name, const char *unit)
{
	char match[512];
	int n = snprintf(match, sizeof(match), "%s=%s", name, unit);

	if (n < 0 || (size_t)n >= sizeof(match))
		return -ENAMETOOLONG;
	return SD(sd_journal_add_match)(j, match, 0);
}

static int read_lines(sd_journal *j, const char *unit, uint64_t since_usec, lines *l)
{
	uint64_t deadline = hf_clock_usec(CLOCK_MONOTONIC) + WAIT_USEC;
	int r = add_match(j, "_SYSTEMD_UNIT", unit);

	if (r >= 0)
		r = SD(sd_journal_add_disjunction)(j);
	if (r >= 0)
		r = add_match(j, "UNIT", unit);
	if (r >= 0)
		r = SD(sd_journal_add_match)(j, "_PID=1", 0);
	if (r >= 0)
		r = SD(sd_journal_seek_realtime_usec)(j, since_usec);
	while (r >= 0) {
		uint64_t now;

		r = SD(sd_journal_next)(j);
		if (r > 0) {
			take_entry(j, l);
			continue;
		}
		now = hf_clock_usec(CLOCK_MONOTONIC);
		if (r < 0 || l->ended || now >= deadline)
			break;
		r = SD(sd_journal_wait)(j, deadline - now);
	}
	return r;
}

void hf_unit_log_add(const char *unit, uint64_t since_usec, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	sd_journal *j = NULL;
	lines l = { .n = 0 };

	if (hf_sd_load(NULL) < 0 ||
	    SD(sd_journal_open)(&j, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) < 0)
		return;
	(void)read_lines(j, unit, since_usec, &l);
	SD(sd_journal_close)(j);
	for (size_t i = l.n > N_LINES ? l.n - N_LINES : 0; i < l.n; i++)
		hf_strbuf_addf(&text, "%s'%s'", text.len ? ", " : "",
			       l.text[i % N_LINES]);
	if (text.len && hf_strbuf_ok(&text))
		(void)hf_error_add(err, "it said: %s", hf_strbuf_str(&text));
}

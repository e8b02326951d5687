/* SPDX-License-Identifier: Apache-2.0 */
#include "host/trail.h"

#include <libaudit.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "host/sd.h"

static void send_audit(const hf_trail *t)
{
	char text[512];
	int fd = audit_open(), r;

	if (fd < 0)
		return;
	/* key=value, as audit's own user space events (audit_log_user_message(3)) */
	(void)snprintf(text, sizeof(text),
		       "op=holdfast-%s transaction=%s result=%s digest=%s", t->command,
		       *t->transaction ? t->transaction : "none", t->result,
		       *t->digest ? t->digest : "none");
	r = audit_log_user_message(fd, AUDIT_USYS_CONFIG, text, NULL, NULL, NULL,
				   t->success);
	(void)r; /* what was done is done; libaudit of 4.0 wants it looked at */
	audit_close(fd);
}

/* The library is half a dozen others: not for a socket that is not there,
 * sd_journal_print(3). */
static bool has_journal(void)
{
	return access("/run/systemd/journal/socket", F_OK) == 0;
}

void hf_trail_send(const hf_host *host, const hf_trail *t)
{
	if (host->offline || !host->is_root)
		return;
	if (has_journal() && hf_sd_load(NULL) == 0)
		(void)SD(sd_journal_send_with_location)(
			"CODE_FILE=" __FILE__, "CODE_LINE=0", __func__,
			"MESSAGE=holdfast %s: %s%s%s", t->command, t->result,
			*t->transaction ? ", transaction " : "", t->transaction,
			"MESSAGE_ID=%s", HF_TRAIL_MESSAGE_ID, "PRIORITY=%i",
			t->success ? LOG_NOTICE : LOG_ERR, "SYSLOG_IDENTIFIER=holdfast",
			"HOLDFAST_COMMAND=%s", t->command, "HOLDFAST_TRANSACTION=%s",
			t->transaction, "HOLDFAST_RESULT=%s", t->result,
			"HOLDFAST_DIGEST=%s", t->digest, "HOLDFAST_USER=%s", t->user,
			NULL);
	if (host->audit.known == HF_PRESENT)
		send_audit(t);
}

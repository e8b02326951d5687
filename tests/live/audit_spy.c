/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into auditctl by tests/live/audit_diff.sh: writes down, in the file named by
 * AUDIT_SPY, which rules it sends and what the kernel answers. A line of the rules file
 * is told from the next by "-r NUMBER" between them.
 *
 *	line NUMBER	of AUDIT_SET with a rate limit
 *	rule HEX	of AUDIT_ADD_RULE, the payload
 *	answer ERRNO	to it, 0 or positive
 */
#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SPY_PUBLIC __attribute__((visibility("default")))

static FILE *out;
static uint32_t awaited; /* sequence number of the rule sent last; 0: answered */

static void note_sent(const struct nlmsghdr *head, size_t len)
{
	const struct audit_status *status = NLMSG_DATA(head);
	const unsigned char *bytes = NLMSG_DATA(head);
	const char *path = getenv("AUDIT_SPY");

	if (!out && path)
		out = fopen(path, "we");
	if (!out || len < sizeof(*head))
		return;
	if (head->nlmsg_type == AUDIT_SET && status->mask == AUDIT_STATUS_RATE_LIMIT)
		fprintf(out, "line %u\n", status->rate_limit);
	if (head->nlmsg_type != AUDIT_ADD_RULE)
		return;
	awaited = head->nlmsg_seq;
	fprintf(out, "rule ");
	for (size_t i = 0; i < head->nlmsg_len - sizeof(*head); i++)
		fprintf(out, "%02x", bytes[i]);
	fprintf(out, "\n");
}

SPY_PUBLIC ssize_t sendto(int fd, const void *buf, size_t len, int flags,
			  const struct sockaddr *to, socklen_t to_len)
{
	static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *,
			       socklen_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sendto");
	note_sent(buf, len);
	return real(fd, buf, len, flags, to, to_len);
}

SPY_PUBLIC ssize_t recvfrom(int fd, void *restrict buf, size_t len, int flags,
			    struct sockaddr *restrict from, socklen_t *restrict from_len)
{
	static ssize_t (*real)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
	const struct nlmsghdr *head = buf;
	ssize_t n;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "recvfrom");
	n = real(fd, buf, len, flags, from, from_len);
	if (out && awaited && n >= (ssize_t)NLMSG_LENGTH(sizeof(int)) &&
	    head->nlmsg_type == NLMSG_ERROR && head->nlmsg_seq == awaited) {
		fprintf(out, "answer %d\n",
			-((const struct nlmsgerr *)NLMSG_DATA(head))->error);
		awaited = 0;
	}
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "host/audit_nl.h"

#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"

#define RECV_BYTES 65536
#define SOCKET_BYTES (32 << 20) /* what 10,000 rules take in kernel memory */

/* Every kernel tells the status up to .backlog; what came later may be missing. */
#define STATUS_BYTES_MIN (offsetof(struct audit_status, backlog) + sizeof(uint32_t))

/* The kernel's errors in words; the number stays what it was. */
static int nl_error(hf_error **err, int code, const char *what)
{
	switch (code) {
	case -EPERM:
		return hf_error_set(
			err, code,
			"%s: not permitted (not root, no CAP_AUDIT_CONTROL, or the "
			"audit configuration is locked)",
			what);
	case -ECONNREFUSED:
		return hf_error_set(err, code,
				    "%s: the kernel does not audit, or not here", what);
	case -EPROTONOSUPPORT:
		return hf_error_set(err, code, "%s: the kernel has no audit", what);
	default:
		return hf_error_set(err, code, "%s: %s", what, strerror(-code));
	}
}

static int nl_open(hf_host *host, hf_error **err)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int bytes = SOCKET_BYTES;
	cleanup_close int fd = -1;

	if (host->audit_fd > 0)
		return 0;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);
	if (fd < 0)
		return nl_error(err, -errno, "audit socket");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return nl_error(err, -errno, "audit socket");
	/* Best effort: a dump of thousands of rules then needs fewer wake-ups. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	host->audit_fd = take_fd(fd);
	return 0;
}

static int nl_send(hf_host *host, uint16_t type, uint16_t flags, const void *payload,
		   size_t len, hf_error **err)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr head = { .nlmsg_len = (uint32_t)(NLMSG_LENGTH(len)),
				 .nlmsg_type = type,
				 .nlmsg_flags = NLM_F_REQUEST | flags };
	struct iovec parts[] = { { &head, sizeof(head) }, { NULL, len } };
	struct msghdr message = { .msg_name = &kernel,
				  .msg_namelen = sizeof(kernel),
				  .msg_iov = parts,
				  .msg_iovlen = len ? 2 : 1 };
	ssize_t n;

	memcpy(&parts[1].iov_base, &payload, sizeof(payload)); /* sendmsg only reads it */
	if (++host->audit_seq == 0)
		host->audit_seq = 1;
	head.nlmsg_seq = host->audit_seq;
	do
		n = sendmsg(host->audit_fd, &message, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return nl_error(err, -errno, "audit request");
	host->audit_unanswered = true;
	return 0;
}

/* One datagram into @buf, waiting until @deadline_usec. */
static int nl_receive(hf_host *host, void *buf, size_t size, uint64_t deadline_usec,
		      size_t *ret_len, hf_error **err)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(host->audit_fd, buf, size, MSG_TRUNC,
				     (struct sockaddr *)&from, &from_len);
		struct pollfd wait = { .fd = host->audit_fd, .events = POLLIN };
		uint64_t now;

		if (n >= 0 && from.nl_pid != 0)
			continue; /* not from the kernel: anybody may send */
		if (n >= 0 && (size_t)n > size)
			return hf_error_set(err, -EBADMSG,
					    "the kernel's audit reply is too long");
		if (n >= 0) {
			*ret_len = (size_t)n;
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return nl_error(err, -errno, "audit reply");
		now = hf_clock_usec(CLOCK_MONOTONIC);
		if (now >= deadline_usec)
			return hf_error_set(err, -ETIMEDOUT,
					    "the kernel did not answer in time");
		(void)poll(&wait, 1, (int)((deadline_usec - now) / 1000) + 1);
	}
}

/* What one message of a reply means to its request. */
typedef int (*message_fn)(void *user, const struct nlmsghdr *head, const void *payload,
			  size_t len, hf_error **err);

/*
 * Reads until the request's answer is complete: its acknowledgement (NLMSG_ERROR) for a
 * request without data, NLMSG_DONE for a dump. Other sequence numbers are left-overs of
 * a request that timed out.
 */
static int nl_reply(hf_host *host, bool until_done, message_fn fn, void *user,
		    hf_error **err)
{
	_Alignas(struct nlmsghdr) char buf[RECV_BYTES];
	uint64_t wait_usec = host->timeout_usec ? host->timeout_usec : 10 * 1000000ULL;
	uint64_t deadline_usec = hf_clock_usec(CLOCK_MONOTONIC) + wait_usec;

	for (;;) {
		struct nlmsghdr *head = (struct nlmsghdr *)buf;
		size_t len = 0, payload_len;
		int r = nl_receive(host, buf, sizeof(buf), deadline_usec, &len, err);

		if (r < 0)
			return r;
		/* Audit sends one message in each datagram; nlmsg_len is not padded. */
		if (len < sizeof(*head) || head->nlmsg_len < sizeof(*head) ||
		    head->nlmsg_len > len)
			return hf_error_set(err, -EBADMSG,
					    "the kernel's audit reply is damaged");
		if (head->nlmsg_seq != host->audit_seq)
			continue;
		payload_len = head->nlmsg_len - sizeof(*head);
		if (head->nlmsg_type == NLMSG_DONE) {
			host->audit_unanswered = false;
			return until_done ? 0
					  : hf_error_set(err, -EBADMSG,
							 "the kernel's audit reply is "
							 "none to what was asked");
		}
		if (head->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *answer = NLMSG_DATA(head);

			if (payload_len < sizeof(int))
				return hf_error_set(
					err, -EBADMSG,
					"the kernel's audit reply is damaged");
			host->audit_unanswered = false;
			if (answer->error < 0)
				return nl_error(err, answer->error, "audit request");
			if (!until_done)
				return 0;
			continue; /* the acknowledgement may come before the data */
		}
		if (!fn)
			continue;
		r = fn(user, head, NLMSG_DATA(head), payload_len, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

typedef struct status_reply {
	struct audit_status status;
	bool there;
} status_reply;

static int take_status(void *user, const struct nlmsghdr *head, const void *payload,
		       size_t len, hf_error **err)
{
	status_reply *reply = user;

	if (head->nlmsg_type != AUDIT_GET)
		return 0;
	if (len < STATUS_BYTES_MIN)
		return hf_error_set(err, -EBADMSG,
				    "the kernel's audit status is too short");
	memcpy(&reply->status, payload,
	       len < sizeof(reply->status) ? len : sizeof(reply->status));
	reply->there = true;
	return 1;
}

int hf_audit_status(hf_host *host, struct audit_status *ret, hf_error **err)
{
	status_reply reply = { 0 };
	int r = nl_open(host, err);

	if (r >= 0)
		r = nl_send(host, AUDIT_GET, 0, NULL, 0, err);
	if (r >= 0)
		r = nl_reply(host, true, take_status, &reply, err);
	if (r < 0)
		return r;
	if (!reply.there) /* zeros would pass for settings */
		return hf_error_set(err, -EBADMSG, "the kernel told no audit status");
	*ret = reply.status;
	return 0;
}

int hf_audit_status_set(hf_host *host, const struct audit_status *status, hf_error **err)
{
	int r = nl_open(host, err);

	if (r >= 0)
		r = nl_send(host, AUDIT_SET, NLM_F_ACK, status, sizeof(*status), err);
	return r < 0 ? r : nl_reply(host, false, NULL, NULL, err);
}

static int take_features(void *user, const struct nlmsghdr *head, const void *payload,
			 size_t len, hf_error **err)
{
	struct audit_features *features = user;

	if (head->nlmsg_type != AUDIT_GET_FEATURE)
		return 0;
	if (len < sizeof(*features))
		return hf_error_set(err, -EBADMSG,
				    "the kernel's list of audit features is too short");
	memcpy(features, payload, sizeof(*features));
	return 1;
}

int hf_audit_features(hf_host *host, uint32_t *ret, hf_error **err)
{
	struct audit_features features = { 0 };
	int r = nl_open(host, err);

	if (r >= 0)
		r = nl_send(host, AUDIT_GET_FEATURE, 0, NULL, 0, err);
	if (r >= 0)
		r = nl_reply(host, true, take_features, &features, err);
	if (r < 0)
		return r;
	if (!features.vers)
		return hf_error_set(err, -EBADMSG, "the kernel told no audit features");
	*ret = features.features;
	return 0;
}

int hf_audit_feature_set(hf_host *host, uint32_t feature, bool on, hf_error **err)
{
	struct audit_features features = { .vers = AUDIT_FEATURE_VERSION,
					   .mask = AUDIT_FEATURE_TO_MASK(feature) };
	int r = nl_open(host, err);

	features.features = on ? features.mask : 0;
	if (r >= 0)
		r = nl_send(host, AUDIT_SET_FEATURE, NLM_F_ACK, &features,
			    sizeof(features), err);
	return r < 0 ? r : nl_reply(host, false, NULL, NULL, err);
}

typedef struct lister {
	hf_audit_rule_fn fn;
	void *user;
} lister;

static int take_rule(void *user, const struct nlmsghdr *head, const void *payload,
		     size_t len, hf_error **err)
{
	const lister *l = user;

	if (head->nlmsg_type != AUDIT_LIST_RULES)
		return 0;
	if (len < sizeof(struct audit_rule_data))
		return hf_error_set(err, -EBADMSG,
				    "the kernel's audit rule is too short");
	return l->fn(l->user, payload, len, err);
}

int hf_audit_list(hf_host *host, hf_audit_rule_fn fn, void *user, hf_error **err)
{
	lister l = { fn, user };
	int r = nl_open(host, err);

	if (r >= 0)
		r = nl_send(host, AUDIT_LIST_RULES, 0, NULL, 0, err);
	if (r >= 0)
		r = nl_reply(host, true, take_rule, &l, err);
	return r < 0 ? hf_error_wrap(err, "list of audit rules"), r : 0;
}

struct hf_audit_ahead {
	pthread_t thread;
	hf_host socket; /* only what this file uses of a host */
	lister lister;
	int (*end)(void *user);
	void (*drop)(void *user);
	struct audit_status status;
	int result;
};

static void *read_ahead(void *user)
{
	struct hf_audit_ahead *a = user;

	a->result = hf_audit_status(&a->socket, &a->status, NULL);
	if (a->result == 0)
		a->result = hf_audit_list(&a->socket, a->lister.fn, a->lister.user, NULL);
	if (a->result == 0 && a->end)
		a->result = a->end(a->lister.user);
	return NULL;
}

static void close_socket(hf_host *host)
{
	if (host->audit_fd > 0)
		(void)close(host->audit_fd);
	host->audit_fd = -1;
}

static void drop_ahead(hf_host *host)
{
	void (*drop)(void *user) = host->audit_ahead ? host->audit_ahead->drop : NULL;
	struct audit_status status;
	void *user = hf_audit_list_taken(host, &status);

	if (user)
		drop(user);
}

/* Signals are the main thread's: it may have blocked them for a while. */
static int start(pthread_t *ret, void *(*run)(void *user), void *user)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret, NULL, run, user);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

void hf_audit_list_ahead(hf_host *host, hf_audit_rule_fn fn, int (*end)(void *user),
			 void *user, void (*drop)(void *user))
{
	cleanup_free struct hf_audit_ahead *a = NULL;

	drop_ahead(host); /* what was not taken is old by now */
	if (host->audit.known == HF_PRESENT && host->is_root)
		a = calloc(1, sizeof(*a));
	if (!a) {
		drop(user);
		return;
	}
	a->socket.audit_fd = -1;
	a->socket.timeout_usec = host->timeout_usec;
	a->lister = (lister){ fn, user };
	a->end = end;
	a->drop = drop;
	if (start(&a->thread, read_ahead, a) != 0) {
		drop(user);
		return;
	}
	host->audit_ahead = take_ptr(a);
}

void *hf_audit_list_taken(hf_host *host, struct audit_status *ret)
{
	cleanup_free struct hf_audit_ahead *a = host->audit_ahead;

	if (!a)
		return NULL;
	host->audit_ahead = NULL;
	(void)pthread_join(a->thread, NULL);
	close_socket(&a->socket);
	*ret = a->status;
	if (a->result == 0)
		return a->lister.user;
	a->drop(a->lister.user);
	return NULL;
}

void hf_audit_close(hf_host *host)
{
	drop_ahead(host);
	close_socket(host);
}

static int change(hf_host *host, uint16_t type, const struct audit_rule_data *rule,
		  size_t len, hf_error **err)
{
	int r = nl_open(host, err);

	if (r >= 0)
		r = nl_send(host, type, NLM_F_ACK, rule, len, err);
	return r < 0 ? r : nl_reply(host, false, NULL, NULL, err);
}

int hf_audit_add(hf_host *host, const struct audit_rule_data *rule, size_t len,
		 hf_error **err)
{
	return change(host, AUDIT_ADD_RULE, rule, len, err);
}

int hf_audit_delete(hf_host *host, const struct audit_rule_data *rule, size_t len,
		    hf_error **err)
{
	return change(host, AUDIT_DEL_RULE, rule, len, err);
}

/* In the child: what libaudit makes of arch, path and perm. Its hidden state is fresh
 * here and dies with the process. */
static int probe(uint32_t elf, const char *perm, int fd)
{
	static const char blank[sizeof(((struct audit_rule_data *)0)->mask)];
	struct audit_rule_data *rule = audit_rule_create_data();
	char arch[32], path[] = "path=/x", perms[16];
	ssize_t n = 0;

	(void)snprintf(arch, sizeof(arch), "arch=%s",
		       elf & __AUDIT_ARCH_64BIT ? "b64" : "b32");
	(void)snprintf(perms, sizeof(perms), "perm=%s", perm);
	if (rule && audit_rule_fieldpair_data(&rule, arch, AUDIT_FILTER_EXIT) == 0 &&
	    audit_rule_fieldpair_data(&rule, path, AUDIT_FILTER_EXIT) == 0 &&
	    audit_rule_fieldpair_data(&rule, perms, AUDIT_FILTER_EXIT) == 0 &&
	    memcmp(rule->mask, blank, sizeof(blank)) != 0)
		n = write(fd, rule->mask, sizeof(blank));
	return n == (ssize_t)sizeof(blank) ? 0 : 1;
}

int hf_audit_perm_mask(uint32_t elf, uint32_t perm,
		       uint32_t ret[static AUDIT_BITMASK_SIZE], hf_error **err)
{
	uint32_t mask[AUDIT_BITMASK_SIZE];
	char text[5] = "";
	cleanup_close int in = -1;
	cleanup_close int out = -1;
	size_t got = 0;
	int fds[2];
	int len = 0;
	pid_t child;

	if (perm & AUDIT_PERM_READ)
		text[len++] = 'r';
	if (perm & AUDIT_PERM_WRITE)
		text[len++] = 'w';
	if (perm & AUDIT_PERM_EXEC)
		text[len++] = 'x';
	if (perm & AUDIT_PERM_ATTR)
		text[len++] = 'a';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return hf_error_set(err, -errno, "pipe: %s", strerror(errno));
	in = fds[0];
	out = fds[1];
	child = fork();
	if (child < 0)
		return hf_error_set(err, -errno, "fork: %s", strerror(errno));
	if (child == 0)
		_exit(probe(elf, text, out));
	(void)close(take_fd(out));
	for (;;) {
		ssize_t n = read(in, (char *)mask + got, sizeof(mask) - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (got == sizeof(mask))
		memcpy(ret, mask, sizeof(mask));
	else /* libaudit before 3.1.3 has no table: its auditctl sends every syscall */
		memset(ret, 0xff, sizeof(mask));
	return 0;
}

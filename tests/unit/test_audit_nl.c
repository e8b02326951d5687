/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The netlink transport of audit against a kernel that misbehaves: its replies are
 * scripted, sendmsg(2) and recvfrom(2) are the test's own (--wrap of the linker). What
 * is cut short, out of sequence, somebody else's or late is an error, never a shorter
 * list, and nothing is planned on the strength of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/netlink.h>
#include <sys/socket.h>

#include "audit_world.h"
#include "host/audit_nl.h"

/* One datagram of the script; .seq is relative to the request's. */
typedef struct reply {
	uint16_t type;
	int seq;
	uint32_t pid; /* who sends it; 0: the kernel */
	uint32_t len; /* payload; of rules: of the fixed part cut off after so much */
	int error;    /* of NLMSG_ERROR */
	int head_len; /* added to nlmsg_len: more or less than there is */
	bool added;   /* the rule that was added last, as the kernel stores it */
} reply;

#define RULE_LEN ((uint32_t)sizeof(struct audit_rule_data))
#define STATUS_LEN ((uint32_t)sizeof(struct audit_status))
#define RULE                                                                             \
	{                                                                                \
		.type = AUDIT_LIST_RULES, .len = RULE_LEN                                \
	}
#define STATUS                                                                           \
	{                                                                                \
		.type = AUDIT_GET, .len = STATUS_LEN                                     \
	}
#define DONE                                                                             \
	{                                                                                \
		.type = NLMSG_DONE                                                       \
	}
#define END                                                                              \
	{                                                                                \
		.type = 0                                                                \
	}

static struct {
	const reply *next; /* ends with END: nothing comes any more */
	uint32_t seq;	   /* of the last request */
	size_t n_sent;
	uint16_t sent[8]; /* types of what was asked for */
	char rule[4096];  /* the last that was to be added */
	uint32_t rule_len;
} script;

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_len);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	const struct nlmsghdr *head = message->msg_iov[0].iov_base;

	(void)fd;
	(void)flags;
	script.seq = head->nlmsg_seq;
	if (script.n_sent < ARRAY_SIZE(script.sent))
		script.sent[script.n_sent++] = head->nlmsg_type;
	if (head->nlmsg_type == AUDIT_ADD_RULE) {
		script.rule_len = head->nlmsg_len - NLMSG_HDRLEN;
		assert_true(script.rule_len <= sizeof(script.rule));
		memcpy(script.rule, message->msg_iov[1].iov_base, script.rule_len);
	}
	return head->nlmsg_len;
}

ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_len)
{
	const reply *r = script.next;
	struct nlmsghdr *head = buf;
	struct sockaddr_nl *addr = (struct sockaddr_nl *)(void *)from;
	uint32_t len;

	(void)fd;
	(void)flags;
	(void)from_len;
	if (!r->type) {
		errno = EAGAIN;
		return -1;
	}
	script.next++;
	len = r->added ? script.rule_len : r->len;
	assert_true(size >= sizeof(*head) + len);
	memset(buf, 0, sizeof(*head) + len);
	addr->nl_pid = r->pid;
	head->nlmsg_type = r->type;
	head->nlmsg_seq = script.seq + (uint32_t)r->seq;
	head->nlmsg_len = NLMSG_HDRLEN + len + (uint32_t)r->head_len;
	if (r->type == NLMSG_ERROR && r->len >= sizeof(int))
		memcpy(NLMSG_DATA(head), &r->error, sizeof(int));
	if (r->added) {
		struct audit_rule_data *rule = NLMSG_DATA(head);

		memcpy(rule, script.rule, len);
		rule->flags &= ~(uint32_t)AUDIT_FILTER_PREPEND;
		rule->mask[AUDIT_BITMASK_SIZE - 1] &= 0xffff;
	} else if (r->type == AUDIT_LIST_RULES && r->len >= RULE_LEN) {
		struct audit_rule_data *rule = NLMSG_DATA(head);

		rule->flags = AUDIT_FILTER_EXIT;
		rule->action = AUDIT_ALWAYS;
	}
	return (ssize_t)(sizeof(*head) + len);
}

/* A socket that never has anything: poll(2) on it waits to its end. */
static void make_host(hf_host *host, int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
	host->audit_fd = fds[0];
	host->timeout_usec = 1;
}

static void close_both(hf_host *host, int fds[2])
{
	host->audit_fd = -1;
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static int count(void *user, const struct audit_rule_data *rule, size_t len,
		 hf_error **err)
{
	(void)rule;
	(void)len;
	(void)err;
	++*(size_t *)user;
	return 0;
}

static void lists(void **state)
{
	static const struct {
		reply replies[6];
		int result;
		size_t n;
		const char *what;
	} cases[] = {
		{ { DONE, END }, 0, 0, "" },
		{ { RULE, RULE, DONE, END }, 0, 2, "" },
		/* the acknowledgement may come first */
		{ { { .type = NLMSG_ERROR, .len = 4 }, RULE, DONE, END }, 0, 1, "" },
		/* cut short: the end never comes */
		{ { END }, -ETIMEDOUT, 0, "did not answer in time" },
		{ { RULE, RULE, END }, -ETIMEDOUT, 2, "did not answer in time" },
		/* left over from a request before, its end, too */
		{ { { .type = AUDIT_LIST_RULES, .seq = -1, .len = RULE_LEN },
		    { .type = NLMSG_DONE, .seq = -1 },
		    RULE,
		    DONE,
		    END },
		  0,
		  1,
		  "" },
		{ { RULE, { .type = NLMSG_DONE, .seq = -1 }, END },
		  -ETIMEDOUT,
		  1,
		  "did not answer in time" },
		{ { RULE, { .type = NLMSG_DONE, .seq = 1 }, END },
		  -ETIMEDOUT,
		  1,
		  "did not answer in time" },
		/* anybody may send to a netlink socket */
		{ { RULE, { .type = NLMSG_DONE, .pid = 4242 }, RULE, DONE, END },
		  0,
		  2,
		  "" },
		{ { { .type = AUDIT_LIST_RULES, .pid = 1, .len = RULE_LEN }, DONE, END },
		  0,
		  0,
		  "" },
		{ { RULE, { .type = NLMSG_DONE, .pid = 4242 }, END },
		  -ETIMEDOUT,
		  1,
		  "did not answer in time" },
		/* damaged */
		{ { RULE, { .type = AUDIT_LIST_RULES, .len = RULE_LEN - 4 }, DONE, END },
		  -EBADMSG,
		  1,
		  "rule is too short" },
		{ { { .type = AUDIT_LIST_RULES, .len = RULE_LEN, .head_len = 1 }, END },
		  -EBADMSG,
		  0,
		  "reply is damaged" },
		{ { { .type = NLMSG_DONE, .head_len = -4 }, END },
		  -EBADMSG,
		  0,
		  "reply is damaged" },
		{ { RULE, { .type = NLMSG_ERROR, .len = 2 }, END },
		  -EBADMSG,
		  1,
		  "reply is damaged" },
		{ { RULE, { .type = NLMSG_ERROR, .len = 4, .error = -ENOBUFS }, END },
		  -ENOBUFS,
		  1,
		  "No buffer space" },
	};
	hf_host host = { 0 };
	int fds[2];

	(void)state;
	make_host(&host, fds);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		size_t n = 0;
		int r;

		script.next = cases[i].replies;
		r = hf_audit_list(&host, count, &n, &err);
		if (r != cases[i].result || n != cases[i].n || (r < 0) != (err != NULL) ||
		    (err && !strstr(hf_error_text(err), cases[i].what)))
			fail_msg("list %zu: %d after %zu rules: %s", i, r, n,
				 err ? hf_error_text(err) : "");
	}
	close_both(&host, fds);
}

static void statuses(void **state)
{
	static const struct {
		reply replies[4];
		int result;
		const char *what;
	} cases[] = {
		{ { STATUS, END }, 0, "" },
		/* of a kernel before 3.16 */
		{ { { .type = AUDIT_GET, .len = 32 }, END }, 0, "" },
		{ { DONE, END }, -EBADMSG, "told no audit status" },
		{ { { .type = AUDIT_GET, .len = 8 }, END }, -EBADMSG, "too short" },
		{ { { .type = AUDIT_GET, .seq = 7, .len = STATUS_LEN }, END },
		  -ETIMEDOUT,
		  "did not answer in time" },
		{ { { .type = AUDIT_GET, .pid = 7, .len = STATUS_LEN }, END },
		  -ETIMEDOUT,
		  "did not answer in time" },
		{ { { .type = NLMSG_ERROR, .len = 4, .error = -EPERM }, END },
		  -EPERM,
		  "not permitted" },
	};
	hf_host host = { 0 };
	int fds[2];

	(void)state;
	make_host(&host, fds);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		struct audit_status status;
		int r;

		script.next = cases[i].replies;
		r = hf_audit_status(&host, &status, &err);
		if (r != cases[i].result ||
		    (err && !strstr(hf_error_text(err), cases[i].what)))
			fail_msg("status %zu: %d: %s", i, r,
				 err ? hf_error_text(err) : "");
	}
	close_both(&host, fds);
}

/* A change is done when the kernel says so, and by nothing else. */
static void changed(void **state)
{
	static const struct {
		reply replies[4];
		int result;
		bool unanswered;
	} cases[] = {
		{ { { .type = NLMSG_ERROR, .len = 4 }, END }, 0, false },
		{ { { .type = NLMSG_ERROR, .len = 4, .error = -EEXIST }, END },
		  -EEXIST,
		  false },
		{ { DONE, END }, -EBADMSG, false },
		{ { { .type = NLMSG_ERROR, .seq = -1, .len = 4 }, END },
		  -ETIMEDOUT,
		  true },
		{ { { .type = NLMSG_ERROR, .pid = 1, .len = 4 }, END },
		  -ETIMEDOUT,
		  true },
		{ { END }, -ETIMEDOUT, true },
	};
	static const struct audit_rule_data rule = { .flags = AUDIT_FILTER_EXIT };
	hf_host host = { 0 };
	int fds[2];

	(void)state;
	make_host(&host, fds);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		int r;

		script.next = cases[i].replies;
		host.audit_unanswered = false;
		r = hf_audit_add(&host, &rule, sizeof(rule), &err);
		if (r != cases[i].result || host.audit_unanswered != cases[i].unanswered)
			fail_msg("change %zu: %d, %d", i, r, host.audit_unanswered);
	}
	close_both(&host, fds);
}

static int commit(world *w, const reply *replies, bool revert)
{
	hf_group *group =
		hf_plan_group_find(&w->plan, HF_GROUP_LIVE, "the kernel's audit rules");
	hf_host *host = &w->t->host;
	int r;

	assert_non_null(group);
	assert_int_equal(hf_kind_audit.prepare(host, group, NULL), 0);
	script.next = replies;
	script.n_sent = 0;
	r = hf_kind_audit.commit(host, group, NULL);
	if (revert)
		r = hf_kind_audit.revert(host, group, NULL);
	hf_kind_audit.discard(group);
	return r;
}

/* The kernel takes a rule that is to be prepended twice: what somebody loaded meanwhile
 * is found in its list, is not added, and is not taken out when all is put back. */
static void not_prepended_twice(void **state)
{
	static const char *const empty[] = { NULL };
	static const reply acked[] = { DONE, { .type = NLMSG_ERROR, .len = 4 }, END };
	static const reply there[] = {
		{ .type = AUDIT_LIST_RULES, .added = true }, DONE, DONE, END
	};
	static const reply cut[] = { RULE, END };
	world *w = *state;
	int fds[2];

	kind_world_control(w, "a", "rules: [{rule: '-a always,exit -S mount -k m'}]");
	plan(w);
	apply(w);
	kernel = empty;
	plan(w);
	make_host(&w->t->host, fds);
	assert_int_equal(commit(w, acked, false), 0);
	assert_int_equal(script.n_sent, 2);
	assert_int_equal(script.sent[0], AUDIT_LIST_RULES);
	assert_int_equal(script.sent[1], AUDIT_ADD_RULE);
	assert_int_equal(commit(w, there, true), 0);
	assert_int_equal(script.n_sent, 2);
	assert_int_equal(script.sent[0], AUDIT_LIST_RULES);
	assert_int_equal(script.sent[1], AUDIT_LIST_RULES);
	/* a list that is cut short: nothing is added on the strength of it */
	assert_int_equal(commit(w, cut, false), -ETIMEDOUT);
	assert_int_equal(script.n_sent, 1);
	close_both(&w->t->host, fds);
}

/* Whoever reads that a rule was refused is told which. */
static void refused(void **state)
{
	static const char *const there[] = { "-w /etc/docker -p wa", NULL };
	static const reply no[] = { { .type = NLMSG_ERROR, .len = 4, .error = -EINVAL },
				    END };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	world *w = *state;
	hf_group *group;
	int fds[2];

	kind_world_control(w, "a", "rules: [{rule: '-a always,exit -S mount -k m'}]");
	plan(w);
	apply(w);
	kernel = there;
	plan(w);
	make_host(&w->t->host, fds);
	group = hf_plan_group_find(&w->plan, HF_GROUP_LIVE, "the kernel's audit rules");
	assert_non_null(group);
	assert_int_equal(hf_kind_audit.prepare(&w->t->host, group, NULL), 0);
	script.next = no;
	assert_int_equal(hf_kind_audit.commit(&w->t->host, group, &err), -EINVAL);
	assert_string_equal(hf_error_text(err),
			    "load the rule '-a always,exit -S mount -F key=m': audit "
			    "request: Invalid argument");
	hf_kind_audit.discard(group);
	close_both(&w->t->host, fds);
}

/* A list that did not come whole: every row of the kernel is unknown, nothing is added
 * and nothing deleted. */
static void nothing_on_half_a_list(void **state)
{
	static const reply cases[][5] = {
		{ STATUS, RULE, END },
		{ STATUS, RULE, { .type = NLMSG_DONE, .seq = -1 }, END },
		{ STATUS, RULE, { .type = NLMSG_DONE, .pid = 9 }, END },
		{ STATUS, RULE, { .type = AUDIT_LIST_RULES, .len = 16 }, DONE, END },
		{ DONE, RULE, DONE, END },
		{ END },
	};
	world *w = *state;
	hf_error *err = NULL;
	int fds[2];

	kind_world_control(w, "a",
			   "rules: [{watch: /etc/docker, perm: wa, key: docker}]");
	kind_world_control(w, "b",
			   "absent: ['-a never,task']\nsettings: {backlog_limit: 100}");
	plan(w);
	apply(w);
	w->controls[0].disabled = "released";
	make_host(&w->t->host, fds);
	w->t->host.audit.known = HF_PRESENT;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t unknown = 0;

		kind_world_forget_plan(w);
		w->plan.options.offline = false;
		script.next = cases[i];
		script.n_sent = 0;
		assert_int_equal(
			hf_kind_audit.observe(&w->t->host, &w->model, &w->plan, &err), 0);
		assert_int_equal(hf_kind_audit.plan(&w->model, &w->plan, &err), 0);
		for (size_t j = 0; j < w->plan.n_resources; j++) {
			const hf_resource *row = w->plan.resources[j];

			if (row->layer != HF_LIVE)
				continue;
			assert_int_equal(row->state, HF_STATE_UNKNOWN);
			unknown++;
		}
		assert_int_equal(unknown, 2);
		assert_string_equal(ops(w), "");
		for (size_t j = 0; j < script.n_sent; j++)
			assert_true(script.sent[j] == AUDIT_GET ||
				    script.sent[j] == AUDIT_LIST_RULES);
	}
	w->t->host.audit.known = HF_ABSENT;
	close_both(&w->t->host, fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(statuses),
		cmocka_unit_test(changed),
		TEST(not_prepended_twice),
		TEST(refused),
		TEST(nothing_on_half_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

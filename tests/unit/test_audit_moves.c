/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that change their place, there and back, on a list that takes what is sent as the
 * kernel does: sendmsg(2) and recvfrom(2) are the test's own (--wrap of the linker).
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

#define RULES_MAX 8
#define RULE_MAX 2048

typedef struct stored {
	char bytes[RULE_MAX];
	uint32_t len;
} stored;

static struct {
	stored rules[RULES_MAX];
	size_t n;
	/* the reply to come */
	uint32_t seq;
	uint16_t type;
	size_t told;
	int error;
	int left; /* so many changes are answered yet, then none; -1: all are */
} list;

static size_t find_stored(const stored *one)
{
	for (size_t i = 0; i < list.n; i++)
		if (list.rules[i].len == one->len &&
		    memcmp(list.rules[i].bytes, one->bytes, one->len) == 0)
			return i;
	return list.n;
}

/* audit_add_rule(), audit_del_rule(): one that is to be prepended is never seen to be
 * there, or deleted. */
static int change_list(uint16_t type, const void *bytes, uint32_t len)
{
	struct audit_rule_data head;
	stored one = { .len = len };
	bool front;
	size_t at;

	assert_true(len >= sizeof(head) && len <= sizeof(one.bytes));
	memcpy(&head, bytes, sizeof(head));
	front = head.flags & AUDIT_FILTER_PREPEND;
	head.flags &= ~(uint32_t)AUDIT_FILTER_PREPEND;
	head.mask[AUDIT_BITMASK_SIZE - 1] &= 0xffff;
	memcpy(one.bytes, bytes, len);
	memcpy(one.bytes, &head, sizeof(head));
	at = front ? list.n : find_stored(&one);
	if (type == AUDIT_DEL_RULE) {
		if (at == list.n)
			return -ENOENT;
		list.n--;
		memmove(&list.rules[at], &list.rules[at + 1],
			(list.n - at) * sizeof(*list.rules));
		return 0;
	}
	if (at < list.n)
		return -EEXIST;
	assert_true(list.n < RULES_MAX);
	if (front)
		memmove(&list.rules[1], &list.rules[0], list.n * sizeof(*list.rules));
	list.rules[front ? 0 : list.n] = one;
	list.n++;
	return 0;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_len);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	const struct nlmsghdr *head = message->msg_iov[0].iov_base;

	(void)fd;
	(void)flags;
	list.seq = head->nlmsg_seq;
	list.type = head->nlmsg_type;
	list.told = 0;
	if (list.type == AUDIT_LIST_RULES)
		return head->nlmsg_len;
	if (list.left == 0) {
		errno = EIO; /* what came so far stays */
		return -1;
	}
	list.left -= list.left > 0;
	list.error = change_list(list.type, message->msg_iov[1].iov_base,
				 (uint32_t)(head->nlmsg_len - NLMSG_HDRLEN));
	return head->nlmsg_len;
}

ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_len)
{
	struct nlmsghdr *head = buf;
	uint32_t len = 0;

	(void)fd;
	(void)flags;
	(void)from_len;
	((struct sockaddr_nl *)(void *)from)->nl_pid = 0;
	head->nlmsg_seq = list.seq;
	if (list.type != AUDIT_LIST_RULES) {
		head->nlmsg_type = NLMSG_ERROR;
		len = sizeof(struct nlmsgerr);
		memset(NLMSG_DATA(head), 0, len);
		memcpy(NLMSG_DATA(head), &list.error, sizeof(int));
	} else if (list.told < list.n) {
		const stored *one = &list.rules[list.told++];

		head->nlmsg_type = AUDIT_LIST_RULES;
		len = one->len;
		memcpy(NLMSG_DATA(head), one->bytes, len);
	} else {
		head->nlmsg_type = NLMSG_DONE;
	}
	head->nlmsg_len = NLMSG_HDRLEN + len;
	assert_true(size >= head->nlmsg_len);
	return (ssize_t)head->nlmsg_len;
}

/* The kernel's list as planned from, and as the steps of the plan will find it. */
static hf_group *plan_on(world *w, const char *const *there)
{
	hf_audit_obs *obs;

	kernel = there;
	plan(w);
	obs = w->plan.obs[HF_RANK_AUDIT];
	list.n = 0;
	list.left = -1;
	for (size_t i = 0; i < obs->kernel.n; i++) {
		cleanup_free struct audit_rule_data *data = NULL;
		size_t len;

		assert_int_equal(hf_audit_rule_encode(obs->kernel.items[i].rule, &data,
						      &len, NULL),
				 0);
		assert_int_equal(change_list(AUDIT_ADD_RULE, data, (uint32_t)len), 0);
	}
	return hf_plan_group_find(&w->plan, HF_GROUP_LIVE, "the kernel's audit rules");
}

#define NEVER_K "-a never,exit -F arch=b64 -F path=/etc/docker/k"
#define ALL_D "-a always,exit -F arch=b64 -F dir=/etc/docker -F key=d"
#define OTHER "-a always,exit -F arch=b64 -F path=/etc/other -F key=o"

static const char *const swapped[] = { ALL_D, NEVER_K, NULL };
static const char *const with_other[] = { OTHER, ALL_D, NEVER_K, NULL };

static void assert_list(const stored *before, size_t n)
{
	assert_int_equal(list.n, n);
	for (size_t i = 0; i < n; i++)
		if (find_stored(&before[i]) != i)
			fail_msg("rule %zu is at %zu of %zu now", i,
				 find_stored(&before[i]), n);
}

static void demand(world *w)
{
	kind_world_control(w, "a", "rules: [{rule: '" NEVER_K "'}, {rule: '" ALL_D "'}]");
	plan(w);
	apply(w);
}

/* A failure behind it: what was moved is where it was, and there at all. */
static void moved_and_reverted(void **state)
{
	world *w = *state;
	hf_group *group;
	stored before[RULES_MAX];
	int fds[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
		0);
	w->t->host.audit_fd = fds[0];
	demand(w);
	group = plan_on(w, swapped);
	assert_non_null(group);
	memcpy(before, list.rules, sizeof(before));
	assert_int_equal(hf_kind_audit.prepare(&w->t->host, group, NULL), 0);
	assert_int_equal(hf_kind_audit.commit(&w->t->host, group, NULL), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(find_stored(&before[0]), 1);
	assert_int_equal(hf_kind_audit.revert(&w->t->host, group, NULL), 0);
	assert_list(before, 2);
	hf_kind_audit.discard(group);
	w->t->host.audit_fd = -1;
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* The same from the journal's text, cut short behind each message: nothing is lost. That
 * all rules are there says nothing of where they stand. */
static void moved_and_replayed(void **state)
{
	world *w = *state;
	int fds[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
		0);
	w->t->host.audit_fd = fds[0];
	demand(w);
	for (int cut = 0; cut <= 4; cut++) {
		hf_group *group = plan_on(w, with_other);
		cleanup_(hf_strbuf_done) hf_strbuf frozen = { 0 };
		stored before[RULES_MAX];
		hf_host *host = &w->t->host;
		int r;

		assert_non_null(group);
		memcpy(before, list.rules, sizeof(before));
		assert_int_equal(hf_kind_audit.prepare(host, group, NULL), 0);
		assert_int_equal(hf_kind_audit.freeze(group, &frozen), 0);
		list.left = cut;
		r = hf_kind_audit.commit(host, group, NULL);
		assert_int_equal(r, cut < 4 ? -EIO : 0);
		list.left = -1;
		hf_kind_audit.discard(group);
		assert_int_equal(
			hf_kind_audit.holds(host, hf_strbuf_str(&frozen), true, NULL),
			cut == 4);
		assert_int_equal(
			hf_kind_audit.holds(host, hf_strbuf_str(&frozen), false, NULL),
			0);
		r = hf_kind_audit.replay(host, hf_strbuf_str(&frozen), false, NULL);
		assert_true(r >= 0);
		assert_int_equal(list.n, 3);
		for (size_t i = 0; i < 3; i++)
			assert_true(find_stored(&before[i]) < 3);
		/* before the never, as it was */
		assert_true(find_stored(&before[1]) < find_stored(&before[2]));
		assert_int_equal(
			hf_kind_audit.holds(host, hf_strbuf_str(&frozen), false, NULL),
			1);
	}
	w->t->host.audit_fd = -1;
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(moved_and_reverted),
		TEST(moved_and_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

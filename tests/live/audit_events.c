/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an audit rule fire, or a program leave a record? Joins the kernel's multicast
 * group for audit records (AUDIT_NLGRP_READLOG; needs CAP_AUDIT_READ, and no auditd),
 * runs a command and waits for a record that carries the key, or (with a "=") the text.
 *
 *	audit_events KEY|NAME=VALUE SECONDS COMMAND [ARGUMENT...]
 *
 * Exit status: 0 seen, 1 not seen in time, 2 cannot be told, 3 the command failed.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_msec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The kernel writes a key of plain characters as key="KEY". */
static bool has_key(const char *record, const char *key)
{
	char wanted[300];

	if (strchr(key, '='))
		return strstr(record, key);
	snprintf(wanted, sizeof(wanted), "key=\"%s\"", key);
	return strstr(record, wanted);
}

static int join_group(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK,
				    .nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1) };
	int bytes = 4 * 1024 * 1024;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		return -1;
	/* more than enough for one command; a failure only means a smaller buffer */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int run(char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int main(int argc, char **argv)
{
	static char buf[16384];
	long long deadline;
	int fd, status;

	if (argc < 4) {
		fprintf(stderr, "usage: audit_events KEY SECONDS COMMAND...\n");
		return 2;
	}
	fd = join_group();
	if (fd < 0) {
		fprintf(stderr, "audit_events: joining the group of audit records: %s\n",
			strerror(errno));
		return 2;
	}
	status = run(argv + 3);
	if (status != 0) {
		fprintf(stderr, "audit_events: '%s' ended with status %d\n", argv[3],
			status);
		close(fd);
		return 3;
	}
	deadline = now_msec() + 1000 * atoll(argv[2]);
	for (;;) {
		long long left = deadline - now_msec();
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (left <= 0 || poll(&pfd, 1, (int)left) == 0)
			break;
		n = recv(fd, buf, sizeof(buf) - 1, 0);
		if (n < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (n < (ssize_t)sizeof(struct nlmsghdr))
			break;
		buf[n] = '\0';
		if (has_key(buf + sizeof(struct nlmsghdr), argv[1])) {
			printf("%s\n", buf + sizeof(struct nlmsghdr));
			close(fd);
			return 0;
		}
	}
	close(fd);
	return 1;
}

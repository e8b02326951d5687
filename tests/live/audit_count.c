/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many writes go unseen while something is done to the audit rules? Opens and closes
 * a file for writing in a tight loop while a command runs, and counts the records of the
 * kernel's multicast group (AUDIT_NLGRP_READLOG) about its opens that carry a key ("any":
 * whichever).
 *
 *	audit_count KEY FILE COMMAND [ARGUMENT...]
 *
 * Prints "WRITES SEEN COMMAND-STATUS". Exit status: 0 it could be measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_bool done;
static unsigned long seen, overruns;
static char wanted[300];
static char who[32];

static int join_group(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK,
				    .nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1) };
	struct timeval wait = { .tv_usec = 300000 };
	int bytes = 256 * 1024 * 1024;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Until nothing has come for a while after the end. */
static void *count(void *arg)
{
	static char buf[16384];
	int fd = *(int *)arg;

	for (;;) {
		bool last = atomic_load(&done);
		ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);

		if (n < 0 && errno == ENOBUFS) {
			overruns++;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (last)
				return NULL;
			continue;
		}
		buf[n] = '\0';
		if (((struct nlmsghdr *)(void *)buf)->nlmsg_type == AUDIT_SYSCALL &&
		    strstr(buf + sizeof(struct nlmsghdr), wanted) &&
		    strstr(buf + sizeof(struct nlmsghdr), who))
			seen++;
	}
}

/* The writer is a process of its own: those born before auditing was first switched on
 * are never audited. */
static unsigned long write_while(const char *path, char **command, int *ret_status)
{
	unsigned long n = 0;
	pid_t pid;
	int fd;

	/* a few before and after, so that the ends are seen, too */
	for (int phase = 0; phase < 3; phase++) {
		if (phase == 1) {
			pid = fork();
			if (pid == 0) {
				(void)!freopen("/dev/null", "w", stdout);
				execvp(command[0], command);
				_exit(127);
			}
		}
		for (unsigned i = 0; phase == 1 || i < 100; i++) {
			fd = open(path, O_WRONLY | O_CLOEXEC);
			if (fd >= 0) {
				n++;
				close(fd);
			}
			usleep(50); /* some ten thousand a second overrun any reader */
			if (phase == 1 && waitpid(pid, ret_status, WNOHANG) == pid)
				break;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	unsigned long result[2] = { 0, 0 };
	int fd, ends[2], status;
	pthread_t reader;
	pid_t writer;

	if (argc < 4 || pipe2(ends, O_CLOEXEC) < 0)
		return 64;
	fd = join_group();
	if (fd < 0) {
		fprintf(stderr, "audit_count: no audit records: %s\n", strerror(errno));
		return 2;
	}
	if (strcmp(argv[1], "any") == 0)
		snprintf(wanted, sizeof(wanted), "key=\"");
	else
		snprintf(wanted, sizeof(wanted), "key=\"%s\"", argv[1]);
	writer = fork();
	if (writer == 0) {
		int command_status = 0;

		usleep(200000); /* the reader is there by then */
		result[0] = write_while(argv[2], argv + 3, &command_status);
		result[1] = (unsigned long)WEXITSTATUS(command_status);
		_exit(write(ends[1], result, sizeof(result)) != sizeof(result));
	}
	snprintf(who, sizeof(who), " pid=%d ", (int)writer);
	if (writer < 0 || pthread_create(&reader, NULL, count, &fd) != 0)
		return 2;
	if (waitpid(writer, &status, 0) != writer || status != 0 ||
	    read(ends[0], result, sizeof(result)) != sizeof(result))
		return 2;
	atomic_store(&done, true);
	pthread_join(reader, NULL);
	if (overruns) {
		fprintf(stderr, "audit_count: the reader was overrun %lu times\n",
			overruns);
		return 2;
	}
	printf("%lu %lu %lu\n", result[0], seen, result[1]);
	return 0;
}

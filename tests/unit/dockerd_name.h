/* SPDX-License-Identifier: Apache-2.0 */
/* The name of dockerd for processes of a test: one test of the machine at a time has it,
 * as each looks for such processes. Include after cmocka. */
#ifndef DOCKERD_NAME_H
#define DOCKERD_NAME_H

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Waits until nobody else has it. The returned descriptor holds it: an abstract address,
 * which ends with the process (unix(7)). */
static inline int dockerd_name_take(void)
{
	static const char name[] = "\0holdfast-test-dockerd";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(addr.sun_path, name, sizeof(name) - 1);
	while (bind(fd, (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(name) -
				1)) < 0) {
		assert_int_equal(errno, EADDRINUSE);
		(void)usleep(10000);
	}
	return fd;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary tree, opened as --root, for the tests of file work. Include after cmocka.
 */
#ifndef TEMP_ROOT_H
#define TEMP_ROOT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"

typedef struct temp_root {
	char path[64]; /* the tree; beside it, PATH/../outside */
	char base[64];
	char scratch[256];
	int fd;
	hf_host host;
} temp_root;

static inline int temp_root_make(void **state)
{
	temp_root *t = calloc(1, sizeof(*t));
	hf_error *err = NULL;

	assert_non_null(t);
	(void)snprintf(t->base, sizeof(t->base), "/tmp/holdfast-test-XXXXXX");
	assert_non_null(mkdtemp(t->base));
	assert_true((size_t)snprintf(t->path, sizeof(t->path), "%s/root", t->base) <
		    sizeof(t->path));
	assert_int_equal(mkdir(t->path, 0755), 0);
	t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->fd >= 0);
	assert_int_equal(hf_host_open(&t->host, t->path, &err), 0);
	(void)umask(022);
	*state = t;
	return 0;
}

static inline int temp_root_remove(void **state)
{
	temp_root *t = *state;
	char command[128];

	hf_host_close(&t->host);
	(void)close(t->fd);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", t->base);
	assert_int_equal(system(command), 0);
	free(t);
	return 0;
}

static inline void temp_root_mkdir(temp_root *t, const char *path)
{
	assert_int_equal(mkdirat(t->fd, path, 0755), 0);
}

static inline void temp_root_write(temp_root *t, const char *path, const char *text)
{
	int fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static inline void temp_root_link(temp_root *t, const char *target, const char *path)
{
	assert_int_equal(symlinkat(target, t->fd, path), 0);
}

static inline struct stat temp_root_stat(temp_root *t, const char *path)
{
	struct stat st = { 0 };

	assert_int_equal(fstatat(t->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

/* What the file holds now, in a static buffer. */
static inline const char *temp_root_text(temp_root *t, const char *path)
{
	static char text[4096];
	int fd = openat(t->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_int_equal(close(fd), 0);
	return text;
}

#endif

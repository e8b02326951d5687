/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked with all of holdfast into tests/faults/faulty: the program, under a machine that
 * is short of memory or interrupts. The linker hands our calls to the wrappers below; the
 * environment says what is to happen:
 *
 *	HOLDFAST_FAULT=count FILE	write the number of allocations to FILE
 *	HOLDFAST_FAULT=once N		the Nth allocation fails
 *	HOLDFAST_FAULT=from N		it and all later ones do
 *	HOLDFAST_FAULT=short		writes are of one byte; every other one, and
 *					fsync, syncfs and flock, are interrupted
 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../alloc_wrap.h"

ssize_t __real_write(int fd, const void *p, size_t n);
int __real_fsync(int fd);
int __real_syncfs(int fd);
int __real_flock(int fd, int operation);

ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_fsync(int fd);
int __wrap_syncfs(int fd);
int __wrap_flock(int fd, int operation);

static unsigned long count, at, interruptions;
static enum { NOTHING, COUNT, ONCE, FROM, SHORT } mode;
static const char *count_file;

static bool alloc_fails(void)
{
	count++;
	return mode == ONCE ? count == at : mode == FROM && count >= at;
}

static bool interrupts(void)
{
	if (mode != SHORT || interruptions++ % 2 == 0)
		return false;
	errno = EINTR;
	return true;
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	if (interrupts())
		return -1;
	return __real_write(fd, p, mode == SHORT && n > 1 ? 1 : n);
}

int __wrap_fsync(int fd)
{
	return interrupts() ? -1 : __real_fsync(fd);
}

int __wrap_syncfs(int fd)
{
	return interrupts() ? -1 : __real_syncfs(fd);
}

int __wrap_flock(int fd, int operation)
{
	return interrupts() ? -1 : __real_flock(fd, operation);
}

static void write_count(void)
{
	FILE *f = fopen(count_file, "w");

	if (f) {
		fprintf(f, "%lu\n", count);
		fclose(f);
	}
}

__attribute__((constructor)) static void begin(void)
{
	const char *fault = getenv("HOLDFAST_FAULT");

	json_set_alloc_funcs(__wrap_malloc,
			     free); /* a library's own calls are not wrapped */
	if (!fault)
		return;
	if (strncmp(fault, "count ", 6) == 0) {
		mode = COUNT;
		count_file = fault + 6;
		atexit(write_count);
	} else if (strncmp(fault, "once ", 5) == 0) {
		mode = ONCE;
		at = strtoul(fault + 5, NULL, 10);
	} else if (strncmp(fault, "from ", 5) == 0) {
		mode = FROM;
		at = strtoul(fault + 5, NULL, 10);
	} else if (strcmp(fault, "short") == 0) {
		mode = SHORT;
	} else {
		fprintf(stderr, "HOLDFAST_FAULT=%s is not understood\n", fault);
		_exit(99);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "host/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "host/fs.h"

#define CMDLINE_MAX ((size_t)4 << 20)
#define STAT_MAX ((size_t)4096)

/* Field 22 of stat; the command in field 2 may hold blanks and parentheses. */
static uint64_t ticks_of(const char *stat)
{
	const char *p = strrchr(stat, ')');
	uint64_t ticks;
	char field[24];
	size_t len;

	for (int i = 2; p && i < 22; i++)
		p = strchr(p + 1, ' ');
	if (!p)
		return 0;
	len = strcspn(++p, " \n");
	if (!len || len >= sizeof(field))
		return 0;
	memcpy(field, p, len);
	field[len] = '\0';
	return hf_parse_u64(field, UINT64_MAX / 1000000, &ticks) == 0 ? ticks : 0;
}

/* Ticks after boot as time of day. */
static uint64_t time_of_ticks(uint64_t ticks)
{
	uint64_t now = hf_clock_usec(CLOCK_REALTIME), up = hf_clock_usec(CLOCK_BOOTTIME);
	long hz = sysconf(_SC_CLK_TCK);

	if (!ticks || hz <= 0 || !now || !up)
		return 0;
	return now - up + ticks * 1000000 / (uint64_t)hz;
}

/* *ret NULL, without length: it cannot be read. */
static int read_of(hf_host *host, uint32_t pid, const char *name, size_t max,
		   hf_arena *arena, char **ret, size_t *ret_len)
{
	char *path = hf_arena_printf(arena, "/proc/%u/%s", pid, name);
	int r = path ? hf_fs_read(host, path, max, arena, ret, ret_len, NULL, NULL)
		     : -ENOMEM;

	if (r < 0) {
		*ret = NULL;
		*ret_len = 0;
	}
	return r == -ENOMEM ? r : 0;
}

/* The words of @text, each of which ends with NUL; hf_fs_read() adds the last one. */
static int split(char *text, size_t len, hf_arena *arena, const char ***ret,
		 size_t *ret_n)
{
	for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
		const char **slot = hf_vec_push(arena, *ret, *ret_n);

		if (!slot)
			return -ENOMEM;
		*slot = text + at;
	}
	return 0;
}

int hf_process_environ(hf_host *host, uint32_t pid, hf_arena *arena, const char ***ret,
		       size_t *ret_n)
{
	char *text;
	size_t len;

	*ret = NULL;
	*ret_n = 0;
	if (read_of(host, pid, "environ", CMDLINE_MAX, arena, &text, &len) < 0)
		return -ENOMEM;
	return split(text, len, arena, ret, ret_n);
}

int hf_process_read(hf_host *host, uint32_t pid, hf_arena *arena, hf_process *ret)
{
	hf_process p = { 0 };
	char *words, *stat;
	size_t len, stat_len;

	if (read_of(host, pid, "cmdline", CMDLINE_MAX, arena, &words, &len) < 0 ||
	    read_of(host, pid, "stat", STAT_MAX, arena, &stat, &stat_len) < 0)
		return -ENOMEM;
	if (split(words, len, arena, &p.argv, &p.n_argv) < 0)
		return -ENOMEM;
	if (stat)
		p.start_ticks = ticks_of(stat);
	p.started_usec = time_of_ticks(p.start_ticks);
	/* nothing to be read: gone, or only hidden from us (proc(5), hidepid)? */
	p.gone = !p.argv && !p.start_ticks && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
	*ret = p;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a socket that systemd listens on would start dockerd. So nothing is
 * sent before a process of that name was found.
 *
 * HTTP/1.0: the answer ends with the connection and is never chunked (RFC 1945).
 */
#include "host/docker.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "host/fs.h"

#define ANSWER_MAX ((size_t)16 << 20)
#define TIMEOUT_USEC_DEFAULT (10u * 1000000u)

#define DOCKERD_COMM "dockerd\n" /* proc(5), comm */

/* --- the process ----------------------------------------------------------------------
 */

typedef enum kind_of_process {
	OTHER,
	ENGINE,
	ROOTLESS, /* a user's: in a user namespace, as rootlesskit makes it, or not root's
		   */
} kind_of_process;

/* Does @pid have our own namespace of that type? Refused without privilege: then yes. */
static bool shares(hf_host *host, const char *pid, const char *ns, hf_arena *arena)
{
	char *path = hf_arena_printf(arena, "/proc/%s/ns/%s", pid, ns);
	char *self = hf_arena_printf(arena, "/proc/self/ns/%s", ns);
	char *theirs, *own;

	if (!path || !self || hf_fs_readlink(host, path, arena, &theirs, NULL) < 0 ||
	    hf_fs_readlink(host, self, arena, &own, NULL) < 0)
		return true;
	return strcmp(theirs, own) == 0;
}

/* Anybody can give a process that name, but to root's own. The owner of /proc/PID is no
 * proof: of a program that may not be read it is root; proc(5). */
static bool is_roots(hf_host *host, const char *pid, hf_arena *arena)
{
	static const char field[] = "\nUid:\t";
	char *path = hf_arena_printf(arena, "/proc/%s/status", pid), *text;
	const char *at;
	uint64_t uid;
	size_t len;

	if (!path || hf_fs_read(host, path, 65536, arena, &text, &len, NULL, NULL) < 0)
		return false;
	at = strstr(text, field);
	text = at ? hf_arena_memdup(arena, at + strlen(field),
				    strcspn(at + strlen(field), "\t\n"))
		  : NULL;
	/* one's own is for tests, and fools nobody else */
	return text && hf_parse_u64(text, UINT32_MAX, &uid) == 0 &&
	       (uid == 0 || uid == geteuid());
}

/* One of another pid namespace is inside a container. */
static kind_of_process what_is(hf_host *host, const char *pid, hf_arena *arena)
{
	char *path = hf_arena_printf(arena, "/proc/%s/comm", pid);
	char *text;
	size_t len;

	if (!path || hf_fs_read(host, path, 64, arena, &text, &len, NULL, NULL) < 0 ||
	    strcmp(text, DOCKERD_COMM) != 0 || !shares(host, pid, "pid", arena))
		return OTHER;
	return shares(host, pid, "user", arena) && is_roots(host, pid, arena) ? ENGINE
									      : ROOTLESS;
}

static bool by_pid_file(hf_host *host, hf_arena *arena, uint32_t *ret)
{
	uint64_t pid;
	char *text;
	size_t len;

	if (hf_fs_read(host, "/run/docker.pid", 64, arena, &text, &len, NULL, NULL) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (hf_parse_u64(text, INT32_MAX, &pid) < 0 ||
	    what_is(host, text, arena) != ENGINE)
		return false;
	*ret = (uint32_t)pid;
	return true;
}

/* Of hundreds of processes: three calls each, and only what has the name is looked at. */
static bool has_name(int proc_fd, uint32_t pid)
{
	cleanup_close int fd = -1;
	char path[64], comm[16];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%u/comm", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	n = fd >= 0 ? read(fd, comm, sizeof(comm)) : -1;
	return n == sizeof(DOCKERD_COMM) - 1 && !memcmp(comm, DOCKERD_COMM, (size_t)n);
}

static int cannot_list(hf_error **err, int code)
{
	return code == -ENOMEM ? hf_error_oom(err)
			       : hf_error_set(err, code, "cannot list '/proc': %s",
					      strerror(-code));
}

static int search(hf_host *host, hf_arena *arena, uint32_t *ret, uint32_t *ret_rootless,
		  hf_error **err)
{
	cleanup_close int fd = -1;
	struct dirent *d;
	DIR *proc;
	int r = hf_fs_open(host, "/proc", O_RDONLY | O_DIRECTORY, 0, &fd, err);

	if (r < 0)
		return r;
	proc = fdopendir(fd);
	if (!proc)
		return cannot_list(err, -errno);
	(void)take_fd(fd);
	while (!*ret && (errno = 0, d = readdir(proc))) {
		kind_of_process what = OTHER;
		uint64_t pid;

		if (hf_parse_u64(d->d_name, INT32_MAX, &pid) == 0 &&
		    has_name(dirfd(proc), (uint32_t)pid))
			what = what_is(host, d->d_name, arena);
		if (what == ENGINE)
			*ret = (uint32_t)pid;
		else if (what == ROOTLESS)
			*ret_rootless = (uint32_t)pid;
	}
	r = *ret ? 0 : -errno;
	(void)closedir(proc);
	return r < 0 ? cannot_list(err, r) : 0;
}

int hf_docker_process(hf_host *host, uint32_t *ret_pid, uint32_t *ret_rootless,
		      hf_error **err)
{
	hf_arena arena = { 0 };
	uint32_t found = 0, rootless = 0;
	int r = 0;

	if (!by_pid_file(host, &arena, &found))
		r = search(host, &arena, &found, &rootless, err);
	hf_arena_done(&arena);
	if (r < 0)
		return r;
	*ret_pid = found;
	if (ret_rootless)
		*ret_rootless = rootless;
	return 0;
}

/* --- the connection -------------------------------------------------------------------
 */

/* The rest of the time until @deadline_usec for the next blocking call. */
static int set_deadline(int fd, uint64_t deadline_usec)
{
	uint64_t now = hf_clock_usec(CLOCK_MONOTONIC);
	struct timeval tv;

	if (now >= deadline_usec)
		return -ETIMEDOUT;
	tv.tv_sec = (time_t)((deadline_usec - now) / 1000000u);
	tv.tv_usec = (suseconds_t)((deadline_usec - now) % 1000000u);
	if (tv.tv_sec == 0 && tv.tv_usec == 0)
		tv.tv_usec = 1; /* zero would mean: for ever */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0)
		return -errno;
	return 0;
}

static int connect_to(const char *path, uint64_t deadline_usec)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_close int fd = -1;
	int r;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = set_deadline(fd, deadline_usec);
	if (r < 0)
		return r;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return take_fd(fd);
}

static int send_all(int fd, const char *bytes, size_t len, uint64_t deadline_usec)
{
	while (len) {
		ssize_t n;
		int r = set_deadline(fd, deadline_usec);

		if (r < 0)
			return r;
		n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int receive_all(int fd, hf_strbuf *sb, uint64_t deadline_usec)
{
	char chunk[16384];

	for (;;) {
		ssize_t n;
		int r = set_deadline(fd, deadline_usec);

		if (r < 0)
			return r;
		n = recv(fd, chunk, sizeof(chunk), 0);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		hf_strbuf_add(sb, chunk, (size_t)n);
		if (!hf_strbuf_ok(sb))
			return -ENOMEM;
		if (sb->len > ANSWER_MAX)
			return -EMSGSIZE;
	}
}

static int fail(hf_error **err, int code, const char *socket_path, const char *path)
{
	if (code == -ENOMEM)
		return hf_error_oom(err);
	if (code == -ETIMEDOUT)
		return hf_error_set(err, code,
				    "dockerd did not answer in time (%s, GET %s)",
				    socket_path, path);
	return hf_error_set(err, code, "cannot ask dockerd (%s, GET %s): %s", socket_path,
			    path, strerror(-code));
}

/* The whole answer into @sb; *ret_body: offset of what follows the headers. */
static int request(hf_host *host, const char *socket_path, const char *path,
		   hf_strbuf *sb, size_t *ret_body, hf_error **err)
{
	uint64_t timeout = host->timeout_usec ? host->timeout_usec : TIMEOUT_USEC_DEFAULT;
	uint64_t deadline = hf_clock_usec(CLOCK_MONOTONIC) + timeout;
	cleanup_(hf_strbuf_done) hf_strbuf head = { 0 };
	cleanup_close int fd = -1;
	uint32_t pid = 0;
	const char *end;
	int r;

	if (access(socket_path, F_OK) < 0)
		return hf_error_set(err, -errno, "%s: %s", socket_path, strerror(errno));
	r = hf_docker_process(host, &pid, NULL, err);
	if (r < 0)
		return r;
	if (!pid)
		return hf_error_set(err, -ENOTCONN, "no dockerd is running");
	fd = connect_to(socket_path, deadline);
	if (fd < 0)
		return fail(err, fd, socket_path, path);
	hf_strbuf_addf(&head,
		       "GET %s HTTP/1.0\r\nHost: docker\r\nUser-Agent: holdfast\r\n\r\n",
		       path);
	r = hf_strbuf_ok(&head) ? send_all(fd, head.buf, head.len, deadline) : -ENOMEM;
	if (r == 0)
		r = receive_all(fd, sb, deadline);
	if (r < 0)
		return fail(err, r, socket_path, path);
	end = sb->len ? memmem(sb->buf, sb->len, "\r\n\r\n", 4) : NULL;
	if (!end || sb->len < 12 || strncmp(sb->buf, "HTTP/1.", 7) != 0)
		return hf_error_set(err, -EPROTO, "%s does not speak HTTP", socket_path);
	if (strncmp(sb->buf + 9, "200", 3) != 0)
		return hf_error_set(err, -EREMOTEIO, "dockerd answers GET %s with '%.*s'",
				    path, (int)strcspn(sb->buf + 9, "\r\n"), sb->buf + 9);
	*ret_body = (size_t)(end - sb->buf) + 4;
	return 0;
}

/* "Server: Docker/20.10.24 (linux)" */
static char *server_version(const hf_strbuf *sb, size_t body, hf_arena *arena)
{
	static const char name[] = "\r\nServer: Docker/";
	const size_t len = sizeof(name) - 1;

	for (size_t i = 0; i + len < body; i++)
		if (strncasecmp(sb->buf + i, name, len) == 0) {
			const char *from = sb->buf + i + len;

			return hf_arena_memdup(arena, from, strcspn(from, " \r\n"));
		}
	return hf_arena_strdup(arena, "");
}

int hf_docker_ping(hf_host *host, const char *socket_path, hf_arena *arena,
		   char **ret_version, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	size_t body;
	char *version;
	int r = request(host, socket_path, "/_ping", &sb, &body, err);

	if (r < 0)
		return r;
	version = server_version(&sb, body, arena);
	if (!version)
		return hf_error_oom(err);
	if (!isdigit((unsigned char)*version))
		return hf_error_set(err, -EPROTO, "%s does not tell dockerd's version",
				    socket_path);
	*ret_version = version;
	return 0;
}

int hf_docker_get(hf_host *host, const char *socket_path, const char *path, json_t **ret,
		  hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	json_error_t at;
	size_t body;
	json_t *value;
	int r = request(host, socket_path, path, &sb, &body, err);

	if (r < 0)
		return r;
	value = json_loadb(sb.buf + body, sb.len - body, JSON_DECODE_ANY, &at);
	if (!value)
		return hf_error_set(err, -EBADMSG, "dockerd's answer to GET %s: %s", path,
				    at.text);
	*ret = value;
	return 0;
}

int hf_docker_get_stream(hf_host *host, const char *socket_path, const char *path,
			 json_t **ret, hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	json_error_t at;
	size_t pos;
	json_t *list, *value;
	int r = request(host, socket_path, path, &sb, &pos, err);

	if (r < 0)
		return r;
	list = json_array();
	if (!list)
		return hf_error_oom(err);
	for (;;) {
		while (pos < sb.len && isspace((unsigned char)sb.buf[pos]))
			pos++;
		if (pos == sb.len)
			break;
		value = json_loadb(sb.buf + pos, sb.len - pos,
				   JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &at);
		if (!value || json_array_append_new(list, value) < 0) {
			json_decref(list);
			return hf_error_set(err, -EBADMSG,
					    "dockerd's answer to GET %s: %s", path,
					    value ? "out of memory" : at.text);
		}
		pos += (size_t)at.position;
	}
	*ret = list;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "host/facts_package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/path.h"
#include "host/fs.h"

#define STATUS_MAX (128u << 20)

void hf_packages_done(hf_packages *p)
{
	if (p->mapped)
		(void)munmap(p->mapped, p->len);
	hf_arena_done(&p->arena);
	*p = (hf_packages){ 0 };
}

char *hf_package_upstream(hf_arena *arena, const char *version, size_t len)
{
	const char *colon = memchr(version, ':', len);
	size_t n = 0;

	if (colon) {
		len -= (size_t)(colon + 1 - version);
		version = colon + 1;
	}
	while (n < len && version[n] != '-' && version[n] != '+' && version[n] != '~')
		n++;
	return hf_arena_memdup(arena, version, n);
}

/* The value of "NAME: value" within one stanza, without blanks around it. */
static const char *stanza_field(const char *stanza, size_t len, const char *field,
				size_t *ret_len)
{
	size_t n = strlen(field);
	const char *end = stanza + len;

	for (const char *p = stanza; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t line = (size_t)((nl ? nl : end) - p);

		if (line > n && strncmp(p, field, n) == 0 && p[n] == ':') {
			const char *v = p + n + 1, *stop = p + line;

			while (v < stop && (*v == ' ' || *v == '\t'))
				v++;
			while (stop > v && (stop[-1] == ' ' || stop[-1] == '\r'))
				stop--;
			*ret_len = (size_t)(stop - v);
			return v;
		}
		p += line + 1;
	}
	return NULL;
}

const char *hf_package_find(const char *text, size_t len, const char *name,
			    bool is_status, size_t *ret_len)
{
	static const char ok[] = " ok installed"; /* "install", or "hold", before it */
	char head[160];
	int head_len = snprintf(head, sizeof(head), "Package: %s\n", name);
	const char *p = text, *end = text + len;

	if (head_len < 0 || (size_t)head_len >= sizeof(head))
		return NULL;
	while (p < end && (p = memmem(p, (size_t)(end - p), head, (size_t)head_len))) {
		const char *stop = memmem(p, (size_t)(end - p), "\n\n", 2), *v;
		size_t n = 0, stanza = (size_t)((stop ? stop : end) - p);
		bool at_line = p == text || p[-1] == '\n';

		v = stanza_field(p, stanza, "Status", &n);
		if (at_line && (!is_status || (v && n >= sizeof(ok) - 1 &&
					       strncmp(v + n - (sizeof(ok) - 1), ok,
						       sizeof(ok) - 1) == 0))) {
			v = stanza_field(p, stanza, "Version", &n);
			if (v && n) {
				*ret_len = n;
				return v;
			}
		}
		p += head_len;
	}
	return NULL;
}

/*
 * The running system's database is mapped, which spares a copy of a file that may have
 * megabytes: dpkg(1) replaces it whole and never cuts it short. In a tree, whose owner
 * may do so at any time, it is read. Returns true if it is mapped.
 */
static bool map_database(hf_host *host, hf_packages *p)
{
	cleanup_close int fd = -1;
	struct stat st;
	void *text;

	if (host->offline ||
	    hf_fs_open(host, HF_DPKG_STATUS, O_RDONLY | O_NONBLOCK, 0, &fd, NULL) < 0 ||
	    fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != 0 ||
	    st.st_size <= 0 || st.st_size > (off_t)STATUS_MAX)
		return false;
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return false;
	p->mapped = text;
	p->text = text;
	p->len = (size_t)st.st_size;
	return true;
}

static bool has_status_d(hf_host *host, hf_packages *p)
{
	hf_inode inode;

	if (!p->looked_for_status_d)
		p->has_status_d =
			hf_fs_inode(host, HF_DPKG_STATUS_D, 0, &inode, NULL) == 0;
	p->looked_for_status_d = true;
	return p->has_status_d;
}

static int read_database(hf_host *host, hf_packages *p)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char *text;
	int r;

	p->read = true;
	if (map_database(host, p)) {
		p->known = HF_PRESENT;
		return 0;
	}
	r = hf_fs_read(host, HF_DPKG_STATUS, STATUS_MAX, &p->arena, &text, &p->len, NULL,
		       &err);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		p->known = r == -ENOENT ? HF_ABSENT : HF_UNKNOWN;
		p->why = hf_arena_strdup(&p->arena, hf_error_text(err));
		if (!p->why)
			return -ENOMEM;
	} else {
		p->known = HF_PRESENT;
		p->text = text;
	}
	if (p->known == HF_ABSENT && has_status_d(host, p))
		p->known = HF_PRESENT;
	return 0;
}

/* Images without a package manager keep one file for each package. */
static const char *version_in_status_d(hf_host *host, hf_packages *p, const char *name,
				       size_t *ret_len, int *ret_error)
{
	char *path = hf_path_join(&p->arena, HF_DPKG_STATUS_D, name), *text;
	size_t len;
	int r;

	if (!path)
		return *ret_error = -ENOMEM, NULL;
	r = hf_fs_read(host, path, 0, &p->arena, &text, &len, NULL, NULL);
	if (r < 0)
		return r == -ENOMEM ? *ret_error = r : 0, NULL;
	return hf_package_find(text, len, name, false, ret_len);
}

const char *hf_package_version(hf_host *host, hf_packages *p, const char *name,
			       int *ret_error)
{
	const char *v = NULL;
	char *upstream;
	size_t n = 0;

	*ret_error = 0;
	if (!p->read && (*ret_error = read_database(host, p)) < 0)
		return NULL;
	if (p->text)
		v = hf_package_find(p->text, p->len, name, true, &n);
	if (!v && has_status_d(host, p))
		v = version_in_status_d(host, p, name, &n, ret_error);
	if (!v)
		return NULL;
	upstream = hf_package_upstream(&p->arena, v, n);
	if (!upstream)
		*ret_error = -ENOMEM;
	return upstream;
}

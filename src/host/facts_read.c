/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of a host, each with its source. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "host/docker.h"
#include "host/facts_data_root.h"
#include "host/facts_package.h"
#include "host/fs.h"
#include "host/unit_dirs.h"

#ifndef SYS_lsm_list_modules
#define SYS_lsm_list_modules 461 /* the number is the same on every machine */
#endif

#define GIVE_ENGINE "; give it with --fact engine=VERSION"
#define SMALL_FILE_MAX (64u << 10)

typedef struct reader {
	hf_host *host;
	hf_facts *facts;
	hf_packages packages;
	hf_arena arena;
	hf_unit_dirs units;
	bool has_units; /* .units was listed */
} reader;

static void reader_done(reader *r)
{
	hf_packages_done(&r->packages);
	hf_arena_done(&r->arena);
}

static int set_value(reader *r, const char *name, const char *value, const char *source)
{
	return hf_facts_set(r->facts, name, HF_PRESENT, value, source, NULL);
}

static int set_none(reader *r, const char *name, hf_known known, const char *why)
{
	return hf_facts_set(r->facts, name, known, NULL, NULL, why);
}

/* Is what runs what we look at? Otherwise the kernel's answers are another system's. */
static bool is_running(const reader *r)
{
	return !r->host->offline && r->host->docker.known == HF_PRESENT;
}

static bool is_missing(int code)
{
	return code == -ENOENT || code == -ENOTDIR || code == -ENOLINK;
}

/* Which of @paths is there? PRESENT: @ret is the first; ABSENT: none is; UNKNOWN: one
 * cannot be told, and @ret is why. Returns: 0 or -ENOMEM. */
static int look_for(reader *r, const char *const *paths, size_t n, hf_known *ret_known,
		    const char **ret)
{
	*ret_known = HF_ABSENT;
	for (size_t i = 0; i < n; i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		hf_inode inode;
		int q = hf_fs_inode(r->host, paths[i], 0, &inode, &err);

		if (q == -ENOMEM)
			return q;
		if (q == 0) {
			*ret_known = HF_PRESENT;
			*ret = paths[i];
			return 0;
		}
		if (is_missing(q) || *ret_known == HF_UNKNOWN)
			continue;
		*ret_known = HF_UNKNOWN;
		*ret = hf_arena_strdup(&r->arena, hf_error_text(err));
		if (!*ret)
			return -ENOMEM;
	}
	return 0;
}

/* First line of a small file as a fact; an unreadable one is UNKNOWN. */
static int set_line(reader *r, const char *name, const char *path)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	char *text;
	size_t len;
	int q;

	q = hf_fs_read(r->host, path, SMALL_FILE_MAX, &r->arena, &text, &len, NULL, &err);
	if (q == -ENOMEM)
		return q;
	if (q < 0)
		return set_none(r, name, q == -ENOENT ? HF_ABSENT : HF_UNKNOWN,
				hf_error_text(err));
	text[strcspn(text, " \t\r\n")] = '\0';
	if (!*text)
		return set_none(r, name, HF_ABSENT, "the file that holds it is empty");
	return set_value(r, name, text, path);
}

static int read_names(reader *r)
{
	struct utsname u;
	int q;

	if (uname(&u) < 0)
		u = (struct utsname){ 0 };
	q = r->host->offline ? set_line(r, "hostname", "/etc/hostname")
			     : set_value(r, "hostname", u.nodename, "uname");
	if (q == 0)
		q = set_line(r, "machine_id", "/etc/machine-id");
	if (q < 0)
		return q;
	if (hf_facts_value(r->facts, "machine_id") &&
	    strcmp(hf_facts_value(r->facts, "machine_id"), "uninitialized") == 0)
		q = set_none(r, "machine_id", HF_ABSENT, "the image has not booted yet");
	if (q < 0)
		return q;
	if (!is_running(r))
		return set_none(r, "boot_id", HF_ABSENT, r->host->docker.why);
	return set_line(r, "boot_id", "/proc/sys/kernel/random/boot_id");
}

/* --- os-release(5) ----------------------------------------------------------------- */

/* A value as the shell would read it: quotes and backslashes taken away, in place. */
static void unquote(char *s)
{
	char *w = s, quote = '\0';

	for (; *s; s++) {
		if (!quote && (*s == '"' || *s == '\'')) {
			quote = *s;
		} else if (quote && *s == quote) {
			quote = '\0';
		} else if (*s == '\\' && quote != '\'' && s[1]) {
			*w++ = *++s;
		} else {
			*w++ = *s;
		}
	}
	*w = '\0';
}

static int read_os(reader *r)
{
	static const char *const keys[][2] = { { "ID", "os" },
					       { "ID_LIKE", "os_like" },
					       { "VERSION_ID", "os_version" } };
	cleanup_(hf_error_freep) hf_error *err = NULL;
	const char *path = "/etc/os-release";
	char *text = NULL, *save = NULL;
	size_t len;
	int q;

	q = hf_fs_read(r->host, path, 0, &r->arena, &text, &len, NULL, NULL);
	if (q < 0) {
		path = "/usr/lib/os-release";
		q = hf_fs_read(r->host, path, 0, &r->arena, &text, &len, NULL, &err);
	}
	if (q == -ENOMEM)
		return q;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (set_none(r, keys[i][1], q < 0 ? HF_UNKNOWN : HF_ABSENT,
			     q < 0 ? hf_error_text(err) : "os-release does not say it") <
		    0)
			return -ENOMEM;
	if (q < 0)
		return 0;
	for (char *line = strtok_r(text, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		unquote(value);
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strcmp(line, keys[i][0]) == 0 && *value &&
			    set_value(r, keys[i][1], value, path) < 0)
				return -ENOMEM;
	}
	return 0;
}

/* --- kernel and machine ------------------------------------------------------------ */

static const char *machine_name(const unsigned char *h)
{
	bool wide = h[EI_CLASS] == ELFCLASS64, little = h[EI_DATA] == ELFDATA2LSB;
	unsigned machine =
		little ? h[18] | (unsigned)h[19] << 8 : h[19] | (unsigned)h[18] << 8;

	switch (machine) {
	case EM_X86_64:
		return "x86_64";
	case EM_386:
		return "i686";
	case EM_AARCH64:
		return "aarch64";
	case EM_ARM:
		return "armv7l";
	case EM_RISCV:
		return wide ? "riscv64" : "riscv32";
	case EM_PPC64:
		return little ? "ppc64le" : "ppc64";
	case EM_S390:
		return wide ? "s390x" : "s390";
	case 258: /* EM_LOONGARCH, newer than some elf.h */
		return "loongarch64";
	default:
		return NULL;
	}
}

/* The machine that an image is for: what its own programs are built for. */
static int read_image_arch(reader *r)
{
	static const char *const programs[] = { "/usr/bin/true", "/bin/sh",
						"/usr/lib/systemd/systemd",
						"/usr/bin/dockerd", "/usr/sbin/dockerd" };

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		cleanup_close int fd = -1;
		unsigned char h[20];
		hf_inode inode;
		const char *name;

		/* looked at first: nothing but a regular file is opened */
		if (hf_fs_inode(r->host, programs[i], 0, &inode, NULL) < 0 ||
		    !S_ISREG(inode.mode) ||
		    hf_fs_open(r->host, programs[i], O_RDONLY, 0, &fd, NULL) < 0)
			continue;
		if (pread(fd, h, sizeof(h), 0) != sizeof(h) ||
		    memcmp(h, ELFMAG, SELFMAG) != 0)
			continue;
		name = machine_name(h);
		if (name)
			return set_value(r, "arch", name, programs[i]);
	}
	return set_none(r, "arch", HF_UNKNOWN,
			"no program of the tree tells; give it with --fact arch=NAME");
}

static int read_kernel(reader *r)
{
	struct utsname u;
	char **names;
	size_t n;

	if (is_running(r) && uname(&u) == 0) {
		if (set_value(r, "arch", u.machine, "uname") < 0)
			return -ENOMEM;
		return set_value(r, "kernel", u.release, "uname");
	}
	if (read_image_arch(r) < 0)
		return -ENOMEM;
	if (hf_fs_list(r->host, "/usr/lib/modules", &r->arena, &names, &n, NULL) == 0 &&
	    n == 1)
		return set_value(r, "kernel", names[0], "/usr/lib/modules");
	return set_none(r, "kernel", HF_UNKNOWN, r->host->docker.why);
}

/* lsm_list_modules(2), Linux 6.8: needs no securityfs. 1: set, 0: no such call. */
static int lsm_from_kernel(reader *r)
{
	/* LSM_ID_CAPABILITY = 100 and on, linux/lsm.h */
	static const char *const names[] = { "capability", "selinux",	"smack",
					     "tomoyo",	   "apparmor",	"yama",
					     "loadpin",	   "safesetid", "lockdown",
					     "bpf",	   "landlock",	"ima",
					     "evm",	   "ipe" };
	cleanup_(hf_strbuf_done) hf_strbuf list = { 0 };
	uint64_t ids[64];
	uint32_t size = sizeof(ids);
	long n = syscall(SYS_lsm_list_modules, ids, &size, 0);

	if (n < 0)
		return 0;
	for (long i = 0; i < n; i++)
		if (ids[i] >= 100 && ids[i] - 100 < ARRAY_SIZE(names))
			hf_strbuf_addf(&list, "%s%s", list.len ? "," : "",
				       names[ids[i] - 100]);
	if (!hf_strbuf_ok(&list))
		return -ENOMEM;
	return set_value(r, "lsm", hf_strbuf_str(&list), "lsm_list_modules") < 0 ? -ENOMEM
										 : 1;
}

static int read_lsm(reader *r)
{
	static const char path[] = "/sys/kernel/security/lsm";
	static const char *const list[] = { path }, *const attr[] = { "/proc/self/attr" };
	const char *at;
	hf_known known;
	int q;

	if (!is_running(r))
		return set_none(r, "lsm", HF_UNKNOWN, r->host->docker.why);
	q = look_for(r, list, 1, &known, &at);
	if (q < 0)
		return q;
	if (known == HF_PRESENT)
		return set_line(r, "lsm", path);
	q = lsm_from_kernel(r);
	if (q != 0)
		return q < 0 ? q : 0;
	q = look_for(r, attr, 1, &known, &at);
	if (q < 0)
		return q;
	if (known == HF_ABSENT)
		return set_none(r, "lsm", HF_ABSENT,
				"the kernel has no security modules");
	return set_none(r, "lsm", HF_UNKNOWN,
			"securityfs is not mounted; give it with --fact lsm=NAMES");
}

/* --- versions of programs ---------------------------------------------------------- */

/* No package told: by @programs the fact is ABSENT, or of an unknown version. */
static int set_by_programs(reader *r, const char *fact, const char *const *programs,
			   size_t n, const char *absent, const char *unknown)
{
	const char *at;
	hf_known known;
	int q = look_for(r, programs, n, &known, &at);

	if (q < 0)
		return q;
	if (known == HF_ABSENT)
		return set_none(r, fact, known, absent);
	return set_none(r, fact, HF_UNKNOWN, known == HF_PRESENT ? unknown : at);
}

/* The first of @names that is installed. 1: set, 0: none of them, -ENOMEM. */
static int set_from_packages(reader *r, const char *fact, const char *const *names,
			     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int q;
		const char *v = hf_package_version(r->host, &r->packages, names[i], &q);

		if (q < 0)
			return q;
		if (v)
			return set_value(r, fact, v, HF_DPKG_STATUS) < 0 ? -ENOMEM : 1;
	}
	return 0;
}

/* "libsystemd-shared-252.so" names the release; "" if there is none. */
static int systemd_from_library(reader *r)
{
	static const char prefix[] = "libsystemd-shared-";
	static const char *const dirs[] = { "/usr/lib/systemd", "/lib/systemd",
					    "/usr/lib/x86_64-linux-gnu/systemd",
					    "/usr/lib/aarch64-linux-gnu/systemd",
					    "/usr/lib64/systemd" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		char **names;
		size_t n;
		int q;

		q = hf_fs_list(r->host, dirs[i], &r->arena, &names, &n, NULL);
		if (q == -ENOMEM)
			return q;
		for (size_t k = 0; q == 0 && k < n; k++) {
			char *v, *end;

			if (strncmp(names[k], prefix, sizeof(prefix) - 1) != 0)
				continue;
			v = names[k] + sizeof(prefix) - 1;
			end = v + strspn(v, "0123456789.");
			while (end > v && end[-1] == '.')
				end--;
			*end = '\0';
			if (end > v)
				return set_value(r, "systemd", v, dirs[i]) < 0 ? -ENOMEM
									       : 1;
		}
	}
	return 0;
}

static int read_systemd(reader *r)
{
	static const char *const names[] = { "systemd" };
	static const char *const programs[] = { "/usr/lib/systemd/systemd",
						"/lib/systemd/systemd" };
	int q;

	if (hf_facts_is_given(r->facts, "systemd"))
		return 0;
	q = set_from_packages(r, "systemd", names, ARRAY_SIZE(names));
	if (q == 0)
		q = systemd_from_library(r);
	if (q != 0)
		return q < 0 ? q : 0;
	return set_by_programs(
		r, "systemd", programs, ARRAY_SIZE(programs), "systemd is not installed",
		"systemd is installed, but its version cannot be told; give it with "
		"--fact systemd=VERSION");
}

static int read_audit(reader *r)
{
	static const char *const names[] = { "auditd", "libaudit1" };
	static const char *const programs[] = { "/usr/sbin/auditctl", "/sbin/auditctl",
						"/usr/lib64/libaudit.so.1",
						"/usr/lib/libaudit.so.1" };
	int q;

	if (hf_facts_is_given(r->facts, "audit"))
		return 0;
	q = set_from_packages(r, "audit", names, ARRAY_SIZE(names));
	if (q != 0)
		return q < 0 ? q : 0;
	return set_by_programs(
		r, "audit", programs, ARRAY_SIZE(programs), "auditd is not installed",
		"auditctl is installed, but its version cannot be told; give it with "
		"--fact audit=VERSION");
}

static int read_engine(reader *r)
{
	static const char *const names[] = { "docker.io", "docker-ce", "moby-engine",
					     "docker-engine" };
	static const char *const programs[] = {
		"/usr/bin/dockerd",	  "/usr/sbin/dockerd",
		"/usr/local/bin/dockerd", "/usr/local/sbin/dockerd",
		"/opt/bin/dockerd",	  "/snap/docker/current/bin/dockerd"
	};
	static const char *const rpm[] = { "/var/lib/rpm", "/usr/lib/sysimage/rpm" };
	const char *program, *why, *at;
	hf_known known, has_rpm;
	char *version;
	int q;

	if (hf_facts_is_given(r->facts, "engine"))
		return 0;
	if (is_running(r)) {
		/* no socket, nobody behind it, refused: the package database may know */
		q = hf_docker_ping(r->host, HF_DOCKER_SOCKET, &r->arena, &version, NULL);
		if (q == -ENOMEM)
			return q;
		if (q == 0)
			return set_value(r, "engine", version, HF_DOCKER_SOCKET);
	}
	q = set_from_packages(r, "engine", names, ARRAY_SIZE(names));
	if (q != 0)
		return q < 0 ? q : 0;
	q = look_for(r, programs, ARRAY_SIZE(programs), &known, &program);
	if (q == 0)
		q = look_for(r, rpm, ARRAY_SIZE(rpm), &has_rpm, &at);
	if (q < 0)
		return q;
	if (known != HF_PRESENT && r->packages.known == HF_UNKNOWN)
		return set_none(r, "engine", HF_UNKNOWN, r->packages.why);
	if (known == HF_ABSENT)
		return set_none(r, "engine", HF_ABSENT, "no Docker engine is installed");
	why = hf_arena_printf(&r->arena, "%s%s" GIVE_ENGINE, program,
			      known == HF_UNKNOWN ? ""
			      : has_rpm == HF_PRESENT
				      ? " is there, but an rpm database cannot be read "
					"from here"
				      : " is there, but no package database knows its "
					"version");
	return why ? set_none(r, "engine", HF_UNKNOWN, why) : -ENOMEM;
}

/* --- swarm ------------------------------------------------------------------------- */

/* dockerd keeps this file while it is a member and removes it when it leaves:
 * daemon/cluster, loadPersistentState() and clearPersistentState(). */
static int read_swarm(reader *r)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	const char *root, *why;
	const hf_fact *engine;
	hf_inode inode;
	char *path;
	int q;

	if (hf_facts_is_given(r->facts, "swarm"))
		return 0;
	/* a process is looked for only where a dockerd has answered */
	engine = hf_facts_get(r->facts, "engine");
	q = hf_data_root_find(r->host,
			      engine && engine->source &&
				      strcmp(engine->source, HF_DOCKER_SOCKET) == 0,
			      &r->arena, &root, &why);
	if (q < 0)
		return q;
	if (!root) {
		why = hf_arena_printf(&r->arena, "%s; give it with --fact swarm=false",
				      why);
		return why ? set_none(r, "swarm", HF_UNKNOWN, why) : -ENOMEM;
	}
	path = hf_path_join(&r->arena, root, "swarm/docker-state.json");
	if (!path)
		return -ENOMEM;
	q = hf_fs_inode(r->host, path, 0, &inode, &err);
	if (q == -ENOMEM)
		return q;
	if (q == 0)
		return set_value(r, "swarm", inode.size ? "true" : "false", path);
	if (q == -ENOENT || q == -ENOTDIR)
		return set_value(r, "swarm", "false", path);
	return set_none(r, "swarm", HF_UNKNOWN, hf_error_text(err));
}

/* --- what the model asks for ------------------------------------------------------- */

/* true or false for "is there PATH", UNKNOWN when it cannot be told. */
static int set_exists(reader *r, const char *name, const char *path)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	const char *clean;
	hf_inode inode;
	int q;

	if (hf_path_check(path))
		return set_none(r, name, HF_UNKNOWN, "not an absolute, plain path");
	clean = hf_path_clean(&r->arena, path);
	if (!clean)
		return -ENOMEM;
	q = hf_fs_inode(r->host, clean, 0, &inode, &err);
	if (q == -ENOMEM)
		return q;
	if (q == 0)
		return set_value(r, name, "true", path);
	if (is_missing(q))
		return set_value(r, name, "false", path);
	return set_none(r, name, HF_UNKNOWN, hf_error_text(err));
}

/* systemd.unit(5), unit load path; "a@b.service" also by its template "a@.service". */
static int set_unit(reader *r, const char *fact, const char *unit)
{
	const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');
	char *template = NULL;

	if (strchr(unit, '/'))
		return set_none(r, fact, HF_UNKNOWN, "not the name of a unit");
	if (at && dot && dot > at + 1) {
		template = hf_arena_printf(&r->arena, "%.*s%s", (int)(at + 1 - unit),
					   unit, dot);
		if (!template)
			return -ENOMEM;
	}
	if (!r->has_units && hf_unit_dirs_list(r->host, &r->arena, &r->units, NULL) < 0)
		return -ENOMEM;
	r->has_units = true;
	if (r->units.why)
		return set_none(r, fact, HF_UNKNOWN, r->units.why);
	for (size_t i = 0; i < 2 * r->units.n; i++) {
		const hf_unit_dir *dir = &r->units.dirs[i % r->units.n];
		const char *name = i < r->units.n ? unit : template;
		char *path;

		if (!name || !hf_unit_dir_has(dir, name))
			continue;
		path = hf_path_join(&r->arena, dir->path, name);
		return path ? set_value(r, fact, "true", path) : -ENOMEM;
	}
	return set_value(r, fact, "false", "unit load path");
}

/* All that is read of a host. What has a name is read for those who ask for it, as no
 * more than that comes of it. */
static const struct {
	int (*read)(reader *r);
	const char *name;
} facts_of_host[] = {
	{ read_names, NULL },  { read_os, NULL },	    { read_kernel, NULL },
	{ read_lsm, "lsm" },   { read_systemd, "systemd" }, { read_audit, NULL },
	{ read_engine, NULL }, { read_swarm, "swarm" },
};

static int read_named(reader *r, const char *name)
{
	int q = 0;

	if (hf_facts_get(r->facts, name))
		return 0;
	for (size_t i = 0; q == 0 && i < ARRAY_SIZE(facts_of_host); i++)
		if (facts_of_host[i].name && strcmp(facts_of_host[i].name, name) == 0)
			q = facts_of_host[i].read(r);
	return q;
}

static int read_when(reader *r, const hf_when *w)
{
	const char *prefix = w->type == HF_WHEN_UNIT ? "unit:" : "exists:";

	if (w->type == HF_WHEN_LSM || w->type == HF_WHEN_SWARM)
		return read_named(r, w->type == HF_WHEN_LSM ? "lsm" : "swarm");
	if (w->type != HF_WHEN_UNIT && w->type != HF_WHEN_EXISTS)
		return 0;
	for (size_t i = 0; i < w->n; i++) {
		char *name = hf_arena_printf(&r->arena, "%s%s", prefix, w->values[i]);
		int q;

		if (!name)
			return -ENOMEM;
		if (hf_facts_get(r->facts, name))
			continue;
		q = w->type == HF_WHEN_UNIT ? set_unit(r, name, w->values[i])
					    : set_exists(r, name, w->values[i]);
		if (q < 0)
			return q;
	}
	return 0;
}

static int read_facts(hf_host *host, hf_facts *facts, bool all, hf_error **err)
{
	cleanup_(reader_done) reader r = { .host = host, .facts = facts };
	int q = 0;

	for (size_t i = 0; q == 0 && i < ARRAY_SIZE(facts_of_host); i++)
		if (all || !facts_of_host[i].name)
			q = facts_of_host[i].read(&r);
	return q < 0 ? hf_error_oom(err) : 0;
}

int hf_facts_read(hf_host *host, hf_facts *facts, hf_error **err)
{
	return read_facts(host, facts, true, err);
}

int hf_facts_read_common(hf_host *host, hf_facts *facts, hf_error **err)
{
	return read_facts(host, facts, false, err);
}

int hf_facts_need(hf_host *host, hf_facts *facts, const char *name, hf_error **err)
{
	cleanup_(reader_done) reader r = { .host = host, .facts = facts };

	return read_named(&r, name) < 0 ? hf_error_oom(err) : 0;
}

int hf_facts_read_when(hf_host *host, const hf_model *model, hf_facts *facts,
		       hf_error **err)
{
	cleanup_(reader_done) reader r = { .host = host, .facts = facts };
	int q = 0;

	for (size_t i = 0; i < model->n_controls; i++)
		for (size_t k = 0; q == 0 && k < model->controls[i]->n_when; k++)
			q = read_when(&r, &model->controls[i]->when[k]);
	return q < 0 ? hf_error_oom(err) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/parse.h"
#include "base/path.h"
#include "host/audit_nl.h"
#include "host/host_internal.h"
#include "host/ids.h"

#define WORKING_STEP 256 /* things between two looks at the clock */
#define WORKING_EACH_USEC 1000000
#define TIMEOUT_DEFAULT_USEC (90u * 1000000u) /* systemd's own default for a job */

/* Inode numbers of the initial namespaces are constants: include/linux/proc_ns.h. */
#define PID_NS_INITIAL 4026531836u
#define USER_NS_INITIAL 4026531837u

#define OVERFLOW_ID 65534ul /* /proc/sys/kernel/overflowuid, its default */

static const char why_offline[] = "--root: a tree of files has nothing running";
static const char why_no_proc[] =
	"/proc is not mounted: a plain chroot would reach the outer system's kernel";
static const char why_chroot[] =
	"/ is not the root of process 1 (a chroot, or a container that shares its "
	"processes): what runs belongs to another system";
static const char why_not_told[] =
	"it cannot be told whether / is the root of process 1 (/proc/1/root and "
	"/proc/1/mountinfo cannot be read)";

/*
 * Which directory of which file system is mounted at "/", the topmost of several.
 * proc(5): "ID PARENT MAJ:MIN ROOT MOUNTPOINT ...". 1: found, 0: there is none.
 */
int hf_host_root_mount(FILE *mountinfo, char ret[static HF_ROOT_MOUNT_MAX])
{
	cleanup_free char *line = NULL;
	unsigned long top = 0;
	size_t cap = 0;
	int found = 0;

	while (getline(&line, &cap, mountinfo) > 0) {
		unsigned long id, parent;
		char *save = NULL, *fields[5];
		size_t n = 0;

		for (char *f = strtok_r(line, " ", &save); f && n < 5;
		     f = strtok_r(NULL, " ", &save))
			fields[n++] = f;
		if (n < 5 || strcmp(fields[4], "/") != 0)
			continue;
		id = strtoul(fields[0], NULL, 10);
		parent = strtoul(fields[1], NULL, 10);
		/* an initramfs below the real root is listed before it */
		if (found && parent != top && id < top)
			continue;
		if (snprintf(ret, HF_ROOT_MOUNT_MAX, "%s %s", fields[2], fields[3]) >=
		    HF_ROOT_MOUNT_MAX)
			return -ENAMETOOLONG;
		top = id;
		found = 1;
	}
	return ferror(mountinfo) ? -EIO : found;
}

static int read_root_mount(const char *path, char ret[static HF_ROOT_MOUNT_MAX])
{
	FILE *f = fopen(path, "re");
	int r;

	if (!f)
		return -errno;
	r = hf_host_root_mount(f, ret);
	(void)fclose(f);
	return r;
}

/* Is "/" what process 1 has as its root? PRESENT: yes, ABSENT: no, UNKNOWN. */
static hf_live same_root_as_init(void)
{
	char ours[HF_ROOT_MOUNT_MAX], inits[HF_ROOT_MOUNT_MAX];
	struct statfs fs;
	struct stat a, b;
	int r, q;

	if (statfs("/proc", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return (hf_live){ HF_ABSENT, why_no_proc };
	if (stat("/proc/1/root/", &a) == 0 && stat("/", &b) == 0)
		return a.st_dev == b.st_dev && a.st_ino == b.st_ino
			       ? (hf_live){ HF_PRESENT, NULL }
			       : (hf_live){ HF_ABSENT, why_chroot };
	q = read_root_mount("/proc/self/mountinfo", ours);
	if (q == 0) /* only a chroot has no mount at its "/" */
		return (hf_live){ HF_ABSENT, why_chroot };
	r = read_root_mount("/proc/1/mountinfo", inits);
	if (q < 0 || r < 0)
		return (hf_live){ HF_UNKNOWN, why_not_told };
	if (r == 1 && strcmp(ours, inits) == 0)
		return (hf_live){ HF_PRESENT, NULL };
	return (hf_live){ HF_ABSENT, why_chroot };
}

/* 1: the initial namespace, 0: another, -errno: cannot be told. */
static int in_initial_ns(const char *path, uint64_t initial)
{
	char text[64];
	ssize_t n = readlink(path, text, sizeof(text) - 1);
	uint64_t number;
	char *open;

	if (n <= 0)
		return n < 0 ? -errno : -EINVAL;
	text[n] = '\0';
	/* "pid:[4026531836]" */
	open = strchr(text, '[');
	if (!open || text[n - 1] != ']')
		return -EINVAL;
	text[n - 1] = '\0';
	if (hf_parse_u64(open + 1, UINT64_MAX, &number) < 0)
		return -EINVAL;
	return number == initial;
}

/* @user: in the initial user namespace? As in_initial_ns(). */
static hf_live decide_audit(hf_live base, int user)
{
	int pid;

	if (base.known != HF_PRESENT)
		return base;
	pid = in_initial_ns("/proc/self/ns/pid", PID_NS_INITIAL);
	if (pid == 0)
		return (hf_live){ HF_ABSENT,
				  "in a pid namespace of its own (a container): the "
				  "kernel's audit rules are the outer host's" };
	if (user == 0)
		return (hf_live){ HF_ABSENT,
				  "in a user namespace of its own: the kernel's "
				  "audit rules are the outer host's" };
	/* ENOENT: a kernel without that namespace has only the initial one */
	if ((pid < 0 && pid != -ENOENT) || (user < 0 && user != -ENOENT))
		return (hf_live){ HF_UNKNOWN,
				  "the namespaces of this process cannot be read "
				  "from /proc/self/ns" };
	return base;
}

static hf_live decide_units(hf_live base)
{
	struct stat st;

	if (base.known != HF_PRESENT)
		return base;
	/* what sd_booted(3) tests */
	if (lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode))
		return base;
	return (hf_live){ HF_ABSENT,
			  "systemd is not running here (/run/systemd/system is "
			  "missing)" };
}

static int open_root(hf_host *host, const char *root, hf_error **err)
{
	host->root = hf_path_clean(&host->arena, root ? root : "/");
	if (!host->root)
		return hf_error_oom(err);
	if (!*host->root)
		return hf_error_set(err, -ENOENT, "--root needs a directory, not ''");
	host->root_fd = open(host->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host->root_fd >= 0)
		return 0;
	if (errno == ENOTDIR)
		return hf_error_set(err, -ENOTDIR, "root '%s' is not a directory",
				    host->root);
	return hf_error_set(err, -errno, "cannot open root '%s': %s", host->root,
			    strerror(errno));
}

/*
 * In a user namespace ids without a mapping show as the overflow id, which is also that
 * of "nobody" (user_namespaces(7)). Only where a map covers it, it means somebody.
 */
static bool overflow_is_mapped(const char *path)
{
	unsigned long inside, outside, count;
	FILE *f = fopen(path, "re");
	bool mapped = false;

	if (!f)
		return true; /* no user namespaces, or no /proc to ask */
	while (!mapped && fscanf(f, "%lu %lu %lu", &inside, &outside, &count) == 3)
		mapped = inside <= OVERFLOW_ID && OVERFLOW_ID - inside < count;
	(void)fclose(f);
	return mapped;
}

/* Missing before Linux 5.6, and refused with EPERM by older seccomp filters. */
static bool lacks_openat2(int root_fd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	long fd = syscall(SYS_openat2, root_fd, "/", &how, sizeof(how));

	if (fd < 0)
		return errno == ENOSYS || errno == EPERM;
	(void)close((int)fd);
	return false;
}

void hf_host_working(hf_host *host, const char *what, const char *path, size_t n,
		     size_t all)
{
	char text[512], of[32] = "";
	struct timespec ts;
	uint64_t now;

	if (!host->working || n % WORKING_STEP || !n ||
	    clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		return;
	now = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
	if (!host->working_usec) /* the work begins: a second from now on */
		host->working_usec = now;
	if (now - host->working_usec < host->working_each_usec)
		return;
	host->working_usec = now;
	if (all)
		(void)snprintf(of, sizeof(of), " of %zu", all);
	(void)snprintf(text, sizeof(text), "%s%s%.400s: %zu%s", what, path ? " " : "",
		       path ? path : "", n, of);
	host->working(host->working_user, text);
}

int hf_host_open(hf_host *host, const char *root, hf_error **err)
{
	hf_live base = { HF_ABSENT, why_offline };
	int user_ns, r;

	*host = (hf_host){ .root_fd = -1,
			   .audit_fd = -1,
			   .offline = root != NULL,
			   .is_root = geteuid() == 0,
			   .timeout_usec = TIMEOUT_DEFAULT_USEC,
			   .working_each_usec = WORKING_EACH_USEC };
	r = open_root(host, root, err);
	if (r < 0) {
		hf_host_close(host);
		return r;
	}
	host->no_openat2 = lacks_openat2(host->root_fd);
	user_ns = in_initial_ns("/proc/self/ns/user", USER_NS_INITIAL);
	/* the initial one maps all ids */
	host->unmapped_ids = user_ns != 1 && (!overflow_is_mapped("/proc/self/uid_map") ||
					      !overflow_is_mapped("/proc/self/gid_map"));
	if (!root)
		base = same_root_as_init();
	host->audit = root ? base : decide_audit(base, user_ns);
	host->units = root ? base : decide_units(base);
	host->docker = base;
	return 0;
}

const char *hf_root_option(hf_arena *arena, const char *root)
{
	const char *word = root ? hf_shell_word(arena, root) : NULL;
	const char *text = word ? hf_arena_printf(arena, " --root %s", word) : NULL;

	return text ? text : "";
}

const char *hf_host_option(hf_host *host)
{
	return hf_root_option(&host->arena, host->offline ? host->root : NULL);
}

void hf_host_close(hf_host *host)
{
	if (host->bus && host->bus_close)
		host->bus_close(host->bus);
	host->bus = NULL;
	hf_audit_close(host);
	if (host->root_fd >= 0)
		(void)close(host->root_fd);
	host->root_fd = -1;
	hf_ids_free(host->ids);
	host->ids = NULL;
	hf_arena_done(&host->arena);
}

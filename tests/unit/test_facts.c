/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of small trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>

#include <cmocka.h>

#include "host/facts_data_root.h"
#include "host/facts_package.h"
#include "temp_root.h"

typedef struct facts_world {
	temp_root *t;
	hf_facts facts;
} facts_world;

static int setup(void **state)
{
	facts_world *w = calloc(1, sizeof(*w));
	void *t;

	assert_non_null(w);
	assert_int_equal(temp_root_make(&t), 0);
	w->t = t;
	temp_root_mkdir(w->t, "etc");
	temp_root_mkdir(w->t, "usr");
	temp_root_mkdir(w->t, "usr/bin");
	temp_root_mkdir(w->t, "usr/lib");
	temp_root_mkdir(w->t, "usr/lib/systemd");
	temp_root_mkdir(w->t, "usr/lib/systemd/system");
	temp_root_mkdir(w->t, "var");
	temp_root_mkdir(w->t, "var/lib");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	facts_world *w = *state;
	void *t = w->t;

	hf_facts_done(&w->facts);
	assert_int_equal(temp_root_remove(&t), 0);
	free(w);
	return 0;
}

static void read_facts(facts_world *w, const hf_model *model)
{
	hf_error *err = NULL;

	assert_int_equal(hf_facts_read(&w->t->host, &w->facts, &err), 0);
	if (model)
		assert_int_equal(hf_facts_read_when(&w->t->host, model, &w->facts, &err),
				 0);
}

static void check_value(facts_world *w, const char *name, const char *value)
{
	const hf_fact *f = hf_facts_get(&w->facts, name);

	assert_non_null(f);
	assert_int_equal(f->known, HF_PRESENT);
	assert_string_equal(f->value, value);
	assert_non_null(f->source);
}

static void check_none(facts_world *w, const char *name, hf_known known, const char *why)
{
	const hf_fact *f = hf_facts_get(&w->facts, name);

	assert_non_null(f);
	assert_int_equal(f->known, known);
	assert_string_equal(f->why, why);
}

static void an_image(void **state)
{
	facts_world *w = *state;
	static const unsigned char elf[20] = { 0x7f, 'E', 'L',	    'F',       2,
					       1,    1,	  [16] = 3, [18] = 183 };
	int fd;

	temp_root_write(w->t, "etc/hostname", "image\n");
	temp_root_write(w->t, "etc/machine-id", "uninitialized\n");
	temp_root_write(
		w->t, "etc/os-release",
		"PRETTY_NAME=\"Some \\\"Linux\\\"\"\nID=rocky\nID_LIKE='rhel centos'\n"
		"VERSION_ID=\"9.4\"\n# ID=no\n");
	fd = openat(w->t->fd, "usr/bin/true", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, elf, sizeof(elf)), sizeof(elf));
	(void)close(fd);
	temp_root_write(w->t, "usr/lib/systemd/libsystemd-shared-257.so", "");
	read_facts(w, NULL);
	check_value(w, "hostname", "image");
	check_none(w, "machine_id", HF_ABSENT, "the image has not booted yet");
	check_none(w, "boot_id", HF_ABSENT,
		   "--root: a tree of files has nothing running");
	check_value(w, "os", "rocky");
	check_value(w, "os_like", "rhel centos");
	check_value(w, "os_version", "9.4");
	check_value(w, "arch", "aarch64");
	check_value(w, "systemd", "257");
	check_none(w, "audit", HF_ABSENT, "auditd is not installed");
	check_none(w, "engine", HF_ABSENT, "no Docker engine is installed");
	check_none(w, "lsm", HF_UNKNOWN, "--root: a tree of files has nothing running");
	check_value(w, "swarm", "false");
}

static void dpkg_database(void **state)
{
	facts_world *w = *state;

	temp_root_mkdir(w->t, "var/lib/dpkg");
	temp_root_write(
		w->t, "var/lib/dpkg/status",
		"Package: docker\nStatus: install ok installed\nVersion: 1.5\n\n"
		"Package: docker.io\nStatus: deinstall ok config-files\nVersion: 1\n\n"
		"Package: docker-ce\nStatus: hold ok installed\nSection: admin\n"
		"Version: 5:26.1.5-1~debian.12~bookworm\nDescription: x\n Package: y\n\n"
		"Package: systemd\nStatus: install ok installed\n"
		"Version: 252.39-1~deb12u1\n\n"
		"Package: auditd\nStatus: install ok unpacked\nVersion: 9\n\n"
		"Package: libaudit1\nVersion: 1:3.0.9-1\nStatus: install ok installed\n");
	temp_root_mkdir(w->t, "var/lib/docker");
	temp_root_mkdir(w->t, "var/lib/docker/swarm");
	temp_root_write(w->t, "var/lib/docker/swarm/docker-state.json", "{}");
	read_facts(w, NULL);
	check_value(w, "engine", "26.1.5");
	check_value(w, "systemd", "252.39");
	check_value(w, "audit", "3.0.9");
	check_value(w, "swarm", "true");
}

static void no_package_database(void **state)
{
	facts_world *w = *state;

	temp_root_write(w->t, "usr/bin/dockerd", "");
	temp_root_mkdir(w->t, "var/lib/rpm");
	read_facts(w, NULL);
	check_none(w, "engine", HF_UNKNOWN,
		   "/usr/bin/dockerd is there, but an rpm database cannot be read from "
		   "here; "
		   "give it with --fact engine=VERSION");
	check_none(w, "systemd", HF_ABSENT, "systemd is not installed");
}

static void single_package_files(void **state)
{
	facts_world *w = *state;

	temp_root_mkdir(w->t, "var/lib/dpkg");
	temp_root_mkdir(w->t, "var/lib/dpkg/status.d");
	temp_root_write(w->t, "var/lib/dpkg/status.d/docker.io",
			"Package: docker.io\nVersion: 20.10.24+dfsg1-1+b2\n");
	read_facts(w, NULL);
	check_value(w, "engine", "20.10.24");
}

static void given_facts_stay(void **state)
{
	static const char *const args[] = { "engine=29.1", "exists:/a=true", "=x",
					    "x",	   "swarm=yes",	     "engine=v29",
					    "exists:=true" };
	facts_world *w = *state;
	hf_error *err = NULL;

	assert_int_equal(hf_facts_given(&w->facts, args, 2, &err), 0);
	check_value(w, "exists:/a", "true");
	for (size_t i = 2; i < ARRAY_SIZE(args); i++) {
		assert_int_equal(hf_facts_given(&w->facts, args + i, 1, &err), -EINVAL);
		hf_error_free(take_ptr(err));
	}
	read_facts(w, NULL);
	check_value(w, "engine", "29.1");
	assert_string_equal(hf_facts_get(&w->facts, "engine")->source, "--fact");
}

static void data_root_elsewhere(void **state)
{
	facts_world *w = *state;

	temp_root_mkdir(w->t, "etc/docker");
	temp_root_write(w->t, "etc/docker/daemon.json", "{\"data-root\": \"/srv/d\"}");
	temp_root_mkdir(w->t, "srv");
	temp_root_mkdir(w->t, "srv/d");
	temp_root_mkdir(w->t, "srv/d/swarm");
	temp_root_write(w->t, "srv/d/swarm/docker-state.json", "{}");
	read_facts(w, NULL);
	check_value(w, "swarm", "true");
	assert_string_equal(hf_facts_get(&w->facts, "swarm")->source,
			    "/srv/d/swarm/docker-state.json");
}

#define CONFIG "etc/docker/daemon.json"
#define HINT "; give it with --fact swarm=false"

/* What cannot be read might name another data-root: no "false" from the default one. */
static void data_root_in_doubt(void **state)
{
	static const struct {
		const char *path, *text, *why;
	} cases[] = {
		{ CONFIG, "{", "/etc/docker/daemon.json:1 is no valid JSON" },
		{ CONFIG, "[]", "/etc/docker/daemon.json holds no object" },
		{ CONFIG, "{\"data-root\": 3}",
		  "/etc/docker/daemon.json: 'data-root' is no text" },
		{ CONFIG, "{\"graph\": \"d\"}",
		  "/etc/docker/daemon.json: 'graph' is not absolute" },
		{ CONFIG, "{\"data-root\": \"\"}", NULL },
		{ CONFIG, "{}", NULL },
		{ "usr/lib/systemd/system/docker.service",
		  "[Service]\n# --data-root\nExecStart=/dockerd --group x\n", NULL },
		{ "usr/lib/systemd/system/docker.service",
		  "[Service]\nExecStart=/dockerd --data-root /x\n",
		  "/usr/lib/systemd/system/docker.service may give dockerd another "
		  "data-root" },
		{ "etc/systemd/system/docker.service.d/a.conf",
		  "[Service]\nExecStart=/dockerd --config-file=/x\n",
		  "/etc/systemd/system/docker.service.d/a.conf may give dockerd another "
		  "data-root" },
		{ "etc/default/docker", "OPTS='-g /srv'\n",
		  "/etc/default/docker may give dockerd another data-root" },
	};
	static const char *const dirs[] = { "etc/docker", "etc/default", "etc/systemd",
					    "etc/systemd/system",
					    "etc/systemd/system/docker.service.d" };
	facts_world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		temp_root_mkdir(w->t, dirs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char why[160];

		temp_root_write(w->t, cases[i].path, cases[i].text);
		hf_facts_done(&w->facts);
		w->facts = (hf_facts){ 0 };
		read_facts(w, NULL);
		(void)snprintf(why, sizeof(why), "%s" HINT, cases[i].why);
		if (cases[i].why)
			check_none(w, "swarm", HF_UNKNOWN, why);
		else
			check_value(w, "swarm", "false");
		assert_int_equal(unlinkat(w->t->fd, cases[i].path, 0), 0);
	}
	temp_root_mkdir(w->t, CONFIG);
	hf_facts_done(&w->facts);
	w->facts = (hf_facts){ 0 };
	read_facts(w, NULL);
	check_none(w, "swarm", HF_UNKNOWN,
		   "'/etc/docker/daemon.json' is a directory, not a file" HINT);
}

/* A dockerd that runs says it by its command line, whatever the unit has by now. */
static void data_root_of_a_process(void **state)
{
	static const struct {
		const char *cmdline, *root; /* '|' stands for NUL */
	} cases[] = {
		{ "dockerd|--data-root=/a|", "/a" },
		{ "dockerd|--graph|/b|", "/b" },
		{ "dockerd|-g|/c|", "/c" },
		{ "dockerd|--debug|", "/f" },
		{ "dockerd|--data-rootx|", "/f" },
		{ "dockerd|--data-root|", NULL },
		{ "dockerd|--config-file=/e|", "/var/lib/docker" },
	};
	facts_world *w = *state;
	hf_arena arena = { 0 };

	temp_root_mkdir(w->t, "etc/docker");
	temp_root_write(w->t, CONFIG, "{\"data-root\": \"/f\"}");
	temp_root_mkdir(w->t, "run");
	temp_root_write(w->t, "run/docker.pid", "77");
	temp_root_mkdir(w->t, "proc");
	temp_root_mkdir(w->t, "proc/77");
	temp_root_write(w->t, "proc/77/comm", "dockerd\n");
	temp_root_write(w->t, "proc/77/status", "Name:\tdockerd\nUid:\t0\t0\t0\t0\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].cmdline);
		char *cmdline = hf_arena_strdup(&arena, cases[i].cmdline);
		const char *root, *why;
		int fd = openat(w->t->fd, "proc/77/cmdline",
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

		for (char *p = cmdline; (p = strchr(p, '|')); p++)
			*p = '\0';
		assert_true(fd >= 0);
		assert_int_equal(write(fd, cmdline, len), (ssize_t)len);
		assert_int_equal(close(fd), 0);
		assert_int_equal(
			hf_data_root_find(&w->t->host, true, &arena, &root, &why), 0);
		if (cases[i].root)
			assert_string_equal(root, cases[i].root);
		else
			assert_null(root);
	}
	hf_arena_done(&arena);
}

static void what_conditions_ask_for(void **state)
{
	facts_world *w = *state;
	const char *units[] = { "docker.service", "none.service", "getty@tty1.service",
				"made.service", "local.service" };
	const char *paths[] = { "/etc/os-release", "/etc/none", "/etc/dangling",
				"relative" };
	const hf_when when[] = {
		{ .type = HF_WHEN_UNIT, .values = units, .n = 5 },
		{ .type = HF_WHEN_EXISTS, .values = paths, .n = 4 },
		{ .type = HF_WHEN_LSM, .values = paths, .n = 1 },
	};
	hf_control control = { .when = when, .n_when = 3 }, *list = &control;
	hf_model model = { .controls = &list, .n_controls = 1 };

	temp_root_write(w->t, "usr/lib/systemd/system/docker.service", "");
	temp_root_write(w->t, "usr/lib/systemd/system/getty@.service", "");
	temp_root_mkdir(w->t, "run");
	temp_root_mkdir(w->t, "run/systemd");
	temp_root_mkdir(w->t, "run/systemd/generator.late");
	temp_root_write(w->t, "run/systemd/generator.late/made.service", "");
	temp_root_mkdir(w->t, "usr/local");
	temp_root_mkdir(w->t, "usr/local/lib");
	temp_root_mkdir(w->t, "usr/local/lib/systemd");
	temp_root_mkdir(w->t, "usr/local/lib/systemd/system");
	temp_root_write(w->t, "usr/local/lib/systemd/system/local.service", "");
	temp_root_write(w->t, "etc/os-release", "ID=x\n");
	temp_root_link(w->t, "/nowhere", "etc/dangling");
	read_facts(w, &model);
	check_value(w, "unit:docker.service", "true");
	check_value(w, "unit:none.service", "false");
	check_value(w, "unit:getty@tty1.service", "true");
	check_value(w, "unit:made.service", "true");
	check_value(w, "unit:local.service", "true");
	check_value(w, "exists:/etc/os-release", "true");
	check_value(w, "exists:/etc/none", "false");
	check_value(w, "exists:/etc/dangling", "false");
	check_none(w, "exists:relative", HF_UNKNOWN, "not an absolute, plain path");
}

/* What few ask for is read for them, and only then. */
static void what_is_read_when_asked_for(void **state)
{
	static const char *const later[] = { "lsm", "swarm", "systemd" };
	const char *values[] = { "true" };
	const hf_when when[] = { { .type = HF_WHEN_SWARM, .values = values, .n = 1 },
				 { .type = HF_WHEN_LSM, .values = values, .n = 1 } };
	hf_control control = { .when = when, .n_when = 2 }, *list = &control;
	hf_model model = { .controls = &list, .n_controls = 1 };
	facts_world *w = *state;

	temp_root_mkdir(w->t, "var/lib/docker");
	temp_root_mkdir(w->t, "var/lib/docker/swarm");
	temp_root_write(w->t, "var/lib/docker/swarm/docker-state.json", "{}");
	temp_root_write(w->t, "usr/lib/systemd/libsystemd-shared-257.so", "");
	assert_int_equal(hf_facts_read_common(&w->t->host, &w->facts, NULL), 0);
	check_none(w, "engine", HF_ABSENT, "no Docker engine is installed");
	for (size_t i = 0; i < 3; i++)
		assert_null(hf_facts_get(&w->facts, later[i]));
	assert_int_equal(hf_facts_read_when(&w->t->host, &model, &w->facts, NULL), 0);
	check_value(w, "swarm", "true");
	check_none(w, "lsm", HF_UNKNOWN, "--root: a tree of files has nothing running");
	assert_null(hf_facts_get(&w->facts, "systemd"));
	assert_int_equal(hf_facts_need(&w->t->host, &w->facts, "systemd", NULL), 0);
	check_value(w, "systemd", "257");
	/* what was given, or is there, stays */
	assert_int_equal(unlinkat(w->t->fd, "var/lib/docker/swarm/docker-state.json", 0),
			 0);
	assert_int_equal(hf_facts_need(&w->t->host, &w->facts, "swarm", NULL), 0);
	check_value(w, "swarm", "true");
}

#define LOOP "too many symlinks, or a link that must not be followed"

/* Where it cannot be told whether a program is there, it is not absent. */
static void what_cannot_be_looked_at(void **state)
{
	facts_world *w = *state;

	temp_root_link(w->t, "opt", "opt");
	temp_root_link(w->t, "sbin", "usr/sbin");
	temp_root_link(w->t, "lib", "lib");
	read_facts(w, NULL);
	check_none(w, "engine", HF_UNKNOWN,
		   "cannot open '/usr/sbin/dockerd': " LOOP
		   "; give it with --fact engine=VERSION");
	check_none(w, "audit", HF_UNKNOWN, "cannot open '/usr/sbin/auditctl': " LOOP);
	check_none(w, "systemd", HF_UNKNOWN, "cannot open '/lib/systemd/systemd': " LOOP);
}

static void hostile_files(void **state)
{
	facts_world *w = *state;
	hf_fact const *f;

	assert_int_equal(mkfifoat(w->t->fd, "etc/machine-id", 0644), 0);
	temp_root_mkdir(w->t, "etc/os-release");
	assert_int_equal(mkfifoat(w->t->fd, "usr/bin/true", 0755), 0);
	temp_root_write(w->t, "etc/hostname", "\n");
	read_facts(w, NULL);
	check_none(w, "machine_id", HF_UNKNOWN,
		   "'/etc/machine-id' is a FIFO, not a regular file");
	f = hf_facts_get(&w->facts, "os");
	assert_int_equal(f->known, HF_UNKNOWN);
	check_none(w, "hostname", HF_ABSENT, "the file that holds it is empty");
	assert_int_equal(hf_facts_get(&w->facts, "arch")->known, HF_UNKNOWN);
}

static void upstream_versions(void **state)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };

	(void)state;
	assert_string_equal(hf_package_upstream(&arena, "5:26.1.5-1~deb", 14), "26.1.5");
	assert_string_equal(hf_package_upstream(&arena, "20.10.24+dfsg1", 14),
			    "20.10.24");
	assert_string_equal(hf_package_upstream(&arena, "", 0), "");
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_image),
		T(dpkg_database),
		T(no_package_database),
		T(single_package_files),
		T(given_facts_stay),
		T(data_root_elsewhere),
		T(data_root_in_doubt),
		T(data_root_of_a_process),
		T(what_conditions_ask_for),
		T(what_is_read_when_asked_for),
		T(what_cannot_be_looked_at),
		T(hostile_files),
		cmocka_unit_test(upstream_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

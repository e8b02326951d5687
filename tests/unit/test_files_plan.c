/* SPDX-License-Identifier: Apache-2.0 */
/* The files kind against temporary trees: rows, changes, groups, releases. The tests that
 * need other owners are skipped where they do not run as root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/mount.h>

#include "files_world.h"
#include "host/fs.h"

static int setup(void **state)
{
	return files_world_make(state);
}

static int teardown(void **state)
{
	return kind_world_remove(state);
}

static void chmod_in(files_world *w, const char *path, mode_t mode)
{
	assert_int_equal(fchmodat(w->t->fd, path, mode, 0), 0);
}

static void own(files_world *w, const char *path, uid_t uid, gid_t gid)
{
	assert_int_equal(fchownat(w->t->fd, path, uid, gid, AT_SYMLINK_NOFOLLOW), 0);
}

/* What the engine does with an inode group. */
static void carry_out(files_world *w)
{
	for (size_t i = 0; i < w->plan.n_groups; i++) {
		const hf_group *g = w->plan.groups[i];
		cleanup_(hf_error_freep) hf_error *err = NULL;
		cleanup_close int fd = -1;

		if (g->type != HF_GROUP_INODE)
			continue;
		assert_int_equal(hf_fs_open(&w->t->host, g->path, O_PATH,
					    g->before_symlink_target ? 0 : HF_FS_NOFOLLOW,
					    &fd, &err),
				 0);
		assert_int_equal(
			hf_fs_set_meta(fd, g->path, g->uid, g->gid, g->mode, &err), 0);
	}
}

static void etc(files_world *w)
{
	temp_root_mkdir(w->t, "etc");
	temp_root_mkdir(w->t, "etc/docker");
}

static void bits_are_bits(void **state)
{
	files_world *w = *state;

	etc(w);
	temp_root_write(w->t, "etc/a", "");
	temp_root_write(w->t, "etc/b", "");
	chmod_in(w, "etc/a", 0577);
	chmod_in(w, "etc/b", 04444);
	kind_world_control(w, "one",
			   "- {path: /etc/a, max_mode: '0644'}\n"
			   "- {path: /etc/b, max_mode: '0644'}\n"
			   "- {path: /etc/none, max_mode: '0644'}\n"
			   "- {path: /etc/docker, max_mode: '0755'}\n");
	files_world_plan(w);
	assert_string_equal(
		files_world_rows(w),
		"drift /etc/a#mode want at most 0644 found 0577\n"
		"drift /etc/b#mode want at most 0644 found 4444\n"
		"not-applicable /etc/none#mode want at most 0644 found -: it does not "
		"exist\n"
		"pass /etc/docker#mode want at most 0755 found 0755\n");
	assert_string_equal(files_world_changes(w), "/etc/a#mode 0577 -> 0444 host\n"
						    "/etc/b#mode 4444 -> 0444 host\n");
	carry_out(w);
	kind_world_forget_plan(w);
	files_world_plan(w);
	assert_int_equal(w->plan.n_changes, 0);
	assert_int_equal(temp_root_stat(w->t, "etc/a").st_mode & 07777, 0444);
}

static void demands_merge(void **state)
{
	files_world *w = *state;
	hf_group *g;

	etc(w);
	temp_root_write(w->t, "etc/a", "");
	chmod_in(w, "etc/a", 0666);
	kind_world_control(w, "one", "- {path: /etc/a, max_mode: '0644'}\n");
	kind_world_control(w, "two", "- {path: /etc/a, max_mode: '0660'}\n");
	kind_world_control(w, "three", "- {path: /etc/a, max_mode: '0600'}\n")->enforce =
		false;
	files_world_plan(w);
	assert_string_equal(files_world_rows(w),
			    "drift /etc/a#mode want at most 0644 found 0666\n"
			    "drift /etc/a#mode want at most 0660 found 0666\n"
			    "drift /etc/a#mode want at most 0600 found 0666\n");
	assert_string_equal(files_world_changes(w), "/etc/a#mode 0666 -> 0640 host\n");
	assert_int_equal(w->plan.changes[0]->n_rows, 2);
	assert_true(w->plan.changes[0]->recorded);
	assert_int_equal(w->plan.n_groups, 1);
	g = w->plan.groups[0];
	assert_int_equal(g->type, HF_GROUP_INODE);
	assert_string_equal(g->path, "/etc/a");
	assert_int_equal(g->mode, 0640);
	assert_int_equal(g->uid, geteuid());
	assert_int_equal(g->before_mode & 07777, 0666);
	assert_false(g->before_symlink_target);
}

static void one_inode_two_paths(void **state)
{
	files_world *w = *state;

	temp_root_mkdir(w->t, "usr");
	temp_root_mkdir(w->t, "usr/lib");
	temp_root_link(w->t, "usr/lib", "lib");
	temp_root_write(w->t, "usr/lib/u", "");
	chmod_in(w, "usr/lib/u", 0666);
	kind_world_control(w, "one",
			   "- {path: /lib/u, max_mode: '0644'}\n"
			   "- {path: /usr/lib/u, max_mode: '0640'}\n");
	files_world_plan(w);
	assert_string_equal(files_world_changes(w), "/lib/u#mode 0666 -> 0640 host\n");
	assert_int_equal(w->plan.changes[0]->n_rows, 2);
	assert_int_equal(w->plan.n_groups, 1);
}

static void patterns(void **state)
{
	files_world *w = *state;

	etc(w);
	temp_root_mkdir(w->t, "etc/docker/certs.d");
	temp_root_mkdir(w->t, "etc/docker/certs.d/r1");
	temp_root_mkdir(w->t, "etc/docker/certs.d/r2");
	temp_root_write(w->t, "etc/docker/certs.d/file.key", "");
	temp_root_write(w->t, "etc/docker/certs.d/r1/b.key", "");
	temp_root_write(w->t, "etc/docker/certs.d/r1/a.key", "");
	temp_root_write(w->t, "etc/docker/certs.d/r1/a.crt", "");
	temp_root_write(w->t, "etc/docker/certs.d/r2/.hidden.key", "");
	chmod_in(w, "etc/docker/certs.d/r1/a.key", 0400);
	kind_world_control(
		w, "one",
		"- {path: '/etc/docker/certs.d/*/*.key', max_mode: '0400'}\n"
		"- {path: '/etc/docker/none/*.key', max_mode: '0400'}\n"
		"- {path: '/etc/docker/certs.d/*', type: file, max_mode: '0600'}\n"
		"- {path: '/etc/docker/certs.d/r1/*', exclude: ['*.key'], "
		"max_mode: '0644'}\n");
	files_world_plan(w);
	assert_string_equal(
		files_world_rows(w),
		"pass /etc/docker/certs.d/r1/a.key#mode want at most 0400 found 0400\n"
		"drift /etc/docker/certs.d/r1/b.key#mode want at most 0400 found 0644\n"
		"not-applicable /etc/docker/none/*.key#mode want at most 0400 found -: "
		"nothing "
		"matches\n"
		"drift /etc/docker/certs.d/file.key#mode want at most 0600 found 0644\n"
		"pass /etc/docker/certs.d/r1/a.crt#mode want at most 0644 found 0644\n");
}

static void trees(void **state)
{
	files_world *w = *state;

	etc(w);
	temp_root_mkdir(w->t, "etc/docker/z");
	temp_root_mkdir(w->t, "etc/docker/secret");
	temp_root_write(w->t, "etc/docker/z/one", "");
	temp_root_write(w->t, "etc/docker/b", "");
	temp_root_write(w->t, "etc/docker/a", "");
	temp_root_write(w->t, "etc/docker/x.pem", "");
	temp_root_write(w->t, "etc/docker/secret/s", "");
	temp_root_link(w->t, "/etc/docker/z/one", "etc/docker/link");
	kind_world_control(
		w, "one",
		"- {path: /etc/docker, recurse: true, type: file, max_mode: '0644',\n"
		"   exclude: ['*.pem', secret]}\n");
	for (unsigned round = 0; round < 2; round++) {
		files_world_plan(w);
		assert_string_equal(
			files_world_rows(w),
			round == 0 ? "pass /etc/docker/**#mode want at most 0644 "
				     "found 3 objects\n"
				   : "drift /etc/docker/b#mode want at most 0644 "
				     "found 0646\n"
				     "drift /etc/docker/z/one#mode want at most 0644 "
				     "found 0666\n");
		assert_int_equal(w->plan.n_changes, round == 0 ? 0 : 2);
		kind_world_forget_plan(w);
		chmod_in(w, "etc/docker/x.pem", 0666);
		chmod_in(w, "etc/docker/secret/s", 0666);
		chmod_in(w, "etc/docker/z/one", 0666);
		chmod_in(w, "etc/docker/b", 0646);
	}
}

static void trees_and_paths_meet(void **state)
{
	files_world *w = *state;

	etc(w);
	temp_root_write(w->t, "etc/docker/key", "");
	chmod_in(w, "etc/docker/key", 0440);
	kind_world_control(
		w, "tree",
		"- {path: /etc/docker, recurse: true, type: file, max_mode: 0740}\n");
	kind_world_control(w, "file", "- {path: /etc/docker/key, mode: '0644'}\n");
	files_world_plan(w);
	assert_string_equal(
		files_world_diags(w),
		"error 1:60 control 'tree' wants another mode of '/etc/docker/key' "
		"than control 'file' (b.yaml:1)\n");
	assert_int_equal(w->plan.n_changes, 0);
}

static void symlinks(void **state)
{
	files_world *w = *state;

	etc(w);
	temp_root_write(w->t, "etc/real", "");
	chmod_in(w, "etc/real", 0666);
	temp_root_link(w->t, "real", "etc/good");
	temp_root_link(w->t, "real", "etc/bad");
	temp_root_link(w->t, "/../../../outside", "etc/out");
	temp_root_link(w->t, "/dev/null", "etc/masked.service");
	temp_root_mkdir(w->t, "dev");
	if (geteuid() != 0 ||
	    mknodat(w->t->fd, "dev/null", S_IFCHR | 0666, (1 << 8) | 3) < 0)
		skip(); /* links must be root's to be followed */
	own(w, "etc/bad", 1000, 1000);
	chmod_in(w, "dev/null", 0666);
	kind_world_control(w, "one",
			   "- {path: /etc/good, max_mode: '0644'}\n"
			   "- {path: /etc/bad, max_mode: '0644'}\n"
			   "- {path: /etc/out, max_mode: '0644'}\n"
			   "- {path: /etc/masked.service, max_mode: '0644'}\n"
			   "- {path: /dev/null, max_mode: '0644'}\n"
			   "- {path: /etc/docker, max_mode: '0755', type: file}\n");
	files_world_plan(w);
	assert_string_equal(files_world_rows(w),
			    "drift /etc/good#mode want at most 0644 found 0666\n"
			    "unknown /etc/bad#mode want at most 0644 found -: it is a "
			    "symlink, and the link "
			    "belongs to uid 1000, not to root: not followed\n"
			    "unknown /etc/out#mode want at most 0644 found -: '/etc/out' "
			    "is a symlink that "
			    "leads nowhere inside the root ('/../../../outside')\n"
			    "not-applicable /etc/masked.service#mode want at most 0644 "
			    "found -: it is "
			    "masked: a symlink to /dev/null\n"
			    "finding /dev/null#mode want at most 0644 found 0666: it is "
			    "a device, and "
			    "devices are not changed\n"
			    "finding /etc/docker#mode want at most 0755 found -: it is a "
			    "directory\n");
	assert_string_equal(files_world_changes(w), "/etc/good#mode 0666 -> 0644 host\n");
	assert_true(w->plan.groups[0]->before_symlink_target);
	carry_out(w);
	assert_true(S_ISLNK(temp_root_stat(w->t, "etc/good").st_mode));
	assert_int_equal(temp_root_stat(w->t, "etc/real").st_mode & 07777, 0644);
}

/* Who may lay a symlink anywhere on the way would choose what root changes. */
static void symlinks_on_the_way(void **state)
{
	files_world *w = *state;

	if (geteuid() != 0)
		skip(); /* links of others */
	etc(w);
	temp_root_mkdir(w->t, "srv");
	temp_root_mkdir(w->t, "srv/good");
	temp_root_mkdir(w->t, "srv/evil");
	temp_root_write(w->t, "etc/shadow", "");
	chmod_in(w, "etc/shadow", 0600);
	temp_root_link(w->t, "/etc", "srv/good/conf");
	temp_root_link(w->t, "/etc", "srv/evil/conf");
	temp_root_link(w->t, "evil/conf", "srv/through");
	temp_root_link(w->t, "/srv/evil/conf/shadow", "srv/final");
	own(w, "srv/evil/conf", 1000, 1000);
	kind_world_control(w, "one",
			   "- {path: '/srv/*/conf/shadow', mode: '0644'}\n"
			   "- {path: /srv/through/shadow, mode: '0644'}\n"
			   "- {path: /srv/final, mode: '0644'}\n"
			   "- {path: /srv/evil/conf, type: dir, recurse: true, "
			   "max_mode: '0555'}\n");
	files_world_plan(w);
#define NOT_FOLLOWED                                                                     \
	"found -: a symlink on the way to it belongs to uid 1000, not to root: not "     \
	"followed\n"
	assert_string_equal(
		files_world_rows(w),
		"unknown /srv/evil/conf/shadow#mode want 0644 " NOT_FOLLOWED
		"drift /srv/good/conf/shadow#mode want 0644 found 0600\n"
		"unknown /srv/through/shadow#mode want 0644 " NOT_FOLLOWED
		"unknown /srv/final#mode want 0644 " NOT_FOLLOWED
		"unknown /srv/evil/conf#mode want at most 0555 found -: it is a symlink, "
		"and the link belongs to uid 1000, not to root: not followed\n");
	/* in a tree whose owner laid it, it is as good as root's */
	own(w, ".", 1000, 1000);
	kind_world_forget_plan(w);
	files_world_plan(w);
	assert_null(strstr(files_world_rows(w), "on the way"));
}

/* The target is root's, and whoever may write the directory puts another there. */
static void symlink_into_an_open_directory(void **state)
{
	static const struct {
		uid_t owner;
		mode_t mode;
		bool followed;
		gid_t group;
	} c[] = {
		{ 0, 0755, true, 0 },	{ 0, 01777, true, 0 },
		{ 0, 0777, false, 0 },	{ 1000, 0755, false, 0 },
		{ 0, 0775, true, 0 },	{ 0, 0775, false, 106 },
		{ 0, 0755, true, 106 }, { 0, 01775, true, 106 },
	};
	files_world *w = *state;

	if (geteuid() != 0)
		skip(); /* links must be root's to be followed */
	etc(w);
	temp_root_mkdir(w->t, "srv");
	temp_root_mkdir(w->t, "srv/u");
	temp_root_mkdir(w->t, "srv/u/own");
	temp_root_write(w->t, "srv/u/own/file", "");
	temp_root_link(w->t, "/srv/u/own/file", "etc/link");
	chmod_in(w, "srv/u/own/file", 0644);
	kind_world_control(w, "one", "- {path: /etc/link, max_mode: '0644'}\n");
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		own(w, "srv/u", c[i].owner, c[i].group);
		chmod_in(w, "srv/u", c[i].mode);
		kind_world_forget_plan(w);
		files_world_plan(w);
		if (c[i].followed)
			assert_string_equal(
				files_world_rows(w),
				"pass /etc/link#mode want at most 0644 found 0644\n");
		else
			assert_string_equal(
				files_world_rows(w),
				"unknown /etc/link#mode want at most 0644 found -: it is "
				"a "
				"symlink, and others than root may write /srv/u, on the "
				"way to its target: not followed\n");
	}
}

static void owners(void **state)
{
	files_world *w = *state;

	if (geteuid() != 0)
		skip(); /* other owners need root */
	etc(w);
	temp_root_write(w->t, "etc/passwd",
			"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n");
	temp_root_write(w->t, "etc/group", "root:x:0:\ndocker:x:106:\n");
	temp_root_write(w->t, "etc/a", "");
	own(w, "etc/a", 1000, 1234);
	chmod_in(w, "etc/a", 06755);
	kind_world_control(w, "one", "- {path: /etc/a, owner: root, group: docker}\n");
	files_world_plan(w);
	assert_string_equal(files_world_rows(w),
			    "drift /etc/a#owner want root found app\n"
			    "drift /etc/a#group want docker found 1234\n");
	/* a setuid program of app must not become one of root */
	assert_string_equal(files_world_changes(w),
			    "/etc/a#owner app -> root host\n"
			    "/etc/a#group 1234 -> docker host\n"
			    "/etc/a#mode 6755 -> 0755 host (no row)\n");
	assert_int_equal(w->plan.n_groups, 1);
	carry_out(w);
	assert_int_equal(temp_root_stat(w->t, "etc/a").st_uid, 0);
	assert_int_equal(temp_root_stat(w->t, "etc/a").st_gid, 106);
	assert_int_equal(temp_root_stat(w->t, "etc/a").st_mode & 07777, 0755);
}

static void unknown_group(void **state)
{
	files_world *w = *state;

	etc(w);
	temp_root_write(w->t, "etc/group", "root:x:0:\n");
	kind_world_control(w, "one",
			   "- {path: /etc/docker, group: docker}\n"
			   "- {path: /run/docker.sock, group: docker}\n");
	files_world_plan(w);
	assert_string_equal(
		files_world_rows(w),
		geteuid() == 0
			? "unknown /etc/docker#group want docker found root: group "
			  "'docker' does not exist in this root (/etc/group)\n"
			  "not-applicable /run/docker.sock#group want docker found -: it "
			  "does "
			  "not exist\n"
			: files_world_rows(w));
	assert_int_equal(w->plan.resources[0]->state, HF_STATE_UNKNOWN);
	assert_int_equal(w->plan.n_changes, 0);
}

static void hard_links(void **state)
{
	files_world *w = *state;

	if (geteuid() != 0)
		skip(); /* other owners need root */
	etc(w);
	temp_root_write(w->t, "etc/a", "");
	temp_root_write(w->t, "etc/r", "");
	assert_int_equal(linkat(w->t->fd, "etc/a", w->t->fd, "etc/b", 0), 0);
	assert_int_equal(linkat(w->t->fd, "etc/r", w->t->fd, "etc/s", 0), 0);
	own(w, "etc/a", 1000, 1000);
	kind_world_control(w, "one",
			   "- {path: /etc/a, max_mode: '0600'}\n"
			   "- {path: /etc/r, max_mode: '0600'}\n");
	files_world_plan(w);
	assert_string_equal(
		files_world_changes(w),
		"/etc/a#mode 0644 -> 0600 host blocked: it has several hard links and "
		"does not "
		"belong to root: another name of it may be meant for something else\n"
		"/etc/r#mode 0644 -> 0600 host\n");
	assert_int_equal(w->plan.n_groups, 1);
}

static void mounts(void **state)
{
	files_world *w = *state;
	char target[128];

	if (geteuid() != 0)
		skip(); /* mounts need root */
	etc(w);
	temp_root_mkdir(w->t, "etc/docker/m");
	temp_root_mkdir(w->t, "other");
	temp_root_write(w->t, "other/x", "");
	temp_root_write(w->t, "etc/docker/y", "");
	chmod_in(w, "other/x", 0666);
	chmod_in(w, "other", 0775);
	(void)snprintf(w->t->scratch, sizeof(w->t->scratch), "%s/other", w->t->path);
	(void)snprintf(target, sizeof(target), "%s/etc/docker/m", w->t->path);
	if (mount(w->t->scratch, target, "none", MS_BIND, "") < 0)
		skip();
	kind_world_control(w, "one",
			   "- {path: /etc/docker, recurse: true, max_mode: '0755'}\n"
			   "- {path: /etc/docker/m, max_mode: '0755'}\n");
	files_world_plan(w);
	assert_int_equal(umount(target), 0);
	assert_string_equal(files_world_rows(w),
			    "pass /etc/docker/**#mode want at most 0755 found 2 objects: "
			    "1 mount in it "
			    "not entered\n"
			    "drift /etc/docker/m#mode want at most 0755 found 0775: it "
			    "is a bind mount: the "
			    "change would be made to what is mounted there\n");
	assert_non_null(w->plan.changes[0]->blocked);
	assert_int_equal(w->plan.n_groups, 0);
}

static void references(void **state)
{
	files_world *w = *state;
	const char *values[] = { "/etc/docker", "/none", "ca.pem" };

	etc(w);
	kind_world_control(w, "one",
			   "- {path: '${unit:docker.service}', max_mode: '0755'}\n"
			   "- {path: '${unit:none.service}', max_mode: '0644'}\n"
			   "- {path: '${unit:bad.service}', max_mode: '0644'}\n");
	assert_int_equal(hf_plan_ref_set(&w->plan, "unit:docker.service",
					 &(hf_ref_values){ .values = values, .n = 3 }),
			 0);
	assert_int_equal(hf_plan_ref_set(&w->plan, "unit:none.service",
					 &(hf_ref_values){ .why = "no such unit" }),
			 0);
	assert_int_equal(
		hf_plan_ref_set(&w->plan, "unit:bad.service",
				&(hf_ref_values){ .why = "unreadable", .unknown = true }),
		0);
	files_world_plan(w);
	assert_string_equal(
		files_world_rows(w),
		"pass /etc/docker#mode want at most 0755 found 0755\n"
		"not-applicable /none#mode want at most 0755 found -: it does not "
		"exist\n"
		"unknown ca.pem#mode want at most 0755 found -: the path is not "
		"absolute\n"
		"not-applicable ${unit:none.service}#mode want at most 0644 found -: no "
		"such unit\n"
		"unknown ${unit:bad.service}#mode want at most 0644 found -: "
		"unreadable\n");
}

static void files_to_be_made(void **state)
{
	files_world *w = *state;
	hf_group *g;

	etc(w);
	kind_world_control(
		w, "one",
		"- {path: /etc/docker/daemon.json, max_mode: '0640', owner: root}\n");
	kind_world_control(w, "two", "- {path: '/etc/docker/*.json', group: '106'}\n");
	kind_world_control(w, "three",
			   "- {path: /etc/docker, recurse: true, type: file, "
			   "max_mode: '0604'}\n")
		->enforce = false;
	temp_root_write(w->t, "etc/passwd", "root:x:0:0::/:/bin/sh\n");
	g = hf_plan_group(&w->plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &hf_kind_files,
			  "/etc/docker/daemon.json");
	assert_non_null(g);
	files_world_plan(w);
	assert_int_equal(g->mode, 0640);
	assert_int_equal(g->uid, 0);
	assert_int_equal(g->gid, 106);
	assert_int_equal(w->plan.resources[1]->state, HF_STATE_NOT_APPLICABLE);
	assert_string_equal(w->plan.resources[1]->why,
			    "this plan makes it, with owner and mode as demanded");
	if (geteuid() == 0) {
		assert_int_equal(w->plan.resources[0]->state, HF_STATE_NOT_APPLICABLE);
		assert_int_equal(w->plan.n_changes, 0);
	} else {
		assert_string_equal(w->plan.changes[0]->id,
				    "files:/etc/docker/daemon.json#owner");
		assert_string_equal(w->plan.changes[0]->blocked,
				    "only root can make a file that belongs to another");
	}
}

/* Whose file it is to be is not known: that is told before the file is made. */
static void made_for_nobody_known(void **state)
{
	files_world *w = *state;

	etc(w);
	temp_root_write(w->t, "etc/passwd", "root:x:0:0::/:/bin/sh\n");
	kind_world_control(w, "one", "- {path: '/etc/docker/*.json', owner: ops}\n");
	assert_non_null(hf_plan_group(&w->plan, HF_GROUP_FILE, HF_STAGE_CONFIG,
				      &hf_kind_files, "/etc/docker/daemon.json"));
	files_world_plan(w);
	assert_non_null(strstr(files_world_rows(w),
			       "unknown /etc/docker/daemon.json#owner want ops found -: "
			       "user 'ops' does not exist"));
}

/* A file that is written anew has one name, and may be given to another. */
static void written_anew_and_given_away(void **state)
{
	files_world *w = *state;
	hf_group *g;

	if (geteuid() != 0)
		skip(); /* giving files away */
	etc(w);
	temp_root_write(w->t, "etc/a", "");
	assert_int_equal(linkat(w->t->fd, "etc/a", w->t->fd, "etc/b", 0), 0);
	kind_world_control(w, "one", "- {path: /etc/a, owner: '1000'}\n");
	files_world_plan(w);
	assert_int_equal(w->plan.n_changes, 1);
	assert_non_null(w->plan.changes[0]->blocked);
	kind_world_forget_plan(w);
	g = hf_plan_group(&w->plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &hf_kind_files,
			  "/etc/a");
	assert_non_null(g);
	g->existed = true;
	files_world_plan(w);
	assert_int_equal(w->plan.n_changes, 1);
	assert_null(w->plan.changes[0]->blocked);
	g = hf_plan_group_find(&w->plan, HF_GROUP_INODE, "/etc/a");
	assert_non_null(g);
	assert_int_equal(g->uid, 1000);
}

static void files_to_be_removed(void **state)
{
	files_world *w = *state;
	hf_group *g;

	etc(w);
	temp_root_write(w->t, "etc/docker/old.conf", "");
	kind_world_control(w, "one",
			   "- {path: '/etc/docker/*.conf', max_mode: '0600'}\n");
	g = hf_plan_group(&w->plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &hf_kind_files,
			  "/etc/docker/old.conf");
	assert_non_null(g);
	g->existed = true;
	g->remove = true;
	files_world_plan(w);
	assert_string_equal(
		files_world_rows(w),
		"not-applicable /etc/docker/old.conf#mode want at most 0600 found "
		"-: this plan removes it\n");
	assert_int_equal(w->plan.n_changes, 0);
}

static void gates_and_selection(void **state)
{
	files_world *w = *state;
	hf_control *c;

	etc(w);
	c = kind_world_control(w, "one", "- {path: /etc/docker, max_mode: '0700'}\n");
	c->gate = HF_GATE_UNKNOWN;
	c->gate_why = "the engine's version is not known";
	kind_world_control(w, "two", "- {path: /etc, max_mode: '0700'}\n")->selected =
		false;
	files_world_plan(w);
	assert_string_equal(
		files_world_rows(w),
		"unknown /etc/docker#mode want at most 0700 found -: the engine's "
		"version is not known\n");
	assert_int_equal(w->plan.n_changes, 0);
	assert_true(hf_plan_is_claimed(&w->plan, "files:/etc#mode"));
}

static void releases(void **state)
{
	files_world *w = *state;

	etc(w);
	temp_root_write(w->t, "etc/back", "");
	temp_root_write(w->t, "etc/moved", "");
	temp_root_write(w->t, "etc/kept.conf", "");
	temp_root_write(w->t, "etc/docker/in", "");
	chmod_in(w, "etc/back", 0600);
	chmod_in(w, "etc/moved", 0640);
	files_world_record(w, "files:/etc/back#mode", "0664", "0600");
	files_world_record(w, "files:/etc/moved#mode", "0664", "0600");
	files_world_record(w, "files:/etc/gone#mode", "0664", "0600");
	files_world_record(w, "files:/etc/kept.conf#mode", "0664", "0644");
	files_world_record(w, "files:/etc/docker/in#mode", "0664", "0644");
	files_world_record(w, "daemon:/etc/docker/daemon.json#icc", "true", "false");
	kind_world_control(w, "one", "- {path: '/etc/*.conf', max_mode: '0644'}\n")
		->selected = false;
	kind_world_control(w, "two",
			   "- {path: /etc/docker, recurse: true, max_mode: '0755'}\n");
	files_world_plan(w);
	assert_string_equal(files_world_changes(w),
			    "/etc/back#mode 0600 -> 0664 released (no row)\n");
	assert_string_equal(
		files_world_diags(w),
		"note 0:0 mode of '/etc/moved' is no longer demanded and not as it was "
		"left (0600): it stays; before holdfast it was 0664\n");
	assert_true(hf_plan_is_claimed(&w->plan, "files:/etc/kept.conf#mode"));
	assert_true(hf_plan_is_claimed(&w->plan, "files:/etc/docker/in#mode"));
	assert_false(hf_plan_is_claimed(&w->plan, "files:/etc/back#mode"));
	carry_out(w);
	assert_int_equal(temp_root_stat(w->t, "etc/back").st_mode & 07777, 0664);
}

static void not_root(void **state)
{
	files_world *w = *state;

	if (geteuid() == 0)
		skip(); /* root may */
	etc(w);
	temp_root_write(w->t, "etc/a", "");
	kind_world_control(w, "one",
			   "- {path: /etc/a, owner: '1', max_mode: '0600'}\n"
			   "- {path: /etc/docker, max_mode: '0700'}\n");
	files_world_plan(w);
	assert_int_equal(w->plan.n_changes, 3);
	assert_string_equal(w->plan.changes[0]->blocked,
			    "only root can give a file to another owner");
	assert_string_equal(w->plan.changes[1]->blocked, w->plan.changes[0]->blocked);
	assert_null(w->plan.changes[2]->blocked);
	assert_int_equal(w->plan.n_groups, 1);
}

static void foreign_namespaces(void **state)
{
	files_world *w = *state;

	if (geteuid() != 0)
		skip(); /* other owners need root */
	etc(w);
	temp_root_write(w->t, "etc/a", "");
	own(w, "etc/a", 65534, 0);
	w->t->host.unmapped_ids = true; /* as in unshare -Ur, for files of real root */
	kind_world_control(w, "one",
			   "- {path: /etc/a, owner: '0', group: '0', "
			   "max_mode: '0600'}\n");
	files_world_plan(w);
	assert_int_equal(w->plan.resources[0]->state, HF_STATE_UNKNOWN);
	assert_int_equal(w->plan.resources[1]->state, HF_STATE_PASS);
	assert_int_equal(w->plan.resources[2]->state, HF_STATE_DRIFT);
	assert_string_equal(w->plan.changes[0]->blocked,
			    "its owner has no id in this user namespace");
}

static void unreadable_parts(void **state)
{
	files_world *w = *state;

	if (geteuid() == 0)
		skip(); /* root reads everything */
	etc(w);
	temp_root_mkdir(w->t, "etc/docker/shut");
	temp_root_write(w->t, "etc/docker/shut/f", "");
	chmod_in(w, "etc/docker/shut", 0);
	kind_world_control(w, "one",
			   "- {path: /etc/docker, recurse: true, max_mode: '0755'}\n"
			   "- {path: /etc/docker/shut/f, max_mode: '0755'}\n"
			   "- {path: '/etc/docker/shut/*', max_mode: '0755'}\n");
	files_world_plan(w);
	chmod_in(w, "etc/docker/shut", 0755);
	for (size_t i = 0; i < w->plan.n_resources; i++)
		assert_int_equal(w->plan.resources[i]->state, HF_STATE_UNKNOWN);
	assert_int_equal(w->plan.n_resources, 3);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(bits_are_bits),
		T(demands_merge),
		T(one_inode_two_paths),
		T(patterns),
		T(trees),
		T(trees_and_paths_meet),
		T(symlinks),
		T(symlink_into_an_open_directory),
		T(symlinks_on_the_way),
		T(owners),
		T(unknown_group),
		T(hard_links),
		T(mounts),
		T(references),
		T(files_to_be_made),
		T(made_for_nobody_known),
		T(written_anew_and_given_away),
		T(files_to_be_removed),
		T(gates_and_selection),
		T(releases),
		T(not_root),
		T(foreign_namespaces),
		T(unreadable_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

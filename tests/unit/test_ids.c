/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host/host_internal.h"
#include "host/ids.h"
#include "temp_root.h"

static int setup(void **state)
{
	return temp_root_make(state);
}

static int teardown(void **state)
{
	return temp_root_remove(state);
}

static void names_of_the_tree(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	uid_t uid = 7;
	gid_t gid = 7;

	temp_root_mkdir(t, "etc");
	temp_root_write(t, "etc/passwd",
			"+nis::0:0:::\nroot:x:0:0:root:/root:/bin/sh\n"
			"app:x:1234:1234::/:/bin/false\napp:x:99:99::/:/bin/false\n"
			"twin:x:1234:1::/:/bin/false\nbroken line\n");
	temp_root_write(t, "etc/group", "root:x:0:\ndocker:x:106:root,app\n");
	assert_int_equal(hf_ids_uid(&t->host, "app", &uid, &err), 0);
	assert_int_equal(uid, 1234);
	assert_int_equal(hf_ids_gid(&t->host, "docker", &gid, &err), 0);
	assert_int_equal(gid, 106);
	assert_int_equal(hf_ids_uid(&t->host, "4294967294", &uid, &err), 0);
	assert_int_equal(uid, 4294967294u);
	assert_string_equal(hf_ids_user_name(&t->host, 1234), "app");
	assert_string_equal(hf_ids_group_name(&t->host, 106), "docker");
	assert_string_equal(hf_ids_user_name(&t->host, 31337), "31337");
	assert_int_equal(hf_ids_uid(&t->host, "+nis", &uid, &err), -ENOENT);
	assert_string_equal(hf_error_text(err),
			    "user '+nis' does not exist in this root (/etc/passwd)");
	assert_int_equal(uid, 4294967294u); /* untouched */
}

static void minus_one_is_no_number(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	uid_t uid;

	assert_int_equal(hf_ids_uid(&t->host, "4294967295", &uid, &err), -ENOENT);
}

static void tree_without_files(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	gid_t gid;

	/* the host's own group 0 has a name, the tree knows none */
	assert_int_equal(hf_ids_gid(&t->host, "root", &gid, &err), -ENOENT);
	assert_string_equal(hf_ids_group_name(&t->host, 0), "0");
}

static void passwd_that_leaves_the_tree(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	uid_t uid;

	temp_root_mkdir(t, "etc");
	temp_root_link(t, "../../../../etc/passwd", "etc/passwd");
	assert_int_equal(hf_ids_uid(&t->host, "root", &uid, &err), -ELOOP);
}

static void names_of_the_running_system(void **state)
{
	hf_host host;
	cleanup_(hf_error_freep) hf_error *err = NULL;
	uid_t uid = 7;

	(void)state;
	assert_int_equal(hf_host_open(&host, NULL, &err), 0);
	assert_int_equal(hf_ids_uid(&host, "root", &uid, &err), 0);
	assert_int_equal(uid, 0);
	assert_string_equal(hf_ids_user_name(&host, 0), "root");
	assert_string_equal(hf_ids_user_name(&host, 3999999999u), "3999999999");
	assert_int_equal(hf_ids_uid(&host, "no-such-user-here", &uid, &err), -ENOENT);
	assert_string_equal(hf_error_text(err),
			    "user 'no-such-user-here' does not exist on this host");
	hf_host_close(&host);
}

static int root_mount(const char *text, char ret[static HF_ROOT_MOUNT_MAX])
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int r;

	assert_non_null(f);
	r = hf_host_root_mount(f, ret);
	(void)fclose(f);
	return r;
}

static void mounts_at_the_root(void **state)
{
	char got[HF_ROOT_MOUNT_MAX];

	(void)state;
	assert_int_equal(root_mount("27 1 254:0 / / rw - ext4 /dev/vda rw\n"
				    "30 27 0:21 / /proc rw - proc proc rw\n",
				    got),
			 1);
	assert_string_equal(got, "254:0 /");
	assert_int_equal(root_mount("1 1 0:2 / / rw - rootfs rootfs rw\n"
				    "27 1 254:0 /@ / rw - btrfs /dev/vda rw\n",
				    got),
			 1);
	assert_string_equal(got, "254:0 /@");
	/* a chroot lists only what is mounted below it */
	assert_int_equal(root_mount("30 27 0:21 / /proc rw - proc proc rw\n", got), 0);
	assert_int_equal(root_mount("nonsense\n", got), 0);
}

static void tree_has_no_live_layer(void **state)
{
	temp_root *t = *state;

	assert_true(t->host.offline);
	assert_int_equal(t->host.audit.known, HF_ABSENT);
	assert_int_equal(t->host.units.known, HF_ABSENT);
	assert_int_equal(t->host.docker.known, HF_ABSENT);
	assert_non_null(t->host.audit.why);
}

static void root_that_is_none(void **state)
{
	temp_root *t = *state;
	cleanup_(hf_error_freep) hf_error *err = NULL, *err2 = NULL;
	hf_host host;
	char path[4096];

	temp_root_write(t, "file", "");
	(void)snprintf(path, sizeof(path), "%s/file", t->path);
	assert_int_equal(hf_host_open(&host, path, &err), -ENOTDIR);
	(void)snprintf(path, sizeof(path), "%s/missing", t->path);
	assert_int_equal(hf_host_open(&host, path, &err2), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_of_the_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(minus_one_is_no_number, setup, teardown),
		cmocka_unit_test_setup_teardown(tree_without_files, setup, teardown),
		cmocka_unit_test_setup_teardown(passwd_that_leaves_the_tree, setup,
						teardown),
		cmocka_unit_test(names_of_the_running_system),
		cmocka_unit_test(mounts_at_the_root),
		cmocka_unit_test_setup_teardown(tree_has_no_live_layer, setup, teardown),
		cmocka_unit_test_setup_teardown(root_that_is_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

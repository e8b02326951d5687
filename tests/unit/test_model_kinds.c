/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real kinds' sections on damaged input: the shipped baseline and one that uses every
 * form of every section, each mutated many times, is read without a crash, and is either
 * refused with a diagnostic or flattens to something that loads again.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kinds/registry.h"
#include "model/resolved.h"
#include "mutate.h"

#define CAP ((size_t)256 * 1024)

static const char every_form[] =
	"holdfast: 1\n"
	"name: forms\n"
	"vars: {g: docker}\n"
	"controls:\n"
	"  - id: keys\n"
	"    title: T\n"
	"    daemon:\n"
	"      set:\n"
	"        icc: false\n"
	"        log-opts: {max-size: 10m}\n"
	"        log-opts.max-file: \"3\"\n"
	"        default-ulimits: {nofile: {Hard: 64000, Soft: 64000}}\n"
	"        hosts: [\"unix:///var/run/docker.sock\"]\n"
	"        max-concurrent-downloads: 3\n"
	"      unset: [insecure-registries]\n"
	"      add: {labels: [\"env=prod\"]}\n"
	"      forbid: {storage-driver: [aufs]}\n"
	"      require: [authorization-plugins]\n"
	"  - id: rules\n"
	"    title: T\n"
	"    audit:\n"
	"      rules:\n"
	"        - {watch: /etc/docker, perm: wa, key: docker}\n"
	"        - {watch: /var/lib/docker, type: dir, create: {mode: \"0710\", group: "
	"\"${g}\"},\n"
	"           perm: wa, key: docker}\n"
	"        - {watch: \"${exec:docker.service}\", perm: x, key: docker}\n"
	"        - {syscalls: [mount, umount2], fields: [\"auid>=1000\", "
	"\"auid!=unset\"], key: "
	"m}\n"
	"        - {rule: \"-a always,exit -F arch=b64 -S init_module -F key=modules\"}\n"
	"      absent: [\"-a never,task\"]\n"
	"      settings: {enabled: true, backlog_limit: 8192, failure: 1}\n"
	"  - id: units\n"
	"    title: T\n"
	"    units:\n"
	"      docker.service: {exec_start: {unset: [--debug, \"--host=tcp://*\"]}}\n"
	"      containerd.service: {exec_start: {set: {--log-level: info}}}\n"
	"      docker.socket: {Socket: {SocketMode: \"0660\", SocketGroup: \"${g}\"}}\n"
	"  - id: files\n"
	"    title: T\n"
	"    files:\n"
	"      - {path: \"${unit:docker.service}\", owner: root, group: root, max_mode: "
	"0644}\n"
	"      - {path: \"/etc/docker/certs.d/*/*.key\", mode: \"0400\"}\n"
	"      - {path: /etc/docker, recurse: true, type: file, exclude: [\"*.pem\"], "
	"max_mode: "
	"0644}\n";

typedef struct text {
	const char *bytes;
	size_t len;
} text;

static int read_text(void *user, const char *name, const char *relative_to,
		     hf_arena *arena, hf_source *ret, hf_error **err)
{
	const text *t = user;

	(void)relative_to;
	ret->name = name;
	ret->text = hf_arena_memdup(arena, t->bytes, t->len);
	ret->len = t->len;
	return ret->text ? 0 : hf_error_oom(err);
}

static bool load(const char *bytes, size_t len, hf_model *model, hf_diags *diags)
{
	text t = { bytes, len };
	const char *name = "b.yaml";
	hf_load_request request = {
		.names = &name,
		.n_names = 1,
		.kinds = hf_kinds,
		.n_kinds = hf_kinds_n,
		.read = read_text,
		.user = &t,
	};

	*model = (hf_model){ 0 };
	*diags = (hf_diags){ 0 };
	return hf_model_load(model, &request, diags);
}

/* Loads @bytes, and what it flattens to. Returns: was it a good baseline? */
static bool try_one(const char *bytes, size_t len)
{
	cleanup_(hf_strbuf_done) hf_strbuf flat = { 0 };
	hf_model model, again;
	hf_diags diags, said;
	bool ok = load(bytes, len, &model, &diags);

	if (ok) {
		assert_int_equal(hf_model_resolved(&model, &flat), 0);
		if (!load(hf_strbuf_str(&flat), flat.len, &again, &said)) {
			print_error("%s\n%s\n", hf_strbuf_str(&flat),
				    said.items[0].message);
			fail();
		}
		assert_int_equal(again.n_controls, model.n_controls);
		assert_int_equal(again.n_demands, model.n_demands);
		assert_int_equal(again.n_refs, model.n_refs);
		hf_model_done(&again);
		hf_diags_done(&said);
	} else {
		assert_true(diags.n_errors > 0 && diags.n > 0);
	}
	hf_model_done(&model);
	hf_diags_done(&diags);
	return ok;
}

static void mutate_many(const char *what, const char *bytes, size_t len, unsigned rounds)
{
	const char *env = getenv("HF_TEST_SEED");
	uint64_t seed = env ? strtoull(env, NULL, 10) : 20261122;
	cleanup_free char *copy = malloc(CAP);
	unsigned good = 0;

	assert_non_null(copy);
	assert_true(len < CAP);
	assert_true(try_one(bytes, len));
	for (unsigned i = 0; i < rounds; i++) {
		size_t n = len;

		memcpy(copy, bytes, len);
		for (unsigned k = next_random(&seed) % 3 + 1; k; k--)
			n = mutate(copy, n, CAP, &seed);
		good += try_one(copy, n);
	}
	print_message("%s: %u of %u still load, HF_TEST_SEED=%s\n", what, good, rounds,
		      env ? env : "20261122");
}

static void test_every_form(void **state)
{
	(void)state;
	mutate_many("every form", every_form, sizeof(every_form) - 1, 4000);
}

static void test_shipped(void **state)
{
	cleanup_free char *path = NULL, *bytes = malloc(CAP);
	const char *srcdir = getenv("srcdir");
	size_t len;
	FILE *f;

	(void)state;
	assert_non_null(bytes);
	assert_true(asprintf(&path, "%s/templates/cis-docker.yaml",
			     srcdir ? srcdir : ".") > 0);
	f = fopen(path, "re");
	assert_non_null(f);
	len = fread(bytes, 1, CAP - 1, f);
	(void)fclose(f);
	mutate_many("cis-docker", bytes, len, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The key table holds together; dockerd's command line is read as dockerd reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/parse.h"
#include "kinds/daemon/daemon_argv.h"

static void check_default(const hf_dkey *key, const char *text)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_arena arena = { 0 };
	hf_json *v;

	if (!text)
		return;
	if (hf_json_parse_value(key->name, text, strlen(text), &arena, &v, &err) < 0)
		fail_msg("%s: %s", key->name, hf_error_text(err));
	assert_null(hf_dkey_accepts(key, NULL, v));
	hf_arena_done(&arena);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < hf_dkeys_n; i++) {
		const hf_dkey *key = &hf_dkeys[i];

		if (i && strcmp(hf_dkeys[i - 1].name, key->name) >= 0)
			fail_msg("'%s' is out of order", key->name);
		assert_ptr_equal(hf_dkey_find(key->name), key);
		check_default(key, key->standard);
		check_default(key, key->standard_before);
		assert_int_equal(!key->changed_in, !key->standard_before);
		if (key->since && key->gone)
			assert_true(hf_version_compare(key->since, key->gone) < 0);
		if (key->flag && strcmp(key->flag, "host-gateway-ip") != 0)
			assert_ptr_equal(hf_dkey_by_flag(key->flag, NULL), key);
		if (key->letter)
			assert_ptr_equal(hf_dkey_by_letter(key->letter), key);
		/* an engine with a key knows it unless it is long gone */
		assert_int_equal(hf_dkey_known_in(key, NULL),
				 strcmp(key->name, "disable-legacy-registry") != 0);
	}
	assert_null(hf_dkey_find("registry-mirror"));
	assert_string_equal(hf_dkey_by_flag("host-gateway-ip", "28.1")->name,
			    "host-gateway-ips");
	assert_string_equal(hf_dkey_by_flag("host-gateway-ip", "27.5")->name,
			    "host-gateway-ip");
	assert_string_equal(hf_dkey_nearest("live-restor"), "live-restore");
	assert_null(hf_dkey_nearest("something-else-altogether"));
}

static void test_releases(void **state)
{
	static const struct {
		const char *key, *engine;
		bool known;
	} cases[] = {
		{ "log-format", "24.0.9", false },
		{ "log-format", "25.0.0", true },
		{ "proxies", "20.10.24", false },
		{ "proxies", "23.0.0", true },
		{ "oom-score-adjust", "20.10.24", true },
		{ "oom-score-adjust", "26.1.5", false },
		{ "cluster-store", "23.0.6", true },
		{ "cluster-store", "24.0.0", false },
		{ "api-cors-header", "28.5.2", true },
		{ "api-cors-header", "29.0.0", false },
		{ "bip6", "27.5.1", false },
		{ "bip6", "28.0.1", true },
		{ "graph", "23.0.0", true },
		{ "graph", "24.0.0", false },
		{ "icc", "20.10.24+dfsg1", true },
		{ "nri-opts", "28.5.2", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (hf_dkey_known_in(hf_dkey_find(cases[i].key), cases[i].engine) !=
		    cases[i].known)
			fail_msg("%s in %s", cases[i].key, cases[i].engine);
	assert_string_equal(hf_dkey_standard(hf_dkey_find("ip6tables"), "26.1.5"),
			    "false");
	assert_string_equal(hf_dkey_standard(hf_dkey_find("ip6tables"), "27.0.1"),
			    "true");
	assert_null(hf_dkey_standard(hf_dkey_find("ip6tables"), NULL));
	assert_string_equal(hf_dkey_standard(hf_dkey_find("seccomp-profile"), "20.10.24"),
			    "\"\"");
}

static void test_accepts(void **state)
{
	static const struct {
		const char *key, *subkey, *value, *wanted;
	} cases[] = {
		{ "icc", NULL, "false", NULL },
		{ "icc", NULL, "null", NULL },
		{ "icc", NULL, "\"false\"", "true or false" },
		{ "mtu", NULL, "1500", NULL },
		{ "mtu", NULL, "\"1500\"", "an integer" },
		{ "mtu", NULL, "1500.5", "an integer" },
		{ "mtu", NULL, "99999999999999999999", "an integer" },
		{ "log-level", NULL, "1", "a string" },
		{ "dns", NULL, "[\"x\"]", NULL },
		{ "dns", NULL, "\"x\"", "a list of strings" },
		{ "dns", NULL, "[1]", "a list of strings" },
		{ "dns", NULL, "[\"x\", null]", "a list of strings" },
		{ "log-opts", NULL, "{\"a\": 3}", "an object of strings" },
		{ "log-opts", "a", "3", "a string" },
		{ "log-opts", NULL, "{\"a\": null}", NULL },
		{ "features", NULL, "{\"a\": true}", NULL },
		{ "features", NULL, "{\"a\": 1}", "an object of true and false" },
		{ "features", "a", "1", "true or false" },
		{ "runtimes", NULL, "[]", "an object" },
		{ "runtimes", "x", "{}", NULL },
		{ "default-address-pools", NULL, "[{}]", NULL },
		{ "default-address-pools", NULL, "[1]", "a list of objects" },
		{ "default-address-pools", NULL, "[null]", "a list of objects" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_(hf_error_freep) hf_error *err = NULL;
		hf_arena arena = { 0 };
		const char *got;
		hf_json *v;

		assert_int_equal(hf_json_parse_value("v", cases[i].value,
						     strlen(cases[i].value), &arena, &v,
						     &err),
				 0);
		got = hf_dkey_accepts(hf_dkey_find(cases[i].key), cases[i].subkey, v);
		if (!got != !cases[i].wanted ||
		    (got && strcmp(got, cases[i].wanted) != 0))
			fail_msg("case %zu: %s", i, got ? got : "accepted");
		hf_arena_done(&arena);
	}
}

static void test_secrets(void **state)
{
	(void)state;
	assert_true(hf_dkey_is_secret(hf_dkey_find("proxies"), "http-proxy"));
	assert_true(hf_dkey_is_secret(hf_dkey_find("log-opts"), "splunk-token"));
	assert_true(hf_dkey_is_secret(hf_dkey_find("log-opts"), NULL));
	assert_false(hf_dkey_is_secret(hf_dkey_find("log-opts"), "max-size"));
	assert_false(hf_dkey_is_secret(hf_dkey_find("icc"), NULL));
}

typedef struct argv_case {
	const char *argv[8];
	const char *key, *subkey;
	const char *value; /* NULL: not given */
	const char *written;
} argv_case;

static const argv_case argv_cases[] = {
	{ { "dockerd" }, "icc", NULL, NULL, NULL },
	{ { "dockerd", "--icc=false" }, "icc", NULL, "false", "--icc" },
	{ { "dockerd", "--icc" }, "icc", NULL, "true", "--icc" },
	{ { "dockerd", "--icc=0" }, "icc", NULL, "false", "--icc" },
	{ { "dockerd", "--icc=maybe" }, "icc", NULL, "\"maybe\"", "--icc" },
	/* a boolean flag does not take the next word */
	{ { "dockerd", "--icc", "false" }, "icc", NULL, "true", "--icc" },
	{ { "dockerd", "--mtu", "1400" }, "mtu", NULL, "1400", "--mtu" },
	{ { "dockerd", "--mtu=x" }, "mtu", NULL, "\"x\"", "--mtu" },
	{ { "dockerd", "--log-level", "warn", "--log-level=info" },
	  "log-level",
	  NULL,
	  "\"info\"",
	  "--log-level" },
	{ { "dockerd", "--log-level" }, "log-level", NULL, "\"\"", "--log-level" },
	{ { "dockerd", "-l", "warn" }, "log-level", NULL, "\"warn\"", "-l" },
	{ { "dockerd", "-lwarn" }, "log-level", NULL, "\"warn\"", "-l" },
	{ { "dockerd", "-l=warn" }, "log-level", NULL, "\"warn\"", "-l" },
	{ { "dockerd", "-Dlwarn" }, "log-level", NULL, "\"warn\"", "-l" },
	{ { "dockerd", "-Dlwarn" }, "debug", NULL, "true", "-D" },
	{ { "dockerd", "-D=false" }, "debug", NULL, "false", "-D" },
	{ { "dockerd", "-H", "fd://", "--host=tcp://x" },
	  "hosts",
	  NULL,
	  "[\"fd://\",\"tcp://x\"]",
	  "-H" },
	{ { "dockerd", "--dns", "--icc" }, "icc", NULL, NULL, NULL },
	{ { "dockerd", "--", "--icc" }, "icc", NULL, NULL, NULL },
	{ { "dockerd", "word", "--icc" }, "icc", NULL, "true", "--icc" },
	{ { "dockerd", "--unheard-of", "x", "--icc" }, "icc", NULL, "true", "--icc" },
	{ { "dockerd", "--validate", "--icc" }, "icc", NULL, "true", "--icc" },
	{ { "dockerd", "--config-file", "--icc" }, "icc", NULL, NULL, NULL },
	{ { "dockerd", "--label=a=1", "--label", "b=2" },
	  "labels",
	  NULL,
	  "[\"a=1\",\"b=2\"]",
	  "--label" },
	{ { "dockerd", "--log-opt=max-size=1m", "--log-opt", "x" },
	  "log-opts",
	  NULL,
	  "{\"max-size\":\"1m\",\"x\":\"\"}",
	  "--log-opt" },
	{ { "dockerd", "--log-opt=a=1", "--log-opt=a=2" },
	  "log-opts",
	  NULL,
	  "{\"a\":\"2\"}",
	  "--log-opt" },
	{ { "dockerd", "--default-ulimit", "nofile=1024:2048" },
	  "default-ulimits",
	  NULL,
	  "{\"nofile\":{\"Name\":\"nofile\",\"Hard\":2048,\"Soft\":1024}}",
	  "--default-ulimit" },
	{ { "dockerd", "--default-ulimit=nproc=9" },
	  "default-ulimits",
	  NULL,
	  "{\"nproc\":{\"Name\":\"nproc\",\"Hard\":9,\"Soft\":9}}",
	  "--default-ulimit" },
	{ { "dockerd", "--default-address-pool", "base=10.0.0.0/8,size=24" },
	  "default-address-pools",
	  NULL,
	  "[{\"base\":\"10.0.0.0/8\",\"size\":24}]",
	  "--default-address-pool" },
	{ { "dockerd", "--default-network-opt=bridge=com.x.y=1", "--default-network-opt",
	    "bridge=mtu=2" },
	  "default-network-opts",
	  NULL,
	  "{\"bridge\":{\"com.x.y\":\"1\",\"mtu\":\"2\"}}",
	  "--default-network-opt" },
	{ { "dockerd", "--add-runtime=crun=/usr/bin/crun" },
	  "runtimes",
	  NULL,
	  "{\"crun\":{\"path\":\"/usr/bin/crun\"}}",
	  "--add-runtime" },
	{ { "dockerd", "--feature", "buildkit", "--feature=x=false" },
	  "features",
	  NULL,
	  "{\"buildkit\":true,\"x\":false}",
	  "--feature" },
	{ { "dockerd", "--http-proxy=http://p" },
	  "proxies",
	  "http-proxy",
	  "\"http://p\"",
	  "--http-proxy" },
	{ { "dockerd", "--http-proxy=http://p" }, "proxies", "no-proxy", NULL, NULL },
};

static void test_argv(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(argv_cases); i++) {
		const argv_case *c = &argv_cases[i];
		hf_arg args[8] = { 0 };
		hf_arena arena = { 0 };
		const hf_dflag *flag;
		hf_dargv parsed;
		size_t n = 0;

		for (; n < 8 && c->argv[n]; n++)
			args[n].text = c->argv[n];
		assert_int_equal(hf_dargv_parse(args, n, "28.1", &arena, &parsed), 0);
		flag = hf_dargv_get(&parsed, hf_dkey_find(c->key), c->subkey);
		if (!flag != !c->value)
			fail_msg("case %zu: %s", i, flag ? "given" : "not given");
		if (flag) {
			assert_string_equal(hf_json_compact(flag->value, &arena),
					    c->value);
			assert_string_equal(flag->written, c->written);
		}
		hf_arena_done(&arena);
	}
}

static void test_config_file(void **state)
{
	hf_arg args[] = { { .text = "dockerd" },
			  { .text = "--config-file" },
			  { .text = "/x" } };
	hf_arena arena = { 0 };
	hf_dargv parsed;

	(void)state;
	assert_int_equal(hf_dargv_parse(args, 3, NULL, &arena, &parsed), 0);
	assert_string_equal(parsed.config_file, "/x");
	assert_int_equal(hf_dargv_parse(NULL, 0, NULL, &arena, &parsed), 0);
	assert_null(parsed.config_file);
	hf_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	cmocka_unit_test(test_releases),
		cmocka_unit_test(test_accepts), cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_argv),	cmocka_unit_test(test_config_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

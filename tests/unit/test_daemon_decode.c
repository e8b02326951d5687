/* SPDX-License-Identifier: Apache-2.0 */
/* The section 'daemon': what is refused, with which words. */
#include "daemon_world.h"

static void test_decode_unknown(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a",
				  "set: {iccc: false, registry-mirror: [x], config-file: "
				  "x, http-proxy: x, disable-legacy-registry: true}"),
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"error t.yaml:4:38: unknown key 'iccc': dockerd has no such key (did you "
		"mean 'icc'?)\n"
		"error t.yaml:4:51: unknown key 'registry-mirror': that is the flag, the "
		"key has another name (did you mean 'registry-mirrors'?)\n"
		"error t.yaml:4:73: unknown key 'config-file': dockerd has it as a flag "
		"only\n"
		"error t.yaml:4:89: unknown key 'http-proxy': dockerd ignores it there, "
		"it belongs below 'proxies'\n"
		"error t.yaml:4:104: 'disable-legacy-registry' is gone since dockerd "
		"17.12 and would stop any later one\n");
}

static void test_decode_types(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a", "set: {icc: no, debug: \"true\", mtu: \"1500\", "
				       "log-level: [a], dns: {a: b}, log-opts: x, "
				       "proxies: {ftp-proxy: x}, features: {buildkit: "
				       "yes}, log-level: verbose}"),
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"error t.yaml:4:43: 'icc' must be true or false, and this is 'no'\n"
		"error t.yaml:4:54: 'debug' must be true or false, and this is the text "
		"'true' (remove the quotes)\n"
		"error t.yaml:4:67: 'mtu' must be a whole number, and this is the text "
		"'1500' (remove the quotes)\n"
		"error t.yaml:4:86: 'log-level' must be a text, and this is a list\n"
		"error t.yaml:4:96: 'dns' must be a list of texts, and this is a "
		"mapping\n"
		"error t.yaml:4:114: 'log-opts' must be a mapping, and this is 'x'\n"
		"error t.yaml:4:127: unknown key 'ftp-proxy' in 'proxies' (did you mean "
		"'http-proxy'?)\n"
		"error t.yaml:4:163: 'features.buildkit' must be true or false, and this "
		"is 'yes'\n"
		"error t.yaml:4:169: duplicate key 'log-level' (first at line 4, column "
		"75)\n");
}

static void test_decode_types2(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL(
				  "a",
				  "set: {log-level: verbose, labels: [x], "
				  "registry-mirrors: [ftp://x], default-ipc-mode: host, "
				  "default-ulimits: {nofile: 3, nproc: {Hard: 1, Soft: "
				  "2}, core: {Name: x, Hard: 1, Soft: 1}}, log-opts: {}, "
				  "default-address-pools: [x]}, add: {icc: [x]}, forbid: "
				  "{log-opts: [x]}, unset: [bogus, log-opts.]"),
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"error t.yaml:4:49: 'log-level' must be one of debug, info, warn, error, "
		"fatal, and this is 'verbose'\n"
		"error t.yaml:4:67: 'labels' must be of the form NAME=VALUE, and this is "
		"'x'\n"
		"error t.yaml:4:90: 'registry-mirrors' must be a URL that begins with "
		"https:// or http://, and this is 'ftp://x'\n"
		"error t.yaml:4:118: 'default-ipc-mode' must be private or shareable, "
		"and this is 'host'\n"
		"error t.yaml:4:150: 'default-ulimits.nofile' must be a mapping of Hard "
		"and Soft, and this is '3'\n"
		"error t.yaml:4:160: Soft of 'default-ulimits.nproc' must not be above "
		"Hard, and 2 is above 1\n"
		"error t.yaml:4:186: Name of 'default-ulimits.core' must repeat the key; "
		"it may be left out\n"
		"error t.yaml:4:226: 'log-opts' is empty: a map is owned by the keys "
		"that are named (name the keys below it, or use 'unset')\n"
		"error t.yaml:4:254: 'default-address-pools' must be a list of {base, "
		"size}, and this is 'x'\n"
		"error t.yaml:4:265: 'icc' is not a list, nothing can be added (use "
		"'set')\n"
		"error t.yaml:4:285: 'log-opts' is a map: name a key of it, as "
		"'log-opts.KEY'\n"
		"error t.yaml:4:309: unknown key 'bogus': dockerd has no such key\n"
		"error t.yaml:4:316: unknown key '' in 'log-opts'\n");
}

static void test_decode_contradictions(void **state)
{
	(void)state;
	assert_plan(
		&(scene){ .controls = CONTROL("a", "set: {icc: false, dns: [1.1.1.1], "
						   "log-driver: none}")
				  CONTROL("b", "set: {icc: true}, add: {dns: [9.9.9.9]}, "
					       "forbid: {log-driver: [none]}")
					  CONTROL("c", "unset: [icc, log-opts, labels]")
						  CONTROL("d", "set: {log-opts: "
							       "{max-size: 1m}}, "
							       "add: {labels: [a=b]}"),
			  .argv = STOCK,
			  .engine = "26.1.5" },
		"error t.yaml:4:38: control 'a' sets 'icc', against control 'c' "
		"(t.yaml:6) (disable one of the two controls, or tailor it)\n"
		"error t.yaml:4:50: control 'a' sets a list without what is added to "
		"'dns', against control 'b' (t.yaml:5) (disable one of the two controls, "
		"or tailor it)\n"
		"error t.yaml:4:66: control 'a' gives a forbidden value to 'log-driver', "
		"against control 'b' (t.yaml:5) (disable one of the two controls, or "
		"tailor it)\n"
		"error t.yaml:5:38: control 'b' sets another value of 'icc', against "
		"control 'a' (t.yaml:4) (disable one of the two controls, or tailor it)\n"
		"error t.yaml:5:38: control 'b' sets 'icc', against control 'c' "
		"(t.yaml:6) (disable one of the two controls, or tailor it)\n"
		"error t.yaml:7:49: control 'd' sets 'log-opts.max-size', against "
		"control 'c' (t.yaml:6) (disable one of the two controls, or tailor it)\n"
		"error t.yaml:7:71: control 'd' adds to 'labels', against control 'c' "
		"(t.yaml:6) (disable one of the two controls, or tailor it)\n");
}

static void test_decode_when(void **state)
{
	(void)state;
	assert_plan(
		&(scene){
			.controls =
				"  - {id: a, title: T, when: {engine: \">=27\"}, daemon: "
				"{set: {icc: false}}}\n  - {id: b, title: T, when: "
				"{engine: \"<27\"}, daemon: {set: {icc: true}}}\n",
			.argv = STOCK,
			.engine = "26.1.5" },
		"#icc true: pass, found true, the engine's default\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_unknown),
		cmocka_unit_test(test_decode_types),
		cmocka_unit_test(test_decode_types2),
		cmocka_unit_test(test_decode_contradictions),
		cmocka_unit_test(test_decode_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `when` against facts, selection, waivers, what a control's fields mean together. */
#include "model/waiver.h"
#include "model/when.h"
#include "model_world.h"

static hf_facts facts_of(const char *const *pairs, size_t n)
{
	hf_facts facts = { 0 };

	for (size_t i = 0; i < n; i++)
		assert_int_equal(hf_facts_set(&facts, pairs[2 * i], HF_PRESENT,
					      pairs[2 * i + 1], "test", NULL),
				 0);
	return facts;
}

/* Evaluates the only clause of @when (YAML flow text): "yes", "no: WHY", "unknown: WHY".
 */
static void assert_when(const hf_facts *facts, const char *when, const char *expected)
{
	static const char *const names[] = { "no", "yes", "unknown" };
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 }, got = { 0 };
	hf_when_verdict verdict;
	const char *why;
	world w;

	hf_strbuf_addf(&text,
		       HEAD "controls:\n  - {id: a, title: A, manual: x, when: %s}\n",
		       when);
	world_load(&w, hf_strbuf_str(&text));
	assert_string_equal(hf_strbuf_str(&w.said), "");
	assert_int_equal(w.model.controls[0]->n_when, 1);
	verdict =
		hf_when_eval(&w.model.controls[0]->when[0], facts, &w.model.arena, &why);
	hf_strbuf_addf(&got, "%s%s%s", names[verdict], why ? ": " : "", why ? why : "");
	assert_string_equal(hf_strbuf_str(&got), expected);
	world_done(&w);
}

static void test_when_known(void **state)
{
	static const char *const pairs[] = {
		"engine",
		"20.10.24+dfsg1",
		"os",
		"debian",
		"os_version",
		"12",
		"lsm",
		"lockdown,apparmor",
		"swarm",
		"false",
		"unit:docker.service",
		"true",
		"unit:x.socket",
		"false",
		"exists:/etc/docker",
		"false",
	};
	hf_facts f = facts_of(pairs, ARRAY_SIZE(pairs) / 2);

	(void)state;
	assert_when(&f, "{engine: \">=20.10\"}", "yes");
	assert_when(&f, "{engine: \">=23.0\"}",
		    "no: the engine is 20.10.24+dfsg1, not >=23.0");
	assert_when(&f, "{engine: \">=20.10, <20.10.24\"}",
		    "no: the engine is 20.10.24+dfsg1, not >=20.10, <20.10.24");
	assert_when(&f, "{engine: [\"<19\", \">=28\"]}",
		    "no: the engine is 20.10.24+dfsg1, not <19 or >=28");
	assert_when(&f, "{not: {engine: \"<23\"}}", "no: the engine is 20.10.24+dfsg1");
	assert_when(&f, "{not: {engine: \">=23\"}}", "yes");
	assert_when(&f, "{unit: docker.service}", "yes");
	assert_when(&f, "{unit: [x.socket, docker.service]}", "yes");
	assert_when(&f, "{unit: x.socket}", "no: there is no unit x.socket");
	assert_when(&f, "{not: {unit: docker.service}}",
		    "no: there is a unit docker.service");
	assert_when(&f, "{exists: /etc/docker}", "no: /etc/docker does not exist");
	assert_when(&f, "{os: debian}", "yes");
	assert_when(&f, "{os: \"debian>=12\"}", "yes");
	assert_when(&f, "{os: [\"debian>=13\", rhel]}",
		    "no: this is debian 12, not debian>=13 or rhel");
	assert_when(&f, "{not: {os: debian}}", "no: this is debian 12");
	assert_when(&f, "{lsm: apparmor}", "yes");
	assert_when(&f, "{lsm: armor}", "no: armor is not active");
	assert_when(&f, "{lsm: [selinux, smack]}",
		    "no: selinux or smack: none is active");
	assert_when(&f, "{swarm: true}", "no: swarm mode is not active");
	assert_when(&f, "{not: {swarm: true}}", "yes");
	assert_when(&f, "{swarm: false}", "yes");
	hf_facts_done(&f);
}

static void test_when_like_and_unknown(void **state)
{
	static const char *const pairs[] = { "os",    "ubuntu",	 "os_version",
					     "22.04", "os_like", "x debian" };
	hf_facts f = facts_of(pairs, ARRAY_SIZE(pairs) / 2);

	(void)state;
	assert_when(&f, "{os: debian}", "yes");
	assert_when(&f, "{os: \"debian>=12\"}",
		    "no: this is ubuntu 22.04, not debian>=12");
	assert_when(&f, "{os: deb}", "no: this is ubuntu 22.04, not deb");
	assert_when(&f, "{engine: \">=1\"}",
		    "unknown: the engine's version is not known");
	assert_when(&f, "{not: {engine: \">=1\"}}",
		    "unknown: the engine's version is not known");
	assert_int_equal(hf_facts_set(&f, "engine", HF_UNKNOWN, NULL, NULL,
				      "/run/docker.sock: permission denied"),
			 0);
	assert_when(&f, "{engine: \">=1\"}",
		    "unknown: the engine's version is not known: /run/docker.sock: "
		    "permission "
		    "denied");
	assert_int_equal(hf_facts_set(&f, "engine", HF_ABSENT, NULL, NULL, NULL), 0);
	assert_when(&f, "{engine: \">=1\"}", "no: there is no engine");
	assert_when(&f, "{not: {engine: \">=1\"}}", "yes");
	assert_when(&f, "{unit: a.service}",
		    "unknown: whether there is a unit a.service is not known");
	assert_int_equal(hf_facts_set(&f, "os_version", HF_ABSENT, NULL, NULL, NULL), 0);
	assert_when(&f, "{os: \"ubuntu>=1\"}",
		    "unknown: the distribution's version is not known");
	assert_when(&f, "{os: [\"ubuntu>=1\", debian]}", "yes");
	hf_facts_done(&f);
}

static void test_facts(void **state)
{
	hf_facts f = { 0 };

	(void)state;
	assert_null(hf_facts_get(&f, "engine"));
	assert_int_equal(hf_facts_set(&f, "engine", HF_PRESENT, "1", "/x", NULL), 0);
	assert_int_equal(hf_facts_set(&f, "engine", HF_PRESENT, "2", "--fact", NULL), 0);
	assert_int_equal(hf_facts_set(&f, "engine", HF_ABSENT, NULL, "/x", "gone"), 0);
	assert_string_equal(hf_facts_value(&f, "engine"), "2");
	assert_int_equal(f.n, 1);
	assert_int_equal(hf_facts_set(&f, "os", HF_UNKNOWN, "ignored", NULL, "why"), 0);
	assert_null(hf_facts_value(&f, "os"));
	assert_string_equal(hf_facts_get(&f, "os")->why, "why");
	hf_facts_done(&f);
}

static const char many[] = HEAD
	"select: {skip: [\"tag:swarm\"]}\n"
	"controls:\n"
	"  - {id: docker-icc, title: A, level: 1, severity: high, tags: [net, daemon],"
	" refs: {cis-docker-1.6.0: [\"2.2\"], owasp: [\"5\"]}, manual: x}\n"
	"  - {id: docker-tls, title: B, level: 2, severity: low, tags: [net],"
	" refs: {cis-docker-1.6.0: [\"2.20\"]}, manual: x}\n"
	"  - {id: audit-etc, title: C, tags: [audit], manual: x}\n"
	"  - {id: swarm-lock, title: D, tags: [swarm], manual: x}\n";

/* The ids selected, joined by blanks, or the diagnostics. */
static void assert_selected(const char *only, const char *skip, long long level,
			    hf_severity severity, const char *expected)
{
	cleanup_(hf_strbuf_done) hf_strbuf got = { 0 };
	const char *onlies[] = { only }, *skips[] = { skip };
	hf_selection s = { onlies, only != NULL, skips, skip != NULL, level, severity };
	world w;
	bool ok;

	world_load(&w, many);
	assert_string_equal(hf_strbuf_str(&w.said), "");
	ok = hf_model_select(&w.model, &s, &w.diags);
	world_say(&w);
	for (size_t i = 0; ok && i < w.model.n_controls; i++)
		if (w.model.controls[i]->selected)
			hf_strbuf_addf(&got, "%s ", w.model.controls[i]->id);
	assert_string_equal(ok ? hf_strbuf_str(&got) : hf_strbuf_str(&w.said), expected);
	assert_true(hf_model_is_partial(&w.model)); /* the baseline skips one itself */
	world_done(&w);
}

static void test_select(void **state)
{
	const hf_severity low = HF_SEVERITY_LOW;

	(void)state;
	assert_selected(NULL, NULL, 0, low, "docker-icc docker-tls audit-etc ");
	assert_selected("docker-*", NULL, 0, low, "docker-icc docker-tls ");
	assert_selected("docker-tls", NULL, 0, low, "docker-tls ");
	assert_selected("tag:net", "docker-icc", 0, low, "docker-tls ");
	assert_selected("tag:*a*", NULL, 0, low, "docker-icc audit-etc ");
	assert_selected("ref:cis-docker-1.6.0/2.2", NULL, 0, low, "docker-icc ");
	assert_selected("ref:cis-docker-1.6.0/2.2*", NULL, 0, low,
			"docker-icc docker-tls ");
	assert_selected("ref:cis-docker-1.6.0", NULL, 0, low, "docker-icc docker-tls ");
	assert_selected("ref:*/5", NULL, 0, low, "docker-icc ");
	assert_selected(NULL, NULL, 1, low, "docker-icc audit-etc ");
	assert_selected(NULL, NULL, 0, HF_SEVERITY_MEDIUM, "docker-icc audit-etc ");
	assert_selected(NULL, "ref:owasp", 1, HF_SEVERITY_MEDIUM, "audit-etc ");
	assert_selected("docker-icx", NULL, 0, low,
			"--only: 'docker-icx' matches no control (did you mean "
			"'docker-icc'?)\n");
	assert_selected(
		NULL, "tag:nett", 0, low,
		"--skip: 'tag:nett' matches no control (did you mean 'tag:net'?)\n");
	assert_selected("zzz*", NULL, 0, low, "--only: 'zzz*' matches no control\n");
	assert_selected("level:1", NULL, 0, low,
			"--only: 'level:1' is no selection term\n");
	assert_selected("docker-tls", NULL, 1, low, "the selection leaves no control\n");
	assert_selected("swarm-lock", NULL, 0, low, "the selection leaves no control\n");
}

static const memory_file narrowing[] = {
	{ "base",
	  "holdfast: 1\nname: base\nselect: {level: 1}\ncontrols:\n"
	  "  - {id: one, title: T, manual: x}\n"
	  "  - {id: two, title: T, level: 2, manual: x}\n",
	  0 },
	{ "more",
	  "holdfast: 1\nname: more\nextends: base\nselect: {skip: [mine]}\ncontrols:\n"
	  "  - {id: mine, title: T, manual: x}\n"
	  "  - {id: deep, title: T, level: 2, manual: x}\n",
	  0 },
	{ "only",
	  "holdfast: 1\nname: only\nextends: more\nselect: {only: [\"*e\"], severity: "
	  "medium}\n",
	  0 },
	{ "none", "holdfast: 1\nname: none\nextends: base\nselect: {only: [two]}\n", 0 },
};

static void test_select_of_baselines(void **state)
{
	const char *name = "more";
	world w;

	(void)state;
	world_load_sets(&w, narrowing, ARRAY_SIZE(narrowing), &name, 1, NULL, 0);
	assert_string_equal(hf_strbuf_str(&w.said), "");
	assert_true(control_of(&w, "one")->own_selected);
	assert_false(control_of(&w, "two")->own_selected);
	assert_false(control_of(&w, "mine")->own_selected);
	assert_true(control_of(&w, "deep")->own_selected); /* base's limit is base's */
	world_done(&w);
	name = "only";
	world_load_sets(&w, narrowing, ARRAY_SIZE(narrowing), &name, 1, NULL, 0);
	assert_string_equal(hf_strbuf_str(&w.said), "");
	assert_true(control_of(&w, "one")->own_selected);
	assert_false(control_of(&w, "deep")->own_selected);
	assert_false(control_of(&w, "mine")->own_selected);
	world_done(&w);
	name = "none";
	world_load_sets(&w, narrowing, ARRAY_SIZE(narrowing), &name, 1, NULL, 0);
	assert_string_equal(hf_strbuf_str(&w.said),
			    "none:4:9: the selection leaves no control\n");
	world_done(&w);
}

static void test_waiver_end(void **state)
{
	static const char *const bad[] = {
		"2027-02-29", "2026-13-01", "2026-00-10",  "2026-04-31", "2026-1-1",
		"26-01-01",   "2026/01/01", "1969-12-31",  "2100-02-29", "2026-01-00",
		"2026-01-1x", "",	    "2026-01-011",
	};
	int64_t end;

	(void)state;
	assert_int_equal(hf_waiver_end("1970-01-01", &end), 0);
	assert_int_equal(end, 86400);
	assert_int_equal(hf_waiver_end("2028-02-29", &end), 0);
	assert_int_equal(end, 1835481600);
	assert_int_equal(hf_waiver_end("2000-02-29", &end), 0);
	assert_int_equal(hf_waiver_end("2027-03-31", &end), 0);
	assert_int_equal(end, 1806537600);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(hf_waiver_end(bad[i], &end), -EINVAL);
}

static void test_waive(void **state)
{
	world w;
	hf_control *a, *b;

	(void)state;
	world_load(&w,
		   HEAD "controls:\n" MANUAL("a") MANUAL(
			   "b") "waivers:\n"
				"  - {control: a, hosts: [\"build-0*\", x], reason: r, "
				"until: 2027-03-31}\n"
				"  - {control: b, reason: always}\n"
				"  - {control: a, hosts: [build-09], reason: second}\n");
	assert_string_equal(hf_strbuf_str(&w.said), "");
	a = control_of(&w, "a");
	b = control_of(&w, "b");
	hf_model_waive(&w.model, "BUILD-01", 1806537599);
	assert_string_equal(a->waiver->reason, "r");
	assert_string_equal(b->waiver->reason, "always");
	hf_model_waive(&w.model, "build-01", 1806537600);
	assert_null(a->waiver);
	hf_model_waive(&w.model, "build-09", 1806537600);
	assert_string_equal(a->waiver->reason, "second");
	hf_model_waive(&w.model, "web-1", 0);
	assert_null(a->waiver);
	assert_non_null(b->waiver);
	world_done(&w);
}

static void test_control_states(void **state)
{
	hf_waiver waiver = { 0 };
	hf_control c = { .selected = true, .enforce = true };

	(void)state;
	assert_true(hf_control_is_active(&c));
	assert_true(hf_control_is_enforced(&c));
	assert_true(hf_control_is_claiming(&c));
	c.gate = HF_GATE_UNKNOWN;
	assert_true(hf_control_is_active(&c));
	assert_false(hf_control_is_enforced(&c));
	assert_true(hf_control_is_claiming(&c));
	c.gate = HF_GATE_CLOSED;
	assert_false(hf_control_is_active(&c));
	assert_false(hf_control_is_claiming(&c));
	c.gate = HF_GATE_OPEN;
	c.enforce = false;
	assert_true(hf_control_is_active(&c));
	assert_false(hf_control_is_enforced(&c));
	c.enforce = true;
	c.waiver = &waiver;
	assert_true(hf_control_is_active(&c));
	assert_false(hf_control_is_enforced(&c));
	assert_true(hf_control_is_claiming(&c));
	c.waiver = NULL;
	c.manual = "text";
	assert_false(hf_control_is_active(&c));
	c.manual = NULL;
	c.selected = false;
	assert_false(hf_control_is_active(&c));
	assert_true(hf_control_is_claiming(&c));
	c.disabled = "why";
	assert_false(hf_control_is_claiming(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when_known),
		cmocka_unit_test(test_when_like_and_unknown),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_select_of_baselines),
		cmocka_unit_test(test_waiver_end),
		cmocka_unit_test(test_waive),
		cmocka_unit_test(test_control_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Loading: the typed model of a whole baseline, layers, variables, tailoring. */
#include "model_world.h"

static const char whole[] =
	"holdfast: 1\n"
	"name: shop-docker\n"
	"title: Docker hosts of the ${place}\n"
	"version: \"2026.11\"\n"
	"requires: \">=0.1\"\n"
	"restart: never\n"
	"x-note: {anything: [goes]}\n"
	"meta: {owner: platform}\n"
	"vars: {admin_group: docker, place: shop}\n"
	"controls:\n"
	"  - id: docker-icc\n"
	"    title: No free traffic\n"
	"    level: 2\n"
	"    severity: high\n"
	"    tags: [network, \"${place}\"]\n"
	"    refs: {cis-docker-1.6.0: [\"2.2\", 2.10], owasp-docker: 5}\n"
	"    rationale: Costs $${money}.\n"
	"    when: {engine: \">=20.10,<28\", unit: docker.service, not: {swarm: true}}\n"
	"    enforce: false\n"
	"    meta: {ticket: \"${not-a-variable}\"}\n"
	"    daemon:\n"
	"      set: {icc: false, group: \"${admin_group}\", x: "
	"\"${unit:docker.service}\"}\n"
	"  - id: host\n"
	"    title: The host\n"
	"    manual: Look at it.\n"
	"waivers:\n"
	"  - {control: host, hosts: [\"build-0*\"], reason: later, approved_by: me, "
	"until: 2027-03-31}\n";

static void test_whole(void **state)
{
	world w;
	const hf_control *c;
	hf_baseline *b;

	(void)state;
	world_load(&w, whole);
	assert_string_equal(hf_strbuf_str(&w.said), "");
	assert_int_equal(w.model.n_baselines, 1);
	b = w.model.baselines[0];
	assert_string_equal(b->name, "shop-docker");
	assert_string_equal(b->title, "Docker hosts of the shop");
	assert_string_equal(b->version, "2026.11");
	assert_true(b->requested);
	assert_int_equal(strlen(hf_baseline_digest(b)), 64);
	assert_true(w.model.has_restart);
	assert_int_equal(w.model.restart, HF_RESTART_NEVER);
	assert_int_equal(w.model.n_controls, 2);

	c = control_of(&w, "docker-icc");
	assert_int_equal(c->index, 0);
	assert_int_equal(c->level, 2);
	assert_int_equal(c->severity, HF_SEVERITY_HIGH);
	assert_int_equal(c->n_tags, 2);
	assert_string_equal(c->tags[1], "shop");
	assert_int_equal(c->n_refs, 2);
	assert_string_equal(c->refs[0].name, "cis-docker-1.6.0");
	assert_int_equal(c->refs[0].n, 2);
	assert_string_equal(c->refs[0].values[1], "2.10");
	assert_string_equal(c->refs[1].values[0], "5");
	assert_string_equal(c->rationale, "Costs ${money}.");
	assert_false(c->enforce);
	assert_true(c->selected);
	assert_null(c->manual);
	assert_null(c->disabled);
	assert_string_equal(hf_node_get(c->meta, "ticket")->text, "${not-a-variable}");
	assert_int_equal(c->mark.line, 11);
	assert_int_equal(c->mark.column, 9);
	assert_int_equal(c->n_when, 3);
	assert_int_equal(c->when[0].type, HF_WHEN_ENGINE);
	assert_int_equal(c->when[2].type, HF_WHEN_SWARM);
	assert_true(c->when[2].negate);
	assert_int_equal(c->n_demands, 3);
	assert_string_equal(((const fake_spec *)c->demands[1]->spec)->value, "docker");
	assert_ptr_equal(c->demands[1]->control, c);
	assert_int_equal(w.model.n_demands, 3);
	assert_int_equal(w.model.n_refs, 1);
	assert_string_equal(w.model.refs[0], "unit:docker.service");

	assert_string_equal(control_of(&w, "host")->manual, "Look at it.");
	assert_int_equal(w.model.n_waivers, 1);
	assert_string_equal(w.model.waivers[0]->until, "2027-03-31");
	assert_int_equal(w.model.n_vars, 2);
	assert_string_equal(w.model.vars[0], "admin_group");
	assert_string_equal(w.model.vars[1], "docker");
	world_done(&w);
}

static const memory_file family[] = {
	{ "base",
	  "holdfast: 1\nname: base\nversion: 1.2\nvars: {g: docker, level: info}\n"
	  "restart: always\n"
	  "controls:\n"
	  "  - {id: a, title: A, tags: [x], daemon: {set: {k: 1, l: \"${level}\"}}}\n"
	  "  - {id: f, title: F, files: [{path: /a}]}\n"
	  "  - {id: u, title: U, daemon: {set: {userns: default}}}\n",
	  0 },
	{ "left",
	  "holdfast: 1\nname: left\nextends: [base@1.2]\n"
	  "tailor: {a: {daemon: {set: {k: 2}}}}\n"
	  "controls:\n" MANUAL("left-own"),
	  0 },
	{ "right",
	  "holdfast: 1\nname: right\nextends: base\n"
	  "tailor: {a: {tags: [y]}, f: {+files: [{path: /b}]}}\n"
	  "vars: {level: warn}\n"
	  "controls:\n" MANUAL("right-own"),
	  0 },
	{ "site",
	  "holdfast: 1\nname: site\nextends: [left, right]\nrestart: safe\n"
	  "tailor:\n"
	  "  u: {disabled: \"NFS volumes\"}\n"
	  "  a: {enforce: false, daemon: {set: {l: null, m: \"${g}\"}}, level: 2}\n"
	  "  f: {+files: [{path: /c}], title: Other}\n",
	  0 },
	{ "opposite",
	  "holdfast: 1\nname: opposite\nextends: [base]\n"
	  "tailor: {a: {daemon: {set: {k: 3}}}}\nvars: {level: debug}\n",
	  0 },
	{ "loop", "holdfast: 1\nname: loop\nextends: [loop2]\ncontrols:\n" MANUAL("q"),
	  0 },
	{ "loop2", "holdfast: 1\nname: loop2\nextends: [loop]\ncontrols:\n" MANUAL("r"),
	  0 },
	{ "again", "holdfast: 1\nname: again\ncontrols:\n" MANUAL("a"), 0 },
	{ "same", "holdfast: 1\nname: base\ncontrols:\n" MANUAL("z"), 0 },
	{ "pinned", "holdfast: 1\nname: pinned\nextends: [base@1.3, again@1]\n", 0 },
	{ "orphan",
	  "holdfast: 1\nname: orphan\nextends: [nowhere]\ntailor: {x: {level: 2}}\n"
	  "controls:\n" MANUAL("o") "waivers: [{control: y, reason: r}]\n",
	  0 },
};

static void load_family(world *w, const char *name, const char *other, const char *set)
{
	const char *names[2] = { name, other }, *sets[1] = { set };

	world_load_sets(w, family, ARRAY_SIZE(family), names, other ? 2 : 1, sets,
			set ? 1 : 0);
}

static const char *value_of(const world *w, const char *id, const char *key)
{
	const hf_node *set =
		hf_node_get(hf_node_get(control_of(w, id)->node, "daemon"), "set");
	const hf_node *value = hf_node_get(set, key);

	return value ? value->text : NULL;
}

static void test_layers(void **state)
{
	world w;
	const hf_node *files;

	(void)state;
	load_family(&w, "site", NULL, NULL);
	assert_string_equal(hf_strbuf_str(&w.said), "");
	assert_int_equal(w.model.n_baselines, 4); /* the diamond's base counts once */
	assert_string_equal(w.model.baselines[0]->name, "base");
	assert_string_equal(w.model.baselines[3]->name, "site");
	assert_false(w.model.baselines[0]->requested);
	assert_true(w.model.baselines[3]->requested);
	assert_int_equal(w.model.n_controls, 5);
	assert_string_equal(w.model.controls[3]->id, "left-own");
	assert_int_equal(w.model.restart, HF_RESTART_SAFE);
	assert_string_equal(value_of(&w, "a", "k"), "2");
	assert_null(value_of(&w, "a", "l"));
	assert_string_equal(value_of(&w, "a", "m"), "docker");
	assert_string_equal(control_of(&w, "a")->tags[0], "y");
	assert_int_equal(control_of(&w, "a")->level, 2);
	assert_false(control_of(&w, "a")->enforce);
	assert_string_equal(control_of(&w, "u")->disabled, "NFS volumes");
	assert_string_equal(control_of(&w, "f")->title, "Other");
	files = hf_node_get(control_of(&w, "f")->node, "files");
	assert_int_equal(files->n, 3);
	assert_string_equal(hf_node_get(files->items[2], "path")->text, "/c");
	assert_string_equal(control_of(&w, "a")->baseline->name, "base");
	world_done(&w);
}

static void test_vars(void **state)
{
	world w;

	(void)state;
	load_family(&w, "left", NULL, NULL);
	assert_string_equal(value_of(&w, "a", "l"), "info");
	world_done(&w);
	load_family(&w, "right", NULL, NULL);
	assert_string_equal(value_of(&w, "a", "l"), "warn");
	world_done(&w);
	load_family(&w, "right", NULL, "level=a=b");
	assert_string_equal(value_of(&w, "a", "l"), "a=b");
	world_done(&w);
	load_family(&w, "right", NULL, "levl=debug");
	assert_string_equal(hf_strbuf_str(&w.said),
			    "--set: no variable 'levl' (did you mean 'level'?)\n");
	world_done(&w);
	load_family(&w, "right", NULL, "level");
	assert_string_equal(hf_strbuf_str(&w.said),
			    "--set wants VAR=VALUE, not 'level'\n");
	world_done(&w);
	world_load(&w, HEAD
		   "vars: {a: \"<${b}>\", b: \"$${c} ${unit:x.service}\"}\n"
		   "controls:\n  - {id: i, title: T, daemon: {set: {k: \"${a}\"}}}\n");
	assert_string_equal(hf_strbuf_str(&w.said), "");
	assert_string_equal(value_of(&w, "i", "k"), "<$${c} ${unit:x.service}>");
	assert_string_equal(w.model.refs[0], "unit:x.service");
	world_done(&w);
}

/* A long chain of variables is refused, not followed down the stack. */
static void test_vars_chain(void **state)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	world w;

	(void)state;
	hf_strbuf_adds(&text, HEAD "vars:\n");
	for (int i = 100000; i > 0; i--)
		hf_strbuf_addf(&text, "  v%d: \"${v%d}\"\n", i, i - 1);
	hf_strbuf_adds(&text, "  v0: x\ncontrols:\n" MANUAL("a"));
	world_load(&w, hf_strbuf_str(&text));
	assert_false(w.ok);
	assert_non_null(strstr(hf_strbuf_str(&w.said),
			       "variables in variables over more than 32 levels\n"));
	world_done(&w);
}

/* Many mistakes among many names: the first get a hint, and it does not take minutes. */
static void test_many_mistakes(void **state)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	world w;

	(void)state;
	hf_strbuf_adds(&text, HEAD "controls:\n");
	for (int i = 0; i < 20000; i++)
		hf_strbuf_addf(&text,
			       "  - {id: a-long-name-for-%d, title: T, manual: x}\n", i);
	hf_strbuf_adds(&text, "waivers:\n");
	for (int i = 0; i < 20000; i++)
		hf_strbuf_addf(&text, "  - {control: a-lon-name-for-%d, reason: r}\n", i);
	world_load(&w, hf_strbuf_str(&text));
	assert_int_equal(w.diags.n_errors, 20000);
	assert_int_equal(w.diags.n, HF_DIAG_MAX);
	assert_string_equal(
		w.diags.items[0].message,
		"a waiver for an unknown control 'a-lon-name-for-0' (did you mean "
		"'a-long-name-for-0'?)");
	assert_string_equal(w.diags.items[HF_DIAG_MAX - 1].message,
			    "a waiver for an unknown control 'a-lon-name-for-199'");
	world_done(&w);
}

static void test_two_on_the_command_line(void **state)
{
	world w;

	(void)state;
	load_family(&w, "left", "right", NULL);
	assert_string_equal(hf_strbuf_str(&w.said), "");
	assert_int_equal(w.model.n_baselines, 3);
	world_done(&w);
	load_family(&w, "left", "opposite", NULL);
	assert_string_equal(hf_strbuf_str(&w.said),
			    "opposite:4:32: 'a' is tailored differently at left:4\n");
	world_done(&w);
	load_family(&w, "right", "opposite", "g=x");
	assert_string_equal(hf_strbuf_str(&w.said),
			    "opposite:5:15: variable 'level' is set to another value at "
			    "right:5\n");
	world_done(&w);
	load_family(&w, "right", "opposite", "level=x");
	assert_string_equal(hf_strbuf_str(&w.said), "");
	world_done(&w);
	load_family(&w, "base", "again", NULL);
	assert_string_equal(hf_strbuf_str(&w.said),
			    "again:4:10: control 'a' is declared already, at base:7\n");
	world_done(&w);
	load_family(&w, "base", "same", NULL);
	assert_string_equal(hf_strbuf_str(&w.said),
			    "same:2:7: two baselines are named 'base': also base\n");
	world_done(&w);
	load_family(&w, "base", "base", NULL);
	assert_string_equal(hf_strbuf_str(&w.said), "");
	assert_int_equal(w.model.n_baselines, 1);
	world_done(&w);
}

static void test_bad_extends(void **state)
{
	world w;

	(void)state;
	load_family(&w, "loop", NULL, NULL);
	assert_string_equal(
		hf_strbuf_str(&w.said),
		"loop2:3:11: baselines extend each other in a circle: loop extends "
		"loop2, which extends loop\n");
	world_done(&w);
	load_family(&w, "pinned", NULL, NULL);
	assert_string_equal(hf_strbuf_str(&w.said),
			    "pinned:3:11: version 1.3 is asked for, and base is 1.2\n"

			    "pinned:3:21: version 1 is asked for, and again has none\n"
			    "again:4:10: control 'a' is declared already, at base:7\n");
	world_done(&w);
	/* what follows from the missing one is not reported again */
	load_family(&w, "orphan", NULL, NULL);
	assert_string_equal(hf_strbuf_str(&w.said),
			    "orphan:3:11: no baseline 'nowhere'\n");
	world_done(&w);
	load_family(&w, "nowhere", NULL, "x=y");
	assert_string_equal(hf_strbuf_str(&w.said), "no baseline 'nowhere'\n");
	world_done(&w);
}

static void test_contradiction(void **state)
{
	(void)state;
	assert_said(HEAD
		    "controls:\n"
		    "  - {id: a, title: A, daemon: {set: {k: 1}}}\n"
		    "  - {id: b, title: B, daemon: {set: {k: 2}}}\n"
		    "  - {id: c, title: C, daemon: {set: {k: 3}}, disabled: off here}\n",
		    "b.yaml:5:41: 'a' and 'b' contradict on 'k'\n");
}

/* The flat form loads to the same controls, and its own flat form is itself. */
static void round_trip(const world *w)
{
	cleanup_(hf_strbuf_done) hf_strbuf flat = { 0 }, again = { 0 };
	const hf_model *m = &w->model;
	world v;

	assert_int_equal(hf_model_resolved(m, &flat), 0);
	world_load(&v, hf_strbuf_str(&flat));
	assert_string_equal(hf_strbuf_str(&v.said), "");
	assert_int_equal(v.model.n_controls, m->n_controls);
	for (size_t i = 0; i < m->n_controls; i++) {
		const hf_control *a = m->controls[i], *b = v.model.controls[i];

		assert_string_equal(a->id, b->id);
		assert_true(hf_node_equal(a->node, b->node));
		assert_int_equal(a->own_selected, b->own_selected);
		assert_int_equal(a->n_demands, b->n_demands);
		assert_int_equal(a->level, b->level);
		assert_int_equal(a->enforce, b->enforce);
		assert_int_equal(a->severity, b->severity);
	}
	assert_int_equal(v.model.n_waivers, m->n_waivers);
	for (size_t i = 0; i < m->n_waivers; i++)
		assert_string_equal(v.model.waivers[i]->reason, m->waivers[i]->reason);
	assert_int_equal(v.model.has_restart, m->has_restart);
	assert_int_equal(v.model.restart, m->restart);
	assert_int_equal(v.model.n_refs, m->n_refs);
	assert_int_equal(hf_model_resolved(&v.model, &again), 0);
	assert_string_equal(hf_strbuf_str(&flat), hf_strbuf_str(&again));
	world_done(&v);
}

static void test_resolved(void **state)
{
	static const char *const odd[] = {
		"controls:\n"
		"  - id: \"null\"\n    title: \"\\\"q\\\" \\\\ \\t\\x1b \\u0085 \\u2028 "
		"\\ufeff é\"\n"
		"    manual: |\n      Two\n\n      lines: {a}\n"
		"    meta: {\"true\": [], \"~\": {}, \"a b\": [[1, [2]], {x: ~}, null, "
		"\"null\"],"
		" e: \"\", z: ''}\n",
		"select: {level: 1, skip: [c]}\nvars: {e: \"\", l: \"a, b: "
		"#\"}\ncontrols:\n"
		"  - {id: a, title: T, level: 2, manual: x}\n"
		"  - {id: c, title: T, manual: x}\n"
		"  - {id: b, title: \"$${x}\", daemon: {set: {k: \"${e}\", l: \"${l}\", "
		"m: "
		"\"$${y}${exec:d.service}\"}}}\n"
		"waivers:\n  - {control: a, reason: \"$${z}\", hosts: [\"*\", \"?\"]}\n",
	};
	world w;

	(void)state;
	world_load(&w, whole);
	round_trip(&w);
	world_done(&w);
	load_family(&w, "site", NULL, NULL);
	round_trip(&w);
	world_done(&w);
	load_family(&w, "left", "right", NULL);
	round_trip(&w);
	world_done(&w);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };

		hf_strbuf_addf(&text, HEAD "%s", odd[i]);
		world_load(&w, hf_strbuf_str(&text));
		assert_string_equal(hf_strbuf_str(&w.said), "");
		round_trip(&w);
		world_done(&w);
	}
}

static void test_resolved_text(void **state)
{
	cleanup_(hf_strbuf_done) hf_strbuf flat = { 0 };
	world w;

	(void)state;
	load_family(&w, "site", NULL, NULL);
	assert_int_equal(hf_model_resolved(&w.model, &flat), 0);
	assert_string_equal(hf_strbuf_str(&flat), "holdfast: 1\n"
						  "name: site\n"
						  "title: \"site\"\n"
						  "restart: safe\n"
						  "controls:\n"
						  "  - id: a\n"
						  "    title: A\n"
						  "    tags: [y]\n"
						  "    daemon:\n"
						  "      set:\n"
						  "        k: 2\n"
						  "        m: docker\n"
						  "    enforce: false\n"
						  "    level: 2\n"
						  "  - id: f\n"
						  "    title: Other\n"
						  "    files:\n"
						  "      - path: /a\n"
						  "      - path: /b\n"
						  "      - path: /c\n"
						  "  - id: u\n"
						  "    title: U\n"
						  "    daemon:\n"
						  "      set:\n"
						  "        userns: default\n"
						  "    disabled: \"NFS volumes\"\n"
						  "  - id: left-own\n"
						  "    title: T\n"
						  "    manual: x\n"
						  "  - id: right-own\n"
						  "    title: T\n"
						  "    manual: x\n");
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_vars),
		cmocka_unit_test(test_vars_chain),
		cmocka_unit_test(test_many_mistakes),
		cmocka_unit_test(test_two_on_the_command_line),
		cmocka_unit_test(test_bad_extends),
		cmocka_unit_test(test_contradiction),
		cmocka_unit_test(test_resolved),
		cmocka_unit_test(test_resolved_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

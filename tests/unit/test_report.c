/* SPDX-License-Identifier: Apache-2.0 */
/* The reports, from a plan made by hand with a fake kind: exact text, exit statuses,
 * JSON. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "../alloc_wrap.h"
#include "model/kind.h"
#include "report/report.h"
#include "report/text.h"

#define N 6

static unsigned long countdown; /* 0: nothing fails */
static bool for_good;		/* from then on everything does */
static unsigned n_failed;

static bool alloc_fails(void)
{
	if (!countdown || --countdown)
		return false;
	countdown = for_good;
	n_failed++;
	return true;
}

/* What follows "pin=" in a file is a secret. */
static void fake_secrets(const char *bytes, size_t len, hf_mask *mask)
{
	const char *pin = memmem(bytes, len, "pin=", 4);

	if (pin)
		hf_mask_add_bytes(mask, pin + 4, strcspn(pin + 4, "\n"));
}

static const hf_kind fake = { .name = "fake", .secrets = fake_secrets };
static const hf_kind fake_rules = { .name = "audit", .id_form = HF_ID_TEXT };

typedef struct world {
	hf_model model;
	hf_control controls[N];
	hf_control *list[N];
	hf_demand demands[N];
	hf_baseline baseline;
	hf_baseline *baselines[1];
	hf_source source;
	hf_waiver waiver;
	hf_facts facts;
	hf_record record;
	hf_plan plan;
	hf_report report;
} world;

static const char *const ids[N] = { "icc",	 "modes", "plugin",
				    "by-person", "slow",  "excused" };
static const char *const titles[N] = {
	"No free traffic between containers",
	"Unit files belong to root",
	"An authorization plugin is in use",
	"The host is hardened",
	"Logs leave the host",
	"User namespaces",
};

static world *world_new(void)
{
	world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->source = (hf_source){ .name = "shop.yaml", .text = "", .len = 0 };
	w->baseline = (hf_baseline){ .name = "shop",
				     .version = "2",
				     .source = &w->source,
				     .digest = "0123",
				     .requested = true };
	w->baselines[0] = &w->baseline;
	w->waiver = (hf_waiver){ .control = "excused",
				 .reason = "volumes owned by uid 0",
				 .until = "2027-03-31" };
	for (size_t i = 0; i < N; i++) {
		w->controls[i] = (hf_control){ .id = ids[i],
					       .title = titles[i],
					       .level = 1,
					       .severity = HF_SEVERITY_MEDIUM,
					       .enforce = true,
					       .selected = true,
					       .n_demands = 1,
					       .index = i };
		w->list[i] = &w->controls[i];
		w->demands[i] = (hf_demand){ .kind = &fake,
					     .control = &w->controls[i],
					     .mark = { .source = &w->source,
						       .line = (unsigned)(10 + i) } };
	}
	w->controls[0].severity = HF_SEVERITY_HIGH;
	w->controls[3].manual = "Follow the distribution's guide.";
	w->controls[3].n_demands = 0;
	w->controls[5].waiver = &w->waiver;
	w->model = (hf_model){ .controls = w->list,
			       .n_controls = N,
			       .baselines = w->baselines,
			       .n_baselines = 1 };
	assert_int_equal(
		hf_facts_set(&w->facts, "hostname", HF_PRESENT, "web-01", "uname", NULL),
		0);
	assert_int_equal(hf_facts_set(&w->facts, "os", HF_PRESENT, "debian", "x", NULL),
			 0);
	assert_int_equal(
		hf_facts_set(&w->facts, "os_version", HF_PRESENT, "12", "x", NULL), 0);
	w->plan.facts = &w->facts;
	w->plan.record = &w->record;
	w->plan.options.manager = true;
	w->report = (hf_report){ .command = "check",
				 .root = "/",
				 .model = &w->model,
				 .plan = &w->plan,
				 .result = "drift",
				 .exit = HF_EXIT_DIFFERS };
	return w;
}

static void world_free(world *w)
{
	hf_facts_done(&w->facts);
	hf_plan_done(&w->plan);
	free(w);
}

static hf_resource *row(world *w, size_t control, hf_layer layer, const char *id,
			const char *wanted, hf_state state, const char *found,
			const char *why)
{
	hf_resource *r;

	w->demands[control].kind = strncmp(id, "audit:", 6) ? &fake : &fake_rules;
	r = hf_plan_row(&w->plan, layer, id, wanted, &w->demands[control]);
	assert_non_null(r);
	assert_int_equal(hf_row_judge(&w->plan, r, state, found, why ? "%s" : NULL, why),
			 0);
	return r;
}

static hf_change *change(world *w, const hf_resource *r, hf_op op, const char *before,
			 const char *after, hf_cause cause)
{
	hf_change *c = hf_plan_change(&w->plan, r->kind, r->layer, r->id, op, before,
				      after, cause);

	assert_non_null(c);
	assert_int_equal(hf_change_row(&w->plan, c, r), 0);
	return c;
}

/* One of each: changes in one and both layers, a finding, an unknown, a waiver. */
static void fill(world *w)
{
	hf_resource *icc = row(w, 0, HF_PERSISTED, "daemon:/etc/docker/daemon.json#icc",
			       "false", HF_STATE_DRIFT, "true", NULL);
	hf_resource *disk, *live;
	hf_effect *e;

	assert_int_equal(hf_row_found_at(&w->plan, icc, "/etc/docker/daemon.json", 3), 0);
	change(w, icc, HF_OP_UPDATE, "true", "false", HF_CAUSE_HOST);
	disk = row(w, 1, HF_PERSISTED, "audit:-w /etc/docker -p wa -k docker",
		   "-w /etc/docker -p wa -k docker", HF_STATE_DRIFT, "absent", NULL);
	live = row(w, 1, HF_LIVE, "audit:-w /etc/docker -p wa -k docker",
		   "-w /etc/docker -p wa -k docker", HF_STATE_DRIFT, "absent", NULL);
	change(w, disk, HF_OP_CREATE, NULL, "-w /etc/docker -p wa -k docker",
	       HF_CAUSE_BASELINE);
	change(w, live, HF_OP_CREATE, NULL, "-w /etc/docker -p wa -k docker",
	       HF_CAUSE_BASELINE);
	row(w, 2, HF_PERSISTED, "daemon:/etc/docker/daemon.json#authorization-plugins",
	    "set to something", HF_STATE_FINDING, "absent",
	    "which plugin it is to be cannot be guessed");
	row(w, 4, HF_LIVE, "daemon:/etc/docker/daemon.json#log-driver", "syslog",
	    HF_STATE_UNKNOWN, NULL, "permission denied");
	row(w, 5, HF_PERSISTED, "daemon:/etc/docker/daemon.json#userns-remap", "default",
	    HF_STATE_FINDING, "absent", NULL);
	e = hf_plan_effect(&w->plan, HF_ACTION_RESTART, "docker.service",
			   "icc is read at start only");
	assert_non_null(e);
	w->plan.engine.unit = "docker.service";
	w->plan.engine.containers_known = HF_PRESENT;
	w->plan.engine.containers =
		hf_arena_array(&w->plan.arena, 1, sizeof(hf_container));
	w->plan.engine.containers[0] = (hf_container){ "0123456789abcdef", "web" };
	w->plan.engine.n_containers = 1;
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
}

static char *text_of(const world *w, const hf_text_options *options)
{
	char *buf = NULL;
	size_t len;
	FILE *f = open_memstream(&buf, &len);

	assert_non_null(f);
	hf_report_text(f, &w->report, options);
	assert_int_equal(fclose(f), 0);
	return buf;
}

static json_t *json_of(const world *w)
{
	char *buf = NULL;
	size_t len;
	FILE *f = open_memstream(&buf, &len);
	json_error_t error;
	json_t *root;

	assert_non_null(f);
	hf_report_json(f, &w->report);
	assert_int_equal(fclose(f), 0);
	root = json_loads(buf, JSON_REJECT_DUPLICATES, &error);
	free(buf);
	assert_non_null(root);
	return root;
}

static void test_text(void **state)
{
	world *w = world_new();
	char *text;

	(void)state;
	fill(w);
	text = text_of(w, &(hf_text_options){ 0 });
	assert_string_equal(
		text,
		"holdfast check: shop 2 on web-01 (debian 12)\n"
		"\n"
		"drift  icc  No free traffic between containers (high)\n"
		"  ~ daemon:/etc/docker/daemon.json#icc: true -> false\n"
		"      found at /etc/docker/daemon.json:3\n"
		"\n"
		"drift  modes  Unit files belong to root\n"
		"  + audit:-w /etc/docker -p wa -k docker [persisted, live]\n"
		"\n"
		"unknown  slow  Logs leave the host\n"
		"  ? daemon:/etc/docker/daemon.json#log-driver [live]: cannot tell\n"
		"      permission denied\n"
		"\n"
		"finding  plugin  An authorization plugin is in use\n"
		"  ! daemon:/etc/docker/daemon.json#authorization-plugins: found absent, "
		"wanted set to something\n"
		"      which plugin it is to be cannot be guessed\n"
		"\n"
		"To come into force\n"
		"  held restart docker.service: icc is read at start only; held: "
		"containers "
		"are running and\n"
		"       live-restore is not in force\n"
		"       1 running container: web (0123456789ab)\n"
		"\n"
		"drift: 6 controls: 2 drift, 1 unknown, 1 finding, 1 waived, 1 manual; 3 "
		"changes (2 create, 1 update)\n");
	free(text);
	world_free(w);
}

/* Beside the controls: in the verbose text, and in the JSON. */
static void test_asides(void **state)
{
	world *w = world_new();
	hf_aside *aside;
	json_t *root, *list;
	char *text;

	(void)state;
	fill(w);
	assert_non_null(hf_plan_aside(&w->plan, &fake_rules, HF_LIVE, "lost", "12"));
	aside = hf_plan_aside(&w->plan, &fake_rules, HF_PERSISTED, "rule", "-w /x");
	assert_non_null(aside);
	aside->file = "/etc/audit/rules.d/10\033.rules";
	aside->line = 3;
	aside->why = "not in the kernel";
	text = text_of(w, &(hf_text_options){ 0 });
	assert_null(strstr(text, "lost"));
	free(text);
	text = text_of(w, &(hf_text_options){ .verbose = true });
	assert_non_null(strstr(text, "Beside the controls\n"
				     "  audit: lost: 12\n"
				     "  audit: rule: -w /x "
				     "(/etc/audit/rules.d/10\\x1b.rules:3) (not in the "
				     "kernel)\n"));
	free(text);
	root = json_of(w);
	list = json_object_get(root, "asides");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(list, 0), "value")),
		"12");
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "found_at")));
	assert_int_equal(
		json_integer_value(json_object_get(
			json_object_get(json_array_get(list, 1), "found_at"), "line")),
		3);
	json_decref(root);
	world_free(w);
}

static void test_text_quiet_and_escaped(void **state)
{
	world *w = world_new();
	char *text;

	(void)state;
	row(w, 0, HF_PERSISTED, "files:/etc/a\033[2Jb#mode", "at most 0644",
	    HF_STATE_FINDING, "0777", NULL);
	w->report.exit = HF_EXIT_FINDINGS;
	w->report.result = "findings";
	w->model.n_controls = 1;
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
	text = text_of(w, &(hf_text_options){ .quiet = true });
	assert_string_equal(text, "findings: 1 control: 1 finding; no changes\n");
	free(text);
	text = text_of(w, &(hf_text_options){ .color = true });
	assert_non_null(strstr(text, "files:/etc/a\\x1b[2Jb#mode"));
	assert_null(strstr(text, "\033[2J"));
	free(text);
	world_free(w);
}

static void test_columns(void **state)
{
	world *w = world_new();
	char *text, *line, *rest;

	(void)state;
	fill(w);
	text = rest = text_of(w, &(hf_text_options){ .verbose = true, .width = 60 });
	while ((line = strsep(&rest, "\n")))
		if (!strstr(line, "daemon:") &&
		    !strstr(line, "changes (")) /* never broken */
			assert_true(strlen(line) <= 60);
	free(text);
	world_free(w);
}

static void test_secret(void **state)
{
	world *w = world_new();
	hf_resource *r = row(w, 0, HF_PERSISTED, "daemon:x#proxy", "\"hunter22\"",
			     HF_STATE_DRIFT, "\"hunter11\"", NULL);
	hf_group *g;
	hf_change *c;
	char *text;
	json_t *root;

	(void)state;
	r->secret = true;
	c = change(w, r, HF_OP_UPDATE, "\"hunter11\"", "\"hunter22\"", HF_CAUSE_HOST);
	c->secret = true;
	g = hf_plan_group(&w->plan, HF_GROUP_FILE, HF_STAGE_CONFIG, &fake, "/etc/x.json");
	assert_non_null(g);
	g->existed = true;
	g->before = "a \"hunter11\"\nhttp://joe:pw@host/\npin=1234\n";
	g->before_len = strlen(g->before);
	g->after = "a \"hunter22\"\nhttp://joe:pw@host/\npin=1234\n";
	g->after_len = strlen(g->after);
	hf_change_in(c, g);
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
	text = text_of(w, &(hf_text_options){ .diff = true, .verbose = true });
	assert_null(strstr(text, "hunter"));
	assert_null(strstr(text, "joe"));
	assert_non_null(strstr(text, "-a \"********\"\n"));
	assert_non_null(strstr(text, "+a \"********\"\n"));
	assert_non_null(strstr(text, "http://********@host/"));
	assert_null(strstr(text, "1234"));
	assert_non_null(strstr(text, " pin=********\n"));
	free(text);
	root = json_of(w);
	text = json_dumps(root, 0);
	assert_null(strstr(text, "hunter"));
	free(text);
	json_decref(root);
	world_free(w);
}

static void test_json(void **state)
{
	static const char *const keys[] = {
		"holdfast", "schema",	   "command",	    "root",    "exit",
		"changed",  "comment",	   "result",	    "host",    "layers",
		"time",	    "baselines",   "selection",	    "vars",    "summary",
		"controls", "resources",   "changes",	    "effects", "steps",
		"asides",   "transaction", "confirm_until", "errors",  "warnings",
		"notes",
	};
	world *w = world_new();
	json_t *root, *v;
	const char *key;
	size_t i = 0;

	(void)state;
	fill(w);
	root = json_of(w);
	json_object_foreach(root, key, v)
	{
		assert_true(i < ARRAY_SIZE(keys));
		assert_string_equal(key, keys[i++]);
	}
	assert_int_equal(i, ARRAY_SIZE(keys));
	assert_int_equal(json_integer_value(json_object_get(root, "exit")), 2);
	v = json_object_get(root, "summary");
	assert_int_equal(json_integer_value(json_object_get(v, "controls")), 6);
	assert_int_equal(json_integer_value(json_object_get(v, "drift")), 2);
	assert_int_equal(json_integer_value(json_object_get(v, "waived")), 1);
	assert_int_equal(json_integer_value(json_object_get(v, "changes")), 3);
	v = json_array_get(json_object_get(root, "controls"), 5);
	assert_string_equal(json_string_value(json_object_get(v, "state")), "waived");
	assert_string_equal(json_string_value(json_object_get(v, "underlying")),
			    "finding");
	v = json_object_get(v, "waiver");
	assert_string_equal(json_string_value(json_object_get(v, "until")), "2027-03-31");
	v = json_array_get(json_object_get(root, "resources"), 0);
	assert_string_equal(json_string_value(json_object_get(v, "resource")),
			    "daemon:/etc/docker/daemon.json#icc");
	v = json_object_get(v, "found_at");
	assert_int_equal(json_integer_value(json_object_get(v, "line")), 3);
	v = json_array_get(json_object_get(root, "effects"), 0);
	assert_string_equal(json_string_value(json_object_get(v, "decision")), "hold");
	assert_int_equal(json_array_size(json_object_get(v, "containers")), 1);
	json_decref(root);
	world_free(w);
}

/* After an apply: states of the second look, changes of the first, indices translated. */
static void test_json_applied(void **state)
{
	world *w = world_new(), *after = world_new();
	json_t *root, *v;
	char *text;

	(void)state;
	fill(w);
	row(after, 4, HF_LIVE, "daemon:/etc/docker/daemon.json#log-driver", "syslog",
	    HF_STATE_PASS, "syslog", NULL);
	row(after, 0, HF_PERSISTED, "daemon:/etc/docker/daemon.json#icc", "false",
	    HF_STATE_PASS, "false", NULL);
	/* rows are made for the controls of one model */
	after->plan.resources[1]->controls[0] = &w->controls[0];
	after->plan.resources[0]->controls[0] = &w->controls[4];
	assert_int_equal(hf_plan_finish(&w->model, &after->plan), 0);
	w->report.changes_plan = &w->plan;
	w->report.plan = &after->plan;
	w->report.changed = w->report.is_apply = true;
	w->report.result = "applied";
	w->report.command = "apply";
	w->report.exit = HF_EXIT_OK;
	root = json_of(w);
	v = json_array_get(json_object_get(root, "changes"), 0);
	v = json_object_get(v, "resources");
	assert_int_equal(json_array_size(v), 1);
	assert_int_equal(json_integer_value(json_array_get(v, 0)), 1);
	v = json_array_get(json_object_get(root, "changes"), 1);
	assert_int_equal(json_array_size(json_object_get(v, "resources")), 0);
	json_decref(root);
	text = text_of(w, &(hf_text_options){ 0 });
	assert_non_null(strstr(text, "fixed  icc  No free traffic"));
	assert_non_null(
		strstr(text, "  ~ daemon:/etc/docker/daemon.json#icc: true -> false\n"));
	free(text);
	world_free(after);
	world_free(w);
}

/* One run in which the @nth allocation fails: the usual report, or one with gaps that
 * says so, and valid all the same. false: none failed. */
static bool report_without(const world *w, bool json, unsigned long nth,
			   const char *usual)
{
	char *buf = NULL;
	size_t len;
	FILE *f = open_memstream(&buf, &len);
	unsigned before = n_failed;
	int r;

	assert_non_null(f);
	countdown = nth;
	r = json ? hf_report_json(f, &w->report)
		 : hf_report_text(f, &w->report, &(hf_text_options){ 0 });
	countdown = 0;
	assert_int_equal(fclose(f), 0);
	if (r == 0) {
		assert_string_equal(buf, usual);
	} else {
		assert_int_equal(r, -ENOMEM);
		assert_true(n_failed > before);
	}
	if (r < 0 && json) {
		json_error_t error;
		json_t *root = json_loads(buf, JSON_REJECT_DUPLICATES, &error), *v;

		assert_non_null(root);
		v = json_array_get(json_object_get(root, "errors"), 0);
		assert_string_equal(json_string_value(json_object_get(v, "message")),
				    "out of memory: the report has gaps");
		json_decref(root);
	}
	free(buf);
	return n_failed > before;
}

static void test_no_memory(void **state)
{
	world *w = world_new();
	char *usual[2] = { NULL, NULL };

	(void)state;
	fill(w);
	/* beyond what a text has room for at first, and not UTF-8 */
	w->waiver.reason =
		"a long reason, and then some more of it, and more: "
		"0123456789012345678901234567890123456789012345678901234567890"
		"0123456789012345678901234567890123456789012345678901234567890"
		"0123456789012345678901234567890123456789012345678901234567890"
		"0123456789012345678901234567890123456789012345678901234567890";
	w->controls[1].title = "\xff \x1b";
	/* so many that what is noted of them does not fit where there is room already */
	for (int i = 0; i < 3000; i++) {
		char id[32];

		snprintf(id, sizeof(id), "fake:%d", i);
		row(w, 0, HF_PERSISTED, id, "", i ? HF_STATE_PASS : HF_STATE_FINDING,
		    NULL, NULL);
	}
	usual[0] = text_of(w, &(hf_text_options){ 0 });
	for (int i = 0; i < 4; i++) {
		size_t len;
		FILE *f = open_memstream(&usual[1], &len);

		assert_non_null(f);
		assert_int_equal(hf_report_json(f, &w->report), 0);
		assert_int_equal(fclose(f), 0);
		for_good = i / 2;
		for (unsigned long nth = 1; report_without(w, i % 2, nth, usual[i % 2]);)
			nth++;
		free(usual[1]);
	}
	assert_true(n_failed > 40);
	free(usual[0]);
	world_free(w);
}

static void test_exit(void **state)
{
	world *w = world_new();
	hf_plan *p = &w->plan;

	(void)state;
	fill(w);
	assert_int_equal(hf_report_exit_of_plan(p, true, HF_FAIL_ON_ALL),
			 HF_EXIT_DIFFERS);
	assert_int_equal(
		hf_report_exit_of_plan(p, true, HF_FAIL_ON_ALL & ~HF_FAIL_ON_DRIFT),
		HF_EXIT_UNKNOWN);
	assert_int_equal(
		hf_report_exit_of_plan(p, true, HF_FAIL_ON_PENDING | HF_FAIL_ON_FINDINGS),
		HF_EXIT_PENDING);
	assert_int_equal(hf_report_exit_of_plan(p, true, HF_FAIL_ON_FINDINGS),
			 HF_EXIT_FINDINGS);
	assert_int_equal(hf_report_exit_of_plan(p, false, HF_FAIL_ON_FINDINGS),
			 HF_EXIT_OK);
	assert_int_equal(hf_report_exit_of_plan(p, true, 0), HF_EXIT_OK);
	assert_int_equal(hf_report_exit_of_apply(p, HF_FAIL_ON_ALL), HF_EXIT_UNKNOWN);
	assert_int_equal(hf_report_exit_of_apply(p, HF_FAIL_ON_PENDING), HF_EXIT_PENDING);
	assert_string_equal(hf_report_result_of_plan(p), "drift");
	world_free(w);
}

static void test_json_of_error(void **state)
{
	world *w = world_new();
	hf_error *error = NULL;
	json_t *root, *v;

	(void)state;
	w->report.model = NULL;
	w->report.plan = NULL;
	w->report.result = "error";
	w->report.exit = HF_EXIT_USAGE;
	assert_int_equal(
		hf_error_at(&error, -EINVAL, "f\xff.yaml", 3, 7, "bad \xff byte"),
		-EINVAL);
	w->report.error = error;
	root = json_of(w);
	v = json_array_get(json_object_get(root, "errors"), 0);
	assert_string_equal(json_string_value(json_object_get(v, "message")),
			    "bad \\xff byte");
	assert_string_equal(json_string_value(json_object_get(v, "file")), "f\\xff.yaml");
	assert_int_equal(json_integer_value(json_object_get(v, "column")), 7);
	assert_true(json_is_null(json_object_get(v, "hint")));
	assert_string_equal(json_string_value(json_object_get(root, "comment")),
			    "bad \\xff byte");
	json_decref(root);
	hf_error_free(error);
	world_free(w);
}

static void test_diags(void **state)
{
	static const char text[] = "a: 1\n\tb:\tx\033y\nlast";
	hf_source source = { .name = "b.yaml", .text = text, .len = sizeof(text) - 1 };
	hf_diags diags = { 0 };
	char *buf = NULL;
	size_t len;
	FILE *f = open_memstream(&buf, &len);

	(void)state;
	assert_non_null(f);
	hf_diag_error(&diags, ((hf_mark){ &source, 2, 5 }), "bad value '%s'", "x\033");
	hf_diag_add(&diags, HF_DIAG_WARNING, (hf_mark){ 0 }, "do that", "no place");
	hf_diag_add(&diags, HF_DIAG_NOTE, (hf_mark){ &source, 9, 1 }, NULL, "beyond");
	hf_report_diags(f, &diags, false, false);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(buf, "b.yaml:2:5: error: bad value 'x\\x1b'\n"
				 "     2 |  b: x?y\n"
				 "       |     ^\n"
				 "holdfast: warning: no place\n"
				 "  hint: do that\n");
	free(buf);
	hf_diags_done(&diags);
}

/* Twins of the other ABI and layer are one item; what was told above is only named. */
static void test_twins(void **state)
{
	static const char *const rules[] = {
		"audit:-a always,exit -F arch=b64 -F path=/usr/bin/runc -F perm=wa -F "
		"key=docker",
		"audit:-a always,exit -F arch=b32 -F path=/usr/bin/runc -F perm=wa -F "
		"key=docker",
	};
	world *w = world_new();
	char *text;

	(void)state;
	w->record.exists = true;
	w->model.n_controls = 2;
	for (int i = 0; i < 4; i++) {
		const char *rule = rules[i / 2];
		hf_resource *r = row(w, 0, i % 2 ? HF_LIVE : HF_PERSISTED, rule, rule + 6,
				     HF_STATE_DRIFT, "absent", NULL);

		row(w, 1, i % 2 ? HF_LIVE : HF_PERSISTED, rule, rule + 6, HF_STATE_DRIFT,
		    "absent", NULL);
		change(w, r, HF_OP_CREATE, NULL, rule + 6, HF_CAUSE_BASELINE);
	}
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
	text = text_of(w, &(hf_text_options){ 0 });
	assert_string_equal(strstr(text, "drift  icc"),
			    "drift  icc  No free traffic between containers (high)\n"
			    "  + audit:-a always,exit -F arch=b64 -F path=/usr/bin/runc "
			    "-F perm=wa -F "
			    "key=docker\n"
			    "      [+b32, persisted, live] (new in the baseline)\n"
			    "\n"
			    "drift  modes  Unit files belong to root\n"
			    "  + audit:-a always,exit -F arch=b64 -F path=/usr/bin/runc "
			    "-F perm=wa -F "
			    "key=docker\n"
			    "      [+b32, persisted, live] (as under icc)\n"
			    "\n"
			    "drift: 2 controls: 2 drift; 4 changes\n");
	free(text);
	world_free(w);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *s = text; (s = strstr(s, what)); s++)
		n++;
	return n;
}

/* Many rows that are as they are for one reason: some, and how many more; what another
 * reason or none stands behind is told. */
static void test_one_reason(void **state)
{
	static const char off[] = "auditing is switched off";
	world *w = world_new();
	char id[64], *text;

	(void)state;
	w->model.n_controls = 2;
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(id, sizeof(id), "audit:-w /etc/%u -p wa", i);
		for (int live = 0; live < 2; live++)
			row(w, 0, live ? HF_LIVE : HF_PERSISTED, id, "loaded",
			    HF_STATE_FINDING, "loaded",
			    i == 30   ? NULL
			    : i == 31 ? "another one"
				      : off);
		row(w, 1, HF_LIVE, id, "first", HF_STATE_FINDING, "loaded",
		    i < 10 ? off : NULL);
	}
	assert_int_equal(hf_plan_finish(&w->model, &w->plan), 0);
	text = text_of(w, &(hf_text_options){ 0 });
	/* of the first control ten, the two that differ, and the rest; all of the other
	 */
	assert_int_equal(count(text, "  ! audit:"), 12 + 40);
	assert_int_equal(count(text, " more of this control"), 1);
	assert_non_null(strstr(text, "/etc/30 -p wa [persisted, live]: found"));
	assert_non_null(strstr(text, "      another one\n"));
	assert_non_null(strstr(text, "  ! 28 more of this control, for the same reason "
				     "(--verbose lists them)\n"
				     "      auditing is switched off\n\n"));
	free(text);
	text = text_of(w, &(hf_text_options){ .verbose = true });
	assert_int_equal(count(text, "  ! audit:"), 40 + 40);
	assert_null(strstr(text, " more of this control"));
	free(text);
	world_free(w);
}

static void test_alike(void **state)
{
	static const struct {
		const char *a, *b;
		bool alike, arch;
	} cases[] = {
		{ "-F arch=b64 -S open", "-F arch=b64 -S open", true, false },
		{ "-F arch=b64 -S open", "-F arch=b32 -S open", true, true },
		{ "-F arch=b32 -S open", "-F arch=b64 -S open", true, true },
		{ "-F arch=b64", "-F arch=b32", true, true },
		{ "arch=b64 arch=b32", "arch=b32 arch=b64", true, true },
		{ "-F arch=b64 -S open", "-F arch=b32 -S stat", false, true },
		{ "-F arch=b64 -S open", "-F arch=b62 -S open", false, false },
		{ "-F dir=/arch=b6", "-F dir=/arch=b3", false, false },
		{ "-F dir=/arch=b", "-F dir=/arch=b", true, false },
		{ "-F key=b64", "-F key=b32", false, false },
		{ "-F path=/f/640", "-F path=/f/320", false, false },
		{ "-F path=/f/1", "-F path=/f/12", false, false },
		{ "", "", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool arch = false;

		assert_int_equal(hf_text_alike(cases[i].a, cases[i].b, &arch),
				 cases[i].alike);
		if (cases[i].alike) {
			assert_int_equal(arch, cases[i].arch);
			assert_int_equal(hf_text_alike_hash(cases[i].a),
					 hf_text_alike_hash(cases[i].b));
		}
	}
	assert_int_not_equal(hf_text_alike_hash("-F path=/f/1 -F key=k"),
			     hf_text_alike_hash("-F path=/f/2 -F key=k"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_asides),
		cmocka_unit_test(test_text_quiet_and_escaped),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_applied),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_exit),
		cmocka_unit_test(test_json_of_error),
		cmocka_unit_test(test_diags),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_one_reason),
		cmocka_unit_test(test_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The applied record as text: what is written is read back, and so is what earlier
 * versions wrote; what is damaged is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "engine/engine.h"
#include "engine/record.h"
#include "mutate.h"
#include "temp_root.h"

#define HEAD "\"baselines\": [], \"sets\": []"
#define RULE "-a always,exit -F path=/etc/x"

static int read_record(temp_root *t, const char *text, hf_arena *arena, hf_record *ret)
{
	hf_error *err = NULL;
	int r;

	temp_root_write(t, &HF_RECORD_PATH[1], text);
	r = hf_record_read(&t->host, arena, ret, &err);
	assert_int_equal(r < 0, err != NULL);
	hf_error_free(err);
	return r;
}

static void make_dirs(temp_root *t)
{
	temp_root_mkdir(t, "var");
	temp_root_mkdir(t, "var/lib");
	temp_root_mkdir(t, "var/lib/holdfast");
}

static void same_text(const char *a, const char *b)
{
	assert_int_equal(a != NULL, b != NULL);
	if (a)
		assert_string_equal(a, b);
}

static void same_entry(const hf_record *record, const hf_record_entry *want)
{
	const hf_record_entry *e = hf_record_get(record, want->id);

	assert_non_null(e);
	same_text(e->before, want->before);
	same_text(e->after, want->after);
}

static const hf_record_entry entries[] = {
	{ "audit:" RULE, NULL, RULE },
	{ "audit:-w /etc/y", "-w /etc/y", NULL },
	{ "daemon:/etc/docker/daemon.json#icc", "true", "false" },
	{ "daemon:/etc/docker/daemon.json#ip", NULL, "\"a\\n\"" },
	{ "files:/etc/z#mode", "0644", "0600" },
	{ "no-kind", NULL, "no-kind" },
	{ "x:", NULL, "" },
};

/* Of very many files with very short names there are few bytes to each value. */
static void test_many_short_ones(void **state)
{
	enum { MANY = 80000 };
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	temp_root *t = *state;
	hf_arena arena = { 0 };
	hf_record record;

	make_dirs(t);
	hf_strbuf_adds(&text,
		       "{\"schema\":\"2.0\",\"holdfast\":\"1\"," HEAD ",\"entries\":[");
	for (unsigned i = 0; i < MANY; i++)
		hf_strbuf_addf(&text,
			       "%s{\"id\":\"files:/%x#mode\",\"before\":\"0644\","
			       "\"after\":\"0640\"}",
			       i ? ",\n" : "", i);
	hf_strbuf_adds(&text, "]}\n");
	assert_int_equal(read_record(t, hf_strbuf_str(&text), &arena, &record), 0);
	assert_int_equal(record.n_entries, MANY);
	hf_arena_done(&arena);
}

/* As version 0.1.0 wrote it before schema 2. */
static void test_schema_1(void **state)
{
	static const char text[] =
		"{\n \"schema\": \"1.0\",\n \"holdfast\": \"0.1.0\",\n"
		" \"time\": \"2026-11-23T02:40:46Z\",\n \"baselines\": [\n  {\n"
		"   \"name\": \"bench\",\n   \"version\": null,\n"
		"   \"file\": \"/tmp/x.yaml\",\n   \"digest\": \"00\",\n"
		"   \"requested\": true\n  }\n ],\n \"sets\": [\n  \"a=b\"\n ],\n"
		" \"entries\": [\n"
		"  {\n   \"id\": \"audit:" RULE "\",\n   \"before\": null,\n"
		"   \"after\": \"" RULE "\"\n  },\n"
		"  {\n   \"id\": \"audit:-w /etc/y\",\n"
		"   \"before\": \"-w /etc/y\",\n   \"after\": null\n  }\n ]\n}";
	hf_arena arena = { 0 };
	hf_record record;

	make_dirs(*state);
	assert_int_equal(read_record(*state, text, &arena, &record), 0);
	assert_int_equal(record.n_entries, 2);
	same_entry(&record, &entries[0]);
	same_entry(&record, &entries[1]);
	assert_int_equal(record.n_baselines, 1);
	assert_null(record.baselines[0].version);
	assert_true(record.baselines[0].requested);
	assert_int_equal(record.n_sets, 1);
	assert_string_equal(record.sets[0], "a=b");
	hf_arena_done(&arena);
}

static char *written(hf_plan *plan, const hf_record *old)
{
	const hf_model model = { 0 };
	hf_error *err = NULL;
	char *text;

	plan->record = old;
	assert_int_equal(hf_record_text(plan, &model, NULL, 0, &text, &err), 0);
	assert_null(err);
	return text;
}

/* What a change leaves is in it, in words that are not said twice. */
static void test_written_and_read(void **state)
{
	hf_arena arena = { 0 };
	hf_record record, none = { .text = "" };
	hf_change changes[ARRAY_SIZE(entries)] = { 0 }, *list[ARRAY_SIZE(entries)];
	hf_plan plan = { .changes = list, .n_changes = ARRAY_SIZE(entries) };
	char *text;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		changes[i].id = (char *)(uintptr_t)entries[i].id;
		changes[i].before = (char *)(uintptr_t)entries[i].before;
		changes[i].after = (char *)(uintptr_t)entries[i].after;
		changes[i].recorded = true;
		list[i] = &changes[i];
		assert_int_equal(hf_plan_claim(&plan, entries[i].id), 0);
	}
	text = written(&plan, &none);
	assert_non_null(strstr(text, "\"entries\":[\n\"audit:" RULE "\",\n"
				     "{\"id\":\"audit:-w /etc/y\",\"before\":true},\n"
				     "{\"id\":\"daemon:/etc/docker/daemon.json#icc\","
				     "\"before\":\"true\",\"after\":\"false\"},\n"));
	make_dirs(*state);
	assert_int_equal(read_record(*state, text, &arena, &record), 0);
	free(text);
	assert_int_equal(record.n_entries, ARRAY_SIZE(entries));
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		same_entry(&record, &entries[i]);
	/* nothing is to be changed: it says so already */
	plan.n_changes = 0;
	assert_null(written(&plan, &record));
	/* one is back at what it was first, one has another value, and is what it was */
	list[0] = &(hf_change){ .id = changes[2].id, .after = changes[2].before };
	list[1] = &(hf_change){ .id = changes[4].id, .before = "0600", .after = "0400" };
	list[0]->recorded = list[1]->recorded = true;
	plan.n_changes = 2;
	text = written(&plan, &record);
	assert_non_null(text);
	assert_int_equal(read_record(*state, text, &arena, &record), 0);
	free(text);
	assert_int_equal(record.n_entries, ARRAY_SIZE(entries) - 1);
	same_entry(&record, &(hf_record_entry){ entries[4].id, "0644", "0400" });
	hf_plan_done(&plan);
	hf_arena_done(&arena);
}

/* No bit of it may be another: what it names is deleted when nothing demands it. */
static void test_digest(void **state)
{
	hf_arena arena = { 0 };
	hf_record record, none = { .text = "" };
	hf_change change = { .id = (char *)(uintptr_t)entries[0].id,
			     .after = (char *)(uintptr_t)entries[0].after,
			     .recorded = true };
	hf_plan plan = { .changes = &(hf_change *){ &change }, .n_changes = 1 };
	cleanup_free char *text = written(&plan, &none);
	size_t len = strlen(text), json = len - (HF_DIGEST_LINE - 1);

	make_dirs(*state);
	assert_int_equal(read_record(*state, text, &arena, &record), 0);
	for (size_t i = 0; i < len; i++) {
		char kept = text[i];

		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] = (char)(kept ^ (1 << bit));
			if (!text[i])
				continue; /* temp_root_write() takes a string */
			if (read_record(*state, text, &arena, &record) != -EBADMSG)
				fail_msg("believed: %s", text);
		}
		text[i] = kept;
	}
	/* cut off anywhere; without its last line it is as of an earlier version */
	for (size_t i = len - 1; i > json; i--) {
		text[i] = '\0';
		if (read_record(*state, text, &arena, &record) != -EBADMSG)
			fail_msg("believed: %s", text);
	}
	text[json] = '\0';
	assert_int_equal(read_record(*state, text, &arena, &record), 0);
	same_entry(&record, &entries[0]);
	hf_plan_done(&plan);
	hf_arena_done(&arena);
}

static void test_not_text(void **state)
{
	hf_change change = { .id = "x:y", .after = "\xff", .recorded = true };
	hf_record none = { .text = "" };
	hf_plan plan = { .changes = &(hf_change *){ &change },
			 .n_changes = 1,
			 .record = &none };
	const hf_model model = { 0 };
	hf_error *err = NULL;
	char *text;

	(void)state;
	assert_int_equal(hf_record_text(&plan, &model, NULL, 0, &text, &err), -EILSEQ);
	assert_non_null(strstr(hf_error_text(err), "is not UTF-8"));
	hf_error_free(err);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"{\"schema\": 2, " HEAD ", \"entries\": []}",
		/* the id says nothing */
		"{\"schema\": \"2.0\", " HEAD ", \"entries\": [\"no-kind\"]}",
		("{\"schema\": \"2.0\", " HEAD
		 ", \"entries\": [{\"id\": \"x\", \"after\": true}]}"),
		("{\"schema\": \"2.0\", " HEAD
		 ", \"entries\": [{\"id\": \"x\", \"before\": true}]}"),
		/* not values */
		("{\"schema\": \"2.0\", " HEAD
		 ", \"entries\": [{\"id\": \"x:y\", \"after\": false}]}"),
		("{\"schema\": \"2.0\", " HEAD
		 ", \"entries\": [{\"id\": \"x:y\", \"after\": 1}]}"),
		("{\"schema\": \"2.0\", " HEAD
		 ", \"entries\": [{\"id\": null, \"after\": true}]}"),
		("{\"schema\": \"2.0\", " HEAD ", \"entries\": [{\"after\": true}]}"),
		"{\"schema\": \"2.0\", " HEAD ", \"entries\": [true]}",
		"{\"schema\": \"2.0\", " HEAD ", \"entries\": [null]}",
		"{\"schema\": \"2.0\", " HEAD ", \"entries\": [[\"x:y\"]]}",
	};
	static const char *const others[] = {
		"{\"schema\": \"3.0\", " HEAD ", \"entries\": []}",
		"{\"schema\": \"20.0\", " HEAD ", \"entries\": []}",
		"{\"schema\": \"\", " HEAD ", \"entries\": []}",
		"{\"schema\": \"3.0\", \"holdfast\": \"9.1\"}",
	};
	hf_arena arena = { 0 };
	hf_record record;

	make_dirs(*state);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (read_record(*state, bad[i], &arena, &record) != -EBADMSG)
			fail_msg("believed: %s", bad[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (read_record(*state, others[i], &arena, &record) != -ENOTSUP)
			fail_msg("believed: %s", others[i]);
	hf_arena_done(&arena);
}

/* Whatever is damaged in it: refused, or entries that have an id. */
static void test_damaged(void **state)
{
	static const char good[] =
		"{\"schema\":\"2.0\"," HEAD ",\"entries\":[\"audit:" RULE "\","
		"{\"id\":\"audit:-w /etc/y\",\"before\":true},"
		"{\"id\":\"files:/etc/z#mode\",\"before\":\"0644\",\"after\":\"0600\"}]}";
	uint64_t seed = 1;
	size_t believed = 0;

	make_dirs(*state);
	for (unsigned i = 0; i < 2000; i++) {
		hf_arena arena = { 0 };
		hf_record record;
		char text[2048];
		size_t len = sizeof(good) - 1;
		int r;

		memcpy(text, good, len);
		for (unsigned k = i % 3; k; k--)
			len = mutate(text, len, sizeof(text) - 1, &seed);
		text[len] = '\0';
		r = read_record(*state, text, &arena, &record);
		assert_true(r == 0 || r == -EBADMSG || r == -ENOTSUP);
		for (size_t k = 0; r == 0 && k < record.n_entries; k++)
			assert_non_null(record.entries[k]->id);
		believed += r == 0;
		hf_arena_done(&arena);
	}
	assert_true(believed >= 666);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_many_short_ones, temp_root_make,
						temp_root_remove),
		cmocka_unit_test_setup_teardown(test_schema_1, temp_root_make,
						temp_root_remove),
		cmocka_unit_test_setup_teardown(test_written_and_read, temp_root_make,
						temp_root_remove),
		cmocka_unit_test_setup_teardown(test_digest, temp_root_make,
						temp_root_remove),
		cmocka_unit_test_setup_teardown(test_not_text, temp_root_make,
						temp_root_remove),
		cmocka_unit_test_setup_teardown(test_refused, temp_root_make,
						temp_root_remove),
		cmocka_unit_test_setup_teardown(test_damaged, temp_root_make,
						temp_root_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

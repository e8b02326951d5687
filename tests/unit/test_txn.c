/* SPDX-License-Identifier: Apache-2.0 */
/* Journals as anybody may have written them, with a digest that is right: what one names
 * is acted on as root, so it has to name what a transaction could have touched. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/recover.h"
#include "engine/txn.h"
#include "model/kind.h"
#include "mutate.h"
#include "temp_root.h"

#define ID "20261122T155326634-a5f4"
#define META "\"meta\": \"0:0 0644\""
#define FILE_REST                                                                        \
	"\"before\": {}, \"remove\": false, \"keep\": [0, 0], \"after\": \"\", " META
#define NEXT "\"next\": \"/etc/.next-x.holdfast-" ID "\""
#define TEMP "\"temp\": \"/etc/.x.holdfast-" ID "\""

static char *text_of(const char *id, const char *item)
{
	char hex[HF_DIGEST_HEX], *text;
	hf_strbuf sb = { 0 };

	hf_strbuf_addf(&sb,
		       "{\"schema\": \"1.0\", \"holdfast\": \"0\", \"id\": \"%s\", "
		       "\"command\": \"apply\", \"boot_id\": \"\", \"user\": \"u\", "
		       "\"started\": 1, \"finished\": 0, \"result\": \"unfinished\", "
		       "\"baselines\": [], \"effects\": [], \"changes\": [], "
		       "\"items\": [{\"stage\": 1, \"kind\": \"x\", %s}]}\n",
		       id, item);
	hf_digest(sb.buf, sb.len, hex);
	hf_strbuf_addf(&sb, "sha256 %s\n", hex);
	text = hf_strbuf_steal(&sb);
	assert_non_null(text);
	return text;
}

static int parse(const char *id, const char *item, hf_arena *arena, hf_txn *ret)
{
	hf_error *err = NULL;
	char *text = text_of(id, item);
	int r = hf_txn_parse(text, strlen(text), "journal", arena, ret, &err);

	assert_int_equal(r < 0, err != NULL);
	hf_error_free(err);
	free(text);
	return r;
}

static const char *const good[] = {
	("\"type\": \"file\", \"path\": \"/etc/x\", \"made\": \"/etc\", " TEMP
	 ", " FILE_REST),
	"\"type\": \"file\", \"path\": \"/etc/link\", " TEMP ", " FILE_REST,
	"\"type\": \"file\", \"path\": \"/etc/x\", \"first\": \"\", " TEMP ", " NEXT
	", " FILE_REST,
	"\"type\": \"file\", \"path\": \"/etc/a\\u000ab\", " FILE_REST,
	("\"type\": \"inode\", \"path\": \"/\", \"before\": \"0:0 0600\", \"dev\": 1, "
	 "\"ino\": 2, \"follow\": false, \"folded\": false, " META),
	("\"type\": \"directory\", \"path\": \"/etc/x\", \"made\": \"/etc/x\", "
	 "\"remove\": false, " META),
	("\"type\": \"live\", \"path\": \"the kernel's rules\", \"live\": \"\", "
	 "\"reverse\": false"),
};

static void test_what_a_transaction_touches(void **state)
{
	hf_arena arena = { 0 };
	hf_txn txn;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(parse(ID, good[i], &arena, &txn), 0);
	hf_arena_done(&arena);
}

static void test_what_none_touches(void **state)
{
	static const char *const bad[] = {
		/* not below the root */
		"\"type\": \"file\", \"path\": \"x\", " FILE_REST,
		"\"type\": \"file\", \"path\": \"\", " FILE_REST,
		"\"type\": \"directory\", \"path\": \"x\", \"remove\": false, " META,
		"\"type\": \"inode\", \"path\": \"x\", \"before\": \"0:0 0600\", "
		"\"dev\": 1, \"ino\": 2, \"follow\": false, \"folded\": false, " META,
		/* not a file */
		"\"type\": \"file\", \"path\": \"/etc/\", " FILE_REST,
		/* directories that cannot have been made for it */
		"\"type\": \"directory\", \"path\": \"\", \"made\": \"\", \"remove\": "
		"false, " META,
		"\"type\": \"directory\", \"path\": \"/etc/x\", \"made\": \"\", "
		"\"remove\": false, " META,
		"\"type\": \"directory\", \"path\": \"/etc/x\", \"made\": \"/\", "
		"\"remove\": false, " META,
		"\"type\": \"directory\", \"path\": \"/etc/x\", \"made\": \"/etc/y\", "
		"\"remove\": false, " META,
		/* staged files of somebody else */
		"\"type\": \"file\", \"path\": \"/etc/x\", \"temp\": "
		"\"/etc/hostname\", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"temp\": "
		"\"/etc/.x.holdfast-20261122T155326634-a5f5\", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"temp\": "
		"\".x.holdfast-" ID "\", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"temp\": \"\", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"first\": \"\", " TEMP ", "
		"\"next\": \"/etc/shadow\", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"first\": \"\", " NEXT
		", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"first\": \"\", " TEMP
		", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"first\": \"?\", " TEMP
		", " NEXT ", " FILE_REST,
	};
	static const char *const ids[] = {
		"../../../etc/evil-name",    "", "/etc/evil", "20261122T155326634/a5f4",
		"20261122T155326634-a5f4.x",
	};
	hf_arena arena = { 0 };
	hf_txn txn;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse(ID, bad[i], &arena, &txn) != -EBADMSG)
			fail_msg("believed: %s", bad[i]);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (parse(ids[i], good[4], &arena, &txn) != -EBADMSG)
			fail_msg("believed: id '%s'", ids[i]);
	hf_arena_done(&arena);
}

/* What could not be read again is not written. */
static void test_writer_is_held_to_it(void **state)
{
	hf_txn_item item = { .type = HF_GROUP_MKDIR,
			     .stage = HF_STAGE_CONFIG,
			     .kind = "x",
			     .path = "etc/x" };
	hf_txn txn = { .id = ID,
		       .program = "0",
		       .command = "apply",
		       .boot_id = "",
		       .user = "u",
		       .items = &item,
		       .n_items = 1 };
	hf_error *err = NULL;
	char *text;

	(void)state;
	assert_int_equal(hf_txn_text(&txn, &text, &err), -EINVAL);
	assert_non_null(strstr(hf_error_text(err), "'etc/x' is not an absolute path"));
	hf_error_free(err);
	item.path = "/etc/x";
	assert_int_equal(hf_txn_text(&txn, &text, NULL), 0);
	free(text);
}

/* The kept record begins with what the journal began with, and is as if it had been
 * written anew. */
static void test_written_twice(void **state)
{
	static const char after[] = "a line\nand \"another\"\n";
	hf_txn_item items[] = {
		{ .type = HF_GROUP_MKDIR, .stage = HF_STAGE_UNITS, .path = "/etc/x" },
		{ .type = HF_GROUP_FILE,
		  .stage = HF_STAGE_CONFIG,
		  .path = "/etc/x/y",
		  .after = after,
		  .after_len = sizeof(after) - 1 },
	};
	hf_txn_change changes[] = { { .id = "x:/etc/x/y", .after = after },
				    { .id = "x:/etc/x/y", .before = "1", .live = true } };
	hf_txn_body body = { 0 };
	hf_txn txn = { .id = ID,
		       .program = "0",
		       .command = "apply",
		       .boot_id = "",
		       .user = "u",
		       .witness_before = "seen",
		       .changes = changes,
		       .n_changes = ARRAY_SIZE(changes),
		       .items = items,
		       .n_items = ARRAY_SIZE(items) };

	(void)state;
	for (hf_txn_result result = 0; result < HF_TXN_RESULT_MAX_; result++) {
		char *anew, *again;
		hf_arena arena = { 0 };
		hf_txn back;

		txn.result = result;
		txn.finished = 1000 + (int)result;
		txn.witness_after = result ? "seen again" : NULL;
		txn.undone_by = result == HF_TXN_ROLLED_BACK ? ID : NULL;
		txn.body = NULL;
		assert_int_equal(hf_txn_text(&txn, &anew, NULL), 0);
		txn.body = &body;
		assert_int_equal(hf_txn_text(&txn, &again, NULL), 0);
		assert_string_equal(again, anew);
		assert_int_equal(
			hf_txn_parse(again, strlen(again), "t", &arena, &back, NULL), 0);
		assert_int_equal(back.result, result);
		assert_int_equal(back.finished, txn.finished);
		assert_int_equal(back.n_changes, 2);
		assert_false(back.changes[0].live);
		assert_true(back.changes[1].live);
		assert_int_equal(back.n_items, 2);
		assert_memory_equal(back.items[1].after, after, sizeof(after) - 1);
		hf_arena_done(&arena);
		free(anew);
		free(again);
	}
	hf_txn_body_done(&body);
}

/* Whatever is damaged in it, it is refused, or undone within the tree. */
static void test_damaged(void **state)
{
	temp_root *t = *state;
	const hf_model model = { 0 };
	uint64_t seed = 1;
	size_t believed = 0;

	temp_root_mkdir(t, "etc");
	for (unsigned i = 0; i < 3000; i++) {
		hf_apply_result result = { 0 };
		hf_arena arena = { 0 };
		hf_txn txn;
		char item[1024];
		size_t len = strlen(good[i % ARRAY_SIZE(good)]);
		int r;

		memcpy(item, good[i % ARRAY_SIZE(good)], len);
		for (unsigned k = i % 3; k; k--)
			len = mutate(item, len, sizeof(item) - 1, &seed);
		item[len] = '\0';
		r = parse(ID, item, &arena, &txn);
		assert_true(r == 0 || r == -EBADMSG);
		if (r == 0) {
			believed++;
			(void)!hf_txn_undo(&t->host, &model, &txn, false, &result, NULL);
		}
		hf_apply_result_done(&result);
		hf_arena_done(&arena);
	}
	assert_true(believed >= 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_transaction_touches),
		cmocka_unit_test(test_what_none_touches),
		cmocka_unit_test(test_writer_is_held_to_it),
		cmocka_unit_test(test_written_twice),
		cmocka_unit_test_setup_teardown(test_damaged, temp_root_make,
						temp_root_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Journals as anybody may have written them, with a digest that is right: what one names
 * is acted on as root, so it has to name what a transaction could have touched. */
#include "../alloc_wrap.h"

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

static unsigned long countdown; /* that allocation fails; 0: none does */

static bool alloc_fails(void)
{
	return countdown && --countdown == 0;
}

/* @changes may be followed by other members. */
static char *text_as(const char *schema, const char *id, const char *changes,
		     const char *item)
{
	char hex[HF_DIGEST_HEX], *text;
	hf_strbuf sb = { 0 };

	hf_strbuf_addf(&sb,
		       "{\"schema\": \"%s\", \"holdfast\": \"0\", \"id\": \"%s\", "
		       "\"command\": \"apply\", \"boot_id\": \"\", \"user\": \"u\", "
		       "\"started\": 1, \"finished\": 0, \"result\": \"unfinished\", "
		       "\"baselines\": [], \"effects\": [], \"changes\": [%s], "
		       "\"items\": [{\"stage\": 1, \"kind\": \"x\", %s}]}\n",
		       schema, id, changes, item);
	hf_digest(sb.buf, sb.len, hex);
	hf_strbuf_addf(&sb, "sha256 %s\n", hex);
	text = hf_strbuf_steal(&sb);
	assert_non_null(text);
	return text;
}

static int parse_as(const char *schema, const char *id, const char *changes,
		    const char *item, hf_arena *arena, hf_txn *ret)
{
	hf_error *err = NULL;
	char *text = text_as(schema, id, changes, item);
	int r = hf_txn_parse(text, strlen(text), "journal", arena, ret, &err);

	assert_int_equal(r < 0, err != NULL);
	hf_error_free(err);
	free(text);
	return r;
}

static int parse(const char *id, const char *item, hf_arena *arena, hf_txn *ret)
{
	return parse_as("2.0", id, "", item, arena, ret);
}

static const char *const good[] = {
	("\"type\": \"file\", \"path\": \"/etc/x\", \"before\": {\"text\": \"a\\nb\\n\", "
	 "\"meta\": \"0:0 0600\", \"attr\": 0, \"xattrs\": []}, \"remove\": false, "
	 "\"keep\": [2, 1], \"text\": \"\\u00e4\\\"\\n\", " META),
	("\"type\": \"file\", \"path\": \"/etc/x\", \"first_text\": \"\", " TEMP ", " NEXT
	 ", " FILE_REST),
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
	assert_int_equal(parse(ID, good[0], &arena, &txn), 0);
	assert_int_equal(txn.items[0].before.len, 4);
	assert_string_equal(txn.items[0].before.bytes, "a\nb\n");
	assert_int_equal(txn.items[0].after_len, 7);
	assert_string_equal(txn.items[0].after, "a\n\xc3\xa4\"\n\n");
	hf_arena_done(&arena);
}

/* As versions before schema 2 wrote it: each value of a change, Base64 for each file. */
static void test_schema_1(void **state)
{
	static const char item[] =
		"\"type\": \"file\", \"path\": \"/etc/x\", \"before\": {\"bytes\": "
		"\"YQpiCg==\", \"meta\": \"1:2 0600\", \"attr\": 4, \"xattrs\": "
		"[{\"name\": \"user.x\", \"value\": \"AP8=\"}]}, \"remove\": false, "
		"\"keep\": [2, 1], \"after\": \"w6QiCg==\", \"first\": \"AA==\", " TEMP
		", " NEXT ", " META;
	static const char changes[] =
		"{\"id\": \"audit:-w /x\", \"after\": \"-w /x\", \"secret\": false}, "
		"{\"id\": \"daemon:y\", \"before\": \"1\", \"secret\": true, \"live\": "
		"true}";
	hf_arena arena = { 0 };
	hf_txn txn;

	(void)state;
	assert_int_equal(parse_as("1.0", ID, changes, item, &arena, &txn), 0);
	assert_string_equal(txn.items[0].before.bytes, "a\nb\n");
	assert_int_equal(txn.items[0].before.attr, 4);
	assert_int_equal(txn.items[0].before.xattrs[0].len, 2);
	assert_memory_equal(txn.items[0].before.xattrs[0].value, "\0\xff", 2);
	assert_string_equal(txn.items[0].after, "a\n\xc3\xa4\"\n\n");
	assert_int_equal(txn.items[0].first_len, 1);
	assert_int_equal(txn.n_changes, 2);
	assert_string_equal(txn.changes[0].after, "-w /x");
	assert_null(txn.changes[0].before);
	assert_false(txn.changes[0].secret);
	assert_string_equal(txn.changes[1].before, "1");
	assert_null(txn.changes[1].after);
	assert_true(txn.changes[1].secret);
	assert_true(txn.changes[1].live);
	/* a version to come is not guessed at */
	assert_int_equal(parse_as("3.0", ID, "", good[0], &arena, &txn), -ENOTSUP);
	assert_int_equal(parse_as("", ID, "", good[0], &arena, &txn), -ENOTSUP);
	hf_arena_done(&arena);
}

static void test_changes_say_no_more_than_they_must(void **state)
{
	static const char *const bad[] = {
		"{\"id\": \"no-kind\", \"after\": true}",
		"{\"id\": \"no-kind\", \"before\": true}",
		"{\"id\": \"x:y\", \"after\": false}",
		"{\"id\": \"x:y\", \"after\": 1}",
		"{\"id\": \"x:y\", \"secret\": 1}",
		"{\"id\": \"x:y\", \"secret\": null}",
		"{\"after\": true}",
		"\"x:y\"",
	};
	hf_arena arena = { 0 };
	hf_txn txn;

	(void)state;
	assert_int_equal(parse_as("2.0", ID,
				  "{\"id\": \"x:y: z\", \"before\": true}, "
				  "{\"id\": \"x:\", \"after\": true}",
				  good[0], &arena, &txn),
			 0);
	assert_string_equal(txn.changes[0].before, "y: z");
	assert_null(txn.changes[0].after);
	assert_false(txn.changes[0].secret);
	assert_string_equal(txn.changes[1].after, "");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_as("2.0", ID, bad[i], good[0], &arena, &txn) != -EBADMSG)
			fail_msg("believed: %s", bad[i]);
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
		"\"type\": \"file\", \"path\": \"/etc/x\", \"first_text\": \"\", " TEMP
		", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"first_text\": 1, " TEMP
		", " NEXT ", " FILE_REST,
		/* two contents, or none */
		"\"type\": \"file\", \"path\": \"/etc/x\", \"first_text\": \"\", "
		"\"first\": \"\", " TEMP ", " NEXT ", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"text\": \"\", " FILE_REST,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"before\": {}, \"remove\": "
		"false, \"keep\": [0, 0], \"text\": null, " META,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"before\": {}, \"remove\": "
		"false, \"keep\": [0, 0], " META,
		"\"type\": \"file\", \"path\": \"/etc/x\", \"before\": {\"text\": \"\", "
		"\"bytes\": \"\", \"meta\": \"0:0 0600\", \"attr\": 0, \"xattrs\": []}, "
		"\"remove\": false, \"keep\": [0, 0], \"text\": \"\", " META,
		/* more is kept than there was */
		"\"type\": \"file\", \"path\": \"/etc/x\", \"before\": {}, \"remove\": "
		"false, \"keep\": [1, 0], \"text\": \"\", " META,
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
		if (parse(ids[i], good[6], &arena, &txn) != -EBADMSG)
			fail_msg("believed: id '%s'", ids[i]);
	hf_arena_done(&arena);
}

/* Of very many files with very short names there are few bytes to each value. */
static void test_many_short_ones(void **state)
{
	enum { MANY = 60000 };
	hf_txn_item *items = calloc(MANY, sizeof(*items));
	hf_txn_change *changes = calloc(MANY, sizeof(*changes));
	char(*text_of)[32] = calloc(MANY, sizeof(*text_of));
	hf_txn txn = { .id = ID,
		       .program = "0",
		       .command = "apply",
		       .boot_id = "",
		       .user = "u",
		       .items = items,
		       .n_items = MANY,
		       .changes = changes,
		       .n_changes = MANY },
	       back;
	hf_txn_body body = { 0 };
	hf_arena arena = { 0 };
	const char *text;

	(void)state;
	assert_true(items && changes && text_of);
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(text_of[i], sizeof(text_of[i]), "files:/%x#mode", i);
		changes[i] = (hf_txn_change){ .id = text_of[i],
					      .before = "0644",
					      .after = "0640" };
		items[i] = (hf_txn_item){ .type = HF_GROUP_INODE,
					  .stage = HF_STAGE_CONFIG,
					  .kind = "files",
					  .path = "/x",
					  .before_mode = 0644,
					  .mode = 0640,
					  .ino = 1 };
	}
	assert_int_equal(hf_txn_text(&txn, &body, &text, NULL), 0);
	assert_int_equal(hf_txn_parse(text, strlen(text), "t", &arena, &back, NULL), 0);
	assert_int_equal(back.n_items, MANY);
	assert_string_equal(back.changes[MANY - 1].id, text_of[MANY - 1]);
	hf_txn_body_done(&body);
	hf_arena_done(&arena);
	free(text_of);
	free(changes);
	free(items);
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
	hf_txn_body body = { 0 };
	hf_error *err = NULL;
	const char *text;

	(void)state;
	assert_int_equal(hf_txn_text(&txn, &body, &text, &err), -EINVAL);
	assert_non_null(strstr(hf_error_text(err), "'etc/x' is not an absolute path"));
	hf_error_free(err);
	item.path = "/etc/x";
	assert_int_equal(hf_txn_text(&txn, &body, &text, NULL), 0);
	hf_txn_body_done(&body);
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
		hf_txn_body fresh = { 0 };
		const char *anew, *again;
		hf_arena arena = { 0 };
		hf_txn back;

		txn.result = result;
		txn.finished = 1000 + (int)result;
		txn.witness_after = result ? "seen again" : NULL;
		txn.undone_by = result == HF_TXN_ROLLED_BACK ? ID : NULL;
		assert_int_equal(hf_txn_text(&txn, &fresh, &anew, NULL), 0);
		assert_int_equal(hf_txn_text(&txn, &body, &again, NULL), 0);
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
		hf_txn_body_done(&fresh);
	}
	hf_txn_body_done(&body);
}

/* Contents of every sort come back as they were, and what is text can be read. */
static void test_contents(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says; /* what stands in the journal */
	} contents[] = {
		{ "", 0, "\"text\":\"\"" },
		{ "a \"b\"\n\t\\", 8, "\"text\":\"a \\\"b\\\"\\n\\t\\\\\"" },
		{ "\xc3\xa4\n", 3, "\"text\":\"\xc3\xa4\\n\"" },
		{ "\xc3", 1, "\"after\":\"ww==\"" },
		{ "a\0b", 3, "\"after\":\"YQBi\"" },
		{ "a\r\n", 3, "\"after\":\"YQ0K\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++)
		for (size_t k = 0; k < ARRAY_SIZE(contents); k++) {
			hf_txn_item item = { .type = HF_GROUP_FILE,
					     .stage = HF_STAGE_CONFIG,
					     .path = "/etc/x",
					     .temp = "/etc/.x.holdfast-" ID,
					     .next = "/etc/.next-x.holdfast-" ID,
					     .before = { .exists = k > 0,
							 .bytes = contents[k].bytes,
							 .len = contents[k].len },
					     .first = contents[k].bytes,
					     .first_len = contents[k].len,
					     .after = contents[i].bytes,
					     .after_len = contents[i].len };
			hf_txn txn = { .id = ID,
				       .program = "0",
				       .command = "apply",
				       .boot_id = "",
				       .user = "u",
				       .items = &item,
				       .n_items = 1 },
			       back;
			hf_arena arena = { 0 };
			hf_txn_body body = { 0 };
			const char *text;

			assert_int_equal(hf_txn_text(&txn, &body, &text, NULL), 0);
			if (!item.before.exists)
				assert_non_null(strstr(text, contents[i].says));
			assert_int_equal(hf_txn_parse(text, strlen(text), "t", &arena,
						      &back, NULL),
					 0);
			assert_int_equal(back.items[0].after_len, item.after_len);
			assert_memory_equal(back.items[0].after, item.after,
					    item.after_len);
			assert_int_equal(back.items[0].first_len, item.first_len);
			assert_memory_equal(back.items[0].first, item.first,
					    item.first_len);
			assert_int_equal(back.items[0].before.len,
					 k ? item.before.len : 0);
			if (k)
				assert_memory_equal(back.items[0].before.bytes,
						    item.before.bytes, item.before.len);
			hf_arena_done(&arena);
			hf_txn_body_done(&body);
		}
}

/* Without memory it is an error, or what was written; never another content. */
static void test_without_memory(void **state)
{
	char content[60000];
	hf_txn_item item = {
		.type = HF_GROUP_FILE,
		.stage = HF_STAGE_CONFIG,
		.path = "/etc/x",
		.before = { .exists = true, .bytes = content, .len = sizeof(content) },
		.after = ""
	};
	hf_txn txn = { .id = ID,
		       .program = "0",
		       .command = "apply",
		       .boot_id = "",
		       .user = "u",
		       .items = &item,
		       .n_items = 1 };
	bool failed = true;
	hf_txn_body good_body = { 0 };
	const char *text, *good_text;

	(void)state;
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = i % 7 ? 'x' : '"';
	assert_int_equal(hf_txn_text(&txn, &good_body, &good_text, NULL), 0);
	for (unsigned long nth = 1; failed; nth++) {
		hf_arena arena = { 0 };
		hf_error *err = NULL;
		hf_txn_body body = { 0 };
		hf_txn back;
		int r;

		countdown = nth;
		r = hf_txn_text(&txn, &body, &text, &err);
		if (r == 0) { /* and its end once more, over the first */
			txn.finished = 5;
			r = hf_txn_text(&txn, &body, &text, &err);
			txn.finished = 0;
		}
		if (r == 0)
			r = hf_txn_text(&txn, &body, &text, &err);
		if (r == 0) {
			r = hf_txn_parse(text, strlen(text), "t", &arena, &back, &err);
			failed = countdown == 0;
			countdown = 0;
			assert_string_equal(text, good_text);
		}
		if (r == 0) {
			assert_int_equal(back.items[0].before.len, sizeof(content));
			assert_memory_equal(back.items[0].before.bytes, content,
					    sizeof(content));
		} else {
			assert_int_equal(r, -ENOMEM);
		}
		hf_error_free(err);
		hf_txn_body_done(&body);
		hf_arena_done(&arena);
	}
	hf_txn_body_done(&good_body);
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
		cmocka_unit_test(test_schema_1),
		cmocka_unit_test(test_changes_say_no_more_than_they_must),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_many_short_ones),
		cmocka_unit_test(test_writer_is_held_to_it),
		cmocka_unit_test(test_written_twice),
		cmocka_unit_test_setup_teardown(test_damaged, temp_root_make,
						temp_root_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

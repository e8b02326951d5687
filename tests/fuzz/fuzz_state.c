/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in /var/lib/holdfast, as anybody may have left it there: the journal and
 * the kept records, the applied record, the hold, the confirmation waited for. It is
 * read, and what is written of it reads the same, or it is refused with the name of the
 * file. Of a journal with its digest no byte may be another, and none missing; so it is
 * with the applied record.
 *
 * By itself a program of `make check`: replays the files of the corpus, and each of them
 * damaged in hundreds of ways that are the same in every run. With libFuzzer, on a
 * library that was built with -fsanitize=fuzzer-no-link,address,undefined:
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -DFUZZ_STATE -include config.h -I.
 *	    -Isrc tests/fuzz/fuzz_state.c libholdfast.a -lyaml -laudit -ljansson -lnettle
 *	./a.out CORPUS tests/fuzz/state
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/mutate.h"
#include "base/str.h"
#include "engine/confirm.h"
#include "engine/hold.h"
#include "engine/journal.h"
#include "engine/record.h"

#define CHECK(what)                                                                      \
	do {                                                                             \
		if (!(what)) {                                                           \
			fprintf(stderr, "fuzz_state: line %d: %s\n", __LINE__, #what);   \
			abort();                                                         \
		}                                                                        \
	} while (0)

#define ROUNDS 100
#define DIGEST_LEN 72 /* of the last line of a journal */

static char root[] = "/tmp/holdfast-fuzz-XXXXXX";
static hf_host host;

static void close_root(void)
{
	char command[64];

	hf_host_close(&host);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
	CHECK(system(command) == 0);
}

static void open_root(void)
{
	static const char *const dirs[] = { "var", "var/lib", &HF_STATE_DIR[1] };
	int fd;

	if (host.root)
		return;
	CHECK(mkdtemp(root));
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		CHECK(mkdirat(fd, dirs[i], 0700) == 0);
	(void)close(fd);
	CHECK(hf_host_open(&host, root, NULL) == 0);
	CHECK(atexit(close_root) == 0);
}

static void put(const char *path, const char *bytes, size_t len)
{
	char full[256];
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	(void)unlink(full); /* one that is cut to nothing is written to disk at once */
	f = fopen(full, "we");
	CHECK(f);
	CHECK(fwrite(bytes, 1, len, f) == len);
	CHECK(fclose(f) == 0);
}

/* A reader's answer: an error of these if and only if it has one to tell, with the file's
 * name in it. Returns: was it read? */
static bool answer(int r, hf_error *err, const char *path)
{
	CHECK((r < 0) == (err != NULL));
	CHECK(r == 0 || r == -EBADMSG || r == -ENOTSUP);
	CHECK(r == 0 || strstr(hf_error_text(err), path) ||
	      (err->file && strcmp(err->file, path) == 0));
	hf_error_free(err);
	return r == 0;
}

/* --- the journal ----------------------------------------------------------------------
 */

static int parse(const char *text, size_t len, hf_arena *arena, hf_txn *ret)
{
	hf_error *err = NULL;
	int r = hf_txn_parse(text, len, HF_JOURNAL_PATH, arena, ret, &err);

	(void)answer(r, err, HF_JOURNAL_PATH);
	return r;
}

/* One byte of it is another, and its end is cut off. */
static void check_digest(const char *text, uint64_t seed)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	size_t len = strlen(text), at = next_random(&seed) % len;
	cleanup_free char *copy = strdup(text);
	hf_txn txn;

	CHECK(copy);
	copy[at] ^= (char)(1u << next_random(&seed) % 8);
	CHECK(parse(copy, len, &arena, &txn) == -EBADMSG);
	CHECK(parse(text, at, &arena, &txn) == -EBADMSG);
}

/* @ours: the bytes are those that we write. */
static void one_journal(const char *bytes, size_t len, bool ours)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_(hf_txn_body_done) hf_txn_body body = { 0 }, body_again = { 0 };
	cleanup_free char *text = malloc(len + DIGEST_LEN + 1);
	char hex[HF_DIGEST_HEX];
	const char *out, *again;
	hf_txn txn;

	CHECK(text);
	memcpy(text, bytes, len);
	hf_digest(text, len, hex);
	CHECK(snprintf(text + len, DIGEST_LEN + 1, "sha256 %s\n", hex) == DIGEST_LEN);
	if (parse(text, len + DIGEST_LEN, &arena, &txn) < 0)
		return;
	CHECK(hf_txn_text(&txn, &body, &out, NULL) == 0);
	CHECK(!ours || strcmp(out, text) == 0);
	CHECK(parse(out, strlen(out), &arena, &txn) == 0);
	CHECK(hf_txn_text(&txn, &body_again, &again, NULL) == 0);
	CHECK(strcmp(out, again) == 0);
	check_digest(out, len);
}

/* --- the applied record ---------------------------------------------------------------
 */

static void same_entries(const hf_record *a, const hf_record *b)
{
	CHECK(a->n_entries == b->n_entries);
	for (size_t i = 0; i < a->n_entries; i++)
		CHECK(strcmp(a->entries[i]->id, b->entries[i]->id) == 0 &&
		      hf_str_same(a->entries[i]->before, b->entries[i]->before) &&
		      hf_str_same(a->entries[i]->after, b->entries[i]->after));
}

/* All that is in it is claimed still, and nothing changes: the entries stay. */
static void one_record(const char *bytes, size_t len)
{
	static const char *const sets[] = { "a=b" };
	const hf_model model = { 0 };
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_free char *text = NULL;
	hf_record record, again;
	hf_plan plan = { .record = &record };
	hf_error *err = NULL;
	int r;

	put(HF_RECORD_PATH, bytes, len);
	r = hf_record_read(&host, &arena, &record, &err);
	if (!answer(r, err, HF_RECORD_PATH))
		return;
	for (size_t i = 0; i < record.n_entries; i++)
		CHECK(hf_plan_claim(&plan, record.entries[i]->id) == 0);
	CHECK(hf_record_text(&plan, &model, sets, 1, &text, NULL) == 0);
	hf_plan_done(&plan);
	if (!text) /* it says this already */
		return;
	put(HF_RECORD_PATH, text, strlen(text));
	CHECK(hf_record_read(&host, &arena, &again, NULL) == 0);
	same_entries(&record, &again);
	text[strlen(text) * 2 / 3] ^= 1;
	put(HF_RECORD_PATH, text, strlen(text));
	CHECK(hf_record_read(&host, &arena, &again, NULL) == -EBADMSG);
}

/* --- the hold, and the confirmation ---------------------------------------------------
 */

static void one_hold(const char *bytes, size_t len)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	const char *text;
	hf_error *err = NULL;
	int r;

	put(HF_HOLD_PATH, bytes, len);
	r = hf_hold_text(&host, 1, &arena, &text, &err);
	(void)answer(r, err, HF_HOLD_PATH);
}

static void one_confirm(const char *bytes, size_t len)
{
	hf_confirm confirm, again;
	hf_error *err = NULL;
	int r;

	put(HF_CONFIRM_PATH, bytes, len);
	r = hf_confirm_read(&host, &confirm, &err);
	CHECK(confirm.exists == (r == 0));
	if (!answer(r, err, HF_CONFIRM_PATH))
		return;
	CHECK(hf_confirm_move(&host, confirm.run, confirm.deadline, 0, NULL) == 0);
	CHECK(hf_confirm_read(&host, &again, NULL) == 0);
	CHECK(memcmp(&confirm.deadline, &again.deadline, sizeof(again.deadline)) == 0 &&
	      strcmp(confirm.run, again.run) == 0 &&
	      strcmp(confirm.boot, again.boot) == 0 &&
	      strcmp(confirm.transaction, again.transaction) == 0);
}

static void one(const char *bytes, size_t len, bool ours)
{
	open_root();
	one_journal(bytes, len, ours);
	one_record(bytes, len);
	one_hold(bytes, len);
	one_confirm(bytes, len);
}

#ifdef FUZZ_STATE
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	one((const char *)bytes, len, false);
	return 0;
}
#else
int main(void)
{
	static const char *const corpus[] = { "journal-1", "journal-2", "applied-1",
					      "applied-2", "hold",	"confirm" };
	const char *top = getenv("srcdir");
	static char bytes[16384], copy[16384];
	uint64_t seed = 1;

	for (size_t i = 0; i < ARRAY_SIZE(corpus); i++) {
		char path[4096];
		size_t len;
		FILE *f;

		snprintf(path, sizeof(path), "%s/tests/fuzz/state/%s.json",
			 top ? top : ".", corpus[i]);
		f = fopen(path, "re");
		if (!f) {
			fprintf(stderr, "fuzz_state: %s: %s\n", path, strerror(errno));
			return 99;
		}
		len = fread(bytes, 1, sizeof(bytes), f);
		(void)fclose(f);
		CHECK(len < sizeof(bytes));
		one(bytes, len, strcmp(corpus[i], "journal-2") == 0);
		for (size_t round = 0; round < ROUNDS; round++) {
			size_t n = len;

			memcpy(copy, bytes, len);
			for (unsigned k = 1 + next_random(&seed) % 3; k; k--)
				n = mutate(copy, n, sizeof(copy), &seed);
			one(copy, n, false);
		}
	}
	printf("%zu files, each in %d ways\n", ARRAY_SIZE(corpus), ROUNDS + 1);
	return 0;
}
#endif

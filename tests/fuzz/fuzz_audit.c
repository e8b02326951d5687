/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules in both directions, from bytes that anybody may have written: text -> rule ->
 * text, and kernel -> rule -> text -> rule -> kernel. What comes out has to mean what
 * went in; nothing may crash, and no byte is read behind the end.
 *
 * By itself a program of `make check`: replays the lines of the corpus, and each of them
 * damaged in a hundred ways that are the same in every run. With libFuzzer:
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -DFUZZ_TEXT (or -DFUZZ_WIRE)
 *	    -include config.h -I. -Isrc tests/fuzz/fuzz_audit.c
 *	    src/kinds/audit/audit_{codec,field,rule,wire}.c libholdfast.a -laudit -lnettle
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kinds/audit/audit_codec.h"

#define CHECK(what)                                                                      \
	do {                                                                             \
		if (!(what)) {                                                           \
			fprintf(stderr, "fuzz_audit: %s\n", #what);                      \
			abort();                                                         \
		}                                                                        \
	} while (0)

static int find_id(void *user, bool group, const char *name, uint32_t *ret)
{
	(void)user;
	(void)group;
	*ret = 7;
	return strcmp(name, "root") == 0 || strcmp(name, "adm") == 0 ? 0 : -ENOENT;
}

static const hf_audit_names names = { .machine = "x86_64", .id = find_id };

/* Text of a rule, and back: the same rule, the same text. Rules that no line can stand
 * for exist (the kernel takes them from others), so a refusal is no fault here. */
static void check_text(const hf_audit_rule *rule, bool must_parse, hf_arena *arena)
{
	char *text = hf_audit_rule_text(rule, names.machine, arena), *again;
	hf_error *err = NULL;
	hf_audit_line line;
	int r;

	CHECK(text);
	r = strlen(text) <= HF_AUDIT_LINE_MAX
		    ? hf_audit_line_parse(text, &names, arena, &line, &err)
		    : -EINVAL;
	hf_error_free(err);
	CHECK(r == 0 || (r == -EINVAL && !must_parse));
	if (r < 0 || line.type != HF_AUDIT_LINE_RULE ||
	    !hf_audit_rule_equal(rule, &line.rule)) {
		CHECK(!must_parse);
		return;
	}
	again = hf_audit_rule_text(&line.rule, names.machine, arena);
	CHECK(again && strcmp(text, again) == 0);
	CHECK(hf_audit_rule_hash(rule) == hf_audit_rule_hash(&line.rule));
}

static void one_wire(const void *bytes, size_t len)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_free struct audit_rule_data *data = NULL;
	cleanup_free void *copy = malloc(len ? len : 1); /* ends where the bytes end */
	hf_error *err = NULL;
	hf_audit_rule rule, back;
	size_t n;
	int r;

	CHECK(copy);
	memcpy(copy, bytes, len);
	r = hf_audit_rule_decode(copy, len, &arena, &rule, &err);
	hf_error_free(take_ptr(err));
	CHECK(r == 0 || r == -EBADMSG);
	if (r < 0)
		return;
	CHECK(hf_audit_rule_encode(&rule, &data, &n, NULL) == 0);
	CHECK(hf_audit_rule_decode(data, n, &arena, &back, NULL) == 0);
	CHECK(hf_audit_rule_equal(&rule, &back));
	check_text(&rule, false, &arena);
}

/* @wire: what the kernel would get of it goes the other way, too. */
static void one_text(const char *bytes, size_t len,
		     void (*wire)(const void *bytes, size_t len))
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	cleanup_free struct audit_rule_data *data = NULL;
	cleanup_free char *text = malloc(len + 1);
	hf_error *err = NULL;
	hf_audit_line line;
	size_t n;
	int r;

	CHECK(text);
	memcpy(text, bytes, len); /* strndup() may look for an end behind @bytes */
	text[len] = '\0';
	r = hf_audit_line_parse(text, &names, &arena, &line, &err);
	CHECK((r < 0) == (err != NULL));
	hf_error_free(err);
	CHECK(r == 0 || r == -EINVAL);
	if (r < 0 || line.type != HF_AUDIT_LINE_RULE)
		return;
	/* a word may hold what no word of -F can: only what one can is held to it */
	check_text(&line.rule, false, &arena);
	CHECK(hf_audit_rule_encode(&line.rule, &data, &n, NULL) == 0);
	wire(data, n);
}

#if defined(FUZZ_TEXT) || defined(FUZZ_WIRE)
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
#ifdef FUZZ_TEXT
	one_text((const char *)bytes, len, one_wire);
#else
	one_wire(bytes, len);
#endif
	return 0;
}
#else

#define ROUNDS 100

static uint64_t seed = 1;

static size_t pick(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return n ? (size_t)(seed >> 33) % n : 0;
}

/* A byte changed, taken out, put in or doubled; the end cut off. @room: one more byte */
static size_t damage(unsigned char *bytes, size_t len)
{
	static const char telling[] = " -=!<>&,\\0123456789abFSk/\001\377";
	size_t at = pick(len);

	switch (len ? pick(5) : 1) {
	case 0:
		bytes[at] = (unsigned char)telling[pick(sizeof(telling))];
		return len;
	case 1:
		memmove(bytes + at + 1, bytes + at, len - at);
		bytes[at] = (unsigned char)telling[pick(sizeof(telling))];
		return len + 1;
	case 2:
		memmove(bytes + at, bytes + at + 1, len - at - 1);
		return len - 1;
	case 3:
		bytes[at] ^= (unsigned char)(1u << pick(8));
		return len;
	default:
		return pick(8) ? len : at;
	}
}

static void each_damage(const void *bytes, size_t len, void (*one)(const void *, size_t))
{
	cleanup_free unsigned char *copy = malloc(len + 8);

	CHECK(copy);
	one(bytes, len);
	for (size_t i = 0; i < ROUNDS; i++) {
		size_t n = len;

		memcpy(copy, bytes, len);
		for (size_t k = 1 + pick(4); k; k--)
			n = damage(copy, n);
		one(copy, n);
	}
}

static void damaged_wire(const void *bytes, size_t len)
{
	each_damage(bytes, len, one_wire);
}

static void plain_text(const void *bytes, size_t len)
{
	one_text(bytes, len, one_wire);
}

int main(void)
{
	static const char *const corpus[] = { "tests/live/audit.lines",
					      "tests/live/audit.packs" };
	const char *top = getenv("srcdir");
	char path[4096], line[8192];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(corpus); i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", top ? top : ".", corpus[i]);
		f = fopen(path, "re");
		if (!f) {
			fprintf(stderr, "fuzz_audit: %s: %s\n", path, strerror(errno));
			return 99;
		}
		while (fgets(line, sizeof(line), f)) {
			size_t len = strcspn(line, "\n");

			each_damage(line, len, plain_text);
			one_text(line, len, damaged_wire);
			n++;
		}
		fclose(f);
	}
	printf("%zu lines, each in %d ways as text and as the kernel has it\n", n,
	       ROUNDS + 1);
	return 0;
}
#endif

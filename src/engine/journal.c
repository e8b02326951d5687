/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "engine/state_file.h"

#define STAMP_LEN 18 /* of "20261122T130501042" */

static int write_txn(hf_host *host, const char *path, const hf_txn *txn, hf_error **err)
{
	cleanup_(hf_txn_body_done) hf_txn_body own = { 0 };
	const char *text;
	int r = hf_txn_text(txn, txn->body ? txn->body : &own, &text, err);

	return r < 0 ? r : hf_state_file_write(host, path, text, err);
}

static char *path_of(hf_arena *arena, const char *id)
{
	return hf_path_join(arena, HF_TXN_DIR, id);
}

/* --- the journal
 * ------------------------------------------------------------------------ */

int hf_journal_begin(hf_host *host, const hf_txn *txn, hf_error **err)
{
	cleanup_(hf_txn_body_done) hf_txn_body own = { 0 };
	const char *text;
	int r = hf_txn_text(txn, txn->body ? txn->body : &own, &text, err);

	if (!r && strlen(text) > HF_JOURNAL_MAX) {
		(void)hf_error_set(err, -EFBIG,
				   "%zu changes are too many for one journal: %zu bytes, "
				   "the limit is %u",
				   txn->n_changes, strlen(text), HF_JOURNAL_MAX);
		return hf_error_hint(err, "apply it in parts, with --only or --skip; or "
					  "demand less of each file of whole trees");
	}
	if (!r)
		r = hf_state_file_write(host, HF_JOURNAL_PATH, text, err);

	return r < 0 ? hf_error_wrap(err, "cannot write the journal") : 0;
}

int hf_journal_exists(hf_host *host, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	hf_inode inode;
	int r = hf_fs_inode(host, HF_JOURNAL_PATH, HF_FS_NOFOLLOW, &inode, &why);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0 && err)
		*err = take_ptr(why);
	return r < 0 ? r : 1;
}

static int read_txn(hf_host *host, const char *path, hf_arena *arena, hf_txn *ret,
		    hf_error **err)
{
	size_t len;
	char *text;
	int r = hf_fs_read(host, path, HF_STATE_MAX, arena, &text, &len, NULL, err);

	return r < 0 ? r : hf_txn_parse(text, len, path, arena, ret, err);
}

static bool is_kept(hf_host *host, const char *id)
{
	hf_arena arena = { 0 };
	hf_inode inode;
	char *path = path_of(&arena, id);
	bool kept = path && hf_fs_inode(host, path, HF_FS_NOFOLLOW, &inode, NULL) == 0;

	hf_arena_done(&arena);
	return kept;
}

int hf_journal_read(hf_host *host, hf_arena *arena, hf_txn *ret, bool *ret_found,
		    hf_error **err)
{
	int r = hf_journal_exists(host, err);

	*ret_found = false;
	if (r <= 0)
		return r;
	r = read_txn(host, HF_JOURNAL_PATH, arena, ret, err);
	if (r < 0) {
		(void)hf_error_wrap(err, "an unfinished transaction was found, but");
		if (r == -ENOTSUP)
			return r;
		return hf_error_hint(err,
				     "nothing is guessed from it: look at the host, then "
				     "remove '%s'",
				     HF_JOURNAL_PATH);
	}
	*ret_found = !is_kept(host, ret->id);
	return 0;
}

int hf_journal_end(hf_host *host, const hf_txn *txn, size_t keep, hf_error **err)
{
	int r = 0;

	hf_fault(host, "journal ends");
	if (keep)
		r = hf_txn_store(host, txn, err);
	hf_fault(host, "record kept");
	if (!r)
		r = hf_fs_unlink(host, HF_JOURNAL_PATH, err);
	if (!r && keep)
		r = hf_txn_prune(host, keep, err);
	return r < 0 ? hf_error_wrap(err, "cannot end the journal") : 0;
}

/* --- what a crash leaves
 * ---------------------------------------------------------------- */

/* Staged files of holdfast's own are named in no journal: they come before it, or after.
 * A hold is written without the lock, so its file may be in somebody's hands. */
static bool is_stray(const char *name)
{
	return name[0] == '.' && strstr(name, ".holdfast-") &&
	       strncmp(name, ".hold.", 6) != 0;
}

static bool sweep(hf_host *host, const char *dir, bool remove)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	bool found = false;
	char **names;
	size_t n;

	if (hf_fs_list(host, dir, &arena, &names, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		char *path =
			is_stray(names[i]) ? hf_path_join(&arena, dir, names[i]) : NULL;

		found |= path != NULL;
		if (path && remove) /* best effort: the next run comes by here, too */
			(void)!hf_fs_unlink(host, path, NULL);
	}
	return found;
}

bool hf_journal_strays(hf_host *host)
{
	return sweep(host, HF_STATE_DIR, false) || sweep(host, HF_TXN_DIR, false);
}

void hf_journal_sweep(hf_host *host)
{
	(void)sweep(host, HF_STATE_DIR, true);
	(void)sweep(host, HF_TXN_DIR, true);
}

/* --- kept records
 * ----------------------------------------------------------------------- */

int hf_txn_store(hf_host *host, const hf_txn *txn, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	char *path = path_of(&arena, txn->id);

	return path ? write_txn(host, path, txn, err) : hf_error_oom(err);
}

int hf_txn_list(hf_host *host, hf_arena *arena, char ***ret, size_t *ret_n,
		hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	char **names = NULL;
	size_t n = 0, kept = 0;
	int r = hf_fs_list(host, HF_TXN_DIR, arena, &names, &n, &why);

	if (r == -ENOENT || r == -ENOTDIR)
		n = 0;
	else if (r < 0) {
		if (err)
			*err = take_ptr(why);
		return r;
	}
	/* staged files that a crash left among them are not records */
	for (size_t i = 0; i < n; i++)
		if (hf_txn_is_id(names[i]))
			names[kept++] = names[i];
	*ret = names;
	*ret_n = kept;
	return 0;
}

/* "20261122T130501042": UTC to the millisecond. False: of a year with five digits. */
static bool stamp_text(int64_t msec, char ret[static STAMP_LEN + 1])
{
	time_t t = (time_t)(msec / 1000);
	struct tm tm;

	return gmtime_r(&t, &tm) && tm.tm_year <= 9999 - 1900 &&
	       strftime(ret, STAMP_LEN + 1, "%Y%m%dT%H%M%S", &tm) == STAMP_LEN - 3 &&
	       snprintf(ret + STAMP_LEN - 3, 4, "%03d", (int)(msec % 1000)) == 3;
}

/* The time of an id, or -1. */
static int64_t stamp_read(const char *id)
{
	char text[STAMP_LEN + 1] = "";
	struct tm tm = { 0 };
	unsigned msec;
	const char *end;

	if (strlen(id) < STAMP_LEN)
		return -1;
	memcpy(text, id, STAMP_LEN);
	end = strptime(text, "%Y%m%dT%H%M%S", &tm);
	if (!end || end != text + STAMP_LEN - 3 || sscanf(end, "%3u", &msec) != 1)
		return -1;
	return (int64_t)timegm(&tm) * 1000 + msec;
}

int hf_txn_id_new(hf_host *host, int64_t now_msec, hf_arena *arena, const char **ret,
		  hf_error **err)
{
	unsigned char random[2] = { 0 };
	char stamp[STAMP_LEN + 1];
	char **ids;
	size_t n;
	int r = hf_txn_list(host, arena, &ids, &n, err);

	if (r < 0)
		return r;
	if (n && stamp_read(ids[n - 1]) >= now_msec)
		now_msec = stamp_read(ids[n - 1]) + 1;
	if (!stamp_text(now_msec, stamp))
		return hf_error_set(err, -ERANGE,
				    "the clock, or the newest record in %s, "
				    "is beyond the year 9999",
				    HF_TXN_DIR);
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		random[0] = (unsigned char)getpid(); /* the order does not depend on it */
	*ret = hf_arena_printf(arena, "%s-%02x%02x", stamp, random[0], random[1]);
	return *ret ? 0 : hf_error_oom(err);
}

int hf_txn_none(const hf_host *host, hf_error **err)
{
	int r = hf_error_set(err, -ENOENT, "no transaction is on record here");

	return host->offline
		       ? hf_error_hint(err,
				       "an apply to a tree keeps its transaction with "
				       "--record only")
		       : r;
}

int hf_txn_find(hf_host *host, const char *word, hf_arena *arena, const char **ret,
		hf_error **err)
{
	cleanup_(hf_strbuf_done) hf_strbuf several = { 0 };
	const char *found = NULL;
	size_t n, hits = 0;
	char **ids;
	int r = hf_txn_list(host, arena, &ids, &n, err);

	if (r < 0)
		return r;
	if (!n)
		return hf_txn_none(host, err);
	if (strcmp(word, "last") == 0) {
		*ret = ids[n - 1];
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (!*word || strncmp(ids[i], word, strlen(word)) != 0)
			continue;
		hits++;
		found = ids[i];
		hf_strbuf_addf(&several, " %s", ids[i]);
		if (strcmp(ids[i], word) == 0) {
			hits = 1;
			break;
		}
	}
	if (!hf_strbuf_ok(&several))
		return hf_error_oom(err);
	if (hits > 1)
		return hf_error_set(err, -ENOTUNIQ, "'%s' is the beginning of several:%s",
				    word, hf_strbuf_str(&several));
	if (!found) {
		(void)hf_error_set(err, -ENOENT, "no transaction '%s' is on record",
				   word);
		return hf_error_hint(err, "'holdfast history%s' lists them",
				     hf_host_option(host));
	}
	*ret = found;
	return 0;
}

int hf_txn_load(hf_host *host, const char *id, hf_arena *arena, hf_txn *ret,
		hf_error **err)
{
	char *path = path_of(arena, id);
	int r = path ? read_txn(host, path, arena, ret, err) : hf_error_oom(err);

	if (r == -EBADMSG)
		(void)hf_error_hint(err,
				    "nothing is undone from it: restore it from a "
				    "backup, or remove it, and '%s' is not on record any "
				    "more",
				    id);
	return r;
}

int hf_txn_prune(hf_host *host, size_t keep, hf_error **err)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	char **ids;
	size_t n;
	int r = hf_txn_list(host, &arena, &ids, &n, err);

	for (size_t i = 0; !r && i + keep < n; i++) {
		char *path = path_of(&arena, ids[i]);

		r = path ? hf_fs_unlink(host, path, err) : hf_error_oom(err);
	}
	return r;
}

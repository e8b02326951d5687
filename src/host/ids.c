/* SPDX-License-Identifier: Apache-2.0 */
#include "host/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/parse.h"
#include "host/fs.h"

#define NSS_BUFFER_MAX (8u << 20) /* a group may have very many members */

/*
 * Answers, kept for the run. Offline the two files are read whole, once; live each name
 * and number is asked of NSS when first needed.
 */
struct hf_ids {
	hf_arena arena;
	hf_map by_name[2]; /* user, group: name -> hf_id; a missing one has .missing */
	hf_map by_number[2];
	bool read[2]; /* offline: the file has been read */
};

typedef struct hf_id {
	const char *name;
	const char *home; /* of a user */
	uint32_t number;
	bool missing;
} hf_id;

enum { USER, GROUP };

static const char *const id_files[] = { "/etc/passwd", "/etc/group" };
static const char *const id_words[] = { "user", "group" };

void hf_ids_free(hf_ids *ids)
{
	if (!ids)
		return;
	hf_arena_done(&ids->arena);
	free(ids);
}

static hf_id *id_new(hf_ids *ids, const char *name, uint32_t number, bool missing)
{
	hf_id *id = hf_arena_new(&ids->arena, hf_id);

	if (!id)
		return NULL;
	id->name = hf_arena_strdup(&ids->arena, name);
	id->number = number;
	id->missing = missing;
	return id->name ? id : NULL;
}

/* The first of equal names or numbers wins, as it does for NSS "files". */
static int id_remember(hf_ids *ids, int type, const char *name, uint32_t number,
		       const char *home)
{
	hf_id *id = id_new(ids, name, number, false);
	char digits[16];

	if (!id)
		return -ENOMEM;
	id->home = home ? hf_arena_strdup(&ids->arena, home) : NULL;
	if (home && !id->home)
		return -ENOMEM;
	if (!hf_map_get(&ids->by_name[type], name) &&
	    hf_map_put(&ids->by_name[type], &ids->arena, name, id) < 0)
		return -ENOMEM;
	(void)snprintf(digits, sizeof(digits), "%u", number);
	if (!hf_map_get(&ids->by_number[type], digits) &&
	    hf_map_put(&ids->by_number[type], &ids->arena, digits, id) < 0)
		return -ENOMEM;
	return 0;
}

/* "+name" and "-name" are for NIS (nsswitch.conf(5), compat), never real names. */
static bool is_real_name(const char *name)
{
	return name && *name && *name != '+' && *name != '-';
}

static int read_stream(hf_ids *ids, int type, FILE *f)
{
	for (;;) {
		int r = 0;

		errno = 0;
		if (type == USER) {
			struct passwd *pw = fgetpwent(f);

			if (!pw)
				break;
			if (is_real_name(pw->pw_name))
				r = id_remember(ids, USER, pw->pw_name, pw->pw_uid,
						pw->pw_dir);
		} else {
			struct group *gr = fgetgrent(f);

			if (!gr)
				break;
			if (is_real_name(gr->gr_name))
				r = id_remember(ids, GROUP, gr->gr_name, gr->gr_gid,
						NULL);
		}
		if (r < 0)
			return r;
	}
	return errno == ENOMEM ? -ENOMEM : 0;
}

/* The tree's own file; one that does not exist holds nobody. */
static int read_offline(hf_host *host, int type, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *why = NULL;
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	char *text;
	size_t len;
	FILE *f;
	int r;

	if (host->ids->read[type])
		return 0;
	r = hf_fs_read(host, id_files[type], 0, &arena, &text, &len, NULL, &why);
	if (r < 0 && r != -ENOENT) {
		if (err)
			*err = take_ptr(why);
		return hf_error_wrap(err, "cannot look up a %s", id_words[type]);
	}
	if (r == 0 && len > 0) {
		f = fmemopen(text, len, "r");
		if (!f)
			return hf_error_oom(err);
		r = read_stream(host->ids, type, f);
		(void)fclose(f);
		if (r < 0)
			return hf_error_oom(err);
	}
	host->ids->read[type] = true;
	return 0;
}

/* NSS by name (@name) or, with @name NULL, by @number. -ENOENT: there is none. */
static int ask_nss(hf_ids *ids, int type, const char *name, uint32_t number)
{
	for (size_t size = 4096; size <= NSS_BUFFER_MAX; size *= 4) {
		cleanup_free char *buf = malloc(size);
		struct passwd pw, *ret_pw = NULL;
		struct group gr, *ret_gr = NULL;
		int r;

		if (!buf)
			return -ENOMEM;
		if (type == USER)
			r = name ? getpwnam_r(name, &pw, buf, size, &ret_pw)
				 : getpwuid_r(number, &pw, buf, size, &ret_pw);
		else
			r = name ? getgrnam_r(name, &gr, buf, size, &ret_gr)
				 : getgrgid_r(number, &gr, buf, size, &ret_gr);
		if (r == ERANGE)
			continue;
		if (ret_pw)
			return id_remember(ids, USER, name ? name : ret_pw->pw_name,
					   ret_pw->pw_uid, ret_pw->pw_dir);
		if (ret_gr)
			return id_remember(ids, GROUP, name ? name : ret_gr->gr_name,
					   ret_gr->gr_gid, NULL);
		/* what NSS modules return for "not found", getpwnam(3) */
		if (r == 0 || r == ENOENT || r == ESRCH || r == EBADF || r == EPERM)
			return -ENOENT;
		return -r;
	}
	return -ERANGE;
}

static int ids_begin(hf_host *host, int type, hf_error **err)
{
	if (!host->ids)
		host->ids = calloc(1, sizeof(*host->ids));
	if (!host->ids)
		return hf_error_oom(err);
	return host->offline ? read_offline(host, type, err) : 0;
}

static int no_such(hf_host *host, int type, const char *name, hf_error **err)
{
	if (host->offline)
		return hf_error_set(err, -ENOENT,
				    "%s '%s' does not exist in this root (%s)",
				    id_words[type], name, id_files[type]);
	return hf_error_set(err, -ENOENT, "%s '%s' does not exist on this host",
			    id_words[type], name);
}

static int look_up(hf_host *host, int type, const char *name, uint32_t *ret,
		   hf_error **err)
{
	uint64_t number;
	hf_id *id;
	int r;

	/* (uid_t)-1 means "leave it" to chown(2) */
	if (hf_parse_u64(name, UINT32_MAX - 1, &number) == 0) {
		*ret = (uint32_t)number;
		return 0;
	}
	r = ids_begin(host, type, err);
	if (r < 0)
		return r;
	id = hf_map_get(&host->ids->by_name[type], name);
	if (!id && !host->offline) {
		r = ask_nss(host->ids, type, name, 0);
		if (r < 0 && r != -ENOENT)
			return hf_error_set(err, r, "cannot look up %s '%s': %s",
					    id_words[type], name, strerror(-r));
		id = hf_map_get(&host->ids->by_name[type], name);
		if (!id) {
			id = id_new(host->ids, name, 0, true);
			if (!id || hf_map_put(&host->ids->by_name[type],
					      &host->ids->arena, name, id) < 0)
				return hf_error_oom(err);
		}
	}
	if (!id || id->missing)
		return no_such(host, type, name, err);
	*ret = id->number;
	return 0;
}

int hf_ids_uid(hf_host *host, const char *name, uid_t *ret, hf_error **err)
{
	return look_up(host, USER, name, ret, err);
}

int hf_ids_gid(hf_host *host, const char *name, gid_t *ret, hf_error **err)
{
	return look_up(host, GROUP, name, ret, err);
}

static const char *name_of(hf_host *host, int type, uint32_t number)
{
	char digits[16];
	hf_id *id;

	(void)snprintf(digits, sizeof(digits), "%u", number);
	if (ids_begin(host, type, NULL) < 0)
		return host->ids ? hf_arena_strdup(&host->ids->arena, digits) : NULL;
	id = hf_map_get(&host->ids->by_number[type], digits);
	if (!id && !host->offline && ask_nss(host->ids, type, NULL, number) == 0)
		id = hf_map_get(&host->ids->by_number[type], digits);
	if (!id) {
		id = id_new(host->ids, digits, number, true);
		if (!id || hf_map_put(&host->ids->by_number[type], &host->ids->arena,
				      digits, id) < 0)
			return NULL;
	}
	return id->name;
}

const char *hf_ids_user_name(hf_host *host, uid_t uid)
{
	return name_of(host, USER, uid);
}

const char *hf_ids_group_name(hf_host *host, gid_t gid)
{
	return name_of(host, GROUP, gid);
}

const char *hf_ids_home(hf_host *host, const char *user)
{
	const hf_id *id;
	uint32_t number;

	if (look_up(host, USER, user, &number, NULL) < 0)
		return NULL;
	id = hf_map_get(&host->ids->by_name[USER], user);
	return id ? id->home : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The section `files`: decoding and contradictions. */
#include "kinds/files/files_kind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "kinds/files/files_spec.h"
#include "model/schema.h"

const hf_kind hf_kind_files = { .name = "files",
				.rank = HF_RANK_FILES,
				.id_form = HF_ID_INODE,
				.decode = files_decode,
				.check = files_check,
				.observe = files_observe,
				.plan = files_plan,
				.settle = files_settle };

#define NAME_LEN_MAX 255

enum { K_PATH, K_OWNER, K_GROUP, K_MODE, K_MAX, K_RECURSE, K_TYPE, K_EXCLUDE, K_MAX_ };

static const hf_key keys[K_MAX_] = {
	[K_PATH] = { "path", HF_KEY_STRING, HF_KEY_REQUIRED },
	[K_OWNER] = { "owner", HF_KEY_STRING, 0 },
	[K_GROUP] = { "group", HF_KEY_STRING, 0 },
	[K_MODE] = { "mode", HF_KEY_MODE, 0 },
	[K_MAX] = { "max_mode", HF_KEY_MODE, 0 },
	[K_RECURSE] = { "recurse", HF_KEY_BOOL, 0 },
	[K_TYPE] = { "type", HF_KEY_STRING, 0 },
	[K_EXCLUDE] = { "exclude", HF_KEY_STRINGS, 0 },
};

static const char *const type_names[] = {
	[FILES_ANY] = "any",
	[FILES_FILE] = "file",
	[FILES_DIR] = "dir",
	[FILES_SOCKET] = "socket",
};

/* Host references and globs in a path; "$${" is a literal "${". */
static void scan_path(const char *text, bool *ret_ref, bool *ret_glob)
{
	*ret_ref = *ret_glob = false;
	for (const char *p = text; *p; p++) {
		if (strncmp(p, "$${", 3) == 0) {
			p += 2;
		} else if (strncmp(p, "${", 2) == 0) {
			const char *end = strchr(p, '}');

			*ret_ref = true;
			if (!end)
				return;
			p = end;
		} else if (strchr("*?[", *p)) {
			*ret_glob = true;
		}
	}
}

static int decode_path(hf_decoder *d, const hf_node *node, files_spec *spec, bool *ok)
{
	const char *text = node->text, *wrong;

	scan_path(text, &spec->has_ref, &spec->is_glob);
	if (spec->has_ref) {
		if (text[0] != '/' && strncmp(text, "${", 2) != 0) {
			hf_diag_error(d->diags, node->mark,
				      "'path' must be absolute: '%s' is not", text);
			*ok = false;
		}
		spec->path = hf_arena_strdup(&d->model->arena, text);
		if (!spec->path)
			return -ENOMEM;
		return hf_decoder_refs(d, node->mark, text);
	}
	text = hf_decoder_plain(d, node->mark, text);
	if (!text) {
		*ok = false;
		return d->diags->oom ? -ENOMEM : 0;
	}
	wrong = hf_path_check(text);
	if (wrong) {
		hf_diag_error(d->diags, node->mark, "path '%s' %s", text, wrong);
		*ok = false;
	}
	spec->path = hf_path_clean(&d->model->arena, text);
	return spec->path ? 0 : -ENOMEM;
}

/* A user or group name or number; what useradd(8) would never make is a mistake. */
static int decode_name(hf_decoder *d, const hf_node *node, const char *what,
		       const char **ret, bool *ok)
{
	const char *text;

	if (!node)
		return 0;
	text = hf_decoder_plain(d, node->mark, node->text);
	if (!text) {
		*ok = false;
		return d->diags->oom ? -ENOMEM : 0;
	}
	if (!*text || strlen(text) > NAME_LEN_MAX || strpbrk(text, ":/ \t,") ||
	    *text == '-' || *text == '+') {
		hf_diag_add(d->diags, HF_DIAG_ERROR, node->mark,
			    strchr(text, ':') ? "write 'owner' and 'group' apart" : NULL,
			    "'%s' is not the name of a %s", text, what);
		*ok = false;
		return 0;
	}
	*ret = text;
	return 0;
}

static void decode_mode(hf_decoder *d, const hf_node *const *n, files_spec *spec,
			bool *ok)
{
	const hf_node *node = n[K_MODE] ? n[K_MODE] : n[K_MAX];

	if (n[K_MODE] && n[K_MAX]) {
		hf_diag_add(d->diags, HF_DIAG_ERROR, n[K_MAX]->mark,
			    "'mode' is the exact mode; 'max_mode' only says which bits "
			    "may be "
			    "set",
			    "'mode' and 'max_mode' exclude each other");
		*ok = false;
	}
	if (!node)
		return;
	if (!hf_schema_mode(node, &spec->mode, d->diags))
		*ok = false;
	spec->has_mode = n[K_MODE];
	spec->has_max = !n[K_MODE];
	spec->marks[FILES_MODE] = node->mark;
}

static void decode_type(hf_decoder *d, const hf_node *node, files_spec *spec, bool *ok)
{
	const char *near;

	if (!node)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(type_names); i++) {
		if (strcmp(node->text, type_names[i]) == 0) {
			spec->type = (files_type)i;
			return;
		}
	}
	near = hf_nearest(node->text, type_names, ARRAY_SIZE(type_names));
	hf_diag_add(d->diags, HF_DIAG_ERROR, node->mark,
		    "types are any, file, dir and socket",
		    near ? "unknown type '%s' (did you mean '%s'?)" : "unknown type '%s'",
		    node->text, near);
	*ok = false;
}

static int decode_exclude(hf_decoder *d, const hf_node *node, files_spec *spec, bool *ok)
{
	const hf_node **items;
	size_t n;

	if (!node)
		return 0;
	if (!spec->recurse && !spec->is_glob) {
		hf_diag_error(d->diags, node->mark,
			      "'exclude' needs 'recurse: true' or a pattern in 'path'");
		*ok = false;
	}
	if (!hf_schema_strings(node, &d->model->arena, &items, &n, d->diags)) {
		*ok = false;
		return 0;
	}
	spec->exclude = hf_arena_array(&d->model->arena, n, sizeof(*spec->exclude));
	if (!spec->exclude)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *text = hf_decoder_plain(d, items[i]->mark, items[i]->text);

		if (!text) {
			*ok = false;
			continue;
		}
		if (*text == '/') {
			hf_diag_add(d->diags, HF_DIAG_ERROR, items[i]->mark,
				    "a pattern with '/' inside is matched from 'path' on",
				    "'exclude' holds names or relative paths, not '%s'",
				    text);
			*ok = false;
		}
		spec->exclude[spec->n_exclude++] = text;
	}
	return 0;
}

/* Directories without x are closed: hardly ever what a recursive entry is to do. */
static void warn_closed(hf_decoder *d, const files_spec *spec)
{
	if (spec->recurse && (spec->has_mode || spec->has_max) && !(spec->mode & 0100) &&
	    spec->type != FILES_FILE && spec->type != FILES_SOCKET)
		hf_diag_add(d->diags, HF_DIAG_WARNING, spec->marks[FILES_MODE],
			    "add 'type: file', and a second entry for the directories",
			    "mode %04o closes the directories of '%s', too",
			    (unsigned)spec->mode, spec->path);
}

static int decode_entry(hf_decoder *d, const hf_node *node)
{
	files_spec *spec = hf_arena_new(&d->model->arena, files_spec);
	const hf_node *n[K_MAX_];
	bool ok;
	int r;

	if (!spec)
		return -ENOMEM;
	ok = hf_schema_mapping(node, "a 'files' entry", keys, K_MAX_, n, d->diags);
	if (node->type != HF_NODE_MAPPING)
		return 0;
	r = n[K_PATH] ? decode_path(d, n[K_PATH], spec, &ok) : 0;
	if (r == 0)
		r = decode_name(d, n[K_OWNER], "user", &spec->owner, &ok);
	if (r == 0)
		r = decode_name(d, n[K_GROUP], "group", &spec->group, &ok);
	if (r < 0)
		return r;
	for (size_t i = K_OWNER; i <= K_GROUP; i++)
		if (n[i])
			spec->marks[i - K_OWNER] = n[i]->mark;
	decode_mode(d, n, spec, &ok);
	decode_type(d, n[K_TYPE], spec, &ok);
	if (n[K_RECURSE] && !hf_schema_bool(n[K_RECURSE], &spec->recurse, d->diags))
		ok = false;
	r = decode_exclude(d, n[K_EXCLUDE], spec, &ok);
	if (r < 0)
		return r;
	if (ok && !n[K_OWNER] && !n[K_GROUP] && !n[K_MODE] && !n[K_MAX]) {
		hf_diag_error(
			d->diags, node->mark,
			"a 'files' entry needs at least one of owner, group, mode and "
			"max_mode");
		ok = false;
	}
	if (!ok)
		return 0;
	warn_closed(d, spec);
	return hf_decoder_demand(d, &hf_kind_files, n[K_PATH]->mark, spec);
}

int files_decode(hf_decoder *d, const hf_node *node)
{
	if (node->type != HF_NODE_SEQUENCE) {
		hf_diag_error(d->diags, node->mark,
			      "'files' must be a list of entries, not %s",
			      hf_node_type_name(node));
		return 0;
	}
	for (size_t i = 0; i < node->n; i++) {
		int r = decode_entry(d, node->items[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* --- contradictions ------------------------------------------------------------------
 */

/* What was demanded first of one path. */
typedef struct path_demands {
	const hf_demand *first[FILES_ASPECTS]; /* owner, group, exact mode */
	const hf_demand **max;
	size_t n_max;
} path_demands;

static const files_spec *spec_of(const hf_demand *demand)
{
	return demand->spec;
}

/* Controls with conditions may exclude each other on every host: planning decides. */
static bool may_meet(const hf_demand *a, const hf_demand *b)
{
	return a->control == b->control || (!a->control->n_when && !b->control->n_when);
}

static bool is_number(const char *s)
{
	return s[strspn(s, "0123456789")] == '\0';
}

/* A name and a number may be the same user: only the host knows. */
static bool names_differ(const char *a, const char *b)
{
	if (strcmp(a, b) == 0 || is_number(a) != is_number(b))
		return false;
	return true;
}

static void report(hf_diags *diags, const hf_demand *now, const hf_demand *old,
		   files_aspect aspect, const char *a, const char *b)
{
	hf_mark mark = spec_of(old)->marks[aspect];

	hf_diag_error(diags, spec_of(now)->marks[aspect],
		      "%s %s of '%s' contradicts %s, which control '%s' demands (%s:%u)",
		      files_aspect_names[aspect], a, spec_of(now)->path, b,
		      old->control->id, mark.source ? mark.source->name : "?", mark.line);
}

static void check_name(hf_diags *diags, path_demands *p, const hf_demand *now,
		       files_aspect aspect, const char *a)
{
	const hf_demand *old = p->first[aspect];
	const char *b;

	if (!a)
		return;
	if (!old) {
		p->first[aspect] = now;
		return;
	}
	b = aspect == FILES_OWNER ? spec_of(old)->owner : spec_of(old)->group;
	if (names_differ(a, b) && may_meet(now, old))
		report(diags, now, old, aspect, a, b);
}

static void check_pair(hf_diags *diags, const hf_demand *now, const hf_demand *old)
{
	const files_spec *a = spec_of(now), *b = spec_of(old);
	char x[32], y[32];
	bool wrong;

	if (a->has_mode && b->has_mode)
		wrong = a->mode != b->mode;
	else
		wrong = a->has_mode ? a->mode & ~b->mode : b->mode & ~a->mode;
	if (!wrong || !may_meet(now, old))
		return;
	(void)snprintf(x, sizeof(x), "%s%04o", a->has_max ? "at most " : "",
		       (unsigned)a->mode);
	(void)snprintf(y, sizeof(y), "%s%04o", b->has_max ? "at most " : "",
		       (unsigned)b->mode);
	report(diags, now, old, FILES_MODE, x, y);
}

static int check_mode(hf_arena *arena, hf_diags *diags, path_demands *p,
		      const hf_demand *now)
{
	const hf_demand *exact = p->first[FILES_MODE], **slot;

	if (spec_of(now)->has_mode) {
		if (exact) {
			check_pair(diags, now, exact);
			return 0;
		}
		for (size_t i = 0; i < p->n_max; i++)
			check_pair(diags, now, p->max[i]);
		p->first[FILES_MODE] = now;
	} else if (spec_of(now)->has_max) {
		if (exact)
			check_pair(diags, now, exact);
		slot = hf_vec_push(arena, p->max, p->n_max);
		if (!slot)
			return -ENOMEM;
		*slot = now;
	}
	return 0;
}

static int check_demand(hf_arena *arena, hf_map *paths, hf_diags *diags,
			const hf_demand *now)
{
	const files_spec *spec = spec_of(now);
	path_demands *p;
	char *key;

	if (spec->n_exclude)
		return 0; /* they may leave each other's objects out */
	key = hf_arena_printf(arena, "%d%d%s", spec->recurse, (int)spec->type,
			      spec->path);
	if (!key)
		return -ENOMEM;
	p = hf_map_get(paths, key);
	if (!p) {
		p = hf_arena_new(arena, path_demands);
		if (!p || hf_map_put(paths, arena, key, p) < 0)
			return -ENOMEM;
	}
	check_name(diags, p, now, FILES_OWNER, spec->owner);
	check_name(diags, p, now, FILES_GROUP, spec->group);
	return check_mode(arena, diags, p, now);
}

int files_check(const hf_model *model, hf_diags *diags)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	hf_map paths = { 0 };

	for (size_t i = 0; i < model->n_demands; i++) {
		const hf_demand *demand = model->demands[i];
		int r;

		if (demand->kind != &hf_kind_files || demand->control->disabled)
			continue;
		r = check_demand(&arena, &paths, diags, demand);
		if (r < 0)
			return r;
	}
	return 0;
}

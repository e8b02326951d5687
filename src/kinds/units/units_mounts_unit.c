/* SPDX-License-Identifier: Apache-2.0 */
/* What a unit mounts for its processes alone: systemd.exec(5), as namespace.c does it. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "kinds/units/units_view.h"

/* How an element of the list is written. */
typedef enum mount_form {
	FORM_PATH,   /* PATH[:OPTIONS] */
	FORM_BIND,   /* SOURCE[:PATH[:OPTIONS]], without a path the source itself */
	FORM_IMAGE,  /* IMAGE:PATH[:...] */
	FORM_LAYERS, /* over those below, whatever is named */
} mount_form;

static const struct {
	const char *key;
	mount_form form;
} settings[] = {
	{ "BindPaths", FORM_BIND },
	{ "BindReadOnlyPaths", FORM_BIND },
	{ "TemporaryFileSystem", FORM_PATH },
	{ "InaccessiblePaths", FORM_PATH },
	{ "InaccessibleDirectories", FORM_PATH },
	{ "MountImages", FORM_IMAGE },
	{ "ExtensionImages", FORM_LAYERS },
	{ "ExtensionDirectories", FORM_LAYERS },
};

/* Of a system or a configuration extension: systemd-sysext(8). */
static const char *const layered[] = { "/usr", "/opt", "/etc" };

typedef struct mounts {
	hf_arena *arena;
	const hf_unit_value *at;
	const char *key;
	hf_unit_mount *list;
	size_t n;
} mounts;

static int add(mounts *m, const char *path, bool same)
{
	hf_unit_mount *slot = hf_vec_push(m->arena, m->list, m->n);
	char *clean = path ? hf_path_clean(m->arena, path) : NULL;

	if (!slot || (path && !clean))
		return -ENOMEM;
	*slot = (hf_unit_mount){ .path = clean,
				 .same = same,
				 .inaccessible = strncmp(m->key, "Inaccessible", 12) == 0,
				 .key = m->key,
				 .file = m->at->file,
				 .line = m->at->line };
	return 0;
}

/* The @i-th part between colons; NULL: there is none. */
static int part_of(hf_arena *arena, const char *word, unsigned i, const char **ret)
{
	*ret = NULL;
	for (; i; i--) {
		word = strchr(word, ':');
		if (!word)
			return 0;
		word++;
	}
	*ret = hf_arena_memdup(arena, word, strcspn(word, ":"));
	return *ret ? 0 : -ENOMEM;
}

static int add_word(mounts *m, const char *unit, const char *word, mount_form form)
{
	const char *source, *path;
	hf_expansion how;

	if (hf_specifiers_expand(m->arena, unit, word, &word, &how) < 0)
		return -ENOMEM;
	if (how == HF_EXPAND_INVALID)
		return 0; /* systemd drops it */
	word += strspn(word, "-+");
	for (size_t i = 0; form == FORM_LAYERS && i < ARRAY_SIZE(layered); i++)
		if (add(m, layered[i], false) < 0)
			return -ENOMEM;
	if (form == FORM_LAYERS)
		return 0;
	if (part_of(m->arena, word, 0, &source) < 0 ||
	    part_of(m->arena, word, form != FORM_PATH, &path) < 0)
		return -ENOMEM;
	if (!path && form == FORM_IMAGE)
		return 0;
	if (!path || !*path)
		path = source;
	/* what only the manager can expand may be anywhere */
	if (how == HF_EXPAND_INEXACT && strchr(path, '%'))
		return add(m, NULL, false);
	return path[0] == '/'
		       ? add(m, path, form == FORM_BIND && strcmp(source, path) == 0)
		       : 0;
}

static int add_value(mounts *m, const char *unit, mount_form form)
{
	const char **words;
	size_t n;
	int r = hf_words_split(m->arena, m->at->value, false, &words, &n, NULL);

	if (r == -EBADMSG) /* systemd takes the words before the broken one */
		return add(m, NULL, false);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_word(m, unit, words[i], form);
	return r;
}

int hf_units_mounts(hf_arena *arena, const char *unit, const hf_unit_stack *stack,
		    hf_unit_mount **ret, size_t *ret_n, hf_error **err)
{
	mounts m = { .arena = arena };

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		hf_unit_value *list;
		size_t n;
		int r = hf_unit_list(stack, "Service", settings[i].key, arena, &list, &n,
				     err);

		if (r < 0)
			return r;
		m.key = settings[i].key;
		for (size_t k = 0; k < n; k++) {
			m.at = &list[k];
			if (add_value(&m, unit, settings[i].form) < 0)
				return hf_error_oom(err);
		}
	}
	*ret = m.list;
	*ret_n = m.n;
	return 0;
}

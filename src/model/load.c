/* SPDX-License-Identifier: Apache-2.0 */
#include "model/load.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "model/schema.h"
#include "model/when.h"

#define EXTENDS_DEPTH_MAX 16

static int load_file(hf_loader *l, const hf_node *asked, const char *name,
		     const hf_file *child, unsigned depth, hf_file **ret);

static const hf_key top_keys[HF_TOP_MAX_] = {
	[HF_TOP_HOLDFAST] = { "holdfast", HF_KEY_INT, HF_KEY_REQUIRED },
	[HF_TOP_NAME] = { "name", HF_KEY_STRING, HF_KEY_REQUIRED },
	[HF_TOP_TITLE] = { "title", HF_KEY_STRING, 0 },
	[HF_TOP_VERSION] = { "version", HF_KEY_STRING, 0 },
	[HF_TOP_REQUIRES] = { "requires", HF_KEY_STRING, 0 },
	[HF_TOP_EXTENDS] = { "extends", HF_KEY_STRINGS, 0 },
	[HF_TOP_SELECT] = { "select", HF_KEY_MAPPING, 0 },
	[HF_TOP_RESTART] = { "restart", HF_KEY_STRING, 0 },
	[HF_TOP_VARS] = { "vars", HF_KEY_MAPPING, 0 },
	[HF_TOP_TAILOR] = { "tailor", HF_KEY_MAPPING, 0 },
	[HF_TOP_CONTROLS] = { "controls", HF_KEY_SEQUENCE, 0 },
	[HF_TOP_WAIVERS] = { "waivers", HF_KEY_SEQUENCE, 0 },
	[HF_TOP_META] = { "meta", HF_KEY_MAPPING, 0 },
};

bool hf_load_id_ok(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 128 || !isalnum((unsigned char)s[0]))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

const char *hf_load_nearest(const hf_loader *l, const hf_file *file, const char *id,
			    bool own)
{
	const char *best = NULL;

	if (!hf_diags_worth(l->diags, l->n_entries))
		return NULL;
	for (size_t i = 0; i < l->n_entries; i++) {
		const hf_entry *entry = l->entries[i];

		if ((file->closure >> entry->file->index & 1) &&
		    (own || entry->file != file))
			best = hf_nearer(id, best, entry->id);
	}
	return best;
}

/* --- headers -------------------------------------------------------------------- */

static hf_mark start_of(const hf_source *source)
{
	return (hf_mark){ source, 1, 1 };
}

/*
 * Can this program read the file at all? Checked before anything else, and nothing else
 * is said of a file that it cannot: a newer format would look like a heap of errors.
 */
static bool check_format(hf_loader *l, const hf_source *source, const hf_node *root)
{
	const hf_node *format = hf_node_get(root, "holdfast");
	const hf_node *requires = hf_node_get(root, "requires");
	int r;

	if (root->type != HF_NODE_MAPPING) {
		hf_diag_add(l->diags, HF_DIAG_ERROR, root->mark,
			    "a baseline begins with 'holdfast: 1'",
			    "a baseline must be a mapping, not %s",
			    hf_node_type_name(root));
		return false;
	}
	if (!format) {
		hf_diag_add(l->diags, HF_DIAG_ERROR, start_of(source),
			    "a baseline begins with 'holdfast: 1'",
			    "missing key 'holdfast' in a baseline");
		return false;
	}
	if (requires && requires->type == HF_NODE_SCALAR) {
		r = hf_when_version(PACKAGE_VERSION, requires->text);
		if (r == 0) {
			hf_diag_error(l->diags, requires->mark,
				      "needs holdfast %s, and this is " PACKAGE_VERSION,
				      requires->text);
			return false;
		}
		if (r == -EINVAL)
			hf_diag_add(l->diags, HF_DIAG_ERROR, requires->mark,
				    "example: \">=0.1\"", "'%s' is no version condition",
				    requires->text);
	}
	if (format->type == HF_NODE_SCALAR && strcmp(format->text, "1") != 0) {
		hf_diag_error(l->diags, format->mark,
			      "format '%s' is not known; holdfast " PACKAGE_VERSION
			      " reads format 1",
			      format->text);
		return false;
	}
	return true;
}

/* The mapping without its `x-*` keys, which are anybody's. */
static const hf_node *without_extensions(hf_arena *arena, const hf_node *root)
{
	hf_node *copy = hf_node_new(arena, HF_NODE_MAPPING, root->mark, root->n);

	if (!copy)
		return NULL;
	for (size_t i = 0; i < root->n; i++) {
		if (strncmp(root->keys[i]->text, "x-", 2) == 0)
			continue;
		copy->keys[copy->n] = root->keys[i];
		copy->items[copy->n++] = root->items[i];
	}
	return copy;
}

/* The name must tell this baseline from the others: the applied record goes by it. */
static int check_name(hf_loader *l, hf_file *file)
{
	const hf_node *name = file->top[HF_TOP_NAME];
	const hf_file *other;

	if (!name)
		return 0;
	if (!hf_load_id_ok(name->text)) {
		hf_diag_add(l->diags, HF_DIAG_ERROR, name->mark,
			    "letters, digits, '.', '_' and '-'",
			    "'%s' is no name for a baseline", name->text);
		return 0;
	}
	other = hf_map_get(&l->file_by_name, name->text);
	if (other) {
		hf_diag_error(l->diags, name->mark,
			      "two baselines are named '%s': also %s", name->text,
			      other->baseline->source->name);
		return 0;
	}
	file->baseline->name = name->text;
	return hf_map_put(&l->file_by_name, l->arena, name->text, file);
}

static int read_header(hf_loader *l, hf_file *file)
{
	hf_baseline *baseline = file->baseline;
	const hf_node *mapping = without_extensions(l->arena, file->root);
	int r;

	if (!mapping)
		return -ENOMEM;
	(void)hf_schema_mapping(mapping, "a baseline", top_keys, HF_TOP_MAX_, file->top,
				l->diags);
	baseline->name =
		hf_load_id_ok(baseline->source->name) ? baseline->source->name : "-";
	r = check_name(l, file);
	if (r < 0)
		return r;
	if (file->top[HF_TOP_VERSION])
		baseline->version = file->top[HF_TOP_VERSION]->text;
	baseline->title =
		file->top[HF_TOP_TITLE] ? file->top[HF_TOP_TITLE]->text : baseline->name;
	return 0;
}

/* --- extends -------------------------------------------------------------------- */

/*
 * "cis-docker@1.2" and "../base.yaml@1.2" pin a version. An '@' in a directory's name or
 * before ".yaml" is part of the path.
 */
static const char *split_pin(hf_arena *arena, const char *name, char **ret_bare)
{
	const char *at = strrchr(name, '@');
	size_t n;

	*ret_bare = NULL;
	if (at && at != name && at[1] && !strchr(at, '/')) {
		n = strlen(at);
		if (n < 5 || strcmp(at + n - 5, ".yaml") != 0) {
			*ret_bare = hf_arena_memdup(arena, name, (size_t)(at - name));
			return at + 1;
		}
	}
	*ret_bare = hf_arena_strdup(arena, name);
	return NULL;
}

/* "a extends b, which extends a": from the one met again down to who asks for it. */
static void report_circle(hf_loader *l, hf_mark mark, const hf_file *met,
			  const hf_file *child)
{
	const hf_file *chain[EXTENDS_DEPTH_MAX + 1];
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };
	size_t n = 0;

	for (const hf_file *f = child; f && f != met && n < ARRAY_SIZE(chain);
	     f = f->child)
		chain[n++] = f;
	hf_strbuf_adds(&sb, met->baseline->source->name);
	for (size_t i = n; i-- > 0;)
		hf_strbuf_addf(&sb, "%s%s", i + 1 == n ? " extends " : ", which extends ",
			       chain[i]->baseline->source->name);
	hf_diag_error(l->diags, mark, "baselines extend each other in a circle: %s%s%s",
		      hf_strbuf_str(&sb), n ? ", which extends " : " extends ",
		      n ? met->baseline->source->name : "itself");
}

static void check_pin(hf_loader *l, hf_mark mark, const char *pin, const hf_file *file)
{
	const char *version = file->baseline->version;

	if (!pin || (version && strcmp(pin, version) == 0))
		return;
	if (version)
		hf_diag_error(l->diags, mark, "version %s is asked for, and %s is %s",
			      pin, file->baseline->source->name, version);
	else
		hf_diag_error(l->diags, mark, "version %s is asked for, and %s has none",
			      pin, file->baseline->source->name);
}

static int load_extended(hf_loader *l, hf_file *file, unsigned depth)
{
	const hf_node *extends = file->top[HF_TOP_EXTENDS];
	bool list = extends && extends->type == HF_NODE_SEQUENCE;
	size_t n = list ? extends->n : extends ? 1 : 0;

	for (size_t i = 0; i < n; i++) {
		const hf_node *item = list ? extends->items[i] : extends;
		hf_file *parent = NULL;
		int r = load_file(l, item, item->text, file, depth + 1, &parent);

		if (r < 0)
			return r;
		if (!parent) {
			file->incomplete = true;
			continue;
		}
		file->closure |= parent->closure;
		file->parents |= (uint64_t)1 << parent->index;
		file->incomplete |= parent->incomplete;
	}
	return 0;
}

/* --- one file ------------------------------------------------------------------- */

static int read_source(hf_loader *l, hf_mark mark, const char *name, const hf_file *child,
		       hf_source **ret)
{
	cleanup_(hf_error_freep) hf_error *err = NULL;
	hf_source *source = hf_arena_new(l->arena, hf_source);
	int r;

	*ret = NULL;
	if (!source)
		return -ENOMEM;
	r = l->request->read(l->request->user, name,
			     child ? child->baseline->source->name : NULL, l->arena,
			     source, &err);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		hf_diag_add(l->diags, HF_DIAG_ERROR, mark, err ? err->hint : NULL, "%s",
			    hf_error_text(err));
		return 0;
	}
	*ret = source;
	return 0;
}

/* What a file means beyond itself, once all that it extends is in. */
static int layer_file(hf_loader *l, hf_file *file)
{
	static int (*const steps[])(hf_loader *, const hf_file *) = {
		hf_layer_vars, hf_top_restart, hf_layer_tailor, hf_layer_controls
	};
	hf_baseline **slot;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int r = steps[i](l, file);

		if (r < 0)
			return r;
	}
	slot = hf_vec_push(l->arena, l->model->baselines, l->model->n_baselines);
	if (!slot)
		return -ENOMEM;
	*slot = file->baseline;
	l->order[l->n_order++] = file->index;
	return 0;
}

static hf_file *new_file(hf_loader *l, hf_source *source, const hf_file *child)
{
	hf_file *file = hf_arena_new(l->arena, hf_file);

	if (!file)
		return NULL;
	file->baseline = hf_arena_new(l->arena, hf_baseline);
	if (!file->baseline)
		return NULL;
	file->baseline->source = source;
	file->child = child;
	file->loading = true;
	file->index = l->n_files;
	file->closure = (uint64_t)1 << file->index;
	l->files[l->n_files++] = file;
	return file;
}

/* Parses and layers a file not met before. *@ret is NULL if it was of no use. */
static int load_new(hf_loader *l, hf_mark mark, hf_source *source, const hf_file *child,
		    unsigned depth, hf_file **ret)
{
	hf_file *file;
	hf_node *root;
	int r;

	if (l->n_files == HF_FILES_MAX || depth > EXTENDS_DEPTH_MAX) {
		hf_diag_error(
			l->diags, mark,
			l->n_files == HF_FILES_MAX
				? "more than %d baselines"
				: "baselines extend each other over more than %d levels",
			l->n_files == HF_FILES_MAX ? HF_FILES_MAX : EXTENDS_DEPTH_MAX);
		return 0;
	}
	root = hf_yaml_read(source, l->arena, l->diags);
	if (l->diags->oom)
		return -ENOMEM;
	if (!root || !check_format(l, source, root))
		return 0;
	file = new_file(l, source, child);
	if (!file)
		return -ENOMEM;
	file->root = root;
	r = read_header(l, file);
	if (r == 0)
		r = load_extended(l, file, depth);
	if (r == 0)
		r = layer_file(l, file);
	file->loading = false;
	if (r == 0)
		*ret = file;
	return r;
}

static hf_file *file_of(const hf_loader *l, const hf_source *source)
{
	for (size_t i = 0; i < l->n_files; i++) {
		const hf_source *s = l->files[i]->baseline->source;

		if (s->len == source->len && !memcmp(s->text, source->text, s->len))
			return l->files[i];
	}
	return NULL;
}

/*
 * Loads @name unless the same bytes are loaded already: a baseline that is extended twice
 * counts once. *@ret is NULL if there is nothing to go on with; that was reported.
 */
static int load_file(hf_loader *l, const hf_node *asked, const char *name,
		     const hf_file *child, unsigned depth, hf_file **ret)
{
	hf_mark mark = asked ? asked->mark : (hf_mark){ 0 };
	hf_source *source;
	const char *pin;
	hf_file *file;
	char *bare;
	int r;

	pin = split_pin(l->arena, name, &bare);
	if (!bare)
		return -ENOMEM;
	r = read_source(l, mark, bare, child, &source);
	if (r < 0 || !source)
		return r;
	file = file_of(l, source);
	if (file && file->loading) {
		report_circle(l, mark, file, child);
		return 0;
	}
	if (!file)
		r = load_new(l, mark, source, child, depth, &file);
	if (r < 0 || !file)
		return r;
	check_pin(l, mark, pin, file);
	*ret = file;
	return 0;
}

/* --- all of it ------------------------------------------------------------------ */

static int load_all(hf_loader *l)
{
	const hf_load_request *request = l->request;

	for (size_t i = 0; i < request->n_names; i++) {
		hf_file *file = NULL;
		int r = load_file(l, NULL, request->names[i], NULL, 0, &file);

		if (r < 0)
			return r;
		if (!file)
			continue;
		file->baseline->requested = true;
		l->requested |= (uint64_t)1 << file->index;
	}
	return 0;
}

static int substitute_titles(hf_loader *l)
{
	for (size_t i = 0; i < l->n_order; i++) {
		hf_file *file = l->files[l->order[i]];
		const hf_node *title = file->top[HF_TOP_TITLE];
		const char *plain;

		if (!title)
			continue;
		title = hf_vars_substitute(&l->vars, title, l->arena, l->diags);
		if (!title)
			return -ENOMEM;
		plain = hf_vars_plain(title->text, l->arena, title->mark, l->diags);
		if (plain)
			file->baseline->title = plain;
	}
	return 0;
}

static int check_kinds(hf_loader *l)
{
	for (size_t i = 0; i < l->model->n_kinds; i++) {
		const hf_kind *kind = l->model->kinds[i];
		int r = kind->check ? kind->check(l->model, l->diags) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int load(hf_loader *l)
{
	int r = load_all(l);

	if (r == 0)
		r = hf_layer_sets(l);
	if (r == 0)
		r = substitute_titles(l);
	if (r == 0)
		r = hf_decode_controls(l);
	for (size_t i = 0; r == 0 && i < l->n_order; i++)
		r = hf_top_waivers(l, l->files[l->order[i]]);
	if (r == 0)
		r = hf_top_select(l);
	if (r == 0)
		r = check_kinds(l);
	return r;
}

/* --- the order of what is told ---------------------------------------------------- */

typedef struct told {
	hf_diag diag;
	size_t file; /* by first mention */
	size_t seq;
} told;

static int compare_told(const void *x, const void *y)
{
	const told *a = x, *b = y;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->diag.mark.line != b->diag.mark.line)
		return a->diag.mark.line < b->diag.mark.line ? -1 : 1;
	if (a->diag.mark.column != b->diag.mark.column)
		return a->diag.mark.column < b->diag.mark.column ? -1 : 1;
	return a->seq < b->seq ? -1 : 1;
}

/* File by file, from top to bottom: the parts above look at different things in turn. */
static void sort_diags(hf_diags *diags, size_t from)
{
	size_t n = diags->n - from;
	cleanup_free told *all = calloc(n + 1, sizeof(*all));

	if (!all)
		return;
	for (size_t i = 0; i < n; i++) {
		all[i].diag = diags->items[from + i];
		all[i].seq = i;
		while (all[i].file < i &&
		       all[all[i].file].diag.mark.source != all[i].diag.mark.source)
			all[i].file++;
	}
	qsort(all, n, sizeof(*all), compare_told);
	for (size_t i = 0; i < n; i++)
		diags->items[from + i] = all[i].diag;
}

bool hf_model_load(hf_model *model, const hf_load_request *request, hf_diags *diags)
{
	hf_loader l = {
		.model = model,
		.arena = &model->arena,
		.request = request,
		.diags = diags,
	};
	size_t errors = diags->n_errors, first = diags->n;
	hf_mark nowhere = { 0 };

	model->kinds = request->kinds;
	model->n_kinds = request->n_kinds;
	if (load(&l) < 0) {
		diags->oom = true;
		hf_diag_error(diags, nowhere, "out of memory");
	} else if (diags->n_errors == errors && !model->n_controls) {
		hf_diag_add(
			diags, HF_DIAG_ERROR,
			l.n_order ? start_of(l.files[l.order[l.n_order - 1]]
						     ->baseline->source)
				  : nowhere,
			"declare them under 'controls', or inherit them with 'extends'",
			"the baseline has no controls");
	}
	sort_diags(diags, first);
	return diags->n_errors == errors && !diags->oom;
}

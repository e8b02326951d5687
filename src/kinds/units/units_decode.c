/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/units/units_decode.h"

#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "kinds/units/units_flags.h"
#include "kinds/units/units_kind.h"
#include "kinds/units/units_obs.h"
#include "kinds/units/units_settings.h"
#include "model/schema.h"

/* One unit's part of a control's section. */
typedef struct hf_units_decoder {
	hf_decoder *d;
	const char *unit;
} hf_units_decoder;

/* Problems are in the diagnostics; only a lack of memory ends the reading. */
static int oom_of(const hf_units_decoder *u)
{
	return u->d->diags->oom ? -ENOMEM : 0;
}

static hf_units_spec *spec_new(hf_units_decoder *u, hf_units_want want)
{
	hf_units_spec *spec = hf_arena_new(&u->d->model->arena, hf_units_spec);

	if (spec) {
		spec->want = want;
		spec->unit = u->unit;
	}
	return spec;
}

static int demand(hf_units_decoder *u, hf_mark mark, const hf_units_spec *spec)
{
	return spec->id && spec->wanted
		       ? hf_decoder_demand(u->d, &hf_kind_units, mark, spec)
		       : -ENOMEM;
}

/* A scalar that is no null, with "$${" taken back; NULL: reported. */
static const char *scalar_text(hf_units_decoder *u, const hf_node *node, const char *what)
{
	if (node->type != HF_NODE_SCALAR || hf_node_is_null(node)) {
		hf_diag_error(u->d->diags, node->mark, "%s takes a single value, not %s",
			      what,
			      node->type == HF_NODE_SCALAR ? "nothing"
							   : hf_node_type_name(node));
		return NULL;
	}
	return hf_decoder_plain(u->d, node->mark, node->text);
}

static bool has_control_byte(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

/* --- settings ------------------------------------------------------------------------
 */

static const char *value_problem(const char *text)
{
	size_t len = strlen(text);

	if (!len)
		return "is empty, which would only reset it";
	if (has_control_byte(text))
		return "has a line break or another control character";
	if (text[0] == ' ' || text[len - 1] == ' ')
		return "begins or ends with a blank, which systemd would drop";
	if (text[len - 1] == '\\')
		return "ends in a backslash, which would join the next line";
	return NULL;
}

static int decode_setting(hf_units_decoder *u, const char *section, const hf_node *key,
			  const hf_node *value)
{
	hf_arena *arena = &u->d->model->arena;
	hf_units_spec *spec;
	const char *problem, *text;

	if (hf_setting_refuse(section, key, u->d->diags))
		return oom_of(u);
	text = scalar_text(u, value, key->text);
	if (!text)
		return oom_of(u);
	problem = value_problem(text);
	if (problem) {
		hf_diag_error(u->d->diags, value->mark, "the value of '%s' %s", key->text,
			      problem);
		return oom_of(u);
	}
	spec = spec_new(u, HF_UNITS_SETTING);
	if (!spec)
		return -ENOMEM;
	spec->section = section;
	spec->name = key->text;
	spec->values = hf_arena_array(arena, 1, sizeof(*spec->values));
	if (!spec->values)
		return -ENOMEM;
	spec->values[0] = text;
	spec->n_values = 1;
	spec->wanted = text;
	spec->id = hf_arena_printf(arena, "units:%s#%s.%s", u->unit, section, key->text);
	return demand(u, key->mark, spec);
}

/* --- flags ---------------------------------------------------------------------------
 */

static int value_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *values_joined(hf_arena *arena, const hf_units_spec *spec)
{
	cleanup_(hf_strbuf_done) hf_strbuf sb = { 0 };

	for (size_t i = 0; i < spec->n_values; i++)
		hf_strbuf_addf(&sb, "%s%s", i ? ", " : "", spec->values[i]);
	return hf_strbuf_ok(&sb) ? hf_arena_strdup(arena, hf_strbuf_str(&sb)) : NULL;
}

/* Values of one flag: a scalar, true or false, or a list of scalars. */
static int flag_values(hf_units_decoder *u, hf_units_spec *spec, const hf_node *value,
		       bool *ret_ok)
{
	bool list = value->type == HF_NODE_SEQUENCE;

	*ret_ok = false;
	if (value->type == HF_NODE_MAPPING || (list && !value->n)) {
		hf_diag_error(
			u->d->diags, value->mark,
			"'%s' takes a value, true, false or a list that is not empty",
			spec->name);
		return 0;
	}
	for (size_t i = 0; i < (list ? value->n : 1); i++) {
		const hf_node *item = list ? value->items[i] : value;
		const char *text = scalar_text(u, item, spec->name);
		const char **slot;

		if (!text)
			return oom_of(u);
		slot = hf_vec_push(&u->d->model->arena, spec->values, spec->n_values);
		if (!slot)
			return -ENOMEM;
		*slot = text;
	}
	spec->is_bool = !list && value->plain &&
			(!strcmp(value->text, "true") || !strcmp(value->text, "false"));
	qsort(spec->values, spec->n_values, sizeof(*spec->values), value_compare);
	*ret_ok = true;
	return 0;
}

static int decode_set(hf_units_decoder *u, const hf_node *key, const hf_node *value)
{
	hf_arena *arena = &u->d->model->arena;
	hf_units_spec *spec = spec_new(u, HF_UNITS_SET_FLAG);
	const char *problem = hf_flag_name_check(key->text, false);
	bool ok;
	int r;

	if (!spec)
		return -ENOMEM;
	if (problem) {
		hf_diag_add(u->d->diags, HF_DIAG_ERROR, key->mark,
			    "a flag is written as in --log-level: info",
			    "'%s' is no flag: it %s", key->text, problem);
		return oom_of(u);
	}
	spec->name = key->text;
	r = flag_values(u, spec, value, &ok);
	if (r < 0 || !ok)
		return r;
	spec->wanted = values_joined(arena, spec);
	spec->id = hf_arena_printf(arena, "units:%s#exec_start.%s", u->unit, key->text);
	return demand(u, key->mark, spec);
}

/* "--debug", "--host=GLOB": the part behind '=' is a glob for the value. */
static int decode_unset(hf_units_decoder *u, const hf_node *item)
{
	hf_arena *arena = &u->d->model->arena;
	const char *text = scalar_text(u, item, "each entry of 'unset'");
	const char *eq, *problem;
	hf_units_spec *spec;

	if (!text)
		return oom_of(u);
	eq = strchr(text, '=');
	spec = spec_new(u, HF_UNITS_UNSET_FLAG);
	if (!spec)
		return -ENOMEM;
	spec->name =
		hf_arena_memdup(arena, text, eq ? (size_t)(eq - text) : strlen(text));
	if (!spec->name)
		return -ENOMEM;
	problem = hf_flag_name_check(spec->name, true);
	if (problem || has_control_byte(text)) {
		hf_diag_add(u->d->diags, HF_DIAG_ERROR, item->mark,
			    "flags to take out are written as in [--debug, "
			    "\"--host=tcp://*\"]",
			    "'%s' is no flag: it %s", text,
			    problem ? problem : "has a control character");
		return oom_of(u);
	}
	spec->match = eq ? eq + 1 : NULL;
	spec->wanted = "absent";
	spec->id = hf_arena_printf(arena, "units:%s#exec_start.%s", u->unit, text);
	return demand(u, item->mark, spec);
}

static int decode_exec_start(hf_units_decoder *u, const hf_node *node)
{
	static const hf_key keys[] = { { "set", HF_KEY_MAPPING, 0 },
				       { "unset", HF_KEY_STRINGS, 0 } };
	const hf_node *found[ARRAY_SIZE(keys)] = { 0 }, **items;
	size_t n = 0;
	int r = 0;

	(void)hf_schema_mapping(node, "'exec_start'", keys, ARRAY_SIZE(keys), found,
				u->d->diags);
	for (size_t i = 0; found[0] && i < found[0]->n && r == 0; i++)
		r = decode_set(u, found[0]->keys[i], found[0]->items[i]);
	if (r == 0 && found[1] &&
	    hf_schema_strings(found[1], &u->d->model->arena, &items, &n, u->d->diags)) {
		for (size_t i = 0; i < n && r == 0; i++)
			r = decode_unset(u, items[i]);
	}
	return r < 0 ? r : oom_of(u);
}

/* --- units ---------------------------------------------------------------------------
 */

static int decode_section(hf_units_decoder *u, const hf_node *key, const hf_node *node)
{
	int r = 0;

	if (!hf_section_accept(u->unit, key, u->d->diags))
		return oom_of(u);
	if (node->type != HF_NODE_MAPPING) {
		hf_diag_error(u->d->diags, node->mark,
			      "'%s' takes a mapping of settings, not %s", key->text,
			      hf_node_type_name(node));
		return oom_of(u);
	}
	if (!strcmp(key->text, "exec_start"))
		return decode_exec_start(u, node);
	for (size_t i = 0; i < node->n && r == 0; i++)
		r = decode_setting(u, key->text, node->keys[i], node->items[i]);
	return r;
}

static int decode_unit(hf_decoder *d, const hf_node *name, const hf_node *node)
{
	hf_units_decoder u = { d, name->text };
	const char *problem = hf_unit_name_check(name->text);
	int r = 0;

	if (problem) {
		hf_diag_error(d->diags, name->mark, "'%s' is no unit: the name %s",
			      name->text, problem);
		return oom_of(&u);
	}
	if (node->type != HF_NODE_MAPPING || !node->n) {
		hf_diag_add(d->diags, HF_DIAG_ERROR, node->mark,
			    "for example {exec_start: {unset: [--debug]}}",
			    "'%s' takes a mapping of exec_start and sections",
			    name->text);
		return oom_of(&u);
	}
	for (size_t i = 0; i < node->n && r == 0; i++)
		r = decode_section(&u, node->keys[i], node->items[i]);
	return r;
}

int hf_units_decode(hf_decoder *d, const hf_node *node)
{
	int r = 0;

	if (node->type != HF_NODE_MAPPING) {
		hf_diag_error(d->diags, node->mark,
			      "'units' takes a mapping of units, not %s",
			      hf_node_type_name(node));
		return d->diags->oom ? -ENOMEM : 0;
	}
	for (size_t i = 0; i < node->n && r == 0; i++)
		r = decode_unit(d, node->keys[i], node->items[i]);
	return r;
}

/* --- contradictions ------------------------------------------------------------------
 */

/* What the baseline demands of one flag or setting, for comparison. */
typedef struct hf_units_checker {
	hf_arena arena;
	hf_map first; /* "UNIT KEY" -> the first hf_demand about it */
	const hf_demand **sets;
	size_t n_sets;
	hf_map unsets; /* "UNIT FLAG" -> hf_units_unset_list */
	hf_map globs;  /* UNIT -> hf_units_unset_list with a glob in the flag's name */
	size_t pairs;  /* of a glob and a set flag, compared so far */
	bool here;     /* all of them are in force on this host */
	hf_diags *diags;
} hf_units_checker;

typedef struct hf_units_unset_list {
	const hf_demand **items;
	size_t n;
} hf_units_unset_list;

static void contradiction(hf_units_checker *c, const hf_demand *a, const hf_demand *b)
{
	const hf_units_spec *x = a->spec, *y = b->spec;

	/* two controls with `when` may be meant for different hosts */
	if (!c->here && a->control->n_when && b->control->n_when)
		return;
	hf_diag_error(
		c->diags, b->mark,
		"contradiction: '%s' wants '%s' to be %s, '%s' (line %u) wants '%s' to "
		"be %s",
		b->control->id, strchr(y->id, '#') + 1, y->wanted, a->control->id,
		a->mark.line, strchr(x->id, '#') + 1, x->wanted);
}

static bool same_values(const hf_units_spec *a, const hf_units_spec *b)
{
	if (a->want == HF_UNITS_SETTING)
		return hf_unit_value_equal(a->name, a->values[0], b->values[0]);
	return !strcmp(a->wanted, b->wanted);
}

/* The program that a unit of this name runs, to know its short flags. */
static const char *usual_program(const char *unit)
{
	if (!strcmp(unit, "docker.service"))
		return "dockerd";
	return !strcmp(unit, "containerd.service") ? "containerd" : "";
}

static char *flag_key(hf_units_checker *c, const hf_units_spec *spec)
{
	const char *name = hf_flag_long(&c->arena, usual_program(spec->unit), spec->name);

	return name ? hf_arena_printf(&c->arena, "%s %s", spec->unit, name) : NULL;
}

static int check_value(hf_units_checker *c, hf_demand *demand, const char *key)
{
	const hf_demand *first = hf_map_get(&c->first, key);

	if (!first)
		return hf_map_put(&c->first, &c->arena, key, demand);
	if (!same_values(first->spec, demand->spec))
		contradiction(c, first, demand);
	return 0;
}

static int note_unset(hf_units_checker *c, const hf_demand *demand)
{
	const hf_units_spec *spec = demand->spec;
	bool glob = strpbrk(spec->name, "*?[");
	hf_map *map = glob ? &c->globs : &c->unsets;
	const char *key = glob ? spec->unit : flag_key(c, spec);
	hf_units_unset_list *list = key ? hf_map_get(map, key) : NULL;
	const hf_demand **slot;

	if (!key)
		return -ENOMEM;
	if (!list) {
		list = hf_arena_new(&c->arena, hf_units_unset_list);
		if (!list || hf_map_put(map, &c->arena, key, list) < 0)
			return -ENOMEM;
	}
	slot = hf_vec_push(&c->arena, list->items, list->n);
	if (!slot)
		return -ENOMEM;
	*slot = demand;
	return 0;
}

static int note(hf_units_checker *c, hf_demand *demand)
{
	const hf_units_spec *spec = demand->spec;
	const hf_demand **slot;
	char *key;

	if (spec->want == HF_UNITS_SETTING)
		return check_value(c, demand, spec->id);
	if (spec->want == HF_UNITS_UNSET_FLAG)
		return note_unset(c, demand);
	key = flag_key(c, spec);
	slot = hf_vec_push(&c->arena, c->sets, c->n_sets);
	if (!key || !slot)
		return -ENOMEM;
	*slot = demand;
	return check_value(c, demand, key);
}

/* Would this unset take out what that set, whose flag's long name is @name, puts in? */
static int check_pair(hf_units_checker *c, const hf_demand *unset, const hf_demand *set,
		      const char *name)
{
	const hf_units_spec *x = unset->spec, *y = set->spec;
	const char *from = hf_flag_long(&c->arena, usual_program(x->unit), x->name);
	hf_flag flag = { .name = name };

	if (!from)
		return -ENOMEM;
	for (size_t i = 0; i < y->n_values; i++) {
		flag.value = y->values[i];
		if (!hf_flag_match(&flag, from, x->match))
			continue;
		contradiction(c, unset, set);
		break;
	}
	return 0;
}

/* Every glob meets every set flag of its unit; no honest baseline comes near this. */
#define PAIRS_MAX 4000000u

static int check_globs(hf_units_checker *c, const hf_demand *set, const char *name)
{
	const hf_units_spec *spec = set->spec;
	const hf_units_unset_list *list = hf_map_get(&c->globs, spec->unit);

	if (!list || c->pairs > PAIRS_MAX)
		return 0;
	c->pairs += list->n;
	if (c->pairs > PAIRS_MAX)
		hf_diag_error(
			c->diags, set->mark,
			"too many patterns of flags to take out of '%s' (%zu) for the "
			"flags that are set",
			spec->unit, list->n);
	for (size_t k = 0; k < list->n && c->pairs <= PAIRS_MAX; k++)
		if (check_pair(c, list->items[k], set, name) < 0)
			return -ENOMEM;
	return 0;
}

static int check_sets(hf_units_checker *c)
{
	for (size_t i = 0; i < c->n_sets; i++) {
		const hf_units_spec *spec = c->sets[i]->spec;
		const hf_units_unset_list *list;
		const char *name =
			hf_flag_long(&c->arena, usual_program(spec->unit), spec->name);
		char *key = flag_key(c, spec);

		if (!key || !name)
			return -ENOMEM;
		list = hf_map_get(&c->unsets, key);
		for (size_t k = 0; list && k < list->n; k++)
			if (check_pair(c, list->items[k], c->sets[i], name) < 0)
				return -ENOMEM;
		if (check_globs(c, c->sets[i], name) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Those without `when` come first: the first of each name is the measure for the rest. */
static int note_all(hf_units_checker *c, const hf_model *model, bool conditional)
{
	for (size_t i = 0; i < model->n_demands; i++) {
		hf_demand *demand = model->demands[i];
		const hf_control *control = demand->control;

		if (demand->kind != &hf_kind_units ||
		    conditional != (control->n_when > 0) ||
		    (c->here ? !hf_control_is_claiming(control)
			     : control->disabled != NULL))
			continue;
		if (note(c, demand) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int check_model(const hf_model *model, hf_diags *diags, bool here)
{
	hf_units_checker c = { .diags = diags, .here = here };
	int r = note_all(&c, model, false);

	if (r == 0)
		r = note_all(&c, model, true);
	if (r == 0)
		r = check_sets(&c);
	hf_arena_done(&c.arena);
	return r;
}

int hf_units_check(const hf_model *model, hf_diags *diags)
{
	return check_model(model, diags, false);
}

int hf_units_check_active(const hf_model *model, hf_diags *diags)
{
	return check_model(model, diags, true);
}

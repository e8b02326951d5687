/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_pen.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/escape.h"

#define SCHEMA "1.0"

void hf_json_set(hf_json_pen *j, json_t *object, const char *key, json_t *value)
{
	if (!object || json_object_set_new(object, key, value) < 0)
		j->oom = true;
}

void hf_json_append(hf_json_pen *j, json_t *array, json_t *value)
{
	if (!array || json_array_append_new(array, value) < 0)
		j->oom = true;
}

static void print(hf_json_pen *j, json_t *value)
{
	cleanup_free char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	if (!text)
		j->oom = true;
	fputs(text ? text : "null", j->out);
	json_decref(value);
}

void hf_json_member(hf_json_pen *j, const char *key, json_t *value)
{
	fprintf(j->out, "%s\n  \"%s\": ", j->sep, key);
	print(j, value);
	j->sep = ",";
}

void hf_json_list(hf_json_pen *j, const char *key)
{
	fprintf(j->out, "%s\n  \"%s\": [", j->sep, key);
	j->sep = ",";
	j->element_sep = "";
}

void hf_json_element(hf_json_pen *j, json_t *value)
{
	fprintf(j->out, "%s\n    ", j->element_sep);
	print(j, value);
	j->element_sep = ",";
}

void hf_json_list_end(hf_json_pen *j)
{
	fputs(*j->element_sep ? "\n  ]" : "]", j->out);
}

json_t *hf_json_text(const char *text)
{
	cleanup_free char *escaped = NULL;
	json_t *value;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	escaped = hf_escape_dup(text, strlen(text));
	return escaped ? json_string(escaped) : NULL;
}

json_t *hf_json_texts(hf_json_pen *j, const char *const *items, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		hf_json_append(j, array, hf_json_text(items[i]));
	return array;
}

json_t *hf_json_size(size_t n)
{
	return json_integer((json_int_t)n);
}

json_t *hf_json_time(int64_t usec)
{
	time_t seconds = (time_t)(usec / 1000000);
	char text[80];
	struct tm tm;
	size_t len;

	if (usec <= 0 || !gmtime_r(&seconds, &tm))
		return json_null();
	len = strftime(text, sizeof(text), "%FT%T", &tm);
	snprintf(text + len, sizeof(text) - len, ".%06" PRId64 "Z", usec % 1000000);
	return json_string(text);
}

json_t *hf_json_place(hf_json_pen *j, const char *file, unsigned line)
{
	json_t *place;

	if (!file)
		return json_null();
	place = json_object();
	hf_json_set(j, place, "file", hf_json_text(file));
	hf_json_set(j, place, "line", line ? hf_json_size(line) : json_null());
	return place;
}

json_t *hf_json_control(hf_json_pen *j, const hf_control *c)
{
	json_t *o = json_object(), *refs = json_object();

	for (size_t i = 0; i < c->n_refs; i++)
		hf_json_set(j, refs, c->refs[i].name,
			    hf_json_texts(j, c->refs[i].values, c->refs[i].n));
	hf_json_set(j, o, "id", hf_json_text(c->id));
	hf_json_set(j, o, "title", hf_json_text(c->title));
	hf_json_set(j, o, "level", json_integer(c->level));
	hf_json_set(j, o, "severity", hf_json_text(hf_severity_name(c->severity)));
	hf_json_set(j, o, "tags", hf_json_texts(j, c->tags, c->n_tags));
	hf_json_set(j, o, "refs", refs);
	return o;
}

json_t *hf_json_ids(hf_json_pen *j, const hf_control *const *controls, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		hf_json_append(j, array, hf_json_text(controls[i]->id));
	return array;
}

json_t *hf_json_hides(hf_json_pen *j, const hf_store *store)
{
	json_t *o = json_object();
	const char *why = NULL;

	for (size_t i = 0; i < HF_STORE_SORTS_; i++) {
		const hf_store_names *names = &store->sorts[i];
		json_t *sort = NULL;

		if (names->known == HF_ABSENT)
			continue;
		if (names->known == HF_PRESENT) {
			sort = json_object();
			hf_json_set(j, sort, "total", hf_json_size(names->total));
			hf_json_set(j, sort, "names",
				    hf_json_texts(j, names->names, names->n_names));
		} else {
			why = store->why;
		}
		hf_json_set(j, o, hf_store_sort_name((hf_store_sort)i),
			    sort ? sort : json_null());
	}
	hf_json_set(j, o, "why", hf_json_text(why));
	return o;
}

json_t *hf_json_resource(hf_json_pen *j, const hf_resource *r)
{
	json_t *o = json_object();
	const hf_source *source = r->declared.source;

	hf_json_set(j, o, "kind", hf_json_text(r->kind->name));
	hf_json_set(j, o, "resource", hf_json_text(r->id));
	hf_json_set(j, o, "layer", hf_json_text(hf_layer_name(r->layer)));
	hf_json_set(j, o, "state", hf_json_text(hf_state_name(r->state)));
	hf_json_set(j, o, "wanted", hf_json_text(hf_mask_value(r->wanted, r->secret)));
	hf_json_set(j, o, "found", hf_json_text(hf_mask_value(r->found, r->secret)));
	hf_json_set(j, o, "why", hf_json_text(r->why));
	hf_json_set(j, o, "controls", hf_json_ids(j, r->controls, r->n_controls));
	hf_json_set(j, o, "declared",
		    hf_json_place(j, source ? source->name : NULL, r->declared.line));
	hf_json_set(j, o, "found_at", hf_json_place(j, r->found_file, r->found_line));
	if (r->hides)
		hf_json_set(j, o, "hides", hf_json_hides(j, r->hides));
	return o;
}

static json_t *problem(hf_json_pen *j, const char *message, const char *file,
		       unsigned line, unsigned column, const char *hint)
{
	json_t *o = json_object();

	hf_json_set(j, o, "message", hf_json_text(message));
	hf_json_set(j, o, "file", hf_json_text(file));
	hf_json_set(j, o, "line", line ? hf_json_size(line) : json_null());
	hf_json_set(j, o, "column", column ? hf_json_size(column) : json_null());
	hf_json_set(j, o, "hint", hf_json_text(hint));
	return o;
}

static void put_diags(hf_json_pen *j, const char *key, const hf_report *r,
		      hf_diag_level level)
{
	hf_json_list(j, key);
	if (level == HF_DIAG_ERROR && r->error)
		hf_json_element(j, problem(j, hf_error_text(r->error), r->error->file,
					   r->error->line, r->error->column,
					   r->error->hint));
	for (size_t i = 0; r->diags && i < r->diags->n; i++) {
		const hf_diag *d = &r->diags->items[i];
		const hf_source *source = d->mark.source;

		if (d->level == level)
			hf_json_element(
				j, problem(j, d->message, source ? source->name : NULL,
					   d->mark.line, d->mark.column, d->hint));
	}
	if (level == HF_DIAG_ERROR && j->oom)
		hf_json_element(j, problem(j, "out of memory: the report has gaps", NULL,
					   0, 0, NULL));
	hf_json_list_end(j);
}

static json_t *host_of(hf_json_pen *j, const hf_report *r)
{
	static const char *const names[] = { "hostname", "machine_id", "boot_id",
					     "os",	 "kernel",     "engine" };
	json_t *host = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = r->plan && r->plan->facts
					    ? hf_facts_value(r->plan->facts, names[i])
					    : NULL;

		hf_json_set(j, host, i ? names[i] : "name", hf_json_text(value));
	}
	return host;
}

static json_t *layers_of(hf_json_pen *j, const hf_report *r)
{
	json_t *layers = json_object();

	for (size_t i = 0; i < r->n_layers; i++) {
		json_t *o = json_object();

		hf_json_set(j, o, "state",
			    hf_json_text(hf_report_layer_state(&r->layers[i])));
		hf_json_set(j, o, "why",
			    hf_json_text(r->layers[i].known == HF_PRESENT
						 ? NULL
						 : r->layers[i].why));
		hf_json_set(j, layers, r->layers[i].name, o);
	}
	return layers;
}

static json_t *baselines_of(hf_json_pen *j, const hf_report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; r->model && i < r->model->n_baselines; i++) {
		hf_baseline *b = r->model->baselines[i];
		json_t *o = json_object();

		hf_json_set(j, o, "name", hf_json_text(b->name));
		hf_json_set(j, o, "version", hf_json_text(b->version));
		hf_json_set(j, o, "file",
			    hf_json_text(b->source ? b->source->name : NULL));
		hf_json_set(j, o, "digest", hf_json_text(hf_baseline_digest(b)));
		hf_json_append(j, array, o);
	}
	return array;
}

static json_t *selection_of(hf_json_pen *j, const hf_report *r)
{
	static const hf_selection all = { 0 };
	const hf_selection *s = r->selection ? r->selection : &all;
	bool partial = r->model && hf_model_is_partial(r->model);
	json_t *o = json_object();

	hf_json_set(j, o, "only", hf_json_texts(j, s->only, s->n_only));
	hf_json_set(j, o, "skip", hf_json_texts(j, s->skip, s->n_skip));
	hf_json_set(j, o, "level", s->level ? json_integer(s->level) : json_null());
	hf_json_set(j, o, "severity", hf_json_text(hf_severity_name(s->min_severity)));
	hf_json_set(j, o, "partial", json_boolean(partial));
	return o;
}

static json_t *vars_of(hf_json_pen *j, const hf_report *r)
{
	json_t *o = json_object();

	for (size_t i = 0; r->model && i < r->model->n_vars; i++)
		hf_json_set(j, o, r->model->vars[2 * i],
			    hf_json_text(r->model->vars[2 * i + 1]));
	return o;
}

void hf_json_begin(hf_json_pen *j, FILE *out, const hf_report *r)
{
	cleanup_(hf_strbuf_done) hf_strbuf summary = { 0 };
	json_t *time = json_object();

	*j = (hf_json_pen){ .out = out, .sep = "" };
	fputc('{', out);
	hf_report_summary(&summary, r);
	hf_json_member(j, "holdfast", hf_json_text(PACKAGE_VERSION));
	hf_json_member(j, "schema", hf_json_text(SCHEMA));
	hf_json_member(j, "command", hf_json_text(r->command));
	hf_json_member(j, "root", hf_json_text(r->root));
	hf_json_member(j, "exit", json_integer(r->exit));
	hf_json_member(j, "changed", json_boolean(r->changed));
	hf_json_member(j, "comment", hf_json_text(hf_strbuf_str(&summary)));
	hf_json_member(j, "result", hf_json_text(r->result));
	hf_json_member(j, "host", host_of(j, r));
	hf_json_member(j, "layers", layers_of(j, r));
	hf_json_set(j, time, "started", hf_json_time(r->started_usec));
	hf_json_set(j, time, "finished", hf_json_time(r->finished_usec));
	hf_json_member(j, "time", time);
	hf_json_member(j, "baselines", baselines_of(j, r));
	hf_json_member(j, "selection", selection_of(j, r));
	hf_json_member(j, "vars", vars_of(j, r));
}

void hf_json_end(hf_json_pen *j, const hf_report *r)
{
	put_diags(j, "errors", r, HF_DIAG_ERROR);
	put_diags(j, "warnings", r, HF_DIAG_WARNING);
	put_diags(j, "notes", r, HF_DIAG_NOTE);
	fputs("\n}\n", j->out);
}

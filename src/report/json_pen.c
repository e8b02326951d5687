/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_pen.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/escape.h"

#define SCHEMA "1.0"

/* Hand on the value at hand. */
static void put_value(hf_json_pen *j)
{
	hf_strbuf *sb = &j->w.sb;

	if (!j->has_value)
		return;
	if (hf_strbuf_ok(sb)) {
		(void)fwrite(hf_strbuf_str(sb), 1, sb->len, j->out);
		hf_strbuf_reset(sb);
	} else {
		fputs("null", j->out);
		hf_strbuf_done(sb);
		j->oom = true;
	}
	j->w.more = false;
	j->has_value = false;
}

static void put_name(hf_json_pen *j, const char *key, const char *behind)
{
	put_value(j);
	fprintf(j->out, "%s\n  \"%s\": %s", j->sep, key, behind);
	j->sep = ",";
}

void hf_json_member(hf_json_pen *j, const char *key)
{
	put_name(j, key, "");
	j->has_value = true;
}

void hf_json_list(hf_json_pen *j, const char *key)
{
	put_name(j, key, "[");
	j->element_sep = "\n    ";
}

static void put_element(hf_json_pen *j, const char *text)
{
	put_value(j);
	fputs(j->element_sep, j->out);
	fputs(text, j->out);
	j->element_sep = ",\n    ";
}

void hf_json_element(hf_json_pen *j)
{
	put_element(j, "");
	j->has_value = true;
}

void hf_json_list_end(hf_json_pen *j)
{
	put_value(j);
	fputs(*j->element_sep == ',' ? "\n  ]" : "]", j->out);
}

void hf_json_text(hf_json_pen *j, const char *key, const char *text)
{
	cleanup_free char *escaped = NULL;

	if (!text) {
		hf_json_write_null(&j->w, key);
		return;
	}
	if (!hf_utf8_valid(text)) {
		text = escaped = hf_escape_dup(text, strlen(text));
		j->w.sb.oom |= !text;
	}
	hf_json_write_text(&j->w, key, text ? text : "");
}

void hf_json_texts(hf_json_pen *j, const char *key, const char *const *items, size_t n)
{
	hf_json_open(&j->w, key, '[');
	for (size_t i = 0; i < n; i++)
		hf_json_text(j, NULL, items[i]);
	hf_json_close(&j->w, ']');
}

void hf_json_count(hf_json_pen *j, const char *key, long long n)
{
	if (n)
		hf_json_write_int(&j->w, key, n);
	else
		hf_json_write_null(&j->w, key);
}

void hf_json_time(hf_json_pen *j, const char *key, int64_t usec)
{
	time_t seconds = (time_t)(usec / 1000000);
	char text[80];
	struct tm tm;
	size_t len;

	if (usec <= 0 || !gmtime_r(&seconds, &tm)) {
		hf_json_write_null(&j->w, key);
		return;
	}
	len = strftime(text, sizeof(text), "%FT%T", &tm);
	snprintf(text + len, sizeof(text) - len, ".%06" PRId64 "Z", usec % 1000000);
	hf_json_write_text(&j->w, key, text);
}

void hf_json_place(hf_json_pen *j, const char *key, const char *file, unsigned line)
{
	if (!file) {
		hf_json_write_null(&j->w, key);
		return;
	}
	hf_json_open(&j->w, key, '{');
	hf_json_text(j, "file", file);
	hf_json_count(j, "line", line);
	hf_json_close(&j->w, '}');
}

void hf_json_control(hf_json_pen *j, const hf_control *c)
{
	hf_json_text(j, "id", c->id);
	hf_json_text(j, "title", c->title);
	hf_json_write_int(&j->w, "level", c->level);
	hf_json_text(j, "severity", hf_severity_name(c->severity));
	hf_json_texts(j, "tags", c->tags, c->n_tags);
	hf_json_open(&j->w, "refs", '{');
	for (size_t i = 0; i < c->n_refs; i++)
		hf_json_texts(j, c->refs[i].name, c->refs[i].values, c->refs[i].n);
	hf_json_close(&j->w, '}');
}

void hf_json_ids(hf_json_pen *j, const char *key, const hf_control *const *controls,
		 size_t n)
{
	hf_json_open(&j->w, key, '[');
	for (size_t i = 0; i < n; i++)
		hf_json_text(j, NULL, controls[i]->id);
	hf_json_close(&j->w, ']');
}

void hf_json_hides(hf_json_pen *j, const char *key, const hf_store *store)
{
	const char *why = NULL;

	hf_json_open(&j->w, key, '{');
	for (size_t i = 0; i < HF_STORE_SORTS_; i++) {
		const hf_store_names *names = &store->sorts[i];
		const char *sort = hf_store_sort_name((hf_store_sort)i);

		if (names->known == HF_PRESENT) {
			hf_json_open(&j->w, sort, '{');
			hf_json_write_int(&j->w, "total", (long long)names->total);
			hf_json_texts(j, "names", names->names, names->n_names);
			hf_json_close(&j->w, '}');
		} else if (names->known != HF_ABSENT) {
			hf_json_write_null(&j->w, sort);
			why = store->why;
		}
	}
	hf_json_text(j, "why", why);
	hf_json_close(&j->w, '}');
}

void hf_json_resource(hf_json_pen *j, const char *key, const hf_resource *r)
{
	const hf_source *source = r->declared.source;

	hf_json_open(&j->w, key, '{');
	hf_json_text(j, "kind", r->kind->name);
	hf_json_text(j, "resource", r->id);
	hf_json_text(j, "layer", hf_layer_name(r->layer));
	hf_json_text(j, "state", hf_state_name(r->state));
	hf_json_text(j, "wanted", hf_mask_value(r->wanted, r->secret));
	hf_json_text(j, "found", hf_mask_value(r->found, r->secret));
	hf_json_text(j, "why", r->why);
	hf_json_ids(j, "controls", r->controls, r->n_controls);
	hf_json_place(j, "declared", source ? source->name : NULL, r->declared.line);
	hf_json_place(j, "found_at", r->found_file, r->found_line);
	if (r->hides)
		hf_json_hides(j, "hides", r->hides);
	hf_json_close(&j->w, '}');
}

static void put_problem(hf_json_pen *j, const char *message, const char *file,
			unsigned line, unsigned column, const char *hint)
{
	hf_json_element(j);
	hf_json_open(&j->w, NULL, '{');
	hf_json_text(j, "message", message);
	hf_json_text(j, "file", file);
	hf_json_count(j, "line", line);
	hf_json_count(j, "column", column);
	hf_json_text(j, "hint", hint);
	hf_json_close(&j->w, '}');
}

/* There may be no memory to put it together. */
static const char gaps[] = "{\"message\": \"out of memory: the report has gaps\", "
			   "\"file\": null, \"line\": null, \"column\": null, "
			   "\"hint\": null}";

static void put_diags(hf_json_pen *j, const char *key, const hf_report *r,
		      hf_diag_level level)
{
	hf_json_list(j, key);
	if (level == HF_DIAG_ERROR && r->error)
		put_problem(j, hf_error_text(r->error), r->error->file, r->error->line,
			    r->error->column, r->error->hint);
	for (size_t i = 0; r->diags && i < r->diags->n; i++) {
		const hf_diag *d = &r->diags->items[i];
		const hf_source *source = d->mark.source;

		if (d->level == level)
			put_problem(j, d->message, source ? source->name : NULL,
				    d->mark.line, d->mark.column, d->hint);
	}
	put_value(j);
	if (level == HF_DIAG_ERROR && j->oom)
		put_element(j, gaps);
	hf_json_list_end(j);
}

static void put_host(hf_json_pen *j, const hf_report *r)
{
	static const char *const names[] = { "hostname", "machine_id", "boot_id",
					     "os",	 "kernel",     "engine" };

	hf_json_member(j, "host");
	hf_json_open(&j->w, NULL, '{');
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = r->plan && r->plan->facts
					    ? hf_facts_value(r->plan->facts, names[i])
					    : NULL;

		hf_json_text(j, i ? names[i] : "name", value);
	}
	hf_json_close(&j->w, '}');
}

static void put_layers(hf_json_pen *j, const hf_report *r)
{
	hf_json_member(j, "layers");
	hf_json_open(&j->w, NULL, '{');
	for (size_t i = 0; i < r->n_layers; i++) {
		const hf_report_layer *l = &r->layers[i];

		hf_json_open(&j->w, l->name, '{');
		hf_json_text(j, "state", hf_report_layer_state(l));
		hf_json_text(j, "why", l->known == HF_PRESENT ? NULL : l->why);
		hf_json_close(&j->w, '}');
	}
	hf_json_close(&j->w, '}');
}

static void put_baselines(hf_json_pen *j, const hf_report *r)
{
	hf_json_member(j, "baselines");
	hf_json_open(&j->w, NULL, '[');
	for (size_t i = 0; r->model && i < r->model->n_baselines; i++) {
		hf_baseline *b = r->model->baselines[i];

		hf_json_open(&j->w, NULL, '{');
		hf_json_text(j, "name", b->name);
		hf_json_text(j, "version", b->version);
		hf_json_text(j, "file", b->source ? b->source->name : NULL);
		hf_json_text(j, "digest", hf_baseline_digest(b));
		hf_json_close(&j->w, '}');
	}
	hf_json_close(&j->w, ']');
}

static void put_selection(hf_json_pen *j, const hf_report *r)
{
	static const hf_selection all = { 0 };
	const hf_selection *s = r->selection ? r->selection : &all;
	bool partial = r->model && hf_model_is_partial(r->model);

	hf_json_member(j, "selection");
	hf_json_open(&j->w, NULL, '{');
	hf_json_texts(j, "only", s->only, s->n_only);
	hf_json_texts(j, "skip", s->skip, s->n_skip);
	hf_json_count(j, "level", s->level);
	hf_json_text(j, "severity", hf_severity_name(s->min_severity));
	hf_json_write_bool(&j->w, "partial", partial);
	hf_json_close(&j->w, '}');
}

static void put_vars(hf_json_pen *j, const hf_report *r)
{
	hf_json_member(j, "vars");
	hf_json_open(&j->w, NULL, '{');
	for (size_t i = 0; r->model && i < r->model->n_vars; i++)
		hf_json_text(j, r->model->vars[2 * i], r->model->vars[2 * i + 1]);
	hf_json_close(&j->w, '}');
}

static void put_text(hf_json_pen *j, const char *key, const char *text)
{
	hf_json_member(j, key);
	hf_json_text(j, NULL, text);
}

void hf_json_begin(hf_json_pen *j, FILE *out, const hf_report *r)
{
	cleanup_(hf_strbuf_done) hf_strbuf summary = { 0 };

	*j = (hf_json_pen){ .out = out, .w.one_line = true, .sep = "" };
	fputc('{', out);
	hf_report_summary(&summary, r);
	j->oom = !hf_strbuf_ok(&summary);
	put_text(j, "holdfast", PACKAGE_VERSION);
	put_text(j, "schema", SCHEMA);
	put_text(j, "command", r->command);
	put_text(j, "root", r->root);
	hf_json_member(j, "exit");
	hf_json_write_int(&j->w, NULL, r->exit);
	hf_json_member(j, "changed");
	hf_json_write_bool(&j->w, NULL, r->changed);
	put_text(j, "comment", j->oom ? NULL : hf_strbuf_str(&summary));
	put_text(j, "result", r->result);
	put_host(j, r);
	put_layers(j, r);
	hf_json_member(j, "time");
	hf_json_open(&j->w, NULL, '{');
	hf_json_time(j, "started", r->started_usec);
	hf_json_time(j, "finished", r->finished_usec);
	hf_json_close(&j->w, '}');
	put_baselines(j, r);
	put_selection(j, r);
	put_vars(j, r);
}

void hf_json_end(hf_json_pen *j, const hf_report *r)
{
	put_diags(j, "errors", r, HF_DIAG_ERROR);
	put_diags(j, "warnings", r, HF_DIAG_WARNING);
	put_diags(j, "notes", r, HF_DIAG_NOTE);
	fputs("\n}\n", j->out);
	hf_strbuf_done(&j->w.sb);
}

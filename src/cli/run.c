/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cli/saved.h"
#include "engine/journal.h"
#include "kinds/registry.h"

void hf_run_done(hf_run *run)
{
	hf_survey_done(&run->survey);
	hf_model_done(&run->model);
	hf_diags_done(&run->diags);
	if (run->host_open)
		hf_host_close(&run->host);
	hf_lookup_done(&run->lookup);
	hf_arena_done(&run->arena);
	*run = (hf_run){ 0 };
}

/* --- reporting ---------------------------------------------------------------------- */

hf_report hf_run_report(hf_run *run)
{
	const hf_options *o = &run->cli->options;

	return (hf_report){
		.command = o->command->name,
		.root = run->host_open ? run->host.root
			: o->root      ? o->root
				       : "/",
		.root_option = run->host_open ? hf_host_option(&run->host) : "",
		.started_usec = run->cli->started_usec,
		.model = run->model.n_controls ? &run->model : NULL,
		.plan = run->survey.plan.control_states ? &run->survey.plan : NULL,
		.selection = &run->selection,
		.diags = &run->diags,
		.layers = run->layers,
		.n_layers = run->host_open ? ARRAY_SIZE(run->layers) : 0,
	};
}

void hf_run_diags(hf_run *run)
{
	const hf_options *o = &run->cli->options;

	if (o->quiet && !run->diags.n_errors)
		return;
	fflush(run->cli->out);
	hf_report_diags(stderr, &run->diags, run->cli->color_err, o->verbose);
}

/* A comment is one line: the first error stands for all, which are in "errors". */
static const char *first_error(hf_run *run)
{
	const hf_diags *d = &run->diags;
	const char *text = NULL;

	for (size_t i = 0; !text && i < d->n; i++)
		if (d->items[i].level == HF_DIAG_ERROR)
			text = d->n_errors == 1
				       ? d->items[i].message
				       : hf_arena_printf(&run->arena, "%s (and %zu more)",
							 d->items[i].message,
							 d->n_errors - 1);
	return text ? text : "the baseline has errors";
}

int hf_run_fail(hf_run *run, hf_exit status, hf_error *error)
{
	hf_report report = hf_run_report(run);

	hf_run_progress_end(run);
	hf_run_diags(run);
	if (error)
		hf_report_error(stderr, error, run->cli->color_err);
	report.exit = status;
	report.result = status == HF_EXIT_BUSY	       ? "held"
			: status == HF_EXIT_INCOMPLETE ? "incomplete"
						       : "error";
	report.error = error;
	if (run->cli->options.json) {
		/* a plan that was not finished must not look like one */
		if (status == HF_EXIT_BASELINE || status == HF_EXIT_USAGE)
			report.plan = NULL;
		if (!error)
			report.comment = first_error(run);
		(void)hf_cli_report(run->cli, &report);
	}
	hf_error_free(error);
	return status;
}

/* --- host --------------------------------------------------------------------------- */

static void note_layers(hf_run *run)
{
	const hf_host *h = &run->host;

	run->layers[0] = (hf_report_layer){ "units", h->units.known, h->units.why };
	run->layers[1] = (hf_report_layer){ "docker", h->docker.known, h->docker.why };
	run->layers[2] = (hf_report_layer){ "audit", h->audit.known, h->audit.why };
}

int hf_run_open(hf_run *run, hf_cli *cli)
{
	hf_error *err = NULL;
	int r;

	run->cli = cli;
	if (run->host_open)
		return 0;
	r = hf_host_open(&run->host, cli->options.root, &err);
	if (r < 0)
		return hf_run_fail(run,
				   cli->options.root && r != -ENOMEM ? HF_EXIT_USAGE
								     : HF_EXIT_FAILED,
				   err);
	run->host_open = true;
	hf_run_working(run);
	if (cli->options.timeout_usec)
		run->host.timeout_usec = cli->options.timeout_usec;
	note_layers(run);
	return 0;
}

/* --- baselines ---------------------------------------------------------------------- */

static int push(hf_run *run, hf_strings *list, const char *text)
{
	const char **slot = hf_vec_push(&run->arena, list->items, list->n);

	if (!slot)
		return -ENOMEM;
	*slot = text;
	return 0;
}

/* The set that was last applied here, with the variables it was given. */
static int names_of_record(hf_run *run, const hf_record *record, hf_error **err)
{
	for (size_t i = 0; i < record->n_baselines; i++) {
		const hf_record_baseline *b = &record->baselines[i];

		if (!b->requested)
			continue;
		if (!strcmp(b->file, "<stdin>")) {
			(void)hf_error_set(err, -ENOENT,
					   "baseline '%s' was last applied from standard "
					   "input and cannot be read again",
					   b->name);
			return hf_error_hint(err,
					     "name the baseline, or give it with '-'");
		}
		if (push(run, &run->names, b->file) < 0)
			return hf_error_oom(err);
	}
	for (size_t i = 0; i < record->n_sets; i++)
		if (push(run, &run->sets, record->sets[i]) < 0)
			return hf_error_oom(err);
	return 0;
}

static int default_names(hf_run *run, hf_error **err)
{
	hf_record record = { 0 };
	int r = hf_record_read(&run->host, &run->arena, &record, err);

	if (!r && record.exists)
		r = names_of_record(run, &record, err);
	if (r < 0 || run->names.n)
		return r;
	if (access(HF_BASELINE_DEFAULT, F_OK) == 0)
		return push(run, &run->names, HF_BASELINE_DEFAULT) < 0 ? hf_error_oom(err)
								       : 0;
	(void)hf_error_set(err, -EINVAL,
			   "no baseline given, none was applied here yet, and there is "
			   "no " HF_BASELINE_DEFAULT);
	return hf_error_hint(err, "name one%s: 'holdfast list' shows what ships",
			     run->cli->options.command->bit == HF_CMD_EXPLAIN
				     ? " with --baseline"
				     : "");
}

static int choose_names(hf_run *run, const hf_strings *given)
{
	hf_error *err = NULL;
	int r = 0;

	for (size_t i = 0; !r && i < given->n; i++)
		r = push(run, &run->names, given->items[i]);
	if (r < 0) {
		(void)hf_error_oom(&err);
	} else if (!given->n) {
		int status = hf_run_open(run, run->cli);

		if (status)
			return status;
		r = default_names(run, &err);
	}
	for (size_t i = 0; !r && i < run->cli->options.sets.n; i++)
		if (push(run, &run->sets, run->cli->options.sets.items[i]) < 0)
			r = hf_error_oom(&err);
	if (r < 0)
		return hf_run_fail(run,
				   r == -EINVAL || r == -ENOENT ? HF_EXIT_USAGE
								: HF_EXIT_FAILED,
				   err);
	return 0;
}

/* A live apply refuses what someone other than root can write; others are told. */
static int check_trust(hf_run *run)
{
	const unsigned silent = HF_CMD_LINT | HF_CMD_LIST | HF_CMD_FACTS;
	hf_error *err = NULL;

	if (run->cli->options.command->bit & silent)
		return 0; /* nothing is concluded about a host */
	for (size_t i = 0; i < run->lookup.n_untrusted; i++) {
		const hf_untrusted *u = &run->lookup.untrusted[i];

		if (u->directory) {
			hf_diag_add(
				&run->diags, HF_DIAG_WARNING, (hf_mark){ 0 }, u->cure,
				"the directory of baseline '%s' %s: the file could be "
				"replaced",
				u->file, u->why);
		} else if (run->is_live_apply && !err) {
			(void)hf_error_set(&err, -EPERM, "baseline '%s' %s: not applied",
					   u->file, u->why);
			(void)hf_error_hint(&err, "%s", u->cure);
		} else {
			hf_diag_add(&run->diags, HF_DIAG_WARNING, (hf_mark){ 0 }, u->cure,
				    "baseline '%s' %s: a live apply would refuse it",
				    u->file, u->why);
		}
	}
	return err ? hf_run_fail(run, HF_EXIT_FAILED, err) : 0;
}

/* Are all errors those of --set? Then the baseline is not to blame. */
static bool is_usage(const hf_diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->items[i].level == HF_DIAG_ERROR &&
		    (d->items[i].mark.source || strncmp(d->items[i].message, "--set", 5)))
			return false;
	return true;
}

typedef struct loader {
	hf_run *run;
	const hf_load_request *request;
	bool ok;
} loader;

/* Has the model, the diagnostics and the lookup to itself. */
static void *load(void *user)
{
	loader *l = user;

	l->ok = hf_model_load(&l->run->model, l->request, &l->run->diags);
	return NULL;
}

static int look_ahead(hf_run *run, hf_error **err)
{
	const hf_strings *facts = &run->cli->options.facts;

	return hf_engine_survey_ahead(&run->host, hf_kinds, hf_kinds_n, facts->items,
				      facts->n, &run->survey, err);
}

/* Not while somebody is waited for, who may take his time: it would be old. */
static bool looks_ahead(const hf_run *run)
{
	bool waits = false;

	for (size_t i = 0; i < run->names.n; i++)
		waits |= strcmp(run->names.items[i], "-") == 0;
	return run->look_ahead && !waits;
}

/* Reading baselines and looking at the host take about the same time: both at once. */
static int load_and_look(loader *l, hf_error **err)
{
	pthread_t thread;
	int r;

	if (!looks_ahead(l->run) || pthread_create(&thread, NULL, load, l) != 0) {
		(void)load(l);
		return 0;
	}
	r = look_ahead(l->run, err);
	(void)pthread_join(thread, NULL);
	return r;
}

int hf_run_load(hf_run *run, hf_cli *cli, const hf_strings *names)
{
	const hf_options *o = &cli->options;
	hf_load_request request = { .kinds = hf_kinds,
				    .n_kinds = hf_kinds_n,
				    .read = hf_lookup_read,
				    .user = &run->lookup };
	loader l = { run, &request, false };
	hf_error *err = NULL;
	int status;

	run->cli = cli;
	status = choose_names(run, names);
	if (status)
		return status;
	request.names = run->names.items;
	request.n_names = run->names.n;
	request.sets = run->sets.items;
	request.n_sets = run->sets.n;
	if (load_and_look(&l, &err) < 0)
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	status = check_trust(run);
	if (status)
		return status;
	if (run->diags.oom) /* whatever else it says, the baseline is not to blame */
		return hf_run_fail(run, HF_EXIT_FAILED, NULL);
	if (!l.ok)
		return hf_run_fail(
			run, is_usage(&run->diags) ? HF_EXIT_USAGE : HF_EXIT_BASELINE,
			NULL);
	run->selection = (hf_selection){ .only = o->only.items,
					 .n_only = o->only.n,
					 .skip = o->skip.items,
					 .n_skip = o->skip.n,
					 .level = o->level,
					 .min_severity = o->severity };
	if (!hf_model_select(&run->model, &run->selection, &run->diags))
		return hf_run_fail(run, run->diags.oom ? HF_EXIT_FAILED : HF_EXIT_USAGE,
				   NULL);
	return 0;
}

/* --- survey ------------------------------------------------------------------------- */

int hf_run_observe(hf_run *run)
{
	const hf_options *o = &run->cli->options;
	hf_error *err = NULL;

	run->plan_options = (hf_plan_options){
		.restart = o->has_restart	    ? o->restart
			   : run->model.has_restart ? run->model.restart
						    : HF_RESTART_SAFE,
		.allow_disruptive = o->allow_disruptive,
		.allow_lock = o->allow_lock,
		.allow_panic = o->allow_panic,
		.leave_unknown = o->leave_unknown,
		/* a check is to take milliseconds, whatever there is of images */
		.store = o->command->bit == HF_CMD_CHECK && !o->verbose
				 ? HF_STORE_UNASKED
				 : HF_STORE_AT_STAKE,
		.asides = o->verbose || o->json,
		.now = hf_cli_now(run->cli) / 1000000,
	};
	if (hf_engine_survey(&run->host, &run->model, &run->plan_options, o->facts.items,
			     o->facts.n, &run->diags, &run->survey, &err) < 0)
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	if (run->diags.oom)
		return hf_run_fail(run, HF_EXIT_FAILED, NULL);
	if (run->diags.n_errors)
		return hf_run_fail(run, HF_EXIT_BASELINE, NULL);
	return 0;
}

/* Whatever would be seen is half of one state and half of another. */
int hf_run_check_unfinished(hf_run *run)
{
	hf_error *err = NULL;
	int r = hf_journal_exists(&run->host, &err);

	if (r == -EACCES || r == -EPERM) { /* the record will tell of it */
		hf_error_free(err);
		return 0;
	}
	if (r < 0)
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	if (!r)
		return 0;
	(void)hf_error_set(&err, -EBUSY, "an apply was begun here and has not ended");
	(void)hf_error_hint(
		&err,
		"if none is running any more, type 'holdfast recover%s' (the next "
		"'holdfast apply%s' does so, too)",
		hf_host_option(&run->host), hf_host_option(&run->host));
	return hf_run_fail(run, HF_EXIT_INCOMPLETE, err);
}

int hf_run_survey(hf_run *run, hf_cli *cli, const hf_strings *names)
{
	int status = hf_run_open(run, cli);

	run->look_ahead = run->host_open && !run->host.offline;
	if (!status)
		status = hf_run_load(run, cli, names);
	if (!status)
		status = hf_run_check_unfinished(run);
	return status ? status : hf_run_observe(run);
}

int hf_run_dropped(hf_run *run)
{
	cleanup_(hf_strbuf_done) hf_strbuf text = { 0 };
	hf_error *err = NULL;
	const char **names;
	size_t n;

	if (run->cli->options.replace)
		return 0;
	if (hf_record_dropped(&run->survey.record, &run->model, &run->arena, &names, &n) <
	    0) {
		(void)hf_error_oom(&err);
		return hf_run_fail(run, HF_EXIT_FAILED, err);
	}
	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++)
		hf_strbuf_addf(&text, "%s'%s'", i ? ", " : "", names[i]);
	(void)hf_error_set(&err, -EINVAL, "this would drop %s, which is in force here",
			   hf_strbuf_str(&text));
	(void)hf_error_hint(&err,
			    "name it as well, or say --replace to release what only it "
			    "demands");
	return hf_run_fail(run, HF_EXIT_USAGE, err);
}

int hf_run_look(hf_cli *cli, bool is_check)
{
	cleanup_(hf_run_done) hf_run run = { 0 };
	int status = hf_run_survey(&run, cli, &cli->options.operands);
	hf_report report;

	if (!status)
		status = hf_run_dropped(&run);
	if (status)
		return status;
	if (cli->options.save)
		status = hf_saved_write(&run);
	if (status)
		return status;
	hf_run_progress_end(&run);
	hf_run_note_hold(&run);
	report = hf_run_report(&run);
	report.exit =
		hf_report_exit_of_plan(&run.survey.plan, is_check, cli->options.fail_on);
	report.result = hf_report_result_of_plan(&run.survey.plan);
	if (run.survey.record_unreadable && report.exit != HF_EXIT_DIFFERS &&
	    (cli->options.fail_on & HF_FAIL_ON_UNKNOWN)) {
		report.exit = HF_EXIT_UNKNOWN;
		report.result = "unknown";
	}
	hf_run_diags(&run);
	return hf_cli_report(cli, &report);
}

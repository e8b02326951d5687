/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/path.h"
#include "engine/engine.h"
#include "host/fs.h"
#include "host/unit_dirs.h"

void hf_survey_done(hf_survey *survey)
{
	hf_plan_done(&survey->plan);
	hf_facts_done(&survey->facts);
	hf_error_free(survey->record_error);
	hf_arena_done(&survey->record_arena);
	*survey = (hf_survey){ 0 };
}

void hf_engine_survey_forget(hf_host *host, hf_survey *survey)
{
	hf_unit_dirs_drop(host);
	hf_survey_done(survey);
}

static int run_kinds(hf_host *host, hf_model *model, hf_plan *plan, hf_error **err)
{
	for (size_t i = 0; i < model->n_kinds; i++) {
		const hf_kind *kind = model->kinds[i];
		int r = kind->observe(host, model, plan, err);

		if (!r)
			r = kind->plan(model, plan, err);
		if (r < 0)
			return hf_error_wrap(err, "%s", kind->name);
	}
	for (size_t i = 0; i < model->n_kinds; i++) {
		const hf_kind *kind = model->kinds[i];
		int r = kind->settle ? kind->settle(model, plan, err) : 0;

		if (r < 0)
			return hf_error_wrap(err, "%s", kind->name);
	}
	return 0;
}

/* A file is replaced, not written to: under its other names the old one stays. */
static int note_hard_links(hf_host *host, const hf_plan *plan, hf_error **err)
{
	for (size_t i = 0; i < plan->n_groups; i++) {
		const hf_group *group = plan->groups[i];
		hf_inode now;
		int r;

		if (group->type != HF_GROUP_FILE || !group->existed || group->remove)
			continue;
		r = hf_fs_inode(host, group->path, 0, &now, NULL);
		if (r == -ENOMEM)
			return hf_error_oom(err);
		if (r == 0 && now.nlink > 1)
			hf_diag_add(plan->diags, HF_DIAG_WARNING, (hf_mark){ 0 }, NULL,
				    "'%s' has %llu hard links: the change shows under "
				    "this name alone, and a rollback does not join them "
				    "again",
				    group->path, (unsigned long long)now.nlink);
	}
	return 0;
}

/* The state directory is root's. Others still see everything but what is released. */
static int judge_record(const hf_host *host, hf_diags *diags, hf_survey *ret,
			hf_error **err)
{
	hf_error *why = take_ptr(ret->record_error);
	int r = why ? why->code : 0;

	if ((r == -EACCES || r == -EPERM) && !host->is_root) {
		hf_diag_add(diags, HF_DIAG_WARNING, (hf_mark){ 0 },
			    "run it as root to see what is no longer demanded", "%s",
			    hf_error_text(why));
		hf_error_free(why);
		ret->record_unreadable = true;
		return 0;
	}
	if (r < 0)
		*err = why;
	return r;
}

int hf_engine_survey_ahead(hf_host *host, const hf_kind *const *kinds, size_t n_kinds,
			   const char *const *fact_args, size_t n_fact_args,
			   hf_survey *ret, hf_error **err)
{
	hf_plan *plan = &ret->plan;
	int r = hf_facts_given(&ret->facts, fact_args, n_fact_args, err);

	ret->ahead = true;
	plan->facts = &ret->facts;
	/* first of all, so that an apply sees if another one changed something since (it
	 * looks whether the record is still the same); judged later, with the problems of
	 * the baselines */
	if (!r)
		(void)!hf_record_read(host, &ret->record_arena, &ret->record,
				      &ret->record_error);
	if (!r)
		r = hf_unit_dirs_hold(host, &plan->arena, err);
	/* the last kind first: the kernel takes its time with the list of audit rules */
	for (size_t i = n_kinds; !r && i > 0; i--)
		if (kinds[i - 1]->ahead)
			r = kinds[i - 1]->ahead(host, plan, err);
	if (!r)
		r = hf_facts_read_common(host, &ret->facts, err);
	for (size_t i = 0; !r && i < n_kinds; i++)
		if (kinds[i]->prime)
			r = kinds[i]->prime(host, plan, err);
	return r;
}

static int survey(hf_host *host, hf_model *model, const hf_plan_options *options,
		  hf_diags *diags, hf_survey *ret, hf_error **err)
{
	hf_plan *plan = &ret->plan;
	const char *hostname;
	int r = hf_facts_read_when(host, model, &ret->facts, err);

	if (!r)
		r = judge_record(host, diags, ret, err);
	if (r < 0)
		return r;
	plan->options.offline = host->offline;
	plan->options.manager = host->units.known == HF_PRESENT;
	plan->record = &ret->record;
	plan->diags = diags;
	hostname = hf_facts_value(&ret->facts, "hostname");
	ret->hostname = hostname ? hostname : "";
	hf_model_waive(model, ret->hostname, options->now);
	if (hf_plan_gate(model, plan) < 0)
		return hf_error_oom(err);
	r = run_kinds(host, model, plan, err);
	if (r < 0)
		return r;
	if (hf_plan_finish(model, plan) < 0)
		return hf_error_oom(err);
	return note_hard_links(host, plan, err);
}

/* What the plan makes is there once it is carried out, and what it removes is not: what
 * asks for it by `when` applies, or no longer does, then. */
typedef struct foreseen_fact {
	const char *name; /* "exists:PATH" */
	const char *value;
} foreseen_fact;

typedef struct foreseen {
	hf_arena arena;
	foreseen_fact *facts;
	size_t n;
} foreseen;

static const char planned[] = "what is planned";

static void foreseen_done(foreseen *f)
{
	hf_arena_done(&f->arena);
}

/* Does the plan make @path, a file or a directory on the way to one? */
static bool is_made(const hf_plan *plan, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < plan->n_groups; i++) {
		const hf_group *g = plan->groups[i];

		if ((g->type == HF_GROUP_MKDIR ||
		     (g->type == HF_GROUP_FILE && !g->existed)) &&
		    !g->remove && g->n_changes && strncmp(g->path, path, len) == 0 &&
		    (!g->path[len] || g->path[len] == '/'))
			return true;
	}
	return false;
}

static bool is_removed(const hf_plan *plan, const char *path)
{
	const hf_group *g = hf_plan_group_find(plan, HF_GROUP_FILE, path);

	return g && g->remove && g->n_changes;
}

/* A path that `when` asks for; 0 or -ENOMEM. What --fact says of it is not disputed, and
 * what was foreseen before stays so: no two looks can be at odds for ever. */
static int foresee_path(const hf_survey *seen, const char *path, foreseen *f)
{
	const char *name = hf_arena_printf(&f->arena, "exists:%s", path);
	const hf_fact *fact = name ? hf_facts_get(&seen->facts, name) : NULL;
	foreseen_fact *slot;
	bool there;

	if (!name)
		return -ENOMEM;
	if (!fact || fact->known != HF_PRESENT || hf_facts_is_given(&seen->facts, name) ||
	    (fact->source && strcmp(fact->source, planned) == 0))
		return 0;
	path = hf_path_clean(&f->arena, path);
	if (!path)
		return -ENOMEM;
	there = strcmp(fact->value, "true") == 0;
	if (there ? !is_removed(&seen->plan, path) : !is_made(&seen->plan, path))
		return 0;
	slot = hf_vec_push(&f->arena, f->facts, f->n);
	if (!slot)
		return -ENOMEM;
	*slot = (foreseen_fact){ name, there ? "false" : "true" };
	return 0;
}

/* Returns 1: there is more to foresee than before, 0, or -ENOMEM. */
static int foresee(const hf_model *model, const hf_survey *seen, foreseen *f)
{
	size_t before = f->n;

	for (size_t i = 0; i < model->n_controls; i++) {
		const hf_control *c = model->controls[i];

		for (size_t k = 0; k < c->n_when; k++) {
			const hf_when *when = &c->when[k];

			if (when->type != HF_WHEN_EXISTS)
				continue;
			for (size_t v = 0; v < when->n; v++)
				if (foresee_path(seen, when->values[v], f) < 0)
					return -ENOMEM;
		}
	}
	return f->n > before;
}

static int look(hf_host *host, hf_model *model, const hf_plan_options *options,
		const char *const *fact_args, size_t n_fact_args, const foreseen *f,
		hf_diags *diags, hf_survey *ret, hf_error **err)
{
	int r = 0;

	ret->plan.options = *options;
	if (!ret->ahead)
		r = hf_engine_survey_ahead(host, model->kinds, model->n_kinds, fact_args,
					   n_fact_args, ret, err);
	for (size_t i = 0; !r && i < f->n; i++)
		if (hf_facts_set(&ret->facts, f->facts[i].name, HF_PRESENT,
				 f->facts[i].value, planned, NULL) < 0)
			r = hf_error_oom(err);
	if (!r)
		r = survey(host, model, options, diags, ret, err);
	hf_unit_dirs_drop(host);
	return r;
}

int hf_engine_survey(hf_host *host, hf_model *model, const hf_plan_options *options,
		     const char *const *fact_args, size_t n_fact_args, hf_diags *diags,
		     hf_survey *ret, hf_error **err)
{
	cleanup_(foreseen_done) foreseen f = { 0 };
	const size_t n = diags->n, n_errors = diags->n_errors,
		     n_dropped = diags->n_dropped;

	for (;;) {
		int r = look(host, model, options, fact_args, n_fact_args, &f, diags, ret,
			     err);

		if (!r && (r = foresee(model, ret, &f)) < 0)
			return hf_error_oom(err);
		if (r <= 0)
			return r;
		/* anew, and what was told of the first look is told by the next */
		hf_engine_survey_forget(host, ret);
		diags->n = n;
		diags->n_errors = n_errors;
		diags->n_dropped = n_dropped;
	}
}

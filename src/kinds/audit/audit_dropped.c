/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that the kernel dropped with a directory. Pure. */
#include <errno.h>

#include "kinds/audit/audit_planner.h"

typedef struct look {
	hf_audit_answers *answers;
	int64_t loaded_nsec;
} look;

static bool is_older(void *user, const char *path, bool any)
{
	const look *l = user;
	const hf_audit_answer *dir = hf_audit_ask(l->answers, HF_AUDIT_ASK_DIR, path);

	if (any && !dir->yes)
		return hf_audit_ask_has(l->answers, path, any);
	return dir->yes && dir->born_nsec <= l->loaded_nsec;
}

/* When the rule was loaded at the latest, if it was; 0: nobody knows. */
static int64_t loaded_at(const hf_audit_planner *p, const char *id)
{
	int64_t at = p->obs->auditd_nsec;

	if (id && hf_record_get(p->plan->record, id) &&
	    p->plan->record->written_nsec > at)
		at = p->plan->record->written_nsec;
	return at >= p->obs->booted_nsec ? at : 0;
}

int hf_audit_dropped(hf_audit_planner *p, const hf_audit_rule *rule, const char *id,
		     const char **ret_why)
{
	look l = { .answers = &p->obs->answers, .loaded_nsec = loaded_at(p, id) };
	const hf_audit_field *field = NULL;
	const char *dir;

	if (!l.loaded_nsec || !hf_audit_table_find(&p->obs->boot.rules, rule))
		return 0;
	if (hf_audit_rule_missing(rule, is_older, &l, p->arena, &field, &dir) < 0)
		return -ENOMEM;
	if (!field)
		return 0;
	*ret_why = hf_arena_printf(
		p->arena,
		"the directory %s %s: the kernel drops a rule with its directory", dir,
		hf_audit_ask(l.answers, HF_AUDIT_ASK_DIR, dir)->yes
			? "was made after the rules were loaded"
			: "has gone since the rules were loaded");
	return *ret_why ? 0 : -ENOMEM;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the kernel's list, one by one, in the order planned. Everything is encoded
 * while preparing; committing and reverting only send. Each step notes whether it was
 * done, so both may be repeated.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/packbits.h"
#include "host/audit_nl.h"
#include "kinds/audit/audit_kernel.h"
#include "kinds/audit/audit_kind.h"
#include "kinds/audit/audit_live.h"
#include "plan/plan.h"

/* A rule's strings are at most 64 fields of a path each; far more is damage. */
#define RULE_LEN_MAX (sizeof(struct audit_rule_data) + 64 * 4096)

typedef struct step {
	const hf_audit_op *op;
	struct audit_rule_data *data;
	size_t len;
	struct step *first; /* about the same rule, in the order of their bytes */
	bool there; /* of .first: the rule is in the list; see look_for_prepended() */
	bool done;
	bool displaced; /* is back, but not in its place */
} step;

typedef struct prepared {
	hf_arena arena;
	step *steps;
	size_t n;
	step **rules; /* the steps about rules, in the order of their bytes */
	size_t n_rules;
	bool frozen;  /* of the journal's text: what of it is done is not known */
	bool forward; /* .frozen: committing does the steps, or goes back over them */
} prepared;

/* What this host's libaudit gives to a rule by perm, asked once for each pair. */
typedef struct perm_cache {
	struct {
		uint32_t elf;
		uint32_t perm;
		uint32_t mask[AUDIT_BITMASK_SIZE];
	} items[8];
	size_t n;
} perm_cache;

static int perm_mask(perm_cache *cache, uint32_t elf, uint32_t perm, uint32_t *ret,
		     hf_error **err)
{
	size_t i;
	int r;

	for (i = 0; i < cache->n; i++)
		if (cache->items[i].elf == elf && cache->items[i].perm == perm)
			break;
	if (i == ARRAY_SIZE(cache->items))
		i = 0;
	if (i == cache->n || cache->items[i].elf != elf || cache->items[i].perm != perm) {
		r = hf_audit_perm_mask(elf, perm, cache->items[i].mask, err);
		if (r < 0)
			return r;
		cache->items[i].elf = elf;
		cache->items[i].perm = perm;
		if (i == cache->n)
			cache->n++;
	}
	memcpy(ret, cache->items[i].mask, sizeof(cache->items[i].mask));
	return 0;
}

static int encode(step *s, perm_cache *cache, hf_error **err)
{
	const hf_audit_entry *kernel = s->op->kernel;
	const hf_audit_rule *rule = kernel ? kernel->rule : s->op->rule;
	const hf_audit_field *arch, *perm;
	int r;

	if (kernel && kernel->raw) {
		s->data = malloc(kernel->raw_len);
		if (!s->data)
			return hf_error_oom(err);
		memcpy(s->data, kernel->raw, kernel->raw_len);
		s->len = kernel->raw_len;
		return 0;
	}
	r = hf_audit_rule_encode(rule, &s->data, &s->len, err);
	if (r < 0 || kernel || !rule->by_perm)
		return r;
	/* as this host's auditctl loads our line, which names no syscalls */
	arch = hf_audit_rule_field(rule, AUDIT_ARCH);
	perm = hf_audit_rule_field(rule, AUDIT_PERM);
	return perm_mask(cache, arch->value, perm->value, s->data->mask, err);
}

/* The order of two rules as the kernel lists them: 0 is the same rule. */
static int compare_bytes(const struct audit_rule_data *a, size_t a_len,
			 const struct audit_rule_data *b, size_t b_len)
{
	struct audit_rule_data heads[2];
	int r;

	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	r = memcmp(a->buf, b->buf, a_len - sizeof(*a)); /* differ most */
	if (r)
		return r;
	memcpy(&heads[0], a, sizeof(heads[0]));
	memcpy(&heads[1], b, sizeof(heads[1]));
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		heads[i].flags &= ~(uint32_t)AUDIT_FILTER_PREPEND;
		heads[i].mask[AUDIT_BITMASK_SIZE - 1] &= HF_AUDIT_LAST_WORD_BITS;
	}
	return memcmp(&heads[0], &heads[1], sizeof(heads[0]));
}

static int by_rule(const void *a, const void *b)
{
	const step *x = *(step *const *)a, *y = *(step *const *)b;
	int r = compare_bytes(x->data, x->len, y->data, y->len);

	return r ? r : (x > y) - (x < y);
}

/* So that what is in the list is looked up, and what is known of a rule is known to all
 * of its steps. */
static int sort_rules(prepared *p, hf_error **err)
{
	p->rules = hf_arena_array(&p->arena, p->n + 1, sizeof(*p->rules));
	if (!p->rules)
		return hf_error_oom(err);
	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].data)
			p->rules[p->n_rules++] = &p->steps[i];
	if (p->n_rules)
		qsort(p->rules, p->n_rules, sizeof(*p->rules), by_rule);
	for (size_t i = 0; i < p->n_rules; i++) {
		step *s = p->rules[i], *before = i ? p->rules[i - 1] : NULL;

		s->first = before && compare_bytes(before->data, before->len, s->data,
						   s->len) == 0
				   ? before->first
				   : s;
	}
	return 0;
}

static int thaw_all(const char *frozen, prepared *p, hf_error **err);

int hf_audit_prepare(struct hf_host *host, struct hf_group *group, hf_error **err)
{
	const hf_audit_live *work = group->live;
	perm_cache cache = { .n = 0 };
	prepared *p = calloc(1, sizeof(*p));

	(void)host;
	if (!p)
		return hf_error_oom(err);
	group->engine = p;
	p->frozen = group->frozen;
	p->forward = group->forward;
	if (p->frozen)
		return thaw_all(group->frozen, p, err);
	p->steps = hf_arena_array(&p->arena, work->n, sizeof(*p->steps));
	if (!p->steps)
		return hf_error_oom(err);
	p->n = work->n;
	for (size_t i = 0; i < work->n; i++) {
		int r = 0;

		p->steps[i].op = &work->ops[i];
		if (work->ops[i].type != HF_AUDIT_OP_SET)
			r = encode(&p->steps[i], &cache, err);
		if (r < 0)
			return r;
		/* of a deletion it counts when it is taken back only */
		if (work->ops[i].front)
			p->steps[i].data->flags |= AUDIT_FILTER_PREPEND;
	}
	return sort_rules(p, err);
}

static int set_value(hf_host *host, hf_audit_setting setting, uint32_t value,
		     hf_error **err)
{
	struct audit_status status = { 0 };

	switch (setting) {
	case HF_AUDIT_ENABLED:
		status.mask = AUDIT_STATUS_ENABLED;
		status.enabled = value;
		break;
	case HF_AUDIT_FAILURE:
		status.mask = AUDIT_STATUS_FAILURE;
		status.failure = value;
		break;
	case HF_AUDIT_BACKLOG_LIMIT:
		status.mask = AUDIT_STATUS_BACKLOG_LIMIT;
		status.backlog_limit = value;
		break;
	case HF_AUDIT_BACKLOG_WAIT_TIME:
		status.mask = AUDIT_STATUS_BACKLOG_WAIT_TIME;
		status.backlog_wait_time = value;
		break;
	case HF_AUDIT_RATE_LIMIT:
		status.mask = AUDIT_STATUS_RATE_LIMIT;
		status.rate_limit = value;
		break;
	case HF_AUDIT_LOGINUID_IMMUTABLE:
		/* not locked, so that it can be taken back; the next boot locks it */
		return hf_audit_feature_set(host, AUDIT_FEATURE_LOGINUID_IMMUTABLE, value,
					    err);
	default:
		return 0;
	}
	return hf_audit_status_set(host, &status, err);
}

static bool is_prepended(const step *s)
{
	return s->data && (s->data->flags & AUDIT_FILTER_PREPEND);
}

/* Where in .rules the steps about it begin, or their number. */
static size_t find_rule(const prepared *p, const struct audit_rule_data *rule, size_t len)
{
	size_t low = 0, high = p->n_rules;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		const step *s = p->rules[at];

		if (compare_bytes(s->data, s->len, rule, len) < 0)
			low = at + 1;
		else
			high = at;
	}
	return low < p->n_rules && compare_bytes(p->rules[low]->data, p->rules[low]->len,
						 rule, len) == 0
		       ? low
		       : p->n_rules;
}

static int note_there(void *user, const struct audit_rule_data *rule, size_t len,
		      hf_error **err)
{
	const prepared *p = user;
	size_t at = find_rule(p, rule, len);

	(void)err;
	if (at < p->n_rules)
		p->rules[at]->there = true;
	return 0;
}

/* The kernel does not see that a rule which is to be prepended is there already, and
 * would have it twice: they are looked for before the first of them is sent. From then on
 * each step that is sent tells: a rule that is moved is taken out and put in again. */
static int look_for_prepended(hf_host *host, prepared *p, hf_error **err)
{
	bool any = false;

	for (size_t i = 0; i < p->n; i++) {
		any |= is_prepended(&p->steps[i]);
		p->steps[i].there = false;
	}
	return any ? hf_audit_list(host, note_there, p, err) : 0;
}

static int add_rule(hf_host *host, const step *s, hf_error **err)
{
	int r;

	if (is_prepended(s) && s->first->there)
		return hf_error_set(err, -EEXIST, "the rule is there already");
	r = hf_audit_add(host, s->data, s->len, err);
	if (r == 0 || r == -EEXIST)
		s->first->there = true;
	return r;
}

static int delete_rule(hf_host *host, const step *s, hf_error **err)
{
	uint32_t flags = s->data->flags;
	int r;

	s->data->flags &= ~(uint32_t)AUDIT_FILTER_PREPEND; /* is stored without it */
	r = hf_audit_delete(host, s->data, s->len, err);
	s->data->flags = flags;
	if (r == 0 || r == -ENOENT)
		s->first->there = false;
	return r;
}

/* Sends one step, forward or back. What is there (or gone) already was someone else's
 * doing: not an error, and not ours to undo. */
static int send_step(hf_host *host, step *s, bool back, hf_error **err)
{
	cleanup_(hf_error_freep) hf_error *own = NULL;
	bool add = (s->op->type == HF_AUDIT_OP_ADD) != back;
	int r;

	host->audit_unanswered = false;
	if (s->op->type == HF_AUDIT_OP_SET)
		r = set_value(host, s->op->setting, back ? s->op->before : s->op->value,
			      &own);
	else
		r = add ? add_rule(host, s, &own) : delete_rule(host, s, &own);
	if (r == 0) {
		s->done = !back;
		s->displaced = back && s->op->displaced;
		return 0;
	}
	if (s->op->type != HF_AUDIT_OP_SET && r == (add ? -EEXIST : -ENOENT)) {
		if (back)
			s->done = false;
		return 0;
	}
	/* the answer was lost, the request perhaps not: undoing what was not done is
	 * harmless */
	if (!back && host->audit_unanswered)
		s->done = true;
	if (s->op->text)
		(void)hf_error_wrap(&own, "%s the rule '%s'", add ? "load" : "delete",
				    s->op->text);
	if (err)
		*err = take_ptr(own);
	return r;
}

static int tell_displaced(const step *s, hf_error **err)
{
	return hf_error_set(err, -ESTALE,
			    "the audit rule '%s' is loaded again, but at the end of its "
			    "list: rules that it stood before now decide first",
			    s->op->displaced);
}

/* Steps of the journal, none of which is known to be done or not. 1: something changed.
 */
static int replay(hf_host *host, prepared *p, bool forward, hf_error **err)
{
	const step *displaced = NULL;
	int changed = 0;
	int r = look_for_prepended(host, p, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < p->n; i++) {
		step *s = &p->steps[forward ? i : p->n - 1 - i];

		s->done = !forward;
		r = send_step(host, s, !forward, err);
		if (r < 0)
			return r;
		changed |= s->done == forward;
		if (s->displaced)
			displaced = s;
	}
	return displaced ? tell_displaced(displaced, err) : changed;
}

int hf_audit_commit(struct hf_host *host, struct hf_group *group, hf_error **err)
{
	prepared *p = group->engine;
	int r;

	if (p->frozen) {
		r = replay(host, p, p->forward, err);
		return r < 0 ? r : 0;
	}
	r = look_for_prepended(host, p, err);
	for (size_t i = 0; r >= 0 && i < p->n; i++)
		r = p->steps[i].done ? 0 : send_step(host, &p->steps[i], false, err);
	return r;
}

int hf_audit_revert(struct hf_host *host, struct hf_group *group, hf_error **err)
{
	prepared *p = group->engine;
	int result = 0;

	if (p && p->frozen) {
		result = replay(host, p, !p->forward, err);
		return result < 0 ? result : 0;
	}
	if (p)
		result = look_for_prepended(host, p, err);
	/* not known: appended, which the kernel does not do twice, is better than lost */
	for (size_t i = 0; p && result < 0 && i < p->n; i++)
		if (p->steps[i].data)
			p->steps[i].data->flags &= ~(uint32_t)AUDIT_FILTER_PREPEND;
	for (size_t i = p ? p->n : 0; i-- > 0;) {
		cleanup_(hf_error_freep) hf_error *own = NULL;
		int r = p->steps[i].done ? send_step(host, &p->steps[i], true, &own) : 0;

		if (r >= 0 && p->steps[i].displaced)
			r = tell_displaced(&p->steps[i], &own);
		if (r >= 0 || result < 0)
			continue; /* go on: put back as much as can be */
		result = r;
		if (err)
			*err = take_ptr(own);
	}
	return result;
}

void hf_audit_discard(struct hf_group *group)
{
	prepared *p = group->engine;

	for (size_t i = 0; p && !p->frozen && i < p->n; i++)
		free(p->steps[i].data);
	if (p)
		hf_arena_done(&p->arena);
	free(p);
	group->engine = NULL;
}

/* --- for the journal ---------------------------------------------------------------- */

/* A line for each step: "add RULE", "delete RULE [TEXT]" with the kernel's bytes in
 * Base64 and the text of one that is displaced when it is taken back, or "set SETTING
 * BEFORE VALUE". The group is prepared: all is encoded. */
int hf_audit_freeze(const struct hf_group *group, hf_strbuf *out)
{
	const prepared *p = group->engine;
	hf_arena arena = { 0 };

	for (size_t i = 0; p && i < p->n; i++) {
		const step *s = &p->steps[i];
		char *text = NULL, *packed;
		size_t len;

		if (s->op->type == HF_AUDIT_OP_SET) {
			hf_strbuf_addf(out, "set %u %u %u\n", (unsigned)s->op->setting,
				       s->op->before, s->op->value);
			continue;
		}
		/* a rule is a kilobyte, nearly all of it the same byte again and again */
		if (hf_packbits_pack(&arena, s->data, s->len, &packed, &len) == 0)
			text = hf_base64_encode(&arena, packed, len);
		hf_strbuf_addf(out, "%s %s%s%s\n",
			       s->op->type == HF_AUDIT_OP_ADD ? "add" : "delete",
			       text ? text : "", s->op->displaced ? " " : "",
			       s->op->displaced ? s->op->displaced : "");
		out->oom |= !text;
	}
	hf_arena_done(&arena);
	return hf_strbuf_ok(out) ? 0 : -ENOMEM;
}

/* One line of the frozen text as a step that can be sent. -EBADMSG: not such a line. */
static int thaw(char *line, hf_arena *arena, hf_audit_op *op, step *ret)
{
	unsigned setting, before, value;
	char *space = strchr(line, ' '), *text, *packed, *bytes;
	size_t len;
	int r;

	*ret = (step){ .op = op };
	if (sscanf(line, "set %u %u %u", &setting, &before, &value) == 3) {
		*op = (hf_audit_op){ .type = HF_AUDIT_OP_SET,
				     .setting = (hf_audit_setting)setting,
				     .before = before,
				     .value = value };
		return 0;
	}
	if (!space)
		return -EBADMSG;
	*space = '\0';
	if (strcmp(line, "add") != 0 && strcmp(line, "delete") != 0)
		return -EBADMSG;
	op->type = *line == 'a' ? HF_AUDIT_OP_ADD : HF_AUDIT_OP_DELETE;
	text = strchr(space + 1, ' ');
	if (text) {
		*text = '\0';
		op->displaced = text + 1;
	}
	r = hf_base64_decode(arena, space + 1, &packed, &len);
	if (r == 0)
		r = hf_packbits_unpack(arena, packed, len, RULE_LEN_MAX, &bytes, &len);
	if (r < 0)
		return r == -EINVAL ? -EBADMSG : r;
	if (len < sizeof(struct audit_rule_data))
		return -EBADMSG;
	ret->data =
		(struct audit_rule_data *)(void *)bytes; /* the arena aligns for any */
	ret->len = len;
	return len == sizeof(*ret->data) + ret->data->buflen ? 0 : -EBADMSG;
}

static int thaw_all(const char *frozen, prepared *p, hf_error **err)
{
	char *rest = hf_arena_strdup(&p->arena, frozen), *line;

	if (!rest)
		return hf_error_oom(err);
	while ((line = strsep(&rest, "\n"))) {
		hf_audit_op *op = hf_arena_new(&p->arena, hf_audit_op);
		step *s;
		int r;

		if (!*line)
			continue;
		s = op ? hf_vec_push(&p->arena, p->steps, p->n) : NULL;
		r = s ? thaw(line, &p->arena, op, s) : -ENOMEM;
		if (r == -ENOMEM)
			return hf_error_oom(err);
		if (r < 0)
			return hf_error_set(err, r,
					    "the journal's audit rules are damaged");
	}
	return sort_rules(p, err);
}

void hf_audit_frozen_settings(const char *frozen, bool ret[static HF_AUDIT_SETTING_MAX_])
{
	unsigned setting;

	for (const char *p = frozen; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (sscanf(p, "set %u ", &setting) == 1 &&
		    setting < HF_AUDIT_SETTING_MAX_)
			ret[setting] = true;
	}
}

int hf_audit_replay(struct hf_host *host, const char *frozen, bool forward,
		    hf_error **err)
{
	prepared p = { .frozen = true };
	int r = thaw_all(frozen, &p, err);

	if (r >= 0)
		r = replay(host, &p, forward, err);
	hf_arena_done(&p.arena);
	return r;
}

/* --- is it so? ---------------------------------------------------------------------- */

#define LISTS (AUDIT_FILTER_PREPEND) /* the bit above their numbers */

/* What becomes of a rule in the end; all of its steps together. */
typedef struct fate {
	size_t turn; /* the step that comes last decides */
	bool there;  /* is to be */
	bool front;  /* at that end of its list */
	bool moved;  /* taken out and put in again: it counts where it stands */
	bool seen;   /* is there */
} fate;

typedef struct fates {
	const prepared *p;
	fate *items;	       /* of the rule that begins at that index of p->rules */
	bool passed[LISTS];    /* a rule that is of none of the steps has been seen */
	bool behind_it[LISTS]; /* one that was moved to the end has been seen */
	bool misplaced;
} fates;

static int note_seen(void *user, const struct audit_rule_data *rule, size_t len,
		     hf_error **err)
{
	fates *all = user;
	uint32_t list = rule->flags % LISTS;
	size_t at = find_rule(all->p, rule, len);
	fate *f = at < all->p->n_rules ? &all->items[at] : NULL;

	(void)err;
	if (!f) {
		all->passed[list] = true;
		all->misplaced |= all->behind_it[list];
		return 0;
	}
	f->seen = true;
	if (f->there && f->moved && f->front)
		all->misplaced |= all->passed[list];
	else if (f->there && f->moved)
		all->behind_it[list] = true;
	return 0;
}

static void note_fate(fate *f, const step *s, size_t turn, bool forward)
{
	bool there = (s->op->type == HF_AUDIT_OP_ADD) == forward;

	f->moved |= f->turn && there != f->there;
	if (turn < f->turn)
		return;
	f->turn = turn;
	f->there = there;
	f->front = is_prepended(s);
}

/* Are the rules of the steps there, or not, as the last step about each leaves it? And
 * does what was moved stand at its end of the list, but for other rules of the steps? */
static int rules_hold(hf_host *host, prepared *p, bool forward, hf_error **err)
{
	fates all = { .p = p,
		      .items = hf_arena_array(&p->arena, p->n_rules + 1,
					      sizeof(*all.items)) };
	size_t first = 0;
	int r;

	if (!all.items)
		return hf_error_oom(err);
	if (!p->n_rules)
		return 1;
	for (size_t i = 0; i < p->n_rules; i++) {
		const step *s = p->rules[i];
		size_t turn = (size_t)(s - p->steps) + 1;

		if (s->first == s)
			first = i;
		note_fate(&all.items[first], s, forward ? turn : p->n + 1 - turn,
			  forward);
	}
	r = hf_audit_list(host, note_seen, &all, err);
	for (size_t i = 0; r == 0 && i < p->n_rules; i++)
		if (p->rules[i]->first == p->rules[i] &&
		    all.items[i].seen != all.items[i].there)
			return 0;
	return r < 0 ? r : !all.misplaced;
}

/* What the last step about each setting leaves it at. */
static int settings_hold(hf_host *host, const step *steps, size_t n, bool forward,
			 hf_error **err)
{
	const step *last[HF_AUDIT_SETTING_MAX_] = { 0 };
	uint32_t now[HF_AUDIT_SETTING_MAX_], features = 0;
	struct audit_status status = { 0 };
	bool any = false;
	int r;

	for (size_t i = 0; i < n; i++) {
		const step *s = &steps[forward ? i : n - 1 - i];

		if (s->op->type != HF_AUDIT_OP_SET ||
		    s->op->setting >= HF_AUDIT_SETTING_MAX_)
			continue;
		last[s->op->setting] = s;
		any = true;
	}
	if (!any)
		return 1;
	r = hf_audit_status(host, &status, err);
	if (r == 0 && last[HF_AUDIT_LOGINUID_IMMUTABLE])
		r = hf_audit_features(host, &features, err);
	hf_audit_kernel_settings(&status, features, now);
	for (size_t i = 0; r == 0 && i < HF_AUDIT_SETTING_MAX_; i++)
		if (last[i] &&
		    now[i] != (forward ? last[i]->op->value : last[i]->op->before))
			return 0;
	return r < 0 ? r : 1;
}

int hf_audit_holds(struct hf_host *host, const char *frozen, bool forward, hf_error **err)
{
	prepared p = { .frozen = true };
	int r = thaw_all(frozen, &p, err);

	if (r == 0)
		r = settings_hold(host, p.steps, p.n, forward, err);
	if (r > 0)
		r = rules_hold(host, &p, forward, err);
	hf_arena_done(&p.arena);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libaudit.h>

#include "base/path.h"

#define MASK_BYTES (AUDIT_BITMASK_SIZE * sizeof(uint32_t))

bool hf_audit_field_is_text(uint32_t type)
{
	switch (type) {
	case AUDIT_SUBJ_USER:
	case AUDIT_SUBJ_ROLE:
	case AUDIT_SUBJ_TYPE:
	case AUDIT_SUBJ_SEN:
	case AUDIT_SUBJ_CLR:
	case AUDIT_OBJ_USER:
	case AUDIT_OBJ_ROLE:
	case AUDIT_OBJ_TYPE:
	case AUDIT_OBJ_LEV_LOW:
	case AUDIT_OBJ_LEV_HIGH:
	case AUDIT_WATCH:
	case AUDIT_DIR:
	case AUDIT_EXE:
	case AUDIT_FILTERKEY:
		return true;
	default:
		return false;
	}
}

bool hf_audit_field_excludes(uint32_t type)
{
	switch (type) {
	case AUDIT_PID:
	case AUDIT_UID:
	case AUDIT_GID:
	case AUDIT_LOGINUID:
	case AUDIT_LOGINUID_SET:
	case AUDIT_MSGTYPE:
	case AUDIT_SUBJ_USER ... AUDIT_SUBJ_CLR:
	case AUDIT_EXE:
		return true;
	default:
		return false;
	}
}

const hf_audit_field *hf_audit_rule_field(const hf_audit_rule *rule, uint32_t type)
{
	for (size_t i = 0; i < rule->n_fields; i++)
		if (rule->fields[i].type == type && rule->fields[i].op == AUDIT_EQUAL)
			return &rule->fields[i];
	return NULL;
}

const hf_audit_field *hf_audit_rule_path(const hf_audit_rule *rule)
{
	const hf_audit_field *field = hf_audit_rule_field(rule, AUDIT_WATCH);

	return field ? field : hf_audit_rule_field(rule, AUDIT_DIR);
}

int hf_audit_rule_missing(const hf_audit_rule *rule, hf_audit_has_dir has_dir, void *user,
			  hf_arena *arena, const hf_audit_field **ret_field,
			  const char **ret_dir)
{
	*ret_field = NULL;
	for (size_t i = 0; i < rule->n_fields; i++) {
		const hf_audit_field *f = &rule->fields[i];
		char *path, *slash;
		bool any;

		if (f->type != AUDIT_WATCH && f->type != AUDIT_DIR &&
		    f->type != AUDIT_EXE)
			continue;
		path = hf_arena_memdup(arena, f->text, f->value);
		if (!path)
			return -ENOMEM;
		hf_path_squeeze(path);
		slash = strrchr(path, '/');
		if (f->type != AUDIT_DIR && slash) /* the directory above */
			slash[slash == path] = '\0';
		any = f->type == AUDIT_DIR && f->value && f->text[f->value - 1] != '/';
		if (has_dir(user, path, any) || *ret_field)
			continue;
		*ret_field = f;
		*ret_dir = path;
	}
	return 0;
}

/*
 * The syscalls that the kernel's perm field looks at (asm-generic/audit_dir_write.h and
 * its siblings, audit_classify_syscall()). The core names are the table of libaudit 3.1.3
 * to 4.1.0 (lib/permtab.h); those of 4.1.1 and 4.2 have them, too. What only later tables
 * have, or only the kernel, says nothing about where a mask came from.
 */
typedef struct perm_class {
	uint32_t perm;
	const char *core[28];
	const char *more[10];
} perm_class;

static const perm_class perm_classes[] = {
	{ AUDIT_PERM_EXEC, { "execve" }, { "execveat", "uselib" } },
	{ AUDIT_PERM_WRITE,
	  { "rename",	"mkdir",     "rmdir",	 "creat",     "link",
	    "unlink",	"symlink",   "mknod",	 "mkdirat",   "mknodat",
	    "unlinkat", "renameat",  "linkat",	 "symlinkat", "renameat2",
	    "acct",	"swapon",    "quotactl", "truncate",  "ftruncate",
	    "bind",	"fallocate", "open",	 "openat",    "openat2" },
	  { "quotactl_fd", "truncate64", "ftruncate64", "socketcall" } },
	{ AUDIT_PERM_READ,
	  { "readlink", "quotactl", "listxattr", "llistxattr", "flistxattr", "getxattr",
	    "lgetxattr", "fgetxattr", "readlinkat", "open", "openat", "openat2" },
	  { "quotactl_fd", "listxattrat", "getxattrat", "file_getattr", "stat", "lstat",
	    "fstat", "newfstatat", "statx" } },
	{ AUDIT_PERM_ATTR,
	  { "chmod", "fchmod", "chown", "lchown", "fchown", "setxattr", "lsetxattr",
	    "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "fchownat",
	    "fchmodat", "link", "linkat" },
	  { "chown32", "fchown32", "lchown32", "fchmodat2", "setxattrat", "removexattrat",
	    "file_setattr" } },
};

/* Syscalls that the ABI does not have are left out (aarch64: no open). */
static void add_syscalls(const char *const *names, size_t n, int machine, uint32_t *mask)
{
	for (size_t i = 0; i < n && names[i]; i++) {
		int nr = audit_name_to_syscall(names[i], machine);

		if (nr >= 0 && nr < AUDIT_BITMASK_SIZE * 32)
			mask[AUDIT_WORD((uint32_t)nr)] |= AUDIT_BIT((uint32_t)nr);
	}
}

/* @more: with those that not every table has. */
static void add_perm(uint32_t perm, bool more, int machine, uint32_t *mask)
{
	for (size_t i = 0; i < ARRAY_SIZE(perm_classes); i++) {
		const perm_class *class = &perm_classes[i];

		if (!(perm & class->perm))
			continue;
		add_syscalls(class->core, ARRAY_SIZE(class->core), machine, mask);
		if (more)
			add_syscalls(class->more, ARRAY_SIZE(class->more), machine, mask);
	}
}

void hf_audit_perm_syscalls(uint32_t perm, int machine, uint32_t *mask)
{
	add_perm(perm, false, machine, mask);
}

/* Does the mask hold the core of the permission's syscalls? Then the perm field decides
 * alone, whichever release of libaudit computed the mask. */
static bool mask_is_by_perm(const hf_audit_rule *rule, uint32_t perm, int machine)
{
	uint32_t core[AUDIT_BITMASK_SIZE] = { 0 };
	bool known = false;

	add_perm(perm, false, machine, core);
	for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++) {
		if (core[i] & ~rule->mask[i])
			return false;
		known |= core[i] != 0;
	}
	return known;
}

static bool masks_share(const uint32_t *a, const uint32_t *b)
{
	for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
		if (a[i] & b[i])
			return true;
	return false;
}

/* May a syscall of @mask be one that a perm field lets through? */
static bool mask_meets_perm(const uint32_t *mask, uint32_t perm, int machine)
{
	uint32_t every[AUDIT_BITMASK_SIZE] = { 0 };

	add_perm(perm, true, machine, every);
	return masks_share(mask, every);
}

static uint64_t hash_word(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ (h >> 29);
}

/* The length is part of what is hashed elsewhere: so zeros may stand for what is missing
 * of the last word. */
static uint64_t hash_bytes(uint64_t h, const char *p, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = hash_word(h, word);
	}
	word = 0;
	memcpy(&word, p, len);
	/* once more: a product passes nothing down, and buckets are of the low bits */
	return hash_word(hash_word(h, word), 0);
}

uint64_t hf_audit_bytes_hash(const char *bytes, size_t len)
{
	return hash_bytes(len, bytes, len);
}

static uint64_t make_hash(const hf_audit_rule *rule)
{
	uint64_t h = hash_word(rule->list * 4u + rule->action, rule->n_fields);
	uint64_t sum = 0;

	if (rule->by_perm)
		h = hash_word(h, 1);
	else if (rule->all)
		h = hash_word(h, 2);
	else
		for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
			if (rule->mask[i])
				h = hash_word(h, (uint64_t)i << 32 | rule->mask[i]);
	for (size_t i = 0; i < rule->n_fields; i++) {
		const hf_audit_field *f = &rule->fields[i];
		uint64_t one = hash_word((uint64_t)f->type << 32 | f->op, f->value);

		if (f->text)
			one = hash_bytes(one, f->text, f->value);
		sum += one;
	}
	h = hash_word(h, sum);
	return h ? h : 1;
}

uint64_t hf_audit_rule_hash(const hf_audit_rule *rule)
{
	return rule->hash ? rule->hash : make_hash(rule);
}

static const uint32_t no_syscall[AUDIT_BITMASK_SIZE] = { 0 };
static const uint32_t every_syscall[AUDIT_BITMASK_SIZE] = {
	[0 ... AUDIT_BITMASK_SIZE - 2] = UINT32_MAX,
	[AUDIT_BITMASK_SIZE - 1] = HF_AUDIT_LAST_WORD_BITS
};

int hf_audit_rule_set_mask(hf_audit_rule *rule, const uint32_t *words, hf_arena *arena)
{
	const uint32_t last = words[AUDIT_BITMASK_SIZE - 1] & HF_AUDIT_LAST_WORD_BITS;
	const uint32_t *const shared = last ? every_syscall : no_syscall;
	uint32_t *mask;

	rule->all = false;
	if (last == shared[AUDIT_BITMASK_SIZE - 1] &&
	    memcmp(words, shared, MASK_BYTES - sizeof(last)) == 0) {
		rule->mask = shared;
		rule->all = shared == every_syscall;
		return 0;
	}
	mask = hf_arena_array(arena, AUDIT_BITMASK_SIZE, sizeof(*mask));
	if (!mask)
		return -ENOMEM;
	memcpy(mask, words, MASK_BYTES);
	mask[AUDIT_BITMASK_SIZE - 1] = last;
	rule->mask = mask;
	return 0;
}

static void settle_mask(hf_audit_rule *rule)
{
	const hf_audit_field *arch = hf_audit_rule_field(rule, AUDIT_ARCH);
	const hf_audit_field *perm = hf_audit_rule_field(rule, AUDIT_PERM);
	int machine;

	rule->by_perm = false;
	if (rule->list != AUDIT_FILTER_EXIT || !arch || !perm)
		return;
	if (rule->all) {
		rule->by_perm = true;
		return;
	}
	machine = audit_elf_to_machine(arch->value);
	if (machine >= 0)
		rule->by_perm = mask_is_by_perm(rule, perm->value, machine);
}

void hf_audit_rule_settle(hf_audit_rule *rule)
{
	settle_mask(rule);
	rule->hash = make_hash(rule);
}

static bool field_equal(const hf_audit_field *a, const hf_audit_field *b)
{
	if (a->type != b->type || a->op != b->op || a->value != b->value)
		return false;
	return !a->text || memcmp(a->text, b->text, a->value) == 0;
}

static bool head_equal(const hf_audit_rule *a, const hf_audit_rule *b)
{
	if (a->hash && b->hash && a->hash != b->hash)
		return false;
	if (a->list != b->list || a->action != b->action || a->n_fields != b->n_fields)
		return false;
	if (a->by_perm || b->by_perm)
		return a->by_perm == b->by_perm;
	return a->mask == b->mask || memcmp(a->mask, b->mask, MASK_BYTES) == 0;
}

bool hf_audit_rule_equal(const hf_audit_rule *a, const hf_audit_rule *b)
{
	if (a == b)
		return true;
	if (!head_equal(a, b))
		return false;
	for (size_t i = 0; i < a->n_fields; i++)
		if (!field_equal(&a->fields[i], &b->fields[i]))
			return false;
	return true;
}

bool hf_audit_rule_same(const hf_audit_rule *a, const hf_audit_rule *b)
{
	uint64_t used = 0; /* n_fields is at most AUDIT_MAX_FIELDS, 64 */

	if (hf_audit_rule_equal(a, b)) /* as nearly all that are the same */
		return true;
	if (!head_equal(a, b))
		return false;
	for (size_t i = 0; i < a->n_fields; i++) {
		size_t j;

		for (j = 0; j < b->n_fields; j++)
			if (!(used >> j & 1) && field_equal(&a->fields[i], &b->fields[j]))
				break;
		if (j == b->n_fields)
			return false;
		used |= (uint64_t)1 << j;
	}
	return true;
}

static int by_field(const void *a, const void *b)
{
	const hf_audit_field *x = a, *y = b;
	const uint32_t keys[][2] = { { x->type, y->type },
				     { x->op, y->op },
				     { x->value, y->value } };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return x->text ? memcmp(x->text, y->text, x->value) : 0;
}

void hf_audit_rule_sort(hf_audit_rule *rule)
{
	if (rule->n_fields)
		qsort(rule->fields, rule->n_fields, sizeof(*rule->fields), by_field);
}

static bool is_ordered(uint32_t op)
{
	return op == AUDIT_EQUAL || op == AUDIT_LESS_THAN ||
	       op == AUDIT_LESS_THAN_OR_EQUAL || op == AUDIT_GREATER_THAN ||
	       op == AUDIT_GREATER_THAN_OR_EQUAL;
}

/* The values that match, as an interval; the kernel compares them unsigned. */
static bool interval(const hf_audit_field *f, int64_t *ret_low, int64_t *ret_high)
{
	int64_t v = f->value;

	*ret_low = 0;
	*ret_high = UINT32_MAX;
	if (!is_ordered(f->op))
		return false;
	if (f->op == AUDIT_EQUAL)
		*ret_low = *ret_high = v;
	else if (f->op == AUDIT_LESS_THAN)
		*ret_high = v - 1;
	else if (f->op == AUDIT_LESS_THAN_OR_EQUAL)
		*ret_high = v;
	else if (f->op == AUDIT_GREATER_THAN)
		*ret_low = v + 1;
	else
		*ret_low = v;
	return true;
}

/* Fields whose value is a number with an order, or at least an identity. */
static bool is_number(uint32_t type)
{
	return !hf_audit_field_is_text(type) && type != AUDIT_PERM &&
	       type != AUDIT_FIELD_COMPARE && type != AUDIT_SUCCESS;
}

/* An event has several of these: of the groups of a process, of the files that a call
 * names (auditsc.c, audit_filter_rules()). That one matches says nothing about others. */
static bool is_plural(uint32_t type)
{
	switch (type) {
	case AUDIT_GID:
	case AUDIT_EGID:
	case AUDIT_FILETYPE:
	case AUDIT_INODE:
	case AUDIT_DEVMAJOR:
	case AUDIT_DEVMINOR:
	case AUDIT_OBJ_UID:
	case AUDIT_OBJ_GID:
		return true;
	default:
		return false;
	}
}

static bool path_below(const hf_audit_field *path, const hf_audit_field *dir)
{
	size_t len = dir->value;

	while (len > 1 && dir->text[len - 1] == '/')
		len--;
	if (path->value < len || memcmp(path->text, dir->text, len) != 0)
		return false;
	return path->value == len || path->text[len] == '/' ||
	       (len == 1 && *dir->text == '/');
}

/* Does what @given says make sure that @wanted holds? */
static bool field_implies(const hf_audit_field *given, const hf_audit_field *wanted)
{
	int64_t low, high, wanted_low, wanted_high;

	if (wanted->type == AUDIT_DIR && wanted->op == AUDIT_EQUAL)
		return (given->type == AUDIT_DIR || given->type == AUDIT_WATCH) &&
		       given->op == AUDIT_EQUAL && path_below(given, wanted);
	if (given->type != wanted->type)
		return false;
	if (field_equal(given, wanted))
		return true;
	if (wanted->type == AUDIT_PERM)
		return wanted->op == AUDIT_EQUAL && given->op == AUDIT_EQUAL &&
		       (given->value & ~wanted->value) == 0;
	if (!is_number(wanted->type) || is_plural(wanted->type) ||
	    !interval(given, &low, &high))
		return false;
	if (wanted->op == AUDIT_NOT_EQUAL)
		return wanted->value < low || wanted->value > high;
	return interval(wanted, &wanted_low, &wanted_high) && low >= wanted_low &&
	       high <= wanted_high;
}

/* Does it hold for every event: "pid>=0"? */
static bool is_always_true(const hf_audit_field *f)
{
	int64_t low, high;

	return is_number(f->type) && !is_plural(f->type) && interval(f, &low, &high) &&
	       low == 0 && high == UINT32_MAX;
}

static bool mask_covers(const hf_audit_rule *wide, const hf_audit_rule *narrow)
{
	/* by_perm: what the mask leaves out the perm field would not match either */
	if (wide->all || wide->by_perm)
		return true;
	for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
		if (narrow->mask[i] & ~wide->mask[i])
			return false;
	return true;
}

bool hf_audit_rule_covers(const hf_audit_rule *wide, const hf_audit_rule *narrow)
{
	if (wide->list != narrow->list)
		return false;
	for (size_t i = 0; i < wide->n_fields; i++) {
		const hf_audit_field *wanted = &wide->fields[i];
		size_t j;

		if (wanted->type == AUDIT_FILTERKEY || is_always_true(wanted))
			continue;
		for (j = 0; j < narrow->n_fields; j++)
			if (field_implies(&narrow->fields[j], wanted))
				break;
		if (j == narrow->n_fields)
			return false;
	}
	return mask_covers(wide, narrow);
}

static bool fields_exclude(const hf_audit_field *a, const hf_audit_field *b)
{
	bool a_path = a->type == AUDIT_WATCH || a->type == AUDIT_DIR;
	bool b_path = b->type == AUDIT_WATCH || b->type == AUDIT_DIR;
	int64_t a_low, a_high, b_low, b_high;

	/* One event can touch several paths (rename); what counts is what the rules are
	 * about, and paths apart from each other are apart. */
	if (a_path && b_path)
		return !path_below(a, b) && !path_below(b, a);
	if (a->type != b->type)
		return false;
	/* reading, writing and changing attributes share calls (open, quotactl, link) */
	if (a->type == AUDIT_PERM)
		return !(a->value & b->value) &&
		       (a->value == AUDIT_PERM_EXEC || b->value == AUDIT_PERM_EXEC);
	if (a->type == AUDIT_EXE)
		return a->op == AUDIT_EQUAL && b->op == AUDIT_EQUAL && !field_equal(a, b);
	if (!is_number(a->type) || is_plural(a->type))
		return false;
	if (a->op == AUDIT_EQUAL && b->op == AUDIT_NOT_EQUAL)
		return a->value == b->value;
	if (b->op == AUDIT_EQUAL && a->op == AUDIT_NOT_EQUAL)
		return a->value == b->value;
	return interval(a, &a_low, &a_high) && interval(b, &b_low, &b_high) &&
	       (a_high < b_low || b_high < a_low);
}

/* Are the syscalls that @other names none that the perm field of @rule looks at? */
static bool perm_excludes(const hf_audit_rule *rule, const hf_audit_rule *other)
{
	const hf_audit_field *perm = hf_audit_rule_field(rule, AUDIT_PERM);
	const hf_audit_field *arch = hf_audit_rule_field(rule, AUDIT_ARCH);
	int machine;

	if (!arch) /* numbers are as the other one means them */
		arch = hf_audit_rule_field(other, AUDIT_ARCH);
	if (!perm || !arch || other->all)
		return false;
	machine = audit_elf_to_machine(arch->value);
	return machine >= 0 && !mask_meets_perm(other->mask, perm->value, machine);
}

/* Is there a syscall that both rules let through? */
static bool masks_meet(const hf_audit_rule *a, const hf_audit_rule *b)
{
	if (a->list == AUDIT_FILTER_TASK)
		return true;
	if (perm_excludes(a, b) || perm_excludes(b, a))
		return false;
	return a->by_perm || b->by_perm || masks_share(a->mask, b->mask);
}

bool hf_audit_rule_overlaps(const hf_audit_rule *a, const hf_audit_rule *b)
{
	if (a->list != b->list)
		return false;
	for (size_t i = 0; i < a->n_fields; i++)
		for (size_t j = 0; j < b->n_fields; j++)
			if (fields_exclude(&a->fields[i], &b->fields[j]))
				return false;
	return masks_meet(a, b);
}

hf_audit_taking hf_audit_rule_takes(const hf_audit_rule *other, const hf_audit_rule *rule)
{
	hf_audit_field fields[AUDIT_MAX_FIELDS + 1];
	hf_audit_rule seen = {
		.list = other->list, .all = true, .mask = every_syscall, .fields = fields
	};
	bool never = other->action == AUDIT_NEVER;

	if (rule->list != AUDIT_FILTER_EXIT || rule->action != AUDIT_ALWAYS)
		return HF_AUDIT_TAKES_NONE;
	switch (other->list) {
	case AUDIT_FILTER_TASK: /* uid and the like may change after the birth */
		seen.all = false;
		seen.mask = no_syscall;
		if (!never)
			return HF_AUDIT_TAKES_NONE;
		return hf_audit_rule_covers(other, &seen) ? HF_AUDIT_TAKES_ALL
							  : HF_AUDIT_TAKES_SOME;
	case AUDIT_FILTER_FS:
		return never && other->n_fields && hf_audit_rule_path(rule)
			       ? HF_AUDIT_TAKES_SOME
			       : HF_AUDIT_TAKES_NONE;
	case AUDIT_FILTER_EXCLUDE: /* without a field it matches nothing */
		if (rule->n_fields)
			memcpy(fields, rule->fields, rule->n_fields * sizeof(*fields));
		seen.n_fields = rule->n_fields + 1;
		fields[rule->n_fields] = (hf_audit_field){ .type = AUDIT_MSGTYPE,
							   .op = AUDIT_EQUAL,
							   .value = AUDIT_SYSCALL };
		for (size_t i = 0; i < other->n_fields; i++)
			if (!hf_audit_field_excludes(other->fields[i].type))
				return HF_AUDIT_TAKES_NONE;
		if (!other->n_fields || !hf_audit_rule_overlaps(other, &seen))
			return HF_AUDIT_TAKES_NONE;
		return hf_audit_rule_covers(other, &seen) ? HF_AUDIT_TAKES_ALL
							  : HF_AUDIT_TAKES_SOME;
	default:
		return HF_AUDIT_TAKES_NONE;
	}
}

bool hf_audit_rule_differs(const hf_audit_rule *a, const hf_audit_rule *b)
{
	const hf_audit_field *a_key = hf_audit_rule_field(a, AUDIT_FILTERKEY);
	const hf_audit_field *b_key = hf_audit_rule_field(b, AUDIT_FILTERKEY);

	if (a->action != b->action)
		return true;
	if (!a_key || !b_key)
		return a_key != b_key && a->action == AUDIT_ALWAYS;
	return a->action == AUDIT_ALWAYS && !field_equal(a_key, b_key);
}

hf_audit_rule *hf_audit_rule_copy(const hf_audit_rule *rule, hf_arena *arena)
{
	hf_audit_rule *copy = hf_arena_new(arena, hf_audit_rule);

	if (!copy)
		return NULL;
	*copy = *rule;
	if (hf_audit_rule_set_mask(copy, rule->mask, arena) < 0)
		return NULL;
	copy->fields = hf_arena_array(arena, rule->n_fields + 1, sizeof(*copy->fields));
	if (!copy->fields)
		return NULL;
	for (size_t i = 0; i < rule->n_fields; i++) {
		copy->fields[i] = rule->fields[i];
		if (!rule->fields[i].text)
			continue;
		copy->fields[i].text = hf_arena_memdup(arena, rule->fields[i].text,
						       rule->fields[i].value);
		if (!copy->fields[i].text)
			return NULL;
	}
	return copy;
}

/* A condition that holds for every event of the list. */
static hf_audit_field always_true(uint32_t list)
{
	/* this list takes fstype and a key only, and no range of fstype */
	if (list == AUDIT_FILTER_FS)
		return (hf_audit_field){ .type = AUDIT_FSTYPE,
					 .op = AUDIT_NOT_EQUAL,
					 .value = UINT32_MAX };
	return (hf_audit_field){ .type = AUDIT_PID,
				 .op = AUDIT_GREATER_THAN_OR_EQUAL,
				 .value = 0 };
}

hf_audit_rule *hf_audit_rule_bridge(const hf_audit_rule *rule, hf_arena *arena)
{
	hf_audit_rule *copy = hf_audit_rule_copy(rule, arena);
	hf_audit_field first;
	size_t i = 1;

	if (!copy)
		return NULL;
	copy->hash = 0; /* it will be another one */
	while (i < copy->n_fields && field_equal(&copy->fields[0], &copy->fields[i]))
		i++;
	if (i < copy->n_fields) {
		first = copy->fields[0];
		copy->fields[0] = copy->fields[i];
		copy->fields[i] = first;
	} else if (copy->n_fields < AUDIT_MAX_FIELDS) {
		/* the copy has a slot to spare */
		copy->fields[copy->n_fields++] = always_true(rule->list);
	} else {
		copy->n_fields--; /* one and the same condition all over */
	}
	return copy;
}

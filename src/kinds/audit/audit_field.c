/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/audit/audit_field.h"

#include <errno.h>
#include <libaudit.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/parse.h"

#define NAME_BYTES 64 /* no field has a name as long */
#define FAMILY_MAX 46 /* AF_MAX of the kernels that filter by family */

/* Longest first where one begins with another; the order is auditctl's. */
#define N_DOUBLE 4 /* those of two bytes; "=" comes behind them */
static const struct {
	const char *text;
	uint32_t op;
} operators[] = {
	{ "!=", AUDIT_NOT_EQUAL },
	{ ">=", AUDIT_GREATER_THAN_OR_EQUAL },
	{ "<=", AUDIT_LESS_THAN_OR_EQUAL },
	{ "&=", AUDIT_BIT_TEST },
	{ "=", AUDIT_EQUAL },
	{ ">", AUDIT_GREATER_THAN },
	{ "<", AUDIT_LESS_THAN },
	{ "&", AUDIT_BIT_MASK },
};

static const char *operator_text(uint32_t op)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (operators[i].op == op)
			return operators[i].text;
	return "?";
}

bool hf_audit_is_cut(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (text[i + 1] == '=' && (text[i] == '!' || text[i] == '>' ||
					   text[i] == '<' || text[i] == '&'))
			return true;
	return false;
}

/* The operator is the first of the table that stands anywhere, not the first to stand:
 * those of two bytes all end in "=". */
static int split_pair(const char *text, size_t *ret_name, uint32_t *ret_op,
		      const char **ret_value, hf_error **err)
{
	size_t best = ARRAY_SIZE(operators), i;
	const char *at = NULL, *p;

	for (p = strchr(text, '='); p; p = strchr(p + 1, '=')) {
		for (i = 0; i < N_DOUBLE; i++)
			if (p > text && p[-1] == operators[i].text[0])
				break;
		if (i < best) {
			best = i; /* N_DOUBLE: "=" alone */
			at = i < N_DOUBLE ? p - 1 : p;
		}
	}
	for (i = N_DOUBLE + 1; !at && i < ARRAY_SIZE(operators); i++) {
		at = strchr(text, operators[i].text[0]);
		best = i;
	}
	if (!at)
		return hf_error_set(err, -EINVAL, "'%s' has no operator such as '='",
				    text);
	*ret_name = (size_t)(at - text);
	*ret_op = operators[best].op;
	*ret_value = at + (best < N_DOUBLE ? 2 : 1);
	if (!**ret_value)
		return hf_error_set(err, -EINVAL, "field '%.*s' has no value",
				    (int)*ret_name, text);
	return 0;
}

void hf_audit_names_release(hf_audit_names *names, const char *audit)
{
	names->perm_table = audit && hf_version_compare(audit, "3.1.3") >= 0;
	names->exclude_any = audit && hf_version_compare(audit, "3.1") >= 0;
	names->no_uring = audit && !names->exclude_any;
}

/* Asked for each rule again; libaudit would search its table of machines. */
static const struct {
	const char *machine;
	hf_audit_abi abis[2];
	size_t n;
} known_abis[] = {
	{ "x86_64",
	  { { "b64", MACH_86_64, AUDIT_ARCH_X86_64 },
	    { "b32", MACH_X86, AUDIT_ARCH_I386 } },
	  2 },
	{ "aarch64", { { "b64", MACH_AARCH64, AUDIT_ARCH_AARCH64 } }, 1 },
};

size_t hf_audit_abis(const char *machine, hf_audit_abi ret[static 2])
{
	int native, small = -1;

	for (size_t i = 0; machine && i < ARRAY_SIZE(known_abis); i++)
		if (strcmp(machine, known_abis[i].machine) == 0) {
			memcpy(ret, known_abis[i].abis, sizeof(known_abis[i].abis));
			return known_abis[i].n;
		}
	native = machine ? audit_name_to_machine(machine) : -1;
	if (native < 0)
		return 0;
	if (native == MACH_PPC64)
		small = MACH_PPC;
	else if (native == MACH_S390X)
		small = MACH_S390;
	ret[0].machine = native;
	ret[0].elf = audit_machine_to_elf(native);
	ret[0].name = ret[0].elf & __AUDIT_ARCH_64BIT ? "b64" : "b32";
	if (small < 0)
		return 1;
	ret[1] = (hf_audit_abi){ "b32", small, audit_machine_to_elf(small) };
	return 2;
}

int hf_audit_abi_find(const char *machine, const char *name, hf_audit_abi *ret)
{
	hf_audit_abi abis[2];
	size_t n = hf_audit_abis(machine, abis);
	int other;

	for (size_t i = 0; i < n; i++)
		if (strcmp(abis[i].name, name) == 0) {
			*ret = abis[i];
			return 0;
		}
	/* 32-bit programs of aarch64 are rare enough for no twin by default. */
	if (n && abis[0].machine == MACH_AARCH64 && strcmp(name, "b32") == 0)
		other = MACH_ARM;
	else
		other = audit_name_to_machine(name);
	if (other < 0 || audit_machine_to_elf(other) == 0)
		return -ENOENT;
	*ret = (hf_audit_abi){ name, other, audit_machine_to_elf(other) };
	return 0;
}

/* What strtoul() makes of it, as in auditctl: decimal, 0x or octal with a leading 0, what
 * follows the digits is passed over, and the lower 32 bits count. Foreign lines are read
 * as they will load, not as they should have been written. */
static bool parse_unsigned(const char *s, uint32_t *ret)
{
	if (*s < '0' || *s > '9')
		return false;
	*ret = (uint32_t)strtoul(s, NULL, 0);
	return true;
}

/* The same, and "-N", which wraps. */
static bool parse_number(const char *s, uint32_t *ret)
{
	if (s[0] != '-' || s[1] < '0' || s[1] > '9')
		return parse_unsigned(s, ret);
	*ret = (uint32_t)strtol(s, NULL, 0);
	return true;
}

static int parse_id(const char *value, bool group, bool may_unset,
		    const hf_audit_names *names, uint32_t *ret, hf_error **err)
{
	int r;

	/* only auid may be unset: the kernel takes no other id of -1 */
	bool unset = strcmp(value, "unset") == 0 ||
		     (parse_number(value, ret) && *ret == UINT32_MAX);

	if (unset && !may_unset)
		return hf_error_set(err, -EINVAL, "'%s' is no id: only auid may be unset",
				    value);
	if (unset)
		*ret = UINT32_MAX;
	if (unset || (group ? parse_unsigned(value, ret) : parse_number(value, ret)))
		return 0;
	r = names->id ? names->id(names->user, group, value, ret) : -ENOENT;
	if (r == -ENOMEM)
		return hf_error_oom(err);
	if (r < 0)
		return hf_error_set(err, -EINVAL, "no %s is named '%s' here",
				    group ? "group" : "user", value);
	return 0;
}

static int parse_perm(const char *value, uint32_t *ret, hf_error **err)
{
	uint32_t perm = 0;

	for (const char *p = value; *p; p++) {
		if (*p == 'r' || *p == 'R')
			perm |= AUDIT_PERM_READ;
		else if (*p == 'w' || *p == 'W')
			perm |= AUDIT_PERM_WRITE;
		else if (*p == 'x' || *p == 'X')
			perm |= AUDIT_PERM_EXEC;
		else if (*p == 'a' || *p == 'A')
			perm |= AUDIT_PERM_ATTR;
		else
			perm = UINT32_MAX;
	}
	if (perm == 0 || perm > 15 || strlen(value) > 4)
		return hf_error_set(err, -EINVAL,
				    "perm '%s' is not made of r, w, x and a", value);
	*ret = perm;
	return 0;
}

static int parse_exit(const char *value, uint32_t *ret, hf_error **err)
{
	int nr;

	if (parse_number(value, ret))
		return 0;
	nr = audit_name_to_errno(value);
	if (nr == 0)
		return hf_error_set(err, -EINVAL, "'%s' is no exit code and no errno",
				    value);
	*ret = (uint32_t)nr;
	return 0;
}

/* A name out of one of libaudit's tables, or a number (not of a file type). */
static int parse_named(const char *value, uint32_t type, int (*lookup)(const char *),
		       const char *what, uint32_t *ret, hf_error **err)
{
	int nr;

	if (type != AUDIT_FILETYPE && parse_unsigned(value, ret))
		return 0;
	nr = lookup(value);
	if (nr < 0)
		return hf_error_set(err, -EINVAL, "'%s' is no %s", value, what);
	*ret = (uint32_t)nr;
	return 0;
}

static int parse_arch(const char *value, const hf_audit_names *names, uint32_t *ret,
		      hf_error **err)
{
	hf_audit_abi abi;

	size_t len = strlen(value);

	if (len > 2 && value[0] == '0' && parse_number(value, ret))
		return 0;
	if (len == 8 && strspn(value, "0123456789abcdefABCDEF") == len) {
		*ret = (uint32_t)strtoul(value, NULL, 16);
		return 0;
	}
	if (hf_audit_abi_find(names->machine, value, &abi) < 0)
		return hf_error_set(err, -EINVAL,
				    "arch '%s' is not known on this machine (%s)", value,
				    names->machine ? names->machine : "unknown");
	*ret = abi.elf;
	return 0;
}

/* May the field stand on the list, with this operator? NULL, or why not. */
static const char *field_refused(uint32_t type, uint32_t op, uint32_t list,
				 const hf_audit_names *names)
{
	bool plain = op == AUDIT_EQUAL || op == AUDIT_NOT_EQUAL;

	if (list == AUDIT_FILTER_EXCLUDE && !names->exclude_any &&
	    !hf_audit_field_excludes(type))
		return "cannot stand on the exclude list";
	if (list == AUDIT_FILTER_FS && type != AUDIT_FSTYPE && type != AUDIT_FILTERKEY)
		return "cannot stand on the filesystem list";
	if (type == AUDIT_FSTYPE && list != AUDIT_FILTER_FS)
		return "can only stand on the filesystem list";
	switch (type) {
	case AUDIT_MSGTYPE:
		if (list != AUDIT_FILTER_EXCLUDE && list != AUDIT_FILTER_USER)
			return "can only stand on the exclude and user lists";
		break;
	case AUDIT_EXIT:
	case AUDIT_SUCCESS:
		if (list != AUDIT_FILTER_EXIT && list != AUDIT_FILTER_URING_EXIT)
			return "can only stand on the exit list";
		break;
	case AUDIT_WATCH:
	case AUDIT_DIR:
	case AUDIT_FILETYPE:
	case AUDIT_OBJ_USER ... AUDIT_OBJ_LEV_HIGH:
	case AUDIT_INODE:
	case AUDIT_DEVMAJOR:
	case AUDIT_DEVMINOR:
	case AUDIT_PPID:
		if (list != AUDIT_FILTER_EXIT)
			return "can only stand on the exit list";
		break;
	case AUDIT_PERM:
		if (list != AUDIT_FILTER_EXIT &&
		    (list != AUDIT_FILTER_EXCLUDE || !names->exclude_any))
			return "can only stand on the exit list";
		break;
	case AUDIT_SESSIONID:
		if (list == AUDIT_FILTER_TASK)
			return "cannot stand on the task list";
		break;
	default:
		break;
	}
	switch (type) {
	case AUDIT_WATCH:
	case AUDIT_DIR:
	case AUDIT_PERM:
	case AUDIT_FILTERKEY:
		return op == AUDIT_EQUAL ? NULL : "takes the operator = only";
	case AUDIT_EXE:
	case AUDIT_FIELD_COMPARE:
	case AUDIT_ARCH:
	case AUDIT_FSTYPE:
	case AUDIT_MSGTYPE:
	case AUDIT_INODE:
	case AUDIT_FILETYPE:
	case AUDIT_SADDR_FAM:
	case AUDIT_SUBJ_USER ... AUDIT_SUBJ_TYPE:
	case AUDIT_OBJ_USER ... AUDIT_OBJ_TYPE:
		if (type == AUDIT_MSGTYPE || type == AUDIT_SADDR_FAM)
			return op == AUDIT_BIT_MASK || op == AUDIT_BIT_TEST
				       ? "does not take the operators & and &="
				       : NULL;
		return plain ? NULL : "takes the operators = and != only";
	default:
		return NULL;
	}
}

static int parse_text(const char *name, const char *value, uint32_t type, hf_arena *arena,
		      hf_audit_field *ret, hf_error **err)
{
	size_t len = strlen(value);
	size_t max = type == AUDIT_FILTERKEY ? AUDIT_MAX_KEY_LEN : PATH_MAX - 1;
	char *copy;

	if (len > max)
		return hf_error_set(err, -EINVAL,
				    "the value of '%s' is longer than %zu bytes", name,
				    max);
	if ((type == AUDIT_WATCH || type == AUDIT_DIR || type == AUDIT_EXE) &&
	    *value != '/')
		return hf_error_set(err, -EINVAL, "%s '%s' is not an absolute path", name,
				    value);
	if (type == AUDIT_WATCH) {
		const char *base = strrchr(value, '/') + 1;

		if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
			return hf_error_set(err, -EINVAL,
					    "path '%s' does not end in a name", value);
	}
	copy = hf_arena_memdup(arena, value, len);
	if (!copy)
		return hf_error_oom(err);
	ret->text = copy;
	ret->value = (uint32_t)len;
	return 0;
}

static int parse_value(const char *name, const char *value, uint32_t type,
		       const hf_audit_names *names, uint32_t *ret, hf_error **err)
{
	switch (type) {
	case AUDIT_UID ... AUDIT_FSUID:
	case AUDIT_LOGINUID:
	case AUDIT_OBJ_UID:
		return parse_id(value, false, type == AUDIT_LOGINUID, names, ret, err);
	case AUDIT_GID ... AUDIT_FSGID:
	case AUDIT_OBJ_GID:
		return parse_id(value, true, false, names, ret, err);
	case AUDIT_EXIT:
		return parse_exit(value, ret, err);
	case AUDIT_MSGTYPE:
		return parse_named(value, type, audit_name_to_msg_type, "message type",
				   ret, err);
	case AUDIT_FILETYPE:
		return parse_named(value, type, audit_name_to_ftype, "file type", ret,
				   err);
	case AUDIT_FSTYPE:
		return parse_named(value, type, audit_name_to_fstype, "file system type",
				   ret, err);
	case AUDIT_ARCH:
		return parse_arch(value, names, ret, err);
	case AUDIT_PERM:
		return parse_perm(value, ret, err);
	case AUDIT_SESSIONID: /* any other word is 0 to auditctl */
		if (!parse_number(value, ret))
			*ret = strcmp(value, "unset") == 0 ? UINT32_MAX : 0;
		return 0;
	case AUDIT_SADDR_FAM: /* a name is 0 to auditctl */
		*ret = (uint32_t)strtoul(value, NULL, 0);
		if (strtoul(value, NULL, 0) < FAMILY_MAX)
			return 0;
		return hf_error_set(err, -EINVAL, "there is no address family %s", value);
	case AUDIT_ARG0 ... AUDIT_ARG3:
		if (parse_number(value, ret))
			return 0;
		break;
	default:
		break;
	}
	if (!parse_unsigned(value, ret))
		return hf_error_set(err, -EINVAL, "'%s' of field '%s' is not a number",
				    value, name);
	return 0;
}

/* The fields of nearly all rules; libaudit's table is a search. */
static const struct {
	char name[8];
	uint32_t type;
} common[] = {
	{ "arch", AUDIT_ARCH }, { "path", AUDIT_WATCH },    { "perm", AUDIT_PERM },
	{ "dir", AUDIT_DIR },	{ "key", AUDIT_FILTERKEY }, { "auid", AUDIT_LOGINUID },
};

/* The type of a field of @len bytes of name, which go into @buf; -1: there is none. */
static int field_type(const char *name, size_t len, char buf[static NAME_BYTES])
{
	if (len >= NAME_BYTES)
		return -1;
	memset(buf, 0, sizeof(common->name));
	memcpy(buf, name, len);
	buf[len] = '\0';
	for (size_t i = 0; len < sizeof(common->name) && i < ARRAY_SIZE(common); i++)
		if (memcmp(buf, common[i].name, sizeof(common[i].name)) == 0)
			return (int)common[i].type;
	return audit_name_to_field(buf);
}

static const char *field_name(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (common[i].type == type)
			return common[i].name;
	return audit_field_to_name((int)type);
}

int hf_audit_field_parse(const char *text, uint32_t list, const hf_audit_names *names,
			 hf_arena *arena, hf_audit_field *ret, hf_error **err)
{
	hf_audit_field field = { 0 };
	char name[NAME_BYTES];
	const char *refused, *value;
	size_t len;
	int type, r;

	r = split_pair(text, &len, &field.op, &value, err);
	if (r < 0)
		return r;
	type = field_type(text, len, name);
	if (type < 0)
		return hf_error_set(err, -EINVAL, "there is no field named '%.*s'",
				    (int)len, text);
	field.type = (uint32_t)type;
	refused = field_refused(field.type, field.op, list, names);
	if (refused)
		return hf_error_set(err, -EINVAL, "field '%s' %s", name, refused);
	if (hf_audit_field_is_text(field.type))
		r = parse_text(name, value, field.type, arena, &field, err);
	else
		r = parse_value(name, value, field.type, names, &field.value, err);
	if (r < 0)
		return r;
	*ret = field;
	return 0;
}

/* The pairs that the kernel compares (linux/audit.h, AUDIT_COMPARE_*). */
static const struct {
	uint16_t a;
	uint16_t b;
	uint32_t value;
} compares[] = {
	{ AUDIT_UID, AUDIT_OBJ_UID, AUDIT_COMPARE_UID_TO_OBJ_UID },
	{ AUDIT_GID, AUDIT_OBJ_GID, AUDIT_COMPARE_GID_TO_OBJ_GID },
	{ AUDIT_EUID, AUDIT_OBJ_UID, AUDIT_COMPARE_EUID_TO_OBJ_UID },
	{ AUDIT_EGID, AUDIT_OBJ_GID, AUDIT_COMPARE_EGID_TO_OBJ_GID },
	{ AUDIT_LOGINUID, AUDIT_OBJ_UID, AUDIT_COMPARE_AUID_TO_OBJ_UID },
	{ AUDIT_SUID, AUDIT_OBJ_UID, AUDIT_COMPARE_SUID_TO_OBJ_UID },
	{ AUDIT_SGID, AUDIT_OBJ_GID, AUDIT_COMPARE_SGID_TO_OBJ_GID },
	{ AUDIT_FSUID, AUDIT_OBJ_UID, AUDIT_COMPARE_FSUID_TO_OBJ_UID },
	{ AUDIT_FSGID, AUDIT_OBJ_GID, AUDIT_COMPARE_FSGID_TO_OBJ_GID },
	{ AUDIT_UID, AUDIT_LOGINUID, AUDIT_COMPARE_UID_TO_AUID },
	{ AUDIT_UID, AUDIT_EUID, AUDIT_COMPARE_UID_TO_EUID },
	{ AUDIT_UID, AUDIT_FSUID, AUDIT_COMPARE_UID_TO_FSUID },
	{ AUDIT_UID, AUDIT_SUID, AUDIT_COMPARE_UID_TO_SUID },
	{ AUDIT_LOGINUID, AUDIT_FSUID, AUDIT_COMPARE_AUID_TO_FSUID },
	{ AUDIT_LOGINUID, AUDIT_SUID, AUDIT_COMPARE_AUID_TO_SUID },
	{ AUDIT_LOGINUID, AUDIT_EUID, AUDIT_COMPARE_AUID_TO_EUID },
	{ AUDIT_EUID, AUDIT_SUID, AUDIT_COMPARE_EUID_TO_SUID },
	{ AUDIT_EUID, AUDIT_FSUID, AUDIT_COMPARE_EUID_TO_FSUID },
	{ AUDIT_SUID, AUDIT_FSUID, AUDIT_COMPARE_SUID_TO_FSUID },
	{ AUDIT_GID, AUDIT_EGID, AUDIT_COMPARE_GID_TO_EGID },
	{ AUDIT_GID, AUDIT_FSGID, AUDIT_COMPARE_GID_TO_FSGID },
	{ AUDIT_GID, AUDIT_SGID, AUDIT_COMPARE_GID_TO_SGID },
	{ AUDIT_EGID, AUDIT_FSGID, AUDIT_COMPARE_EGID_TO_FSGID },
	{ AUDIT_EGID, AUDIT_SGID, AUDIT_COMPARE_EGID_TO_SGID },
	{ AUDIT_SGID, AUDIT_FSGID, AUDIT_COMPARE_SGID_TO_FSGID },
};

int hf_audit_compare_parse(const char *text, uint32_t list, hf_audit_field *ret,
			   hf_error **err)
{
	char name[NAME_BYTES];
	const char *value;
	size_t len;
	uint32_t op;
	int a, b, r;

	r = split_pair(text, &len, &op, &value, err);
	if (r < 0)
		return r;
	if (op != AUDIT_EQUAL && op != AUDIT_NOT_EQUAL)
		return hf_error_set(err, -EINVAL, "-C takes the operators = and != only");
	if (list != AUDIT_FILTER_EXIT)
		return hf_error_set(err, -EINVAL, "-C can only stand on the exit list");
	a = field_type(text, len, name);
	b = field_type(value, strlen(value), name);
	for (size_t i = 0; i < ARRAY_SIZE(compares); i++) {
		int x = compares[i].a, y = compares[i].b;

		if ((x == a && y == b) || (x == b && y == a)) {
			*ret = (hf_audit_field){ .type = AUDIT_FIELD_COMPARE,
						 .op = op,
						 .value = compares[i].value };
			return 0;
		}
	}
	return hf_error_set(err, -EINVAL, "the kernel cannot compare '%.*s' with '%s'",
			    (int)len, text, value);
}

/* A token of a rules file is cut at spaces; auditctl reads these two escapes. */
void hf_audit_text_print(hf_strbuf *sb, const char *text, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != ' ' && text[i] != '\\')
			continue;
		hf_strbuf_add(sb, text + from, i - from);
		hf_strbuf_addc(sb, '\\');
		from = i;
	}
	hf_strbuf_add(sb, text + from, len - from);
}

void hf_audit_field_print_number(hf_strbuf *sb, const hf_audit_field *field)
{
	hf_strbuf_addf(sb, "field_compare%s%u", operator_text(field->op), field->value);
}

static void print_compare(hf_strbuf *sb, const hf_audit_field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(compares); i++)
		if (compares[i].value == field->value) {
			hf_strbuf_addf(sb, "%s%s%s", audit_field_to_name(compares[i].a),
				       operator_text(field->op),
				       audit_field_to_name(compares[i].b));
			return;
		}
	hf_audit_field_print_number(sb, field);
}

bool hf_audit_field_is_pair(const hf_audit_field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(compares); i++)
		if (field->type == AUDIT_FIELD_COMPARE &&
		    compares[i].value == field->value)
			return true;
	return false;
}

static void print_arch(hf_strbuf *sb, uint32_t elf, const char *machine)
{
	static const char *const names[] = { "b64", "b32" };
	hf_audit_abi abi;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (hf_audit_abi_find(machine, names[i], &abi) == 0 && abi.elf == elf) {
			hf_strbuf_adds(sb, names[i]);
			return;
		}
	hf_strbuf_addf(sb, "0x%X", elf);
}

static void print_value(hf_strbuf *sb, const hf_audit_field *field, const char *machine)
{
	const char *name = NULL;

	switch (field->type) {
	case AUDIT_ARCH:
		print_arch(sb, field->value, machine);
		return;
	case AUDIT_PERM:
		if (field->value & AUDIT_PERM_READ)
			hf_strbuf_addc(sb, 'r');
		if (field->value & AUDIT_PERM_WRITE)
			hf_strbuf_addc(sb, 'w');
		if (field->value & AUDIT_PERM_EXEC)
			hf_strbuf_addc(sb, 'x');
		if (field->value & AUDIT_PERM_ATTR)
			hf_strbuf_addc(sb, 'a');
		return;
	case AUDIT_EXIT:
		if ((int32_t)field->value < 0)
			name = audit_errno_to_name(-(int32_t)field->value);
		if (name)
			hf_strbuf_addf(sb, "-%s", name);
		else
			hf_strbuf_addf(sb, "%d", (int32_t)field->value);
		return;
	case AUDIT_UID ... AUDIT_FSUID:
	case AUDIT_LOGINUID:
	case AUDIT_OBJ_UID:
	case AUDIT_SESSIONID:
		if (field->value == UINT32_MAX)
			name = "unset";
		break;
	case AUDIT_MSGTYPE:
		name = audit_msg_type_to_name((int)field->value);
		break;
	case AUDIT_FILETYPE:
		name = audit_ftype_to_name((int)field->value);
		break;
	case AUDIT_FSTYPE:
		name = audit_fstype_to_name((int)field->value);
		break;
	case AUDIT_DEVMAJOR ... AUDIT_INODE:
	case AUDIT_ARG0 ... AUDIT_ARG3:
		hf_strbuf_addf(sb, "0x%X", field->value);
		return;
	default:
		break;
	}
	if (name)
		hf_strbuf_adds(sb, name);
	else
		hf_strbuf_addf(sb, "%u", field->value);
}

void hf_audit_field_print(hf_strbuf *sb, const hf_audit_field *field, const char *machine)
{
	const char *name;

	if (field->type == AUDIT_FIELD_COMPARE) {
		print_compare(sb, field);
		return;
	}
	name = field_name(field->type);
	if (name)
		hf_strbuf_adds(sb, name);
	else
		hf_strbuf_addf(sb, "field%u", field->type);
	hf_strbuf_adds(sb, operator_text(field->op));
	if (field->text)
		hf_audit_text_print(sb, field->text, field->value);
	else
		print_value(sb, field, machine);
}

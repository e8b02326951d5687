/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <errno.h>
#include <string.h>

int hf_parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return -ERANGE;
	}
	if (v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int hf_parse_i64(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t v;
	int r = hf_parse_u64(s + negative, (uint64_t)INT64_MAX, &v);

	if (r < 0)
		return r;
	*ret = negative ? -(int64_t)v : (int64_t)v;
	return 0;
}

int hf_parse_mode(const char *s, mode_t *ret)
{
	mode_t v = 0;
	size_t n = strlen(s);

	if (n < 1 || n > 5)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '7')
			return -EINVAL;
		v = v * 8 + (mode_t)(*s - '0');
	}
	if (v > 07777)
		return -ERANGE;
	*ret = v;
	return 0;
}

int hf_parse_bool(const char *s, bool *ret)
{
	if (strcmp(s, "true") == 0)
		*ret = true;
	else if (strcmp(s, "false") == 0)
		*ret = false;
	else
		return -EINVAL;
	return 0;
}

int hf_parse_go_bool(const char *s, bool *ret)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
	static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(s, yes[i]) != 0 && strcmp(s, no[i]) != 0)
			continue;
		*ret = strcmp(s, yes[i]) == 0;
		return 0;
	}
	return -EINVAL;
}

/* Reads one numeric part at *p and moves past its dot; missing parts are 0. */
static uint64_t version_part(const char **p)
{
	uint64_t v = 0;

	while (**p >= '0' && **p <= '9') {
		if (v < UINT64_MAX / 20)
			v = v * 10 + (uint64_t)(**p - '0');
		(*p)++;
	}
	while (**p && !strchr(".-+~", **p))
		(*p)++; /* "1rc2": what follows the digits does not order */
	if (**p == '.')
		(*p)++;
	return v;
}

static const char *skip_epoch(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && s[n] == ':' ? s + n + 1 : s;
}

static bool version_end(const char *p)
{
	return !*p || strchr("-+~", *p);
}

int hf_version_compare(const char *a, const char *b)
{
	a = skip_epoch(a);
	b = skip_epoch(b);
	while (!version_end(a) || !version_end(b)) {
		uint64_t x = version_end(a) ? 0 : version_part(&a);
		uint64_t y = version_end(b) ? 0 : version_part(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

int hf_version_match(const char *version, const char *expression)
{
	static const char *const ops[] = { ">=", "<=", "==", "!=", ">", "<", "=" };
	const char *op = "=";
	int c;

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		size_t n = strlen(ops[i]);

		if (strncmp(expression, ops[i], n) == 0) {
			op = ops[i];
			expression += n;
			break;
		}
	}
	while (*expression == ' ')
		expression++;
	if (*expression < '0' || *expression > '9')
		return -EINVAL;
	c = hf_version_compare(version, expression);
	switch (op[0]) {
	case '>':
		return op[1] ? c >= 0 : c > 0;
	case '<':
		return op[1] ? c <= 0 : c < 0;
	case '!':
		return c != 0;
	default:
		return c == 0;
	}
}

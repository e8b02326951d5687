/* SPDX-License-Identifier: Apache-2.0 */
/* File systems mounted below a watched directory. Pure. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/path.h"
#include "kinds/audit/audit_planner.h"

/* The path of the rule, cleaned; NULL: it has none. */
static const char *path_of(const hf_audit_rule *rule, char *buf)
{
	const hf_audit_field *f = hf_audit_rule_path(rule);
	size_t len = f ? f->value : 0;

	if (!f || len >= PATH_MAX)
		return NULL;
	while (len > 1 && f->text[len - 1] == '/')
		len--;
	memcpy(buf, f->text, len);
	buf[len] = '\0';
	return buf;
}

/* Index of the first mount point that begins with @prefix, or stands behind all that do.
 */
static size_t find_first(const hf_audit_obs *obs, const char *prefix)
{
	size_t low = 0, high = obs->n_mounts;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(obs->mounts[mid], prefix) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int hf_audit_add_mounts(hf_audit_planner *p, const hf_audit_entry *entry,
			const hf_audit_rule *rule, const char **why)
{
	char dir[PATH_MAX], path[PATH_MAX], prefix[PATH_MAX + 1];
	const hf_audit_obs *obs = p->obs;
	const char *first = NULL;
	size_t n = 0, len;

	if (!hf_audit_rule_field(entry->rule, AUDIT_DIR) || !path_of(entry->rule, dir) ||
	    !path_of(rule, path))
		return 0;
	len = strlen(dir);
	memcpy(prefix, dir, len + 1);
	if (len > 1)
		memcpy(prefix + len++, "/", 2);
	for (size_t i = find_first(obs, prefix);
	     i < obs->n_mounts && strncmp(obs->mounts[i], prefix, len) == 0; i++) {
		const char *mount = obs->mounts[i];

		if (!mount[len] ||
		    (!hf_path_below(mount, path) && !hf_path_below(path, mount)))
			continue;
		if (n++ == 0)
			first = mount;
	}
	if (!n)
		return 0;
	*why = hf_arena_printf(p->arena,
			       "%s%s%s%s is mounted below %s: the rule covers what was "
			       "mounted there before it was loaded, or what auditctl -q "
			       "has told the kernel of",
			       *why ? *why : "", *why ? "; " : "", first,
			       n == 1 ? "" : " (and others)", dir);
	return *why ? 0 : -ENOMEM;
}

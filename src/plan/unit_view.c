/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/unit_view.h"

#include <string.h>

#include "base/path.h"

/* The deepest mount above a path is the one that shows there, but below what is made
 * inaccessible systemd mounts nothing. */
const hf_unit_mount *hf_unit_mount_over(const hf_unit_view *view, const char *path)
{
	const hf_unit_mount *over = NULL;

	for (size_t i = 0; i < view->n_mounts; i++) {
		const hf_unit_mount *m = &view->mounts[i];

		if (m->path && !hf_path_below(path, m->path))
			continue;
		if (!m->path || m->inaccessible)
			return m;
		if (!over || strlen(m->path) > strlen(over->path) ||
		    (strlen(m->path) == strlen(over->path) && !m->same))
			over = m;
	}
	return over && !over->same ? over : NULL;
}

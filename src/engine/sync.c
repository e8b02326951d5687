/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sync.h"

#include "host/fs.h"

int hf_syncer_add(hf_syncer *s, hf_host *host, dev_t dev, const char *path, bool follow,
		  hf_error **err)
{
	for (size_t i = 0; i < s->n_done; i++)
		if (s->done[i] == dev)
			return 0;
	if (s->n_done < ARRAY_SIZE(s->done))
		s->done[s->n_done++] = dev;
	return hf_fs_sync_of(host, path, follow ? 0 : HF_FS_NOFOLLOW, err);
}

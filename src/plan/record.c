/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/record.h"

const hf_record_entry *hf_record_get(const hf_record *record, const char *id)
{
	return hf_map_get(&record->by_id, id);
}

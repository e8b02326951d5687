/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/registry.h"

#include "kinds/audit/audit_kind.h"
#include "kinds/daemon/daemon_kind.h"
#include "kinds/files/files_kind.h"
#include "kinds/units/units_kind.h"

const hf_kind *const hf_kinds[] = {
	&hf_kind_units,
	&hf_kind_daemon,
	&hf_kind_files,
	&hf_kind_audit,
};
const size_t hf_kinds_n = ARRAY_SIZE(hf_kinds);

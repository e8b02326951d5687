/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds/files/files_kind.h"

const hf_kind hf_kind_files = { .name = "files", .rank = HF_RANK_FILES };

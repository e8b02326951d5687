/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_KINDS_FILES_KIND_H
#define HF_KINDS_FILES_KIND_H

#include "model/kind.h"

#define HF_RANK_FILES 2

extern const hf_kind hf_kind_files;

#endif

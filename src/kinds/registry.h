/* SPDX-License-Identifier: Apache-2.0 */
/* The constant table of kinds, in order of rank, and nothing else. */
#ifndef HF_KINDS_REGISTRY_H
#define HF_KINDS_REGISTRY_H

#include "model/kind.h"

extern const hf_kind *const hf_kinds[];
extern const size_t hf_kinds_n;

#endif

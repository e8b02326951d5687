/* SPDX-License-Identifier: Apache-2.0 */
/* What may be set in a unit by a baseline: sections, and settings with one value. */
#ifndef HF_KINDS_UNITS_SETTINGS_H
#define HF_KINDS_UNITS_SETTINGS_H

#include <stdbool.h>
#include <sys/types.h>

#include "model/node.h"

/** hf_section_accept - is @key "exec_start" or a section that @unit has? Reports. Pure.
 */
bool hf_section_accept(const char *unit, const hf_node *key, hf_diags *diags);

/** hf_setting_refuse - reports and returns true where @key cannot be set: no key, or a
 *  list, which a drop-in can only add to. A name that systemd 257 does not know is only
 *  warned of. Pure; systemd.unit(5), systemd.service(5), systemd.socket(5). */
bool hf_setting_refuse(const char *section, const hf_node *key, hf_diags *diags);

/** hf_setting_is_live_at_reload - does the manager follow it without a restart? pure */
bool hf_setting_is_live_at_reload(const char *section, const char *key);

/** hf_setting_mode - an octal mode as systemd reads it; -EINVAL; pure */
int hf_setting_mode(const char *text, mode_t *ret) _must_check_;

#endif

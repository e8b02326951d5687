/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsystemd, loaded when it is first needed. A check of a host or tree without systemd
 * then does not pay for loading it and the libraries it brings along, which takes longer
 * than the rest of the start (`make bench`).
 *
 *	if (hf_sd_load(err) < 0) ...
 *	r = SD(sd_bus_open_system)(&bus);
 */
#ifndef HF_HOST_SD_H
#define HF_HOST_SD_H

#include <systemd/sd-bus.h>
#include <systemd/sd-journal.h>

#include "base/error.h"

#define HF_SD_FUNCTIONS(F)                                                               \
	F(sd_bus_call_method)                                                            \
	F(sd_bus_error_free)                                                             \
	F(sd_bus_error_has_name)                                                         \
	F(sd_bus_flush_close_unref)                                                      \
	F(sd_bus_get_property)                                                           \
	F(sd_bus_get_property_string)                                                    \
	F(sd_bus_get_property_strv)                                                      \
	F(sd_bus_get_property_trivial)                                                   \
	F(sd_bus_is_bus_client)                                                          \
	F(sd_bus_match_signal)                                                           \
	F(sd_bus_message_enter_container)                                                \
	F(sd_bus_message_read)                                                           \
	F(sd_bus_message_unref)                                                          \
	F(sd_bus_new)                                                                    \
	F(sd_bus_open_system)                                                            \
	F(sd_bus_path_encode)                                                            \
	F(sd_bus_process)                                                                \
	F(sd_bus_set_address)                                                            \
	F(sd_bus_set_method_call_timeout)                                                \
	F(sd_bus_slot_unref)                                                             \
	F(sd_bus_start)                                                                  \
	F(sd_bus_unref)                                                                  \
	F(sd_bus_wait)                                                                   \
	F(sd_journal_add_disjunction)                                                    \
	F(sd_journal_add_match)                                                          \
	F(sd_journal_close)                                                              \
	F(sd_journal_get_data)                                                           \
	F(sd_journal_next)                                                               \
	F(sd_journal_open)                                                               \
	F(sd_journal_seek_realtime_usec)                                                 \
	F(sd_journal_send_with_location)                                                 \
	F(sd_journal_wait)

typedef struct hf_sd {
#define HF_SD_MEMBER(name) __typeof__(name) *name;
	HF_SD_FUNCTIONS(HF_SD_MEMBER)
#undef HF_SD_MEMBER
} hf_sd;

/* The functions, once hf_sd_load() has succeeded. A library is the process's, so its
 * table is, too: the one exception to "no globals". */
extern hf_sd hf_sd_table;
#define SD(name) (hf_sd_table.name)

/** hf_sd_load - load the library (once); -ENOENT it is not installed, -ELIBBAD a function
 *  is missing */
int hf_sd_load(hf_error **err) _must_check_;

#endif

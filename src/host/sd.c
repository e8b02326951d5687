/* SPDX-License-Identifier: Apache-2.0 */
#include "host/sd.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define LIBRARY "libsystemd.so.0"

hf_sd hf_sd_table;

/* POSIX gives functions as data pointers here; memcpy() keeps ISO C content. */
static bool find(void *library, const char *name, void *ret_function)
{
	void *symbol = dlsym(library, name);

	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol;
}

int hf_sd_load(hf_error **err)
{
	static bool loaded;
	hf_sd table;
	void *library;

	if (loaded)
		return 0;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return hf_error_set(err, -ENOENT, "cannot load %s: %s", LIBRARY,
				    dlerror());
#define HF_SD_FIND(name)                                                                 \
	if (!find(library, #name, &table.name))                                          \
		return hf_error_set(err, -ELIBBAD, "%s has no %s", LIBRARY, #name);
	HF_SD_FUNCTIONS(HF_SD_FIND)
#undef HF_SD_FIND
	hf_sd_table = table;
	loaded = true;
	return 0;
}

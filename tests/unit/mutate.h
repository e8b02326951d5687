/* SPDX-License-Identifier: Apache-2.0 */
/* Small random damage to a text, the same for the same seed. */
#ifndef HF_TESTS_MUTATE_H
#define HF_TESTS_MUTATE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/macro.h"

static unsigned next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33);
}

static size_t mutate(char *text, size_t len, size_t cap, uint64_t *seed)
{
	static const char *const bits[] = { "${", "}",	"*x",	"&x ", "- ",	": ",
					    "\n", "[",	"{",	"\"",  "'",	"\\",
					    "#",  "|",	"!",	"~",   "\t",	"\xc3",
					    "+",  "id", "null", "  ",  "---\n", "@" };
	size_t at = next_random(seed) % (len + 1), n;
	const char *bit;

	switch (next_random(seed) % 4) {
	case 0: /* another byte */
		if (at < len)
			text[at] = (char)next_random(seed);
		return len;
	case 1: /* a piece goes */
		n = next_random(seed) % 20;
		n = n < len - at ? n : len - at;
		memmove(text + at, text + at + n, len - at - n);
		return len - n;
	case 2: /* a piece comes twice */
		n = next_random(seed) % 40;
		n = n < len - at ? n : len - at;
		if (len + n > cap)
			return len;
		memmove(text + at + n, text + at, len - at);
		return len + n;
	default: /* something that means something */
		bit = bits[next_random(seed) % ARRAY_SIZE(bits)];
		n = strlen(bit);
		if (len + n > cap)
			return len;
		memmove(text + at + n, text + at, len - at);
		memcpy(text + at, bit, n);
		return len + n;
	}
}

#endif

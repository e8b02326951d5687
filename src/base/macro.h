/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes, ownership transfer and automatic cleanup.
 *
 * Cleanup is by attribute: declare `cleanup_free char *p = NULL;`, hand a value on
 * with take_ptr() or take_fd(). A destructor accepts NULL and half-built objects.
 */
#ifndef HF_BASE_MACRO_H
#define HF_BASE_MACRO_H

#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define _must_check_ __attribute__((warn_unused_result))
#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define _unused_ __attribute__((unused))
#define cleanup_(fn) __attribute__((cleanup(fn)))

/* Defines fn##p(), the form that the cleanup attribute calls. */
#define HF_DEFINE_FREEP(type, fn)                                                        \
	static inline void fn##p(type *p)                                                \
	{                                                                                \
		if (*p)                                                                  \
			fn(*p);                                                          \
	}

static inline void hf_freep(void *p)
{
	free(*(void **)p);
}

static inline void hf_closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing sensible is left to do */
}

#define cleanup_free cleanup_(hf_freep)
#define cleanup_close cleanup_(hf_closep)

/* Moves a pointer or descriptor out of a variable that would clean it up. */
#define take_ptr(p)                                                                      \
	({                                                                               \
		__typeof__(p) take_tmp_ = (p);                                           \
		(p) = NULL;                                                              \
		take_tmp_;                                                               \
	})

static inline int hf_take_fd(int *fd)
{
	int r = *fd;

	*fd = -1;
	return r;
}
#define take_fd(fd) hf_take_fd(&(fd))

#endif

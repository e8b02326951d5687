/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

/* Returned when nothing more can be allocated: static, so that it cannot fail. */
static hf_error oom_error = { .code = -ENOMEM };

void hf_error_free(hf_error *err)
{
	if (!err || err == &oom_error)
		return;
	free(err->msg);
	free(err->file);
	free(err->hint);
	free(err);
}

int hf_error_oom(hf_error **err)
{
	if (err) {
		assert(!*err);
		*err = &oom_error;
	}
	return -ENOMEM;
}

_printf_(1, 0) static char *format_escaped(const char *fmt, va_list ap)
{
	cleanup_free char *raw = NULL;

	if (vasprintf(&raw, fmt, ap) < 0) {
		raw = NULL;
		return NULL;
	}
	return hf_escape_dup(raw, strlen(raw));
}

_printf_(6, 0) static int error_vset(hf_error **err, int code, const char *file,
				     unsigned line, unsigned column, const char *fmt,
				     va_list ap)
{
	hf_error *e;

	assert(code < 0);
	if (!err)
		return code;
	assert(!*err);
	e = calloc(1, sizeof(*e));
	if (!e)
		return hf_error_oom(err), code;
	e->code = code;
	e->line = line;
	e->column = column;
	e->msg = format_escaped(fmt, ap);
	if (file)
		e->file = strdup(file);
	if (!e->msg || (file && !e->file)) {
		hf_error_free(e);
		(void)hf_error_oom(err);
		return code;
	}
	*err = e;
	return code;
}

int hf_error_set(hf_error **err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)error_vset(err, code, NULL, 0, 0, fmt, ap);
	va_end(ap);
	return code;
}

int hf_error_at(hf_error **err, int code, const char *file, unsigned line,
		unsigned column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)error_vset(err, code, file, line, column, fmt, ap);
	va_end(ap);
	return code;
}

_printf_(3, 0) static int extend(hf_error **err, bool before, const char *fmt, va_list ap)
{
	cleanup_free char *more = NULL;
	char *joined = NULL;
	hf_error *e;

	if (!err || !*err)
		return -EIO; /* a caller without an error value has no text to extend */
	e = *err;
	if (e == &oom_error)
		return e->code;
	more = format_escaped(fmt, ap);
	if (more && asprintf(&joined, "%s%s%s", before ? more : e->msg,
			     before ? ": " : "; ", before ? e->msg : more) >= 0) {
		free(e->msg);
		e->msg = joined;
	} /* out of memory: the shorter message is still true */
	return e->code;
}

int hf_error_wrap(hf_error **err, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = extend(err, true, fmt, ap);
	va_end(ap);
	return r;
}

int hf_error_add(hf_error **err, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = extend(err, false, fmt, ap);
	va_end(ap);
	return r;
}

int hf_error_hint(hf_error **err, const char *fmt, ...)
{
	va_list ap;

	if (!err || !*err)
		return -EIO;
	if (*err == &oom_error)
		return (*err)->code;
	va_start(ap, fmt);
	free((*err)->hint);
	(*err)->hint = format_escaped(fmt, ap);
	va_end(ap);
	return (*err)->code;
}

const char *hf_error_text(const hf_error *err)
{
	if (!err)
		return "no error";
	return err->msg ? err->msg : "out of memory";
}

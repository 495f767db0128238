/* err.c - a status and a sentence in the caller's struct. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static void
fill(struct ch_err *err, int status, int os, const char *format, va_list ap)
{
	char reason[128];
	int n;

	if (!err)
		return;
	err->status = status;
	err->os = os;
	n = vsnprintf(err->text, sizeof(err->text), format, ap);
	if (!os || n < 0 || (size_t)n >= sizeof(err->text))
		return;
	snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s",
	    strerror_r(os, reason, sizeof(reason)));
}

int
ch_err_set(struct ch_err *err, int status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fill(err, status, 0, format, ap);
	va_end(ap);
	return status;
}

int
ch_err_os(struct ch_err *err, int os, const char *format, ...)
{
	int status = CH_IO;
	va_list ap;

	if (os == EACCES || os == EPERM || os == EROFS)
		status = CH_DENIED;
	va_start(ap, format);
	fill(err, status, os, format, ap);
	va_end(ap);
	return status;
}

int
ch_err_memory(struct ch_err *err)
{
	return ch_err_os(err, ENOMEM, "no room");
}

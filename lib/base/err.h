/*
 * err.h - filling a struct ch_err.
 *
 * The reason is added once, where it is known: the function that meets a
 * failure calls ch_err_set (or ch_err_os, which appends the system's words)
 * and returns its value; the callers pass the status on.
 */
#ifndef CH_BASE_ERR_H
#define CH_BASE_ERR_H

#include "channel.h"

/* Set err (may be NULL) to a formatted sentence; returns status. */
int ch_err_set(struct ch_err *err, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The same with ": " and strerror(os) after it. The status follows from the
 * errno: EACCES, EPERM, EROFS: CH_DENIED; the rest CH_IO.
 */
int ch_err_os(struct ch_err *err, int os, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* CH_IO, "out of memory". */
int ch_err_memory(struct ch_err *err);

#endif

/*
 * spool.h - files for what is too large, or not meant, for a message: bodies
 * and uploads. Consumers get their paths.
 *
 * Calling sequence
 * ----------------
 *     spool_open(state, &err);            once, in the process that spools
 *     struct spool file = SPOOL_INIT;
 *     if (spool_new(&file) < 0 || spool_write(&file, bytes, n) < 0 ||
 *         spool_done(&file) < 0)
 *             status = spool_status(errno);
 *     …  file.path goes into a message; when the answer is there:
 *     spool_release(&file);
 *     spool_close();
 *
 * A process keeps its files in a directory of its own, STATE/spool/RANDOM,
 * made for its first file. A lock in there says that it lives; a directory
 * whose lock is free was left by one that was killed, and anybody who sweeps
 * removes it. So all a crash leaves goes when the next server starts.
 */
#ifndef CHSERVE_SPOOL_H
#define CHSERVE_SPOOL_H

#include "channel.h"

#include <stddef.h>
#include <sys/types.h>

struct spool {
	int fd; /* for writing, -1 before spool_new and after spool_done */
	off_t size;
	char *path; /* absolute; NULL: there is no file */
};
#define SPOOL_INIT { -1, 0, NULL }

/*
 * Make STATE and STATE/spool (0700, parents too), sweep. After fork(), not
 * before: what lives is the process. A store's directory must be a store by
 * then. CH_DENIED: not permitted, or another user could reach in. CH_CONFIG:
 * the path is not UTF-8, so no message could say it. CH_IO: the system failed.
 * From now on a write beyond the limit of a file's size fails with EFBIG, its
 * signal is caught.
 */
int spool_open(const char *state, struct ch_err *err);

/* Remove what dead processes left; for now and then. */
void spool_sweep(void);

/* Remove our directory with all that is in it. */
void spool_close(void);

/* A new, empty file, mode 0600; 0, or -1 with errno. */
int spool_new(struct spool *spool);

/* Add n bytes; 0, or -1 with errno: the file is then of no use. */
int spool_write(struct spool *spool, const void *bytes, size_t n);

/* It is whole: close it, keep the file; 0, or -1 with errno. */
int spool_done(struct spool *spool);

/* Remove the file, if there is one; *spool is as after SPOOL_INIT. */
void spool_release(struct spool *spool);

/* The status for a request whose file failed with errno `os`. */
int spool_status(int os);

#endif

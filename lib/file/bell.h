/*
 * bell.h - named pipes that ring: a byte means "look again", and no more.
 *
 * A listener opens the pipe for reading and writing, so that it stays open; a
 * ringer opens it for writing, never waits, and learns from ENXIO that nobody
 * listens.
 */
#ifndef CH_FILE_BELL_H
#define CH_FILE_BELL_H

#include "file/file.h"

/* Open dir/name to listen; -1 with errno. */
int ch_bell_listen(const struct ch_file *file, int dir, const char *name);

/*
 * Ring dir/name: 1 rung (a full pipe is as good), 0 nobody listens, -1 errno.
 * The path may lead through one folder ("jobs/bell"). No SIGPIPE comes of it.
 * With `fd` not NULL the descriptor stays open there, and is used when it is
 * (>= 0 already); when nobody listens it is closed.
 */
int ch_bell_ring(int dir, const char *path, int *fd);

/* Whether somebody listens; rings nothing. 1, 0, or -1 with errno. */
int ch_bell_heard(int dir, const char *path);

/* Take all bytes out of a listener's descriptor. */
void ch_bell_drain(int fd);

#endif

/*
 * outbox.h - bytes that wait to be written, in memory, then in a file.
 *
 * An answer waits for its reader here. What is in memory is limited: the rest
 * lies in a file, the one that is served, or one of the spool; so a slow reader
 * costs disk, and only up to OUTBOX_MAX. Where many are slow, and all of them
 * together have OUTBOX_POOL in memory, each has but OUTBOX_LEAST.
 */
#ifndef CHSERVE_OUTBOX_H
#define CHSERVE_OUTBOX_H

#include "chserve/openfile.h"
#include "chserve/sock.h"
#include "chserve/spool.h"

#include "base/buf.h"

#include <stdint.h>

#define OUTBOX_MEMORY 262144        /* bytes; then it spills into a file */
#define OUTBOX_POOL ((size_t)16 << 20)
#define OUTBOX_LEAST 1024
#define OUTBOX_MAX ((off_t)1 << 30) /* bytes in that file */

struct outbox {
	struct ch_buf memory; /* goes first */
	size_t at;
	int file; /* then this; -1: none */
	off_t file_at, file_left;
	struct openfile *shared; /* `file` is this one's; NULL: it is not */
	struct spool spool; /* `file` is this one */
	int spilled;
	uint64_t written; /* bytes, in all */
};
#define OUTBOX_INIT { .file = -1, .spool = SPOOL_INIT }

/* Add bytes; -1 if there is no room for them, or none on the disk. */
int outbox_put(struct outbox *outbox, const void *bytes, size_t n);

/* Add len bytes of a file, which is taken; nothing may be put behind them. */
void outbox_file(struct outbox *outbox, int file, off_t at, off_t len);

/* How many bytes wait. */
off_t outbox_left(const struct outbox *outbox);
int outbox_is_empty(const struct outbox *outbox);

/* Write: 1 if all is gone, 0 if the rest has to wait, -1: the peer is lost. */
int outbox_write(struct outbox *outbox, struct sock *sock);

/* Take up to n bytes; their number, or -1 if the file has become shorter. */
ssize_t outbox_take(struct outbox *outbox, void *bytes, size_t n);

void outbox_release(struct outbox *outbox);

#endif

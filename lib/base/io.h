/* io.h - whole reads and writes on descriptors; EINTR is not an error. */
#ifndef CH_BASE_IO_H
#define CH_BASE_IO_H

#include "base/buf.h"

#include <sys/types.h>

/* Write all n bytes; 0, or -1 with errno. Waits on a non-blocking fd. */
int ch_io_write(int fd, const void *bytes, size_t n);

/* Read up to n bytes once; their number, 0 at the end, -1 with errno. */
ssize_t ch_io_read(int fd, void *bytes, size_t n);

/*
 * Append all that fd still has to buf, at most `max` bytes (EFBIG beyond);
 * 0, or -1 with errno.
 */
int ch_io_slurp(int fd, struct ch_buf *buf, size_t max);

/* Close fd if it is open (>= 0) and set it to -1; errno stays. */
void ch_io_close(int *fd);

#endif

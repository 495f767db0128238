/*
 * deflate.h - the payloads of permessage-deflate (RFC 7692, section 7.2).
 *
 * Every message stands for itself: no window is kept between two of them, so
 * one inflater and one deflater for each size of window serve all connections.
 */
#ifndef CHSERVE_DEFLATE_H
#define CHSERVE_DEFLATE_H

#include "base/buf.h"

#define DEFLATE_WINDOW_MIN 9 /* zlib has no smaller one */
#define DEFLATE_WINDOW_MAX 15

enum deflate_status {
	DEFLATE_OK,
	DEFLATE_UNSOUND,
	DEFLATE_TOO_BIG
};

/*
 * Append the payload deflated with a window of 2^window bytes. -1: that would
 * be no smaller, and out is as it was.
 */
int deflate_pack(struct ch_buf *out, const char *bytes, size_t n,
    unsigned window);

/* Append what n bytes inflate to, max bytes at most. */
enum deflate_status deflate_unpack(struct ch_buf *out, const char *bytes,
    size_t n, size_t max);

/* Free the memory of both. */
void deflate_close(void);

#endif

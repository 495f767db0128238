/*
 * sign.h - a signature by which the receiver of a post knows who sent it.
 *
 * The value is "t=TIME,v1=HEX": seconds since the epoch, and the HMAC-SHA256
 * of "TIME.BODY" by a key that both sides have. Who checks it also looks
 * whether TIME is recent, so that nobody can send it again later.
 */
#ifndef CHWORK_SIGN_H
#define CHWORK_SIGN_H

#include "base/buf.h"

#include <stdint.h>

#define SIGN_LEAST 16 /* bytes of a key */
#define SIGN_MOST  4096

/*
 * Append the key that a file relative to `dir` holds, without a line feed at
 * its end. NULL, or why not: it must be its owner's alone, and not too short.
 */
const char *sign_key(struct ch_buf *key, const char *dir, const char *file);

/* Append the value for this body, sent at this time. */
void sign_put(struct ch_buf *out, const struct ch_buf *key, int64_t time,
    const char *body, size_t len);

#endif

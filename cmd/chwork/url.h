/*
 * url.h - the address of a post: fixed, but for captures in path and query.
 *
 * What a visitor sends can neither change where a post goes nor add to the
 * address: a capture is percent-encoded, every byte of it that is not a
 * letter, a digit or one of "-._~". Pure.
 */
#ifndef CHWORK_URL_H
#define CHWORK_URL_H

#include "base/buf.h"
#include "chwork/pattern.h"

/* What is wrong with an address as it stands in a route, or NULL. */
const char *url_fault(const char *text);

/* Append a byte, percent-encoded unless it is one of those. */
void url_put_byte(struct ch_buf *out, char byte);

/*
 * Append the address with its captures filled in. 0, or -1 if a segment of
 * its path would be "." or "..", which lead elsewhere.
 */
int url_expand(const struct pattern *url, const struct captures *captures,
    struct ch_buf *out);

#endif

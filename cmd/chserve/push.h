/*
 * push.h - the draft's Server Push messages, as preload links. Pure.
 *
 * A Server Push message is a reply whose `request` is an http.request that the
 * consumer expects the client to make next. Browsers no longer take pushed
 * answers; they do take the hint to ask: `Link: </x>; rel=preload`, with
 * 103 Early Hints (RFC 8297) ahead of the answer, or in it.
 */
#ifndef CHSERVE_PUSH_H
#define CHSERVE_PUSH_H

#include "base/buf.h"

/*
 * If the message is a Server Push, append its link, the value of a Link field,
 * to *link: 1. If it is none: 0. If it is one that means no path here: -1.
 */
int push_read(struct ch_buf *link, const char *text, size_t len);

#endif

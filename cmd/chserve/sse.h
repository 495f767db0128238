/* sse.h - messages as server-sent events (WHATWG HTML, section 9.2). Pure. */
#ifndef CHSERVE_SSE_H
#define CHSERVE_SSE_H

#include "common/json.h"

#include "base/buf.h"

/*
 * Append the event that a message means: `id`, `event` and `retry` as they are
 * there, and as data its `data` or `text` or, without these, all of it. 1; or 0
 * if it says `close` instead: the stream ends.
 */
int sse_put(struct ch_buf *out, struct json message);

#endif

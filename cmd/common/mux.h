/*
 * mux.h - a frame of a stream, by which one connection serves several
 * consumers: a text that is {"stream": NAME, "payload": VALUE}. Pure.
 */
#ifndef CMD_COMMON_MUX_H
#define CMD_COMMON_MUX_H

#include "base/buf.h"
#include "common/json.h"

struct mux {
	struct json stream; /* a string; text is NULL: there is no frame */
	struct json payload;
};

/*
 * The frame that the message's text is. It points into `scratch`, where the
 * text is put.
 */
struct mux mux_of(struct json message, struct ch_buf *scratch);

/*
 * The value at `path` of a message, as json_get; "stream", "payload" and what
 * is below that are also looked for in its frame.
 */
struct json mux_get(struct json message, const char *path,
    struct ch_buf *scratch);

/*
 * Append a message with a frame of that stream, `n` bytes of it, whose payload
 * the line is: a JSON value as it is, anything else, valid UTF-8, as a string.
 */
void mux_put(struct ch_buf *out, const char *stream, size_t n,
    const char *line, size_t len);

#endif

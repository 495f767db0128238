/*
 * outlet.h - what a command prints, as messages into the layer.
 *
 * Bytes go in, complete lines or objects become messages, and these are sent
 * in their order. A channel that is full holds up what is behind it: then the
 * owner reads no more from the command until there is room.
 */
#ifndef CHWORK_OUTLET_H
#define CHWORK_OUTLET_H

#include "base/buf.h"
#include "channel.h"
#include "chwork/response.h"
#include "chwork/routes.h"

struct post; /* a message on its way */

struct outlet {
	struct ch_layer *layer;
	const struct route *route; /* for what is said */
	enum reply how;
	char *reply_channel; /* NULL: none */
	struct ch_buf stream; /* frames: their stream; the owner's to set */
	struct ch_reader *reader; /* json, envelopes */
	char end;                 /* of a line, or a message */
	struct ch_buf line;       /* text, frames: not complete */
	int too_long;             /* text: the rest of the line is left out */
	struct response response; /* http */
	struct ch_buf bytes;      /* what posts hold */
	struct post *posts;
	size_t n, size;
	size_t sent;              /* of them */
	int64_t full_since;       /* 0: not full */
	uint64_t dropped;         /* since a channel is full */
	uint64_t late;            /* where nobody waits for them any more */
};

/* `reply_channel` may be NULL. */
void outlet_init(struct outlet *outlet, struct ch_layer *layer,
    const struct route *route, enum reply how, const char *reply_channel);

/* Take n bytes; what is complete waits for outlet_flush. */
void outlet_feed(struct outlet *outlet, const char *bytes, size_t n);

/* That was all; `whole` if the command has succeeded. */
void outlet_end(struct outlet *outlet, int whole);

/* Send what is left. 0: all is sent; else how many ms to wait for room. */
int64_t outlet_flush(struct outlet *outlet);

void outlet_release(struct outlet *outlet);

#endif

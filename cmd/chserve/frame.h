/*
 * frame.h - a WebSocket frame, built once for all who get it.
 *
 * A server's frames are not masked, so the bytes are the same for every
 * client, deflated ones included: they are made when the first client asks for
 * them. frame_new gives a frame with one reference; frame_put drops one.
 */
#ifndef CHSERVE_FRAME_H
#define CHSERVE_FRAME_H

#include <stddef.h>

/* Smaller payloads are not worth deflating. */
#define FRAME_DEFLATE_MIN 128

enum frame_kind {
	FRAME_TEXT = 1,
	FRAME_BINARY = 2,
	FRAME_CLOSE = 8,
	FRAME_PING = 9,
	FRAME_PONG = 10
};

struct frame {
	size_t refs;
	size_t len;
	struct frame *deflated; /* the same for others, linked by `next` */
	struct frame *next;
	unsigned windows; /* those tried, as bits */
	unsigned window;  /* of a deflated one */
	unsigned char bytes[]; /* header and payload, ready to send */
};

/* NULL without memory. The payload of a control frame has at most 125 bytes. */
struct frame *frame_new(enum frame_kind kind, const char *payload, size_t n);
int frame_is(const struct frame *frame, enum frame_kind kind);
struct frame *frame_get(struct frame *frame);
void frame_put(struct frame *frame); /* NULL is fine */

/*
 * The frame for a client that takes messages deflated with that window (8 to
 * 15; 0: it does not); itself where deflating does not pay. Not a new
 * reference: it is there as long as the frame is.
 */
struct frame *frame_for(struct frame *frame, unsigned window);

#endif

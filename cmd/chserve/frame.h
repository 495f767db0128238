/*
 * frame.h - a WebSocket frame, built once for all who get it.
 *
 * A server's frames are not masked, so the bytes are the same for every
 * client. frame_new gives a frame with one reference; frame_put drops one.
 */
#ifndef CHSERVE_FRAME_H
#define CHSERVE_FRAME_H

#include <stddef.h>

enum frame_kind {
	FRAME_TEXT = 1,
	FRAME_BINARY = 2,
	FRAME_PING = 9
};

struct frame {
	size_t refs;
	size_t len;
	unsigned char bytes[]; /* header and payload, ready to send */
};

/* NULL without memory. A ping's payload has at most 125 bytes. */
struct frame *frame_new(enum frame_kind kind, const char *payload, size_t n);
struct frame *frame_get(struct frame *frame);
void frame_put(struct frame *frame); /* NULL is fine */

#endif

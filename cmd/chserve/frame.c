/* A WebSocket frame (RFC 6455, section 5.2), built once for all. */
#include "chserve/frame.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIN 0x80
#define HEADER_MAX 10

static size_t
put_header(unsigned char *p, enum frame_kind kind, size_t n)
{
	size_t width = n < 126 ? 0 : n <= UINT16_MAX ? 2 : 8, i;

	p[0] = (unsigned char)(FIN | (unsigned)kind);
	p[1] = (unsigned char)(width == 0 ? n : width == 2 ? 126 : 127);
	for (i = 0; i < width; i++)
		p[2 + i] = (unsigned char)(n >> 8 * (width - 1 - i));
	return 2 + width;
}

struct frame *
frame_new(enum frame_kind kind, const char *payload, size_t n)
{
	struct frame *frame;

	if (n > SIZE_MAX - sizeof(*frame) - HEADER_MAX)
		return NULL;
	frame = malloc(sizeof(*frame) + HEADER_MAX + n);
	if (!frame)
		return NULL;
	frame->refs = 1;
	frame->len = put_header(frame->bytes, kind, n);
	if (n)
		memcpy(frame->bytes + frame->len, payload, n);
	frame->len += n;
	return frame;
}

struct frame *
frame_get(struct frame *frame)
{
	frame->refs++;
	return frame;
}

void
frame_put(struct frame *frame)
{
	if (frame && --frame->refs == 0)
		free(frame);
}

/* A WebSocket frame (RFC 6455, section 5.2), built once for all. */
#include "chserve/frame.h"

#include "chserve/budget.h"
#include "chserve/deflate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIN 0x80
#define RSV1 0x40
#define OPCODE 0x0f
#define HEADER_MAX 10

static size_t
put_header(unsigned char *p, unsigned first, size_t n)
{
	size_t width = n < 126 ? 0 : n <= UINT16_MAX ? 2 : 8, i;

	p[0] = (unsigned char)(FIN | first);
	p[1] = (unsigned char)(width == 0 ? n : width == 2 ? 126 : 127);
	for (i = 0; i < width; i++)
		p[2 + i] = (unsigned char)(n >> 8 * (width - 1 - i));
	return 2 + width;
}

static size_t
header_length(const struct frame *frame)
{
	return frame->bytes[1] == 127 ? 10 : frame->bytes[1] == 126 ? 4 : 2;
}

static struct frame *
make(unsigned first, const char *payload, size_t n)
{
	struct frame *frame;

	if (n > SIZE_MAX - sizeof(*frame) - HEADER_MAX)
		return NULL;
	frame = malloc(sizeof(*frame) + HEADER_MAX + n);
	if (!frame)
		return NULL;
	memset(frame, 0, sizeof(*frame));
	frame->refs = 1;
	frame->len = put_header(frame->bytes, first, n);
	if (n)
		memcpy(frame->bytes + frame->len, payload, n);
	frame->len += n;
	budget_common((ssize_t)(sizeof(*frame) + frame->len));
	return frame;
}

struct frame *
frame_new(enum frame_kind kind, const char *payload, size_t n)
{
	return make((unsigned)kind, payload, n);
}

int
frame_is(const struct frame *frame, enum frame_kind kind)
{
	return (frame->bytes[0] & OPCODE) == (unsigned)kind;
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
	struct frame *other;

	if (!frame || --frame->refs)
		return;
	while ((other = frame->deflated)) {
		frame->deflated = other->next;
		frame_put(other);
	}
	budget_common(-(ssize_t)(sizeof(*frame) + frame->len));
	free(frame);
}

/* --- deflated ------------------------------------------------------------- */

/* A payload that fits into a window never needs a larger one. */
static unsigned
window_for(size_t n, unsigned window)
{
	return n <= (size_t)1 << window ? DEFLATE_WINDOW_MAX : window;
}

static void
add_deflated(struct frame *frame, const char *payload, size_t n,
    unsigned window)
{
	struct ch_buf out = CH_BUF_INIT;
	struct frame *other;

	frame->windows |= 1u << window;
	if (deflate_pack(&out, payload, n, window) == 0) {
		other = make(RSV1 | (frame->bytes[0] & OPCODE), out.data,
		    out.len);
		if (other) {
			other->window = window;
			other->next = frame->deflated;
			frame->deflated = other;
		}
	}
	ch_buf_release(&out);
}

struct frame *
frame_for(struct frame *frame, unsigned window)
{
	size_t header = header_length(frame), n = frame->len - header;
	struct frame *other;

	if (!window || n < FRAME_DEFLATE_MIN ||
	    (frame->bytes[0] & OPCODE) > FRAME_BINARY)
		return frame;
	window = window_for(n, window);
	if (window < DEFLATE_WINDOW_MIN)
		return frame;
	if (!(frame->windows & 1u << window))
		add_deflated(frame, (const char *)frame->bytes + header, n,
		    window);
	for (other = frame->deflated; other; other = other->next)
		if (other->window == window)
			return other;
	return frame;
}

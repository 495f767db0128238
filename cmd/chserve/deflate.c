/* The payloads of permessage-deflate, each by itself. */
#define ZLIB_CONST
#include "chserve/deflate.h"

#include "common/say.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

#define LEVEL 3      /* saves nearly what 6 does, in half its time */
#define MEMORY 8
#define PIECE 16384  /* output that is added at a time */
#define BETWEEN_BLOCKS 128 /* in data_type */
#define INPUT_MAX ((size_t)UINT_MAX)

/* What ends each message, and is not sent. */
static const char tail[] = { 0, 0, '\xff', '\xff' };
#define TAIL sizeof(tail)

static z_stream packers[DEFLATE_WINDOW_MAX + 1];
static z_stream unpacker;

static const Bytef *
input(const char *bytes)
{
	return (const Bytef *)bytes;
}

/* --- deflating ------------------------------------------------------------ */

static z_stream *
packer(unsigned window)
{
	z_stream *stream = &packers[window];

	if (!stream->state) {
		if (deflateInit2(stream, LEVEL, Z_DEFLATED, -(int)window,
			MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
			say_memory();
	} else {
		deflateReset(stream);
	}
	return stream;
}

int
deflate_pack(struct ch_buf *out, const char *bytes, size_t n, unsigned window)
{
	z_stream *stream = packer(window);

	/* In the room for n, with the tail, or not at all. */
	if (n > INPUT_MAX)
		return -1;
	if (ch_buf_reserve(out, n))
		say_memory();
	stream->next_in = input(bytes);
	stream->avail_in = (uInt)n;
	stream->next_out = (Bytef *)out->data + out->len;
	stream->avail_out = (uInt)n;
	if (deflate(stream, Z_SYNC_FLUSH) != Z_OK || stream->avail_in ||
	    !stream->avail_out)
		return -1;
	out->len += n - stream->avail_out - TAIL;
	return 0;
}

/* --- inflating ------------------------------------------------------------ */

/* All of one input, into at most max bytes in all. */
static enum deflate_status
inflate_all(struct ch_buf *out, const char *bytes, size_t n, size_t max)
{
	z_stream *stream = &unpacker;
	size_t room;
	int rc;

	stream->next_in = input(bytes);
	stream->avail_in = (uInt)n;
	do {
		room = max - out->len < PIECE ? max - out->len + 1 : PIECE;
		if (ch_buf_reserve(out, room))
			say_memory();
		stream->next_out = (Bytef *)out->data + out->len;
		stream->avail_out = (uInt)room;
		rc = inflate(stream, Z_SYNC_FLUSH);
		out->len += room - stream->avail_out;
		if (out->len > max)
			return DEFLATE_TOO_BIG;
		if (rc == Z_STREAM_END)
			inflateReset(stream); /* a block may be the last one */
		else if (rc != Z_OK && rc != Z_BUF_ERROR)
			return DEFLATE_UNSOUND;
	} while (stream->avail_in || !stream->avail_out);
	return DEFLATE_OK;
}

enum deflate_status
deflate_unpack(struct ch_buf *out, const char *bytes, size_t n, size_t max)
{
	enum deflate_status status;

	if (!unpacker.state) {
		if (inflateInit2(&unpacker, -DEFLATE_WINDOW_MAX) != Z_OK)
			say_memory();
	} else {
		inflateReset(&unpacker);
	}
	if (!n)
		return DEFLATE_OK;
	if (n > INPUT_MAX)
		return DEFLATE_TOO_BIG;
	max += out->len;
	status = inflate_all(out, bytes, n, max);
	if (status == DEFLATE_OK)
		status = inflate_all(out, tail, TAIL, max);
	if (status == DEFLATE_OK && !(unpacker.data_type & BETWEEN_BLOCKS))
		status = DEFLATE_UNSOUND;
	if (out->data)
		out->data[out->len] = '\0';
	return status;
}

void
deflate_close(void)
{
	unsigned i;

	for (i = 0; i <= DEFLATE_WINDOW_MAX; i++)
		if (packers[i].state)
			deflateEnd(&packers[i]);
	if (unpacker.state)
		inflateEnd(&unpacker);
	memset(packers, 0, sizeof(packers));
	memset(&unpacker, 0, sizeof(unpacker));
}

/* Frames, and deflated ones: what they hold, and that they are made once. */
#include "chserve/deflate.h"
#include "chserve/frame.h"

#include "tap.h"

#include <stdlib.h>
#include <string.h>

static char text[300000];

/* Something that deflates, but not to nothing. */
static void
make_text(void)
{
	size_t i;
	unsigned x = 1;

	for (i = 0; i < sizeof(text); i++) {
		x = x * 1103515245 + 12345;
		text[i] = (char)('a' + (x >> 16) % 8);
	}
}

/* What a deflated frame says. */
static void
says(const struct frame *frame, unsigned first, size_t n)
{
	size_t header = frame->bytes[1] < 126 ? 2 : frame->bytes[1] == 126 ? 4
									   : 10;
	struct ch_buf out = CH_BUF_INIT;

	is_int(frame->bytes[0], first, "its first byte");
	is_int(deflate_unpack(&out, (const char *)frame->bytes + header,
	    frame->len - header, n), DEFLATE_OK, "it inflates");
	ok(out.len == n && memcmp(out.data, text, n) == 0, "to what it was");
	ch_buf_release(&out);
}

static void
test_headers(void)
{
	static const struct {
		size_t n;
		const char *head;
		size_t len;
	} cases[] = {
		{ 0, "\x81\x00", 2 },
		{ 125, "\x81\x7d", 2 },
		{ 126, "\x81\x7e\x00\x7e", 4 },
		{ 65535, "\x81\x7e\xff\xff", 4 },
		{ 65536, "\x81\x7f\0\0\0\0\0\1\0\0", 10 },
	};
	struct frame *frame;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		frame = frame_new(FRAME_TEXT, text, cases[i].n);
		ok(frame->len == cases[i].len + cases[i].n &&
		    memcmp(frame->bytes, cases[i].head, cases[i].len) == 0,
		    "the header for %zu bytes", cases[i].n);
		frame_put(frame);
	}
}

static void
test_deflated(void)
{
	struct frame *frame = frame_new(FRAME_TEXT, text, 200), *deflated;
	struct frame *large = frame_new(FRAME_BINARY, text, 300000), *small;

	ok(frame_for(frame, 0) == frame, "for whom does not inflate");
	deflated = frame_for(frame, 15);
	ok(deflated != frame && deflated->len < frame->len, "it is smaller");
	says(deflated, 0xc1, 200);
	ok(frame_for(frame, 15) == deflated, "made once");
	ok(frame_for(frame, 8) == deflated, "and for all windows it fits in");
	deflated = frame_for(large, 15);
	says(deflated, 0xc2, 300000);
	small = frame_for(large, 9);
	ok(small != deflated && small != large, "another for a small window");
	says(small, 0xc2, 300000);
	ok(frame_for(large, 8) == large, "none for the smallest");
	ok(frame_for(large, 15) == deflated, "the others are still there");
	frame_get(small);
	frame_put(large);
	says(small, 0xc2, 300000);
	is_int(small->refs, 1, "who has one keeps it");
	frame_put(small);
	frame_put(frame);
}

static void
test_not_worth_it(void)
{
	struct frame *small = frame_new(FRAME_TEXT, text, 127);
	struct frame *ping = frame_new(FRAME_PING, text, 125);
	struct frame *noise;
	unsigned char bytes[1000];
	unsigned x = 7;
	size_t i;

	for (i = 0; i < sizeof(bytes); i++) {
		x = x * 1103515245 + 12345;
		bytes[i] = (unsigned char)(x >> 16);
	}
	noise = frame_new(FRAME_BINARY, (const char *)bytes, sizeof(bytes));
	ok(frame_for(small, 15) == small, "a small one is left as it is");
	ok(frame_for(ping, 15) == ping, "a control frame");
	ok(frame_for(noise, 15) == noise, "one that gets no smaller");
	ok(frame_for(noise, 15) == noise && !noise->deflated, "each time");
	frame_put(small);
	frame_put(ping);
	frame_put(noise);
}

/* --- what comes in -------------------------------------------------------- */

static enum deflate_status
unpack(const char *bytes, size_t n, size_t max)
{
	struct ch_buf out = CH_BUF_INIT;
	enum deflate_status status = deflate_unpack(&out, bytes, n, max);

	ok(out.len <= max + 1, "no more than %zu bytes", max);
	ch_buf_release(&out);
	return status;
}

#define HELLO "\xf2\x48\xcd\xc9\xc9\x07\x00"
#define unpacks(bytes, max) unpack(bytes, sizeof(bytes) - 1, max)

static void
test_inflating(void)
{
	struct ch_buf bomb = CH_BUF_INIT, out = CH_BUF_INIT;
	char *zeros = calloc(1, 8000000);

	is_int(unpacks(HELLO, 10), DEFLATE_OK, "a word");
	is_int(unpacks(HELLO, 5), DEFLATE_OK,
	    "as long as it may be");
	is_int(unpacks(HELLO, 4), DEFLATE_TOO_BIG,
	    "too long by one");
	is_int(unpacks("", 10), DEFLATE_OK, "nothing");
	is_int(unpacks("\x00", 10), DEFLATE_OK, "an empty block");
	is_int(unpacks("\xff", 10), DEFLATE_UNSOUND, "no such block");
	is_int(unpacks("\xf2\x48\xcd\xc9\xc9", 100), DEFLATE_UNSOUND,
	    "a block without its end");
	/* A last block (BFINAL), and what RFC 7692, 7.2.3.4 adds to it. */
	deflate_unpack(&out, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8, 100);
	is_str(out.data, "Hello", "a block marked as the last one");
	is_int(deflate_pack(&bomb, zeros, 8000000, 15), 0, "a bomb");
	ok(bomb.len < 40000, "of %zu bytes", bomb.len);
	is_int(unpack(bomb.data, bomb.len, 1000000), DEFLATE_TOO_BIG,
	    "does not go off");
	is_int(unpack(bomb.data, bomb.len, 8000000), DEFLATE_OK,
	    "unless it is let");
	free(zeros);
	ch_buf_release(&bomb);
	ch_buf_release(&out);
}

int
main(void)
{
	make_text();
	test_headers();
	test_deflated();
	test_not_worth_it();
	test_inflating();
	deflate_close();
	return done_testing();
}

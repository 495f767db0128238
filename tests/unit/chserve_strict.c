/* Frames as a client must make them, in one piece and byte by byte. */
#include "chserve/strict.h"

#include "base/buf.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static unsigned told; /* the code */
static struct ch_buf pings = CH_BUF_INIT;
static unsigned n_pongs;

static void
tell_wrong(void *arg, unsigned code)
{
	(void)arg;
	told = code;
}

static void
tell_ping(void *arg, const char *payload, size_t n)
{
	(void)arg;
	ch_buf_add(&pings, payload, n);
	ch_buf_addc(&pings, '.');
}

static void
tell_pong(void *arg)
{
	(void)arg;
	n_pongs++;
}

static const struct strict_calls calls = { tell_wrong, tell_ping, tell_pong };
static struct strict strict;
static struct ch_buf passed = CH_BUF_INIT;

/* Follow them, given in pieces of that size; the code of what is wrong. */
static unsigned
follow(const char *bytes, size_t n, size_t piece, int deflates)
{
	char *copy = malloc(piece);
	size_t at, len, kept;

	memset(&strict, 0, sizeof(strict));
	strict.calls = &calls;
	strict.deflates = deflates;
	told = n_pongs = 0;
	ch_buf_clear(&pings);
	ch_buf_clear(&passed);
	for (at = 0; at < n && !strict.wrong; at += len) {
		len = n - at < piece ? n - at : piece;
		memcpy(copy, bytes + at, len);
		kept = strict_follow(&strict, copy, len);
		ch_buf_add(&passed, copy, kept);
	}
	free(copy);
	is_int(told, strict.wrong, "it tells, if it is wrong");
	return strict.wrong;
}

#define MASK "\1\2\3\4"
#define NONE "\0\0\0\0"
#define check_with(deflates, bytes, code, what)                                \
	do {                                                                   \
		is_int(follow(bytes, sizeof(bytes) - 1, sizeof(bytes),         \
			   deflates),                                          \
		    code, what);                                               \
		is_int(follow(bytes, sizeof(bytes) - 1, 1, deflates), code,    \
		    what ", byte by byte");                                    \
	} while (0)
#define check(bytes, code, what) check_with(0, bytes, code, what)

static void
passes(const char *bytes, size_t n, const char *what)
{
	ok(passed.len == n && memcmp(passed.data ? passed.data : "", bytes,
	    n) == 0, "%s: passed on are %zu bytes", what, n);
}

static void
test_long(size_t n, unsigned width)
{
	static char bytes[70000];
	size_t i;

	memset(bytes, 0, sizeof(bytes));
	bytes[0] = '\x82';
	bytes[1] = (char)(0x80 | (width == 2 ? 126 : 127));
	for (i = 0; i < width; i++)
		bytes[2 + i] = (char)(n >> 8 * (width - 1 - i));
	bytes[6 + width + n] = '\x82';
	is_int(follow(bytes, 7 + width + n, 997, 0), 0, "a frame of %zu", n);
	is_int(strict.have, 1, "the next one begins behind it");
	passes(bytes, 7 + width + n, "all of it");
	follow(bytes, 6 + width + n - 1, 997, 0);
	is_int(strict.length - strict.at, 1, "one byte less than that");
}

static void
test_sound(void)
{
	check("\x81\x82" MASK "hi", 0, "a text");
	passes("\x81\x82" MASK "hi", 8, "as it is");
	check("\x01\x80" MASK "\x00\x80" MASK "\x80\x80" MASK "\x82\x80" MASK,
	    0, "a message in three frames, and the next one");
	check("\x88\x80" MASK, 0, "a close");
	is_int(strict.closed, 1005, "without a code");
	check("\x88\x82" MASK "\2\xea", 0, "a close with 1000");
	is_int(strict.closed, 1000, "its code");
	passes("\x88\x82" MASK "\2\xea", 8, "for libwebsockets to answer");
	check("\x88\x85" NONE "\x03\xe8\xe2\x82\xac", 0, "a close's reason");
	check("\x88\x80" MASK "\x81\x00", 0, "nothing counts behind a close");
	passes("\x88\x80" MASK, 6, "nor is it passed on");
}

static void
test_control(void)
{
	check("\x89\x81" NONE "a\x89\x80" MASK "\x89\x82" MASK "c`", 0,
	    "three pings");
	is_str(pings.data, "a..bb.", "each is told");
	passes("", 0, "none");
	check("\x01\x81" NONE "x\x89\x81" NONE "p\x8a\x81" NONE "q\x80\x81" NONE
	      "y",
	    0, "a ping and a pong between fragments");
	is_int(n_pongs, 1, "a pong is told");
	passes("\x01\x81" NONE "x\x80\x81" NONE "y", 14, "the fragments");
}

static void
test_wrong(void)
{
	check("\x81\x02hi", 1002, "no mask");
	follow("\x81\x02hi", 4, 4, 0);
	passes("", 0, "nothing of it");
	check("\x81\x80" MASK "\x81\x00", 1002,
	    "no mask behind a sound frame");
	follow("\x81\x80" MASK "\x81\x00", 8, 8, 0);
	passes("\x81\x80" MASK, 6, "the sound frame");
	check("\x83", 1002, "opcode 3");
	check("\x87", 1002, "opcode 7");
	check("\x8b", 1002, "opcode 11");
	check("\x8f", 1002, "opcode 15");
	check("\x09", 1002, "a ping that is a fragment");
	check("\x08", 1002, "a close that is a fragment");
	check("\x80", 1002, "a continuation of nothing");
	check("\x01\x80" MASK "\x01", 1002, "a message within a message");
	check("\x01\x80" MASK "\x80\x80" MASK "\x80", 1002,
	    "a continuation behind the last one");
	check("\x91", 1002, "RSV3");
	check("\xa1", 1002, "RSV2");
	check("\xc1", 1002, "RSV1");
	check("\x89\xfe", 1002, "a ping of more than 125 bytes");
	check("\x88\x81" MASK "a", 1002, "a close of one byte");
	check("\x88\x82" MASK "\2\xef", 1002, "a close with 1005");
	check("\x88\x82" MASK "\x12\x8a", 1002, "a close with 5000");
	check("\x88\x83" NONE "\x03\xe8\xff", 1007, "a reason of other bytes");
	check("\x81\xff\x80\0\0\0\0\0\0\0" MASK, 1002,
	    "a length beyond 63 bits");
}

static void
test_deflated(void)
{
	check_with(1, "\xc1\x80" MASK, 0, "RSV1 where it is agreed");
	passes("\xc1\x80" MASK, 6, "with it");
	check_with(1, "\x41\x80" MASK "\x80\x80" MASK "\x81", 0,
	    "on the first frame of a message");
	check_with(1, "\x41\x80" MASK "\xc0", 1002, "not on a later one");
	check_with(1, "\xc9", 1002, "not on a ping");
	check_with(1, "\xc8", 1002, "not on a close");
	check_with(1, "\xe1", 1002, "not with another bit");
}

int
main(void)
{
	test_sound();
	test_control();
	test_wrong();
	test_deflated();
	test_long(126, 2);
	test_long(65535, 2);
	test_long(65536, 8);
	ch_buf_release(&pings);
	ch_buf_release(&passed);
	return done_testing();
}

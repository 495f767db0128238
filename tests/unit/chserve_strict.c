/* Frames as a client must make them, in one piece and byte by byte. */
#include "chserve/strict.h"

#include "tap.h"

#include <string.h>

/* Whether they are followed to their end, given in pieces of that size. */
static int
follows(const char *bytes, size_t n, size_t piece)
{
	struct strict strict;
	size_t at, len;

	memset(&strict, 0, sizeof(strict));
	for (at = 0; at < n; at += len) {
		len = n - at < piece ? n - at : piece;
		if (strict_follow(&strict, bytes + at, len))
			return 0;
	}
	return !strict.left && !strict.have;
}

#define MASK "\1\2\3\4"
#define check(bytes, sound, what)                                              \
	do {                                                                   \
		is_int(follows(bytes, sizeof(bytes) - 1, sizeof(bytes)),       \
		    sound, what);                                              \
		is_int(follows(bytes, sizeof(bytes) - 1, 1), sound,            \
		    what ", byte by byte");                                    \
	} while (0)

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
	is_int(follows(bytes, 6 + width + n, 997), 1, "a frame of %zu", n);
	is_int(follows(bytes, 6 + width + n - 1, 997), 0, "less than that");
}

int
main(void)
{
	check("\x81\x82" MASK "hi", 1, "a text");
	check("\x01\x81" MASK "a\x89\x80" MASK "\x80\x80" MASK, 1,
	    "a ping between fragments");
	check("\x88\x80" MASK, 1, "a close");
	check("\x88\x82" MASK "\2\xea", 1, "a close with 1000");
	check("\x88\x84" MASK "\2\xea"
	      "ab",
	    1, "a close with a reason");
	check("\x81\x02"
	      "hi",
	    0, "no mask");
	check("\x81\x80" MASK "\x81\x00", 0, "no mask behind a sound frame");
	check("\x89\xfe", 0, "a ping of more than 125 bytes");
	check("\x88\x81", 0, "a close of one byte");
	check("\x88\x82" MASK "\2\xef", 0, "a close with 1005");
	check("\x88\x82" MASK "\x12\x8a", 0, "a close with 5000");
	check("\x81\xff\x80\0\0\0\0\0\0\0" MASK, 0, "a length beyond 63 bits");
	test_long(126, 2);
	test_long(65535, 2);
	test_long(65536, 8);
	return done_testing();
}

/* Ranges: which bytes are wanted, and what is answered with the whole file. */
#include "chserve/range.h"

#include "tap.h"

#define GB ((off_t)1 << 30)

static void
test_cases(void)
{
	static const struct {
		const char *field;
		off_t size;
		int want;
		off_t at, len;
	} cases[] = {
		{ "bytes=0-3", 10, 206, 0, 4 },
		{ "bytes=0-0", 10, 206, 0, 1 },
		{ "bytes=8-", 10, 206, 8, 2 },
		{ "bytes=9-9", 10, 206, 9, 1 },
		{ "bytes=-2", 10, 206, 8, 2 },
		{ "bytes=-99", 10, 206, 0, 10 },
		{ "bytes=0-99", 10, 206, 0, 10 },
		{ "bytes=007-008", 10, 206, 7, 2 },
		{ "Bytes=0-3", 10, 206, 0, 4 },
		{ "bytes=,0-3, ,", 10, 206, 0, 4 },
		{ "bytes= 0-3", 10, 206, 0, 4 },
		{ "bytes=10-", 10, 416, 0, 0 },
		{ "bytes=10-20", 10, 416, 0, 0 },
		{ "bytes=-0", 10, 416, 0, 0 },
		/* not to be understood */
		{ "", 10, 200, 0, 0 },
		{ "bytes", 10, 200, 0, 0 },
		{ "bytes=", 10, 200, 0, 0 },
		{ "bytes=-", 10, 200, 0, 0 },
		{ "bytes=,", 10, 200, 0, 0 },
		{ "bytes=3", 10, 200, 0, 0 },
		{ "bytes=3-1", 10, 200, 0, 0 },
		{ "bytes=--1", 10, 200, 0, 0 },
		{ "bytes=-1-2", 10, 200, 0, 0 },
		{ "bytes=+1-2", 10, 200, 0, 0 },
		{ "bytes=0x1-2", 10, 200, 0, 0 },
		{ "bytes=1 - 2", 10, 200, 0, 0 },
		{ "bytes =0-3", 10, 200, 0, 0 },
		{ "bytes=0-3;x", 10, 200, 0, 0 },
		{ "lines=0-1", 10, 200, 0, 0 },
		/* several, also where one would be enough */
		{ "bytes=0-1,3-4", 10, 200, 0, 0 },
		{ "bytes=0-,0-,0-", 10, 200, 0, 0 },
		/* an empty file has no piece */
		{ "bytes=0-", 0, 200, 0, 0 },
		{ "bytes=-1", 0, 200, 0, 0 },
		/* numbers beyond all files, and files beyond 32 bits */
		{ "bytes=0-99999999999999999999999", 10, 206, 0, 10 },
		{ "bytes=99999999999999999999999-", 10, 416, 0, 0 },
		{ "bytes=-99999999999999999999999", 10, 206, 0, 10 },
		{ "bytes=9223372036854775807-", 10, 416, 0, 0 },
		{ "bytes=9223372036854775808-18446744073709551616", 10, 416,
		    0, 0 },
		{ "bytes=18446744073709551616-18446744073709551617", 10, 416,
		    0, 0 },
		{ "bytes=3221225472-3221225473", 4 * GB, 206, 3 * GB, 2 },
		{ "bytes=-1", 4 * GB, 206, 4 * GB - 1, 1 },
	};
	off_t at, len;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		at = len = 0;
		is_int(range_read(cases[i].field, cases[i].size, &at, &len),
		    cases[i].want, "%s", cases[i].field);
		is_int(at, cases[i].at, "from there on");
		is_int(len, cases[i].len, "so many bytes");
	}
}

int
main(void)
{
	test_cases();
	return done_testing();
}

/* Frames found in a stream of bytes, however it is cut. */
#include "chserve/h2scan.h"

#include "tap.h"

static const uint8_t bytes[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    "\0\0\0\4\0\0\0\0\0"             /* SETTINGS, empty */
    "\0\0\3\0\1\xff\0\0\5" "abc"     /* DATA of 5, a reserved bit set */
    "\0\1\0\x9\4\0\0\1\0"            /* CONTINUATION of 256, 256 bytes */
    "0123456789012345678901234567890123456789012345678901234567890123"
    "0123456789012345678901234567890123456789012345678901234567890123"
    "0123456789012345678901234567890123456789012345678901234567890123"
    "0123456789012345678901234567890123456789012345678901234567890123"
    "\0\0\x8\6\0\0\0\0\0" "12345678" /* PING */
    "\0\0\4\x8\0\0\0\0\3" "\x80\0\1\2"; /* WINDOW_UPDATE of 258 */

static const struct h2scan_frame want[] = {
	{ 0, 0, 0, 4, 0 }, { 3, 0x7f000005, 0, 0, 1 }, { 256, 256, 0, 9, 4 },
	{ 8, 0, 0, 6, 0 }, { 4, 3, 258, 8, 0 },
};

/* Give it so many bytes at a time. */
static void
scan_by(size_t piece)
{
	struct h2scan scan = H2SCAN_INIT;
	struct h2scan_frame frame;
	size_t at = 0, n = sizeof(bytes) - 1, found = 0, good = 0, used, end;
	int begun;

	while (at < n) {
		for (end = at + piece < n ? at + piece : n; at < end;
		     at += used) {
			used = h2scan_next(&scan, bytes + at, end - at, &frame,
			    &begun);
			if (!begun)
				continue;
			good += found < 5 && frame.type == want[found].type &&
			    frame.length == want[found].length &&
			    frame.flags == want[found].flags &&
			    frame.increment == want[found].increment &&
			    frame.stream == want[found].stream;
			found++;
		}
	}
	is_int(found, 5, "five frames, by %zu", piece);
	is_int(good, 5, "as they are");
	ok(!scan.left && !scan.n, "and the end of the last");
}

int
main(void)
{
	scan_by(1);
	scan_by(7);
	scan_by(100);
	scan_by(sizeof(bytes));
	return done_testing();
}

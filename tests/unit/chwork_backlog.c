/* What a copy of a stream was given, read, and left behind. */
#include "chwork/backlog.h"

#include "common/put.h"
#include "tap.h"

/*
 * Of `given`, `wrote` bytes went into the pipe, and `unread` of them are still
 * there when the copy dies.
 */
static void
dies(const char *given, size_t wrote, size_t unread, const char *last,
    const char *rest)
{
	struct backlog backlog = { .end = '\n' };

	put_string(&backlog.pending, given);
	backlog_wrote(&backlog, wrote);
	backlog_trim(&backlog, unread);
	backlog_died(&backlog, unread);
	put_string(&backlog.last, "");
	put_string(&backlog.pending, "");
	is_str(backlog.last.data, last, "last read: %zu of %zu unread", unread,
	    wrote);
	is_str(backlog.pending.data, rest, "and the rest");
	backlog_release(&backlog);
}

int
main(void)
{
	struct backlog backlog = { .end = '\n' };

	is_int(backlog_line(&backlog), 0, "no line at first");
	put_string(&backlog.pending, "one\ntwo\n");
	is_int(backlog_line(&backlog), 4, "the first line");
	backlog_wrote(&backlog, 2);
	is_int(backlog_line(&backlog), 2, "what is left of it");
	backlog_wrote(&backlog, 6);
	backlog_trim(&backlog, 2);
	is_str(backlog.sent.data, "two\n", "a line begun is kept whole");
	backlog_trim(&backlog, 0);
	is_str(backlog.sent.data, "two\n", "the last one stays");
	backlog_release(&backlog);

	dies("one\ntwo\n", 0, 0, "", "one\ntwo\n");
	dies("one\ntwo\n", 4, 4, "", "one\ntwo\n");
	dies("one\ntwo\n", 4, 0, "one", "two\n");
	dies("one\ntwo\n", 8, 4, "one", "two\n");
	dies("one\ntwo\n", 8, 2, "two", "");
	dies("one\ntwo\n", 8, 0, "two", "");
	dies("one\ntwo\nthree\n", 6, 1, "two", "three\n");
	dies("one\ntwo\nthree\n", 14, 6, "two", "three\n");
	return done_testing();
}

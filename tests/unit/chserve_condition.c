/* Conditional requests, and the dates in them. */
#include "chserve/condition.h"
#include "chserve/date.h"

#include "tap.h"

#define ETAG "\"a,b\""                            /* a comma is no end */
#define MODIFIED 784111777                        /* this second: */
#define THEN "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Mon, 07 Nov 1994 00:00:00 GMT"

static struct head head;

static void
parse(const char *fields)
{
	char text[1024];
	int n = snprintf(text, sizeof(text),
	    "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);

	head_release(&head);
	is_int(head_parse(&head, text, (size_t)n), 0, "%.60s", fields);
}

static void
check(int want, const char *fields)
{
	parse(fields);
	is_int(condition_check(&head, ETAG, MODIFIED), want, "is %d", want);
}

static void
test_none_match(void)
{
	check(0, "");
	check(304, "If-None-Match: " ETAG "\r\n");
	check(304, "If-None-Match: W/" ETAG "\r\n");
	check(304, "If-None-Match: *\r\n");
	check(304, "If-None-Match: \"x\", W/\"y\" ,, " ETAG "\r\n");
	check(304, "If-None-Match: \"x\"\r\nIf-None-Match: " ETAG "\r\n");
	check(304, "If-None-Match: " ETAG "\r\nIf-None-Match: \"x\"\r\n");
	check(0, "If-None-Match: \"x\"\r\n");
	check(0, "If-None-Match: \"a\", \"b\"\r\n");
	check(0, "If-None-Match: \"x" ETAG "\"\r\n");
	check(0, "If-None-Match: a,b\r\n");
	check(0, "If-None-Match: \"a,b\r\n");
	check(0, "If-None-Match:\r\n");
	check(0, "If-None-Match: \"*\"\r\n");
}

static void
test_modified_since(void)
{
	check(304, "If-Modified-Since: " THEN "\r\n");
	check(304, "If-Modified-Since: " AFTER "\r\n");
	check(0, "If-Modified-Since: " BEFORE "\r\n");
	check(0, "If-Modified-Since: yesterday\r\n");
	check(304, "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n");
	check(304, "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n");
	/* the tag decides where there is one */
	check(0, "If-None-Match: \"x\"\r\nIf-Modified-Since: " THEN "\r\n");
	check(304, "If-None-Match: " ETAG "\r\n"
	    "If-Modified-Since: " BEFORE "\r\n");
}

static void
test_match(void)
{
	check(0, "If-Match: " ETAG "\r\n");
	check(0, "If-Match: *\r\n");
	check(0, "If-Match: \"x\"\r\nIf-Match: " ETAG "\r\n");
	check(412, "If-Match: \"x\"\r\n");
	check(412, "If-Match: W/" ETAG "\r\n"); /* a strong comparison */
	check(0, "If-Unmodified-Since: " THEN "\r\n");
	check(412, "If-Unmodified-Since: " BEFORE "\r\n");
	check(0, "If-Unmodified-Since: soon\r\n");
	check(0, "If-Match: " ETAG "\r\n"
	    "If-Unmodified-Since: " BEFORE "\r\n");
	/* asked before the others */
	check(412, "If-None-Match: " ETAG "\r\nIf-Match: \"x\"\r\n");
	check(304, "If-None-Match: " ETAG "\r\nIf-Match: *\r\n");
}

static void
check_range(const char *want, const char *fields)
{
	parse(fields);
	is_str(condition_range(&head, ETAG, MODIFIED), want, "the range");
}

static void
test_range(void)
{
	check_range(NULL, "");
	check_range("bytes=0-1", "Range: bytes=0-1\r\n");
	check_range(NULL, "Range: bytes=0-1\r\nRange: bytes=0-1\r\n");
	check_range("x", "Range: x\r\nIf-Range: " ETAG "\r\n");
	check_range(NULL, "Range: x\r\nIf-Range: W/" ETAG "\r\n");
	check_range(NULL, "Range: x\r\nIf-Range: \"x\"\r\n");
	check_range(NULL, "Range: x\r\nIf-Range: *\r\n");
	check_range("x", "Range: x\r\nIf-Range: " THEN "\r\n");
	check_range(NULL, "Range: x\r\nIf-Range: " BEFORE "\r\n");
	check_range(NULL, "Range: x\r\nIf-Range: " AFTER "\r\n");
	check_range(NULL, "If-Range: " ETAG "\r\n");
}

static void
test_dates(void)
{
	static const time_t times[] = { 0, MODIFIED, 951827696, 4102444799 };
	static const char *const none[] = { "", "0", "Sun", THEN "x",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 25:00:00 GMT",
		"Sun, 06 Foo 1994 08:49:37 GMT" };
	char text[DATE_SIZE];
	time_t time;
	size_t i;

	date_write(text, MODIFIED);
	is_str(text, THEN, "written");
	for (i = 0; i < sizeof(times) / sizeof(*times); i++) {
		date_write(text, times[i]);
		is_int(date_read(text, &time), 0, "%s", text);
		is_int(time, times[i], "is read as it was written");
	}
	for (i = 0; i < sizeof(none) / sizeof(*none); i++)
		is_int(date_read(none[i], &time), -1, "'%s'", none[i]);
}

int
main(void)
{
	test_none_match();
	test_modified_since();
	test_match();
	test_range();
	test_dates();
	head_release(&head);
	return done_testing();
}

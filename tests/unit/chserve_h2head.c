/* Heads of HTTP/2 requests: what is taken, what is refused. */
#include "chserve/h2head.h"

#include "tap.h"

static struct h2head in;
static struct head head;

/* Fields as "name=value", ended by NULL. */
static int
parse(const char *const fields[])
{
	const char *mark;

	head_release(&head);
	h2head_release(&in);
	for (; *fields; fields++) {
		mark = strchr(*fields, '=');
		h2head_add(&in, *fields, (size_t)(mark - *fields), mark + 1,
		    strlen(mark + 1));
	}
	return h2head_parse(&in, &head);
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })
#define GET ":method=GET", ":scheme=https"
#define CONNECT ":method=CONNECT", ":scheme=https", ":protocol=websocket"

static void
test_taken(void)
{
	is_int(PARSE(GET, ":path=/a%20b?x=1", ":authority=h", "a=1", "b=2",
		"cookie=c=3", "a=4", "cookie=d=5"), 0, "a request");
	is_str(head.method, "GET", "its method");
	is_str(head.path, "/a b", "its path, decoded");
	is_str(head.query, "x=1", "its query");
	is_str(head.host, "h", "its host is the authority");
	is_int(head.n_fields, 5, "its fields");
	is_str(head.fields[1].name, "a", "in their order");
	is_str(head.fields[3].value, "4", "twice if they were");
	is_str(head_get(&head, "cookie"), "c=3; d=5", "but one cookie");
	is_int(head_upgrades(&head), 0, "no upgrade");
	is_int(PARSE(GET, ":path=/", "host=h"), 0, "Host will do");
	is_str(head.host, "h", "in place of the authority");
	is_int(PARSE(GET, ":path=/", ":authority=h:1", "host=H:1"), 0, "both");
	is_str(head.host, "h:1", "if they are the same");
}

static void
test_websocket(void)
{
	is_int(PARSE(CONNECT, ":path=/chat", ":authority=h",
		"sec-websocket-version=13"), 0, "an extended CONNECT");
	ok(h2head_is_websocket(&in), "is seen");
	is_int(head_upgrades(&head), 1, "and is an upgrade");
	is_str(head.path, "/chat", "of its path");
	is_int(PARSE(CONNECT, ":path=/", ":authority=h",
		"sec-websocket-version=8"), 0, "of another version");
	is_int(head_upgrades(&head), 426, "is none we can make");
}

static void
test_refused(void)
{
	static char big[HEAD_MAX + 2] = "x=";

	is_int(PARSE(":method=GET", ":path=/", ":authority=h"), 400,
	    "no scheme");
	is_int(PARSE(":method=GET", ":scheme=ftp", ":path=/", ":authority=h"),
	    400, "a scheme of others");
	is_int(PARSE(GET, ":authority=h"), 400, "no path");
	is_int(PARSE(GET, ":path=/"), 400, "no host");
	is_int(PARSE(GET, ":path=/", "host=a", "host=a"), 400, "two hosts");
	is_int(PARSE(GET, ":path=/", ":authority=a", "host=b"), 400,
	    "two that differ");
	is_int(PARSE(GET, ":path=/ HTTP/1.1", ":authority=h"), 400,
	    "a space in the path");
	is_int(PARSE(GET, ":path=x", ":authority=h"), 400, "no slash");
	is_int(PARSE(GET, ":path=/%00", ":authority=h"), 400, "a NUL");
	is_int(PARSE(GET, ":path=/", ":authority=h", "a=b\r\nc: d"), 400,
	    "a line in a value");
	is_int(PARSE(GET, ":path=/", ":authority=h", "a: b\r\nc=d"), 400,
	    "one in a name");
	is_int(PARSE(GET, ":path=/", ":authority=h", "a: b=c"), 400,
	    "a colon in a name");
	is_int(PARSE(GET, ":path=/", ":authority=h", "a_b=c"), 400,
	    "an underscore");
	is_int(PARSE(GET, ":path=/", ":path=/", ":authority=h"), 400,
	    "a path twice");
	is_int(PARSE(GET, ":path=/", ":authority=h", ":x=y"), 400,
	    "a pseudo field nobody knows");
	is_int(PARSE(":method=CONNECT", ":authority=h:1"), 405,
	    "a plain CONNECT");
	is_int(PARSE(":method=CONNECT", ":scheme=https", ":protocol=x",
		":path=/", ":authority=h"), 501, "another protocol");
	is_int(PARSE(GET, ":protocol=websocket", ":path=/", ":authority=h"),
	    400, "a protocol without CONNECT");
	is_int(PARSE("a=b", "c=d"), 400, "nothing but fields");
	memset(big + 2, 'y', sizeof(big) - 3);
	is_int(PARSE(GET, ":path=/", ":authority=h", big), 431, "too large");
}

int
main(void)
{
	test_taken();
	test_websocket();
	test_refused();
	head_release(&head);
	h2head_release(&in);
	return done_testing();
}

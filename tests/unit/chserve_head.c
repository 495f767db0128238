/* Request heads: what is taken, and what is refused. */
#include "chserve/head.h"

#include "tap.h"

static struct head head;

static int
parse(const char *text)
{
	size_t n = head_length(text, strlen(text));

	head_release(&head);
	return n ? head_parse(&head, text, n) : -1;
}

static void
test_length(void)
{
	is_int(head_length("GET / HTTP/1.1\r\n", 16), 0, "not yet whole");
	is_int(head_length("a\r\n\r\nbody\r\n\r\n", 13), 5, "up to the blank");
	is_int(head_length("a\n\nb\r\n\r\n", 8), 3, "bare line feeds end it");
	is_int(head_length("", 0), 0, "nothing");
}

static void
test_taken(void)
{
	is_int(parse("GET /a%20b%C3%A9?x=%20&y HTTP/1.1\r\nHost: h\r\n"
	    "X-One:  1 \t\r\nx-one: 2\r\nEmpty:\r\n\r\n"), 0, "a request");
	is_str(head.method, "GET", "its method");
	is_str(head.path, "/a b\xc3\xa9", "its path, decoded");
	is_str(head.query, "x=%20&y", "its query, as it came");
	is_str(head.host, "h", "its host");
	is_int(head.n_fields, 4, "its fields");
	is_str(head_get(&head, "x-one"), "1", "names in lower case, trimmed");
	is_str(head_get(&head, "empty"), "", "an empty value");
	is_str(head_get(&head, "none"), NULL, "one that is not there");
	is_int(parse("GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n"), 0,
	    "the absolute form");
	is_str(head.path, "/x", "is its path");
	is_int(parse("GET HTTPS://H:443/x HTTP/1.1\r\nHost: h:443\r\n\r\n"), 0,
	    "with https");
	is_str(head.path, "/x", "is it as well");
	is_int(parse("GET / HTTP/1.0\r\n\r\n"), 0, "HTTP/1.0 without Host");
	ok(!head_keeps(&head), "does not keep the connection");
}

static void
test_refused(void)
{
	static const struct {
		int status;
		const char *text;
	} bad[] = {
		{ 400, "GET /\r\n\r\n" },
		{ 400, " / HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h:x\r\n\r\n" },
		{ 400, "GET / HTTP/1.0\r\nHost: a b\r\n\r\n" },
		{ 400, "GET http://g/ HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET http://h:80/ HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\nbad\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\n: v\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\na_b: v\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\na : v\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\n fold\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\na: b\rc\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\na: b\nc: d\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\nHost: h\n\n" },
		{ 400, "GET /%0 HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET /%1f HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET /%ed%a0%80 HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET /?\xff HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET /#x HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET x HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\n"
		    "Content-Length: 1, 1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\n"
		    "Content-Length: +1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
		    "Content-Length: 1\r\n\r\n" },
		{ 400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n" },
		{ 413, "GET / HTTP/1.1\r\nHost: h\r\n"
		    "Content-Length: 99999999999999999999\r\n\r\n" },
		{ 501, "GET / HTTP/1.1\r\nHost: h\r\n"
		    "Transfer-Encoding: gzip, chunked\r\n\r\n" },
		{ 501, "GET / HTTP/1.1\r\nHost: h\r\n"
		    "Transfer-Encoding: xchunked\r\n\r\n" },
		{ 505, "GET / HTTP/3.0\r\nHost: h\r\n\r\n" },
		{ 400, "GET / FTP/1.1\r\nHost: h\r\n\r\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		is_int(parse(bad[i].text), bad[i].status, "case %zu", i);
}

#define GET "GET / HTTP/1.1\r\nHost: h\r\n"
#define KEY "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
#define UPGRADE "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

static void
upgrades(int want, const char *text)
{
	is_int(parse(text), 0, "a request");
	is_int(head_upgrades(&head), want, "as an upgrade: %.70s", text);
}

static void
test_upgrades(void)
{
	upgrades(1, GET UPGRADE VERSION KEY "\r\n");
	upgrades(0, GET VERSION KEY "\r\n");
	upgrades(0, GET "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
	upgrades(400, GET "Upgrade: websocket\r\n" VERSION KEY "\r\n");
	upgrades(426, GET UPGRADE KEY "\r\n");
	upgrades(426, GET UPGRADE "Sec-WebSocket-Version: 8\r\n" KEY "\r\n");
	upgrades(400, GET UPGRADE VERSION "\r\n");
	upgrades(400, GET UPGRADE VERSION "Sec-WebSocket-Key: short\r\n\r\n");
	upgrades(400, "POST / HTTP/1.1\r\nHost: h\r\n" UPGRADE VERSION KEY
	    "\r\n");
}

static off_t length;

static int
body(void)
{
	enum head_framing framing;

	return head_body(&head, &framing, &length) ? -1 : (int)framing;
}

static void
test_connection(void)
{
	parse(GET "\r\n");
	ok(head_keeps(&head), "HTTP/1.1 keeps the connection");
	parse(GET "Connection: x, CLOSE\r\n\r\n");
	ok(!head_keeps(&head), "unless told to close");
	parse(GET "Content-Length: 00\r\n\r\n");
	is_int(body(), HEAD_NO_BODY, "length 0 is no body");
	parse(GET "Content-Length: 10\r\n\r\n");
	is_int(body(), HEAD_LENGTH, "length 10 is one");
	is_int(length, 10, "of 10 bytes");
	parse(GET "Transfer-Encoding: chunked\r\n\r\n");
	is_int(body(), HEAD_CHUNKED, "so is a chunked one");
	parse(GET "Expect: 100-Continue\r\n\r\n");
	ok(head_expects(&head), "a client that waits for 100");
}

int
main(void)
{
	test_length();
	test_taken();
	test_refused();
	test_upgrades();
	test_connection();
	head_release(&head);
	return done_testing();
}

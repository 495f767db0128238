/* Request heads: what is taken, what is refused, and who is let in. */
#include "chserve/head.h"
#include "chserve/policy.h"

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

static void
test_connection(void)
{
	parse(GET "\r\n");
	ok(head_keeps(&head), "HTTP/1.1 keeps the connection");
	parse(GET "Connection: x, CLOSE\r\n\r\n");
	ok(!head_keeps(&head), "unless told to close");
	parse(GET "Content-Length: 00\r\n\r\n");
	ok(!head_has_body(&head), "length 0 is no body");
	parse(GET "Content-Length: 10\r\n\r\n");
	ok(head_has_body(&head), "length 10 is one");
	parse(GET "Transfer-Encoding: chunked\r\n\r\n");
	ok(head_has_body(&head), "so is a chunked one");
}

static int
passes_at(const struct policy *policy, const char *host, const char *origin,
    const struct event_peer *at)
{
	char text[256];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n",
	    host, origin ? "Origin: " : "", origin ? origin : "",
	    origin ? "\r\n" : "");
	parse(text);
	return policy_host(policy, &head, at) && policy_origin(policy, &head);
}

static int
passes(const struct policy *policy, const char *host, const char *origin)
{
	static const struct event_peer net = { "127.0.0.1", 80, 0 };

	return passes_at(policy, host, origin, &net);
}

/* A proxy in front of a unix socket says which names are ours. */
static void
test_policy_behind_proxy(void)
{
	const struct policy local = { 1, NULL, 0, NULL, 0 };
	const struct event_peer at = { "/run/web", 0, 1 };

	ok(passes_at(&local, "evil.example", NULL, &at), "any name");
	ok(passes_at(&local, "a.example", "https://a.example", &at),
	    "a page of that name");
	ok(!passes_at(&local, "a.example", "https://b.example", &at),
	    "no page of another one");
}

static void
test_policy(void)
{
	static const char *const hosts[] = { "me.example" };
	static const char *const origins[] = { "https://*.example.org" };
	const struct policy local = { 1, hosts, 1, origins, 1 };
	const struct policy open = { 0, NULL, 0, NULL, 0 };
	static const struct {
		int local, open;
		const char *host, *origin;
	} who[] = {
		{ 1, 1, "localhost:8000", NULL },
		{ 1, 1, "LOCALHOST", NULL },
		{ 1, 1, "[::1]:8000", NULL },
		{ 1, 1, "127.0.0.1", NULL },
		{ 1, 1, "me.example:1", NULL },
		{ 0, 1, "evil.example", NULL },
		{ 0, 1, "localhost.evil.example", NULL },
		{ 0, 1, "[::2]", NULL },
		{ 1, 1, "localhost:8000", "http://localhost:8000" },
		{ 1, 1, "localhost:8000", "http://LOCALHOST:8000" },
		{ 1, 1, "localhost", "http://localhost:80" },
		{ 1, 1, "localhost:443", "https://localhost" },
		{ 0, 0, "localhost:8000", "http://localhost:8001" },
		{ 0, 0, "localhost:8000", "http://localhost" },
		{ 0, 0, "localhost", "http://localhost.evil.example" },
		{ 0, 0, "localhost", "http://evil.example" },
		{ 0, 0, "localhost", "null" },
		{ 0, 0, "localhost", "" },
		{ 0, 0, "localhost", "file://" },
		{ 1, 0, "localhost", "https://app.example.org" },
		{ 0, 0, "localhost", "http://app.example.org" },
		{ 0, 1, "evil.example", "http://evil.example" },
	};
	size_t i;

	for (i = 0; i < sizeof(who) / sizeof(*who); i++) {
		is_int(passes(&local, who[i].host, who[i].origin),
		    who[i].local, "on loopback: %s from %s", who[i].host,
		    who[i].origin ? who[i].origin : "no page");
		is_int(passes(&open, who[i].host, who[i].origin), who[i].open,
		    "elsewhere: %s from %s", who[i].host,
		    who[i].origin ? who[i].origin : "no page");
	}
}

int
main(void)
{
	test_length();
	test_taken();
	test_refused();
	test_upgrades();
	test_connection();
	test_policy();
	test_policy_behind_proxy();
	head_release(&head);
	return done_testing();
}

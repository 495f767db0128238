/* Who is answered: names that mean us, and pages that may open WebSockets. */
#include "chserve/host.h"
#include "chserve/policy.h"

#include "tap.h"

static const struct event_peer here = { "127.0.0.1", 80, 0 };
static const struct event_peer here6 = { "::1", 80, 0 };
static const struct event_peer public = { "192.0.2.1", 80, 0 };
static const struct event_peer local = { "/run/chserve", 0, 1 };

static const char *const names[] = { "me.example", "*.Example.org",
	"[2001:db8::1]" };
static const char *const pages[] = { "https://*.Example.org",
	"http://dev.example:3000", "http://any.example:*",
	"https://usual.example:443", "http://[::1]:3000", "*://wide.example" };
static const char *const nowhere[] = { "null" };

static const struct policy bound = { 1, names, 3, pages, 6 };
static const struct policy listed = { 0, names, 3, nowhere, 1 };
static const struct policy any = { 0, NULL, 0, NULL, 0 };

static void
test_read(void)
{
	static const struct {
		const char *text, *name; /* NULL: it is none */
		unsigned port;
	} cases[] = {
		{ "h", "h", 0 },
		{ "h:80", "h", 80 },
		{ "h:", "h", 0 },
		{ "a-b.example.org:65535", "a-b.example.org", 65535 },
		{ "a_b", "a_b", 0 },
		{ "127.0.0.1:8000", "127.0.0.1", 8000 },
		{ "[::1]", "[::1]", 0 },
		{ "[2001:db8::1]:443", "[2001:db8::1]", 443 },
		{ "", NULL, 0 },
		{ ":80", NULL, 0 },
		{ "h:65536", NULL, 0 },
		{ "h:0", NULL, 0 },
		{ "h:x", NULL, 0 },
		{ "h:-1", NULL, 0 },
		{ "h:80:80", NULL, 0 },
		{ "h:99999999999999999999", NULL, 0 },
		{ "::1", NULL, 0 },
		{ "[::1", NULL, 0 },
		{ "[::1]80", NULL, 0 },
		{ "[]", NULL, 0 },
		{ "[h]", NULL, 0 },
		{ "[1.2.3.4]", NULL, 0 },
		{ "a b", NULL, 0 },
		{ "a/b", NULL, 0 },
		{ "a@b", NULL, 0 },
		{ "a,b", NULL, 0 },
		{ "\xc3\xa4", NULL, 0 },
	};
	char text[300];
	struct host host;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		is_int(host_read(&host, cases[i].text, strlen(cases[i].text)),
		    cases[i].name ? 0 : -1, "'%s'", cases[i].text);
		if (!cases[i].name)
			continue;
		ok(host_is(&host, cases[i].name), "its name");
		is_int(host.port, cases[i].port, "its port");
	}
	memset(text, 'x', sizeof(text));
	is_int(host_read(&host, text, HOST_MAX), 0, "a long name");
	is_int(host_read(&host, text, HOST_MAX + 1), -1, "a longer one");
	host_read(&host, "Example.ORG.", 12);
	ok(host_is(&host, "example.org"), "case and a dot do not matter");
}

static void
test_patterns(void)
{
	static const char *const good[] = { "h", "example.org", "*.example.org",
		"*", "[::1]", "127.0.0.1" };
	static const char *const bad[] = { "", "h:80", "http://h", "a b", "h/",
		"[::1]:80", "::1" };
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		ok(policy_is_host(good[i]), "--host %s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!policy_is_host(bad[i]), "not --host '%s'", bad[i]);
}

static void
test_origin_patterns(void)
{
	static const char *const good[] = { "null", "*", "https://h",
		"https://*.example.org", "http://h:*", "*://h",
		"http://[::1]:80", "ext://abc" };
	static const char *const bad[] = { "", "h", "example.org", "h:80",
		"https://h/", "https://h/path", "https://", "://h", "h://u@h",
		"https://a b", "http://a http://b", "*.example.org" };
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		ok(policy_is_origin(good[i]), "--origin %s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!policy_is_origin(bad[i]), "not --origin '%s'", bad[i]);
}

static void
test_hosts(void)
{
	static const struct {
		const char *host;
		int bound, listed, any; /* on a public address; bound: here */
	} cases[] = {
		{ "localhost:8000", 1, 0, 1 },
		{ "LOCALHOST", 1, 0, 1 },
		{ "localhost.", 1, 0, 1 },
		{ "127.0.0.1", 1, 0, 1 },
		{ "127.0.0.2:80", 1, 0, 1 },
		{ "[::1]:8000", 1, 0, 1 },
		{ "me.example", 1, 1, 1 },
		{ "me.example:8443", 1, 1, 1 },
		{ "ME.example.", 1, 1, 1 },
		{ "a.example.org", 1, 1, 1 },
		{ "A.B.EXAMPLE.ORG:1", 1, 1, 1 },
		{ "[2001:DB8::1]:80", 1, 1, 1 },
		{ "example.org", 0, 0, 1 },
		{ "evil-example.org", 0, 0, 1 },
		{ "evil.example", 0, 0, 1 },
		{ "me.example.evil.example", 0, 0, 1 },
		{ "localhost.evil.example", 0, 0, 1 },
		{ "127.evil.example", 0, 0, 1 },
		{ "[2001:db8::2]", 0, 0, 1 },
		{ "192.0.2.1", 0, 0, 1 },
		{ "", 1, 0, 1 }, /* HTTP/1.0 */
		{ "a b", 0, 0, 0 },
		{ "me.example:x", 0, 0, 0 },
		{ "me.example@evil.example", 0, 0, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		is_int(policy_allows_host(&bound, cases[i].host, &here),
		    cases[i].bound, "bound to loopback: %s", cases[i].host);
		is_int(policy_allows_host(&listed, cases[i].host, &public),
		    cases[i].listed, "with a list: %s", cases[i].host);
		is_int(policy_allows_host(&any, cases[i].host, &public),
		    cases[i].any, "without a list: %s", cases[i].host);
		ok(policy_allows_host(&bound, cases[i].host, &local),
		    "through a unix socket: %s", cases[i].host);
	}
	ok(policy_allows_host(&listed, "localhost", &here) &&
	    policy_allows_host(&listed, "[::1]:80", &here6),
	    "with a list loopback names count on loopback");
	ok(!policy_allows_host(&listed, "evil.example", &here),
	    "and no others");
}

static void
test_origins(void)
{
	static const struct {
		const char *origin, *host;
		int plain, https;
	} cases[] = {
		{ NULL, "h", 1, 1 },
		{ "http://h", "h", 1, 0 },
		{ "https://h", "h", 1, 1 }, /* a proxy may have taken TLS off */
		{ "http://H", "h", 1, 0 },
		{ "http://h:80", "h", 1, 0 },
		{ "http://h", "h:80", 1, 0 },
		{ "http://h", "h:", 1, 0 },
		{ "https://h", "h:443", 1, 1 },
		{ "https://h:8443", "h:8443", 1, 1 },
		{ "http://h:8000", "h:8000", 1, 0 },
		{ "http://[::1]:8000", "[::1]:8000", 1, 0 },
		{ "http://h:8001", "h:8000", 0, 0 },
		{ "http://h", "h:8000", 0, 0 },
		{ "http://h:8000", "h", 0, 0 },
		{ "http://h", "h:443", 0, 0 },
		{ "https://h:80", "h", 0, 0 },
		{ "http://evil.example", "h", 0, 0 },
		{ "http://h.evil.example", "h", 0, 0 },
		{ "http://evil.example:80@h", "h", 0, 0 },
		{ "http://evil.example/http://h", "h", 0, 0 },
		{ "http://evil.example http://h", "h", 0, 0 },
		{ "http://h/", "h", 0, 0 },
		{ "http://h:80:80", "h", 0, 0 },
		{ "http://", "h", 0, 0 },
		{ "://h", "h", 0, 0 },
		{ "h", "h", 0, 0 },
		{ "", "h", 0, 0 },
		{ "file://", "h", 0, 0 },
		{ "file://h", "h", 0, 0 },
		{ "null", "h", 0, 0 },
		{ "null", "null", 0, 0 },
		{ "http://h", "", 0, 0 },
		/* let in by a pattern */
		{ "https://app.example.org", "h", 1, 1 },
		{ "HTTPS://APP.example.org", "h", 1, 1 },
		{ "https://app.example.org:443", "h", 1, 1 },
		{ "http://app.example.org", "h", 0, 0 },
		{ "https://app.example.org:8443", "h", 0, 0 },
		{ "https://example.org", "h", 0, 0 },
		{ "https://evil.example/.example.org", "h", 0, 0 },
		{ "http://dev.example:3000", "h", 1, 1 },
		{ "http://dev.example:3001", "h", 0, 0 },
		{ "http://any.example", "h", 1, 1 },
		{ "http://any.example:5000", "h", 1, 1 },
		{ "https://usual.example", "h", 1, 1 },
		{ "http://[::1]:3000", "h", 1, 1 },
		{ "ext://wide.example", "h", 1, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *from = cases[i].origin ? cases[i].origin : "none";

		is_int(policy_allows_origin(&bound, cases[i].origin,
		    cases[i].host, 0), cases[i].plain, "%s to %s", from,
		    cases[i].host);
		is_int(policy_allows_origin(&bound, cases[i].origin,
		    cases[i].host, 1), cases[i].https, "%s to %s by https",
		    from, cases[i].host);
	}
	ok(policy_allows_origin(&listed, "null", "h", 0), "null, let in");
	ok(!policy_allows_origin(&listed, "http://e", "h", 0), "null only");
}

static void
test_null_is_no_pattern(void)
{
	static const char *const star[] = { "*" };
	const struct policy policy = { 1, NULL, 0, star, 1 };

	ok(policy_allows_origin(&policy, "http://e", "h", 0), "all pages");
	ok(!policy_allows_origin(&policy, "null", "h", 0),
	    "but for those of nowhere");
}

int
main(void)
{
	test_read();
	test_patterns();
	test_origin_patterns();
	test_hosts();
	test_origins();
	test_null_is_no_pattern();
	return done_testing();
}

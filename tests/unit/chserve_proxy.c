/* What proxies say: who is believed, how far, and what a client can forge. */
#include "chserve/proxy.h"

#include "tap.h"

static struct head head;

static void
parse(const char *fields)
{
	char text[4096];
	int n = snprintf(text, sizeof(text),
	    "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);

	head_release(&head);
	is_int(head_parse(&head, text, (size_t)n), 0, "%.100s", fields);
}

static void
add(struct proxy_trust *trust, const char *what)
{
	is_int(proxy_trust_add(trust, what, NULL), CH_OK, "trust %s", what);
}

/* "ADDRESS PORT SCHEME HOST" of what is seen, - for what is not told. */
static const char *
seen(const struct proxy_trust *trust, const char *peer)
{
	struct proxy_seen told = { .client.port = 1 };
	static char text[512];

	if (strcmp(peer, "unix") == 0)
		told.client.local = 1;
	else
		strcpy(told.client.host, peer);
	proxy_read(trust, &head, &told);
	snprintf(text, sizeof(text), "%s %u %s %s",
	    told.client.local ? "unix" : told.client.host, told.client.port,
	    *told.scheme ? told.scheme : "-", *told.host ? told.host : "-");
	return text;
}

/* --- who is trusted ------------------------------------------------------- */

static void
test_wrong(void)
{
	static const char *const wrong[] = { "", "x", "localhost", "10.0.0",
		"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/-1",
		"10.0.0.0/8/8", "10.0.0.256", "010.0.0.1", "1.2.3.4:80",
		"[::1]", "::1/129", ":::", "fe80::1%lo", "unix:/x", "*" };
	struct proxy_trust trust = PROXY_TRUST_INIT;
	struct ch_err err = CH_ERR_INIT;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		is_int(proxy_trust_add(&trust, wrong[i], &err), CH_USAGE,
		    "'%s' is nothing to trust", wrong[i]);
	is_str(err.text, "* is no address, no network and not unix", "said");
	is_int(trust.n, 0, "nothing was added");
	proxy_trust_release(&trust);
}

static void
test_trusts(void)
{
	static const struct {
		const char *trust, *peer;
		int want;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.0.1", 1 },
		{ "10.0.0.0/8", "11.0.0.1", 0 },
		{ "10.1.2.3/8", "10.0.0.1", 1 },
		{ "10.0.0.1", "10.0.0.1", 1 },
		{ "10.0.0.1", "10.0.0.2", 0 },
		{ "192.168.4.0/22", "192.168.7.255", 1 },
		{ "192.168.4.0/22", "192.168.8.0", 0 },
		{ "0.0.0.0/0", "203.0.113.1", 1 },
		{ "0.0.0.0/0", "2001:db8::1", 0 },
		{ "::/0", "2001:db8::1", 1 },
		{ "::/0", "203.0.113.1", 0 },
		{ "2001:db8::/32", "2001:db8:ffff::1", 1 },
		{ "2001:db8::/32", "2001:db9::1", 0 },
		{ "2001:db8::/33", "2001:db8:8000::1", 0 },
		{ "::1", "::1", 1 },
		{ "fe80::/10", "fe80::1%eth0", 1 },
		/* an IPv4 address that came through an IPv6 socket */
		{ "10.0.0.0/8", "::ffff:10.0.0.1", 1 },
		{ "::ffff:10.0.0.0/104", "10.0.0.1", 1 },
		{ "::ffff:10.0.0.0/104", "11.0.0.1", 0 },
		{ "::/0", "::ffff:10.0.0.1", 0 },
		{ "10.0.0.0/8", "unknown", 0 },
		{ "10.0.0.0/8", "", 0 },
	};
	struct event_peer peer = { .local = 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct proxy_trust trust = PROXY_TRUST_INIT;

		add(&trust, cases[i].trust);
		strcpy(peer.host, cases[i].peer);
		is_int(proxy_trusts(&trust, &peer), cases[i].want,
		    "%s", cases[i].peer);
		peer.local = 1;
		ok(!proxy_trusts(&trust, &peer), "no unix socket");
		peer.local = 0;
		proxy_trust_release(&trust);
	}
}

static void
test_unix(void)
{
	struct proxy_trust trust = PROXY_TRUST_INIT;

	add(&trust, "unix");
	parse("X-Forwarded-For: 203.0.113.9\r\n");
	is_str(seen(&trust, "unix"), "203.0.113.9 0 - -", "a local proxy");
	is_str(seen(&trust, "127.0.0.1"), "127.0.0.1 1 - -", "is no address");
	parse("X-Forwarded-For: 203.0.113.9, unix\r\n");
	is_str(seen(&trust, "unix"), "unix 1 - -", "nor an item of a list");
	proxy_trust_release(&trust);
}

/* --- what is seen --------------------------------------------------------- */

struct told {
	const char *fields, *want;
};

/* As a trusted 127.0.0.1 tells it, 10.0.0.0/8 being trusted as well. */
static void
check(const struct told *cases, size_t n)
{
	struct proxy_trust trust = PROXY_TRUST_INIT;
	size_t i;

	add(&trust, "127.0.0.1");
	add(&trust, "10.0.0.0/8");
	add(&trust, "2001:db8:aaaa::/48");
	for (i = 0; i < n; i++) {
		parse(cases[i].fields);
		is_str(seen(&trust, "127.0.0.1"), cases[i].want, "%zu", i);
		is_str(seen(&trust, "203.0.113.1"), "203.0.113.1 1 - -",
		    "from elsewhere nothing is believed");
	}
	proxy_trust_release(&trust);
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof(*(cases)))
#define XFF "X-Forwarded-For: "
#define XFP "X-Forwarded-Proto: "
#define XFH "X-Forwarded-Host: "
#define XFO "X-Forwarded-Port: "
#define E "\r\n"

static void
test_x_forwarded(void)
{
	static const struct told cases[] = {
		{ "", "127.0.0.1 1 - -" },
		{ XFF "203.0.113.9" E, "203.0.113.9 0 - -" },
		{ XFF "203.0.113.9:4711" E, "203.0.113.9 4711 - -" },
		{ XFF "2001:db8::9" E, "2001:db8::9 0 - -" },
		{ XFF "[2001:DB8::9]:4711" E, "2001:db8::9 4711 - -" },
		{ XFF "[2001:db8::9]" E, "2001:db8::9 0 - -" },
		{ XFF "::ffff:203.0.113.9" E, "203.0.113.9 0 - -" },
		/* the right-most that is not trusted */
		{ XFF "203.0.113.9, 10.0.0.1" E, "203.0.113.9 0 - -" },
		{ XFF "203.0.113.9,10.0.0.1,2001:db8:aaaa::1" E,
		    "203.0.113.9 0 - -" },
		{ XFF "6.6.6.6, 203.0.113.9" E, "203.0.113.9 0 - -" },
		{ XFF "127.0.0.1, 203.0.113.9" E, "203.0.113.9 0 - -" },
		{ XFF "6.6.6.6" E XFF "203.0.113.9" E XFF "10.0.0.1" E,
		    "203.0.113.9 0 - -" },
		{ XFF "10.0.0.7, 10.0.0.1" E, "10.0.0.7 0 - -" },
		/* what makes no sense ends the walk */
		{ XFF "unknown" E, "127.0.0.1 1 - -" },
		{ XFF "6.6.6.6, unknown, 10.0.0.1" E, "10.0.0.1 0 - -" },
		{ XFF "6.6.6.6,, 10.0.0.1" E, "10.0.0.1 0 - -" },
		{ XFF "6.6.6.6, " E, "127.0.0.1 1 - -" },
		{ XFF "6.6.6.6" E XFF E, "127.0.0.1 1 - -" },
		{ XFF "6.6.6.6 10.0.0.1" E, "127.0.0.1 1 - -" },
		{ XFF "10.0.0.1:x" E, "127.0.0.1 1 - -" },
		{ XFF "10.0.0.1:99999" E, "127.0.0.1 1 - -" },
		{ XFF "10.0.0.1:" E, "127.0.0.1 1 - -" },
		{ XFF "10.1" E, "127.0.0.1 1 - -" },
		{ XFF "[10.0.0.1]" E, "127.0.0.1 1 - -" },
		{ XFF "[::1" E, "127.0.0.1 1 - -" },
		{ XFF "\"10.0.0.1\"" E, "127.0.0.1 1 - -" },
		{ XFF "fe80::1%eth0" E, "127.0.0.1 1 - -" },
	};

	CHECK(cases);
}

static void
test_x_others(void)
{
	static const struct told cases[] = {
		{ XFP "https" E, "127.0.0.1 1 https -" },
		{ XFP "HTTPS" E, "127.0.0.1 1 https -" },
		{ XFP "wss" E, "127.0.0.1 1 https -" },
		{ XFP "ws" E, "127.0.0.1 1 http -" },
		{ XFP "ftp" E, "127.0.0.1 1 - -" },
		{ XFP "https://" E, "127.0.0.1 1 - -" },
		{ XFP E, "127.0.0.1 1 - -" },
		/* lists of one length go together, else the right-most */
		{ XFF "203.0.113.9, 10.0.0.1" E XFP "https, http" E,
		    "203.0.113.9 0 https -" },
		{ XFF "6.6.6.6, 203.0.113.9, 10.0.0.1" E
		    XFP "http, https, http" E, "203.0.113.9 0 https -" },
		{ XFF "203.0.113.9, 10.0.0.1" E XFP "https" E XFP "http" E,
		    "203.0.113.9 0 https -" },
		{ XFF "203.0.113.9" E XFP "http, https" E,
		    "203.0.113.9 0 https -" },
		{ XFF "203.0.113.9, 10.0.0.1" E XFP "https" E,
		    "203.0.113.9 0 https -" },
		{ XFH "example.org" E, "127.0.0.1 1 - example.org" },
		{ XFH "evil.example, example.org" E,
		    "127.0.0.1 1 - example.org" },
		{ XFF "203.0.113.9, 10.0.0.1" E XFH "example.org, lb" E,
		    "203.0.113.9 0 - example.org" },
		{ XFH "[2001:db8::1]:8443" E,
		    "127.0.0.1 1 - [2001:db8::1]:8443" },
		{ XFH "a b" E, "127.0.0.1 1 - -" },
		{ XFH "http://example.org" E, "127.0.0.1 1 - -" },
		{ XFH "example.org/x" E, "127.0.0.1 1 - -" },
		{ XFH "u@example.org" E, "127.0.0.1 1 - -" },
		/* a port where the host has none and needs it */
		{ XFH "h.example" E XFO "8443" E,
		    "127.0.0.1 1 - h.example:8443" },
		{ XFH "h.example" E XFO "443" E XFP "https" E,
		    "127.0.0.1 1 https h.example" },
		{ XFH "h.example" E XFO "80" E XFP "http" E,
		    "127.0.0.1 1 http h.example" },
		{ XFH "h.example:1" E XFO "8443" E,
		    "127.0.0.1 1 - h.example:1" },
		{ XFH "h.example" E XFO "x" E, "127.0.0.1 1 - h.example" },
		{ XFH "h.example" E XFO "0" E, "127.0.0.1 1 - h.example" },
		{ XFO "8443" E, "127.0.0.1 1 - -" },
	};

	CHECK(cases);
}

#define FWD "Forwarded: "

static void
test_forwarded(void)
{
	static const struct told cases[] = {
		{ FWD "for=203.0.113.9" E, "203.0.113.9 0 - -" },
		{ FWD "For=203.0.113.9;Proto=HTTPS;Host=h.example;by=10.0.0.9"
		    E, "203.0.113.9 0 https h.example" },
		{ FWD "for=\"203.0.113.9:4711\"" E, "203.0.113.9 4711 - -" },
		{ FWD "for=\"[2001:db8::9]:4711\"" E, "2001:db8::9 4711 - -" },
		{ FWD "for=\"[2001:db8::9]:_port\"" E, "2001:db8::9 0 - -" },
		{ FWD "for=\"203.0.\\113.9\"" E, "203.0.113.9 0 - -" },
		{ FWD "for=203.0.113.9;ext=\"a,\\\";b\"" E,
		    "203.0.113.9 0 - -" },
		{ FWD "for=203.0.113.9 ; proto=https" E,
		    "203.0.113.9 0 https -" },
		{ FWD ";;for=203.0.113.9;" E, "203.0.113.9 0 - -" },
		{ FWD "for=203.0.113.9;host=\"h.example:8443\"" E,
		    "203.0.113.9 0 - h.example:8443" },
		/* the hop nearest to the client that tells */
		{ FWD "for=6.6.6.6;proto=http;host=evil.example, "
		    "for=203.0.113.9;proto=https;host=h.example, "
		    "for=10.0.0.1;proto=http;host=lb" E,
		    "203.0.113.9 0 https h.example" },
		{ FWD "for=203.0.113.9" E FWD "for=10.0.0.1;proto=https" E,
		    "203.0.113.9 0 https -" },
		{ FWD "for=10.0.0.7, for=10.0.0.1" E, "10.0.0.7 0 - -" },
		/* whoever does not say a name ends the walk */
		{ FWD "for=6.6.6.6, for=unknown;proto=https, for=10.0.0.1" E,
		    "10.0.0.1 0 https -" },
		{ FWD "for=6.6.6.6, for=_hidden" E, "127.0.0.1 1 - -" },
		{ FWD "for=6.6.6.6, for=\"_hidden:80\";proto=https" E,
		    "127.0.0.1 1 https -" },
		{ FWD "for=6.6.6.6, proto=https;host=h.example" E,
		    "127.0.0.1 1 https h.example" },
		/* a host or a scheme that is none is not told */
		{ FWD "for=203.0.113.9;proto=ftp;host=\"a b\"" E,
		    "203.0.113.9 0 - -" },
	};

	CHECK(cases);
}

static void
test_forwarded_broken(void)
{
	static const struct told cases[] = {
		{ FWD "for=banana;proto=https" E, "127.0.0.1 1 - -" },
		{ FWD "for=6.6.6.6, for=x, for=10.0.0.1" E,
		    "10.0.0.1 0 - -" },
		{ FWD "for=6.6.6.6," E, "127.0.0.1 1 - -" },
		{ FWD "for=6.6.6.6, , for=10.0.0.1" E, "10.0.0.1 0 - -" },
		{ FWD "for=6.6.6.6" E FWD E, "127.0.0.1 1 - -" },
		/* a line that is broken says nothing, the ones after it do */
		{ FWD "for=\"evil, for=203.0.113.9" E, "127.0.0.1 1 - -" },
		{ FWD "for=\"evil, for=\"203.0.113.9:80\"" E,
		    "127.0.0.1 1 - -" },
		{ FWD "for=\"evil" E FWD "for=203.0.113.9" E,
		    "203.0.113.9 0 - -" },
		{ FWD "for=\"evil" E FWD "for=10.0.0.1" E, "10.0.0.1 0 - -" },
		{ FWD "for=6.6.6.6\\" E, "127.0.0.1 1 - -" },
		{ FWD "for=\"6.6.6.6\\" E, "127.0.0.1 1 - -" },
		{ FWD "for=[2001:db8::9]" E, "127.0.0.1 1 - -" },
		{ FWD "for=6.6.6.6:80" E, "127.0.0.1 1 - -" },
		{ FWD "for =6.6.6.6" E, "127.0.0.1 1 - -" },
		{ FWD "for= 6.6.6.6" E, "127.0.0.1 1 - -" },
		{ FWD "for=" E, "127.0.0.1 1 - -" },
		{ FWD "for" E, "127.0.0.1 1 - -" },
		{ FWD "=6.6.6.6" E, "127.0.0.1 1 - -" },
		{ FWD "for=6.6.6.6 for=7.7.7.7" E, "127.0.0.1 1 - -" },
		{ FWD "for=6.6.6.6;for=7.7.7.7" E, "127.0.0.1 1 - -" },
		{ FWD "for=\"\";for=7.7.7.7" E, "127.0.0.1 1 - -" },
		{ FWD "for=6.6.6.6;proto=averylongprotocol" E,
		    "127.0.0.1 1 - -" },
	};

	CHECK(cases);
}

static void
test_both(void)
{
	static const struct told cases[] = {
		{ FWD "for=203.0.113.9;proto=https" E XFF "203.0.113.9" E,
		    "203.0.113.9 0 https -" },
		{ FWD "for=203.0.113.9" E XFP "https" E,
		    "203.0.113.9 0 - -" },
		{ FWD "for=\"203.0.113.9:80\";host=h.example" E
		    XFF "6.6.6.6, 203.0.113.9" E XFH "H.example" E,
		    "203.0.113.9 80 - h.example" },
		/* a proxy that adds to the one and lets the other pass */
		{ FWD "for=6.6.6.6" E XFF "203.0.113.9" E, "127.0.0.1 1 - -" },
		{ FWD "for=203.0.113.9" E XFF "6.6.6.6" E, "127.0.0.1 1 - -" },
		{ FWD "for=203.0.113.9;proto=https" E XFP "http" E,
		    "127.0.0.1 1 - -" },
		{ FWD "host=evil.example" E XFH "h.example" E,
		    "127.0.0.1 1 - -" },
		{ FWD "for=\"" E XFF "203.0.113.9" E, "127.0.0.1 1 - -" },
	};

	CHECK(cases);
}

static void
test_long(void)
{
	char fields[2048] = "X-Forwarded-For: 6.6.6.6";
	struct proxy_trust trust = PROXY_TRUST_INIT;
	int i;

	add(&trust, "10.0.0.0/8");
	for (i = 0; i < 100; i++)
		strcat(fields, ",10.0.0.1");
	strcat(fields, "\r\n");
	parse(fields);
	is_str(seen(&trust, "10.0.0.9"), "10.0.0.1 0 - -",
	    "not as far as that many proxies");
	strcpy(fields, "Forwarded: for=6.6.6.6");
	for (i = 0; i < 100; i++)
		strcat(fields, ",for=10.0.0.1");
	strcat(fields, "\r\n");
	parse(fields);
	is_str(seen(&trust, "10.0.0.9"), "10.0.0.1 0 - -", "in both forms");
	proxy_trust_release(&trust);
}

int
main(void)
{
	test_wrong();
	test_trusts();
	test_unix();
	test_x_forwarded();
	test_x_others();
	test_forwarded();
	test_forwarded_broken();
	test_both();
	test_long();
	head_release(&head);
	return done_testing();
}

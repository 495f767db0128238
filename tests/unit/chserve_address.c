/* Addresses: as people write them, as the system has them, as we show them. */
#include "chserve/address.h"

#include "channel.h"
#include "tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>

#define PATH_107 \
	"/23456789012345678901234567890123456789012345678901234567890123456" \
	"789012345678901234567890123456789012345/7"

static void
test_net(void)
{
	static const struct {
		const char *text, *host, *port;
	} good[] = {
		{ "127.0.0.1:8000", "127.0.0.1", "8000" },
		{ "localhost:0", "localhost", "0" },
		{ "[::1]:65535", "::1", "65535" },
		{ "[fe80::1%eth0]:80", "fe80::1%eth0", "80" },
		{ "[127.0.0.1]:1", "127.0.0.1", "1" },
		{ "unix.example:80", "unix.example", "80" },
	};
	struct address address;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		is_int(address_read(&address, good[i].text, NULL), CH_OK,
		    "%s", good[i].text);
		is_int(address.kind, ADDRESS_NET, "is of the network");
		is_str(address.host, good[i].host, "its host");
		is_str(address.port, good[i].port, "its port");
	}
}

static void
test_others(void)
{
	struct address address;

	is_int(address_read(&address, "unix:a b:c", NULL), CH_OK, "a path");
	is_int(address.kind, ADDRESS_UNIX, "of a unix socket");
	is_str(address.path, "a b:c", "as it is");
	is_int(sizeof(PATH_107) - 1, 107, "107 bytes");
	is_int(address_read(&address, "unix:" PATH_107, NULL), CH_OK, "fit");
	is_str(address.path, PATH_107, "whole");
	is_int(address_read(&address, "fd:12", NULL), CH_OK, "a descriptor");
	is_int(address.kind, ADDRESS_FD, "is one");
	is_int(address.fd, 12, "its number");
}

static void
test_refused(void)
{
	static const char *const bad[] = { "", ":", ":80", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:80x",
		"127.0.0.1:65536", "127.0.0.1:000080", "::1:80", "[::1]",
		"[::1:80", "::1]:80", "[]:80", "[::1]x:80", "x[::1]:80",
		"unix:", "unix:" PATH_107 "8", "fd:", "fd:x", "fd:-1", "fd:1x",
		"fd:2147483648", "fd:99999999999999999999" };
	struct address address;
	struct ch_err err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		is_int(address_read(&address, bad[i], &err), CH_USAGE,
		    "refused: '%s'", bad[i]);
		ok(strncmp(err.text, bad[i], strlen(bad[i])) == 0,
		    "and named: %s", err.text);
	}
}

static void
is_shown(const void *from, size_t len, const char *want)
{
	struct ch_buf out = CH_BUF_INIT;
	struct sockaddr_storage address;
	struct event_peer peer;

	memset(&address, 0xee, sizeof(address));
	memcpy(&address, from, len);
	address_peer(&peer, &address, (socklen_t)len);
	address_put(&out, &peer);
	is_str(out.data, want, "shown: %s", want);
	ch_buf_release(&out);
}

static void
is_net(int family, const char *host, const char *want, int loopback)
{
	struct sockaddr_storage address;
	struct sockaddr_in *in = (void *)&address;
	struct sockaddr_in6 *in6 = (void *)&address;
	int six = family == AF_INET6;

	memset(&address, 0, sizeof(address));
	address.ss_family = (sa_family_t)family;
	in->sin_port = htons(8000); /* where sin6_port is */
	inet_pton(family, host, six ? (void *)&in6->sin6_addr
				    : (void *)&in->sin_addr);
	is_shown(&address, six ? sizeof(*in6) : sizeof(*in), want);
	is_int(address_is_loopback(&address), loopback, "loopback or not");
}

static void
test_shown(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t head = offsetof(struct sockaddr_un, sun_path);

	is_net(AF_INET, "127.0.0.1", "127.0.0.1:8000", 1);
	is_net(AF_INET, "127.9.0.1", "127.9.0.1:8000", 1);
	is_net(AF_INET, "0.0.0.0", "0.0.0.0:8000", 0);
	is_net(AF_INET, "192.0.2.1", "192.0.2.1:8000", 0);
	is_net(AF_INET6, "::1", "[::1]:8000", 1);
	is_net(AF_INET6, "::", "[::]:8000", 0);
	is_net(AF_INET6, "2001:db8::1", "[2001:db8::1]:8000", 0);
	is_net(AF_INET6, "::ffff:127.0.0.1", "127.0.0.1:8000", 1);
	is_net(AF_INET6, "::ffff:192.0.2.1", "192.0.2.1:8000", 0);
	is_shown(&un, head, "unix:");
	strcpy(un.sun_path, "/run/web");
	is_shown(&un, head + 9, "unix:/run/web");
	is_shown(&un, head + 8, "unix:/run/web");
	memcpy(un.sun_path, "\0web", 4);
	is_shown(&un, head + 4, "unix:@web");
	memset(un.sun_path, 'x', sizeof(un.sun_path));
	memcpy(un.sun_path, PATH_107, 107);
	is_shown(&un, sizeof(un), "unix:" PATH_107 "x");
}

int
main(void)
{
	test_net();
	test_others();
	test_refused();
	test_shown();
	return done_testing();
}

/* Where to listen, as people write it and as it is shown. */
#include "chserve/address.h"

#include "base/err.h"
#include "common/put.h"

#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* Whether text is a number of at most `max`. */
static int
is_number(const char *text, unsigned long max)
{
	size_t n = strspn(text, "0123456789");

	return n && n < 11 && !text[n] && strtoul(text, NULL, 10) <= max;
}

/* The host in front of the last colon, or in brackets; 0, or -1. */
static int
read_host(struct address *address, const char *text, size_t n)
{
	if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	} else if (memchr(text, ':', n)) {
		return -1;
	}
	if (!n || n >= sizeof(address->host) || memchr(text, '[', n) ||
	    memchr(text, ']', n))
		return -1;
	memcpy(address->host, text, n);
	address->host[n] = '\0';
	return 0;
}

static int
read_path(struct address *address, const char *text, const char *path,
    struct ch_err *err)
{
	size_t n = strlen(path);

	address->kind = ADDRESS_UNIX;
	if (!n)
		return ch_err_set(err, CH_USAGE, "%s has no path", text);
	if (n >= sizeof(address->path))
		return ch_err_set(err, CH_USAGE,
		    "%s: a socket's path has at most %zu bytes", text,
		    sizeof(address->path) - 1);
	memcpy(address->path, path, n + 1);
	return CH_OK;
}

int
address_read(struct address *address, const char *text, struct ch_err *err)
{
	const char *colon = strrchr(text, ':');

	memset(address, 0, sizeof(*address));
	if (strncmp(text, "unix:", 5) == 0)
		return read_path(address, text, text + 5, err);
	if (strncmp(text, "fd:", 3) == 0) {
		address->kind = ADDRESS_FD;
		if (!is_number(text + 3, INT_MAX))
			return ch_err_set(err, CH_USAGE, "%s is not fd:N",
			    text);
		address->fd = (int)strtoul(text + 3, NULL, 10);
		return CH_OK;
	}
	address->kind = ADDRESS_NET;
	if (!colon || strlen(colon + 1) >= sizeof(address->port) ||
	    !is_number(colon + 1, 65535) ||
	    read_host(address, text, (size_t)(colon - text)))
		return ch_err_set(err, CH_USAGE,
		    "%s is not ADDR:PORT, unix:PATH or fd:N", text);
	strcpy(address->port, colon + 1);
	return CH_OK;
}

static void
peer_of_unix(struct event_peer *peer, const struct sockaddr_un *from,
    socklen_t len)
{
	size_t n = len > offsetof(struct sockaddr_un, sun_path)
	    ? len - offsetof(struct sockaddr_un, sun_path) : 0;

	if (n > sizeof(from->sun_path))
		n = sizeof(from->sun_path);
	memcpy(peer->host, from->sun_path, n);
	peer->host[n] = '\0';
	if (n > 1 && !peer->host[0])
		peer->host[0] = '@';
}

/* ::ffff:192.0.2.1 is 192.0.2.1 that came through an IPv6 socket. */
static socklen_t
unmapped(struct sockaddr_storage *plain, const struct sockaddr_storage *from,
    socklen_t len)
{
	const struct sockaddr_in6 *in6 = (const void *)from;
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (from->ss_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		memcpy(plain, from, len);
		return len;
	}
	in.sin_port = in6->sin6_port;
	memcpy(&in.sin_addr, &in6->sin6_addr.s6_addr[12], 4);
	memcpy(plain, &in, sizeof(in));
	return sizeof(in);
}

void
address_peer(struct event_peer *peer, const struct sockaddr_storage *from,
    socklen_t len)
{
	struct sockaddr_storage plain;
	char port[8] = "0";

	memset(peer, 0, sizeof(*peer));
	if (from->ss_family == AF_UNIX) {
		peer->local = 1;
		peer_of_unix(peer, (const void *)from, len);
		return;
	}
	len = unmapped(&plain, from, len);
	if (getnameinfo((const struct sockaddr *)&plain, len, peer->host,
		sizeof(peer->host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV))
		strcpy(peer->host, "unknown");
	peer->port = (unsigned)strtoul(port, NULL, 10);
}

int
address_is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	const unsigned char *bytes = in6->sin6_addr.s6_addr;

	if (address->ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return address->ss_family == AF_INET6 &&
	    (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
		(IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && bytes[12] == 127));
}

void
address_put(struct ch_buf *out, const struct event_peer *peer)
{
	if (peer->local)
		put_format(out, "unix:%s", peer->host);
	else if (strchr(peer->host, ':'))
		put_format(out, "[%s]:%u", peer->host, peer->port);
	else
		put_format(out, "%s:%u", peer->host, peer->port);
}

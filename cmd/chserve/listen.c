/* The sockets we accept connections on. */
#include "chserve/listen.h"

#include "chserve/address.h"
#include "chserve/loop.h"

#include "base/err.h"
#include "base/io.h"
#include "common/out.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define TURN_ACCEPTS 64
#define REST_MS 200 /* without descriptors, until connections have ended */

struct listener {
	struct watch watch; /* first: a watch is its listener */
	struct event_peer at;
	int loopback;
	int resting;
	struct listener *next;
};

static void go_on(struct due *due);

static struct listener *listeners;
static void (*on_accept)(int fd, const struct event_peer *from,
    const struct event_peer *to);
static struct due_queue rests = { .expired = go_on };
static struct due rest;

/* --- addresses ------------------------------------------------------------ */

/* Cut "ADDR:PORT" or "[ADDR]:PORT" in two; 0, or -1 if it is neither. */
static int
split(char *where, char **host, char **port)
{
	char *colon = strrchr(where, ':'), *end;

	if (!colon || !colon[1] || strspn(colon + 1, "0123456789") !=
	    strlen(colon + 1) || strtoul(colon + 1, NULL, 10) > 65535)
		return -1;
	*colon = '\0';
	*port = colon + 1;
	*host = where;
	if (*where == '[') {
		end = strchr(where, ']');
		if (!end || end[1])
			return -1;
		*end = '\0';
		*host = where + 1;
	} else if (strchr(where, ':')) {
		return -1;
	}
	return **host ? 0 : -1;
}

/* --- listening ------------------------------------------------------------ */

static void
connection_ready(struct watch *watch, uint32_t ready)
{
	struct listener *listener = (struct listener *)watch;
	struct sockaddr_storage address;
	struct event_peer from;
	socklen_t len;
	int fd, i, on = 1;

	(void)ready;
	for (i = 0; i < TURN_ACCEPTS; i++) {
		len = sizeof(address);
		fd = accept4(watch->fd, (struct sockaddr *)&address, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		address_peer(&from, &address, len);
		on_accept(fd, &from, &listener->at);
	}
	if (i < TURN_ACCEPTS && errno != EAGAIN && errno != EINTR &&
	    errno != ECONNABORTED) {
		say_more("accept: %s", strerror(errno));
		loop_remove(watch);
		listener->resting = 1;
		due_set(&rests, &rest, REST_MS);
	}
}

static void
go_on(struct due *due)
{
	struct listener *listener;

	(void)due;
	for (listener = listeners; listener; listener = listener->next)
		if (listener->resting) {
			listener->resting = 0;
			loop_add(&listener->watch, EPOLLIN);
		}
}

static int
open_socket(const struct addrinfo *info)
{
	int fd = socket(info->ai_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, os;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	os = errno;
	ch_io_close(&fd);
	errno = os;
	return -1;
}

static void
add_listener(int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	struct listener **end = &listeners;
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (!listener)
		say_memory();
	getsockname(fd, (struct sockaddr *)&address, &len);
	address_peer(&listener->at, &address, len);
	listener->watch.fd = fd;
	listener->watch.ready = connection_ready;
	listener->loopback = address_is_loopback(&address);
	while (*end)
		end = &(*end)->next;
	*end = listener;
}

int
listen_on(const char *where, struct ch_err *err)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE,
		.ai_socktype = SOCK_STREAM }, *info = NULL;
	char *copy = strdup(where), *host, *port;
	int rc, fd;

	if (!copy)
		say_memory();
	if (split(copy, &host, &port)) {
		free(copy);
		return ch_err_set(err, CH_USAGE, "%s is not ADDR:PORT", where);
	}
	rc = getaddrinfo(host, port, &hints, &info);
	free(copy);
	if (rc)
		return ch_err_set(err, CH_UNAVAILABLE, "listen on %s: %s",
		    where, gai_strerror(rc));
	fd = open_socket(info);
	if (fd >= 0)
		add_listener(fd);
	rc = fd >= 0 ? CH_OK : errno == EACCES ? CH_DENIED : CH_UNAVAILABLE;
	if (rc != CH_OK)
		ch_err_set(err, rc, "listen on %s: %s", where,
		    errno == EADDRINUSE ? "another program listens there"
					: strerror(errno));
	freeaddrinfo(info);
	return rc;
}

void
listen_start(void (*accepted)(int fd, const struct event_peer *from,
    const struct event_peer *to))
{
	struct listener *listener;

	on_accept = accepted;
	for (listener = listeners; listener; listener = listener->next)
		loop_add(&listener->watch, EPOLLIN);
}

void
listen_close(void)
{
	struct listener *listener;

	due_clear(&rest);
	while ((listener = listeners)) {
		listeners = listener->next;
		if (on_accept && !listener->resting)
			loop_remove(&listener->watch);
		ch_io_close(&listener->watch.fd);
		free(listener);
	}
}

int
listen_is_loopback(void)
{
	struct listener *listener;

	for (listener = listeners; listener; listener = listener->next)
		if (!listener->loopback)
			return 0;
	return 1;
}

int
listen_announce(struct ch_err *err)
{
	struct listener *listener;
	int six;

	for (listener = listeners; listener; listener = listener->next) {
		six = strchr(listener->at.host, ':') != NULL;
		put_format(&out, "chserve: listening on http://%s%s%s:%u/\n",
		    six ? "[" : "", listener->at.host, six ? "]" : "",
		    listener->at.port);
	}
	return out_flush(CH_NEVER, err);
}

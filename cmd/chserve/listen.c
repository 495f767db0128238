/* Accepting the connections that come to our places. */
#include "chserve/listen.h"

#include "chserve/address.h"
#include "chserve/loop.h"
#include "chserve/places.h"

#include "common/say.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define TURN_ACCEPTS 64
#define LAST_ACCEPTS 8192 /* when we stop: as many as can be waiting */
#define REST_MS 200 /* without descriptors, until connections have ended */

struct listener {
	struct watch watch; /* first: a watch is its listener */
	const struct place *place;
	int resting;
	struct listener *next;
};

static void go_on(struct due *due);

static struct listener *listeners;
static struct due_queue rests = { .expired = go_on };
static struct due rest;

/* Accept up to n connections; how many there were, less: no more, errno. */
static int
accept_some(const struct listener *listener, int n)
{
	const struct place *place = listener->place;
	struct sockaddr_storage address;
	struct event_peer from;
	socklen_t len;
	int fd, i, on = 1;

	for (i = 0; i < n; i++) {
		len = sizeof(address);
		fd = accept4(listener->watch.fd, (struct sockaddr *)&address,
		    &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;
		if (!place->at.local)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
			    sizeof(on));
		address_peer(&from, &address, len);
		place->use->accepted(fd, &from, &place->at);
	}
	return i;
}

static void
connection_ready(struct watch *watch, uint32_t ready)
{
	struct listener *listener = (struct listener *)watch;

	(void)ready;
	if (accept_some(listener, TURN_ACCEPTS) < TURN_ACCEPTS &&
	    errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
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

static void
watch_socket(const struct place *place, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		say_memory();
	listener->watch.fd = fd;
	listener->watch.ready = connection_ready;
	listener->place = place;
	listener->next = listeners;
	listeners = listener;
	loop_add(&listener->watch, EPOLLIN);
}

void
listen_start(void)
{
	const struct place *place;
	size_t i;

	for (place = places; place; place = place->next)
		for (i = 0; i < place->n; i++)
			if (place->fds[i] >= 0)
				watch_socket(place, place->fds[i]);
}

void
listen_stop(void)
{
	struct listener *listener;

	due_clear(&rest);
	while ((listener = listeners)) {
		listeners = listener->next;
		if (!listener->resting)
			loop_remove(&listener->watch);
		accept_some(listener, LAST_ACCEPTS);
		free(listener);
	}
}

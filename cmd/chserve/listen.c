/* Accepting the connections that come to our places. */
#include "chserve/listen.h"

#include "chserve/address.h"
#include "chserve/loop.h"
#include "chserve/metrics.h"
#include "chserve/places.h"
#include "chserve/seldom.h"
#include "chserve/share.h"

#include "base/io.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define TURN_ACCEPTS 32
#define LAST_ACCEPTS 8192 /* when we stop: as many as can be waiting */
#define REST_MS 200 /* without descriptors, until connections have ended */
#define ALIVE_S 60       /* of silence, then the peer's system is asked */
#define ALIVE_PAUSE_S 15 /* and again, */
#define ALIVE_N 4        /* so many times */
#define UNACKNOWLEDGED_MS 60000 /* that something may be */
#define LEAVE_MS 3  /* for the other processes to take a connection */

struct listener {
	struct watch watch; /* first: a watch is its listener */
	const struct place *place;
	int shared;      /* other processes accept from it, too */
	int resting;     /* it is not watched */
	struct due left; /* until when a connection is left to the others */
	int late;        /* that time is over */
	struct listener *next;
};

static void go_on(struct due *due);
static void not_wanted(struct due *due);

static struct listener *listeners;
static struct due_queue rests = { .expired = go_on };
static struct due rest;
static int spare = -1; /* a descriptor to refuse connections with */
static struct seldom used_up = { .what = "connections refused without "
	"descriptors" };
static struct due_queue lefts = { .expired = not_wanted };

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

/*
 * There are no descriptors: the spare one serves to take a connection and to
 * close it, so that its client need not wait for nothing. 0 if that failed.
 */
static int
refuse_one(const struct listener *listener)
{
	int fd;

	ch_io_close(&spare);
	fd = accept4(listener->watch.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		metrics_add(METRIC_REFUSED_DESCRIPTORS, 1);
	ch_io_close(&fd);
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd >= 0;
}

/* accept(2) failed with errno. */
static void
no_more(struct listener *listener, int n)
{
	int os = errno;

	if (os == EAGAIN || os == EINTR || os == ECONNABORTED)
		return;
	seldom_say(&used_up, "accept: %s: connections are refused",
	    strerror(os));
	if (os == EMFILE || os == ENFILE)
		while (n-- > 0 && spare >= 0 && refuse_one(listener))
			;
	loop_remove(&listener->watch);
	listener->resting = 1;
	due_set(&rests, &rest, REST_MS);
}

/* Let the other processes have it, if they want it soon. */
static void
leave_it(struct listener *listener)
{
	loop_remove(&listener->watch);
	listener->resting = 1;
	due_set(&lefts, &listener->left, LEAVE_MS);
}

static void
not_wanted(struct due *due)
{
	struct listener *listener = (struct listener *)(void *)((char *)due -
	    offsetof(struct listener, left));

	listener->resting = 0;
	listener->late = 1;
	loop_add_first(&listener->watch);
}

static void
connection_ready(struct watch *watch, uint32_t ready)
{
	struct listener *listener = (struct listener *)watch;
	int most = listener->shared ? 1 : TURN_ACCEPTS, n;

	(void)ready;
	if (listener->shared && !listener->late && !share_may_take()) {
		leave_it(listener);
		return;
	}
	n = accept_some(listener, most);
	if (n && listener->shared)
		share_took(listener->late);
	listener->late = 0;
	if (n < most)
		no_more(listener, most);
}

static void
go_on(struct due *due)
{
	struct listener *listener;

	(void)due;
	for (listener = listeners; listener; listener = listener->next)
		if (listener->resting && !listener->left.queue) {
			listener->resting = 0;
			loop_add_first(&listener->watch);
		}
}

/*
 * Half-open peers: one that is gone is noticed where nothing is sent, by
 * keepalive, and where something is, by its not being acknowledged; so is one
 * that is there and has no room for a byte, all that time. What a listening
 * socket has set, those that it accepts have.
 */
static void
notice_the_dead(int fd)
{
	int on = 1, idle = ALIVE_S, pause = ALIVE_PAUSE_S, n = ALIVE_N;
	unsigned unacknowledged = UNACKNOWLEDGED_MS;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &pause, sizeof(pause));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &n, sizeof(n));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged,
	    sizeof(unacknowledged));
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
	if (!place->at.local)
		notice_the_dead(fd);
	listener->shared = share_is_shared() && place->shared;
	listener->next = listeners;
	listeners = listener;
	loop_add_first(&listener->watch);
}

void
listen_start(void)
{
	const struct place *place;
	size_t i;

	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
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
	ch_io_close(&spare);
	while ((listener = listeners)) {
		listeners = listener->next;
		due_clear(&listener->left);
		if (!listener->resting)
			loop_remove(&listener->watch);
		accept_some(listener, LAST_ACCEPTS);
		free(listener);
	}
}

/* peer.c - a process for each connection: lines in, lines out. */
#include "chwork/peer.h"

#include "base/id.h"
#include "chwork/act.h"
#include "chwork/cgi.h"
#include "chwork/consumer.h"
#include "chwork/inlet.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define GRACE        1000    /* ms from the end of its input to SIGTERM */
#define TRIES        100     /* to close where a channel is full, */
#define PAUSE        100     /* ms between them */
#define PENDING_MOST 1048576 /* bytes that one may leave unread */

/* Why a connection is closed, as RFC 6455 and its registry number it. */
enum { NORMAL = 1000, FAILED = 1011, RESTART = 1012, LATER = 1013 };

struct peer {
	struct consumer consumer;
	struct worker *worker;
	struct route *route;
	const char *reply_channel; /* behind this struct */
	struct inlet in;
	struct ch_buf pending; /* what its pipe had no room for */
	int closing;           /* its input, once all is written */
	int ended;             /* the process */
	int closed;            /* the connection; else it is to be closed, */
	unsigned code;         /* so, */
	int tries;             /* tried so often, */
	struct timer again;    /* to be tried again then */
};

/* --- the connection ------------------------------------------------------ */

static void
close_connection(struct worker *worker, const struct route *route,
    const char *reply_channel, unsigned code)
{
	struct ch_err err = CH_ERR_INIT;

	if (act_close(worker, route->place, code, reply_channel, &err) !=
	    CH_OK)
		say_error("%s: %s", route->place, err.text);
}

/* --- which process is whose ---------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;

	return strcmp(x->reply_channel, y->reply_channel);
}

static struct peer *
find(const struct worker *worker, const char *reply_channel)
{
	struct peer key = { .reply_channel = reply_channel };
	void *found = tfind(&key, &worker->peers, compare);

	return found ? *(struct peer **)found : NULL;
}

static struct peer *
peer_new(struct worker *worker, struct route *route,
    const char *reply_channel)
{
	size_t size = strlen(reply_channel) + 1;
	struct peer *peer = calloc(1, sizeof(*peer) + size);

	if (!peer)
		say_memory();
	peer->reply_channel = memcpy(peer + 1, reply_channel, size);
	if (!tsearch(peer, &worker->peers, compare))
		say_memory();
	peer->worker = worker;
	peer->route = route;
	route->running++;
	worker->npeers++;
	return peer;
}

static void
peer_free(struct peer *peer)
{
	tdelete(peer, &peer->worker->peers, compare);
	peer->route->running--;
	peer->worker->npeers--;
	inlet_close(&peer->in);
	loop_unset(&peer->worker->loop, &peer->again);
	ch_buf_release(&peer->pending);
	free(peer);
}

/* --- its input ----------------------------------------------------------- */

static void
end_input(struct peer *peer)
{
	peer->closing = 1;
	if (!peer->pending.len)
		inlet_close(&peer->in);
	child_end(&peer->consumer.child, GRACE);
}

static void
write_some(struct peer *peer)
{
	ssize_t w = 0;

	if (peer->pending.len)
		w = inlet_write(&peer->in, peer->pending.data,
		    peer->pending.len);
	if (w > 0)
		ch_buf_consume(&peer->pending, (size_t)w);
	else if (w < 0 && errno != EAGAIN)
		inlet_close(&peer->in); /* it reads no more, but may write */
	if (peer->in.source.fd < 0)
		ch_buf_clear(&peer->pending);
	else if (peer->pending.len)
		inlet_wait(&peer->in, 1);
	else if (peer->closing)
		inlet_close(&peer->in);
	else
		inlet_wait(&peer->in, 0);
}

static void
on_writable(void *arg)
{
	write_some(arg);
}

static void
on_stuck(void *arg)
{
	struct peer *peer = arg;

	child_end(&peer->consumer.child, 0);
}

/* What the browser sent, and the end of it. */
static void
put_sent(struct peer *peer, struct json message)
{
	struct json text = json_get(message, "text", 4);
	enum reply how = peer->consumer.outlet.how;

	if (json_kind(text) == '"')
		json_bare(&peer->pending, text);
	else if (json_unbox(&peer->pending,
		json_get(message, "bytes", 5)) < 0)
		return;
	if (how != REPLY_BYTES)
		put_char(&peer->pending, peer->route->null ? '\0' : '\n');
}

static void
hear(struct peer *peer, struct json message)
{
	if (peer->in.source.fd < 0 || peer->closing)
		return;
	put_sent(peer, message);
	write_some(peer);
	if (peer->pending.len <= PENDING_MOST)
		return;
	say_error("%s: %s: %s reads too slowly for what is sent to it",
	    peer->reply_channel, peer->route->place, peer->route->argv[0]);
	peer->route->metrics.dropped++;
	ch_buf_clear(&peer->pending);
	end_input(peer);
	peer->code = LATER;
	child_end(&peer->consumer.child, 0);
}

/* --- beginning and end --------------------------------------------------- */

/* The process has ended: so does the connection, then nothing is left. */
static void
part(void *arg)
{
	struct peer *peer = arg;
	struct ch_err err = CH_ERR_INIT;

	if (!peer->closed && act_close(peer->worker, peer->route->place,
		peer->code, peer->reply_channel, &err) != CH_OK) {
		if (peer->tries++ < TRIES) {
			loop_set(&peer->worker->loop, &peer->again, PAUSE);
			return;
		}
		say_error("%s: %s", peer->route->place, err.text);
	}
	peer_free(peer);
}

static void
on_ended(void *arg, int status)
{
	struct peer *peer = arg;
	struct child *child = &peer->consumer.child;

	if (status && !peer->closing) {
		peer->route->metrics.failed++;
		child_complain(child, peer->reply_channel, status);
	}
	if (!peer->code)
		peer->code = status ? FAILED : NORMAL;
	peer->ended = 1;
	consumer_release(&peer->consumer);
	inlet_close(&peer->in);
	part(peer);
}

static int
start(struct peer *peer, struct json message)
{
	struct worker *worker = peer->worker;
	const struct route *route = peer->route;
	struct environment *environment = &worker->environment;
	char id[CH_ID_UNIQUE + 1];
	struct cgi cgi = { .id = id, .authorization = 1,
		.settings = route->settings };
	int fd;

	peer->in = (struct inlet) { .loop = &worker->loop,
		.timeout = route->timeout, .writable = on_writable,
		.stuck = on_stuck, .arg = peer, .source.fd = -1 };
	peer->again.fire = part;
	peer->again.arg = peer;
	peer->consumer.ended = on_ended;
	peer->consumer.arg = peer;
	fd = inlet_open(&peer->in);
	if (fd < 0) {
		say_error("%s: %s", route->place, strerror(errno));
		return -1;
	}
	environ_for(environment, route->settings, "websocket.connect",
	    message, &worker->match.captures, 0);
	ch_id_random(id, CH_ID_UNIQUE);
	cgi_put(&environment->text, message, &cgi);
	return consumer_start(&peer->consumer, worker, route, route->reply,
	    peer->reply_channel, environ_list(environment, route->settings),
	    fd);
}

static void
leave(struct peer *peer)
{
	peer->closed = 1;
	if (peer->ended)
		peer_free(peer);
	else
		end_input(peer);
}

static void
greet(struct worker *worker, struct route *route, struct json message,
    const char *reply_channel)
{
	struct ch_err err = CH_ERR_INIT;
	struct peer *peer;

	if (route->running >= route->jobs) {
		say_error("%s: %zu connections have a process: no more",
		    route->place, route->running);
		route->metrics.dropped++;
		close_connection(worker, route, reply_channel, LATER);
		return;
	}
	peer = peer_new(worker, route, reply_channel);
	if (start(peer, message) < 0) {
		route->metrics.failed++;
		close_connection(worker, route, reply_channel, FAILED);
		peer_free(peer);
	} else if (act_accept(worker, route, reply_channel, &err) != CH_OK) {
		say_error("%s: %s", route->place, err.text);
		leave(peer);
	}
}

void
peer_take(struct worker *worker, struct route *route, const char *channel,
    struct json message, const char *reply_channel)
{
	struct peer *peer;

	if (!reply_channel) {
		say_error("%s: %s: the message has no reply_channel",
		    channel, route->place);
		return;
	}
	peer = find(worker, reply_channel);
	if (!strcmp(channel, "websocket.connect")) {
		if (!peer)
			greet(worker, route, message, reply_channel);
	} else if (!strcmp(channel, "websocket.disconnect")) {
		if (peer)
			leave(peer);
	} else if (peer) {
		hear(peer, message);
	} else {
		close_connection(worker, route, reply_channel, RESTART);
	}
}

static void
close_one(const void *node, VISIT visit, void *route)
{
	struct peer *peer = *(struct peer *const *)node;

	if ((visit != postorder && visit != leaf) || peer->ended ||
	    (route && route != peer->route))
		return;
	if (!peer->code)
		peer->code = RESTART;
	end_input(peer);
}

void
peers_close(struct worker *worker, const struct route *route)
{
	twalk_r(worker->peers, close_one, (void *)(uintptr_t)route);
}

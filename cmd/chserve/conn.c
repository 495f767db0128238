/* Accepted connections, as long as they speak HTTP. */
#include "chserve/conn.h"

#include "chserve/h1.h"
#include "chserve/metrics.h"
#include "chserve/secure.h"
#include "chserve/tls.h"
#include "chserve/ws.h"

#include "base/io.h"
#include "common/say.h"

#include <stdlib.h>
#include <sys/epoll.h>

#define HEAD_MS 10000
#define IDLE_MS 30000
#define STALL_MS 30000
#define LINGER_MS 2000
#define LAST_MS 2000

#define EVENTS ((uint32_t)EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

static void late(struct due *due);

static const struct conn_settings *settings;
static struct conn *conns;
static size_t n_conns, n_more;
static int stopping;
static struct due_queue waits[CONN_WAITS] = {
	{ .expired = late }, { .expired = late }, { .expired = late },
	{ .expired = late }, { .expired = late }, { .expired = late },
};

#define conn_of(member_, member) \
	((struct conn *)(void *)((char *)(member_) - \
	    offsetof(struct conn, member)))

/* --- turns ---------------------------------------------------------------- */

static void
ready(struct watch *watch, uint32_t events)
{
	struct conn *conn = (struct conn *)watch;

	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		conn->hung_up = 1;
	conn->role->turn(conn);
}

static void
touched(struct soon *soon)
{
	struct conn *conn = conn_of(soon, soon);

	conn->role->turn(conn);
}

static void
late(struct due *due)
{
	struct conn *conn = conn_of(due, due);

	conn->role->late(conn);
}

void
conn_touch(struct conn *conn)
{
	soon_set(&conn->soon);
}

/* Edge-triggered, so that changing nothing tells all that is so anew. */
void
conn_again(struct conn *conn)
{
	loop_change(&conn->watch, EVENTS);
}

static int64_t
ms_of(enum conn_wait what)
{
	switch (what) {
	case CONN_HEAD:
		return HEAD_MS;
	case CONN_IDLE:
		return IDLE_MS;
	case CONN_BODY:
		return settings->body_timeout;
	case CONN_STALL:
		return STALL_MS;
	case CONN_LAST:
		return LAST_MS;
	default:
		return LINGER_MS;
	}
}

int64_t
conn_body_timeout(void)
{
	return settings->body_timeout;
}

int
conn_may_be_h2(void)
{
	return !settings->no_h2;
}

void
conn_wait(struct conn *conn, enum conn_wait what)
{
	conn->waits_for = what;
	due_set(&waits[what], &conn->due, ms_of(what));
}

void
conn_wait_not(struct conn *conn)
{
	due_clear(&conn->due);
}

/* --- coming and going ----------------------------------------------------- */

static void
forget(struct conn *conn)
{
	due_clear(&conn->due);
	soon_clear(&conn->soon);
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		conns = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	n_conns--;
	metrics_add(METRIC_CONNECTIONS_NOW, -1);
	free(conn);
}

void
conn_drop(struct conn *conn)
{
	conn->role->release(conn);
	loop_remove(&conn->watch);
	sock_close(&conn->sock);
	forget(conn);
}

int
conn_give_away(struct conn *conn)
{
	int fd = conn->sock.fd;

	conn->role->release(conn);
	loop_remove(&conn->watch);
	forget(conn);
	return fd;
}

void
conn_open(const struct conn_settings *with)
{
	settings = with;
}

void
conn_accepted(int fd, const struct event_peer *from,
    const struct event_peer *to)
{
	int full = !conn_has_room();
	struct conn *conn;

	metrics_add(METRIC_CONNECTIONS, 1);
	if (full)
		metrics_add(METRIC_REFUSED_CONNECTIONS, 1);
	if (full && tls_is_open()) {
		ch_io_close(&fd); /* a handshake is too much for a refusal */
		return;
	}
	conn = calloc(1, sizeof(*conn));
	if (!conn)
		say_memory();
	conn->sock.fd = conn->watch.fd = fd;
	conn->watch.ready = ready;
	conn->soon.run = touched;
	conn->from = *from;
	conn->to = *to;
	conn->next = conns;
	if (conns)
		conns->prev = conn;
	conns = conn;
	n_conns++;
	metrics_add(METRIC_CONNECTIONS_NOW, 1);
	conn_wait(conn, CONN_HEAD);
	if (tls_is_open())
		secure_begin(conn);
	else
		h1_begin(conn, full ? 503 : 0);
	loop_add(&conn->watch, EVENTS);
}

void
conn_stop(void)
{
	struct conn *conn, *next;

	stopping = 1;
	for (conn = conns; conn; conn = next) {
		next = conn->next;
		conn->role->stop(conn);
	}
}

int
conn_has_room(void)
{
	return n_conns + n_more + ws_count() < settings->max_connections;
}

void
conn_count_more(int more)
{
	n_more += (size_t)more;
}

int
conn_is_stopping(void)
{
	return stopping;
}

size_t
conn_count(void)
{
	return n_conns;
}

void
conn_close(void)
{
	while (conns)
		conn_drop(conns);
}

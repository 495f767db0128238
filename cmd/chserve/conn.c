/* Accepted connections, as long as they speak HTTP. */
#include "chserve/conn.h"

#include "chserve/caps.h"
#include "chserve/h1.h"
#include "chserve/ip.h"
#include "chserve/metrics.h"
#include "chserve/proxy.h"
#include "chserve/secure.h"
#include "chserve/seldom.h"
#include "chserve/tls.h"
#include "chserve/ws.h"

#include "base/io.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#define HEAD_MS 10000
#define IDLE_MS 30000
#define STALL_MS 30000
#define STALL_BYTES 30720 /* to be taken in that time: 1 KiB a second */
#define LINGER_MS 2000
#define LAST_MS 2000
#define PATIENCE_MS 100  /* for a head, where others want the place, */
#define TLS_PATIENCE_MS 1000 /* with a handshake ahead of it: round trips */
#define TURN_MS 20      /* that have to pass for each turn it has, */
#define TURNS_AHEAD 20  /* but for so many; else others come first */
#define SPARE_LOOKS 16   /* at who might be spared */

#define EVENTS ((uint32_t)EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

static void late(struct due *due);

static const struct conn_settings *settings;
static struct conn *conns;
static size_t n_conns, n_more, n_refused;
static size_t weight; /* of all */
static int stopping;
static struct due_queue waits[CONN_WAITS] = {
	{ .expired = late }, { .expired = late }, { .expired = late },
	{ .expired = late }, { .expired = late }, { .expired = late },
};

#define conn_of(member_, member) \
	((struct conn *)(void *)((char *)(member_) - \
	    offsetof(struct conn, member)))

/* --- turns ---------------------------------------------------------------- */

/* Whether it has more turns than others. */
static int
is_busy(struct conn *conn)
{
	int64_t now = ch_clock();

	if (conn->earned < now)
		conn->earned = now;
	if (conn->earned > now + TURNS_AHEAD * TURN_MS)
		return 1;
	conn->earned += TURN_MS;
	return 0;
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct conn *conn = (struct conn *)watch;

	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		conn->hung_up = 1;
	if (conn->later.asked)
		return;
	if (is_busy(conn))
		conn_again(conn);
	else
		conn->role->turn(conn);
}

static void
touched(struct soon *soon)
{
	struct conn *conn = conn_of(soon, soon);

	conn->role->turn(conn);
}

static void
holds_too_much(struct budget_share *share)
{
	conn_drop(conn_of(share, share));
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

static void
again(struct later *later)
{
	struct conn *conn = conn_of(later, later);

	conn->role->turn(conn);
}

void
conn_again(struct conn *conn)
{
	later_set(&conn->later);
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

/* What the peer's system has acknowledged. */
static uint64_t
acknowledged(const struct conn *conn, uint64_t written)
{
	int left;

	if (ioctl(conn->sock.fd, SIOCOUTQ, &left) || left < 0)
		left = 0;
	return (uint64_t)left < written ? written - (uint64_t)left : 0;
}

void
conn_has_to_take(struct conn *conn, uint64_t written)
{
	conn->taken = acknowledged(conn, written);
	conn_wait(conn, CONN_STALL);
}

int
conn_took(struct conn *conn, uint64_t written)
{
	uint64_t before = conn->taken;

	conn_has_to_take(conn, written);
	return conn->taken >= before + STALL_BYTES;
}

void
conn_rest(struct conn *conn, size_t bytes)
{
	soon_clear(&conn->soon);
	budget_set(&conn->share, bytes, 0);
}

/* --- coming and going ----------------------------------------------------- */

static void
forget(struct conn *conn)
{
	due_clear(&conn->due);
	soon_clear(&conn->soon);
	later_clear(&conn->later);
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		conns = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	n_conns--;
	conn_weigh(conn, 0);
	n_refused -= (size_t)conn->refused;
	caps_leave(conn->seat);
	budget_set(&conn->share, 0, 0);
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
conn_give_away(struct conn *conn, struct caps_seat **seat)
{
	int fd = conn->sock.fd;

	*seat = conn->seat;
	conn->seat = NULL;
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
conn_weigh(struct conn *conn, size_t bytes)
{
	weight += bytes - conn->weight;
	conn->weight = bytes;
}

/* --- admission ------------------------------------------------------------ */

static int
is_full(void)
{
	return n_conns - n_refused + n_more + ws_count() >=
	    settings->max_connections;
}

/*
 * Whether it is the peer that has to do something. What it sent may still be
 * in the socket, or have been read and wait for its turn: then it is we.
 */
static int
owes_us(const struct conn *conn)
{
	int unread = 0;

	return !conn->later.asked && !conn->soon.asked &&
	    (ioctl(conn->sock.fd, FIONREAD, &unread) || !unread);
}

/* Who has owed us this for longest, and for so many ms; NULL: nobody. */
static struct conn *
find_debtor(enum conn_wait what, int64_t ms)
{
	struct due *due = waits[what].first;
	int64_t until = ch_clock() + ms_of(what) - ms;
	int i;

	for (i = 0; i < SPARE_LOOKS && due && due->at <= until; i++) {
		if (owes_us(conn_of(due, due)))
			return conn_of(due, due);
		due = due->next;
	}
	return NULL;
}

/*
 * Drop one that can be spared: the one that was longest between two requests,
 * else the one that has owed a first head for longest, which nobody does who
 * has something to say, else a WebSocket that was closed, and is waited for. 0
 * if there is none.
 */
static int
make_room(void)
{
	struct conn *conn = find_debtor(CONN_IDLE, 0);

	if (!conn)
		conn = find_debtor(CONN_HEAD,
		    tls_is_open() ? TLS_PATIENCE_MS : PATIENCE_MS);
	if (!conn)
		return client_spare();
	conn_drop(conn);
	return 1;
}

/* The address that is counted; 0 if none is. */
static int
is_counted(struct ip *ip, const struct event_peer *from)
{
	if (from->local || proxy_trusts(settings->trust, from) ||
	    ip_read(ip, from->host, strcspn(from->host, "%")))
		return 0;
	return settings->loopback_counts ||
	    (strncmp(from->host, "127.", 4) != 0 &&
		strcmp(from->host, "::1") != 0);
}

/* 0, with its seat, or the status to refuse it with. */
static int
admit(const struct event_peer *from, struct caps_seat **seat)
{
	static struct seldom all = { .what = "connections refused" };
	static struct seldom one = { .what = "connections refused, too many "
		"of one address" };
	struct ip ip;

	if (is_counted(&ip, from)) {
		*seat = caps_take(&ip, settings->max_per_address);
		if (!*seat) {
			metrics_add(METRIC_REFUSED_ADDRESS, 1);
			seldom_say(&one, "%s has %llu connections: more are "
			    "refused", from->host, (unsigned long long)
			    settings->max_per_address);
			return 429;
		}
	}
	if (!is_full()) {
		if (weight > settings->shed_bytes)
			make_room();
		return 0;
	}
	if (make_room())
		return 0;
	caps_leave(*seat);
	*seat = NULL;
	metrics_add(METRIC_REFUSED_CONNECTIONS, 1);
	seldom_say(&all, "there are %llu connections: more are refused",
	    (unsigned long long)settings->max_connections);
	return 503;
}

int
conn_has_room(const struct conn *conn)
{
	return !is_full() &&
	    caps_count(conn->seat) < settings->max_per_address;
}

void
conn_count_more(struct conn *conn, int more)
{
	n_more += (size_t)more;
	caps_more(conn->seat, more);
}

void
conn_accepted(int fd, const struct event_peer *from,
    const struct event_peer *to)
{
	struct caps_seat *seat = NULL;
	int status = admit(from, &seat);
	struct conn *conn;

	metrics_add(METRIC_CONNECTIONS, 1);
	if (status && (n_refused >= CONN_REFUSED_MAX || tls_is_open())) {
		ch_io_close(&fd); /* a handshake is too much for a refusal */
		return;
	}
	conn = calloc(1, sizeof(*conn));
	if (!conn)
		say_memory();
	conn->sock.fd = conn->watch.fd = fd;
	conn->watch.ready = ready;
	conn->soon.run = touched;
	conn->later.run = again;
	conn->share.cut = holds_too_much;
	conn->from = *from;
	conn->to = *to;
	conn->next = conns;
	if (conns)
		conns->prev = conn;
	conns = conn;
	n_conns++;
	conn->seat = seat;
	conn->refused = status != 0;
	n_refused += (size_t)conn->refused;
	metrics_add(METRIC_CONNECTIONS_NOW, 1);
	conn_wait(conn, status ? CONN_LAST : CONN_HEAD);
	if (tls_is_open())
		secure_begin(conn);
	else
		h1_begin(conn, status);
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

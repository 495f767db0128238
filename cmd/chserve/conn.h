/*
 * conn.h - accepted connections, as long as they speak HTTP.
 *
 * What they speak is their role's to know: h1.c, h2.c. The role gets its turn
 * whenever something can be read or written, or conn_touch was called; only in
 * its turn, or when a deadline has passed, it may drop the connection.
 */
#ifndef CHSERVE_CONN_H
#define CHSERVE_CONN_H

#include "chserve/budget.h"
#include "chserve/event.h"
#include "chserve/loop.h"
#include "chserve/sock.h"

#include "channel.h"

#define CONN_SHED_BYTES ((size_t)112 << 20)
#define CONN_REFUSED_MAX 32 /* who are told so at a time; more are closed */

struct caps_seat;
struct conn;
struct proxy_trust;

struct conn_role {
	void (*turn)(struct conn *conn);
	/* The deadline has passed. */
	void (*late)(struct conn *conn);
	/* The server ends: finish what is in hand, begin nothing. */
	void (*stop)(struct conn *conn);
	/* Let go of all that belongs to it; the connection is being dropped. */
	void (*release)(struct conn *conn);
};

/* What a connection may wait for. */
enum conn_wait {
	CONN_HEAD,   /* a head has to be whole by then */
	CONN_IDLE,   /* between two requests */
	CONN_BODY,   /* --body-timeout: some of a body */
	CONN_STALL,  /* the peer takes enough of the answer */
	CONN_LINGER, /* after the last answer, the peer closes */
	CONN_LAST,   /* when we stop: for the head of a first request */
	CONN_WAITS
};

struct conn {
	struct watch watch; /* first: a watch is its connection */
	struct sock sock;
	struct soon soon;
	struct later later;
	struct due due;
	enum conn_wait waits_for;
	const struct conn_role *role;
	void *state; /* the role's own */
	struct event_peer from, to;
	struct conn *prev, *next;
	int hung_up; /* the peer will send no more */
	int refused; /* it is to get a status, and then to leave */
	struct caps_seat *seat; /* its address's; NULL: not counted */
	struct budget_share share; /* what its role holds of the peer's */
	uint64_t taken; /* bytes, when it was last looked */
	size_t weight;  /* bytes it takes even if it is idle, if many */
	int64_t earned; /* when it will have earned the turns it had */
};

struct conn_settings {
	int64_t body_timeout; /* ms */
	uint64_t max_connections; /* WebSockets are some, too */
	uint64_t max_per_address; /* of an address that is no proxy's */
	size_t shed_bytes; /* they may weigh, or idle ones make room */
	int loopback_counts;      /* as any address, for that */
	const struct proxy_trust *trust;
	int no_h2; /* HTTP/1.x only */
};

void conn_open(const struct conn_settings *settings);

/*
 * Serve this connection; or refuse it, where there are too many, in all (503)
 * or of its address (429). Before that, those are dropped for it that have
 * waited longest between two requests, or for long enough to send their first.
 */
void conn_accepted(int fd, const struct event_peer *from,
    const struct event_peer *to);

/* Finish what is in hand, drop what is idle. */
void conn_stop(void);
int conn_is_stopping(void);

/* Connections there are, WebSockets not counted. */
size_t conn_count(void);

/* Drop them. */
void conn_close(void);

/*
 * Whether there may be one more request on it. One that has a connection for
 * itself is counted with that; further ones on it count as connections, for
 * they cost as much. A role says here how many more (less) of those there are.
 */
int conn_has_room(const struct conn *conn);
void conn_count_more(struct conn *conn, int more);

/* --- for the roles -------------------------------------------------------- */

/* Let it have a turn at the end of this turn of the loop. */
void conn_touch(struct conn *conn);

/* The same in a later turn of the loop, and not before: others come first. */
void conn_again(struct conn *conn);

/* What was set. */
int64_t conn_body_timeout(void);
int conn_may_be_h2(void);

/* What TLS and a session of HTTP/2 take goes into megabytes, where many do. */
void conn_weigh(struct conn *conn, size_t bytes);

/* Set the deadline anew; or none. */
void conn_wait(struct conn *conn, enum conn_wait what);
void conn_wait_not(struct conn *conn);

/*
 * Something waits that the peer has to take: so far so many bytes were written,
 * and CONN_STALL is set. When that has passed, conn_took says whether it took
 * as much of them as it has to, and if so sets it anew. What is in the system's
 * buffers is not taken: a peer that takes a byte now and then takes too little.
 */
void conn_has_to_take(struct conn *conn, uint64_t written);
int conn_took(struct conn *conn, uint64_t written);

/*
 * Its turn is over: its role did all that can be done now, and holds so many
 * bytes for it. What touched it meanwhile is done as well; else a peer that
 * has always something to say had its turn again before all others.
 */
void conn_rest(struct conn *conn, size_t bytes);

void conn_drop(struct conn *conn);

/*
 * Drop it, but for its socket, which is returned, and its seat, to be left
 * when that is closed.
 */
int conn_give_away(struct conn *conn, struct caps_seat **seat);

#endif

/*
 * conn.h - accepted connections, as long as they speak HTTP.
 *
 * What they speak is their role's to know: h1.c, h2.c. The role gets its turn
 * whenever something can be read or written, or conn_touch was called; only in
 * its turn, or when a deadline has passed, it may drop the connection.
 */
#ifndef CHSERVE_CONN_H
#define CHSERVE_CONN_H

#include "chserve/event.h"
#include "chserve/loop.h"
#include "chserve/sock.h"

#include "channel.h"

struct conn;

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
	CONN_STALL,  /* the peer takes some of the answer */
	CONN_LINGER, /* after the last answer, the peer closes */
	CONN_LAST,   /* when we stop: for the head of a first request */
	CONN_WAITS
};

struct conn {
	struct watch watch; /* first: a watch is its connection */
	struct sock sock;
	struct soon soon;
	struct due due;
	enum conn_wait waits_for;
	const struct conn_role *role;
	void *state; /* the role's own */
	struct event_peer from, to;
	struct conn *prev, *next;
	int hung_up; /* the peer will send no more */
};

struct conn_settings {
	int64_t body_timeout; /* ms */
	size_t max_connections;
	int no_h2; /* HTTP/1.x only */
};

void conn_open(const struct conn_settings *settings);

/* Serve this connection. */
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
 * Whether there may be one more. A request that has a connection for itself is
 * counted with that; further ones on it count as connections, for they cost as
 * much. A role says here how many more (less) of those there are.
 */
int conn_has_room(void);
void conn_count_more(int more);

/* --- for the roles -------------------------------------------------------- */

/* Let it have a turn at the end of this turn of the loop. */
void conn_touch(struct conn *conn);

/* The same in the next turn of the loop: others come first. */
void conn_again(struct conn *conn);

/* What was set. */
int64_t conn_body_timeout(void);
int conn_may_be_h2(void);

/* Set the deadline anew; or none. */
void conn_wait(struct conn *conn, enum conn_wait what);
void conn_wait_not(struct conn *conn);

void conn_drop(struct conn *conn);

/* Drop it, but for its socket, which is returned. */
int conn_give_away(struct conn *conn);

#endif

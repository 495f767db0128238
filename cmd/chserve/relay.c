/* WebSockets whose bytes travel under something else. */
#include "chserve/relay.h"

#include "chserve/ws.h"

#include "base/io.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE 16384
#define TURN_PIECES 8  /* before others have their turn */
#define PAIR_BUFFER 65536 /* what may wait between the ends */

struct relay {
	struct watch near; /* first: our end of the pair */
	struct conn *conn;
	struct ch_buf up;   /* for the client */
	struct ch_buf down; /* from it */
	int up_ended, down_ended;
};

static void turn(struct conn *conn);
static void late(struct conn *conn);
static void stop(struct conn *conn);
static void release(struct conn *conn);

static const struct conn_role role = { turn, late, stop, release };

int
relay_open(struct client *client)
{
	int fds[2], size = PAIR_BUFFER, i;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		fds)) {
		say_more("a WebSocket under TLS or HTTP/2: no descriptors");
		return -1;
	}
	for (i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (ws_adopt(client, fds[1], &client->agreed) == 0)
		return fds[0];
	ch_io_close(&fds[0]);
	return -1;
}

/* --- carrying ------------------------------------------------------------- */

static int
is_later(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* To the client. 1 if something moved, 0 if not, -1 if it is gone. */
static int
carry_up(struct relay *relay)
{
	struct conn *conn = relay->conn;
	char bytes[PIECE];
	ssize_t n;

	if (!relay->up.len) {
		n = recv(relay->near.fd, bytes, sizeof(bytes), 0);
		if (is_later(n))
			return 0;
		if (n <= 0) {
			relay->up_ended = 1;
			sock_finish(&conn->sock);
			conn_wait(conn, CONN_LINGER);
			return 0;
		}
		put_bytes(&relay->up, bytes, (size_t)n);
	}
	n = sock_write(&conn->sock, relay->up.data, relay->up.len, 0);
	if (n < 0 && !is_later(n))
		return -1;
	if (n < 0) {
		if (!conn->due.queue)
			conn_wait(conn, CONN_STALL);
		return 0;
	}
	conn_wait_not(conn);
	ch_buf_consume(&relay->up, (size_t)n);
	if (!relay->up.len)
		ch_buf_release(&relay->up);
	return 1;
}

static void
end_down(struct relay *relay)
{
	relay->down_ended = 1;
	ch_buf_release(&relay->down);
	shutdown(relay->near.fd, SHUT_WR);
}

/* From the client. As above; once we have ended it is read and forgotten. */
static int
carry_down(struct relay *relay)
{
	char bytes[PIECE];
	ssize_t n;

	if (!relay->down.len) {
		n = sock_read(&relay->conn->sock, bytes, sizeof(bytes));
		if (is_later(n))
			return 0;
		if (n <= 0) {
			end_down(relay);
			return relay->up_ended ? -1 : 1;
		}
		if (relay->up_ended)
			return 1;
		put_bytes(&relay->down, bytes, (size_t)n);
	}
	n = send(relay->near.fd, relay->down.data, relay->down.len,
	    MSG_NOSIGNAL);
	if (is_later(n))
		return 0;
	if (n < 0) { /* libwebsockets has closed: its last words come up */
		ch_buf_release(&relay->down);
		return 1;
	}
	ch_buf_consume(&relay->down, (size_t)n);
	if (!relay->down.len)
		ch_buf_release(&relay->down);
	return 1;
}

static void
turn(struct conn *conn)
{
	struct relay *relay = conn->state;
	int i, up = 1, down = 1;

	for (i = 0; i < TURN_PIECES && (up > 0 || down > 0); i++) {
		up = relay->up_ended ? 0 : carry_up(relay);
		down = relay->down_ended ? 0 : carry_down(relay);
		if (up < 0 || down < 0 ||
		    (relay->up_ended && relay->down_ended)) {
			conn_drop(conn);
			return;
		}
	}
	conn_rest(conn, relay->up.size + relay->down.size);
	if (up > 0 || down > 0)
		conn_again(conn);
}

static void
near_ready(struct watch *watch, uint32_t events)
{
	struct relay *relay = (struct relay *)watch;

	(void)events;
	turn(relay->conn);
}

/* --- its life ------------------------------------------------------------- */

static void
late(struct conn *conn)
{
	conn_drop(conn);
}

/* The client is told by ws.c, and its last words are carried. */
static void
stop(struct conn *conn)
{
	(void)conn;
}

static void
release(struct conn *conn)
{
	struct relay *relay = conn->state;

	loop_remove(&relay->near);
	ch_io_close(&relay->near.fd);
	ch_buf_release(&relay->up);
	ch_buf_release(&relay->down);
	free(relay);
}

int
relay_begin(struct conn *conn, struct client *client, const void *bytes,
    size_t n)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (!relay)
		say_memory();
	relay->conn = conn;
	relay->near.ready = near_ready;
	relay->near.fd = relay_open(client);
	conn->role = &role;
	conn->state = relay;
	if (relay->near.fd < 0) {
		conn_drop(conn);
		return -1;
	}
	if (n)
		put_bytes(&relay->down, bytes, n);
	conn_wait_not(conn);
	loop_add(&relay->near,
	    (uint32_t)EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	conn_touch(conn);
	return 0;
}

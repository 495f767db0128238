/* HTTP/2 on a connection: its role. */
#include "chserve/h2.h"

#include "chserve/h2session.h"
#include "chserve/h2stream.h"

#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE 16384
#define TURN_READS 8     /* before others have their turn, */
#define TURN_REQUESTS 2  /* or so many begin; then it is read from */
#define CROWDED_SIZE 64  /* in pieces of so much, where not many more fit, */
#define CROWDED_READS 64 /* and then so many times */
#define SESSION_BYTES 22000 /* of nghttp2's */
#define GATHER 16384     /* frames are gathered up to this many bytes */
#define FRAME_SIZE 16394 /* nghttp2 gives no more at once */

struct h2 {
	struct h2session session;
	struct ch_buf early; /* what was read before it began */
	struct ch_buf out; /* what the socket did not take */
	size_t out_at;
	uint64_t written; /* bytes */
	int crowded;      /* too many requests began in its last turn */
	int lingering;    /* all is written; the peer is to close */
};

static void turn(struct conn *conn);
static void late(struct conn *conn);
static void stop(struct conn *conn);
static void release(struct conn *conn);

static const struct conn_role role = { turn, late, stop, release };

/* --- reading and writing -------------------------------------------------- */

/* The frames that are due, as many as are worth one write. */
static size_t
gather(struct h2 *h2, uint8_t *bytes)
{
	const uint8_t *frame;
	size_t n = 0;
	ssize_t len;

	while (n < GATHER) {
		len = nghttp2_session_mem_send(h2->session.nghttp2, &frame);
		if (len == NGHTTP2_ERR_NOMEM)
			say_memory();
		if (len < 0)
			h2->session.lost = 1;
		if (len <= 0)
			break;
		memcpy(bytes + n, frame, (size_t)len);
		n += (size_t)len;
	}
	return n;
}

/* How much of it the socket takes. */
static size_t
put(struct h2 *h2, const void *bytes, size_t n)
{
	ssize_t taken = sock_write(&h2->session.conn->sock, bytes, n, 0);

	if (taken < 0 && errno != EAGAIN && errno != EINTR)
		h2->session.lost = 1;
	if (taken <= 0)
		return 0;
	h2->written += (uint64_t)taken;
	return (size_t)taken;
}

/* Write until there is nothing, or the socket is full. */
static void
write_out(struct h2 *h2)
{
	static uint8_t bytes[GATHER + FRAME_SIZE];
	size_t n, taken;

	while (!h2->session.lost && !h2->lingering) {
		if (h2->out.len) {
			h2->out_at += put(h2, h2->out.data + h2->out_at,
			    h2->out.len - h2->out_at);
			if (h2->out_at < h2->out.len)
				return;
			ch_buf_release(&h2->out);
			h2->out_at = 0;
		}
		n = gather(h2, bytes);
		if (!n)
			return;
		taken = put(h2, bytes, n);
		if (taken < n)
			put_bytes(&h2->out, bytes + taken, n - taken);
	}
}

static ssize_t
read_some(struct h2 *h2, uint8_t *bytes, size_t size)
{
	size_t n = h2->early.len < size ? h2->early.len : size;

	if (!n)
		return sock_read(&h2->session.conn->sock, bytes, size);
	memcpy(bytes, h2->early.data, n);
	ch_buf_consume(&h2->early, n);
	if (!h2->early.len)
		ch_buf_release(&h2->early);
	return (ssize_t)n;
}

/* What it does not take of our answers, we do not take of its frames. */
static void
read_in(struct h2 *h2)
{
	uint8_t bytes[READ_SIZE];
	int reads = h2->crowded ? CROWDED_READS : TURN_READS, i;
	ssize_t n;

	h2->session.began = 0;
	for (i = 0; i < reads && h2->session.began < TURN_REQUESTS &&
	     !h2->session.lost && !h2->out.len; i++) {
		n = read_some(h2, bytes,
		    h2->crowded ? CROWDED_SIZE : sizeof(bytes));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0)
			h2->session.lost = 1;
		else if (!h2->lingering)
			h2session_input(&h2->session, bytes, (size_t)n);
		if (!h2->crowded)
			write_out(h2);
	}
	write_out(h2);
	h2->crowded = h2->session.began >= TURN_REQUESTS;
	if (i == reads || h2->crowded)
		conn_again(h2->session.conn);
}

/* --- turns ---------------------------------------------------------------- */

/* What the peer has to do next, and by when. */
static void
set_deadline(struct h2 *h2)
{
	struct conn *conn = h2->session.conn;
	enum conn_wait what = h2->out.len ? CONN_STALL :
	    h2->session.in_head || !h2->session.served ? CONN_HEAD : CONN_IDLE;

	if (what == CONN_IDLE && h2->session.streams)
		conn_wait_not(conn);
	else if (conn->due.queue && conn->waits_for == what)
		return;
	else if (what == CONN_STALL)
		conn_has_to_take(conn, h2->written);
	else
		conn_wait(conn, what);
}

/* Whether the session is over, and all of it written. */
static int
is_over(const struct h2 *h2)
{
	nghttp2_session *session = h2->session.nghttp2;

	return !h2->out.len && !nghttp2_session_want_read(session) &&
	    !nghttp2_session_want_write(session);
}

static size_t
all_held(const struct h2 *h2)
{
	const struct stream *stream;
	size_t n = h2->out.size + h2->early.size;

	for (stream = h2->session.streams; stream; stream = stream->next)
		n += stream_held(stream);
	return n;
}

static void
turn(struct conn *conn)
{
	struct h2 *h2 = conn->state;

	write_out(h2);
	read_in(h2);
	if (h2->session.lost) {
		conn_drop(conn);
	} else if (!h2->lingering && is_over(h2)) {
		h2->lingering = 1;
		h2session_close(&h2->session); /* it is large */
		conn_weigh(conn, conn->weight - SESSION_BYTES);
		sock_finish(&conn->sock);
		conn_wait(conn, CONN_LINGER);
		h2->crowded = 0;
		conn_again(conn); /* the end may be here already */
	} else {
		if (!h2->lingering)
			set_deadline(h2);
		conn_rest(conn, all_held(h2));
	}
}

static void
late(struct conn *conn)
{
	struct h2 *h2 = conn->state;

	if (conn->waits_for == CONN_STALL && conn_took(conn, h2->written))
		return;
	if (!h2->lingering) {
		nghttp2_session_terminate_session(h2->session.nghttp2,
		    NGHTTP2_NO_ERROR);
		write_out(h2);
	}
	conn_drop(conn);
}

/* Take no further requests; it is over when those there are were answered. */
static void
stop(struct conn *conn)
{
	struct h2 *h2 = conn->state;
	struct stream *stream, *next;

	if (h2->lingering)
		return;
	nghttp2_submit_goaway(h2->session.nghttp2, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(h2->session.nghttp2),
	    NGHTTP2_NO_ERROR, NULL, 0);
	for (stream = h2->session.streams; stream; stream = next) {
		next = stream->next;
		stream_stop(stream);
	}
	conn_touch(conn);
}

/* --- its life ------------------------------------------------------------- */

static void
release(struct conn *conn)
{
	struct h2 *h2 = conn->state;

	h2session_close(&h2->session);
	ch_buf_release(&h2->early);
	ch_buf_release(&h2->out);
	free(h2);
}

void
h2_begin(struct conn *conn, const void *bytes, size_t n)
{
	struct h2 *h2 = calloc(1, sizeof(*h2));

	if (!h2)
		say_memory();
	h2session_open(&h2->session, conn);
	conn_weigh(conn, conn->weight + SESSION_BYTES);
	h2->crowded = 1; /* until we know it */
	conn->role = &role;
	conn->state = h2;
	conn_wait(conn, CONN_HEAD);
	put_bytes(&h2->early, bytes, n);
}

nghttp2_session *
h2_session(const struct conn *conn)
{
	const struct h2 *h2 = conn->state;

	return h2->session.nghttp2;
}

/* HTTP/1.x on a connection: heads, bodies, answers, in turn. */
#include "chserve/h1.h"

#include "chserve/answer.h"
#include "chserve/chunked.h"
#include "chserve/date.h"
#include "chserve/h2.h"
#include "chserve/metrics.h"
#include "chserve/outbox.h"
#include "chserve/relay.h"
#include "chserve/request.h"
#include "chserve/serve.h"
#include "chserve/ws.h"

#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE HEAD_MAX
#define BODY_STEP 8192 /* bytes of a body that earn it another wait */

enum h1_state {
	H1_HEAD,   /* reading a head */
	H1_BODY,   /* reading a body, perhaps answering */
	H1_ANSWER, /* the request is whole, its answer is not */
	H1_LINGER, /* all is written; the peer is to close */
	H1_LEAVE   /* it turned out to be HTTP/2 */
};

struct h1 {
	enum h1_state state;
	struct ch_buf in; /* read, and not yet used from in_at on */
	size_t in_at;
	int peeked; /* `in` shows what is still in the socket */
	struct outbox out;
	struct request *request; /* H1_BODY, H1_ANSWER */

	enum head_framing framing; /* of the body that is being read */
	off_t left;                /* HEAD_LENGTH: bytes of it */
	struct chunked chunked;
	size_t progress; /* bytes since the deadline was set */
	int wanted;      /* the taker wants the body (now) */
	int expects;     /* 100 has to be sent first */

	off_t promised; /* bytes of content still to come; -1: not said */
	int chunks;     /* the answer is sent in chunks */
	int keep;       /* another request may follow */
	int broken;     /* cut it off */
	int refusal;    /* the status for whoever is too much */
	int served;     /* there was a request */
};

static void turn(struct conn *conn);
static void late(struct conn *conn);
static void stop(struct conn *conn);
static void release(struct conn *conn);
static void wire_begin(struct request *request, int status,
    const struct ch_buf *fields, off_t length);
static void wire_put(struct request *request, const char *bytes, size_t n);
static void wire_file(struct request *request, int fd, off_t at, off_t len);
static void wire_end(struct request *request);
static void wire_cut(struct request *request);
static void wire_hint(struct request *request, const char *link);
static void wire_read(struct request *request, int on);
static int wire_upgrade(struct request *request, struct client *client);

static const struct conn_role role = { turn, late, stop, release };
static const struct request_wire wire = { wire_begin, wire_put, wire_file,
	wire_end, wire_cut, wire_hint, wire_read, wire_upgrade };

/* --- requests ------------------------------------------------------------- */

static struct request *
new_request(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		say_memory();
	request->wire = &wire;
	request->on = conn;
	request->from = conn->from;
	request->to = conn->to;
	request->scheme = conn->sock.tls ? "https" : "http";
	request->certified = sock_certified(&conn->sock);
	request->since = metrics_clock();
	h1->request = request;
	h1->served = 1;
	h1->framing = HEAD_NO_BODY;
	h1->expects = h1->wanted = 0;
	h1->progress = 0;
	h1->promised = -1;
	h1->chunks = 0;
	h1->keep = 1;
	return request;
}

static void
end_request(struct h1 *h1, int lost)
{
	struct request *request = h1->request;

	h1->request = NULL;
	if (!request)
		return;
	request_over(request, lost, outbox_left(&h1->out));
	free(request);
}

/* Refuse what came, and all that comes behind it. */
static void
refuse(struct h1 *h1, int status)
{
	struct request *request = h1->request;

	h1->keep = 0;
	h1->state = H1_ANSWER;
	if (request->taker)
		request->taker->over(request);
	answer_words(request, status, NULL);
}

static void
use_in(struct h1 *h1, size_t n)
{
	h1->in_at += n;
	if (h1->in_at < h1->in.len)
		return;
	ch_buf_release(&h1->in);
	h1->in_at = 0;
}

/*
 * Where a head is to begin, what is in the socket is looked at only: it may be
 * an upgrade, and what is behind that is for whoever gets the socket. 1 if
 * there is something new.
 */
static int
look(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	size_t before = h1->peeked ? h1->in.len : 0;
	ssize_t n;

	if (ch_buf_reserve(&h1->in, READ_SIZE))
		say_memory();
	n = sock_peek(&conn->sock, h1->in.data, READ_SIZE);
	h1->peeked = n > 0;
	h1->in.len = n > 0 ? (size_t)n : 0;
	if (n > (ssize_t)before)
		return 1;
	if (n <= 0)
		ch_buf_release(&h1->in);
	return conn->hung_up || n == 0 ||
	    (n < 0 && errno != EAGAIN && errno != EINTR) ? -1 : 0;
}

/* Of a body with a length no more is read than that. */
static size_t
read_size(const struct h1 *h1)
{
	return h1->state == H1_BODY && h1->framing == HEAD_LENGTH &&
	    h1->left < READ_SIZE ? (size_t)h1->left : READ_SIZE;
}

/* Read some more: 1, 0 if there is nothing, -1 at the end. */
static int
read_more(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	ssize_t n;

	if (h1->state == H1_HEAD && !conn->sock.tls &&
	    (h1->peeked || h1->in_at == h1->in.len))
		return look(conn);
	ch_buf_consume(&h1->in, h1->in_at);
	h1->in_at = 0;
	if (ch_buf_reserve(&h1->in, READ_SIZE))
		say_memory();
	n = sock_read(&conn->sock, h1->in.data + h1->in.len, read_size(h1));
	if (n > 0) {
		h1->in.len += (size_t)n;
		return 1;
	}
	if (!h1->in.len)
		ch_buf_release(&h1->in);
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* --- heads ---------------------------------------------------------------- */

static void
take_head(struct conn *conn, size_t len)
{
	struct h1 *h1 = conn->state;

	if (h1->peeked) {
		sock_skip(&conn->sock, len);
		len = h1->in.len - h1->in_at;
	}
	h1->peeked = 0;
	use_in(h1, len);
}

/* A head is whole, or will never be: the request begins. */
static void
begin_request(struct conn *conn, size_t skip, size_t len)
{
	struct h1 *h1 = conn->state;
	struct request *request = new_request(conn);
	int status = len ? head_parse(&request->head,
	    h1->in.data + h1->in_at + skip, len) : 431;

	take_head(conn, skip + len);
	conn_wait_not(conn);
	if (!status)
		status = head_body(&request->head, &h1->framing, &h1->left);
	if (!status && head_upgrades(&request->head) == 1 && h1->in.len &&
	    !conn->sock.tls)
		status = 400; /* sent ahead, behind a body in chunks */
	if (status)
		metrics_add(METRIC_BAD_REQUESTS, 1);
	if (status || h1->refusal) {
		refuse(h1, status ? status : h1->refusal);
		return;
	}
	memset(&h1->chunked, 0, sizeof(h1->chunked));
	request->has_body = h1->framing != HEAD_NO_BODY;
	request->length = h1->framing == HEAD_CHUNKED ? -1 : h1->left;
	h1->expects = request->has_body && head_expects(&request->head);
	h1->keep = head_keeps(&request->head) && !conn_is_stopping();
	h1->state = request->has_body ? H1_BODY : H1_ANSWER;
	serve_request(request);
}

/* An empty line ahead of a head is forgiven (RFC 9112, section 2.2). */
static size_t
empty_line(const struct h1 *h1)
{
	return h1->in.len - h1->in_at >= 2 &&
	    memcmp(h1->in.data + h1->in_at, "\r\n", 2) == 0 ? 2 : 0;
}

/* HTTP/2 from the start; its session reads the whole preface again. */
static int
is_preface(const struct h1 *h1, size_t len)
{
	return !h1->served && h1->peeked && len == strlen(H2_PREFACE) &&
	    memcmp(h1->in.data, H2_PREFACE, len) == 0 && conn_may_be_h2();
}

static int
read_head(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	size_t n = h1->in.len - h1->in_at, skip = empty_line(h1), len = 0;
	int rc;

	if (n > skip) {
		len = head_length(h1->in.data + h1->in_at + skip, n - skip);
		if (is_preface(h1, len)) {
			h1->state = H1_LEAVE;
			return 0;
		}
		if (len > HEAD_MAX)
			len = 0;
		if (len || n >= HEAD_MAX) {
			begin_request(conn, skip, len);
			return 1;
		}
	}
	rc = read_more(conn);
	if (rc > 0 && conn->waits_for == CONN_IDLE)
		conn_wait(conn, CONN_HEAD);
	return rc;
}

/* --- bodies --------------------------------------------------------------- */

/* Pass some of the body on; it is 0, or the status to refuse it with. */
static int
pass_on(struct conn *conn, const char *bytes, size_t n)
{
	struct h1 *h1 = conn->state;
	struct request *request = h1->request;

	h1->progress += n;
	if (h1->progress >= BODY_STEP) {
		h1->progress = 0;
		conn_wait(conn, CONN_BODY);
	}
	return request->taker && n ? request->taker->body(request, bytes, n)
				   : 0;
}

static int
body_is_whole(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	h1->state = H1_ANSWER;
	conn_wait_not(conn);
	return h1->request->taker
	    ? h1->request->taker->whole(h1->request) : 0;
}

/* One step through what was read; 0, or the status to refuse it with. */
static int
use_body(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	size_t n = h1->in.len - h1->in_at, used, at = 0, len = n;
	const char *bytes = h1->in.data + h1->in_at;
	enum chunked_result result = CHUNKED_DATA;
	int status = 0;

	if (h1->framing == HEAD_CHUNKED) {
		result = chunked_next(&h1->chunked, bytes, n, &used, &at,
		    &len);
	} else {
		used = len = (off_t)n < h1->left ? n : (size_t)h1->left;
		h1->left -= (off_t)len;
	}
	if (result == CHUNKED_WRONG)
		return 400;
	if (result == CHUNKED_DATA)
		status = pass_on(conn, bytes + at, len);
	use_in(h1, used);
	if (!status && (result == CHUNKED_END ||
	    (h1->framing == HEAD_LENGTH && !h1->left)))
		status = body_is_whole(conn);
	return status;
}

static int
read_body(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	int status;

	if (h1->request->ended) { /* who answered does not want the rest */
		h1->keep = 0;
		h1->state = H1_ANSWER;
		return 1;
	}
	if (!h1->wanted)
		return conn->hung_up && !h1->request->taker ? -1 : 0;
	if (h1->in_at == h1->in.len)
		return read_more(conn);
	status = use_body(conn);
	if (status && !h1->request->status)
		refuse(h1, status);
	else if (status)
		return -1; /* it is being answered already */
	return 1;
}

/* --- turns ---------------------------------------------------------------- */

/* All is written: read another head, or see that the answer arrives. */
static void
answered(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	end_request(h1, 0);
	if (h1->keep && !conn_is_stopping()) {
		h1->state = H1_HEAD;
		conn_wait(conn, CONN_IDLE);
		return;
	}
	h1->state = H1_LINGER;
	sock_finish(&conn->sock);
	conn_wait(conn, CONN_LINGER);
}

/* Read and forget, so that closing resets nothing the peer has yet to read. */
static int
linger(struct conn *conn)
{
	static char bytes[READ_SIZE];
	ssize_t n = sock_read(&conn->sock, bytes, sizeof(bytes));

	if (n > 0)
		return 1;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static int
step(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	switch (h1->state) {
	case H1_HEAD:
		return read_head(conn);
	case H1_BODY:
		return read_body(conn);
	case H1_ANSWER:
		if (!h1->request->ended)
			return conn->hung_up ? -1 : 0;
		if (!outbox_is_empty(&h1->out))
			return 0;
		answered(conn);
		return 1;
	default:
		return linger(conn);
	}
}

/* The peer has to take some of what waits, now and then. */
static void
mind_stall(struct conn *conn, int progress, int waits)
{
	int is_set = conn->due.queue && conn->waits_for == CONN_STALL;

	if (!waits && is_set)
		conn_wait_not(conn);
	else if (waits && (progress || !conn->due.queue))
		conn_wait(conn, CONN_STALL);
}

/* Write what there is: 1 if the connection may go on, 0, or -1 if lost. */
static int
write_out(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	uint64_t before = h1->out.written;
	int rc;

	if (outbox_is_empty(&h1->out))
		return 1;
	errno = 0;
	rc = outbox_write(&h1->out, &conn->sock);
	if (!rc && errno == EINTR)
		conn_again(conn);
	if (h1->state == H1_ANSWER)
		mind_stall(conn, h1->out.written != before, !rc);
	/* where an answer waits, the body may be read all the same */
	return rc ? rc : h1->state == H1_BODY;
}

static void
turn(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	int rc;

	do {
		rc = write_out(conn);
		if (rc > 0)
			rc = step(conn);
	} while (rc > 0 && !h1->broken);
	if (h1->state == H1_LEAVE) {
		release(conn);
		h2_begin(conn, NULL, 0);
		conn->role->turn(conn);
	} else if (rc < 0 || h1->broken) {
		conn_drop(conn);
	}
}

static void
late(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	if (h1->state == H1_HEAD && conn->waits_for == CONN_HEAD &&
	    h1->in.len) { /* something came, but no head */
		new_request(conn);
		refuse(h1, 408);
		turn(conn);
	} else if (h1->state == H1_BODY && !h1->request->status) {
		refuse(h1, 408);
		turn(conn);
	} else {
		conn_drop(conn);
	}
}

/*
 * Between two requests a client expects that we may close; one that has only
 * just come does not, and was perhaps accepted by the kernel alone.
 */
static void
stop(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	h1->keep = 0;
	if (h1->state == H1_HEAD && h1->served)
		conn_drop(conn);
	else if (h1->state == H1_HEAD)
		conn_wait(conn, CONN_LAST);
	else if (h1->request)
		serve_stop(h1->request);
}

static void
release(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	end_request(h1, 1);
	outbox_release(&h1->out);
	ch_buf_release(&h1->in);
	free(h1);
}

void
h1_begin(struct conn *conn, int refusal)
{
	struct h1 *h1 = calloc(1, sizeof(*h1));

	if (!h1)
		say_memory();
	h1->out = (struct outbox)OUTBOX_INIT;
	h1->refusal = refusal;
	conn->role = &role;
	conn->state = h1;
}

/* --- answers -------------------------------------------------------------- */

static void
put(struct conn *conn, const void *bytes, size_t n)
{
	struct h1 *h1 = conn->state;

	if (outbox_put(&h1->out, bytes, n)) {
		say_more("%s: an answer is read too slowly", conn->from.host);
		h1->broken = 1;
	}
	conn_touch(conn);
}

static void
put_framing(struct ch_buf *out, struct h1 *h1, const struct request *request,
    off_t length)
{
	h1->promised = request->bodiless ? -1 : length;
	if (length >= 0 && request->status >= 200 && request->status != 204 &&
	    request->status != 304) {
		put_format(out, "Content-Length: %lld\r\n", (long long)length);
	} else if (length < 0 && !request->bodiless) {
		h1->chunks = request->head.minor > 0;
		if (h1->chunks)
			put_string(out, "Transfer-Encoding: chunked\r\n");
		else
			h1->keep = 0;
	}
	if (request->has_body && h1->state == H1_BODY && h1->expects)
		h1->keep = 0; /* it may or may not send the body now */
	if (!h1->keep)
		put_string(out, "Connection: close\r\n");
	else if (request->head.minor == 0)
		put_string(out, "Connection: keep-alive\r\n");
}

static void
wire_begin(struct request *request, int status, const struct ch_buf *fields,
    off_t length)
{
	struct conn *conn = request->on;
	struct ch_buf out = CH_BUF_INIT;

	put_format(&out, "HTTP/1.1 %d %s\r\n", status, answer_reason(status));
	answer_put_date(&out);
	put_bytes(&out, fields->data, fields->len);
	put_framing(&out, conn->state, request, length);
	put_string(&out, "\r\n");
	put(conn, out.data, out.len);
	ch_buf_release(&out);
}

/* No more than was promised. */
static size_t
within(struct h1 *h1, size_t n)
{
	if (h1->promised < 0)
		return n;
	if ((off_t)n > h1->promised)
		n = (size_t)h1->promised;
	h1->promised -= (off_t)n;
	return n;
}

static void
wire_put(struct request *request, const char *bytes, size_t n)
{
	struct conn *conn = request->on;
	struct h1 *h1 = conn->state;
	char size[20];

	n = within(h1, n);
	if (!n)
		return;
	if (h1->chunks)
		put(conn, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n",
		    n));
	put(conn, bytes, n);
	if (h1->chunks)
		put(conn, "\r\n", 2);
}

static void
wire_file(struct request *request, int fd, off_t at, off_t len)
{
	struct conn *conn = request->on;
	struct h1 *h1 = conn->state;

	h1->promised -= len;
	outbox_file(&h1->out, fd, at, len);
	conn_touch(conn);
}

static void
wire_end(struct request *request)
{
	struct conn *conn = request->on;
	struct h1 *h1 = conn->state;

	if (h1->chunks)
		put(conn, "0\r\n\r\n", 5);
	if (h1->promised > 0)
		h1->broken = 1;
	conn_touch(conn);
}

static void
wire_cut(struct request *request)
{
	struct conn *conn = request->on;
	struct h1 *h1 = conn->state;

	h1->broken = 1;
	conn_touch(conn);
}

/* HTTP/1.1 clients may take a 103 for the answer: the link goes there. */
static void
wire_hint(struct request *request, const char *link)
{
	(void)request, (void)link;
}

static void
wire_read(struct request *request, int on)
{
	struct conn *conn = request->on;
	struct h1 *h1 = conn->state;

	h1->wanted = on;
	if (h1->state != H1_BODY)
		return;
	if (!on) {
		conn_wait_not(conn); /* it is us who take our time */
		return;
	}
	h1->progress = 0;
	conn_wait(conn, CONN_BODY);
	if (h1->expects) {
		h1->expects = 0;
		put(conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	}
	conn_touch(conn);
}

static int
wire_upgrade(struct request *request, struct client *client)
{
	struct conn *conn = request->on;
	struct h1 *h1 = conn->state;
	struct ch_buf ahead = CH_BUF_INIT;
	int rc;

	request_let_go(request);
	if (!conn->sock.tls)
		return ws_adopt(client, conn_give_away(conn), &client->agreed);
	put_bytes(&ahead, h1->in.data + h1->in_at, h1->in.len - h1->in_at);
	release(conn);
	rc = relay_begin(conn, client, ahead.data, ahead.len);
	ch_buf_release(&ahead);
	return rc;
}

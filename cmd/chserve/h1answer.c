/* How a request on an HTTP/1.x connection is answered. */
#include "chserve/h1state.h"

#include "chserve/answer.h"
#include "chserve/relay.h"
#include "chserve/ws.h"

#include "common/put.h"
#include "common/say.h"

#include <stdio.h>
#include <string.h>

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
	struct ch_buf ahead;
	int rc;

	request_let_go(request);
	if (!conn->sock.tls && !h1->in.len)
		return ws_adopt(client, conn_give_away(conn, &client->seat),
		    &client->agreed);
	ch_buf_consume(&h1->in, h1->in_at);
	ahead = h1->in; /* what the client did not wait with */
	h1->in = (struct ch_buf)CH_BUF_INIT;
	h1_release(conn);
	rc = relay_begin(conn, client, ahead.data, ahead.len);
	ch_buf_release(&ahead);
	return rc;
}

const struct request_wire h1_wire = { wire_begin, wire_put, wire_file,
	wire_end, wire_cut, wire_hint, wire_read, wire_upgrade };

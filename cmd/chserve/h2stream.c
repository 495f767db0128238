/* One HTTP/2 stream: a request, its body, its answer. */
#include "chserve/h2stream.h"

#include "chserve/answer.h"
#include "chserve/h2fields.h"
#include "chserve/h2ws.h"
#include "chserve/metrics.h"
#include "chserve/serve.h"

#include "common/put.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define STALL_MS 30000 /* without taking so much of an answer: */
#define STALL_BYTES 1024
#define CLOSE_MS 200   /* after the answer, for what is still under way */
#define BODY_STEP 8192 /* bytes of a body that earn it another wait */
#define HELD_MAX ((size_t)64 << 20) /* bytes of bodies, of all streams */

static void wire_begin(struct request *request, int status,
    const struct ch_buf *fields, off_t length);
static void wire_put(struct request *request, const char *bytes, size_t n);
static void wire_file(struct request *request, int fd, off_t at, off_t len);
static void wire_end(struct request *request);
static void wire_cut(struct request *request);
static void wire_hint(struct request *request, const char *link);
static void wire_read(struct request *request, int on);
static int wire_upgrade(struct request *request, struct client *client);
static void stalled(struct due *due);
static void enough(struct due *due);
static void body_is_late(struct due *due);
static void deliver_soon(struct soon *soon);

static const struct request_wire wire = { wire_begin, wire_put, wire_file,
	wire_end, wire_cut, wire_hint, wire_read, wire_upgrade };

static struct due_queue stalls = { .expired = stalled };
static struct due_queue closings = { .expired = enough };
static struct due_queue bodies = { .expired = body_is_late };
static size_t held; /* bytes of bodies that nobody has taken yet */

#define stream_of(member_, pointer_) \
	((struct stream *)(void *)((char *)(pointer_) - \
	    offsetof(struct stream, member_)))

static void
reset(struct stream *stream, uint32_t code)
{
	nghttp2_submit_rst_stream(h2_session(stream->conn), NGHTTP2_FLAG_NONE,
	    stream->id, code);
	conn_touch(stream->conn);
}

/* --- its life ------------------------------------------------------------- */

struct stream *
stream_new(struct conn *conn, int32_t id)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct request *request = (struct request *)stream;

	if (!stream)
		say_memory();
	stream->conn = conn;
	stream->id = id;
	stream->out = (struct outbox)OUTBOX_INIT;
	stream->deliver.run = deliver_soon;
	stream->near.fd = -1;
	request->wire = &wire;
	request->on = stream;
	request->from = conn->from;
	request->to = conn->to;
	request->scheme = conn->sock.tls ? "https" : "http";
	request->certified = sock_certified(&conn->sock);
	return stream;
}

static void
drop_body(struct stream *stream)
{
	nghttp2_session_consume_connection(h2_session(stream->conn),
	    stream->body.len);
	held -= stream->body.len;
	ch_buf_release(&stream->body);
}

void
stream_free(struct stream *stream)
{
	if (stream->begun)
		request_over(&stream->request, !stream->sent,
		    outbox_left(&stream->out));
	else
		head_release(&stream->request.head);
	if (stream->near.fd >= 0)
		h2ws_end(stream);
	drop_body(stream);
	soon_clear(&stream->deliver);
	due_clear(&stream->body_due);
	due_clear(&stream->stall_due);
	h2head_release(&stream->in);
	outbox_release(&stream->out);
	free(stream);
}

/* --- what comes ----------------------------------------------------------- */

/* Answer it with a status, whoever was to answer it. */
static void
refuse(struct stream *stream, int status)
{
	if (stream->request.status) {
		reset(stream, NGHTTP2_CANCEL); /* it is being answered */
		return;
	}
	due_clear(&stream->body_due);
	stream->wanted = 0;
	if (stream->request.taker)
		stream->request.taker->over(&stream->request);
	answer_words(&stream->request, status, NULL);
}

static off_t
body_length(const struct head *head)
{
	enum head_framing framing;
	off_t length;

	return head_body(head, &framing, &length) == 0 &&
	    framing == HEAD_LENGTH ? length : -1;
}

void
stream_begin(struct stream *stream, int ended)
{
	struct request *request = &stream->request;
	int status = h2head_parse(&stream->in, &request->head);
	int websocket = h2head_is_websocket(&stream->in);

	if (websocket && ended && !status)
		status = 400;
	h2head_release(&stream->in);
	stream->begun = 1;
	stream->ended = ended;
	request->since = metrics_clock();
	request->head.minor = HEAD_HTTP2;
	request->has_body = !ended && !websocket;
	request->length = request->has_body ? body_length(&request->head) : 0;
	stream->expects = request->has_body && !status &&
	    head_expects(&request->head);
	if (status) {
		metrics_add(METRIC_BAD_REQUESTS, 1);
		answer_words(request, status, NULL);
	} else {
		serve_request(request);
	}
}

/* Pass on what is here, as long as it is wanted. */
static void
deliver(struct stream *stream)
{
	struct request *request = &stream->request;
	const struct request_taker *taker = request->taker;
	struct ch_buf body = stream->body;
	int status = 0;

	if (stream->near.fd >= 0)
		h2ws_deliver(stream);
	if (!stream->wanted || request->ended || !taker)
		return;
	if (body.len) {
		stream->body = (struct ch_buf)CH_BUF_INIT;
		held -= body.len;
		nghttp2_session_consume(h2_session(stream->conn), stream->id,
		    body.len);
		status = taker->body(request, body.data, body.len);
		ch_buf_release(&body);
		conn_touch(stream->conn);
	}
	if (!status && stream->ended && !stream->told && stream->wanted &&
	    request->taker == taker) {
		stream->told = 1;
		due_clear(&stream->body_due);
		status = taker->whole(request);
	}
	if (status)
		refuse(stream, status);
}

static void
deliver_soon(struct soon *soon)
{
	deliver(stream_of(deliver, soon));
}

void
stream_took(struct stream *stream, size_t n)
{
	held -= n;
	ch_buf_consume(&stream->body, n);
	if (!stream->body.len)
		ch_buf_release(&stream->body);
}

void
stream_data(struct stream *stream, const void *bytes, size_t n)
{
	if (stream->sent) { /* nobody wants it any more */
		nghttp2_session_consume(h2_session(stream->conn), stream->id,
		    n);
		return;
	}
	put_bytes(&stream->body, bytes, n);
	held += n;
	if (held > HELD_MAX) {
		reset(stream, NGHTTP2_ENHANCE_YOUR_CALM);
		return;
	}
	stream->progress += n;
	if (stream->progress >= BODY_STEP && stream->body_due.queue) {
		stream->progress = 0;
		due_set(&bodies, &stream->body_due, conn_body_timeout());
	}
	deliver(stream);
}

void
stream_end(struct stream *stream)
{
	stream->ended = 1;
	due_clear(&stream->body_due);
	deliver(stream);
}

static void
body_is_late(struct due *due)
{
	refuse(stream_of(body_due, due), 408);
}

size_t
stream_held(const struct stream *stream)
{
	return stream->body.size + stream->request.head.size +
	    stream->in.path.size + stream->in.fields.size +
	    stream->in.cookie.size;
}

void
stream_stop(struct stream *stream)
{
	if (stream->begun && !stream->request.ended)
		serve_stop(&stream->request);
}

/* --- what goes ------------------------------------------------------------ */

void
stream_sent(struct stream *stream)
{
	stream->sent = 1;
	due_clear(&stream->stall_due);
	if (!stream->ended)
		due_set(&closings, &stream->stall_due, CLOSE_MS);
}

/* Who has the answer need not say the rest. */
static void
enough(struct due *due)
{
	reset(stream_of(stall_due, due), NGHTTP2_NO_ERROR);
}

/* The peer opened no window for it, all that time. */
static void
stalled(struct due *due)
{
	struct stream *stream = stream_of(stall_due, due);

	if (stream->taken < STALL_BYTES)
		reset(stream, NGHTTP2_CANCEL);
	else
		stream_wait(stream);
}

void
stream_wait(struct stream *stream)
{
	if (stream->stall_due.queue)
		return;
	stream->taken = 0;
	due_set(&stalls, &stream->stall_due, STALL_MS);
}

/* There is more to send, or that was all. */
void
stream_go_on(struct stream *stream)
{
	if (!outbox_is_empty(&stream->out))
		stream_wait(stream);
	if (stream->waiting) {
		stream->waiting = 0;
		nghttp2_session_resume_data(h2_session(stream->conn),
		    stream->id);
	}
	conn_touch(stream->conn);
}

/* nghttp2 has room for so much of the answer. */
static ssize_t
give(nghttp2_session *session, int32_t id, uint8_t *bytes, size_t length,
    uint32_t *flags, nghttp2_data_source *source, void *data)
{
	struct stream *stream = source->ptr;
	ssize_t n = outbox_take(&stream->out, bytes, length);

	(void)session, (void)id, (void)data;
	if (n < 0)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (outbox_is_empty(&stream->out)) {
		due_clear(&stream->stall_due);
		if (stream->whole)
			*flags |= NGHTTP2_DATA_FLAG_EOF;
	} else {
		stream->taken += (size_t)n;
		stream_wait(stream);
	}
	if (n || stream->whole)
		return n;
	stream->waiting = 1;
	return NGHTTP2_ERR_DEFERRED;
}

static void
wire_begin(struct request *request, int status, const struct ch_buf *fields,
    off_t length)
{
	struct stream *stream = request->on;
	nghttp2_data_provider from = { .source.ptr = stream,
		.read_callback = give };
	int empty = request->bodiless || length == 0;
	struct ch_buf text = CH_BUF_INIT;
	struct h2fields list;

	answer_put_date(&text);
	put_bytes(&text, fields->data, fields->len);
	if (length >= 0 && status >= 200 && status != 204 && status != 304)
		put_format(&text, "Content-Length: %lld\r\n",
		    (long long)length);
	h2fields_init(&list, status, text.data);
	if (nghttp2_submit_response(h2_session(stream->conn), stream->id,
		list.items, list.n, empty ? NULL : &from))
		reset(stream, NGHTTP2_INTERNAL_ERROR);
	h2fields_release(&list);
	ch_buf_release(&text);
	conn_touch(stream->conn);
}

static void
wire_put(struct request *request, const char *bytes, size_t n)
{
	struct stream *stream = request->on;

	if (outbox_put(&stream->out, bytes, n)) {
		say_more("%s: an answer is read too slowly",
		    stream->conn->from.host);
		reset(stream, NGHTTP2_CANCEL);
	}
	stream_go_on(stream);
}

static void
wire_file(struct request *request, int fd, off_t at, off_t len)
{
	struct stream *stream = request->on;

	outbox_file(&stream->out, fd, at, len);
	stream_go_on(stream);
}

static void
wire_end(struct request *request)
{
	struct stream *stream = request->on;

	stream->whole = 1;
	stream_go_on(stream);
}

static void
wire_cut(struct request *request)
{
	reset(request->on, NGHTTP2_INTERNAL_ERROR);
}

/* A head ahead of the answer's. */
static void
inform(struct stream *stream, int status, const char *fields)
{
	struct h2fields list;

	h2fields_init(&list, status, fields);
	nghttp2_submit_headers(h2_session(stream->conn), NGHTTP2_FLAG_NONE,
	    stream->id, NULL, list.items, list.n, NULL);
	h2fields_release(&list);
	conn_touch(stream->conn);
}

static void
wire_hint(struct request *request, const char *link)
{
	struct ch_buf text = CH_BUF_INIT;

	put_format(&text, "Link: %s\r\n", link);
	inform(request->on, 103, text.data);
	ch_buf_release(&text);
}

static void
wire_read(struct request *request, int on)
{
	struct stream *stream = request->on;

	stream->wanted = on;
	if (!on) {
		due_clear(&stream->body_due); /* it is us who take our time */
		return;
	}
	if (!stream->ended)
		due_set(&bodies, &stream->body_due, conn_body_timeout());
	if (stream->expects && !stream->body.len)
		inform(stream, 100, "");
	stream->expects = 0;
	stream->progress = 0;
	soon_set(&stream->deliver);
	conn_touch(stream->conn);
}

/* The request is over, the stream is not. */
static int
wire_upgrade(struct request *request, struct client *client)
{
	struct stream *stream = request->on;
	int rc;

	request_let_go(request);
	rc = h2ws_begin(stream, client);
	request_over(request, 0, 0);
	stream->begun = 0;
	if (rc)
		reset(stream, NGHTTP2_INTERNAL_ERROR);
	else
		deliver(stream);
	return rc;
}

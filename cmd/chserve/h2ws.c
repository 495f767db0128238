/* A WebSocket on a stream (RFC 8441). */
#include "chserve/h2ws.h"

#include "chserve/answer.h"
#include "chserve/client.h"
#include "chserve/h2fields.h"
#include "chserve/relay.h"

#include "base/io.h"
#include "common/put.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define END_MS 500       /* for what was said last to be answered */
#define ANSWER_MAX 16384 /* libwebsockets' 101, with what it says */

#define stream_of(member_, pointer_) \
	((struct stream *)(void *)((char *)(pointer_) - \
	    offsetof(struct stream, member_)))

static void end_now(struct due *due);

static struct due_queue ends = { .expired = end_now };

static int
is_later(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Some of what the WebSocket says, for nghttp2. */
static ssize_t
give(nghttp2_session *session, int32_t id, uint8_t *bytes, size_t length,
    uint32_t *flags, nghttp2_data_source *source, void *data)
{
	struct stream *stream = source->ptr;
	ssize_t n = recv(stream->near.fd, bytes, length, 0);

	(void)session, (void)id, (void)data;
	if (is_later(n)) {
		stream->waiting = 1;
		return NGHTTP2_ERR_DEFERRED;
	}
	if (n <= 0) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		return 0;
	}
	return n;
}

void
h2ws_deliver(struct stream *stream)
{
	nghttp2_session *session = h2_session(stream->conn);
	ssize_t n = 1;

	while (stream->body.len && n > 0) {
		n = send(stream->near.fd, stream->body.data, stream->body.len,
		    MSG_NOSIGNAL);
		if (is_later(n))
			return;
		if (n < 0) /* it has closed: nobody reads that any more */
			n = (ssize_t)stream->body.len;
		nghttp2_session_consume(session, stream->id, (size_t)n);
		stream_took(stream, (size_t)n);
	}
	if (stream->ended && !stream->told) {
		stream->told = 1;
		due_set(&ends, &stream->body_due, END_MS);
	}
	conn_touch(stream->conn);
}

/*
 * The client will say no more. Chromium says so with its close frame, which
 * libwebsockets would not answer if it saw the end at once.
 */
static void
end_now(struct due *due)
{
	shutdown(stream_of(body_due, due)->near.fd, SHUT_WR);
}

static void
near_ready(struct watch *watch, uint32_t events)
{
	struct stream *stream = stream_of(near, watch);

	h2ws_deliver(stream);
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		stream_wait(stream); /* for its last words to be taken */
	stream_go_on(stream);
}

/* What of the answer means something to the client. */
static void
put_agreed(struct ch_buf *out, const struct ws_offer *agreed)
{
	if (*agreed->subprotocol)
		put_format(out, "sec-websocket-protocol: %s\r\n",
		    agreed->subprotocol);
	if (agreed->window) {
		put_string(out, "sec-websocket-extensions: ");
		offer_put_extension(out, agreed);
		put_string(out, "\r\n");
	}
	put_string(out, agreed->fields);
}

/* Take libwebsockets' answer to the handshake off; -1 if it is not there. */
static int
take_answer(int fd)
{
	char text[ANSWER_MAX + 1], *end;
	ssize_t n = recv(fd, text, ANSWER_MAX, MSG_PEEK);

	if (n <= 0)
		return -1;
	text[n] = '\0';
	end = strstr(text, "\r\n\r\n");
	if (!end)
		return -1;
	end += 4;
	recv(fd, text, (size_t)(end - text), 0);
	return 0;
}

static int
answer(struct stream *stream, const struct ch_buf *agreed)
{
	nghttp2_data_provider from = { .source.ptr = stream,
		.read_callback = give };
	struct ch_buf text = CH_BUF_INIT;
	struct h2fields list;
	int rc;

	answer_put_date(&text);
	put_bytes(&text, agreed->data, agreed->len);
	h2fields_init(&list, 200, text.data);
	rc = nghttp2_submit_response(h2_session(stream->conn), stream->id,
	    list.items, list.n, &from);
	h2fields_release(&list);
	ch_buf_release(&text);
	return rc ? -1 : 0;
}

int
h2ws_begin(struct stream *stream, struct client *client)
{
	struct ch_buf agreed = CH_BUF_INIT;
	int rc;

	stream->near.fd = relay_open(client);
	if (stream->near.fd < 0)
		return -1;
	rc = take_answer(stream->near.fd);
	put_agreed(&agreed, &client->agreed);
	if (!rc)
		rc = answer(stream, &agreed);
	ch_buf_release(&agreed);
	stream->near.ready = near_ready;
	loop_add(&stream->near,
	    (uint32_t)EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	conn_touch(stream->conn);
	return rc;
}

void
h2ws_end(struct stream *stream)
{
	loop_remove(&stream->near);
	ch_io_close(&stream->near.fd);
}

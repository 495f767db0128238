/* HTTP/2 on a connection: its session, which is nghttp2's part. */
#include "chserve/h2.h"

#include "chserve/h2ids.h"
#include "chserve/h2scan.h"
#include "chserve/h2stream.h"

#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE 16384
#define TURN_READS 8     /* before others have their turn */
#define GATHER 16384     /* frames are gathered up to this many bytes */
#define FRAME_SIZE 16393 /* the largest, with its head */
#define CONNECTION_WINDOW 262144
#define MAX_ACKS 100     /* that wait to be sent */
#define RESETS 200       /* at once; and later one each: */
#define RESET_MS 50

struct h2 {
	struct conn *conn;
	nghttp2_session *session;
	struct stream *streams;
	size_t n_streams;
	struct h2ids ids;
	struct h2scan scan;
	struct ch_buf out; /* what the socket did not take */
	size_t out_at;
	int64_t resets;    /* that there may be */
	int64_t resets_at; /* when that was last made more */
	int in_head;       /* fields of a request have begun */
	int served;        /* there was one */
	uint64_t written;  /* bytes */
	int lost;          /* there is nobody any more */
	int lingering;     /* all is written; the peer is to close */
};

static void turn(struct conn *conn);
static void late(struct conn *conn);
static void stop(struct conn *conn);
static void release(struct conn *conn);

static const struct conn_role role = { turn, late, stop, release };

static nghttp2_session_callbacks *callbacks;
static nghttp2_option *option;

/* --- floods --------------------------------------------------------------- */

/* A stream was reset, by either side: too many of them end it all. */
static void
count_reset(struct h2 *h2)
{
	int64_t more = (ch_clock() - h2->resets_at) / RESET_MS;

	h2->resets += more;
	h2->resets_at += more * RESET_MS;
	if (h2->resets > RESETS)
		h2->resets = RESETS;
	if (h2->resets-- > 0)
		return;
	nghttp2_session_terminate_session(h2->session,
	    NGHTTP2_ENHANCE_YOUR_CALM);
}

/* --- what nghttp2 tells --------------------------------------------------- */

static struct stream *
stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static int
is_request(const nghttp2_frame *frame)
{
	return frame->hd.type == NGHTTP2_HEADERS &&
	    frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

/* Whether it is the last one of its stream. */
static int
ends_stream(const nghttp2_frame *frame)
{
	return (frame->hd.type == NGHTTP2_DATA ||
		   frame->hd.type == NGHTTP2_HEADERS) &&
	    frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
}

/* All but the first count as connections. */
static void
count_streams(struct h2 *h2, int more)
{
	size_t before = h2->n_streams;

	h2->n_streams += (size_t)more;
	if (h2->n_streams > 1 || before > 1)
		conn_count_more(h2->conn, more);
}

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
    void *data)
{
	struct h2 *h2 = data;
	struct stream *stream;

	if (!is_request(frame))
		return 0; /* trailers: nobody asks for them */
	h2ids_opened(&h2->ids, frame->hd.stream_id);
	h2->served = 1;
	if (h2->streams && !conn_has_room(h2->conn)) {
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE,
		    frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
		return 0;
	}
	stream = stream_new(h2->conn, frame->hd.stream_id);
	nghttp2_session_set_stream_user_data(session, frame->hd.stream_id,
	    stream);
	stream->next = h2->streams;
	if (stream->next)
		stream->next->prev = stream;
	h2->streams = stream;
	count_streams(h2, 1);
	h2->in_head = 1;
	return 0;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value,
    size_t value_len, uint8_t flags, void *data)
{
	struct stream *stream = stream_of(session, frame->hd.stream_id);

	(void)flags, (void)data;
	if (stream && is_request(frame))
		h2head_add(&stream->in, name, name_len, value, value_len);
	return 0;
}

/* A field that nghttp2 would leave out; to us the request is wrong. */
static int
on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value,
    size_t value_len, uint8_t flags, void *data)
{
	struct stream *stream = stream_of(session, frame->hd.stream_id);

	(void)name, (void)name_len, (void)value, (void)value_len;
	(void)flags, (void)data;
	if (stream && is_request(frame))
		stream->in.status = 400;
	return 0;
}

static int
on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
	struct h2 *h2 = data;
	struct stream *stream = stream_of(session, frame->hd.stream_id);

	if (is_request(frame))
		h2->in_head = 0;
	if (frame->hd.type == NGHTTP2_RST_STREAM) {
		count_reset(h2);
		h2ids_ended(&h2->ids, frame->hd.stream_id);
	}
	if (!stream)
		return 0;
	if (is_request(frame))
		stream_begin(stream, ends_stream(frame));
	else if (ends_stream(frame))
		stream_end(stream);
	return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t id,
    const uint8_t *bytes, size_t n, void *data)
{
	struct stream *stream = stream_of(session, id);

	(void)flags, (void)data;
	if (stream)
		stream_data(stream, bytes, n);
	else
		nghttp2_session_consume(session, id, n);
	return 0;
}

static int
on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
	struct stream *stream = stream_of(session, frame->hd.stream_id);

	if (frame->hd.type == NGHTTP2_RST_STREAM &&
	    frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
		count_reset(data);
	if (stream && ends_stream(frame))
		stream_sent(stream);
	return 0;
}

static void
unlink_stream(struct h2 *h2, struct stream *stream)
{
	if (stream->prev)
		stream->prev->next = stream->next;
	else
		h2->streams = stream->next;
	if (stream->next)
		stream->next->prev = stream->prev;
	count_streams(h2, -1);
	stream_free(stream);
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t code,
    void *data)
{
	struct h2 *h2 = data;
	struct stream *stream = stream_of(session, id);

	(void)code;
	if (!stream)
		return 0;
	nghttp2_session_set_stream_user_data(session, id, NULL);
	if (stream->ended)
		h2ids_ended(&h2->ids, id);
	h2->in_head = 0;
	unlink_stream(h2, stream);
	return 0;
}

static void
make_callbacks(void)
{
	if (callbacks)
		return;
	if (nghttp2_session_callbacks_new(&callbacks) ||
	    nghttp2_option_new(&option))
		say_memory();
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks,
	    on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks,
	    on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
	    on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
	    on_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks,
	    on_frame_send);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
	    on_stream_close);
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_server_fallback_rfc7540_priorities(option, 1);
	nghttp2_option_set_max_outbound_ack(option, MAX_ACKS);
}

/* --- reading and writing -------------------------------------------------- */

/* Frames that nghttp2 would skip, and that end it all. */
static void
check(struct h2 *h2, const struct h2scan_frame *frame)
{
	enum h2ids_kind kind = H2IDS_UNKNOWN;

	if (frame->type == NGHTTP2_DATA || frame->type == NGHTTP2_HEADERS)
		kind = h2ids_kind(&h2->ids, frame->stream);
	if (kind == H2IDS_ENDED_BY_CLIENT)
		nghttp2_session_terminate_session(h2->session,
		    NGHTTP2_STREAM_CLOSED);
	else if (kind == H2IDS_PASSED_OVER ||
	    (frame->type == NGHTTP2_WINDOW_UPDATE && frame->length == 4 &&
		!frame->increment))
		nghttp2_session_terminate_session(h2->session,
		    NGHTTP2_PROTOCOL_ERROR);
}

static void
give_session(struct h2 *h2, const uint8_t *bytes, size_t n)
{
	ssize_t taken = nghttp2_session_mem_recv(h2->session, bytes, n);

	if (taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
		h2->lost = 1;
	else if (taken == NGHTTP2_ERR_NOMEM)
		say_memory();
	else if (taken < 0)
		nghttp2_session_terminate_session(h2->session,
		    NGHTTP2_ENHANCE_YOUR_CALM); /* a flood it does not take */
}

static void
input(struct h2 *h2, const uint8_t *bytes, size_t n)
{
	struct h2scan_frame frame;
	size_t used;
	int begun;

	for (; n && !h2->lost; bytes += used, n -= used) {
		used = h2scan_next(&h2->scan, bytes, n, &frame, &begun);
		if (begun)
			check(h2, &frame);
		give_session(h2, bytes, used);
	}
}

/* The frames that are due, as many as are worth one write. */
static size_t
gather(struct h2 *h2, uint8_t *bytes)
{
	const uint8_t *frame;
	size_t n = 0;
	ssize_t len;

	while (n < GATHER) {
		len = nghttp2_session_mem_send(h2->session, &frame);
		if (len == NGHTTP2_ERR_NOMEM)
			say_memory();
		if (len < 0)
			h2->lost = 1;
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
	ssize_t taken = sock_write(&h2->conn->sock, bytes, n, 0);

	if (taken < 0 && errno != EAGAIN && errno != EINTR)
		h2->lost = 1;
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

	while (!h2->lost) {
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

/* What it does not take of our answers, we do not take of its frames. */
static void
read_in(struct h2 *h2)
{
	uint8_t bytes[READ_SIZE];
	ssize_t n;
	int i;

	for (i = 0; i < TURN_READS && !h2->lost && !h2->out.len; i++) {
		n = sock_read(&h2->conn->sock, bytes, sizeof(bytes));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			h2->lost = 1;
		else if (!h2->lingering)
			input(h2, bytes, (size_t)n);
		write_out(h2);
	}
	if (i == TURN_READS)
		conn_again(h2->conn);
}

/* --- turns ---------------------------------------------------------------- */

/* What the peer has to do next, and by when. */
static void
set_deadline(struct h2 *h2)
{
	struct conn *conn = h2->conn;
	enum conn_wait what = h2->out.len ? CONN_STALL :
	    h2->in_head || !h2->served ? CONN_HEAD : CONN_IDLE;

	if (what == CONN_IDLE && h2->streams)
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
	return !h2->out.len && !nghttp2_session_want_read(h2->session) &&
	    !nghttp2_session_want_write(h2->session);
}

static size_t
all_held(const struct h2 *h2)
{
	const struct stream *stream;
	size_t n = h2->out.size;

	for (stream = h2->streams; stream; stream = stream->next)
		n += stream_held(stream);
	return n;
}

static void
turn(struct conn *conn)
{
	struct h2 *h2 = conn->state;

	write_out(h2);
	read_in(h2);
	if (h2->lost) {
		conn_drop(conn);
	} else if (!h2->lingering && is_over(h2)) {
		h2->lingering = 1;
		sock_finish(&conn->sock);
		conn_wait(conn, CONN_LINGER);
	} else {
		if (!h2->lingering)
			set_deadline(h2);
		conn_holds(conn, all_held(h2));
	}
}

static void
late(struct conn *conn)
{
	struct h2 *h2 = conn->state;

	if (conn->waits_for == CONN_STALL && conn_took(conn, h2->written))
		return;
	if (!h2->lingering) {
		nghttp2_session_terminate_session(h2->session,
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

	nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(h2->session),
	    NGHTTP2_NO_ERROR, NULL, 0);
	for (stream = h2->streams; stream; stream = next) {
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

	while (h2->streams)
		unlink_stream(h2, h2->streams);
	nghttp2_session_del(h2->session);
	ch_buf_release(&h2->out);
	free(h2);
}

void
h2_begin(struct conn *conn, const void *bytes, size_t n)
{
	static const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEAD_MAX },
		{ NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};
	struct h2 *h2 = calloc(1, sizeof(*h2));

	make_callbacks();
	if (!h2 || nghttp2_session_server_new2(&h2->session, callbacks, h2,
		option))
		say_memory();
	h2->conn = conn;
	h2->scan = (struct h2scan)H2SCAN_INIT;
	h2->resets = RESETS;
	h2->resets_at = ch_clock();
	if (nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings,
		sizeof(settings) / sizeof(*settings)) ||
	    nghttp2_session_set_local_window_size(h2->session,
		NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW))
		say_memory();
	conn->role = &role;
	conn->state = h2;
	conn_wait(conn, CONN_HEAD);
	if (n)
		input(h2, bytes, n);
}

nghttp2_session *
h2_session(const struct conn *conn)
{
	const struct h2 *h2 = conn->state;

	return h2->session;
}

/* An HTTP/2 session: nghttp2, and what it has to be told. */
#include "chserve/h2session.h"

#include "chserve/conn.h"
#include "chserve/h2stream.h"

#include "common/say.h"

#define CONNECTION_WINDOW 262144
#define HEAD_BYTES 2097152 /* of an answer: more than any message has */
#define MAX_ACKS 100 /* that wait to be sent */
#define BUCKET 200   /* resets, or chores, at once; and later one each: */
#define DROP_MS 50

static nghttp2_session_callbacks *callbacks;
static nghttp2_option *option;

/* --- floods --------------------------------------------------------------- */

/* One more of something of which too much ends it all. */
static void
count(struct h2session *on, struct h2session_bucket *bucket)
{
	int64_t more = (ch_clock() - bucket->at) / DROP_MS;

	bucket->left += more;
	bucket->at += more * DROP_MS;
	if (bucket->left > BUCKET)
		bucket->left = BUCKET;
	if (bucket->left-- > 0)
		return;
	on->floods = 1;
	nghttp2_session_terminate_session(on->nghttp2,
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
count_streams(struct h2session *on, int more)
{
	size_t before = on->n_streams;

	on->n_streams += (size_t)more;
	if (on->n_streams > 1 || before > 1)
		conn_count_more(on->conn, more);
}

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
    void *data)
{
	struct h2session *on = data;
	struct stream *stream;

	if (!is_request(frame))
		return 0; /* trailers: nobody asks for them */
	h2ids_opened(&on->ids, frame->hd.stream_id);
	on->served = 1;
	on->began++;
	if (on->streams && !conn_has_room(on->conn)) {
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE,
		    frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
		return 0;
	}
	stream = stream_new(on->conn, frame->hd.stream_id);
	nghttp2_session_set_stream_user_data(session, frame->hd.stream_id,
	    stream);
	stream->next = on->streams;
	if (stream->next)
		stream->next->prev = stream;
	on->streams = stream;
	count_streams(on, 1);
	on->in_head = 1;
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
	struct h2session *on = data;
	struct stream *stream = stream_of(session, frame->hd.stream_id);

	if (is_request(frame))
		on->in_head = 0;
	if (frame->hd.type == NGHTTP2_RST_STREAM) {
		count(on, &on->resets);
		h2ids_ended(&on->ids, frame->hd.stream_id);
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
	struct h2session *on = data;

	if (frame->hd.type == NGHTTP2_RST_STREAM &&
	    frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
		count(on, &on->resets);
	if (stream && ends_stream(frame))
		stream_sent(stream);
	return 0;
}

/* A head that cannot be sent is not followed by anything. */
static int
on_frame_not_send(nghttp2_session *session, const nghttp2_frame *frame,
    int why, void *data)
{
	(void)why, (void)data;
	if (frame->hd.type == NGHTTP2_HEADERS)
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE,
		    frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
	return 0;
}

static void
unlink_stream(struct h2session *on, struct stream *stream)
{
	if (stream->prev)
		stream->prev->next = stream->next;
	else
		on->streams = stream->next;
	if (stream->next)
		stream->next->prev = stream->prev;
	count_streams(on, -1);
	stream_free(stream);
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t code,
    void *data)
{
	struct h2session *on = data;
	struct stream *stream = stream_of(session, id);

	(void)code;
	if (!stream)
		return 0;
	nghttp2_session_set_stream_user_data(session, id, NULL);
	if (stream->ended)
		h2ids_ended(&on->ids, id);
	on->in_head = 0;
	unlink_stream(on, stream);
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
	nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks,
	    on_frame_not_send);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
	    on_stream_close);
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_server_fallback_rfc7540_priorities(option, 1);
	nghttp2_option_set_max_outbound_ack(option, MAX_ACKS);
	nghttp2_option_set_max_send_header_block_length(option, HEAD_BYTES);
}

/* --- what comes ----------------------------------------------------------- */

/* Whether it makes work for us, and is of no use, or seldom. */
static int
is_chore(const struct h2scan_frame *frame)
{
	switch (frame->type) {
	case NGHTTP2_DATA:
		return !frame->length &&
		    !(frame->flags & NGHTTP2_FLAG_END_STREAM);
	case NGHTTP2_PING:
	case NGHTTP2_SETTINGS:
	case NGHTTP2_PRIORITY:
		return 1;
	default:
		return 0;
	}
}

/* Frames that nghttp2 would skip, or take for ever, and that end it all. */
static void
check(struct h2session *on, const struct h2scan_frame *frame)
{
	enum h2ids_kind kind = H2IDS_UNKNOWN;

	if (is_chore(frame))
		count(on, &on->chores);
	if (frame->type == NGHTTP2_DATA || frame->type == NGHTTP2_HEADERS)
		kind = h2ids_kind(&on->ids, frame->stream);
	if (kind == H2IDS_ENDED_BY_CLIENT)
		nghttp2_session_terminate_session(on->nghttp2,
		    NGHTTP2_STREAM_CLOSED);
	else if (kind == H2IDS_PASSED_OVER ||
	    (frame->type == NGHTTP2_WINDOW_UPDATE && frame->length == 4 &&
		!frame->increment))
		nghttp2_session_terminate_session(on->nghttp2,
		    NGHTTP2_PROTOCOL_ERROR);
}

static void
give_session(struct h2session *on, const uint8_t *bytes, size_t n)
{
	ssize_t taken = nghttp2_session_mem_recv(on->nghttp2, bytes, n);

	if (taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
		on->lost = 1;
	else if (taken == NGHTTP2_ERR_NOMEM)
		say_memory();
	else if (taken < 0)
		nghttp2_session_terminate_session(on->nghttp2,
		    NGHTTP2_ENHANCE_YOUR_CALM); /* a flood it does not take */
}

void
h2session_input(struct h2session *on, const uint8_t *bytes, size_t n)
{
	struct h2scan_frame frame;
	size_t used;
	int begun;

	for (; n && !on->lost && !on->floods; bytes += used, n -= used) {
		used = h2scan_next(&on->scan, bytes, n, &frame, &begun);
		if (begun)
			check(on, &frame);
		give_session(on, bytes, used);
	}
}

/* --- its life ------------------------------------------------------------- */

void
h2session_open(struct h2session *on, struct conn *conn)
{
	static const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2SESSION_STREAMS },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEAD_MAX },
		{ NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};

	make_callbacks();
	*on = (struct h2session){ .conn = conn, .scan = H2SCAN_INIT,
		.resets = { BUCKET, ch_clock() },
		.chores = { BUCKET, ch_clock() } };
	if (nghttp2_session_server_new2(&on->nghttp2, callbacks, on, option) ||
	    nghttp2_submit_settings(on->nghttp2, NGHTTP2_FLAG_NONE, settings,
		sizeof(settings) / sizeof(*settings)) ||
	    nghttp2_session_set_local_window_size(on->nghttp2,
		NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW))
		say_memory();
}

void
h2session_close(struct h2session *on)
{
	while (on->streams)
		unlink_stream(on, on->streams);
	nghttp2_session_del(on->nghttp2);
	on->nghttp2 = NULL;
}

/*
 * Established WebSockets, and the event loop: libwebsockets' part.
 *
 * A frame is the same bytes for every client, so it is not built by
 * lws_write() but given to it ready (LWS_WRITE_HTTP on a WebSocket means: as it
 * is), and all that waits for a client goes out in one call. That is done at
 * once instead of in a writable callback, which would cost two epoll_ctl(2)
 * for every send(2): what the socket does not take, libwebsockets keeps, and
 * as long as it does (lws_partial_buffered) the rest stays in our queue. Only
 * whole frames are handed over, so that its own control frames fall between.
 */
#include "chserve/ws.h"

#include "chserve/hello.h"
#include "chserve/strict.h"

#include "base/err.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ONE_WRITE 65536   /* frames are gathered up to this many bytes */
#define RX_BUFFER 1024    /* per connection */
#define SERVICE_BUFFER HELLO_ANSWER_MAX /* one for all */
#define RSV1 0x40
#define TURN_MS 5 /* at most, until our own loop has a turn */

static int wire_accept(struct client *client);
static void wire_reject(struct client *client);
static void wire_flush(struct client *client);
static void wire_pause(struct client *client, int paused);
static void wire_kill(struct client *client);
static int on_event(struct lws *wsi, enum lws_callback_reasons reason,
    void *user, void *in, size_t len);

static const struct client_wire wire = {
	.accept = wire_accept,
	.reject = wire_reject,
	.flush = wire_flush,
	.pause = wire_pause,
	.kill = wire_kill,
};

static const struct lws_protocols protocols[] = {
	{ "", on_event, sizeof(struct strict), RX_BUFFER, 0, NULL,
	    2 * CLIENT_QUEUE_MAX },
	{ NULL, NULL, 0, 0, 0, NULL, 0 },
};

/* 0 hangup seconds: its own pings are off, ours cost no sorted insertion. */
static const lws_retry_bo_t no_pings = { .secs_since_valid_ping = 0 };

static struct lws_context *context;
static struct lws_vhost *vhost;
static int stopping;
static int at_work, to_stop;
static int64_t turned; /* when our own loop had its last turn */
static size_t n_established;
static struct client *adopting; /* in ws_adopt: whose socket it is */
static const struct ws_offer *adopting_as;

static struct client *
client_on(struct lws *wsi)
{
	return wsi ? lws_get_opaque_user_data(wsi) : NULL;
}

/* --- the wire ------------------------------------------------------------- */

static int
wire_accept(struct client *client)
{
	(void)client; /* a client is on this wire since it was accepted */
	return -1;
}

static void
wire_reject(struct client *client)
{
	(void)client;
}

static void
wire_pause(struct client *client, int paused)
{
	lws_rx_flow_control(client->end, !paused);
}

static void
wire_kill(struct client *client)
{
	lws_set_timeout(client->end, PENDING_TIMEOUT_USER_REASON_BASE,
	    LWS_TO_KILL_ASYNC);
}

/* Write whole frames off the queue: one, or more in up to ONE_WRITE bytes. */
static int
write_some(struct client *client)
{
	static unsigned char bytes[ONE_WRITE];
	struct frame *frame = client_next(client);
	size_t n = frame->len;
	int written;

	if (n > sizeof(bytes) || !client->queue_n) {
		written = lws_write(client->end, frame->bytes, n,
		    LWS_WRITE_HTTP);
		frame_put(frame);
		return written;
	}
	memcpy(bytes, frame->bytes, n);
	frame_put(frame);
	while (client->queue_n &&
	    n + client->queue[client->queue_at]->len <= sizeof(bytes)) {
		frame = client_next(client);
		memcpy(bytes + n, frame->bytes, frame->len);
		n += frame->len;
		frame_put(frame);
	}
	return lws_write(client->end, bytes, n, LWS_WRITE_HTTP);
}

/*
 * Close as section 7.1.7 of RFC 6455 has it: a close frame, no more written,
 * and what comes is thrown away until the peer has closed as well.
 */
static void
hang_up(struct client *client)
{
	struct lws *wsi = client->end;
	const char code[] = { (char)(client->code >> 8), (char)client->code };
	struct frame *frame;
	struct strict *strict = lws_wsi_user(wsi);

	if (!client->said) {
		client->said = 1;
		strict->deaf = 1;
		lws_rx_flow_control(wsi, 1);
		frame = frame_new(FRAME_CLOSE, code, sizeof(code));
		if (!frame)
			say_memory();
		lws_write(wsi, frame->bytes, frame->len, LWS_WRITE_HTTP);
		frame_put(frame);
	}
	if (lws_partial_buffered(wsi)) {
		lws_callback_on_writable(wsi);
		return;
	}
	shutdown(lws_get_socket_fd(wsi), SHUT_WR);
}

static void
wire_flush(struct client *client)
{
	struct lws *wsi = client->end;
	int n = 0;

	while (client->queue_n && !lws_partial_buffered(wsi)) {
		n = write_some(client);
		if (n < 0) {
			wire_kill(client);
			return;
		}
	}
	if (!lws_partial_buffered(wsi))
		client->below = 0;
	else if (n > 0)
		client->below = (size_t)n;
	if (client->state != CLIENT_CLOSING || client->queue_n)
		return;
	if (client->cut) {
		hang_up(client);
		return;
	}
	/* Closed from the writable callback, by its return value. */
	lws_callback_on_writable(wsi);
}

/* --- what libwebsockets tells --------------------------------------------- */

/* -1 makes libwebsockets close, with the reason that was set before. */
static int
say_goodbye(struct lws *wsi, unsigned code)
{
	lws_close_reason(wsi, (enum lws_close_status)code, NULL, 0);
	return -1;
}

static int
writable(struct lws *wsi, struct client *client)
{
	struct strict *strict = lws_wsi_user(wsi);

	if (strict->wrong)
		client_cut(client, strict->wrong);
	wire_flush(client);
	client_weigh(client);
	if (client->state != CLIENT_CLOSING || client->queue_n || client->cut)
		return 0;
	return say_goodbye(wsi, client->code);
}

/*
 * All that is not a WebSocket has its turn, also in the midst of a flood of
 * messages, which libwebsockets passes on from all its sockets in one go. Then
 * it cannot be ended from here, as it is at work on one of them.
 */
static void
take_turn(int inside)
{
	at_work = inside;
	loop_turn();
	at_work = 0;
	turned = ch_clock();
	if (!inside && to_stop)
		ws_stop();
}

static void
let_others(void)
{
	if (!at_work && ch_clock() - turned >= TURN_MS)
		take_turn(1);
}

static int
received(struct lws *wsi, struct client *client, const char *data, size_t len)
{
	unsigned piece = 0, code;

	if (lws_is_first_fragment(wsi)) {
		piece |= PIECE_FIRST;
		if (lws_get_reserved_bits(wsi) & RSV1)
			piece |= PIECE_DEFLATED;
		if (lws_frame_is_binary(wsi))
			piece |= PIECE_BINARY;
	}
	if (lws_is_final_fragment(wsi))
		piece |= PIECE_LAST;
	code = client_data(client, data, len, piece);
	if (code)
		client_cut(client, code);
	clients_flush();
	let_others();
	return 0;
}

/* Once libwebsockets has passed on what came before it. */
static void
wrong_frame(void *client, unsigned code)
{
	struct lws *wsi = ((struct client *)client)->end;

	client_wrong(client, code);
	lws_callback_on_writable(wsi);
}

static void
pinged(void *client, const char *payload, size_t n)
{
	client_ping(client, payload, n);
	clients_flush();
	let_others();
}

static void
ponged(void *client)
{
	client_heard(client);
}

static const struct strict_calls strict_calls = { wrong_frame, pinged,
	ponged };

static int
established(struct lws *wsi, struct client *client)
{
	struct strict *strict = lws_wsi_user(wsi);

	client->end = wsi;
	n_established++;
	strict_begin(strict, lws_get_socket_fd(wsi), &strict_calls, client);
	strict->deflates = client->window != 0;
	return 0;
}

/* Its socket is closed; libwebsockets may not have got to what it said. */
static void
closed(struct client *client, struct strict *strict)
{
	strict_end(strict);
	if (strict->closed && !strict->wrong)
		client_closed_by_peer(client, strict->closed);
}

static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
	struct client *client;

	switch (reason) {
	case LWS_CALLBACK_RAW_RX_FILE: /* the only file is our loop's */
		take_turn(0);
		return 0;
	case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
		lws_set_opaque_user_data(wsi, adopting);
		return 0;
	default:
		break;
	}
	client = client_on(wsi);
	if (!client)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_ADD_HEADERS:
		return hello_add(adopting_as, in);
	case LWS_CALLBACK_ESTABLISHED:
		return established(wsi, client);
	case LWS_CALLBACK_RECEIVE:
		return received(wsi, client, in, len);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return writable(wsi, client);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		client_closed_by_peer(client, ((struct strict *)user)->closed);
		return 0;
	case LWS_CALLBACK_CLOSED:
		closed(client, user);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		n_established -= client->end != NULL;
		client->end = NULL;
		if (client != adopting)
			client_over(client);
		return 0;
	default:
		return 0;
	}
}

/* --- its life ------------------------------------------------------------- */

int
ws_adopt(struct client *client, int fd, const struct ws_offer *agreed)
{
	struct ch_buf head = CH_BUF_INIT;

	hello_put(&head, agreed);
	client->wire = &wire;
	client->end = NULL;
	adopting = client;
	adopting_as = agreed;
	lws_adopt_socket_vhost_readbuf(vhost, fd, head.data, head.len);
	adopting = NULL;
	ch_buf_release(&head);
	return client->end ? 0 : -1;
}

size_t
ws_count(void)
{
	return n_established;
}

static int
make_context(uint64_t loop)
{
	struct lws_context_creation_info info;

	memset(&info, 0, sizeof(info));
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | loop;
	info.protocols = protocols;
	info.extensions = hello_extensions;
	info.pt_serv_buf_size = SERVICE_BUFFER;
	info.retry_and_idle_policy = &no_pings;
	context = lws_create_context(&info);
	vhost = context ? lws_create_vhost(context, &info) : NULL;
	return vhost ? 0 : -1;
}

int
ws_open(struct ch_err *err)
{
	lws_sock_file_fd_type file;

	lws_set_log_level(0, NULL);
	if (make_context(LWS_SERVER_OPTION_LIBEV)) {
		say_more("libwebsockets lacks its plugin for libev: slow with "
		    "many connections");
		if (make_context(0))
			return ch_err_set(err, CH_UNAVAILABLE,
			    "libwebsockets does not start");
	}
	file.filefd = fcntl(loop_fd(), F_DUPFD_CLOEXEC, 0); /* lws closes it */
	if (file.filefd < 0)
		return ch_err_os(err, errno, "start the event loop");
	if (!lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, file,
		protocols[0].name, NULL))
		return ch_err_set(err, CH_UNAVAILABLE,
		    "libwebsockets does not take our descriptors");
	return CH_OK;
}

void
ws_close(void)
{
	lws_context_destroy(context);
	context = NULL;
}

void
ws_run(void)
{
	while (!stopping && lws_service(context, 0) >= 0)
		;
}

/* The first call ends the loop, the one in ws_close frees what is left. */
void
ws_stop(void)
{
	to_stop = 1;
	if (stopping || at_work)
		return;
	stopping = 1;
	lws_context_destroy(context);
}

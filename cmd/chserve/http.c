/* Connections until they are WebSockets. */
#include "chserve/http.h"

#include "chserve/bridge.h"
#include "chserve/clients.h"
#include "chserve/static.h"
#include "chserve/ws.h"

#include "base/io.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>

#define HEAD_MS 10000    /* a head has to be whole by then */
#define IDLE_MS 30000    /* between two requests */
#define LAST_MS 1000     /* when we stop: for a first request */
#define STALL_MS 30000   /* without taking anything of an answer */
#define LINGER_MS 2000   /* after the last answer, for it to arrive */
#define CHUNK 262144     /* of a file, before others have their turn */
#define KEY_SIZE 25

#define EVENTS ((uint32_t)EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

enum conn_state {
	CONN_READING,   /* a head */
	CONN_HOLDING,   /* an upgrade, until the consumer answers */
	CONN_ANSWERING, /* writing `out`, then the file */
	CONN_LINGERING  /* all is written; the peer is to close */
};

struct conn {
	struct watch watch; /* first: a watch is its connection */
	enum conn_state state;
	struct event_peer from, to;
	struct due due;
	struct conn *prev, *next;

	struct client *client; /* HOLDING */
	size_t head_len;       /* HOLDING: bytes to take off first */
	char key[KEY_SIZE];

	struct ch_buf out; /* ANSWERING */
	size_t out_at;
	int file;
	off_t file_at, file_left;
	int keep; /* read another head afterwards */
};

static void unread(struct due *due);
static void unanswered(struct due *due);
static int wire_accept(struct client *client);
static void wire_reject(struct client *client);
static void wire_nothing(struct client *client);
static void wire_pause(struct client *client, int paused);

static const struct client_wire wire = {
	.accept = wire_accept,
	.reject = wire_reject,
	.flush = wire_nothing,
	.pause = wire_pause,
	.kill = wire_nothing,
};

static const struct http_settings *settings;
static struct conn *conns;
static size_t n_conns;
static int stopping;
static struct due_queue heads = { .expired = unread };
static struct due_queue idles = { .expired = unread };
static struct due_queue lasts = { .expired = unread };
static struct due_queue stalls = { .expired = unread };
static struct due_queue lingers = { .expired = unread };
static struct due_queue holds = { .expired = unanswered };

#define conn_of(due_) \
	((struct conn *)(void *)((char *)(due_) - offsetof(struct conn, due)))

/* --- connections ---------------------------------------------------------- */

static void
forget(struct conn *conn)
{
	due_clear(&conn->due);
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		conns = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	n_conns--;
	ch_buf_release(&conn->out);
	ch_io_close(&conn->file);
	free(conn);
}

static void
drop(struct conn *conn)
{
	loop_remove(&conn->watch);
	ch_io_close(&conn->watch.fd);
	forget(conn);
}

/* It left while its client waited for the consumer. */
static void
abandon(struct conn *conn)
{
	client_over(conn->client);
	drop(conn);
}

/* A deadline for something that the peer did not do. */
static void
unread(struct due *due)
{
	drop(conn_of(due));
}

/* --- answers -------------------------------------------------------------- */

static const char *
words_of(int status)
{
	static const struct {
		int status;
		const char *words;
	} table[] = {
		{ 200, "OK" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 416, "Range Not Satisfiable" },
		{ 421, "Misdirected Request" },
		{ 426, "Upgrade Required" },
		{ 431, "Request Header Fields Too Large" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].status == status)
			return table[i].words;
	return "Unknown";
}

static void
put_date(struct ch_buf *out)
{
	static char text[64];
	static time_t of;
	time_t now = time(NULL);
	struct tm tm;

	if (now != of) {
		of = now;
		gmtime_r(&now, &tm);
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	}
	put_format(out, "Date: %s\r\n", text);
}

static void
start_answer(struct conn *conn, int status, off_t length)
{
	conn->state = CONN_ANSWERING;
	conn->out_at = 0;
	ch_buf_clear(&conn->out);
	put_format(&conn->out, "HTTP/1.1 %d %s\r\n", status, words_of(status));
	put_date(&conn->out);
	if (status != 304)
		put_format(&conn->out, "Content-Length: %lld\r\n",
		    (long long)length);
	if (!conn->keep)
		put_string(&conn->out, "Connection: close\r\n");
	due_set(&stalls, &conn->due, STALL_MS);
}

/* A status with a line of text; `fields` may be NULL. */
static void
answer_words(struct conn *conn, int status, const char *fields, int no_body)
{
	struct ch_buf body = CH_BUF_INIT;

	put_format(&body, "%d %s\n", status, words_of(status));
	start_answer(conn, status, (off_t)body.len);
	if (fields)
		put_string(&conn->out, fields);
	put_string(&conn->out, "Content-Type: text/plain; charset=utf-8\r\n"
	    "X-Content-Type-Options: nosniff\r\n\r\n");
	if (!no_body)
		put_bytes(&conn->out, body.data, body.len);
	ch_buf_release(&body);
}

/* Refuse the request, and whatever else comes on this connection. */
static void
refuse(struct conn *conn, int status)
{
	conn->keep = 0;
	answer_words(conn, status, status == 426
		? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
		: NULL, 0);
}

static void
answer_file(struct conn *conn, const struct head *head)
{
	int no_body = strcmp(head->method, "HEAD") == 0;
	struct static_answer answer;

	static_find(&answer, head);
	conn->keep = head_keeps(head) && !head_has_body(head) && !stopping;
	if (answer.status == 200 || answer.status == 206 ||
	    answer.status == 304) {
		start_answer(conn, answer.status, answer.len);
		put_bytes(&conn->out, answer.fields.data, answer.fields.len);
		put_string(&conn->out, "\r\n");
	} else {
		answer_words(conn, answer.status, answer.fields.data, no_body);
	}
	if (no_body)
		ch_io_close(&answer.fd);
	conn->file = answer.fd;
	conn->file_at = answer.at;
	conn->file_left = answer.fd < 0 ? 0 : answer.len;
	ch_buf_release(&answer.fields);
}

/* 1 if all went out, 0 if the socket is full or others are due, -1 if lost. */
static int
write_out(struct conn *conn)
{
	ssize_t n;

	while (conn->out_at < conn->out.len) {
		n = send(conn->watch.fd, conn->out.data + conn->out_at,
		    conn->out.len - conn->out_at,
		    MSG_NOSIGNAL | (conn->file_left ? MSG_MORE : 0));
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		conn->out_at += (size_t)n;
	}
	if (!conn->file_left)
		return 1;
	n = sendfile(conn->watch.fd, conn->file, &conn->file_at,
	    conn->file_left < CHUNK ? (size_t)conn->file_left : CHUNK);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1; /* the file has become shorter */
	conn->file_left -= n;
	if (!conn->file_left)
		return 1;
	due_set(&stalls, &conn->due, STALL_MS);
	loop_change(&conn->watch, EVENTS); /* look again, edge or not */
	return 0;
}

/* --- requests ------------------------------------------------------------- */

static void
take_head(struct conn *conn, size_t n)
{
	char head[HEAD_MAX];

	recv(conn->watch.fd, head, n, 0);
}

/* Ask the consumers; 0, or the status to refuse with. */
static int
hold(struct conn *conn, const struct head *head, size_t len)
{
	struct ch_err err = CH_ERR_INIT;
	int rc;

	if (!policy_origin(&settings->policy, head)) {
		say_more("origin %s refused", head_get(head, "origin"));
		return 403;
	}
	if (stopping)
		return 503;
	conn->client = clients_new(head->path);
	conn->client->wire = &wire;
	conn->client->end = conn;
	conn->head_len = len;
	strcpy(conn->key, head_get(head, "sec-websocket-key"));
	rc = bridge_connect(conn->client, head, &conn->from, &conn->to, &err);
	if (rc != CH_OK) {
		say_more("%s: %s", EVENT_CONNECT, err.text);
		clients_free(conn->client);
		conn->client = NULL;
		return 503;
	}
	conn->state = CONN_HOLDING;
	due_set(&holds, &conn->due, settings->connect_timeout);
	return 0;
}

static void
serve(struct conn *conn, const struct head *head, size_t len)
{
	int status = 0;

	if (!policy_host(&settings->policy, head, &conn->to))
		status = 421;
	if (!status)
		status = head_upgrades(head);
	if (status == 1) {
		status = hold(conn, head, len);
		if (!status)
			return;
	}
	take_head(conn, len);
	if (status)
		refuse(conn, status);
	else
		answer_file(conn, head);
}

/* Look for a head; 1 if a request was found and is being answered or held. */
static int
read_head(struct conn *conn)
{
	char bytes[HEAD_MAX];
	struct head head;
	ssize_t n = recv(conn->watch.fd, bytes, sizeof(bytes), MSG_PEEK);
	size_t len;
	int status;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		drop(conn);
		return 0;
	}
	if (conn->due.queue == &idles)
		due_set(&heads, &conn->due, HEAD_MS);
	len = head_length(bytes, (size_t)n);
	if (!len && n < HEAD_MAX)
		return 0;
	status = len ? head_parse(&head, bytes, len) : 431;
	if (status)
		refuse(conn, status);
	else
		serve(conn, &head, len);
	if (len)
		head_release(&head);
	return 1;
}

/* All is written: read another head, or see that the answer arrives. */
static void
answered(struct conn *conn)
{
	ch_io_close(&conn->file);
	if (conn->keep) {
		conn->state = CONN_READING;
		due_set(&idles, &conn->due, IDLE_MS);
		return;
	}
	conn->state = CONN_LINGERING;
	shutdown(conn->watch.fd, SHUT_WR);
	due_set(&lingers, &conn->due, LINGER_MS);
}

/* Read and forget, so that closing resets nothing the peer has yet to read. */
static void
linger(struct conn *conn)
{
	char bytes[HEAD_MAX];
	ssize_t n = recv(conn->watch.fd, bytes, sizeof(bytes), 0);

	while (n > 0)
		n = recv(conn->watch.fd, bytes, sizeof(bytes), 0);
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		drop(conn);
}

/* As far as it goes; 1 if the connection is (still there and) HOLDING. */
static int
go_on(struct conn *conn)
{
	int rc = 1;

	while (rc > 0 && conn->state != CONN_LINGERING) {
		if (conn->state == CONN_READING && !read_head(conn))
			return 0;
		if (conn->state == CONN_HOLDING)
			return 1;
		rc = write_out(conn);
		if (rc > 0)
			answered(conn);
	}
	if (rc < 0)
		drop(conn);
	else if (conn->state == CONN_LINGERING)
		linger(conn);
	return 0;
}

static void
conn_ready(struct watch *watch, uint32_t ready)
{
	struct conn *conn = (struct conn *)watch;

	if (conn->state != CONN_HOLDING && !go_on(conn))
		return;
	if (ready & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		abandon(conn);
}

/* --- the wire of a client that waits -------------------------------------- */

static int
wire_accept(struct client *client)
{
	struct conn *conn = client->end;
	int rc;

	loop_remove(&conn->watch);
	take_head(conn, conn->head_len);
	rc = ws_adopt(client, conn->watch.fd, conn->key);
	forget(conn);
	return rc;
}

/* Answer the upgrade with a status; the client is no longer ours. */
static void
turn_away(struct conn *conn, int status)
{
	conn->client = NULL;
	take_head(conn, conn->head_len);
	refuse(conn, status);
	go_on(conn);
}

static void
wire_reject(struct client *client)
{
	turn_away(client->end, 403);
}

static void
wire_nothing(struct client *client)
{
	(void)client;
}

static void
wire_pause(struct client *client, int paused)
{
	(void)client, (void)paused;
}

/* The consumer did not answer in time. */
static void
unanswered(struct due *due)
{
	struct conn *conn = conn_of(due);

	say_more("%s %s: no answer in time", EVENT_CONNECT,
	    conn->client->path);
	client_over(conn->client);
	turn_away(conn, 403);
}

/* --- its life ------------------------------------------------------------- */

void
http_open(const struct http_settings *with)
{
	settings = with;
}

void
http_accepted(int fd, const struct event_peer *from,
    const struct event_peer *to)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		say_memory();
	conn->watch.fd = fd;
	conn->watch.ready = conn_ready;
	conn->file = -1;
	conn->from = *from;
	conn->to = *to;
	conn->next = conns;
	if (conns)
		conns->prev = conn;
	conns = conn;
	n_conns++;
	due_set(&heads, &conn->due, HEAD_MS);
	loop_add(&conn->watch, EVENTS);
	if (n_conns + ws_count() > settings->max_connections) {
		refuse(conn, 503);
		go_on(conn);
	}
}

void
http_stop(void)
{
	struct conn *conn, *next;

	stopping = 1;
	for (conn = conns; conn; conn = next) {
		next = conn->next;
		conn->keep = 0;
		if (conn->due.queue == &idles) {
			drop(conn);
		} else if (conn->state == CONN_READING) {
			due_set(&lasts, &conn->due, LAST_MS);
		} else if (conn->state == CONN_HOLDING) {
			client_over(conn->client);
			turn_away(conn, 503);
		}
	}
}

size_t
http_count(void)
{
	return n_conns;
}

void
http_close(void)
{
	while (conns)
		drop(conns);
}

/* stream.c - commands that stay, and read a message a line. */
#include "chwork/stream.h"

#include "base/hash.h"
#include "chwork/backlog.h"
#include "chwork/consumer.h"
#include "chwork/inlet.h"
#include "chwork/last.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PENDING_MOST  65536 /* bytes given to a copy that has no room */
#define PIPE_SMALL    4096
#define PIPE_LARGE    262144
#define QUICK         5   /* ms in which a quick copy makes room */
#define SLOW          200
#define BATCH         256
#define LINE_TYPICAL  256 /* bytes */
#define PAUSE_FIRST   100 /* ms before a copy is started again */
#define PAUSE_LAST    30000
#define PATIENCE      30000 /* ms for a copy that is to end */
#define SOUND         10000 /* ms after which a copy counts as sound */

struct copy {
	struct consumer consumer;
	struct stream *stream;
	struct inlet in;        /* its standard input */
	struct backlog backlog; /* what it was given */
	struct timer again;     /* until it is started again */
	size_t pipe;            /* size of its pipe, in bytes */
	unsigned quick;         /* times in a row that it made room quickly */
	int64_t full;           /* since when its pipe is; 0: it is not */
	int64_t started;
	int64_t pause;          /* the last one, in ms */
	int alive;
	int ending;             /* it was told to */
	int closing;            /* it is to meet the end of its input */
};

struct stream {
	struct worker *worker;
	struct route *route;
	struct copy *copies;
	size_t next; /* the copy whose turn it is */
};

/* --- giving -------------------------------------------------------------- */

size_t
stream_room(const struct stream *stream)
{
	size_t room = 0;

	for (size_t i = 0; i < stream->route->jobs; i++) {
		const struct copy *copy = &stream->copies[i];

		if (copy->backlog.pending.len > PENDING_MOST)
			return 0;
		if (!copy->alive || copy->backlog.pending.len)
			continue;
		room += copy->pipe == PIPE_SMALL
		    ? 1 : copy->pipe / LINE_TYPICAL;
	}
	return room < BATCH ? room : BATCH;
}

static struct copy *
choose(struct stream *stream, const char *reply_channel)
{
	size_t n = stream->route->jobs;
	struct copy *copy;

	if (reply_channel)
		return &stream->copies[ch_hash(reply_channel,
		    strlen(reply_channel), 0) % n];
	for (size_t i = 0; i < n; i++) {
		copy = &stream->copies[stream->next++ % n];
		if (copy->alive && !copy->backlog.pending.len)
			return copy;
	}
	return &stream->copies[stream->next++ % n];
}

/* A message goes back to its channel. */
static void
send_back(struct worker *worker, const char *channel, struct json message)
{
	struct ch_err err = CH_ERR_INIT;

	if (ch_send(worker->layer, channel, message.text, message.len, NULL,
		&err) != CH_OK)
		say_error("%s: to be given back: %s", channel, err.text);
}

static void
put_captures(struct ch_buf *out, const struct captures *captures)
{
	const struct capture *capture = captures->list;
	const char *before = ",\"args\":{";

	for (; capture < captures->list + captures->n; capture++) {
		put_string(out, before);
		json_quote(out, capture->name, strlen(capture->name));
		put_char(out, ':');
		json_quote(out, capture->value, capture->len);
		before = ",";
	}
	if (captures->n)
		put_char(out, '}');
}

void
stream_give(struct stream *stream, const char *channel, struct json message,
    const struct captures *captures, const char *reply_channel)
{
	struct copy *copy = choose(stream, reply_channel);
	struct ch_buf *out = &copy->backlog.pending;

	if (copy->closing) {
		send_back(stream->worker, channel, message);
		return;
	}
	put_string(out, "{\"channel\":\"");
	put_string(out, channel);
	put_char(out, '"');
	put_captures(out, captures);
	put_string(out, ",\"message\":");
	put_bytes(out, message.text, message.len);
	put_char(out, '}');
	put_char(out, copy->backlog.end);
}

/* --- writing ------------------------------------------------------------- */

static void
resize(struct copy *copy, size_t size)
{
	if (size >= PIPE_SMALL && size <= PIPE_LARGE &&
	    fcntl(copy->in.source.fd, F_SETPIPE_SZ, (int)size) >= 0)
		copy->pipe = size;
}

/* Bytes that may be written now. */
static size_t
portion(const struct copy *copy)
{
	if (copy->pipe > PIPE_SMALL)
		return copy->backlog.pending.len;
	return inlet_unread(&copy->in) ? 0 : backlog_line(&copy->backlog);
}

/*
 * The copy reads no more: then it is to end. Its pipe stays, and tells how
 * much it has not read.
 */
static void
give_up(struct copy *copy, int64_t delay)
{
	inlet_wait(&copy->in, 0);
	copy->ending = 1;
	child_end(&copy->consumer.child, delay);
}

static void
on_stuck(void *arg)
{
	give_up(arg, 0);
}

static void
write_some(struct copy *copy, int woken)
{
	struct backlog *backlog = &copy->backlog;
	size_t n;
	ssize_t w;

	if (!backlog->pending.len || copy->full || copy->ending ||
	    copy->in.source.fd < 0)
		return;
	n = portion(copy);
	if (n && !woken)
		copy->quick = 0;
	w = n ? inlet_write(&copy->in, backlog->pending.data, n) : 0;
	if (w < 0 && errno != EAGAIN) {
		give_up(copy, PAUSE_FIRST);
		return;
	}
	if (w > 0)
		backlog_wrote(backlog, (size_t)w);
	if (backlog->sent.len > 2 * copy->pipe + PENDING_MOST)
		backlog_trim(backlog, inlet_unread(&copy->in));
	if (backlog->pending.len) {
		copy->full = ch_clock();
		inlet_wait(&copy->in, 1);
	} else if (copy->closing) {
		inlet_end(&copy->in);
	}
}

/*
 * The pipe has room again; a small one has been read to the end. How long that
 * took is the copy's time for a line, or a page of them, but the first time
 * after it was idle: then it tells nothing.
 */
static void
on_writable(void *arg)
{
	struct copy *copy = arg;
	int64_t took = ch_clock() - copy->full;

	inlet_wait(&copy->in, 0);
	copy->full = 0;
	copy->quick = took < QUICK ? copy->quick + 1 : 0;
	if (copy->quick > 1)
		resize(copy, 2 * copy->pipe);
	else if (took > SLOW)
		resize(copy, copy->pipe / 2);
	write_some(copy, 1);
}

/* --- beginning and end of a copy ----------------------------------------- */

static void
put_back_line(struct worker *worker, const char *line, size_t len)
{
	struct json envelope = json_value(line, len);
	struct json message = json_get(envelope, "message", 7);
	struct ch_buf channel = CH_BUF_INIT;

	json_bare(&channel, json_get(envelope, "channel", 7));
	send_back(worker, channel.data, message);
	ch_buf_release(&channel);
}

/* What the copy has not read goes back to its channels. */
static void
put_back(void *arg)
{
	struct copy *copy = arg;
	struct backlog *backlog = &copy->backlog;
	size_t n;

	backlog_died(backlog, inlet_unread(&copy->in));
	for (; (n = backlog_line(backlog)) > 0;
	     ch_buf_consume(&backlog->pending, n))
		put_back_line(copy->stream->worker, backlog->pending.data, n);
}

static void
complain(const struct copy *copy, int status)
{
	const struct ch_buf *last = &copy->backlog.last;
	struct route *route = copy->stream->route;

	if (!status) {
		say_note("%s: %s ended, and is started again", route->place,
		    route->argv[0]);
		return;
	}
	child_complain(&copy->consumer.child, route->channel, status);
	route->metrics.failed += last->len > 0;
	if (last->len)
		say_error("%s: the last message it read: %.*s", route->argv[0],
		    (int)(last->len < 300 ? last->len : 300), last->data);
}

static void
start_later(struct copy *copy, int failed)
{
	if (!failed || !copy->pause || ch_clock() - copy->started > SOUND)
		copy->pause = PAUSE_FIRST;
	else if (copy->pause < PAUSE_LAST / 2)
		copy->pause *= 2;
	else
		copy->pause = PAUSE_LAST;
	loop_set(&copy->stream->worker->loop, &copy->again, copy->pause);
}

static int
may_start_again(const struct copy *copy)
{
	return copy->stream->worker->stage == WORKING && !copy->closing;
}

static void
fail_last(struct copy *copy, int status)
{
	struct stream *stream = copy->stream;

	if (last_fate(stream->worker, stream->route, &copy->consumer.child,
		status, &copy->backlog.last))
		backlog_again(&copy->backlog);
}

static void
on_ended(void *arg, int status)
{
	struct copy *copy = arg;
	struct worker *worker = copy->stream->worker;
	int read_some;

	backlog_died(&copy->backlog, inlet_unread(&copy->in));
	if (status || may_start_again(copy))
		complain(copy, status);
	read_some = copy->backlog.last.len > 0;
	if (status && read_some)
		fail_last(copy, status);
	inlet_close(&copy->in);
	consumer_release(&copy->consumer);
	copy->alive = copy->ending = 0;
	copy->full = 0;
	worker->copies--;
	if (may_start_again(copy))
		start_later(copy, status != 0 || !read_some);
	else
		put_back(copy);
}

static int
open_input(struct copy *copy)
{
	int fd = inlet_open(&copy->in);

	copy->quick = 0;
	copy->pipe = PIPE_SMALL;
	if (fd < 0)
		say_error("%s: %s", copy->stream->route->place,
		    strerror(errno));
	else
		resize(copy, PIPE_SMALL);
	return fd;
}

static void
start(void *arg)
{
	struct copy *copy = arg;
	struct worker *worker = copy->stream->worker;
	int in = open_input(copy);

	copy->started = ch_clock();
	if (in < 0 || consumer_start(&copy->consumer, worker,
		copy->stream->route, REPLY_ENVELOPES, NULL,
		environ_plain(&worker->environment,
		    copy->stream->route->settings), in) < 0) {
		inlet_close(&copy->in);
		start_later(copy, 1);
		return;
	}
	copy->alive = 1;
	worker->copies++;
	write_some(copy, 0);
}

/* --- all of them --------------------------------------------------------- */

static struct stream *
stream_new(struct worker *worker, struct route *route)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream)
		stream->copies = calloc(route->jobs, sizeof(*stream->copies));
	if (!stream || !stream->copies)
		say_memory();
	stream->worker = worker;
	stream->route = route;
	for (size_t i = 0; i < route->jobs; i++) {
		struct copy *copy = &stream->copies[i];

		copy->stream = stream;
		copy->in = (struct inlet) { .loop = &worker->loop,
			.timeout = route->timeout, .writable = on_writable,
			.stuck = on_stuck, .arg = copy, .source.fd = -1 };
		copy->backlog.end = route->null ? '\0' : '\n';
		copy->again.fire = start;
		copy->again.arg = copy;
		copy->consumer.ended = on_ended;
		copy->consumer.arg = copy;
	}
	return stream;
}

static void
of_route(struct route *route, void (*act)(void *copy))
{
	struct stream *stream = route->stream;

	for (size_t i = 0; stream && i < route->jobs; i++)
		act(&stream->copies[i]);
}

/* Those of routes that were replaced, too. */
static void
each_copy(struct worker *worker, void (*act)(void *copy))
{
	const struct routes *routes = worker->routes;

	for (; routes; routes = routes->older)
		for (size_t i = 0; i < routes->n; i++)
			of_route(routes->list[i], act);
}

void
streams_start(struct worker *worker)
{
	for (size_t i = 0; i < worker->routes->n; i++) {
		struct route *route = worker->routes->list[i];

		if (route->action != ACTION_STREAM || route->per_connection ||
		    route->stream)
			continue;
		route->stream = stream_new(worker, route);
		of_route(route, start);
	}
}

static void
write_pending(void *copy)
{
	write_some(copy, 0);
}

void
streams_flush(struct worker *worker)
{
	each_copy(worker, write_pending);
}

static void
close_input(void *arg)
{
	struct copy *copy = arg;

	if (copy->closing)
		return;
	copy->closing = 1;
	loop_unset(&copy->stream->worker->loop, &copy->again);
	if (!copy->alive)
		put_back(copy);
	else if (!copy->backlog.pending.len)
		inlet_end(&copy->in);
}

void
streams_close(struct worker *worker)
{
	each_copy(worker, close_input);
}

static void
retire(void *arg)
{
	struct copy *copy = arg;

	close_input(copy);
	if (copy->alive)
		child_end(&copy->consumer.child, PATIENCE);
}

void
stream_close(struct route *route)
{
	of_route(route, retire);
}

void
streams_put_back(struct worker *worker)
{
	each_copy(worker, put_back);
}

static void
release(void *arg)
{
	struct copy *copy = arg;

	backlog_release(&copy->backlog);
}

void
stream_free(struct route *route)
{
	of_route(route, release);
	if (route->stream)
		free(route->stream->copies);
	free(route->stream);
	route->stream = NULL;
}

void
streams_release(struct worker *worker)
{
	const struct routes *routes = worker->routes;

	for (; routes; routes = routes->older)
		for (size_t i = 0; i < routes->n; i++)
			stream_free(routes->list[i]);
}

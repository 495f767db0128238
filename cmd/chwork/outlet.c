/* outlet.c - what a command prints, as messages into the layer. */
#include "chwork/outlet.h"

#include "common/json.h"
#include "common/mux.h"
#include "common/put.h"
#include "common/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE 30000 /* ms for which a full channel is waited for */
#define MANY     256   /* messages handed to the layer in one call */
#define ENVELOPE 1024  /* bytes around a message */
#define BOX      64    /* bytes around those of a box */

struct post {
	size_t to, text; /* offsets of a name and a text, each with its NUL */
	size_t len;
	int64_t delay;
	int group;
	unsigned flags; /* enum ch_send_flag */
};

__attribute__((format(printf, 2, 3)))
static void
complain(const struct outlet *outlet, const char *format, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	say_error("%s: %s: %s", outlet->route->place,
	    outlet->route->argv ? outlet->route->argv[0] : "the answer", what);
}

/* Bytes that may each become \u0000, in a message of that size. */
static size_t
part_most(size_t max)
{
	return max / 8 + 1;
}

void
outlet_init(struct outlet *outlet, struct ch_layer *layer,
    const struct route *route, enum reply how, const char *reply_channel)
{
	struct ch_err err = CH_ERR_INIT;
	size_t max = ch_max_size(layer);

	*outlet = (struct outlet) { .layer = layer, .route = route,
		.how = how, .end = route->null ? '\0' : '\n' };
	if (reply_channel)
		outlet->reply_channel = strdup(reply_channel);
	if (reply_channel && !outlet->reply_channel)
		say_memory();
	if (how == REPLY_HTTP)
		response_init(&outlet->response,
		    route->action == ACTION_CGI, part_most(max));
	if (how == REPLY_ENVELOPES)
		max += ENVELOPE;
	if (how != REPLY_JSON && how != REPLY_ENVELOPES)
		return;
	if (ch_reader_new(&outlet->reader, "output", max, outlet->end, &err) !=
	    CH_OK)
		say_memory();
}

void
outlet_release(struct outlet *outlet)
{
	ch_reader_free(outlet->reader);
	free(outlet->reply_channel);
	free(outlet->posts);
	ch_buf_release(&outlet->stream);
	response_release(&outlet->response);
	ch_buf_release(&outlet->line);
	ch_buf_release(&outlet->bytes);
}

/* --- from bytes to messages ---------------------------------------------- */

static struct post *
add_post(struct outlet *outlet)
{
	if (outlet->n == outlet->size) {
		outlet->size = outlet->size ? 2 * outlet->size : 16;
		outlet->posts = realloc(outlet->posts,
		    outlet->size * sizeof(*outlet->posts));
		if (!outlet->posts)
			say_memory();
	}
	outlet->posts[outlet->n] = (struct post) { .to = outlet->bytes.len };
	return &outlet->posts[outlet->n++];
}

/* A post to the reply channel, whose text is to be added. */
static struct post *
begin_reply(struct outlet *outlet)
{
	struct post *post;

	if (!outlet->reply_channel) {
		complain(outlet, "output, but the message has no "
		    "reply_channel");
		return NULL;
	}
	post = add_post(outlet);
	put_string(&outlet->bytes, outlet->reply_channel);
	put_char(&outlet->bytes, '\0');
	post->text = outlet->bytes.len;
	return post;
}

static void
end_text(struct outlet *outlet, struct post *post)
{
	post->len = outlet->bytes.len - post->text;
	put_char(&outlet->bytes, '\0');
}

static void
add_line(struct outlet *outlet, const char *line, size_t len)
{
	size_t valid = json_utf8(line, len);
	struct post *post;

	if (valid < len) {
		complain(outlet, "a line of output is not UTF-8 at byte %zu",
		    valid + 1);
		return;
	}
	post = begin_reply(outlet);
	if (!post)
		return;
	if (outlet->how == REPLY_FRAMES) {
		mux_put(&outlet->bytes, outlet->stream.data,
		    outlet->stream.len, line, len);
	} else {
		put_string(&outlet->bytes, "{\"text\":");
		json_quote(&outlet->bytes, line, len);
		put_char(&outlet->bytes, '}');
	}
	end_text(outlet, post);
}

static void
end_line(struct outlet *outlet)
{
	const struct ch_buf *line = &outlet->line;
	size_t len = line->len;

	if (len && outlet->end == '\n' && line->data[len - 1] == '\r')
		len--;
	if (!outlet->too_long)
		add_line(outlet, line->data ? line->data : "", len);
	outlet->too_long = 0;
	ch_buf_clear(&outlet->line);
}

static void
feed_text(struct outlet *outlet, const char *bytes, size_t n)
{
	const char *end = bytes + n, *stop;

	if (!n && (outlet->line.len || outlet->too_long))
		end_line(outlet);
	for (; bytes < end; bytes = stop) {
		stop = memchr(bytes, outlet->end, (size_t)(end - bytes));
		if (!stop)
			stop = end;
		if (!outlet->too_long)
			put_bytes(&outlet->line, bytes,
			    (size_t)(stop - bytes));
		if (outlet->line.len > ch_max_size(outlet->layer)) {
			complain(outlet, "a line of output is longer than a "
			    "message may be");
			outlet->too_long = 1;
			ch_buf_clear(&outlet->line);
		}
		if (stop == end)
			break;
		end_line(outlet);
		stop++;
	}
}

/* What came at once is a frame, or several where it is long. */
static void
feed_bytes(struct outlet *outlet, const char *bytes, size_t n)
{
	size_t most = (ch_max_size(outlet->layer) - BOX) / 4 * 3, part;
	struct post *post;

	for (; n; bytes += part, n -= part) {
		part = n < most ? n : most;
		post = begin_reply(outlet);
		if (!post)
			return;
		put_string(&outlet->bytes, "{\"bytes\":");
		json_box(&outlet->bytes, bytes, part);
		put_char(&outlet->bytes, '}');
		end_text(outlet, post);
	}
}

/* The messages of an answer that are complete. */
static void
add_answer(struct outlet *outlet)
{
	struct response *response = &outlet->response;
	struct ch_buf text = CH_BUF_INIT;
	struct post *post;

	if (response->wrong && !response->begun)
		complain(outlet, "output:%u: %s", response->line,
		    response->wrong);
	for (; response_put(response, &text); ch_buf_clear(&text)) {
		post = begin_reply(outlet);
		if (!post)
			continue;
		post->flags = CH_CHECKED;
		put_bytes(&outlet->bytes, text.data, text.len);
		end_text(outlet, post);
	}
	ch_buf_release(&text);
}

static void
add_object(struct outlet *outlet, const struct ch_message *object)
{
	struct post *post = begin_reply(outlet);

	if (!post)
		return;
	post->flags = CH_CHECKED;
	put_bytes(&outlet->bytes, object->text, object->len);
	end_text(outlet, post);
}

struct envelope {
	struct json channel, group, message, delay;
};

/* One walk over it: messages may be long, and there are many. */
static struct envelope
open_envelope(const struct ch_message *object)
{
	struct envelope envelope = { .channel.text = NULL };
	struct {
		const char *key;
		struct json *value;
	} members[] = {
		{ "channel", &envelope.channel },
		{ "group", &envelope.group },
		{ "message", &envelope.message },
		{ "delay", &envelope.delay },
	};
	struct json_walk walk = json_walk((struct json){ object->text,
	    object->len });

	while (json_next(&walk))
		for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
			if (json_is(walk.key, members[i].key,
				strlen(members[i].key)))
				*members[i].value = walk.value;
	return envelope;
}

/* Seconds as ms, 0 if there are none; -1 if that is no number of seconds. */
static int64_t
delay_of(struct json value)
{
	double seconds;
	char *end;

	if (!value.text)
		return 0;
	seconds = strtod(value.text, &end);
	if (end != value.text + value.len || !(seconds >= 0) || seconds > 1e9)
		return -1;
	return (int64_t)(seconds * 1000);
}

static void
add_envelope(struct outlet *outlet, const struct ch_message *object)
{
	struct envelope envelope = open_envelope(object);
	struct json to = envelope.channel.text ? envelope.channel
					       : envelope.group;
	int64_t delay = delay_of(envelope.delay);
	struct post *post;

	if (json_kind(to) != '"' || json_kind(envelope.message) != '{' ||
	    delay < 0 || (envelope.channel.text && envelope.group.text)) {
		complain(outlet, "output:%llu: an envelope is {\"channel\" or "
		    "\"group\": NAME, \"message\": {...}, \"delay\": SECONDS}",
		    (unsigned long long)ch_reader_line(outlet->reader));
		return;
	}
	post = add_post(outlet);
	post->group = !envelope.channel.text;
	post->delay = delay;
	post->flags = CH_CHECKED;
	json_bare(&outlet->bytes, to);
	put_char(&outlet->bytes, '\0');
	post->text = outlet->bytes.len;
	put_bytes(&outlet->bytes, envelope.message.text,
	    envelope.message.len);
	end_text(outlet, post);
}

static void
feed_objects(struct outlet *outlet, const char *bytes, size_t n)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_message object;
	int rc;

	if (ch_reader_feed(outlet->reader, bytes, n, &err) != CH_OK)
		say_memory();
	while ((rc = ch_reader_next(outlet->reader, &object, &err)) !=
	    CH_NONE) {
		if (rc != CH_OK)
			complain(outlet, "%s", err.text);
		else if (outlet->how == REPLY_JSON)
			add_object(outlet, &object);
		else
			add_envelope(outlet, &object);
	}
}

/* --- from messages into the layer ---------------------------------------- */

/* Messages that can go in one call, from the first that is not sent. */
static size_t
gather(const struct outlet *outlet, struct ch_message messages[MANY])
{
	const struct post *first = &outlet->posts[outlet->sent], *post;
	size_t n = 0;

	for (post = first; n < MANY && post < outlet->posts + outlet->n;
	     post++) {
		if (post->group || post->delay != first->delay ||
		    post->flags != first->flags)
			break;
		messages[n++] = (struct ch_message) {
			.channel = outlet->bytes.data + post->to,
			.text = outlet->bytes.data + post->text,
			.len = post->len,
		};
	}
	return n;
}

/* Send some; the status of the first that was not. */
static int
send_some(struct outlet *outlet, struct ch_err *err)
{
	const struct post *post = &outlet->posts[outlet->sent];
	struct ch_send_opts opts = { .delay = post->delay,
		.flags = post->flags };
	struct ch_message messages[MANY];
	size_t n, sent = 0;
	int rc;

	if (post->group) {
		rc = ch_group_send(outlet->layer,
		    outlet->bytes.data + post->to,
		    outlet->bytes.data + post->text, post->len, &opts, NULL,
		    err);
		outlet->sent += rc == CH_OK;
		return rc;
	}
	n = gather(outlet, messages);
	rc = ch_send_many(outlet->layer, messages, n, &opts, &sent, err);
	outlet->sent += sent;
	return rc;
}

/*
 * How many ms to wait before the first that was not sent is tried again; 0 if
 * it is to be given up. Once patience has ended nothing more is waited for
 * until something gets through.
 */
static int64_t
time_to_wait(struct outlet *outlet, int rc)
{
	int64_t waited;

	if (rc != CH_FULL && rc != CH_UNAVAILABLE)
		return 0;
	if (!outlet->full_since)
		outlet->full_since = ch_clock();
	waited = ch_clock() - outlet->full_since;
	if (waited >= PATIENCE)
		return 0;
	return waited < 2 ? 1 : waited < 100 ? waited / 2 : 50;
}

/* Leave out the first that was not sent. */
static void
give_up(struct outlet *outlet, int rc, const struct ch_err *err)
{
	/* A browser that has gone is nobody's fault. */
	if (rc == CH_NONE) {
		outlet->late++;
		say_more("%s: %s", outlet->route->place, err->text);
	} else if (rc != CH_FULL || !outlet->dropped++) {
		complain(outlet, "%s", err->text);
	}
	outlet->sent++;
}

static void
got_through(struct outlet *outlet)
{
	if (outlet->dropped)
		complain(outlet, "%llu messages were dropped",
		    (unsigned long long)outlet->dropped);
	outlet->dropped = 0;
	outlet->full_since = 0;
}

int64_t
outlet_flush(struct outlet *outlet)
{
	struct ch_err err = CH_ERR_INIT;
	int64_t wait;
	size_t before;
	int rc;

	while (outlet->sent < outlet->n) {
		before = outlet->sent;
		rc = send_some(outlet, &err);
		if (outlet->sent > before)
			got_through(outlet);
		if (rc == CH_OK)
			continue;
		wait = time_to_wait(outlet, rc);
		if (wait)
			return wait;
		give_up(outlet, rc, &err);
	}
	outlet->n = outlet->sent = 0;
	ch_buf_clear(&outlet->bytes);
	return 0;
}

void
outlet_feed(struct outlet *outlet, const char *bytes, size_t n)
{
	if (outlet->how == REPLY_HTTP) {
		response_feed(&outlet->response, bytes, n);
		add_answer(outlet);
	} else if (outlet->how == REPLY_BYTES) {
		feed_bytes(outlet, bytes, n);
	} else if (outlet->reader) {
		feed_objects(outlet, bytes, n);
	} else {
		feed_text(outlet, bytes, n);
	}
}

void
outlet_end(struct outlet *outlet, int whole)
{
	if (outlet->how != REPLY_HTTP) {
		outlet_feed(outlet, "", 0);
		return;
	}
	response_end(&outlet->response, whole);
	add_answer(outlet);
}

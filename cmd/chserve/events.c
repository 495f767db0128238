/* Groups as event streams. */
#include "chserve/events.h"

#include "chserve/answer.h"
#include "chserve/bridge.h"
#include "chserve/loop.h"
#include "chserve/serve.h"
#include "chserve/session.h"
#include "chserve/sse.h"

#include "common/put.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define BREATH_MS 20000 /* silence, then a comment */
#define RECONNECT_MS 2000

struct stream {
	struct mailbox box; /* first: a stream is its mailbox */
	struct request *request;
	struct due due;
};

static void over(struct request *request);
static void breathe(struct due *due);

static const struct request_taker taker = { NULL, NULL, over };
static struct due_queue breaths = { .expired = breathe };

static void
end(struct stream *stream)
{
	request_let_go(stream->request);
	bridge_leave(&stream->box);
	mailbox_close(&stream->box);
	due_clear(&stream->due);
	free(stream);
}

static void
over(struct request *request)
{
	end(request->taken);
}

void
events_stop(struct request *request)
{
	if (request->taker != &taker)
		return;
	end(request->taken);
	request_end(request);
}

/* A message of the group; its number in time is the event's id. */
static void
deliver(struct mailbox *box, const struct ch_message *message)
{
	struct stream *stream = (struct stream *)box;
	struct request *request = stream->request;
	struct json json = json_value(message->text, message->len);
	struct ch_buf event = CH_BUF_INIT;
	int more;

	if (!json_get(json, "id", 2).text)
		put_format(&event, "id: %lld\n", (long long)message->time);
	more = sse_put(&event, json);
	if (more) {
		request_put(request, event.data, event.len);
		due_set(&breaths, &stream->due, BREATH_MS);
	} else {
		end(stream);
		request_end(request);
	}
	ch_buf_release(&event);
}

static void
breathe(struct due *due)
{
	struct stream *stream = (struct stream *)(void *)((char *)due -
	    offsetof(struct stream, due));

	due_set(&breaths, due, BREATH_MS);
	request_put(stream->request, ":\n\n", 3);
}

static int
may_be_seen(const char *group)
{
	size_t i;

	for (i = 0; i < serve_settings->n_events; i++)
		if (ch_name_check(group, CH_TO_JOIN, NULL) == CH_OK &&
		    ch_glob_match(serve_settings->events[i], group))
			return 1;
	return 0;
}

static int
is_let_in(struct request *request)
{
	session_find(request);
	return session_lets_in(request);
}

static void
begin(struct request *request, const char *group)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct ch_buf head = CH_BUF_INIT, retry = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;

	if (!stream)
		say_memory();
	stream->request = request;
	mailbox_open(&stream->box, MAILBOX_HTTP);
	stream->box.deliver = deliver;
	request_take(request, &taker, stream);
	if (bridge_join(&stream->box, group, &err) != CH_OK ||
	    session_join(&stream->box, &request->who, &err) != CH_OK) {
		say_more("events of %s: %s", group, err.text);
		end(stream);
		answer_words(request, 503, NULL);
		return;
	}
	put_string(&head, "Content-Type: text/event-stream\r\n"
	    "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n");
	put_format(&retry, "retry: %d\n\n", RECONNECT_MS);
	request_begin(request, 200, &head, -1);
	if (strcmp(request->head.method, "HEAD") == 0) {
		end(stream);
		request_end(request);
	} else {
		request_put(request, retry.data, retry.len);
		due_set(&breaths, &stream->due, BREATH_MS);
	}
	ch_buf_release(&head);
	ch_buf_release(&retry);
}

int
events_begin(struct request *request)
{
	const char *path = request->path, *group;

	if (strncmp(path, EVENTS_PATH, sizeof(EVENTS_PATH) - 1) != 0)
		return 0;
	group = path + sizeof(EVENTS_PATH) - 1;
	if (!may_be_seen(group))
		return 0;
	if (strcmp(request->head.method, "HEAD") != 0 &&
	    strcmp(request->head.method, "GET") != 0)
		answer_words(request, 405, "Allow: GET, HEAD\r\n");
	else if (!serve_lets_in(request) || !is_let_in(request))
		answer_words(request, 403, NULL);
	else
		begin(request, group);
	return 1;
}

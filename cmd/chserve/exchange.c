/* A request that the consumers answer. */
#include "chserve/exchange.h"

#include "chserve/answer.h"
#include "chserve/bridge.h"
#include "chserve/budget.h"
#include "chserve/push.h"
#include "chserve/reply.h"
#include "chserve/serve.h"
#include "chserve/session.h"
#include "chserve/worker.h"

#include "common/put.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MS 50     /* a full channel of a body is tried again */
#define BREATH_MS 20000 /* silence in an event stream, then a comment */

enum state {
	GATHERING, /* its body is not whole */
	ASKED,     /* the consumers were told */
	ANSWERING  /* the answer has begun */
};

struct exchange {
	struct mailbox box; /* first: an exchange is its mailbox */
	enum state state;
	struct request *request;
	struct body body;
	struct ch_buf links; /* that were pushed: "Link: …\r\n" each */
	int events; /* the answer is a stream of events */
	struct budget_share share; /* of its body */
	struct due due;   /* the answer's, or the next breath of a stream */
	struct due retry; /* of the body's channel */
};

static int body_came(struct request *request, const char *bytes, size_t n);
static int body_is_whole(struct request *request);
static void over(struct request *request);
static void answered(struct mailbox *box, const struct ch_message *message);
static void unanswered(struct due *due);
static void breathe(struct due *due);
static void retry(struct due *due);

static const struct request_taker taker = { body_came, body_is_whole, over };
static struct due_queue answers = { .expired = unanswered };
static struct due_queue breaths = { .expired = breathe };
static struct due_queue retries = { .expired = retry };
static struct reply reply = REPLY_INIT;

#define exchange_of(due_, member) \
	((struct exchange *)(void *)((char *)(due_) - \
	    offsetof(struct exchange, member)))

/* --- its end -------------------------------------------------------------- */

static void
end(struct exchange *exchange)
{
	request_let_go(exchange->request);
	bridge_leave(&exchange->box);
	mailbox_close(&exchange->box);
	due_clear(&exchange->due);
	due_clear(&exchange->retry);
	body_release(&exchange->body);
	budget_set(&exchange->share, 0, 0);
	ch_buf_release(&exchange->links);
	free(exchange);
}

/* We answer in the consumers' place. */
static void
give_up(struct exchange *exchange, int status)
{
	struct request *request = exchange->request;

	end(exchange);
	answer_words(request, status, NULL);
}

/* The client left before its answer was whole. */
static void
over(struct request *request)
{
	struct exchange *exchange = request->taken;
	struct ch_buf message = CH_BUF_INIT;

	if (exchange->state != GATHERING) {
		event_http_disconnect(&message, exchange->box.channel,
		    request->head.path, &request->who);
		bridge_tell(EVENT_HTTP_DISCONNECT, &message);
		ch_buf_release(&message);
	}
	end(exchange);
}

/* No consumer answered in time. */
static void
unanswered(struct due *due)
{
	struct exchange *exchange = exchange_of(due, due);

	say_more("%s %s: no answer in time", EVENT_REQUEST,
	    exchange->request->head.path);
	give_up(exchange, 503);
}

/* --- the question --------------------------------------------------------- */

/* What a body's step came to, once the consumers know; 0, or a status. */
static int
stream_on(struct exchange *exchange, int rc)
{
	if (rc != BODY_FULL)
		return rc;
	request_read(exchange->request, 0);
	due_set(&retries, &exchange->retry, RETRY_MS);
	return 0;
}

/* Tell the consumers; 0, or the status to refuse it with. */
static int
ask(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct event_from from = { &request->head, request->scheme,
		serve_settings->root_path, &request->from, &request->to,
		request->certified, &request->who };
	struct ch_buf message = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	event_request(&message, exchange->box.channel, &from);
	body_put(&exchange->body, &message);
	put_char(&message, '}');
	rc = bridge_send(EVENT_REQUEST, &message, &err);
	ch_buf_release(&message);
	if (rc != CH_OK) {
		say_more("%s: %s", EVENT_REQUEST, err.text);
		return rc == CH_REFUSED ? 413 : 503;
	}
	exchange->state = ASKED;
	due_set(&answers, &exchange->due, serve_settings->http_timeout);
	return stream_on(exchange, body_flush(&exchange->body));
}

static int
ask_if_ready(struct exchange *exchange)
{
	if (exchange->state != GATHERING || !body_is_ready(&exchange->body))
		return 0;
	return ask(exchange);
}

static int
refused(struct exchange *exchange, int status)
{
	if (status)
		end(exchange);
	else
		budget_set(&exchange->share, exchange->body.held, 0);
	return status;
}

/* Its body takes memory that others need. */
static void
holds_too_much(struct budget_share *share)
{
	struct exchange *exchange = exchange_of(share, share);

	if (exchange->state == ANSWERING)
		request_cut(exchange->request);
	else
		give_up(exchange, 503);
}

static int
body_came(struct request *request, const char *bytes, size_t n)
{
	struct exchange *exchange = request->taken;
	int status = stream_on(exchange, body_add(&exchange->body, bytes, n));

	if (!status)
		status = ask_if_ready(exchange);
	return refused(exchange, status);
}

static int
body_is_whole(struct request *request)
{
	struct exchange *exchange = request->taken;
	int status = stream_on(exchange, body_end(&exchange->body));

	if (!status)
		status = ask_if_ready(exchange);
	return refused(exchange, status);
}

/* The body's channel may have room again. */
static void
retry(struct due *due)
{
	struct exchange *exchange = exchange_of(due, retry);
	int rc = body_flush(&exchange->body);

	budget_set(&exchange->share, exchange->body.held, 0);
	if (rc == BODY_FULL)
		due_set(&retries, due, RETRY_MS);
	else if (rc)
		request_cut(exchange->request);
	else
		request_read(exchange->request, 1);
}

void
exchange_begin(struct request *request)
{
	struct exchange *exchange;
	int status;

	if (worker_leaves_http() && !bridge_is_awaited(EVENT_REQUEST)) {
		answer_words(request, 404, NULL);
		return;
	}
	session_find(request);
	exchange = calloc(1, sizeof(*exchange));
	if (!exchange)
		say_memory();
	mailbox_open(&exchange->box, MAILBOX_HTTP);
	exchange->box.deliver = answered;
	exchange->share.cut = holds_too_much;
	exchange->request = request;
	request_take(request, &taker, exchange);
	status = body_init(&exchange->body, &serve_settings->body,
	    &request->head, request->length);
	if (!status && request->has_body) {
		request_read(request, 1);
		return;
	}
	if (!status)
		status = body_end(&exchange->body);
	if (!status)
		status = ask(exchange);
	if (status)
		give_up(exchange, status);
}

/* --- the answer ----------------------------------------------------------- */

/* A Server Push: a hint ahead of the answer, or a field in it. */
static int
is_push(struct exchange *exchange, const struct ch_message *message)
{
	struct ch_buf link = CH_BUF_INIT;
	int rc = push_read(&link, message->text, message->len);

	if (rc > 0 && exchange->state == ASKED) {
		put_format(&exchange->links, "Link: %s\r\n", link.data);
		request_hint(exchange->request, link.data);
	}
	ch_buf_release(&link);
	return rc != 0;
}

static void
begin(struct exchange *exchange)
{
	int is_head = strcmp(exchange->request->head.method, "HEAD") == 0;
	off_t length = reply.length;

	if (!reply.more && (!is_head || length < 0))
		length = (off_t)reply.content.len;
	exchange->state = ANSWERING;
	exchange->events = reply.is_events && reply.more;
	due_clear(&exchange->due);
	put_bytes(&reply.fields, exchange->links.data, exchange->links.len);
	request_begin(exchange->request, reply.status, &reply.fields, length);
}

/* An event stream ends with the session that it is for. */
static int
is_still_known(struct exchange *exchange)
{
	struct ch_err err = CH_ERR_INIT;

	if (session_join(&exchange->box, &exchange->request->who, &err) ==
	    CH_OK)
		return 1;
	say_more("%s: %s", exchange->box.channel, err.text);
	return 0;
}

/* The consumer's message that is to begin an answer makes no sense. */
static void
wrong(struct exchange *exchange, const char *what)
{
	say_error("reply to %s ignored: %s", exchange->box.channel, what);
	if (exchange->state == ASKED)
		give_up(exchange, 500);
}

static void
answered(struct mailbox *box, const struct ch_message *message)
{
	struct exchange *exchange = (struct exchange *)box;
	struct request *request = exchange->request;
	int first = exchange->state == ASKED;
	const char *what;

	if (is_push(exchange, message))
		return;
	what = reply_read(&reply, message->text, message->len, first,
	    exchange->events);
	if (what) {
		wrong(exchange, what);
		return;
	}
	if (reply.ignored)
		say_error("reply to %s: left out: %s", box->channel,
		    reply.ignored);
	if (first && session_answer(request, &reply.wish, &reply.fields)) {
		give_up(exchange, 500);
		return;
	}
	if (first)
		begin(exchange);
	request_put(request, reply.content.data, reply.content.len);
	if (exchange->events)
		due_set(&breaths, &exchange->due, BREATH_MS);
	if (first && exchange->events && !is_still_known(exchange))
		reply.more = 0;
	if (reply.more && !reply.closed)
		return;
	end(exchange);
	if (reply.closed)
		request_cut(request);
	else
		request_end(request);
}

void
exchange_stop(struct request *request)
{
	struct exchange *exchange = request->taken;

	if (request->taker != &taker || !exchange->events)
		return;
	end(exchange);
	request_end(request);
}

/* So that one who has left is noticed, and proxies keep the connection. */
static void
breathe(struct due *due)
{
	struct exchange *exchange = exchange_of(due, due);

	due_set(&breaths, due, BREATH_MS);
	request_put(exchange->request, ":\n\n", 3);
}

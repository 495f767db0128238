/* call.c - calls: messages with a reply_channel, and the replies to them. */
#include "chsend/call.h"

#include "base/err.h"
#include "common/envelope.h"
#include "common/out.h"
#include "common/put.h"
#include "common/say.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS  512   /* in flight: their replies fit into a channel */
#define BATCH  64    /* replies taken at once */
#define LOOK   30000 /* ms after which we look whatever happens */

struct call {
	uint64_t number; /* 0: it is free */
	uint64_t left;   /* replies to come */
	char *id;        /* as JSON */
};

static struct call calls[CALLS];
static size_t in_flight;
static uint64_t made, late;
static struct call_settings how;
static struct ch_receiver *receiver;
static char prefix[CH_NAME_MAX + 1]; /* "chsend.reply.RANDOM!" */

/* --- replies ------------------------------------------------------------- */

static void
put_reply(const struct call *call, const struct ch_message *reply)
{
	if (call->id)
		put_format(&out, "{\"id\":%s,\"message\":", call->id);
	put_bytes(&out, reply->text, reply->len);
	put_string(&out, call->id ? "}\n" : "\n");
}

static void
end_call(struct call *call)
{
	free(call->id);
	*call = (struct call) { .number = 0 };
	in_flight--;
}

static void
take_reply(const struct ch_message *reply)
{
	const char *local = reply->channel + strlen(prefix);
	struct json object = { reply->text, reply->len };
	uint64_t number = strtoull(local, NULL, 10);
	struct call *call = &calls[number % CALLS];

	if (!number || call->number != number) {
		late++;
		return;
	}
	put_reply(call, reply);
	if (how.more &&
	    json_kind(json_get(object, "more_content", 12)) == 't')
		return;
	if (!--call->left)
		end_call(call);
}

/* Take what there is, waiting for it until the deadline; then CH_TIMEOUT. */
static int
take_replies(struct send *send, int64_t deadline, struct ch_err *err)
{
	struct ch_message replies[BATCH];
	size_t got;
	int rc = ch_receive_many(receiver, replies, BATCH, &got, deadline,
	    err);

	if (rc == CH_NONE)
		say_pipe();
	if (rc != CH_OK)
		return rc;
	for (size_t i = 0; i < got; i++)
		take_reply(&replies[i]);
	return out_flush(send->deadline, err);
}

/* Wait until no more than `most` are in flight. */
static int
settle(struct send *send, size_t most, struct ch_err *err)
{
	int rc = CH_OK;

	while (rc == CH_OK && in_flight > most)
		rc = take_replies(send, send->deadline, err);
	if (rc != CH_TIMEOUT)
		return rc;
	if (!send->envelopes)
		return ch_err_set(err, rc, "no reply on %s%" PRIu64
		    ": timed out", prefix, made);
	return ch_err_set(err, rc, "%zu of %" PRIu64
	    " calls without their reply: timed out", in_flight, made);
}

/* Take replies until standard input has something. */
static int
wait_for_input(struct send *send, struct ch_err *err)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = ch_receiver_fd(receiver), .events = POLLIN },
	};
	int64_t left;
	int rc;

	for (;;) {
		do
			rc = take_replies(send, CH_NOW, err);
		while (rc == CH_OK);
		if (rc != CH_TIMEOUT)
			return rc;
		left = send->deadline == CH_NEVER
		    ? LOOK : send->deadline - ch_clock();
		if (left <= 0)
			return ch_err_set(err, CH_TIMEOUT,
			    "standard input does not end: timed out");
		if (poll(fds, 2, left < LOOK ? (int)left : LOOK) > 0 &&
		    fds[0].revents)
			return CH_OK;
	}
}

/* --- calls --------------------------------------------------------------- */

/* The id that the envelope gives it, else its number. */
static char *
copy_id(const struct send *send)
{
	struct ch_buf id = CH_BUF_INIT;

	if (!send->envelopes)
		return NULL;
	if (send->id.text)
		put_bytes(&id, send->id.text, send->id.len);
	else
		put_format(&id, "%" PRIu64, made);
	return id.data;
}

/* Append the message with the reply channel as its last key, which counts. */
static void
put_call(struct ch_buf *buf, const char *text, size_t len, uint64_t number)
{
	size_t end = len - 1, last;

	while (text[end] != '}')
		end--;
	for (last = end - 1; strchr(" \t\r", text[last]); last--)
		;
	put_bytes(buf, text, end);
	put_format(buf, "%s\"reply_channel\":\"%s%" PRIu64 "\"}",
	    text[last] == '{' ? "" : ",", prefix, number);
}

/* A place for the next call: that of one that has ended. */
static struct call *
new_call(const struct send *send)
{
	struct call *call;

	do
		call = &calls[++made % CALLS];
	while (call->number);
	in_flight++;
	*call = (struct call) { .number = made, .left = how.replies,
		.id = copy_id(send) };
	return call;
}

static int
deliver(struct send *send, const char *channel, const char *text, size_t len,
    struct ch_err *err)
{
	struct ch_buf called = CH_BUF_INIT;
	struct call *call;
	int rc = settle(send, CALLS - 1, err);

	if (rc != CH_OK)
		return rc;
	call = new_call(send);
	put_call(&called, text, len, call->number);
	rc = ch_send(send->layer, channel, called.data, called.len,
	    &send->opts, err);
	ch_buf_release(&called);
	if (rc != CH_OK) {
		end_call(call);
		return rc;
	}
	send->sent++;
	return send->envelopes ? CH_OK : settle(send, 0, err);
}

int
call_begin(struct send *send, const struct call_settings *settings,
    struct ch_err *err)
{
	const char *names[] = { prefix };
	int rc = ch_own_random(send->layer, "chsend.reply", prefix, err);

	how = *settings;
	send->deliver = deliver;
	if (send->envelopes)
		send->wait = wait_for_input;
	if (rc == CH_OK)
		rc = ch_receiver_new(&receiver, send->layer, names, 1, 0, err);
	if (rc == CH_OK)
		rc = ch_receiver_until(receiver, STDOUT_FILENO, err);
	return rc;
}

int
call_end(struct send *send, int rc)
{
	struct ch_err err = CH_ERR_INIT;
	int settled = CH_OK;

	/* What else failed keeps no call from its reply. */
	if (send->envelopes && receiver && rc != CH_TIMEOUT && rc != CH_IO)
		settled = settle(send, 0, &err);
	if (settled != CH_OK)
		say_error("%s", err.text);
	if (late)
		say_more("%" PRIu64 " replies came too late", late);
	for (size_t i = 0; i < CALLS; i++)
		free(calls[i].id);
	ch_receiver_free(receiver);
	return rc != CH_OK ? rc : settled;
}

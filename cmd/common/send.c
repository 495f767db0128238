/* send.c - messages into channels and groups. */
#include "common/send.h"

#include "base/err.h"
#include "common/envelope.h"
#include "common/mux.h"
#include "common/json.h"
#include "common/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How many deliveries are gathered. */
#define BATCH 1024

/* What is gathered: each message once for every target, in order. */
static struct {
	struct ch_message messages[BATCH];
	uint64_t places[BATCH];
	char names[BATCH][CH_NAME_MAX + 1]; /* of envelopes */
	size_t n;
} batch;

/* --- operands ----------------------------------------------------------- */

static int
is_json(const char *operand)
{
	return operand[0] == '{' || operand[0] == '[';
}

static int
is_message(const char *operand)
{
	return is_json(operand) || strchr(operand, '=');
}

static void
check_options(const struct send *send, const struct opt_program *program)
{
	if (send->raw + send->bytes + send->envelopes > 1)
		opt_wrong(program, "--raw, --bytes and -e cannot go together");
	if (send->bytes && send->null)
		opt_wrong(program, "--bytes reads all there is: no -0");
	if (send->delay >= 0 && send->at >= 0)
		opt_wrong(program, "--delay and --at cannot go together");
	if (!send->expiry)
		opt_wrong(program, "--expiry must be more than 0");
	if (send->exclude && !send->group && !send->envelopes)
		opt_wrong(program, "--exclude is for groups");
	if (send->stream && send->envelopes)
		opt_wrong(program, "--stream and -e cannot go together");
	if (send->stream && json_utf8(send->stream, strlen(send->stream)) <
	    strlen(send->stream))
		opt_wrong(program, "--stream: not UTF-8");
	if (send->group && send->full == SEND_WAIT)
		opt_wrong(program, "a group send never waits");
}

static void
check_messages(char *const *messages, const struct opt_program *program)
{
	if (!messages[0])
		return;
	for (size_t i = 0; messages[i]; i++) {
		if (!is_message(messages[i]))
			opt_wrong(program,
			    "%s is not a message; did you mean text=%s?",
			    messages[i], messages[i]);
		if (is_json(messages[i]) != is_json(messages[0]))
			opt_wrong(program,
			    "either JSON objects or KEY=TEXT, not both");
		if (messages[i][0] == '=' || !strncmp(messages[i], ":=", 2))
			opt_wrong(program, "%s has no key", messages[i]);
	}
}

/* Where the messages come from, when none is an operand. */
static void
check_input(const struct send *send, const struct opt_program *program)
{
	const char *last;

	if (send->messages[0] && (send->raw || send->bytes || send->null))
		opt_wrong(program, "%s is a message, but --raw, --bytes and -0 "
		    "are for standard input", send->messages[0]);
	if (send->messages[0] || send->input || send->ntargets < 2)
		return;
	last = send->targets[send->ntargets - 1];
	opt_wrong(program, "%s is not a message; did you mean text=%s?", last,
	    last);
}

static int
check_names(const struct send *send, struct ch_err *err)
{
	enum ch_use use = send->group ? CH_TO_JOIN : CH_TO_SEND;
	int rc = CH_OK;

	for (size_t i = 0; rc == CH_OK && i < send->ntargets; i++)
		rc = ch_name_check(send->targets[i], use, err);
	if (rc == CH_OK && send->exclude)
		rc = ch_name_check(send->exclude, CH_TO_SEND, err);
	return rc;
}

int
send_operands(struct send *send, char **operands,
    const struct opt_program *program, struct ch_err *err)
{
	char **end = operands;

	check_options(send, program);
	while (*end && !is_message(*end) && strcmp(*end, "-"))
		end++;
	send->targets = operands;
	send->ntargets = (size_t)(end - operands);
	send->input = *end && !strcmp(*end, "-");
	send->messages = end + send->input;
	if (send->envelopes && send->ntargets)
		opt_wrong(program, "%s: with -e the envelopes say where to",
		    operands[0]);
	if (!send->ntargets && !send->envelopes)
		opt_wrong(program, "no TARGET to send to");
	if (send->messages[0] && (send->input || send->envelopes))
		opt_wrong(program, "%s: messages are read from standard input",
		    send->messages[0]);
	check_messages(send->messages, program);
	check_input(send, program);
	if (!send->messages[0])
		send->input = 1;
	return check_names(send, err);
}

/* --- failures ----------------------------------------------------------- */

/* Whether the run ends with such a failure. */
static int
is_final(const struct send *send, int rc)
{
	return rc != CH_REFUSED && !(rc == CH_NONE && send->envelopes);
}

void
send_failed(struct send *send, int rc, const struct ch_err *err)
{
	void (*say_it)(const char *, ...) = say_error;
	char place[64] = "", count[32] = "";

	if (send->rc == CH_OK)
		send->rc = rc;
	if (rc == CH_NONE)
		say_it = say_more;
	if (send->source && send->place)
		snprintf(place, sizeof(place), "%s%" PRIu64 ": ",
		    send->source, send->place);
	if (is_final(send, rc)) {
		send->stopped = 1;
		if (send->source)
			snprintf(count, sizeof(count), "; %" PRIu64 " sent",
			    send->sent);
	}
	say_it("%s%s%s", place, err->text, count);
}

void
send_refused(struct send *send, size_t column, const struct ch_err *err)
{
	if (send->rc == CH_OK)
		send->rc = CH_REFUSED;
	if (column)
		say_error("%s%" PRIu64 ":%zu: %s", send->source, send->place,
		    column, err->text);
	else
		say_error("%s", err->text);
}

/* --- deliveries --------------------------------------------------------- */

/*
 * A failure at delivery i of the batch. The targets that are left of the same
 * message still get it; the messages behind it do not, if the run is over.
 */
static void
batch_failed(struct send *send, size_t i, int rc, const struct ch_err *err)
{
	size_t per = send->ntargets ? send->ntargets : 1, end;
	uint64_t place = send->place;

	send->place = batch.places[i];
	send_failed(send, rc, err);
	send->place = place;
	end = (i / per + 1) * per;
	if (send->stopped && end < batch.n)
		batch.n = end;
}

void
send_flush(struct send *send)
{
	struct ch_err err = CH_ERR_INIT;
	size_t i = 0, sent;
	int rc;

	while (i < batch.n) {
		rc = ch_send_many(send->layer, batch.messages + i, batch.n - i,
		    &send->opts, &sent, &err);
		send->sent += sent;
		i += sent;
		if (rc != CH_OK)
			batch_failed(send, i++, rc, &err);
	}
	batch.n = 0;
}

static void
gather(struct send *send, const char *channel, const char *text, size_t len)
{
	struct ch_message *message;

	if (batch.n == BATCH)
		send_flush(send);
	message = &batch.messages[batch.n];
	message->channel = channel;
	message->text = text;
	message->len = len;
	batch.places[batch.n++] = send->place;
}

/* One delivery at once, in order behind what was gathered. */
static void
deliver_now(struct send *send, send_deliver *deliver, const char *target,
    const char *text, size_t len)
{
	struct ch_err err = CH_ERR_INIT;
	int rc;

	send_flush(send);
	if (send->stopped)
		return;
	rc = deliver(send, target, text, len, &err);
	if (rc != CH_OK)
		send_failed(send, rc, &err);
}

static int
to_group(struct send *send, const char *group, const char *text, size_t len,
    struct ch_err *err)
{
	struct ch_group_sent sent;
	int rc;

	rc = ch_group_send(send->layer, group, text, len, &send->opts, &sent,
	    err);
	if (rc != CH_OK)
		return rc;
	send->sent++;
	say_more("sent to %" PRIu64 " of %" PRIu64, sent.sent, sent.members);
	return CH_OK;
}

static int
to_channel(struct send *send, const char *channel, const char *text,
    size_t len, struct ch_err *err)
{
	int rc = ch_send(send->layer, channel, text, len, &send->opts, err);

	send->sent += rc == CH_OK;
	return rc;
}

/* Like the envelope before it, most are for a channel and without delay. */
static void
gather_envelope(struct send *send, const struct envelope *envelope)
{
	if (batch.n == BATCH)
		send_flush(send);
	if (send->stopped)
		return;
	memcpy(batch.names[batch.n], envelope->name, sizeof(envelope->name));
	gather(send, batch.names[batch.n], envelope->message.text,
	    envelope->message.len);
}

static void
deliver_envelope(struct send *send, const struct envelope *envelope)
{
	struct ch_send_opts opts = send->opts;

	if (envelope->delay) {
		send->opts.delay = envelope->delay;
		send->opts.at = 0;
	}
	send->id = envelope->id;
	deliver_now(send, envelope->group ? to_group
	    : send->deliver ? send->deliver : to_channel, envelope->name,
	    envelope->message.text, envelope->message.len);
	send->opts = opts;
}

/* What an envelope has that goes with calls only, or does not. */
static int
check_envelope(const struct send *send, const struct envelope *envelope,
    struct ch_err *err)
{
	if (send->deliver && envelope->group)
		return ch_err_set(err, CH_REFUSED,
		    "a group cannot be called");
	if (!send->deliver && envelope->id.text)
		return ch_err_set(err, CH_REFUSED,
		    "an id is for calls (-C)");
	return CH_OK;
}

static void
send_envelope(struct send *send, const char *text, size_t len)
{
	struct ch_err err = CH_ERR_INIT;
	struct envelope envelope;
	size_t column;

	if (envelope_read(&envelope, text, len, &column, &err) != CH_OK ||
	    check_envelope(send, &envelope, &err) != CH_OK) {
		send_flush(send);
		if (!send->stopped)
			send_refused(send, column, &err);
	} else if (envelope.group || envelope.delay || send->deliver) {
		deliver_envelope(send, &envelope);
	} else {
		gather_envelope(send, &envelope);
	}
}

static void
send_plain(struct send *send, const char *text, size_t len)
{
	send_deliver *deliver = send->group ? to_group : send->deliver;

	if (send->envelopes) {
		send_envelope(send, text, len);
		return;
	}
	if (!deliver && batch.n + send->ntargets > BATCH)
		send_flush(send);
	for (size_t i = 0; i < send->ntargets && !send->stopped; i++) {
		if (deliver)
			deliver_now(send, deliver, send->targets[i], text, len);
		else
			gather(send, send->targets[i], text, len);
	}
}

void
send_message(struct send *send, const char *text, size_t len)
{
	static struct ch_buf frame;

	if (!send->stream) {
		send_plain(send, text, len);
		return;
	}
	send_flush(send); /* which may hold the last frame */
	ch_buf_clear(&frame);
	mux_put(&frame, send->stream, strlen(send->stream), text, len);
	send_plain(send, frame.data, frame.len);
}

int
send_run(struct send *send)
{
	if (send->delay >= 0)
		send->opts.delay = send->delay;
	if (send->at >= 0)
		send->opts.at = send->at;
	if (send->expiry >= 0)
		send->opts.expiry = send->expiry;
	if (send->full == SEND_WAIT)
		send->opts.deadline = send->deadline;
	send->opts.flags = CH_CHECKED;
	if (send->full == SEND_DROP_OLDEST)
		send->opts.flags |= CH_DROP_OLDEST;
	send->opts.exclude = send->exclude;
	ch_patience(send->layer, send->deadline);
	if (send->input)
		feed_input(send);
	else
		feed_operands(send);
	send_flush(send);
	return send->rc;
}

/* send.c - sending: checks, runs for one queue, and waiting for room. */
#include "layer/front.h"

#include "base/err.h"
#include "model/name.h"

#include <string.h>

static const struct ch_send_opts common; /* all 0 */

/* CH_TIMEOUT, with the reason that the full channel gave. */
static int
waited_in_vain(struct ch_err *err)
{
	if (err)
		err->status = CH_TIMEOUT;
	return CH_TIMEOUT;
}

/* Send messages for one queue, waiting for room as opts says. */
static int
send_run(struct ch_layer *layer, const struct ch_message *messages, size_t n,
    const struct ch_send_opts *opts, size_t *sent, struct ch_err *err)
{
	size_t part;
	int rc;

	*sent = 0;
	for (;;) {
		rc = ch_front_enter(layer, err);
		if (rc != CH_OK)
			return rc;
		part = 0;
		rc = layer->backend->send(layer, messages + *sent, n - *sent,
		    opts, &part, err);
		ch_front_leave(layer);
		*sent += part;
		if (rc != CH_FULL || opts->deadline == CH_NOW)
			return rc;
		if (opts->deadline != CH_NEVER &&
		    ch_clock() >= opts->deadline)
			return waited_in_vain(err);
		/* whatever it says but a failure: look again */
		rc = layer->backend->wait_room(layer,
		    messages[*sent].channel, opts->deadline, err);
		if (rc != CH_OK && rc != CH_TIMEOUT)
			return rc;
	}
}

static int
same_queue(const char *a, const char *b)
{
	size_t n;

	if (a == b)
		return 1;
	n = ch_name_queue_len(a);
	return n == ch_name_queue_len(b) && memcmp(a, b, n) == 0;
}

/*
 * Check messages up to the first that is for another queue, or at fault (then
 * *rc says so); returns how many are good.
 */
static size_t
check_run(const struct ch_layer *layer, const struct ch_message *messages,
    size_t n, unsigned flags, int *rc, struct ch_err *err)
{
	const char *channel = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (i == 0 || messages[i].channel != channel) {
			*rc = ch_name_check(messages[i].channel, CH_TO_SEND,
			    err);
			if (*rc != CH_OK)
				return i;
			if (i && !same_queue(messages[i].channel, channel))
				return i;
		}
		channel = messages[i].channel;
		*rc = ch_front_check_text(layer, messages[i].text,
		    messages[i].len, flags, err);
		if (*rc != CH_OK)
			return i;
	}
	return n;
}

int
ch_send_many(struct ch_layer *layer, const struct ch_message *messages,
    size_t n, const struct ch_send_opts *opts, size_t *sent,
    struct ch_err *err)
{
	size_t done = 0, good, part;
	int rc, fault = CH_OK;

	if (!opts)
		opts = &common;
	rc = ch_front_check_opts(opts, err);
	while (rc == CH_OK && done < n) {
		good = check_run(layer, messages + done, n - done,
		    opts->flags, &fault, err);
		if (good) {
			rc = send_run(layer, messages + done, good, opts,
			    &part, err);
			done += part;
		}
		if (rc == CH_OK)
			rc = fault;
	}
	if (sent)
		*sent = done;
	return rc;
}

int
ch_send(struct ch_layer *layer, const char *channel, const char *text,
    size_t len, const struct ch_send_opts *opts, struct ch_err *err)
{
	struct ch_message message = {
		.channel = channel,
		.text = text,
		.len = len,
	};

	return ch_send_many(layer, &message, 1, opts, NULL, err);
}

int
ch_group_send(struct ch_layer *layer, const char *group, const char *text,
    size_t len, const struct ch_send_opts *opts,
    struct ch_group_sent *result, struct ch_err *err)
{
	struct ch_group_sent ignored, *sent = result ? result : &ignored;
	int rc;

	memset(sent, 0, sizeof(*sent));
	if (!opts)
		opts = &common;
	rc = ch_front_check_opts(opts, err);
	if (rc == CH_OK)
		rc = ch_name_check(group, CH_TO_JOIN, err);
	if (rc == CH_OK)
		rc = ch_front_check_text(layer, text, len, opts->flags, err);
	if (rc == CH_OK)
		rc = ch_front_enter(layer, err);
	if (rc != CH_OK)
		return rc;
	rc = layer->backend->group_send(layer, group, text, len, opts, sent,
	    err);
	ch_front_leave(layer);
	return rc;
}

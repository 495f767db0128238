/* last.c - the message that a copy of a stream had in hand when it died. */
#include "chwork/last.h"

#include "chwork/failure.h"
#include "common/put.h"
#include "common/say.h"

#include <sys/wait.h>

/* The envelope with the number of tries in its message. */
static void
count_try(struct ch_buf *line, struct json message, unsigned retries)
{
	struct ch_buf counted = CH_BUF_INIT;
	size_t before = (size_t)(message.text - line->data);

	put_bytes(&counted, line->data, before);
	failure_put_retries(&counted, message, retries);
	put_bytes(&counted, message.text + message.len,
	    line->len - before - message.len);
	ch_buf_release(line);
	*line = counted;
}

/* Where that has no room, the message goes back to where it came from. */
static int
bury(struct worker *worker, struct route *route, const struct ch_buf *letter,
    const char *channel, struct json message)
{
	struct ch_err err = CH_ERR_INIT;
	int rc = ch_send(worker->layer, route->dead, letter->data, letter->len,
	    NULL, &err);

	if (rc != CH_OK)
		say_error("%s: %s: %s", channel, route->place, err.text);
	if (rc == CH_FULL || rc == CH_UNAVAILABLE)
		rc = ch_send(worker->layer, channel, message.text,
		    message.len, NULL, &err);
	return rc;
}

static void
send_letter(struct worker *worker, struct route *route,
    const struct child *child, int status, const struct failure *about)
{
	struct ch_buf letter = CH_BUF_INIT, reason = CH_BUF_INIT;
	struct failure failure = *about;

	child_put_status(&reason, child, status);
	failure.reason = reason.data;
	failure.last = child->last.data;
	failure.last_len = child->last.len;
	failure_put(&letter, &failure, ch_max_size(worker->layer));
	if (bury(worker, route, &letter, failure.channel, failure.message) ==
	    CH_OK)
		route->metrics.dead++;
	else
		route->metrics.dropped++;
	ch_buf_release(&letter);
	ch_buf_release(&reason);
}

int
last_fate(struct worker *worker, struct route *route,
    const struct child *child, int status, struct ch_buf *line)
{
	struct json envelope = json_value(line->data, line->len);
	struct ch_buf channel = CH_BUF_INIT;
	struct failure failure = {
		.message = json_get(envelope, "message", 7),
		.route = route,
		.code = WIFEXITED(status) && !child->ending
		    ? WEXITSTATUS(status) : -1,
	};
	enum fate fate;

	if (!failure.message.text)
		return 0;
	failure.retries = failure_retries(failure.message);
	fate = failure_fate(route, failure.code, failure.retries);
	if (fate == FATE_AGAIN) {
		route->metrics.retried++;
		count_try(line, failure.message, failure.retries + 1);
		return 1;
	}
	json_bare(&channel, json_get(envelope, "channel", 7));
	failure.channel = channel.data;
	if (fate == FATE_DEAD)
		send_letter(worker, route, child, status, &failure);
	else if (fate == FATE_DROPPED)
		route->metrics.dropped++;
	ch_buf_release(&channel);
	return 0;
}

/*
 * failure.h - what becomes of a message whose consumer failed. Pure.
 *
 * It is tried again, moved to the route's dead-letter channel, or dropped. How
 * often it was tried is in the message itself, so that it is known wherever it
 * is tried next.
 */
#ifndef CHWORK_FAILURE_H
#define CHWORK_FAILURE_H

#include "base/buf.h"
#include "chwork/routes.h"
#include "common/json.h"

#include <stdint.h>

#define FAILURE_TEMPORARILY 75 /* the exit status that asks for another try */
#define FAILURE_TRIES 10 /* that are granted then, where no --retries says */

enum fate { FATE_DONE, FATE_AGAIN, FATE_DEAD, FATE_DROPPED };

/* After an exit status other than 0 (-1: a signal, a timeout, no start). */
enum fate failure_fate(const struct route *route, int code, unsigned retries);

/* How often the message was tried before. */
unsigned failure_retries(struct json message);

/* Append the message with that number in it; 0: without. */
void failure_put_retries(struct ch_buf *out, struct json message,
    unsigned retries);

/* Append it without that number. */
void failure_put_original(struct ch_buf *out, struct json message);

/* ms until the try of that number: each waits twice as long as the last. */
int64_t failure_delay(const struct route *route, unsigned retries);

/* What a dead letter tells. */
struct failure {
	const char *channel; /* where the message came from */
	struct json message;
	const struct route *route;
	unsigned retries;
	const char *reason;  /* "exit status 3" */
	int code;            /* exit status; -1: there was none */
	const char *last;    /* lines of standard error, or the answer */
	size_t last_len;
};

/*
 * Append the letter: {"channel", "message", "route", "reason", …}; where that
 * would be longer than `most` bytes, the message alone.
 */
void failure_put(struct ch_buf *out, const struct failure *failure,
    size_t most);

#endif

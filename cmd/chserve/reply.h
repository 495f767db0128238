/*
 * reply.h - what a consumer answers a request with, read and checked. Pure.
 *
 * The keys are those of the ASGI 1.0 draft's Response and Response Chunk;
 * channels-messages(7) restates them. Start with REPLY_INIT, end with
 * reply_release.
 */
#ifndef CHSERVE_REPLY_H
#define CHSERVE_REPLY_H

#include "base/buf.h"

#include <sys/types.h>

/* What it makes of the visitor's session. */
struct reply_wish {
	enum {
		REPLY_SESSION_STAYS,
		REPLY_SESSION_GIVEN, /* `session` is its id */
		REPLY_SESSION_DATA,  /* `session` is an object, to be merged */
		REPLY_SESSION_ENDS
	} what;
	int logs_in, logs_out; /* `user`, or nobody */
	struct ch_buf session, user; /* ended by a NUL */
};

struct reply {
	int status;            /* 0: a chunk has none */
	struct ch_buf fields;  /* "Name: value\r\n" each, those that may be */
	off_t length;          /* that Content-Length said; -1 */
	int is_events;         /* Content-Type is text/event-stream */
	struct ch_buf content; /* its bytes */
	int more;              /* chunks follow */
	int closed;            /* none does, and the answer is not whole */
	struct reply_wish wish;
	const char *ignored;   /* a field that was left out, and why; NULL */
};
#define REPLY_INIT { .fields = CH_BUF_INIT, .content = CH_BUF_INIT, \
	.wish = { .session = CH_BUF_INIT, .user = CH_BUF_INIT } }

/*
 * Read a message, reusing *reply; `first` if it has to begin an answer,
 * `events` if the answer is an event stream. NULL, or what is wrong with it.
 */
const char *reply_read(struct reply *reply, const char *text, size_t len,
    int first, int events);
void reply_release(struct reply *reply);

#endif

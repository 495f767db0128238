/*
 * h2stream.h - one HTTP/2 stream: a request, its body, its answer.
 *
 * A stream is the wire of its request (request.h): h2.c tells it what came, the
 * request has it say what goes. Answers are kept here until the session asks
 * for them, which it does as fast as the peer's windows and its socket allow;
 * what came of a body and was not taken yet is kept here, too, and the peer's
 * windows stay closed by that much.
 */
#ifndef CHSERVE_H2STREAM_H
#define CHSERVE_H2STREAM_H

#include "chserve/h2.h"
#include "chserve/h2head.h"
#include "chserve/outbox.h"
#include "chserve/request.h"

#include <stdint.h>

struct stream {
	struct request request; /* first: a request is its stream */
	struct conn *conn;
	struct stream *prev, *next;
	int32_t id;

	struct h2head in;   /* until it is whole */
	int begun;          /* it is, and the request was served */
	struct ch_buf body; /* what nobody has taken yet */
	int wanted;         /* the taker wants the body (now) */
	int ended;          /* all of it came */
	int told;           /* and the taker knows */
	int expects;        /* 100 has to be sent first */
	size_t progress;    /* bytes since the deadline was set */
	struct soon deliver;
	struct due body_due;

	struct outbox out;
	int whole;   /* nothing will be put into it any more */
	int waiting; /* the session waits until something is */
	int sent;    /* all of it went out */
	struct due stall_due;
	size_t taken; /* bytes since that was set */

	struct watch near; /* a WebSocket's bytes (h2ws.c); fd -1: it is none */
};

/* A request has begun; h2.c links it, and frees it with stream_free. */
struct stream *stream_new(struct conn *conn, int32_t id);
void stream_free(struct stream *stream);

/* Its head is whole; some of its body; all of it. */
void stream_begin(struct stream *stream, int ended);
void stream_data(struct stream *stream, const void *bytes, size_t n);
void stream_end(struct stream *stream);

/* The end of the answer went out. */
void stream_sent(struct stream *stream);

/* For h2ws.c: n bytes of the body were taken. */
void stream_took(struct stream *stream, size_t n);
/* There is more to send. */
void stream_go_on(struct stream *stream);
/* What there is has to be taken soon. */
void stream_wait(struct stream *stream);

/* Bytes of the peer's that it holds. */
size_t stream_held(const struct stream *stream);

/* The server ends. */
void stream_stop(struct stream *stream);

#endif

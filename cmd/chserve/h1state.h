/* h1state.h - what h1.c and h1answer.c know of an HTTP/1.x connection. */
#ifndef CHSERVE_H1STATE_H
#define CHSERVE_H1STATE_H

#include "chserve/chunked.h"
#include "chserve/conn.h"
#include "chserve/outbox.h"
#include "chserve/request.h"

#include "base/buf.h"

enum h1_state {
	H1_HEAD,   /* reading a head */
	H1_BODY,   /* reading a body, perhaps answering */
	H1_ANSWER, /* the request is whole, its answer is not */
	H1_LINGER, /* all is written; the peer is to close */
	H1_LEAVE   /* it turned out to be HTTP/2 */
};

struct h1 {
	enum h1_state state;
	struct ch_buf in; /* read, and not yet used from in_at on */
	size_t in_at;
	struct outbox out;
	struct request *request; /* H1_BODY, H1_ANSWER */

	enum head_framing framing; /* of the body that is being read */
	off_t left;                /* HEAD_LENGTH: bytes of it */
	struct chunked chunked;
	size_t progress; /* bytes since the deadline was set */
	int wanted;      /* the taker wants the body (now) */
	int expects;     /* 100 has to be sent first */

	off_t promised; /* bytes of content still to come; -1: not said */
	int chunks;     /* the answer is sent in chunks */
	int keep;       /* another request may follow */
	int broken;     /* cut it off */
	int refusal;    /* the status for whoever is too much */
	int served;     /* there was a request */
};

/* How a request on such a connection is answered. */
extern const struct request_wire h1_wire;

/* Let go of all that is the role's; the connection is to have another. */
void h1_release(struct conn *conn);

#endif

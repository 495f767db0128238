/*
 * h2session.h - an HTTP/2 session: nghttp2, and what it has to be told.
 *
 * What came from the client goes in; streams come of it, which h2stream.c
 * answers, and frames that h2.c writes.
 *
 * Against floods: at most H2SESSION_STREAMS requests at once; streams that are
 * reset, by either side, are counted, and a session with too many of them ends
 * (rapid reset), so are SETTINGS, PING and PRIORITY, and data without any;
 * nghttp2 bounds CONTINUATION, and what it has to answer at once.
 */
#ifndef CHSERVE_H2SESSION_H
#define CHSERVE_H2SESSION_H

#include "chserve/h2ids.h"
#include "chserve/h2scan.h"

#include <nghttp2/nghttp2.h>
#include <stddef.h>
#include <stdint.h>

#define H2SESSION_STREAMS 100

struct conn;
struct stream;

/* How many of a kind there may still be. */
struct h2session_bucket {
	int64_t left;
	int64_t at; /* when that was last made more */
};

struct h2session {
	nghttp2_session *nghttp2;
	struct conn *conn;
	struct stream *streams;
	size_t n_streams;
	struct h2ids ids;
	struct h2scan scan;
	struct h2session_bucket resets, chores;
	int in_head;       /* fields of a request have begun */
	int served;        /* there was one */
	unsigned began;    /* requests, since it was last set to 0 */
	int floods;        /* it has been told so, and is not heard */
	int lost;          /* there is nobody any more to talk to */
};

/*
 * Begin; the session is not to be moved. Closing it ends all its streams; it
 * may be closed again.
 */
void h2session_open(struct h2session *session, struct conn *conn);
void h2session_close(struct h2session *session);

/* n bytes came. */
void h2session_input(struct h2session *session, const uint8_t *bytes,
    size_t n);

#endif

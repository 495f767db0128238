/*
 * offer.h - what a client offers in its handshake, and what is agreed. Pure.
 *
 * Subprotocols (RFC 6455, 11.3.4) and permessage-deflate (RFC 7692). Calling
 * sequence: offer_read once; offer_agree when the consumer has accepted;
 * offer_release.
 *
 * Of permessage-deflate we always ask that neither side keeps its window from
 * one message to the next: then a message is the same bytes for every client,
 * and none takes memory between its messages.
 */
#ifndef CHSERVE_OFFER_H
#define CHSERVE_OFFER_H

#include "chserve/head.h"

#include "base/buf.h"

#define OFFER_WINDOW 15 /* the largest: its logarithm */

struct offer {
	char *text;             /* what the rest points into */
	const char *key;        /* "" if there was none */
	const char **protocols; /* in the client's order */
	size_t n_protocols;
	unsigned window; /* 8 to 15: the largest for us; 0: no deflating */
	int says_window; /* it was named, and so is it in the answer */
};

/* What the handshake is answered with; points into an offer and elsewhere. */
struct ws_offer {
	const char *key;
	const char *subprotocol; /* "": none */
	unsigned window;         /* 0: messages are not deflated */
	int says_window;
	const char *fields; /* further lines, each with CR LF */
};

/* 0, or the status to refuse the handshake with. Release it in either case. */
int offer_read(struct offer *offer, const struct head *head);
void offer_release(struct offer *offer); /* zeroed is fine */

/* Whether a subprotocol may have that name. */
int offer_is_name(const char *name);

/* The subprotocol of that name, if it was offered; else NULL. */
const char *offer_find(const struct offer *offer, const char *name);

/* The first one offered that is among these; "" if there is none. */
const char *offer_first(
    const struct offer *offer, const char *const *names, size_t n);

/* Append the value of Sec-WebSocket-Extensions; the window is not 0. */
void offer_put_extension(struct ch_buf *out, const struct ws_offer *agreed);

#endif

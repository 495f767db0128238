/*
 * event.h - connection events as messages, and replies as actions. Pure.
 *
 * The messages have the keys of the ASGI 1.0 draft; channels-messages(7)
 * restates them.
 */
#ifndef CHSERVE_EVENT_H
#define CHSERVE_EVENT_H

#include "chserve/head.h"
#include "chserve/offer.h"
#include "chserve/who.h"

#include "base/buf.h"

#include <stdint.h>

#define EVENT_CONNECT "websocket.connect"
#define EVENT_RECEIVE "websocket.receive"
#define EVENT_DISCONNECT "websocket.disconnect"
#define EVENT_REQUEST "http.request"
#define EVENT_HTTP_DISCONNECT "http.disconnect"

/* One end of a connection. */
struct event_peer {
	char host[112]; /* a numeric address; a path, "": no name */
	unsigned port;
	int local; /* a unix socket: host is its path, and there is no port */
};

/* Bytes of further header fields that a reply may have. */
#define EVENT_FIELDS_MAX 8192

/* Which connection an event is about. */
struct event_of {
	const char *reply_channel;
	const char *path;
	uint64_t order; /* 0 for the connect, then counting on */
	const struct who *who;
};

/* The request that it begins with, and how it came. */
struct event_from {
	const struct head *head;
	const char *scheme; /* "http", "https" */
	const char *root_path;
	const struct event_peer *client, *server;
	const char *certified; /* the client, by its certificate; NULL */
	const struct who *who;
};

/* Append the message. */
void event_connect(struct ch_buf *out, const struct event_of *of,
    const struct event_from *from, const struct offer *offer);
void event_receive(struct ch_buf *out, const struct event_of *of,
    const char *data, size_t len, int binary);
void event_disconnect(struct ch_buf *out, const struct event_of *of,
    unsigned code);

/* An http.request but for its end: the body's keys and a } are to follow. */
void event_request(struct ch_buf *out, const char *reply_channel,
    const struct event_from *from);
void event_http_disconnect(struct ch_buf *out, const char *reply_channel,
    const char *path, const struct who *who);

/* Whether a close frame may carry that code (RFC 6455, section 7.4). */
int event_may_be_sent(long code);

/* What a reply asks for, in the order in which it is done. */
enum event_action {
	EVENT_REJECT = 1,
	EVENT_ACCEPT = 2,
	EVENT_SEND = 4,
	EVENT_CLOSE = 8
};

/* A reply, read. Start with EVENT_REPLY_INIT, end with event_release. */
struct event_reply {
	struct ch_buf data; /* of text or bytes */
	int has_data;       /* one of them is there, perhaps empty */
	int binary;
	int accept; /* -1: says nothing */
	unsigned close; /* close code, 0: does not close */
	int has_subprotocol;
	struct ch_buf subprotocol; /* "": none is to be chosen */
	struct ch_buf fields; /* for the answer: lines, each with CR LF */
	const char *odd; /* what in it is not followed, NULL: nothing */
};
#define EVENT_REPLY_INIT { .accept = -1 }

/*
 * Read a reply, reusing *reply. NULL, or what is wrong with it: then it is to
 * be ignored.
 */
const char *event_read(struct event_reply *reply, const char *text,
    size_t len);
void event_release(struct event_reply *reply);

/* What it asks of a connection that waits for acceptance, or is open. */
unsigned event_actions(const struct event_reply *reply, int waiting);

#endif

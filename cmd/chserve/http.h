/*
 * http.h - connections until they are WebSockets.
 *
 * libwebsockets answers an upgrade at once, but the handshake has to wait for
 * the consumer. So request heads are read here, and only peeked at until they
 * are whole: a plain request is taken off the socket and answered; an upgrade
 * holds the connection, unread, until the consumer has said yes. Then the head
 * is taken off and the socket passed to ws.c. What the client sent behind its
 * head has waited in the kernel.
 */
#ifndef CHSERVE_HTTP_H
#define CHSERVE_HTTP_H

#include "chserve/event.h"
#include "chserve/policy.h"

struct http_settings {
	struct policy policy;
	int64_t connect_timeout; /* ms for the consumer to answer */
	size_t max_connections;
};

void http_open(const struct http_settings *settings);

/* Serve this connection. */
void http_accepted(int fd, const struct event_peer *from,
    const struct event_peer *to);

/*
 * Refuse who waits (503), drop idle connections. One that has only just come
 * has a moment left for its request.
 */
void http_stop(void);

/* Connections there are, WebSockets not counted. */
size_t http_count(void);

/* Close them. */
void http_close(void);

#endif

/*
 * h2ws.h - a WebSocket on a stream (RFC 8441).
 *
 * The stream's DATA frames carry what an HTTP/1.1 connection would carry after
 * its 101; between them and libwebsockets lies a pair of sockets (relay.h).
 */
#ifndef CHSERVE_H2WS_H
#define CHSERVE_H2WS_H

#include "chserve/h2stream.h"

struct client;

/* The stream, whose handshake was accepted, becomes the client. 0, or -1. */
int h2ws_begin(struct stream *stream, struct client *client);

/* Pass on what is in stream->body, as far as it goes. */
void h2ws_deliver(struct stream *stream);

void h2ws_end(struct stream *stream);

#endif

/*
 * seen.h - what becomes of requests and WebSockets, for the log and the counts.
 */
#ifndef CHSERVE_SEEN_H
#define CHSERVE_SEEN_H

#include "channel.h"

struct client;
struct request;
struct seen; /* what the log says at the end of a WebSocket */

/* The client left before its request was answered, as nginx logs it. */
#define SEEN_LEFT 499

struct seen_settings {
	const char *file; /* of the access log, NULL: none */
	int format;       /* enum access_format */
};

/* Open the log, and open it again on SIGUSR1 and SIGHUP (signals.h). */
int seen_open(const struct seen_settings *settings, struct ch_err *err);

/* A request is over. */
void seen_request(const struct request *request);

/* It becomes a WebSocket, that of the client. */
void seen_upgrade(struct request *request, struct client *client);

/* The WebSocket has ended, if it was one. */
void seen_end(struct client *client);

#endif

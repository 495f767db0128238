/*
 * upgrade.h - WebSocket handshakes, held until a consumer has answered.
 *
 * libwebsockets would answer an upgrade at once. So the request waits here, as
 * a client that is WAITING; once it is accepted, its wire makes it a WebSocket.
 */
#ifndef CHSERVE_UPGRADE_H
#define CHSERVE_UPGRADE_H

#include "chserve/request.h"

/* Ask the consumers. */
void upgrade_begin(struct request *request);

/* The server ends: refuse the request (503), if it is one of ours. */
void upgrade_stop(struct request *request);

#endif

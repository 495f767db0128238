/*
 * h1.h - HTTP/1.x on a connection: heads, bodies, answers, in turn.
 *
 * One request at a time; what the client sent behind it waits. An upgrade is a
 * request as any other until its taker makes it a WebSocket.
 */
#ifndef CHSERVE_H1_H
#define CHSERVE_H1_H

#include "chserve/conn.h"

/* Begin; with a status, refuse whatever comes. */
void h1_begin(struct conn *conn, int refusal);

#endif

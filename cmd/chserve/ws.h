/*
 * ws.h - established WebSockets, and the event loop: libwebsockets' part.
 *
 * Nothing else here but hello.c, its handshake, includes libwebsockets.h.
 */
#ifndef CHSERVE_WS_H
#define CHSERVE_WS_H

#include "chserve/client.h"

/* After loop_open. With CH_UNAVAILABLE there is no event loop to be had. */
int ws_open(struct ch_err *err);
void ws_close(void);

/* Serve until ws_stop was called. */
void ws_run(void);
void ws_stop(void);

/*
 * Let libwebsockets answer the handshake on fd (its head has been read, and
 * nothing behind it) as it was agreed, and carry the client from now on. The
 * descriptor is taken in any case. 0, or -1 if the connection was lost.
 */
int ws_adopt(struct client *client, int fd, const struct ws_offer *agreed);

/* Connections there are. */
size_t ws_count(void);

#endif

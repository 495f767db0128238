/*
 * relay.h - WebSockets whose bytes travel under something else.
 *
 * libwebsockets is given one end of a pair of sockets, and carries a WebSocket
 * on it as on any other; the other end is ours. Under TLS the relay carries
 * bytes between that end and the client; on HTTP/2 h2ws.c does.
 *
 * It holds at most one buffer in each direction, and those only while somebody
 * does not take them.
 */
#ifndef CHSERVE_RELAY_H
#define CHSERVE_RELAY_H

#include "chserve/conn.h"

struct client;

/*
 * Have ws.c carry the client on one end of a pair; the other end, or -1 if that
 * failed and the client is lost.
 */
int relay_open(struct client *client);

/*
 * Make the connection, whose role has let go of it, a relay between its socket
 * and a client; n bytes of the client's were read already. 0, or -1: it is lost
 * and the connection dropped.
 */
int relay_begin(struct conn *conn, struct client *client, const void *bytes,
    size_t n);

#endif

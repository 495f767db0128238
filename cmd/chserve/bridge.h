/*
 * bridge.h - between the channel layer and the clients.
 *
 * Calling sequence: bridge_open once; bridge_connect for every new client;
 * then the clients call the rest as things happen to them. What comes from
 * the layer is drained whenever its descriptor is readable.
 */
#ifndef CHSERVE_BRIDGE_H
#define CHSERVE_BRIDGE_H

#include "chserve/client.h"

/* Own a prefix, listen behind it. The layer stays the caller's. */
int bridge_open(struct ch_layer *layer, struct ch_err *err);
void bridge_close(void);

/* Take what the layer has for our clients. */
void bridge_drain(void);

/* Tell the consumers; the statuses are those of ch_send. */
int bridge_connect(struct client *client, const struct head *head,
    const struct event_peer *from, const struct event_peer *to,
    struct ch_err *err);
int bridge_receive(struct client *client, struct ch_err *err);
void bridge_disconnect(struct client *client);

/* Leave all the groups that the client is in. */
void bridge_leave(struct client *client);

#endif

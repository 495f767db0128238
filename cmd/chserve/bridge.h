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

/* Own our prefixes, listen behind them. The layer stays the caller's. */
int bridge_open(struct ch_layer *layer, struct ch_err *err);
void bridge_close(void);

/* Take what the layer has for our mailboxes. */
void bridge_drain(void);

/* Tell the consumers; the statuses are those of ch_send. */
int bridge_connect(struct client *client, const struct event_from *from,
    struct ch_err *err);
int bridge_receive(struct client *client, struct ch_err *err);
void bridge_disconnect(struct client *client);

/* Send a sound message; the statuses are those of ch_send. */
int bridge_send(const char *channel, const struct ch_buf *message,
    struct ch_err *err);

/* The same where nobody has to take it, and failure does not matter. */
void bridge_tell(const char *channel, const struct ch_buf *message);

/* A name for a single reader, "STEM?RANDOM". */
int bridge_new_channel(const char *pattern, char name[CH_NAME_MAX + 1],
    struct ch_err *err);

/* Whether somebody sleeps on that channel. */
int bridge_is_awaited(const char *channel);

/* Whether the connection with that reply channel is there, here or not. */
int bridge_lives(const char *channel);

/* Join a group, and leave all those that the mailbox is in. */
int bridge_join(struct mailbox *box, const char *group, struct ch_err *err);
void bridge_leave(struct mailbox *box);

/* Tell all members. */
void bridge_tell_group(const char *group, const char *text);

#endif

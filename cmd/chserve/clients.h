/*
 * clients.h - who is here: clients by the local part of their reply channel.
 */
#ifndef CHSERVE_CLIENTS_H
#define CHSERVE_CLIENTS_H

#include "chserve/client.h"

/* The process-specific channel behind which the reply channels are, "p!". */
extern char clients_prefix[CH_NAME_MAX + 1];

/* A new client, WAITING, with a reply channel never used before. */
struct client *clients_new(const char *path);
void clients_free(struct client *client);

/* The client whose reply channel that is; NULL if it is gone. */
struct client *clients_find(const char *channel);

size_t clients_count(void);

/* Call each for all of them; it may free the one it is given. */
void clients_each(void (*each)(struct client *client));

#endif

/* clients.h - WebSocket clients come and go: making them, all of them. */
#ifndef CHSERVE_CLIENTS_H
#define CHSERVE_CLIENTS_H

#include "chserve/client.h"

/* A new client, WAITING, with a reply channel never used before. */
struct client *clients_new(const char *path);
void clients_free(struct client *client);

/* Call each for all of them; it may free the one it is given. */
void clients_each(void (*each)(struct client *client));

#endif

/*
 * admin.h - an address of its own for /metrics and /health.
 *
 * Nothing else is there, and it has nothing to do with the other connections:
 * it answers also where these have used up what they may. One request a
 * connection, a few connections at a time, 5 s for each.
 */
#ifndef CHSERVE_ADMIN_H
#define CHSERVE_ADMIN_H

#include "chserve/event.h"
#include "chserve/policy.h"

/* Which Host may name us; after status_open. */
void admin_open(const struct policy *policy);

/* Answer on this connection. */
void admin_accepted(int fd, const struct event_peer *from,
    const struct event_peer *to);

void admin_close(void);

#endif
